/** What the command line reads of the environment, in one place: folders, language, token. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { readConfig, type Config } from '../config.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface CliEnvironment {
  /** The service's settings, for a data folder that the user names. @throws ConfigError */
  readonly config: (dataDir: string) => Config;
  readonly configDir: string;
  /** The data folder of a ledger on this machine, only where DATA_DIR names one. */
  readonly dataDir: string | undefined;
  readonly keysDir: string | undefined;
  readonly masterKey: string | undefined;
  readonly masterKeyNew: string | undefined;
  readonly language: 'sv' | 'en';
  readonly token: string | undefined;
}

/** The XDG Base Directory Specification ignores a relative XDG_CONFIG_HOME; POSIX has LC_ALL before LANG. */
// The service's config.ts is read only by commands that open a store: `verify` must work where no service is configured, or wrongly.
// eslint-disable-next-line no-restricted-properties
export function cliEnvironment(env: Environment = process.env): CliEnvironment {
  const xdg = env['XDG_CONFIG_HOME'];
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.config');
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return {
    config: (dataDir) => readConfig({ ...env, DATA_DIR: dataDir }),
    configDir: join(base, 'meritkedja'),
    // No default: a folder that somebody sends could bring a trust file of its own in ./data (S4).
    dataDir: env['DATA_DIR'] ? resolve(env['DATA_DIR']) : undefined,
    keysDir: env['KEYS_DIR'] ? resolve(env['KEYS_DIR']) : undefined,
    masterKey: secretOf(env, 'MASTER_KEY'),
    masterKeyNew: secretOf(env, 'MASTER_KEY_NEW'),
    language: /^sv([_.@-]|$)/i.test(locale) ? 'sv' : 'en',
    token: env['MERITKEDJA_TOKEN'] || undefined,
  };
}

/** The variable, or the content of the file that `<name>_FILE` names, as the service takes it. */
function secretOf(env: Environment, name: string): string | undefined {
  const path = env[`${name}_FILE`];
  if (env[name] || !path) return env[name] || undefined;
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    // Commands that need no master key work without it; the one that does says that it has none that fits.
    return undefined;
  }
}
