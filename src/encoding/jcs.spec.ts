import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EncodingError } from '../errors.js';
import { utf8 } from './bytes.js';
import { toHex } from './hex.js';
import { canonicalBytes, CanonicalMembers, canonicalize, parseCanonical } from './jcs.js';
import type { Json } from './json.js';

const vectors = new URL('../../../shared/data/jcs/', import.meta.url);
const hasVectors = existsSync(vectors);

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

(hasVectors ? describe : describe.skip)(
  `the vectors of RFC 8785's author${hasVectors ? '' : ' (skipped: ../shared/data/jcs is not there)'}`,
  () => {
    const names = hasVectors ? readdirSync(new URL('input/', vectors)).map((file) => file.replace('.json', '')) : ['-'];
    const read = (path: string): string => readFileSync(new URL(path, vectors), 'utf8');

    it.each(names)('%s', (name) => {
      const output = read(`output/${name}.json`);
      expect(canonicalize(JSON.parse(read(`input/${name}.json`)))).toBe(output);
      expect(toHex(canonicalBytes(JSON.parse(output)))).toBe(read(`outhex/${name}.txt`).replaceAll(/\s/g, ''));
      expect(parseCanonical(utf8(output))).toEqual(JSON.parse(output));
    });
  },
);

describe('the canonical form of JSON', () => {
  // RFC 8785 appendix B.
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['41b3de4355555553', '333333333.3333332'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the double %s as %s', (hex, text) => {
    const double = new DataView(new ArrayBuffer(8));
    double.setBigUint64(0, BigInt(`0x${hex}`));
    expect(canonicalize(double.getFloat64(0))).toBe(text);
  });

  it('sorts by UTF-16 code units, not by code points or by locale', () => {
    const keys = [
      '\u20ac',
      '\r',
      '\ufb33',
      '1',
      '\ud83d\ude00',
      '\u0080',
      '\u00f6',
      'a',
      'B',
      'aa',
      '',
      '__proto__',
      'å',
    ];
    const value = Object.fromEntries(keys.map((key, i) => [key, i]));
    const order = [
      '',
      '\r',
      '1',
      'B',
      '__proto__',
      'a',
      'aa',
      '\u0080',
      'å',
      '\u00f6',
      '\u20ac',
      '\ud83d\ude00',
      '\ufb33',
    ];
    expect([...canonicalize(value).matchAll(/:(\d+)/g)].map(([, i]) => keys[Number(i)])).toEqual(order);
  });

  it('writes strings as ECMAScript does', () => {
    expect(canonicalize('\b\t\n\f\r"\\/\u0000\u001f\u007f\u2028<\u00e5😀')).toBe(
      '"\\b\\t\\n\\f\\r\\"\\\\/\\u0000\\u001f\u007f\u2028<\u00e5😀"',
    );
    expect(canonicalize('line\n')).toBe('"line\\n"');
    for (let code = 0; code < 0xd800; code++) {
      const text = String.fromCharCode(code);
      if (canonicalize(text) !== JSON.stringify(text)) throw new EncodingError(`differs at ${code}`);
    }
  });

  it('leaves out undefined members, and has no -0', () => {
    expect(canonicalize({ b: undefined, a: -0, c: [-0], d: undefined })).toBe('{"a":0,"c":[0]}');
    expect(canonicalize(Object.assign(Object.create(null) as object, { a: 1 }))).toBe('{"a":1}');
  });

  it('is JSON of the same value, whatever the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 }), (value) => {
        const text = canonicalize(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalize(reversed(value as Json))).toBe(text);
        expect(canonicalize(JSON.parse(text))).toBe(text);
        expect(canonicalBytes(value)).toEqual(utf8(text));
        expect(canonicalize(parseCanonical(utf8(text)))).toBe(text);
      }),
    );
  });

  it.each([
    ['a lone surrogate', 'a\ud800'],
    ['a lone surrogate in a key', { '\udc00': 1 }],
    ['NaN', NaN],
    ['infinity', [Infinity]],
    ['bigint', 1n],
    ['a function', { a: (): number => 1 }],
    ['a symbol', [Symbol('a')]],
    ['undefined', undefined],
    ['undefined in an array', [1, undefined]],
    // eslint-disable-next-line no-sparse-arrays
    ['a hole in an array', [1, , 2]],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['bytes', { a: new Uint8Array(2) }],
    ['a boxed string', Object('a')],
    ['a class instance', new (class A {})()],
    ['toJSON', { toJSON: (): string => 'a' }],
    ['513 levels', nested(513)],
  ])('refuses %s', (_, value) => {
    expect(() => canonicalize(value)).toThrow(EncodingError);
    expect(() => canonicalBytes(value)).toThrow(EncodingError);
  });

  it('takes 512 levels, and refuses a circle', () => {
    expect(canonicalize(nested(512))).toContain('1');
    const circle: Record<string, unknown> = {};
    circle['a'] = [circle];
    expect(() => canonicalize(circle)).toThrow(EncodingError);
  });
});

describe('reading canonical bytes', () => {
  it.each([
    ['a space', '{"a": 1}'],
    ['a newline at the end', '{"a":1}\n'],
    ['another order', '{"b":1,"a":2}'],
    ['a duplicate member', '{"a":1,"a":1}'],
    ['a duplicate __proto__', '{"__proto__":1,"__proto__":1}'],
    ['a number with a superfluous part', '{"a":1.0}'],
    ['an exponent', '1e2'],
    ['minus zero', '-0'],
    ['a number that is not a double', '9007199254740993'],
    ['a number that overflows', '1e400'],
    ['a superfluous escape', '"\\u0061"'],
    ['an escape in capitals', '"\\u001F"'],
    ['an escaped slash', '"\\/"'],
    ['an escaped lone surrogate', '"\\ud800"'],
    ['a byte order mark', '\ufeff{}'],
    ['no JSON', '{a:1}'],
    ['nothing', ''],
    ['two values', '{}{}'],
    ['100,000 levels', '['.repeat(100_000) + ']'.repeat(100_000)],
  ])('S14: refuses %s', (_, text) => {
    expect(() => parseCanonical(utf8(text))).toThrow(EncodingError);
  });

  it('S14: refuses bytes that are not UTF-8', () => {
    expect(() => parseCanonical(Uint8Array.of(0x22, 0xc3, 0x22))).toThrow(EncodingError);
  });

  it('S14: finds any changed byte that leaves the value the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), fc.constantFrom(' ', '\n', '\t', '0', '\\u0020'), (value, at, inserted) => {
        const text = canonicalize(value);
        const place = at % (text.length + 1);
        const changed = text.slice(0, place) + inserted + text.slice(place);
        let parsed: Json;
        try {
          parsed = parseCanonical(utf8(changed));
        } catch (error) {
          expect(error).toBeInstanceOf(EncodingError);
          return;
        }
        expect(canonicalize(parsed)).not.toBe(text);
      }),
    );
  });

  it('keeps a member named __proto__ as a member', () => {
    const value = parseCanonical(utf8('{"__proto__":{"a":1}}'));
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect(canonicalize(value)).toBe('{"__proto__":{"a":1}}');
  });
});

describe('an object whose members are made canonical once', () => {
  it('has the canonical text of the object, also with members left out or replaced', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), fc.nat(), (object, other, at) => {
        const members = new CanonicalMembers(object);
        expect(members.text()).toBe(canonicalize(object));
        expect(members.bytes()).toEqual(canonicalBytes(object));
        const name = Object.keys(object)[at % Math.max(1, Object.keys(object).length)];
        if (name === undefined) return;
        expect(members.text({ [name]: undefined })).toBe(canonicalize({ ...object, [name]: undefined }));
        expect(members.text({ [name]: canonicalize(other) })).toBe(canonicalize({ ...object, [name]: other }));
      }),
    );
  });

  it('leaves a member out that is undefined, and a change to one that it does not have', () => {
    expect(new CanonicalMembers({ b: undefined, a: 1 }).text({ b: '2', c: '3' })).toBe('{"a":1}');
  });

  it.each([[[1]], [new Date()], [{ a: Number.NaN }], [{ '\ud800': 1 }]])('is refused like any other: %p', (value) => {
    expect(() => new CanonicalMembers(value).text()).toThrow(EncodingError);
  });
});

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => reversed(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member as Json)]),
  );
}
