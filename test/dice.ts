/** Chance from a seed, so that what happened can happen again. */

/** A whole number from 0 to below a limit. */
export type Dice = (below: number) => number;

/** mulberry32. */
export function diceFrom(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Dice of one thing among many, whatever the others throw: a seed for a text (FNV-1a). */
export function diceFor(seed: number, what: string): Dice {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < what.length; i += 1) hash = Math.imul(hash ^ what.charCodeAt(i), 0x01000193);
  return diceFrom(hash);
}

/** One of several. @param from not empty */
export function pick<T>(dice: Dice, from: readonly T[]): T {
  return from[dice(from.length)]!;
}
