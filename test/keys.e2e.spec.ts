/**
 * Keys of the whole service: the epoch that takes old copies with it (S23), a master key changed between two starts, an
 * organisation that keeps its key with a signer of its own (S13), and the command that shows them all.
 */
import { cpSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { referenceSigner } from '../scripts/reference-signer.mjs';
import { openRootSecret } from '../src/crypto/root-secret.js';
import { Secrets } from '../src/crypto/secrets.js';
import { openSqliteEventStore } from '../src/event-store/sqlite.js';
import { EpochKeys } from '../src/holders/epoch-keys.js';
import { holderVault, Vault } from '../src/holders/vault.js';
import { anchored, issuance, world, type World } from './samples.js';
import { cli, eventually, Service, type Parsed } from './service.js';

let service: Service;
let w: World;
const SEED = new Uint8Array(32).fill(7);
const TOKEN = 'token-of-the-signer';
let isAway = false;
const { kid, server } = referenceSigner({ seed: SEED, token: TOKEN, allow: () => !isAway });

beforeAll(async () => {
  service = await Service.start();
  w = await world(service);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await service.dispose();
});

const signerUrl = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
const ownKey = (): Parsed => ({
  custody: 'organisation',
  publicKeyMultibase: kid,
  signer: { url: signerUrl(), token: TOKEN },
});
const holder = { givenName: 'Märkvärdig', familyName: 'Exempelsson' };
const keysPath = '/api/v1/keys';
const withToken = (): string[] => ['--url', service.url, '--token', service.token];

describe('a change of epochs', () => {
  it('S23: ends old copies of the store for whoever was erased, while the living open', async () => {
    const erased = (await service.post('/api/v1/credentials', issuance(w.definitionId, w.issuer, holder))).id;
    const living = (await service.post('/api/v1/credentials', issuance(w.definitionId, w.issuer))).id;
    await service.stop();
    // All of the data folder but the key folder, as a backup or a snapshot of a disk may have it.
    const backup = join(service.dataDir, '..', `${service.dataDir.split('/').at(-1)}-copy`);
    cpSync(service.dataDir, backup, { recursive: true, filter: (path) => path !== join(service.dataDir, 'keys') });
    await service.restart();
    try {
      const { id } = await service.ok(`/api/v1/credentials/${erased}/holder`);
      await service.post(`/api/v1/holders/${id}/erase`, { confirm: id });
      const before = (await service.ok(keysPath)).epoch;
      const done = await cli(service.dataDir, 'keys', 'rotate-epoch', '--json', ...withToken());
      expect(done).toMatchObject({ status: 0, json: { current: before.current + 1, earlier: 0, state: 'idle' } });
      expect((await service.ok(`/api/v1/credentials/${living}`)).id).toContain(living);
      await service.stop();

      // The old copy over the present key folder: nobody's key opens any more, the erased person's among them.
      const keysDir = join(service.dataDir, 'keys');
      const masterKey = undefined;
      const { secret } = await openRootSecret({ dataDir: service.dataDir, keysDir, masterKey }, false, () => false);
      const secrets = new Secrets(secret);
      const old = openSqliteEventStore(join(backup, 'events.db'));
      const vault = new Vault(old, secrets, EpochKeys.open(keysDir, secrets, false));
      expect((await old.readStream(holderVault(id))).map(({ type }) => type)).toContain('KeyWrapped');
      const [issued] = await old.readStream(`credential-${erased}`);
      expect(await vault.key(holderVault(id))).toBeUndefined();
      expect(await vault.open(issued!)).toEqual([]);
      await old.close();
      await service.restart();
      expect((await service.ok(`/api/v1/credentials/${living}`)).id).toContain(living);
    } finally {
      rmSync(backup, { recursive: true, force: true });
    }
  });
});

describe('a new master key', () => {
  it('opens the same ledger at the next start, and the old one does not', async () => {
    const before = await service.ok(keysPath);
    await service.stop();
    const path = join(service.dataDir, 'master-key');
    const old = readFileSync(path, 'utf8');
    const events = readFileSync(join(service.dataDir, 'events.db'));
    const done = await cli(service.dataDir, 'keys', 'rotate-master', '--data-dir', service.dataDir);
    expect(done).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(path, 'utf8')).not.toBe(old);
    expect(readFileSync(join(service.dataDir, 'events.db')).equals(events)).toBe(true);
    await service.restart();
    const after = await service.ok(keysPath);
    expect(after.log).toEqual(before.log);
    expect(after.epoch.current).toBe(before.epoch.current);
    await service.post('/api/v1/credentials', issuance(w.definitionId, w.issuer));
  });
});

describe('an organisation with a signer of its own', () => {
  it('S13: issues with it; proof and report say who holds the key', async () => {
    const path = `/api/v1/organisations/${w.issuer}/keys`;
    const taken = await service.post(path, ownKey());
    expect(taken.keys.at(-1)).toMatchObject({ kid, custody: 'organisation', active: true });
    const { id } = await service.post('/api/v1/credentials', issuance(w.definitionId, w.issuer));
    await anchored(service);
    const proof = await service.ok(`/api/v1/credentials/${id}/proof`);
    const report = await service.ok('/api/v1/verify', { body: proof });
    expect(report).toMatchObject({ keyCustody: 'organisation', checks: expect.anything() });
    const trust = await service.ok('/.well-known/meritkedja.json');
    expect(trust.keyCustody).toBe('mixed');
    await eventually(
      () => JSON.parse(readFileSync(join(service.dataDir, 'trust.json'), 'utf8')).keyCustody === 'mixed',
      'the trust file on disk',
    );
  });

  it('S13: that does not sign has nothing issued, and no other key put in its place', async () => {
    isAway = true;
    const size = await service.logSize();
    const refused = await service.request('/api/v1/credentials', { body: issuance(w.definitionId, w.issuer) });
    expect(refused).toMatchObject({ status: 502, json: { type: 'urn:meritkedja:problem:signerRefused' } });
    const rotated = await service.request(`/api/v1/organisations/${w.issuer}/keys`, { body: {} });
    expect(rotated.status).toBe(502);
    const wrong = { authorisation: { signature: 'A'.repeat(86) } };
    const forged = await service.request(`/api/v1/organisations/${w.issuer}/keys`, { body: wrong });
    expect(forged).toMatchObject({ status: 422, json: { type: 'urn:meritkedja:problem:keyAuthorisationInvalid' } });
    expect((await service.ok(`/api/v1/organisations/${w.issuer}`)).keys.at(-1)).toMatchObject({ kid, active: true });
    isAway = false;
    await service.post('/api/v1/credentials', issuance(w.definitionId, w.issuer));
    expect(await service.logSize()).toBeGreaterThan(size);
  });

  it('may have its signer elsewhere, where that has the key', async () => {
    const path = `/api/v1/organisations/${w.issuer}/keys/${kid}/signer`;
    const put = (body: Parsed): ReturnType<Service['request']> => service.request(path, { method: 'PUT', body });
    expect(await put({ url: 'http://signer.example/' })).toMatchObject({
      status: 422,
      json: { errors: [{ code: 'signerUrl' }] },
    });
    expect((await put({ url: 'http://127.0.0.1:1/' })).status).toBe(503);
    expect((await put({ url: `${signerUrl()}moved`, token: TOKEN })).status).toBe(200);
    await service.post('/api/v1/credentials', issuance(w.definitionId, w.issuer));
    const other = await service.request(`/api/v1/organisations/${w.owner}/keys/${kid}/signer`, {
      method: 'PUT',
      body: { url: signerUrl() },
    });
    expect(other.status).toBe(404);
  });

  it('takes a key back into the service with its agreement, with the command line', async () => {
    const done = await cli(service.dataDir, 'keys', 'rotate', w.issuer, ...withToken());
    expect(done).toMatchObject({ status: 0, stderr: '' });
    const { keys } = await service.ok(`/api/v1/organisations/${w.issuer}`);
    expect(keys.at(-1)).toMatchObject({ custody: 'operator', active: true });
    expect(keys.at(-2)).toMatchObject({ kid, active: false, ended: 'rotated' });
  });
});

describe('what keys there are', () => {
  it('is shown to the operator alone, and no secret with it', async () => {
    expect((await service.request(keysPath, { token: null })).status).toBe(401);
    expect((await service.request(`${keysPath}/epoch`, { method: 'POST', token: null })).status).toBe(401);
    const shown = await cli(service.dataDir, 'keys', 'list', ...withToken());
    expect(shown.status).toBe(0);
    for (const word of ['master key', 'epoch', 'anchorer', kid, 'held by the organisation']) {
      expect(shown.stdout).toContain(word);
    }
    const master = readFileSync(join(service.dataDir, 'master-key'), 'utf8').trim();
    for (const secret of [master, TOKEN, signerUrl()]) {
      expect(shown.stdout).not.toContain(secret);
      expect(service.output).not.toContain(secret);
    }
  });
});
