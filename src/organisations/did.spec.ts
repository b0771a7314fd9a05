import { describe, expect, it } from '@jest/globals';
import { EncodingError } from '../errors.js';
import { toMultikey } from '../encoding/base58.js';
import { didDocument, didDocumentUrl, organisationDid } from './did.js';
import type { OrganisationKey } from './organisation.js';

const ID = '5f0c7a4e-3c1b-4c55-9d0e-0d5c4f5f8f11';

describe('an organisation’s did', () => {
  it.each([
    ['http://localhost:3000', `did:web:localhost%3A3000:organisations:${ID}`],
    ['https://meriter.example', `did:web:meriter.example:organisations:${ID}`],
    ['https://example.se/meriter/', `did:web:example.se:meriter:organisations:${ID}`],
  ])('names the host, port and path of %s, and leads back there', (publicUrl, did) => {
    expect(organisationDid(publicUrl, ID)).toBe(did);
    expect(didDocumentUrl(did)).toBe(`${publicUrl.replace(/\/$/, '')}/organisations/${ID}/did.json`);
  });

  it('without a path leads to the well-known place', () => {
    expect(didDocumentUrl('did:web:w3c-ccg.github.io')).toBe('https://w3c-ccg.github.io/.well-known/did.json');
    expect(didDocumentUrl('did:web:127.0.0.1%3A80')).toBe('http://127.0.0.1:80/.well-known/did.json');
  });

  it.each([
    'did:key:z6Mk',
    'did:web:',
    'did:web:a@b',
    'did:web:a/b',
    'did:web:a:..:b',
    'did:web:a::b',
    'did:web:a:b?c',
  ])('is refused when it is %s', (did) => {
    expect(() => didDocumentUrl(did)).toThrow(EncodingError);
  });
});

describe('a did document', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const endedAt = '2026-02-01T00:00:00.000Z';
  function key(n: number, end: Partial<OrganisationKey>): OrganisationKey {
    const kid = toMultikey(new Uint8Array(32).fill(n));
    return { kid, publicKeyMultibase: kid, custody: 'operator', from: n, addedAt: at, ...end };
  }
  const did = `did:web:localhost%3A3000:organisations:${ID}`;
  const keys = [
    key(1, { to: 5, ended: 'rotated', endedAt }),
    key(2, { to: 6, ended: 'compromised', endedAt }),
    key(3, {}),
  ];
  const document = didDocument({
    is: 'registered',
    stream: `organisation-${ID}`,
    revision: 4,
    did,
    profile: { name: 'Sobona', organisationNumber: '2120000142', country: 'SE', roles: ['issuer'] },
    keys,
  });

  it('S8: keeps every key for ever, rotated ones with their expiry, revoked ones with their revocation', () => {
    expect(document['verificationMethod']).toEqual([
      expect.objectContaining({ id: `${did}#${keys[0]?.kid}`, type: 'Multikey', controller: did, expires: endedAt }),
      expect.objectContaining({ publicKeyMultibase: keys[1]?.kid, revoked: endedAt }),
      { id: `${did}#${keys[2]?.kid}`, type: 'Multikey', controller: did, publicKeyMultibase: keys[2]?.kid },
    ]);
  });

  it('lets a compromised key assert nothing', () => {
    expect(document['assertionMethod']).toEqual([`${did}#${keys[0]?.kid}`, `${did}#${keys[2]?.kid}`]);
  });
});
