/** `close-chain --save`: the list is kept before anything is closed, and nothing is closed where it cannot be. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from '../config.js';
import { run } from './run.js';

const CHAIN_ID = 11_155_111;
const ADDRESS = `0x${'Ab'.repeat(20)}`;

let folder: string;
let isClosed: boolean;
/** What the ledger answers as its list. */
let list: object;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-close-'));
  isClosed = false;
  list = {
    type: 'MeritkedjaBlockHashes',
    version: 1,
    origin: 'ledger.example/log',
    name: 'sepolia',
    chainId: CHAIN_ID,
    anchors: [{ blockNumber: 7, blockHash: `0x${'a1'.repeat(32)}` }],
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function close(...more: string[]): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const status = await run(['close-chain', 'sepolia', '--url', 'http://ledger.example', ...more], {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    stdin: () => Promise.resolve(new Uint8Array()),
    fetch: async (url) => {
      const path = new URL(url as string).pathname;
      if (path === '/api/v1/chains') {
        return Response.json({ items: [{ name: 'sepolia', chainId: CHAIN_ID, contract: ADDRESS, anchorer: ADDRESS }] });
      }
      if (path.endsWith('/anchors')) {
        return Response.json({ ...list, ...(isClosed && { closed: '2026-11-24T12:00:00.000Z' }) });
      }
      isClosed = true;
      return Response.json({ chainId: CHAIN_ID, anchors: 1 });
    },
    now: () => new Date('2026-11-24T12:00:00Z'),
    config: (dataDir) => readConfig({ DATA_DIR: dataDir }),
    configDir: folder,
    dataDir: undefined,
    language: 'en',
    token: 'token',
  });
  return { status, out, err };
}

describe('S10: meritkedja close-chain --save', () => {
  it('writes the list as it is once the chain is closed, and says where others get it', async () => {
    const file = join(folder, 'kept.json');
    const done = await close('--yes', '--save', file);
    expect(done).toMatchObject({ status: 0, err: '' });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ ...list, closed: '2026-11-24T12:00:00.000Z' });
    expect(done.out).toContain(`The list of their blocks is in ${file}.`);
    expect(done.out).toContain(`http://ledger.example/api/v1/chains/${CHAIN_ID}/anchors`);
    expect(done.out).toContain('meritkedja verify --block-hashes LIST');
  });

  it('closes nothing where the file is there already, or cannot be written, and leaves it as it was', async () => {
    const file = join(folder, 'kept.json');
    writeFileSync(file, 'precious');
    const there = await close('--yes', '--save', file);
    expect([there.status, there.err]).toEqual([65, expect.stringContaining('EEXIST')]);
    expect(readFileSync(file, 'utf8')).toBe('precious');
    const nowhere = await close('--yes', '--save', join(folder, 'none', 'kept.json'));
    expect([nowhere.status, nowhere.err]).toEqual([65, expect.stringContaining('ENOENT')]);
    expect(isClosed).toBe(false);
  });

  it('closes nothing where the ledger answers a list that nobody could use', async () => {
    list = { ...list, anchors: [{ blockNumber: 7 }] };
    const done = await close('--yes', '--save', join(folder, 'kept.json'));
    expect([done.status, done.err]).toEqual([
      65,
      expect.stringContaining('no list of block hashes: anchors.0.blockHash'),
    ]);
    expect(isClosed).toBe(false);
  });

  it('closes nothing unasked', async () => {
    expect((await close()).status).toBe(64);
    expect(isClosed).toBe(false);
  });
});
