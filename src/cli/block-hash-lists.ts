/**
 * `verify --block-hashes`: lists of block hashes that the user has kept, or takes from somebody (S10). Who made a list, and
 * where it lay, stands in the report. Proven by block-hash-lists.spec.ts and test/chains.e2e.spec.ts.
 */
import { InputError } from '../errors.js';
import {
  LIST_OF_LEDGER_WARNING,
  parseBlockHashList,
  pinnedBlocksOf,
  type BlockHashList,
  type PinnedBlockHash,
  type TrustFile,
} from '../verification/index.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import { isUrl, readDocument, type ReadOptions } from './read-document.js';

export interface KeptList {
  /** File or URL. */
  readonly source: string;
  readonly list: BlockHashList;
}

/** @throws CliError 65 for what is no such list, or cannot be read */
export function readBlockHashLists(
  sources: readonly string[],
  io: CliIo,
  options: ReadOptions,
): Promise<readonly KeptList[]> {
  return Promise.all(
    sources.map(async (source) => ({ source, list: listFrom(await readDocument(source, io, options), source) })),
  );
}

export function pinnedBlocks(lists: readonly KeptList[]): readonly PinnedBlockHash[] {
  return lists.flatMap(({ source, list }) => pinnedBlocksOf(list, source));
}

/** For the report: what was at hand, whether or not it was needed. */
export function summaryOfLists(lists: readonly KeptList[]): readonly ListSummary[] {
  return lists.map(({ source, list: { origin, name, chainId, anchors } }) => ({
    source,
    origin,
    name,
    chainId,
    anchors: anchors.length,
  }));
}

export interface ListSummary {
  readonly source: string;
  readonly origin: string;
  readonly name: string;
  readonly chainId: number;
  readonly anchors: number;
}

/** S10: what the ledger says of its own anchors' blocks is its own word, though it is called a list. */
export function warningsOfLists(lists: readonly KeptList[], trust: readonly TrustFile[]): readonly string[] {
  const ledgers = new Set(trust.map(({ log }) => new URL(log).host));
  const own = lists.some(({ source }) => isUrl(source) && ledgers.has(new URL(source).host));
  return own ? [LIST_OF_LEDGER_WARNING] : [];
}

function listFrom(document: unknown, source: string): BlockHashList {
  try {
    return parseBlockHashList(document);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new CliError(EXIT.input, `${printable(source)}: is no list of block hashes: ${printable(error.message)}`);
  }
}
