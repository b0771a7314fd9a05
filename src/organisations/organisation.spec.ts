import { describe, expect, it } from '@jest/globals';
import { toMultikey } from '../encoding/base58.js';
import { given } from '../event-store/given-when-then.js';
import { activeKey, keyInForce, organisationDecider, type KnownOrganisation } from './organisation.js';
import type { IssuingKey, OrganisationEvent, OrganisationProfile } from './organisation.events.js';

const ID = '5f0c7a4e-3c1b-4c55-9d0e-0d5c4f5f8f11';
const DID = `did:web:localhost%3A3000:organisations:${ID}`;
const PROFILE: OrganisationProfile = {
  name: 'Skellefteå kommun',
  organisationNumber: '2120002643',
  country: 'SE',
  roles: ['issuer', 'steward'],
};

function key(n: number): IssuingKey {
  const kid = toMultikey(new Uint8Array(32).fill(n));
  return { kid, publicKeyMultibase: kid, custody: 'operator' };
}
const registered: OrganisationEvent = { type: 'OrganisationRegistered', data: { ...PROFILE, did: DID } };
function added(n: number): OrganisationEvent {
  return { type: 'IssuingKeyAdded', data: key(n) };
}
const rotated: OrganisationEvent = { type: 'IssuingKeyRotated', data: { ...key(2), replaces: key(1).kid } };
const closed: OrganisationEvent = { type: 'OrganisationClosed', data: {} };

describe('an organisation that is not registered', () => {
  const nobody = given(organisationDecider, []);

  it('registers with a did that is its own for ever', () => {
    nobody.when({ type: 'RegisterOrganisation', id: ID, did: DID, ...PROFILE }).then([registered]);
  });

  it('keeps its number without the hyphen', () => {
    nobody
      .when({ type: 'RegisterOrganisation', id: ID, did: DID, ...PROFILE, organisationNumber: '212000-2643' })
      .then([registered]);
  });

  it('S20: is refused with a sole trader’s number, which the error does not repeat', () => {
    const command = { type: 'RegisterOrganisation', id: ID, did: DID, ...PROFILE } as const;
    nobody.when({ ...command, organisationNumber: '8001022386' }).thenRefused('soleTraderNumber', {});
  });

  it.each([
    ['organisationNumberChecksum', { organisationNumber: '2120002642' }],
    ['organisationNumberMalformed', { organisationNumber: 'SE212000' }],
    ['nameLength', { name: '' }],
    ['nameLength', { name: 'å'.repeat(201) }],
    ['didMismatch', { did: 'did:web:localhost:organisations:another' }],
    ['didMismatch', { did: `did:key:${ID}` }],
  ])('is refused: %s %#', (code, change) => {
    nobody.when({ type: 'RegisterOrganisation', id: ID, did: DID, ...PROFILE, ...change }).thenRefused(code);
  });

  it('can do nothing else', () => {
    nobody.when({ type: 'AddIssuingKey', ...key(1) }).thenRefused('organisationUnknown');
    nobody.when({ type: 'CloseOrganisation' }).thenRefused('organisationUnknown');
  });
});

describe('a registered organisation', () => {
  const organisation = given(organisationDecider, [registered, added(1)]);

  it('is not registered again', () => {
    organisation.when({ type: 'RegisterOrganisation', id: ID, did: DID, ...PROFILE }).thenRefused('organisationExists');
  });

  it('changes its details, but not its number', () => {
    const details = { ...PROFILE, name: 'Skellefteå' };
    organisation
      .when({ type: 'ChangeOrganisationDetails', ...details })
      .then([{ type: 'OrganisationDetailsChanged', data: details }]);
    organisation.when({ type: 'ChangeOrganisationDetails', ...PROFILE }).then([]);
    organisation
      .when({ type: 'ChangeOrganisationDetails', ...PROFILE, organisationNumber: '2120000142' })
      .thenRefused('organisationNumberFixed');
  });

  it('adds a key beside the active one, and issues with the newest', () => {
    const state = organisation.when({ type: 'AddIssuingKey', ...key(2) }).then([added(2)]);
    expect(activeKey(state)?.kid).toBe(key(2).kid);
    expect(keyInForce(state, key(1).kid, 7)).toBe(true);
  });

  it('S8: never has a kid twice, not even after the key has ended', () => {
    organisation.when({ type: 'AddIssuingKey', ...key(1) }).thenRefused('keyUsed');
    given(organisationDecider, [registered, added(1), rotated])
      .when({ type: 'RotateIssuingKey', ...key(1), replaces: key(2).kid })
      .thenRefused('keyUsed');
  });

  it.each([
    ['keyMalformed', { kid: 'z6Mk', publicKeyMultibase: 'z6Mk' }],
    ['keyMalformed', { publicKeyMultibase: toMultikey(new Uint8Array(32).fill(3)).slice(1) }],
    ['kidMismatch', { kid: 'main' }],
  ])('takes no other than an Ed25519 key under its own name: %s %#', (code, change) => {
    organisation.when({ type: 'AddIssuingKey', ...key(3), ...change }).thenRefused(code);
  });

  it('S8: rotates: the old key ends where the new one begins', () => {
    const state = organisation.when({ type: 'RotateIssuingKey', ...key(2), replaces: key(1).kid }).then([rotated]);
    expect(activeKey(state)?.kid).toBe(key(2).kid);
    const old = [1, 2, 3].map((index) => keyInForce(state, key(1).kid, index));
    expect(old).toEqual([false, false, false]);
    const later = given(organisationDecider, [registered, added(1), rotated], (n) => ({ index: n * 10 })).state;
    expect([10, 11, 19, 20, 21].map((index) => keyInForce(later, key(1).kid, index))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    expect([19, 20, 21].map((index) => keyInForce(later, key(2).kid, index))).toEqual([false, false, true]);
  });

  it('rotates only an active key', () => {
    organisation.when({ type: 'RotateIssuingKey', ...key(3), replaces: key(2).kid }).thenRefused('keyUnknown');
    given(organisationDecider, [registered, added(1), rotated])
      .when({ type: 'RotateIssuingKey', ...key(3), replaces: key(1).kid })
      .thenRefused('keyNotActive');
  });

  it('may lose its last key, and then has none to issue with', () => {
    const state = organisation
      .when({ type: 'RevokeIssuingKey', kid: key(1).kid, reason: 'ceased', logSize: 2 })
      .then([{ type: 'IssuingKeyRevoked', data: { kid: key(1).kid, reason: 'ceased' } }]);
    expect(activeKey(state)).toBeUndefined();
    expect(keyInForce(state, key(1).kid, 3)).toBe(false);
  });
});

describe('the revocation of a key', () => {
  const at = (n: number): { index: number } => ({ index: n * 10 });
  const organisation = given(organisationDecider, [registered, added(1), rotated], at);
  const { kid } = key(2);

  it('S8: reaches back only for a compromised key', () => {
    organisation
      .when({ type: 'RevokeIssuingKey', kid, reason: 'superseded', fromIndex: 5, logSize: 30 })
      .thenRefused('fromIndexNeedsCompromise');
    const state = organisation
      .when({ type: 'RevokeIssuingKey', kid, reason: 'compromised', fromIndex: 25, logSize: 30 })
      .then([{ type: 'IssuingKeyRevoked', data: { kid, reason: 'compromised', fromIndex: 25 } }]);
    expect([20, 21, 24, 25].map((index) => keyInForce(state, kid, index))).toEqual([false, true, true, false]);
  });

  it('S8: never reaches ahead', () => {
    for (const fromIndex of [31, -1, 2.5]) {
      organisation
        .when({ type: 'RevokeIssuingKey', kid, reason: 'compromised', fromIndex, logSize: 30 })
        .thenRefused('fromIndexOutOfRange');
    }
    const future: OrganisationEvent = {
      type: 'IssuingKeyRevoked',
      data: { kid, reason: 'compromised', fromIndex: 99 },
    };
    const { state } = given(organisationDecider, [registered, added(1), rotated, future], at);
    expect(keyInForce(state, kid, 40)).toBe(false);
  });

  it('S8: of an ended key needs an earlier index than its end', () => {
    const old = key(1).kid;
    const command = { type: 'RevokeIssuingKey', kid: old, reason: 'compromised', logSize: 30 } as const;
    organisation.when(command).thenRefused('keyNotActive');
    organisation.when({ ...command, fromIndex: 20 }).thenRefused('keyNotActive');
    const state = organisation
      .when({ ...command, fromIndex: 15 })
      .then([{ type: 'IssuingKeyRevoked', data: { kid: old, reason: 'compromised', fromIndex: 15 } }]);
    expect((state as KnownOrganisation).keys[0]).toMatchObject({ to: 15, ended: 'compromised' });
  });
});

describe('a closed organisation', () => {
  const organisation = given(organisationDecider, [registered, added(1), closed]);

  it('has no key to issue with', () => {
    expect(activeKey(organisation.state)).toBeUndefined();
    expect(keyInForce(organisation.state, key(1).kid, 2)).toBe(false);
  });

  it('changes nothing any more, but that a key was compromised', () => {
    organisation.when({ type: 'CloseOrganisation' }).thenRefused('organisationClosed');
    organisation.when({ type: 'AddIssuingKey', ...key(2) }).thenRefused('organisationClosed');
    organisation
      .when({ type: 'RevokeIssuingKey', kid: key(1).kid, reason: 'compromised', fromIndex: 2, logSize: 3 })
      .then([{ type: 'IssuingKeyRevoked', data: { kid: key(1).kid, reason: 'compromised', fromIndex: 2 } }]);
  });
});
