/** Which organisations there are: the list, newest names and roles. Keys are read from the stream itself. */
import type { Projection } from '../event-store/projections.js';
import type { Database } from '../event-store/sqlite-file.js';
import { statement } from '../event-store/statements.js';
import type { OrganisationEvent, OrganisationProfile } from './organisation.events.js';

export interface OrganisationRow extends OrganisationProfile {
  readonly id: string;
  readonly did: string;
  readonly revision: number;
}

export const organisationsProjection: Projection = {
  name: 'organisations',
  version: 1,
  schema: `
    CREATE TABLE organisations (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      profile TEXT NOT NULL,
      did TEXT NOT NULL,
      revision INTEGER NOT NULL
    );`,
  apply(db, stored) {
    const id = idOf(stored.stream, 'organisation-');
    if (id === undefined) return;
    const event = stored as unknown as OrganisationEvent;
    if (event.type === 'OrganisationRegistered') {
      const { did, ...profile } = event.data;
      statement(db, 'INSERT INTO organisations (id, profile, did, revision) VALUES (?, ?, ?, ?)').run(
        id,
        JSON.stringify(profile),
        did,
        stored.revision,
      );
      return;
    }
    if (event.type === 'OrganisationDetailsChanged') {
      statement(db, 'UPDATE organisations SET profile = ? WHERE id = ?').run(JSON.stringify(event.data), id);
    }
    statement(db, 'UPDATE organisations SET revision = ? WHERE id = ?').run(stored.revision, id);
  },
};

/** The id behind a stream of a kind, or undefined for streams of other kinds. */
function idOf(stream: string, prefix: string): string | undefined {
  return stream.startsWith(prefix) ? stream.slice(prefix.length) : undefined;
}

/** Up to `limit` organisations in the order of registration, after a cursor (the number of the last one seen). */
export function listOrganisations(
  db: Database,
  { after, limit }: { after: number; limit: number },
): { items: readonly OrganisationRow[]; next: number | undefined } {
  const rows = statement(
    db,
    'SELECT number, id, profile, did, revision FROM organisations WHERE number > ? ORDER BY number LIMIT ?',
  ).all(after, limit + 1) as { number: number; id: string; profile: string; did: string; revision: number }[];
  const page = rows.slice(0, limit);
  return {
    items: page.map(({ id, profile, did, revision }) => ({
      id,
      ...(JSON.parse(profile) as OrganisationProfile),
      did,
      revision,
    })),
    next: rows.length > limit ? page.at(-1)?.number : undefined,
  };
}

/** Name of an organisation, or its id where it is not known. */
export function organisationName(db: Database, id: string): string {
  const row = statement(db, "SELECT profile ->> '$.name' AS name FROM organisations WHERE id = ?").get(id) as
    { name: string } | undefined;
  return row?.name ?? id;
}
