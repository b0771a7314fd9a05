/**
 * Who signs anchors: the port between the chain and the anchorer's key, and its three keepers: a key in the environment, a
 * keystore file (keystore-file.ts), a remote signer (remote-anchor-signer.ts). Only transactions of one form pass: EIP-1559,
 * no value, no access list, so that a keeper can be told apart from one that signs something else.
 * Proven by anchor-signer.int.spec.ts.
 */
import { Transaction, Wallet } from 'ethers';
import { toHex0x } from '../encoding/hex.js';
import { ConfigError, InvariantError } from '../errors.js';
import { openKeystoreFile } from './keystore-file.js';
import { remoteAnchorSigner } from './remote-anchor-signer.js';

/** All that is signed of an anchor (EIP-1559). Value is 0 and the access list empty. */
export interface AnchorTransaction {
  readonly chainId: number;
  readonly nonce: number;
  /** 0x hex of 20 bytes. */
  readonly to: string;
  /** 0x hex. */
  readonly data: string;
  readonly gasLimit: bigint;
  /** Wei for a unit of gas. */
  readonly maxFeePerGas: bigint;
  /** Wei for a unit of gas. */
  readonly maxPriorityFeePerGas: bigint;
}

export interface AnchorSigner {
  /** EIP-55. */
  readonly address: string;
  /**
   * @returns the signed transaction as it goes to the network, 0x hex of EIP-2718 bytes, of exactly these members and by
   *   exactly this address
   * @throws ChainError signerUnreachable, signerRefused
   */
  signTransaction(transaction: AnchorTransaction): Promise<string>;
}

/** Where the anchorer's key is (ANCHOR_KEY, ANCHOR_KEYSTORE, ANCHOR_SIGNER_URL). */
export type AnchorKeySetting =
  | { readonly is: 'key'; /** 32 bytes. */ readonly key: Uint8Array }
  | { readonly is: 'keystore'; readonly path: string; readonly password: string }
  | { readonly is: 'remote'; readonly url: string; /** EIP-55. */ readonly address: string };

/**
 * The signer for a setting. A keystore is opened here, which takes a second and some 256 MiB; a remote signer is not asked.
 * @throws ConfigError naming the variable; never with a secret in it
 */
export async function openAnchorSigner(setting: AnchorKeySetting): Promise<AnchorSigner> {
  switch (setting.is) {
    case 'key':
      return keySigner(setting.key);
    case 'keystore':
      return keySigner(await openKeystoreFile(setting.path, setting.password), 'ANCHOR_KEYSTORE');
    case 'remote':
      return remoteAnchorSigner(setting.url, setting.address);
  }
}

/**
 * Signs with a key in memory.
 * @param key 32 bytes
 * @param variable where it came from, for the message
 * @throws ConfigError for bytes that are no secp256k1 key
 */
export function keySigner(key: Uint8Array, variable = 'ANCHOR_KEY'): AnchorSigner {
  const wallet = walletOf(key, variable);
  return {
    address: wallet.address,
    signTransaction: async (transaction) => wallet.signTransaction({ type: 2, ...transaction }),
  };
}

/** The hash that a signed transaction has on its chain, 0x hex of 32 bytes. */
export function transactionHash(signedTransaction: string): string {
  const { hash } = Transaction.from(signedTransaction);
  if (hash === null) throw new InvariantError('a transaction that is not signed');
  return hash;
}

function walletOf(key: Uint8Array, variable: string): Wallet {
  try {
    return new Wallet(toHex0x(key));
  } catch {
    // Without the cause: its message may hold the key.
    throw new ConfigError(variable, 'is not a secp256k1 key: 32 bytes, above zero and below the order of the curve');
  }
}
