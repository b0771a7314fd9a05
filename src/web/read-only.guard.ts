/**
 * A ledger that waits for the decision on a loss (S16) carries out no command: what changes anything is 503 and says what
 * to do. Pages, proofs and verification go on. Proven by test/backup.e2e.spec.ts.
 */
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ReadOnlyError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { operationOf } from './operation.js';
import type { OperationName } from './policy.js';

/** POSTs that write nothing. */
const CHANGE_NOTHING: ReadonlySet<OperationName> = new Set(['verification.verify', 'session.open', 'session.close']);

@Injectable()
export class ReadOnlyGuard implements CanActivate {
  constructor(private readonly ledger: Ledger) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.ledger.losses === undefined) return true;
    const { method } = context.switchToHttp().getRequest<FastifyRequest>();
    const name = operationOf(context.getHandler())?.name;
    if (method === 'GET' || method === 'HEAD' || (name !== undefined && CHANGE_NOTHING.has(name))) return true;
    throw new ReadOnlyError();
  }
}
