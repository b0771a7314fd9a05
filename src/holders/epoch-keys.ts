/**
 * The epoch keys that wrap holder keys (S23). They lie in a file of their own, outside the event store and outside
 * backups: once an epoch has ended and its key is destroyed, every old copy of the store is unreadable for the holders
 * that were erased in it. Proven by epoch-keys.int.spec.ts.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { readFileIfThere, writeFileDurably } from '../crypto/secret-file.js';
import { unwrapUnder, wrapUnder, type Secrets } from '../crypto/secrets.js';
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { ConfigError, EncodingError, InvariantError } from '../errors.js';

const KEY_BYTES = 32;

const file = z
  .object({
    current: z.number().int().min(1),
    keys: z.record(z.string().regex(/^[1-9]\d*$/), z.base64url()),
  })
  .refine(({ current, keys }) => Object.hasOwn(keys, String(current)));

export class EpochKeys {
  private constructor(
    readonly current: number,
    private readonly keys: ReadonlyMap<number, Uint8Array>,
  ) {}

  /**
   * Reads `epochs.json` in the key folder (KEYS_DIR), or makes the first epoch for a new store.
   * @param isNew the store holds nothing yet. In another one keys of holders may be wrapped by the file that is
   *   missing; a second first epoch would take its place, and what is sealed from then on would be lost with it.
   * @throws ConfigError where the file is missing or damaged, or was made under another MASTER_KEY
   */
  static open(keysDir: string, secrets: Secrets, isNew: boolean): EpochKeys {
    const path = join(keysDir, 'epochs.json');
    const text = readFileIfThere(path);
    if (text === undefined) {
      if (!isNew) {
        throw new ConfigError(
          'DATA_DIR',
          `${path} is missing, and without it no holder's data can be opened; restore it from where you keep the epoch keys`,
        );
      }
      const key = new Uint8Array(randomBytes(KEY_BYTES));
      const wrapped = toBase64url(secrets.wrap(key, placeOf(1)));
      writeFileDurably(path, `${JSON.stringify({ current: 1, keys: { 1: wrapped } })}\n`);
      return new EpochKeys(1, new Map([[1, key]]));
    }
    const parsed = file.safeParse(safeJson(text));
    if (!parsed.success) {
      throw new ConfigError('DATA_DIR', `${path} is damaged; restore it from where you keep the epoch keys`);
    }
    try {
      const keys = Object.entries(parsed.data.keys).map(([epoch, wrapped]): [number, Uint8Array] => [
        Number(epoch),
        secrets.unwrap(fromBase64url(wrapped), placeOf(Number(epoch))),
      ]);
      return new EpochKeys(parsed.data.current, new Map(keys));
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error;
      throw new ConfigError('MASTER_KEY', `does not open ${path}; use the key that this data folder was made with`);
    }
  }

  /** Wraps a holder key (32 bytes) under the current epoch. */
  wrap(key: Uint8Array, stream: string): { epoch: number; wrapped: string } {
    return { epoch: this.current, wrapped: toBase64url(wrapUnder(this.#key(this.current), key, stream)) };
  }

  /** @throws EncodingError when it does not open; InvariantError when the epoch's key is not there */
  unwrap(epoch: number, wrapped: string, stream: string): Uint8Array {
    return unwrapUnder(this.#key(epoch), fromBase64url(wrapped), stream);
  }

  #key(epoch: number): Uint8Array {
    const key = this.keys.get(epoch);
    if (!key) throw new InvariantError(`the key of epoch ${epoch} is not in the key folder`);
    return key;
  }
}

function placeOf(epoch: number): string {
  return `epoch/${epoch}`;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
