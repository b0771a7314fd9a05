import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../errors.js';
import { daysInMonth, instantOf, isDate, isMoment } from './instant.js';

describe('a moment as text', () => {
  it('is the same moment in every time zone', () => {
    expect(instantOf('2026-11-24T12:00:00+01:00')).toBe(instantOf('2026-11-24T11:00:00.000Z'));
    expect(instantOf('1970-01-01T00:00:01Z')).toBe(1000);
  });

  it.each([
    '2026-02-30T00:00:00Z',
    '2026-11-24',
    '2026-11-24T12:00:00',
    '2026-11-24T24:00:00Z',
    '2026-11-24 12:00:00Z',
    '2026-11-24T12:00:00+0100',
    '',
  ])('is never guessed: %s', (text) => {
    expect(() => instantOf(text)).toThrow(DomainError);
  });
});

describe('a date as text', () => {
  it('must exist', () => {
    expect(isDate('2024-02-29')).toBe(true);
    expect(isDate('2026-02-29')).toBe(false);
    expect(isDate('1900-02-29')).toBe(false);
    expect(isDate('2000-02-29')).toBe(true);
    expect(isDate('2026-00-10')).toBe(false);
    expect(isDate('2026-13-01')).toBe(false);
    expect(isDate('2026-1-1')).toBe(false);
  });

  it('knows the length of every month', () => {
    expect(Array.from({ length: 12 }, (_, month) => daysInMonth(2026, month + 1))).toEqual([
      31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
    ]);
  });
});

describe('a moment as this program writes them', () => {
  it('is the instant that Date makes of it, on every day of every month', () => {
    for (let day = Date.UTC(2023, 11, 25, 23, 59, 59, 999); day < Date.UTC(2025, 0, 7); day += 86_399_001) {
      const text = new Date(day).toISOString();
      expect(instantOf(text)).toBe(day);
      expect(isMoment(text)).toBe(true);
    }
    for (const year of ['0001', '0999', '1000', '9999']) {
      expect(instantOf(`${year}-03-01T12:00:00.000Z`)).toBe(Date.parse(`${year}-03-01T12:00:00.000Z`));
    }
  });

  it('is none with one digit that is too high, or no digit', () => {
    const right = '2026-03-01T12:00:00.000Z';
    for (const wrong of [
      ...['2026-13-01T12:00:00.000Z', '2026-00-01T12:00:00.000Z', '2026-02-29T12:00:00.000Z'],
      ...['2026-03-00T12:00:00.000Z', '2026-03-01T24:00:00.000Z', '2026-03-01T12:60:00.000Z'],
      ...['2026-03-01T12:00:60.000Z', '2026-03-32T12:00:00.000Z', '2026-04-31T12:00:00.000Z'],
    ]) {
      expect(isMoment(wrong)).toBe(false);
    }
    for (let i = 0; i < right.length; i += 1) {
      expect(isMoment(`${right.slice(0, i)}x${right.slice(i + 1)}`)).toBe(false);
    }
  });
});
