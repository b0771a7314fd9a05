/** A position header from anybody: what it makes this node keep is bounded, and gone when the answer is given. */
import type { ExecutionContext } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UnavailableError } from '../errors.js';
import type { Ledger } from '../ledger.js';
import { POSITION_HEADER, PositionGuard } from './position.guard.js';

function asking(position: string): ExecutionContext {
  return { switchToHttp: () => ({ getRequest: () => ({ headers: { [POSITION_HEADER]: position } }) }) } as never;
}

/** A ledger that never gets there. */
function stuck(): { ledger: Ledger; waiting: () => number } {
  let waiting = 0;
  const reached = (_: bigint, signal?: AbortSignal): Promise<void> =>
    new Promise((_resolve, reject) => {
      waiting += 1;
      signal?.addEventListener('abort', () => {
        waiting -= 1;
        reject(signal.reason as Error);
      });
    });
  return { ledger: { reached } as unknown as Ledger, waiting: () => waiting };
}

describe('positions that never come', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('leave nothing behind when the answer is given', async () => {
    const { ledger, waiting } = stuck();
    const answer = expect(new PositionGuard(ledger).canActivate(asking('9'.repeat(30)))).rejects.toThrow(
      UnavailableError,
    );
    expect(waiting()).toBe(1);
    await jest.advanceTimersByTimeAsync(5_000);
    await answer;
    expect(waiting()).toBe(0);
  });

  it('wait in bounded number; the others are refused at once', async () => {
    const { ledger, waiting } = stuck();
    const guard = new PositionGuard(ledger);
    const answers = Promise.allSettled(Array.from({ length: 1_000 }, () => guard.canActivate(asking('7'))));
    await expect(guard.canActivate(asking('7'))).rejects.toThrow('too many');
    expect(waiting()).toBe(1_000);
    await jest.advanceTimersByTimeAsync(5_000);
    expect((await answers).every(({ status }) => status === 'rejected')).toBe(true);
    expect(waiting()).toBe(0);
  });
});
