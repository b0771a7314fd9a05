/** The Luhn check (ISO/IEC 7812-1, annex B) that Swedish personal and organisation numbers end with. */

/** True for decimal digits whose Luhn sum is a multiple of ten; the last digit is the check digit. */
export function passesLuhn(digits: string): boolean {
  if (!/^\d+$/.test(digits)) return false;
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const weighted = place % 2 === 1 ? digit * 2 : digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}
