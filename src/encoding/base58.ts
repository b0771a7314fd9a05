/**
 * Multibase base58btc ("z…") and Ed25519 Multikeys, as W3C Controlled Identifiers 1.0 sections 2.2 (Multikey), 2.4
 * (Multibase) and 2.5 (Multicodec: 0xed01) define them. The work grows with the square of the length, and texts come
 * from strangers: hence MAX_BYTES. Proven by base58.spec.ts.
 */
import { EncodingError } from '../errors.js';
import { concatBytes } from './bytes.js';

const DIGITS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const VALUES = new Uint8Array(128).fill(255);
for (let i = 0; i < DIGITS.length; i++) VALUES[DIGITS.charCodeAt(i)] = i;

/** Longest byte string taken either way; keys have 34 bytes, signatures 64. */
const MAX_BYTES = 1024;
/** Digits that so many bytes can need. */
const MAX_DIGITS = Math.ceil((MAX_BYTES * Math.log(256)) / Math.log(58));

const DIGITS_AT_ONCE = 4;
const LIMB = 2 ** 24;

const ED25519_PUBLIC_KEY = Uint8Array.of(0xed, 0x01);

/**
 * `z` and the bytes in base58btc; leading zero bytes become leading `1`s.
 * @param bytes at most 1,024 bytes
 * @throws EncodingError if there are more
 */
export function toMultibase(bytes: Uint8Array): string {
  if (bytes.length > MAX_BYTES) throw new EncodingError(`base58: at most ${MAX_BYTES} bytes, got ${bytes.length}`);
  let zeros = 0;
  while (zeros < bytes.length && bytes[zeros] === 0) zeros++;
  // Base-58 digits, least significant first.
  const digits: number[] = [];
  for (let i = zeros; i < bytes.length; i++) {
    let carry = bytes[i]!;
    for (let j = 0; j < digits.length; j++) {
      carry += digits[j]! << 8;
      digits[j] = carry % 58;
      carry = Math.floor(carry / 58);
    }
    for (; carry > 0; carry = Math.floor(carry / 58)) digits.push(carry % 58);
  }
  let text = `z${'1'.repeat(zeros)}`;
  for (let j = digits.length - 1; j >= 0; j--) text += DIGITS[digits[j]!]!;
  return text;
}

/**
 * The bytes of a base58btc multibase text.
 * @throws EncodingError if it does not begin with `z`, holds another character than the 58, or is too long
 */
export function fromMultibase(text: string): Uint8Array {
  if (text[0] !== 'z') throw new EncodingError('multibase: expected z (base58btc) first');
  if (text.length - 1 > MAX_DIGITS) throw new EncodingError(`base58: too long, ${text.length}`);
  let zeros = 0;
  while (text[zeros + 1] === '1') zeros++;
  // Digits of 24 bits, least significant first. Four base-58 digits at a time: 58^4 and such a digit multiply exactly.
  const limbs: number[] = [];
  for (let i = zeros + 1; i < text.length; i += DIGITS_AT_ONCE) {
    let carry = 0;
    let scale = 1;
    for (let j = i; j < Math.min(i + DIGITS_AT_ONCE, text.length); j++) {
      const value = VALUES[text.charCodeAt(j)] ?? 255;
      if (value === 255) throw new EncodingError(`base58: unexpected character at ${j}`);
      carry = carry * 58 + value;
      scale *= 58;
    }
    for (let j = 0; j < limbs.length; j++) {
      carry += limbs[j]! * scale;
      limbs[j] = carry % LIMB;
      carry = Math.floor(carry / LIMB);
    }
    if (carry > 0) limbs.push(carry);
  }
  let length = 3 * limbs.length;
  while (length > 0 && byteAt(limbs, length - 1) === 0) length--;
  const bytes = new Uint8Array(zeros + length);
  for (let j = 0; j < length; j++) bytes[bytes.length - 1 - j] = byteAt(limbs, j);
  return bytes;
}

/** A byte of a number in digits of 24 bits, both least significant first. */
function byteAt(limbs: readonly number[], place: number): number {
  return (limbs[Math.floor(place / 3)]! >> (8 * (place % 3))) & 255;
}

/**
 * `publicKeyMultibase` of an Ed25519 key.
 * @param publicKey 32 bytes
 * @throws EncodingError for another length
 */
export function toMultikey(publicKey: Uint8Array): string {
  if (publicKey.length !== 32) throw new EncodingError(`Ed25519 key: expected 32 bytes, got ${publicKey.length}`);
  return toMultibase(concatBytes(ED25519_PUBLIC_KEY, publicKey));
}

/**
 * The 32 bytes of an Ed25519 `publicKeyMultibase`. Whether they are a point of the curve is the verifier's to check.
 * @throws EncodingError for another kind of key, length or encoding
 */
export function fromMultikey(text: string): Uint8Array {
  const bytes = fromMultibase(text);
  if (bytes.length !== 34 || bytes[0] !== ED25519_PUBLIC_KEY[0] || bytes[1] !== ED25519_PUBLIC_KEY[1]) {
    throw new EncodingError('Multikey: expected 0xed01 and 32 bytes of an Ed25519 public key');
  }
  return bytes.slice(2);
}
