/**
 * Makes what `verification/receipt-proof-check.ts` checks: a block header's RLP, and the Merkle-Patricia proofs of a
 * receipt and its transaction out of all receipts and transactions of their block. A node answers in JSON; the
 * encodings are made again from it and are right if they hash to what the block says, whatever the chain's newest fork
 * has added.
 * Yellow Paper 4.3 and 4.3.1, EIP-2718; proven by receipt-proof.spec.ts with a mainnet header, transactions that ethers
 * signed and @ethereumjs/mpt's own checker, and against a real EVM node by ethers-chain.int.spec.ts.
 */
import { createMerkleProof, MerklePatriciaTrie } from '@ethereumjs/mpt';
import { RLP, type Input } from '@ethereumjs/rlp';
import { z } from 'zod';
import { concatBytes } from '../encoding/bytes.js';
import { encodeRlpInteger } from '../verification/rlp.js';
import {
  bytesOf,
  data,
  dataBytes,
  quantity,
  quantityBytes as integer,
  smallQuantity,
  toQuantity,
} from './rpc-values.js';
import { encodeUnsigned, stateSyncHash } from './unsigned-transactions.js';

/**
 * A block as `eth_getBlockByHash` answers: what stands in a header of every fork, and those that forks added. Members
 * that are not known here are kept: see `unknownMembers`.
 */
export const rpcBlock = z.looseObject({
  hash: bytesOf(32),
  parentHash: bytesOf(32),
  sha3Uncles: bytesOf(32),
  miner: bytesOf(20),
  stateRoot: bytesOf(32),
  transactionsRoot: bytesOf(32),
  receiptsRoot: bytesOf(32),
  logsBloom: bytesOf(256),
  difficulty: quantity,
  number: smallQuantity,
  gasLimit: quantity,
  gasUsed: quantity,
  timestamp: smallQuantity,
  extraData: data,
  mixHash: bytesOf(32),
  nonce: bytesOf(8),
  baseFeePerGas: quantity.optional(),
  withdrawalsRoot: bytesOf(32).optional(),
  blobGasUsed: quantity.optional(),
  excessBlobGas: quantity.optional(),
  parentBeaconBlockRoot: bytesOf(32).optional(),
  requestsHash: bytesOf(32).optional(),
  blockAccessListHash: bytesOf(32).optional(),
  slotNumber: quantity.optional(),
  transactions: z.array(bytesOf(32)),
});
export type RpcBlock = z.output<typeof rpcBlock>;

/** What nodes tell of a block beside its header: geth and others, Arbitrum (`sendRoot` stands in its `extraData`). */
const NOT_IN_HEADERS: ReadonlySet<string> = new Set([
  ...['size', 'totalDifficulty', 'uncles', 'withdrawals', 'author', 'sealFields'],
  ...['l1BlockNumber', 'sendCount', 'sendRoot'],
]);

/** Names of members that may belong to the header, and that `encodeHeader` knows nothing of: a fork has added them. */
export function unknownMembers(block: RpcBlock): readonly string[] {
  return Object.keys(block).filter((name) => !Object.hasOwn(rpcBlock.shape, name) && !NOT_IN_HEADERS.has(name));
}

/**
 * Without what a node of Polygon lists among a block's transactions although it is in neither of its tries.
 * @param listed in the block's order, each with its hash
 */
export function inTries<T>(block: RpcBlock, listed: readonly T[], hashOf: (one: T) => string): readonly T[] {
  const synced = stateSyncHash(block);
  return listed.filter((one) => hashOf(one) !== synced);
}

const rpcLog = z.object({ address: bytesOf(20), topics: z.array(bytesOf(32)).max(4), data });
/** A receipt as `eth_getTransactionReceipt` answers, of a chain since Byzantium. */
export const rpcReceipt = z.object({
  transactionHash: bytesOf(32),
  transactionIndex: smallQuantity,
  blockHash: bytesOf(32),
  blockNumber: smallQuantity,
  type: smallQuantity.default(0),
  status: z.enum(['0x0', '0x1']),
  cumulativeGasUsed: quantity,
  gasUsed: quantity,
  /** These two are no part of the receipt that is hashed: what was paid. */
  effectiveGasPrice: quantity.optional(),
  l1Fee: quantity.nullish(),
  logsBloom: bytesOf(256),
  logs: z.array(rpcLog),
  /** Of the OP stack's deposits, since its fork Canyon part of what is hashed: the first transaction of each block is one. */
  depositNonce: quantity.optional(),
  depositReceiptVersion: quantity.optional(),
});
export type RpcReceipt = z.output<typeof rpcReceipt>;

/** Part of a signature, of which some nodes write the leading zeros: without them, as a quantity. */
const scalar = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/, 'expected 1 to 64 hex digits')
  .transform((text) => text.replace(/^0x0+(?=.)/, '0x'));
/** What types up to 4 sign, and the signature. */
const signedFields = z.object({
  nonce: quantity,
  gas: quantity,
  to: bytesOf(20).nullish(),
  value: quantity,
  input: data,
  r: scalar,
  s: scalar,
});
const legacyTransaction = signedFields.extend({ type: z.literal('0x0').default('0x0'), gasPrice: quantity, v: scalar });
const typedFields = signedFields.extend({
  chainId: quantity,
  accessList: z.array(z.object({ address: bytesOf(20), storageKeys: z.array(bytesOf(32)) })),
  yParity: scalar,
});
const accessListTransaction = typedFields.extend({ type: z.literal('0x1'), gasPrice: quantity });
/** Their `gasPrice` in an answer is what was paid, which nobody signed. */
const feeFields = typedFields.extend({ maxPriorityFeePerGas: quantity, maxFeePerGas: quantity });
const feeTransaction = feeFields.extend({ type: z.literal('0x2') });
const blobTransaction = feeFields.extend({
  type: z.literal('0x3'),
  maxFeePerBlobGas: quantity,
  blobVersionedHashes: z.array(bytesOf(32)),
});
const codeTransaction = feeFields.extend({
  type: z.literal('0x4'),
  authorizationList: z.array(
    z.object({ chainId: quantity, address: bytesOf(20), nonce: quantity, yParity: scalar, r: scalar, s: scalar }),
  ),
});
/** A transaction as `eth_getBlockByHash` answers. Some nodes know a typed one's `yParity` by its old name alone. */
const rpcTransaction = z.preprocess(
  (json) => (typeof json === 'object' && json !== null && 'v' in json ? { yParity: json.v, ...json } : json),
  z.union([legacyTransaction, accessListTransaction, feeTransaction, blobTransaction, codeTransaction]),
);
/** A block as `eth_getBlockByHash` answers with its transactions in full. */
export const rpcFullBlock = z.object({
  hash: bytesOf(32),
  transactions: z.array(z.looseObject({ hash: bytesOf(32) })),
});

/**
 * The header's RLP, with the members that later forks added as far as the block has them. Right only if its Keccak-256
 * is the block's hash: the caller checks.
 */
export function encodeHeader(block: RpcBlock): Uint8Array {
  const added = [
    block.baseFeePerGas === undefined ? undefined : integer(block.baseFeePerGas), // London, EIP-1559
    bytes(block.withdrawalsRoot), // Shanghai, EIP-4895
    block.blobGasUsed === undefined ? undefined : integer(block.blobGasUsed), // Cancun, EIP-4844
    block.excessBlobGas === undefined ? undefined : integer(block.excessBlobGas),
    bytes(block.parentBeaconBlockRoot), // Cancun, EIP-4788
    bytes(block.requestsHash), // Prague, EIP-7685
    bytes(block.blockAccessListHash), // Amsterdam, EIP-7928
    block.slotNumber === undefined ? undefined : integer(block.slotNumber), // Amsterdam, EIP-7843
  ];
  return RLP.encode([
    bytes(block.parentHash),
    bytes(block.sha3Uncles),
    bytes(block.miner),
    bytes(block.stateRoot),
    bytes(block.transactionsRoot),
    bytes(block.receiptsRoot),
    bytes(block.logsBloom),
    integer(block.difficulty),
    encodeNumber(block.number),
    integer(block.gasLimit),
    integer(block.gasUsed),
    encodeNumber(block.timestamp),
    bytes(block.extraData),
    bytes(block.mixHash),
    bytes(block.nonce),
    ...added.filter((member) => member !== undefined),
  ]);
}

/**
 * Types whose receipts are known to be encoded as `encodeReceipt` does: Ethereum's, the OP stack's deposit, Arbitrum's
 * own (github.com/OffchainLabs/go-ethereum core/types/receipt.go), Polygon's state sync (PIP-74).
 */
const RECEIPT_TYPES: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 0x7e, 0x64, 0x65, 0x66, 0x68, 0x69, 0x6a, 0x7f]);

export function isKnownReceiptType(type: number): boolean {
  return RECEIPT_TYPES.has(type);
}

/**
 * The receipt as the trie holds it: its type's byte where it has one, then [status, gas, bloom, logs]; of an OP stack's
 * deposit also nonce and version, where it has a version (specs.optimism.io, "Deposits", Deposit Receipt).
 */
export function encodeReceipt(receipt: RpcReceipt): Uint8Array {
  const payload = RLP.encode([
    receipt.status === '0x1' ? Uint8Array.of(1) : new Uint8Array(),
    integer(receipt.cumulativeGasUsed),
    bytes(receipt.logsBloom),
    receipt.logs.map((log) => [bytes(log.address), log.topics.map((topic) => bytes(topic)), bytes(log.data)]),
    ...(receipt.depositReceiptVersion === undefined
      ? []
      : [integer(receipt.depositNonce ?? '0x0'), integer(receipt.depositReceiptVersion)]),
  ]);
  return receipt.type === 0 ? payload : concatBytes(Uint8Array.of(receipt.type), payload);
}

/**
 * The transaction as the trie holds it: its type's byte where it has one, then what was signed and the signature
 * (EIP-155, 2930, 1559, 4844, 7702), or what a rollup put there unsigned. Right only if its Keccak-256 is the transaction's hash: the caller checks.
 * @param json of `rpcFullBlock`
 * @returns undefined where it is of a type or form that is not known here
 */
export function encodeTransaction(json: unknown): Uint8Array | undefined {
  const read = rpcTransaction.safeParse(json);
  if (!read.success) return encodeUnsigned(json);
  const of = read.data;
  const call = [integer(of.gas), bytes(of.to ?? '0x'), integer(of.value), bytes(of.input)];
  const signature = [integer(of.r), integer(of.s)];
  if (of.type === '0x0') {
    return RLP.encode([integer(of.nonce), integer(of.gasPrice), ...call, integer(of.v), ...signature]);
  }
  const accessList = of.accessList.map(({ address, storageKeys }) => [
    bytes(address),
    storageKeys.map((key) => bytes(key)),
  ]);
  const fees =
    of.type === '0x1' ? [integer(of.gasPrice)] : [integer(of.maxPriorityFeePerGas), integer(of.maxFeePerGas)];
  const payload = RLP.encode([
    integer(of.chainId),
    integer(of.nonce),
    ...fees,
    ...call,
    accessList,
    ...ofType(of),
    integer(of.yParity),
    ...signature,
  ]);
  return concatBytes(integer(of.type), payload);
}

/** What stands between access list and signature. */
function ofType(of: z.output<typeof rpcTransaction>): Input[] {
  if (of.type === '0x3') return [integer(of.maxFeePerBlobGas), of.blobVersionedHashes.map((hash) => bytes(hash))];
  if (of.type !== '0x4') return [];
  return [
    of.authorizationList.map(({ chainId, address, nonce, yParity, r, s }) => [
      integer(chainId),
      bytes(address),
      integer(nonce),
      integer(yParity),
      integer(r),
      integer(s),
    ]),
  ];
}

export interface TrieProof {
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** RLP of the nodes on the key's path, from the root, without those that stand inside their parents. */
  readonly nodes: readonly Uint8Array[];
}

/**
 * The root of a block's trie and the proof of one of its values.
 * @param values what stands under the indexes 0, 1, 2, …
 */
export async function proveIndex(values: readonly Uint8Array[], index: number): Promise<TrieProof> {
  const trie = new MerklePatriciaTrie();
  for (const [i, value] of values.entries()) await trie.put(encodeRlpInteger(i), value);
  const nodes = await createMerkleProof(trie, encodeRlpInteger(index));
  // createMerkleProof lists every node that it met. One shorter than a hash stands in its parent, unless it is the root.
  return { root: trie.root(), nodes: nodes.filter((node, i) => i === 0 || node.length >= 32) };
}

function bytes(text: string): Uint8Array;
function bytes(text: string | undefined): Uint8Array | undefined;
function bytes(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : dataBytes(text);
}

function encodeNumber(value: number): Uint8Array {
  return integer(toQuantity(value));
}
