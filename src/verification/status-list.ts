/**
 * W3C Bitstring Status List 1.0: the compressed list of 131,072 bits, one for each credential (S25). The first index
 * is the left-most bit. `u` is multibase for base64url without padding. Proven by status-list.spec.ts.
 *
 * Decompression stops at the list's own size: 22 kB of gzip can hold 20 MB of zeros.
 */
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { toHex } from '../encoding/hex.js';
import { canonicalBytes } from '../encoding/jcs.js';
import type { JsonObject } from '../encoding/json.js';
import { STATUS_LIST_ENTRIES } from '../credentials/credential.events.js';
import { EncodingError } from '../errors.js';
import { sha256 as plainSha256, type Sha256 } from '../log/hash.js';
import { PLAIN, through, type Platform } from './platform.js';

/** Bytes of a list: 16,384. */
export const STATUS_LIST_BYTES = STATUS_LIST_ENTRIES / 8;

/** Incompressible bits come to 16,384 bytes and some 30 of framing, that is 21,900 characters. */
const MAX_ENCODED = 30_000;

/**
 * `u` and base64url of the gzip of the bits. The header's time and system bytes are set to "unknown", so that they do
 * not tell runtimes apart; the compressed bytes themselves may still differ between versions of zlib.
 * @param bits 16,384 bytes
 * @throws EncodingError for another length
 */
export async function encodeStatusList(bits: Uint8Array): Promise<string> {
  if (bits.length !== STATUS_LIST_BYTES) {
    throw new EncodingError(`status list: expected ${STATUS_LIST_BYTES} bytes, got ${bits.length}`);
  }
  const compressed = await through(new CompressionStream('gzip'), bits, MAX_ENCODED);
  // RFC 1952, section 2.3: MTIME is bytes 4 to 7 (0: none), OS byte 9 (255: unknown).
  compressed.fill(0, 4, 8);
  compressed[9] = 255;
  return `u${toBase64url(compressed)}`;
}

/**
 * The 16,384 bytes of an `encodedList`.
 * @throws EncodingError for another multibase, broken gzip, and for more or fewer entries than 131,072
 */
export async function decodeStatusList(
  encodedList: string,
  { gunzip }: Pick<Platform, 'gunzip'> = PLAIN,
): Promise<Uint8Array> {
  if (encodedList.length > MAX_ENCODED) {
    throw new EncodingError(`status list: expected at most ${MAX_ENCODED} characters, got ${encodedList.length}`);
  }
  if (encodedList[0] !== 'u') throw new EncodingError('status list: expected multibase u (base64url)');
  const bits = await unzipped(fromBase64url(encodedList.slice(1)), gunzip);
  if (bits.length !== STATUS_LIST_BYTES) {
    throw new EncodingError(`status list: expected ${STATUS_LIST_ENTRIES} entries, got ${bits.length * 8}`);
  }
  return bits;
}

/** The bit of an entry, index 0 being the left-most of the first byte. @throws EncodingError outside the list */
export function statusBit(bits: Uint8Array, index: number): boolean {
  return ((bits[byteOf(bits, index)] ?? 0) & (0x80 >> (index & 7))) !== 0;
}

/** Sets or clears an entry's bit in place. @throws EncodingError outside the list */
export function setStatusBit(bits: Uint8Array, index: number, value: boolean): void {
  const byte = byteOf(bits, index);
  const mask = 0x80 >> (index & 7);
  bits[byte] = value ? (bits[byte] ?? 0) | mask : (bits[byte] ?? 0) & ~mask;
}

/**
 * The digest that `StatusListPublished` holds: SHA-256, lower-case hex, of JCS(the list credential as published, with
 * its proof).
 * @throws EncodingError if it has no canonical form
 */
export function statusListDigest(list: JsonObject, sha256: Sha256 = plainSha256): string {
  return toHex(sha256(canonicalBytes(list)));
}

function byteOf(bits: Uint8Array, index: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= bits.length * 8) {
    throw new EncodingError(`status list: no entry ${index} among ${bits.length * 8}`);
  }
  return index >> 3;
}

async function unzipped(bytes: Uint8Array, gunzip: Platform['gunzip']): Promise<Uint8Array> {
  try {
    return await gunzip(bytes, STATUS_LIST_BYTES);
  } catch (error) {
    if (error instanceof EncodingError) throw new EncodingError(`status list: ${error.message}`);
    throw error;
  }
}
