/** A ledger's log from any event store; it keeps no tiles. Proven by log-source.int.spec.ts. */
import { statusDocumentStream } from '../credentials/status-lists.read.js';
import type { EventStore } from '../event-store/event-store.js';
import { SIGNED_HEADS_STREAM, signedHeadSchema } from '../log/signed-heads.js';
import { encodeEntryBundle, TILE_WIDTH } from '../log/tiles.js';
import { editionAmong } from './kept-edition.js';
import { LogSourceError, type LogSource } from './log-source.js';

/** @param name for messages @param store stays open */
export function storeLogSource(name: string, store: EventStore): LogSource {
  return {
    name,
    async checkpoint() {
      const newest = (await store.readStream(SIGNED_HEADS_STREAM)).at(-1);
      if (!newest) throw new LogSourceError('refused', `${name}: no head has been signed yet`);
      const head = signedHeadSchema.safeParse(newest.data);
      if (head.success) return head.data.checkpoint;
      throw new LogSourceError('refused', `${name}: what is kept as the newest signed head is none`);
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
    async statusList(id, edition) {
      const kept = (await store.readStream(statusDocumentStream(id))).map(({ data }) => data).reverse();
      const found = editionAmong(kept, edition);
      if (found) return found;
      throw new LogSourceError('refused', `${name}: edition ${edition.sequence} of status list ${id} is not there`);
    },
    close: () => Promise.resolve(),
  };
}
