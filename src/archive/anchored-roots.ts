/**
 * S16: which roots the ledger's anchorer has put on the chains that its log names, as far as they can be reached: at the
 * endpoints of RPC_URLS, or on the embedded node's own chain in DATA_DIR/chain, which is started for the question and
 * ended again. A chain that cannot be reached is named, so that nobody takes it for compared.
 * Proven by restore.int.spec.ts on a real node.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ChainError } from '../anchoring/chain.js';
import { EMBEDDED_CHAIN_ID, startEmbeddedNode } from '../anchoring/embedded-node.js';
import { callRpc, RpcRefusal } from '../anchoring/json-rpc.js';
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
  readonly rpcUrls: readonly string[];
  /** Port for the embedded node; unset: any. */
  readonly evmPort: number | undefined;
}

export interface ChainsCompared {
  readonly anchored: readonly AnchoredRoot[];
  /** Newest block of each chain that was reached. */
  readonly newest: readonly { readonly chainId: number; readonly blockNumber: number }[];
  /** Names of chains that could not be reached, each with why. */
  readonly notReached: readonly string[];
}

export async function anchoredRoots({ ledger }: LogContents, places: ChainPlaces): Promise<ChainsCompared> {
  const anchored: AnchoredRoot[] = [];
  const newest: { chainId: number; blockNumber: number }[] = [];
  const notReached: string[] = [];
  for (const chain of ledger.chains) {
    try {
      const asked = await withEndpoint(chain.chainId, places, async (url) => {
        const height = await ask(url, quantity, 'eth_blockNumber', []);
        return { height, found: await anchorsAt(url, chain, height) };
      });
      if (!asked) {
        notReached.push(`${chain.name}: no RPC_URLS and no chain in ${join(places.dataDir, 'chain')}`);
        continue;
      }
      newest.push({ chainId: chain.chainId, blockNumber: asked.height });
      for (const { root, blockNumber } of asked.found) {
        anchored.push({ where: `chain "${chain.name}"`, chainId: chain.chainId, blockNumber, root });
      }
    } catch (error) {
      if (!(error instanceof ChainError) && !(error instanceof RpcRefusal)) throw error;
      notReached.push(`${chain.name}: ${error.message}`);
    }
  }
  return { anchored, newest, notReached };
}

async function withEndpoint<Result>(
  chainId: number,
  { dataDir, rpcUrls, evmPort }: ChainPlaces,
  use: (url: string) => Promise<Result>,
): Promise<Result | undefined> {
  for (const url of rpcUrls) {
    if ((await ask(url, quantity, 'eth_chainId', [])) === chainId) return use(url);
  }
  const folder = join(dataDir, 'chain');
  if (chainId !== EMBEDDED_CHAIN_ID || !existsSync(folder)) return undefined;
  const node = await startEmbeddedNode({ folder, port: evmPort ?? 0 });
  try {
    return await use(node.url);
  } finally {
    await node.stop();
  }
}

async function anchorsAt(
  url: string,
  { contract, anchorer, firstBlock }: { contract: string; anchorer: string; firstBlock: number },
  height: number,
): Promise<readonly { root: string; blockNumber: number }[]> {
  const topics = [REGISTRY_TOPIC, `0x${'0'.repeat(24)}${anchorer.slice(2).toLowerCase()}`];
  const found: { root: string; blockNumber: number }[] = [];
  for (let from = firstBlock; from <= height; from += LOG_RANGE) {
    const range = { fromBlock: hex(from), toBlock: hex(Math.min(from + LOG_RANGE - 1, height)) };
    const filter = { address: contract.toLowerCase(), topics, ...range };
    for (const log of await ask(url, logs, 'eth_getLogs', [filter])) {
      const root = log.topics[2];
      if (root === undefined) throw new ChainError('badAnswer', 'an endpoint answers logs that are no anchors');
      found.push({ root: toBase64(fromHex0x(root)), blockNumber: log.blockNumber });
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
