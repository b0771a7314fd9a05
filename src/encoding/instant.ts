/**
 * Moments and dates as text: ISO 8601 with a time zone, and plain dates. Domain code compares moments only through
 * this, so that `+01:00` and `Z` do not differ and a malformed text is an error, never a comparison that is false.
 * Proven by `instant.spec.ts`.
 */
import { DomainError } from '../errors.js';

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

/** True for an ISO 8601 moment with seconds and a time zone, on a day that exists. */
export function isMoment(text: string): boolean {
  return isDate(MOMENT.exec(text)?.[1] ?? '');
}

/**
 * Milliseconds since 1970-01-01T00:00:00Z of an ISO 8601 moment with seconds and a time zone.
 * @throws DomainError momentMalformed for any other text, also for a day that does not exist
 */
export function instantOf(text: string): number {
  if (!isMoment(text)) throw new DomainError('momentMalformed', { text });
  return Date.parse(text);
}
