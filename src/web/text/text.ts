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

const DAY = 86_400;
const HOUR = 3_600;
const MINUTE = 60;
const SHORT: Readonly<Record<Lang, readonly [day: string, hour: string, minute: string, second: string]>> = {
  sv: ['dygn', 'h', 'min', 's'],
  en: ['d', 'h', 'min', 's'],
};

/** A time that something took, in its two largest units: `2 h 5 min`, `0,4 s`. */
export function formatDuration(seconds: number, lang: Lang): string {
  const [d, h, min, s] = SHORT[lang];
  if (seconds < 10) return `${significant(seconds, 2, lang)} ${s}`;
  const whole = Math.round(seconds);
  const two = (n: number, unit: string, rest: number, small: string): string =>
    rest === 0 ? `${formatNumber(n, lang)} ${unit}` : `${formatNumber(n, lang)} ${unit} ${rest} ${small}`;
  if (whole < MINUTE) return `${whole} ${s}`;
  if (whole < HOUR) return two(Math.floor(whole / MINUTE), min, whole % MINUTE, s);
  if (whole < DAY) return two(Math.floor(whole / HOUR), h, Math.floor((whole % HOUR) / MINUTE), min);
  return two(Math.floor(whole / DAY), d, Math.floor((whole % DAY) / HOUR), h);
}

/** A length of time that somebody chose, in words: `5 sekunder`, `24 timmar`, `90 minuter`. */
export function formatPeriod(seconds: number, lang: Lang): string {
  const [unit, length] = (
    [
      ['day', DAY],
      ['hour', HOUR],
      ['minute', MINUTE],
    ] as const
  ).find(([, length]) => seconds % length === 0 && (length < DAY || seconds > DAY)) ?? ['second', 1];
  return new Intl.NumberFormat(LOCALE[lang], { style: 'unit', unit, unitDisplay: 'long' }).format(seconds / length);
}

/**
 * An amount as people read it: `0,00002309 ETH`, and what is less than a millionth in gwei. What is no amount comes back
 * as it is.
 * @param wei decimal
 */
export function formatCoinAmount(wei: string, currency: string, lang: Lang): string {
  if (!/^\d+$/.test(wei)) return wei;
  const coins = Number(wei) / 1e18;
  if (coins > 0 && coins < 1e-6) return `${significant(coins * 1e9, 3, lang)} gwei (${currency})`;
  return `${significant(coins, 4, lang)} ${currency}`;
}

/** A price for a unit of gas; what is none comes back as it is. @param wei decimal */
export function formatGasPrice(wei: string, lang: Lang): string {
  return /^\d+$/.test(wei) ? `${significant(Number(wei) / 1e9, 3, lang)} gwei` : wei;
}

export function significant(value: number, digits: number, lang: Lang): string {
  return new Intl.NumberFormat(LOCALE[lang], { maximumSignificantDigits: digits }).format(value);
}
