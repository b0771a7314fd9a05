/**
 * An organisation: who it is and which keys it issues with (S8). Before and after mean log index, so every key has the
 * index where it began and the one where it ended; ended keys stay for ever. Proven by `organisation.spec.ts`.
 */
import { canonicalize } from '../encoding/jcs.js';
import { fromMultikey } from '../encoding/base58.js';
import { DomainError, EncodingError, InvariantError } from '../errors.js';
import type { EventMeta, ReplayableDecider } from '../event-store/decider.js';
import { organisationNumberDigits, organisationNumberFault } from './organisation-number.js';
import { authorises } from './key-authorisation.js';
import type {
  IssuingKey,
  KeyAuthorisation,
  KeyRevocationReason,
  OrganisationEvent,
  OrganisationProfile,
} from './organisation.events.js';

export interface RegisterOrganisation extends OrganisationProfile {
  readonly type: 'RegisterOrganisation';
  /** UUID: that of the stream. */
  readonly id: string;
  /** did:web that ends with the id; fixed for ever. */
  readonly did: string;
}
export interface ChangeOrganisationDetails extends OrganisationProfile {
  readonly type: 'ChangeOrganisationDetails';
}
export interface AddIssuingKey extends IssuingKey {
  readonly type: 'AddIssuingKey';
  readonly authorisation?: KeyAuthorisation;
}
export interface RotateIssuingKey extends IssuingKey {
  readonly type: 'RotateIssuingKey';
  /** kid of the active key that ends. */
  readonly replaces: string;
  readonly authorisation?: KeyAuthorisation;
}
export interface RevokeIssuingKey {
  readonly type: 'RevokeIssuingKey';
  readonly kid: string;
  readonly reason: KeyRevocationReason;
  /** Only for `compromised`: entries from this index on do not stand. */
  readonly fromIndex?: number;
  /** Entries in the log when this is decided: no event of the command has a smaller index. */
  readonly logSize: number;
}
export interface CloseOrganisation {
  readonly type: 'CloseOrganisation';
}
export type OrganisationCommand =
  | RegisterOrganisation
  | ChangeOrganisationDetails
  | AddIssuingKey
  | RotateIssuingKey
  | RevokeIssuingKey
  | CloseOrganisation;

export interface OrganisationKey extends IssuingKey {
  /** Index of the event that brought it: entries after it may be signed by it … */
  readonly from: number;
  /** … and those before this index. Absent: it is active. */
  readonly to?: number;
  readonly ended?: 'rotated' | KeyRevocationReason;
  /** ISO 8601, of the event that brought it, and of the one that ended it. */
  readonly addedAt: string;
  readonly endedAt?: string;
}

export interface KnownOrganisation {
  readonly is: 'registered' | 'closed';
  readonly stream: string;
  /** Of the stream's last event. */
  readonly revision: number;
  readonly did: string;
  readonly profile: OrganisationProfile;
  /** In the order in which they came, ended ones too. */
  readonly keys: readonly OrganisationKey[];
  /** Index of `OrganisationClosed`. */
  readonly closed?: number;
}
export type OrganisationState = { readonly is: 'unregistered' } | KnownOrganisation;

const NAME_LENGTH = 200;

function decide(command: OrganisationCommand, state: OrganisationState): readonly OrganisationEvent[] {
  if (command.type === 'RegisterOrganisation') {
    if (state.is !== 'unregistered') throw new DomainError('organisationExists');
    const { type: _, id, did, ...profile } = command;
    if (!did.startsWith('did:web:') || !did.endsWith(`:${id}`)) throw new DomainError('didMismatch', { did, id });
    return [{ type: 'OrganisationRegistered', data: { ...checkedProfile(profile), did } }];
  }
  if (state.is === 'unregistered') throw new DomainError('organisationUnknown');
  if (state.is === 'closed' && command.type !== 'RevokeIssuingKey') throw new DomainError('organisationClosed');
  switch (command.type) {
    case 'ChangeOrganisationDetails': {
      const { type: _, ...given } = command;
      const profile = checkedProfile(given);
      // Another number is another legal person: what was issued in the name of the first would change hands.
      if (profile.organisationNumber !== state.profile.organisationNumber) {
        throw new DomainError('organisationNumberFixed');
      }
      if (canonicalize(profile) === canonicalize(state.profile)) return [];
      return [{ type: 'OrganisationDetailsChanged', data: profile }];
    }
    case 'AddIssuingKey': {
      const { type: _, ...key } = command;
      checkNewKey(key, state);
      checkAuthorisation(key, state);
      return [{ type: 'IssuingKeyAdded', data: key }];
    }
    case 'RotateIssuingKey': {
      const { type: _, ...key } = command;
      checkNewKey(key, state);
      const replaced = keyOf(state, command.replaces);
      if (replaced.to !== undefined) throw new DomainError('keyNotActive', { kid: command.replaces });
      checkAuthorisation(key, state);
      return [{ type: 'IssuingKeyRotated', data: key }];
    }
    case 'RevokeIssuingKey':
      return decideRevocation(command, state);
    case 'CloseOrganisation':
      return [{ type: 'OrganisationClosed', data: {} }];
  }
}

/**
 * A key that has ended can still be found to have been in wrong hands: then, and only then, it may be revoked again,
 * from an earlier index than where it ended (S8).
 */
function decideRevocation(command: RevokeIssuingKey, state: KnownOrganisation): readonly OrganisationEvent[] {
  const { kid, reason, fromIndex, logSize } = command;
  const key = keyOf(state, kid);
  if (fromIndex !== undefined) {
    if (reason !== 'compromised') throw new DomainError('fromIndexNeedsCompromise', { kid });
    if (!Number.isSafeInteger(fromIndex) || fromIndex < 0 || fromIndex > logSize) {
      throw new DomainError('fromIndexOutOfRange', { fromIndex, logSize });
    }
  }
  if (key.to !== undefined && (fromIndex === undefined || fromIndex >= key.to)) {
    throw new DomainError('keyNotActive', { kid });
  }
  return [{ type: 'IssuingKeyRevoked', data: fromIndex === undefined ? { kid, reason } : { kid, reason, fromIndex } }];
}

function checkedProfile(profile: OrganisationProfile): OrganisationProfile {
  const length = [...profile.name].length;
  if (length < 1 || length > NAME_LENGTH) throw new DomainError('nameLength', { length, most: NAME_LENGTH });
  // The number itself stays out of the error: a sole trader's is personal data (S20).
  const fault = organisationNumberFault(profile.organisationNumber);
  if (fault) throw new DomainError(fault);
  return { ...profile, organisationNumber: organisationNumberDigits(profile.organisationNumber) };
}

function checkNewKey(key: IssuingKey, state: KnownOrganisation): void {
  try {
    fromMultikey(key.publicKeyMultibase);
  } catch (error) {
    if (error instanceof EncodingError) throw new DomainError('keyMalformed', { kid: key.kid });
    throw error;
  }
  if (key.kid !== key.publicKeyMultibase) throw new DomainError('kidMismatch', { kid: key.kid });
  if (state.keys.some((known) => known.kid === key.kid)) throw new DomainError('keyUsed', { kid: key.kid });
}

/**
 * An organisation's own key is followed by no other without its signature (S13): else whoever runs the ledger could put a
 * key of their own in its place. Where the operator holds the key before, a signature may stand, and must then be right.
 */
function checkAuthorisation(
  { authorisation, ...key }: IssuingKey & { readonly replaces?: string; readonly authorisation?: KeyAuthorisation },
  state: KnownOrganisation,
): void {
  const before = authorisingKey(state, key.replaces);
  if (!authorisation) {
    if (before?.custody === 'organisation') throw new DomainError('keyAuthorisationMissing', { kid: before.kid });
    return;
  }
  const change = { ...key, organisation: state.did, revision: state.revision };
  if (authorisation.kid !== before?.kid || !authorises(authorisation, change)) {
    throw new DomainError('keyAuthorisationInvalid', { kid: before?.kid ?? '' });
  }
}

/**
 * The key whose holder must sign, or may, that a new key comes: the newest active one that the organisation itself holds,
 * else the one that ends, else the newest active one. None where no key is active: before the first, after the last was
 * revoked.
 */
export function authorisingKey(state: KnownOrganisation, replaces?: string): OrganisationKey | undefined {
  const active = state.keys.filter((key) => key.to === undefined);
  const replaced = active.find(({ kid }) => kid === replaces);
  if (replaced?.custody === 'organisation') return replaced;
  return active.findLast(({ custody }) => custody === 'organisation') ?? replaced ?? active.at(-1);
}

function keyOf(state: KnownOrganisation, kid: string): OrganisationKey {
  const key = state.keys.find((known) => known.kid === kid);
  if (!key) throw new DomainError('keyUnknown', { kid });
  return key;
}

function evolve(state: OrganisationState, event: OrganisationEvent, meta: EventMeta): OrganisationState {
  if (state.is === 'unregistered') {
    if (event.type !== 'OrganisationRegistered') return state;
    const { did, ...profile } = event.data;
    return { is: 'registered', stream: meta.stream, revision: meta.revision, did, profile, keys: [] };
  }
  const next = { ...state, revision: meta.revision };
  const index = indexOf(meta);
  switch (event.type) {
    case 'OrganisationRegistered':
      return next;
    case 'OrganisationDetailsChanged':
      return { ...next, profile: event.data };
    case 'IssuingKeyAdded': {
      const { authorisation: _, ...key } = event.data;
      return { ...next, keys: [...state.keys, { ...key, from: index, addedAt: meta.at }] };
    }
    case 'IssuingKeyRotated': {
      const { replaces, authorisation: _, ...key } = event.data;
      const keys = endKey(state.keys, replaces, index, 'rotated', meta.at);
      return { ...next, keys: [...keys, { ...key, from: index, addedAt: meta.at }] };
    }
    case 'IssuingKeyRevoked': {
      const { kid, reason, fromIndex } = event.data;
      const to = reason === 'compromised' ? Math.min(fromIndex ?? index, index) : index;
      return { ...next, keys: endKey(state.keys, kid, to, reason, meta.at) };
    }
    case 'OrganisationClosed':
      return { ...next, is: 'closed', closed: state.closed ?? index };
    default:
      return next;
  }
}

/** A key's end only ever moves to an earlier index. */
function endKey(
  keys: readonly OrganisationKey[],
  kid: string,
  to: number,
  ended: 'rotated' | KeyRevocationReason,
  endedAt: string,
): readonly OrganisationKey[] {
  return keys.map((key) =>
    key.kid === kid && (key.to === undefined || to < key.to) ? { ...key, to, ended, endedAt } : key,
  );
}

function commandOf(event: OrganisationEvent, meta: EventMeta): OrganisationCommand {
  switch (event.type) {
    case 'OrganisationRegistered':
      return { type: 'RegisterOrganisation', id: meta.stream.slice('organisation-'.length), ...event.data };
    case 'OrganisationDetailsChanged':
      return { type: 'ChangeOrganisationDetails', ...event.data };
    case 'IssuingKeyAdded':
      return { type: 'AddIssuingKey', ...event.data };
    case 'IssuingKeyRotated':
      return { type: 'RotateIssuingKey', ...event.data };
    case 'IssuingKeyRevoked':
      return { type: 'RevokeIssuingKey', ...event.data, logSize: indexOf(meta) };
    case 'OrganisationClosed':
      return { type: 'CloseOrganisation' };
  }
}

function indexOf(meta: EventMeta): number {
  if (meta.index === undefined) throw new InvariantError(`${meta.stream}: an organisation's event without a log index`);
  return meta.index;
}

export const organisationDecider: ReplayableDecider<OrganisationState, OrganisationCommand, OrganisationEvent> = {
  initialState: { is: 'unregistered' },
  decide,
  evolve,
  commandOf,
};

/** The key that the organisation issues with now: the newest active one. None once it is closed. */
export function activeKey(state: OrganisationState): OrganisationKey | undefined {
  if (state.is !== 'registered') return undefined;
  return state.keys.findLast((key) => key.to === undefined);
}

/** Whether the entry at a log index may be signed by a key: the key began before it and ended, if so, after it (S8). */
export function keyInForce(state: OrganisationState, kid: string, index: number): boolean {
  if (state.is === 'unregistered') return false;
  if (state.closed !== undefined && index >= state.closed) return false;
  return state.keys.some((key) => key.kid === kid && key.from < index && (key.to === undefined || index < key.to));
}
