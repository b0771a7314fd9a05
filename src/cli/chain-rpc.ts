/**
 * Block hashes from the nodes of a chain, by JSON-RPC over HTTP (S10). Nodes of another chain are left aside; those
 * that answer must agree, or their word is worth nothing.
 */
import { z } from 'zod';
import type { BlockHashAnswer, BlockHashSource } from '../verification/index.js';
import { CliError, EXIT, printable } from './cli-io.js';
import { reasonOf } from './read-document.js';

const TIMEOUT_MS = 10_000;

const quantity = z.string().regex(/^0x[0-9a-fA-F]{1,16}$/);
const answer = z.union([z.object({ result: z.unknown() }), z.object({ error: z.unknown() })]);
const block = z.object({ number: quantity, hash: z.string().regex(/^0x[0-9a-fA-F]{64}$/) }).nullable();

/** Nobody answered, or they contradict each other. The verifier makes it `unknown`. */
class ChainError extends CliError {
  constructor(message: string) {
    super(EXIT.undetermined, message);
    this.name = 'ChainError';
  }
}

/**
 * Asks every node that belongs to the chain.
 * @param urlsOf the nodes to ask for a chain
 */
export function blockHashFrom(urlsOf: (chainId: number) => readonly string[], fetcher: typeof fetch): BlockHashSource {
  return async (chainId, blockNumber) => {
    const urls = [...new Set(urlsOf(chainId))];
    if (urls.length === 0) return undefined;
    const settled = await Promise.allSettled(urls.map((url) => askNode(url, chainId, blockNumber, fetcher)));
    const failures = settled.flatMap((one, i) =>
      one.status === 'rejected' ? [`${printable(urls[i]!)}: ${reasonOf(one.reason)}`] : [],
    );
    const answers = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (answers.length === 0) throw new ChainError(failures.join('; '));
    const known = answers.filter((one) => one !== undefined);
    const first = known[0];
    if (first === undefined) return undefined;
    if (known.length < answers.length || known.some(({ hash }) => hash !== first.hash)) {
      throw new ChainError(`the nodes asked for block ${blockNumber} of chain ${chainId} do not agree`);
    }
    return { hash: first.hash, final: known.every(({ final }) => final) };
  };
}

async function askNode(
  url: string,
  chainId: number,
  blockNumber: number,
  fetcher: typeof fetch,
): Promise<Exclude<BlockHashAnswer, string> | undefined> {
  const id = Number(quantity.parse(await call(url, 'eth_chainId', [], fetcher)));
  if (id !== chainId) throw new ChainError(`is a node of chain ${id}, not of ${chainId}`);
  const found = block.parse(await call(url, 'eth_getBlockByNumber', [`0x${blockNumber.toString(16)}`, false], fetcher));
  if (found === null) return undefined;
  if (Number(found.number) !== blockNumber) throw new ChainError(`answered block ${found.number} for ${blockNumber}`);
  return { hash: found.hash.toLowerCase(), final: await isFinal(url, blockNumber, fetcher) };
}

/** A node that does not know the tag says nothing against it: bundles are made of final anchors only. */
async function isFinal(url: string, blockNumber: number, fetcher: typeof fetch): Promise<boolean> {
  try {
    const last = block.parse(await call(url, 'eth_getBlockByNumber', ['finalized', false], fetcher));
    return last === null || Number(last.number) >= blockNumber;
  } catch (error) {
    if (error instanceof ChainError) return true;
    throw error;
  }
}

async function call(url: string, method: string, params: unknown[], fetcher: typeof fetch): Promise<unknown> {
  const response = await fetcher(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new ChainError(`${method}: HTTP ${response.status}`);
  const given = answer.parse(await response.json());
  if ('error' in given) throw new ChainError(`${method}: the node answered with an error`);
  return given.result;
}
