/** Each rule of the audit, broken once: named with the index of the event that breaks it. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { auditLog } from './audit.js';
import { livedLedger, ServedLog, VKEY, type LivedLedger } from './audited-ledger.fixture.js';
import type { LogAudit } from './log-audit.js';

let lived: LivedLedger;

beforeAll(async () => {
  lived = await livedLedger();
});

function served(): ServedLog {
  return new ServedLog(lived.entries);
}

function audited(log: ServedLog): Promise<LogAudit> {
  return auditLog(log, { vkeys: [{ vkey: VKEY }] });
}

describe('an untouched log', () => {
  it('has nothing to report', async () => {
    const audit = await audited(served());
    expect(audit.findings).toEqual([]);
    expect(audit).toMatchObject({ size: lived.entries.length, entries: lived.entries.length, credentials: 5, from: 0 });
    expect(audit.batches.map(({ state, isOfThisLog }) => [state.number, isOfThisLog])).toEqual([
      [1, true],
      [2, true],
    ]);
    expect(audit.notChecked.privateRules).toEqual({
      outcomesMet: 5,
      holderNamed: 5,
      versionPublished: 5,
      outcomesInRange: 5,
    });
  });
});
