/**
 * Offline proofs as files, c2sp.org/tlog-proof (`c2sp.org/tlog-proof@v1`): that an entry is in a log, as a text of index,
 * inclusion path and signed checkpoint. It shows that the entry was logged under a head that the log's key has signed;
 * not that the head is anchored, nor that nothing came after (S1, S2). Runs in Node and in a browser.
 * Everything in it may come from a forger; `extra` is not even covered by anything, unless a caller hashes it.
 * Proven by tlog-proof.spec.ts, with the specification's own example.
 */
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { equalBytes } from '../encoding/bytes.js';
import { toHex } from '../encoding/hex.js';
import { EncodingError } from '../errors.js';
import { parseCheckpoint, type Checkpoint } from './checkpoint.js';
import { HASH_SIZE } from './hash.js';
import { openNote, parseNote } from './note.js';
import { ProofError, rootFromInclusion } from './proof-check.js';

export const TLOG_PROOF_HEADER = 'c2sp.org/tlog-proof@v1';
export const TLOG_PROOF_MEDIA_TYPE = 'text/plain; charset=utf-8';
export const TLOG_PROOF_EXTENSION = '.tlog-proof';

/** Longest file, in UTF-16 code units: an entry has at most 65,535 bytes, a path 53 hashes. */
export const MAX_TLOG_PROOF_LENGTH = 200_000;
/** The path of a tree of 2^53 leaves. */
const MAX_PATH = 53;

/**
 * `malformedProof`: not of the form; `otherOrigin`: of another log; `notIncluded`: the path does not lead from the entry to
 * the checkpoint's root.
 */
export type TlogProofErrorCode = 'malformedProof' | 'otherOrigin' | 'notIncluded';

export class TlogProofError extends Error {
  constructor(
    readonly code: TlogProofErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'TlogProofError';
  }
}

export interface TlogProof {
  /** Opaque bytes, at least one; this ledger puts the entry itself here. Nothing vouches for them. */
  readonly extra?: Uint8Array;
  /** Of the entry, from 0. */
  readonly index: number;
  /** 32 bytes each, from the leaf's sibling to the root's child. */
  readonly path: readonly Uint8Array[];
  /** The signed note, as the log made it. */
  readonly checkpoint: string;
}

/** Whether a file says of itself that it is such a proof. */
export function isTlogProof(text: string): boolean {
  return text.startsWith(`${TLOG_PROOF_HEADER}\n`);
}

/**
 * Takes a proof apart. Nothing is verified.
 * @throws TlogProofError malformedProof; NoteError for a checkpoint that is no note
 */
export function parseTlogProof(text: string): TlogProof {
  if (text.length > MAX_TLOG_PROOF_LENGTH) malformed(`a proof of ${text.length} characters`);
  const end = text.indexOf('\n\n');
  if (end < 0) malformed('expected an empty line before the checkpoint');
  const [header, ...lines] = text.slice(0, end).split('\n');
  if (header !== TLOG_PROOF_HEADER) malformed(`expected the first line to be ${TLOG_PROOF_HEADER}`);
  const extra = lines[0]?.startsWith('extra ') === true ? bytesOf(lines.shift()!.slice(6), 'extra') : undefined;
  if (extra?.length === 0) malformed('expected no line for extra data where there is none');
  const index = indexOf(lines.shift());
  if (lines.length > MAX_PATH) malformed(`expected a path of at most ${MAX_PATH} hashes, got ${lines.length}`);
  const path = lines.map((line) => bytesOf(line, 'path'));
  if (path.some(({ length }) => length !== HASH_SIZE)) malformed(`expected hashes of ${HASH_SIZE} bytes in the path`);
  const checkpoint = text.slice(end + 2);
  parseNote(checkpoint);
  return { ...(extra === undefined ? {} : { extra }), index, path, checkpoint };
}

/**
 * The text of a proof.
 * @throws TlogProofError, NoteError for what could not be parsed again
 */
export function formatTlogProof({ extra, index, path, checkpoint }: TlogProof): string {
  const text = [
    TLOG_PROOF_HEADER,
    ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...path.map(toBase64),
    '',
    checkpoint,
  ].join('\n');
  parseTlogProof(text);
  return text;
}

/** The log as a verifier pins it. */
export interface ProvenLog {
  readonly origin: string;
  readonly vkey: string;
}

/**
 * Checks a proof: the checkpoint is the log's and signed by its key, and the path leads from the entry to its root.
 * @param leafHash of the entry, 32 bytes
 * @param verify Ed25519, strict (S26): `verifyEd25519`
 * @returns the head under which the entry is
 * @throws TlogProofError otherOrigin, notIncluded, malformedProof; NoteError of the signature
 */
export function openTlogProof(
  { index, path, checkpoint }: TlogProof,
  { origin, vkey }: ProvenLog,
  leafHash: Uint8Array,
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean,
): Checkpoint {
  const head = headIn(checkpoint);
  if (head.origin !== origin) {
    throw new TlogProofError('otherOrigin', `expected a proof of "${origin}", got one of "${head.origin}"`);
  }
  openNote(checkpoint, vkey, verify);
  if (!leadsTo(head, index, leafHash, path)) {
    throw new TlogProofError(
      'notIncluded',
      `entry ${index} with the leaf hash ${toHex(leafHash)} does not lead to the head of ${head.size} entries`,
    );
  }
  return head;
}

/**
 * The head that a checkpoint names, whoever signed it.
 * @throws TlogProofError malformedProof; NoteError
 */
export function headIn(checkpoint: string): Checkpoint {
  const { text } = parseNote(checkpoint);
  try {
    return parseCheckpoint(text);
  } catch (error) {
    if (error instanceof EncodingError) return malformed(error.message);
    throw error;
  }
}

/** Whether the path leads from the leaf to the head's root. */
export function leadsTo(
  { size, root }: Checkpoint,
  index: number,
  leafHash: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  try {
    return equalBytes(rootFromInclusion(index, size, leafHash, path), root);
  } catch (error) {
    if (error instanceof ProofError) return false;
    throw error;
  }
}

function indexOf(line: string | undefined): number {
  const digits = /^index (0|[1-9][0-9]{0,15})$/.exec(line ?? '')?.[1];
  const index = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(index)) {
    return malformed('expected "index" and a decimal number without leading zeros');
  }
  return index;
}

function bytesOf(base64: string, name: string): Uint8Array {
  try {
    return fromBase64(base64);
  } catch (error) {
    if (error instanceof EncodingError) return malformed(`${name}: ${error.message}`);
    throw error;
  }
}

function malformed(message: string): never {
  throw new TlogProofError('malformedProof', message);
}
