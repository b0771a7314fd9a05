/**
 * Keeps the page `/verify`, its scripts and the ledger's trust file in the browser, so that the check works without a
 * network. Nothing else is kept: no answer about a credential, a holder or a block, and no page made for somebody who is
 * signed in. What is kept is named in advance, is fetched without cookies, and goes when a later version comes. Proven by
 * test/verify-page.e2e.spec.ts.
 */
import { languageOf } from '../language.js';
import { acceptLanguage, KEPT_HEADER, type Kept } from './offline.js';

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

declare const self: {
  readonly location: Location;
  readonly navigator: Navigator;
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
};
declare const KEPT: Kept;

const PREFIX = 'meritkedja-verify-';
const CACHE = `${PREFIX}${KEPT.version}`;
const PAGES = { sv: '/verify?lang=sv', en: '/verify?lang=en' } as const;
const PAGE_PATH = /^\/verify(\/[0-9a-f-]{36})?$/i;
const TRUST = '/.well-known/meritkedja.json';

/** A network that is there and does not deliver is as good as none. */
const PATIENCE_MS = 4_000;

self.addEventListener('install', (event) => event.waitUntil(keep()));
self.addEventListener('activate', (event) => event.waitUntil(forgetOthers().then(() => self.clients.claim())));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    if (PAGE_PATH.test(url.pathname)) event.respondWith(page(request, url));
  } else if (KEPT.files.includes(url.pathname)) event.respondWith(file(request));
  else if (url.pathname === TRUST) event.respondWith(trust());
});

async function keep(): Promise<void> {
  const cache = await caches.open(CACHE);
  // The pages are asked for without cookies: they are nobody's in particular.
  const fresh = Object.values(PAGES).map((url) => new Request(url, { credentials: 'omit', cache: 'reload' }));
  const files = KEPT.files.map((url) => new Request(url, { credentials: 'omit' }));
  await cache.addAll([...fresh, ...files]);
  // A ledger that is not ready gives none; the page then fetches it when it is.
  await trust().catch(() => undefined);
}

async function forgetOthers(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** The page from the ledger, or the kept one in the language that the ledger would have chosen. */
async function page(request: Request, url: URL): Promise<Response> {
  const answer = await fromNetwork(request);
  if (answer !== undefined) return answer;
  const language = languageOf(acceptLanguage(self.navigator.languages), url.searchParams.get('lang') ?? undefined);
  return (await kept(PAGES[language])) ?? Response.error();
}

async function file(request: Request): Promise<Response> {
  return (await kept(new URL(request.url).pathname)) ?? fetch(request);
}

async function trust(): Promise<Response> {
  const answer = await fromNetwork(
    new Request(TRUST, { credentials: 'omit', headers: { accept: 'application/json' } }),
  );
  if (answer !== undefined) {
    if (answer.ok) await (await caches.open(CACHE)).put(TRUST, answer.clone());
    return answer;
  }
  const last = await kept(TRUST);
  if (last === undefined) return Response.error();
  const headers = new Headers(last.headers);
  headers.set(KEPT_HEADER, last.headers.get('date') ?? '');
  return new Response(last.body, { headers });
}

/** Undefined where there is no network, and where the ledger is not up. */
async function fromNetwork(request: Request): Promise<Response | undefined> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(request, { signal: patience.signal });
    return answer.status >= 500 ? undefined : answer;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function kept(address: string): Promise<Response | undefined> {
  return (await caches.open(CACHE)).match(address);
}
