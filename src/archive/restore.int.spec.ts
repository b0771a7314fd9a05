/**
 * `meritkedja backup` and `restore` as a person runs them, on a real ledger with its real chain: what is known elsewhere
 * decides whether a restored ledger may go on (S16).
 */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { batchView } from '../anchoring/batches.read.js';
import { run } from '../cli/run.js';
import { readConfig } from '../config.js';
import { ConfigError, ReadOnlyError } from '../errors.js';
import { NO_STREAM } from '../event-store/event-store.js';
import { openSqliteEventStore } from '../event-store/sqlite.js';
import { Ledger } from '../ledger.js';
import { verifyEd25519 } from '../log/ed25519.js';
import { openNote } from '../log/note.js';
import { recordRestoration } from './restoration.js';

const PUBLIC_URL = 'http://ledger.example';

let root: string;
let first: string;
let second: string;
let file: string;
const opened: Ledger[] = [];
const failures: unknown[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meritkedja-restore-'));
  [first, second, file] = [join(root, 'first'), join(root, 'second'), join(root, 'backup')];
});
afterEach(async () => {
  for (const ledger of opened.splice(0)) await ledger.close();
  rmSync(root, { recursive: true, force: true });
  expect(failures.splice(0)).toEqual([]);
});

const settings = (dataDir: string): ReturnType<typeof readConfig> =>
  readConfig({ DATA_DIR: dataDir, PUBLIC_URL, LOG_LEVEL: 'silent', EVM_PORT: '0' });

async function open(folder: string): Promise<Ledger> {
  const ledger = await Ledger.open(settings(folder), (error) => failures.push(error));
  opened.push(ledger);
  return ledger;
}

async function close(): Promise<void> {
  await opened.pop()!.close();
}

async function refusal(folder: string): Promise<string> {
  const refused: unknown = await open(folder).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConfigError);
  return (refused as ConfigError).message;
}

async function meritkedja(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const status = await run(argv, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    stdin: async () => new Uint8Array(),
    fetch: globalThis.fetch,
    now: () => new Date(),
    config: settings,
    configDir: join(root, 'config'),
    dataDir: undefined,
    language: 'en',
  });
  return { status, out, err };
}

async function happens(ledger: Ledger): Promise<void> {
  const id = randomUUID();
  const at = new Date().toISOString();
  const event = { id, type: 'AssessmentRecorded', v: 1, at, by: 'process:test', data: { organisation: id } };
  const { events } = await ledger.store.append({
    stream: `assessment-${id}`,
    expectedRevision: NO_STREAM,
    events: [event],
  });
  await ledger.caughtUp(events[0]!);
}

/** Something happens, and its anchor is final. */
async function anchored(ledger: Ledger): Promise<void> {
  await happens(ledger);
  const { batch } = await ledger.anchoring.sealNow();
  while (batchView(ledger.readModels.db, batch!.number)?.anchors[0]?.state !== 'finalised') {
    await new Promise((go) => setTimeout(go, 20));
  }
}

/** What lies outside the backups: keys, and the operator's own chain where it is not lost. */
function bring(what: 'keys' | 'chain'): void {
  mkdirSync(second, { recursive: true });
  if (what === 'chain') return cpSync(join(first, 'chain'), join(second, 'chain'), { recursive: true });
  cpSync(join(first, 'keys'), join(second, 'keys'), { recursive: true });
  cpSync(join(first, 'master-key'), join(second, 'master-key'));
}

async function foundedAndBackedUp(after: (ledger: Ledger) => Promise<void> = async () => undefined): Promise<void> {
  await anchored(await open(first));
  await close();
  expect((await meritkedja('backup', file, '--data-dir', first)).status).toBe(0);
  const ledger = await open(first);
  await after(ledger);
  await close();
}

const lastHead = (folder: string): { origin: string; size: number; root: string } =>
  JSON.parse(readFileSync(join(folder, 'keys/last-signed-head.json'), 'utf8'));

describe('meritkedja backup', () => {
  it('writes a file for its owner alone, says what it is, and replaces none unasked', async () => {
    await happens(await open(first));
    expect(await meritkedja('backup', file, '--data-dir', first)).toMatchObject({
      status: 78,
      err: expect.stringMatching(/in use by another process.*leave out --data-dir/),
    });
    for (const arguments_ of [['--accept-loss'], [join(root, 'any')]]) {
      const refused = await meritkedja('restore', ...arguments_, '--data-dir', first);
      expect(refused).toMatchObject({ status: 78, err: expect.stringContaining('stop the service first') });
    }
    await close();
    const done = await meritkedja('backup', file, '--data-dir', first);
    expect(done).toMatchObject({ status: 0, err: '' });
    expect(done.out).toMatch(/size {5}\d+ bytes\n.*entries {2}\d+ in the log.*\n.*root {5}\S{44}\n/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.part`)).toBe(false);
    expect(await meritkedja('backup', file, '--data-dir', first)).toMatchObject({ status: 64 });
    expect(await meritkedja('backup', file, '--data-dir', first, '--force', '--json')).toMatchObject({ status: 0 });
    expect((await meritkedja('backup', join(root, 'other'), '--data-dir', second)).status).toBe(78);
    expect((await meritkedja('backup', join(root, 'no/where'), '--data-dir', first)).err).toContain(
      'cannot be written',
    );
  });

  it('S16, S23: holds nothing of KEYS_DIR and no master key', async () => {
    await happens(await open(first));
    await close();
    await meritkedja('backup', file, '--data-dir', first);
    const { gunzipSync } = await import('node:zlib');
    const content = gunzipSync(readFileSync(file)).toString('latin1');
    expect(content).not.toContain(readFileSync(join(first, 'master-key'), 'utf8').trim());
    for (const name of readdirSync(join(first, 'keys'))) {
      if (name === 'last-signed-head.json') continue;
      for (const secret of readFileSync(join(first, 'keys', name), 'utf8').match(/[\w-]{40,}/g) ?? []) {
        expect(content).not.toContain(secret);
      }
    }
  });
});

describe('a restored ledger', () => {
  it('S16: goes on with the same root where nothing newer is known, with or without its own chain', async () => {
    // The last word before the backup is what was signed last.
    await anchored(await open(first));
    const { logSize } = await opened[0]!.store.head();
    await opened[0]!.signer.covering(logSize);
    await close();
    await meritkedja('backup', file, '--data-dir', first);
    bring('keys');
    const done = await meritkedja('restore', file, '--data-dir', second);
    expect(done).toMatchObject({ status: 0 });
    expect(done.out).toContain('Not compared: embedded');
    expect(done.out).toContain('everything that is known');
    expect(done.out).not.toContain('missing');
    const ledger = await open(second);
    expect(ledger.losses).toBeUndefined();
    expect(ledger.origin).toBe('ledger.example/log');
    await anchored(ledger);
  }, 60_000);

  it('S16: is read-only where the last signed head is newer, until the loss is accepted by name; then goes on as another', async () => {
    await foundedAndBackedUp(anchored);
    const before = lastHead(first);
    bring('keys');
    bring('chain');
    const restored = await meritkedja('restore', file, '--data-dir', second, '--json');
    expect(restored.status).toBe(1);
    const { logSize, losses, ...told } = JSON.parse(restored.out);
    expect(told).toMatchObject({ readOnly: true, lastHead: 'compared', masterKey: 'present' });
    expect(losses.map(({ kind }: { kind: string }) => kind)).toEqual(['older', 'anchored']);

    const readOnly = await open(second);
    expect(readOnly.losses).toHaveLength(2);
    expect(readOnly.isWorker).toBe(false);
    expect((await readOnly.signer.newest()).checkpoint).toContain('ledger.example/log\n');
    const nothing = { stream: 'thing-1', expectedRevision: NO_STREAM, events: [] };
    await expect(readOnly.store.append(nothing)).rejects.toThrow(ReadOnlyError);
    await expect(readOnly.anchoring.sealNow()).rejects.toThrow(ReadOnlyError);
    const { vkey } = readOnly;
    await close();
    expect(lastHead(second)).toEqual(before);
    expect((await meritkedja('backup', join(root, 'no'), '--data-dir', second)).err).toContain('accept the loss');

    const lost = String(before.size - logSize);
    const asked = await meritkedja('restore', '--accept-loss', '--data-dir', second);
    expect(asked).toMatchObject({ status: 64 });
    expect(asked.err).toContain(`Entries lost: ${lost}`);
    expect((await meritkedja('restore', '--accept-loss', '--data-dir', second, '--lost', '1')).status).toBe(64);
    const accepted = await meritkedja('restore', '--accept-loss', '--data-dir', second, '--lost', lost, '--json');
    expect(accepted.status).toBe(0);
    const next = JSON.parse(accepted.out);
    expect(next.origin).toBe('ledger.example/log/2');

    const ledger = await open(second);
    expect(ledger.losses).toBeUndefined();
    expect(ledger).toMatchObject({ origin: next.origin, vkey: next.vkey });
    expect(ledger.vkey).not.toBe(vkey);
    const [loss] = await ledger.store.readLog({ from: logSize, limit: 1 });
    expect(loss).toMatchObject({
      type: 'LossAccepted',
      data: {
        previous: { origin: 'ledger.example/log', vkey, size: before.size, root: before.root },
        entriesLost: before.size - logSize,
        ...next,
      },
    });
    await anchored(ledger);
    const { checkpoint } = await ledger.signer.newest();
    expect(openNote(checkpoint, next.vkey, verifyEd25519)).toContain(`${next.origin}\n`);
    expect(await ledger.trustFile()).toMatchObject(next);
    await close();
    // The old key's last word is kept beside, the new one's is its own.
    const kept = readdirSync(join(second, 'keys')).filter((name) => /^last-signed-head-[0-9a-f]{8}\.json$/.test(name));
    expect(kept.map((name) => JSON.parse(readFileSync(join(second, 'keys', name), 'utf8')))).toEqual([before]);
    expect(lastHead(second)).toMatchObject({ origin: next.origin });
    expect(JSON.parse(readFileSync(join(second, 'trust.json'), 'utf8'))).toMatchObject(next);
    // Once more: as another ledger's restart, and with nothing left to accept.
    await open(second);
    await close();
    expect((await meritkedja('restore', '--accept-loss', '--data-dir', second, '--lost', lost)).err).toContain(
      'nothing',
    );
  }, 120_000);

  it('S16: is read-only where only the chain knows more', async () => {
    await foundedAndBackedUp(anchored);
    bring('keys');
    bring('chain');
    const ledger = await open(first);
    const size = (await ledger.store.head()).logSize;
    await close();
    // A last head as old as the backup: nothing on this machine but the chain remembers.
    const store = openSqliteEventStore(join(root, 'aside.db'));
    await store.close();
    rmSync(join(second, 'keys/last-signed-head.json'));
    const done = await meritkedja('restore', file, '--data-dir', second, '--json');
    const { losses, ...told } = JSON.parse(done.out);
    expect([done.status, told]).toEqual([1, expect.objectContaining({ readOnly: true, lastHead: 'missing' })]);
    expect(losses).toMatchObject([{ kind: 'anchored', chainId: 31_337 }]);
    expect((await open(second)).losses).toHaveLength(1);
    await close();
    const asked = await meritkedja('restore', '--accept-loss', '--data-dir', second);
    expect(asked.err).toContain('Entries lost: unknown');
    expect((await meritkedja('restore', '--accept-loss', '--data-dir', second, '--lost', 'unknown')).status).toBe(0);
    await anchored(await open(second));
    expect(size).toBeGreaterThan(0);
  }, 120_000);

  it('S16: is read-only where a checkpoint that was kept elsewhere is newer; another log’s checkpoint is refused', async () => {
    let checkpoint = '';
    await foundedAndBackedUp(async (ledger) => {
      await happens(ledger);
      checkpoint = (await ledger.signer.newest()).checkpoint;
    });
    const kept = join(root, 'checkpoint');
    writeFileSync(kept, checkpoint);
    writeFileSync(join(root, 'bad'), checkpoint.replace('ledger.example/log\n', 'other.example/log\n'));
    const bad = await meritkedja('restore', file, '--data-dir', second, '--checkpoint', join(root, 'bad'));
    expect(bad.status).toBe(65);
    expect(existsSync(second)).toBe(false);
    const done = await meritkedja('restore', file, '--data-dir', second, '--checkpoint', kept, '--json');
    expect(JSON.parse(done.out).losses).toMatchObject([{ kind: 'older', where: kept }]);
  }, 60_000);

  it('S16: ends with 1 and says so where the last signed head is missing, and the master key', async () => {
    await happens(await open(first));
    await close();
    await meritkedja('backup', file, '--data-dir', first);
    const done = await meritkedja('restore', file, '--data-dir', second, '--json');
    const told = { readOnly: false, lastHead: 'missing', masterKey: 'missing', losses: [] };
    expect([done.status, JSON.parse(done.out)]).toEqual([1, expect.objectContaining(told)]);
    const { status, out } = await meritkedja('restore', file, '--data-dir', join(root, 'third'));
    expect(status).toBe(1);
    expect(out).toMatch(/last-signed-head\.json is missing, so nobody can tell/);
    expect(out).toMatch(/master key is missing: .*set MASTER_KEY, or put the file .*third\/master-key back/);
    expect((await meritkedja('restore', '--help')).out).toMatch(/1 restored, but the ledger is read-only/);
  }, 60_000);

  it('S13: is its owner’s alone, in a folder that others may read too', async () => {
    await happens(await open(first));
    await close();
    await meritkedja('backup', file, '--data-dir', first);
    mkdirSync(second);
    chmodSync(second, 0o755);
    const before = process.umask(0o022);
    try {
      await meritkedja('restore', file, '--data-dir', second);
    } finally {
      process.umask(before);
    }
    expect(statSync(join(second, 'events.db')).mode & 0o777).toBe(0o600);
  }, 60_000);

  it('is not begun with a file that is no backup: nothing is made', async () => {
    writeFileSync(file, 'no backup');
    mkdirSync(join(root, 'folder'));
    for (const given of [file, join(root, 'folder'), join(root, 'nowhere')]) {
      const refused = await meritkedja('restore', given, '--data-dir', second);
      expect([refused.status, existsSync(second)]).toEqual([65, false]);
    }
  });

  it('S16: never serves while its restore was cut off; the start names the command', async () => {
    await foundedAndBackedUp();
    bring('keys');
    const store = openSqliteEventStore(join(second, 'events.db'));
    const begun = { sha256: 'ab', origin: 'ledger.example/log', logSize: 1, root: '' };
    await recordRestoration(store, NO_STREAM, { type: 'RestoreBegun', data: begun }, new Date());
    await store.close();
    expect(await refusal(second)).toContain('meritkedja restore FILE --data-dir DIR');
    expect((await meritkedja('restore', '--accept-loss', '--data-dir', second)).err).toContain('cut off');
    expect((await meritkedja('restore', file, '--data-dir', second)).err).toContain('another archive');
  }, 60_000);
});
