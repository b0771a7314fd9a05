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
  const expected = Point.BASE.multiply(s, false).subtract(key.multiply(k, false));
  return equalBytes(expected.toBytes(), r);
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
