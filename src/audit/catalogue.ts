/**
 * What an audit makes of an entry's type, version and data: an event as of today, one of a newer program, or none.
 * Proven by event-shapes.spec.ts.
 */
import { EncodingError, InvariantError } from '../errors.js';
import type { DomainEvent } from '../event-store/decider.js';
import type { ParsedEntry } from '../event-store/entry.js';
import type { EventTypes } from '../event-store/upcasting.js';
import { EVENT_TYPES } from '../event-types.js';
import { EVENT_SHAPES, type EventShapes } from './event-shapes.js';

export interface Catalogue {
  readonly types: EventTypes;
  readonly shapes: EventShapes;
}

export const CATALOGUE: Catalogue = { types: EVENT_TYPES, shapes: EVENT_SHAPES };

/**
 * The entry in today's shape; `unknown` for a type or version that this program does not know; else a text that says what
 * is wrong with its data.
 */
export function interpret<Entry extends Pick<ParsedEntry, 'stream' | 'type' | 'v' | 'data'>>(
  entry: Entry,
  { types, shapes }: Catalogue,
): Entry | 'unknown' | Malformed {
  const version = types.versionOf(entry);
  if (version === undefined || entry.v > version) return 'unknown';
  const shape = shapes[entry.type]?.[entry.v - 1];
  if (!shape) throw new InvariantError(`${entry.type} of version ${entry.v} has no shape (src/audit/event-shapes.ts)`);
  const fault = shape(entry.data);
  if (fault !== undefined) return new Malformed(`data${fault}`);
  if (entry.v === version) return entry;
  try {
    return types.upcast(entry);
  } catch (error) {
    if (error instanceof EncodingError) return new Malformed(error.message);
    throw error;
  }
}

/** An entry as its decider has events: what is sealed is not opened, so there is none of it. */
export function eventOf<Event extends DomainEvent>({ type, v, data }: Pick<ParsedEntry, 'type' | 'v' | 'data'>): Event {
  return { type, v, data } as unknown as Event;
}

/** Why an entry's data is not that of its type. */
export class Malformed {
  constructor(readonly detail: string) {}
}
