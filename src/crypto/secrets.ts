/**
 * What the root secret (`root-secret.ts`) is for: keys of organisations and of the ledger are wrapped under it,
 * deterministic ids and look-up values are MACs with it (S21), never plain hashes. One HKDF-SHA-256 (RFC 5869) key a
 * purpose.
 * Holder keys are not wrapped here but by epoch keys (`holders/epoch-keys.ts`, S23).
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { concatBytes, utf8 } from '../encoding/bytes.js';
import { canonicalize } from '../encoding/jcs.js';
import type { Json } from '../encoding/json.js';
import { EncodingError, InvariantError } from '../errors.js';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a deterministic id or MAC is for; two purposes never give the same value. */
export type Purpose =
  | 'request'
  | 'requestBody'
  | 'organisation'
  | 'definition'
  | 'mandate'
  | 'credential'
  | 'assessment'
  | 'holder'
  | 'member'
  | 'personalNumber'
  | 'statusList'
  | 'statusPermutation'
  | 'event'
  | 'session';

export class Secrets {
  readonly #keys = new Map<string, Uint8Array>();

  /** @param root 32 bytes */
  constructor(private readonly root: Uint8Array) {
    if (root.length !== KEY_BYTES) throw new InvariantError(`a root secret has 32 bytes, got ${root.length}`);
  }

  /** HMAC-SHA-256 over the parts as JCS, 32 bytes. */
  mac(purpose: Purpose, ...parts: readonly Json[]): Uint8Array {
    return createHmac('sha256', this.#key(`mac/${purpose}`))
      .update(canonicalize(parts), 'utf8')
      .digest();
  }

  /** A UUID in the form of version 4 from a MAC: the same request gives the same id, nobody else can compute it. */
  id(purpose: Purpose, ...parts: readonly Json[]): string {
    return uuidFrom(this.mac(purpose, ...parts));
  }

  /**
   * AES-256-GCM under the root secret's wrapping key: nonce || ciphertext || tag.
   * @param place what is wrapped and where it lies; unwrapping for another place fails
   */
  wrap(secret: Uint8Array, place: string): Uint8Array {
    return wrapUnder(this.#key('wrap'), secret, place);
  }

  /** @throws EncodingError when the bytes were not wrapped under this root secret for this place */
  unwrap(wrapped: Uint8Array, place: string): Uint8Array {
    return unwrapUnder(this.#key('wrap'), wrapped, place);
  }

  #key(info: string): Uint8Array {
    let key = this.#keys.get(info);
    if (!key) {
      key = new Uint8Array(hkdfSync('sha256', this.root, new Uint8Array(), utf8(`meritkedja/${info}`), KEY_BYTES));
      this.#keys.set(info, key);
    }
    return key;
  }
}

/** AES-256-GCM with a random nonce: nonce (12) || ciphertext || tag (16). `key` has 32 bytes. */
export function wrapUnder(key: Uint8Array, secret: Uint8Array, place: string): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(utf8(place));
  return concatBytes(nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag());
}

/** Inverse of `wrapUnder`. @throws EncodingError when key, place or bytes are not those of the wrapping. */
export function unwrapUnder(key: Uint8Array, wrapped: Uint8Array, place: string): Uint8Array {
  if (wrapped.length < NONCE_BYTES + TAG_BYTES) throw new EncodingError(`wrapped key for ${place} is too short`);
  const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, NONCE_BYTES))
    .setAAD(utf8(place))
    .setAuthTag(wrapped.subarray(wrapped.length - TAG_BYTES));
  try {
    return concatBytes(decipher.update(wrapped.subarray(NONCE_BYTES, wrapped.length - TAG_BYTES)), decipher.final());
  } catch {
    throw new EncodingError(`${place} does not open under this key: are MASTER_KEY and KEYS_DIR the right ones?`);
  }
}

/** The first 16 bytes as UUID text with the version (4) and variant bits set (RFC 9562, section 5.4). */
export function uuidFrom(bytes: Uint8Array): string {
  const b = Uint8Array.prototype.slice.call(bytes, 0, 16);
  b[6] = ((b[6] ?? 0) & 0x0f) | 0x40;
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(b).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
