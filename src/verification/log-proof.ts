/**
 * What a file of c2sp.org/tlog-proof shows of an entry: that it is in the pinned log, under a head which that log's key
 * has signed. No more: whether the head is anchored, and what came after it, a proof bundle shows (S1, S2).
 * Without a pinned trust file the mathematics is checked all the same and the outcome is `unknown` (S4).
 * Proven by log-proof.spec.ts.
 */
import { toBase64 } from '../encoding/base64.js';
import { fromUtf8 } from '../encoding/bytes.js';
import { canonicalize } from '../encoding/jcs.js';
import { isJsonObject, type JsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import type { Checkpoint } from '../log/checkpoint.js';
import { verifyEd25519 } from '../log/ed25519.js';
import { hashLeaf } from '../log/hash.js';
import { NoteError } from '../log/note.js';
import { headIn, leadsTo, openTlogProof, parseTlogProof, TlogProofError, type TlogProof } from '../log/tlog-proof.js';
import type { TrustFile } from './bundle.js';
import { echo } from './echo.js';
import { keysOf } from './trust.js';

export type LogProofCode =
  /** The file is no such proof. */
  | 'proofMalformed'
  /** Neither the file nor the caller brings the entry that it is about. */
  | 'entryMissing'
  /** The entry that was given is not the one in the file. */
  | 'entryDiffers'
  /** No trust file for the log is pinned (S4). */
  | 'untrusted'
  /** The checkpoint is not signed by the pinned key. */
  | 'checkpointSignature'
  /** The path does not lead from the entry to the checkpoint's root. */
  | 'notIncluded';

export interface LogProofReport {
  readonly outcome: 'pass' | 'fail' | 'unknown';
  readonly code?: LogProofCode;
  readonly detail: string;
  readonly origin?: string;
  readonly index?: number;
  /** Entries of the head. */
  readonly size?: number;
  /** base64 */
  readonly root?: string;
  /** base64 */
  readonly leafHash?: string;
  /** The entry's content; only where the path leads from it, and it is a ledger's entry. */
  readonly entry?: JsonObject;
}

export interface LogProofOptions {
  /** Pinned trust files: never from the proof or its sender. */
  readonly trust: readonly TrustFile[];
  /** The entry's bytes, where the caller has them; default: those in the file. */
  readonly entry?: Uint8Array;
}

/** @returns always: what is wrong stands in the report */
export function verifyLogProof(text: string, { trust, entry }: LogProofOptions): LogProofReport {
  let proof: TlogProof;
  let head: Checkpoint;
  try {
    proof = parseTlogProof(text);
    head = headIn(proof.checkpoint);
  } catch (error) {
    return failed('proofMalformed', error);
  }
  const { origin, size } = head;
  const claimed = { origin, index: proof.index, size, root: toBase64(head.root) };
  const bytes = entry ?? proof.extra;
  if (bytes === undefined) {
    const detail = 'the proof does not hold its entry: give its bytes';
    return { outcome: 'unknown', code: 'entryMissing', detail, ...claimed };
  }
  const leafHash = hashLeaf(bytes);
  const known = { ...claimed, leafHash: toBase64(leafHash) };
  if (!leadsTo(head, proof.index, leafHash, proof.path)) {
    const isOther =
      entry !== undefined && proof.extra !== undefined && leadsTo(head, proof.index, hashLeaf(proof.extra), proof.path);
    const detail = `the path does not lead from the entry at index ${proof.index} to the head of ${size} entries`;
    return { outcome: 'fail', code: isOther ? 'entryDiffers' : 'notIncluded', detail, ...known };
  }
  const content = contentOf(bytes);
  const shown = content === undefined ? known : { ...known, entry: content };
  const pinned = trust.find((one) => one.origin === origin);
  if (!pinned) {
    const detail = `the path leads to the head, but no trust file for "${echo(origin)}" is pinned`;
    return { outcome: 'unknown', code: 'untrusted', detail, ...shown };
  }
  const refusal = refusalOf(proof, pinned, size, leafHash);
  if (refusal !== undefined) return { ...failed('checkpointSignature', refusal), ...shown };
  const detail = `entry ${proof.index} is under the signed head of ${size} entries of ${echo(origin)}`;
  return { outcome: 'pass', detail, ...shown };
}

/** Why no key that may sign a head of this size has signed it (S19); undefined where one has. */
function refusalOf(proof: TlogProof, pinned: TrustFile, size: number, leafHash: Uint8Array): unknown {
  let refusal: unknown = new NoteError('notSigned', `no pinned key may sign a head of ${size} entries`);
  for (const vkey of keysOf(pinned, size)) {
    try {
      openTlogProof(proof, { origin: pinned.origin, vkey }, leafHash, verifyEd25519);
      return undefined;
    } catch (error) {
      refusal = error;
    }
  }
  return refusal;
}

function failed(code: LogProofCode, error: unknown): LogProofReport {
  if (!(error instanceof TlogProofError || error instanceof NoteError)) throw error;
  return { outcome: 'fail', code, detail: echo(error.message) };
}

/** An entry of this ledger is one JSON object in its canonical form; other logs have others. */
function contentOf(bytes: Uint8Array): JsonObject | undefined {
  try {
    const text = fromUtf8(bytes);
    const content: unknown = JSON.parse(text);
    return isJsonObject(content) && canonicalize(content) === text ? content : undefined;
  } catch (error) {
    if (error instanceof EncodingError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
