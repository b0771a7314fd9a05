/** A log with batches whose anchors are on a real chain, as an audit of it answers; and endpoints that lie about the chain. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { BatchEvent, LedgerEvent } from '../anchoring/anchoring.events.js';
import { batchDecider, type BatchState } from '../anchoring/batch.js';
import { callRpc } from '../anchoring/json-rpc.js';
import type { EthersChain } from '../anchoring/ethers-chain.js';
import { ledgerDecider, type LedgerState } from '../anchoring/ledger.js';
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { utf8 } from '../encoding/bytes.js';
import { InvariantError } from '../errors.js';
import { sha256 } from '../log/hash.js';
import type { TrustFile } from '../verification/bundle.js';
import type { AnchorMoment, AuditedBatch, ClockSegment, LogAudit, SealedBatch } from './log-audit.js';

export const ORIGIN = 'audited.example/log';
const VKEY = `${ORIGIN}+0a1b2c3d+AQ==`;
/** Entries of a batch: two things that happened, the standing record, and four about the anchor before. */
const BATCH = 10;

export interface AnchoredLog {
  log: LogAudit;
  trust: TrustFile;
}

/** Anchors `count` batches one after the other on the chain. */
export async function anchoredLog(chain: EthersChain, count: number, seed: string): Promise<AnchoredLog> {
  const firstBlock = ((await chain.newestBlocks())[0]?.number ?? 0) + 1;
  const ledger = ledgerWith(chain, firstBlock);
  const batches: AuditedBatch[] = [];
  const clock: ClockSegment[] = [];
  for (let number = 1; number <= count; number++) {
    const fromIndex = (number - 1) * BATCH;
    const at = new Date().toISOString();
    const root = sha256(utf8(`${seed} ${number}`));
    const data = { number, fromIndex, toIndex: fromIndex + BATCH - 1, size: fromIndex + BATCH, root: toBase64(root) };
    const built = await chain.buildAnchor(root);
    await chain.send(built.signedTransaction);
    const receipt = await mined(chain, built.txHash);
    const { txHash, nonce, signedTransaction } = built;
    const submitted = { chainId: chain.chainId, contract: chain.contract, anchorer: chain.anchorer };
    const { blockNumber, blockHash, blockTime, transactionIndex, gasUsed } = receipt;
    const events: BatchEvent[] = [
      { type: 'BatchSealed', data },
      { type: 'AnchorSubmitted', data: { ...submitted, txHash, nonce, signedTransaction } },
      {
        type: 'AnchorConfirmed',
        data: {
          chainId: chain.chainId,
          txHash,
          blockNumber,
          blockHash,
          blockTime,
          transactionIndex,
          logIndex: 0,
          gasUsed,
        },
      },
      { type: 'AnchorFinalised', data: { chainId: chain.chainId, txHash, blockNumber, blockHash } },
    ];
    batches.push(batchOf(events, data.size, at));
    clock.push({
      from: fromIndex,
      to: data.toIndex,
      earliest: { index: fromIndex, at },
      latest: { index: data.toIndex, at },
    });
  }
  await chain.settle();
  // What the last anchor adds to the log itself.
  const size = count * BATCH + 4;
  const at = new Date().toISOString();
  clock.push({
    from: count * BATCH,
    to: size - 1,
    earliest: { index: count * BATCH, at },
    latest: { index: size - 1, at },
  });
  return {
    log: {
      origin: ORIGIN,
      size,
      root: toBase64(sha256(utf8(seed))),
      checkpoint: '',
      from: 0,
      entries: size,
      credentials: 0,
      findings: [],
      counts: { error: 0, warning: 0, note: 0 },
      ledger,
      batches,
      clock,
      notChecked: { privateRules: {}, unknownTypes: [] },
    },
    trust: {
      origin: ORIGIN,
      vkey: VKEY,
      log: 'http://audited.example/log',
      chains: [
        { name: chain.name, chainId: chain.chainId, contract: chain.contract, anchorers: [chain.anchorer], firstBlock },
      ],
    },
  };
}

/** The batch that its events make, of which the seal is entry `sealedIndex`. */
export function batchOf(events: readonly BatchEvent[], sealedIndex: number, at: string): AuditedBatch {
  let state: BatchState = batchDecider.initialState;
  const stream = `batch-${(events[0] as { data: { number: number } }).data.number}`;
  const moments: AnchorMoment[] = [];
  for (const [i, event] of events.entries()) {
    const meta = { stream, revision: i, at, index: sealedIndex + i };
    state = batchDecider.evolve(state, event, meta);
    if (event.type !== 'BatchSealed') moments.push({ index: sealedIndex + i, at, event });
  }
  return { stream, state: state as SealedBatch, sealedIndex, sealedAt: at, isOfThisLog: true, moments };
}

export function ledgerWith(
  chain: Pick<EthersChain, 'name' | 'chainId' | 'contract' | 'anchorer'>,
  firstBlock: number,
): LedgerState {
  const { name, chainId, contract, anchorer } = chain;
  const events: LedgerEvent[] = [
    { type: 'LedgerFounded', data: { origin: ORIGIN, vkey: VKEY } },
    { type: 'ChainAdded', data: { name, chainId, contract, anchorer, firstBlock } },
  ];
  return events.reduce<LedgerState>(
    (state, event, i) =>
      ledgerDecider.evolve(state, event, {
        stream: 'ledger',
        revision: i,
        at: '2026-01-01T00:00:00.000Z',
        index: i,
      }),
    ledgerDecider.initialState,
  );
}

export function rootOf({ state }: AuditedBatch): Uint8Array {
  return fromBase64(state.root);
}

async function mined(
  chain: EthersChain,
  txHash: string,
): Promise<Extract<Awaited<ReturnType<EthersChain['receipt']>>, { status: 'succeeded' }>> {
  for (;;) {
    const receipt = await chain.receipt(txHash);
    if (receipt?.status === 'succeeded') return receipt;
    if (receipt) throw new InvariantError(`${txHash} was reverted`);
    await delay(10);
  }
}

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Answers a call itself, or passes it on and changes what comes. */
export type Lie = (call: RpcCall, honest: () => Promise<unknown>) => Promise<unknown>;

/** A refusal of JSON-RPC. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly code = -32_000,
    readonly status = 200,
  ) {
    super(message);
  }
}

/** An endpoint in front of a node, as a stranger runs it. */
export class LyingEndpoint {
  private constructor(
    readonly server: Server,
    readonly url: string,
    /** What it was asked. */
    readonly calls: readonly RpcCall[],
  ) {}

  static async start(nodeUrl: string, lie: Lie = (_, honest) => honest()): Promise<LyingEndpoint> {
    const calls: RpcCall[] = [];
    const server = createServer((request, response) => {
      void (async (): Promise<void> => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as RpcCall & { id: number };
        calls.push({ method, params });
        try {
          const result = await lie({ method, params }, () => callRpc(nodeUrl, method, params, 5_000));
          response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
        } catch (error) {
          const { code = -32_000, status = 200 } = error as Partial<Refusal>;
          response.statusCode = status;
          response.end(JSON.stringify({ jsonrpc: '2.0', id, error: { code, message: (error as Error).message } }));
        }
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new LyingEndpoint(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
