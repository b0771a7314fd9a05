import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../encoding/json.js';
import { inNameOf, type Owners } from './in-name-of.js';

const A = '00000000-0000-4000-8000-00000000000a';
const B = '00000000-0000-4000-8000-00000000000b';

function owners(): Owners {
  const known = new Map<string, string>();
  return { ownerOf: (what) => known.get(what), remember: (what, organisation) => void known.set(what, organisation) };
}
const event = (stream: string, type: string, data: object = {}, by = 'operator') => ({
  ...{ stream, type, by },
  data: data as JsonObject,
});

describe('S13: an entry stands in the name of', () => {
  it('the organisation whose stream it is', () => {
    expect(inNameOf(event(`organisation-${A}`, 'OrganisationClosed'), owners())).toEqual([A]);
  });

  it('whoever issued, also when it is revoked later, and nobody else', () => {
    const known = owners();
    expect(inNameOf(event('credential-1', 'CredentialIssued', { organisation: A }), known)).toEqual([A]);
    expect(inNameOf(event('credential-1', 'CredentialRevoked', { reasonCode: 'replaced' }), known)).toEqual([A]);
    expect(inNameOf(event('credential-2', 'CredentialRevoked', { reasonCode: 'replaced' }), known)).toEqual([]);
  });

  it('whoever assessed, and whose list it is', () => {
    const known = owners();
    expect(inNameOf(event('assessment-1', 'AssessmentRecorded', { organisation: B }), known)).toEqual([B]);
    inNameOf(event('statuslist-1', 'StatusListOpened', { organisation: A, purpose: 'revocation' }), known);
    expect(inNameOf(event('statuslist-1', 'StatusListPublished', { sequence: 1 }), known)).toEqual([A]);
  });

  it('the owner of a definition and the one who is given a mandate or loses it', () => {
    const known = owners();
    inNameOf(event('definition-1', 'DefinitionCreated', { creator: A, owner: A, visibility: 'public' }), known);
    expect(inNameOf(event('definition-1', 'MandateGranted', { mandate: 'm', organisation: B }), known)).toEqual([A, B]);
    expect(inNameOf(event('definition-1', 'MandateWithdrawn', { mandate: 'm' }), known)).toEqual([A, B]);
    expect(inNameOf(event('definition-1', 'MandateWithdrawn', { mandate: 'other' }), known)).toEqual([A]);
    expect(inNameOf(event('definition-1', 'VersionPublished', { version: 1 }), known)).toEqual([A]);
  });

  it('whoever is named as the creator of a definition, also of another’s', () => {
    const data = { creator: B, owner: A, visibility: 'public' };
    expect(inNameOf(event('definition-1', 'DefinitionCreated', data), owners())).toEqual([A, B]);
  });

  it('whoever acted', () => {
    expect(inNameOf(event('batch-1', 'BatchSealed', {}, `organisation:${B}:issuer`), owners())).toEqual([B]);
    expect(inNameOf(event('batch-1', 'BatchSealed', {}, 'process:anchoring'), owners())).toEqual([]);
  });
});
