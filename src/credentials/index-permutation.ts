/**
 * A secret permutation of a status list's indexes (S25): slots are handed out one after the other, the indexes they
 * stand for look random to whoever does not hold the key. 131,072 = 2^17, so the halves have 8 and 9 bits and the rounds
 * alternate: an unbalanced Feistel network, which is a bijection whatever the round functions are. Those are tables
 * filled from the key's AES-256-CTR stream.
 */
import { createCipheriv } from 'node:crypto';
import { STATUS_LIST_ENTRIES } from './credential.events.js';
import { InvariantError } from '../errors.js';

const LOW_BITS = 8;
const LOW_MASK = (1 << LOW_BITS) - 1;
const HIGH_MASK = (1 << 9) - 1;
const ROUNDS = 8;

/**
 * @param key 32 secret bytes, one a list
 * @returns for a slot 0 … 131,071 its index 0 … 131,071; every slot has another one
 */
export function indexPermutation(key: Uint8Array): (slot: number) => number {
  const tableSize = HIGH_MASK + 1;
  const stream = createCipheriv('aes-256-ctr', key, new Uint8Array(16)).update(new Uint8Array(ROUNDS * tableSize * 2));
  const tables = new Uint16Array(stream.buffer.slice(stream.byteOffset, stream.byteOffset + stream.byteLength));
  const value = (round: number, half: number): number => tables[round * tableSize + half] ?? 0;
  return (slot) => {
    if (!Number.isInteger(slot) || slot < 0 || slot >= STATUS_LIST_ENTRIES) {
      throw new InvariantError(`slot ${slot} is outside the status list`);
    }
    let low = slot & LOW_MASK;
    let high = slot >>> LOW_BITS;
    for (let round = 0; round < ROUNDS; round += 2) {
      high ^= value(round, low) & HIGH_MASK;
      low ^= value(round + 1, high) & LOW_MASK;
    }
    return (high << LOW_BITS) | low;
  };
}
