import { describe, expect, it } from '@jest/globals';
import { InputError } from '../errors.js';
import { formatVerifierKey } from '../log/note.js';
import { chainsOf, fingerprint, parseTrust } from './trust.js';

const trust = {
  origin: 'ledger.example/log',
  vkey: formatVerifierKey('ledger.example/log', new Uint8Array(32).fill(3)),
  log: 'https://ledger.example/log',
  chains: [
    {
      name: 'embedded',
      chainId: 31337,
      contract: `0x${'ab'.repeat(20)}`,
      anchorers: [`0x${'Cd'.repeat(20)}`],
      firstBlock: 0,
      rpcUrls: ['http://127.0.0.1:8545'],
      embedded: true,
    },
  ],
  keyCustody: 'operator',
};

function issuesOf(json: unknown): string[] {
  try {
    parseTrust(json);
  } catch (error) {
    if (error instanceof InputError) return error.issues.map(({ path }) => path);
    throw error;
  }
  return [];
}

describe('a trust file', () => {
  it('is read as it is, with members that we do not know', () => {
    expect(parseTrust({ ...trust, more: 1 })).toEqual({ ...trust, more: 1 });
  });

  it.each([null, 'x', [], 4])('is not %p', (json) => {
    expect(issuesOf(json)).toEqual(['']);
  });

  it.each(['origin', 'vkey', 'log', 'chains'])('does not do without %s', (member) => {
    expect(issuesOf({ ...trust, [member]: undefined })).toEqual([member]);
  });

  it('S4: pins a key of its own origin only', () => {
    expect(issuesOf({ ...trust, origin: 'other.example/log' })).toEqual(['vkey']);
    expect(issuesOf({ ...trust, vkey: `${trust.vkey.slice(0, -4)}AAA=` })).toEqual(['vkey']);
  });

  it.each([
    ['name', ''],
    ['chainId', 0],
    ['chainId', '1'],
    ['contract', '0x12'],
    ['anchorers', []],
    ['firstBlock', -1],
    ['rpcUrls', 'http://x'],
    ['embedded', 'yes'],
  ])('is refused for the %s %p of a chain', (member, value) => {
    expect(issuesOf({ ...trust, chains: [{ ...trust.chains[0], [member]: value }] })).toEqual([`chains.0.${member}`]);
  });

  it.each([
    ['anchorers', ['0x1']],
    ['rpcUrls', ['file:///etc/passwd']],
  ])('names the item of %s that is wrong', (member, value) => {
    expect(issuesOf({ ...trust, chains: [{ ...trust.chains[0], [member]: value }] })).toEqual([`chains.0.${member}.0`]);
  });

  it('names everything that is wrong at once', () => {
    expect(issuesOf({ keyCustody: 'nobody', chains: [1] })).toEqual([
      'origin',
      'vkey',
      'log',
      'keyCustody',
      'chains.0',
    ]);
  });

  it('has a fingerprint in groups, of all of it, whatever the order of its members', () => {
    const parsed = parseTrust(trust);
    expect(fingerprint(parsed)).toMatch(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/);
    expect(fingerprint(parseTrust(Object.fromEntries(Object.entries(trust).reverse())))).toBe(fingerprint(parsed));
    expect(fingerprint(parseTrust({ ...trust, more: 1 }))).not.toBe(fingerprint(parsed));
  });

  it('is asked for the chains of an id', () => {
    expect(chainsOf(parseTrust(trust), 31337)).toHaveLength(1);
    expect(chainsOf(parseTrust(trust), 1)).toHaveLength(0);
  });
});
