/**
 * S18 over HTTP: a node whose clock is further off than the log allows refuses what would go into it, with a problem that
 * says what to do, and takes it when the clock is right again. As the clock of a process cannot be turned, the chain's is:
 * to the node that is the same.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { callRpc } from '../src/anchoring/json-rpc.js';
import { startEventStoreDbServer } from '../src/event-store/eventstoredb-server.fixture.js';
import { organisation } from './samples.js';
import { eventually, Service, type Reply } from './service.js';

const SKEW = 1_000;
/** A right clock is looked at each 30 s. */
const DEADLINE_MS = 180_000;
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function started(env: Record<string, string>): Promise<Service> {
  const service = await Service.start({ env: { LOG_LEVEL: 'warn', ...env } });
  ends.push(() => service.dispose());
  return service;
}

function found(service: Service, language = 'en'): Promise<Reply> {
  const headers = { 'accept-language': language };
  return service.request('/api/v1/organisations', { method: 'POST', body: organisation(1), headers });
}

const health = async (service: Service): Promise<{ anchoring: string; logSize: number }> =>
  (await service.ok('/health/ready')) as { anchoring: string; logSize: number };

async function refusesUntil(service: Service, mend: () => unknown): Promise<void> {
  const told = await eventually(
    async () => {
      const { anchoring, logSize } = await health(service);
      return anchoring.includes('S18') && { anchoring, logSize };
    },
    'the wrong clock to be seen',
    60_000,
  );
  expect(told.anchoring).toMatch(/clock is \d+ s behind the newest block of .*Set the clock \(chrony/);
  const refused = await found(service);
  expect(refused.status).toBe(503);
  expect(refused.headers).toMatchObject({
    'content-type': expect.stringContaining('application/problem+json'),
    'retry-after': '5',
  });
  expect(refused.json).toMatchObject({ type: 'urn:meritkedja:problem:clockSkew', status: 503 });
  expect(refused.json.detail).toMatch(/It is \d{3,4} seconds off the blocks of .*Nothing was written.*\(chrony/);
  const swedish = await found(service, 'sv');
  expect(swedish.status).toBe(503);
  expect(swedish.json.detail).toMatch(/Inget har skrivits\. Operatören ställer klockan/);
  // Others may write at the right time; this one did not.
  expect((await health(service)).logSize).toBe(told.logSize);
  await mend();
  const taken = await eventually(
    async () => {
      const reply = await found(service);
      return reply.status !== 503 && reply;
    },
    'the right clock to be seen',
    60_000,
  );
  expect(taken.status).toBe(201);
  expect((await health(service)).anchoring).not.toContain('S18');
  expect((await health(service)).logSize).toBeGreaterThan(told.logSize);
}

describe('S18: a node whose clock is 1,000 s behind its chain answers 503, writes nothing, and goes on when it is right', () => {
  it(
    'one that anchors, on its own chain',
    async () => {
      const service = await started({});
      const chain = await eventually(
        async () => (await service.ok('/.well-known/meritkedja.json')).chains[0]?.rpcUrls?.[0] as string | undefined,
        'the chain',
      );
      const ask = (method: string, ...params: unknown[]): Promise<unknown> => callRpc(chain, method, params, 10_000);
      const height = async (): Promise<number> => Number(await ask('eth_blockNumber'));
      const before = await height();
      await ask('evm_increaseTime', SKEW);
      await ask('evm_mine');
      await refusesUntil(service, async () => {
        await ask('evm_setTime', Math.floor(Date.now() / 1_000));
        // What the service has sent meanwhile may have come into a block of the wrong time too.
        await ask('anvil_rollback', (await height()) - before);
      });
    },
    DEADLINE_MS,
  );

  it(
    'one that only answers, by an endpoint of a public chain',
    async () => {
      const eventStore = await startEventStoreDbServer();
      ends.push(() => eventStore.stop());
      let ahead = SKEW;
      const endpoint: Server = createServer((request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          const { id, method } = JSON.parse(body) as { id: number; method: string };
          const timestamp = `0x${(Math.floor(Date.now() / 1_000) + ahead).toString(16)}`;
          const block = { number: '0x10', hash: `0x${'ab'.repeat(32)}`, timestamp, transactions: [] };
          response.end(JSON.stringify({ jsonrpc: '2.0', id, result: method === 'eth_chainId' ? '0x88bb0' : block }));
        });
      });
      await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
      ends.push(async () => {
        endpoint.closeAllConnections();
        endpoint.close();
      });
      const service = await started({
        EVENTSTORE_URL: eventStore.url,
        ROLES: 'api',
        CHAIN: 'hoodi',
        RPC_URLS: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`,
      });
      await refusesUntil(service, () => {
        ahead = 0;
      });
    },
    DEADLINE_MS,
  );
});
