/** The command line as a user has it: arguments in, texts and exit status out; network and clock are the test's. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { formatLogKeyRotation, type TrustFile, type VerificationReport } from '../verification/index.js';
import { CHAIN_ID } from '../verification/synthetic-block.fixture.js';
import {
  CREDENTIAL,
  NOW,
  ORIGIN,
  syntheticLedger,
  type Plan,
  type Synthetic,
} from '../verification/synthetic-ledger.fixture.js';
import { readConfig } from '../config.js';
import { signer, type Ed25519Signer } from '../crypto/ed25519.js';
import { formatVerifierKey } from '../log/note.js';
import { pdfWith } from '../interop/pdf.fixture.js';
import { proofInPdf } from '../interop/pdf-proof.js';
import type { CliIo } from './cli-io.js';
import { run } from './run.js';

const RPC = 'http://node.example/rpc';
const OTHER_RPC = 'http://other.example/rpc';

let genuine: Synthetic;
let folder: string;
let configDir: string;
let bundleFile: string;
let trustFile: string;

beforeAll(async () => {
  genuine = await syntheticLedger();
  folder = await mkdtemp(join(tmpdir(), 'meritkedja-cli-'));
  bundleFile = await saved('bundle.json', genuine.bundle);
  trustFile = await saved('trust.json', genuine.trust);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  configDir = await mkdtemp(join(folder, 'config-'));
});

async function saved(name: string, content: unknown): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

type Answers = (url: string, init: RequestInit | undefined) => Response | Promise<Response>;

async function ran(argv: string[], changes: Partial<CliIo> & { answers?: Answers; input?: string } = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const { answers, input, ...io } = changes;
  const status = await run(argv, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    stdin: () => Promise.resolve(new TextEncoder().encode(input ?? '')),
    readPdf: proofInPdf,
    fetch: async (url, init) => (answers ?? refusing)(url as string, init),
    now: () => new Date(NOW),
    config: (dataDir) => readConfig({ DATA_DIR: dataDir }),
    configDir,
    dataDir: join(configDir, 'no-data'),
    language: 'en',
    ...io,
  });
  return { status, out, err };
}

function refusing(): never {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) });
}

/** Nodes of the chain with the bundles' blocks. */
function nodes(changes: { chainId?: number; hash?: string; finalized?: number | undefined } = {}): Answers {
  return (_url, init) => {
    const { method, params } = JSON.parse(init!.body as string) as { method: string; params: [string] };
    const reply = (result: unknown): Response => Response.json({ jsonrpc: '2.0', id: 1, result });
    if (method === 'eth_chainId') return reply(`0x${(changes.chainId ?? CHAIN_ID).toString(16)}`);
    if (params[0] === 'finalized') {
      if (!('finalized' in changes)) return Response.json({ jsonrpc: '2.0', id: 1, error: { code: -32602 } });
      return reply({ number: `0x${changes.finalized!.toString(16)}`, hash: `0x${'00'.repeat(32)}` });
    }
    const hash = changes.hash ?? genuine.blockHashes.get(Number(params[0]));
    return reply(hash === undefined ? null : { number: params[0], hash });
  };
}

async function verified(
  plan: Plan,
  argv: string[] = [],
  input?: Partial<CliIo>,
): Promise<Ran & { report: VerificationReport }> {
  const { bundle, blockHashes } = await syntheticLedger(plan);
  const answers: Answers = (url, init) => {
    const { params } = JSON.parse(init!.body as string) as { params: [string] };
    return nodes({ hash: blockHashes.get(Number(params[0]))! })(url, init);
  };
  const file = await saved('planned.json', bundle);
  const done = await ran(['verify', file, '--trust', trustFile, '--rpc', RPC, '--json', ...argv], {
    answers,
    ...input,
  });
  return { ...done, report: JSON.parse(done.out) as VerificationReport };
}

describe('meritkedja verify', () => {
  it.each([
    [0, 'valid', {}],
    [1, 'invalid', { issued: (data) => ({ ...data, digest: '0'.repeat(64) }) }],
    [2, 'undetermined', { stage: 'bare' }],
    [3, 'notInForce', { set: ['revocation'] }],
    [4, 'pending', { stage: 'late' }],
  ] as [number, string, Plan][])('ends with %d for a verdict of %s', async (status, verdict, plan) => {
    const done = await verified(plan);
    expect(done).toMatchObject({ status, report: { verdict, clock: 'verifier', now: NOW }, err: '' });
  });

  it('reads from the standard input, and prints one JSON document and nothing else', async () => {
    const input = `\ufeff${JSON.stringify(genuine.bundle)}`;
    const done = await ran(['verify', '-', '--trust', trustFile, '--rpc', RPC, '--json'], { answers: nodes(), input });
    expect(done).toMatchObject({ status: 0, err: '' });
    expect(done.out.trimEnd()).not.toContain('\n');
  });

  it('reads from a URL', async () => {
    const answers: Answers = (url, init) =>
      url === 'https://example.org/bundle' ? Response.json(genuine.bundle) : nodes()(url, init);
    const argv = ['verify', 'https://example.org/bundle', '--trust', trustFile, '--rpc', RPC];
    expect((await ran(argv, { answers })).status).toBe(0);
  });

  it('S4: uses what is pinned, and without it determines nothing', async () => {
    const argv = ['verify', bundleFile, '--rpc', RPC];
    const before = await ran(argv, { answers: nodes() });
    expect(before.status).toBe(2);
    expect(before.out).toContain('Pinned ledgers: none');
    expect((await ran(['trust', 'add', trustFile])).status).toBe(0);
    const after = await ran(argv, { answers: nodes() });
    expect(after.status).toBe(0);
    expect(after.out).toContain(`Pinned ledgers: ${ORIGIN}`);
  });

  it('S10: asks the nodes that the pinned trust file names, unless told others', async () => {
    const asked = new Set<string>();
    const answers: Answers = (url, init) => (asked.add(url), nodes()(url, init));
    const chains = genuine.trust.chains.map((chain) => ({ ...chain, rpcUrls: [RPC] }));
    const file = await saved('trust-with-node.json', { ...genuine.trust, chains });
    expect((await ran(['verify', bundleFile, '--trust', file], { answers })).status).toBe(0);
    expect([...asked]).toEqual([RPC]);
    asked.clear();
    expect((await ran(['verify', bundleFile, '--trust', file, '--rpc', OTHER_RPC], { answers })).status).toBe(0);
    expect([...asked]).toEqual([OTHER_RPC]);
  });

  it('S10: is undetermined when no node is reached, of the right chain, or has the block', async () => {
    const argv = ['verify', bundleFile, '--trust', trustFile, '--rpc', RPC, '--json'];
    const codeOf = async (answers?: Answers): Promise<unknown[]> => {
      const done = await ran(argv, answers === undefined ? {} : { answers });
      const report = JSON.parse(done.out) as VerificationReport;
      return [done.status, report.checks.find(({ name }) => name === 'anchor')?.code];
    };
    expect(await codeOf()).toEqual([2, 'chainUnreachable']);
    expect(await codeOf(nodes({ chainId: 1 }))).toEqual([2, 'chainUnreachable']);
    expect(await codeOf(() => new Response('busy', { status: 503 }))).toEqual([2, 'chainUnreachable']);
    expect(await codeOf(() => Response.json({ result: 7 }))).toEqual([2, 'chainUnreachable']);
    expect(await codeOf((url, init) => nodes({ hash: undefined as unknown as string })(url, init))).toEqual([
      0,
      undefined,
    ]);
  });

  it('S10: wants all nodes that answer to agree', async () => {
    const argv = ['verify', bundleFile, '--trust', trustFile, '--rpc', RPC, '--rpc', OTHER_RPC];
    const disagree: Answers = (url, init) => nodes(url === RPC ? {} : { hash: `0x${'11'.repeat(32)}` })(url, init);
    expect((await ran(argv, { answers: disagree })).status).toBe(2);
    const oneDown: Answers = (url, init) => (url === RPC ? nodes()(url, init) : refusing());
    expect((await ran(argv, { answers: oneDown })).status).toBe(0);
  });

  it('S12: is pending while the chain does not call the block final', async () => {
    const argv = ['verify', bundleFile, '--trust', trustFile, '--rpc', RPC];
    expect((await ran(argv, { answers: nodes({ finalized: 11 }) })).status).toBe(4);
    expect((await ran(argv, { answers: nodes({ finalized: 12 }) })).status).toBe(0);
  });

  it('S10: takes a block hash from the user, for one block, and needs no network then', async () => {
    const argv = ['verify', bundleFile, '--trust', trustFile, '--offline', '--json', '--block-hash'];
    const hash = genuine.bundle.anchor!.blockHash;
    expect((await ran([...argv, hash])).status).toBe(0);
    expect((await ran([...argv, hash.slice(2).toUpperCase()])).status).toBe(0);
    expect((await ran([...argv, `0x${'00'.repeat(32)}`])).status).toBe(1);
    expect((await ran([...argv, genuine.bundle.firstAnchor!.anchor.blockHash])).status).toBe(2);
    expect((await ran(['verify', bundleFile, '--trust', trustFile, '--offline'])).status).toBe(2);
  });

  it('S11: takes date and age of status from the user, and says so', async () => {
    const later = await verified({}, ['--at', '2027-01-01']);
    expect(later).toMatchObject({ status: 2, report: { clock: 'given', now: '2027-01-01T00:00:00.000Z' } });
    expect((await verified({}, ['--at', '2027-01-01', '--max-status-age', '60'])).status).toBe(0);
    expect((await verified({}, ['--max-status-age', '1'])).status).toBe(2);
  });

  it('finds the bundle of a credential that came alone at a pinned ledger', async () => {
    const { credential, ...evidence } = genuine.bundle;
    const answers: Answers = (url, init) =>
      url === `http://localhost:3000/api/v1/credentials/${CREDENTIAL}/evidence`
        ? Response.json(evidence)
        : nodes()(url, init);
    const file = await saved('credential.json', credential);
    const argv = ['verify', file, '--trust', trustFile];
    expect((await ran([...argv, '--rpc', RPC], { answers })).status).toBe(0);
    expect((await ran([...argv, '--block-hash', genuine.bundle.anchor!.blockHash], { answers })).status).toBe(0);
    expect((await ran(argv)).status).toBe(2);
    expect((await ran([...argv, '--offline'], { answers })).status).toBe(2);
  });

  it('tells a person in Swedish or English what was checked and trusted', async () => {
    const argv = ['verify', bundleFile, '--trust', trustFile, '--rpc', RPC];
    const english = await ran(argv, { answers: nodes() });
    expect(english.out).toMatch(/^VALID: Genuine/);
    expect(english.out.match(/^\[ok\] /gm)).toHaveLength(9);
    expect(english.out).toContain('trusted: ');
    expect(english.out).toContain('Åsa Ö');
    const swedish = await ran(argv, { answers: nodes(), language: 'sv' });
    expect(swedish.out).toMatch(/^GILTIGT: Äkta/);
    expect(swedish.out.match(/litade på: /g)).toHaveLength(english.out.match(/trusted: /g)!.length);
    expect(swedish.out).not.toMatch(/litade på: .*\b(the|whoever)\b/);
    expect((await ran([...argv, '--lang', 'sv'], { answers: nodes() })).out).toBe(swedish.out);
  });

  it('S12: calls a state active only once that is shown', async () => {
    const argv = ['verify', bundleFile, '--lang', 'en'];
    const stateOf = async (...more: readonly string[]) =>
      /^ {2}state +(.*)$/m.exec((await ran([...argv, ...more], { answers: nodes() })).out)?.[1];
    expect(await stateOf('--trust', trustFile, '--rpc', RPC)).toBe('active');
    expect(await stateOf('--trust', trustFile, '--offline')).toBe('active');
    expect(await stateOf('--offline')).toBeUndefined();
    const credential = { ...genuine.bundle.credential, name: 'Another' };
    const forged = await saved('forged.json', { ...genuine.bundle, credential });
    expect((await ran(['verify', forged, '--trust', trustFile, '--lang', 'en'])).out).not.toMatch(/^ {2}state /m);
    const other = await saved('other.json', { hello: 1 });
    expect((await ran(['verify', other, '--lang', 'en'])).out).not.toMatch(/^ {2}state /m);
  });

  it('checks what is attached to a PDF, and says where nothing is', async () => {
    const pdf = join(folder, 'merit.pdf');
    await writeFile(pdf, await pdfWith([{ name: 'merit.proof.json', content: JSON.stringify(genuine.bundle) }]));
    const fromPdf = await ran(['verify', pdf, '--trust', trustFile, '--rpc', RPC], { answers: nodes() });
    const fromFile = await ran(['verify', bundleFile, '--trust', trustFile, '--rpc', RPC], { answers: nodes() });
    expect(fromPdf).toEqual(fromFile);
    await writeFile(pdf, await pdfWith([]));
    expect(await ran(['verify', pdf])).toMatchObject({
      status: 65,
      out: '',
      err: expect.stringContaining('the PDF has no proof attached'),
    });
  });

  it('lets no document repaint the terminal', async () => {
    const credential = { ...genuine.bundle.credential, name: 'a\u001b[2J\u202eb' };
    const done = await ran(['verify', await saved('evil.json', { ...genuine.bundle, credential })]);
    expect(done.status).toBe(1);
    expect(done.out).toContain('a\\u{1b}[2J\\u{202e}b');
  });

  it.each([
    ['a broken PDF', '%PDF-1.7\n…', 'the PDF cannot be read'],
    ['a web page', '<!doctype html><p>', 'is opened in a browser, where its proof can be saved'],
    ['nothing', '', 'is empty'],
    ['a text', 'hello', 'is not JSON'],
    ['bytes', '\u0000\u0001', 'is not JSON'],
    ['a member twice', '{"credential":{"name":"A","n\\u0061me":"B"}}', 'unreadable, duplicate member name'],
  ])('ends with 65 for %s', async (_, input, message) => {
    const done = await ran(['verify', '-'], { input });
    expect(done).toMatchObject({ status: 65, out: '' });
    expect(done.err).toContain(message);
  });

  it.each([
    ['a file that is not there', ['verify', '/nonexistent'], 65],
    ['a trust file that is none', ['verify', '-', '--trust', '/dev/null'], 65],
    ['a URL that is not reached', ['verify', 'http://example.org/x'], 2],
    ['a URL offline', ['verify', 'http://example.org/x', '--offline'], 64],
    ['nodes offline', ['verify', '-', '--offline', '--rpc', RPC], 64],
    ['a node that is no URL', ['verify', '-', '--rpc', 'node'], 64],
    ['a date that is none', ['verify', '-', '--at', 'yesterday'], 64],
    ['an age that is none', ['verify', '-', '--max-status-age', '-1'], 64],
    ['a hash that is none', ['verify', '-', '--block-hash', '0x12'], 64],
    ['a language that is none', ['verify', '-', '--lang', 'fi'], 64],
    ['nothing to verify', ['verify'], 64],
    ['an option that is none', ['verify', '-', '--fast'], 64],
    ['the standard input among others', ['verify', '-', 'b'], 64],
    ['a website offline', ['verify', 'a', '--offline', '--check-domain'], 64],
    ['a command that is none', ['juggle'], 64],
    ['no command', [], 64],
  ])('ends with its status for %s', async (_, argv, status) => {
    const done = await ran(argv);
    expect(done).toMatchObject({ status, out: '' });
    expect(done.err).not.toBe('');
  });

  it('ends with 65 for an address that has nothing, with 2 for a server in trouble', async () => {
    const answering = (status: number) => ({ answers: () => new Response('x', { status }) });
    expect((await ran(['verify', 'http://example.org/x'], answering(404))).status).toBe(65);
    expect((await ran(['verify', 'http://example.org/x'], answering(502))).status).toBe(2);
  });
});

describe('meritkedja trust', () => {
  it('S4: pins a file after showing its fingerprint, lists it, and forgets it', async () => {
    const added = await ran(['trust', 'add', trustFile]);
    expect(added.out).toMatch(/fingerprint +([0-9a-f]{4} ){15}[0-9a-f]{4}\n/);
    const listed = await ran(['trust', 'list', '--json']);
    expect(JSON.parse(listed.out)).toMatchObject([{ origin: ORIGIN, chains: [{ chainId: CHAIN_ID }] }]);
    expect((await ran(['trust', 'list'])).out).toContain(ORIGIN);
    const [file] = await readdir(join(configDir, 'trust'));
    expect(JSON.parse(await readFile(join(configDir, 'trust', file!), 'utf8'))).toEqual(genuine.trust);
    expect((await stat(join(configDir, 'trust', file!))).mode & 0o777).toBe(0o600);
    expect(await ran(['trust', 'remove', ORIGIN])).toMatchObject({ status: 0, err: '' });
    expect((await ran(['trust', 'list'])).out).toContain('Nothing is pinned');
    expect((await ran(['trust', 'remove', ORIGIN])).status).toBe(64);
  });

  it('S4: forgets and replaces a file under whatever name a person has put it there', async () => {
    await mkdir(join(configDir, 'trust'), { recursive: true });
    const byHand = join(configDir, 'trust', 'by-hand.json');
    await writeFile(byHand, JSON.stringify(genuine.trust));
    expect((await ran(['trust', 'remove', ORIGIN])).status).toBe(0);
    expect((await ran(['trust', 'list'])).out).toContain('Nothing is pinned');
    await writeFile(byHand, JSON.stringify({ ...genuine.trust, chains: [] }));
    expect((await ran(['trust', 'add', trustFile, '--replace'])).status).toBe(0);
    const listed = JSON.parse((await ran(['trust', 'list', '--json'])).out) as unknown[];
    expect(listed).toMatchObject([{ chains: [{ chainId: CHAIN_ID }] }]);
    await ran(['trust', 'remove', ORIGIN]);
  });

  it('S4: does not replace what is pinned unless told to', async () => {
    await ran(['trust', 'add', trustFile]);
    expect((await ran(['trust', 'add', trustFile])).status).toBe(0);
    const other: TrustFile = { ...genuine.trust, chains: [] };
    const file = await saved('other-trust.json', other);
    const refused = await ran(['trust', 'add', file]);
    expect(refused).toMatchObject({ status: 64, out: '' });
    expect(refused.err).toContain('--replace');
    expect((await ran(['trust', 'add', file, '--replace', '--json'])).status).toBe(0);
    expect((JSON.parse((await ran(['trust', 'list', '--json'])).out) as unknown[])[0]).toMatchObject({ chains: [] });
  });

  it('S19: takes a new key of the log on the signature of the pinned one, and no other change with it', async () => {
    const [old, next] = [1, 61].map((byte) => signer(new Uint8Array(32).fill(byte))) as [Ed25519Signer, Ed25519Signer];
    const vkey = formatVerifierKey(ORIGIN, next.publicKey);
    const note = formatLogKeyRotation(
      { origin: ORIGIN, from: 20, previous: genuine.trust.vkey, next: vkey },
      (message) => old.sign(message),
      (message) => next.sign(message),
    );
    const vkeys = [
      { vkey: genuine.trust.vkey, from: 0, to: 20 },
      { vkey, from: 20 },
    ];
    const newer: TrustFile = { ...genuine.trust, vkey, vkeys, rotations: [note] };
    await ran(['trust', 'add', trustFile]);
    for (const other of [
      { ...newer, rotations: [] },
      { ...newer, chains: [] },
    ]) {
      const refused = await ran(['trust', 'add', await saved('rotated.json', other)]);
      expect(refused).toMatchObject({ status: 64, out: '' });
      expect(refused.err).toContain('without a rotation that the pinned key has signed');
    }
    const added = await ran(['trust', 'add', await saved('rotated.json', newer)]);
    expect(added).toMatchObject({ status: 0, err: '', out: expect.stringContaining('signed by the one that you had') });
    const argv = ['verify', bundleFile, '--rpc', RPC];
    expect((await ran(argv, { answers: nodes() })).status).toBe(0);
  });

  it('S4: pins several ledgers side by side, each for its own bundles', async () => {
    const origin = 'other.example/log';
    const other = signer(new Uint8Array(32).fill(62));
    const vkey = formatVerifierKey(origin, other.publicKey);
    await ran(['trust', 'add', await saved('other-ledger.json', { ...genuine.trust, origin, vkey })]);
    const argv = ['verify', bundleFile, '--rpc', RPC];
    expect((await ran(argv, { answers: nodes() })).status).toBe(2);
    await ran(['trust', 'add', trustFile]);
    expect((await ran(argv, { answers: nodes() })).status).toBe(0);
    expect((JSON.parse((await ran(['trust', 'list', '--json'])).out) as unknown[]).length).toBe(2);
    expect((await ran(['trust', 'remove', origin])).status).toBe(0);
    expect((await ran(argv, { answers: nodes() })).status).toBe(0);
  });

  it('S4: pins nothing straight from the network', async () => {
    expect((await ran(['trust', 'add', 'http://localhost:3000/.well-known/meritkedja.json'])).status).toBe(64);
  });

  it('says what is wrong with a file', async () => {
    const done = await ran(['trust', 'add', await saved('no-trust.json', { ...genuine.trust, vkey: 'x' })]);
    expect(done.status).toBe(65);
    expect(done.err).toContain('vkey');
  });

  it('ends with 78 when a pinned file is broken', async () => {
    await mkdir(join(configDir, 'trust'), { recursive: true });
    await writeFile(join(configDir, 'trust', 'x.json'), '{');
    const done = await ran(['verify', bundleFile]);
    expect(done).toMatchObject({ status: 78, out: '' });
    expect(done.err).toContain('x.json');
  });
});

describe('commands over the API', () => {
  const calls: { url: string; method: string | undefined; authorization: string | null }[] = [];
  const answering =
    (response: () => Response): Answers =>
    (url, init) => {
      calls.push({ url, method: init?.method, authorization: new Headers(init?.headers).get('authorization') });
      return response();
    };
  beforeEach(() => {
    calls.length = 0;
  });

  it('fetch a bundle to the standard output or a file', async () => {
    const answers = answering(() => Response.json(genuine.bundle));
    const done = await ran(['bundle', `urn:uuid:${CREDENTIAL}`], { answers, token: 'secret' });
    expect(JSON.parse(done.out)).toEqual(genuine.bundle);
    expect(calls).toEqual([
      {
        url: `http://localhost:3000/api/v1/credentials/${CREDENTIAL}/proof`,
        method: 'GET',
        authorization: 'Bearer secret',
      },
    ]);
    const out = join(folder, 'out.json');
    expect(await ran(['bundle', CREDENTIAL, '--out', out], { answers })).toEqual({ status: 0, out: '', err: '' });
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual(genuine.bundle);
  });

  it('seal with a token from a file, at another ledger', async () => {
    const answers = answering(() =>
      Response.json(
        { number: 4, fromIndex: 7, toIndex: 12, root: 'AA==', anchors: [{ chainId: 31337, state: 'finalised' }] },
        { status: 201 },
      ),
    );
    const tokenFile = await saved('token', 'from-file\n');
    const argv = ['seal', '--url', 'https://ledger.example/', '--token-file', tokenFile];
    expect((await ran(argv, { answers })).out).toBe('Batch 4: entries 7 to 12, root AA==\n  chain 31337: finalised\n');
    expect(calls[0]).toEqual({
      url: 'https://ledger.example/api/v1/batches/seal',
      method: 'POST',
      authorization: 'Bearer from-file',
    });
    expect(JSON.parse((await ran([...argv, '--json'], { answers })).out)).toMatchObject({ number: 4 });
  });

  it.each([
    [401, 78],
    [403, 78],
    [404, 65],
    [409, 65],
    [503, 2],
  ])('tell what an answer of %d says, and end with %d', async (status, exit) => {
    const answers: Answers = () => Response.json({ title: 'Title', detail: 'Detail' }, { status });
    const done = await ran(['seal'], { answers });
    expect(done).toMatchObject({ status: exit, out: '' });
    expect(done.err).toContain('Title: Detail');
  });

  it.each([
    [['bundle', 'x'], 64],
    [['seal', '--url', 'nowhere'], 64],
    [['seal', '--token-file', '/nonexistent'], 78],
    [['seal'], 2],
  ])('end with their status: %j, %d', async (argv, status) => {
    expect(await ran(argv)).toMatchObject({ status, out: '' });
  });
});

describe('help', () => {
  it.each([[[]], [['verify']], [['trust']], [['trust', 'add']], [['bundle']], [['seal']]])(
    'is there for %j',
    async (command) => {
      const done = await ran([...command, '--help']);
      expect(done).toMatchObject({ status: 0, err: '' });
      expect(done.out).toContain('Usage: meritkedja');
      expect(done.out).not.toContain('(default: [])');
    },
  );
});

describe('the process', () => {
  it('has the exit status, and finds pinned files by XDG_CONFIG_HOME', async () => {
    const program = join(folder, 'program', 'main.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL('./main.ts', import.meta.url))],
      bundle: true,
      platform: 'node',
      format: 'esm',
      // Apart, as they are built: verifying loads no store and no chain.
      splitting: true,
      outdir: join(folder, 'program'),
      outExtension: { '.js': '.mjs' },
      external: ['better-sqlite3', '@eventstore/db-client', 'ethers', '@nestjs/*'],
      logLevel: 'silent',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const env = { PATH: process.env['PATH'], XDG_CONFIG_HOME: folder, LANG: 'sv_SE.UTF-8' };
    const start = (...argv: string[]): Promise<{ code: number; stdout: string }> =>
      promisify(execFile)(process.execPath, [program, ...argv], { env }).then(
        ({ stdout }) => ({ code: 0, stdout }),
        (error: { code: number; stdout: string }) => error,
      );
    expect(await start('trust', 'add', trustFile)).toMatchObject({ code: 0 });
    const argv = ['verify', bundleFile, '--offline', '--at', NOW];
    expect(await start(...argv)).toMatchObject({ code: 2, stdout: expect.stringMatching(/^OAVGJORT/) });
    const hash = genuine.bundle.anchor!.blockHash;
    const done = await start(...argv, '--json', '--block-hash', hash);
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ verdict: 'valid' });
    expect(await start('verify')).toMatchObject({ code: 64 });
  });
});

describe('the trust file of a ledger on this machine', () => {
  async function dataDirWith(content: unknown): Promise<string> {
    const dataDir = await mkdtemp(join(folder, 'data-'));
    await writeFile(join(dataDir, 'trust.json'), typeof content === 'string' ? content : JSON.stringify(content));
    return dataDir;
  }

  it('S4: is used where nothing else is pinned, and the report says which file that was', async () => {
    const dataDir = await dataDirWith(genuine.trust);
    const { status, out } = await ran(['verify', bundleFile, '--rpc', RPC, '--json'], { answers: nodes(), dataDir });
    expect(status).toBe(0);
    expect((JSON.parse(out) as { trustFiles: unknown }).trustFiles).toEqual([
      { origin: ORIGIN, source: join(dataDir, 'trust.json') },
    ]);
    const text = await ran(['verify', bundleFile, '--rpc', RPC], { answers: nodes(), dataDir });
    expect(text.out).toContain(`${ORIGIN} (${join(dataDir, 'trust.json')})`);
  });

  it('S4: yields to the file that the user has pinned for the same log', async () => {
    await ran(['trust', 'add', trustFile]);
    const dataDir = await dataDirWith({ ...genuine.trust, chains: [] });
    const { status, out } = await ran(['verify', bundleFile, '--rpc', RPC, '--json'], { answers: nodes(), dataDir });
    expect(status).toBe(0);
    const { trustFiles } = JSON.parse(out) as { trustFiles: { source: string }[] };
    expect(trustFiles.map(({ source }) => source.startsWith(configDir))).toEqual([true]);
  });

  it('S4: is passed over where the user names another', async () => {
    const dataDir = await dataDirWith('not JSON');
    const { status } = await ran(['verify', bundleFile, '--trust', trustFile, '--rpc', RPC], {
      answers: nodes(),
      dataDir,
    });
    expect(status).toBe(0);
  });

  it('ends with 78 and its name where it is damaged', async () => {
    const dataDir = await dataDirWith('{"origin": 1}');
    const { status, err } = await ran(['verify', bundleFile], { dataDir });
    expect(status).toBe(78);
    expect(err).toContain(join(dataDir, 'trust.json'));
  });
});
