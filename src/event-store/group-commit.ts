/**
 * The event store of a single process over a synchronous storage, with group commit: all that is queued when the
 * event loop turns is written in one transaction, each append in a savepoint of its own, and committed once; only then
 * does each promise resolve (S24). Whatever the callers may notice (expected revisions, S7, S15, idempotency) is
 * decided here, in the transaction; a storage only keeps rows. Proven by the conformance suite and crash.int.spec.ts.
 */
import { equalBytes } from '../encoding/bytes.js';
import { ConcurrencyError, InvariantError, StaleReadError } from '../errors.js';
import { entryBytes, eventBytes } from './entry.js';
import {
  isVaultStream,
  type Append,
  type Appended,
  type EventStore,
  type Head,
  type Position,
  type StoredEvent,
  type Subscription,
} from './event-store.js';
import { Follower } from './subscription.js';
import { parsedEvent, parsedText, UNTYPED, type EventTypes } from './upcasting.js';

/** An event as a storage keeps it. */
export interface Row {
  /** From 1, growing by 1 with each event ever written, never used twice. */
  readonly position: number;
  readonly index?: number;
  /** Canonical bytes of the event (`eventBytes`). */
  readonly bytes: Uint8Array;
  readonly sealed?: Uint8Array;
}

/** A row for whoever folds it. */
export interface BareRow {
  readonly position: number;
  readonly index?: number;
  /** The event's canonical bytes, decoded. */
  readonly text: string;
}

export interface RowKey {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
}

/** What the storage has counted: of the last event ever written, and of the log. */
export interface Counters {
  readonly position: number;
  readonly logSize: number;
}

/** Rows and transactions, synchronous: nothing else runs between the beginning and the end of a transaction. */
export interface Storage {
  counters(): Counters;
  /**
   * Runs `work` and makes what it wrote, and the counters it returns, durable.
   * @throws whatever went wrong: the state is then unknown until the storage is opened again
   */
  transaction(work: () => Counters): void;
  /** Within a transaction: undoes what `part` wrote, and only that, if it throws, and throws on. */
  savepoint<Result>(part: () => Result): Result;
  /** Revision of the stream's last event, or `NO_STREAM`. */
  revisionOf(stream: string): number;
  /** False, and nothing done, if an event with this id is there already. */
  insert(key: RowKey, row: Row): boolean;
  /** Within a transaction. False if there was no such stream. */
  erase(stream: string): boolean;
  /** After the transaction of an `erase`: leaves no trace of what was erased (S23). */
  scrub(): void;
  readStream(stream: string, fromRevision: number, limit: number): Row[];
  readAll(after: number, limit: number): Row[];
  /** The same rows without their private parts, bytes as text. */
  readBare(after: number, limit: number): BareRow[];
  readLog(from: number, limit: number): Row[];
  close(): void;
}

/** Most pieces of work in one transaction, which holds up the event loop for its length. */
const MAX_GROUP = 512;

/** Stands for the log itself where an append's `logSize` is stale. */
const LOG = '$log';

interface Work {
  /** Goes before the others of its group. */
  readonly first: boolean;
  readonly run: () => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

interface PreparedAppend extends Append {
  /** Of each event, its canonical bytes at the expected revision. */
  readonly bytes: readonly Uint8Array[];
}

export class GroupCommitStore implements EventStore {
  #queue: Work[] = [];
  #scheduled = false;
  readonly #followers = new Set<Follower>();
  /** As committed. */
  #committed: Counters;
  /** Within a transaction, what the next event gets. */
  #position: number;
  #logSize: number;
  #erased = false;
  /** Why there is no further work: closed, or the state is unknown. */
  #refusal: InvariantError | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly storage: Storage,
    private readonly types: EventTypes = UNTYPED,
  ) {
    this.#committed = storage.counters();
    this.#position = this.#committed.position;
    this.#logSize = this.#committed.logSize;
  }

  async append(append: Append): Promise<Appended> {
    // Encoded before it is queued: bad input is refused at once, and later changes by the caller have no effect.
    const prepared = this.#prepare(append);
    return this.#enqueue(append.logSize !== undefined, () => this.#write(prepared));
  }

  async appendMany(appends: readonly Append[]): Promise<readonly Appended[]> {
    const prepared = appends.map((append) => this.#prepare(append));
    const first = appends.some(({ logSize }) => logSize !== undefined);
    return this.#enqueue(first, () => prepared.map((append) => this.#write(append)));
  }

  async readStream(stream: string, { fromRevision = 0 } = {}): Promise<readonly StoredEvent[]> {
    this.#refuseIfOver();
    return this.storage.readStream(stream, fromRevision, Number.MAX_SAFE_INTEGER).map(this.#stored);
  }

  async readAll({
    after = 0n,
    limit,
    bare = false,
  }: {
    after?: Position;
    limit: number;
    bare?: boolean;
  }): Promise<readonly StoredEvent[]> {
    this.#refuseIfOver();
    if (bare) return this.storage.readBare(Number(after), limit).map(this.#bare);
    return this.storage.readAll(Number(after), limit).map(this.#stored);
  }

  async readLog({ from, limit }: { from: number; limit: number }): Promise<readonly StoredEvent[]> {
    this.#refuseIfOver();
    return this.storage.readLog(from, limit).map(this.#stored);
  }

  async head(): Promise<Head> {
    this.#refuseIfOver();
    return { position: BigInt(this.#committed.position), logSize: this.#committed.logSize };
  }

  subscribe(
    { after = 0n }: { after?: Position },
    handler: (events: readonly StoredEvent[]) => Promise<void>,
  ): Subscription {
    this.#refuseIfOver();
    const follower = new Follower((from, limit) => this.readAll({ after: from, limit }), after, handler);
    this.#followers.add(follower);
    void follower.ended.then(() => this.#followers.delete(follower));
    return follower;
  }

  async deleteStream(stream: string): Promise<void> {
    if (!isVaultStream(stream)) throw new InvariantError(`stream ${stream} is in the log: it cannot be deleted`);
    await this.#enqueue(false, () => {
      if (this.storage.erase(stream)) this.#erased = true;
    });
  }

  /** Rejects what is still queued, ends the subscriptions and waits for their handlers (so not to be awaited in one). */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#refuse(new InvariantError('the event store is closed'));
    await Promise.all([...this.#followers].map((follower) => follower.close()));
    this.storage.close();
  }

  #enqueue<Result>(first: boolean, run: () => Result): Promise<Result> {
    this.#refuseIfOver();
    return new Promise((resolve, reject) => {
      this.#queue.push({ first, run, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#queue.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
      this.#schedule();
    });
  }

  #flush(): void {
    const group = this.#nextGroup();
    if (group.length === 0) return;
    const settled: (() => void)[] = [];
    this.#erased = false;
    try {
      // A crash before the commit: nothing of the group is there, nobody was told so; the callers ask again.
      this.storage.transaction(() => {
        for (const work of group) settled.push(this.#attempt(work));
        return { position: this.#position, logSize: this.#logSize };
      });
      // A crash here: all of the group is there and nobody was told; the same ids again get the first answer.
      if (this.#erased) this.storage.scrub();
    } catch (cause) {
      // Fatal. Whether the group is on the disk is not known, and the counters no longer agree with it: only a
      // restart, which reads them again, can tell.
      const message = cause instanceof Error ? cause.message : String(cause);
      const error = new InvariantError(`the event store stopped, its state is unknown: ${message}`, { cause });
      for (const work of group) work.reject(error);
      this.#refuse(error);
      return;
    }
    this.#committed = { position: this.#position, logSize: this.#logSize };
    for (const settle of settled) settle();
    for (const follower of this.#followers) follower.notify();
  }

  /** What is queued, `first` before the rest, else in order. */
  #nextGroup(): Work[] {
    const queue = this.#queue;
    const ordered = queue.some(({ first }) => first)
      ? [...queue.filter(({ first }) => first), ...queue.filter(({ first }) => !first)]
      : queue;
    this.#queue = ordered.slice(MAX_GROUP);
    return ordered.slice(0, MAX_GROUP);
  }

  /** Runs one piece of work in its savepoint; answers how to tell its caller once the group is committed. */
  #attempt(work: Work): () => void {
    const [position, logSize] = [this.#position, this.#logSize];
    try {
      const result = this.storage.savepoint(work.run) as never;
      return () => work.resolve(result);
    } catch (error) {
      if (!(error instanceof ConcurrencyError)) throw error;
      this.#position = position;
      this.#logSize = logSize;
      return () => work.reject(error);
    }
  }

  #write(append: PreparedAppend): Appended {
    const { stream, expectedRevision, events, reads = [], logSize } = append;
    const revision = this.storage.revisionOf(stream);
    if (revision !== expectedRevision) {
      const earlier = this.#earlier(append);
      if (earlier) return { stream, events: earlier };
      throw new ConcurrencyError(stream, expectedRevision, revision);
    }
    if (logSize !== undefined && logSize !== this.#logSize) throw new StaleReadError(LOG, logSize, this.#logSize);
    for (const read of reads) {
      const actual = this.storage.revisionOf(read.stream);
      if (actual !== read.revision) throw new StaleReadError(read.stream, read.revision, actual);
    }
    return { stream, events: events.map((_, i) => this.#insert(append, i)) };
  }

  #insert({ stream, expectedRevision, events, bytes }: PreparedAppend, i: number): StoredEvent {
    const { id, sealed } = events[i]!;
    const row: Row = {
      position: this.#position + 1,
      ...(!isVaultStream(stream) && { index: this.#logSize }),
      bytes: bytes[i]!,
      ...(sealed && { sealed }),
    };
    if (!this.storage.insert({ stream, revision: expectedRevision + 1 + i, id }, row)) {
      const error = new ConcurrencyError(stream, expectedRevision, expectedRevision);
      error.message = `stream ${stream}: event ${id} is in the store already, with another place or content`;
      throw error;
    }
    this.#position++;
    if (row.index !== undefined) this.#logSize++;
    return this.#stored(row);
  }

  /** The events as stored by the same append before, if it was. */
  #earlier({ stream, expectedRevision, bytes }: PreparedAppend): StoredEvent[] | undefined {
    if (bytes.length === 0) return undefined;
    const rows = this.storage.readStream(stream, expectedRevision + 1, bytes.length);
    if (rows.length !== bytes.length || rows.some((row, i) => !equalBytes(row.bytes, bytes[i]!))) return undefined;
    return rows.map(this.#stored);
  }

  #refuseIfOver(): void {
    if (this.#refusal) throw this.#refusal;
  }

  /** The end of all work: what is queued is rejected, and the subscriptions learn it from their next read. */
  #refuse(error: InvariantError): void {
    this.#refusal ??= error;
    for (const work of this.#queue.splice(0)) work.reject(this.#refusal);
    for (const follower of this.#followers) follower.notify();
  }

  #prepare(append: Append): PreparedAppend {
    const { stream, expectedRevision } = append;
    const encode = isVaultStream(stream) ? eventBytes : entryBytes;
    const events = append.events.map((event) => ({ ...event, ...(event.sealed && { sealed: event.sealed.slice() }) }));
    for (const { type, v } of events) this.types.checkWritable({ stream, type, v });
    const bytes = events.map((event, i) => encode({ ...event, stream, revision: expectedRevision + 1 + i }));
    return { ...append, events, bytes };
  }

  readonly #bare = ({ position, index, text }: BareRow): StoredEvent => {
    const event = parsedText(text, this.types);
    const place = { position: BigInt(position) };
    return index === undefined ? Object.assign(event, place) : Object.assign(event, place, { index });
  };

  readonly #stored = ({ position, index, bytes, sealed }: Row): StoredEvent => ({
    ...parsedEvent(bytes, this.types),
    position: BigInt(position),
    ...(index !== undefined && { index, entry: bytes }),
    ...(sealed && { sealed }),
  });
}
