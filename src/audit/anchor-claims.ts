/**
 * What the log itself says of its anchors, before any chain is asked: which transaction carries which head where (a claim
 * each), whether that transaction is what the log says it is, and whether contract and anchorer may anchor it, by the
 * pinned trust file and the signed rotations in the log (S4, S19). Pure; proven by anchors.int.spec.ts.
 */
import type { ChainAnchor } from '../anchoring/batch.js';
import { readAnchorTransaction } from '../anchoring/anchor-transaction.js';
import type { AnchorerTerm, LedgerChain } from '../anchoring/ledger.js';
import { fromBase64 } from '../encoding/base64.js';
import { toHex0x } from '../encoding/hex.js';
import type { TrustedAnchorer, TrustedChain, TrustFile } from '../verification/bundle.js';
import type { Findings } from './findings.js';
import type { AuditedBatch, LogAudit } from './log-audit.js';

/** An anchor that the log says is in a block. Hashes and addresses in lower case, 0x hex. */
export interface AnchorClaim {
  readonly batch: AuditedBatch;
  readonly chainId: number;
  readonly contract: string;
  readonly anchorer: string;
  readonly root: string;
  readonly txHash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  /** Seconds since 1970, as the log has it. */
  readonly blockTime: number;
  readonly isFinal: boolean;
  /** Log index of the event that says so. */
  readonly index: number;
}

/** A chain of the log, or of the trust file alone. */
export interface AuditedChain {
  readonly name: string;
  readonly chainId: number;
  readonly contract: string;
  /** In lower case: all that ever anchored there by log or trust file. */
  readonly anchorers: readonly string[];
  readonly firstBlock: number;
  /** As the log has it. */
  readonly logged: LedgerChain | undefined;
  readonly pinned: TrustedChain | undefined;
  readonly isClosed: boolean;
}

/**
 * The chains to look at, and findings where log and trust file contradict each other.
 * @returns chains in the log's order, then those that only the trust file names
 */
export function chainsToAudit(
  { ledger }: Pick<LogAudit, 'ledger'>,
  trust: TrustFile | undefined,
  findings: Findings,
): readonly AuditedChain[] {
  const logged = ledger.is === 'founded' ? ledger.chains : [];
  const chains = logged.map((chain) => {
    const ofChain = trust?.chains.filter(({ chainId }) => chainId === chain.chainId) ?? [];
    const pinned = ofChain.find(({ contract }) => same(contract, chain.contract));
    if (trust && ofChain.length === 0) {
      findings.warning(
        'S4',
        'chainNotPinned',
        `the log anchors on "${chain.name}" (chain ${chain.chainId}), which the trust file does not name: ` +
          'contract and anchorer there are the log’s own word until a newer trust file is pinned',
      );
    } else if (trust && !pinned) {
      findings.error(
        'S4',
        'contractNotPinned',
        `on "${chain.name}" the log anchors with the contract ${chain.contract}; pinned is ` +
          ofChain.map(({ contract }) => contract).join(', '),
      );
    }
    if (pinned) checkTerms(chain, pinned, findings);
    return {
      name: chain.name,
      chainId: chain.chainId,
      contract: chain.contract.toLowerCase(),
      anchorers: unique([
        ...chain.anchorers.map(({ address }) => address),
        ...(pinned?.anchorers.map(addressOf) ?? []),
      ]),
      // Whoever hides an anchor may name a late first block: the pinned one counts as well.
      firstBlock: Math.min(chain.firstBlock, pinned?.firstBlock ?? chain.firstBlock),
      logged: chain,
      pinned,
      isClosed: chain.closed !== undefined || pinned?.closed !== undefined,
    };
  });
  const others = (trust?.chains ?? []).filter(
    ({ chainId, contract }) => !chains.some((one) => one.chainId === chainId && same(one.contract, contract)),
  );
  for (const { name, chainId } of others) {
    findings.error('S19', 'chainNotInLog', `the trust file names "${name}" (chain ${chainId}), and the log does not`);
  }
  return [
    ...chains,
    ...others.map((pinned) => ({
      name: pinned.name,
      chainId: pinned.chainId,
      contract: pinned.contract.toLowerCase(),
      anchorers: unique(pinned.anchorers.map(addressOf)),
      firstBlock: pinned.firstBlock,
      logged: undefined,
      pinned,
      isClosed: pinned.closed !== undefined,
    })),
  ];
}

/** What the log claims of its anchors, each checked as far as the log alone allows. */
export function claimsOf(
  { batches }: Pick<LogAudit, 'batches'>,
  chains: readonly AuditedChain[],
  findings: Findings,
): readonly AnchorClaim[] {
  return batches.flatMap((batch) =>
    batch.state.anchors.flatMap((anchor) => {
      const chain = chains.find(({ chainId, logged }) => chainId === anchor.chainId && logged !== undefined);
      if (!chain) {
        const at = batch.moments.find(({ event }) => event.data.chainId === anchor.chainId)?.index ?? batch.sealedIndex;
        findings.error(
          'S19',
          'chainUnknown',
          `batch ${batch.state.number} is anchored on chain ${anchor.chainId}, which the log does not name`,
          at,
        );
        return [];
      }
      for (const submission of anchor.submissions) checkSubmission(batch, anchor, submission, chain, findings);
      const claim = claimOf(batch, anchor);
      if (!claim) return [];
      checkPlace(claim, chain, findings);
      return [claim];
    }),
  );
}

function claimOf(batch: AuditedBatch, { chainId, state, submissions, block }: ChainAnchor): AnchorClaim | undefined {
  const mined = submissions.find(({ txHash }) => txHash === block?.txHash);
  if (!block || !mined) return undefined;
  const isFinal = state === 'finalised';
  const said = isFinal ? 'AnchorFinalised' : 'AnchorConfirmed';
  const moment = batch.moments.findLast(({ event }) => event.type === said && event.data.chainId === chainId);
  return {
    batch,
    chainId,
    contract: mined.contract.toLowerCase(),
    anchorer: mined.anchorer.toLowerCase(),
    root: rootHex(batch),
    txHash: block.txHash.toLowerCase(),
    blockNumber: block.blockNumber,
    blockHash: block.blockHash.toLowerCase(),
    blockTime: block.blockTime,
    isFinal,
    index: moment?.index ?? batch.sealedIndex,
  };
}

/** The batch's root as a chain has it: 0x hex. */
export function rootHex({ state }: AuditedBatch): string {
  return toHex0x(fromBase64(state.root));
}

/** The bytes that were signed before they left say themselves what they anchor, where, and who signed them. */
function checkSubmission(
  batch: AuditedBatch,
  { chainId }: ChainAnchor,
  submission: ChainAnchor['submissions'][number],
  { contract }: AuditedChain,
  findings: Findings,
): void {
  const { txHash, signedTransaction, anchorer, nonce } = submission;
  const at = batch.moments.find(
    ({ event }) =>
      (event.type === 'AnchorSubmitted' || event.type === 'AnchorReplaced') &&
      event.data.chainId === chainId &&
      event.data.txHash === txHash,
  )?.index;
  const wrong = (what: string): void =>
    findings.error('S19', 'transactionDiffers', `batch ${batch.state.number}: the transaction ${txHash} ${what}`, at);
  const signed = readAnchorTransaction(signedTransaction);
  if (!signed) return wrong('is recorded with bytes that are no signed transaction');
  if (!same(signed.txHash, txHash)) return wrong(`is recorded with the bytes of ${signed.txHash}`);
  if (signed.chainId !== chainId) return wrong(`is one for chain ${signed.chainId}, not for ${chainId}`);
  if (signed.to === undefined || !same(signed.to, contract) || !same(submission.contract, contract)) {
    return wrong(`goes to ${signed.to ?? 'nowhere'}, not to the contract ${contract}`);
  }
  if (!same(signed.from, anchorer)) return wrong(`is signed by ${signed.from}, not by ${anchorer}`);
  if (!same(signed.data, rootHex(batch))) return wrong(`anchors ${signed.data}, not the batch's root`);
  if (signed.nonce !== nonce) wrong(`has the nonce ${signed.nonce}, not ${nonce}`);
}

/** S19: who was the anchorer when the head ended, and whether a block may hold it at all. */
function checkPlace(claim: AnchorClaim, chain: AuditedChain, findings: Findings): void {
  const { batch, anchorer, index, blockNumber } = claim;
  const { logged, pinned } = chain;
  if (blockNumber < chain.firstBlock) {
    findings.error(
      'S19',
      'blockTooEarly',
      `batch ${batch.state.number} is said to be in block ${blockNumber} of "${chain.name}", before its first block ${chain.firstBlock}`,
      index,
    );
  }
  const last = batch.state.size - 1;
  if (logged && !isInForce(logged.anchorers, anchorer, last)) {
    findings.error(
      'S19',
      'anchorerNotInForce',
      `batch ${batch.state.number} is anchored by ${anchorer}, who was not the anchorer of "${chain.name}" at entry ${last}`,
      index,
    );
  } else if (logged && pinned && !isTrusted(logged, pinned, anchorer)) {
    findings.error(
      'S19',
      'anchorerNotPinned',
      `batch ${batch.state.number} is anchored by ${anchorer}, whom the trust file does not name for "${chain.name}", nor whoever handed over to it`,
      index,
    );
  }
}

/** Whether the log's own terms have the anchorer in force for a head that ends at an entry. */
export function isInForce(terms: readonly AnchorerTerm[], anchorer: string, last: number): boolean {
  return terms.some(
    ({ address, from, to }) => same(address, anchorer) && last >= from && (to === undefined || last < to),
  );
}

/** Named by the trust file, or handed over to by one that is: each rotation in the log is signed by the one before. */
function isTrusted({ anchorers }: LedgerChain, pinned: TrustedChain, anchorer: string): boolean {
  const named = pinned.anchorers.map(addressOf);
  const at = anchorers.findIndex(({ address }) => same(address, anchorer));
  return anchorers.slice(0, at + 1).some(({ address }) => named.some((one) => same(one, address)));
}

/** Indexes that the trust file gives are those of the log: somebody has looked at them. */
function checkTerms({ name, anchorers }: LedgerChain, pinned: TrustedChain, findings: Findings): void {
  for (const term of pinned.anchorers) {
    if (typeof term === 'string') continue;
    const own = anchorers.find(({ address }) => same(address, term.address));
    const isSame = own?.from === term.from && (term.to === undefined || own.to === term.to);
    if (isSame) continue;
    findings.error(
      'S19',
      'anchorerTermsDiffer',
      `the trust file has ${term.address} anchor on "${name}" ${termText(term)}, the log ${own ? termText(own) : 'never'}`,
    );
  }
}

function termText({ from, to }: { readonly from: number; readonly to?: number }): string {
  return `from entry ${from}${to === undefined ? ' on' : ` to ${to}`}`;
}

function addressOf(one: string | TrustedAnchorer): string {
  return typeof one === 'string' ? one : one.address;
}

function unique(addresses: readonly string[]): readonly string[] {
  return [...new Set(addresses.map((address) => address.toLowerCase()))];
}

/** Hex in any case: EIP-55 writes addresses with capitals, nodes do not. */
export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
