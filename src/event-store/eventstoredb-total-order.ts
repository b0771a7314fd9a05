/**
 * The total order as one node reads it: `$all` from the leader, page by page from where it stands, once on start and
 * then whenever it is told that there is more. Appends wait for it (S7), subscriptions are fed by it, so there is one
 * order, one count of the log (S15) and no seam between what was there and what comes.
 *
 * The newest events stay in memory, within bounds; older ones are read from the server again. A read of `$all` shows
 * what was acknowledged: both end at the server's last indexed record (AllReader.ReadAllEventsForward). It begins with
 * the record at the position it is given, which is therefore dropped. Deleted events stand in it until a scavenge, and
 * the deletion itself stands in it as the stream's metadata, with `$tb` at the largest revision there is: that is how a
 * node learns what not to show. Proven by eventstoredb.int.spec.ts.
 */
import { ConfigError, InvariantError, UnavailableError } from '../errors.js';
import { isVaultStream, type Position, type StoredEvent } from './event-store.js';
import type { EventStoreDbConnection, Recorded } from './eventstoredb-connection.js';
import { LogIndex } from './eventstoredb-log-index.js';
import { eventOf, isErasure, type ReadEvent } from './eventstoredb-records.js';
import { asOfToday, type EventTypes } from './upcasting.js';

/** Most events in one read of `$all`. */
const PAGE = 2_000;
/** Bounds of what is kept in memory. */
const RECENT_EVENTS = 4_000;
const RECENT_BYTES = 16 * 1024 * 1024;

/** How long to wait after a read was given up, in milliseconds; the connection has tried it for long already. */
const PAUSE = 100;

const TOMBSTONE = '$streamDeleted';
const METASTREAM = '$$';

/** The events of one append, as they appear in the total order. */
export class Awaited {
  readonly #events: (StoredEvent | undefined)[];

  constructor(
    readonly stream: string,
    readonly ids: readonly string[],
  ) {
    this.#events = ids.map(() => undefined);
  }

  take(event: StoredEvent): void {
    const i = this.ids.indexOf(event.id);
    if (event.stream === this.stream && i >= 0) this.#events[i] = event;
  }

  /** All of them, if all were seen. */
  get events(): readonly StoredEvent[] | undefined {
    const events = this.#events.filter((event) => event !== undefined);
    return events.length === this.ids.length ? events : undefined;
  }
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** Opens the node's index file and throws it away where it does not fit the store: another, or an older copy. */
export async function openLogIndex(
  connection: EventStoreDbConnection,
  file: string,
  prefix: string,
): Promise<LogIndex> {
  const index = LogIndex.open(file, prefix);
  try {
    if (await isOf(connection, index)) return index;
  } catch (error) {
    index.close();
    throw error;
  }
  index.close();
  return LogIndex.remake(file, prefix);
}

/**
 * Whether the store has the last entry that the index knows, and the last event of all that was read: a store that was
 * put back from an older copy of itself may have other events since, at places that this node would take for read.
 */
async function isOf(connection: EventStoreDbConnection, { last, lastRead }: LogIndex): Promise<boolean> {
  for (const known of [last, lastRead]) if (known && !(await stands(connection, known))) return false;
  return true;
}

async function stands(
  connection: EventStoreDbConnection,
  { position, id }: { readonly position: Position; readonly id: string },
): Promise<boolean> {
  try {
    const { records } = await connection.readAll(position, 1);
    return records[0]?.position === position && records[0].id === id;
  } catch (error) {
    // No record begins there, which servers say in several ways; unless none of its reads is answered.
    if (error instanceof ConfigError) throw error;
    await connection.readAll(undefined, 1);
    return false;
  }
}

export class TotalOrder {
  /** The last events in order, all that there are after `#recentAfter`. */
  #recent: StoredEvent[] = [];
  #recentBytes = 0;
  #recentAfter: Position;
  readonly #awaited = new Map<string, Set<Awaited>>();
  readonly #waiters: Waiter[] = [];
  #more = false;
  #wake: () => void = () => {};
  #started = false;
  #failure: Error | undefined;
  #running: Promise<void> = Promise.resolve();

  /**
   * @param grown is called when events were added
   * @param failed is called once, when no further reading is possible
   */
  constructor(
    private readonly connection: EventStoreDbConnection,
    readonly index: LogIndex,
    private readonly prefix: string,
    private readonly types: EventTypes,
    private readonly grown: () => void,
    private readonly failed: (error: Error) => void,
  ) {
    this.#recentAfter = index.head;
  }

  /**
   * Reads to the end, then follows.
   * @throws UnavailableError where the server does not answer; ConfigError where a stream of the log is cut;
   *   InvariantError where something in the ledger's streams is not the ledger's
   */
  async start(): Promise<void> {
    await this.#readOn();
    this.#started = true;
    const { limit } = this.index;
    if (limit) {
      throw new ConfigError(
        'EVENTSTORE_URL',
        `stream ${this.prefix}${limit.stream} of the log is limited or deleted on the server (${limit.what}): ` +
          'write {} to its metadata until no $tb, $maxAge or $maxCount is left, and see that nothing was scavenged',
      );
    }
    this.#running = this.#follow();
    void this.connection.listen([this.prefix, `${METASTREAM}${this.prefix}`], (position) => {
      if (position === undefined || position > (this.index.reached ?? -1n)) this.#notify();
    });
  }

  /** Resolves when everything that the server had acknowledged before the call was read. */
  sync(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#notify();
    });
  }

  /** Resolves when what stands at a position was read. */
  async reach(position: Position): Promise<void> {
    if (position > (this.index.reached ?? -1n)) await this.sync();
  }

  /** Keeps the events of an append when they appear, until `forget`. */
  expect(stream: string, ids: readonly string[]): Awaited {
    const awaited = new Awaited(stream, ids);
    for (const id of ids) {
      const set = this.#awaited.get(id);
      if (set) set.add(awaited);
      else this.#awaited.set(id, new Set([awaited]));
    }
    return awaited;
  }

  forget(awaited: Awaited): void {
    for (const id of awaited.ids) {
      const set = this.#awaited.get(id);
      set?.delete(awaited);
      if (set?.size === 0) this.#awaited.delete(id);
    }
  }

  /** Events after a position that were read so far. */
  async after(position: Position, limit: number): Promise<readonly StoredEvent[]> {
    if (position >= this.#recentAfter) return this.#recentFrom(position, limit, () => true);
    return this.#again(position === 0n ? undefined : position, position, limit, () => true);
  }

  /** Entries from an index on that were read so far. */
  async log(from: number, limit: number): Promise<readonly StoredEvent[]> {
    if (from >= this.index.logSize || limit <= 0) return [];
    const position = this.index.positionOf(from);
    const isEntry = ({ index }: StoredEvent): boolean => index !== undefined;
    if (position > this.#recentAfter) return this.#recentFrom(position - 1n, limit, isEntry);
    return this.#again(position, position - 1n, limit, isEntry);
  }

  /** As of today, with its index, once it was read up to there. */
  stored(event: ReadEvent): StoredEvent {
    const { bytes, ...rest } = asOfToday(event, this.types);
    if (isVaultStream(event.stream)) return rest;
    const index = this.index.indexOf(event.position);
    if (index === undefined) {
      throw new InvariantError(`stream ${event.stream}, revision ${event.revision}: not in the total order`);
    }
    return { ...rest, index, entry: bytes };
  }

  /** After the connection is closed. */
  async close(reason: Error): Promise<void> {
    this.#fail(reason);
    await this.#running;
  }

  #notify(): void {
    this.#more = true;
    this.#wake();
  }

  async #follow(): Promise<void> {
    while (!this.#failure) {
      if (!this.#more) await new Promise<void>((resolve) => (this.#wake = resolve));
      if (this.#failure) return;
      this.#more = false;
      const waiters = this.#waiters.splice(0);
      try {
        await this.#readOn();
        for (const { resolve } of waiters) resolve();
      } catch (error) {
        for (const { reject } of waiters) reject(error as Error);
        if (!(error instanceof UnavailableError)) this.#fail(error as Error);
        // There may still be more to read.
        this.#more = true;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    for (const { reject } of this.#waiters.splice(0)) reject(error);
    this.#wake();
    this.failed(error);
  }

  /** From where the node stands to the end. */
  async #readOn(): Promise<void> {
    for (;;) {
      const { reached } = this.index;
      const { records, ended } = await this.connection.readAll(reached, PAGE);
      if (this.#failure) return;
      const fresh = records.filter(({ position }) => reached === undefined || position > reached);
      if (fresh.length > 0 && this.#take(fresh) > 0) this.grown();
      if (ended) return;
      if (fresh.length === 0) throw new InvariantError(`$all does not go on after ${reached}`);
    }
  }

  /** Counts what was read; answers how many events of the ledger it held. */
  #take(records: readonly Recorded[]): number {
    const added: StoredEvent[] = [];
    const deleted: [stream: string, position: Position][] = [];
    this.index.transaction(() => {
      for (const record of records) {
        const event = this.#takeOne(record, deleted);
        if (event) added.push(event);
        this.index.read(record.position, record.id);
      }
    });
    for (const event of added) {
      for (const awaited of this.#awaited.get(event.id) ?? []) awaited.take(event);
      this.#recent.push(event);
      this.#recentBytes += weight(event);
    }
    for (const [stream] of deleted) {
      const gone = this.#recent.filter((event) => event.stream === stream && !this.#shown(event));
      if (gone.length > 0) this.#recent = this.#recent.filter((event) => !gone.includes(event));
      for (const event of gone) this.#recentBytes -= weight(event);
    }
    this.#trim();
    return added.length;
  }

  #shown({ stream, position }: StoredEvent): boolean {
    return position > (this.index.deletionOf(stream)?.position ?? -1n);
  }

  #takeOne(record: Recorded, deleted: [string, Position][]): StoredEvent | undefined {
    if (record.stream.startsWith(METASTREAM + this.prefix)) {
      const stream = record.stream.slice(METASTREAM.length + this.prefix.length);
      const what = cutBy(record.data);
      if (!isVaultStream(stream)) this.#limited(stream, what);
      else if (what === DELETED) {
        this.index.markDeleted(stream, record.position);
        deleted.push([stream, record.position]);
      }
      return undefined;
    }
    if (!record.stream.startsWith(this.prefix)) return undefined;
    const name = record.stream.slice(this.prefix.length);
    if (record.type === TOMBSTONE || (isErasure(record) && isVaultStream(name))) {
      if (!isVaultStream(name)) this.#limited(name, 'tombstone');
      this.index.markDeleted(name, record.position);
      deleted.push([name, record.position]);
      return undefined;
    }
    const event = eventOf(record, this.prefix, true);
    const { stream, position, id } = event;
    if (!isVaultStream(stream)) {
      this.index.addEntry(position, id);
      return this.stored(event);
    }
    // Revision 0 anywhere but at the server's is a stream that was deleted, whether or not a scavenge has left word of it.
    if (event.revision === 0 && record.revision > 0) this.index.beginAgain(stream, position, record.revision);
    if (!this.index.counts(stream, event, record.revision)) return undefined;
    this.index.addVault(position);
    return this.stored(event);
  }

  /** S15: nobody may limit or delete a stream of the log. */
  #limited(stream: string, what: string | undefined): void {
    this.index.setLimit(stream, what);
    if (what === undefined) return;
    // At the start what counts is the metadata that holds at the end.
    if (this.#started) {
      throw new InvariantError(`stream ${stream} of the log was limited or deleted on the server (${what})`);
    }
  }

  #trim(): void {
    let drop = 0;
    while (
      this.#recent.length - drop > RECENT_EVENTS ||
      (this.#recentBytes > RECENT_BYTES && drop < this.#recent.length)
    ) {
      this.#recentBytes -= weight(this.#recent[drop]!);
      this.#recentAfter = this.#recent[drop]!.position;
      drop++;
    }
    if (drop > 0) this.#recent.splice(0, drop);
  }

  #recentFrom(after: Position, limit: number, wanted: (event: StoredEvent) => boolean): StoredEvent[] {
    let [low, high] = [0, this.#recent.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#recent[middle]!.position > after) high = middle;
      else low = middle + 1;
    }
    const found: StoredEvent[] = [];
    for (let i = low; i < this.#recent.length && found.length < limit; i++) {
      if (wanted(this.#recent[i]!)) found.push(this.#recent[i]!);
    }
    return found;
  }

  /** Reads from the server again what is no longer in memory, up to where this node has read. */
  async #again(
    from: Position | undefined,
    after: Position,
    limit: number,
    wanted: (event: StoredEvent) => boolean,
  ): Promise<StoredEvent[]> {
    const end = this.index.head;
    const found: StoredEvent[] = [];
    let seen = after;
    for (let next = from; found.length < limit;) {
      const { records, ended } = await this.connection.readAll(next, Math.min(PAGE, limit + 200));
      for (const record of records) {
        if (record.position > end || found.length === limit) return found;
        if (record.position <= seen) continue;
        seen = record.position;
        const event = this.#seenBefore(record);
        if (event && wanted(event)) found.push(event);
      }
      const last = records.at(-1);
      if (ended || !last) return found;
      if (last.position === next) throw new InvariantError(`$all does not go on after ${next}`);
      next = last.position;
    }
    return found;
  }

  #seenBefore(record: Recorded): StoredEvent | undefined {
    if (!record.stream.startsWith(this.prefix) || record.type === TOMBSTONE || isErasure(record)) return undefined;
    const event = eventOf(record, this.prefix, false);
    if (isVaultStream(event.stream) && !this.index.counts(event.stream, event, record.revision)) return undefined;
    return this.stored(event);
  }
}

const DELETED = 'deleted';

/** By what a stream's metadata lets the server drop events, if by anything. */
function cutBy(metadata: unknown): string | undefined {
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const { $tb, $maxAge, $maxCount } = metadata as Record<string, unknown>;
  // The largest revision is no exact number in JavaScript.
  if (typeof $tb === 'number' && $tb > Number.MAX_SAFE_INTEGER) return DELETED;
  if (typeof $tb === 'number' && $tb > 0) return '$tb';
  if ($maxAge !== undefined) return '$maxAge';
  return $maxCount === undefined ? undefined : '$maxCount';
}

function weight({ entry, sealed, data }: StoredEvent): number {
  return 200 + (entry ? 2 * entry.length : JSON.stringify(data).length) + (sealed?.length ?? 0);
}
