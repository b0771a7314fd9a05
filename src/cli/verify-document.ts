/**
 * One document, verified as `meritkedja verify` does it: in the command's own thread, or in one of several
 * (`verify-worker.ts`). What must be asked of others (chains, ledgers, websites) comes as functions, so that each is
 * asked once, by one thread.
 */
import { NODE_PLATFORM } from '../crypto/node-platform.js';
import { isJsonObject } from '../encoding/json.js';
import {
  verify,
  type BlockHashAnswer,
  type Memory,
  type PinnedBlockHash,
  type TrustFile,
  type VerificationReport,
} from '../verification/index.js';
import { CliError, type CliIo } from './cli-io.js';
import type { IssuerDomain } from './issuer-domain.js';
import { readDocument } from './read-document.js';

/** The same for all documents; passes between threads. */
export interface Settings {
  readonly now: Date;
  readonly clock: 'verifier' | 'given';
  readonly maxStatusAgeDays?: number;
  readonly trust: readonly TrustFile[];
  readonly pinnedBlockHashes: readonly PinnedBlockHash[];
  /** `--block-hash`: of one block, 0x hex. */
  readonly givenHash?: string;
  readonly offline: boolean;
  readonly checkDomain: boolean;
  /** Said of every report. */
  readonly warnings: readonly string[];
}

/** What is asked of others; rejects where they are not reached. */
export interface Asking {
  blockHash(chainId: number, blockNumber: number): Promise<BlockHashAnswer | undefined>;
  /** For a credential that came alone: what a pinned ledger has of it. */
  bundleOf(id: string): Promise<unknown>;
  issuerDomain(credential: unknown): Promise<IssuerDomain>;
}

/** A report of the command line: with what the library does not look at. */
export type Report = VerificationReport & { readonly issuerDomain?: IssuerDomain };

export async function verifyDocument(
  document: unknown,
  settings: Settings,
  asking: Asking,
  memory: Memory,
): Promise<Report> {
  const { givenHash, offline, checkDomain, warnings, ...given } = settings;
  let evidence = document;
  const report = await verify(document, {
    ...given,
    platform: NODE_PLATFORM,
    memory,
    blockHash: async (chainId, number) =>
      hashGiven(givenHash, evidence, chainId, number) ??
      (offline ? undefined : await asking.blockHash(chainId, number)),
    ...(offline ? {} : { resolve: async ({ id }) => (evidence = await found(id, asking)) }),
  });
  const credential = member(document, 'type') === 'MeritkedjaProof' ? member(document, 'credential') : document;
  const issuerDomain = checkDomain ? { issuerDomain: await asking.issuerDomain(credential) } : {};
  return { ...report, ...issuerDomain, warnings: [...report.warnings, ...warnings] };
}

/** The line of a file: its report, or why it could not be read. */
export type Row =
  | { readonly file: string; readonly report: Report; readonly error?: undefined }
  | { readonly file: string; readonly report?: undefined; readonly error: string };

/** Reads and verifies a file; one that cannot be read is named, and ends nothing. */
export async function verifyFile(
  file: string,
  settings: Settings,
  asking: Asking,
  memory: Memory,
  io: Pick<CliIo, 'stdin' | 'fetch' | 'readPdf'>,
): Promise<Row> {
  try {
    const document = await readDocument(file, io, settings);
    return { file, report: await verifyDocument(document, settings, asking, memory) };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { file, error: error.message };
  }
}

async function found(id: unknown, asking: Asking): Promise<unknown> {
  return typeof id === 'string' ? asking.bundleOf(id) : undefined;
}

/**
 * `--block-hash` speaks of one block: the first anchor's where it is exactly that one's hash, else the newest anchor's.
 * Of all other blocks the chain is asked.
 */
function hashGiven(given: string | undefined, evidence: unknown, chainId: number, block: number): string | undefined {
  if (given === undefined) return undefined;
  const first = member(member(evidence, 'firstAnchor'), 'anchor');
  const meant = member(first, 'blockHash') === given ? first : member(evidence, 'anchor');
  return member(meant, 'blockNumber') === block && member(meant, 'chainId') === chainId ? given : undefined;
}

function member(value: unknown, name: string): unknown {
  return isJsonObject(value) ? value[name] : undefined;
}
