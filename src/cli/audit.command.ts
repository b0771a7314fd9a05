/**
 * `meritkedja audit`: reads all that is public of a log, decides every event again, and compares it with the chains, with the
 * heads that were seen before, and with another reader's. The audit itself is `audit/`; here are the places: which log,
 * which trust file, which endpoints, what is kept. Proven by test/audit.e2e.spec.ts.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { ChainError } from '../anchoring/chain.js';
import { RpcRefusal } from '../anchoring/json-rpc.js';
import { auditAnchors, type AnchorAudit, type FailedEndpoint, type ProofSource } from '../audit/anchors.js';
import { auditLog } from '../audit/audit.js';
import { ChainEndpoint } from '../audit/chain-endpoint.js';
import { rootsAt } from '../audit/earlier-roots.js';
import { Findings, type FindingCounts } from '../audit/findings.js';
import { httpLogSource } from '../audit/http-log-source.js';
import { compareHeads, headOf, KeptHeads, type SeenHead } from '../audit/kept-heads.js';
import { laterBatchRoots } from '../audit/later-batches.js';
import type { LogAudit, NotChecked } from '../audit/log-audit.js';
import { LogSourceError, type LogSource } from '../audit/log-source.js';
import { proofsIn, proofsOver } from '../audit/recorded-proofs.js';
import type { SealedAudit } from '../audit/sealed-audit.js';
import { openSqliteLogSource } from '../audit/sqlite-log-source.js';
import { assessmentPrivateRules } from '../credentials/assessment.js';
import { privateRules } from '../credentials/credential.js';
import { fromBase64 } from '../encoding/base64.js';
import { InUseError } from '../event-store/sqlite-file.js';
import { fingerprint, type TrustFile } from '../verification/index.js';
import { EmbeddedChainCopy } from './embedded-chain-copy.js';
import { auditText, type AuditReport } from './audit-text.js';
import { pinnedBlocks, readBlockHashLists } from './block-hash-lists.js';
import { CliError, EXIT, printable, type CliIo, type ExitStatus } from './cli-io.js';
import { progressOn, type Progress } from './progress.js';
import { isUrl, readDocument, reasonOf } from './read-document.js';
import type { Finish } from './run.js';
import { trustFrom, trustGiven } from './trust.command.js';
import { auditSealedPart, EVENTS_FILE, type SealedReport } from './sealed-part.js';
import type { PinnedTrust } from './trust-store.js';

interface Options {
  readonly url?: string;
  readonly dataDir?: string;
  readonly keysDir?: string;
  readonly rpc: readonly string[];
  readonly trust: readonly string[];
  readonly head: readonly string[];
  readonly blockHashes: readonly string[];
  readonly from?: string;
  readonly maxDelay?: string;
  readonly full?: boolean;
  readonly json?: boolean;
  readonly lang?: string;
}

const DEFAULT_MAX_DELAY_HOURS = 24;
/** How long a node may serve a head that is older than one that was seen, in milliseconds. */
const LAG_MS = 10_000;
const LAG_PAUSE_MS = 500;

const ABOUT = `
Reads checkpoint, entries and tiles, makes the tree again, decides every event again, and compares all of it with the chains
that the trust file names. Heads that were seen are kept in the configuration folder: a log whose history was rewritten, or that
shows two readers two histories, cannot extend them. How far an audit came is kept there too: the next reads on from there.
With --data-dir, a stopped service and the operator's keys (MASTER_KEY or DATA_DIR/master-key, and the key folder) what is sealed is
opened too: each document against its digest, its signature and its assessment, from the first entry on.
Exit status: 0 nothing wrong, 1 the audit found something, 2 not all could be settled (a chain or the log not reached, no trust
file pinned, one endpoint's word alone), 64 wrong usage, 65 unreadable input, 78 configuration.`;

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export function auditCommand(root: Command, io: CliIo, finish: Finish): void {
  root
    .command('audit')
    .description(
      'Check a whole ledger: every entry decided again, every anchor against its chain, every head seen before.',
    )
    .option('--url <url>', 'the ledger, or a copy of its log')
    .option('--data-dir <dir>', 'the ledger of this data folder; nothing in it is changed')
    .option(
      '--keys-dir <dir>',
      'the ledger’s key folder, with --data-dir (else KEYS_DIR, else keys in the data folder)',
    )
    .option(
      '--rpc <url>',
      'node of a chain to ask; may be given several times, two of one chain settle more',
      collect,
      [],
    )
    .option('--trust <source>', 'trust this file or URL, instead of what is pinned', collect, [])
    .option(
      '--head <file>',
      'a checkpoint from another reader, to be compared with; may be given several times',
      collect,
      [],
    )
    .option(
      '--block-hashes <list>',
      'file or URL with block hashes that you rely on, for chains that have closed',
      collect,
      [],
    )
    .option('--from <index>', 'report only what concerns entries from this index on; all are decided all the same')
    .option('--max-delay <hours>', `longest time until an entry is anchored (default: ${DEFAULT_MAX_DELAY_HOURS})`)
    .option('--full', 'from the first entry, and each anchor’s receipts against its block’s header')
    .option('--lang <sv|en>', 'language of the report (default: by LANG)')
    .option('--json', 'print the report as one JSON document')
    .addHelpText('after', ABOUT)
    .action(async (options: Options) => finish(await audit(options, io)));
}

interface Place {
  readonly source: LogSource;
  readonly proofs: ProofSource;
  /** `DATA_DIR`, where that is audited. */
  readonly folder?: string;
  /** Why what is sealed cannot be read from that folder. */
  readonly sealedElsewhere?: string;
}

async function audit(options: Options, io: CliIo): Promise<ExitStatus> {
  const began = performance.now();
  const settings = settingsOf(options, io);
  const progress = progressOn(io);
  const known = await trustGiven(options.trust, io, { dataDir: options.dataDir });
  const place = await placeOf(options, io);
  const chains = new EmbeddedChainCopy(place.folder);
  try {
    const report = await over(place, known, options, settings, progress, chains, io, began);
    progress.done();
    io.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : auditText(report, settings.language));
    return report.status;
  } catch (error) {
    if (!(error instanceof LogSourceError)) throw error;
    const hint = options.url === undefined ? '' : '; is the service running, and is --url its address?';
    throw new CliError(error.code === 'refused' ? EXIT.input : EXIT.undetermined, printable(error.message) + hint);
  } finally {
    progress.done();
    await place.source.close();
    await chains.close();
  }
}

async function over(
  { source, proofs, folder, sealedElsewhere }: Place,
  known: readonly PinnedTrust[],
  options: Options,
  { from, maxDelaySeconds }: Settings,
  progress: Progress,
  chains: EmbeddedChainCopy,
  io: CliIo,
  began: number,
): Promise<AuditReport> {
  const origin = originOf(await source.checkpoint());
  const used = known.find(({ trust }) => trust.origin === origin);
  const trust = used?.trust;
  const heads = new KeptHeads(io.configDir, origin);
  const kept = trust ? await heads.all(trust) : [];
  const others = await headsFrom(options.head, trust, io);
  const lists = await readBlockHashLists(options.blockHashes, io, {});
  // Before the checkpoint is read: what is on a chain by then, the log must explain.
  const { endpoints, failed } = await openEndpoints(options.rpc, trust, chains);
  if (trust) await caughtUp(source, trust, kept);

  const stateFile =
    trust && options.full !== true ? join(io.configDir, 'audits', `${encodeURIComponent(origin)}.json`) : undefined;
  if (stateFile !== undefined) await mkdir(dirname(stateFile), { recursive: true, mode: 0o700 });
  const log = await auditLog(source, {
    vkeys: trust ? (trust.vkeys ?? [{ vkey: trust.vkey }]) : [],
    ...(stateFile === undefined ? {} : { stateFile }),
    onProgress: progress.of('Deciding again', 'events'),
  });

  const findings = new Findings();
  findings.merge({ list: log.findings, counts: log.counts });
  const undetermined: string[] = [];
  const sealed =
    folder === undefined
      ? undefined
      : await sealedOf(folder, sealedElsewhere, log.size, options, io, progress, findings);
  if (sealed?.audited === false && options.keysDir !== undefined) {
    undetermined.push(`what is sealed was not audited: ${sealed.reason}`);
  }
  const compared = await compareWith(source, log, [...kept, ...others], findings, undetermined);
  await noteLoss(log, io, findings);
  const anchors = await auditAnchors(log, {
    trust,
    endpoints,
    failed,
    proofs,
    blockHashes: pinnedBlocks(lists),
    maxDelaySeconds,
    now: io.now(),
    ...(options.full === true ? { full: true } : {}),
    ...(trust
      ? { laterRoots: () => laterBatchRoots(source, trust, { size: log.size, root: fromBase64(log.root) }) }
      : {}),
    onProgress: (chain, done, of) => progress.of(`Chain "${chain}"`, 'blocks')(done, of),
  });
  findings.merge({ list: anchors.findings, counts: anchors.counts });
  undetermined.push(...undeterminedOf(log, trust, origin, endpoints, anchors));
  const isOne = !findings.list().some(({ severity, rule }) => severity === 'error' && ONE_HISTORY.has(rule));
  if (trust && isOne && headOf(log.checkpoint, trust)) {
    const { size, root, checkpoint } = log;
    await heads.add({ size, root, checkpoint, seenAt: io.now().toISOString() }, source.name);
  }
  const shown =
    from === undefined ? findings.list() : findings.list().filter(({ index }) => index === undefined || index >= from);
  const counts = from === undefined ? findings.counts : countsOf(shown);
  return {
    type: 'MeritkedjaAudit',
    version: 1,
    status: counts.error > 0 ? EXIT.invalid : undetermined.length > 0 ? EXIT.undetermined : EXIT.ok,
    origin,
    source: source.name,
    ...(used ? { trust: { source: used.source, fingerprint: fingerprint(used.trust) } } : {}),
    size: log.size,
    root: log.root,
    checkpoint: log.checkpoint,
    entries: log.from + log.entries,
    readNow: log.entries,
    credentials: log.credentials,
    anchors: anchors.anchors,
    chains: anchors.chains,
    delays: anchors.delays,
    heads: { kept: kept.length, given: others.length, contradicted: compared },
    findings: shown,
    counts,
    ...(sealed ? { sealed } : {}),
    notChecked: sealed?.audited === true ? leftUnchecked(log.notChecked, sealed) : log.notChecked,
    undetermined: [...new Set(undetermined)],
    seconds: Math.round(performance.now() - began) / 1_000,
  };
}

/** What is sealed, with the operator's keys where they are at hand. */
async function sealedOf(
  dataDir: string,
  elsewhere: string | undefined,
  size: number,
  options: Options,
  io: CliIo,
  progress: Progress,
  findings: Findings,
): Promise<SealedReport> {
  if (elsewhere !== undefined) return { audited: false, reason: elsewhere };
  // KEYS_DIR belongs to DATA_DIR: to the folder that is named here only where that is no other one.
  const isOwn = io.dataDir === undefined || io.dataDir === resolve(dataDir);
  const keysDir = options.keysDir ?? (isOwn ? io.keysDir : undefined) ?? join(dataDir, 'keys');
  const places = { dataDir: resolve(dataDir), keysDir: resolve(keysDir), masterKey: io.masterKey };
  return auditSealedPart(places, size, progress.of('Opening again', 'events'), findings);
}

/** Of the rules on sealed facts: those of events that nobody can open any more. */
function leftUnchecked(notChecked: NotChecked, { erased }: { readonly erased: SealedAudit['erased'] }): NotChecked {
  const left = [
    ...privateRules.map((rule) => [rule, erased.credentials] as const),
    ...assessmentPrivateRules.map((rule) => [rule, erased.assessments] as const),
  ].filter(([rule, count]) => count > 0 && rule in notChecked.privateRules);
  return { ...notChecked, privateRules: Object.fromEntries(left) };
}

/** Rules that speak of one history: a log that breaks them gives no head to be kept. */
const ONE_HISTORY: ReadonlySet<string> = new Set(['S2', 'S15', 'S16']);

function undeterminedOf(
  { notChecked, ledger }: LogAudit,
  trust: TrustFile | undefined,
  origin: string,
  endpoints: readonly ChainEndpoint[],
  anchors: AnchorAudit,
): readonly string[] {
  const said = [...anchors.undetermined];
  if (!trust) {
    said.unshift(
      `no trust file for "${origin}" is pinned: that this is the log you mean, its own word alone says (S4)`,
    );
  }
  const chainIds = ledger.is === 'founded' ? ledger.chains.map(({ chainId }) => chainId) : [];
  for (const { host, chainId } of endpoints) {
    if (chainIds.includes(chainId)) continue;
    said.push(`${host} is a node of chain ${chainId}, on which this log does not anchor`);
  }
  for (const { stream, type, v, count, firstIndex } of notChecked.unknownTypes) {
    said.push(`${count} entries of type ${type} version ${v} (${stream}) from ${firstIndex} on are of a newer program`);
  }
  return said;
}

/** Compares heads with the log as it was read. */
async function compareWith(
  source: LogSource,
  log: LogAudit,
  heads: readonly SeenHead[],
  findings: Findings,
  undetermined: string[],
): Promise<readonly Pick<SeenHead, 'where' | 'size' | 'root' | 'checkpoint'>[]> {
  const sizes = heads.map(({ size }) => size).filter((size) => size <= log.size);
  const rootAt = await rootsAt(source, { size: log.size, root: fromBase64(log.root) }, sizes);
  if (!rootAt) undetermined.push('heads seen before could not be compared: the entries do not make the signed root');
  const known = rootAt ? heads : heads.filter(({ size }) => size > log.size);
  const contradicted = compareHeads(known, { size: log.size, rootAt: rootAt ?? new Map() }, findings);
  return contradicted.map(({ where, size, root, checkpoint }) => ({ where, size, root, checkpoint }));
}

/** S16: heads under a name that the log has given up with an accepted loss bind nobody any more, and it says so. */
async function noteLoss({ ledger }: LogAudit, io: CliIo, findings: Findings): Promise<void> {
  if (ledger.is !== 'founded') return;
  for (const { origin, vkey } of ledger.former) {
    const seen = await new KeptHeads(io.configDir, origin).all({ origin, vkey });
    const newest = seen.reduce((most, { size }) => Math.max(most, size), 0);
    if (newest === 0) continue;
    const detail = `heads of up to ${newest} entries were seen under "${origin}", which ended with an accepted loss at entry ${ledger.originFrom}`;
    findings.note('S16', 'formerOrigin', detail, ledger.originFrom);
  }
}

/** A node may be a little behind another that was asked before. */
async function caughtUp(source: LogSource, trust: TrustFile, kept: readonly SeenHead[]): Promise<void> {
  const newest = kept.reduce((most, { size }) => Math.max(most, size), 0);
  for (let waited = 0; waited < LAG_MS; waited += LAG_PAUSE_MS) {
    const head = headOf(await source.checkpoint(), trust);
    if (!head || head.size >= newest) return;
    await delay(LAG_PAUSE_MS);
  }
}

/** The name in a checkpoint's first line: to find its trust file by, and no more. */
function originOf(checkpoint: string): string {
  return checkpoint.slice(0, 1_000).split('\n')[0] ?? '';
}

async function openEndpoints(
  named: readonly string[],
  trust: TrustFile | undefined,
  chains: EmbeddedChainCopy,
): Promise<{ endpoints: readonly ChainEndpoint[]; failed: readonly FailedEndpoint[] }> {
  const endpoints: ChainEndpoint[] = [];
  const failed: FailedEndpoint[] = [];
  const open = async (urls: readonly string[], chainId?: number): Promise<void> => {
    const opened = await Promise.allSettled(urls.map((url) => ChainEndpoint.open(url)));
    for (const [i, one] of opened.entries()) {
      const expected = chainId === undefined ? {} : { chainId };
      const host = new URL(urls[i]!).host;
      if (one.status === 'rejected') failed.push({ host, reason: reasonOfEndpoint(one.reason), ...expected });
      else if (chainId === undefined || one.value.chainId === chainId) endpoints.push(one.value);
      else failed.push({ host, reason: `is a node of chain ${one.value.chainId}`, ...expected });
    }
  };
  await open([...new Set(named)]);
  for (const { chainId, rpcUrls = [] } of trust?.chains ?? []) {
    // Whoever names endpoints of a chain relies on those.
    if (!endpoints.some((one) => one.chainId === chainId)) await open([...new Set(rpcUrls)], chainId);
  }
  const copy = await chains.endpointUnless(endpoints.map(({ chainId }) => chainId));
  if (copy !== undefined) await open([copy]);
  return { endpoints, failed };
}

function reasonOfEndpoint(error: unknown): string {
  if (error instanceof ChainError || error instanceof RpcRefusal) return error.message;
  throw error;
}

/** Checkpoints from other readers: of this log, or they say nothing about it. */
async function headsFrom(
  files: readonly string[],
  trust: TrustFile | undefined,
  io: CliIo,
): Promise<readonly SeenHead[]> {
  if (files.length > 0 && !trust) {
    throw new CliError(
      EXIT.configuration,
      '--head needs the log’s trust file: pin it first (meritkedja trust add FILE)',
    );
  }
  return Promise.all(
    files.map(async (file) => {
      const checkpoint = await textOf(file, io);
      const head = headOf(checkpoint, trust!);
      if (head) return { ...head, checkpoint, where: file };
      throw new CliError(
        EXIT.input,
        `--head ${printable(file)}: is no checkpoint that the pinned key of ${printable(trust!.origin)} has signed`,
      );
    }),
  );
}

async function textOf(file: string, io: CliIo): Promise<string> {
  try {
    if (isUrl(file)) {
      const response = await io.fetch(file, { signal: AbortSignal.timeout(20_000) });
      if (response.ok) return await response.text();
      throw new CliError(EXIT.input, `${printable(file)}: the server answered ${response.status}`);
    }
    return file === '-' ? Buffer.from(await io.stdin()).toString('utf8') : await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof CliError) throw error;
    const status = isUrl(file) ? EXIT.undetermined : EXIT.input;
    throw new CliError(status, `${printable(file)}: cannot be read (${reasonOf(error)})`);
  }
}

async function placeOf({ url, dataDir }: Options, io: CliIo): Promise<Place> {
  if (url !== undefined) return overHttp(url, io);
  if (!existsSync(join(dataDir!, EVENTS_FILE))) {
    const log = await ownLog(dataDir!, io);
    if (log !== undefined) return { ...overHttp(log, io), folder: dataDir!, sealedElsewhere: NOT_HERE };
  }
  try {
    return { source: openSqliteLogSource(dataDir!), proofs: proofsIn(dataDir!), folder: dataDir! };
  } catch (error) {
    if (!(error instanceof InUseError)) throw error;
    // The service has the store: it serves the same bytes, and its own trust file says where.
    const log = await ownLog(dataDir!, io);
    if (log !== undefined) return { ...overHttp(log, io), folder: dataDir!, sealedElsewhere: IN_USE };
    throw new CliError(
      EXIT.configuration,
      `${printable(error.message)}: audit the running ledger with --url, or stop it first`,
    );
  }
}

const IN_USE = 'the service has the store; stop it and audit again';
const NOT_HERE = 'the events are in EventStoreDB, not in the data folder';

/** Where the service of a data folder says that its log is. */
async function ownLog(dataDir: string, io: CliIo): Promise<string | undefined> {
  const file = join(dataDir, 'trust.json');
  if (!existsSync(file)) return undefined;
  return trustFrom(await readDocument(file, io, { offline: true }), file).log;
}

/** @param url of the ledger, or of its log */
function overHttp(url: string, io: CliIo): Place {
  const base = url.replace(/\/+$/, '');
  const log = /\/log$/.test(base) ? base : `${base}/log`;
  return { source: httpLogSource(log, { fetch: io.fetch }), proofs: proofsOver(log.replace(/\/log$/, ''), io.fetch) };
}

interface Settings {
  readonly from: number | undefined;
  readonly maxDelaySeconds: number;
  readonly language: 'sv' | 'en';
}

function settingsOf({ url, dataDir, keysDir, rpc, from, maxDelay, lang }: Options, io: CliIo): Settings {
  if ((url === undefined) === (dataDir === undefined)) throw usage('give one of --url and --data-dir');
  if (url !== undefined && keysDir !== undefined) throw usage('--keys-dir goes with --data-dir');
  if (url !== undefined && !isUrl(url)) throw usage(`--url: "${printable(url)}" is not an http URL`);
  for (const one of rpc) {
    if (!isUrl(one) || !URL.canParse(one)) throw usage(`--rpc: "${printable(one)}" is not an http URL`);
  }
  if (from !== undefined && !/^\d{1,15}$/.test(from)) throw usage(`--from: "${printable(from)}" is not an index`);
  if (maxDelay !== undefined && !/^\d{1,6}(\.\d{1,6})?$/.test(maxDelay)) {
    throw usage(`--max-delay: "${printable(maxDelay)}" is not a number of hours`);
  }
  if (lang !== undefined && lang !== 'sv' && lang !== 'en') {
    throw usage(`--lang: expected sv or en, got "${printable(lang)}"`);
  }
  return {
    from: from === undefined ? undefined : Number(from),
    maxDelaySeconds: Number(maxDelay ?? DEFAULT_MAX_DELAY_HOURS) * 3_600,
    language: lang ?? io.language,
  };
}

function countsOf(findings: AuditReport['findings']): FindingCounts {
  const count = (which: keyof FindingCounts): number => findings.filter(({ severity }) => severity === which).length;
  return { error: count('error'), warning: count('warning'), note: count('note') };
}

function usage(message: string): CliError {
  return new CliError(EXIT.usage, message);
}
