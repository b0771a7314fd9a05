/**
 * A log that goes on under another key (S19): a signed note (c2sp.org/signed-note) by the key before and the key after,
 * so that whoever has pinned the one has the other from nobody else. A trust file carries the notes, oldest first.
 * The text: purpose, origin, index from which the new key signs, old and new vkey, a line each.
 * Proven by log-key-rotation.spec.ts.
 */
import { utf8 } from '../encoding/bytes.js';
import { verifyEd25519 } from '../log/ed25519.js';
import { formatNote, NoteError, noteKeyId, openNote, parseNote, parseVerifierKey } from '../log/note.js';

const PURPOSE = 'meritkedja log key rotation v1';

export interface LogKeyRotation {
  readonly origin: string;
  /** Heads whose last entry has this index or a later one are signed by the new key. */
  readonly from: number;
  /** vkey. */
  readonly previous: string;
  /** vkey. */
  readonly next: string;
}

type Sign = (message: Uint8Array) => Uint8Array;

/**
 * The note.
 * @param signPrevious signature by the key before, 64 bytes
 * @param signNext signature by the key after, 64 bytes
 * @throws NoteError for what is no vkey
 */
export function formatLogKeyRotation(rotation: LogKeyRotation, signPrevious: Sign, signNext: Sign): string {
  const text = textOf(rotation);
  const signature = (vkey: string, sign: Sign): Parameters<typeof formatNote>[1][number] => {
    const { name, publicKey } = parseVerifierKey(vkey);
    return { name, keyId: noteKeyId(name, publicKey), signature: sign(utf8(text)) };
  };
  return formatNote(text, [signature(rotation.previous, signPrevious), signature(rotation.next, signNext)]);
}

/** The rotation in a note that both keys have signed; undefined for any other note. */
export function openLogKeyRotation(note: string): LogKeyRotation | undefined {
  try {
    const [purpose, origin, from, previous, next, ...more] = parseNote(note).text.split('\n');
    if (purpose !== PURPOSE || origin === undefined || previous === undefined || next === undefined) return undefined;
    if (more.join('\n') !== '' || !/^(0|[1-9]\d{0,15})$/.test(from ?? '')) return undefined;
    const rotation = { origin, from: Number(from), previous, next };
    const ofOrigin = [previous, next].every((vkey) => parseVerifierKey(vkey).name === origin);
    if (!ofOrigin || previous === next || !Number.isSafeInteger(rotation.from)) return undefined;
    for (const vkey of [previous, next]) openNote(note, vkey, verifyEd25519);
    return rotation;
  } catch (error) {
    if (error instanceof NoteError) return undefined;
    throw error;
  }
}

function textOf({ origin, from, previous, next }: LogKeyRotation): string {
  return [PURPOSE, origin, String(from), previous, next, ''].join('\n');
}
