/**
 * Keccak-256, the chain's hash (Yellow Paper, appendix "Keccak-256 with original padding", not NIST's SHA3-256).
 * Proven by keccak.spec.ts.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';

/** 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes);
}
