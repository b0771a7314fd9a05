/**
 * Who may do what, from outside: every operation of the API's description without a token and with a wrong one, the
 * operator's pages with and without a session, forms without their token, and the headers that every answer has.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { anchored, issuance, organisation, world, type World } from './samples.js';
import { Service, type Parsed, type Reply, type RequestOptions } from './service.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const PAGE = { accept: 'text/html' };

let service: Service;
let w: World;
let credential: string;
beforeAll(async () => {
  service = await Service.start();
  w = await world(service);
  credential = (await service.post('/api/v1/credentials', issuance(w.definitionId, w.issuer))).id;
  await anchored(service);
});
afterAll(() => service.dispose());

interface Described {
  readonly method: string;
  readonly url: string;
  readonly isOpen: boolean;
}

/** Every operation that the API describes, on things that there are. */
async function operations(): Promise<Described[]> {
  const { paths } = await service.ok('/openapi.json', { token: null });
  const [list] = (await service.ok(`/api/v1/credentials/${credential}/evidence`)).statusLists;
  const values: Readonly<Record<string, string>> = {
    organisationId: w.issuer,
    version: '1',
    number: '1',
    chainId: '31337',
    index: '0',
    kid: 'z6MkNone',
    path: 'entries/000.p/1',
    listId: String(list?.id).slice(-36),
  };
  return Object.entries<Parsed>(paths).flatMap(([template, operationsOf]) =>
    Object.entries<Parsed>(operationsOf).map(([method, { security }]) => {
      const id = template.includes('/organisations')
        ? w.owner
        : template.includes('/definitions')
          ? w.definitionId
          : credential;
      const url = template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? id);
      return { method: method.toUpperCase(), url, isOpen: security.length === 0 };
    }),
  );
}

describe('every operation of the API', () => {
  it('says who may use it', async () => {
    const all = await operations();
    expect(all.length).toBeGreaterThan(30);
    expect(all.filter(({ isOpen }) => !isOpen).length).toBeGreaterThan(15);
    // What changes something is open to nobody; checking a proof changes nothing.
    const writing = all
      .filter(({ method, isOpen }) => method !== 'GET' && isOpen)
      .map(({ method, url }) => `${method} ${url}`);
    expect(writing).toEqual(['POST /api/v1/verify']);
  });

  it('answers 401 without a token, unless it is open', async () => {
    const wrong: string[] = [];
    for (const { method, url, isOpen } of await operations()) {
      const { status } = await service.request(url, { method, token: null });
      if ((status === 401) === isOpen || status >= 500) wrong.push(`${method} ${url}: ${status}, open: ${isOpen}`);
    }
    expect(wrong).toEqual([]);
  });

  it('answers 401 to a wrong token, open or not', async () => {
    const before = await service.logSize();
    const wrong: string[] = [];
    for (const { method, url } of await operations()) {
      for (const token of [`${service.token}x`, service.token.slice(1), service.token.toUpperCase()]) {
        const reply = await service.request(url, { method, token });
        if (reply.status !== 401 || reply.json?.type !== 'urn:meritkedja:problem:badToken') {
          wrong.push(`${method} ${url}: ${reply.status}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(await service.logSize()).toBe(before);
  });

  it('HEAD asks for the same token as GET', async () => {
    for (const url of ['/api/v1/credentials', `/api/v1/credentials/${credential}`, '/operator']) {
      expect((await service.request(url, { method: 'HEAD', token: null })).status).toBe(401);
    }
  });
});

describe('every answer', () => {
  const answers: readonly (readonly [what: string, url: () => string, options?: RequestOptions, status?: number])[] = [
    ['a page', () => '/', { headers: PAGE }, 200],
    ['a credential’s page', () => `/c/${credential}`, { headers: PAGE }, 200],
    ['the verify page', () => '/verify', { headers: PAGE }, 200],
    ['an answer of the API', () => '/api/v1/organisations', {}, 200],
    ['a credential', () => `/api/v1/credentials/${credential}`, {}, 200],
    ['a QR code', () => `/api/v1/credentials/${credential}/qr.svg`, {}, 200],
    ['a checkpoint', () => '/log/checkpoint', {}, 200],
    ['a refusal', () => '/api/v1/organisations', { body: {} }, 422],
    ['a missing token', () => '/api/v1/credentials', { token: null }, 401],
    ['a page that there is not', () => '/nowhere', { headers: PAGE }, 404],
    ['a path that there is not', () => '/api/nowhere', {}, 404],
    ['an asset that there is not', () => '/assets/nothing.js', {}, 404],
    ['too much', () => '/api/v1/verify', { body: `"${'x'.repeat(2 ** 21)}"` }, 413],
    ['malformed JSON', () => '/api/v1/verify', { body: '{' }, 400],
    ['a redirect', () => '/favicon.ico', {}, 302],
    ['a path that cannot be read', () => '/%zz', {}, 400],
    ['a path that is too long', () => `/api/v1/organisations/${'x'.repeat(300)}`, {}, 400],
  ];
  it.each(answers)('%s has the security headers', async (_what, url, options = {}, status = 200) => {
    const reply = await service.request(url(), options);
    expect(reply.status).toBe(status);
    if (status >= 400) expect(reply.headers['content-type']).toMatch(/^(application\/problem\+json|text\/html)/);
    expect(reply.headers).toMatchObject({
      'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    });
    expect(reply.headers['content-security-policy']).not.toMatch(/unsafe|\*/);
    for (const name of ['server', 'x-powered-by', 'access-control-allow-credentials'])
      expect(reply.headers).not.toHaveProperty(name);
  });

  it('an asset has them too, and is kept for ever', async () => {
    const [, asset] =
      /(?:href|src)="(\/assets\/[^"]+)"/.exec((await service.request('/', { headers: PAGE })).text) ?? [];
    const reply = await service.request(asset ?? '');
    expect([reply.status, reply.headers['x-content-type-options']]).toEqual([200, 'nosniff']);
    expect(reply.headers['cache-control']).toMatch(/immutable/);
  });

  it.each([['/assets/../main.js'], ['/assets/..%2f..%2fmain.js'], ['/assets/%2e%2e/%2e%2e/main.js'], ['/assets/']])(
    'nothing else is served as an asset: %s',
    async (url) => {
      expect((await service.request(url)).status).toBeGreaterThanOrEqual(400);
    },
  );

  it('no answer with private data may be kept', async () => {
    for (const url of ['/qr.svg', '', '/proof'].map((end) => `/api/v1/credentials/${credential}${end}`)) {
      const { headers } = await service.request(url);
      expect([url, headers['cache-control']]).toEqual([url, 'no-store']);
    }
  });
});

/** A browser's part: the cookie and the token of its forms. */
interface Browser {
  readonly cookie: string;
  readonly csrf: string;
}

function signIn(
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  return service.request('/sign-in', {
    method: 'POST',
    token: null,
    body: new URLSearchParams(fields).toString(),
    headers: { ...FORM, ...PAGE, ...headers },
  });
}

async function signedIn(): Promise<Browser> {
  const reply = await signIn({ token: service.token });
  expect([reply.status, reply.headers['location']]).toEqual([303, '/operator']);
  const cookie = String(reply.headers['set-cookie']?.[0]).split(';')[0] ?? '';
  const page = await service.request('/operator', { token: null, headers: { cookie, ...PAGE } });
  expect(page.status).toBe(200);
  const [, csrf] = /name="csrf" value="([^"]+)"/.exec(page.text) ?? [];
  return { cookie, csrf: csrf ?? '' };
}

describe('a session', () => {
  it('is a cookie that no script reads and no other site sends', async () => {
    const reply = await signIn({ token: ` ${service.token}\n` });
    const cookies = reply.headers['set-cookie'] ?? [];
    expect(cookies).toHaveLength(1);
    const [pair, ...attributes] = (cookies[0] ?? '').split('; ');
    expect(pair).toMatch(/^meritkedja_session=[\w-]{43}$/);
    expect(attributes.sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict']);
    expect(reply.text).not.toContain(service.token);
  });

  it('is asked for by the operator’s pages', async () => {
    for (const url of ['/operator', `/operator/credentials/${credential}/revoke`]) {
      const reply = await service.request(url, { token: null, headers: PAGE });
      expect([reply.status, reply.headers['content-type']]).toEqual([401, expect.stringContaining('text/html')]);
    }
    const invented = { cookie: `meritkedja_session=${'A'.repeat(43)}`, ...PAGE };
    expect((await service.request('/operator', { token: null, headers: invented })).status).toBe(401);
  });

  it('does not take over a cookie from before', async () => {
    const { cookie: before } = await signedIn();
    const { csrf } = await csrfOf(before);
    const reply = await signIn({ token: service.token, csrf }, { cookie: before });
    expect(reply.status).toBe(303);
    expect(String(reply.headers['set-cookie']?.[0])).not.toContain(before);
    expect((await service.request('/operator', { token: null, headers: { cookie: before, ...PAGE } })).status).toBe(
      401,
    );
  });

  it('ends with signing out', async () => {
    const { cookie, csrf } = await signedIn();
    const out = await service.request('/sign-out', {
      method: 'POST',
      token: null,
      body: new URLSearchParams({ csrf }).toString(),
      headers: { ...FORM, cookie },
    });
    expect([out.status, out.headers['location']]).toEqual([303, '/']);
    expect((await service.request('/operator', { token: null, headers: { cookie, ...PAGE } })).status).toBe(401);
  });

  it('CSRF: without the form’s token changes nothing, anywhere', async () => {
    const { cookie, csrf } = await signedIn();
    const pages = [
      '/operator/seal',
      '/sign-out',
      '/sign-in',
      ...['revoke', 'suspend', 'reinstate'].map((action) => `/operator/credentials/${credential}/${action}`),
    ].map((url) => ({ method: 'POST', url }));
    const writing = (await operations()).filter(({ method }) => method !== 'GET');
    const before = await service.logSize();
    for (const { method, url } of [...pages, ...writing]) {
      for (const wrong of ['', `${csrf.slice(1)}x`]) {
        const reply = await service.request(url, {
          method,
          token: null,
          body: new URLSearchParams({ csrf: wrong, reason: 'issuedInError', token: service.token }).toString(),
          headers: { ...FORM, cookie },
        });
        expect([method, url, reply.status, reply.json?.type]).toEqual([
          method,
          url,
          403,
          'urn:meritkedja:problem:csrf',
        ]);
      }
    }
    expect(await service.logSize()).toBe(before);
    expect((await service.ok('/api/v1/credentials')).items[0].state).toBe('active');
  });

  it('with the form’s token does what the form says', async () => {
    const { cookie, csrf } = await signedIn();
    const act = (action: string, fields: Readonly<Record<string, string>>): Promise<Reply> =>
      service.request(`/operator/credentials/${credential}/${action}`, {
        method: 'POST',
        token: null,
        body: new URLSearchParams({ csrf, ...fields }).toString(),
        headers: { ...FORM, cookie, ...PAGE },
      });
    expect((await act('suspend', {})).status).toBe(422);
    expect((await act('suspend', { reason: 'appeal' })).headers['location']).toBe('/operator?notice=suspended');
    expect((await act('suspend', { reason: 'appeal' })).status).toBe(409);
    expect((await act('reinstate', {})).headers['location']).toBe('/operator?notice=reinstated');
    const byHeader = await service.request('/api/v1/organisations', {
      token: null,
      body: organisation(30),
      headers: { cookie, 'x-csrf-token': csrf },
    });
    expect(byHeader.status).toBe(201);
  });

  it.each([
    ['//evil.example'],
    ['https://evil.example/'],
    ['/\\evil.example'],
    ['\\/evil.example'],
    ['/\t/evil.example'],
    ['javascript:alert(1)'],
    ['evil.example'],
    ['/x\r\nset-cookie: a=b'],
  ])('does not lead to another site: next=%j', async (next) => {
    const reply = await signIn({ token: service.token, next });
    expect([reply.status, reply.headers['location']]).toEqual([303, '/operator']);
    const page = await service.request(`/sign-in?next=${encodeURIComponent(next)}`, { token: null, headers: PAGE });
    expect(page.text).not.toContain('evil');
  });

  it('leads back to a page of this site', async () => {
    const reply = await signIn({ token: service.token, next: '/batches?lang=en' });
    expect(reply.headers['location']).toBe('/batches?lang=en');
  });

  async function csrfOf(cookie: string): Promise<{ csrf: string }> {
    const page = await service.request('/operator', { token: null, headers: { cookie, ...PAGE } });
    return { csrf: /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '' };
  }
});

// Last: it closes the door for a minute.
describe('guessing the token', () => {
  it('is stopped after ten tries, and then the right one waits too', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 12; i += 1) statuses.push((await signIn({ token: `guess-${i}` })).status);
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect((await signIn({ token: service.token })).status).toBe(429);
  });
});

describe('behind https', () => {
  it('the cookie is for https only, and browsers are told to stay there', async () => {
    const secure = await Service.start({ env: { PUBLIC_URL: 'https://ledger.example' } });
    try {
      const reply = await secure.request('/sign-in', {
        method: 'POST',
        token: null,
        body: new URLSearchParams({ token: secure.token }).toString(),
        headers: FORM,
      });
      expect(reply.headers['set-cookie']?.[0]).toMatch(/; Secure/);
      expect(reply.headers['strict-transport-security']).toMatch(/^max-age=\d+/);
      const { origin, log } = await secure.ok('/.well-known/meritkedja.json');
      expect([origin, log]).toEqual(['ledger.example/log', 'https://ledger.example/log']);
    } finally {
      await secure.dispose();
    }
  });
});
