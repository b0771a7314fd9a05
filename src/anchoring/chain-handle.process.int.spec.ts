/** Chains that come into the log at the same time, at the first start of a ledger on several. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventStore } from '../event-store/event-store.js';
import { handle, load } from '../event-store/handle.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { SmallLedger } from '../small-ledger.fixture.js';
import { keySigner } from './anchor-signer.js';
import { LEDGER_STREAM } from './anchoring.events.js';
import { ChainHandle } from './chain-handle.process.js';
import { ClockGuard } from './clock-guard.js';
import { ledgerDecider } from './ledger.js';
import { REGISTRY_CODE } from './registry.js';

const ORIGIN = 'ledger.example/log';
const signer = keySigner(new Uint8Array(32).fill(7));
const now = (): Date => new Date();

let folder: string;
let store: EventStore;
let small: SmallLedger;
const servers: Server[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-handle-'));
  store = openMemoryEventStore();
  small = await SmallLedger.open(store, folder, now);
});
afterEach(async () => {
  await small.stop();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

/** An endpoint of a chain with the registry, on which nothing was ever anchored. */
async function endpoint(chainId: number): Promise<string> {
  const word = `0x${'11'.repeat(32)}`;
  const answers: Readonly<Record<string, unknown>> = {
    eth_chainId: `0x${chainId.toString(16)}`,
    eth_blockNumber: '0x9',
    eth_getCode: REGISTRY_CODE,
    eth_getBalance: '0xde0b6b3a7640000',
    eth_getTransactionCount: '0x0',
    eth_getLogs: [],
    eth_getBlockByNumber: {
      number: '0x9',
      hash: word,
      timestamp: `0x${Math.floor(Date.now() / 1000).toString(16)}`,
      baseFeePerGas: '0x1',
      transactions: [],
    },
  };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { id, method } = JSON.parse(body) as { id: number; method: string };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: answers[method] ?? null }));
    });
  });
  servers.push(server);
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function chainHandle(name: string, chainId: number): Promise<ChainHandle> {
  const use = {
    intervalSeconds: 3_600,
    bumpAfterSeconds: 300,
    doubtSeconds: 60,
    maxFeePerGas: undefined,
    maxPerDay: undefined,
  };
  const plan = { name, chainId, embedded: false, rpcUrls: [await endpoint(chainId)], pollMs: 1_000, use };
  const place = { folder, evmPort: undefined };
  return new ChainHandle(place, { ...plan, signer: async () => signer }, store, new ClockGuard(now), now, () => true);
}

describe('chains that are ready at the same moment', () => {
  it('each come into the log, whichever is first', async () => {
    await handle(store, ledgerDecider, {
      stream: LEDGER_STREAM,
      command: { type: 'FoundLedger', origin: ORIGIN, vkey: `${ORIGIN}+1a2b3c4d+AAAA` },
      context: undefined,
      meta: { at: now().toISOString(), by: 'process:test' },
    });
    // All have read the stream before any of them writes to it.
    const names = ['sepolia', 'hoodi', 'base-sepolia'];
    const append = store.append.bind(store);
    let [waiting, go] = [0, (): void => undefined];
    const all = new Promise<void>((resolve) => (go = resolve));
    store.append = async (one) => {
      if (one.stream === LEDGER_STREAM) {
        waiting += 1;
        if (waiting === names.length) go();
        await all;
      }
      return append(one);
    };
    const handles = await Promise.all(names.map((name, i) => chainHandle(name, i + 1)));
    await Promise.all(handles.map((one) => one.anchorer(small.readModels)));
    const { state } = await load(store, ledgerDecider, LEDGER_STREAM);
    expect(state.is === 'founded' && state.chains.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(waiting).toBeGreaterThan(names.length);
    expect(handles.map((one) => one.ready?.anchorer)).toEqual(names.map(() => signer.address));
    for (const one of handles) await one.stop();
  });
});
