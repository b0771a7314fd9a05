/**
 * Shows that the block with a given hash holds an anchor: header to block hash (Yellow Paper 4.3), receipt to the
 * header's receipts root by a Merkle-Patricia proof (appendix D), log in the receipt (4.3.1, EIP-2718 types), and the
 * transaction at the receipt's index to the header's transactions root, as a receipt names no transaction hash.
 * What it does not show: that the block is on any chain. That is worth what the block hash is worth, which must come
 * from elsewhere (S10); the header names no chain id.
 * Proven by receipt-proof-check.spec.ts, with a recorded anchor and every byte of it corrupted.
 */
import { concatBytes, equalBytes, utf8 } from '../encoding/bytes.js';
import { fromHex0x, toHex0x } from '../encoding/hex.js';
import { EncodingError } from '../errors.js';
import type { AnchorProof } from './bundle.js';
import { keccak256 } from './keccak.js';
import { decodeRlp, encodeRlpInteger, rlpInteger, rlpLength, type RlpItem } from './rlp.js';
import { VerificationError } from './verification-error.js';

/** Topic 0 of `Anchored(address indexed anchorer, bytes32 indexed root)`, 32 bytes. */
export const ANCHORED_TOPIC = keccak256(utf8('Anchored(address,bytes32)'));

export type AnchorProofCode =
  /** A member of the proof is not of its type, length or encoding. */
  | 'anchorProofMalformed'
  /** The header's hash is not the block hash. */
  | 'blockHashMismatch'
  /** The header hashes as it should, yet is not a header of a known shape. */
  | 'headerMalformed'
  | 'blockNumberMismatch'
  /** The nodes lead to no transaction at its index under the header's transactions root, or to one of another hash. */
  | 'transactionProof'
  /** A node of the receipt's proof does not hash to what the node above it, or the header, says. */
  | 'receiptNodeMismatch'
  | 'receiptNodeMalformed'
  /** The proof leads to no receipt at the transaction's index, or ends too early. */
  | 'receiptNotIncluded'
  /** The proof holds more nodes than the path needs. */
  | 'receiptNodeUnused'
  | 'receiptMalformed'
  | 'transactionFailed'
  /** The receipt has no log at the index. */
  | 'logMissing'
  | 'logContractMismatch'
  | 'logEventMismatch'
  | 'logAnchorerMismatch'
  | 'logDataNotEmpty'
  | 'anchoredRootMismatch';

export interface ProvenBlock {
  /** 0x hex. */
  readonly blockHash: string;
  /** Seconds since 1970, from the header. */
  readonly blockTime: number;
  readonly blockNumber: number;
}

export interface ProvenAnchor extends ProvenBlock {
  /** What was anchored, 32 bytes. */
  readonly root: Uint8Array;
}

/** Mainnet headers are about 600 bytes; `extraData` of proof-of-authority chains is a few kB. */
const MAX_HEADER = 16_384;
/** A branch is 532 bytes; a leaf is as long as its receipt or transaction: in an anchor one log, 32 bytes of data. */
const MAX_NODE = 65_536;
/** The longest key here is four bytes (eight nibbles): no path has more nodes. */
const MAX_NODES = 9;
const MAX_TRANSACTION_INDEX = 0xff_ff_ff;

/**
 * Checks the proof against a root.
 * @param root 32 bytes: what must have been anchored
 * @throws VerificationError with an `AnchorProofCode`
 */
export function checkAnchorProof(proof: AnchorProof, root: Uint8Array): ProvenBlock {
  const { root: anchored, ...block } = checkReceiptProof(proof);
  if (!equalBytes(anchored, root)) {
    refuse('anchoredRootMismatch', `expected root ${toHex0x(root)}, got ${toHex0x(anchored)}`);
  }
  return block;
}

/**
 * What the proof shows to be anchored in the block with its `blockHash`, by its `anchorer`, through its `contract`.
 * @param proof from a stranger: no member is taken to be of its type
 * @throws VerificationError with an `AnchorProofCode`
 */
export function checkReceiptProof(proof: AnchorProof): ProvenAnchor {
  const given = readProof(proof);
  const hash = keccak256(given.header);
  if (!equalBytes(hash, given.blockHash)) {
    refuse('blockHashMismatch', `expected block hash ${toHex0x(given.blockHash)}, got ${toHex0x(hash)}`);
  }
  const header = readHeader(given.header);
  if (header.number !== given.blockNumber) {
    refuse('blockNumberMismatch', `expected block ${given.blockNumber}, got ${header.number}`);
  }
  const receipt = provenValue(header.receiptsRoot, encodeRlpInteger(given.transactionIndex), given.receiptProof);
  const root = anchoredRoot(readLog(receipt, given.logIndex), given);
  checkTransaction(header.transactionsRoot, given);
  return { blockHash: toHex0x(hash), blockTime: header.time, blockNumber: header.number, root };
}

/** The transaction that the receipt is of has the hash that the proof gives: a receipt's index is its transaction's. */
function checkTransaction(transactionsRoot: Uint8Array, given: Given): void {
  let hash: Uint8Array;
  try {
    hash = keccak256(provenValue(transactionsRoot, encodeRlpInteger(given.transactionIndex), given.transactionProof));
  } catch (error) {
    // The trie's own codes speak of receipts.
    if (error instanceof VerificationError) return refuse('transactionProof', error.message);
    throw error;
  }
  if (!equalBytes(hash, given.txHash)) {
    refuse('transactionProof', `expected transaction ${toHex0x(given.txHash)}, got ${toHex0x(hash)}`);
  }
}

/**
 * The value at `key` in the Merkle-Patricia trie with the given root hash.
 * @param root 32 bytes
 * @param nodes RLP of the nodes on the key's path, from the root, none but them; those shorter than 32 bytes stand
 *   inside their parents and not in the list
 * @throws VerificationError receiptNodeMismatch, receiptNodeMalformed, receiptNotIncluded, receiptNodeUnused
 */
export function provenValue(root: Uint8Array, key: Uint8Array, nodes: readonly Uint8Array[]): Uint8Array {
  const path = nibbles(key);
  let used = 0;
  let expected: Uint8Array | undefined = root;
  let node: readonly RlpItem[] = [];
  let depth = 0;
  for (;;) {
    if (expected !== undefined) node = hashedNode(nodes[used++], expected);
    const next = step(node, path.subarray(depth));
    if (next.value !== undefined) {
      if (used !== nodes.length) refuse('receiptNodeUnused', `expected ${used} nodes, got ${nodes.length}`);
      return next.value;
    }
    depth += next.consumed;
    if (next.child instanceof Uint8Array) {
      expected = next.child;
    } else {
      expected = undefined;
      node = next.child;
    }
  }
}

interface Given {
  readonly contract: Uint8Array;
  readonly anchorer: Uint8Array;
  readonly txHash: Uint8Array;
  readonly blockNumber: number;
  readonly blockHash: Uint8Array;
  readonly transactionIndex: number;
  readonly logIndex: number;
  readonly header: Uint8Array;
  readonly receiptProof: readonly Uint8Array[];
  readonly transactionProof: readonly Uint8Array[];
}

function readProof(proof: AnchorProof): Given {
  if (typeof proof !== 'object' || proof === null) refuse('anchorProofMalformed', 'expected an object');
  natural(proof.chainId, 'chainId', Number.MAX_SAFE_INTEGER);
  return {
    contract: addressBytes(proof.contract, 'contract'),
    anchorer: addressBytes(proof.anchorer, 'anchorer'),
    txHash: hexBytes(proof.txHash, 'txHash', 32, 32),
    blockNumber: natural(proof.blockNumber, 'blockNumber', Number.MAX_SAFE_INTEGER),
    blockHash: hexBytes(proof.blockHash, 'blockHash', 32, 32),
    transactionIndex: natural(proof.transactionIndex, 'transactionIndex', MAX_TRANSACTION_INDEX),
    logIndex: natural(proof.logIndex, 'logIndex', MAX_TRANSACTION_INDEX),
    header: hexBytes(proof.header, 'header', 1, MAX_HEADER),
    receiptProof: proofNodes(proof.receiptProof, 'receiptProof'),
    transactionProof: proofNodes(proof.transactionProof, 'transactionProof'),
  };
}

function proofNodes(nodes: unknown, name: string): readonly Uint8Array[] {
  if (!Array.isArray(nodes) || nodes.length === 0 || nodes.length > MAX_NODES) {
    return refuse('anchorProofMalformed', `${name}: expected 1 to ${MAX_NODES} nodes`);
  }
  return nodes.map((node: unknown, i) => hexBytes(node, `${name}.${i}`, 1, MAX_NODE));
}

function natural(value: unknown, name: string, most: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
  return refuse('anchorProofMalformed', `${name}: expected a whole number up to ${most}`);
}

/** The length is looked at before a digit is: nothing long is decoded. */
function hexBytes(value: unknown, name: string, least: number, most: number): Uint8Array {
  if (typeof value !== 'string' || value.length < 2 + 2 * least || value.length > 2 + 2 * most) {
    return refuse('anchorProofMalformed', `${name}: expected ${least} to ${most} bytes in 0x hex`);
  }
  return asRefusal('anchorProofMalformed', name, () => fromHex0x(value));
}

/** Addresses may be written with EIP-55's capitals, which are a checksum and no part of the value. */
function addressBytes(value: unknown, name: string): Uint8Array {
  return hexBytes(typeof value === 'string' ? value.toLowerCase() : value, name, 20, 20);
}

interface Header {
  readonly transactionsRoot: Uint8Array;
  readonly receiptsRoot: Uint8Array;
  readonly number: number;
  /** Seconds since 1970. */
  readonly time: number;
}

/** Yellow Paper 4.3: the first fifteen members have kept their places; later forks add theirs at the end. */
const HEADER = { transactionsRoot: 4, receiptsRoot: 5, bloom: 6, number: 8, time: 11, least: 15, most: 32 } as const;

function readHeader(bytes: Uint8Array): Header {
  return asRefusal('headerMalformed', 'header', () => {
    const fields = decodeRlp(bytes);
    if (fields instanceof Uint8Array || fields.length < HEADER.least || fields.length > HEADER.most) {
      return refuse('headerMalformed', `expected a list of ${HEADER.least} to ${HEADER.most} members`);
    }
    // Lengths on both sides of the roots: bytes of another kind are not taken for a header.
    sized(fields[HEADER.bloom], 256, 'headerMalformed', 'logsBloom');
    return {
      transactionsRoot: sized(fields[HEADER.transactionsRoot], 32, 'headerMalformed', 'transactionsRoot'),
      receiptsRoot: sized(fields[HEADER.receiptsRoot], 32, 'headerMalformed', 'receiptsRoot'),
      number: rlpInteger(string(fields[HEADER.number], 'headerMalformed', 'number')),
      time: rlpInteger(string(fields[HEADER.time], 'headerMalformed', 'timestamp')),
    };
  });
}

function hashedNode(bytes: Uint8Array | undefined, hash: Uint8Array): readonly RlpItem[] {
  if (bytes === undefined) return refuse('receiptNotIncluded', `the node ${toHex0x(hash)} is missing`);
  const got = keccak256(bytes);
  if (!equalBytes(got, hash)) refuse('receiptNodeMismatch', `expected node ${toHex0x(hash)}, got ${toHex0x(got)}`);
  const node = asRefusal('receiptNodeMalformed', 'node', () => decodeRlp(bytes));
  return node instanceof Uint8Array ? refuse('receiptNodeMalformed', 'expected a list') : node;
}

type Step =
  | { readonly value: Uint8Array }
  | { readonly value?: undefined; readonly consumed: number; readonly child: Uint8Array | readonly RlpItem[] };

/** One node further along what is left of the path. */
function step(node: readonly RlpItem[], path: Uint8Array): Step {
  if (node.length === 17) return branchStep(node, path);
  if (node.length === 2) return shortStep(node, path);
  return refuse('receiptNodeMalformed', `expected a node of 2 or 17 items, got ${node.length}`);
}

function branchStep(node: readonly RlpItem[], path: Uint8Array): Step {
  if (path.length > 0) return { consumed: 1, child: childOf(node[path[0]!]) };
  const value = string(node[16], 'receiptNodeMalformed', 'value');
  return value.length > 0 ? { value } : refuse('receiptNotIncluded', 'the branch holds no value for the key');
}

/** A leaf or an extension: its first item is a piece of the path in hex-prefix encoding (appendix C). */
function shortStep(node: readonly RlpItem[], path: Uint8Array): Step {
  const { piece, leaf } = hexPrefix(string(node[0], 'receiptNodeMalformed', 'path'));
  const leads = leaf ? equalBytes(piece, path) : equalBytes(piece, path.subarray(0, piece.length));
  if (!leads) refuse('receiptNotIncluded', 'the node leads to another key');
  if (!leaf) return { consumed: piece.length, child: childOf(node[1]) };
  const value = string(node[1], 'receiptNodeMalformed', 'value');
  return value.length > 0 ? { value } : refuse('receiptNodeMalformed', 'a leaf without a value');
}

function hexPrefix(encoded: Uint8Array): { piece: Uint8Array; leaf: boolean } {
  const digits = nibbles(encoded);
  const flags = digits[0];
  if (flags === undefined || flags > 3) return refuse('receiptNodeMalformed', 'a path without its prefix');
  const odd = (flags & 1) === 1;
  if (!odd && digits[1] !== 0) refuse('receiptNodeMalformed', 'a path with padding that is not zero');
  const piece = digits.subarray(odd ? 1 : 2);
  const leaf = (flags & 2) === 2;
  if (!leaf && piece.length === 0) refuse('receiptNodeMalformed', 'an extension by nothing');
  return { piece, leaf };
}

/** A child is the hash of its encoding, or the node itself where that is shorter than a hash. */
function childOf(item: RlpItem | undefined): Uint8Array | readonly RlpItem[] {
  if (item === undefined) return refuse('receiptNodeMalformed', 'a child is missing');
  if (!(item instanceof Uint8Array)) {
    return rlpLength(item) < 32 ? item : refuse('receiptNodeMalformed', 'a child that should have been hashed');
  }
  if (item.length === 0) refuse('receiptNotIncluded', 'the branch ends before the key does');
  return item.length === 32 ? item : refuse('receiptNodeMalformed', `a child of ${item.length} bytes`);
}

function nibbles(bytes: Uint8Array): Uint8Array {
  const digits = new Uint8Array(2 * bytes.length);
  bytes.forEach((byte, i) => digits.set([byte >> 4, byte & 15], 2 * i));
  return digits;
}

interface Log {
  readonly address: Uint8Array;
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}

/** Receipt types whose payload is [status, gas, bloom, logs]: EIP-2930, 1559, 4844, 7702. */
const RECEIPT_TYPES: readonly number[] = [1, 2, 3, 4];
const FIRST_LIST = 0xc0;
const SUCCESS = Uint8Array.of(1);

/** The log at an index within its receipt, of a transaction that succeeded. */
function readLog(receipt: Uint8Array, logIndex: number): Log {
  const code = 'receiptMalformed';
  const type = receipt[0]!;
  if (type < FIRST_LIST && !RECEIPT_TYPES.includes(type)) refuse(code, `a receipt of the unknown type ${type}`);
  const payload = type < FIRST_LIST ? receipt.subarray(1) : receipt;
  const fields = list(
    asRefusal(code, 'receipt', () => decodeRlp(payload)),
    'receipt',
  );
  if (fields.length !== 4) refuse(code, `expected 4 members, got ${fields.length}`);
  sized(fields[2], 256, code, 'logsBloom');
  const status = string(fields[0], code, 'status');
  if (!equalBytes(status, SUCCESS)) refuse('transactionFailed', `expected status 0x01, got ${toHex0x(status)}`);
  const log = list(fields[3], 'logs')[logIndex];
  if (log === undefined) return refuse('logMissing', `the receipt has no log ${logIndex}`);
  const [address, topics, data, ...more] = list(log, 'log');
  if (more.length > 0) refuse(code, 'a log with more than three members');
  return {
    address: sized(address, 20, code, 'address'),
    topics: list(topics, 'topics').map((topic) => sized(topic, 32, code, 'topic')),
    data: string(data, code, 'data'),
  };
}

function anchoredRoot(log: Log, given: Given): Uint8Array {
  if (!equalBytes(log.address, given.contract)) {
    refuse('logContractMismatch', `expected ${toHex0x(given.contract)}, got ${toHex0x(log.address)}`);
  }
  const [event, anchorer, root] = log.topics;
  if (event === undefined || anchorer === undefined || root === undefined || log.topics.length !== 3) {
    return refuse('logEventMismatch', `expected three topics, got ${log.topics.length}`);
  }
  if (!equalBytes(event, ANCHORED_TOPIC)) refuse('logEventMismatch', `the event is ${toHex0x(event)}`);
  const padded = concatBytes(new Uint8Array(12), given.anchorer);
  if (!equalBytes(anchorer, padded)) {
    refuse('logAnchorerMismatch', `expected ${toHex0x(padded)}, got ${toHex0x(anchorer)}`);
  }
  if (log.data.length !== 0) refuse('logDataNotEmpty', `expected no data, got ${log.data.length} bytes`);
  return root;
}

function string(item: RlpItem | undefined, code: AnchorProofCode, name: string): Uint8Array {
  return item instanceof Uint8Array ? item : refuse(code, `${name}: expected bytes`);
}

function sized(item: RlpItem | undefined, length: number, code: AnchorProofCode, name: string): Uint8Array {
  const bytes = string(item, code, name);
  return bytes.length === length ? bytes : refuse(code, `${name}: expected ${length} bytes, got ${bytes.length}`);
}

function list(item: RlpItem | undefined, name: string): readonly RlpItem[] {
  return item === undefined || item instanceof Uint8Array
    ? refuse('receiptMalformed', `${name}: expected a list`)
    : item;
}

/** Runs a decoder; bytes in no encoding become the refusal. */
function asRefusal<T>(code: AnchorProofCode, name: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof EncodingError) return refuse(code, `${name}: ${error.message}`);
    throw error;
  }
}

function refuse(code: AnchorProofCode, message: string): never {
  throw new VerificationError(code, message);
}
