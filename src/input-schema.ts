/**
 * Pieces of the input schemas that several contexts share. Objects are strict, so that an unknown member is refused by
 * its name; every text and list has a limit. A refinement's issue carries a stable `code` in `params`.
 */
import { z } from 'zod';
import { instantOf, isMoment } from './encoding/instant.js';

/**
 * Lone surrogates have no UTF-8 and no JCS; control characters have no place in a name or a sentence, and those that
 * turn the direction of writing could make a name read as another. Something must be visible: a name of zero-width
 * characters is none. (An empty text is told by its length alone.)
 */
const ONE_LINE = /^(?:|(?=.*[\p{L}\p{N}\p{P}\p{S}])[^\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]*)$/u;
/** The same, but tabs and line ends may stand. */
const LINES = /^(?:|(?=[^]*[\p{L}\p{N}\p{P}\p{S}])(?:[^\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]|[\t\n\r])*)$/u;

/** A text of one line, not blank, trimmed and in Unicode NFC. `most` counts UTF-16 code units. */
export function line(most: number): z.ZodString {
  return z.string().trim().normalize('NFC').min(1).max(most).regex(ONE_LINE);
}

/** A text of any number of lines, not blank, trimmed and in Unicode NFC. */
export function lines(most: number): z.ZodString {
  return z.string().trim().normalize('NFC').min(1).max(most).regex(LINES);
}

/** Swedish, and English where there is one. */
export function translated(
  most: number,
): z.ZodObject<{ sv: z.ZodString; en: z.ZodExactOptional<z.ZodString> }, z.core.$strict> {
  return z.strictObject({ sv: lines(most), en: z.exactOptional(lines(most)) });
}

export const uuid = z.uuid().toLowerCase();

/** ISO 8601 with seconds and a time zone; no finer than nanoseconds, which is what the verifier reads. */
export const moment = z.iso
  .datetime({ offset: true })
  .max(40)
  .regex(/^(?!.*\.\d{10})/);

/**
 * For refinements over two members, which also run where one of them is malformed and already has its own issue.
 * @returns false only for two moments of which the second is not after the first
 */
export function inOrder(first: string | undefined, second: string | undefined): boolean {
  if (first === undefined || second === undefined || !isMoment(first) || !isMoment(second)) return true;
  return instantOf(first) < instantOf(second);
}

/** YYYY-MM-DD, a day that exists. */
export const date = z.iso.date();

/** True where no two members are equal. */
export function areDistinct(members: readonly unknown[]): boolean {
  return new Set(members).size === members.length;
}

/** Refinement of a list: no member twice; code `repeated`. */
export const distinct = [areDistinct, { message: 'a member is repeated', params: { code: 'repeated' } }] as const;
