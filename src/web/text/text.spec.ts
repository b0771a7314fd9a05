import { describe, expect, it } from '@jest/globals';
import { en } from './en.js';
import { sv } from './sv.js';
import {
  fill,
  formatCoinAmount,
  formatDate,
  formatDuration,
  formatGasPrice,
  formatNumber,
  formatPeriod,
  labelOf,
  texts,
  translated,
} from './text.js';

type Tree = { readonly [key: string]: string | Tree };

function leaves(tree: Tree, path = ''): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === 'string' ? [[`${path}${key}`, value] as const] : [...leaves(value, `${path}${key}.`)],
    ),
  );
}

const marks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([mark]) => mark).sort();

describe('the dictionaries', () => {
  it('have exactly the same keys', () => {
    expect([...leaves(en).keys()].sort()).toEqual([...leaves(sv).keys()].sort());
  });

  it('have the same marks in each text', () => {
    for (const [key, text] of leaves(sv)) expect([key, marks(leaves(en).get(key)!)]).toEqual([key, marks(text)]);
  });

  it('have no empty text and no HTML', () => {
    for (const text of [...leaves(sv).values(), ...leaves(en).values()]) {
      expect(text.trim()).not.toBe('');
      expect(text).not.toMatch(/[<>]|&\w+;/);
    }
  });
});

describe('fill', () => {
  it('puts values in and leaves unknown marks and inherited names alone', () => {
    expect(fill('{a} av {b} {toString}', { a: 1, b: '{a}' })).toBe('1 av {a} {toString}');
  });
});

describe('labelOf', () => {
  it('gives back a code that has no label, also one that every object inherits', () => {
    expect(labelOf({ a: 'A' }, 'a')).toBe('A');
    expect(labelOf({ a: 'A' }, 'constructor')).toBe('constructor');
  });
});

describe('a translated text', () => {
  it('is Swedish, marked as such, where English is missing', () => {
    expect(translated({ sv: 'hej' }, 'en')).toEqual({ text: 'hej', lang: 'sv' });
    expect(translated({ sv: 'hej', en: 'hello' }, 'en')).toEqual({ text: 'hello', lang: 'en' });
  });
});

describe('dates and numbers', () => {
  it('are in Swedish time and in the language’s form', () => {
    expect(formatDate('2026-12-31T23:30:00Z', 'sv')).toBe('1 januari 2027');
    expect(formatDate('2026-12-31T23:30:00Z', 'en')).toBe('1 January 2027');
    expect(formatNumber(1234567, 'sv').replace(/\s/g, ' ')).toBe('1 234 567');
  });

  it('come back as they are where they are no dates', () => {
    expect(formatDate('<b>', 'sv')).toBe('<b>');
  });

  it('exist for both languages', () => {
    expect(texts('sv')).toBe(sv);
    expect(texts('en')).toBe(en);
  });
});

describe('a duration', () => {
  it.each([
    [0, '0 s', '0 s'],
    [0.4, '0,4 s', '0.4 s'],
    [9.96, '10 s', '10 s'],
    [59.6, '1 min', '1 min'],
    [125, '2 min 5 s', '2 min 5 s'],
    [3_600, '1 h', '1 h'],
    [7_500, '2 h 5 min', '2 h 5 min'],
    [86_399.7, '1 dygn', '1 d'],
    [100_000, '1 dygn 3 h', '1 d 3 h'],
  ])('of %d seconds is %s', (seconds, sv, en) => {
    expect([formatDuration(seconds, 'sv'), formatDuration(seconds, 'en')]).toEqual([sv, en]);
  });

  it('that somebody chose is in the unit that fits', () => {
    expect([5, 60, 90, 3_600, 5_400, 86_400, 172_800].map((one) => formatPeriod(one, 'sv'))).toEqual([
      '5 sekunder',
      '1 minut',
      '90 sekunder',
      '1 timme',
      '90 minuter',
      '24 timmar',
      '2 dygn',
    ]);
    expect(formatPeriod(86_400, 'en')).toBe('24 hours');
  });
});

describe('an amount', () => {
  it('is in coins with four digits that count, and in gwei below a millionth', () => {
    expect(formatCoinAmount('23085000000000', 'ETH', 'sv')).toBe('0,00002309 ETH');
    expect(formatCoinAmount('1234567890123456789012', 'POL', 'en')).toBe('1,235 POL');
    expect(formatCoinAmount('23085', 'ETH', 'sv')).toBe('0,0000231 gwei (ETH)');
    expect(formatCoinAmount('0', 'ETH', 'sv')).toBe('0 ETH');
    expect(formatGasPrice('1090000000', 'sv')).toBe('1,09 gwei');
  });

  it('comes back as it is where it is none', () => {
    expect([formatCoinAmount('x', 'ETH', 'sv'), formatGasPrice('-1', 'sv')]).toEqual(['x', '-1']);
  });
});
