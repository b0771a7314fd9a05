/**
 * Checking in the browser: evidence, trust file and block hashes from the serving ledger, everything else by the same
 * `verify` as the command line. No document and no key is sent anywhere. Proven by check.spec.ts with a fake `fetch`.
 */
import type { BlockHashSource } from '../../verification/check-anchor.js';
import { fromUtf8 } from '../../encoding/bytes.js';
import { isJsonObject, type JsonObject } from '../../encoding/json.js';
import { parseJson } from '../../encoding/strict-json.js';
import { EncodingError } from '../../errors.js';
import { openShare, ShareError, shareId } from '../../holders/share-crypto.js';
import { verify } from '../../verification/index.js';
import type { VerificationReport } from '../../verification/report.js';
import { uuidOf, type Input } from './input.js';
import { fetchBlockHash, fetchEvidence, fetchShare, fetchTrust, type Fetch } from './ledger.js';
import { PageProblem } from './problem.js';

export interface CheckOptions {
  readonly fetch: Fetch;
  readonly now: Date;
  /** `0x` and 64 hex digits, if the person looked the anchor's block up elsewhere. */
  readonly ownBlockHash?: string | undefined;
}

export interface Checked {
  readonly report: VerificationReport;
  readonly credential: JsonObject;
  /** To download: absent where the ledger had no evidence. */
  readonly bundle?: JsonObject;
  readonly blockHashFrom?: 'ledger' | 'user' | 'nobody';
  /** Origin of the trust file. */
  readonly origin: string;
}

/**
 * Checks what was read; a credential that came without evidence is held against the serving ledger's.
 * @throws PageProblem where there is nothing to check or the ledger cannot be asked
 */
export async function check(input: Input, options: CheckOptions): Promise<Checked> {
  const trust = await fetchTrust(options.fetch);
  const credential = input.kind === 'link' ? await openLink(input.key, options.fetch) : input.credential;
  const bundle = input.kind === 'bundle' ? input.bundle : await withEvidence(credential, options.fetch);
  let blockHashFrom: Checked['blockHashFrom'];
  const ownBlock = anchorBlock(bundle);
  const blockHash: BlockHashSource = async (chainId, number) => {
    if (options.ownBlockHash !== undefined && chainId === ownBlock.chainId && number === ownBlock.blockNumber) {
      blockHashFrom = 'user';
      return options.ownBlockHash;
    }
    blockHashFrom ??= 'nobody';
    const hash = await fetchBlockHash(options.fetch, chainId, number);
    if (blockHashFrom === 'nobody') blockHashFrom = 'ledger';
    return hash;
  };
  const report = await verify(bundle ?? credential, { trust: [trust], now: options.now, clock: 'verifier', blockHash });
  return {
    report,
    credential,
    ...(bundle === undefined ? {} : { bundle }),
    ...(blockHashFrom === undefined ? {} : { blockHashFrom }),
    origin: trust.origin,
  };
}

/**
 * The credential behind a share link.
 * @param key 32 bytes, from the fragment
 * @throws PageProblem noCrypto, noShare, badShare, offline, serverError
 */
export async function openLink(key: Uint8Array, fetch: Fetch): Promise<JsonObject> {
  // Browsers offer WebCrypto on secure origins only.
  if (globalThis.crypto?.subtle === undefined) throw new PageProblem('noCrypto');
  const share = await fetchShare(fetch, await shareId(key));
  let opened: unknown;
  try {
    opened = parseJson(fromUtf8(await openShare(key, share)));
  } catch (error) {
    if (error instanceof ShareError || error instanceof EncodingError || error instanceof SyntaxError) {
      throw new PageProblem('badShare');
    }
    throw error;
  }
  const credential = isJsonObject(opened) ? opened['credential'] : undefined;
  if (!isJsonObject(credential)) throw new PageProblem('badShare');
  return credential;
}

async function withEvidence(credential: JsonObject, fetch: Fetch): Promise<JsonObject | undefined> {
  const id = uuidOf(credential);
  if (id === undefined) return undefined;
  try {
    return { ...(await fetchEvidence(fetch, id)), credential };
  } catch (error) {
    // What this ledger does not know is not thereby false: the report then says what is missing.
    if (error instanceof PageProblem && error.code === 'noEvidence') return undefined;
    throw error;
  }
}

function anchorBlock(bundle: JsonObject | undefined): { readonly chainId?: unknown; readonly blockNumber?: unknown } {
  const anchor = bundle?.['anchor'];
  return isJsonObject(anchor) ? { chainId: anchor['chainId'], blockNumber: anchor['blockNumber'] } : {};
}
