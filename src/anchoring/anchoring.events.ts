/** Events of `ledger`, `standing` and `batch-<n>`: what the log says of itself and of its anchors. */
import type { DomainEvent } from '../event-store/decider.js';
import type { UpcastersOf } from '../event-store/upcasting.js';

export const LEDGER_STREAM = 'ledger';
export const STANDING_STREAM = 'standing';

export function batchStream(number: number): string {
  return `batch-${number}`;
}

export type LedgerFounded = DomainEvent<'LedgerFounded', { readonly origin: string; readonly vkey: string }>;
export type ChainAdded = DomainEvent<
  'ChainAdded',
  {
    readonly name: string;
    readonly chainId: number;
    /** EIP-55 addresses. */
    readonly contract: string;
    readonly anchorer: string;
    readonly firstBlock: number;
  }
>;
/**
 * The first event under a new origin and log key (S16): the log was restored from a copy that is older than, or other
 * than, what was signed or anchored under the origin before, and that is gone for good.
 */
export type LossAccepted = DomainEvent<
  'LossAccepted',
  {
    /** The last head known anywhere of the origin that ends here. */
    readonly previous: {
      readonly origin: string;
      readonly vkey: string;
      /** Entries of that head; left out where only its root is known, from a chain. */
      readonly size?: number;
      /** base64 */
      readonly root: string;
    };
    /** Entries known to be lost; left out where nothing tells. */
    readonly entriesLost?: number;
    /** On each chain the newest block whose anchors may be of the lost log. */
    readonly lostUpTo: readonly { readonly chainId: number; readonly blockNumber: number }[];
    readonly origin: string;
    readonly vkey: string;
  }
>;
/**
 * The anchorer of a chain changes (S19): heads that end at this entry or later are anchored by the new one, and by nobody
 * else. Both have signed `rotationStatement` (`anchorer-rotation.ts`).
 */
export type AnchorerRotated = DomainEvent<
  'AnchorerRotated',
  {
    readonly chainId: number;
    /** EIP-55 addresses. */
    readonly previous: string;
    readonly anchorer: string;
    /** Each a signed transaction that no chain takes and that holds the statement's hash, 0x hex. */
    readonly previousSignature: string;
    readonly signature: string;
  }
>;
/**
 * A chain is given up, because it ends (S10). Our anchors there stay proven by header and receipt, and their blocks'
 * hashes by the `AnchorFinalised` entries under heads that are anchored elsewhere.
 */
export type ChainClosed = DomainEvent<
  'ChainClosed',
  {
    readonly chainId: number;
    /** Anchors on it that are final, whose block hashes are in the log before this entry. */
    readonly anchors: number;
    /** A chain whose final anchors cover those entries; left out where the operator closed it without one. */
    readonly coveredBy?: { readonly chainId: number; readonly batch: number };
  }
>;
export type LedgerEvent = LedgerFounded | ChainAdded | LossAccepted | AnchorerRotated | ChainClosed;

/**
 * The state of every organisation, definition and status list, as one root (S1): the RFC 9162 root over
 * `JCS({stream, revision, state})`, sorted by stream. Its writer had read `size` entries, at most its own index; it
 * counts if the root is that of all entries before it, so under an anchor it holds for those.
 */
export type StandingRecorded = DomainEvent<
  'StandingRecorded',
  { /** base64 */ readonly root: string; readonly leaves: number; readonly size: number }
>;

export type BatchSealed = DomainEvent<
  'BatchSealed',
  {
    /** From 1. */
    readonly number: number;
    /** First index of the batch. */
    readonly fromIndex: number;
    /** Last index of the batch, that of its standing record. */
    readonly toIndex: number;
    /** Size of the tree whose root is anchored: `toIndex + 1`. */
    readonly size: number;
    /** base64 */
    readonly root: string;
  }
>;
/** Somebody wants the batch on a chain that would not have it otherwise (`meritkedja reanchor`). */
export type AnchorRequested = DomainEvent<'AnchorRequested', { readonly chainId: number }>;
export type AnchorSubmitted = DomainEvent<
  'AnchorSubmitted',
  {
    readonly chainId: number;
    readonly contract: string;
    readonly anchorer: string;
    readonly txHash: string;
    readonly nonce: number;
    /** The signed transaction, recorded before it leaves, so that a crash sends the same bytes again. */
    readonly signedTransaction: string;
  }
>;
/**
 * The same anchor with higher fees and the same nonce, as the first was in no block (EIP-1559 replacement). Recorded
 * before it leaves. Either may be mined, never both.
 */
export type AnchorReplaced = DomainEvent<
  'AnchorReplaced',
  AnchorSubmitted['data'] & { /** Hash of the transaction whose place it takes. */ readonly replaces: string }
>;
export type AnchorConfirmed = DomainEvent<
  'AnchorConfirmed',
  {
    readonly chainId: number;
    readonly txHash: string;
    readonly blockNumber: number;
    readonly blockHash: string;
    /** Seconds since 1970, of the block. */
    readonly blockTime: number;
    readonly transactionIndex: number;
    readonly logIndex: number;
    readonly gasUsed: string;
    /** Wei for a unit of gas, decimal; left out by versions that did not ask for it. */
    readonly effectiveGasPrice?: string;
    /** Wei, decimal: on rollups, for the chain below. */
    readonly l1Fee?: string;
  }
>;
export type AnchorFinalised = DomainEvent<
  'AnchorFinalised',
  { readonly chainId: number; readonly txHash: string; readonly blockNumber: number; readonly blockHash: string }
>;
/** The block that held the anchor is no longer on the chain. */
export type AnchorReorganised = DomainEvent<
  'AnchorReorganised',
  { readonly chainId: number; readonly txHash: string; readonly blockNumber: number; readonly blockHash: string }
>;
export type AnchorFailed = DomainEvent<
  'AnchorFailed',
  { readonly chainId: number; readonly txHash: string; readonly code: string }
>;
export type BatchEvent =
  | BatchSealed
  | AnchorRequested
  | AnchorSubmitted
  | AnchorReplaced
  | AnchorConfirmed
  | AnchorFinalised
  | AnchorReorganised
  | AnchorFailed;

export type AnchorState = 'requested' | 'submitted' | 'confirmed' | 'finalised' | 'reorganised' | 'closed';

/** How older versions are read, see `upcasting.ts`: none has one yet. */
export const LEDGER_EVENTS: UpcastersOf<LedgerEvent> = {
  LedgerFounded: [],
  ChainAdded: [],
  LossAccepted: [],
  AnchorerRotated: [],
  ChainClosed: [],
};
export const STANDING_EVENTS: UpcastersOf<StandingRecorded> = {
  StandingRecorded: [],
};
export const BATCH_EVENTS: UpcastersOf<BatchEvent> = {
  BatchSealed: [],
  AnchorRequested: [],
  AnchorSubmitted: [],
  AnchorReplaced: [],
  AnchorConfirmed: [],
  AnchorFinalised: [],
  AnchorReorganised: [],
  AnchorFailed: [],
};
