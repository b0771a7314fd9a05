/**
 * What a request brings to every command it causes: who acts, when, and how ids are chosen. With an `Idempotency-Key`
 * all ids follow from token, key and purpose (S21, S24), so that the same request again ends in the same events; without
 * one they are random, and the same for as long as the request is being carried out.
 */
import { randomUUID } from 'node:crypto';
import type { Purpose, Secrets } from './crypto/secrets.js';

export interface RequestContext {
  /** `by` of the events, see `EventDraft.by`. */
  readonly by: string;
  /** ISO 8601 in UTC with milliseconds. */
  readonly at: string;
  /** True where ids follow from the request. */
  readonly repeatable: boolean;
  /** An id for one thing that this request makes; `parts` tell several of one purpose apart. */
  id(purpose: Purpose, ...parts: readonly (string | number)[]): string;
}

/**
 * A request whose ids are random, chosen once: an attempt that is made again after a part of the one before is in the
 * store goes on from that part, and writes nothing twice.
 */
export function oneOff(by: string, at: Date): RequestContext {
  const chosen = new Map<string, string>();
  return {
    by,
    at: at.toISOString(),
    repeatable: false,
    id: (...parts) => {
      const name = JSON.stringify(parts);
      const id = chosen.get(name) ?? randomUUID();
      chosen.set(name, id);
      return id;
    },
  };
}

/**
 * A request whose ids follow from it.
 * @param token who sent it (never the token itself)
 * @param key its Idempotency-Key
 */
export function repeatable(secrets: Secrets, by: string, at: Date, token: string, key: string): RequestContext {
  return {
    by,
    at: at.toISOString(),
    repeatable: true,
    id: (purpose, ...parts) => secrets.id(purpose, token, key, ...parts),
  };
}

/** Event ids for a command on a stream that this request carries out. */
export function eventIdsOf(request: RequestContext, stream: string, command: string): (n: number) => string {
  return (n) => request.id('event', stream, command, n);
}
