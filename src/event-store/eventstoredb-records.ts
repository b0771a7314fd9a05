/**
 * An event of the ledger as a record of EventStoreDB, and back.
 * - stream: the ledger's prefix and the stream's name, so that other applications' streams never count (S15);
 * - id and type: the event's own;
 * - data: the entry's bytes (S14), or the event's in the same form for a vault stream; content type binary;
 * - metadata: a zero byte and the ciphertext of the private part, where there is one. The zero is there because the
 *   client takes metadata for JSON where it can, and a ciphertext may by chance be JSON.
 * A record that says otherwise than its own bytes was not written by the ledger: an InvariantError.
 * Proven by eventstoredb.int.spec.ts.
 */
import { binaryEvent, type EventData } from '@eventstore/db-client';
import { concatBytes, equalBytes, fromUtf8 } from '../encoding/bytes.js';
import { toHex } from '../encoding/hex.js';
import { canonicalBytes } from '../encoding/jcs.js';
import { isJsonObject } from '../encoding/json.js';
import { InvariantError } from '../errors.js';
import { sha256 } from '../log/hash.js';
import type { EventDraft, StoredEvent } from './event-store.js';
import { isVaultStream } from './event-store.js';
import type { Recorded } from './eventstoredb-connection.js';

const SEALED = Uint8Array.of(0);

/**
 * Type of the empty event that is written to a vault stream before it is deleted: a scavenge leaves the newest event of
 * a deleted stream, and so it leaves nothing (S23). What stands before it in its stream is deleted.
 */
const ERASED = 'meritkedja.erased';

/** An event from the server, without its index. `bytes` are its canonical bytes, of vault streams too. */
export type ReadEvent = Omit<StoredEvent, 'index' | 'entry'> & { readonly bytes: Uint8Array };

export function recordOf({ id, type, sealed }: EventDraft, bytes: Uint8Array): EventData {
  return binaryEvent({ id, type, data: bytes, ...(sealed && { metadata: concatBytes(SEALED, sealed) }) });
}

export function erasure(): EventData {
  return binaryEvent({ type: ERASED, data: new Uint8Array() });
}

export function isErasure({ type }: Recorded): boolean {
  return type === ERASED;
}

/**
 * The event in a record of one of the ledger's streams.
 * @param strictly also compares the bytes with their canonical form, and the private part with its digest
 * @throws InvariantError the ledger did not write this
 */
export function eventOf(record: Recorded, prefix: string, strictly: boolean): ReadEvent {
  const stream = record.stream.slice(prefix.length);
  const fault = (what: string): InvariantError =>
    new InvariantError(`stream ${record.stream}, revision ${record.revision}: ${what}`);
  if (!(record.data instanceof Uint8Array)) throw fault('expected binary data');
  const bytes = plain(record.data);
  const fields = parsed(bytes);
  if (!fields) throw fault('the data is not JSON in UTF-8');
  if (fields.stream !== stream || fields.id !== record.id || fields.type !== record.type) {
    throw fault('stream, id or type of the record and of its bytes differ');
  }
  const { v, id, type, at, by, data, revision } = fields;
  // A deleted vault stream begins again at 0, while the server counts on.
  const inPlace = isVaultStream(stream) ? revision <= record.revision && revision >= 0 : revision === record.revision;
  if (!inPlace) throw fault(`the bytes say revision ${revision}`);
  const sealed = sealedOf(record.metadata);
  if (sealed === null || (sealed === undefined) !== (fields.sealed === undefined)) {
    throw fault('the private part is not as the bytes say');
  }
  if (strictly) {
    if (!equalBytes(canonicalBytes(fields), bytes)) throw fault('the bytes are not in canonical form');
    if (sealed && toHex(sha256(sealed)) !== fields.sealed) throw fault('the private part has another digest');
  }
  return {
    ...{ v, stream, revision, id, type, at, by, data, position: record.position, bytes },
    ...(sealed && { sealed }),
  };
}

type Fields = Omit<StoredEvent, 'sealed' | 'position' | 'index' | 'entry'> & { readonly sealed?: string };

function parsed(bytes: Uint8Array): Fields | undefined {
  try {
    const fields: unknown = JSON.parse(fromUtf8(bytes));
    return isJsonObject(fields) ? (fields as unknown as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** `null` for metadata that the ledger does not write. */
function sealedOf(metadata: unknown): Uint8Array | undefined | null {
  if (metadata === undefined || metadata === null) return undefined;
  return metadata instanceof Uint8Array && metadata[0] === SEALED[0] ? plain(metadata.subarray(1)) : null;
}

/** A copy: what the client hands out lies within a whole message. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
