/**
 * A micro-credential's definition: its published versions and who may issue them. A version never changes once it is
 * published; a mandate is the owner's word that an organisation may issue. Issuing asks `mayIssue`. The guide's
 * chapter 2 says what a version must hold. Proven by `definition.spec.ts` and `issuing.spec.ts`.
 */
import { instantOf } from '../encoding/instant.js';
import type { JsonObject } from '../encoding/json.js';
import { DomainError } from '../errors.js';
import type { EventMeta, ReplayableDecider } from '../event-store/decider.js';
import type { DefinitionContent, Level } from './content.js';
import type { DefinitionEvent, EffectOnHolders, MandateWithdrawn, Visibility } from './definition.events.js';

export interface CreateDefinition {
  readonly type: 'CreateDefinition';
  /** UUIDs of organisations. */
  readonly creator: string;
  readonly owner: string;
  readonly visibility: Visibility;
}
export interface ReviseDraft {
  readonly type: 'ReviseDraft';
  /** The draft, however unfinished; `sealed` in a replay that cannot open it. */
  readonly content: JsonObject | 'sealed';
}
export interface PublishVersion {
  readonly type: 'PublishVersion';
  readonly content: DefinitionContent;
  readonly changes?: string;
  readonly effectOnHolders?: EffectOnHolders;
}
export interface RetireVersion {
  readonly type: 'RetireVersion';
  readonly version: number;
}
export interface GrantMandate {
  readonly type: 'GrantMandate';
  /** UUID of the new mandate. */
  readonly mandate: string;
  readonly organisation: string;
  /** First and last moment, ISO 8601. */
  readonly from?: string;
  readonly to?: string;
  readonly requirementsChecked: boolean;
  /** The event's own time, ISO 8601. */
  readonly at: string;
}
export type WithdrawMandate = { readonly type: 'WithdrawMandate' } & MandateWithdrawn['data'];
export type DefinitionCommand =
  CreateDefinition | ReviseDraft | PublishVersion | RetireVersion | GrantMandate | WithdrawMandate;

export interface PublishedVersion {
  /** From 1, gapless. */
  readonly version: number;
  readonly content: DefinitionContent;
  readonly changes?: string;
  readonly effectOnHolders?: EffectOnHolders;
  /** ISO 8601 */
  readonly publishedAt: string;
  readonly retiredAt?: string;
}

export interface Mandate {
  readonly mandate: string;
  readonly organisation: string;
  readonly from?: string;
  readonly to?: string;
  readonly requirementsChecked: boolean;
  /** ISO 8601, of the grant's event. */
  readonly grantedAt: string;
  readonly withdrawn?: Omit<MandateWithdrawn['data'], 'mandate'>;
}

export interface KnownDefinition {
  readonly is: 'created';
  readonly stream: string;
  /** Of the stream's last event. */
  readonly revision: number;
  readonly creator: string;
  readonly owner: string;
  readonly visibility: Visibility;
  /** `versions[n − 1]` is version n. */
  readonly versions: readonly PublishedVersion[];
  /** In the order of their grants, withdrawn ones too. */
  readonly mandates: readonly Mandate[];
}
export type DefinitionState = { readonly is: 'uncreated' } | KnownDefinition;

/** The guide found more than ten learning outcomes too many for a micro-credential. */
export const MOST_LEARNING_OUTCOMES = 10;

/** Stands in `CredentialIssued.mandate` where the definition's owner issues itself. */
export const OWNER_MANDATE = 'owner';

function decide(command: DefinitionCommand, state: DefinitionState): readonly DefinitionEvent[] {
  if (command.type === 'CreateDefinition') {
    if (state.is !== 'uncreated') throw new DomainError('definitionExists');
    const { type: _, ...data } = command;
    return [{ type: 'DefinitionCreated', data }];
  }
  if (state.is === 'uncreated') throw new DomainError('definitionUnknown');
  switch (command.type) {
    case 'ReviseDraft': {
      if (command.content === 'sealed') return [{ type: 'DraftRevised', data: {} }];
      const under = `vault-organisation-${state.owner}`;
      return [{ type: 'DraftRevised', data: {}, sealed: [{ under, facts: { content: command.content } }] }];
    }
    case 'PublishVersion': {
      const { type: _, content, ...rest } = command;
      checkContent(content);
      const { organisation, did } = content.creator;
      // Every credential shows the creator by its DID: another's would be in that one's name, and not in its history (S13).
      if (organisation !== state.owner || !did.endsWith(`:${state.owner}`)) {
        throw new DomainError('creatorNotOwner', { creator: organisation, did, owner: state.owner });
      }
      return [{ type: 'VersionPublished', data: { version: state.versions.length + 1, content, ...rest } }];
    }
    case 'RetireVersion': {
      publishedVersion(state, command.version);
      return [{ type: 'VersionRetired', data: { version: command.version } }];
    }
    case 'GrantMandate': {
      const { type: _, at, ...data } = command;
      checkGrant(command, state);
      return [{ type: 'MandateGranted', data }];
    }
    case 'WithdrawMandate': {
      const { type: _, ...data } = command;
      const mandate = state.mandates.find((granted) => granted.mandate === data.mandate);
      if (!mandate) throw new DomainError('mandateUnknown', { mandate: data.mandate });
      if (mandate.withdrawn) throw new DomainError('mandateWithdrawn', { mandate: data.mandate });
      return [{ type: 'MandateWithdrawn', data }];
    }
  }
}

/** An organisation has one mandate at a time: two would leave open which one an issuance stands on. */
function checkGrant(command: GrantMandate, state: KnownDefinition): void {
  const { mandate, organisation } = command;
  if (state.mandates.some((granted) => granted.mandate === mandate)) throw new DomainError('mandateUsed', { mandate });
  const { end, ...given } = periodOf(command);
  const begin = Math.max(given.begin, instantOf(command.at));
  if (end < begin) throw new DomainError('periodReversed', { mandate });
  for (const other of state.mandates) {
    if (other.organisation !== organisation || other.withdrawn) continue;
    const period = periodOf(other);
    if (period.begin <= end && begin <= period.end) {
      throw new DomainError('mandateInForce', { organisation, mandate: other.mandate });
    }
  }
}

/**
 * First and last millisecond of a grant. Without `from` it holds from its event on, and that is a matter of log index,
 * not of clocks: two nodes' may differ (S18).
 */
function periodOf(grant: { readonly from?: string; readonly to?: string }): { begin: number; end: number } {
  return {
    begin: grant.from === undefined ? -Infinity : instantOf(grant.from),
    end: grant.to === undefined ? Infinity : instantOf(grant.to),
  };
}

/**
 * What the guide requires of a version ("Data i mikromeriten", 2, 6, 7, 9, 10, 11, and 8 where there is a level). The
 * other elements come with issuing.
 */
function checkContent(content: DefinitionContent): void {
  const { learningOutcomes, workload } = content;
  if (learningOutcomes.length === 0) throw new DomainError('learningOutcomesMissing');
  if (learningOutcomes.length > MOST_LEARNING_OUTCOMES) {
    throw new DomainError('tooManyLearningOutcomes', { count: learningOutcomes.length, most: MOST_LEARNING_OUTCOMES });
  }
  const missing = [
    content.title.sv.trim() === '' && 'title',
    learningOutcomes.some(({ activity, content: what }) => activity.trim() === '' || what.trim() === '') &&
      'learningOutcomes',
    workload.hours === undefined && workload.ects === undefined && 'workload',
    content.assessmentMethods.length === 0 && 'assessmentMethods',
    content.participation.length === 0 && 'participation',
    content.qualityAssurance.length === 0 && 'qualityAssurance',
  ].filter((element) => element !== false);
  if (missing.length > 0) throw new DomainError('dataElementsMissing', { elements: missing.join(', ') });
  const fault = content.level && levelFault(content.level);
  if (fault) throw new DomainError(fault);
}

export type LevelFault = 'seqfNeedsDecision' | 'decisionMissing' | 'levelOutOfRange';

/**
 * A level may be called SeQF only where regulation or a decision gives it (förordning 2015:545), and a decision is
 * named. EQF and SeQF have levels 1 to 8; QF-EHEA has cycles 1 to 3, and 0 for the short cycle.
 */
export function levelFault({ framework, level, basis, decision }: Level): LevelFault | undefined {
  const [least, most] = framework === 'QF-EHEA' ? [0, 3] : [1, 8];
  if (!Number.isInteger(level) || level < least || level > most) return 'levelOutOfRange';
  if (framework === 'SeQF' && basis === 'issuer') return 'seqfNeedsDecision';
  return basis === 'decision' && (decision ?? '').trim() === '' ? 'decisionMissing' : undefined;
}

function evolve(state: DefinitionState, event: DefinitionEvent, meta: EventMeta): DefinitionState {
  if (state.is === 'uncreated') {
    if (event.type !== 'DefinitionCreated') return state;
    return { is: 'created', stream: meta.stream, revision: meta.revision, ...event.data, versions: [], mandates: [] };
  }
  const next = { ...state, revision: meta.revision };
  switch (event.type) {
    case 'VersionPublished':
      return { ...next, versions: [...state.versions, { ...event.data, publishedAt: meta.at }] };
    case 'VersionRetired':
      return {
        ...next,
        versions: state.versions.map((version) =>
          version.version === event.data.version && version.retiredAt === undefined
            ? { ...version, retiredAt: meta.at }
            : version,
        ),
      };
    case 'MandateGranted':
      return { ...next, mandates: [...state.mandates, { ...event.data, grantedAt: meta.at }] };
    case 'MandateWithdrawn': {
      const { mandate, ...withdrawn } = event.data;
      return {
        ...next,
        mandates: state.mandates.map((granted) =>
          granted.mandate === mandate && !granted.withdrawn ? { ...granted, withdrawn } : granted,
        ),
      };
    }
    default:
      return next;
  }
}

function commandOf(event: DefinitionEvent, meta: EventMeta): DefinitionCommand {
  switch (event.type) {
    case 'DefinitionCreated':
      return { type: 'CreateDefinition', ...event.data };
    case 'DraftRevised':
      return { type: 'ReviseDraft', content: draftOf(event) ?? 'sealed' };
    case 'VersionPublished': {
      const { version: _, ...data } = event.data;
      return { type: 'PublishVersion', ...data };
    }
    case 'VersionRetired':
      return { type: 'RetireVersion', ...event.data };
    case 'MandateGranted':
      return { type: 'GrantMandate', ...event.data, at: meta.at };
    case 'MandateWithdrawn':
      return { type: 'WithdrawMandate', ...event.data };
  }
}

/** The draft that a `DraftRevised` holds, where its private part has been opened. */
export function draftOf(event: DefinitionEvent): JsonObject | undefined {
  const content = event.sealed?.[0]?.facts['content'];
  return content === undefined ? undefined : (content as JsonObject);
}

export const definitionDecider: ReplayableDecider<DefinitionState, DefinitionCommand, DefinitionEvent> = {
  initialState: { is: 'uncreated' },
  decide,
  evolve,
  commandOf,
};

/**
 * The version, if it can be issued.
 * @throws DomainError versionNotPublished, versionRetired
 */
export function publishedVersion(state: DefinitionState, version: number): PublishedVersion {
  const published = state.is === 'created' ? state.versions.find((one) => one.version === version) : undefined;
  if (!published) throw new DomainError('versionNotPublished', { version });
  if (published.retiredAt !== undefined) throw new DomainError('versionRetired', { version });
  return published;
}

/** The newest version that can be issued. */
export function newestVersion(state: DefinitionState): PublishedVersion | undefined {
  return state.is === 'created' ? state.versions.findLast((version) => version.retiredAt === undefined) : undefined;
}

/** The organisation's mandate that is in force at a moment, ISO 8601. The owner has none and needs none. */
export function mandateInForce(state: DefinitionState, organisation: string, at: string): Mandate | undefined {
  if (state.is === 'uncreated') return undefined;
  const moment = instantOf(at);
  for (const mandate of state.mandates) {
    if (mandate.organisation !== organisation || mandate.withdrawn) continue;
    const { begin, end } = periodOf(mandate);
    if (begin <= moment && moment <= end) return mandate;
  }
  return undefined;
}

/**
 * On which mandate an organisation may issue a version.
 * @param at ISO 8601, the issuance's own time
 * @returns the mandate's UUID, or `owner`
 * @throws DomainError versionNotPublished, versionRetired, noMandate
 */
export function mayIssue(
  state: DefinitionState,
  organisation: string,
  version: number,
  at: string,
): { readonly mandate: string; readonly version: PublishedVersion } {
  const published = publishedVersion(state, version);
  if (state.is === 'created' && state.owner === organisation) return { mandate: OWNER_MANDATE, version: published };
  const mandate = mandateInForce(state, organisation, at);
  if (!mandate) throw new DomainError('noMandate', { organisation });
  return { mandate: mandate.mandate, version: published };
}
