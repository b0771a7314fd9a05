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
/** Anybody may name a position that never comes: more than this many do not wait at once. */
const MOST_WAITING = 1_000;

@Injectable()
export class PositionGuard implements CanActivate {
  #waiting = 0;

  constructor(private readonly ledger: Ledger) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const header = context.switchToHttp().getRequest<FastifyRequest>().headers[POSITION_HEADER];
    if (header === undefined) return true;
    if (typeof header !== 'string' || !POSITION.test(header)) {
      throw new InputError([
        { path: POSITION_HEADER, code: 'malformedPosition', message: 'as an answer of this ledger gave it' },
      ]);
    }
    if (this.#waiting >= MOST_WAITING) throw new UnavailableError('too many requests wait for a position just now');
    this.#waiting += 1;
    try {
      const late = new UnavailableError(`this node has not read up to position ${header} yet`);
      await within(WAIT_MS, (signal) => this.ledger.reached(BigInt(header), signal), late);
    } finally {
      this.#waiting -= 1;
    }
    return true;
  }
}

/** Ends the work when it takes longer: nothing of it may be left waiting. */
async function within(milliseconds: number, work: (signal: AbortSignal) => Promise<void>, late: Error): Promise<void> {
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const ending = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      over.abort(late);
      reject(late);
    }, milliseconds);
  });
  try {
    await Promise.race([work(over.signal), ending]);
  } finally {
    clearTimeout(timer);
  }
}
