/** The root secret under its master key: made, moved from an older folder, and wrapped anew with a crash anywhere. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { ConfigError } from '../errors.js';
import { LocalMasterKey } from './master-key.js';
import {
  changeMasterKey,
  openRootSecret,
  readRootSecret,
  rootSecretPath,
  type KeyPlaces,
  type OpenedRoot,
} from './root-secret.js';

const KEY = toBase64url(new Uint8Array(32).fill(1));
const OTHER = toBase64url(new Uint8Array(32).fill(2));

let folder: string;
let places: KeyPlaces;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-root-'));
  places = { dataDir: folder, keysDir: join(folder, 'keys'), masterKey: undefined };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const never = (): boolean => false;
const under = (masterKey: string | undefined): KeyPlaces => ({ ...places, masterKey });
const open = (at: KeyPlaces = places): Promise<OpenedRoot> => openRootSecret(at, false, never);
const masterFile = (): string => join(folder, 'master-key');

describe('a root secret', () => {
  it('is made at random for a new ledger, wrapped, and opens again', async () => {
    const made = await openRootSecret(places, true, never);
    expect(made.secret).toHaveLength(32);
    expect(made.masterKey).toBe(`file ${masterFile()}`);
    const key = fromBase64url(readFileSync(masterFile(), 'utf8').trim());
    expect(made.secret).not.toEqual(key);
    const kept = readFileSync(rootSecretPath(places.keysDir), 'utf8');
    expect(kept).not.toContain(toBase64url(made.secret));
    expect((await open()).secret).toEqual(made.secret);
  });

  it('of a folder from before there was one is the master key, which opens all that it opened before', async () => {
    const asked: Uint8Array[] = [];
    const { secret } = await openRootSecret(under(KEY), false, (candidate) => asked.push(candidate) > 0);
    expect(secret).toEqual(new Uint8Array(32).fill(1));
    expect(asked).toEqual([secret]);
    expect((await open(under(KEY))).secret).toEqual(secret);
  });

  it('that is missing is not made of a key that opens nothing: the file is named, and not written', async () => {
    await expect(open(under(KEY))).rejects.toThrow(/^MASTER_KEY: .*root-secret\.json is missing/);
    expect(existsSync(rootSecretPath(places.keysDir))).toBe(false);
  });

  it('is made once where two nodes start at a time', async () => {
    const made = await Promise.all([1, 2, 3].map(() => openRootSecret(under(KEY), true, never)));
    expect(new Set(made.map(({ secret }) => toBase64url(secret))).size).toBe(1);
    expect(readdirSync(places.keysDir)).toEqual(['root-secret.json']);
  });

  it('under another master key is refused, and MASTER_KEY is named', async () => {
    await openRootSecret(under(KEY), true, never);
    await expect(open(under(OTHER))).rejects.toThrow(/^MASTER_KEY: does not open/);
  });

  it.each(['', '{', '{"v":2,"wrapped":"AAAA"}', '{"v":1,"wrapped":"***"}'])('is damaged as %j', async (text) => {
    await openRootSecret(under(KEY), true, never);
    writeFileSync(rootSecretPath(places.keysDir), text);
    await expect(open(under(KEY))).rejects.toThrow(/root-secret\.json is damaged/);
  });

  it('is wrapped for its own place', async () => {
    const master = new LocalMasterKey(new Uint8Array(32).fill(1), 'a test');
    const wrapped = toBase64url(await master.wrap(new Uint8Array(32), 'elsewhere'));
    await openRootSecret(under(KEY), true, never);
    writeFileSync(rootSecretPath(places.keysDir), JSON.stringify({ v: 1, wrapped }));
    await expect(open(under(KEY))).rejects.toThrow(ConfigError);
  });
});

describe('a root secret that is only read', () => {
  const files = (): readonly string[] => readdirSync(folder, { recursive: true }).map(String).sort();

  it('is the same, from a file, the environment, or a folder from before it, and no file changes', async () => {
    const { secret } = await openRootSecret(places, true, never);
    const before = files();
    expect(await readRootSecret(places, never)).toEqual(secret);
    await expect(readRootSecret(under(OTHER), never)).rejects.toThrow(/^MASTER_KEY: does not open/);
    expect(files()).toEqual(before);
    rmSync(rootSecretPath(places.keysDir));
    expect(await readRootSecret(under(KEY), () => true)).toEqual(new Uint8Array(32).fill(1));
    await expect(readRootSecret(under(KEY), never)).rejects.toThrow(/root-secret\.json is missing/);
    expect(existsSync(rootSecretPath(places.keysDir))).toBe(false);
    rmSync(masterFile());
    await expect(readRootSecret(places, never)).rejects.toThrow(/is not set and .* is missing/);
    expect(existsSync(masterFile())).toBe(false);
  });

  it('opens with the next key, where a change was cut off before it had its name, and leaves it there', async () => {
    const { secret } = await openRootSecret(places, true, never);
    const old = readFileSync(masterFile(), 'utf8');
    await changeMasterKey(places, {});
    writeFileSync(`${masterFile()}.next`, readFileSync(masterFile(), 'utf8'));
    writeFileSync(masterFile(), old);
    expect(await readRootSecret(places, never)).toEqual(secret);
    expect([readFileSync(masterFile(), 'utf8'), existsSync(`${masterFile()}.next`)]).toEqual([old, true]);
    rmSync(`${masterFile()}.next`);
    await expect(readRootSecret(places, never)).rejects.toThrow(/is not set, and the key in/);
  });
});

describe('a new master key', () => {
  it('in the file takes the old one’s place, and the secret stays', async () => {
    const { secret } = await openRootSecret(places, true, never);
    const old = readFileSync(masterFile(), 'utf8');
    expect(await changeMasterKey(places, {})).toMatchObject({ changed: true });
    expect(readFileSync(masterFile(), 'utf8')).not.toBe(old);
    expect((await open()).secret).toEqual(secret);
    await expect(open(under(old.trim()))).rejects.toThrow(/^MASTER_KEY/);
  });

  it('from the environment opens it from then on, and the command may be given again', async () => {
    const { secret } = await openRootSecret(under(KEY), true, never);
    expect((await changeMasterKey(under(KEY), { fromEnvironment: OTHER })).changed).toBe(true);
    expect((await changeMasterKey(under(KEY), { fromEnvironment: OTHER })).changed).toBe(false);
    expect((await open(under(OTHER))).secret).toEqual(secret);
    await expect(open(under(KEY))).rejects.toThrow(/^MASTER_KEY/);
  });

  it('moves from the file to the environment and back', async () => {
    const { secret } = await openRootSecret(places, true, never);
    await changeMasterKey(places, { fromEnvironment: KEY });
    expect(existsSync(masterFile())).toBe(false);
    expect((await open(under(KEY))).secret).toEqual(secret);
    await changeMasterKey(under(KEY), {});
    expect((await open()).secret).toEqual(secret);
  });

  it('that is the present one is refused, and so is a folder without a root secret', async () => {
    await expect(changeMasterKey(under(KEY), { fromEnvironment: OTHER })).rejects.toThrow(/^KEYS_DIR: .*missing/);
    await openRootSecret(under(KEY), true, never);
    await expect(changeMasterKey(under(KEY), { fromEnvironment: KEY })).rejects.toThrow(/^MASTER_KEY_NEW/);
    await expect(changeMasterKey(under(KEY), { fromEnvironment: 'x' })).rejects.toThrow(/^MASTER_KEY_NEW: must be/);
  });

  it('wraps nothing where the present key does not open it', async () => {
    await openRootSecret(under(KEY), true, never);
    const before = readFileSync(rootSecretPath(places.keysDir), 'utf8');
    await expect(changeMasterKey(under(OTHER), {})).rejects.toThrow(/^MASTER_KEY: does not open/);
    expect(readFileSync(rootSecretPath(places.keysDir), 'utf8')).toBe(before);
  });

  describe('with a crash', () => {
    it('after the new key was written: the old one still opens it, and the next attempt goes on', async () => {
      const { secret } = await openRootSecret(places, true, never);
      writeFileSync(`${masterFile()}.next`, OTHER);
      expect((await open()).secret).toEqual(secret);
      await changeMasterKey(places, {});
      expect(readFileSync(masterFile(), 'utf8').trim()).toBe(OTHER);
      expect((await open()).secret).toEqual(secret);
    });

    it('after the secret was wrapped anew: the next start finds the new key and gives it its name', async () => {
      const { secret } = await openRootSecret(places, true, never);
      const old = readFileSync(masterFile(), 'utf8');
      await changeMasterKey(places, {});
      const next = readFileSync(masterFile(), 'utf8');
      writeFileSync(`${masterFile()}.next`, next);
      writeFileSync(masterFile(), old);
      expect((await open()).secret).toEqual(secret);
      expect(readFileSync(masterFile(), 'utf8')).toBe(next);
      expect(existsSync(`${masterFile()}.next`)).toBe(false);
    });

    it('there, from the environment to the file: the command given again ends it', async () => {
      const { secret } = await openRootSecret(under(KEY), true, never);
      await changeMasterKey(under(KEY), {});
      writeFileSync(`${masterFile()}.next`, readFileSync(masterFile()));
      rmSync(masterFile());
      await changeMasterKey(under(KEY), {});
      expect((await open()).secret).toEqual(secret);
    });
  });
});
