/** Problems (RFC 9457): every refusal that a user can meet says in Swedish and in English what it is and what to do. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HttpException, NotFoundException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  ConcurrencyError,
  DomainError,
  EncodingError,
  InputError,
  InvariantError,
  NotFoundError,
  StaleReadError,
} from '../errors.js';
import { AccessError, PreconditionError, problemOf } from './problem.js';
import { ACCESS_TEXTS, DOMAIN_TEXTS, HTTP_TEXTS, type ProblemText } from './problem-texts.js';

const SOURCES = fileURLToPath(new URL('..', import.meta.url));

/** Rules that only our own processes could break: no user can meet them, and to meet one is a bug. */
const INTERNAL = new Set([
  'notThePreviousOrigin',
  'originUsed',
  'chainCoversItself',
  ...['addressMalformed', 'chainKnown', 'ledgerFounded', 'ledgerUnfounded', 'vkeyMismatch'],
  ...['batchRange', 'batchSealed', 'batchUnknown', 'blockDiffers', 'nonceDiffers', 'rootMalformed'],
  ...['anchorConfirmed', 'anchorNotConfirmed', 'anchorNotSubmitted'],
  ...['blockSize', 'digestMalformed', 'statusListExists', 'statusListFull', 'statusListUnknown'],
  // Its id is random or the request's own, and the same request again is answered as before.
  'assessmentExists',
]);

/** Codes of functions that find a fault and leave the throwing to others. */
const FAULTS = [
  ...['levelOutOfRange', 'seqfNeedsDecision', 'decisionMissing'],
  ...['personalNumberMalformed', 'personalNumberDate', 'personalNumberChecksum'],
  ...['organisationNumberMalformed', 'organisationNumberChecksum', 'soleTraderNumber'],
];

const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !/\.(spec|fixture)\./.test(file) && !file.endsWith('conformance.ts'))
  .map((file) => readFileSync(join(SOURCES, file), 'utf8'))
  .join('\n');

const thrown = [...sources.matchAll(/new DomainError\(\s*'(\w+)'(?:,\s*\{([^}]*)\})?/g)].map(
  ([, code = '', params = '']) => ({
    code,
    params: params
      .split(',')
      .map((one) => one.split(':')[0]?.trim() ?? '')
      .filter((one) => one !== ''),
  }),
);
const codes = [...new Set([...thrown.map(({ code }) => code), ...FAULTS])].sort();
const texts: [string, ProblemText][] = Object.entries({ ...DOMAIN_TEXTS, ...ACCESS_TEXTS, ...HTTP_TEXTS });
const placeholders = (detail: string): string[] => [...detail.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

describe('a code that the domain refuses with', () => {
  it('is found in the sources', () => {
    expect(codes.length).toBeGreaterThan(40);
    expect(codes).toEqual(expect.arrayContaining(['outcomeNotMet', 'noMandate', 'idempotencyKeyReused']));
  });

  it.each(codes.filter((code) => !INTERNAL.has(code)))('%s has its text in both languages', (code) => {
    expect(DOMAIN_TEXTS).toHaveProperty(code);
  });

  it.each(Object.keys(DOMAIN_TEXTS))('%s is still refused with somewhere', (code) => {
    expect(sources.includes(`'${code}'`)).toBe(true);
    expect(codes).toContain(code);
  });

  it.each(thrown.filter(({ code }) => Object.hasOwn(DOMAIN_TEXTS, code)))(
    '$code comes with all that its text fills in',
    ({ code, params }) => {
      expect(params).toEqual(expect.arrayContaining(placeholders(DOMAIN_TEXTS[code]!.sv.detail)));
    },
  );
});

describe('a text', () => {
  it.each(texts)('%s says the same in both languages, with a status of an error', (_, { status, sv, en }) => {
    expect(new Set(placeholders(sv.detail))).toEqual(new Set(placeholders(en.detail)));
    expect(status).toBeGreaterThanOrEqual(400);
    for (const { title, detail } of [sv, en]) {
      expect(title.length).toBeGreaterThan(3);
      expect(detail).toMatch(/[.}]$|\)\.$/);
      expect(title).not.toMatch(/\{/);
    }
    expect(sv).not.toEqual(en);
  });
});

describe('an error', () => {
  it.each([
    [new DomainError('outcomeNotMet', { numbers: '2, 3' }), 422, 'outcomeNotMet', /2, 3/],
    [new DomainError('batchUnknown'), 500, 'internal', /service/],
    [new DomainError('toString'), 500, 'internal', /service/],
    [new NotFoundError('credential', 'x'), 404, 'notFound', /credential with id x/],
    [new AccessError('unauthenticated'), 401, 'unauthenticated', /token/],
    [new PreconditionError('"4"'), 412, 'preconditionFailed', /"4"/],
    [new StaleReadError('s', 1, 2), 409, 'staleRead', /changed/],
    [new ConcurrencyError('s', 1, 2), 409, 'conflict', /again/],
    [new EncodingError('not base64'), 400, 'malformed', /not base64/],
    [new NotFoundException(), 404, 'notFound', /address/],
    [new HttpException('x', 413), 413, 'tooLarge', /larger/],
    [Object.assign(new SyntaxError('Unexpected token'), { statusCode: 400 }), 400, 'malformed', /Unexpected token/],
    [Object.assign(new TypeError(), { statusCode: 415 }), 415, 'unsupportedMediaType', /JSON/],
  ])('%s becomes %i %s', (error, status, code, detail) => {
    const problem = problemOf(error, 'en');
    expect(problem).toMatchObject({ status, type: `urn:meritkedja:problem:${code}` });
    expect(problem.detail).toMatch(detail);
    expect(problemOf(error, 'sv').title).not.toBe(problem.title);
  });

  it('in the input names every member', () => {
    const issues = [{ path: 'holder.email', code: 'format', message: 'no e-mail address' }];
    expect(problemOf(new InputError(issues), 'sv')).toMatchObject({ status: 422, errors: issues });
  });

  it.each([[new InvariantError('secret of the store')], [new TypeError('x is undefined')], ['text'], [undefined]])(
    'of ours (%s) tells nothing of the inside',
    (error) => {
      const problem = problemOf(error, 'en');
      expect(problem.status).toBe(500);
      expect(JSON.stringify(problem)).not.toMatch(/secret|undefined/);
    },
  );
});
