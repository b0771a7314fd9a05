/**
 * Who asks, and may they? A bearer token or a session cookie makes the operator; everything else is `anyone`. Routes
 * without an operation, and operations that are not in the policy table, are refused.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type {} from '@fastify/cookie';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { operationOf } from './operation.js';
import { isAllowed, type Role } from './policy.js';
import { AccessError } from './problem.js';
import { SESSION_COOKIE, Sessions, type Session } from './sessions.js';

/** What the guard found out, kept with the request. */
export interface Caller {
  readonly role: Role;
  /** `by` of the events that this request makes. */
  readonly by: string;
  readonly session?: Session;
}

declare module 'fastify' {
  interface FastifyRequest {
    caller?: Caller;
  }
}

/** The digest of the operator's token: the guard never holds the token itself. */
export class AdminToken {
  readonly #digest: Uint8Array;

  constructor(token: string) {
    this.#digest = digest(token);
  }

  /** Constant-time comparison. */
  matches(token: string): boolean {
    return timingSafeEqual(this.#digest, digest(token));
  }
}

@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly adminToken: AdminToken,
    private readonly sessions: Sessions,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const operation = operationOf(context.getHandler());
    const caller = this.#callerOf(request);
    request.caller = caller;
    if (!operation || !isAllowed(operation.name, caller.role)) {
      throw new AccessError(caller.role === 'anyone' ? 'unauthenticated' : 'forbidden');
    }
    // A cookie comes along by itself, so what changes something also needs the token of the form (CSRF).
    if (caller.session && !isSafe(request.method) && !caller.session.hasCsrf(csrfOf(request))) {
      throw new AccessError('csrf');
    }
    return true;
  }

  #callerOf(request: FastifyRequest): Caller {
    const authorization = request.headers.authorization;
    if (authorization !== undefined) {
      const token = /^Bearer ([\x21-\x7e]{1,1024})$/i.exec(authorization)?.[1];
      if (token === undefined || !this.adminToken.matches(token)) throw new AccessError('badToken');
      return { role: 'operator', by: 'operator' };
    }
    const session = this.sessions.find(request.cookies[SESSION_COOKIE]);
    return session ? { role: 'operator', by: 'operator', session } : { role: 'anyone', by: 'anyone' };
  }
}

function csrfOf(request: FastifyRequest): string {
  const { body } = request;
  const field = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['csrf'] : undefined;
  const header = request.headers['x-csrf-token'];
  return typeof field === 'string' ? field : typeof header === 'string' ? header : '';
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text, 'utf8').digest();
}
