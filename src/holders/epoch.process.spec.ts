/** When the epoch changes by itself (S23): some days after an erasure, and never without one. */
import { describe, expect, it } from '@jest/globals';
import { UnavailableError } from '../errors.js';
import type { EpochKeys } from './epoch-keys.js';
import { EpochProcess } from './epoch.process.js';

const NOW = new Date('2026-11-24T12:00:00Z');
const DAY = 86_400_000;
const ago = (days: number): string => new Date(NOW.getTime() - days * DAY).toISOString();

interface Plan {
  readonly begun?: string | undefined;
  readonly ending?: readonly number[];
  readonly erasedDaysAgo?: readonly number[];
  readonly afterDays?: number;
  readonly isWorker?: boolean;
  readonly change?: () => Promise<boolean>;
}

function processOf({ begun, ending = [], erasedDaysAgo = [], ...rest }: Plan): {
  process: EpochProcess;
  changes: () => number;
  fatal: unknown[];
} {
  let changes = 0;
  const fatal: unknown[] = [];
  const epochs = { current: 3, begun, ending, refresh: () => undefined } as unknown as EpochKeys;
  const process = new EpochProcess(
    epochs,
    () => {
      changes += 1;
      return rest.change?.() ?? Promise.resolve(true);
    },
    () => erasedDaysAgo.map((days) => ({ holder: crypto.randomUUID(), at: ago(days) })),
    { isWorker: rest.isWorker ?? true, afterDays: rest.afterDays ?? 7 },
    (error) => fatal.push(error),
    () => NOW,
  );
  return { process, changes: () => changes, fatal };
}

describe('an epoch', () => {
  it.each([
    ['nobody was erased', {}, false],
    ['the erasure is of today', { begun: ago(100), erasedDaysAgo: [0] }, false],
    ['the erasure is younger than the time to wait', { begun: ago(100), erasedDaysAgo: [6.9] }, false],
    ['an erasure has waited as long as it may', { begun: ago(100), erasedDaysAgo: [0, 7] }, true],
    ['the erasure came before it began', { begun: ago(20), erasedDaysAgo: [30] }, false],
    ['the erasure was being carried out when it began', { begun: ago(20), erasedDaysAgo: [20.001] }, true],
    ['nobody knows when it began', { erasedDaysAgo: [8] }, true],
    ['another time to wait is set', { begun: ago(100), erasedDaysAgo: [8], afterDays: 30 }, false],
    ['a change was cut short', { begun: ago(1), ending: [2] }, true],
  ] as [string, Plan, boolean][])('S23: where %s, is due to change: %#', (_, plan, isDue) => {
    expect(processOf(plan).process.isDue()).toBe(isDue);
  });

  it('S23: that is due changes by itself on a worker, and only there', async () => {
    for (const isWorker of [true, false]) {
      const { process, changes } = processOf({ begun: ago(100), erasedDaysAgo: [8], isWorker });
      process.start();
      await process.stop();
      expect(changes()).toBe(isWorker ? 1 : 0);
    }
  });

  it('changes on request, once at a time, on any node', async () => {
    const { process, changes } = processOf({ isWorker: false });
    process.request();
    process.request();
    expect(process.state.state).toBe('changing');
    await process.stop();
    expect(changes()).toBe(1);
    expect(process.state.state).toBe('idle');
  });

  it('says what keeps it from changing; anything else than passing trouble is fatal', async () => {
    const busy = processOf({ change: () => Promise.reject(new UnavailableError('another process is at it')) });
    busy.process.request();
    await new Promise((resolve) => setImmediate(resolve));
    expect(busy.process.state).toEqual({ state: 'idle', problem: 'another process is at it' });
    expect(busy.fatal).toEqual([]);
    await busy.process.stop();

    const broken = processOf({ change: () => Promise.reject(new TypeError('a bug')) });
    broken.process.request();
    await new Promise((resolve) => setImmediate(resolve));
    expect(broken.fatal).toEqual([expect.any(TypeError)]);
    await broken.process.stop();
  });
});
