import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readConfig } from '../config.js';
import { utf8 } from '../encoding/bytes.js';
import { formatCheckpoint } from '../log/checkpoint.js';
import { MerkleTree } from '../log/merkle-tree.js';
import { formatVerifierKey, signNote } from '../log/note.js';
import { formatTlogProof } from '../log/tlog-proof.js';
import { run } from './run.js';

const ORIGIN = 'ledger.example/log';
const SECRET = new Uint8Array(32).fill(3);
const entries = Array.from({ length: 5 }, (_, i) => utf8(`{"n":${i},"type":"Happened"}`));
const tree = MerkleTree.ofEntries(entries);

let folder: string;
let trust: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meritkedja-log-proof-'));
  const vkey = formatVerifierKey(ORIGIN, ed25519.getPublicKey(SECRET));
  trust = await saved('trust.json', JSON.stringify({ origin: ORIGIN, vkey, log: `https://${ORIGIN}`, chains: [] }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function saved(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

function proofOf(index: number, extra = true): string {
  const text = formatCheckpoint({ origin: ORIGIN, size: tree.size, root: tree.root() });
  const checkpoint = signNote(text, ORIGIN, ed25519.getPublicKey(SECRET), (message) => ed25519.sign(message, SECRET));
  const path = tree.inclusionPath(index);
  return formatTlogProof({ ...(extra ? { extra: entries[index]! } : {}), index, path, checkpoint });
}

async function ran(argv: readonly string[], input = ''): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const status = await run(argv, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    stdin: async () => utf8(input),
    fetch: async () => Promise.reject(new TypeError('fetch failed')),
    now: () => new Date(),
    config: (dataDir) => readConfig({ DATA_DIR: dataDir }),
    configDir: join(folder, 'config'),
    dataDir: undefined,
    language: 'en',
  });
  return { status, out, err };
}

describe('meritkedja verify of a log proof', () => {
  it('shows the entry of a pinned log, and says how little that is', async () => {
    const file = await saved('a.tlog-proof', proofOf(3));
    const done = await ran(['verify', file, '--trust', trust]);
    expect(done).toMatchObject({ status: 0, err: '' });
    expect(done.out).toContain('LOGGED');
    expect(done.out).toContain('a proof bundle shows');
    expect(done.out).toContain('{"n":3,"type":"Happened"}');
    expect((await ran(['verify', file, '--trust', trust, '--lang', 'sv'])).out).toContain('LOGGAD');
    const json = await ran(['verify', '-', '--trust', trust, '--json', '--offline'], proofOf(3));
    expect(JSON.parse(json.out)).toMatchObject({
      type: 'MeritkedjaLogProofReport',
      outcome: 'pass',
      index: 3,
      size: 5,
    });
  });

  it('S4: is undetermined without a pinned trust file', async () => {
    const done = await ran(['verify', await saved('a.tlog-proof', proofOf(3))]);
    expect(done).toMatchObject({ status: 2 });
    expect(done.out).toContain('untrusted');
  });

  it('takes the entry from a file', async () => {
    const file = await saved('bare.tlog-proof', proofOf(2, false));
    const argv = ['verify', file, '--trust', trust];
    expect((await ran(argv)).status).toBe(2);
    expect((await ran([...argv, '--entry', await saved('entry', entries[2]!)])).status).toBe(0);
    expect((await ran([...argv, '--entry', await saved('other', entries[1]!)])).status).toBe(1);
    expect((await ran([...argv, '--entry', join(folder, 'none')])).status).toBe(65);
  });

  it('fails for a proof that proves nothing', async () => {
    const forged = await saved('forged.tlog-proof', proofOf(3).replace('index 3', 'index 2'));
    const done = await ran(['verify', forged, '--trust', trust, '--json']);
    expect([done.status, JSON.parse(done.out).code]).toEqual([1, 'notIncluded']);
    const torn = await saved('torn.tlog-proof', proofOf(3).slice(0, 90));
    expect(JSON.parse((await ran(['verify', torn, '--trust', trust, '--json'])).out).code).toBe('proofMalformed');
    // Among documents it is none.
    const many = await ran(['verify', forged, torn, '--trust', trust]);
    expect([many.status, many.out.includes('a log proof, which is verified by itself')]).toEqual([65, true]);
  });
});
