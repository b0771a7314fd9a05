import { describe, expect, it } from '@jest/globals';
import type { CheckCode } from './codes.js';
import { EN } from './explain.en.js';
import { EMBEDDED_WARNING } from './check-anchor.js';
import { explain, explainVerdict, translated } from './explain.js';
import { SV } from './explain.sv.js';
import type { CheckName } from './report.js';

const codes = Object.keys(EN.codes) as CheckCode[];

describe('an explanation', () => {
  it('says in both languages what was checked, what it means and what to do', () => {
    const check = { name: 'status', outcome: 'fail', code: 'revoked' } as const;
    const what = 'Mikromeriten ska varken vara återkallad eller tillfälligt stoppad.';
    const meaning = 'Beviset har återkallats av utfärdaren. Liggarens sida för det säger varför.';
    expect(explain(check, 'sv')).toEqual({
      title: 'Status: inte i ordning',
      text: `${what} ${meaning}`,
      what,
      meaning,
      failure: expect.stringMatching(/^Utfärdaren har tagit tillbaka/),
    });
    expect(explain(check, 'en').title).toBe('Status: not in order');
  });

  it('is there for a check that passed, and for a code from elsewhere', () => {
    expect(explain({ name: 'anchor', outcome: 'pass' }, 'en').text).toMatch(/^The log’s head should be anchored/);
    expect(explain({ name: 'anchor', outcome: 'fail', code: 'toString' }, 'en').text).toMatch(/final\.$/);
  });

  it.each(codes)('has two languages for %s, each in full sentences', (code) => {
    for (const text of [SV.codes[code], EN.codes[code]]) expect(text).toMatch(/^[A-ZÅÄÖ].{10,}\.$/);
    expect(SV.codes[code]).not.toBe(EN.codes[code]);
  });

  it('says of each check in full sentences what a failure would mean', () => {
    for (const name of Object.keys(EN.checks) as CheckName[]) {
      const [sv, en] = (['sv', 'en'] as const).map((lang) => explain({ name, outcome: 'pass' }, lang));
      for (const one of [sv!, en!]) {
        expect([one.what, one.failure]).toEqual([
          expect.stringMatching(/^[A-ZÅÄÖ].{20,}\.$/),
          expect.stringMatching(/^[A-ZÅÄÖ].{20,}\.$/),
        ]);
        expect(one.meaning).toBe('');
      }
      expect(sv!.failure).not.toBe(en!.failure);
    }
  });

  it('translates what was trusted and warned of, and leaves the values', () => {
    const trusted = 'block hash 0xab: as the chain’s node answered';
    expect(translated(trusted, 'sv')).toBe('blockets hash 0xab: enligt svar från kedjans nod');
    expect(translated(trusted, 'en')).toBe(trusted);
    expect(translated(EMBEDDED_WARNING, 'sv')).toMatch(/^Kedjan är/);
  });

  it('is there for every verdict', () => {
    for (const verdict of ['valid', 'notInForce', 'pending', 'undetermined', 'invalid'] as const) {
      expect(explainVerdict(verdict, 'sv').title).not.toBe(explainVerdict(verdict, 'en').title);
    }
  });
});
