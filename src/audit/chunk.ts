/**
 * A run of entries on its way through an audit, in memory that several threads see: whoever reads the log writes the
 * entries' bytes and to whom each belongs, whoever replays writes the hashes. Nothing is copied from thread to thread.
 */
import { decodedBundle } from './bundle.js';
import { findStream, timeOf, type StreamPlace } from './entry-text.js';
import { hashBundle, NODES_SIZE } from './log-tree.js';
import type { PersonReplay } from './person-replay.js';
import { TILE_WIDTH } from '../log/tiles.js';

/** Bundles in a chunk at most. */
export const CHUNK_BUNDLES = 16;
/** Bytes of a chunk, after which no further bundle is added to it. */
export const CHUNK_BYTES = 4 * 2 ** 20;

/** Entries of a chunk at most. */
export const ENTRIES = CHUNK_BUNDLES * TILE_WIDTH;

/** To whom an entry belongs, where it is no replay's by its number. */
export const OWNER = {
  /** Read by an earlier run: hashed only. */
  nobody: 253,
  /** Organisations and definitions: folded by all, decided by the book. */
  all: 254,
  book: 255,
} as const;
/** So many shares there can be. */
export const MOST_SHARES = 64;

/** The memory of a slot, as it goes to a thread. */
export interface SharedSlot {
  readonly bytes: SharedArrayBuffer;
  readonly starts: SharedArrayBuffer;
  readonly ends: SharedArrayBuffer;
  readonly owners: SharedArrayBuffer;
  readonly nodes: SharedArrayBuffer;
}

export class Slot {
  shared: SharedSlot;
  bytes: Buffer;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly owners: Uint8Array;
  readonly nodes: Buffer;

  constructor(shared?: SharedSlot) {
    this.shared = shared ?? {
      bytes: new SharedArrayBuffer(CHUNK_BYTES),
      starts: new SharedArrayBuffer(4 * ENTRIES),
      ends: new SharedArrayBuffer(4 * ENTRIES),
      owners: new SharedArrayBuffer(ENTRIES),
      nodes: new SharedArrayBuffer(CHUNK_BUNDLES * NODES_SIZE),
    };
    this.bytes = Buffer.from(this.shared.bytes);
    this.starts = new Uint32Array(this.shared.starts);
    this.ends = new Uint32Array(this.shared.ends);
    this.owners = new Uint8Array(this.shared.owners);
    this.nodes = Buffer.from(this.shared.nodes);
  }

  nodesOf(bundle: number): Buffer {
    return this.nodes.subarray(bundle * NODES_SIZE, (bundle + 1) * NODES_SIZE);
  }

  /** Room for so many bytes; true where that took new memory. */
  makeRoom(size: number): boolean {
    if (this.bytes.length >= size) return false;
    this.shared = { ...this.shared, bytes: new SharedArrayBuffer(Math.max(size, 2 * this.bytes.length)) };
    this.bytes = Buffer.from(this.shared.bytes);
    return true;
  }
}

/** What stands in a slot. */
export interface Chunk {
  /** Log index of its first entry: of a bundle's first. */
  readonly first: number;
  readonly count: number;
}

/**
 * Writes bundles into a slot, each entry with its owner and time.
 * @param bundles each of 256 entries, the log's last one perhaps of fewer
 * @param from entries below this index were read by an earlier run
 * @param shares how many replays share credentials and assessments
 * @param times milliseconds since 1970, written to
 * @returns whether the slot has new memory
 * @throws EncodingError for bytes that are not so many entries
 */
export function fillSlot(
  slot: Slot,
  bundles: readonly { readonly bytes: Uint8Array; readonly width: number }[],
  first: number,
  from: number,
  shares: number,
  times: Float64Array,
): boolean {
  const isNew = slot.makeRoom(bundles.reduce((sum, { bytes }) => sum + bytes.length, 0));
  const { bytes, starts, ends, owners } = slot;
  let offset = 0;
  let at = 0;
  for (const bundle of bundles) {
    bytes.set(bundle.bytes, offset);
    decodedBundle(bundle.bytes, bundle.width, offset, starts, ends, at);
    offset += bundle.bytes.length;
    at += bundle.width;
  }
  for (let i = 0; i < at; i += 1) {
    const index = first + i;
    const [start, end] = [starts[i]!, ends[i]!];
    owners[i] = index < from ? OWNER.nobody : ownerOf(bytes, start, end, shares);
    times[i] = index < from ? NaN : timeOf(bytes, start, end);
  }
  return isNew;
}

const place: StreamPlace = { start: 0, end: 0 };
/** `credential-` and `assessment-` have the same length. */
const PERSON_NAME = 'credential-'.length + 36;
const IDS = ['credential-', 'assessment-', 'organisation-', 'definition-'].map((prefix) => Buffer.from(prefix));

function ownerOf(bytes: Buffer, start: number, end: number, shares: number): number {
  if (!findStream(bytes, start, end, place)) return OWNER.book;
  if (beginsWith(bytes, place, IDS[0]!) || beginsWith(bytes, place, IDS[1]!)) {
    if (place.end - place.start !== PERSON_NAME) return OWNER.book;
    return shareOfDigits(bytes[place.end - 3]!, bytes[place.end - 2]!, bytes[place.end - 1]!, shares);
  }
  return beginsWith(bytes, place, IDS[2]!) || beginsWith(bytes, place, IDS[3]!) ? OWNER.all : OWNER.book;
}

/** Which of a number of replays has the credential or assessment of an id. @param id UUID */
export function shareOf(id: string, shares: number): number {
  return shareOfDigits(id.charCodeAt(33), id.charCodeAt(34), id.charCodeAt(35), shares);
}

/** The last digits of a UUID are as random as the others. */
function shareOfDigits(a: number, b: number, c: number, shares: number): number {
  return (a + 7 * b + 31 * c) % shares;
}

function beginsWith(bytes: Buffer, { start, end }: StreamPlace, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i += 1) if (bytes[start + i] !== prefix[i]) return false;
  return true;
}

/** The stream of an entry as it stands in the bytes, if it can be found. */
export function streamOf(bytes: Buffer, start: number, end: number): string | undefined {
  return findStream(bytes, start, end, place) ? bytes.toString('utf8', place.start, place.end) : undefined;
}

/** Hashes one's share of a chunk's bundles and replays one's share of its entries. */
export function replayChunk(
  slot: Slot,
  { first, count }: Chunk,
  share: number,
  shares: number,
  replay: PersonReplay,
): void {
  const { bytes, starts, ends, owners } = slot;
  for (let bundle = share; bundle * TILE_WIDTH < count; bundle += shares) {
    const width = Math.min(TILE_WIDTH, count - bundle * TILE_WIDTH);
    hashBundle(bytes, starts, ends, bundle * TILE_WIDTH, width, slot.nodesOf(bundle));
  }
  for (let i = 0; i < count; i += 1) {
    const owner = owners[i]!;
    if (owner !== share && owner !== OWNER.all) continue;
    const [start, end] = [starts[i]!, ends[i]!];
    if (owner === OWNER.all) replay.citedEntry(bytes, start, end, first + i);
    else {
      findStream(bytes, start, end, place);
      replay.entry(bytes, start, end, first + i, place);
    }
  }
}
