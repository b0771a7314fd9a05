/**
 * Batches that were sealed after the head that an audit read. A chain goes on while a log is audited, and a node may serve
 * a head that is a little behind: what is anchored by then is explained by entries that were not read. They are taken from
 * a newer head, signed by the pinned key and proven to extend the audited one. Proven by kept-heads.int.spec.ts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fromBase64 } from '../encoding/base64.js';
import { equalBytes, fromUtf8 } from '../encoding/bytes.js';
import { toHex0x } from '../encoding/hex.js';
import { isJsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import { hashLeaf } from '../log/hash.js';
import { verifyInclusion } from '../log/proof-check.js';
import { decodeEntryBundle, TILE_WIDTH, tileWidth } from '../log/tiles.js';
import { TileTree, type AuditedHead } from './earlier-roots.js';
import { headOf, type SigningLog } from './kept-heads.js';
import type { LogSource } from './log-source.js';

/** How often to look for a newer head, and how long to wait in between, in milliseconds. */
const LOOKS = 4;
const PAUSE_MS = 1_000;

/**
 * @param head as it was audited
 * @returns roots of the batches sealed in entries after it, 0x hex; empty where no newer head proves any
 * @throws LogSourceError
 */
export async function laterBatchRoots(
  source: LogSource,
  log: SigningLog,
  head: AuditedHead,
  pauseMs = PAUSE_MS,
): Promise<ReadonlySet<string>> {
  for (let look = 1; look <= LOOKS; look++) {
    if (look > 1) await delay(pauseMs);
    const newer = headOf(await source.checkpoint(), log);
    if (newer && newer.size > head.size) {
      return rootsBetween(source, head, { size: newer.size, root: fromBase64(newer.root) });
    }
  }
  return new Set();
}

async function rootsBetween(source: LogSource, head: AuditedHead, newer: AuditedHead): Promise<ReadonlySet<string>> {
  const roots = new Set<string>();
  const tree = new TileTree(source, newer.size);
  const before = await tree.provenRoot(head.size, newer.root);
  if (before === undefined || !equalBytes(before, head.root)) return roots;
  for (let number = Math.floor(head.size / TILE_WIDTH); number * TILE_WIDTH < newer.size; number++) {
    const width = tileWidth('entries', number, newer.size);
    const entries = decodeEntryBundle(await source.bundle(number, width), width);
    for (const [i, entry] of entries.entries()) {
      const index = number * TILE_WIDTH + i;
      const root = index < head.size ? undefined : sealedRoot(entry);
      const path = root === undefined ? undefined : await tree.pathOf(index);
      if (root === undefined || path === undefined) continue;
      if (verifyInclusion(index, newer.size, hashLeaf(entry), path, newer.root)) roots.add(root);
    }
  }
  return roots;
}

/** The root in an entry that seals a batch. */
function sealedRoot(entry: Uint8Array): string | undefined {
  try {
    const content: unknown = JSON.parse(fromUtf8(entry));
    if (!isJsonObject(content) || content['type'] !== 'BatchSealed' || !isJsonObject(content['data'])) return undefined;
    const { root } = content['data'];
    return typeof root === 'string' ? toHex0x(fromBase64(root)) : undefined;
  } catch (error) {
    if (error instanceof EncodingError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
