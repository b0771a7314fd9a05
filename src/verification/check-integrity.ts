/**
 * `integrity`: the document is the one that was signed, and the one whose digest and facts the log's entry holds (S6,
 * S27). The key is the one that the proof names; whether it was the issuer's is `check-issuer.ts`.
 */
import { fromMultikey } from '../encoding/base58.js';
import type { JsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import type { StatusPurpose } from '../credentials/credential.events.js';
import type { IssuedData } from './bundled-entry.js';
import { CRYPTOSUITE, digestWith, eddsaJcsProofOf, signedPartOf } from './data-integrity.js';
import type { DocumentFacts } from './document-facts.js';
import { echo } from './echo.js';
import { fail, pass, Undecided, type Finding } from './outcome.js';
import type { ParsedInput } from './parse-bundle.js';
import { verifySignature } from './platform.js';
import type { Tools } from './tools.js';
import { VerificationError } from './verification-error.js';

const PURPOSES: readonly StatusPurpose[] = ['revocation', 'suspension'];

/** @throws VerificationError, Undecided */
export async function checkIntegrity(presented: ParsedInput, { platform, memory }: Tools): Promise<Finding> {
  const { credential, members, facts, bundle } = presented;
  const { proof } = ourProofOf(credential, bundle !== undefined);
  await checkSignature(presented, proof, { platform, memory });
  if (bundle === undefined) return pass('signed by the key that its proof names; no entry of the log to compare with');
  checkEntry(digestWith(members, proof, platform.sha256), facts, bundle.issued.data);
  return pass(`signed by the key that its proof names, digest and facts as in entry ${bundle.issued.index} of the log`);
}

/** The kid in a proof's `verificationMethod`, which is what follows `#`. */
export function verificationMethodOf(proof: JsonObject): { readonly controller: string; readonly kid: string } {
  const method = proof['verificationMethod'];
  const match = typeof method === 'string' && method.length <= 4_096 ? /^([^#]+)#([^#]+)$/.exec(method) : null;
  if (match === null) return fail('verificationMethod', 'expected a DID URL with a fragment as verificationMethod');
  return { controller: match[1]!, kid: match[2]! };
}

function ourProofOf(credential: JsonObject, logged: boolean): { readonly proof: JsonObject } {
  try {
    return eddsaJcsProofOf(credential);
  } catch (error) {
    // Another suite may be genuine all the same, but not something that our log ever held.
    if (error instanceof VerificationError && error.code === 'proofSuite' && !logged) {
      throw new Undecided('proofSuite', `${error.message}; this verifier knows ${CRYPTOSUITE}`);
    }
    throw error;
  }
}

async function checkSignature(
  { credential, members, bundle }: ParsedInput,
  proof: JsonObject,
  { platform, memory }: Tools,
): Promise<void> {
  const { kid } = verificationMethodOf(proof);
  let key: Uint8Array;
  try {
    key = memory.of('key', kid, kid, () => fromMultikey(kid));
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    if (bundle !== undefined)
      return fail('verificationMethod', `expected an Ed25519 Multikey as fragment, got ${echo(kid)}`);
    throw new Undecided('keyNotKnown', `the key ${echo(kid)} would have to be fetched from elsewhere`);
  }
  const signed = signedPartOf(credential, members, proof, platform.sha256);
  if (signed === undefined || !(await verifySignature(platform, key, signed.message, signed.signature)))
    fail('signature', `the signature is not ${echo(kid)}'s over this document`);
}

/**
 * S6: whatever the entry says of the document, the document says too.
 * @param digest of the document, as `credentialDigest`
 * @throws VerificationError digestMismatch (S27), idMismatch, validFromMismatch, validUntilMismatch, statusMismatch
 */
export function checkEntry(
  digest: string,
  facts: Pick<DocumentFacts, 'id' | 'validFrom' | 'validUntil' | 'status'>,
  data: Pick<IssuedData, 'credential' | 'digest' | 'validFrom' | 'validUntil' | 'statusLists'>,
): void {
  if (digest !== data.digest) fail('digestMismatch', `expected the logged digest ${data.digest}, got ${digest}`);
  if (facts.id !== `urn:uuid:${data.credential}`) {
    fail('idMismatch', `expected the logged id urn:uuid:${data.credential}, got ${echo(facts.id)}`);
  }
  if (!sameTime(facts.validFrom, data.validFrom)) {
    fail('validFromMismatch', `expected the logged validFrom ${data.validFrom}, got ${facts.validFrom}`);
  }
  if (!sameTime(facts.validUntil, data.validUntil)) {
    fail('validUntilMismatch', `expected the logged validUntil ${data.validUntil}, got ${facts.validUntil}`);
  }
  for (const purpose of PURPOSES) checkStatusReference(facts, data, purpose);
}

function checkStatusReference(
  facts: Pick<DocumentFacts, 'status'>,
  data: Pick<IssuedData, 'statusLists'>,
  purpose: StatusPurpose,
): void {
  const logged = data.statusLists[purpose];
  const entries = facts.status.filter((entry) => entry.purpose === purpose);
  const entry = entries[0];
  if (entries.length !== 1 || entry === undefined) {
    return fail('statusMismatch', `expected one status entry for ${purpose}, got ${entries.length}`);
  }
  if (entry.index !== String(logged.index) || !entry.list.endsWith(`/status/${logged.list}`)) {
    fail(
      'statusMismatch',
      `${purpose}: expected the logged entry ${logged.index} of ${logged.list}, got ${entry.index} of ${echo(entry.list)}`,
    );
  }
}

function sameTime(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Date.parse(a) === Date.parse(b);
}
