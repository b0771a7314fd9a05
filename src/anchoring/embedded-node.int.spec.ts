import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { build, stop as stopEsbuild } from 'esbuild';
import { Wallet } from 'ethers';
import { ChainError } from './chain.js';
import { startEmbeddedNode, type EmbeddedNode, type EmbeddedNodeOptions } from './embedded-node.js';
import { callRpc } from './json-rpc.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const wallet = new Wallet(`0x${'11'.repeat(32)}`);

let folder: string;
let problems: string[];
let nodes: EmbeddedNode[];
let services: { service: ChildProcess; node: number }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-chain-'));
  problems = [];
  nodes = [];
  services = [];
});

afterEach(async () => {
  for (const { service, node } of services) {
    service.kill('SIGKILL');
    if (isAlive(node)) process.kill(node, 'SIGKILL');
  }
  await Promise.all(nodes.map((node) => node.stop()));
  rmSync(folder, { recursive: true, force: true });
});

afterAll(async () => stopEsbuild());

async function start(options: Partial<EmbeddedNodeOptions> = {}): Promise<EmbeddedNode> {
  const node = await startEmbeddedNode({
    folder,
    port: 0,
    onProblem: (message) => problems.push(message),
    ...options,
  });
  nodes.push(node);
  return node;
}

async function rpc<T>(url: string, method: string, ...params: unknown[]): Promise<T> {
  return (await callRpc(url, method, params, 5_000)) as T;
}

/** The value once it is there; jest's own deadline ends a wait in vain. */
async function eventually<T>(
  probe: () => Promise<T | undefined | null | false> | T | undefined | null | false,
): Promise<T> {
  for (;;) {
    const value = await Promise.resolve()
      .then(probe)
      .catch(() => undefined);
    if (value !== undefined && value !== null && value !== false) return value;
    await delay(10);
  }
}

interface Receipt {
  readonly blockHash: string;
  readonly transactionHash: string;
}

/** A transaction in a block of its own. */
async function transact(url: string, nonce: number): Promise<Receipt> {
  await rpc(url, 'anvil_setBalance', wallet.address, '0xde0b6b3a7640000');
  const signed = await wallet.signTransaction({
    type: 2,
    chainId: 31_337,
    nonce,
    to: wallet.address,
    gasLimit: 21_000,
    maxFeePerGas: 10n ** 10n,
    maxPriorityFeePerGas: 1n,
  });
  const hash = await rpc<string>(url, 'eth_sendRawTransaction', signed);
  return eventually(() => rpc<Receipt | null>(url, 'eth_getTransactionReceipt', hash));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A service in a process of its own: starts the node on the folder, says so, and does nothing more. */
async function startService(): Promise<{ service: ChildProcess; url: string; node: number }> {
  mkdirSync(join(repository, '.cache'), { recursive: true });
  const script = join(repository, '.cache', `embedded-node-${process.pid}.mjs`);
  await build({
    stdin: {
      contents: `import { startEmbeddedNode } from './src/anchoring/embedded-node.ts';
        const node = await startEmbeddedNode({ folder: ${JSON.stringify(folder)}, port: 0 });
        process.on('SIGTERM', () => process.exit(0));
        setInterval(() => undefined, 60_000);
        console.log(JSON.stringify({ url: node.url, node: node.pid }));`,
      resolveDir: repository,
    },
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  const service = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  service.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const line = await eventually(() => output.includes('\n') && output);
  rmSync(script);
  const started = { service, ...(JSON.parse(line) as { url: string; node: number }) };
  services.push(started);
  return started;
}

describe('the embedded EVM node', () => {
  it('makes no block by itself', async () => {
    const { url } = await start();
    expect(await rpc(url, 'eth_chainId')).toBe('0x7a69');
    expect(await rpc(url, 'anvil_getIntervalMining')).toBeNull();
    expect(await rpc(url, 'eth_blockNumber')).toBe('0x0');
  });

  it('answers no page of another origin', async () => {
    const { url } = await start();
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://elsewhere.example' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
    });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('has the same URL, blocks and receipts after a restart', async () => {
    const first = await start();
    const receipts = [await transact(first.url, 0), await transact(first.url, 1)];
    await rpc(first.url, 'anvil_mine', '0x2');
    const questions = [
      ...receipts.map(({ transactionHash }) => ['eth_getTransactionReceipt', transactionHash]),
      ...receipts.map(({ blockHash }) => ['eth_getBlockByHash', blockHash, true]),
      ...receipts.map(({ blockHash }) => ['eth_getBlockReceipts', blockHash]),
      ['eth_getBlockByNumber', '0x0', false],
      ['eth_getBlockByNumber', 'latest', false],
      ['eth_getTransactionCount', wallet.address, 'latest'],
    ] as [string, ...unknown[]][];
    const ask = (url: string): Promise<unknown[]> => Promise.all(questions.map((question) => rpc(url, ...question)));
    const before = await ask(first.url);
    await first.stop();

    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await ask(second.url)).toEqual(before);
    const { number } = await rpc<{ number: string }>(second.url, 'eth_getBlockByNumber', 'finalized', false);
    expect(Number(number)).toBe(2);
    expect(problems).toEqual([]);
  });

  it('comes back by itself after a kill -9, with what it had saved', async () => {
    let restarts = 0;
    const node = await start({ onRestart: () => restarts++, saveIntervalMs: 600_000 });
    const { url, pid } = node;
    const saved = await transact(url, 0);
    await node.save();
    const lost = await transact(url, 1);
    process.kill(pid!, 'SIGKILL');

    await eventually(() => restarts === 1);
    expect(node.url).toBe(url);
    expect(node.pid).not.toBe(pid);
    expect(await rpc(url, 'eth_getTransactionReceipt', saved.transactionHash)).toEqual(saved);
    expect(await rpc(url, 'eth_getTransactionReceipt', lost.transactionHash)).toBeNull();
    expect(problems).toEqual([expect.stringContaining('SIGKILL')]);
  });

  it('saves each new block within a second or so', async () => {
    const node = await start();
    await transact(node.url, 0);
    const saved = await eventually(() => {
      const state = JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')) as { best_block_number: number };
      return state.best_block_number === 1 && state;
    });
    expect(saved).toHaveProperty('blocks');
  });

  it('outlives a kill -9 of its service, until the next one saves its chain and ends it', async () => {
    const { service, url, node } = await startService();
    service.kill('SIGKILL');
    await eventually(() => service.signalCode);
    expect(isAlive(node)).toBe(true);
    const unsaved = await transact(url, 0);

    const next = await start();
    expect(isAlive(node)).toBe(false);
    expect(next.pid).not.toBe(node);
    expect(next.url).toBe(url);
    expect(await rpc(next.url, 'eth_getTransactionReceipt', unsaved.transactionHash)).toEqual(unsaved);
    expect(problems).toEqual([expect.stringContaining('left behind')]);
  });

  it('ends with its service', async () => {
    const { service, node } = await startService();
    service.kill('SIGTERM');
    await eventually(() => service.exitCode === 0);
    await eventually(() => !isAlive(node));
  });

  it('is not taken from another service that runs', async () => {
    const { node } = await startService();
    const taken = start();
    await expect(taken).rejects.toThrow(/in use by the running process/);
    expect(isAlive(node)).toBe(true);
  });

  it('goes back to the last good chain where the file is torn', async () => {
    const first = await start();
    const old = await transact(first.url, 0);
    await first.save();
    await transact(first.url, 1);
    await first.stop();
    const state = join(folder, 'state.json');
    const whole = readFileSync(state);
    writeFileSync(state, whole.subarray(0, whole.length / 2));

    const second = await start();
    expect(await rpc(second.url, 'eth_getTransactionReceipt', old.transactionHash)).toEqual(old);
    expect(problems).toEqual([expect.stringContaining('could not be read')]);
    expect(readdirSync(folder).filter((name) => name.startsWith('state.damaged-'))).toHaveLength(1);
  });

  it('says why it does not start', async () => {
    await (await start()).stop();
    writeFileSync(join(folder, 'state.json'), '{}');
    rmSync(join(folder, 'state.previous.json'), { force: true });
    const error = await start().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ChainError);
    expect(error).toMatchObject({ code: 'nodeFailed', message: expect.stringMatching(/status \d+\n.*state\.json/s) });
  });

  it('takes another port where its own is taken, and none where it was told which', async () => {
    const first = await start();
    await first.stop();
    const port = Number(new URL(first.url).port);
    const other = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
    await eventually(() => (other.address() as AddressInfo | null)?.port);
    try {
      await expect(start({ port })).rejects.toThrow(`port ${port}`);
      const second = await start();
      expect(second.url).not.toBe(first.url);
    } finally {
      other.close();
    }
  });
});
