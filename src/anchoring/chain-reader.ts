/**
 * The chain for a node that does not anchor: it only looks up block hashes, at the endpoints that RPC_URLS names. With
 * none, anchors are checked by those who have an endpoint of their own.
 */
import { InvariantError } from '../errors.js';
import type { AnchorSigner } from './anchor-signer.js';
import type { Chain } from './chain.js';
import type { ChainPlan } from './chain-plan.js';
import { EMBEDDED_CHAIN_ID } from './embedded-node.js';
import type { ClockWatch } from './clock-watch.process.js';
import { EthersChain } from './ethers-chain.js';

/** What the whole ledger, whatever its role, may know of the chain. */
export interface ChainAccess {
  /** The main chain, once it is ready. */
  readonly ready: Chain | undefined;
  readonly mainChainId: number;
  /** A chain by its id, once it is ready. */
  byId(chainId: number): Chain | undefined;
  /** What the trust file says of a chain beyond the log: that it is the operator's own (S10), and its endpoints. */
  details(chainId: number): { rpcUrls?: readonly string[]; embedded?: boolean };
  /** Calls back once, when the chain is ready. */
  onReady(listener: () => void): void;
  stop(): Promise<void>;
}

export class ChainReader implements ChainAccess {
  readonly #chains: readonly EthersChain[];

  /**
   * @param plans of which none is used to anchor: a reader sends nothing
   * @param closed chains that have ended, by id; one that ends later is added to it
   * @param clock compared with the chains' blocks, so that a node with a wrong one writes nothing (S18)
   */
  constructor(
    private readonly plans: readonly ChainPlan[],
    private readonly closed: ReadonlyMap<number, string>,
    private readonly clock?: ClockWatch,
  ) {
    this.#chains = plans
      .filter(({ rpcUrls }) => rpcUrls.length > 0)
      .map(
        ({ name, chainId, rpcUrls, contract, finalityDepth, embedded }) =>
          new EthersChain({
            name,
            chainId,
            rpcUrls,
            signer: NOBODY,
            embedded,
            ...(contract === undefined ? {} : { contract }),
            ...(finalityDepth === undefined ? {} : { finalityDepth }),
          }),
      );
    clock?.start(() => this.#chains.filter(({ chainId }) => !closed.has(chainId)));
  }

  get mainChainId(): number {
    const main = this.plans.find(({ chainId }) => !this.closed.has(chainId)) ?? this.plans[0];
    return main?.chainId ?? EMBEDDED_CHAIN_ID;
  }

  get ready(): Chain | undefined {
    return this.byId(this.mainChainId);
  }

  byId(chainId: number): Chain | undefined {
    return this.closed.has(chainId) ? undefined : this.#chains.find((chain) => chain.chainId === chainId);
  }

  details(chainId: number): { rpcUrls?: readonly string[]; embedded?: boolean } {
    const plan = this.plans.find((one) => one.chainId === chainId);
    if (plan?.embedded !== true) return {};
    return { embedded: true, ...(plan.rpcUrls.length > 0 && { rpcUrls: plan.rpcUrls }) };
  }

  onReady(listener: () => void): void {
    if (this.ready) listener();
  }

  async stop(): Promise<void> {
    await this.clock?.stop();
  }
}

/** Signs nothing, and has no address that anybody anchors with. */
const NOBODY: AnchorSigner = {
  address: `0x${'0'.repeat(40)}`,
  signTransaction: async () => {
    throw new InvariantError('a node that only reads was asked to sign an anchor');
  },
};
