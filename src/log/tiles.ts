/**
 * The log as static files: c2sp.org/tlog-tiles. Hash tiles (level 0: leaf hashes; each level above: the roots of full
 * tiles below), entry bundles, and their paths. Runs in Node and in a browser.
 * A tile is a prefix of the full tile at its place, so a tile of any width never changes: all may be cached for ever.
 * Proven by tiles.spec.ts: the root computed from tiles alone is the tree's.
 */
import { EncodingError } from '../errors.js';
import { concatBytes } from '../encoding/bytes.js';
import { EMPTY_ROOT, HASH_SIZE, hashNode } from './hash.js';

/** Hashes in a full tile, entries in a full bundle. */
export const TILE_WIDTH = 256;
/** Highest level that a path can name. */
export const MAX_TILE_LEVEL = 63;
/** Bytes of the longest entry that a bundle can hold. */
export const MAX_ENTRY_SIZE = 65_535;

const TILE_HEIGHT = 8;

/** A tile's place: of a hash tile, or of an entry bundle. */
export interface Tile {
  readonly level: number | 'entries';
  /** From 0, within the level. */
  readonly index: number;
  /** 1 to 255 for a partial tile, 256 for a full one. */
  readonly width: number;
}

/** Where hash tiles come from: the complete subtrees of a tree (`MerkleTree`). */
export interface SubtreeHashes {
  readonly size: number;
  /** 32 bytes: hash over the leaves from index * 2^level up to (index + 1) * 2^level. */
  hash(level: number, index: number): Uint8Array;
}

/** `notThere`: the tree has not grown so far (404); `badTile`: no tile of any tree (400). */
export type TileErrorCode = 'notThere' | 'badTile';

export class TileError extends Error {
  constructor(
    readonly code: TileErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'TileError';
  }
}

/**
 * The path of a tile below the log's prefix, `tile/<L>/<N>[.p/<W>]`.
 * @throws TileError `badTile` for numbers that no tile has
 */
export function formatTilePath(tile: Tile): string {
  requireTile(tile);
  const digits = String(tile.index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g)!;
  const place = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${tile.level}/${place}${tile.width < TILE_WIDTH ? `.p/${tile.width}` : ''}`;
}

/**
 * The tile that a path names. Each tile has one path: superfluous zeros, `.p/256` and the like are refused.
 * @throws TileError `badTile`
 */
export function parseTilePath(path: string): Tile {
  const match = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path);
  if (match === null) throw new TileError('badTile', 'expected tile/<L>/<N>[.p/<W>]');
  const [, level, place, width] = match;
  const tile: Tile = {
    level: level === 'entries' ? level : Number(level),
    index: Number(place!.replaceAll(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  if (formatTilePath(tile) !== path) throw new TileError('badTile', 'the path of a tile has no superfluous parts');
  return tile;
}

/** True for a tile that is not superseded when the log grows: the one to keep where space counts. */
export function isFullTile(tile: Tile): boolean {
  return tile.width === TILE_WIDTH;
}

/**
 * How wide the tile at this place is in a tree of `size` leaves: 0 (not there) to 256 (full).
 * @param level 0 to 63, or `entries`
 */
export function tileWidth(level: number | 'entries', index: number, size: number): number {
  const available = hashesAtLevel(level, size) - index * TILE_WIDTH;
  return Math.max(0, Math.min(TILE_WIDTH, available));
}

/**
 * All tiles that a tree of `size` leaves has and one of `from` leaves has not, in full or in this width: what to
 * publish when the log has grown. Level by level from `entries`, left to right; from = 0 gives all of them.
 */
export function* tilesBetween(from: number, size: number): Generator<Tile> {
  if (from >= size) return;
  for (const level of tileLevels(size)) {
    const before = hashesAtLevel(level, from);
    const after = hashesAtLevel(level, size);
    if (before === after) continue;
    for (let index = Math.floor(before / TILE_WIDTH); index * TILE_WIDTH < after; index++) {
      yield { level, index, width: tileWidth(level, index, size) };
    }
  }
}

/**
 * The bytes of a hash tile as of `size`: width * 32.
 * @param size of the checkpoint that is served; at most the tree's
 * @throws TileError `notThere` if the tree of that size is not so wide there; `badTile` for an entry bundle
 */
export function hashTile(tree: SubtreeHashes, tile: Tile, size = tree.size): Uint8Array {
  requireTile(tile);
  const { level, index, width } = tile;
  if (level === 'entries') throw new TileError('badTile', 'expected a hash tile, got an entry bundle');
  requireThere(tile, Math.min(size, tree.size));
  const bytes = new Uint8Array(width * HASH_SIZE);
  for (let i = 0; i < width; i++) {
    bytes.set(tree.hash(level * TILE_HEIGHT, index * TILE_WIDTH + i), i * HASH_SIZE);
  }
  return bytes;
}

/**
 * The range of log indices that an entry bundle holds, as of `size`.
 * @returns first index, and the one after the last
 * @throws TileError `notThere` if the log of that size has not all of them; `badTile` for a hash tile
 */
export function bundleRange(tile: Tile, size: number): { readonly from: number; readonly to: number } {
  requireTile(tile);
  if (tile.level !== 'entries') throw new TileError('badTile', 'expected an entry bundle, got a hash tile');
  requireThere(tile, size);
  const from = tile.index * TILE_WIDTH;
  return { from, to: from + tile.width };
}

/**
 * An entry bundle: each entry after its length in 16 bits, big-endian.
 * @param entries 1 to 256, each at most 65,535 bytes
 * @throws EncodingError for other numbers or lengths
 */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length < 1 || entries.length > TILE_WIDTH) {
    throw new EncodingError(`entry bundle: expected 1 to ${TILE_WIDTH} entries, got ${entries.length}`);
  }
  return concatBytes(
    ...entries.flatMap((entry) => {
      if (entry.length > MAX_ENTRY_SIZE) {
        throw new EncodingError(`entry: expected at most ${MAX_ENTRY_SIZE} bytes, got ${entry.length}`);
      }
      return [Uint8Array.of(entry.length >> 8, entry.length & 255), entry];
    }),
  );
}

/**
 * The entries of a bundle.
 * @param width how many there must be, 1 to 256
 * @throws EncodingError if there are more or fewer, or the bytes end within one
 */
export function decodeEntryBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (entries.length === width) throw new EncodingError(`entry bundle: bytes after ${width} entries`);
    const start = offset + 2;
    const end = start + ((bytes[offset]! << 8) | (bytes[offset + 1] ?? 0));
    if (start > bytes.length || end > bytes.length) {
      throw new EncodingError(`entry bundle: ends within entry ${entries.length}`);
    }
    entries.push(new Uint8Array(bytes.subarray(start, end)));
    offset = end;
  }
  if (entries.length !== width) {
    throw new EncodingError(`entry bundle: expected ${width} entries, got ${entries.length}`);
  }
  return entries;
}

/**
 * The root of a full tile's subtree: what stands for it in the level above.
 * @param bytes 8,192
 * @throws EncodingError for another length
 */
export function fullTileRoot(bytes: Uint8Array): Uint8Array {
  return perfectRoot(hashesOfTile(bytes, TILE_WIDTH));
}

/**
 * The root of a tree from its tiles alone: the rightmost tile of each level that is partial at this size.
 * @param read gives the bytes of a hash tile; only these few are asked for
 * @throws EncodingError if one has not the length that the size demands
 */
export async function rootFromTiles(
  size: number,
  read: (tile: Tile) => Uint8Array | Promise<Uint8Array>,
): Promise<Uint8Array> {
  let root: Uint8Array | undefined;
  for (const level of tileLevels(size)) {
    if (level === 'entries') continue;
    const index = Math.floor(hashesAtLevel(level, size) / TILE_WIDTH);
    const width = tileWidth(level, index, size);
    if (width === 0) continue;
    const hashes = hashesOfTile(await read({ level, index, width }), width);
    // Complete subtrees within the tile, smallest (rightmost) first; each is hashed with all that is to its right.
    let end = width;
    for (let subtree = 1; subtree <= end; subtree *= 2) {
      if ((end & subtree) === 0) continue;
      const peak = perfectRoot(hashes.slice(end - subtree, end));
      root = root === undefined ? peak : hashNode(peak, root);
      end -= subtree;
    }
  }
  return root ?? EMPTY_ROOT.slice();
}

/**
 * The hashes in a tile's bytes.
 * @throws EncodingError unless there are `width` * 32 bytes
 */
export function hashesOfTile(bytes: Uint8Array, width: number): Uint8Array[] {
  if (bytes.length !== width * HASH_SIZE) {
    throw new EncodingError(`hash tile: expected ${width * HASH_SIZE} bytes, got ${bytes.length}`);
  }
  return Array.from({ length: width }, (_, i) => new Uint8Array(bytes.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE)));
}

/** Root of a complete subtree from its hashes at one level; their number is a power of two. */
function perfectRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let level = hashes;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) above.push(hashNode(level[i]!, level[i + 1]!));
    level = above;
  }
  return level[0]!;
}

/** The levels that have a hash at this size, `entries` first. */
function* tileLevels(size: number): Generator<number | 'entries'> {
  if (size > 0) yield 'entries';
  for (let level = 0; hashesAtLevel(level, size) > 0; level++) yield level;
}

/** floor(size / 256^level); a division by a power of two is exact in a double. */
function hashesAtLevel(level: number | 'entries', size: number): number {
  return level === 'entries' ? size : Math.floor(size / TILE_WIDTH ** level);
}

function requireThere(tile: Tile, size: number): void {
  const width = tileWidth(tile.level, tile.index, size);
  if (tile.width > width) {
    throw new TileError('notThere', `tile ${formatTilePath(tile)}: a log of ${size} has ${width} of it`);
  }
}

function requireTile({ level, index, width }: Tile): void {
  const isLevel = level === 'entries' || (Number.isInteger(level) && level >= 0 && level <= MAX_TILE_LEVEL);
  if (!isLevel) throw new TileError('badTile', `expected a level from 0 to ${MAX_TILE_LEVEL}, got ${level}`);
  if (!Number.isSafeInteger(index) || index < 0) {
    throw new TileError('badTile', `expected an index from 0 to 2^53 - 1, got ${index}`);
  }
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH) {
    throw new TileError('badTile', `expected a width from 1 to ${TILE_WIDTH}, got ${width}`);
  }
}
