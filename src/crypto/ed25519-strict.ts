/**
 * What every Ed25519 verification here demands of key and signature before any curve arithmetic (S26), as bytes alone.
 * RFC 8032 section 5.1.3 wants canonical encodings and 5.1.7 a scalar below the group order, yet implementations differ
 * in what they check, and in what they make of points of small order. With these rules, and the equation without
 * cofactor, all implementations in use come to the same answer. Proven by ed25519.spec.ts.
 */
import { fromHex } from '../encoding/hex.js';

/** Order of the prime subgroup, 2^252 + 27742317777372353535851937790883648493, little-endian. */
const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');

/** The field's prime, 2^255 - 19, little-endian. */
const PRIME = fromHex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');

/**
 * The y coordinates of the eight points of small order, little-endian: 1 (the neutral element), -1 (order 2), 0
 * (order 4, two points) and the two of order 8 (two points each). Their x differs in sign only.
 */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  fromHex('0100000000000000000000000000000000000000000000000000000000000000'),
  fromHex('ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'),
  fromHex('0000000000000000000000000000000000000000000000000000000000000000'),
  fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
  fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'),
];

/**
 * True if key and signature have the right lengths, the points A and R canonical encodings and no small order, and S
 * is below the group order. Whether A is on the curve, and the signature itself, is still to be verified.
 * @param publicKey A, 32 bytes
 * @param signature R and S, 64 bytes
 */
export function hasStrictEncoding(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    publicKey.length === 32 &&
    signature.length === 64 &&
    isStrictPoint(publicKey) &&
    isStrictPoint(signature.subarray(0, 32)) &&
    isBelow(signature.subarray(32), ORDER)
  );
}

function isStrictPoint(encoded: Uint8Array): boolean {
  // x = 0 with its sign bit set, the other non-canonical encoding, has a y of small order.
  return isBelow(encoded, PRIME, 0x7f) && !SMALL_ORDER_Y.some((small) => hasY(encoded, small));
}

/** Whether a point has the y coordinate, whatever the sign of its x, which is the last byte's highest bit. */
function hasY(encoded: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < 31; i++) if (encoded[i] !== y[i]) return false;
  return (encoded[31]! & 0x7f) === y[31];
}

/** a < b, both 32 bytes little-endian; of a's last byte the bits of the mask alone count. */
function isBelow(a: Uint8Array, b: Uint8Array, mask = 0xff): boolean {
  const last = a[31]! & mask;
  if (last !== b[31]) return last < b[31]!;
  for (let i = 30; i >= 0; i--) if (a[i] !== b[i]) return a[i]! < b[i]!;
  return false;
}
