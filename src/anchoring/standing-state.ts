/**
 * The standing of every organisation, definition and status list (S1), folded from the events of the log in order. Pure
 * and isomorphic: service, auditor and browser compute the same leaves from the same log. It folds whatever stands in a
 * log, also what the deciders would refuse: that an event should not be there is the replay's to say (S17).
 * Proven by `standing-state.spec.ts`.
 */
import { fromUtf8 } from '../encoding/bytes.js';
import { canonicalBytes } from '../encoding/jcs.js';
import type { JsonObject } from '../encoding/json.js';
import type { StoredEvent } from '../event-store/event-store.js';
import type { StatusListEvent } from '../credentials/credential.events.js';
import type { DefinitionEvent } from '../definitions/definition.events.js';
import type { KeyRevocationReason, OrganisationEvent } from '../organisations/organisation.events.js';
import type {
  DefinitionStanding,
  KeyStanding,
  OrganisationStanding,
  StandingLeaf,
  StatusListStanding,
} from './standing.js';

/** What folding needs of a stored event. */
export type LoggedEvent = Pick<StoredEvent, 'stream' | 'revision' | 'type' | 'data' | 'index'>;

/** `revisions` grow in place, beside the rest of the state: copying them at each event would be quadratic. */
interface Entry {
  revision: number;
  since: number;
  readonly revisions: number[];
  state: Omit<OrganisationStanding, 'revisions'> | Omit<DefinitionStanding, 'revisions'> | StatusListStanding;
  made?: MadeLeaf;
}

/** A leaf with its bytes, one object as long as its stream does not move on. */
export interface MadeLeaf {
  readonly stream: string;
  /** Log index of the stream's newest event, from which on it holds. */
  readonly since: number;
  /** `leafBytes` */
  readonly bytes: Uint8Array;
}

/** Changes of a credential's status, which the next status list to be published has to show. */
const STATUS_CHANGES: ReadonlySet<string> = new Set([
  'CredentialSuspended',
  'CredentialReinstated',
  'CredentialRevoked',
  'CredentialVoided',
]);

/** Whether a status list published before the event is outdated by it. */
export function outdatesLists({ type, stream }: Pick<StoredEvent, 'type' | 'stream'>): boolean {
  return stream.startsWith('credential-') && STATUS_CHANGES.has(type);
}

const NO_ORGANISATION: Omit<OrganisationStanding, 'revisions'> = { name: '', did: '', keys: [] };
const NO_DEFINITION: Omit<DefinitionStanding, 'revisions'> = { owners: [], versions: [], mandates: [] };
const NO_LIST: StatusListStanding = { organisation: '', purpose: 'revocation', sequence: 0 };

export class StandingState {
  readonly #entries = new Map<string, Entry>();
  /** The streams in order; absent when one has been added since. */
  #order: readonly string[] | undefined;

  /**
   * The standing as `made` told of it.
   * @param leaves as made, one of each stream
   * @throws SyntaxError, TypeError where one is no leaf's bytes
   */
  static restored(leaves: Iterable<MadeLeaf>): StandingState {
    const standing = new StandingState();
    for (const made of leaves) {
      const { stream, revision, state } = JSON.parse(fromUtf8(made.bytes)) as StandingLeaf<
        Partial<Pick<OrganisationStanding, 'revisions'>>
      >;
      const { revisions = [], ...rest } = state;
      standing.#entries.set(stream, {
        ...{ revision, since: made.since, revisions: [...revisions], made },
        state: rest as Entry['state'],
      });
    }
    return standing;
  }

  /** Folds the log's next event. True if it belongs to a stream that has a leaf. */
  apply(event: LoggedEvent): boolean {
    const { stream, index } = event;
    if (index === undefined) return false;
    const entry = this.#entryOf(stream);
    if (!entry) return false;
    const fact = event as unknown as OrganisationEvent & DefinitionEvent & StatusListEvent;
    entry.state = stream.startsWith('organisation-')
      ? foldOrganisation(entry.state as OrganisationStanding, fact, index)
      : stream.startsWith('definition-')
        ? foldDefinition(entry.state as DefinitionStanding, fact, index)
        : foldStatusList(entry.state as StatusListStanding, fact);
    entry.revision = event.revision;
    entry.since = index;
    entry.revisions.push(index);
    delete entry.made;
    return true;
  }

  /** All leaves, sorted by stream; ids are ASCII, so the order of code units is that of bytes. */
  leaves(): readonly StandingLeaf[] {
    return this.#streams().flatMap((stream) => this.leaf(stream) ?? []);
  }

  /** All leaves with their bytes, in the same order; only those are made anew whose stream has moved on since. */
  made(): readonly MadeLeaf[] {
    return this.#streams().map((stream) => {
      const entry = this.#entries.get(stream)!;
      return (entry.made ??= { stream, since: entry.since, bytes: leafBytes(leafOf(stream, entry)) });
    });
  }

  /** The leaf of one stream, if it has one. */
  leaf(stream: string): StandingLeaf | undefined {
    const entry = this.#entries.get(stream);
    return entry && leafOf(stream, entry);
  }

  #streams(): readonly string[] {
    return (this.#order ??= [...this.#entries.keys()].sort((a, b) => (a < b ? -1 : 1)));
  }

  #entryOf(stream: string): Entry | undefined {
    const known = this.#entries.get(stream);
    if (known) return known;
    const state = stream.startsWith('organisation-')
      ? NO_ORGANISATION
      : stream.startsWith('definition-')
        ? NO_DEFINITION
        : stream.startsWith('statuslist-')
          ? NO_LIST
          : undefined;
    if (!state) return undefined;
    const entry: Entry = { revision: -1, since: -1, revisions: [], state };
    this.#entries.set(stream, entry);
    this.#order = undefined;
    return entry;
  }
}

function leafOf(stream: string, { revision, revisions, state }: Entry): StandingLeaf {
  const whole = stream.startsWith('statuslist-') ? state : { ...state, revisions: [...revisions] };
  return { stream, revision, state: whole as unknown as JsonObject };
}

/** The leaf's bytes in the standing record's tree: `JCS({stream, revision, state})`. */
export function leafBytes({ stream, revision, state }: StandingLeaf): Uint8Array {
  return canonicalBytes({ stream, revision, state });
}

type Organisation = Omit<OrganisationStanding, 'revisions'>;

function foldOrganisation(state: Organisation, { type, data }: OrganisationEvent, index: number): Organisation {
  switch (type) {
    case 'OrganisationRegistered':
      // The first did stays, whatever a log should hold later (S8).
      return { ...state, name: data.name, did: state.did === '' ? data.did : state.did };
    case 'OrganisationDetailsChanged':
      return { ...state, name: data.name };
    case 'IssuingKeyAdded': {
      const { kid, publicKeyMultibase, custody } = data;
      return { ...state, keys: [...state.keys, { kid, publicKeyMultibase, custody, from: index }] };
    }
    case 'IssuingKeyRotated': {
      const { kid, publicKeyMultibase, custody, replaces } = data;
      const keys = endKey(state.keys, replaces, index, 'rotated');
      return { ...state, keys: [...keys, { kid, publicKeyMultibase, custody, from: index }] };
    }
    case 'IssuingKeyRevoked': {
      const to = data.reason === 'compromised' ? Math.min(data.fromIndex ?? index, index) : index;
      return { ...state, keys: endKey(state.keys, data.kid, to, data.reason) };
    }
    case 'OrganisationClosed':
      return { ...state, closed: state.closed ?? index };
    default:
      return state;
  }
}

/** A key's end only ever moves to an earlier index. */
function endKey(
  keys: readonly KeyStanding[],
  kid: string,
  to: number,
  ended: 'rotated' | KeyRevocationReason,
): readonly KeyStanding[] {
  return keys.map((key) => (key.kid === kid && (key.to === undefined || to < key.to) ? { ...key, to, ended } : key));
}

type Definition = Omit<DefinitionStanding, 'revisions'>;

function foldDefinition(state: Definition, { type, data }: DefinitionEvent, index: number): Definition {
  switch (type) {
    case 'DefinitionCreated':
      return { ...state, owners: [...state.owners, { organisation: data.owner, from: index }] };
    case 'VersionPublished':
      return { ...state, versions: [...state.versions, { version: data.version, index }] };
    case 'VersionRetired':
      return {
        ...state,
        versions: state.versions.map((version) =>
          version.version === data.version && version.retired === undefined ? { ...version, retired: index } : version,
        ),
      };
    case 'MandateGranted': {
      const { mandate, organisation, from, to } = data;
      const bounds = { ...(from !== undefined && { notBefore: from }), ...(to !== undefined && { notAfter: to }) };
      return { ...state, mandates: [...state.mandates, { mandate, organisation, from: index, ...bounds }] };
    }
    case 'MandateWithdrawn':
      return {
        ...state,
        mandates: state.mandates.map((mandate) =>
          mandate.mandate === data.mandate && mandate.to === undefined
            ? { ...mandate, to: index, effect: data.effect }
            : mandate,
        ),
      };
    default:
      return state;
  }
}

function foldStatusList(state: StatusListStanding, { type, data }: StatusListEvent): StatusListStanding {
  switch (type) {
    case 'StatusListOpened':
      return { ...state, organisation: data.organisation, purpose: data.purpose };
    case 'StatusListPublished':
      return { ...state, sequence: data.sequence, digest: data.digest };
    default:
      return state;
  }
}
