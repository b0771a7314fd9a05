/**
 * A credential: issued once, suspended and reinstated, revoked for good, or void because it cited a revision that was
 * no longer the newest (S7). Issuing is refused for nothing but what the guide allows: an outcome that is not met, a
 * missing mandate, an unpublished or retired version, a missing data element, and a key that is not active.
 * Proven by `credential.spec.ts` and `issuing.spec.ts`.
 */
import { definitionStream } from '../definitions/definition.events.js';
import { mayIssue, type DefinitionState } from '../definitions/definition.js';
import { instantOf } from '../encoding/instant.js';
import { DomainError, InvariantError } from '../errors.js';
import type { EventMeta, ReplayableDecider, SealedFacts } from '../event-store/decider.js';
import type { Read } from '../event-store/event-store.js';
import { organisationStream } from '../organisations/organisation.events.js';
import type { OrganisationState } from '../organisations/organisation.js';
import { outcomesNotMet, type AssessmentFacts } from './assessment.js';
import type {
  CredentialEvent,
  CredentialIssued,
  CredentialRevoked,
  CredentialSuspended,
  CredentialVoided,
} from './credential.events.js';

export type IssueCredential = {
  readonly type: 'IssueCredential';
  /** The event's own time, ISO 8601. */
  readonly at: string;
  /** Document, holder, assessment and so on, under the holder's key; left out where they cannot be opened. */
  readonly sealed?: readonly SealedFacts[];
} & Omit<CredentialIssued['data'], 'mandate' | 'reads'>;

/** Private notes to a change of status, under the holder's key. */
interface Noted {
  readonly sealed?: readonly SealedFacts[];
}
export type SuspendCredential = Noted & { readonly type: 'SuspendCredential' } & CredentialSuspended['data'];
export type ReinstateCredential = Noted & { readonly type: 'ReinstateCredential' };
export type RevokeCredential = Noted & { readonly type: 'RevokeCredential' } & CredentialRevoked['data'];
export type VoidCredential = { readonly type: 'VoidCredential' } & CredentialVoided['data'];
export type CredentialCommand =
  IssueCredential | SuspendCredential | ReinstateCredential | RevokeCredential | VoidCredential;

/** What issuing reads elsewhere. The other commands need none of it. */
export interface IssuingContext {
  /** Newest state of the issuing organisation and of the definition (S7). */
  readonly organisation: OrganisationState;
  readonly definition: DefinitionState;
  /** `sealed` only in a replay that cannot open them: the private rules are then not checked (S17). */
  readonly facts: IssuingFacts | 'sealed';
}
export interface IssuingFacts {
  readonly holder: { /** UUID */ readonly id: string; readonly givenName: string; readonly familyName: string };
  readonly assessment: AssessmentFacts;
}
export type CredentialContext = IssuingContext | undefined;

/** Rules that a replay without the operator's keys does not check (S17). */
export const privateRules = ['outcomesMet', 'holderNamed'] as const;

interface IssuedState {
  readonly stream: string;
  readonly revision: number;
  readonly issued: CredentialIssued['data'];
  /** ISO 8601 */
  readonly issuedAt: string;
  readonly issuedIndex?: number;
}
export type CredentialState =
  | { readonly is: 'unissued' }
  | (IssuedState & { readonly is: 'active' })
  | (IssuedState & { readonly is: 'suspended'; readonly reason: CredentialSuspended['data']['reasonCode'] })
  | (IssuedState & { readonly is: 'revoked'; readonly reason: CredentialRevoked['data']['reasonCode'] })
  | (IssuedState & { readonly is: 'void'; readonly reason: CredentialVoided['data']['reasonCode'] });

/** Of the state it takes no more than what it is, so a replay of millions need keep no more (`audit/`). */
function decide(
  command: CredentialCommand,
  state: Pick<CredentialState, 'is'>,
  context: CredentialContext,
): readonly CredentialEvent[] {
  if (command.type === 'IssueCredential') {
    if (state.is !== 'unissued') throw new DomainError('credentialExists');
    if (!context) throw new InvariantError('issuing: expected the organisation, the definition and the assessment');
    return [issue(command, context)];
  }
  if (state.is === 'unissued') throw new DomainError('credentialUnknown');
  if (state.is === 'void') {
    if (command.type === 'VoidCredential') return [];
    throw new DomainError('credentialVoid');
  }
  if (command.type === 'VoidCredential') {
    return [{ type: 'CredentialVoided', data: { reasonCode: command.reasonCode } }];
  }
  if (state.is === 'revoked') throw new DomainError('credentialRevoked');
  const noted = command.sealed && { sealed: command.sealed };
  switch (command.type) {
    case 'SuspendCredential':
      if (state.is === 'suspended') throw new DomainError('credentialSuspended');
      return [{ type: 'CredentialSuspended', data: { reasonCode: command.reasonCode }, ...noted }];
    case 'ReinstateCredential':
      if (state.is !== 'suspended') throw new DomainError('credentialNotSuspended');
      return [{ type: 'CredentialReinstated', data: {}, ...noted }];
    case 'RevokeCredential':
      return [{ type: 'CredentialRevoked', data: { reasonCode: command.reasonCode }, ...noted }];
  }
}

function issue(command: IssueCredential, context: IssuingContext): CredentialIssued {
  const { sealed } = command;
  const { organisation, definition, facts } = context;
  const reads: Read[] = [];
  if (organisation.is !== 'unregistered') reads.push(readOf(organisation, organisationStream(command.organisation)));
  if (definition.is !== 'uncreated') reads.push(readOf(definition, definitionStream(command.definition)));
  const { mandate, version } = mayIssue(definition, command.organisation, command.version, command.at);
  const key =
    organisation.is === 'registered' &&
    organisation.keys.find(({ kid, to }) => kid === command.key && to === undefined);
  if (!key) throw new DomainError('keyNotActive', { kid: command.key });
  const until = command.validUntil === undefined ? Infinity : instantOf(command.validUntil);
  if (until <= instantOf(command.validFrom)) throw new DomainError('validityReversed');
  if (facts !== 'sealed') checkFacts(command, facts, version.content.learningOutcomes.length);
  const data = issuedData(command, mandate, reads);
  return sealed ? { type: 'CredentialIssued', data, sealed } : { type: 'CredentialIssued', data };
}

type IssuedFacts = Omit<CredentialIssued['data'], 'mandate' | 'reads'>;
/** All of them, so that one that is added cannot be forgotten below; what may be absent is set where it is there. */
type Whole<Facts, Absent extends keyof Facts> = Omit<Required<Facts>, Absent> & {
  -readonly [Member in Absent]?: Facts[Member];
};

/** Member by member: spreading takes a hundred times as long, and a replay does this a million times. */
function issuedData(given: IssuedFacts, mandate: string, reads: readonly Read[]): CredentialIssued['data'] {
  const { digest, organisation, key, definition, version, statusLists, validFrom, validUntil } = given;
  const data: Whole<CredentialIssued['data'], 'validUntil'> = {
    digest,
    organisation,
    key,
    definition,
    version,
    mandate,
    statusLists,
    validFrom,
    reads,
  };
  if (validUntil !== undefined) data.validUntil = validUntil;
  return data;
}

function issuanceOf({ data, sealed }: CredentialIssued, at: string): IssueCredential {
  const { digest, organisation, key, definition, version, statusLists, validFrom, validUntil } = data;
  const command: Whole<IssueCredential, 'validUntil' | 'sealed'> = {
    type: 'IssueCredential',
    at,
    digest,
    organisation,
    key,
    definition,
    version,
    statusLists,
    validFrom,
  };
  if (validUntil !== undefined) command.validUntil = validUntil;
  if (sealed) command.sealed = sealed;
  return command;
}

/** The private rules. */
function checkFacts(command: IssueCredential, { holder, assessment }: IssuingFacts, count: number): void {
  const unnamed = ([holder.givenName, holder.familyName] as const).some((name) => name.trim() === '');
  if (unnamed) throw new DomainError('dataElementsMissing', { elements: 'holder' });
  // What was shown by somebody else, or against another version's outcomes, shows nothing here.
  const concerns =
    assessment.holder === holder.id &&
    assessment.definition === command.definition &&
    assessment.version === command.version;
  const numbers = outcomesNotMet(concerns ? assessment.outcomes : [], count);
  if (numbers.length > 0) throw new DomainError('outcomeNotMet', { numbers: numbers.join(', ') });
}

/** The revision that the decision rests on; the store refuses the append if it is no longer the newest (S7). */
function readOf(known: { readonly stream: string; readonly revision: number }, stream: string): Read {
  if (known.stream !== stream) throw new InvariantError(`issuing: expected ${stream}, got ${known.stream}`);
  return { stream, revision: known.revision };
}

function evolve(state: CredentialState, event: CredentialEvent, meta: EventMeta): CredentialState {
  const { stream, revision, at } = meta;
  if (state.is === 'unissued') {
    if (event.type !== 'CredentialIssued') return state;
    const place = { stream, revision, issuedAt: at, ...(meta.index !== undefined && { issuedIndex: meta.index }) };
    return { is: 'active', ...place, issued: event.data };
  }
  const { issued, issuedAt, issuedIndex } = state;
  const next = { stream, revision, issued, issuedAt, ...(issuedIndex !== undefined && { issuedIndex }) };
  // Void and revoked are final, in this order, whatever a log should hold after them.
  if (event.type === 'CredentialVoided') return { ...next, is: 'void', reason: event.data.reasonCode };
  if (state.is === 'void' || state.is === 'revoked') return { ...state, revision };
  switch (event.type) {
    case 'CredentialIssued':
      return { ...state, revision };
    case 'CredentialSuspended':
      return { ...next, is: 'suspended', reason: event.data.reasonCode };
    case 'CredentialReinstated':
      return { ...next, is: 'active' };
    case 'CredentialRevoked':
      return { ...next, is: 'revoked', reason: event.data.reasonCode };
    default:
      return { ...state, revision };
  }
}

function commandOf(event: CredentialEvent, meta: EventMeta): CredentialCommand {
  if (event.type === 'CredentialIssued') return issuanceOf(event, meta.at);
  const noted = event.sealed && { sealed: event.sealed };
  switch (event.type) {
    case 'CredentialSuspended':
      return { type: 'SuspendCredential', ...event.data, ...noted };
    case 'CredentialReinstated':
      return { type: 'ReinstateCredential', ...noted };
    case 'CredentialRevoked':
      return { type: 'RevokeCredential', ...event.data, ...noted };
    case 'CredentialVoided':
      return { type: 'VoidCredential', ...event.data };
  }
}

export const credentialDecider: ReplayableDecider<
  CredentialState,
  CredentialCommand,
  CredentialEvent,
  CredentialContext
> = { initialState: { is: 'unissued' }, decide, evolve, commandOf };

export { decide as decideCredential };
