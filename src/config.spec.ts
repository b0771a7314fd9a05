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
      chains: [{ name: 'embedded', rpcUrls: [] }],
      anchorContract: undefined,
      anchorKey: undefined,
      anchorMaxAgeSeconds: 86_400,
      anchorBumpAfterSeconds: 300,
      anchorMaxFeePerGas: undefined,
      anchorMaxPerDay: undefined,
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
    ['CHAIN', 'mainnet', /must be of: embedded, sepolia, hoodi/],
    ['CHAIN', 'hoodi,hoodi', /twice/],
    ['CHAIN', 'hoodi,', /must be of/],
    ['ANCHOR_CONTRACT', '0x1234', /0x and 40 hex digits/],
    ['ANCHOR_CONTRACT', '0xB9AED8ba99d0b740494Fd74d959f75471aD22C53', /EIP-55/],
    ['ANCHOR_CONTRACT', `0x${'11'.repeat(20)}`, /for public chains/],
    ['ANCHOR_KEY', '11'.repeat(32), /0x and 64 hex digits/],
    ['ANCHOR_KEY', `0x${'00'.repeat(32)}`, /secp256k1/],
    ['ANCHOR_KEY', `0x${'ff'.repeat(32)}`, /secp256k1/],
    ['ANCHOR_KEYSTORE_PASSWORD', 'secret', /without ANCHOR_KEYSTORE/],
    ['ANCHOR_SIGNER_URL', 'unix:///run/signer', /http or https/],
    ['ANCHOR_ADDRESS', `0x${'11'.repeat(20)}`, /for ANCHOR_SIGNER_URL/],
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
    ['RPC_URLS', 'https://somebody:secret@rpc.example', /without user names/],
    ['RPC_URLS', 'hoodi=https://rpc.example', /endpoint of hoodi, which CHAIN does not name/],
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
    expect(refusal({ ANCHOR_KEYSTORE_PASSWORD: 'geheim' }).message).not.toContain('geheim');
    expect(refusal({ ANCHOR_SIGNER_URL: 'geheim://signer' }).message).not.toContain('geheim');
    expect(refusal({ RPC_URLS: 'geheim://rpc.example/geheim' }).message).not.toContain('geheim');
    expect(refusal({ RPC_URLS: 'https://rpc.example/geheim' }).message).not.toContain('geheim');
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

describe('a public chain', () => {
  const ANCHOR_KEY = `0x${'11'.repeat(32)}`;
  const CONTRACT = '0xb9AED8ba99d0b740494Fd74d959f75471aD22C53';
  const hoodi = { CHAIN: 'hoodi', RPC_URLS: 'https://rpc.example/key', ANCHOR_KEY };

  it('needs an endpoint and a key, and is anchored on once an hour', () => {
    expect(readConfig(hoodi)).toMatchObject({
      chains: [{ name: 'hoodi', rpcUrls: ['https://rpc.example/key'] }],
      rpcUrls: ['https://rpc.example/key'],
      anchorIntervalSeconds: 3_600,
      anchorKey: { is: 'key', key: new Uint8Array(32).fill(0x11) },
    });
    expect(readConfig({ ...hoodi, ANCHOR_INTERVAL: '60' }).anchorIntervalSeconds).toBe(60);
    expect(refusal({ CHAIN: 'hoodi', ANCHOR_KEY })).toEqual({
      variable: 'RPC_URLS',
      message: expect.stringMatching(/no endpoint of Hoodi: add https:/),
    });
    expect(refusal({ ...hoodi, ANCHOR_KEY: '' })).toEqual({
      variable: 'ANCHOR_KEY',
      message: expect.stringMatching(/needed to anchor on hoodi: .*ANCHOR_KEYSTORE, or ANCHOR_SIGNER_URL/),
    });
  });

  it('beside others has the endpoints under its name; those without one are the first chain’s', () => {
    const RPC_URLS = 'https://a.example, sepolia=https://b.example/?x=1, hoodi=https://c.example';
    expect(readConfig({ ...hoodi, CHAIN: 'hoodi, sepolia', RPC_URLS }).chains).toEqual([
      { name: 'hoodi', rpcUrls: ['https://a.example', 'https://c.example'] },
      { name: 'sepolia', rpcUrls: ['https://b.example/?x=1'] },
    ]);
    expect(refusal({ ...hoodi, CHAIN: 'hoodi,sepolia' }).message).toMatch(/no endpoint of Sepolia: add sepolia=https:/);
  });

  it('may be a witness beside the embedded one, whose interval counts', () => {
    const env = { ...hoodi, CHAIN: 'embedded,hoodi', RPC_URLS: 'hoodi=https://rpc.example' };
    expect(readConfig(env)).toMatchObject({
      anchorIntervalSeconds: 5,
      chains: [
        { name: 'embedded', rpcUrls: [] },
        { name: 'hoodi', rpcUrls: ['https://rpc.example'] },
      ],
    });
  });

  it('needs neither endpoint nor key on a node that only answers requests', () => {
    const env = { CHAIN: 'hoodi', ROLES: 'api', EVENTSTORE_URL: 'esdb://a:2113' };
    expect(readConfig(env)).toMatchObject({ chains: [{ name: 'hoodi', rpcUrls: [] }], anchorKey: undefined });
  });

  it('may have its contract at another address, in lower case or as EIP-55 writes it', () => {
    expect(readConfig({ ...hoodi, ANCHOR_CONTRACT: CONTRACT }).anchorContract).toBe(CONTRACT);
    expect(readConfig({ ...hoodi, ANCHOR_CONTRACT: CONTRACT.toLowerCase() }).anchorContract).toBe(CONTRACT);
  });
});

describe('the anchorer’s key', () => {
  const KEYSTORE = { ANCHOR_KEYSTORE: '/keys/anchorer.json', ANCHOR_KEYSTORE_PASSWORD: 'a password' };
  const ADDRESS = '0xb9AED8ba99d0b740494Fd74d959f75471aD22C53';
  const SIGNER = { ANCHOR_SIGNER_URL: 'http://signer:9000', ANCHOR_ADDRESS: ADDRESS.toLowerCase() };

  it('may be in a keystore, or with a signer', () => {
    expect(readConfig(KEYSTORE).anchorKey).toEqual({
      is: 'keystore',
      path: '/keys/anchorer.json',
      password: 'a password',
    });
    expect(readConfig(SIGNER).anchorKey).toEqual({ is: 'remote', url: 'http://signer:9000', address: ADDRESS });
  });

  it('is in one place only, and whole', () => {
    expect(refusal({ ...KEYSTORE, ...SIGNER }).message).toMatch(/ANCHOR_SIGNER_URL: and ANCHOR_KEYSTORE are both set/);
    expect(refusal({ ...KEYSTORE, ANCHOR_KEYSTORE_PASSWORD: '' }).variable).toBe('ANCHOR_KEYSTORE_PASSWORD');
    expect(refusal({ ...SIGNER, ANCHOR_ADDRESS: '' }).variable).toBe('ANCHOR_ADDRESS');
    expect(refusal({ ...KEYSTORE, ANCHOR_ADDRESS: ADDRESS }).variable).toBe('ANCHOR_ADDRESS');
  });

  it('may lie in a file of its own', () => {
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    const path = join(folder, 'key');
    writeFileSync(path, `0x${'11'.repeat(32)}\n`);
    expect(readConfig({ ANCHOR_KEY_FILE: path }).anchorKey).toEqual({ is: 'key', key: new Uint8Array(32).fill(0x11) });
    rmSync(folder, { recursive: true });
  });
});
