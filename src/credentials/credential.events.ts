/**
 * Events of `credential-<uuid>`, `assessment-<uuid>` and `statuslist-<uuid>`. No holder, name or free text about a
 * person stands in a public part, and nothing that links two credentials of one person (S20).
 */
import type { DomainEvent } from '../event-store/decider.js';
import type { Read } from '../event-store/event-store.js';
import type { UpcastersOf } from '../event-store/upcasting.js';

export type StatusPurpose = 'revocation' | 'suspension';

export interface StatusReference {
  /** UUID of the status list. */
  readonly list: string;
  /** 0 … 131,071. */
  readonly index: number;
}

/**
 * The one point of commitment of an issuance.
 * @sealed under the holder's key: `{document, holder, assessment, linkKey}`
 */
export type CredentialIssued = DomainEvent<
  'CredentialIssued',
  {
    /** SHA-256, lower-case hex, of JCS(credential with its one eddsa-jcs-2022 proof object) (S27). */
    readonly digest: string;
    /** UUID of the issuing organisation. */
    readonly organisation: string;
    /** Its key, see `IssuingKey.kid`. */
    readonly key: string;
    readonly definition: string;
    readonly version: number;
    /** UUID of the mandate; `owner` where the definition's owner issues itself. */
    readonly mandate: string;
    readonly statusLists: Readonly<Record<StatusPurpose, StatusReference>>;
    readonly validFrom: string;
    readonly validUntil?: string;
    /** Newest revisions, at this entry's index, of the organisation's and the definition's stream (S7). */
    readonly reads: readonly Read[];
  }
>;
export type RevocationReason =
  | 'issuedInError'
  | 'outcomeNotMet'
  | 'identityMistaken'
  | 'keyCompromised'
  | 'mandateWithdrawn'
  | 'holderRequest'
  | 'replaced';
export type SuspensionReason = 'underReview' | 'appeal' | 'holderRequest';
/** @sealed under the holder's key, where there is a note: `{note}` */
export type CredentialSuspended = DomainEvent<'CredentialSuspended', { readonly reasonCode: SuspensionReason }>;
/** @sealed under the holder's key, where there is a reason or note: `{reason, note}` */
export type CredentialReinstated = DomainEvent<'CredentialReinstated', Record<string, never>>;
/** @sealed under the holder's key, where there is a note: `{note}` */
export type CredentialRevoked = DomainEvent<'CredentialRevoked', { readonly reasonCode: RevocationReason }>;
/** The issuance cited a revision that was no longer the newest: it never stood (S7). */
export type CredentialVoided = DomainEvent<'CredentialVoided', { readonly reasonCode: 'staleRead' }>;

export type CredentialEvent =
  CredentialIssued | CredentialSuspended | CredentialReinstated | CredentialRevoked | CredentialVoided;

/**
 * One person's assessment against one version.
 * @sealed under the holder's key: whose it is, of which version, how, and what was met; under the assessor's: their name
 */
export type AssessmentRecorded = DomainEvent<'AssessmentRecorded', { readonly organisation: string }>;
export type AssessmentEvent = AssessmentRecorded;

export type StatusListOpened = DomainEvent<
  'StatusListOpened',
  { readonly organisation: string; readonly purpose: StatusPurpose }
>;
/** Slots `from` … `from + count − 1` of the list's secret permutation are in the hand of one process (S25). */
export type IndexBlockAllotted = DomainEvent<'IndexBlockAllotted', { readonly from: number; readonly count: number }>;
/** `digest`: SHA-256, hex, of JCS(the published list credential with its proof). */
export type StatusListPublished = DomainEvent<
  'StatusListPublished',
  { readonly sequence: number; readonly digest: string }
>;
export type StatusListEvent = StatusListOpened | IndexBlockAllotted | StatusListPublished;

/** Entries of a status list: exactly this many, at most 22 kB (S25; W3C Bitstring Status List, minimum size). */
export const STATUS_LIST_ENTRIES = 131_072;

export function credentialStream(id: string): string {
  return `credential-${id}`;
}
export function assessmentStream(id: string): string {
  return `assessment-${id}`;
}
export function statusListStream(id: string): string {
  return `statuslist-${id}`;
}

/** How older versions are read, see `upcasting.ts`: none has one yet. */
export const CREDENTIAL_EVENTS: UpcastersOf<CredentialEvent> = {
  CredentialIssued: [],
  CredentialSuspended: [],
  CredentialReinstated: [],
  CredentialRevoked: [],
  CredentialVoided: [],
};
export const ASSESSMENT_EVENTS: UpcastersOf<AssessmentEvent> = {
  AssessmentRecorded: [],
};
export const STATUS_LIST_EVENTS: UpcastersOf<StatusListEvent> = {
  StatusListOpened: [],
  IndexBlockAllotted: [],
  StatusListPublished: [],
};
