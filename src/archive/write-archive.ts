/**
 * Writes an archive from a store that may be in use: everything up to the head it had at the beginning. Entries of the
 * log never change and later ones are left out, so the archive is the ledger at that one moment, whatever is appended
 * meanwhile. Only vault streams can go while it is written: one that is deleted in between is in the archive up to where
 * the reading had come, or not at all, never with a gap; it is on the erasure list, which every restore applies (S23).
 * Streams in and out: what is held is one batch of events. Proven by archive.int.spec.ts.
 */
import { createHash } from 'node:crypto';
import { PassThrough, pipeline, Readable, Transform, type TransformCallback } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import { toBase64 } from '../encoding/base64.js';
import { toHex } from '../encoding/hex.js';
import { InvariantError } from '../errors.js';
import type { EventStore, Position, StoredEvent } from '../event-store/event-store.js';
import { MerkleTree } from '../log/merkle-tree.js';
import { ARCHIVE_FORMAT, ARCHIVE_VERSION, eventLine, GZIP_HEADER, headerLine, trailerLine } from './format.js';
import { RESTORE_STREAM } from './restoration.js';

const BATCH = 500;
/** Bytes of lines that are hashed and compressed at once. */
const CHUNK_BYTES = 256 * 1024;

export interface ArchiveSource {
  readonly store: EventStore;
  readonly origin: string;
  readonly vkey: string;
  /** ISO 8601 */
  readonly created: string;
  readonly position: Position;
  readonly logSize: number;
  /** 32 bytes, of the first `logSize` entries. */
  readonly root: Uint8Array;
  /** Newest signed note whose size is at most `logSize`. */
  readonly checkpoint: string | undefined;
}

/** The archive as a stream of bytes; fails, without its end, where the store does not hold what was announced. */
export function archiveStream(source: ArchiveSource): Readable {
  const fixed = new FixedGzipHeader();
  // The fastest level: most of the volume is sealed parts and hashes, which no level makes smaller.
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: CHUNK_BYTES });
  const out = new PassThrough();
  pipeline(Readable.from(archiveChunks(source), { objectMode: true, highWaterMark: 2 }), gzip, fixed, out, (error) => {
    if (error) out.destroy(error);
  });
  return out;
}

/** The archive before compression. @throws InvariantError where the store's log is not the announced one */
export async function* archiveChunks(source: ArchiveSource): AsyncGenerator<Buffer> {
  const { store, origin, vkey, created, position, logSize, root, checkpoint } = source;
  const digest = createHash('sha256');
  const tree = new MerkleTree();
  let events = 0;
  const header = headerLine({
    format: ARCHIVE_FORMAT,
    version: ARCHIVE_VERSION,
    origin,
    vkey,
    created,
    position: String(position),
    logSize,
    root: toBase64(root),
    checkpoint: checkpoint ?? null,
  });
  digest.update(header);
  yield header;
  for await (const batch of upTo(store, position)) {
    let lines: Buffer[] = [];
    let bytes = 0;
    for (const event of batch) {
      if (event.stream === RESTORE_STREAM) continue;
      if (event.entry) tree.appendEntry(event.entry);
      const line = eventLine(event);
      lines.push(line);
      events += 1;
      bytes += line.length;
      if (bytes < CHUNK_BYTES) continue;
      const chunk = Buffer.concat(lines);
      digest.update(chunk);
      yield chunk;
      lines = [];
      bytes = 0;
    }
    if (lines.length === 0) continue;
    const chunk = Buffer.concat(lines);
    digest.update(chunk);
    yield chunk;
  }
  if (tree.size !== logSize || Buffer.compare(tree.root(), root) !== 0) {
    throw new InvariantError(`the store's log has ${tree.size} entries, ${logSize} and another root were announced`);
  }
  yield trailerLine({ events, logSize, root: toBase64(root), sha256: toHex(digest.digest()) });
}

async function* upTo(store: EventStore, position: Position): AsyncGenerator<readonly StoredEvent[]> {
  let after = 0n;
  for (;;) {
    const batch = await store.readAll({ after, limit: BATCH });
    const within = batch.filter((event) => event.position <= position);
    if (within.length > 0) yield within;
    const last = batch.at(-1);
    if (!last || within.length < batch.length || last.position >= position) return;
    after = last.position;
  }
}

/** Gzip writes which system made the file; here it is always the same ten bytes. */
class FixedGzipHeader extends Transform {
  #written = 0;

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    const start = this.#written;
    for (let i = start; i < GZIP_HEADER.length && i - start < chunk.length; i++) chunk[i - start] = GZIP_HEADER[i]!;
    this.#written += chunk.length;
    done(null, chunk);
  }
}
