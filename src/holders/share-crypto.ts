/**
 * The cryptography of a share link, `/c/<credential>#<key>` (`docs/formats.md` 7): the same code seals on
 * the service and opens in the holder's reader's browser, by WebCrypto alone. The key is 32 random bytes and never
 * leaves the fragment; the share's id is a one-way function of it, so whoever has the key finds the share, and a
 * ciphertext opens under one key only, although AES-GCM does not commit to its key. Proven by share-crypto.spec.ts.
 */
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { concatBytes, utf8 } from '../encoding/bytes.js';
import { toHex } from '../encoding/hex.js';
import { EncodingError } from '../errors.js';

export const SHARE_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const ID_LABEL = utf8('meritkedja share id');
const KEY_LABEL = utf8('meritkedja share');

/** What the service keeps of a share, both in base64url without padding. */
export interface SealedShare {
  /** 12 bytes. */
  readonly nonce: string;
  /** AES-256-GCM ciphertext with its 16-byte tag. */
  readonly ciphertext: string;
}

/** The share is not what was sealed under this key: another key, or other bytes. */
export class ShareError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ShareError';
  }
}

/**
 * The id under which a share is kept: the first 16 bytes of SHA-256("meritkedja share id" ‖ key) as a UUID whose
 * version bits say 4 (RFC 9562, section 5.4).
 * @param key 32 bytes
 * @throws EncodingError for a key of another length
 */
export async function shareId(key: Uint8Array): Promise<string> {
  checkKey(key);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', owned(concatBytes(ID_LABEL, key))));
  const id = digest.slice(0, 16);
  id[6] = (id[6]! & 0x0f) | 0x40;
  id[8] = (id[8]! & 0x3f) | 0x80;
  const hex = toHex(id);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/**
 * Seals under HKDF-SHA-256(key, no salt, "meritkedja share"), with the share's id as additional data.
 * @param key 32 random bytes, for this share alone
 * @param plaintext for a credential the UTF-8 of `{credential}`
 * @throws EncodingError for a key of another length
 */
export async function sealShare(key: Uint8Array, plaintext: Uint8Array): Promise<SealedShare> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const ciphertext = await crypto.subtle.encrypt(await parameters(key, nonce), await aesKey(key), owned(plaintext));
  return { nonce: toBase64url(nonce), ciphertext: toBase64url(new Uint8Array(ciphertext)) };
}

/**
 * The plaintext of a share.
 * @param key 32 bytes
 * @throws EncodingError for a key of another length or a share that is not base64url; ShareError if it does not open
 */
export async function openShare(key: Uint8Array, sealed: SealedShare): Promise<Uint8Array> {
  const nonce = fromBase64url(sealed.nonce);
  if (nonce.length !== NONCE_BYTES) throw new EncodingError(`expected a nonce of 12 bytes, got ${nonce.length}`);
  const ciphertext = owned(fromBase64url(sealed.ciphertext));
  const algorithm = await parameters(key, owned(nonce));
  const secret = await aesKey(key);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, secret, ciphertext));
  } catch {
    throw new ShareError('the share does not open under this key');
  }
}

async function parameters(key: Uint8Array, nonce: Uint8Array<ArrayBuffer>): Promise<AesGcmParams> {
  return { name: 'AES-GCM', iv: nonce, additionalData: owned(utf8(await shareId(key))) };
}

async function aesKey(key: Uint8Array): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', owned(key), 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: owned(KEY_LABEL) },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

function checkKey(key: Uint8Array): void {
  if (key.length !== SHARE_KEY_BYTES) {
    throw new EncodingError(`expected a share key of ${SHARE_KEY_BYTES} bytes, got ${key.length}`);
  }
}

/** A copy in a buffer of its own, as WebCrypto's types want it. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
