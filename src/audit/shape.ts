/**
 * Shapes of JSON values, checked millions of times in an audit: a shape is a function that says what is wrong with a
 * value, or nothing. Strict: an object has exactly the members that its shape names. Made for speed where nothing is
 * wrong; texts are built only where something is. Pure. Proven by event-shapes.spec.ts.
 */
import { isMoment } from '../encoding/instant.js';

/** What is wrong, beginning with the place in the value, or undefined. */
export type Shape = (value: unknown) => string | undefined;

/** Members of an object by name; those of `optional` may be left out. */
export function object(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape {
  const musts = Object.entries(required);
  const mays = Object.entries(optional);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return ': expected an object';
    const members = value as Readonly<Record<string, unknown>>;
    let known = 0;
    for (const [name, shape] of musts) {
      if (!Object.hasOwn(members, name)) return `.${name}: expected a member`;
      const fault = shape(members[name]);
      if (fault !== undefined) return `.${name}${fault}`;
      known += 1;
    }
    for (const [name, shape] of mays) {
      if (!Object.hasOwn(members, name)) continue;
      const fault = shape(members[name]);
      if (fault !== undefined) return `.${name}${fault}`;
      known += 1;
    }
    const names = Object.keys(members);
    if (names.length === known) return undefined;
    const unknown = names.find((name) => !Object.hasOwn(required, name) && !Object.hasOwn(optional, name));
    return `.${String(unknown).slice(0, 80)}: a member that is not known`;
  };
}

export function list(item: Shape, least = 0, most = 1_000): Shape {
  return (value) => {
    if (!Array.isArray(value)) return ': expected a list';
    if (value.length < least || value.length > most)
      return `: expected ${least} to ${most} members, got ${value.length}`;
    for (let i = 0; i < value.length; i += 1) {
      const fault = item(value[i]);
      if (fault !== undefined) return `.${i}${fault}`;
    }
    return undefined;
  };
}

export function matching(pattern: RegExp, expected: string): Shape {
  return (value) => (typeof value === 'string' && pattern.test(value) ? undefined : `: expected ${expected}`);
}

export function oneOf(...values: readonly string[]): Shape {
  const known = new Set<unknown>(values);
  return (value) => (known.has(value) ? undefined : `: expected one of ${values.join(', ')}`);
}

/** @param least of UTF-16 code units */
export function text(least = 0): Shape {
  return (value) => (typeof value === 'string' && value.length >= least ? undefined : ': expected a text');
}

export function whole(least = 0, most = Number.MAX_SAFE_INTEGER): Shape {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `: expected a whole number from ${least} to ${most}`;
}

export const boolean: Shape = (value) => (typeof value === 'boolean' ? undefined : ': expected true or false');

export const uuid = matching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'a UUID in lower case');
export const hex32 = matching(/^[0-9a-f]{64}$/, '64 digits of lower-case hex');
export const base64Of32 = matching(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, '32 bytes in base64');
export const hash0x = matching(/^0x[0-9a-f]{64}$/, '32 bytes in 0x hex');
export const bytes0x = matching(/^0x([0-9a-f]{2})*$/, '0x hex');
export const address = matching(/^0x[0-9a-fA-F]{40}$/, 'an address');
export const decimal = matching(/^(0|[1-9]\d{0,77})$/, 'a whole number as text');

export const moment: Shape = (value) =>
  typeof value === 'string' && isMoment(value) ? undefined : ': expected an ISO 8601 moment with a time zone';
