/**
 * Seals batches: publishes status lists that lag, records the standing as the last event before the head (S1), signs the
 * head (S2) and names it a batch. Every step is an event of its own, and a crash between two only means that the next
 * seal begins again: a standing record without a batch claims nothing wrong. Proven by batch-sealer.int.spec.ts.
 */
import { randomUUID } from 'node:crypto';
import { ConcurrencyError, InvariantError, LateStaleReadError, UnavailableError } from '../errors.js';
import type { EventStore, StoredEvent } from '../event-store/event-store.js';
import { handle } from '../event-store/handle.js';
import type { ReadModels } from '../event-store/projections.js';
import type { HeadSigner } from '../log/head-signer.js';
import type { TransparencyLog } from '../log/transparency-log.js';
import { batchStream, STANDING_STREAM } from './anchoring.events.js';
import { batchDecider } from './batch.js';
import { type BatchView, batchView, chainsFinalAfter, newestBatch } from './batches.read.js';

/** Status lists may have to be published again and again, and a record may be overtaken. */
const ATTEMPTS = 50;
/**
 * Attempts to record the standing of exactly all entries before the record. Where several nodes write at once that may
 * never come true; then a record that may be overtaken, and stands only if nothing has changed that it tells of.
 */
const EXACT_ATTEMPTS = 10;

/** What the standing tells of changed faster than it could be recorded; the next round tries again. */
export class StandingNotRecorded extends UnavailableError {
  constructor() {
    super(`the standing could not be recorded in ${ATTEMPTS} attempts: it changes too fast`);
    this.name = 'StandingNotRecorded';
  }
}

export class BatchSealer {
  constructor(
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    private readonly log: TransparencyLog,
    private readonly signer: HeadSigner,
    /** Publishes status lists that lag behind the read models; tells whether there were any. */
    private readonly publishOutdated: () => Promise<boolean>,
    private readonly now: () => Date,
    /** Whether batches are anchored on a chain now: it is in CHAIN, and not closed. */
    private readonly isAnchoredOn: (chainId: number) => boolean = () => true,
  ) {}

  /**
   * True when something has happened since the newest batch, or its standing has grown older than `maxAgeSeconds`
   * (S11), or a chain that was left has block hashes that no batch covers (S10). The log's own book-keeping (batches,
   * standing records, anchors on a chain that goes on) is nothing that happened.
   */
  isDue(maxAgeSeconds: number): boolean {
    const last = newestBatch(this.readModels.db);
    if (!last) return this.log.tree.size > 0;
    const age = (this.now().getTime() - Date.parse(last.sealedAt)) / 1000;
    return this.log.newestHappening > last.toIndex || age > maxAgeSeconds || this.#hasLeft(last.toIndex);
  }

  /** Whether a chain that nothing is anchored on any more has final anchors with entries after an index. */
  #hasLeft(index: number): boolean {
    return chainsFinalAfter(this.readModels.db, index).some((chainId) => !this.isAnchoredOn(chainId));
  }

  /** Seals everything so far as the next batch. Not to be called twice at a time. */
  async seal(): Promise<BatchView> {
    const standing = await this.recordStanding();
    const toIndex = standing.index ?? 0;
    const size = toIndex + 1;
    await this.readModels.caughtUp(standing.position);
    const { root } = await this.signer.exactly(size);
    const last = newestBatch(this.readModels.db);
    const number = (last?.number ?? 0) + 1;
    const { events } = await handle(this.store, batchDecider, {
      stream: batchStream(number),
      command: { type: 'SealBatch', number, fromIndex: last ? last.toIndex + 1 : 0, toIndex, size, root },
      context: undefined,
      meta: { at: this.now().toISOString(), by: 'process:anchoring' },
    });
    const sealed = events.at(-1);
    if (sealed) await this.readModels.caughtUp(sealed.position);
    const view = batchView(this.readModels.db, number);
    if (!view) throw new InvariantError(`batch ${number} was sealed but is not in the read models`);
    return view;
  }

  /** Publishes every status list that lags behind what is logged now; resolves when log and read models have it. */
  async publishLists(): Promise<void> {
    const { position } = await this.store.head();
    await this.readModels.caughtUp(position);
    // Another run may have published just now: the log is waited for in any case.
    await this.publishOutdated();
    await this.log.reached((await this.store.head()).logSize);
  }

  /**
   * Records the standing, as it is with all entries before the record and with every list published that they outdate
   * (S1); resolves when this node's tree has the record.
   * @throws StandingNotRecorded
   */
  async recordStanding(): Promise<StoredEvent> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const head = await this.store.head();
      await Promise.all([this.readModels.caughtUp(head.position), this.log.reached(head.logSize)]);
      if (await this.publishOutdated()) continue;
      const recorded = await this.#recordOnce(head.logSize, attempt < EXACT_ATTEMPTS);
      if (recorded) return recorded;
    }
    throw new StandingNotRecorded();
  }

  /**
   * @param listsUpTo number of entries that all status lists are published for
   * @param exact whether no entry may come between
   * @returns the record, unless something has changed before it that it should tell of
   */
  async #recordOnce(listsUpTo: number, exact: boolean): Promise<StoredEvent | undefined> {
    await this.log.reached((await this.store.head()).logSize);
    // Nothing is awaited from here to the append: on a store in this process the tree has now, in the very turn of the
    // event loop that it caught up in, all that is committed, and the append goes before whatever else is queued.
    if (this.log.newestStatusChange >= listsUpTo) return undefined;
    const { root, leaves, size } = this.log.standingNow();
    try {
      const { events } = await this.store.append({
        stream: STANDING_STREAM,
        expectedRevision: this.log.standingRevision,
        ...(exact ? { logSize: size } : {}),
        events: [
          {
            id: randomUUID(),
            type: 'StandingRecorded',
            v: 1,
            at: this.now().toISOString(),
            by: 'process:anchoring',
            data: { root, leaves, size },
          },
        ],
      });
      return await this.#accepted(events, listsUpTo);
    } catch (error) {
      if (error instanceof LateStaleReadError) return this.#accepted(error.appended.events, listsUpTo);
      if (error instanceof ConcurrencyError) return undefined;
      throw error;
    }
  }

  /** A record that is in the log, if it is that of all before it: what came between has changed nothing of it. */
  async #accepted([record]: readonly StoredEvent[], listsUpTo: number): Promise<StoredEvent | undefined> {
    if (record?.index === undefined) throw new InvariantError('a standing record was appended but not answered');
    await this.log.reached(record.index + 1);
    const snapshot = this.log.snapshot(record.index);
    return snapshot && snapshot.newestStatusChange < listsUpTo ? record : undefined;
  }
}
