/**
 * The trust files that the user has pinned (S4): one file for each log's origin in `<configuration>/trust/`, kept as
 * JSON so that a person can read them; and the one that a ledger on this machine keeps in its data folder.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, InputError } from '../errors.js';
import { parseTrust, type TrustFile } from '../verification/index.js';

const SUFFIX = '.json';

/** A trust file and where it came from. */
export interface PinnedTrust {
  readonly trust: TrustFile;
  /** Path of the file, or the URL that the user named. */
  readonly source: string;
}

/**
 * What is trusted where the user names nothing: the pinned files, and `DATA_DIR/trust.json`, which the ledger that runs
 * there writes; only where DATA_DIR names the folder. For an origin that is pinned, the pinned file alone counts: a person has looked at that one.
 * @throws ConfigError naming a file that is not a trust file
 */
export async function pinnedTrust(configDir: string, dataDir: string | undefined): Promise<readonly PinnedTrust[]> {
  const pinned = await new TrustStore(configDir).pinned();
  if (dataDir === undefined) return pinned;
  const source = join(dataDir, 'trust.json');
  const own = await read(source, 'optional');
  if (!own || pinned.some(({ trust }) => trust.origin === own.origin)) return pinned;
  return [...pinned, { trust: own, source }];
}

export class TrustStore {
  readonly folder: string;

  /** @param configDir folder of the user's configuration; need not exist */
  constructor(configDir: string) {
    this.folder = join(configDir, 'trust');
  }

  /** All pinned files, by origin. @throws ConfigError naming a file that is not a trust file any more */
  async all(): Promise<readonly TrustFile[]> {
    return (await this.pinned()).map(({ trust }) => trust);
  }

  /** As `all`, each with its path. */
  async pinned(): Promise<readonly PinnedTrust[]> {
    const names = (await this.#names()).filter((name) => name.endsWith(SUFFIX)).sort();
    const paths = names.map((name) => join(this.folder, name));
    return Promise.all(paths.map(async (source) => ({ trust: await read(source), source })));
  }

  async find(origin: string): Promise<TrustFile | undefined> {
    return (await this.all()).find((trust) => trust.origin === origin);
  }

  /** Pins a file; what was pinned for its origin before is gone. A crash leaves either the old or the new. */
  async pin(trust: TrustFile): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const file = this.#file(trust.origin);
    const temporary = `${file}.${process.pid}.tmp`;
    await writeFile(temporary, `${JSON.stringify(trust, undefined, 2)}\n`, { mode: 0o600 });
    await rename(temporary, file);
    await this.#remove(trust.origin, file);
  }

  /** @returns false if nothing was pinned for the origin */
  async unpin(origin: string): Promise<boolean> {
    return (await this.#remove(origin)) > 0;
  }

  /** Files of an origin under whatever name a person gave them, but the one that is to stay. @returns how many */
  async #remove(origin: string, kept?: string): Promise<number> {
    const of = (await this.pinned()).filter(({ trust, source }) => trust.origin === origin && source !== kept);
    await Promise.all(of.map(({ source }) => rm(source, { force: true })));
    return of.length;
  }

  /** An origin may hold slashes; encoded it is one name, and no other's. */
  #file(origin: string): string {
    return join(this.folder, `${encodeURIComponent(origin)}${SUFFIX}`);
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new ConfigError(this.folder, `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    }
  }
}

async function read(file: string): Promise<TrustFile>;
async function read(file: string, optional: 'optional'): Promise<TrustFile | undefined>;
async function read(file: string, optional?: 'optional'): Promise<TrustFile | undefined> {
  try {
    return parseTrust(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError) throw new ConfigError(file, 'is not JSON');
    if (error instanceof InputError) throw new ConfigError(file, `is not a trust file: ${error.message}`);
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    if (optional && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    throw new ConfigError(file, `cannot be read (${code})`);
  }
}
