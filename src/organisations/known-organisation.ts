/** The newest state of an organisation that must be there. */
import { NotFoundError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { load } from '../event-store/handle.js';
import { organisationStream } from './organisation.events.js';
import { organisationDecider, type KnownOrganisation } from './organisation.js';

/** @param id UUID @throws NotFoundError where it was never registered */
export async function knownOrganisation(store: EventStore, id: string): Promise<KnownOrganisation> {
  const { state } = await load(store, organisationDecider, organisationStream(id));
  if (state.is === 'unregistered') throw new NotFoundError('organisation', id);
  return state;
}
