/** What the command line reads of the environment, in one place: folders, language, token. */
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

export interface CliEnvironment {
  readonly configDir: string;
  /** The data folder of a ledger on this machine, only where DATA_DIR names one. */
  readonly dataDir: string | undefined;
  readonly language: 'sv' | 'en';
  readonly token: string | undefined;
}

/** The XDG Base Directory Specification ignores a relative XDG_CONFIG_HOME; POSIX has LC_ALL before LANG. */
// The service's config.ts is not read here: `verify` must work where no service is configured, or wrongly.
// eslint-disable-next-line no-restricted-properties
export function cliEnvironment(env: Environment = process.env): CliEnvironment {
  const xdg = env['XDG_CONFIG_HOME'];
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.config');
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return {
    configDir: join(base, 'meritkedja'),
    // No default: a folder that somebody sends could bring a trust file of its own in ./data (S4).
    dataDir: env['DATA_DIR'] ? resolve(env['DATA_DIR']) : undefined,
    language: /^sv([_.@-]|$)/i.test(locale) ? 'sv' : 'en',
    token: env['MERITKEDJA_TOKEN'] || undefined,
  };
}
