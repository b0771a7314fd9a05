/**
 * The log's Merkle tree with its hashes on disk: tiles of 256 leaf hashes, tiles of 256 roots of those, and so on
 * (c2sp.org/tlog-tiles has the same ones). In memory are the unfinished tile of each level, those not saved yet, and a
 * bounded number of others, so neither start nor memory grows with the log.
 * A tile that is read again is held against its root in the tile above it, up to the unfinished ones, which the start
 * compares with the root that was saved with them: what the disk has lost or changed is never served.
 * Proven by tiled-tree.spec.ts.
 */
import { InvariantError } from '../errors.js';
import { HASH_SIZE } from './hash.js';
import { digestLeafInto, digestNodeInto, HashedTree, requireLeafHash } from './merkle-tree.js';
import { TILE_WIDTH } from './tiles.js';

const TILE_HEIGHT = 8;
/** Hashes of a whole tile with all nodes above them: 256, 128, …, 1. */
const NODES = 2 * TILE_WIDTH - 1;
/** 16 KiB each. */
const CACHED_TILES = 1024;

/** A hash tile as it is kept: `level` counts tiles, not hashes; 32 bytes a hash. */
export interface SavedTile {
  readonly level: number;
  readonly number: number;
  readonly hashes: Uint8Array;
}

/** Where tiles are kept. */
export interface TileSource {
  /** The tile's bytes, or undefined where it is not there. @throws whatever a damaged file makes it throw */
  tile(level: number, number: number): Uint8Array | undefined;
}

/** What was kept is not what was written: it is to be made again from the store. */
export class DamagedTreeError extends InvariantError {
  constructor(message: string, options?: ErrorOptions) {
    super(`the saved hashes of the log are damaged: ${message}; a restart makes them again from the store`, options);
    this.name = 'DamagedTreeError';
  }
}

export class TiledTree extends HashedTree {
  private count = 0;
  /** The unfinished tile of each level of tiles. */
  readonly #edge: Tile[] = [];
  /** Full tiles by name, least lately used first. */
  readonly #cache = new Map<string, Tile>();
  /** Full tiles that are not kept yet. */
  readonly #unsaved = new Map<string, Tile>();

  /**
   * @param source keeps the tiles
   * @param onDamage called before a DamagedTreeError is thrown
   */
  constructor(
    private readonly source: TileSource,
    private readonly onDamage: () => void = () => undefined,
  ) {
    super();
  }

  get size(): number {
    return this.count;
  }

  /**
   * Takes up the tree as it was saved, in place of what is in memory.
   * @throws DamagedTreeError where one of the unfinished tiles is not there or too narrow
   */
  restore(size: number): void {
    this.count = 0;
    this.#edge.length = 0;
    this.#cache.clear();
    this.#unsaved.clear();
    for (let level = 0, hashes = size; hashes > 0; level += 1, hashes = Math.floor(hashes / TILE_WIDTH)) {
      const width = hashes % TILE_WIDTH;
      const number = Math.floor(hashes / TILE_WIDTH);
      const tile = new Tile(level, number);
      if (width > 0) {
        const bytes = this.#read(level, number);
        if (bytes.length < width * HASH_SIZE) throw this.#damaged(`tile ${level}/${number} is too narrow`);
        for (let i = 0; i < width; i += 1) tile.push(bytes.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE));
      }
      this.#edge.push(tile);
    }
    this.count = size;
  }

  /** Adds a leaf by its hash. @throws InvariantError for another length than 32 */
  append(leafHash: Uint8Array): number {
    requireLeafHash(leafHash);
    return this.#complete((tile) => tile.push(leafHash));
  }

  /** Adds a leaf by its entry's bytes. @returns the leaf's index */
  appendEntry(entry: Uint8Array): number {
    return this.#complete((tile) => tile.pushEntry(entry));
  }

  hash(level: number, index: number): Uint8Array {
    this.requireHash(level, index);
    return this.#hash(level, index);
  }

  /** The tiles to keep, so that `restore(size)` finds the tree as it is now. `saved` is to be called afterwards. */
  *unsaved(): Generator<SavedTile> {
    for (const tile of this.#unsaved.values()) yield tile.saved();
    for (const tile of this.#edge) if (tile.width > 0) yield tile.saved();
  }

  saved(): void {
    this.#unsaved.clear();
  }

  #hash(level: number, index: number): Uint8Array {
    const height = level % TILE_HEIGHT;
    const perTile = TILE_WIDTH / 2 ** height;
    const tile = this.#tile((level - height) / TILE_HEIGHT, Math.floor(index / perTile));
    return tile.hash(height, index % perTile);
  }

  #complete(push: (tile: Tile) => void): number {
    const index = this.count;
    push(this.#edgeAt(0));
    for (let level = 0; this.#edge[level]!.width === TILE_WIDTH; level += 1) {
      const full = this.#edge[level]!;
      this.#unsaved.set(full.name, full);
      this.#keep(full);
      this.#edge[level] = new Tile(level, full.number + 1);
      this.#edgeAt(level + 1).push(full.hash(TILE_HEIGHT, 0));
    }
    this.count = index + 1;
    return index;
  }

  #edgeAt(level: number): Tile {
    return (this.#edge[level] ??= new Tile(level, 0));
  }

  #tile(level: number, number: number): Tile {
    const edge = this.#edge[level];
    if (edge?.number === number) return edge;
    const name = nameOf(level, number);
    const known = this.#cache.get(name) ?? this.#unsaved.get(name);
    const tile = known ?? this.#load(level, number);
    this.#keep(tile);
    return tile;
  }

  #load(level: number, number: number): Tile {
    const bytes = this.#read(level, number);
    if (bytes.length !== TILE_WIDTH * HASH_SIZE) throw this.#damaged(`tile ${level}/${number} is not whole`);
    const tile = Tile.full(level, number, bytes);
    if (!Buffer.from(tile.hash(TILE_HEIGHT, 0)).equals(this.#hash((level + 1) * TILE_HEIGHT, number))) {
      throw this.#damaged(`tile ${level}/${number} is not that of the tile above it`);
    }
    return tile;
  }

  #read(level: number, number: number): Uint8Array {
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.source.tile(level, number);
    } catch (cause) {
      throw this.#damaged(`tile ${level}/${number} cannot be read`, { cause });
    }
    if (!bytes) throw this.#damaged(`tile ${level}/${number} is not there`);
    return bytes;
  }

  #keep(tile: Tile): void {
    this.#cache.delete(tile.name);
    this.#cache.set(tile.name, tile);
    if (this.#cache.size <= CACHED_TILES) return;
    for (const oldest of this.#cache.keys()) {
      this.#cache.delete(oldest);
      break;
    }
  }

  #damaged(message: string, options?: ErrorOptions): DamagedTreeError {
    this.onDamage();
    return new DamagedTreeError(message, options);
  }
}

/** A tile with the nodes above its hashes, one height after the other in one buffer. */
class Tile {
  readonly #nodes = Buffer.alloc(NODES * HASH_SIZE);
  width = 0;

  constructor(
    readonly level: number,
    readonly number: number,
  ) {}

  static full(level: number, number: number, hashes: Uint8Array): Tile {
    const tile = new Tile(level, number);
    tile.#nodes.set(hashes);
    for (let height = 1; height <= TILE_HEIGHT; height += 1) {
      const [to, from] = [startOf(height), startOf(height - 1)];
      for (let i = 0; i < TILE_WIDTH / 2 ** height; i += 1) {
        digestNodeInto(tile.#nodes, to + i, tile.#nodes, from + 2 * i);
      }
    }
    tile.width = TILE_WIDTH;
    return tile;
  }

  get name(): string {
    return nameOf(this.level, this.number);
  }

  push(hash: Uint8Array): void {
    this.#nodes.set(hash, this.width * HASH_SIZE);
    this.#complete();
  }

  pushEntry(entry: Uint8Array): void {
    digestLeafInto(this.#nodes, this.width, entry);
    this.#complete();
  }

  /** A copy: what is given out may be written to. */
  hash(height: number, index: number): Uint8Array {
    const start = (startOf(height) + index) * HASH_SIZE;
    return new Uint8Array(this.#nodes.subarray(start, start + HASH_SIZE));
  }

  saved(): SavedTile {
    const { level, number, width } = this;
    return { level, number, hashes: this.#nodes.subarray(0, width * HASH_SIZE) };
  }

  #complete(): void {
    let index = this.width;
    for (let height = 0; index % 2 === 1; height += 1) {
      const left = startOf(height) + index - 1;
      index = (index - 1) / 2;
      digestNodeInto(this.#nodes, startOf(height + 1) + index, this.#nodes, left);
    }
    this.width += 1;
  }
}

function nameOf(level: number, number: number): string {
  return `${level}/${number}`;
}

/** Where the nodes of a height begin within a tile: after 256 + 128 + … of those below. */
function startOf(height: number): number {
  return 2 * TILE_WIDTH - (2 * TILE_WIDTH) / 2 ** height;
}
