/** `meritkedja doctor` against a real EVM node, and against the same node through a proxy that changes its answers. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Transaction, Wallet } from 'ethers';
import { startEmbeddedNode, type EmbeddedNode } from '../anchoring/embedded-node.js';
import { callRpc } from '../anchoring/json-rpc.js';
import { OP_GAS_PRICE_ORACLE } from '../anchoring/networks.js';
import { CREATE2_DEPLOYER, REGISTRY_ADDRESS, REGISTRY_DEPLOYMENT } from '../anchoring/registry.js';
import { readConfig } from '../config.js';
import type { CliIo } from './cli-io.js';
import { run } from './run.js';

const wallet = new Wallet(`0x${'31'.repeat(32)}`);
type Answer = (method: string, params: readonly unknown[], real: unknown) => unknown;

let folder: string;
let node: EmbeddedNode;
const servers: Server[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-doctor-'));
  node = await startEmbeddedNode({ folder: join(folder, 'chain'), port: 0 });
  await callRpc(node.url, 'anvil_setBalance', [wallet.address, '0xde0b6b3a7640000'], 5_000);
  for (const [nonce, [to, data]] of (
    [
      [CREATE2_DEPLOYER, REGISTRY_DEPLOYMENT],
      [REGISTRY_ADDRESS, `0x${'ab'.repeat(32)}`],
    ] as const
  ).entries()) {
    const fees = { maxFeePerGas: 4n * 10n ** 9n, maxPriorityFeePerGas: 1n };
    const signed = await wallet.signTransaction({
      ...{ type: 2, chainId: 31_337, nonce, to, data, gasLimit: 500_000 },
      ...fees,
    });
    const hash = await callRpc(node.url, 'eth_sendRawTransaction', [signed], 5_000);
    while ((await callRpc(node.url, 'eth_getTransactionReceipt', [hash], 5_000)) === null) await delay(5);
  }
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The node, its answers changed on the way; what `answer` throws becomes a refusal. */
async function proxy(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
      // The node holds no key, and would refuse to sign before anybody else could.
      const isAsked = method !== 'eth_signTransaction';
      void (isAsked ? callRpc(node.url, method, params, 5_000) : Promise.resolve(undefined))
        .then((real) => ({ result: answer(method, params, real) }))
        .catch((error: unknown) => ({ error: { code: -32_000, message: String((error as Error).message) } }))
        .then((said) => response.end(JSON.stringify({ jsonrpc: '2.0', id, ...said })));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/access-key`;
}

/** As an endpoint of Hoodi: the embedded node with another chain id. */
const hoodi = (change: Answer = (_method, _params, real) => real): Promise<string> =>
  proxy((method, params, real) => change(method, params, method === 'eth_chainId' ? '0x88bb0' : real));

async function doctor(
  argv: readonly string[],
  changes: Partial<CliIo> & { env?: Record<string, string> } = {},
): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const { env, ...io } = changes;
  const status = await run(['doctor', ...argv], {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    stdin: () => Promise.resolve(new Uint8Array()),
    fetch,
    config: (dataDir) => readConfig({ ...env, DATA_DIR: dataDir }),
    now: () => new Date(),
    configDir: folder,
    dataDir: join(folder, 'data'),
    language: 'en',
    ...io,
  });
  return { status, out, err };
}

async function onHoodi(change?: Answer, more: Partial<CliIo> = {}): Promise<{ status: number; out: string }> {
  const urls = [await hoodi(change), await hoodi()];
  const rpc = urls.flatMap((url) => ['--rpc', url]);
  return doctor(['--chain', 'hoodi', ...rpc, '--address', wallet.address], more);
}

describe('a chain that is as it should be', () => {
  it('passes every check, and nothing is sent', async () => {
    const before = await callRpc(node.url, 'eth_blockNumber', [], 5_000);
    const { status, out } = await onHoodi();
    expect(out).not.toMatch(/FAIL|warn/);
    expect(status).toBe(0);
    for (const check of [
      /chain id: 560048, Hoodi/,
      /block: \d+, \d+ s old/,
      /finality: block \d+, \d+ blocks/,
      new RegExp(`contract: the registry is at ${REGISTRY_ADDRESS}`),
      /call: a trial anchor goes through/,
      /gas: an anchor takes \d+ gas at \d+ wei: 0\.0000\d+ ETH/,
      new RegExp(`balance: ${wallet.address} has 0\\.999\\d+ ETH, enough for \\d+ days with an anchor every 3600 s`),
      /header: block \d+ hashes/,
      /receipts: the 1 of block \d+ hash to its receipts root/,
      /logs: 1 anchors/,
      /agreement: 2 of 2 endpoints have the same final block/,
    ]) {
      expect(out).toMatch(check);
    }
    expect(out).not.toContain('access-key');
    expect(await callRpc(node.url, 'eth_blockNumber', [], 5_000)).toBe(before);
  });

  it('is one JSON document with --json', async () => {
    const { status, out } = await doctor(['--chain', 'hoodi', '--rpc', await hoodi(), '--json']);
    expect(status).toBe(0);
    const document = JSON.parse(out) as { status: number; findings: { check: string; is: string }[] };
    expect(document.status).toBe(0);
    expect(document.findings.find(({ check }) => check === 'agreement')?.is).toBe('warn');
    expect(document.findings.find(({ check }) => check === 'balance')?.is).toBe('warn');
  });
});

describe('a chain on which something is wrong', () => {
  const isLatest = (params: readonly unknown[]): boolean => params[0] === 'latest';
  const changed =
    (wanted: string, value: unknown): Answer =>
    (method, _params, real) =>
      method === wanted ? value : real;
  const refusing =
    (wanted: string): Answer =>
    (method, _params, real) => {
      if (method === wanted) throw new TypeError('the method does not exist');
      return real;
    };

  it.each<[string, Answer, RegExp]>([
    [
      'another chain',
      changed('eth_chainId', '0x1'),
      /FAIL .*chain id: the endpoint is of chain 1, and 560048 is expected/,
    ],
    [
      'S18: a clock that is behind',
      (method, params, real) =>
        method === 'eth_getBlockByNumber' && isLatest(params)
          ? { ...(real as object), timestamp: `0x${(Math.floor(Date.now() / 1_000) + 600).toString(16)}` }
          : real,
      /FAIL .*block: block \d+ is \d+ s in the future: .*clock is behind/,
    ],
    [
      'no final block',
      (method, params, real) => (method === 'eth_getBlockByNumber' && params[0] === 'finalized' ? null : real),
      /FAIL .*finality: /,
    ],
    ['no contract', changed('eth_getCode', '0x'), /FAIL .*contract: there is no contract.*\n.*deploy it, anybody may/],
    ['no deployer', changed('eth_getCode', '0x'), /FAIL .*deployer: there is no deployer at 0x4e59/],
    ['another contract', changed('eth_getCode', '0x6000'), /FAIL .*contract: the code at .* is not the registry’s/],
    ['a contract that refuses', refusing('eth_call'), /FAIL .*call: the endpoint refuses: the method does not exist/],
    ['no estimate', refusing('eth_estimateGas'), /FAIL .*gas: the endpoint refuses/],
    [
      'an empty purse',
      changed('eth_getBalance', '0x0'),
      /FAIL .*has 0\.0+ ETH, less than one anchor costs\n.*send ETH to/,
    ],
    [
      'a purse for days',
      changed('eth_getBalance', '0x38d7ea4c68000'),
      /warn .*enough for \d+ days .*\n.*ANCHOR_INTERVAL/,
    ],
    [
      'headers that do not hash',
      (method, params, real) =>
        method === 'eth_getBlockByNumber' && isLatest(params) ? { ...(real as object), extraData: '0xbad0' } : real,
      /FAIL .*header: the members of block \d+ do not hash/,
    ],
    [
      'receipts that do not hash',
      (method, _params, real) =>
        method === 'eth_getBlockReceipts'
          ? (real as object[]).map((receipt) => ({ ...receipt, cumulativeGasUsed: '0x1' }))
          : real,
      /FAIL .*receipts: the 1 of block \d+ do not hash to its receipts root/,
    ],
    ['no logs', refusing('eth_getLogs'), /FAIL .*logs: the endpoint refuses/],
    [
      'endpoints that contradict each other',
      (method, params, real) =>
        method === 'eth_getBlockByNumber' && !isLatest(params)
          ? { ...(real as object), hash: `0x${'99'.repeat(32)}` }
          : real,
      /FAIL .*agreement: the endpoints have different blocks/,
    ],
  ])('%s', async (_, change, expected) => {
    const { status, out } = await onHoodi(change);
    expect(out).toMatch(expected);
    expect(status).toBe(expected.source.startsWith('warn') ? 0 : 1);
  });

  it('an endpoint that is behind', async () => {
    const inAnHour = new Date(Date.now() + 3_600_000);
    const { status, out } = await onHoodi(undefined, { now: () => inAnHour });
    expect(out).toMatch(/warn .*the newest block, \d+, is \d+ s old; Hoodi has one every 12 s/);
    expect(status).toBe(0);
  });

  it('receipts one by one are enough', async () => {
    const { status, out } = await onHoodi(refusing('eth_getBlockReceipts'));
    expect({ status, out }).toEqual({ status: 0, out: expect.stringMatching(/receipts: the 1 of block/) });
  });

  it('an endpoint that is not there makes the status 2', async () => {
    const url = await hoodi();
    servers[0]!.close();
    const { status, out } = await doctor(['--chain', 'hoodi', '--rpc', url]);
    expect(out).toMatch(/FAIL .*chain id: .*\n.*→ see whether the URL is whole/);
    expect(status).toBe(2);
  });

  it('what the chain above takes is in the price, and so is the least tip', async () => {
    const wei = (fee: bigint): string => `0x${fee.toString(16).padStart(64, '0')}`;
    const op = (hasOperatorFee: boolean): Promise<string> =>
      proxy((method, params, real) => {
        if (method === 'eth_chainId') return '0xaa37dc';
        const [call] = params as [{ to?: string; data?: string } | undefined];
        if (method !== 'eth_call' || call?.to !== OP_GAS_PRICE_ORACLE) return real;
        if (call.data?.startsWith('0x49948e0e') === true) return wei(10n ** 15n);
        if (!hasOperatorFee) throw new TypeError('execution reverted');
        return wei(2n * 10n ** 15n);
      });
    const { out } = await doctor(['--chain', 'op-sepolia', '--rpc', await op(false)]);
    expect(out).toMatch(/gas: an anchor takes .*: 0\.0010\d+ ETH, 0\.001000 ETH of it for the chain above/);
    const since = await doctor(['--chain', 'op-sepolia', '--rpc', await op(true)]);
    expect(since.out).toMatch(/gas: an anchor takes .*: 0\.0030\d+ ETH, 0\.003000 ETH of it for the chain above/);
    const amoy = await proxy((method, _params, real) => (method === 'eth_chainId' ? '0x13882' : real));
    const price = Number(
      /at (\d+) wei: .* POL/.exec((await doctor(['--chain', 'polygon-amoy', '--rpc', amoy])).out)?.[1],
    );
    expect(price).toBeGreaterThan(25_000_000_000);
  });

  it('a chain whose end has been named is told of', async () => {
    const url = await proxy((method, _params, real) => (method === 'eth_chainId' ? '0xaa36a7' : real));
    const { out } = await doctor(['--chain', 'sepolia', '--rpc', url]);
    expect(out).toMatch(/warn {2}sepolia: end: its keepers have named 2026-09-30 as its end/);
    const rollup = await proxy((method, _params, real) => (method === 'eth_chainId' ? '0x66eee' : real));
    expect((await doctor(['--chain', 'arbitrum-sepolia', '--rpc', rollup])).out).toMatch(
      /warn {2}arbitrum-sepolia: end: the keepers of Sepolia, which it rests on, have named 2026-09-30 as its end/,
    );
  });
});

describe('what is configured', () => {
  it('is looked at: key, chains, folders', async () => {
    const dataDir = join(folder, 'configured');
    mkdirSync(join(dataDir, 'keys'), { recursive: true });
    writeFileSync(join(dataDir, 'master-key'), 'x');
    chmodSync(join(dataDir, 'master-key'), 0o644);
    chmodSync(join(dataDir, 'keys'), 0o700);
    const env = {
      CHAIN: 'hoodi,embedded',
      RPC_URLS: [await hoodi(), await hoodi()].join(','),
      ANCHOR_KEY: wallet.privateKey,
      ANCHOR_INTERVAL: '60',
    };
    const { status, out } = await doctor([], { env, dataDir });
    expect(status).toBe(0);
    expect(out).toMatch(
      /warn {2}files: access: .*master-key is open to others than its owner \(0644\)\n.*chmod go-rwx/,
    );
    expect(out).toMatch(/ok {4}files: access: .*keys is its owner’s alone \(0700\)/);
    expect(out).toContain(`key: key: the anchorer is ${wallet.address}`);
    expect(out).toMatch(/with an anchor every 60 s/);
    expect(out).toMatch(/embedded: endpoints: the service starts this chain itself/);
    expect(out).not.toContain(wallet.privateKey.slice(2));
    expect(out).toMatch(/warn {2}hoodi: limits: neither ANCHOR_MAX_FEE_GWEI nor .*\n.*set ANCHOR_MAX_PER_DAY/);
    const limited = await doctor([], { env: { ...env, ANCHOR_MAX_PER_DAY: '0.1' }, dataDir });
    expect(limited.out).not.toContain('limits:');
  });

  it('wrongly ends with the status for that', async () => {
    const { status, err } = await doctor([], { env: { CHAIN: 'hoodi' } });
    expect(status).toBe(78);
    expect(err).toMatch(/RPC_URLS: names no endpoint of Hoodi/);
  });

  it('a remote signer that is bound to the configured chain is not asked to sign for another', async () => {
    const signer = await proxy((method, params, real) => {
      if (method !== 'eth_signTransaction') return real;
      const [{ chainId, nonce, to, data }] = params as [{ chainId: string; nonce: string; to: string; data: string }];
      if (Number(chainId) !== 560_048) throw new TypeError(`chain ID (${Number(chainId)}) does not match`);
      const fees = { gasLimit: 0, maxFeePerGas: 0, maxPriorityFeePerGas: 0 };
      const made = Transaction.from({ type: 2, chainId, nonce: Number(nonce), to, data, ...fees });
      made.signature = wallet.signingKey.sign(made.unsignedHash);
      return made.serialized;
    });
    const env = { CHAIN: 'hoodi', RPC_URLS: await hoodi(), ANCHOR_SIGNER_URL: signer, ANCHOR_ADDRESS: wallet.address };
    const { out } = await doctor([], { env });
    expect(out).toContain(`ok    key: remote: the anchorer is ${wallet.address}\n`);
    const both = { ...env, CHAIN: 'hoodi,sepolia', RPC_URLS: `${env.RPC_URLS},sepolia=${env.RPC_URLS}` };
    expect((await doctor([], { env: both })).out).toMatch(/FAIL {2}key: remote: .*\(11155111\) does not match/);
  });

  it('a witness is reckoned with its longer interval; a chain that ends beside another is to be closed', async () => {
    const sepolia = await proxy((method, _params, real) => (method === 'eth_chainId' ? '0xaa36a7' : real));
    const env = {
      CHAIN: 'hoodi,sepolia',
      RPC_URLS: `hoodi=${await hoodi()},sepolia=${sepolia}`,
      ANCHOR_KEY: wallet.privateKey,
      ANCHOR_INTERVAL: '60',
    };
    const { out } = await doctor([], { env });
    expect(out).toMatch(/hoodi .*: balance: .* every 60 s/);
    expect(out).toMatch(/sepolia .*: balance: .* every 3600 s/);
    expect(out).toMatch(/sepolia: end: .*2026-09-30.*\n.*take it out of CHAIN and close it/);
  });

  it('an EventStoreDB that does not listen is told', async () => {
    const env = { EVENTSTORE_URL: 'esdb://admin:geheim@127.0.0.1:9?tls=false' };
    const { status, out } = await doctor([], { env });
    expect({ status, out }).toEqual({
      status: 2,
      out: expect.stringMatching(/EventStoreDB: nothing listens at 127.0.0.1:9\n/),
    });
    expect(out).not.toContain('geheim');
  });

  it('a keystore that does not open fails', async () => {
    const env = { ANCHOR_KEYSTORE: join(folder, 'none.json'), ANCHOR_KEYSTORE_PASSWORD: 'geheim' };
    const { status, out } = await doctor([], { env });
    expect({ status, out }).toEqual({
      status: 1,
      out: expect.stringMatching(/FAIL {2}key: keystore: ANCHOR_KEYSTORE: .*ENOENT/),
    });
  });
});

describe('the options', () => {
  it.each([
    [['--rpc', 'http://x'], /--chain/],
    [['--chain', 'mainnet'], /no chain "mainnet"/],
    [['--chain', 'hoodi'], /CHAIN does not name hoodi/],
    [['--chain', 'hoodi', '--rpc', 'ws://x'], /http or https URL/],
    [['--address', '0x12'], /40 hex digits/],
  ])('%j are refused', async (argv, message) => {
    const { status, err } = await doctor(argv);
    expect({ status, err }).toEqual({ status: 64, err: expect.stringMatching(message) });
  });
});
