/** An older copy of the store over the present epoch keys (S23): what died stays dead, and work goes on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConcurrencyError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { EpochKeys } from '../holders/epoch-keys.js';
import { eraseHolder } from '../holders/erasure.js';
import { issuanceOf, SmallLedger } from '../small-ledger.fixture.js';
import { issueCredential } from './issue.js';

const WHO = { givenName: 'Påhittad', familyName: 'Person', personalNumber: '198507099805' };

let folder: string;
let store: EventStore;
let small: SmallLedger;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-dead-'));
  store = openMemoryEventStore();
  small = await SmallLedger.open(store, folder);
});
afterEach(async () => {
  await small.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** As if the store were older than the last change of epochs: no key in it was wrapped anew. */
async function epochEnds(): Promise<void> {
  const epochs = EpochKeys.open(folder, small.secrets, false);
  epochs.begin(new Date().toISOString());
  epochs.destroyBefore(epochs.current);
  await small.stop();
  rmSync(join(folder, 'read-models.db'), { recursive: true, force: true });
  small = await SmallLedger.open(store, folder);
}

describe('in a store that is older than the epoch', () => {
  it('S23: nothing about persons opens, the tables are built all the same, and assessors go on', async () => {
    const organisation = await small.organisation();
    const definition = await small.definition(organisation);
    const input = issuanceOf(definition, organisation);
    const old = await issueCredential(small.ledger, input, small.oneOff());
    await epochEnds();
    expect(await small.vault.open(old.events[0]!)).toEqual([]);
    // By the same assessor, whose key is dead; and once more, with the new one.
    for (const request of [small.oneOff(), small.oneOff()]) {
      const { events } = await issueCredential(small.ledger, input, request);
      expect(await small.vault.open(events[0]!)).toHaveLength(1);
    }
    const members = (await store.readAll({ limit: 1_000 })).filter(({ stream }) => stream.startsWith('vault-member-'));
    expect(new Set(members.map(({ stream }) => stream)).size).toBe(2);
  });

  it('S23: a known person’s number is taken until they are erased by name, then they are new', async () => {
    const organisation = await small.organisation();
    const definition = await small.definition(organisation);
    const input = issuanceOf(definition, organisation, WHO);
    await issueCredential(small.ledger, input, small.oneOff());
    await epochEnds();
    await expect(issueCredential(small.ledger, input, small.oneOff())).rejects.toThrow(ConcurrencyError);
    const reserved = (await store.readAll({ limit: 1_000 })).find(({ type }) => type === 'PersonReserved')!;
    const { vault, secrets } = small;
    const scope = { store, vault, secrets, config: { keysDir: folder }, now: () => new Date() };
    await eraseHolder(scope, (reserved.data as { holder: string }).holder);
    await issueCredential(small.ledger, input, small.oneOff());
  });
});
