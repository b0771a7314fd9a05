/**
 * What the checks need to know of a credential: W3C Verifiable Credentials Data Model 2.0 (sections 4.3 to 4.10), with
 * Bitstring Status List entries. Unknown members are let be: the document may come from elsewhere.
 */
import type { Json, JsonObject } from '../encoding/json.js';
import { isJsonObject } from '../encoding/json.js';
import { JsonReader } from './json-reader.js';
import type { CredentialSummary } from './report.js';
import { VerificationError } from './verification-error.js';

const CONTEXT_V2 = 'https://www.w3.org/ns/credentials/v2';
const MAX_TEXT = 4_096;

export interface StatusEntry {
  readonly purpose: string;
  /** Decimal digits. */
  readonly index: string;
  readonly list: string;
}

export interface DocumentFacts {
  readonly id: string | undefined;
  readonly issuer: string;
  readonly validFrom: string | undefined;
  readonly validUntil: string | undefined;
  readonly status: readonly StatusEntry[];
  /** `credentialSubject.achievement`. */
  readonly achievement: JsonObject | undefined;
  readonly summary: CredentialSummary;
}

/**
 * The facts of a credential.
 * @throws VerificationError notACredential, credentialMalformed
 */
export function parseCredential(credential: JsonObject): DocumentFacts {
  const contexts = many(credential['@context']);
  if (contexts[0] !== CONTEXT_V2) {
    throw new VerificationError('notACredential', `expected ${CONTEXT_V2} as the first @context`);
  }
  if (!many(credential['type']).includes('VerifiableCredential')) {
    throw new VerificationError('notACredential', 'expected the type VerifiableCredential');
  }
  const read = new JsonReader('credentialMalformed');
  const issuer = credential['issuer'];
  const profile = isJsonObject(issuer) ? issuer : {};
  const subject = many(credential['credentialSubject'])[0];
  if (!isJsonObject(subject))
    throw new VerificationError('credentialMalformed', 'credentialSubject: expected an object');
  const achievement = isJsonObject(subject['achievement']) ? subject['achievement'] : undefined;
  const text = (value: Json | undefined, path: string): string | undefined =>
    read.optional(value, (given) => read.text(given, path, MAX_TEXT));
  const date = (value: Json | undefined, path: string): string | undefined =>
    read.optional(value, (given) => (read.time(given, path), given as string));
  const facts = {
    id: text(credential['id'], 'id'),
    issuer: read.text(isJsonObject(issuer) ? issuer['id'] : issuer, 'issuer.id', MAX_TEXT),
    validFrom: date(credential['validFrom'], 'validFrom'),
    validUntil: date(credential['validUntil'], 'validUntil'),
    status: many(credential['credentialStatus'])
      .filter((entry) => isJsonObject(entry) && entry['type'] === 'BitstringStatusListEntry')
      .map((entry, i) => statusEntry(read, entry as JsonObject, `credentialStatus.${i}`)),
    achievement,
  };
  return { ...facts, summary: summaryOf(credential, profile, subject, facts) };
}

function statusEntry(read: JsonReader, entry: JsonObject, path: string): StatusEntry {
  return {
    purpose: read.text(entry['statusPurpose'], `${path}.statusPurpose`, 64),
    index: read.text(entry['statusListIndex'], `${path}.statusListIndex`, 16, /^(0|[1-9]\d*)$/),
    list: read.text(entry['statusListCredential'], `${path}.statusListCredential`, MAX_TEXT),
  };
}

/** For people: whatever of it is there and readable. Nothing is checked against it. */
function summaryOf(
  credential: JsonObject,
  issuer: JsonObject,
  subject: JsonObject,
  facts: Pick<DocumentFacts, 'id' | 'issuer' | 'validFrom' | 'validUntil' | 'achievement'>,
): CredentialSummary {
  const { achievement } = facts;
  const definition = /^urn:uuid:(.+)$/.exec(plain(achievement?.['id']) ?? '')?.[1];
  const version = Number(plain(achievement?.['version']));
  const issuerName = plain(issuer['name']);
  const name = plain(credential['name']) ?? plain(achievement?.['name']);
  const holder = holderOf(subject);
  // Member by member: eight spreads would be a fiftieth of a verification.
  const summary: { -readonly [Name in keyof CredentialSummary]: CredentialSummary[Name] } = {};
  if (facts.id !== undefined) summary.id = facts.id;
  if (name !== undefined) summary.name = name;
  if (holder !== undefined) summary.holder = holder;
  summary.issuer = issuerName === undefined ? { id: facts.issuer } : { id: facts.issuer, name: issuerName };
  if (definition !== undefined) summary.definition = definition;
  if (Number.isSafeInteger(version) && version > 0) summary.version = version;
  if (facts.validFrom !== undefined) summary.validFrom = facts.validFrom;
  if (facts.validUntil !== undefined) summary.validUntil = facts.validUntil;
  if (achievement?.['demonstration'] === true) summary.demo = true;
  return summary;
}

function holderOf(subject: JsonObject): string | undefined {
  const parts = [subject['givenName'], subject['familyName']].map(plain).filter((part) => part !== undefined);
  if (parts.length > 0) return parts.join(' ');
  const identities = many(subject['identifier']).filter(isJsonObject);
  const named = identities.find((one) => one['identityType'] === 'name' && one['hashed'] !== true);
  return plain(subject['name']) ?? plain(subject['fullName']) ?? plain(named?.['identityHash']);
}

function plain(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT ? value : undefined;
}

function many(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}
