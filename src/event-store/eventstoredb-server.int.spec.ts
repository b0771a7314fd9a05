/**
 * The EventStoreDB of the tests against the official client: each feature and fault, with what is expected taken from
 * the real server's sources (docs/eventstoredb.md names them).
 */
import { randomUUID } from 'node:crypto';
import {
  BACKWARDS,
  END,
  EventStoreDBClient,
  eventTypeFilter,
  jsonEvent,
  streamNameFilter,
  type JSONEventData,
  type JSONEventType,
  type Position,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEventStoreDbServer, type EventStoreDbServer } from './eventstoredb-server.fixture.js';

type Noted = JSONEventType<'Noted', { n: number }>;

let server: EventStoreDbServer;
let client: EventStoreDBClient;
const others: { dispose?: () => Promise<void>; stop?: () => Promise<void> }[] = [];

beforeEach(async () => {
  server = await startEventStoreDbServer();
  client = connect(server.url);
});

afterEach(async () => {
  server.faults.clear();
  for (const other of others.splice(0)) await (other.dispose?.() ?? other.stop?.());
  await server.stop();
});

function connect(url: string): EventStoreDBClient {
  const made = EventStoreDBClient.connectionString(url);
  others.push(made);
  return made;
}

function noted(n: number): JSONEventData<Noted> {
  return jsonEvent<Noted>({ type: 'Noted', data: { n } });
}

/** The numbers in a stream, in the order read. */
async function numbers(stream: string): Promise<number[]> {
  return (await collected(client.readStream<Noted>(stream))).map(({ event }) => event?.data.n ?? NaN);
}

async function collected<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/**
 * A client after a restart. The first call may still meet the old connection: channels to one address share it, and
 * the client learns of its end when it does.
 */
async function reconnected(): Promise<EventStoreDBClient> {
  for (;;) {
    const made = connect(server.url);
    try {
      await collected(made.readAll({ maxCount: 1 }));
      return made;
    } catch (error) {
      expect(error).toMatchObject({ type: 'unavailable' });
    }
  }
}

/** What lies in $all of streams that are not the system's: stream, type, revision. */
async function everything(): Promise<string[]> {
  const events = await collected(client.readAll());
  return events
    .filter(({ event }) => !event?.streamId.includes('$stats'))
    .map(({ event }) => `${event?.streamId} ${event?.type} ${event?.revision}`);
}

/** Collects what a subscription brings, so that a test can wait for it. */
function gather(subscription: AsyncIterable<ResolvedEvent> & NodeJS.EventEmitter): {
  seen: (n: number) => Promise<string[]>;
  failed: Promise<Error>;
  caughtUp: Promise<void>;
} {
  const seen: string[] = [];
  let check: () => void = () => undefined;
  subscription.on('data', ({ event }: ResolvedEvent) => {
    seen.push(`${event?.streamId} ${event?.revision}`);
    check();
  });
  const failed = new Promise<Error>((resolve) => subscription.on('error', resolve));
  const caughtUp = new Promise<void>((resolve) => subscription.on('caughtUp', () => resolve()));
  return {
    failed,
    caughtUp,
    seen: (n) =>
      new Promise((resolve) => {
        check = () => (seen.length >= n ? resolve(seen) : undefined);
        check();
      }),
  };
}

const modes = [
  { mode: 'BatchAppend', options: {} },
  // The client appends so where a call brings credentials (which an insecure connection does not send).
  { mode: 'Append', options: { credentials: { username: 'admin', password: 'changeit' } } },
];

describe.each(modes)('an append by $mode', ({ options }) => {
  it('answers the revision and position of its last event', async () => {
    const first = await client.appendToStream('a', [noted(1), noted(2)], { ...options, expectedRevision: 'no_stream' });
    expect(first).toMatchObject({ success: true, nextExpectedRevision: 1n });
    const [, second] = await collected(client.readStream('a'));
    expect(first.position).toEqual(second?.event?.position);
    expect(await numbers('a')).toEqual([1, 2]);
  });

  it.each<[expected: 'no_stream' | 'stream_exists' | bigint, stream: string, actual: bigint | 'no_stream']>([
    ['no_stream', 'a', 1n],
    [0n, 'a', 1n],
    [2n, 'a', 1n],
    ['stream_exists', 'b', 'no_stream'],
    [0n, 'b', 'no_stream'],
  ])('that expects %s of %s is refused', async (expectedRevision, stream, actualVersion) => {
    await client.appendToStream('a', [noted(1), noted(2)]);
    await expect(client.appendToStream(stream, noted(3), { ...options, expectedRevision })).rejects.toMatchObject({
      type: 'wrong-expected-version',
      expectedVersion: expectedRevision,
      actualVersion,
    });
  });

  it('is recognised when it comes again, wherever the stream is by then', async () => {
    const events = [noted(1), noted(2)];
    const expected = { ...options, expectedRevision: 'no_stream' } as const;
    const first = await client.appendToStream('a', events, expected);
    expect(await client.appendToStream('a', events, expected)).toEqual(first);
    await client.appendToStream('a', noted(3));
    await server.restart();
    const again = await reconnected();
    expect(await again.appendToStream('a', events, expected)).toEqual(first);
    // Also its beginning, but not more than it was, nor a part that begins elsewhere.
    expect(await again.appendToStream('a', [...events].slice(0, 1), expected)).toMatchObject({
      nextExpectedRevision: 0n,
    });
    await expect(again.appendToStream('a', [...events, noted(4)], expected)).rejects.toMatchObject({
      type: 'wrong-expected-version',
    });
    expect((await collected(again.readStream('a'))).length).toBe(3);
  });

  it('with ids that the stream has is written again where the revision is right', async () => {
    const event = noted(1);
    await client.appendToStream('a', event, { ...options, expectedRevision: 'no_stream' });
    await client.appendToStream('a', event, { ...options, expectedRevision: 0n });
    expect(await numbers('a')).toEqual([1, 1]);
  });

  it('at any revision is recognised until the server restarts', async () => {
    const event = noted(1);
    const first = await client.appendToStream('a', event, options);
    await client.appendToStream('a', noted(2), options);
    expect(await client.appendToStream('a', event, options)).toEqual(first);
    await expect(client.appendToStream('a', [event, noted(3)], options)).rejects.toMatchObject({
      type: 'wrong-expected-version',
    });
    // In another stream the id means nothing.
    expect(await client.appendToStream('b', event, options)).toMatchObject({ nextExpectedRevision: 0n });
    await server.restart();
    const again = await reconnected();
    expect(await again.appendToStream('a', event, options)).toMatchObject({ nextExpectedRevision: 2n });
  });

  it('is refused above the greatest size', async () => {
    const big = jsonEvent({ type: 'Noted', data: 'x'.repeat(1024 * 1024) });
    await expect(client.appendToStream('a', big, options)).rejects.toMatchObject({
      type: 'maximum-append-size-exceeded',
      maxAppendSize: 1024 * 1024,
    });
  });

  it('whose answer is lost is written', async () => {
    server.faults.next('loseAnswer', { call: 'append' });
    await expect(client.appendToStream('a', noted(1), options)).rejects.toMatchObject({ type: 'unavailable' });
    expect(await numbers('a')).toEqual([1]);
  });

  it('that is cut off before is not written', async () => {
    server.faults.next('cut', { call: 'append', stream: (name) => name === 'a' });
    await expect(client.appendToStream('a', noted(1), options)).rejects.toMatchObject({ type: 'unavailable' });
    await client.appendToStream('b', noted(1), options);
    await expect(numbers('a')).rejects.toMatchObject({ type: 'stream-not-found' });
  });

  it('that is refused as unavailable is not written', async () => {
    server.faults.next('unavailable');
    await expect(client.appendToStream('a', noted(1), options)).rejects.toMatchObject({ type: 'unavailable' });
    await client.appendToStream('a', noted(2), options);
    expect(await numbers('a')).toEqual([2]);
  });

  it.each<['timeout' | 'writtenTimeout', number[]]>([
    ['timeout', [2]],
    ['writtenTimeout', [1, 2]],
  ])('that ends in %s leaves %j', async (fault, left) => {
    server.faults.next(fault);
    const type: unknown = expect.stringMatching(/^(timeout|deadline-exceeded)$/);
    await expect(client.appendToStream('a', noted(1), options)).rejects.toMatchObject({ type });
    await client.appendToStream('a', noted(2), options);
    expect(await numbers('a')).toEqual(left);
  });

  it('that ends in lateTimeout is written later, if its repetition was not', async () => {
    const event = noted(1);
    const expected = { ...options, expectedRevision: 'no_stream' } as const;
    server.faults.next('lateTimeout', { times: 2 });
    await expect(client.appendToStream('a', event, expected)).rejects.toThrow();
    await expect(client.appendToStream('b', event, expected)).rejects.toThrow();
    await client.appendToStream('a', event, expected);
    server.faults.writeLate();
    expect(await numbers('a')).toEqual([1]);
    expect(await numbers('b')).toEqual([1]);
  });

  it('can be held before and after it is written', async () => {
    const before = server.faults.hold('before', { call: 'append' });
    const after = server.faults.hold('after', { call: 'append' });
    const append = client.appendToStream('a', noted(1), options);
    await before.reached;
    expect(server.log.last('a')).toBe(-1n);
    before.release();
    await after.reached;
    expect(server.log.last('a')).toBe(0n);
    after.release();
    expect(await append).toMatchObject({ nextExpectedRevision: 0n });
  });
});

describe('the ways to append', () => {
  it('are BatchAppend where the server announces it, else Append', async () => {
    const old = await startEventStoreDbServer({ batchAppend: false });
    others.push(old);
    const other = connect(old.url);
    old.faults.next('notReady');
    await expect(other.appendToStream('a', noted(1))).rejects.toMatchObject({ type: 'unavailable' });
    server.faults.next('notReady');
    // Of BatchAppend's answer the client makes nothing better.
    await expect(client.appendToStream('a', noted(1))).rejects.toMatchObject({ type: 'unknown' });
  });

  it('keep bytes as they are', async () => {
    const data = new Uint8Array([0, 255, 1]);
    const event = { id: randomUUID(), type: 'Raw', contentType: 'application/octet-stream', data, metadata: data };
    await client.appendToStream('a', event as never);
    const [read] = await collected(client.readStream('a'));
    expect(read?.event).toMatchObject({ type: 'Raw', isJson: false, id: event.id });
    expect(new Uint8Array(read?.event?.data as Uint8Array)).toEqual(data);
    expect(new Uint8Array(read?.event?.metadata as Uint8Array)).toEqual(data);
    expect(Math.abs((read?.event?.created.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it('run beside each other, each in the order it came', async () => {
    const appends = Array.from({ length: 200 }, (_, n) => client.appendToStream(`s${n % 3}`, noted(n)));
    await Promise.all(appends);
    expect(await numbers('s1')).toEqual(Array.from({ length: 67 }, (_, n) => 3 * n + 1));
  });
});

describe('reading', () => {
  beforeEach(async () => {
    await client.appendToStream('a', [noted(0), noted(1), noted(2)]);
    await client.appendToStream('b', [noted(3)]);
  });

  it('goes both ways from a revision, up to a number', async () => {
    const read = async (options: object): Promise<number[]> =>
      (await collected(client.readStream<Noted>('a', options))).map(({ event }) => event?.data.n ?? NaN);
    expect(await read({ fromRevision: 1n })).toEqual([1, 2]);
    expect(await read({ maxCount: 2 })).toEqual([0, 1]);
    expect(await read({ direction: BACKWARDS, fromRevision: END, maxCount: 1 })).toEqual([2]);
    expect(await read({ direction: BACKWARDS, fromRevision: 1n })).toEqual([1, 0]);
    expect(await read({ fromRevision: 9n })).toEqual([]);
  });

  it('of a stream that is not there fails', async () => {
    await expect(numbers('c')).rejects.toMatchObject({ type: 'stream-not-found', streamName: 'c' });
  });

  it('of $all goes both ways, forwards with the event at the position and backwards without', async () => {
    const [, second, , fourth] = (await collected(client.readAll())).slice(2);
    const position = second?.event?.position as Position;
    const forwards = await collected(client.readAll({ fromPosition: position }));
    expect(forwards.map(({ event }) => event?.streamId)).toEqual(['a', 'a', 'b']);
    const backwards = await collected(client.readAll({ fromPosition: position, direction: BACKWARDS, maxCount: 1 }));
    expect(backwards.map(({ event }) => event?.revision)).toEqual([0n]);
    const [last] = await collected(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }));
    expect(last?.event?.position).toEqual(fourth?.event?.position);
    expect(await collected(client.readAll({ fromPosition: END }))).toEqual([]);
  });

  it('of $all shows the system’s own events, first', async () => {
    const [first] = await collected(client.readAll({ maxCount: 1 }));
    expect(first?.event).toMatchObject({ type: '$metadata' });
    expect(first?.event?.streamId).toMatch(/^\$\$\$stats-/);
  });

  it('of $all at a position inside a record fails', async () => {
    const [, , third] = await collected(client.readAll());
    const commit = (third?.event?.position.commit ?? 0n) + 1n;
    const read = collected(client.readAll({ fromPosition: { commit, prepare: commit } }));
    await expect(read).rejects.toMatchObject({ code: 3 });
  });

  it('is refused as a test says', async () => {
    server.faults.next('unavailable', { call: 'read', stream: (name) => name === '$all' });
    await expect(collected(client.readAll())).rejects.toMatchObject({ type: 'unavailable' });
    expect(await numbers('a')).toEqual([0, 1, 2]);
    server.faults.next('cut', { call: 'read' });
    await expect(numbers('a')).rejects.toMatchObject({ type: 'unavailable' });
    expect(await numbers('a')).toEqual([0, 1, 2]);
  });
});

describe('a stream’s metadata', () => {
  it('is an event of the stream $$name, of which only the newest is read', async () => {
    await client.setStreamMetadata('a', { maxCount: 5 });
    await client.setStreamMetadata('a', { maxCount: 2, purpose: 'test' });
    expect(await client.getStreamMetadata('a')).toMatchObject({ metadata: { maxCount: 2, purpose: 'test' } });
    expect((await collected(client.readStream('$$a'))).map(({ event }) => event?.revision)).toEqual([1n]);
  });

  it('hides all but the newest events', async () => {
    await client.appendToStream('a', [noted(1), noted(2), noted(3)]);
    await client.setStreamMetadata('a', { maxCount: 2 });
    expect(await numbers('a')).toEqual([2, 3]);
    await client.setStreamMetadata('a', { truncateBefore: 2 });
    expect(await numbers('a')).toEqual([3]);
    expect((await everything()).filter((line) => line.startsWith('a '))).toHaveLength(3);
  });
});

describe('a softly deleted stream', () => {
  const events = [noted(1), noted(2)];

  beforeEach(async () => {
    await client.appendToStream('a', events, { expectedRevision: 'no_stream' });
    await client.deleteStream('a', { expectedRevision: 1n });
  });

  it('is not found, but stays in $all with the metadata that hides it', async () => {
    await expect(numbers('a')).rejects.toMatchObject({ type: 'stream-not-found' });
    expect(await everything()).toEqual(['a Noted 0', 'a Noted 1', '$$a $metadata 0']);
    const [metadata] = await collected(client.readStream('$$a'));
    expect(metadata?.event?.data).toEqual({ $tb: 2 ** 63 });
  });

  it('keeps its newest event when it is scavenged', async () => {
    server.log.scavenge();
    expect(await everything()).toEqual(['a Noted 1', '$$a $metadata 0']);
    expect(await client.appendToStream('a', noted(3))).toMatchObject({ nextExpectedRevision: 2n });
  });

  it.each<['no_stream' | 'any' | bigint]>([['no_stream'], ['any'], [1n]])(
    'is written again where %s is expected, and its revisions go on',
    async (expectedRevision) => {
      const again = await client.appendToStream('a', noted(3), { expectedRevision });
      expect(again).toMatchObject({ nextExpectedRevision: 2n });
      expect(await numbers('a')).toEqual([3]);
      expect(await client.getStreamMetadata('a')).toMatchObject({ metadata: { truncateBefore: 2 } });
    },
  );

  it('is deleted to one who expects a stream', async () => {
    await expect(client.appendToStream('a', noted(3), { expectedRevision: 'stream_exists' })).rejects.toMatchObject({
      type: 'stream-deleted',
    });
  });

  it('answers success without a position to the append that it had: nothing is written, it stays deleted', async () => {
    const again = await client.appendToStream('a', events, { expectedRevision: 'no_stream' });
    expect(again).toEqual({ success: true, nextExpectedRevision: 1n, position: undefined });
    await expect(numbers('a')).rejects.toMatchObject({ type: 'stream-not-found' });
  });

  it('takes that append as a new one when a scavenge has removed it and the server has forgotten', async () => {
    server.log.scavenge();
    server.log.forgetIds();
    const again = await client.appendToStream('a', events, { expectedRevision: 'no_stream' });
    expect(again).toMatchObject({ nextExpectedRevision: 3n });
    expect(await numbers('a')).toEqual([1, 2]);
  });

  it('comes back, empty, when its metadata is set', async () => {
    await client.setStreamMetadata('a', { purpose: 'test' });
    expect(await numbers('a')).toEqual([]);
    expect(await client.getStreamMetadata('a')).toMatchObject({ metadata: { purpose: 'test', truncateBefore: 2 } });
  });

  it('can be deleted again', async () => {
    await client.deleteStream('a');
    expect(await everything()).toContain('$$a $metadata 1');
  });
});

describe('deleting', () => {
  it('fails for a stream that never was, and at another revision', async () => {
    await expect(client.deleteStream('a')).rejects.toMatchObject({ type: 'wrong-expected-version' });
    await client.appendToStream('a', noted(1));
    await expect(client.deleteStream('a', { expectedRevision: 4n })).rejects.toMatchObject({
      type: 'wrong-expected-version',
      actualVersion: 0n,
    });
  });

  it('is done though its answer is lost', async () => {
    await client.appendToStream('a', noted(1));
    server.faults.next('loseAnswer', { call: 'delete' });
    await expect(client.deleteStream('a')).rejects.toMatchObject({ type: 'unavailable' });
    await expect(numbers('a')).rejects.toMatchObject({ type: 'stream-not-found' });
  });
});

describe('a stream with a tombstone', () => {
  beforeEach(async () => {
    await client.appendToStream('a', [noted(1)]);
    await client.setStreamMetadata('a', { purpose: 'test' });
    await client.tombstoneStream('a');
  });

  it('is deleted for ever', async () => {
    const deleted = { type: 'stream-deleted', streamName: 'a' };
    await expect(numbers('a')).rejects.toMatchObject(deleted);
    await expect(client.appendToStream('a', noted(2))).rejects.toMatchObject(deleted);
    await expect(client.appendToStream('a', noted(2), { expectedRevision: 'no_stream' })).rejects.toMatchObject(
      deleted,
    );
    await expect(client.deleteStream('a')).rejects.toMatchObject(deleted);
    await expect(client.setStreamMetadata('a', {})).rejects.toMatchObject({ type: 'stream-deleted' });
  });

  it('lies in $all until it is scavenged: the tombstone alone remains', async () => {
    const tombstone = `a $streamDeleted ${2n ** 63n - 1n}`;
    expect(await everything()).toEqual(['a Noted 0', '$$a $metadata 0', tombstone]);
    server.log.scavenge();
    expect(await everything()).toEqual([tombstone]);
  });
});

describe('a subscription to a stream', () => {
  it('brings what is there and then what comes', async () => {
    await client.appendToStream('a', [noted(1), noted(2)]);
    const { seen, caughtUp } = gather(client.subscribeToStream('a'));
    await caughtUp;
    await client.appendToStream('b', noted(9));
    await client.appendToStream('a', noted(3));
    expect(await seen(3)).toEqual(['a 0', 'a 1', 'a 2']);
  });

  it('begins after a revision, at the end, or before there is a stream', async () => {
    await client.appendToStream('a', [noted(1), noted(2)]);
    const after = gather(client.subscribeToStream('a', { fromRevision: 0n }));
    const end = gather(client.subscribeToStream('a', { fromRevision: END }));
    const none = gather(client.subscribeToStream('c'));
    await Promise.all([after.caughtUp, end.caughtUp, none.caughtUp]);
    await client.appendToStream('a', noted(3));
    await client.appendToStream('c', noted(4));
    expect(await after.seen(2)).toEqual(['a 1', 'a 2']);
    expect(await end.seen(1)).toEqual(['a 2']);
    expect(await none.seen(1)).toEqual(['c 0']);
  });

  it('outlives a soft deletion and ends with a tombstone', async () => {
    await client.appendToStream('a', noted(1));
    const { seen, failed } = gather(client.subscribeToStream('a'));
    await seen(1);
    await client.deleteStream('a');
    await client.appendToStream('a', noted(2));
    expect(await seen(2)).toEqual(['a 0', 'a 1']);
    await client.tombstoneStream('a');
    expect(await failed).toMatchObject({ type: 'stream-deleted' });
  });
});

describe('a subscription to $all', () => {
  it('brings everything after a position, also what deletes', async () => {
    const { position } = await client.appendToStream('a', noted(1));
    const { seen } = gather(client.subscribeToAll({ fromPosition: position as Position }));
    await client.appendToStream('b', noted(2));
    await client.deleteStream('b');
    await client.tombstoneStream('a');
    expect(await seen(3)).toEqual(['b 0', '$$b 0', `a ${2n ** 63n - 1n}`]);
  });

  it.each([
    ['stream prefixes', streamNameFilter({ prefixes: ['b', 'x'] }), ['b 0']],
    ['a stream pattern', streamNameFilter({ regex: '^[^$b]' }), ['a 0', 'a 1']],
    ['type prefixes', eventTypeFilter({ prefixes: ['No'] }), ['a 0', 'b 0', 'a 1']],
    ['a type pattern', eventTypeFilter({ regex: '^[^$]' }), ['a 0', 'b 0', 'a 1']],
  ])('filtered by %s brings what passes', async (_, filter, passing) => {
    const { seen, caughtUp } = gather(client.subscribeToAll({ filter }));
    await client.appendToStream('a', noted(0));
    await client.appendToStream('b', noted(1));
    await caughtUp;
    await client.appendToStream('a', noted(2));
    expect(await seen(passing.length)).toEqual(passing);
  });

  it('at the end brings what comes', async () => {
    await client.appendToStream('a', noted(1));
    const { seen, caughtUp } = gather(client.subscribeToAll({ fromPosition: END }));
    await caughtUp;
    await client.appendToStream('a', noted(2));
    expect(await seen(1)).toEqual(['a 1']);
  });

  it('with a filter says how far it has looked, catching up and live', async () => {
    for (let n = 0; n < 10; n += 1) await client.appendToStream('b', noted(n));
    const { position } = await client.appendToStream('a', noted(1));
    const reached: bigint[] = [];
    let reach: () => void = () => undefined;
    const checkpointReached = async (_: unknown, { commit }: Position): Promise<void> => {
      reached.push(commit);
      reach();
    };
    const filter = streamNameFilter({ prefixes: ['a'], maxSearchWindow: 2, checkpointInterval: 2, checkpointReached });
    const { seen, caughtUp } = gather(client.subscribeToAll({ filter }));
    await caughtUp;
    // 13 events in pages of 2, a checkpoint after every 4, and one where it goes live.
    expect(reached).toHaveLength(4);
    expect(reached.at(-1)).toBe(position?.commit);
    for (let n = 0; n < 4; n += 1) await client.appendToStream('b', noted(n));
    await new Promise<void>((resolve) => {
      reach = () => (reached.length === 5 ? resolve() : undefined);
      reach();
    });
    expect(await seen(1)).toEqual(['a 0']);
  });

  it('is cut and begins again where it was', async () => {
    const first = client.subscribeToAll();
    const { seen, failed } = gather(first);
    const { position } = await client.appendToStream('a', noted(1));
    await seen(3);
    server.faults.cutSubscriptions();
    expect(await failed).toMatchObject({ type: 'unavailable' });
    await connect(server.url).appendToStream('a', noted(2));
    const again = gather(connect(server.url).subscribeToAll({ fromPosition: position as Position }));
    expect(await again.seen(1)).toEqual(['a 1']);
  });

  it('lags while a test says so', async () => {
    const { seen, caughtUp } = gather(client.subscribeToAll({ fromPosition: END }));
    await caughtUp;
    server.faults.pauseSubscriptions();
    await client.appendToStream('a', noted(1));
    expect(await numbers('a')).toEqual([1]);
    expect(await seen(0)).toEqual([]);
    server.faults.resumeSubscriptions();
    expect(await seen(1)).toEqual(['a 0']);
  });
});

describe('a restart', () => {
  it('cuts what is under way and keeps what is written; the client connects again', async () => {
    await client.appendToStream('a', noted(1));
    const { failed, caughtUp } = gather(client.subscribeToAll());
    await caughtUp;
    await server.restart();
    expect(await failed).toMatchObject({ type: 'unavailable' });
    await reconnected();
    expect(await numbers('a')).toEqual([1]);
    await client.appendToStream('a', noted(2));
    expect(await numbers('a')).toEqual([1, 2]);
  });

  it('may take a while, in which calls fail', async () => {
    await client.appendToStream('a', noted(1));
    await server.stop();
    await expect(client.appendToStream('a', noted(2))).rejects.toMatchObject({ type: 'unavailable' });
    await server.start();
    expect(await numbers('a')).toEqual([1]);
  });
});

describe('a cluster', () => {
  let follower: EventStoreDbServer;

  beforeEach(async () => {
    follower = await startEventStoreDbServer({ follows: server });
    others.push(follower);
  });

  it('is discovered by gossip: the client finds the leader', async () => {
    const found = connect(follower.discoverUrl);
    await found.appendToStream('a', noted(1), { requiresLeader: true });
    expect(server.faults.calls).toContainEqual({ call: 'append', stream: 'a' });
    expect(follower.faults.calls).toEqual([]);
  });

  it.each(modes)('has a follower that says who leads, by $mode', async ({ options }) => {
    const direct = connect(follower.url);
    const leader = { address: '127.0.0.1', port: server.port };
    await expect(direct.appendToStream('a', noted(1), { ...options, requiresLeader: true })).rejects.toMatchObject({
      type: 'not-leader',
      leader,
    });
    // The client then turns to the leader.
    await direct.appendToStream('a', noted(1), { ...options, requiresLeader: true });
    expect(await numbers('a')).toEqual([1]);
  });

  it('serves what needs no leader everywhere', async () => {
    const direct = connect(follower.url);
    await direct.appendToStream('a', noted(1));
    expect(await numbers('a')).toEqual([1]);
    await expect(collected(direct.readStream('a', { requiresLeader: true }))).rejects.toMatchObject({
      type: 'not-leader',
    });
  });

  it('goes on with the follower when the leader is gone', async () => {
    const found = connect(follower.discoverUrl);
    await found.appendToStream('a', noted(1));
    await server.stop();
    follower.lead();
    await expect(found.appendToStream('a', noted(2))).rejects.toMatchObject({ type: 'unavailable' });
    await found.appendToStream('a', noted(3));
    expect((await collected(found.readStream<Noted>('a'))).map(({ event }) => event?.data.n)).toEqual([1, 3]);
  });
});
