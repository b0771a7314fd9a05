/** The HTTP server: Fastify with its limits, security headers, content types and the pages' assets. */
import { fileURLToPath } from 'node:url';
import cookie from '@fastify/cookie';
import fastifyStatic from '@fastify/static';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Registry } from 'prom-client';
import { AppModule } from '../app.module.js';
import { fromUtf8, utf8 } from '../encoding/bytes.js';
import { parseJson } from '../encoding/strict-json.js';
import { MAX_PDF_BYTES } from '../interop/pdf-error.js';
import type { Ledger } from '../ledger.js';
import { languageOf } from './language.js';
import { endIdleConnections } from './idle-connections.js';
import { timeRequests } from './metrics.js';
import { problemOf, PROBLEM_MEDIA_TYPE } from './problem.js';
import { loggerAt } from './quiet-logger.js';

/** A proof bundle with two full status lists is about 100 kB; documents beyond this are refused unread. */
const BODY_LIMIT = 2 * 1024 * 1024;
/** The one route that takes a PDF. */
const TAKES_PDF = '/api/v1/verify';
const ASSETS = fileURLToPath(new URL('./assets/', import.meta.url));

const JSON_TYPES = [
  'application/vc',
  'application/vc+ld+json',
  'application/ld+json',
  'application/vnd.meritkedja.proof+json',
];

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  // The pages that scan say otherwise.
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/** The application over an opened ledger; the caller listens and closes. */
export async function createServer(ledger: Ledger): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    trustProxy: false,
    // A body that trickles or a header that never ends is cut off.
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: unroutable,
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.over(ledger), adapter, {
    logger: loggerAt(ledger.config.logLevel),
    bodyParser: false,
  });
  const fastify = app.getHttpAdapter().getInstance();
  readBodies(fastify);
  endIdleConnections(fastify);
  await fastify.register(cookie);
  await fastify.register(fastifyStatic, {
    root: ASSETS,
    prefix: '/assets/',
    index: false,
    immutable: true,
    maxAge: '365d',
    preCompressed: true,
    decorateReply: false,
  });
  fastify.addHook('onSend', async (request, reply) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      if (!reply.hasHeader(name)) void reply.header(name, value);
    }
    // What only some may read is kept by nobody on the way.
    if (request.caller?.role === 'operator' && !reply.hasHeader('cache-control')) {
      void reply.header('cache-control', 'no-store');
    }
    if (ledger.publicUrl.startsWith('https:')) void reply.header('strict-transport-security', 'max-age=31536000');
  });
  timeRequests(fastify, app.get(Registry));
  await app.init();
  await fastify.ready();
  return app;
}

/** A path that cannot be read (`/%zz`) reaches no route, no hook and no filter; its problem is made here. */
function unroutable(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const language = languageOf(request.headers['accept-language']);
  const problem = problemOf(Object.assign(error, { statusCode: 400 }), language);
  void reply
    .status(problem.status)
    .headers({ ...SECURITY_HEADERS, 'content-language': language })
    .type(PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(problem));
}

/** JSON under all its names, forms of the pages; an empty body is no body, so that a POST may have none. */
function readBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  for (const type of ['application/json', ...JSON_TYPES]) {
    fastify.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body, done) => {
      readText(request, body, done, (text) => (text === '' ? undefined : parseJson(text)));
    });
  }
  fastify.addContentTypeParser(
    'application/pdf',
    { parseAs: 'buffer', bodyLimit: MAX_PDF_BYTES },
    (request, body, done) => {
      if (request.routeOptions.url === TAKES_PDF) done(null, body);
      else done(new UnsupportedMediaTypeException());
    },
  );
  fastify.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (request, body, done) => {
    readText(request, body, done, (text) => Object.fromEntries(new URLSearchParams(text)));
  });
}

/** Bodies are UTF-8 and nothing else: what would be replaced in silence would be signed. */
function readText(
  request: FastifyRequest,
  body: string | Buffer,
  done: (error: Error | null, body?: unknown) => void,
  read: (text: string) => unknown,
): void {
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  const encoding = request.headers['content-encoding'];
  if ((charset && !/^utf-?8$/i.test(charset)) || (encoding !== undefined && encoding !== 'identity')) {
    return done(new UnsupportedMediaTypeException());
  }
  try {
    done(null, read(fromUtf8(typeof body === 'string' ? utf8(body) : body)));
  } catch (error) {
    done(Object.assign(error as Error, { statusCode: 400 }));
  }
}
