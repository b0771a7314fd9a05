/** Every batch with its anchors, as the contract's `Batch`: from `batch-<n>` and the proofs in `vault-anchor-<n>`. */
import type { Projection } from '../event-store/projections.js';
import type { Database } from '../event-store/sqlite-file.js';
import { statement } from '../event-store/statements.js';
import type { StoredEvent } from '../event-store/event-store.js';
import type { AnchorProof } from '../verification/bundle.js';
import {
  LEDGER_STREAM,
  type AnchorState,
  type AnchorSubmitted,
  type BatchEvent,
  type LedgerEvent,
} from './anchoring.events.js';
import { costOfAnchor, type PaidAnchor } from './cost.js';

/** Block header and receipt proof of a final anchor, kept for when the chain is gone. */
export function anchorProofStream(number: number): string {
  return `vault-anchor-${number}`;
}

/** Members of a transaction are there once one was made, those of a block while one holds it. */
export interface AnchorView {
  readonly chainId: number;
  readonly contract?: string;
  readonly anchorer?: string;
  readonly txHash?: string;
  readonly blockNumber?: number;
  readonly blockHash?: string;
  /** Seconds since 1970. */
  readonly blockTime?: number;
  readonly gasUsed?: string;
  /** Wei for a unit of gas, decimal. */
  readonly effectiveGasPrice?: string;
  /** Wei, decimal: on rollups, for the chain below. */
  readonly l1Fee?: string;
  /** Wei, decimal. */
  readonly cost?: string;
  /** Transactions made for it: more than one where fees were raised, or a nonce was lost. */
  readonly transactions: number;
  /** ISO 8601: when the first was recorded, and when it was last known to be in a block, and final. */
  readonly submittedAt?: string;
  readonly confirmedAt?: string;
  readonly finalisedAt?: string;
  readonly state: AnchorState;
}

export interface BatchView {
  readonly number: number;
  readonly fromIndex: number;
  readonly toIndex: number;
  readonly size: number;
  /** base64 */
  readonly root: string;
  /** Credentials issued in it. */
  readonly credentials: number;
  readonly sealedAt: string;
  readonly anchors: readonly AnchorView[];
}

export const batchesProjection: Projection = {
  name: 'batches',
  version: 2,
  schema: `
    CREATE TABLE batches (
      number INTEGER PRIMARY KEY,
      from_index INTEGER NOT NULL,
      to_index INTEGER NOT NULL,
      size INTEGER NOT NULL,
      root TEXT NOT NULL,
      sealed_at TEXT NOT NULL
    );
    CREATE TABLE anchors (
      batch INTEGER NOT NULL,
      chain_id INTEGER NOT NULL,
      contract TEXT,
      anchorer TEXT,
      tx_hash TEXT,
      block_number INTEGER,
      block_hash TEXT,
      block_time INTEGER,
      gas_used TEXT,
      effective_gas_price TEXT,
      l1_fee TEXT,
      transactions INTEGER NOT NULL DEFAULT 0,
      submitted_at TEXT,
      confirmed_at TEXT,
      finalised_at TEXT,
      finalised_index INTEGER,
      state TEXT NOT NULL,
      PRIMARY KEY (batch, chain_id)
    );
    CREATE TABLE closed_chains (chain_id INTEGER PRIMARY KEY, closed_at TEXT NOT NULL);
    CREATE TABLE anchor_transactions (tx_hash TEXT NOT NULL, chain_id INTEGER NOT NULL, contract TEXT NOT NULL,
      anchorer TEXT NOT NULL, nonce INTEGER NOT NULL, PRIMARY KEY (tx_hash, chain_id));
    CREATE TABLE rotations (chain_id INTEGER PRIMARY KEY, from_index INTEGER NOT NULL);
    CREATE TABLE anchor_proofs (batch INTEGER NOT NULL, chain_id INTEGER NOT NULL, proof TEXT NOT NULL, PRIMARY KEY (batch, chain_id));`,
  apply(db, stored) {
    if (stored.stream.startsWith('vault-anchor-')) {
      const { proof } = stored.data as unknown as { proof: AnchorProof };
      statement(db, 'INSERT OR REPLACE INTO anchor_proofs (batch, chain_id, proof) VALUES (?, ?, ?)').run(
        Number(stored.stream.slice('vault-anchor-'.length)),
        proof.chainId,
        JSON.stringify(proof),
      );
    } else if (stored.stream.startsWith('batch-')) {
      applyToBatch(db, stored);
    } else if (stored.stream === LEDGER_STREAM) {
      applyToLedger(db, stored);
    }
  },
};

function applyToLedger(db: Database, stored: StoredEvent): void {
  const event = stored as unknown as LedgerEvent;
  if (event.type === 'ChainClosed') {
    statement(db, 'INSERT OR REPLACE INTO closed_chains (chain_id, closed_at) VALUES (?, ?)').run(
      event.data.chainId,
      stored.at,
    );
  } else if (event.type === 'AnchorerRotated') {
    statement(db, 'INSERT OR REPLACE INTO rotations (chain_id, from_index) VALUES (?, ?)').run(
      event.data.chainId,
      stored.index ?? 0,
    );
  }
}

function applyToBatch(db: Database, stored: StoredEvent): void {
  const batch = Number(stored.stream.slice('batch-'.length));
  const event = stored as unknown as BatchEvent;
  switch (event.type) {
    case 'BatchSealed':
      statement(
        db,
        'INSERT INTO batches (number, from_index, to_index, size, root, sealed_at) VALUES (?, ?, ?, ?, ?, ?)',
      ).run(batch, event.data.fromIndex, event.data.toIndex, event.data.size, event.data.root, stored.at);
      break;
    case 'AnchorRequested':
      statement(db, "INSERT OR IGNORE INTO anchors (batch, chain_id, state) VALUES (?, ?, 'requested')").run(
        batch,
        event.data.chainId,
      );
      break;
    case 'AnchorSubmitted':
    case 'AnchorReplaced':
      applySubmission(db, batch, event.data, stored.at);
      break;
    case 'AnchorConfirmed': {
      const { chainId, txHash, blockNumber, blockHash, blockTime, gasUsed, effectiveGasPrice, l1Fee } = event.data;
      // Of several transactions that were made for it, the one that the block holds is shown.
      statement(
        db,
        `UPDATE anchors SET block_number = ?, block_hash = ?, block_time = ?, gas_used = ?, effective_gas_price = ?,
           l1_fee = ?, confirmed_at = ?, finalised_at = NULL, state = 'confirmed', tx_hash = ?,
           (contract, anchorer) = (SELECT contract, anchorer FROM anchor_transactions t
             WHERE t.tx_hash = ? AND t.chain_id = anchors.chain_id)
         WHERE batch = ? AND chain_id = ?`,
      ).run(
        blockNumber,
        blockHash,
        blockTime,
        gasUsed,
        effectiveGasPrice ?? null,
        l1Fee ?? null,
        stored.at,
        txHash,
        txHash,
        batch,
        chainId,
      );
      break;
    }
    case 'AnchorFinalised':
      statement(
        db,
        "UPDATE anchors SET state = 'finalised', finalised_at = ?, finalised_index = ? WHERE batch = ? AND chain_id = ?",
      ).run(stored.at, stored.index ?? null, batch, event.data.chainId);
      break;
    case 'AnchorReorganised':
      statement(
        db,
        `UPDATE anchors SET block_number = NULL, block_hash = NULL, block_time = NULL, gas_used = NULL,
           effective_gas_price = NULL, l1_fee = NULL, confirmed_at = NULL, finalised_at = NULL, finalised_index = NULL,
           state = 'reorganised' WHERE batch = ? AND chain_id = ?`,
      ).run(batch, event.data.chainId);
      statement(db, 'DELETE FROM anchor_proofs WHERE batch = ? AND chain_id = ?').run(batch, event.data.chainId);
      break;
    case 'AnchorFailed':
      setState(db, batch, event.data.chainId, 'requested');
      break;
  }
}

function applySubmission(db: Database, batch: number, data: AnchorSubmitted['data'], at: string): void {
  const { chainId, contract, anchorer, txHash, nonce } = data;
  statement(
    db,
    `INSERT INTO anchors (batch, chain_id, contract, anchorer, tx_hash, transactions, submitted_at, state)
     VALUES (?, ?, ?, ?, ?, 1, ?, 'submitted')
     ON CONFLICT (batch, chain_id) DO UPDATE SET contract = excluded.contract, anchorer = excluded.anchorer,
       tx_hash = excluded.tx_hash, transactions = transactions + 1, submitted_at = coalesce(submitted_at, excluded.submitted_at),
       block_number = NULL, block_hash = NULL, block_time = NULL, gas_used = NULL, state = 'submitted'`,
  ).run(batch, chainId, contract, anchorer, txHash, at);
  statement(
    db,
    'INSERT OR IGNORE INTO anchor_transactions (tx_hash, chain_id, contract, anchorer, nonce) VALUES (?, ?, ?, ?, ?)',
  ).run(txHash, chainId, contract, anchorer, nonce);
}

function setState(db: Database, batch: number, chainId: number, state: AnchorState): void {
  statement(db, 'UPDATE anchors SET state = ? WHERE batch = ? AND chain_id = ?').run(state, batch, chainId);
}

/** Batches newest first, before a cursor. */
export function listBatches(
  db: Database,
  { before, limit }: { before?: number | undefined; limit: number },
): { items: readonly BatchView[]; next: number | undefined } {
  const rows = statement(db, 'SELECT * FROM batches WHERE number < ? ORDER BY number DESC LIMIT ?').all(
    before ?? Number.MAX_SAFE_INTEGER,
    limit + 1,
  ) as BatchRow[];
  const page = rows.slice(0, limit);
  return { items: page.map((row) => toView(db, row)), next: rows.length > limit ? page.at(-1)?.number : undefined };
}

export function batchView(db: Database, number: number): BatchView | undefined {
  const row = statement(db, 'SELECT * FROM batches WHERE number = ?').get(number) as BatchRow | undefined;
  return row && toView(db, row);
}

/** Sizes of the log at the ends of the batches up to a size, ascending. */
export function batchSizesUpTo(db: Database, size: number): readonly number[] {
  const rows = statement(db, 'SELECT size FROM batches WHERE size <= ? ORDER BY size').all(size) as { size: number }[];
  return rows.map((row) => row.size);
}

export function newestBatch(db: Database): BatchView | undefined {
  const row = statement(db, 'SELECT * FROM batches ORDER BY number DESC LIMIT 1').get() as BatchRow | undefined;
  return row && toView(db, row);
}

/** Number of the newest batch with a root, base64. */
export function batchWithRoot(db: Database, root: string): number | undefined {
  // Without an index: it is asked about the newest ones, and finds them at once.
  const row = statement(db, 'SELECT number FROM batches WHERE root = ? ORDER BY number DESC LIMIT 1').get(root) as
    { number: number } | undefined;
  return row?.number;
}

/** The batch in which a log index lies, once it is sealed. */
export function batchOfIndex(db: Database, index: number): BatchView | undefined {
  const row = statement(
    db,
    'SELECT * FROM batches WHERE to_index >= ? AND from_index <= ? ORDER BY number LIMIT 1',
  ).get(index, index) as BatchRow | undefined;
  return row && toView(db, row);
}

/** A final anchor with its kept proof. */
export interface FinalAnchor {
  readonly batch: number;
  readonly size: number;
  readonly proof: AnchorProof;
  readonly blockTime: number;
}

/** How much newer another chain's anchor must be, in seconds, to be taken instead of the main chain's. */
const MAIN_CHAIN_GRACE = 86_400;

/**
 * The newest final anchor, or the first that covers a log index. Of several chains the main one is taken, unless it has
 * none, is closed, or has fallen behind by a day: its standing would then be older than need be (S11).
 * @param mainChainId default: the chain with the lowest id
 */
export function finalAnchor(
  db: Database,
  which: 'newest' | { firstCovering: number } | { newestCovering: number },
  mainChainId?: number,
): FinalAnchor | undefined {
  if (which !== 'newest' && 'firstCovering' in which) return firstCovering(db, which.firstCovering, mainChainId);
  const above = which === 'newest' ? 0 : which.newestCovering;
  const newest = chainsWithAnchors(db).flatMap((chainId) => {
    const row = statement(db, `${FINAL_ANCHOR} WHERE a.chain_id = ? AND b.size > ? ORDER BY b.number DESC LIMIT 1`).get(
      chainId,
      above,
    ) as FinalAnchorRow | undefined;
    return row ? [row] : [];
  });
  const open = newest.filter(({ closed }) => closed === 0);
  const among = open.length > 0 ? open : newest;
  const latest = Math.max(...among.map(({ blockTime }) => blockTime));
  const main = among.find(({ chainId }) => chainId === (mainChainId ?? among[0]?.chainId));
  if (main && latest - main.blockTime < MAIN_CHAIN_GRACE) return asFinal(main);
  return asFinal(among.toSorted((a, b) => b.batch - a.batch)[0]);
}

const FINAL_ANCHOR = `SELECT b.number AS batch, b.size, p.proof, a.block_time AS blockTime, a.chain_id AS chainId,
    EXISTS (SELECT 1 FROM closed_chains c WHERE c.chain_id = a.chain_id) AS closed
  FROM batches b JOIN anchors a ON a.batch = b.number AND a.state = 'finalised'
  JOIN anchor_proofs p ON p.batch = a.batch AND p.chain_id = a.chain_id`;

interface FinalAnchorRow {
  readonly batch: number;
  readonly size: number;
  readonly proof: string;
  readonly blockTime: number;
  readonly chainId: number;
  readonly closed: 0 | 1;
}

function firstCovering(db: Database, index: number, mainChainId: number | undefined): FinalAnchor | undefined {
  return asFinal(
    statement(db, `${FINAL_ANCHOR} WHERE b.size > ? ORDER BY b.number, a.chain_id = ? DESC, a.chain_id LIMIT 1`).get(
      index,
      mainChainId ?? 0,
    ) as FinalAnchorRow | undefined,
  );
}

function asFinal(row: FinalAnchorRow | undefined): FinalAnchor | undefined {
  if (!row) return undefined;
  const { batch, size, blockTime, proof } = row;
  return { batch, size, blockTime, proof: JSON.parse(proof) as AnchorProof };
}

function chainsWithAnchors(db: Database): readonly number[] {
  const rows = statement(db, 'SELECT DISTINCT chain_id AS chainId FROM anchors ORDER BY chain_id').all();
  return (rows as { chainId: number }[]).map(({ chainId }) => chainId);
}

/**
 * Numbers of the batches that no final anchor covers yet, oldest first: a head covers all before it, so a batch that
 * was reorganised away is settled by any later final anchor.
 * @param chainId counts the anchors of that chain alone, and leaves out batches from before its anchorer changed: those
 *   only the former one could have anchored (S19), and the next batch covers them
 */
export function unsettledBatches(db: Database, chainId?: number): readonly number[] {
  return (
    statement(
      db,
      `SELECT number FROM batches WHERE number > coalesce((SELECT max(batch) FROM anchors
           WHERE state = 'finalised' AND (@chainId IS NULL OR chain_id = @chainId)), 0)
         AND size > coalesce((SELECT from_index FROM rotations WHERE chain_id = @chainId), 0) ORDER BY number`,
    ).all({ chainId: chainId ?? null }) as { number: number }[]
  ).map(({ number }) => number);
}

/** Numbers of the batches that somebody has begun to anchor on a chain, or asked for, and that are not settled there. */
export function begunOn(db: Database, chainId: number): readonly number[] {
  return (
    statement(
      db,
      `SELECT batch FROM anchors WHERE chain_id = @chainId AND state <> 'finalised' AND batch >
         coalesce((SELECT max(batch) FROM anchors WHERE state = 'finalised' AND chain_id = @chainId), 0) ORDER BY batch`,
    ).all({ chainId }) as { batch: number }[]
  ).map(({ batch }) => batch);
}

/** The highest nonce of an anchorer's transactions that are in blocks of a chain; undefined where there is none. */
export function spentNonce(db: Database, chainId: number, anchorer: string): number | undefined {
  const row = statement(
    db,
    `SELECT max(t.nonce) AS nonce FROM anchors a JOIN anchor_transactions t
       ON t.tx_hash = a.tx_hash AND t.chain_id = a.chain_id
     WHERE a.chain_id = ? AND t.anchorer = ? AND a.state IN ('confirmed', 'finalised')`,
  ).get(chainId, anchorer) as { nonce: number | null };
  return row.nonce ?? undefined;
}

/** When the newest anchor of a chain was submitted, ISO 8601. */
export function newestSubmissionOn(db: Database, chainId: number): string | undefined {
  const row = statement(db, 'SELECT max(submitted_at) AS at FROM anchors WHERE chain_id = ?').get(chainId) as {
    at: string | null;
  };
  return row.at ?? undefined;
}

/** Anchors in blocks of a chain from a time on, in seconds since 1970, with what they cost. */
export function paidAnchors(db: Database, chainId: number, fromSeconds: number): readonly PaidAnchor[] {
  const rows = statement(
    db,
    `SELECT a.batch, a.block_time AS blockTime, a.gas_used AS gasUsed, a.effective_gas_price AS price, a.l1_fee AS l1Fee,
       (SELECT count(*) FROM credentials c WHERE c.log_index BETWEEN b.from_index AND b.to_index) AS credentials
     FROM anchors a JOIN batches b ON b.number = a.batch
     WHERE a.chain_id = ? AND a.block_time >= ? ORDER BY a.batch`,
  ).all(chainId, fromSeconds) as {
    batch: number;
    blockTime: number;
    gasUsed: string;
    price: string | null;
    l1Fee: string | null;
    credentials: number;
  }[];
  return rows.map(({ batch, blockTime, gasUsed, price, l1Fee, credentials }) => ({
    chainId,
    batch,
    blockTime,
    gasUsed,
    effectiveGasPrice: price ?? undefined,
    l1Fee: l1Fee ?? undefined,
    credentials,
  }));
}

/** The newest batch that is final on a chain. */
export function finalOn(db: Database, chainId: number): { readonly batch: number; readonly size: number } | undefined {
  return statement(
    db,
    `SELECT b.number AS batch, b.size FROM batches b JOIN anchors a ON a.batch = b.number
     WHERE a.chain_id = ? AND a.state = 'finalised' ORDER BY b.number DESC LIMIT 1`,
  ).get(chainId) as { batch: number; size: number } | undefined;
}

/** A final anchor as it is listed for the time after its chain, with the entry that has its block's hash (S10). */
export interface ListedAnchor {
  readonly batch: number;
  readonly size: number;
  /** base64 */
  readonly root: string;
  readonly txHash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  /** Seconds since 1970. */
  readonly blockTime: number;
  /** Log index of the `AnchorFinalised` entry. */
  readonly entry: number;
}

/** All final anchors on a chain, oldest first. */
export function listedAnchors(db: Database, chainId: number): readonly ListedAnchor[] {
  return statement(
    db,
    `SELECT b.number AS batch, b.size, b.root, a.tx_hash AS txHash, a.block_number AS blockNumber,
       a.block_hash AS blockHash, a.block_time AS blockTime, a.finalised_index AS entry
     FROM anchors a JOIN batches b ON b.number = a.batch
     WHERE a.chain_id = ? AND a.state = 'finalised' ORDER BY a.batch`,
  ).all(chainId) as ListedAnchor[];
}

/** Final anchors on a chain, newest batch first. */
export function finalisedOn(
  db: Database,
  chainId: number,
  limit: number,
): readonly { batch: number; txHash: string; blockNumber: number; blockHash: string }[] {
  return statement(
    db,
    `SELECT batch, tx_hash AS txHash, block_number AS blockNumber, block_hash AS blockHash FROM anchors
       WHERE chain_id = ? AND state = 'finalised' ORDER BY batch DESC LIMIT ?`,
  ).all(chainId, limit) as { batch: number; txHash: string; blockNumber: number; blockHash: string }[];
}

interface BatchRow {
  readonly number: number;
  readonly from_index: number;
  readonly to_index: number;
  readonly size: number;
  readonly root: string;
  readonly sealed_at: string;
}

interface AnchorRow {
  readonly chain_id: number;
  readonly contract: string | null;
  readonly anchorer: string | null;
  readonly tx_hash: string | null;
  readonly block_number: number | null;
  readonly block_hash: string | null;
  readonly block_time: number | null;
  readonly gas_used: string | null;
  readonly effective_gas_price: string | null;
  readonly l1_fee: string | null;
  readonly transactions: number;
  readonly submitted_at: string | null;
  readonly confirmed_at: string | null;
  readonly finalised_at: string | null;
  readonly closed: 0 | 1;
  readonly state: AnchorState;
}

function toView(db: Database, row: BatchRow): BatchView {
  const { credentials } = statement(
    db,
    'SELECT count(*) AS credentials FROM credentials WHERE log_index BETWEEN ? AND ?',
  ).get(row.from_index, row.to_index) as { credentials: number };
  const anchors = statement(
    db,
    `SELECT a.*, EXISTS (SELECT 1 FROM closed_chains c WHERE c.chain_id = a.chain_id) AS closed
       FROM anchors a WHERE batch = ? ORDER BY chain_id`,
  ).all(row.number) as AnchorRow[];
  return {
    number: row.number,
    fromIndex: row.from_index,
    toIndex: row.to_index,
    size: row.size,
    root: row.root,
    credentials,
    sealedAt: row.sealed_at,
    anchors: anchors.map(anchorView),
  };
}

function anchorView(row: AnchorRow): AnchorView {
  const { gas_used: gasUsed, effective_gas_price: price, l1_fee: l1Fee } = row;
  const cost =
    gasUsed === null
      ? undefined
      : costOfAnchor({ gasUsed, effectiveGasPrice: price ?? undefined, l1Fee: l1Fee ?? undefined });
  return {
    chainId: row.chain_id,
    ...(row.contract === null ? {} : { contract: row.contract }),
    ...(row.anchorer === null ? {} : { anchorer: row.anchorer }),
    ...(row.tx_hash === null ? {} : { txHash: row.tx_hash }),
    ...(row.block_number === null ? {} : { blockNumber: row.block_number }),
    ...(row.block_hash === null ? {} : { blockHash: row.block_hash }),
    ...(row.block_time === null ? {} : { blockTime: row.block_time }),
    ...(gasUsed === null ? {} : { gasUsed }),
    ...(price === null ? {} : { effectiveGasPrice: price }),
    ...(l1Fee === null ? {} : { l1Fee }),
    ...(cost === undefined ? {} : { cost }),
    transactions: row.transactions,
    ...(row.submitted_at === null ? {} : { submittedAt: row.submitted_at }),
    ...(row.confirmed_at === null ? {} : { confirmedAt: row.confirmed_at }),
    ...(row.finalised_at === null ? {} : { finalisedAt: row.finalised_at }),
    state: row.closed === 1 && row.state === 'finalised' ? 'closed' : row.state,
  };
}
