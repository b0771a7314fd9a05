import { describe, expect, it } from '@jest/globals';
import type { DefinitionContent } from '../definitions/content.js';
import { definitionDecider } from '../definitions/definition.js';
import { InvariantError } from '../errors.js';
import { given } from '../event-store/given-when-then.js';
import { assessmentDecider, assessorOf, factsOf, outcomesNotMet, type AssessmentFacts } from './assessment.js';
import type { AssessmentEvent } from './credential.events.js';

const ORGANISATION = '00000000-0000-4000-8000-000000000001';
const DEFINITION = '00000000-0000-4000-8000-0000000000d1';
const HOLDER = '00000000-0000-4000-8000-0000000000f1';
const MEMBER = '00000000-0000-4000-8000-0000000000e1';

const content = { learningOutcomes: [{}, {}, {}] } as unknown as DefinitionContent;
const definition = given(
  definitionDecider,
  [
    { type: 'DefinitionCreated', data: { creator: ORGANISATION, owner: ORGANISATION, visibility: 'public' } },
    { type: 'VersionPublished', data: { version: 1, content } },
    { type: 'VersionRetired', data: { version: 1 } },
  ],
  () => ({ stream: `definition-${DEFINITION}` }),
).state;

const facts: AssessmentFacts = {
  holder: HOLDER,
  definition: DEFINITION,
  version: 1,
  assessedOn: '2026-05-30',
  method: 'oralOpenQuestions',
  route: 'validation',
  participation: 'none',
  outcomes: [
    { number: 1, met: true },
    { number: 3, met: false, method: 'selfAssessment', note: 'Behöver öva.' },
  ],
  grade: 'Godkänd',
};
const assessor = { member: MEMBER, name: 'Bo Bedömare' };
const command = { type: 'RecordAssessment', organisation: ORGANISATION, facts, assessor } as const;
const recorded: AssessmentEvent = {
  type: 'AssessmentRecorded',
  data: { organisation: ORGANISATION },
  sealed: [
    { under: `vault-holder-${HOLDER}`, facts },
    { under: `vault-member-${MEMBER}`, facts: { assessor: { name: 'Bo Bedömare' } } },
  ],
};

describe('an assessment', () => {
  const nothing = given(assessmentDecider, []);

  it('S20: shows the log nothing but which organisation recorded it', () => {
    const state = nothing.when(command, definition).then([recorded]);
    expect(recorded.data).toEqual({ organisation: ORGANISATION });
    expect(state).toEqual({ is: 'recorded', organisation: ORGANISATION, facts });
  });

  it('S22: seals the assessor under a key of their own', () => {
    expect(JSON.stringify(recorded.sealed?.[0])).not.toContain('Bedömare');
    expect(factsOf(recorded)).toEqual(facts);
    expect(assessorOf(recorded)).toEqual(assessor);
  });

  it('may be against a retired version, not against one that was never published', () => {
    nothing.when({ ...command, facts: { ...facts, version: 2 } }, definition).thenRefused('versionNotPublished');
    nothing.when(command, { is: 'uncreated' }).thenRefused('versionNotPublished');
  });

  it('is only of outcomes that the version has, each once', () => {
    for (const number of [0, 4, 1.5]) {
      const outcomes = [{ number, met: true }];
      nothing.when({ ...command, facts: { ...facts, outcomes } }, definition).thenRefused('outcomeOutOfRange');
    }
    const outcomes = [...facts.outcomes, { number: 1, met: true }];
    nothing
      .when({ ...command, facts: { ...facts, outcomes } }, definition)
      .thenRefused('outcomeRepeated', { number: 1 });
  });

  it('is recorded once', () => {
    given(assessmentDecider, [recorded]).when(command, definition).thenRefused('assessmentExists');
  });

  it('is decided on the definition that it is of, or the process stops', () => {
    const other = { ...facts, definition: ORGANISATION };
    expect(() => nothing.when({ ...command, facts: other }, definition).then([])).toThrow(InvariantError);
    expect(() => nothing.when(command, 'sealed').then([])).toThrow(InvariantError);
  });

  it('S17: is decided again with what can still be opened', () => {
    const meta = { stream: 'assessment-1', revision: 0, at: '2026-06-01T00:00:00.000Z', index: 0 };
    const parts = recorded.sealed ?? [];
    for (const sealed of [parts, parts.slice(0, 1), parts.slice(1), undefined]) {
      const event: AssessmentEvent = { type: recorded.type, data: recorded.data, ...(sealed && { sealed }) };
      const again = assessmentDecider.commandOf(event, meta);
      nothing.when(again, again.facts === 'sealed' ? 'sealed' : definition).then([event]);
    }
  });
});

describe('learning outcomes', () => {
  it('that are left out are not met', () => {
    expect(outcomesNotMet(facts.outcomes, 3)).toEqual([2, 3]);
    expect(outcomesNotMet([], 2)).toEqual([1, 2]);
    expect(
      outcomesNotMet(
        [
          { number: 2, met: true },
          { number: 1, met: true },
        ],
        2,
      ),
    ).toEqual([]);
  });
});
