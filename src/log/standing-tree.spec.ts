/** The standing's tree, changed in place, against the tree made anew (S1). */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MadeLeaf } from '../anchoring/standing-state.js';
import { toBase64 } from '../encoding/base64.js';
import { utf8 } from '../encoding/bytes.js';
import { hashLeaf } from './hash.js';
import { MerkleTree } from './merkle-tree.js';
import { StandingSnapshot, StandingTree } from './standing-tree.js';

function leafOf(stream: string, since: number): MadeLeaf {
  return { stream, since, bytes: utf8(`${stream} ${since}`) };
}

function anew(leaves: readonly MadeLeaf[]): MerkleTree {
  return MerkleTree.of(leaves.map(({ bytes }) => hashLeaf(bytes)));
}

describe('the tree of the standing', () => {
  it('S1: is the tree made anew, whatever streams come and whichever leaves change', () => {
    const change = fc.record({ stream: fc.integer({ min: 0, max: 60 }), more: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const tree = new StandingTree();
        const leaves = new Map<string, MadeLeaf>();
        changes.forEach(({ stream, more }, n) => {
          for (let i = 0; i <= more; i += 1) {
            const name = `definition-${String((stream + 7 * i) % 61).padStart(2, '0')}`;
            leaves.set(name, leafOf(name, n));
          }
          const now = [...leaves.values()].sort((a, b) => (a.stream < b.stream ? -1 : 1));
          tree.become(now);
          expect(tree.root()).toEqual(anew(now).root());
          expect(tree.inclusionPath(now.length - 1)).toEqual(anew(now).inclusionPath(now.length - 1));
        });
      }),
      { numRuns: 50 },
    );
  });

  it('hashes a changed leaf and the nodes above it only', () => {
    const leaves = Array.from({ length: 10_000 }, (_, i) => leafOf(`definition-${10_000 + i}`, i));
    const tree = new StandingTree();
    tree.become(leaves);
    const next = leaves.with(5_000, leafOf('definition-15000', 20_000));
    const times = [leaves, next, leaves, next, leaves].map((now) => {
      const started = performance.now();
      tree.become(now);
      tree.root();
      return performance.now() - started;
    });
    expect(Math.min(...times)).toBeLessThan(20);
    expect(tree.root()).toEqual(anew(leaves).root());
  });
});

describe('a snapshot of the standing', () => {
  it('finds leaves by their streams, with paths to its root', () => {
    const leaves = ['a', 'b', 'c'].map((stream, i) => leafOf(stream, i));
    const snapshot = new StandingSnapshot(9, '', leaves, -1);
    expect(snapshot.find('b')).toEqual({ index: 1, bytes: leaves[1]!.bytes });
    expect(snapshot.find('d')).toBeUndefined();
    expect(snapshot.ownRoot()).toBe(toBase64(anew(leaves).root()));
    expect(snapshot.tree.inclusionPath(1)).toEqual(anew(leaves).inclusionPath(1));
  });
});
