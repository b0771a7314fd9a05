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
  return !Number.isNaN(usualInstant(text)) || isDate(MOMENT.exec(text)?.[1] ?? '');
}

/**
 * Milliseconds since 1970-01-01T00:00:00Z of an ISO 8601 moment with seconds and a time zone.
 * @throws DomainError momentMalformed for any other text, also for a day that does not exist
 */
export function instantOf(text: string): number {
  const usual = usualInstant(text);
  if (!Number.isNaN(usual)) return usual;
  if (!isMoment(text)) throw new DomainError('momentMalformed', { text });
  return Date.parse(text);
}

/**
 * The instant of a moment as this program writes them, `2026-03-01T12:00:00.000Z`, told by its digits: a replay asks for
 * millions. NaN for all others, also for the days that not every month has.
 */
function usualInstant(text: string): number {
  if (text.length !== 24 || text.charCodeAt(10) !== 0x54 || text.charCodeAt(23) !== 0x5a) return NaN;
  if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d || text.charCodeAt(19) !== 0x2e) return NaN;
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a) return NaN;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  const isUsual = year >= 1_000 && month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour <= 23 && minute <= 59;
  return isUsual && second <= 59 ? Date.UTC(year, month - 1, day, hour, minute, second, digits(text, 20, 3)) : NaN;
}

/** A decimal number; NaN where one of its characters is no digit. */
function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i += 1) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return NaN;
    value = 10 * value + digit;
  }
  return value;
}
