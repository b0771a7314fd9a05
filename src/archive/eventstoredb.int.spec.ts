/** Export and import between the stores: SQLite to EventStoreDB and back, entry for entry, over a loopback server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { toBase64 } from '../encoding/base64.js';
import { toHex } from '../encoding/hex.js';
import type { EventStore } from '../event-store/event-store.js';
import { openEventStoreDb } from '../event-store/eventstoredb.js';
import { startEventStoreDbServer, type EventStoreDbServer } from '../event-store/eventstoredb-server.fixture.js';
import { openSqliteEventStore } from '../event-store/sqlite.js';
import { add, archiveTo, AT, draft, found, signHead } from './archive.fixture.js';
import { logOf } from './known-heads.js';
import { restorationOf } from './restoration.js';
import { restoreArchive } from './restore.js';

let folder: string;
let server: EventStoreDbServer;
const opened: EventStore[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-export-'));
  server = await startEventStoreDbServer();
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const OPTIONS = { now: () => new Date(AT), losses: async () => [], applyErasures: async () => undefined };

function kept<Store extends EventStore>(store: Store): Store {
  opened.push(store);
  return store;
}

async function contentOf(store: EventStore): Promise<readonly object[]> {
  const events = await store.readAll({ limit: 100_000 });
  return events
    .filter(({ stream }) => stream !== 'vault-restore')
    .map(({ position: _, entry, sealed, ...event }) => ({
      ...event,
      entry: entry && toHex(entry),
      sealed: sealed && toHex(sealed),
    }));
}

describe('a ledger that changes its store', () => {
  it('S14, S15: has the same indexes, bytes and root on EventStoreDB, and on SQLite again', async () => {
    const sqlite = kept(openSqliteEventStore(join(folder, 'events.db')));
    await found(sqlite);
    for (let i = 0; i < 40; i++) {
      await add(sqlite, `thing-${i % 7}`, draft('Happened', { i, text: 'å' }, Buffer.alloc(i + 1, i)));
      await add(sqlite, `vault-holder-${i % 5}`, draft('Kept', {}, Buffer.alloc(30, i)));
    }
    await sqlite.deleteStream('vault-holder-3');
    await signHead(sqlite);
    await archiveTo(join(folder, 'one'), sqlite);

    const indexFile = join(folder, 'index.db');
    const cluster = kept(await openEventStoreDb({ url: server.url, indexFile }));
    await restoreArchive(join(folder, 'one'), cluster, OPTIONS);
    expect(await restorationOf(cluster)).toMatchObject({ is: 'whole' });
    expect(await contentOf(cluster)).toEqual(await contentOf(sqlite));
    await archiveTo(join(folder, 'two'), cluster);

    const again = kept(openSqliteEventStore(join(folder, 'again.db')));
    await restoreArchive(join(folder, 'two'), again, OPTIONS);
    expect(await contentOf(again)).toEqual(await contentOf(sqlite));
    const roots = await Promise.all(
      [sqlite, cluster, again].map(async (store) => toBase64((await logOf(store)).tree.root())),
    );
    expect(new Set(roots).size).toBe(1);
  }, 60_000);
});
