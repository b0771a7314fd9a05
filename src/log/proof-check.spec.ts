import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromBase64 } from '../encoding/base64.js';
import { MerkleTree } from './merkle-tree.js';
import {
  ProofError,
  inclusionPathLength,
  rootFromInclusion,
  verifyConsistency,
  verifyInclusion,
} from './proof-check.js';

const vectors = new URL('../../../shared/data/rfc9162/', import.meta.url);
const hasVectors = existsSync(vectors);

interface InclusionVector {
  name: string;
  leafIdx: number;
  treeSize: number;
  root: string;
  leafHash: string;
  proof: string[] | null;
  wantErr: boolean;
}
interface ConsistencyVector {
  name: string;
  size1: number;
  size2: number;
  root1: string;
  root2: string;
  proof: string[] | null;
  wantErr: boolean;
}

function readVectors<Vector>(file: string): Vector[] {
  return JSON.parse(readFileSync(new URL(file, vectors), 'utf8')) as Vector[];
}

(hasVectors ? describe : describe.skip)(
  `the vectors of transparency-dev/merkle${hasVectors ? '' : ' (skipped: ../shared/data/rfc9162 is not there)'}`,
  () => {
    it('for inclusion', () => {
      const all = readVectors<InclusionVector>('inclusion.json');
      const wrong = all.filter(({ leafIdx, treeSize, root, leafHash, proof, wantErr }) => {
        const path = (proof ?? []).map(fromBase64);
        return verifyInclusion(leafIdx, treeSize, fromBase64(leafHash), path, fromBase64(root)) === wantErr;
      });
      expect(wrong.map(({ name }) => name)).toEqual([]);
      expect(all.filter(({ wantErr }) => !wantErr).length).toBeGreaterThan(0);
      expect(all).toHaveLength(98);
    });

    it('for consistency', () => {
      const all = readVectors<ConsistencyVector>('consistency.json');
      const wrong = all.filter(({ size1, size2, root1, root2, proof, wantErr }) => {
        const path = (proof ?? []).map(fromBase64);
        return verifyConsistency(size1, size2, fromBase64(root1), fromBase64(root2), path) === wantErr;
      });
      expect(wrong.map(({ name }) => name)).toEqual([]);
      expect(all.filter(({ wantErr }) => !wantErr).length).toBeGreaterThan(0);
      expect(all).toHaveLength(98);
    });
  },
);

const SIZES = 100;
const tree = MerkleTree.ofEntries(Array.from({ length: SIZES }, (_, i) => Uint8Array.of(i)));

function flipped(hash: Uint8Array, bit: number): Uint8Array {
  const copy = hash.slice();
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

function withFlipped(path: readonly Uint8Array[], i: number, bit: number): Uint8Array[] {
  return path.map((hash, j) => (i === j ? flipped(hash, bit) : hash));
}

/** Every way to change a path without changing its hashes. */
function reshaped(path: readonly Uint8Array[]): Uint8Array[][] {
  const zero = new Uint8Array(32);
  const shapes = [
    [...path, zero],
    [zero, ...path],
    [...path, ...path.slice(-1), zero],
  ];
  if (path.length > 0) shapes.push(path.slice(1), path.slice(0, -1));
  return shapes;
}

describe('an inclusion path', () => {
  it('proves its leaf, and nothing else with a bit changed, at every index of every size up to 100', () => {
    const wrong: string[] = [];
    let bit = 0;
    for (let size = 1; size <= SIZES; size++) {
      const root = tree.root(size);
      for (let index = 0; index < size; index++) {
        const leaf = tree.leafHash(index);
        const path = tree.inclusionPath(index, size);
        const where = `index ${index}, size ${size}`;
        const isRefused = (refused: boolean, what: string): void => {
          if (!refused) wrong.push(`${where}: ${what} was accepted`);
        };
        if (path.length !== inclusionPathLength(index, size)) wrong.push(`${where}: ${path.length} hashes`);
        if (!verifyInclusion(index, size, leaf, path, root)) wrong.push(`${where}: refused`);
        bit = (bit + 37) % 256;
        isRefused(!verifyInclusion(index, size, flipped(leaf, bit), path, root), 'another leaf');
        isRefused(!verifyInclusion(index, size, leaf, path, flipped(root, bit)), 'another root');
        isRefused(!verifyInclusion(index + 1, size, leaf, path, root), 'the next index');
        isRefused(!verifyInclusion(index - 1, size, leaf, path, root), 'the index before');
        for (let i = 0; i < path.length; i++) {
          isRefused(!verifyInclusion(index, size, leaf, withFlipped(path, i, bit), root), `a bit of hash ${i}`);
        }
        for (const shape of reshaped(path)) isRefused(!verifyInclusion(index, size, leaf, shape, root), 'a length');
      }
    }
    expect(wrong).toEqual([]);
  });

  it('fails with any single bit changed', () => {
    for (const [index, size] of [
      [0, 1],
      [2, 3],
      [4, 7],
      [6, 13],
    ] as const) {
      const [leaf, path, root] = [tree.leafHash(index), tree.inclusionPath(index, size), tree.root(size)];
      for (let bit = 0; bit < 256; bit++) {
        expect(verifyInclusion(index, size, flipped(leaf, bit), path, root)).toBe(false);
        expect(verifyInclusion(index, size, leaf, path, flipped(root, bit))).toBe(false);
        for (let i = 0; i < path.length; i++) {
          expect(verifyInclusion(index, size, leaf, withFlipped(path, i, bit), root)).toBe(false);
        }
      }
    }
  });

  it('is refused for numbers that are none', () => {
    const leaf = tree.leafHash(0);
    for (const bad of [-1, 0.5, NaN, Infinity, 2 ** 53, 2 ** 64, '0' as unknown as number]) {
      expect(() => rootFromInclusion(bad, 8, leaf, [])).toThrow(ProofError);
      expect(() => rootFromInclusion(0, bad, leaf, [])).toThrow(ProofError);
      expect(verifyInclusion(bad, 8, leaf, [], leaf)).toBe(false);
    }
    expect(() => rootFromInclusion(0, 0, leaf, [])).toThrow(expect.objectContaining({ code: 'outOfRange' }));
    expect(() => rootFromInclusion(8, 8, leaf, [])).toThrow(expect.objectContaining({ code: 'outOfRange' }));
  });

  it('is refused for hashes of another length', () => {
    expect(() => rootFromInclusion(0, 1, new Uint8Array(31), [])).toThrow(
      expect.objectContaining({ code: 'hashLength' }),
    );
    expect(() => rootFromInclusion(0, 2, new Uint8Array(32), [new Uint8Array(33)])).toThrow(
      expect.objectContaining({ code: 'hashLength' }),
    );
    expect(verifyInclusion(0, 1, new Uint8Array(32), [], new Uint8Array(0))).toBe(false);
  });

  it('has the length that index and size demand, also above 2^32', () => {
    expect(inclusionPathLength(0, 2 ** 53 - 1)).toBe(53);
    expect(inclusionPathLength(2 ** 53 - 2, 2 ** 53 - 1)).toBe(52);
    expect(inclusionPathLength(2 ** 40, 2 ** 40 + 1)).toBe(1);
    expect(() => rootFromInclusion(2 ** 40, 2 ** 40 + 1, new Uint8Array(32), [])).toThrow(
      expect.objectContaining({ code: 'pathLength' }),
    );
  });
});

describe('a consistency path', () => {
  it('joins every two sizes up to 100, and nothing else with a bit changed', () => {
    const wrong: string[] = [];
    let bit = 0;
    for (let size2 = 1; size2 <= SIZES; size2++) {
      const root2 = tree.root(size2);
      for (let size1 = 1; size1 <= size2; size1++) {
        const root1 = tree.root(size1);
        const path = tree.consistencyPath(size1, size2);
        const where = `sizes ${size1} and ${size2}`;
        const isRefused = (refused: boolean, what: string): void => {
          if (!refused) wrong.push(`${where}: ${what} was accepted`);
        };
        if (!verifyConsistency(size1, size2, root1, root2, path)) wrong.push(`${where}: refused`);
        bit = (bit + 37) % 256;
        isRefused(!verifyConsistency(size1, size2, flipped(root1, bit), root2, path), 'another first root');
        isRefused(!verifyConsistency(size1, size2, root1, flipped(root2, bit), path), 'another second root');
        isRefused(!verifyConsistency(size1 - 1, size2, root1, root2, path), 'a smaller first size');
        if (size1 !== size2) isRefused(!verifyConsistency(size2, size1, root2, root1, path), 'the sizes exchanged');
        for (let i = 0; i < path.length; i++) {
          isRefused(!verifyConsistency(size1, size2, root1, root2, withFlipped(path, i, bit)), `a bit of hash ${i}`);
        }
        for (const shape of reshaped(path)) {
          isRefused(!verifyConsistency(size1, size2, root1, root2, shape), 'a length');
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('fails with any single bit changed', () => {
    for (const [size1, size2] of [
      [1, 1],
      [4, 7],
      [6, 8],
      [7, 13],
    ] as const) {
      const [root1, root2, path] = [tree.root(size1), tree.root(size2), tree.consistencyPath(size1, size2)];
      for (let bit = 0; bit < 256; bit++) {
        expect(verifyConsistency(size1, size2, flipped(root1, bit), root2, path)).toBe(false);
        expect(verifyConsistency(size1, size2, root1, flipped(root2, bit), path)).toBe(false);
        for (let i = 0; i < path.length; i++) {
          expect(verifyConsistency(size1, size2, root1, root2, withFlipped(path, i, bit))).toBe(false);
        }
      }
    }
  });

  it('between equal sizes is empty and needs equal roots', () => {
    const root = tree.root(7);
    expect(verifyConsistency(7, 7, root, root, [])).toBe(true);
    expect(verifyConsistency(7, 7, root, root, [root])).toBe(false);
    expect(verifyConsistency(7, 7, root, tree.root(8), [])).toBe(false);
  });

  it('from the empty tree proves nothing', () => {
    expect(verifyConsistency(0, 0, tree.root(0), tree.root(0), [])).toBe(false);
    expect(verifyConsistency(0, 7, tree.root(0), tree.root(7), [])).toBe(false);
  });

  it('is refused for numbers that are none', () => {
    const root = tree.root(8);
    for (const bad of [-1, 0.5, NaN, Infinity, 2 ** 53, '8' as unknown as number]) {
      expect(verifyConsistency(bad, 8, root, root, [])).toBe(false);
      expect(verifyConsistency(8, bad, root, root, [])).toBe(false);
      expect(verifyConsistency(bad, bad, root, root, [])).toBe(false);
    }
  });

  it('of other trees never joins', () => {
    const size = fc.integer({ min: 2, max: 60 });
    fc.assert(
      fc.property(size, size, fc.nat(), (a, b, at) => {
        const [size1, size2] = [Math.min(a, b), Math.max(a, b)];
        const changed = at % size1;
        const other = MerkleTree.ofEntries(
          Array.from({ length: size2 }, (_, i) => Uint8Array.of(i, ...(i === changed ? [1] : []))),
        );
        expect(verifyConsistency(size1, size2, tree.root(size1), other.root(), other.consistencyPath(size1))).toBe(
          false,
        );
        expect(
          verifyConsistency(size1, size2, tree.root(size1), other.root(), tree.consistencyPath(size1, size2)),
        ).toBe(false);
      }),
    );
  });
});
