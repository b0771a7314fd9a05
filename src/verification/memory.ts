/**
 * What the documents of one ledger have in common: its heads, anchors, standing records and status lists come back in
 * every bundle, and what was made of one holds for another that is the same to the last character. Kept is only what was
 * made of values that are held beside it and compared, so that a verdict never depends on what was verified before.
 * Bounded in number and size. Proven by memory.spec.ts.
 */
import { copyJson, equalJson } from '../encoding/json-equal.js';
import type { Json } from '../encoding/json.js';

/** Kept of each kind; the oldest goes when there are more. */
const MOST = 64;
/** Longest value kept, in characters of its texts: a status list has 22,000 at most. */
const LONGEST = 200_000;

interface Kept {
  readonly given: Json;
  readonly made: unknown;
}

export class Memory {
  readonly #kinds = new Map<string, Map<string, Kept>>();

  /**
   * What `make` makes of a value: made now, or before of the same value. Nothing is kept where it throws.
   * @param kind one for each way of making
   * @param place where a value is looked for: those that are the same have the same place, others better have not
   * @param given all that `make` depends on
   */
  of<T>(kind: string, place: string, given: Json, make: () => T): T {
    const kept = this.#find(kind, place, given);
    if (kept !== undefined) return kept.made as T;
    return this.#keep(kind, place, given, make());
  }

  /** As `of`, for what takes time. */
  async ofAsync<T>(kind: string, place: string, given: Json, make: () => Promise<T>): Promise<T> {
    const kept = this.#find(kind, place, given);
    if (kept !== undefined) return kept.made as T;
    return this.#keep(kind, place, given, await make());
  }

  #find(kind: string, place: string, given: Json): Kept | undefined {
    const kept = this.#kinds.get(kind)?.get(place);
    return kept !== undefined && equalJson(kept.given, given) ? kept : undefined;
  }

  #keep<T>(kind: string, place: string, given: Json, made: T): T {
    if (place.length + lengthOf(given) > LONGEST) return made;
    let places = this.#kinds.get(kind);
    if (places === undefined) this.#kinds.set(kind, (places = new Map<string, Kept>()));
    places.delete(place);
    const oldest = places.keys().next().value;
    if (places.size >= MOST && oldest !== undefined) places.delete(oldest);
    // A copy: whoever gave the value may change it.
    places.set(place, { given: copyJson(given), made });
    return made;
  }
}

/** Characters of a value's texts and names, one for each other value. */
function lengthOf(value: Json | undefined): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  if (Array.isArray(value)) return (value as readonly Json[]).reduce<number>((sum, item) => sum + lengthOf(item), 1);
  return Object.entries(value).reduce<number>((sum, [name, member]) => sum + name.length + lengthOf(member), 1);
}
