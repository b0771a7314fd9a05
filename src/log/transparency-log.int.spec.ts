/** What a node keeps of the log on disk: taken up at start, and made again wherever it is not what it was (S15). */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { STANDING_STREAM } from '../anchoring/anchoring.events.js';
import { toBase64 } from '../encoding/base64.js';
import type { JsonObject } from '../encoding/json.js';
import type { EventDraft, EventStore, StoredEvent } from '../event-store/event-store.js';
import { NO_STREAM } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { MerkleTree } from './merkle-tree.js';
import { SIGNED_HEADS_STREAM } from './signed-heads.js';
import { DamagedTreeError } from './tiled-tree.js';
import { TransparencyLog } from './transparency-log.js';

let folder: string;
let reports: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-log-'));
  reports = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function draft(type: string, data: JsonObject): EventDraft {
  return { id: crypto.randomUUID(), type, v: 1, at: '2026-01-01T00:00:00.000Z', by: 'process:test', data };
}

async function happened(store: EventStore, times: number): Promise<void> {
  await store.appendMany(
    Array.from({ length: times }, (_, n) => ({
      stream: `thing-${crypto.randomUUID()}`,
      expectedRevision: NO_STREAM,
      events: [draft('Happened', { n })],
    })),
  );
}

async function add(store: EventStore, stream: string, type: string, data: JsonObject): Promise<StoredEvent> {
  const revision = (await store.readStream(stream)).length - 1;
  const { events } = await store.append({ stream, expectedRevision: revision, events: [draft(type, data)] });
  return events[0]!;
}

/** Everything that a log keeps: organisations, records, a batch with a final anchor, signed heads. */
async function history(store: EventStore, log: TransparencyLog, entries: number): Promise<void> {
  const record = async (): Promise<StoredEvent> => {
    await log.reached((await store.head()).logSize);
    return add(store, STANDING_STREAM, 'StandingRecorded', log.standingNow());
  };
  await add(store, 'organisation-a', 'OrganisationRegistered', { name: 'A', did: 'did:web:a' });
  await record();
  await happened(store, entries);
  await add(store, 'definition-1', 'DefinitionCreated', { owner: 'a' });
  await add(store, 'statuslist-1', 'StatusListOpened', { organisation: 'a', purpose: 'revocation' });
  const second = await record();
  await add(store, 'batch-1', 'BatchSealed', { number: 1, size: second.index! + 1 });
  await add(store, 'batch-1', 'AnchorFinalised', { chainId: 1 });
  await add(store, 'organisation-a', 'OrganisationDetailsChanged', { name: 'B' });
  await add(store, 'credential-1', 'CredentialRevoked', {});
  await record();
  await log.reached((await store.head()).logSize);
  await sign(store, log, second.index! + 1);
}

async function sign(store: EventStore, log: TransparencyLog, size: number): Promise<void> {
  const data = { size, root: toBase64(log.tree.root(size)), checkpoint: `note of ${size}` };
  await add(store, SIGNED_HEADS_STREAM, 'HeadSigned', data);
  while (!log.headAt(size)) await new Promise((resolve) => setImmediate(resolve));
}

/** Counts what a start reads. */
function counting(store: EventStore): EventStore & { delivered: number } {
  const counted = {
    delivered: 0,
    append: store.append.bind(store),
    appendMany: store.appendMany.bind(store),
    readStream: store.readStream.bind(store),
    readAll: store.readAll.bind(store),
    readLog: store.readLog.bind(store),
    head: store.head.bind(store),
    deleteStream: store.deleteStream.bind(store),
    close: store.close.bind(store),
    subscribe: ((options, handler) =>
      store.subscribe(options, (events) => {
        counted.delivered += events.length;
        return handler(events);
      })) as EventStore['subscribe'],
  };
  return counted;
}

async function open(store: EventStore, at = folder): Promise<TransparencyLog> {
  const log = new TransparencyLog(store, { folder: at, report: (message) => reports.push(message) });
  await log.start();
  return log;
}

/** All that can be seen of a log, but for the paths. */
async function seen(store: EventStore, log: TransparencyLog): Promise<object> {
  const sizes = [1, 2, 255, 256, 257, log.tree.size].filter((size) => size <= log.tree.size);
  const indexes = (await store.readStream(STANDING_STREAM)).map(({ index }) => index!);
  return {
    size: log.tree.size,
    roots: sizes.map((size) => toBase64(log.tree.root(size))),
    paths: sizes.map((size) => log.tree.inclusionPath(size - 1).map(toBase64)),
    standing: log.standingNow(),
    snapshots: indexes.map((index) => {
      const snapshot = log.snapshot(index);
      return snapshot && { ...snapshot, leaf: snapshot.find('organisation-a'), path: snapshot.tree.inclusionPath(0) };
    }),
    isStale: log.standingIsStale,
    newestHappening: log.newestHappening,
    newestStatusChange: log.newestStatusChange,
    standingRevision: log.standingRevision,
    headRevision: log.headRevision,
    latestHead: log.latestHead,
    heads: (await store.readStream(SIGNED_HEADS_STREAM)).map(({ data }) => log.headAt(Number(data['size']))),
    problem: log.problem,
  };
}

/** What a node must see that has kept nothing. */
async function expectSame(store: EventStore, log: TransparencyLog): Promise<void> {
  const fresh = new TransparencyLog(store);
  await fresh.start();
  expect(await seen(store, log)).toEqual(await seen(store, fresh));
  const tree = new MerkleTree();
  for (const { entry } of await store.readLog({ from: 0, limit: 1_000_000 })) tree.appendEntry(entry!);
  expect(log.tree.root()).toEqual(tree.root());
  await fresh.stop();
}

describe('a log that is started again', () => {
  it('S15: is the same, reads only what came after, and goes on from there', async () => {
    const store = openMemoryEventStore();
    const first = await open(store);
    await history(store, first, 1_000);
    await expectSame(store, first);
    await first.stop();
    await happened(store, 7);
    const counted = counting(store);
    const again = await open(counted);
    expect(counted.delivered).toBe(7);
    await expectSame(store, again);
    await add(store, 'organisation-a', 'OrganisationDetailsChanged', { name: 'C' });
    await again.reached((await store.head()).logSize);
    await add(store, STANDING_STREAM, 'StandingRecorded', again.standingNow());
    await again.reached((await store.head()).logSize);
    await sign(store, again, again.tree.size);
    await expectSame(store, again);
    await again.stop();
    await expectSame(store, await open(store));
    expect(reports).toEqual([]);
  });

  it('after a crash reads no more than what it writes down at a time', async () => {
    const store = openMemoryEventStore();
    const log = await open(store);
    await happened(store, 10_000);
    await log.reached(10_000);
    cpSync(folder, `${folder}-killed`, { recursive: true });
    const counted = counting(store);
    const again = await open(counted, `${folder}-killed`);
    expect(counted.delivered).toBeLessThan(5_000);
    await expectSame(store, again);
    await again.stop();
    await log.stop();
    rmSync(`${folder}-killed`, { recursive: true });
  });
});

describe('what was kept', () => {
  it('S15: torn, cut off or overwritten anywhere gives the same log in the end', async () => {
    const store = openMemoryEventStore();
    const log = await open(store);
    await history(store, log, 1_000);
    await happened(store, 3_200);
    await log.reached((await store.head()).logSize);
    const expected = await seen(store, log);
    // As a killed process leaves it, with its write-ahead log; and as one that ended in peace.
    const [killed, stopped, torn] = ['killed', 'stopped', 'torn'].map((name) => `${folder}-${name}`) as [
      string,
      string,
      string,
    ];
    cpSync(folder, killed, { recursive: true });
    await log.stop();
    cpSync(folder, stopped, { recursive: true });
    const files = [killed, stopped].flatMap((from) =>
      ['log.db', 'log.db-wal'].flatMap((name) => (existsSync(join(from, name)) ? [{ from, name }] : [])),
    );
    const damage = fc.record({
      file: fc.constantFrom(...files),
      place: fc.double({ min: 0, max: 1, noNaN: true }),
      how: fc.constantFrom('cut', 'zeros', 'flip'),
    });
    let remade = 0;
    await fc.assert(
      fc.asyncProperty(damage, async ({ file: { from, name }, place, how }) => {
        rmSync(torn, { recursive: true, force: true });
        cpSync(from, torn, { recursive: true });
        const path = join(torn, name);
        const bytes = readFileSync(path);
        const at = Math.floor(place * (bytes.length - 1));
        const end = Math.min(bytes.length, how === 'zeros' ? at + 4_096 : at + 1);
        if (how === 'cut') truncateSync(path, at);
        else writeFileSync(path, bytes.fill(how === 'zeros' ? 0 : bytes[at]! ^ 0x55, at, end));
        reports = [];
        let again = await open(store, torn);
        try {
          for (let index = 0; index < again.tree.size; index += 101) again.tree.inclusionPath(index);
        } catch (error) {
          // Damage within a tile shows when it is read: nothing was served of it, and the next start mends it.
          expect(error).toBeInstanceOf(DamagedTreeError);
          await again.stop();
          again = await open(store, torn);
        }
        expect(await seen(store, again)).toEqual(expected);
        await again.stop();
        remade += reports.length;
      }),
      { numRuns: 60 },
    );
    expect(remade).toBeGreaterThan(0);
    for (const name of [killed, stopped, torn]) rmSync(name, { recursive: true, force: true });
  });

  it('of another or an older store is made again, and says so', async () => {
    const store = openMemoryEventStore();
    const log = await open(store);
    await history(store, log, 300);
    await log.stop();
    for (const entries of [10, 300, 400]) {
      const other = openMemoryEventStore();
      await happened(other, entries + 10);
      reports = [];
      const there = await open(other);
      await expectSame(other, there);
      await there.stop();
      expect(reports).toEqual([
        expect.stringMatching(/made again from the store: it is (ahead of the store|of another)/),
      ]);
      rmSync(folder, { recursive: true });
      const back = await open(store);
      await back.stop();
    }
  });

  it('S15: with heads that the store has otherwise is made again, and every head is compared', async () => {
    const store = openMemoryEventStore();
    const log = await open(store);
    await history(store, log, 10);
    await log.stop();
    const other: EventStore = {
      ...counting(store),
      readStream: async (stream, options) => {
        const events = await store.readStream(stream, options);
        return stream === SIGNED_HEADS_STREAM
          ? events.map((e) => ({ ...e, data: { ...e.data, root: 'AAAA' } }))
          : events;
      },
      subscribe: (options, handler) =>
        store.subscribe(options, (events) =>
          handler(
            events.map((e) => (e.stream === SIGNED_HEADS_STREAM ? { ...e, data: { ...e.data, root: 'AAAA' } } : e)),
          ),
        ),
    };
    const again = await open(other);
    expect(reports).toEqual([expect.stringMatching(/its signed heads are not those of the store/)]);
    expect(again.problem).toMatch(/another history/);
    await again.stop();
  });
});
