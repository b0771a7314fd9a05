/**
 * An EVM node in a test's hand, as one that stands behind a public chain's endpoint: it mines when it is told to, is
 * reorganised, forgets its pool, is killed, and comes back with what it had saved on disk.
 *
 * Of anvil 1.7.1: blocks, receipts and hashes survive save and load; state at older blocks does not, so a
 * reorganisation cannot go below the block that was newest at the load, nor below what was set by `anvil_set…`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { anvilBinary } from '../src/anchoring/embedded-node.js';
import { EthersChain } from '../src/anchoring/ethers-chain.js';
import { callRpc } from '../src/anchoring/json-rpc.js';
import { InvariantError } from '../src/errors.js';
import { eventually, freePort } from './service.js';

/** Deploys the registry, and does nothing else. */
const DEPLOYER = new Uint8Array(32).fill(3);
const DEADLINE_MS = 30_000;

export interface EvmNodeOptions {
  readonly chainId: number;
  /** Where its state is saved. */
  readonly folder: string;
  /** Blocks come with transactions, instead of when told. */
  readonly automine?: boolean;
}

export class EvmNode {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly options: EvmNodeOptions,
    private readonly port: number,
  ) {}

  /** Starts a new chain that has the registry, and on which some accounts have 1,000 coins; saved, as it is then. */
  static async start(options: EvmNodeOptions, funded: readonly string[]): Promise<EvmNode> {
    const node = new EvmNode(options, await freePort());
    await node.restart();
    await node.rpc('evm_setAutomine', true);
    await new EthersChain({
      name: 'deployer',
      chainId: options.chainId,
      rpcUrls: [node.url],
      privateKey: DEPLOYER,
      embedded: true,
    }).ensureReady();
    for (const address of funded) await node.rpc('anvil_setBalance', address, '0x3635c9adc5dea00000');
    await node.rpc('evm_setAutomine', options.automine ?? false);
    // What it was told besides transactions lies below any block that is reorganised.
    await node.mine(6);
    await node.save();
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  rpc(method: string, ...params: unknown[]): Promise<unknown> {
    return callRpc(this.url, method, params, DEADLINE_MS);
  }

  async height(): Promise<number> {
    return Number(await this.rpc('eth_blockNumber'));
  }

  async mine(blocks: number): Promise<void> {
    await this.rpc('anvil_mine', `0x${blocks.toString(16)}`);
  }

  /**
   * Other blocks in the place of the newest ones.
   * @param keep signed transactions that are in the new blocks, with how many blocks above the fork; the rest is gone
   * @returns whether it was possible
   */
  async reorganise(depth: number, keep: readonly (readonly [raw: string, block: number])[] = []): Promise<boolean> {
    try {
      await this.rpc('anvil_reorg', depth, keep);
      return true;
    } catch (error) {
      if (error instanceof Error && /data unavailable|exceeds|nonce/i.test(error.message)) return false;
      throw error;
    }
  }

  /** Its chain, without its pool, is on disk when this resolves. */
  async save(): Promise<void> {
    const state = (await this.rpc('anvil_dumpState')) as string;
    writeFileSync(this.#file, await promisify(gunzip)(Buffer.from(state.slice(2), 'hex')));
  }

  /** SIGKILL: what was not saved is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    this.#process = undefined;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }

  /** Starts it on what is saved, at the same address; on a new chain where nothing is. */
  async restart(): Promise<void> {
    const { chainId, automine = false } = this.options;
    const child = spawn(
      anvilBinary(),
      [
        ...['--host', '127.0.0.1', '--port', String(this.port), '--chain-id', String(chainId), '--quiet'],
        ...['--slots-in-an-epoch', '1', '--accounts', '0', '--prune-history', '256'],
        ...(automine ? [] : ['--no-mining']),
        ...(existsSync(this.#file) ? ['--load-state', this.#file] : []),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process = child;
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    child.once('close', () => process.off('exit', end));
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await eventually(async () => {
      if (child.exitCode !== null) throw new InvariantError(`the EVM node ended: ${said}`);
      return this.rpc('eth_chainId').catch(() => undefined);
    }, 'the EVM node to answer');
  }

  get #file(): string {
    return join(this.options.folder, 'evm-state.json');
  }
}
