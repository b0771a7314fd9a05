/**
 * The verifier: one function from a document, what is trusted and a clock to a report (S1 to S12; the report's shape is
 * `report.ts`). Runs in Node and in a browser, asks nothing of any network but through the callbacks it is given.
 * One named call a check; the rules from checks to verdict are at the end. Proven by verify.spec.ts.
 */
import type { JsonObject } from '../encoding/json.js';
import type { Checkpoint } from '../log/checkpoint.js';
import type { TrustFile } from './bundle.js';
import { checkAnchor, type AnchorResult, type BlockHashSource, type PinnedBlockHash } from './check-anchor.js';
import { checkDefinition, isSuperseded } from './check-definition.js';
import { checkIntegrity } from './check-integrity.js';
import { checkIssuer, custodyOf } from './check-issuer.js';
import { checkLogInclusion, openHead } from './check-log.js';
import { checkMandate } from './check-mandate.js';
import { checkStatus, statusAsOf } from './check-status.js';
import { checkValidity } from './check-validity.js';
import type { CheckCode } from './codes.js';
import { eddsaJcsProofOf } from './data-integrity.js';
import { Memory } from './memory.js';
import {
  checkOf,
  NO_PROOF,
  pass,
  settle,
  settleNow,
  skipped,
  Undecided,
  type Finding,
  type Settled,
} from './outcome.js';
import { parseInput, type ParsedBundle, type ParsedInput } from './parse-bundle.js';
import { webPlatform, type Platform } from './platform.js';
import type { Check, CheckName, CredentialState, Verdict, VerificationReport } from './report.js';
import type { Tools } from './tools.js';
import { VerificationError } from './verification-error.js';

export const DEFAULT_MAX_STATUS_AGE_DAYS = 30;

/** The answer of whoever has the whole log at hand and finds no such issuance in it (S5). */
export const NOT_LOGGED = 'notLogged';

/** S11: said where the date given is before what the bundle is known as of. */
export const NEWER_THAN_DATE_WARNING =
  'The proof is newer than the date asked about: what it says of status is as of the proof, and may have been otherwise on that date (soundness rule S11).';

export interface VerifyOptions {
  /** Pinned by the one who verifies, never taken from what is verified (S4). */
  readonly trust?: readonly TrustFile[];
  readonly now: Date;
  /** Whether `now` is the verifier's own clock or was given. */
  readonly clock: 'verifier' | 'given';
  /** Default 30 (S11). */
  readonly maxStatusAgeDays?: number;
  /** Asks a chain, or somebody who knows it; rejects where it cannot be reached (S10). */
  readonly blockHash?: BlockHashSource;
  /** Block hashes known beforehand, `0x` and 64 hex digits: a published list, with or without chain ids (S10). */
  readonly pinnedBlockHashes?: readonly PinnedBlockHash[];
  /**
   * For a credential that came without a bundle: its bundle, undefined where there is none at hand, or `NOT_LOGGED`
   * where the whole log was looked through.
   */
  readonly resolve?: (credential: JsonObject) => Promise<unknown>;
  /** The machine's own signature check, hash and gzip; default: what a browser has, else plain JavaScript. */
  readonly platform?: Platform;
  /** For many documents: one memory for all of them, so that what they have in common is looked at once. */
  readonly memory?: Memory;
}

interface Presented extends ParsedInput {
  readonly notLogged: boolean;
}

/**
 * Verifies a proof bundle, or a credential alone (which shows little: S5).
 * @param input a parsed JSON document, from anybody
 * @returns always a report; rejects only for our own bugs, and where `resolve` rejects
 */
export async function verify(input: unknown, options: VerifyOptions): Promise<VerificationReport> {
  const tools: Tools = { platform: options.platform ?? webPlatform(), memory: options.memory ?? new Memory() };
  const presented = await settle(() => present(input, options, tools));
  if (presented.error !== undefined) return unreadable(presented, options);
  const { bundle, facts } = presented.value;

  const trust = bundle && options.trust?.find(({ origin }) => origin === bundle.origin);
  const head = bundle && (await settle(() => openHead(bundle.checkpoint, bundle.origin, trust, tools)));
  const log = settleNow(() => logInclusion(presented.value, head, trust, tools));
  const anchor = await checkAnchor(bundle, head, trust, options, tools);
  const maxAgeDays = options.maxStatusAgeDays ?? DEFAULT_MAX_STATUS_AGE_DAYS;
  const clock = { now: options.now, maxAgeDays, anchoredAt: anchor.blockTime };
  const inLog = (check: (given: ParsedBundle) => Finding): Settled<Finding> =>
    grounded(log, bundle && settleNow(() => check(bundle)));

  const integrity = await settle(() => checkIntegrity(presented.value, tools));
  const issuer = inLog((given) => checkIssuer(presented.value, given));
  const mandate = inLog((given) => checkMandate(given));
  const definition = inLog((given) => checkDefinition(presented.value, given));
  const status = bundle && (await settle(() => checkStatus(bundle, clock, tools)));
  const validity = settleNow(() => checkValidity(facts, options.now));

  const checks: Check[] = [
    checkOf('format', { value: pass(bundle ? 'a proof bundle of version 1' : 'a credential without proof bundle') }),
    checkOf('integrity', integrity),
    checkOf('issuer', issuer),
    checkOf('mandate', mandate),
    checkOf('definition', definition),
    checkOf('logInclusion', log),
    checkOf('anchor', anchor.finding),
    checkOf('status', grounded(log, status)),
    checkOf('validity', validity),
  ];
  const superseded = bundle !== undefined && settleNow(() => isSuperseded(bundle)).value === true;
  const known = times(bundle, log, anchor);
  const custody = bundle && (settleNow(() => custodyOf(bundle)).value ?? trust?.keyCustody);
  return {
    verdict: verdictOf(checks),
    state: stateOf(checks, superseded),
    checks,
    credential: facts.summary,
    ...known,
    now: options.now.toISOString(),
    clock: options.clock,
    ...(custody === undefined ? {} : { keyCustody: custody }),
    warnings: [...anchor.warnings, ...otherProofs(presented.value), ...newerThan(options, known)],
  };
}

/** S12: the first rule that applies. */
export function verdictOf(checks: readonly Check[]): Verdict {
  const failed = checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name);
  if (failed.some((name) => name !== 'status' && name !== 'validity')) return 'invalid';
  if (failed.length > 0) return 'notInForce';
  if (checks.some(({ outcome }) => outcome === 'unknown')) return 'undetermined';
  // `anchor` is skipped for exactly one reason: logged, but not under a final anchor.
  if (checks.some(({ name, outcome }) => name === 'anchor' && outcome === 'skipped')) return 'pending';
  return 'valid';
}

/** S12: the gravest. */
function stateOf(checks: readonly Check[], superseded: boolean): CredentialState {
  const codes = new Set(checks.filter(({ outcome }) => outcome === 'fail').map(({ code }) => code));
  const gravest = (['revoked', 'suspended', 'expired', 'notYetValid'] as const).find((code) => codes.has(code));
  return gravest ?? (superseded ? 'superseded' : 'active');
}

async function present(input: unknown, options: VerifyOptions, { memory }: Tools): Promise<Presented> {
  const parsed = parseInput(input, memory);
  if (parsed.bundle !== undefined || options.resolve === undefined) return { ...parsed, notLogged: false };
  const found = await options.resolve(parsed.credential);
  if (found === undefined || found === NOT_LOGGED) return { ...parsed, notLogged: found === NOT_LOGGED };
  // The bundle is held against the credential that was presented, not against the one that it brings.
  const bundled = parseInput({ ...(found as JsonObject), credential: parsed.credential }, memory);
  if (bundled.bundle === undefined) throw new VerificationError('bundleMalformed', 'what was found is no proof bundle');
  return { ...bundled, notLogged: false };
}

function logInclusion(
  { bundle, notLogged }: Presented,
  head: Settled<Checkpoint> | undefined,
  trust: TrustFile | undefined,
  tools: Tools,
): Finding {
  if (notLogged)
    throw new VerificationError('notLogged', 'the whole log was looked through: it holds no such issuance');
  if (bundle === undefined || head === undefined) throw NO_PROOF;
  if (head.error !== undefined) throw head.error;
  return checkLogInclusion(bundle, head.value, trust, tools);
}

/**
 * A check that reads the log. What it finds against the credential counts; what it finds for it is worth no more than
 * the log itself, so a pass becomes unknown where inclusion in a trusted log was not shown.
 * @param settled undefined where there is no bundle to read the log from
 */
function grounded(log: Settled<Finding>, settled: Settled<Finding> | undefined): Settled<Finding> {
  if (settled === undefined) return { error: NO_PROOF };
  if (settled.error !== undefined || log.error === undefined) return settled;
  const code: CheckCode = log.error instanceof Undecided ? 'untrusted' : 'restsOnLog';
  return { error: new Undecided(code, `${settled.value.detail}; but that is the log's word, see logInclusion`) };
}

function times(
  bundle: ParsedBundle | undefined,
  log: Settled<Finding>,
  anchor: AnchorResult,
): Pick<VerificationReport, 'anchoredAt' | 'asOf'> {
  if (bundle === undefined || log.error !== undefined) return {};
  const isKnown = bundle.anchor === undefined || anchor.confirmed;
  const asOf = isKnown ? settleNow(() => statusAsOf(bundle, anchor.blockTime)).value : undefined;
  return {
    ...(anchor.anchoredAt === undefined ? {} : { anchoredAt: new Date(anchor.anchoredAt).toISOString() }),
    ...(asOf === undefined ? {} : { asOf: new Date(asOf).toISOString() }),
  };
}

/** S11: a proof shows how things were when it was made, not on a date before. */
function newerThan({ now, clock }: VerifyOptions, { asOf }: Pick<VerificationReport, 'asOf'>): string[] {
  const isNewer = clock === 'given' && asOf !== undefined && Date.parse(asOf) > now.getTime();
  return isNewer ? [NEWER_THAN_DATE_WARNING] : [];
}

/** S9: only the logged signature is under the anchor. */
function otherProofs({ credential }: ParsedInput): string[] {
  const { value } = settleNow(() => eddsaJcsProofOf(credential));
  if (value === undefined || value.others === 0) return [];
  return [`${value.others} further proof(s) of the credential: not checked, and their signatures are not anchored.`];
}

const AFTER_FORMAT: readonly CheckName[] = [
  'integrity',
  'issuer',
  'mandate',
  'definition',
  'logInclusion',
  'anchor',
  'status',
  'validity',
];

function unreadable(settled: Settled<unknown>, options: VerifyOptions): VerificationReport {
  const format = checkOf('format', settled as Settled<Finding>);
  const rest = AFTER_FORMAT.map((name) => checkOf(name, { value: skipped('notReached', 'nothing to look at') }));
  return {
    verdict: verdictOf([format]),
    state: 'active',
    checks: [format, ...rest],
    credential: {},
    now: options.now.toISOString(),
    clock: options.clock,
    warnings: [],
  };
}
