/**
 * JSON from strangers, RFC 8259: as `JSON.parse`, but an object that names a member twice is refused. `JSON.parse`
 * keeps the last of them, other readers the first, so that two readers of one signed document would see two documents
 * (I-JSON, RFC 7493, section 2.3). Depth is limited for those who walk the value by recursion. Runs in Node and in a
 * browser, in linear time. Proven by strict-json.spec.ts against `JSON.parse`.
 */
import { EncodingError } from '../errors.js';
import type { Json, JsonObject } from './json.js';

/** Deepest nesting of arrays and objects, as in `jcs.ts`. */
export const MAX_JSON_DEPTH = 512;

/** Characters of a member's name that an error repeats. */
const MAX_ECHO = 80;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const LEFT_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const RIGHT_BRACKET = 0x5d;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACE = 0x7d;

/** An object of a JSON text has two members of one name. */
export class DuplicateMemberError extends EncodingError {
  /**
   * @param member the name, its escapes resolved, at most 80 characters of it
   * @param place line and column of the second one
   */
  constructor(
    readonly member: string,
    place: string,
  ) {
    super(`JSON: the member ${JSON.stringify(member)} stands twice in one object, ${place}`);
    this.name = 'DuplicateMemberError';
  }
}

/**
 * The value of a JSON text.
 * @param text without byte order mark
 * @throws SyntaxError for what is not JSON; DuplicateMemberError for a member that its object has already (names are
 *   compared with their escapes resolved); EncodingError for more than 512 levels
 */
export function parseJson(text: string): Json {
  const value = JSON.parse(text) as Json;
  // Of a member that stands twice one is gone from the value: then, or where the value is deep, the text is looked at.
  if (namesIn(text) !== membersOf(value, 0)) refuseDuplicates(text);
  return value;
}

/** Member names in a JSON text: the colons outside its strings. */
function namesIn(text: string): number {
  let names = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfString(text, i);
    else if (code === COLON) names += 1;
  }
  return names;
}

/** Members in a value and in all its parts; NaN, which equals nothing, for one of more than 512 levels. */
function membersOf(value: Json | undefined, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth === MAX_JSON_DEPTH) return Number.NaN;
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) members += membersOf(item, depth + 1);
    return members;
  }
  const names = Object.keys(value);
  for (const name of names) members += membersOf((value as JsonObject)[name], depth + 1);
  return members + names.length;
}

/** One pass over a text that is known to be JSON, so that braces, commas and quotation marks mean what they seem to. */
function refuseDuplicates(text: string): void {
  /** Names seen in each open object; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let names: Set<string> | undefined;
  let isName = false;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case LEFT_BRACE:
      case LEFT_BRACKET:
        isName = text.charCodeAt(i) === LEFT_BRACE;
        names = isName ? new Set() : undefined;
        if (open.push(names) > MAX_JSON_DEPTH) {
          throw new EncodingError(`JSON: more than ${MAX_JSON_DEPTH} levels, ${placeOf(text, i)}`);
        }
        break;
      case RIGHT_BRACE:
      case RIGHT_BRACKET:
        open.pop();
        names = open.at(-1);
        break;
      case COMMA:
        isName = names !== undefined;
        break;
      case COLON:
        isName = false;
        break;
      case QUOTE: {
        const end = endOfString(text, i);
        if (isName && names !== undefined) {
          const name = nameOf(text.slice(i, end + 1));
          if (names.has(name)) throw duplicate(name, text, i);
          names.add(name);
        }
        i = end;
        break;
      }
    }
  }
}

/** Where the string that begins at `start` has its closing quotation mark. */
function endOfString(text: string, start: number): number {
  // Most of a document is text: the search for a quotation mark is many times as fast as a look at each character.
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** Whether an odd number of backslashes stands before a character of a string. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === BACKSLASH) before--;
  return (at - before) % 2 === 0;
}

function nameOf(literal: string): string {
  return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}

function duplicate(name: string, text: string, at: number): DuplicateMemberError {
  const shown = name.length > MAX_ECHO ? `${name.slice(0, MAX_ECHO)}…` : name;
  return new DuplicateMemberError(shown, placeOf(text, at));
}

/** Line and column, both from 1. */
function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`;
}
