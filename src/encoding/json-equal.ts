/**
 * Comparing and copying JSON values, for whoever keeps what was made of one: the same document is read anew each time,
 * so that objects differ where their content does not. Proven by json-equal.spec.ts against the canonical form.
 */
import { isJsonObject, type Json } from './json.js';

/**
 * True if both have one canonical form: members in any order, one that is `undefined` is one that is not there.
 * For values of bearable depth: it goes down by recursion.
 */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!equalJson(a[i], b[i])) return false;
    return true;
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  let members = 0;
  for (const name of Object.keys(a)) {
    const member = a[name];
    if (member === undefined) continue;
    // Own members only: what an object inherits is no part of a document.
    if (!Object.hasOwn(b, name) || !equalJson(member, b[name])) return false;
    members += 1;
  }
  for (const name of Object.keys(b)) if (b[name] !== undefined) members -= 1;
  return members === 0;
}

/** A copy that no change to the original reaches. */
export function copyJson(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => copyJson(item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, member === undefined ? undefined : copyJson(member)]),
  );
}
