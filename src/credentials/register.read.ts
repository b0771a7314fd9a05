/**
 * The register of credentials, as the log tells it: no name, no holder (S20). Who holds a credential is opened from its
 * stream when somebody who may know asks for it. An issuance that cites a revision which was no longer the newest at its
 * own index is voided from the start (S7), whether the event that says so has come or not.
 */
import type { StoredEvent } from '../event-store/event-store.js';
import type { Projection } from '../event-store/projections.js';
import type { Database } from '../event-store/sqlite-file.js';
import { statement } from '../event-store/statements.js';
import type { CredentialEvent, StatusPurpose } from './credential.events.js';

export type RegisterState = 'active' | 'suspended' | 'revoked' | 'voided';

export interface RegisterRow {
  readonly number: number;
  readonly id: string;
  /** Index of `CredentialIssued` in the log. */
  readonly index: number;
  readonly digest: string;
  readonly organisation: string;
  readonly definition: string;
  readonly version: number;
  readonly mandate: string;
  readonly state: RegisterState;
  readonly reasonCode?: string;
  /** Since when it is in that state, ISO 8601. */
  readonly since: string;
  readonly issuedAt: string;
  readonly validFrom: string;
  readonly validUntil?: string;
  readonly revision: number;
}

export const registerProjection: Projection = {
  name: 'register',
  version: 3,
  schema: `
    CREATE TABLE credentials (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      log_index INTEGER NOT NULL,
      digest TEXT NOT NULL,
      organisation TEXT NOT NULL,
      definition TEXT NOT NULL,
      version INTEGER NOT NULL,
      mandate TEXT NOT NULL,
      issued_at TEXT NOT NULL,
      valid_from TEXT NOT NULL,
      valid_until TEXT,
      revocation_list TEXT NOT NULL,
      revocation_index INTEGER NOT NULL,
      suspension_list TEXT NOT NULL,
      suspension_index INTEGER NOT NULL,
      state TEXT NOT NULL DEFAULT 'active',
      reason_code TEXT,
      since TEXT NOT NULL,
      revision INTEGER NOT NULL,
      -- 1: it does not stand, and no event says so yet.
      stale INTEGER NOT NULL DEFAULT 0
    );
    -- The newest revision, as of here, of each stream that an issuance can cite.
    CREATE TABLE cited_streams (stream TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;`,
  indexes: [
    'CREATE UNIQUE INDEX credentials_log_index ON credentials (log_index)',
    'CREATE UNIQUE INDEX credentials_digest ON credentials (digest)',
    'CREATE INDEX credentials_stale ON credentials (number) WHERE stale = 1',
    // An index holds the row's number too, by which a page goes on.
    'CREATE INDEX credentials_organisation ON credentials (organisation)',
    'CREATE INDEX credentials_definition ON credentials (definition)',
    "CREATE INDEX credentials_revoked ON credentials (revocation_list) WHERE state IN ('revoked', 'voided')",
    "CREATE INDEX credentials_suspended ON credentials (suspension_list) WHERE state = 'suspended'",
  ],
  apply(db, stored) {
    if (CITED.test(stored.stream)) noteRevision(db, stored);
    if (!stored.stream.startsWith('credential-')) return;
    const id = stored.stream.slice('credential-'.length);
    const event = stored as unknown as CredentialEvent;
    if (event.type === 'CredentialIssued') {
      const { data } = event;
      const isStale = data.reads.some(({ stream, revision }) => revision !== newestRevision(db, stream));
      statement(
        db,
        `INSERT INTO credentials (id, log_index, digest, organisation, definition, version, mandate, issued_at, valid_from,
           valid_until, revocation_list, revocation_index, suspension_list, suspension_index, since, revision,
           state, reason_code, stale)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        id,
        stored.index,
        data.digest,
        data.organisation,
        data.definition,
        data.version,
        data.mandate,
        stored.at,
        data.validFrom,
        data.validUntil ?? null,
        data.statusLists.revocation.list,
        data.statusLists.revocation.index,
        data.statusLists.suspension.list,
        data.statusLists.suspension.index,
        stored.at,
        stored.revision,
        isStale ? 'voided' : 'active',
        isStale ? 'staleRead' : null,
        isStale ? 1 : 0,
      );
      return;
    }
    const states = {
      CredentialSuspended: 'suspended',
      CredentialReinstated: 'active',
      CredentialRevoked: 'revoked',
      CredentialVoided: 'voided',
    } as const;
    const reason = 'reasonCode' in event.data ? event.data.reasonCode : null;
    const isSaid = event.type === 'CredentialVoided' ? 1 : 0;
    // What never stood stays so, whatever comes after.
    statement(
      db,
      `UPDATE credentials SET revision = ?, stale = iif(?, 0, stale),
         reason_code = iif(state = 'voided', reason_code, ?), since = iif(state = 'voided', since, ?),
         state = iif(state = 'voided', state, ?)
       WHERE id = ?`,
    ).run(stored.revision, isSaid, reason, stored.at, states[event.type], id);
  },
};

/** Streams whose revisions issuances cite. */
const CITED = /^(organisation|definition)-/;

function noteRevision(db: Database, { stream, revision }: StoredEvent): void {
  statement(db, 'INSERT OR REPLACE INTO cited_streams (stream, revision) VALUES (?, ?)').run(stream, revision);
}

function newestRevision(db: Database, stream: string): number | undefined {
  const row = statement(db, 'SELECT revision FROM cited_streams WHERE stream = ?').get(stream);
  return (row as { revision: number } | undefined)?.revision;
}

/** Ids of credentials that do not stand, oldest first, as long as no event says so (S7). */
export function staleCredentials(db: Database, limit: number): readonly string[] {
  const rows = statement(db, 'SELECT id FROM credentials WHERE stale = 1 ORDER BY number LIMIT ?').all(limit);
  return (rows as { id: string }[]).map(({ id }) => id);
}

export interface RegisterQuery {
  readonly organisation?: string | undefined;
  readonly definition?: string | undefined;
  readonly state?: RegisterState | undefined;
  readonly after: number;
  readonly limit: number;
}

/** A page of the register, oldest first. */
export function listCredentials(
  db: Database,
  query: RegisterQuery,
): { items: readonly RegisterRow[]; next: number | undefined } {
  const conditions = ['number > ?'];
  const values: (string | number)[] = [query.after];
  for (const column of ['organisation', 'definition', 'state'] as const) {
    const value = query[column];
    if (value === undefined) continue;
    conditions.push(`${column} = ?`);
    values.push(value);
  }
  const rows = statement(db, `SELECT * FROM credentials WHERE ${conditions.join(' AND ')} ORDER BY number LIMIT ?`).all(
    ...values,
    query.limit + 1,
  ) as Row[];
  const page = rows.slice(0, query.limit);
  return { items: page.map(toRegisterRow), next: rows.length > query.limit ? page.at(-1)?.number : undefined };
}

export function registerRow(db: Database, id: string): RegisterRow | undefined {
  const row = statement(db, 'SELECT * FROM credentials WHERE id = ?').get(id) as Row | undefined;
  return row && toRegisterRow(row);
}

/** Id of the credential with a digest (lower-case hex). */
export function credentialWithDigest(db: Database, digest: string): string | undefined {
  const row = statement(db, 'SELECT id FROM credentials WHERE digest = ?').get(digest) as { id: string } | undefined;
  return row?.id;
}

/** The indexes whose bit is set in a list, as the log tells it now. */
export function setIndexes(db: Database, list: string, purpose: StatusPurpose): readonly number[] {
  const sql =
    purpose === 'revocation'
      ? "SELECT revocation_index AS i FROM credentials WHERE revocation_list = ? AND state IN ('revoked', 'voided')"
      : "SELECT suspension_index AS i FROM credentials WHERE suspension_list = ? AND state = 'suspended'";
  return (statement(db, sql).all(list) as { i: number }[]).map(({ i }) => i);
}

interface Row {
  readonly number: number;
  readonly id: string;
  readonly log_index: number;
  readonly digest: string;
  readonly organisation: string;
  readonly definition: string;
  readonly version: number;
  readonly mandate: string;
  readonly issued_at: string;
  readonly valid_from: string;
  readonly valid_until: string | null;
  readonly state: RegisterState;
  readonly reason_code: string | null;
  readonly since: string;
  readonly revision: number;
}

function toRegisterRow(row: Row): RegisterRow {
  return {
    number: row.number,
    id: row.id,
    index: row.log_index,
    digest: row.digest,
    organisation: row.organisation,
    definition: row.definition,
    version: row.version,
    mandate: row.mandate,
    state: row.state,
    ...(row.reason_code === null ? {} : { reasonCode: row.reason_code }),
    since: row.since,
    issuedAt: row.issued_at,
    validFrom: row.valid_from,
    ...(row.valid_until === null ? {} : { validUntil: row.valid_until }),
    revision: row.revision,
  };
}
