/**
 * The private part of an event (S22): AES-256-GCM under the key of the person (or organisation) that it is about, one
 * part a key. The plaintext begins with 32 zero bytes, checked on opening, because AES-GCM does not commit to its key;
 * stream and revision are additional data, so that a part cannot be moved to another event.
 * The container's SHA-256 stands in the public entry; nonce and key are random, so it tells nothing (S21).
 * Proven by sealing.spec.ts.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { concatBytes, fromUtf8, utf8 } from '../encoding/bytes.js';
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { canonicalBytes } from '../encoding/jcs.js';
import { isJsonObject, type JsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';

const COMMITMENT_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface Place {
  readonly stream: string;
  readonly revision: number;
}

export interface SealedPart {
  /** Vault stream with the wrapped key. */
  readonly under: string;
  readonly nonce: Uint8Array;
  /** Ciphertext and tag. */
  readonly ciphertext: Uint8Array;
}

/** Seals facts under a key of 32 bytes. */
export function sealPart(under: string, key: Uint8Array, facts: JsonObject, place: Place): SealedPart {
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additionalData(place));
  const plaintext = concatBytes(new Uint8Array(COMMITMENT_BYTES), canonicalBytes(facts));
  return { under, nonce, ciphertext: concatBytes(cipher.update(plaintext), cipher.final(), cipher.getAuthTag()) };
}

/** @throws EncodingError when the part was not sealed with this key for this place */
export function openPart(part: SealedPart, key: Uint8Array, place: Place): JsonObject {
  if (part.nonce.length !== NONCE_BYTES || part.ciphertext.length < COMMITMENT_BYTES + TAG_BYTES) {
    throw notSealedSo(place, 'too short');
  }
  const end = part.ciphertext.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, part.nonce)
    .setAAD(additionalData(place))
    .setAuthTag(part.ciphertext.subarray(end));
  let plaintext: Uint8Array;
  try {
    plaintext = concatBytes(decipher.update(part.ciphertext.subarray(0, end)), decipher.final());
  } catch {
    throw notSealedSo(place, 'another key or another place');
  }
  if (plaintext.subarray(0, COMMITMENT_BYTES).some((byte) => byte !== 0)) throw notSealedSo(place, 'no key commitment');
  const facts: unknown = JSON.parse(fromUtf8(plaintext.subarray(COMMITMENT_BYTES)));
  if (!isJsonObject(facts)) throw notSealedSo(place, 'not an object');
  return facts;
}

/** The bytes that go to the store: JCS of `{v: 1, parts: [{under, nonce, ciphertext}]}`, values in base64url. */
export function encodeContainer(parts: readonly SealedPart[]): Uint8Array {
  return canonicalBytes({
    v: 1,
    parts: parts.map(({ under, nonce, ciphertext }) => ({
      under,
      nonce: toBase64url(nonce),
      ciphertext: toBase64url(ciphertext),
    })),
  });
}

/** @throws EncodingError for bytes that `encodeContainer` did not make */
export function decodeContainer(container: Uint8Array): readonly SealedPart[] {
  const value = parsed(container);
  const parts = isJsonObject(value) && value['v'] === 1 ? value['parts'] : undefined;
  if (!Array.isArray(parts)) throw new EncodingError('a sealed container needs version 1 and parts');
  return (parts as unknown[]).map((part) => {
    if (
      !isJsonObject(part) ||
      typeof part['under'] !== 'string' ||
      typeof part['nonce'] !== 'string' ||
      typeof part['ciphertext'] !== 'string'
    ) {
      throw new EncodingError('a sealed part needs under, nonce and ciphertext');
    }
    return {
      under: part['under'],
      nonce: fromBase64url(part['nonce']),
      ciphertext: fromBase64url(part['ciphertext']),
    };
  });
}

function parsed(container: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(container));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new EncodingError('a sealed container is JSON');
  }
}

function additionalData({ stream, revision }: Place): Uint8Array {
  return utf8(`${stream}@${revision}`);
}

function notSealedSo({ stream, revision }: Place, why: string): EncodingError {
  return new EncodingError(`sealed part of ${stream}@${revision}: ${why}`);
}
