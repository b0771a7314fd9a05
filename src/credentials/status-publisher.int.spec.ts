/** Published lists say what the log says (S1, S25), and bundles are made of them and of one head (S3). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Anchorer } from '../anchoring/anchorer.js';
import { FakeChain } from '../anchoring/fake-chain.fixture.js';
import type { EventStore, Subscription } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { PassingStore } from '../event-store/passing-store.js';
import { parseCheckpoint } from '../log/checkpoint.js';
import { issuanceOf, SmallLedger } from '../small-ledger.fixture.js';
import type { CredentialIssued } from './credential.events.js';
import { issueCredential } from './issue.js';
import { evidenceOf } from './proof-bundle.js';
import { statusDocument } from './status-lists.read.js';

let folder: string;
let store: EventStore;
let small: SmallLedger;
let ids: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-publish-'));
  store = openMemoryEventStore();
  small = await SmallLedger.open(store, folder);
  Object.assign(small.ledger, {
    origin: 'ledger.example/log',
    anchoring: {
      freshStanding: async () => {
        await small.sealer.publishLists();
        if (small.log.standingIsStale) await small.sealer.recordStanding();
      },
    },
  });
  const organisation = await small.organisation();
  const definition = await small.definition(organisation);
  ids = [];
  for (let i = 0; i < 3; i += 1) {
    ids.push((await issueCredential(small.ledger, issuanceOf(definition, organisation), small.oneOff())).id);
  }
  await small.settle();
});
afterEach(async () => {
  await small.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function revocationOf(id: string): Promise<{ list: string; index: number }> {
  const [issued] = await store.readStream(`credential-${id}`);
  return (issued!.data as unknown as CredentialIssued['data']).statusLists.revocation;
}

function bitsOf(list: string): Uint8Array {
  const subject = statusDocument(small.readModels.db, list)!['credentialSubject'] as { encodedList: string };
  return gunzipSync(Buffer.from(subject.encodedList.slice(1), 'base64url'));
}

function setBits(list: string): number[] {
  const bits = bitsOf(list);
  return Array.from({ length: bits.length * 8 }, (_, i) => i).filter((i) => bits[i >> 3]! & (0x80 >> (i & 7)));
}

describe('a published list', () => {
  it('S25: has 131,072 entries, and set are those of the revoked alone', async () => {
    await small.statusPublisher.publish();
    const { list, index } = await revocationOf(ids[1]!);
    expect(bitsOf(list)).toHaveLength(131_072 / 8);
    expect(setBits(list)).toEqual([]);
    await small.revoke(ids[1]!);
    await small.settle();
    expect(await small.statusPublisher.publish()).toBe(true);
    expect(setBits(list)).toEqual([index]);
    expect(await small.statusPublisher.publish()).toBe(false);
  });

  it('is published once for many who ask at a time, and again for what changes meanwhile', async () => {
    await small.statusPublisher.publish();
    await small.revoke(ids[0]!);
    await small.settle();
    const publishing = [small.statusPublisher.publish(), small.statusPublisher.publish()];
    await small.revoke(ids[1]!);
    await Promise.all(publishing);
    await small.sealer.publishLists();
    const { list } = await revocationOf(ids[0]!);
    const expected = await Promise.all([ids[0]!, ids[1]!].map(async (id) => (await revocationOf(id)).index));
    expect(setBits(list)).toEqual(expected.sort((a, b) => a - b));
  });

  it('comes again where another wrote to the list’s stream in between', async () => {
    await small.statusPublisher.publish();
    await small.revoke(ids[0]!);
    await small.settle();
    const appendMany = store.appendMany.bind(store);
    const { list, index } = await revocationOf(ids[0]!);
    store.appendMany = async (appends) => {
      store.appendMany = appendMany;
      const other = await SmallLedger.open(store, mkdtempSync(join(folder, 'other-')));
      await other.statusPublisher.publish();
      await other.stop();
      return appendMany(appends);
    };
    await small.statusPublisher.publish();
    await small.sealer.publishLists();
    expect(setBits(list)).toEqual([index]);
  });
});

describe('a node that is behind another', () => {
  /** A store whose events come late, once it is told so. */
  class LateStore extends PassingStore {
    late: Promise<void> | undefined;

    override subscribe(...[options, handler]: Parameters<EventStore['subscribe']>): Subscription {
      return super.subscribe(options, async (events) => {
        await this.late;
        await handler(events);
      });
    }
  }

  it('S1: makes no edition from what it knew before the newest one: that would put a revoked credential in force', async () => {
    await small.statusPublisher.publish();
    const late = new LateStore(store);
    const other = await SmallLedger.open(late, mkdtempSync(join(folder, 'late-')));
    await small.revoke(ids[0]!);
    await small.settle();
    await other.settle();
    let come: () => void = () => undefined;
    late.late = new Promise((resolve) => (come = resolve));
    await small.revoke(ids[1]!);
    await small.settle();
    await small.statusPublisher.publish();
    const publishing = other.statusPublisher.publish();
    await expect(Promise.race([publishing, small.settle().then(() => 'waiting')])).resolves.toBe('waiting');
    come();
    await publishing;
    while (await other.statusPublisher.publish());
    const { list } = await revocationOf(ids[0]!);
    const expected = await Promise.all([ids[0]!, ids[1]!].map(async (id) => (await revocationOf(id)).index));
    const digests = (await store.readStream(`statuslist-${list}`)).filter(({ type }) => type === 'StatusListPublished');
    await small.settle();
    expect(digests).toHaveLength(2);
    expect(setBits(list)).toEqual(expected.sort((a, b) => a - b));
    await other.stop();
  });
});

describe('the evidence of a credential', () => {
  it('S3: not anchored yet leads to the newest signed head, with a standing that knows of all before it', async () => {
    await small.revoke(ids[0]!);
    const evidence = await evidenceOf(small.ledger, ids[0]!);
    expect(evidence.anchor).toBeUndefined();
    expect(evidence.statusLists).toHaveLength(2);
    expect(evidence.standing!.leaves).toHaveLength(4);
    expect(parseCheckpoint(`${evidence.checkpoint.split('\n\n')[0]!}\n`).size).toBe(small.log.tree.size);
  });

  it('S3: anchored leads to the newest final head, also where the first that covers it is an older one', async () => {
    const chain = new FakeChain();
    const anchorer = new Anchorer(store, small.readModels, chain, () => new Date());
    const batches = [];
    for (const id of [ids[0]!, ids[1]!]) {
      await small.revoke(id);
      await small.settle();
      batches.push(await small.sealer.seal());
      while (await anchorer.advance());
    }
    await small.settle();
    const evidence = await evidenceOf(small.ledger, ids[2]!);
    const sizeOf = (checkpoint: string): number => parseCheckpoint(`${checkpoint.split('\n\n')[0]!}\n`).size;
    expect(sizeOf(evidence.checkpoint)).toBe(batches[1]!.size);
    expect(evidence.standing!.index).toBe(batches[1]!.toIndex);
    expect(evidence.anchor!.blockNumber).toBe(2);
    expect(sizeOf(evidence.firstAnchor!.checkpoint)).toBe(batches[0]!.size);
  });

  it('S25: holds nothing that is sealed, and is none for what was never issued', async () => {
    const text = JSON.stringify(await evidenceOf(small.ledger, ids[0]!));
    expect(text).not.toMatch(/Testsson|credentialSubject":\{"type":\["AchievementSubject/);
    await expect(evidenceOf(small.ledger, crypto.randomUUID())).rejects.toThrow('notFound');
  });
});
