/** The tree in tiles against the tree in memory: the same at every size, also taken up from what was kept. */
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { hashLeaf } from './hash.js';
import { MerkleTree } from './merkle-tree.js';
import { DamagedTreeError, TiledTree, type TileSource } from './tiled-tree.js';

const SIZE = 70_000;
const whole = new MerkleTree();
for (let i = 0; i < SIZE; i += 1) whole.append(hashLeaf(Uint8Array.of(i >> 16, i >> 8, i)));

class Kept implements TileSource {
  readonly tiles = new Map<string, Uint8Array>();
  reads = 0;

  tile(level: number, number: number): Uint8Array | undefined {
    this.reads += 1;
    return this.tiles.get(`${level}/${number}`);
  }

  save(tree: TiledTree): void {
    for (const { level, number, hashes } of tree.unsaved()) this.tiles.set(`${level}/${number}`, hashes.slice());
    tree.saved();
  }
}

function grown(kept: Kept, size: number, from = new TiledTree(kept)): TiledTree {
  for (let i = from.size; i < size; i += 1) from.append(whole.leafHash(i));
  return from;
}

describe('the tree in tiles', () => {
  it('is the tree in memory at every size around the edges of tiles', () => {
    const tree = grown(new Kept(), SIZE);
    const sizes = [0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, SIZE];
    for (const size of sizes) expect(tree.root(size)).toEqual(whole.root(size));
    for (const size of sizes.slice(1)) {
      expect(tree.consistencyPath(size, SIZE)).toEqual(whole.consistencyPath(size, SIZE));
      expect(tree.inclusionPath(size - 1, SIZE)).toEqual(whole.inclusionPath(size - 1, SIZE));
    }
  });

  it('is the same wherever it was saved and taken up again', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 6 }), (stops) => {
        const kept = new Kept();
        let tree = new TiledTree(kept);
        for (const size of stops.sort((a, b) => a - b)) {
          kept.save(grown(kept, size, tree));
          tree = new TiledTree(kept);
          tree.restore(size);
          expect(tree.root()).toEqual(whole.root(size));
        }
        const { size } = tree;
        for (let index = 0; index < size; index += 331) {
          expect(tree.inclusionPath(index)).toEqual(whole.inclusionPath(index, size));
          expect(tree.consistencyPath(index + 1)).toEqual(whole.consistencyPath(index + 1, size));
        }
      }),
      { numRuns: 15 },
    );
  });

  it('goes on from what was saved, though more was kept than that', () => {
    const kept = new Kept();
    const tree = grown(kept, 1_000);
    kept.save(tree);
    const [leafTile, above] = [kept.tiles.get('0/3')!, kept.tiles.get('1/0')!];
    kept.save(grown(kept, 1_500, tree));
    const again = new TiledTree(kept);
    kept.tiles.set('0/3', leafTile).set('1/0', above);
    again.restore(1_000);
    expect(grown(kept, SIZE, again).root()).toEqual(whole.root());
  });

  it('reads no tile at start but the unfinished ones, and each other one when it is asked for, once', () => {
    const kept = new Kept();
    kept.save(grown(kept, SIZE));
    const tree = new TiledTree(kept);
    kept.reads = 0;
    tree.restore(SIZE);
    expect(tree.root()).toEqual(whole.root());
    expect(kept.reads).toBeLessThanOrEqual(3);
    kept.reads = 0;
    for (let i = 0; i < 256; i += 1) tree.inclusionPath(i);
    expect(kept.reads).toBeLessThanOrEqual(4);
  });

  it('gives out copies', () => {
    const tree = grown(new Kept(), 300);
    tree.leafHash(7).fill(0);
    expect(tree.leafHash(7)).toEqual(whole.leafHash(7));
  });
});

describe('a kept tile that is not what was written', () => {
  it.each([
    ['changed', (tile: Uint8Array) => tile.with(5_000, tile[5_000]! ^ 1)],
    ['cut off', (tile: Uint8Array) => tile.subarray(0, 4_000)],
    ['gone', () => undefined],
  ] as const)('S15: is never served: %s', (_, damage) => {
    const kept = new Kept();
    kept.save(grown(kept, SIZE));
    const damaged = damage(kept.tiles.get('0/3')!);
    if (damaged) kept.tiles.set('0/3', damaged);
    else kept.tiles.delete('0/3');
    const onDamage = jest.fn();
    const tree = new TiledTree(kept, onDamage);
    tree.restore(SIZE);
    expect(() => tree.inclusionPath(3 * 256 + 9)).toThrow(DamagedTreeError);
    expect(onDamage).toHaveBeenCalledTimes(1);
    expect(tree.inclusionPath(9)).toEqual(whole.inclusionPath(9));
  });

  it('S15: of the middle levels is found from below', () => {
    const kept = new Kept();
    kept.save(grown(kept, SIZE));
    const middle = kept.tiles.get('1/0')!;
    kept.tiles.set('1/0', middle.with(0, middle[0]! ^ 1));
    const tree = new TiledTree(kept);
    tree.restore(SIZE);
    expect(() => tree.leafHash(0)).toThrow(DamagedTreeError);
  });
});
