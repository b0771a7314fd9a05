import { RLP } from '@ethereumjs/rlp';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromHex, toHex } from '../encoding/hex.js';
import { EncodingError } from '../errors.js';
import { decodeRlp, encodeRlpInteger, rlpInteger, rlpLength, type RlpItem } from './rlp.js';

const { item } = fc.letrec<{ item: RlpItem; list: RlpItem[] }>((tie) => ({
  item: fc.oneof({ depthSize: 'small' }, fc.uint8Array({ maxLength: 70 }), tie('list')),
  list: fc.array(tie('item'), { maxLength: 6 }),
}));
const deep = { depth: 100, items: 100_000 };

describe('RLP', () => {
  it.each([
    ['80', new Uint8Array()],
    ['00', Uint8Array.of(0)],
    ['7f', Uint8Array.of(0x7f)],
    ['8180', Uint8Array.of(0x80)],
    ['83646f67', Uint8Array.of(0x64, 0x6f, 0x67)],
    ['c0', []],
    ['c7c0c1c0c3c0c1c0', [[], [[]], [[], [[]]]]],
  ])('reads %s', (hex, expected) => {
    expect(decodeRlp(fromHex(hex))).toEqual(expected);
  });

  it('reads what @ethereumjs/rlp writes, and knows its length', () => {
    fc.assert(
      fc.property(item, (value) => {
        const bytes = RLP.encode(value as Parameters<typeof RLP.encode>[0]);
        expect(decodeRlp(bytes, deep)).toEqual(value);
        expect(rlpLength(value)).toBe(bytes.length);
      }),
    );
  });

  it('has one encoding for every item: whatever it reads, it reads back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        let value: RlpItem;
        try {
          value = decodeRlp(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(EncodingError);
          return;
        }
        expect(toHex(RLP.encode(value as Parameters<typeof RLP.encode>[0]))).toBe(toHex(bytes));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['', 'nothing'],
    ['8100', 'a byte below 0x80 with a prefix'],
    ['817f', 'a byte below 0x80 with a prefix'],
    ['b800', 'a long form for no bytes'],
    [`b837${'00'.repeat(55)}`, 'a long string that fits the short form'],
    [`b90038${'00'.repeat(56)}`, 'a length with leading zeros'],
    [`f837${'00'.repeat(55)}`, 'a long list that fits the short form'],
    [`f90038${'00'.repeat(56)}`, 'a list length with leading zeros'],
    ['83646f', 'a string cut short'],
    ['c2', 'a list cut short'],
    ['c18180', 'an item that sticks out of its list'],
    ['8000', 'a byte after the item'],
    ['bfffffffffffffffff', 'a length of eight bytes'],
    ['bbffffffff00', 'a length beyond the input'],
    ['b9', 'a length that is missing'],
  ])('refuses %s: %s', (hex) => {
    expect(() => decodeRlp(fromHex(hex))).toThrow(EncodingError);
  });

  it('stops at its limits', () => {
    const nested = (depth: number): Uint8Array => RLP.encode(JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as []);
    expect(decodeRlp(nested(8))).toBeDefined();
    expect(() => decodeRlp(nested(9))).toThrow('deep');
    expect(decodeRlp(RLP.encode(Array<Uint8Array>(4_095).fill(Uint8Array.of(1))))).toHaveLength(4_095);
    expect(() => decodeRlp(RLP.encode(Array<Uint8Array>(4_096).fill(Uint8Array.of(1))))).toThrow('items');
  });

  it('writes and reads integers as the tries do', () => {
    for (const value of [0, 1, 127, 128, 255, 256, 65_535, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const bytes = encodeRlpInteger(value);
      expect(toHex(bytes)).toBe(toHex(RLP.encode(value)));
      expect(rlpInteger(decodeRlp(bytes) as Uint8Array)).toBe(value);
    }
    expect(() => rlpInteger(Uint8Array.of(0, 1))).toThrow(EncodingError);
    expect(() => rlpInteger(Uint8Array.of(0))).toThrow(EncodingError);
    expect(() => rlpInteger(new Uint8Array(7).fill(255))).toThrow(EncodingError);
    expect(() => rlpInteger(new Uint8Array(8).fill(1))).toThrow(EncodingError);
    expect(() => encodeRlpInteger(-1)).toThrow(EncodingError);
  });
});
