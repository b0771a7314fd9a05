/** What the audit of a log answers: the findings, and what the log says of itself for whoever goes on to its chains. */
import type { BatchEvent } from '../anchoring/anchoring.events.js';
import type { BatchState } from '../anchoring/batch.js';
import type { LedgerState } from '../anchoring/ledger.js';
import type { Finding, FindingCounts } from './findings.js';

/** A log's verifier key, and the sizes of the heads that it may sign: above `from`, up to `to`. */
export interface PinnedLogKey {
  /** C2SP verifier key; its name is the log's origin. */
  readonly vkey: string;
  readonly from?: number;
  readonly to?: number;
}

export interface AuditOptions {
  /** The keys that are trusted (S4). Without any, the log's own word is taken, and a finding says so. */
  readonly vkeys?: readonly PinnedLogKey[];
  /**
   * Threads beside the caller's; 0 does all in this one. Default: as many as there are processors, up to 8, and none
   * for short logs.
   */
  readonly workers?: number;
  /** A file that keeps where this audit ends, so that the next reads on from there. Made where it is not there. */
  readonly stateFile?: string;
  /** Findings kept of each severity; default 1,000. */
  readonly mostFindings?: number;
  /** Called now and then. @param done entries done, of this run's */
  readonly onProgress?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

export type SealedBatch = Extract<BatchState, { is: 'sealed' }>;

/** One event of a batch's stream after its seal. */
export interface AnchorMoment {
  readonly index: number;
  /** ISO 8601, the node's word. */
  readonly at: string;
  readonly event: Exclude<BatchEvent, { type: 'BatchSealed' }>;
}

export interface AuditedBatch {
  readonly stream: string;
  /** Folded from the whole stream: range, size, root, and the anchors with every submission on each chain. */
  readonly state: SealedBatch;
  /** Log index and time of `BatchSealed`. */
  readonly sealedIndex: number;
  readonly sealedAt: string;
  /** Whether size and root are those of the tree made again from the entries. */
  readonly isOfThisLog: boolean;
  /** What came after the seal, in order. */
  readonly moments: readonly AnchorMoment[];
}

/**
 * The earliest and latest clock among entries `from` … `to`, for the bounds that block times set (S18). A segment ends at
 * each standing record (so at each batch's end) and at each `AnchorConfirmed`: all of the next segment's entries were
 * written after the log knew that block.
 */
export interface ClockSegment {
  readonly from: number;
  readonly to: number;
  readonly earliest: { readonly index: number; readonly at: string };
  readonly latest: { readonly index: number; readonly at: string };
}

/** Events that this program does not know: of a newer one, so neither right nor wrong. */
export interface UnknownType {
  /** Beginning of the stream's name, up to its first hyphen. */
  readonly stream: string;
  readonly type: string;
  readonly v: number;
  readonly count: number;
  readonly firstIndex: number;
}

export interface NotChecked {
  /** Rules that need sealed facts, and on how many events they were not checked (S17). */
  readonly privateRules: Readonly<Record<string, number>>;
  readonly unknownTypes: readonly UnknownType[];
}

export interface LogAudit {
  readonly origin: string;
  /** Of the checkpoint that was audited. */
  readonly size: number;
  /** base64 */
  readonly root: string;
  /** The signed note. */
  readonly checkpoint: string;
  /** Index of the first entry that this run read: not 0 where it went on from an earlier one. */
  readonly from: number;
  /** Entries read by this run. */
  readonly entries: number;
  /** Credentials ever issued in the whole log. */
  readonly credentials: number;
  /** Sorted by index; the first error is the first bad event. */
  readonly findings: readonly Finding[];
  /** All there were, also those that are not kept. */
  readonly counts: FindingCounts;
  /** Chains with their anchorers, each from and to an index; origins and log keys, former ones too. */
  readonly ledger: LedgerState;
  /** All of the log, by number. */
  readonly batches: readonly AuditedBatch[];
  readonly clock: readonly ClockSegment[];
  readonly notChecked: NotChecked;
}
