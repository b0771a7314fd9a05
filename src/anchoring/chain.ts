/**
 * The port to a chain: what the anchorer needs of it, in plain values. `ethers-chain.ts` is the adapter for every EVM
 * chain, the embedded one included. The steps an anchor takes, and what each leaves behind when the process dies after
 * it: built (recorded, not sent), sent (the same bytes may be sent again), in a block, final.
 */
import type { AnchorProof } from '../verification/bundle.js';
import type { AnchorSigner } from './anchor-signer.js';

export type ChainErrorCode =
  /** No endpoint answered in time. Nothing is known; try again. */
  | 'rpcUnreachable'
  /** An endpoint answers that it was asked too often. Nothing is known; try again later. */
  | 'rpcLimited'
  /** An endpoint is of another chain than configured. */
  | 'wrongChainId'
  /** The anchorer cannot pay. */
  | 'noFunds'
  /** There is no code at the contract's address. */
  | 'contractMissing'
  /** There is code at the contract's address, and it is not the registry's. */
  | 'contractDiffers'
  /** The network refuses the transaction. */
  | 'rejected'
  /** The nonce is taken by another transaction: this one can never be mined. */
  | 'nonceTaken'
  /** The fee is too low to take the nonce's place in the pool. */
  | 'underpriced'
  /** No such transaction in a block. */
  | 'notFound'
  /** An answer is not of the form that JSON-RPC gives it, or does not hash to what it should. */
  | 'badAnswer'
  /** A fork has added something to blocks that this version does not know: the anchor is final, and not proven yet. */
  | 'proofUnavailable'
  /** Two endpoints contradict each other on what is final. */
  | 'rpcDisagreement'
  /** The remote signer did not answer in time. Nothing was signed; try again. */
  | 'signerUnreachable'
  /** The remote signer refuses, or gave back something else than it was asked for. */
  | 'signerRefused'
  /** The next transaction would cost more than the operator allows, each or in a day. */
  | 'overBudget'
  /** The clock of this machine, or of the chain, is wrong (S18). */
  | 'clockSkew'
  /** The log names another anchorer, or another contract, for this chain than the configuration (S19). */
  | 'anchorerDiffers'
  /** The log says that the chain is closed (S10). */
  | 'chainClosed'
  /** The embedded node did not start, or could not save the chain. */
  | 'nodeFailed';

export class ChainError extends Error {
  constructor(
    readonly code: ChainErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ChainError';
  }
}

/** A transaction that is signed and not sent. To be recorded before it is. */
export interface BuiltAnchor {
  /** 0x hex; known before sending, as it follows from the bytes. */
  readonly txHash: string;
  readonly nonce: number;
  /** 0x hex. */
  readonly signedTransaction: string;
  /** Wei, decimal: the most that it can cost. */
  readonly maxCost: string;
}

/** How a transaction is to be made. */
export interface BuildOptions {
  /** Default: the highest of `nextNonces()`. */
  readonly nonce?: number;
  /**
   * A signed transaction, 0x hex, whose nonce is taken and whose two fees are raised by an eighth at least, so that nodes
   * accept it in that one's place (EIP-1559 replacement: a tenth is the least).
   */
  readonly replaces?: string;
  /** Wei for a unit of gas that must not be exceeded. */
  readonly maxFeePerGas?: bigint;
}

/** A block as one endpoint has it. */
export interface BlockTime {
  readonly number: number;
  /** Seconds since 1970. */
  readonly time: number;
}

interface Inclusion {
  readonly blockNumber: number;
  /** 0x hex. */
  readonly blockHash: string;
  /** Seconds since 1970, of the block. */
  readonly blockTime: number;
  readonly transactionIndex: number;
  /** Decimal. */
  readonly gasUsed: string;
  /** Wei for a unit of gas, decimal. */
  readonly effectiveGasPrice?: string;
  /** Wei, decimal: on rollups, for the chain below. */
  readonly l1Fee?: string;
}

/** An anchor's transaction in a block. Of one that was reverted nothing is in the chain's log. */
export type AnchorReceipt =
  | (Inclusion & { readonly status: 'succeeded'; /** Within the receipt. */ readonly logIndex: number })
  | (Inclusion & { readonly status: 'reverted' });

/** What the contract has recorded for the anchorer. */
export interface Anchored {
  /** 32 bytes */
  readonly root: Uint8Array;
  /** 0x hex. */
  readonly txHash: string;
  readonly blockNumber: number;
}

/** `reorganised`: the chain has another block at that height, or (embedded) has lost it. */
export type Finality = 'yes' | 'no' | 'reorganised';

/** Every method throws ChainError; `rpcUnreachable` is worth another try, at any time. */
export interface Chain {
  readonly name: string;
  readonly chainId: number;
  /** The operator's own node: shows the mechanism, proves no time (S10). */
  readonly embedded: boolean;
  /** EIP-55. */
  readonly contract: string;
  /** EIP-55. */
  readonly anchorer: string;
  /** Who signs for it. */
  readonly signer: AnchorSigner;

  /**
   * Checks chain id, contract and funds. On the embedded chain it deploys the contract and gives funds where needed.
   * @returns the newest block's number, the lowest that an endpoint tells: no anchor of this ledger is yet to come before it
   * @throws ChainError wrongChainId, contractMissing, contractDiffers, noFunds
   */
  ensureReady(): Promise<{ readonly blockNumber: number }>;

  /**
   * The anchorer's next nonce, what is in blocks counted and what waits in the pool not, as each endpoint that answers
   * tells it: one that is behind tells too low a one, one that lies any.
   * @returns at least one
   */
  nextNonces(): Promise<readonly number[]>;

  /** What the anchorer has, in wei. */
  balance(): Promise<bigint>;

  /** The newest block of every endpoint that answers. */
  newestBlocks(): Promise<readonly BlockTime[]>;

  /**
   * Signs a transaction that anchors `root`, and does not send it. The gas is estimated, the fee asked for.
   * @param root 32 bytes
   * @throws ChainError noFunds, rejected; overBudget where it could not be made within `maxFeePerGas`
   */
  buildAnchor(root: Uint8Array, options?: BuildOptions): Promise<BuiltAnchor>;

  /**
   * Sends the bytes. That the network has them already, in the pool or in a block, is success: sending is safe to
   * repeat.
   * @param signedTransaction 0x hex
   * @throws ChainError nonceTaken, underpriced, noFunds, rejected
   */
  send(signedTransaction: string): Promise<void>;

  /** Where the transaction is; undefined while it is in no block, and again when its block is gone. */
  receipt(txHash: string): Promise<AnchorReceipt | undefined>;

  /**
   * Whether the chain has made the block final: its `finalized` block (or, on a chain without one, the newest block
   * less the configured depth) is at or above it and the block at its height has the hash.
   * @throws ChainError rpcDisagreement where endpoints contradict each other
   */
  isFinalised(blockNumber: number, blockHash: string): Promise<Finality>;

  /** 0x hex of the hash of the block at a height; undefined where the chain has none. */
  blockHash(blockNumber: number): Promise<string | undefined>;

  /**
   * Everything that the contract has recorded for the anchorer, in blocks from `fromBlock` up to the newest; whoever
   * sent it: what any endpoint that answers has of it.
   * @param anchorers addresses, 0x hex; default: the one that this chain is used with
   */
  anchors(fromBlock: number, anchorers?: readonly string[]): Promise<readonly Anchored[]>;

  /** On the embedded chain: makes the newest block final and saves the chain. Elsewhere: nothing, time does it. */
  settle(): Promise<void>;

  /**
   * The proof of the anchor in a transaction, checked by the verifier's own code.
   * @throws ChainError notFound; badAnswer if what the endpoint says does not fit together; proofUnavailable where a
   *   fork has added what this version does not know
   */
  proof(txHash: string): Promise<AnchorProof>;
}
