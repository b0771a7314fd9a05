import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalize } from './jcs.js';
import type { Json } from './json.js';
import { copyJson, equalJson } from './json-equal.js';

const values = fc.jsonValue({ maxDepth: 4 });

describe('two JSON values', () => {
  it('are equal where their canonical forms are, and only there', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(equalJson(a, b)).toBe(canonicalize(a) === canonicalize(b));
        expect(equalJson(a, JSON.parse(JSON.stringify(a)))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [{ a: undefined }, { b: undefined }, true],
    [{ a: 1 }, { a: 1, b: null }, false],
    [{ a: 1, b: 2 }, { a: 1 }, false],
    [[1, 2], [1], false],
    [[], {}, false],
    [{}, [], false],
    [null, {}, false],
    [0, -0, true],
    [1, '1', false],
    [{ toString: 1 }, { valueOf: 1 }, false],
    [JSON.parse('{"__proto__":{"a":1}}'), { a: 1 }, false],
    [{ constructor: Object }, {}, false],
  ])('%j and %j: %s', (a, b, equal) => {
    expect(equalJson(a, b)).toBe(equal);
    expect(equalJson(b, a)).toBe(equal);
  });
});

describe('a copy', () => {
  it('is equal, and stays so whatever becomes of the original', () => {
    fc.assert(
      fc.property(values, (value) => {
        const copy = copyJson(value);
        expect(equalJson(copy, value)).toBe(true);
      }),
    );
    const original = { list: [{ a: 1 }] };
    const copy = copyJson(original);
    original.list[0]!.a = 2;
    expect(copy).toEqual({ list: [{ a: 1 }] });
  });

  it('keeps a member of any name', () => {
    const value = JSON.parse('{"__proto__":{"a":1}}') as Json;
    expect(JSON.stringify(copyJson(value))).toBe('{"__proto__":{"a":1}}');
  });
});
