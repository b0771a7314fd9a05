/**
 * The JSON Canonicalization Scheme, RFC 8785: one text for each JSON value. Digests of credentials, entries of the
 * log and leaves of the standing record are made of it.
 * Members are sorted by UTF-16 code units (section 3.2.3), numbers and strings written as ECMAScript does (3.2.2).
 * Proven by jcs.spec.ts, with the vectors of the RFC's author.
 */
import { EncodingError } from '../errors.js';
import { fromUtf8, isWellFormed } from './bytes.js';
import type { Json } from './json.js';

/** Deepest nesting of arrays and objects; deeper input is an attack on the stack, not a document. */
const MAX_DEPTH = 512;

/** Printable ASCII but quotation mark and backslash: such a string is its own JSON, between quotation marks. */
const PLAIN = /^[ !#-[\]-~]*$/;

const encoder = new TextEncoder();

/**
 * The canonical text. Members that are `undefined` are left out; -0 is 0.
 * @param value JSON: null, booleans, finite numbers, strings, arrays and plain objects
 * @throws EncodingError for anything else (lone surrogates, NaN, infinities, bigint, functions, symbols, dates and
 *   other class instances, `undefined` or a hole in an array), and for more than 512 levels
 */
export function canonicalize(value: unknown): string {
  return write(value, 0);
}

/**
 * The canonical text in UTF-8.
 * @throws EncodingError as `canonicalize`
 */
export function canonicalBytes(value: unknown): Uint8Array {
  return encoder.encode(write(value, 0));
}

/**
 * An object whose members are made canonical once, for whoever needs the text of several objects that differ in a
 * member: the signed form of a document leaves its proof out, its digest has another proof in.
 */
export class CanonicalMembers {
  readonly #members: { readonly name: string; readonly label: string; readonly text: string }[] = [];

  /** @throws EncodingError as `canonicalize` */
  constructor(value: object) {
    const members = membersOf(value);
    for (const name of sortedNames(members)) {
      const member = members[name];
      if (member !== undefined) {
        this.#members.push({ name, label: `${writeString(name)}:`, text: write(member, 1) });
      }
    }
  }

  /**
   * The object's canonical text.
   * @param changes canonical texts that stand for those of members the object has; undefined: without the member
   */
  text(changes: Readonly<Record<string, string | undefined>> = {}): string {
    let text = '{';
    for (const { name, label, text: own } of this.#members) {
      const member = Object.hasOwn(changes, name) ? changes[name] : own;
      if (member === undefined) continue;
      if (text.length > 1) text += ',';
      text += label + member;
    }
    return `${text}}`;
  }

  /** As `text`, in UTF-8. */
  bytes(changes: Readonly<Record<string, string | undefined>> = {}): Uint8Array {
    return encoder.encode(this.text(changes));
  }
}

/**
 * The value of bytes that are exactly the canonical form of it (S14): no other order, spacing, spelling of a number
 * or string, no duplicate member, no byte order mark.
 * @throws EncodingError for all other bytes
 */
export function parseCanonical(bytes: Uint8Array): Json {
  const text = fromUtf8(bytes);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw new EncodingError('JCS: expected JSON');
  }
  if (canonicalize(value) !== text) throw new EncodingError('JCS: the JSON is not in canonical form');
  return value;
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'number':
      if (!Number.isFinite(value)) throw new EncodingError(`JCS: expected a finite number, got ${value}`);
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth === MAX_DEPTH) throw new EncodingError(`JCS: more than ${MAX_DEPTH} levels`);
      return Array.isArray(value) ? writeArray(value, depth + 1) : writeObject(value, depth + 1);
    default:
      throw new EncodingError(`JCS: expected a JSON value, got ${typeof value}`);
  }
}

function writeString(value: string): string {
  if (PLAIN.test(value)) return `"${value}"`;
  if (!isWellFormed(value)) throw new EncodingError('JCS: string with a lone surrogate');
  return JSON.stringify(value);
}

function writeArray(items: readonly unknown[], depth: number): string {
  let text = '[';
  for (let i = 0; i < items.length; i++) {
    if (i > 0) text += ',';
    text += write(items[i], depth);
  }
  return `${text}]`;
}

function writeObject(value: object, depth: number): string {
  const members = membersOf(value);
  let text = '{';
  for (const key of sortedNames(members)) {
    const member = members[key];
    if (member === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${writeString(key)}:${write(member, depth)}`;
  }
  return `${text}}`;
}

/** A plain object of any realm: without prototype, or with one that has none itself. */
function membersOf(value: object): Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new EncodingError(`JCS: expected a plain object, got an instance of ${value.constructor?.name}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** By UTF-16 code units, as the RFC wants it, which is the default order of sort. */
function sortedNames(members: Readonly<Record<string, unknown>>): readonly string[] {
  const names = Object.keys(members);
  return isSorted(names) ? names : names.sort();
}

function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return false;
  return true;
}
