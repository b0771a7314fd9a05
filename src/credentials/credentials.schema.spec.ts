import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { faultsOf } from '../schema-faults.js';
import { issueSchema, reinstatementSchema, revocationSchema, suspensionSchema } from './credentials.schema.js';

const issue = {
  definitionId: '00000000-0000-4000-8000-0000000000d1',
  organisationId: '00000000-0000-4000-8000-000000000001',
  holder: { givenName: 'Anna', familyName: 'Test', personalNumber: '19800102-2386', email: 'anna@example.se' },
  route: 'workplace',
  assessment: {
    assessedOn: '2026-05-30',
    method: 'workplaceObservation',
    assessor: { name: 'Bo Bedömare' },
    outcomes: [{ number: 1, met: true }],
  },
};

describe('a request to issue', () => {
  it('is taken as it is', () => {
    expect(issueSchema.parse(issue)).toEqual(issue);
    const full = {
      ...issue,
      version: 2,
      participation: 'none',
      workload: { hours: 3 },
      assessment: {
        ...issue.assessment,
        outcomes: [{ number: 1, met: true, method: 'selfAssessment', note: 'Säker.\nSnabb.' }],
        supervision: 'supervisedWithIdCheck',
        grade: 'Godkänd',
      },
      validFrom: '2026-06-01T00:00:00+02:00',
      validUntil: '2028-06-01T00:00:00+02:00',
    };
    expect(faultsOf(issueSchema, full)).toEqual([]);
  });

  it('may leave outcomes out: they are not assessed', () => {
    expect(faultsOf(issueSchema, { ...issue, assessment: { ...issue.assessment, outcomes: [] } })).toEqual([]);
  });

  it.each([
    ['holder.familyName invalid_type', { holder: { givenName: 'Anna' } }],
    ['holder.givenName too_small', { holder: { givenName: ' ', familyName: 'Test' } }],
    ['holder.personalNumber personalNumberChecksum', { holder: { ...issue.holder, personalNumber: '198001022387' } }],
    ['holder.personalNumber personalNumberMalformed', { holder: { ...issue.holder, personalNumber: '1980' } }],
    ['holder.email invalid_format', { holder: { ...issue.holder, email: 'anna' } }],
    ['route invalid_value', { route: 'other' }],
    ['version too_small', { version: 0 }],
    ['definitionId invalid_format', { definitionId: '1' }],
    ['assessment.assessedOn invalid_format', { assessment: { ...issue.assessment, assessedOn: '2026-02-29' } }],
    [
      'assessment.outcomes.0.met invalid_type',
      { assessment: { ...issue.assessment, outcomes: [{ number: 1, met: 'yes' }] } },
    ],
    ['validFrom invalid_format', { validFrom: '2026-06-01' }],
    ['name unrecognized_keys', { name: 'x' }],
  ])('is refused: %s', (fault, change) => {
    expect(faultsOf(issueSchema, { ...issue, ...change })).toEqual([fault]);
  });

  it('is refused when it ends before it begins, and says only once that a moment is malformed', () => {
    const validFrom = '2026-06-01T12:00:00+02:00';
    expect(faultsOf(issueSchema, { ...issue, validFrom, validUntil: '2026-06-01T10:00:00Z' })).toEqual([
      'validUntil validityReversed',
    ]);
    expect(faultsOf(issueSchema, { ...issue, validFrom, validUntil: 'never' })).toEqual(['validUntil invalid_format']);
  });

  it('never repeats a personal number in what it says', () => {
    const { error } = issueSchema.safeParse({ ...issue, holder: { ...issue.holder, personalNumber: '198001022387' } });
    expect(JSON.stringify(error?.issues)).not.toContain('198001022387');
  });

  it('is described for OpenAPI', () => {
    expect(z.toJSONSchema(issueSchema, { io: 'input' })).toMatchObject({ type: 'object', additionalProperties: false });
  });
});

describe('a change of status', () => {
  it('S20: has a code as its public reason and a note that is not', () => {
    expect(faultsOf(revocationSchema, { reason: 'issuedInError', note: 'Fel person.' })).toEqual([]);
    expect(faultsOf(revocationSchema, { reason: 'Fel person.' })).toEqual(['reason invalid_value']);
    expect(faultsOf(suspensionSchema, { reason: 'appeal' })).toEqual([]);
    expect(faultsOf(suspensionSchema, {})).toEqual(['reason invalid_value']);
    expect(faultsOf(reinstatementSchema, {})).toEqual([]);
  });
});
