/** The embedded node and the chain on it: starts beside the ledger, comes back after trouble, ends with it. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Config } from '../config.js';
import type { EventStore } from '../event-store/event-store.js';
import { load, prepare } from '../event-store/handle.js';
import type { ReadModels } from '../event-store/projections.js';
import { Anchorer } from './anchorer.js';
import { LEDGER_STREAM } from './anchoring.events.js';
import { ChainError, type Chain } from './chain.js';
import type { ChainAccess } from './chain-reader.js';
import { EMBEDDED_CHAIN_ID, startEmbeddedNode, type EmbeddedNode } from './embedded-node.js';
import { EthersChain } from './ethers-chain.js';
import { ledgerDecider } from './ledger.js';

interface Opened {
  readonly chain: Chain;
  /** The newest block when it was opened. */
  readonly blockNumber: number;
}

export class ChainHandle implements ChainAccess {
  readonly #logger = new Logger('chain');
  #node: EmbeddedNode | undefined;
  #opening: Promise<Opened> | undefined;
  #chain: Chain | undefined;
  #anchorer: Promise<Anchorer> | undefined;
  #stopped = false;
  readonly #listeners: (() => void)[] = [];

  constructor(
    private readonly folder: string,
    private readonly config: Config,
    private readonly anchorKey: Uint8Array,
    private readonly store: EventStore,
    private readonly now: () => Date,
  ) {}

  /** The chain, once it is ready and was compared with the store. */
  get ready(): Chain | undefined {
    return this.#chain;
  }

  start(): void {
    this.#open().catch((error: unknown) => this.#logger.warn(error instanceof Error ? error.message : String(error)));
  }

  /**
   * The anchorer on a chain that is ready, and that has no anchor of this ledger which the store does not know (S16).
   * @param readModels that have everything in the store
   * @throws ChainError when the chain cannot be made ready now; ConfigError where the store is older than the chain
   */
  async anchorer(readModels: ReadModels): Promise<Anchorer> {
    if (this.#stopped) throw new ChainError('rpcUnreachable', 'the ledger is closing');
    this.#anchorer ??= this.#makeAnchorer(readModels).catch((error: unknown) => {
      this.#anchorer = undefined;
      throw error;
    });
    return this.#anchorer;
  }

  /**
   * Waits until the chain was compared with the store, before anything is signed (S16). Where it cannot be reached there
   * is nothing to compare with: this returns, and the comparison is made as soon as it can be.
   * @param readModels that have everything in the store
   * @param deadlineMs how long to wait at most, in milliseconds
   * @throws ConfigError where the store is older than what is anchored
   */
  async compared(readModels: ReadModels, deadlineMs: number): Promise<void> {
    const done = new AbortController();
    const compared = this.anchorer(readModels).then(
      () => undefined,
      (error: unknown) => {
        if (!(error instanceof ChainError)) throw error;
      },
    );
    // What comes after the deadline comes again to whoever asks for the anchorer next.
    compared.catch(() => undefined);
    const deadline = delay(deadlineMs, undefined, { signal: done.signal }).catch(() => undefined);
    await Promise.race([compared, deadline]).finally(() => done.abort());
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
    await this.#anchorer?.catch(() => undefined);
    await this.#node?.stop();
  }

  async #makeAnchorer(readModels: ReadModels): Promise<Anchorer> {
    const { chain, blockNumber } = await this.#open();
    const anchorer = new Anchorer(this.store, readModels, chain, this.now);
    await anchorer.compare();
    await this.#addToLog(chain, blockNumber);
    await anchorer.lookBack();
    this.#chain = chain;
    for (const listener of this.#listeners.splice(0)) listener();
    return anchorer;
  }

  #open(): Promise<Opened> {
    this.#opening ??= this.#openOnce().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #openOnce(): Promise<Opened> {
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
    return { chain, ...(await chain.ensureReady()) };
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
