/**
 * Transactions that a rollup puts into its blocks by itself, which nobody signed: the first of every block on the OP stack
 * and on Arbitrum is one, so without them no transactions root of such a block can be made.
 * Sources: specs.optimism.io "Deposits" (type 0x7e); docs.arbitrum.io "Geth at the core" and the order of members in
 * github.com/OffchainLabs/go-ethereum core/types/arb_types.go (0x64 to 0x6a), their names in JSON from its
 * transaction_marshalling.go. Polygon's state syncs (0x7f since PIP-74) are not told in JSON: their bytes must be asked for.
 * Proven by unsigned-transactions.spec.ts with transactions of chains and the hashes that they have there.
 */
import { RLP, type Input } from '@ethereumjs/rlp';
import { z } from 'zod';
import { concatBytes, utf8 } from '../encoding/bytes.js';
import { fromHex0x, toHex0x } from '../encoding/hex.js';
import { keccak256 } from '../verification/keccak.js';
import { bytesOf, data, dataBytes, quantity, quantityBytes } from './rpc-values.js';

const address = bytesOf(20);
const hash = bytesOf(32);
const to = address.nullish();
/** Nil and nothing are the same to Go. */
const amount = quantity.nullish();

const opDeposit = z.object({
  type: z.literal('0x7e'),
  sourceHash: hash,
  from: address,
  to,
  mint: amount,
  value: quantity,
  gas: quantity,
  isSystemTx: z.boolean().nullish(),
  input: data,
});
const arbitrum = z.object({ chainId: quantity });
const arbitrumDeposit = arbitrum.extend({
  type: z.literal('0x64'),
  requestId: hash,
  from: address,
  to: address,
  value: quantity,
});
/** What its sender, on the chain above, wanted to be called; `gasPrice` is what Arbitrum's node shows for the cap. */
const call = arbitrum.extend({
  from: address,
  maxFeePerGas: amount,
  gasPrice: amount,
  gas: quantity,
  to,
  value: quantity,
  input: data,
});
const arbitrumUnsigned = call.extend({ type: z.literal('0x65'), nonce: quantity });
const arbitrumContract = call.extend({ type: z.literal('0x66'), requestId: hash });
const arbitrumRetry = call.extend({
  type: z.literal('0x68'),
  nonce: quantity,
  ticketId: hash,
  refundTo: address,
  maxRefund: amount,
  submissionFeeRefund: amount,
});
const arbitrumSubmitRetryable = arbitrum.extend({
  type: z.literal('0x69'),
  requestId: hash,
  from: address,
  l1BaseFee: quantity,
  depositValue: quantity,
  maxFeePerGas: amount,
  gasPrice: amount,
  gas: quantity,
  retryTo: to,
  retryValue: quantity,
  beneficiary: address,
  maxSubmissionFee: quantity,
  refundTo: address,
  retryData: data,
});
const arbitrumInternal = arbitrum.extend({ type: z.literal('0x6a'), input: data });

const unsignedTransaction = z.discriminatedUnion('type', [
  opDeposit,
  arbitrumDeposit,
  arbitrumUnsigned,
  arbitrumContract,
  arbitrumRetry,
  arbitrumSubmitRetryable,
  arbitrumInternal,
]);

/**
 * The transaction as the trie holds it: its type's byte, then its members. Right only if its Keccak-256 is the
 * transaction's hash: the caller checks.
 * @param json as `eth_getBlockByHash` answers
 * @returns undefined where it is of another type, or a member is missing
 */
export function encodeUnsigned(json: unknown): Uint8Array | undefined {
  const read = unsignedTransaction.safeParse(json);
  if (!read.success) return undefined;
  return concatBytes(fromHex0x(read.data.type), RLP.encode(members(read.data)));
}

function members(of: z.output<typeof unsignedTransaction>): Input[] {
  switch (of.type) {
    case '0x7e':
      return [
        ...[bytes(of.sourceHash), bytes(of.from), bytes(of.to), integer(of.mint), integer(of.value), integer(of.gas)],
        ...[of.isSystemTx === true ? Uint8Array.of(1) : new Uint8Array(), bytes(of.input)],
      ];
    case '0x64':
      return [integer(of.chainId), bytes(of.requestId), bytes(of.from), bytes(of.to), integer(of.value)];
    case '0x65':
      return [integer(of.chainId), bytes(of.from), integer(of.nonce), ...called(of)];
    case '0x66':
      return [integer(of.chainId), bytes(of.requestId), bytes(of.from), ...called(of)];
    case '0x68':
      return [
        ...[integer(of.chainId), integer(of.nonce), bytes(of.from), ...called(of)],
        ...[bytes(of.ticketId), bytes(of.refundTo), integer(of.maxRefund), integer(of.submissionFeeRefund)],
      ];
    case '0x69':
      return [
        ...[integer(of.chainId), bytes(of.requestId), bytes(of.from), integer(of.l1BaseFee), integer(of.depositValue)],
        ...[integer(feeCap(of)), integer(of.gas), bytes(of.retryTo), integer(of.retryValue), bytes(of.beneficiary)],
        ...[integer(of.maxSubmissionFee), bytes(of.refundTo), bytes(of.retryData)],
      ];
    case '0x6a':
      return [integer(of.chainId), bytes(of.input)];
  }
}

function called(of: z.output<typeof call>): Input[] {
  return [integer(feeCap(of)), integer(of.gas), bytes(of.to), integer(of.value), bytes(of.input)];
}

function feeCap(of: { maxFeePerGas?: string | null | undefined; gasPrice?: string | null | undefined }): string | null {
  return of.maxFeePerGas ?? of.gasPrice ?? null;
}

/**
 * Under which hash a node of Polygon lists what it has taken over from Ethereum in a block, at the block's end: before
 * PIP-74 that is in neither of the block's tries (github.com/0xPolygon/bor core/types/bor_receipt.go).
 * @param block its number, and its hash as 0x hex
 * @returns 0x hex
 */
export function stateSyncHash(block: { readonly number: number; readonly hash: string }): string {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(block.number));
  return toHex0x(keccak256(concatBytes(utf8('matic-bor-receipt-'), number, fromHex0x(block.hash))));
}

function bytes(text: string | null | undefined): Uint8Array {
  return dataBytes(text ?? '0x');
}

function integer(value: string | null | undefined): Uint8Array {
  return quantityBytes(value ?? '0x0');
}
