/**
 * The event store's port. Streams of events with expected revisions, one total order over all of them, and for the
 * streams of the log (every one but `vault-*`, S20) a gapless index in that order (S15).
 * The same conformance suite (`conformance.ts`) runs over every adapter.
 */
import type { JsonObject } from '../encoding/json.js';

/** Expected revision of a stream that must not exist yet. Revisions themselves begin at 0. */
export const NO_STREAM = -1;

/** Streams with this prefix hold what is about persons or secret: never in the log, deletable (S20). */
export const VAULT_PREFIX = 'vault-';

export function isVaultStream(stream: string): boolean {
  return stream.startsWith(VAULT_PREFIX);
}

/** Place in the store's total order: opaque but for its order. Positions grow and may have gaps. */
export type Position = bigint;

/** An event before the store has it. */
export interface EventDraft {
  /** UUID; appending the same ids at the same expected revision again answers as the first time did. */
  readonly id: string;
  readonly type: string;
  /** Version of `type`'s shape, from 1. */
  readonly v: number;
  /** The node's clock, ISO 8601 in UTC with milliseconds. */
  readonly at: string;
  /** Who acted: `operator`, `process:<name>` or `organisation:<uuid>:<role>`; never a person (S20). */
  readonly by: string;
  readonly data: JsonObject;
  /** The ciphertext of the private part (S22). Its SHA-256 stands in the public entry as `sealed`. */
  readonly sealed?: Uint8Array;
}

/** An event as the store keeps it. */
export interface StoredEvent extends EventDraft {
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  /** Index in the log, from 0; absent for vault streams. */
  readonly index?: number;
  /** The entry's bytes, made once at append (S14); absent for vault streams. */
  readonly entry?: Uint8Array;
}

/** A fact read from another stream: that stream must still be at this revision at append (S7). */
export interface Read {
  readonly stream: string;
  readonly revision: number;
}

export interface Append {
  readonly stream: string;
  /** Revision of the stream's last event, or `NO_STREAM`. */
  readonly expectedRevision: number;
  readonly events: readonly EventDraft[];
  readonly reads?: readonly Read[];
  /**
   * If given, the log must hold exactly this many entries when the first event is added: for records that state
   * something about all entries before them (S1). Adapters put such an append first in its group.
   */
  readonly logSize?: number;
}

export interface Appended {
  readonly stream: string;
  /** The events as stored, in order. */
  readonly events: readonly StoredEvent[];
}

export interface Head {
  /** Position of the last event; 0n when the store is empty. */
  readonly position: Position;
  /** Number of entries in the log. */
  readonly logSize: number;
}

export interface Subscription {
  /** Ends it; resolves when the handler is no longer running. */
  stop(): Promise<void>;
  /** Rejects if the handler threw: the subscription is then over. Never resolves otherwise but at `stop`. */
  readonly done: Promise<void>;
}

export interface EventStore {
  /**
   * Appends atomically, durably before it resolves (S24: a 2xx follows the fsync).
   * @throws ConcurrencyError another writer was first; StaleReadError a cited stream has moved on;
   *   InputError an entry is over 65,535 bytes or holds a number outside ±(2^53 − 1).
   */
  append(append: Append): Promise<Appended>;
  /** All or nothing where the store can, else resumable by event ids. Same errors as `append`. */
  appendMany(appends: readonly Append[]): Promise<readonly Appended[]>;
  /** Events of a stream in order, from `fromRevision` (default 0). An absent or deleted stream reads as empty. */
  readStream(stream: string, options?: { fromRevision?: number }): Promise<readonly StoredEvent[]>;
  /**
   * Up to `limit` events after a position, in total order.
   * @param options.bare leaves out `entry` and `sealed`, for whoever folds all there is: a store may then read far less
   */
  readAll(options: { after?: Position; limit: number; bare?: boolean }): Promise<readonly StoredEvent[]>;
  /** Up to `limit` events of the log from an index on. */
  readLog(options: { from: number; limit: number }): Promise<readonly StoredEvent[]>;
  head(): Promise<Head>;
  /**
   * Calls the handler with every event after a position (default: from the start), in total order, in batches, one
   * call at a time, first what is there and then what comes: at least once, no gap. Nothing is delivered before it is
   * durable.
   */
  subscribe(options: { after?: Position }, handler: (events: readonly StoredEvent[]) => Promise<void>): Subscription;
  /** Deletes a vault stream for good. @throws InvariantError for a stream of the log. */
  deleteStream(stream: string): Promise<void>;
  close(): Promise<void>;
}
