/**
 * In which organisation's name an entry of the log stands (S13): its own stream, what is defined, assessed and issued as
 * it, its status lists, and the mandates that it is given or loses. Pure: the service's read model and `meritkedja
 * monitor`, which believes no service, ask the same. Proven by in-name-of.spec.ts.
 */
import type { AssessmentRecorded, CredentialIssued, StatusListOpened } from '../credentials/credential.events.js';
import type { DefinitionCreated, MandateGranted, MandateWithdrawn } from '../definitions/definition.events.js';
import type { StoredEvent } from '../event-store/event-store.js';

/** Remembers to whom streams and mandates belong; only their first events say. */
export interface Owners {
  /** @param what a stream, or `mandate-<uuid>` */
  ownerOf(what: string): string | undefined;
  remember(what: string, organisation: string): void;
}

/**
 * The organisations in whose name an entry stands, by UUID; none for the ledger's own. Entries are given in the log's
 * order, each once.
 */
export function inNameOf(
  event: Pick<StoredEvent, 'stream' | 'type' | 'data' | 'by'>,
  owners: Owners,
): readonly string[] {
  const named = new Set(ownersOf(event, owners));
  const by = /^organisation:([0-9a-f-]{36}):/.exec(event.by)?.[1];
  if (by !== undefined) named.add(by);
  return [...named];
}

function ownersOf({ stream, type, data }: Pick<StoredEvent, 'stream' | 'type' | 'data'>, owners: Owners): string[] {
  if (stream.startsWith('organisation-')) return [stream.slice('organisation-'.length)];
  const first = firstOwner(type, data);
  if (first !== undefined) owners.remember(stream, first);
  const owner = first ?? owners.ownerOf(stream);
  return [...(owner === undefined ? [] : [owner]), ...creatorOf(type, data), ...mandated(type, data, owners)];
}

/** Whose a stream is, as the event that begins it says. */
function firstOwner(type: string, data: unknown): string | undefined {
  switch (type) {
    case 'DefinitionCreated':
      return (data as DefinitionCreated['data']).owner;
    case 'AssessmentRecorded':
      return (data as AssessmentRecorded['data']).organisation;
    case 'CredentialIssued':
      return (data as CredentialIssued['data']).organisation;
    case 'StatusListOpened':
      return (data as StatusListOpened['data']).organisation;
    default:
      return undefined;
  }
}

/** Whom a definition names as its creator, whosever it is. */
function creatorOf(type: string, data: unknown): string[] {
  const creator = type === 'DefinitionCreated' && (data as Partial<DefinitionCreated['data']>).creator;
  return typeof creator === 'string' ? [creator] : [];
}

/** Whom a mandate is given to, or taken from. */
function mandated(type: string, data: unknown, owners: Owners): string[] {
  if (type === 'MandateGranted') {
    const { mandate, organisation } = data as MandateGranted['data'];
    owners.remember(`mandate-${mandate}`, organisation);
    return [organisation];
  }
  if (type !== 'MandateWithdrawn') return [];
  const organisation = owners.ownerOf(`mandate-${(data as MandateWithdrawn['data']).mandate}`);
  return organisation === undefined ? [] : [organisation];
}
