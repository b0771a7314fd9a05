/**
 * The conformance suite over EventStoreDB: a real one where EVENTSTORE_URL is set, else one in memory on a loopback port
 * for each test. `npm run test:eventstore` runs this file alone. Each test has a prefix of its own, so that nothing that
 * others wrote is touched; what it writes stays.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../config.js';
import { describeEventStore, STREAM_BY_STREAM } from './conformance.js';
import { openEventStoreDb } from './eventstoredb.js';
import { startEventStoreDbServer } from './eventstoredb-server.fixture.js';

const given = readConfig().eventStoreUrl;

describeEventStore(
  given === undefined ? 'the event store on EventStoreDB' : 'the event store on the EventStoreDB of EVENTSTORE_URL',
  async () => {
    const server = given === undefined ? await startEventStoreDbServer() : undefined;
    const folder = mkdtempSync(join(tmpdir(), 'meritkedja-'));
    const options = {
      url: given ?? server!.url,
      indexFile: join(folder, 'index.db'),
      prefix: `meritkedja-test-${crypto.randomUUID()}.`,
    };
    let store = await openEventStoreDb(options);
    return {
      store,
      async reopen() {
        await store.close();
        store = await openEventStoreDb(options);
        return store;
      },
      async close() {
        await store.close();
        await server?.stop();
        rmSync(folder, { recursive: true });
      },
    };
  },
  STREAM_BY_STREAM,
);
