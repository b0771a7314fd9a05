/**
 * A signer that keeps the anchorer's key elsewhere: JSON-RPC `eth_signTransaction` over HTTP, as Web3Signer, geth and
 * many key services speak it. It is not trusted with more than the key: what it gives back must be what it was asked for,
 * member by member, byte by byte, and signed by the address that the operator named. Else nothing is sent or recorded.
 * Proven by anchor-signer.int.spec.ts, with a signer that lies.
 */
import { Transaction } from 'ethers';
import { z } from 'zod';
import { ConfigError } from '../errors.js';
import type { AnchorSigner, AnchorTransaction } from './anchor-signer.js';
import { ChainError } from './chain.js';
import { callRpc, RpcRefusal } from './json-rpc.js';

/** A person may have to confirm on a device; an anchor can wait. */
const TIMEOUT_MS = 15_000;

const signedBytes = z.string().regex(/^0x(?:[0-9a-fA-F]{2})+$/);
/** Web3Signer answers the bytes; geth answers them beside the transaction in JSON. */
const answerSchema = z.union([signedBytes, z.object({ raw: signedBytes }).transform(({ raw }) => raw)]);

/**
 * @param url http or https; may hold an access key, so messages name its host alone
 * @param address EIP-55
 * @param timeoutMs for one signature
 */
export function remoteAnchorSigner(url: string, address: string, timeoutMs = TIMEOUT_MS): AnchorSigner {
  if (!URL.canParse(url)) throw new ConfigError('ANCHOR_SIGNER_URL', 'must be an http or https URL');
  const host = new URL(url).host;
  return {
    address,
    signTransaction: async (transaction) => {
      const asked = Transaction.from({ type: 2, ...transaction });
      const raw = await ask(url, host, inJson(transaction, address), timeoutMs);
      const fault = faultIn(raw, asked, address);
      if (fault !== undefined) throw new ChainError('signerRefused', `the signer at ${host} gave back ${fault}`);
      return raw;
    },
  };
}

/** @returns the bytes that it answers, 0x hex in lower case */
async function ask(url: string, host: string, transaction: object, timeoutMs: number): Promise<string> {
  let result: unknown;
  try {
    result = await callRpc(url, 'eth_signTransaction', [transaction], timeoutMs);
  } catch (error) {
    if (error instanceof RpcRefusal) {
      throw new ChainError('signerRefused', `the signer at ${host} refuses: ${error.message}`);
    }
    if (!(error instanceof ChainError)) throw error;
    throw new ChainError('signerUnreachable', `the signer: ${error.message}`);
  }
  const raw = answerSchema.safeParse(result);
  if (!raw.success) throw new ChainError('signerRefused', `the signer at ${host} gave back no signed transaction`);
  return raw.data.toLowerCase();
}

/** The transaction call object of the execution API. */
function inJson(transaction: AnchorTransaction, from: string): object {
  const { chainId, nonce, to, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = transaction;
  return {
    type: '0x2',
    from,
    to,
    chainId: toQuantity(chainId),
    nonce: toQuantity(nonce),
    gas: toQuantity(gasLimit),
    maxFeePerGas: toQuantity(maxFeePerGas),
    maxPriorityFeePerGas: toQuantity(maxPriorityFeePerGas),
    value: '0x0',
    data,
  };
}

/** What is wrong with the answer; undefined if it is what was asked for. */
function faultIn(raw: string, asked: Transaction, address: string): string | undefined {
  let signed: Transaction;
  try {
    signed = Transaction.from(raw);
  } catch {
    return 'bytes that are no transaction';
  }
  for (const member of MEMBERS) {
    if (signed[member] === asked[member]) continue;
    return `another ${member}: ${String(signed[member])} instead of ${String(asked[member])}`;
  }
  // Whatever else a transaction has, now or in a later fork: access list, authorisations, blobs.
  if (signed.unsignedSerialized !== asked.unsignedSerialized) return 'a transaction with more in it than was asked for';
  if (signed.signature === null || signed.from === null) return 'a transaction that is not signed';
  if (signed.from.toLowerCase() !== address.toLowerCase()) {
    return `a transaction signed by ${signed.from} instead of ${address} (ANCHOR_ADDRESS)`;
  }
  // One transaction has one hash only if its bytes are the canonical ones.
  return isCanonical(signed, raw) ? undefined : 'a transaction that is not canonically encoded';
}

function isCanonical(signed: Transaction, raw: string): boolean {
  try {
    return signed.serialized === raw;
  } catch {
    // ethers reads an s in the upper half of the order (EIP-2 forbids it), and does not write one.
    return false;
  }
}

const MEMBERS = [
  'type',
  'chainId',
  'nonce',
  'to',
  'data',
  'value',
  'gasLimit',
  'maxFeePerGas',
  'maxPriorityFeePerGas',
] as const;

function toQuantity(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
