/**
 * What the log says of one organisation, definition or credential, and how it stood at a moment: for people who want to
 * know what happened when. Pure: folds the same events with the same deciders as the service does. A moment is a prefix
 * of each stream, since the order of the log counts and its clocks only roughly agree (S18). Proven by history.spec.ts.
 */
import { credentialDecider, type CredentialState } from '../credentials/credential.js';
import type { CredentialEvent, CredentialIssued } from '../credentials/credential.events.js';
import { definitionDecider, OWNER_MANDATE, type DefinitionState, type Mandate } from '../definitions/definition.js';
import type { DefinitionEvent, EffectOnHolders } from '../definitions/definition.events.js';
import { instantOf } from '../encoding/instant.js';
import type { Decider, DomainEvent } from '../event-store/decider.js';
import type { StoredEvent } from '../event-store/event-store.js';
import { keyInForce, organisationDecider, type OrganisationState } from '../organisations/organisation.js';
import type { KeyRevocationReason, OrganisationEvent } from '../organisations/organisation.events.js';

/** What is read of an event; the log's entry has it. */
export type LoggedEvent = Pick<StoredEvent, 'stream' | 'revision' | 'index' | 'type' | 'at' | 'by' | 'data'>;

/** The first events of a stream, up to the last one that its node dates at or before a moment. */
export function upTo<Event extends Pick<StoredEvent, 'at'>>(events: readonly Event[], moment: Date): readonly Event[] {
  const last = events.findLastIndex(({ at }) => instantOf(at) <= moment.getTime());
  return events.slice(0, last + 1);
}

/** An organisation as it stood. */
export interface OrganisationAt {
  readonly is: 'unregistered' | 'registered' | 'closed';
  readonly name?: string;
  readonly organisationNumber?: string;
  readonly did?: string;
  /** Keys that were active. */
  readonly keys?: readonly { readonly kid: string; readonly addedAt: string }[];
}

export function organisationAt(events: readonly LoggedEvent[]): OrganisationAt {
  const state = fold<OrganisationState, OrganisationEvent>(organisationDecider, events);
  if (state.is === 'unregistered') return { is: state.is };
  const active = state.is === 'closed' ? [] : state.keys.filter(({ to }) => to === undefined);
  return {
    is: state.is,
    name: state.profile.name,
    organisationNumber: state.profile.organisationNumber,
    did: state.did,
    keys: active.map(({ kid, addedAt }) => ({ kid, addedAt })),
  };
}

/** A definition as it stood. */
export interface DefinitionAt {
  readonly is: 'uncreated' | 'created';
  /** UUID */
  readonly owner?: string;
  readonly versions?: readonly {
    readonly version: number;
    readonly publishedAt: string;
    readonly retiredAt?: string;
  }[];
  /** Organisations that had a mandate in force, besides the owner. */
  readonly mandated?: readonly string[];
}

export function definitionAt(events: readonly LoggedEvent[], moment: Date): DefinitionAt {
  const state = fold<DefinitionState, DefinitionEvent>(definitionDecider, events);
  if (state.is === 'uncreated') return { is: state.is };
  return {
    is: state.is,
    owner: state.owner,
    versions: state.versions.map(({ version, publishedAt, retiredAt }) => ({
      ...{ version, publishedAt },
      ...(retiredAt === undefined ? {} : { retiredAt }),
    })),
    mandated: state.mandates.filter((one) => mandateAt(one, moment) === 'inForce').map((one) => one.organisation),
  };
}

export type MandateState = 'owner' | 'inForce' | 'notYet' | 'ended' | 'withdrawn' | 'unknown';

/** A credential as it stood, with the key, the mandate and the version that it rests on. */
export interface CredentialAt {
  /** As the log says; `void`: it never stood (S7). */
  readonly is: CredentialState['is'];
  readonly reasonCode?: string;
  /** By its own dates. */
  readonly validity?: 'notYetValid' | 'valid' | 'expired';
  readonly key?: {
    readonly kid: string;
    readonly state: 'active' | 'rotated' | KeyRevocationReason | 'unknown';
    /** Whether the issuance stands on it: false where the key was revoked from an earlier index (S8). */
    readonly stands: boolean;
  };
  readonly mandate?: { readonly mandate: string; readonly state: MandateState };
  readonly version?: {
    readonly held: number;
    readonly newest: number;
    readonly retired: boolean;
    /** The gravest that a newer version says of holders of an older one. */
    readonly effect?: EffectOnHolders;
  };
}

/**
 * @param streams the credential's events, its issuer's and its definition's, each up to the moment
 * @param moment for its own dates and those of the mandate
 */
export function credentialAt(
  streams: Readonly<Record<'credential' | 'organisation' | 'definition', readonly LoggedEvent[]>>,
  moment: Date,
): CredentialAt {
  const state = fold<CredentialState, CredentialEvent>(credentialDecider, streams.credential);
  if (state.is === 'unissued') return { is: state.is };
  const organisation = fold<OrganisationState, OrganisationEvent>(organisationDecider, streams.organisation);
  const definition = fold<DefinitionState, DefinitionEvent>(definitionDecider, streams.definition);
  const { issued } = state;
  return {
    is: state.is,
    ...('reason' in state ? { reasonCode: state.reason } : {}),
    validity: validityAt(issued, moment),
    key: keyAt(organisation, issued.key, state.issuedIndex ?? 0),
    mandate: { mandate: issued.mandate, state: mandateOf(definition, issued.mandate, moment) },
    ...versionAt(definition, issued.version),
  };
}

function validityAt(
  { validFrom, validUntil }: CredentialIssued['data'],
  moment: Date,
): NonNullable<CredentialAt['validity']> {
  if (moment.getTime() < instantOf(validFrom)) return 'notYetValid';
  return validUntil !== undefined && moment.getTime() >= instantOf(validUntil) ? 'expired' : 'valid';
}

function keyAt(organisation: OrganisationState, kid: string, issuedIndex: number): NonNullable<CredentialAt['key']> {
  const key = organisation.is === 'unregistered' ? undefined : organisation.keys.find((one) => one.kid === kid);
  if (!key) return { kid, state: 'unknown', stands: false };
  return { kid, state: key.ended ?? 'active', stands: keyInForce(organisation, kid, issuedIndex) };
}

function mandateOf(definition: DefinitionState, mandate: string, moment: Date): MandateState {
  if (mandate === OWNER_MANDATE) return 'owner';
  const granted = definition.is === 'created' && definition.mandates.find((one) => one.mandate === mandate);
  return granted ? mandateAt(granted, moment) : 'unknown';
}

function mandateAt({ withdrawn, from, to }: Mandate, moment: Date): Exclude<MandateState, 'owner' | 'unknown'> {
  if (withdrawn) return 'withdrawn';
  if (from !== undefined && moment.getTime() < instantOf(from)) return 'notYet';
  return to !== undefined && moment.getTime() > instantOf(to) ? 'ended' : 'inForce';
}

const GRAVITY: readonly EffectOnHolders[] = ['none', 'renewalRecommended', 'renewalRequired'];

function versionAt(definition: DefinitionState, held: number): Pick<CredentialAt, 'version'> {
  if (definition.is === 'uncreated') return {};
  const effects = definition.versions.flatMap(({ version, effectOnHolders }) =>
    version > held && effectOnHolders !== undefined ? [effectOnHolders] : [],
  );
  const effect = effects.toSorted((a, b) => GRAVITY.indexOf(b) - GRAVITY.indexOf(a))[0];
  return {
    version: {
      held,
      newest: definition.versions.length,
      retired: definition.versions[held - 1]?.retiredAt !== undefined,
      ...(effect === undefined ? {} : { effect }),
    },
  };
}

/**
 * What happened elsewhere and bears on a credential: its key's end, its mandate's, its version's, and newer versions.
 * @param issued the credential's issuance
 */
export function bearsOn(issued: CredentialIssued['data'], event: LoggedEvent): boolean {
  const fact = event as unknown as OrganisationEvent | DefinitionEvent;
  switch (fact.type) {
    case 'IssuingKeyRevoked':
      return fact.data.kid === issued.key;
    case 'IssuingKeyRotated':
      return fact.data.replaces === issued.key;
    case 'MandateWithdrawn':
      return fact.data.mandate === issued.mandate;
    case 'VersionRetired':
      return fact.data.version === issued.version;
    case 'VersionPublished':
      return fact.data.version > issued.version;
    default:
      return false;
  }
}

function fold<State, Event extends DomainEvent>(
  { initialState, evolve }: Pick<Decider<State, never, Event, never>, 'initialState' | 'evolve'>,
  events: readonly LoggedEvent[],
): State {
  return events.reduce(
    (state, event) =>
      evolve(state, { type: event.type, data: event.data } as unknown as Event, {
        ...{ stream: event.stream, revision: event.revision, at: event.at },
        ...(event.index === undefined ? {} : { index: event.index }),
      }),
    initialState,
  );
}
