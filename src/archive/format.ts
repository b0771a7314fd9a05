/**
 * The archive: a backup and an export in one, the same for every event store. Gzip (RFC 1952) over lines of UTF-8:
 *
 *     meritkedja-archive {format, version, origin, vkey, created, position, logSize, root, checkpoint}
 *     e {the event's canonical bytes as they are}[TAB sealed part in base64]
 *     …
 *     end {events, logSize, root, sha256}
 *
 * Events stand in the store's total order, those of deleted vault streams not at all. Canonical JSON has no raw tab or
 * newline, so an entry stands in it byte for byte and `zcat` shows it. `sha256` covers every byte before the line it
 * stands in. Nothing of KEYS_DIR and no master key is ever in it (S16, S23).
 * Proven by archive.int.spec.ts and archive.int.spec.ts; described in docs/formats.md.
 */
import { z } from 'zod';
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { equalBytes, fromUtf8 } from '../encoding/bytes.js';
import { isJsonObject } from '../encoding/json.js';
import { EncodingError, InputError } from '../errors.js';
import { entryBytes, eventBytes, type PlacedEvent } from '../event-store/entry.js';
import { isVaultStream, type StoredEvent } from '../event-store/event-store.js';

export const ARCHIVE_FORMAT = 'meritkedja-archive';
export const ARCHIVE_VERSION = 1;
export const ARCHIVE_MEDIA_TYPE = 'application/gzip';

/**
 * The ten bytes that begin the file: deflate, no flags, no time, nothing of the machine. All that gzip's own check and
 * our digest do not cover, so it is fixed.
 */
export const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

/** Longest line: vault events have no limit of their own. A longer one is no event but an attack on memory. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

const root = z.base64().length(44);
const size = z.int().min(0);

const headerSchema = z.strictObject({
  format: z.literal(ARCHIVE_FORMAT),
  version: z.literal(ARCHIVE_VERSION),
  origin: z.string().min(1),
  vkey: z.string().min(1),
  /** ISO 8601 */
  created: z.iso.datetime(),
  /** The store's head when the archive was begun, in decimal: everything up to there is in it, nothing beyond. */
  position: z.string().regex(/^(0|[1-9]\d*)$/),
  logSize: size,
  /** base64, of the log's first `logSize` entries. */
  root,
  /** The newest signed note of a head within the archive; null where none was signed yet. */
  checkpoint: z.string().nullable(),
});
export type ArchiveHeader = z.output<typeof headerSchema>;

const trailerSchema = z.strictObject({
  events: size,
  logSize: size,
  root,
  /** Lower-case hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ArchiveTrailer = z.output<typeof trailerSchema>;

/** An archive that is torn, changed or of another kind: what is wrong, and in which line (from 1). */
export class ArchiveError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ArchiveError';
  }
}

const HEADER_PREFIX = `${ARCHIVE_FORMAT} `;
const TRAILER_PREFIX = 'end ';
const EVENT_PREFIX = Buffer.from('e ');
const TAB = 0x09;

export function headerLine(header: ArchiveHeader): Buffer {
  return Buffer.from(`${HEADER_PREFIX}${JSON.stringify(header)}\n`);
}

export function trailerLine(trailer: ArchiveTrailer): Buffer {
  return Buffer.from(`${TRAILER_PREFIX}${JSON.stringify(trailer)}\n`);
}

/** The line of an event as the store gives it; an entry of the log with its stored bytes (S14). */
export function eventLine(event: StoredEvent): Buffer {
  const parts: Uint8Array[] = [EVENT_PREFIX, event.entry ?? eventBytes(event)];
  if (event.sealed) parts.push(Buffer.from(`\t${toBase64(event.sealed)}`));
  parts.push(Buffer.from('\n'));
  return Buffer.concat(parts);
}

/** @throws ArchiveError */
export function parseHeader(line: Buffer): ArchiveHeader {
  const text = textOf(line, 1);
  if (!text.startsWith(HEADER_PREFIX)) throw new ArchiveError('line 1: this is not a Meritkedja archive');
  return parsed(headerSchema, text.slice(HEADER_PREFIX.length), 1);
}

export function isTrailer(line: Buffer): boolean {
  return line.subarray(0, TRAILER_PREFIX.length).toString('latin1') === TRAILER_PREFIX;
}

/** @throws ArchiveError */
export function parseTrailer(line: Buffer, number: number): ArchiveTrailer {
  return parsed(trailerSchema, textOf(line, number).slice(TRAILER_PREFIX.length), number);
}

/** An event as it stands in an archive, and as it will be appended. */
export interface ArchivedEvent extends PlacedEvent {
  /** Canonical bytes: of a stream of the log the entry. */
  readonly bytes: Uint8Array;
}

/**
 * The event in a line. Its bytes are exactly those that a store makes of it again, or it is refused (S14): so an
 * imported entry is the same entry.
 * @throws ArchiveError
 */
export function parseEventLine(line: Buffer, number: number): ArchivedEvent {
  if (!line.subarray(0, EVENT_PREFIX.length).equals(EVENT_PREFIX)) {
    throw new ArchiveError(`line ${number}: expected an event or the end`);
  }
  const tab = line.indexOf(TAB);
  const bytes = new Uint8Array(line.subarray(EVENT_PREFIX.length, tab < 0 ? line.length : tab));
  try {
    const sealed = tab < 0 ? undefined : fromBase64(line.subarray(tab + 1).toString('latin1'));
    const fields: unknown = JSON.parse(fromUtf8(bytes));
    if (!isJsonObject(fields)) throw new EncodingError('expected an object');
    const { sealed: _, ...rest } = fields;
    const placed = { ...rest, ...(sealed && { sealed }) } as unknown as PlacedEvent;
    const again = isVaultStream(String(placed.stream)) ? eventBytes(placed) : entryBytes(placed);
    if (!equalBytes(again, bytes)) throw new EncodingError('is not in canonical form, or its sealed part is another');
    return { ...placed, bytes };
  } catch (error) {
    if (error instanceof EncodingError || error instanceof InputError || error instanceof SyntaxError) {
      throw new ArchiveError(`line ${number}: ${error.message}`);
    }
    throw error;
  }
}

function textOf(line: Buffer, number: number): string {
  try {
    return fromUtf8(line);
  } catch {
    throw new ArchiveError(`line ${number}: is not UTF-8`);
  }
}

function parsed<Output>(schema: z.ZodType<Output>, text: string, number: number): Output {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ArchiveError(`line ${number}: is not JSON`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue?.path[0] === 'version') {
    throw new ArchiveError('line 1: is of another version of the format; use the version of Meritkedja that made it');
  }
  throw new ArchiveError(`line ${number}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`);
}
