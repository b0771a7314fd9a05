import { describe, expect, it } from '@jest/globals';
import { toBase64url } from '../../encoding/base64.js';
import { readBlockHash, readInput, readKey, uuidOf } from './input.js';
import { problemText } from './problem.js';

const KEY = new Uint8Array(32).fill(7);
const CREDENTIAL = {
  type: ['VerifiableCredential', 'OpenBadgeCredential'],
  id: 'urn:uuid:2F1C2F86-3c6a-4c57-9d0c-2f3a7a0f6d11',
};

function codeOf(text: string): unknown {
  try {
    return readInput(text).kind;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe('what a person drops or pastes', () => {
  it('is a credential, a bundle or a share link', () => {
    expect(readInput(`\uFEFF ${JSON.stringify(CREDENTIAL)}\n`)).toEqual({ kind: 'credential', credential: CREDENTIAL });
    expect(codeOf(JSON.stringify({ type: 'MeritkedjaProof', credential: CREDENTIAL }))).toBe('bundle');
    expect(readInput(`https://x.se/c/${'a'.repeat(36)}?lang=en#${toBase64url(KEY)}`)).toEqual({
      kind: 'link',
      key: KEY,
      url: new URL(`https://x.se/c/${'a'.repeat(36)}?lang=en#${toBase64url(KEY)}`),
    });
  });

  it.each([
    ['', 'empty'],
    ['  \n', 'empty'],
    ['hej', 'notJson'],
    ['{"type":"Mer', 'notJson'],
    ['{"type":"MeritkedjaProof","credential":{"name":"A","n\\u0061me":"B"}}', 'duplicateMember'],
    ['['.repeat(1_000) + ']'.repeat(1_000), 'unknownFile'],
    ['[]', 'unknownFile'],
    ['{"type":"Achievement"}', 'unknownFile'],
    ['{"type":"MeritkedjaProof"}', 'unknownFile'],
    ['https://x.se/', 'notShareLink'],
    ['https://x.se/verify#AAAA', 'notShareLink'],
    ['https://x.se/c/1', 'badKey'],
    ['https://[x]/c/1#AAAA', 'notJson'],
    ['https://x.se/c/1#AAAA', 'badKey'],
    [`"${'a'.repeat(8_000_000)}"`, 'tooLarge'],
  ])('%#: is refused with a word about what to do', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });
});

describe('a share key in the fragment', () => {
  it('is 32 bytes in base64url, with or without the sign', () => {
    expect(readKey(`#${toBase64url(KEY)}`)).toEqual(KEY);
    expect(readKey(toBase64url(KEY))).toEqual(KEY);
    expect(() => readKey(`#${toBase64url(KEY)}=`)).toThrow();
  });
});

describe('a credential’s UUID', () => {
  it('is that of its urn, in lower case', () => {
    expect(uuidOf(CREDENTIAL)).toBe('2f1c2f86-3c6a-4c57-9d0c-2f3a7a0f6d11');
    expect(uuidOf({ id: 'https://x' })).toBeUndefined();
    expect(uuidOf({ id: 7 })).toBeUndefined();
  });
});

describe('a block hash that a person types', () => {
  it('may be left out, and has 64 hex digits', () => {
    expect(readBlockHash('  ')).toBeUndefined();
    expect(readBlockHash(` 0x${'AB'.repeat(32)} `)).toBe(`0x${'ab'.repeat(32)}`);
    expect(() => readBlockHash('0x12')).toThrow(RangeError);
  });
});

describe('an error that is no problem of the person’s', () => {
  it('is told without particulars', () => {
    expect(problemText(new TypeError('secret'), 'en')).not.toContain('secret');
  });
});
