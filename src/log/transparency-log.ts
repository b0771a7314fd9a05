/**
 * A node's own copy of the log: it follows the store, hashes every entry's stored bytes (S14) into one RFC 9162 tree in
 * the store's total order (S15), folds the standing of every organisation, definition and status list (S1), and compares
 * every head that was signed with the tree at its place in the order.
 * Each node derives the same by itself and keeps it in a file of its own (`log-file.ts`), so that a start reads only what
 * came after; only a worker signs heads (`head-signer.ts`).
 * Proven by transparency-log.spec.ts and transparency-log.int.spec.ts.
 */
import { STANDING_STREAM } from '../anchoring/anchoring.events.js';
import { outdatesLists, StandingState, type MadeLeaf } from '../anchoring/standing-state.js';
import { toBase64 } from '../encoding/base64.js';
import { equalBytes } from '../encoding/bytes.js';
import { InvariantError } from '../errors.js';
import type { EventStore, Head as StoreHead, Position, StoredEvent, Subscription } from '../event-store/event-store.js';
import { hashLeaf } from './hash.js';
import { LogFile, type SavedState } from './log-file.js';
import { contradictionOf, SIGNED_HEADS_STREAM, signedHeadSchema, type SignedHead } from './signed-heads.js';
import { StandingSnapshot, StandingTree } from './standing-tree.js';
import { TiledTree } from './tiled-tree.js';

/** Entries after which the file is written again: what a start after a crash has to read at most. */
const SAVE_EVERY = 4_096;
/** Signed heads that wait for that in memory at most. */
const UNSAVED_HEADS = 1_024;
/** Snapshots kept besides those under batches: the newest ones, for bundles of what is not anchored yet. */
const NEWEST_SNAPSHOTS = 16;

export interface TransparencyLogOptions {
  /** Folder of this node's own, `DATA_DIR/log`; without one all is kept in memory. */
  readonly folder?: string;
  /** Told what an operator should know: that the file is made again, and why. */
  readonly report?: (message: string) => void;
}

export class TransparencyLog {
  readonly tree: TiledTree;
  readonly #folder: string | undefined;
  readonly #report: (message: string) => void;
  #file: LogFile | undefined;
  #standing = new StandingState();
  readonly #standingTree = new StandingTree();
  /** As of the whole tree; absent when something has changed since. */
  #standingNow: { readonly root: string; readonly leaves: readonly MadeLeaf[] } | undefined;
  /** By index, oldest first. */
  readonly #snapshots = new Map<number, StandingSnapshot>();
  readonly #batches = new Map<string, number>();
  readonly #unsavedHeads = new Map<number, SignedHead>();
  readonly #listeners = new Set<(event: StoredEvent) => void>();
  readonly #headListeners = new Set<() => void>();
  #position: Position = 0n;
  #entryPosition: Position | undefined;
  #savedSize = 0;
  #neededFrom = 0;
  #newestStanding = -1;
  #newestStated = -1;
  #newestHappening = -1;
  #newestStatusChange = -1;
  #standingRevision = -1;
  #headRevision = -1;
  #latestHead: SignedHead | undefined;
  #problem: string | undefined;
  #waiters: { size: number; resolve: () => void; reject: (reason: unknown) => void }[] = [];
  #subscription: Subscription | undefined;
  #failure: InvariantError | undefined;
  readonly #done: Promise<void>;
  #failed: (error: unknown) => void = () => undefined;

  constructor(
    private readonly store: EventStore,
    options: TransparencyLogOptions = {},
  ) {
    this.#folder = options.folder;
    this.#report = options.report ?? (() => undefined);
    this.tree = new TiledTree({ tile: (level, number) => this.#file?.tile(level, number) }, () =>
      this.#file?.distrust(),
    );
    this.#done = new Promise((_, reject) => (this.#failed = reject));
    // Whoever does not listen learns it from what waits.
    this.#done.catch(() => undefined);
  }

  /** Takes up what was kept, follows the store, and resolves when all that was there at the call is in the tree. */
  async start(): Promise<void> {
    const head = await this.store.head();
    this.#file = LogFile.open(this.#folder, (message) => this.#reportRemaking(message));
    await this.#takeUp(this.#file, head);
    this.#subscription = this.store.subscribe({ after: this.#position }, (events) => {
      for (const event of events) this.#add(event);
      if (this.tree.size - this.#savedSize >= SAVE_EVERY || this.#unsavedHeads.size >= UNSAVED_HEADS) this.#save();
      this.#wake();
      return Promise.resolve();
    });
    this.#subscription.done.catch((error: unknown) => this.#fail(error));
    await this.reached(head.logSize);
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop();
    if (this.#subscription && !this.#failure) this.#save();
    this.#file?.close();
    this.#refuse(new InvariantError('the log is closed'));
  }

  /** Resolves when the tree has at least this many entries. */
  reached(size: number): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.tree.size >= size) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ size, resolve, reject }));
  }

  /** Rejects when the log can no longer be followed. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Calls back for each entry after it is in the tree; returns the function that ends it. */
  onEntry(listener: (event: StoredEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls back whenever `latestHead` or `problem` may have changed; returns the function that ends it. */
  onHead(listener: () => void): () => void {
    this.#headListeners.add(listener);
    return () => this.#headListeners.delete(listener);
  }

  /** The largest head in the store that was signed, if it is of this tree. */
  get latestHead(): SignedHead | undefined {
    return this.#latestHead;
  }

  /** Revision of the newest event of `vault-signed-heads`; −1 before the first. */
  get headRevision(): number {
    return this.#headRevision;
  }

  /** Why this node's tree is not everybody's, if a head was signed that contradicts it (S15). Never taken back. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The head that was signed at a size. */
  headAt(size: number): SignedHead | undefined {
    return this.#unsavedHeads.get(size) ?? this.#file?.head(size);
  }

  /** The root of the standing as of the whole tree, and how many leaves it has. */
  standingNow(): { root: string; leaves: number; size: number } {
    const { root, leaves } = this.#standingOfNow();
    return { root, leaves: leaves.length, size: this.tree.size };
  }

  /** The standing behind the record at a log index: under batches from the newest final one on, and the newest ones. */
  snapshot(index: number): StandingSnapshot | undefined {
    return this.#snapshots.get(index);
  }

  /** The newest standing record's snapshot, at most at a log size. */
  newestSnapshot(size = this.tree.size): StandingSnapshot | undefined {
    return [...this.#snapshots.values()].findLast(({ index }) => index < size);
  }

  /** Revision of the newest standing record; −1 before the first. */
  get standingRevision(): number {
    return this.#standingRevision;
  }

  /** Index of the newest entry that is more than the log's own book-keeping; −1 in an empty log. */
  get newestHappening(): number {
    return this.#newestHappening;
  }

  /** Index of the newest change of a credential's status; −1 before the first. */
  get newestStatusChange(): number {
    return this.#newestStatusChange;
  }

  /** True when an organisation, a definition or a list has changed since the newest standing record. */
  get standingIsStale(): boolean {
    return this.#newestStanding < this.#newestStated;
  }

  #add(event: StoredEvent): void {
    // Stores deliver at least once.
    if (event.position <= this.#position) return;
    if (event.stream === SIGNED_HEADS_STREAM) this.#addHead(event);
    if (event.index !== undefined && event.entry) this.#addEntry(event, event.index, event.entry);
    this.#position = event.position;
  }

  #addEntry(event: StoredEvent, index: number, entry: Uint8Array): void {
    if (index !== this.tree.size) {
      // S15: the tree of this node would not be everybody's. Nothing can be served from here on.
      throw new InvariantError(`log index ${index} came where ${this.tree.size} was due`);
    }
    if (event.stream === STANDING_STREAM) {
      this.#addStanding(event, index);
      this.#standingRevision = event.revision;
    } else if (!event.stream.startsWith('batch-')) {
      this.#newestHappening = index;
    }
    this.tree.appendEntry(entry);
    this.#entryPosition = event.position;
    if (outdatesLists(event)) this.#newestStatusChange = index;
    if (this.#standing.apply(event)) {
      this.#newestStated = index;
      this.#standingNow = undefined;
    }
    if (event.type === 'BatchSealed') this.#batches.set(event.stream, Number(event.data['size']));
    if (event.type === 'AnchorFinalised') this.#forgetBefore(this.#batches.get(event.stream) ?? 0);
    for (const listener of this.#listeners) listener(event);
  }

  /**
   * A record is good whose root is that of all entries before it, whatever its writer had read (S1). One whose writer had
   * read all of them cannot have another root, unless two nodes fold differently. All others were overtaken on their way
   * into the log: they count for no head.
   */
  #addStanding({ data }: StoredEvent, index: number): void {
    const { root, leaves } = this.#standingOfNow();
    const size = data['size'];
    if (typeof size !== 'number' || size > index) return;
    if (data['root'] === root && data['leaves'] === leaves.length) {
      this.#snapshots.set(index, new StandingSnapshot(index, root, leaves, this.#newestStatusChange));
      this.#newestStanding = index;
      this.#dropSnapshots();
    } else if (size === index) {
      throw new InvariantError(
        `standing at index ${index}: recorded root ${JSON.stringify(data['root'])}, own ${root} (S1)`,
      );
    }
  }

  /** S15: whoever signed it had all the entries that are before it here. */
  #addHead(event: StoredEvent): void {
    this.#headRevision = event.revision;
    const head = signedHeadSchema.parse(event.data);
    const contradiction = contradictionOf(this.tree, head);
    if (contradiction === undefined) {
      this.#unsavedHeads.set(head.size, head);
      if (head.size >= (this.#latestHead?.size ?? 0)) this.#latestHead = head;
    } else {
      this.#problem ??= contradiction;
    }
    for (const listener of this.#headListeners) listener();
  }

  /** Bundles are made for the newest final anchor, so older snapshots are never asked for again. */
  #forgetBefore(size: number): void {
    if (size - 1 <= this.#neededFrom) return;
    this.#neededFrom = size - 1;
    for (const [stream, sealed] of this.#batches) if (sealed < size) this.#batches.delete(stream);
    this.#dropSnapshots();
  }

  #dropSnapshots(): void {
    const underBatches = new Set([...this.#batches.values()].map((size) => size - 1));
    const newest = new Set([...this.#snapshots.keys()].slice(-NEWEST_SNAPSHOTS));
    for (const index of this.#snapshots.keys()) {
      const isNeeded = index >= this.#neededFrom && (underBatches.has(index) || newest.has(index));
      if (!isNeeded) this.#snapshots.delete(index);
    }
  }

  #standingOfNow(): { readonly root: string; readonly leaves: readonly MadeLeaf[] } {
    if (this.#standingNow) return this.#standingNow;
    const leaves = this.#standing.made();
    this.#standingTree.become(leaves);
    return (this.#standingNow = { root: toBase64(this.#standingTree.root()), leaves });
  }

  /** What was kept, if it is sound and of this store; else nothing, and the file is made anew. */
  async #takeUp(file: LogFile, head: StoreHead): Promise<void> {
    let unfit: string | undefined;
    try {
      const state = file.load();
      // Without it the rest is of no use, and may be what was distrusted.
      if (!state) return file.reset();
      this.#restore(file, state);
    } catch (error) {
      // Whatever is wrong with it, all of it is in the store.
      unfit = error instanceof Error ? error.message : String(error);
    }
    unfit ??= await this.#strangeness(head);
    if (unfit === undefined) return;
    this.#reportRemaking(unfit);
    this.#forgetAll();
    file.reset();
  }

  /** @throws any error where the file is damaged */
  #restore(file: LogFile, state: SavedState): void {
    this.tree.restore(state.size);
    requireSame('root of the tree', state.root, toBase64(this.tree.root()));
    const versions = file.leaves();
    // By stream and age: of each stream the last one before the index.
    const asOf = (index: number): MadeLeaf[] => {
      const before = versions.filter(({ since }) => since < index);
      return before.filter(({ stream }, i) => before[i + 1]?.stream !== stream);
    };
    this.#standing = StandingState.restored(asOf(state.size));
    requireSame('root of the standing', state.standingRoot, this.#standingOfNow().root);
    for (const { index, root, newestStatusChange } of state.snapshots) {
      const snapshot = new StandingSnapshot(index, root, asOf(index), newestStatusChange);
      requireSame(`root of the standing at ${index}`, root, snapshot.ownRoot());
      this.#snapshots.set(index, snapshot);
    }
    for (const [stream, size] of state.batches) this.#batches.set(stream, size);
    if (state.headSize !== undefined) {
      const head = file.head(state.headSize);
      if (!head) throw new InvariantError(`the signed head of ${state.headSize} entries is not there`);
      requireSame('contradiction of the newest signed head', undefined, contradictionOf(this.tree, head));
      this.#latestHead = head;
    }
    this.#position = state.position;
    this.#entryPosition = state.entryPosition;
    this.#savedSize = state.size;
    this.#neededFrom = state.neededFrom;
    this.#newestStanding = state.newestStanding;
    this.#newestStated = state.newestStated;
    this.#newestHappening = state.newestHappening;
    this.#newestStatusChange = state.newestStatusChange;
    this.#standingRevision = state.standingRevision;
    this.#headRevision = state.headRevision;
  }

  /** How what was kept shows that it is not of this store; undefined where it is. */
  async #strangeness({ position, logSize }: StoreHead): Promise<string | undefined> {
    const { size } = this.tree;
    if (this.#position > position || size > logSize) return 'it is ahead of the store';
    if (size > 0) {
      const [last] = await this.store.readLog({ from: size - 1, limit: 1 });
      if (!last?.entry || last.position !== this.#entryPosition) return 'it is of another store';
      if (!equalBytes(hashLeaf(last.entry), this.tree.leafHash(size - 1))) return 'it is of another log';
    }
    if (this.#headRevision >= 0) {
      const [signed] = await this.store.readStream(SIGNED_HEADS_STREAM, { fromRevision: this.#headRevision });
      const head = signed && this.headAt(Number(signed.data['size']));
      if (!head || head.root !== signed.data['root']) return 'its signed heads are not those of the store';
    }
    return undefined;
  }

  #forgetAll(): void {
    this.tree.restore(0);
    this.#standing = new StandingState();
    this.#standingNow = undefined;
    this.#snapshots.clear();
    this.#batches.clear();
    this.#latestHead = undefined;
    this.#position = 0n;
    this.#entryPosition = undefined;
    this.#savedSize = 0;
    this.#neededFrom = 0;
    this.#newestStanding = -1;
    this.#newestStated = -1;
    this.#newestHappening = -1;
    this.#newestStatusChange = -1;
    this.#standingRevision = -1;
    this.#headRevision = -1;
  }

  /** Between two calls of the subscription's handler, so that all of it is as of one position. */
  #save(): void {
    // What contradicts the store is not kept: the next start finds the same by itself.
    if (this.#problem !== undefined) return;
    const now = this.#standingOfNow();
    const snapshots = [...this.#snapshots.values()];
    const leaves = new Set<MadeLeaf>();
    for (const of of [now, ...snapshots]) {
      for (const leaf of of.leaves) if (leaf.since >= this.#savedSize) leaves.add(leaf);
    }
    this.#file?.save({
      state: {
        position: this.#position,
        size: this.tree.size,
        root: toBase64(this.tree.root()),
        entryPosition: this.#entryPosition,
        standingRoot: now.root,
        newestStanding: this.#newestStanding,
        newestStated: this.#newestStated,
        newestHappening: this.#newestHappening,
        newestStatusChange: this.#newestStatusChange,
        standingRevision: this.#standingRevision,
        headRevision: this.#headRevision,
        headSize: this.#latestHead?.size,
        batches: [...this.#batches],
        neededFrom: this.#neededFrom,
        snapshots: snapshots.map(({ index, root, newestStatusChange }) => ({ index, root, newestStatusChange })),
      },
      tiles: this.tree.unsaved(),
      leaves,
      heads: this.#unsavedHeads.values(),
    });
    this.tree.saved();
    this.#unsavedHeads.clear();
    this.#savedSize = this.tree.size;
  }

  #reportRemaking(why: string): void {
    this.#report(`what this node keeps of the log is made again from the store: ${why}`);
  }

  #fail(error: unknown): void {
    this.#failed(error);
    const why = error instanceof Error ? error.message : String(error);
    this.#refuse(new InvariantError(`the log can no longer be followed: ${why}`, { cause: error }));
  }

  #refuse(failure: InvariantError): void {
    this.#failure ??= failure;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#failure);
  }

  #wake(): void {
    const ready = this.#waiters.filter(({ size }) => size <= this.tree.size);
    this.#waiters = this.#waiters.filter(({ size }) => size > this.tree.size);
    for (const waiter of ready) waiter.resolve();
  }
}

function requireSame(what: string, expected: string | undefined, got: string | undefined): void {
  if (expected !== got) throw new InvariantError(`${what}: expected ${expected ?? 'none'}, got ${got ?? 'none'}`);
}
