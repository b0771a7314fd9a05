/** From the ledger's errors to RFC 9457 problems, with a text in Swedish and English that says what to do. */
import { HttpException } from '@nestjs/common';
import {
  ClockSkewError,
  ConcurrencyError,
  DomainError,
  EncodingError,
  InputError,
  NotFoundError,
  ReadOnlyError,
  RebuildingError,
  SignerError,
  StaleReadError,
  UnavailableError,
  type InputIssue,
} from '../errors.js';
import { PdfError } from '../interop/pdf-error.js';
import type { Language } from './language.js';
import { ACCESS_TEXTS, DOMAIN_TEXTS, HTTP_TEXTS, type ProblemText } from './problem-texts.js';
import { pdfText } from './text/pdf-text.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export type AccessErrorCode = 'unauthenticated' | 'forbidden' | 'badToken' | 'csrf';

/** The caller may not do that. */
export class AccessError extends Error {
  constructor(readonly code: AccessErrorCode) {
    super(code);
    this.name = 'AccessError';
  }
}

/** `If-Match` names another revision than the resource has. */
export class PreconditionError extends Error {
  constructor(readonly current: string) {
    super(`the resource is at ${current}`);
    this.name = 'PreconditionError';
  }
}

export interface Problem {
  /** Stable: `urn:meritkedja:problem:<code>`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly InputIssue[];
}

export function problemOf(error: unknown, language: Language): Problem {
  if (error instanceof InputError) {
    return { ...made('invalidInput', HTTP_TEXTS.invalidInput, language), errors: error.issues };
  }
  if (error instanceof NotFoundError) return made('notFound', HTTP_TEXTS.notFound, language, error.params);
  if (error instanceof DomainError) {
    const text = Object.hasOwn(DOMAIN_TEXTS, error.code) ? DOMAIN_TEXTS[error.code] : undefined;
    // Without a text it is a rule that only our own processes can break: a bug.
    return text ? made(error.code, text, language, error.params) : made('internal', HTTP_TEXTS.internal, language);
  }
  if (error instanceof AccessError) return made(error.code, ACCESS_TEXTS[error.code], language);
  if (error instanceof PreconditionError) {
    return made('preconditionFailed', HTTP_TEXTS.preconditionFailed, language, { current: error.current });
  }
  if (error instanceof SignerError) return made(error.code, HTTP_TEXTS[error.code], language, { kid: error.kid });
  if (error instanceof PdfError) return ofPdf(error, language);
  if (error instanceof RebuildingError) {
    const { done, of } = error.progress;
    const percent = of > 0 ? Math.floor((done / of) * 100) : 0;
    return made('rebuilding', HTTP_TEXTS.rebuilding, language, { percent });
  }
  if (error instanceof ClockSkewError) return made('clockSkew', HTTP_TEXTS.clockSkew, language, error.skew);
  if (error instanceof ReadOnlyError) return made('readOnly', HTTP_TEXTS.readOnly, language);
  if (error instanceof UnavailableError) return made('unavailable', HTTP_TEXTS.unavailable, language);
  if (error instanceof StaleReadError) return made('staleRead', HTTP_TEXTS.staleRead, language);
  if (error instanceof ConcurrencyError) return made('conflict', HTTP_TEXTS.conflict, language);
  if (error instanceof EncodingError) {
    return made('malformed', HTTP_TEXTS.malformed, language, { detail: error.message });
  }
  return fromHttp(error, language);
}

/** In the words of the page `/verify`, whose people get such files too. */
function ofPdf({ code, names }: PdfError, language: Language): Problem {
  const status = code === 'pdfTooLarge' || code === 'pdfProofTooLarge' ? 413 : 422;
  const detail = pdfText(code, names, language);
  return { type: `urn:meritkedja:problem:${code}`, title: HTTP_TEXTS.pdf[language].title, status, detail };
}

/** Errors of Nest and Fastify themselves: unknown routes, bodies that are too large or no JSON. */
function fromHttp(error: unknown, language: Language): Problem {
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  switch (status) {
    case 400:
      return made('malformed', HTTP_TEXTS.malformed, language, { detail: messageOf(error) });
    case 403:
    case 404:
      return made('notFound', HTTP_TEXTS.noSuchPage, language);
    case 405:
      return made('methodNotAllowed', HTTP_TEXTS.methodNotAllowed, language);
    case 413:
      return made('tooLarge', HTTP_TEXTS.tooLarge, language);
    case 415:
      return made('unsupportedMediaType', HTTP_TEXTS.unsupportedMediaType, language);
    case 503:
      return made('unavailable', HTTP_TEXTS.unavailable, language);
    default:
      return made('internal', HTTP_TEXTS.internal, language);
  }
}

function statusOf(error: unknown): number {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function made(
  code: string,
  text: ProblemText,
  language: Language,
  params: Readonly<Record<string, string | number>> = {},
): Problem {
  const { title, detail } = text[language];
  const filled = detail.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? ''));
  return { type: `urn:meritkedja:problem:${code}`, title, status: text.status, detail: filled };
}
