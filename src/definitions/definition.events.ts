/** Events of `definition-<uuid>`. Drafts are sealed under the owner's key; what is published is public. */
import type { DomainEvent } from '../event-store/decider.js';
import type { UpcastersOf } from '../event-store/upcasting.js';
import type { DefinitionContent } from './content.js';

export type Visibility = 'public' | 'unlisted' | 'internal';

export type DefinitionCreated = DomainEvent<
  'DefinitionCreated',
  { readonly creator: string; readonly owner: string; readonly visibility: Visibility }
>;
/**
 * The draft as it then was.
 * @sealed under the owning organisation's key: `{content}`
 */
export type DraftRevised = DomainEvent<'DraftRevised', Record<string, never>>;
/** How a new version bears on those who hold an older one. */
export type EffectOnHolders = 'none' | 'renewalRecommended' | 'renewalRequired';
export type VersionPublished = DomainEvent<
  'VersionPublished',
  {
    /** From 1, gapless. */
    readonly version: number;
    readonly content: DefinitionContent;
    /** What changed since the version before, in the author's words. */
    readonly changes?: string;
    readonly effectOnHolders?: EffectOnHolders;
  }
>;
export type VersionRetired = DomainEvent<'VersionRetired', { readonly version: number }>;
export type MandateGranted = DomainEvent<
  'MandateGranted',
  {
    /** UUID of the mandate. */
    readonly mandate: string;
    /** UUID of the organisation that may issue. */
    readonly organisation: string;
    /** First and last moment, ISO 8601; absent: from the event on, without end. */
    readonly from?: string;
    readonly to?: string;
    readonly requirementsChecked: boolean;
  }
>;
export type MandateWithdrawn = DomainEvent<
  'MandateWithdrawn',
  { readonly mandate: string; readonly reason: string; readonly effect: 'futureOnly' | 'revokeIssued' }
>;

export type DefinitionEvent =
  DefinitionCreated | DraftRevised | VersionPublished | VersionRetired | MandateGranted | MandateWithdrawn;

export function definitionStream(id: string): string {
  return `definition-${id}`;
}

/** How older versions are read, see `upcasting.ts`: none has one yet. */
export const DEFINITION_EVENTS: UpcastersOf<DefinitionEvent> = {
  DefinitionCreated: [],
  DraftRevised: [],
  VersionPublished: [],
  VersionRetired: [],
  MandateGranted: [],
  MandateWithdrawn: [],
};
