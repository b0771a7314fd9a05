/** The thread in which `read-pdf.ts` reads one PDF: it gives the proof's text, or why there is none. */
import { parentPort, workerData } from 'node:worker_threads';
import { InvariantError } from '../errors.js';
import { PdfError } from './pdf-error.js';
import { proofInPdf } from './pdf-proof.js';
import type { PdfAnswer } from './read-pdf.js';

if (!parentPort || !(workerData instanceof Uint8Array)) throw new InvariantError('pdf-thread.ts runs in a thread');
parentPort.postMessage(await answerTo(workerData));

async function answerTo(bytes: Uint8Array): Promise<PdfAnswer> {
  try {
    return { text: await proofInPdf(bytes) };
  } catch (error) {
    if (!(error instanceof PdfError)) throw error;
    return { code: error.code, names: error.names };
  }
}
