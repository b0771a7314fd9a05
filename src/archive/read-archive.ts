/**
 * Reads an archive and believes nothing of it: framing, digest, canonical entries (S14), revisions without a gap, the
 * log's root computed again, its founding, its signed checkpoint. A torn or changed file is refused with what is wrong.
 * Held are one batch of events, the log's hashes (64 bytes an entry) and one number a stream.
 * Proven by archive.int.spec.ts, which damages a file in every way.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { LEDGER_STREAM, type LedgerEvent } from '../anchoring/anchoring.events.js';
import { ledgerDecider, type LedgerState } from '../anchoring/ledger.js';
import { toBase64 } from '../encoding/base64.js';
import { toHex } from '../encoding/hex.js';
import { EncodingError } from '../errors.js';
import { isVaultStream, NO_STREAM } from '../event-store/event-store.js';
import { parseCheckpoint } from '../log/checkpoint.js';
import { verifyEd25519 } from '../log/ed25519.js';
import { MerkleTree } from '../log/merkle-tree.js';
import { NoteError, openNote } from '../log/note.js';
import {
  ArchiveError,
  GZIP_HEADER,
  isTrailer,
  MAX_LINE_BYTES,
  parseEventLine,
  parseHeader,
  parseTrailer,
  type ArchivedEvent,
  type ArchiveHeader,
  type ArchiveTrailer,
} from './format.js';
import { RESTORE_STREAM } from './restoration.js';

/** Events handed on at once: one transaction of the store they go to. */
const BATCH_EVENTS = 512;
// An append to EventStoreDB may have a megabyte.
const BATCH_BYTES = 512 * 1024;
const NEWLINE = 0x0a;

export interface ArchiveContents {
  readonly header: ArchiveHeader;
  readonly trailer: ArchiveTrailer;
  /** Of every size of the archive's log. */
  readonly tree: MerkleTree;
  /** The ledger as its stream has it at the end. */
  readonly ledger: LedgerState & { is: 'founded' };
  /** Roots of all sealed batches, base64. */
  readonly batchRoots: ReadonlySet<string>;
  /** Size of the file in bytes. */
  readonly bytes: number;
}

export interface ReadOptions {
  /** Called with the events in order, one call at a time. */
  readonly onEvents?: (events: readonly ArchivedEvent[]) => Promise<void>;
  /** Called now and then: bytes of the file read so far, and its size. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Reads and verifies a whole archive.
 * @throws ArchiveError naming what is wrong; nothing handed to `onEvents` may count before this resolves
 */
export async function readArchive(path: string, { onEvents, onProgress }: ReadOptions = {}): Promise<ArchiveContents> {
  const { size: total } = await stat(path);
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  const reader = new Reader(onEvents);
  let head = Buffer.alloc(0);
  try {
    await pipeline(
      file,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          if (head.length < GZIP_HEADER.length) {
            head = Buffer.concat([head, chunk]).subarray(0, GZIP_HEADER.length);
            if (head.length === GZIP_HEADER.length) requireGzipHeader(head);
          }
          onProgress?.(file.bytesRead, total);
          yield chunk;
        }
        if (head.length < GZIP_HEADER.length) requireGzipHeader(head);
      },
      gunzip,
      async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) await reader.take(chunk);
      },
    );
  } catch (error) {
    throw asArchiveError(error);
  }
  if (gunzip.bytesWritten !== total) throw new ArchiveError('something follows the end of the archive');
  return { ...(await reader.end()), bytes: total };
}

function requireGzipHeader(head: Buffer): void {
  if (!head.equals(GZIP_HEADER)) throw new ArchiveError('this is not a Meritkedja archive: it begins otherwise');
}

/** What zlib says of a file that ends too early or has other bits. */
function asArchiveError(error: unknown): unknown {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  // Gunzip was done before the file was: nobody else ends this pipeline.
  if (name === 'AbortError') return new ArchiveError('something follows the end of the archive');
  if (code === 'Z_BUF_ERROR') return new ArchiveError('the file ends too early: it is torn');
  if (typeof code === 'string' && code.startsWith('Z_')) {
    return new ArchiveError(`the file is damaged: ${(error as Error).message}`);
  }
  return error;
}

class Reader {
  #rest: Buffer[] = [];
  #restBytes = 0;
  #line = 0;
  #header: ArchiveHeader | undefined;
  #trailer: ArchiveTrailer | undefined;
  readonly #digest = createHash('sha256');
  readonly #tree = new MerkleTree();
  readonly #revisions = new Map<string, number>();
  readonly #batchRoots = new Set<string>();
  #ledger: LedgerState = ledgerDecider.initialState;
  #events = 0;
  #batch: ArchivedEvent[] = [];
  #batchBytes = 0;

  constructor(private readonly onEvents: ReadOptions['onEvents']) {}

  async take(chunk: Buffer): Promise<void> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      await this.#takeLine(this.#whole(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.#rest.push(chunk.subarray(start));
    this.#restBytes += chunk.length - start;
    if (this.#restBytes > MAX_LINE_BYTES) {
      throw new ArchiveError(`line ${this.#line + 1}: is longer than ${MAX_LINE_BYTES} bytes`);
    }
  }

  async end(): Promise<Omit<ArchiveContents, 'bytes'>> {
    const [header, trailer, ledger] = [this.#header, this.#trailer, this.#ledger];
    if (this.#restBytes > 0 || !header || !trailer) {
      throw new ArchiveError('the archive ends too early: its last line is missing');
    }
    await this.#handOn();
    this.#compareTrailer(header, trailer);
    if (ledger.is !== 'founded') throw new ArchiveError('the archive holds no founded ledger');
    if (ledger.origin !== header.origin || ledger.vkey !== header.vkey) {
      throw new ArchiveError(`line 1: the log in the archive is "${ledger.origin}" with the key ${ledger.vkey}`);
    }
    this.#compareCheckpoint(header);
    return { header, trailer, tree: this.#tree, ledger, batchRoots: this.#batchRoots };
  }

  #whole(last: Buffer): Buffer {
    if (this.#rest.length === 0) return last;
    const line = Buffer.concat([...this.#rest, last]);
    this.#rest = [];
    this.#restBytes = 0;
    return line;
  }

  async #takeLine(line: Buffer): Promise<void> {
    this.#line += 1;
    if (this.#trailer) throw new ArchiveError(`line ${this.#line}: follows the end`);
    if (isTrailer(line)) {
      this.#trailer = parseTrailer(line, this.#line);
      return;
    }
    this.#digest.update(line).update('\n');
    if (!this.#header) {
      this.#header = parseHeader(line);
      return;
    }
    this.#takeEvent(parseEventLine(line, this.#line));
    this.#batchBytes += line.length;
    if (this.#batch.length >= BATCH_EVENTS || this.#batchBytes >= BATCH_BYTES) await this.#handOn();
  }

  #takeEvent(event: ArchivedEvent): void {
    const { stream, revision, bytes } = event;
    const expected = (this.#revisions.get(stream) ?? NO_STREAM) + 1;
    if (revision !== expected) {
      throw new ArchiveError(`line ${this.#line}: ${stream}: expected revision ${expected}, got ${revision}`);
    }
    if (stream === RESTORE_STREAM) throw new ArchiveError(`line ${this.#line}: ${stream} is of no archive`);
    this.#revisions.set(stream, revision);
    this.#events += 1;
    if (!isVaultStream(stream)) {
      const index = this.#tree.appendEntry(bytes);
      const { type, v, data, at } = event;
      if (stream === LEDGER_STREAM) {
        const ours = { type, v, data } as unknown as LedgerEvent;
        this.#ledger = ledgerDecider.evolve(this.#ledger, ours, { stream, revision, at, index });
      }
      if (type === 'BatchSealed' && stream.startsWith('batch-')) this.#batchRoots.add(data['root'] as string);
    }
    if (this.onEvents) this.#batch.push(event);
  }

  async #handOn(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    if (batch.length > 0) await this.onEvents?.(batch);
  }

  #compareTrailer(header: ArchiveHeader, trailer: ArchiveTrailer): void {
    const computed = {
      events: this.#events,
      logSize: this.#tree.size,
      root: toBase64(this.#tree.root()),
      sha256: toHex(this.#digest.digest()),
    };
    for (const name of ['events', 'logSize', 'root', 'sha256'] as const) {
      if (trailer[name] === computed[name]) continue;
      throw new ArchiveError(`the last line: ${name}: says ${trailer[name]}, the archive has ${computed[name]}`);
    }
    for (const name of ['logSize', 'root'] as const) {
      if (header[name] === computed[name]) continue;
      throw new ArchiveError(`line 1: ${name}: says ${header[name]}, the archive has ${computed[name]}`);
    }
  }

  #compareCheckpoint({ checkpoint, origin, vkey }: ArchiveHeader): void {
    if (checkpoint === null) return;
    const { size, root } = openCheckpoint(checkpoint, origin, vkey, 'line 1: checkpoint');
    if (size > this.#tree.size) {
      throw new ArchiveError(`line 1: checkpoint: is of ${size} entries, the archive has ${this.#tree.size}`);
    }
    if (toBase64(this.#tree.root(size)) !== root) {
      throw new ArchiveError(`line 1: checkpoint: the archive's first ${size} entries have another root`);
    }
  }
}

/**
 * A signed checkpoint's size and root (base64), after checking signature and origin.
 * @param where begins the message of what is wrong
 * @throws ArchiveError
 */
export function openCheckpoint(
  note: string,
  origin: string,
  vkey: string,
  where: string,
): { size: number; root: string } {
  try {
    const checkpoint = parseCheckpoint(openNote(note, vkey, verifyEd25519));
    if (checkpoint.origin !== origin) throw new EncodingError(`is of "${checkpoint.origin}", not of "${origin}"`);
    return { size: checkpoint.size, root: toBase64(checkpoint.root) };
  } catch (error) {
    if (error instanceof NoteError || error instanceof EncodingError) {
      throw new ArchiveError(`${where}: ${error.message}`);
    }
    throw error;
  }
}
