/** What can go wrong between a node and EventStoreDB, and between nodes, on a server of which every step is in hand. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binaryEvent, EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { build } from 'esbuild';
import { toHex } from '../encoding/hex.js';
import {
  ConcurrencyError,
  ConfigError,
  InputError,
  InvariantError,
  LateStaleReadError,
  UnavailableError,
} from '../errors.js';
import { hashLeaf } from '../log/hash.js';
import { MerkleTree } from '../log/merkle-tree.js';
import { draft } from './conformance-draft.js';
import { eventBytes } from './entry.js';
import { NO_STREAM, type Append, type EventStore, type StoredEvent } from './event-store.js';
import { openEventStoreDb, type EventStoreDbOptions } from './eventstoredb.js';
import { startEventStoreDbServer, type EventStoreDbServer } from './eventstoredb-server.fixture.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** Within the project, so that a child process finds the packages. */
const CACHE = join(HERE, '../../.cache');
const PREFIX = 'test.';

let folder: string;
let server: EventStoreDbServer;
let closing: (() => Promise<unknown>)[];
beforeEach(async () => {
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, 'eventstoredb-'));
  server = await startEventStoreDbServer();
  closing = [];
});
afterEach(async () => {
  server.faults.clear();
  await Promise.all(closing.map((close) => close()));
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function node(name = 'a', options: Partial<EventStoreDbOptions> = {}): Promise<EventStore> {
  const indexFile = join(folder, `${name}.db`);
  const store = await openEventStoreDb({ url: server.url, indexFile, prefix: PREFIX, patience: 5_000, ...options });
  closing.push(() => store.close());
  return store;
}

/** Whoever else writes to the server. */
function stranger(): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(server.url);
  closing.push(() => client.dispose());
  return client;
}

const one = (stream: string, expectedRevision = NO_STREAM, more: Partial<Append> = {}): Append => ({
  ...{ stream, expectedRevision, events: [draft()] },
  ...more,
});
const everything = (store: EventStore): Promise<readonly StoredEvent[]> => store.readAll({ limit: 100_000 });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function rootOf(store: EventStore): Promise<string> {
  const tree = new MerkleTree();
  for (const { entry } of await store.readLog({ from: 0, limit: 100_000 })) tree.append(hashLeaf(entry!));
  return toHex(tree.root());
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await turn();
}

describe('an append whose answer is lost', () => {
  it.each(['loseAnswer', 'writtenTimeout', 'cut', 'unavailable', 'timeout', 'notReady'] as const)(
    'S24: is there once and answered, by %s',
    async (fault) => {
      const store = await node();
      await store.append(one('b'));
      for (const stream of ['a', 'vault-a']) {
        server.faults.next(fault, { call: 'append', stream: (name) => name === PREFIX + stream, times: 2 });
        const append = one(stream, NO_STREAM, { events: [draft({ n: 1 }), draft({ n: 2 })] });
        const { events } = await store.append(append);
        expect(await store.readStream(stream)).toEqual(events);
        expect(await store.append(append)).toEqual({ stream, events });
      }
      expect((await everything(store)).map(({ stream }) => stream)).toEqual(['b', 'a', 'a', 'vault-a', 'vault-a']);
    },
  );

  it('S24: is once there also after the server has forgotten its ids', async () => {
    const store = await node();
    const append = one('a');
    const hold = server.faults.hold('after', { call: 'append' });
    const pending = store.append(append);
    await hold.reached;
    await server.restart();
    hold.release();
    const answer = await pending;
    expect(await store.append(append)).toEqual(answer);
    expect(await everything(store)).toEqual(answer.events);
  });

  it('S7: of the total order is waited for', async () => {
    const store = await node();
    const hold = server.faults.hold('before', { call: 'read', stream: (name) => name === '$all' });
    let settled = false;
    const pending = store.append(one('a')).finally(() => (settled = true));
    await hold.reached;
    for (let i = 0; i < 50; i++) await turn();
    expect(settled).toBe(false);
    hold.release();
    expect((await pending).events).toMatchObject([{ index: 0 }]);
  });

  it('is told to be impossible just now where it lasts, and the same again goes through', async () => {
    const store = await node('a', { patience: 300 });
    const append = one('a');
    await server.stop();
    await expect(store.append(append)).rejects.toThrow(UnavailableError);
    await expect(store.readStream('a')).rejects.toThrow(UnavailableError);
    await server.start();
    await until(async () =>
      store.append(append).then(
        () => true,
        () => false,
      ),
    );
    expect(await everything(store)).toHaveLength(1);
  });
});

describe('a citation that went stale between check and append', () => {
  it('S7: is found afterwards, with the events as they stand, and each time the same is asked again', async () => {
    const store = await node();
    await store.append(one('cited'));
    const citing = one('a', NO_STREAM, { reads: [{ stream: 'cited', revision: 0 }] });
    const hold = server.faults.hold('before', { call: 'append', stream: (name) => name === `${PREFIX}a` });
    const outcome = store.append(citing).catch((error: unknown) => error);
    await hold.reached;
    await store.append(one('cited', 0));
    hold.release();
    const error = (await outcome) as LateStaleReadError;
    expect(error).toBeInstanceOf(LateStaleReadError);
    expect(error).toMatchObject({ stream: 'cited', expectedRevision: 0, actualRevision: 1 });
    expect(error.appended.events).toEqual(await store.readStream('a'));
    expect(error.appended.events).toMatchObject([{ id: citing.events[0]!.id, index: 2 }]);
    await expect(store.append(citing)).rejects.toMatchObject({ appended: error.appended });
  });

  it('S1: so is a size of the log', async () => {
    const store = await node();
    const sized = one('standing', NO_STREAM, { logSize: 0 });
    const hold = server.faults.hold('before', { call: 'append', stream: (name) => name === `${PREFIX}standing` });
    const outcome = store.append(sized).catch((error: unknown) => error);
    await hold.reached;
    await store.append(one('a'));
    hold.release();
    expect(await outcome).toBeInstanceOf(LateStaleReadError);
    expect(await outcome).toMatchObject({ stream: '$log', expectedRevision: 0, actualRevision: 1 });
  });
});

describe('a subscription', () => {
  it('goes on without gap or double when it is cut, the server restarts, and another leads', async () => {
    const store = await node();
    const other = await node('b');
    const seen: StoredEvent[] = [];
    const subscription = store.subscribe({}, async (events) => void seen.push(...events));
    for (let n = 0; n < 12; n++) {
      if (n % 4 === 1) server.faults.cutSubscriptions();
      if (n % 4 === 2) server.cutConnections();
      if (n % 4 === 3) await server.restart();
      await other.append(one(`s-${n}`));
    }
    await until(() => seen.length === 12);
    expect(seen).toEqual(await everything(other));
    await subscription.stop();
  });

  it('waits while the server is away for longer than a request, and is not over', async () => {
    const store = await node('a', { patience: 200 });
    for (let n = 0; n < 3; n++) await store.append(one(`s-${n}`));
    await store.close();
    const again = await node('a', { patience: 200 });
    await server.stop();
    const seen: StoredEvent[] = [];
    // What this node does not have in memory must come from the server.
    const subscription = again.subscribe({}, async (events) => void seen.push(...events));
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(seen).toEqual([]);
    await server.start();
    await until(() => seen.length === 3);
    await subscription.stop();
  });

  it('brings what other applications wrote to nobody', async () => {
    const store = await node();
    const client = stranger();
    const foreign = (): ReturnType<typeof jsonEvent> => jsonEvent({ type: 'Other', data: { a: 1 } });
    await client.appendToStream('other', [foreign(), foreign()]);
    await client.appendToStream('testimony.a', foreign());
    await store.append(one('a'));
    await client.appendToStream('other', foreign());
    const { events } = await store.append(one('b'));
    expect(await everything(store)).toHaveLength(2);
    expect(events).toMatchObject([{ index: 1 }]);
    await store.close();
    expect(await (await node('fresh')).head()).toEqual({ position: events[0]!.position, logSize: 2 });
  });
});

describe('two nodes over one server', () => {
  it('S15: count the same log, whoever writes, and so does one that has lost its index', async () => {
    const stores = [await node('a'), await node('b')];
    await Promise.all(
      stores.flatMap((store, s) =>
        Array.from({ length: 8 }, async (_, w) => {
          for (let n = 0; n < 6; n++) await store.append(one(`${w % 3 ? '' : 'vault-'}s-${s}-${w}`, n - 1));
        }),
      ),
    );
    const [a, b] = stores as [EventStore, EventStore];
    await until(async () => (await b.head()).position === (await a.head()).position);
    const all = await everything(a);
    expect(all).toHaveLength(96);
    expect(await everything(b)).toEqual(all);
    expect(await b.head()).toEqual(await a.head());
    const root = await rootOf(a);
    expect(await rootOf(b)).toBe(root);
    await a.close();
    for (const suffix of ['', '-wal']) rmSync(join(folder, `a.db${suffix}`), { force: true });
    const again = await node('a');
    expect(await everything(again)).toEqual(all);
    expect(await rootOf(again)).toBe(root);
    // And one that has kept it reads the same from the server.
    await b.close();
    const kept = await node('b');
    expect(await everything(kept)).toEqual(all);
    expect(await rootOf(kept)).toBe(root);
    for (const from of [0, 1, 17, 63]) {
      expect(await kept.readLog({ from, limit: 5 })).toEqual(all.filter((e) => e.index! >= from).slice(0, 5));
    }
  });

  it('S24: let one of two writers of a stream win', async () => {
    const stores = [await node('a'), await node('b')];
    const outcomes = await Promise.allSettled(stores.map((store) => store.append(one('a'))));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ConcurrencyError);
    }
  });

  it('S15: read from the leader, and follow it', async () => {
    const follower = await startEventStoreDbServer({ follows: server });
    closing.push(() => follower.stop());
    const stores = [await node('a', { url: follower.url }), await node('b', { url: follower.discoverUrl })];
    for (const [n, store] of stores.entries()) await store.append(one(`a-${n}`));
    follower.lead();
    for (const [n, store] of stores.entries()) await store.append(one(`b-${n}`));
    server.lead();
    for (const [n, store] of stores.entries()) await store.append(one(`c-${n}`));
    const [a, b] = stores as [EventStore, EventStore];
    await until(async () => (await a.head()).logSize === 6 && (await b.head()).logSize === 6);
    expect(await everything(a)).toEqual(await everything(b));
    expect((await everything(a)).map(({ stream }) => stream)).toEqual(['a-0', 'a-1', 'b-0', 'b-1', 'c-0', 'c-1']);
  });
});

describe('a vault stream that another node deletes', () => {
  it.each(['another node', 'the operator by hand'])(
    'S23: is not revived by a writer who had read it before, deleted by %s',
    async (who) => {
      const [a, b] = [await node('a'), await node('b')];
      await a.append(one('vault-a'));
      await until(async () => (await b.head()).position === (await a.head()).position);
      server.faults.pauseSubscriptions();
      if (who === 'another node') await a.deleteStream('vault-a');
      else await stranger().deleteStream(`${PREFIX}vault-a`);
      await expect(b.append(one('vault-a', 0))).rejects.toMatchObject({
        name: 'ConcurrencyError',
        actualRevision: NO_STREAM,
      });
      for (const store of [a, b, await node('c')]) {
        expect(await store.readStream('vault-a')).toEqual([]);
        await store.append(one(`s-${crypto.randomUUID()}`));
        expect((await everything(store)).filter(({ stream }) => stream === 'vault-a')).toEqual([]);
      }
      await b.append(one('vault-a'));
      expect(await b.readStream('vault-a')).toMatchObject([{ revision: 0 }]);
    },
  );

  it('S23: leaves nothing but an empty event to a scavenge, and may be cut off in the midst', async () => {
    const [a, b] = [await node('a', { patience: 300 }), await node('b')];
    const first = one('vault-a', NO_STREAM, { events: [draft({ n: 1 }), draft({ n: 2 })] });
    for (let round = 0; round < 3; round++) {
      await a.append(first);
      server.faults.next('unavailable', { call: 'delete', times: 1_000 });
      await expect(a.deleteStream('vault-a')).rejects.toThrow(UnavailableError);
      server.faults.clear();
      for (const store of [a, b]) {
        await store.append(one(`s-${crypto.randomUUID()}`));
        expect(await store.readStream('vault-a')).toEqual([]);
        expect((await everything(store)).filter(({ stream }) => stream === 'vault-a')).toEqual([]);
        await expect(store.append(one('vault-a', 1))).rejects.toMatchObject({ actualRevision: NO_STREAM });
      }
      if (round === 1) await a.deleteStream('vault-a');
    }
    await a.append(first);
    await a.deleteStream('vault-a');
    const records = [];
    for await (const { event } of stranger().readAll()) if (event?.streamId === `${PREFIX}vault-a`) records.push(event);
    expect(records.at(-1)).toMatchObject({ type: 'meritkedja.erased', metadata: undefined });
    expect(records.at(-1)?.data).toHaveLength(0);
  });

  it('can be gone on with where it has begun again, before this node has read of that', async () => {
    const [a, b] = [await node('a'), await node('b')];
    await a.append(one('vault-a', NO_STREAM, { events: [draft(), draft()] }));
    await until(async () => (await b.head()).position === (await a.head()).position);
    server.faults.pauseSubscriptions();
    await a.deleteStream('vault-a');
    await a.append(one('vault-a'));
    const { events } = await b.append(one('vault-a', 0));
    expect(events).toMatchObject([{ revision: 1 }]);
    expect((await a.readStream('vault-a')).map(({ revision }) => revision)).toEqual([0, 1]);
    server.faults.resumeSubscriptions();
  });
});

describe('the log on the server', () => {
  it.each([['maxCount'], ['maxAge'], ['truncateBefore']])(
    'S15: may not be cut by %s: the node stops, and starts again when it is taken back',
    async (limit) => {
      const store = await node();
      await store.append(one('a', NO_STREAM, { events: [draft(), draft(), draft()] }));
      await store.append(one('vault-a'));
      const client = stranger();
      await client.setStreamMetadata(`${PREFIX}vault-a`, { maxCount: 1 });
      await store.append(one('b'));
      await client.setStreamMetadata(`${PREFIX}a`, { [limit]: 2 });
      await until(async () =>
        store.head().then(
          () => false,
          () => true,
        ),
      );
      await expect(store.append(one('c'))).rejects.toThrow(InvariantError);
      await store.close();
      await expect(node()).rejects.toThrow(ConfigError);
      await expect(node('fresh')).rejects.toThrow(/stream test\.a of the log is limited/);
      await client.setStreamMetadata(`${PREFIX}a`, {});
      expect((await (await node()).head()).logSize).toBe(4);
    },
  );

  it('S15: may not be deleted, softly or for ever', async () => {
    const client = stranger();
    for (const [name, remove] of [
      ['a', () => client.deleteStream(`${PREFIX}a`)],
      ['b', () => client.tombstoneStream(`${PREFIX}b`)],
    ] as const) {
      const store = await node(name);
      await store.append(one(name));
      await remove();
      await until(async () =>
        store.head().then(
          () => false,
          () => true,
        ),
      );
      await expect(store.append(one('c'))).rejects.toThrow(InvariantError);
      await store.close();
      await expect(node(name)).rejects.toThrow(ConfigError);
      // The server answers the first with a `$tb` of its own: it takes the stream for one that begins again.
      for (let times = 0; times < 2; times++) await client.setStreamMetadata(`${PREFIX}a`, {});
    }
  });

  const place = { stream: 'a', revision: 0 };
  const good = draft();
  it.each([
    ['no JSON', { ...good }, Buffer.from('nonsense')],
    ['another id', { ...good, id: crypto.randomUUID() }, eventBytes({ ...good, ...place })],
    ['another type', { ...good, type: 'Other' }, eventBytes({ ...good, ...place })],
    ['another stream', good, eventBytes({ ...good, ...place, stream: 'b' })],
    ['another revision', good, eventBytes({ ...good, ...place, revision: 1 })],
    ['another order of members', good, Buffer.from(` ${Buffer.from(eventBytes({ ...good, ...place })).toString()}`)],
    ['no private part', good, eventBytes({ ...good, ...place, sealed: Uint8Array.of(1) })],
  ])('S14: an entry with %s stops the node', async (_, { id, type }, data) => {
    const store = await node();
    await store.append(one('b'));
    await stranger().appendToStream(`${PREFIX}a`, binaryEvent({ id, type, data: new Uint8Array(data) }));
    await until(async () =>
      store.head().then(
        () => false,
        () => true,
      ),
    );
    await expect(store.append(one('c'))).rejects.toThrow(InvariantError);
    await store.close();
    await expect(node()).rejects.toThrow(InvariantError);
  });
});

describe("a node's index", () => {
  it('is made again where the store is another, or the file is damaged or of another ledger', async () => {
    const store = await node();
    for (let n = 0; n < 5; n++) await store.append(one(`a-${n}`));
    await store.close();
    const first = server;
    server = await startEventStoreDbServer();
    closing.push(() => first.stop());
    const other = await node();
    expect(await other.head()).toEqual({ position: 0n, logSize: 0 });
    await other.append(one('b'));
    await other.close();
    expect(await (await node('a', { prefix: 'another.' })).head()).toEqual({ position: 0n, logSize: 0 });
    writeFileSync(join(folder, 'damaged.db'), Buffer.alloc(20_000, 7));
    expect((await (await node('damaged')).head()).logSize).toBe(1);
  });

  it('S15: is made again where the store was put back and went on otherwise after the last entry', async () => {
    const entry = draft();
    /** Events of the same size, and so at the same places. */
    const history = async (name: string, store: EventStore): Promise<void> => {
      await store.append(one('a', NO_STREAM, { events: [entry] }));
      for (let n = 0; n < 3; n++) await store.append(one(`${name}-${n}`));
    };
    const before = await node();
    await history('vault-x', before);
    const { position } = await before.head();
    await before.close();
    const first = server;
    server = await startEventStoreDbServer();
    closing.push(() => first.stop());
    const writer = await node('writer');
    await history('thing-y', writer);
    expect(await writer.head()).toEqual({ position, logSize: 4 });
    expect(await (await node()).head()).toEqual({ position, logSize: 4 });
  });

  it('is read from where it stands: a start does not read the log again', async () => {
    const store = await node();
    await store.appendMany(Array.from({ length: 50 }, (_, n) => one(`s-${n}`)));
    await store.close();
    const before = server.faults.calls.length;
    const again = await node();
    const calls = server.faults.calls.slice(before).filter(({ call }) => call === 'read');
    expect(calls.length).toBeLessThanOrEqual(3);
    expect((await again.head()).logSize).toBe(50);
  });
});

describe('a server that', () => {
  it('takes only small appends has them refused as input', async () => {
    await server.stop();
    server = await startEventStoreDbServer({ maxAppendSize: 50_000 });
    const store = await node();
    const text = 'x'.repeat(49_000);
    await expect(
      store.append(one('a', NO_STREAM, { events: [draft({ text }), draft({ text })] })),
    ).rejects.toMatchObject({ issues: [{ path: 'data', code: 'tooLarge', message: expect.stringMatching(/50000/) }] });
    await expect(store.append(one('a', NO_STREAM, { events: [draft({ text: text + text })] }))).rejects.toThrow(
      InputError,
    );
    await store.append(one('a', NO_STREAM, { events: [draft({ text })] }));
  });

  it('knows no batch append is written to all the same', async () => {
    await server.stop();
    server = await startEventStoreDbServer({ batchAppend: false });
    const store = await node();
    expect((await store.append(one('a'))).events).toMatchObject([{ index: 0 }]);
  });

  it('cannot be reached is a matter of configuration, told in time, without the password', async () => {
    await server.stop();
    for (const scheme of ['esdb', 'esdb+discover']) {
      const began = Date.now();
      const url = `${scheme}://user:hemligt@127.0.0.1:${server.port}?tls=false`;
      const error = await node('a', { url, patience: 500 }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ variable: 'EVENTSTORE_URL', message: expect.stringMatching(/no leader/) });
      expect(String((error as Error).stack)).not.toContain('hemligt');
      expect(Date.now() - began).toBeLessThan(15_000);
    }
  });
});

describe('a node that is killed while it writes', () => {
  it('S24: has kept all that it acknowledged, once, and the same again completes it', async () => {
    const writer = join(folder, 'writer.mjs');
    await build({
      entryPoints: [join(HERE, 'eventstoredb-writer.ts')],
      outfile: writer,
      ...{ bundle: true, platform: 'node', format: 'esm', logLevel: 'error' },
      external: ['better-sqlite3', '@eventstore/db-client'],
    });
    const appends = 25;
    const run = (killAfter: number): Promise<StoredEvent[]> => {
      const child = spawn(process.execPath, [writer, server.url, join(folder, 'w.db'), PREFIX, `${appends}`]);
      return new Promise((resolve, reject) => {
        let [text, errors] = ['', ''];
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.split('\n').length > killAfter) child.kill('SIGKILL');
        });
        child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
        child.on('error', reject);
        child.on('close', () => {
          if (errors !== '') return reject(new InvariantError(errors));
          const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
          resolve(whole.filter(Boolean).map((line) => JSON.parse(line) as StoredEvent));
        });
      });
    };
    const acknowledged = [...(await run(40)), ...(await run(190)), ...(await run(Infinity))];
    const store = await node('check');
    const all = new Map((await everything(store)).map((event) => [event.id, event]));
    expect(all.size).toBe(16 * appends);
    expect((await everything(store)).length).toBe(16 * appends);
    const wrong = acknowledged.filter(
      ({ id, position, index }) => String(all.get(id)?.position) !== String(position) || all.get(id)?.index !== index,
    );
    expect(wrong).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(16 * appends + 200);
  });
});
