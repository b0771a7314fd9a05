/** Which issuing keys there are, who holds them and whether they are active: for the operator, and the trust file (S13). */
import type { Projection } from '../event-store/projections.js';
import type { Database } from '../event-store/sqlite-file.js';
import type { IssuingKey, KeyCustody, OrganisationEvent } from './organisation.events.js';

export interface IssuingKeyRow {
  readonly organisation: string;
  readonly kid: string;
  readonly custody: KeyCustody;
  /** Why it ended: `rotated`, a reason of revocation, or `closed` with its organisation. */
  readonly state: string;
  /** ISO 8601 */
  readonly addedAt: string;
  readonly endedAt: string | null;
}

export const issuingKeysProjection: Projection = {
  name: 'issuing-keys',
  version: 1,
  schema: `
    CREATE TABLE issuing_keys (
      number INTEGER PRIMARY KEY,
      organisation TEXT NOT NULL,
      kid TEXT NOT NULL,
      custody TEXT NOT NULL,
      state TEXT NOT NULL,
      added_at TEXT NOT NULL,
      ended_at TEXT,
      UNIQUE (organisation, kid)
    );
    CREATE INDEX issuing_keys_active ON issuing_keys (custody) WHERE state = 'active';`,
  apply(db, stored) {
    if (!stored.stream.startsWith('organisation-')) return;
    const organisation = stored.stream.slice('organisation-'.length);
    const event = stored as unknown as OrganisationEvent;
    switch (event.type) {
      case 'IssuingKeyAdded':
        add(db, organisation, event.data, stored.at);
        return;
      case 'IssuingKeyRotated':
        end(db, organisation, event.data.replaces, 'rotated', stored.at);
        add(db, organisation, event.data, stored.at);
        return;
      case 'IssuingKeyRevoked':
        end(db, organisation, event.data.kid, event.data.reason, stored.at);
        return;
      case 'OrganisationClosed':
        db.prepare(
          "UPDATE issuing_keys SET state = 'closed', ended_at = ? WHERE organisation = ? AND state = 'active'",
        ).run(stored.at, organisation);
        return;
      default:
    }
  },
};

function add(db: Database, organisation: string, { kid, custody }: IssuingKey, at: string): void {
  db.prepare(
    "INSERT INTO issuing_keys (organisation, kid, custody, state, added_at) VALUES (?, ?, ?, 'active', ?)",
  ).run(organisation, kid, custody, at);
}

function end(db: Database, organisation: string, kid: string, state: string, at: string): void {
  db.prepare('UPDATE issuing_keys SET state = ?, ended_at = ? WHERE organisation = ? AND kid = ?').run(
    state,
    at,
    organisation,
    kid,
  );
}

/** Up to `limit` keys in the order in which they came, after a cursor (the number of the last one seen). */
export function listIssuingKeys(
  db: Database,
  { after, limit }: { after: number; limit: number },
): { items: readonly IssuingKeyRow[]; next: number | undefined } {
  const rows = db
    .prepare(
      `SELECT number, organisation, kid, custody, state, added_at AS addedAt, ended_at AS endedAt
         FROM issuing_keys WHERE number > ? ORDER BY number LIMIT ?`,
    )
    .all(after, limit + 1) as (IssuingKeyRow & { number: number })[];
  const page = rows.slice(0, limit);
  return {
    items: page.map(({ number: _, ...row }) => row),
    next: rows.length > limit ? page.at(-1)?.number : undefined,
  };
}

/** Who holds the active keys, taken together; the operator where there are none. */
export function custodyOfAll(db: Database): KeyCustody | 'mixed' {
  const custodies = db
    .prepare("SELECT DISTINCT custody FROM issuing_keys WHERE state = 'active'")
    .pluck()
    .all() as KeyCustody[];
  return custodies.length > 1 ? 'mixed' : (custodies[0] ?? 'operator');
}
