/** The file of epoch keys: made for a new store only, and refused in plain words where it does not fit (S23). */
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secrets } from '../crypto/secrets.js';
import { toBase64url } from '../encoding/base64.js';
import { ConfigError, EncodingError, UnavailableError } from '../errors.js';
import { EpochEndedError, EpochKeys } from './epoch-keys.js';

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
    expect(() => EpochKeys.open(join(folder, 'keys'), secrets, false).unwrap(1, wrapped, 's')).toThrow(EpochEndedError);
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

describe('a change of epochs', () => {
  const AT = '2026-01-01T00:00:00.000Z';
  const open = (isNew = false): EpochKeys => EpochKeys.open(join(folder, 'keys'), secrets, isNew);

  it('S23: wraps new keys in the new epoch at once, opens both, and in the end the new one alone', () => {
    const epochs = open(true);
    const old = epochs.wrap(KEY, 's');
    epochs.begin(AT);
    expect([epochs.current, epochs.begun, epochs.ending]).toEqual([2, AT, [1]]);
    const young = epochs.wrap(KEY, 's');
    expect(young.epoch).toBe(2);
    expect(epochs.unwrap(old.epoch, old.wrapped, 's')).toEqual(KEY);
    epochs.destroyBefore(2);
    expect(epochs.ending).toEqual([]);
    expect(epochs.unwrap(young.epoch, young.wrapped, 's')).toEqual(KEY);
    for (const one of [epochs, open()]) {
      expect(() => one.unwrap(old.epoch, old.wrapped, 's')).toThrow(EpochEndedError);
    }
    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')).keys)).toEqual(['2']);
  });

  it('S23: that another node begins is seen by the next key that is wrapped, and by one that must be opened', () => {
    const here = open(true);
    const there = open();
    there.begin(AT);
    const young = there.wrap(KEY, 's');
    expect(here.unwrap(young.epoch, young.wrapped, 's')).toEqual(KEY);
    there.destroyBefore(2);
    there.begin(AT);
    expect(here.wrap(KEY, 's').epoch).toBe(3);
  });

  it('under way is gone on with, not begun a second time; another’s end ends nothing of it', () => {
    const epochs = open(true);
    epochs.begin(AT);
    epochs.begin(AT);
    expect(epochs.current).toBe(2);
    epochs.destroyBefore(1);
    expect(epochs.ending).toEqual([1]);
  });

  it('S23: overwrites the old key where it lay', () => {
    const epochs = open(true);
    const first = readFileSync(file, 'utf8');
    const kept = join(folder, 'same-bytes');
    linkSync(file, kept);
    epochs.begin(AT);
    const zeros = readFileSync(kept);
    expect(zeros).toHaveLength(first.length);
    expect(zeros.every((byte) => byte === 0)).toBe(true);
    rmSync(kept);
    linkSync(file, kept);
    epochs.destroyBefore(2);
    expect(readFileSync(kept).every((byte) => byte === 0)).toBe(true);
  });

  it.each(['new', 'old'])(
    'S23: leaves no old key in what a crash a moment ago left beside the file (.%s)',
    (ending) => {
      const epochs = open(true);
      const first = readFileSync(file, 'utf8');
      const leftover = `${file}.0123456789ab.${ending}`;
      writeFileSync(leftover, first);
      const kept = join(folder, 'same-bytes');
      linkSync(leftover, kept);
      epochs.begin(AT);
      epochs.destroyBefore(2);
      expect(readdirSync(join(folder, 'keys'))).toEqual(['epochs.json']);
      expect(readFileSync(kept).every((byte) => byte === 0)).toBe(true);
    },
  );

  it('S23: cut off before the new file had its name loses nothing', () => {
    const epochs = open(true);
    const { epoch, wrapped } = epochs.wrap(KEY, 's');
    linkSync(file, `${file}.0123456789ab.old`);
    epochs.begin(AT);
    expect(open().unwrap(epoch, wrapped, 's')).toEqual(KEY);
    expect(readdirSync(join(folder, 'keys'))).toEqual(['epochs.json']);
  });

  it('waits for another process that writes the file, but not for one that has crashed', () => {
    const epochs = open(true);
    writeFileSync(`${file}.lock`, '');
    expect(() => epochs.begin(AT)).toThrow(UnavailableError);
    utimesSync(`${file}.lock`, 1, 1);
    epochs.begin(AT);
    expect(epochs.current).toBe(2);
  });

  it('is no use to a store that is newer than the file: KEYS_DIR is named', () => {
    expect(() => open(true).unwrap(7, 'AAAA', 's')).toThrow(/^KEYS_DIR: .*older than the event store/);
  });
});
