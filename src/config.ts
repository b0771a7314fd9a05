/** The environment, checked once at start. The only place that reads `process.env`; a bad value names itself. */
import { z } from 'zod';
import { ConfigError } from './errors.js';

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
  ADMIN_TOKEN: z.string().min(16, 'must have at least 16 characters').max(512).optional(),
  MASTER_KEY: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url (43 characters, no padding)')
    .optional(),
  CHAIN: z.literal('embedded', 'must be "embedded"').default('embedded'),
  ANCHOR_INTERVAL: integer(1, 86_400).default(5),
  ANCHOR_MAX_AGE: integer(60, 2_592_000).default(86_400),
  EVM_PORT: integer(0, 65_535).optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
});

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
  /** Unset: the pilots, where the data folder is empty. */
  readonly seed: 'pilots' | 'none' | undefined;
  readonly adminToken: string | undefined;
  readonly masterKey: string | undefined;
  readonly anchorIntervalSeconds: number;
  readonly anchorMaxAgeSeconds: number;
  /** Port of the embedded EVM node; unset: 8545 when free, else any, kept over restarts. */
  readonly evmPort: number | undefined;
  readonly logLevel: LogLevel;
}

/** @throws ConfigError naming the variable and what is allowed. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
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
  return {
    port: value.PORT,
    host: value.HOST,
    publicUrl: (value.PUBLIC_URL ?? `http://localhost:${value.PORT}`).replace(/\/$/, ''),
    dataDir: value.DATA_DIR,
    seed: value.SEED,
    adminToken: value.ADMIN_TOKEN,
    masterKey: value.MASTER_KEY,
    anchorIntervalSeconds: value.ANCHOR_INTERVAL,
    anchorMaxAgeSeconds: value.ANCHOR_MAX_AGE,
    evmPort: value.EVM_PORT,
    logLevel: value.LOG_LEVEL,
  };
}
