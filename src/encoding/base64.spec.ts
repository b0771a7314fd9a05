import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EncodingError } from '../errors.js';
import { fromBase64, fromBase64url, toBase64, toBase64url } from './base64.js';
import { utf8 } from './bytes.js';

describe('base64', () => {
  // RFC 4648 section 10.
  it.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('of %j is %j', (text, encoded) => {
    expect(toBase64(utf8(text))).toBe(encoded);
    expect(fromBase64(encoded)).toEqual(utf8(text));
    expect(toBase64url(utf8(text))).toBe(encoded.replaceAll('=', ''));
    expect(fromBase64url(encoded.replaceAll('=', ''))).toEqual(utf8(text));
  });

  it('goes there and back, as Node writes it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
        expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
      }),
    );
  });

  it('has exactly one text for each byte string', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'ABgw012/+-_= \n'), maxLength: 9 });
    fc.assert(
      fc.property(digits, (text) => {
        for (const [decode, encode] of [
          [fromBase64, toBase64],
          [fromBase64url, toBase64url],
        ] as const) {
          let bytes: Uint8Array;
          try {
            bytes = decode(text);
          } catch (error) {
            expect(error).toBeInstanceOf(EncodingError);
            continue;
          }
          expect(encode(bytes)).toBe(text);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['no padding', 'Zg'],
    ['too little padding', 'Zg='],
    ['padding alone', '===='],
    ['three padding signs', 'Z==='],
    ['superfluous padding', 'Zm9v===='],
    ['padding in the middle', 'Zg==Zg=='],
    ['trailing bits after one byte', 'Zh=='],
    ['trailing bits after two bytes', 'Zm9='],
    ['a line break', 'Zm9v\nZm9v'],
    ['a space', 'Zm9 '],
    ['the other alphabet', '-_-_'],
    ['a character outside ASCII', 'Zm9å'],
    ['a character outside Latin-1', 'Zm9\u2028'],
  ])('is refused with %s', (_, text) => {
    expect(() => fromBase64(text)).toThrow(EncodingError);
  });

  it.each([
    ['padding', 'Zg=='],
    ['trailing bits', 'Zh'],
    ['one digit over', 'Zm9vY'],
    ['the other alphabet', '+/+/'],
  ])('safe in addresses is refused with %s', (_, text) => {
    expect(() => fromBase64url(text)).toThrow(EncodingError);
  });
});
