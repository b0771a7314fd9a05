/**
 * Anchoring as a node sees it that answers requests and leaves the work to a worker over the same store: it asks for a
 * seal by an event in the unlogged stream `vault-worker`, and waits for what the worker does anyway.
 * Proven by remote-anchoring.spec.ts and test/two-nodes.e2e.spec.ts.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ConcurrencyError, UnavailableError } from '../errors.js';
import { NO_STREAM, type EventStore } from '../event-store/event-store.js';
import type { ReadModels } from '../event-store/projections.js';
import type { TransparencyLog } from '../log/transparency-log.js';
import { newestBatch, type BatchView } from './batches.read.js';
import type { ChainStatus } from './chain-handle.process.js';

/** Unlogged: what nodes ask of the worker. */
export const WORKER_STREAM = 'vault-worker';

/** What the rest of the ledger asks of anchoring, whoever does the work. */
export interface Anchoring {
  /** What keeps anchors from the chain now, if anything. */
  readonly problem: string | undefined;
  /** What is wrong with this machine's clock (S18), where a process knows. */
  readonly clockProblem?: string | undefined;
  /** The chains that this process anchors on; none where it leaves that to a worker. */
  readonly chains: readonly ChainStatus[];
  /** Looks at once whether a chain has something to do. */
  look(): void;
  start(): void;
  stop(): Promise<void>;
  /** Seals now if anything is due; otherwise answers the newest batch. @throws UnavailableError without a worker */
  sealNow(): Promise<{ batch: BatchView | undefined; sealed: boolean }>;
  /** Resolves when the newest standing record tells of everything as it is now. @throws UnavailableError */
  freshStanding(): Promise<void>;
}

export interface Patience {
  /** How long a request waits for the worker, in milliseconds. */
  readonly waitMs: number;
  /** How long entries may lie unsigned before that is called a problem, in milliseconds. */
  readonly silenceMs: number;
  /** What is wrong with this machine's clock (S18), where it is compared with a chain's. */
  readonly clockProblem?: () => string | undefined;
}

export const PATIENCE: Patience = { waitMs: 15_000, silenceMs: 60_000 };

const LOOK_MS = 100;
const WATCH_MS = 1_000;

export class RemoteAnchoring implements Anchoring {
  readonly chains: readonly ChainStatus[] = [];
  #watch: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Revision of the newest request that this node knows. */
  #asked = NO_STREAM;
  /** Since when there are entries that no worker has signed, milliseconds since 1970. */
  #unsignedSince: number | undefined;

  constructor(
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    private readonly log: TransparencyLog,
    /** Size of the newest signed head. */
    private readonly signedSize: () => number,
    /** Whether a status list is still to be published. */
    private readonly listsLag: () => boolean,
    private readonly now: () => Date,
    private readonly patience: Patience = PATIENCE,
  ) {}

  start(): void {
    this.#watch = setInterval(() => this.#look(), WATCH_MS);
    this.#watch.unref();
  }

  /** The worker looks by itself. */
  look(): void {}

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#watch);
  }

  get clockProblem(): string | undefined {
    return this.patience.clockProblem?.();
  }

  get problem(): string | undefined {
    const { clockProblem } = this;
    if (clockProblem !== undefined) return clockProblem;
    this.#look();
    const since = this.#unsignedSince;
    if (since === undefined || this.now().getTime() - since < this.patience.silenceMs) return undefined;
    return `no worker has signed what is in the log since ${new Date(since).toISOString()}: is one running?`;
  }

  async sealNow(): Promise<{ batch: BatchView | undefined; sealed: boolean }> {
    const before = newestBatch(this.readModels.db);
    const wanted = this.log.newestHappening;
    if (before ? wanted <= before.toIndex : wanted < 0) return { batch: before, sealed: false };
    await this.#ask();
    await this.#until(() => (newestBatch(this.readModels.db)?.toIndex ?? -1) >= wanted, 'sealed a batch');
    return { batch: newestBatch(this.readModels.db), sealed: true };
  }

  async freshStanding(): Promise<void> {
    await this.#until(() => !this.log.standingIsStale && !this.listsLag(), 'recorded the standing');
  }

  async #ask(): Promise<void> {
    // From where this node has read: the stream grows with every request there ever was.
    const fromRevision = Math.max(0, this.#asked);
    const revision = (await this.store.readStream(WORKER_STREAM, { fromRevision })).at(-1)?.revision ?? NO_STREAM;
    this.#asked = revision;
    const at = this.now().toISOString();
    try {
      await this.store.append({
        stream: WORKER_STREAM,
        expectedRevision: revision,
        events: [{ id: randomUUID(), type: 'SealRequested', v: 1, at, by: 'process:anchoring', data: {} }],
      });
    } catch (error) {
      // Another node has asked just now: the worker has that to answer.
      if (!(error instanceof ConcurrencyError)) throw error;
    }
  }

  async #until(done: () => boolean, what: string): Promise<void> {
    const end = performance.now() + this.patience.waitMs;
    while (!done()) {
      if (this.#stopped) throw new UnavailableError('the ledger is closing');
      if (performance.now() >= end) {
        throw new UnavailableError(`no worker has ${what} within ${this.patience.waitMs / 1000} s: is one running?`);
      }
      await delay(LOOK_MS);
    }
  }

  #look(): void {
    if (this.signedSize() >= this.log.tree.size) this.#unsignedSince = undefined;
    else this.#unsignedSince ??= this.now().getTime();
  }
}
