/**
 * The event store on SQLite (WAL, synchronous=FULL): embedded, one process.
 *
 * Erasing (S23): `secure_delete` zeroes a cell where it lies, but the copies that SQLite leaves behind in the unused
 * part of a page when it moves cells between pages (rebalancing after other deletions) stay. So contents have a table
 * of their own that only grows at its end and is never deleted from, whose cells therefore never move; erasing
 * overwrites them in place with as many zeros. Rows of `events` may move: they hold names of streams and ids only.
 * Proven by the conformance suite, sqlite.int.spec.ts and crash.int.spec.ts.
 */
import { fromHex } from '../encoding/hex.js';
import { InvariantError } from '../errors.js';
import { NO_STREAM, type EventStore } from './event-store.js';
import { GroupCommitStore, type BareRow, type Counters, type Row, type RowKey, type Storage } from './group-commit.js';
import { isConstraintError, openDatabase, openDatabaseToRead, truncateWal, type Database } from './sqlite-file.js';
import type { EventTypes } from './upcasting.js';

const MIGRATIONS = [
  `
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL,
    id BLOB NOT NULL UNIQUE,
    log_index INTEGER,
    UNIQUE (stream, revision),
    CHECK ((log_index IS NULL) = (stream GLOB 'vault-*'))
  ) STRICT;
  CREATE UNIQUE INDEX events_log ON events (log_index) WHERE log_index IS NOT NULL;
  CREATE TABLE contents (
    position INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL,
    sealed BLOB
  ) STRICT;
  CREATE TABLE counters (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    position INTEGER NOT NULL,
    log_size INTEGER NOT NULL
  ) STRICT;
  INSERT INTO counters VALUES (1, 0, 0);

  CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events do not change'); END;
  CREATE TRIGGER entries_stay BEFORE DELETE ON events WHEN OLD.log_index IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an entry of the log cannot be deleted'); END;
  CREATE TRIGGER contents_stay BEFORE DELETE ON contents
    BEGIN SELECT RAISE(ABORT, 'contents are overwritten, not deleted'); END;
  CREATE TRIGGER contents_of_entries_stay BEFORE UPDATE ON contents
    WHEN (SELECT log_index FROM events WHERE position = OLD.position) IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an entry of the log cannot change'); END;
  `,
];

/** Rows with their contents; the outer loop is over `events`, in whichever order its index gives. */
const ROWS = `SELECT events.position, log_index AS "index", bytes, sealed
  FROM events CROSS JOIN contents ON contents.position = events.position`;

/**
 * Opens the event store in a file, made if need be, for this process alone.
 * @param types which event types it may hold, and how old ones are read; default: anything, read as it was written
 * @throws ConfigError if another process has the file or it cannot be opened
 * @throws InvariantError if its counters contradict its rows
 */
export function openSqliteEventStore(path: string, types?: EventTypes): EventStore {
  const storage = new SqliteStorage(openDatabase(path, { synchronous: 'FULL', migrations: MIGRATIONS }));
  return new GroupCommitStore(storage, types);
}

/**
 * Opens the event store of a service that is stopped, to read it beside others that do so: nothing in it changes, and every
 * append is refused. Events are read as they were written.
 * @throws ConfigError as `openDatabaseToRead`
 * @throws InvariantError if its counters contradict its rows
 */
export function openSqliteEventStoreToRead(path: string): EventStore {
  const database = openDatabaseToRead(path);
  try {
    return new GroupCommitStore(new SqliteStorage(database));
  } catch (error) {
    database.close();
    throw error;
  }
}

interface RawRow {
  readonly position: number;
  readonly index: number | null;
  readonly bytes: Buffer;
  readonly sealed: Buffer | null;
}

interface RawBareRow {
  readonly position: number;
  readonly index: number | null;
  readonly text: string;
}

/** Exported for tests that need the handle; the ledger opens it with `openSqliteEventStore`. */
export class SqliteStorage implements Storage {
  readonly #statements;

  constructor(private readonly database: Database) {
    this.#statements = prepareStatements(database);
    this.#check();
  }

  counters(): Counters {
    return this.#statements.counters.get()!;
  }

  transaction(work: () => Counters): void {
    const { begin, commit, setCounters } = this.#statements;
    begin.run();
    try {
      const { position, logSize } = work();
      setCounters.run(position, logSize, position);
      // Until this returns nothing is durable; when it has returned, all is. If it throws, either may be.
      commit.run();
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  savepoint<Result>(part: () => Result): Result {
    const { savepoint, release, rollBackTo } = this.#statements;
    savepoint.run();
    try {
      const result = part();
      release.run();
      return result;
    } catch (error) {
      // A full disk or a failed write may have ended the whole transaction already.
      if (this.database.inTransaction) {
        rollBackTo.run();
        release.run();
      }
      throw error;
    }
  }

  revisionOf(stream: string): number {
    return this.#statements.revision.get(stream) ?? NO_STREAM;
  }

  insert({ stream, revision, id }: RowKey, { position, index, bytes, sealed }: Row): boolean {
    const { insertEvent, insertContent } = this.#statements;
    try {
      insertEvent.run(position, stream, revision, fromHex(id.replaceAll('-', '')), index ?? null);
    } catch (error) {
      if (isConstraintError(error) && (error as Error).message.endsWith(' events.id')) return false;
      throw error;
    }
    insertContent.run(position, bytes, sealed ?? null);
    return true;
  }

  erase(stream: string): boolean {
    const { overwriteStream, deleteStream } = this.#statements;
    // As many bytes as before, so that SQLite overwrites the cells, and their overflow pages, where they lie.
    overwriteStream.run(stream);
    return deleteStream.run(stream).changes > 0;
  }

  scrub(): void {
    // The WAL still has the pages as they were. A crash before this is done: `openDatabase` does it.
    truncateWal(this.database);
  }

  readStream(stream: string, fromRevision: number, limit: number): Row[] {
    return this.#statements.readStream.all(stream, fromRevision, limit).map(row);
  }

  readAll(after: number, limit: number): Row[] {
    return this.#statements.readAll.all(after, Math.max(0, limit)).map(row);
  }

  readBare(after: number, limit: number): BareRow[] {
    return this.#statements.readBare.all(after, Math.max(0, limit)).map(bareRow);
  }

  readLog(from: number, limit: number): Row[] {
    return this.#statements.readLog.all(from, Math.max(0, limit)).map(row);
  }

  close(): void {
    this.database.close();
  }

  #rollBack(): void {
    try {
      if (this.database.inTransaction) this.#statements.rollBack.run();
    } catch {
      // The error that led here is the one to tell; the store does no further work after it.
    }
  }

  /** The counters and the rows were committed together; if they disagree, the file is not what we wrote. */
  #check(): void {
    const { position, logSize } = this.counters();
    const last = this.#statements.last.get()!;
    if (last.position > position || last.logSize !== logSize) {
      throw new InvariantError(
        `${this.database.name}: expected position ${position} and ${logSize} entries, ` +
          `got ${last.position} and ${last.logSize}`,
      );
    }
  }
}

// The types of rows are stated here, once, next to the SQL that makes them.

function prepareStatements(database: Database) {
  return {
    begin: database.prepare<[]>('BEGIN IMMEDIATE'),
    commit: database.prepare<[]>('COMMIT'),
    rollBack: database.prepare<[]>('ROLLBACK'),
    savepoint: database.prepare<[]>('SAVEPOINT work'),
    release: database.prepare<[]>('RELEASE work'),
    rollBackTo: database.prepare<[]>('ROLLBACK TO work'),
    counters: database.prepare<[], Counters>('SELECT position, log_size AS logSize FROM counters'),
    setCounters: database.prepare<[number, number, number]>(
      'UPDATE counters SET position = ?, log_size = ? WHERE position <> ?',
    ),
    last: database.prepare<[], Counters>(
      `SELECT coalesce((SELECT max(position) FROM events), 0) AS position,
        coalesce((SELECT max(log_index) FROM events WHERE log_index IS NOT NULL) + 1, 0) AS logSize`,
    ),
    revision: database.prepare<[string], number>('SELECT max(revision) FROM events WHERE stream = ?').pluck(),
    insertEvent: database.prepare<[number, string, number, Uint8Array, number | null]>(
      'INSERT INTO events (position, stream, revision, id, log_index) VALUES (?, ?, ?, ?, ?)',
    ),
    insertContent: database.prepare<[number, Uint8Array, Uint8Array | null]>(
      'INSERT INTO contents (position, bytes, sealed) VALUES (?, ?, ?)',
    ),
    overwriteStream: database.prepare<[string]>(
      `UPDATE contents SET bytes = zeroblob(length(bytes)), sealed = zeroblob(length(sealed))
        WHERE position IN (SELECT position FROM events WHERE stream = ?)`,
    ),
    deleteStream: database.prepare<[string]>('DELETE FROM events WHERE stream = ?'),
    readStream: database.prepare<[string, number, number], RawRow>(
      `${ROWS} WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?`,
    ),
    readAll: database.prepare<[number, number], RawRow>(
      `${ROWS} WHERE events.position > ? ORDER BY events.position LIMIT ?`,
    ),
    readBare: database.prepare<[number, number], RawBareRow>(
      `SELECT events.position, log_index AS "index", CAST(bytes AS TEXT) AS text
        FROM events CROSS JOIN contents ON contents.position = events.position
        WHERE events.position > ? ORDER BY events.position LIMIT ?`,
    ),
    readLog: database.prepare<[number, number], RawRow>(`${ROWS} WHERE log_index >= ? ORDER BY log_index LIMIT ?`),
  };
}

function bareRow({ position, index, text }: RawBareRow): BareRow {
  return index === null ? { position, text } : { position, index, text };
}

function row({ position, index, bytes, sealed }: RawRow): Row {
  return {
    position,
    ...(index !== null && { index }),
    bytes: plain(bytes),
    ...(sealed && { sealed: plain(sealed) }),
  };
}

/** A `Uint8Array` over the same memory: nothing above knows of Buffers. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
