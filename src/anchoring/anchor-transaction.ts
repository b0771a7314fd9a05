/**
 * What a signed transaction says and who signed it: an audit compares with it what the log says of an anchor. Nobody but
 * the holder of the anchorer's key can have made one. Proven by anchor-transaction.spec.ts.
 */
import { Transaction } from 'ethers';

export interface AnchorTransactionContent {
  /** 0x hex; follows from the bytes. */
  readonly txHash: string;
  readonly chainId: number;
  readonly nonce: number;
  /** EIP-55; undefined for one that makes a contract. */
  readonly to: string | undefined;
  /** EIP-55: who signed it. */
  readonly from: string;
  /** 0x hex. */
  readonly data: string;
  /** Wei. */
  readonly value: bigint;
}

/**
 * @param signedTransaction 0x hex
 * @returns undefined for what is no signed transaction
 */
export function readAnchorTransaction(signedTransaction: string): AnchorTransactionContent | undefined {
  try {
    const { hash, chainId, nonce, to, from, data, value } = Transaction.from(signedTransaction);
    if (hash === null || from === null) return undefined;
    return { txHash: hash, chainId: Number(chainId), nonce, to: to ?? undefined, from, data, value };
  } catch {
    // ethers throws errors of its own for each way in which bytes are no transaction.
    return undefined;
  }
}
