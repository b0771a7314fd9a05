/**
 * The text of a checkpoint, c2sp.org/tlog-checkpoint: origin, size and root of the log, a line each, and perhaps
 * extension lines. Signing and opening it is `note.ts`. Proven by checkpoint.spec.ts.
 */
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { isWellFormed } from '../encoding/bytes.js';
import { EncodingError } from '../errors.js';
import { HASH_SIZE } from './hash.js';

export interface Checkpoint {
  /** Which log it is. */
  readonly origin: string;
  /** Number of leaves. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Opaque lines, none of them empty. */
  readonly extensions?: readonly string[];
}

/**
 * The checkpoint in a note's text.
 * @param text as `openNote` returns it, ending in a newline
 * @throws EncodingError for any other text: fewer than three lines, an empty line, a control character, a size with
 *   leading zeros or above 2^53 - 1, a root that is not 32 bytes in strict base64
 */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new EncodingError('checkpoint: expected a newline at the end');
  const [origin, size, root, ...extensions] = lines;
  if (origin === undefined || size === undefined || root === undefined) {
    throw new EncodingError(`checkpoint: expected origin, size and root, got ${lines.length} lines`);
  }
  for (const line of [origin, ...extensions]) requireLine(line);
  if (!/^(0|[1-9][0-9]*)$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw new EncodingError('checkpoint: expected the size as a decimal number from 0 to 2^53 - 1');
  }
  const hash = fromBase64(root);
  requireRoot(hash);
  return extensions.length === 0
    ? { origin, size: Number(size), root: hash }
    : { origin, size: Number(size), root: hash, extensions };
}

/**
 * The text to sign for a checkpoint; ends in a newline.
 * @throws EncodingError for what `parseCheckpoint` would refuse
 */
export function formatCheckpoint({ origin, size, root, extensions = [] }: Checkpoint): string {
  for (const line of [origin, ...extensions]) requireLine(line);
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new EncodingError(`checkpoint: expected a size from 0 to 2^53 - 1, got ${size}`);
  }
  requireRoot(root);
  return [origin, String(size), toBase64(root), ...extensions, ''].join('\n');
}

function requireLine(line: string): void {
  // eslint-disable-next-line no-control-regex
  if (line === '' || /[\u0000-\u001f]/.test(line) || !isWellFormed(line)) {
    throw new EncodingError('checkpoint: expected lines that are not empty and have no control characters');
  }
}

function requireRoot(root: Uint8Array): void {
  if (root.length !== HASH_SIZE) throw new EncodingError(`checkpoint: expected a root of 32 bytes, got ${root.length}`);
}
