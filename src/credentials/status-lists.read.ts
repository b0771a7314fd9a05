/**
 * The status lists as served: the newest published document of each, and which lists no longer say what the log says.
 * The documents lie in `vault-statuslist-<uuid>`, beside the `StatusListPublished` that holds their digest.
 */
import type { JsonObject } from '../encoding/json.js';
import type { Projection } from '../event-store/projections.js';
import type { Database } from '../event-store/sqlite-file.js';
import { statement } from '../event-store/statements.js';
import type { StoredEvent } from '../event-store/event-store.js';
import { statusListDigest } from '../verification/status-list.js';
import type { CredentialEvent, StatusListEvent, StatusPurpose } from './credential.events.js';

export function statusDocumentStream(list: string): string {
  return `vault-statuslist-${list}`;
}

/** `vault-statuslist-<uuid>`: the document, and how many changes of status it takes in. */
export interface StatusListKept {
  readonly sequence: number;
  readonly document: JsonObject;
  readonly changes: number;
}

export interface StatusListRow {
  readonly id: string;
  readonly organisation: string;
  readonly purpose: StatusPurpose;
  /** Changes of status since the list was opened. */
  readonly changes: number;
  /** Changes that the newest published document takes in; −1 before the first. */
  readonly publishedChanges: number;
  readonly sequence: number;
}

const CHANGES: ReadonlySet<string> = new Set([
  'CredentialSuspended',
  'CredentialReinstated',
  'CredentialRevoked',
  'CredentialVoided',
]);

export const statusListsProjection: Projection = {
  name: 'status-lists',
  version: 2,
  schema: `
    CREATE TABLE status_lists (
      id TEXT PRIMARY KEY,
      organisation TEXT NOT NULL,
      purpose TEXT NOT NULL,
      changes INTEGER NOT NULL DEFAULT 0,
      published_changes INTEGER NOT NULL DEFAULT -1,
      sequence INTEGER NOT NULL DEFAULT 0,
      digest TEXT
    );
    CREATE INDEX status_lists_dirty ON status_lists (id) WHERE changes > published_changes;
    CREATE TABLE status_documents (
      list TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      digest TEXT NOT NULL,
      document TEXT NOT NULL,
      changes INTEGER NOT NULL,
      PRIMARY KEY (list, sequence, digest)
    );`,
  apply(db, stored) {
    if (stored.stream.startsWith('statuslist-')) applyToList(db, stored);
    else if (stored.stream.startsWith('vault-statuslist-')) keepDocument(db, stored);
    else if (stored.stream.startsWith('credential-') && CHANGES.has(stored.type)) countChange(db, stored);
  },
};

function applyToList(db: Database, stored: StoredEvent): void {
  const id = stored.stream.slice('statuslist-'.length);
  const event = stored as unknown as StatusListEvent;
  if (event.type === 'StatusListOpened') {
    statement(db, 'INSERT INTO status_lists (id, organisation, purpose) VALUES (?, ?, ?)').run(
      id,
      event.data.organisation,
      event.data.purpose,
    );
  } else if (event.type === 'StatusListPublished') {
    const { sequence, digest } = event.data;
    statement(
      db,
      `UPDATE status_lists SET sequence = @sequence, digest = @digest, published_changes = coalesce(
         (SELECT changes FROM status_documents WHERE list = @id AND sequence = @sequence AND digest = @digest),
         published_changes)
       WHERE id = @id`,
    ).run({ id, sequence, digest });
    // Kept by a publisher that was cut off, or that another overtook: the log has the digest of one.
    statement(db, 'DELETE FROM status_documents WHERE list = ? AND sequence = ? AND digest <> ?').run(
      id,
      sequence,
      digest,
    );
  }
}

function keepDocument(db: Database, stored: StoredEvent): void {
  const kept = stored.data as unknown as StatusListKept;
  statement(
    db,
    `INSERT OR REPLACE INTO status_documents (list, sequence, digest, document, changes)
     SELECT @list, @sequence, @digest, @document, @changes
     WHERE NOT EXISTS (SELECT 1 FROM status_lists WHERE id = @list AND sequence >= @sequence AND digest <> @digest)`,
  ).run({
    list: stored.stream.slice('vault-statuslist-'.length),
    sequence: kept.sequence,
    digest: statusListDigest(kept.document),
    document: JSON.stringify(kept.document),
    changes: kept.changes,
  });
}

function countChange(db: Database, stored: StoredEvent): void {
  const event = stored as unknown as CredentialEvent;
  const id = stored.stream.slice('credential-'.length);
  const column =
    event.type === 'CredentialRevoked' || event.type === 'CredentialVoided' ? 'revocation_list' : 'suspension_list';
  statement(
    db,
    `UPDATE status_lists SET changes = changes + 1 WHERE id = (SELECT ${column} FROM credentials WHERE id = ?)`,
  ).run(id);
}

/** Lists whose published document lags behind the log. */
export function outdatedLists(db: Database): readonly StatusListRow[] {
  return (
    statement(db, 'SELECT * FROM status_lists WHERE changes > published_changes').all() as {
      id: string;
      organisation: string;
      purpose: StatusPurpose;
      changes: number;
      published_changes: number;
      sequence: number;
    }[]
  ).map(({ published_changes, ...row }) => ({ ...row, publishedChanges: published_changes }));
}

/** A published document: the newest, or the one of a sequence number. */
export function statusDocument(db: Database, list: string, sequence?: number): JsonObject | undefined {
  const row = statement(
    db,
    sequence === undefined
      ? `SELECT d.document FROM status_lists l JOIN status_documents d ON d.list = l.id AND d.sequence = l.sequence
               AND d.digest = l.digest
             WHERE l.id = ?`
      : 'SELECT document FROM status_documents WHERE list = ? AND sequence = ?',
  ).get(...(sequence === undefined ? [list] : [list, sequence])) as { document: string } | undefined;
  return row && (JSON.parse(row.document) as JsonObject);
}

/** An edition that the log has, by its sequence number: not one that a publisher made and was cut off before. */
export function publishedEdition(db: Database, list: string, sequence: number): JsonObject | undefined {
  const newest = statement(db, 'SELECT sequence FROM status_lists WHERE id = ?').get(list) as
    { sequence: number } | undefined;
  return newest && sequence <= newest.sequence ? statusDocument(db, list, sequence) : undefined;
}
