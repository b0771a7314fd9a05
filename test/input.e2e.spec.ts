/**
 * What comes in from outside and is not as it should be: each is refused with a problem (RFC 9457) that names the
 * member, in Swedish or English, and leaves nothing behind. Then the headers that make requests safe to repeat (S24)
 * and to send at the same time, and the lists' pages.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import {
  anchored,
  definition,
  issuance,
  organisation,
  organisationNumber,
  personalNumber,
  published,
  SOMEBODY,
  world,
  type World,
} from './samples.js';
import { Service, type Parsed, type Reply, type RequestOptions } from './service.js';

const NOBODY = '00000000-0000-4000-8000-000000000000';
/** Of nobody: the tax authority's test number with another check digit, and a day that does not exist. */
const WRONG_CHECK_DIGIT = '19850709-9806';
const NO_SUCH_DAY = '19850230-1234';

let service: Service;
let w: World;
beforeAll(async () => {
  service = await Service.start();
  w = await world(service);
  await anchored(service);
});
afterAll(() => service.dispose());

/** What has happened in the log: its own book-keeping, which goes on by itself, left aside. */
async function happenings(): Promise<number> {
  const size = await service.logSize();
  let count = 0;
  for (let index = 0; index < size; index += 1) {
    const { entry } = await service.ok(`/log/entries/${index}`);
    if (!/^(standing|batch-|ledger)/.test(entry.stream)) count += 1;
  }
  return count;
}

function expectProblem(reply: Reply, status: number, code: string): Parsed {
  expect([reply.status, reply.json?.type, reply.text]).toEqual([
    status,
    `urn:meritkedja:problem:${code}`,
    expect.any(String),
  ]);
  expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(reply.json).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  expect(`${reply.json.title}${reply.json.detail}`).not.toMatch(/undefined|\[object|\{\w+\}/);
  return reply.json;
}

/** A copy with one member set, named by its path; `undefined` removes it. */
function having(base: Parsed, path: string, value: unknown): Parsed {
  const copy = structuredClone(base);
  const names = path.split('.');
  const last = names.pop() ?? '';
  const at = names.reduce((part: Parsed, name) => part[name], copy);
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

type Fault = readonly [path: string, value: unknown, code: string | undefined, named?: string];

/** Sends a valid body with one member wrong; the problem must name that member, by path and, where given, code. */
function refusesEach(title: string, url: () => string, body: () => Parsed, faults: readonly Fault[]): void {
  describe(title, () => {
    it.each(faults)('%s: %j', async (path, value, code, named = path) => {
      const reply = await service.request(url(), { body: having(body(), path, value) });
      const { errors } = expectProblem(reply, 422, 'invalidInput');
      expect(errors.map((error: Parsed) => error.path)).toContain(named);
      for (const error of errors)
        expect(error).toEqual({ path: named, code: code ?? expect.any(String), message: expect.any(String) });
    });
  });
}

describe('a bad body', () => {
  let before: number;
  beforeAll(async () => {
    before = await happenings();
  });
  afterAll(async () => {
    expect(await happenings()).toBe(before);
  });

  refusesEach(
    'of an organisation',
    () => '/api/v1/organisations',
    () => organisation(50),
    [
      ['name', undefined, 'invalid_type'],
      ['name', '', undefined],
      ['name', '   ', undefined],
      ['name', 7, 'invalid_type'],
      ['name', 'x'.repeat(201), 'too_big'],
      ['name', 'a\u0000b', undefined],
      ['name', '\ud800', undefined],
      ['colour', 'red', 'unknownMember'],
      ['country', 'NO', undefined],
      ['organisationNumber', '5599980012', 'organisationNumberChecksum'],
      ['organisationNumber', '55-99', 'organisationNumberMalformed'],
      ['organisationNumber', '850709-9805', 'soleTraderNumber'],
      ['organisationNumber', '19850709-9805', 'soleTraderNumber'],
      ['website', 'javascript:alert(1)', undefined],
      ['roles', [], 'too_small'],
      ['roles', ['boss'], undefined, 'roles.0'],
      ['roles', ['issuer', 'issuer'], 'repeated'],
    ],
  );

  refusesEach(
    'of a definition',
    () => '/api/v1/definitions',
    () => definition(w.owner),
    [
      ['organisationId', 'x', undefined],
      ['title', undefined, 'invalid_type'],
      ['title.sv', undefined, 'invalid_type'],
      ['title.de', 'Titel', 'unknownMember'],
      ['bloom', 3, 'unknownMember'],
      ['summary.sv', '', undefined],
      ['tasks', 'en', 'invalid_type'],
      ['learningOutcomes', [], 'too_small'],
      ['learningOutcomes.1.category', 'attitude', undefined],
      ['learningOutcomes.1.language', 'no', undefined],
      ['learningOutcomes.0.activity', undefined, 'invalid_type'],
      ['learningOutcomes.2.bloom', 'apply', 'unknownMember'],
      ['workload', {}, 'workloadMissing'],
      ['workload.hours', 0, 'too_small'],
      ['workload.hours', 1.5, undefined],
      ['level.level', 9, undefined],
      ['level.framework', 'SeQF', 'seqfNeedsDecision', 'level.basis'],
      ['level.basis', 'decision', 'decisionMissing', 'level.decision'],
      ['assessmentMethods', ['guess'], undefined, 'assessmentMethods.0'],
      ['assessmentMethods', [], 'too_small'],
      ['participation', undefined, 'invalid_type'],
      ['qualityAssurance', [], 'too_small'],
      ['validity.months', 0, 'too_small'],
      ['visibility', 'secret', undefined],
    ],
  );

  refusesEach(
    'of an issuance',
    () => '/api/v1/credentials',
    () => issuance(w.definitionId, w.issuer),
    [
      ['definitionId', 'x', undefined],
      ['version', 0, 'too_small'],
      ['holder', undefined, 'invalid_type'],
      ['holder.givenName', undefined, 'invalid_type'],
      ['holder.familyName', '\u202eadavsne', undefined],
      ['holder.nickname', 'x', 'unknownMember'],
      ['holder.email', 'not an address', undefined],
      ['holder.personalNumber', '123', 'personalNumberMalformed'],
      ['holder.personalNumber', WRONG_CHECK_DIGIT, 'personalNumberChecksum'],
      ['holder.personalNumber', NO_SUCH_DAY, 'personalNumberDate'],
      ['route', 'rumour', undefined],
      ['participation', 'sleep', undefined],
      ['assessment.assessedOn', '2026-02-30', undefined],
      ['assessment.method', 'guess', undefined],
      ['assessment.assessor', undefined, 'invalid_type'],
      ['assessment.assessor.title', 'x', 'unknownMember'],
      ['assessment.supervision', true, undefined],
      ['assessment.outcomes', undefined, 'invalid_type'],
      ['assessment.outcomes.0.number', 0, 'too_small'],
      ['assessment.outcomes.0.met', 'yes', 'invalid_type'],
      ['assessment.outcomes.1.score', 5, 'unknownMember'],
      ['validFrom', '2026-01-01', undefined],
      ['allMet', true, 'unknownMember'],
    ],
  );

  it('with validUntil before validFrom is refused by name', async () => {
    const body = {
      ...issuance(w.definitionId, w.issuer),
      validFrom: '2026-06-01T00:00:00Z',
      validUntil: '2026-05-31T23:59:59Z',
    };
    const { errors } = expectProblem(await service.request('/api/v1/credentials', { body }), 422, 'invalidInput');
    expect(errors).toMatchObject([{ path: 'validUntil', code: 'validityReversed' }]);
  });

  it('with several faults names each of them', async () => {
    const body = { ...issuance(w.definitionId, w.issuer), route: 'x', one: 1, two: 2 };
    const { errors } = expectProblem(await service.request('/api/v1/credentials', { body }), 422, 'invalidInput');
    expect(errors.map(({ path }: Parsed) => path).sort()).toEqual(['one', 'route', 'two']);
  });

  it.each([['__proto__'], ['constructor'], ['toString']])('with the member %s is refused by name', async (name) => {
    const body = JSON.stringify(issuance(w.definitionId, w.issuer)).replace('{', `{"${name}":{"met":true},`);
    const { errors } = expectProblem(await service.request('/api/v1/credentials', { body }), 422, 'invalidInput');
    expect(errors).toMatchObject([{ path: name, code: 'unknownMember' }]);
  });

  it('S20: no answer repeats a personal number', async () => {
    for (const number of [WRONG_CHECK_DIGIT, NO_SUCH_DAY]) {
      const reply = await service.request('/api/v1/credentials', {
        body: issuance(w.definitionId, w.issuer, { ...SOMEBODY, personalNumber: number }),
      });
      expect(reply.status).toBe(422);
      expect(reply.text).not.toContain(number.slice(-4));
    }
  });

  it.each<readonly [what: string, url: () => string, body: Parsed, path: string]>([
    [
      'mandate',
      () => `/api/v1/definitions/${w.definitionId}/mandates/${w.owner}`,
      { from: '2027-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' },
      'to',
    ],
    [
      'publication',
      () => `/api/v1/definitions/${w.definitionId}/publish`,
      { effectOnHolders: 'all' },
      'effectOnHolders',
    ],
    ['retirement', () => `/api/v1/definitions/${w.definitionId}/retire`, {}, 'version'],
    [
      'key revocation',
      () => `/api/v1/organisations/${w.owner}/keys/z6Mk/revoke`,
      { reason: 'superseded', fromIndex: 1 },
      'fromIndex',
    ],
    ['revocation', () => `/api/v1/credentials/${NOBODY}/revoke`, {}, 'reason'],
    ['revocation', () => `/api/v1/credentials/${NOBODY}/revoke`, { reason: 'bored' }, 'reason'],
    ['suspension', () => `/api/v1/credentials/${NOBODY}/suspend`, { reason: 'underReview', until: 'later' }, 'until'],
  ])('of a %s is refused: %#', async (_what, url, body, path) => {
    const { errors } = expectProblem(await service.request(url(), { body }), 422, 'invalidInput');
    expect(errors.map((error: Parsed) => error.path)).toEqual([path]);
  });
});

describe('a request that is no JSON of a bearable size', () => {
  const url = '/api/v1/credentials';
  it.each([
    ['malformed JSON', { body: '{"name":' }, 400, 'malformed'],
    ['no JSON at all', { body: 'hej' }, 400, 'malformed'],
    ['bytes that are no text', { body: new Uint8Array([0xff, 0xfe, 0x00]) }, 400, 'malformed'],
    ['no body', { method: 'POST' }, 422, 'invalidInput'],
    ['an array', { body: [] }, 422, 'invalidInput'],
    ['null', { body: null }, 422, 'invalidInput'],
    ['text', { body: 'x', headers: { 'content-type': 'text/plain' } }, 415, 'unsupportedMediaType'],
    ['XML', { body: '<a/>', headers: { 'content-type': 'application/xml' } }, 415, 'unsupportedMediaType'],
    ['too much', { body: JSON.stringify({ name: 'x'.repeat(2 ** 21) }) }, 413, 'tooLarge'],
  ] as const)('%s', async (_what, options: RequestOptions, status, code) => {
    expectProblem(await service.request(url, options), status, code);
  });

  it('deep nesting is refused, not fatal', async () => {
    const depth = 100_000;
    const reply = await service.request('/api/v1/verify', { body: `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}` });
    expect(reply.status).toBeLessThan(500);
    expect((await service.request('/health/live')).status).toBe(200);
  });
});

describe('a refusal of the domain', () => {
  const refused = async (change: (body: Parsed) => void, status: number, code: string): Promise<Parsed> => {
    const body = issuance(w.definitionId, w.issuer);
    change(body);
    return expectProblem(await service.request('/api/v1/credentials', { body }), status, code);
  };
  let before: number;
  beforeAll(async () => {
    before = await happenings();
  });

  it('an outcome that is left out counts as not assessed, and is named', async () => {
    const problem = await refused((body) => body.assessment.outcomes.splice(1, 1), 422, 'outcomeNotMet');
    expect(problem.detail).toMatch(/Läranderesultat 2 är inte/);
  });
  it('an outcome that is not met is named', async () => {
    const problem = await refused((body) => (body.assessment.outcomes[2].met = false), 422, 'outcomeNotMet');
    expect(problem.detail).toMatch(/Läranderesultat 3 är inte/);
  });
  it('no outcomes: all are named', async () => {
    const problem = await refused((body) => (body.assessment.outcomes = []), 422, 'outcomeNotMet');
    expect(problem.detail).toMatch(/Läranderesultat 1, 2, 3 är inte/);
  });
  it('an outcome that there is not', async () => {
    await refused((body) => body.assessment.outcomes.push({ number: 4, met: true }), 422, 'outcomeOutOfRange');
  });
  it('an outcome assessed twice', async () => {
    await refused((body) => body.assessment.outcomes.push({ number: 1, met: true }), 422, 'outcomeRepeated');
  });
  it('an outcome met and not met', async () => {
    const change = (body: Parsed): unknown => body.assessment.outcomes.push({ number: 1, met: false });
    const reply = await service.request('/api/v1/credentials', {
      body: ((body: Parsed): Parsed => (change(body), body))(issuance(w.definitionId, w.issuer)),
    });
    expect(reply.status).toBe(422);
  });
  it('a birth in the future', async () => {
    const digits = '991231';
    const number = Array.from({ length: 10 }, (_, digit) => `20${digits}001${digit}`);
    const codes = await Promise.all(
      number.map(async (personal) => {
        const holder = { ...SOMEBODY, personalNumber: personal };
        const reply = await service.request('/api/v1/credentials', {
          body: issuance(w.definitionId, w.issuer, holder),
        });
        return reply.json.type as string;
      }),
    );
    expect(codes.filter((code) => code.endsWith('personalNumberDate'))).toHaveLength(1);
  });
  it('no mandate', async () => {
    const { id } = await service.post('/api/v1/organisations', organisation(60));
    const problem = await refused((body) => (body.organisationId = id), 403, 'noMandate');
    expect(problem.detail).toContain(id);
  });
  it('a definition that was never published', async () => {
    const { id } = await service.post('/api/v1/definitions', definition(w.issuer));
    await refused((body) => (body.definitionId = id), 409, 'versionNotPublished');
  });
  it('a version that there is not', async () => {
    await refused((body) => (body.version = 7), 409, 'versionNotPublished');
  });
  it('a retired version', async () => {
    const id = await published(service, w.issuer);
    await service.post(`/api/v1/definitions/${id}/retire`, { version: 1 });
    await refused((body) => Object.assign(body, { definitionId: id, version: 1 }), 409, 'versionRetired');
  });
  it('an unfinished draft cannot be published; what is missing is named', async () => {
    const { id } = await service.post('/api/v1/definitions', definition(w.issuer));
    const draft = having(definition(w.issuer), 'workload', undefined);
    await service.ok(`/api/v1/definitions/${id}/draft`, { method: 'PUT', body: draft });
    const { errors } = expectProblem(
      await service.request(`/api/v1/definitions/${id}/publish`, { body: {} }),
      422,
      'invalidInput',
    );
    expect(errors.map(({ path }: Parsed) => path)).toEqual(['workload']);
  });
  it('a second mandate for the same', async () => {
    const url = `/api/v1/definitions/${w.definitionId}/mandates/${w.issuer}`;
    expectProblem(await service.request(url, { body: {} }), 409, 'mandateInForce');
  });
  it('leaves nothing in the log but what was set up', async () => {
    // An organisation with its key; two drafts; a published definition that was retired; one revised draft more.
    const types: string[] = [];
    for (let index = 0, seen = 0; index < (await service.logSize()); index += 1) {
      const { entry } = await service.ok(`/log/entries/${index}`);
      if (/^(standing|batch-|ledger)/.test(entry.stream)) continue;
      seen += 1;
      if (seen > before) types.push(entry.type);
    }
    expect(types.filter((type) => /^(Credential|Assessment|StatusList|Mandate)/.test(type))).toEqual([]);
  });
});

describe('what is not there', () => {
  it.each<readonly [method: string, url: () => string, body?: Parsed]>([
    ['GET', () => `/api/v1/organisations/${NOBODY}`],
    ['GET', () => `/organisations/${NOBODY}/did.json`],
    ['POST', () => `/api/v1/organisations/${NOBODY}/keys`],
    ['POST', () => `/api/v1/organisations/${w.owner}/keys/z6MkNone/revoke`, { reason: 'ceased' }],
    ['GET', () => `/api/v1/definitions/${NOBODY}`],
    ['GET', () => `/api/v1/definitions/${NOBODY}/draft`],
    ['PUT', () => `/api/v1/definitions/${NOBODY}/draft`, {}],
    ['POST', () => `/api/v1/definitions/${NOBODY}/publish`, {}],
    ['GET', () => `/api/v1/definitions/${w.definitionId}/versions/9`],
    ['POST', () => `/api/v1/definitions/${w.definitionId}/mandates/${NOBODY}`, {}],
    ['DELETE', () => `/api/v1/definitions/${w.definitionId}/mandates/${NOBODY}`, {}],
    ['POST', () => '/api/v1/credentials', { organisationId: NOBODY }],
    ['POST', () => '/api/v1/credentials', { definitionId: NOBODY }],
    ['GET', () => `/api/v1/credentials/${NOBODY}`],
    ['GET', () => `/api/v1/credentials/${NOBODY}/proof`],
    ['GET', () => `/api/v1/credentials/${NOBODY}/evidence`],
    ['GET', () => `/api/v1/credentials/${NOBODY}/history`],
    ['GET', () => `/api/v1/credentials/${NOBODY}/qr.svg`],
    ['POST', () => `/api/v1/credentials/${NOBODY}/revoke`, { reason: 'issuedInError' }],
    ['POST', () => `/api/v1/credentials/${NOBODY}/suspend`, { reason: 'appeal' }],
    ['POST', () => `/api/v1/credentials/${NOBODY}/reinstate`, {}],
    ['GET', () => `/api/v1/assessments/${NOBODY}`],
    ['GET', () => '/api/v1/batches/999'],
    ['GET', () => `/status/${NOBODY}`],
    ['GET', () => `/api/v1/shares/${NOBODY}`],
    ['GET', () => '/log/entries/99999'],
    ['GET', () => '/log/proof?index=99999'],
    ['GET', () => '/log/consistency?from=99998&to=99999'],
    ['GET', () => '/log/tile/0/999'],
    ['GET', () => '/log/tile/..%2f..%2fetc/passwd'],
    ['GET', () => '/api/v1/nothing'],
    ['DELETE', () => '/api/v1/organisations'],
  ])('%s %s: 404', async (method, url, body = undefined) => {
    const whole = url().endsWith('/credentials') ? { ...issuance(w.definitionId, w.issuer), ...body } : body;
    const reply = await service.request(url(), { method, body: whole });
    expect([reply.status, reply.json?.status]).toEqual([404, 404]);
    expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it.each([
    ['/api/v1/organisations/x', 'id'],
    ['/api/v1/credentials/1%27%20OR%201=1', 'id'],
    ['/api/v1/batches/0', 'number'],
    ['/log/entries/-1', 'index'],
    ['/api/v1/organisations?limit=0', 'limit'],
    ['/api/v1/organisations?limit=201', 'limit'],
    ['/api/v1/organisations?limit=many', 'limit'],
    ['/api/v1/organisations?cursor=-1', 'cursor'],
    ['/api/v1/organisations?limit=1&limit=2', 'limit'],
    ['/api/v1/organisations?colour=red', 'colour'],
    ['/api/v1/credentials?state=lost', 'state'],
    ['/api/v1/definitions?organisation=x', 'organisation'],
    ['/log/consistency', 'from'],
  ] as const)('GET %s: 422 for %s', async (url, path) => {
    const { errors } = expectProblem(await service.request(url), 422, 'invalidInput');
    expect(errors.map((error: Parsed) => error.path)).toEqual([path]);
  });
});

describe('the language of a problem', () => {
  it.each([
    [undefined, 'sv', 'Uppgifterna kan inte användas'],
    ['en', 'en', 'The input cannot be used'],
    ['en-GB,en;q=0.9,sv;q=0.8', 'en', 'The input cannot be used'],
    ['sv,en;q=0.5', 'sv', 'Uppgifterna kan inte användas'],
    ['de', 'sv', 'Uppgifterna kan inte användas'],
    [`${'x,'.repeat(1_000)}en`, 'sv', 'Uppgifterna kan inte användas'],
  ])('Accept-Language %s', async (header, language, title) => {
    const reply = await service.request('/api/v1/organisations', {
      body: {},
      headers: header === undefined ? {} : { 'accept-language': header },
    });
    expect([reply.headers['content-language'], reply.json.title]).toEqual([language, title]);
    expect(reply.headers['vary']).toMatch(/accept-language/i);
  });
});

describe('a token', () => {
  it.each([
    ['none', {}, 'unauthenticated'],
    ['wrong', { authorization: 'Bearer wrong-token-wrong-token' }, 'badToken'],
    ['empty', { authorization: 'Bearer ' }, 'badToken'],
    ['of another scheme', { authorization: 'Basic YTpi' }, 'badToken'],
    ['in the query only', {}, 'unauthenticated', '?access_token='],
  ])('%s is refused', async (_what, headers, code, query = '') => {
    const url = `/api/v1/organisations${query === '' ? '' : `${query}${service.token}`}`;
    const reply = await service.request(url, { body: organisation(70), headers, token: null });
    expectProblem(reply, 401, code);
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer/);
  });
});

describe('If-Match', () => {
  const put = (body: Parsed, etag: string): Promise<Reply> =>
    service.request(`/api/v1/organisations/${w.owner}`, { method: 'PUT', body, headers: { 'if-match': etag } });

  it('of another revision is 412, and nothing changes', async () => {
    const { headers, json } = await service.request(`/api/v1/organisations/${w.owner}`);
    const body = { ...organisation(1), name: 'Nytt namn' };
    expectProblem(await put(body, '"99"'), 412, 'preconditionFailed');
    expect((await service.ok(`/api/v1/organisations/${w.owner}`)).name).toBe(json.name);
    const changed = await put(body, String(headers['etag']));
    expect([changed.status, changed.json.name]).toEqual([200, 'Nytt namn']);
    expect(changed.headers['etag']).not.toBe(headers['etag']);
    // The same again: what was read is no longer what is there.
    expectProblem(await put({ ...body, name: 'Ett till' }, String(headers['etag'])), 412, 'preconditionFailed');
  });

  it('that cannot be read is refused by name', async () => {
    const { errors } = expectProblem(await put(organisation(1), 'W/"1"'), 422, 'invalidInput');
    expect(errors).toMatchObject([{ path: 'If-Match' }]);
  });

  it.each<readonly [what: string, method: string, url: () => string, body: () => Parsed]>([
    ['a draft', 'PUT', () => `/api/v1/definitions/${w.definitionId}/draft`, () => definition(w.owner)],
    ['a publication', 'POST', () => `/api/v1/definitions/${w.definitionId}/publish`, () => ({})],
    ['a key rotation', 'POST', () => `/api/v1/organisations/${w.owner}/keys`, () => undefined],
  ])('guards %s', async (_what, method, url, body) => {
    const reply = await service.request(url(), { method, body: body(), headers: { 'if-match': '"0"' } });
    expectProblem(reply, 412, 'preconditionFailed');
  });

  it('guards a revocation', async () => {
    const issued = await service.request('/api/v1/credentials', { body: issuance(w.definitionId, w.issuer) });
    const url = `/api/v1/credentials/${issued.json.id}`;
    const etag = String(issued.headers['etag']);
    await service.post(`${url}/suspend`, { reason: 'appeal' });
    const stale = await service.request(`${url}/revoke`, {
      body: { reason: 'issuedInError' },
      headers: { 'if-match': etag },
    });
    expectProblem(stale, 412, 'preconditionFailed');
    expect(
      (await service.ok(`/api/v1/credentials?limit=200`)).items.find(({ id }: Parsed) => id === issued.json.id),
    ).toMatchObject({ state: 'suspended' });
  });
});

describe('S24: Idempotency-Key', () => {
  const send = (url: string, body: unknown, key: string): Promise<Reply> =>
    service.request(url, { method: 'POST', body, headers: { 'idempotency-key': key } });

  it.each<readonly [what: string, url: () => string, body: () => Parsed]>([
    ['an organisation', () => '/api/v1/organisations', () => organisation(80)],
    ['a definition', () => '/api/v1/definitions', () => definition(w.owner)],
    ['a credential', () => '/api/v1/credentials', () => issuance(w.definitionId, w.issuer)],
  ])('the same request again is the same %s', async (what, url, body) => {
    const first = await send(url(), body(), `again-${what.length}`);
    const before = await happenings();
    const second = await send(url(), body(), `again-${what.length}`);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect([second.json.id, second.headers['location']]).toEqual([first.json.id, first.headers['location']]);
    expect(await happenings()).toBe(before);
  });

  it('with another body is refused', async () => {
    const body = issuance(w.definitionId, w.issuer);
    expect((await send('/api/v1/credentials', body, 'other')).status).toBe(201);
    const reply = await send('/api/v1/credentials', { ...body, route: 'course' }, 'other');
    expectProblem(reply, 422, 'idempotencyKeyReused');
  });

  it.each([['two words'], ['å'], ['x'.repeat(256)], ['']])('cannot be %j', async (key) => {
    const reply = await service.request('/api/v1/credentials', {
      body: issuance(w.definitionId, w.issuer),
      headers: { 'idempotency-key': Buffer.from(key, 'utf8').toString('latin1') },
    });
    const { errors } = expectProblem(reply, 422, 'invalidInput');
    expect(errors).toMatchObject([{ path: 'Idempotency-Key' }]);
  });

  it('many at once with one key make one credential', async () => {
    const body = issuance(w.definitionId, w.issuer, { ...SOMEBODY, personalNumber: personalNumber(77) });
    const before = await happenings();
    const replies = await Promise.all(Array.from({ length: 12 }, () => send('/api/v1/credentials', body, 'at-once')));
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 201));
    expect(new Set(replies.map(({ json }) => json.id)).size).toBe(1);
    // One assessment and one issuance.
    expect((await happenings()) - before).toBe(2);
  });

  it('many at once with keys of their own make as many, for one person', async () => {
    const body = issuance(w.definitionId, w.issuer, { ...SOMEBODY, personalNumber: personalNumber(78) });
    const replies = await Promise.all(
      Array.from({ length: 6 }, (_, i) => send('/api/v1/credentials', body, `each-${i}`)),
    );
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 201));
    expect(new Set(replies.map(({ json }) => json.id)).size).toBe(6);
  });
});

describe('a list', () => {
  it.each([
    ['/api/v1/organisations', 'id'],
    ['/api/v1/definitions', 'id'],
    ['/api/v1/credentials', 'id'],
    ['/api/v1/batches', 'number'],
  ])('%s comes in pages that join without gap or overlap', async (url, name) => {
    if (name === 'number') {
      await service.post('/api/v1/organisations', organisation(90));
      await anchored(service);
    }
    const all = (await service.ok(`${url}?limit=200`)).items.map((item: Parsed) => item[name]);
    expect(all.length).toBeGreaterThan(1);
    const paged: unknown[] = [];
    let next: string | undefined = `${url}?limit=1`;
    while (next !== undefined) {
      const reply: Reply = await service.request(next);
      expect(reply.status).toBe(200);
      expect(reply.json.items).toHaveLength(1);
      paged.push(reply.json.items[0][name]);
      next = /^<([^>]+)>; rel="next"$/.exec(String(reply.headers['link'] ?? ''))?.[1];
      expect(next === undefined).toBe(reply.json.next === undefined);
    }
    expect(paged).toEqual(all);
  });

  it('past its end is empty', async () => {
    expect(await service.ok('/api/v1/organisations?cursor=99999')).toEqual({ items: [] });
  });
});

describe('what refused requests leave behind', () => {
  it('S20, S24: no holder, number, assessor or assessment that belongs to no credential', async () => {
    await service.stop();
    const db = new Database(join(service.dataDir, 'events.db'), { readonly: true });
    const count = (glob: string): number =>
      (db.prepare('SELECT count(DISTINCT stream) AS n FROM events WHERE stream GLOB ?').get(glob) as { n: number }).n;
    const issued = count('credential-*');
    expect(issued).toBeGreaterThan(5);
    expect(count('assessment-*')).toBe(issued);
    expect(count('vault-share-*')).toBe(issued);
    // Two numbers were sent in requests that were carried out: 77 once, 78 six times, for one holder each.
    expect(count('vault-pnr-*')).toBe(2);
    expect(count('vault-holder-*')).toBe(issued - 5);
    expect(count('vault-member-*')).toBe(1);
    db.close();
    expect(service.output).not.toContain(organisationNumber(50));
  });
});
