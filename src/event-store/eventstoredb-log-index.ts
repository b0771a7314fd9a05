/**
 * What a node remembers of EventStoreDB's total order, in a SQLite file of its own: how far it has read, where in that
 * order each entry of the log stands, and which vault streams were deleted where. Only what can be read again: the file
 * may be deleted at any time, and is made anew where it is damaged, of another prefix, or not of this store.
 *
 * Index = ordinal in `$all` over the streams of the prefix but `vault-*` (S15). Every node counts by itself.
 * Proven by eventstoredb.int.spec.ts.
 */
import { rmSync } from 'node:fs';
import { InvariantError } from '../errors.js';
import { NO_STREAM, type Position } from './event-store.js';
import { DamagedFileError, openDatabase, type Database } from './sqlite-file.js';

const MIGRATIONS = [
  `
  CREATE TABLE progress (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    prefix TEXT NOT NULL,
    reached BLOB,
    head BLOB,
    last_id TEXT
  ) STRICT;
  -- Positions as 16 bytes, which sort as the numbers do.
  CREATE TABLE log (log_index INTEGER PRIMARY KEY, position BLOB NOT NULL UNIQUE) STRICT;
  -- What stands before "position" is deleted. Revision 0 of what came after is the server's "base".
  CREATE TABLE deletions (stream TEXT PRIMARY KEY, position BLOB NOT NULL, base INTEGER) STRICT, WITHOUT ROWID;
  -- Streams of the log that the server would cut, by their newest metadata.
  CREATE TABLE limits (stream TEXT PRIMARY KEY, what TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  // The last event that was read, of whatever stream: it must be there still.
  `ALTER TABLE progress ADD COLUMN reached_id TEXT`,
];

export interface Deletion {
  /** Events before it are deleted. */
  readonly position: Position;
  /** The server's revision of what is revision 0 since; absent where nothing was appended since. */
  readonly base?: number;
}

export interface Entry {
  readonly index: number;
  readonly position: Position;
  readonly id: string;
}

export class LogIndex {
  readonly #database: Database;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #reached: Position | undefined;
  #head: Position | undefined;
  #logSize: number;
  #lastId: string | undefined;
  #reachedId: string | undefined;

  private constructor(database: Database, prefix: string) {
    this.#database = database;
    this.#statements = prepareStatements(database);
    this.#statements.begin.run(prefix);
    const progress = this.#statements.progress.get()!;
    this.#reached = progress.reached ? fromBlob(progress.reached) : undefined;
    this.#head = progress.head ? fromBlob(progress.head) : undefined;
    this.#lastId = progress.lastId ?? undefined;
    this.#reachedId = progress.reachedId ?? undefined;
    this.#logSize = this.#statements.logSize.get()!;
  }

  /** @throws ConfigError where another process has the file */
  static open(file: string, prefix: string): LogIndex {
    const kept = openOrRemake(file);
    const made = kept.prepare<[], { prefix: string }>('SELECT prefix FROM progress').get();
    if (made === undefined || made.prefix === prefix) return new LogIndex(kept, prefix);
    kept.close();
    return LogIndex.remake(file, prefix);
  }

  /** Forgets everything. */
  static remake(file: string, prefix: string): LogIndex {
    remove(file);
    return new LogIndex(openDatabase(file, { synchronous: 'NORMAL', migrations: MIGRATIONS }), prefix);
  }

  /** The last event of all that was read, of whatever stream. */
  get reached(): Position | undefined {
    return this.#reached;
  }

  /** The last event of the ledger's that was read, deleted or not. */
  get head(): Position {
    return this.#head ?? 0n;
  }

  get logSize(): number {
    return this.#logSize;
  }

  /** The last event of all that was read, to compare with the store. */
  get lastRead(): { readonly position: Position; readonly id: string } | undefined {
    if (this.#reached === undefined || this.#reachedId === undefined) return undefined;
    return { position: this.#reached, id: this.#reachedId };
  }

  /** The last entry, to compare with the store. */
  get last(): Entry | undefined {
    const index = this.#logSize - 1;
    if (index < 0 || this.#lastId === undefined) return undefined;
    return { index, position: this.positionOf(index), id: this.#lastId };
  }

  /**
   * Runs `work` and keeps what it told the index, all or nothing.
   * @throws what `work` throws: the index then stands as before
   */
  transaction(work: () => void): void {
    const before = [this.#reached, this.#head, this.#logSize, this.#lastId, this.#reachedId] as const;
    try {
      this.#database.transaction(() => {
        work();
        this.#statements.keep.run(
          this.#reached === undefined ? null : toBlob(this.#reached),
          this.#head === undefined ? null : toBlob(this.#head),
          this.#lastId ?? null,
          this.#reachedId ?? null,
        );
      })();
    } catch (error) {
      [this.#reached, this.#head, this.#logSize, this.#lastId, this.#reachedId] = before;
      throw error;
    }
  }

  /** An event of any stream was read. */
  read(position: Position, id: string): void {
    this.#reached = position;
    this.#reachedId = id;
  }

  /** An event of a vault stream was read. */
  addVault(position: Position): void {
    this.#head = position;
  }

  /** An entry was read; answers its index. */
  addEntry(position: Position, id: string): number {
    const index = this.#logSize;
    this.#statements.addEntry.run(index, toBlob(position));
    this.#logSize = index + 1;
    this.#head = position;
    this.#lastId = id;
    return index;
  }

  /** @throws InvariantError beyond the log */
  positionOf(index: number): Position {
    const blob = this.#statements.positionOf.get(index);
    if (!blob) throw new InvariantError(`expected an index below ${this.#logSize}, got ${index}`);
    return fromBlob(blob);
  }

  indexOf(position: Position): number | undefined {
    return this.#statements.indexOf.get(toBlob(position));
  }

  /** Number of entries at or before a position. */
  sizeAt(position: Position): number {
    return this.#statements.sizeAt.get(toBlob(position)) ?? 0;
  }

  markDeleted(stream: string, position: Position): void {
    this.#statements.markDeleted.run(stream, toBlob(position));
  }

  /** A stream that was deleted holds something again: at this position its revision 0, at the server's `base`. */
  beginAgain(stream: string, position: Position, base: number): void {
    const known = this.deletionOf(stream);
    if (known?.base === base) return;
    if (!known || known.base !== undefined) this.markDeleted(stream, position - 1n);
    this.#statements.setBase.run(base, stream);
  }

  deletionOf(stream: string): Deletion | undefined {
    const row = this.#statements.deletionOf.get(stream);
    return row && { position: fromBlob(row.position), ...(row.base !== null && { base: row.base }) };
  }

  /** The server's revision of the port's revision 0; undefined where the stream is known to hold nothing. */
  baseOf(stream: string): number | undefined {
    const deletion = this.deletionOf(stream);
    return deletion ? deletion.base : 0;
  }

  /** Whether an event counts: it was not deleted, and continues what began after a deletion. */
  counts(stream: string, event: { readonly position: Position; readonly revision: number }, recorded: number): boolean {
    const deletion = this.deletionOf(stream);
    if (!deletion) return event.revision === recorded;
    return event.position > deletion.position && recorded - (deletion.base ?? NO_STREAM) === event.revision;
  }

  /** What the server would cut a stream of the log by; `undefined` where nothing (more). */
  setLimit(stream: string, what: string | undefined): void {
    if (what === undefined) this.#statements.clearLimit.run(stream);
    else this.#statements.setLimit.run(stream, what);
  }

  /** The first stream of the log that the server would cut, if any. */
  get limit(): { readonly stream: string; readonly what: string } | undefined {
    return this.#statements.limit.get();
  }

  close(): void {
    this.#database.close();
  }
}

function prepareStatements(database: Database) {
  return {
    begin: database.prepare<[string]>('INSERT INTO progress (only, prefix) VALUES (1, ?) ON CONFLICT DO NOTHING'),
    progress: database.prepare<
      [],
      { reached: Buffer | null; head: Buffer | null; lastId: string | null; reachedId: string | null }
    >('SELECT reached, head, last_id AS lastId, reached_id AS reachedId FROM progress'),
    keep: database.prepare<[Uint8Array | null, Uint8Array | null, string | null, string | null]>(
      'UPDATE progress SET reached = ?, head = ?, last_id = ?, reached_id = ?',
    ),
    logSize: database.prepare<[], number>('SELECT coalesce(max(log_index) + 1, 0) FROM log').pluck(),
    addEntry: database.prepare<[number, Uint8Array]>('INSERT INTO log VALUES (?, ?)'),
    positionOf: database.prepare<[number], Buffer>('SELECT position FROM log WHERE log_index = ?').pluck(),
    indexOf: database.prepare<[Uint8Array], number>('SELECT log_index FROM log WHERE position = ?').pluck(),
    sizeAt: database
      .prepare<[Uint8Array], number>('SELECT log_index + 1 FROM log WHERE position <= ? ORDER BY position DESC LIMIT 1')
      .pluck(),
    markDeleted: database.prepare<[string, Uint8Array]>('INSERT OR REPLACE INTO deletions VALUES (?, ?, NULL)'),
    setBase: database.prepare<[number, string]>('UPDATE deletions SET base = ? WHERE stream = ?'),
    deletionOf: database.prepare<[string], { position: Buffer; base: number | null }>(
      'SELECT position, base FROM deletions WHERE stream = ?',
    ),
    setLimit: database.prepare<[string, string]>('INSERT OR REPLACE INTO limits VALUES (?, ?)'),
    clearLimit: database.prepare<[string]>('DELETE FROM limits WHERE stream = ?'),
    limit: database.prepare<[], { stream: string; what: string }>('SELECT stream, what FROM limits LIMIT 1'),
  };
}

function openOrRemake(file: string): Database {
  try {
    return openDatabase(file, { synchronous: 'NORMAL', migrations: MIGRATIONS });
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
    remove(file);
    return openDatabase(file, { synchronous: 'NORMAL', migrations: MIGRATIONS });
  }
}

function remove(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
}

function toBlob(position: Position): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, position >> 64n);
  view.setBigUint64(8, position & 0xffff_ffff_ffff_ffffn);
  return bytes;
}

function fromBlob(blob: Buffer): Position {
  return (blob.readBigUInt64BE(0) << 64n) | blob.readBigUInt64BE(8);
}
