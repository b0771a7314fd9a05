/**
 * The published protocol's messages (streams.proto, shared.proto, gossip.proto as the client package ships them), made
 * and read. Errors are those of `RpcExceptions` and `Status` in EventStore/EventStore, with their trailers.
 */
import { createRequire } from 'node:module';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import codePb from '@eventstore/db-client/generated/code_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import type { Empty, StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import statusPb from '@eventstore/db-client/generated/status_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import type { Expected, Proposed, Recorded, Written } from './log.fixture.js';

type Any = NonNullable<ReturnType<Status['getDetails']>>;
type GoogleEmpty = NonNullable<ReturnType<BatchAppendResp['getNoStream']>>;

// The client's own copies of Google's messages, whose classes the client's messages insist on.
const require = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client'));
const { Any } = require('google-protobuf/google/protobuf/any_pb.js') as { Any: new () => Any };
const { Empty: GoogleEmpty } = require('google-protobuf/google/protobuf/empty_pb.js') as {
  Empty: new () => GoogleEmpty;
};

/** Where another node listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export function empty(): Empty {
  return new sharedPb.Empty();
}

export function streamName(identifier: StreamIdentifier | undefined): string {
  return new TextDecoder().decode(identifier?.getStreamName_asU8());
}

function identifierOf(stream: string): StreamIdentifier {
  const identifier = new sharedPb.StreamIdentifier();
  identifier.setStreamName(new TextEncoder().encode(stream));
  return identifier;
}

function uuidText(id: UUID | undefined): string {
  const structured = id?.getStructured();
  if (structured === undefined) return (id?.getString() ?? '').toLowerCase();
  const hex = [structured.getMostSignificantBits(), structured.getLeastSignificantBits()]
    .map((bits) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0'))
    .join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** An event as it came; `undefined` where a required member of its metadata is missing. */
export function proposedOf(message: AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage): Proposed | undefined {
  const type = message.getMetadataMap().get('type');
  const contentType = message.getMetadataMap().get('content-type');
  if (type === undefined || contentType === undefined) return undefined;
  return {
    id: uuidText(message.getId()),
    type,
    json: contentType === 'application/json',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

export function eventMessage(event: Recorded): ReadResp {
  const recorded = new streamsPb.ReadResp.ReadEvent.RecordedEvent();
  const id = new sharedPb.UUID();
  id.setString(event.id);
  recorded.setId(id);
  recorded.setStreamIdentifier(identifierOf(event.stream));
  recorded.setStreamRevision(`${event.revision}`);
  recorded.setCommitPosition(`${event.position}`);
  recorded.setPreparePosition(`${event.position}`);
  // .NET ticks of 100 ns.
  recorded.getMetadataMap().set('type', event.type);
  recorded.getMetadataMap().set('created', `${BigInt(event.created) * 10_000n}`);
  recorded.getMetadataMap().set('content-type', event.json ? 'application/json' : 'application/octet-stream');
  recorded.setData(event.data);
  recorded.setCustomMetadata(event.metadata);
  const read = new streamsPb.ReadResp.ReadEvent();
  read.setEvent(recorded);
  read.setCommitPosition(`${event.position}`);
  const answer = new streamsPb.ReadResp();
  answer.setEvent(read);
  return answer;
}

export function confirmation(id: string): ReadResp {
  const confirmed = new streamsPb.ReadResp.SubscriptionConfirmation();
  confirmed.setSubscriptionId(id);
  const answer = new streamsPb.ReadResp();
  answer.setConfirmation(confirmed);
  return answer;
}

export function caughtUp(): ReadResp {
  const answer = new streamsPb.ReadResp();
  answer.setCaughtUp(new streamsPb.ReadResp.CaughtUp());
  return answer;
}

export function checkpoint(position: bigint): ReadResp {
  const reached = new streamsPb.ReadResp.Checkpoint();
  reached.setCommitPosition(`${position}`);
  reached.setPreparePosition(`${position}`);
  const answer = new streamsPb.ReadResp();
  answer.setCheckpoint(reached);
  return answer;
}

export function streamNotFound(stream: string): ReadResp {
  const missing = new streamsPb.ReadResp.StreamNotFound();
  missing.setStreamIdentifier(identifierOf(stream));
  const answer = new streamsPb.ReadResp();
  answer.setStreamNotFound(missing);
  return answer;
}

/** The answer to `Append`: a wrong expected version is one, not an error. */
export function appendAnswer(written: Exclude<Written, { result: 'streamDeleted' }>, expected: Expected): AppendResp {
  const answer = new streamsPb.AppendResp();
  if (written.result === 'success') {
    const success = new streamsPb.AppendResp.Success();
    if (written.revision === undefined) success.setNoStream(empty());
    else success.setCurrentRevision(`${written.revision}`);
    if (written.position === undefined) success.setNoPosition(empty());
    else {
      const position = new streamsPb.AppendResp.Position();
      position.setCommitPosition(`${written.position}`);
      position.setPreparePosition(`${written.position}`);
      success.setPosition(position);
    }
    answer.setSuccess(success);
    return answer;
  }
  const wrong = new streamsPb.AppendResp.WrongExpectedVersion();
  if (written.current === undefined) wrong.setCurrentNoStream(empty());
  else wrong.setCurrentRevision(`${written.current}`);
  if (expected === 'any') wrong.setExpectedAny(empty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(empty());
  else wrong.setExpectedRevision(`${expected}`);
  answer.setWrongExpectedVersion(wrong);
  return answer;
}

/** The answer to one append of a `BatchAppend`: errors are in it, and the call goes on. */
export function batchAnswer(
  id: UUID | undefined,
  stream: string,
  result: Written | Status,
  expected: Expected,
): BatchAppendResp {
  const answer = new streamsPb.BatchAppendResp();
  answer.setCorrelationId(id);
  answer.setStreamIdentifier(identifierOf(stream));
  if (result instanceof statusPb.Status) answer.setError(result);
  else if (result.result === 'streamDeleted') answer.setError(errorStatus.streamDeleted(stream));
  else if (result.result === 'wrongExpectedVersion')
    answer.setError(errorStatus.wrongVersion(result.current, expected));
  else {
    const success = new streamsPb.BatchAppendResp.Success();
    if (result.revision === undefined) success.setNoStream(new GoogleEmpty());
    else success.setCurrentRevision(`${result.revision}`);
    if (result.position === undefined) success.setNoPosition(new GoogleEmpty());
    else {
      const position = new sharedPb.AllStreamPosition();
      position.setCommitPosition(`${result.position}`);
      position.setPreparePosition(`${result.position}`);
      success.setPosition(position);
    }
    answer.setSuccess(success);
  }
  return answer;
}

function packed(message: { serializeBinary(): Uint8Array }, type: string, text: string, code: number): Status {
  const details = new Any();
  details.pack(message.serializeBinary(), type);
  const error = new statusPb.Status();
  error.setCode(code);
  error.setMessage(text);
  error.setDetails(details);
  return error;
}

/** `Google.Rpc.Status` as `BatchAppend` answers it. */
export const errorStatus = {
  wrongVersion(current: bigint | undefined, expected: Expected): Status {
    const wrong = new sharedPb.WrongExpectedVersion();
    if (current === undefined) wrong.setCurrentNoStream(new GoogleEmpty());
    else wrong.setCurrentStreamRevision(`${current}`);
    if (expected === 'any') wrong.setExpectedAny(new GoogleEmpty());
    else if (expected === 'no_stream') wrong.setExpectedNoStream(new GoogleEmpty());
    else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new GoogleEmpty());
    else wrong.setExpectedStreamPosition(`${expected}`);
    const type = 'event_store.client.WrongExpectedVersion';
    return packed(wrong, type, 'WrongExpectedVersion', codePb.Code.ALREADY_EXISTS);
  },
  streamDeleted(stream: string): Status {
    const deleted = new sharedPb.StreamDeleted();
    deleted.setStreamIdentifier(identifierOf(stream));
    return packed(deleted, 'event_store.client.StreamDeleted', 'StreamDeleted', codePb.Code.NOT_FOUND);
  },
  timeout(): Status {
    return packed(new sharedPb.Timeout(), 'event_store.client.Timeout', 'Timeout', codePb.Code.DEADLINE_EXCEEDED);
  },
  tooBig(most: number): Status {
    const big = new sharedPb.MaximumAppendSizeExceeded();
    big.setMaxappendsize(most);
    const type = 'event_store.client.MaximumAppendSizeExceeded';
    return packed(big, type, 'MaximumAppendSizeExceeded', codePb.Code.INVALID_ARGUMENT);
  },
  badRequest(text: string): Status {
    const bad = new sharedPb.BadRequest();
    bad.setMessage(text);
    return packed(bad, 'event_store.client.BadRequest', 'BadRequest', codePb.Code.INVALID_ARGUMENT);
  },
  notReady(): Status {
    return packed(new GoogleEmpty(), 'google.protobuf.Empty', 'Server Is Not Ready', codePb.Code.OK);
  },
};

function rpcError(code: status, details: string, trailers: Record<string, string> = {}): ServiceError {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  // gRPC's callback wants an Error; it is no error of ours.
  return Object.assign(new RpcError(details), { code, details, metadata });
}

class RpcError extends Error {}

/** Errors that end a call: `RpcExceptions`. */
export const rpcErrors = {
  unavailable: (): ServiceError => rpcError(status.UNAVAILABLE, 'the server is away'),
  notReady: (): ServiceError => rpcError(status.UNAVAILABLE, 'Server Is Not Ready'),
  timeout: (): ServiceError => rpcError(status.ABORTED, 'Operation timed out: Commit phase timeout.'),
  invalid: (text: string): ServiceError => rpcError(status.INVALID_ARGUMENT, text),
  streamDeleted: (stream: string): ServiceError =>
    rpcError(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
      exception: 'stream-deleted',
      'stream-name': stream,
    }),
  notLeader: ({ host, port }: Endpoint): ServiceError =>
    rpcError(status.NOT_FOUND, 'Leader info available', {
      exception: 'not-leader',
      'leader-endpoint-host': host,
      'leader-endpoint-port': `${port}`,
    }),
  tooBig: (most: number): ServiceError =>
    rpcError(status.INVALID_ARGUMENT, `Maximum Append Size of ${most} Exceeded.`, {
      exception: 'maximum-append-size-exceeded',
      'maximum-append-size': `${most}`,
    }),
  missingMetadata: (): ServiceError =>
    rpcError(status.INVALID_ARGUMENT, 'Required Metadata Property is missing', {
      exception: 'missing-required-metadata-property',
      'required-metadata-properties': 'type,content-type',
    }),
  /** Of deletes: there a wrong expected version is an error. */
  wrongVersion: (stream: string, expected: Expected, current: bigint | undefined): ServiceError => {
    const numbers = { no_stream: -1n, any: -2n, stream_exists: -4n };
    const version = typeof expected === 'bigint' ? expected : numbers[expected];
    const actual = current ?? -1n;
    const text = `Stream: ${stream}, Expected version: ${version}, Actual version: ${actual}`;
    return rpcError(status.FAILED_PRECONDITION, `Delete failed due to WrongExpectedVersion. ${text}`, {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': `${version}`,
      'actual-version': `${actual}`,
    });
  },
};
