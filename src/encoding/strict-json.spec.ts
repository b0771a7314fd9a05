import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EncodingError } from '../errors.js';
import { MAX_JSON_DEPTH, parseJson } from './strict-json.js';

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

/** The same text with each character of each string as an escape. */
function escaped(text: string): string {
  return text.replace(/"((?:[^"\\]|\\.)*)"/g, (literal) => {
    const decoded = JSON.parse(literal) as string;
    return `"${Array.from({ length: decoded.length }, (_, i) => `\\u${decoded.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`;
  });
}

describe('JSON from a stranger', () => {
  it('reads as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), fc.nat(3), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), undefined, indent);
        expect(parseJson(spaced)).toEqual(JSON.parse(spaced));
        expect(parseJson(escaped(spaced))).toEqual(JSON.parse(spaced));
      }),
    );
  });

  it('is refused wherever JSON.parse refuses it, with the same error', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('', '"', '\\', '{', ']', ',', ':', '0'), (text, at, by) => {
        const place = at % (text.length + 1);
        const broken = text.slice(0, place) + by + text.slice(place + 1);
        let message: string | undefined;
        try {
          JSON.parse(broken);
        } catch (error) {
          message = (error as SyntaxError).message;
        }
        if (message === undefined) return;
        expect(() => parseJson(broken)).toThrow(message);
      }),
    );
  });

  it('is refused with a member doubled in any of its objects, however it is spelt', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { minKeys: 1 }),
        fc.nat(),
        (object, n) => {
          const name = Object.keys(object)[n % Object.keys(object).length]!;
          const members = JSON.stringify(object).slice(1, -1);
          const twice = `{${members},${escaped(JSON.stringify(name))}:null}`;
          for (const text of [twice, `[1,{"a":[{}],"b":${twice}}]`]) {
            expect(() => parseJson(text)).toThrow(EncodingError);
          }
        },
      ),
    );
  });

  it('is refused with the name of the member and its place', () => {
    expect(() => parseJson('{"a":{"b":1},\n "c":[{"name":"x", "n\\u0061me":"y"}]}')).toThrow(
      'JSON: the member "name" stands twice in one object, line 2, column 20',
    );
    expect(() => parseJson('{"a":1,"\\u0061":2}')).toThrow(expect.objectContaining({ member: 'a' }));
    expect(() => parseJson(`{"${'x'.repeat(500)}":1,"${'x'.repeat(500)}":1}`)).toThrow(/"x{80}…"/);
  });

  it.each([
    ['__proto__', '{"__proto__":1,"__proto__":2}'],
    ['the empty name', '{"":1,"":2}'],
    ['a lone surrogate', '{"\\ud800":1,"\\uD800":2}'],
    ['an escaped quotation mark', '{"\\"":1,"\\u0022":2}'],
    ['one after a string full of brackets', '{"a":"{[\\"\\\\","b":{"a":1},"a":2}'],
  ])('is refused with %s twice', (_, text) => {
    expect(() => parseJson(text)).toThrow(EncodingError);
  });

  it('may use one name in several objects, as a name and as a text', () => {
    const text = '{"a":{"a":["a","a",{"a":"a"}]},"b":{"a":"a"},"c":"a"}';
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it('is at most 512 levels deep', () => {
    expect(parseJson(nested(MAX_JSON_DEPTH))).toEqual(JSON.parse(nested(MAX_JSON_DEPTH)));
    expect(() => parseJson(nested(MAX_JSON_DEPTH + 1))).toThrow(EncodingError);
    expect(() => parseJson(nested(100_000))).toThrow('more than 512 levels');
  });
});
