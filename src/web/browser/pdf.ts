/** Reads a PDF's proof in a worker, which a file that was made to keep it busy can be left to. */
import { MAX_PDF_BYTES, PdfError } from '../../interop/pdf-error.js';
import type { PdfAnswer } from '../../interop/read-pdf.js';
import { PageProblem } from './problem.js';

/** On a slow phone the library takes a second or two to load. */
const DEADLINE_MS = 20_000;

export type PdfReader = (bytes: Uint8Array<ArrayBuffer>) => Promise<string>;

/**
 * A reader by the worker at an address.
 * @returns a function that throws PdfError, and PageProblem readerMissing where the worker does not load
 */
export function pdfReader(worker: () => string): PdfReader {
  return async (bytes) => {
    if (bytes.length > MAX_PDF_BYTES) throw new PdfError('pdfTooLarge');
    const answer = await answerOf(new Worker(worker()), bytes);
    if ('text' in answer) return answer.text;
    throw new PdfError(answer.code, answer.names);
  };
}

function answerOf(worker: Worker, bytes: Uint8Array<ArrayBuffer>): Promise<PdfAnswer> {
  return new Promise<PdfAnswer>((resolve, reject) => {
    setTimeout(() => reject(new PdfError('pdfTooSlow')), DEADLINE_MS);
    worker.addEventListener('message', ({ data }: MessageEvent<PdfAnswer>) => resolve(data));
    worker.addEventListener('error', () => reject(new PageProblem('readerMissing')));
    worker.postMessage(bytes.buffer);
  }).finally(() => worker.terminate());
}
