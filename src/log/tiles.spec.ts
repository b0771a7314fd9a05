import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EncodingError } from '../errors.js';
import { hashLeaf } from './hash.js';
import { MerkleTree } from './merkle-tree.js';
import type { Tile } from './tiles.js';
import {
  TileError,
  bundleRange,
  decodeEntryBundle,
  encodeEntryBundle,
  formatTilePath,
  fullTileRoot,
  hashTile,
  hashesOfTile,
  isFullTile,
  parseTilePath,
  rootFromTiles,
  tileWidth,
  tilesBetween,
} from './tiles.js';

const SIZE = 70_000;
const tree = new MerkleTree();
for (let i = 0; i < SIZE; i++) tree.appendEntry(Uint8Array.of(i, i >> 8, i >> 16));

describe("a tile's path", () => {
  it.each<[Tile, string]>([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 1_234_067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 63, index: 999, width: 1 }, 'tile/63/999.p/1'],
    [{ level: 1, index: 1000, width: 255 }, 'tile/1/x001/000.p/255'],
    [{ level: 'entries', index: 0, width: 256 }, 'tile/entries/000'],
    [{ level: 'entries', index: 123_456, width: 17 }, 'tile/entries/x123/456.p/17'],
    [{ level: 0, index: 2 ** 53 - 1, width: 256 }, 'tile/0/x009/x007/x199/x254/x740/991'],
  ])('of %j is %s', (tile, path) => {
    expect(formatTilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  it('goes there and back', () => {
    const level = fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 }));
    fc.assert(
      fc.property(level, fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (l, index, width) => {
        expect(parseTilePath(formatTilePath({ level: l, index, width }))).toEqual({ level: l, index, width });
      }),
    );
  });

  it.each([
    '',
    'tile/0',
    'tile/0/',
    'tile/0/0',
    'tile/0/00',
    'tile/0/0000',
    'tile/00/000',
    'tile/01/000',
    'tile/64/000',
    'tile/100/000',
    'tile/-1/000',
    'tile/x/000',
    'tile/0/x000/001',
    'tile/0/001/001',
    'tile/0/x001/x001',
    'tile/0/x01/001',
    'tile/0/x999/x999/x999/x999/x999/999',
    'tile/0/x001/x000/x000/x000/x000/x000/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/000.p',
    'tile/0/000/',
    'tile/0/000\n',
    '/tile/0/000',
    'tile/entries/0',
    'tile/data/000',
    'tile/0/０００',
    'tile/0/../000',
  ])('is not %j', (path) => {
    expect(() => parseTilePath(path)).toThrow(expect.objectContaining({ code: 'badTile' }));
  });

  it.each<Tile>([
    { level: -1, index: 0, width: 1 },
    { level: 64, index: 0, width: 1 },
    { level: 0.5, index: 0, width: 1 },
    { level: 0, index: -1, width: 1 },
    { level: 0, index: 2 ** 53, width: 1 },
    { level: 0, index: 0, width: 0 },
    { level: 0, index: 0, width: 257 },
  ])('is not made for %j', (tile) => {
    expect(() => formatTilePath(tile)).toThrow(TileError);
  });
});

describe('the tiles of a log', () => {
  it('of 70,000 are those of the specification', () => {
    const tiles = [...tilesBetween(0, SIZE)];
    const count = (level: number | 'entries', full: boolean): number =>
      tiles.filter((tile) => tile.level === level && isFullTile(tile) === full).length;
    expect([count(0, true), count(0, false), count(1, true), count(1, false)]).toEqual([273, 1, 1, 1]);
    expect([count(2, true), count(2, false), count('entries', true), count('entries', false)]).toEqual([0, 1, 273, 1]);
    expect(tiles).toHaveLength(273 + 1 + 1 + 1 + 1 + 273 + 1);
    expect(tiles).toContainEqual({ level: 0, index: 273, width: 112 });
    expect(tiles).toContainEqual({ level: 1, index: 1, width: 17 });
    expect(tiles).toContainEqual({ level: 2, index: 0, width: 1 });
  });

  it('of 256 are a full tile and one of width 1 above', () => {
    expect([...tilesBetween(0, 256)]).toEqual([
      { level: 'entries', index: 0, width: 256 },
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ]);
  });

  it('are none for an empty log, and none new without growth', () => {
    expect([...tilesBetween(0, 0)]).toEqual([]);
    expect([...tilesBetween(300, 300)]).toEqual([]);
  });

  it('are published step by step as they would be at once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 8 }), (cuts) => {
        const sizes = cuts.sort((a, b) => a - b);
        const stepwise = new Set<string>();
        let from = 0;
        for (const size of sizes) {
          for (const tile of tilesBetween(from, size)) stepwise.add(formatTilePath(tile));
          from = size;
        }
        for (const tile of tilesBetween(0, from)) expect(stepwise.has(formatTilePath(tile))).toBe(true);
      }),
    );
  });

  it('give the root of any size, and each stands above as its own root', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.integer({ min: 0, max: SIZE }), fc.constantFrom(0, 1, 255, 256, 257, 65_535, 65_536, 65_537)),
        async (size) => {
          const served = new Set([...tilesBetween(0, size)].map(formatTilePath));
          const root = await rootFromTiles(size, (tile) => {
            expect(served.has(formatTilePath(tile))).toBe(true);
            return hashTile(tree, tile, size);
          });
          expect(root).toEqual(tree.root(size));
        },
      ),
    );
    const above = hashesOfTile(hashTile(tree, { level: 1, index: 0, width: 256 }), 256);
    for (const index of [0, 1, 100, 255]) {
      expect(fullTileRoot(hashTile(tree, { level: 0, index, width: 256 }))).toEqual(above[index]);
    }
    expect(fullTileRoot(hashTile(tree, { level: 1, index: 0, width: 256 }))).toEqual(
      hashTile(tree, { level: 2, index: 0, width: 1 }),
    );
  });

  it('do not give the root when one is changed', async () => {
    for (const level of [0, 1, 2]) {
      const root = await rootFromTiles(SIZE, (tile) => {
        const bytes = hashTile(tree, tile);
        if (tile.level === level) bytes[bytes.length - 1]! ^= 1;
        return bytes;
      });
      expect(root).not.toEqual(tree.root());
    }
    await expect(rootFromTiles(3, () => new Uint8Array(64))).rejects.toThrow(EncodingError);
  });

  it('do not change when the log grows: a narrower one is the beginning of the full one', () => {
    const full = hashTile(tree, { level: 0, index: 3, width: 256 });
    const partial = hashTile(tree, { level: 0, index: 3, width: 17 }, 3 * 256 + 17);
    expect(partial).toEqual(full.slice(0, 17 * 32));
    expect(hashTile(tree, { level: 0, index: 3, width: 17 })).toEqual(partial);
  });

  it.each<[Tile, number]>([
    [{ level: 0, index: 0, width: 1 }, 0],
    [{ level: 0, index: 0, width: 8 }, 7],
    [{ level: 0, index: 0, width: 256 }, 255],
    [{ level: 0, index: 1, width: 1 }, 256],
    [{ level: 1, index: 0, width: 1 }, 255],
    [{ level: 0, index: 274, width: 1 }, SIZE],
    [{ level: 0, index: 274, width: 1 }, SIZE + 1000],
    [{ level: 63, index: 0, width: 1 }, SIZE],
    [{ level: 0, index: 2 ** 53 - 1, width: 1 }, SIZE],
  ])('do not contain %j at size %d', (tile, size) => {
    expect(() => hashTile(tree, tile, size)).toThrow(expect.objectContaining({ code: 'notThere' }));
  });

  it('are as wide as the log is long', () => {
    expect(tileWidth(0, 0, 0)).toBe(0);
    expect(tileWidth(0, 0, 256)).toBe(256);
    expect(tileWidth(0, 1, 256)).toBe(0);
    expect(tileWidth(1, 0, 256)).toBe(1);
    expect(tileWidth('entries', 1, 300)).toBe(44);
  });

  it('are not taken for bundles, nor bundles for them', () => {
    expect(() => hashTile(tree, { level: 'entries', index: 0, width: 1 })).toThrow(TileError);
    expect(() => bundleRange({ level: 0, index: 0, width: 1 }, 10)).toThrow(TileError);
  });
});

describe('an entry bundle', () => {
  it('covers a range of the log', () => {
    expect(bundleRange({ level: 'entries', index: 2, width: 256 }, 1000)).toEqual({ from: 512, to: 768 });
    expect(bundleRange({ level: 'entries', index: 3, width: 5 }, 1000)).toEqual({ from: 768, to: 773 });
    expect(() => bundleRange({ level: 'entries', index: 3, width: 233 }, 1000)).toThrow(
      expect.objectContaining({ code: 'notThere' }),
    );
  });

  it('is lengths and entries', () => {
    expect(encodeEntryBundle([Uint8Array.of(7, 8), new Uint8Array(0), new Uint8Array(258)])).toEqual(
      Uint8Array.of(0, 2, 7, 8, 0, 0, 1, 2, ...new Uint8Array(258)),
    );
  });

  it('goes there and back, and hashes to the leaves', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { minLength: 1, maxLength: 256 }), (entries) => {
        const decoded = decodeEntryBundle(encodeEntryBundle(entries), entries.length);
        expect(decoded).toEqual(entries);
        expect(MerkleTree.ofEntries(decoded).root()).toEqual(MerkleTree.of(entries.map(hashLeaf)).root());
      }),
      { numRuns: 30 },
    );
  });

  it('holds entries of up to 65,535 bytes, and 1 to 256 of them', () => {
    const longest = new Uint8Array(65_535).fill(1);
    expect(decodeEntryBundle(encodeEntryBundle([longest, longest]), 2)).toEqual([longest, longest]);
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(EncodingError);
    expect(() => encodeEntryBundle([])).toThrow(EncodingError);
    expect(() => encodeEntryBundle(new Array<Uint8Array>(257).fill(new Uint8Array(1)))).toThrow(EncodingError);
  });

  it.each<[string, number[], number]>([
    ['nothing', [], 1],
    ['half a length', [0], 1],
    ['an entry cut short', [0, 3, 1, 2], 1],
    ['half a second length', [0, 1, 9, 0], 2],
    ['too few entries', [0, 1, 9], 2],
    ['too many entries', [0, 1, 9, 0, 0], 1],
  ])('is refused with %s', (_, bytes, width) => {
    expect(() => decodeEntryBundle(Uint8Array.from(bytes), width)).toThrow(EncodingError);
  });
});
