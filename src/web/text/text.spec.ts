import { describe, expect, it } from '@jest/globals';
import { en } from './en.js';
import { sv } from './sv.js';
import { fill, formatDate, formatNumber, labelOf, texts, translated } from './text.js';

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
