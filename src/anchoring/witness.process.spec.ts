/** The rhythm of a witness: what it does when, how it waits, and what it leaves to others. */
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConfigError, UnavailableError } from '../errors.js';
import type { Anchorer } from './anchorer.js';
import { ChainError } from './chain.js';
import { Witness } from './witness.process.js';

const POLL_MS = 1_000;
const fatal = jest.fn();
let opened: number;
/** Steps that there are to take. */
let steps: number;
let taken: number;
let trouble: Error | undefined;
let isBusy: boolean;
let isWitness: boolean;
let witness: Witness;

beforeEach(() => {
  Logger.overrideLogger(false);
  jest.useFakeTimers();
  fatal.mockReset();
  [opened, steps, taken, trouble, isBusy, isWitness] = [0, 0, 0, undefined, false, true];
  const anchorer = {
    advance: async (): Promise<boolean> => {
      if (trouble) throw trouble;
      if (steps === 0) return false;
      steps -= 1;
      taken += 1;
      return true;
    },
    get isBusy(): boolean {
      return isBusy;
    },
  } as Anchorer;
  const open = async (): Promise<Anchorer> => {
    opened += 1;
    return anchorer;
  };
  witness = new Witness('hoodi', open, POLL_MS, fatal, () => isWitness);
});
afterEach(async () => {
  const stopped = witness.stop();
  await jest.advanceTimersByTimeAsync(0);
  await stopped;
  jest.useRealTimers();
});

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

describe('a witness', () => {
  it('takes every step that there is, and then looks now and then', async () => {
    steps = 3;
    witness.start();
    await pass(0);
    expect([opened, taken]).toEqual([1, 3]);
    await pass(4_999);
    expect(opened).toBe(1);
    await pass(1);
    expect(opened).toBe(2);
  });

  it('looks more often while an anchor is on its way', async () => {
    isBusy = true;
    witness.start();
    await pass(0);
    await pass(POLL_MS);
    expect(opened).toBe(2);
  });

  it('looks at once when it is told to', async () => {
    witness.start();
    await pass(0);
    steps = 1;
    witness.look();
    await pass(0);
    expect([opened, taken]).toEqual([2, 1]);
  });

  it.each([new ChainError('rpcUnreachable', 'no endpoint answers'), new UnavailableError('the clock is wrong')])(
    'tells what keeps it, tries less and less often, and recovers by itself: %s',
    async (error) => {
      trouble = error;
      witness.start();
      await pass(0);
      expect(witness.problem).toBe(error.message);
      await pass(2 * POLL_MS - 1);
      expect(opened).toBe(1);
      await pass(1);
      expect(opened).toBe(2);
      await pass(4 * POLL_MS - 1);
      expect(opened).toBe(2);
      await pass(1 + 60 * 60_000);
      // Once a minute at the least.
      expect(opened).toBeGreaterThan(58);
      trouble = undefined;
      steps = 1;
      await pass(60_000);
      expect([witness.problem, taken]).toEqual([undefined, 1]);
      expect(fatal).not.toHaveBeenCalled();
    },
  );

  it('S16: stops the process for what is no passing trouble, and goes on with nothing', async () => {
    trouble = new ConfigError('DATA_DIR', 'an older copy');
    witness.start();
    await pass(10 * 60_000);
    expect(fatal.mock.calls).toEqual([[trouble]]);
    expect(opened).toBe(1);
  });

  it('S10: leaves a chain alone that is the main one, or closed: no word of it, no problem', async () => {
    isWitness = false;
    trouble = new ChainError('chainClosed', 'closed');
    witness.start();
    await pass(60_000);
    expect([opened, witness.problem]).toEqual([0, undefined]);
    isWitness = true;
    await pass(5_000);
    expect([opened, witness.problem]).toEqual([1, 'closed']);
    isWitness = false;
    expect(witness.problem).toBeUndefined();
  });

  it('does nothing more once it is stopped', async () => {
    witness.start();
    await pass(0);
    const stopped = witness.stop();
    await pass(0);
    await stopped;
    witness.look();
    await pass(60_000);
    expect(opened).toBe(1);
  });
});
