/** Status indexes (S25): each once, over restarts and several processes, and a new list when one is full. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Secrets } from '../crypto/secrets.js';
import type { EventStore } from '../event-store/event-store.js';
import { handle, load } from '../event-store/handle.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { STATUS_LIST_ENTRIES, statusListStream, type StatusReference } from './credential.events.js';
import { StatusIndexes } from './status-indexes.js';
import { statusListDecider } from './status-list.js';

const ORGANISATION = '00000000-0000-4000-8000-000000000001';
const OTHER = '00000000-0000-4000-8000-000000000002';
const secrets = new Secrets(new Uint8Array(32).fill(1));
const now = (): Date => new Date('2026-01-01T00:00:00Z');

function over(store: EventStore): StatusIndexes {
  return new StatusIndexes(store, secrets, now);
}

const name = ({ list, index }: StatusReference): string => `${list}#${index}`;

/** Allots all but a few slots of a list, as another process would. */
async function fill(store: EventStore, list: string, left: number): Promise<void> {
  const stream = statusListStream(list);
  const { state } = await load(store, statusListDecider, stream);
  const taken = state.is === 'open' ? state.nextSlot : 0;
  await handle(store, statusListDecider, {
    stream,
    command: { type: 'AllotIndexBlock', count: STATUS_LIST_ENTRIES - taken - left },
    context: undefined,
    meta: { at: now().toISOString(), by: 'process:test' },
  });
}

describe('a status index', () => {
  it('S25: is never given twice, whatever is taken by which process, restarted how often', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ process: fc.nat({ max: 2 }), count: fc.integer({ min: 1, max: 90 }), restart: fc.boolean() }),
          {
            maxLength: 8,
          },
        ),
        async (steps) => {
          const store = openMemoryEventStore();
          const processes = [over(store), over(store), over(store)];
          const taken: Promise<Record<string, StatusReference>>[] = [];
          for (const { process, count, restart } of steps) {
            if (restart) processes[process] = over(store);
            for (let i = 0; i < count; i += 1) taken.push(processes[process]!.take(ORGANISATION));
          }
          const given = (await Promise.all(taken)).flatMap((pair) => Object.values(pair).map(name));
          expect(new Set(given).size).toBe(given.length);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('S25: is not given twice where two processes refill the same list at a time', async () => {
    const store = openMemoryEventStore();
    const processes = Array.from({ length: 8 }, () => over(store));
    const given = await Promise.all(processes.flatMap((one) => [one.take(ORGANISATION), one.take(ORGANISATION)]));
    expect(new Set(given.map(({ revocation }) => name(revocation))).size).toBe(16);
  });

  it('is taken from a list that another process opened between two reads', async () => {
    const store = openMemoryEventStore();
    let isFirst = true;
    const late: EventStore = Object.create(store, {
      readStream: {
        value: async (stream: string) => {
          if (!isFirst) return store.readStream(stream);
          isFirst = false;
          const before = await store.readStream(stream);
          await over(store).take(ORGANISATION);
          return before;
        },
      },
    }) as EventStore;
    for (const method of ['append', 'appendMany'] as const) {
      Object.defineProperty(late, method, { value: store[method].bind(store) });
    }
    const { revocation } = await over(late).take(ORGANISATION);
    expect(revocation.index).toBeGreaterThanOrEqual(0);
  });

  it('S25: lies within 131,072, and those after each other are not neighbours', async () => {
    const indexes = over(openMemoryEventStore());
    const given: number[] = [];
    for (let i = 0; i < 300; i += 1) given.push((await indexes.take(ORGANISATION)).revocation.index);
    expect(given.every((index) => Number.isInteger(index) && index >= 0 && index < 131_072)).toBe(true);
    const close = given.filter((index, i) => i > 0 && Math.abs(index - given[i - 1]!) < 100);
    expect(close.length).toBeLessThan(10);
    // Spread over the whole list, not its beginning.
    expect(Math.max(...given)).toBeGreaterThan(100_000);
  });

  it('keeps purposes and organisations in lists of their own', async () => {
    const indexes = over(openMemoryEventStore());
    const [one, two] = [await indexes.take(ORGANISATION), await indexes.take(OTHER)];
    const lists = [one, two].flatMap(({ revocation, suspension }) => [revocation.list, suspension.list]);
    expect(new Set(lists).size).toBe(4);
  });

  it('costs the store one event a block', async () => {
    const store = openMemoryEventStore();
    const indexes = over(store);
    for (let i = 0; i < 64; i += 1) await indexes.take(ORGANISATION);
    // Two lists: each opened, and one block of 64.
    expect((await store.head()).logSize).toBe(4);
    await indexes.take(ORGANISATION);
    expect((await store.head()).logSize).toBe(6);
  });
});

describe('a full list', () => {
  it('S25: has given each of its 131,072 indexes once at most; the next one is opened and used', async () => {
    const store = openMemoryEventStore();
    const indexes = over(store);
    const first = (await indexes.take(ORGANISATION)).revocation.list;
    const given = new Set<string>();
    for (let i = 1; i < 64; i += 1) given.add(name((await indexes.take(ORGANISATION)).revocation));
    await fill(store, first, 3);
    const last: StatusReference[] = [];
    for (let i = 0; i < 5; i += 1) last.push((await indexes.take(ORGANISATION)).revocation);
    expect(last.map(({ list }) => list === first)).toEqual([true, true, true, false, false]);
    for (const reference of last) given.add(name(reference));
    expect(given.size).toBe(63 + 5);
    const { state } = await load(store, statusListDecider, statusListStream(first));
    expect(state).toMatchObject({ nextSlot: 131_072 });
  });

  it('is passed over by a process that starts later', async () => {
    const store = openMemoryEventStore();
    const first = (await over(store).take(ORGANISATION)).revocation.list;
    await fill(store, first, 0);
    const [one, two] = [over(store), over(store)];
    const lists = (await Promise.all([one.take(ORGANISATION), two.take(ORGANISATION)])).map((pair) => pair.revocation);
    expect(lists.map(({ list }) => list)).not.toContain(first);
    expect(new Set(lists.map(({ list }) => list)).size).toBe(1);
    expect(new Set(lists.map(name)).size).toBe(2);
  });
});
