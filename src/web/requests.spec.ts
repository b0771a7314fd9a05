/** What every request brings: its language, its session, its right, its paging, its conditions and its key. */
import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Secrets } from '../crypto/secrets.js';
import { ConcurrencyError, DomainError, InputError } from '../errors.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import type { Ledger } from '../ledger.js';
import { AccessGuard, AdminToken } from './access.guard.js';
import { requestContext } from './idempotency.js';
import { languageOf } from './language.js';
import { Operation, validated, type OperationDescription } from './operation.js';
import { listAnswer, nextLink, pageQuery, wholeNumber } from './query.js';
import { etagOf, guarded, ifMatch } from './resource.js';
import { PreconditionError } from './problem.js';
import { Sessions } from './sessions.js';
import { SignInAttempts } from './sign-in-attempts.js';

describe('the language', () => {
  it.each([
    [undefined, 'sv'],
    ['', 'sv'],
    ['en', 'en'],
    ['en-GB,en;q=0.9', 'en'],
    ['sv,en;q=0.5', 'sv'],
    ['sv;q=0.4,en;q=0.5', 'en'],
    ['de,fr', 'sv'],
    ['en;q=0', 'sv'],
    ['en, sv', 'sv'],
    [`${'de,'.repeat(50)}en`, 'sv'],
  ])('for %j is %s', (header, language) => expect(languageOf(header)).toBe(language));

  it('is the query’s where it is one of ours', () => {
    expect(languageOf('sv', 'en')).toBe('en');
    expect(languageOf('en', 'de')).toBe('en');
  });
});

describe('a session', () => {
  let time = 0;
  const sessions = new Sessions(() => new Date(time));

  it('is found by its cookie alone, and ends when it is closed', () => {
    const cookie = sessions.open();
    expect(cookie).toHaveLength(43);
    expect(sessions.find(cookie)).toBeDefined();
    for (const other of [undefined, '', `${cookie}x`, cookie.toUpperCase()])
      expect(sessions.find(other)).toBeUndefined();
    sessions.close(cookie);
    expect(sessions.find(cookie)).toBeUndefined();
  });

  it('ends after half an hour of rest, and after eight hours however busy', () => {
    const idle = sessions.open();
    const busy = sessions.open();
    for (let minutes = 0; minutes < 8 * 60; minutes += 20) {
      expect(sessions.find(busy)).toBeDefined();
      time += 20 * 60_000;
    }
    time += 1;
    expect(sessions.find(busy)).toBeUndefined();
    expect(sessions.find(idle)).toBeUndefined();
  });

  it('has a token for forms of its own', () => {
    const [one, two] = [sessions.find(sessions.open())!, sessions.find(sessions.open())!];
    expect(one.hasCsrf(one.csrf)).toBe(true);
    expect(one.hasCsrf(two.csrf)).toBe(false);
    expect(one.hasCsrf('')).toBe(false);
  });

  it('is one of a thousand at most: the oldest goes', () => {
    const first = sessions.open();
    for (let i = 0; i < 1_000; i += 1) sessions.open();
    expect(sessions.find(first)).toBeUndefined();
  });
});

describe('signing in', () => {
  it('waits after ten failures until the minute is over', () => {
    let time = 0;
    const attempts = new SignInAttempts(() => new Date(time));
    for (let i = 0; i < 10; i += 1) {
      expect(attempts.allowed('127.0.0.1')).toBe(true);
      attempts.failed('127.0.0.1');
    }
    expect(attempts.allowed('127.0.0.1')).toBe(false);
    expect(attempts.allowed('127.0.0.2')).toBe(true);
    time = 60_000;
    expect(attempts.allowed('127.0.0.1')).toBe(true);
  });
});

describe('the guard', () => {
  const TOKEN = 'an-operators-token';
  const sessions = new Sessions();
  const guard = new AccessGuard(new AdminToken(TOKEN), sessions);

  function handlerOf(name?: OperationDescription['name']): () => void {
    const handler = (): void => undefined;
    if (name) Operation({ name, summary: '' })({}, '', { value: handler });
    return handler;
  }
  function allows(name: OperationDescription['name'] | undefined, request: Partial<FastifyRequest>): boolean {
    const whole = { headers: {}, cookies: {}, method: 'GET', ...request };
    const context = { getHandler: () => handlerOf(name), switchToHttp: () => ({ getRequest: () => whole }) };
    return guard.canActivate(context as unknown as ExecutionContext);
  }
  const bearer = (token: string): Partial<FastifyRequest> => ({ headers: { authorization: `Bearer ${token}` } });

  it('lets anybody read what is public, and the operator do the rest', () => {
    expect(allows('log.readEntry', {})).toBe(true);
    expect(allows('credential.issue', bearer(TOKEN))).toBe(true);
    expect(() => allows('credential.issue', {})).toThrow('unauthenticated');
  });

  it('refuses a route that no operation names, whoever asks', () => {
    expect(() => allows(undefined, {})).toThrow('unauthenticated');
    expect(() => allows(undefined, bearer(TOKEN))).toThrow('forbidden');
    expect(() => allows('credential.destroy' as never, bearer(TOKEN))).toThrow('forbidden');
    expect(() => allows('toString' as never, bearer(TOKEN))).toThrow('forbidden');
  });

  it.each(['x', `${TOKEN}x`, TOKEN.slice(1), `${TOKEN} `, 'å'])(
    'refuses token %j, also for what is public',
    (token) => {
      expect(() => allows('log.readEntry', bearer(token))).toThrow('badToken');
    },
  );

  it('takes a session for reading, and for changes only with the token of its form', () => {
    const cookie = sessions.open();
    const { csrf } = sessions.find(cookie)!;
    const cookies = { meritkedja_session: cookie };
    expect(allows('credential.list', { cookies })).toBe(true);
    expect(() => allows('credential.issue', { cookies, method: 'POST' })).toThrow('csrf');
    expect(() => allows('credential.issue', { cookies, method: 'POST', body: { csrf: 'x' } })).toThrow('csrf');
    expect(allows('credential.issue', { cookies, method: 'POST', body: { csrf } })).toBe(true);
    expect(allows('credential.issue', { cookies, method: 'POST', headers: { 'x-csrf-token': csrf } })).toBe(true);
    expect(() => allows('session.close', { cookies, method: 'POST' })).toThrow('csrf');
  });
});

describe('input', () => {
  const schema = z.strictObject({ name: z.string(), inner: z.strictObject({ n: z.int() }).optional() });
  function issues(value: unknown, language: 'sv' | 'en' = 'en'): { path: string; code: string }[] {
    try {
      validated(schema, value, language);
    } catch (error) {
      if (error instanceof InputError) return error.issues.map(({ path, code }) => ({ path, code }));
      throw error;
    }
    return [];
  }

  it('is refused with every member that does not fit, unknown ones by name', () => {
    expect(issues({ name: 1, more: 1, other: 2, inner: { n: 1.5, x: 0 } })).toEqual(
      expect.arrayContaining([
        { path: 'name', code: 'invalid_type' },
        { path: 'more', code: 'unknownMember' },
        { path: 'other', code: 'unknownMember' },
        { path: 'inner.x', code: 'unknownMember' },
      ]),
    );
    expect(issues({ name: 'a', inner: { n: 1 } })).toEqual([]);
    expect(issues(undefined)).toHaveLength(1);
  });

  it('speaks the language asked for', () => {
    const message = (language: 'sv' | 'en'): string => {
      try {
        validated(schema, {}, language);
      } catch (error) {
        return (error as InputError).issues[0]!.message;
      }
      return '';
    };
    expect(message('sv')).not.toBe(message('en'));
  });
});

describe('paging', () => {
  it('takes whole numbers only', () => {
    for (const bad of ['', '-1', '1.5', '1e3', ' 1', '0x1', '9'.repeat(16)]) {
      expect(wholeNumber().safeParse(bad).success).toBe(false);
    }
    expect(wholeNumber(1).safeParse('0').success).toBe(false);
    expect(wholeNumber().parse('007')).toBe(7);
    const page = z.strictObject(pageQuery);
    expect(page.parse({})).toEqual({ limit: 50, cursor: 0 });
    expect(page.safeParse({ limit: '201' }).success).toBe(false);
  });

  it('links to the next page with all that was asked', () => {
    expect(nextLink('/list?q=a%20b&cursor=1', '51')).toBe('</list?q=a+b&cursor=51>; rel="next"');
    expect(nextLink('/list', '51')).toBe('</list?cursor=51>; rel="next"');
    expect(listAnswer([1], undefined)).toEqual({ items: [1] });
    expect(listAnswer([1], 2)).toEqual({ items: [1], next: '2' });
  });
});

describe('If-Match', () => {
  const asking = (header?: string): FastifyRequest =>
    ({ headers: { 'if-match': header } }) as unknown as FastifyRequest;

  it('names one revision, as the ETag gave it', () => {
    expect(ifMatch(asking(etagOf(3)))).toBe(3);
    expect(ifMatch(asking())).toBeUndefined();
    expect(ifMatch(asking('*'))).toBeUndefined();
    for (const bad of ['3', 'W/"3"', '"3", "4"', '"x"']) expect(() => ifMatch(asking(bad))).toThrow(InputError);
  });

  it('of an old revision is 412; a race without it stays 409', async () => {
    const change = (): Promise<never> => Promise.reject(new ConcurrencyError('s', 3, 5));
    await expect(guarded(3, change)).rejects.toThrow(PreconditionError);
    await expect(guarded(3, change)).rejects.toMatchObject({ current: '"5"' });
    await expect(guarded(undefined, change)).rejects.toThrow(ConcurrencyError);
  });
});

describe('an Idempotency-Key', () => {
  const store = openMemoryEventStore();
  const secrets = new Secrets(new Uint8Array(32).fill(1));
  const ledger = { store, secrets, now: () => new Date('2026-01-01T00:00:00Z') } as unknown as Ledger;
  const sent = (key: string | undefined, body: unknown, operation = 'credential.issue', by = 'operator') =>
    requestContext(
      ledger,
      { headers: { 'idempotency-key': key }, caller: { role: 'operator', by } } as unknown as FastifyRequest,
      operation,
      body,
    );

  it('S24: makes the same ids of the same request, at any time and many at once', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => sent('a', { n: 1 })));
    expect(new Set(all.map((one) => one.id('credential'))).size).toBe(1);
    expect(all.every(({ repeatable }) => repeatable)).toBe(true);
  });

  it('S24: with another body is refused, and with the members in another order is not', async () => {
    await sent('b', { n: 1, m: 2 });
    await expect(sent('b', { n: 1, m: 3 })).rejects.toThrow(DomainError);
    await expect(sent('b', { n: 1, m: 3 })).rejects.toMatchObject({ code: 'idempotencyKeyReused' });
    await sent('b', { m: 2, n: 1 });
  });

  it('is each caller’s and each operation’s own', async () => {
    const ids = await Promise.all([sent('c', 1), sent('c', 2, 'definition.create'), sent('c', 3, undefined, 'other')]);
    expect(new Set(ids.map((one) => one.id('credential'))).size).toBe(3);
  });

  it('left out makes random ids', async () => {
    const [one, two] = [await sent(undefined, 1), await sent(undefined, 1)];
    expect(one.id('credential')).not.toBe(two.id('credential'));
  });

  it.each(['', ' ', 'a b', 'å', 'x'.repeat(256)])('%j is refused', async (key) => {
    await expect(sent(key, 1)).rejects.toThrow(InputError);
  });

  it('S20, S21: stands in the vault as a MAC, neither itself nor the body', async () => {
    await sent('my-key', { personalNumber: '198507099805' });
    const all = await store.readAll({ limit: 1_000 });
    expect(all.every(({ stream }) => stream.startsWith('vault-request-'))).toBe(true);
    expect(JSON.stringify(all.map(({ stream, data }) => ({ stream, data })))).not.toMatch(/my-key|198507099805/);
  });
});
