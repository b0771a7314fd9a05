/**
 * The audit's second half, with the operator's keys: what is sealed is opened again, event by event in the order of the log,
 * and held against what is public (S22), the document of every credential against its entry, its key, its version and its
 * assessment (`sealed-document.ts`), and what rests on sealed facts is decided again with them (S17). What the audit of what
 * is public reports already, this does not report again. Nothing is kept for a credential: memory does not grow with the log.
 * docs/audit.md says what it checks. Proven by sealed-audit.int.spec.ts (each check) and test/audit.e2e.spec.ts.
 */
import { assessmentDecider, type AssessmentFacts } from '../credentials/assessment.js';
import { credentialDecider } from '../credentials/credential.js';
import {
  assessmentStream,
  type AssessmentEvent,
  type CredentialIssued,
  type StatusListPublished,
} from '../credentials/credential.events.js';
import { definitionDecider } from '../definitions/definition.js';
import type { DefinitionEvent } from '../definitions/definition.events.js';
import { EncodingError } from '../errors.js';
import type { DomainEvent, EventMeta, SealedFacts } from '../event-store/decider.js';
import { parseEntry, type ParsedEntry } from '../event-store/entry.js';
import type { EventStore, StoredEvent } from '../event-store/event-store.js';
import { decodeContainer } from '../holders/sealing.js';
import { organisationVault, type Vault } from '../holders/vault.js';
import type { z } from 'zod';
import { CATALOGUE, eventOf, interpret, Malformed, type Catalogue } from './catalogue.js';
import { CitedStreams, DEFINITION, ORGANISATION } from './cited-streams.js';
import { decideAgain, type Deciding, type Refusal } from './decide-again.js';
import { Findings, MOST_FINDINGS, type Finding, type FindingCounts } from './findings.js';
import { KeptLists } from './kept-lists.js';
import { ASSESSMENT, CREDENTIAL } from './person-replay.js';
import { documentFaults, namesOf } from './sealed-document.js';
import { assessedFacts, assessorFacts, draftFacts, issuedFacts, noteFacts } from './sealed-facts.js';
import { HOLDER_KEY, MEMBER_KEY, SealedParts, type Opening } from './sealed-parts.js';

export interface SealedAuditOptions {
  /** Entries of the log that are audited: those of the head. */
  readonly size: number;
  /** @param done entries */
  readonly onProgress?: (done: number, of: number) => void;
  /** Findings kept of each severity; default 1,000. */
  readonly mostFindings?: number;
}

export interface SealedAudit {
  readonly findings: readonly Finding[];
  readonly counts: FindingCounts;
  /** How many of each were opened and checked. */
  readonly documents: number;
  readonly assessments: number;
  readonly drafts: number;
  readonly notes: number;
  /** Published status lists whose documents are kept. */
  readonly statusLists: number;
  /** What nobody can open any more; `assessors` are names that went with the key of an assessor. */
  readonly erased: {
    readonly credentials: number;
    readonly assessments: number;
    readonly notes: number;
    readonly assessors: number;
  };
  readonly seconds: number;
}

const PAGE = 500;
/** Assessments that are remembered: an issuance comes right after its own, or not long after. */
const RECENT = 1_000;
const STATUS_LIST = 'statuslist-';
const NOTED: ReadonlySet<string> = new Set(['CredentialSuspended', 'CredentialReinstated', 'CredentialRevoked']);

/**
 * Audits all that is sealed of a log. What is wrong with it is a finding, never an error.
 * @param erased UUIDs of holders that are known to be erased, from the list beside the keys and from the store
 * @throws ConfigError where the epoch keys are older than the store
 */
export async function auditSealed(
  store: Pick<EventStore, 'readLog' | 'readStream'>,
  vault: Pick<Vault, 'key'>,
  erased: ReadonlySet<string>,
  { size, onProgress, mostFindings = MOST_FINDINGS }: SealedAuditOptions,
  catalogue: Catalogue = CATALOGUE,
): Promise<SealedAudit> {
  const began = performance.now();
  const run = new SealedRun(store, vault, erased, mostFindings, catalogue);
  for (let from = 0; from < size; from += PAGE) {
    for (const event of await pageOf(store, from, Math.min(PAGE, size - from))) await run.event(event);
    onProgress?.(Math.min(from + PAGE, size), size);
    // Reading and opening are synchronous below: others, such as a signal, get their turn.
    await new Promise(setImmediate);
  }
  const { findings, ...counted } = await run.finish();
  return {
    ...{ findings: findings.list(), counts: findings.counts },
    ...counted,
    seconds: Math.round(performance.now() - began) / 1_000,
  };
}

/** Entries from an index on, those that can be read: of the others the audit of what is public speaks. */
async function pageOf(
  store: Pick<EventStore, 'readLog'>,
  from: number,
  count: number,
): Promise<readonly StoredEvent[]> {
  const isBelow = ({ index }: StoredEvent): boolean => index !== undefined && index < from + count;
  try {
    return (await store.readLog({ from, limit: count })).filter(isBelow);
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof EncodingError)) throw error;
    if (count === 1) return [];
    const half = Math.ceil(count / 2);
    return [...(await pageOf(store, from, half)), ...(await pageOf(store, from + half, count - half))];
  }
}

interface RecordedAssessment {
  readonly index: number;
  /** UUID of the organisation that recorded it. */
  readonly organisation: string;
  /** Vault stream of the holder's key. */
  readonly under: string;
  readonly facts: AssessmentFacts;
}

/** An entry as its decider has it, with what was opened of it. */
interface Opened {
  readonly entry: ParsedEntry;
  readonly meta: EventMeta;
  readonly index: number;
  readonly opening: Opening | undefined;
}

class SealedRun {
  readonly #findings: Findings;
  readonly #parts: SealedParts;
  readonly #cited: CitedStreams;
  readonly #lists = new KeptLists();
  readonly #recent = new Map<string, RecordedAssessment>();
  readonly #done = { documents: 0, assessments: 0, drafts: 0, notes: 0 };
  readonly #erased = { credentials: 0, assessments: 0, notes: 0, assessors: 0 };

  constructor(
    private readonly store: Pick<EventStore, 'readStream'>,
    private readonly vault: Pick<Vault, 'key'>,
    private readonly erased: ReadonlySet<string>,
    mostFindings: number,
    private readonly catalogue: Catalogue,
  ) {
    this.#findings = new Findings(mostFindings);
    this.#parts = new SealedParts(store, vault, erased, this.#findings);
    this.#cited = new CitedStreams(catalogue);
  }

  async event(stored: StoredEvent): Promise<void> {
    const { index } = stored;
    const entry = entryOf(stored);
    if (!entry || index === undefined) return;
    const { stream, revision, at } = entry;
    const opening = await this.#parts.open({ stream, revision }, stored.sealed, entry.sealed, index);
    const event = interpret(entry, this.catalogue);
    if (event !== 'unknown' && !(event instanceof Malformed)) {
      const isSealed = stored.sealed !== undefined || entry.sealed !== undefined;
      const opened = { entry: event, meta: { stream, revision, at, index }, index, opening };
      await this.#check(opened, isSealed);
    }
    if (stream.startsWith(ORGANISATION) || stream.startsWith(DEFINITION)) this.#cited.fold(entry, index);
  }

  async finish(): Promise<Omit<SealedAudit, 'findings' | 'counts' | 'seconds'> & { readonly findings: Findings }> {
    const statusLists = await this.#lists.check(this.store, this.#findings);
    return { findings: this.#findings, ...this.#done, statusLists, erased: this.#erased };
  }

  async #check(opened: Opened, isSealed: boolean): Promise<void> {
    const { entry, index } = opened;
    const { type, stream } = entry;
    if (type === 'StatusListPublished' && stream.startsWith(STATUS_LIST)) {
      const { data } = eventOf<StatusListPublished>(entry);
      this.#lists.add(stream.slice(STATUS_LIST.length), data, index);
      return;
    }
    const always = ALWAYS_SEALED[type];
    if (always !== undefined && stream.startsWith(always) && !isSealed) {
      this.#findings.error('S22', 'notSealed', `${type} in ${stream}: expected a sealed part`, index);
    }
    if (!opened.opening) return;
    if (type === 'CredentialIssued') await this.#issued(opened, opened.opening);
    else if (type === 'AssessmentRecorded') this.#assessed(opened, opened.opening);
    else if (type === 'DraftRevised') this.#draft(opened, opened.opening);
    else if (NOTED.has(type)) await this.#noted(opened, opened.opening);
  }

  async #issued({ entry, meta, index }: Opened, opening: Opening): Promise<void> {
    const { stream } = entry;
    const holder = this.#holderOf(opening, stream, index);
    if (holder === undefined) return;
    if (opening.isClosed) {
      this.#erased.credentials += 1;
      return;
    }
    this.#done.documents += 1;
    const facts = this.#parsed(issuedFacts, opening.opened[0], stream, index);
    if (!facts || !this.#isOwn(facts.holder, holder, stream, index)) return;
    const event = eventOf<CredentialIssued>(entry);
    const { data } = event;
    const assessment = await this.#assessmentOf(facts.assessment, `${HOLDER_KEY}${holder}`, data, stream, index);
    const organisation = this.#cited.organisation(data.organisation);
    const definition = this.#cited.definition(data.definition);
    const isClouded = organisation.clouded || definition.clouded;
    const known = organisation.state;
    const versions = definition.state.is === 'created' ? definition.state.versions : [];
    const faults = documentFaults(
      { credential: stream.slice(CREDENTIAL.length), document: facts.document, data },
      {
        did: known.is === 'unregistered' ? undefined : known.did,
        version: versions.find(({ version }) => version === data.version),
        assessment: assessment?.facts,
      },
    );
    for (const fault of faults) this.#report(fault, isClouded, index);
    if (!assessment) return;
    const context = { organisation: known, definition: definition.state };
    const open = { holder: { id: holder, ...namesOf(facts.document) }, assessment: assessment.facts };
    const again = (given: typeof open | 'sealed'): Refusal | undefined =>
      decideAgain(credentialDecider, event, meta, { is: 'unissued' }, { ...context, facts: given });
    this.#report(
      onlyWith(again(open), () => again('sealed')),
      isClouded,
      index,
    );
  }

  #assessed({ entry, meta, index }: Opened, opening: Opening): void {
    const { stream } = entry;
    const [first, second] = opening.under;
    const isUsual = first?.startsWith(HOLDER_KEY) && second?.startsWith(MEMBER_KEY);
    if (!isUsual || opening.under.length !== 2) {
      this.#wrongKey(stream, 'one part under a holder’s key and one under an assessor’s', opening, index);
      return;
    }
    const byAssessor = opening.opened.find(({ under }) => under === second);
    const byHolder = opening.opened.find(({ under }) => under === first);
    if (!byAssessor) this.#erased.assessors += 1;
    const isNamed = byAssessor && this.#parsed(assessorFacts, byAssessor, stream, index) !== undefined;
    if (!byHolder) {
      this.#erased.assessments += 1;
      return;
    }
    this.#done.assessments += 1;
    const facts = this.#parsed(assessedFacts, byHolder, stream, index) as AssessmentFacts | undefined;
    if (!facts || !this.#isOwn(facts.holder, first!.slice(HOLDER_KEY.length), stream, index)) return;
    const event = eventOf<AssessmentEvent>(entry);
    this.#remember(stream.slice(ASSESSMENT.length), {
      ...{ index, organisation: event.data.organisation, under: byHolder.under, facts },
    });
    const definition = this.#cited.definition(facts.definition);
    const sealed = [byHolder, ...(isNamed ? [byAssessor] : [])];
    const refusal = again(assessmentDecider, event, sealed, meta, { is: 'unrecorded' }, definition.state, 'sealed');
    this.#report(refusal, definition.clouded, index);
  }

  #draft({ entry, meta, index }: Opened, opening: Opening): void {
    const { stream } = entry;
    const { state, clouded } = this.#cited.definition(stream.slice(DEFINITION.length));
    if (state.is === 'uncreated') return;
    const [part] = opening.opened;
    if (!part || opening.under.length !== 1 || part.under !== organisationVault(state.owner)) {
      this.#wrongKey(stream, `one part under ${organisationVault(state.owner)}`, opening, index);
      return;
    }
    this.#done.drafts += 1;
    if (!this.#parsed(draftFacts, part, stream, index)) return;
    const event = eventOf<DefinitionEvent>(entry);
    this.#report(again(definitionDecider, event, [part], meta, state, undefined, undefined), clouded, index);
  }

  async #noted({ entry, index }: Opened, opening: Opening): Promise<void> {
    const { stream } = entry;
    const holder = this.#holderOf(opening, stream, index);
    if (holder === undefined) return;
    const issuance = (await this.#stream(stream))[0];
    const [under] = issuance?.sealed ? underOf(issuance.sealed) : [];
    if (under !== undefined && under !== `${HOLDER_KEY}${holder}`) {
      this.#wrongKey(stream, `the note under ${under}, as the credential`, opening, index);
      return;
    }
    if (opening.isClosed) {
      this.#erased.notes += 1;
      return;
    }
    this.#done.notes += 1;
    this.#parsed(noteFacts, opening.opened[0], stream, index);
  }

  /** The assessment that an issuance names: there, before it, and of the same holder, by the same organisation. */
  async #assessmentOf(
    id: string,
    under: string,
    { organisation }: CredentialIssued['data'],
    stream: string,
    index: number,
  ): Promise<RecordedAssessment | undefined> {
    const found = this.#recent.get(id) ?? (await this.#readAssessment(id));
    const refuse = (code: string, what: string): undefined => {
      const detail = `${stream}: it names assessment ${id}, ${what}`;
      this.#findings.error('S17', code, detail, index);
      return undefined;
    };
    if (found === 'missing') return refuse('assessmentMissing', 'which the log has not');
    if (found === 'closed') return refuse('assessmentOther', 'which is sealed under a key that is gone');
    // What is wrong with it is said of its own entry.
    if (found === 'unsound') return undefined;
    if (found.index >= index) return refuse('assessmentLater', `recorded at ${found.index}, not before it`);
    if (found.under !== under) return refuse('assessmentOther', `which is sealed under ${found.under}, not ${under}`);
    if (found.organisation !== organisation) {
      return refuse('assessmentOther', `recorded by ${found.organisation}, and ${organisation} issues`);
    }
    return found;
  }

  async #readAssessment(id: string): Promise<RecordedAssessment | 'missing' | 'closed' | 'unsound'> {
    const stored = (await this.#stream(assessmentStream(id)))[0];
    const entry = stored && entryOf(stored);
    if (!entry || stored.index === undefined) return 'missing';
    const { stream, revision } = entry;
    const event = interpret(entry, this.catalogue);
    if (event === 'unknown' || event instanceof Malformed || event.type !== 'AssessmentRecorded') return 'unsound';
    const parts = new SealedParts(this.store, this.vault, this.erased, new Findings(1));
    const opening = await parts.open({ stream, revision }, stored.sealed, entry.sealed, stored.index);
    if (!opening) return 'unsound';
    const part = opening.opened.find(({ under }) => under.startsWith(HOLDER_KEY));
    if (!part) return opening.isClosed ? 'closed' : 'unsound';
    const facts = assessedFacts.safeParse(part.facts);
    if (!facts.success) return 'unsound';
    const { organisation } = eventOf<AssessmentEvent>(event).data;
    return { index: stored.index, organisation, under: part.under, facts: facts.data };
  }

  #remember(id: string, assessment: RecordedAssessment): void {
    if (this.#recent.size >= RECENT) {
      const oldest = this.#recent.keys().next();
      if (!oldest.done) this.#recent.delete(oldest.value);
    }
    this.#recent.set(id, assessment);
  }

  /** UUID of the holder under whose key alone it is sealed. */
  #holderOf(opening: Opening, stream: string, index: number): string | undefined {
    const [under] = opening.under;
    if (opening.under.length === 1 && under?.startsWith(HOLDER_KEY)) return under.slice(HOLDER_KEY.length);
    this.#wrongKey(stream, 'one part, under a holder’s key', opening, index);
    return undefined;
  }

  #isOwn(named: string, holder: string, stream: string, index: number): boolean {
    if (named === holder) return true;
    const detail = `${stream}: sealed under the key of holder ${holder}, and about ${named}`;
    this.#findings.error('S22', 'wrongKey', detail, index);
    return false;
  }

  #wrongKey(stream: string, expected: string, { under }: Opening, index: number): void {
    const detail = `${stream}: expected ${expected}, got ${under.join(', ').slice(0, 300)}`;
    this.#findings.error('S22', 'wrongKey', detail, index);
  }

  #parsed<Schema extends z.ZodType>(
    schema: Schema,
    part: SealedFacts | undefined,
    stream: string,
    index: number,
  ): z.output<Schema> | undefined {
    const parsed = schema.safeParse(part?.facts);
    if (parsed.success) return parsed.data;
    // Where it is wrong, not what stands there: this is a person's.
    const [issue] = parsed.error.issues;
    const where = issue && issue.path.length > 0 ? issue.path.join('.') : 'facts';
    const detail = `${stream}: what is sealed is not of its shape (${where}: ${issue?.code ?? 'missing'})`;
    this.#findings.error('S22', 'factsMalformed', detail, index);
    return undefined;
  }

  async #stream(stream: string): Promise<readonly StoredEvent[]> {
    try {
      return await this.store.readStream(stream);
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof EncodingError) return [];
      throw error;
    }
  }

  /** Where something is not known of what it rests on, a refusal shows nothing. */
  #report(refusal: Refusal | undefined, isClouded: boolean, index: number): void {
    if (!refusal) return;
    const { rule, code, detail } = refusal;
    if (!isClouded) this.#findings.error(rule, code, detail, index);
    else this.#findings.warning(rule, 'undetermined', `${detail}; it rests on an unknown type of event`, index);
  }
}

/** Types that are never without a sealed part, and the streams that they are in. */
const ALWAYS_SEALED: Readonly<Record<string, string>> = {
  CredentialIssued: CREDENTIAL,
  AssessmentRecorded: ASSESSMENT,
  DraftRevised: DEFINITION,
};

/** Decided again with what was sealed: what refuses it then and not without, or for another reason. */
function again<State, Command, Event extends DomainEvent, Context>(
  decider: Deciding<State, Command, Event, Context>,
  event: Event,
  sealed: readonly SealedFacts[],
  meta: EventMeta,
  state: State,
  context: Context,
  without: Context,
): Refusal | undefined {
  return onlyWith(decideAgain(decider, { ...event, sealed }, meta, state, context), () =>
    decideAgain(decider, event, meta, state, without),
  );
}

function onlyWith(refusal: Refusal | undefined, without: () => Refusal | undefined): Refusal | undefined {
  return refusal && without()?.code !== refusal.code ? refusal : undefined;
}

/** The entry, read strictly; the audit of what is public says what is wrong with one that cannot be. */
function entryOf({ entry }: StoredEvent): ParsedEntry | undefined {
  try {
    return entry && parseEntry(entry);
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}

function underOf(sealed: Uint8Array): readonly string[] {
  try {
    return decodeContainer(sealed).map(({ under }) => under);
  } catch (error) {
    if (error instanceof EncodingError) return [];
    throw error;
  }
}
