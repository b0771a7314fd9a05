/** The event store in memory, for tests: the same rules as on disk, and nothing outlives the process. */
import { NO_STREAM, type EventStore } from './event-store.js';
import { fromUtf8 } from '../encoding/bytes.js';
import { GroupCommitStore, type BareRow, type Counters, type Row, type RowKey, type Storage } from './group-commit.js';
import type { EventTypes } from './upcasting.js';

/** An event store that holds its events in memory. */
export function openMemoryEventStore(types?: EventTypes): EventStore {
  return new GroupCommitStore(new MemoryStorage(), types);
}

/** Exported for tests in which several stores have one storage. */
export class MemoryStorage implements Storage {
  #counters: Counters = { position: 0, logSize: 0 };
  /** In total order. */
  #rows: (Row & RowKey)[] = [];
  readonly #streams = new Map<string, (Row & RowKey)[]>();
  readonly #log: Row[] = [];
  readonly #ids = new Set<string>();

  counters(): Counters {
    return this.#counters;
  }

  transaction(work: () => Counters): void {
    this.#counters = work();
  }

  savepoint<Result>(part: () => Result): Result {
    const kept = this.#rows.length;
    try {
      return part();
    } catch (error) {
      for (const row of this.#rows.splice(kept)) {
        // Undone from the stream's end: as many are taken from it as are undone, in whatever order.
        const events = this.#streams.get(row.stream)!;
        events.pop();
        if (events.length === 0) this.#streams.delete(row.stream);
        this.#ids.delete(row.id);
        if (row.index !== undefined) this.#log.pop();
      }
      throw error;
    }
  }

  revisionOf(stream: string): number {
    return this.#streams.get(stream)?.at(-1)?.revision ?? NO_STREAM;
  }

  insert(key: RowKey, row: Row): boolean {
    if (this.#ids.has(key.id)) return false;
    const kept = { ...key, ...row };
    this.#ids.add(key.id);
    this.#rows.push(kept);
    const events = this.#streams.get(key.stream);
    if (events) events.push(kept);
    else this.#streams.set(key.stream, [kept]);
    if (row.index !== undefined) this.#log.push(kept);
    return true;
  }

  erase(stream: string): boolean {
    for (const { id } of this.#streams.get(stream) ?? []) this.#ids.delete(id);
    this.#rows = this.#rows.filter((row) => row.stream !== stream);
    return this.#streams.delete(stream);
  }

  scrub(): void {}

  readStream(stream: string, fromRevision: number, limit: number): Row[] {
    return (this.#streams.get(stream) ?? []).slice(fromRevision, fromRevision + limit);
  }

  readAll(after: number, limit: number): Row[] {
    // The first row after a position, by halving: positions grow, and erased ones leave gaps.
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#rows[middle]!.position > after) high = middle;
      else low = middle + 1;
    }
    return this.#rows.slice(low, low + limit);
  }

  readBare(after: number, limit: number): BareRow[] {
    return this.readAll(after, limit).map(({ bytes, sealed: _, ...row }) => ({ ...row, text: fromUtf8(bytes) }));
  }

  readLog(from: number, limit: number): Row[] {
    return this.#log.slice(from, from + limit);
  }

  close(): void {}
}
