/**
 * The event store on EventStoreDB, for several nodes over one cluster. What it promises less than SQLite, because a
 * write on the server is one stream's: `reads` and `logSize` are checked before an append and again afterwards (S7),
 * `appendMany` leaves a prefix where it fails, and ids are unique within an append only. What the server does that this
 * rests on, and where in its sources it stands: docs/eventstoredb.md.
 *
 * Crash states of an append: before the server has it, nothing is there and nobody was told; after, it is there for
 * ever and the same append again gets the answer that was lost. A stale citation that was found only afterwards is
 * found again by the same append again: its positions do not change.
 * Proven by the conformance suite and eventstoredb.int.spec.ts.
 */
import { equalBytes } from '../encoding/bytes.js';
import {
  ConcurrencyError,
  ConfigError,
  InvariantError,
  LateStaleReadError,
  StaleReadError,
  UnavailableError,
} from '../errors.js';
import { entryBytes, eventBytes } from './entry.js';
import {
  isVaultStream,
  NO_STREAM,
  type Append,
  type Appended,
  type EventDraft,
  type EventStore,
  type Head,
  type Position,
  type Read,
  type StoredEvent,
  type Subscription,
} from './event-store.js';
import { parseAddress } from './eventstoredb-address.js';
import { AccessRefusedError, EventStoreDbConnection, type Recorded } from './eventstoredb-connection.js';
import { erasure, eventOf, isErasure, recordOf } from './eventstoredb-records.js';
import { openLogIndex, TotalOrder, type Awaited } from './eventstoredb-total-order.js';
import { Follower } from './subscription.js';
import { UNTYPED, type EventTypes } from './upcasting.js';

export const DEFAULT_PREFIX = 'meritkedja.';

export interface EventStoreDbOptions {
  /** Connection string; decides TLS and credentials. Never logged. */
  readonly url: string;
  /** The node's own SQLite file, see `LogIndex`. */
  readonly indexFile: string;
  /** Which event types it may hold, and how old ones are read; default: anything, read as it was written. */
  readonly types?: EventTypes;
  /** What the server's names of this ledger's streams begin with; default `meritkedja.`. */
  readonly prefix?: string;
  /** How long a request is tried again before it is given up, in milliseconds; default 15 seconds. */
  readonly patience?: number;
}

/** Stands for the log itself where an append's `logSize` is stale. */
const LOG = '$log';
/** How long a subscription waits after its reads were given up, in milliseconds. */
const SUBSCRIPTION_PAUSE = 500;

interface PreparedAppend extends Append {
  readonly bytes: readonly Uint8Array[];
}

/**
 * Connects, reads what this node has not read yet, and follows.
 * @throws ConfigError EVENTSTORE_URL is wrong, its server cannot be reached within `patience`, refuses the
 *   credentials, or cuts a stream of the log; DATA_DIR the index file is in use
 * @throws InvariantError what stands in the ledger's streams is not the ledger's
 */
export async function openEventStoreDb(options: EventStoreDbOptions): Promise<EventStore> {
  const { url, indexFile, prefix = DEFAULT_PREFIX, types = UNTYPED, patience = 15_000 } = options;
  if (prefix === '' || prefix.startsWith('$')) throw new InvariantError(`prefix ${prefix}: expected no system stream`);
  const connection = new EventStoreDbConnection(parseAddress(url), patience);
  try {
    const index = await openLogIndex(connection, indexFile, prefix);
    try {
      const store = new EventStoreDbStore(connection, prefix, types, (grown, failed) => {
        return new TotalOrder(connection, index, prefix, types, grown, failed);
      });
      await store.start();
      return store;
    } catch (error) {
      index.close();
      throw error;
    }
  } catch (error) {
    await connection.close();
    throw atStart(error, patience);
  }
}

function atStart(error: unknown, patience: number): unknown {
  if (error instanceof AccessRefusedError) {
    return new ConfigError(
      'EVENTSTORE_URL',
      'the server refuses the user in it, or the user may not read $all: name one that may (docs/eventstoredb.md)',
    );
  }
  if (!(error instanceof UnavailableError)) return error;
  return new ConfigError(
    'EVENTSTORE_URL',
    `no leader of EventStoreDB answered within ${Math.ceil(patience / 1000)} s (${error.message}): see that the ` +
      'servers run and can be reached from here, and that host, port and TLS in it are right',
  );
}

class EventStoreDbStore implements EventStore {
  readonly #order: TotalOrder;
  readonly #followers = new Set<Follower>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #refusal: Error | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly connection: EventStoreDbConnection,
    private readonly prefix: string,
    private readonly types: EventTypes,
    order: (grown: () => void, failed: (error: Error) => void) => TotalOrder,
  ) {
    this.#order = order(
      () => this.#notify(),
      (error) => this.#refuse(error),
    );
  }

  start(): Promise<void> {
    return this.#order.start();
  }

  async append(append: Append): Promise<Appended> {
    return this.#write(prepare(append, this.types));
  }

  async appendMany(appends: readonly Append[]): Promise<readonly Appended[]> {
    // Encoded first: bad input is refused before anything is written.
    const prepared = appends.map((append) => prepare(append, this.types));
    const answers: Appended[] = [];
    // A crash between two: a prefix is there, and the same appends again complete it.
    for (const append of prepared) answers.push(await this.#write(append));
    return answers;
  }

  async readStream(stream: string, { fromRevision = 0 } = {}): Promise<readonly StoredEvent[]> {
    this.#refuseIfOver();
    if (isVaultStream(stream)) return this.#readVault(stream, fromRevision);
    const events = await this.#readFrom(stream, fromRevision);
    const [first] = events;
    if (!first || first.revision === fromRevision) return events;
    throw this.#fatal(`stream ${stream} of the log begins at revision ${first.revision} on the server`);
  }

  async readAll({ after = 0n, limit }: { after?: Position; limit: number }): Promise<readonly StoredEvent[]> {
    this.#refuseIfOver();
    return this.#order.after(after, Math.max(0, limit));
  }

  async readLog({ from, limit }: { from: number; limit: number }): Promise<readonly StoredEvent[]> {
    this.#refuseIfOver();
    return this.#order.log(from, limit);
  }

  /** As far as this node has read. */
  async head(): Promise<Head> {
    this.#refuseIfOver();
    const { head, logSize } = this.#order.index;
    return { position: head, logSize };
  }

  subscribe(
    { after = 0n }: { after?: Position },
    handler: (events: readonly StoredEvent[]) => Promise<void>,
  ): Subscription {
    this.#refuseIfOver();
    const read = async (from: Position, limit: number): Promise<readonly StoredEvent[]> => {
      try {
        return await this.readAll({ after: from, limit });
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        this.#later(() => follower.notify());
        return [];
      }
    };
    const follower: Follower = new Follower(read, after, handler);
    this.#followers.add(follower);
    void follower.ended.then(() => this.#followers.delete(follower));
    return follower;
  }

  async deleteStream(stream: string): Promise<void> {
    if (!isVaultStream(stream)) throw new InvariantError(`stream ${stream} is in the log: it cannot be deleted`);
    this.#refuseIfOver();
    await this.#erase(this.#named(stream));
    await this.#order.sync();
  }

  /**
   * First an empty event, which is all that a scavenge leaves, then the deletion, if nothing was appended since. A crash
   * before: it is there. Between the two: it reads as deleted, and whoever begins it again deletes it first. After both:
   * the same again finds nothing to delete.
   */
  async #erase(name: string): Promise<void> {
    for (;;) {
      const last = await this.connection.readLast(name);
      if (!last) return;
      if (isErasure(last)) return this.connection.deleteStream(name, last.revision);
      const { refusedAt } = await this.connection.append(name, [erasure()], last.revision);
      // Another writer was first: what he wrote goes too.
      if (refusedAt === undefined) return this.connection.deleteStream(name, last.revision + 1);
    }
  }

  /** Rejects what is under way, ends the subscriptions and waits for their handlers (so not to be awaited in one). */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const reason = new InvariantError('the event store is closed');
    this.#refuse(reason);
    const handlers = [...this.#followers].map((follower) => follower.close());
    await this.connection.close();
    await this.#order.close(reason);
    await Promise.all(handlers);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#order.index.close();
  }

  async #write(append: PreparedAppend): Promise<Appended> {
    this.#refuseIfOver();
    const { stream, expectedRevision, events } = append;
    const ids = events.map(({ id }) => id);
    if (new Set(ids).size < ids.length) throw new ConcurrencyError(stream, expectedRevision, expectedRevision);

    const stale = await this.#staleBefore(append);
    if (stale) {
      const earlier = await this.#earlier(append);
      if (earlier) return this.#settled(append, earlier);
      throw stale;
    }
    if (events.length === 0) return this.#nothing(append);

    const awaited = this.#order.expect(stream, ids);
    try {
      if (!(await this.#send(append))) {
        const earlier = await this.#earlier(append);
        if (earlier) return await this.#settled(append, earlier);
        throw new ConcurrencyError(stream, expectedRevision, await this.#revisionOf(stream));
      }
      // S7: nobody is told before this node has read the total order up to the event.
      await this.#order.sync();
      const seen = awaited.events;
      const written = seen && isSame(append, seen) ? seen : await this.#earlier(append);
      return await this.#settled(append, written ?? (await this.#unseen(append, awaited)));
    } finally {
      this.#order.forget(awaited);
    }
  }

  async #nothing({ stream, expectedRevision }: PreparedAppend): Promise<Appended> {
    const actual = await this.#revisionOf(stream);
    if (actual !== expectedRevision) throw new ConcurrencyError(stream, expectedRevision, actual);
    return { stream, events: [] };
  }

  /** Whether the server has taken the append, or says that it had. */
  async #send({ stream, expectedRevision, events, bytes }: PreparedAppend): Promise<boolean> {
    const name = this.#named(stream);
    const records = events.map((event, i) => recordOf(event, bytes[i]!));
    const send = async (expected: number): Promise<boolean> =>
      (await this.connection.append(name, records, expected)).refusedAt === undefined;
    if (!isVaultStream(stream)) return send(expectedRevision);
    if (expectedRevision === NO_STREAM) {
      if (await send(NO_STREAM)) return true;
      const last = await this.connection.readLast(name);
      if (!last || !isErasure(last)) return false;
      await this.#erase(name);
      return send(NO_STREAM);
    }
    const base = this.#order.index.baseOf(stream);
    if (base === undefined) return false;
    if (await send(base + expectedRevision)) return true;
    // The stream may have been deleted and begun again, and this node not have read of it yet.
    await this.#order.sync();
    const newBase = this.#order.index.baseOf(stream);
    return newBase !== undefined && newBase !== base && send(newBase + expectedRevision);
  }

  /**
   * The server took an append, or says that it had, and it is not there: its ids are those of an earlier append with
   * other contents, which is a conflict. Or it is a vault stream that was deleted. Either the ids are those of deleted
   * events, which the server still remembers, and they must be written again; or the caller had read the stream before
   * it was deleted, and has revived it.
   */
  async #unseen(append: PreparedAppend, awaited: Awaited): Promise<readonly StoredEvent[]> {
    const { stream, expectedRevision, events, bytes } = append;
    const conflict = async (): Promise<ConcurrencyError> =>
      new ConcurrencyError(stream, expectedRevision, await this.#revisionOf(stream));
    const name = this.#named(stream);
    if (!isVaultStream(stream)) throw await conflict();
    const last = await this.connection.readLast(name);
    if (last && isErasure(last)) await this.#erase(name);
    else if (last) {
      if ((await this.#readVault(stream, 0)).length === 0) {
        await this.#erase(name);
        await this.#order.sync();
      }
      throw await conflict();
    }
    if (expectedRevision !== NO_STREAM) throw await conflict();
    const records = events.map((event, i) => recordOf(event, bytes[i]!));
    const actual = await this.connection.lastRevision(name, records[0]!);
    const { refusedAt } = await this.connection.append(name, records, actual);
    await this.#order.sync();
    const written = awaited.events ?? (await this.#earlier(append));
    if (refusedAt !== undefined || !written) throw await conflict();
    return written;
  }

  /** The events as stored by the same append before, if it was. */
  async #earlier(append: PreparedAppend): Promise<readonly StoredEvent[] | undefined> {
    if (append.events.length === 0) return undefined;
    const { stream, expectedRevision, events } = append;
    const there = await this.readStream(stream, { fromRevision: expectedRevision + 1 });
    const same = there.slice(0, events.length);
    return isSame(append, same) ? same : undefined;
  }

  /** S7 after the append: what it cites must have been the newest at its own place. */
  async #settled(append: PreparedAppend, events: readonly StoredEvent[]): Promise<Appended> {
    const { stream, reads = [], logSize } = append;
    const appended = { stream, events };
    const [first] = events;
    if (!first) return appended;
    if (logSize !== undefined) {
      const actual = first.index ?? this.#order.index.sizeAt(first.position);
      if (actual !== logSize) throw new LateStaleReadError(LOG, logSize, actual, appended);
    }
    for (const read of reads) {
      const actual = await this.#revisionBefore(first.position, read);
      if (actual !== read.revision) throw new LateStaleReadError(read.stream, read.revision, actual, appended);
    }
    return appended;
  }

  /** S7 before the append, as far as it can be told then. */
  async #staleBefore({ reads = [], logSize }: PreparedAppend): Promise<StaleReadError | undefined> {
    if (logSize !== undefined) {
      await this.#order.sync();
      const actual = this.#order.index.logSize;
      if (actual !== logSize) return new StaleReadError(LOG, logSize, actual);
    }
    for (const { stream, revision } of reads) {
      const actual = await this.#revisionOf(stream);
      if (actual !== revision) return new StaleReadError(stream, revision, actual);
    }
    return undefined;
  }

  /** The revision that a stream had at a place, given that it once had the one cited. */
  async #revisionBefore(place: Position, { stream, revision }: Read): Promise<number> {
    const later = await this.readStream(stream, { fromRevision: revision + 1 });
    const before = later.filter(({ position }) => position < place);
    if (before.length > 0) return before.at(-1)!.revision;
    // A stream that is deleted no longer says what it held; that it was deleted since is no change before.
    const deletion = this.#order.index.deletionOf(stream);
    return deletion && deletion.position < place && revision >= 0 && !(await this.#holds(stream, revision, place))
      ? NO_STREAM
      : revision;
  }

  async #holds(stream: string, revision: number, before: Position): Promise<boolean> {
    const [event] = await this.readStream(stream, { fromRevision: revision });
    return event !== undefined && event.position < before;
  }

  async #revisionOf(stream: string): Promise<number> {
    const last = await this.connection.readLast(this.#named(stream));
    if (!last || isErasure(last)) return NO_STREAM;
    const { revision } = eventOf(last, this.prefix, false);
    if (!isVaultStream(stream) || revision === last.revision) return revision;
    return (await this.#readVault(stream, 0)).at(-1)?.revision ?? NO_STREAM;
  }

  /** From a revision of the server's on. */
  async #readFrom(stream: string, revision: number): Promise<readonly StoredEvent[]> {
    const records = await this.connection.readStream(this.#named(stream), { from: revision });
    return this.#stored(records.slice(records.findLastIndex(isErasure) + 1));
  }

  /** From a revision of the port's on. */
  async #readVault(stream: string, fromRevision: number): Promise<readonly StoredEvent[]> {
    const base = this.#order.index.baseOf(stream);
    if (base !== undefined && fromRevision > 0) {
      const events = await this.#readFrom(stream, base + fromRevision);
      if (events[0]?.revision === fromRevision) return events;
      const last = events.length === 0 ? await this.connection.readLast(this.#named(stream)) : undefined;
      if (last && !isErasure(last) && eventOf(last, this.prefix, false).revision === last.revision - base) return [];
    }
    // Whole: the base may be out of date by a deletion that this node has not read of yet.
    const events = await this.#readFrom(stream, 0);
    // What does not begin at 0 was written by one who did not know of the deletion.
    return events[0]?.revision === 0 ? events.slice(fromRevision) : [];
  }

  async #stored(records: readonly Recorded[]): Promise<StoredEvent[]> {
    const last = records.at(-1);
    if (!last) return [];
    // Indexes are this node's own count.
    await this.#order.reach(last.position);
    return records.map((record) => this.#order.stored(eventOf(record, this.prefix, false)));
  }

  #named(stream: string): string {
    return this.prefix + stream;
  }

  #later(work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, SUBSCRIPTION_PAUSE);
    this.#timers.add(timer);
  }

  #notify(): void {
    for (const follower of this.#followers) follower.notify();
  }

  #refuseIfOver(): void {
    if (this.#refusal) throw this.#refusal;
  }

  #fatal(message: string): InvariantError {
    const error = new InvariantError(message);
    this.#refuse(error);
    return error;
  }

  /** The end of all work; the subscriptions learn it from their next read. */
  #refuse(error: Error): void {
    this.#refusal ??= error;
    this.#notify();
  }
}

function prepare(append: Append, types: EventTypes): PreparedAppend {
  const { stream, expectedRevision } = append;
  for (const { type, v } of append.events) types.checkWritable({ stream, type, v });
  const encode = isVaultStream(stream) ? eventBytes : entryBytes;
  // Encoded at once: later changes by the caller have no effect.
  const events = append.events.map((event): EventDraft => ({
    ...event,
    ...(event.sealed && { sealed: event.sealed.slice() }),
  }));
  const bytes = events.map((event, i) => encode({ ...event, stream, revision: expectedRevision + 1 + i }));
  return { ...append, events, bytes };
}

function isSame({ stream, expectedRevision, bytes }: PreparedAppend, events: readonly StoredEvent[]): boolean {
  return (
    events.length === bytes.length &&
    events.every(
      (event, i) => event.revision === expectedRevision + 1 + i && equalBytes(bytesOf(stream, event), bytes[i]!),
    )
  );
}

function bytesOf(stream: string, event: StoredEvent): Uint8Array {
  return event.entry ?? eventBytes({ ...event, stream });
}
