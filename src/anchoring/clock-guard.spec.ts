import { describe, expect, it } from '@jest/globals';
import { NO_STREAM } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { ClockSkewError } from '../errors.js';
import { ClockGuard, ClockGuardedStore } from './clock-guard.js';

const NOW = 1_800_000_000;

function clock(): { guard: ClockGuard; at: (seconds: number) => void } {
  let seconds = NOW;
  return { guard: new ClockGuard(() => new Date(seconds * 1000)), at: (now) => void (seconds = now) };
}

describe('S18: a clock', () => {
  it('behind the newest block is found at the first look, and found right again', () => {
    const { guard, at } = clock();
    guard.observe('sepolia', [{ number: 1, time: NOW + 121 }]);
    expect(guard.problem).toMatch(/121 s behind the newest block of "sepolia".*Set the clock/);
    at(NOW + 10);
    guard.observe('sepolia', [{ number: 1, time: NOW + 121 }]);
    expect(guard.problem).toBeUndefined();
  });

  it('within two minutes is right', () => {
    const { guard } = clock();
    guard.observe('sepolia', [{ number: 1, time: NOW + 120 }]);
    guard.observe('sepolia', [{ number: 2, time: NOW - 120 }]);
    expect(guard.problem).toBeUndefined();
  });

  it('ahead is found when a block comes that is older than the last look', () => {
    const { guard, at } = clock();
    guard.observe('sepolia', [{ number: 1, time: NOW - 300 }]);
    expect(guard.problem).toBeUndefined();
    at(NOW + 12);
    guard.observe('sepolia', [{ number: 2, time: NOW - 288 }]);
    expect(guard.problem).toMatch(/288 s ahead of/);
    at(NOW - 288 + 24);
    guard.observe('sepolia', [{ number: 3, time: NOW - 288 + 12 }]);
    guard.observe('sepolia', [{ number: 4, time: NOW - 288 + 24 }]);
    expect(guard.problem).toBeUndefined();
  });

  it('is not blamed for a chain that stands still', () => {
    const { guard, at } = clock();
    for (const later of [0, 100, 10_000]) {
      at(NOW + later);
      guard.observe('sepolia', [{ number: 1, time: NOW }]);
    }
    expect(guard.problem).toBeUndefined();
  });

  it('is not stopped by one endpoint that lies among several', () => {
    const { guard, at } = clock();
    guard.observe('sepolia', [
      { number: 1, time: NOW },
      { number: 9, time: NOW + 9_999 },
    ]);
    at(NOW + 12);
    expect(guard.problem).toBeUndefined();
  });

  it('that is off lets nothing into the log, and what is in no log all the same', async () => {
    const { guard } = clock();
    const store = new ClockGuardedStore(openMemoryEventStore(), guard);
    const one = (stream: string) => ({
      stream,
      expectedRevision: NO_STREAM,
      events: [
        { id: crypto.randomUUID(), type: 'Happened', v: 1, at: new Date().toISOString(), by: 'process:test', data: {} },
      ],
    });
    await store.append(one('thing-1'));
    guard.observe('sepolia', [{ number: 1, time: NOW + 1_000 }]);
    await expect(store.append(one('thing-2'))).rejects.toThrow(ClockSkewError);
    await expect(store.appendMany([one('vault-x-1'), one('thing-2')])).rejects.toThrow(ClockSkewError);
    await store.append(one('vault-x-1'));
    expect((await store.head()).logSize).toBe(1);
  });
});
