/** A store over another one that passes everything on: those that restrict what may be written override just that. */
import type { Append, Appended, EventStore, Head, Position, StoredEvent, Subscription } from './event-store.js';

export class PassingStore implements EventStore {
  constructor(protected readonly store: EventStore) {}

  append(append: Append): Promise<Appended> {
    return this.store.append(append);
  }

  appendMany(appends: readonly Append[]): Promise<readonly Appended[]> {
    return this.store.appendMany(appends);
  }

  deleteStream(stream: string): Promise<void> {
    return this.store.deleteStream(stream);
  }

  readStream(stream: string, options?: { fromRevision?: number }): Promise<readonly StoredEvent[]> {
    return this.store.readStream(stream, options);
  }

  readAll(options: { after?: Position; limit: number; bare?: boolean }): Promise<readonly StoredEvent[]> {
    return this.store.readAll(options);
  }

  readLog(options: { from: number; limit: number }): Promise<readonly StoredEvent[]> {
    return this.store.readLog(options);
  }

  head(): Promise<Head> {
    return this.store.head();
  }

  subscribe(options: { after?: Position }, handler: (events: readonly StoredEvent[]) => Promise<void>): Subscription {
    return this.store.subscribe(options, handler);
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
