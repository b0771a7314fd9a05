import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { inOrder, line, lines, moment, uuid } from './input-schema.js';

describe('a line of text', () => {
  it('is trimmed, in NFC, and not blank', () => {
    expect(line(10).parse('  Anna\u0301 ')).toBe('Ann\u00e1');
    expect(line(10).safeParse(' \u3000 ').success).toBe(false);
    expect(line(3).safeParse('abcd').success).toBe(false);
  });

  it('holds nothing that JCS or a page cannot: lone surrogates, control characters, line ends', () => {
    for (const text of ['a\ud800b', 'a\u0000b', 'a\u0085b', 'a\nb', 'a\u2028b']) {
      expect([text, line(10).safeParse(text).success]).toEqual([text, false]);
    }
    expect(line(10).parse('på 👩‍🏭 å')).toBe('på 👩‍🏭 å');
  });
});

describe('lines of text', () => {
  it('may end', () => {
    expect(lines(10).parse('a\nb\tc')).toBe('a\nb\tc');
    expect(lines(10).safeParse('a\u0000').success).toBe(false);
    expect(lines(10).safeParse('\udc00').success).toBe(false);
  });
});

describe('moments', () => {
  it('have a time zone', () => {
    expect(moment.safeParse('2026-06-01T12:00:00+02:00').success).toBe(true);
    expect(moment.safeParse('2026-06-01T12:00:00').success).toBe(false);
    expect(moment.safeParse('2026-02-29T12:00:00Z').success).toBe(false);
  });

  it('are in order across time zones; a malformed one has its own issue', () => {
    expect(inOrder('2026-06-01T12:00:00+02:00', '2026-06-01T10:00:00Z')).toBe(false);
    expect(inOrder('2026-06-01T12:00:00+02:00', '2026-06-01T10:00:01Z')).toBe(true);
    expect(inOrder('soon', '2026-06-01T10:00:01Z')).toBe(true);
    expect(inOrder(undefined, '2026-06-01T10:00:01Z')).toBe(true);
  });

  it('that the schema takes, the domain reads', async () => {
    const { isMoment } = await import('./encoding/instant.js');
    for (const text of ['2026-06-01T12:00:00Z', '2026-06-01T12:00:00.123456+23:59', '2024-02-29T00:00:00-00:00']) {
      expect([text, moment.safeParse(text).success, isMoment(text)]).toEqual([text, true, true]);
    }
    for (const text of ['2026-06-01T12:00Z', '2026-06-01t12:00:00z', '2026-06-01T12:00:00+24:00', '2026-06-01']) {
      expect([text, moment.safeParse(text).success, isMoment(text)]).toEqual([text, false, false]);
    }
  });
});

describe('an id', () => {
  it('is a UUID in lower case', () => {
    expect(uuid.parse('5F0C7A4E-3C1B-4C55-9D0E-0D5C4F5F8F11')).toBe('5f0c7a4e-3c1b-4c55-9d0e-0d5c4f5f8f11');
    expect(z.safeParse(uuid, '5f0c7a4e').success).toBe(false);
  });
});
