/**
 * A credential's document, opened, against what is public and what is sealed about it: the entry has its digest and says the
 * same (S27, S6), the issuer's key that the entry names has signed it (S8, S26), its achievement is what the cited version
 * says (S6), and what it says of the assessment is what the assessment says (S17). Pure but for node:crypto.
 * Proven by sealed-audit.int.spec.ts, check by check.
 */
import { documentedAssessment, type CredentialFacts } from '../credentials/document.js';
import type { CredentialIssued } from '../credentials/credential.events.js';
import { verifyEd25519 } from '../crypto/ed25519.js';
import { NODE_PLATFORM } from '../crypto/node-platform.js';
import type { PublishedVersion } from '../definitions/definition.js';
import { fromMultikey } from '../encoding/base58.js';
import { CanonicalMembers } from '../encoding/jcs.js';
import { equalJson } from '../encoding/json-equal.js';
import { isJsonObject, type Json, type JsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import { verificationMethodOf } from '../organisations/did.js';
import type { AssessmentFacts } from '../credentials/assessment.js';
import { definedAchievement } from '../verification/check-definition.js';
import { checkEntry } from '../verification/check-integrity.js';
import { digestWith, eddsaJcsProofOf, signedPartOf } from '../verification/data-integrity.js';
import { parseCredential, type DocumentFacts } from '../verification/document-facts.js';
import { VerificationError } from '../verification/verification-error.js';
import type { Refusal } from './decide-again.js';
import type { Rule } from './findings.js';

export interface IssuedDocument {
  /** UUID of the credential, from the stream's name. */
  readonly credential: string;
  readonly document: JsonObject;
  readonly data: CredentialIssued['data'];
}

/** What it stands on; undefined where that is not known, which others report. */
export interface DocumentGrounds {
  /** The issuer's DID. */
  readonly did: string | undefined;
  readonly version: PublishedVersion | undefined;
  /** Facts of the assessment that it names. */
  readonly assessment: AssessmentFacts | undefined;
}

/** All that is wrong with a document; of what the entry says of it the first. */
export function documentFaults(issued: IssuedDocument, grounds: DocumentGrounds): readonly Refusal[] {
  const { credential, document, data } = issued;
  const faults: Refusal[] = [];
  const check = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof VerificationError) && !(error instanceof EncodingError)) throw error;
      const code = error instanceof VerificationError ? error.code : 'documentMalformed';
      faults.push({ rule: RULES[code] ?? 'S6', code, detail: `credential-${credential}: ${error.message}` });
    }
  };
  let read: { readonly facts: DocumentFacts; readonly proof: JsonObject } | undefined;
  check(() => (read = { facts: parseCredential(document), proof: eddsaJcsProofOf(document).proof }));
  if (!read) return faults;
  const { facts, proof } = read;
  const members = new CanonicalMembers(document);
  check(() => checkEntry(digestWith(members, proof, NODE_PLATFORM.sha256), facts, entryFacts(credential, data)));
  check(() => checkIssuer(facts, proof, grounds.did, data.key));
  check(() => checkSignature(document, members, proof, data.key));
  check(() => checkAchievement(facts, data, grounds.version));
  check(() => checkAssessment(document, data, grounds));
  return faults;
}

/** What the document calls the holder, in the parts that the issuance decided on: two texts with a space between. */
export function namesOf(document: JsonObject): { readonly givenName: string; readonly familyName: string } {
  const subject = document['credentialSubject'];
  const identifiers = isJsonObject(subject) ? subject['identifier'] : undefined;
  const first: unknown = Array.isArray(identifiers) ? identifiers[0] : undefined;
  const name = isJsonObject(first) && typeof first['identityHash'] === 'string' ? first['identityHash'] : '';
  const space = name.indexOf(' ');
  return space < 0
    ? { givenName: name, familyName: '' }
    : { givenName: name.slice(0, space), familyName: name.slice(space + 1) };
}

const RULES: Readonly<Record<string, Rule>> = {
  digestMismatch: 'S27',
  proofMissing: 'S27',
  proofSuite: 'S27',
  proofTwice: 'S27',
  proofMalformed: 'S27',
  proofChain: 'S27',
  verificationMethod: 'S8',
  signature: 'S26',
  outcomeDiffers: 'S17',
  assessmentDiffers: 'S17',
};

function entryFacts(credential: string, data: CredentialIssued['data']): Parameters<typeof checkEntry>[2] {
  const { digest, validFrom, validUntil, statusLists } = data;
  return { credential, digest, validFrom, validUntil, statusLists };
}

function checkIssuer(facts: DocumentFacts, proof: JsonObject, did: string | undefined, kid: string): void {
  if (did === undefined) return;
  if (facts.issuer !== did) refuse('issuerMismatch', `expected the issuer ${did}, got ${facts.issuer}`);
  const expected = verificationMethodOf(did, kid);
  const got = proof['verificationMethod'];
  if (got === expected) return;
  refuse('verificationMethod', `expected a proof by ${expected}, got ${typeof got === 'string' ? got : 'none'}`);
}

function checkSignature(document: JsonObject, members: CanonicalMembers, proof: JsonObject, kid: string): void {
  const signed = signedPartOf(document, members, proof, NODE_PLATFORM.sha256);
  const isSigned = signed !== undefined && verifyEd25519(fromMultikey(kid), signed.message, signed.signature);
  if (!isSigned) refuse('signature', `the signature over the document is not that of the key ${kid}`);
}

/** By version, which a replay keeps while it stands. */
const achievements = new WeakMap<PublishedVersion, { readonly value: Json | undefined }>();

function checkAchievement(
  { achievement }: DocumentFacts,
  { definition, version }: CredentialIssued['data'],
  published: PublishedVersion | undefined,
): void {
  if (!published) return;
  let made = achievements.get(published);
  if (!made) {
    made = { value: definedAchievement({ definition, version }, published.content as unknown as JsonObject) };
    achievements.set(published, made);
  }
  if (achievement !== undefined && equalJson(achievement, made.value)) return;
  refuse('achievementMismatch', `the achievement is not what version ${version} of definition ${definition} says`);
}

/** Every outcome against its assessment, and the rest of what the document says of it. */
function checkAssessment(
  document: JsonObject,
  { version }: CredentialIssued['data'],
  { assessment, version: published }: DocumentGrounds,
): void {
  if (!assessment || !published) return;
  const subject = document['credentialSubject'];
  const said = isJsonObject(subject) ? subject['assessment'] : undefined;
  const shown: JsonObject = isJsonObject(said) ? said : {};
  const { outcomes, ...rest } = documentedAssessment(assessmentFactsOf(assessment, published));
  if (!equalJson(shown['outcomes'], outcomes)) {
    // Which of them, not how they came out: a report is passed on.
    const numbers = differingOutcomes(outcomes, shown['outcomes']).join(', ');
    refuse('outcomeDiffers', `version ${version}: outcomes are not as the assessment has them: ${numbers}`);
  }
  const { outcomes: _, ...others } = shown;
  const differing = [...new Set([...Object.keys(rest), ...Object.keys(others)])].filter(
    (name) => !equalJson(rest[name], others[name]),
  );
  const grade = assessment.grade === undefined ? undefined : [{ type: ['Result'], value: assessment.grade }];
  if (isJsonObject(subject) && !equalJson(subject['result'], grade)) differing.push('result');
  if (differing.length > 0) refuse('assessmentDiffers', `not as the assessment has it: ${differing.join(', ')}`);
}

/** Numbers of outcomes that only one of the two has, or that differ; their order where that is all. */
function differingOutcomes(expected: Json | undefined, got: Json | undefined): readonly (number | string)[] {
  const [a, b] = [expected, got].map((list) => {
    const entries = Array.isArray(list) ? (list as readonly Json[]).filter(isJsonObject) : [];
    return new Map(entries.map((one) => [Number(one['number']), one] as const));
  });
  const numbers = [...new Set([...a!.keys(), ...b!.keys()])].filter(
    (number) => !equalJson(a!.get(number), b!.get(number)),
  );
  return numbers.length > 0 ? numbers : ['their order'];
}

function assessmentFactsOf(
  assessment: AssessmentFacts,
  { content }: PublishedVersion,
): Parameters<typeof documentedAssessment>[0] {
  const { route, participation, workload } = assessment;
  return {
    assessment: assessment satisfies CredentialFacts['assessment'],
    route,
    content,
    ...(participation === undefined ? {} : { participation }),
    ...(workload?.hours === undefined ? {} : { hours: workload.hours }),
  };
}

function refuse(code: string, message: string): never {
  throw new VerificationError(code, message);
}
