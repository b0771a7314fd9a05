/**
 * The transaction log of an EventStoreDB in memory: streams, their metadata, what an append answers, what is read.
 * No gRPC here. The rules are those of `IndexWriter.CheckCommit`, `StorageWriterService`, `IndexReader` and `AllReader`
 * in EventStore/EventStore; docs/eventstoredb.md names the place of each. Proof: eventstoredb-server.int.spec.ts.
 */

/** `EventNumber.DeletedStream`: the number of a tombstone, and of the `$tb` that deletes softly. */
export const DELETED = 2n ** 63n - 1n;
const NONE = -1n;

/** The revision that the writer expects the stream to be at. */
export type Expected = bigint | 'any' | 'no_stream' | 'stream_exists';

/** An event as the client proposes it. */
export interface Proposed {
  /** A UUID in lower case. */
  readonly id: string;
  readonly type: string;
  readonly json: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event in the log. `position` is its byte offset (commit and prepare position alike), `end` the next one's. */
export interface Recorded extends Proposed {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly end: bigint;
  /** Milliseconds since 1970. */
  readonly created: number;
}

/** What a write answers. A position is missing where the server has none (the event is not readable any more). */
export type Written =
  | { readonly result: 'success'; readonly revision: bigint | undefined; readonly position: bigint | undefined }
  | { readonly result: 'wrongExpectedVersion'; readonly current: bigint | undefined }
  | { readonly result: 'streamDeleted' };

/** Which events of $all a reader wants. */
export type Filter = (event: Recorded) => boolean;

/** A stream's metadata, as far as it decides what can be read of the stream. */
interface Bounds {
  readonly deleted: boolean;
  readonly truncateBefore: bigint;
  readonly maxCount: bigint | undefined;
  /** Milliseconds. */
  readonly maxAge: number | undefined;
}

type Check = { readonly result: 'ok'; readonly current: bigint; readonly softDeleted: boolean } | Written;

interface Stream {
  /** The number of its newest event, also when that can no longer be read. */
  last: bigint;
  readonly events: Map<bigint, Recorded>;
}

const ANYTHING: Bounds = { deleted: false, truncateBefore: 0n, maxCount: undefined, maxAge: undefined };
/** A metadata stream shows its newest event alone (`metastreamMaxCount`, 1 by default). */
const METASTREAM: Bounds = { ...ANYTHING, maxCount: 1n };

export function isMetastream(stream: string): boolean {
  return stream.startsWith('$$');
}

/** The bytes of the event that a limit is about: data, metadata and twice the type's length (`Event.SizeOnDisk`). */
export function sizeOnDisk({ type, data, metadata }: Proposed): number {
  return data.length + metadata.length + 2 * type.length;
}

function boundsOf(metadata: Uint8Array): Bounds {
  try {
    const { $tb, $maxCount, $maxAge } = JSON.parse(new TextDecoder().decode(metadata)) as Record<string, unknown>;
    return {
      // 2^63 - 1 is 2^63 as a double.
      deleted: typeof $tb === 'number' && $tb >= 2 ** 63,
      truncateBefore: typeof $tb === 'number' && $tb < 2 ** 63 ? BigInt($tb) : 0n,
      maxCount: typeof $maxCount === 'number' ? BigInt($maxCount) : undefined,
      maxAge: typeof $maxAge === 'number' ? $maxAge * 1000 : undefined,
    };
  } catch {
    return ANYTHING;
  }
}

export class EventLog {
  /** Every event that $all shows, by position. */
  records: Recorded[] = [];
  readonly #streams = new Map<string, Stream>();
  /** `_committedEvents`: the ids the writer remembers, for appends that expect no certain revision. */
  readonly #ids = new Map<string, { readonly stream: string; readonly revision: bigint }>();
  /** The epoch record, which no reader sees, lies first. */
  #end = 300n;
  /** Where records begin or began: positions that can be read from. */
  readonly #beginnings = new Set([0n]);
  #wake: () => void = () => undefined;
  #changed = new Promise<void>((resolve) => (this.#wake = resolve));

  /** The position after the newest event. */
  get end(): bigint {
    return this.#end;
  }

  /** Whether $all can be read from there: a record begins there, or nothing is there yet. */
  isPosition(position: bigint): boolean {
    return position >= this.#end || this.#beginnings.has(position);
  }

  /** Resolves when something is written after the call. */
  get changed(): Promise<void> {
    return this.#changed;
  }

  /** As a restart of the server does: the ids that appends with `any` are recognised by are kept in memory alone. */
  forgetIds(): void {
    this.#ids.clear();
  }

  append(stream: string, expected: Expected, events: readonly Proposed[]): Written {
    const check = this.#check(
      stream,
      expected,
      events.map(({ id }) => id),
    );
    if (check.result !== 'ok') return check;
    const original = stream.slice(2);
    const undeletes = isMetastream(stream) && this.#bounds(original).deleted;
    const position = this.#write(stream, check.current, events);
    if (check.softDeleted) this.#undelete(stream, check.current + 1n);
    if (undeletes) this.#undelete(original, this.last(original) + 1n);
    this.#tell();
    const revision = check.current + BigInt(events.length);
    return { result: 'success', revision: revision === NONE ? undefined : revision, position };
  }

  /** Soft: by metadata with the greatest `$tb`. Answers as an append does; its position is that of the metadata. */
  delete(stream: string, expected: Expected): Written {
    const id = crypto.randomUUID();
    const check = this.#check(stream, expected, [id]);
    if (check.result !== 'ok') return check;
    const metadata = `$$${stream}`;
    if (this.last(stream) === NONE && this.last(metadata) === NONE) {
      return { result: 'wrongExpectedVersion', current: undefined };
    }
    const position = this.#write(metadata, this.last(metadata), [metadataEvent(`{"$tb":${DELETED}}`, id)]);
    this.#tell();
    return { result: 'success', revision: undefined, position };
  }

  /** Hard and for ever: the stream ends with the event `$streamDeleted`. */
  tombstone(stream: string, expected: Expected): Written {
    const id = crypto.randomUUID();
    const check = this.#check(stream, expected, [id]);
    if (check.result !== 'ok') return check;
    const tombstone = { id, type: '$streamDeleted', json: false, data: new Uint8Array(), metadata: new Uint8Array() };
    const position = this.#write(stream, DELETED - 1n, [tombstone]);
    this.#tell();
    return { result: 'success', revision: undefined, position };
  }

  /** The number of the stream's newest event: −1 without any, `DELETED` with a tombstone. */
  last(stream: string): bigint {
    if (isMetastream(stream) && this.last(stream.slice(2)) === DELETED) return DELETED;
    return this.#streams.get(stream)?.last ?? NONE;
  }

  /** The stream's readable events in order; or that there is no stream, or a tombstone. */
  read(stream: string): readonly Recorded[] | 'notFound' | 'deleted' {
    const last = this.last(stream);
    const { deleted, truncateBefore, maxCount, maxAge } = this.#bounds(stream);
    if (last === DELETED) return 'deleted';
    if (last === NONE || deleted) return 'notFound';
    let first = truncateBefore;
    if (maxCount !== undefined && last - maxCount + 1n > first) first = last - maxCount + 1n;
    const oldest = maxAge === undefined ? -Infinity : Date.now() - maxAge;
    return [...(this.#streams.get(stream)?.events.values() ?? [])].filter(
      ({ revision, created }) => revision >= first && created >= oldest,
    );
  }

  /** The index in `records` of the first event at or after a position. */
  indexAt(position: bigint): number {
    let low = 0;
    let high = this.records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.records[middle]?.position ?? position) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Removes what a scavenge removes: what a stream's metadata hides, but never the newest event of a stream; of a
   * stream with a tombstone everything but that, and its metadata too. (The real one leaves the newest chunk alone.)
   */
  scavenge(): void {
    const kept = this.records.filter((event) => this.#keeps(event));
    for (const event of this.records) {
      if (!kept.includes(event)) this.#streams.get(event.stream)?.events.delete(event.revision);
    }
    this.records = kept;
  }

  #keeps({ stream, revision }: Recorded): boolean {
    if (revision === DELETED) return true;
    if (this.last(stream) === DELETED) return false;
    if (this.last(stream) === revision) return true;
    const visible = this.read(stream);
    return typeof visible !== 'string' && revision >= (visible[0]?.revision ?? 0n);
  }

  #check(stream: string, expected: Expected, ids: readonly string[]): Check {
    const current = this.last(stream);
    if (current === DELETED) return { result: 'streamDeleted' };
    const softDeleted = this.#bounds(stream).deleted;
    const wrong: Written = { result: 'wrongExpectedVersion', current: current === NONE ? undefined : current };
    const ok: Check = { result: 'ok', current, softDeleted };
    if (expected === 'stream_exists') {
      if (softDeleted) return { result: 'streamDeleted' };
      if (current === NONE && this.last(`$$${stream}`) === NONE) return wrong;
    }
    if (expected === 'any' || expected === 'stream_exists') {
      const known = ids.map((id) => this.#ids.get(id)).map((at) => (at?.stream === stream ? at.revision : undefined));
      const last = known.at(-1);
      if (known[0] === undefined || last === undefined) return known[0] === undefined ? ok : wrong;
      return known.includes(undefined) ? wrong : this.#already(stream, last);
    }
    const version = expected === 'no_stream' ? NONE : expected;
    if (version > current) return wrong;
    if (version === current) return ok;
    const events = this.#streams.get(stream)?.events;
    const same = ids.map((id, index) => {
      const revision = version + 1n + BigInt(index);
      const known = this.#ids.get(id);
      return (known?.stream === stream && known.revision === revision) || events?.get(revision)?.id === id;
    });
    if (same[0] === false && version === NONE && softDeleted) return ok;
    return same.length > 0 && !same.includes(false) ? this.#already(stream, version + BigInt(ids.length)) : wrong;
  }

  /** The answer to a repeated append: success, at the end of what it had written; without a position if that is hidden. */
  #already(stream: string, revision: bigint): Written {
    const visible = this.read(stream);
    const event = typeof visible === 'string' ? undefined : visible.find((one) => one.revision === revision);
    return { result: 'success', revision, position: event?.position };
  }

  #bounds(stream: string): Bounds {
    if (isMetastream(stream)) return METASTREAM;
    const metadata = this.#streams.get(`$$${stream}`);
    const newest = metadata?.events.get(metadata.last);
    return newest === undefined ? ANYTHING : boundsOf(newest.data);
  }

  /** Writing to a softly deleted stream brings it back, from the new event on: its metadata says so, after the event. */
  #undelete(stream: string, first: bigint): void {
    const metadata = `$$${stream}`;
    const raw = this.#streams.get(metadata)?.events.get(this.last(metadata));
    const members = JSON.parse(new TextDecoder().decode(raw?.data)) as Record<string, unknown>;
    const text = JSON.stringify({ ...members, $tb: Number(first) });
    this.#write(metadata, this.last(metadata), [metadataEvent(text, crypto.randomUUID())]);
  }

  /** Writes the events after `last`; the position of the newest. */
  #write(name: string, last: bigint, events: readonly Proposed[]): bigint | undefined {
    const stream = this.#streams.get(name) ?? { last: NONE, events: new Map<bigint, Recorded>() };
    this.#streams.set(name, stream);
    let revision = last;
    let at: bigint | undefined;
    for (const event of events) {
      revision += 1n;
      at = this.#end;
      this.#beginnings.add(at);
      // The frame, the head and the strings of a prepare record (log format 2).
      this.#end += BigInt(100 + name.length + event.type.length + event.data.length + event.metadata.length);
      const record = { ...event, stream: name, revision, position: at, end: this.#end, created: Date.now() };
      stream.events.set(revision, record);
      this.records.push(record);
      this.#ids.set(event.id, { stream: name, revision });
    }
    stream.last = revision;
    return at;
  }

  #tell(): void {
    const wake = this.#wake;
    this.#changed = new Promise((resolve) => (this.#wake = resolve));
    wake();
  }
}

export function metadataEvent(json: string, id: string): Proposed {
  return { id, type: '$metadata', json: true, data: new TextEncoder().encode(json), metadata: new Uint8Array() };
}
