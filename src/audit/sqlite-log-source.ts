/**
 * A ledger's log from its own folder, while the service is stopped: the entries' bytes as the store keeps them, the hashes
 * that the node keeps beside it, and the newest signed head. Read only. Proven by log-source.int.spec.ts.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { statusDocumentStream } from '../credentials/status-lists.read.js';
import type { JsonObject } from '../encoding/json.js';
import { isDriverError, openDatabaseToRead, type Database } from '../event-store/sqlite-file.js';
import { HASH_SIZE } from '../log/hash.js';
import { SIGNED_HEADS_STREAM, signedHeadSchema } from '../log/signed-heads.js';
import { MAX_ENTRY_SIZE, TILE_WIDTH } from '../log/tiles.js';
import { editionAmong } from './kept-edition.js';
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
  readonly #list;

  constructor(
    readonly name: string,
    private readonly store: Database,
    private readonly kept: Database | undefined,
  ) {
    // One row a bundle: a row an entry costs four times as much, most of it for the driver's many small buffers.
    this.#entries = store.prepare<[number, number], BundleRow>(
      `SELECT count(*) AS count, group_concat(length(bytes) ORDER BY log_index) AS lengths,
         CAST(group_concat(bytes, '' ORDER BY log_index) AS BLOB) AS bytes
       FROM events CROSS JOIN contents ON contents.position = events.position
       WHERE log_index >= ? AND log_index < ?`,
    );
    this.#head = store
      .prepare<[string], Buffer>(
        `SELECT bytes FROM events CROSS JOIN contents ON contents.position = events.position
         WHERE stream = ? ORDER BY revision DESC LIMIT 1`,
      )
      .pluck();
    this.#list = store
      .prepare<[string], Buffer>(
        `SELECT bytes FROM events CROSS JOIN contents ON contents.position = events.position
         WHERE stream = ? ORDER BY revision DESC`,
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
      const head = signedHeadSchema.safeParse(dataIn(bytes));
      if (head.success) return head.data.checkpoint;
      throw new LogSourceError('refused', `${this.name}: what is kept as the newest signed head is none`);
    });
  }

  bundle(number: number, width: number): Promise<Uint8Array> {
    return this.#read(() => {
      const from = number * TILE_WIDTH;
      const row = this.#entries.get(from, from + width);
      if (row?.count !== width) {
        const there = `${from} to ${from + width - 1} there are ${row?.count ?? 0}`;
        throw new LogSourceError('refused', `${this.name}: of the entries ${there}`);
      }
      return bundleOf(row, this.name);
    });
  }

  /** What the node keeps of an unfinished tile may be of an older size, or a newer one, of which it is the beginning. */
  tile(level: number, number: number, width: number): Promise<Uint8Array | undefined> {
    return this.#read(() => {
      const hashes = this.#tile?.get(level, number);
      return hashes && hashes.length >= width * HASH_SIZE ? hashes.subarray(0, width * HASH_SIZE) : undefined;
    });
  }

  statusList(id: string, edition: { sequence: number; digest: string }): Promise<JsonObject> {
    return this.#read(() => {
      const found = editionAmong(dataOf(this.#list.iterate(statusDocumentStream(id))), edition);
      if (found) return found;
      throw new LogSourceError(
        'refused',
        `${this.name}: edition ${edition.sequence} of status list ${id} is not there`,
      );
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

/** `data` of each event, undefined for what is none. */
function* dataOf(events: Iterable<Buffer>): Generator<unknown> {
  for (const bytes of events) yield dataIn(bytes);
}

function dataIn(event: Buffer): unknown {
  try {
    const parsed: unknown = JSON.parse(event.toString());
    return typeof parsed === 'object' && parsed !== null ? (parsed as { data?: unknown }).data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

interface BundleRow {
  readonly count: number;
  /** In bytes, between commas. */
  readonly lengths: string | null;
  /** One after the other. */
  readonly bytes: Buffer | null;
}

/** As `encodeEntryBundle`. */
function bundleOf({ lengths, bytes }: BundleRow, name: string): Uint8Array {
  const sizes = (lengths ?? '').split(',').map(Number);
  const entries = bytes ?? Buffer.alloc(0);
  if (sizes.reduce((sum, size) => sum + size, 0) !== entries.length) {
    throw new LogSourceError('refused', `${name}: entries of ${lengths} bytes are ${entries.length} bytes together`);
  }
  const bundle = new Uint8Array(entries.length + 2 * sizes.length);
  let [from, at] = [0, 0];
  for (const size of sizes) {
    if (size > MAX_ENTRY_SIZE) throw new LogSourceError('refused', `${name}: an entry of ${size} bytes`);
    bundle[at] = size >> 8;
    bundle[at + 1] = size & 255;
    bundle.set(entries.subarray(from, from + size), at + 2);
    from += size;
    at += 2 + size;
  }
  return bundle;
}
