/**
 * Signed notes, c2sp.org/signed-note: a text, a blank line, and signature lines
 * `— <key name> base64(4 bytes key id || signature)`. Signatures are Ed25519 (type 0x01). Runs in Node and in a
 * browser; how a signature is made or verified comes as an argument.
 * The text must not be used before `openNote` has verified it. Proven by note.spec.ts.
 */
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { concatBytes, equalBytes, isWellFormed, utf8 } from '../encoding/bytes.js';
import { fromHex, toHex } from '../encoding/hex.js';
import { EncodingError } from '../errors.js';
import { sha256 } from './hash.js';

/** More signatures than that are an attack (the specification wants at least 16 to be taken). */
export const MAX_NOTE_SIGNATURES = 100;
/** Longest note, in UTF-16 code units. */
export const MAX_NOTE_LENGTH = 1_000_000;

const ED25519 = 0x01;
const KEY_ID_SIZE = 4;
const PUBLIC_KEY_SIZE = 32;
const SIGNATURE_PREFIX = '\u2014 ';

/**
 * `malformedNote`: not of the form; `tooLarge`: too long or too many signatures; `malformedKey`: a vkey or key name
 * that is none; `notSigned`: no signature by the key; `badSignature`: one by the key that does not verify.
 */
export type NoteErrorCode = 'malformedNote' | 'tooLarge' | 'malformedKey' | 'notSigned' | 'badSignature';

export class NoteError extends Error {
  constructor(
    readonly code: NoteErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'NoteError';
  }
}

export interface NoteSignature {
  /** Key name. */
  readonly name: string;
  /** 4 bytes. */
  readonly keyId: Uint8Array;
  /** At least one byte; 64 for Ed25519. */
  readonly signature: Uint8Array;
}

export interface Note {
  /** What is signed; ends in a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface VerifierKey {
  readonly name: string;
  /** 4 bytes. */
  readonly keyId: Uint8Array;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/**
 * Id of an Ed25519 key: first 4 bytes of SHA-256(name || newline || 0x01 || public key).
 * @param publicKey 32 bytes
 */
export function noteKeyId(name: string, publicKey: Uint8Array): Uint8Array {
  return sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(ED25519), publicKey)).slice(0, KEY_ID_SIZE);
}

/**
 * The vkey, `<name>+<key id in hex>+<base64(0x01 || public key)>`: what a trust file pins.
 * @param name not empty, without spaces and plus signs
 * @param publicKey 32 bytes
 * @throws NoteError `malformedKey`
 */
export function formatVerifierKey(name: string, publicKey: Uint8Array): string {
  requireKeyName(name, 'malformedKey');
  if (publicKey.length !== PUBLIC_KEY_SIZE) {
    throw new NoteError('malformedKey', `expected a public key of 32 bytes, got ${publicKey.length}`);
  }
  return `${name}+${toHex(noteKeyId(name, publicKey))}+${toBase64(concatBytes(Uint8Array.of(ED25519), publicKey))}`;
}

/**
 * The parts of a vkey, after checking that its id is that of its name and key.
 * @throws NoteError `malformedKey`; also for keys that are not Ed25519
 */
export function parseVerifierKey(vkey: string): VerifierKey {
  // The base64 may hold plus signs, name and id cannot.
  const match = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey);
  if (match === null) throw new NoteError('malformedKey', 'expected <name>+<8 hex digits>+<base64>');
  const name = match[1]!;
  requireKeyName(name, 'malformedKey');
  const key = decode(match[3]!, 'malformedKey');
  if (key.length !== 1 + PUBLIC_KEY_SIZE || key[0] !== ED25519) {
    throw new NoteError('malformedKey', 'expected 0x01 and 32 bytes of an Ed25519 public key');
  }
  const publicKey = key.slice(1);
  const keyId = fromHex(match[2]!);
  if (!equalBytes(keyId, noteKeyId(name, publicKey))) {
    throw new NoteError('malformedKey', 'the key id is not that of name and public key');
  }
  return { name, keyId, publicKey };
}

/**
 * Takes a note apart. Nothing is verified: the text is anybody's. Two signatures of one key name and id are refused,
 * also of keys that nobody knows.
 * @throws NoteError `malformedNote`, `tooLarge`
 */
export function parseNote(note: string): Note {
  if (note.length > MAX_NOTE_LENGTH) throw new NoteError('tooLarge', `note of ${note.length} characters`);
  requireCleanText(note);
  // The text may have empty lines of its own: the last one separates.
  const separator = note.lastIndexOf('\n\n');
  if (separator < 0) throw new NoteError('malformedNote', 'expected a blank line before the signatures');
  const text = note.slice(0, separator + 1);
  const lines = note.slice(separator + 2).split('\n');
  if (lines.pop() !== '') throw new NoteError('malformedNote', 'expected a newline at the end');
  if (lines.length === 0) throw new NoteError('malformedNote', 'expected a signature');
  if (lines.length > MAX_NOTE_SIGNATURES) throw new NoteError('tooLarge', `note with ${lines.length} signatures`);
  const signatures = lines.map(parseSignatureLine);
  // One line a key: a second would only make its verifier work again.
  const keys = new Set(signatures.map(({ name, keyId }) => `${name} ${toHex(keyId)}`));
  if (keys.size !== signatures.length) throw new NoteError('malformedNote', 'two signatures of one key name and id');
  return { text, signatures };
}

/**
 * The note of a text and its signatures.
 * @param text ends in a newline, holds no other control character
 * @param signatures at least one
 * @throws NoteError `malformedNote`, `tooLarge`: what could not be parsed again is not written
 */
export function formatNote(text: string, signatures: readonly NoteSignature[]): string {
  if (!text.endsWith('\n')) throw new NoteError('malformedNote', 'expected the text to end in a newline');
  const lines = signatures.map(
    ({ name, keyId, signature }) => `${SIGNATURE_PREFIX}${name} ${toBase64(concatBytes(keyId, signature))}\n`,
  );
  const note = `${text}\n${lines.join('')}`;
  const parsed = parseNote(note);
  const isSame =
    parsed.text === text &&
    parsed.signatures.length === signatures.length &&
    parsed.signatures.every(({ name }, i) => name === signatures[i]!.name);
  if (!isSame || signatures.some(({ keyId }) => keyId.length !== KEY_ID_SIZE)) {
    throw new NoteError('malformedNote', 'text or signatures do not fit into a note');
  }
  return note;
}

/**
 * Signs a text as a note with one signature.
 * @param text ends in a newline
 * @param name key name; for a log its origin
 * @param publicKey Ed25519, 32 bytes
 * @param sign makes the Ed25519 signature, 64 bytes, of the text in UTF-8
 * @throws NoteError `malformedNote`, `malformedKey`
 */
export function signNote(
  text: string,
  name: string,
  publicKey: Uint8Array,
  sign: (message: Uint8Array) => Uint8Array,
): string {
  requireKeyName(name, 'malformedKey');
  requireCleanText(text);
  return formatNote(text, [{ name, keyId: noteKeyId(name, publicKey), signature: sign(utf8(text)) }]);
}

/**
 * The text of a note, verified: it holds a signature by the key. Signatures by other keys are ignored, also such that
 * share its name or its id; one by the key that does not verify fails the whole note.
 * @param vkey as `formatVerifierKey` makes it
 * @param verify Ed25519, strict (S26): `verifyEd25519`
 * @throws NoteError
 */
export function openNote(
  note: string,
  vkey: string,
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean,
): string {
  const { text, key, message, signatures } = signaturesBy(note, vkey);
  if (!signatures.every((signature) => verify(key.publicKey, message, signature))) throw notVerified(key);
  return text;
}

/** As `openNote`, where the platform takes time to verify. */
export async function openNoteAsync(
  note: string,
  vkey: string,
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean | Promise<boolean>,
): Promise<string> {
  const { text, key, message, signatures } = signaturesBy(note, vkey);
  for (const signature of signatures) {
    if (!(await verify(key.publicKey, message, signature))) throw notVerified(key);
  }
  return text;
}

interface ToVerify {
  readonly text: string;
  readonly key: VerifierKey;
  /** The text in UTF-8. */
  readonly message: Uint8Array;
  /** At least one. */
  readonly signatures: readonly Uint8Array[];
}

function signaturesBy(note: string, vkey: string): ToVerify {
  const key = parseVerifierKey(vkey);
  const { text, signatures } = parseNote(note);
  const own = signatures.filter(({ name, keyId }) => name === key.name && equalBytes(keyId, key.keyId));
  if (own.length === 0) throw new NoteError('notSigned', `no signature by ${key.name}+${toHex(key.keyId)}`);
  return { text, key, message: utf8(text), signatures: own.map(({ signature }) => signature) };
}

function notVerified(key: VerifierKey): NoteError {
  return new NoteError('badSignature', `the signature by ${key.name}+${toHex(key.keyId)} does not verify`);
}

function parseSignatureLine(line: string): NoteSignature {
  if (!line.startsWith(SIGNATURE_PREFIX)) {
    throw new NoteError('malformedNote', 'expected a signature line to begin with an em dash and a space');
  }
  const parts = line.slice(SIGNATURE_PREFIX.length).split(' ');
  if (parts.length !== 2) throw new NoteError('malformedNote', 'expected key name, space, base64 in a signature line');
  const [name, base64] = parts as [string, string];
  requireKeyName(name, 'malformedNote');
  const bytes = decode(base64, 'malformedNote');
  if (bytes.length <= KEY_ID_SIZE) throw new NoteError('malformedNote', `signature of ${bytes.length} bytes`);
  return { name, keyId: bytes.slice(0, KEY_ID_SIZE), signature: bytes.slice(KEY_ID_SIZE) };
}

function requireKeyName(name: string, code: NoteErrorCode): void {
  // eslint-disable-next-line no-control-regex
  if (name === '' || /[\p{White_Space}+\u0000-\u001f]/u.test(name) || !isWellFormed(name)) {
    throw new NoteError(code, 'expected a key name that is not empty and has no spaces or plus signs');
  }
}

/** UTF-8 must be able to say it, and no control character but the newline may be in it. */
function requireCleanText(text: string): void {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) throw new NoteError('malformedNote', 'control character in a note');
  if (!isWellFormed(text)) throw new NoteError('malformedNote', 'lone surrogate in a note');
}

function decode(base64: string, code: NoteErrorCode): Uint8Array {
  try {
    return fromBase64(base64);
  } catch (error) {
    if (error instanceof EncodingError) throw new NoteError(code, error.message);
    throw error;
  }
}
