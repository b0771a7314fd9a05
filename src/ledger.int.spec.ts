/** Opening the whole ledger over its data folder: keys, the trust file (S4), and what is refused in plain words. */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { batchView, type BatchView } from './anchoring/batches.read.js';
import { readConfig } from './config.js';
import { changeMasterKey, openRootSecret, rootSecretPath } from './crypto/root-secret.js';
import { fromBase64, toBase64url } from './encoding/base64.js';
import { toHex0x } from './encoding/hex.js';
import { ConfigError } from './errors.js';
import { NO_STREAM, type Head } from './event-store/event-store.js';
import { openSqliteEventStore } from './event-store/sqlite.js';
import { Ledger } from './ledger.js';
import { parseTrust } from './verification/trust.js';

let folder: string;
const opened: Ledger[] = [];
const failures: unknown[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-ledger-'));
});
afterEach(async () => {
  for (const ledger of opened.splice(0)) await ledger.close();
  rmSync(folder, { recursive: true, force: true });
  expect(failures.splice(0)).toEqual([]);
});

async function open(env: Record<string, string> = {}): Promise<Ledger> {
  const config = readConfig({ DATA_DIR: folder, LOG_LEVEL: 'silent', PUBLIC_URL: 'http://ledger.example', ...env });
  const ledger = await Ledger.open(config, (error) => failures.push(error));
  opened.push(ledger);
  return ledger;
}

async function closed(): Promise<void> {
  await opened.pop()!.close();
}

async function refusal(env: Record<string, string> = {}): Promise<string> {
  const refused: unknown = await open(env).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConfigError);
  return (refused as ConfigError).message;
}

/** Something happens, and its anchor is final. */
async function anchoredSomething(ledger: Ledger): Promise<BatchView> {
  const id = randomUUID();
  const at = new Date().toISOString();
  const { events } = await ledger.store.append({
    stream: `assessment-${id}`,
    expectedRevision: NO_STREAM,
    events: [{ id, type: 'AssessmentRecorded', v: 1, at, by: 'process:test', data: { organisation: id } }],
  });
  await ledger.caughtUp(events[0]!);
  const { batch } = await ledger.anchoring.sealNow();
  const current = (): BatchView => batchView(ledger.readModels.db, batch!.number)!;
  await until(() => current().anchors[0]?.state === 'finalised');
  return current();
}

const trustPath = (): string => join(folder, 'trust.json');
const trust = (): ReturnType<typeof parseTrust> => parseTrust(JSON.parse(readFileSync(trustPath(), 'utf8')));

async function headOfStore(): Promise<Head> {
  const store = openSqliteEventStore(join(folder, 'events.db'));
  const head = await store.head();
  await store.close();
  return head;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((go) => setTimeout(go, 20));
}

describe('DATA_DIR/trust.json', () => {
  it('S4: is the trust file as it is served, written whenever that changes, and for everybody to read', async () => {
    const ledger = await open();
    expect(trust()).toMatchObject({ origin: 'ledger.example/log', vkey: ledger.vkey });
    await until(() => (trust().chains[0]?.rpcUrls?.length ?? 0) > 0);
    expect(trust()).toEqual(await ledger.trustFile());
    expect(trust().chains).toMatchObject([{ chainId: 31_337, embedded: true }]);
    expect(statSync(trustPath()).mode & 0o777).toBe(0o644);
  });

  it('S4, S10: is made again at the next start, and says before its node runs that the chain is the operator’s own', async () => {
    const first = await open();
    await until(() => first.chain !== undefined);
    await closed();
    rmSync(trustPath());
    await open();
    expect(trust().chains).toMatchObject([{ embedded: true }]);
  });
});

describe('a data folder', () => {
  it('opens again with the keys that it was made with', async () => {
    const { vkey, adminToken } = await open();
    await closed();
    const again = await open();
    expect([again.vkey, again.adminToken]).toEqual([vkey, adminToken]);
  });

  it('is closed to others, however it was made', async () => {
    chmodSync(folder, 0o755);
    await open();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('serves one process at a time, and the second makes no keys in it', async () => {
    await open();
    const key = readFileSync(join(folder, 'master-key'), 'utf8');
    expect(await refusal()).toMatch(/^DATA_DIR: .*in use by another process/);
    expect(readFileSync(join(folder, 'master-key'), 'utf8')).toBe(key);
  });

  it('is refused without its master key, with another, and with a damaged one; and opens when it is back', async () => {
    await open();
    await closed();
    const path = join(folder, 'master-key');
    const key = readFileSync(path, 'utf8');
    rmSync(path);
    expect(await refusal()).toMatch(/^MASTER_KEY: .*missing/);
    expect(await refusal({ MASTER_KEY: 'A'.repeat(43) })).toMatch(/^MASTER_KEY: /);
    writeFileSync(path, 'rubbish!');
    expect(await refusal()).toMatch(/^MASTER_KEY: .*damaged/);
    writeFileSync(path, key);
    await open();
  });

  it('holds no event that this program could not read again, and opens with none that it does not know', async () => {
    const ledger = await open();
    const at = new Date().toISOString();
    const event = { id: randomUUID(), type: 'AssessmentRecorded', at, by: 'process:test', data: {} };
    const newer = { stream: 'assessment-1', expectedRevision: NO_STREAM, events: [{ ...event, v: 2 }] };
    await expect(ledger.store.append(newer)).rejects.toThrow('AssessmentRecorded of version 2');
    await closed();
    const store = openSqliteEventStore(join(folder, 'events.db'));
    await store.append(newer);
    await store.close();
    await expect(open()).rejects.toThrow('written by a newer program');
  });

  it('from before the root secret opens as before, and has one from then on', async () => {
    const masterKey = toBase64url(new Uint8Array(32).fill(3));
    const places = { dataDir: folder, keysDir: join(folder, 'keys'), masterKey };
    // As it was: everything wrapped under what follows from the master key itself.
    await openRootSecret(places, false, () => true);
    const { vkey } = await open({ MASTER_KEY: masterKey });
    await closed();
    const file = rootSecretPath(places.keysDir);
    rmSync(file);
    expect(await refusal({ MASTER_KEY: toBase64url(new Uint8Array(32).fill(4)) })).toMatch(
      /root-secret\.json is missing/,
    );
    expect(readdirSync(places.keysDir)).not.toContain('root-secret.json');
    expect((await open({ MASTER_KEY: masterKey })).vkey).toBe(vkey);
    await closed();
    const changed = toBase64url(new Uint8Array(32).fill(5));
    await changeMasterKey(places, { fromEnvironment: changed });
    expect((await open({ MASTER_KEY: changed })).vkey).toBe(vkey);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is refused without its root secret, and with a damaged one', async () => {
    await open();
    await closed();
    const file = rootSecretPath(join(folder, 'keys'));
    const kept = readFileSync(file, 'utf8');
    rmSync(file);
    expect(await refusal()).toMatch(/root-secret\.json is missing/);
    writeFileSync(file, '{}');
    expect(await refusal()).toMatch(/root-secret\.json is damaged/);
    writeFileSync(file, kept);
    await open();
  });

  it('S23: is refused without its epoch keys', async () => {
    await open();
    await closed();
    rmSync(join(folder, 'keys', 'epochs.json'));
    expect(await refusal()).toMatch(/epochs\.json is missing/);
  });

  it('S16: is refused where a whole older copy is put back beside a newer chain: nothing is signed or anchored', async () => {
    const backup = join(folder, 'backup');
    const ledger = await open();
    await anchoredSomething(ledger);
    await closed();
    for (const name of ['events.db', 'keys']) cpSync(join(folder, name), join(backup, name), { recursive: true });
    const newer = await anchoredSomething(await open());
    await closed();

    const aside = join(folder, 'newer');
    mkdirSync(aside);
    for (const name of ['events.db', 'keys']) renameSync(join(folder, name), join(aside, name));
    for (const name of ['events.db', 'keys']) cpSync(join(backup, name), join(folder, name), { recursive: true });
    const head = readFileSync(join(folder, 'keys', 'last-signed-head.json'), 'utf8');
    const before = await headOfStore();
    const message = await refusal();
    expect(message).toMatch(/^DATA_DIR: holds an older copy of the ledger than the chain knows/);
    expect(message).toContain(toHex0x(fromBase64(newer.root)));
    expect(message).toContain(newer.anchors[0]!.txHash);
    expect(await refusal()).toBe(message);
    expect(await headOfStore()).toEqual(before);
    expect(readFileSync(join(folder, 'keys', 'last-signed-head.json'), 'utf8')).toBe(head);

    for (const name of ['events.db', 'keys']) {
      rmSync(join(folder, name), { recursive: true });
      renameSync(join(aside, name), join(folder, name));
    }
    expect((await anchoredSomething(await open())).number).toBeGreaterThan(newer.number);
  });

  it('S16: is refused where what was signed last is missing, and says how to go on', async () => {
    await (await open()).signer.covering(1);
    await closed();
    const path = join(folder, 'keys', 'last-signed-head.json');
    const kept = readFileSync(path, 'utf8');
    rmSync(path);
    const message = await refusal();
    expect(message).toMatch(/last-signed-head\.json is missing/);
    expect(message).toContain(kept.trim());
    writeFileSync(path, kept);
    await open();
  });

  it('S16: is refused where its store is older than what was signed, and nothing is left running', async () => {
    await (await open()).signer.covering(1);
    await closed();
    const path = join(folder, 'keys', 'last-signed-head.json');
    const kept = JSON.parse(readFileSync(path, 'utf8')) as { size: number; root: string };
    writeFileSync(path, JSON.stringify({ ...kept, size: 1_000 }));
    expect(await refusal()).toMatch(/older copy of the ledger/);
    writeFileSync(path, JSON.stringify(kept));
    await open();
  });
});
