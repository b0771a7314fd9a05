/**
 * Changing the epoch (S23), step by step; after a crash anywhere the same call goes on where it was:
 *
 * 1. A new epoch key comes to the file: from now on every node wraps new keys under it.
 * 2. Every living key that an older epoch wraps is wrapped anew, one more event in its own vault stream. Holders that are
 *    erased, or on the list to be, are passed over.
 * 3. Keys that were wrapped before 1 and committed after 2 was read: the store is read again, after a while in which any
 *    such append has ended, until a whole pass finds nothing to do.
 * 4. The older epoch keys are destroyed. Whatever an old copy of the store holds under them is dead: every wrapping of an
 *    erased holder's key, and the older wrappings in the streams of the living.
 *
 * Crash before 1: nothing happened. Between 1 and 4: the file holds several keys, everything opens, and the change is
 * taken up again. Memory is bounded by a page of stream names. Proven by epoch-change.int.spec.ts.
 */
import { ConcurrencyError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import type { ReadModels } from '../event-store/projections.js';
import type { EpochKeys } from './epoch-keys.js';
import { keyCounts, keysBefore } from './keys.read.js';
import { holderVault, type Vault } from './vault.js';

const PAGE = 256;

/** The parts of a ledger that a change of epochs needs. */
export interface EpochScope {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly epochs: EpochKeys;
  readonly vault: Vault;
  readonly now: () => Date;
  /** UUIDs of the holders on the erasure list. */
  readonly erased: () => readonly string[];
  /**
   * How long an append may take from `Vault.checkEpochs` to its end. A process that is held up longer than this between
   * the two, while another ends the epoch, loses the key that it has just made.
   */
  readonly graceMs: number;
}

export interface EpochProgress {
  /** The epoch that the change leads to. */
  readonly epoch: number;
  /** Keys wrapped anew so far, by this process. */
  readonly rewrapped: number;
  /** Keys under earlier epochs, as this node's tables have it; those of deleted streams among them. */
  readonly left: number;
}

/**
 * Changes the epoch, or finishes a change that was begun.
 * @param report is called after every page
 * @param stopped true ends it between two steps; it is taken up again another time
 * @returns whether it came to its end
 * @throws UnavailableError while another process writes the file
 */
export async function changeEpoch(
  scope: EpochScope,
  report: (progress: EpochProgress) => void = () => undefined,
  stopped: () => boolean = () => false,
): Promise<boolean> {
  const { epochs, now, graceMs } = scope;
  epochs.refresh();
  if (epochs.ending.length === 0) epochs.begin(now().toISOString());
  const target = epochs.current;
  // The monotonic clock: a clock that is set forward must not shorten it, nor a machine that sleeps.
  const settled = performance.now() + graceMs;
  let rewrapped = 0;
  const tell = (): void => {
    const { earlier } = keyCounts(scope.readModels.db, epochs.current);
    report({ epoch: epochs.current, rewrapped, left: earlier });
  };
  for (;;) {
    const isSettled = performance.now() >= settled;
    const { position } = await scope.store.head();
    await scope.readModels.caughtUp(position);
    const busy = await pass(scope, stopped, (count) => {
      rewrapped += count;
      tell();
    });
    if (stopped()) return false;
    epochs.refresh();
    // Another node came to the end first; what it may have begun since is another change.
    if (epochs.current !== target || epochs.ending.length === 0) return true;
    if (isSettled && !busy) break;
    if (!busy) await pause(Math.min(Math.max(settled - performance.now(), 1), 200));
  }
  epochs.destroyBefore(target);
  tell();
  return true;
}

/** Wraps anew whatever the tables say is under an earlier epoch. @returns whether there was anything to do */
async function pass(
  { readModels, epochs, vault, now, erased }: EpochScope,
  stopped: () => boolean,
  done: (count: number) => void,
): Promise<boolean> {
  const passedOver = new Set(erased().map(holderVault));
  let busy = false;
  let after = '';
  while (!stopped()) {
    const streams = keysBefore(readModels.db, epochs.current, after, PAGE);
    const last = streams.at(-1);
    if (last === undefined) break;
    after = last;
    // All at once: the store commits them in groups.
    const outcomes = await Promise.all(
      streams
        .filter((stream) => !passedOver.has(stream))
        .map((stream) => vault.rewrap(stream, now().toISOString()).catch(ifBusy)),
    );
    if (outcomes.some((outcome) => outcome === 'wrapped' || outcome === 'busy')) busy = true;
    done(outcomes.filter((outcome) => outcome === 'wrapped').length);
  }
  return busy;
}

function ifBusy(error: unknown): 'busy' {
  if (error instanceof ConcurrencyError) return 'busy';
  throw error;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
