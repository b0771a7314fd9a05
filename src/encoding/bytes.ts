/**
 * Byte strings as `Uint8Array`, in Node and in a browser alike (no `Buffer`).
 * UTF-8 is strict both ways: what cannot be encoded or decoded without loss is refused, so that the same text always
 * has the same bytes (S14). Proven by bytes.spec.ts.
 */
import { EncodingError } from '../errors.js';

const encoder = new TextEncoder();
/** `ignoreBOM` keeps a byte order mark as the character it is: the text must encode to the very bytes it came from. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A lone half of a UTF-16 surrogate pair: `TextEncoder` would replace it by U+FFFD without a word. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** True if `text` holds no lone surrogate, that is if it has an encoding in UTF-8. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The parts one after another in a new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** True if both have the same length and bytes. Not constant time: for public values only, never for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Order by unsigned bytes, a prefix before what it begins: negative, zero or positive, as for `Array.sort`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/**
 * The text in UTF-8.
 * @throws EncodingError if it holds a lone surrogate
 */
export function utf8(text: string): Uint8Array {
  if (!isWellFormed(text)) throw new EncodingError('text with a lone surrogate has no encoding in UTF-8');
  return encoder.encode(text);
}

/**
 * The text of UTF-8 bytes; a byte order mark is kept as U+FEFF.
 * @throws EncodingError if the bytes are not well-formed UTF-8
 */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new EncodingError('expected UTF-8, got bytes that are not well-formed');
  }
}
