/**
 * Recursive Length Prefix, as blocks and receipts are encoded (Yellow Paper, appendix B). The decoder is strict: every
 * item has exactly one encoding, so that what was hashed and what was read cannot differ. Lengths are checked against
 * what is there before anything is read. Proven by rlp.spec.ts, against @ethereumjs/rlp and with every malformed kind.
 */
import { EncodingError } from '../errors.js';

/** A byte string, or a list of items. */
export type RlpItem = Uint8Array | readonly RlpItem[];

export interface RlpLimits {
  /** Lists within lists; the outermost list counts 1. */
  readonly depth: number;
  /** Items in all, lists included. */
  readonly items: number;
}

const DEFAULT_LIMITS: RlpLimits = { depth: 8, items: 4_096 };

/** First byte of a short string, a long string, a short list and a long list: length is what is over it. */
const SHORT_STRING = 0x80;
const LONG_STRING = 0xb7;
const SHORT_LIST = 0xc0;
const LONG_LIST = 0xf7;
/** Longest payload whose length stands in the first byte. */
const SHORT_MAX = 55;

/**
 * The one item that `bytes` are, to the last byte. Byte strings in it are views into `bytes`.
 * @throws EncodingError for bytes that are missing or left over, for a longer form than need be (a single byte below
 *   0x80 with a prefix, a length with leading zeros or one that fits the first byte), and beyond the limits
 */
export function decodeRlp(bytes: Uint8Array, limits: RlpLimits = DEFAULT_LIMITS): RlpItem {
  return new RlpReader(bytes, limits).whole();
}

class RlpReader {
  private offset = 0;
  private items = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly limits: RlpLimits,
  ) {}

  whole(): RlpItem {
    const item = this.item(this.bytes.length, 0);
    if (this.offset !== this.bytes.length) {
      throw new EncodingError(`rlp: ${this.bytes.length - this.offset} bytes after the item`);
    }
    return item;
  }

  /** The item at the offset; it must end at `end` or before. */
  private item(end: number, depth: number): RlpItem {
    if (++this.items > this.limits.items) throw new EncodingError(`rlp: more than ${this.limits.items} items`);
    const first = this.take(1, end)[0]!;
    if (first < SHORT_STRING) return this.bytes.subarray(this.offset - 1, this.offset);
    if (first < SHORT_LIST) return this.string(first, end);
    return this.list(first, end, depth + 1);
  }

  private string(first: number, end: number): Uint8Array {
    const length = first <= LONG_STRING ? first - SHORT_STRING : this.longLength(first - LONG_STRING, end);
    const string = this.take(length, end);
    if (length === 1 && string[0]! < SHORT_STRING) throw new EncodingError('rlp: a byte below 0x80 with a prefix');
    return string;
  }

  private list(first: number, end: number, depth: number): readonly RlpItem[] {
    if (depth > this.limits.depth) throw new EncodingError(`rlp: lists more than ${this.limits.depth} deep`);
    const length = first <= LONG_LIST ? first - SHORT_LIST : this.longLength(first - LONG_LIST, end);
    this.need(length, end);
    const listEnd = this.offset + length;
    const list: RlpItem[] = [];
    while (this.offset < listEnd) list.push(this.item(listEnd, depth));
    return list;
  }

  /** A length of `size` bytes, big-endian. Four are enough: no input here comes near 4 GiB. */
  private longLength(size: number, end: number): number {
    if (size > 4) throw new EncodingError(`rlp: a length of ${size} bytes`);
    const digits = this.take(size, end);
    if (digits[0] === 0) throw new EncodingError('rlp: a length with leading zeros');
    const length = digits.reduce((sum, digit) => sum * 256 + digit, 0);
    if (length <= SHORT_MAX) throw new EncodingError(`rlp: a long form for ${length} bytes`);
    return length;
  }

  private take(length: number, end: number): Uint8Array {
    this.need(length, end);
    const start = this.offset;
    this.offset += length;
    return this.bytes.subarray(start, this.offset);
  }

  private need(length: number, end: number): void {
    if (length > end - this.offset) {
      throw new EncodingError(`rlp: expected ${length} bytes at ${this.offset}, got ${end - this.offset}`);
    }
  }
}

/** Bytes that the item's encoding takes. */
export function rlpLength(item: RlpItem): number {
  if (item instanceof Uint8Array && item.length === 1 && item[0]! < SHORT_STRING) return 1;
  const payload = item instanceof Uint8Array ? item.length : item.reduce((sum, one) => sum + rlpLength(one), 0);
  return payload <= SHORT_MAX ? 1 + payload : 1 + integerBytes(payload).length + payload;
}

/**
 * The encoding of a whole number: big-endian without leading zeros, 0 being the empty string. The key of a transaction
 * or receipt in its block's trie is that of its index (Yellow Paper 4.3.2).
 * @param value from 0 to 2^53 − 1
 */
export function encodeRlpInteger(value: number): Uint8Array {
  const bytes = integerBytes(value);
  if (bytes.length === 1 && bytes[0]! < SHORT_STRING) return bytes;
  return Uint8Array.of(SHORT_STRING + bytes.length, ...bytes);
}

/**
 * The whole number of a decoded string.
 * @throws EncodingError for leading zeros and above 2^53 − 1
 */
export function rlpInteger(bytes: Uint8Array): number {
  if (bytes[0] === 0) throw new EncodingError('rlp: an integer with leading zeros');
  const value = bytes.length > 7 ? Number.NaN : bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  if (!Number.isSafeInteger(value)) throw new EncodingError(`rlp: an integer of ${bytes.length} bytes`);
  return value;
}

function integerBytes(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new EncodingError(`rlp: ${value} is not a natural number`);
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}
