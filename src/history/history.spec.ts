import { describe, expect, it } from '@jest/globals';
import type { CredentialIssued } from '../credentials/credential.events.js';
import { OWNER_MANDATE } from '../definitions/definition.js';
import type { JsonObject } from '../encoding/json.js';
import { bearsOn, credentialAt, definitionAt, organisationAt, upTo, type LoggedEvent } from './history.js';

const ISSUER = '00000000-0000-4000-8000-000000000001';
const OWNER = '00000000-0000-4000-8000-000000000002';
const DEFINITION = '00000000-0000-4000-8000-0000000000d1';
const CREDENTIAL = '00000000-0000-4000-8000-0000000000c1';
const MANDATE = '00000000-0000-4000-8000-0000000000a1';
const day = (n: number, time = '12:00:00.000'): string => `2026-06-${String(n).padStart(2, '0')}T${time}Z`;
const noon = (n: number): Date => new Date(day(n));

type Fact = readonly [day: number, index: number, type: string, data?: object];

/** Events of one stream, each with its day and its index in the log. */
function stream(name: string, ...facts: readonly Fact[]): readonly LoggedEvent[] {
  return facts.map(([n, index, type, data = {}], revision) => ({
    ...{ stream: name, revision, index, type, at: day(n), by: 'operator' },
    data: data as JsonObject,
  }));
}
const key = (kid: string): object => ({ kid, publicKeyMultibase: kid, custody: 'operator' });
const organisation = (...facts: readonly Fact[]): readonly LoggedEvent[] =>
  stream(
    `organisation-${ISSUER}`,
    [1, 1, 'OrganisationRegistered', { name: 'Kraft', organisationNumber: '5599000016', did: 'did:web:x', roles: [] }],
    [1, 2, 'IssuingKeyAdded', key('k1')],
    ...facts,
  );
const definition = (...facts: readonly Fact[]): readonly LoggedEvent[] =>
  stream(
    `definition-${DEFINITION}`,
    [2, 3, 'DefinitionCreated', { creator: OWNER, owner: OWNER, visibility: 'public' }],
    [2, 4, 'VersionPublished', { version: 1, content: {} }],
    [2, 5, 'MandateGranted', { mandate: MANDATE, organisation: ISSUER, requirementsChecked: true, to: day(20) }],
    ...facts,
  );
const issued: CredentialIssued['data'] = {
  ...{ digest: '00', organisation: ISSUER, key: 'k1', definition: DEFINITION, version: 1, mandate: MANDATE },
  statusLists: { revocation: { list: 'r', index: 0 }, suspension: { list: 's', index: 0 } },
  ...{ validFrom: day(4), validUntil: day(25), reads: [] },
};
const credential = (...facts: readonly Fact[]): readonly LoggedEvent[] =>
  stream(`credential-${CREDENTIAL}`, [3, 10, 'CredentialIssued', issued], ...facts);

describe('a moment', () => {
  it('is a prefix of the stream, whatever its clocks say in between (S18)', () => {
    const events = stream('x', [1, 1, 'A'], [3, 2, 'B'], [2, 3, 'C'], [4, 4, 'D']);
    expect(upTo(events, noon(2)).map(({ type }) => type)).toEqual(['A', 'B', 'C']);
    expect(upTo(events, noon(4))).toHaveLength(4);
    expect(upTo(events, new Date(day(1, '11:59:59.999')))).toEqual([]);
  });
});

describe('an organisation as it stood', () => {
  const events = organisation(
    [5, 20, 'IssuingKeyRotated', { ...key('k2'), replaces: 'k1' }],
    [9, 30, 'OrganisationClosed'],
  );
  it('has the keys that were active then', () => {
    expect(organisationAt(upTo(events, noon(4))).keys?.map(({ kid }) => kid)).toEqual(['k1']);
    expect(organisationAt(upTo(events, noon(5))).keys?.map(({ kid }) => kid)).toEqual(['k2']);
  });
  it('has none once it is closed, and did not exist before it was registered', () => {
    expect(organisationAt(events)).toMatchObject({ is: 'closed', name: 'Kraft', keys: [] });
    expect(organisationAt([])).toEqual({ is: 'unregistered' });
  });
});

describe('a definition as it stood', () => {
  it('has its versions and whoever had a mandate in force', () => {
    const events = definition([6, 21, 'VersionRetired', { version: 1 }]);
    expect(definitionAt(upTo(events, noon(3)), noon(3))).toMatchObject({
      ...{ is: 'created', owner: OWNER, mandated: [ISSUER] },
      versions: [{ version: 1, publishedAt: day(2) }],
    });
    expect(definitionAt(events, noon(21))).toMatchObject({ mandated: [], versions: [{ retiredAt: day(6) }] });
  });
});

describe('a credential as it stood', () => {
  const at = (n: number, events = credential(), org = organisation(), def = definition()) =>
    credentialAt(
      { credential: upTo(events, noon(n)), organisation: upTo(org, noon(n)), definition: upTo(def, noon(n)) },
      noon(n),
    );

  it('was not issued, not valid yet, valid, and past its date', () => {
    expect(at(2)).toEqual({ is: 'unissued' });
    expect(at(3)).toMatchObject({ is: 'active', validity: 'notYetValid' });
    expect(at(4)).toMatchObject({ is: 'active', validity: 'valid' });
    expect(at(25)).toMatchObject({ is: 'active', validity: 'expired' });
  });

  it('was suspended for a while, and then revoked for good', () => {
    const events = credential(
      [5, 20, 'CredentialSuspended', { reasonCode: 'appeal' }],
      [7, 21, 'CredentialReinstated'],
      [9, 22, 'CredentialRevoked', { reasonCode: 'issuedInError' }],
    );
    expect([4, 5, 7, 9].map((n) => at(n, events).is)).toEqual(['active', 'suspended', 'active', 'revoked']);
    expect(at(9, events).reasonCode).toBe('issuedInError');
  });

  it('S8: stands on a key that ended after it, and not on one revoked from before it', () => {
    const rotated = organisation([8, 20, 'IssuingKeyRotated', { ...key('k2'), replaces: 'k1' }]);
    expect(at(7, credential(), rotated).key).toEqual({ kid: 'k1', state: 'active', stands: true });
    expect(at(8, credential(), rotated).key).toEqual({ kid: 'k1', state: 'rotated', stands: true });
    const stolen = organisation([8, 20, 'IssuingKeyRevoked', { kid: 'k1', reason: 'compromised', fromIndex: 6 }]);
    expect(at(8, credential(), stolen).key).toEqual({ kid: 'k1', state: 'compromised', stands: false });
  });

  it('had a mandate that ran out or was withdrawn, or its owner issued it', () => {
    expect(at(20).mandate?.state).toBe('inForce');
    expect(at(21).mandate?.state).toBe('ended');
    const withdrawn = definition([6, 20, 'MandateWithdrawn', { mandate: MANDATE, reason: 'x', effect: 'futureOnly' }]);
    expect(at(6, credential(), organisation(), withdrawn).mandate?.state).toBe('withdrawn');
    const own = stream(`credential-${CREDENTIAL}`, [3, 10, 'CredentialIssued', { ...issued, mandate: OWNER_MANDATE }]);
    expect(at(6, own).mandate?.state).toBe('owner');
  });

  it('knows the gravest that a newer version says', () => {
    const newer = definition(
      [6, 20, 'VersionPublished', { version: 2, content: {}, effectOnHolders: 'renewalRequired' }],
      [7, 21, 'VersionPublished', { version: 3, content: {}, effectOnHolders: 'none' }],
    );
    expect(at(5, credential(), organisation(), newer).version).toEqual({ held: 1, newest: 1, retired: false });
    expect(at(7, credential(), organisation(), newer).version).toEqual({
      ...{ held: 1, newest: 3, retired: false, effect: 'renewalRequired' },
    });
  });
});

describe('what happened elsewhere', () => {
  it('bears on a credential where it is about its key, its mandate or its version', () => {
    const events = [
      ...organisation(
        [8, 20, 'IssuingKeyRotated', { ...key('k2'), replaces: 'k1' }],
        [8, 21, 'IssuingKeyRevoked', { kid: 'k1', reason: 'ceased' }],
        [8, 22, 'IssuingKeyRevoked', { kid: 'k2', reason: 'ceased' }],
      ),
      ...definition(
        [9, 23, 'VersionPublished', { version: 2, content: {} }],
        [9, 24, 'VersionRetired', { version: 2 }],
        [9, 25, 'VersionRetired', { version: 1 }],
        [9, 26, 'MandateWithdrawn', { mandate: MANDATE, reason: 'x', effect: 'futureOnly' }],
      ),
    ];
    expect(events.filter((event) => bearsOn(issued, event)).map(({ index }) => index)).toEqual([20, 21, 23, 25, 26]);
  });
});
