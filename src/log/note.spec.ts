import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { generateKeyPair, signer } from '../crypto/ed25519.js';
import { toBase64 } from '../encoding/base64.js';
import { concatBytes, utf8 } from '../encoding/bytes.js';
import { toHex } from '../encoding/hex.js';
import { verifyEd25519 } from './ed25519.js';
import {
  MAX_NOTE_SIGNATURES,
  NoteError,
  formatNote,
  formatVerifierKey,
  noteKeyId,
  openNote,
  parseNote,
  parseVerifierKey,
  signNote,
} from './note.js';

// Key and signatures of the documentation of golang.org/x/mod/sumdb/note.
const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const ENOCH = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop';
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER_LINE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const ENOCH_LINE =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';
const NOTE = `${TEXT}\n${PETER_LINE}${ENOCH_LINE}`;

const key = signer(generateKeyPair().seed);
const NAME = 'example.com/log';
const VKEY = formatVerifierKey(NAME, key.publicKey);

function withCode(code: string): unknown {
  return expect.objectContaining({ name: 'NoteError', code });
}

describe('a signed note', () => {
  it('of Go opens with either of its keys', () => {
    expect(openNote(NOTE, PETER, verifyEd25519)).toBe(TEXT);
    expect(openNote(NOTE, ENOCH, verifyEd25519)).toBe(TEXT);
  });

  it('signed here opens here', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 }), (lines) => {
        // eslint-disable-next-line no-control-regex
        const text = [...lines.map((line) => line.replaceAll(/[\u0000-\u001f]/g, '')), ''].join('\n') || '\n';
        const note = signNote(text, NAME, key.publicKey, (message) => key.sign(message));
        expect(openNote(note, VKEY, verifyEd25519)).toBe(text);
        const { signatures, text: parsed } = parseNote(note);
        expect(formatNote(parsed, signatures)).toBe(note);
      }),
      { numRuns: 50 },
    );
  });

  it('does not open with any single character changed', () => {
    const note = signNote('log\n7\n\nåäö\n', NAME, key.publicKey, (message) => key.sign(message));
    for (let i = 0; i < note.length; i++) {
      for (const other of ['A', '\n', ' ', '']) {
        const changed = note.slice(0, i) + other + note.slice(i + 1);
        if (changed === note) continue;
        expect(() => openNote(changed, VKEY, verifyEd25519)).toThrow(NoteError);
      }
    }
  });

  it('is not opened by a signature of another key, name or id', () => {
    expect(() => openNote(`${TEXT}\n${PETER_LINE}`, ENOCH, verifyEd25519)).toThrow(withCode('notSigned'));
    const id = noteKeyId(NAME, key.publicKey);
    const signature = key.sign(utf8(TEXT));
    const wrongName = formatNote(TEXT, [{ name: 'example.com/other', keyId: id, signature }]);
    expect(() => openNote(wrongName, VKEY, verifyEd25519)).toThrow(withCode('notSigned'));
    const wrongId = formatNote(TEXT, [{ name: NAME, keyId: Uint8Array.of(1, 2, 3, 4), signature }]);
    expect(() => openNote(wrongId, VKEY, verifyEd25519)).toThrow(withCode('notSigned'));
  });

  it('is opened past unknown signatures, also such as are no Ed25519 ones', () => {
    const own = { name: NAME, keyId: noteKeyId(NAME, key.publicKey), signature: key.sign(utf8(TEXT)) };
    const others = [
      { name: NAME, keyId: Uint8Array.of(0, 0, 0, 0), signature: new Uint8Array(5000) },
      { name: 'witness.example', keyId: own.keyId, signature: Uint8Array.of(1) },
    ];
    expect(openNote(formatNote(TEXT, [...others, own]), VKEY, verifyEd25519)).toBe(TEXT);
  });

  it('is refused as a whole when a signature by the key does not verify', () => {
    const own = { name: NAME, keyId: noteKeyId(NAME, key.publicKey), signature: key.sign(utf8(TEXT)) };
    const bad = { ...own, signature: key.sign(utf8('other\n')) };
    expect(() => openNote(formatNote(TEXT, [bad]), VKEY, verifyEd25519)).toThrow(withCode('badSignature'));
    const short = { ...own, signature: own.signature.slice(0, 63) };
    expect(() => openNote(formatNote(TEXT, [short]), VKEY, verifyEd25519)).toThrow(withCode('badSignature'));
  });

  it('is refused with two signatures of one key name and id, before either is verified', () => {
    const own = { name: NAME, keyId: noteKeyId(NAME, key.publicKey), signature: key.sign(utf8(TEXT)) };
    const note = formatNote(TEXT, [own]);
    const verify = jest.fn(verifyEd25519);
    const line = note.slice(TEXT.length + 1);
    for (const times of [1, 99]) {
      expect(() => openNote(note + line.repeat(times), VKEY, verify)).toThrow(withCode('malformedNote'));
    }
    expect(() => formatNote(TEXT, [own, { ...own, signature: Uint8Array.of(1) }])).toThrow(withCode('malformedNote'));
    expect(verify).not.toHaveBeenCalled();
  });

  it('separates at the last empty line', () => {
    const text = 'a\n\n— PeterNeumann AAAAAAAA\n\nb\n';
    expect(parseNote(`${text}\n${PETER_LINE}`).text).toBe(text);
    expect(parseNote(`\n\n${PETER_LINE}`).text).toBe('\n');
  });

  it.each([
    ['nothing', ''],
    ['no blank line', `${TEXT}${PETER_LINE}`],
    ['no signature', `${TEXT}\n`],
    ['no text', `\n${PETER_LINE}`],
    ['no newline at the end', `${TEXT}\n${PETER_LINE.slice(0, -1)}`],
    ['a line after the signatures', `${TEXT}\n${PETER_LINE}more\n`],
    ['a blank line after the signatures', `${TEXT}\n${PETER_LINE}\n`],
    ['a hyphen for the dash', `${TEXT}\n${PETER_LINE.replace('—', '-')}`],
    ['no space after the dash', `${TEXT}\n${PETER_LINE.replace('— ', '—')}`],
    ['two spaces', `${TEXT}\n${PETER_LINE.replace(' x0', '  x0')}`],
    ['an empty name', `${TEXT}\n${PETER_LINE.replace('PeterNeumann', '')}`],
    ['a plus sign in the name', `${TEXT}\n${PETER_LINE.replace('Peter', 'Pe+er')}`],
    ['a no-break space in the name', `${TEXT}\n${PETER_LINE.replace('Peter', 'Pe\u00a0er')}`],
    ['an ideographic space in the name', `${TEXT}\n${PETER_LINE.replace('Peter', 'Pe\u3000er')}`],
    ['base64 without padding', `${TEXT}\n${PETER_LINE.replace('=', '')}`],
    ['base64 with trailing bits', `${TEXT}\n${PETER_LINE.replace('M=', 'N=')}`],
    ['a key id alone', `${TEXT}\n— PeterNeumann x08gow==\n`],
    ['a carriage return', NOTE.replaceAll('\n', '\r\n')],
    ['a tab in the text', `a\tb\n\n${PETER_LINE}`],
    ['a NUL in the text', `a\u0000b\n\n${PETER_LINE}`],
    ['a lone surrogate', `a\ud800b\n\n${PETER_LINE}`],
  ])('is refused with %s', (_, note) => {
    expect(() => parseNote(note)).toThrow(withCode('malformedNote'));
    expect(() => openNote(note, PETER, verifyEd25519)).toThrow(withCode('malformedNote'));
  });

  it('has at most 100 signatures and a million characters', () => {
    const lines = Array.from({ length: MAX_NOTE_SIGNATURES }, (_, i) => PETER_LINE.replace('Peter', `Peter${i}`)).join(
      '',
    );
    expect(parseNote(`${TEXT}\n${lines}`).signatures).toHaveLength(100);
    expect(() => parseNote(`${TEXT}\n${lines}${PETER_LINE}`)).toThrow(withCode('tooLarge'));
    expect(() => parseNote(`${'a'.repeat(1_000_000)}\n\n${PETER_LINE}`)).toThrow(withCode('tooLarge'));
  });

  it('is not made of what could not be read again', () => {
    const signature = { name: NAME, keyId: Uint8Array.of(1, 2, 3, 4), signature: Uint8Array.of(1) };
    expect(() => formatNote('no newline', [signature])).toThrow(withCode('malformedNote'));
    expect(() => formatNote('', [signature])).toThrow(withCode('malformedNote'));
    expect(() => formatNote('a\rb\n', [signature])).toThrow(withCode('malformedNote'));
    expect(() => formatNote(TEXT, [])).toThrow(withCode('malformedNote'));
    expect(() => formatNote(TEXT, [{ ...signature, name: 'a b' }])).toThrow(withCode('malformedNote'));
    expect(() => formatNote(TEXT, [{ ...signature, name: 'a\n\nb' }])).toThrow(withCode('malformedNote'));
    expect(() => formatNote(TEXT, [{ ...signature, keyId: Uint8Array.of(1, 2, 3) }])).toThrow(NoteError);
    expect(() => formatNote(TEXT, [{ ...signature, keyId: Uint8Array.of(1, 2, 3, 4, 5) }])).toThrow(NoteError);
    const sign = (): Uint8Array => new Uint8Array(64);
    expect(() => signNote('no newline', NAME, key.publicKey, sign)).toThrow(withCode('malformedNote'));
    expect(() => signNote(TEXT, 'a+b', key.publicKey, sign)).toThrow(withCode('malformedKey'));
  });
});

describe('a vkey', () => {
  it('goes there and back', () => {
    const peter = parseVerifierKey(PETER);
    expect(peter.name).toBe('PeterNeumann');
    expect(toHex(peter.keyId)).toBe('c74f20a3');
    expect(formatVerifierKey(peter.name, peter.publicKey)).toBe(PETER);
    expect(formatVerifierKey('EnochRoot', parseVerifierKey(ENOCH).publicKey)).toBe(ENOCH);
  });

  it('may have plus signs in its base64', () => {
    const publicKey = new Uint8Array(32).fill(0xfb);
    const vkey = formatVerifierKey(NAME, publicKey);
    expect(vkey.split('+').length).toBeGreaterThan(3);
    expect(parseVerifierKey(vkey).publicKey).toEqual(publicKey);
  });

  it.each([
    ['nothing', ''],
    ['no name', PETER.replace('PeterNeumann', '')],
    ['another name', PETER.replace('Peter', 'Pater')],
    ['a space in its name', PETER.replace('Peter', 'Pe er')],
    ['another id', PETER.replace('c74f', 'c74e')],
    ['an id in capitals', PETER.replace('c74f20a3', 'C74F20A3')],
    ['a short id', PETER.replace('c74f20a3', '74f20a3')],
    ['no key', 'PeterNeumann+c74f20a3+'],
    ['a key cut short', `PeterNeumann+c74f20a3+${toBase64(new Uint8Array(32))}`],
    ['a witness key', `x+00000000+${toBase64(concatBytes(Uint8Array.of(4), new Uint8Array(32)))}`],
    ['bad base64', PETER.slice(0, -1)],
    ['a newline', `${PETER}\n`],
    ['its secret', 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'],
  ])('is refused with %s', (_, vkey) => {
    expect(() => parseVerifierKey(vkey)).toThrow(withCode('malformedKey'));
    expect(() => openNote(NOTE, vkey, verifyEd25519)).toThrow(withCode('malformedKey'));
  });

  it('is not made of a bad name or key', () => {
    for (const name of ['', 'a b', 'a+b', 'a\nb', 'a\ud800']) {
      expect(() => formatVerifierKey(name, key.publicKey)).toThrow(withCode('malformedKey'));
    }
    expect(() => formatVerifierKey(NAME, new Uint8Array(33))).toThrow(withCode('malformedKey'));
  });
});
