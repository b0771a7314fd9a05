import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromBase64 } from '../encoding/base64.js';
import { EncodingError } from '../errors.js';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.js';

// The example of c2sp.org/tlog-checkpoint.
const ROOT = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
const TEXT = `example.com/behind-the-sofa\n20852163\n${ROOT}\n`;

describe('a checkpoint', () => {
  it('is origin, size and root', () => {
    const checkpoint = { origin: 'example.com/behind-the-sofa', size: 20852163, root: fromBase64(ROOT) };
    expect(parseCheckpoint(TEXT)).toEqual(checkpoint);
    expect(formatCheckpoint(checkpoint)).toBe(TEXT);
  });

  it('may have extension lines', () => {
    const checkpoint = parseCheckpoint(`${TEXT}one\ntwo 2\n`);
    expect(checkpoint.extensions).toEqual(['one', 'two 2']);
    expect(formatCheckpoint(checkpoint)).toBe(`${TEXT}one\ntwo 2\n`);
  });

  it('goes there and back for every size', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (size, root) => {
        expect(parseCheckpoint(formatCheckpoint({ origin: 'a b+c', size, root }))).toEqual({
          origin: 'a b+c',
          size,
          root,
        });
      }),
    );
    expect(parseCheckpoint(`o\n0\n${ROOT}\n`).size).toBe(0);
  });

  it.each([
    ['nothing', ''],
    ['two lines', 'o\n1\n'],
    ['no newline at the end', TEXT.slice(0, -1)],
    ['an empty origin', `\n1\n${ROOT}\n`],
    ['an empty size', `o\n\n${ROOT}\n`],
    ['an empty line at the end', `${TEXT}\n`],
    ['an empty line between extensions', `${TEXT}a\n\nb\n`],
    ['a leading zero', `o\n01\n${ROOT}\n`],
    ['a sign', `o\n+1\n${ROOT}\n`],
    ['a negative size', `o\n-1\n${ROOT}\n`],
    ['a decimal', `o\n1.0\n${ROOT}\n`],
    ['an exponent', `o\n1e3\n${ROOT}\n`],
    ['hexadecimal', `o\n0x1\n${ROOT}\n`],
    ['a space before the size', `o\n 1\n${ROOT}\n`],
    ['digits that are not ASCII', `o\n１\n${ROOT}\n`],
    ['a size above 2^53 - 1', `o\n9007199254740992\n${ROOT}\n`],
    ['a size of 2^64 - 1', `o\n18446744073709551615\n${ROOT}\n`],
    ['a root of 31 bytes', `o\n1\n${'A'.repeat(40)}AA==\n`],
    ['a root of 33 bytes', `o\n1\n${'A'.repeat(44)}\n`],
    ['a root in hexadecimal', `o\n1\n${'0a'.repeat(32)}\n`],
    ['a root with trailing bits', `o\n1\n${ROOT.replace('2I=', '2J=')}\n`],
    ['a root without padding', `o\n1\n${ROOT.slice(0, -1)}\n`],
    ['carriage returns', TEXT.replaceAll('\n', '\r\n')],
    ['a tab in the origin', TEXT.replace('-', '\t')],
    ['a lone surrogate', TEXT.replace('-', '\ud800')],
  ])('is refused with %s', (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(EncodingError);
  });

  it('is not made of what could not be read again', () => {
    const good = { origin: 'o', size: 1, root: new Uint8Array(32) };
    for (const bad of [
      { ...good, origin: '' },
      { ...good, origin: 'a\nb' },
      { ...good, size: -1 },
      { ...good, size: 0.5 },
      { ...good, size: 2 ** 53 },
      { ...good, root: new Uint8Array(31) },
      { ...good, extensions: [''] },
      { ...good, extensions: ['a\nb'] },
    ]) {
      expect(() => formatCheckpoint(bad)).toThrow(EncodingError);
    }
  });
});
