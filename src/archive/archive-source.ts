/** What an archive is made from: a store at rest, or one that a ledger is serving from. */
import { InvariantError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { ArchiveError } from './format.js';
import { logOf } from './known-heads.js';
import { restorationOf } from './restoration.js';
import type { ArchiveSource } from './write-archive.js';

/**
 * Everything in a store as of now; reads the log once to know its root.
 * @throws ArchiveError where the store is empty, half restored, or restored with a loss that nobody has decided on
 */
export async function sourceOf(store: EventStore, created: Date): Promise<ArchiveSource> {
  await requireWhole(store);
  const { position, logSize } = await store.head();
  if (logSize === 0) throw new ArchiveError('there is nothing to back up: the store holds no ledger');
  const { tree, ledger, checkpoint } = await logOf(store, logSize);
  const { origin, vkey } = ledger;
  return { store, origin, vkey, created: created.toISOString(), position, logSize, root: tree.root(), checkpoint };
}

/** The parts of an opened ledger that an archive is made from. */
interface Serving {
  readonly store: EventStore;
  readonly origin: string;
  readonly vkey: string;
  readonly log: { reached(size: number): Promise<void>; readonly tree: { root(size: number): Uint8Array } };
  readonly signer: { readonly latest: { readonly size: number; readonly checkpoint: string } | undefined };
  readonly now: () => Date;
}

/**
 * Everything in a ledger as of now, while it goes on.
 * @throws ArchiveError where it was restored with a loss that nobody has decided on
 */
export async function servingSource({ store, origin, vkey, log, signer, now }: Serving): Promise<ArchiveSource> {
  await requireWhole(store);
  // The checkpoint first: the head that follows is no smaller.
  const latest = signer.latest;
  const { position, logSize } = await store.head();
  await log.reached(logSize);
  const checkpoint = latest?.checkpoint;
  if (latest && latest.size > logSize) throw new InvariantError(`${latest.size} entries are signed, ${logSize} kept`);
  const root = log.tree.root(logSize);
  return { store, origin, vkey, created: now().toISOString(), position, logSize, root, checkpoint };
}

async function requireWhole(store: EventStore): Promise<void> {
  const { is } = await restorationOf(store);
  if (is === 'incomplete') {
    throw new ArchiveError('the store is half restored: finish that first (meritkedja restore, the same file)');
  }
  if (is === 'readOnly') {
    throw new ArchiveError(
      'the store was restored from an older copy than is known elsewhere: restore the newest copy, or accept the loss ' +
        'first (meritkedja restore --accept-loss); the archive it was restored from is its backup until then',
    );
  }
}
