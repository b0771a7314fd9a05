/**
 * The one handle on the SQLite driver: every SQLite file of the process is opened here, with the same settings, and
 * nothing else imports the driver. Proven by sqlite.int.spec.ts.
 */
import BetterSqlite3 from 'better-sqlite3';
import { ConfigError, InvariantError } from '../errors.js';

export type Database = BetterSqlite3.Database;
export type Statement<Parameters extends unknown[] = unknown[], Row = unknown> = BetterSqlite3.Statement<
  Parameters,
  Row
>;

export interface DatabaseOptions {
  /** FULL: a commit is on the disk when it returns. NORMAL: the last commits may be lost with the power, none torn. */
  readonly synchronous: 'FULL' | 'NORMAL';
  /** Steps from each version of the schema to the next, in order, never changed once released. */
  readonly migrations?: readonly string[];
}

/** Refusals of the driver that say so: the last two of a file that is cut off or has lost its version. */
const DAMAGE = ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_IOERR_SHORT_READ', 'SQLITE_ERROR'];

/** How long to wait for another process that is just closing the file, in milliseconds. Blocks the event loop. */
const BUSY_TIMEOUT = 1_000;

/** The file is no database, or a torn one. What was made from the events can be made again. */
export class DamagedFileError extends ConfigError {
  constructor(message: string) {
    super('DATA_DIR', message);
    this.name = 'DamagedFileError';
  }
}

/** Another process has the file: a service, or a command, that runs on the same folder. */
export class InUseError extends ConfigError {
  constructor(path: string) {
    super('DATA_DIR', `${path} is in use by another process; a data folder serves one at a time`);
    this.name = 'InUseError';
  }
}

/**
 * Opens a file, or makes it, for this process alone; the lock goes with the process, however it ends.
 * @throws ConfigError if a newer version of the program wrote it, or it cannot be opened; InUseError, a ConfigError too,
 *   if another process has it; DamagedFileError, another one, if it is no sound database
 */
export function openDatabase(path: string, { synchronous, migrations = [] }: DatabaseOptions): Database {
  let database: Database | undefined;
  try {
    database = new BetterSqlite3(path, { timeout: BUSY_TIMEOUT });
    // The lock is taken with the first access and kept. In WAL mode it also spares the shared-memory file.
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma(`synchronous = ${synchronous}`);
    database.pragma('foreign_keys = ON');
    // Deleted content is overwritten with zeros (S23).
    database.pragma('secure_delete = ON');
    // WAL alone takes the lock lazily; an empty write transaction takes it now.
    database.exec('BEGIN IMMEDIATE; COMMIT');
    // After a crash the WAL may still hold what was deleted before it: fold it in and empty it.
    truncateWal(database);
    if (migrations.length > 0) migrate(database, migrations);
    return database;
  } catch (error) {
    database?.close();
    throw refusedBy(error, path);
  }
}

/** What the driver's refusal to open a file means to whoever named it. */
function refusedBy(error: unknown, path: string): unknown {
  // The driver answers a folder that does not exist with a TypeError.
  if (error instanceof TypeError) return new ConfigError('DATA_DIR', `${path}: ${error.message}`);
  const code = codeOf(error);
  if (code === undefined) return error;
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return new InUseError(path);
  const message = `${path} cannot be opened: ${(error as Error).message} (${code})`;
  return isDamage(error) ? new DamagedFileError(message) : new ConfigError('DATA_DIR', message);
}

/**
 * Opens a file that is there to read it only, beside others that do so; nothing in it changes.
 * @throws ConfigError if it is not there or cannot be opened; InUseError, DamagedFileError as `openDatabase`
 */
export function openDatabaseToRead(path: string): Database {
  let database: Database | undefined;
  try {
    database = new BetterSqlite3(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT });
    // The first access is what meets another process's lock, or damage.
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return database;
  } catch (error) {
    database?.close();
    throw refusedBy(error, path);
  }
}

/**
 * Moves everything from the write-ahead log into the file and cuts the log to nothing, so that what was deleted is in
 * neither.
 * @throws InvariantError if a reader holds it back, which in a file of one connection cannot be
 */
export function truncateWal(database: Database): void {
  const [result] = database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
  if (result?.busy !== 0) throw new InvariantError('the write-ahead log could not be truncated: it is in use');
}

/** True for a refusal by a constraint of the schema: the statement did nothing, the transaction goes on. */
export function isConstraintError(error: unknown): boolean {
  return codeOf(error)?.startsWith('SQLITE_CONSTRAINT') ?? false;
}

/** True for whatever the driver itself refuses: in a file that was opened, damage that shows only where it is read. */
export function isDriverError(error: unknown): boolean {
  return codeOf(error) !== undefined;
}

/** True for a refusal of the driver that says that the file is no sound database. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && DAMAGE.some((prefix) => code.startsWith(prefix));
}

/**
 * SQLite's extended result code, if the error is the driver's. Not by `instanceof`: the native part of the driver keeps
 * the error class of whoever loaded it first in the process, which with several module registries (Jest) is another.
 */
function codeOf(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' ? (error as { code?: unknown } | null)?.code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

function migrate(database: Database, migrations: readonly string[]): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > migrations.length) {
    throw new ConfigError(
      'DATA_DIR',
      `${database.name} has schema version ${version}, this program knows up to ${migrations.length}: use a newer one`,
    );
  }
  // Each step and its number commit together: a crash between two steps goes on with the next.
  for (let next = version; next < migrations.length; next++) {
    database.exec(`BEGIN IMMEDIATE; ${migrations[next]}; PRAGMA user_version = ${next + 1}; COMMIT`);
  }
}
