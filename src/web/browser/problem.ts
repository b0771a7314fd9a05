/** What keeps the browser from checking, as a code with a text in both languages: something to tell, not a bug. */
import { PdfError } from '../../interop/pdf-error.js';
import { pdfText } from '../text/pdf-text.js';
import { fill, texts, type Dictionary } from '../text/text.js';
import type { Lang } from '../pages/view-models.js';

export type ProblemCode = Exclude<keyof Dictionary['problem'], 'heading'>;

export class PageProblem extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly params: Readonly<Record<string, string | number>> = {},
    /** Where the person may go on. */
    readonly link?: URL,
  ) {
    super(code);
    this.name = 'PageProblem';
  }
}

/** What to tell of an error: our own bugs are named as such, with no particulars. */
export function problemText(error: unknown, lang: Lang): string {
  if (error instanceof PdfError) return pdfText(error.code, error.names, lang);
  const t = texts(lang).problem;
  return error instanceof PageProblem ? fill(t[error.code], error.params) : t.internal;
}
