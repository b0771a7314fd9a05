/**
 * What the pages are given: plain data, made by the controllers from the read models. Texts from outside are raw here;
 * the pages escape them (`pages.spec.ts` renders each page with hostile data). Times are ISO 8601 in UTC.
 */
import type { AnchorState } from '../../anchoring/anchoring.events.js';
import type { DefinitionContent, Level, Translated } from '../../definitions/content.js';
import type { CredentialAt, DefinitionAt, OrganisationAt } from '../../history/history.js';
import type { CredentialState } from '../../verification/report.js';

export type Lang = 'sv' | 'en';

/** What every page knows besides its own data. */
export interface PageContext {
  readonly lang: Lang;
  /** Path of the page without its query, for the language link. */
  readonly path: string;
  /** True where the address itself names the language: links then keep it. */
  readonly langInUrl?: boolean;
  readonly signedIn: boolean;
  /** The session's token for forms; forms without one are not shown as usable. */
  readonly csrf?: string;
  /** The ledger holds demonstration data: every page says so. */
  readonly demo: boolean;
  /** The ledger was restored with a loss that is not decided on (S16): every page says so. */
  readonly readOnly?: boolean;
  /** Address of an asset: `style.css`, `favicon.svg`, `verify.sv.js`, `credential.en.js`. */
  readonly assets: (name: string) => string;
}

/** An anchor of a batch, as far as it has come. */
export interface AnchorView {
  readonly chainName?: string;
  readonly chainId: number;
  readonly contract?: string;
  readonly anchorer?: string;
  readonly txHash?: string;
  readonly blockNumber?: number;
  readonly blockHash?: string;
  readonly blockTime?: string;
  readonly state: AnchorState;
  readonly gasUsed?: string;
  /** Wei for a unit of gas, decimal. */
  readonly effectiveGasPrice?: string;
  /** Wei, decimal: for the chain below, and in all. */
  readonly l1Fee?: string;
  readonly cost?: string;
  /** Symbol of what is paid with. */
  readonly currency?: string;
  readonly submittedAt?: string;
  readonly confirmedAt?: string;
  readonly finalisedAt?: string;
  /** Seconds from the oldest event that it is the first to cover, to its being final. */
  readonly delaySeconds?: number;
  readonly reorganisations?: number;
  /** The operator's own chain: shows the mechanism, proves no time (S10). */
  readonly embedded?: boolean;
}

export interface BatchView {
  readonly number: number;
  readonly fromIndex: number;
  readonly toIndex: number;
  readonly size: number;
  /** As the log has it, base64. */
  readonly root: string;
  readonly credentials: number;
  readonly sealedAt: string;
  /** Of the oldest event in it, if anything had happened. */
  readonly firstAt?: string;
  readonly anchors: readonly AnchorView[];
}

export interface StartView {
  readonly definitions: number;
  readonly organisations: number;
  readonly credentials: number;
  readonly logSize: number;
  /** Name of the log. */
  readonly origin?: string;
  /** Path with the link's key, of a credential whose holder is invented. */
  readonly demoCredential?: string;
  readonly newestAnchor?: AnchorView & { readonly batch: number };
}

export interface CatalogueItem {
  readonly id: string;
  readonly version: number;
  readonly title: Translated;
  readonly summary: Translated;
  readonly owner: string;
  readonly learningOutcomes: number;
  readonly workload: DefinitionContent['workload'];
  readonly level?: Level;
  readonly retired?: boolean;
  readonly demo?: boolean;
}

export interface CatalogueView {
  /** What was searched for. */
  readonly query?: string;
  readonly items: readonly CatalogueItem[];
  /** Cursor of the next page. */
  readonly next?: string;
}

export interface DefinitionView {
  readonly id: string;
  readonly version: number;
  readonly content: DefinitionContent;
  readonly owner: { readonly id: string; readonly name: string };
  /** Organisations that may issue it, the owner among them where that is so. */
  readonly issuers: readonly { readonly id: string; readonly name: string }[];
  readonly publishedAt: string;
  /** Index of `VersionPublished` in the log. */
  readonly index: number;
  readonly retired?: boolean;
  readonly versions: readonly {
    readonly version: number;
    readonly publishedAt: string;
    readonly changes?: string;
    readonly retired?: boolean;
  }[];
}

/** The public facts of a credential: no more than its entry shows (S25). */
export interface CredentialView {
  readonly id: string;
  readonly organisation: { readonly id: string; readonly name: string };
  readonly definition: { readonly id: string; readonly title: Translated; readonly version: number };
  readonly index: number;
  readonly issuedAt: string;
  readonly validFrom: string;
  readonly validUntil?: string;
  readonly digest: string;
  /** `voided`: the issuance never stood (S7). */
  readonly state: CredentialState | 'voided';
  readonly stateSince?: string;
  /** `RevocationReason` or `SuspensionReason`. */
  readonly reasonCode?: string;
  readonly batch?: number;
  readonly anchor?: AnchorView;
  readonly demo?: boolean;
  /** The holder has been erased: nothing can be shown but these facts. */
  readonly erased?: boolean;
}

export interface VerifyView {
  /** UUID of the credential whose evidence the page fetches, for `/verify/{id}`. */
  readonly id?: string;
  /** Its holder has been erased. */
  readonly erased?: boolean;
  /** The self-contained copy of the page, where it was built. */
  readonly file?: VerifyFile;
}

/** A file for people to save, by its name, size and SHA-256 in hex. */
export interface VerifyFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface SignInView {
  readonly error?: 'wrongToken' | 'tooManyTries' | 'sessionEnded';
  /** Path to go to afterwards. */
  readonly next?: string;
}

export type OperatorAction = 'suspend' | 'reinstate' | 'revoke';

export interface RegisterRow {
  readonly id: string;
  /** Absent where the holder has been erased. */
  readonly holder?: string;
  readonly title: string;
  readonly version: number;
  readonly organisation: string;
  readonly issuedAt: string;
  readonly state: CredentialState | 'voided';
  readonly index: number;
  readonly batch?: number;
}

export interface OperatorView {
  readonly query?: string;
  readonly credentials: readonly RegisterRow[];
  readonly next?: string;
  /** Newest first. */
  readonly batches: readonly BatchView[];
  /** Entries of the log under no anchor yet. */
  readonly unanchored: number;
  readonly notice?: 'suspended' | 'reinstated' | 'revoked' | 'sealed' | 'nothingToSeal';
}

/** The step between pressing an action and doing it. */
export interface ConfirmView {
  readonly action: OperatorAction;
  readonly credential: RegisterRow;
  /** Codes that may be chosen; empty for `reinstate`. */
  readonly reasons: readonly string[];
  readonly error?: 'reasonMissing' | 'notPossible';
}

export interface BatchesView {
  /** Newest first. */
  readonly batches: readonly BatchView[];
  readonly logSize: number;
  readonly next?: string;
}

export interface ErrorView {
  readonly status: number;
  /** Shown for a status that the pages have no words for. */
  readonly title?: string | undefined;
  /** Particulars to show; never a stack. */
  readonly detail?: string | undefined;
  /** To quote when asking for help. */
  readonly requestId?: string | undefined;
}

/** A line of a history, see `history/history.read.ts`. */
export interface HistoryLineView {
  readonly index: number;
  readonly type: string;
  readonly at: string;
  readonly by: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly batch?: number;
  readonly anchoredAt?: string;
  readonly entry: string;
  readonly proof: string;
  /** What it is about, where that is not what the page is about. */
  readonly subject?: HistorySubject;
}

export interface HistorySubject {
  readonly kind: HistoryView['kind'];
  readonly id: string;
  /** Of the definition. */
  readonly title: Translated;
}

export type HistoryView = {
  /** UUID */
  readonly id: string;
  /** Of the organisation, or of the definition, also of the credential's. */
  readonly name: Translated;
  /** Oldest first; none where it was not there on the day. */
  readonly items: readonly HistoryLineView[];
  /** `2026-11-24`, if one was asked for. */
  readonly day?: string;
  readonly badDay?: true;
  /** Names of the organisations that the lines speak of, by UUID. */
  readonly names: Readonly<Record<string, string>>;
  /** All that is logged in an organisation's name, newest first, with the cursor of older ones. */
  readonly inName?: readonly HistoryLineView[];
  readonly next?: string;
} & (
  | { readonly kind: 'organisations'; readonly state: OrganisationAt }
  | { readonly kind: 'definitions'; readonly state: DefinitionAt }
  | { readonly kind: 'credentials'; readonly state: CredentialAt }
);
