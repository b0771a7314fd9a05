/** Lists on a store that commits one stream at a time: what is served is what the log has the digest of (S1). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Crash, LateStore } from '../event-store/memory-late.fixture.js';
import { EVENT_TYPES } from '../event-types.js';
import { issuanceOf, SmallLedger } from '../small-ledger.fixture.js';
import { statusListDigest } from '../verification/status-list.js';
import type { CredentialIssued } from './credential.events.js';
import { issueCredential } from './issue.js';
import { statusDocument } from './status-lists.read.js';

it.each(['cut off between the list and its digest', 'overtaken by another between the list and its digest'])(
  'S1: a publisher that is %s leaves the list that the log has the digest of',
  async (fault) => {
    const folder = mkdtempSync(join(tmpdir(), 'meritkedja-lists-'));
    const store = new LateStore(EVENT_TYPES);
    const small = await SmallLedger.open(store, folder);
    const organisation = await small.organisation();
    const definition = await small.definition(organisation);
    const { id, events } = await issueCredential(small.ledger, issuanceOf(definition, organisation), small.oneOff());
    const { list } = (events[0]!.data as unknown as CredentialIssued['data']).statusLists.revocation;
    await small.revoke(id);
    await small.settle();
    if (fault.startsWith('cut')) {
      store.crashAfter = 1;
      await expect(small.statusPublisher.publish()).rejects.toThrow(Crash);
      await small.settle();
    } else {
      // Another keeps its list of the same number after this one has, and the log then takes this one's digest.
      store.meanwhile = async ({ stream }) => {
        if (stream !== `statuslist-${list}`) return;
        store.meanwhile = async () => undefined;
        const kept = (await store.readStream(`vault-statuslist-${list}`)).at(-1)!;
        const { document, ...rest } = kept.data as { document: object };
        const data = { ...rest, document: { ...document, name: 'another' } };
        const event = { id: crypto.randomUUID(), type: 'StatusListKept', v: 1, at: kept.at, by: kept.by, data };
        await store.append({ stream: kept.stream, expectedRevision: kept.revision, events: [event] });
      };
    }
    await small.statusPublisher.publish();
    await small.settle();
    const published = (await store.readStream(`statuslist-${list}`)).filter(
      ({ type }) => type === 'StatusListPublished',
    );
    expect(published).toHaveLength(1);
    for (const served of [statusDocument(small.readModels.db, list), statusDocument(small.readModels.db, list, 1)]) {
      expect(statusListDigest(served!)).toBe(published[0]!.data['digest']);
    }
    await small.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  },
);
