/**
 * The log's Merkle tree, RFC 9162 sections 2.1.1 to 2.1.4: roots, inclusion and consistency paths of every size it ever
 * had. For Node (node:crypto, one-shot); the checking side is `proof-check.ts`.
 * All of it follows from the hashes of the complete subtrees, which never change; whatever hangs over the right edge of
 * a size is hashed when asked for. `HashedTree` is that mathematics and asks for one hash at a time, wherever it is
 * kept: `MerkleTree` keeps all in memory, 64 bytes a leaf; `tiled-tree.ts` keeps them in tiles on disk.
 * Proven by merkle-tree.spec.ts: every size, index and pair of sizes up to 100 against merkletreejs.
 */
import { hash } from 'node:crypto';
import { InvariantError } from '../errors.js';
import { EMPTY_ROOT, HASH_SIZE } from './hash.js';
import { ProofError } from './proof-check.js';

const FIRST_CAPACITY = 64;

/** 0x01 and two hashes. Hashing is synchronous, so one buffer serves all trees. */
const nodeInput = Buffer.alloc(1 + 2 * HASH_SIZE, 1);

export abstract class HashedTree {
  /** Number of leaves. */
  abstract get size(): number;

  /**
   * Hash of the complete subtree over the leaves from index * 2^level up to (index + 1) * 2^level, 32 bytes.
   * @throws ProofError `outOfRange` if these leaves are not all there
   */
  abstract hash(level: number, index: number): Uint8Array;

  /**
   * The root of the tree when it had `size` leaves, 32 bytes.
   * @throws ProofError `outOfRange` for a size it has not reached
   */
  root(size = this.size): Uint8Array {
    this.requireSize(size);
    return size === 0 ? EMPTY_ROOT.slice() : this.rangeHash(0, size);
  }

  /**
   * Hash of the leaf, 32 bytes.
   * @throws ProofError `outOfRange`
   */
  leafHash(index: number): Uint8Array {
    return this.hash(0, index);
  }

  /**
   * The path from a leaf to the root at `size`, lowest first (2.1.3.1).
   * @throws ProofError `outOfRange` unless 0 <= index < size <= this.size
   */
  inclusionPath(index: number, size = this.size): Uint8Array[] {
    this.requireSize(size);
    if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
      throw new ProofError('outOfRange', `expected an index below the size ${size}, got ${index}`);
    }
    return this.pathUp(0, index, size);
  }

  /**
   * The proof that the tree at `size1` is the beginning of the tree at `size2` (2.1.4.1); empty for equal sizes.
   * @throws ProofError `outOfRange` unless 0 < size1 <= size2 <= this.size
   */
  consistencyPath(size1: number, size2 = this.size): Uint8Array[] {
    this.requireSize(size2);
    if (!Number.isSafeInteger(size1) || size1 <= 0 || size1 > size2) {
      throw new ProofError('outOfRange', `expected 0 < size1 <= ${size2}, got ${size1}`);
    }
    if (size1 === size2) return [];
    let level = 0;
    let index = size1 - 1;
    for (; index % 2 === 1; index = (index - 1) / 2) level++;
    const path = this.pathUp(level, index, size2);
    // Where the old tree is that very subtree, its root is known to the verifier already.
    return index === 0 ? path : [this.hash(level, index), ...path];
  }

  private pathUp(level: number, index: number, size: number): Uint8Array[] {
    const path: Uint8Array[] = [];
    let last = Math.floor((size - 1) / 2 ** level);
    for (; last > 0; last = Math.floor(last / 2), level++) {
      if (index % 2 === 1) path.push(this.hash(level, index - 1));
      else if (index < last)
        path.push(this.rangeHash((index + 1) * 2 ** level, Math.min(size, (index + 2) * 2 ** level)));
      index = Math.floor(index / 2);
    }
    return path;
  }

  /** MTH(D[start:end]), where start is a multiple of a power of two that is at least end - start > 0. */
  private rangeHash(start: number, end: number): Uint8Array {
    // The complete subtrees that the range consists of, largest first.
    const level = Math.floor(Math.log2(end - start));
    const subtree = 2 ** level;
    const left = this.hash(level, start / subtree);
    if (start + subtree === end) return left;
    // The right side first: it needs the shared buffer for itself.
    const right = this.rangeHash(start + subtree, end);
    nodeInput.set(left, 1);
    nodeInput.set(right, 1 + HASH_SIZE);
    const result = Buffer.alloc(HASH_SIZE);
    digestInto(result, 0, nodeInput);
    return new Uint8Array(result);
  }

  /** @throws ProofError `outOfRange` unless the subtree is complete */
  protected requireHash(level: number, index: number): void {
    const isLevel = Number.isSafeInteger(level) && level >= 0;
    const isThere = Number.isSafeInteger(index) && index >= 0 && index < Math.floor(this.size / 2 ** level);
    if (isLevel && isThere) return;
    throw new ProofError('outOfRange', `no complete subtree ${index} at level ${level} in a tree of ${this.size}`);
  }

  private requireSize(size: number): void {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.size) {
      throw new ProofError('outOfRange', `expected a size from 0 to ${this.size}, got ${size}`);
    }
  }
}

export class MerkleTree extends HashedTree {
  /** levels[l] holds the hashes of the complete subtrees of 2^l leaves, left to right; more room than is used. */
  private readonly levels: Buffer[] = [];
  private count = 0;

  /** A tree of these leaf hashes, each 32 bytes. */
  static of(leafHashes: Iterable<Uint8Array>): MerkleTree {
    const tree = new MerkleTree();
    tree.appendMany(leafHashes);
    return tree;
  }

  /** A tree of these entries: hashes them first. */
  static ofEntries(entries: Iterable<Uint8Array>): MerkleTree {
    const tree = new MerkleTree();
    for (const entry of entries) tree.appendEntry(entry);
    return tree;
  }

  get size(): number {
    return this.count;
  }

  /**
   * Adds a leaf by its hash.
   * @param leafHash 32 bytes, SHA-256(0x00 || entry)
   * @returns the leaf's index
   * @throws InvariantError for another length: it was an entry, not a hash
   */
  append(leafHash: Uint8Array): number {
    requireLeafHash(leafHash);
    this.room(0, this.count).set(leafHash, this.count * HASH_SIZE);
    return this.complete();
  }

  /** Adds leaves by their hashes, 32 bytes each. */
  appendMany(leafHashes: Iterable<Uint8Array>): void {
    for (const leafHash of leafHashes) this.append(leafHash);
  }

  /**
   * Adds a leaf by its entry's bytes.
   * @returns the leaf's index
   */
  appendEntry(entry: Uint8Array): number {
    digestLeafInto(this.room(0, this.count), this.count, entry);
    return this.complete();
  }

  hash(level: number, index: number): Uint8Array {
    this.requireHash(level, index);
    return new Uint8Array(this.view(level, index));
  }

  /** The new leaf is in its place: hashes every subtree that it completes. */
  private complete(): number {
    const index = this.count;
    let position = index;
    for (let level = 0; position % 2 === 1; level++) {
      const siblings = position - 1;
      position = siblings / 2;
      digestNodeInto(this.room(level + 1, position), position, this.levels[level]!, siblings);
    }
    // Last, so that a failure in between leaves a tree without the leaf.
    this.count = index + 1;
    return index;
  }

  /** The level's buffer, made large enough for the hash at `index`. */
  private room(level: number, index: number): Buffer {
    const needed = (index + 1) * HASH_SIZE;
    const buffer = this.levels[level];
    if (buffer !== undefined && buffer.length >= needed) return buffer;
    const larger = Buffer.alloc(Math.max(needed, 2 * (buffer?.length ?? 0), FIRST_CAPACITY * HASH_SIZE));
    buffer?.copy(larger);
    this.levels[level] = larger;
    return larger;
  }

  private view(level: number, index: number): Buffer {
    return this.levels[level]!.subarray(index * HASH_SIZE, (index + 1) * HASH_SIZE);
  }
}

/** @throws InvariantError for another length than 32: it was an entry, not a hash */
export function requireLeafHash(leafHash: Uint8Array): void {
  if (leafHash.length === HASH_SIZE) return;
  throw new InvariantError(`leaf hash: expected ${HASH_SIZE} bytes, got ${leafHash.length}`);
}

/**
 * Writes the hash of a leaf.
 * @param hashes 32 bytes a hash; the one at `index` is overwritten
 */
export function digestLeafInto(hashes: Buffer, index: number, entry: Uint8Array): void {
  const input = Buffer.allocUnsafe(1 + entry.length);
  input[0] = 0;
  input.set(entry, 1);
  digestInto(hashes, index, input);
}

/**
 * Writes the hash of a node.
 * @param hashes 32 bytes a hash; the one at `index` is overwritten
 * @param below where the node's two halves stand side by side, the left one at `left`
 */
export function digestNodeInto(hashes: Buffer, index: number, below: Buffer, left: number): void {
  below.copy(nodeInput, 1, left * HASH_SIZE, (left + 2) * HASH_SIZE);
  digestInto(hashes, index, nodeInput);
}

/** SHA-256 of the input as the hash at `index`. A binary string is the fastest way out of node:crypto. */
function digestInto(hashes: Buffer, index: number, input: Buffer): void {
  hashes.write(hash('sha256', input, 'binary'), index * HASH_SIZE, HASH_SIZE, 'latin1');
}
