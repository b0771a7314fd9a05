/**
 * Which vault streams hold a key that an epoch wraps, and which epoch: what a change of epochs has to go through (S23).
 * A stream that has been deleted may still stand here; whoever uses a row asks the store.
 */
import type { Projection } from '../event-store/projections.js';
import type { Database } from '../event-store/sqlite-file.js';
import { holderVault } from './vault.js';

export const vaultKeysProjection: Projection = {
  name: 'vault-keys',
  version: 1,
  schema: `
    CREATE TABLE vault_keys (stream TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX vault_keys_epoch ON vault_keys (epoch, stream);`,
  apply(db, { stream, type, data }) {
    if (type === 'KeyWrapped') {
      const epoch = Number(data['epoch']);
      if (epoch === 0) return;
      db.prepare(
        'INSERT INTO vault_keys (stream, epoch) VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET epoch = excluded.epoch',
      ).run(stream, epoch);
    } else if (type === 'HolderErased') {
      db.prepare('DELETE FROM vault_keys WHERE stream = ?').run(holderVault((data as { holder: string }).holder));
    }
  },
};

/** Up to `limit` streams whose key is wrapped in an epoch before the given one, in the order of their names. */
export function keysBefore(db: Database, epoch: number, after: string, limit: number): readonly string[] {
  return db
    .prepare('SELECT stream FROM vault_keys WHERE epoch < ? AND stream > ? ORDER BY stream LIMIT ?')
    .pluck()
    .all(epoch, after, limit) as string[];
}

/** How many keys are wrapped in the given epoch, and how many in earlier ones. */
export function keyCounts(db: Database, epoch: number): { readonly current: number; readonly earlier: number } {
  const count = db.prepare('SELECT count(*) FROM vault_keys WHERE epoch = ?').pluck().get(epoch) as number;
  const earlier = db.prepare('SELECT count(*) FROM vault_keys WHERE epoch < ?').pluck().get(epoch) as number;
  return { current: count, earlier };
}
