/** Every batch with its anchors, as the contract's `Batch`: from `batch-<n>` and the proofs in `vault-anchor-<n>`. */
import type { Projection } from '../event-store/projections.js';
import type { Database } from '../event-store/sqlite-file.js';
import { statement } from '../event-store/statements.js';
import type { StoredEvent } from '../event-store/event-store.js';
import type { AnchorProof } from '../verification/bundle.js';
import {
  LEDGER_STREAM,
  STANDING_STREAM,
  type AnchorState,
  type AnchorSubmitted,
  type BatchEvent,
  type LedgerEvent,
} from './anchoring.events.js';
import { costOfAll, costOfAnchor, FORECAST_DAYS, type PaidAnchor } from './cost.js';
import { feesOf, type SignedFees } from './signed-fees.js';

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
  /**
   * Seconds from the oldest event that no earlier anchor on this chain covers to `finalisedAt`; left out where nothing
   * had happened, and while it is not final.
   */
  readonly delaySeconds?: number;
  /** How often a block that held it has left the chain. */
  readonly reorganisations: number;
  readonly state: AnchorState;
}

/**
 * `included`: in the block that holds the anchor. `replaced`: another one with its nonce was offered in its place, or
 * mined. `failed`: it will not be mined, or was reverted. `waiting`: for a block.
 */
export type TransactionOutcome = 'included' | 'replaced' | 'failed' | 'waiting';

/** A transaction that was made for an anchor. */
export interface AnchorTransaction extends Partial<SignedFees> {
  readonly txHash: string;
  readonly nonce: number;
  /** ISO 8601: when it was recorded, before it left. */
  readonly submittedAt: string;
  /** Hash of the one whose place it was to take. */
  readonly replaces?: string;
  readonly outcome: TransactionOutcome;
  /** Why it failed: `reverted`, `nonceUsed`, `nonceGap`. */
  readonly failed?: string;
}

/** A batch with every transaction that was made for it, oldest first. */
export interface BatchDetail extends Omit<BatchView, 'anchors'> {
  readonly anchors: readonly (AnchorView & { readonly sent: readonly AnchorTransaction[] })[];
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
  /** ISO 8601: when the oldest event in it happened; left out where it holds the log's own book-keeping alone. */
  readonly firstAt?: string;
  readonly anchors: readonly AnchorView[];
}

export const batchesProjection: Projection = {
  name: 'batches',
  version: 4,
  schema: `
    CREATE TABLE batches (
      number INTEGER PRIMARY KEY,
      from_index INTEGER NOT NULL,
      to_index INTEGER NOT NULL,
      size INTEGER NOT NULL,
      root TEXT NOT NULL,
      sealed_at TEXT NOT NULL,
      first_at TEXT
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
      reorganisations INTEGER NOT NULL DEFAULT 0,
      state TEXT NOT NULL,
      PRIMARY KEY (batch, chain_id)
    );
    CREATE TABLE closed_chains (chain_id INTEGER PRIMARY KEY, closed_at TEXT NOT NULL);
    CREATE TABLE anchor_transactions (tx_hash TEXT NOT NULL, chain_id INTEGER NOT NULL, contract TEXT NOT NULL,
      anchorer TEXT NOT NULL, nonce INTEGER NOT NULL, batch INTEGER NOT NULL, submitted_at TEXT NOT NULL, replaces TEXT,
      failed TEXT, failed_at INTEGER, max_fee_per_gas TEXT, max_priority_fee_per_gas TEXT, gas_limit TEXT, PRIMARY KEY (tx_hash, chain_id));
    CREATE TABLE happenings (log_index INTEGER PRIMARY KEY, at TEXT NOT NULL);
    CREATE TABLE newest_standing (id INTEGER PRIMARY KEY, log_index INTEGER NOT NULL);
    CREATE TABLE chain_counts (chain_id INTEGER NOT NULL, what TEXT NOT NULL, n INTEGER NOT NULL,
      PRIMARY KEY (chain_id, what));
    CREATE TABLE chain_spent (chain_id INTEGER PRIMARY KEY, wei TEXT NOT NULL);
    CREATE TABLE rotations (chain_id INTEGER PRIMARY KEY, from_index INTEGER NOT NULL);
    CREATE TABLE anchor_proofs (batch INTEGER NOT NULL, chain_id INTEGER NOT NULL, proof TEXT NOT NULL, PRIMARY KEY (batch, chain_id));`,
  indexes: [
    'CREATE INDEX anchors_by_chain ON anchors (chain_id, batch)',
    "CREATE INDEX anchors_open ON anchors (chain_id, state) WHERE state <> 'finalised'",
    'CREATE INDEX transactions_by_batch ON anchor_transactions (batch, chain_id)',
    "CREATE INDEX transactions_reverted ON anchor_transactions (chain_id, failed_at) WHERE failed = 'reverted'",
  ],
  apply(db, stored) {
    if (stored.index !== undefined && !stored.stream.startsWith('batch-')) applyToLog(db, stored.stream, stored);
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

/**
 * Keeps the oldest event that is in no batch. A batch ends at a standing record, and events may come between that and
 * `BatchSealed`: so of each stretch between two records the first is kept, until its batch is sealed.
 */
function applyToLog(db: Database, stream: string, { index, at }: Pick<StoredEvent, 'index' | 'at'>): void {
  if (stream === STANDING_STREAM) {
    statement(db, 'INSERT OR REPLACE INTO newest_standing (id, log_index) VALUES (1, ?)').run(index);
    return;
  }
  statement(
    db,
    `INSERT INTO happenings (log_index, at) SELECT ?, ?
       WHERE NOT EXISTS (SELECT 1 FROM happenings WHERE log_index > coalesce((SELECT log_index FROM newest_standing), -1))`,
  ).run(index, at);
}

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
        `INSERT INTO batches (number, from_index, to_index, size, root, sealed_at, first_at) VALUES (@batch, @fromIndex,
           @toIndex, @size, @root, @at, (SELECT at FROM happenings WHERE log_index <= @toIndex ORDER BY log_index LIMIT 1))`,
      ).run({ ...event.data, batch, at: stored.at });
      statement(db, 'DELETE FROM happenings WHERE log_index <= ?').run(event.data.toIndex);
      break;
    case 'AnchorRequested':
      statement(db, "INSERT OR IGNORE INTO anchors (batch, chain_id, state) VALUES (?, ?, 'requested')").run(
        batch,
        event.data.chainId,
      );
      break;
    case 'AnchorSubmitted':
      applySubmission(db, batch, event.data, stored.at);
      break;
    case 'AnchorReplaced':
      applySubmission(db, batch, event.data, stored.at, event.data.replaces);
      add(db, event.data.chainId, 'replacements');
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
      add(db, event.data.chainId, 'final');
      addAnchorCost(db, batch, event.data.chainId, 1n);
      break;
    case 'AnchorReorganised':
      if (isFinal(db, batch, event.data.chainId)) {
        add(db, event.data.chainId, 'final', -1);
        // What was paid in a block that is gone was never paid.
        addAnchorCost(db, batch, event.data.chainId, -1n);
      }
      add(db, event.data.chainId, 'reorganisations');
      statement(
        db,
        `UPDATE anchors SET block_number = NULL, block_hash = NULL, block_time = NULL, gas_used = NULL,
           effective_gas_price = NULL, l1_fee = NULL, confirmed_at = NULL, finalised_at = NULL, finalised_index = NULL,
           reorganisations = reorganisations + 1, state = 'reorganised' WHERE batch = ? AND chain_id = ?`,
      ).run(batch, event.data.chainId);
      statement(db, 'DELETE FROM anchor_proofs WHERE batch = ? AND chain_id = ?').run(batch, event.data.chainId);
      break;
    case 'AnchorFailed': {
      const { chainId, txHash, code } = event.data;
      const failedAt = Math.floor(Date.parse(stored.at) / 1000);
      statement(db, 'UPDATE anchor_transactions SET failed = ?, failed_at = ? WHERE tx_hash = ? AND chain_id = ?').run(
        code,
        failedAt,
        txHash,
        chainId,
      );
      add(db, chainId, `${FAILED}${code}`);
      if (code === REVERTED) addSpent(db, chainId, BigInt(costOfAll(revertedOn(db, chainId, failedAt, txHash))));
      // Another one that was made for it may still be mined.
      statement(
        db,
        `UPDATE anchors SET state = 'requested' WHERE batch = @batch AND chain_id = @chainId AND NOT EXISTS
           (SELECT 1 FROM anchor_transactions WHERE batch = @batch AND chain_id = @chainId AND failed IS NULL)`,
      ).run({ batch, chainId });
      break;
    }
  }
}

const FAILED = 'failed ';
const REVERTED = 'reverted';

function add(db: Database, chainId: number, what: string, n = 1): void {
  statement(
    db,
    `INSERT INTO chain_counts (chain_id, what, n) VALUES (?, ?, ?)
       ON CONFLICT (chain_id, what) DO UPDATE SET n = n + excluded.n`,
  ).run(chainId, what, n);
}

function isFinal(db: Database, batch: number, chainId: number): boolean {
  const row = statement(db, "SELECT 1 FROM anchors WHERE batch = ? AND chain_id = ? AND state = 'finalised'").get(
    batch,
    chainId,
  );
  return row !== undefined;
}

/** Adds what an anchor has cost to what the chain has, or takes it away. */
function addAnchorCost(db: Database, batch: number, chainId: number, times: 1n | -1n): void {
  const { gasUsed, price, l1Fee } = statement(
    db,
    `SELECT gas_used AS gasUsed, effective_gas_price AS price, l1_fee AS l1Fee FROM anchors
       WHERE batch = ? AND chain_id = ?`,
  ).get(batch, chainId) as { gasUsed: string; price: string | null; l1Fee: string | null };
  const cost = costOfAnchor({ gasUsed, effectiveGasPrice: price ?? undefined, l1Fee: l1Fee ?? undefined });
  if (cost !== undefined) addSpent(db, chainId, times * BigInt(cost));
}

/** Wei are longer than SQLite's integers: what a billion dear anchors cost must not overflow. */
function addSpent(db: Database, chainId: number, wei: bigint): void {
  statement(db, 'INSERT OR REPLACE INTO chain_spent (chain_id, wei) VALUES (?, ?)').run(
    chainId,
    (BigInt(spentOn(db, chainId)) + wei).toString(),
  );
}

function applySubmission(
  db: Database,
  batch: number,
  data: AnchorSubmitted['data'],
  at: string,
  replaces?: string,
): void {
  const { chainId, contract, anchorer, txHash, nonce, signedTransaction } = data;
  const fees = feesOf(signedTransaction);
  statement(
    db,
    `INSERT INTO anchors (batch, chain_id, contract, anchorer, tx_hash, transactions, submitted_at, state)
     VALUES (?, ?, ?, ?, ?, 1, ?, 'submitted')
     ON CONFLICT (batch, chain_id) DO UPDATE SET contract = excluded.contract, anchorer = excluded.anchorer,
       tx_hash = excluded.tx_hash, transactions = transactions + 1, submitted_at = coalesce(submitted_at, excluded.submitted_at),
       block_number = NULL, block_hash = NULL, block_time = NULL, gas_used = NULL, state = 'submitted'`,
  ).run(batch, chainId, contract, anchorer, txHash, at);
  add(db, chainId, 'transactions');
  statement(
    db,
    `INSERT OR IGNORE INTO anchor_transactions (tx_hash, chain_id, contract, anchorer, nonce, batch, submitted_at, replaces,
       max_fee_per_gas, max_priority_fee_per_gas, gas_limit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    txHash,
    chainId,
    contract,
    anchorer,
    nonce,
    batch,
    at,
    replaces ?? null,
    fees?.maxFeePerGas ?? null,
    fees?.maxPriorityFeePerGas ?? null,
    fees?.gasLimit ?? null,
  );
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

/** A batch with every transaction that was made for it. */
export function batchDetail(db: Database, number: number): BatchDetail | undefined {
  const view = batchView(db, number);
  if (!view) return undefined;
  return { ...view, anchors: view.anchors.map((anchor) => ({ ...anchor, sent: transactionsOf(db, number, anchor) })) };
}

interface TransactionRow {
  readonly txHash: string;
  readonly nonce: number;
  readonly submittedAt: string;
  readonly replaces: string | null;
  readonly failed: string | null;
  readonly maxFeePerGas: string | null;
  readonly maxPriorityFeePerGas: string | null;
  readonly gasLimit: string | null;
}

function transactionsOf(db: Database, batch: number, anchor: AnchorView): readonly AnchorTransaction[] {
  const rows = statement(
    db,
    `SELECT tx_hash AS txHash, nonce, submitted_at AS submittedAt, replaces, failed, max_fee_per_gas AS maxFeePerGas,
       max_priority_fee_per_gas AS maxPriorityFeePerGas, gas_limit AS gasLimit
     FROM anchor_transactions WHERE batch = ? AND chain_id = ? ORDER BY rowid`,
  ).all(batch, anchor.chainId) as TransactionRow[];
  const included = anchor.blockNumber === undefined ? undefined : rows.find(({ txHash }) => txHash === anchor.txHash);
  return rows.map((row) => {
    const isReplaced = rows.some(({ replaces }) => replaces === row.txHash) || row.nonce === included?.nonce;
    const left = row.failed !== null ? 'failed' : isReplaced ? 'replaced' : 'waiting';
    const known = Object.entries(row).filter(([, value]) => value !== null);
    return {
      ...(Object.fromEntries(known) as unknown as Omit<AnchorTransaction, 'outcome'>),
      outcome: row === included ? 'included' : left,
    };
  });
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

/** Final anchors of a chain whose proof could not be made yet, the newest first. */
export function unprovenOn(
  db: Database,
  chainId: number,
  limit: number,
): readonly { readonly batch: number; readonly txHash: string; readonly blockHash: string }[] {
  return statement(
    db,
    `SELECT batch, tx_hash AS txHash, block_hash AS blockHash FROM anchors a WHERE chain_id = ? AND state = 'finalised'
       AND NOT EXISTS (SELECT 1 FROM anchor_proofs p WHERE p.batch = a.batch AND p.chain_id = a.chain_id)
     ORDER BY batch DESC LIMIT ?`,
  ).all(chainId, limit) as { batch: number; txHash: string; blockHash: string }[];
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

/** The highest nonce of an anchorer's transactions that a chain reverted; undefined where there is none. */
export function revertedNonce(db: Database, chainId: number, anchorer: string): number | undefined {
  const row = statement(
    db,
    'SELECT max(nonce) AS nonce FROM anchor_transactions WHERE chain_id = ? AND anchorer = ? AND failed = ?',
  ).get(chainId, anchorer, REVERTED) as { nonce: number | null };
  return row.nonce ?? undefined;
}

/** Anchors in blocks of a chain from a time on, in seconds since 1970, with what they cost; and what was reverted. */
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
  const anchors = rows.map(({ batch, blockTime, gasUsed, price, l1Fee, credentials }) => ({
    chainId,
    batch,
    blockTime,
    gasUsed,
    effectiveGasPrice: price ?? undefined,
    l1Fee: l1Fee ?? undefined,
    credentials,
  }));
  return [...anchors, ...revertedOn(db, chainId, fromSeconds)];
}

/**
 * Transactions that a chain reverted: gas is paid for them as well. What the block took for each is in no event, so it is
 * what the transaction offered: all of its gas, at its highest price.
 * @param fromSeconds since 1970, when that was recorded
 */
function revertedOn(db: Database, chainId: number, fromSeconds: number, txHash?: string): readonly PaidAnchor[] {
  const rows = statement(
    db,
    `SELECT batch, failed_at AS blockTime, gas_limit AS gasUsed, max_fee_per_gas AS effectiveGasPrice
     FROM anchor_transactions WHERE chain_id = @chainId AND failed = @failed AND failed_at >= @fromSeconds
       AND gas_limit IS NOT NULL AND (@txHash IS NULL OR tx_hash = @txHash) ORDER BY batch`,
  ).all({ chainId, failed: REVERTED, fromSeconds, txHash: txHash ?? null }) as {
    batch: number;
    blockTime: number;
    gasUsed: string;
    effectiveGasPrice: string;
  }[];
  return rows.map((row) => ({ chainId, ...row, credentials: 0, reverted: true }));
}

/** What has been done on a chain since the beginning. */
export interface ChainTotals {
  readonly chainId: number;
  /** Anchors by state; those that are final count as such also where the chain has closed. */
  readonly anchors: Readonly<Record<Exclude<AnchorState, 'closed'>, number>>;
  readonly transactions: number;
  /** Transactions that took another's place, for more. */
  readonly replacements: number;
  /** Blocks with an anchor that left the chain. */
  readonly reorganisations: number;
  /** Transactions that were given up, by why. */
  readonly failures: Readonly<Record<string, number>>;
  /** Wei, decimal: what final anchors with a known price have cost, and what was reverted at most. */
  readonly spent: string;
}

export function chainTotals(db: Database, chainId: number): ChainTotals {
  const rows = statement(db, 'SELECT what, n FROM chain_counts WHERE chain_id = ?').all(chainId) as {
    what: string;
    n: number;
  }[];
  const counts = new Map(rows.map(({ what, n }) => [what, n]));
  const open = statement(
    db,
    "SELECT state, count(*) AS n FROM anchors WHERE chain_id = ? AND state <> 'finalised' GROUP BY state",
  ).all(chainId) as { state: AnchorState; n: number }[];
  return {
    chainId,
    anchors: {
      ...{ requested: 0, submitted: 0, confirmed: 0, reorganised: 0 },
      ...Object.fromEntries(open.map(({ state, n }) => [state, n])),
      finalised: counts.get('final') ?? 0,
    },
    transactions: counts.get('transactions') ?? 0,
    replacements: counts.get('replacements') ?? 0,
    reorganisations: counts.get('reorganisations') ?? 0,
    failures: Object.fromEntries(
      rows.filter(({ what }) => what.startsWith(FAILED)).map(({ what, n }) => [what.slice(FAILED.length), n]),
    ),
    spent: spentOn(db, chainId),
  };
}

function spentOn(db: Database, chainId: number): string {
  const row = statement(db, 'SELECT wei FROM chain_spent WHERE chain_id = ?').get(chainId) as
    { wei: string } | undefined;
  return row?.wei ?? '0';
}

/** The newest final anchors on a chain, newest first. */
export function newestFinal(
  db: Database,
  chainId: number,
  limit: number,
): readonly { readonly batch: number; readonly credentials: number; readonly anchor: AnchorView }[] {
  const rows = statement(
    db,
    `${ANCHORS} WHERE a.chain_id = ? AND a.state = 'finalised' ORDER BY a.batch DESC LIMIT ?`,
  ).all(chainId, limit) as AnchorRow[];
  return rows.map((row) => ({
    batch: row.batch,
    credentials: credentialsIn(db, row.batch),
    anchor: anchorView(row),
  }));
}

function credentialsIn(db: Database, batch: number): number {
  const { n } = statement(
    db,
    `SELECT count(*) AS n FROM batches b JOIN credentials c ON c.log_index BETWEEN b.from_index AND b.to_index
       WHERE b.number = ?`,
  ).get(batch) as { n: number };
  return n;
}

/** When the oldest event happened that is under no final anchor, ISO 8601; the log's own book-keeping waits for none. */
export function oldestUnanchored(db: Database): string | undefined {
  const row = statement(
    db,
    `SELECT at FROM (SELECT first_at AS at, number AS place FROM batches WHERE first_at IS NOT NULL AND number >
         coalesce((SELECT max(batch) FROM anchors WHERE state = 'finalised'), 0)
       UNION ALL SELECT at, 9e15 + log_index FROM happenings) ORDER BY place LIMIT 1`,
  ).get() as { at: string } | undefined;
  return row?.at;
}

/** Entries under the newest final anchor of any chain. */
export function anchoredSize(db: Database): number {
  const row = statement(
    db,
    `SELECT size FROM batches WHERE number = (SELECT max(batch) FROM anchors WHERE state = 'finalised')`,
  ).get() as { size: number } | undefined;
  return row?.size ?? 0;
}

/** What `recentAnchors` has found, and how long that took, in milliseconds. */
interface Recent {
  readonly anchors: readonly PaidAnchor[];
  readonly tookMs: number;
  readonly atMs: number;
}
const RECENT = new WeakMap<Database, Map<number, Recent>>();
/** Metrics and pages may take so little of the time, however many anchors there are. */
const SHARE_OF_TIME = 0.05;

/**
 * `paidAnchors` of the last `FORECAST_DAYS`, for what is asked again and again. An embedded chain may have a hundred
 * thousand: an answer that took long is given again for a while.
 */
export function recentAnchors(db: Database, chainId: number, nowSeconds: number): readonly PaidAnchor[] {
  let byChain = RECENT.get(db);
  if (!byChain) RECENT.set(db, (byChain = new Map<number, Recent>()));
  const known = byChain.get(chainId);
  const begin = performance.now();
  if (known && begin - known.atMs < known.tookMs / SHARE_OF_TIME) return known.anchors;
  const anchors = paidAnchors(db, chainId, nowSeconds - FORECAST_DAYS * 86_400);
  const atMs = performance.now();
  byChain.set(chainId, { anchors, tookMs: atMs - begin, atMs });
  return anchors;
}

/** Chains with final anchors that were recorded after a log index. */
export function chainsFinalAfter(db: Database, index: number): readonly number[] {
  const rows = statement(
    db,
    "SELECT DISTINCT chain_id AS chainId FROM anchors WHERE state = 'finalised' AND finalised_index > ?",
  ).all(index) as { chainId: number }[];
  return rows.map(({ chainId }) => chainId);
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
  readonly first_at: string | null;
}

interface AnchorRow {
  readonly batch: number;
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
  readonly reorganisations: number;
  readonly oldest_at: string | null;
  readonly closed: 0 | 1;
  readonly state: AnchorState;
}

/** The oldest event that an anchor is the first to cover on its chain: a witness covers several batches at once. */
const ANCHORS = `SELECT a.*, EXISTS (SELECT 1 FROM closed_chains c WHERE c.chain_id = a.chain_id) AS closed,
    (SELECT f.first_at FROM batches f WHERE f.first_at IS NOT NULL AND f.number <= a.batch AND f.number > coalesce(
        (SELECT max(p.batch) FROM anchors p WHERE p.chain_id = a.chain_id AND p.batch < a.batch AND p.state = 'finalised'),
        0) ORDER BY f.number LIMIT 1) AS oldest_at
  FROM anchors a`;

function toView(db: Database, row: BatchRow): BatchView {
  const { credentials } = statement(
    db,
    'SELECT count(*) AS credentials FROM credentials WHERE log_index BETWEEN ? AND ?',
  ).get(row.from_index, row.to_index) as { credentials: number };
  const anchors = statement(db, `${ANCHORS} WHERE a.batch = ? ORDER BY a.chain_id`).all(row.number) as AnchorRow[];
  return {
    number: row.number,
    fromIndex: row.from_index,
    toIndex: row.to_index,
    size: row.size,
    root: row.root,
    credentials,
    sealedAt: row.sealed_at,
    ...(row.first_at === null ? {} : { firstAt: row.first_at }),
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
    ...(row.finalised_at === null || row.oldest_at === null
      ? {}
      : { delaySeconds: secondsBetween(row.oldest_at, row.finalised_at) }),
    reorganisations: row.reorganisations,
    state: row.closed === 1 && row.state === 'finalised' ? 'closed' : row.state,
  };
}

/** Clocks of two nodes may differ: no time passes backwards. */
function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}

/** The kept proof of a batch's final anchor on a chain; undefined where there is none. */
export function keptProof(db: Database, number: number, chainId: number): AnchorProof | undefined {
  const row = statement(db, 'SELECT proof FROM anchor_proofs WHERE batch = ? AND chain_id = ?').get(number, chainId) as
    { proof: string } | undefined;
  return row && (JSON.parse(row.proof) as AnchorProof);
}
