/**
 * Whether two JSON values have one canonical form, without writing it: members in any order, absent and `undefined` the
 * same, as JCS has it. Much faster than comparing texts where parts are the very same objects, as they are in what a
 * decider makes of an event's own data. Pure. Proven by same-json.spec.ts against `canonicalize`.
 */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i += 1) if (!isSameJson(a[i], b[i])) return false;
    return true;
  }
  return hasSameMembers(a as Members, b as Members);
}

type Members = Readonly<Record<string, unknown>>;

function hasSameMembers(a: Members, b: Members): boolean {
  let expected = 0;
  for (const name of Object.keys(a)) {
    const member = a[name];
    if (member === undefined) continue;
    // What `b` inherits is no JSON, so it is never the very same; else it is asked whether it is its own.
    if (member !== b[name] && !(Object.hasOwn(b, name) && isSameJson(member, b[name]))) return false;
    expected += 1;
  }
  const names = Object.keys(b);
  if (names.length === expected) return true;
  return names.filter((name) => b[name] !== undefined).length === expected;
}
