/** Files kept beside the store, most of them secrets: mode 0600, whole or not at all. Proven by secret-file.int.spec.ts. */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file so that a crash leaves the old content or the new, never a part: temporary file, fsync, rename, fsync
 * of the folder.
 * @param mode permissions of the file whatever the umask, 0o600 unless said otherwise
 */
export function writeFileDurably(path: string, content: string, mode = 0o600): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', mode);
  try {
    // What a crash left of an earlier attempt may have other permissions.
    fchmodSync(file, mode);
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const directory = openSync(folder, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
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
