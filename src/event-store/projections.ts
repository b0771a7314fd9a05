/**
 * Read models: tables in a SQLite file of this node's own, filled from the store's total order and rebuilt from it
 * whenever their shape has changed or the file is gone. Every batch and its checkpoint are written in one transaction,
 * so a crash anywhere applies each event exactly once.
 */
import { rmSync } from 'node:fs';
import { InvariantError } from '../errors.js';
import type { OpenedFacts } from '../holders/vault.js';
import type { EventStore, Position, StoredEvent, Subscription } from './event-store.js';
import { DamagedFileError, openDatabase, type Database } from './sqlite-file.js';

/** One question asked of the events: its tables and how they are filled. Its queries stand in the same file. */
export interface Projection {
  readonly name: string;
  /** Raised whenever tables or `apply` change: the read models are then rebuilt. */
  readonly version: number;
  /** `CREATE TABLE …; CREATE INDEX …` */
  readonly schema: string;
  /** Types of events whose private parts `apply` needs. */
  readonly opens?: ReadonlySet<string>;
  apply(db: Database, event: StoredEvent, opened: readonly OpenedFacts[]): void;
}

interface Waiter {
  readonly position: Position;
  resolve(): void;
  reject(reason: unknown): void;
}

const BOOKKEEPING =
  'CREATE TABLE IF NOT EXISTS progress (id INTEGER PRIMARY KEY CHECK (id = 1), shape TEXT, position TEXT)';

export class ReadModels {
  readonly db: Database;
  readonly #open: (event: StoredEvent) => Promise<readonly OpenedFacts[]>;
  #position: Position = 0n;
  #waiters: Waiter[] = [];
  #subscription: Subscription | undefined;
  #failure: unknown;

  /** @param open opens private parts that can still be opened (`Vault.open`) */
  private constructor(
    private readonly store: EventStore,
    db: Database,
    private readonly projections: readonly Projection[],
    open: (event: StoredEvent) => Promise<readonly OpenedFacts[]>,
  ) {
    this.db = db;
    this.#open = open;
  }

  /**
   * Opens the file, or makes it anew where it is damaged, does not fit the projections or runs ahead of the store
   * (a restored store), and begins to follow the store.
   */
  static async start(
    path: string,
    store: EventStore,
    projections: readonly Projection[],
    open: (event: StoredEvent) => Promise<readonly OpenedFacts[]>,
  ): Promise<ReadModels> {
    const shape = projections.map(({ name, version }) => `${name}@${version}`).join(' ');
    const head = await store.head();
    let db = openOrRemake(path);
    let kept = progressOf(db);
    if (kept && (kept.shape !== shape || kept.position > head.position)) {
      db.close();
      db = remake(path);
      kept = undefined;
    }
    if (!kept) {
      db.transaction(() => {
        for (const { schema } of projections) db.exec(schema);
        db.prepare('INSERT INTO progress (id, shape, position) VALUES (1, ?, ?)').run(shape, '0');
      })();
    }
    const models = new ReadModels(store, db, projections, open);
    models.#position = kept?.position ?? 0n;
    models.#follow();
    return models;
  }

  get position(): Position {
    return this.#position;
  }

  /** Resolves when every event up to a position is in the tables. */
  caughtUp(position: Position): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(asError(this.#failure));
    if (this.#position >= position) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ position, resolve, reject }));
  }

  /** Rejects when following failed; never resolves before `stop`. */
  get done(): Promise<void> {
    return this.#subscription?.done ?? Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop();
    this.#fail(new InvariantError('the read models are closed'));
    this.db.close();
  }

  #follow(): void {
    this.#subscription = this.store.subscribe({ after: this.#position }, (events) => this.#apply(events));
    this.#subscription.done.catch((error: unknown) => this.#fail(error));
  }

  async #apply(events: readonly StoredEvent[]): Promise<void> {
    const opened = new Map<StoredEvent, readonly OpenedFacts[]>();
    for (const event of events) {
      if (event.sealed && this.projections.some(({ opens }) => opens?.has(event.type))) {
        opened.set(event, await this.#open(event));
      }
    }
    const last = events.at(-1);
    if (!last) return;
    this.db.transaction(() => {
      for (const event of events) {
        for (const projection of this.projections) projection.apply(this.db, event, opened.get(event) ?? []);
      }
      this.db.prepare('UPDATE progress SET position = ? WHERE id = 1').run(String(last.position));
    })();
    this.#position = last.position;
    const ready = this.#waiters.filter(({ position }) => position <= last.position);
    this.#waiters = this.#waiters.filter(({ position }) => position > last.position);
    for (const waiter of ready) waiter.resolve();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(asError(error));
  }
}

/** A damaged file holds nothing that the events do not: it is made anew. */
function openOrRemake(path: string): Database {
  try {
    return openFile(path);
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
    return remake(path);
  }
}

function remake(path: string): Database {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  return openFile(path);
}

function openFile(path: string): Database {
  const db = openDatabase(path, { synchronous: 'NORMAL' });
  db.exec(BOOKKEEPING);
  return db;
}

function progressOf(db: Database): { shape: string; position: Position } | undefined {
  const row = db.prepare('SELECT shape, position FROM progress WHERE id = 1').get() as
    { shape: string; position: string } | undefined;
  return row && { shape: row.shape, position: BigInt(row.position) };
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new InvariantError(String(value));
}
