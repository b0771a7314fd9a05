import { describe, expect, it } from '@jest/globals';
import { utf8 } from '../encoding/bytes.js';
import { toHex } from '../encoding/hex.js';
import { keccak256 } from './keccak.js';

describe('keccak256', () => {
  it.each([
    ['', 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'],
    ['abc', '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45'],
  ])('has the original padding: %j', (text, digest) => {
    expect(toHex(keccak256(utf8(text)))).toBe(digest);
  });
});
