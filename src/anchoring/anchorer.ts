/**
 * Takes batches to the chain: submitted, confirmed, finalised, and back again when a block goes away; each step an event
 * (`batch.ts`). Recovery is the same code as normal work: after a crash the next round reads where each batch stands and
 * goes on from there. Proven by anchorer.int.spec.ts.
 */
import { randomUUID } from 'node:crypto';
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { toHex0x } from '../encoding/hex.js';
import { ConfigError, InvariantError } from '../errors.js';
import { NO_STREAM, type EventStore } from '../event-store/event-store.js';
import { handle, load, prepare } from '../event-store/handle.js';
import type { ReadModels } from '../event-store/projections.js';
import { batchStream, LEDGER_STREAM, type AnchorConfirmed } from './anchoring.events.js';
import {
  anchorOn,
  batchDecider,
  liveSubmission,
  type BatchCommand,
  type BatchState,
  type ChainAnchor,
} from './batch.js';
import { anchorProofStream, batchWithRoot, finalisedOn, unsettledBatches } from './batches.read.js';
import { ChainError, type Chain } from './chain.js';
import { ledgerDecider } from './ledger.js';

/** Final anchors looked at again at start: a local node that was killed may come back without its last blocks. */
const LOOK_BACK = 32;

const BY = 'process:anchoring';

export class Anchorer {
  constructor(
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    private readonly chain: Chain,
    private readonly now: () => Date,
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
    const lostUpTo = await this.#lostUpTo();
    for (const { root, txHash, blockNumber } of await this.chain.anchors(await this.#comparedUpTo())) {
      if (blockNumber <= lostUpTo || (await this.#isOurs(toBase64(root)))) continue;
      const { name } = this.chain;
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

  async #comparedUpTo(): Promise<number> {
    for (const { blockNumber, blockHash } of finalisedOn(this.readModels.db, this.chain.chainId, LOOK_BACK)) {
      if ((await this.chain.isFinalised(blockNumber, blockHash)) === 'yes') return blockNumber;
    }
    return 0;
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
    if (unsettledBatches(this.readModels.db).length === 0) return false;
    // Before more is built on it: is the last one still there? (The embedded node may have come back without it.)
    await this.lookBack();
    let moved = false;
    for (const number of unsettledBatches(this.readModels.db)) {
      moved = (await this.#step(number)) || moved;
      // One transaction on its way at a time: while this one is in no block, the nonce of the next is not known.
      if (!anchorOn(await this.#stateOf(number), this.chain.chainId).block) break;
    }
    return moved;
  }

  async #step(number: number): Promise<boolean> {
    const state = await this.#stateOf(number);
    const anchor = anchorOn(state, this.chain.chainId);
    if (anchor.block) return this.#finalise(number, anchor.block);
    return this.#submitOrConfirm(number, state, anchor);
  }

  async #stateOf(number: number): Promise<BatchState & { is: 'sealed' }> {
    const { state } = await load(this.store, batchDecider, batchStream(number));
    if (state.is === 'unsealed') throw new InvariantError(`batch ${number} is in the read models but not in the store`);
    return state;
  }

  async #submitOrConfirm(number: number, state: BatchState & { is: 'sealed' }, anchor: ChainAnchor): Promise<boolean> {
    for (const { txHash } of anchor.submissions) {
      const receipt = await this.chain.receipt(txHash);
      if (!receipt) continue;
      if (!('logIndex' in receipt)) {
        const failed = anchor.submissions.find((one) => one.txHash === txHash)?.failed;
        if (failed !== undefined) continue;
        await this.#record(number, { type: 'FailAnchor', chainId: this.chain.chainId, txHash, code: 'reverted' });
        // The next try pays again: not at once.
        throw new ChainError('rejected', `the chain reverted the anchor ${txHash} of batch ${number}`);
      }
      const { status: _, ...block } = receipt;
      await this.#record(number, { type: 'ConfirmAnchor', chainId: this.chain.chainId, txHash, ...block });
      return true;
    }
    const live = liveSubmission(anchor);
    if (live) return this.#sendAgain(number, live);
    const { txHash, nonce, signedTransaction } = await this.chain.buildAnchor(fromBase64(state.root));
    const { chainId, contract, anchorer } = this.chain;
    // Crash after this line: the same bytes are sent by the next round. Before it: nothing has left.
    await this.#record(number, {
      type: 'SubmitAnchor',
      chainId,
      contract,
      anchorer,
      txHash,
      nonce,
      signedTransaction,
    });
    await this.chain.send(signedTransaction);
    return true;
  }

  /** Recorded but in no block: the same bytes again, unless their nonce can no longer be mined. */
  async #sendAgain(
    number: number,
    live: { txHash: string; nonce: number; signedTransaction: string },
  ): Promise<boolean> {
    const next = await this.chain.nextNonce();
    // Below: another transaction took it. Above: transactions before it are gone with their blocks.
    if (live.nonce === next) {
      await this.chain.send(live.signedTransaction);
      return false;
    }
    if (live.nonce < next && (await this.chain.receipt(live.txHash))) return true;
    const code = live.nonce < next ? 'nonceUsed' : 'nonceGap';
    // By whom? Nobody else has the key, unless there is another copy of this ledger.
    if (code === 'nonceUsed') await this.compare();
    await this.#record(number, { type: 'FailAnchor', chainId: this.chain.chainId, txHash: live.txHash, code });
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
    const proof = await this.chain.proof(txHash);
    if (proof.blockHash !== blockHash)
      throw new ChainError('badAnswer', `the receipt of ${txHash} moved to ${proof.blockHash}`);
    const { append } = await prepare(this.store, batchDecider, {
      stream: batchStream(number),
      command: { type: 'FinaliseAnchor', chainId, txHash, blockNumber, blockHash },
      context: undefined,
      meta: { at: this.now().toISOString(), by: BY },
    });
    if (!append) return false;
    const stream = anchorProofStream(number);
    const kept = (await this.store.readStream(stream)).at(-1);
    const appended = await this.store.appendMany([
      {
        stream,
        expectedRevision: kept?.revision ?? NO_STREAM,
        events: [
          {
            id: randomUUID(),
            type: 'AnchorProofKept',
            v: 1,
            at: this.now().toISOString(),
            by: BY,
            data: { proof: { ...proof } },
          },
        ],
      },
      append,
    ]);
    const last = appended.at(-1)?.events.at(-1);
    if (last) await this.readModels.caughtUp(last.position);
    return true;
  }

  async #record(number: number, command: BatchCommand): Promise<void> {
    const { events } = await handle(this.store, batchDecider, {
      stream: batchStream(number),
      command,
      context: undefined,
      meta: { at: this.now().toISOString(), by: BY },
    });
    const last = events.at(-1);
    if (last) await this.readModels.caughtUp(last.position);
  }
}
