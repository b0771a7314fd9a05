/**
 * `logInclusion`: the checkpoint is signed by the pinned key of the pinned origin, and every path in the bundle leads
 * to its one root at its one size (S2, S3), the standing record's leaves to that record's root (S1).
 * Without a pinned trust file the mathematics is checked all the same, but it shows nothing of who made the log (S4).
 */
import { EncodingError } from '../errors.js';
import { parseCheckpoint, type Checkpoint } from '../log/checkpoint.js';
import { verifyEd25519 } from '../log/ed25519.js';
import { hashLeaf } from '../log/hash.js';
import { NoteError, openNote, parseNote } from '../log/note.js';
import { verifyInclusion } from '../log/proof-check.js';
import type { TrustFile } from './bundle.js';
import type { BundledEntry } from './bundled-entry.js';
import type { CheckCode } from './codes.js';
import { echo } from './echo.js';
import { fail, pass, Undecided, type Finding } from './outcome.js';
import type { ParsedBundle } from './parse-bundle.js';

/** Longest checkpoint, in UTF-16 code units, and most signatures of one: looked at before any is verified. */
export const MAX_NOTE = 4_096;
const MAX_SIGNATURES = 16;

/**
 * The head in a signed note, and its signature where somebody pinned the log.
 * @param origin the log's origin, which the note must name
 * @throws VerificationError checkpointMalformed, checkpointSignature, originMismatch
 */
export function openHead(note: string, origin: string, trust: TrustFile | undefined): Checkpoint {
  if (note.length > MAX_NOTE) fail('checkpointMalformed', `expected at most ${MAX_NOTE} characters`);
  let text: string;
  try {
    const parsed = parseNote(note);
    if (parsed.signatures.length > MAX_SIGNATURES) {
      return fail(
        'checkpointMalformed',
        `expected at most ${MAX_SIGNATURES} signatures, got ${parsed.signatures.length}`,
      );
    }
    text = trust === undefined ? parsed.text : openNote(note, trust.vkey, verifyEd25519);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    const isSignature = error.code === 'notSigned' || error.code === 'badSignature';
    return fail(isSignature ? 'checkpointSignature' : 'checkpointMalformed', echo(error.message));
  }
  const head = parsed(text);
  if (head.origin !== origin)
    fail('originMismatch', `expected a checkpoint of ${echo(origin)}, got one of ${echo(head.origin)}`);
  return head;
}

/**
 * @param head the checkpoint's head, from `openHead`
 * @param trust the pinned trust file with the log's origin
 * @throws VerificationError with a LogCode; Undecided untrusted, standingMissing
 */
export function checkLogInclusion(bundle: ParsedBundle, head: Checkpoint, trust: TrustFile | undefined): Finding {
  checkIncluded(bundle.issued, head, 'issuedNotIncluded');
  checkIncluded(bundle.definition, head, 'definitionNotIncluded');
  if (bundle.standing !== undefined) checkStanding(bundle, head);
  if (trust === undefined) {
    throw new Undecided(
      'untrusted',
      `all paths lead to one head, but no trust file for "${echo(bundle.origin)}" is pinned`,
    );
  }
  return pass(
    `entry ${bundle.issued.index} and all else lead to the signed head of ${head.size} entries of ${echo(head.origin)}`,
    'the log’s key in the pinned trust file',
  );
}

function checkStanding({ standing, anchor }: ParsedBundle, head: Checkpoint): void {
  if (standing === undefined) return;
  checkIncluded(standing, head, 'standingNotIncluded');
  // S1: an entry after the record could have changed what it says.
  if (anchor !== undefined && standing.index !== head.size - 1) {
    fail('standingNotLast', `expected the standing record at index ${head.size - 1}, got ${standing.index}`);
  }
  // A record may be overtaken on its way into the log (`knownOf`), but its writer cannot have read what came after it.
  if (standing.data.size > standing.index) {
    fail('standingSize', `the record at index ${standing.index} is of the first ${standing.data.size} entries`);
  }
  if (standing.data.leaves !== standing.leafCount) {
    fail('standingSize', `expected ${standing.data.leaves} leaves as the record says, got ${standing.leafCount}`);
  }
  for (const leaf of standing.leaves) {
    if (!verifyInclusion(leaf.index, standing.leafCount, hashLeaf(leaf.bytes), leaf.path, standing.data.root)) {
      fail('leafNotIncluded', `the path of ${leaf.stream} does not lead to the standing record's root`);
    }
  }
}

function checkIncluded(entry: BundledEntry, head: Checkpoint, code: CheckCode): void {
  if (!verifyInclusion(entry.index, head.size, hashLeaf(entry.bytes), entry.path, head.root)) {
    fail(code, `the path of entry ${entry.index} does not lead to the head of ${head.size} entries`);
  }
}

function parsed(text: string): Checkpoint {
  try {
    return parseCheckpoint(text);
  } catch (error) {
    if (error instanceof EncodingError) return fail('checkpointMalformed', echo(error.message));
    throw error;
  }
}
