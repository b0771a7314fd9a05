import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getCreateAddress, hexlify, Interface, Wallet, type TransactionLike } from 'ethers';
import fc from 'fast-check';
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
import { ANCHOR_REGISTRY_ARTIFACT } from '../src/anchoring/anchor-registry.artifact.js';

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
  return mined(await send(transaction));
}

async function send(transaction: TransactionLike): Promise<string> {
  const signed = await wallet.signTransaction({
    type: 2,
    chainId: 31_337,
    nonce: nonce++,
    gasLimit: 100_000,
    maxFeePerGas: 4n * 10n ** 9n,
    maxPriorityFeePerGas: 1n,
    ...transaction,
  });
  return rpc<string>('eth_sendRawTransaction', signed);
}

async function mined(hash: string): Promise<Receipt> {
  for (;;) {
    const receipt = await rpc<Receipt | null>('eth_getTransactionReceipt', hash);
    if (receipt !== null) return receipt;
    await delay(5);
  }
}

interface Compiled {
  readonly abi: Interface;
  readonly bytecode: string;
}

/** A contract of contracts/comparison/, compiled as the registry is. */
function compiled(name: string): Compiled {
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string };
  const content = readFileSync(new URL(`comparison/${name}.sol`, import.meta.url), 'utf8');
  const outputSelection = { '*': { '*': ['abi', 'evm.bytecode.object'] } };
  const settings = { ...ANCHOR_REGISTRY_ARTIFACT.settings, outputSelection };
  const output = JSON.parse(
    solc.compile(JSON.stringify({ language: 'Solidity', sources: { [name]: { content } }, settings })),
  ) as {
    errors?: readonly { formattedMessage: string }[];
    contracts: Record<
      string,
      Record<string, { abi: ConstructorParameters<typeof Interface>[0]; evm: { bytecode: { object: string } } }>
    >;
  };
  expect(output.errors ?? []).toEqual([]);
  const { abi, evm } = output.contracts[name]![name]!;
  return { abi: new Interface(abi), bytecode: `0x${evm.bytecode.object}` };
}

/** @returns its address */
async function deployed({ bytecode }: Compiled): Promise<string> {
  const address = getCreateAddress({ from: wallet.address, nonce });
  expect(await transact({ to: null, data: bytecode, gasLimit: 2_000_000 })).toMatchObject({ status: '0x1' });
  return address;
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

  it('says who called it, not who began the transaction', async () => {
    const forwarder = compiled('Forwarder');
    const to = await deployed(forwarder);
    const data = forwarder.abi.encodeFunctionData('forward', [REGISTRY_ADDRESS, ROOT]);
    const { logs } = await transact({ to, data });
    expect(logs).toMatchObject([
      { topics: [REGISTRY_TOPIC, `0x${'00'.repeat(12)}${to.slice(2).toLowerCase()}`, ROOT] },
    ]);
  });

  it('records nothing in a static call', async () => {
    const forwarder = compiled('Forwarder');
    const to = await deployed(forwarder);
    const data = forwarder.abi.encodeFunctionData('forwardStatic', [REGISTRY_ADDRESS, ROOT]);
    expect(forwarder.abi.parseError((await revertOf({ to, data })).data ?? '0x')?.name).toBe('Refused');
  });
});

describe('a transaction to the registry', () => {
  const LENGTHS = [...Array.from({ length: 97 }, (_, length) => length), 100, 128, 1_024, 24_576, 65_536];

  /** What must come of it, in a block, whatever the bytes are. */
  async function expectOutcome(bytes: Uint8Array, value: bigint): Promise<void> {
    const data = hexlify(bytes);
    const { status, logs } = await transact({ to: REGISTRY_ADDRESS, data, value, gasLimit: 5_000_000 });
    if (bytes.length !== 32 || value > 0n) {
      expect({ length: bytes.length, value, status, logs }).toMatchObject({ status: '0x0', logs: [] });
      return;
    }
    expect({ data, status, logs }).toMatchObject({
      status: '0x1',
      logs: [
        {
          address: REGISTRY_ADDRESS.toLowerCase(),
          topics: [REGISTRY_TOPIC, `0x${'00'.repeat(12)}${wallet.address.slice(2).toLowerCase()}`, data],
          data: '0x',
        },
      ],
    });
  }

  it.each([
    ['without value', 0n],
    ['with one wei', 1n],
    ['with much', 10n ** 15n],
  ])(
    '%s: of every length from 0 to 96 bytes and of big ones, only 32 bytes without value come through',
    async (_, value) => {
      for (const length of LENGTHS) {
        const [bytes] = fc.sample(fc.uint8Array({ minLength: length, maxLength: length }), {
          numRuns: 1,
          seed: length,
        });
        await expectOutcome(bytes!, value);
      }
      expect(await rpc('eth_getBalance', REGISTRY_ADDRESS, 'latest')).toBe('0x0');
    },
    60_000,
  );

  it('of any 32 bytes leaves just these in the log', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => expectOutcome(bytes, 0n)),
      { numRuns: 50 },
    );
  }, 60_000);

  it('of any length and value does what the two say', async () => {
    const length = fc.uint8Array({ maxLength: 70 });
    const value = fc.oneof(fc.constant(0n), fc.bigInt(0n, 10n ** 12n));
    await fc.assert(fc.asyncProperty(length, value, expectOutcome), { numRuns: 100 });
  }, 60_000);
});

describe('the gas of an anchor', () => {
  // Of a second one, in a warm contract and from an account that has sent before: as the anchorer's are.
  const SECOND = `0x${'cd'.repeat(32)}`;

  it('is at most 23,100, little over the floor, and half of what contracts take that keep something', async () => {
    const storing = compiled('Storing');
    const documents = compiled('DocumentStore');
    const callOf = async (
      contract: Compiled,
      method: string,
    ): Promise<{ to: string; method: (root: string) => string }> => ({
      to: await deployed(contract),
      method: (root) => contract.abi.encodeFunctionData(method, [root]),
    });
    const plain = (root: string): string => root;
    const rows = {
      'plain calldata of 32 bytes (the floor)': { to: SOMEBODY, method: plain },
      AnchorRegistry: { to: REGISTRY_ADDRESS, method: plain },
      'a contract that stores': await callOf(storing, 'anchor'),
      'a document store with roles': await callOf(documents, 'issue'),
    };
    const gas: number[] = [];
    for (const [name, { to, method }] of Object.entries(rows)) {
      await transact({ to, data: method(ROOT) });
      const { status, gasUsed } = await transact({ to, data: method(SECOND) });
      expect(status).toBe('0x1');
      gas.push(Number(gasUsed));
      process.stdout.write(`gas ${String(Number(gasUsed)).padStart(7)}  ${name}\n`);
    }
    const [floor, anchor, stored, document] = gas;
    // EIP-7623: 21,000 and 10 gas for each of four tokens a byte.
    expect(floor).toBe(22_280);
    expect(anchor).toBeLessThanOrEqual(23_100);
    expect(anchor).toBeGreaterThan(floor!);
    expect(stored).toBeGreaterThan(44_000);
    expect(document).toBeGreaterThan(stored!);
  });
});
