/** Upcasting, by types of these tests alone: old data read as today's, bytes and tree untouched, newer events refused. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../encoding/json.js';
import { EncodingError, InvariantError } from '../errors.js';
import { EVENT_TYPES } from '../event-types.js';
import { MerkleTree } from '../log/merkle-tree.js';
import type { Decider, DomainEvent } from './decider.js';
import { eventBytes } from './entry.js';
import { NO_STREAM, type EventStore, type StoredEvent } from './event-store.js';
import { GroupCommitStore } from './group-commit.js';
import { handle, load } from './handle.js';
import { MemoryStorage, openMemoryEventStore } from './memory.js';
import { EventTypes, parsedEvent, UNTYPED, type UpcastersOf } from './upcasting.js';

/** Version 1: `{name}`. Version 2: `{names}`, a list. Version 3: `{names, kind}`. */
type ThingNamed = DomainEvent<'ThingNamed', { readonly names: readonly string[]; readonly kind: string }, 3>;
type ThingGone = DomainEvent<'ThingGone', Record<string, never>>;
const THING_EVENTS: UpcastersOf<ThingNamed | ThingGone> = {
  ThingNamed: [({ name, ...rest }) => ({ ...rest, names: [text(name)] }), (data) => ({ ...data, kind: 'unknown' })],
  ThingGone: [],
};
const TODAY = new EventTypes({
  'thing-': THING_EVENTS,
  'vault-thing-': { ThingKept: [(data) => ({ ...data, n: 2 })] },
});
/** The program as it was when the type had one version. */
const FIRST = new EventTypes({ 'thing-': { ThingNamed: [], ThingGone: [] }, 'vault-thing-': { ThingKept: [] } });

function text(value: unknown): string {
  if (typeof value !== 'string') throw new EncodingError('name: expected text');
  return value;
}

const AT = '2026-03-01T12:00:00.000Z';

function draft(type: string, v: number, data: JsonObject): Parameters<EventStore['append']>[0]['events'][number] {
  return { id: crypto.randomUUID(), type, v, at: AT, by: 'operator', data };
}

/** What a log of the first program holds: one storage, opened by whichever program. */
async function writtenByTheFirst(): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  const store = new GroupCommitStore(storage, FIRST);
  await store.append({
    stream: 'thing-1',
    expectedRevision: NO_STREAM,
    events: [draft('ThingNamed', 1, { name: 'Å' }), draft('ThingGone', 1, {})],
  });
  await store.append({ stream: 'vault-thing-1', expectedRevision: NO_STREAM, events: [draft('ThingKept', 1, {})] });
  return storage;
}

const decider: Decider<readonly string[], 'name', ThingNamed | ThingGone> = {
  initialState: [],
  decide: () => [{ type: 'ThingNamed', v: 3, data: { names: ['new'], kind: 'new' } }],
  evolve: (state, event) => (event.type === 'ThingNamed' ? [...state, event.data.kind, ...event.data.names] : state),
};

describe('an event of an older version', () => {
  it('is read in today’s shape, step by step, from every read of the store', async () => {
    const store = new GroupCommitStore(await writtenByTheFirst(), TODAY);
    const today = { v: 3, data: { names: ['Å'], kind: 'unknown' }, revision: 0, index: 0 };
    expect((await store.readStream('thing-1'))[0]).toMatchObject(today);
    expect((await store.readLog({ from: 0, limit: 1 }))[0]).toMatchObject(today);
    const all = await store.readAll({ limit: 10 });
    expect(all[0]).toMatchObject(today);
    expect(all[2]).toMatchObject({ v: 2, data: { n: 2 } });
    const delivered = await new Promise<readonly StoredEvent[]>((resolve) => {
      store.subscribe({}, async (events) => resolve(events));
    });
    expect(delivered).toEqual(all);
  });

  it('folds, and is gone on from in today’s version', async () => {
    const store = new GroupCommitStore(await writtenByTheFirst(), TODAY);
    expect((await load(store, decider, 'thing-1')).state).toEqual(['unknown', 'Å']);
    const meta = { at: AT, by: 'operator' };
    const handled = await handle(store, decider, { stream: 'thing-1', command: 'name', context: undefined, meta });
    expect(handled.state).toEqual(['unknown', 'Å', 'new', 'new']);
  });

  it('S14: keeps its bytes, its hash and the tree, with upcasters and without', async () => {
    const storage = await writtenByTheFirst();
    const logs = [FIRST, TODAY, UNTYPED].map((types) =>
      new GroupCommitStore(storage, types).readLog({ from: 0, limit: 9 }),
    );
    const entries = (await Promise.all(logs)).map((log) => log.map(({ entry }) => entry!));
    const roots = entries.map((log) => {
      const tree = new MerkleTree();
      for (const entry of log) tree.appendEntry(entry);
      return tree.root();
    });
    expect(entries[1]).toEqual(entries[0]);
    expect(entries[2]).toEqual(entries[0]);
    expect(roots[1]).toEqual(roots[0]);
    expect(new TextDecoder().decode(entries[1]![0])).toContain('"data":{"name":"Å"}');
  });

  it('S24: appended again by the program that wrote it is still the same append', async () => {
    const storage = new MemoryStorage();
    const events = [draft('ThingNamed', 1, { name: 'Å' })];
    const append = { stream: 'thing-1', expectedRevision: NO_STREAM, events };
    await new GroupCommitStore(storage, FIRST).append(append);
    const again = await new GroupCommitStore(storage, UNTYPED).append(append);
    expect(again.events).toHaveLength(1);
  });

  it('whose data is not what its version has is no event: the store stops, a verifier calls it malformed', () => {
    const event = { stream: 'thing-1', type: 'ThingNamed', v: 1, data: { name: 7 } };
    expect(() => TODAY.upcast(event)).toThrow(EncodingError);
    const bytes = eventBytes({ ...draft('ThingNamed', 1, { name: 7 }), stream: 'thing-1', revision: 0 });
    expect(() => parsedEvent(bytes, TODAY)).toThrow(InvariantError);
  });

  it('is read whole or refused as malformed, whatever a stranger puts in it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.integer({ min: 1, max: 2 }), (data, v) => {
        try {
          TODAY.upcast({ stream: 'thing-1', type: 'ThingNamed', v, data: data });
        } catch (error) {
          expect(error).toBeInstanceOf(EncodingError);
        }
      }),
    );
  });
});

describe('a program that is older than the log', () => {
  async function writtenByTodays(): Promise<MemoryStorage> {
    const storage = new MemoryStorage();
    const events = [draft('ThingNamed', 3, { names: ['Å'], kind: 'k' })];
    await new GroupCommitStore(storage, TODAY).append({ stream: 'thing-1', expectedRevision: NO_STREAM, events });
    return storage;
  }

  it('reads no version that it does not know, and says what to use', async () => {
    const store = new GroupCommitStore(await writtenByTodays(), FIRST);
    const message =
      'ThingNamed in thing-1 is of version 3, this program knows up to 1: it was written by a newer program';
    for (const read of [
      store.readStream('thing-1'),
      store.readAll({ limit: 1 }),
      store.readLog({ from: 0, limit: 1 }),
      store.subscribe({}, async () => undefined).done,
    ]) {
      await expect(read).rejects.toThrow(InvariantError);
      await expect(read).rejects.toThrow(message);
    }
  });

  it('reads no type that it does not know in a stream that it folds', async () => {
    const storage = await writtenByTodays();
    const older = new GroupCommitStore(storage, new EventTypes({ 'thing-': { ThingGone: [] } }));
    await expect(older.readStream('thing-1')).rejects.toThrow(
      'ThingNamed in thing-1 is a type of event that this program does not',
    );
  });

  it('hashes streams that it does not know, and lets them be', async () => {
    const storage = await writtenByTodays();
    const older = new GroupCommitStore(storage, new EventTypes({ 'other-': { ThingNamed: [] } }));
    expect(await older.readLog({ from: 0, limit: 9 })).toMatchObject([{ v: 3, index: 0 }]);
  });
});

describe('what a program writes', () => {
  it.each([
    ['an older version', 'thing-1', 'ThingNamed', 1],
    ['a newer version', 'thing-1', 'ThingNamed', 4],
    ['a type that is not in the catalogue', 'thing-1', 'ThingMoved', 1],
    ['a type of another stream', 'thing-1', 'ThingKept', 2],
    ['a stream that is not in the catalogue', 'vault-other-1', 'ThingKept', 2],
  ])('is not %s', async (_, stream, type, v) => {
    const store = openMemoryEventStore(TODAY);
    const append = store.append({ stream, expectedRevision: NO_STREAM, events: [draft(type, v, {})] });
    await expect(append).rejects.toThrow(InvariantError);
    expect(await store.readStream(stream)).toEqual([]);
  });
});

describe('the catalogue', () => {
  it('knows a stream by its name or, with a hyphen at its end, by the beginning of its name', () => {
    expect(EVENT_TYPES.versionOf({ stream: 'ledger', type: 'LedgerFounded' })).toBe(1);
    expect(EVENT_TYPES.versionOf({ stream: 'ledger-2', type: 'LedgerFounded' })).toBeUndefined();
    expect(EVENT_TYPES.versionOf({ stream: 'batch-12', type: 'BatchSealed' })).toBe(1);
    expect(EVENT_TYPES.versionOf({ stream: 'vault-statuslist-x', type: 'StatusListPublished' })).toBeUndefined();
  });

  it('has no version of a type without the upcaster to it', () => {
    // @ts-expect-error version 3 takes two steps
    const missing: UpcastersOf<ThingNamed> = { ThingNamed: [(data) => data] };
    // @ts-expect-error version 1 takes none
    const tooMany: UpcastersOf<ThingGone> = { ThingGone: [(data) => data] };
    // @ts-expect-error a type of the union is missing
    const incomplete: UpcastersOf<ThingNamed | ThingGone> = { ThingGone: [] };
    expect([missing, tooMany, incomplete]).toHaveLength(3);
  });
});
