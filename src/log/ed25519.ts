/**
 * Ed25519 verification for browser and command line, on @noble/ed25519's curve arithmetic. Strict (S26): see
 * `crypto/ed25519-strict.ts`; the twin on node:crypto is `crypto/ed25519.ts`, and both must agree on everything.
 * Not `verify` of the library: even with `zip215: false` it multiplies by the cofactor, so it takes signatures that
 * node:crypto refuses (Speccheck cases 4 and 5). Proven by crypto/ed25519.spec.ts.
 */
import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { hasStrictEncoding } from '../crypto/ed25519-strict.js';
import { concatBytes, equalBytes } from '../encoding/bytes.js';

const ORDER = Point.CURVE().n;

/**
 * True if the signature is the key's, of the message. Never throws: whatever cannot be a key or signature is false.
 * @param publicKey 32 bytes
 * @param message any length
 * @param signature 64 bytes
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!hasStrictEncoding(publicKey, signature)) return false;
  const key = decodePoint(publicKey);
  if (key === undefined) return false;
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  const k = littleEndian(sha512(concatBytes(r, publicKey, message))) % ORDER;
  // R = [S]B - [k]A, compared as bytes: RFC 8032 section 5.1.7 without cofactor. All values are public.
  const expected = Point.BASE.multiply(s, false).subtract(multiple(key, k));
  return equalBytes(expected.toBytes(), r);
}

/** Bits of a window: that many doublings go with one addition at most. */
const WINDOW = 5;

/**
 * [k]A by the windowed non-adjacent form of k (Hankerson, Menezes, Vanstone: Guide to Elliptic Curve Cryptography,
 * algorithm 3.36), a fifth faster than the library's bit by bit. Its time tells of k, which is public.
 */
function multiple(point: Point, k: bigint): Point {
  const double = point.double();
  const odd = [point];
  while (odd.length < 1 << (WINDOW - 2)) odd.push(odd.at(-1)!.add(double));
  const digits = nonAdjacentForm(k);
  let sum = Point.ZERO;
  for (let i = digits.length - 1; i >= 0; i--) {
    sum = sum.double();
    const digit = digits[i]!;
    if (digit > 0) sum = sum.add(odd[digit >> 1]!);
    else if (digit < 0) sum = sum.subtract(odd[-digit >> 1]!);
  }
  return sum;
}

/** Digits of k, least significant first: zero, or odd and below 2^(WINDOW - 1) either way, with zeros after each. */
function nonAdjacentForm(k: bigint): number[] {
  // Bit by bit in numbers: arithmetic on bigint for each would cost as much as the doublings.
  const bits = k.toString(2).split('').reverse().map(Number);
  const digits: number[] = [];
  for (let i = 0; i < bits.length; i++) {
    digits.push(0);
    if (bits[i] === 0) continue;
    let digit = 0;
    for (let j = WINDOW - 1; j >= 0; j--) digit = 2 * digit + (bits[i + j] ?? 0);
    for (let j = 0; j < WINDOW && i + j < bits.length; j++) bits[i + j] = 0;
    if (digit > 1 << (WINDOW - 1)) {
      digit -= 1 << WINDOW;
      carry(bits, i + WINDOW);
    }
    digits[i] = digit;
  }
  return digits;
}

/** Adds one at a place. */
function carry(bits: number[], place: number): void {
  while (bits.length < place) bits.push(0);
  let at = place;
  for (; bits[at] === 1; at++) bits[at] = 0;
  bits[at] = 1;
}

function decodePoint(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes, false);
  } catch {
    // Not on the curve: the library has only one way to say so.
    return undefined;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}
