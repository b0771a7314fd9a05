import { describe, expect, it, jest } from '@jest/globals';
import { canonicalBytes } from '../encoding/jcs.js';
import { ConcurrencyError, DomainError, InvariantError, StaleReadError } from '../errors.js';
import { draft } from './conformance-draft.js';
import type { Decider, DomainEvent, SealedFacts } from './decider.js';
import { NO_STREAM, type EventStore, type StoredEvent } from './event-store.js';
import { handle, load, prepare, type Handling } from './handle.js';
import { openMemoryEventStore } from './memory.js';

type Added = DomainEvent<'Added', { readonly amount: number }>;
interface State {
  readonly sum: number;
  readonly notes: readonly string[];
}
interface Add {
  readonly amount: number;
  readonly times?: number;
  readonly note?: string;
}

const account: Decider<State, Add, Added, { limit: number }> = {
  initialState: { sum: 0, notes: [] },
  decide({ amount, times = 1, note }, { sum }, { limit }) {
    if (sum + amount * times > limit) throw new DomainError('overLimit', { sum });
    if (amount === 0) return [];
    const sealed = note ? [{ under: 'vault-holder-1', facts: { note } }] : undefined;
    return Array.from({ length: times }, () => ({ type: 'Added', data: { amount }, ...(sealed && { sealed }) }));
  },
  evolve: ({ sum, notes }, { data, sealed = [] }) => ({
    sum: sum + data.amount,
    notes: [...notes, ...sealed.map(({ facts }) => facts['note'] as string)],
  }),
};

const meta = { at: '2026-03-04T05:06:07.089Z', by: 'operator' };
function adding(command: Add, more: Partial<Handling<Add, { limit: number }>> = {}): Handling<Add, { limit: number }> {
  return { stream: 'account-1', command, context: { limit: 100 }, meta, ...more };
}
const ids = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** A store whose appends are preceded, so many times, by another writer's to the same stream. */
function overtaken(store: EventStore, times: number): { store: EventStore; appends: () => number } {
  let [left, appends] = [times, 0];
  const append: EventStore['append'] = async (wanted) => {
    appends++;
    if (left-- > 0) {
      const expectedRevision = (await store.readStream(wanted.stream)).length - 1;
      await store.append({
        ...{ stream: wanted.stream, expectedRevision },
        events: [draft({ amount: 1 }, { type: 'Added' })],
      });
    }
    return store.append(wanted);
  };
  const proxy = new Proxy(store, {
    get(target, name) {
      if (name === 'append') return append;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { store: proxy, appends: () => appends };
}

describe('a command', () => {
  it('becomes events at the revision that it was decided on', async () => {
    const store = openMemoryEventStore();
    expect(await load(store, account, 'account-1')).toEqual({ state: { sum: 0, notes: [] }, revision: NO_STREAM });
    const first = await handle(store, account, adding({ amount: 5, times: 2 }));
    expect(first).toMatchObject({ state: { sum: 10 }, revision: 1, events: [{ revision: 0, v: 1 }, { revision: 1 }] });
    const second = await handle(store, account, adding({ amount: 1 }, { context: async () => ({ limit: 11 }) }));
    expect(second).toMatchObject({ state: { sum: 11 }, revision: 2, events: [{ ...meta, data: { amount: 1 } }] });
    expect(await load(store, account, 'account-1')).toEqual({ state: second.state, revision: 2 });
    expect(await store.readStream('account-1')).toEqual([...first.events, ...second.events]);
  });

  it('with nothing to do writes nothing', async () => {
    const store = openMemoryEventStore();
    const nothing = { state: { sum: 0, notes: [] }, revision: NO_STREAM, events: [] };
    expect(await handle(store, account, adding({ amount: 0 }))).toEqual(nothing);
  });

  it('that a rule refuses writes nothing', async () => {
    const store = openMemoryEventStore();
    await expect(handle(store, account, adding({ amount: 101 }))).rejects.toThrow(DomainError);
    expect(await store.readAll({ limit: 9 })).toEqual([]);
  });

  it('is decided again where another writer was first, a bounded number of times', async () => {
    const twice = overtaken(openMemoryEventStore(), 2);
    expect(await handle(twice.store, account, adding({ amount: 5 }))).toMatchObject({ state: { sum: 7 }, revision: 2 });
    expect(twice.appends()).toBe(3);
    const always = overtaken(openMemoryEventStore(), 99);
    await expect(handle(always.store, account, adding({ amount: 5 }))).rejects.toThrow(ConcurrencyError);
    expect(always.appends()).toBe(4);
    const once = overtaken(openMemoryEventStore(), 1);
    await expect(handle(once.store, account, adding({ amount: 5 }, { retries: 0 }))).rejects.toThrow(ConcurrencyError);
  });

  it('S7: is not decided again on a stale read', async () => {
    const { store, appends } = overtaken(openMemoryEventStore(), 0);
    const stale = adding({ amount: 5 }, { meta: { ...meta, reads: [{ stream: 'definition-1', revision: 3 }] } });
    await expect(handle(store, account, stale)).rejects.toThrow(StaleReadError);
    const sized = adding({ amount: 5 }, { meta: { ...meta, logSize: 3 } });
    await expect(handle(store, account, sized)).rejects.toThrow(StaleReadError);
    expect(appends()).toBe(2);
  });

  it('is for the revision that the caller saw, or for none', async () => {
    const store = openMemoryEventStore();
    await handle(store, account, adding({ amount: 5 }, { expectedRevision: NO_STREAM }));
    await expect(handle(store, account, adding({ amount: 5 }, { expectedRevision: NO_STREAM }))).rejects.toThrow(
      ConcurrencyError,
    );
    await handle(store, account, adding({ amount: 5 }, { expectedRevision: 0 }));
    const { store: busy, appends } = overtaken(store, 1);
    await expect(handle(busy, account, adding({ amount: 5 }, { expectedRevision: 1 }))).rejects.toThrow(
      ConcurrencyError,
    );
    expect(appends()).toBe(1);
  });

  it('S24: given again answers as it did the first time', async () => {
    const store = openMemoryEventStore();
    const request = adding({ amount: 40, times: 2 }, { meta: { ...meta, eventIds: ids }, expectedRevision: NO_STREAM });
    const first = await handle(store, account, request);
    expect(first.events.map(({ id }) => id)).toEqual([ids(0), ids(1)]);
    await handle(store, account, adding({ amount: 15 }));
    const later = { ...request, meta: { ...request.meta, at: '2027-01-01T00:00:00.000Z' } };
    expect(await handle(store, account, later)).toEqual(first);
    expect(await store.readStream('account-1')).toHaveLength(3);
  });

  it('S24: given twice at once is carried out once', async () => {
    const store = openMemoryEventStore();
    const at = (ms: number): string => `2026-03-04T05:06:07.00${ms}Z`;
    const requests = [1, 2, 3].map((n) => adding({ amount: 5 }, { meta: { ...meta, at: at(n), eventIds: ids } }));
    const [first, ...others] = await Promise.all(requests.map((request) => handle(store, account, request)));
    for (const other of others) expect(other).toEqual(first);
    expect(await store.readStream('account-1')).toHaveLength(1);
  });
});

describe('a command that is prepared', () => {
  it('is committed by the caller, together with others or not at all', async () => {
    const store = openMemoryEventStore();
    const streams = ['account-1', 'account-2'];
    const prepared = await Promise.all(
      streams.map((stream) => prepare(store, account, adding({ amount: 5 }, { stream }))),
    );
    expect(await store.readAll({ limit: 9 })).toEqual([]);
    expect(prepared.map(({ loaded }) => loaded.revision)).toEqual([NO_STREAM, NO_STREAM]);
    const appends = prepared.map(({ append }) => append!);
    await store.appendMany(appends);
    expect((await load(store, account, 'account-2')).state.sum).toBe(5);
    await expect(store.appendMany([{ ...appends[0]!, stream: 'account-3' }, appends[1]!])).rejects.toThrow(
      ConcurrencyError,
    );
    expect(await store.readStream('account-3')).toEqual([]);
  });

  it('has no append where there is nothing to do or it was carried out before', async () => {
    const store = openMemoryEventStore();
    expect((await prepare(store, account, adding({ amount: 0 }))).append).toBeUndefined();
    const request = adding({ amount: 5, times: 2 }, { meta: { ...meta, eventIds: ids } });
    const first = await handle(store, account, request);
    const again = await prepare(store, account, request);
    expect(again).toEqual({ loaded: { state: first.state, revision: 1 }, earlier: first });
  });
});

describe('the private part of an event', () => {
  const seal = jest.fn(async (facts: readonly SealedFacts[], place: object) => canonicalBytes({ facts, place }));
  const open = async ({ sealed }: StoredEvent): Promise<SealedFacts[]> =>
    (JSON.parse(new TextDecoder().decode(sealed)) as { facts: SealedFacts[] }).facts;

  it('S22: is sealed for the place that the event gets', async () => {
    const { store } = overtaken(openMemoryEventStore(), 1);
    seal.mockClear();
    const { events } = await handle(store, account, adding({ amount: 1, times: 2, note: 'x' }, { seal }));
    expect(seal.mock.calls.map(([, place]) => place)).toEqual(
      [0, 1, 1, 2].map((revision) => ({ stream: 'account-1', revision })),
    );
    for (const event of events) {
      const place = { stream: event.stream, revision: event.revision };
      const facts = [{ under: 'vault-holder-1', facts: { note: 'x' } }];
      expect(event.sealed).toEqual(canonicalBytes({ facts, place }));
    }
  });

  it('is seen by evolve where it can be opened, and only there', async () => {
    const store = openMemoryEventStore();
    const noted = adding({ amount: 1, note: 'x' }, { seal, open });
    expect((await handle(store, account, noted)).state.notes).toEqual(['x']);
    expect((await load(store, account, 'account-1', open)).state.notes).toEqual(['x']);
    expect((await load(store, account, 'account-1', async () => [])).state.notes).toEqual([]);
    expect((await load(store, account, 'account-1')).state.notes).toEqual([]);
  });

  it('is never written in the open', async () => {
    const store = openMemoryEventStore();
    await expect(handle(store, account, adding({ amount: 1, note: 'x' }))).rejects.toThrow(InvariantError);
    expect(await store.readAll({ limit: 9 })).toEqual([]);
  });
});
