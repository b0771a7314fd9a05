/**
 * The chains of a log that was audited: every anchor of the log against what the chain has, and everything that our
 * anchorers have put on the chain against the log (S19). Nobody is believed who could be lying alone: that an anchor is
 * missing, or that something was anchored which no batch explains, needs two endpoints that agree, or receipts that hash
 * to their header's root; else it is one endpoint's word and called so. Where endpoints contradict each other on the
 * latter, the anchorer's own signature settles it.
 * A closed chain is judged by the recorded proofs, with block hashes from outside (S10).
 * Proven by anchors.int.spec.ts, on a real node and with endpoints that lie, hide, add and contradict.
 */
import { ChainError } from '../anchoring/chain.js';
import { RpcRefusal } from '../anchoring/json-rpc.js';
import { readAnchorTransaction } from '../anchoring/anchor-transaction.js';
import { fromBase64 } from '../encoding/base64.js';
import { toHex0x } from '../encoding/hex.js';
import type { AnchorProof, TrustFile } from '../verification/bundle.js';
import type { PinnedBlockHash } from '../verification/check-anchor.js';
import { checkReceiptProof } from '../verification/receipt-proof-check.js';
import { VerificationError } from '../verification/verification-error.js';
import {
  chainsToAudit,
  claimsOf,
  isInForce,
  rootHex,
  same,
  type AnchorClaim,
  type AuditedChain,
} from './anchor-claims.js';
import { checkClock, checkDelays, type DelayPolicy, type Delays, type TimedClaim } from './anchor-times.js';
import type { AnchorLog, ChainEndpoint } from './chain-endpoint.js';
import { Findings, type Finding, type FindingCounts } from './findings.js';
import type { AuditedBatch, LogAudit } from './log-audit.js';

/** Requests to one endpoint at the same time. */
const AT_ONCE = 8;

/** The recorded proof of a batch's anchor on a chain: whoever keeps it need not be believed. */
export type ProofSource = (batch: number, chainId: number) => Promise<AnchorProof | undefined>;

/** An endpoint that could not be opened, or is of another chain than it was named for. */
export interface FailedEndpoint {
  readonly host: string;
  readonly reason: string;
  /** The chain that it was named for, where it was. */
  readonly chainId?: number;
}

export interface AnchorOptions extends DelayPolicy {
  readonly trust: TrustFile | undefined;
  /** Opened before the log's checkpoint was read: what they had then, the log must explain. */
  readonly endpoints: readonly ChainEndpoint[];
  readonly failed?: readonly FailedEndpoint[];
  readonly proofs?: ProofSource;
  /** From outside, for chains that have closed (S10). */
  readonly blockHashes?: readonly PinnedBlockHash[];
  /** Roots of batches that were sealed after the audited head, 0x hex: what is anchored meanwhile is no stranger's. */
  readonly laterRoots?: () => Promise<ReadonlySet<string>>;
  /** Each anchor's receipts against its block's header, also where endpoints agree. */
  readonly full?: boolean;
  readonly onProgress?: (chain: string, done: number, of: number) => void;
}

export interface AnchorCounts {
  /** Anchors by our anchorers, on the chains or in recorded proofs, that a batch explains. */
  readonly explained: number;
  readonly unexplained: number;
  /** Final by the log, and not on the chain. */
  readonly missing: number;
}

export interface ChainReport extends AnchorCounts {
  readonly name: string;
  readonly chainId: number;
  readonly embedded?: true;
  readonly closed?: true;
  /** Hosts of the endpoints that told its logs. */
  readonly endpoints: readonly string[];
  /** The block up to which each was looked through: the lowest. */
  readonly upToBlock?: number;
  /** Why it was not looked at, where no endpoint answered. */
  readonly notReached?: string;
}

export interface AnchorAudit {
  readonly anchors: AnchorCounts;
  readonly chains: readonly ChainReport[];
  readonly delays: Delays;
  readonly findings: readonly Finding[];
  readonly counts: FindingCounts;
  /** What could not be settled, in English: with any of it the audit is not whole. */
  readonly undetermined: readonly string[];
}

/** @throws never for what a chain answers: that is a finding, or undetermined */
export async function auditAnchors(log: LogAudit, options: AnchorOptions): Promise<AnchorAudit> {
  const findings = new Findings();
  const undetermined: string[] = [];
  const chains = chainsToAudit(log, options.trust, findings);
  if (options.trust && chains.some(({ logged, pinned }) => logged && !pinned)) {
    undetermined.push('the log anchors on chains that the pinned trust file does not name');
  }
  const claims = claimsOf(log, chains, findings);
  const explain = explanations(log);
  const reports: ChainReport[] = [];
  const timed: TimedClaim[] = [];
  for (const chain of chains) {
    const ofChain = claims.filter(({ chainId, contract }) => chainId === chain.chainId && contract === chain.contract);
    const audit = new ChainAudit(chain, ofChain, explain, options, findings, undetermined);
    reports.push(await audit.run());
    timed.push(...audit.timed);
  }
  checkClock(log.clock, timed, findings);
  const final = timed.filter(({ claim }) => claim.isFinal);
  const delays = checkDelays(log, final, options, findings);
  const sum = (of: keyof AnchorCounts): number => reports.reduce((total, report) => total + report[of], 0);
  return {
    anchors: { explained: sum('explained'), unexplained: sum('unexplained'), missing: sum('missing') },
    chains: reports,
    delays,
    findings: findings.list(),
    counts: findings.counts,
    undetermined,
  };
}

/** What may explain a log of the registry. */
interface Explanations {
  batchOf(root: string): AuditedBatch | undefined;
  /** Of the head that was audited, 0x hex: its batch is sealed in an entry after it, which may have no head yet. */
  readonly headRoot: string;
  /** The newest block of a chain whose anchors may be of a log that was lost (S16). */
  lostUpTo(chainId: number): number;
}

function explanations({ root, batches, ledger }: LogAudit): Explanations {
  const byRoot = new Map(batches.filter(({ isOfThisLog }) => isOfThisLog).map((batch) => [rootHex(batch), batch]));
  return {
    batchOf: (anchored) => byRoot.get(anchored),
    headRoot: toHex0x(fromBase64(root)),
    lostUpTo: (chainId) => (ledger.is === 'founded' ? (ledger.lostUpTo[chainId] ?? -1) : -1),
  };
}

/** An endpoint and what it told. */
interface Witness {
  readonly endpoint: ChainEndpoint;
  readonly logs: readonly AnchorLog[];
  readonly byTransaction: ReadonlyMap<string, readonly AnchorLog[]>;
}

/**
 * What a witness says of a claim. `hidden`: its logs do not have it, its receipts do. `disproven`: the receipts of the
 * block that the log names hash to their root and do not have it. `otherBlock`: it has another block at that height.
 */
type Word =
  | { readonly is: 'present' | 'hidden' | 'disproven' | 'absent' | 'behind' }
  | { readonly is: 'otherBlock'; readonly blockHash: string; readonly anchoredIn?: number };

class ChainAudit {
  /** Claims whose blocks there are, with their times. */
  readonly timed: TimedClaim[] = [];
  #explained = 0;
  #unexplained = 0;
  #missing = 0;
  #later: ReadonlySet<string> | undefined;
  readonly #name: string;

  constructor(
    private readonly chain: AuditedChain,
    private readonly claims: readonly AnchorClaim[],
    private readonly explain: Explanations,
    private readonly options: AnchorOptions,
    private readonly findings: Findings,
    private readonly undetermined: string[],
  ) {
    this.#name = `"${chain.name}"`;
  }

  async run(): Promise<ChainReport> {
    const failures: string[] = [];
    const witnesses: Witness[] = [];
    for (const endpoint of this.options.endpoints.filter(({ chainId }) => chainId === this.chain.chainId)) {
      try {
        witnesses.push(await this.#witness(endpoint));
      } catch (error) {
        failures.push(`${endpoint.host}: ${reasonOf(error)}`);
      }
    }
    for (const { chainId, host, reason } of this.options.failed ?? []) {
      if (chainId === undefined || chainId === this.chain.chainId) failures.push(`${host}: ${reason}`);
    }
    if (witnesses.length > 0) {
      await this.#settle(witnesses);
      // One that does not answer takes away from what two would have settled, and nothing else.
      for (const failure of failures) this.findings.note('S19', 'endpointNotReached', `${this.#name}: ${failure}`);
    } else if (this.chain.isClosed) {
      await this.#settleClosed();
    } else {
      this.#notReached();
    }
    const upToBlock = Math.min(...witnesses.map(({ endpoint }) => endpoint.newest));
    return {
      name: this.chain.name,
      chainId: this.chain.chainId,
      ...(this.chain.pinned?.embedded === true ? { embedded: true as const } : {}),
      ...(this.chain.isClosed ? { closed: true as const } : {}),
      endpoints: witnesses.map(({ endpoint }) => endpoint.host),
      ...(witnesses.length > 0 ? { upToBlock } : {}),
      ...(witnesses.length === 0 && !this.chain.isClosed
        ? { notReached: failures.join('; ') || 'no endpoint was given: --rpc URL' }
        : {}),
      explained: this.#explained,
      unexplained: this.#unexplained,
      missing: this.#missing,
    };
  }

  async #witness(endpoint: ChainEndpoint): Promise<Witness> {
    const { name, contract, anchorers, firstBlock } = this.chain;
    const logs = await endpoint.logs({ contract, anchorers, fromBlock: firstBlock }, (done, of) =>
      this.options.onProgress?.(name, done, of),
    );
    const byTransaction = new Map<string, AnchorLog[]>();
    for (const log of logs) {
      const before = byTransaction.get(log.txHash);
      if (before) before.push(log);
      else byTransaction.set(log.txHash, [log]);
    }
    return { endpoint, logs, byTransaction };
  }

  /** The log's own word is all there is of its blocks: good for its clock, and for nothing else. */
  #notReached(): void {
    this.undetermined.push(`chain ${this.#name} was not reached`);
    this.timed.push(...this.claims.map((claim) => ({ claim, time: claim.blockTime })));
  }

  async #settle(witnesses: readonly Witness[]): Promise<void> {
    const disputed = new Set<string>();
    const shown = new Map<string, AnchorLog>();
    for (const { logs } of witnesses) for (const log of logs) shown.set(keyOf(log), log);
    await eachOf(this.claims, async (claim) => {
      const isThere = await this.#settleClaim(claim, witnesses, shown);
      if (isThere === 'disputed') disputed.add(claim.txHash);
      if (isThere !== 'there') return;
      const time = await this.#timeOf(claim, witnesses);
      if (time !== undefined) this.timed.push({ claim, time });
    });
    let lost = 0;
    for (const log of shown.values()) {
      if (disputed.has(log.txHash)) continue;
      if (this.#isExplained(log)) this.#explained += 1;
      else if (log.blockNumber <= this.explain.lostUpTo(this.chain.chainId)) lost += 1;
      else await this.#settleUnexplained(log, witnesses);
    }
    if (lost === 0) return;
    this.#explained += lost;
    this.findings.note(
      'S16',
      'anchorsOfLostLog',
      `${this.#name}: ${lost} anchors are of entries whose loss was accepted`,
    );
  }

  async #settleClaim(
    claim: AnchorClaim,
    witnesses: readonly Witness[],
    shown: Map<string, AnchorLog>,
  ): Promise<'there' | 'disputed' | 'not there'> {
    const words = await Promise.all(
      witnesses.map(async (witness) => ({ witness, word: await this.#wordOn(claim, witness) })),
    );
    const saying = (...kinds: readonly Word['is'][]): readonly Witness[] =>
      words.filter(({ word }) => kinds.includes(word.is)).map(({ witness }) => witness);
    const hosts = (of: readonly Witness[]): readonly string[] => [...new Set(of.map(({ endpoint }) => endpoint.host))];
    const there = saying('present', 'hidden');
    const gone = saying('absent', 'otherBlock', 'disproven');
    const what = `batch ${claim.batch.state.number} is final in block ${claim.blockNumber} of ${this.#name} by the log`;
    for (const host of hosts(saying('hidden'))) {
      this.findings.warning(
        'S19',
        'endpointHidesLogs',
        `${host} does not list the anchor in block ${claim.blockNumber} of ${this.#name}, and its own receipts have it`,
        claim.index,
      );
    }
    if (there.length > 0) {
      shown.set(keyOf(logOf(claim)), logOf(claim));
      const isProven = saying('hidden').length > 0 || (gone.length > 0 && (await this.#isProven(claim, there)));
      const denying = saying('otherBlock');
      if (gone.length > 0 && (!isProven || denying.length > 0)) {
        this.#disagreement(
          `${what}: ${hosts(there).join(', ')} ha${there.length > 1 ? 've' : 's'} it, ${hosts(gone).join(', ')} not`,
          claim.index,
        );
        return 'disputed';
      }
      for (const host of hosts(gone)) {
        this.findings.warning(
          'S19',
          'endpointHidesLogs',
          `${host} does not have the anchor in block ${claim.blockNumber} of ${this.#name}, which the block’s receipts prove`,
          claim.index,
        );
      }
      this.#checkFinal(claim, there);
      return 'there';
    }
    // Not final yet: it may be in another block tomorrow, and the log does not say otherwise.
    if (!claim.isFinal) return 'not there';
    if (gone.length === 0) {
      this.undetermined.push(`no endpoint of ${this.#name} has come as far as block ${claim.blockNumber}`);
      return 'not there';
    }
    const moved = words.flatMap(({ word }) => (word.is === 'otherBlock' ? [word] : []))[0];
    const anchoredIn = moved?.anchoredIn;
    const says =
      anchoredIn !== undefined
        ? `${what}, with the hash ${claim.blockHash}; the chain has it in block ${anchoredIn} now`
        : moved
          ? `${what}, with the hash ${claim.blockHash}; the chain has ${moved.blockHash} there, and the anchor nowhere`
          : `${what}, and the chain does not have it`;
    if (anchoredIn === undefined) this.#missing += 1;
    const code = anchoredIn === undefined ? 'anchorMissing' : 'anchorMoved';
    if (saying('disproven').length > 0) {
      this.findings.error(
        'S19',
        code,
        `${says}: the block’s receipts, which hash to its header, are without it`,
        claim.index,
      );
    } else if (hosts(gone).length > 1) {
      this.findings.error('S19', code, `${says}: ${hosts(gone).join(', ')} agree`, claim.index);
    } else {
      this.#oneWord(`${says}: the word of ${hosts(gone).join()} alone`, code, claim.index);
    }
    return 'not there';
  }

  /** What the log calls final, the chain must: by one endpoint at least, as others may be behind. */
  #checkFinal({ isFinal, blockNumber, batch, index }: AnchorClaim, there: readonly Witness[]): void {
    const heights = there.map(({ endpoint }) => endpoint.final ?? Infinity);
    if (!isFinal || heights.some((height) => height >= blockNumber)) return;
    const detail = `batch ${batch.state.number} is final in block ${blockNumber} of ${this.#name} by the log, and the chain has made no block final after ${Math.max(...heights)}`;
    this.findings.warning('S19', 'notFinalOnChain', detail, index);
    this.undetermined.push(`${this.#name}: block ${blockNumber} is not final there yet`);
  }

  /** What one witness says of a claim; looks a second time where its list of logs does not have it. */
  async #wordOn(claim: AnchorClaim, { endpoint, byTransaction }: Witness): Promise<Word> {
    if (claim.blockNumber > endpoint.newest) return { is: 'behind' };
    const listed = byTransaction
      .get(claim.txHash)
      ?.find(({ root, anchorer }) => root === claim.root && anchorer === claim.anchorer);
    const isListed = listed?.blockHash === claim.blockHash && listed.blockNumber === claim.blockNumber;
    if (isListed && this.options.full !== true) return { is: 'present' };
    try {
      if (!isListed) {
        const header = await endpoint.header(claim.blockNumber);
        if (!header) return { is: 'absent' };
        if (header.blockHash !== claim.blockHash) {
          const { blockHash } = header;
          return { is: 'otherBlock', blockHash, ...(listed ? { anchoredIn: listed.blockNumber } : {}) };
        }
      }
      const proven = await endpoint.provenLogs(claim.blockHash);
      if (proven === undefined) return { is: isListed ? 'present' : 'absent' };
      const isThere = proven.some((log) => keyOf(log) === keyOf(logOf(claim)));
      if (isThere) return { is: isListed ? 'present' : 'hidden' };
      return { is: 'disproven' };
    } catch (error) {
      if (!isOfEndpoint(error)) throw error;
      // What it lists it says; what it cannot show it does not prove.
      return { is: isListed ? 'present' : 'absent' };
    }
  }

  async #isProven(claim: AnchorClaim, witnesses: readonly Witness[]): Promise<boolean> {
    for (const { endpoint } of witnesses) {
      try {
        const logs = await endpoint.provenLogs(claim.blockHash);
        if (logs?.some((log) => keyOf(log) === keyOf(logOf(claim))) === true) return true;
      } catch (error) {
        if (!isOfEndpoint(error)) throw error;
      }
    }
    return false;
  }

  /** From the header, which hashes to the block's hash; the log's word where no endpoint shows one that does. */
  async #timeOf(claim: AnchorClaim, witnesses: readonly Witness[]): Promise<number | undefined> {
    let reason = 'no endpoint has it';
    for (const { endpoint } of witnesses) {
      try {
        const header = await endpoint.header(claim.blockHash);
        if (!header) continue;
        if (header.time !== claim.blockTime) {
          this.findings.error(
            'S18',
            'blockTimeDiffers',
            `says that block ${claim.blockNumber} of ${this.#name} is of ${claim.blockTime}, and its header says ${header.time}`,
            claim.index,
          );
        }
        return header.time;
      } catch (error) {
        if (!isOfEndpoint(error)) throw error;
        reason = error.message;
      }
    }
    this.findings.warning(
      'S18',
      'headerNotChecked',
      `the header of block ${claim.blockNumber} of ${this.#name}: ${reason}`,
      claim.index,
    );
    return claim.blockTime;
  }

  #isExplained({ root, txHash, anchorer }: AnchorLog): boolean {
    const batch = this.explain.batchOf(root);
    if (!batch) return false;
    const { number, anchors, size } = batch.state;
    const sent = anchors.find(({ chainId }) => chainId === this.chain.chainId)?.submissions ?? [];
    if (!sent.some((one) => same(one.txHash, txHash))) {
      // Recorded before it leaves: so somebody else has the key, or a crash took the record with it.
      this.findings.warning(
        'S19',
        'anchorNotRecorded',
        `${this.#name}: ${txHash} anchors batch ${number}, and the log does not have that transaction`,
      );
    }
    if (this.chain.logged && !isInForce(this.chain.logged.anchorers, anchorer, size - 1)) {
      this.findings.warning(
        'S19',
        'anchoredByAnother',
        `${this.#name}: ${anchorer} has anchored batch ${number} and was not the anchorer at entry ${size - 1}`,
      );
    }
    return true;
  }

  /** Something that our anchorer has signed, or that an endpoint says it has. */
  async #settleUnexplained(log: AnchorLog, witnesses: readonly Witness[]): Promise<void> {
    const { root, blockNumber, txHash, anchorer } = log;
    if (root === this.explain.headRoot) return;
    this.#later ??= await this.options.laterRoots?.();
    if (this.#later?.has(root) === true) return;
    const says = `${this.#name}: ${anchorer} has anchored ${root} in block ${blockNumber} (${txHash}), which no batch of this log has`;
    const listing = witnesses.filter(({ logs }) => logs.some((one) => keyOf(one) === keyOf(log)));
    const hosts = [...new Set(listing.map(({ endpoint }) => endpoint.host))];
    const denying = witnesses.filter((one) => !listing.includes(one) && one.endpoint.newest >= blockNumber);
    const proven = await this.#proofOf(log, listing);
    // Receipts can be made up together with a header that nobody else has; the anchorer's signature cannot.
    const isSettled = proven === 'signed' || hosts.length > 1 || (proven === 'receipts' && denying.length === 0);
    if (isSettled) {
      this.#unexplained += 1;
      const how = {
        signed: 'the block’s receipts and the anchorer’s own signature prove it',
        receipts: 'the block’s receipts prove it',
        none: `${hosts.join(', ')} agree`,
      }[proven];
      this.findings.error('S19', 'anchorUnexplained', `${says}: ${how}`);
      return;
    }
    if (denying.length > 0) {
      const others = denying.map(({ endpoint }) => endpoint.host).join(', ');
      this.#disagreement(`${says}, by ${hosts.join()}; ${others} know${denying.length > 1 ? '' : 's'} nothing of it`);
      return;
    }
    this.#unexplained += 1;
    this.#oneWord(`${says}: the word of ${hosts.join()} alone`, 'anchorUnexplained');
  }

  /**
   * `receipts`: it stands in receipts that hash to their header's root. `signed`: and in a transaction that the anchorer's
   * key has signed, which no endpoint can make.
   */
  async #proofOf(log: AnchorLog, listing: readonly Witness[]): Promise<'signed' | 'receipts' | 'none'> {
    let best: 'receipts' | 'none' = 'none';
    for (const { endpoint } of listing) {
      try {
        const logs = await endpoint.provenLogs(log.blockHash);
        if (logs?.some((one) => keyOf(one) === keyOf(log)) !== true) continue;
        best = 'receipts';
        const signed = await endpoint.signedTransaction(log.txHash);
        const content = signed === undefined ? undefined : readAnchorTransaction(signed);
        if (
          content?.to !== undefined &&
          same(content.to, log.contract) &&
          same(content.from, log.anchorer) &&
          same(content.data, log.root)
        ) {
          return 'signed';
        }
      } catch (error) {
        if (!isOfEndpoint(error)) throw error;
      }
    }
    return best;
  }

  /** S10: header and receipt prove what the block holds; that it was the chain's, a hash from outside. */
  async #settleClosed(): Promise<void> {
    let unvouched = 0;
    for (const claim of this.claims.filter(({ isFinal }) => isFinal)) {
      const proof = await this.options.proofs?.(claim.batch.state.number, claim.chainId);
      if (!proof) {
        this.undetermined.push(
          `batch ${claim.batch.state.number}: no recorded proof of its anchor on ${this.#name}, which has closed`,
        );
        continue;
      }
      const problem = problemWith(proof, claim);
      if (typeof problem === 'string') {
        this.findings.error(
          'S10',
          'recordedProofWrong',
          `batch ${claim.batch.state.number}: its recorded proof on ${this.#name}, which has closed: ${problem}`,
          claim.index,
        );
        continue;
      }
      const vouched = this.#hashFromOutside(claim);
      if (vouched === 'other') {
        this.findings.error(
          'S10',
          'blockHashDiffers',
          `block ${claim.blockNumber} of ${this.#name}, which has closed, has another hash by the list from outside than by the log`,
          claim.index,
        );
        continue;
      }
      if (vouched === 'none') unvouched += 1;
      if (problem.blockTime !== claim.blockTime) {
        this.findings.error(
          'S18',
          'blockTimeDiffers',
          `says that block ${claim.blockNumber} of ${this.#name} is of ${claim.blockTime}, and its header says ${problem.blockTime}`,
          claim.index,
        );
      }
      this.#explained += 1;
      this.timed.push({ claim, time: problem.blockTime });
    }
    if (unvouched === 0) return;
    this.undetermined.push(
      `${this.#name} has closed: ${unvouched} anchors are proven by their headers, whose hashes nobody outside vouches for (--block-hashes)`,
    );
  }

  #hashFromOutside({ blockNumber, blockHash, chainId }: AnchorClaim): 'same' | 'other' | 'none' {
    const known = (this.options.blockHashes ?? []).map((one) => (typeof one === 'string' ? { hash: one } : one));
    const ofChain = known.filter((one) => one.chainId === undefined || one.chainId === chainId);
    if (ofChain.some(({ hash }) => same(hash, blockHash))) return 'same';
    return ofChain.some((one) => 'blockNumber' in one && one.blockNumber === blockNumber) ? 'other' : 'none';
  }

  #disagreement(detail: string, index?: number): void {
    this.findings.warning('S19', 'endpointsDisagree', detail, index);
    this.undetermined.push(`endpoints of ${this.#name} contradict each other`);
  }

  #oneWord(detail: string, code: string, index?: number): void {
    this.findings.warning('S19', `${code}ByOne`, `${detail}; ask a second one (--rpc)`, index);
    this.undetermined.push(`${this.#name}: one endpoint’s word alone`);
  }
}

/** What is wrong with a recorded proof; the proven block where nothing is. */
function problemWith(proof: AnchorProof, claim: AnchorClaim): string | { readonly blockTime: number } {
  try {
    const { root, blockHash, blockTime } = checkReceiptProof(proof);
    if (toHex0x(root) !== claim.root) return `it is of the root ${toHex0x(root)}`;
    if (!same(blockHash, claim.blockHash)) return `it is of block ${blockHash}, not of ${claim.blockHash}`;
    if (proof.chainId !== claim.chainId) return `it is of chain ${proof.chainId}`;
    if (!same(proof.contract, claim.contract)) return `it is of the contract ${proof.contract}`;
    if (!same(proof.anchorer, claim.anchorer)) return `it is of the anchorer ${proof.anchorer}`;
    if (!same(proof.txHash, claim.txHash)) return `it is of the transaction ${proof.txHash}`;
    return { blockTime };
  } catch (error) {
    if (error instanceof VerificationError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

function logOf({ contract, anchorer, root, txHash, blockNumber, blockHash }: AnchorClaim): AnchorLog {
  return { contract, anchorer, root, txHash, blockNumber, blockHash };
}

function keyOf({ contract, anchorer, root, txHash, blockHash }: AnchorLog): string {
  return [contract, anchorer, root, txHash, blockHash].join(' ');
}

/** Whether an endpoint failed, or we. */
function isOfEndpoint(error: unknown): error is ChainError | RpcRefusal {
  return error instanceof ChainError || error instanceof RpcRefusal;
}

function reasonOf(error: unknown): string {
  if (isOfEndpoint(error)) return error.message;
  throw error;
}

/** Some at a time, in order of their beginning. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
