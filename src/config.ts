/**
 * The environment, checked once at start. The only place that reads `process.env`; a bad value names itself, and what
 * this version cannot do is refused rather than passed over. Proven by config.spec.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fromBase64url } from './encoding/base64.js';
import { ConfigError, EncodingError } from './errors.js';

const integer = (min: number, max: number): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> =>
  z.string().transform((text, context) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      context.addIssue({ code: 'custom', message: `must be a whole number from ${min} to ${max}, got "${text}"` });
      return z.NEVER;
    }
    return value;
  });

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const environment = z.object({
  PORT: integer(0, 65_535).default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  PUBLIC_URL: z
    .string()
    .refine((text) => isPublicUrl(text), 'must be an http or https URL without path, query or fragment')
    .optional(),
  DATA_DIR: z.string().min(1).default('./data'),
  SEED: z.enum(['pilots', 'none']).optional(),
  ADMIN_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,512}$/, 'must have 16 to 512 printable ASCII characters and no spaces')
    .optional(),
  MASTER_KEY: z
    .string()
    .refine((text) => isMasterKey(text), 'must be 32 bytes in base64url (43 characters, no padding)')
    .optional(),
  CHAIN: z
    .literal('embedded', 'must be "embedded": this version does not anchor on public chains yet')
    .default('embedded'),
  ANCHOR_INTERVAL: integer(1, 86_400).default(5),
  ANCHOR_MAX_AGE: integer(60, 2_592_000).default(86_400),
  EVM_PORT: integer(0, 65_535).optional(),
  ROLES: z
    .string()
    .refine((text) => rolesIn(text) !== undefined, 'must be "api", "worker" or "api,worker"')
    .optional(),
  EVENTSTORE_URL: z
    .string()
    .refine(
      (text) => isEventStoreUrl(text),
      'must be an EventStoreDB connection string: esdb://, esdb+discover://, kurrentdb:// or kurrentdb+discover://',
    )
    .optional(),
  KEYS_DIR: z.string().min(1).optional(),
  EPOCH_DAYS: integer(1, 30).default(7),
  RPC_URLS: z
    .string()
    .transform((text) => text.split(',').map((url) => url.trim()))
    .refine((urls) => urls.every(isRpcUrl), 'must be http or https URLs, separated by commas')
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
});

/** Of the contract's variables those that this version cannot follow yet. Passing them over would be worse. */
const UNSUPPORTED: readonly (readonly [RegExp, string])[] = [
  [
    /^(ANCHOR_KEY|ANCHOR_CONTRACT)$/,
    'is not supported by this version: it anchors on the embedded chain only, with a key of its own; unset it',
  ],
  [/^(BANKID|OIDC)_/, 'is not supported by this version: people cannot sign in yet, only ADMIN_TOKEN can; unset it'],
];

type Environment = Readonly<Record<string, string | undefined>>;

function checkUnsupported(env: Environment): void {
  const given = Object.keys(env).filter((name) => env[name] !== undefined && env[name] !== '');
  for (const name of given.sort()) {
    const [, message] = UNSUPPORTED.find(([pattern]) => pattern.test(name)) ?? [];
    if (message !== undefined) throw new ConfigError(name, message);
  }
}

const ROLES = ['api', 'worker'] as const;
/** `api` answers requests, `worker` signs heads, publishes lists and anchors. */
export type Role = (typeof ROLES)[number];

function rolesIn(text: string): ReadonlySet<Role> | undefined {
  const given = text.split(',').map((name) => name.trim());
  const roles = new Set(ROLES.filter((role) => given.includes(role)));
  return roles.size > 0 && given.every((name) => (ROLES as readonly string[]).includes(name)) ? roles : undefined;
}

function isEventStoreUrl(text: string): boolean {
  return /^(esdb|kurrentdb|kurrent)(\+discover)?:\/\/[^\s/]/.test(text);
}

function isRpcUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isMasterKey(text: string): boolean {
  try {
    return fromBase64url(text).length === 32;
  } catch (error) {
    if (error instanceof EncodingError) return false;
    throw error;
  }
}

function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    (url.pathname === '/' || url.pathname === '') &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === ''
  );
}

export interface Config {
  readonly port: number;
  readonly host: string;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly dataDir: string;
  /** Unset: the pilots, where the data folder is empty; never by itself into an EventStoreDB. */
  readonly seed: 'pilots' | 'none' | undefined;
  readonly adminToken: string | undefined;
  readonly masterKey: string | undefined;
  readonly anchorIntervalSeconds: number;
  readonly anchorMaxAgeSeconds: number;
  /** Port of the embedded EVM node; unset: 8545 when free, else any, kept over restarts. */
  readonly evmPort: number | undefined;
  readonly logLevel: LogLevel;
  /** What this process does; both unless several share one EventStoreDB. */
  readonly roles: ReadonlySet<Role>;
  /** Connection string of EventStoreDB; unset: SQLite below the data folder. May hold a password: never logged. */
  readonly eventStoreUrl: string | undefined;
  /** Endpoints of the chain for a node that does not anchor; a worker starts its own. */
  readonly rpcUrls: readonly string[];
  /** Folder of what lies outside store and backups (S16, S23); shared by all nodes of one ledger. */
  readonly keysDir: string;
  /** Days from an erasure to the change of the epoch, after which old copies of the store are dead (S23). */
  readonly epochDays: number;
}

/** Secrets may lie in files instead (`ADMIN_TOKEN_FILE` names one), as container engines hand them over. */
const SECRETS = ['ADMIN_TOKEN', 'MASTER_KEY', 'EVENTSTORE_URL'] as const;

function withSecretFiles(given: Environment): Environment {
  const env: Record<string, string | undefined> = { ...given };
  for (const name of SECRETS) {
    const variable = `${name}_FILE`;
    const path = env[variable];
    if (path === undefined || path === '') continue;
    if (env[name] !== undefined && env[name] !== '') {
      throw new ConfigError(variable, `and ${name} are both set: use one of them`);
    }
    try {
      env[name] = readFileSync(path, 'utf8').trim();
    } catch (error) {
      throw new ConfigError(variable, `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
    }
    if (env[name] === '') throw new ConfigError(variable, `${path} is empty`);
  }
  return env;
}

/** @throws ConfigError naming the variable and what is allowed. */
export function readConfig(variables: Environment = process.env): Config {
  const env = withSecretFiles(variables);
  checkUnsupported(env);
  const given = Object.fromEntries(
    Object.keys(environment.shape)
      .map((name) => [name, env[name]] as const)
      // An empty variable is the usual way to say "not set" in shells and compose files.
      .filter((pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== ''),
  );
  const result = environment.safeParse(given);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new ConfigError(String(issue?.path[0] ?? 'environment'), issue?.message ?? 'is not valid');
  }
  const value = result.data;
  const roles = rolesIn(value.ROLES ?? 'api,worker') ?? new Set(ROLES);
  if (roles.size < ROLES.length && value.EVENTSTORE_URL === undefined) {
    throw new ConfigError(
      'ROLES',
      `"${value.ROLES}" needs EVENTSTORE_URL: a SQLite file is not shared, its one process is both api and worker`,
    );
  }
  if (roles.has('worker') && value.RPC_URLS !== undefined) {
    throw new ConfigError(
      'RPC_URLS',
      'is for nodes with ROLES=api, which look up blocks there: a worker starts the embedded chain itself, and this ' +
        'version does not anchor on public chains yet; unset it',
    );
  }
  return {
    port: value.PORT,
    host: value.HOST,
    publicUrl: new URL(value.PUBLIC_URL ?? `http://localhost:${value.PORT}`).origin,
    dataDir: value.DATA_DIR,
    seed: value.SEED ?? (value.EVENTSTORE_URL === undefined ? undefined : 'none'),
    adminToken: value.ADMIN_TOKEN,
    masterKey: value.MASTER_KEY,
    anchorIntervalSeconds: value.ANCHOR_INTERVAL,
    anchorMaxAgeSeconds: value.ANCHOR_MAX_AGE,
    evmPort: value.EVM_PORT,
    logLevel: value.LOG_LEVEL,
    roles,
    eventStoreUrl: value.EVENTSTORE_URL,
    rpcUrls: value.RPC_URLS ?? [],
    keysDir: value.KEYS_DIR ?? join(value.DATA_DIR, 'keys'),
    epochDays: value.EPOCH_DAYS,
  };
}
