/** The worker in which a PDF is read (`pdf.ts`): the library for PDFs is in this file alone, loaded when one comes. */
import { PdfError } from '../../interop/pdf-error.js';
import { proofInPdf } from '../../interop/pdf-proof.js';

self.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
  void proofInPdf(new Uint8Array(data)).then(
    (text) => self.postMessage({ text }),
    (error: unknown) => {
      if (!(error instanceof PdfError)) throw error;
      self.postMessage({ code: error.code, names: error.names });
    },
  );
});
