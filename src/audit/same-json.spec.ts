import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalize } from '../encoding/jcs.js';
import { isSameJson } from './same-json.js';

it('is the same where the canonical forms are', () => {
  const small = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, false, 0, 1, '', 'a'),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', '__proto__', '1'), fc.option(tie('value'), { nil: undefined }), {
        maxKeys: 3,
      }),
    ),
  })).value;
  fc.assert(
    fc.property(small, small, (a, b) => {
      expect(isSameJson(a, b)).toBe(canonicalize(a) === canonicalize(b));
      expect(isSameJson(a, structuredClone(a))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
  expect(isSameJson({ a: undefined, b: 1 }, { b: 1 })).toBe(true);
  expect(isSameJson({ a: undefined }, { a: null })).toBe(false);
});
