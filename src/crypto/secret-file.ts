/**
 * Files kept beside the store, most of them secrets: mode 0600, whole or not at all, also where several processes write
 * (KEYS_DIR is shared by all nodes of a ledger). Proven by secret-file.int.spec.ts.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What a crash left of a write is nobody's work any more after this. */
const LEFTOVER_MS = 60_000;

/**
 * Writes a file so that a crash leaves the old content or the new, never a part: temporary file, fsync, rename, fsync
 * of the folder.
 * @param mode permissions of the file whatever the umask, 0o600 unless said otherwise
 */
export function writeFileDurably(path: string, content: string, mode = 0o600): void {
  const temporary = writeTemporary(path, content, mode);
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

/** As `writeFileDurably`, but only where there is no such file yet. @returns whether it was written */
export function writeFileOnce(path: string, content: string): boolean {
  const temporary = writeTemporary(path, content, 0o600);
  try {
    // Unlike a rename, a link is refused where the name is taken: of two that write at once, one is told so.
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(path));
  return true;
}

/**
 * As `writeFileDurably`, and overwrites what the file held, in place, before its blocks are given back: for what must
 * not be found on the disk again. A file system or disk that writes elsewhere than where it is told defeats it. What a
 * crash leaves on the way is found by `wipeLeftovers`.
 */
export function replaceAndWipe(path: string, content: string): void {
  const old = `${path}.${randomBytes(6).toString('hex')}.old`;
  linkSync(path, old);
  writeFileDurably(path, content);
  wipe(old);
}

/**
 * Overwrites and removes what writes of this file that were cut off have left beside it, however young it is: only for
 * whoever knows that nobody else writes it now.
 */
export function wipeLeftovers(path: string): void {
  const present = statSync(path, { throwIfNoEntry: false })?.ino;
  for (const leftover of besides(path, /\.[0-9a-f]{12}\.(new|old)$/)) {
    // Cut off before the replacement: another name of the file in use.
    if (statSync(leftover, { throwIfNoEntry: false })?.ino === present) rmSync(leftover, { force: true });
    else wipe(leftover);
  }
}

function wipe(path: string): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, new Uint8Array(fstatSync(file).size), 0, undefined, 0);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  rmSync(path);
}

/** The file's text, trimmed, or undefined where there is none. */
export function readFileIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The file's text; where there is none, `make()` is written first. */
export function readOrMake(path: string, make: () => string): string {
  const there = readFileIfThere(path);
  if (there !== undefined && there !== '') return there;
  const made = make();
  writeFileDurably(path, `${made}\n`);
  return made;
}

/** A name of its own for each write: two processes that write the same file never write into one another's. */
function writeTemporary(path: string, content: string, mode: number): string {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  removeLeftovers(path);
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = openSync(temporary, 'wx', mode);
  try {
    fchmodSync(file, mode);
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return temporary;
}

/** A secret that was replaced must not lie beside its successor because some write of it was cut off. */
function removeLeftovers(path: string): void {
  for (const leftover of besides(path, /\.[0-9a-f]{12}\.new$/)) {
    const written = statSync(leftover, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - written > LEFTOVER_MS) rmSync(leftover, { force: true });
  }
}

/** The files beside this one whose names go on from its name so. */
function besides(path: string, ending: RegExp): readonly string[] {
  const folder = dirname(path);
  const name = basename(path);
  const others = readdirSync(folder).filter((other) => other.startsWith(`${name}.`) && ending.test(other));
  return others.map((other) => join(folder, other));
}

function syncFolder(folder: string): void {
  const directory = openSync(folder, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
