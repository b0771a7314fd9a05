/**
 * S18: a worker whose clock is further off than two minutes from the chain's appends nothing to the log, since nobody
 * could tell any more when it was written. Behind is certain: a block cannot be from the future. Ahead is told by a block
 * that came between two looks; a chain that stands still says nothing about the clock. Of several endpoints the kindest
 * counts, so that one that lies stops nothing. Proven by clock-guard.spec.ts.
 */
import { ClockSkewError } from '../errors.js';
import { isVaultStream, type Append, type Appended, type EventStore } from '../event-store/event-store.js';
import { PassingStore } from '../event-store/passing-store.js';
import type { BlockTime } from './chain.js';

/** Seconds; the audit allows no more (S18). */
export const CLOCK_TOLERANCE = 120;

interface Skew {
  readonly chain: string;
  readonly seconds: number;
  readonly where: 'behind' | 'ahead of';
}

export class ClockGuard {
  readonly #seen = new Map<string, { readonly number: number; readonly atMs: number }>();
  readonly #problems = new Map<string, Skew>();

  constructor(private readonly now: () => Date) {}

  /** What is wrong, and what to do; undefined while nothing is known to be. */
  get problem(): string | undefined {
    const [skew] = this.#problems.values();
    return skew && told(skew);
  }

  /** @param chain its name @param blocks the newest block of each endpoint */
  observe(chain: string, blocks: readonly BlockTime[]): void {
    if (blocks.length === 0) return;
    const nowMs = this.now().getTime();
    const behind = Math.min(...blocks.map(({ time }) => time)) - nowMs / 1000;
    if (behind > CLOCK_TOLERANCE) {
      this.#problems.set(chain, { chain, seconds: Math.round(behind), where: 'behind' });
      return;
    }
    const newest = blocks.reduce((a, b) => (b.number > a.number ? b : a));
    const seen = this.#seen.get(chain);
    const isNew = seen === undefined || newest.number > seen.number;
    if (isNew) this.#seen.set(chain, { number: newest.number, atMs: nowMs });
    // It was made after the last look, so it can be no older than that is ago.
    const ahead = seen && isNew ? seen.atMs / 1000 - newest.time : undefined;
    if (ahead !== undefined && ahead > CLOCK_TOLERANCE) {
      this.#problems.set(chain, { chain, seconds: Math.round(ahead), where: 'ahead of' });
    } else if (ahead !== undefined || this.#problems.get(chain)?.where === 'behind') {
      this.#problems.delete(chain);
    }
  }

  /** @throws ClockSkewError */
  requireRight(): void {
    const [skew] = this.#problems.values();
    if (skew) throw new ClockSkewError(told(skew), skew);
  }
}

function told({ chain, seconds, where }: Skew): string {
  return (
    `this machine's clock is ${seconds} s ${where} the newest block of "${chain}", and more than ${CLOCK_TOLERANCE} s is ` +
    'too much: nothing is written until it is right (S18). Set the clock (chrony, systemd-timesyncd or ntpd must run); if ' +
    'it is right, the endpoints in RPC_URLS are wrong: name others'
  );
}

/** A store that takes nothing for the log while the clock is wrong. What is in no log has no time that others rely on. */
export class ClockGuardedStore extends PassingStore {
  constructor(
    store: EventStore,
    private readonly clock: ClockGuard,
  ) {
    super(store);
  }

  override async append(append: Append): Promise<Appended> {
    if (!isVaultStream(append.stream)) this.clock.requireRight();
    return super.append(append);
  }

  override async appendMany(appends: readonly Append[]): Promise<readonly Appended[]> {
    if (appends.some(({ stream }) => !isVaultStream(stream))) this.clock.requireRight();
    return super.appendMany(appends);
  }
}
