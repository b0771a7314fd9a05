/**
 * A ledger that was restored from an older copy than is known elsewhere (S16): it answers what it has, and takes nothing.
 * Commands are refused before they begin (`web/read-only.guard.ts`); this is the wall behind that: whatever would write
 * all the same finds a store that does not. Proven by test/read-only.e2e.spec.ts and test/backup.e2e.spec.ts.
 */
import type { Anchoring } from '../anchoring/remote-anchoring.js';
import type { BatchView } from '../anchoring/batches.read.js';
import { ConfigError, ReadOnlyError } from '../errors.js';
import type { Appended } from '../event-store/event-store.js';
import { PassingStore } from '../event-store/passing-store.js';
import type { Loss, Restoration } from './restoration.js';

/** A store that is read and never written. */
export class ReadOnlyStore extends PassingStore {
  override async append(): Promise<Appended> {
    throw new ReadOnlyError();
  }

  override async appendMany(): Promise<readonly Appended[]> {
    throw new ReadOnlyError();
  }

  override async deleteStream(): Promise<void> {
    throw new ReadOnlyError();
  }
}

/** Anchoring where nothing may be anchored: bundles show what there is. */
export class NoAnchoring implements Anchoring {
  readonly chains = [];

  constructor(readonly problem: string) {}

  start(): void {}

  look(): void {}

  async stop(): Promise<void> {}

  async sealNow(): Promise<{ batch: BatchView | undefined; sealed: boolean }> {
    throw new ReadOnlyError();
  }

  async freshStanding(): Promise<void> {}
}

/**
 * What a restoration means for a service that starts.
 * @returns the losses that nobody has decided on: the ledger is then read-only
 * @throws ConfigError for a store that is half restored
 */
export function lossesToDecide(restoration: Restoration): readonly Loss[] | undefined {
  if (restoration.is === 'incomplete') {
    throw new ConfigError(
      'DATA_DIR',
      'holds a restore that was cut off, so nothing is started. Go on with the same file: ' +
        'meritkedja restore FILE --data-dir DIR; or remove the folder and restore into a new one',
    );
  }
  return restoration.is === 'readOnly' ? restoration.losses : undefined;
}

/** What is lost, one line a loss, for operators. */
export function describeLoss({ kind, where, size, root, chainId, blockNumber }: Loss, logSize: number): string {
  switch (kind) {
    case 'older':
      return `${where}: ${size} entries are signed, this log has ${logSize}`;
    case 'different':
      return `${where}: the first ${size} entries have the root ${root}, here they have another`;
    case 'anchored':
      return `${where}: block ${blockNumber} of chain ${chainId} has the root ${root}, which no batch of this log has`;
    case 'unknown':
      return `${where}: is missing, so nobody can tell what was signed after ${size} entries`;
  }
}
