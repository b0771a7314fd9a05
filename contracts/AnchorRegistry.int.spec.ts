import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Interface, Wallet, type TransactionLike } from 'ethers';
import { startEmbeddedNode, type EmbeddedNode } from '../src/anchoring/embedded-node.js';
import { callRpc } from '../src/anchoring/json-rpc.js';
import {
  CREATE2_DEPLOYER,
  REGISTRY_ABI,
  REGISTRY_ADDRESS,
  REGISTRY_CODE,
  REGISTRY_DEPLOYMENT,
  REGISTRY_TOPIC,
} from '../src/anchoring/registry.js';

const wallet = new Wallet(`0x${'21'.repeat(32)}`);
const abi = new Interface(REGISTRY_ABI);
const ROOT = `0x${'ab'.repeat(32)}`;
const SOMEBODY = `0x${'34'.repeat(20)}`;

let folder: string;
let node: EmbeddedNode;
let nonce = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-contract-'));
  node = await startEmbeddedNode({ folder, port: 0 });
  await rpc('anvil_setBalance', wallet.address, '0xde0b6b3a7640000');
  expect(await rpc('eth_getCode', REGISTRY_ADDRESS, 'latest')).toBe('0x');
  await transact({ to: CREATE2_DEPLOYER, data: REGISTRY_DEPLOYMENT, gasLimit: 500_000 });
});

afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function rpc<T>(method: string, ...params: unknown[]): Promise<T> {
  return (await callRpc(node.url, method, params, 5_000)) as T;
}

interface Log {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

interface Receipt {
  readonly status: string;
  readonly gasUsed: string;
  readonly logs: readonly Log[];
}

async function transact(transaction: TransactionLike): Promise<Receipt> {
  const signed = await wallet.signTransaction({
    type: 2,
    chainId: 31_337,
    nonce: nonce++,
    gasLimit: 100_000,
    maxFeePerGas: 4n * 10n ** 9n,
    maxPriorityFeePerGas: 1n,
    ...transaction,
  });
  const hash = await rpc<string>('eth_sendRawTransaction', signed);
  for (;;) {
    const receipt = await rpc<Receipt | null>('eth_getTransactionReceipt', hash);
    if (receipt !== null) return receipt;
    await delay(5);
  }
}

/** What the node says of a call that reverts: its text, and the revert's data if any. */
async function revertOf(call: object): Promise<{ message: string; data: string | undefined }> {
  const answer = await fetch(node.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call', params: [call, 'latest'] }),
  });
  const { error } = (await answer.json()) as { error?: { message: string; data?: string } };
  return { message: error?.message ?? 'no error', data: error?.data };
}

describe('the anchor registry', () => {
  it('is where EIP-1014 puts it, with the code that the compiler made', async () => {
    expect(await rpc('eth_getCode', REGISTRY_ADDRESS, 'latest')).toBe(REGISTRY_CODE);
  });

  it('writes the root and who sent it, both indexed, and nothing else', async () => {
    const { status, logs } = await transact({ to: REGISTRY_ADDRESS, data: ROOT });
    expect(status).toBe('0x1');
    expect(logs).toHaveLength(1);
    const [log] = logs;
    expect(log).toMatchObject({
      address: REGISTRY_ADDRESS.toLowerCase(),
      topics: [REGISTRY_TOPIC, `0x${'00'.repeat(12)}${wallet.address.slice(2).toLowerCase()}`, ROOT],
      data: '0x',
    });
    expect(abi.parseLog(log!)?.args.toObject()).toEqual({ anchorer: wallet.address, root: ROOT });
  });

  it('takes the same root again, and the root of zeros: it keeps nothing and judges nothing', async () => {
    for (const data of [ROOT, ROOT, `0x${'00'.repeat(32)}`]) {
      expect(await transact({ to: REGISTRY_ADDRESS, data })).toMatchObject({ status: '0x1' });
    }
    expect(await rpc('eth_getStorageAt', REGISTRY_ADDRESS, `0x${'00'.repeat(32)}`, 'latest')).toBe(
      `0x${'00'.repeat(32)}`,
    );
    expect(await rpc('eth_getBalance', REGISTRY_ADDRESS, 'latest')).toBe('0x0');
  });

  it.each([...Array.from({ length: 101 }, (_, length) => length), 1_000].filter((length) => length !== 32))(
    'refuses %d bytes and says how many they are',
    async (length) => {
      const call = { from: SOMEBODY, to: REGISTRY_ADDRESS, data: `0x${'ab'.repeat(length)}` };
      const { data } = await revertOf(call);
      expect(abi.parseError(data ?? '0x')).toMatchObject({ name: 'NotOneRoot', args: [BigInt(length)] });
    },
  );

  it('answers a call of 32 bytes with nothing', async () => {
    expect(await rpc('eth_call', { from: SOMEBODY, to: REGISTRY_ADDRESS, data: ROOT }, 'latest')).toBe('0x');
  });

  it.each([ROOT, '0x'])('refuses value, with the calldata %s', async (data) => {
    const { status, logs } = await transact({ to: REGISTRY_ADDRESS, data, value: 1n });
    expect({ status, logs }).toEqual({ status: '0x0', logs: [] });
    expect(await rpc('eth_getBalance', REGISTRY_ADDRESS, 'latest')).toBe('0x0');
  });

  it('costs some 800 gas more than the same bytes as plain calldata', async () => {
    const anchor = Number((await transact({ to: REGISTRY_ADDRESS, data: ROOT })).gasUsed);
    const plain = Number((await transact({ to: SOMEBODY, data: ROOT })).gasUsed);
    process.stdout.write(`gas of 32 bytes: ${anchor} as an anchor, ${plain} as plain calldata\n`);
    expect(plain).toBe(22_280);
    expect(anchor).toBeLessThan(23_100);
    expect(anchor).toBeGreaterThan(plain);
  });
});
