import { describe, expect, it } from '@jest/globals';
import { given } from '../event-store/given-when-then.js';
import type { DefinitionContent, Level } from './content.js';
import type { DefinitionEvent } from './definition.events.js';
import { definitionDecider, draftOf, levelFault, mandateInForce, mayIssue, newestVersion } from './definition.js';

const OWNER = 'aaaaaaaa-0000-4000-8000-000000000001';
const OTHER = 'bbbbbbbb-0000-4000-8000-000000000002';
const AT = '2026-06-01T00:00:00.000Z';

const content: DefinitionContent = {
  title: { sv: 'Samarbete i arbetsgrupp' },
  summary: { sv: 'Att arbeta tillsammans.' },
  tasks: [],
  learningOutcomes: [
    {
      category: 'skill',
      language: 'sv',
      lead: 'Innehavaren kan',
      activity: 'lämna över',
      content: 'ett arbete',
      context: 'muntligt',
    },
  ],
  workload: { hours: 10 },
  assessmentMethods: ['workplaceObservation'],
  participation: ['workplace'],
  qualityAssurance: [{ type: 'internal', description: { sv: 'Årlig genomgång.' } }],
  creator: { organisation: OWNER, did: `did:web:localhost:organisations:${OWNER}`, name: 'Arbetsförmedlingen' },
};

const created: DefinitionEvent = {
  type: 'DefinitionCreated',
  data: { creator: OWNER, owner: OWNER, visibility: 'public' },
};
function published(version: number): DefinitionEvent {
  return { type: 'VersionPublished', data: { version, content } };
}
function retired(version: number): DefinitionEvent {
  return { type: 'VersionRetired', data: { version } };
}
function granted(mandate: string, dates: { from?: string; to?: string } = {}): DefinitionEvent {
  return { type: 'MandateGranted', data: { mandate, organisation: OTHER, requirementsChecked: true, ...dates } };
}
function withdrawn(mandate: string): DefinitionEvent {
  return { type: 'MandateWithdrawn', data: { mandate, reason: 'ended', effect: 'futureOnly' } };
}

describe('a definition that does not exist', () => {
  it('is created with an owner', () => {
    given(definitionDecider, [])
      .when({ type: 'CreateDefinition', creator: OWNER, owner: OWNER, visibility: 'public' })
      .then([created]);
  });

  it('can do nothing else', () => {
    given(definitionDecider, []).when({ type: 'PublishVersion', content }).thenRefused('definitionUnknown');
    expect(() => mayIssue({ is: 'uncreated' }, OWNER, 1, AT)).toThrow('versionNotPublished');
  });
});

describe('a draft', () => {
  const definition = given(definitionDecider, [created]);

  it('is sealed under the owner’s key, and nothing of it is public', () => {
    const draft = { title: { sv: 'Ett utkast' } };
    const under = `vault-organisation-${OWNER}`;
    const event: DefinitionEvent = { type: 'DraftRevised', data: {}, sealed: [{ under, facts: { content: draft } }] };
    definition.when({ type: 'ReviseDraft', content: draft }).then([event]);
    expect(draftOf(event)).toEqual(draft);
  });

  it('replays without what is sealed', () => {
    definition.when({ type: 'ReviseDraft', content: 'sealed' }).then([{ type: 'DraftRevised', data: {} }]);
    expect(draftOf({ type: 'DraftRevised', data: {} })).toBeUndefined();
  });

  it('is created only once', () => {
    definition
      .when({ type: 'CreateDefinition', creator: OWNER, owner: OWNER, visibility: 'public' })
      .thenRefused('definitionExists');
  });
});

describe('publishing', () => {
  const definition = given(definitionDecider, [created, published(1)]);

  it('numbers the versions without a gap, retired ones too', () => {
    given(definitionDecider, [created])
      .when({ type: 'PublishVersion', content })
      .then([published(1)]);
    given(definitionDecider, [created, published(1), retired(1)])
      .when({ type: 'PublishVersion', content, changes: 'Ny metod.', effectOnHolders: 'renewalRequired' })
      .then([
        {
          type: 'VersionPublished',
          data: { version: 2, content, changes: 'Ny metod.', effectOnHolders: 'renewalRequired' },
        },
      ]);
  });

  it('needs learning outcomes, at most ten', () => {
    definition
      .when({ type: 'PublishVersion', content: { ...content, learningOutcomes: [] } })
      .thenRefused('learningOutcomesMissing');
    const eleven = Array.from({ length: 11 }).flatMap(() => content.learningOutcomes);
    definition
      .when({ type: 'PublishVersion', content: { ...content, learningOutcomes: eleven } })
      .thenRefused('tooManyLearningOutcomes', { count: 11, most: 10 });
  });

  it('names every mandatory data element that is missing', () => {
    const bare = { ...content, title: { sv: ' ' }, workload: {}, assessmentMethods: [], participation: [] };
    definition
      .when({ type: 'PublishVersion', content: { ...bare, qualityAssurance: [] } })
      .thenRefused('dataElementsMissing', {
        elements: 'title, workload, assessmentMethods, participation, qualityAssurance',
      });
  });

  it('names the owner as creator', () => {
    const creator = { ...content.creator, organisation: OTHER };
    definition.when({ type: 'PublishVersion', content: { ...content, creator } }).thenRefused('creatorNotOwner');
  });

  it('S13: names the owner by its own DID, as every credential will', () => {
    const creator = { ...content.creator, did: `did:web:localhost:organisations:${OTHER}` };
    definition.when({ type: 'PublishVersion', content: { ...content, creator } }).thenRefused('creatorNotOwner');
  });

  it('calls a level SeQF only by regulation or decision', () => {
    const level: Level = { framework: 'SeQF', level: 4, basis: 'issuer' };
    definition.when({ type: 'PublishVersion', content: { ...content, level } }).thenRefused('seqfNeedsDecision');
    expect(levelFault({ ...level, basis: 'decision' })).toBe('decisionMissing');
    expect(levelFault({ ...level, basis: 'decision', decision: 'MYH 2026/1' })).toBeUndefined();
    expect(levelFault({ ...level, basis: 'regulation' })).toBeUndefined();
    expect(levelFault({ framework: 'EQF', level: 4, basis: 'issuer' })).toBeUndefined();
  });

  it('knows the frameworks’ levels', () => {
    for (const [framework, level] of [
      ['EQF', 0],
      ['EQF', 9],
      ['SeQF', 2.5],
      ['QF-EHEA', 4],
      ['QF-EHEA', -1],
    ] as const) {
      expect(levelFault({ framework, level, basis: 'regulation' })).toBe('levelOutOfRange');
    }
    expect(levelFault({ framework: 'QF-EHEA', level: 0, basis: 'issuer' })).toBeUndefined();
  });
});

describe('a version', () => {
  const definition = given(definitionDecider, [created, published(1), published(2)]);

  it('is retired once', () => {
    definition.when({ type: 'RetireVersion', version: 1 }).then([retired(1)]);
    given(definitionDecider, [created, published(1), retired(1)])
      .when({ type: 'RetireVersion', version: 1 })
      .thenRefused('versionRetired');
    definition.when({ type: 'RetireVersion', version: 3 }).thenRefused('versionNotPublished');
  });

  it('is issued by default while it is the newest that is not retired', () => {
    expect(newestVersion(definition.state)?.version).toBe(2);
    expect(
      newestVersion(given(definitionDecider, [created, published(1), published(2), retired(2)]).state)?.version,
    ).toBe(1);
    expect(newestVersion(given(definitionDecider, [created]).state)).toBeUndefined();
  });

  it('is issued by the owner on its own word', () => {
    expect(mayIssue(definition.state, OWNER, 2, AT)).toMatchObject({ mandate: 'owner', version: { version: 2 } });
  });

  it('is issued by nobody once it is retired', () => {
    const { state } = given(definitionDecider, [created, published(1), granted('m1'), retired(1)]);
    expect(() => mayIssue(state, OWNER, 1, AT)).toThrow('versionRetired');
    expect(() => mayIssue(state, OTHER, 1, AT)).toThrow('versionRetired');
    expect(() => mayIssue(state, OTHER, 2, AT)).toThrow('versionNotPublished');
  });
});

describe('a mandate', () => {
  const grant = {
    type: 'GrantMandate',
    mandate: 'm2',
    organisation: OTHER,
    requirementsChecked: true,
    at: AT,
  } as const;

  it('is granted and named in the issuance', () => {
    const state = given(definitionDecider, [created, published(1)])
      .when(grant)
      .then([granted('m2')]);
    expect(mayIssue(state, OTHER, 1, AT)).toMatchObject({ mandate: 'm2' });
  });

  it('is what an organisation cannot issue without', () => {
    const { state } = given(definitionDecider, [created, published(1)]);
    expect(() => mayIssue(state, OTHER, 1, AT)).toThrow('noMandate');
  });

  it('is one at a time for an organisation', () => {
    given(definitionDecider, [created, granted('m1')])
      .when(grant)
      .thenRefused('mandateInForce');
    given(definitionDecider, [created, granted('m1'), withdrawn('m1')])
      .when(grant)
      .then([granted('m2')]);
    given(definitionDecider, [created, granted('m1', { to: '2026-05-31T23:59:59Z' })])
      .when(grant)
      .then([granted('m2')]);
    given(definitionDecider, [created, granted('m1', { to: AT })])
      .when(grant)
      .thenRefused('mandateInForce');
    const next = { from: '2027-01-01T00:00:00+01:00' };
    given(definitionDecider, [created, granted('m1', { to: '2026-12-31T23:59:59+01:00' })])
      .when({ ...grant, ...next })
      .then([granted('m2', next)]);
    given(definitionDecider, [created, granted('m1', next)])
      .when(grant)
      .thenRefused('mandateInForce');
  });

  it('may be put down for the owner too, who issues without one', () => {
    const { type: _, at: __, ...data } = grant;
    given(definitionDecider, [created])
      .when({ ...grant, organisation: OWNER })
      .then([{ type: 'MandateGranted', data: { ...data, organisation: OWNER } }]);
  });

  it('is refused under a used id, and for a period that is over before it begins', () => {
    const definition = given(definitionDecider, [created, granted('m1'), withdrawn('m1')]);
    definition.when({ ...grant, mandate: 'm1' }).thenRefused('mandateUsed');
    definition.when({ ...grant, to: '2026-05-31T23:59:59Z' }).thenRefused('periodReversed');
    definition
      .when({ ...grant, from: '2027-01-01T00:00:00Z', to: '2026-12-01T00:00:00Z' })
      .thenRefused('periodReversed');
    definition.when({ ...grant, from: '2027-01-01' }).thenRefused('momentMalformed');
  });

  it('holds from its first to its last moment', () => {
    const period = { from: '2026-06-01T02:00:00+02:00', to: '2026-06-30T00:00:00Z' };
    const { state } = given(definitionDecider, [created, published(1), granted('m1', period)]);
    expect(mandateInForce(state, OTHER, '2026-05-31T23:59:59.999Z')).toBeUndefined();
    expect(mandateInForce(state, OTHER, AT)?.mandate).toBe('m1');
    expect(mandateInForce(state, OTHER, '2026-06-30T00:00:00.000Z')?.mandate).toBe('m1');
    expect(mandateInForce(state, OTHER, '2026-06-30T00:00:00.001Z')).toBeUndefined();
  });

  it('S18: without a first moment holds by index, also for a node whose clock is behind', () => {
    const { state } = given(definitionDecider, [created, published(1), granted('m1')]);
    expect(mandateInForce(state, OTHER, '2025-12-31T23:59:00.000Z')?.mandate).toBe('m1');
  });

  it('once withdrawn carries nothing, and cannot be withdrawn again', () => {
    const command = { type: 'WithdrawMandate', mandate: 'm1', reason: 'ended', effect: 'futureOnly' } as const;
    const state = given(definitionDecider, [created, published(1), granted('m1')])
      .when(command)
      .then([withdrawn('m1')]);
    expect(() => mayIssue(state, OTHER, 1, AT)).toThrow('noMandate');
    given(definitionDecider, [created, granted('m1'), withdrawn('m1')])
      .when(command)
      .thenRefused('mandateWithdrawn');
    given(definitionDecider, [created]).when(command).thenRefused('mandateUnknown');
  });
});
