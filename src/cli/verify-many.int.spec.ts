/** Many documents: a line each, in order, the gravest status; in one thread and in several, with the same lines. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import type { JsonObject } from '../encoding/json.js';
import type { VerificationReport } from '../verification/index.js';
import { CHAIN_ID } from '../verification/synthetic-block.fixture.js';
import { NOW, syntheticLedger, type Plan, type Synthetic } from '../verification/synthetic-ledger.fixture.js';
import type { CliIo } from './cli-io.js';
import { run } from './run.js';

const RPC = 'http://node.example/rpc';
const PLANS: Readonly<Record<string, Plan>> = {
  valid: {},
  invalid: { issued: (data) => ({ ...data, digest: '0'.repeat(64) }) },
  notInForce: { set: ['revocation'], stage: 'late' },
  pending: { stage: 'late' },
};

let folder: string;
let trustFile: string;
let genuine: Synthetic;
const bundles: Record<string, JsonObject> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meritkedja-many-'));
  for (const [name, plan] of Object.entries(PLANS)) {
    const ledger = await syntheticLedger(plan);
    bundles[name] = ledger.bundle as unknown as JsonObject;
    if (name === 'valid') genuine = ledger;
  }
  bundles['undetermined'] = { ...bundles['valid'], standing: undefined };
  trustFile = join(folder, 'trust.json');
  await writeFile(trustFile, JSON.stringify(genuine.trust));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A folder with one document of each name. */
async function folderOf(...names: string[]): Promise<string> {
  const made = await mkdtemp(join(folder, 'documents-'));
  await Promise.all(names.map((name, i) => writeFile(join(made, `${i}-${name}.json`), textOf(name))));
  return made;
}

function textOf(name: string): string {
  return name in bundles ? JSON.stringify(bundles[name]) : name;
}

interface Row {
  readonly file: string;
  readonly verdict?: string;
  readonly state?: string;
  readonly report?: VerificationReport;
  readonly error?: string;
}

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly rows: readonly Row[];
  readonly calls: readonly string[];
}

async function ran(argv: string[], io: Partial<CliIo> = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const calls: string[] = [];
  const status = await run(['verify', ...argv, '--trust', trustFile, '--rpc', RPC], {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    stdin: () => Promise.resolve(new Uint8Array()),
    fetch: (url, init) => {
      calls.push(init?.body as string);
      return Promise.resolve(node(url as string, init));
    },
    now: () => new Date(NOW),
    config: () => {
      throw new RangeError('not here');
    },
    configDir: join(folder, 'no-config'),
    dataDir: undefined,
    language: 'en',
    ...io,
  });
  const rows = argv.includes('--json')
    ? out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Row)
    : [];
  return { status, out, err, rows, calls };
}

/** A node of the chain with the bundles' blocks. */
function node(_url: string, init: RequestInit | undefined): Response {
  const { method, params } = JSON.parse(init!.body as string) as { method: string; params: [string] };
  const reply = (result: unknown): Response => Response.json({ jsonrpc: '2.0', id: 1, result });
  if (method === 'eth_chainId') return reply(`0x${CHAIN_ID.toString(16)}`);
  if (params[0] === 'finalized') return reply(null);
  const hash = genuine.blockHashes.get(Number(params[0]));
  return reply(hash === undefined ? null : { number: params[0], hash });
}

describe('a folder of documents', () => {
  it('has a line of JSON for each, by name, and a summary on stderr', async () => {
    const path = await folderOf('valid', 'notInForce', 'invalid', 'pending', 'undetermined', 'no JSON');
    const { status, rows, err } = await ran([path, '--json']);
    expect(status).toBe(1);
    expect(rows.map(({ file, verdict }) => [file.slice(path.length + 1), verdict])).toEqual([
      ['0-valid.json', 'valid'],
      ['1-notInForce.json', 'notInForce'],
      ['2-invalid.json', 'invalid'],
      ['3-pending.json', 'pending'],
      ['4-undetermined.json', 'undetermined'],
      ['5-no JSON.json', undefined],
    ]);
    expect(rows[1]).toMatchObject({ state: 'revoked', report: { verdict: 'notInForce', now: NOW } });
    expect(rows[0]!.report!.checks).toHaveLength(9);
    expect(rows[5]).toMatchObject({ error: expect.stringContaining('is not JSON') });
    expect(err).toBe('6 documents: 1 valid, 1 pending, 1 unreadable, 1 undetermined, 1 notInForce, 1 invalid\n');
  });

  it('has a line of text for each, with the file and each reason once', async () => {
    const place = await mkdtemp(join(folder, 'lines-'));
    await writeFile(join(place, '1.json'), '{"hello":1}');
    await writeFile(join(place, '2.json'), 'hello');
    const { out } = await ran([place]);
    expect(out).toBe(
      `INVALID  ${place}/1.json  format notACredential\n` +
        `UNREADABLE  ${place}/2.json  is not JSON; give the credential or its proof bundle\n`,
    );
  });

  it.each([
    [['valid', 'valid'], 0],
    [['valid', 'pending'], 4],
    [['pending', 'x', 'valid'], 65],
    [['x', 'undetermined', 'pending'], 2],
    [['undetermined', 'notInForce', 'x'], 3],
    [['notInForce', 'undetermined', 'invalid', 'x'], 1],
  ])('ends with the gravest: %j, %d', async (names, status) => {
    expect((await ran([await folderOf(...names)])).status).toBe(status);
  });

  it('has a line of text for each, in Swedish or English, that no document can repaint', async () => {
    const path = await folderOf('valid', 'notInForce');
    await writeFile(join(path, 'x.json'), JSON.stringify({ ...bundles['valid'], credential: { name: 'a\u001b[2J' } }));
    const { out, err } = await ran([path]);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^VALID {2}.*0-valid\.json {2}Truckkort B, Åsa Ö$/);
    expect(lines[1]).toMatch(/^NOT IN FORCE {2}.* {2}anchor notAnchoredYet, status revoked$/);
    expect(lines[2]).not.toContain('\u001b');
    expect(err).toContain('3 documents');
    expect((await ran([path, '--lang', 'sv'])).out).toMatch(/^GILTIGT {2}/);
  });

  it('goes into folders, follows a link to a file, and passes over what begins with a dot', async () => {
    const path = await folderOf('valid');
    await mkdir(join(path, 'b'));
    await mkdir(join(path, '.git'));
    await Promise.all(
      ['b/1.json', '.git/2.json', '.3.json'].map((name) => writeFile(join(path, name), textOf('valid'))),
    );
    await symlink(join(path, 'b/1.json'), join(path, 'c.json'));
    await symlink('/nonexistent', join(path, 'd.json'));
    const { rows, status } = await ran([path, '--json']);
    expect(rows.map(({ file, verdict }) => [file.slice(path.length + 1), verdict ?? 'unreadable'])).toEqual([
      ['0-valid.json', 'valid'],
      ['b/1.json', 'valid'],
      ['c.json', 'valid'],
      ['d.json', 'unreadable'],
    ]);
    expect(status).toBe(65);
  });

  it('passes over links that lead to what has no end, and reads no more of such a file than the limit', async () => {
    const path = await folderOf('valid');
    await symlink('/dev/zero', join(path, 'zero.json'));
    expect((await ran([path, '--json'])).rows.map(({ verdict }) => verdict)).toEqual(['valid']);
    expect((await ran(['/dev/zero', path, '--json'])).rows[0]!.error).toBe('/dev/zero: larger than 32 MB');
  });

  it('takes a file of the name - for a file, not for the standard input', async () => {
    const path = await folderOf();
    await writeFile(join(path, '-'), textOf('valid'));
    const before = process.cwd();
    process.chdir(path);
    try {
      expect((await ran(['.', '--json'])).rows).toMatchObject([{ file: './-', verdict: 'valid' }]);
    } finally {
      process.chdir(before);
    }
  });

  it('has a line for a folder that cannot be listed, and goes on', async () => {
    const path = await folderOf('valid', 'valid');
    // Deeper than the system gives names to: a chain of folders is put at the end of another one.
    const chain = Array.from({ length: 15 }, () => 'x'.repeat(200)).join('/');
    const [upper, lower] = [join(path, '0-deep', chain), join(folder, 'lower', chain)];
    await Promise.all([upper, lower].map((deep) => mkdir(deep, { recursive: true })));
    await rename(join(folder, 'lower'), join(upper, 'lower'));
    const { rows, status } = await ran([path, '--json']);
    await rename(join(upper, 'lower'), join(folder, 'lower'));
    expect(rows.map(({ verdict, error }) => verdict ?? error!.slice(-40))).toEqual([
      expect.stringContaining('cannot be read (ENAMETOOLONG)'),
      'valid',
      'valid',
    ]);
    expect(status).toBe(65);
  });

  it('may be one of several sources, and may be empty', async () => {
    const [one, none] = [await folderOf('valid'), await folderOf()];
    const file = join(one, '0-valid.json');
    expect((await ran([one, file, none, '--json'])).rows.map((row) => row.file)).toEqual([file, file]);
    expect(await ran([none])).toMatchObject({ status: 65, out: '', err: '0 documents: none\n' });
    expect(await ran([file, '/nonexistent'])).toMatchObject({ status: 65 });
  });

  it('S10: asks a chain once for each block, however many documents there are', async () => {
    const { calls, status } = await ran([await folderOf(...Array.from({ length: 20 }, () => 'valid'))]);
    expect(status).toBe(0);
    expect(calls.filter((body) => body.includes('"0xc"'))).toHaveLength(1);
  });

  it('shows how far it is on a terminal, and takes that away', async () => {
    const path = await folderOf('valid', 'valid');
    const { err } = await ran([path], { ask: () => Promise.resolve('') });
    expect(err).toContain('Verifying [############............] 50 %, 1 documents of 2');
    expect(err.endsWith('\r\u001b[K2 documents: 2 valid\n')).toBe(true);
    expect((await ran([path])).err).not.toContain('\r');
  });

  it('stays one document, with one JSON document, where one file is given', async () => {
    const file = join(await folderOf('valid'), '0-valid.json');
    const { out, err } = await ran([file, '--json']);
    expect(JSON.parse(out)).toMatchObject({ verdict: 'valid', trustFiles: [{}] });
    expect(err).toBe('');
  });
});

describe('a folder of more documents than one thread takes', () => {
  let chain: Server;
  let asked = 0;
  let program: string;
  beforeAll(async () => {
    chain = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => (body += part));
      request.on('end', () => {
        asked += 1;
        void node('', { body })
          .text()
          .then((text) => response.setHeader('content-type', 'application/json').end(text));
      });
    });
    await new Promise<void>((ready) => chain.listen(0, '127.0.0.1', ready));
    program = join(folder, 'program');
    await build({
      entryPoints: ['main', 'verify-worker'].map((name) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url))),
      bundle: true,
      platform: 'node',
      format: 'esm',
      splitting: true,
      outdir: program,
      external: ['better-sqlite3', '@eventstore/db-client', 'ethers', '@nestjs/*'],
      logLevel: 'silent',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    await writeFile(join(program, 'package.json'), '{"type":"module"}');
  });
  afterAll(() => new Promise((closed) => chain.close(closed)));

  it('has the same lines, in the same order, and asks for each block once', async () => {
    const names = Object.keys(PLANS);
    const path = await folderOf();
    const count = 600;
    await Promise.all(
      Array.from({ length: count }, (_, i) => {
        const text = i === 400 ? 'no JSON' : textOf(names[(i * 7) % names.length]!);
        return writeFile(join(path, `${String(i).padStart(4, '0')}.json`), text);
      }),
    );
    const rpc = `http://127.0.0.1:${(chain.address() as AddressInfo).port}`;
    const argv = ['verify', path, '--json', '--trust', trustFile, '--rpc', rpc, '--at', NOW];
    const done = await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        [join(program, 'main.js'), ...argv],
        { env: { PATH: process.env['PATH'], XDG_CONFIG_HOME: folder }, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
    expect(done.stderr).toBe(`${count} documents: 149 valid, 150 pending, 1 unreadable, 150 notInForce, 150 invalid\n`);
    expect(done.code).toBe(1);
    const here = await ran([path, '--json', '--at', NOW]);
    expect(done.stdout === here.out).toBe(true);
    expect(asked).toBeLessThan(10);
  }, 120_000);
});
