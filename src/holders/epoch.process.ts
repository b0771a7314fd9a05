/**
 * Sees to it that the epoch changes within 30 days of an erasure (S23): looks at the list of erasures once an hour, takes
 * up a change that a crash cut short, and changes on request. On a node that is no worker only the last.
 * Proven by epoch.process.spec.ts.
 */
import { Logger } from '@nestjs/common';
import { UnavailableError } from '../errors.js';
import type { EpochKeys } from './epoch-keys.js';
import type { EpochProgress } from './epoch-change.js';
import type { Erasure } from './erasures-list.js';

const LOOK_MS = 3_600_000;
const RETRY_MS = 5_000;
const DAY_MS = 86_400_000;
/** An erasure may be dated by another node's clock, and be carried out a little after its date. */
const MARGIN_MS = 600_000;

export interface EpochState {
  readonly state: 'idle' | 'changing';
  /** Of the change under way, or of the last one that this process made. */
  readonly progress?: EpochProgress;
  /** What keeps it from going on just now. */
  readonly problem?: string;
}

export class EpochProcess {
  readonly #logger = new Logger('epochs');
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #progress: EpochProgress | undefined;
  #problem: string | undefined;

  constructor(
    private readonly epochs: EpochKeys,
    /** `changeEpoch` over this ledger. */
    private readonly change: (report: (progress: EpochProgress) => void, stopped: () => boolean) => Promise<boolean>,
    private readonly erasures: () => readonly Erasure[],
    private readonly schedule: { readonly isWorker: boolean; readonly afterDays: number },
    private readonly fatal: (error: unknown) => void,
    private readonly now: () => Date,
  ) {}

  start(): void {
    if (this.schedule.isWorker) this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  get state(): EpochState {
    return {
      state: this.#running ? 'changing' : 'idle',
      ...(this.#progress ? { progress: this.#progress } : {}),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  /** Changes the epoch now, unless a change is under way; does not wait for its end. */
  request(): void {
    if (this.#stopped || this.#running) return;
    clearTimeout(this.#timer);
    this.#problem = undefined;
    this.#running = this.#run();
  }

  /** Whether an erasure is waiting for the old epoch to end, longer than it should. */
  isDue(): boolean {
    this.epochs.refresh();
    const { begun, ending } = this.epochs;
    if (ending.length > 0) return true;
    const since = begun === undefined ? -Infinity : Date.parse(begun) - MARGIN_MS;
    const deadline = this.now().getTime() - this.schedule.afterDays * DAY_MS;
    return this.erasures().some(({ at }) => Date.parse(at) >= since && Date.parse(at) <= deadline);
  }

  #look(): void {
    if (this.#stopped) return;
    try {
      if (this.isDue()) this.request();
    } catch (error) {
      this.fatal(error);
      return;
    }
    if (!this.#running) this.#again(LOOK_MS);
  }

  async #run(): Promise<void> {
    try {
      const done = await this.change(
        (progress) => (this.#progress = progress),
        () => this.#stopped,
      );
      if (done) this.#logger.log(`epoch ${this.epochs.current}: the keys of earlier epochs are destroyed`);
    } catch (error) {
      if (this.#stopped) return;
      if (!(error instanceof UnavailableError)) {
        this.fatal(error);
        return;
      }
      this.#problem = error.message;
      this.#logger.warn(error.message);
    } finally {
      this.#running = undefined;
      if (this.schedule.isWorker) this.#again(this.#problem === undefined ? LOOK_MS : RETRY_MS);
    }
  }

  #again(ms: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), ms);
    this.#timer.unref();
  }
}
