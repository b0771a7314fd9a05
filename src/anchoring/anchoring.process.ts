/**
 * The worker that anchors: on a timer and on request it seals a batch when one is due and takes the batches to the
 * chain. Sealing is done once at a time, and so is anchoring; a chain that cannot be reached, or that answers late, is
 * reported and tried again, and holds up nothing else. Proven by anchoring.process.int.spec.ts.
 */
import { Logger } from '@nestjs/common';
import { UnavailableError } from '../errors.js';
import type { ReadModels } from '../event-store/projections.js';
import type { TransparencyLog } from '../log/transparency-log.js';
import type { Anchorer } from './anchorer.js';
import type { BatchSealer } from './batch-sealer.js';
import { newestBatch, unsettledBatches, type BatchView } from './batches.read.js';
import { ChainError } from './chain.js';
import type { ChainStatus } from './chain-handle.process.js';
import type { Anchoring } from './remote-anchoring.js';
import type { Witness } from './witness.process.js';

export interface AnchoringSchedule {
  /** Seconds between two anchors while something happens. */
  readonly intervalSeconds: number;
  /** Seconds after which the standing is anchored anew though nothing has happened (S11). */
  readonly maxAgeSeconds: number;
  /** How soon an unsettled batch is looked at again, in milliseconds; default 500. */
  readonly pollMs?: number;
}

/** The chains beside the main one, and what is known of all. */
export interface AllChains {
  readonly mainChainId: number;
  readonly witnesses: readonly Witness[];
  /** Without what keeps anchors from them. */
  statuses(): readonly Omit<ChainStatus, 'problem' | 'problemCode'>[];
  /** What is wrong with the clock (S18), if anything. */
  clockProblem(): string | undefined;
}

/** How soon an unsettled batch is looked at again. */
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
/** How often to see whether anything has happened, once the interval has passed. */
const IDLE_MS = 500;
/** With long intervals the standing is also recorded between anchors, so that what is pending can be judged. */
const STANDING_EVERY_MS = 2_000;

export class AnchoringProcess implements Anchoring {
  readonly #logger = new Logger('anchoring');
  /** What writes standing records and batches, one after the other. */
  #sealing: Promise<unknown> = Promise.resolve();
  /** What speaks with the chain, one after the other: never waited for by what only concerns the log. */
  #anchoring: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #standingTimer: NodeJS.Timeout | undefined;
  #stopped = false;
  #failures = 0;
  #problem: string | undefined;
  #problemCode: ChainStatus['problemCode'];

  constructor(
    private readonly sealer: BatchSealer,
    private readonly anchorer: () => Promise<Anchorer>,
    private readonly readModels: ReadModels,
    private readonly log: TransparencyLog,
    private readonly schedule: AnchoringSchedule,
    /** Called for what is no passing trouble: the process must stop. */
    private readonly fatal: (error: unknown) => void,
    private readonly now: () => Date,
    private readonly all?: AllChains,
  ) {}

  start(): void {
    this.#next(0);
    for (const witness of this.#witnesses) witness.start();
    if (this.schedule.intervalSeconds * 1000 > STANDING_EVERY_MS * 10) {
      this.#standingTimer = setInterval(() => void this.#refreshStanding(), STANDING_EVERY_MS);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#standingTimer);
    await Promise.all([this.#sealing, this.#anchoring, ...this.#witnesses.map((witness) => witness.stop())]);
  }

  /** What keeps anchors from a chain now, if anything; of several the main one's first. */
  get problem(): string | undefined {
    const ofWitness = this.#witnesses.find(({ problem }) => problem !== undefined);
    return this.all?.clockProblem() ?? this.#problem ?? (ofWitness && `${ofWitness.name}: ${ofWitness.problem ?? ''}`);
  }

  get chains(): readonly ChainStatus[] {
    return (this.all?.statuses() ?? []).map((status) => {
      const { problem, problemCode } = status.isMain
        ? { problem: this.#problem, problemCode: this.#problemCode }
        : (this.#witnesses.find(({ name }) => name === status.name) ?? {});
      return {
        ...status,
        ...(problem === undefined ? {} : { problem }),
        ...(problemCode === undefined ? {} : { problemCode }),
      };
    });
  }

  get clockProblem(): string | undefined {
    return this.all?.clockProblem();
  }

  /** Looks at once whether a chain has something to do. */
  look(): void {
    this.#next(0);
    for (const witness of this.#witnesses) witness.look();
  }

  get #witnesses(): readonly Witness[] {
    return this.all?.witnesses ?? [];
  }

  /** Seals now if anything is due; otherwise answers the newest batch. The anchor follows in the background. */
  async sealNow(): Promise<{ batch: BatchView | undefined; sealed: boolean }> {
    const done = await this.#exclusively(async () => {
      const due = this.sealer.isDue(this.schedule.maxAgeSeconds);
      return { batch: due ? await this.sealer.seal() : newestBatch(this.readModels.db), sealed: due };
    });
    this.#next(0);
    return done;
  }

  #next(delay: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#round(), delay);
  }

  async #round(): Promise<void> {
    try {
      // First: a chain that is newer than the store stops everything before the next batch (S16).
      const chain = await this.#reach();
      await this.#exclusively(async () => {
        // One batch on its way at a time: while the chain is away, everything gathers in the next one.
        if (!this.#isOnItsWay() && this.#intervalHasPassed()) {
          if (this.sealer.isDue(this.schedule.maxAgeSeconds)) await this.sealer.seal();
        }
      });
      if (chain instanceof ChainError) throw chain;
      await this.#onChain(async () => {
        while (!this.#stopped && (await chain.advance()));
      });
      if (this.#stopped) return;
      this.#failures = 0;
      this.#problem = undefined;
      this.#problemCode = undefined;
    } catch (error) {
      if (this.#stopped) return;
      if (!(error instanceof ChainError) && !(error instanceof UnavailableError)) return this.fatal(error);
      this.#failures += 1;
      if (this.#problem !== error.message) this.#logger.warn(error.message);
      this.#problem = error.message;
      this.#problemCode = error instanceof ChainError ? error.code : 'unavailable';
    }
    const waiting = this.#isOnItsWay() || this.#failures > 0;
    const backOff = Math.min((this.schedule.pollMs ?? RETRY_MS) * 2 ** Math.min(this.#failures, 10), LONGEST_RETRY_MS);
    this.#next(waiting ? backOff : Math.max(this.#untilInterval(), IDLE_MS));
  }

  #isOnItsWay(): boolean {
    return unsettledBatches(this.readModels.db, this.all?.mainChainId).length > 0;
  }

  /** The anchorer; or why the chain cannot be used now, which holds up no sealing. */
  async #reach(): Promise<Anchorer | ChainError> {
    return this.#onChain(() => this.anchorer()).catch((error: unknown) => {
      if (error instanceof ChainError) return error;
      throw error;
    });
  }

  #intervalHasPassed(): boolean {
    return this.#untilInterval() <= 0;
  }

  #untilInterval(): number {
    const last = newestBatch(this.readModels.db);
    if (!last) return 0;
    const interval = this.schedule.intervalSeconds * 1000;
    const since = this.now().getTime() - Date.parse(last.sealedAt);
    // A clock that was set back must not make it longer than an interval.
    return Math.min(Math.max(interval - since, 0), interval);
  }

  /**
   * Makes sure that the newest standing record tells of every organisation, definition and status list as it is now: for
   * bundles of what is not anchored yet.
   */
  async freshStanding(): Promise<void> {
    await this.#exclusively(async () => {
      if (this.#stopped) return;
      await this.sealer.publishLists();
      if (this.log.standingIsStale) await this.sealer.recordStanding();
    });
  }

  async #refreshStanding(): Promise<void> {
    try {
      await this.freshStanding();
    } catch (error) {
      if (!this.#stopped && !(error instanceof UnavailableError)) this.fatal(error);
    }
  }

  #exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#sealing.then(work);
    this.#sealing = done.catch(() => undefined);
    return done;
  }

  #onChain<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#anchoring.then(work);
    this.#anchoring = done.catch(() => undefined);
    return done;
  }
}
