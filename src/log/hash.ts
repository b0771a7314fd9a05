/**
 * Hashing of the log, RFC 9162 section 2.1.1: SHA-256, leaves and nodes kept apart by a first byte of 0x00 or 0x01.
 * Runs in Node and in a browser. `merkle-tree.ts` has a faster twin for Node. Proven by hash.spec.ts.
 */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../encoding/bytes.js';

/** Bytes of a hash. */
export const HASH_SIZE = 32;

const LEAF_PREFIX = Uint8Array.of(0x00);
const NODE_PREFIX = Uint8Array.of(0x01);

/** Root of the tree without entries: SHA-256 of the empty string. Not to be written to. */
export const EMPTY_ROOT: Uint8Array = nobleSha256(new Uint8Array(0));

/** SHA-256, 32 bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** SHA-256, 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}

/** SHA-256(0x00 || entry), 32 bytes. */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  return nobleSha256.create().update(LEAF_PREFIX).update(entry).digest();
}

/**
 * SHA-256(0x01 || left || right), 32 bytes.
 * @param left 32 bytes
 * @param right 32 bytes
 */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return nobleSha256.create().update(NODE_PREFIX).update(left).update(right).digest();
}

/** `hashLeaf` and `hashNode` by a SHA-256 of the platform's. */
export interface TreeHash {
  readonly leaf: (entry: Uint8Array) => Uint8Array;
  readonly node: (left: Uint8Array, right: Uint8Array) => Uint8Array;
}

export function treeHashBy(hash: Sha256): TreeHash {
  return {
    leaf: (entry) => hash(concatBytes(LEAF_PREFIX, entry)),
    node: (left, right) => hash(concatBytes(NODE_PREFIX, left, right)),
  };
}
