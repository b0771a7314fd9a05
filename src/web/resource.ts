/** What every resource that changes has in common: `ETag`, `If-Match`, `Location`, and reading one's own writes. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ConcurrencyError, InputError } from '../errors.js';
import type { StoredEvent } from '../event-store/event-store.js';
import type { Ledger } from '../ledger.js';
import { POSITION_HEADER } from './position.guard.js';
import { PreconditionError } from './problem.js';

/** Strong validator of a stream at a revision (RFC 9110, section 8.8.3). */
export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/** The revision that `If-Match` asks for, or undefined without one (`*` asks for nothing). @throws InputError */
export function ifMatch(request: FastifyRequest): number | undefined {
  const header = request.headers['if-match'];
  if (header === undefined || header === '*') return undefined;
  const revision = /^"(\d{1,15})"$/.exec(header)?.[1];
  if (revision === undefined) {
    throw new InputError([{ path: 'If-Match', code: 'malformedEtag', message: 'one ETag, as a GET gave it, or *' }]);
  }
  return Number(revision);
}

/** Runs a change; another revision than `If-Match` said is 412, not 409. */
export async function guarded<Result>(expected: number | undefined, change: () => Promise<Result>): Promise<Result> {
  try {
    return await change();
  } catch (error) {
    if (expected !== undefined && error instanceof ConcurrencyError && error.expectedRevision === expected) {
      throw new PreconditionError(etagOf(error.actualRevision));
    }
    throw error;
  }
}

/** Waits until this node's read models and tree have what was just written, and says where in the order that is. */
export async function settled(ledger: Ledger, reply: FastifyReply, events: readonly StoredEvent[]): Promise<void> {
  const last = events.at(-1);
  if (!last) return;
  await ledger.caughtUp(last);
  void reply.header(POSITION_HEADER, String(last.position));
}
