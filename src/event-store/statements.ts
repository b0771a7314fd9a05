/**
 * Prepared statements kept beside the handle they belong to: preparing costs more than most statements do. For SQL
 * that is a constant of the program; text made of parameters would fill the memory. Proven by rebuilding.int.spec.ts.
 */
import type { Database, Statement } from './sqlite-file.js';

const KEPT = new WeakMap<Database, Map<string, Statement>>();

/** The prepared statement for a constant SQL text on a database; it ends with the handle, and is never kept elsewhere. */
export function statement(db: Database, sql: string): Statement {
  let statements = KEPT.get(db);
  if (!statements) {
    statements = new Map<string, Statement>();
    KEPT.set(db, statements);
  }
  let prepared = statements.get(sql);
  if (!prepared) {
    prepared = db.prepare(sql);
    statements.set(sql, prepared);
  }
  return prepared;
}
