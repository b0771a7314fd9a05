/** Agreement with the deciders' states over random histories is in `credentials/issuing.spec.ts`. */
import { describe, expect, it } from '@jest/globals';
import { fromUtf8 } from '../encoding/bytes.js';
import type { JsonObject } from '../encoding/json.js';
import { leafBytes, StandingState, type LoggedEvent } from './standing-state.js';

/** Folds events at log indexes 10, 20, 30 …; revisions count within each stream. */
function fold(events: readonly (readonly [stream: string, type: string, data: JsonObject])[]): StandingState {
  const standing = new StandingState();
  const revisions = new Map<string, number>();
  events.forEach(([stream, type, data], n) => {
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    standing.apply({ stream, revision, type, data, index: (n + 1) * 10 });
  });
  return standing;
}
function key(kid: string): JsonObject {
  return { kid, publicKeyMultibase: kid, custody: 'operator' };
}
const registered = { name: 'A', organisationNumber: '2120000142', country: 'SE', roles: [], did: 'did:web:a' };

describe('the standing of an organisation', () => {
  it('S1, S8: keeps ended keys, with the log indexes where they began and ended', () => {
    const standing = fold([
      ['organisation-1', 'OrganisationRegistered', registered],
      ['organisation-1', 'IssuingKeyAdded', key('k1')],
      ['organisation-1', 'IssuingKeyRotated', { ...key('k2'), replaces: 'k1' }],
      ['organisation-1', 'IssuingKeyRevoked', { kid: 'k2', reason: 'compromised', fromIndex: 33 }],
      ['organisation-1', 'OrganisationDetailsChanged', { ...registered, name: 'B' }],
      ['organisation-1', 'IssuingKeyRevoked', { kid: 'k1', reason: 'compromised', fromIndex: 25 }],
      ['organisation-1', 'OrganisationClosed', {}],
    ]);
    expect(standing.leaves()).toEqual([
      {
        stream: 'organisation-1',
        revision: 6,
        state: {
          name: 'B',
          did: 'did:web:a',
          keys: [
            { ...key('k1'), from: 20, to: 25, ended: 'compromised' },
            { ...key('k2'), from: 30, to: 33, ended: 'compromised' },
          ],
          revisions: [10, 20, 30, 40, 50, 60, 70],
          closed: 70,
        },
      },
    ]);
  });

  it('S8: lets no later event revive a key, lengthen it or change the did', () => {
    const standing = fold([
      ['organisation-1', 'OrganisationRegistered', registered],
      ['organisation-1', 'IssuingKeyAdded', key('k1')],
      ['organisation-1', 'IssuingKeyRevoked', { kid: 'k1', reason: 'ceased', fromIndex: 5 }],
      ['organisation-1', 'IssuingKeyRevoked', { kid: 'k1', reason: 'compromised', fromIndex: 99 }],
      ['organisation-1', 'OrganisationRegistered', { ...registered, did: 'did:web:b' }],
    ]);
    expect(standing.leaf('organisation-1')?.state).toMatchObject({
      did: 'did:web:a',
      keys: [{ kid: 'k1', from: 20, to: 30, ended: 'ceased' }],
    });
  });
});

describe('the standing of a definition', () => {
  it('S1: keeps versions, mandates and owners with their indexes', () => {
    const standing = fold([
      ['definition-1', 'DefinitionCreated', { creator: 'a', owner: 'a', visibility: 'public' }],
      ['definition-1', 'DraftRevised', {}],
      ['definition-1', 'VersionPublished', { version: 1, content: {} }],
      [
        'definition-1',
        'MandateGranted',
        { mandate: 'm1', organisation: 'b', to: '2027-01-01T00:00:00Z', requirementsChecked: true },
      ],
      ['definition-1', 'MandateWithdrawn', { mandate: 'm1', reason: 'ended', effect: 'revokeIssued' }],
      ['definition-1', 'MandateGranted', { mandate: 'm2', organisation: 'b', requirementsChecked: true }],
      ['definition-1', 'VersionRetired', { version: 1 }],
      ['definition-1', 'VersionPublished', { version: 2, content: {} }],
    ]);
    expect(standing.leaf('definition-1')).toEqual({
      stream: 'definition-1',
      revision: 7,
      state: {
        owners: [{ organisation: 'a', from: 10 }],
        versions: [
          { version: 1, index: 30, retired: 70 },
          { version: 2, index: 80 },
        ],
        mandates: [
          {
            mandate: 'm1',
            organisation: 'b',
            from: 40,
            to: 50,
            notAfter: '2027-01-01T00:00:00Z',
            effect: 'revokeIssued',
          },
          { mandate: 'm2', organisation: 'b', from: 60 },
        ],
        revisions: [10, 20, 30, 40, 50, 60, 70, 80],
      },
    });
  });
});

describe('the standing of a status list', () => {
  it('S1: is its newest edition', () => {
    const events: [string, string, JsonObject][] = [
      ['statuslist-1', 'StatusListOpened', { organisation: 'a', purpose: 'suspension' }],
      ['statuslist-1', 'IndexBlockAllotted', { from: 0, count: 64 }],
    ];
    const opened = { organisation: 'a', purpose: 'suspension', sequence: 0 };
    expect(fold(events).leaf('statuslist-1')).toEqual({ stream: 'statuslist-1', revision: 1, state: opened });
    const published = fold([...events, ['statuslist-1', 'StatusListPublished', { sequence: 1, digest: 'ab' }]]);
    expect(published.leaf('statuslist-1')?.state).toEqual({ ...opened, sequence: 1, digest: 'ab' });
  });
});

describe('the leaves', () => {
  const standing = fold([
    ['statuslist-2', 'StatusListOpened', { organisation: 'a', purpose: 'suspension' }],
    ['organisation-b', 'OrganisationRegistered', registered],
    ['definition-1', 'DefinitionCreated', { creator: 'a', owner: 'a', visibility: 'public' }],
    ['organisation-a', 'OrganisationRegistered', registered],
    ['credential-1', 'CredentialIssued', {}],
    ['standing', 'StandingRecorded', {}],
    ['batch-1', 'BatchSealed', {}],
    ['ledger', 'LedgerFounded', {}],
  ]);

  it('are those of organisations, definitions and status lists, sorted by stream', () => {
    const streams = ['definition-1', 'organisation-a', 'organisation-b', 'statuslist-2'];
    expect(standing.leaves().map(({ stream }) => stream)).toEqual(streams);
    expect(standing.leaf('credential-1')).toBeUndefined();
  });

  it('are JCS bytes, in which what is absent does not stand', () => {
    const leaf = standing.leaf('organisation-a');
    if (!leaf) throw new TypeError('expected a leaf');
    const text =
      '{"revision":0,"state":{"did":"did:web:a","keys":[],"name":"A","revisions":[40]},"stream":"organisation-a"}';
    expect(fromUtf8(leafBytes(leaf))).toBe(text);
    const made = standing.made().find(({ stream }) => stream === 'organisation-a');
    expect(fromUtf8(made!.bytes)).toBe(text);
    expect(made!.since).toBe(40);
  });

  it('of a moment do not change when the log goes on', () => {
    const event: LoggedEvent = {
      stream: 'organisation-a',
      revision: 1,
      type: 'IssuingKeyAdded',
      data: key('k1'),
      index: 90,
    };
    const own = fold([['organisation-a', 'OrganisationRegistered', registered]]);
    const before = own.leaves();
    const made = own.made();
    expect(own.made()[0]).toBe(made[0]);
    const text = fromUtf8(made[0]!.bytes);
    expect(own.apply(event)).toBe(true);
    expect(before[0]?.revision).toBe(0);
    expect(before[0]?.state['revisions']).toEqual([10]);
    expect(fromUtf8(made[0]!.bytes)).toBe(text);
    expect(own.made()[0]).toMatchObject({ stream: 'organisation-a', since: 90 });
    expect(own.leaf('organisation-a')?.state['revisions']).toEqual([10, 90]);
  });

  it('are taken up again from what was made of them, and go on as if nothing had been', () => {
    const own = fold([
      ['organisation-a', 'OrganisationRegistered', registered],
      ['definition-1', 'DefinitionCreated', { owner: 'a' }],
      ['statuslist-1', 'StatusListOpened', { organisation: 'a', purpose: 'revocation' }],
    ]);
    const restored = StandingState.restored(own.made());
    expect(restored.leaves()).toEqual(own.leaves());
    for (const state of [own, restored]) {
      state.apply({ stream: 'definition-1', revision: 1, type: 'VersionPublished', data: { version: 1 }, index: 50 });
      state.apply({ stream: 'organisation-a', revision: 1, type: 'IssuingKeyAdded', data: key('k1'), index: 60 });
      state.apply({
        ...{ stream: 'statuslist-1', revision: 1, type: 'StatusListPublished', index: 70 },
        data: { sequence: 1, digest: 'ff' },
      });
    }
    expect(restored.made()).toEqual(own.made());
    expect(own.made().map(({ since }) => since)).toEqual([50, 60, 70]);
  });

  it('do not come from the vault, nor from unknown events, which only count as revisions', () => {
    const own = new StandingState();
    expect(own.apply({ stream: 'vault-organisation-1', revision: 0, type: 'KeyWrapped', data: {} })).toBe(false);
    expect(own.apply({ stream: 'cohort-1', revision: 0, type: 'CohortAccepted', data: {}, index: 0 })).toBe(false);
    own.apply({ stream: 'organisation-a', revision: 0, type: 'OrganisationRegistered', data: registered, index: 1 });
    expect(own.apply({ stream: 'organisation-a', revision: 1, type: 'Unheard', data: {}, index: 2 })).toBe(true);
    expect(own.leaf('organisation-a')).toMatchObject({ revision: 1, state: { revisions: [1, 2] } });
  });
});
