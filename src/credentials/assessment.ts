/**
 * An assessment of one person against one version's learning outcomes (the guide: "Inga andra krav än
 * läranderesultaten"). An outcome that is left out was not assessed: it is never taken as met. The log shows only which
 * organisation recorded it; the rest is sealed under the holder's key, the assessor's name under theirs (S20, S22).
 * Proven by `assessment.spec.ts`.
 */
import { DomainError, InvariantError } from '../errors.js';
import type { ReplayableDecider, SealedFacts } from '../event-store/decider.js';
import { definitionStream } from '../definitions/definition.events.js';
import type { DefinitionState } from '../definitions/definition.js';
import type { AssessmentEvent } from './credential.events.js';
import type { AssessedOutcome, AssessmentDetails } from './credentials.schema.js';

/** What is sealed under the holder's key. */
export type AssessmentFacts = AssessmentDetails & {
  /** UUIDs. */
  readonly holder: string;
  readonly definition: string;
  readonly version: number;
};

export interface Assessor {
  /** UUID of the member, whose key seals the name. */
  readonly member: string;
  readonly name: string;
}

export interface RecordAssessment {
  readonly type: 'RecordAssessment';
  /** UUID of the organisation that assessed. */
  readonly organisation: string;
  /** `sealed` in a replay that cannot open them. */
  readonly facts: AssessmentFacts | 'sealed';
  readonly assessor: Assessor | 'sealed';
}
export type AssessmentCommand = RecordAssessment;

/** The definition that was assessed; unknown to a replay that cannot open the facts. */
export type AssessmentContext = DefinitionState | 'sealed';

export type AssessmentState =
  | { readonly is: 'unrecorded' }
  | { readonly is: 'recorded'; readonly organisation: string; readonly facts: AssessmentFacts | 'sealed' };

/** Rules that a replay without keys does not check (S17). */
export const assessmentPrivateRules = ['versionPublished', 'outcomesInRange'] as const;

const HOLDER_KEY = 'vault-holder-';
const MEMBER_KEY = 'vault-member-';

function decide(
  command: AssessmentCommand,
  state: AssessmentState,
  context: AssessmentContext,
): readonly AssessmentEvent[] {
  if (state.is !== 'unrecorded') throw new DomainError('assessmentExists');
  const { organisation, facts, assessor } = command;
  const sealed: SealedFacts[] = [];
  if (facts !== 'sealed') {
    checkOutcomes(facts, context);
    sealed.push({ under: `${HOLDER_KEY}${facts.holder}`, facts });
  }
  if (assessor !== 'sealed') {
    sealed.push({ under: `${MEMBER_KEY}${assessor.member}`, facts: { assessor: { name: assessor.name } } });
  }
  const data = { organisation };
  return [sealed.length > 0 ? { type: 'AssessmentRecorded', data, sealed } : { type: 'AssessmentRecorded', data }];
}

/** A retired version may still be assessed against: whether it can be issued is for issuing to say. */
function checkOutcomes(facts: AssessmentFacts, definition: AssessmentContext): void {
  if (
    definition === 'sealed' ||
    (definition.is === 'created' && definition.stream !== definitionStream(facts.definition))
  ) {
    throw new InvariantError(`assessment: expected the state of definition ${facts.definition}`);
  }
  const version = definition.is === 'created' && definition.versions.find((one) => one.version === facts.version);
  if (!version) throw new DomainError('versionNotPublished', { version: facts.version });
  const most = version.content.learningOutcomes.length;
  const seen = new Set<number>();
  for (const { number } of facts.outcomes) {
    if (!Number.isInteger(number) || number < 1 || number > most) {
      throw new DomainError('outcomeOutOfRange', { number, most });
    }
    if (seen.has(number)) throw new DomainError('outcomeRepeated', { number });
    seen.add(number);
  }
}

function evolve(state: AssessmentState, event: AssessmentEvent): AssessmentState {
  if (state.is !== 'unrecorded' || event.type !== 'AssessmentRecorded') return state;
  return { is: 'recorded', organisation: event.data.organisation, facts: factsOf(event) };
}

function commandOf(event: AssessmentEvent): AssessmentCommand {
  return {
    type: 'RecordAssessment',
    organisation: event.data.organisation,
    facts: factsOf(event),
    assessor: assessorOf(event),
  };
}

/** The facts under the holder's key, where they have been opened. */
export function factsOf(event: AssessmentEvent): AssessmentFacts | 'sealed' {
  const part = event.sealed?.find(({ under }) => under.startsWith(HOLDER_KEY));
  return part ? (part.facts as AssessmentFacts) : 'sealed';
}

/** The assessor, where their key still opens the name. */
export function assessorOf(event: AssessmentEvent): Assessor | 'sealed' {
  const part = event.sealed?.find(({ under }) => under.startsWith(MEMBER_KEY));
  if (!part) return 'sealed';
  const { name } = part.facts['assessor'] as { readonly name: string };
  return { member: part.under.slice(MEMBER_KEY.length), name };
}

export const assessmentDecider: ReplayableDecider<
  AssessmentState,
  AssessmentCommand,
  AssessmentEvent,
  AssessmentContext
> = {
  initialState: { is: 'unrecorded' },
  decide,
  evolve,
  commandOf,
};

/**
 * The learning outcomes that an assessment does not show to be met: those found not met and those not assessed.
 * @param count how many the version has; they are numbered from 1
 */
export function outcomesNotMet(outcomes: readonly AssessedOutcome[], count: number): readonly number[] {
  const numbers = Array.from({ length: count }, (_, row) => row + 1);
  return numbers.filter((number) => {
    const found = outcomes.filter((outcome) => outcome.number === number);
    return found.length === 0 || found.some((outcome) => !outcome.met);
  });
}
