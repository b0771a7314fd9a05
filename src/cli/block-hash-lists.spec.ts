import { describe, expect, it } from '@jest/globals';
import { LIST_OF_LEDGER_WARNING, type BlockHashList } from '../verification/index.js';
import { trustFile } from '../verification/synthetic-ledger.fixture.js';
import { warningsOfLists, type KeptList } from './block-hash-lists.js';

const list: BlockHashList = {
  type: 'MeritkedjaBlockHashes',
  version: 1,
  origin: 'ledger.example/log',
  name: 'sepolia',
  chainId: 1,
  anchors: [],
};

describe('S10: a list of block hashes', () => {
  const warned = (source: string): boolean => {
    const kept: KeptList = { source, list };
    return warningsOfLists([kept], [trustFile()]).includes(LIST_OF_LEDGER_WARNING);
  };

  it('is told to be the operator’s word where the ledger itself served it', () => {
    expect(warned(`${new URL(trustFile().log).origin}/api/v1/chains/1/anchors`)).toBe(true);
  });

  it.each(['kept.json', '-', 'https://archive.example/kept.json'])('is whoever’s it is otherwise: %s', (source) => {
    expect(warned(source)).toBe(false);
  });
});
