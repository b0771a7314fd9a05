/**
 * The trust files that the user has pinned (S4): one file for each log's origin in `<configuration>/trust/`, kept as
 * JSON so that a person can read them.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, InputError } from '../errors.js';
import { parseTrust, type TrustFile } from '../verification/index.js';

const SUFFIX = '.json';

export class TrustStore {
  readonly folder: string;

  /** @param configDir folder of the user's configuration; need not exist */
  constructor(configDir: string) {
    this.folder = join(configDir, 'trust');
  }

  /** All pinned files, by origin. @throws ConfigError naming a file that is not a trust file any more */
  async all(): Promise<readonly TrustFile[]> {
    const names = (await this.#names()).filter((name) => name.endsWith(SUFFIX)).sort();
    return Promise.all(names.map((name) => this.#read(join(this.folder, name))));
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
  }

  /** @returns false if nothing was pinned for the origin */
  async unpin(origin: string): Promise<boolean> {
    if ((await this.find(origin)) === undefined) return false;
    await rm(this.#file(origin), { force: true });
    return true;
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

  async #read(file: string): Promise<TrustFile> {
    try {
      return parseTrust(JSON.parse(await readFile(file, 'utf8')));
    } catch (error) {
      if (error instanceof SyntaxError) throw new ConfigError(file, 'is not JSON');
      if (error instanceof InputError) throw new ConfigError(file, `is not a trust file: ${error.message}`);
      throw new ConfigError(file, `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    }
  }
}
