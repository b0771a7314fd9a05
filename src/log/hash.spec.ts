import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concatBytes, utf8 } from '../encoding/bytes.js';
import { toHex } from '../encoding/hex.js';
import { EMPTY_ROOT, hashLeaf, hashNode, sha256 } from './hash.js';

function nodeSha256(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(
    createHash('sha256')
      .update(concatBytes(...parts))
      .digest(),
  );
}

describe('the hashes of the log', () => {
  it('know the empty tree, and the leaf of no bytes', () => {
    expect(toHex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(toHex(hashLeaf(new Uint8Array(0)))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  });

  it('agree with node:crypto', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (entry) => {
        expect(sha256(entry)).toEqual(nodeSha256(entry));
        expect(hashLeaf(entry)).toEqual(nodeSha256(Uint8Array.of(0), entry));
      }),
    );
  });

  it('keep leaves and nodes apart', () => {
    const left = sha256(utf8('left'));
    const right = sha256(utf8('right'));
    expect(hashNode(left, right)).toEqual(nodeSha256(Uint8Array.of(1), left, right));
    expect(hashNode(left, right)).not.toEqual(hashLeaf(concatBytes(left, right)));
    expect(hashNode(left, right)).not.toEqual(hashNode(right, left));
  });
});
