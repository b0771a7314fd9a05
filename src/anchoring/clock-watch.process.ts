/**
 * Compares the clock of a node that anchors nothing with the newest blocks of the chains that it may ask: it writes to the
 * log as well, so it must not write while its clock is wrong (S18). A worker does this with the chains that it anchors on.
 * A node without RPC_URLS has nothing to compare with; what it writes at a wrong time is found by the audit.
 * Proven by test/clock-skew.e2e.spec.ts.
 */
import type { Chain } from './chain.js';
import { ChainError } from './chain.js';
import type { ClockGuard } from './clock-guard.js';

const EVERY_MS = 30_000;
/** While it is wrong. */
const AGAIN_MS = 5_000;

export class ClockWatch {
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly clock: ClockGuard,
    private readonly report: (message: string) => void,
  ) {}

  /** Looks at once, and again and again. @param chains to ask, now */
  start(chains: () => readonly Pick<Chain, 'name' | 'newestBlocks'>[]): void {
    this.#looking = this.#look(chains()).finally(() => {
      if (this.#stopped) return;
      this.#timer = setTimeout(() => this.start(chains), this.clock.problem === undefined ? EVERY_MS : AGAIN_MS);
      this.#timer.unref();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  async #look(chains: readonly Pick<Chain, 'name' | 'newestBlocks'>[]): Promise<void> {
    const before = this.clock.problem;
    for (const chain of chains) {
      try {
        this.clock.observe(chain.name, await chain.newestBlocks());
      } catch (error) {
        // A chain that cannot be asked says nothing about the clock.
        if (!(error instanceof ChainError)) throw error;
      }
    }
    const { problem } = this.clock;
    if (problem !== undefined && problem !== before) this.report(problem);
  }
}
