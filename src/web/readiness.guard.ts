/**
 * While tables are built that no older ones can stand in for, only what needs none is answered; the rest is 503 with
 * Retry-After. Proven by readiness.guard.spec.ts.
 */
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { RebuildingError, UnavailableError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { operationOf } from './operation.js';
import type { OperationName } from './policy.js';

const NEED_NO_TABLES: ReadonlySet<OperationName> = new Set([
  'health.read',
  'metrics.read',
  'openapi.read',
  'trust.read',
  'context.read',
  'schema.read',
  'readModels.read',
  'readModels.rebuild',
  'log.readEntry',
  'log.readProof',
]);

@Injectable()
export class ReadinessGuard implements CanActivate {
  constructor(private readonly ledger: Ledger) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.ledger.isReady) return true;
    const name = operationOf(context.getHandler())?.name;
    if (name !== undefined && NEED_NO_TABLES.has(name)) return true;
    if (this.ledger.readModels.isServing) throw new UnavailableError('the ledger is starting');
    throw new RebuildingError(this.ledger.readModels.progress);
  }
}
