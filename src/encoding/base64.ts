/**
 * Base64 and base64url (RFC 4648 sections 4 and 5), strict: one text for each byte string. Line breaks, missing or
 * superfluous padding and trailing bits other than zero (section 3.5) are refused. Proven by base64.spec.ts.
 */
import { EncodingError } from '../errors.js';

const PAD = 0x3d;
const ascii = new TextDecoder();

/** Character codes of the 64 digits, and back (255: not a digit). */
class Alphabet {
  private readonly codes: Uint8Array;
  private readonly values = new Uint8Array(128).fill(255);

  constructor(lastTwo: string) {
    const digits = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${lastTwo}`;
    this.codes = Uint8Array.from(digits, (character) => character.charCodeAt(0));
    this.codes.forEach((code, value) => (this.values[code] = value));
  }

  encode(bytes: Uint8Array, padded: boolean): string {
    const { codes } = this;
    const whole = bytes.length - (bytes.length % 3);
    const digits = Math.ceil((bytes.length * 4) / 3);
    const text = new Uint8Array(padded ? Math.ceil(bytes.length / 3) * 4 : digits);
    let out = 0;
    for (let i = 0; i < whole; i += 3) {
      const three = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
      text[out++] = codes[three >> 18]!;
      text[out++] = codes[(three >> 12) & 63]!;
      text[out++] = codes[(three >> 6) & 63]!;
      text[out++] = codes[three & 63]!;
    }
    if (whole < bytes.length) {
      const rest = (bytes[whole]! << 16) | ((bytes[whole + 1] ?? 0) << 8);
      text[out++] = codes[rest >> 18]!;
      text[out++] = codes[(rest >> 12) & 63]!;
      if (out < digits) text[out++] = codes[(rest >> 6) & 63]!;
    }
    text.fill(PAD, out);
    return ascii.decode(text);
  }

  /** `end`: number of digits before the padding, whose own number the caller has checked. */
  decode(text: string, end: number): Uint8Array {
    const { values } = this;
    const rest = end % 4;
    if (rest === 1) throw new EncodingError(`base64: no byte string has ${end} digits`);
    const bytes = new Uint8Array(Math.floor((end * 3) / 4));
    let out = 0;
    let held = 0;
    let bits = 0;
    for (let i = 0; i < end; i++) {
      const value = values[text.charCodeAt(i)] ?? 255;
      if (value === 255) throw new EncodingError(`base64: unexpected character at ${i}`);
      held = (held << 6) | value;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        bytes[out++] = held >> bits;
        held &= (1 << bits) - 1;
      }
    }
    if (held !== 0) throw new EncodingError('base64: expected trailing bits of zero');
    return bytes;
  }
}

const STANDARD = new Alphabet('+/');
const URL_SAFE = new Alphabet('-_');

/** Standard alphabet with padding, the form of notes, checkpoints and bundles. */
export function toBase64(bytes: Uint8Array): string {
  return STANDARD.encode(bytes, true);
}

/**
 * The bytes of standard base64 with padding.
 * @throws EncodingError for anything but the one text that `toBase64` makes
 */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw new EncodingError(`base64: expected groups of 4, got ${text.length} characters`);
  let end = text.length;
  if (end > 0 && text.charCodeAt(end - 1) === PAD) end--;
  if (end > 0 && end < text.length && text.charCodeAt(end - 1) === PAD) end--;
  return STANDARD.decode(text, end);
}

/** Alphabet safe in addresses, without padding. */
export function toBase64url(bytes: Uint8Array): string {
  return URL_SAFE.encode(bytes, false);
}

/**
 * The bytes of base64url without padding.
 * @throws EncodingError for anything but the one text that `toBase64url` makes
 */
export function fromBase64url(text: string): Uint8Array {
  return URL_SAFE.decode(text, text.length);
}
