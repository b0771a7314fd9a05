/**
 * A process that opens one log and does nothing else, for `bench.mjs`: how long that takes, what it holds in memory,
 * how long a proof takes. Arguments: the event store's file, the folder of what is kept of the log. Prints JSON.
 */
import { openSqliteEventStore } from '../dist/event-store/sqlite.js';
import { TransparencyLog } from '../dist/log/transparency-log.js';

const PROOFS = 5_000;
const [file, folder] = process.argv.slice(2);
const store = openSqliteEventStore(file);
const log = new TransparencyLog(store, { folder });
const started = performance.now();
await log.start();
const open = performance.now() - started;
const times = Array.from({ length: PROOFS }, (_, i) => {
  const before = performance.now();
  // A prime far from any power of two: tiles are met in no order.
  log.tree.inclusionPath((i * 611_953) % log.tree.size);
  return (performance.now() - before) * 1000;
}).sort((a, b) => a - b);
const [median, p99] = [0.5, 0.99].map((part) => times[Math.floor(PROOFS * part)]);
const memory = process.memoryUsage().rss / 2 ** 20;
console.log(JSON.stringify({ entries: log.tree.size, open, median, p99, memory }));
await log.stop();
await store.close();
