/** The node's own tree (S14, S15) and the standing it folds (S1), over the store in memory. */
import { describe, expect, it } from '@jest/globals';
import { STANDING_STREAM } from '../anchoring/anchoring.events.js';
import type { JsonObject } from '../encoding/json.js';
import { InvariantError } from '../errors.js';
import type { EventDraft, EventStore, StoredEvent } from '../event-store/event-store.js';
import { NO_STREAM } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { MerkleTree } from './merkle-tree.js';
import { TransparencyLog } from './transparency-log.js';

function draft(type: string, data: JsonObject = {}): EventDraft {
  return { id: crypto.randomUUID(), type, v: 1, at: '2026-01-01T00:00:00.000Z', by: 'process:test', data };
}

async function appended(
  store: EventStore,
  stream: string,
  type: string,
  data: JsonObject = {},
  expectedRevision = NO_STREAM,
): Promise<StoredEvent> {
  const { events } = await store.append({ stream, expectedRevision, events: [draft(type, data)] });
  return events[0]!;
}

async function started(store: EventStore): Promise<TransparencyLog> {
  const log = new TransparencyLog(store);
  await log.start();
  return log;
}

async function recorded(store: EventStore, log: TransparencyLog, revision = NO_STREAM): Promise<StoredEvent> {
  const { root, leaves, size } = log.standingNow();
  const event = await appended(store, STANDING_STREAM, 'StandingRecorded', { root, leaves, size }, revision);
  await log.reached(event.index! + 1);
  return event;
}

describe('the log', () => {
  it('S15: is the tree over the stored bytes of every entry in order, without vault streams', async () => {
    const store = openMemoryEventStore();
    const tree = new MerkleTree();
    for (let i = 0; i < 5; i += 1) {
      await appended(store, `vault-holder-${i}`, 'KeyWrapped');
      tree.appendEntry((await appended(store, `thing-${i}`, 'Happened', { i })).entry!);
    }
    const log = await started(store);
    expect(log.tree.size).toBe(5);
    expect(log.tree.root()).toEqual(tree.root());
    tree.appendEntry((await appended(store, 'thing-5', 'Happened')).entry!);
    await log.reached(6);
    expect(log.tree.root()).toEqual(tree.root());
  });

  it('S15: stops where an index is not the next: no other tree than everybody’s is served', async () => {
    const store = openMemoryEventStore();
    await appended(store, 'thing-0', 'Happened');
    const skipping: EventStore = {
      ...store,
      head: () => store.head(),
      subscribe: (options, handler) =>
        store.subscribe(options, (events) => handler(events.map((event) => ({ ...event, index: event.index! + 1 })))),
    };
    const log = new TransparencyLog(skipping);
    await expect(log.start()).rejects.toThrow(InvariantError);
    await expect(log.reached(1)).rejects.toThrow(/can no longer be followed/);
    await expect(log.done).rejects.toThrow(/index 1 came where 0 was due/);
  });

  it('calls back for each entry after it is in the tree', async () => {
    const store = openMemoryEventStore();
    const log = await started(store);
    const seen: [string, number][] = [];
    const end = log.onEntry(({ type }) => seen.push([type, log.tree.size]));
    await appended(store, 'thing-0', 'First');
    await log.reached(1);
    end();
    await appended(store, 'thing-1', 'Second');
    await log.reached(2);
    expect(seen).toEqual([['First', 1]]);
  });

  it('lets nobody wait for ever once it is closed', async () => {
    const log = await started(openMemoryEventStore());
    const waiting = expect(log.reached(1)).rejects.toThrow('closed');
    await log.stop();
    await waiting;
    await expect(log.reached(1)).rejects.toThrow('closed');
  });
});

describe('the standing', () => {
  it('S1: has a leaf for each organisation, definition and list; its record holds for the entries before it', async () => {
    const store = openMemoryEventStore();
    await appended(store, 'organisation-a', 'OrganisationRegistered', { name: 'A', did: 'did:web:a' });
    await appended(store, 'credential-a', 'CredentialIssued');
    const log = await started(store);
    expect(log.standingIsStale).toBe(true);
    const event = await recorded(store, log);
    expect(event.data).toMatchObject({ leaves: 1, size: 2 });
    expect(log.standingIsStale).toBe(false);
    expect(log.snapshot(event.index!)).toMatchObject({ index: 2, leaves: [{ stream: 'organisation-a' }] });
    expect(log.standingRevision).toBe(0);
  });

  it('S1: that is recorded with another root than the node’s own stops the node', async () => {
    const store = openMemoryEventStore();
    await appended(store, 'organisation-a', 'OrganisationRegistered', { name: 'A', did: 'did:web:a' });
    const log = await started(store);
    const data = { ...log.standingNow(), root: Buffer.alloc(32, 1).toString('base64') };
    await appended(store, STANDING_STREAM, 'StandingRecorded', data);
    await expect(log.reached(2)).rejects.toThrow(InvariantError);
    await expect(log.done).rejects.toThrow(/\(S1\)/);
  });

  it('S1: that was overtaken by a change of it counts for no head', async () => {
    const store = openMemoryEventStore();
    await appended(store, 'credential-a', 'CredentialIssued');
    const log = await started(store);
    const before = log.standingNow();
    await appended(store, 'organisation-a', 'OrganisationRegistered', { name: 'A', did: 'did:web:a' });
    await appended(store, STANDING_STREAM, 'StandingRecorded', before);
    await log.reached(3);
    expect(log.snapshot(2)).toBeUndefined();
    expect(log.newestSnapshot()).toBeUndefined();
    expect(log.standingIsStale).toBe(true);
  });

  it('S1: that was overtaken by what does not change it is as good as one that was not', async () => {
    const store = openMemoryEventStore();
    await appended(store, 'organisation-a', 'OrganisationRegistered', { name: 'A', did: 'did:web:a' });
    const log = await started(store);
    const before = log.standingNow();
    await appended(store, 'credential-a', 'CredentialRevoked');
    await appended(store, STANDING_STREAM, 'StandingRecorded', before);
    await log.reached(3);
    expect(log.snapshot(2)).toMatchObject({ index: 2, root: before.root, newestStatusChange: 1 });
    expect(log.standingIsStale).toBe(false);
  });

  it.each([
    ['of more entries than there are before it', { size: 7 }],
    ['with another number of leaves', { size: 0, leaves: 2 }],
  ])('S1: %s counts for no head', async (_, other) => {
    const store = openMemoryEventStore();
    const log = await started(store);
    await appended(store, 'credential-a', 'CredentialIssued');
    await appended(store, STANDING_STREAM, 'StandingRecorded', { ...log.standingNow(), ...other });
    await log.reached(2);
    expect(log.snapshot(1)).toBeUndefined();
  });

  it('keeps what is under batches and the newest, not every record there ever was', async () => {
    const store = openMemoryEventStore();
    const log = await started(store);
    await recorded(store, log);
    await appended(store, 'batch-1', 'BatchSealed', { number: 1, size: 1 });
    await log.reached(2);
    for (let revision = 0; revision < 40; revision += 1) await recorded(store, log, revision);
    expect(log.snapshot(0)).toBeDefined();
    expect(log.snapshot(5)).toBeUndefined();
    expect(log.newestSnapshot()?.index).toBe(41);
  });

  it('is kept as it was for the newest final anchor, and forgotten before it', async () => {
    const store = openMemoryEventStore();
    const log = await started(store);
    const first = await recorded(store, log);
    await appended(store, 'organisation-a', 'OrganisationRegistered', { name: 'A', did: 'did:web:a' });
    await log.reached(2);
    const second = await recorded(store, log, 0);
    expect(log.newestSnapshot(second.index)?.index).toBe(first.index);
    expect(log.newestSnapshot()?.index).toBe(second.index);
    const root = log.snapshot(second.index!)!.tree.root();
    await appended(store, 'batch-1', 'BatchSealed', { number: 1, size: second.index! + 1 });
    await appended(store, 'batch-1', 'AnchorFinalised', { chainId: 1 }, 0);
    await appended(store, 'organisation-b', 'OrganisationRegistered', { name: 'B', did: 'did:web:b' });
    await log.reached(6);
    expect(log.snapshot(first.index!)).toBeUndefined();
    expect(log.snapshot(second.index!)!.tree.root()).toEqual(root);
  });

  it('S11: book-keeping of the log itself is nothing that happened', async () => {
    const store = openMemoryEventStore();
    const log = await started(store);
    expect(log.newestHappening).toBe(-1);
    await appended(store, 'credential-a', 'CredentialIssued');
    await log.reached(1);
    await recorded(store, log);
    await appended(store, 'batch-1', 'BatchSealed', { number: 1, size: 2 });
    await log.reached(3);
    expect(log.newestHappening).toBe(0);
  });
});
