/** An audit that goes on from where the last one ended says the same as one of the whole log. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError } from '../errors.js';
import { auditLog } from './audit.js';
import { readAuditState, sharesOf } from './audit-state.js';
import { livedLedger, parsed, ServedLog, VKEY, withRoots, type LivedLedger } from './audited-ledger.fixture.js';
import type { LogAudit } from './log-audit.js';
import { shareOf } from './chunk.js';
import { formatUuid } from './id-table.js';

let lived: LivedLedger;
let folder: string;
let stateFile: string;

beforeAll(async () => {
  lived = await livedLedger();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-audit-state-'));
  stateFile = join(folder, 'state');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function audited(log: ServedLog): Promise<LogAudit> {
  return auditLog(log, { vkeys: [{ vkey: VKEY }], stateFile });
}

/** More than a bundle of entries, with something wrong in two places. */
function long(): ServedLog {
  const log = new ServedLog(lived.entries);
  const organisation = lived.organisation;
  for (let i = 0; i < 600; i += 1) {
    const stream = `assessment-${crypto.randomUUID()}`;
    log.add({ stream, type: 'AssessmentRecorded', data: { organisation }, revision: i === 100 || i === 500 ? 1 : 0 });
  }
  return log;
}

describe('an audit that goes on', () => {
  it('reads only what is new, and says the same as one of the whole', async () => {
    const log = long();
    const whole = await auditLog(log, { vkeys: [{ vkey: VKEY }] });
    expect(whole.counts.error).toBe(2);
    for (const cut of [1, 20, 36, 255, 256, 257, 512, log.entries.length]) {
      rmSync(stateFile, { force: true });
      const first = await audited(new ServedLog(log.entries.slice(0, cut)));
      expect(first).toMatchObject({ from: 0, entries: cut });
      const { from, entries, ...rest } = await audited(log);
      expect([from, entries]).toEqual([cut, log.entries.length - cut]);
      const { from: _, entries: __, ...all } = whole;
      expect(rest).toEqual(all);
    }
  });

  it('asks for no bundle that it has read', async () => {
    const log = long();
    await audited(log);
    const asked: number[] = [];
    const bundle = log.bundle.bind(log);
    log.bundle = (number, width) => {
      asked.push(number);
      return bundle(number, width);
    };
    await audited(log);
    expect(asked).toEqual([]);
    log.add({
      stream: `assessment-${crypto.randomUUID()}`,
      type: 'AssessmentRecorded',
      data: parsed(log.entries.at(-1)!).data,
    });
    await audited(log);
    expect(asked).toEqual([2]);
  });

  it('S15: finds a history that was written anew', async () => {
    const log = long();
    await audited(log);
    const index = log.indexOf('CredentialRevoked');
    log
      .editData(index, () => ({ reasonCode: 'replaced' }))
      .add({ ...parsed(log.entries.at(-1)!), stream: 'assessment-x' });
    const { findings } = await audited(withRoots(log));
    expect(findings).toContainEqual(
      expect.objectContaining({ severity: 'error', rule: 'S15', code: 'historyRewritten' }),
    );
  });

  it('S16: finds a log that has become shorter', async () => {
    await audited(new ServedLog(lived.entries));
    const { findings } = await audited(new ServedLog(lived.entries.slice(0, -1)));
    expect(findings).toContainEqual(expect.objectContaining({ severity: 'error', rule: 'S16', code: 'logShrank' }));
  });

  it('keeps nothing of a log whose head is not that of its entries', async () => {
    const log = new ServedLog(lived.entries);
    log.checkpointText = await log.checkpoint();
    log.editData(log.indexOf('CredentialRevoked'), () => ({ reasonCode: 'replaced' }));
    await audited(log);
    expect(await readAuditState(stateFile)).toBeUndefined();
  });
});

describe('the state of an audit', () => {
  it('is refused where a byte of it is another, or it is cut off', async () => {
    await audited(new ServedLog(lived.entries));
    const bytes = readFileSync(stateFile);
    for (const at of [3, 40, bytes.length - 1]) {
      const damaged = Uint8Array.from(bytes);
      damaged[at]! ^= 1;
      writeFileSync(stateFile, damaged);
      await expect(audited(new ServedLog(lived.entries))).rejects.toBeInstanceOf(ConfigError);
    }
    writeFileSync(stateFile, bytes.subarray(0, 30));
    await expect(audited(new ServedLog(lived.entries))).rejects.toBeInstanceOf(ConfigError);
  });

  it('is shared out among however many go on from it', async () => {
    await audited(long());
    const state = (await readAuditState(stateFile))!;
    const shares = sharesOf(state, 3);
    expect(shares.map(({ assessments }) => assessments['events']!.length).reduce((a, b) => a + b)).toBe(605);
    for (const [share, { credentials, lists, keys }] of shares.entries()) {
      const { ids, key, revocationList } = credentials;
      for (let row = 0; row < key!.length; row += 1) {
        expect(shareOf(formatUuid(ids!, 4 * row), 3)).toBe(share);
        expect([typeof keys[key![row]!], typeof lists[revocationList![row]!]]).toEqual(['string', 'string']);
      }
    }
    const again = sharesOf({ ...state, shares }, 1)[0]!;
    expect(again.credentials['status']).toHaveLength(5);
    expect(again.privateRules).toEqual(state.shares[0]!.privateRules);
  });
});
