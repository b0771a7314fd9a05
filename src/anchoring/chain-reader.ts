/**
 * The chain for a node that does not anchor: it only looks up block hashes, at the endpoints that RPC_URLS names. With
 * none, anchors are checked by those who have an endpoint of their own.
 */
import type { Chain } from './chain.js';
import { EMBEDDED_CHAIN_ID } from './embedded-node.js';
import { EthersChain } from './ethers-chain.js';

/** What the whole ledger, whatever its role, may know of the chain. */
export interface ChainAccess {
  /** The chain, once it is ready. */
  readonly ready: Chain | undefined;
  /** What the trust file says of a chain beyond the log: that it is the operator's own (S10), and its endpoints. */
  details(chainId: number): { rpcUrls?: readonly string[]; embedded?: boolean };
  /** Calls back once, when the chain is ready. */
  onReady(listener: () => void): void;
  stop(): Promise<void>;
}

export class ChainReader implements ChainAccess {
  readonly ready: Chain | undefined;

  constructor(
    private readonly rpcUrls: readonly string[],
    /** The anchorer's key, 32 bytes; a reader sends nothing with it. */
    anchorKey: Uint8Array,
  ) {
    if (rpcUrls.length === 0) return;
    this.ready = new EthersChain({
      name: 'embedded',
      chainId: EMBEDDED_CHAIN_ID,
      rpcUrls,
      privateKey: anchorKey,
      embedded: true,
    });
  }

  details(chainId: number): { rpcUrls?: readonly string[]; embedded?: boolean } {
    if (chainId !== EMBEDDED_CHAIN_ID) return {};
    return { embedded: true, ...(this.rpcUrls.length > 0 && { rpcUrls: this.rpcUrls }) };
  }

  onReady(listener: () => void): void {
    if (this.ready) listener();
  }

  async stop(): Promise<void> {}
}
