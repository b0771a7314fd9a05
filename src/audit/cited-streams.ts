/**
 * The streams that others rest on, organisations and definitions: every replay of a part of the log folds all of them, so
 * that each event is decided on their newest states at its own index (S7).
 * What cannot be read as an event is not folded; what is of a newer program is not either, and clouds its stream: from then
 * on nothing that rests on it can be told. What can be read is folded whether it should be there or not, as every reader
 * of the log does. Proven by audit.spec.ts.
 */
import { definitionDecider, type DefinitionState } from '../definitions/definition.js';
import type { DefinitionEvent } from '../definitions/definition.events.js';
import type { ParsedEntry } from '../event-store/entry.js';
import type { EventMeta } from '../event-store/decider.js';
import { organisationDecider, type OrganisationState } from '../organisations/organisation.js';
import type { OrganisationEvent } from '../organisations/organisation.events.js';
import { eventOf, interpret, Malformed, type Catalogue } from './catalogue.js';

export const ORGANISATION = 'organisation-';
export const DEFINITION = 'definition-';

export interface Cited<State> {
  readonly state: State;
  /** Of the newest entry, whatever it was; −1 before the first. */
  readonly revision: number;
  /** There was an event that this program does not know. */
  readonly clouded: boolean;
}

const NO_ORGANISATION: Cited<OrganisationState> = { state: { is: 'unregistered' }, revision: -1, clouded: false };
const NO_DEFINITION: Cited<DefinitionState> = { state: { is: 'uncreated' }, revision: -1, clouded: false };

export interface SavedCitedStreams {
  readonly organisations: readonly (readonly [string, Cited<OrganisationState>])[];
  readonly definitions: readonly (readonly [string, Cited<DefinitionState>])[];
}

export class CitedStreams {
  readonly #organisations: Map<string, Cited<OrganisationState>>;
  readonly #definitions: Map<string, Cited<DefinitionState>>;

  constructor(
    private readonly catalogue: Catalogue,
    saved: SavedCitedStreams = { organisations: [], definitions: [] },
  ) {
    this.#organisations = new Map(saved.organisations);
    this.#definitions = new Map(saved.definitions);
  }

  /** @param id UUID */
  organisation(id: string): Cited<OrganisationState> {
    return this.#organisations.get(id) ?? NO_ORGANISATION;
  }

  definition(id: string): Cited<DefinitionState> {
    return this.#definitions.get(id) ?? NO_DEFINITION;
  }

  /** Revision of a stream that can be cited; undefined for all others. */
  revisionOf(stream: string): number | undefined {
    if (stream.startsWith(ORGANISATION)) return this.organisation(stream.slice(ORGANISATION.length)).revision;
    if (stream.startsWith(DEFINITION)) return this.definition(stream.slice(DEFINITION.length)).revision;
    return undefined;
  }

  saved(): SavedCitedStreams {
    return { organisations: [...this.#organisations], definitions: [...this.#definitions] };
  }

  /** Folds an entry of an organisation or a definition. */
  fold(entry: ParsedEntry, index: number): void {
    const { stream, revision, at } = entry;
    const meta: EventMeta = { stream, revision, at, index };
    const event = interpret(entry, this.catalogue);
    if (stream.startsWith(ORGANISATION)) {
      const id = stream.slice(ORGANISATION.length);
      const before = this.organisation(id);
      this.#organisations.set(id, {
        state: isEvent(event)
          ? organisationDecider.evolve(before.state, eventOf<OrganisationEvent>(event), meta)
          : movedOn(before.state, revision),
        revision,
        clouded: before.clouded || event === 'unknown',
      });
    } else {
      const id = stream.slice(DEFINITION.length);
      const before = this.definition(id);
      this.#definitions.set(id, {
        state: isEvent(event)
          ? definitionDecider.evolve(before.state, eventOf<DefinitionEvent>(event), meta)
          : movedOn(before.state, revision),
        revision,
        clouded: before.clouded || event === 'unknown',
      });
    }
  }
}

function isEvent(event: ParsedEntry | 'unknown' | Malformed): event is ParsedEntry {
  return event !== 'unknown' && !(event instanceof Malformed);
}

/** Citing it means its newest entry, also where that could not be folded. */
function movedOn<State extends { readonly is: string }>(state: State, revision: number): State {
  return 'revision' in state ? { ...state, revision } : state;
}
