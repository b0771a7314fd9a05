/** The pages' texts in a language, and small pure helpers to format with. Tested in `text.spec.ts`. */
import type { Translated } from '../../definitions/content.js';
import type { Lang } from '../pages/view-models.js';
import { en } from './en.js';
import { sv } from './sv.js';

type Texts<T> = { readonly [Key in keyof T]: T[Key] extends string ? string : Texts<T[Key]> };

/** The shape of a dictionary: the keys of the Swedish one. */
export type Dictionary = Texts<typeof sv>;

const DICTIONARIES: Readonly<Record<Lang, Dictionary>> = { sv, en };

export function texts(lang: Lang): Dictionary {
  return DICTIONARIES[lang];
}

/** Puts values in the place of `{name}`; the result is text, not HTML. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (mark, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : mark,
  );
}

/** The text of a code, or the code itself where there is none: codes come from data and may be of any kind. */
export function labelOf(labels: Readonly<Record<string, string>>, code: string): string {
  return Object.hasOwn(labels, code) ? labels[code]! : code;
}

/** The text in a language, or the Swedish one with its own language marked. */
export function translated(text: Translated, lang: Lang): { readonly text: string; readonly lang: Lang } {
  return lang === 'en' && text.en !== undefined && text.en !== ''
    ? { text: text.en, lang: 'en' }
    : { text: text.sv, lang: 'sv' };
}

const LOCALE: Readonly<Record<Lang, string>> = { sv: 'sv-SE', en: 'en-GB' };

/** A date in Swedish time; what is no date comes back as it is. */
export function formatDate(iso: string, lang: Lang): string {
  return formatTime(iso, lang, { dateStyle: 'long' });
}

/** A date and a time in Swedish time; what is no date comes back as it is. */
export function formatDateTime(iso: string, lang: Lang): string {
  return formatTime(iso, lang, { dateStyle: 'long', timeStyle: 'short' });
}

function formatTime(iso: string, lang: Lang, style: Intl.DateTimeFormatOptions): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  return new Intl.DateTimeFormat(LOCALE[lang], { ...style, timeZone: 'Europe/Stockholm' }).format(time);
}

export function formatNumber(value: number, lang: Lang): string {
  return new Intl.NumberFormat(LOCALE[lang]).format(value);
}
