/** Sealing (S1, S2, S11): the standing is the last entry before the head and exact, also while others append. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { issueCredential } from '../credentials/issue.js';
import { statusDocument } from '../credentials/status-lists.read.js';
import { toBase64 } from '../encoding/base64.js';
import { LateStaleReadError } from '../errors.js';
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

describe('a standing record', () => {
  it('S1: is made at once, exact, while every turn of the event loop has appends of others', async () => {
    await issued();
    await small.settle();
    let appending = true;
    const sizes: number[] = [];
    const append = store.append.bind(store);
    store.append = (one) => {
      if (one.stream === 'standing') sizes.push(one.logSize ?? -1);
      return append(one);
    };
    const others = Array.from({ length: 20 }, async () => {
      while (appending) await happen();
    });
    for (let n = 1; n <= 5; n += 1) await expectExact((await small.sealer.recordStanding()).index!);
    appending = false;
    await Promise.all(others);
    expect(sizes).not.toContain(-1);
    expect(sizes.length).toBeLessThanOrEqual(10);
  });

  /** A store that cannot check `logSize` in the append itself: something comes between each record and what it cites. */
  function overtaken(between: () => Promise<unknown>): { attempts: number } {
    const append = store.append.bind(store);
    const count = { attempts: 0 };
    store.append = async (one) => {
      if (one.stream !== 'standing') return append(one);
      count.attempts += 1;
      await between();
      const { logSize, ...free } = one;
      const appended = await append(free);
      const index = appended.events[0]!.index!;
      if (logSize !== undefined && index !== logSize) throw new LateStaleReadError('$log', logSize, index, appended);
      return appended;
    };
    return count;
  }

  it('S1: that came late stands where nothing has come between that it tells of', async () => {
    await issued();
    const count = overtaken(happen);
    const record = await small.sealer.recordStanding();
    expect(count.attempts).toBe(1);
    expect(record.data['size']).toBe(record.index! - 1);
    expect(small.log.snapshot(record.index!)).toBeDefined();
    expect(record.data['root']).toBe((await standingBefore(record.index!)).root);
  });

  it('S1: that came late is made again where an organisation has changed before it', async () => {
    await issued();
    let changes = 3;
    const count = overtaken(async () => (changes-- > 0 ? small.organisation() : happen()));
    const record = await small.sealer.recordStanding();
    expect(count.attempts).toBe(4);
    expect(record.data['root']).toBe((await standingBefore(record.index!)).root);
    expect((await store.readStream('standing')).length).toBe(4);
  });

  it('S1: that came late is made again where a credential was revoked before it that no list shows yet', async () => {
    const id = await issued();
    let isFirst = true;
    overtaken(async () => {
      if (isFirst) await small.revoke(id);
      isFirst = false;
    });
    const record = await small.sealer.recordStanding();
    const { state } = await standingBefore(record.index!);
    const published = state.leaves().filter(({ stream }) => stream.startsWith('statuslist-'));
    const revoked = (await store.readStream(`credential-${id}`)).at(-1)!.index!;
    const newest = await Promise.all(published.map(async ({ stream }) => (await store.readStream(stream)).at(-1)!));
    expect(newest.some(({ type, index }) => type === 'StatusListPublished' && index! > revoked)).toBe(true);
    expect((await store.readStream('standing')).length).toBe(2);
  });

  it('S1: is made also where the log never stands still, by one that may be overtaken', async () => {
    await issued();
    const append = store.append.bind(store);
    let refused = 0;
    store.append = async (one) => {
      if (one.logSize === undefined) return append(one);
      refused += 1;
      await happen();
      return append(one);
    };
    const record = await small.sealer.recordStanding();
    expect(refused).toBeGreaterThan(5);
    expect(refused).toBeLessThanOrEqual(10);
    expect(small.log.snapshot(record.index!)).toBeDefined();
  });
});
