import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromUtf8, utf8 } from '../encoding/bytes.js';
import { toHex } from '../encoding/hex.js';
import { canonicalBytes, canonicalize } from '../encoding/jcs.js';
import type { JsonObject } from '../encoding/json.js';
import { EncodingError, InputError } from '../errors.js';
import { sha256 } from '../log/hash.js';
import { entryBytes, eventBytes, MAX_ENTRY_BYTES, parseEntry, type PlacedEvent } from './entry.js';

const event: PlacedEvent = {
  v: 1,
  stream: 'credential-1',
  revision: 0,
  id: '11111111-2222-4333-8444-555555555555',
  type: 'CredentialIssued',
  at: '2026-03-04T05:06:07.089Z',
  by: 'organisation:11111111-2222-4333-8444-555555555555:issuer',
  data: { b: 1, a: 'å' },
};

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'grapheme' }), tie('value'), { maxKeys: 4 }),
  ),
})).value;
const data = fc.dictionary(fc.string(), json, { maxKeys: 5 }) as fc.Arbitrary<JsonObject>;

describe('an entry', () => {
  it('S14: is the canonical JSON of the public part, with the digest of the private one', () => {
    expect(fromUtf8(entryBytes(event))).toBe(
      '{"at":"2026-03-04T05:06:07.089Z","by":"organisation:11111111-2222-4333-8444-555555555555:issuer",' +
        '"data":{"a":"å","b":1},"id":"11111111-2222-4333-8444-555555555555","revision":0,"stream":"credential-1",' +
        '"type":"CredentialIssued","v":1}',
    );
    const sealed = Uint8Array.of(1, 2, 3);
    expect(parseEntry(entryBytes({ ...event, sealed })).sealed).toBe(toHex(sha256(sealed)));
  });

  it('S14: reads back as it was written', () => {
    fc.assert(
      fc.property(data, fc.option(fc.uint8Array()), fc.nat(), (content, sealed, revision) => {
        const bytes = entryBytes({ ...event, revision, data: content, ...(sealed && { sealed }) });
        const parsed = parseEntry(bytes);
        expect(canonicalBytes(parsed)).toEqual(bytes);
        expect(canonicalize(parsed.data)).toBe(canonicalize(content));
        expect([parsed.revision, 'sealed' in parsed]).toEqual([revision, sealed !== null]);
      }),
    );
  });

  it('S14: every other bytes than the canonical ones are refused', () => {
    const bytes = entryBytes(event);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = bytes.slice();
        changed[at]! ^= flip;
        let parsed: unknown;
        try {
          parsed = parseEntry(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(EncodingError);
          return;
        }
        // What still reads is another event in canonical form.
        expect(canonicalBytes(parsed)).toEqual(changed);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves out what is undefined, and writes -0 as 0', () => {
    expect(parseEntry(entryBytes({ ...event, data: { gone: undefined, zero: -0 } })).data).toEqual({ zero: 0 });
  });

  it.each([
    ['a space', (text: string) => text.replace(':', ': ')],
    ['another order', (text: string) => text.replace('"a":"å","b":1', '"b":1,"a":"å"')],
    ['an escape', (text: string) => text.replace('å', '\\u00e5')],
    ['another spelling of a number', (text: string) => text.replace('"b":1', '"b":1.0')],
    ['an exponent', (text: string) => text.replace('"b":1', '"b":1e0')],
    ['a duplicate member', (text: string) => text.replace('"b":1', '"b":1,"b":1')],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
    ['a line end', (text: string) => `${text}\n`],
    ['a fraction', (text: string) => text.replace('"b":1', '"b":1.5')],
    ['too great a number', (text: string) => text.replace('"b":1', '"b":9007199254740992')],
    ['no JSON', () => '{'],
    ['no object', () => '[]'],
    ['deep nesting', (text: string) => text.replace('"b":1', `"b":${'['.repeat(30_000)}${']'.repeat(30_000)}`)],
    ['somewhat deep nesting', (text: string) => text.replace('"b":1', `"b":${'['.repeat(64)}${']'.repeat(64)}`)],
  ])('is refused with %s', (_, change) => {
    expect(() => parseEntry(utf8(change(fromUtf8(entryBytes(event)))))).toThrow(EncodingError);
  });

  it.each<[string, unknown]>([
    ['v', 0],
    ['v', '1'],
    ['stream', ''],
    ['stream', 'vault-holder-1'],
    ['revision', -1],
    ['revision', 0.5],
    ['id', 'AAAAAAAA-2222-4333-8444-555555555555'],
    ['type', 7],
    ['at', '2026-03-04T05:06:07Z'],
    ['at', '2026-03-04'],
    ['by', null],
    ['data', []],
    ['sealed', 'AB'],
    ['sealed', null],
    ['position', 7],
    ['__proto__', 7],
  ])('is refused with another %s: %j', (name, value) => {
    const fields = { ...parseEntry(entryBytes(event)) } as Record<string, unknown>;
    Object.defineProperty(fields, name, { value, enumerable: true, configurable: true });
    expect(() => parseEntry(canonicalBytes(fields))).toThrow(EncodingError);
  });

  it.each(['v', 'stream', 'revision', 'id', 'type', 'at', 'by', 'data'])('is refused without %s', (name) => {
    const fields = { ...parseEntry(entryBytes(event)), [name]: undefined };
    expect(() => parseEntry(canonicalBytes(fields))).toThrow(EncodingError);
  });

  it('is at most 65,535 bytes, in UTF-8', () => {
    const room = MAX_ENTRY_BYTES - entryBytes({ ...event, data: { text: '' } }).length;
    const sized = (text: string): PlacedEvent => ({ ...event, data: { text } });
    expect(parseEntry(entryBytes(sized('x'.repeat(room))))).toMatchObject({ revision: 0 });
    expect(() => entryBytes(sized('x'.repeat(room + 1)))).toThrow(InputError);
    expect(() => entryBytes(sized('å'.repeat(room)))).toThrow(InputError);
    expect(() => parseEntry(eventBytes(sized('x'.repeat(room + 1))))).toThrow(EncodingError);
  });

  it.each<[string, Partial<Record<keyof PlacedEvent, unknown>>]>([
    ['data.a.0.b', { data: { a: [{ b: 0.1 }] } }],
    ['data.a', { data: { a: 10n } }],
    ['data.a', { data: { a: new Date(0) } }],
    ['data.a', { data: { a: '\udc00' } }],
    ['data', { data: { '\udc00': 1 } }],
    ['data.a.1', { data: { a: [1, undefined] } }],
    ['data', { data: null }],
    ['id', { id: '1' }],
    ['at', { at: 'yesterday' }],
    ['by', { by: 'Anna Ek' }],
    ['by', { by: 'organisation:x:issuer' }],
    ['stream', { stream: 'vault-holder-1' }],
  ])('is not made of a wrong event: %s', (path, wrong) => {
    expect.assertions(2);
    try {
      entryBytes({ ...event, ...wrong } as PlacedEvent);
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      expect((error as InputError).issues).toMatchObject([{ path }]);
    }
  });
});
