/**
 * Data Integrity proofs of the cryptosuite eddsa-jcs-2022: W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.3, and
 * the digest of a credential as the log holds it (S27). Proven by data-integrity.spec.ts with the W3C's own vectors.
 *
 * What one gets wrong: the hash of the proof's configuration comes first, the configuration keeps the document's
 * `@context`, and only `proofValue` is left out of it (section 3.3.5).
 */
import { concatBytes } from '../encoding/bytes.js';
import { fromMultibase, toMultibase } from '../encoding/base58.js';
import { toHex } from '../encoding/hex.js';
import { canonicalize, CanonicalMembers } from '../encoding/jcs.js';
import { equalJson } from '../encoding/json-equal.js';
import { isJsonObject, type Json, type JsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import { verifyEd25519 } from '../log/ed25519.js';
import { sha256 as plainSha256, type Sha256 } from '../log/hash.js';
import { VerificationError } from './verification-error.js';

export const CRYPTOSUITE = 'eddsa-jcs-2022';

/** Proofs of a document that are looked at; a longer set is refused before any hashing. */
const MAX_PROOFS = 16;

export interface ProofOptions {
  /** DID URL of the key, `<did>#<kid>`. */
  readonly verificationMethod: string;
  /** ISO 8601 in UTC. */
  readonly created: string;
  /** Text of at least 128 random bits: the salt of the public digest (S21). */
  readonly nonce: string;
}

/**
 * The 64 bytes that are signed: SHA-256(JCS(proof configuration)) || SHA-256(JCS(document)), section 3.3.4.
 * @param document the document; a member `proof` is left out
 * @param proofConfig the proof; a member `proofValue` is left out
 * @throws EncodingError if either has no canonical form
 */
export function createProofInput(document: JsonObject, proofConfig: JsonObject): Uint8Array {
  return proofInput(new CanonicalMembers(document), proofConfig, plainSha256);
}

function proofInput(document: CanonicalMembers, proof: JsonObject, sha256: Sha256): Uint8Array {
  const configuration = new CanonicalMembers(proof).bytes({ proofValue: undefined });
  return concatBytes(sha256(configuration), sha256(document.bytes({ proof: undefined })));
}

/**
 * The document with `proof: [proof]`, section 3.3.1. The proof keeps the document's `@context`.
 * @param sign makes the 64 bytes of an Ed25519 signature over the 64 bytes given; it is told the proof's configuration
 *   too, so that whoever signs can make those bytes of it and the document again
 * @throws EncodingError if the document has a proof already or has no canonical form
 */
export async function signEddsaJcs(
  document: JsonObject,
  options: ProofOptions,
  sign: (message: Uint8Array, configuration: JsonObject) => Uint8Array | Promise<Uint8Array>,
): Promise<JsonObject> {
  if (document['proof'] !== undefined) throw new EncodingError('expected a document without proof');
  const configuration: JsonObject = {
    type: 'DataIntegrityProof',
    cryptosuite: CRYPTOSUITE,
    created: options.created,
    verificationMethod: options.verificationMethod,
    proofPurpose: 'assertionMethod',
    nonce: options.nonce,
    ...(document['@context'] === undefined ? {} : { '@context': document['@context'] }),
  };
  const signature = await sign(createProofInput(document, configuration), configuration);
  if (signature.length !== 64) throw new EncodingError(`expected a signature of 64 bytes, got ${signature.length}`);
  return { ...document, proof: [{ ...configuration, proofValue: toMultibase(signature) }] };
}

/**
 * Whether the proof is the key's signature over the document, section 3.3.2.
 * @param document with or without `proof`; where the proof has a `@context`, the document's must begin with it
 * @param proof one proof of type DataIntegrityProof and cryptosuite eddsa-jcs-2022
 * @param publicKey 32 bytes
 * @throws EncodingError if document or proof has no canonical form
 */
export function verifyEddsaJcs(document: JsonObject, proof: JsonObject, publicKey: Uint8Array): boolean {
  const signed = signedPartOf(document, new CanonicalMembers(document), proof);
  return signed !== undefined && verifyEd25519(publicKey, signed.message, signed.signature);
}

/**
 * What an Ed25519 check needs of a document and its proof: the 64 bytes that were signed, and the signature's 64.
 * @param members the document's
 * @param sha256 the platform's, where it has one
 * @returns undefined where the proof is not one of this suite for assertions over this document
 * @throws EncodingError if the proof has no canonical form
 */
export function signedPartOf(
  document: JsonObject,
  members: CanonicalMembers,
  proof: JsonObject,
  sha256: Sha256 = plainSha256,
): { readonly message: Uint8Array; readonly signature: Uint8Array } | undefined {
  if (proof['type'] !== 'DataIntegrityProof' || proof['cryptosuite'] !== CRYPTOSUITE) return undefined;
  if (proof['proofPurpose'] !== 'assertionMethod' || typeof proof['proofValue'] !== 'string') return undefined;
  const signature = signatureOf(proof['proofValue']);
  if (signature === undefined) return undefined;
  const contexts = proof['@context'];
  if (contexts === undefined || equalJson(contexts, document['@context'])) {
    return { message: proofInput(members, proof, sha256), signature };
  }
  if (!beginsWith(document['@context'], contexts)) return undefined;
  const signed = new CanonicalMembers({ ...document, '@context': contexts });
  return { message: proofInput(signed, proof, sha256), signature };
}

/**
 * The one eddsa-jcs-2022 proof of a document, and how many others there are.
 * @throws VerificationError proofMissing, proofSuite (none of ours among them), proofTwice (S27), proofMalformed,
 *   proofChain (the proof covers another proof, so that it does not stand by itself)
 */
export function eddsaJcsProofOf(document: JsonObject): { readonly proof: JsonObject; readonly others: number } {
  const given = document['proof'];
  const proofs = given === undefined ? [] : Array.isArray(given) ? (given as readonly Json[]) : [given];
  if (proofs.length === 0) throw new VerificationError('proofMissing', 'the document has no proof');
  if (proofs.length > MAX_PROOFS) {
    throw new VerificationError('proofMalformed', `expected at most ${MAX_PROOFS} proofs, got ${proofs.length}`);
  }
  const ours = proofs.filter((proof) => isJsonObject(proof) && proof['cryptosuite'] === CRYPTOSUITE) as JsonObject[];
  if (ours.length > 1) {
    throw new VerificationError('proofTwice', `expected one ${CRYPTOSUITE} proof, got ${ours.length}`);
  }
  const proof = ours[0];
  if (proof === undefined) {
    throw new VerificationError('proofSuite', `none of the ${proofs.length} proofs is of ${CRYPTOSUITE}`);
  }
  if (proof['previousProof'] !== undefined) {
    throw new VerificationError('proofChain', `the ${CRYPTOSUITE} proof depends on another proof`);
  }
  return { proof, others: proofs.length - 1 };
}

/**
 * The digest that `CredentialIssued` holds: SHA-256, lower-case hex, of JCS(credential with `proof` = its single
 * eddsa-jcs-2022 proof object) (S27). A proof added later beside it changes nothing.
 * @throws VerificationError as `eddsaJcsProofOf`; EncodingError if the credential has no canonical form
 */
export function credentialDigest(credential: JsonObject): string {
  return digestWith(new CanonicalMembers(credential), eddsaJcsProofOf(credential).proof);
}

/** As `credentialDigest`, of a credential's members and its eddsa-jcs-2022 proof. */
export function digestWith(members: CanonicalMembers, proof: JsonObject, sha256: Sha256 = plainSha256): string {
  return toHex(sha256(members.bytes({ proof: canonicalize(proof) })));
}

/** The signature's 64 bytes; undefined for another length or encoding. */
function signatureOf(proofValue: string): Uint8Array | undefined {
  try {
    const bytes = fromMultibase(proofValue);
    return bytes.length === 64 ? bytes : undefined;
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}

/** Section 3.3.2, step 4: the document's contexts start with the proof's, in the same order. */
function beginsWith(contexts: Json | undefined, start: Json): boolean {
  const all = listOf(contexts);
  const first = listOf(start);
  return first.length <= all.length && first.every((one, i) => equalJson(one, all[i]));
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}
