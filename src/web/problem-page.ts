/** The page for an error, for people who came with a browser. */
import type { FastifyRequest } from 'fastify';
import type { Ledger } from '../ledger.js';
import type { Language } from './language.js';
import { pageContext } from './page-context.js';
import { errorPage } from './pages/error-page.js';
import type { Problem } from './problem.js';

export function problemPage(problem: Problem, language: Language, request: FastifyRequest, ledger: Ledger): string {
  return errorPage({ status: problem.status, detail: problem.detail }, pageContext(request, ledger, language));
}
