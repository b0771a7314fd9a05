/** The file of epoch keys: made for a new store only, and refused in plain words where it does not fit (S23). */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secrets } from '../crypto/secrets.js';
import { toBase64url } from '../encoding/base64.js';
import { ConfigError, EncodingError, InvariantError } from '../errors.js';
import { EpochKeys } from './epoch-keys.js';

const secrets = new Secrets(new Uint8Array(32).fill(1));
const KEY = new Uint8Array(32).fill(5);

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-epochs-'));
  file = join(folder, 'keys', 'epochs.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function written(content: unknown): void {
  mkdirSync(join(folder, 'keys'), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}
const wrappedKey = (epoch: number): string =>
  toBase64url(secrets.wrap(new Uint8Array(32).fill(epoch), `epoch/${epoch}`));

describe('the epoch keys', () => {
  it('S23: are made for a new store, its owner’s alone, and open what they wrapped after a restart', () => {
    const { epoch, wrapped } = EpochKeys.open(join(folder, 'keys'), secrets, true).wrap(KEY, 'vault-holder-a');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = EpochKeys.open(join(folder, 'keys'), secrets, false);
    expect(again.unwrap(epoch, wrapped, 'vault-holder-a')).toEqual(KEY);
    expect(() => again.unwrap(epoch, wrapped, 'vault-holder-b')).toThrow(EncodingError);
  });

  it('S23: are wrapped in the file', () => {
    EpochKeys.open(join(folder, 'keys'), secrets, true);
    const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: Record<string, string> };
    expect(Buffer.from(keys['1'] ?? '', 'base64url')).toHaveLength(12 + 32 + 16);
  });

  it('S23: are not made a second time for a store that has events: the missing file is named', () => {
    expect(() => EpochKeys.open(join(folder, 'keys'), secrets, false)).toThrow(ConfigError);
    expect(() => EpochKeys.open(join(folder, 'keys'), secrets, false)).toThrow(/epochs\.json is missing/);
  });

  it('S23: of earlier epochs still open what they wrapped; a destroyed one opens nothing any more', () => {
    written({ current: 1, keys: { 1: wrappedKey(1) } });
    const { wrapped } = EpochKeys.open(join(folder, 'keys'), secrets, false).wrap(KEY, 's');
    written({ current: 2, keys: { 1: wrappedKey(1), 2: wrappedKey(2) } });
    const both = EpochKeys.open(join(folder, 'keys'), secrets, false);
    expect(both.wrap(KEY, 's').epoch).toBe(2);
    expect(both.unwrap(1, wrapped, 's')).toEqual(KEY);
    written({ current: 2, keys: { 2: wrappedKey(2) } });
    expect(() => EpochKeys.open(join(folder, 'keys'), secrets, false).unwrap(1, wrapped, 's')).toThrow(InvariantError);
  });

  it('cannot be moved between epochs in the file', () => {
    written({ current: 2, keys: { 2: wrappedKey(1) } });
    expect(() => EpochKeys.open(join(folder, 'keys'), secrets, false)).toThrow(ConfigError);
  });

  it.each([
    ['empty', ''],
    ['not JSON', '{'],
    ['without keys', { current: 1 }],
    ['without the current key', { current: 2, keys: { 1: 'AAAA' } }],
    ['no base64url', { current: 1, keys: { 1: '***' } }],
    ['an epoch that is no number', { current: 1, keys: { x: 'AAAA' } }],
  ])('are refused where the file is %s', (_, content) => {
    written(content);
    expect(() => EpochKeys.open(join(folder, 'keys'), secrets, true)).toThrow(/epochs\.json is damaged/);
  });

  it('S23: under another master key are refused, and MASTER_KEY is named', () => {
    EpochKeys.open(join(folder, 'keys'), secrets, true);
    const other = new Secrets(new Uint8Array(32).fill(2));
    expect(() => EpochKeys.open(join(folder, 'keys'), other, false)).toThrow(/^MASTER_KEY: /);
  });
});
