import { describe, expect, it } from '@jest/globals';
import { STATUS_LIST_ENTRIES } from './credential.events.js';
import { indexPermutation } from './index-permutation.js';

describe('the permutation of a status list', () => {
  const permute = indexPermutation(new Uint8Array(32).fill(7));

  it('S25: gives every index exactly once', () => {
    const seen = new Uint8Array(STATUS_LIST_ENTRIES);
    for (let slot = 0; slot < STATUS_LIST_ENTRIES; slot += 1) {
      const index = permute(slot);
      seen[index] = (seen[index] ?? 0) + 1;
    }
    expect(seen.every((times) => times === 1)).toBe(true);
  });

  it('S25: does not hand out neighbouring indexes one after the other, and differs by key', () => {
    const other = indexPermutation(new Uint8Array(32).fill(8));
    const first = Array.from({ length: 64 }, (_, slot) => permute(slot));
    const neighbours = first.filter((index, slot) => slot > 0 && Math.abs(index - (first[slot - 1] ?? 0)) === 1);
    expect(neighbours.length).toBeLessThan(3);
    expect(first).not.toEqual(Array.from({ length: 64 }, (_, slot) => other(slot)));
  });

  it('refuses a slot outside the list', () => {
    expect(() => permute(STATUS_LIST_ENTRIES)).toThrow('outside the status list');
    expect(() => permute(-1)).toThrow('outside the status list');
  });
});
