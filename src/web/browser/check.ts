/**
 * Checking in the browser: evidence, trust file and block hashes from the serving ledger, where there is one, and from
 * the person; everything else by the same `verify` as the command line. No document and no key is sent anywhere. Proven
 * by check.spec.ts with a fake `fetch`.
 */
import type { TrustFile } from '../../verification/bundle.js';
import type { BlockHashSource, PinnedBlockHash } from '../../verification/check-anchor.js';
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
  /** Of the serving ledger; absent in the saved file, which has none. */
  readonly fetch?: Fetch | undefined;
  readonly now: Date;
  /** Of ledgers that the person relies on besides the serving one. */
  readonly pinned?: readonly TrustFile[];
  /** From lists that the person chose. */
  readonly blockHashes?: readonly PinnedBlockHash[];
  /** `0x` and 64 hex digits, if the person looked the anchor's block up elsewhere. */
  readonly ownBlockHash?: string | undefined;
}

export interface Checked {
  readonly report: VerificationReport;
  readonly credential: JsonObject;
  /** To download: absent where the ledger had no evidence. */
  readonly bundle?: JsonObject;
  readonly blockHashFrom?: 'ledger' | 'user' | 'list' | 'nobody';
  /** Of the trust file, or of the log where none is for it; absent where neither is known. */
  readonly origin?: string;
  /** Who pinned the trust file (S4). */
  readonly trustFrom: 'ledger' | 'user' | 'nobody';
}

/**
 * Checks what was read; a credential that came without evidence is held against the serving ledger's.
 * @throws PageProblem where there is nothing to check or the ledger cannot be asked
 */
export async function check(input: Input, options: CheckOptions): Promise<Checked> {
  const { fetch, pinned = [], blockHashes = [] } = options;
  const own = fetch && (await ownTrust(fetch, pinned.length > 0));
  const credential =
    input.kind === 'link' ? await openLink(input.key, askable(input.url, own, fetch)) : input.credential;
  const bundle = input.kind === 'bundle' ? input.bundle : fetch && (await withEvidence(credential, fetch));
  let blockHashFrom: Checked['blockHashFrom'];
  const ownBlock = anchorBlock(bundle);
  const blockHash: BlockHashSource = async (chainId, number) => {
    if (options.ownBlockHash !== undefined && chainId === ownBlock.chainId && number === ownBlock.blockNumber) {
      blockHashFrom = 'user';
      return options.ownBlockHash;
    }
    blockHashFrom ??= 'nobody';
    if (fetch === undefined) return undefined;
    const hash = await fetchBlockHash(fetch, chainId, number);
    if (blockHashFrom === 'nobody') blockHashFrom = 'ledger';
    return hash;
  };
  // S4: of a log that the person has pinned, that file alone counts: somebody has looked at it.
  const trust = [...pinned, ...(own === undefined ? [] : [own])];
  const report = await verify(bundle ?? credential, {
    trust,
    now: options.now,
    clock: 'verifier',
    blockHash,
    pinnedBlockHashes: blockHashes,
  });
  // A list is looked in first, and then nobody is asked.
  const isAnchored = report.checks.some(({ name, outcome }) => name === 'anchor' && outcome === 'pass');
  if (blockHashFrom === undefined && isAnchored) blockHashFrom = 'list';
  const log = bundle?.['origin'];
  const used = trust.find(({ origin }) => origin === log);
  const origin = used?.origin ?? (typeof log === 'string' ? log : undefined);
  const trustFrom = used === undefined ? 'nobody' : used === own ? 'ledger' : 'user';
  return {
    report,
    credential,
    ...(bundle === undefined ? {} : { bundle }),
    ...(blockHashFrom === undefined ? {} : { blockHashFrom }),
    ...(origin === undefined ? {} : { origin }),
    trustFrom,
  };
}

/**
 * The serving ledger's trust file.
 * @param isSpared whether there are others, so that it may be missing
 * @throws PageProblem noTrust, offline, serverError
 */
async function ownTrust(fetch: Fetch, isSpared: boolean): Promise<TrustFile | undefined> {
  try {
    return await fetchTrust(fetch);
  } catch (error) {
    if (isSpared && error instanceof PageProblem) return undefined;
    throw error;
  }
}

/**
 * Whoever may be asked for a link's share: the serving ledger, for its own links only. Another host would be told who
 * looks at whose credential, so the person goes there knowingly or not at all.
 * @throws PageProblem otherLedger, linkInFile
 */
function askable(url: URL, own: TrustFile | undefined, fetch: Fetch | undefined): Fetch {
  if (fetch === undefined) throw new PageProblem('linkInFile', { host: url.host }, url);
  const ours = [own && new URL(own.log).origin, globalThis.location?.origin];
  if (!ours.includes(url.origin)) throw new PageProblem('otherLedger', { host: url.host }, url);
  return fetch;
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
