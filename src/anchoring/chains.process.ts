/**
 * All chains that the ledger anchors on: the first that lives is the main one, whose anchors bundles show; the others are
 * witnesses that take the newest head now and then. Each is opened, watched and mended for itself. One that was closed
 * (S10) is left alone from then on, and the next one takes its place. Proven by chains.process.spec.ts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { InvariantError } from '../errors.js';
import type { ReadModels } from '../event-store/projections.js';
import type { Anchorer } from './anchorer.js';
import { ChainError, type Chain } from './chain.js';
import type { ChainHandle } from './chain-handle.process.js';
import type { ChainAccess } from './chain-reader.js';

const LOOK_MS = 5_000;

type Handle = Pick<
  ChainHandle,
  'plan' | 'ready' | 'start' | 'look' | 'anchorer' | 'details' | 'onReady' | 'stop' | 'status'
>;

export class Chains implements ChainAccess {
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param handles at least one, in the order of CHAIN
   * @param closed chains that have ended, by id, with when (ISO 8601); one that ends later is added to it
   */
  constructor(
    readonly handles: readonly Handle[],
    private readonly closed: ReadonlyMap<number, string>,
  ) {
    if (handles.length === 0) throw new InvariantError('a ledger without a chain');
  }

  /** The main chain, once it is ready. */
  get ready(): Chain | undefined {
    return this.#main?.ready;
  }

  get mainChainId(): number {
    return (this.#main ?? this.handles[0]!).plan.chainId;
  }

  /** Milliseconds between two looks at an anchor that is on its way to the main chain. */
  get pollMs(): number {
    return (this.#main ?? this.handles[0]!).plan.pollMs;
  }

  isMain(chainId: number): boolean {
    return this.#main?.plan.chainId === chainId;
  }

  /** Whether the newest head goes there now and then: it is not the main one, and lives. */
  isWitness(chainId: number): boolean {
    return !this.isMain(chainId) && !this.closed.has(chainId);
  }

  /** Whether anything is anchored there: it is in CHAIN, and lives. */
  isUsed(chainId: number): boolean {
    return this.#open.some(({ plan }) => plan.chainId === chainId);
  }

  byId(chainId: number): Chain | undefined {
    return this.#open.find(({ plan }) => plan.chainId === chainId)?.ready;
  }

  start(): void {
    for (const handle of this.#open) handle.start();
    // What fails here is told by whoever anchors there.
    this.#timer = setInterval(() => {
      for (const handle of this.#open) handle.look().catch(() => undefined);
    }, LOOK_MS);
    this.#timer.unref();
  }

  /**
   * That of the main chain.
   * @throws ChainError chainClosed where every chain has ended
   * @see ChainHandle.anchorer
   */
  async anchorer(readModels: ReadModels): Promise<Anchorer> {
    if (this.#main) return this.#main.anchorer(readModels);
    const names = this.handles.map(({ plan }) => `"${plan.name}"`).join(', ');
    throw new ChainError(
      'chainClosed',
      `${names}: every chain in CHAIN was closed; name one that lives, with its endpoints in RPC_URLS, and restart`,
    );
  }

  /** What is known of each, without what keeps anchors from it. */
  statuses(readModels: ReadModels): readonly ReturnType<ChainHandle['status']>[] {
    return this.handles.map((handle) => {
      const { name, chainId, embedded } = handle.plan;
      const closedAt = this.closed.get(chainId);
      if (closedAt === undefined) return handle.status(readModels);
      const warning = `"${name}" was closed on ${closedAt}, nothing is anchored there: take it out of CHAIN`;
      return { name, chainId, embedded, isMain: false, warning };
    });
  }

  /**
   * Waits until every chain was compared with the store, before anything is signed (S16). Where one cannot be reached
   * there is nothing to compare with: this returns, and the comparison is made as soon as it can be.
   * @param readModels that have everything in the store
   * @param deadlineMs how long to wait at most, in milliseconds
   * @throws ConfigError where the store is older than what is anchored
   */
  async compared(readModels: ReadModels, deadlineMs: number): Promise<void> {
    const done = new AbortController();
    const compared = Promise.all(
      this.#open.map((handle) =>
        handle.anchorer(readModels).then(
          () => undefined,
          (error: unknown) => {
            if (!(error instanceof ChainError)) throw error;
          },
        ),
      ),
    );
    // What comes after the deadline comes again to whoever asks for the anchorer next.
    compared.catch(() => undefined);
    const deadline = delay(deadlineMs, undefined, { signal: done.signal }).catch(() => undefined);
    await Promise.race([compared, deadline]).finally(() => done.abort());
  }

  details(chainId: number): { rpcUrls?: readonly string[]; embedded?: boolean } {
    return this.handles.find(({ plan }) => plan.chainId === chainId)?.details ?? {};
  }

  onReady(listener: () => void): void {
    for (const handle of this.handles) handle.onReady(listener);
  }

  get #open(): readonly Handle[] {
    return this.handles.filter(({ plan }) => !this.closed.has(plan.chainId));
  }

  get #main(): Handle | undefined {
    return this.#open[0];
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.handles.map((handle) => handle.stop()));
  }
}
