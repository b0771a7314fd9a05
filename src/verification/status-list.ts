/**
 * W3C Bitstring Status List 1.0: the compressed list of 131,072 bits, one for each credential (S25). The first index
 * is the left-most bit. `u` is multibase for base64url without padding. Proven by status-list.spec.ts.
 *
 * Decompression stops at the list's own size: 22 kB of gzip can hold 20 MB of zeros.
 */
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { concatBytes } from '../encoding/bytes.js';
import { toHex } from '../encoding/hex.js';
import { canonicalBytes } from '../encoding/jcs.js';
import type { JsonObject } from '../encoding/json.js';
import { STATUS_LIST_ENTRIES } from '../credentials/credential.events.js';
import { EncodingError } from '../errors.js';
import { sha256 } from '../log/hash.js';

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
export async function decodeStatusList(encodedList: string): Promise<Uint8Array> {
  if (encodedList.length > MAX_ENCODED) {
    throw new EncodingError(`status list: expected at most ${MAX_ENCODED} characters, got ${encodedList.length}`);
  }
  if (encodedList[0] !== 'u') throw new EncodingError('status list: expected multibase u (base64url)');
  const bits = await through(new DecompressionStream('gzip'), fromBase64url(encodedList.slice(1)), STATUS_LIST_BYTES);
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
export function statusListDigest(list: JsonObject): string {
  return toHex(sha256(canonicalBytes(list)));
}

function byteOf(bits: Uint8Array, index: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= bits.length * 8) {
    throw new EncodingError(`status list: no entry ${index} among ${bits.length * 8}`);
  }
  return index >> 3;
}

/** All that a (de)compression gives, up to a limit in bytes. @throws EncodingError when broken or longer */
async function through(
  transform: CompressionStream | DecompressionStream,
  input: Uint8Array,
  limit: number,
): Promise<Uint8Array> {
  const writer = transform.writable.getWriter();
  const reader = transform.readable.getReader();
  // Failures arrive at the reading side too; the writing side's must not become unhandled rejections.
  writer.write(Uint8Array.from(input)).catch(() => undefined);
  writer.close().catch(() => undefined);
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new EncodingError('status list: broken gzip');
    });
    if (done) return concatBytes(...parts);
    length += value.length;
    if (length > limit) {
      await reader.cancel().catch(() => undefined);
      throw new EncodingError(`status list: more than ${limit} bytes`);
    }
    parts.push(value);
  }
}
