/**
 * Trust files that a person relies on besides the serving ledger's (S4): for this page's life, or kept in the browser's
 * storage where the person says so. What is kept is read as strictly as a file. The saved file keeps nothing: browsers
 * give all pages that are opened from the disk one storage, so that whoever sends a page could have put his trust there.
 */
import { parseJson } from '../../encoding/strict-json.js';
import { EncodingError, InputError } from '../../errors.js';
import type { TrustFile } from '../../verification/bundle.js';
import { parseTrust } from '../../verification/trust.js';
import { PageProblem } from './problem.js';

export interface Pin {
  readonly trust: TrustFile;
  readonly isKept: boolean;
}

/** The part of `localStorage` that is used; a browser may refuse it. */
export type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem'>;

const KEY = 'meritkedja-trust';

/** What a person relies on; one file an origin, the newest counts. */
export class Pins {
  #pins: readonly Pin[];

  /** @param storage the page's own; absent where it is shared with pages of others */
  constructor(private readonly storage?: () => Storage) {
    this.#pins = this.#kept();
  }

  get canKeep(): boolean {
    return this.storage !== undefined;
  }

  get all(): readonly Pin[] {
    return this.#pins;
  }

  add(trust: TrustFile, isKept: boolean): void {
    this.#pins = [...this.#pins.filter((pin) => pin.trust.origin !== trust.origin), { trust, isKept }];
    this.#keep();
  }

  remove(origin: string): void {
    this.#pins = this.#pins.filter((pin) => pin.trust.origin !== origin);
    this.#keep();
  }

  #kept(): readonly Pin[] {
    if (this.storage === undefined) return [];
    try {
      const kept = JSON.parse(this.storage().getItem(KEY) ?? '[]') as unknown[];
      return kept.map((json) => ({ trust: parseTrust(json), isKept: true }));
    } catch {
      // No storage, or something else in it: nothing is relied on that cannot be read whole.
      return [];
    }
  }

  #keep(): void {
    if (this.storage === undefined) return;
    const kept = this.#pins.filter(({ isKept }) => isKept).map(({ trust }) => trust);
    try {
      if (kept.length > 0) this.storage().setItem(KEY, JSON.stringify(kept));
      else this.storage().removeItem(KEY);
    } catch {
      // A browser that keeps nothing: it counts for this page's life.
    }
  }
}

/** @throws PageProblem badTrust */
export function readTrust(text: string): TrustFile {
  try {
    return parseTrust(parseJson(text.replace(/^\uFEFF/, '')));
  } catch (error) {
    throw new PageProblem('badTrust', { detail: detailOf(error) });
  }
}

/** What is wrong with a file that a person chose. Anything but a refusal escapes. */
export function detailOf(error: unknown): string {
  if (error instanceof InputError) {
    const [first] = error.issues;
    return first === undefined ? '' : `${first.path} ${first.message}`.trim();
  }
  if (error instanceof SyntaxError || error instanceof EncodingError) return 'JSON';
  throw error;
}
