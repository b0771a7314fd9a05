/**
 * Backup and restore of the built service from outside: while it works, over HTTP, with kill -9 in the midst of a restore;
 * and what a ledger answers that waits for the decision on a loss (S16).
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { add, archiveTo, draft, found } from '../src/archive/archive.fixture.js';
import { logOf } from '../src/archive/known-heads.js';
import { readArchive } from '../src/archive/read-archive.js';
import { recordRestoration, restorationOf } from '../src/archive/restoration.js';
import { NO_STREAM } from '../src/event-store/event-store.js';
import { openMemoryEventStore } from '../src/event-store/memory.js';
import { openSqliteEventStore } from '../src/event-store/sqlite.js';
import { organisation } from './samples.js';
import { cli, eventually, Service } from './service.js';

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

let folder: string;
let service: Service;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-backup-e2e-'));
  service = await Service.start();
});
afterAll(async () => {
  await service.dispose();
  rmSync(folder, { recursive: true, force: true });
});

let registered = 0;
const register = (): Promise<unknown> => service.post('/api/v1/organisations', organisation(registered++));

const backup = (name: string, url = service.url, token = service.token): ReturnType<typeof cli> =>
  cli(folder, 'backup', join(folder, name), '--url', url, '--token', token, '--json');

describe('the backup of a ledger in use', () => {
  it('is of one moment, though requests go on, and restores to the same root', async () => {
    let isDone = false;
    const working = (async () => {
      while (!isDone) await register();
    })();
    await register();
    const done = await backup('one');
    isDone = true;
    await working;
    expect(done).toMatchObject({ status: 0, stderr: '' });
    expect(statSync(join(folder, 'one')).mode & 0o777).toBe(0o600);
    const restored = await cli(folder, 'restore', join(folder, 'one'), '--data-dir', join(folder, 'data'), '--json');
    // No keys lie beside it: what was signed afterwards cannot be told.
    const json = { logSize: done.json.logSize, root: done.json.root, readOnly: false, lastHead: 'missing' };
    expect(restored).toMatchObject({ status: 1, json });
    expect(await service.logSize()).toBeGreaterThan(done.json.logSize);
    const store = openSqliteEventStore(join(folder, 'data/events.db'));
    const { tree } = await logOf(store);
    await store.close();
    const size = done.json.logSize as number;
    expect(Buffer.from(tree.root()).toString('base64')).toBe(done.json.root);
    const ask = `/log/consistency?from=${size}&to=${await service.logSize()}`;
    expect((await service.ok(ask)).fromRoot).toBe(done.json.root);
  });

  it('is the operator’s alone, and kept by nobody on the way', async () => {
    expect((await service.request('/api/v1/backup', { token: null })).status).toBe(401);
    expect((await backup('two', service.url, 'another-token-than-that')).status).toBe(78);
    const answer = await service.request('/api/v1/backup');
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/gzip' });
    writeFileSync(join(folder, 'raw'), answer.bytes);
    expect((await readArchive(join(folder, 'raw'))).header.checkpoint).not.toBeNull();
  });

  it('leaves no file where it was cut off', async () => {
    const { bytes } = await service.request('/api/v1/backup');
    const server = createServer((_, reply) => reply.end(bytes.slice(0, -20)));
    await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
    const torn = await backup('three', `http://127.0.0.1:${(server.address() as { port: number }).port}`);
    server.close();
    expect(torn).toMatchObject({ status: 65, stderr: expect.stringContaining('too early') });
    expect([existsSync(join(folder, 'three')), existsSync(join(folder, 'three.part'))]).toEqual([false, false]);
  });
});

describe('a restore that is killed in the midst', () => {
  it('S16: leaves a store that says so; the same command goes on, to the same root', async () => {
    const original = openMemoryEventStore();
    await found(original);
    const filler = 'x'.repeat(2_000);
    for (let i = 0; i < 8_000; i += 200) {
      const events = Array.from({ length: 200 }, (_, n) => draft('Happened', { n: i + n, filler }));
      await add(original, `thing-${i}`, ...events);
    }
    const file = join(folder, 'large');
    await archiveTo(file, original);
    const data = join(folder, 'killed');
    const child = spawn(process.execPath, [CLI, 'restore', file, '--data-dir', data], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('close', resolve));
    const written = (): number => statSync(join(data, 'events.db-wal'), { throwIfNoEntry: false })?.size ?? 0;
    await eventually(() => written() > 3_000_000, 'some of it to be written');
    child.kill('SIGKILL');
    await ended;
    const half = openSqliteEventStore(join(data, 'events.db'));
    const { logSize } = await half.head();
    expect(await restorationOf(half)).toMatchObject({ is: 'incomplete', imported: false });
    expect(logSize).toBeGreaterThan(0);
    expect(logSize).toBeLessThan(8_001);
    await half.close();

    const refused = await started(data);
    expect(refused).toMatchObject({ status: 78, said: expect.stringContaining('meritkedja restore FILE') });
    const finished = await cli(folder, 'restore', file, '--data-dir', data, '--json');
    const { tree } = await logOf(original);
    const root = Buffer.from(tree.root()).toString('base64');
    expect(finished).toMatchObject({ status: 1, json: { logSize: 8_001, root, lastHead: 'missing' } });
  });
});

describe('a read-only ledger', () => {
  it('S16: refuses every command with what to do, in both languages, and serves what it has', async () => {
    await register();
    const logSize = await service.logSize();
    await service.ok('/log/entries/0');
    await service.request('/log/checkpoint');
    await service.stop();
    const store = openSqliteEventStore(join(service.dataDir, 'events.db'));
    const losses = [{ kind: 'older', where: 'elsewhere', size: 99_999, root: '' }] as const;
    await recordRestoration(store, NO_STREAM, { type: 'RestoreCompleted', data: { losses } }, new Date());
    await store.close();
    const lastHead = join(service.dataDir, 'keys/last-signed-head.json');
    const before = readFileSync(lastHead, 'utf8');
    await service.restart();
    expect(service.output).toContain('Read-only (S16): elsewhere');

    const sealing = { method: 'POST', headers: { 'accept-language': 'sv' } };
    const refused = await service.request('/api/v1/batches/seal', sealing);
    expect(refused).toMatchObject({ status: 503, json: { type: 'urn:meritkedja:problem:readOnly' } });
    expect(refused.json.detail).toContain('meritkedja restore --accept-loss');
    const issuing = await service.request('/api/v1/organisations', { body: {}, headers: { 'accept-language': 'en' } });
    expect(issuing).toMatchObject({ status: 503, json: { title: 'The ledger can only be read now' } });
    expect((await service.request('/api/v1/backup')).status).toBe(503);
    expect(await service.ok('/health/ready')).toMatchObject({ status: 'readOnly' });
    expect((await service.request('/log/checkpoint')).status).toBe(200);
    expect((await service.request('/api/v1/organisations')).status).toBe(200);
    for (const [language, words] of [
      ['sv', 'Liggaren kan just nu bara läsas.'],
      ['en', 'The ledger can only be read now.'],
    ]) {
      const page = await service.request(`/?lang=${language}`, { headers: { accept: 'text/html' }, token: null });
      expect(page.text).toContain(words);
    }
    expect(await service.logSize()).toBeGreaterThanOrEqual(logSize);
    expect(readFileSync(lastHead, 'utf8')).toBe(before);
  });
});

/** A start of the service on a folder, which must end by itself. */
function started(dataDir: string): Promise<{ status: number | null; said: string }> {
  return new Promise((resolve) => {
    const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
    const child = spawn(process.execPath, [main], {
      env: { PATH: process.env['PATH'] ?? '', DATA_DIR: dataDir, PORT: '0', SEED: 'none' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('close', (status) => resolve({ status, said }));
  });
}
