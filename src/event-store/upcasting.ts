/**
 * Event types, their versions, and how an old event is read today. The bytes in the store and in the log never change
 * (S14): what is made anew is the parsed copy, by upcasters, one for each step from a version to the next. They are
 * registered with the event types of their context (`EVENT_TYPES` in event-types.ts puts these together); the version of
 * a type is one more than it has upcasters, so there is no version without its upcaster.
 *
 * A node that meets a version that it does not know, or a type that it does not know in a stream that it does, stops: it
 * would fold a state that is not so. Streams that it does not know concern nothing that it decides; it hashes them into
 * the tree and lets them be. Isomorphic: verifier and audit read old entries by the same upcasters.
 * Proven by upcasting.spec.ts and, for every event ever written, golden.int.spec.ts.
 */
import { fromUtf8 } from '../encoding/bytes.js';
import { isJsonObject, type JsonObject } from '../encoding/json.js';
import { EncodingError, InvariantError } from '../errors.js';
import type { DomainEvent } from './decider.js';
import type { StoredEvent } from './event-store.js';

/**
 * Public data of one version as the next has it. Pure. What it is given may come from a stranger's bundle and be of any
 * shape: what it throws is reported as a malformed entry.
 */
export type Upcaster = (data: JsonObject) => JsonObject;

type VersionOf<Event extends DomainEvent> = number extends NonNullable<Event['v']> ? 1 : NonNullable<Event['v']>;
type UpcastersTo<Version extends number, Steps extends Upcaster[] = []> = [...Steps, Upcaster]['length'] extends Version
  ? Readonly<Steps>
  : UpcastersTo<Version, [...Steps, Upcaster]>;

/** Each type of a union of events with the steps to its version: none for version 1, one for version 2, … */
export type UpcastersOf<Event extends DomainEvent> = {
  readonly [E in Event as E['type']]: UpcastersTo<VersionOf<E>>;
};

/** Event types of streams: by the stream's name or, ending with a hyphen, the beginning of its name. */
export type StreamTypes = Readonly<Record<string, Readonly<Record<string, readonly Upcaster[]>>>>;

/** What says how an event is to be read. */
type Typed = Pick<StoredEvent, 'stream' | 'type' | 'v' | 'data'>;

/** An event's public part as it is read today. */
export type ParsedEvent = Pick<StoredEvent, 'v' | 'stream' | 'revision' | 'id' | 'type' | 'at' | 'by' | 'data'>;

export class EventTypes {
  readonly #streams: readonly string[];
  readonly #types = new Map<string, { readonly stream: string; readonly steps: readonly Upcaster[] }[]>();

  constructor(streams: StreamTypes) {
    this.#streams = Object.keys(streams);
    for (const [stream, types] of Object.entries(streams)) {
      for (const [type, steps] of Object.entries(types)) {
        this.#types.set(type, [...(this.#types.get(type) ?? []), { stream, steps }]);
      }
    }
  }

  /** Every type with its stream (see `StreamTypes`) and version. */
  list(): readonly { readonly stream: string; readonly type: string; readonly version: number }[] {
    return [...this.#types].flatMap(([type, uses]) =>
      uses.map(({ stream, steps }) => ({ stream, type, version: steps.length + 1 })),
    );
  }

  /** Version of a type in a stream as this program writes it; undefined where it does not know the type there. */
  versionOf({ stream, type }: Pick<Typed, 'stream' | 'type'>): number | undefined {
    const steps = this.#stepsOf(stream, type);
    return steps && steps.length + 1;
  }

  /**
   * The event with its data, and `v`, as of today; the one that was given where it is of today or of an unknown stream.
   * @throws InvariantError for a version above this program's or an unknown type in a known stream; EncodingError where
   *   the data is not what its version has
   */
  upcast<Event extends Typed>(event: Event): Event {
    const { stream, type, v } = event;
    const steps = this.#stepsOf(stream, type);
    if (!steps) {
      if (!this.#knows(stream)) return event;
      throw new InvariantError(`${type} in ${stream} is a type of event that this program does not know: ${NEWER}`);
    }
    const version = steps.length + 1;
    if (v === version) return event;
    if (v > version) {
      throw new InvariantError(
        `${type} in ${stream} is of version ${v}, this program knows up to ${version}: ${NEWER}`,
      );
    }
    return { ...event, v: version, data: this.#through(steps.slice(v - 1), event) };
  }

  /**
   * Refuses what this program could not read again, so that no event is ever written that has no golden file.
   * @throws InvariantError where the type is not in the catalogue for that stream, or not in this version
   */
  checkWritable(event: Pick<Typed, 'stream' | 'type' | 'v'>): void {
    if (this.#streams.length === 0) return;
    const version = this.versionOf(event);
    if (version === event.v) return;
    throw new InvariantError(
      `${event.type} of version ${event.v} in ${event.stream}: ` +
        (version === undefined ? 'not an event type of that stream (src/event-types.ts)' : `today's is ${version}`),
    );
  }

  #through(steps: readonly Upcaster[], { type, v, data }: Typed): JsonObject {
    try {
      const today = steps.reduce((older, step) => step(older), data);
      if (isJsonObject(today)) return today;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EncodingError(`${type} of version ${v}: ${reason}`);
    }
    throw new EncodingError(`${type} of version ${v}: its data comes to nothing`);
  }

  #stepsOf(stream: string, type: string): readonly Upcaster[] | undefined {
    return this.#types.get(type)?.find((use) => isStream(stream, use.stream))?.steps;
  }

  #knows(stream: string): boolean {
    return this.#streams.some((name) => isStream(stream, name));
  }
}

const NEWER = 'it was written by a newer program; use that one, or one newer still (docs/operations.md, "Upgrading")';

/**
 * No types at all: every event is read and written as it is, whatever its version. For whoever copies events
 * (archives) and for tests of the store itself.
 */
export const UNTYPED = new EventTypes({});

/**
 * The parsed copy of an event's stored bytes (`eventBytes`), as of today.
 * @throws InvariantError as `EventTypes.upcast`, also for data that is not what its version has
 */
export function parsedEvent(bytes: Uint8Array, types: EventTypes): ParsedEvent {
  return parsedText(fromUtf8(bytes), types);
}

/** As `parsedEvent`, of the bytes decoded. */
export function parsedText(text: string, types: EventTypes): ParsedEvent {
  const { v, stream, revision, id, type, at, by, data } = JSON.parse(text) as ParsedEvent;
  return asOfToday({ v, stream, revision, id, type, at, by, data }, types);
}

/** A parsed event as of today. @throws InvariantError as `parsedEvent` */
export function asOfToday<Event extends ParsedEvent>(event: Event, types: EventTypes): Event {
  try {
    return types.upcast(event);
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new InvariantError(`${event.stream}@${event.revision}: ${error.message}`, { cause: error });
  }
}

function isStream(stream: string, name: string): boolean {
  return name.endsWith('-') ? stream.startsWith(name) : stream === name;
}
