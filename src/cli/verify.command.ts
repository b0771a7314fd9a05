/**
 * `meritkedja verify FILE|URL|-`: checks a proof bundle or a credential, by what the user has pinned and by the chain's
 * own nodes, and says for each check what was trusted. The check itself is `verification/`. Several files or a folder:
 * `verify-many.ts`.
 */
import type { Command } from 'commander';
import { isJsonObject } from '../encoding/json.js';
import {
  DEFAULT_MAX_STATUS_AGE_DAYS,
  Memory,
  type TrustFile,
  type Verdict,
  type VerifyOptions,
} from '../verification/index.js';
import { pinnedBlocks, readBlockHashLists, summaryOfLists, warningsOfLists } from './block-hash-lists.js';
import { blockHashFrom } from './chain-rpc.js';
import { CliError, EXIT, printable, type CliIo, type ExitStatus } from './cli-io.js';
import { checkIssuerDomain, type IssuerDomain } from './issuer-domain.js';
import { reportLogProof } from './log-proof-report.js';
import { isUrl, readDocument, readDocumentOrLogProof } from './read-document.js';
import { reportText } from './report-text.js';
import type { Finish } from './run.js';
import { trustGiven } from './trust.command.js';
import { verifyDocument, type Asking, type Settings } from './verify-document.js';
import { isMany, verifyMany } from './verify-many.js';

const STATUS: Readonly<Record<Verdict, ExitStatus>> = {
  valid: EXIT.ok,
  invalid: EXIT.invalid,
  undetermined: EXIT.undetermined,
  notInForce: EXIT.notInForce,
  pending: EXIT.pending,
};

interface Options {
  readonly rpc: readonly string[];
  readonly blockHash?: string;
  readonly blockHashes: readonly string[];
  readonly trust: readonly string[];
  readonly at?: string;
  readonly maxStatusAge?: string;
  readonly offline?: boolean;
  readonly checkDomain?: boolean;
  readonly entry?: string;
  readonly json?: boolean;
  readonly lang?: string;
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export function verifyCommand(root: Command, io: CliIo, finish: Finish): void {
  root
    .command('verify')
    .description('Check a proof bundle or a credential, or all that are in files and folders.')
    .argument('<source...>', 'file, URL, or - for the standard input; or several files and folders')
    .option(
      '--rpc <url>',
      'node of the chain to ask for the block’s hash; may be given several times, all must agree',
      collect,
      [],
    )
    .option('--block-hash <hex>', 'the hash of the anchor’s block, from a source that you rely on')
    .option(
      '--block-hashes <list>',
      'file or URL with block hashes that you rely on, as ledgers publish them; may be given several times',
      collect,
      [],
    )
    .option(
      '--trust <source>',
      'trust this file or URL, instead of what is pinned; may be given several times',
      collect,
      [],
    )
    .option('--at <date>', 'check as of a date (ISO 8601) instead of now')
    .option('--max-status-age <days>', `oldest status to rely on (default: ${DEFAULT_MAX_STATUS_AGE_DAYS})`)
    .option('--offline', 'use no network at all')
    .option('--check-domain', 'ask the issuer’s website whether it names the issuer’s DID')
    .option('--entry <file>', 'of a log proof (c2sp.org/tlog-proof): the entry’s bytes, where they are not in it')
    .option('--lang <sv|en>', 'language of the report (default: by LANG)')
    .option('--json', 'print the report as one JSON document; of several, one on each line')
    .action(async (sources: readonly string[], options: Options) => finish(await verifySources(sources, options, io)));
}

async function verifySources(sources: readonly string[], options: Options, io: CliIo): Promise<ExitStatus> {
  const language = languageOf(options.lang, io);
  const settings = { ...clockOf(options.at, io), ...ageOf(options.maxStatusAge) };
  const givenHash = hashOf(options.blockHash);
  for (const url of options.rpc) if (!isUrl(url)) throw usage(`--rpc: "${printable(url)}" is not an http URL`);
  if (options.offline === true && options.checkDomain === true) {
    throw usage('--offline and --check-domain exclude each other');
  }
  if (options.offline === true && options.rpc.length > 0) throw usage('--offline and --rpc exclude each other');
  if (givenHash !== undefined && options.blockHashes.length > 0) {
    throw usage('--block-hash and --block-hashes exclude each other');
  }

  const used = await trustGiven(options.trust, io, options);
  const trust = used.map((one) => one.trust);
  const lists = await readBlockHashLists(options.blockHashes, io, options);
  const given: Settings = {
    ...settings,
    trust,
    pinnedBlockHashes: pinnedBlocks(lists),
    ...(givenHash === undefined ? {} : { givenHash }),
    offline: options.offline === true,
    checkDomain: options.checkDomain === true,
    warnings: warningsOfLists(lists, trust),
  };
  const asking = askingOnce(options, trust, io);
  if (await isMany(sources)) {
    if (sources.includes('-')) throw usage('the standard input is one document, and no other goes with it');
    return verifyMany(sources, given, asking, io, { json: options.json === true, language });
  }

  const read = await readDocumentOrLogProof(sources[0]!, io, options);
  if ('logProof' in read) {
    const { entry, json } = options;
    return reportLogProof(read.logProof, { trust: used, entry, json: json === true, language }, io);
  }
  const report = await verifyDocument(read.document, given, asking, new Memory());
  const trustFiles = used.map((one) => ({ origin: one.trust.origin, source: one.source }));
  const blockHashLists = summaryOfLists(lists);
  io.stdout.write(
    options.json === true
      ? `${JSON.stringify({ ...report, trustFiles, blockHashLists })}\n`
      : reportText(report, trustFiles, language, blockHashLists),
  );
  return STATUS[report.verdict];
}

/** Chains, ledgers and websites, each asked once for the same thing, however many documents want to know. */
function askingOnce(options: Options, trust: readonly TrustFile[], io: CliIo): Asking {
  const chain = blockHashFrom((id) => nodesOf(id, options, trust), io.fetch);
  const blocks = new Map<string, ReturnType<Asking['blockHash']>>();
  const domains = new Map<string, Promise<IssuerDomain>>();
  return {
    blockHash: (chainId, number) => once(blocks, `${chainId} ${number}`, () => chain(chainId, number)),
    bundleOf: (id) => bundleOf(id, trust, io),
    issuerDomain: (credential) => {
      const issuer = isJsonObject(credential) ? credential['issuer'] : undefined;
      const { id, url } = isJsonObject(issuer) ? issuer : { id: undefined, url: undefined };
      return once(domains, JSON.stringify([id, url]), () => checkIssuerDomain(credential, io.fetch));
    },
  };
}

/** Answers kept at most: of blocks and websites there are few, documents of strangers could name many. */
const MOST_ANSWERS = 10_000;

function once<T>(answers: Map<string, Promise<T>>, question: string, ask: () => Promise<T>): Promise<T> {
  const known = answers.get(question);
  if (known !== undefined) return known;
  if (answers.size >= MOST_ANSWERS) answers.clear();
  const answer = ask();
  answers.set(question, answer);
  return answer;
}

/** The nodes to ask: those that the user named, else those that the pinned trust file names for the chain. */
function nodesOf(chainId: number, options: Options, trust: readonly TrustFile[]): readonly string[] {
  if (options.rpc.length > 0) return options.rpc;
  return trust
    .flatMap(({ chains }) => chains)
    .flatMap((chain) => (chain.chainId === chainId ? (chain.rpcUrls ?? []) : []));
}

/** For a credential that came alone: its bundle from a pinned ledger, which is believed no more than any other. */
async function bundleOf(id: unknown, trust: readonly TrustFile[], io: CliIo): Promise<unknown> {
  const uuid = typeof id === 'string' ? /^urn:uuid:([0-9a-f-]{36})$/.exec(id)?.[1] : undefined;
  if (uuid === undefined) return undefined;
  for (const { log } of trust) {
    const url = `${log.replace(/\/log\/?$/, '')}/api/v1/credentials/${uuid}/evidence`;
    try {
      const found = await readDocument(url, io);
      if (isJsonObject(found)) return found;
    } catch (error) {
      // Not there, or not reached: the credential then stays without its bundle, and the report says so.
      if (!(error instanceof CliError)) throw error;
    }
  }
  return undefined;
}

function clockOf(at: string | undefined, io: CliIo): Pick<VerifyOptions, 'now' | 'clock'> {
  if (at === undefined) return { now: io.now(), clock: 'verifier' };
  const now = new Date(at);
  if (!/^\d{4}-\d{2}-\d{2}(T.+)?$/.test(at) || Number.isNaN(now.getTime())) {
    throw usage(`--at: "${printable(at)}" is not a date like 2026-11-24 or 2026-11-24T12:00:00Z`);
  }
  return { now, clock: 'given' };
}

function ageOf(days: string | undefined): Pick<VerifyOptions, 'maxStatusAgeDays'> {
  if (days === undefined) return {};
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(days))
    throw usage(`--max-status-age: "${printable(days)}" is not a number of days`);
  return { maxStatusAgeDays: Number(days) };
}

function hashOf(hash: string | undefined): string | undefined {
  if (hash === undefined) return undefined;
  const digits = hash.toLowerCase().replace(/^0x/, '');
  if (!/^[0-9a-f]{64}$/.test(digits)) throw usage(`--block-hash: expected 64 hex digits, got "${printable(hash)}"`);
  return `0x${digits}`;
}

function languageOf(lang: string | undefined, io: CliIo): 'sv' | 'en' {
  if (lang === undefined) return io.language;
  if (lang !== 'sv' && lang !== 'en') throw usage(`--lang: expected sv or en, got "${printable(lang)}"`);
  return lang;
}

function usage(message: string): CliError {
  return new CliError(EXIT.usage, message);
}
