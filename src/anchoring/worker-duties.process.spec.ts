import { describe, expect, it } from '@jest/globals';
import { InvariantError, UnavailableError } from '../errors.js';
import { NO_STREAM } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import type { TransparencyLog } from '../log/transparency-log.js';
import { WORKER_STREAM } from './remote-anchoring.js';
import { WorkerDuties } from './worker-duties.process.js';

const request = () => ({
  ...{ id: crypto.randomUUID(), type: 'SealRequested', v: 1, at: '2026-01-01T00:00:00.000Z', by: 'process:anchoring' },
  data: {},
});

/** Everything that the duties did, and a promise for the next of a kind. */
function recorder(fail: (what: string) => void = () => undefined) {
  const done: string[] = [];
  const waiting: { what: string; resolve: () => void }[] = [];
  const note = (what: string): void => {
    fail(what);
    done.push(what);
    for (const waiter of waiting.splice(0)) {
      if (waiter.what === what) waiter.resolve();
      else waiting.push(waiter);
    }
  };
  return {
    done,
    note,
    next: (what: string) => new Promise<void>((resolve) => waiting.push({ what, resolve })),
  };
}

function duties(record: ReturnType<typeof recorder>, fatal: (error: unknown) => void = () => undefined) {
  const store = openMemoryEventStore();
  const log = { tree: { size: 5 } } as unknown as TransparencyLog;
  const signed = { covering: async (size: number) => record.note(`sign ${size}`) };
  const anchoring = {
    sealNow: async () => {
      record.note('seal');
      return { batch: undefined, sealed: true };
    },
    freshStanding: async () => record.note('standing'),
  };
  return { store, duties: new WorkerDuties(store, log, signed, anchoring, fatal) };
}

describe('a worker', () => {
  it('records the standing and signs the newest head, again and again', async () => {
    const record = recorder();
    const { duties: worker } = duties(record);
    worker.start();
    await record.next('sign 5');
    await record.next('sign 5');
    await worker.stop();
    expect(record.done.slice(0, 4)).toEqual(['standing', 'sign 5', 'standing', 'sign 5']);
  });

  it('seals when a node asks, and not for what was asked before it began', async () => {
    const record = recorder();
    const { store, duties: worker } = duties(record);
    await store.append({ stream: WORKER_STREAM, expectedRevision: NO_STREAM, events: [request()] });
    worker.start();
    await record.next('sign 5');
    expect(record.done).not.toContain('seal');
    const sealed = record.next('seal');
    await store.append({ stream: WORKER_STREAM, expectedRevision: 0, events: [request()] });
    await sealed;
    await worker.stop();
    expect(record.done.filter((what) => what === 'seal')).toHaveLength(1);
  });

  it('goes on after passing trouble, and stops the process for anything else', async () => {
    let trouble: Error | undefined = new UnavailableError('the store is away');
    const record = recorder((what) => {
      if (what === 'standing' && trouble) {
        const error = trouble;
        trouble = undefined;
        throw error;
      }
    });
    let fatal: (error: unknown) => void = () => undefined;
    const failed = new Promise((resolve) => (fatal = resolve));
    const { duties: worker } = duties(record, (error) => fatal(error));
    worker.start();
    await record.next('sign 5');
    trouble = new InvariantError('another history');
    expect(await failed).toBeInstanceOf(InvariantError);
    await worker.stop();
  });
});
