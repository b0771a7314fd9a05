import { describe, expect, it } from '@jest/globals';
import { Secrets } from './crypto/secrets.js';
import { EVENT_TYPES } from './event-types.js';
import { Crash, LateStore } from './event-store/memory-late.fixture.js';
import { founded, isNameOf, originOf } from './founding.js';

const secrets = new Secrets(new Uint8Array(32).fill(3));
const CONFIG = { publicUrl: 'https://ledger.example' };
const now = (): Date => new Date('2026-01-01T00:00:00Z');
const found = (store: LateStore) => founded(store, secrets, CONFIG, now);

describe('founding a ledger', () => {
  it.each([0, 1, 2])('goes on after a crash with %d of its two appends written', async (written) => {
    const store = new LateStore(EVENT_TYPES);
    store.crashAfter = written;
    await expect(found(store)).rejects.toThrow(Crash);
    const first = await found(store);
    expect(await found(store)).toEqual(first);
    expect(await store.readStream('ledger')).toHaveLength(1);
    expect(await store.readStream('vault-ledger-keys')).toHaveLength(1);
  });

  it('is done once by several nodes at a time, and all have its keys', async () => {
    const store = new LateStore(EVENT_TYPES);
    const all = await Promise.all(Array.from({ length: 5 }, () => found(store)));
    for (const one of all) expect(one).toEqual(all[0]);
    expect(await store.readStream('ledger')).toHaveLength(1);
    expect(await store.readStream('vault-ledger-keys')).toHaveLength(1);
  });
});

describe("a log's name", () => {
  it('is its address without the scheme', () => {
    expect(originOf('https://ledger.example')).toBe('ledger.example/log');
    expect(originOf('http://localhost:3000')).toBe('localhost:3000/log');
  });

  it.each([
    ['ledger.example/log', true],
    ['ledger.example/log/2', true],
    ['ledger.example/log/12', true],
    ['ledger.example/log/1', false],
    ['ledger.example/log/02', false],
    ['ledger.example/log/2/3', false],
    ['other.example/log', false],
  ])('%s is of the address: %s', (origin, expected) => {
    expect(isNameOf(origin, CONFIG.publicUrl)).toBe(expected);
  });
});
