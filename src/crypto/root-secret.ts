/**
 * The root secret: the 32 random bytes from which `Secrets` derives everything that is wrapped or looked up. It lies in
 * KEYS_DIR/root-secret.json, wrapped under the master key, so that a new master key rewrites this one file and nothing
 * in the store. In a folder from before this file its value is the master key itself. Proven by root-secret.int.spec.ts.
 *
 * Changing the master key, crash by crash: (1) a new key that lives in a file is written as `master-key.next`; (2) the
 * root secret is written anew, wrapped under the new key; (3) `master-key.next` becomes `master-key`. Before (2) the old
 * key opens it, after (2) the new one, which `openRootSecret` finds under its first name too and then finishes (3).
 */
import { randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { ConfigError, EncodingError } from '../errors.js';
import {
  masterKeyFromEnvironment,
  masterKeyFromFile,
  masterKeyPath,
  randomMasterKey,
  type LocalMasterKey,
  type MasterKey,
} from './master-key.js';
import { readFileIfThere, readOrMake, writeFileDurably, writeFileOnce } from './secret-file.js';

const SECRET_BYTES = 32;
const PLACE = 'root-secret';

const file = z.object({ v: z.literal(1), wrapped: z.base64url() });

/** Where the keys of a ledger are. */
export interface KeyPlaces {
  readonly dataDir: string;
  readonly keysDir: string;
  /** MASTER_KEY, where it is set. */
  readonly masterKey: string | undefined;
}

export interface OpenedRoot {
  /** 32 bytes */
  readonly secret: Uint8Array;
  /** Where the master key is, for people. */
  readonly masterKey: string;
}

export function rootSecretPath(keysDir: string): string {
  return join(keysDir, 'root-secret.json');
}

/**
 * The root secret; made for a new ledger.
 * @param isNew the store holds nothing yet
 * @param fits whether what the ledger keeps opens under a secret: asked of the master key itself where there is no file
 * @throws ConfigError where a file is missing or damaged, or the master key is another one
 */
export async function openRootSecret(
  places: KeyPlaces,
  isNew: boolean,
  fits: (secret: Uint8Array) => boolean,
): Promise<OpenedRoot> {
  const path = rootSecretPath(places.keysDir);
  const master = currentMasterKey(places, isNew);
  if (readFileIfThere(path) === undefined) {
    const secret = isNew ? new Uint8Array(randomBytes(SECRET_BYTES)) : fromBefore(master, path, fits);
    const content = await contentOf(secret, master);
    // Another node may have been first: then its secret counts, read below.
    writeFileOnce(path, content);
  }
  try {
    return { secret: await read(path, master), masterKey: master.describe() };
  } catch (error) {
    if (!(error instanceof NotUnderThisKey) || places.masterKey) throw error;
    const next = nextMasterKey(places.dataDir);
    if (!next) throw notUnderFile(path, masterKeyPath(places.dataDir));
    const secret = await read(path, next);
    renameSync(nextPath(places.dataDir), masterKeyPath(places.dataDir));
    return { secret, masterKey: `file ${masterKeyPath(places.dataDir)}` };
  }
}

/**
 * As `openRootSecret` for a ledger that is there, and changes no file: for whoever only reads.
 * @throws ConfigError where a file is missing or damaged, or the master key is another one
 */
export async function readRootSecret(places: KeyPlaces, fits: (secret: Uint8Array) => boolean): Promise<Uint8Array> {
  const path = rootSecretPath(places.keysDir);
  const master = currentMasterKey(places, false);
  if (readFileIfThere(path) === undefined) return fromBefore(master, path, fits);
  try {
    return await read(path, master);
  } catch (error) {
    if (!(error instanceof NotUnderThisKey) || places.masterKey !== undefined) throw error;
    // A change of the master key that a crash cut off.
    const next = readFileIfThere(nextPath(places.dataDir)) && masterKeyFromFile(nextPath(places.dataDir), false);
    if (!next) throw notUnderFile(path, masterKeyPath(places.dataDir));
    return read(path, next);
  }
}

export interface NewMasterKey {
  /** MASTER_KEY_NEW: the new key comes from the environment. */
  readonly fromEnvironment?: string;
}

export interface MasterKeyChange {
  readonly from: string;
  readonly to: string;
  /** False where the root secret was under the new key already. */
  readonly changed: boolean;
  /** A key file that is in DATA_DIR still, though the key is in the environment now: it is not used any more. */
  readonly leftBehind?: string;
}

/**
 * Wraps the root secret under a new master key: the one given, else a random one in DATA_DIR/master-key. Can be called
 * again after a crash anywhere; nothing in the store changes.
 * @throws ConfigError where the present key does not open the root secret, or is the new one
 */
export async function changeMasterKey(places: KeyPlaces, given: NewMasterKey): Promise<MasterKeyChange> {
  const path = rootSecretPath(places.keysDir);
  if (readFileIfThere(path) === undefined) {
    throw new ConfigError(
      'KEYS_DIR',
      `${path} is missing; name the ledger's own key folder, or start the service once: it makes the file in an older folder`,
    );
  }
  const filePath = masterKeyPath(places.dataDir);
  const from = places.masterKey === undefined ? `file ${filePath}` : 'environment variable MASTER_KEY';
  if (given.fromEnvironment !== undefined) {
    const next = masterKeyFromEnvironment(given.fromEnvironment, 'MASTER_KEY_NEW');
    if (given.fromEnvironment === places.masterKey)
      throw new ConfigError('MASTER_KEY_NEW', 'is the present MASTER_KEY');
    const done = await read(path, next).catch(ifNotUnder);
    if (!done) {
      const present = await openRootSecret(places, false, () => false);
      writeFileDurably(path, await contentOf(present.secret, next));
    }
    // The file that was the key opens nothing any more but old copies of the root secret. A crash before this leaves it:
    // the same command removes it then. Beside a MASTER_KEY it was never ours to judge, so it is only named.
    if (places.masterKey === undefined) rmSync(filePath, { force: true });
    const leftBehind = readFileIfThere(filePath) === undefined ? {} : { leftBehind: filePath };
    return { from, to: 'environment variable MASTER_KEY_NEW', changed: !done, ...leftBehind };
  }
  const cutOff = nextMasterKey(places.dataDir);
  if (!cutOff || !(await read(path, cutOff).catch(ifNotUnder))) {
    const present = await openRootSecret(places, false, () => false);
    const next = masterKeyFrom(nextPath(places.dataDir));
    writeFileDurably(path, await contentOf(present.secret, next));
  }
  renameSync(nextPath(places.dataDir), filePath);
  return { from, to: `file ${filePath}`, changed: true };
}

/** The master key in use: MASTER_KEY, else the file. */
function currentMasterKey({ dataDir, masterKey }: KeyPlaces, isNew: boolean): LocalMasterKey {
  return masterKey === undefined
    ? masterKeyFromFile(masterKeyPath(dataDir), isNew)
    : masterKeyFromEnvironment(masterKey);
}

class NotUnderThisKey extends ConfigError {}

function notUnderFile(path: string, filePath: string): NotUnderThisKey {
  return new NotUnderThisKey(
    'MASTER_KEY',
    `is not set, and the key in ${filePath} does not open ${path}. If the master key was changed to one of the ` +
      'environment, set MASTER_KEY to that one; else put back the key that this data folder was made with',
  );
}

function ifNotUnder(error: unknown): undefined {
  if (!(error instanceof NotUnderThisKey)) throw error;
  return undefined;
}

async function read(path: string, master: MasterKey): Promise<Uint8Array> {
  const wrapped = wrappedIn(path);
  try {
    const secret = await master.unwrap(wrapped, PLACE);
    if (secret.length === SECRET_BYTES) return secret;
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
  }
  throw new NotUnderThisKey('MASTER_KEY', `does not open ${path}; use the key that this data folder was made with`);
}

/** @throws ConfigError where the file is damaged */
function wrappedIn(path: string): Uint8Array {
  try {
    const parsed = file.safeParse(JSON.parse(readFileIfThere(path) ?? ''));
    if (parsed.success) return fromBase64url(parsed.data.wrapped);
  } catch (error) {
    if (!(error instanceof EncodingError) && !(error instanceof SyntaxError)) throw error;
  }
  throw new ConfigError('KEYS_DIR', `${path} is damaged; restore it from where you keep the keys`);
}

async function contentOf(secret: Uint8Array, master: MasterKey): Promise<string> {
  return `${JSON.stringify({ v: 1, wrapped: toBase64url(await master.wrap(secret, PLACE)) })}\n`;
}

/** What the master key opened directly, before there was a root secret, it opens as the root secret. */
function fromBefore(master: LocalMasterKey, path: string, fits: (secret: Uint8Array) => boolean): Uint8Array {
  if (fits(master.key)) return master.key;
  throw new ConfigError(
    'MASTER_KEY',
    `opens nothing that is kept, and ${path} is missing; put the file back, or use the key that this data folder was made with`,
  );
}

function nextPath(dataDir: string): string {
  return `${masterKeyPath(dataDir)}.next`;
}

function nextMasterKey(dataDir: string): LocalMasterKey | undefined {
  return readFileIfThere(nextPath(dataDir)) ? masterKeyFrom(nextPath(dataDir)) : undefined;
}

function masterKeyFrom(path: string): LocalMasterKey {
  readOrMake(path, randomMasterKey);
  return masterKeyFromFile(path, false);
}
