/**
 * The signed heads on a node that signs none (an `api` without the worker's role): it serves what a worker has signed
 * and its own tree has (S15). A head that its tree contradicts is an alarm: from then on nothing is served.
 * Proven by head-follower.spec.ts.
 */
import { UnavailableError } from '../errors.js';
import type { SignedHead, SignedHeads } from './signed-heads.js';
import type { TransparencyLog } from './transparency-log.js';

/** How long to wait for a worker to sign, in milliseconds. */
const WORKER_MS = 5_000;

export class HeadFollower implements SignedHeads {
  constructor(
    private readonly log: TransparencyLog,
    private readonly waitMs = WORKER_MS,
  ) {}

  get latest(): SignedHead | undefined {
    return this.problem === undefined ? this.log.latestHead : undefined;
  }

  get problem(): string | undefined {
    return this.log.problem === undefined ? undefined : `this node ${this.log.problem} (S15)`;
  }

  /**
   * Waits for a worker to sign a head that covers `size` entries.
   * @throws UnavailableError where none does within a few seconds, and for S15
   */
  async covering(size: number): Promise<SignedHead> {
    const now = this.#covering(size);
    if (now) return now;
    return new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        end();
        then();
      };
      const timer = setTimeout(
        () => settle(() => reject(new UnavailableError(`no worker has signed a head of ${size} entries yet`))),
        this.waitMs,
      );
      const end = this.log.onHead(() => {
        try {
          const head = this.#covering(size);
          if (head) settle(() => resolve(head));
        } catch (error) {
          settle(() => reject(error instanceof Error ? error : new UnavailableError(String(error))));
        }
      });
    });
  }

  /** The newest one, without waiting for more: a follower lags behind the log by what no worker has signed yet. */
  newest(): Promise<SignedHead> {
    return this.covering(0);
  }

  noteOf(size: number): SignedHead {
    this.#requireSound();
    const head = this.log.headAt(size);
    if (head) return head;
    throw new UnavailableError(`this node has no signed head of exactly ${size} entries`);
  }

  #covering(size: number): SignedHead | undefined {
    this.#requireSound();
    const { latest } = this;
    return latest && latest.size >= size ? latest : undefined;
  }

  #requireSound(): void {
    if (this.problem !== undefined) throw new UnavailableError(this.problem);
  }
}
