/** Threads find what one thread finds, and what ends one of them ends the audit. The threads run the built program. */
import { fileURLToPath } from 'node:url';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { livedLedger, parsed, ServedLog, VKEY, type LivedLedger } from './audited-ledger.fixture.js';
import type * as Audit from './audit.js';
import type * as AuditState from './audit-state.js';

let lived: LivedLedger;
let auditLog: typeof Audit.auditLog;
let readAuditState: typeof AuditState.readAuditState;
const vkeys = [{ vkey: VKEY }];

beforeAll(async () => {
  lived = await livedLedger();
  const built = (file: string): string => fileURLToPath(new URL(`../../dist/audit/${file}`, import.meta.url));
  ({ auditLog } = (await import(built('audit.js'))) as typeof Audit);
  ({ readAuditState } = (await import(built('audit-state.js'))) as typeof AuditState);
});

/** Some thousand entries, with something wrong that only one thread sees, and something that takes all of them to see. */
function wrong(): ServedLog {
  const log = new ServedLog(lived.entries);
  const last = parsed(log.entries[log.indexOf('CredentialIssued', 4)]!).data;
  const at = new Map<string, number>();
  const usual = { v: 1, at: '2026-03-01T12:00:00.000Z', by: 'operator' };
  const entries = Array.from({ length: 5_000 }, (_, i) => {
    const stream = `assessment-${crypto.randomUUID()}`;
    at.set(stream, i);
    const revision = i % 1_000 === 999 ? 3 : 0;
    const data = { organisation: lived.organisation };
    return { ...usual, id: crypto.randomUUID(), stream, type: 'AssessmentRecorded', revision, data };
  });
  const again = { ...usual, id: crypto.randomUUID(), type: 'CredentialIssued', revision: 0, data: last };
  const twice = Array.from({ length: 4 }, () => ({ ...again, stream: `credential-${crypto.randomUUID()}` }));
  const first = log.entries.length;
  for (const [i, entry] of [...entries, ...twice].entries()) {
    log.put(first + i, Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(entry).sort()))));
  }
  return log;
}

describe('an audit over threads', () => {
  it('finds what one thread finds', async () => {
    const log = wrong();
    const alone = await auditLog(log, { vkeys, workers: 0 });
    expect(alone.counts.error).toBeGreaterThan(5);
    for (const workers of [1, 2, 3]) expect(await auditLog(log, { vkeys, workers })).toEqual(alone);
  }, 120_000);

  it('goes on from a state that another number of threads has left', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meritkedja-crew-'));
    try {
      const log = wrong();
      const stateFile = join(folder, 'state');
      const alone = await auditLog(log, { vkeys, workers: 0 });
      const half = new ServedLog(log.entries.slice(0, 2_777));
      for (const workers of [3, 2, 0]) {
        await auditLog(half, { vkeys, workers, stateFile });
        const { from, entries, ...rest } = await auditLog(log, { vkeys, workers: 2, stateFile });
        expect(from).toBe(2_777);
        expect({ ...rest, from: 0, entries: from + entries }).toEqual(alone);
        expect((await readAuditState(stateFile))!.shares).toHaveLength(2);
        rmSync(stateFile);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);

  it('ends where it is told to', async () => {
    const stop = new AbortController();
    const log = wrong();
    const bundle = log.bundle.bind(log);
    log.bundle = (number, width) => {
      if (number === 18) stop.abort();
      return bundle(number, width);
    };
    await expect(auditLog(log, { vkeys, workers: 2, signal: stop.signal })).rejects.toThrow(/abort/i);
  });
});
