/** Files of secrets: whole, with their own permissions, made once. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileIfThere, readOrMake, writeFileDurably } from './secret-file.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-secret-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('a file written durably', () => {
  it('makes its folder, replaces what was there and leaves nothing else behind', () => {
    const path = join(folder, 'a', 'b', 'file');
    writeFileDurably(path, 'old');
    writeFileDurably(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['file']);
    expect(modeOf(join(folder, 'a'))).toBe(0o700);
  });

  it('is its owner’s alone unless said otherwise, also after a crash left a part of it open to others', () => {
    const path = join(folder, 'secret');
    writeFileSync(`${path}.new`, 'part');
    chmodSync(`${path}.new`, 0o666);
    writeFileDurably(path, 'secret');
    expect(modeOf(path)).toBe(0o600);
  });

  it('may be open to others, whatever the umask', () => {
    const before = process.umask(0o077);
    try {
      writeFileDurably(join(folder, 'public'), 'x', 0o644);
    } finally {
      process.umask(before);
    }
    expect(modeOf(join(folder, 'public'))).toBe(0o644);
  });
});

describe('a secret', () => {
  it('is made once and read from then on', () => {
    const path = join(folder, 'token');
    expect(readFileIfThere(path)).toBeUndefined();
    expect(readOrMake(path, () => 'first')).toBe('first');
    expect(readOrMake(path, () => 'second')).toBe('first');
    expect(modeOf(path)).toBe(0o600);
  });

  it('is made anew where a crash of another program left an empty file', () => {
    const path = join(folder, 'empty');
    writeFileSync(path, '\n');
    expect(readOrMake(path, () => 'made')).toBe('made');
  });
});
