/**
 * S18: an entry's `at` is the node's word, its order is the index. Each may lie at most two minutes before the latest one
 * before it; what block times say of it is told with `ClockSegment`s to whoever reads the chains.
 * Proven by clock.spec.ts.
 */
import { CLOCK_TOLERANCE } from '../anchoring/clock-guard.js';
import type { Findings } from './findings.js';
import type { ClockSegment } from './log-audit.js';

const TOLERANCE_MS = CLOCK_TOLERANCE * 1_000;

interface Mark {
  index: number;
  at: number;
}

interface Open {
  readonly from: number;
  readonly earliest: Mark;
  readonly latest: Mark;
}

export interface SavedClock {
  readonly latest: Mark;
  readonly segments: readonly ClockSegment[];
  readonly open: Open | undefined;
}

export class Clock {
  #latest: Mark;
  #open: Open | undefined;
  readonly #segments: ClockSegment[];

  constructor(
    private readonly findings: Findings,
    saved: SavedClock = { latest: { index: -1, at: -Infinity }, segments: [], open: undefined },
  ) {
    this.#latest = { ...saved.latest };
    this.#segments = [...saved.segments];
    this.#open = saved.open;
  }

  /** The next entry, with its time in milliseconds since 1970; NaN where it has none: then it is no entry (S14). */
  tick(index: number, at: number): void {
    if (Number.isNaN(at)) return;
    if (at < this.#latest.at - TOLERANCE_MS) {
      const behind = Math.round((this.#latest.at - at) / 1_000);
      const detail = `at is ${iso(at)}, ${behind} s before that of entry ${this.#latest.index}; ${CLOCK_TOLERANCE} s are allowed`;
      this.findings.error('S18', 'clockWentBack', detail, index);
    }
    if (at > this.#latest.at) this.#latest = { index, at };
    const open = (this.#open ??= { from: index, earliest: { index, at }, latest: { index, at } });
    if (at < open.earliest.at) Object.assign(open.earliest, { index, at });
    if (at > open.latest.at) Object.assign(open.latest, { index, at });
  }

  /** A segment ends with this entry, which has ticked. */
  cut(index: number): void {
    if (!this.#open) return;
    this.#segments.push(closed(this.#open, index));
    this.#open = undefined;
  }

  /** @param size of the log: the last segment ends with its last entry */
  segments(size: number): readonly ClockSegment[] {
    return this.#open ? [...this.#segments, closed(this.#open, size - 1)] : [...this.#segments];
  }

  saved(): SavedClock {
    return { latest: this.#latest, segments: this.#segments, open: this.#open };
  }
}

function closed({ from, earliest, latest }: Open, to: number): ClockSegment {
  const told = ({ index, at }: Mark): ClockSegment['earliest'] => ({ index, at: iso(at) });
  return { from, to, earliest: told(earliest), latest: told(latest) };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
