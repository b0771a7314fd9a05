/**
 * The child process of crash.int.spec.ts: many writers append to an event store until the process is killed or the
 * disk refuses, and each append that has resolved is acknowledged by a line on standard output.
 * Arguments: the file, a prefix for the streams of this run.
 */
import { writeSync } from 'node:fs';
import { draft } from './conformance-draft.js';
import { NO_STREAM } from './event-store.js';
import { openSqliteEventStore } from './sqlite.js';

const WRITERS = 64;
const [path = '', run = ''] = process.argv.slice(2);
const store = openSqliteEventStore(path);

/** Written with a system call of its own: what is in the pipe survives the kill. */
function say(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

async function write(writer: number): Promise<void> {
  const stream = `${writer % 4 === 0 ? 'vault-' : ''}${run}-${writer}`;
  for (let revision = NO_STREAM; ;) {
    const events = Array.from({ length: 1 + (writer % 3) }, () => draft({ text: 'x'.repeat(40 * writer) }));
    const appended = await store.append({ stream, expectedRevision: revision, events });
    revision = appended.events.at(-1)!.revision;
    for (const { id, position, index } of appended.events) say({ id, position: String(position), index });
  }
}

say({ ready: true });
try {
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
} catch (error) {
  say({ failed: error instanceof Error ? error.name : 'unknown', message: String(error) });
}
