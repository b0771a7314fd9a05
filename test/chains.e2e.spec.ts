/**
 * The life of a ledger on chains that end, on the built application with two EVM nodes as public chains: both as witnesses
 * at once, the anchorer's key handed on twice (to a keystore file, to a remote signer), the first chain closed and gone for
 * good; what was proven before stays proven, by header and receipt, with the block's hash from a list that was kept.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encryptKeystoreJson, Wallet } from 'ethers';
import { EthersChain } from '../src/anchoring/ethers-chain.js';
import { fromBase64 } from '../src/encoding/base64.js';
import { EvmNode } from './evm-node.js';
import { LoopbackSigner } from './loopback-signer.js';
import { issuance, world, type World } from './samples.js';
import { cliWith, eventually, Service, type CliResult, type Parsed } from './service.js';

const MINUTES = 60_000;
const FIRST = { name: 'arbitrum-sepolia', chainId: 421_614 };
const SECOND = { name: 'polygon-amoy', chainId: 80_002 };
const KEY = new Uint8Array(32).fill(0x41);
const former = new Wallet(`0x${'41'.repeat(32)}`);
const next = new Wallet(`0x${'42'.repeat(32)}`);
const remote = new LoopbackSigner(new Uint8Array(32).fill(0x43));
const PASSWORD = 'correct horse battery staple';

let desk: string;
let first: EvmNode;
let second: EvmNode;
let service: Service;
let signerUrl: string;
let pump: NodeJS.Timeout;
let w: World;
/** The service's; changed between restarts. */
const env: Record<string, string> = {};
/** Files on the desk of whoever verifies. */
const file = (name: string): string => join(desk, name);
/** What was kept on the way. */
const kept = { early: '', earlyId: '', lateId: '', oldTrust: '' };

beforeAll(async () => {
  desk = mkdtempSync(join(tmpdir(), 'meritkedja-chains-'));
  const funded = [former.address, next.address, remote.address];
  const start = async (chainId: number, name: string): Promise<EvmNode> => {
    mkdirSync(file(name));
    return EvmNode.start({ chainId, folder: file(name), automine: true }, funded);
  };
  first = await start(FIRST.chainId, 'first');
  second = await start(SECOND.chainId, 'second');
  signerUrl = await remote.start();
  // Blocks come, as they do on public chains, so that those before them become final.
  pump = setInterval(() => {
    for (const node of [first, second]) if (node.isRunning) node.mine(1).catch(() => undefined);
  }, 1_500);
  Object.assign(env, {
    CHAIN: `${FIRST.name},${SECOND.name}`,
    RPC_URLS: `${FIRST.name}=${first.url},${SECOND.name}=${second.url}`,
    ANCHOR_KEY: former.privateKey,
  });
  service = await Service.start({ env });
  w = await world(service);
}, 3 * MINUTES);

afterAll(async () => {
  clearInterval(pump);
  await service.dispose();
  await first.kill();
  await second.kill();
  await remote.stop();
  rmSync(desk, { recursive: true, force: true });
}, 3 * MINUTES);

function saved(name: string, content: unknown): string {
  writeFileSync(file(name), JSON.stringify(content));
  return file(name);
}

function read(path: string): Parsed {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** A command to the running ledger, as its operator. */
function operator(args: readonly string[], variables: Record<string, string> = {}): Promise<CliResult> {
  return cliWith({ MERITKEDJA_TOKEN: service.token, ...variables }, desk, ...args, '--url', service.url);
}

/** `verify` with what lies on the desk. */
async function verified(bundle: string, ...args: readonly string[]): Promise<CliResult> {
  return cliWith({}, desk, 'verify', bundle, '--trust', file('trust.json'), ...args);
}

function anchorCheck(report: Parsed): Parsed {
  return report.checks.find(({ name }: Parsed) => name === 'anchor');
}

async function issue(): Promise<string> {
  return (await service.post('/api/v1/credentials', issuance(w.definitionId, w.issuer))).id as string;
}

/** Waits for a batch's final anchor on a chain. */
function finalOn(batch: number, chainId: number): Promise<Parsed> {
  return eventually(
    async () => {
      const { anchors } = await service.ok(`/api/v1/batches/${batch}`);
      return anchors.find((one: Parsed) => one.chainId === chainId && one.state === 'finalised');
    },
    `batch ${batch} to be final on ${chainId}`,
    2 * MINUTES,
  );
}

async function sealed(): Promise<number> {
  return (await service.post('/api/v1/batches/seal')).number as number;
}

/** Both chains as the ledger tells of them, the first one of CHAIN first: in the log they stand as they came to be ready. */
async function chains(): Promise<readonly [Parsed, Parsed]> {
  return both((await service.ok('/api/v1/chains')).items);
}

function both(items: readonly Parsed[]): readonly [Parsed, Parsed] {
  expect(items).toHaveLength(2);
  const [a, b] = [FIRST, SECOND].map(({ chainId }) => items.find((one) => one.chainId === chainId));
  return [a, b];
}

async function trustSaved(): Promise<Parsed> {
  const trust = await service.ok('/.well-known/meritkedja.json', { token: null });
  saved('trust.json', trust);
  return trust;
}

describe('a ledger on two chains', () => {
  it(
    'takes every batch to the first, and the newest head to the second when it is told to',
    async () => {
      kept.earlyId = await issue();
      const batch = await sealed();
      expect((await finalOn(batch, FIRST.chainId)).anchorer).toBe(former.address);
      const before = await operator(['reanchor', '--chain', SECOND.name]);
      expect(before).toMatchObject({ status: 0, stderr: '' });
      expect(before.stdout).toMatch(/^Batch \d+, which covers \d+ entries, goes to polygon-amoy \(chain 80002\)\.\n$/);
      const [, covering] = /^Batch (\d+),/.exec(before.stdout)!;
      await finalOn(Number(covering), SECOND.chainId);
      const again = await operator(['reanchor', '--chain', SECOND.name]);
      expect(again.stdout).toMatch(new RegExp(`^Batch ${covering}, .*, is final already on polygon-amoy`));
      expect(await chains()).toMatchObject([
        { ...FIRST, isMain: true, anchorer: former.address },
        { ...SECOND, isMain: false, anchorer: former.address },
      ]);
      kept.early = saved('early.json', await service.ok(`/api/v1/credentials/${kept.earlyId}/proof`));
      await trustSaved();
      kept.oldTrust = saved('trust-old.json', await service.ok('/.well-known/meritkedja.json'));
      const online = await verified(kept.early, '--rpc', first.url, '--json');
      expect([online.status, online.json.verdict, online.json.warnings]).toEqual([0, 'valid', []]);
    },
    3 * MINUTES,
  );

  it(
    'S19: hands anchoring over to nobody without the operator’s token, and on no chain that there is not',
    async () => {
      const size = await service.logSize();
      const url = ['--url', service.url];
      const nobody = await cliWith(
        { ANCHOR_KEY: next.privateKey },
        desk,
        'rotate-anchorer',
        '--chain',
        FIRST.name,
        ...url,
      );
      expect([nobody.status, nobody.stderr]).toEqual([78, expect.stringContaining('401')]);
      const nowhere = await operator(['rotate-anchorer', '--chain', 'hoodi'], { ANCHOR_KEY: next.privateKey });
      expect([nowhere.status, nowhere.stderr]).toEqual([65, expect.stringContaining('it is on: ')]);
      const noKey = await operator(['rotate-anchorer', '--chain', FIRST.name]);
      expect([noKey.status, noKey.stderr]).toEqual([78, expect.stringContaining('name the new key')]);
      const same = await operator(['rotate-anchorer', '--chain', FIRST.name], { ANCHOR_KEY: former.privateKey });
      expect([same.status, same.stderr]).toEqual([65, expect.stringContaining('Use a new key')]);
      expect(await service.logSize()).toBe(size);
    },
    3 * MINUTES,
  );

  it(
    'S19: hands anchoring over to the key of a keystore file, and the running ledger waits for the restart',
    async () => {
      const account = { address: next.address, privateKey: next.privateKey };
      const keystore = await encryptKeystoreJson(account, PASSWORD, { scrypt: { N: 1_024, r: 8, p: 1 } });
      writeFileSync(file('anchorer.json'), keystore, { mode: 0o600 });
      const key = { ANCHOR_KEYSTORE: file('anchorer.json'), ANCHOR_KEYSTORE_PASSWORD: PASSWORD };
      for (const { name } of [FIRST, SECOND]) {
        const done = await operator(['rotate-anchorer', '--chain', name], key);
        expect([done.status, done.stderr]).toEqual([0, '']);
        expect(done.stdout).toMatch(new RegExp(`^From entry \\d+ on ${next.address} anchors on ${name}\\.\n`));
      }
      // The former key is with the service still, and anchors nothing any more.
      const late = await issue();
      const batch = await sealed();
      await eventually(async () => (await chains())[0].problem?.includes('rotate-anchorer'), 'the problem to be told');
      expect((await service.ok(`/api/v1/batches/${batch}`)).anchors).toEqual([]);
      await service.stop();
      delete env['ANCHOR_KEY'];
      Object.assign(env, key);
      await service.restart();
      expect((await finalOn(batch, FIRST.chainId)).anchorer).toBe(next.address);
      expect((await chains())[0]).not.toHaveProperty('problem');
      kept.lateId = late;
      saved('late.json', await service.ok(`/api/v1/credentials/${late}/proof`));
    },
    3 * MINUTES,
  );

  it(
    'S19: the former key’s anchors stand up to the rotation, and none of it after',
    async () => {
      const trust = await trustSaved();
      const [one] = both(trust.chains);
      const { from } = one.anchorers[1];
      expect(one.anchorers).toEqual([
        { address: former.address, from: 0, to: from },
        { address: next.address, from },
      ]);
      const codeOf = async (bundle: string, ...more: string[]): Promise<unknown[]> => {
        const { status, json } = await verified(bundle, '--rpc', first.url, '--json', ...more);
        return [status, anchorCheck(json).code];
      };
      expect(await codeOf(kept.early)).toEqual([0, undefined]);
      expect(await codeOf(file('late.json'))).toEqual([0, undefined]);
      // Whoever has the former key anchors the very same head, in a block of the very same chain.
      const thief = new EthersChain({
        name: FIRST.name,
        chainId: FIRST.chainId,
        rpcUrls: [first.url],
        privateKey: KEY,
      });
      const bundle = read(file('late.json'));
      const root = fromBase64(bundle.checkpoint.split('\n')[2]);
      const built = await thief.buildAnchor(root);
      await thief.send(built.signedTransaction);
      // And something that is no head at all: the ledger must not take it for its own future (S16).
      await eventually(() => thief.receipt(built.txHash), 'the thief’s first anchor');
      await thief.send((await thief.buildAnchor(new Uint8Array(32).fill(9))).signedTransaction);
      const anchor = await eventually(() => thief.proof(built.txHash).catch(() => undefined), 'the thief’s anchor');
      expect(anchor.anchorer).toBe(former.address);
      await first.mine(3);
      expect(await codeOf(saved('stolen.json', { ...bundle, anchor }))).toEqual([1, 'anchorerNotInForce']);
      // And whoever has pinned the trust file from before does not know the new one.
      const before = await cliWith(
        {},
        desk,
        'verify',
        file('late.json'),
        '--trust',
        kept.oldTrust,
        '--rpc',
        first.url,
        '--json',
      );
      expect([before.status, anchorCheck(before.json).code]).toEqual([1, 'anchorerNotPinned']);
    },
    3 * MINUTES,
  );

  it(
    'S16, S19: is not stopped by what the former key has anchored since; hands over to a remote signer',
    async () => {
      const key = { ANCHOR_SIGNER_URL: signerUrl, ANCHOR_ADDRESS: remote.address };
      for (const { name } of [FIRST, SECOND]) {
        expect((await operator(['rotate-anchorer', '--chain', name], key)).status).toBe(0);
      }
      expect(remote.signed).toHaveLength(2);
      await service.stop();
      for (const name of ['ANCHOR_KEYSTORE', 'ANCHOR_KEYSTORE_PASSWORD']) delete env[name];
      Object.assign(env, key);
      await service.restart();
      await issue();
      expect((await finalOn(await sealed(), FIRST.chainId)).anchorer).toBe(remote.address);
      expect(remote.signed.length).toBeGreaterThan(2);
    },
    3 * MINUTES,
  );
});

describe('S10: a chain that ends', () => {
  it(
    'is closed once the hashes of its blocks are under a final anchor elsewhere, and confirmed',
    async () => {
      const args = ['close-chain', FIRST.name];
      const unasked = await operator(args);
      expect([unasked.status, unasked.stderr]).toEqual([64, expect.stringContaining('--yes')]);
      const uncovered = await operator([...args, '--yes']);
      expect([uncovered.status, uncovered.stderr]).toEqual([65, expect.stringContaining('meritkedja reanchor')]);
      // While it is in CHAIN it takes an anchor with every batch, and so has always one more.
      await service.stop();
      Object.assign(env, { CHAIN: SECOND.name, RPC_URLS: second.url });
      await service.restart();
      expect((await operator([...args, '--yes'])).status).toBe(65);
      const { stdout } = await operator(['reanchor', '--chain', SECOND.name]);
      await finalOn(Number(/^Batch (\d+),/.exec(stdout)![1]), SECOND.chainId);
      const done = await operator([...args, '--yes', '--save', file('kept.json')]);
      expect([done.status, done.stderr]).toEqual([0, '']);
      expect(done.stdout).toMatch(/^arbitrum-sepolia is closed with \d+ final anchors\./);
      expect(done.stdout).toContain(`/api/v1/chains/${FIRST.chainId}/anchors`);
      const again = await operator([...args, '--yes']);
      expect([again.status, again.stderr]).toEqual([65, expect.stringContaining('closed')]);
      expect((await operator(['reanchor', '--chain', FIRST.name])).status).toBe(65);
    },
    3 * MINUTES,
  );

  it(
    'is gone for good, and the next one has taken its place',
    async () => {
      await first.kill();
      const id = await issue();
      const batch = await sealed();
      await finalOn(batch, SECOND.chainId);
      saved('after.json', await service.ok(`/api/v1/credentials/${id}/proof`));
      const [closed, living] = await chains();
      expect(closed).toMatchObject({ ...FIRST, isMain: false, closed: expect.any(String) });
      expect(closed).not.toHaveProperty('problem');
      expect(living).toMatchObject({ ...SECOND, isMain: true });
      expect((await service.ok('/health/ready')).anchoring).toBe('ok');
    },
    3 * MINUTES,
  );

  it(
    'is told plainly, and settled by a list that was kept: offline, by header and receipt',
    async () => {
      const trust = await trustSaved();
      const [closed] = both(trust.chains);
      expect(closed).toMatchObject({
        ...FIRST,
        closed: { at: expect.any(String), blockHashes: `${service.url}/api/v1/chains/${FIRST.chainId}/anchors` },
      });
      expect(closed.anchorers).toHaveLength(3);
      const gone = await verified(kept.early, '--offline', '--json');
      expect([gone.status, anchorCheck(gone.json).code]).toEqual([2, 'chainClosed']);
      // Asked where it was, nobody answers.
      const online = await verified(kept.early, '--rpc', first.url, '--json');
      expect([online.status, anchorCheck(online.json).code]).toEqual([2, 'chainClosed']);
      const list = await verified(kept.early, '--offline', '--json', '--block-hashes', file('kept.json'));
      expect([list.status, list.json.verdict]).toEqual([0, 'valid']);
      expect(anchorCheck(list.json).trusted).toContain(`in the list of block hashes ${file('kept.json')}`);
      expect(anchorCheck(list.json).detail).toContain('a chain that has closed');
      expect(list.json.warnings).toEqual([expect.stringMatching(/^The chain has closed/)]);
      expect(list.json.blockHashLists).toMatchObject([{ ...FIRST, source: file('kept.json'), origin: trust.origin }]);
      const swedish = await verified(kept.early, '--offline', '--lang', 'sv', '--block-hashes', file('kept.json'));
      expect(swedish.stdout).toContain('Kedjan har stängts');
      expect(swedish.stdout).toMatch(/Listor över blockhashar: .*arbitrum-sepolia \(kedja 421614;/);
      expect((await verified(kept.early, '--offline', '--block-hash', read(kept.early).anchor.blockHash)).status).toBe(
        0,
      );
    },
    3 * MINUTES,
  );

  it(
    'is not settled by the bundle’s own word, by a list that says something else, or without doubt by the ledger’s',
    async () => {
      const list = read(file('kept.json'));
      const { blockNumber } = read(kept.early).anchor;
      const other = list.anchors.map((one: Parsed) =>
        one.blockNumber === blockNumber ? { ...one, blockHash: `0x${'00'.repeat(32)}` } : one,
      );
      const lying = saved('lying.json', { ...list, anchors: other });
      const lied = await verified(kept.early, '--offline', '--json', '--block-hashes', lying);
      expect([lied.status, anchorCheck(lied.json).code]).toEqual([1, 'blockHashDiffers']);
      const without = saved('without.json', {
        ...list,
        anchors: list.anchors.filter((one: Parsed) => one.blockNumber !== blockNumber),
      });
      expect((await verified(kept.early, '--offline', '--block-hashes', without)).status).toBe(2);
      expect((await verified(kept.early, '--offline', '--block-hashes', kept.early)).status).toBe(65);
      const both = ['--block-hashes', file('kept.json'), '--block-hash', `0x${'00'.repeat(32)}`];
      expect((await verified(kept.early, '--offline', ...both)).status).toBe(64);
      expect((await verified(kept.early, '--offline', '--block-hashes', `${service.url}/x`)).status).toBe(64);
      const served = await verified(
        kept.early,
        '--json',
        '--block-hashes',
        `${service.url}/api/v1/chains/${FIRST.chainId}/anchors`,
      );
      expect([served.status, served.json.warnings]).toEqual([
        0,
        expect.arrayContaining([expect.stringContaining('from the ledger itself')]),
      ]);
    },
    3 * MINUTES,
  );

  it(
    'holds up nothing new: what is proven now leads to the chain that lives',
    async () => {
      const after = await verified(file('after.json'), '--rpc', second.url, '--json');
      expect([after.status, after.json.warnings, anchorCheck(after.json).detail]).toEqual([
        0,
        [],
        expect.stringContaining(SECOND.name),
      ]);
      // Those from before, proven anew: by the second chain; when one was first anchored on the first, the list alone tells.
      const anew = saved('anew.json', await service.ok(`/api/v1/credentials/${kept.lateId}/proof`));
      const dated = await verified(anew, '--rpc', second.url, '--block-hashes', file('kept.json'), '--json');
      const undated = await verified(anew, '--rpc', second.url, '--json');
      expect([dated.status, undated.status]).toEqual([0, 0]);
      expect(undated.json).not.toHaveProperty('anchoredAt');
      expect(dated.json.anchoredAt < undated.json.asOf).toBe(true);
      expect((await service.post('/api/v1/verify', read(anew))).verdict).toBe('valid');
      // The ledger holds an old bundle against the newest that it has itself, which leads to the chain that lives.
      const { verdict, warnings } = await service.post('/api/v1/verify', read(kept.early));
      expect([verdict, warnings]).toEqual(['valid', []]);
    },
    3 * MINUTES,
  );

  it(
    'may be named first in CHAIN again by mistake: the next one stays the main one, and only a warning tells of it',
    async () => {
      const before = await trustSaved();
      await service.stop();
      Object.assign(env, {
        CHAIN: `${FIRST.name},${SECOND.name}`,
        RPC_URLS: `${FIRST.name}=${first.url},${SECOND.name}=${second.url}`,
      });
      await service.restart();
      await issue();
      await finalOn(await sealed(), SECOND.chainId);
      const [closed, living] = await chains();
      expect(closed).toMatchObject({
        ...FIRST,
        isMain: false,
        warning: expect.stringContaining('take it out of CHAIN'),
      });
      expect(closed).not.toHaveProperty('problem');
      expect(living).toMatchObject({ ...SECOND, isMain: true });
      expect((await service.ok('/health/ready')).anchoring).toBe('ok');
      expect((await service.ok('/.well-known/meritkedja.json')).chains).toEqual(before.chains);
    },
    3 * MINUTES,
  );
});
