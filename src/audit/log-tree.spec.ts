import { describe, expect, it } from '@jest/globals';
import { sha256 } from '../log/hash.js';
import { MerkleTree } from '../log/merkle-tree.js';
import { hashTile, TILE_WIDTH } from '../log/tiles.js';
import { hashBundle, LogTree, NODES_SIZE, nodesOver } from './log-tree.js';

const SIZE = 3 * TILE_WIDTH + 77;
const leaves = Array.from({ length: SIZE }, (_, i) => sha256(Uint8Array.of(i & 255, i >> 8)));
const tree = MerkleTree.of(leaves);

function bundleNodes(number: number): Buffer {
  return nodesOver(Buffer.concat(leaves.slice(number * TILE_WIDTH, (number + 1) * TILE_WIDTH)));
}

describe('the tree made again', () => {
  it('S15: has the root of every size, whatever bundle it ends in', () => {
    const own = new LogTree();
    for (let bundle = 0; bundle * TILE_WIDTH < SIZE; bundle += 1) {
      const nodes = bundleNodes(bundle);
      const width = Math.min(TILE_WIDTH, SIZE - bundle * TILE_WIDTH);
      for (let w = 0; w <= width; w += 1) {
        expect(Buffer.from(own.rootWith(nodes, w))).toEqual(Buffer.from(tree.root(bundle * TILE_WIDTH + w)));
      }
      if (width === TILE_WIDTH) own.push(nodes);
    }
    const saved = own.edges();
    expect(saved).toHaveLength(1);
    expect(Buffer.from(saved[0]!.hashes)).toEqual(Buffer.from(hashTile(tree, { level: 1, index: 0, width: 3 })));
    const again = LogTree.restored(3, saved);
    expect(Buffer.from(again.rootWith(bundleNodes(3), 77))).toEqual(Buffer.from(tree.root()));
  });

  it('gives a full tile over full tiles, and goes on beside it', () => {
    const own = new LogTree();
    const one = bundleNodes(0);
    const full = Array.from({ length: TILE_WIDTH + 1 }, () => own.push(one)).flat();
    const root = tree.root(TILE_WIDTH);
    expect(full.map(({ level, number, width }) => [level, number, width])).toEqual([[1, 0, TILE_WIDTH]]);
    const whole = MerkleTree.of(Array.from({ length: TILE_WIDTH + 1 }, () => root));
    expect(Buffer.from(own.rootWith(one, 0))).toEqual(Buffer.from(whole.root()));
    expect(own.edges().map(({ level, number, width }) => [level, number, width])).toEqual([
      [1, 1, 1],
      [2, 0, 1],
    ]);
    const again = LogTree.restored(TILE_WIDTH + 1, own.edges());
    expect(Buffer.from(again.rootWith(one, 5))).toEqual(Buffer.from(own.rootWith(one, 5)));
  });

  it('hashes entries in place', () => {
    const entries = [Buffer.from('first'), Buffer.from(''), Buffer.from('third entry')];
    const bytes = Buffer.concat(entries.flatMap((entry) => [Buffer.of(9), entry]));
    const starts = Uint32Array.of(1, 7, 8);
    const ends = Uint32Array.of(6, 7, 19);
    const nodes = Buffer.alloc(NODES_SIZE);
    hashBundle(bytes, starts, ends, 0, 3, nodes);
    expect(Buffer.from(new LogTree().rootWith(nodes, 3))).toEqual(Buffer.from(MerkleTree.ofEntries(entries).root()));
  });
});
