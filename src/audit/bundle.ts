/** Entry bundles as tlog-tiles has them, without copying: where each entry begins and ends. */
import { EncodingError } from '../errors.js';

/**
 * Writes the places of a bundle's entries, each after its length in 16 bits, big-endian.
 * @param width how many there must be
 * @param offset added to every place
 * @param at of the first entry in `starts` and `ends`
 * @throws EncodingError if there are more or fewer, or the bytes end within one
 */
export function decodedBundle(
  bytes: Uint8Array,
  width: number,
  offset: number,
  starts: Uint32Array,
  ends: Uint32Array,
  at: number,
): void {
  let place = 0;
  for (let i = 0; i < width; i += 1) {
    const start = place + 2;
    const end = start + ((bytes[place] ?? 0) << 8) + (bytes[place + 1] ?? 0);
    if (start > bytes.length || end > bytes.length) {
      throw new EncodingError(`entry bundle: ends within entry ${i} of ${width}`);
    }
    starts[at + i] = offset + start;
    ends[at + i] = offset + end;
    place = end;
  }
  if (place !== bytes.length) throw new EncodingError(`entry bundle: bytes after ${width} entries`);
}
