/**
 * A check in plain words, Swedish or English: what was checked, what its outcome means and what one can do. The codes
 * are a closed union, so a code without a text does not compile.
 */
import type { CheckCode } from './codes.js';
import { EN } from './explain.en.js';
import { SV } from './explain.sv.js';
import type { Check, CheckName, Outcome, Verdict } from './report.js';

export type Language = 'sv' | 'en';

export interface Explanation {
  readonly title: string;
  readonly text: string;
}

export interface CheckExplanation extends Explanation {
  /** What was checked, as one sentence; `text` begins with it. */
  readonly what: string;
  /** What this outcome means and what to do; empty for a check that passed. */
  readonly meaning: string;
  /** What it would mean if this check failed. */
  readonly failure: string;
}

export interface Texts {
  /** What each check is called, what it checks, as a full sentence, and what it means if that is not so. */
  readonly checks: Readonly<
    Record<CheckName, { readonly title: string; readonly what: string; readonly failure: string }>
  >;
  readonly outcomes: Readonly<Record<Outcome, string>>;
  /** What each code means and what to do. */
  readonly codes: Readonly<Record<CheckCode, string>>;
  readonly verdicts: Readonly<Record<Verdict, Explanation>>;
  /** The fixed English phrases of `trusted` and `warnings`, in this language. */
  readonly phrases: Readonly<Record<string, string>>;
}

const TEXTS: Readonly<Record<Language, Texts>> = { sv: SV, en: EN };

/** The check's title with its outcome, and the sentences that belong to it. */
export function explain(check: Pick<Check, 'name' | 'outcome' | 'code'>, lang: Language): CheckExplanation {
  const { checks, outcomes, codes } = TEXTS[lang];
  const { title, what, failure } = checks[check.name];
  const meaning = check.code !== undefined && Object.hasOwn(codes, check.code) ? codes[check.code as CheckCode] : '';
  return {
    title: `${title}: ${outcomes[check.outcome]}`,
    text: meaning === '' ? what : `${what} ${meaning}`,
    what,
    meaning,
    failure,
  };
}

/** The verdict in plain words. */
export function explainVerdict(verdict: Verdict, lang: Language): Explanation {
  return TEXTS[lang].verdicts[verdict];
}

/**
 * What a report says in `trusted` and `warnings`, in a language: its fixed phrases are replaced, its values (hashes,
 * numbers) stay.
 */
export function translated(text: string, lang: Language): string {
  return Object.entries(TEXTS[lang].phrases).reduce((so, [phrase, words]) => so.replace(phrase, words), text);
}
