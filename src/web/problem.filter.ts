/** Every error becomes `application/problem+json` (RFC 9457), or a page where a page was asked for; in one place. */
import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RebuildingError, UnavailableError } from '../errors.js';
import type { Ledger } from '../ledger.js';
import { languageOf } from './language.js';
import { problemOf, PROBLEM_MEDIA_TYPE } from './problem.js';
import { problemPage } from './problem-page.js';

@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('problem');

  constructor(private readonly ledger: Ledger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const query = (request.query as Record<string, string | undefined> | undefined)?.['lang'];
    const language = languageOf(request.headers['accept-language'], query);
    const problem = problemOf(error, language);
    if (problem.status >= 500 && !(error instanceof RebuildingError)) {
      // The path alone: a query could hold what does not belong in a log.
      const what = `${request.method} ${request.url.split('?')[0] ?? ''}`;
      if (error instanceof UnavailableError) this.#logger.warn(`${what}: ${error.message}`);
      else this.#logger.error(`${what}: ${describe(error)}`);
    }
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="meritkedja"');
    if (problem.status === 503) void reply.header('retry-after', '5');
    void reply.status(problem.status).header('content-language', language).header('vary', 'accept, accept-language');
    if (wantsPage(request)) {
      void reply.type('text/html; charset=utf-8').send(problemPage(problem, language, request, this.ledger));
    } else {
      void reply.type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
    }
  }
}

function wantsPage(request: FastifyRequest): boolean {
  const path = request.url.split('?')[0] ?? '';
  return (request.headers.accept ?? '').includes('text/html') && !path.startsWith('/api/') && !path.startsWith('/log/');
}

function describe(error: unknown): string {
  if (error instanceof HttpException) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
