/**
 * Swedish personal numbers (personnummer, folkbokföringslagen 1991:481, 18 §) and coordination numbers
 * (samordningsnummer, lagen 2022:1697): the date of birth, in the latter with 60 added to the day, three digits and a
 * Luhn check digit over the last ten. `+` in place of the hyphen stands for somebody who turns or has turned 100.
 * Personal data: no error repeats the number. Proven by `personal-number.spec.ts`.
 */
import { isDate } from '../encoding/instant.js';
import { passesLuhn } from '../encoding/luhn.js';
import { DomainError } from '../errors.js';

export interface PersonalNumber {
  /** Twelve digits. */
  readonly number: string;
  readonly kind: 'personal' | 'coordination';
  /** YYYY-MM-DD; absent where a coordination number holds no whole date. */
  readonly birthDate?: string;
}

export type PersonalNumberFault = 'personalNumberMalformed' | 'personalNumberDate' | 'personalNumberChecksum';

const WRITTEN = /^(?<century>1[89]|2\d)?(?<year>\d{2})(?<month>\d{2})(?<day>\d{2})(?<mark>[-+]?)(?<last>\d{4})$/;

/** Added to the day of a coordination number. */
const COORDINATION = 60;

interface Parts {
  readonly century: string | undefined;
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly mark: string;
  readonly last: string;
}

/**
 * Reads a number as people write it: ten or twelve digits, with or without `-` or `+`. The mark decides the century
 * where none is written, and is not believed where one is.
 * @param today YYYY-MM-DD: nobody is born after it, and without a century the youngest possible person is meant
 * @throws DomainError personalNumberMalformed, personalNumberChecksum, personalNumberDate (no such day, or after today)
 */
export function readPersonalNumber(text: string, today: string): PersonalNumber {
  const fault = personalNumberFault(text);
  const parts = partsOf(text);
  if (fault || !parts) throw new DomainError(fault ?? 'personalNumberMalformed');
  const births = candidates(parts).filter((birth) => birth <= today);
  // Candidates run from the latest century down; "+" means the one before the latest possible.
  const birth = births[parts.century === undefined && parts.mark === '+' ? 1 : 0];
  if (birth === undefined || !isPossible(birth, parts)) throw new DomainError('personalNumberDate');
  return {
    number: `${birth.slice(0, 4)}${parts.month}${parts.day}${parts.last}`,
    kind: isCoordination(parts) ? 'coordination' : 'personal',
    ...(isDate(birth) && { birthDate: birth }),
  };
}

/**
 * What is wrong with a number whatever day it is: for a schema, which has no clock. A number without a century passes
 * if its day exists in any century.
 */
export function personalNumberFault(text: string): PersonalNumberFault | undefined {
  const parts = partsOf(text);
  // The three digits are given out from 001.
  if (!parts || parts.last.startsWith('000')) return 'personalNumberMalformed';
  if (!candidates(parts).some((birth) => isPossible(birth, parts))) return 'personalNumberDate';
  const { year, month, day, last } = parts;
  return passesLuhn(`${year}${month}${day}${last}`) ? undefined : 'personalNumberChecksum';
}

function partsOf(text: string): Parts | undefined {
  return WRITTEN.exec(text)?.groups as Parts | undefined;
}

function isCoordination({ day }: Parts): boolean {
  return Number(day) >= COORDINATION;
}

/** The dates of birth that may be meant, the latest first; not all of them need exist. */
function candidates(parts: Parts): readonly string[] {
  const { century, year, month, day } = parts;
  const born = isCoordination(parts) ? String(Number(day) - COORDINATION).padStart(2, '0') : day;
  return (century === undefined ? ['20', '19', '18'] : [century]).map((first) => `${first}${year}-${month}-${born}`);
}

/**
 * A personal number's day must exist. A coordination number is also given to people whose day of birth is not known:
 * the tax authority's own test persons have month 00, day 00 or 29 February in a common year.
 */
function isPossible(birth: string, parts: Parts): boolean {
  if (!isCoordination(parts)) return isDate(birth);
  return Number(parts.month) <= 12 && Number(parts.day) - COORDINATION <= 31;
}
