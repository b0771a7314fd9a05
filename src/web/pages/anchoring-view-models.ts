/** What the page of a batch and the page of the chains are given. Amounts are wei in decimal, times ISO 8601 in UTC. */
import type { AnchorTransaction } from '../../anchoring/batches.read.js';
import type { CostForecast } from '../../anchoring/cost.js';
import type { AnchorView, BatchView } from './view-models.js';

export interface BatchAnchorView extends AnchorView {
  /** Every transaction that was made for it, oldest first. */
  readonly sent: readonly AnchorTransaction[];
  /** Of a chain that has ended: whether its blocks' hashes are under an anchor elsewhere (S10). */
  readonly covered?: boolean;
}

export interface BatchPageView extends Omit<BatchView, 'anchors'> {
  readonly anchors: readonly BatchAnchorView[];
  /** There is a batch after it. */
  readonly hasNext: boolean;
}

/** A final anchor in the charts. */
export interface AnchorPoint {
  readonly batch: number;
  readonly finalisedAt: string;
  readonly delaySeconds?: number;
  readonly cost?: string;
  readonly credentials: number;
}

export interface ChainView {
  readonly name: string;
  /** For people; unset for the operator's own node. */
  readonly title?: string;
  readonly chainId: number;
  readonly isMain: boolean;
  readonly embedded: boolean;
  readonly testnet: boolean;
  readonly currency: string;
  readonly anchorer?: string;
  readonly contract?: string;
  readonly closedAt?: string;
  /** The day, where it is near or has passed. */
  readonly announcedEnd?: string;
  readonly endPassed?: boolean;
  /** Whether this process anchors there: else nobody here knows of trouble and balance. */
  readonly here: boolean;
  readonly problem?: { readonly code: string; readonly text: string };
  /** What will keep anchors from it before long, or is not as it should be. */
  readonly warning?: string;
  /** Whole days that the purse lasts, where that is not long. */
  readonly lowDays?: number;
  readonly balance?: string;
  readonly newestBlock?: { readonly number: number; readonly time: string };
  readonly forecast?: CostForecast;
  readonly spentToday: string;
  readonly spent: string;
  readonly transactions: number;
  readonly replacements: number;
  readonly failures: number;
  readonly reorganisations: number;
  /** Final anchors, newest first. */
  readonly history: readonly AnchorPoint[];
}

/** When this process anchors, and what it may cost. */
export interface PolicyView {
  readonly intervalSeconds: number;
  readonly maxAgeSeconds: number;
  readonly bumpAfterSeconds: number;
  readonly witnessIntervalSeconds: number;
  readonly maxFeePerGas?: string;
  readonly maxPerDay?: string;
}

export interface AnchoringView {
  readonly chains: readonly ChainView[];
  /** Unset where another node anchors. */
  readonly policy?: PolicyView;
  /** What is wrong with the clock (S18). */
  readonly clockProblem?: string;
  /** Seconds that the oldest event has waited for a final anchor; unset where none waits. */
  readonly waiting?: number;
}
