/**
 * One edition of a status list among the documents that an operator keeps. A store that somebody has changed may hold
 * anything in their place: what is no document of the list is passed over, so that the audit says that the edition is
 * not there, and goes on. Proven by log-source.int.spec.ts.
 */
import { isJsonObject, type JsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import { statusListDigest } from '../verification/status-list.js';

/**
 * @param kept `data` of the events of the list's documents, the newest first
 * @param edition sequence from 1, digest as it was logged
 * @returns the document with that digest, else the newest of that sequence, else undefined
 */
export function editionAmong(
  kept: Iterable<unknown>,
  edition: { readonly sequence: number; readonly digest: string },
): JsonObject | undefined {
  let other: JsonObject | undefined;
  for (const one of kept) {
    if (typeof one !== 'object' || one === null) continue;
    const { sequence, document } = one as { readonly sequence?: unknown; readonly document?: unknown };
    if (typeof sequence !== 'number' || !isJsonObject(document)) continue;
    if (sequence < edition.sequence) break;
    if (sequence > edition.sequence) continue;
    if (publishedDigest(document) === edition.digest) return document;
    other ??= document;
  }
  return other;
}

/** SHA-256 of a list as published, hex; undefined for a document without canonical form, which is nothing that was. */
export function publishedDigest(document: JsonObject): string | undefined {
  try {
    return statusListDigest(document);
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}
