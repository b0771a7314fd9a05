/**
 * The published status lists against the documents that the operator keeps (S1): the log has each one's digest, and the
 * vault each document, none of which is ever dropped. One list's documents at a time are in memory.
 * Proven by sealed-audit.int.spec.ts.
 */
import type { StatusListPublished } from '../credentials/credential.events.js';
import { statusDocumentStream } from '../credentials/status-lists.read.js';
import { isJsonObject } from '../encoding/json.js';
import type { EventStore } from '../event-store/event-store.js';
import type { Findings } from './findings.js';
import { publishedDigest } from './kept-edition.js';

type Published = StatusListPublished['data'] & { readonly index: number };

export class KeptLists {
  readonly #published = new Map<string, Published[]>();

  /** @param list UUID */
  add(list: string, { sequence, digest }: StatusListPublished['data'], index: number): void {
    const known = this.#published.get(list);
    if (known) known.push({ sequence, digest, index });
    else this.#published.set(list, [{ sequence, digest, index }]);
  }

  /** @returns how many published lists there are whose documents are kept */
  async check(store: Pick<EventStore, 'readStream'>, findings: Findings): Promise<number> {
    let kept = 0;
    for (const [list, published] of this.#published) {
      const documents = await keptIn(store, statusDocumentStream(list));
      for (const { sequence, digest, index } of published) {
        const there = documents.get(sequence);
        if (there?.has(digest)) {
          kept += 1;
          continue;
        }
        const [code, what] = there ? ['statusListDiffers', 'another is kept'] : ['statusListMissing', 'none is kept'];
        const detail = `statuslist-${list}: list ${sequence} was published with digest ${digest}, ${what}`;
        findings.error('S1', code, detail, index);
      }
    }
    return kept;
  }
}

/** Digests by number: a publisher that was cut off may have left another document of a number. */
async function keptIn(
  store: Pick<EventStore, 'readStream'>,
  stream: string,
): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
  const kept = new Map<number, Set<string>>();
  for (const { data } of await store.readStream(stream)) {
    const { sequence, document } = data;
    if (typeof sequence !== 'number' || !isJsonObject(document)) continue;
    const digest = publishedDigest(document);
    if (digest !== undefined) kept.set(sequence, (kept.get(sequence) ?? new Set<string>()).add(digest));
  }
  return kept;
}
