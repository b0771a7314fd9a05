/** Sealing (S1, S2, S11): the standing is the last entry before the head and exact, also while others append. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { issueCredential } from '../credentials/issue.js';
import { statusDocument } from '../credentials/status-lists.read.js';
import { toBase64 } from '../encoding/base64.js';
import { NO_STREAM, type EventStore } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { MerkleTree } from '../log/merkle-tree.js';
import { issuanceOf, SmallLedger } from '../small-ledger.fixture.js';
import { statusListDigest } from '../verification/status-list.js';
import type { StatusListStanding } from './standing.js';
import { StandingState } from './standing-state.js';

let now: Date;
let folder: string;
let store: EventStore;
let small: SmallLedger;
beforeEach(async () => {
  now = new Date('2026-03-01T12:00:00Z');
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-seal-'));
  store = openMemoryEventStore();
  small = await SmallLedger.open(store, folder, () => now);
});
afterEach(async () => {
  await small.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What the standing at an index must be, folded by itself from the log before it. */
async function standingBefore(index: number): Promise<{ root: string; state: StandingState }> {
  const state = new StandingState();
  for (const event of await store.readLog({ from: 0, limit: index })) state.apply(event);
  const tree = new MerkleTree();
  for (const { bytes } of state.made()) tree.appendEntry(bytes);
  return { root: toBase64(tree.root()), state };
}

async function expectExact(toIndex: number): Promise<StandingState> {
  const [record] = await store.readLog({ from: toIndex, limit: 1 });
  const { root, state } = await standingBefore(toIndex);
  expect(record).toMatchObject({ type: 'StandingRecorded', data: { root, size: toIndex } });
  return state;
}

async function issued(): Promise<string> {
  const organisation = await small.organisation();
  const definition = await small.definition(organisation);
  return (await issueCredential(small.ledger, issuanceOf(definition, organisation), small.oneOff())).id;
}

async function happen(): Promise<void> {
  const event = {
    id: crypto.randomUUID(),
    type: 'Happened',
    v: 1,
    at: now.toISOString(),
    by: 'process:test',
    data: {},
  };
  await store.append({ stream: `thing-${event.id}`, expectedRevision: NO_STREAM, events: [event] });
}

describe('a sealed batch', () => {
  it('S1, S2: ends with the standing of all before it, and its root is the signed head’s', async () => {
    await issued();
    const batch = await small.sealer.seal();
    expect(batch).toMatchObject({ number: 1, fromIndex: 0, credentials: 1, size: batch.toIndex + 1 });
    await expectExact(batch.toIndex);
    expect(small.signer.noteOf(batch.size).root).toBe(batch.root);
    expect(batch.root).toBe(toBase64(small.log.tree.root(batch.size)));
  });

  it('S1: is exact while others keep appending', async () => {
    await issued();
    let appending = true;
    const others = (async () => {
      while (appending) {
        await small.organisation();
        await happen();
      }
    })();
    for (let n = 1; n <= 5; n += 1) await expectExact((await small.sealer.seal()).toIndex);
    appending = false;
    await others;
  });

  it('S1: has every list published before the standing, with the revocations before it', async () => {
    const id = await issued();
    await small.revoke(id);
    const state = await expectExact((await small.sealer.seal()).toIndex);
    const lists = state.leaves().filter(({ stream }) => stream.startsWith('statuslist-'));
    expect(lists).toHaveLength(2);
    for (const { stream, state: leaf } of lists) {
      const { sequence, digest } = leaf as unknown as StatusListStanding;
      const document = statusDocument(small.readModels.db, stream.slice('statuslist-'.length), sequence);
      expect(statusListDigest(document!)).toBe(digest);
    }
    expect((await store.readStream('standing')).length).toBe(1);
  });

  it('follows the one before without a gap', async () => {
    const first = await small.sealer.seal();
    await happen();
    const second = await small.sealer.seal();
    expect(second).toMatchObject({ number: 2, fromIndex: first.toIndex + 1 });
  });

  it.each(['standing', 'vault-signed-heads', 'batch-1'])(
    'is begun again where the process ends right before %s is written',
    async (stream) => {
      await happen();
      const append = store.append.bind(store);
      store.append = (one) => (one.stream === stream ? Promise.reject(new TypeError('killed')) : append(one));
      await expect(small.sealer.seal()).rejects.toThrow('killed');
      store.append = append;
      await small.stop();
      small = await SmallLedger.open(store, folder, () => now);
      expect(small.sealer.isDue(60)).toBe(true);
      const batch = await small.sealer.seal();
      expect(batch).toMatchObject({ number: 1, fromIndex: 0 });
      await expectExact(batch.toIndex);
    },
  );
});

describe('a batch is due', () => {
  it('when something has happened since the last, which the log’s own book-keeping is not', async () => {
    expect(small.sealer.isDue(60)).toBe(false);
    await happen();
    await small.settle();
    expect(small.sealer.isDue(60)).toBe(true);
    await small.sealer.seal();
    expect(small.sealer.isDue(60)).toBe(false);
    await small.sealer.recordStanding();
    await small.settle();
    expect(small.sealer.isDue(60)).toBe(false);
  });

  it('S11: when the standing has grown older than it may, though nothing has happened', async () => {
    await happen();
    await small.settle();
    await small.sealer.seal();
    now = new Date(now.getTime() + 60_000);
    expect(small.sealer.isDue(60)).toBe(false);
    now = new Date(now.getTime() + 1);
    expect(small.sealer.isDue(60)).toBe(true);
    await small.sealer.seal();
    expect(small.sealer.isDue(60)).toBe(false);
  });
});
