import { deflateSync } from 'node:zlib';
import { describe, expect, it, jest } from '@jest/globals';
import { utf8 } from '../encoding/bytes.js';
import { BUNDLE_MEDIA_TYPE } from '../verification/bundle.js';
import { isPdf, MAX_PDF_BYTES } from './pdf-error.js';
import { bomb, pdfWith, rawPdf, streamObject, type Attached } from './pdf.fixture.js';
import { proofInPdf } from './pdf-proof.js';

const BUNDLE = '{"type":"MeritkedjaProof","å":"ö"}';
const CREDENTIAL = '{"type":["VerifiableCredential"]}';
const PROOF: Attached = { name: 'merit.proof.json', content: BUNDLE, type: BUNDLE_MEDIA_TYPE };
const PICTURE: Attached = { name: 'logo.png', content: 'png', type: 'image/png' };

function refused(code: string, names?: readonly string[]): Record<string, unknown> {
  return { name: 'PdfError', code, ...(names ? { names } : {}) };
}

/** A catalog whose one attachment is object 4. */
const CATALOG = `1 0 obj
<< /Type /Catalog /Names << /EmbeddedFiles 2 0 R >> >>
endobj
2 0 obj
<< /Names [(a) 3 0 R] >>
endobj
3 0 obj
<< /Type /Filespec /UF (a.proof.json) /EF << /F 4 0 R >> >>
endobj
`;

describe('a PDF with a proof attached', () => {
  it.each([
    ['packed', {}],
    ['not packed', { compress: false }],
  ])('gives its text, %s', async (_, made) => {
    expect(await proofInPdf(await pdfWith([PICTURE, PROOF], made))).toBe(BUNDLE);
  });

  it('may name it as an associated file, as PDF/A-3 does', async () => {
    expect(await proofInPdf(await pdfWith([{ ...PROOF, relationship: 'Data' }]))).toBe(BUNDLE);
  });

  it('is known by the media type, whatever the file is called', async () => {
    expect(await proofInPdf(await pdfWith([{ ...PROOF, name: 'bilaga' }]))).toBe(BUNDLE);
  });

  it('is known by the name where there is no media type', async () => {
    for (const name of ['x.PROOF.json', 'x.json']) {
      expect(await proofInPdf(await pdfWith([PICTURE, { name, content: BUNDLE }]))).toBe(BUNDLE);
    }
  });

  it('gives the bundle rather than the bare credential beside it', async () => {
    const both = [{ name: 'a.json', content: CREDENTIAL, type: 'application/vc' }, PROOF];
    expect(await proofInPdf(await pdfWith(both))).toBe(BUNDLE);
    expect(await proofInPdf(await pdfWith(both.slice(0, 1)))).toBe(CREDENTIAL);
  });

  it('may keep the names of its files in a tree', async () => {
    const tree = rawPdf(
      CATALOG.replace('/Names [(a) 3 0 R]', '/Kids [5 0 R]'),
      '5 0 obj\n<< /Limits [(a) (a)] /Names [(a) 3 0 R] >>\nendobj\n',
      streamObject(4, '/Type /EmbeddedFile /Filter /FlateDecode', new Uint8Array(deflateSync(utf8(BUNDLE)))),
    );
    expect(await proofInPdf(tree)).toBe(BUNDLE);
  });

  it('gives the same one twice attached, and refuses two that differ', async () => {
    expect(await proofInPdf(await pdfWith([PROOF, { ...PROOF, name: 'copy.proof.json' }]))).toBe(BUNDLE);
    const other = { ...PROOF, name: 'other.proof.json', content: '{}' };
    await expect(proofInPdf(await pdfWith([PROOF, other]))).rejects.toMatchObject(
      refused('pdfSeveralProofs', ['merit.proof.json', 'other.proof.json']),
    );
  });
});

describe('a PDF that gives no proof', () => {
  it('has none attached, and says what else is', async () => {
    await expect(proofInPdf(await pdfWith([]))).rejects.toMatchObject(refused('pdfNoProof', []));
    await expect(proofInPdf(await pdfWith([PICTURE]))).rejects.toMatchObject(refused('pdfNoProof', ['logo.png']));
    await expect(proofInPdf(await pdfWith([PICTURE]))).rejects.toThrow(/no proof attached, only: logo\.png/);
  });

  it('tells names without what would disturb a terminal', async () => {
    const odd = { name: `a\u2028\u009b31m${'x'.repeat(200)}`, content: '' };
    const names = [`a 31m${'x'.repeat(75)}`];
    await expect(proofInPdf(await pdfWith([odd]))).rejects.toMatchObject(refused('pdfNoProof', names));
  });

  it('is encrypted', async () => {
    await expect(proofInPdf(await pdfWith([PROOF], { password: 'hemligt' }))).rejects.toMatchObject(
      refused('pdfEncrypted'),
    );
  });

  it('is cut short, or is none', async () => {
    const whole = await pdfWith([PROOF]);
    await expect(proofInPdf(whole.subarray(0, 400))).rejects.toMatchObject(refused('pdfBroken'));
    await expect(proofInPdf(utf8('%PDF-'))).rejects.toMatchObject(refused('pdfBroken'));
    await expect(proofInPdf(utf8('{}'))).rejects.toMatchObject(refused('pdfBroken'));
    const damaged = rawPdf(CATALOG, streamObject(4, '/Filter /FlateDecode', utf8('not deflated at all')));
    await expect(proofInPdf(damaged)).rejects.toMatchObject(refused('pdfBroken'));
    const latin = rawPdf(CATALOG, streamObject(4, '', Uint8Array.of(0xe5)));
    await expect(proofInPdf(latin)).rejects.toMatchObject(refused('pdfBroken'));
  });

  it('is too large', async () => {
    await expect(proofInPdf(new Uint8Array(MAX_PDF_BYTES + 1))).rejects.toMatchObject(refused('pdfTooLarge'));
  });

  it('nests deeper than a stack is high', async () => {
    const deep = rawPdf(`1 0 obj\n${'['.repeat(100_000)}\nendobj\n`);
    await expect(proofInPdf(deep)).rejects.toMatchObject(refused('pdfBroken'));
  });

  it('names its own tree as a part of it', async () => {
    const loop = rawPdf(CATALOG.replace('/Names [(a) 3 0 R]', '/Kids [2 0 R 2 0 R]'));
    await expect(proofInPdf(loop)).rejects.toMatchObject(refused('pdfTooSlow'));
  });
});

describe('a PDF made to fill the memory', () => {
  it('is refused while its attachment is unpacked', async () => {
    for (const filter of ['/FlateDecode', '[/FlateDecode /FlateDecode]']) {
      const large = rawPdf(CATALOG, streamObject(4, `/Filter ${filter}`, bomb(20_000_000)));
      await expect(proofInPdf(large)).rejects.toMatchObject({ name: 'PdfError' });
    }
    const over = rawPdf(CATALOG, streamObject(4, '/Filter /FlateDecode', bomb(9_000_000)));
    await expect(proofInPdf(over)).rejects.toMatchObject(refused('pdfProofTooLarge'));
  });

  it('is refused while its object streams are unpacked, be they many', async () => {
    const one = bomb(5_000_000);
    const members = '/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode';
    const streams = Array.from({ length: 10 }, (_, i) => streamObject(10 + i, members, one));
    const before = process.memoryUsage().arrayBuffers;
    await expect(proofInPdf(rawPdf(CATALOG, ...streams))).rejects.toMatchObject(refused('pdfProofTooLarge'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
    // What one file took is not held against the next.
    expect(await proofInPdf(await pdfWith([PROOF]))).toBe(BUNDLE);
  });
});

describe('a PDF made to keep its reader busy', () => {
  it('is refused where its table of objects says that it is endless', async () => {
    const table = streamObject(4, '/Type /XRef /Size 9 /W [0 0 0] /Index [0 1100000] /Root 1 0 R', utf8('x'));
    await expect(proofInPdf(rawPdf(CATALOG, table))).rejects.toMatchObject(refused('pdfTooSlow'));
  });

  it('has a stream unpacked once, however many names it is attached by', async () => {
    const names = Array.from({ length: 50 }, (_, i) => `(${i}) << /UF (${i}.proof.json) /EF << /F 4 0 R >> >>`);
    const many = CATALOG.replace('(a) 3 0 R', names.join(' '));
    const decode = jest.spyOn(TextDecoder.prototype, 'decode');
    try {
      expect(await proofInPdf(rawPdf(many, streamObject(4, '', utf8(BUNDLE))))).toBe(BUNDLE);
      expect(decode.mock.calls).toHaveLength(1);
    } finally {
      decode.mockRestore();
    }
  });

  it('is refused where a length leads back to what was read', async () => {
    const first = streamObject(7, '', utf8('x'));
    const back = `8 0 obj\n<< /Length -51 >>\nstream\nendstream\nendobj\n`;
    await expect(proofInPdf(rawPdf(CATALOG, first, back))).rejects.toMatchObject(refused('pdfTooSlow'));
  });

  it('is refused where it has more objects than any real one', async () => {
    const many = Array.from({ length: 60_000 }, (_, i) => `${i + 10} 0 obj\nnull\nendobj\n`).join('');
    await expect(proofInPdf(rawPdf(CATALOG, many))).rejects.toMatchObject(refused('pdfTooSlow'));
  });
});

describe('a file', () => {
  it('is a PDF by its header, near its beginning', () => {
    expect(isPdf(utf8('%PDF-1.7'))).toBe(true);
    expect(isPdf(utf8(`\n\n%PDF-1.7`))).toBe(true);
    expect(isPdf(utf8(`{"a":1}${' '.repeat(2_000)}%PDF-`))).toBe(false);
    expect(isPdf(new Uint8Array(0))).toBe(false);
  });
});
