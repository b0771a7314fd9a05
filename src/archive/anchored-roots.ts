/**
 * S16: which roots the ledger's anchorers have put on the chains that its log names, as far as they can be reached: at the
 * endpoints of RPC_URLS, or on the embedded node's own chain in DATA_DIR/chain, which is started for the question and
 * ended again. A chain that cannot be reached, or that was closed, is named, so that nobody takes it for compared.
 * Each anchorer counts in its turn (S19): a former one up to where its successor begins on the chain.
 * Proven by restore.int.spec.ts on a real node, and by anchored-roots.int.spec.ts with endpoints that say anything.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ChainError } from '../anchoring/chain.js';
import { EMBEDDED_CHAIN_ID, startEmbeddedNode } from '../anchoring/embedded-node.js';
import { callRpc, RpcRefusal } from '../anchoring/json-rpc.js';
import type { AnchorerTerm, LedgerChain } from '../anchoring/ledger.js';
import { REGISTRY_TOPIC } from '../anchoring/registry.js';
import { toBase64 } from '../encoding/base64.js';
import { fromHex0x } from '../encoding/hex.js';
import type { AnchoredRoot, LogContents } from './known-heads.js';

const TIMEOUT_MS = 10_000;
/** Public endpoints answer a limited range. */
const LOG_RANGE = 5_000;

const quantity = z
  .string()
  .regex(/^0x[0-9a-f]+$/i)
  .transform(Number);
const logs = z.array(z.object({ topics: z.array(z.string()), blockNumber: quantity }));

export interface ChainPlaces {
  readonly dataDir: string;
  /** Each with its endpoints; which chain one belongs to, it is asked. */
  readonly chains: readonly { readonly rpcUrls: readonly string[] }[];
  /** Port for the embedded node; unset: any. */
  readonly evmPort: number | undefined;
}

export interface ChainsCompared {
  readonly anchored: readonly AnchoredRoot[];
  /** Newest block of each chain that was reached. */
  readonly newest: readonly { readonly chainId: number; readonly blockNumber: number }[];
  /** Names of chains that could not be reached, or were closed, each with why. */
  readonly notReached: readonly string[];
  /** Anchors by former anchorers after their time, for people: of no log, and a sign that somebody has the key. */
  readonly afterTheirTime: readonly string[];
}

export async function anchoredRoots(
  { ledger, batchRoots }: Pick<LogContents, 'ledger' | 'batchRoots'>,
  places: ChainPlaces,
): Promise<ChainsCompared> {
  const anchored: AnchoredRoot[] = [];
  const newest: { chainId: number; blockNumber: number }[] = [];
  const notReached: string[] = [];
  const afterTheirTime: string[] = [];
  for (const chain of ledger.chains) {
    const { name, chainId, closed } = chain;
    if (closed) {
      notReached.push(`${name}: closed on ${closed.at}`);
      continue;
    }
    try {
      const asked = await withEndpoints(chainId, places, async (url) => {
        const height = await ask(url, quantity, 'eth_blockNumber', []);
        return { height, found: await anchorsAt(url, chain, height) };
      });
      if (asked.length === 0) {
        notReached.push(`${name}: no RPC_URLS and no chain in ${join(places.dataDir, 'chain')}`);
        continue;
      }
      newest.push({ chainId, blockNumber: Math.max(...asked.map(({ height }) => height)) });
      const found = distinct(asked.flatMap((one) => one.found));
      for (const anchor of found) {
        const { root, blockNumber, anchorer } = anchor;
        if (batchRoots.has(root) || isInItsTime(anchor, chain.anchorers, found)) {
          anchored.push({ where: `chain "${name}"`, chainId, blockNumber, root });
        } else {
          afterTheirTime.push(`${name}: block ${blockNumber} has ${root} by ${anchorer}, which anchors no more`);
        }
      }
    } catch (error) {
      if (!(error instanceof ChainError) && !(error instanceof RpcRefusal)) throw error;
      notReached.push(`${name}: ${error.message}`);
    }
  }
  return { anchored, newest, notReached, afterTheirTime };
}

/** What every endpoint of the chain says; none where there is none. @throws ChainError where none of them can be reached */
async function withEndpoints<Result>(
  chainId: number,
  { dataDir, chains, evmPort }: ChainPlaces,
  use: (url: string) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let failure: Error | undefined;
  for (const url of chains.flatMap(({ rpcUrls }) => rpcUrls)) {
    try {
      if ((await ask(url, quantity, 'eth_chainId', [])) === chainId) results.push(await use(url));
    } catch (error) {
      if (!(error instanceof ChainError) && !(error instanceof RpcRefusal)) throw error;
      // Another one may answer; and it may be of another chain.
      failure ??= error;
    }
  }
  const folder = join(dataDir, 'chain');
  if (results.length === 0 && chainId === EMBEDDED_CHAIN_ID && existsSync(folder)) {
    const node = await startEmbeddedNode({ folder, port: evmPort ?? 0 });
    try {
      return [await use(node.url)];
    } finally {
      await node.stop();
    }
  }
  if (results.length === 0 && failure !== undefined) throw failure;
  return results;
}

interface Found {
  /** base64 */
  readonly root: string;
  readonly blockNumber: number;
  /** 0x hex in lower case. */
  readonly anchorer: string;
}

/** One that has handed over counts up to the first anchor of those after it. */
function isInItsTime(
  { anchorer, blockNumber }: Found,
  terms: readonly AnchorerTerm[],
  found: readonly Found[],
): boolean {
  const turn = terms.findIndex(({ address }) => address.toLowerCase() === anchorer);
  const later = new Set(terms.slice(turn + 1).map(({ address }) => address.toLowerCase()));
  return found.every((one) => !later.has(one.anchorer) || one.blockNumber >= blockNumber);
}

function distinct(found: readonly Found[]): readonly Found[] {
  return [...new Map(found.map((one) => [`${one.blockNumber} ${one.anchorer} ${one.root}`, one])).values()];
}

async function anchorsAt(
  url: string,
  { contract, anchorers, firstBlock }: LedgerChain,
  height: number,
): Promise<readonly Found[]> {
  const known = new Set(anchorers.map(({ address }) => address.toLowerCase()));
  const topics = [REGISTRY_TOPIC, [...known].map((address) => `0x${'0'.repeat(24)}${address.slice(2)}`)];
  const found: Found[] = [];
  for (let from = firstBlock; from <= height; from += LOG_RANGE) {
    const range = { fromBlock: hex(from), toBlock: hex(Math.min(from + LOG_RANGE - 1, height)) };
    const filter = { address: contract.toLowerCase(), topics, ...range };
    for (const log of await ask(url, logs, 'eth_getLogs', [filter])) {
      const [, by = '', root] = log.topics;
      const anchorer = `0x${by.slice(-40).toLowerCase()}`;
      if (root === undefined || !known.has(anchorer)) {
        throw new ChainError('badAnswer', 'an endpoint answers logs that are no anchors of this ledger');
      }
      found.push({ root: toBase64(fromHex0x(root)), blockNumber: log.blockNumber, anchorer });
    }
  }
  return found;
}

async function ask<Answer>(
  url: string,
  answer: z.ZodType<Answer>,
  method: string,
  params: readonly unknown[],
): Promise<Answer> {
  const parsed = answer.safeParse(await callRpc(url, method, params, TIMEOUT_MS));
  if (!parsed.success) throw new ChainError('badAnswer', `${method}: the answer is not of its form`);
  return parsed.data;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
