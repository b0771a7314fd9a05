/** What a person gives, whatever it comes in: a file, a picture, a PDF, a text. All of it becomes a text to read. */
import { isPdf, MAX_PDF_BYTES, PdfError } from '../../interop/pdf-error.js';
import { MAX_INPUT_MB, readInput } from './input.js';
import type { PdfReader } from './pdf.js';
import { PageProblem } from './problem.js';

/** Of a photograph. */
const MAX_PICTURE_BYTES = 40_000_000;
/** Pixels that a drawing of a code gets: codes are square. */
const DRAWN_SIDE = 1_000;
/** Of a QR code's text that leads nowhere, to tell. */
const MAX_TOLD = 80;

export interface Given {
  readonly text: string;
  /** Of the file. */
  readonly name?: string;
  readonly from?: 'pdf' | 'camera';
}

/**
 * The text of a file, of the proof attached to a PDF, of the QR code in a picture.
 * @throws PageProblem, PdfError
 */
export async function givenByFile(file: File, readPdf: PdfReader): Promise<Given> {
  const { name } = file;
  const start = new Uint8Array(await file.slice(0, 1_024).arrayBuffer());
  if (isPdf(start)) {
    if (file.size > MAX_PDF_BYTES) throw new PdfError('pdfTooLarge');
    return { text: await readPdf(new Uint8Array(await file.arrayBuffer())), name, from: 'pdf' };
  }
  if (file.type.startsWith('image/')) return { text: await qrIn(file), name };
  if (file.size > MAX_INPUT_MB * 1_000_000) throw new PageProblem('tooLarge', { mb: MAX_INPUT_MB });
  return { text: await file.text(), name };
}

/** A drawing has no pixels of its own, so it is shown first; a drawing in an image runs no scripts and loads nothing. */
async function bitmapOf(file: File): Promise<ImageBitmap> {
  if (file.type !== 'image/svg+xml') return createImageBitmap(file);
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement('canvas');
    // It says itself how large it is, which may be nothing or a wall.
    canvas.width = canvas.height = DRAWN_SIDE;
    canvas.getContext('2d')?.drawImage(image, 0, 0, DRAWN_SIDE, DRAWN_SIDE);
    return await createImageBitmap(canvas);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** @throws PageProblem badImage, noQr, badQr, readerMissing */
async function qrIn(file: File): Promise<string> {
  if (file.size > MAX_PICTURE_BYTES) throw new PageProblem('badImage');
  const [picture, reader] = await Promise.all([
    bitmapOf(file).catch(() => {
      throw new PageProblem('badImage');
    }),
    import('./qr-image.js').catch(() => {
      throw new PageProblem('readerMissing');
    }),
  ]);
  const text = reader.qrInPicture(picture, document.createElement('canvas'));
  picture.close();
  if (text === undefined) throw new PageProblem('noQr');
  return leadingSomewhere(text);
}

/**
 * The text of a QR code, once it is known to be something that can be checked.
 * @throws PageProblem badQr, and as `readInput` of a link that is cut short
 */
export function leadingSomewhere(text: string): string {
  try {
    readInput(text);
    return text;
  } catch (error) {
    const leadsNowhere = error instanceof PageProblem && ['empty', 'notJson', 'unknownFile'].includes(error.code);
    if (!leadsNowhere) throw error;
    throw new PageProblem('badQr', { text: text.length > MAX_TOLD ? `${text.slice(0, MAX_TOLD)}…` : text });
  }
}
