/** A verification report for a terminal, Swedish or English: the verdict, each check on a line, what was trusted. */
import {
  explain,
  explainVerdict,
  translated,
  type Check,
  type Language,
  type Outcome,
  type VerificationReport,
} from '../verification/index.js';
import type { ListSummary } from './block-hash-lists.js';
import { printable } from './cli-io.js';
import type { IssuerDomain } from './issuer-domain.js';
import type { Report } from './verify-document.js';

const MARK: Readonly<Record<Outcome, string>> = { pass: '[ok]', fail: '[!!]', unknown: '[??]', skipped: '[--]' };

const WORDS = {
  en: {
    holder: 'holder',
    issuer: 'issuer',
    state: 'state',
    anchored: 'anchored',
    asOf: 'known as of',
    clock: 'checked at',
    given: 'given with --at',
    own: 'this machine’s clock',
    custody: 'signing key held by',
    domain: 'issuer’s website',
    bound: 'names the issuer’s DID',
    notBound: 'does not name the issuer’s DID',
    notReached: 'was not reached',
    trusted: 'trusted:',
    pinned: 'Pinned ledgers',
    lists: 'Lists of block hashes',
    chain: 'chain',
    none: 'none',
    note: 'Note',
    demo: 'Demonstration data: not a real credential.',
  },
  sv: {
    holder: 'innehavare',
    issuer: 'utfärdare',
    state: 'läge',
    anchored: 'förankrat',
    asOf: 'känt per',
    clock: 'kontrollerat',
    given: 'angivet med --at',
    own: 'den här datorns klocka',
    custody: 'signeringsnyckeln finns hos',
    domain: 'utfärdarens webbplats',
    bound: 'anger utfärdarens DID',
    notBound: 'anger inte utfärdarens DID',
    notReached: 'kunde inte nås',
    trusted: 'litade på:',
    pinned: 'Register du litar på',
    lists: 'Listor över blockhashar',
    chain: 'kedja',
    none: 'inga',
    note: 'Observera',
    demo: 'Demonstrationsdata: inget verkligt bevis.',
  },
} as const;

const STATES: Readonly<Record<Language, Readonly<Record<VerificationReport['state'], string>>>> = {
  en: {
    active: 'active',
    revoked: 'revoked',
    suspended: 'suspended',
    expired: 'expired',
    notYetValid: 'not yet valid',
    superseded: 'a later version of the definition exists',
  },
  sv: {
    active: 'aktivt',
    revoked: 'återkallat',
    suspended: 'tillfälligt stoppat',
    expired: 'har gått ut',
    notYetValid: 'gäller inte än',
    superseded: 'en senare version av definitionen finns',
  },
};

/**
 * The text of a report, with a newline at the end. Everything that came with the document is made printable.
 * @param trust the trust files that were used, and where they lay (S4)
 * @param lists lists of block hashes that were given (S10)
 */
export function reportText(
  report: Report,
  trust: readonly { readonly origin: string; readonly source: string }[],
  language: Language,
  lists: readonly ListSummary[] = [],
): string {
  const words = WORDS[language];
  const verdict = explainVerdict(report.verdict, language);
  const { credential } = report;
  const facts: (readonly [string, string | undefined])[] = [
    [words.holder, credential.holder],
    [words.issuer, credential.issuer?.name ?? credential.issuer?.id],
    ['id', credential.id],
    [words.state, isStateShown(report) ? STATES[language][report.state] : undefined],
    [words.anchored, report.anchoredAt],
    [words.asOf, report.asOf],
    [words.clock, `${report.now} (${report.clock === 'given' ? words.given : words.own})`],
    [words.custody, report.keyCustody],
    [words.domain, domainText(report.issuerDomain, language)],
  ];
  const width = Math.max(...facts.map(([label]) => label.length)) + 2;
  const lines = [
    `${verdict.title.toUpperCase()}: ${verdict.text}`,
    '',
    ...(credential.name === undefined ? [] : [printable(credential.name)]),
    ...facts.flatMap(([label, value]) => (value === undefined ? [] : [`  ${label.padEnd(width)}${printable(value)}`])),
    '',
    ...report.checks.flatMap((check) => checkLines(check, language)),
    '',
    `${words.pinned}: ${trust.map(({ origin, source }) => `${printable(origin)} (${printable(source)})`).join(', ') || words.none}`,
    ...(lists.length === 0 ? [] : [`${words.lists}: ${lists.map((list) => listText(list, words.chain)).join(', ')}`]),
    ...(credential.demo === true ? [`${words.note}: ${words.demo}`] : []),
    ...report.warnings.map((warning) => `${words.note}: ${printable(translated(warning, language))}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Whether the state has been shown: `active` is also what is left where nothing could be read of it (S12). */
function isStateShown({ state, verdict, checks }: Report): boolean {
  if (state !== 'active') return true;
  const isPassed = (name: string): boolean => checks.some((check) => check.name === name && check.outcome === 'pass');
  return verdict !== 'invalid' && isPassed('status') && isPassed('validity');
}

function listText({ origin, name, chainId, source }: ListSummary, chain: string): string {
  return `${printable(origin)}, ${printable(name)} (${chain} ${chainId}; ${printable(source)})`;
}

function domainText(domain: IssuerDomain | undefined, language: Language): string | undefined {
  if (domain === undefined) return undefined;
  const words = [domain.domain, WORDS[language][domain.is], `(${domain.is}: ${domain.detail})`];
  return words.filter((word) => word !== undefined).join(' ');
}

function checkLines(check: Check, language: Language): string[] {
  const { title, text } = explain(check, language);
  const lines = [`${MARK[check.outcome]} ${title}`];
  if (check.outcome !== 'pass') lines.push(`     ${text}`);
  lines.push(`     ${check.code === undefined ? '' : `${check.code}: `}${printable(check.detail)}`);
  if (check.trusted !== undefined)
    lines.push(`     ${WORDS[language].trusted} ${printable(translated(check.trusted, language))}`);
  return lines;
}
