/**
 * The tree over the standing's leaves (S1) as the standing changes: a leaf that changes costs the nodes above it, one
 * that comes or goes all that lies right of it. So a record of a standing with 10,000 definitions takes no longer to
 * make, or to follow, than has changed since the last one.
 * Proven by standing-tree.spec.ts against the tree made anew.
 */
import { hash } from 'node:crypto';
import type { MadeLeaf } from '../anchoring/standing-state.js';
import { toBase64 } from '../encoding/base64.js';
import { HASH_SIZE } from './hash.js';
import { digestNodeInto, HashedTree, MerkleTree } from './merkle-tree.js';

/** Leaves are hashed once, whatever trees they are in. */
const leafHashes = new WeakMap<MadeLeaf, Buffer>();

export class StandingTree extends HashedTree {
  #leaves: readonly MadeLeaf[] = [];
  readonly #levels: Buffer[] = [];

  get size(): number {
    return this.#leaves.length;
  }

  hash(level: number, index: number): Uint8Array {
    this.requireHash(level, index);
    return new Uint8Array(this.#levels[level]!.subarray(index * HASH_SIZE, (index + 1) * HASH_SIZE));
  }

  /** Makes it the tree over these leaves: objects that were there before, at their place, are taken as unchanged. */
  become(leaves: readonly MadeLeaf[]): void {
    const before = this.#leaves;
    this.#leaves = leaves;
    let changed = leaves.flatMap((leaf, index) => (leaf === before[index] ? [] : [index]));
    const level = this.#room(0);
    for (const index of changed) level.set(leafHashOf(leaves[index]!), index * HASH_SIZE);
    for (let height = 1; Math.floor(leaves.length / 2 ** height) > 0; height += 1) {
      const below = this.#levels[height - 1]!;
      const here = this.#room(height);
      const complete = Math.floor(leaves.length / 2 ** height);
      const above: number[] = [];
      for (const index of changed) {
        const parent = Math.floor(index / 2);
        if (parent < complete && above.at(-1) !== parent) above.push(parent);
      }
      for (const index of above) digestNodeInto(here, index, below, 2 * index);
      changed = above;
    }
  }

  #room(height: number): Buffer {
    const needed = Math.floor(this.#leaves.length / 2 ** height) * HASH_SIZE;
    const buffer = this.#levels[height];
    if (buffer !== undefined && buffer.length >= needed) return buffer;
    const larger = Buffer.alloc(2 * needed);
    buffer?.copy(larger);
    this.#levels[height] = larger;
    return larger;
  }
}

/** The standing's leaves as they were when a record of them was made. */
export class StandingSnapshot {
  #tree: MerkleTree | undefined;

  constructor(
    /** Log index of the `StandingRecorded` event. */
    readonly index: number,
    /** base64 */
    readonly root: string,
    /** Sorted by stream. */
    readonly leaves: readonly MadeLeaf[],
    /** Log index of the newest change of a credential's status before the record, −1 if there was none. */
    readonly newestStatusChange: number,
  ) {}

  /** Made when it is first asked for: most snapshots never are. */
  get tree(): MerkleTree {
    return (this.#tree ??= MerkleTree.of(this.leaves.map(leafHashOf)));
  }

  /** The root over the leaves, in base64: `root`, if they are all that they were. */
  ownRoot(): string {
    return toBase64(MerkleTree.of(this.leaves.map(leafHashOf)).root());
  }

  /** The leaf of a stream and its place among the leaves. */
  find(stream: string): { readonly index: number; readonly bytes: Uint8Array } | undefined {
    const index = this.leaves.findIndex((leaf) => leaf.stream === stream);
    const leaf = this.leaves[index];
    return leaf && { index, bytes: leaf.bytes };
  }
}

function leafHashOf(leaf: MadeLeaf): Buffer {
  const known = leafHashes.get(leaf);
  if (known) return known;
  const input = Buffer.allocUnsafe(1 + leaf.bytes.length);
  input[0] = 0;
  input.set(leaf.bytes, 1);
  const made = Buffer.from(hash('sha256', input, 'binary'), 'latin1');
  leafHashes.set(leaf, made);
  return made;
}
