/**
 * Where an audit ended, in a file, so that the next one reads only what came after: the tree's right edge, every folded
 * state, what is known of each credential, and what was found. The user's own file: its digest tells damage, not forgery.
 * Proven by audit-state.int.spec.ts.
 */
import { createHash, randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { equalBytes } from '../encoding/bytes.js';
import { ConfigError } from '../errors.js';
import type { SavedBook } from './book-replay.js';
import { shareOf } from './chunk.js';
import type { SavedClock } from './clock.js';
import type { Finding, FindingCounts } from './findings.js';
import { AssessmentTable, CredentialTable, formatUuid, type IdTable } from './id-table.js';
import type { PersonReplayState } from './person-replay.js';

/** Changes with whatever is saved, or with what a rule makes of it: an older file is then refused, not misread. */
const MAGIC = 'meritkedja audit state 2\n';

/** What one replay of persons' streams leaves, without the streams that all have. */
export type SavedShare = Omit<PersonReplayState, 'cited'>;

export interface AuditState {
  readonly origin: string;
  readonly size: number;
  /** base64 */
  readonly root: string;
  /** Hashes of the unfinished tiles above the bundles. */
  readonly edges: readonly { readonly level: number; readonly hashes: Uint8Array }[];
  /** Leaf hashes of the bundle that was not full. */
  readonly leaves: Uint8Array;
  readonly clock: SavedClock;
  readonly streams: ReturnType<AssessmentTable['exported']>;
  readonly book: SavedBook;
  readonly shares: readonly SavedShare[];
  /** What was found in entries; what is said of the whole is found anew. */
  readonly findings: { readonly list: readonly Finding[]; readonly counts: FindingCounts };
}

/** @throws ConfigError for a file that is there but is none, or damaged; undefined where there is none */
export async function readAuditState(path: string): Promise<AuditState | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError(path, `the state of the last audit cannot be read: ${(error as Error).message}`);
  }
  const [magic, digest] = [bytes.subarray(0, MAGIC.length), bytes.subarray(MAGIC.length, MAGIC.length + 32)];
  const payload = bytes.subarray(MAGIC.length + 32);
  if (magic.toString('latin1') !== MAGIC) throw refused(path, 'it is of another version of this program, or none');
  if (!equalBytes(createHash('sha256').update(payload).digest(), digest)) throw refused(path, 'it is damaged');
  return deserialize(payload) as AuditState;
}

function refused(path: string, why: string): ConfigError {
  return new ConfigError(path, `${why}; remove it, and the audit begins at the first entry`);
}

/** Replaces the file; a crash leaves the old one or the new one. @throws ConfigError */
export async function writeAuditState(path: string, state: AuditState): Promise<void> {
  const payload = serialize(state);
  const temporary = `${path}.${randomUUID()}.new`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(Buffer.concat([Buffer.from(MAGIC), createHash('sha256').update(payload).digest(), payload]));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new ConfigError(path, `the state of the audit cannot be written: ${(error as Error).message}`);
  }
}

/** What each of a number of replays goes on from, however many there were before. */
export function sharesOf({ shares, book }: AuditState, count: number): readonly PersonReplayState[] {
  const { cited } = book;
  if (shares.length === count) return shares.map((share) => ({ ...share, cited }));
  const keys = [...new Set(shares.flatMap((share) => share.keys))];
  const lists = [...new Set(shares.flatMap((share) => share.lists))];
  const tables = Array.from({ length: count }, () => ({
    credentials: new CredentialTable(),
    assessments: new AssessmentTable(),
  }));
  for (const share of shares) {
    const [key, list] = [numbersIn(keys, share.keys), numbersIn(lists, share.lists)];
    const credentials = tables.map((table) => table.credentials);
    spread(share.credentials, credentials, { key, revocationList: list, suspensionList: list });
    const assessments = tables.map((table) => table.assessments);
    spread(share.assessments, assessments, {});
  }
  return tables.map(({ credentials, assessments }, i) => ({
    cited,
    credentials: credentials.exported(),
    assessments: assessments.exported(),
    keys,
    lists,
    // Counts are of all: one goes on counting them.
    unknown: i === 0 ? shares.flatMap((share) => share.unknown) : [],
    privateRules: i === 0 ? summedRules(shares) : {},
    voided: i === 0 ? shares.reduce((sum, { voided }) => sum + voided, 0) : 0,
  }));
}

export function summedRules(shares: readonly Pick<SavedShare, 'privateRules'>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { privateRules } of shares) {
    for (const [rule, count] of Object.entries(privateRules)) sums[rule] = (sums[rule] ?? 0) + count;
  }
  return sums;
}

/** The number that each name has among all. */
function numbersIn(all: readonly string[], names: readonly string[]): readonly number[] {
  const numbers = new Map(all.map((name, number) => [name, number]));
  return names.map((name) => numbers.get(name)!);
}

/** Adds each row to the table of the share that its id belongs to; numbers of names become those among all names. */
function spread(
  columns: ReturnType<IdTable['exported']>,
  tables: readonly IdTable[],
  numbers: Readonly<Record<string, readonly number[]>>,
): void {
  const { ids } = columns;
  const id = new Uint32Array(4);
  for (let row = 0; 4 * row < ids!.length; row += 1) {
    id.set(ids!.subarray(4 * row, 4 * row + 4));
    const table = tables[shareOf(formatUuid(id), tables.length)]!;
    table.addRow(id, (name) => {
      const value = columns[name]![row]!;
      // A credential that was never issued has no key and no lists: its numbers are 0 and mean nothing.
      return numbers[name] ? (numbers[name][value] ?? 0) : value;
    });
  }
}
