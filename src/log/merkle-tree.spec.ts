import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MerkleTree as Oracle } from 'merkletreejs';
import { toHex } from '../encoding/hex.js';
import { InvariantError } from '../errors.js';
import { EMPTY_ROOT, hashLeaf, hashNode } from './hash.js';
import { MerkleTree } from './merkle-tree.js';
import { ProofError, verifyConsistency, verifyInclusion } from './proof-check.js';

const SIZES = 100;
const leafHashes = Array.from({ length: SIZES }, (_, i) => hashLeaf(Uint8Array.of(i, 7)));
const tree = MerkleTree.of(leafHashes);

/** merkletreejs has the RFC's shape when odd nodes are not doubled; it is given the RFC's hash of a node. */
function hashPair(pair: Buffer): Buffer {
  return createHash('sha256').update(Uint8Array.of(1)).update(pair).digest();
}

function oracleOf(from: number, to: number): Oracle {
  const leaves = leafHashes.slice(from, to).map((hash) => Buffer.from(hash));
  return new Oracle(leaves, hashPair, { duplicateOdd: false, sort: false });
}

/** MTH(D[from:to]), by merkletreejs. */
const rangeRoots = new Map<string, Uint8Array>();
function oracleRoot(from: number, to: number): Uint8Array {
  const name = `${from}-${to}`;
  const known = rangeRoots.get(name) ?? new Uint8Array(oracleOf(from, to).getRoot());
  rangeRoots.set(name, known);
  return known;
}

/** SUBPROOF(m, D[from:to], complete) as RFC 9162 section 2.1.4.1 states it. */
function subproof(m: number, from: number, to: number, isComplete: boolean): Uint8Array[] {
  const n = to - from;
  if (m === n) return isComplete ? [] : [oracleRoot(from, to)];
  let k = 1;
  while (2 * k < n) k *= 2;
  return m <= k
    ? [...subproof(m, from, from + k, isComplete), oracleRoot(from + k, to)]
    : [...subproof(m - k, from + k, to, false), oracleRoot(from, from + k)];
}

describe('the tree, against merkletreejs, for every size up to 100', () => {
  it('has the same root', () => {
    for (let size = 1; size <= SIZES; size++) expect(tree.root(size)).toEqual(oracleRoot(0, size));
    expect(tree.root(0)).toEqual(EMPTY_ROOT);
  });

  it('has the same inclusion path of every leaf', () => {
    const wrong: string[] = [];
    for (let size = 1; size <= SIZES; size++) {
      const oracle = oracleOf(0, size);
      for (let index = 0; index < size; index++) {
        const expected = oracle.getProof(Buffer.from(leafHashes[index]!), index).map(({ data }) => data);
        const path = tree.inclusionPath(index, size);
        const isProof = verifyInclusion(index, size, leafHashes[index]!, path, oracleRoot(0, size));
        if (!isProof || textOf(path) !== textOf(expected)) wrong.push(`${index} of ${size}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("has the RFC's consistency path between every two sizes", () => {
    const wrong: string[] = [];
    for (let size2 = 1; size2 <= SIZES; size2++) {
      for (let size1 = 1; size1 <= size2; size1++) {
        const path = tree.consistencyPath(size1, size2);
        const isProof = verifyConsistency(size1, size2, oracleRoot(0, size1), oracleRoot(0, size2), path);
        if (!isProof || textOf(path) !== textOf(subproof(size1, 0, size2, true))) wrong.push(`${size1} to ${size2}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

function textOf(path: readonly Uint8Array[]): string {
  return path.map(toHex).join(' ');
}

describe('a growing tree', () => {
  it('gives for an earlier size what it gave then', () => {
    const growing = new MerkleTree();
    const roots = [growing.root()];
    for (let i = 0; i < 700; i++) {
      expect(growing.append(hashLeaf(Uint8Array.of(i & 255, i >> 8)))).toBe(i);
      roots.push(growing.root());
    }
    expect(growing.size).toBe(700);
    roots.forEach((root, size) => expect(growing.root(size)).toEqual(root));
  });

  it('hashes entries as leaves', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 20 }), (entries) => {
        const ofEntries = MerkleTree.ofEntries(entries);
        expect(ofEntries.root()).toEqual(MerkleTree.of(entries.map(hashLeaf)).root());
        entries.forEach((entry, i) => expect(ofEntries.leafHash(i)).toEqual(hashLeaf(entry)));
      }),
    );
  });

  it('gives out the hashes of its complete subtrees', () => {
    expect(tree.hash(0, 5)).toEqual(leafHashes[5]);
    expect(tree.hash(1, 2)).toEqual(hashNode(leafHashes[4]!, leafHashes[5]!));
    expect(tree.hash(6, 0)).toEqual(tree.root(64));
    for (const [level, index] of [
      [0, 100],
      [1, 50],
      [6, 1],
      [7, 0],
      [60, 0],
      [-1, 0],
      [0.5, 0],
      [0, -1],
      [0, 1.5],
    ] as const) {
      expect(() => tree.hash(level, index)).toThrow(ProofError);
    }
  });

  it('keeps its own memory: what it gives out may be written to', () => {
    const small = MerkleTree.of(leafHashes.slice(0, 3));
    const root = small.root();
    for (const bytes of [small.root(), small.root(0), small.root(2), small.leafHash(0), ...small.inclusionPath(0)]) {
      bytes.fill(0);
    }
    expect(small.root()).toEqual(root);
    expect(new MerkleTree().root()).toEqual(EMPTY_ROOT);
  });

  it('refuses what it has not', () => {
    for (const size of [101, -1, 0.5, NaN]) {
      expect(() => tree.root(size)).toThrow(ProofError);
      expect(() => tree.inclusionPath(0, size)).toThrow(ProofError);
      expect(() => tree.consistencyPath(1, size)).toThrow(ProofError);
    }
    for (const index of [5, -1, 0.5, NaN]) expect(() => tree.inclusionPath(index, 5)).toThrow(ProofError);
    for (const size1 of [0, 6, -1, 0.5, NaN]) expect(() => tree.consistencyPath(size1, 5)).toThrow(ProofError);
    expect(() => new MerkleTree().inclusionPath(0)).toThrow(ProofError);
  });

  it('refuses an entry where a leaf hash belongs', () => {
    expect(() => new MerkleTree().append(new Uint8Array(33))).toThrow(InvariantError);
  });

  it('proves leaves of a large tree', () => {
    const large = new MerkleTree();
    const leaf = new Uint8Array(32);
    for (let i = 0; i < 70_000; i++) {
      leaf[0] = i;
      leaf[1] = i >> 8;
      leaf[2] = i >> 16;
      large.append(leaf);
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70_000 }), fc.nat(), fc.nat(), (size, a, b) => {
        const [index, size1] = [a % size, 1 + (b % size)];
        const root = large.root(size);
        expect(verifyInclusion(index, size, large.leafHash(index), large.inclusionPath(index, size), root)).toBe(true);
        expect(verifyConsistency(size1, size, large.root(size1), root, large.consistencyPath(size1, size))).toBe(true);
      }),
    );
  });
});
