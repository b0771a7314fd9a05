/**
 * Reads members of a JSON document from a stranger: type, size and form are checked before anything is done with a
 * value, and what does not fit is a VerificationError with the reader's code and the member's path. Members that
 * nobody asks for are let be.
 */
import { fromBase64 } from '../encoding/base64.js';
import { isJsonObject, type Json, type JsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import type { CheckCode } from './codes.js';
import { VerificationError } from './verification-error.js';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const HEX_32 = /^[0-9a-f]{64}$/;

/** ISO 8601 with a time zone, as XML Schema's dateTimeStamp and VCDM 2.0 section 4.9 want it. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Readers of one document; `code` says which document was malformed. */
export class JsonReader {
  constructor(private readonly code: CheckCode) {}

  /** @throws VerificationError with the reader's code. */
  refuse(path: string, expected: string): never {
    throw new VerificationError(this.code, `${path}: expected ${expected}`);
  }

  object(value: Json | undefined, path: string): JsonObject {
    return isJsonObject(value) ? value : this.refuse(path, 'an object');
  }

  text(value: Json | undefined, path: string, most: number, form?: RegExp): string {
    if (typeof value !== 'string') return this.refuse(path, 'a text');
    if (value.length > most) return this.refuse(path, `at most ${most} characters, got ${value.length}`);
    if (form !== undefined && !form.test(value)) return this.refuse(path, `a text like ${form.source}`);
    return value;
  }

  /** A whole number from `least` (default 0) up to 2^53 − 1. */
  natural(value: Json | undefined, path: string, least = 0): number {
    return Number.isSafeInteger(value) && (value as number) >= least
      ? (value as number)
      : this.refuse(path, `a whole number from ${least}`);
  }

  optional<T>(value: Json | undefined, read: (value: Json) => T): T | undefined {
    return value === undefined ? undefined : read(value);
  }

  list<T>(value: Json | undefined, path: string, most: number, read: (item: Json, path: string) => T): T[] {
    if (!Array.isArray(value)) return this.refuse(path, 'a list');
    if (value.length > most) return this.refuse(path, `at most ${most} items, got ${value.length}`);
    return value.map((item: Json, i) => read(item, `${path}.${i}`));
  }

  /** A moment in time, as milliseconds since 1970. */
  time(value: Json | undefined, path: string): number {
    const ms = Date.parse(this.text(value, path, 40, DATE_TIME));
    return Number.isNaN(ms) ? this.refuse(path, 'a date and time that exists') : ms;
  }

  /** The bytes of strict, padded base64; `most` is in bytes. */
  base64(value: Json | undefined, path: string, most: number): Uint8Array {
    try {
      return fromBase64(this.text(value, path, Math.ceil(most / 3) * 4));
    } catch (error) {
      if (error instanceof EncodingError) return this.refuse(path, 'base64');
      throw error;
    }
  }

  hash(value: Json | undefined, path: string): Uint8Array {
    const bytes = this.base64(value, path, 32);
    return bytes.length === 32 ? bytes : this.refuse(path, `32 bytes, got ${bytes.length}`);
  }
}
