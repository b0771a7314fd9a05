/** The log from a ledger's own folder and from a store: the same entries, and one place for what is wrong. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { LEDGER_STREAM } from '../anchoring/anchoring.events.js';
import { ledgerDecider } from '../anchoring/ledger.js';
import { issueCredential } from '../credentials/issue.js';
import { handle } from '../event-store/handle.js';
import { InUseError } from '../event-store/sqlite-file.js';
import { openSqliteEventStore } from '../event-store/sqlite.js';
import { EVENT_TYPES } from '../event-types.js';
import { SIGNED_HEADS_STREAM } from '../log/signed-heads.js';
import { issuanceOf, SmallLedger } from '../small-ledger.fixture.js';
import { auditLog } from './audit.js';
import { ORIGIN, VKEY } from './audited-ledger.fixture.js';
import type { LogAudit } from './log-audit.js';
import { LogSourceError } from './log-source.js';
import { openSqliteLogSource } from './sqlite-log-source.js';
import { storeLogSource } from './store-log-source.js';

let folder: string;
let fromStore: LogAudit;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-log-source-'));
  const store = openSqliteEventStore(join(folder, 'events.db'), EVENT_TYPES);
  const small = await SmallLedger.open(store, folder);
  await handle(store, ledgerDecider, {
    stream: LEDGER_STREAM,
    command: { type: 'FoundLedger', origin: ORIGIN, vkey: VKEY },
    context: undefined,
    meta: { at: '2026-03-01T12:00:00.000Z', by: 'operator' },
  });
  const organisation = await small.organisation();
  const definition = await small.definition(organisation);
  await issueCredential(small.ledger, issuanceOf(definition, organisation), small.oneOff());
  await small.settle();
  await small.sealer.seal();
  await small.settle();
  await small.signer.newest();
  fromStore = await auditLog(storeLogSource('store', store), { vkeys: [{ vkey: VKEY }] });
  expect(() => openSqliteLogSource(folder)).toThrow(InUseError);
  await small.stop();
  await store.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the log of a ledger', () => {
  it('is the same from its folder as from its store', async () => {
    const source = openSqliteLogSource(folder);
    expect(await auditLog(source, { vkeys: [{ vkey: VKEY }] })).toEqual(fromStore);
    await source.close();
    expect(fromStore.findings).toEqual([]);
    expect(fromStore).toMatchObject({ credentials: 1, batches: [{ isOfThisLog: true }] });
  });

  it('is refused where it has fewer entries than are asked for', async () => {
    const source = openSqliteLogSource(folder);
    await expect(source.bundle(0, 256)).rejects.toBeInstanceOf(LogSourceError);
    expect(await source.tile(0, 0, 1)).toBeUndefined();
    await source.close();
  });

  it('is refused where there is none', () => {
    expect(() => openSqliteLogSource(join(folder, 'nowhere'))).toThrow(/DATA_DIR/);
  });

  describe('that somebody has changed', () => {
    let copy: string;
    /** Puts other bytes in the place of the newest event of streams of a name. */
    function put(stream: string, bytes: string): void {
      const database = new Database(join(copy, 'events.db'));
      const sql = `UPDATE contents SET bytes = ? WHERE position IN
        (SELECT position FROM events WHERE stream LIKE ? ORDER BY position DESC LIMIT 1)`;
      expect(database.prepare(sql).run(Buffer.from(bytes), stream).changes).toBe(1);
      database.close();
    }
    async function codes(): Promise<readonly string[]> {
      const source = openSqliteLogSource(copy);
      try {
        const { findings } = await auditLog(source, { vkeys: [{ vkey: VKEY }] });
        return findings.map(({ rule, code }) => `${rule} ${code}`);
      } finally {
        await source.close();
      }
    }
    beforeEach(() => {
      copy = mkdtempSync(join(tmpdir(), 'meritkedja-log-source-'));
      cpSync(folder, copy, { recursive: true });
    });
    afterEach(() => rmSync(copy, { recursive: true, force: true }));

    it.each(['', 'no JSON', '5', 'null', '{}', '{"data":5}', '{"data":{"sequence":1}}'])(
      'S1: has no status list where "%s" is kept as one',
      async (bytes) => {
        put('vault-statuslist-%', bytes);
        expect(await codes()).toEqual(['S1 statusListNotServed']);
      },
    );

    it('S1: has another status list where one without canonical form is kept', async () => {
      put('vault-statuslist-%', '{"data":{"sequence":1,"document":{"name":"\\ud800"}}}');
      expect(await codes()).toEqual(['S1 statusListDiffers']);
    });

    it.each(['', 'no JSON', '5', 'null', '{}', '{"data":{"size":1}}'])(
      'S2: has no head where "%s" is kept as one',
      async (bytes) => {
        put(SIGNED_HEADS_STREAM, bytes);
        await expect(codes()).rejects.toBeInstanceOf(LogSourceError);
      },
    );
  });
});
