/**
 * What a hostile reader tried on the built application, once each: bodies that are not what they say, moments finer than
 * anybody reads, names that cannot be seen, and an old proof of what has been revoked since.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { anchored, issuance, world, type World } from './samples.js';
import { Service, type Parsed } from './service.js';

let service: Service;
let made: World;

beforeAll(async () => {
  service = await Service.start();
  made = await world(service);
});
afterAll(() => service.dispose());

/** Sends bytes as they are; the answer's status. */
async function raw(body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  return (await service.request('/api/v1/credentials', { method: 'POST', body, headers })).status;
}

function issue(changes: Parsed = {}): Parsed {
  return { ...(issuance(made.definitionId, made.owner) as object), ...(changes as object) };
}

describe('a body', () => {
  it('that is not UTF-8 is refused, not mended in silence and signed', async () => {
    const body = Buffer.from(JSON.stringify(issue({ holder: { givenName: 'Sören', familyName: 'Öst' } })), 'latin1');
    expect(await raw(body)).toBe(400);
    expect(await raw(body, { 'content-type': 'application/json; charset=latin1' })).toBe(415);
    expect((await service.ok('/api/v1/credentials')).items).toEqual([]);
  });

  it('that is compressed is refused, whatever is in it', async () => {
    const headers = { 'content-encoding': 'gzip' };
    expect(await raw(gzipSync(JSON.stringify(issue())), headers)).toBe(415);
    expect(await raw(Buffer.from(JSON.stringify(issue())), headers)).toBe(415);
  });
});

describe('a credential', () => {
  it.each([
    ['a moment finer than the verifier reads', { validFrom: '2026-11-24T01:00:00.123456789012Z' }, 'validFrom'],
    ['a name that cannot be seen', { holder: { givenName: '\u200b', familyName: 'Öst' } }, 'holder.givenName'],
  ])('is not issued with %s', async (_, changes, path) => {
    const answer = await service.request('/api/v1/credentials', { method: 'POST', body: issue(changes) });
    expect(answer.status).toBe(422);
    expect((answer.json as { errors: { path: string }[] }).errors.map((error) => error.path)).toEqual([path]);
  });

  it('is not issued on an assessment that has not taken place yet', async () => {
    const body = issue() as { assessment: object };
    const ahead = { ...body, assessment: { ...body.assessment, assessedOn: '2999-01-01' } };
    const answer = await service.request('/api/v1/credentials', { method: 'POST', body: ahead });
    expect(answer.json).toMatchObject({ status: 422, type: 'urn:meritkedja:problem:assessedAhead' });
  });

  it('S11: that has been revoked is not in force for its own ledger, however old the proof that is shown', async () => {
    const { id } = (await service.post('/api/v1/credentials', issue())) as { id: string };
    await anchored(service);
    const old = await service.ok(`/api/v1/credentials/${id}/proof`);
    expect(await service.post('/api/v1/verify', old)).toMatchObject({ verdict: 'valid' });
    await service.post(`/api/v1/credentials/${id}/revoke`, { reason: 'issuedInError' });
    await anchored(service);
    expect(await service.post('/api/v1/verify', old)).toMatchObject({ verdict: 'notInForce', state: 'revoked' });
  });

  it('S5: of issuers that are not of this ledger is nothing that its log could speak of', async () => {
    const { id } = (await service.post('/api/v1/credentials', issue())) as { id: string };
    const document = (await service.ok(`/api/v1/credentials/${id}`)) as { issuer: object };
    const foreign = {
      ...document,
      id: 'urn:uuid:0b1e3c5a-7f0d-4b53-9a34-6f2f6d1c9a11',
      issuer: { ...document.issuer, id: 'did:web:elsewhere.example:organisations:x' },
    };
    const { checks } = (await service.post('/api/v1/verify', foreign)) as { checks: { code?: string }[] };
    expect(checks.map(({ code }) => code)).not.toContain('notLogged');
  });
});

describe('a note that differs', () => {
  it('S24: makes another request of it: the same Idempotency-Key is refused', async () => {
    const { id } = (await service.post('/api/v1/credentials', issue())) as { id: string };
    const suspend = (note: string): Promise<{ status: number }> =>
      service.request(`/api/v1/credentials/${id}/suspend`, {
        method: 'POST',
        body: { reason: 'underReview', note },
        headers: { 'idempotency-key': 'one' },
      });
    expect((await suspend('first')).status).toBe(200);
    expect((await suspend('second')).status).toBe(422);
    expect((await suspend('first')).status).toBe(200);
  });
});
