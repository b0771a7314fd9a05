import { readFileSync, existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { InvariantError } from '../errors.js';
import { organisationNumberDigits, organisationNumberFault } from './organisation-number.js';

const FILE = new URL('../../../shared/data/personnummer/orgnumber.json', import.meta.url);
const PERSONS = new URL('../../../shared/data/personnummer/skatteverket-test-sample.json', import.meta.url);
const there = existsSync(FILE);
const title = there ? '' : ' (skipped: ../shared/data is absent)';

describe('an organisation number', () => {
  it('is kept as ten digits, however it was written', () => {
    for (const text of ['2120000142', '212000-0142', '162120000142', '16212000-0142']) {
      expect(organisationNumberFault(text)).toBeUndefined();
      expect(organisationNumberDigits(text)).toBe('2120000142');
    }
  });

  it('has a check digit', () => {
    expect(organisationNumberFault('2120000143')).toBe('organisationNumberChecksum');
    expect(() => organisationNumberDigits('2120000143')).toThrow(InvariantError);
  });

  it('is nothing but digits', () => {
    for (const text of ['', '212000 0142', '21200-00142', '٢١٢٠٠٠٠١٤٢', '212000-01420', '192120000142']) {
      expect(organisationNumberFault(text)).toBe('organisationNumberMalformed');
    }
  });

  (there ? it : it.skip)(`is taken as the tax authority gives it${title}`, () => {
    const numbers = JSON.parse(readFileSync(FILE, 'utf8')) as { short_format: string; separated_format: string }[];
    for (const { short_format, separated_format } of numbers) {
      expect(organisationNumberFault(short_format)).toBeUndefined();
      expect(organisationNumberDigits(separated_format)).toBe(short_format);
    }
  });

  (there ? it : it.skip)(`S20: of a sole trader is a personal number and is refused${title}`, () => {
    const { personnummer, samordningsnummer } = JSON.parse(readFileSync(PERSONS, 'utf8')) as {
      personnummer: string[];
      samordningsnummer: string[];
    };
    for (const number of [...personnummer, ...samordningsnummer]) {
      expect(organisationNumberFault(number)).toBe('soleTraderNumber');
      expect(organisationNumberFault(number.slice(2))).toBe('soleTraderNumber');
      expect(organisationNumberFault(`${number.slice(2, 8)}-${number.slice(8)}`)).toBe('soleTraderNumber');
    }
  });
});
