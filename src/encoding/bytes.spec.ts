import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EncodingError } from '../errors.js';
import { compareBytes, concatBytes, equalBytes, fromUtf8, isWellFormed, utf8 } from './bytes.js';

describe('byte strings', () => {
  it('are joined in order', () => {
    expect(concatBytes()).toEqual(new Uint8Array(0));
    expect(concatBytes(Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3))).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('are equal only in length and every byte', () => {
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
    expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false);
  });

  it('are ordered as Node orders them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4, max: 3 }), fc.uint8Array({ maxLength: 4, max: 3 }), (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(compareBytes(a, b) === 0).toBe(equalBytes(a, b));
      }),
    );
  });
});

describe('UTF-8', () => {
  it('goes there and back for every text without lone surrogates', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text);
        expect(utf8(text)).toEqual(new Uint8Array(Buffer.from(text)));
      }),
    );
  });

  it('keeps a byte order mark', () => {
    expect(utf8('\ufeffa')).toEqual(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61));
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
  });

  it.each(['\ud800', 'a\udc00', '\udc00\ud800', '\ud83d\ud83d\ude00'])('has no encoding of %j', (text) => {
    expect(isWellFormed(text)).toBe(false);
    expect(() => utf8(text)).toThrow(EncodingError);
  });

  it.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['a truncated character', [0xe2, 0x82]],
    ['a character beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ])('is not %s', (_, bytes) => {
    expect(() => fromUtf8(Uint8Array.from(bytes))).toThrow(EncodingError);
  });
});
