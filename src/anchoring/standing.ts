/**
 * The shapes of a standing record's leaves (S1). A leaf's bytes are `JCS({stream, revision, state})`. Ended keys and
 * mandates stay, with the log index where they began and where they ended.
 */
import type { JsonObject } from '../encoding/json.js';
import type { KeyCustody, KeyRevocationReason } from '../organisations/organisation.events.js';
import type { StatusPurpose } from '../credentials/credential.events.js';

export interface KeyStanding {
  readonly kid: string;
  readonly publicKeyMultibase: string;
  readonly custody: KeyCustody;
  /** Entries with a greater index may be signed by it … */
  readonly from: number;
  /** … and with a smaller one than this; for a compromised key this may lie before the revocation (S8). */
  readonly to?: number;
  /** Why it ended. */
  readonly ended?: 'rotated' | KeyRevocationReason;
}

export interface OrganisationStanding {
  readonly name: string;
  readonly did: string;
  readonly keys: readonly KeyStanding[];
  /** Log index of each of the stream's revisions, so that a cited revision can be checked to be the newest (S7). */
  readonly revisions: readonly number[];
  /** Index of `OrganisationClosed`. */
  readonly closed?: number;
}

export interface DefinitionStanding {
  readonly owners: readonly { readonly organisation: string; readonly from: number; readonly to?: number }[];
  readonly versions: readonly { readonly version: number; readonly index: number; readonly retired?: number }[];
  readonly mandates: readonly {
    readonly mandate: string;
    readonly organisation: string;
    readonly from: number;
    readonly to?: number;
    /** ISO 8601 bounds of the grant itself. */
    readonly notBefore?: string;
    readonly notAfter?: string;
    readonly effect?: 'futureOnly' | 'revokeIssued';
  }[];
  readonly revisions: readonly number[];
}

export interface StatusListStanding {
  readonly organisation: string;
  readonly purpose: StatusPurpose;
  /** 0 and no digest: opened but not published yet. */
  readonly sequence: number;
  readonly digest?: string;
}

export interface StandingLeaf<State = JsonObject> {
  readonly stream: string;
  readonly revision: number;
  readonly state: State;
}
