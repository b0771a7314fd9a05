/**
 * An EventStoreDB in memory on a loopback port, for tests: the published gRPC protocol (streams, server features,
 * gossip), so that the official client works against it unchanged, and everything that can go wrong in the test's hand.
 * What it answers is what EventStore/EventStore answers (src/EventStore.Core), among it:
 * - Services/Storage/ReaderIndex/IndexWriter.cs, CheckCommit: a repeated append is recognised by its ids at the numbers
 *   after the expected revision; at the current revision it is written again; with `any` by a memory that a restart
 *   loses; hidden events give success without a position.
 * - Services/Storage/StorageWriterService.cs: a soft deletion is `$tb` in `$$name`; writing again goes on after the old
 *   revisions, the events first, then the new `$tb`; a tombstone is `$streamDeleted` with the number 2^63 - 1.
 * - Services/Transport/Grpc/Streams.*.cs, RpcExceptions.cs, Status.cs: the answers, statuses and trailers; 1 MiB at most.
 * - ReaderIndex/AllReader.cs, Transport/Enumerators: $all shows deleted events until a scavenge; subscriptions begin
 *   after a position; checkpoints.
 * docs/eventstoredb.md says all of it, and what is left out. Proof: eventstoredb-server.int.spec.ts.
 */
import { createServer, type AddressInfo, type Server as Listener, type Socket } from 'node:net';
import { once } from 'node:events';
import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type { Empty, StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  DeleteReq,
  DeleteResp,
  ReadReq,
  ReadResp,
  TombstoneReq,
  TombstoneResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { clusterInfo, newLog, supportedMethods, type Member } from './eventstoredb-server/node.fixture.js';
import { Faults, type Call, type Fault } from './eventstoredb-server/faults.fixture.js';
import type { EventLog, Expected, Proposed, Written } from './eventstoredb-server/log.fixture.js';
import { sizeOnDisk } from './eventstoredb-server/log.fixture.js';
import {
  appendAnswer,
  batchAnswer,
  empty,
  errorStatus,
  proposedOf,
  rpcErrors,
  streamName,
  type Endpoint,
} from './eventstoredb-server/messages.fixture.js';
import { readFrom, reading } from './eventstoredb-server/reading.fixture.js';

const HOST = '127.0.0.1';

export interface EventStoreDbServerOptions {
  /** A free one if not said. */
  readonly port?: number;
  /** The greatest append in bytes; the real default, 1 MiB, if not said. */
  readonly maxAppendSize?: number;
  /** Whether BatchAppend is announced, as servers since 21.10 do; without it the client uses Append. */
  readonly batchAppend?: boolean;
  /** The leader that this one follows: both serve the same log, and only the leader takes what requires the leader. */
  readonly follows?: EventStoreDbServer;
}

export async function startEventStoreDbServer(options: EventStoreDbServerOptions = {}): Promise<EventStoreDbServer> {
  const server = new EventStoreDbServer(options);
  await server.start();
  return server;
}

type AnyCall =
  | ServerUnaryCall<unknown, unknown>
  | ServerReadableStream<unknown, unknown>
  | ServerWritableStream<unknown, unknown>
  | ServerDuplexStream<unknown, unknown>;

/** Thrown where a call was cut: there is nobody to answer. */
class CutError extends Error {}

export class EventStoreDbServer {
  readonly faults = new Faults();
  /** What is written; shared with those that follow. It outlives `stop`. */
  readonly log: EventLog;
  readonly #cluster: { leader: EventStoreDbServer; readonly nodes: Set<EventStoreDbServer> };
  readonly #maxAppendSize: number;
  readonly #batchAppend: boolean;
  readonly #sockets = new Map<string, Socket>();
  readonly #subscriptions = new Set<() => void>();
  #port: number;
  #listener: Listener | undefined;
  #grpc: Server | undefined;

  constructor({ port = 0, maxAppendSize = 1024 * 1024, batchAppend = true, follows }: EventStoreDbServerOptions = {}) {
    this.#port = port;
    this.#maxAppendSize = maxAppendSize;
    this.#batchAppend = batchAppend;
    this.log = follows?.log ?? newLog();
    this.#cluster = follows === undefined ? { leader: this, nodes: new Set() } : follows.#cluster;
    this.#cluster.nodes.add(this);
    this.faults.cutConnections = () => this.cutConnections();
    this.faults.cutSubscriptions = () => [...this.#subscriptions].forEach((cut) => cut());
  }

  get port(): number {
    return this.#port;
  }

  /** Connects to this node alone. */
  get url(): string {
    return `esdb://${HOST}:${this.#port}?tls=false`;
  }

  /** Asks this node for the cluster's members, and connects to the leader. */
  get discoverUrl(): string {
    return `esdb+discover://${HOST}:${this.#port}?tls=false`;
  }

  /** Listens, on the port it had if it had one. Idempotent. */
  async start(): Promise<void> {
    if (this.#listener !== undefined) return;
    const grpc = new Server({ 'grpc.max_receive_message_length': 64 * 1024 * 1024 });
    grpc.addService(streamsGrpc.StreamsService, this.#streams());
    grpc.addService(featuresGrpc.ServerFeaturesService, {
      getSupportedMethods: answering(() => supportedMethods(this.#batchAppend)),
    });
    grpc.addService(gossipGrpc.GossipService, { read: answering(() => clusterInfo(this.#members())) });
    const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
    const listener = createServer((socket) => {
      const peer = `${socket.remoteAddress}:${socket.remotePort}`;
      this.#sockets.set(peer, socket);
      socket.on('close', () => this.#sockets.delete(peer)).on('error', () => socket.destroy());
      injector.injectConnection(socket);
    });
    listener.listen(this.#port, HOST);
    await once(listener, 'listening');
    this.#port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
    this.#grpc = grpc;
  }

  /** Cuts every connection and listens no more. What is written stays; `start` brings it back. */
  async stop(): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#listener = undefined;
    const closed = once(listener, 'close');
    listener.close();
    this.cutConnections();
    this.#grpc?.forceShutdown();
    await closed;
  }

  /** As a server that was restarted: connections are gone, and so is its memory of event ids (appends with `any`). */
  async restart(): Promise<void> {
    await this.stop();
    this.log.forgetIds();
    await this.start();
  }

  cutConnections(): void {
    for (const socket of this.#sockets.values()) socket.resetAndDestroy();
  }

  /** Makes this node the leader of its cluster. */
  lead(): void {
    this.#cluster.leader = this;
  }

  get #leads(): boolean {
    return this.#cluster.leader === this;
  }

  #members(): Member[] {
    const { leader, nodes } = this.#cluster;
    return [...nodes].map((node) => ({
      host: HOST,
      port: node.port,
      leads: node === leader,
      alive: node.#listener !== undefined,
    }));
  }

  #cut(call: AnyCall): never {
    this.#sockets.get(call.getPeer())?.resetAndDestroy();
    throw new CutError('cut');
  }

  #streams(): UntypedServiceImplementation {
    return {
      read: (call: ServerWritableStream<ReadReq, ReadResp>) => void this.#read(call).catch(() => call.destroy()),
      append: unary(async (call: ServerReadableStream<AppendReq, AppendResp>) => this.#append(call)),
      batchAppend: (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>) => this.#batch(call),
      delete: unary(async (call: ServerUnaryCall<DeleteReq, DeleteResp>) => {
        const answer = new streamsPb.DeleteResp();
        const position = await this.#remove(call, (stream, expected) => this.log.delete(stream, expected));
        return position(answer, new streamsPb.DeleteResp.Position());
      }),
      tombstone: unary(async (call: ServerUnaryCall<TombstoneReq, TombstoneResp>) => {
        const answer = new streamsPb.TombstoneResp();
        const position = await this.#remove(call, (stream, expected) => this.log.tombstone(stream, expected));
        return position(answer, new streamsPb.TombstoneResp.Position());
      }),
    };
  }

  /** A write as the faults let it be; throws what ends the call, or the status that answers a part of it. */
  async #write(
    call: AnyCall,
    kind: Call,
    stream: string,
    write: () => Written,
    refuse: (fault: Exclude<Fault, 'cut' | 'loseAnswer'>) => Error | Status,
  ): Promise<Written | Status> {
    const fault = this.faults.take(kind, stream);
    await this.faults.pass('before', kind, stream);
    if (call.cancelled) throw new CutError('cancelled');
    if (fault === 'cut') this.#cut(call);
    if (fault === 'lateTimeout') this.faults.postpone(write);
    if (fault !== undefined && fault !== 'loseAnswer' && fault !== 'writtenTimeout') return orThrow(refuse(fault));
    const written = write();
    await this.faults.pass('after', kind, stream);
    if (fault === 'loseAnswer') this.#cut(call);
    if (fault === 'writtenTimeout') return orThrow(refuse(fault));
    return written;
  }

  async #append(call: ServerReadableStream<AppendReq, AppendResp>): Promise<AppendResp> {
    let options: AppendReq.Options | undefined;
    const events: Proposed[] = [];
    let size = 0;
    for await (const request of call as AsyncIterable<AppendReq>) {
      options ??= request.getOptions();
      const message = request.getProposedMessage();
      if (message === undefined) continue;
      const event = proposedOf(message);
      if (event === undefined) throw rpcErrors.missingMetadata();
      size += sizeOnDisk(event);
      if (size > this.#maxAppendSize) throw rpcErrors.tooBig(this.#maxAppendSize);
      events.push(event);
    }
    if (options === undefined) throw rpcErrors.invalid('options are missing');
    this.#requireLeader(call);
    const stream = streamName(options.getStreamIdentifier());
    const expected = expectedBy(options, (one) => one.hasRevision() && one.getRevision());
    const write = (): Written => this.log.append(stream, expected, events);
    const written = await this.#write(call, 'append', stream, write, errorOf);
    if (!('result' in written)) throw rpcErrors.invalid('not a result');
    if (written.result === 'streamDeleted') throw rpcErrors.streamDeleted(stream);
    return appendAnswer(written, expected);
  }

  /** Many appends on one call, each answered by itself; those with `isFinal` are carried out in the order they came. */
  #batch(call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void {
    interface Pending {
      readonly stream: string;
      readonly expected: Expected;
      readonly events: Proposed[];
      size: number;
    }
    const pending = new Map<string, Pending>();
    let under = 0;
    let ended = false;
    const fail = (error: unknown): void => {
      if (!(error instanceof CutError)) call.emit('error', error);
    };
    const carryOut = async (id: UUID | undefined, { stream, expected, events, size }: Pending): Promise<void> => {
      this.#requireLeader(call);
      const refuse = (fault: Fault): Error | Status =>
        fault === 'unavailable'
          ? rpcErrors.unavailable()
          : fault === 'notReady'
            ? errorStatus.notReady()
            : errorStatus.timeout();
      const answer =
        size > this.#maxAppendSize
          ? errorStatus.tooBig(this.#maxAppendSize)
          : await this.#write(call, 'append', stream, () => this.log.append(stream, expected, events), refuse);
      call.write(batchAnswer(id, stream, answer, expected));
    };
    const take = (request: BatchAppendReq): void => {
      const id = request.getCorrelationId();
      const key = id?.getString() ?? '';
      const options = request.getOptions();
      if (options !== undefined && !pending.has(key)) {
        const expected = expectedBy(options, (one) => one.hasStreamPosition() && one.getStreamPosition());
        pending.set(key, { stream: streamName(options.getStreamIdentifier()), expected, events: [], size: 0 });
      }
      const append = pending.get(key);
      if (append === undefined) return;
      for (const message of request.getProposedMessagesList()) {
        const event = proposedOf(message);
        if (event === undefined) {
          pending.delete(key);
          call.write(batchAnswer(id, append.stream, errorStatus.badRequest('type and content-type'), append.expected));
          return;
        }
        append.size += sizeOnDisk(event);
        append.events.push(event);
      }
      if (!request.getIsFinal()) return;
      pending.delete(key);
      under += 1;
      carryOut(id, append)
        .catch(fail)
        .finally(() => {
          under -= 1;
          if (ended && under === 0) call.end();
        });
    };
    call.on('data', take);
    call.on('end', () => {
      ended = true;
      if (under === 0) call.end();
    });
    call.on('error', () => undefined);
  }

  async #remove(
    call: ServerUnaryCall<DeleteReq, unknown> | ServerUnaryCall<TombstoneReq, unknown>,
    remove: (stream: string, expected: Expected) => Written,
  ): Promise<<A extends Positioned<P>, P extends PositionMessage>(answer: A, position: P) => A> {
    const options = call.request.getOptions();
    if (options === undefined) throw rpcErrors.invalid('options are missing');
    this.#requireLeader(call);
    const stream = streamName(options.getStreamIdentifier());
    const expected = expectedBy(options, (one) => one.hasRevision() && one.getRevision());
    const written = await this.#write(call, 'delete', stream, () => remove(stream, expected), errorOf);
    if (!('result' in written)) throw rpcErrors.invalid('not a result');
    if (written.result === 'streamDeleted') throw rpcErrors.streamDeleted(stream);
    if (written.result === 'wrongExpectedVersion') throw rpcErrors.wrongVersion(stream, expected, written.current);
    const at = written.position;
    return (answer, position) => {
      if (at === undefined) answer.setNoPosition(empty());
      else {
        position.setCommitPosition(`${at}`);
        position.setPreparePosition(`${at}`);
        answer.setPosition(position);
      }
      return answer;
    };
  }

  async #read(call: ServerWritableStream<ReadReq, ReadResp>): Promise<void> {
    const options = call.request.getOptions();
    if (options === undefined) return void call.emit('error', rpcErrors.invalid('options are missing'));
    const kind = options.hasSubscription() ? 'subscribe' : 'read';
    const stream = readFrom(options);
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    call.on('cancelled', end).on('close', end).on('error', end);
    const cut = (): void => {
      call.emit('error', rpcErrors.unavailable());
      end();
    };
    if (kind === 'subscribe') this.#subscriptions.add(cut);
    try {
      this.#requireLeader(call);
      const fault = this.faults.take(kind, stream);
      await this.faults.pass('before', kind, stream);
      if (fault === 'cut' || fault === 'loseAnswer') this.#cut(call);
      if (fault !== undefined) throw errorOf(fault);
      for await (const sent of reading(this.log, options, ended)) {
        if (kind === 'subscribe') await Promise.race([this.faults.flowing(), ended]);
        if (call.cancelled || call.destroyed) return;
        if ('error' in sent) throw sent.error;
        if (!call.write(sent)) await Promise.race([once(call, 'drain'), ended]);
      }
      await this.faults.pass('after', kind, stream);
      call.end();
    } catch (error) {
      if (!(error instanceof CutError)) call.emit('error', error);
    } finally {
      this.#subscriptions.delete(cut);
      end();
    }
  }

  /** Throws the answer of a node that does not lead to a call that must be the leader's. */
  #requireLeader(call: AnyCall): void {
    const leader = this.#cluster.leader;
    if (this.#leads || call.metadata.get('requires-leader')[0] !== 'true') return;
    throw rpcErrors.notLeader({ host: HOST, port: leader.port } satisfies Endpoint);
  }
}

interface ExpectedOptions {
  hasAny(): boolean;
  hasNoStream(): boolean;
  hasStreamExists(): boolean;
  getStreamIdentifier(): StreamIdentifier | undefined;
}

function expectedBy<T extends ExpectedOptions>(options: T, revision: (options: T) => string | false): Expected {
  const at = revision(options);
  if (at !== false) return BigInt(at);
  if (options.hasNoStream()) return 'no_stream';
  return options.hasStreamExists() ? 'stream_exists' : 'any';
}

interface PositionMessage {
  setCommitPosition(value: string): unknown;
  setPreparePosition(value: string): unknown;
}

interface Positioned<P> {
  setPosition(value: P): unknown;
  setNoPosition(value: Empty): unknown;
}

function errorOf(fault: Fault): Error {
  if (fault === 'unavailable') return rpcErrors.unavailable();
  return fault === 'notReady' ? rpcErrors.notReady() : rpcErrors.timeout();
}

function orThrow(refusal: Error | Status): Status {
  if (refusal instanceof Error) throw refusal;
  return refusal;
}

/** The handler of a call with one answer. */
function unary<C, A>(answer: (call: C) => Promise<A>): (call: C, callback: sendUnaryData<A>) => void {
  return (call, callback) => {
    answer(call).then(
      (value) => callback(null, value),
      (error: unknown) => {
        if (!(error instanceof CutError)) callback(error as Error);
      },
    );
  };
}

function answering<A>(answer: () => A): (call: unknown, callback: sendUnaryData<A>) => void {
  return (_call, callback) => callback(null, answer());
}
