/** Keys of persons and what is sealed under them (S20, S22, S23): also where two make the same key at once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secrets } from '../crypto/secrets.js';
import type { JsonObject } from '../encoding/json.js';
import { ConcurrencyError, InvariantError } from '../errors.js';
import type { EventDraft, EventStore, StoredEvent } from '../event-store/event-store.js';
import { NO_STREAM } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { openSqliteEventStore } from '../event-store/sqlite.js';
import { EpochKeys } from './epoch-keys.js';
import { holderVault, memberVault, organisationVault, Vault } from './vault.js';

const AT = '2026-01-01T00:00:00.000Z';
const HOLDER = holderVault('a');
const MEMBER = memberVault('b');
const secrets = new Secrets(new Uint8Array(32).fill(1));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-vault-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function vaultOver(store: EventStore): Vault {
  return new Vault(store, secrets, EpochKeys.open(folder, secrets, true));
}

function draft(sealed: Uint8Array): EventDraft {
  return { id: crypto.randomUUID(), type: 'Happened', v: 1, at: AT, by: 'process:test', data: {}, sealed };
}

/** Commits a new key together with an event that is sealed under it. */
async function commit(store: EventStore, vault: Vault, stream: string, facts: JsonObject): Promise<StoredEvent> {
  const { key, append } = vault.newKey(HOLDER, AT);
  const sealed = await vault.seal([{ under: HOLDER, facts }], { stream, revision: 0 }, new Map([[HOLDER, key]]));
  const [, done] = await store.appendMany([append, { stream, expectedRevision: NO_STREAM, events: [draft(sealed)] }]);
  return done!.events[0]!;
}

describe('a key', () => {
  it('S23: survives a restart, wrapped', async () => {
    const path = join(folder, 'events.db');
    const first = openSqliteEventStore(path);
    await vaultOver(first).ensureKey(HOLDER, AT);
    const made = await vaultOver(first).key(HOLDER);
    await first.close();
    const second = openSqliteEventStore(path);
    expect(made).toHaveLength(32);
    expect(await vaultOver(second).key(HOLDER)).toEqual(made);
    const [wrapped] = await second.readStream(HOLDER);
    expect(Buffer.from(wrapped!.entry ?? JSON.stringify(wrapped!.data)).includes(Buffer.from(made!))).toBe(false);
    await second.close();
  });

  it('is one, whoever makes it first: two nodes at once end with the same', async () => {
    const store = openMemoryEventStore();
    const [one, two] = [vaultOver(store), vaultOver(store)];
    await Promise.all([one.ensureKey(HOLDER, AT), two.ensureKey(HOLDER, AT), one.ensureKey(HOLDER, AT)]);
    expect(await one.key(HOLDER)).toEqual(await two.key(HOLDER));
    expect(await store.readStream(HOLDER)).toHaveLength(1);
  });

  it('S22: that is not committed is nobody else’s: what others seal meanwhile is not under it', async () => {
    const store = openMemoryEventStore();
    const vault = vaultOver(store);
    vault.newKey(HOLDER, AT);
    expect(await vault.key(HOLDER)).toBeUndefined();
    await expect(vault.seal([{ under: HOLDER, facts: {} }], { stream: 's', revision: 0 })).rejects.toThrow(
      InvariantError,
    );
  });

  it('S22: made by two at once seals only what is committed with it: the first opens, the second is refused', async () => {
    const store = openMemoryEventStore();
    const vault = vaultOver(store);
    const outcomes = await Promise.allSettled([
      commit(store, vault, 'credential-1', { n: 1 }),
      commit(store, vault, 'credential-2', { n: 2 }),
    ]);
    const committed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(refused).toEqual([expect.any(ConcurrencyError)]);
    expect(committed).toHaveLength(1);
    expect(await vaultOver(store).open(committed[0]!)).toEqual([{ under: HOLDER, facts: { n: expect.any(Number) } }]);
  });

  it('S23: of an organisation is under the master key, which no epoch ends', async () => {
    const store = openMemoryEventStore();
    await vaultOver(store).ensureKey(organisationVault('o'), AT);
    const [made] = await store.readStream(organisationVault('o'));
    expect(made!.data['epoch']).toBe(0);
  });

  it('is wrapped for its own stream: copied to another it opens nothing', async () => {
    const store = openMemoryEventStore();
    await vaultOver(store).ensureKey(HOLDER, AT);
    const [{ data }] = (await store.readStream(HOLDER)) as [StoredEvent];
    const copy = { id: crypto.randomUUID(), type: 'KeyWrapped', v: 1, at: AT, by: 'process:test', data };
    await store.append({ stream: MEMBER, expectedRevision: NO_STREAM, events: [copy] });
    await expect(vaultOver(store).key(MEMBER)).rejects.toThrow(/does not open/);
  });

  it('counts as it was wrapped last: an epoch change wraps it anew', async () => {
    const store = openMemoryEventStore();
    const vault = vaultOver(store);
    await vault.ensureKey(HOLDER, AT);
    const key = (await vault.key(HOLDER))!;
    const data = { ...EpochKeys.open(folder, secrets, false).wrap(key, HOLDER) };
    const again = { id: crypto.randomUUID(), type: 'KeyWrapped', v: 1, at: AT, by: 'process:test', data };
    await store.append({ stream: HOLDER, expectedRevision: 0, events: [again] });
    expect(await vaultOver(store).key(HOLDER)).toEqual(key);
  });
});

describe('sealed facts', () => {
  it('S23: of an erased person are left out, those of others open still', async () => {
    const store = openMemoryEventStore();
    const vault = vaultOver(store);
    await vault.ensureKey(HOLDER, AT);
    await vault.ensureKey(MEMBER, AT);
    const place = { stream: 'assessment-1', revision: 0 };
    const facts = [
      { under: HOLDER, facts: { whose: 'holder' } },
      { under: MEMBER, facts: { whose: 'assessor' } },
    ];
    const event = { ...place, sealed: await vault.seal(facts, place) };
    expect(await vault.open(event)).toEqual(facts);
    await store.deleteStream(HOLDER);
    vault.forget(HOLDER);
    expect(await vault.open(event)).toEqual([facts[1]]);
    expect(await vaultOver(store).open(event)).toEqual([facts[1]]);
  });

  it('S22: of what is known of a person lie beside the key, under it', async () => {
    const store = openMemoryEventStore();
    const vault = vaultOver(store);
    await vault.ensureKey(HOLDER, AT, { givenName: 'Påhittad' });
    const [, person] = await store.readStream(HOLDER);
    expect(person!.data).toEqual({});
    expect(await vault.open(person!)).toEqual([{ under: HOLDER, facts: { givenName: 'Påhittad' } }]);
  });

  it('are none where an event has no private part', async () => {
    expect(await vaultOver(openMemoryEventStore()).open({ stream: 's', revision: 0 })).toEqual([]);
  });
});
