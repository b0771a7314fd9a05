/**
 * A store in memory that behaves as one without transactions over several streams (`appendMany` writes one append after
 * the other, S7's `reads` are checked before and after, and what is stale only afterwards stays), with crashes and what
 * others do meanwhile in a test's hand.
 */
import { InvariantError, LateStaleReadError } from '../errors.js';
import type { Append, Appended, EventStore } from './event-store.js';
import { openMemoryEventStore } from './memory.js';
import type { EventTypes } from './upcasting.js';

export class Crash extends InvariantError {
  constructor() {
    super('crashed here');
    this.name = 'Crash';
  }
}

export class LateStore implements EventStore {
  readonly #store: EventStore;
  /** Appends of an `appendMany` that are still written before the crash; undefined: no crash. */
  crashAfter: number | undefined;
  /** What happens right before an append is written: after its `reads` were checked. */
  meanwhile: (append: Append) => Promise<void> = async () => undefined;
  /** Appends of the last `appendMany`. */
  lastMany: readonly Append[] = [];

  constructor(types?: EventTypes) {
    this.#store = openMemoryEventStore(types);
  }

  async append(append: Append): Promise<Appended> {
    const { reads = [], ...rest } = append;
    // Before: refused as everywhere, and nothing is written.
    if (reads.length > 0)
      await this.#store.append({ ...append, stream: `check-${crypto.randomUUID()}`, expectedRevision: -1, events: [] });
    await this.meanwhile(append);
    const appended = await this.#store.append(rest);
    const index = appended.events[0]?.index ?? Infinity;
    for (const { stream, revision } of reads) {
      const before = (await this.#store.readStream(stream)).filter((event) => (event.index ?? Infinity) < index);
      const actual = before.at(-1)?.revision ?? -1;
      // After: it is in the log for ever.
      if (actual !== revision) throw new LateStaleReadError(stream, revision, actual, appended);
    }
    return appended;
  }

  async appendMany(appends: readonly Append[]): Promise<readonly Appended[]> {
    this.lastMany = appends;
    const done: Appended[] = [];
    for (const append of appends) {
      if (this.crashAfter !== undefined && this.crashAfter === done.length) this.#crash();
      done.push(await this.append(append));
    }
    if (this.crashAfter !== undefined && this.crashAfter === done.length) this.#crash();
    return done;
  }

  #crash(): never {
    this.crashAfter = undefined;
    throw new Crash();
  }

  readStream: EventStore['readStream'] = (stream, options) => this.#store.readStream(stream, options);
  readAll: EventStore['readAll'] = (options) => this.#store.readAll(options);
  readLog: EventStore['readLog'] = (options) => this.#store.readLog(options);
  head: EventStore['head'] = () => this.#store.head();
  subscribe: EventStore['subscribe'] = (options, handler) => this.#store.subscribe(options, handler);
  deleteStream: EventStore['deleteStream'] = (stream) => this.#store.deleteStream(stream);
  close: EventStore['close'] = () => this.#store.close();
}
