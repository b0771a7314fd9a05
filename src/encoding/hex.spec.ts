import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EncodingError } from '../errors.js';
import { fromHex, fromHex0x, toHex, toHex0x } from './hex.js';

describe('hexadecimal', () => {
  it('goes there and back, as Node writes it', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
        expect(fromHex(toHex(bytes))).toEqual(bytes);
        expect(toHex0x(bytes)).toBe(`0x${toHex(bytes)}`);
        expect(fromHex0x(toHex0x(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each(['0', 'abc', '0g', 'AB', ' 00', '0x00', '-1', 'é0', '００'])('is not %j', (text) => {
    expect(() => fromHex(text)).toThrow(EncodingError);
  });

  it.each(['', '00', '0X00', '0x0', '0xAB', 'x00'])('with prefix is not %j', (text) => {
    expect(() => fromHex0x(text)).toThrow(EncodingError);
  });
});
