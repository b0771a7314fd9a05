import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { faultsOf } from '../schema-faults.js';
import { keyRevocationSchema, organisationSchema } from './organisations.schema.js';

const organisation = { name: 'Sobona', organisationNumber: '212000-0142', country: 'SE', roles: ['steward'] };

describe('an organisation’s input', () => {
  it('is taken with its number in ten digits', () => {
    expect(organisationSchema.parse({ ...organisation, region: 'Stockholm', website: 'https://sobona.se' })).toEqual({
      ...organisation,
      organisationNumber: '2120000142',
      region: 'Stockholm',
      website: 'https://sobona.se',
    });
  });

  it.each([
    ['organisationNumber soleTraderNumber', { organisationNumber: '800102-2386' }],
    ['organisationNumber organisationNumberChecksum', { organisationNumber: '2120000143' }],
    ['organisationNumber organisationNumberMalformed', { organisationNumber: 'x' }],
    ['name too_big', { name: 'x'.repeat(201) }],
    ['country invalid_value', { country: 'NO' }],
    ['website invalid_format', { website: 'javascript:alert(1)' }],
    ['roles too_small', { roles: [] }],
    ['roles repeated', { roles: ['issuer', 'issuer'] }],
    ['roles.0 invalid_value', { roles: ['owner'] }],
    ['orgnr unrecognized_keys', { orgnr: '1' }],
  ])('is refused: %s', (fault, change) => {
    expect(faultsOf(organisationSchema, { ...organisation, ...change })).toEqual([fault]);
  });

  it('is described for OpenAPI', () => {
    expect(z.toJSONSchema(organisationSchema, { io: 'input' })).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['name', 'organisationNumber', 'country', 'roles'],
      properties: { name: { type: 'string', minLength: 1, maxLength: 200 } },
    });
  });
});

describe('the revocation of a key', () => {
  it('S8: reaches back only for a compromised key', () => {
    expect(faultsOf(keyRevocationSchema, { reason: 'compromised', fromIndex: 0 })).toEqual([]);
    expect(faultsOf(keyRevocationSchema, { reason: 'superseded' })).toEqual([]);
    expect(faultsOf(keyRevocationSchema, { reason: 'ceased', fromIndex: 3 })).toEqual([
      'fromIndex fromIndexNeedsCompromise',
    ]);
    expect(faultsOf(keyRevocationSchema, { reason: 'compromised', fromIndex: -1 })).toEqual(['fromIndex too_small']);
  });
});
