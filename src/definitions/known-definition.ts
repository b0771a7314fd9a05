/** The newest state of a definition that must be there. */
import { NotFoundError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { load } from '../event-store/handle.js';
import { definitionStream } from './definition.events.js';
import { definitionDecider, type KnownDefinition } from './definition.js';

/** @param id UUID @throws NotFoundError where it was never created */
export async function knownDefinition(store: EventStore, id: string): Promise<KnownDefinition> {
  const { state } = await load(store, definitionDecider, definitionStream(id));
  if (state.is === 'uncreated') throw new NotFoundError('definition', id);
  return state;
}
