/** Changing the epoch (S23): the living open still, what was erased does not, in no copy; and with a crash anywhere. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secrets } from '../crypto/secrets.js';
import { ConcurrencyError, InvariantError } from '../errors.js';
import type { EventStore, StoredEvent } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { ReadModels } from '../event-store/projections.js';
import { openSqliteEventStore } from '../event-store/sqlite.js';
import { changeEpoch, type EpochScope } from './epoch-change.js';
import { EpochKeys } from './epoch-keys.js';
import { keyCounts, vaultKeysProjection } from './keys.read.js';
import { EpochChangedError, holderVault, Vault } from './vault.js';

const AT = '2026-01-01T00:00:00.000Z';
const secrets = new Secrets(new Uint8Array(32).fill(1));

let folder: string;
const stops: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-epoch-'));
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  rmSync(folder, { recursive: true, force: true });
});

const keysDir = (): string => join(folder, 'keys');

/** A node over a store and the key folder. */
async function node(store: EventStore, { isNew = false, graceMs = 0 } = {}): Promise<EpochScope> {
  const epochs = EpochKeys.open(keysDir(), secrets, isNew);
  const vault = new Vault(store, secrets, epochs);
  const models = join(folder, `models-${crypto.randomUUID()}`);
  const readModels = await ReadModels.start(models, store, [vaultKeysProjection], (event) => vault.open(event));
  stops.push(() => readModels.stop());
  return { store, readModels, epochs, vault, now: () => new Date(AT), erased: () => [], graceMs };
}

async function holders(scope: EpochScope, count: number): Promise<readonly string[]> {
  const streams = Array.from({ length: count }, () => holderVault(crypto.randomUUID()));
  await Promise.all(streams.map((stream) => scope.vault.ensureKey(stream, AT, { name: stream })));
  return streams;
}

async function person(store: EventStore, stream: string): Promise<StoredEvent> {
  return (await store.readStream(stream)).find(({ type }) => type === 'PersonRecorded')!;
}

/** What a fresh process over the store and the present key folder opens of a person. */
async function opens(store: EventStore, stream: string): Promise<unknown> {
  const vault = new Vault(store, secrets, EpochKeys.open(keysDir(), secrets, false));
  const event = await person(store, stream);
  return event && (await vault.open(event))[0]?.facts;
}

describe('a change of epochs', () => {
  it('S23: wraps every living key anew, and the living open as before', async () => {
    const store = openMemoryEventStore();
    const scope = await node(store, { isNew: true });
    const streams = await holders(scope, 700);
    const told: number[] = [];
    expect(await changeEpoch(scope, ({ rewrapped }) => told.push(rewrapped))).toBe(true);
    expect(told.at(-1)).toBe(700);
    expect(scope.epochs.ending).toEqual([]);
    await scope.readModels.caughtUp((await store.head()).position);
    expect(keyCounts(scope.readModels.db, 2)).toEqual({ current: 700, earlier: 0 });
    for (const stream of streams.slice(0, 50)) expect(await opens(store, stream)).toEqual({ name: stream });
  });

  it('S23: leaves older copies of the store dead, those of the erased and the older wrappings of the living', async () => {
    const store = openSqliteEventStore(join(folder, 'events.db'));
    stops.push(() => store.close());
    const scope = await node(store, { isNew: true });
    const [erased, living] = (await holders(scope, 2)) as [string, string];
    const backup = openSqliteEventStore(await copyOf(store));
    stops.push(() => backup.close());
    expect(await opens(backup, erased)).toEqual({ name: erased });

    await store.deleteStream(erased);
    scope.vault.forget(erased);
    await changeEpoch(scope);
    expect(await opens(backup, erased)).toBeUndefined();
    expect(await opens(backup, living)).toBeUndefined();
    expect(await opens(store, living)).toEqual({ name: living });
    // The first wrapping in the living holder's own stream is as dead.
    const [first] = await store.readStream(living);
    const { epoch, wrapped } = first!.data as { epoch: number; wrapped: string };
    expect(() => scope.epochs.unwrap(epoch, wrapped, living)).toThrow(/destroyed/);
  });

  it('S23: passes over whoever is on the erasure list, or being erased', async () => {
    const store = openMemoryEventStore();
    const scope = await node(store, { isNew: true });
    const [listed, begun] = (await holders(scope, 2)) as [string, string];
    const draft = { id: crypto.randomUUID(), type: 'ErasureBegun', v: 1, at: AT, by: 'process:test', data: {} };
    await store.append({ stream: begun, expectedRevision: 1, events: [draft] });
    await changeEpoch({ ...scope, erased: () => [listed.slice(holderVault('').length)] });
    expect(await opens(store, listed)).toBeUndefined();
    expect(await opens(store, begun)).toBeUndefined();
  });

  it('takes in holders that come meanwhile, also by keys that were wrapped before it began', async () => {
    const store = openMemoryEventStore();
    const scope = await node(store, { isNew: true, graceMs: 300 });
    const early = scope.vault.newKey(holderVault('early'), AT, { name: 'early' });
    let later: Promise<unknown> | undefined;
    await changeEpoch(scope, () => {
      later ??= scope.vault.ensureKey(holderVault('late'), AT, { name: 'late' });
    });
    await later;
    const slow = await node(store, { graceMs: 300 });
    const change = changeEpoch(slow);
    await store.append(slow.vault.newKey(holderVault('in-flight'), AT, { name: 'in-flight' }).append);
    await change;
    expect(await opens(store, holderVault('late'))).toEqual({ name: 'late' });
    expect(await opens(store, holderVault('in-flight'))).toEqual({ name: 'in-flight' });
    // Too late for the first change: it is told to begin again.
    expect(() => scope.vault.checkEpochs([early.append])).toThrow(EpochChangedError);
    expect(new EpochChangedError('s')).toBeInstanceOf(ConcurrencyError);
  });

  it('S23: does not destroy the old key while an append under it may still be on its way', async () => {
    const store = openMemoryEventStore();
    const scope = await node(store, { isNew: true, graceMs: 400 });
    const early = scope.vault.newKey(holderVault('early'), AT, { name: 'early' });
    scope.vault.checkEpochs([early.append]);
    const change = changeEpoch(scope);
    await new Promise((resolve) => setImmediate(resolve));
    expect(scope.epochs.ending).toEqual([1]);
    await store.append(early.append);
    await change;
    expect(await opens(store, holderVault('early'))).toEqual({ name: 'early' });
  });

  it.each([0, 1, 300])('goes on after a crash when %d keys were wrapped anew', async (count) => {
    const store = openMemoryEventStore();
    const first = await node(store, { isNew: true });
    const streams = await holders(first, 600);
    let appended = 0;
    const dying = {
      readStream: (stream: string) => store.readStream(stream),
      append: async (...args: Parameters<EventStore['append']>) => {
        if (appended >= count) throw new InvariantError('killed');
        appended += 1;
        return store.append(...args);
      },
    } as unknown as EventStore;
    const vault = new Vault(dying, secrets, first.epochs);
    await expect(changeEpoch({ ...first, vault })).rejects.toThrow('killed');
    for (const stream of streams.slice(0, 20)) expect(await opens(store, stream)).toEqual({ name: stream });
    const second = await node(store);
    expect(second.epochs.ending).toEqual([1]);
    await changeEpoch(second);
    expect(second.epochs.current).toBe(2);
    for (const stream of streams.slice(-20)) expect(await opens(store, stream)).toEqual({ name: stream });
    expect(await opens(store, streams[0]!)).toEqual({ name: streams[0] });
  });

  it('ends between two steps when it is told to, and loses nothing', async () => {
    const store = openMemoryEventStore();
    const scope = await node(store, { isNew: true });
    const streams = await holders(scope, 300);
    let pages = 0;
    expect(
      await changeEpoch(
        scope,
        () => (pages += 1),
        () => pages > 0,
      ),
    ).toBe(false);
    expect(scope.epochs.ending).toEqual([1]);
    for (const stream of [streams[0]!, streams.at(-1)!]) expect(await opens(store, stream)).toEqual({ name: stream });
  });

  it('by two nodes at a time wraps each key once and ends once', async () => {
    const store = openMemoryEventStore();
    const one = await node(store, { isNew: true });
    const streams = await holders(one, 100);
    const two = await node(store);
    await Promise.all([changeEpoch(one), changeEpoch(two)]);
    expect(EpochKeys.open(keysDir(), secrets, false).ending).toEqual([]);
    for (const stream of streams.slice(0, 10)) {
      expect(await opens(store, stream)).toEqual({ name: stream });
      const wrappings = (await store.readStream(stream)).filter(({ type }) => type === 'KeyWrapped');
      expect(wrappings.at(-1)?.data['epoch']).toBe(one.epochs.current);
    }
  });

  it('S23: seen late by another node, whose key was read under the old epoch, opens there all the same', async () => {
    const store = openMemoryEventStore();
    const one = await node(store, { isNew: true });
    const [stream] = (await holders(one, 1)) as [string];
    const two = await node(store);
    await changeEpoch(one);
    expect(await two.vault.open(await person(store, stream))).toEqual([{ under: stream, facts: { name: stream } }]);
  });
});

async function copyOf(store: EventStore): Promise<string> {
  // The memory of what was appended is durable: the file and its journal are a copy of a store that was killed.
  await store.head();
  for (const suffix of ['', '-wal']) {
    cpSync(join(folder, `events.db${suffix}`), join(folder, `backup.db${suffix}`), { recursive: true });
  }
  return join(folder, 'backup.db');
}
