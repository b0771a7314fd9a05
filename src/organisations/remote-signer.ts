/**
 * The signer that holds an organisation's key outside the service (S13): one HTTPS POST of JSON a signature, described in
 * docs/formats.md 8. The signer gets the whole document, so that it can see what it signs and make the bytes itself; its
 * answer is checked against the public key before anything is done with it.
 *
 * The address is the operator's and organisation's to give (SSRF): https alone, or http to this very machine; redirects
 * are not followed, the answer is read up to a limit, and nothing of it but the signature goes any further.
 * Proven by remote-signer.int.spec.ts.
 */
import { fromMultikey } from '../encoding/base58.js';
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { concatBytes, fromUtf8 } from '../encoding/bytes.js';
import { isJsonObject, type JsonObject } from '../encoding/json.js';
import { verifyEd25519 } from '../crypto/ed25519.js';
import { EncodingError, SignerError } from '../errors.js';

export interface RemoteSigner {
  /** See `isSignerUrl`. */
  readonly url: string;
  /** Sent as bearer token. */
  readonly token?: string;
}

/** What is to be signed, for whoever signs it. */
export interface Signable {
  /** `keyChange` and `signerCheck` sign the JCS of the document; the others make a proof of it. */
  readonly kind: 'credential' | 'statusList' | 'keyChange' | 'signerCheck';
  readonly document: JsonObject;
  /** Configuration of the Data Integrity proof, without `proofValue`. */
  readonly proof?: JsonObject;
}

const ATTEMPTS = 2;
const TIMEOUT_MS = 4_000;
const MAX_ANSWER_BYTES = 8_192;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a signer may be there: https, or http on this machine; no credentials, no fragment. */
export function isSignerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}

/**
 * Has a signer sign.
 * @param kid the key, whose public part the signature is checked against
 * @param message the bytes to be signed, as the service makes them
 * @returns 64 bytes
 * @throws SignerError `signerUnreachable` where it does not answer, or is in trouble, twice; `signerRefused` for any other
 *   answer than this key's signature
 */
export async function signRemotely(
  signer: RemoteSigner,
  kid: string,
  message: Uint8Array,
  about: Signable,
): Promise<Uint8Array> {
  const body = JSON.stringify({ v: 1, kid, ...about, message: toBase64url(message) });
  let trouble = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    let answer: Answer;
    try {
      answer = await post(signer, body);
    } catch (error) {
      // Not reached, or too slow. The signature is the same the second time: asking again does no harm.
      trouble = reasonOf(error);
      continue;
    }
    if (answer.status >= 500 || answer.status === 429) {
      trouble = `status ${answer.status}`;
      continue;
    }
    return checked(answer, kid, message);
  }
  throw new SignerError('signerUnreachable', kid, trouble);
}

interface Answer {
  readonly status: number;
  /** Undefined where it is longer than allowed. */
  readonly body: Uint8Array | undefined;
}

async function post({ url, token }: RemoteSigner, body: string): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) return { status: response.status, body: concatBytes(...chunks) };
    chunks.push(next.value);
    size += next.value.length;
    if (size > MAX_ANSWER_BYTES) {
      await reader?.cancel();
      return { status: response.status, body: undefined };
    }
  }
}

function checked({ status, body }: Answer, kid: string, message: Uint8Array): Uint8Array {
  if (status !== 200) throw new SignerError('signerRefused', kid, `status ${status}`);
  if (!body) throw new SignerError('signerRefused', kid, `an answer of more than ${MAX_ANSWER_BYTES} bytes`);
  const signature = signatureIn(body);
  if (!signature) throw new SignerError('signerRefused', kid, 'an answer without a signature of 64 bytes in base64url');
  if (!verifyEd25519(fromMultikey(kid), message, signature)) {
    throw new SignerError('signerRefused', kid, 'a signature that is not the key’s over what was sent');
  }
  return signature;
}

function signatureIn(body: Uint8Array): Uint8Array | undefined {
  try {
    const answer: unknown = JSON.parse(fromUtf8(body));
    const text = isJsonObject(answer) ? answer['signature'] : undefined;
    const signature = typeof text === 'string' ? fromBase64url(text) : undefined;
    return signature?.length === 64 ? signature : undefined;
  } catch (error) {
    if (error instanceof EncodingError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Without the address, which may hold a secret. */
function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return `no answer in ${TIMEOUT_MS} ms`;
  const code = error instanceof TypeError ? (error.cause as { code?: unknown } | undefined)?.code : undefined;
  return typeof code === 'string' ? code : 'not reached';
}
