/**
 * One endpoint of a chain, as an audit asks it: what the registry has recorded for our anchorers, headers, receipts. It is
 * a stranger. What hashes is believed (a header by its hash, a receipt under its header's root); what does not is its word
 * alone, and the audit says so (S19). Limits of public endpoints are met with smaller ranges and pauses.
 * Proven by anchors.int.spec.ts, with endpoints that limit, hide, add and contradict.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { ChainError } from '../anchoring/chain.js';
import { callRpc, RpcEndpoints, RpcRefusal } from '../anchoring/json-rpc.js';
import { networkWithId } from '../anchoring/networks.js';
import {
  encodeHeader,
  encodeReceipt,
  encodeTransaction,
  inTries,
  proveIndex,
  rpcBlock,
  rpcReceipt,
  unknownMembers,
  type RpcBlock,
  type RpcReceipt,
} from '../anchoring/receipt-proof.js';
import { REGISTRY_TOPIC } from '../anchoring/registry.js';
import { bytesOf, smallQuantity, toQuantity } from '../anchoring/rpc-values.js';
import { toHex0x } from '../encoding/hex.js';
import { keccak256 } from '../verification/keccak.js';

const TIMEOUT_MS = 15_000;
/** Blocks asked for logs at a time: at first, and at most once an endpoint has shown that it answers more. */
const FIRST_RANGE = 5_000;
const WIDEST_RANGE = 200_000;
/** How often an endpoint is asked again that is busy or silent, and how long first to wait. */
const TRIES = 4;
const PAUSE_MS = 500;

const anchoredLog = z.object({
  address: bytesOf(20),
  topics: z.array(bytesOf(32)).length(3),
  transactionHash: bytesOf(32),
  blockNumber: smallQuantity,
  blockHash: bytesOf(32),
  removed: z.boolean().optional(),
});
const blockHead = rpcBlock.pick({ number: true, hash: true });

/** A log of the registry, as an endpoint tells it. Hashes and addresses in lower case. */
export interface AnchorLog {
  readonly contract: string;
  readonly anchorer: string;
  /** 0x hex of 32 bytes. */
  readonly root: string;
  readonly txHash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
}

export interface Header {
  readonly blockNumber: number;
  readonly blockHash: string;
  /** Seconds since 1970. */
  readonly time: number;
}

export interface WantedLogs {
  readonly contract: string;
  /** Addresses; at least one. */
  readonly anchorers: readonly string[];
  readonly fromBlock: number;
}

export class ChainEndpoint {
  private constructor(
    readonly url: string,
    readonly chainId: number,
    /** The newest block when the audit began. */
    readonly newest: number,
    /** The newest final one then: -1 where there is none yet, undefined where the endpoint does not tell. */
    readonly final: number | undefined,
    private readonly rpc: RpcEndpoints,
  ) {}

  /**
   * @throws ChainError rpcUnreachable, rpcLimited, badAnswer; RpcRefusal
   */
  static async open(url: string, timeoutMs = TIMEOUT_MS): Promise<ChainEndpoint> {
    return patiently(async () => {
      const said = smallQuantity.safeParse(await callRpc(url, 'eth_chainId', [], timeoutMs));
      if (!said.success) throw new ChainError('badAnswer', `eth_chainId at ${hostOf(url)}: expected a quantity`);
      const chainId = said.data;
      const rpc = new RpcEndpoints([url], chainId, timeoutMs);
      const newest = await rpc.askOne(url, smallQuantity, 'eth_blockNumber', []);
      const finality = networkWithId(chainId)?.finality;
      const depth = typeof finality === 'object' ? finality.depth : undefined;
      const tag = depth === undefined ? 'finalized' : 'latest';
      const final = await finalAt(rpc, url, tag);
      return new ChainEndpoint(url, chainId, newest, final === undefined ? undefined : final - (depth ?? 0), rpc);
    });
  }

  /** Its host: a URL may hold an access key. */
  get host(): string {
    return hostOf(this.url);
  }

  /**
   * What the registry has recorded for our anchorers up to the newest block there was when this endpoint was opened.
   * @param onProgress blocks looked through, of how many
   * @throws ChainError, RpcRefusal where it does not answer a single block
   */
  async logs(
    { contract, anchorers, fromBlock }: WantedLogs,
    onProgress: (done: number, of: number) => void = () => undefined,
  ): Promise<readonly AnchorLog[]> {
    const address = contract.toLowerCase();
    const ours = anchorers.map((one) => `0x${'0'.repeat(24)}${one.slice(2).toLowerCase()}`);
    const found: AnchorLog[] = [];
    let width = FIRST_RANGE;
    for (let from = fromBlock; from <= this.newest;) {
      const to = Math.min(from + width - 1, this.newest);
      const filter = { address, topics: [REGISTRY_TOPIC, ours], fromBlock: toQuantity(from), toBlock: toQuantity(to) };
      let logs: readonly z.output<typeof anchoredLog>[];
      try {
        logs = await this.#ask(z.array(anchoredLog), 'eth_getLogs', [filter]);
      } catch (error) {
        if (!(error instanceof RpcRefusal)) throw error;
        // Too many blocks, or too many logs in them: each provider says it in its own words.
        if (to === from) throw new ChainError('badAnswer', `${this.host} tells no logs: ${error.message}`);
        width = Math.max(1, Math.floor((to - from + 1) / 2));
        continue;
      }
      for (const log of logs) {
        const [event, anchorer, root] = log.topics;
        const isAsked =
          log.address === address &&
          event === REGISTRY_TOPIC &&
          ours.includes(anchorer!) &&
          log.blockNumber >= from &&
          log.blockNumber <= to;
        if (!isAsked)
          throw new ChainError('badAnswer', `${this.host} was asked for our anchors and answers other logs`);
        if (log.removed === true) continue;
        found.push({
          contract: log.address,
          anchorer: `0x${anchorer!.slice(26)}`,
          root: root!,
          txHash: log.transactionHash,
          blockNumber: log.blockNumber,
          blockHash: log.blockHash,
        });
      }
      onProgress(to - fromBlock + 1, this.newest - fromBlock + 1);
      from = to + 1;
      width = Math.min(width * 2, WIDEST_RANGE);
    }
    return found;
  }

  /**
   * The header that the endpoint has at a height, or of a hash: its members hash to its hash.
   * @returns undefined where it has none
   * @throws ChainError badAnswer where they do not
   */
  async header(at: number | string): Promise<Header | undefined> {
    const [method, which] =
      typeof at === 'number' ? ['eth_getBlockByNumber', toQuantity(at)] : ['eth_getBlockByHash', at];
    const block = await this.#ask(rpcBlock.nullable(), method, [which, false]);
    if (block === null) return undefined;
    if (at !== block.number && at !== block.hash) {
      throw new ChainError('badAnswer', `${this.host}: was asked for block ${at} and answers ${block.number}`);
    }
    this.#requireHeader(block);
    return { blockNumber: block.number, blockHash: block.hash, time: block.timestamp };
  }

  /**
   * The registry's logs in a block, out of receipts that hash to its receipts root: whatever an endpoint hides or adds
   * besides is seen.
   * @param blockHash 0x hex
   * @returns undefined where it has no such block
   * @throws ChainError badAnswer where header or receipts do not hash; RpcRefusal where it does not tell receipts
   */
  async provenLogs(blockHash: string): Promise<readonly AnchorLog[] | undefined> {
    const block = await this.#ask(rpcBlock.nullable(), 'eth_getBlockByHash', [blockHash, false]);
    if (block === null) return undefined;
    this.#requireHeader(block);
    const receipts = await this.#receipts(block);
    const isWhole = receipts.length > 0 && receipts.every(({ transactionIndex }, i) => transactionIndex === i);
    const root = isWhole ? toHex0x((await proveIndex(receipts.map(encodeReceipt), 0)).root) : undefined;
    if (block.hash !== blockHash || root !== block.receiptsRoot) {
      throw new ChainError('badAnswer', `${this.host}: the receipts of block ${blockHash} do not hash to its root`);
    }
    return receipts.flatMap(({ logs, transactionHash, status }) =>
      logs.flatMap(({ address, topics, data: content }) =>
        status === '0x1' && topics[0] === REGISTRY_TOPIC && topics.length === 3 && content === '0x'
          ? [
              {
                contract: address,
                anchorer: `0x${topics[1]!.slice(26)}`,
                root: topics[2]!,
                txHash: transactionHash,
                blockNumber: block.number,
                blockHash,
              },
            ]
          : [],
      ),
    );
  }

  /** Where the endpoint says that a transaction is; undefined where it knows none, or none in a block. */
  async placeOf(txHash: string): Promise<{ readonly blockNumber: number; readonly blockHash: string } | undefined> {
    const receipt = await this.#ask(rpcReceipt.nullable(), 'eth_getTransactionReceipt', [txHash]);
    return receipt === null ? undefined : { blockNumber: receipt.blockNumber, blockHash: receipt.blockHash };
  }

  /**
   * The signed bytes of a transaction, which hash to its hash, 0x hex.
   * @returns undefined where the endpoint does not tell them
   */
  async signedTransaction(txHash: string): Promise<string | undefined> {
    const json = await this.#ask(z.unknown(), 'eth_getTransactionByHash', [txHash]);
    const bytes = json === null ? undefined : encodeTransaction(json);
    return bytes !== undefined && toHex0x(keccak256(bytes)) === txHash ? toHex0x(bytes) : undefined;
  }

  #requireHeader(block: RpcBlock): void {
    if (toHex0x(keccak256(encodeHeader(block))) === block.hash) return;
    const isNewer = unknownMembers(block).length > 0;
    throw new ChainError(
      isNewer ? 'proofUnavailable' : 'badAnswer',
      `${this.host}: the members of block ${block.hash} do not hash to it` +
        (isNewer ? ': a fork has added some that this version does not know' : ''),
    );
  }

  /** In order. */
  async #receipts(block: RpcBlock): Promise<readonly RpcReceipt[]> {
    let receipts: readonly RpcReceipt[];
    try {
      receipts = await this.#ask(z.array(rpcReceipt), 'eth_getBlockReceipts', [block.hash]);
    } catch (error) {
      if (!(error instanceof RpcRefusal || (error instanceof ChainError && error.code === 'badAnswer'))) throw error;
      // Not every node has the method, or takes a hash there.
      const one: RpcReceipt[] = [];
      for (const hash of inTries(block, block.transactions, (each) => each)) {
        one.push(await this.#ask(rpcReceipt, 'eth_getTransactionReceipt', [hash]));
      }
      return one;
    }
    const all = receipts.toSorted((a, b) => a.transactionIndex - b.transactionIndex);
    return inTries(block, all, ({ transactionHash }) => transactionHash);
  }

  #ask<T>(answer: z.ZodType<T>, method: string, params: readonly unknown[]): Promise<T> {
    return patiently(() => this.rpc.askOne(this.url, answer, method, params));
  }
}

/** The height of the block that a tag names. A node that does not know the tag says nothing. */
async function finalAt(rpc: RpcEndpoints, url: string, tag: string): Promise<number | undefined> {
  try {
    const block = await rpc.askOne(url, blockHead.nullable(), 'eth_getBlockByNumber', [tag, false]);
    return block?.number ?? -1;
  } catch (error) {
    if (error instanceof RpcRefusal) return undefined;
    throw error;
  }
}

/** Asks again, after a pause that grows, whoever is busy or silent. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await ask();
    } catch (error) {
      const mayPass = error instanceof ChainError && (error.code === 'rpcLimited' || error.code === 'rpcUnreachable');
      // Where nothing listens, nothing will in a moment; where it is busy, it may.
      if (!mayPass || tried === (error.code === 'rpcLimited' ? TRIES : 2)) throw error;
      await delay(PAUSE_MS * 2 ** (tried - 1));
    }
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an endpoint that is no URL';
}
