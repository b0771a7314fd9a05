/**
 * A node's own copy of the log: it follows the store, hashes every entry's stored bytes (S14) into one RFC 9162 tree in
 * the store's total order (S15), and folds the standing of every organisation, definition and status list (S1).
 * Each node derives the same tree by itself; only a worker signs heads (`head-signer.ts`).
 * Proven by transparency-log.spec.ts.
 */
import { STANDING_STREAM } from '../anchoring/anchoring.events.js';
import { StandingState } from '../anchoring/standing-state.js';
import { toBase64 } from '../encoding/base64.js';
import { InvariantError } from '../errors.js';
import type { EventStore, StoredEvent, Subscription } from '../event-store/event-store.js';
import { MerkleTree } from './merkle-tree.js';

/** The standing's leaves as they were when a record of them was made. */
export interface StandingSnapshot {
  /** Log index of the `StandingRecorded` event. */
  readonly index: number;
  /** Streams in the leaves' order. */
  readonly streams: readonly string[];
  /** JCS bytes of each leaf. */
  readonly leaves: readonly Uint8Array[];
  readonly tree: MerkleTree;
}

export class TransparencyLog {
  readonly tree = new MerkleTree();
  readonly standing = new StandingState();
  readonly #snapshots = new Map<number, StandingSnapshot>();
  readonly #batchSizes = new Map<string, number>();
  readonly #listeners = new Set<(event: StoredEvent) => void>();
  #newestStanding = -1;
  #newestStated = -1;
  #newestHappening = -1;
  #standingRevision = -1;
  #waiters: { size: number; resolve: () => void; reject: (reason: unknown) => void }[] = [];
  #subscription: Subscription | undefined;
  #failure: InvariantError | undefined;

  constructor(private readonly store: EventStore) {}

  /** Follows the store; resolves when all that was there at the call is in the tree. */
  async start(): Promise<void> {
    const { logSize } = await this.store.head();
    this.#subscription = this.store.subscribe({}, (events) => {
      for (const event of events) this.#add(event);
      this.#wake();
      return Promise.resolve();
    });
    this.#subscription.done.catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#fail(new InvariantError(`the log can no longer be followed: ${reason}`, { cause: error }));
    });
    await this.reached(logSize);
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop();
    this.#fail(new InvariantError('the log is closed'));
  }

  /** Resolves when the tree has at least this many entries. */
  reached(size: number): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.tree.size >= size) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ size, resolve, reject }));
  }

  /** Rejects when the log can no longer be followed. */
  get done(): Promise<void> {
    return this.#subscription?.done ?? Promise.resolve();
  }

  /** Calls back for each entry after it is in the tree; returns the function that ends it. */
  onEntry(listener: (event: StoredEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The root of the standing as of the whole tree, and how many leaves it has. */
  standingNow(): { root: string; leaves: number; size: number } {
    const { tree, leaves } = this.#leavesNow();
    return { root: toBase64(tree.root()), leaves: leaves.length, size: this.tree.size };
  }

  /** The standing behind the record at a log index, kept from the newest finally anchored one on. */
  snapshot(index: number): StandingSnapshot | undefined {
    return this.#snapshots.get(index);
  }

  /** The newest standing record's snapshot, at most at a log size. */
  newestSnapshot(size = this.tree.size): StandingSnapshot | undefined {
    const indexes = [...this.#snapshots.keys()].filter((index) => index < size);
    return indexes.length === 0 ? undefined : this.#snapshots.get(Math.max(...indexes));
  }

  /** Revision of the newest standing record; −1 before the first. */
  get standingRevision(): number {
    return this.#standingRevision;
  }

  /** Index of the newest entry that is more than the log's own book-keeping; −1 in an empty log. */
  get newestHappening(): number {
    return this.#newestHappening;
  }

  /** True when an organisation, a definition or a list has changed since the newest standing record. */
  get standingIsStale(): boolean {
    return this.#newestStanding < this.#newestStated;
  }

  #add(event: StoredEvent): void {
    if (event.index === undefined || !event.entry) return;
    if (event.index !== this.tree.size) {
      // S15: the tree of this node would not be everybody's. Nothing can be served from here on.
      throw new InvariantError(`log index ${event.index} came where ${this.tree.size} was due`);
    }
    if (event.stream === STANDING_STREAM) {
      this.#snapshotBefore(event);
      this.#standingRevision = event.revision;
    } else if (!event.stream.startsWith('batch-')) {
      this.#newestHappening = event.index;
    }
    this.tree.appendEntry(event.entry);
    if (this.standing.apply(event)) this.#newestStated = event.index;
    if (event.type === 'BatchSealed') this.#batchSizes.set(event.stream, Number(event.data['size']));
    if (event.type === 'AnchorFinalised') this.#forgetBefore(this.#batchSizes.get(event.stream) ?? 0);
    for (const listener of this.#listeners) listener(event);
  }

  #snapshotBefore(event: StoredEvent): void {
    const index = event.index ?? 0;
    if (event.data['size'] !== index) return;
    const { streams, leaves, tree } = this.#leavesNow();
    const root = toBase64(tree.root());
    if (root !== event.data['root']) {
      throw new InvariantError(
        `standing at index ${index}: recorded root ${JSON.stringify(event.data['root'])}, own ${root} (S1)`,
      );
    }
    this.#snapshots.set(index, { index, streams, leaves, tree });
    this.#newestStanding = index;
  }

  /** Bundles are made for the newest final anchor, so older snapshots are never asked for again. */
  #forgetBefore(size: number): void {
    for (const index of this.#snapshots.keys()) if (index < size - 1) this.#snapshots.delete(index);
  }

  #leavesNow(): { streams: string[]; leaves: Uint8Array[]; tree: MerkleTree } {
    const streams: string[] = [];
    const leaves: Uint8Array[] = [];
    const tree = new MerkleTree();
    for (const leaf of this.standing.leaves()) {
      const bytes = this.standing.bytesOf(leaf);
      streams.push(leaf.stream);
      leaves.push(bytes);
      tree.appendEntry(bytes);
    }
    return { streams, leaves, tree };
  }

  #fail(failure: InvariantError): void {
    this.#failure ??= failure;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#failure);
  }

  #wake(): void {
    const ready = this.#waiters.filter(({ size }) => size <= this.tree.size);
    this.#waiters = this.#waiters.filter(({ size }) => size > this.tree.size);
    for (const waiter of ready) waiter.resolve();
  }
}
