/** The issuer's own website, on this machine: what binds it to the issuer's DID, and what is never asked. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { checkIssuerDomain } from './issuer-domain.js';

const DID = 'did:web:ledger.example:organisations:00000000-0000-4000-8000-000000000001';

let website: Server;
let port: number;
let asked: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  website = createServer((request, response) => {
    asked.push(request.url!);
    answer(request, response);
  });
  await new Promise<void>((ready) => website.listen(0, '127.0.0.1', ready));
  port = (website.address() as AddressInfo).port;
});
afterAll(() => {
  website.closeAllConnections();
  return new Promise((closed) => website.close(closed));
});
beforeEach(() => {
  asked = [];
});

function documentOf(changes: object = {}): object {
  return { id: `did:web:127.0.0.1%3A${port}`, alsoKnownAs: ['https://example.se', DID], ...changes };
}

function answering(body: unknown, status = 200, headers: Record<string, string> = {}): void {
  answer = (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/did+json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

function check(
  url: unknown = `http://127.0.0.1:${port}/om-oss?x=1`,
  id: unknown = DID,
): ReturnType<typeof checkIssuerDomain> {
  return checkIssuerDomain({ issuer: { id, url } }, fetch);
}

describe('the website of an issuer', () => {
  it('is bound where the DID document of its own host names the issuer’s DID', async () => {
    answering(documentOf());
    expect(await check()).toMatchObject({ is: 'bound', domain: `127.0.0.1:${port}` });
    expect(asked).toEqual(['/.well-known/did.json']);
  });

  it.each([
    ['names nobody', () => documentOf({ alsoKnownAs: undefined })],
    ['names another DID', () => documentOf({ alsoKnownAs: [`${DID}0`] })],
    ['names it in a text', () => documentOf({ alsoKnownAs: DID })],
    ['is of another host', () => documentOf({ id: 'did:web:other.example' })],
    ['is no object', () => [documentOf()]],
    ['is no JSON', () => '<!doctype html>'],
    ['has a member twice', () => JSON.stringify(documentOf()).replace('{', '{"id":"did:web:other.example",')],
    ['is long', () => documentOf({ more: 'x'.repeat(64 * 1024) })],
  ])('is not bound where the document %s', async (_, document) => {
    answering(document());
    expect(await check()).toMatchObject({ is: 'notBound', domain: `127.0.0.1:${port}` });
  });

  it('is not bound where it has no such document, and not reached where it is in trouble', async () => {
    for (const [status, is] of [
      [404, 'notBound'],
      [403, 'notBound'],
      [429, 'notReached'],
      [503, 'notReached'],
    ] as const) {
      answering(documentOf(), status);
      expect(await check()).toMatchObject({ is });
    }
    answer = (request) => request.socket.destroy();
    expect(await check()).toMatchObject({ is: 'notReached' });
  });

  it('is followed to another place on the same host, a few times', async () => {
    answer = (request, response) => {
      if (request.url === '/did.json') response.end(JSON.stringify(documentOf()));
      else response.writeHead(301, { location: '/did.json' }).end();
    };
    expect(await check()).toMatchObject({ is: 'bound' });
    answering('', 302, { location: '/.well-known/did.json' });
    asked = [];
    expect(await check()).toMatchObject({ is: 'notBound' });
    expect(asked).toHaveLength(4);
  });

  it('is not followed to another host or port, whatever that would say', async () => {
    for (const location of [`http://localhost:${port}/did.json`, 'https://other.example/', '//other.example/']) {
      answering('', 302, { location });
      expect(await check()).toMatchObject({ is: 'notBound', detail: expect.stringContaining('redirects') });
    }
    expect(asked).toEqual(Array.from({ length: 3 }, () => '/.well-known/did.json'));
  });
});

describe('an address that is never asked', () => {
  const never: typeof fetch = () => {
    throw new RangeError('was asked');
  };

  it.each([
    'http://skolan.example',
    'https://192.168.0.1/',
    'https://10.0.0.1:443/',
    'https://169.254.169.254/',
    'https://0x0a.1/',
    'https://167772161/',
    'https://[fd00::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://intranet/',
    'https://router.local.1/',
    'https://skolan.example:8443/',
    'https://user:secret@skolan.example/',
    'ftp://localhost/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:application/json,{}',
    'skolan.example',
    '',
  ])('%s', async (url) => {
    expect(await checkIssuerDomain({ issuer: { id: DID, url } }, never)).toMatchObject({ is: 'notBound' });
  });

  it.each([
    undefined,
    null,
    'did:web:x',
    {},
    { issuer: DID },
    { issuer: { id: 1, url: 'https://a.example' } },
    { issuer: { id: DID } },
  ])('of a credential that names no website: %j', async (credential) => {
    expect(await checkIssuerDomain(credential, never)).toMatchObject({ is: 'notBound' });
  });

  it('is not one of a name by https', async () => {
    const urls: string[] = [];
    const fetcher: typeof fetch = (url, init) => {
      urls.push(url as string);
      expect(init).toMatchObject({ redirect: 'manual', signal: expect.any(AbortSignal) });
      return Promise.resolve(Response.json({ id: 'did:web:www.skolan.example', alsoKnownAs: [DID] }));
    };
    const credential = { issuer: { id: DID, url: 'https://www.skolan.example/utbildning' } };
    expect(await checkIssuerDomain(credential, fetcher)).toMatchObject({ is: 'bound', domain: 'www.skolan.example' });
    expect(urls).toEqual(['https://www.skolan.example/.well-known/did.json']);
  });
});
