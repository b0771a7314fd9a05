/**
 * `logInclusion`: the checkpoint is signed by the pinned key of the pinned origin, and every path in the bundle leads
 * to its one root at its one size (S2, S3), the standing record's leaves to that record's root (S1).
 * Without a pinned trust file the mathematics is checked all the same, but it shows nothing of who made the log (S4).
 */
import { EncodingError } from '../errors.js';
import { parseCheckpoint, type Checkpoint } from '../log/checkpoint.js';
import { treeHashBy, type TreeHash } from '../log/hash.js';
import { NoteError, openNoteAsync, parseNote } from '../log/note.js';
import { verifyInclusion } from '../log/proof-check.js';
import type { TrustFile } from './bundle.js';
import type { BundledEntry } from './bundled-entry.js';
import type { CheckCode } from './codes.js';
import { echo } from './echo.js';
import { fail, pass, Undecided, type Finding } from './outcome.js';
import type { ParsedBundle } from './parse-bundle.js';
import { verifySignature, type Ed25519, type Platform } from './platform.js';
import type { Tools } from './tools.js';
import { keysOf } from './trust.js';

/** Longest checkpoint, in UTF-16 code units, and most signatures of one: looked at before any is verified. */
export const MAX_NOTE = 4_096;
const MAX_SIGNATURES = 16;

/**
 * The head in a signed note, and its signature where somebody pinned the log.
 * @param origin the log's origin, which the note must name
 * @param trust the pinned trust file with the log's origin
 * @throws VerificationError checkpointMalformed, checkpointSignature, checkpointKeyNotInForce, originMismatch
 */
export async function openHead(
  note: string,
  origin: string,
  trust: TrustFile | undefined,
  { platform, memory }: Tools,
): Promise<Checkpoint> {
  if (note.length > MAX_NOTE) fail('checkpointMalformed', `expected at most ${MAX_NOTE} characters`);
  const keys =
    trust === undefined
      ? null
      : [trust.vkey, ...(trust.vkeys ?? []).map(({ vkey, from, to }) => [vkey, from, to ?? null])];
  return memory.ofAsync('head', note, [note, origin, keys], () => openedHead(note, origin, trust, platform));
}

async function openedHead(
  note: string,
  origin: string,
  trust: TrustFile | undefined,
  platform: Platform,
): Promise<Checkpoint> {
  let text: string;
  try {
    const parsed = parseNote(note);
    if (parsed.signatures.length > MAX_SIGNATURES) {
      return fail(
        'checkpointMalformed',
        `expected at most ${MAX_SIGNATURES} signatures, got ${parsed.signatures.length}`,
      );
    }
    const verify: Ed25519 = (key, message, signature) => verifySignature(platform, key, message, signature);
    text = trust === undefined ? parsed.text : await openedBy(note, pinnedKeys(trust), verify);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    const isSignature = error.code === 'notSigned' || error.code === 'badSignature';
    return fail(isSignature ? 'checkpointSignature' : 'checkpointMalformed', echo(error.message));
  }
  const head = parsed(text);
  if (head.origin !== origin)
    fail('originMismatch', `expected a checkpoint of ${echo(origin)}, got one of ${echo(head.origin)}`);
  if (trust?.vkeys !== undefined) await checkKeyInForce(note, head, trust, platform);
  return head;
}

function pinnedKeys({ vkey, vkeys }: TrustFile): readonly string[] {
  return vkeys === undefined ? [vkey] : vkeys.map((key) => key.vkey);
}

/** The text of a note that one of the keys has signed. @throws NoteError of the last that has not */
async function openedBy(note: string, keys: readonly string[], verify: Ed25519): Promise<string> {
  for (const [i, vkey] of keys.entries()) {
    try {
      return await openNoteAsync(note, vkey, verify);
    } catch (error) {
      const isAnother = error instanceof NoteError && error.code === 'notSigned' && i < keys.length - 1;
      if (!isAnother) throw error;
    }
  }
  throw new NoteError('notSigned', 'no key is pinned');
}

/** S19: the key that has signed was the log's at the head's last entry. */
async function checkKeyInForce(note: string, head: Checkpoint, trust: TrustFile, platform: Platform): Promise<void> {
  const verify: Ed25519 = (key, message, signature) => verifySignature(platform, key, message, signature);
  try {
    await openedBy(note, keysOf(trust, head.size), verify);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    fail('checkpointKeyNotInForce', `the key that signed was not the log's for a head of ${head.size} entries`);
  }
}

/**
 * @param head the checkpoint's head, from `openHead`
 * @param trust the pinned trust file with the log's origin
 * @throws VerificationError with a LogCode; Undecided untrusted, standingMissing
 */
export function checkLogInclusion(
  bundle: ParsedBundle,
  head: Checkpoint,
  trust: TrustFile | undefined,
  { platform }: Tools,
): Finding {
  const hash = treeHashBy(platform.sha256);
  checkIncluded(bundle.issued, head, 'issuedNotIncluded', hash);
  checkIncluded(bundle.definition, head, 'definitionNotIncluded', hash);
  if (bundle.standing !== undefined) checkStanding(bundle, head, hash);
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

function checkStanding({ standing, anchor }: ParsedBundle, head: Checkpoint, hash: TreeHash): void {
  if (standing === undefined) return;
  checkIncluded(standing, head, 'standingNotIncluded', hash);
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
    if (!isIncluded(leaf, standing.leafCount, standing.data.root, hash)) {
      fail('leafNotIncluded', `the path of ${leaf.stream} does not lead to the standing record's root`);
    }
  }
}

function checkIncluded(entry: BundledEntry, head: Checkpoint, code: CheckCode, hash: TreeHash): void {
  if (!isIncluded(entry, head.size, head.root, hash)) {
    fail(code, `the path of entry ${entry.index} does not lead to the head of ${head.size} entries`);
  }
}

interface Included {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** Where each bytes were last found included: a memory gives the very same bytes, path and root back. */
const included = new WeakMap<Uint8Array, Included & { readonly size: number; readonly root: Uint8Array }>();

function isIncluded({ index, bytes, path }: Included, size: number, root: Uint8Array, hash: TreeHash): boolean {
  const last = included.get(bytes);
  if (last?.index === index && last.path === path && last.size === size && last.root === root) return true;
  const holds = verifyInclusion(index, size, hash.leaf(bytes), path, root, hash.node);
  if (holds) included.set(bytes, { index, bytes, path, size, root });
  return holds;
}

function parsed(text: string): Checkpoint {
  try {
    return parseCheckpoint(text);
  } catch (error) {
    if (error instanceof EncodingError) return fail('checkpointMalformed', echo(error.message));
    throw error;
  }
}
