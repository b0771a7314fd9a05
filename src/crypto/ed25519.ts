/**
 * Ed25519 on node:crypto: keys, signing, and the fast verification of the service and the audit. Strict (S26) by the
 * same rules as its twin for the browser, `log/ed25519.ts`. Keys are 32 raw bytes outside and kept as KeyObjects
 * inside: parsing one costs more than signing. Proven by ed25519.spec.ts.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { concatBytes } from '../encoding/bytes.js';
import { fromHex, toHex } from '../encoding/hex.js';
import { EncodingError, InvariantError } from '../errors.js';
import { hasStrictEncoding } from './ed25519-strict.js';

/** DER before the 32 bytes, RFC 8410: PrivateKeyInfo and SubjectPublicKeyInfo. */
const PKCS8_PREFIX = fromHex('302e020100300506032b657004220420');
const SPKI_PREFIX = fromHex('302a300506032b6570032100');
const KEY_SIZE = 32;

/** Public keys in use at once are few: issuers, the log. The oldest goes when there are more. */
const KEPT_KEYS = 1000;
const publicKeys = new Map<string, KeyObject>();

export interface Ed25519KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The secret, 32 bytes (RFC 8032 section 5.1.5). */
  readonly seed: Uint8Array;
}

export interface Ed25519Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The signature of a message of any length, 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** A new key pair from the system's random source. */
export function generateKeyPair(): Ed25519KeyPair {
  const pair = generateKeyPairSync('ed25519');
  const pkcs8 = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
  return { publicKey: rawPublicKey(pair.publicKey), seed: new Uint8Array(pkcs8.subarray(-KEY_SIZE)) };
}

/**
 * Signs with the key of a seed.
 * @param seed 32 bytes
 * @throws EncodingError for another length
 */
export function signer(seed: Uint8Array): Ed25519Signer {
  if (seed.length !== KEY_SIZE) throw new EncodingError(`Ed25519 seed: expected 32 bytes, got ${seed.length}`);
  const key = createPrivateKey({ key: Buffer.from(concatBytes(PKCS8_PREFIX, seed)), format: 'der', type: 'pkcs8' });
  return {
    publicKey: rawPublicKey(createPublicKey(key)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

/**
 * True if the signature is the key's, of the message. Never throws: whatever cannot be a key or signature is false.
 * @param publicKey 32 bytes
 * @param message any length
 * @param signature 64 bytes
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!hasStrictEncoding(publicKey, signature)) return false;
  return verify(null, message, keptPublicKey(publicKey), signature);
}

function keptPublicKey(publicKey: Uint8Array): KeyObject {
  const name = toHex(publicKey);
  const kept = publicKeys.get(name);
  if (kept !== undefined) return kept;
  const key = createPublicKey({ key: Buffer.from(concatBytes(SPKI_PREFIX, publicKey)), format: 'der', type: 'spki' });
  const oldest = publicKeys.keys().next().value;
  if (publicKeys.size >= KEPT_KEYS && oldest !== undefined) publicKeys.delete(oldest);
  publicKeys.set(name, key);
  return key;
}

function rawPublicKey(key: KeyObject): Uint8Array {
  const spki = key.export({ format: 'der', type: 'spki' });
  if (spki.length !== SPKI_PREFIX.length + KEY_SIZE) {
    throw new InvariantError(`Ed25519 SubjectPublicKeyInfo: expected 44 bytes, got ${spki.length}`);
  }
  return new Uint8Array(spki.subarray(-KEY_SIZE));
}
