/** Entries of older versions are read as today's, newer ones are undecided; the bytes stay as they were given (S14). */
import { describe, expect, it } from '@jest/globals';
import { toBase64 } from '../encoding/base64.js';
import type { JsonObject } from '../encoding/json.js';
import { entryBytes } from '../event-store/entry.js';
import { EventTypes } from '../event-store/upcasting.js';
import { issuedDataOf, parseBundledEntry } from './bundled-entry.js';
import { JsonReader } from './json-reader.js';
import { Undecided } from './outcome.js';
import { VerificationError } from './verification-error.js';

const ORGANISATION = '11111111-2222-4333-8444-555555555555';
const ISSUED: JsonObject = {
  digest: '0'.repeat(64),
  organisation: ORGANISATION,
  key: 'z6Mk',
  definition: ORGANISATION,
  version: 1,
  mandate: 'owner',
  statusLists: { revocation: { list: ORGANISATION, index: 1 }, suspension: { list: ORGANISATION, index: 2 } },
  validFrom: '2026-03-01T12:00:00.000Z',
  reads: [],
};

function bundled(v: number, data: JsonObject): { bytes: Uint8Array; json: JsonObject } {
  const bytes = entryBytes({
    stream: `credential-${ORGANISATION}`,
    revision: 0,
    id: ORGANISATION,
    type: 'CredentialIssued',
    v,
    at: '2026-03-01T12:00:00.000Z',
    by: 'operator',
    data,
  });
  return { bytes, json: { index: 0, entry: toBase64(bytes), path: [] } };
}

/** As if the type had a second version, in which `reads` is new. */
const SECOND = new EventTypes({
  'credential-': { CredentialIssued: [(data) => ({ ...data, reads: [...list(data)] })] },
});

function list(data: JsonObject): [] {
  if (data['reads'] !== undefined) throw new TypeError('version 1 has no reads');
  return [];
}

describe('an entry in a bundle', () => {
  const read = new JsonReader('bundleMalformed');

  it('S14: of an older version is read in today’s shape, over the bytes as they were logged', () => {
    const { reads: _, ...first } = ISSUED;
    const { bytes, json } = bundled(1, first);
    const parsed = parseBundledEntry(read, json, 'issued', SECOND);
    expect(issuedDataOf(parsed.entry)).toMatchObject({ reads: [], mandate: 'owner' });
    expect(parsed.entry.v).toBe(2);
    expect(parsed.bytes).toEqual(bytes);
  });

  it('of a later version than this verifier’s is undecided, not refuted', () => {
    const { json } = bundled(2, ISSUED);
    expect(() => parseBundledEntry(read, json, 'issued')).toThrow(Undecided);
    expect(() => parseBundledEntry(read, json, 'issued')).toThrow('issued.v: expected at most 1, got 2');
    expect(issuedDataOf(parseBundledEntry(read, json, 'issued', SECOND).entry)).toMatchObject({ reads: [] });
  });

  it('of an older version whose data is not what that version has is malformed, whatever the upcaster throws', () => {
    const { json } = bundled(1, ISSUED);
    expect(() => parseBundledEntry(read, json, 'issued', SECOND)).toThrow(VerificationError);
  });
});
