/**
 * The one handle on the client of EventStoreDB: requests that are tried again with growing pauses for a bounded time,
 * errors that are the ledger's own, and nothing of the connection string in any of them.
 *
 * What the client (6.2.1, read in its sources) makes necessary:
 * - Its batch append keeps all requests of the process in one table, rejects those of every connection when one breaks,
 *   and dies of an unhandled rejection when the connection breaks under back-pressure: appends are single calls here.
 * - Reads and subscriptions have no deadline: each has a time after which silence counts as failure.
 * - A read cancelled by the client never ends: whoever waits for it is told by us.
 * - It parses metadata as JSON where it can: binary metadata begins with a byte that no JSON begins with
 *   (`eventstoredb-records.ts`).
 * - The place of an event in the total order stands in reads of a stream from server version 22.6 on.
 * Proven by eventstoredb.int.spec.ts.
 */
import {
  AccessDeniedError,
  DeadlineExceededError,
  END,
  EventStoreDBClient,
  MaxAppendSizeExceededError,
  NO_STREAM as CLIENT_NO_STREAM,
  START,
  StreamDeletedError,
  StreamNotFoundError,
  streamNameFilter,
  WrongExpectedVersionError,
  type EventData,
  type ResolvedEvent,
  type StreamingRead,
} from '@eventstore/db-client';
import { ConfigError, InputError, InvariantError, UnavailableError } from '../errors.js';
import type { EventStoreDbAddress } from './eventstoredb-address.js';
import { NO_STREAM, type Position } from './event-store.js';
import { Turns } from './turns.js';

/** An event as the server keeps it. */
export interface Recorded {
  /** The server's name of the stream. */
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  readonly id: string;
  readonly type: string;
  /** Bytes, or what was JSON. */
  readonly data: unknown;
  readonly metadata: unknown;
}

export interface Page {
  readonly records: readonly Recorded[];
  /** There was no more when it was read. */
  readonly ended: boolean;
}

/** Most bytes of one page; events are at most 16 MiB. */
const PAGE_BYTES = 8 * 1024 * 1024;
const LONGEST_PAUSE = 2_000;
/** An expected revision that no stream has: the answer says which it has. */
const NEVER = 2n ** 62n;
/** gRPC: a message larger than the server takes. */
const RESOURCE_EXHAUSTED = 8;
/** gRPC: among others, a read from where no record begins, in a store that is not the one it was. */
const INVALID_ARGUMENT = 3;

/** Requests under way at a time, but for the subscription. */
const AT_ONCE = 64;

/** The server does not take this node's credentials, or they give too few rights. */
export class AccessRefusedError extends UnavailableError {}

/** The client with single appends, and a way to end it that leaves nothing open. */
class SingleAppendClient extends EventStoreDBClient {
  protected override supports = (): Promise<boolean> => Promise.resolve(false);

  async end(): Promise<void> {
    await this.dispose();
    const channel = await this.getChannel();
    channel.close();
  }
}

export class EventStoreDbConnection {
  #client: SingleAppendClient;
  #closed = false;
  readonly #turns = new Turns(AT_ONCE);
  /** How to tell whoever waits that his request will not end. */
  readonly #interrupts = new Set<(reason: Error) => void>();

  /** @param patience how long a request is tried again, in milliseconds; also the longest silence within one */
  constructor(
    private readonly address: EventStoreDbAddress,
    private readonly patience: number,
  ) {
    this.#client = clientFor(address);
  }

  /**
   * Appends, and tries again with the same ids: the server answers the same append at the same expected revision as the
   * first time (IndexWriter.CheckCommit compares ids and places, never contents).
   * @param expected the server's revision of the last event, or `NO_STREAM`
   * @returns the revision that the stream has instead, where it is refused
   * @throws InputError larger than the server takes; UnavailableError it may or may not be written
   */
  async append(
    stream: string,
    events: readonly EventData[],
    expected: number,
  ): Promise<{ refusedAt?: number | undefined }> {
    const expectedRevision = expected === NO_STREAM ? CLIENT_NO_STREAM : BigInt(expected);
    return this.#tryAppend(stream, events, expectedRevision);
  }

  /** The revision of the last event ever written to a stream, deleted or not. Writes nothing. */
  async lastRevision(stream: string, probe: EventData): Promise<number> {
    const { refusedAt } = await this.#tryAppend(stream, [probe], NEVER);
    if (refusedAt === undefined) throw new InvariantError(`stream ${stream}: an append at revision 2^62 was taken`);
    return refusedAt;
  }

  /** Events of a stream in order from a revision on; none where there is no such stream. */
  async readStream(
    stream: string,
    { from = 0, limit = Number.MAX_SAFE_INTEGER }: { from?: number; limit?: number } = {},
  ): Promise<readonly Recorded[]> {
    const all: Recorded[] = [];
    for (;;) {
      const next = from + all.length;
      const maxCount = Math.min(limit - all.length, 4_096);
      if (maxCount <= 0) return all;
      const { records, ended } = await this.#request('read', (client) =>
        this.#collect(
          client.readStream(stream, { fromRevision: BigInt(next), maxCount, requiresLeader: true }),
          maxCount,
        ),
      );
      all.push(...records);
      if (ended) return all;
    }
  }

  /** The last event of a stream, if there is one. */
  async readLast(stream: string): Promise<Recorded | undefined> {
    const options = { fromRevision: END, maxCount: 1, direction: 'backwards', requiresLeader: true } as const;
    const page = await this.#request('read', (client) => this.#collect(client.readStream(stream, options), 1));
    return page.records[0];
  }

  /** Events of the total order from a position on, inclusive, at most `limit` and about 8 MiB. */
  readAll(from: Position | undefined, limit: number): Promise<Page> {
    const fromPosition = from === undefined ? START : { commit: from >> 64n, prepare: from & 0xffff_ffff_ffff_ffffn };
    return this.#request('read', (client) =>
      this.#collect(client.readAll({ fromPosition, maxCount: limit, requiresLeader: true }), limit),
    );
  }

  /** Deletes what a stream holds, if its last event is the one at this revision; it can be written again. */
  async deleteStream(stream: string, revision: number): Promise<void> {
    await this.#request('delete', async (client) => {
      try {
        const options = { expectedRevision: BigInt(revision), requiresLeader: true, deadline: this.#deadline };
        await client.deleteStream(stream, options);
      } catch (error) {
        const gone =
          error instanceof WrongExpectedVersionError ||
          error instanceof StreamNotFoundError ||
          error instanceof StreamDeletedError;
        if (!gone) throw error;
      }
    });
  }

  /**
   * Calls `wake` whenever something was added to a stream whose name begins so, and after each reconnection, until the
   * connection is closed.
   */
  async listen(prefixes: string[], wake: (position: Position | undefined) => void): Promise<void> {
    for (let failures = 0; !this.#closed; failures++) {
      await this.#subscription(prefixes, (position) => {
        failures = 0;
        wake(position);
      });
      await this.#pause(failures);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#interrupt(new InvariantError('the event store is closed'));
    await end(this.#client);
  }

  get #deadline(): number {
    return Math.min(this.patience, this.address.numbers.defaultDeadline ?? 10_000);
  }

  async #tryAppend(
    stream: string,
    events: readonly EventData[],
    expectedRevision: bigint | typeof CLIENT_NO_STREAM,
  ): Promise<{ refusedAt?: number | undefined }> {
    return this.#request('append', async (client) => {
      try {
        const options = { expectedRevision, requiresLeader: true, deadline: this.#deadline };
        await client.appendToStream(stream, [...events], options);
        return {};
      } catch (error) {
        if (error instanceof WrongExpectedVersionError) {
          const { actualVersion } = error;
          return { refusedAt: typeof actualVersion === 'bigint' ? Number(actualVersion) : NO_STREAM };
        }
        if (error instanceof MaxAppendSizeExceededError) throw tooLarge(`at most ${error.maxAppendSize} bytes`);
        if ((error as { code?: unknown }).code === RESOURCE_EXHAUSTED) throw tooLarge('less');
        if (error instanceof StreamDeletedError) {
          throw new InvariantError(`stream ${stream} was deleted for ever on the server (a tombstone)`);
        }
        throw error;
      }
    });
  }

  /** Runs a request, again and again while it fails for reasons that pass, until patience ends. */
  #request<Result>(what: string, work: (client: SingleAppendClient) => Promise<Result>): Promise<Result> {
    // A burst waits here rather than in the server's queues, where its deadlines would run out.
    return this.#turns.take(() => this.#requestNow(what, work));
  }

  async #requestNow<Result>(what: string, work: (client: SingleAppendClient) => Promise<Result>): Promise<Result> {
    const until = Date.now() + this.patience;
    for (let failures = 0; ; failures++) {
      if (this.#closed) throw new InvariantError('the event store is closed');
      const client = this.#client;
      try {
        return await this.#interruptible(work(client));
      } catch (error) {
        const known = ownError(error);
        if (known) throw known;
        if (error instanceof StreamNotFoundError) throw error;
        // A connection that swallows requests is worth no further ones.
        if (error instanceof SilenceError || error instanceof DeadlineExceededError) this.#renew(client);
        if (Date.now() >= until) {
          throw new UnavailableError(`EventStoreDB cannot ${what} just now (${kindOf(error)}); the same again may do`);
        }
        await this.#pause(failures);
      }
    }
  }

  #interruptible<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const interrupt = (reason: Error): void => reject(reason);
      this.#interrupts.add(interrupt);
      void work.then(resolve, reject).finally(() => this.#interrupts.delete(interrupt));
    });
  }

  #interrupt(reason: Error): void {
    for (const interrupt of [...this.#interrupts]) interrupt(reason);
  }

  /** All that a read answers, up to a size. Silence for as long as patience lasts is a failure. */
  #collect(stream: StreamingRead<ResolvedEvent>, limit: number): Promise<Page> {
    return new Promise((resolve, reject) => {
      const records: Recorded[] = [];
      let bytes = 0;
      const finish = (settle: () => void, complete: boolean): void => {
        clearTimeout(timer);
        stream.removeAllListeners('data');
        stream.on('error', () => {});
        if (!complete) stream.cancel().catch(() => {});
        settle();
      };
      const timer = setTimeout(() => finish(() => reject(new SilenceError()), false), this.#deadline);
      stream.on('data', (resolved: ResolvedEvent) => {
        timer.refresh();
        try {
          const record = recorded(resolved);
          if (!record) return;
          records.push(record);
          bytes += sizeOf(record.data) + sizeOf(record.metadata);
        } catch (error) {
          finish(() => reject(error instanceof Error ? error : new InvariantError(String(error))), false);
          return;
        }
        if (bytes > PAGE_BYTES && records.length < limit) finish(() => resolve({ records, ended: false }), false);
      });
      stream.once('end', () => finish(() => resolve({ records, ended: records.length < limit }), true));
      stream.once('error', (error: Error) => {
        finish(() => {
          if (error instanceof StreamNotFoundError) resolve({ records: [], ended: true });
          else reject(error);
        }, true);
      });
    });
  }

  /** One subscription; resolves when it is over, whatever the reason. */
  async #subscription(prefixes: string[], heard: (position: Position | undefined) => void): Promise<void> {
    if (this.#closed) return;
    const client = this.#client;
    const filter = streamNameFilter({ prefixes, maxSearchWindow: 1_000, checkpointInterval: 1_000 });
    const subscription = client.subscribeToAll({ fromPosition: END, filter, requiresLeader: true });
    await new Promise<void>((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        this.#interrupts.delete(over);
        subscription.on('error', () => {});
        subscription.unsubscribe().catch(() => {});
        resolve();
      };
      const timer = setTimeout(() => {
        this.#renew(client);
        over();
      }, this.#deadline);
      this.#interrupts.add(over);
      subscription.on('confirmation', () => {
        clearTimeout(timer);
        heard(undefined);
      });
      subscription.on('data', (resolved) => {
        const { event, link } = resolved;
        const position = (event ?? link)?.position;
        heard(position && positionOf(position));
      });
      for (const name of ['error', 'end', 'close']) subscription.once(name, over);
    });
  }

  /** Makes a new client, unless another has done so already. What waits for the old one is told to begin again. */
  #renew(client: SingleAppendClient): void {
    if (this.#closed || this.#client !== client) return;
    this.#client = clientFor(this.address);
    this.#interrupt(new SilenceError());
    void end(client);
  }

  async #pause(failures: number): Promise<void> {
    if (this.#closed) return;
    // Up to half of it is chance: nodes that lost the same server do not come back in step.
    const longest = Math.min(LONGEST_PAUSE, this.patience / 4, 25 * 2 ** Math.min(failures, 10));
    await new Promise<void>((resolve) => {
      const awake = (): void => {
        clearTimeout(timer);
        this.#interrupts.delete(awake);
        resolve();
      };
      const timer = setTimeout(awake, longest * (0.5 + Math.random() / 2));
      this.#interrupts.add(awake);
    });
  }
}

/** Nothing was heard for too long. */
class SilenceError extends UnavailableError {
  constructor() {
    super('no answer');
  }
}

function clientFor(address: EventStoreDbAddress): SingleAppendClient {
  const { hosts, discover, tls, credentials, rootCertificate, userCertFile, userKeyFile, connectionName } = address;
  const settings = {
    ...address.numbers,
    ...(connectionName !== undefined && { connectionName }),
    throwOnAppendFailure: true,
  };
  const channel = {
    insecure: !tls,
    ...(rootCertificate && { rootCertificate }),
    ...(userCertFile && { userCertFile }),
    ...(userKeyFile && { userKeyFile }),
  };
  // Without TLS the server has no users, and the client would not send a password in the clear.
  const user = tls ? credentials && { ...credentials } : undefined;
  const cluster = { ...settings, nodePreference: 'leader' } as const;
  const [first] = hosts;
  if (discover) return new SingleAppendClient({ ...cluster, discover: { ...first! } }, channel, user);
  if (hosts.length > 1) {
    return new SingleAppendClient({ ...cluster, endpoints: hosts.map((host) => ({ ...host })) }, channel, user);
  }
  return new SingleAppendClient({ ...settings, endpoint: { ...first! } }, channel, user);
}

async function end(client: SingleAppendClient): Promise<void> {
  try {
    await client.end();
  } catch {
    // It could not be reached, and now it need not be.
  }
}

/** What is the ledger's own error already, or becomes one that no repetition mends. */
function ownError(error: unknown): Error | undefined {
  if (error instanceof InputError || error instanceof InvariantError || error instanceof ConfigError) return error;
  if (error instanceof AccessDeniedError) {
    return new AccessRefusedError("EventStoreDB refuses this node's credentials, or they lack a right");
  }
  if ((error as { code?: unknown } | undefined)?.code === INVALID_ARGUMENT) {
    return new InvariantError('EventStoreDB refuses a request as invalid: it is not the store that was read before');
  }
  return undefined;
}

/** A word for a failure. Never its message: it may name hosts, or quote what was configured. */
function kindOf(error: unknown): string {
  const { type, code } = (typeof error === 'object' ? error : undefined) as { type?: unknown; code?: unknown };
  if (typeof type === 'string') return type;
  if (error instanceof SilenceError) return 'no answer';
  return typeof code === 'number' || typeof code === 'string' ? `code ${code}` : 'unreachable';
}

function tooLarge(expected: string): InputError {
  return new InputError([
    { path: 'data', code: 'tooLarge', message: `the event store takes ${expected} in one append (MaxAppendSize)` },
  ]);
}

function recorded({ event }: ResolvedEvent): Recorded | undefined {
  // A link whose event is gone.
  if (!event) return undefined;
  const { streamId, revision, id, type, data, metadata, position } = event;
  if (!position || position.commit >= 2n ** 63n) {
    throw new ConfigError(
      'EVENTSTORE_URL',
      'the server is older than 22.6: its reads do not say where an event stands',
    );
  }
  return {
    ...{ stream: streamId, revision: Number(revision), position: positionOf(position) },
    ...{ id, type, data, metadata },
  };
}

function positionOf({ commit, prepare }: { commit: bigint; prepare: bigint }): Position {
  return (commit << 64n) | prepare;
}

function sizeOf(value: unknown): number {
  return value instanceof Uint8Array ? value.length : 100;
}
