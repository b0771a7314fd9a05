/**
 * `verify --check-domain`: whether the issuer's own website names its DID. The credential, signed and logged, names the
 * website (`issuer.url`); the website answers with the did:web document of its own host (W3C CCG did-method-web,
 * `/.well-known/did.json`) whose `alsoKnownAs` (W3C DID Core 1.0, section 5.1.3) holds the DID that the ledger gave the
 * organisation. Both ways together bind them; each alone is one side's word. It is shown beside the verdict and is no
 * part of it: domains come and go, what was issued stays.
 *
 * The address comes from a stranger's document: only that one path is asked for, only by https and its own port (http
 * for this machine alone), never an address in numbers, never another host, no more than a little for a little while.
 * Proven by issuer-domain.int.spec.ts.
 */
import { isJsonObject, type Json, type JsonObject } from '../encoding/json.js';
import { parseJson } from '../encoding/strict-json.js';
import { EncodingError } from '../errors.js';
import { printable } from './cli-io.js';
import { reasonOf } from './read-document.js';

const PATH = '/.well-known/did.json';
const MAX_BYTES = 64 * 1024;
const MAX_REDIRECTS = 3;
const TIMEOUT_MS = 5_000;

export interface IssuerDomain {
  /** `notReached`: the website did not answer, so that nothing is known. */
  readonly is: 'bound' | 'notBound' | 'notReached';
  /** Host of the issuer's website, with its port where that is not 443. */
  readonly domain?: string;
  readonly detail: string;
}

/**
 * @param credential a verifiable credential; its signature is the verifier's to check
 * @returns always: whatever the website does is its own business
 */
export async function checkIssuerDomain(credential: unknown, fetcher: typeof fetch): Promise<IssuerDomain> {
  const issuer = isJsonObject(credential) ? credential['issuer'] : undefined;
  const profile: JsonObject = isJsonObject(issuer) ? issuer : {};
  const did = profile['id'];
  const website = profile['url'];
  if (typeof did !== 'string' || typeof website !== 'string') {
    return { is: 'notBound', detail: 'the credential names no website of its issuer' };
  }
  const url = addressOf(website);
  if (url === undefined) {
    return { is: 'notBound', detail: `${short(website)} is no address that is asked: https and a name` };
  }
  const domain = url.host;
  try {
    const answer = await documentAt(url, fetcher);
    return 'refused' in answer
      ? { is: 'notBound', domain, detail: answer.refused }
      : { domain, ...bindingIn(answer.document, did, url) };
  } catch (error) {
    return { is: 'notReached', domain, detail: `${url.href}: ${reasonOf(error)}` };
  }
}

/** The well-known document of a website's host; undefined for a host that must not be asked. */
function addressOf(website: string): URL | undefined {
  if (!URL.canParse(PATH, website)) return undefined;
  const url = new URL(PATH, website);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.username !== '' || url.password !== '') return undefined;
  if (isHere) return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
  // A name with a dot whose last label is no number: neither an address nor a machine of one's own network.
  const isName = /^([a-z0-9_-]+\.)+[a-z][a-z0-9-]*\.?$/.test(url.hostname);
  return url.protocol === 'https:' && url.port === '' && isName ? url : undefined;
}

type Answer = { readonly document: Json } | { readonly refused: string };

async function documentAt(start: URL, fetcher: typeof fetch): Promise<Answer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await fetcher(url.href, { headers: { accept: 'application/json' }, redirect: 'manual', signal });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      if (!URL.canParse(location, url)) return { refused: `${url.href} redirects to nowhere` };
      const next = new URL(location, url);
      if (next.origin !== start.origin) return { refused: `${url.href} redirects to ${short(next.origin)}` };
      url = next;
      continue;
    }
    if (response.status >= 500 || response.status === 429) throw new RangeError(`HTTP ${response.status}`);
    if (!response.ok) return { refused: `${url.href}: HTTP ${response.status}` };
    return read(await bodyOf(response), url);
  }
  return { refused: `${start.href} redirects more than ${MAX_REDIRECTS} times` };
}

function read(body: string | undefined, url: URL): Answer {
  if (body === undefined) return { refused: `${url.href}: more than ${MAX_BYTES} bytes` };
  try {
    return { document: parseJson(body) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof EncodingError) return { refused: `${url.href}: is not JSON` };
    throw error;
  }
}

/** The body, read no further than the limit; undefined beyond it. */
async function bodyOf(response: Response): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += (part as Uint8Array).length;
    if (length > MAX_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Whether a did:web document is the host's own and names the DID as another of its subject's names. */
function bindingIn(document: Json, did: string, url: URL): Pick<IssuerDomain, 'is' | 'detail'> {
  const own = `did:web:${url.host.replace(':', '%3A')}`;
  if (!isJsonObject(document) || document['id'] !== own) {
    return { is: 'notBound', detail: `${url.href} is no DID document of ${own}` };
  }
  const names = document['alsoKnownAs'];
  if (!Array.isArray(names) || !names.includes(did)) {
    return { is: 'notBound', detail: `${url.href} does not name ${short(did)} in alsoKnownAs` };
  }
  return { is: 'bound', detail: `${url.href} names ${short(did)}` };
}

function short(text: string): string {
  return printable(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
