/**
 * `anchor`: the checkpoint's root stands in a log of the pinned contract, written by a pinned anchorer, in a receipt of
 * a block whose hash somebody else vouches for (S2, S4, S10). The receipt's proof is `receipt-proof-check.ts`.
 * The first anchor that covers the issuance says when it was anchored, and is joined to the newest by a consistency
 * proof (S3).
 */
import { equalBytes } from '../encoding/bytes.js';
import type { Checkpoint } from '../log/checkpoint.js';
import { verifyConsistency } from '../log/proof-check.js';
import type { AnchorProof, TrustedAnchorer, TrustedChain, TrustFile } from './bundle.js';
import { openHead } from './check-log.js';
import type { CheckCode } from './codes.js';
import { echo } from './echo.js';
import { fail, NO_PROOF, pass, settle, skipped, Undecided, type Finding, type Settled } from './outcome.js';
import type { ParsedBundle, ParsedFirstAnchor } from './parse-bundle.js';
import { checkReceiptProof, type ProvenAnchor } from './receipt-proof-check.js';
import type { Tools } from './tools.js';
import { chainsOf } from './trust.js';
import { VerificationError } from './verification-error.js';

/** What a chain says of a block: its hash, and whether the chain itself calls it final (true where not said). */
export type BlockHashAnswer = string | { readonly hash: string; readonly final: boolean };

/**
 * Asks for the hash of a block: undefined where the one asked does not have it.
 * Rejects where nobody could be reached; the check is then `unknown`.
 */
export type BlockHashSource = (chainId: number, blockNumber: number) => Promise<BlockHashAnswer | undefined>;

/**
 * A block's hash, `0x` and 64 hex digits: on any chain as a text, on the chain named where one is. With a block's number
 * it is that block's hash, and another one there is refused. `list` says in which list it stands (`block-hash-list.ts`).
 */
export type PinnedBlockHash =
  string | { readonly chainId?: number; readonly blockNumber?: number; readonly hash: string; readonly list?: string };

export interface BlockHashes {
  readonly blockHash?: BlockHashSource;
  readonly pinnedBlockHashes?: readonly PinnedBlockHash[];
}

export interface AnchorResult {
  readonly finding: Settled<Finding>;
  /** Milliseconds since 1970, from the header of the block with the anchor; undefined without a proven receipt. */
  readonly blockTime: number | undefined;
  /** Whether the block's hash came from elsewhere. */
  readonly confirmed: boolean;
  /** Milliseconds since 1970, of the first anchor's block, if its hash came from elsewhere too. */
  readonly anchoredAt: number | undefined;
  readonly warnings: readonly string[];
}

/** Seconds since 1970 until the year 10000: later ones have no name in ISO 8601, nor all of them a Date. */
const LATEST_TIME = 253_402_300_799;

const NO_TIME = { blockTime: undefined, confirmed: false, anchoredAt: undefined };

/** @returns always: refusals stand in the finding */
export async function checkAnchor(
  bundle: ParsedBundle | undefined,
  head: Settled<Checkpoint> | undefined,
  trust: TrustFile | undefined,
  hashes: BlockHashes,
  tools: Tools,
): Promise<AnchorResult> {
  const none = { ...NO_TIME, warnings: [] };
  if (bundle === undefined || head === undefined) {
    return { finding: { error: NO_PROOF }, ...none };
  }
  const { anchor } = bundle;
  if (anchor === undefined) return { finding: await settle(() => notAnchored(bundle, trust)), ...none };
  if (head.error !== undefined) {
    return {
      finding: { error: new Undecided('restsOnLog', 'there is no checkpoint to look for on the chain') },
      ...none,
    };
  }

  const proven = await settle(async () => {
    const block = await proveAnchor(anchor, head.value, 'receiptProof', 'anchoredRoot');
    return { block, first: await proveFirstAnchor(bundle, head.value, trust, tools) };
  });
  if (proven.error !== undefined) return { finding: { error: proven.error }, ...none };
  const { block, first } = proven.value;
  const blockTime = block.blockTime * 1_000;

  const { size } = head.value;
  const chain = await settle(() => pinnedChain(anchor, size, trust));
  if (chain.error !== undefined) return { finding: { error: chain.error }, ...NO_TIME, blockTime, warnings: [] };
  const { embedded, closed } = chain.value;
  const warnings = [
    ...(embedded === true ? [EMBEDDED_WARNING] : []),
    ...(closed === undefined ? [] : [CLOSED_WARNING]),
  ];

  const vouched = await settle(() => vouchForBlock(anchor, chain.value, hashes));
  if (vouched.error !== undefined) return { finding: { error: vouched.error }, ...NO_TIME, blockTime, warnings };
  return {
    finding: { value: findingOf(anchor, chain.value, vouched.value) },
    blockTime,
    confirmed: true,
    anchoredAt: first === undefined ? blockTime : await firstTime(first, trust, hashes),
    warnings,
  };
}

export const EMBEDDED_WARNING =
  'The chain is the operator’s own: it shows how anchoring works, and proves no time (soundness rule S10).';

export const CLOSED_WARNING =
  'The chain has closed: the anchor is proven by the block’s header and the receipt in it, and the block’s hash by whoever kept it (soundness rule S10).';

export const LIST_OF_LEDGER_WARNING =
  'A list of block hashes was fetched from the ledger itself: it is worth the operator’s word (soundness rule S10).';

interface Vouched {
  readonly by: string;
  readonly final: boolean;
}

function notAnchored({ origin }: ParsedBundle, trust: TrustFile | undefined): Finding {
  if (trust === undefined) throw new Undecided('untrusted', `no trust file for "${echo(origin)}" is pinned`);
  return skipped('notAnchoredYet', 'logged, and waiting for an anchor that is final');
}

function findingOf(anchor: AnchorProof, chain: TrustedChain, { by, final }: Vouched): Finding {
  const where = `block ${anchor.blockNumber} of ${chain.name} (chain ${anchor.chainId})`;
  if (!final) return skipped('notFinalYet', `the head's root is in ${where}, which is not final yet`);
  const closed = chain.closed === undefined ? '' : ', a chain that has closed: proven against its header';
  return pass(
    `the head's root is in ${where}${closed}, transaction ${anchor.txHash}`,
    `block hash ${anchor.blockHash}: ${by}`,
  );
}

/** What an anchor's receipt shows: a memory gives the very same anchor back, which is proven once. */
const provenBefore = new WeakMap<AnchorProof, ProvenAnchor>();

/** The block of an anchor whose receipt holds the head's root. */
async function proveAnchor(
  anchor: AnchorProof,
  head: Checkpoint,
  broken: CheckCode,
  other: CheckCode,
): Promise<ProvenAnchor> {
  const proven = provenBefore.get(anchor) ?? (await refusedAs(broken, () => checkReceiptProof(anchor)));
  provenBefore.set(anchor, proven);
  if (proven.blockTime > LATEST_TIME) fail(broken, `block time ${proven.blockTime} is no time`);
  if (!equalBytes(proven.root, head.root)) fail(other, 'the anchored root is not that of the checkpoint');
  return proven;
}

interface FirstAnchor {
  readonly anchor: AnchorProof;
  /** Entries of its head. */
  readonly size: number;
  readonly blockTime: number;
}

/** S3: an earlier head of the same log that covers the issuance, and its anchor. */
async function proveFirstAnchor(
  { firstAnchor, issued, origin }: ParsedBundle,
  head: Checkpoint,
  trust: TrustFile | undefined,
  tools: Tools,
): Promise<FirstAnchor | undefined> {
  if (firstAnchor === undefined) return undefined;
  const first = await refusedAs('firstAnchorCheckpoint', () => openHead(firstAnchor.checkpoint, origin, trust, tools));
  if (first.size <= issued.index) {
    fail('firstAnchorCheckpoint', `a head of ${first.size} entries does not cover index ${issued.index}`);
  }
  checkConsistent(firstAnchor, first, head);
  const proven = await proveAnchor(firstAnchor.anchor, first, 'firstAnchorProof', 'firstAnchorProof');
  return { anchor: firstAnchor.anchor, size: first.size, blockTime: proven.blockTime * 1_000 };
}

/** Which two heads each first anchor was last found to join. */
const joined = new WeakMap<ParsedFirstAnchor, readonly [Checkpoint, Checkpoint]>();

function checkConsistent(firstAnchor: ParsedFirstAnchor, first: Checkpoint, head: Checkpoint): void {
  const before = joined.get(firstAnchor);
  if (before?.[0] === first && before[1] === head) return;
  if (!verifyConsistency(first.size, head.size, first.root, head.root, firstAnchor.consistency)) {
    fail('firstAnchorInconsistent', `the head of ${first.size} entries is not shown to begin that of ${head.size}`);
  }
  joined.set(firstAnchor, [first, head]);
}

/**
 * S4, S19.
 * @param size entries of the anchored head: only the anchorer that was in force at its last one counts
 * @throws Undecided untrusted, chainNotPinned; VerificationError contractNotPinned, anchorerNotPinned,
 *   anchorerNotInForce, blockTooEarly
 */
function pinnedChain(anchor: AnchorProof, size: number, trust: TrustFile | undefined): TrustedChain {
  if (trust === undefined) throw new Undecided('untrusted', 'no trust file that names chain, contract and anchorer');
  const chains = chainsOf(trust, anchor.chainId);
  if (chains.length === 0) {
    throw new Undecided('chainNotPinned', `the pinned trust file does not name chain ${anchor.chainId}`);
  }
  const ofContract = chains.filter(({ contract }) => sameAddress(contract, anchor.contract));
  if (ofContract.length === 0) return fail('contractNotPinned', `${anchor.contract} is not the pinned contract`);
  const named = ofContract.filter(({ anchorers }) => anchorers.some((one) => isAnchorer(one, anchor.anchorer)));
  if (named.length === 0) return fail('anchorerNotPinned', `${anchor.anchorer} is not a pinned anchorer`);
  const chain = named.find(({ anchorers }) => anchorers.some((one) => isInForce(one, anchor.anchorer, size - 1)));
  if (chain === undefined) {
    return fail('anchorerNotInForce', `${anchor.anchorer} was not the anchorer of a head of ${size} entries`);
  }
  if (anchor.blockNumber < chain.firstBlock) {
    fail('blockTooEarly', `block ${anchor.blockNumber} is before the pinned first block ${chain.firstBlock}`);
  }
  return chain;
}

function isAnchorer(one: string | TrustedAnchorer, address: string): boolean {
  return sameAddress(typeof one === 'string' ? one : one.address, address);
}

function isInForce(one: string | TrustedAnchorer, address: string, last: number): boolean {
  if (!isAnchorer(one, address)) return false;
  return typeof one === 'string' || (last >= one.from && (one.to === undefined || last < one.to));
}

/** S10. @throws VerificationError blockHashDiffers; Undecided blockHashMissing, chainUnreachable, chainClosed */
async function vouchForBlock(anchor: AnchorProof, chain: TrustedChain, hashes: BlockHashes): Promise<Vouched> {
  try {
    return await vouchedFor(anchor, hashes);
  } catch (error) {
    if (chain.closed === undefined || !(error instanceof Undecided)) throw error;
    const { blockHashes } = chain.closed;
    const list = blockHashes === undefined ? '' : `; the ledger lists it at ${echo(blockHashes)}`;
    throw new Undecided(
      'chainClosed',
      `header and receipt prove the anchor in block ${anchor.blockNumber} with the hash ${anchor.blockHash}, and the chain ` +
        `is no longer there to confirm that hash${list}`,
    );
  }
}

async function vouchedFor(anchor: AnchorProof, hashes: BlockHashes): Promise<Vouched> {
  const own = anchor.blockHash.toLowerCase();
  const pinned = pinnedFor(anchor, hashes.pinnedBlockHashes ?? []);
  if (pinned !== undefined) return { by: pinned, final: true };
  if (hashes.blockHash === undefined) {
    throw new Undecided('blockHashMissing', `block ${anchor.blockNumber}: nobody was asked for its hash`);
  }
  const answer = await asked(hashes.blockHash, anchor);
  if (answer === undefined) {
    throw new Undecided('blockHashMissing', `block ${anchor.blockNumber}: whoever was asked does not have it`);
  }
  const { hash, final } = typeof answer === 'string' ? { hash: answer, final: true } : answer;
  if (hash.toLowerCase() !== own) {
    fail('blockHashDiffers', `block ${anchor.blockNumber}: expected ${echo(hash)} as the chain has it, got ${own}`);
  }
  return { by: 'as the chain’s node answered', final };
}

/**
 * Who has pinned the hash of the anchor's block, for the report; undefined where nobody has.
 * @throws VerificationError blockHashDiffers; Undecided blockHashMissing where one list says so and another not
 */
function pinnedFor(anchor: AnchorProof, all: readonly PinnedBlockHash[]): string | undefined {
  const { chainId, blockNumber } = anchor;
  const own = anchor.blockHash.toLowerCase();
  const named = all
    .map((one) => (typeof one === 'string' ? { hash: one } : one))
    .filter(({ chainId: chain = chainId, blockNumber: number = blockNumber }) => {
      return chain === chainId && number === blockNumber;
    });
  const confirming = named.find(({ hash }) => hash.toLowerCase() === own);
  // Hashes without a number are of any block.
  const denying = named.find((one) => one.blockNumber !== undefined && one.hash.toLowerCase() !== own);
  if (denying === undefined) return confirming && pinnedBy(confirming);
  const { hash } = denying;
  if (confirming === undefined) {
    return fail('blockHashDiffers', `block ${blockNumber}: expected ${echo(hash)}, ${pinnedBy(denying)}, got ${own}`);
  }
  throw new Undecided(
    'blockHashMissing',
    `block ${blockNumber}: ${own} ${pinnedBy(confirming)}, and ${echo(hash)} ${pinnedBy(denying)}`,
  );
}

function pinnedBy({ list }: { readonly list?: string }): string {
  return list === undefined ? 'pinned by the verifier' : `in the list of block hashes ${list}`;
}

async function asked(source: BlockHashSource, anchor: AnchorProof): Promise<BlockHashAnswer | undefined> {
  try {
    return await source(anchor.chainId, anchor.blockNumber);
  } catch (error) {
    // Whatever keeps a chain from answering is no word about the credential.
    throw new Undecided('chainUnreachable', echo(error instanceof Error ? error.message : String(error)));
  }
}

/** Undefined where the first anchor's chain is not pinned or its block's hash came from nowhere else. */
async function firstTime(
  { anchor, size, blockTime }: FirstAnchor,
  trust: TrustFile | undefined,
  hashes: BlockHashes,
): Promise<number | undefined> {
  const vouched = await settle(async () => {
    return vouchForBlock(anchor, pinnedChain(anchor, size, trust), hashes);
  });
  return vouched.value?.final === true ? blockTime : undefined;
}

function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Runs a check that has codes of its own, and gives its refusal this check's code. */
async function refusedAs<T>(code: CheckCode, check: () => T | Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof VerificationError) return fail(code, `${error.code}: ${error.message}`);
    throw error;
  }
}
