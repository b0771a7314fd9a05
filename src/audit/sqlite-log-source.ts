/**
 * A ledger's log from its own folder, while the service is stopped: the entries' bytes as the store keeps them, the hashes
 * that the node keeps beside it, and the newest signed head. Read only. Proven by log-source.int.spec.ts.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDriverError, openDatabaseToRead, type Database } from '../event-store/sqlite-file.js';
import { HASH_SIZE } from '../log/hash.js';
import { SIGNED_HEADS_STREAM, signedHeadSchema } from '../log/signed-heads.js';
import { MAX_ENTRY_SIZE, TILE_WIDTH } from '../log/tiles.js';
import { LogSourceError, type LogSource } from './log-source.js';

/**
 * @param folder `DATA_DIR`
 * @throws ConfigError where there is no store, or another process has it
 */
export function openSqliteLogSource(folder: string): LogSource {
  const store = openDatabaseToRead(join(folder, 'events.db'));
  const kept = join(folder, 'log', 'log.db');
  try {
    return new SqliteLogSource(folder, store, existsSync(kept) ? openDatabaseToRead(kept) : undefined);
  } catch (error) {
    store.close();
    throw error;
  }
}

class SqliteLogSource implements LogSource {
  readonly #entries;
  readonly #head;
  readonly #tile;

  constructor(
    readonly name: string,
    private readonly store: Database,
    private readonly kept: Database | undefined,
  ) {
    this.#entries = store
      .prepare<[number, number], Buffer>(
        `SELECT bytes FROM events CROSS JOIN contents ON contents.position = events.position
         WHERE log_index >= ? AND log_index < ? ORDER BY log_index`,
      )
      .pluck();
    this.#head = store
      .prepare<[string], Buffer>(
        `SELECT bytes FROM events CROSS JOIN contents ON contents.position = events.position
         WHERE stream = ? ORDER BY revision DESC LIMIT 1`,
      )
      .pluck();
    this.#tile = kept
      ?.prepare<[number, number], Buffer>('SELECT hashes FROM tiles WHERE level = ? AND number = ?')
      .pluck();
  }

  checkpoint(): Promise<string> {
    return this.#read(() => {
      const bytes = this.#head.get(SIGNED_HEADS_STREAM);
      if (!bytes) throw new LogSourceError('refused', `${this.name}: no head has been signed yet`);
      const { data } = JSON.parse(bytes.toString()) as { data: unknown };
      return signedHeadSchema.parse(data).checkpoint;
    });
  }

  bundle(number: number, width: number): Promise<Uint8Array> {
    return this.#read(() => {
      const from = number * TILE_WIDTH;
      const entries = this.#entries.all(from, from + width);
      if (entries.length !== width) {
        const there = `${from} to ${from + width - 1} there are ${entries.length}`;
        throw new LogSourceError('refused', `${this.name}: of the entries ${there}`);
      }
      return bundleOf(entries, this.name);
    });
  }

  /** What the node keeps of an unfinished tile may be of an older size, or a newer one, of which it is the beginning. */
  tile(level: number, number: number, width: number): Promise<Uint8Array | undefined> {
    return this.#read(() => {
      const hashes = this.#tile?.get(level, number);
      return hashes && hashes.length >= width * HASH_SIZE ? hashes.subarray(0, width * HASH_SIZE) : undefined;
    });
  }

  close(): Promise<void> {
    this.store.close();
    this.kept?.close();
    return Promise.resolve();
  }

  async #read<Result>(work: () => Result): Promise<Result> {
    try {
      return await Promise.resolve(work());
    } catch (error) {
      if (!isDriverError(error)) throw error;
      throw new LogSourceError('refused', `${this.name}: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** As `encodeEntryBundle`, in one pass: this is a good part of reading a log. */
function bundleOf(entries: readonly Buffer[], name: string): Uint8Array {
  let size = 0;
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_SIZE)
      throw new LogSourceError('refused', `${name}: an entry of ${entry.length} bytes`);
    size += 2 + entry.length;
  }
  const bundle = Buffer.allocUnsafe(size);
  let at = 0;
  for (const entry of entries) {
    bundle.writeUInt16BE(entry.length, at);
    bundle.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bundle;
}
