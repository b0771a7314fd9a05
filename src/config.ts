/**
 * The environment, checked once at start. The only place that reads `process.env`; a bad value names itself, and what
 * this version cannot do is refused rather than passed over. Proven by config.spec.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { AnchorKeySetting } from './anchoring/anchor-signer.js';
import { NETWORKS, networkNamed } from './anchoring/networks.js';
import { checksumAddress } from './anchoring/registry.js';
import { fromBase64url } from './encoding/base64.js';
import { fromHex0x } from './encoding/hex.js';
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

/** A decimal with at most so many digits after the point, as a whole number of its smallest unit. */
function decimalOf(digits: number): z.ZodPipe<z.ZodString, z.ZodTransform<bigint, string>> {
  return z.string().transform((text, context) => {
    const [, whole, rest = ''] = /^(\d{1,12})(?:\.(\d+))?$/.exec(text) ?? [];
    const value = whole === undefined || rest.length > digits ? 0n : BigInt(whole + rest.padEnd(digits, '0'));
    if (value > 0n) return value;
    context.addIssue({ code: 'custom', message: `must be a decimal above 0, for example 0.5, got "${text}"` });
    return z.NEVER;
  });
}

/** What CHAIN may name. */
const CHAIN_NAMES: readonly string[] = ['embedded', ...NETWORKS.map(({ name }) => name)];

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
    .string()
    .transform((text) => text.split(',').map((name) => name.trim()))
    .refine((names) => names.every((name) => CHAIN_NAMES.includes(name)), `must be of: ${CHAIN_NAMES.join(', ')}`)
    .refine((names) => new Set(names).size === names.length, 'names a chain twice')
    .default(['embedded']),
  ANCHOR_CONTRACT: z
    .string()
    .refine(isAddress, 'must be an address: 0x and 40 hex digits, with the capitals of EIP-55 or in lower case')
    .optional(),
  ANCHOR_KEY: z.string().refine(isAnchorKey, 'must be a secp256k1 key: 0x and 64 hex digits').optional(),
  ANCHOR_KEYSTORE: z.string().min(1).optional(),
  ANCHOR_KEYSTORE_PASSWORD: z.string().min(1).optional(),
  ANCHOR_SIGNER_URL: z.string().refine(isRpcUrl, 'must be an http or https URL without a user name').optional(),
  ANCHOR_ADDRESS: z
    .string()
    .refine(isAddress, 'must be an address: 0x and 40 hex digits, with the capitals of EIP-55 or in lower case')
    .optional(),
  ANCHOR_INTERVAL: integer(1, 86_400).optional(),
  ANCHOR_MAX_AGE: integer(60, 2_592_000).default(86_400),
  ANCHOR_BUMP_AFTER: integer(10, 86_400).default(300),
  ANCHOR_MAX_FEE_GWEI: decimalOf(9).optional(),
  ANCHOR_MAX_PER_DAY: decimalOf(18).optional(),
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
    .transform((text) => text.split(',').map((item) => endpointIn(item.trim())))
    .refine(
      (endpoints) => endpoints.every(({ url }) => isRpcUrl(url)),
      'must be http or https URLs without user names, separated by commas; with several chains each as name=URL',
    )
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
});

/** Of the contract's variables those that this version cannot follow yet. Passing them over would be worse. */
const UNSUPPORTED: readonly (readonly [RegExp, string])[] = [
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
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  // fetch refuses a URL with a user name, and says so with the whole of it.
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

/** `name=URL`, or a URL of the first chain. */
function endpointIn(item: string): { readonly chain: string | undefined; readonly url: string } {
  const [, chain, url] = /^([a-z][a-z0-9-]*)=(.*)$/s.exec(item) ?? [];
  return url === undefined ? { chain: undefined, url: item } : { chain, url };
}

function isAddress(text: string): boolean {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return false;
  return text === text.toLowerCase() || text === addressOf(text);
}

/** EIP-55. @param text an address in any case */
function addressOf(text: string): string {
  return checksumAddress(fromHex0x(text.toLowerCase()));
}

const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

function isAnchorKey(text: string): boolean {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) return false;
  const value = BigInt(text);
  return value > 0n && value < SECP256K1_ORDER;
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

/** A chain that the ledger is anchored on (K1). */
export interface ChainSetting {
  /** `embedded`, or the name of a network in anchoring/networks.ts. */
  readonly name: string;
  /** Where it is reached; empty for the embedded chain of a worker, which starts it, and where a node only reads. */
  readonly rpcUrls: readonly string[];
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
  /** At least one; the first is the main one, the others are independent witnesses. */
  readonly chains: readonly ChainSetting[];
  /** Where the registry is on public chains, EIP-55; unset: its own address (anchoring/registry.ts). */
  readonly anchorContract: string | undefined;
  /** The anchorer's key; unset: the ledger's own, which anchors on the embedded chain alone. */
  readonly anchorKey: AnchorKeySetting | undefined;
  readonly anchorMaxAgeSeconds: number;
  /** Seconds that an anchor may be in no block before its fees are raised. */
  readonly anchorBumpAfterSeconds: number;
  /** Wei for a unit of gas that an anchor may cost at most; unset: any. */
  readonly anchorMaxFeePerGas: bigint | undefined;
  /** Wei that the anchors of 24 hours may cost on each chain; unset: any. */
  readonly anchorMaxPerDay: bigint | undefined;
  /** Port of the embedded EVM node; unset: 8545 when free, else any, kept over restarts. */
  readonly evmPort: number | undefined;
  readonly logLevel: LogLevel;
  /** What this process does; both unless several share one EventStoreDB. */
  readonly roles: ReadonlySet<Role>;
  /** Connection string of EventStoreDB; unset: SQLite below the data folder. May hold a password: never logged. */
  readonly eventStoreUrl: string | undefined;
  /** Endpoints of the first chain. */
  readonly rpcUrls: readonly string[];
  /** Folder of what lies outside store and backups (S16, S23); shared by all nodes of one ledger. */
  readonly keysDir: string;
  /** Days from an erasure to the change of the epoch, after which old copies of the store are dead (S23). */
  readonly epochDays: number;
}

/** Secrets may lie in files instead (`ADMIN_TOKEN_FILE` names one), as container engines hand them over. */
const SECRETS = [
  'ADMIN_TOKEN',
  'MASTER_KEY',
  'EVENTSTORE_URL',
  'RPC_URLS',
  'ANCHOR_KEY',
  'ANCHOR_KEYSTORE_PASSWORD',
  'ANCHOR_SIGNER_URL',
] as const;

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
  const chains = chainsOf(value, roles);
  const anchorKey = anchorKeyOf(value);
  const isPublic = chains.some(({ name }) => name !== 'embedded');
  if (isPublic && roles.has('worker') && anchorKey === undefined) {
    throw new ConfigError(
      'ANCHOR_KEY',
      `is needed to anchor on ${chains.map(({ name }) => name).join(', ')}: a key with funds there, or ANCHOR_KEYSTORE, ` +
        'or ANCHOR_SIGNER_URL',
    );
  }
  if (!isPublic && value.ANCHOR_CONTRACT !== undefined) {
    throw new ConfigError('ANCHOR_CONTRACT', 'is for public chains: on the embedded chain the service deploys its own');
  }
  return {
    port: value.PORT,
    host: value.HOST,
    publicUrl: new URL(value.PUBLIC_URL ?? `http://localhost:${value.PORT}`).origin,
    dataDir: value.DATA_DIR,
    seed: value.SEED ?? (value.EVENTSTORE_URL === undefined ? undefined : 'none'),
    adminToken: value.ADMIN_TOKEN,
    masterKey: value.MASTER_KEY,
    anchorIntervalSeconds: value.ANCHOR_INTERVAL ?? (chains[0]?.name === 'embedded' ? 5 : 3_600),
    chains,
    anchorContract: value.ANCHOR_CONTRACT === undefined ? undefined : addressOf(value.ANCHOR_CONTRACT),
    anchorKey,
    anchorMaxAgeSeconds: value.ANCHOR_MAX_AGE,
    anchorBumpAfterSeconds: value.ANCHOR_BUMP_AFTER,
    anchorMaxFeePerGas: value.ANCHOR_MAX_FEE_GWEI,
    anchorMaxPerDay: value.ANCHOR_MAX_PER_DAY,
    evmPort: value.EVM_PORT,
    logLevel: value.LOG_LEVEL,
    roles,
    eventStoreUrl: value.EVENTSTORE_URL,
    rpcUrls: chains[0]?.rpcUrls ?? [],
    keysDir: value.KEYS_DIR ?? join(value.DATA_DIR, 'keys'),
    epochDays: value.EPOCH_DAYS,
  };
}

type Values = z.output<typeof environment>;

function chainsOf({ CHAIN, RPC_URLS }: Values, roles: ReadonlySet<Role>): readonly ChainSetting[] {
  const endpoints = (RPC_URLS ?? []).map(({ chain, url }) => ({ chain: chain ?? CHAIN[0], url }));
  const unnamed = endpoints.find(({ chain }) => chain === undefined || !CHAIN.includes(chain));
  if (unnamed !== undefined) {
    throw new ConfigError('RPC_URLS', `has an endpoint of ${unnamed.chain}, which CHAIN does not name`);
  }
  return CHAIN.map((name) => {
    const rpcUrls = endpoints.filter(({ chain }) => chain === name).map(({ url }) => url);
    if (roles.has('worker') && name === 'embedded' && rpcUrls.length > 0) {
      throw new ConfigError(
        'RPC_URLS',
        'is for public chains, and for nodes with ROLES=api, which look up blocks there: a worker starts the embedded ' +
          `chain itself; unset it, or name a chain in CHAIN: ${NETWORKS.map((network) => network.name).join(', ')}`,
      );
    }
    if (roles.has('worker') && name !== 'embedded' && rpcUrls.length === 0) {
      const title = networkNamed(name)?.title ?? name;
      const form = CHAIN[0] === name ? 'https://…' : `${name}=https://…`;
      throw new ConfigError(
        'RPC_URLS',
        `names no endpoint of ${title}: add ${form}, better two of different operators`,
      );
    }
    return { name, rpcUrls };
  });
}

function anchorKeyOf(value: Values): AnchorKeySetting | undefined {
  const given = (['ANCHOR_KEY', 'ANCHOR_KEYSTORE', 'ANCHOR_SIGNER_URL'] as const).filter(
    (name) => value[name] !== undefined,
  );
  const [first, second] = given;
  if (second !== undefined) throw new ConfigError(second, `and ${first} are both set: use one of them`);
  if (value.ANCHOR_KEYSTORE_PASSWORD !== undefined && first !== 'ANCHOR_KEYSTORE') {
    throw new ConfigError('ANCHOR_KEYSTORE_PASSWORD', 'is set without ANCHOR_KEYSTORE, the file that it opens');
  }
  if (value.ANCHOR_ADDRESS !== undefined && first !== 'ANCHOR_SIGNER_URL') {
    throw new ConfigError('ANCHOR_ADDRESS', 'is for ANCHOR_SIGNER_URL: any other key has its address in it; unset it');
  }
  if (value.ANCHOR_KEY !== undefined) return { is: 'key', key: fromHex0x(value.ANCHOR_KEY.toLowerCase()) };
  if (value.ANCHOR_KEYSTORE !== undefined) {
    const password = value.ANCHOR_KEYSTORE_PASSWORD;
    if (password === undefined) {
      throw new ConfigError('ANCHOR_KEYSTORE_PASSWORD', 'is needed to open ANCHOR_KEYSTORE (or …_PASSWORD_FILE)');
    }
    return { is: 'keystore', path: value.ANCHOR_KEYSTORE, password };
  }
  if (value.ANCHOR_SIGNER_URL === undefined) return undefined;
  if (value.ANCHOR_ADDRESS === undefined) {
    throw new ConfigError('ANCHOR_ADDRESS', 'is needed with ANCHOR_SIGNER_URL: whose key the signer is to sign with');
  }
  return { is: 'remote', url: value.ANCHOR_SIGNER_URL, address: addressOf(value.ANCHOR_ADDRESS) };
}
