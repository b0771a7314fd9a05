/** What the pages fetch from the ledger that serves them. All of it is checked, or said to be the ledger's own word. */
import type { TrustFile } from '../../verification/bundle.js';
import { parseTrust } from '../../verification/trust.js';
import { InputError } from '../../errors.js';
import { isJsonObject, type JsonObject } from '../../encoding/json.js';
import type { SealedShare } from '../../holders/share-crypto.js';
import { PageProblem, type ProblemCode } from './problem.js';

export type Fetch = (path: string) => Promise<Response>;

/** The ledger's answer, and while it does not answer the last one that it gave: a report says what time it knows of. */
export function remembering(fetch: Fetch): Fetch {
  const kept = new Map<string, Response>();
  return async (path) => {
    try {
      const response = await fetch(path);
      if (response.ok) kept.set(path, response.clone());
      return response;
    } catch (error) {
      const last = kept.get(path);
      if (last === undefined) throw error;
      return last.clone();
    }
  };
}

async function getJson(fetch: Fetch, path: string, absent: ProblemCode): Promise<JsonObject> {
  let response: Response;
  try {
    response = await fetch(path);
  } catch {
    throw new PageProblem('offline');
  }
  if (response.status === 404 || response.status === 410) throw new PageProblem(absent);
  if (!response.ok) throw new PageProblem('serverError', { status: response.status });
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    throw new PageProblem('serverError', { status: response.status });
  }
  if (!isJsonObject(body)) throw new PageProblem('serverError', { status: response.status });
  return body;
}

/**
 * The trust file of the serving ledger (S4: the page says whose it is).
 * @throws PageProblem noTrust, offline, serverError
 */
export async function fetchTrust(fetch: Fetch): Promise<TrustFile> {
  const json = await getJson(fetch, '/.well-known/meritkedja.json', 'noTrust');
  try {
    return parseTrust(json);
  } catch (error) {
    if (error instanceof InputError) throw new PageProblem('noTrust');
    throw error;
  }
}

/**
 * The proof bundle of a credential without the credential, which is not public.
 * @param id UUID
 * @throws PageProblem noEvidence, offline, serverError
 */
export function fetchEvidence(fetch: Fetch, id: string): Promise<JsonObject> {
  return getJson(fetch, `/api/v1/credentials/${encodeURIComponent(id)}/evidence`, 'noEvidence');
}

/** @throws PageProblem noShare, badShare, offline, serverError */
export async function fetchShare(fetch: Fetch, id: string): Promise<SealedShare> {
  const { nonce, ciphertext } = await getJson(fetch, `/api/v1/shares/${encodeURIComponent(id)}`, 'noShare');
  if (typeof nonce !== 'string' || typeof ciphertext !== 'string') throw new PageProblem('badShare');
  return { nonce, ciphertext };
}

/** A block's hash on the word of the ledger's own node. @throws PageProblem where it gives none */
export async function fetchBlockHash(fetch: Fetch, chainId: number, number: number): Promise<string> {
  const { hash } = await getJson(fetch, `/api/v1/chains/${chainId}/blocks/${number}`, 'serverError');
  if (typeof hash !== 'string') throw new PageProblem('serverError', { status: 200 });
  return hash;
}
