/**
 * Who may put an organisation's key in the place of another (S13): the holder of the key before signs the change. What is
 * signed is the statement below as JCS in UTF-8 (docs/formats.md 8). It is a JSON text of more than 64 bytes, so that no
 * such signature is one over a credential or status list, whose proofs sign exactly 64 bytes.
 * Proven by key-authorisation.spec.ts and organisation.spec.ts.
 */
import { fromMultikey } from '../encoding/base58.js';
import { fromBase64url } from '../encoding/base64.js';
import { canonicalBytes } from '../encoding/jcs.js';
import type { JsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import { verifyEd25519 } from '../log/ed25519.js';
import type { KeyAuthorisation, KeyCustody } from './organisation.events.js';

const PURPOSE = 'meritkedja issuing key change v1';

export interface KeyChange {
  /** DID of the organisation. */
  readonly organisation: string;
  /** kid of the key that ends; absent where the new one comes beside it, or is the first. */
  readonly replaces?: string;
  /** kid of the new key. */
  readonly kid: string;
  readonly custody: KeyCustody;
  /** Of the last event in the organisation's stream: the change is meant for this state and no later one. */
  readonly revision: number;
}

/** What the signature is over. */
export function keyChangeStatement({ organisation, replaces, kid, custody, revision }: KeyChange): JsonObject {
  return { purpose: PURPOSE, organisation, ...(replaces === undefined ? {} : { replaces }), kid, custody, revision };
}

/** The bytes that are signed. */
export function keyChangeBytes(change: KeyChange): Uint8Array {
  return canonicalBytes(keyChangeStatement(change));
}

/** Whether the authorisation is that key's signature over the change. Never throws: what cannot be read is false. */
export function authorises({ kid, signature }: KeyAuthorisation, change: KeyChange): boolean {
  try {
    return verifyEd25519(fromMultikey(kid), keyChangeBytes(change), fromBase64url(signature));
  } catch (error) {
    if (error instanceof EncodingError) return false;
    throw error;
  }
}
