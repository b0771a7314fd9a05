/** `meritkedja keys` as a user has it: the API is the test's, the files of the master key are real. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openRootSecret } from '../crypto/root-secret.js';
import { toBase64url } from '../encoding/base64.js';
import type { JsonObject } from '../encoding/json.js';
import type { CliIo } from './cli-io.js';
import { readConfig } from '../config.js';
import { run } from './run.js';

const KEY = toBase64url(new Uint8Array(32).fill(1));
const NEW_KEY = toBase64url(new Uint8Array(32).fill(2));
const ORGANISATION = '9f6f7f58-4f5b-4c1e-9d3a-0a4b1c2d3e4f';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly asked: readonly string[];
}

async function ran(argv: readonly string[], changes: Partial<CliIo> = {}, answers: JsonObject[] = []): Promise<Ran> {
  let [out, err] = ['', ''];
  const asked: string[] = [];
  const status = await run(argv, {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    stdin: () => Promise.resolve(new Uint8Array()),
    fetch: ((url: string, init?: RequestInit) => {
      asked.push(`${init?.method ?? 'GET'} ${new URL(url).pathname}${new URL(url).search}`);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      return Promise.resolve(new Response(JSON.stringify(answer), { status: 200 }));
    }) as typeof fetch,
    config: (dataDir) => readConfig({ DATA_DIR: dataDir }),
    now: () => new Date(),
    configDir: folder,
    dataDir: folder,
    language: 'en',
    token: 'a-token',
    ...changes,
  });
  return { status, out, err, asked };
}

const epoch = (change: JsonObject = {}): JsonObject => ({
  current: 1,
  living: 3,
  earlier: 0,
  state: 'idle',
  ...change,
});
const keys = (change: JsonObject = {}): JsonObject => ({
  masterKey: 'file /data/master-key',
  keysFolder: '/data/keys',
  epoch: epoch(),
  log: { origin: 'ledger.example/log', vkey: 'ledger.example/log+abc' },
  anchorers: [{ chain: 'embedded', chainId: 31_337, address: '0xabc' }],
  signersAway: [],
  issuingKeys: {
    items: [
      {
        organisation: ORGANISATION,
        kid: 'z6MkOne',
        custody: 'organisation',
        state: 'active',
        addedAt: '',
        endedAt: null,
      },
    ],
  },
  ...change,
});

describe('meritkedja keys list', () => {
  it('shows what keys there are, in text', async () => {
    const { status, out, err } = await ran(['keys', 'list'], {}, [keys()]);
    expect([status, err]).toEqual([0, '']);
    for (const word of [
      'file /data/master-key',
      '/data/keys/root-secret.json',
      '1, 3 living keys',
      'ledger.example/log+abc',
      '0xabc on embedded',
      'z6MkOne  active, held by the organisation',
    ]) {
      expect(out).toContain(word);
    }
  });

  it('goes through all pages, and prints one JSON document', async () => {
    const item = (kid: string): JsonObject => ({ kid });
    const { out, asked } = await ran(['keys', 'list', '--json'], {}, [
      keys({ issuingKeys: { items: [item('a')], next: '200' } }),
      keys({ issuingKeys: { items: [item('b')] } }),
    ]);
    expect(JSON.parse(out)).toMatchObject({
      masterKey: 'file /data/master-key',
      issuingKeys: [{ kid: 'a' }, { kid: 'b' }],
    });
    expect(asked).toEqual(['GET /api/v1/keys?limit=200&cursor=0', 'GET /api/v1/keys?limit=200&cursor=200']);
  });

  it('shows a stranger’s control characters as what they are', async () => {
    const { out } = await ran(['keys', 'list'], {}, [keys({ masterKey: 'file \u001b[2J' })]);
    expect(out).toContain('\\u{1b}');
  });
});

describe('meritkedja keys rotate-epoch', () => {
  it('tells how far it is until the old key is destroyed', async () => {
    const { status, out, err, asked } = await ran(['keys', 'rotate-epoch'], {}, [
      keys(),
      epoch({ current: 2, living: 0, earlier: 3, state: 'changing' }),
      keys({ epoch: epoch({ current: 2, living: 2, earlier: 1, state: 'changing' }) }),
      keys({ epoch: epoch({ current: 2, living: 3 }) }),
    ]);
    expect(status).toBe(0);
    expect(err).toBe('0 keys in the new epoch, 3 to go\n2 keys in the new epoch, 1 to go\n');
    expect(out).toMatch(/^Epoch 2: 3 keys wrapped anew/);
    expect(asked[1]).toBe('POST /api/v1/keys/epoch');
  });

  it('ends with 2 where something keeps it from going on', async () => {
    const stuck = epoch({ problem: 'another process changes the epoch keys just now' });
    const { status, err } = await ran(['keys', 'rotate-epoch'], {}, [keys(), stuck]);
    expect(status).toBe(2);
    expect(err).toContain('another process');
  });
});

describe('meritkedja keys rotate', () => {
  it('makes a new issuing key', async () => {
    const answer = {
      name: 'Påhittad',
      keys: [
        { kid: 'z6MkOld', active: false },
        { kid: 'z6MkNew', active: true },
      ],
    };
    const { status, out, asked } = await ran(['keys', 'rotate', ORGANISATION.toUpperCase()], {}, [answer]);
    expect([status, out]).toEqual([0, 'Påhittad issues with z6MkNew from now on.\n']);
    expect(asked).toEqual([`POST /api/v1/organisations/${ORGANISATION}/keys`]);
    expect((await ran(['keys', 'rotate', '../keys'])).status).toBe(64);
  });
});

describe('meritkedja keys rotate-master', () => {
  const places = (masterKey?: string): Parameters<typeof openRootSecret>[0] => ({
    dataDir: folder,
    keysDir: join(folder, 'keys'),
    masterKey,
  });
  const secretUnder = async (masterKey?: string): Promise<Uint8Array> =>
    (await openRootSecret(places(masterKey), false, () => false)).secret;

  it('makes a new key in the data folder', async () => {
    const { secret } = await openRootSecret(places(), true, () => false);
    const old = readFileSync(join(folder, 'master-key'), 'utf8');
    const { status, out } = await ran(['keys', 'rotate-master', '--data-dir', folder], { dataDir: undefined });
    expect(status).toBe(0);
    expect(out).toContain(join(folder, 'master-key'));
    expect(readFileSync(join(folder, 'master-key'), 'utf8')).not.toBe(old);
    expect(await secretUnder()).toEqual(secret);
    // Neither the old key nor the new is shown.
    expect(out).not.toContain(old.trim());
    expect(out).not.toContain(readFileSync(join(folder, 'master-key'), 'utf8').trim());
  });

  it('takes the new key of the environment, and says what to do then', async () => {
    const { secret } = await openRootSecret(places(KEY), true, () => false);
    const { out } = await ran(['keys', 'rotate-master', '--json'], { masterKey: KEY, masterKeyNew: NEW_KEY });
    expect(JSON.parse(out)).toEqual({
      from: 'environment variable MASTER_KEY',
      to: 'environment variable MASTER_KEY_NEW',
      changed: true,
    });
    expect(await secretUnder(NEW_KEY)).toEqual(secret);
    const again = await ran(['keys', 'rotate-master'], { masterKey: KEY, masterKeyNew: NEW_KEY });
    expect(again.out).toMatch(/already.*\n.*Start the service with that key/);
  });

  it('names a key file that is left behind and is the key no more; the start names MASTER_KEY then', async () => {
    const file = join(folder, 'master-key');
    await openRootSecret(places(KEY), true, () => false);
    writeFileSync(file, KEY);
    const { status, out } = await ran(['keys', 'rotate-master'], { masterKey: KEY, masterKeyNew: NEW_KEY });
    expect(status).toBe(0);
    expect(out).toContain(`${file} is there still and is not the master key any more`);
    await expect(secretUnder()).rejects.toThrow(
      /^MASTER_KEY: is not set, and the key in .* does not open .*set MASTER_KEY/,
    );
    const json = await ran(['keys', 'rotate-master', '--json'], { masterKey: KEY, masterKeyNew: NEW_KEY });
    expect(JSON.parse(json.out)).toMatchObject({ changed: false, leftBehind: file });
    // As after a crash before the file was removed: the same command removes it.
    const again = await ran(['keys', 'rotate-master'], { masterKeyNew: NEW_KEY });
    expect([existsSync(file), again.out.includes('there still')]).toEqual([false, false]);
  });

  it('does not put into a file what was in the environment, unless it is told to', async () => {
    const { secret } = await openRootSecret(places(KEY), true, () => false);
    expect(await ran(['keys', 'rotate-master'], { masterKey: KEY })).toMatchObject({ status: 64 });
    expect(existsSync(join(folder, 'master-key'))).toBe(false);
    const { status, out } = await ran(['keys', 'rotate-master', '--to-file'], { masterKey: KEY });
    expect(status).toBe(0);
    expect(out).toContain('without MASTER_KEY');
    expect(await secretUnder()).toEqual(secret);
  });

  it('ends with 78 where there is no such ledger or the key is another one, with 64 without a folder', async () => {
    expect(await ran(['keys', 'rotate-master'])).toMatchObject({
      status: 78,
      err: expect.stringContaining('KEYS_DIR'),
    });
    await openRootSecret(places(KEY), true, () => false);
    const wrong = { masterKey: NEW_KEY, masterKeyNew: toBase64url(new Uint8Array(32).fill(3)) };
    expect(await ran(['keys', 'rotate-master'], wrong)).toMatchObject({ status: 78 });
    expect(await ran(['keys', 'rotate-master'], { dataDir: undefined })).toMatchObject({ status: 64 });
  });
});

it('meritkedja keys --help says what there is', async () => {
  const { status, out } = await ran(['keys', '--help']);
  expect(status).toBe(0);
  for (const command of ['list', 'rotate-epoch', 'rotate-master', 'rotate']) expect(out).toContain(command);
  expect((await ran(['keys', 'rotate-master', '--help'])).out).toContain('MASTER_KEY_NEW');
});
