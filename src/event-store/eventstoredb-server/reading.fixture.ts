/**
 * What the `Read` call sends: of a stream or of $all, once or as a subscription. The order and the limits are those of
 * `Enumerator.*` in EventStore/EventStore (Services/Transport/Enumerators); docs/eventstoredb.md names the places.
 */
import type { ServiceError } from '@grpc/grpc-js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { DELETED, type EventLog, type Filter, type Recorded } from './log.fixture.js';
import {
  caughtUp,
  checkpoint,
  confirmation,
  eventMessage,
  rpcErrors,
  streamName,
  streamNotFound,
} from './messages.fixture.js';

/** Events per page of a filtered read, where the reader names no window (`DefaultReadBatchSize`). */
const WINDOW = 32;

/** A message to send, or the error that ends the call. */
export type Sent = ReadResp | { readonly error: ServiceError };

/** The name that faults know a read by. */
export function readFrom(options: ReadReq.Options): string {
  return options.hasAll() ? '$all' : streamName(options.getStream()?.getStreamIdentifier());
}

/** Everything that a read or a subscription gets, in order; a subscription's end never comes. */
export function reading(
  log: EventLog,
  options: ReadReq.Options,
  ended: Promise<void>,
): AsyncIterable<Sent> | Iterable<Sent> {
  if (options.hasSubscription()) return options.hasAll() ? followAll(log, options, ended) : follow(log, options, ended);
  return options.hasAll() ? readAll(log, options) : readStream(log, options);
}

function* readStream(log: EventLog, options: ReadReq.Options): Iterable<Sent> {
  const from = options.getStream();
  const stream = readFrom(options);
  const backwards = isBackwards(options);
  const events = log.read(stream);
  if (events === 'deleted') yield { error: rpcErrors.streamDeleted(stream) };
  else if (events === 'notFound') yield streamNotFound(stream);
  else {
    const last = log.last(stream);
    const start = from?.hasRevision() ? BigInt(from.getRevision()) : from?.hasStart() ? 0n : backwards ? last : DELETED;
    const wanted = backwards
      ? events.filter(({ revision }) => revision <= start).reverse()
      : events.filter(({ revision }) => revision >= start);
    yield* wanted.slice(0, limitOf(options)).map(eventMessage);
  }
}

function* readAll(log: EventLog, options: ReadReq.Options): Iterable<Sent> {
  const from = options.getAll();
  const allowed = filterOf(options);
  const at = from?.hasPosition() ? BigInt(from.getPosition()?.getCommitPosition() ?? 0) : from?.hasEnd() ? log.end : 0n;
  if (!log.isPosition(at)) {
    yield { error: rpcErrors.invalid('Trying to read from an invalid position.') };
    return;
  }
  // Forwards from a position means from the event there; backwards, from the one before it.
  const index = log.indexAt(at);
  const events = isBackwards(options) ? log.records.slice(0, index).reverse() : log.records.slice(index);
  yield* events.filter(allowed).slice(0, limitOf(options)).map(eventMessage);
}

/** A subscription to one stream: what can be read of it after a revision, then what is written to it. */
async function* follow(log: EventLog, options: ReadReq.Options, ended: Promise<void>): AsyncIterable<Sent> {
  const from = options.getStream();
  const stream = readFrom(options);
  const next = log.end;
  let revision = from?.hasRevision() ? BigInt(from.getRevision()) : from?.hasStart() ? -1n : log.last(stream);
  const readable = log.read(stream);
  yield confirmation(crypto.randomUUID());
  if (readable === 'deleted') {
    yield { error: rpcErrors.streamDeleted(stream) };
    return;
  }
  const past = readable === 'notFound' ? [] : readable.filter((event) => event.revision > revision);
  for (const event of past) {
    yield eventMessage(event);
    revision = event.revision;
  }
  yield caughtUp();
  for await (const event of live(log, next, ended)) {
    if (event.stream !== stream || event.revision <= revision) continue;
    yield eventMessage(event);
    revision = event.revision;
    if (revision !== DELETED) continue;
    yield { error: rpcErrors.streamDeleted(stream) };
    return;
  }
}

/** A subscription to $all after a position; with a filter, also checkpoints: how far it has looked. */
async function* followAll(log: EventLog, options: ReadReq.Options, ended: Promise<void>): AsyncIterable<Sent> {
  const from = options.getAll();
  const filter = options.getFilter();
  const allowed = filterOf(options);
  const window = filter?.hasMax() ? filter.getMax() : WINDOW;
  const interval = window * (filter?.getCheckpointintervalmultiplier() ?? 0);
  const newest = log.records.at(-1)?.position ?? -1n;
  const position = from?.getPosition()?.getCommitPosition();
  const start = position !== undefined ? BigInt(position) : from?.hasEnd() ? newest : -1n;
  yield confirmation(crypto.randomUUID());
  let reached = start;
  let considered = 0;
  if (start < newest) {
    if (start >= 0n && !log.isPosition(start)) {
      yield { error: rpcErrors.invalid('Trying to read from an invalid position.') };
      return;
    }
    // Catching up, page by page; a checkpoint is sent between pages, and when the end is reached.
    let page = 0;
    for (let event = at(log, reached); event !== undefined; event = at(log, reached)) {
      if (allowed(event)) yield eventMessage(event);
      reached = event.position;
      considered += 1;
      page += 1;
      if (filter !== undefined && page % window === 0 && considered >= interval) {
        considered %= interval;
        yield checkpoint(reached);
      }
    }
    if (filter !== undefined) yield checkpoint(reached);
  }
  yield caughtUp();
  considered = 0;
  for await (const event of live(log, reached + 1n, ended)) {
    const passes = allowed(event);
    if (passes) yield eventMessage(event);
    considered += 1;
    if (filter !== undefined && considered >= interval) {
      considered = 0;
      yield checkpoint(event.position);
    }
  }
}

/** The first event after a position. */
function at(log: EventLog, position: bigint): Recorded | undefined {
  return log.records[log.indexAt(position + 1n)];
}

/** Events at or after a position as they are written, until the call ends. */
async function* live(log: EventLog, from: bigint, ended: Promise<void>): AsyncIterable<Recorded> {
  let over = false;
  const end = ended.then(() => (over = true));
  let next = from;
  for (;;) {
    const changed = log.changed;
    const event = log.records[log.indexAt(next)];
    if (event !== undefined) {
      next = event.end;
      yield event;
      continue;
    }
    await Promise.race([changed, end]);
    if (over) return;
  }
}

function isBackwards(options: ReadReq.Options): boolean {
  return options.getReadDirection() === streamsPb.ReadReq.Options.ReadDirection.BACKWARDS;
}

function limitOf(options: ReadReq.Options): number {
  return Number(options.getCount());
}

function filterOf(options: ReadReq.Options): Filter {
  const filter = options.getFilter();
  const type = filter?.getEventType();
  const expression = type ?? filter?.getStreamIdentifier();
  if (expression === undefined) return () => true;
  const subject = type === undefined ? (event: Recorded) => event.stream : (event: Recorded) => event.type;
  const regex = expression.getRegex();
  if (regex !== '') {
    const pattern = new RegExp(regex);
    return (event) => pattern.test(subject(event));
  }
  const prefixes = expression.getPrefixList();
  return (event) => prefixes.some((prefix) => subject(event).startsWith(prefix));
}
