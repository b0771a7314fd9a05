/** Prometheus metrics: the process, the log, the anchors, the requests. Counts and delays only, nothing about persons. */
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { anchoredSize, newestBatch } from '../anchoring/batches.read.js';
import type { Database } from '../event-store/sqlite-file.js';
import { statement } from '../event-store/statements.js';
import type { Ledger } from '../ledger.js';
import { longestWait, registerChainMetrics, unanchoredEntries } from './chain-metrics.js';

/** A registry of its own for each server, so that two in one process do not meet. */
export function metricsOf(ledger: Ledger): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  };
  // Of what the tables tell, nothing is known while there are none.
  const fromTables = (value: (db: Database) => number) => (): number =>
    ledger.readModels.isServing ? value(ledger.readModels.db) : Number.NaN;
  const count = (table: string): (() => number) =>
    fromTables((db) => (statement(db, `SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n);
  gauge('meritkedja_log_entries', 'Entries in the log.', () => ledger.log.tree.size);
  gauge(
    'meritkedja_signed_head_entries',
    'Entries under the newest signed head.',
    () => ledger.signer.latest?.size ?? 0,
  );
  gauge('meritkedja_anchored_entries', 'Entries under the newest final anchor.', fromTables(anchoredSize));
  gauge('meritkedja_credentials', 'Credentials issued.', count('credentials'));
  gauge('meritkedja_definitions', 'Definitions.', count('definitions'));
  gauge('meritkedja_organisations', 'Organisations.', count('organisations'));
  gauge(
    'meritkedja_batches',
    'Batches sealed.',
    fromTables((db) => newestBatch(db)?.number ?? 0),
  );
  const age = fromTables((db) => {
    const newest = newestBatch(db);
    return newest ? (ledger.now().getTime() - Date.parse(newest.sealedAt)) / 1000 : 0;
  });
  gauge('meritkedja_newest_batch_age_seconds', 'Seconds since the newest batch was sealed.', age);
  gauge('meritkedja_ready', '0 while the read models are built and nothing older can serve.', () =>
    ledger.isReady ? 1 : 0,
  );
  gauge('meritkedja_anchoring_trouble', '1 while the chain cannot be used.', () =>
    ledger.anchoring.problem === undefined ? 0 : 1,
  );
  gauge('meritkedja_clock_wrong', "1 while this machine's clock is too far off to write to the log (S18).", () =>
    ledger.anchoring.clockProblem === undefined ? 0 : 1,
  );
  gauge(
    'meritkedja_unanchored_entries',
    "Entries of the log under no final anchor; a few of each anchor's own are always among them.",
    fromTables(() => unanchoredEntries(ledger)),
  );
  gauge(
    'meritkedja_oldest_unanchored_age_seconds',
    'Seconds that the oldest event has waited for a final anchor; 0 where none waits.',
    fromTables(() => longestWait(ledger)),
  );
  registerChainMetrics(registry, ledger);
  return registry;
}

/** Times requests by route (never by address: an id in a path says too much) and status. */
export function timeRequests(fastify: FastifyInstance, registry: Registry): void {
  const seconds = new Histogram({
    name: 'meritkedja_http_request_seconds',
    help: 'Duration of requests.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  });
}
