/**
 * Hexadecimal, lower case only, so that every byte string has exactly one text: log and notes write it plain, values
 * of the chain with `0x`. Proven by hex.spec.ts.
 */
import { EncodingError } from '../errors.js';

const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Two lower-case digits a byte, without prefix. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += PAIRS[bytes[i]!]!;
  return text;
}

/** As `toHex`, with the prefix `0x`. */
export function toHex0x(bytes: Uint8Array): string {
  return `0x${toHex(bytes)}`;
}

/**
 * The bytes of lower-case hexadecimal without prefix.
 * @throws EncodingError for an odd number of digits and for anything that is not 0-9 or a-f (capitals too)
 */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new EncodingError(`hex: expected an even number of digits, got ${text.length}`);
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digit(text.charCodeAt(2 * i)) << 4) | digit(text.charCodeAt(2 * i + 1));
  }
  return bytes;
}

/**
 * The bytes of lower-case hexadecimal with the prefix `0x`; a checksummed address must be put in lower case before.
 * @throws EncodingError as `fromHex`, and where the prefix is missing
 */
export function fromHex0x(text: string): Uint8Array {
  if (!text.startsWith('0x')) throw new EncodingError('hex: expected the prefix 0x');
  return fromHex(text.slice(2));
}

function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  throw new EncodingError(`hex: expected lower-case digits, got character code ${code}`);
}
