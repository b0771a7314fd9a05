/**
 * The credential before it is signed: a W3C VCDM 2.0 credential that is also an Open Badges 3.0 AchievementCredential
 * (`docs/formats.md` 1). What comes from the definition is `achievementOf`; what concerns this person and assessment
 * stands beside it. The personal number is never in it.
 */
import type { DefinitionContent } from '../definitions/content.js';
import type { JsonObject } from '../encoding/json.js';
import type { OrganisationProfile } from '../organisations/organisation.events.js';
import { achievementOf } from './achievement.js';
import { contextUrl, OB_CONTEXT, VC_CONTEXT } from './context.js';
import type { StatusPurpose, StatusReference } from './credential.events.js';

export type Route = 'course' | 'workplace' | 'validation';

/** What the holder's document says of the assessment: never who assessed (S22: that is sealed under their keys). */
export interface DocumentedAssessment {
  /** YYYY-MM-DD */
  readonly assessedOn: string;
  readonly method: string;
  readonly outcomes: readonly { readonly number: number; readonly met: boolean; readonly method?: string }[];
  readonly supervision?: string;
  readonly grade?: string;
}

export interface CredentialFacts {
  /** UUID of the credential. */
  readonly id: string;
  readonly publicUrl: string;
  readonly issuer: OrganisationProfile & { readonly did: string };
  readonly definition: string;
  readonly version: number;
  readonly content: DefinitionContent;
  readonly holder: { readonly givenName: string; readonly familyName: string };
  readonly assessment: DocumentedAssessment;
  readonly route: Route;
  readonly participation?: string;
  /** Hours that this person spent, where they differ from the definition's. */
  readonly hours?: number;
  /** ISO 8601 with time zone. */
  readonly validFrom: string;
  readonly validUntil?: string;
  readonly statusLists: Readonly<Record<StatusPurpose, StatusReference>>;
}

/** Milliseconds for which a fetched status list may be reused. */
export const STATUS_TTL_MS = 300_000;

export function credentialDocument(facts: CredentialFacts): JsonObject {
  const { issuer, content, assessment } = facts;
  return {
    '@context': [VC_CONTEXT, OB_CONTEXT, contextUrl(facts.publicUrl)],
    id: `urn:uuid:${facts.id}`,
    type: ['VerifiableCredential', 'OpenBadgeCredential'],
    name: content.title.sv,
    description: content.summary.sv,
    issuer: issuerProfile(issuer),
    validFrom: facts.validFrom,
    ...(facts.validUntil === undefined ? {} : { validUntil: facts.validUntil }),
    awardedDate: facts.validFrom,
    credentialSubject: {
      type: ['AchievementSubject'],
      identifier: [
        {
          type: 'IdentityObject',
          hashed: false,
          identityHash: `${facts.holder.givenName} ${facts.holder.familyName}`,
          identityType: 'name',
        },
      ],
      achievement: achievementOf(facts.definition, facts.version, content),
      ...(assessment.grade === undefined ? {} : { result: [{ type: ['Result'], value: assessment.grade }] }),
      assessment: documentedAssessment(facts),
    },
    credentialStatus: (['revocation', 'suspension'] as const).map((purpose) =>
      statusEntry(facts.publicUrl, purpose, facts.statusLists[purpose]),
    ),
  };
}

/**
 * `credentialSubject.assessment`: made from the assessment's facts and the version's content, and from nothing else. The
 * audit with the operator's keys makes it again (`audit/sealed-document.ts`).
 */
export function documentedAssessment({
  assessment,
  route,
  participation,
  hours,
  content,
}: Pick<CredentialFacts, 'assessment' | 'route' | 'participation' | 'hours' | 'content'>): JsonObject {
  return {
    assessedOn: assessment.assessedOn,
    method: assessment.method,
    route,
    // The guide's element 10 is about this person: whoever was only assessed took part in nothing.
    formOfParticipation: participation ?? (route === 'validation' ? 'none' : (content.participation[0] ?? 'none')),
    ...(assessment.supervision === undefined ? {} : { supervision: assessment.supervision }),
    ...(assessment.grade === undefined ? {} : { grade: assessment.grade }),
    ...(hours === undefined ? {} : { hours }),
    outcomes: assessment.outcomes.map(({ number, met, method }) => ({
      number,
      met,
      method: method ?? assessment.method,
    })),
  };
}

/** URL of a status list, below the ledger's public URL. */
export function statusListUrl(publicUrl: string, list: string): string {
  return `${publicUrl}/status/${list}`;
}

function statusEntry(publicUrl: string, purpose: StatusPurpose, { list, index }: StatusReference): JsonObject {
  const url = statusListUrl(publicUrl, list);
  return {
    id: `${url}#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: purpose,
    // A string: W3C Bitstring Status List 1.0, section 2.1.
    statusListIndex: String(index),
    statusListCredential: url,
  };
}

/** The issuer as an Open Badges Profile; also the issuer of its status lists. */
export function issuerProfile(issuer: CredentialFacts['issuer']): JsonObject {
  return {
    id: issuer.did,
    type: ['Profile'],
    name: issuer.name,
    ...(issuer.website === undefined ? {} : { url: issuer.website }),
    address: {
      type: ['Address'],
      addressCountryCode: issuer.country,
      ...(issuer.region === undefined ? {} : { addressRegion: issuer.region }),
    },
    otherIdentifier: [
      { type: 'IdentifierEntry', identifier: issuer.organisationNumber, identifierType: 'ext:organisationsnummer' },
    ],
  };
}

/** The unsigned list credential of W3C Bitstring Status List 1.0, section 2.2. */
export function statusListDocument(list: {
  readonly id: string;
  readonly publicUrl: string;
  readonly issuer: CredentialFacts['issuer'];
  readonly purpose: StatusPurpose;
  /** `u` and base64url of the gzip. */
  readonly encodedList: string;
  /** ISO 8601 */
  readonly validFrom: string;
}): JsonObject {
  const url = statusListUrl(list.publicUrl, list.id);
  return {
    '@context': [VC_CONTEXT],
    id: url,
    type: ['VerifiableCredential', 'BitstringStatusListCredential'],
    issuer: list.issuer.did,
    validFrom: list.validFrom,
    credentialSubject: {
      id: `${url}#list`,
      type: 'BitstringStatusList',
      statusPurpose: list.purpose,
      encodedList: list.encodedList,
      ttl: STATUS_TTL_MS,
    },
  };
}
