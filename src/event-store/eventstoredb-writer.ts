/**
 * The child process of eventstoredb.int.spec.ts: writers append to EventStoreDB, each its stream from the start, with
 * ids that follow from their place, until they are done or killed; each append that has resolved is acknowledged by a
 * line on standard output. Run again, it appends the same again.
 * Arguments: connection string, index file, prefix, appends a writer.
 */
import { writeSync } from 'node:fs';
import { draft } from './conformance-draft.js';
import { NO_STREAM, type StoredEvent } from './event-store.js';
import { openEventStoreDb } from './eventstoredb.js';

const WRITERS = 16;
const [url = '', indexFile = '', prefix = '', appends = '0'] = process.argv.slice(2);
const store = await openEventStoreDb({ url, indexFile, prefix });

function idOf(writer: number, n: number): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  return `${hex(writer, 8)}-0000-4000-8000-${hex(n, 12)}`;
}

function say({ id, position, index }: StoredEvent): void {
  writeSync(1, `${JSON.stringify({ id, position: String(position), index })}\n`);
}

await Promise.all(
  Array.from({ length: WRITERS }, async (_, writer) => {
    const stream = `${writer % 4 === 0 ? 'vault-' : ''}s-${writer}`;
    for (let n = 0; n < Number(appends); n++) {
      const events = [draft({ n, text: 'x'.repeat(20 * writer) }, { id: idOf(writer, n) })];
      const appended = await store.append({ stream, expectedRevision: n === 0 ? NO_STREAM : n - 1, events });
      for (const event of appended.events) say(event);
    }
  }),
);
await store.close();
