/** Why a PDF gave no proof. Apart from the reader, so that whoever tells of it loads no PDF library. */

/** `pdfBroken` and the limits speak of the file, the others of what is attached to it. */
export type PdfErrorCode =
  'pdfTooLarge' | 'pdfBroken' | 'pdfEncrypted' | 'pdfNoProof' | 'pdfSeveralProofs' | 'pdfProofTooLarge' | 'pdfTooSlow';

/** A PDF whose attached proof cannot be had. The message is English and says what to do. */
export class PdfError extends Error {
  constructor(
    readonly code: PdfErrorCode,
    /** Of at most 80 characters, as the file has them: names of attachments. */
    readonly names: readonly string[] = [],
  ) {
    super(MESSAGES[code](names.join(', ')));
    this.name = 'PdfError';
  }
}

const MESSAGES: Readonly<Record<PdfErrorCode, (names: string) => string>> = {
  pdfTooLarge: () => `the PDF is larger than ${MAX_PDF_BYTES / 1_000_000} MB`,
  pdfBroken: () => 'the PDF cannot be read: it is broken or cut short; ask for it anew',
  pdfEncrypted: () => 'the PDF is encrypted, so what is attached to it cannot be read; ask for one that is not',
  pdfNoProof: (names) =>
    names === ''
      ? 'the PDF has no proof attached: print or conversion loses it; ask for the PDF as the ledger made it, or for the proof bundle'
      : `the PDF has no proof attached, only: ${names}; ask for the PDF as the ledger made it, or for the proof bundle`,
  pdfSeveralProofs: (names) =>
    `the PDF has several different proofs attached (${names}); take the one that is meant out of it and check that`,
  pdfProofTooLarge: () => `what is attached to the PDF is larger than ${MAX_PROOF_BYTES / 1_000_000} MB`,
  pdfTooSlow: () => 'the PDF takes too long to read; no real one does',
};

/** Of the file. */
export const MAX_PDF_BYTES = 8_000_000;
/** Of the attached proof when it is unpacked: the verifier's own limit on a document. */
export const MAX_PROOF_BYTES = 8_000_000;

/** Whether the bytes are those of a PDF: readers look for the header in the first 1,024 bytes (ISO 32000-1, annex H.3). */
export function isPdf(bytes: Uint8Array): boolean {
  const start = String.fromCharCode(...bytes.subarray(0, 1_024));
  return start.includes('%PDF-');
}
