/** What to tell of a PDF that gave no proof: on the page, in a problem of the API. */
import type { PdfErrorCode } from '../../interop/pdf-error.js';
import type { Lang } from '../pages/view-models.js';
import { fill, texts } from './text.js';

export function pdfText(code: PdfErrorCode, names: readonly string[], lang: Lang): string {
  const t = texts(lang).problem;
  const list = names.join(', ');
  if (code !== 'pdfNoProof') return fill(t[code], { names: list });
  return fill(t.pdfNoProof, { names: list === '' ? '' : fill(t.pdfOther, { names: list }) });
}
