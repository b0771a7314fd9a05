/** The store that a configuration names, opened by a command: as it is, without event types, the service being stopped. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Config } from '../config.js';
import { ConfigError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { openEventStoreDb } from '../event-store/eventstoredb.js';
import { openSqliteEventStore } from '../event-store/sqlite.js';

/** Whether opening it with `make` makes it: nobody else can have it then, and nothing can be in it. */
export function isToBeMade({ eventStoreUrl, dataDir }: Config): boolean {
  return eventStoreUrl === undefined && !existsSync(storePath(dataDir));
}

function storePath(dataDir: string): string {
  return join(resolve(dataDir), 'events.db');
}

export type OpenStore = (config: Config, use: 'read' | 'make') => Promise<EventStore>;

/**
 * @param use `read` refuses a folder without a store, `make` makes it
 * @throws ConfigError where the service is running on the same folder, or there is no store to read
 */
export async function openStoreOf(config: Config, use: 'read' | 'make'): Promise<EventStore> {
  if (config.eventStoreUrl !== undefined) return openWithoutIndex(config.eventStoreUrl);
  const folder = resolve(config.dataDir);
  const path = storePath(folder);
  if (use === 'read' && !existsSync(path)) throw new ConfigError('DATA_DIR', `there is no store in ${folder}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return openSqliteEventStore(path);
}

/** The index of log positions is a node's own and can be made again: a command leaves none behind. */
async function openWithoutIndex(url: string): Promise<EventStore> {
  const folder = mkdtempSync(join(tmpdir(), 'meritkedja-index-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const store = await openEventStoreDb({ url, indexFile: join(folder, 'index.db') });
    const close = store.close.bind(store);
    return Object.assign(store, { close: () => close().finally(remove) });
  } catch (error) {
    remove();
    throw error;
  }
}
