/**
 * What must be so of a ledger and a chain when the faults are over, seen from outside: from the events in the store, the
 * chain's own blocks and logs, and the bytes that were sent; nothing of the pipeline's own reckoning is believed.
 * 1. Every event but the last anchor's own lies under a root that a final block of the chain holds (S19).
 * 2. None of our anchors is unexplained: each is of a transaction that was recorded before its bytes left.
 * 3. No nonce is spent twice: while a transaction may still be mined, no other has its nonce but one that is made to take
 *    its place, and no root is anchored with two nonces.
 */
import { Transaction } from 'ethers';
import { anchorProofStream } from '../src/anchoring/batches.read.js';
import { REGISTRY_TOPIC } from '../src/anchoring/registry.js';
import { toBase64 } from '../src/encoding/base64.js';
import { fromHex0x } from '../src/encoding/hex.js';
import type { EventStore, StoredEvent } from '../src/event-store/event-store.js';
import { MerkleTree } from '../src/log/merkle-tree.js';
import type { AnchorProof } from '../src/verification/bundle.js';
import { checkReceiptProof } from '../src/verification/receipt-proof-check.js';

type Rpc = (method: string, ...params: unknown[]) => Promise<unknown>;

/** A transaction that was recorded, with what became of it as far as the events say. */
interface Made {
  readonly batch: string;
  readonly root: string;
  readonly nonce: number;
  readonly signedTransaction: string;
  readonly replaces: string | undefined;
  failed: boolean;
}

interface OnChain {
  readonly root: string;
  readonly txHash: string;
  readonly blockNumber: number;
}

/** Events of every batch, oldest batch first. */
export async function batchesIn(store: EventStore): Promise<readonly (readonly StoredEvent[])[]> {
  const batches: (readonly StoredEvent[])[] = [];
  for (let number = 1; ; number += 1) {
    const events = await store.readStream(`batch-${number}`);
    if (events.length === 0) return batches;
    batches.push(events);
  }
}

/** All that is wrong in the end; empty if all is well. @param anchorer 0x hex */
export async function brokenInvariants(store: EventStore, rpc: Rpc, anchorer: string): Promise<readonly string[]> {
  const batches = await batchesIn(store);
  const log = await store.readLog({ from: 0, limit: (await store.head()).logSize });
  const tree = MerkleTree.ofEntries(log.map(({ entry }) => entry!));
  const anchors = await anchorsOnChain(rpc, anchorer);
  const made = transactionsMade(batches);
  return [
    ...brokenBatches(batches, tree),
    ...(await brokenCover(store, rpc, { batches, log, anchors })),
    ...unexplained(anchors, made),
    ...(await unrecorded(rpc, anchorer, made)),
    ...clashingNonces(batches),
    ...anchoredTwice(anchors),
  ];
}

/**
 * To be asked at the moment when bytes reach a node.
 * @param raw 0x hex @param sent what reached a node before, by transaction hash
 * @returns what is wrong with sending it now, if anything
 */
export async function wrongToSend(
  store: EventStore,
  raw: string,
  sent: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const { hash, nonce } = Transaction.from(raw);
  const made = transactionsMade(await batchesIn(store));
  const recorded = made.get(hash ?? '');
  if (recorded?.signedTransaction !== raw) return `${hash} was sent and is not recorded`;
  // What leaves again may be one that was given up meanwhile, on its way for long; it was right when it left.
  if (sent.has(hash ?? '')) return undefined;
  for (const [other, bytes] of sent) {
    if (Transaction.from(bytes).nonce !== nonce || made.get(other)?.failed === true) continue;
    if (!takesPlace(made, recorded, other)) return `${hash} was sent with the nonce ${nonce}, which ${other} has`;
  }
  return undefined;
}

/** Whether a transaction takes, directly or not, the place of another. */
function takesPlace(made: ReadonlyMap<string, Made>, one: Made | undefined, other: string): boolean {
  for (let at = one; at?.replaces !== undefined; at = made.get(at.replaces)) if (at.replaces === other) return true;
  return false;
}

function transactionsMade(batches: readonly (readonly StoredEvent[])[]): ReadonlyMap<string, Made> {
  const made = new Map<string, Made>();
  for (const events of batches) {
    const root = events[0]?.data['root'] as string;
    for (const { type, stream: batch, data } of events) {
      const txHash = data['txHash'] as string;
      if (type === 'AnchorSubmitted' || type === 'AnchorReplaced') {
        const { nonce, signedTransaction, replaces } = data as unknown as Made;
        made.set(txHash, { batch, root, nonce, signedTransaction, replaces, failed: false });
      } else if (type === 'AnchorFailed') {
        const one = made.get(txHash);
        if (one) one.failed = true;
      }
    }
  }
  return made;
}

/** Each batch follows the one before, with the root of its entries, and none is there twice. */
function brokenBatches(batches: readonly (readonly StoredEvent[])[], tree: MerkleTree): readonly string[] {
  const broken: string[] = [];
  let next = 0;
  for (const [sealed] of batches) {
    const { fromIndex, toIndex, size, root } = sealed!.data as unknown as Record<string, number> & { root: string };
    if (fromIndex !== next) broken.push(`${sealed!.stream} begins at ${fromIndex} instead of ${next}`);
    if (root !== toBase64(tree.root(size))) broken.push(`the root of ${sealed!.stream} is not that of its entries`);
    next = toIndex! + 1;
  }
  return broken;
}

/** Rule 1. */
async function brokenCover(
  store: EventStore,
  rpc: Rpc,
  all: {
    batches: readonly (readonly StoredEvent[])[];
    log: readonly StoredEvent[];
    anchors: readonly OnChain[];
  },
): Promise<readonly string[]> {
  const { batches, log, anchors } = all;
  const broken: string[] = [];
  const { number } = (await rpc('eth_getBlockByNumber', 'finalized', false)) as { number: string };
  const final = new Set(anchors.filter(({ blockNumber }) => blockNumber <= Number(number)).map(({ root }) => root));
  const last = batches.findLast(([sealed]) => final.has(sealed!.data['root'] as string))?.[0];
  const size = (last?.data['size'] as number | undefined) ?? 0;
  for (const { index, stream, type } of log.slice(size)) {
    if (stream !== last?.stream) broken.push(`entry ${index} (${type} of ${stream}) is under no final anchor`);
  }
  if (last && batches.at(-1)?.[0]?.stream !== last.stream)
    broken.push(`${last.stream} is the last with a final anchor`);
  // And the ledger knows it: whatever it calls final is, and it has kept the proof.
  for (const events of batches) {
    const newest = events.findLast(({ type }) => type !== 'AnchorFailed');
    if (newest?.type !== 'AnchorFinalised') {
      if (newest?.stream === last?.stream) broken.push(`${newest?.stream} ends in ${newest?.type}`);
      continue;
    }
    const { blockNumber, blockHash, txHash } = newest.data as {
      blockNumber: number;
      blockHash: string;
      txHash: string;
    };
    const block = (await rpc('eth_getBlockByNumber', `0x${blockNumber.toString(16)}`, false)) as {
      hash: string;
    } | null;
    if (block?.hash !== blockHash || blockNumber > Number(number)) {
      broken.push(`${newest.stream} is called final in block ${blockNumber}, ${blockHash}, and is not`);
    }
    const kept = (await store.readStream(anchorProofStream(Number(newest.stream.slice('batch-'.length))))).at(-1);
    const proof = kept?.data['proof'] as AnchorProof | undefined;
    if (proof?.txHash !== txHash || toBase64(checkReceiptProof(proof).root) !== events[0]?.data['root']) {
      broken.push(`the kept proof of ${newest.stream} does not show its root`);
    }
  }
  return broken;
}

/** Rule 2. */
function unexplained(anchors: readonly OnChain[], made: ReadonlyMap<string, Made>): readonly string[] {
  return anchors
    .filter(({ root, txHash }) => made.get(txHash)?.root !== root)
    .map(({ root, txHash, blockNumber }) => `anchor ${txHash} of ${root} in block ${blockNumber} is unexplained`);
}

/** Rules 2 and 3, of all transactions, whatever became of them: nonces follow each other, and each is of a record. */
async function unrecorded(rpc: Rpc, anchorer: string, made: ReadonlyMap<string, Made>): Promise<readonly string[]> {
  const broken: string[] = [];
  const height = Number(await rpc('eth_blockNumber'));
  let next = 0;
  for (let number = 0; number <= height; number += 1) {
    const { transactions } = (await rpc('eth_getBlockByNumber', `0x${number.toString(16)}`, true)) as {
      transactions: { from: string; nonce: string; hash: string }[];
    };
    for (const { from, nonce, hash } of transactions) {
      if (from.toLowerCase() !== anchorer.toLowerCase()) continue;
      if (Number(nonce) !== next) broken.push(`${hash} has the nonce ${Number(nonce)} instead of ${next}`);
      if (!made.has(hash)) broken.push(`transaction ${hash} in block ${number} is not recorded`);
      next += 1;
    }
  }
  return broken;
}

/** Rule 3, in the order of the events. */
function clashingNonces(batches: readonly (readonly StoredEvent[])[]): readonly string[] {
  const broken: string[] = [];
  const alive = new Map<string, { nonce: number; batch: string }>();
  for (const { type, stream, data } of batches.flat().toSorted((a, b) => (a.position < b.position ? -1 : 1))) {
    const { txHash, nonce } = data as { txHash: string; nonce: number };
    if (type === 'AnchorFailed') alive.delete(txHash);
    if (type !== 'AnchorSubmitted' && type !== 'AnchorReplaced') continue;
    for (const [other, one] of alive) {
      const takesItsPlace = type === 'AnchorReplaced' && one.batch === stream;
      if (one.nonce === nonce && !takesItsPlace) broken.push(`nonce ${nonce} in ${txHash} and ${other}`);
    }
    alive.set(txHash, { nonce, batch: stream });
  }
  return broken;
}

/** Rule 3, of what it cost: also where one was given up meanwhile, since nothing is given up that may still be mined. */
function anchoredTwice(anchors: readonly OnChain[]): readonly string[] {
  const times = new Map<string, number>();
  for (const { root } of anchors) times.set(root, (times.get(root) ?? 0) + 1);
  return [...times].filter(([, count]) => count > 1).map(([root, count]) => `root ${root} was anchored ${count} times`);
}

/** Everything that any contract of the registry's kind has of the anchorer, oldest first. */
export async function anchorsOnChain(rpc: Rpc, anchorer: string): Promise<readonly OnChain[]> {
  const topics = [REGISTRY_TOPIC, `0x${'0'.repeat(24)}${anchorer.slice(2).toLowerCase()}`];
  const logs = (await rpc('eth_getLogs', { fromBlock: '0x0', topics })) as {
    topics: [string, string, string];
    transactionHash: string;
    blockNumber: string;
  }[];
  return logs.map(({ topics: [, , root], transactionHash, blockNumber }) => ({
    root: toBase64(fromHex0x(root)),
    txHash: transactionHash,
    blockNumber: Number(blockNumber),
  }));
}
