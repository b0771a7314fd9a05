/**
 * Takes batches to the chain: submitted, confirmed, finalised, and back again when a block goes away; each step an event
 * (`batch.ts`). Recovery is the same code as normal work: after a crash the next round reads where each batch stands and
 * goes on from there. Proven by anchorer.int.spec.ts.
 */
import { randomUUID } from 'node:crypto';
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { toHex0x } from '../encoding/hex.js';
import { ConfigError, InvariantError, StaleReadError } from '../errors.js';
import { NO_STREAM, type Append, type EventStore, type Read } from '../event-store/event-store.js';
import { handle, load, prepare } from '../event-store/handle.js';
import type { ReadModels } from '../event-store/projections.js';
import type { AnchorProof } from '../verification/bundle.js';
import { batchStream, LEDGER_STREAM, type AnchorConfirmed, type AnchorSubmitted } from './anchoring.events.js';
import {
  anchorOn,
  batchDecider,
  liveSubmission,
  type BatchCommand,
  type BatchState,
  type ChainAnchor,
  type Submission,
} from './batch.js';
import {
  anchorProofStream,
  batchWithRoot,
  begunOn,
  finalisedOn,
  newestSubmissionOn,
  paidAnchors,
  revertedNonce,
  spentNonce,
  unprovenOn,
  unsettledBatches,
} from './batches.read.js';
import { ChainError, type Anchored, type AnchorReceipt, type BuiltAnchor, type Chain } from './chain.js';
import { costOfAll, formatCoins } from './cost.js';
import { ledgerDecider, type LedgerChain } from './ledger.js';
import { feesOf } from './signed-fees.js';

/** Final anchors looked at again at start: a local node that was killed may come back without its last blocks. */
const LOOK_BACK = 32;

const BY = 'process:anchoring';
/** Seconds that endpoints may give a final anchor's proof wrongly, before it is finalised without. */
const PROOF_PATIENCE_SECONDS = 3_600;
/** How often proofs that are missing are tried again; also at start, as a new version may know more. */
const PROVE_EVERY_MS = 3_600_000;
/** Final anchors without a proof that are looked at in one go, the newest first. */
const PROVE_AT_ONCE = 16;
const DAY_SECONDS = 86_400;
/** After a second transaction for one anchor was reverted; doubled with each further one, up to the second of these. */
const REVERTED_WAIT_SECONDS = 300;
const LONGEST_REVERTED_WAIT_SECONDS = 3_600;

/** How a chain is used. */
export interface AnchorerOptions {
  /** Every batch goes to the main chain, and the newest one, now and then, to the others: they are witnesses. */
  readonly isMain: boolean;
  /** Seconds between two anchors on a witness. */
  readonly intervalSeconds: number;
  /** Seconds in no block after which the fees are raised. */
  readonly bumpAfterSeconds: number;
  /**
   * Seconds that endpoints must go on telling that a nonce was used by another transaction, or is not free yet, before it
   * is believed: one of them may be behind. None for the operator's own node.
   */
  readonly doubtSeconds: number;
  /** Wei for a unit of gas. */
  readonly maxFeePerGas?: bigint | undefined;
  /** Wei that anchors on this chain may cost in 24 hours. */
  readonly maxPerDay?: bigint | undefined;
}

const OWN_NODE: AnchorerOptions = { isMain: true, intervalSeconds: 0, bumpAfterSeconds: 300, doubtSeconds: 0 };

export class Anchorer {
  /** What the endpoints tell that may be wrong, and since when, milliseconds since 1970. */
  readonly #doubts = new Map<string, number>();
  #unproven: string | undefined;
  #usedElsewhere: { readonly says: string; readonly atMs: number } | undefined;
  #disagreement: string | undefined;
  #provenAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    readonly chain: Chain,
    private readonly now: () => Date,
    private readonly options: AnchorerOptions = OWN_NODE,
  ) {}

  /**
   * Compares the store with the chain, which remembers what an older copy of the store has forgotten (S16). To be
   * called before anything is signed, sealed or submitted. Everything that this ledger's key has anchored must be the
   * root of one of its batches: a batch is sealed before its transaction is made, so a crash never breaks this. What
   * lies before the newest final anchor that is still on the chain was compared when that one was made. Anchors of a log
   * whose loss was accepted (`LossAccepted`) are known to be of none.
   * @throws ConfigError where the chain has an anchor that the store knows nothing of; ChainError
   */
  async compare(): Promise<void> {
    // What former anchorers (S19) have there is not asked for: a store that has the rotation has all that they anchored
    // in their term, and whoever holds a former key now must not be able to stop the ledger with it.
    const from = await this.#comparedUpTo();
    // Whoever has sent no transaction has anchored nothing: no chain of a hundred million blocks is looked through for it.
    if (from === 0 && (await this.chain.nextNonces()).every((next) => next === 0)) return;
    await this.#compareWith(await this.chain.anchors(from));
  }

  async #compareWith(anchored: readonly Anchored[]): Promise<void> {
    const lostUpTo = await this.#lostUpTo();
    for (const { root, txHash, blockNumber } of anchored) {
      if (blockNumber <= lostUpTo || (await this.#isOurs(toBase64(root)))) continue;
      const { name } = this.chain;
      // One endpoint's word stops nothing: the receipt must be in the block that it names (S19).
      await this.chain.proof(txHash);
      throw new ConfigError(
        'DATA_DIR',
        `holds an older copy of the ledger than the chain knows: block ${blockNumber} of "${name}" has the root ` +
          `${toHex0x(root)}, anchored with this ledger's key (transaction ${txHash}), and no batch in events.db has ` +
          'this root. Going on would give the log two histories, so nothing is signed, sealed or anchored. Stop the ' +
          'service and put the newest copy of events.db in place, with the newest keys/last-signed-head.json. If this ' +
          'copy is the newest, another process anchors with the same key: find it and stop it (S16)',
      );
    }
  }

  /** What this ledger's anchorers, past and present (S19), have on the chain since the newest final anchor. */
  async #anchored(): Promise<readonly Anchored[]> {
    const terms = (await this.#inLog())?.anchorers ?? [];
    const addresses = new Set([this.chain.anchorer, ...terms.map(({ address }) => address)]);
    return this.chain.anchors(await this.#comparedUpTo(), [...addresses]);
  }

  /** The chain as the log has it. */
  async #inLog(): Promise<LedgerChain | undefined> {
    const { state } = await load(this.store, ledgerDecider, LEDGER_STREAM);
    return state.is === 'founded' ? state.chains.find(({ chainId }) => chainId === this.chain.chainId) : undefined;
  }

  async #comparedUpTo(): Promise<number> {
    for (const { blockNumber, blockHash } of finalisedOn(this.readModels.db, this.chain.chainId, LOOK_BACK)) {
      if ((await this.chain.isFinalised(blockNumber, blockHash)) === 'yes') return blockNumber;
    }
    // What lay before that was compared when the chain came into the log.
    return (await this.#inLog())?.firstBlock ?? 0;
  }

  /** Newest block whose anchors may be of a log whose loss was accepted; below every block where there was none. */
  async #lostUpTo(): Promise<number> {
    const { state } = await load(this.store, ledgerDecider, LEDGER_STREAM);
    return state.is === 'founded' ? (state.lostUpTo[this.chain.chainId] ?? -1) : -1;
  }

  /** The store itself is asked: the read models may be of the copy that is gone. */
  async #isOurs(root: string): Promise<boolean> {
    const number = batchWithRoot(this.readModels.db, root);
    if (number === undefined) return false;
    const { state } = await load(this.store, batchDecider, batchStream(number));
    return state.is === 'sealed' && state.root === root;
  }

  /** Compares the newest final anchors with the chain; those whose block is gone are reorganised, and anchored again. */
  async lookBack(): Promise<void> {
    for (const anchor of finalisedOn(this.readModels.db, this.chain.chainId, LOOK_BACK)) {
      const finality = await this.chain.isFinalised(anchor.blockNumber, anchor.blockHash);
      if (finality === 'yes') return;
      if (finality === 'reorganised') {
        const { batch, txHash, blockNumber, blockHash } = anchor;
        await this.#record(batch, {
          type: 'ReorganiseAnchor',
          chainId: this.chain.chainId,
          txHash,
          blockNumber,
          blockHash,
        });
      }
    }
  }

  /**
   * Takes every unsettled batch one step further.
   * @returns whether any step was taken
   * @throws ChainError when the chain cannot be used now
   */
  async advance(): Promise<boolean> {
    await this.#proveLater();
    if (this.#due().length === 0) {
      this.#disagreement = undefined;
      return false;
    }
    // Before more is built on it: is the last one still there? (The embedded node may have come back without it.)
    await this.lookBack();
    let moved = false;
    for (const number of this.#due()) {
      const state = await this.#stateOf(number);
      const anchor = anchorOn(state, this.chain.chainId);
      if (anchor.block) moved = (await this.#finalise(number, anchor.block)) || moved;
      else if (await this.#confirm(number, anchor)) moved = true;
      else if (this.#isOfNow(number)) moved = (await this.#submit(number, state, anchor)) || moved;
      else continue;
      // One transaction on its way at a time: while this one is in no block, or no longer, the nonce of the next is not
      // known.
      if (!anchorOn(await this.#stateOf(number), this.chain.chainId).block) break;
    }
    return moved;
  }

  /** Whether anything is on its way to this chain, or should be. */
  get isBusy(): boolean {
    return this.#due().length > 0;
  }

  /** Numbers of the batches to take further, oldest first. */
  #due(): readonly number[] {
    const { db } = this.readModels;
    const { chainId } = this.chain;
    const begun = begunOn(db, chainId);
    const unsettled = unsettledBatches(db, chainId);
    const newest = unsettled.slice(-1);
    if (!this.options.isMain) {
      if (begun.length > 0) return begun;
      return this.#intervalHasPassed() ? newest : [];
    }
    // Those that are final on another chain need no anchor of their own here: the newest covers them. So a chain that
    // comes to a ledger of many batches, or takes the place of one that was closed, takes one anchor.
    const nowhere = new Set(unsettledBatches(db));
    const own = unsettled.filter((number) => nowhere.has(number));
    return [...new Set([...begun, ...own, ...newest])].sort((x, y) => x - y);
  }

  #intervalHasPassed(): boolean {
    const last = newestSubmissionOn(this.readModels.db, this.chain.chainId);
    if (last === undefined) return true;
    return Math.abs(this.now().getTime() - Date.parse(last)) >= this.options.intervalSeconds * 1000;
  }

  /** Whether the anchorer of now may anchor the batch: it ends where it was in force already (S19). */
  #isOfNow(number: number): boolean {
    return unsettledBatches(this.readModels.db, this.chain.chainId).includes(number);
  }

  async #stateOf(number: number): Promise<BatchState & { is: 'sealed' }> {
    const { state } = await load(this.store, batchDecider, batchStream(number));
    if (state.is === 'unsealed') throw new InvariantError(`batch ${number} is in the read models but not in the store`);
    return state;
  }

  /** Whether one of its transactions was found in a block. */
  async #confirm(number: number, anchor: ChainAnchor): Promise<boolean> {
    for (const submission of anchor.submissions) {
      const { txHash } = submission;
      const receipt = await this.chain.receipt(txHash);
      if (!receipt) continue;
      this.#requirePossible(receipt, submission);
      if (!('logIndex' in receipt)) {
        if (submission.failed !== undefined) continue;
        if ((await this.#anchored()).some((one) => one.txHash === txHash)) {
          throw new ChainError(
            'rpcDisagreement',
            `${this.chain.name}: ${txHash} is said to be reverted, and has a log`,
          );
        }
        await this.#record(number, { type: 'FailAnchor', chainId: this.chain.chainId, txHash, code: 'reverted' });
        // The next try pays again: not at once.
        throw new ChainError(
          'rejected',
          `${this.chain.name} reverted the anchor ${txHash} of batch ${number}: it is tried again later; if it goes on, ` +
            `look at the transaction and at the contract ${this.chain.contract}`,
        );
      }
      const { status: _, ...block } = receipt;
      await this.#record(number, { type: 'ConfirmAnchor', chainId: this.chain.chainId, txHash, ...block });
      return true;
    }
    return false;
  }

  /** What is recorded of a receipt stands in the log for ever: no block takes more than was signed for. */
  #requirePossible(
    { gasUsed, effectiveGasPrice = '0' }: AnchorReceipt,
    { txHash, signedTransaction }: Submission,
  ): void {
    const { gasLimit, maxFeePerGas } = feesOf(signedTransaction) ?? {};
    if (gasLimit === undefined || maxFeePerGas === undefined) return;
    if (BigInt(gasUsed) <= BigInt(gasLimit) && BigInt(effectiveGasPrice) <= BigInt(maxFeePerGas)) return;
    throw new ChainError(
      'badAnswer',
      `${this.chain.name}: an endpoint says that ${txHash} took ${gasUsed} gas at ${effectiveGasPrice} wei, and it may use ` +
        `${gasLimit} at ${maxFeePerGas}: the endpoint is wrong; name another one in RPC_URLS if this goes on`,
    );
  }

  async #submit(number: number, state: BatchState & { is: 'sealed' }, anchor: ChainAnchor): Promise<boolean> {
    const live = liveSubmission(anchor);
    if (live) return this.#sendAgain(number, state, anchor, live);
    this.#requirePatience(anchor);
    const { maxFeePerGas } = this.options;
    const nonce = await this.#freeNonce();
    const built = await this.chain.buildAnchor(fromBase64(state.root), {
      nonce,
      ...(maxFeePerGas && { maxFeePerGas }),
    });
    this.#requireBudget(built);
    // Crash after this line: the same bytes are sent by the next round. Before it: nothing has left.
    await this.#recordInForce(number, { type: 'SubmitAnchor', ...this.#transaction(built) });
    await this.chain.send(built.signedTransaction);
    return true;
  }

  /**
   * Each try is paid for, and nothing says that the next one fares better: after the second they come at longer intervals.
   * @throws ChainError rejected
   */
  #requirePatience({ submissions }: ChainAnchor): void {
    const reverted = submissions.filter(({ failed }) => failed === 'reverted');
    const last = reverted.at(-1);
    if (last === undefined || reverted.length < 2) return;
    const wait = Math.min(REVERTED_WAIT_SECONDS * 2 ** (reverted.length - 2), LONGEST_REVERTED_WAIT_SECONDS) * 1000;
    const since = this.now().getTime() - Date.parse(last.at);
    if (since < 0 || since >= wait) return;
    const { name, contract } = this.chain;
    const next = new Date(Date.parse(last.at) + wait).toISOString();
    throw new ChainError(
      'rejected',
      `${name} reverted ${reverted.length} transactions for one anchor, the last ${last.txHash}: it is tried again at ${next}; ` +
        `look at them and at the contract ${contract}, and run meritkedja doctor`,
    );
  }

  /**
   * The nonce after the last one that an anchor in a block has, as the key is used for nothing else; of several that are
   * told the lowest, since one that is too low is mined never. A higher one is believed only when it is told for long
   * enough: a transaction that was made with it on one endpoint's word would lie in the pools until its turn comes, and
   * anchor once more what was anchored long ago.
   * @throws ChainError rpcDisagreement where the endpoints do not know yet what is in blocks, or tell what is not known
   */
  async #freeNonce(): Promise<number> {
    const { name, chainId, anchorer } = this.chain;
    const expected = this.#expectedNonce;
    const next = lowestFrom(expected, await this.chain.nextNonces());
    if (next < expected) {
      throw new ChainError(
        'rpcDisagreement',
        `${name}: the next nonce of ${anchorer} would be ${next}, and an anchor in a block has ${expected - 1}: the endpoint is ` +
          'behind; anchoring goes on when it has caught up, or name another one in RPC_URLS',
      );
    }
    // One that was reverted has used its nonce, as long as its block is there.
    const believed = Math.max(expected, (revertedNonce(this.readModels.db, chainId, anchorer) ?? -1) + 1);
    if (next > believed && !this.#isSureOfNonce(next)) {
      throw new ChainError(
        'rpcDisagreement',
        `${name}: the next nonce of ${anchorer} would be ${next}, and ${believed} is the one after this ledger's last ` +
          `anchor in a block: the key was used for something else, or the endpoint is wrong; ${next} is believed when it ` +
          `is told for ${this.options.doubtSeconds} s`,
      );
    }
    return next;
  }

  /** The one after the last that an anchor in a block has. */
  get #expectedNonce(): number {
    return (spentNonce(this.readModels.db, this.chain.chainId, this.chain.anchorer) ?? -1) + 1;
  }

  #transaction({ txHash, nonce, signedTransaction }: BuiltAnchor): AnchorSubmitted['data'] {
    const { chainId, contract, anchorer } = this.chain;
    return { chainId, contract, anchorer, txHash, nonce, signedTransaction };
  }

  /** @throws ChainError overBudget */
  #requireBudget({ maxCost }: BuiltAnchor): void {
    const { maxPerDay } = this.options;
    if (maxPerDay === undefined) return;
    const { name, chainId } = this.chain;
    const since = Math.floor(this.now().getTime() / 1000) - DAY_SECONDS;
    const spent = costOfAll(paidAnchors(this.readModels.db, chainId, since));
    if (BigInt(spent) + BigInt(maxCost) <= maxPerDay) return;
    throw new ChainError(
      'overBudget',
      `anchors on ${name} have cost ${formatCoins(spent)} in 24 hours, and the next may cost ${formatCoins(maxCost)}: ` +
        `ANCHOR_MAX_PER_DAY allows ${formatCoins(maxPerDay.toString())}, so it waits; raise it, or ANCHOR_INTERVAL`,
    );
  }

  /** Recorded but in no block: the same bytes again, unless their nonce can no longer be mined. */
  async #sendAgain(
    number: number,
    state: BatchState & { is: 'sealed' },
    anchor: ChainAnchor,
    live: Submission,
  ): Promise<boolean> {
    const { chainId, name } = this.chain;
    const said = await this.chain.nextNonces();
    // Below: another transaction took it. Above: transactions before it are gone with their blocks. Where one endpoint says
    // this and another that, one of them is behind or lies, and nothing is given up.
    const isUsed = said.every((next) => next > live.nonce);
    const isGap = said.every((next) => next < live.nonce);
    const isOld =
      this.now().getTime() - Date.parse(anchor.submissions[0]?.at ?? live.at) >= this.options.bumpAfterSeconds * 1000;
    this.#disagreement =
      isOld && new Set(said).size > 1
        ? `${name}: endpoints tell ${said.join(' and ')} as the next nonce of ${this.chain.anchorer}, so one of them is behind ` +
          `or wrong, and the anchor of batch ${number} is in no block: leave that endpoint out of RPC_URLS if this goes on`
        : undefined;
    if (!isUsed && !isGap) {
      this.#doubts.clear();
      return this.#insist(number, state, live);
    }
    const code = isUsed ? 'nonceUsed' : 'nonceGap';
    if (code === 'nonceUsed') {
      for (const { txHash, failed } of anchor.submissions) {
        const receipt = await this.chain.receipt(txHash);
        // One that was given up and is reverted is no anchor, and may be what took the nonce.
        if (receipt && (failed === undefined || receipt.status === 'succeeded')) return true;
      }
      const anchored = await this.#anchored();
      const own = anchored.find(({ txHash }) => anchor.submissions.some((one) => one.txHash === txHash));
      if (own) {
        throw new ChainError(
          'rpcDisagreement',
          `${name}: an endpoint has the log of ${own.txHash} in block ${own.blockNumber} and gives no receipt of it: it ` +
            'is behind, or keeps it back; nothing is sent twice; name another one in RPC_URLS if this goes on',
        );
      }
      // By whom? Nobody else has the key, unless there is another copy of this ledger.
      await this.compare();
    }
    // Once this one is given up, the nonce for another need not be doubted as long again.
    this.#isSureOfNonce(lowestFrom(this.#expectedNonce, said));
    if (!this.#isSure(`${live.txHash} ${code}`)) return false;
    await this.#record(number, { type: 'FailAnchor', chainId, txHash: live.txHash, code });
    const byOwn = anchor.submissions.some(({ nonce, failed }) => nonce === live.nonce && failed === 'reverted');
    if (code === 'nonceUsed' && !byOwn) this.#tellUsedElsewhere(number, live.nonce);
    return true;
  }

  /** Whether it has been so for long enough. */
  #isSure(doubt: string, seconds = this.options.doubtSeconds): boolean {
    const now = this.now().getTime();
    const since = this.#doubts.get(doubt) ?? now;
    this.#doubts.set(doubt, since);
    return now - since >= seconds * 1000;
  }

  /** Whether this has been told as the next nonce, and no other, for long enough. */
  #isSureOfNonce(next: number): boolean {
    const doubt = `nonce ${next}`;
    for (const one of this.#doubts.keys()) if (one.startsWith('nonce ') && one !== doubt) this.#doubts.delete(one);
    return this.#isSure(doubt);
  }

  /** Its turn has come and it is in no block: again, and if that has gone on for too long, for more. */
  async #insist(number: number, state: BatchState & { is: 'sealed' }, live: Submission): Promise<boolean> {
    const isOld = this.now().getTime() - Date.parse(live.at) >= this.options.bumpAfterSeconds * 1000;
    try {
      await this.chain.send(live.signedTransaction);
    } catch (error) {
      // Fees have risen, or another of its transactions is in the pool: more is offered when it is time.
      if (!isOld || !(error instanceof ChainError && error.code === 'underpriced')) throw error;
    }
    if (!isOld || (await this.chain.receipt(live.txHash))) return false;
    const { maxFeePerGas } = this.options;
    const built = await this.chain.buildAnchor(fromBase64(state.root), {
      replaces: live.signedTransaction,
      ...(maxFeePerGas && { maxFeePerGas }),
    });
    this.#requireBudget(built);
    await this.#recordInForce(number, { type: 'ReplaceAnchor', ...this.#transaction(built), replaces: live.txHash });
    await this.chain.send(built.signedTransaction);
    return true;
  }

  async #finalise(number: number, block: Omit<AnchorConfirmed['data'], 'chainId'>): Promise<boolean> {
    const { chainId } = this.chain;
    const { txHash, blockNumber, blockHash } = block;
    await this.chain.settle();
    const finality = await this.chain.isFinalised(blockNumber, blockHash);
    if (finality === 'no') return false;
    if (finality === 'reorganised') {
      await this.#record(number, { type: 'ReorganiseAnchor', chainId, txHash, blockNumber, blockHash });
      return true;
    }
    const proof = await this.#proofOrLater(number, block);
    const { append } = await prepare(this.store, batchDecider, {
      stream: batchStream(number),
      command: { type: 'FinaliseAnchor', chainId, txHash, blockNumber, blockHash },
      context: undefined,
      meta: { at: this.now().toISOString(), by: BY },
    });
    if (!append) return false;
    const appended = await this.store.appendMany([...(proof ? [await this.#proofToKeep(number, proof)] : []), append]);
    const last = appended.at(-1)?.events.at(-1);
    if (last) await this.readModels.caughtUp(last.position);
    return true;
  }

  /**
   * The proof of a final anchor; or none, where it can only be made later: an anchor is as final without it.
   * @throws ChainError for what may be better the next time
   */
  async #proofOrLater(
    number: number,
    block: Pick<AnchorConfirmed['data'], 'txHash' | 'blockHash'>,
  ): Promise<AnchorProof | undefined> {
    const doubt = `${block.txHash} proof`;
    try {
      const proof = await this.#proofIn(block);
      this.#doubts.delete(doubt);
      return proof;
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      const isWaiting = error.code === 'badAnswer' && !this.#isSure(doubt, PROOF_PATIENCE_SECONDS);
      if (isWaiting || (error.code !== 'badAnswer' && error.code !== 'proofUnavailable')) throw error;
      this.#tellUnproven(number, error);
      return undefined;
    }
  }

  /** @throws ChainError */
  async #proofIn({ txHash, blockHash }: Pick<AnchorConfirmed['data'], 'txHash' | 'blockHash'>): Promise<AnchorProof> {
    const proof = await this.chain.proof(txHash);
    if (proof.blockHash === blockHash) return proof;
    throw new ChainError('badAnswer', `the receipt of ${txHash} moved to ${proof.blockHash}`);
  }

  async #proofToKeep(number: number, proof: AnchorProof): Promise<Append> {
    const stream = anchorProofStream(number);
    const kept = (await this.store.readStream(stream)).at(-1);
    const at = this.now().toISOString();
    return {
      stream,
      expectedRevision: kept?.revision ?? NO_STREAM,
      events: [{ id: randomUUID(), type: 'AnchorProofKept', v: 1, at, by: BY, data: { proof: { ...proof } } }],
    };
  }

  /** Tries again what is final without a proof, now and then. */
  async #proveLater(): Promise<void> {
    const nowMs = this.now().getTime();
    if (Math.abs(nowMs - this.#provenAtMs) < PROVE_EVERY_MS) return;
    this.#provenAtMs = nowMs;
    this.#unproven = undefined;
    for (const anchor of unprovenOn(this.readModels.db, this.chain.chainId, PROVE_AT_ONCE)) {
      try {
        const appended = await this.store.append(await this.#proofToKeep(anchor.batch, await this.#proofIn(anchor)));
        const last = appended.events.at(-1);
        if (last) await this.readModels.caughtUp(last.position);
      } catch (error) {
        if (!(error instanceof ChainError)) throw error;
        this.#tellUnproven(anchor.batch, error);
      }
    }
  }

  #tellUnproven(number: number, { message }: ChainError): void {
    this.#unproven ??= `the anchor of batch ${number} is final on ${this.chain.name} and has no proof yet, so bundles show an earlier one: ${message}`;
  }

  /** Said for a day: batches go on by themselves, with another nonce. */
  #tellUsedElsewhere(number: number, nonce: number): void {
    const { name, anchorer } = this.chain;
    const says =
      `another transaction of ${anchorer} took nonce ${nonce} on ${name}, which the anchor of batch ${number} had: its key is ` +
      'used elsewhere, and each time an anchor is late; use a key for anchoring alone, or find who has a copy of it, and ' +
      'change it with meritkedja rotate-anchorer';
    this.#usedElsewhere = { says, atMs: this.now().getTime() };
  }

  /** What stops nothing and needs somebody all the same: what it is, and what to do. */
  get warning(): string | undefined {
    const { says, atMs } = this.#usedElsewhere ?? {};
    const isRecent = atMs !== undefined && Math.abs(this.now().getTime() - atMs) < DAY_SECONDS * 1000;
    return isRecent ? says : (this.#disagreement ?? this.#unproven);
  }

  /**
   * Records a transaction of this key, where the key is in force at that very entry and the chain is open (S10, S19): else
   * an anchor would leave that does not stand, and that its bundles would show.
   * @throws ChainError anchorerDiffers, chainClosed
   */
  async #recordInForce(number: number, command: BatchCommand): Promise<void> {
    const { name, chainId, anchorer } = this.chain;
    const { state, revision } = await load(this.store, ledgerDecider, LEDGER_STREAM);
    const known = state.is === 'founded' ? state.chains.find((one) => one.chainId === chainId) : undefined;
    if (known?.closed) throw new ChainError('chainClosed', `"${name}" was closed on ${known.closed.at}`);
    if (known && known.anchorer !== anchorer) {
      throw new ChainError(
        'anchorerDiffers',
        `the log says that ${known.anchorer} anchors on "${name}", not ${anchorer}`,
      );
    }
    try {
      await this.#record(number, command, [{ stream: LEDGER_STREAM, revision }]);
    } catch (error) {
      if (!(error instanceof StaleReadError)) throw error;
      throw new ChainError('anchorerDiffers', `the log has just changed what it says of the chains: "${name}" waits`);
    }
  }

  async #record(number: number, command: BatchCommand, reads?: readonly Read[]): Promise<void> {
    const { events } = await handle(this.store, batchDecider, {
      stream: batchStream(number),
      command,
      context: undefined,
      meta: { at: this.now().toISOString(), by: BY, ...(reads && { reads }) },
    });
    const last = events.at(-1);
    if (last) await this.readModels.caughtUp(last.position);
  }
}

/** The lowest of some numbers that is not below another; where all are, the highest. @param numbers at least one */
function lowestFrom(least: number, numbers: readonly number[]): number {
  const enough = numbers.filter((one) => one >= least);
  return enough.length > 0 ? Math.min(...enough) : Math.max(...numbers);
}
