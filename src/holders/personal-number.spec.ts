import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../errors.js';
import { personalNumberFault, readPersonalNumber } from './personal-number.js';

const FOLDER = new URL('../../../shared/data/personnummer/', import.meta.url);
const there = existsSync(FOLDER);
const vectors = there ? it : it.skip;
const absent = there ? '' : ' (skipped: ../shared/data is absent)';
const TODAY = '2026-11-24';

interface Case {
  long_format: string;
  short_format: string;
  separated_format: string;
  separated_long: string;
  valid: boolean;
  type: string;
}
function load<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as T;
}
function refusalOf(text: string, today = TODAY): string {
  try {
    readPersonalNumber(text, today);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    expect(error.params).toEqual({});
    return error.code;
  }
}

describe('a personal number', () => {
  vectors(`reads every way of writing the known ones alike${absent}`, () => {
    for (const { long_format, separated_format, separated_long, valid, type } of load<Case[]>('list.json')) {
      for (const text of [long_format, separated_format, separated_long]) {
        if (!valid) {
          expect(refusalOf(text)).not.toBe('accepted');
          continue;
        }
        const { number, kind } = readPersonalNumber(text, TODAY);
        expect(number).toBe(long_format);
        expect(kind).toBe(type === 'con' ? 'coordination' : 'personal');
      }
    }
  });

  vectors(`agrees with the structured cases${absent}`, () => {
    const cases = load<Record<'ssn' | 'con', { string: { valid: string[]; invalid: string[] } }>>('structured.json');
    for (const { string } of [cases.ssn, cases.con]) {
      for (const text of string.valid) expect(personalNumberFault(text)).toBeUndefined();
      for (const text of string.invalid) expect(refusalOf(text)).not.toBe('accepted');
    }
  });

  vectors(`reads the tax authority’s test persons${absent}`, () => {
    const { personnummer, samordningsnummer } = load<Record<'personnummer' | 'samordningsnummer', string[]>>(
      'skatteverket-test-sample.json',
    );
    for (const number of personnummer) {
      expect(readPersonalNumber(number, TODAY)).toMatchObject({ number, kind: 'personal' });
    }
    for (const number of samordningsnummer) {
      expect(readPersonalNumber(number, TODAY)).toMatchObject({ number, kind: 'coordination' });
    }
  });

  vectors(`is not an organisation’s or an interim number${absent}`, () => {
    for (const { short_format, separated_format } of [
      ...load<Case[]>('orgnumber.json'),
      ...load<Case[]>('interim.json'),
    ]) {
      expect(refusalOf(short_format)).not.toBe('accepted');
      expect(refusalOf(separated_format)).not.toBe('accepted');
    }
  });

  it('without a century belongs to the youngest it can belong to', () => {
    expect(readPersonalNumber('0905271474', TODAY).number).toBe('200905271474');
    expect(readPersonalNumber('090527-1474', TODAY).birthDate).toBe('2009-05-27');
    expect(readPersonalNumber('0905271474', '2009-05-26').number).toBe('190905271474');
    expect(readPersonalNumber('0905271474', '2009-05-27').number).toBe('200905271474');
  });

  it('with a plus belongs to somebody a century older', () => {
    expect(readPersonalNumber('090527+1474', TODAY).number).toBe('190905271474');
    expect(readPersonalNumber('090527+1474', '2009-05-26').number).toBe('180905271474');
    expect(readPersonalNumber('20090527+1474', TODAY).number).toBe('200905271474');
  });

  it('has a day that exists in the century it belongs to, and is not to come', () => {
    expect(readPersonalNumber('000229-2399', TODAY).birthDate).toBe('2000-02-29');
    // 1900 had no 29 February.
    expect(refusalOf('000229+2399')).toBe('personalNumberDate');
    expect(refusalOf('190002292399')).toBe('personalNumberDate');
    expect(refusalOf('200905271474', '2009-05-26')).toBe('personalNumberDate');
  });

  it('of a coordination has sixty added to the day', () => {
    expect(readPersonalNumber('730288-9931', TODAY)).toEqual({
      number: '197302889931',
      kind: 'coordination',
      birthDate: '1973-02-28',
    });
  });

  it('of a coordination need not hold a date of birth', () => {
    expect(readPersonalNumber('197800882396', TODAY)).toEqual({ number: '197800882396', kind: 'coordination' });
    expect(personalNumberFault('197813882391')).toBe('personalNumberDate');
    expect(personalNumberFault('197801922391')).toBe('personalNumberDate');
  });

  it('names its fault and never repeats itself', () => {
    expect(refusalOf('195704289998')).toBe('personalNumberChecksum');
    expect(refusalOf('195713289999')).toBe('personalNumberDate');
    expect(refusalOf('150916-0006')).toBe('personalNumberMalformed');
    expect(refusalOf('570428 9999')).toBe('personalNumberMalformed');
    expect(refusalOf('٥٧٠٤٢٨٩٩٩٩')).toBe('personalNumberMalformed');
    expect(refusalOf('')).toBe('personalNumberMalformed');
  });
});
