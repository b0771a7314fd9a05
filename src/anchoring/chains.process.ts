/**
 * All chains that the ledger anchors on: the first is the main one, whose anchors bundles show; the others are witnesses
 * that take the newest head now and then. Each is opened, watched and mended for itself.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { InvariantError } from '../errors.js';
import type { ReadModels } from '../event-store/projections.js';
import type { Anchorer } from './anchorer.js';
import { ChainError, type Chain } from './chain.js';
import type { ChainHandle } from './chain-handle.process.js';
import type { ChainAccess } from './chain-reader.js';

const LOOK_MS = 5_000;

export class Chains implements ChainAccess {
  readonly #main: ChainHandle;
  #timer: NodeJS.Timeout | undefined;

  /** @param handles at least one; the main one first */
  constructor(readonly handles: readonly ChainHandle[]) {
    const [main] = handles;
    if (!main) throw new InvariantError('a ledger without a chain');
    this.#main = main;
  }

  /** The main chain, once it is ready. */
  get ready(): Chain | undefined {
    return this.#main.ready;
  }

  get mainChainId(): number {
    return this.#main.plan.chainId;
  }

  byId(chainId: number): Chain | undefined {
    return this.handles.find(({ plan }) => plan.chainId === chainId)?.ready;
  }

  get witnesses(): readonly ChainHandle[] {
    return this.handles.slice(1);
  }

  start(): void {
    for (const handle of this.handles) handle.start();
    // What fails here is told by whoever anchors there.
    this.#timer = setInterval(() => {
      for (const handle of this.handles) handle.look().catch(() => undefined);
    }, LOOK_MS);
    this.#timer.unref();
  }

  /** @see ChainHandle.anchorer */
  anchorer(readModels: ReadModels): Promise<Anchorer> {
    return this.#main.anchorer(readModels);
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
      this.handles.map((handle) =>
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

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.handles.map((handle) => handle.stop()));
  }
}
