import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Transaction, Wallet } from 'ethers';
import { checkAnchorProof } from '../verification/receipt-proof-check.js';
import type { AnchorReceipt, BuiltAnchor } from './chain.js';
import { startEmbeddedNode, type EmbeddedNode } from './embedded-node.js';
import { EthersChain, type EthersChainOptions } from './ethers-chain.js';
import { callRpc } from './json-rpc.js';
import { l1FeeCall, OP_GAS_PRICE_ORACLE } from './networks.js';
import { REGISTRY_ADDRESS } from './registry.js';

const KEY = new Uint8Array(32).fill(7);

let folder: string;
let node: EmbeddedNode;
let chain: EthersChain;
let seed = 0;

function newRoot(): Uint8Array {
  seed += 1;
  return Uint8Array.from({ length: 32 }, (_, i) => (i * 7 + seed) & 0xff);
}

function chainOf(options: Partial<EthersChainOptions> = {}): EthersChain {
  return new EthersChain({
    name: 'embedded',
    chainId: 31_337,
    rpcUrls: [node.url],
    privateKey: KEY,
    embedded: true,
    onSettled: () => node.save(),
    timeoutMs: 5_000,
    ...options,
  });
}

async function rpc<T>(method: string, ...params: unknown[]): Promise<T> {
  return (await callRpc(node.url, method, params, 5_000)) as T;
}

async function eventually<T>(probe: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    await delay(10);
  }
}

type Confirmed = Extract<AnchorReceipt, { status: 'succeeded' }>;

async function confirmed({ txHash }: BuiltAnchor): Promise<Confirmed> {
  const receipt = await eventually(() => chain.receipt(txHash));
  if (receipt.status !== 'succeeded') throw new TypeError(`${txHash} was reverted`);
  return receipt;
}

async function anchor(root = newRoot()): Promise<{ root: Uint8Array; built: BuiltAnchor; receipt: Confirmed }> {
  const built = await chain.buildAnchor(root);
  await chain.send(built.signedTransaction);
  return { root, built, receipt: await confirmed(built) };
}

async function startNode(): Promise<EmbeddedNode> {
  return startEmbeddedNode({ folder, port: 0, saveIntervalMs: 600_000 });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-chain-'));
  node = await startNode();
});

afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  chain = chainOf();
  await chain.ensureReady();
});

describe('the chain port on a real EVM node', () => {
  it('makes itself ready once, and is ready ever after', async () => {
    const before = await chain.nextNonce();
    await chainOf().ensureReady();
    expect(await chain.nextNonce()).toBe(before);
    expect(chain.contract).toBe(REGISTRY_ADDRESS);
    expect(await rpc('eth_getCode', REGISTRY_ADDRESS, 'latest')).not.toBe('0x');
  });

  it('builds without sending: EIP-1559, gas as estimated and some more', async () => {
    const nonce = await chain.nextNonce();
    const root = newRoot();
    const built = await chain.buildAnchor(root);
    expect(await chain.receipt(built.txHash)).toBeUndefined();
    expect(await chain.nextNonce()).toBe(nonce);
    const transaction = Transaction.from(built.signedTransaction);
    const estimate = await rpc<string>('eth_estimateGas', {
      from: chain.anchorer,
      to: chain.contract,
      data: transaction.data,
    });
    expect(transaction).toMatchObject({ type: 2, nonce, to: REGISTRY_ADDRESS, hash: built.txHash, value: 0n });
    expect(transaction.gasLimit).toBe((BigInt(estimate) * 120n) / 100n);
    expect(transaction.data).toBe(`0x${Buffer.from(root).toString('hex')}`);
  });

  it('takes an anchor from built to final, and proves it', async () => {
    const { root, built, receipt } = await anchor();
    expect(await chain.isFinalised(receipt.blockNumber, receipt.blockHash)).toBe('no');
    await chain.settle();
    expect(await chain.isFinalised(receipt.blockNumber, receipt.blockHash)).toBe('yes');
    expect(await chain.blockHash(receipt.blockNumber)).toBe(receipt.blockHash);

    const proof = await chain.proof(built.txHash);
    expect(proof).toMatchObject({
      chainId: 31_337,
      contract: chain.contract,
      anchorer: chain.anchorer,
      txHash: built.txHash,
      logIndex: receipt.logIndex,
    });
    expect(checkAnchorProof(proof, root)).toEqual({
      blockHash: receipt.blockHash,
      blockNumber: receipt.blockNumber,
      blockTime: receipt.blockTime,
    });
  });

  it('settles what is settled without another block', async () => {
    await anchor();
    await chain.settle();
    const height = await rpc('eth_blockNumber');
    await chain.settle();
    expect(await rpc('eth_blockNumber')).toBe(height);
  });

  it('takes the same bytes as often as they come, before and after they are in a block', async () => {
    await rpc('evm_setAutomine', false);
    try {
      const { txHash, signedTransaction } = await chain.buildAnchor(newRoot());
      await chain.send(signedTransaction);
      await chain.send(signedTransaction);
      expect(await chain.receipt(txHash)).toBeUndefined();
      await rpc('evm_mine');
      expect(await chain.receipt(txHash)).toMatchObject({ status: 'succeeded' });
      await chain.send(signedTransaction);
    } finally {
      await rpc('evm_setAutomine', true);
    }
  });

  it('replaces one that waits by another with higher fees', async () => {
    await rpc('evm_setAutomine', false);
    try {
      const root = newRoot();
      const slow = await chain.buildAnchor(root);
      await chain.send(slow.signedTransaction);
      const same = await chain.buildAnchor(newRoot(), { nonce: slow.nonce });
      await expect(chain.send(same.signedTransaction)).rejects.toMatchObject({ code: 'underpriced' });
      const quick = await chain.buildAnchor(root, { replaces: slow.signedTransaction });
      expect(quick).toMatchObject({ nonce: slow.nonce });
      await chain.send(quick.signedTransaction);
      await rpc('evm_mine');
      expect(await chain.receipt(quick.txHash)).toMatchObject({ status: 'succeeded' });
      expect(await chain.receipt(slow.txHash)).toBeUndefined();
      await expect(chain.send(slow.signedTransaction)).rejects.toMatchObject({ code: 'nonceTaken' });
    } finally {
      await rpc('evm_setAutomine', true);
    }
  });

  it('proves one anchor among many transactions of its block', async () => {
    await rpc('evm_setAutomine', false);
    try {
      const first = await chain.nextNonce();
      const roots = Array.from({ length: 140 }, newRoot);
      const built: BuiltAnchor[] = [];
      for (const [i, root] of roots.entries()) {
        built.push(await chain.buildAnchor(root, { nonce: first + i }));
        await chain.send(built[i]!.signedTransaction);
      }
      await rpc('evm_mine');
      for (const i of [0, 1, 15, 16, 126, 127, 128, 129, 139]) {
        const proof = await chain.proof(built[i]!.txHash);
        expect(proof.transactionIndex).toBe(i);
        expect(() => checkAnchorProof(proof, roots[i]!)).not.toThrow();
      }
    } finally {
      await rpc('evm_setAutomine', true);
    }
  });

  it('proves one anchor in a block of transactions of several types', async () => {
    const others = new Wallet(`0x${'0b'.repeat(32)}`);
    const authorized = new Wallet(`0x${'0c'.repeat(32)}`);
    await rpc('anvil_setBalance', others.address, '0xde0b6b3a7640000');
    const { maxFeePerGas, maxPriorityFeePerGas } = Transaction.from(
      (await chain.buildAnchor(newRoot())).signedTransaction,
    );
    const fees = { maxFeePerGas, maxPriorityFeePerGas, chainId: 31_337 };
    const accessList = [{ address: REGISTRY_ADDRESS, storageKeys: [`0x${'01'.repeat(32)}`] }];
    const kinds = [
      { type: 0, gasPrice: maxFeePerGas, to: authorized.address, value: 1 },
      { type: 0, gasPrice: maxFeePerGas, chainId: 31_337, to: authorized.address, value: 2 },
      { type: 1, gasPrice: maxFeePerGas, chainId: 31_337, to: authorized.address, accessList },
      { type: 2, ...fees, data: '0x00' },
      {
        type: 4,
        ...fees,
        to: authorized.address,
        authorizationList: [await authorized.authorize({ address: REGISTRY_ADDRESS, nonce: 0, chainId: 31_337 })],
      },
    ];
    await rpc('evm_setAutomine', false);
    try {
      for (const [nonce, kind] of kinds.entries()) {
        const signed = await others.signTransaction({ gasLimit: 100_000, ...kind, nonce });
        await rpc('eth_sendRawTransaction', signed);
      }
      const root = newRoot();
      const built = await chain.buildAnchor(root);
      await chain.send(built.signedTransaction);
      await rpc('evm_mine');
      const block = await rpc<{ transactions: { type: string }[] }>('eth_getBlockByNumber', 'latest', true);
      expect(block.transactions.map(({ type }) => type).sort()).toEqual(['0x0', '0x0', '0x1', '0x2', '0x2', '0x4']);
      const proof = await chain.proof(built.txHash);
      expect(() => checkAnchorProof(proof, root)).not.toThrow();
      const otherHash = { ...proof, txHash: `0x${'12'.repeat(32)}` };
      expect(() => checkAnchorProof(otherHash, root)).toThrow('expected transaction 0x12');
    } finally {
      await rpc('evm_setAutomine', true);
    }
  });

  it('S10: tells a reorganisation, and the same bytes go in again', async () => {
    const { root, built, receipt } = await anchor();
    await rpc('anvil_reorg', 1, []);
    expect(await chain.receipt(built.txHash)).toBeUndefined();
    expect(await chain.isFinalised(receipt.blockNumber, receipt.blockHash)).toBe('reorganised');
    await expect(chain.proof(built.txHash)).rejects.toMatchObject({ code: 'notFound' });

    expect(await chain.nextNonce()).toBe(built.nonce);
    await chain.send(built.signedTransaction);
    const again = await confirmed(built);
    expect(again.blockHash).not.toBe(receipt.blockHash);
    await chain.settle();
    expect(await chain.isFinalised(again.blockNumber, again.blockHash)).toBe('yes');
    const proof = await chain.proof(built.txHash);
    expect(() => checkAnchorProof(proof, root)).not.toThrow();
  });

  it('tells that a kill -9 of the node took a block, and the same bytes go in again', async () => {
    const kept = await anchor();
    await chain.settle();
    const { built, receipt } = await anchor();
    process.kill(node.pid!, 'SIGKILL');
    await eventually(async () => ((await chain.blockHash(0).catch(() => undefined)) === undefined ? undefined : true));

    expect(await chain.isFinalised(kept.receipt.blockNumber, kept.receipt.blockHash)).toBe('yes');
    expect(await chain.receipt(built.txHash)).toBeUndefined();
    expect(await chain.isFinalised(receipt.blockNumber, receipt.blockHash)).toBe('reorganised');
    expect(await chain.nextNonce()).toBe(built.nonce);
    await chain.send(built.signedTransaction);
    await confirmed(built);
  });

  it('S16: finds everything that its key has anchored from a block on, also after the node has loaded its chain', async () => {
    const before = await anchor();
    const other = chainOf({ privateKey: new Uint8Array(32).fill(8) });
    await other.ensureReady();
    await other.send((await other.buildAnchor(newRoot())).signedTransaction);
    const first = await anchor();
    // More blocks than are asked for at a time. On a busy machine they take longer than other calls.
    await callRpc(node.url, 'anvil_mine', ['0x835'], 50_000);
    const second = await anchor();
    const expected = [first, second].map(({ root, built, receipt }) => ({
      root,
      txHash: built.txHash,
      blockNumber: receipt.blockNumber,
    }));
    expect(await chain.anchors(before.receipt.blockNumber + 1)).toEqual(expected);
    expect(await chain.anchors(second.receipt.blockNumber + 1)).toEqual([]);
    expect((await chain.anchors(0)).slice(-2)).toEqual(expected);
    await chain.settle();
    await node.stop();
    node = await startNode();
    chain = chainOf();
    expect(await chain.anchors(before.receipt.blockNumber + 1)).toEqual(expected);
  });

  it('knows a transaction that was reverted', async () => {
    // 31 bytes are no root: the same anchorer sends them to the contract by hand.
    const nonce = await chain.nextNonce();
    const good = Transaction.from((await chain.buildAnchor(newRoot())).signedTransaction);
    const signed = await new Wallet(`0x${'07'.repeat(32)}`).signTransaction({
      type: 2,
      chainId: 31_337,
      nonce,
      to: chain.contract,
      data: `0x${'01'.repeat(31)}`,
      gasLimit: 100_000,
      maxFeePerGas: good.maxFeePerGas,
      maxPriorityFeePerGas: good.maxPriorityFeePerGas,
    });
    await chain.send(signed);
    const hash = Transaction.from(signed).hash!;
    const receipt = await eventually(() => chain.receipt(hash));
    expect(receipt).toMatchObject({ status: 'reverted' });
    expect(receipt).not.toHaveProperty('logIndex');
    await expect(chain.proof(hash)).rejects.toMatchObject({ code: 'rejected' });
  });
});

describe('a chain that is not what it should be', () => {
  it.each([
    ['wrongChainId', 'another chain than configured', { chainId: 1 }],
    ['contractMissing', 'a public chain without the contract', { embedded: false, contract: `0x${'12'.repeat(20)}` }],
    ['contractDiffers', 'another contract', { contract: '0x4e59b44847b379578588920cA78FbF26c0B4956C' }],
    ['noFunds', 'an anchorer without funds', { embedded: false, privateKey: new Uint8Array(32).fill(9) }],
    ['rpcUnreachable', 'nobody at the URL', { rpcUrls: ['http://127.0.0.1:1/secret-key'] }],
  ])('%s: %s', async (code, _, options) => {
    const error: unknown = await chainOf(options)
      .ensureReady()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ChainError', code });
    expect(String(error)).not.toContain('secret-key');
  });

  it('noFunds also where an anchor costs more than there is', async () => {
    const poor = chainOf({ embedded: false, privateKey: new Uint8Array(32).fill(10) });
    await rpc('anvil_setBalance', poor.anchorer, '0x1');
    await expect(poor.buildAnchor(newRoot())).rejects.toMatchObject({ code: 'noFunds' });
  });
});

describe('a chain of the OP stack, whose fees for the chain above are not in the estimate', () => {
  const DATA_FEE = 10n ** 10n;
  const OPERATOR_FEE = 10n ** 13n;
  /**
   * Code in the oracle's place: for getL1Fee so many wei for each byte of calldata, for getOperatorFee always the same,
   * and a revert for anything else; or for all but the first.
   */
  function oracle(hasOperatorFee: boolean): string {
    const returned = '60005260206000f3';
    const dataFee = `5b3664${DATA_FEE.toString(16).padStart(10, '0')}02${returned}`;
    const operatorFee = `5b67${OPERATOR_FEE.toString(16).padStart(16, '0')}${returned}`;
    const [first, second] = [0x20, 0x20 + dataFee.length / 2].map((at) => at.toString(16).padStart(2, '0'));
    const selected = `60003560e01c806349948e0e1460${first!}57`;
    const other = hasOperatorFee ? `63275aedd21460${second!}57` : '';
    return `0x${`${selected}${other}60008080fd`.padEnd(0x40, '0')}${dataFee}${operatorFee}`;
  }
  const setOracle = (code: string): Promise<unknown> => rpc('anvil_setCode', OP_GAS_PRICE_ORACLE, code);
  const rollup = (): EthersChain => chainOf({ embedded: false, feesAbove: 'oracle' });

  afterEach(() => setOracle('0x'));

  /** What the transaction can cost for its gas alone, and what the oracle asks for its bytes. */
  function costs({ signedTransaction }: BuiltAnchor): { gas: bigint; data: bigint } {
    const { gasLimit, maxFeePerGas, unsignedSerialized } = Transaction.from(signedTransaction);
    return {
      gas: gasLimit * maxFeePerGas!,
      data: BigInt(l1FeeCall(unsignedSerialized).length / 2 - 1) * DATA_FEE,
    };
  }

  it.each([
    ['since Isthmus, the operator’s too', true, OPERATOR_FEE],
    ['before Isthmus', false, 0n],
  ])('has them in what an anchor, and a replacement, may cost: %s', async (_, hasOperatorFee, operator) => {
    await setOracle(oracle(hasOperatorFee));
    const root = newRoot();
    const built = await rollup().buildAnchor(root);
    const { gas, data } = costs(built);
    // Twice: they may rise until the transaction is in a block, as the base fee may.
    expect(BigInt(built.maxCost)).toBe(gas + 2n * (data + operator));
    const replacing = await rollup().buildAnchor(root, { replaces: built.signedTransaction });
    expect(BigInt(replacing.maxCost)).toBe(costs(replacing).gas + 2n * (costs(replacing).data + operator));
    expect(BigInt(replacing.maxCost)).toBeGreaterThan(BigInt(built.maxCost));
  });

  it('is not anchored on with a purse that is enough for the gas alone', async () => {
    await setOracle(oracle(true));
    const poor = chainOf({ embedded: false, feesAbove: 'oracle', privateKey: new Uint8Array(32).fill(11) });
    const purse = async (wei: bigint): Promise<void> => {
      await rpc('anvil_setBalance', poor.anchorer, `0x${wei.toString(16)}`);
    };
    await purse(10n ** 18n);
    const built = await poor.buildAnchor(newRoot());
    await purse(BigInt(built.maxCost) - 1n);
    await expect(poor.buildAnchor(newRoot())).rejects.toMatchObject({
      code: 'noFunds',
      message: expect.stringContaining(`send funds to ${poor.anchorer}`),
    });
    await purse(BigInt(built.maxCost) + 10n ** 15n);
    await poor.buildAnchor(newRoot());
  });

  it('counts them into ANCHOR_MAX_FEE_GWEI, and says how much of it they are', async () => {
    await setOracle(oracle(true));
    const without = Transaction.from((await chainOf({ embedded: false }).buildAnchor(newRoot())).signedTransaction);
    const limit = without.maxFeePerGas!;
    const error: unknown = await rollup()
      .buildAnchor(newRoot(), { maxFeePerGas: limit })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'overBudget' });
    expect(String(error)).toMatch(
      /takes [\d.]+ gwei .*, [\d.]+ of it for the chain above, .*raise ANCHOR_MAX_FEE_GWEI/,
    );
    // Twice the oracle's answers, spread over the estimated gas.
    const beside =
      (2n * (costs({ signedTransaction: without.serialized } as BuiltAnchor).data + OPERATOR_FEE)) / 23_000n;
    const built = await rollup().buildAnchor(newRoot(), { maxFeePerGas: limit + beside });
    const { maxFeePerGas, gasLimit } = Transaction.from(built.signedTransaction);
    expect(BigInt(built.maxCost)).toBeLessThanOrEqual((limit + beside) * gasLimit);
    expect(maxFeePerGas!).toBeLessThanOrEqual(limit + beside);
  });

  it('is not anchored on at an unknown price', async () => {
    // No oracle at all answers with nothing; one that reverts is refused by the node.
    await expect(rollup().buildAnchor(newRoot())).rejects.toMatchObject({ code: 'badAnswer' });
    await setOracle('0x60006000fd');
    await expect(rollup().buildAnchor(newRoot())).rejects.toMatchObject({
      code: 'rejected',
      message: expect.stringContaining('name another endpoint in RPC_URLS'),
    });
  });
});

/** Stands between the chain and the node, and changes what it says. */
interface Meddler {
  readonly url: string;
  meddle: (method: string, result: unknown) => unknown;
  asked: string[];
}

describe('endpoints that cannot be relied on', () => {
  let server: Server;
  let meddler: Meddler;

  beforeEach(async () => {
    server = createServer((request, response) => {
      void (async (): Promise<void> => {
        let body = '';
        for await (const chunk of request) body += String(chunk);
        const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
        meddler.asked.push(method);
        let answer: unknown;
        try {
          answer = { result: meddler.meddle(method, await callRpc(node.url, method, params, 5_000)) };
        } catch (error) {
          answer = { error: { code: -32_000, message: (error as Error).message } };
        }
        if (answer instanceof Object && 'result' in answer && answer.result === HANG) return;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ jsonrpc: '2.0', id, ...(answer as object) }));
      })();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    meddler = { url: `http://127.0.0.1:${port}`, meddle: (_, result) => result, asked: [] };
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const HANG = Symbol('no answer');

  it('goes on with the next where one is down, hangs, or talks nonsense', async () => {
    const dead = 'http://127.0.0.1:1';
    const several = chainOf({ rpcUrls: [dead, meddler.url, node.url], timeoutMs: 300 });
    await several.ensureReady();
    for (const nonsense of [HANG, {}, 'x', null, '0x', -1]) {
      meddler.meddle = (method, result) => (method === 'eth_chainId' ? result : nonsense);
      expect(await several.nextNonce()).toBe(await chain.nextNonce());
      const built = await several.buildAnchor(newRoot());
      await several.send(built.signedTransaction);
      expect(await eventually(() => several.receipt(built.txHash))).toMatchObject({ status: 'succeeded' });
    }
  });

  it('goes on with the next where one gives a receipt that does not fit its block', async () => {
    const { built, receipt } = await anchor();
    meddler.meddle = (method, result) =>
      method === 'eth_getTransactionReceipt' ? { ...(result as object), transactionIndex: '0x7' } : result;
    expect(await chainOf({ rpcUrls: [meddler.url, node.url] }).receipt(built.txHash)).toEqual(receipt);
  });

  it('S16: begins at the lowest newest block that is told: a first block that is too high would make every proof wrong', async () => {
    meddler.meddle = (method, result) => (method === 'eth_blockNumber' ? '0x1fffffffffffff' : result);
    const { blockNumber } = await chainOf({ rpcUrls: [meddler.url, node.url] }).ensureReady();
    expect(blockNumber).toBe(Number(await rpc('eth_blockNumber')));
  });

  it('does not ask for ever for the logs of blocks that are not, as an endpoint may say that there are', async () => {
    meddler.meddle = (method, result) => (method === 'eth_blockNumber' ? '0x1fffffffffffff' : result);
    const misled = chainOf({ rpcUrls: [meddler.url], logsMs: 0 });
    await expect(misled.anchors(0)).rejects.toThrow(/9007199254740991.*RPC_URLS/);
  });

  it.each(['gasUsed', 'effectiveGasPrice', 'l1Fee'])(
    'takes no %s that is longer than a word of the chain',
    async (name) => {
      const { built } = await anchor();
      meddler.meddle = (method, result) =>
        method === 'eth_getTransactionReceipt' ? { ...(result as object), [name]: `0x${'f'.repeat(65)}` } : result;
      const misled = chainOf({ rpcUrls: [meddler.url] });
      await expect(misled.receipt(built.txHash)).rejects.toMatchObject({ code: 'badAnswer' });
    },
  );

  it('sends to all of them', async () => {
    const several = chainOf({ rpcUrls: [node.url, meddler.url] });
    await several.send((await several.buildAnchor(newRoot())).signedTransaction);
    expect(meddler.asked).toContain('eth_sendRawTransaction');
  });

  it('refuses to go on with one of another chain, also behind a good one', async () => {
    meddler.meddle = (method, result) => (method === 'eth_chainId' ? '0x1' : result);
    await expect(chainOf({ rpcUrls: [node.url, meddler.url] }).ensureReady()).rejects.toMatchObject({
      code: 'wrongChainId',
    });
  });

  it('S10: is final only where all that answer say so, and a contradiction is no reorganisation', async () => {
    const { receipt } = await anchor();
    await chain.settle();
    const several = chainOf({ rpcUrls: [node.url, meddler.url], embedded: false });
    const asked = (): Promise<unknown> => several.isFinalised(receipt.blockNumber, receipt.blockHash);
    expect(await asked()).toBe('yes');

    const change = (fields: object) => (method: string, result: unknown) =>
      method === 'eth_getBlockByNumber' ? { ...(result as object), ...fields } : result;
    meddler.meddle = change({ number: '0x0' });
    expect(await asked()).toBe('no');
    meddler.meddle = (method, result) => (method === 'eth_getBlockByNumber' ? null : result);
    expect(await asked()).toBe('no');
    meddler.meddle = change({ hash: `0x${'00'.repeat(32)}` });
    await expect(asked()).rejects.toMatchObject({ code: 'rpcDisagreement' });
    meddler.meddle = (method, result) => (method === 'eth_chainId' ? result : 'nonsense');
    expect(await asked()).toBe('yes');
  });

  it.each([
    ['a header that does not hash', 'eth_getBlockByHash', { stateRoot: `0x${'00'.repeat(32)}` }],
    ['a time that is not the header’s', 'eth_getBlockByHash', { timestamp: '0x1' }],
    ['a block of another hash', 'eth_getBlockByHash', { hash: `0x${'00'.repeat(32)}` }],
    ['a block of another number', 'eth_getBlockByHash', { number: '0x1' }],
    ['a block without transactions', 'eth_getBlockByHash', { transactions: [] }],
    ['a receipt of another transaction', 'eth_getTransactionReceipt', { transactionHash: `0x${'00'.repeat(32)}` }],
    ['a receipt without its log', 'eth_getTransactionReceipt', { logs: [] }],
  ])('S10: makes no proof from %s', async (_, method, fields) => {
    const { built } = await anchor();
    const misled = chainOf({ rpcUrls: [meddler.url] });
    meddler.meddle = (asked, result) => (asked === method ? { ...(result as object), ...fields } : result);
    await expect(misled.proof(built.txHash)).rejects.toMatchObject({ code: 'badAnswer' });
  });

  it('S10: makes no proof from receipts that do not hash to the header’s root', async () => {
    const { built } = await anchor();
    const misled = chainOf({ rpcUrls: [meddler.url] });
    meddler.meddle = (method, result) =>
      method === 'eth_getBlockReceipts'
        ? (result as object[]).map((receipt) => ({ ...receipt, cumulativeGasUsed: '0x1' }))
        : result;
    await expect(misled.proof(built.txHash)).rejects.toMatchObject({ code: 'badAnswer' });
    meddler.meddle = (method, result) => (method === 'eth_getBlockReceipts' ? [] : result);
    await expect(misled.proof(built.txHash)).rejects.toMatchObject({ code: 'badAnswer' });
  });

  it('asks for the bytes of a transaction that it cannot encode itself, and takes none that do not hash', async () => {
    const { root, built } = await anchor();
    const misled = chainOf({ rpcUrls: [meddler.url] });
    const unknown = (method: string, result: unknown): unknown => {
      const { transactions } = (result ?? {}) as { transactions?: unknown[] };
      if (method !== 'eth_getBlockByHash' || typeof transactions?.[0] !== 'object') return result;
      return { ...(result as object), transactions: transactions.map((one) => ({ ...(one as object), value: '0x1' })) };
    };
    meddler.meddle = unknown;
    const proof = await misled.proof(built.txHash);
    expect(() => checkAnchorProof(proof, root)).not.toThrow();
    expect(meddler.asked).toContain('eth_getRawTransactionByBlockHashAndIndex');
    for (const raw of ['0x', '0x02c0', null, 1]) {
      meddler.meddle = (method, result) =>
        method === 'eth_getRawTransactionByBlockHashAndIndex' ? raw : unknown(method, result);
      await expect(misled.proof(built.txHash)).rejects.toMatchObject({ code: 'badAnswer' });
    }
    meddler.meddle = (method, result) => {
      if (method === 'eth_getRawTransactionByBlockHashAndIndex') throw new TypeError('no such method');
      return unknown(method, result);
    };
    await expect(misled.proof(built.txHash)).rejects.toMatchObject({ code: 'badAnswer' });
  });

  it.each([
    ['none', (): unknown[] => []],
    ['one twice', (all: unknown[]): unknown[] => [...all, ...all]],
    [
      'another',
      (all: unknown[]): unknown[] => all.map((one) => ({ ...(one as object), hash: `0x${'00'.repeat(32)}` })),
    ],
  ])('S10: makes no proof from transactions that are not the block’s: %s', async (_, change) => {
    const { built } = await anchor();
    meddler.meddle = (method, result) => {
      const { transactions = [] } = (result ?? {}) as { transactions?: unknown[] };
      if (method !== 'eth_getBlockByHash' || typeof transactions[0] !== 'object') return result;
      return { ...(result as object), transactions: change(transactions) };
    };
    await expect(chainOf({ rpcUrls: [meddler.url] }).proof(built.txHash)).rejects.toMatchObject({ code: 'badAnswer' });
  });

  it('asks for receipts one by one where the endpoint cannot give them together', async () => {
    const { root, built } = await anchor();
    meddler.meddle = (method, result) => (method === 'eth_getBlockReceipts' ? null : result);
    const proof = await chainOf({ rpcUrls: [meddler.url] }).proof(built.txHash);
    expect(() => checkAnchorProof(proof, root)).not.toThrow();
  });
});
