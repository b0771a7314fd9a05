/**
 * Moments and dates as text: ISO 8601 with a time zone, and plain dates. Domain code compares moments only through
 * this, so that `+01:00` and `Z` do not differ and a malformed text is an error, never a comparison that is false.
 * Proven by `instant.spec.ts`.
 */
import { EncodingError } from '../errors.js';

const MOMENT = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** True for `YYYY-MM-DD` that is a day of the (proleptic) Gregorian calendar. */
export function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const day = Number(match[3]);
  const month = Number(match[2]);
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(Number(match[1]), month);
}

/** @param month 1 … 12 */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/**
 * Milliseconds since 1970-01-01T00:00:00Z of an ISO 8601 moment with seconds and a time zone.
 * @throws EncodingError for any other text, also for a day that does not exist
 */
export function instantOf(text: string): number {
  const match = MOMENT.exec(text);
  if (!match || !isDate(match[1] ?? '')) {
    throw new EncodingError(`expected an ISO 8601 moment with a time zone, got ${JSON.stringify(text)}`);
  }
  return Date.parse(text);
}
