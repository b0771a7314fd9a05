/**
 * The tree made again from the entries (RFC 9162, section 2.1.1), bundle by bundle: only its right edge is kept, so an
 * audit needs the same memory for every size. A bundle's hashes come with all nodes above them, from whoever hashed it.
 * Proven by log-tree.spec.ts against `MerkleTree`.
 */
import { hash } from 'node:crypto';
import { EMPTY_ROOT, HASH_SIZE } from '../log/hash.js';
import { TILE_WIDTH } from '../log/tiles.js';

const HEIGHT = 8;
/** Bytes of a tile's hashes with all nodes above them: 256, 128, …, 1. */
export const NODES_SIZE = (2 * TILE_WIDTH - 1) * HASH_SIZE;

const nodeInput = Buffer.alloc(1 + 2 * HASH_SIZE, 1);

/** Where the nodes of a height begin. */
function startOf(height: number): number {
  return (2 * TILE_WIDTH - (2 * TILE_WIDTH) / 2 ** height) * HASH_SIZE;
}

/**
 * Hashes a bundle's entries, and the nodes that they complete.
 * @param bytes in which the byte before each entry is free to be written to
 * @param nodes NODES_SIZE bytes, written to
 */
export function hashBundle(
  bytes: Buffer,
  starts: Uint32Array,
  ends: Uint32Array,
  first: number,
  width: number,
  nodes: Buffer,
): void {
  for (let i = 0; i < width; i += 1) {
    const before = starts[first + i]! - 1;
    bytes[before] = 0;
    nodes.write(hash('sha256', bytes.subarray(before, ends[first + i]), 'binary'), i * HASH_SIZE, HASH_SIZE, 'latin1');
  }
  for (let height = 1; width >> height > 0; height += 1) completeHeight(nodes, height, 0, width >> height);
}

/** The nodes over a bundle's leaf hashes, 32 bytes each, 256 at most. */
export function nodesOver(leaves: Uint8Array): Buffer {
  const nodes = Buffer.alloc(NODES_SIZE);
  nodes.set(leaves);
  const width = leaves.length / HASH_SIZE;
  for (let height = 1; width >> height > 0; height += 1) completeHeight(nodes, height, 0, width >> height);
  return nodes;
}

function completeHeight(nodes: Buffer, height: number, from: number, to: number): void {
  const [here, below] = [startOf(height), startOf(height - 1)];
  for (let i = from; i < to; i += 1) {
    nodes.copy(nodeInput, 1, below + 2 * i * HASH_SIZE, below + 2 * (i + 1) * HASH_SIZE);
    nodes.write(hash('sha256', nodeInput, 'binary'), here + i * HASH_SIZE, HASH_SIZE, 'latin1');
  }
}

/** The root over what lies left of `right`: the complete subtrees of a tile from the right to the left. */
function withPeaks(nodes: Buffer, width: number, right: Buffer | undefined): Buffer | undefined {
  let root = right;
  for (let height = 0; height <= HEIGHT; height += 1) {
    if (((width >> height) & 1) === 0) continue;
    const at = startOf(height) + ((width >> height) - 1) * HASH_SIZE;
    const peak = nodes.subarray(at, at + HASH_SIZE);
    if (root === undefined) {
      root = Buffer.from(peak);
      continue;
    }
    peak.copy(nodeInput, 1);
    root.copy(nodeInput, 1 + HASH_SIZE);
    root = Buffer.from(hash('sha256', nodeInput, 'binary'), 'latin1');
  }
  return root;
}

/** A tile that has grown by a bundle's root, or by another tile's. */
export interface GrownTile {
  /** Of tiles, from 1. */
  readonly level: number;
  readonly number: number;
  readonly width: number;
  /** 32 bytes a hash. */
  readonly hashes: Uint8Array;
}

interface Edge {
  readonly nodes: Buffer;
  number: number;
  width: number;
}

export class LogTree {
  /** The unfinished tiles of roots of bundles, of roots of those, …: `#edges[0]` is of level 1. */
  readonly #edges: Edge[] = [];
  #bundles = 0;

  /** Full bundles that are in it. */
  get bundles(): number {
    return this.#bundles;
  }

  /**
   * The root of the full bundles and the first entries of the next one.
   * @param nodes of that next bundle
   * @param width how many of its entries, 0 to 256
   */
  rootWith(nodes: Buffer, width: number): Uint8Array {
    let root = width === 0 ? undefined : withPeaks(nodes, width, undefined);
    for (const edge of this.#edges) root = withPeaks(edge.nodes, edge.width, root);
    return root ?? EMPTY_ROOT;
  }

  /** Takes up a full bundle; returns the tiles that are full now, lowest first. */
  push(nodes: Buffer): readonly GrownTile[] {
    this.#bundles += 1;
    const full: GrownTile[] = [];
    let root = Buffer.from(nodes.subarray(startOf(HEIGHT), startOf(HEIGHT) + HASH_SIZE));
    for (let level = 1; ; level += 1) {
      const edge = (this.#edges[level - 1] ??= { nodes: Buffer.alloc(NODES_SIZE), number: 0, width: 0 });
      pushHash(edge, root);
      if (edge.width < TILE_WIDTH) return full;
      full.push(grown(edge, level));
      root = Buffer.from(edge.nodes.subarray(startOf(HEIGHT), startOf(HEIGHT) + HASH_SIZE));
      this.#edges[level - 1] = { nodes: Buffer.alloc(NODES_SIZE), number: edge.number + 1, width: 0 };
    }
  }

  /** The unfinished tiles above the bundles. */
  edges(): readonly GrownTile[] {
    return this.#edges.flatMap((edge, i) => (edge.width > 0 ? [grown(edge, i + 1)] : []));
  }

  /** Takes up what `edges` told of a tree of that many full bundles. */
  static restored(bundles: number, edges: readonly Pick<GrownTile, 'level' | 'hashes'>[]): LogTree {
    const tree = new LogTree();
    tree.#bundles = bundles;
    for (let level = 1, hashes = bundles; hashes > 0; level += 1, hashes = Math.floor(hashes / TILE_WIDTH)) {
      const edge: Edge = { nodes: Buffer.alloc(NODES_SIZE), number: Math.floor(hashes / TILE_WIDTH), width: 0 };
      const saved = edges.find((one) => one.level === level)?.hashes ?? new Uint8Array(0);
      for (let i = 0; i < saved.length; i += HASH_SIZE) pushHash(edge, saved.subarray(i, i + HASH_SIZE));
      tree.#edges.push(edge);
    }
    return tree;
  }
}

function grown({ nodes, number, width }: Edge, level: number): GrownTile {
  return { level, number, width, hashes: Uint8Array.from(nodes.subarray(0, width * HASH_SIZE)) };
}

function pushHash(edge: Edge, hashed: Uint8Array): void {
  edge.nodes.set(hashed, edge.width * HASH_SIZE);
  edge.width += 1;
  for (let height = 1; edge.width % 2 ** height === 0 && height <= HEIGHT; height += 1) {
    completeHeight(edge.nodes, height, edge.width / 2 ** height - 1, edge.width / 2 ** height);
  }
}
