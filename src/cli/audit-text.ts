/** An audit's report for a terminal, Swedish or English: what came of it, the first bad event and its rule on top. */
import type { AnchorAudit, ChainReport } from '../audit/anchors.js';
import type { Finding, FindingCounts, Severity } from '../audit/findings.js';
import type { SeenHead } from '../audit/kept-heads.js';
import type { NotChecked } from '../audit/log-audit.js';
import type { SealedReport } from './sealed-part.js';
import { EXIT, printable, type ExitStatus } from './cli-io.js';

/** The contract's audit report; members beside those of the contract come last in no particular order. */
export interface AuditReport {
  readonly type: 'MeritkedjaAudit';
  readonly version: 1;
  /** Exit status. */
  readonly status: ExitStatus;
  readonly origin: string;
  /** Where it was read. */
  readonly source: string;
  readonly trust?: { readonly source: string; readonly fingerprint: string };
  readonly size: number;
  readonly root: string;
  readonly checkpoint: string;
  /** Decided again, by this run or by the one that it went on from. */
  readonly entries: number;
  /** Those of them that this run has read. */
  readonly readNow: number;
  readonly credentials: number;
  readonly anchors: AnchorAudit['anchors'];
  readonly chains: readonly ChainReport[];
  readonly delays: AnchorAudit['delays'];
  readonly heads: {
    readonly kept: number;
    readonly given: number;
    readonly contradicted: readonly Pick<SeenHead, 'where' | 'size' | 'root' | 'checkpoint'>[];
  };
  readonly findings: readonly Finding[];
  readonly counts: FindingCounts;
  /** Of a data folder: what was opened with the operator's keys, or why nothing was. */
  readonly sealed?: SealedReport;
  readonly notChecked: NotChecked;
  readonly undetermined: readonly string[];
  readonly seconds: number;
}

type Language = 'sv' | 'en';

const MARK: Readonly<Record<Severity, string>> = { error: '[!!]', warning: '[??]', note: '[--]' };
/** Lines of findings on a terminal; all of them are in the JSON. */
const MOST_SHOWN = 40;

const WORDS = {
  en: {
    well: 'NOTHING WRONG: every entry was decided again, every anchor is on its chain, and the log extends every head seen before.',
    found: 'THE AUDIT FOUND SOMETHING:',
    first: 'the first bad entry is',
    entry: 'entry',
    breaks: 'breaks rule',
    whole: 'the log as a whole breaks rule',
    open: 'NOT SETTLED: nothing wrong was found, and not everything could be checked.',
    log: 'log',
    source: 'read from',
    trust: 'trusted',
    noTrust: 'no trust file: the log’s own word alone',
    head: 'head',
    entries: 'entries',
    root: 'root',
    read: 'read now',
    from: 'from entry',
    earlier: 'those before by an earlier audit (--full: all again)',
    credentials: 'credentials',
    anchors: 'anchors',
    explained: 'explained',
    unexplained: 'unexplained',
    missing: 'missing',
    chain: 'chain',
    upTo: 'up to block',
    by: 'by',
    notReached: 'not reached',
    closed: 'closed, by recorded proofs',
    embedded: 'the operator’s own chain: shows the mechanism, proves no time',
    waiting: 'wait for an anchor since',
    delay: 'longest delay',
    heads: 'heads before',
    headsSeen: 'seen before',
    headsGiven: 'from others',
    contradicted: 'contradicted',
    notChecked: 'not checked',
    sealed: 'rules on sealed facts, on so many events:',
    opened: 'sealed, opened',
    documents: 'documents',
    assessments: 'assessments',
    drafts: 'drafts',
    notes: 'notes',
    statusLists: 'status lists kept',
    erased: 'erased',
    notOpened: 'not opened',
    findings: 'Findings',
    more: 'more; --json has all that are kept',
    undetermined: 'Not settled',
    seconds: 'time',
  },
  sv: {
    well: 'INGET FEL: varje händelse har beslutats på nytt, varje förankring finns på sin kedja, och loggen fortsätter alla huvuden som setts förut.',
    found: 'GRANSKNINGEN HITTADE FEL:',
    first: 'första felaktiga händelsen är',
    entry: 'händelse',
    breaks: 'bryter mot regel',
    whole: 'loggen som helhet bryter mot regel',
    open: 'INTE AVGJORT: inget fel hittades, men allt kunde inte kontrolleras.',
    log: 'logg',
    source: 'läst från',
    trust: 'litade på',
    noTrust: 'ingen förtroendefil: endast loggens egna ord',
    head: 'huvud',
    entries: 'händelser',
    root: 'rot',
    read: 'läst nu',
    from: 'från händelse',
    earlier: 'de tidigare vid en tidigare granskning (--full: alla igen)',
    credentials: 'bevis',
    anchors: 'förankringar',
    explained: 'förklarade',
    unexplained: 'oförklarade',
    missing: 'saknade',
    chain: 'kedja',
    upTo: 'till block',
    by: 'enligt',
    notReached: 'inte nådd',
    closed: 'stängd, enligt sparade bevis',
    embedded: 'operatörens egen kedja: visar mekanismen, bevisar ingen tid',
    waiting: 'väntar på förankring sedan',
    delay: 'längsta dröjsmål',
    heads: 'tidigare huvuden',
    headsSeen: 'sedda förut',
    headsGiven: 'från andra',
    contradicted: 'motsagda',
    notChecked: 'inte prövat',
    sealed: 'regler om förseglade uppgifter, på så många händelser:',
    opened: 'förseglat, öppnat',
    documents: 'dokument',
    assessments: 'bedömningar',
    drafts: 'utkast',
    notes: 'anteckningar',
    statusLists: 'sparade statuslistor',
    erased: 'raderat',
    notOpened: 'inte öppnat',
    findings: 'Iakttagelser',
    more: 'till; alla som sparats finns i --json',
    undetermined: 'Inte avgjort',
    seconds: 'tid',
  },
} as const;

/** What each rule of soundness.md is about. */
const RULES: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: {
    S1: 'standing',
    S2: 'the signed head',
    S3: 'one head',
    S4: 'pinned trust',
    S5: 'pending',
    S6: 'entry and document',
    S7: 'order by index',
    S8: 'keys',
    S9: 'other signed forms',
    S10: 'block hashes',
    S11: 'freshness',
    S12: 'verdict',
    S13: 'who holds the keys',
    S14: 'bytes',
    S15: 'stable index',
    S16: 'one history',
    S17: 'decided again',
    S18: 'clock',
    S19: 'anchors and rotations',
    S20: 'no person in the log',
    S21: 'salts',
    S22: 'sealing',
    S23: 'erasure',
    S24: 'one request, one event',
    S25: 'public ids',
    S26: 'signatures',
    S27: 'digest',
  },
  sv: {
    S1: 'läget',
    S2: 'det signerade huvudet',
    S3: 'ett huvud',
    S4: 'fäst tillit',
    S5: 'väntande',
    S6: 'händelse och dokument',
    S7: 'ordning efter index',
    S8: 'nycklar',
    S9: 'andra signerade former',
    S10: 'blockhashar',
    S11: 'färskhet',
    S12: 'utlåtande',
    S13: 'vem som har nycklarna',
    S14: 'byte',
    S15: 'fasta index',
    S16: 'en historia',
    S17: 'beslutat på nytt',
    S18: 'klocka',
    S19: 'förankringar och byten',
    S20: 'ingen person i loggen',
    S21: 'salt',
    S22: 'försegling',
    S23: 'radering',
    S24: 'en begäran, en händelse',
    S25: 'öppna id',
    S26: 'signaturer',
    S27: 'digest',
  },
};

/** With a newline at the end; what came with the log is made printable. */
export function auditText(report: AuditReport, language: Language): string {
  const words = WORDS[language];
  const facts: (readonly [string, string])[] = [
    [words.log, report.origin],
    [words.source, report.source],
    [words.trust, report.trust ? `${report.trust.source} (${report.trust.fingerprint})` : words.noTrust],
    [words.head, `${report.size} ${words.entries}, ${words.root} ${report.root}`],
    [
      words.read,
      `${report.readNow} ${words.entries}${report.readNow < report.entries ? `, ${words.from} ${report.entries - report.readNow}; ${words.earlier}` : ''}`,
    ],
    [words.credentials, String(report.credentials)],
    [words.anchors, counted(report.anchors, language)],
    ...report.chains.map((chain) => [`  ${words.chain} ${chain.name}`, chainText(chain, language)] as const),
    ...(report.delays.waitingSince === undefined
      ? []
      : [['', `${report.delays.waiting} ${words.entries} ${words.waiting} ${report.delays.waitingSince}`] as const]),
    ...(report.delays.longest === undefined ? [] : [[words.delay, duration(report.delays.longest)] as const]),
    [
      words.heads,
      `${report.heads.kept} ${words.headsSeen}, ${report.heads.given} ${words.headsGiven}, ${report.heads.contradicted.length} ${words.contradicted}`,
    ],
    ...sealedFacts(report.sealed, language),
    ...notCheckedFacts(report.notChecked, language),
    [words.seconds, `${report.seconds.toFixed(1)} s`],
  ];
  const width = Math.max(...facts.map(([label]) => label.length)) + 2;
  const shown = report.findings.slice(0, MOST_SHOWN);
  const total = report.counts.error + report.counts.warning + report.counts.note;
  const lines = [
    headline(report, language),
    '',
    ...facts.map(([label, value]) => `  ${label.padEnd(width)}${printable(value)}`),
    ...(shown.length === 0 ? [] : ['', `${words.findings}:`]),
    ...shown.flatMap((finding) => findingLines(finding, language)),
    ...(total > shown.length ? [`     ${total - shown.length} ${words.more}`] : []),
    ...(report.undetermined.length === 0 ? [] : ['', `${words.undetermined}:`]),
    ...report.undetermined.map((one) => `[??] ${printable(one)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function headline({ status, findings }: AuditReport, language: Language): string {
  const words = WORDS[language];
  if (status === EXIT.ok) return words.well;
  if (status === EXIT.undetermined) return words.open;
  const bad = findings.filter(({ severity }) => severity === 'error');
  const first = bad.find(({ index }) => index !== undefined) ?? bad[0];
  if (!first) return words.found;
  const { index, rule, code, detail } = first;
  const which = index === undefined ? words.whole : `${words.first} ${words.entry} ${index}, ${words.breaks}`;
  return `${words.found} ${which} ${rule} (${RULES[language][rule] ?? rule}), ${code}: ${printable(detail)}`;
}

function findingLines({ severity, rule, index, code, detail }: Finding, language: Language): string[] {
  const where = index === undefined ? '' : `, ${WORDS[language].entry} ${index}`;
  return [`${MARK[severity]} ${rule} ${RULES[language][rule] ?? ''}${where}`, `     ${code}: ${printable(detail)}`];
}

function chainText(chain: ChainReport, language: Language): string {
  const words = WORDS[language];
  if (chain.notReached !== undefined) return `${words.notReached}: ${chain.notReached}`;
  const how =
    chain.upToBlock === undefined
      ? words.closed
      : `${words.upTo} ${chain.upToBlock} ${words.by} ${chain.endpoints.join(', ')}`;
  return `${counted(chain, language)}; ${how}${chain.embedded === true ? ` (${words.embedded})` : ''}`;
}

function counted({ explained, unexplained, missing }: AnchorAudit['anchors'], language: Language): string {
  const words = WORDS[language];
  return `${explained} ${words.explained}, ${unexplained} ${words.unexplained}, ${missing} ${words.missing}`;
}

function sealedFacts(sealed: SealedReport | undefined, language: Language): readonly (readonly [string, string])[] {
  if (!sealed) return [];
  const words = WORDS[language];
  if (!sealed.audited) return [[words.opened, `${words.notOpened}: ${sealed.reason}`]];
  const { documents, assessments, drafts, notes, statusLists, erased } = sealed;
  const gone = [
    [erased.credentials, words.documents],
    [erased.assessments, words.assessments],
    [erased.notes, words.notes],
  ] as const;
  return [
    [
      words.opened,
      `${documents} ${words.documents}, ${assessments} ${words.assessments}, ${drafts} ${words.drafts}, ` +
        `${notes} ${words.notes}; ${statusLists} ${words.statusLists}`,
    ],
    [`  ${words.erased}`, gone.map(([count, what]) => `${count} ${what}`).join(', ')],
  ];
}

function notCheckedFacts({ privateRules }: NotChecked, language: Language): readonly (readonly [string, string])[] {
  const rules = Object.entries(privateRules);
  if (rules.length === 0) return [];
  const words = WORDS[language];
  return [[words.notChecked, `${words.sealed} ${rules.map(([rule, count]) => `${rule} ${count}`).join(', ')}`]];
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
