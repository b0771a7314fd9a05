/**
 * The replay of the streams that a log has millions of, credentials and assessments, or of a share of them: several run
 * side by side, each over its own streams and over all that those cite. Every entry is read strictly (S14), its revision
 * and citations checked (S7), and decided again by the domain's own deciders (S17); rules that need sealed facts are
 * counted. Proven by audit.spec.ts.
 */
import { assessmentDecider, assessmentPrivateRules } from '../credentials/assessment.js';
import { credentialDecider, decideCredential, privateRules, type CredentialState } from '../credentials/credential.js';
import type { AssessmentEvent, CredentialEvent, CredentialIssued } from '../credentials/credential.events.js';
import { isActor } from '../event-store/entry.js';
import type { EventMeta } from '../event-store/decider.js';
import { CATALOGUE, eventOf, interpret, Malformed, type Catalogue } from './catalogue.js';
import { CitedStreams, DEFINITION, ORGANISATION, type Cited, type SavedCitedStreams } from './cited-streams.js';
import { decideAgain, type Deciding, type Refusal } from './decide-again.js';
import { readEntry, timeOf, type StreamPlace } from './entry-text.js';
import { Findings, type Finding, type FindingCounts } from './findings.js';
import { AssessmentTable, CredentialTable, readUuidBytes, type IdTable } from './id-table.js';
import { quickAssessment, quickIssuance, type QuickEntry } from './quick-entry.js';
import { UnknownTypes, type CountedType } from './unknown-types.js';

export const CREDENTIAL = 'credential-';
export const ASSESSMENT = 'assessment-';

/** A credential's status as its table has it, by number. */
const STATUSES = ['unissued', 'active', 'suspended', 'revoked', 'void'] as const;
const [, ACTIVE, SUSPENDED, REVOKED, VOID] = [0, 1, 2, 3, 4] as const;
export const STATUS = { active: ACTIVE, suspended: SUSPENDED, revoked: REVOKED, void: VOID } as const;

/** Flags of a row. */
export const FLAG = {
  /** An event that this program does not know: nothing about the stream can be told. */
  clouded: 1,
  /** The issuance cited a revision that was not the newest (S7). */
  stale: 2,
  /** An entry could not be read, so the next one's revision is not known. */
  lost: 4,
  /** An assessment that is recorded. */
  recorded: 8,
} as const;

/** What `evolve` needs of a state besides what it is; nothing here looks at it. */
const NOTHING_ISSUED = {} as CredentialIssued['data'];
const STATES: readonly CredentialState[] = STATUSES.map((is) => {
  if (is === 'unissued') return { is };
  return { is, stream: '', revision: 0, issued: NOTHING_ISSUED, issuedAt: '', reason: 'staleRead' } as CredentialState;
});

type CredentialDeciding = Deciding<
  Pick<CredentialState, 'is'>,
  Parameters<typeof decideCredential>[0],
  CredentialEvent,
  Parameters<typeof decideCredential>[2]
>;
const deciding: CredentialDeciding = { ...credentialDecider, decide: decideCredential };

export interface PersonReplayState {
  readonly cited: SavedCitedStreams;
  readonly credentials: ReturnType<CredentialTable['exported']>;
  readonly assessments: ReturnType<AssessmentTable['exported']>;
  /** `<organisation> <kid>` */
  readonly keys: readonly string[];
  /** UUIDs */
  readonly lists: readonly string[];
  readonly unknown: readonly CountedType[];
  readonly privateRules: Readonly<Record<string, number>>;
  readonly voided: number;
}

interface Found {
  readonly list: readonly Finding[];
  readonly counts: FindingCounts;
}

export interface PersonReplayResult extends Omit<PersonReplayState, 'cited'> {
  /** In the entries. */
  readonly findings: Found;
  /** In what they come to; a later event may change it. */
  readonly atEnd: Found;
}

export class PersonReplay {
  readonly findings: Findings;
  readonly credentials = new CredentialTable();
  readonly assessments = new AssessmentTable();
  readonly #cited: CitedStreams;
  /** Issuances and assessments have the version that `quick-entry.ts` reads. */
  readonly #isUsual: boolean;
  readonly #keys = new Numbers();
  readonly #keyNumbers = new Map<string, Map<string, number>>();
  readonly #lists = new Numbers();
  readonly #unknown = new UnknownTypes();
  readonly #id = new Uint32Array(4);
  /** Issuances and assessments decided without the facts that are sealed. */
  #undecidedIssuances = 0;
  #undecidedAssessments = 0;
  #voided = 0;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly mostFindings: number,
    saved?: PersonReplayState,
  ) {
    this.findings = new Findings(mostFindings);
    this.#cited = new CitedStreams(catalogue, saved?.cited);
    this.#isUsual =
      catalogue === CATALOGUE &&
      catalogue.types.versionOf({ stream: CREDENTIAL, type: 'CredentialIssued' }) === 1 &&
      catalogue.types.versionOf({ stream: ASSESSMENT, type: 'AssessmentRecorded' }) === 1;
    if (!saved) return;
    this.credentials.imported(saved.credentials);
    this.assessments.imported(saved.assessments);
    for (const name of saved.keys) this.#keys.of(name);
    for (const name of saved.lists) this.#lists.of(name);
    this.#unknown.restore(saved.unknown);
    this.#undecidedIssuances = saved.privateRules[privateRules[0]] ?? 0;
    this.#undecidedAssessments = saved.privateRules[assessmentPrivateRules[0]] ?? 0;
    this.#voided = saved.voided;
  }

  /** An entry of an organisation or definition, which whoever decides those reports on. */
  citedEntry(bytes: Buffer, start: number, end: number, index: number): void {
    const entry = readEntry(bytes, start, end);
    if (typeof entry !== 'string') this.#cited.fold(entry, index);
  }

  /**
   * An entry of a credential or an assessment of this share.
   * @param place of the stream's name in the bytes
   */
  entry(bytes: Buffer, start: number, end: number, index: number, place: StreamPlace): void {
    const isCredential = bytes[place.start] === CREDENTIAL.charCodeAt(0);
    const table = isCredential ? this.credentials : this.assessments;
    if (!readUuidBytes(bytes, place.start + CREDENTIAL.length, place.end, this.#id)) {
      const stream = bytes.toString('latin1', place.start, place.end);
      this.findings.error('S14', 'streamMalformed', `${stream}: expected a UUID after the hyphen`, index);
      return;
    }
    const found = table.find(this.#id);
    const row = found < 0 ? table.add(this.#id) : found;
    const quick = this.#isUsual ? quickEntry(bytes, start, end, isCredential) : undefined;
    const entry = quick ?? readEntry(bytes, start, end);
    if (typeof entry === 'string') {
      const stream = bytes.toString('latin1', place.start, place.end);
      this.findings.error('S14', 'entryMalformed', `${stream}: ${entry}`, index);
      table.flags[row]! |= FLAG.lost;
      return;
    }
    const { stream } = entry;
    this.#checkPlace(entry, table, row, index);
    const event = quick ?? interpret(entry, this.catalogue);
    if (event === 'unknown') {
      this.#unknown.add(entry, index);
      table.flags[row]! |= FLAG.clouded;
      return;
    }
    if (event instanceof Malformed) {
      this.findings.error('S14', 'dataMalformed', `${entry.type} in ${stream}: ${event.detail}`, index);
      return;
    }
    const meta: EventMeta = { stream, revision: entry.revision, at: entry.at, index };
    if (isCredential) this.#credential(eventOf<CredentialEvent>(event), meta, row, index);
    else this.#assessment(eventOf<AssessmentEvent>(event), meta, row, index);
  }

  /** What there is to say once the whole log is read; the replay can go on afterwards. */
  result(): PersonReplayResult {
    const atEnd = new Findings(this.mostFindings);
    this.#checkStale(atEnd);
    this.#checkKeys(atEnd);
    const { cited: _, ...state } = this.#state();
    return { ...state, findings: told(this.findings), atEnd: told(atEnd) };
  }

  #state(): PersonReplayState {
    return {
      cited: this.#cited.saved(),
      credentials: this.credentials.exported(),
      assessments: this.assessments.exported(),
      keys: this.#keys.names,
      lists: this.#lists.names,
      unknown: this.#unknown.list(),
      privateRules: Object.fromEntries([
        ...privateRules.map((rule) => [rule, this.#undecidedIssuances] as const),
        ...assessmentPrivateRules.map((rule) => [rule, this.#undecidedAssessments] as const),
      ]),
      voided: this.#voided,
    };
  }

  /** S15, S20: revisions without gaps, an actor that is no person. */
  #checkPlace({ stream, revision, by }: QuickEntry, table: TableWithFlags, row: number, index: number): void {
    const expected = table.events[row]!;
    if (revision !== expected && (table.flags[row]! & FLAG.lost) === 0) {
      const detail = `${stream}: expected revision ${expected}, got ${revision}`;
      this.findings.error('S15', 'revisionGap', detail, index);
    }
    table.flags[row]! &= ~FLAG.lost;
    table.events[row] = revision + 1;
    if (!isActor(by)) this.findings.error('S20', 'notAnActor', `${stream}: by is ${by.slice(0, 80)}`, index);
  }

  #credential(event: CredentialEvent, meta: EventMeta, row: number, index: number): void {
    const table = this.credentials;
    const state = STATES[table.status[row]!]!;
    const isIssuance = event.type === 'CredentialIssued' && state.is === 'unissued';
    if (event.type === 'CredentialIssued') this.#issued(event, meta, row, state, index);
    else {
      const refusal = decideAgain(deciding, event, meta, state, undefined);
      this.#report(refusal, (table.flags[row]! & FLAG.clouded) !== 0, index);
      if (event.type === 'CredentialVoided') this.#checkVoid(meta, row, state, index);
    }
    if (isIssuance) this.#place(event.data, row, index);
    const next = credentialDecider.evolve(state, event, meta).is;
    const status = STATUSES.indexOf(next);
    if (status === table.status[row] && !isIssuance) return;
    table.status[row] = status;
    table.changed[row] = index;
  }

  #issued(event: CredentialIssued, meta: EventMeta, row: number, state: CredentialState, index: number): void {
    const { data } = event;
    const organisation = this.#cited.organisation(data.organisation);
    const definition = this.#cited.definition(data.definition);
    if (state.is === 'unissued' && this.#isStale(data, organisation, definition)) {
      // Citing an old revision explains, it does not justify: nothing is decided on it.
      this.credentials.flags[row]! |= FLAG.stale;
      return;
    }
    const context = { organisation: organisation.state, definition: definition.state, facts: 'sealed' } as const;
    const refusal = decideAgain(deciding, event, meta, state, context);
    const isClouded = organisation.clouded || definition.clouded || (this.credentials.flags[row]! & FLAG.clouded) !== 0;
    this.#report(refusal, isClouded, index);
    this.#undecidedIssuances += 1;
  }

  /** Whether the streams cited are those that it rests on, and one of them has moved on since the revision cited. */
  #isStale(
    { reads, organisation, definition }: CredentialIssued['data'],
    issuer: Cited<unknown>,
    defined: Cited<unknown>,
  ): boolean {
    const [first, second] = reads;
    if (reads.length !== 2 || !first || !second) return false;
    const isOfThose =
      first.stream.startsWith(ORGANISATION) &&
      first.stream.endsWith(organisation) &&
      second.stream.startsWith(DEFINITION) &&
      second.stream.endsWith(definition);
    const isPast = first.revision <= issuer.revision && second.revision <= defined.revision;
    return isOfThose && isPast && (first.revision < issuer.revision || second.revision < defined.revision);
  }

  #place({ organisation, key, statusLists }: CredentialIssued['data'], row: number, index: number): void {
    const table = this.credentials;
    table.issued[row] = index;
    table.key[row] = this.#keyNumber(organisation, key);
    table.revocationList[row] = this.#lists.of(statusLists.revocation.list);
    table.revocationIndex[row] = statusLists.revocation.index;
    table.suspensionList[row] = this.#lists.of(statusLists.suspension.list);
    table.suspensionIndex[row] = statusLists.suspension.index;
  }

  /** Without putting the two names together for each of a million issuances. */
  #keyNumber(organisation: string, key: string): number {
    let numbers = this.#keyNumbers.get(organisation);
    if (!numbers) this.#keyNumbers.set(organisation, (numbers = new Map<string, number>()));
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = this.#keys.of(`${organisation} ${key}`)));
    return number;
  }

  #checkVoid({ stream }: EventMeta, row: number, state: CredentialState, index: number): void {
    if (state.is === 'unissued' || state.is === 'void') return;
    if ((this.credentials.flags[row]! & FLAG.stale) !== 0) this.#voided += 1;
    else {
      const detail = `${stream}: void for a stale citation, but what the issuance cites was the newest`;
      this.findings.error('S7', 'voidUnfounded', detail, index);
    }
  }

  #assessment(event: AssessmentEvent, meta: EventMeta, row: number, index: number): void {
    const isRecorded = (this.assessments.flags[row]! & FLAG.recorded) !== 0;
    const state = isRecorded ? RECORDED : assessmentDecider.initialState;
    const refusal = decideAgain(assessmentDecider, event, meta, state, 'sealed');
    const organisation = this.#cited.organisation(event.data.organisation);
    const isClouded = organisation.clouded || (this.assessments.flags[row]! & FLAG.clouded) !== 0;
    this.#report(refusal, isClouded, index);
    if (organisation.state.is === 'unregistered') {
      const detail = `${meta.stream}: recorded by organisation ${event.data.organisation}, which is not registered`;
      this.#report({ rule: 'S17', code: 'organisationUnknown', detail }, isClouded, index);
    }
    this.assessments.flags[row]! |= FLAG.recorded;
    this.#undecidedAssessments += 1;
  }

  /** Where something is not known of what it rests on, a refusal shows nothing. */
  #report(refusal: Refusal | undefined, isClouded: boolean, index: number): void {
    if (!refusal) return;
    const { rule, code, detail } = refusal;
    if (isClouded)
      this.findings.warning(rule, 'undetermined', `${detail}; it rests on an unknown type of event`, index);
    else this.findings.error(rule, code, detail, index);
  }

  /** S7: what cited an old revision and was never made void. */
  #checkStale(findings: Findings): void {
    const { flags, status, issued, size } = this.credentials;
    for (let row = 0; row < size; row += 1) {
      if ((flags[row]! & FLAG.stale) === 0 || status[row] === VOID) continue;
      const detail = `${CREDENTIAL}${this.credentials.idOf(row)}: cites a revision that was not the newest, and is not void`;
      findings.error('S7', 'staleCitation', detail, issued[row]);
    }
  }

  /** S8: what was signed with a key from where on it was in wrong hands. */
  #checkKeys(findings: Findings): void {
    const bounds = this.#keys.names.map((name) => this.#compromisedFrom(name));
    const { key, status, issued, size } = this.credentials;
    for (let row = 0; row < size; row += 1) {
      if (status[row] === 0 || status[row] === VOID || !(issued[row]! >= bounds[key[row]!]!)) continue;
      const [, kid] = this.#keys.names[key[row]!]!.split(' ');
      const detail = `${CREDENTIAL}${this.credentials.idOf(row)} does not stand: its key ${kid} is compromised from entry ${bounds[key[row]!]} on`;
      findings.warning('S8', 'doesNotStand', detail, issued[row]);
    }
  }

  #compromisedFrom(name: string): number {
    const [organisation, kid] = name.split(' ') as [string, string];
    const { state } = this.#cited.organisation(organisation);
    if (state.is === 'unregistered') return Infinity;
    const key = state.keys.find((one) => one.kid === kid);
    return key?.ended === 'compromised' ? (key.to ?? Infinity) : Infinity;
  }
}

function told(findings: Findings): Found {
  return { list: findings.list(), counts: findings.counts };
}

function quickEntry(bytes: Buffer, start: number, end: number, isCredential: boolean): QuickEntry | undefined {
  if (Number.isNaN(timeOf(bytes, start, end))) return undefined;
  // What is not ASCII becomes something else, which no pattern matches.
  const text = bytes.toString('latin1', start, end);
  return isCredential ? quickIssuance(text) : quickAssessment(text);
}

type TableWithFlags = IdTable & { readonly events: Uint32Array; readonly flags: Uint8Array };

const RECORDED = { is: 'recorded', organisation: '', facts: 'sealed' } as const;

/** Names, each with a number from 0 in the order in which they came. */
class Numbers {
  readonly #numbers = new Map<string, number>();
  readonly names: string[] = [];

  of(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}
