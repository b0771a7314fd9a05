/**
 * An event's canonical bytes: `JCS({v, stream, revision, id, type, at, by, data, sealed?})` in UTF-8, made once at
 * append and kept (S14). For the streams of the log they are the log's entries, at most 65,535 bytes, because entry
 * bundles prefix each with a 16-bit length (C2SP tlog-tiles). Isomorphic: verifier and audit read entries with it.
 * Proven by entry.spec.ts.
 */
import { isWellFormed } from '../encoding/bytes.js';
import { toHex } from '../encoding/hex.js';
import { canonicalBytes, parseCanonical } from '../encoding/jcs.js';
import { isJsonObject, type JsonObject } from '../encoding/json.js';
import { EncodingError, InputError } from '../errors.js';
import { sha256 } from '../log/hash.js';
import { isVaultStream, type EventDraft } from './event-store.js';

/** Most bytes of an entry. */
export const MAX_ENTRY_BYTES = 65_535;

/** Deepest nesting within `data`. */
const MAX_DEPTH = 64;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ACTOR = /^(operator|process:[a-z0-9-]+|organisation:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[a-z]+)$/;
const DIGEST = /^[0-9a-f]{64}$/;

/** An event with its place, as it is to be written. */
export type PlacedEvent = EventDraft & { readonly stream: string; readonly revision: number };

/** What stands in an entry. */
export interface ParsedEntry {
  readonly v: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly by: string;
  readonly data: JsonObject;
  /** SHA-256 of the private part's ciphertext, lower-case hex. */
  readonly sealed?: string;
}

/**
 * The entry of an event of the log.
 * @throws InputError naming the path, for more than 65,535 bytes, a number that is not an integer within ±(2^53 − 1),
 *   anything that JSON cannot hold, or a `by` that could be a person (S20)
 */
export function entryBytes(event: PlacedEvent): Uint8Array {
  if (isVaultStream(event.stream)) throw refusal('stream', 'vaultStream', 'a vault stream has no entry in the log');
  if (!isActor(event.by)) {
    throw refusal(
      'by',
      'notAnActor',
      `expected operator, process:<name> or organisation:<uuid>:<role>, got ${event.by}`,
    );
  }
  const bytes = eventBytes(event);
  if (bytes.length > MAX_ENTRY_BYTES) {
    throw refusal('data', 'tooLarge', `expected at most ${MAX_ENTRY_BYTES} bytes for the entry, got ${bytes.length}`);
  }
  return bytes;
}

/** Whether `by` names an organisation and its role, a process or the operator: never a person (S20). */
export function isActor(by: string): boolean {
  return by === 'operator' || ACTOR.test(by);
}

/**
 * The same form for an event of any stream, without the log's limit of size.
 * @throws InputError naming the path, as `entryBytes`
 */
export function eventBytes(event: PlacedEvent): Uint8Array {
  const { v, stream, revision, id, type, at, by, data, sealed } = event;
  const fields = { v, stream, revision, id, type, at, by, data, ...(sealed && { sealed: toHex(sha256(sealed)) }) };
  const fault = faultOf(fields);
  if (fault) throw refusal(fault.path, fault.code, fault.message);
  return canonicalBytes(fields);
}

/**
 * Reads an entry of the log, from anywhere.
 * @throws EncodingError for bytes other than JCS(parse(bytes)), unknown or missing members, members of another type
 *   or form, numbers that are not integers within ±(2^53 − 1), and more than 65,535 bytes
 */
export function parseEntry(bytes: Uint8Array): ParsedEntry {
  if (bytes.length > MAX_ENTRY_BYTES) {
    throw new EncodingError(`entry: expected at most ${MAX_ENTRY_BYTES} bytes, got ${bytes.length}`);
  }
  const fields = parseCanonical(bytes);
  if (!isJsonObject(fields)) throw new EncodingError('entry: expected an object');
  const fault = faultOf(fields);
  if (fault) throw new EncodingError(`entry: ${fault.path}: ${fault.message}`);
  if (isVaultStream(fields['stream'] as string)) throw new EncodingError('entry: stream: got a vault stream');
  return fields as unknown as ParsedEntry;
}

interface Fault {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

type Form = readonly [expected: string, (value: unknown) => boolean];

const TEXT: Form = ['text', (value) => typeof value === 'string' && value !== '' && isWellFormed(value)];
const FORMS: Readonly<Record<keyof ParsedEntry, Form>> = {
  v: ['an integer from 1', (value) => Number.isSafeInteger(value) && (value as number) >= 1],
  stream: TEXT,
  revision: ['an integer from 0', (value) => Number.isSafeInteger(value) && (value as number) >= 0],
  id: ['a UUID in lower case', (value) => typeof value === 'string' && UUID.test(value)],
  type: TEXT,
  at: ['ISO 8601 in UTC with milliseconds', (value) => typeof value === 'string' && INSTANT.test(value)],
  by: TEXT,
  data: ['an object', isJsonObject],
  sealed: ['64 digits of lower-case hex', (value) => typeof value === 'string' && DIGEST.test(value)],
};
const NAMES = Object.keys(FORMS) as (keyof ParsedEntry)[];

/** The first thing wrong with an entry's members, if any. */
function faultOf(fields: Readonly<Record<string, unknown>>): Fault | undefined {
  for (const name of NAMES) {
    const value = fields[name];
    if (value === undefined && name === 'sealed' && !Object.hasOwn(fields, name)) continue;
    const [expected, holds] = FORMS[name];
    if (!holds(value)) return { path: name, code: 'malformed', message: `expected ${expected}` };
  }
  for (const name of Object.keys(fields)) {
    if (!Object.hasOwn(FORMS, name)) return { path: name, code: 'unknown', message: 'unknown member' };
  }
  return faultIn(fields['data'], 0, () => 'data');
}

/** `path` is a function, so that the common case builds no text. */
function faultIn(value: unknown, depth: number, path: () => string): Fault | undefined {
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'string':
      if (isWellFormed(value)) return undefined;
      return { path: path(), code: 'malformed', message: 'a lone surrogate has no encoding' };
    case 'number':
      if (Number.isSafeInteger(value)) return undefined;
      return { path: path(), code: 'notAnInteger', message: `expected an integer within ±(2^53 − 1), got ${value}` };
    case 'object':
      if (value === null) return undefined;
      if (depth === MAX_DEPTH) return { path: path(), code: 'tooDeep', message: `more than ${MAX_DEPTH} levels` };
      return Array.isArray(value) ? faultInArray(value, depth, path) : faultInObject(value, depth, path);
    default:
      return { path: path(), code: 'notJson', message: `expected a JSON value, got ${typeof value}` };
  }
}

function faultInArray(items: readonly unknown[], depth: number, path: () => string): Fault | undefined {
  for (let i = 0; i < items.length; i++) {
    const fault = faultIn(items[i], depth + 1, () => `${path()}.${i}`);
    if (fault) return fault;
  }
  return undefined;
}

function faultInObject(value: object, depth: number, path: () => string): Fault | undefined {
  // As JCS: a plain object of any realm. A Date or a Buffer would lose its meaning on the way.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return { path: path(), code: 'notJson', message: 'expected a plain object' };
  }
  for (const [name, member] of Object.entries(value)) {
    if (!isWellFormed(name)) return { path: path(), code: 'malformed', message: 'a member name with a lone surrogate' };
    if (member === undefined) continue;
    const fault = faultIn(member, depth + 1, () => `${path()}.${name}`);
    if (fault) return fault;
  }
  return undefined;
}

function refusal(path: string, code: string, message: string): InputError {
  return new InputError([{ path, code, message }]);
}
