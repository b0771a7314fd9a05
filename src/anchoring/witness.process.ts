/**
 * Anchors on a chain beside the main one, at its own pace: what keeps it from that holds up nothing else. Proven by
 * witness.process.spec.ts.
 */
import { Logger } from '@nestjs/common';
import { UnavailableError } from '../errors.js';
import type { Anchorer } from './anchorer.js';
import { ChainError } from './chain.js';
import type { ChainStatus } from './chain-handle.process.js';

const LONGEST_RETRY_MS = 60_000;
/** How often to see whether there is anything to do. */
const IDLE_MS = 5_000;

export class Witness {
  readonly #logger = new Logger('anchoring');
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #failures = 0;
  #problem: string | undefined;
  #problemCode: ChainStatus['problemCode'];

  constructor(
    readonly name: string,
    private readonly anchorer: () => Promise<Anchorer>,
    /** Milliseconds between two looks at an anchor that is on its way. */
    private readonly pollMs: number,
    /** Called for what is no passing trouble: the process must stop. */
    private readonly fatal: (error: unknown) => void,
    /** Whether the chain is one beside the main one, and lives; else it is left alone. */
    private readonly isWitness: () => boolean = () => true,
  ) {}

  /** What keeps anchors from this chain now, if anything. */
  get problem(): string | undefined {
    return this.isWitness() ? this.#problem : undefined;
  }

  get problemCode(): ChainStatus['problemCode'] {
    return this.isWitness() ? this.#problemCode : undefined;
  }

  start(): void {
    this.look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Looks now. */
  look(): void {
    this.#next(0);
  }

  #next(delay: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#running = this.#running.then(() => this.#round());
    }, delay);
  }

  async #round(): Promise<void> {
    let wait = IDLE_MS;
    if (!this.isWitness()) return this.#next(wait);
    try {
      const anchorer = await this.anchorer();
      while (!this.#stopped && (await anchorer.advance()));
      this.#failures = 0;
      this.#problem = undefined;
      this.#problemCode = undefined;
      if (anchorer.isBusy) wait = this.pollMs;
    } catch (error) {
      if (this.#stopped) return;
      if (!(error instanceof ChainError) && !(error instanceof UnavailableError)) return this.fatal(error);
      this.#failures += 1;
      if (this.#problem !== error.message) this.#logger.warn(error.message);
      this.#problem = error.message;
      this.#problemCode = error instanceof ChainError ? error.code : 'unavailable';
      wait = Math.min(this.pollMs * 2 ** Math.min(this.#failures, 10), LONGEST_RETRY_MS);
    }
    this.#next(wait);
  }
}
