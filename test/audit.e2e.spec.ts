/**
 * `meritkedja audit` against the built service: as a stranger over HTTP, on its own data folder with the service running and
 * stopped, with chains that are not reached, that hold what no batch explains, and with two histories that one key has
 * signed. And the log proofs that the service gives out, checked with the service gone.
 */
import {
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
import { createServer, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callRpc } from '../src/anchoring/json-rpc.js';
import { run } from '../src/cli/run.js';
import { readConfig } from '../src/config.js';
import { anchored, issuance, world, type World } from './samples.js';
import { cli, Service, type CliResult, type Parsed } from './service.js';

const MINUTES = 60_000;

let desk: string;
let service: Service;
let w: World;
let credential: string;
/** How many are anchored at first. */
let batches = 0;
/** As pinned by somebody who has it in hand. */
let trustFile: string;
const file = (name: string): string => join(desk, name);
const servers: Server[] = [];

beforeAll(async () => {
  desk = mkdtempSync(join(tmpdir(), 'meritkedja-audit-e2e-'));
  service = await Service.start();
  w = await world(service);
  credential = (await service.post('/api/v1/credentials', issuance(w.definitionId, w.owner))).id;
  await anchored(service);
  await service.post(`/api/v1/credentials/${credential}/suspend`, { reason: 'underReview' });
  await anchored(service);
  batches = (await service.ok('/api/v1/batches')).items.length;
  trustFile = saved('trust.json', await service.ok('/.well-known/meritkedja.json'));
}, 3 * MINUTES);

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await service.dispose();
  rmSync(desk, { recursive: true, force: true });
}, MINUTES);

function saved(name: string, content: unknown): string {
  writeFileSync(file(name), typeof content === 'string' ? content : JSON.stringify(content));
  return file(name);
}

/** The command line in this process, for one person whose configuration is kept in a folder. */
async function ran(who: string, ...argv: readonly string[]): Promise<CliResult> {
  let [stdout, stderr] = ['', ''];
  mkdirSync(file(who), { recursive: true });
  const status = await run(argv, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    stdin: async () => new Uint8Array(),
    fetch: globalThis.fetch,
    now: () => new Date(),
    config: (dataDir) => readConfig({ DATA_DIR: dataDir }),
    configDir: file(who),
    dataDir: undefined,
    language: 'en',
  });
  let json: Parsed;
  try {
    json = JSON.parse(stdout);
  } catch {
    json = undefined;
  }
  return { status, stdout, stderr, json };
}

async function audited(who: string, ...argv: readonly string[]): Promise<CliResult> {
  return ran(who, 'audit', '--json', ...argv);
}

function codes({ json }: CliResult): readonly string[] {
  return json.findings.map(({ severity, rule, code }: Parsed) => `${severity} ${rule} ${code}`);
}

/** In front of the service, with some of its answers changed. */
async function mirror(target: string, change: (path: string, body: Buffer) => Buffer | undefined): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    send(`${target}${path}`, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const body = change(path, Buffer.concat(chunks));
        outgoing.writeHead(body ? (answer.statusCode ?? 500) : 404, {
          'content-type': answer.headers['content-type'] ?? '',
        });
        outgoing.end(body);
      });
    }).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function trustWith(name: string, change: (chain: Parsed) => Parsed): string {
  const trust = JSON.parse(readFileSync(trustFile, 'utf8'));
  return saved(name, { ...trust, chains: trust.chains.map(change) });
}

describe('meritkedja audit', () => {
  it('S4: settles nothing for who has pinned nothing, and says so', async () => {
    const done = await cli(desk, 'audit', '--url', service.url, '--json');
    expect([done.status, done.stderr]).toEqual([2, '']);
    expect(done.json.undetermined[0]).toContain('no trust file');
    expect(codes(done)).toEqual(['warning S4 notPinned']);
  });

  it('finds nothing wrong with a sound ledger, keeps its head, and reads on from there the next time', async () => {
    await ran('auditor', 'trust', 'add', trustFile);
    const first = await audited('auditor', '--url', service.url);
    expect(codes(first)).toEqual([]);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    const size = await service.logSize();
    expect(first.json).toMatchObject({
      size,
      entries: size,
      readNow: size,
      credentials: 1,
      anchors: { explained: batches, unexplained: 0, missing: 0 },
      heads: { kept: 0, given: 0, contradicted: [] },
      undetermined: [],
    });
    expect(typeof first.json.seconds).toBe('number');
    const second = await audited('auditor', '--url', `${service.url}/log/`);
    expect(second.json).toMatchObject({ status: 0, entries: size, readNow: 0, credentials: 1, heads: { kept: 1 } });
    const full = await audited('auditor', '--url', service.url, '--full');
    expect(full.json).toMatchObject({ status: 0, readNow: size, anchors: { explained: batches } });
    const said = await ran('auditor', 'audit', '--url', service.url);
    expect(said.stdout).toContain('NOTHING WRONG');
    expect((await ran('auditor', 'audit', '--url', service.url, '--lang', 'sv')).stdout).toContain('INGET FEL');
  });

  it('reads the ledger’s own folder while it runs', async () => {
    const done = await audited('operator', '--data-dir', service.dataDir);
    expect([done.status, codes(done), done.json.anchors.explained]).toEqual([0, [], batches]);
    expect(done.json.trust.source).toBe(join(service.dataDir, 'trust.json'));
    expect(done.json.sealed).toEqual({ audited: false, reason: expect.stringContaining('the service has the store') });
    // Whoever names the keys wants it done.
    const asked = await audited('operator', '--data-dir', service.dataDir, '--keys-dir', join(service.dataDir, 'keys'));
    expect([asked.status, asked.json.undetermined]).toEqual([2, [expect.stringContaining('what is sealed')]]);
  });

  it('S19: names a chain that it did not reach', async () => {
    const bare = trustWith('no-rpc.json', ({ rpcUrls: _, ...chain }) => chain);
    const done = await audited('far', '--url', service.url, '--trust', bare);
    expect([done.status, codes(done)]).toEqual([2, []]);
    expect(done.json.undetermined).toEqual(['chain "embedded" was not reached']);
    const dead = await audited('far', '--url', service.url, '--trust', bare, '--rpc', 'http://127.0.0.1:9');
    expect(dead.json.chains[0].notReached).toContain('127.0.0.1:9');
    // One that answers beside one that does not.
    const [rpc] = JSON.parse(readFileSync(trustFile, 'utf8')).chains[0].rpcUrls;
    const both = await audited(
      'far',
      '--url',
      service.url,
      '--trust',
      bare,
      '--rpc',
      'http://127.0.0.1:9',
      '--rpc',
      rpc,
    );
    expect([both.status, codes(both)]).toEqual([0, ['note S19 endpointNotReached']]);
  });

  it('S10: judges a chain that is gone by the recorded proofs, and by block hashes that somebody kept', async () => {
    const gone = trustWith('gone.json', ({ rpcUrls: _, ...chain }) => ({
      ...chain,
      closed: { at: new Date().toISOString() },
    }));
    const { chainId } = JSON.parse(readFileSync(trustFile, 'utf8')).chains[0];
    const list = saved('blocks.json', await service.ok(`/api/v1/chains/${chainId}/anchors`));
    const argv = ['--url', service.url, '--trust', gone];
    const whole = await audited('later', ...argv, '--block-hashes', list);
    expect([whole.status, codes(whole)]).toEqual([0, []]);
    expect(whole.json.chains).toMatchObject([{ closed: true, explained: batches, endpoints: [] }]);
    const alone = await audited('later', ...argv);
    expect([alone.status, alone.json.undetermined.length]).toEqual([2, 1]);
    const blocks = JSON.parse(readFileSync(list, 'utf8'));
    const others = blocks.anchors.map((one: Parsed) => ({ ...one, blockHash: `0x${'ab'.repeat(32)}` }));
    const wrong = await audited(
      'later',
      ...argv,
      '--block-hashes',
      saved('other.json', { ...blocks, anchors: others }),
    );
    expect([wrong.status, codes(wrong)]).toEqual([1, Array(batches).fill('error S10 blockHashDiffers')]);
    expect((await service.request(`/api/v1/chains/${chainId}/anchors/999`, { token: null })).status).toBe(404);
  });

  it('names the first bad entry and its rule, on top', async () => {
    let bad = -1;
    const url = await mirror(service.url, (path, body) => {
      if (!path.includes('/tile/entries/')) return body;
      const at = body.indexOf('"CredentialIssued"');
      if (at < 0) return body;
      // Another key than the one that has signed it.
      const forged = Buffer.from(body);
      const digit = forged.indexOf('"digest":"', body.lastIndexOf('{"at"', at)) + 10;
      forged[digit] = forged[digit] === 0x30 ? 0x31 : 0x30;
      bad = 1;
      return forged;
    });
    const done = await ran('auditor', 'audit', '--url', url, '--full');
    expect([done.status, bad]).toEqual([1, 1]);
    expect(done.stdout.split('\n')[0]).toMatch(/^THE AUDIT FOUND SOMETHING: .*(breaks rule|first bad entry)/);
    const json = await audited('auditor', '--url', url, '--full');
    expect(json.json.counts.error).toBeGreaterThan(0);
    // A head whose entries are not there is not kept.
    expect((await audited('auditor', '--url', service.url)).json.status).toBe(0);
  });

  it('S2, S4: a checkpoint that the pinned key has not signed is no head of the log', async () => {
    const url = await mirror(service.url, (path, body) =>
      path === '/log/checkpoint'
        ? Buffer.from(body.toString().replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) - 1}\n`))
        : body,
    );
    const done = await audited('auditor', '--url', url, '--full');
    expect(done.status).toBe(1);
    expect(codes(done)).toContain('error S2 headNotSigned');
  });

  it('compares with another reader’s checkpoint', async () => {
    const checkpoint = (await service.request('/log/checkpoint')).text;
    const given = await audited('auditor', '--url', service.url, '--head', saved('friend.txt', checkpoint));
    expect(given.json).toMatchObject({ status: 0, heads: { given: 1, contradicted: [] } });
    const forged = saved('forged.txt', checkpoint.replace(/\n(\d+)\n/, '\n1$1\n'));
    expect((await audited('auditor', '--url', service.url, '--head', forged)).status).toBe(65);
    expect((await audited('nobody', '--url', service.url, '--head', file('friend.txt'))).status).toBe(78);
  });

  it('ends as the contract says for what cannot be used or read', async () => {
    const statusOf = async (...argv: readonly string[]): Promise<number | null> =>
      (await ran('auditor', 'audit', ...argv)).status;
    expect(await statusOf()).toBe(64);
    expect(await statusOf('--url', service.url, '--data-dir', service.dataDir)).toBe(64);
    expect(await statusOf('--url', 'ftp://example.org')).toBe(64);
    expect(await statusOf('--url', service.url, '--rpc', 'nonsense')).toBe(64);
    expect(await statusOf('--url', service.url, '--from', 'x')).toBe(64);
    expect(await statusOf('--url', service.url, '--max-delay', 'soon')).toBe(64);
    expect(await statusOf('--url', `${service.url}/nowhere`)).toBe(65);
    expect(await statusOf('--data-dir', file('nothing'))).toBe(78);
    mkdirSync(file('damaged/trust'), { recursive: true });
    writeFileSync(file('damaged/trust/x.json'), '{');
    expect((await ran('damaged', 'audit', '--url', service.url)).status).toBe(78);
  });
});

describe('log proofs', () => {
  it('are given for an issuance and any entry, and hold with the service gone', async () => {
    const proof = await service.request(`/api/v1/credentials/${credential}/tlog-proof`, { token: null });
    expect(proof.headers['content-type']).toBe('text/plain; charset=utf-8');
    const file0 = saved('issued.tlog-proof', proof.text);
    const done = await ran('auditor', 'verify', file0, '--offline', '--json');
    expect(done.json).toMatchObject({ outcome: 'pass', entry: { type: 'CredentialIssued' } });
    // Under the newest anchored head.
    expect(done.json.size).toBe((await service.ok('/api/v1/batches')).items[0].size);
    const first = saved('first.tlog-proof', (await service.request('/log/proof/0', { token: null })).text);
    expect((await ran('auditor', 'verify', first, '--offline', '--json')).json).toMatchObject({
      outcome: 'pass',
      index: 0,
    });
    expect((await service.request('/log/proof/99999', { token: null })).status).toBe(404);
    expect((await service.request(`/api/v1/credentials/${w.owner}/tlog-proof`, { token: null })).status).toBe(404);
    const out = file('bundled.tlog-proof');
    const bundled = await ran('auditor', 'bundle', credential, '--tlog-proof', '--url', service.url, '--out', out);
    expect([bundled.status, readFileSync(out, 'utf8')]).toEqual([0, proof.text]);
  });
});

describe('an audit of a stopped ledger with its operator’s keys', () => {
  it(
    'S17, S22, S23: opens what is sealed, counts what was erased, and says so where the keys are not there',
    async () => {
      const other = await Service.start();
      const folder = file('sealed');
      try {
        const made = await world(other);
        for (const familyName of ['Ettsson', 'Tvåsson']) {
          const issue = issuance(made.definitionId, made.owner, { givenName: 'Påhittad', familyName });
          const { id } = await other.post('/api/v1/credentials', issue);
          await other.post(`/api/v1/credentials/${id}/suspend`, { reason: 'underReview', note: 'Ska ses över.' });
          if (familyName === 'Tvåsson') {
            const { id: holder } = await other.ok(`/api/v1/credentials/${id}/holder`);
            await other.post(`/api/v1/holders/${holder}/erase`, { confirm: holder });
          }
        }
        await anchored(other);
        await other.stop();
        cpSync(other.dataDir, folder, { recursive: true });
      } finally {
        await other.dispose();
      }
      const bytes = readFileSync(join(folder, 'events.db'));
      const done = await audited('keyed', '--data-dir', folder);
      expect([done.stderr, done.json?.findings.filter(({ severity }: Parsed) => severity !== 'note')]).toEqual([
        '',
        [],
      ]);
      expect(done.json.sealed).toMatchObject({
        ...{ audited: true, documents: 1, assessments: 1, notes: 1 },
        erased: { credentials: 1, assessments: 1, notes: 1 },
      });
      expect(done.json.sealed.statusLists).toBeGreaterThan(0);
      expect(done.json.notChecked.privateRules).toEqual({
        ...{ outcomesMet: 1, holderNamed: 1, versionPublished: 1, outcomesInRange: 1 },
      });
      const said = (await ran('keyed', 'audit', '--data-dir', folder, '--lang', 'sv')).stdout;
      expect(said).toMatch(/förseglat, öppnat +1 dokument, 1 bedömningar/);
      expect(said).toMatch(/raderat +1 dokument, 1 bedömningar, 1 anteckningar/);
      expect(readFileSync(join(folder, 'events.db')).equals(bytes)).toBe(true);

      renameSync(join(folder, 'master-key'), join(folder, 'away'));
      const without = await audited('keyed', '--data-dir', folder);
      expect([without.status, without.json.sealed]).toEqual([
        done.status,
        { audited: false, reason: expect.stringMatching(/^MASTER_KEY: is not set and .*master-key is missing/) },
      ]);
      expect(without.json.notChecked.privateRules).toMatchObject({ outcomesMet: 2 });
      expect((await ran('keyed', 'audit', '--data-dir', folder)).stdout).toMatch(/opened +not opened: MASTER_KEY/);
      const named = await audited('keyed', '--data-dir', folder, '--keys-dir', join(folder, 'keys'));
      expect([named.status, named.json.undetermined.at(-1)]).toEqual([2, expect.stringContaining('what is sealed')]);
      expect((await ran('keyed', 'audit', '--url', service.url, '--keys-dir', folder)).status).toBe(64);
      renameSync(join(folder, 'away'), join(folder, 'master-key'));
      // One byte of what was sealed.
      const damaged = Buffer.from(bytes);
      damaged[damaged.indexOf('"ciphertext":"') + 40]! ^= 1;
      writeFileSync(join(folder, 'events.db'), damaged);
      const found = await audited('keyed', '--data-dir', folder);
      expect([found.status, codes(found)]).toEqual([1, expect.arrayContaining(['error S22 sealedDiffers'])]);
    },
    3 * MINUTES,
  );
});

describe('an audit of a ledger that is stopped', () => {
  it('reads its folder and a copy of its chain, and changes nothing there', async () => {
    await service.stop();
    const shape = (): Parsed =>
      readdirSync(service.dataDir, { recursive: true, withFileTypes: true })
        // SQLite leaves the two empty files of a reader behind.
        .filter((entry) => entry.isFile() && !/-(shm|wal)$/.test(entry.name))
        .map(({ parentPath, name }) => [join(parentPath, name), statSync(join(parentPath, name)).mtimeMs])
        .sort();
    const before = shape();
    const done = await audited('keeper', '--data-dir', service.dataDir);
    // The node that ran with it does not answer any more.
    expect([done.status, codes(done), done.json.undetermined]).toEqual([0, ['note S19 endpointNotReached'], []]);
    expect(done.json).toMatchObject({
      anchors: { explained: batches, unexplained: 0, missing: 0 },
      source: service.dataDir,
    });
    expect(shape()).toEqual(before);
    // And the recorded proofs from its store.
    const list = file('blocks.json');
    const argv = ['--data-dir', service.dataDir, '--trust', file('gone.json'), '--block-hashes', list];
    const node = join(service.dataDir, 'chain/state.json');
    renameSync(node, `${node}.away`);
    try {
      const gone = await audited('keeper', ...argv);
      expect([gone.status, codes(gone), gone.json.anchors.explained]).toEqual([0, [], batches]);
    } finally {
      renameSync(`${node}.away`, node);
    }
  });

  it(
    'S2, S16: two histories that one key has signed are told, whichever of them is shown',
    async () => {
      // The same ledger, put back from a copy and gone on with, as if nothing had been.
      const copy = file('copy');
      cpSync(service.dataDir, copy, { recursive: true });
      // With the chain of then, and not the node that runs on it now.
      const { marker } = JSON.parse(readFileSync(join(copy, 'chain/node.json'), 'utf8'));
      writeFileSync(join(copy, 'chain/node.json'), JSON.stringify({ marker }));
      await service.restart();
      await service.post(`/api/v1/credentials/${credential}/reinstate`, {});
      await anchored(service);
      const now = trustWith('now.json', (chain) => chain);
      const seen = await audited('reader', '--url', service.url, '--trust', now);
      expect(seen.json.size).toBe(await service.logSize());
      const friend = saved('seen.txt', seen.json.checkpoint);

      const other = await Service.start({ env: { DATA_DIR: copy, PUBLIC_URL: service.url } });
      try {
        const rolledBack = await audited('reader', '--url', other.url, '--trust', now);
        expect(rolledBack.status).toBe(1);
        expect(codes(rolledBack)).toContain('error S16 headShrunk');
        const token = readFileSync(join(copy, 'admin-token'), 'utf8').trim();
        const issue = issuance(w.definitionId, w.owner);
        for (let i = 0; i < 6; i++) {
          const reply = await other.request('/api/v1/credentials', {
            body: issue,
            token,
            headers: { 'idempotency-key': `k${i}` },
          });
          expect(reply.status).toBe(201);
        }
        const rewritten = await audited('reader', '--url', other.url, '--trust', now, '--full');
        expect(rewritten.status).toBe(1);
        expect(codes(rewritten)).toContain('error S16 historyRewritten');
        expect(rewritten.json.heads.contradicted).toMatchObject([
          { size: seen.json.size, checkpoint: seen.json.checkpoint },
        ]);
        // Somebody who has only ever seen the other one, and is told what the first reader saw.
        const stranger = await audited('stranger', '--url', other.url, '--trust', now, '--head', friend);
        expect(codes(stranger)).toContain('error S2 twoHistories');
      } finally {
        await other.dispose();
      }
      // The kept heads are those of one history alone.
      expect((await audited('reader', '--url', service.url, '--trust', now)).status).toBe(0);
    },
    3 * MINUTES,
  );
});

describe('an audit of a chain that holds more than the log', () => {
  it('S19: finds what the anchorer’s address anchored and no batch explains', async () => {
    const { rpcUrls, contract, anchorers } = (await service.ok('/.well-known/meritkedja.json')).chains[0];
    const rpc = (method: string, ...params: unknown[]): Promise<unknown> => callRpc(rpcUrls[0], method, params, 5_000);
    await rpc('anvil_impersonateAccount', anchorers[0]);
    await rpc('eth_sendTransaction', { from: anchorers[0], to: contract, data: `0x${'5c'.repeat(32)}` });
    await rpc('anvil_stopImpersonatingAccount', anchorers[0]);
    const done = await audited('auditor', '--url', service.url, '--rpc', rpcUrls[0]);
    expect([done.status, codes(done)]).toEqual([1, ['error S19 anchorUnexplained']]);
    expect(done.json.anchors).toEqual({ explained: batches + 1, unexplained: 1, missing: 0 });
    const said = await ran('auditor', 'audit', '--url', service.url, '--rpc', rpcUrls[0]);
    expect(said.stdout.split('\n')[0]).toContain('the log as a whole breaks rule S19');
  });
});
