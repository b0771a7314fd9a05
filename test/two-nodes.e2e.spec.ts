/**
 * Two api nodes and a worker over one EventStoreDB (the loopback server: real sockets, the official client): the same
 * tree on each, one's own writes read anywhere, and kill -9 of each in turn under load. Whatever was answered with 2xx is
 * there once (S24), heads never fork (S15), and what is issued is anchored and verifies.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toBase64, toBase64url } from '../src/encoding/base64.js';
import { InvariantError } from '../src/errors.js';
import { openEventStoreDb } from '../src/event-store/eventstoredb.js';
import type { StoredEvent } from '../src/event-store/event-store.js';
import { startEventStoreDbServer, type EventStoreDbServer } from '../src/event-store/eventstoredb-server.fixture.js';
import { EVENT_TYPES } from '../src/event-types.js';
import { parseCheckpoint } from '../src/log/checkpoint.js';
import { MerkleTree } from '../src/log/merkle-tree.js';
import { issuance, organisation, personalNumber, world, type World } from './samples.js';
import { cli, eventually, Service, type Parsed, type Reply } from './service.js';

const SECRET = { MASTER_KEY: toBase64url(randomBytes(32)), ADMIN_TOKEN: toBase64url(randomBytes(24)) };
const IN_FLIGHT = 6;

let server: EventStoreDbServer;
let folder: string;
let worker: Service;
let apis: readonly [Service, Service];
let shared: World;

beforeAll(async () => {
  server = await startEventStoreDbServer();
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-nodes-'));
  const env = {
    ...SECRET,
    EVENTSTORE_URL: server.url,
    KEYS_DIR: join(folder, 'keys'),
    PUBLIC_URL: 'http://ledger.test',
    ANCHOR_INTERVAL: '1',
    LOG_LEVEL: 'warn',
  };
  // The first process founds the ledger and makes the keys that the others are given.
  worker = await Service.start({ env: { ...env, ROLES: 'worker' } });
  apis = await Promise.all([
    Service.start({ env: { ...env, ROLES: 'api' } }),
    Service.start({ env: { ...env, ROLES: 'api' } }),
  ]);
  shared = await world(apis[0]);
});

afterAll(async () => {
  await Promise.all([...(apis ?? []), worker].map((service) => service?.dispose()));
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The head in a signed checkpoint: what stands before its signatures. */
function headIn({ text }: Reply): { size: number; root: Uint8Array } {
  return parseCheckpoint(text.slice(0, text.indexOf('\n\n') + 1));
}

/** Every event in the store, by a node of the test's own that has nothing but the connection. */
async function everything(): Promise<readonly StoredEvent[]> {
  const store = await openEventStoreDb({
    url: server.url,
    indexFile: join(mkdtempSync(join(folder, 'reader-')), 'index.db'),
    types: EVENT_TYPES,
  });
  try {
    return await store.readAll({ limit: 1_000_000 });
  } finally {
    await store.close();
  }
}

describe('a worker', () => {
  it('answers whoever watches over it, and nobody else', async () => {
    expect((await worker.request('/health/ready', { token: null })).status).toBe(200);
    for (const path of ['/', '/api/v1/definitions', '/log/checkpoint']) {
      expect((await worker.request(path)).status).toBe(503);
    }
  });
});

describe('two api nodes', () => {
  it('one answers what was just written to the other', async () => {
    for (let n = 0; n < 10; n += 1) {
      const [writer, reader] = n % 2 ? apis : [apis[1], apis[0]];
      const written = await writer.request('/api/v1/organisations', { body: organisation(100 + n) });
      const position = written.headers['meritkedja-position'] as string;
      const read = await reader.request(`/api/v1/organisations/${written.json.id}`, {
        headers: { 'meritkedja-position': position },
      });
      expect([written.status, read.status]).toEqual([201, 200]);
      const list = await reader.ok('/api/v1/organisations?limit=100', { headers: { 'meritkedja-position': position } });
      expect(list.items.map(({ id }: Parsed) => id)).toContain(written.json.id);
    }
  });

  it('refuse a position that is none, and say so where they cannot reach it', async () => {
    const ask = (position: string): Promise<Reply> =>
      apis[0].request('/api/v1/definitions', { headers: { 'meritkedja-position': position } });
    expect((await ask('soon')).json).toMatchObject({ status: 422, errors: [{ path: 'meritkedja-position' }] });
    expect((await ask('9'.repeat(30))).status).toBe(503);
  });

  it('S24: the same Idempotency-Key on both at once is one credential', async () => {
    const body = issuance(shared.definitionId, shared.issuer, { givenName: 'En', familyName: 'Gång' });
    const send = (service: Service): Promise<Reply> =>
      service.request('/api/v1/credentials', { body, headers: { 'idempotency-key': 'once' } });
    const replies = await Promise.all([send(apis[0]), send(apis[1]), send(apis[0]), send(apis[1])]);
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(replies.map(({ json }) => json.id)).size).toBe(1);
  });

  it('seal on request, serve the same signed head, and a bundle that verifies', async () => {
    const { id } = await apis[0].post('/api/v1/credentials', issuance(shared.definitionId, shared.issuer));
    const { number } = await apis[1].post('/api/v1/batches/seal');
    const final = await eventually(async () => {
      const batch = await apis[0].ok(`/api/v1/batches/${number}`);
      return batch.anchors.find(({ state }: Parsed) => state === 'finalised');
    }, 'the anchor to be final');
    const bundle = await eventually(async () => {
      const given = await apis[1].ok(`/api/v1/credentials/${id}/proof`);
      return given.anchor !== undefined && given;
    }, 'an anchored bundle');
    writeFileSync(join(folder, 'bundle.json'), JSON.stringify(bundle));
    writeFileSync(join(folder, 'trust.json'), (await apis[1].request('/.well-known/meritkedja.json')).text);
    const { anchor } = bundle;
    const checked = await cli(
      folder,
      ...['verify', join(folder, 'bundle.json'), '--trust', join(folder, 'trust.json'), '--json'],
      ...['--block-hash', anchor.blockHash],
    );
    expect(final).toBeDefined();
    expect(checked.json).toMatchObject({ verdict: 'valid' });
    expect(checked.status).toBe(0);
  });
});

describe('kill -9 of each node in turn under load', () => {
  it('loses nothing that was answered and doubles nothing (S15, S24)', async () => {
    const answered = new Map<string, string>();
    const heads = new Map<number, string>();
    let number = 0;
    let going = true;
    const send = async (n: number): Promise<void> => {
      const body = issuance(shared.definitionId, n % 3 ? shared.issuer : shared.owner, {
        givenName: 'Person',
        familyName: `Nummer ${n % 40}`,
        personalNumber: personalNumber(1 + (n % 40)),
      });
      // Until it is answered, on whichever node is there: as a client behind the proxy would.
      for (let attempt = n; ; attempt += 1) {
        try {
          const reply = await apis[attempt % 2 ? 0 : 1].request('/api/v1/credentials', {
            body,
            headers: { 'idempotency-key': `load-${n}` },
          });
          if (reply.status === 201) return void answered.set(`load-${n}`, reply.json.id);
          if (reply.status !== 503 && reply.json?.type !== 'urn:meritkedja:problem:staleRead') {
            going = false;
            throw new InvariantError(`${reply.status} ${reply.text}\n${apis.map(({ output }) => output).join('\n')}`);
          }
        } catch (error) {
          if ((error as { code?: string }).code === undefined && !/cut off|no answer/.test(String(error))) throw error;
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    };
    const load = Array.from({ length: IN_FLIGHT }, async () => {
      while (going) await send((number += 1));
    });
    const watch = (async () => {
      while (going) {
        for (const api of apis) {
          const reply = await api.request('/log/checkpoint').catch(() => undefined);
          if (reply?.status !== 200) continue;
          const { size, root } = headIn(reply);
          expect(heads.get(size) ?? toBase64(root)).toBe(toBase64(root));
          heads.set(size, toBase64(root));
        }
      }
    })();
    for (const victim of [apis[0], worker, apis[1], worker]) {
      const before = answered.size;
      await eventually(() => answered.size >= before + 15, 'the load to go on', 60_000);
      await victim.kill9();
      victim.killNode();
      if (victim === worker) {
        // Issuing goes on without a worker.
        const then = answered.size;
        await eventually(() => answered.size >= then + 5, 'issuing without a worker', 60_000);
      }
      await victim.restart();
    }
    going = false;
    await Promise.all([...load, watch]);

    const { number: batch } = await apis[0].post('/api/v1/batches/seal');
    await eventually(async () => (await apis[1].request(`/api/v1/batches/${batch}`)).status === 200, 'the batch');
    const events = await everything();
    const issued = events.filter(({ type }) => type === 'CredentialIssued').map(({ stream }) => stream);
    expect(new Set(issued).size).toBe(issued.length);
    for (const id of answered.values()) expect(issued).toContain(`credential-${id}`);
    expect(new Set(answered.values()).size).toBe(answered.size);
    const persons = events.filter(({ type }) => type === 'PersonReserved').length;
    expect(persons).toBe(Math.min(40, number));

    const log = events.filter(({ index }) => index !== undefined);
    expect(log.map(({ index }) => index)).toEqual(log.map((_, i) => i));
    const tree = MerkleTree.ofEntries(log.map(({ entry }) => entry!));
    for (const [size, root] of heads) expect(toBase64(tree.root(size))).toBe(root);
    for (const api of apis) {
      const { size, root } = headIn(await api.request('/log/checkpoint'));
      expect(toBase64(root)).toBe(toBase64(tree.root(size)));
      const path = (await api.ok(`/log/proof?index=0&size=${size}`)).path;
      expect(path).toEqual(tree.inclusionPath(0, size).map(toBase64));
    }
  }, 300_000);
});
