/**
 * A subscription to a store that can read its total order and say when there is more: first what is there, then what
 * comes, by the same reads, so there is no seam where an event could be lost or doubled.
 * Proven by the conformance suite.
 */
import type { Position, StoredEvent, Subscription } from './event-store.js';

/** Most events in one call of a handler. */
export const BATCH = 500;

export class Follower implements Subscription {
  /** Nobody listening to it when it rejects is an unhandled rejection: a dead subscription is never silent. */
  readonly done: Promise<void>;
  /** Resolves when the handler runs no more, however it ended. */
  readonly ended: Promise<void>;
  #stopping = false;
  /** The store is closing: what fails in the handler from now on fails because of that. */
  #closing = false;
  #more = false;
  #wake: () => void = () => {};

  constructor(
    private readonly read: (after: Position, limit: number) => Promise<readonly StoredEvent[]>,
    after: Position,
    private readonly handler: (events: readonly StoredEvent[]) => Promise<void>,
  ) {
    let ended: () => void = () => {};
    this.ended = new Promise((resolve) => (ended = resolve));
    this.done = this.#run(after).finally(ended);
  }

  /** There may be more to read. */
  notify(): void {
    this.#more = true;
    this.#wake();
  }

  /** Not to be awaited within the handler, which it waits for. */
  stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    return this.ended;
  }

  /** As `stop`, for a store that closes. */
  close(): Promise<void> {
    this.#closing = true;
    return this.stop();
  }

  async #run(after: Position): Promise<void> {
    try {
      // A turn of the event loop before each batch: catching up must not starve requests.
      for (await nextTurn(); !this.#stopping; await nextTurn()) {
        this.#more = false;
        const events = await this.read(after, BATCH);
        const last = events.at(-1);
        if (last) {
          await this.handler(events);
          after = last.position;
        } else if (!this.#more && !this.#stopping) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
    } catch (error) {
      if (!this.#closing) throw error;
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
