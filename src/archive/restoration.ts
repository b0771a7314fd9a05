/**
 * What a store says of its own restoration, in a vault stream that is in no archive: begun, imported, completed, and
 * where something newer than it is known, that its loss was accepted (S16). It stands in the store, so that every node
 * over it, on SQLite or EventStoreDB, finds it before it serves. Proven by restore.int.spec.ts.
 */
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../encoding/json.js';
import { NO_STREAM, type EventStore, type StoredEvent } from '../event-store/event-store.js';

export const RESTORE_STREAM = 'vault-restore';

/**
 * A head that is known from elsewhere and that the log at hand does not extend: `older`, the log is shorter;
 * `different`, its first entries are others; `anchored`, a root on a chain that is of none of its batches;
 * `unknown`, it cannot be told because the last signed head is gone.
 */
export interface Loss {
  readonly kind: 'older' | 'different' | 'anchored' | 'unknown';
  /** Where it is known from, for people. */
  readonly where: string;
  readonly origin?: string;
  readonly size?: number;
  /** base64 */
  readonly root: string;
  /** Of `anchored`. */
  readonly chainId?: number;
  readonly blockNumber?: number;
}

export type Restoration =
  /** Never restored, or restored and all is well. */
  | { readonly is: 'whole'; readonly revision: number }
  /** Cut off; `imported` says that all events are there. */
  | { readonly is: 'incomplete'; readonly revision: number; readonly sha256: string; readonly imported: boolean }
  /** Something newer is known: nothing may be written or signed until the loss is accepted. */
  | { readonly is: 'readOnly'; readonly revision: number; readonly losses: readonly Loss[] };

/** Where the restoration of a store stands. */
export async function restorationOf(store: Pick<EventStore, 'readStream'>): Promise<Restoration> {
  const events = await store.readStream(RESTORE_STREAM);
  return events.reduce(evolve, { is: 'whole', revision: NO_STREAM });
}

function evolve(before: Restoration, { type, data, revision }: StoredEvent): Restoration {
  switch (type) {
    case 'RestoreBegun':
      return { is: 'incomplete', revision, sha256: data['sha256'] as string, imported: false };
    case 'RestoreImported':
      return before.is === 'incomplete' ? { ...before, revision, imported: true } : { ...before, revision };
    case 'RestoreCompleted': {
      const losses = data['losses'] as unknown as readonly Loss[];
      return losses.length === 0 ? { is: 'whole', revision } : { is: 'readOnly', revision, losses };
    }
    case 'RestoreLossAccepted':
      return { is: 'whole', revision };
    default:
      return { ...before, revision };
  }
}

export type RestorationEvent =
  | {
      readonly type: 'RestoreBegun';
      readonly data: {
        /** Of the archive, as its last line has it. */
        readonly sha256: string;
        readonly origin: string;
        readonly logSize: number;
        readonly root: string;
      };
    }
  | { readonly type: 'RestoreImported'; readonly data: Readonly<Record<string, never>> }
  | { readonly type: 'RestoreCompleted'; readonly data: { readonly losses: readonly Loss[] } }
  | { readonly type: 'RestoreLossAccepted'; readonly data: { readonly origin: string; readonly vkey: string } };

/** @throws ConcurrencyError where another process works on the same restoration */
export async function recordRestoration(
  store: EventStore,
  revision: number,
  { type, data }: RestorationEvent,
  at: Date,
): Promise<number> {
  await store.append({
    stream: RESTORE_STREAM,
    expectedRevision: revision,
    events: [
      {
        id: randomUUID(),
        type,
        v: 1,
        at: at.toISOString(),
        by: 'process:restore',
        data: JSON.parse(JSON.stringify(data)) as JsonObject,
      },
    ],
  });
  return revision + 1;
}
