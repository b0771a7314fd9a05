/** PDFs for tests: with pdfkit's hand, which is another's than the reader's, and by hand where no library would. */
import { deflateSync } from 'node:zlib';
import PDFDocument from 'pdfkit';
import { concatBytes, utf8 } from '../encoding/bytes.js';

export interface Attached {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly type?: string;
  /** Also among the document's associated files, as PDF/A-3 has it. */
  readonly relationship?: string;
}

export interface Made {
  readonly compress?: boolean;
  readonly password?: string;
}

/** A page of text with files attached. */
export function pdfWith(attached: readonly Attached[], { compress = true, password }: Made = {}): Promise<Uint8Array> {
  const document = new PDFDocument({
    compress,
    pdfVersion: '1.7',
    ...(password === undefined ? {} : { userPassword: password, ownerPassword: `${password}-owner` }),
  });
  const chunks: Uint8Array[] = [];
  return new Promise((resolve) => {
    document.on('data', (chunk) => chunks.push(new Uint8Array(chunk)));
    document.on('end', () => resolve(concatBytes(...chunks)));
    document.text('Mikromerit. What stands here is not what is checked.');
    for (const { name, content, type, relationship } of attached) {
      document.file(Buffer.from(content), {
        name,
        ...(type === undefined ? {} : { type }),
        ...(relationship === undefined ? {} : { relationship }),
      });
    }
    document.end();
  });
}

/** A PDF of objects written by hand, without a table of them: readers look for them. */
export function rawPdf(...objects: readonly (string | Uint8Array)[]): Uint8Array {
  const parts = objects.map((one) => (typeof one === 'string' ? utf8(one) : one));
  return concatBytes(utf8('%PDF-1.7\n'), ...parts, utf8('trailer\n<< /Root 1 0 R /Size 9 >>\n%%EOF\n'));
}

/** A stream object. @param dictionary its members but Length */
export function streamObject(number: number, dictionary: string, content: Uint8Array): Uint8Array {
  return concatBytes(
    utf8(`${number} 0 obj\n<< ${dictionary} /Length ${content.length} >>\nstream\n`),
    content,
    utf8('\nendstream\nendobj\n'),
  );
}

/** Zeros that deflate to a thousandth. */
export function bomb(bytes: number): Uint8Array {
  return new Uint8Array(deflateSync(new Uint8Array(bytes), { level: 9 }));
}
