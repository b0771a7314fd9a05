/** `meritkedja rebuild` against a ledger's answers, and on a data folder at rest. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../event-store/sqlite-file.js';
import type { CliIo } from './cli-io.js';
import { run } from './run.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-rebuild-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly asked: readonly string[];
}

async function ran(argv: readonly string[], answers: readonly object[], terminal = false): Promise<Ran> {
  let [out, err] = ['', ''];
  const asked: string[] = [];
  const left = [...answers];
  const io = {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    fetch: (url: string, init: RequestInit) => {
      asked.push(`${init.method} ${new URL(url).pathname}`);
      return Promise.resolve(new Response(JSON.stringify(left.shift() ?? {}), { status: 200 }));
    },
    ...(terminal && { ask: () => Promise.resolve('') }),
    now: () => new Date(),
    configDir: folder,
    language: 'en',
  } as unknown as CliIo;
  const status = await run(['rebuild', ...argv], io);
  return { status, out, err, asked };
}

const serving = { generation: 1, projections: [], position: '9' };
const building = { generation: 2, startedAt: '2026-01-01T00:00:00.000Z', done: 3, of: 9 };
const lastBuild = { generation: 2, projections: [{ name: 'register', version: 1 }], events: 9, seconds: 1.5 };
const begun = { status: 'serving', serving, building };
const ended = { status: 'serving', serving: { ...serving, generation: 2 }, lastBuild };

describe('rebuilding a running ledger', () => {
  it('asks, waits until it has taken over and says what was built and how long it took', async () => {
    expect(await ran([], [begun, begun, ended])).toEqual({
      status: 0,
      out: 'Generation 2 serves: register (version 1); 9 events in 1.5 s.\n',
      err: '',
      asked: ['POST /api/v1/read-models/rebuild', 'GET /api/v1/read-models', 'GET /api/v1/read-models'],
    });
  });

  it('shows how far it is on a terminal', async () => {
    expect((await ran([], [begun, ended], true)).err).toContain('33 %, 3 events of 9');
  });

  it('prints one JSON document, and returns at once where it is not to wait', async () => {
    const waited = await ran(['--json'], [begun, ended]);
    expect(JSON.parse(waited.out)).toEqual(ended);
    const asked = await ran(['--json', '--no-wait'], [begun]);
    expect(JSON.parse(asked.out)).toEqual(begun);
    expect(asked.asked).toHaveLength(1);
    expect((await ran(['--no-wait'], [begun])).out).toBe('Generation 2 is being built.\n');
  });

  it('ends with 1 where the build failed', async () => {
    const failed = { ...begun, building: undefined, lastBuild: { ...lastBuild, problem: 'the disk is full' } };
    const { status, err } = await ran([], [begun, failed]);
    expect([status, err]).toEqual([1, expect.stringContaining('the disk is full')]);
  });
});

describe('rebuilding a ledger at rest', () => {
  it('removes the generations', async () => {
    const models = join(folder, 'read-models');
    mkdirSync(models);
    for (const name of ['3.db', '4.building']) writeFileSync(join(models, name), '');
    expect(await ran(['--data-dir', folder], [])).toMatchObject({
      status: 0,
      out: 'Removed generation 3; the next start builds the read models from the log.\n',
      asked: [],
    });
    expect(readdirSync(models).filter((name) => !name.startsWith('lock'))).toEqual([]);
    expect((await ran(['--data-dir', folder, '--json'], [])).out).toBe('{"removed":[]}\n');
  });

  it('says what to do where a service has it', async () => {
    const models = join(folder, 'read-models');
    mkdirSync(models);
    const service = openDatabase(join(models, 'lock.db'), { synchronous: 'NORMAL' });
    const { status, err } = await ran(['--data-dir', folder], []);
    service.close();
    expect([status, err]).toEqual([78, expect.stringMatching(/in use by another process.*stop the service first/)]);
  });

  it('ends with 78 where there is no such folder', async () => {
    expect((await ran(['--data-dir', join(folder, 'nowhere')], [])).status).toBe(78);
  });
});
