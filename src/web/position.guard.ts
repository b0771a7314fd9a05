/**
 * Reading one's own writes on any node: answers to changes carry `meritkedja-position`, and a request that brings it
 * along is answered when this node has read the store up to there. Proven by test/two-nodes.e2e.spec.ts.
 */
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { InputError, UnavailableError } from '../errors.js';
import { Ledger } from '../ledger.js';

export const POSITION_HEADER = 'meritkedja-position';

/** As many digits as two 64-bit numbers have: EventStoreDB's positions. */
const POSITION = /^\d{1,39}$/;
/** A node that is further behind than this answers 503, and another may be asked. */
const WAIT_MS = 5_000;

@Injectable()
export class PositionGuard implements CanActivate {
  constructor(private readonly ledger: Ledger) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const header = context.switchToHttp().getRequest<FastifyRequest>().headers[POSITION_HEADER];
    if (header === undefined) return true;
    if (typeof header !== 'string' || !POSITION.test(header)) {
      throw new InputError([
        { path: POSITION_HEADER, code: 'malformedPosition', message: 'as an answer of this ledger gave it' },
      ]);
    }
    await within(WAIT_MS, this.ledger.reached(BigInt(header)), `this node has not read up to position ${header} yet`);
    return true;
  }
}

async function within(milliseconds: number, work: Promise<void>, message: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UnavailableError(message)), milliseconds);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
