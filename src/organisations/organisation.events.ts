/** Events of `organisation-<uuid>`. Public parts are in the log for ever: no person, no sole trader's number (S20). */
import type { DomainEvent } from '../event-store/decider.js';
import type { UpcastersOf } from '../event-store/upcasting.js';

export type OrganisationRole = 'issuer' | 'steward' | 'guarantor';

/** Who holds the private key: the ledger's operator, or the organisation itself with a remote signer (S13). */
export type KeyCustody = 'operator' | 'organisation';

export type KeyRevocationReason = 'superseded' | 'compromised' | 'ceased';

export interface OrganisationProfile {
  readonly name: string;
  /** Ten digits, checked, without hyphen. */
  readonly organisationNumber: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly region?: string;
  readonly website?: string;
  readonly roles: readonly OrganisationRole[];
}

export interface IssuingKey {
  /** Fragment of the DID URL: the key's own multibase value, so that a kid is never two keys. */
  readonly kid: string;
  /** Ed25519 public key, multicodec 0xed01, base58btc (`z6Mk…`). */
  readonly publicKeyMultibase: string;
  readonly custody: KeyCustody;
}

/** The signature of the holder of the key before (S13); what it is over: `key-authorisation.ts`. */
export interface KeyAuthorisation {
  /** Of the key that signed. */
  readonly kid: string;
  /** Ed25519, 64 bytes in base64url. */
  readonly signature: string;
}

export type OrganisationRegistered = DomainEvent<
  'OrganisationRegistered',
  OrganisationProfile & { /** did:web, fixed for ever (S8) */ readonly did: string }
>;
export type OrganisationDetailsChanged = DomainEvent<'OrganisationDetailsChanged', OrganisationProfile>;
/** The first key, or one beside those that are active: with an organisation's own key among them, authorised by that. */
export type IssuingKeyAdded = DomainEvent<
  'IssuingKeyAdded',
  IssuingKey & { readonly authorisation?: KeyAuthorisation }
>;
/** The new key takes over at this event's index; the one it replaces ends there. An organisation's own must agree. */
export type IssuingKeyRotated = DomainEvent<
  'IssuingKeyRotated',
  IssuingKey & { readonly replaces: string; readonly authorisation?: KeyAuthorisation }
>;
/** For `compromised`, `fromIndex` may lie earlier: entries from there on do not stand (S8). */
export type IssuingKeyRevoked = DomainEvent<
  'IssuingKeyRevoked',
  { readonly kid: string; readonly reason: KeyRevocationReason; readonly fromIndex?: number }
>;
export type OrganisationClosed = DomainEvent<'OrganisationClosed', Record<string, never>>;

export type OrganisationEvent =
  | OrganisationRegistered
  | OrganisationDetailsChanged
  | IssuingKeyAdded
  | IssuingKeyRotated
  | IssuingKeyRevoked
  | OrganisationClosed;

export function organisationStream(id: string): string {
  return `organisation-${id}`;
}

/** How older versions are read, see `upcasting.ts`: none has one yet. */
export const ORGANISATION_EVENTS: UpcastersOf<OrganisationEvent> = {
  OrganisationRegistered: [],
  OrganisationDetailsChanged: [],
  IssuingKeyAdded: [],
  IssuingKeyRotated: [],
  IssuingKeyRevoked: [],
  OrganisationClosed: [],
};
