/** What is in the tables of a read model, to compare two of them. Proven by rebuilding.int.spec.ts. */
import type { Database } from './sqlite-file.js';

/** Tables that tell how a generation came to be, not what is in it. */
const BOOKKEEPING: ReadonlySet<string> = new Set(['progress', 'parts']);

/** Names of the tables in which two databases differ, each with the first row that one has and the other has not. */
export function differences(a: Database, b: Database): readonly { table: string; row: string }[] {
  const names = new Set([...tablesOf(a), ...tablesOf(b)]);
  return [...names].sort().flatMap((table) => {
    const [inA, inB] = [rowsOf(a, table), rowsOf(b, table)];
    const row = inA.find((one, i) => one !== inB[i]) ?? inB.find((one, i) => one !== inA[i]);
    return row === undefined ? [] : [{ table, row }];
  });
}

function tablesOf(db: Database): readonly string[] {
  const rows = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
  return rows.map(({ name }) => name).filter((name) => !BOOKKEEPING.has(name));
}

function rowsOf(db: Database, table: string): readonly string[] {
  if (!tablesOf(db).includes(table)) return [];
  return db
    .prepare(`SELECT * FROM "${table}"`)
    .all()
    .map((row) => JSON.stringify(row))
    .sort();
}
