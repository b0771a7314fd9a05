/** Which entries of the log stand in an organisation's name (S13), for its feed and its history. */
import type { Projection } from '../event-store/projections.js';
import type { Database } from '../event-store/sqlite-file.js';
import { statement } from '../event-store/statements.js';
import { inNameOf, type Owners } from './in-name-of.js';

export const namedProjection: Projection = {
  name: 'named',
  version: 1,
  schema: `
    CREATE TABLE named_organisations (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
    CREATE TABLE named_entries (
      organisation INTEGER NOT NULL,
      log_index INTEGER NOT NULL,
      PRIMARY KEY (organisation, log_index)
    ) WITHOUT ROWID;
    -- To whom a stream or a mandate belongs; the credentials' own table tells it of theirs.
    CREATE TABLE named_owners (what TEXT PRIMARY KEY, organisation TEXT NOT NULL) WITHOUT ROWID;`,
  apply(db, stored) {
    if (stored.index === undefined) return;
    for (const id of inNameOf(stored, ownersIn(db))) {
      statement(db, 'INSERT OR IGNORE INTO named_organisations (id) VALUES (?)').run(id);
      statement(
        db,
        'INSERT INTO named_entries (organisation, log_index) SELECT number, ? FROM named_organisations WHERE id = ?',
      ).run(stored.index, id);
    }
  },
};

function ownersIn(db: Database): Owners {
  return {
    ownerOf(what) {
      const sql = what.startsWith(CREDENTIAL)
        ? 'SELECT organisation FROM credentials WHERE id = ?'
        : 'SELECT organisation FROM named_owners WHERE what = ?';
      const key = what.startsWith(CREDENTIAL) ? what.slice(CREDENTIAL.length) : what;
      return (statement(db, sql).get(key) as { organisation: string } | undefined)?.organisation;
    },
    remember(what, organisation) {
      // An assessment is one entry so far, a credential has a table of its own: a million rows less.
      if (what.startsWith(CREDENTIAL) || what.startsWith('assessment-')) return;
      statement(db, 'INSERT OR REPLACE INTO named_owners (what, organisation) VALUES (?, ?)').run(what, organisation);
    },
  };
}

const CREDENTIAL = 'credential-';

/**
 * Log indexes of what stands in an organisation's name, newest first, before a cursor.
 * @param organisation UUID
 */
export function namedEntries(
  db: Database,
  organisation: string,
  { before, limit }: { readonly before?: number | undefined; readonly limit: number },
): { readonly items: readonly number[]; readonly next: number | undefined } {
  const rows = statement(
    db,
    `SELECT log_index AS i FROM named_entries
     WHERE organisation = (SELECT number FROM named_organisations WHERE id = ?) AND log_index < ?
     ORDER BY log_index DESC LIMIT ?`,
  ).all(organisation, before ?? Number.MAX_SAFE_INTEGER, limit + 1) as { i: number }[];
  const page = rows.slice(0, limit).map(({ i }) => i);
  return { items: page, next: rows.length > limit ? page.at(-1) : undefined };
}
