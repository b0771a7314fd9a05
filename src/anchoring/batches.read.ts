/** Every batch with its anchors, as the contract's `Batch`: from `batch-<n>` and the proofs in `vault-anchor-<n>`. */
import type { Projection } from '../event-store/projections.js';
import type { Database } from '../event-store/sqlite-file.js';
import { statement } from '../event-store/statements.js';
import type { StoredEvent } from '../event-store/event-store.js';
import type { AnchorProof } from '../verification/bundle.js';
import type { AnchorState, BatchEvent } from './anchoring.events.js';

/** Block header and receipt proof of a final anchor, kept for when the chain is gone. */
export function anchorProofStream(number: number): string {
  return `vault-anchor-${number}`;
}

export interface AnchorView {
  readonly chainId: number;
  readonly contract: string;
  readonly anchorer: string;
  readonly txHash: string;
  readonly blockNumber?: number;
  readonly blockHash?: string;
  /** Seconds since 1970. */
  readonly blockTime?: number;
  readonly gasUsed?: string;
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
  version: 1,
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
      contract TEXT NOT NULL,
      anchorer TEXT NOT NULL,
      tx_hash TEXT NOT NULL,
      block_number INTEGER,
      block_hash TEXT,
      block_time INTEGER,
      gas_used TEXT,
      state TEXT NOT NULL,
      PRIMARY KEY (batch, chain_id)
    );
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
    }
  },
};

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
    case 'AnchorSubmitted':
      statement(
        db,
        `INSERT OR REPLACE INTO anchors (batch, chain_id, contract, anchorer, tx_hash, state)
         VALUES (?, ?, ?, ?, ?, 'submitted')`,
      ).run(batch, event.data.chainId, event.data.contract, event.data.anchorer, event.data.txHash);
      break;
    case 'AnchorConfirmed':
      statement(
        db,
        `UPDATE anchors SET block_number = ?, block_hash = ?, block_time = ?, gas_used = ?, state = 'confirmed'
         WHERE batch = ? AND chain_id = ?`,
      ).run(
        event.data.blockNumber,
        event.data.blockHash,
        event.data.blockTime,
        event.data.gasUsed,
        batch,
        event.data.chainId,
      );
      break;
    case 'AnchorFinalised':
      setState(db, batch, event.data.chainId, 'finalised');
      break;
    case 'AnchorReorganised':
      statement(
        db,
        `UPDATE anchors SET block_number = NULL, block_hash = NULL, block_time = NULL, gas_used = NULL,
           state = 'reorganised' WHERE batch = ? AND chain_id = ?`,
      ).run(batch, event.data.chainId);
      statement(db, 'DELETE FROM anchor_proofs WHERE batch = ? AND chain_id = ?').run(batch, event.data.chainId);
      break;
    case 'AnchorFailed':
      setState(db, batch, event.data.chainId, 'requested');
      break;
  }
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

/** The newest final anchor, or the first that covers a log index. */
export function finalAnchor(db: Database, which: 'newest' | { firstCovering: number }): FinalAnchor | undefined {
  const sql = `SELECT b.number AS batch, b.size, p.proof, a.block_time AS blockTime
    FROM batches b JOIN anchors a ON a.batch = b.number AND a.state = 'finalised'
    JOIN anchor_proofs p ON p.batch = a.batch AND p.chain_id = a.chain_id`;
  const row = (
    which === 'newest'
      ? statement(db, `${sql} ORDER BY b.number DESC, a.chain_id LIMIT 1`).get()
      : statement(db, `${sql} WHERE b.size > ? ORDER BY b.number, a.chain_id LIMIT 1`).get(which.firstCovering)
  ) as { batch: number; size: number; proof: string; blockTime: number } | undefined;
  return row && { ...row, proof: JSON.parse(row.proof) as AnchorProof };
}

/**
 * Numbers of the batches that no final anchor covers yet, oldest first: a head covers all before it, so a batch that
 * was reorganised away is settled by any later final anchor.
 */
export function unsettledBatches(db: Database): readonly number[] {
  return (
    statement(
      db,
      `SELECT number FROM batches
         WHERE number > coalesce((SELECT max(batch) FROM anchors WHERE state = 'finalised'), 0) ORDER BY number`,
    ).all() as { number: number }[]
  ).map(({ number }) => number);
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
  readonly contract: string;
  readonly anchorer: string;
  readonly tx_hash: string;
  readonly block_number: number | null;
  readonly block_hash: string | null;
  readonly block_time: number | null;
  readonly gas_used: string | null;
  readonly state: AnchorState;
}

function toView(db: Database, row: BatchRow): BatchView {
  const { credentials } = statement(
    db,
    'SELECT count(*) AS credentials FROM credentials WHERE log_index BETWEEN ? AND ?',
  ).get(row.from_index, row.to_index) as { credentials: number };
  const anchors = statement(db, 'SELECT * FROM anchors WHERE batch = ? ORDER BY chain_id').all(
    row.number,
  ) as AnchorRow[];
  return {
    number: row.number,
    fromIndex: row.from_index,
    toIndex: row.to_index,
    size: row.size,
    root: row.root,
    credentials,
    sealedAt: row.sealed_at,
    anchors: anchors.map((anchor) => ({
      chainId: anchor.chain_id,
      contract: anchor.contract,
      anchorer: anchor.anchorer,
      txHash: anchor.tx_hash,
      ...(anchor.block_number === null ? {} : { blockNumber: anchor.block_number }),
      ...(anchor.block_hash === null ? {} : { blockHash: anchor.block_hash }),
      ...(anchor.block_time === null ? {} : { blockTime: anchor.block_time }),
      ...(anchor.gas_used === null ? {} : { gasUsed: anchor.gas_used }),
      state: anchor.state,
    })),
  };
}
