/**
 * Swedish organisation numbers (lagen 1974:174 om identitetsbeteckning för juridiska personer m.fl.): ten digits,
 * the third at least 2, the last a Luhn check digit. A smaller third digit is the month of a personal or coordination
 * number: a sole trader's number, personal data that must not stand in the log (S20).
 */
import { passesLuhn } from '../encoding/luhn.js';
import { InvariantError } from '../errors.js';

export type OrganisationNumberFault = 'organisationNumberMalformed' | 'soleTraderNumber' | 'organisationNumberChecksum';

const WRITTEN = /^(?:(16|18|19|20)?)(\d{6})-?(\d{4})$/;

/**
 * What is wrong with an organisation number, if anything.
 * @param text ten digits, with or without the hyphen, with or without the prefix 16 of the authorities' registers
 */
export function organisationNumberFault(text: string): OrganisationNumberFault | undefined {
  const match = WRITTEN.exec(text);
  if (!match) return 'organisationNumberMalformed';
  const digits = `${match[2]}${match[3]}`;
  if (Number(digits[2]) < 2) return 'soleTraderNumber';
  if (match[1] !== undefined && match[1] !== '16') return 'organisationNumberMalformed';
  return passesLuhn(digits) ? undefined : 'organisationNumberChecksum';
}

/**
 * The ten digits of a number that has no fault.
 * @throws InvariantError for any other text: ask `organisationNumberFault` first
 */
export function organisationNumberDigits(text: string): string {
  const match = WRITTEN.exec(text);
  if (!match || organisationNumberFault(text) !== undefined) {
    throw new InvariantError('an organisation number with a fault was taken for one without');
  }
  return `${match[2]}${match[3]}`;
}
