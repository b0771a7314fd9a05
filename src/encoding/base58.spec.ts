import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EncodingError } from '../errors.js';
import { fromMultibase, fromMultikey, toMultibase, toMultikey } from './base58.js';
import { utf8 } from './bytes.js';
import { fromHex } from './hex.js';

describe('base58btc multibase', () => {
  // draft-msporny-base58-03 section 5.
  it.each([
    [utf8('Hello World!'), 'z2NEpo7TZRRrLZSi2U'],
    [
      utf8('The quick brown fox jumps over the lazy dog.'),
      'zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z',
    ],
    [fromHex('0000287fb4cd'), 'z11233QC4'],
    [new Uint8Array(0), 'z'],
    [fromHex('000000'), 'z111'],
  ])('of %j is %s', (bytes, text) => {
    expect(toMultibase(bytes)).toBe(text);
    expect(fromMultibase(text)).toEqual(bytes);
  });

  it('goes there and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(fromMultibase(toMultibase(bytes))).toEqual(bytes);
      }),
    );
    expect(fromMultibase(toMultibase(new Uint8Array(1024).fill(255)))).toEqual(new Uint8Array(1024).fill(255));
    expect(fromMultibase(toMultibase(new Uint8Array(1024)))).toEqual(new Uint8Array(1024));
  });

  it.each(['', '2NEpo', 'Z2NEpo', 'z0', 'zO', 'zI', 'zl', 'z ', 'z2\n', 'zå', 'm2NEpo', `z${'2'.repeat(100_000)}`])(
    'is not %.20s',
    (text) => {
      expect(() => fromMultibase(text)).toThrow(EncodingError);
    },
  );

  it('is not made of more bytes than would be read', () => {
    expect(() => toMultibase(new Uint8Array(1025))).toThrow(EncodingError);
  });
});

describe('an Ed25519 Multikey', () => {
  // Key of the test vectors of W3C vc-di-eddsa.
  const text = 'z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2';

  it('goes there and back', () => {
    expect(fromMultikey(text)).toHaveLength(32);
    expect(toMultikey(fromMultikey(text))).toBe(text);
  });

  it('is refused with another prefix or length', () => {
    expect(() => fromMultikey(toMultibase(fromHex('ec01' + '00'.repeat(32))))).toThrow(EncodingError);
    expect(() => fromMultikey(toMultibase(fromHex('ed01' + '00'.repeat(31))))).toThrow(EncodingError);
    expect(() => fromMultikey(toMultibase(fromHex('ed01' + '00'.repeat(33))))).toThrow(EncodingError);
    expect(() => fromMultikey(toMultibase(fromHex('00ed01' + '00'.repeat(32))))).toThrow(EncodingError);
    expect(() => toMultikey(new Uint8Array(31))).toThrow(EncodingError);
  });
});
