/**
 * At most so many pieces of work at a time, the others in the order in which they came. Proven by turns.spec.ts.
 */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param atOnce from 1 */
  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Runs work when it is its turn. */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The turn goes to whoever waits longest, without having been free in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
