/**
 * Reads the proof out of a PDF in a thread of its own, for the service and the command line: a file made to keep the
 * parser busy for ever, or to fill the memory, ends its thread and nothing else. At most two at a time; the others wait.
 * Proven by test/verify-pdf.e2e.spec.ts on what was built.
 */
import { Worker } from 'node:worker_threads';
import { UnavailableError } from '../errors.js';
import { MAX_PDF_BYTES, PdfError, type PdfErrorCode } from './pdf-error.js';

/** More than the reader's own five seconds: it comes to this only where the reader does not come back. */
const DEADLINE_MS = 8_000;
const MAX_HEAP_MB = 256;
const AT_ONCE = 2;
/** Each holds its file in memory. */
const MAX_WAITING = 16;

export type PdfAnswer = { readonly text: string } | { readonly code: PdfErrorCode; readonly names: readonly string[] };

const waiting: (() => void)[] = [];
let running = 0;

/**
 * The text of the proof that is attached to a PDF.
 * @throws PdfError; UnavailableError where too many wait already
 */
export async function readPdf(bytes: Uint8Array): Promise<string> {
  if (bytes.length > MAX_PDF_BYTES) throw new PdfError('pdfTooLarge');
  if (waiting.length >= MAX_WAITING) throw new UnavailableError('too many PDFs are waiting to be read');
  while (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  try {
    const answer = await inThread(bytes);
    if ('text' in answer) return answer.text;
    throw new PdfError(answer.code, answer.names);
  } finally {
    running--;
    waiting.shift()?.();
  }
}

function inThread(bytes: Uint8Array): Promise<PdfAnswer> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./pdf-thread.js', import.meta.url), {
      workerData: new Uint8Array(bytes),
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
      // The library tells the console what it makes of a broken file; those who asked are told by the answer.
      stdout: true,
      stderr: true,
    });
    const deadline = setTimeout(() => {
      reject(new PdfError('pdfTooSlow'));
      void thread.terminate();
    }, DEADLINE_MS);
    thread.once('message', (answer: PdfAnswer) => resolve(answer));
    thread.once('error', (error) => {
      const isOutOfMemory = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
      reject(isOutOfMemory ? new PdfError('pdfProofTooLarge') : error);
    });
    thread.once('exit', () => {
      clearTimeout(deadline);
      reject(new PdfError('pdfBroken'));
    });
  });
}
