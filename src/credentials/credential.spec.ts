import { describe, expect, it } from '@jest/globals';
import type { DefinitionContent } from '../definitions/content.js';
import { definitionDecider, type DefinitionState } from '../definitions/definition.js';
import { toMultikey } from '../encoding/base58.js';
import { InvariantError } from '../errors.js';
import { given } from '../event-store/given-when-then.js';
import { organisationDecider, type OrganisationState } from '../organisations/organisation.js';
import type { OrganisationEvent } from '../organisations/organisation.events.js';
import type { AssessmentFacts } from './assessment.js';
import type { CredentialEvent, CredentialIssued } from './credential.events.js';
import { credentialDecider, type IssueCredential, type IssuingContext } from './credential.js';

const ORGANISATION = '00000000-0000-4000-8000-000000000001';
const OTHER = '00000000-0000-4000-8000-000000000002';
const DEFINITION = '00000000-0000-4000-8000-0000000000d1';
const HOLDER = '00000000-0000-4000-8000-0000000000f1';
const AT = '2026-06-01T12:00:00.000Z';
const KID = toMultikey(new Uint8Array(32).fill(1));

const row = {
  category: 'skill',
  language: 'sv',
  lead: 'Innehavaren kan',
  activity: 'svetsa',
  content: 'fiber',
  context: 'akut',
} as const;
const content: DefinitionContent = {
  title: { sv: 'Fibersvetsning' },
  summary: { sv: 'Att laga fiber.' },
  tasks: [],
  learningOutcomes: [row, row, row],
  workload: { hours: 8 },
  assessmentMethods: ['workplaceObservation'],
  participation: ['workplace'],
  qualityAssurance: [{ type: 'internal', description: { sv: 'Granskas.' } }],
  creator: { organisation: ORGANISATION, did: 'did:web:localhost', name: 'Skellefteå Kraft' },
};

function organisationWith(...events: OrganisationEvent[]): OrganisationState {
  const registered: OrganisationEvent = {
    type: 'OrganisationRegistered',
    data: {
      name: 'Skellefteå Kraft',
      organisationNumber: '2120000142',
      country: 'SE',
      roles: ['issuer'],
      did: `did:web:localhost:organisations:${ORGANISATION}`,
    },
  };
  const added: OrganisationEvent = {
    type: 'IssuingKeyAdded',
    data: { kid: KID, publicKeyMultibase: KID, custody: 'operator' },
  };
  const stream = `organisation-${ORGANISATION}`;
  return given(organisationDecider, [registered, added, ...events], () => ({ stream })).state;
}
function definitionOwnedBy(owner: string, retired = false): DefinitionState {
  return given(
    definitionDecider,
    [
      { type: 'DefinitionCreated', data: { creator: owner, owner, visibility: 'public' } },
      { type: 'VersionPublished', data: { version: 1, content } },
      ...(retired ? [{ type: 'VersionRetired', data: { version: 1 } } as const] : []),
    ],
    () => ({ stream: `definition-${DEFINITION}` }),
  ).state;
}
function assessed(...met: (boolean | undefined)[]): AssessmentFacts {
  return {
    holder: HOLDER,
    definition: DEFINITION,
    version: 1,
    assessedOn: '2026-05-30',
    method: 'workplaceObservation',
    route: 'workplace',
    outcomes: met.flatMap((one, n) => (one === undefined ? [] : [{ number: n + 1, met: one }])),
  };
}
function context(change: Partial<IssuingContext> = {}, assessment = assessed(true, true, true)): IssuingContext {
  return {
    organisation: organisationWith(),
    definition: definitionOwnedBy(ORGANISATION),
    facts: { holder: { id: HOLDER, givenName: 'Anna', familyName: 'Test' }, assessment },
    ...change,
  };
}

const issue: IssueCredential = {
  type: 'IssueCredential',
  at: AT,
  digest: 'ab'.repeat(32),
  organisation: ORGANISATION,
  key: KID,
  definition: DEFINITION,
  version: 1,
  statusLists: { revocation: { list: 'r', index: 7 }, suspension: { list: 's', index: 8 } },
  validFrom: AT,
  sealed: [{ under: `vault-holder-${HOLDER}`, facts: { document: {} } }],
};
const { type: _, at: __, sealed, ...facts } = issue;
const issued: CredentialIssued = {
  type: 'CredentialIssued',
  data: {
    ...facts,
    mandate: 'owner',
    reads: [
      { stream: `organisation-${ORGANISATION}`, revision: 1 },
      { stream: `definition-${DEFINITION}`, revision: 1 },
    ],
  },
  sealed: sealed ?? [],
};
const suspended: CredentialEvent = { type: 'CredentialSuspended', data: { reasonCode: 'appeal' } };
const reinstated: CredentialEvent = { type: 'CredentialReinstated', data: {} };
const revoked: CredentialEvent = { type: 'CredentialRevoked', data: { reasonCode: 'issuedInError' } };
const voided: CredentialEvent = { type: 'CredentialVoided', data: { reasonCode: 'staleRead' } };

describe('issuing a credential', () => {
  const nothing = given(credentialDecider, []);

  it('S7: names the mandate and the newest revisions that it rests on', () => {
    nothing.when(issue, context()).then([issued]);
  });

  it('names the learning outcomes that are not met and those that were not assessed', () => {
    nothing
      .when(issue, context({}, assessed(true, false, undefined)))
      .thenRefused('outcomeNotMet', { numbers: '2, 3' });
    nothing.when(issue, context({}, assessed())).thenRefused('outcomeNotMet', { numbers: '1, 2, 3' });
  });

  it('takes an outcome that is both met and not met as not met', () => {
    const twice = assessed(true, true, true);
    const outcomes = [...twice.outcomes, { number: 2, met: false }];
    nothing.when(issue, context({}, { ...twice, outcomes })).thenRefused('outcomeNotMet', { numbers: '2' });
  });

  it.each([{ holder: 'somebody-else' }, { definition: OTHER }, { version: 2 }])(
    'does not rest on an assessment of something else: %j',
    (change) => {
      const assessment = { ...assessed(true, true, true), ...change };
      nothing.when(issue, context({}, assessment)).thenRefused('outcomeNotMet', { numbers: '1, 2, 3' });
    },
  );

  it('needs a mandate', () => {
    nothing.when(issue, context({ definition: definitionOwnedBy(OTHER) })).thenRefused('noMandate');
  });

  it('needs a version that is published and not retired', () => {
    nothing.when({ ...issue, version: 2 }, context()).thenRefused('versionNotPublished', { version: 2 });
    nothing.when(issue, context({ definition: definitionOwnedBy(ORGANISATION, true) })).thenRefused('versionRetired');
    nothing.when(issue, context({ definition: { is: 'uncreated' } })).thenRefused('versionNotPublished');
  });

  it('S8: needs an active key of a living organisation', () => {
    const ended = organisationWith({ type: 'IssuingKeyRevoked', data: { kid: KID, reason: 'ceased' } });
    nothing.when(issue, context({ organisation: ended })).thenRefused('keyNotActive', { kid: KID });
    const closed = organisationWith({ type: 'OrganisationClosed', data: {} });
    nothing.when(issue, context({ organisation: closed })).thenRefused('keyNotActive');
    nothing.when(issue, context({ organisation: { is: 'unregistered' } })).thenRefused('keyNotActive');
    nothing.when({ ...issue, key: 'another' }, context()).thenRefused('keyNotActive');
  });

  it('needs the holder’s name', () => {
    const holder = { id: HOLDER, givenName: 'Anna', familyName: ' ' };
    nothing
      .when(issue, context({ facts: { holder, assessment: assessed(true, true, true) } }))
      .thenRefused('dataElementsMissing', { elements: 'holder' });
  });

  it('ends after it begins, in whatever time zones', () => {
    nothing.when({ ...issue, validUntil: '2026-06-01T14:00:00+02:00' }, context()).thenRefused('validityReversed');
    nothing.when({ ...issue, validUntil: 'tomorrow' }, context()).thenRefused('momentMalformed');
    const validUntil = '2026-06-01T14:00:01+02:00';
    nothing.when({ ...issue, validUntil }, context()).then([{ ...issued, data: { ...issued.data, validUntil } }]);
  });

  it('is decided on the streams that it names, or the process stops', () => {
    expect(() => nothing.when({ ...issue, organisation: OTHER }, context()).then([])).toThrow(InvariantError);
    expect(() => nothing.when(issue, undefined).then([])).toThrow(InvariantError);
  });

  it('S17: is decided again without the private rules where the facts are sealed', () => {
    const { sealed: ___, ...open } = issue;
    nothing.when(open, context({ facts: 'sealed' })).then([{ type: 'CredentialIssued', data: issued.data }]);
  });
});

describe('an active credential', () => {
  const credential = given(credentialDecider, [issued]);

  it('is not issued again', () => {
    credential.when(issue, context()).thenRefused('credentialExists');
  });

  it('is suspended, with a note that only the holder’s key opens', () => {
    const note = [{ under: `vault-holder-${HOLDER}`, facts: { note: 'Under utredning.' } }];
    const after = credential
      .when({ type: 'SuspendCredential', reasonCode: 'appeal', sealed: note })
      .then([{ ...suspended, sealed: note }]);
    expect(after).toMatchObject({ is: 'suspended', reason: 'appeal', revision: 1 });
  });

  it('is not reinstated', () => {
    credential.when({ type: 'ReinstateCredential' }).thenRefused('credentialNotSuspended');
  });

  it('S7: is void when a citation was stale, and then for good', () => {
    expect(credential.when({ type: 'VoidCredential', reasonCode: 'staleRead' }).then([voided]).is).toBe('void');
    const nothing = given(credentialDecider, [issued, voided]);
    nothing.when({ type: 'VoidCredential', reasonCode: 'staleRead' }).then([]);
    nothing.when({ type: 'RevokeCredential', reasonCode: 'replaced' }).thenRefused('credentialVoid');
    nothing.when({ type: 'ReinstateCredential' }).thenRefused('credentialVoid');
  });
});

describe('a suspended credential', () => {
  const credential = given(credentialDecider, [issued, suspended]);

  it('is reinstated', () => {
    expect(credential.when({ type: 'ReinstateCredential' }).then([reinstated]).is).toBe('active');
  });

  it('is not suspended twice', () => {
    credential.when({ type: 'SuspendCredential', reasonCode: 'appeal' }).thenRefused('credentialSuspended');
  });

  it('can be revoked', () => {
    const after = credential.when({ type: 'RevokeCredential', reasonCode: 'issuedInError' }).then([revoked]);
    expect(after.is).toBe('revoked');
  });
});

describe('a revoked credential', () => {
  const credential = given(credentialDecider, [issued, revoked]);

  it('cannot be revoked again', () => {
    credential.when({ type: 'RevokeCredential', reasonCode: 'replaced' }).thenRefused('credentialRevoked');
  });

  it('stays revoked, whatever a log holds after it', () => {
    credential.when({ type: 'ReinstateCredential' }).thenRefused('credentialRevoked');
    credential.when({ type: 'SuspendCredential', reasonCode: 'appeal' }).thenRefused('credentialRevoked');
    expect(given(credentialDecider, [issued, revoked, reinstated, suspended]).state).toMatchObject({
      is: 'revoked',
      reason: 'issuedInError',
      revision: 3,
    });
  });
});

describe('a credential that was not issued', () => {
  it('has no status', () => {
    const nothing = given(credentialDecider, []);
    nothing.when({ type: 'RevokeCredential', reasonCode: 'replaced' }).thenRefused('credentialUnknown');
    nothing.when({ type: 'VoidCredential', reasonCode: 'staleRead' }).thenRefused('credentialUnknown');
    expect(given(credentialDecider, [revoked]).state).toEqual({ is: 'unissued' });
  });
});
