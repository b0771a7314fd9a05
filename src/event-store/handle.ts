/**
 * The one way a command becomes events: read the stream, fold, decide, seal, append at the revision that was decided
 * on, and begin again, a bounded number of times, where another writer was first. Proven by handle.spec.ts.
 */
import { ConcurrencyError, InvariantError, StaleReadError } from '../errors.js';
import type { Decider, DomainEvent, SealedFacts } from './decider.js';
import {
  NO_STREAM,
  type Append,
  type EventDraft,
  type EventStore,
  type Read,
  type StoredEvent,
} from './event-store.js';

/** A decider of any command; loading needs only its `evolve`. */
type Folding<State, Event extends DomainEvent> = Pick<Decider<State, never, Event, never>, 'initialState' | 'evolve'>;

export interface Loaded<State> {
  readonly state: State;
  /** `NO_STREAM` where there is none. */
  readonly revision: number;
}

export interface Handled<State> extends Loaded<State> {
  /** The command's events as stored; none where there was nothing to do. */
  readonly events: readonly StoredEvent[];
}

/** Opens the private part of an event; what can no longer be opened is left out (`Vault.open`). */
export type Open = (event: StoredEvent) => Promise<readonly SealedFacts[]>;

/** Seals private parts for the place that the event will have (`Vault.seal`). */
export type Seal = (
  facts: readonly SealedFacts[],
  place: { readonly stream: string; readonly revision: number },
) => Promise<Uint8Array>;

export interface CommandMeta {
  /** ISO 8601 in UTC with milliseconds. */
  readonly at: string;
  /** See `EventDraft.by`. */
  readonly by: string;
  /**
   * UUID of the command's n-th event, n from 0, where it follows from the request (S24): a command that was carried out
   * before then answers as it did the first time, whatever has happened since. Default: random.
   */
  readonly eventIds?: (n: number) => string;
  /** Facts read elsewhere, see `Append.reads` (S7). */
  readonly reads?: readonly Read[];
  /** See `Append.logSize`. */
  readonly logSize?: number;
}

export interface Handling<Command, Context> {
  readonly stream: string;
  readonly command: Command;
  /** A value, or a function that makes one for each attempt. */
  readonly context: Context | (() => Context | Promise<Context>);
  readonly meta: CommandMeta;
  /** Needed where decided events have private parts. */
  readonly seal?: Seal;
  /** Where given, `evolve` sees private parts as far as they can be opened; else it never sees any. */
  readonly open?: Open;
  /** Revision that the caller saw (If-Match): decide on that one or not at all. */
  readonly expectedRevision?: number;
  /** Further attempts after a ConcurrencyError; default 3. */
  readonly retries?: number;
}

/** The stream's state and revision. */
export async function load<State, Event extends DomainEvent>(
  store: EventStore,
  decider: Folding<State, Event>,
  stream: string,
  open?: Open,
): Promise<Loaded<State>> {
  return fold(decider, { state: decider.initialState, revision: NO_STREAM }, await store.readStream(stream), open);
}

/**
 * Carries out a command on its stream; resolves when its events are durable.
 * @throws DomainError from the decider
 * @throws ConcurrencyError where `expectedRevision` is not the stream's, or other writers were first each time
 * @throws StaleReadError at once where a read is stale: the caller must read again what it cites
 * @throws InputError an event that the log cannot hold
 */
export async function handle<State, Command, Event extends DomainEvent, Context>(
  store: EventStore,
  decider: Decider<State, Command, Event, Context>,
  handling: Handling<Command, Context>,
): Promise<Handled<State>> {
  const { retries = 3, expectedRevision } = handling;
  // The same ids at each attempt: one whose answer was lost is found in the stream, and not repeated.
  const meta = { ...handling.meta, eventIds: handling.meta.eventIds ?? randomIds() };
  for (let attempt = 0; ; attempt++) {
    try {
      return await attemptOnce(store, decider, { ...handling, meta });
    } catch (error) {
      const again = error instanceof ConcurrencyError && !(error instanceof StaleReadError);
      if (!again || expectedRevision !== undefined || attempt >= retries) throw error;
    }
  }
}

async function attemptOnce<State, Command, Event extends DomainEvent, Context>(
  store: EventStore,
  decider: Decider<State, Command, Event, Context>,
  handling: Handling<Command, Context>,
): Promise<Handled<State>> {
  const prepared = await prepare(store, decider, handling);
  if (prepared.earlier) return prepared.earlier;
  if (!prepared.append) return { ...prepared.loaded, events: [] };
  const { events } = await store.append(prepared.append);
  return { ...(await fold(decider, prepared.loaded, events, handling.open)), events };
}

export interface Prepared<State> {
  /** The state that the command was decided on. */
  readonly loaded: Loaded<State>;
  /** What to append, for callers that commit several streams together; absent where there is nothing to do. */
  readonly append?: Append;
  /** The command was carried out before: what it did then. */
  readonly earlier?: Handled<State>;
}

/** The first half of `handle`: everything but the append, and no second attempt. Same errors. */
export async function prepare<State, Command, Event extends DomainEvent, Context>(
  store: EventStore,
  decider: Decider<State, Command, Event, Context>,
  { stream, command, context, meta, seal, open, expectedRevision }: Omit<Handling<Command, Context>, 'retries'>,
): Promise<Prepared<State>> {
  const past = await store.readStream(stream);
  const empty = { state: decider.initialState, revision: NO_STREAM };

  const done = meta.eventIds ? carriedOut(past, meta.eventIds) : undefined;
  if (done) {
    const after = await fold(decider, empty, past.slice(0, done.end), open);
    return { loaded: after, earlier: { ...after, events: past.slice(done.start, done.end) } };
  }

  const loaded = await fold(decider, empty, past, open);
  if (expectedRevision !== undefined && loaded.revision !== expectedRevision) {
    throw new ConcurrencyError(stream, expectedRevision, loaded.revision);
  }
  const decided = decider.decide(command, loaded.state, await valueOf(context));
  if (decided.length === 0) return { loaded };

  const drafts: EventDraft[] = [];
  for (const [i, event] of decided.entries()) {
    drafts.push(await draftOf(event, { stream, revision: loaded.revision + 1 + i }, meta, i, seal));
  }
  const { reads, logSize } = meta;
  return {
    loaded,
    append: {
      stream,
      expectedRevision: loaded.revision,
      events: drafts,
      ...(reads && { reads }),
      ...(logSize !== undefined && { logSize }),
    },
  };
}

/** Random UUIDs, each the same whenever it is asked for. */
function randomIds(): (n: number) => string {
  const ids: string[] = [];
  return (n) => (ids[n] ??= crypto.randomUUID());
}

/** Where in the stream the command's events are, if it was carried out before. */
function carriedOut(
  past: readonly StoredEvent[],
  eventIds: (n: number) => string,
): { start: number; end: number } | undefined {
  const firstId = eventIds(0);
  const start = past.findIndex(({ id }) => id === firstId);
  if (start < 0) return undefined;
  let end = start + 1;
  while (past[end]?.id === eventIds(end - start)) end++;
  return { start, end };
}

async function draftOf(
  { type, v = 1, data, sealed }: DomainEvent,
  place: { stream: string; revision: number },
  { at, by, eventIds }: CommandMeta,
  n: number,
  seal: Seal | undefined,
): Promise<EventDraft> {
  // Public parts are plain JSON by their types; the store refuses what is not.
  const draft = { id: eventIds?.(n) ?? crypto.randomUUID(), type, v, at, by, data: data as EventDraft['data'] };
  if (!sealed || sealed.length === 0) return draft;
  if (!seal) throw new InvariantError(`${type} in ${place.stream} has private parts, and nothing to seal them with`);
  return { ...draft, sealed: await seal(sealed, place) };
}

async function fold<State, Event extends DomainEvent>(
  decider: Folding<State, Event>,
  from: Loaded<State>,
  events: readonly StoredEvent[],
  open: Open | undefined,
): Promise<Loaded<State>> {
  let { state, revision } = from;
  for (const stored of events) {
    const { type, v, data, stream, at, index } = stored;
    const sealed = open && stored.sealed ? await open(stored) : undefined;
    revision = stored.revision;
    // The stream's prefix says which events are in it; `evolve` is total over them.
    const event = { type, v, data, ...(sealed && { sealed }) } as unknown as Event;
    state = decider.evolve(state, event, { stream, revision, at, ...(index !== undefined && { index }) });
  }
  return { state, revision };
}

async function valueOf<Context>(context: Context | (() => Context | Promise<Context>)): Promise<Context> {
  return typeof context === 'function' ? await (context as () => Context | Promise<Context>)() : context;
}
