/** A ledger's log from any event store; it keeps no tiles. Proven by log-source.int.spec.ts. */
import { statusDocumentStream, type StatusListKept } from '../credentials/status-lists.read.js';
import type { EventStore } from '../event-store/event-store.js';
import { SIGNED_HEADS_STREAM, signedHeadSchema } from '../log/signed-heads.js';
import { encodeEntryBundle, TILE_WIDTH } from '../log/tiles.js';
import { statusListDigest } from '../verification/status-list.js';
import { LogSourceError, type LogSource } from './log-source.js';

/** @param name for messages @param store stays open */
export function storeLogSource(name: string, store: EventStore): LogSource {
  return {
    name,
    async checkpoint() {
      const newest = (await store.readStream(SIGNED_HEADS_STREAM)).at(-1);
      if (!newest) throw new LogSourceError('refused', `${name}: no head has been signed yet`);
      return signedHeadSchema.parse(newest.data).checkpoint;
    },
    async bundle(number, width) {
      const from = number * TILE_WIDTH;
      const events = await store.readLog({ from, limit: width });
      const entries = events.flatMap(({ entry }) => (entry ? [entry] : []));
      if (entries.length !== width) {
        const there = `${from} to ${from + width - 1} there are ${entries.length}`;
        throw new LogSourceError('refused', `${name}: of the entries ${there}`);
      }
      return encodeEntryBundle(entries);
    },
    tile: () => Promise.resolve(undefined),
    async statusList(id, { sequence, digest }) {
      const kept = (await store.readStream(statusDocumentStream(id))).map(
        ({ data }) => data as unknown as StatusListKept,
      );
      const documents = kept.filter((one) => one.sequence === sequence).map(({ document }) => document);
      const found = documents.find((document) => statusListDigest(document) === digest) ?? documents[0];
      if (found) return found;
      throw new LogSourceError('refused', `${name}: edition ${sequence} of status list ${id} is not there`);
    },
    close: () => Promise.resolve(),
  };
}
