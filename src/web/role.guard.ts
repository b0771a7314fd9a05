/** A process that is a worker only answers whoever watches over it, and nobody else: nothing reaches it by accident. */
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { UnavailableError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { operationOf } from './operation.js';

const WATCHING: ReadonlySet<string> = new Set(['health.read', 'metrics.read']);

@Injectable()
export class RoleGuard implements CanActivate {
  constructor(private readonly ledger: Ledger) {}

  canActivate(context: ExecutionContext): boolean {
    const name = operationOf(context.getHandler())?.name;
    if (this.ledger.config.roles.has('api') || (name !== undefined && WATCHING.has(name))) return true;
    throw new UnavailableError('this process is a worker (ROLES=worker) and answers no requests');
  }
}
