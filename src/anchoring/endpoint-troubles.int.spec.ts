/**
 * What an operator may be away for: the anchorer on a real EVM node, over sockets, with a key that is used elsewhere,
 * transactions that are lost or stuck, an empty purse, and endpoints that lag, limit or contradict each other. Each is got
 * over without anybody, or says what to do. What single answers may be is in json-rpc.int.spec.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RLP } from '@ethereumjs/rlp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Transaction, Wallet } from 'ethers';
import { fromHex0x, toHex0x } from '../encoding/hex.js';
import { NO_STREAM, type EventStore } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { SmallLedger } from '../small-ledger.fixture.js';
import { keccak256 } from '../verification/keccak.js';
import { checkReceiptProof } from '../verification/receipt-proof-check.js';
import { Anchorer, type AnchorerOptions } from './anchorer.js';
import { batchStream } from './anchoring.events.js';
import { finalAnchor } from './batches.read.js';
import { startEmbeddedNode, type EmbeddedNode } from './embedded-node.js';
import { EthersChain } from './ethers-chain.js';
import { callRpc } from './json-rpc.js';
import { encodeHeader, rpcBlock } from './receipt-proof.js';
import { REGISTRY_ADDRESS } from './registry.js';

let folder: string;
let node: EmbeddedNode;
let wallet: Wallet;
let store: EventStore;
let small: SmallLedger;
let seconds: number;
let keys = 40;
const servers: Server[] = [];

const ask = (method: string, ...params: unknown[]): Promise<unknown> => callRpc(node.url, method, params, 20_000);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-troubles-'));
  node = await startEmbeddedNode({ folder: join(folder, 'chain'), port: 0, saveIntervalMs: 600_000 });
  // The registry, which on public chains somebody has put there.
  await chainOf({ embedded: true }).ensureReady();
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  seconds = Math.floor(Date.now() / 1_000);
  wallet = new Wallet(`0x${(keys += 1).toString(16).padStart(64, '0')}`);
  await ask('anvil_setBalance', wallet.address, '0x3635c9adc5dea00000');
  await ask('evm_setAutomine', false);
  store = openMemoryEventStore();
  small = await SmallLedger.open(store, mkdtempSync(join(folder, 'ledger-')), now);
});
afterEach(async () => {
  await small.stop();
  await ask('anvil_dropAllTransactions');
  await ask('evm_setAutomine', true);
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function now(): Date {
  return new Date(seconds * 1_000);
}

function chainOf(options: { embedded?: boolean; rpcUrls?: readonly string[] } = {}): EthersChain {
  return new EthersChain({
    name: 'testnet',
    chainId: 31_337,
    rpcUrls: [node.url],
    privateKey: fromHex0x(wallet?.privateKey ?? `0x${'28'.padStart(64, '0')}`),
    timeoutMs: 10_000,
    ...options,
  });
}

function anchorerOn(rpcUrls: readonly string[] = [node.url], options: Partial<AnchorerOptions> = {}): Anchorer {
  const usual = { isMain: true, intervalSeconds: 3_600, bumpAfterSeconds: 300, doubtSeconds: 60 };
  return new Anchorer(store, small.readModels, chainOf({ rpcUrls }), now, { ...usual, ...options });
}

async function seal(): Promise<number> {
  const id = crypto.randomUUID();
  const event = { id, type: 'Happened', v: 1, at: now().toISOString(), by: 'process:test', data: {} };
  await store.append({ stream: `thing-${id}`, expectedRevision: NO_STREAM, events: [event] });
  await small.settle();
  return (await small.sealer.seal()).number;
}

async function steps(number = 1): Promise<string[]> {
  return (await store.readStream(batchStream(number))).map(({ type, data }) =>
    type === 'AnchorFailed' ? `${type} ${data['code'] as string}` : type,
  );
}

/** Goes on, with a block at a time, until a batch is final. */
async function untilFinal(anchorer: Anchorer, number = 1): Promise<void> {
  while (!(await steps(number)).includes('AnchorFinalised')) {
    await anchorer.advance();
    await ask('evm_mine');
  }
}

/** What the contract has of the key. */
async function anchored(): Promise<number> {
  return (await chainOf().anchors(0)).length;
}

/** What the anchorer sent last. */
async function sent(): Promise<Transaction> {
  const last = (await store.readStream(batchStream(1))).findLast(({ data }) => data['signedTransaction'] !== undefined);
  return Transaction.from(last?.data['signedTransaction'] as string);
}

/** A transaction of the same key that is no anchor; offered `more` than another, so that nodes put it in its place. */
async function useElsewhere(nonce: number, like: Transaction): Promise<void> {
  const fees = { maxFeePerGas: like.maxFeePerGas! * 2n, maxPriorityFeePerGas: like.maxPriorityFeePerGas! * 2n + 1n };
  const to = `0x${'11'.repeat(20)}`;
  const other = { type: 2, chainId: 31_337, nonce, to, value: 1, gasLimit: 60_000, ...fees };
  await ask('eth_sendRawTransaction', await wallet.signTransaction(other));
}

type Meddle = (method: string, params: readonly unknown[], real: unknown) => unknown;

/** Stands between the chain and the node; `refuse` answers in the node's place. */
async function endpoint(
  meddle: Meddle,
  refuse: (method: string) => [number, Record<string, string>] | undefined = () => undefined,
): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
      const refusal = refuse(method);
      if (refusal) return void response.writeHead(...refusal).end();
      void callRpc(node.url, method, params, 10_000)
        .then((real) => ({ result: meddle(method, params, real) }))
        .catch((error: unknown) => ({ error: { code: -32_000, message: (error as Error).message } }))
        .then((said) => response.end(JSON.stringify({ jsonrpc: '2.0', id, ...said })));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function refusal(work: Promise<unknown>): Promise<{ code?: string; message: string }> {
  return work.then(
    () => ({ message: 'it went well' }),
    (error: unknown) => error as { code?: string; message: string },
  );
}

describe('a key that is used elsewhere', () => {
  it('delays an anchor and is told; none is lost, none is paid twice', async () => {
    const anchorer = anchorerOn();
    await seal();
    await anchorer.advance();
    const ours = await sent();
    await useElsewhere(ours.nonce, ours);
    await ask('evm_mine');
    // Not at once: an endpoint may be wrong about a nonce for a while.
    await anchorer.advance();
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted']);
    expect(anchorer.warning).toBeUndefined();
    seconds += 60;
    await untilFinal(anchorer);
    expect(await steps()).toEqual([
      ...['BatchSealed', 'AnchorSubmitted', 'AnchorFailed nonceUsed'],
      ...['AnchorSubmitted', 'AnchorConfirmed', 'AnchorFinalised'],
    ]);
    expect(await anchored()).toBe(1);
    expect(anchorer.warning).toMatch(
      new RegExp(
        `${wallet.address} took nonce ${ours.nonce} on testnet.*used elsewhere.*anchoring alone.*rotate-anchorer`,
      ),
    );
    seconds += 86_400;
    expect(anchorer.warning).toBeUndefined();
  });
});

describe('a nonce gap', () => {
  it('that a lost transaction leaves is closed by itself', async () => {
    const anchorer = anchorerOn();
    await useElsewhere(0, Transaction.from((await chainOf().buildAnchor(new Uint8Array(32))).signedTransaction));
    await ask('evm_mine');
    await seal();
    // The ledger knows of no transaction with the nonce before.
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'rpcDisagreement' });
    seconds += 60;
    await anchorer.advance();
    expect((await sent()).nonce).toBe(1);
    // The block before it is gone, with the transaction whose nonce came before.
    await ask('anvil_dropAllTransactions');
    await ask('anvil_rollback', 1);
    await anchorer.advance();
    seconds += 60;
    await untilFinal(anchorer);
    expect(await steps()).toEqual([
      ...['BatchSealed', 'AnchorSubmitted', 'AnchorFailed nonceGap'],
      ...['AnchorSubmitted', 'AnchorConfirmed', 'AnchorFinalised'],
    ]);
    expect((await sent()).nonce).toBe(0);
    expect(await anchored()).toBe(1);
  });
});

describe('a transaction that is stuck', () => {
  it('is offered more for, at its own nonce, and one of the two is mined', async () => {
    const anchorer = anchorerOn();
    await seal();
    await anchorer.advance();
    const first = await sent();
    seconds += 300;
    await anchorer.advance();
    const second = await sent();
    expect(second.nonce).toBe(first.nonce);
    expect(second.maxFeePerGas! * 8n).toBeGreaterThanOrEqual(first.maxFeePerGas! * 9n);
    await untilFinal(anchorer);
    expect(await steps()).toContain('AnchorReplaced');
    expect(await anchored()).toBe(1);
  });

  it('and forgotten by the node is sent again, the same bytes', async () => {
    const anchorer = anchorerOn();
    await seal();
    await anchorer.advance();
    await ask('anvil_dropAllTransactions');
    await ask('evm_mine');
    expect(await anchored()).toBe(0);
    await untilFinal(anchorer);
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted', 'AnchorConfirmed', 'AnchorFinalised']);
  });
});

describe('an empty purse', () => {
  it('is told with the address, nothing is recorded, and filled it goes on by itself', async () => {
    const anchorer = anchorerOn();
    await seal();
    await ask('anvil_setBalance', wallet.address, '0x3e8');
    expect(await refusal(anchorer.advance())).toMatchObject({
      code: 'noFunds',
      message: expect.stringMatching(
        new RegExp(
          `has 0\\.000000000000001 on testnet, and an anchor may take .*: send funds to ${wallet.address}; anchoring goes on by itself`,
        ),
      ),
    });
    expect(await steps()).toEqual(['BatchSealed']);
    await ask('anvil_setBalance', wallet.address, '0xde0b6b3a7640000');
    await untilFinal(anchorer);
  });

  it('that empties between signing and sending is told as well', async () => {
    const anchorer = anchorerOn();
    await seal();
    await anchorer.advance();
    await ask('anvil_dropAllTransactions');
    await ask('anvil_setBalance', wallet.address, '0x0');
    const told = await refusal(anchorer.advance());
    expect(told).toMatchObject({
      code: 'noFunds',
      message: expect.stringContaining(`send funds to ${wallet.address}`),
    });
    await ask('anvil_setBalance', wallet.address, '0xde0b6b3a7640000');
    await untilFinal(anchorer);
  });
});

describe('an endpoint that lags', () => {
  it('alone: is not believed a nonce that was used, and says what to do', async () => {
    let isBehind = false;
    const lagging = await endpoint((method, _, real) =>
      isBehind && method === 'eth_getTransactionCount' ? '0x0' : real,
    );
    const anchorer = anchorerOn([lagging]);
    await seal();
    await untilFinal(anchorer);
    await seal();
    isBehind = true;
    expect(await refusal(anchorer.advance())).toMatchObject({
      code: 'rpcDisagreement',
      message: expect.stringMatching(/the endpoint is behind; .*or name another one in RPC_URLS/),
    });
    expect(await steps(2)).toEqual(['BatchSealed']);
    isBehind = false;
    await untilFinal(anchorer, 2);
  });

  it('beside another: nothing is final before it has caught up, and nothing fails', async () => {
    let isBehind = true;
    const lagging = await endpoint((method, params, real) => {
      if (!isBehind) return real;
      if (method === 'eth_getTransactionReceipt' || method === 'eth_getTransactionByHash') return null;
      if (method === 'eth_getTransactionCount') return '0x0';
      return method === 'eth_getBlockByNumber' && params[0] !== 'latest' && params[0] !== 'finalized' ? null : real;
    });
    const anchorer = anchorerOn([lagging, node.url]);
    await seal();
    for (let i = 0; i < 6; i += 1) {
      await anchorer.advance();
      await ask('evm_mine');
    }
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted', 'AnchorConfirmed']);
    isBehind = false;
    await untilFinal(anchorer);
    expect(await anchored()).toBe(1);
  });
});

describe('an endpoint that limits', () => {
  it('is left alone as long as it asks, while another does the work', async () => {
    let limited = 0;
    const limiting = await endpoint(
      (_, __, real) => real,
      (method) => (method === 'eth_chainId' || (limited += 1) > 1_000 ? undefined : [429, { 'retry-after': '60' }]),
    );
    const anchorer = anchorerOn([limiting, node.url]);
    await seal();
    await untilFinal(anchorer);
    expect(limited).toBe(1);
  });

  it('alone: says so, nothing is lost, and it goes on', async () => {
    let isLimiting = true;
    const limiting = await endpoint(
      (_, __, real) => real,
      () => (isLimiting ? [429, {}] : undefined),
    );
    const anchorer = anchorerOn([limiting]);
    await seal();
    expect(await refusal(anchorer.advance())).toMatchObject({
      code: 'rpcLimited',
      message: expect.stringMatching(/too many requests.*name several in RPC_URLS/),
    });
    isLimiting = false;
    await untilFinal(anchorer);
    expect(await anchored()).toBe(1);
  });
});

describe('endpoints that contradict each other', () => {
  it('S10: leave nothing final until they agree, and it says what to do', async () => {
    let isLying = true;
    const lying = await endpoint((method, params, real) =>
      isLying && method === 'eth_getBlockByNumber' && params[0] !== 'latest' && params[0] !== 'finalized'
        ? { ...(real as object), hash: `0x${'99'.repeat(32)}` }
        : real,
    );
    const anchorer = anchorerOn([node.url, lying]);
    await seal();
    let told = await refusal(anchorer.advance());
    for (let i = 0; i < 8 && told.code === undefined; i += 1) {
      await ask('evm_mine');
      told = await refusal(anchorer.advance());
    }
    expect(told).toMatchObject({
      code: 'rpcDisagreement',
      message: expect.stringMatching(/fork or lies; nothing is called final.*look the block up elsewhere.*RPC_URLS/),
    });
    expect(await steps()).not.toContain('AnchorFinalised');
    isLying = false;
    await untilFinal(anchorer);
  });

  it('S10: one that gives false receipts hides no proof that another can give', async () => {
    const lying = await endpoint((method, _, real) =>
      method === 'eth_getBlockReceipts'
        ? (real as object[]).map((receipt) => ({ ...receipt, cumulativeGasUsed: '0x1' }))
        : real,
    );
    await seal();
    await untilFinal(anchorerOn([lying, node.url]));
    expect(finalAnchor(small.readModels.db, 'newest')?.batch).toBe(1);
  });
});

describe('a fork that adds a member to block headers', () => {
  const ADDED = `0x${'f0'.repeat(32)}`;

  /** The chain as after such a fork: from a block on, its hash covers one member more. */
  async function forked(hash: string, options: { raw: boolean }): Promise<string> {
    const block = rpcBlock.parse(await ask('eth_getBlockByHash', hash, false));
    const header = RLP.encode([...(RLP.decode(encodeHeader(block)) as Uint8Array[]), fromHex0x(ADDED)]);
    const other = toHex0x(keccak256(header));
    const replaced = (value: unknown, from: string, to: string): unknown =>
      JSON.parse(JSON.stringify(value ?? null).replaceAll(from, to)) as unknown;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { id, method, params } = JSON.parse(body.replaceAll(other, hash)) as {
          id: number;
          method: string;
          params: unknown[];
        };
        void (
          method === 'debug_getRawHeader' && options.raw && params[0] === hash
            ? Promise.resolve(toHex0x(header))
            : callRpc(node.url, method, params, 10_000)
        )
          .then((real) => {
            const result = replaced(real, hash, other);
            const isIt =
              result !== null && (result as { hash?: string }).hash === other && 'receiptsRoot' in (result as object);
            return { result: isIt ? { ...(result as object), futureRoot: ADDED } : result };
          })
          .catch((error: unknown) => ({ error: { code: -32_601, message: (error as Error).message } }))
          .then((said) => response.end(JSON.stringify({ jsonrpc: '2.0', id, ...said })));
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** An anchor in a block, which nobody has confirmed yet. @returns hash of the block and of the transaction */
  async function inBlock(): Promise<{ block: string; txHash: string }> {
    await seal();
    await anchorerOn().advance();
    await ask('evm_mine');
    const txHash = (await sent()).hash!;
    for (;;) {
      const receipt = (await ask('eth_getTransactionReceipt', txHash)) as { blockHash: string } | null;
      if (receipt) return { block: receipt.blockHash, txHash };
      await delay(10);
    }
  }

  it('S10: leaves the anchor final without its proof, which says what to do and comes when it can be made', async () => {
    const { block, txHash } = await inBlock();
    const url = await forked(block, { raw: false });
    const anchorer = anchorerOn([url]);
    await untilFinal(anchorer);
    expect(finalAnchor(small.readModels.db, 'newest')).toBeUndefined();
    expect(anchorer.warning).toMatch(
      /batch 1 is final on testnet and has no proof yet.*does not know futureRoot: a fork has added it.*update Meritkedja.*debug_getRawHeader/,
    );
    // A version that knows the member, or an endpoint that gives the header as it is.
    const later = anchorerOn([await forked(block, { raw: true })]);
    await later.advance();
    const proof = finalAnchor(small.readModels.db, 'newest')?.proof;
    expect(proof).toMatchObject({ txHash });
    expect(proof?.blockHash).not.toBe(block);
    expect(checkReceiptProof(proof!).blockHash).toBe(proof?.blockHash);
    expect(later.warning).toBeUndefined();
  });

  it('S10: is no matter where an endpoint gives the header’s bytes, and no bytes are taken that do not hash', async () => {
    const { block, txHash } = await inBlock();
    const proof = await chainOf({ rpcUrls: [await forked(block, { raw: true })] }).proof(txHash);
    expect(() => checkReceiptProof(proof)).not.toThrow();
    const lying = await endpoint((method, _, real) =>
      method === 'eth_getBlockByHash' ? { ...(real as object), stateRoot: ADDED } : real,
    );
    expect(await refusal(chainOf({ rpcUrls: [lying] }).proof(txHash))).toMatchObject({
      code: 'badAnswer',
      message: expect.stringMatching(/do not hash to it; it is tried again; name another endpoint in RPC_URLS/),
    });
  });
});

describe('a contract that is not the registry', () => {
  it('is not anchored at, and says what to set', async () => {
    const lying = await endpoint((method, _, real) => (method === 'eth_getCode' ? '0x6000' : real));
    expect(await refusal(chainOf({ rpcUrls: [lying] }).ensureReady())).toMatchObject({
      code: 'contractDiffers',
      message: expect.stringContaining(`unset ANCHOR_CONTRACT, so that it is ${REGISTRY_ADDRESS}`),
    });
  });
});
