/**
 * The proof bundle (or credential) that is attached to a PDF: an embedded file (ISO 32000-1, 7.11.4 and 7.7.4) found by
 * its media type or its name, read with @cantoo/pdf-lib. What stands on the pages is not looked at. The file may come
 * from anybody: sizes, unpacked bytes, objects and time are limited. What these limits do not end is ended from outside:
 * in Node by a thread (`pdf-thread.ts`), in a browser by a worker (`web/browser/pdf-worker.ts`), which also load this
 * file, and with it the library, only when a PDF comes. Proven by pdf-proof.spec.ts with files that pdfkit made.
 */
import {
  decodePDFRawStream,
  PDFArray,
  PDFDict,
  PDFHexString,
  PDFName,
  PDFParser,
  PDFRawStream,
  PDFRef,
  PDFString,
  type PDFContext,
} from '@cantoo/pdf-lib';
import { fromUtf8 } from '../encoding/bytes.js';
import { EncodingError } from '../errors.js';
import { BUNDLE_MEDIA_TYPE } from '../verification/bundle.js';
import { MAX_PDF_BYTES, MAX_PROOF_BYTES, PdfError } from './pdf-error.js';

/** Of all streams of a file together: object streams are unpacked while it is parsed. */
const MAX_UNPACKED_BYTES = 32_000_000;
const MAX_OBJECTS = 50_000;
/** Read, or counted up by a table of objects that says itself how long it is. */
const MAX_REFERENCES = 1_000_000;
const MAX_MS = 5_000;
/** Nodes of the tree of names, and files attached. */
const MAX_NODES = 1_000;

const NAME_LENGTH = 80;
const NAMES_TOLD = 5;

const ATTACHED: Readonly<Record<string, number>> = {
  [BUNDLE_MEDIA_TYPE]: 4,
  'application/vc': 2,
  'application/vc+ld+json': 2,
};

interface Attachment {
  readonly name: string;
  readonly mediaType: string;
  readonly stream: PDFRawStream;
}

/**
 * The text of the proof attached to a PDF; where a bundle and a bare credential are attached, of the bundle.
 * @param bytes the whole file
 * @throws PdfError
 */
export async function proofInPdf(bytes: Uint8Array): Promise<string> {
  if (bytes.length > MAX_PDF_BYTES) throw new PdfError('pdfTooLarge');
  try {
    return await countingUnpacked(async () => {
      const attachments = attachmentsOf(await parsed(bytes));
      const best = Math.max(...attachments.map(rankOf), 0);
      const chosen = attachments.filter((one) => best > 0 && rankOf(one) === best);
      if (chosen.length === 0) throw new PdfError('pdfNoProof', told(attachments));
      // A thousand names may be those of one stream.
      const texts = [...new Set([...new Set(chosen.map(({ stream }) => stream))].map(textOf))];
      // Who reads the pages would not know which of them was checked.
      if (texts.length > 1) throw new PdfError('pdfSeveralProofs', told(chosen));
      return texts[0]!;
    });
  } catch (error) {
    // Whatever else the library throws, it throws at what the file holds.
    throw error instanceof PdfError ? error : new PdfError('pdfBroken');
  }
}

async function parsed(bytes: Uint8Array): Promise<PDFContext> {
  const parser = PDFParser.forBytesWithOptions(bytes);
  const end = performance.now() + MAX_MS;
  let objects = 0;
  // The parser asks this after each object, outside of where it forgives what it cannot read.
  (parser as unknown as { shouldWaitForTick: () => boolean }).shouldWaitForTick = () => {
    if (++objects > MAX_OBJECTS || performance.now() > end) throw new PdfError('pdfTooSlow');
    refuseTooMuch();
    return false;
  };
  const context = await parser.parseDocument();
  refuseTooMuch();
  if (context.lookup(context.trailerInfo.Encrypt) !== undefined) throw new PdfError('pdfEncrypted');
  return context;
}

/**
 * Bytes unpacked, and references made, by the calls that are at work (one, where each runs in a thread or worker of its
 * own); bytes are infinite once they were too many, because the parser forgives what is thrown within an object.
 */
let unpacked = 0;
let references = 0;
let atWork = 0;

function refuseTooMuch(): void {
  if (references > MAX_REFERENCES) throw new PdfError('pdfTooSlow');
  if (unpacked === Infinity) throw new PdfError('pdfProofTooLarge');
}

/**
 * Runs with the growth of every unpacked stream counted. The library unpacks object streams while it parses, however
 * large they become, and has no limit to set; all its decoders grow by one method of their common class.
 */
async function countingUnpacked<T>(work: () => Promise<T>): Promise<T> {
  watchGrowth();
  if (atWork++ === 0) unpacked = references = 0;
  try {
    return await work();
  } finally {
    atWork--;
  }
}

interface Growing {
  readonly buffer: Uint8Array;
  ensureBuffer(requested: number): Uint8Array;
}

let isWatched = false;

function watchGrowth(): void {
  if (isWatched) return;
  isWatched = true;
  const dict = new Map([[PDFName.of('Filter'), PDFName.of('FlateDecode')]]);
  const empty = { dict: { lookup: (key: PDFName) => dict.get(key) }, contents: EMPTY_ZLIB };
  const decoder = decodePDFRawStream(empty as never);
  const common = Object.getPrototypeOf(Object.getPrototypeOf(decoder)) as Growing;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on each stream in turn
  const { ensureBuffer } = common;
  common.ensureBuffer = function (this: Growing, requested: number): Uint8Array {
    const before = this.buffer.length;
    if (unpacked + requested - before > MAX_UNPACKED_BYTES) {
      unpacked = Infinity;
      throw new PdfError('pdfProofTooLarge');
    }
    const grown = ensureBuffer.call(this, requested);
    unpacked += grown.length - before;
    return grown;
  };
  const { of } = PDFRef;
  PDFRef.of = (objectNumber, generationNumber) => {
    if (++references > MAX_REFERENCES) refuseTooMuch();
    return of(objectNumber, generationNumber);
  };
}

/** Method and check bits (RFC 1950), then an empty stored block (RFC 1951). */
const EMPTY_ZLIB = Uint8Array.of(0x78, 0x9c, 0x01, 0x00, 0x00, 0xff, 0xff);

/** Files of the tree of embedded files, and those that the document names as its associated ones (ISO 32000-2, 14.13). */
function attachmentsOf(context: PDFContext): readonly Attachment[] {
  const root = context.lookup(context.trailerInfo.Root);
  if (!(root instanceof PDFDict)) throw new PdfError('pdfBroken');
  const specs = new Set<PDFDict>();
  const names = dictOf(dictOf(root, 'Names'), 'EmbeddedFiles');
  const pending = names === undefined ? [] : [names];
  let nodes = 0;
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (++nodes > MAX_NODES) throw new PdfError('pdfTooSlow');
    for (const [i, item] of itemsOf(node, 'Names').entries()) if (i % 2 === 1) addDict(specs, item);
    for (const kid of itemsOf(node, 'Kids')) if (kid instanceof PDFDict) pending.push(kid);
  }
  for (const item of itemsOf(root, 'AF')) addDict(specs, item);
  return [...specs].flatMap(attachmentOf);
}

function attachmentOf(spec: PDFDict): readonly Attachment[] {
  const files = dictOf(spec, 'EF');
  const stream = files?.lookup(PDFName.of('UF')) ?? files?.lookup(PDFName.of('F'));
  if (!(stream instanceof PDFRawStream)) return [];
  const subtype = stream.dict.lookup(PDFName.of('Subtype'));
  const mediaType = subtype instanceof PDFName ? subtype.decodeText().toLowerCase() : '';
  const name = textIn(spec, 'UF') ?? textIn(spec, 'F') ?? '';
  return [{ name, mediaType, stream }];
}

function dictOf(dict: PDFDict | undefined, name: string): PDFDict | undefined {
  const found = dict?.lookup(PDFName.of(name));
  return found instanceof PDFDict ? found : undefined;
}

function itemsOf(dict: PDFDict, name: string): readonly unknown[] {
  const found = dict.lookup(PDFName.of(name));
  if (!(found instanceof PDFArray)) return [];
  if (found.size() > MAX_NODES) throw new PdfError('pdfTooSlow');
  return Array.from({ length: found.size() }, (_, i) => found.lookup(i));
}

function addDict(specs: Set<PDFDict>, item: unknown): void {
  if (item instanceof PDFDict) specs.add(item);
}

function textIn(dict: PDFDict, name: string): string | undefined {
  const found = dict.lookup(PDFName.of(name));
  return found instanceof PDFString || found instanceof PDFHexString ? found.decodeText() : undefined;
}

/** How surely it is what we look for: a bundle by its type, by its name; then a credential; 0 for something else. */
function rankOf({ mediaType, name }: Attachment): number {
  if (Object.hasOwn(ATTACHED, mediaType)) return ATTACHED[mediaType]!;
  if (/\.proof\.json$/i.test(name)) return 3;
  return /\.json$/i.test(name) || mediaType === 'application/json' ? 1 : 0;
}

function textOf(stream: PDFRawStream): string {
  const bytes = decodePDFRawStream(stream).decode();
  if (bytes.length > MAX_PROOF_BYTES) throw new PdfError('pdfProofTooLarge');
  try {
    return fromUtf8(bytes);
  } catch (error) {
    throw error instanceof EncodingError ? new PdfError('pdfBroken') : error;
  }
}

/** Names to tell, without what would disturb a terminal or a page. */
function told(attachments: readonly Attachment[]): readonly string[] {
  const names = attachments.map(
    ({ name }) =>
      name
        .replace(/[\p{C}\p{Z}]+/gu, ' ')
        .trim()
        .slice(0, NAME_LENGTH) || '?',
  );
  return names.length > NAMES_TOLD ? [...names.slice(0, NAMES_TOLD), '…'] : names;
}
