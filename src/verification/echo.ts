/** What a stranger wrote, as a report repeats it: enough to recognise it, never the whole of it. */

/** Characters of a value that a detail repeats. */
const MAX_ECHO = 80;

/** The text itself or its beginning; of lists and objects only what they are. */
export function echo(value: unknown): string {
  if (typeof value === 'string') return short(value);
  if (typeof value !== 'object' || value === null) return short(String(value));
  return Array.isArray(value) ? 'a list' : 'an object';
}

/** Cut between code points, so that no half of one is left over. */
function short(text: string): string {
  return text.length <= MAX_ECHO ? text : `${text.slice(0, MAX_ECHO).replace(/[\ud800-\udbff]$/, '')}…`;
}
