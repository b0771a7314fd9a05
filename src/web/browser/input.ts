/** Reading what a person drops, chooses or pastes: a proof bundle, a credential, or a share link. */
import { fromBase64url } from '../../encoding/base64.js';
import { isJsonObject, type JsonObject } from '../../encoding/json.js';
import { DuplicateMemberError, parseJson } from '../../encoding/strict-json.js';
import { EncodingError } from '../../errors.js';
import { SHARE_KEY_BYTES } from '../../holders/share-crypto.js';
import { PageProblem } from './problem.js';

/** A bundle has some 300 kB at most; the verifier's own limit is 8 million characters. */
export const MAX_INPUT_MB = 8;

/** Any ledger's page for a share, also of one that lies below a path. */
const SHARE_PATH = /\/c\/[^/]+\/?$/;

export type Input =
  | { readonly kind: 'bundle'; readonly bundle: JsonObject; readonly credential: JsonObject }
  | { readonly kind: 'credential'; readonly credential: JsonObject }
  | { readonly kind: 'link'; readonly key: Uint8Array; readonly url: URL };

/**
 * What the text is.
 * @throws PageProblem empty, tooLarge, notJson, duplicateMember, unknownFile, notShareLink, badKey
 */
export function readInput(text: string): Input {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  if (trimmed === '') throw new PageProblem('empty');
  if (trimmed.length > MAX_INPUT_MB * 1_000_000) throw new PageProblem('tooLarge', { mb: MAX_INPUT_MB });
  const url = /^https?:\/\/\S+$/i.test(trimmed) && URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  if (url !== undefined && !SHARE_PATH.test(url.pathname)) throw new PageProblem('notShareLink');
  if (url !== undefined) return { kind: 'link', key: readKey(url.hash), url };
  let json: unknown;
  try {
    json = parseJson(trimmed);
  } catch (error) {
    if (error instanceof DuplicateMemberError) throw new PageProblem('duplicateMember', { member: error.member });
    throw new PageProblem(error instanceof EncodingError ? 'unknownFile' : 'notJson');
  }
  if (!isJsonObject(json)) throw new PageProblem('unknownFile');
  if (json['type'] === 'MeritkedjaProof') {
    if (!isJsonObject(json['credential'])) throw new PageProblem('unknownFile');
    return { kind: 'bundle', bundle: json, credential: json['credential'] };
  }
  const types = json['type'];
  const isCredential =
    types === 'VerifiableCredential' || (Array.isArray(types) && types.includes('VerifiableCredential'));
  if (!isCredential) throw new PageProblem('unknownFile');
  return { kind: 'credential', credential: json };
}

/**
 * The share key in an address's fragment.
 * @param fragment with or without its `#`; 32 bytes in base64url
 * @throws PageProblem badKey
 */
export function readKey(fragment: string): Uint8Array {
  try {
    const key = fromBase64url(fragment.replace(/^#/, ''));
    if (key.length === SHARE_KEY_BYTES) return key;
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
  }
  throw new PageProblem('badKey');
}

/** The UUID in a credential's `urn:uuid:` id. */
export function uuidOf(credential: JsonObject): string | undefined {
  const id = credential['id'];
  return typeof id === 'string' ? /^urn:uuid:([0-9a-f-]{36})$/i.exec(id)?.[1]?.toLowerCase() : undefined;
}

/** A block hash that a person typed: lower case with `0x`, or undefined for an empty field. @throws RangeError */
export function readBlockHash(text: string): string | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === '') return undefined;
  if (!/^0x[0-9a-f]{64}$/.test(trimmed)) throw new RangeError('expected 0x and 64 hex digits');
  return trimmed;
}
