/**
 * The organisations' DIDs: did:web (W3C CCG did-method-web) and the DID document (W3C Controlled Identifiers 1.0,
 * Multikey). The document keeps every key for ever (S8) and serves readers who do not know the log; the verifier takes
 * keys from the log. Proven by `did.spec.ts`.
 */
import { EncodingError, InvariantError } from '../errors.js';
import type { JsonObject } from '../encoding/json.js';
import type { KnownOrganisation } from './organisation.js';

const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1']);

/**
 * `did:web:<host>[%3A<port>][:<path>…]:organisations:<id>`, fixed when the organisation is registered.
 * @param publicUrl the service's own URL, for example `http://localhost:3000`
 * @param id UUID of the organisation
 */
export function organisationDid(publicUrl: string, id: string): string {
  const url = readUrl(publicUrl);
  const path = url.pathname.split('/').filter((segment) => segment !== '');
  return ['did', 'web', url.host.replace(':', '%3A'), ...path, 'organisations', id].join(':');
}

/**
 * Where a did:web document is: HTTPS, but HTTP for a host of `localhost` or 127.0.0.1.
 * @throws EncodingError for what is no did:web
 */
export function didDocumentUrl(did: string): string {
  const [scheme, method, host, ...path] = did.split(':');
  if (scheme !== 'did' || method !== 'web' || !host || !/^[A-Za-z0-9.-]+(%3A\d{1,5})?$/i.test(host)) {
    throw new EncodingError(`expected did:web:<host>, got ${JSON.stringify(did)}`);
  }
  if (path.some((segment) => !/^[A-Za-z0-9._~%-]+$/.test(segment) || /^\.{1,2}$/.test(segment))) {
    throw new EncodingError(`expected path segments in ${JSON.stringify(did)}`);
  }
  const [name = '', port] = host.toLowerCase().split('%3a');
  const protocol = LOCAL_HOSTS.has(name) ? 'http' : 'https';
  const location = path.length === 0 ? '.well-known' : path.join('/');
  return `${protocol}://${port === undefined ? name : `${name}:${port}`}/${location}/did.json`;
}

/** The DID URL of a key, as it stands in a proof's `verificationMethod`. */
export function verificationMethodOf(did: string, kid: string): string {
  return `${did}#${kid}`;
}

/**
 * The DID document: all keys, rotated ones with `expires`, revoked ones with `revoked`. A compromised key verifies
 * nothing any more for those who cannot see the log's order, so it is no assertion method.
 */
export function didDocument(organisation: KnownOrganisation): JsonObject {
  const { did, keys } = organisation;
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    verificationMethod: keys.map(({ kid, publicKeyMultibase, ended, endedAt }) => ({
      id: verificationMethodOf(did, kid),
      type: 'Multikey',
      controller: did,
      publicKeyMultibase,
      ...(ended === undefined || endedAt === undefined
        ? {}
        : ended === 'rotated'
          ? { expires: endedAt }
          : { revoked: endedAt }),
    })),
    assertionMethod: keys.filter((key) => key.ended !== 'compromised').map((key) => verificationMethodOf(did, key.kid)),
  };
}

function readUrl(publicUrl: string): URL {
  if (!URL.canParse(publicUrl)) throw new InvariantError(`${publicUrl}: the public URL was checked at start`);
  return new URL(publicUrl);
}
