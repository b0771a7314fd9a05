import { describe, expect, it } from '@jest/globals';
import { InputError } from '../errors.js';
import { parseBlockHashList, pinnedBlocksOf } from './block-hash-list.js';

const A = `0x${'a1'.repeat(32)}`;
const B = `0x${'b2'.repeat(32)}`;
const list = {
  type: 'MeritkedjaBlockHashes',
  version: 1,
  origin: 'ledger.example/log',
  name: 'sepolia',
  chainId: 11_155_111,
  anchors: [
    { blockNumber: 7, blockHash: A, batch: 1, size: 3 },
    { blockNumber: 9, blockHash: B },
  ],
};

function issuesOf(json: unknown): string[] {
  try {
    parseBlockHashList(json);
  } catch (error) {
    if (error instanceof InputError) return error.issues.map(({ path, code }) => `${path} ${code}`);
    throw error;
  }
  return [];
}

describe('a list of block hashes', () => {
  it('is read as it is, with members that we do not know', () => {
    expect(parseBlockHashList({ ...list, more: 1 })).toEqual({ ...list, more: 1 });
    expect(issuesOf({ ...list, anchors: [] })).toEqual([]);
  });

  it('becomes what a verifier pins, each with its chain, its number and where it stands', () => {
    expect(pinnedBlocksOf(parseBlockHashList(list), 'kept.json')).toEqual([
      { chainId: 11_155_111, blockNumber: 7, hash: A, list: 'kept.json' },
      { chainId: 11_155_111, blockNumber: 9, hash: B, list: 'kept.json' },
    ]);
  });

  it.each([null, 'x', [], 4])('is not %p', (json) => {
    expect(issuesOf(json)).toEqual([' object']);
  });

  it.each<[string, object, string]>([
    ['a trust file', { type: undefined }, 'type value'],
    ['of a later version', { version: 2 }, 'version value'],
    ['without an origin', { origin: '' }, 'origin text'],
    ['of no chain', { chainId: 0 }, 'chainId number'],
    ['of a chain in words', { chainId: '1' }, 'chainId number'],
    ['without anchors', { anchors: undefined }, 'anchors list'],
    ['with an anchor that is none', { anchors: [null] }, 'anchors.0 object'],
    ['with a block before the first', { anchors: [{ blockNumber: -1, blockHash: A }] }, 'anchors.0.blockNumber number'],
    ['with half a hash', { anchors: [{ blockNumber: 1, blockHash: A.slice(0, 34) }] }, 'anchors.0.blockHash hash'],
    ['in capitals', { anchors: [{ blockNumber: 1, blockHash: A.toUpperCase() }] }, 'anchors.0.blockHash hash'],
  ])('is refused: %s', (_, change, issue) => {
    expect(issuesOf({ ...list, ...change })).toEqual([issue]);
  });

  it('S10: gives each block one hash', () => {
    const twice = (blockHash: string): object => ({
      ...list,
      anchors: [...list.anchors, { blockNumber: 7, blockHash }],
    });
    expect(issuesOf(twice(A))).toEqual([]);
    expect(issuesOf(twice(B))).toEqual(['anchors.2.blockHash contradiction']);
  });

  it('does not tell of each item that is wrong', () => {
    expect(issuesOf({ ...list, anchors: Array.from({ length: 1_000 }, () => ({})) }).length).toBeLessThan(25);
  });
});
