/**
 * What a node keeps of the log beside the store (`DATA_DIR/log/log.db`), so that its start reads the end of the log
 * only: the tree's hashes, the standing and its newest snapshots, and the signed heads that were compared with the tree.
 * Everything up to one position is written in one transaction: a crash leaves an earlier state, never a mixed one.
 * All of it follows from the store: a file that is gone, damaged or of another store is made again.
 * Proven by transparency-log.int.spec.ts, which tears it in pieces.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { MadeLeaf } from '../anchoring/standing-state.js';
import { DamagedFileError, isDamage, isDriverError, openDatabase, type Database } from '../event-store/sqlite-file.js';
import type { SignedHead } from './signed-heads.js';
import type { SavedTile, TileSource } from './tiled-tree.js';

const MIGRATIONS = [
  `
  CREATE TABLE tiles (
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, number)
  ) STRICT;
  CREATE TABLE leaves (
    stream TEXT NOT NULL,
    since INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (stream, since)
  ) STRICT;
  CREATE TABLE heads (
    size INTEGER PRIMARY KEY,
    root TEXT NOT NULL,
    checkpoint TEXT NOT NULL
  ) STRICT;
  CREATE TABLE state (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    json TEXT NOT NULL
  ) STRICT;
  `,
];

const integer = z.number().int();
/** Positions are text: JSON has no whole numbers of that size. */
const savedState = z.object({
  /** Changes whenever what is written here changes its meaning: an older file is then made again. */
  format: z.literal(1),
  /** Of the newest event that is in all this. */
  position: z.string().regex(/^\d+$/).transform(BigInt),
  size: integer.min(0),
  /** base64, of the tree */
  root: z.string(),
  /** Position of the log's last entry, where there is one. */
  entryPosition: z.string().regex(/^\d+$/).transform(BigInt).optional(),
  /** base64, of the leaves of the standing */
  standingRoot: z.string(),
  newestStanding: integer,
  newestStated: integer,
  newestHappening: integer,
  newestStatusChange: integer,
  standingRevision: integer,
  headRevision: integer,
  /** Size of the newest signed head; its note is among the heads. */
  headSize: integer.optional(),
  /** Sizes of the batches that are not finally anchored, by their streams. */
  batches: z.array(z.tuple([z.string(), integer])),
  /** Nothing before this index is asked for any more. */
  neededFrom: integer,
  snapshots: z.array(z.object({ index: integer, root: z.string(), newestStatusChange: integer })),
});

export type SavedState = z.output<typeof savedState>;

export interface ToSave {
  readonly state: Omit<SavedState, 'format' | 'entryPosition' | 'headSize'> & {
    readonly entryPosition: SavedState['entryPosition'];
    readonly headSize: SavedState['headSize'];
  };
  readonly tiles: Iterable<SavedTile>;
  /** Those that may not be in the file yet. */
  readonly leaves: Iterable<MadeLeaf>;
  readonly heads: Iterable<SignedHead>;
}

export class LogFile implements TileSource {
  #db: Database;
  #statements: ReturnType<typeof prepareStatements>;
  #closed = false;
  /** Something in it was found damaged: what is saved from then on does not make it whole. */
  #isDistrusted = false;

  private constructor(
    db: Database,
    private readonly path: string | undefined,
  ) {
    this.#db = db;
    this.#statements = prepareStatements(db);
  }

  /**
   * @param folder made where it is not there; undefined: in memory
   * @param report told where the file was damaged, and is made anew
   */
  static open(folder: string | undefined, report: (message: string) => void): LogFile {
    if (folder === undefined) return new LogFile(openFile(undefined), undefined);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, 'log.db');
    try {
      return new LogFile(openFile(path), path);
    } catch (error) {
      if (!(error instanceof DamagedFileError) && !isDriverError(error)) throw error;
      report(`${path}: ${(error as Error).message}`);
      return new LogFile(remade(path), path);
    }
  }

  /** @throws the driver's or the schema's error where the file is damaged */
  load(): SavedState | undefined {
    const row = this.#statements.state.get();
    return row === undefined ? undefined : savedState.parse(JSON.parse(row.json));
  }

  tile(level: number, number: number): Uint8Array | undefined {
    return this.#statements.tile.get(level, number)?.hashes;
  }

  /** Every kept leaf, by stream and age. */
  leaves(): readonly MadeLeaf[] {
    return this.#statements.leaves.all();
  }

  head(size: number): SignedHead | undefined {
    return this.#statements.head.get(size);
  }

  /** All or nothing; once distrusted, without what a start would take up. @throws the driver's error */
  save({ state, tiles, leaves, heads }: ToSave): void {
    const { putTile, putLeaf, putHead, putState, dropLeaves } = this.#statements;
    const oldest = Math.min(state.size, ...state.snapshots.map(({ index }) => index));
    const { position, entryPosition, ...rest } = state;
    const json = JSON.stringify({
      ...rest,
      format: 1,
      position: String(position),
      ...(entryPosition === undefined ? {} : { entryPosition: String(entryPosition) }),
    });
    const write = this.#db.transaction(() => {
      for (const { level, number, hashes } of tiles) putTile.run(level, number, hashes);
      for (const { stream, since, bytes } of leaves) putLeaf.run(stream, since, bytes);
      for (const { size, root, checkpoint } of heads) putHead.run(size, root, checkpoint);
      dropLeaves.run(oldest);
      if (!this.#isDistrusted) putState.run(json);
    });
    try {
      write();
    } catch (error) {
      // Else each start would take it up and end here.
      if (isDamage(error)) this.distrust();
      throw error;
    }
  }

  /** Forgets everything. */
  reset(): void {
    this.#db.close();
    this.#db = this.path === undefined ? openFile(undefined) : remade(this.path);
    this.#statements = prepareStatements(this.#db);
    this.#isDistrusted = false;
  }

  /** The next start makes everything again, whatever is saved until then. */
  distrust(): void {
    if (this.#closed) return;
    try {
      this.#statements.dropState.run();
    } catch (error) {
      if (!isDriverError(error)) throw error;
      this.reset();
    }
    this.#isDistrusted = true;
  }

  close(): void {
    this.#closed = true;
    this.#db.close();
  }
}

function openFile(path: string | undefined): Database {
  return openDatabase(path ?? ':memory:', { synchronous: 'NORMAL', migrations: MIGRATIONS });
}

function remade(path: string): Database {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  return openFile(path);
}

function prepareStatements(db: Database) {
  return {
    state: db.prepare<[], { json: string }>('SELECT json FROM state'),
    putState: db.prepare<[string]>('INSERT OR REPLACE INTO state (only, json) VALUES (1, ?)'),
    dropState: db.prepare<[]>('DELETE FROM state'),
    tile: db.prepare<[number, number], { hashes: Uint8Array }>(
      'SELECT hashes FROM tiles WHERE level = ? AND number = ?',
    ),
    putTile: db.prepare<[number, number, Uint8Array]>(
      'INSERT OR REPLACE INTO tiles (level, number, hashes) VALUES (?, ?, ?)',
    ),
    leaves: db.prepare<[], MadeLeaf>('SELECT stream, since, bytes FROM leaves ORDER BY stream, since'),
    putLeaf: db.prepare<[string, number, Uint8Array]>(
      'INSERT OR REPLACE INTO leaves (stream, since, bytes) VALUES (?, ?, ?)',
    ),
    // Of each stream all that was superseded before the oldest moment that is still asked for.
    dropLeaves: db.prepare<[number]>(
      `DELETE FROM leaves WHERE EXISTS (SELECT 1 FROM leaves AS newer
        WHERE newer.stream = leaves.stream AND newer.since > leaves.since AND newer.since < ?)`,
    ),
    head: db.prepare<[number], SignedHead>('SELECT size, root, checkpoint FROM heads WHERE size = ?'),
    putHead: db.prepare<[number, string, string]>(
      'INSERT OR REPLACE INTO heads (size, root, checkpoint) VALUES (?, ?, ?)',
    ),
  };
}
