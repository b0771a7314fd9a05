/** The public catalogue: every definition with its newest published version; search is over what the holder reads. */
import type { Projection } from '../event-store/projections.js';
import type { Database } from '../event-store/sqlite-file.js';
import { statement } from '../event-store/statements.js';
import type { DefinitionContent } from './content.js';
import type { DefinitionEvent, Visibility } from './definition.events.js';

export interface CatalogueRow {
  readonly id: string;
  readonly owner: string;
  readonly visibility: Visibility;
  /** Newest published version. */
  readonly version: number;
  readonly content: DefinitionContent;
  readonly publishedAt: string;
  readonly retired: boolean;
  readonly revision: number;
}

export const catalogueProjection: Projection = {
  name: 'catalogue',
  version: 1,
  schema: `
    CREATE TABLE definitions (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      owner TEXT NOT NULL,
      visibility TEXT NOT NULL,
      version INTEGER NOT NULL DEFAULT 0,
      content TEXT,
      published_at TEXT,
      retired INTEGER NOT NULL DEFAULT 0,
      revision INTEGER NOT NULL,
      words TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX definitions_owner ON definitions (owner);
    CREATE INDEX definitions_demo ON definitions (id) WHERE content ->> '$.demo';`,
  apply(db, stored) {
    if (!stored.stream.startsWith('definition-')) return;
    const id = stored.stream.slice('definition-'.length);
    const event = stored as unknown as DefinitionEvent;
    switch (event.type) {
      case 'DefinitionCreated':
        statement(db, 'INSERT INTO definitions (id, owner, visibility, revision) VALUES (?, ?, ?, ?)').run(
          id,
          event.data.owner,
          event.data.visibility,
          stored.revision,
        );
        break;
      case 'VersionPublished':
        statement(
          db,
          'UPDATE definitions SET version = ?, content = ?, published_at = ?, retired = 0, words = ? WHERE id = ?',
        ).run(event.data.version, JSON.stringify(event.data.content), stored.at, wordsOf(event.data.content), id);
        break;
      case 'VersionRetired':
        statement(db, 'UPDATE definitions SET retired = 1 WHERE id = ? AND version = ?').run(id, event.data.version);
        break;
      case 'DraftRevised':
      case 'MandateGranted':
      case 'MandateWithdrawn':
        break;
    }
    statement(db, 'UPDATE definitions SET revision = ? WHERE id = ?').run(stored.revision, id);
  },
};

function wordsOf(content: DefinitionContent): string {
  const outcomes = content.learningOutcomes.flatMap(({ activity, content: what, context }) => [
    activity,
    what,
    context,
  ]);
  return [
    content.title.sv,
    content.title.en ?? '',
    content.summary.sv,
    content.summary.en ?? '',
    content.creator.name,
    ...content.tasks.map((task) => task.sv),
    ...outcomes,
  ]
    .join(' ')
    .toLocaleLowerCase('sv');
}

export interface CatalogueQuery {
  /** Words that must all occur. */
  readonly q?: string | undefined;
  readonly owner?: string | undefined;
  readonly after: number;
  readonly limit: number;
}

/** Published definitions that anyone may see, in the order of creation. */
export function searchCatalogue(
  db: Database,
  { q, owner, after, limit }: CatalogueQuery,
): { items: readonly CatalogueRow[]; next: number | undefined } {
  const words = (q ?? '').toLocaleLowerCase('sv').split(/\s+/).filter(Boolean);
  const conditions = ['number > ?', 'version > 0', "visibility = 'public'"];
  const values: (string | number)[] = [after];
  if (owner !== undefined) {
    conditions.push('owner = ?');
    values.push(owner);
  }
  for (const word of words) {
    conditions.push('instr(words, ?) > 0');
    values.push(word);
  }
  const rows = db
    .prepare(`SELECT * FROM definitions WHERE ${conditions.join(' AND ')} ORDER BY number LIMIT ?`)
    .all(...values, limit + 1) as DefinitionRow[];
  const page = rows.slice(0, limit);
  return { items: page.map(rowToItem), next: rows.length > limit ? page.at(-1)?.number : undefined };
}

/** Whether any published definition is demonstration data: then every page says so. */
export function holdsDemoData(db: Database): boolean {
  return statement(db, "SELECT 1 FROM definitions WHERE content ->> '$.demo' LIMIT 1").get() !== undefined;
}

/** A published definition by id, whatever its visibility but internal. */
export function catalogueItem(db: Database, id: string): CatalogueRow | undefined {
  const row = statement(db, "SELECT * FROM definitions WHERE id = ? AND version > 0 AND visibility <> 'internal'").get(
    id,
  ) as DefinitionRow | undefined;
  return row && rowToItem(row);
}

interface DefinitionRow {
  readonly number: number;
  readonly id: string;
  readonly owner: string;
  readonly visibility: Visibility;
  readonly version: number;
  readonly content: string;
  readonly published_at: string;
  readonly retired: number;
  readonly revision: number;
}

function rowToItem(row: DefinitionRow): CatalogueRow {
  return {
    id: row.id,
    owner: row.owner,
    visibility: row.visibility,
    version: row.version,
    content: JSON.parse(row.content) as DefinitionContent,
    publishedAt: row.published_at,
    retired: row.retired === 1,
    revision: row.revision,
  };
}
