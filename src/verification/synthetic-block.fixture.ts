/** For tests only: a block with transactions and receipts, made in memory, one of which holds an anchor. */
import { createMerkleProof, createMPT } from '@ethereumjs/mpt';
import { RLP } from '@ethereumjs/rlp';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, utf8 } from '../encoding/bytes.js';
import { fromHex0x, toHex0x } from '../encoding/hex.js';
import type { AnchorProof } from './bundle.js';

export const CHAIN_ID = 31337;
export const CONTRACT = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
export const ANCHORER = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';

export interface BlockPlan {
  readonly root: Uint8Array;
  readonly number: number;
  /** ISO 8601. */
  readonly time: string;
  readonly contract?: string;
  readonly anchorer?: string;
  readonly chainId?: number;
  /** Receipts in the block; the anchor's is the second of them, or the only one. */
  readonly receipts?: number;
}

/** A block, the anchor's proof in it, and the block's hash. */
export async function syntheticAnchor(plan: BlockPlan): Promise<AnchorProof> {
  const { contract = CONTRACT, anchorer = ANCHORER, chainId = CHAIN_ID, receipts = 3 } = plan;
  const index = Math.min(1, receipts - 1);
  const trie = await createMPT();
  const transactions = await createMPT();
  for (let i = 0; i < receipts; i++) {
    const logs = i === index ? [logOf(contract, anchorer, plan.root)] : [];
    await trie.put(RLP.encode(i), receipt(i, logs));
    await transactions.put(RLP.encode(i), transaction(chainId, i, contract, plan.root));
  }
  const proof = await createMerkleProof(trie, RLP.encode(index));
  const transactionProof = await createMerkleProof(transactions, RLP.encode(index));
  const header = RLP.encode([
    new Uint8Array(32).fill(plan.number & 255),
    new Uint8Array(32).fill(2),
    new Uint8Array(20),
    new Uint8Array(32).fill(3),
    transactions.root(),
    trie.root(),
    new Uint8Array(256),
    0,
    plan.number,
    30_000_000,
    21_000 * receipts,
    Math.floor(Date.parse(plan.time) / 1_000),
    utf8('synthetic'),
    new Uint8Array(32).fill(5),
    new Uint8Array(8),
    7,
  ]);
  return {
    chainId,
    contract,
    anchorer,
    txHash: toHex0x(keccak_256(transaction(chainId, index, contract, plan.root))),
    blockNumber: plan.number,
    blockHash: toHex0x(keccak_256(header)),
    transactionIndex: index,
    logIndex: 0,
    header: toHex0x(header),
    receiptProof: proof.map(toHex0x),
    transactionProof: transactionProof.map(toHex0x),
  };
}

/** EIP-1559 transaction: 0x02 || RLP(its members), with a signature of nobody. */
function transaction(chainId: number, nonce: number, to: string, data: Uint8Array): Uint8Array {
  const signature = [1, new Uint8Array(32).fill(6), new Uint8Array(32).fill(7)];
  const recipient = fromHex0x(to.toLowerCase());
  const payload = RLP.encode([chainId, nonce, 1, 9, 25_000, recipient, 0, data, [], ...signature]);
  return concatBytes(Uint8Array.of(2), payload);
}

/** EIP-1559 receipt: 0x02 || RLP([status, cumulative gas, bloom, logs]). */
function receipt(i: number, logs: Uint8Array[][][] | unknown[]): Uint8Array {
  const payload = RLP.encode([1, 21_000 * (i + 1), new Uint8Array(256), logs] as Parameters<typeof RLP.encode>[0]);
  return concatBytes(Uint8Array.of(2), payload);
}

function logOf(contract: string, anchorer: string, root: Uint8Array): unknown[] {
  const topic = keccak_256(utf8('Anchored(address,bytes32)'));
  const padded = concatBytes(new Uint8Array(12), fromHex0x(anchorer.toLowerCase()));
  return [fromHex0x(contract.toLowerCase()), [topic, padded, root], new Uint8Array(0)];
}
