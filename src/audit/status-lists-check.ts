/**
 * What the newest edition of each status list says, against what the log says of the credentials in it: the document is
 * the one whose digest is in the log (S1), a bit is set for every credential that was revoked or suspended before it was
 * made, and for no other. A bundle shows a verifier the list alone, so a list that keeps a revocation from it is found
 * here. Proven by status-lists-check.spec.ts.
 */
import { isJsonObject, type JsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import { decodeStatusList, setStatusBit, statusBit, STATUS_LIST_BYTES } from '../verification/status-list.js';
import type { AuditedList } from './book-replay.js';
import type { Findings } from './findings.js';
import { publishedDigest } from './kept-edition.js';
import { LogSourceError, type LogSource } from './log-source.js';

/** What a list's bits must be, as the changes of status in the log come to. */
export class ExpectedBits {
  /** Of changes that the edition before knew: made lazily, as most lists have none set. */
  #settled: Uint8Array | undefined;
  /** Indexes with a later change, by whether it sets the bit. */
  readonly #recent = new Map<number, { readonly isSet: boolean; readonly change: number }>();

  constructor(
    readonly id: string,
    readonly list: AuditedList,
  ) {}

  /**
   * @param isSet what the credential's newest change comes to
   * @param change log index of that change
   */
  add(index: number, isSet: boolean, change: number): void {
    if (change > this.list.publishedBefore) this.#recent.set(index, { isSet, change });
    else if (isSet) setStatusBit((this.#settled ??= new Uint8Array(STATUS_LIST_BYTES)), index, true);
  }

  /** @param bits of the newest edition */
  compare(bits: Uint8Array, findings: Findings): void {
    const { id, list } = this;
    const settled = this.#settled ?? new Uint8Array(STATUS_LIST_BYTES);
    for (const [index, { isSet, change }] of this.#recent) {
      // An edition is made before it is logged: what came in between is in the next one.
      if (change > list.published || isSet === statusBit(bits, index)) continue;
      const detail = `status list ${id}: entry ${change} has changed index ${index}, edition ${this.#edition} has not taken it in`;
      findings.warning('S11', 'listLags', detail, change);
    }
    for (let byte = 0; byte < STATUS_LIST_BYTES; byte += 1) {
      if (bits[byte] === settled[byte]) continue;
      for (let index = 8 * byte; index < 8 * byte + 8; index += 1) {
        const got = statusBit(bits, index);
        if (got === statusBit(settled, index) || this.#recent.has(index)) continue;
        const [code, what] = got
          ? ['statusBitUnfounded', 'is set, and no entry of the log revokes or suspends a credential there']
          : ['statusBitMissing', 'is not set, though the log says so since before the edition before it'];
        const detail = `status list ${id}, edition ${this.#edition}: index ${index} ${what}`;
        findings.error('S1', code, detail, list.published);
      }
    }
  }

  get #edition(): number {
    return this.list.state.is === 'open' ? this.list.state.sequence : 0;
  }
}

/**
 * @param expected of the lists that have been published
 * @throws LogSourceError where the source cannot be reached
 */
export async function checkStatusLists(
  expected: readonly ExpectedBits[],
  source: Pick<LogSource, 'statusList'>,
  findings: Findings,
): Promise<void> {
  for (const one of expected) {
    const { id, list } = one;
    if (list.state.is !== 'open' || list.state.digest === undefined) continue;
    const { sequence, digest } = list.state;
    const place = `status list ${id}, edition ${sequence}`;
    let document: JsonObject | undefined;
    try {
      document = await source.statusList?.(id, { sequence, digest });
    } catch (error) {
      if (!(error instanceof LogSourceError) || error.code !== 'refused') throw error;
      findings.warning('S1', 'statusListNotServed', `${place}: ${error.message}`, list.published);
      continue;
    }
    if (document === undefined) continue;
    const got = publishedDigest(document) ?? 'a document without canonical form';
    if (got !== digest) {
      findings.error(
        'S1',
        'statusListDiffers',
        `${place}: expected the logged digest ${digest}, got ${got}`,
        list.published,
      );
      continue;
    }
    const bits = await bitsOf(document);
    if (bits instanceof Uint8Array) one.compare(bits, findings);
    else findings.error('S1', 'statusListMalformed', `${place}: ${bits}`, list.published);
  }
}

/** The bits, or why there are none. */
async function bitsOf({ credentialSubject }: JsonObject): Promise<Uint8Array | string> {
  const encoded = isJsonObject(credentialSubject) ? credentialSubject['encodedList'] : undefined;
  if (typeof encoded !== 'string') return 'it has no encodedList';
  try {
    return await decodeStatusList(encoded);
  } catch (error) {
    if (error instanceof EncodingError) return error.message;
    throw error;
  }
}
