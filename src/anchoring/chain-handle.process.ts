/** The embedded node and the chain on it: starts beside the ledger, comes back after trouble, ends with it. */
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { Config } from '../config.js';
import type { EventStore } from '../event-store/event-store.js';
import { load, prepare } from '../event-store/handle.js';
import type { ReadModels } from '../event-store/projections.js';
import { Anchorer } from './anchorer.js';
import { LEDGER_STREAM } from './anchoring.events.js';
import { ChainError, type Chain } from './chain.js';
import { EMBEDDED_CHAIN_ID, startEmbeddedNode, type EmbeddedNode } from './embedded-node.js';
import { EthersChain } from './ethers-chain.js';
import { ledgerDecider } from './ledger.js';

export class ChainHandle {
  readonly #logger = new Logger('chain');
  #node: EmbeddedNode | undefined;
  #opening: Promise<Chain> | undefined;
  #chain: Chain | undefined;
  #anchorer: Anchorer | undefined;
  #stopped = false;
  readonly #listeners: (() => void)[] = [];

  constructor(
    private readonly folder: string,
    private readonly config: Config,
    private readonly anchorKey: Uint8Array,
    private readonly store: EventStore,
    private readonly now: () => Date,
  ) {}

  get ready(): Chain | undefined {
    return this.#chain;
  }

  start(): void {
    this.#open().catch((error: unknown) => this.#logger.warn(error instanceof Error ? error.message : String(error)));
  }

  /** The anchorer on a chain that is ready. @throws ChainError when it cannot be made ready now */
  async anchorer(readModels: ReadModels): Promise<Anchorer> {
    if (this.#stopped) throw new ChainError('rpcUnreachable', 'the ledger is closing');
    const chain = await this.#open();
    if (!this.#anchorer) {
      const anchorer = new Anchorer(this.store, readModels, chain, this.now);
      await anchorer.lookBack();
      this.#anchorer = anchorer;
    }
    return this.#anchorer;
  }

  /** What the trust file says of a chain beyond the log: that it is the operator's own (S10), and its node's address. */
  details(chainId: number): { rpcUrls?: readonly string[]; embedded?: boolean } {
    if (chainId !== EMBEDDED_CHAIN_ID) return {};
    return { embedded: true, ...(this.#chain && this.#node ? { rpcUrls: [this.#node.url] } : {}) };
  }

  /** Calls back once, when the chain is ready. */
  onReady(listener: () => void): void {
    if (this.#chain) listener();
    else this.#listeners.push(listener);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#opening?.catch(() => undefined);
    await this.#node?.stop();
  }

  #open(): Promise<Chain> {
    this.#opening ??= this.#openOnce().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #openOnce(): Promise<Chain> {
    this.#node ??= await startEmbeddedNode({
      folder: join(this.folder, 'chain'),
      ...(this.config.evmPort === undefined ? {} : { port: this.config.evmPort }),
      onProblem: (message) => this.#logger.warn(message),
      // What the node had not saved is gone with it: a new anchorer looks back before it goes on.
      onRestart: () => this.#forget(),
    });
    const node = this.#node;
    const chain = new EthersChain({
      name: 'embedded',
      chainId: EMBEDDED_CHAIN_ID,
      rpcUrls: [node.url],
      privateKey: this.anchorKey,
      embedded: true,
      onSettled: () => node.save(),
    });
    const { blockNumber } = await chain.ensureReady();
    await this.#addToLog(chain, blockNumber);
    this.#chain = chain;
    for (const listener of this.#listeners.splice(0)) listener();
    return chain;
  }

  /** The log says on which chains and by whom it is anchored, before the first anchor. */
  async #addToLog(chain: Chain, firstBlock: number): Promise<void> {
    const { state } = await load(this.store, ledgerDecider, LEDGER_STREAM);
    if (state.is === 'founded' && state.chains.some(({ chainId }) => chainId === chain.chainId)) return;
    const { append } = await prepare(this.store, ledgerDecider, {
      stream: LEDGER_STREAM,
      command: {
        type: 'AddChain',
        name: chain.name,
        chainId: chain.chainId,
        contract: chain.contract,
        anchorer: chain.anchorer,
        firstBlock,
      },
      context: undefined,
      meta: { at: this.now().toISOString(), by: 'process:anchoring' },
    });
    if (append) await this.store.append(append);
  }

  #forget(): void {
    this.#opening = undefined;
    this.#chain = undefined;
    this.#anchorer = undefined;
  }
}
