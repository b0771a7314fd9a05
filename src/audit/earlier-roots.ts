/**
 * The roots that a log had at earlier sizes, by which heads that were seen before are compared with it (S16). Taken from
 * the hash tiles and bound to the audited root by a consistency proof each (RFC 9162, section 2.1.4); where a source has no
 * tiles, or tiles that lead elsewhere, from the entries themselves. So whoever serves the log cannot choose them.
 * Proven by kept-heads.int.spec.ts.
 */
import { equalBytes } from '../encoding/bytes.js';
import { hashNode, HASH_SIZE } from '../log/hash.js';
import { HashedTree, MerkleTree } from '../log/merkle-tree.js';
import { verifyConsistency } from '../log/proof-check.js';
import { decodeEntryBundle, TILE_WIDTH, tileWidth } from '../log/tiles.js';
import { LogSourceError, type LogSource } from './log-source.js';

const TILE_HEIGHT = 8;

export interface AuditedHead {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/**
 * @param head as it was audited: its root is that of the entries
 * @param sizes each from 1 to the head's
 * @returns the root at each size, 32 bytes; undefined where the entries do not make that root after all
 * @throws LogSourceError
 */
export async function rootsAt(
  source: LogSource,
  head: AuditedHead,
  sizes: readonly number[],
): Promise<ReadonlyMap<number, Uint8Array> | undefined> {
  const roots = new Map<number, Uint8Array>();
  const tree = new TileTree(source, head.size);
  for (const size of new Set(sizes)) {
    const root = await tree.provenRoot(size, head.root);
    if (root === undefined) return rootsOfEntries(source, head, sizes);
    roots.set(size, root);
  }
  return roots;
}

async function rootsOfEntries(
  source: LogSource,
  { size: whole, root }: AuditedHead,
  sizes: readonly number[],
): Promise<ReadonlyMap<number, Uint8Array> | undefined> {
  const tree = new MerkleTree();
  for (let number = 0; tree.size < whole; number++) {
    const width = tileWidth('entries', number, whole);
    for (const entry of decodeEntryBundle(await source.bundle(number, width), width)) tree.appendEntry(entry);
  }
  if (!equalBytes(tree.root(), root)) return undefined;
  return new Map(sizes.map((size) => [size, tree.root(size)]));
}

/** Asked for by `HashedTree`, which cannot wait: it is fetched, and the question put again. */
class MissingTile extends Error {
  constructor(
    readonly level: number,
    readonly index: number,
  ) {
    super(`tile ${level}/${index}`);
  }
}

/** The source has none, or gives others. */
class NoTiles extends Error {}

/** A tree as its source's tiles have it: nothing in it is proven but by what it is compared with. */
export class TileTree extends HashedTree {
  readonly #tiles = new Map<string, Uint8Array>();

  constructor(
    private readonly source: LogSource,
    readonly size: number,
  ) {
    super();
  }

  hash(level: number, index: number): Uint8Array {
    this.requireHash(level, index);
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    // The subtree's leaves within its tile.
    const span = 2 ** (level % TILE_HEIGHT);
    const first = index * span;
    const tile = this.#tiles.get(`${tileLevel}/${Math.floor(first / TILE_WIDTH)}`);
    if (!tile) throw new MissingTile(tileLevel, Math.floor(first / TILE_WIDTH));
    const at = first % TILE_WIDTH;
    return subtreeRoot(tile.subarray(at * HASH_SIZE, (at + span) * HASH_SIZE));
  }

  /** Undefined where the tiles are not there, or are not those of the audited tree. */
  async provenRoot(size: number, auditedRoot: Uint8Array): Promise<Uint8Array | undefined> {
    if (size === this.size) return auditedRoot;
    return this.#ifThere(async () => {
      const root = await this.#withTiles(() => this.root(size));
      const path = await this.#withTiles(() => this.consistencyPath(size));
      return verifyConsistency(size, this.size, root, auditedRoot, path) ? root : undefined;
    });
  }

  /** The path from a leaf to the root; undefined where the tiles are not there. */
  pathOf(index: number): Promise<readonly Uint8Array[] | undefined> {
    return this.#ifThere(() => this.#withTiles(() => this.inclusionPath(index)));
  }

  async #ifThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof NoTiles) return undefined;
      throw error;
    }
  }

  async #withTiles<T>(ask: () => T): Promise<T> {
    for (;;) {
      try {
        return ask();
      } catch (error) {
        if (!(error instanceof MissingTile)) throw error;
        const { level, index } = error;
        const width = tileWidth(level, index, this.size);
        const bytes = await this.#tile(level, index, width);
        if (bytes?.length !== width * HASH_SIZE) throw new NoTiles();
        this.#tiles.set(`${level}/${index}`, bytes);
      }
    }
  }

  async #tile(level: number, index: number, width: number): Promise<Uint8Array | undefined> {
    try {
      return await this.source.tile(level, index, width);
    } catch (error) {
      if (error instanceof LogSourceError && error.code === 'refused') return undefined;
      throw error;
    }
  }
}

/** @param hashes 32 bytes each, a power of two of them */
function subtreeRoot(hashes: Uint8Array): Uint8Array {
  if (hashes.length === HASH_SIZE) return hashes.slice();
  const half = hashes.length / 2;
  return hashNode(subtreeRoot(hashes.subarray(0, half)), subtreeRoot(hashes.subarray(half)));
}
