/**
 * Puts an archive into an empty store: everything is verified before anything is written, every entry comes out with the
 * bytes it had, and size and root are computed again from what the store then holds. Crash anywhere after the first
 * write: the store says that its restoration is incomplete, no service starts on it, and the same command goes on.
 * Proven by restore.int.spec.ts.
 */
import { toBase64 } from '../encoding/base64.js';
import { equalBytes } from '../encoding/bytes.js';
import { ConcurrencyError, InvariantError } from '../errors.js';
import { isVaultStream, type Append, type EventStore } from '../event-store/event-store.js';
import { ArchiveError, type ArchivedEvent } from './format.js';
import { logOf } from './known-heads.js';
import { readArchive, type ArchiveContents } from './read-archive.js';
import { recordRestoration, restorationOf, type Loss, type Restoration } from './restoration.js';

export interface RestoreOptions {
  readonly now: () => Date;
  /** What is known elsewhere and the archive does not hold (S16). */
  readonly losses: (contents: ArchiveContents) => Promise<readonly Loss[]>;
  /** Deletes again what was erased after the archive was made (S23). */
  readonly applyErasures: (store: EventStore) => Promise<void>;
  readonly onProgress?: (doing: 'verifying' | 'restoring', done: number, total: number) => void;
  /** What `examineArchive` has found in the same file. */
  readonly examined?: Restored;
}

export interface Restored {
  readonly contents: ArchiveContents;
  readonly losses: readonly Loss[];
}

/**
 * Everything that can be told before a store is touched: a file that is refused here leaves no store behind.
 * @throws ArchiveError for an archive that does not verify
 */
export async function examineArchive(
  path: string,
  { losses, onProgress }: Pick<RestoreOptions, 'losses' | 'onProgress'>,
): Promise<Restored> {
  const contents = await readArchive(path, {
    ...(onProgress && { onProgress: (done: number, total: number) => onProgress('verifying', done, total) }),
  });
  return { contents, losses: await losses(contents) };
}

/**
 * @param store opened without event types: it takes what the archive has, of any version
 * @throws ArchiveError for an archive that does not verify or a store that is not empty; nothing is written then.
 *   InvariantError where the store does not give back what was put into it
 */
export async function restoreArchive(path: string, store: EventStore, options: RestoreOptions): Promise<Restored> {
  const { now, onProgress } = options;
  const before = await restorationOf(store);
  const { position } = await store.head();
  if (before.is !== 'incomplete' && position !== 0n) {
    throw new ArchiveError(
      'the store to restore into is not empty: restore into a new data folder, nothing was changed',
    );
  }
  const { contents, losses } = options.examined ?? (await examineArchive(path, options));
  const { origin } = contents.header;
  const { sha256, logSize, root } = contents.trailer;
  if (before.is === 'incomplete' && before.sha256 !== sha256) {
    throw new ArchiveError(
      'the store holds the beginning of another archive: give that one, or restore into a new data folder',
    );
  }
  // From here to the last event the store says that it is incomplete.
  const begun = { type: 'RestoreBegun', data: { sha256, origin, logSize, root } } as const;
  let { revision } = before;
  if (before.is !== 'incomplete') revision = await recordRestoration(store, revision, begun, now());
  if (!isImported(before)) {
    await importEvents(path, store, sha256, (done, total) => onProgress?.('restoring', done, total));
    await compare(store, contents);
    revision = await recordRestoration(store, revision, { type: 'RestoreImported', data: {} }, now());
  }
  // Crash in here: what is erased is erased, the rest is erased by the same command again, nothing is imported again.
  await options.applyErasures(store);
  await recordRestoration(store, revision, { type: 'RestoreCompleted', data: { losses } }, now());
  return { contents, losses };
}

function isImported(restoration: Restoration): boolean {
  return restoration.is === 'incomplete' && restoration.imported;
}

async function importEvents(
  path: string,
  store: EventStore,
  sha256: string,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  let index = 0;
  const contents = await readArchive(path, {
    onProgress,
    onEvents: async (events) => {
      const appends = grouped(events);
      let appended;
      try {
        // Where a restore was cut off these are there already: the same append is answered as it was the first time.
        appended = await store.appendMany(appends);
      } catch (error) {
        if (!(error instanceof ConcurrencyError)) throw error;
        throw new InvariantError(`the store holds something else than the archive: ${error.message}`, { cause: error });
      }
      const stored = new Map(
        appended.flatMap(({ events }) => events).map((event) => [`${event.revision} ${event.stream}`, event]),
      );
      for (const { stream, revision, bytes } of events) {
        if (isVaultStream(stream)) continue;
        const event = stored.get(`${revision} ${stream}`);
        if (event?.index !== index || !event.entry || !equalBytes(event.entry, bytes)) {
          throw new InvariantError(`entry ${index} (${stream}@${revision}) came out of the store as another`);
        }
        index += 1;
      }
    },
  });
  if (contents.trailer.sha256 !== sha256) throw new ArchiveError('the file was changed while it was restored');
}

/** Neighbours of one stream together; the order of all events stays. */
function grouped(events: readonly ArchivedEvent[]): readonly Append[] {
  const appends: (Append & { events: ArchivedEvent[] })[] = [];
  for (const event of events) {
    const last = appends.at(-1);
    if (last?.stream === event.stream) last.events.push(event);
    else appends.push({ stream: event.stream, expectedRevision: event.revision - 1, events: [event] });
  }
  return appends;
}

async function compare(store: EventStore, { trailer }: ArchiveContents): Promise<void> {
  const { tree } = await logOf(store);
  const root = toBase64(tree.root());
  if (tree.size === trailer.logSize && root === trailer.root) return;
  throw new InvariantError(
    `restored: expected ${trailer.logSize} entries with the root ${trailer.root}, got ${tree.size} with ${root}`,
  );
}
