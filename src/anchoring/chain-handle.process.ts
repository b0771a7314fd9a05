/**
 * One configured chain while the ledger runs: made ready, compared with the store, watched for a wrong clock and an empty
 * purse, and opened again after trouble. The embedded node starts beside the ledger and ends with it.
 * Proven by ledger.int.spec.ts and test/anchoring-faults.int.spec.ts.
 */
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { EventStore } from '../event-store/event-store.js';
import { handle, load } from '../event-store/handle.js';
import type { ReadModels } from '../event-store/projections.js';
import { Anchorer } from './anchorer.js';
import { LEDGER_STREAM } from './anchoring.events.js';
import { recentAnchors } from './batches.read.js';
import { ChainError, type BlockTime, type Chain, type ChainErrorCode } from './chain.js';
import type { ChainPlan } from './chain-plan.js';
import type { ClockGuard } from './clock-guard.js';
import { costForecast, formatCoins, type CostForecast } from './cost.js';
import { startEmbeddedNode, type EmbeddedNode } from './embedded-node.js';
import { EthersChain } from './ethers-chain.js';
import { ledgerDecider, type LedgerChain } from './ledger.js';

interface Opened {
  readonly chain: EthersChain;
  /** The newest block when it was opened. */
  readonly blockNumber: number;
}

/** What pages, metrics and health show of a chain. */
export interface ChainStatus {
  readonly name: string;
  readonly chainId: number;
  readonly embedded: boolean;
  readonly isMain: boolean;
  /** EIP-55; once the chain is ready. */
  readonly anchorer?: string;
  readonly contract?: string;
  /** What keeps anchors from it now, and what to do. */
  readonly problem?: string;
  /** What kind of problem it is; `unavailable` where it is not the chain's. */
  readonly problemCode?: ChainErrorCode | 'unavailable';
  /** What will keep anchors from it before long, and what to do. */
  readonly warning?: string;
  /** Wei, decimal, when last looked. */
  readonly balance?: string;
  /** At the rate of the last days; `daysLeft` is how long the balance lasts. */
  readonly forecast?: CostForecast;
  /** The newest block when last looked. */
  readonly newestBlock?: BlockTime;
}

export interface ChainPlace {
  /** DATA_DIR. */
  readonly folder: string;
  /** Port of the embedded node. */
  readonly evmPort: number | undefined;
}

/** Days that the purse must last, below which it is warned of. */
export const PURSE_WARNING_DAYS = 14;
/** Attempts to enter a chain in the log, while others are entered. */
const ADD_RETRIES = 16;
/** Blocks are looked at for the clock (S18), and again sooner while it is wrong. */
const CLOCK_EVERY_MS = 30_000;
const CLOCK_AGAIN_MS = 5_000;
const PURSE_EVERY_MS = 600_000;
/** While it runs low, and while nobody knows yet how long it lasts: whoever has sent funds wants to see them. */
const PURSE_AGAIN_MS = 15_000;

export class ChainHandle {
  readonly #logger = new Logger('chain');
  #node: EmbeddedNode | undefined;
  #opening: Promise<Opened> | undefined;
  #chain: EthersChain | undefined;
  /** The chain before it is ready: where the purse is empty it is not, and that can be seen all the same. */
  #candidate: EthersChain | undefined;
  #readModels: ReadModels | undefined;
  #anchorer: Promise<Anchorer> | undefined;
  #made: Anchorer | undefined;
  #stopped = false;
  #clockSeenMs = Number.NEGATIVE_INFINITY;
  #purseSeenMs = Number.NEGATIVE_INFINITY;
  #balance: bigint | undefined;
  #newestBlock: BlockTime | undefined;
  /** Days left when it was last warned of. */
  #warnedDays: number | undefined;
  #purseEveryMs = PURSE_AGAIN_MS;
  readonly #listeners: (() => void)[] = [];

  constructor(
    private readonly place: ChainPlace,
    readonly plan: ChainPlan,
    private readonly store: EventStore,
    private readonly clock: ClockGuard,
    private readonly now: () => Date,
    /** Whether it is the main chain now. */
    private readonly isMain: () => boolean,
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
    this.#readModels = readModels;
    this.#anchorer ??= this.#makeAnchorer(readModels).catch((error: unknown) => {
      this.#anchorer = undefined;
      throw error;
    });
    const anchorer = await this.#anchorer;
    await this.#requireAsInLog(anchorer.chain);
    return anchorer;
  }

  /** What the trust file says of the chain beyond the log: that it is the operator's own (S10), and its node's address. */
  get details(): { rpcUrls?: readonly string[]; embedded?: boolean } {
    if (!this.plan.embedded) return {};
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

  /**
   * Looks at clock and purse, when it is time. To be called often.
   * @throws ChainError when the chain cannot be asked now
   */
  async look(): Promise<void> {
    const chain = this.#chain ?? this.#candidate;
    if (!chain) return;
    const nowMs = performance.now();
    const every = this.clock.problem === undefined ? CLOCK_EVERY_MS : CLOCK_AGAIN_MS;
    if (this.#chain && nowMs - this.#clockSeenMs >= every) await this.#lookAtClock(chain);
    if (nowMs - this.#purseSeenMs >= this.#purseEveryMs) await this.#lookAtPurse(chain, nowMs);
  }

  async #lookAtPurse(chain: Chain, nowMs: number): Promise<void> {
    // Also where no answer comes: who asks too often is answered less.
    this.#purseSeenMs = nowMs;
    this.#purseEveryMs = PURSE_AGAIN_MS;
    this.#balance = await chain.balance();
    const forecast = this.#readModels && this.#forecast(this.#readModels);
    const warning = this.#purseWarning(chain, forecast);
    if (forecast && warning === undefined) this.#purseEveryMs = PURSE_EVERY_MS;
    // Once a day at most, as the days run out: not with each look.
    if (warning !== undefined && this.#warnedDays !== forecast?.daysLeft) this.#logger.warn(warning);
    this.#warnedDays = warning === undefined ? undefined : forecast?.daysLeft;
  }

  /** @param readModels that may be read; what is forecast comes from them */
  status(readModels: ReadModels): Omit<ChainStatus, 'problem' | 'problemCode'> {
    const { name, chainId, embedded } = this.plan;
    const chain = this.#chain ?? this.#candidate;
    const forecast = this.#forecast(readModels);
    const warning = (chain && this.#purseWarning(chain, forecast)) ?? this.#made?.warning;
    return {
      name,
      chainId,
      embedded,
      isMain: this.isMain(),
      ...(chain && { anchorer: chain.anchorer, contract: chain.contract }),
      ...(warning === undefined ? {} : { warning }),
      ...(this.#balance === undefined ? {} : { balance: this.#balance.toString() }),
      ...(forecast && { forecast }),
      ...(this.#newestBlock && { newestBlock: this.#newestBlock }),
    };
  }

  #forecast({ db, isServing }: ReadModels): CostForecast | undefined {
    if (!isServing) return undefined;
    const seconds = Math.floor(this.now().getTime() / 1000);
    return costForecast(recentAnchors(db, this.plan.chainId, seconds), seconds, this.#balance);
  }

  #purseWarning({ name, anchorer }: Chain, forecast: CostForecast | undefined): string | undefined {
    const { daysLeft, perDay } = forecast ?? {};
    if (this.plan.embedded || daysLeft === undefined || daysLeft >= PURSE_WARNING_DAYS) return undefined;
    return (
      `the anchorer ${anchorer} has ${formatCoins(String(this.#balance ?? 0n))} left on ${name}, and spends ` +
      `${formatCoins(perDay ?? '0')} a day: ${daysLeft} ${daysLeft === 1 ? 'day' : 'days'} left at the present rate; send funds to ${anchorer}`
    );
  }

  async #lookAtClock(chain: Chain): Promise<void> {
    const before = this.clock.problem;
    const blocks = await chain.newestBlocks();
    this.clock.observe(chain.name, blocks);
    this.#clockSeenMs = performance.now();
    this.#newestBlock = blocks.reduce((a, b) => (b.number > a.number ? b : a));
    const { problem } = this.clock;
    if (problem !== undefined && problem !== before) this.#logger.error(problem);
  }

  async #makeAnchorer(readModels: ReadModels): Promise<Anchorer> {
    const { chain, blockNumber } = await this.#open();
    const { isMain } = this;
    const use = {
      ...this.plan.use,
      // Asked each time: a chain before it may be closed.
      get isMain(): boolean {
        return isMain();
      },
    };
    const anchorer = new Anchorer(this.store, readModels, chain, this.now, use);
    await this.#requireAsInLog(chain);
    // Before anything is written (S18).
    await this.#lookAtClock(chain);
    await anchorer.compare();
    await this.#addToLog(chain, blockNumber);
    await anchorer.lookBack();
    this.#chain = chain;
    this.#made = anchorer;
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
    const { name, chainId, embedded, contract, finalityDepth, minPriorityFee } = this.plan;
    const node = embedded ? await this.#startNode() : undefined;
    const chain = new EthersChain({
      name,
      chainId,
      rpcUrls: node ? [node.url] : this.plan.rpcUrls,
      signer: await this.plan.signer((await this.#inLog(chainId))?.anchorer),
      embedded,
      ...(contract === undefined ? {} : { contract }),
      ...(finalityDepth === undefined ? {} : { finalityDepth }),
      ...(minPriorityFee === undefined ? {} : { minPriorityFee }),
      ...(node && { onSettled: () => node.save() }),
    });
    this.#candidate = chain;
    return { chain, ...(await chain.ensureReady()) };
  }

  async #startNode(): Promise<EmbeddedNode> {
    this.#node ??= await startEmbeddedNode({
      folder: join(this.place.folder, 'chain'),
      ...(this.place.evmPort === undefined ? {} : { port: this.place.evmPort }),
      onProblem: (message) => this.#logger.warn(message),
      // What the node had not saved is gone with it: a new anchorer looks back before it goes on.
      onRestart: () => this.#forget(),
    });
    return this.#node;
  }

  async #inLog(chainId: number): Promise<LedgerChain | undefined> {
    const { state } = await load(this.store, ledgerDecider, LEDGER_STREAM);
    return state.is === 'founded' ? state.chains.find((one) => one.chainId === chainId) : undefined;
  }

  /** @throws ChainError anchorerDiffers, contractDiffers, chainClosed */
  async #requireAsInLog({ name, chainId, anchorer, contract }: Chain): Promise<void> {
    const known = await this.#inLog(chainId);
    if (!known) return;
    if (known.closed) {
      throw new ChainError(
        'chainClosed',
        `"${name}" was closed on ${known.closed.at}: take it out of CHAIN and restart`,
      );
    }
    if (known.contract.toLowerCase() !== contract.toLowerCase()) {
      throw new ChainError(
        'contractDiffers',
        `the log says that "${name}" is anchored at ${known.contract}, and ANCHOR_CONTRACT is ${contract}: set it to the first`,
      );
    }
    if (known.anchorer === anchorer) return;
    throw new ChainError(
      'anchorerDiffers',
      `the log says that ${known.anchorer} anchors on "${name}", and the configured key is that of ${anchorer}: configure ` +
        `the key of ${known.anchorer} and restart; to change it, run meritkedja rotate-anchorer with the former key ` +
        'configured first (S19)',
    );
  }

  /** The log says on which chains and by whom it is anchored, before the first anchor. */
  async #addToLog(chain: Chain, firstBlock: number): Promise<void> {
    if (await this.#inLog(chain.chainId)) return;
    await handle(this.store, ledgerDecider, {
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
      // The other chains are added at the same time.
      retries: ADD_RETRIES,
      meta: { at: this.now().toISOString(), by: 'process:anchoring' },
    });
  }

  #forget(): void {
    this.#opening = undefined;
    this.#chain = undefined;
    this.#anchorer = undefined;
  }
}
