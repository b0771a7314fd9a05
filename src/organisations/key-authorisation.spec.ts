/** S13: who holds a key outside the service decides which key comes after it. */
import { describe, expect, it } from '@jest/globals';
import { generateKeyPair, signer, type Ed25519KeyPair } from '../crypto/ed25519.js';
import { toMultikey } from '../encoding/base58.js';
import { toBase64url } from '../encoding/base64.js';
import { fromUtf8 } from '../encoding/bytes.js';
import { given } from '../event-store/given-when-then.js';
import { authorises, keyChangeBytes, type KeyChange } from './key-authorisation.js';
import { organisationDecider } from './organisation.js';
import type { IssuingKey, KeyAuthorisation, KeyCustody, OrganisationEvent } from './organisation.events.js';

const ID = '9f6f7f58-4f5b-4c1e-9d3a-0a4b1c2d3e4f';
const DID = `did:web:ledger.example:organisations:${ID}`;
const pairs = [1, 2, 3].map(() => generateKeyPair());
const [OWN, NEXT, OTHER] = pairs as [Ed25519KeyPair, Ed25519KeyPair, Ed25519KeyPair];

const kidOf = ({ publicKey }: Ed25519KeyPair): string => toMultikey(publicKey);
const keyOf = (pair: Ed25519KeyPair, custody: KeyCustody): IssuingKey => ({
  kid: kidOf(pair),
  publicKeyMultibase: kidOf(pair),
  custody,
});
const signed = (by: Ed25519KeyPair, change: KeyChange): KeyAuthorisation => ({
  kid: kidOf(by),
  signature: toBase64url(signer(by.seed).sign(keyChangeBytes(change))),
});

const registered: OrganisationEvent = {
  type: 'OrganisationRegistered',
  data: { name: 'Påhittad', organisationNumber: '2021002114', country: 'SE', roles: ['issuer'], did: DID },
};
const withKey = (custody: KeyCustody): OrganisationEvent[] => [
  registered,
  { type: 'IssuingKeyAdded', data: keyOf(OWN, custody) },
];
const change: KeyChange = {
  organisation: DID,
  replaces: kidOf(OWN),
  kid: kidOf(NEXT),
  custody: 'operator',
  revision: 1,
};
const rotation = { ...keyOf(NEXT, 'operator'), replaces: kidOf(OWN) };

describe('a key that the organisation itself holds', () => {
  const organisation = given(organisationDecider, withKey('organisation'));

  it('S13: is followed by another with its signature, which stands in the event for everybody', () => {
    const authorisation = signed(OWN, change);
    organisation
      .when({ type: 'RotateIssuingKey', ...rotation, authorisation })
      .then([{ type: 'IssuingKeyRotated', data: { ...rotation, authorisation } }]);
  });

  it('S13: is not followed by the operator’s own without its signature', () => {
    organisation.when({ type: 'RotateIssuingKey', ...rotation }).thenRefused('keyAuthorisationMissing');
    organisation.when({ type: 'AddIssuingKey', ...keyOf(NEXT, 'operator') }).thenRefused('keyAuthorisationMissing');
  });

  it.each([
    ['of another key, in its own name', signed(OTHER, change)],
    ['of another key, in the name of this one', { ...signed(OTHER, change), kid: kidOf(OWN) }],
    ['of the new key', signed(NEXT, change)],
    ['for another new key', signed(OWN, { ...change, kid: kidOf(OTHER) })],
    ['for another holder', signed(OWN, { ...change, custody: 'organisation' })],
    ['for another organisation', signed(OWN, { ...change, organisation: `${DID.slice(0, -1)}0` })],
    ['for another revision', signed(OWN, { ...change, revision: 2 })],
    ['for a key beside it', signed(OWN, { ...change, replaces: kidOf(OTHER) })],
    ['cut short', { ...signed(OWN, change), signature: signed(OWN, change).signature.slice(0, -4) }],
    ['that is none', { kid: kidOf(OWN), signature: '***' }],
  ])('S13: is not followed by another with a signature %s', (_, authorisation) => {
    organisation.when({ type: 'RotateIssuingKey', ...rotation, authorisation }).thenRefused('keyAuthorisationInvalid');
  });

  it('S13: is not got around by a key of the operator beside it, nor by ending that one', () => {
    const beside: KeyChange = { organisation: DID, kid: kidOf(NEXT), custody: 'operator', revision: 1 };
    const added = { ...keyOf(NEXT, 'operator'), authorisation: signed(OWN, beside) };
    organisation.when({ type: 'AddIssuingKey', ...added }).then([{ type: 'IssuingKeyAdded', data: added }]);
    const both = given(organisationDecider, [...withKey('organisation'), { type: 'IssuingKeyAdded', data: added }]);
    both
      .when({ type: 'RotateIssuingKey', ...keyOf(OTHER, 'operator'), replaces: kidOf(NEXT) })
      .thenRefused('keyAuthorisationMissing');
  });

  it('that is revoked needs no signature: whoever has it may be who took it. The log shows both', () => {
    const revoked: OrganisationEvent = {
      type: 'IssuingKeyRevoked',
      data: { kid: kidOf(OWN), reason: 'compromised' },
    };
    const after = given(organisationDecider, [...withKey('organisation'), revoked]);
    const key = keyOf(NEXT, 'operator');
    after.when({ type: 'AddIssuingKey', ...key }).then([{ type: 'IssuingKeyAdded', data: key }]);
    const beside: KeyChange = { organisation: DID, kid: kidOf(NEXT), custody: 'operator', revision: 2 };
    after
      .when({ type: 'AddIssuingKey', ...key, authorisation: signed(OWN, beside) })
      .thenRefused('keyAuthorisationInvalid');
  });
});

describe('a key that the operator holds', () => {
  const organisation = given(organisationDecider, withKey('operator'));

  it('may sign that the organisation takes over, and did not in events from before', () => {
    const toOwn = { ...keyOf(NEXT, 'organisation'), replaces: kidOf(OWN) };
    organisation.when({ type: 'RotateIssuingKey', ...toOwn }).then([{ type: 'IssuingKeyRotated', data: toOwn }]);
    const authorisation = signed(OWN, { ...change, custody: 'organisation' });
    const state = organisation
      .when({ type: 'RotateIssuingKey', ...toOwn, authorisation })
      .then([{ type: 'IssuingKeyRotated', data: { ...toOwn, authorisation } }]);
    // The state has the key alone: what a standing record says of it does not change.
    expect(state.is === 'unregistered' ? [] : Object.keys(state.keys[1]!).sort()).toEqual(
      ['addedAt', 'custody', 'from', 'kid', 'publicKeyMultibase'].sort(),
    );
  });

  it('S13: gives no signature that is wrong', () => {
    const authorisation = signed(OTHER, change);
    organisation.when({ type: 'RotateIssuingKey', ...rotation, authorisation }).thenRefused('keyAuthorisationInvalid');
  });
});

describe('what is signed', () => {
  it('is the statement as JCS, as docs/formats.md says, and longer than what a proof signs', () => {
    const bytes = keyChangeBytes({ ...change, replaces: 'zOld', kid: 'zNew' });
    expect(fromUtf8(bytes)).toBe(
      `{"custody":"operator","kid":"zNew","organisation":"${DID}","purpose":"meritkedja issuing key change v1","replaces":"zOld","revision":1}`,
    );
    expect(keyChangeBytes({ organisation: '', kid: '', custody: 'operator', revision: 0 }).length).toBeGreaterThan(64);
  });

  it('cannot be read where the key is none', () => {
    expect(authorises({ ...signed(OWN, change), kid: 'z' }, change)).toBe(false);
  });
});
