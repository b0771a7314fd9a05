import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalize } from '../encoding/jcs.js';
import type { ParsedEntry } from '../event-store/entry.js';
import { CATALOGUE, interpret } from './catalogue.js';
import { readEntry } from './entry-text.js';
import { quickAssessment, quickIssuance } from './quick-entry.js';

const organisation = '6a8ae67c-bbef-42bb-bb7a-1c8a7c7d0295';
const list = '548fafe1-7004-4192-ad1f-0c0b50537def';
const ISSUED = {
  at: '2026-03-01T12:00:00.000Z',
  by: 'operator',
  data: {
    definition: list,
    digest: 'ab'.repeat(32),
    key: 'z6MkvM31GALVwcDGrd1PRCfRjTMags1go8N2L5PQjwanXG4Z',
    mandate: 'owner',
    organisation,
    reads: [
      { revision: 1, stream: `organisation-${organisation}` },
      { revision: 4, stream: `definition-${list}` },
    ],
    statusLists: { revocation: { index: 37_114, list }, suspension: { index: 0, list } },
    validFrom: '2026-03-01T12:00:00.000Z',
    validUntil: '2029-03-01T12:00:00.000Z',
    version: 1,
  },
  id: organisation,
  revision: 0,
  sealed: 'cd'.repeat(32),
  stream: `credential-${organisation}`,
  type: 'CredentialIssued',
  v: 1,
};
const ASSESSED = {
  ...ISSUED,
  data: { organisation },
  stream: `assessment-${organisation}`,
  type: 'AssessmentRecorded',
};

/** What the usual way makes of a text. */
function usual(text: string): unknown {
  const bytes = Buffer.from(text, 'latin1');
  const entry = readEntry(bytes, 0, bytes.length);
  if (typeof entry === 'string') return undefined;
  const event = interpret(entry, CATALOGUE);
  if (event === 'unknown' || !('data' in event)) return undefined;
  const { id: _, sealed: __, ...rest } = event satisfies ParsedEntry;
  return rest;
}

describe('an entry that a pattern reads', () => {
  it('is what the usual way reads', () => {
    const { validUntil: _, ...unending } = ISSUED.data;
    for (const issued of [ISSUED, { ...ISSUED, data: unending }]) {
      const text = canonicalize(issued);
      expect(quickIssuance(text)).toEqual(usual(text));
      expect(quickIssuance(text)).toBeDefined();
    }
    const text = canonicalize(ASSESSED);
    expect(quickAssessment(text)).toEqual(usual(text));
    expect(quickAssessment(text)).toBeDefined();
  });

  it('S14: whatever is changed in it, is either what the usual way reads, or left to that', () => {
    const texts = [canonicalize(ISSUED), canonicalize(ASSESSED)];
    const changed = fc
      .record({ n: fc.nat(1), at: fc.nat(1_200), cut: fc.nat(2), put: fc.string({ maxLength: 3 }) })
      .map(({ n, at, cut, put }) => texts[n]!.slice(0, at) + put + texts[n]!.slice(at + cut));
    fc.assert(
      fc.property(changed, (text) => {
        for (const quick of [quickIssuance(text), quickAssessment(text)]) {
          if (quick) expect(quick).toEqual(usual(text));
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('S14: is none with a month, a day or an index that there is not, or a number beyond what is exact', () => {
    const wrong = [
      { validFrom: '2026-13-01T12:00:00.000Z' },
      { validUntil: '2026-02-30T12:00:00.000Z' },
      { validUntil: '2026-02-27T24:00:00.000Z' },
      { statusLists: { ...ISSUED.data.statusLists, revocation: { index: 131_072, list } } },
      { version: 0 },
      { version: 2 ** 53 },
    ];
    for (const change of wrong) {
      expect(quickIssuance(canonicalize({ ...ISSUED, data: { ...ISSUED.data, ...change } }))).toBeUndefined();
    }
    expect(
      quickIssuance(canonicalize({ ...ISSUED, data: { ...ISSUED.data, validUntil: '2028-02-29T23:59:59.999Z' } })),
    ).toBeDefined();
  });
});
