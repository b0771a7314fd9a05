import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { describeEventStore, STREAM_BY_STREAM } from './conformance.js';
import { openEventStoreDb } from './eventstoredb.js';
import { startEventStoreDbServer, type EventStoreDbServer } from './eventstoredb-server.fixture.js';

let folder: string;
let server: EventStoreDbServer | undefined;
let url: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-'));
  server = await startEventStoreDbServer();
  url = server.url;
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

describeEventStore(
  'the event store on EventStoreDB',
  async () => {
    const options = {
      url,
      indexFile: join(folder, `${crypto.randomUUID()}.db`),
      prefix: `test-${crypto.randomUUID()}.`,
    };
    let store = await openEventStoreDb(options);
    return {
      store,
      async reopen() {
        await store.close();
        store = await openEventStoreDb(options);
        return store;
      },
      close: () => store.close(),
    };
  },
  STREAM_BY_STREAM,
);
