/** The page for an error, for people who came with a browser. */
import type { FastifyRequest } from 'fastify';
import type { Language } from './language.js';
import { pageContext } from './page-context.js';
import { errorPage } from './pages/error-page.js';
import type { Problem } from './problem.js';

export function problemPage(problem: Problem, language: Language, request: FastifyRequest): string {
  return errorPage(
    { status: problem.status, title: problem.title, detail: problem.detail },
    pageContext(request, language),
  );
}
