/**
 * Entries of the log as a bundle carries them, and the data of the three types that a verifier reads. The bytes are
 * kept as given, for they are what the log hashes (S14); the parsed copy is for reading only, in today's shape, whatever
 * version was written. A version that this program does not know yet is undecided: it says nothing against the proof.
 */
import type { Json, JsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import { parseEntry, type ParsedEntry } from '../event-store/entry.js';
import type { Read } from '../event-store/event-store.js';
import type { EventTypes } from '../event-store/upcasting.js';
import { EVENT_TYPES } from '../event-types.js';
import { STATUS_LIST_ENTRIES, type StatusPurpose, type StatusReference } from '../credentials/credential.events.js';
import { echo } from './echo.js';
import { HEX_32, JsonReader, UUID } from './json-reader.js';
import { Undecided } from './outcome.js';
import { VerificationError } from './verification-error.js';

/** An entry's length has 16 bits in tlog-tiles. */
const MAX_ENTRY = 65_535;
/** A tree of 2^53 leaves is no deeper. */
const MAX_PATH = 64;
const MAX_READS = 16;

export const OWNER_MANDATE = 'owner';

export interface BundledEntry {
  readonly index: number;
  readonly bytes: Uint8Array;
  /** In the shape of today's version of its type. */
  readonly entry: ParsedEntry;
  /** `entry.at` in milliseconds since 1970. */
  readonly at: number;
  readonly path: readonly Uint8Array[];
}

export interface IssuedData {
  /** UUID of the credential, from the stream's name. */
  readonly credential: string;
  /** SHA-256, hex. */
  readonly digest: string;
  readonly organisation: string;
  readonly key: string;
  readonly definition: string;
  readonly version: number;
  readonly mandate: string;
  readonly statusLists: Readonly<Record<StatusPurpose, StatusReference>>;
  readonly validFrom: string;
  readonly validUntil: string | undefined;
  readonly reads: readonly Read[];
}

export interface DefinitionData {
  /** UUID of the definition, from the stream's name. */
  readonly definition: string;
  readonly version: number;
  /** Undefined where the content is sealed. */
  readonly content: JsonObject | undefined;
}

export interface StandingData {
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly leaves: number;
  readonly size: number;
}

/**
 * @throws VerificationError with the reader's code, entryMalformed for the entry itself; Undecided unsupportedVersion
 *   for an entry of a later version of its type than this program's
 */
export function parseBundledEntry(
  read: JsonReader,
  value: Json | undefined,
  path: string,
  types: EventTypes = EVENT_TYPES,
): BundledEntry {
  const given = read.object(value, path);
  const bytes = read.base64(given['entry'], `${path}.entry`, MAX_ENTRY);
  const entry = parseBytes(bytes, path, types);
  return {
    index: read.natural(given['index'], `${path}.index`),
    bytes,
    entry,
    at: new JsonReader('entryMalformed').time(entry.at, `${path}.entry.at`),
    path: parsePath(read, given['path'], `${path}.path`),
  };
}

/** The hashes of an inclusion path, from the leaf upwards. */
export function parsePath(read: JsonReader, value: Json | undefined, path: string): Uint8Array[] {
  return read.list(value, path, MAX_PATH, (hash, at) => read.hash(hash, at));
}

/** @throws VerificationError entryMalformed if the entry is no CredentialIssued */
export function issuedDataOf(entry: ParsedEntry): IssuedData {
  const read = typed(entry, 'CredentialIssued', 'issued');
  if (entry.revision !== 0) read.refuse('issued.revision', `the first event of its stream, got ${entry.revision}`);
  const data = read.object(entry.data, 'issued.data');
  const lists = read.object(data['statusLists'], 'issued.data.statusLists');
  const reference = (purpose: StatusPurpose): StatusReference => {
    const path = `issued.data.statusLists.${purpose}`;
    const given = read.object(lists[purpose], path);
    const index = read.natural(given['index'], `${path}.index`);
    if (index >= STATUS_LIST_ENTRIES) read.refuse(`${path}.index`, `an index below ${STATUS_LIST_ENTRIES}`);
    return { list: read.text(given['list'], `${path}.list`, 36, UUID), index };
  };
  const mandate = read.text(data['mandate'], 'issued.data.mandate', 36);
  read.time(data['validFrom'], 'issued.data.validFrom');
  if (data['validUntil'] !== undefined) read.time(data['validUntil'], 'issued.data.validUntil');
  return {
    credential: idOf(read, entry, 'credential-'),
    digest: read.text(data['digest'], 'issued.data.digest', 64, HEX_32),
    organisation: read.text(data['organisation'], 'issued.data.organisation', 36, UUID),
    key: read.text(data['key'], 'issued.data.key', 128),
    definition: read.text(data['definition'], 'issued.data.definition', 36, UUID),
    version: read.natural(data['version'], 'issued.data.version', 1),
    mandate: mandate === OWNER_MANDATE ? mandate : read.text(mandate, 'issued.data.mandate', 36, UUID),
    statusLists: { revocation: reference('revocation'), suspension: reference('suspension') },
    validFrom: data['validFrom'] as string,
    validUntil: data['validUntil'] as string | undefined,
    reads: read.list(data['reads'], 'issued.data.reads', MAX_READS, (item, path) => {
      const cited = read.object(item, path);
      return {
        stream: read.text(cited['stream'], `${path}.stream`, 128),
        revision: read.natural(cited['revision'], `${path}.revision`),
      };
    }),
  };
}

/** @throws VerificationError entryMalformed if the entry is no VersionPublished */
export function definitionDataOf(entry: ParsedEntry): DefinitionData {
  const read = typed(entry, 'VersionPublished', 'definition');
  const data = read.object(entry.data, 'definition.data');
  return {
    definition: idOf(read, entry, 'definition-'),
    version: read.natural(data['version'], 'definition.data.version', 1),
    content: read.optional(data['content'], (content) => read.object(content, 'definition.data.content')),
  };
}

/** @throws VerificationError entryMalformed if the entry is no StandingRecorded */
export function standingDataOf(entry: ParsedEntry): StandingData {
  const read = typed(entry, 'StandingRecorded', 'standing');
  if (entry.stream !== 'standing') read.refuse('standing.stream', `standing, got ${echo(entry.stream)}`);
  const data = read.object(entry.data, 'standing.data');
  return {
    root: read.hash(data['root'], 'standing.data.root'),
    leaves: read.natural(data['leaves'], 'standing.data.leaves'),
    size: read.natural(data['size'], 'standing.data.size'),
  };
}

function typed(entry: ParsedEntry, type: string, path: string): JsonReader {
  const read = new JsonReader('entryMalformed');
  if (entry.type !== type) read.refuse(`${path}.type`, `${type}, got ${echo(entry.type)}`);
  return read;
}

function idOf(read: JsonReader, entry: ParsedEntry, prefix: string): string {
  if (!entry.stream.startsWith(prefix)) read.refuse('stream', `${prefix}<uuid>, got ${echo(entry.stream)}`);
  return read.text(entry.stream.slice(prefix.length), 'stream', 36, UUID);
}

function parseBytes(bytes: Uint8Array, path: string, types: EventTypes): ParsedEntry {
  try {
    const entry = parseEntry(bytes);
    const version = types.versionOf(entry);
    // What is of no type that is known in its stream is refused where a type is expected.
    if (version === undefined) return entry;
    if (entry.v > version) {
      throw new Undecided('unsupportedVersion', `${path}.v: expected at most ${version}, got ${entry.v}`);
    }
    return types.upcast(entry);
  } catch (error) {
    if (error instanceof EncodingError)
      throw new VerificationError('entryMalformed', `${path}: ${echo(error.message)}`);
    throw error;
  }
}
