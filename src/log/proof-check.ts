/**
 * Checking Merkle proofs: inclusion and consistency, RFC 9162 sections 2.1.3.2 and 2.1.4.2. The counterpart that
 * makes them is `merkle-tree.ts`. Runs in Node and in a browser.
 * Everything given may come from a forger. Numbers and lengths are checked before anything is hashed; they follow from
 * index and sizes alone. A path does not bind index and size by itself: these must come from a signed checkpoint (S2).
 * Proven by proof-check.spec.ts, with the vectors of transparency-dev/merkle and every pair of sizes up to 100.
 */
import { equalBytes } from '../encoding/bytes.js';
import { HASH_SIZE, hashNode as plainHashNode, type TreeHash } from './hash.js';

/**
 * `outOfRange`: a number is no safe integer, or index and sizes do not go together; `pathLength`: the path has not the
 * one length that index and sizes demand; `hashLength`: a hash has not 32 bytes.
 */
export type ProofErrorCode = 'outOfRange' | 'pathLength' | 'hashLength';

/** A proof that cannot be one, whatever the hashes. */
export class ProofError extends Error {
  constructor(
    readonly code: ProofErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'ProofError';
  }
}

/**
 * The root that the leaf and its path lead to (2.1.3.2). It proves nothing until it is compared with a trusted root.
 * @param index of the leaf, 0 <= index < size
 * @param size number of leaves, at most 2^53 - 1
 * @param leafHash 32 bytes
 * @param path hashes of 32 bytes, from the leaf to the root
 * @param hashNode by the platform, where it has a hash of its own
 * @throws ProofError
 */
export function rootFromInclusion(
  index: number,
  size: number,
  leafHash: Uint8Array,
  path: readonly Uint8Array[],
  hashNode: TreeHash['node'] = plainHashNode,
): Uint8Array {
  requireCount('index', index);
  requireCount('size', size);
  if (index >= size) throw new ProofError('outOfRange', `expected an index below the size ${size}, got ${index}`);
  requireHashes([leafHash, ...path]);
  requireLength(path, inclusionPathLength(index, size));
  let hash = leafHash;
  let used = 0;
  // One turn a level: `fn` is the place of the node that `hash` is, `sn` that of the level's last node.
  for (let fn = index, sn = size - 1; sn > 0; fn = half(fn), sn = half(sn)) {
    if (isOdd(fn)) hash = hashNode(path[used++]!, hash);
    else if (fn < sn) hash = hashNode(hash, path[used++]!);
    // Else it has no sibling: it is the same node one level up.
  }
  return hash;
}

/** True if the leaf is the one at `index` in the tree of that size and root. Arguments as `rootFromInclusion`. */
export function verifyInclusion(
  index: number,
  size: number,
  leafHash: Uint8Array,
  path: readonly Uint8Array[],
  root: Uint8Array,
  hashNode?: TreeHash['node'],
): boolean {
  return isProof(() => equalBytes(rootFromInclusion(index, size, leafHash, path, hashNode), root));
}

/**
 * True if the tree of `size1` and `root1` is the beginning of that of `size2` and `root2` (2.1.4.2). Equal sizes need
 * equal roots and an empty path. `size1` = 0 is false: every tree begins with the empty one, which proves nothing, and
 * a caller who means that must say so itself.
 * @param size1 1 <= size1 <= size2
 * @param size2 at most 2^53 - 1
 * @param root1 32 bytes
 * @param root2 32 bytes
 * @param path hashes of 32 bytes
 */
export function verifyConsistency(
  size1: number,
  size2: number,
  root1: Uint8Array,
  root2: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  return isProof(() => checkConsistency(size1, size2, root1, root2, path));
}

function checkConsistency(
  size1: number,
  size2: number,
  root1: Uint8Array,
  root2: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  requireCount('size1', size1);
  requireCount('size2', size2);
  if (size1 === 0 || size1 > size2) {
    throw new ProofError('outOfRange', `expected 0 < size1 <= size2, got ${size1} and ${size2}`);
  }
  if (size1 === size2) {
    requireLength(path, 0);
    return equalBytes(root1, root2);
  }
  requireHashes([root1, root2, ...path]);
  // The largest complete subtree that ends where the old tree ends is a node of both trees.
  let fn = size1 - 1;
  let sn = size2 - 1;
  for (; isOdd(fn); fn = half(fn)) sn = half(sn);
  const isWholeOldTree = fn === 0;
  requireLength(path, (isWholeOldTree ? 0 : 1) + siblingsOnTheWay(fn, sn));
  let used = isWholeOldTree ? 0 : 1;
  let old = isWholeOldTree ? root1 : path[0]!;
  let grown = old;
  for (; sn > 0; fn = half(fn), sn = half(sn)) {
    if (isOdd(fn)) {
      const left = path[used++]!;
      old = plainHashNode(left, old);
      grown = plainHashNode(left, grown);
    } else if (fn < sn) {
      grown = plainHashNode(grown, path[used++]!);
    }
  }
  return equalBytes(old, root1) && equalBytes(grown, root2);
}

/**
 * Number of hashes in the inclusion path of a leaf.
 * @param index 0 <= index < size
 * @param size at most 2^53 - 1
 */
export function inclusionPathLength(index: number, size: number): number {
  return siblingsOnTheWay(index, size - 1);
}

/** From node `fn` of a level whose last node is `sn`, how many ancestors up to the root have a sibling to hash with. */
function siblingsOnTheWay(fn: number, sn: number): number {
  let siblings = 0;
  for (; sn > 0; fn = half(fn), sn = half(sn)) if (isOdd(fn) || fn < sn) siblings++;
  return siblings;
}

function isProof(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (error instanceof ProofError) return false;
    throw error;
  }
}

function requireCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ProofError('outOfRange', `expected ${name} as an integer from 0 to 2^53 - 1, got ${value}`);
  }
}

function requireHashes(hashes: readonly Uint8Array[]): void {
  for (const hash of hashes) {
    if (hash.length !== HASH_SIZE) throw new ProofError('hashLength', `expected 32 bytes, got ${hash.length}`);
  }
}

function requireLength(path: readonly Uint8Array[], length: number): void {
  if (path.length !== length) throw new ProofError('pathLength', `expected ${length} hashes, got ${path.length}`);
}

// Sizes have up to 53 bits: JavaScript's bit operators would cut them to 32.
function half(n: number): number {
  return Math.floor(n / 2);
}

function isOdd(n: number): boolean {
  return n % 2 === 1;
}
