/** What the page `/verify` and its service worker have agreed on. */

/** Of an answer that is not the ledger's of now: the time when the ledger gave it (RFC 9110, section 5.6.7). */
export const KEPT_HEADER = 'meritkedja-kept';

/**
 * What a browser's languages would be as `Accept-Language`: the first is liked best.
 * @param languages as `navigator.languages` has them
 */
export function acceptLanguage(languages: readonly string[]): string {
  return languages
    .slice(0, 9)
    .map((language, i) => `${language};q=${(1 - i / 10).toFixed(1)}`)
    .join(',');
}

/** What is kept: `version` is a hash of it all, `files` are addresses. Put in by scripts/build-web.mjs. */
export interface Kept {
  readonly version: string;
  readonly files: readonly string[];
}
