/**
 * S16: compares a log with what is known of it elsewhere: the last head that its key has signed (KEYS_DIR), checkpoints
 * that were kept apart, and roots that are anchored on a chain. A log that does not extend all of them is an older copy
 * or another history, and going on under the same key would fork it. Pure but for the file that it reads.
 * Proven by restore.int.spec.ts.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { LEDGER_STREAM, type LedgerEvent } from '../anchoring/anchoring.events.js';
import { ledgerDecider, type LedgerState } from '../anchoring/ledger.js';
import { readFileIfThere } from '../crypto/secret-file.js';
import { toBase64 } from '../encoding/base64.js';
import { ConfigError, InvariantError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { SIGNED_HEADS_STREAM } from '../log/signed-heads.js';
import { MerkleTree } from '../log/merkle-tree.js';
import { ArchiveError } from './format.js';
import { openCheckpoint } from './read-archive.js';
import type { Loss } from './restoration.js';

/** A log as an archive or a store has it. */
export interface LogContents {
  readonly tree: MerkleTree;
  readonly ledger: LedgerState & { readonly is: 'founded' };
  /** Roots of all sealed batches, base64. */
  readonly batchRoots: ReadonlySet<string>;
}

export interface KnownHead {
  /** For people. */
  readonly where: string;
  readonly origin?: string;
  readonly size: number;
  /** base64 */
  readonly root: string;
}

export interface AnchoredRoot {
  readonly where: string;
  readonly chainId: number;
  readonly blockNumber: number;
  /** base64 */
  readonly root: string;
}

export interface Known {
  readonly heads: readonly KnownHead[];
  readonly anchored: readonly AnchoredRoot[];
}

/** What is known and the log does not extend. */
export function lossesOf({ tree, batchRoots, ledger }: LogContents, { heads, anchored }: Known): readonly Loss[] {
  const losses: Loss[] = [];
  for (const head of heads) {
    if (head.size > tree.size) losses.push({ kind: 'older', ...head });
    else if (toBase64(tree.root(head.size)) !== head.root) losses.push({ kind: 'different', ...head });
  }
  for (const anchor of anchored) {
    const isAccepted = (ledger.lostUpTo[anchor.chainId] ?? -1) >= anchor.blockNumber;
    if (!isAccepted && !batchRoots.has(anchor.root)) losses.push({ kind: 'anchored', ...anchor });
  }
  return losses;
}

/** How many entries are known to be lost at least; undefined where nothing tells. */
export function entriesLost(losses: readonly Loss[], logSize: number): number | undefined {
  if (losses.some(({ kind }) => kind === 'different')) return undefined;
  const sizes = losses.flatMap(({ kind, size }) => (kind === 'older' && size !== undefined ? [size] : []));
  return sizes.length === 0 ? undefined : Math.max(...sizes) - logSize;
}

/** The newest of the heads that are lost: what the first event of the new origin names. */
export function newestLost(losses: readonly Loss[]): Loss | undefined {
  return losses.toSorted((a, b) => (b.size ?? -1) - (a.size ?? -1))[0];
}

const lastHead = z.object({ size: z.number().int().min(0), root: z.base64(), origin: z.string().optional() });

export function lastHeadPath(keysDir: string): string {
  return `${keysDir}/last-signed-head.json`;
}

/**
 * The last signed head of KEYS_DIR.
 * @throws ConfigError where the file is damaged
 */
export function lastSignedHead(keysDir: string): KnownHead | undefined {
  const path = lastHeadPath(keysDir);
  const text = readFileIfThere(path);
  if (text === undefined) return undefined;
  try {
    const { size, root, origin } = lastHead.parse(JSON.parse(text));
    return { where: path, size, root, ...(origin === undefined ? {} : { origin }) };
  } catch {
    throw new ConfigError('KEYS_DIR', `${path} is damaged; restore it from where you keep the keys (S16)`);
  }
}

/**
 * A checkpoint that was kept elsewhere, signed by this log's key or by one it had before a loss.
 * @throws ArchiveError where it is not one
 */
export async function keptCheckpoint(path: string, { ledger }: LogContents): Promise<KnownHead> {
  let note: string;
  try {
    note = await readFile(path, 'utf8');
  } catch (error) {
    throw new ArchiveError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`);
  }
  const keys = [{ origin: ledger.origin, vkey: ledger.vkey }, ...ledger.former];
  const key = keys.find(({ origin }) => note.startsWith(`${origin}\n`)) ?? keys[0]!;
  return { where: path, origin: key.origin, ...openCheckpoint(note, key.origin, key.vkey, path) };
}

/**
 * Reads the whole log of a store.
 * @param logSize how much of it; default: all that is there now
 * @throws InvariantError where it was never founded
 */
export async function logOf(
  store: EventStore,
  logSize?: number,
): Promise<LogContents & { readonly checkpoint: string | undefined }> {
  const tree = new MerkleTree();
  const batchRoots = new Set<string>();
  let ledger: LedgerState = ledgerDecider.initialState;
  const size = logSize ?? (await store.head()).logSize;
  while (tree.size < size) {
    const events = await store.readLog({ from: tree.size, limit: Math.min(500, size - tree.size) });
    if (events.length === 0) throw new InvariantError(`the log ends at ${tree.size} of ${size} entries`);
    for (const { stream, type, v, data, revision, at, index, entry } of events) {
      if (!entry || index !== tree.size) throw new InvariantError(`entry ${tree.size} is not where it should be (S15)`);
      tree.appendEntry(entry);
      if (type === 'BatchSealed') batchRoots.add(data['root'] as string);
      if (stream !== LEDGER_STREAM) continue;
      const event = { type, v, data } as unknown as LedgerEvent;
      ledger = ledgerDecider.evolve(ledger, event, { stream, revision, at, index });
    }
  }
  if (ledger.is !== 'founded') throw new InvariantError('this store holds no founded ledger');
  const { origin } = ledger;
  const signed = await store.readStream(SIGNED_HEADS_STREAM);
  const newest = signed.findLast(
    ({ data }) => Number(data['size']) <= size && (data['checkpoint'] as string).startsWith(`${origin}\n`),
  );
  return { tree, batchRoots, ledger, checkpoint: newest?.data['checkpoint'] as string | undefined };
}
