/**
 * The master key wraps one thing, the root secret (`root-secret.ts`), and unwraps it once at every start. It lies in the
 * environment (MASTER_KEY) or in a file (DATA_DIR/master-key). A key management service fits behind the same three
 * functions: `wrap` is its Encrypt and `unwrap` its Decrypt, with `place` as encryption context; it is asked once a
 * start, so that its price and its outages are the start's alone, and the key itself never leaves it.
 * Proven by root-secret.int.spec.ts.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { ConfigError, EncodingError, InvariantError } from '../errors.js';
import { readFileIfThere, readOrMake } from './secret-file.js';
import { unwrapUnder, wrapUnder } from './secrets.js';

export const MASTER_KEY_BYTES = 32;
/** Below DATA_DIR. */
const FILE = 'master-key';

export interface MasterKey {
  /** @param place what is wrapped; unwrapping for another place fails */
  wrap(secret: Uint8Array, place: string): Promise<Uint8Array>;
  /** @throws EncodingError when the bytes were not wrapped by this key for this place */
  unwrap(wrapped: Uint8Array, place: string): Promise<Uint8Array>;
  /** Where the key is, for people: never the key. */
  describe(): string;
}

/** A master key whose bytes are in this process: AES-256-GCM with a random nonce, `place` as additional data. */
export class LocalMasterKey implements MasterKey {
  /** @param key 32 bytes */
  constructor(
    readonly key: Uint8Array,
    private readonly source: string,
  ) {
    if (key.length !== MASTER_KEY_BYTES) throw new InvariantError(`a master key has 32 bytes, got ${key.length}`);
  }

  async wrap(secret: Uint8Array, place: string): Promise<Uint8Array> {
    return wrapUnder(this.key, secret, place);
  }

  async unwrap(wrapped: Uint8Array, place: string): Promise<Uint8Array> {
    return unwrapUnder(this.key, wrapped, place);
  }

  describe(): string {
    return this.source;
  }
}

/** From the environment. @param value 32 bytes in base64url @throws ConfigError naming the variable */
export function masterKeyFromEnvironment(value: string, variable = 'MASTER_KEY'): LocalMasterKey {
  try {
    const key = fromBase64url(value);
    if (key.length === MASTER_KEY_BYTES) return new LocalMasterKey(key, `environment variable ${variable}`);
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
  }
  throw new ConfigError(variable, 'must be 32 bytes in base64url (43 characters, no padding)');
}

export function masterKeyPath(dataDir: string): string {
  return join(dataDir, FILE);
}

/**
 * From DATA_DIR/master-key, which is made for a new ledger.
 * @throws ConfigError where the file is damaged, or is missing though there is something under it
 */
export function masterKeyFromFile(path: string, isNew: boolean): LocalMasterKey {
  if (!isNew && !readFileIfThere(path)) {
    throw new ConfigError(
      'MASTER_KEY',
      `is not set and ${path} is missing, and without it nothing that is kept can be opened; put the file back, or set it`,
    );
  }
  try {
    const key = fromBase64url(readOrMake(path, randomMasterKey));
    if (key.length === MASTER_KEY_BYTES) return new LocalMasterKey(key, `file ${path}`);
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
  }
  throw new ConfigError('MASTER_KEY', `${path} is damaged: it must hold 32 bytes in base64url (43 characters)`);
}

/** 32 random bytes in base64url. */
export function randomMasterKey(): string {
  return toBase64url(new Uint8Array(randomBytes(MASTER_KEY_BYTES)));
}
