/**
 * What the times of the anchors' blocks say of the log's own clock and of its keeper: the bounds that they set to every
 * entry's `at` (S18), and how long entries waited for an anchor (S11, S19). Pure; proven by anchors.int.spec.ts.
 */
import { CLOCK_TOLERANCE } from '../anchoring/clock-guard.js';
import type { AnchorClaim } from './anchor-claims.js';
import type { Findings } from './findings.js';
import type { ClockSegment, LogAudit } from './log-audit.js';

/** A claim whose block is there, with the block's time in seconds since 1970: of its header, or as the log has it. */
export interface TimedClaim {
  readonly claim: AnchorClaim;
  readonly time: number;
}

export interface DelayPolicy {
  /** Seconds within which every entry must be under a final anchor (ANCHOR_MAX_AGE). */
  readonly maxDelaySeconds: number;
  readonly now: Date;
}

/** What an anchor may take once it is due, in seconds: a block and its finality, the interval, a restart. */
export const DELAY_GRACE_SECONDS = 3_600;

/**
 * S18: an entry was written before the block that anchors it, and after every block that the log knew by then.
 * @param timed claims of all chains, final or not
 */
export function checkClock(clock: readonly ClockSegment[], timed: readonly TimedClaim[], findings: Findings): void {
  const covering = timed.toSorted((a, b) => a.claim.batch.state.size - b.claim.batch.state.size);
  // The earliest block over all heads from this one on: each of them covers what the smaller ones do.
  const earliest = suffixMinima(covering.map(({ time }) => time));
  const known = timed
    .map(({ claim, time }) => ({ index: confirmedAt(claim), claim, time }))
    .toSorted((a, b) => a.index - b.index);
  let over = 0;
  let before = 0;
  let newest: (typeof known)[number] | undefined;
  for (const { from, to, earliest: first, latest } of clock) {
    while (over < covering.length && covering[over]!.claim.batch.state.size <= to) over += 1;
    const bound = earliest[over];
    if (bound !== undefined && secondsOf(latest.at) > bound + CLOCK_TOLERANCE) {
      findings.error(
        'S18',
        'afterItsAnchor',
        `says ${latest.at}, and a block of ${iso(bound)} anchors it already: more than ${CLOCK_TOLERANCE} s after`,
        latest.index,
      );
    }
    for (; before < known.length && known[before]!.index < from; before++) {
      if (!newest || known[before]!.time > newest.time) newest = known[before];
    }
    if (newest && secondsOf(first.at) < newest.time - CLOCK_TOLERANCE) {
      findings.error(
        'S18',
        'beforeKnownBlock',
        `says ${first.at}, and block ${newest.claim.blockNumber} of ${iso(newest.time)} was in the log before it, at ${newest.index}`,
        first.index,
      );
    }
  }
  for (const { index, claim, time } of known) {
    const at = claim.batch.moments.find((moment) => moment.index === index)?.at;
    if (at === undefined || secondsOf(at) >= time - CLOCK_TOLERANCE) continue;
    findings.error('S18', 'beforeItsBlock', `says ${at}, and the block that it tells of is of ${iso(time)}`, index);
  }
}

/** Index of the event that told the log of the block. */
function confirmedAt({ batch, chainId, txHash, index }: AnchorClaim): number {
  const moment = batch.moments.findLast(
    ({ event }) =>
      event.type === 'AnchorConfirmed' && event.data.chainId === chainId && event.data.txHash.toLowerCase() === txHash,
  );
  return moment?.index ?? index;
}

export interface Delays {
  /** Seconds from the oldest entry of a batch to the block that anchors it: the longest there was. */
  readonly longest?: number;
  /** Entries of the audited head that no final anchor covers. */
  readonly waiting: number;
  /** ISO 8601: the oldest of them. */
  readonly waitingSince?: string;
}

/**
 * Delays against the policy. What was anchored late cannot be mended: a warning. What should be anchored by now and is
 * not is an error: somebody keeps it open.
 * @param final claims that are final
 */
export function checkDelays(
  { size, clock, batches }: Pick<LogAudit, 'size' | 'clock' | 'batches'>,
  final: readonly TimedClaim[],
  { maxDelaySeconds, now }: DelayPolicy,
  findings: Findings,
): Delays {
  const most = maxDelaySeconds + DELAY_GRACE_SECONDS;
  const covering = final.toSorted((a, b) => a.claim.batch.state.size - b.claim.batch.state.size);
  const earliest = suffixMinima(covering.map(({ time }) => time));
  let longest: number | undefined;
  let over = 0;
  for (const { state, sealedIndex } of batches) {
    while (over < covering.length && covering[over]!.claim.batch.state.size < state.size) over += 1;
    const time = earliest[over];
    const oldest = oldestOf(clock, state.fromIndex, state.toIndex);
    if (time === undefined || oldest === undefined) continue;
    const delay = time - secondsOf(oldest.at);
    longest = Math.max(longest ?? 0, delay);
    if (delay <= most) continue;
    findings.warning(
      'S11',
      'anchoredLate',
      `batch ${state.number}: entry ${oldest.index} of ${oldest.at} was anchored ${hours(delay)} later, and ${hours(maxDelaySeconds)} is the most`,
      sealedIndex,
    );
  }
  const covered = covering.at(-1)?.claim.batch.state.size ?? 0;
  const oldest = oldestOf(clock, covered, size - 1);
  if (!oldest) return { ...(longest === undefined ? {} : { longest }), waiting: 0 };
  const waiting = size - covered;
  const age = now.getTime() / 1_000 - secondsOf(oldest.at);
  if (age > most) {
    findings.error(
      'S19',
      'notAnchored',
      `entry ${oldest.index} of ${oldest.at} and the ${waiting} from ${covered} on are under no final anchor after ${hours(age)}, and ${hours(maxDelaySeconds)} is the most`,
      oldest.index,
    );
  }
  return { ...(longest === undefined ? {} : { longest }), waiting, waitingSince: oldest.at };
}

function oldestOf(
  clock: readonly ClockSegment[],
  from: number,
  to: number,
): { readonly index: number; readonly at: string } | undefined {
  // Segments end where batches do; one that begins within the range and ends in it is part of it.
  let low = 0;
  for (let high = clock.length; low < high;) {
    const middle = Math.floor((low + high) / 2);
    if (clock[middle]!.from < from) low = middle + 1;
    else high = middle;
  }
  let oldest: ClockSegment['earliest'] | undefined;
  for (let i = low; i < clock.length && clock[i]!.from <= to; i++) {
    const { earliest } = clock[i]!;
    if (!oldest || secondsOf(earliest.at) < secondsOf(oldest.at)) oldest = earliest;
  }
  return oldest;
}

/** The least of each element and all that follow; one more at the end: undefined. */
function suffixMinima(values: readonly number[]): readonly (number | undefined)[] {
  const minima: (number | undefined)[] = new Array<number | undefined>(values.length + 1).fill(undefined);
  for (let i = values.length - 1; i >= 0; i--) minima[i] = Math.min(values[i]!, minima[i + 1] ?? Infinity);
  return minima;
}

function secondsOf(at: string): number {
  return Date.parse(at) / 1_000;
}

function iso(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}

function hours(seconds: number): string {
  return seconds < 2 * 3_600 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
