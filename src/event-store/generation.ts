/**
 * One generation of the read models: a SQLite file with the tables of one set of projections and how far they have
 * read. It is built as `<number>.building` in one transaction that needs no journal, because a build that did not end
 * is begun again; only when it is whole and on the disk does it get its name, `<number>.db`. So whatever is called
 * `.db` is whole, at every moment at which the process or the machine can stop.
 *
 * Erasing (S23): `secure_delete` zeroes what is deleted where it lies, and every page that is given up. What stays are
 * the copies that SQLite leaves in the unused part of a page that is still in use, when it moves cells between pages.
 * So after an erasure the rows of a projection that names it are put into new pages, and the old ones, given up, are
 * zeroed; then the write-ahead log is cut to nothing. All in the transaction that applies the erasing event.
 * Proven by projections.int.spec.ts and scrubbing.int.spec.ts.
 */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenedFacts } from '../holders/vault.js';
import type { EventStore, Position, StoredEvent } from './event-store.js';
import type { Projection } from './projections.js';
import { DamagedFileError, openDatabase, truncateWal, type Database } from './sqlite-file.js';
import { statement } from './statements.js';

const BOOKKEEPING = `
  CREATE TABLE progress (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    shape TEXT NOT NULL,
    position TEXT NOT NULL,
    event TEXT,
    before TEXT NOT NULL,
    origin TEXT
  );
  CREATE TABLE parts (projection TEXT NOT NULL, name TEXT NOT NULL PRIMARY KEY);`;

/** Pages kept in memory while building, in KiB: what is touched again is written once. More would be a longer stop at the end. */
const BUILDING_CACHE = 65_536;
const NO_FACTS: readonly OpenedFacts[] = [];

/** How far the tables have read, and by what to tell that the store is still the same one. */
interface Progress {
  readonly shape: string;
  readonly position: Position;
  /** Id of the event at `position`; absent where nothing was read. */
  readonly event?: string;
  /** Position of the event before it. */
  readonly before: Position;
  /** Position and id of the store's first event. */
  readonly origin?: string;
}

type ProjectionVersion = Pick<Projection, 'name' | 'version'>;

/** Opened private parts by event; events without one are absent. */
export type Facts = ReadonlyMap<StoredEvent, readonly OpenedFacts[]>;

export class Generation {
  #progress: Progress;
  readonly #scrubbed: readonly Projection[];
  /** Projections whose tables must be put into new pages before the build ends. */
  readonly #due = new Set<string>();
  #closed = false;

  private constructor(
    readonly number: number,
    readonly db: Database,
    private readonly folder: string,
    private readonly projections: readonly Projection[],
    progress: Progress,
  ) {
    this.#progress = progress;
    this.#scrubbed = projections.filter(({ scrubs }) => scrubs !== undefined);
  }

  /** A new one, to be built: see `apply` and `finish`. */
  static build(folder: string, number: number, projections: readonly Projection[]): Generation {
    // Also what a crash has left of an earlier one of that number: its write-ahead log would be taken for this one's.
    removeGeneration(folder, number);
    const db = openDatabase(pathOf(folder, number, 'building'), { synchronous: 'NORMAL' });
    db.pragma('temp_store = MEMORY');
    // Nothing of a build that is cut off is ever used: no journal, no waiting for the disk.
    db.pragma('journal_mode = OFF');
    db.pragma('synchronous = OFF');
    db.pragma(`cache_size = -${BUILDING_CACHE}`);
    db.exec('BEGIN');
    db.exec(BOOKKEEPING);
    for (const { name, schema } of projections) {
      const before = namesIn(db);
      db.exec(schema);
      nameParts(db, name, before);
    }
    const progress = { shape: shapeOf(projections), position: 0n, before: 0n };
    db.prepare("INSERT INTO progress (id, shape, position, before) VALUES (1, ?, '0', '0')").run(progress.shape);
    return new Generation(number, db, folder, projections, progress);
  }

  /**
   * One that is whole.
   * @throws DamagedFileError where the file is no sound database or not one of ours; ConfigError where another process
   *   has it
   */
  static open(folder: string, number: number, projections: readonly Projection[]): Generation {
    const path = pathOf(folder, number, 'db');
    const db = openDatabase(path, { synchronous: 'NORMAL' });
    db.pragma('temp_store = MEMORY');
    try {
      return new Generation(number, db, folder, projections, readProgress(db));
    } catch (error) {
      db.close();
      if ((error as { code?: unknown }).code === undefined) throw error;
      throw new DamagedFileError(`${path} cannot be read: ${(error as Error).message}`);
    }
  }

  get position(): Position {
    return this.#progress.position;
  }

  /** Names and versions of the projections it was built from. */
  get versions(): readonly ProjectionVersion[] {
    return versionsIn(this.#progress.shape);
  }

  /** Whether it is what today's projections make. */
  get isCurrent(): boolean {
    return this.#progress.shape === shapeOf(this.projections);
  }

  /** Whether today's projections can read its tables and go on filling them. */
  get canServe(): boolean {
    const built = new Map(this.versions.map(({ name, version }) => [name, version]));
    return this.projections.every(({ name, version, servesFrom = version }) => {
      const found = built.get(name);
      return found !== undefined && found >= servesFrom && found <= version;
    });
  }

  /**
   * Whether the store is the one that it was filled from: not another one, nor an older copy of it that has gone its
   * own way since.
   */
  async isOf(store: EventStore): Promise<boolean> {
    const { position, event, before, origin } = this.#progress;
    if (event === undefined) return position === 0n;
    if (position > (await store.head()).position) return false;
    const [first] = await store.readAll({ limit: 1 });
    if (!first || originOf(first) !== origin) return false;
    const [last] = await store.readAll({ after: before, limit: 1 });
    // Absent from a vault stream that was erased since: then the next one is later.
    if (!last || last.position > position) return true;
    return last.position === position && last.id === event;
  }

  /** Applies events and the checkpoint in one transaction (of a build: in its one transaction). */
  apply(events: readonly StoredEvent[], facts: Facts, building = false): void {
    const last = events.at(-1);
    if (!last) return;
    const progress = this.#after(events, last);
    if (building) {
      this.#write(events, facts, this.#due);
      this.#progress = progress;
      return;
    }
    const due = new Set<string>();
    statement(this.db, 'BEGIN').run();
    try {
      this.#write(events, facts, due);
      for (const projection of due) this.#renewPages(projection);
      this.#keep(progress);
      statement(this.db, 'COMMIT').run();
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (this.db.inTransaction) statement(this.db, 'ROLLBACK').run();
      throw error;
    }
    // A crash here: opening the file cuts the write-ahead log before anything is read from it.
    if (due.size > 0) truncateWal(this.db);
    this.#progress = progress;
  }

  /**
   * Ends a build: the file is whole, on the disk, and has its name. It is closed and must be opened anew.
   * @param step called between what is durable and what is next
   */
  async finish(step: (name: 'written' | 'synced' | 'named') => void): Promise<void> {
    for (const projection of this.#due) this.#renewPages(projection);
    await this.#makeIndexes();
    this.#keep(this.#progress);
    this.db.exec('COMMIT');
    // Closed first: closing any other descriptor of the file would drop SQLite's lock on it.
    this.close();
    step('written');
    const path = pathOf(this.folder, this.number, 'building');
    const file = await open(path, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    step('synced');
    renameSync(path, pathOf(this.folder, this.number, 'db'));
    syncFolder(this.folder);
    step('named');
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.db.close();
  }

  /** Closes it and removes its file. */
  remove(): void {
    this.close();
    removeGeneration(this.folder, this.number);
  }

  async #makeIndexes(): Promise<void> {
    for (const { name, indexes = [] } of this.projections) {
      for (const sql of indexes) {
        const before = namesIn(this.db);
        this.db.exec(sql);
        nameParts(this.db, name, before);
        // One after the other: requests have their turn in between.
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    }
  }

  #write(events: readonly StoredEvent[], facts: Facts, due: Set<string>): void {
    const { db, projections } = this;
    for (const event of events) {
      const opened = facts.get(event) ?? NO_FACTS;
      for (const projection of projections) projection.apply(db, event, opened);
      for (const { name, scrubs } of this.#scrubbed) if (scrubs?.has(event.type)) due.add(name);
    }
  }

  #after(events: readonly StoredEvent[], last: StoredEvent): Progress {
    const { shape, position, origin } = this.#progress;
    const first = events[0] ?? last;
    return {
      shape,
      position: last.position,
      event: last.id,
      before: events.at(-2)?.position ?? position,
      origin: origin ?? originOf(first),
    };
  }

  #keep({ position, event, before, origin }: Progress): void {
    statement(this.db, 'UPDATE progress SET position = ?, event = ?, before = ?, origin = ? WHERE id = 1').run(
      String(position),
      event ?? null,
      String(before),
      origin ?? null,
    );
  }

  /** Puts the rows of a projection's tables into new pages; the old ones are zeroed as they are given up (S23). */
  #renewPages(projection: string): void {
    const tables = this.db
      .prepare(
        `SELECT s.name FROM parts p JOIN sqlite_schema s ON s.name = p.name
         WHERE p.projection = ? AND s.type = 'table'`,
      )
      .all(projection) as { name: string }[];
    for (const table of tables.map(({ name }) => quoted(name))) {
      // Deleting all rows gives up all pages of the table and of its indexes but their roots, which are zeroed too.
      this.db.exec(
        `CREATE TABLE renewing AS SELECT * FROM ${table}; DELETE FROM ${table};
         INSERT INTO ${table} SELECT * FROM renewing; DROP TABLE renewing;`,
      );
    }
  }
}

/** The generations of a folder that are whole, newest first, and whether a build was cut off. */
export function generationsIn(folder: string): { whole: readonly number[]; cutOff: readonly number[] } {
  const numbers = (suffix: string): number[] =>
    readdirSync(folder)
      .flatMap((name) => (new RegExp(`^(\\d+)\\.${suffix}$`).exec(name)?.[1] ?? '') || [])
      .map(Number)
      .sort((a, b) => b - a);
  return { whole: numbers('db'), cutOff: numbers('building') };
}

/** Removes what there is of a generation that is not open. */
export function removeGeneration(folder: string, number: number): void {
  removeFile(pathOf(folder, number, 'db'));
  removeFile(pathOf(folder, number, 'building'));
}

function removeFile(path: string): void {
  // The main file first: without its write-ahead log it could be torn, and it would look whole.
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${suffix}`, { force: true });
}

function pathOf(folder: string, number: number, state: 'db' | 'building'): string {
  return join(folder, `${number}.${state}`);
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** What has come into the file since `before` is a projection's. */
function nameParts(db: Database, projection: string, before: ReadonlySet<string>): void {
  for (const part of namesIn(db)) {
    if (!before.has(part)) db.prepare('INSERT INTO parts (projection, name) VALUES (?, ?)').run(projection, part);
  }
}

function namesIn(db: Database): ReadonlySet<string> {
  const rows = db.prepare('SELECT name FROM sqlite_schema').all() as { name: string }[];
  return new Set(rows.map(({ name }) => name));
}

function readProgress(db: Database): Progress {
  const row = db.prepare('SELECT shape, position, event, before, origin FROM progress WHERE id = 1').get() as
    { shape: string; position: string; event: string | null; before: string; origin: string | null } | undefined;
  if (!row) throw new DamagedFileError(`${db.name} does not say how far it has read`);
  return {
    shape: row.shape,
    position: BigInt(row.position),
    ...(row.event !== null && { event: row.event }),
    before: BigInt(row.before),
    ...(row.origin !== null && { origin: row.origin }),
  };
}

function originOf({ position, id }: StoredEvent): string {
  return `${position}:${id}`;
}

function shapeOf(projections: readonly ProjectionVersion[]): string {
  return projections.map(({ name, version }) => `${name}@${version}`).join(' ');
}

function versionsIn(shape: string): readonly ProjectionVersion[] {
  return shape
    .split(' ')
    .filter(Boolean)
    .map((part) => {
      const at = part.lastIndexOf('@');
      return { name: part.slice(0, at), version: Number(part.slice(at + 1)) };
    });
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
