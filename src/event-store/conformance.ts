/**
 * What every adapter of the event store must do, as one suite: `describeEventStore(name, open, traits)`, called from a
 * spec. Where the port promises less of some stores, `traits` says so, and those have tests of their own promise. A
 * store may hold what others wrote: each test sees its own streams only. Shape after emmett's store specifications.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalBytes } from '../encoding/jcs.js';
import type { JsonObject } from '../encoding/json.js';
import { ConcurrencyError, InputError, InvariantError, LateStaleReadError, StaleReadError } from '../errors.js';
import { draft } from './conformance-draft.js';
import { entryBytes, MAX_ENTRY_BYTES, parseEntry } from './entry.js';
import {
  isVaultStream,
  NO_STREAM,
  type Append,
  type EventDraft,
  type EventStore,
  type Position,
  type StoredEvent,
} from './event-store.js';

export interface OpenedStore {
  readonly store: EventStore;
  /** Closes the store and opens another over the same events; absent where they do not outlive it. */
  readonly reopen?: () => Promise<EventStore>;
  /** Closes what is open and removes what it left. */
  close(): Promise<void>;
}

/** What a store promises beyond what every one does. */
export interface Traits {
  /** `appendMany` is all or nothing; else what is refused leaves those before it, and the same again completes it. */
  readonly atomicAppendMany: boolean;
  /** `reads` and `logSize` are checked in the append itself; else also afterwards, with a `LateStaleReadError`. */
  readonly atomicReads: boolean;
  /** No two events of the store have one id; else no two of one append. */
  readonly uniqueIds: boolean;
}

/** One process with transactions over all streams. */
export const TRANSACTIONAL: Traits = { atomicAppendMany: true, atomicReads: true, uniqueIds: true };
/** Writes are each one stream's. */
export const STREAM_BY_STREAM: Traits = { atomicAppendMany: false, atomicReads: false, uniqueIds: false };

/** A test for the stores that promise something; the others do not have it. */
function itWhere(promised: boolean): (title: string, test: () => Promise<void>) => void {
  return (title, test) => {
    if (promised) it(title, test);
  };
}

export function describeEventStore(
  name: string,
  open: () => Promise<OpenedStore>,
  { atomicAppendMany, atomicReads, uniqueIds }: Traits = TRANSACTIONAL,
): void {
  describe(name, () => {
    let opened: OpenedStore;
    let store: EventStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    const append = (stream: string, expectedRevision: number, ...events: EventDraft[]) =>
      store.append({ stream, expectedRevision, events });

    async function everything(after: Position = 0n): Promise<readonly StoredEvent[]> {
      return store.readAll({ after, limit: 10_000 });
    }
    async function expectUnchanged(work: Promise<unknown>, error: new (...args: never[]) => Error): Promise<void> {
      const before = [await everything(), (await store.head()).logSize];
      await expect(work).rejects.toThrow(error);
      expect([await everything(), (await store.head()).logSize]).toEqual(before);
    }

    describe('a stream', () => {
      it('reads as empty while it does not exist', async () => {
        expect(await store.readStream('a')).toEqual([]);
        expect(await store.head()).toEqual({ position: 0n, logSize: 0 });
      });

      it('keeps its events in order, revisions from 0 without gap', async () => {
        await append('a', NO_STREAM, draft({ n: 0 }), draft({ n: 1 }));
        await append('b', NO_STREAM, draft({ n: 9 }));
        const { events } = await append('a', 1, draft({ n: 2 }));
        const read = await store.readStream('a');
        expect(read.map(({ revision, data, index }) => [revision, data, index])).toEqual([
          [0, { n: 0 }, 0],
          [1, { n: 1 }, 1],
          [2, { n: 2 }, 3],
        ]);
        expect(await store.readStream('a', { fromRevision: 2 })).toEqual(events);
        expect(await store.readStream('a', { fromRevision: 3 })).toEqual([]);
      });

      it('gives back what was appended', async () => {
        const event = draft({ text: 'åäö 😀 "\\\u0000', list: [1, null, [true]], more: { a: -5 } }, { v: 3 });
        const sealed = Uint8Array.from({ length: 300 }, (_, i) => i & 255);
        const answer = await append('a', NO_STREAM, { ...event, sealed });
        const [stored] = await store.readStream('a');
        expect(stored).toMatchObject({ ...event, stream: 'a', revision: 0, index: 0 });
        expect([...stored!.sealed!]).toEqual([...sealed]);
        expect(answer).toEqual({ stream: 'a', events: [stored] });
      });

      it('gives back private parts whatever their bytes look like', async () => {
        const parts = [[], [0], [7], [...Buffer.from('7')], [...Buffer.from('{"a":1}')], [...Buffer.from('null')]];
        const drafts = parts.map((bytes) => draft({}, { sealed: Uint8Array.from(bytes) }));
        const { events } = await append('a', NO_STREAM, ...drafts);
        expect((await store.readStream('a')).map(({ sealed }) => [...sealed!])).toEqual(parts);
        expect(events.map(({ sealed }) => [...sealed!])).toEqual(parts);
        expect((await everything()).map(({ sealed }) => [...sealed!])).toEqual(parts);
      });

      it('keeps events as they were when they were appended', async () => {
        const data = { list: [1] };
        const sealed = Uint8Array.of(1, 2, 3);
        const pending = append('a', NO_STREAM, draft(data, { sealed }));
        data.list.push(2);
        sealed.fill(9);
        await pending;
        const [stored] = await store.readStream('a');
        expect(stored?.data).toEqual({ list: [1] });
        expect([...(stored?.sealed ?? [])]).toEqual([1, 2, 3]);
      });

      it('refuses another expected revision than its own', async () => {
        await expectUnchanged(append('a', 0, draft()), ConcurrencyError);
        await append('a', NO_STREAM, draft(), draft());
        await expectUnchanged(append('a', NO_STREAM, draft()), ConcurrencyError);
        await expectUnchanged(append('a', 0, draft()), ConcurrencyError);
        await expectUnchanged(append('a', 2, draft()), ConcurrencyError);
        await expect(append('a', 0, draft())).rejects.toMatchObject({
          stream: 'a',
          expectedRevision: 0,
          actualRevision: 1,
        });
      });

      it('takes no event where there is none to take, at its revision only', async () => {
        expect(await append('a', NO_STREAM)).toEqual({ stream: 'a', events: [] });
        await append('a', NO_STREAM, draft());
        await expectUnchanged(append('a', NO_STREAM), ConcurrencyError);
        expect(await append('a', 0)).toEqual({ stream: 'a', events: [] });
      });

      it('lets one of two writers win', async () => {
        await append('a', NO_STREAM, draft());
        const outcomes = await Promise.allSettled([append('a', 0, draft({ w: 1 })), append('a', 0, draft({ w: 2 }))]);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        const [lost] = outcomes.filter((outcome) => outcome.status === 'rejected');
        expect(lost?.reason).toBeInstanceOf(ConcurrencyError);
        expect(await store.readStream('a')).toHaveLength(2);
      });

      it('holds many events, and a store many streams', async () => {
        const streams = Array.from({ length: 700 }, (_, i) => `s-${i}`);
        await Promise.all(streams.map((stream) => append(stream, NO_STREAM, draft())));
        await append('long', NO_STREAM, ...Array.from({ length: 1200 }, (_, n) => draft({ n })));
        expect((await store.readStream('long')).map(({ data }) => data['n'])).toEqual([...Array(1200).keys()]);
        for (const stream of streams) expect(await store.readStream(stream)).toHaveLength(1);
        expect((await store.head()).logSize).toBe(1900);
      });
    });

    describe('the same append again', () => {
      const events = [draft({ n: 1 }, { sealed: Uint8Array.of(7) }), draft({ n: 2 })];

      it('S24: answers as it did the first time, also after later events', async () => {
        const first = await append('a', NO_STREAM, ...events);
        expect(await append('a', NO_STREAM, ...events)).toEqual(first);
        await append('a', 1, draft());
        await append('b', NO_STREAM, draft());
        expect(await append('a', NO_STREAM, ...events)).toEqual(first);
        expect(await everything()).toHaveLength(4);
      });

      it('S24: answers alike where both are under way', async () => {
        const [first, second] = await Promise.all([
          append('a', NO_STREAM, ...events),
          append('a', NO_STREAM, ...events),
        ]);
        expect(second).toEqual(first);
        expect(await everything()).toHaveLength(2);
      });

      it('S24: answers as it did the first time when the store was closed in between', async () => {
        if (!opened.reopen) return;
        const first = await append('a', NO_STREAM, ...events);
        store = await opened.reopen();
        expect(await append('a', NO_STREAM, ...events)).toEqual(first);
        expect(await everything()).toEqual(first.events);
      });

      it('S24: is there once, whatever became of the first when the process ended in its midst', async () => {
        if (!opened.reopen) return;
        for (const turns of [0, 1, 2, 5, 20]) {
          const drafts = [draft({ turns }), draft({ turns }, { sealed: Uint8Array.of(turns) })];
          const stream = `a-${turns}`;
          const cut = append(stream, NO_STREAM, ...drafts).then(
            (answer) => answer,
            () => undefined,
          );
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
          store = await opened.reopen();
          const first = await cut;
          const again = await append(stream, NO_STREAM, ...drafts);
          if (first) expect(again).toEqual(first);
          expect(await store.readStream(stream)).toEqual(again.events);
        }
        expect(await everything()).toHaveLength(10);
        expect((await store.readLog({ from: 0, limit: 99 })).map(({ index }) => index)).toEqual([...Array(10).keys()]);
      });

      it('is no longer stale by what it read', async () => {
        await append('cited', NO_STREAM, draft());
        const citing: Append = {
          ...{ stream: 'a', expectedRevision: NO_STREAM, events },
          ...{ reads: [{ stream: 'cited', revision: 0 }], logSize: 1 },
        };
        const first = await store.append(citing);
        await append('cited', 0, draft());
        expect(await store.append(citing)).toEqual(first);
      });

      it('is another one with other content or another place', async () => {
        await append('a', NO_STREAM, ...events);
        const [one, two] = events as [EventDraft, EventDraft];
        const others: [string, number, ...EventDraft[]][] = [
          ['a', NO_STREAM, { ...one, data: { n: 3 } }, two],
          ['a', NO_STREAM, { ...one, sealed: Uint8Array.of(8) }, two],
          ['a', NO_STREAM, one, { ...two, data: { n: 3 } }],
          ['a', NO_STREAM, two, one],
          ['a', NO_STREAM, ...events, draft()],
        ];
        if (uniqueIds) {
          others.push(
            ['a', 1, ...events],
            ['b', NO_STREAM, ...events],
            ['b', NO_STREAM, draft(), one],
            ['vault-b', NO_STREAM, one],
          );
        }
        for (const other of others) await expectUnchanged(append(...other), ConcurrencyError);
        const twice = draft();
        await expectUnchanged(append('b', NO_STREAM, twice, twice), ConcurrencyError);
      });
    });

    describe('reads', () => {
      it('S7: must be of the newest revision', async () => {
        await append('cited', NO_STREAM, draft(), draft());
        const citing = (revision: number, stream = 'cited'): Append => ({
          ...{ stream: `a-${crypto.randomUUID()}`, expectedRevision: NO_STREAM, events: [draft()] },
          reads: [{ stream, revision }],
        });
        await store.append(citing(1));
        await store.append(citing(NO_STREAM, 'absent'));
        await expectUnchanged(store.append(citing(0)), StaleReadError);
        await expectUnchanged(store.append(citing(2)), StaleReadError);
        await expectUnchanged(store.append(citing(NO_STREAM)), StaleReadError);
        await expectUnchanged(store.append(citing(0, 'absent')), StaleReadError);
        await expect(store.append(citing(0))).rejects.toMatchObject({ stream: 'cited', actualRevision: 1 });
      });

      it('S7: are checked against what is written at the same time', async () => {
        for (let n = 0; n < 20; n++) {
          const [cited, citing] = [`cited-${n}`, `a-${n}`];
          await append(cited, NO_STREAM, draft());
          const reads = [{ stream: cited, revision: 0 }];
          const [moved, outcome] = await Promise.allSettled([
            append(cited, 0, draft()),
            store.append({ stream: citing, expectedRevision: NO_STREAM, events: [draft()], reads }),
          ]);
          const [event] = await store.readStream(citing);
          if (moved.status === 'rejected') throw moved.reason;
          const movedAt = moved.value.events[0]!.index!;
          // Order decides: accepted before the cited stream moved on, or refused. Nothing in between.
          if (outcome.status === 'fulfilled') {
            expect(outcome.value.events).toEqual([event]);
            expect(event!.index!).toBeLessThan(movedAt);
          } else if (outcome.reason instanceof LateStaleReadError) {
            expect(outcome.reason).toMatchObject({ stream: cited, expectedRevision: 0, actualRevision: 1 });
            expect(outcome.reason.appended).toEqual({ stream: citing, events: [event] });
            expect(event!.index!).toBeGreaterThan(movedAt);
          } else {
            expect(outcome.reason).toBeInstanceOf(StaleReadError);
            expect(event).toBeUndefined();
          }
          if (atomicReads) expect(event).toBeUndefined();
        }
      });
    });

    describe('an append for a size of the log', () => {
      const sized = (logSize: number): Promise<unknown> =>
        store.append({ stream: 'standing', expectedRevision: NO_STREAM, events: [draft()], logSize });

      it('S1: is refused at another size', async () => {
        await append('a', NO_STREAM, draft(), draft());
        await append('vault-a', NO_STREAM, draft());
        await expectUnchanged(sized(1), StaleReadError);
        await expectUnchanged(sized(3), StaleReadError);
        await sized(2);
        expect(await store.readLog({ from: 2, limit: 9 })).toMatchObject([{ stream: 'standing', index: 2 }]);
      });

      it('S1: is refused, or stands at its index, whatever else is under way', async () => {
        for (let n = 0; n < 10; n++) {
          const { logSize } = await store.head();
          const stream = `standing-${n}`;
          const [outcome] = await Promise.allSettled([
            store.append({ stream, expectedRevision: NO_STREAM, events: [draft()], logSize }),
            ...['a', 'b', 'c'].map((other) => append(`${other}-${n}`, NO_STREAM, draft())),
          ]);
          const [event] = await store.readStream(stream);
          if (outcome.status === 'fulfilled') {
            expect(event?.index).toBe(logSize);
            expect(outcome.value.events).toEqual([event]);
          } else if (outcome.reason instanceof LateStaleReadError) {
            expect(event?.index).toBe(outcome.reason.actualRevision);
            expect(event?.index).toBeGreaterThan(logSize);
          } else {
            expect(outcome.reason).toBeInstanceOf(StaleReadError);
            expect(event).toBeUndefined();
          }
        }
      });

      itWhere(atomicReads)('S1: goes before what else is under way', async () => {
        await append('a', NO_STREAM, draft());
        const others = ['b', 'c'].map((stream) => append(stream, NO_STREAM, draft()));
        await Promise.all([...others, sized(1)]);
        expect((await store.readLog({ from: 0, limit: 9 })).map(({ stream }) => stream)).toEqual([
          'a',
          'standing',
          'b',
          'c',
        ]);
      });
    });

    describe('many appends at once', () => {
      const one = (stream: string, expectedRevision: number, ...events: EventDraft[]): Append => ({
        ...{ stream, expectedRevision, events },
      });

      it('are all there, in order', async () => {
        const answer = await store.appendMany([
          one('a', NO_STREAM, draft({ n: 1 })),
          one('vault-b', NO_STREAM, draft({ n: 2 })),
          one('a', 0, draft({ n: 3 })),
        ]);
        expect(answer.flatMap(({ events }) => events)).toEqual(await everything());
        expect((await everything()).map(({ data, index }) => [data['n'], index])).toEqual([
          [1, 0],
          [2, undefined],
          [3, 1],
        ]);
        expect(await store.appendMany([])).toEqual([]);
      });

      it('are none of them there if one of them is no event', async () => {
        const fresh = one('a', NO_STREAM, draft(), draft());
        await expectUnchanged(store.appendMany([fresh, one('c', NO_STREAM, draft({ n: 0.5 }))]), InputError);
      });

      itWhere(!atomicAppendMany)(
        'leave those before the one that is refused, and the same again completes them',
        async () => {
          await append('b', NO_STREAM, draft());
          const first = one('a', NO_STREAM, draft(), draft());
          const last = one('c', NO_STREAM, draft());
          const refused = { ...one('b', 0, draft()), reads: [{ stream: 'x', revision: 0 }] };
          await expect(store.appendMany([first, refused, last])).rejects.toThrow(StaleReadError);
          expect(await store.readStream('a')).toHaveLength(2);
          expect(await store.readStream('b')).toHaveLength(1);
          expect(await store.readStream('c')).toEqual([]);
          await append('x', NO_STREAM, draft());
          const answer = await store.appendMany([first, refused, last]);
          const all = await everything();
          expect(all.map(({ stream }) => stream)).toEqual(['b', 'a', 'a', 'x', 'b', 'c']);
          expect(answer.flatMap(({ events }) => events)).toEqual([1, 2, 4, 5].map((i) => all[i]));
          expect(await store.appendMany([first, refused, last])).toEqual(answer);
        },
      );

      itWhere(atomicAppendMany)('are none of them there if one is refused', async () => {
        await append('b', NO_STREAM, draft());
        const fresh = one('a', NO_STREAM, draft(), draft());
        await expectUnchanged(store.appendMany([fresh, one('b', NO_STREAM, draft())]), ConcurrencyError);
        await expectUnchanged(
          store.appendMany([fresh, { ...one('c', NO_STREAM, draft()), reads: [{ stream: 'b', revision: 4 }] }]),
          StaleReadError,
        );
        await expectUnchanged(store.appendMany([fresh, one('c', NO_STREAM, draft({ n: 0.5 }))]), InputError);
        await store.appendMany([fresh]);
        expect((await store.readStream('a')).map(({ index }) => index)).toEqual([1, 2]);
      });

      it('S24: answer as they did the first time', async () => {
        const appends = [one('a', NO_STREAM, draft()), one('vault-b', NO_STREAM, draft())];
        const first = await store.appendMany(appends);
        await append('a', 0, draft());
        expect(await store.appendMany(appends)).toEqual(first);
      });

      it('a refused one does not touch those of others', async () => {
        const outcomes = await Promise.allSettled([
          append('a', NO_STREAM, draft()),
          append('b', 7, draft()),
          append('c', NO_STREAM, draft()),
        ]);
        expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true]);
        expect((await everything()).map(({ stream }) => stream).sort()).toEqual(['a', 'c']);
        expect((await everything()).map(({ index }) => index)).toEqual([0, 1]);
      });

      itWhere(atomicAppendMany)('a refused one does not touch its neighbours', async () => {
        const outcomes = await Promise.allSettled([
          append('a', NO_STREAM, draft()),
          append('b', 7, draft()),
          append('c', NO_STREAM, draft()),
          store.appendMany([one('d', NO_STREAM, draft()), one('a', NO_STREAM, draft())]),
          append('d', NO_STREAM, draft()),
        ]);
        expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, true]);
        expect((await everything()).map(({ stream, index }) => [stream, index])).toEqual([
          ['a', 0],
          ['c', 1],
          ['d', 2],
        ]);
      });
    });

    describe('reading bare', () => {
      it('gives everything but entries and private parts', async () => {
        await append('a', NO_STREAM, draft({ text: 'å', sealed: 1 }, { sealed: Uint8Array.of(1) }));
        await append('vault-a', NO_STREAM, draft({}, { sealed: Uint8Array.of(2) }), draft());
        await append('b', NO_STREAM, draft());
        const all = await everything();
        const bare = await store.readAll({ limit: 10_000, bare: true });
        const without = ({ entry: _, sealed: __, ...event }: StoredEvent): object => event;
        expect(bare.map(without)).toEqual(all.map(without));
        const [, second] = all;
        const rest = await store.readAll({ after: second!.position, limit: 1, bare: true });
        expect(rest.map(without)).toEqual(all.slice(2, 3).map(without));
      });
    });

    describe('the log', () => {
      it('S15, S20: counts every stream but the vault, in total order', async () => {
        for (const stream of ['a', 'vault-x', 'b', 'vault-y', 'vaulted', 'c']) await append(stream, NO_STREAM, draft());
        const all = await everything();
        expect(all.map(({ index }) => index)).toEqual([0, undefined, 1, undefined, 2, 3]);
        expect(all.filter(({ entry }) => entry).map(({ stream }) => stream)).toEqual(['a', 'b', 'vaulted', 'c']);
        expect(await store.head()).toEqual({ position: all.at(-1)!.position, logSize: 4 });
      });

      it('S14: keeps the bytes of each entry', async () => {
        const event = draft({ b: 1, a: 'å' }, { sealed: Uint8Array.of(1, 2) });
        await append('a', NO_STREAM, event);
        const [stored] = await store.readLog({ from: 0, limit: 1 });
        expect([...stored!.entry!]).toEqual([...entryBytes({ ...event, stream: 'a', revision: 0 })]);
        expect(parseEntry(stored!.entry!)).toMatchObject({ id: event.id, data: { a: 'å', b: 1 } });
      });

      it('is read in ranges', async () => {
        for (let n = 0; n < 5; n++) await append(n % 2 ? `vault-${n}` : `s-${n}`, NO_STREAM, draft(), draft());
        const indexes = async (from: number, limit: number) =>
          (await store.readLog({ from, limit })).map(({ index }) => index);
        expect(await indexes(0, 100)).toEqual([0, 1, 2, 3, 4, 5]);
        expect(await indexes(2, 3)).toEqual([2, 3, 4]);
        expect(await indexes(5, 3)).toEqual([5]);
        expect(await indexes(6, 3)).toEqual([]);
        expect(await indexes(0, 0)).toEqual([]);
      });

      it('is the same after the store was closed', async () => {
        if (!opened.reopen) return;
        await append('a', NO_STREAM, draft(), draft());
        await append('vault-a', NO_STREAM, draft());
        const before = [await everything(), await store.head()];
        store = await opened.reopen();
        expect([await everything(), await store.head()]).toEqual(before);
        const { events } = await append('a', 1, draft());
        expect(events).toMatchObject([{ revision: 2, index: 2 }]);
      });
    });

    describe('an event that the log cannot hold', () => {
      const sizeOf = (data: JsonObject): number => entryBytes({ ...draft(data), stream: 'a', revision: 0 }).length;
      const room = MAX_ENTRY_BYTES - sizeOf({ text: '' });

      it('S14: is refused by the path of what is wrong', async () => {
        const wrong: [JsonObject, string][] = [
          [{ credits: 7.5 }, 'data.credits'],
          [{ list: [{ ok: 1 }, { wei: 2 ** 53 }] }, 'data.list.1.wei'],
          [{ low: -(2 ** 53) }, 'data.low'],
          [{ nothing: Number.NaN }, 'data.nothing'],
          [{ half: '\ud800' }, 'data.half'],
          [{ when: new Date(0) as never }, 'data.when'],
          [{ text: 'x'.repeat(room + 1) }, 'data'],
        ];
        for (const [data, path] of wrong) {
          await expect(append('a', NO_STREAM, draft(data))).rejects.toMatchObject({ issues: [{ path }] });
          await expectUnchanged(append('a', NO_STREAM, draft(), draft(data)), InputError);
        }
        await expect(append('a', NO_STREAM, draft({}, { id: 'x' }))).rejects.toMatchObject({
          issues: [{ path: 'id' }],
        });
      });

      it('S20: is refused where a person is said to have acted', async () => {
        await expect(append('a', NO_STREAM, draft({}, { by: 'Anna Ek' }))).rejects.toThrow(InputError);
      });

      it('is taken up to the limits', async () => {
        await append('a', NO_STREAM, draft({ text: 'x'.repeat(room) }), draft({ n: 2 ** 53 - 1, m: -(2 ** 53) + 1 }));
        expect((await store.readLog({ from: 0, limit: 1 }))[0]?.entry).toHaveLength(MAX_ENTRY_BYTES);
      });

      it('may have a large private part, and a vault event any size', async () => {
        const sealed = Uint8Array.from({ length: 700_000 }, (_, i) => (i * 7) & 255);
        await append('a', NO_STREAM, draft({}, { sealed }));
        await append('vault-a', NO_STREAM, draft({ text: 'x'.repeat(100_000) }, { sealed }));
        const [a, vault] = await everything();
        expect(Buffer.compare(a!.sealed!, sealed) || Buffer.compare(vault!.sealed!, sealed)).toBe(0);
        expect(vault?.data['text']).toHaveLength(100_000);
      });
    });

    describe('a deleted vault stream', () => {
      it('reads as empty and can be written again from the start', async () => {
        await append('vault-a', NO_STREAM, draft({ n: 1 }), draft({ n: 2 }));
        await append('b', NO_STREAM, draft());
        await store.deleteStream('vault-a');
        expect(await store.readStream('vault-a')).toEqual([]);
        expect((await everything()).map(({ stream }) => stream)).toEqual(['b']);
        await append('vault-a', NO_STREAM, draft({ n: 3 }));
        expect(await store.readStream('vault-a')).toMatchObject([{ revision: 0, data: { n: 3 } }]);
        await store.deleteStream('vault-never-was');
      });

      it('can be written again with the ids that it had, any number of times', async () => {
        const drafts = [draft({ n: 1 }), draft({ n: 2 })];
        for (let round = 0; round < 3; round++) {
          const answer = await append('vault-a', NO_STREAM, ...drafts);
          expect(await store.readStream('vault-a')).toEqual(answer.events);
          expect(answer.events.map(({ revision }) => revision)).toEqual([0, 1]);
          expect(await append('vault-a', NO_STREAM, ...drafts)).toEqual(answer);
          const more = await append('vault-a', 1, draft({ round }));
          expect(await store.readStream('vault-a', { fromRevision: 2 })).toEqual(more.events);
          expect(await store.readStream('vault-a', { fromRevision: 3 })).toEqual([]);
          await expect(append('vault-a', 1, draft())).rejects.toMatchObject({ actualRevision: 2 });
          expect(await everything()).toEqual([...answer.events, ...more.events]);
          await store.deleteStream('vault-a');
          await expect(append('vault-a', 2, draft())).rejects.toMatchObject({ actualRevision: NO_STREAM });
          expect(await everything()).toEqual([]);
        }
        if (opened.reopen) store = await opened.reopen();
        expect(await everything()).toEqual([]);
      });

      it('is no longer shown to a subscription that comes to it later', async () => {
        await append('vault-a', NO_STREAM, draft());
        await append('b', NO_STREAM, draft());
        await store.deleteStream('vault-a');
        const seen: string[] = [];
        const subscription = store.subscribe({}, async (events) => void seen.push(...events.map((e) => e.stream)));
        while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
        await subscription.stop();
        expect(seen).toEqual(['b']);
      });

      it('never gives its position to another event', async () => {
        await append('vault-a', NO_STREAM, draft());
        const { position } = await store.head();
        await store.deleteStream('vault-a');
        if (opened.reopen) store = await opened.reopen();
        expect((await store.head()).position).toBe(position);
        const { events } = await append('b', NO_STREAM, draft());
        expect(events[0]!.position > position).toBe(true);
        expect(events[0]!.index).toBe(0);
      });

      it('is never one of the log', async () => {
        await append('a', NO_STREAM, draft());
        await expectUnchanged(store.deleteStream('a'), InvariantError);
      });
    });

    describe('a subscription', () => {
      async function until(condition: () => boolean): Promise<void> {
        while (!condition()) await new Promise((resolve) => setImmediate(resolve));
      }

      it('begins at any point, without gap or double, while writes go on', async () => {
        const writes = async (from: number, count: number): Promise<void> => {
          for (let n = from; n < from + count; n++) {
            await Promise.all([
              append(`a-${n}`, NO_STREAM, draft()),
              append(`vault-${n}`, NO_STREAM, draft(), draft()),
            ]);
          }
        };
        await writes(0, 250);
        const all = await everything();
        const writing = writes(250, 60);
        const starts = [undefined, 0n, all[0]!.position, all[317]!.position, all.at(-1)!.position];
        const followed = starts.map((after) => {
          const seen: StoredEvent[] = [];
          const sizes: number[] = [];
          const subscription = store.subscribe({ ...(after !== undefined && { after }) }, async (events) => {
            sizes.push(events.length);
            await Promise.resolve();
            seen.push(...events);
          });
          return { after, seen, sizes, subscription };
        });
        await writing;
        for (const { after, seen, sizes, subscription } of followed) {
          const expected = await everything(after);
          await until(() => seen.length >= expected.length);
          await subscription.stop();
          await subscription.done;
          expect(seen).toEqual(expected);
          expect(sizes.every((size) => size > 0 && size <= 500)).toBe(true);
        }
      });

      it('calls its handler once at a time, and no more once stopped', async () => {
        let [running, calls] = [0, 0];
        const subscription = store.subscribe({}, async () => {
          expect(++running).toBe(1);
          calls++;
          await new Promise((resolve) => setImmediate(resolve));
          running--;
        });
        for (let n = 0; n < 20; n++) await append(`a-${n}`, NO_STREAM, draft());
        await subscription.stop();
        expect(running).toBe(0);
        const before = calls;
        await append('b', NO_STREAM, draft());
        await until(() => true);
        expect(calls).toBe(before);
      });

      it('ends with what its handler throws, and others go on', async () => {
        const seen: StoredEvent[] = [];
        const failing = store.subscribe({}, async () => Promise.reject(new InvariantError('no further')));
        const other = store.subscribe({}, async (events) => void seen.push(...events));
        const ended = expect(failing.done).rejects.toThrow('no further');
        await append('a', NO_STREAM, draft());
        await ended;
        await failing.stop();
        await append('a', 0, draft());
        await until(() => seen.length === 2);
        await other.stop();
      });
    });

    describe('a closed store', () => {
      it('rejects what is under way and what comes, and ends its subscriptions', async () => {
        const subscription = store.subscribe({}, async () => {});
        await append('a', NO_STREAM, draft());
        const pending = Promise.allSettled([append('b', NO_STREAM, draft()), store.deleteStream('vault-a')]);
        await Promise.all([store.close(), store.close()]);
        // Each was either done before the store closed, or rejected; none is left hanging.
        for (const outcome of await pending) {
          if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(InvariantError);
        }
        await subscription.done;
        await expect(append('c', NO_STREAM, draft())).rejects.toThrow(InvariantError);
        await expect(store.readStream('a')).rejects.toThrow(InvariantError);
      });
    });

    it('answers any sequence of appends as the model does', async () => {
      const streams = ['a', 'b', 'vault-c', 'd'];
      const step = fc.record({
        stream: fc.constantFrom(...streams),
        offset: fc.constantFrom(0, 0, 0, 0, 1, -1),
        count: fc.integer({ min: 1, max: 3 }),
        cites: fc.option(fc.record({ stream: fc.constantFrom(...streams), offset: fc.constantFrom(0, 0, 0, 1) })),
        erase: fc.boolean(),
        again: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const run = crypto.randomUUID();
          const named = (stream: string): string => (isVaultStream(stream) ? `vault-${run}` : `${stream}-${run}`);
          const start = await store.head();
          const model: { stream: string; revision: number; data: JsonObject }[] = [];
          const revisionOf = (stream: string): number => model.filter((event) => event.stream === stream).length - 1;
          let size = start.logSize;
          for (const [n, { stream: short, offset, count, cites, erase, again }] of steps.entries()) {
            const stream = named(short);
            if (erase && isVaultStream(stream)) {
              await store.deleteStream(stream);
              model.splice(0, model.length, ...model.filter((event) => event.stream !== stream));
              continue;
            }
            const actual = revisionOf(stream);
            const reads = cites
              ? [{ stream: named(cites.stream), revision: revisionOf(named(cites.stream)) + cites.offset }]
              : [];
            const append: Append = {
              ...{ stream, expectedRevision: Math.max(NO_STREAM, actual + offset), reads },
              events: Array.from({ length: count }, (_, i) => draft({ n, i })),
            };
            if (append.expectedRevision !== actual) {
              await expect(store.append(append)).rejects.toThrow(ConcurrencyError);
            } else if (cites && cites.offset !== 0) {
              await expect(store.append(append)).rejects.toThrow(StaleReadError);
            } else {
              const { events } = await store.append(append);
              for (const [i, event] of events.entries()) {
                expect(event.revision).toBe(actual + 1 + i);
                expect(event.index).toBe(isVaultStream(stream) ? undefined : size++);
                model.push({ stream, revision: actual + 1 + i, data: { n, i } });
              }
              if (again) expect((await store.append(append)).events).toEqual(events);
            }
          }
          const kept = await everything(start.position);
          expect(kept.map(({ stream, revision, data }) => ({ stream, revision, data }))).toEqual(model);
          for (const stream of streams.map(named)) {
            expect(await store.readStream(stream)).toEqual(kept.filter((event) => event.stream === stream));
          }
          const log = kept.filter(({ index }) => index !== undefined);
          expect(await store.readLog({ from: start.logSize, limit: 1_000 })).toEqual(log);
          for (const { entry } of log) expect(canonicalBytes(parseEntry(entry!))).toEqual(entry);
          expect((await store.head()).logSize).toBe(size);
        }),
        { numRuns: 40 },
      );
    });
  });
}
