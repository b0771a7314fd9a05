import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalBytes, canonicalize } from '../encoding/jcs.js';
import { EncodingError } from '../errors.js';
import { parseEntry } from '../event-store/entry.js';
import { findStream, readEntry, timeOf } from './entry-text.js';

const ENTRY = {
  v: 1,
  stream: 'organisation-6a8ae67c-bbef-42bb-bb7a-1c8a7c7d0295',
  revision: 3,
  id: '5d7d5fbb-c3a9-421f-a1a0-76df16810c94',
  type: 'OrganisationDetailsChanged',
  at: '2026-03-01T12:00:00.000Z',
  by: 'operator',
  data: { name: 'Påhittad "Utbildning"\n', roles: ['issuer'], deep: { a: [1, { b: null }], z: true } },
};

function read(bytes: Uint8Array): unknown {
  return readEntry(Buffer.from(bytes), 0, bytes.length);
}

/** As `parseEntry` sees it. */
function isEntry(bytes: Uint8Array): boolean {
  try {
    parseEntry(bytes);
    return true;
  } catch (error) {
    if (error instanceof EncodingError) return false;
    throw error;
  }
}

describe('reading an entry', () => {
  it('S14: takes what is canonical, and says what is wrong with anything else', () => {
    expect(read(canonicalBytes(ENTRY))).toEqual(ENTRY);
    expect(read(canonicalBytes({ ...ENTRY, sealed: 'ab'.repeat(32) }))).toMatchObject({ sealed: 'ab'.repeat(32) });
    expect(read(canonicalBytes({ ...ENTRY, data: { 9: 1, 10: 2 } }))).toMatchObject({ data: { 9: 1, 10: 2 } });
    expect(read(canonicalBytes({ ...ENTRY, at: '2026-02-29T12:00:00.000Z' }))).toMatch(/moment/);
    expect(read(Buffer.from(JSON.stringify(ENTRY)))).toMatch(/canonical/);
    expect(read(canonicalBytes({ ...ENTRY, data: { n: 1.5 } }))).toMatch(/integer/);
    expect(read(canonicalBytes({ ...ENTRY, stream: 'vault-x' }))).toMatch(/vault/);
    expect(read(Buffer.from(`\ufeff${canonicalize(ENTRY)}`))).toMatch(/JSON|canonical/);
  });

  it('S14: agrees with parseEntry on whatever is changed', () => {
    const text = canonicalBytes(ENTRY);
    const changed = fc
      .record({ at: fc.nat(text.length), cut: fc.nat(2), put: fc.uint8Array({ maxLength: 3 }) })
      .map(({ at, cut, put }) => Buffer.concat([text.subarray(0, at), put, text.subarray(at + cut)]));
    fc.assert(
      fc.property(changed, (bytes) => {
        // A time that there is not has the form of one.
        if (!Number.isNaN(timeOf(bytes, 0, bytes.length))) expect(typeof read(bytes) !== 'string').toBe(isEntry(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it('finds the stream of every canonical entry from its end', () => {
    const names = fc.string({ minLength: 1, maxLength: 40 }).filter((name) => !/["\\\p{Cc}]/u.test(name));
    fc.assert(
      fc.property(names, names, fc.string(), (stream, type, text) => {
        const bytes = Buffer.from(
          canonicalBytes({ ...ENTRY, stream, type, data: { text, stream: 'x', type: ',"stream":"y' } }),
        );
        const place = { start: 0, end: 0 };
        expect(findStream(bytes, 0, bytes.length, place)).toBe(true);
        expect(bytes.toString('utf8', place.start, place.end)).toBe(stream);
      }),
    );
    const odd = Buffer.from(canonicalBytes({ ...ENTRY, type: 'a"b' }));
    expect(findStream(odd, 0, odd.length, { start: 0, end: 0 })).toBe(false);
  });

  it('tells times as Date does', () => {
    const moments = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(moments, (date) => {
        const bytes = canonicalBytes({ ...ENTRY, at: date.toISOString() });
        expect(timeOf(bytes, 0, bytes.length)).toBe(date.getTime());
      }),
    );
  });
});
