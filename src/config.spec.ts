/** The contract's "Environment": what is read, what is refused, and that a refusal says what is allowed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readConfig } from './config.js';
import { ConfigError } from './errors.js';

const KEY = 'A'.repeat(43);

function refusal(env: Record<string, string>): { variable: string; message: string } {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return { variable: error.variable, message: error.message };
    throw error;
  }
  throw new ConfigError('none', 'was refused');
}

describe('an empty environment', () => {
  it('gives the embedded defaults', () => {
    expect(readConfig({})).toEqual({
      port: 3000,
      host: '127.0.0.1',
      publicUrl: 'http://localhost:3000',
      dataDir: './data',
      seed: undefined,
      adminToken: undefined,
      masterKey: undefined,
      anchorIntervalSeconds: 5,
      anchorMaxAgeSeconds: 86_400,
      evmPort: undefined,
      logLevel: 'info',
      roles: new Set(['api', 'worker']),
      epochDays: 7,
      eventStoreUrl: undefined,
      rpcUrls: [],
      keysDir: 'data/keys',
    });
  });

  it('is the same as one in which every variable is empty', () => {
    const names = ['PORT', 'HOST', 'PUBLIC_URL', 'DATA_DIR', 'SEED', 'ADMIN_TOKEN', 'MASTER_KEY', 'CHAIN', 'ROLES'];
    const others = [
      'EVENTSTORE_URL',
      'KEYS_DIR',
      'RPC_URLS',
      'ANCHOR_KEY',
      'ANCHOR_CONTRACT',
      'BANKID_URL',
      'OIDC_ISSUER',
    ];
    expect(readConfig(Object.fromEntries([...names, ...others].map((name) => [name, ''])))).toEqual(readConfig({}));
  });
});

describe('the public URL', () => {
  it.each([
    ['https://Merit.Example/', 'https://merit.example'],
    ['https://merit.example:443', 'https://merit.example'],
    ['http://localhost:3100', 'http://localhost:3100'],
  ])('%s is kept as %s', (given, kept) => {
    expect(readConfig({ PUBLIC_URL: given }).publicUrl).toBe(kept);
  });

  it('follows the port where it is not given', () => {
    expect(readConfig({ PORT: '3100' }).publicUrl).toBe('http://localhost:3100');
  });
});

describe('a bad value', () => {
  it.each([
    ['PORT', '65536', /from 0 to 65535/],
    ['PORT', '80a', /whole number/],
    ['PORT', '-1', /whole number/],
    ['PUBLIC_URL', 'merit.example', /http or https URL/],
    ['PUBLIC_URL', 'https://merit.example/ledger', /without path/],
    ['PUBLIC_URL', 'https://user:secret@merit.example', /http or https URL/],
    ['SEED', 'all', /pilots.*none/],
    ['ADMIN_TOKEN', 'short', /16 to 512/],
    ['ADMIN_TOKEN', 'sixteen letters å', /ASCII/],
    ['MASTER_KEY', 'A'.repeat(42), /32 bytes in base64url/],
    // The last character has two bits that no 32 bytes have.
    ['MASTER_KEY', `${'A'.repeat(42)}B`, /32 bytes in base64url/],
    ['CHAIN', 'sepolia', /embedded/],
    ['ANCHOR_INTERVAL', '0', /from 1 to 86400/],
    ['ANCHOR_MAX_AGE', '5', /from 60/],
    ['EVM_PORT', 'x', /whole number/],
    ['LOG_LEVEL', 'loud', /fatal.*silent/],
    ['ROLES', 'api', /needs EVENTSTORE_URL/],
    ['ROLES', 'api,web', /api,worker/],
    ['ROLES', ',', /api,worker/],
    ['EVENTSTORE_URL', 'https://localhost:2113', /esdb:/],
    ['RPC_URLS', 'https://rpc.example', /ROLES=api/],
    ['RPC_URLS', 'https://rpc.example,ftp://rpc.example', /http or https/],
  ])('%s=%s is refused by name, and the message says what is allowed', (name, value, message) => {
    const refused = refusal({ [name]: value });
    expect(refused.variable).toBe(name);
    expect(refused.message).toMatch(new RegExp(`^${name}: `));
    expect(refused.message).toMatch(message);
  });

  it('of a secret is not repeated', () => {
    expect(refusal({ ADMIN_TOKEN: 'geheim' }).message).not.toContain('geheim');
    expect(refusal({ MASTER_KEY: 'geheim' }).message).not.toContain('geheim');
    expect(refusal({ ANCHOR_KEY: 'geheim' }).message).not.toContain('geheim');
  });
});

describe('a secret in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (content: string): string => {
    const path = join(folder, `secret-${content.length}`);
    writeFileSync(path, content);
    return path;
  };

  it('is read from there', () => {
    expect(readConfig({ MASTER_KEY_FILE: file(`${KEY}\n`) }).masterKey).toBe(KEY);
    expect(readConfig({ EVENTSTORE_URL_FILE: file('esdb://a:2113') }).eventStoreUrl).toBe('esdb://a:2113');
  });

  it('is refused by the name that was given where it is missing, empty or given twice', () => {
    expect(refusal({ MASTER_KEY_FILE: join(folder, 'none') })).toEqual({
      variable: 'MASTER_KEY_FILE',
      message: expect.stringMatching(/cannot be read \(ENOENT\)/),
    });
    expect(refusal({ ADMIN_TOKEN_FILE: file('\n') }).message).toMatch(/ADMIN_TOKEN_FILE: .* is empty/);
    expect(refusal({ ADMIN_TOKEN_FILE: file('a'), ADMIN_TOKEN: 'b'.repeat(20) }).message).toMatch(/use one of them/);
  });
});

describe('what this version cannot do', () => {
  it.each([
    ['ANCHOR_KEY', `0x${'11'.repeat(32)}`],
    ['ANCHOR_CONTRACT', `0x${'11'.repeat(20)}`],
    ['BANKID_URL', 'https://appapi2.test.bankid.com'],
    ['OIDC_ISSUER', 'https://login.example'],
  ])('%s is refused rather than passed over', (name, value) => {
    expect(refusal({ [name]: value })).toEqual({ variable: name, message: expect.stringMatching(/not supported/) });
  });

  it('leaves a node of several alone', () => {
    const env = {
      ROLES: 'api',
      EVENTSTORE_URL: 'esdb://a:2113',
      KEYS_DIR: '/keys',
      RPC_URLS: 'http://w:8545, http://x',
    };
    expect(readConfig(env)).toMatchObject({
      ...{ roles: new Set(['api']), eventStoreUrl: 'esdb://a:2113', keysDir: '/keys' },
      rpcUrls: ['http://w:8545', 'http://x'],
    });
  });

  it('leaves what it can do alone', () => {
    expect(readConfig({ CHAIN: 'embedded', ROLES: 'worker,api', MASTER_KEY: KEY }).masterKey).toBe(KEY);
  });
});
