/**
 * The epoch keys that wrap holder keys (S23). They lie in a file of their own, outside the event store and outside
 * backups: once an epoch has ended and its key is destroyed, every old copy of the store is unreadable for the holders
 * that were erased in it. All nodes of a ledger share the file: each reads it again when it has changed, and none
 * changes it but under a lock. More than one key in it means that a change of epochs is under way
 * (`epoch-change.ts`). Proven by epoch-keys.int.spec.ts.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readFileIfThere, replaceAndWipe, wipeLeftovers, writeFileOnce } from '../crypto/secret-file.js';
import { Secrets, unwrapUnder, wrapUnder } from '../crypto/secrets.js';
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { ConfigError, EncodingError, UnavailableError } from '../errors.js';

const KEY_BYTES = 32;
/** The lock is held for the writing of one small file; older than this, its holder has crashed. */
const LOCK_MS = 30_000;

const file = z
  .object({
    current: z.number().int().min(1),
    /** When the current epoch began; a file from before this member has none. */
    begun: z.iso.datetime().optional(),
    keys: z.record(z.string().regex(/^[1-9]\d*$/), z.base64url()),
  })
  .refine(({ current, keys }) => Object.hasOwn(keys, String(current)));
type EpochFile = z.output<typeof file>;

/** The key was wrapped in an epoch whose key has been destroyed: nothing opens it any more. */
export class EpochEndedError extends EncodingError {
  constructor(epoch: number) {
    super(`the key of epoch ${epoch} has been destroyed`);
    this.name = 'EpochEndedError';
  }
}

export class EpochKeys {
  #current = 0;
  #begun: string | undefined;
  #keys: ReadonlyMap<number, Uint8Array> = new Map();
  /** What tells one content of the file from the next without reading it. */
  #stamp = '';

  private constructor(
    private readonly path: string,
    private readonly secrets: Secrets,
  ) {}

  /**
   * Reads `epochs.json` in the key folder (KEYS_DIR), or makes the first epoch for a new store.
   * @param isNew the store holds nothing yet. In another one keys of holders may be wrapped by the file that is
   *   missing; a second first epoch would take its place, and what is sealed from then on would be lost with it.
   * @throws ConfigError where the file is missing or damaged, or was made under another MASTER_KEY
   */
  static open(keysDir: string, secrets: Secrets, isNew: boolean): EpochKeys {
    const path = join(keysDir, 'epochs.json');
    if (readFileIfThere(path) === undefined) {
      if (!isNew) throw missing(path);
      const first = wrapped(secrets, 1);
      writeFileOnce(path, textOf({ current: 1, begun: new Date().toISOString(), keys: { 1: first } }));
    }
    const epochs = new EpochKeys(path, secrets);
    epochs.refresh();
    return epochs;
  }

  /** The epoch that new keys are wrapped in. */
  get current(): number {
    return this.#current;
  }

  /** ISO 8601; undefined in a file from before it was noted. */
  get begun(): string | undefined {
    return this.#begun;
  }

  /** Epochs before the current one whose keys are still there: a change of epochs is under way. */
  get ending(): readonly number[] {
    return [...this.#keys.keys()].filter((epoch) => epoch !== this.#current);
  }

  /** Wraps a holder key (32 bytes) under the current epoch, as the file has it now. */
  wrap(key: Uint8Array, stream: string): { epoch: number; wrapped: string } {
    this.refresh();
    return { epoch: this.#current, wrapped: toBase64url(wrapUnder(this.#key(this.#current), key, stream)) };
  }

  /**
   * @throws EncodingError when it does not open; EpochEndedError when the epoch's key has been destroyed; ConfigError
   *   for an epoch that the file does not know yet
   */
  unwrap(epoch: number, wrapped: string, stream: string): Uint8Array {
    return unwrapUnder(this.#key(epoch), fromBase64url(wrapped), stream);
  }

  /** Reads the file again if it has changed. @throws ConfigError where it is missing, damaged or under another root */
  refresh(): void {
    const { mtimeNs, ino, size } = statOf(this.path);
    const stamp = `${mtimeNs}/${ino}/${size}`;
    if (stamp === this.#stamp) return;
    const { current, begun, keys } = this.#read();
    this.#keys = new Map(
      Object.entries(keys).map(([epoch, key]) => [Number(epoch), opened(this.secrets, Number(epoch), key, this.path)]),
    );
    this.#current = current;
    this.#begun = begun;
    this.#stamp = stamp;
  }

  /**
   * Begins the next epoch: from now on every node wraps new keys in it. Where a change is under way, that one goes on.
   * @param at ISO 8601
   * @throws UnavailableError while another process changes the file
   */
  begin(at: string): void {
    this.#locked(() => {
      const { current, keys } = this.#read();
      if (Object.keys(keys).length > 1) return;
      const next = current + 1;
      const both = { ...keys, [next]: wrapped(this.secrets, next) };
      replaceAndWipe(this.path, textOf({ current: next, begun: at, keys: both }));
    });
  }

  /**
   * Destroys the keys of every epoch before the current one, which must be the one given. Whatever is still wrapped
   * under them is lost.
   * @throws UnavailableError while another process changes the file
   */
  destroyBefore(current: number): void {
    this.#locked(() => {
      const now = this.#read();
      const kept = now.keys[String(current)];
      if (now.current !== current || kept === undefined) return;
      if (Object.keys(now.keys).length === 1) return;
      const begun = now.begun === undefined ? {} : { begun: now.begun };
      replaceAndWipe(this.path, textOf({ current, ...begun, keys: { [current]: kept } }));
    });
  }

  #key(epoch: number): Uint8Array {
    if (!this.#keys.has(epoch) || epoch > this.#current) this.refresh();
    const key = this.#keys.get(epoch);
    if (key) return key;
    if (epoch < this.#current) throw new EpochEndedError(epoch);
    throw new ConfigError(
      'KEYS_DIR',
      `${this.path} is older than the event store: it ends with epoch ${this.#current}, a key is wrapped in ${epoch}; put the newest back`,
    );
  }

  #read(): EpochFile {
    // A file that is being replaced may be seen wiped: the next reading finds its successor.
    for (let attempt = 0; ; attempt += 1) {
      const text = readFileIfThere(this.path);
      if (text === undefined) throw missing(this.path);
      const parsed = file.safeParse(safeJson(text));
      if (parsed.success) return parsed.data;
      if (attempt === 3) {
        throw new ConfigError('DATA_DIR', `${this.path} is damaged; restore it from where you keep the epoch keys`);
      }
    }
  }

  #locked(change: () => void): void {
    const lock = `${this.path}.lock`;
    const held = statSync(lock, { throwIfNoEntry: false });
    if (held && Date.now() - held.mtimeMs > LOCK_MS) rmSync(lock, { force: true });
    try {
      closeSync(openSync(lock, 'wx', 0o600));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new UnavailableError('another process changes the epoch keys just now');
    }
    try {
      // Nobody else writes the file now: what lies beside it is of a process that was cut off, and holds old keys.
      wipeLeftovers(this.path);
      change();
    } finally {
      rmSync(lock, { force: true });
    }
    this.refresh();
  }
}

/**
 * Whether a root secret (32 bytes) is the one that the epoch keys were wrapped under: so it is told for a folder from before
 * the root secret had a file.
 * @throws ConfigError where their file is missing or damaged
 */
export function opensEpochs(keysDir: string, secret: Uint8Array): boolean {
  try {
    EpochKeys.open(keysDir, new Secrets(secret), false);
    return true;
  } catch (error) {
    if (error instanceof ConfigError && error.variable === 'MASTER_KEY') return false;
    throw error;
  }
}

function wrapped(secrets: Secrets, epoch: number): string {
  return toBase64url(secrets.wrap(new Uint8Array(randomBytes(KEY_BYTES)), placeOf(epoch)));
}

function opened(secrets: Secrets, epoch: number, key: string, path: string): Uint8Array {
  try {
    return secrets.unwrap(fromBase64url(key), placeOf(epoch));
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new ConfigError('MASTER_KEY', `does not open ${path}; use the key that this data folder was made with`);
  }
}

function placeOf(epoch: number): string {
  return `epoch/${epoch}`;
}

function textOf(content: EpochFile): string {
  return `${JSON.stringify(content)}\n`;
}

function missing(path: string): ConfigError {
  return new ConfigError(
    'DATA_DIR',
    `${path} is missing, and without it no holder's data can be opened; restore it from where you keep the epoch keys`,
  );
}

function statOf(path: string): { mtimeNs: bigint; ino: bigint; size: bigint } {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stat) throw missing(path);
  return stat;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
