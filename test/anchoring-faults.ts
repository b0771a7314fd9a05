/**
 * Anchoring under everything that can go wrong, from a seed: a real EVM node, endpoints in front of it that drop, delay,
 * repeat, mix up, refuse and lie, reorganisations, lost pools, and a worker that is killed at any of its awaits. Then the
 * faults end, and what the rules promise must be so. Used by anchoring-faults.int.spec.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Anchorer } from '../src/anchoring/anchorer.js';
import type { BatchEvent } from '../src/anchoring/anchoring.events.js';
import { finalAnchor } from '../src/anchoring/batches.read.js';
import { ChainError, type Chain } from '../src/anchoring/chain.js';
import { EthersChain } from '../src/anchoring/ethers-chain.js';
import { callRpc } from '../src/anchoring/json-rpc.js';
import { fromHex0x } from '../src/encoding/hex.js';
import { toBase64 } from '../src/encoding/base64.js';
import { InvariantError } from '../src/errors.js';
import { NO_STREAM, type EventStore, type StoredEvent } from '../src/event-store/event-store.js';
import { openMemoryEventStore } from '../src/event-store/memory.js';
import { SmallLedger } from '../src/small-ledger.fixture.js';

/** Numbers below a limit, from a seed (mulberry32). */
export type Dice = (below: number) => number;

export function diceFrom(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const TIMEOUT_MS = 150;

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** An endpoint between worker and node, with a will of its own while `faulty`. */
export class Meddler {
  faulty = true;
  /** How often each fault has struck, by name. */
  readonly struck = new Map<string, number>();
  readonly #stale = new Map<string, string>();
  #server: Server | undefined;

  constructor(
    private readonly node: string,
    private readonly dice: Dice,
  ) {}

  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => void this.#answer(JSON.parse(body) as Call, response).catch(() => response.destroy()));
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  async #answer(call: Call, response: ServerResponse): Promise<void> {
    const fault = this.faulty ? this.#fault(call) : undefined;
    if (fault !== undefined) this.struck.set(fault, (this.struck.get(fault) ?? 0) + 1);
    const say = (text: string, status = 200, type = 'application/json'): void => {
      response.writeHead(status, { 'content-type': type });
      response.end(text);
    };
    switch (fault) {
      case 'dropped':
        return void response.destroy();
      case 'limited':
        return say('{"jsonrpc":"2.0","error":{"code":-32005,"message":"limit exceeded"}}', 429);
      case 'html':
        return say('<html><body>Just a moment...</body></html>', 200, 'text/html');
      case 'away':
        return say('', 503);
      case 'hangs':
        // Longer than anybody waits; the request has done its work all the same.
        await this.#forward(call);
        await delay(TIMEOUT_MS * 2);
        return void response.destroy();
      default:
    }
    const key = `${call.method} ${JSON.stringify(call.params)}`;
    const fresh = await this.#forward(call);
    const before = this.#stale.get(call.method);
    const same = this.#stale.get(key);
    this.#stale.set(key, fresh);
    this.#stale.set(call.method, fresh);
    switch (fault) {
      case 'lost':
        return void response.destroy();
      case 'delayed':
        await delay(this.dice(10));
        return say(fresh);
      case 'repeated':
        await this.#forward(call);
        return say(fresh);
      case 'mixedUp':
        return say(before ?? fresh);
      case 'behind':
        // What it said to the very same question before.
        return say(same === undefined ? fresh : JSON.stringify({ ...(JSON.parse(same) as object), id: call.id }));
      case 'wrongChain':
        return say(JSON.stringify({ jsonrpc: '2.0', id: call.id, result: '0x1' }));
      case 'noReceipt':
        return say(JSON.stringify({ jsonrpc: '2.0', id: call.id, result: null }));
      case 'reverted':
        return say(fresh.replace('"status":"0x1"', '"status":"0x0"'));
      case 'otherBlock':
        return say(fresh.replace(/"blockHash":"0x[0-9a-f]{64}"/g, `"blockHash":"0x${'ab'.repeat(32)}"`));
      case 'otherNonce':
        return say(JSON.stringify({ jsonrpc: '2.0', id: call.id, result: `0x${this.dice(12).toString(16)}` }));
      case 'unknownAnchor':
        return say(JSON.stringify({ jsonrpc: '2.0', id: call.id, result: [this.#madeUp(call)] }));
      default:
        return say(fresh);
    }
  }

  /** An anchor of a root that no batch has: if it were believed, the ledger would stop for good (S16). */
  #madeUp(call: Call): object {
    const [{ address, topics }] = call.params as [{ address: string; topics: [string, string[]] }];
    const word = `0x${'cd'.repeat(32)}`;
    return { address, topics: [topics[0], topics[1][0], word], transactionHash: word, blockNumber: '0x1', data: '0x' };
  }

  #fault({ method }: Call): string | undefined {
    const roll = this.dice(100);
    if (roll >= 22) return undefined;
    const lies: Readonly<Record<string, readonly string[]>> = {
      eth_chainId: ['wrongChain'],
      eth_getTransactionReceipt: ['noReceipt', 'reverted', 'otherBlock', 'behind'],
      eth_getTransactionCount: ['otherNonce', 'behind'],
      eth_getBlockByNumber: ['behind', 'mixedUp'],
      eth_getLogs: ['unknownAnchor', 'behind'],
      eth_sendRawTransaction: ['lost', 'repeated', 'dropped'],
    };
    const own = lies[method] ?? [];
    const all = [
      'dropped',
      'lost',
      'limited',
      'html',
      'away',
      'delayed',
      'repeated',
      'mixedUp',
      ...own,
      ...own,
      ...own,
    ];
    return roll === 0 ? 'hangs' : all[this.dice(all.length)];
  }

  async #forward({ id, method, params }: Call): Promise<string> {
    const answer = await fetch(this.node, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    });
    return answer.text();
  }
}

/** The process is gone: nothing after this happens, and nobody catches it. */
class Killed extends Error {
  constructor(where: string) {
    super(`killed ${where}`);
    this.name = 'Killed';
  }
}

/** Ends the worker at a call that the dice choose, before it has an effect or after. */
class Killer {
  #left = Number.POSITIVE_INFINITY;
  readonly killedAt = new Set<string>();

  arm(calls: number): void {
    this.#left = calls;
  }
  disarm(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }

  /** Every method of an object is a place to be killed at. */
  watched<T extends object>(target: T, name: string, only?: readonly string[]): T {
    return new Proxy(target, {
      get: (object, key) => {
        const member: unknown = Reflect.get(object, key, object);
        if (typeof member !== 'function') return member;
        const method = String(key);
        if (only && !only.includes(method)) return member.bind(object) as unknown;
        return async (...args: unknown[]): Promise<unknown> => {
          this.#pass(`before ${name}.${method}`);
          const result: unknown = await (member as (...given: unknown[]) => unknown).apply(object, args);
          this.#pass(`after ${name}.${method}`);
          return result;
        };
      },
    });
  }

  #pass(where: string): void {
    this.#left -= 1;
    if (this.#left >= 0) return;
    this.disarm();
    this.killedAt.add(where);
    throw new Killed(where);
  }
}

export interface Outcome {
  readonly batches: number;
  /** Transactions of ours on the chain in the end. */
  readonly anchors: number;
  readonly kills: readonly string[];
  readonly faults: ReadonlyMap<string, number>;
  /** What the rules forbid and was found; empty if all is well. */
  readonly broken: readonly string[];
  /** Steps by name, of all batches. */
  readonly steps: ReadonlyMap<string, number>;
}

const ROUNDS = 22;
const SETTLING_ROUNDS = 80;
const ROUND_SECONDS = 5;

/** @param node URL of an EVM node with the registry and without automatic mining */
export async function runFaults(seed: number, node: string): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'meritkedja-faults-'));
  const run = new FaultRun(seed, node, folder);
  try {
    return await run.run();
  } finally {
    await run.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

class FaultRun {
  readonly #dice: Dice;
  readonly #store: EventStore = openMemoryEventStore();
  readonly #killer = new Killer();
  readonly #meddlers: Meddler[] = [];
  readonly #broken: string[] = [];
  #small: SmallLedger | undefined;
  #chain: Chain | undefined;
  #anchorer: Anchorer | undefined;
  #clockMs = Date.now();
  #snapshot: string | undefined;
  #problem = '';

  constructor(
    private readonly seed: number,
    private readonly node: string,
    private readonly folder: string,
  ) {
    this.#dice = diceFrom(seed);
  }

  async run(): Promise<Outcome> {
    const key = new Uint8Array(32).fill(1);
    new DataView(key.buffer).setUint32(4, this.seed + 1);
    const urls: string[] = [];
    // One endpoint or two of different minds.
    for (let i = 0; i <= this.#dice(2); i += 1) {
      const meddler = new Meddler(this.node, diceFrom(this.seed * 7 + i));
      this.#meddlers.push(meddler);
      urls.push(await meddler.start());
    }
    const chain = new EthersChain({
      name: 'testnet',
      chainId: 31_337,
      rpcUrls: urls,
      privateKey: key,
      timeoutMs: TIMEOUT_MS,
    });
    await this.#rpc('anvil_setBalance', chain.anchorer, '0x3635c9adc5dea00000');
    // What the node was told besides transactions goes with its blocks: below any that are reorganised here.
    await this.#mine(6);
    this.#chain = this.#killer.watched(chain, 'chain');
    await this.#start();
    for (let round = 0; round < ROUNDS; round += 1) {
      if (this.#dice(3) === 0) await this.#seal();
      if (this.#dice(3) === 0) this.#killer.arm(this.#dice(30));
      await this.#round();
      await this.#disturb();
    }
    for (const meddler of this.#meddlers) meddler.faulty = false;
    this.#killer.disarm();
    await this.#seal();
    for (let round = 0; round < SETTLING_ROUNDS && !(await this.#isSettled()); round += 1) {
      await this.#round();
      await this.#mine(1);
    }
    await this.#check(chain.anchorer);
    return this.#outcome(chain.anchorer);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#meddlers.map((meddler) => meddler.stop()));
    await this.#small?.stop();
    await this.#store.close();
  }

  get #now(): () => Date {
    return () => new Date(this.#clockMs);
  }

  /** As a process that starts: nothing is remembered but what was written. */
  async #start(): Promise<void> {
    await this.#small?.stop();
    this.#small = await SmallLedger.open(this.#store, this.folder, this.#now);
    this.#anchorer = undefined;
  }

  /** One round of the worker; a kill ends it, and what comes next begins from nothing. */
  async #round(): Promise<void> {
    this.#clockMs += ROUND_SECONDS * 1000;
    try {
      const small = this.#small;
      if (!small || !this.#chain) throw new InvariantError('not started');
      if (!this.#anchorer) {
        const store = this.#killer.watched(this.#store, 'store', ['append', 'appendMany']);
        const anchorer = new Anchorer(store, small.readModels, this.#chain, this.#now, {
          isMain: true,
          intervalSeconds: 0,
          bumpAfterSeconds: 4 * ROUND_SECONDS,
          doubtSeconds: 3 * ROUND_SECONDS,
        });
        await anchorer.compare();
        await anchorer.lookBack();
        this.#anchorer = anchorer;
      }
      for (let i = 0; i < 10 && (await this.#anchorer.advance()); i += 1);
    } catch (error) {
      if (error instanceof Killed) return this.#start();
      if (!(error instanceof ChainError)) {
        this.#broken.push(`an error that stops the service: ${String(error)}`);
        throw error;
      }
      this.#problem = error.message;
    }
  }

  async #seal(): Promise<void> {
    const id = crypto.randomUUID();
    const at = this.#now().toISOString();
    const event = { id, type: 'Happened', v: 1, at, by: 'process:test', data: {} };
    await this.#store.append({ stream: `thing-${id}`, expectedRevision: NO_STREAM, events: [event] });
    await this.#small?.settle();
    await this.#small?.sealer.seal();
  }

  /** What happens on the chain between two rounds. */
  async #disturb(): Promise<void> {
    const roll = this.#dice(20);
    if (roll < 10) await this.#mine(1 + this.#dice(2));
    else if (roll === 10) await this.#reorganise(1 + this.#dice(2));
    // The pool forgets: nodes do, when fees rise or they are started again.
    else if (roll === 11) await this.#rpc('anvil_dropAllTransactions');
    else if (roll === 12)
      await this.#rpc('anvil_setNextBlockBaseFeePerGas', `0x${(10 ** 9 * (1 + this.#dice(3))).toString(16)}`);
    else if (roll === 13) this.#snapshot ??= (await this.#rpc('evm_snapshot')) as string;
    // As a node that was killed and comes back without its last blocks.
    else if (roll === 14 && this.#snapshot !== undefined) {
      // A snapshot of blocks that were reorganised away is gone itself.
      await this.#rpc('evm_revert', this.#snapshot).catch(() => undefined);
      this.#snapshot = undefined;
    }
  }

  async #mine(blocks: number): Promise<void> {
    await this.#rpc('anvil_mine', `0x${blocks.toString(16)}`);
  }

  async #reorganise(depth: number): Promise<void> {
    const height = Number(await this.#rpc('eth_blockNumber'));
    if (height > depth + 4) await this.#rpc('anvil_reorg', depth, []);
  }

  async #isSettled(): Promise<boolean> {
    const small = this.#small;
    if (!small) return false;
    await small.settle();
    const batches = await this.#batches();
    return finalAnchor(small.readModels.db, 'newest')?.batch === batches.length;
  }

  /** Events of every batch, oldest batch first. */
  async #batches(): Promise<readonly (readonly StoredEvent[])[]> {
    const batches: (readonly StoredEvent[])[] = [];
    for (let number = 1; ; number += 1) {
      const events = await this.#store.readStream(`batch-${number}`);
      if (events.length === 0) return batches;
      batches.push(events);
    }
  }

  async #check(anchorer: string): Promise<void> {
    const broken = this.#broken;
    const batches = await this.#batches();
    if (!(await this.#isSettled())) broken.push(`batch ${batches.length} is under no final anchor: ${this.#problem}`);
    const { logSize } = await this.#store.head();
    const log = await this.#store.readLog({ from: 0, limit: logSize });
    const size = finalAnchor(this.#small!.readModels.db, 'newest')?.size ?? 0;
    for (const { index, stream } of log.slice(size)) {
      if (!stream.startsWith('batch-')) broken.push(`entry ${index} (${stream}) is under no final anchor`);
    }
    this.#checkBatches(batches);
    this.#checkNonces(batches);
    await this.#checkChain(batches, anchorer);
  }

  /** Each follows the one before, and none is there twice. */
  #checkBatches(batches: readonly (readonly StoredEvent[])[]): void {
    let next = 0;
    const roots = new Set<unknown>();
    for (const [sealed] of batches) {
      const { fromIndex, toIndex, root } = sealed?.data as { fromIndex: number; toIndex: number; root: string };
      if (fromIndex !== next) this.#broken.push(`a batch begins at ${fromIndex} instead of ${next}`);
      if (roots.has(root)) this.#broken.push(`two batches have the root ${root}`);
      roots.add(root);
      next = toIndex + 1;
    }
  }

  /** While a transaction may still be mined, no other one has its nonce, unless it is made to take its place. */
  #checkNonces(batches: readonly (readonly StoredEvent[])[]): void {
    const events = batches.flat().toSorted((a, b) => (a.position < b.position ? -1 : 1));
    const alive = new Map<string, { nonce: number; batch: string }>();
    for (const stored of events) {
      const event = stored as unknown as BatchEvent;
      switch (event.type) {
        case 'AnchorSubmitted':
        case 'AnchorReplaced': {
          const { txHash, nonce } = event.data;
          for (const [other, one] of alive) {
            const takesItsPlace = event.type === 'AnchorReplaced' && one.batch === stored.stream;
            if (one.nonce === nonce && !takesItsPlace) this.#broken.push(`nonce ${nonce} in ${txHash} and ${other}`);
          }
          alive.set(txHash, { nonce, batch: stored.stream });
          break;
        }
        case 'AnchorFailed':
          alive.delete(event.data.txHash);
          break;
        default:
      }
    }
  }

  /** Everything that the contract has of us is in our events, and once; and what is final there is final here. */
  async #checkChain(batches: readonly (readonly StoredEvent[])[], anchorer: string): Promise<void> {
    const onChain = await this.#anchorsOnChain(anchorer);
    const made = new Map<string, string>();
    const failed = new Set<string>();
    for (const events of batches) {
      const root = events[0]?.data['root'] as string;
      for (const { type, data } of events) {
        if (type === 'AnchorSubmitted' || type === 'AnchorReplaced') made.set(data['txHash'] as string, root);
        if (type === 'AnchorFailed') failed.add(root);
      }
    }
    const times = new Map<string, number>();
    for (const { root, txHash } of onChain) {
      if (made.get(txHash) !== root) this.#broken.push(`anchor ${txHash} on the chain is unexplained`);
      times.set(root, (times.get(root) ?? 0) + 1);
    }
    for (const [root, count] of times) {
      if (count > 1 && !failed.has(root)) this.#broken.push(`root ${root} was anchored ${count} times`);
    }
    const final = finalAnchor(this.#small!.readModels.db, 'newest')?.proof;
    if (final && !onChain.some(({ txHash, blockHash }) => txHash === final.txHash && blockHash === final.blockHash)) {
      this.#broken.push(`the final anchor ${final.txHash} is not on the chain`);
    }
  }

  async #anchorsOnChain(anchorer: string): Promise<readonly { root: string; txHash: string; blockHash: string }[]> {
    const topic = `0x${'0'.repeat(24)}${anchorer.slice(2).toLowerCase()}`;
    const logs = (await this.#rpc('eth_getLogs', { fromBlock: '0x0', topics: [null, topic] })) as {
      topics: [string, string, string];
      transactionHash: string;
      blockHash: string;
    }[];
    return logs.map(({ topics, transactionHash, blockHash }) => ({
      root: toBase64(fromHex0x(topics[2])),
      txHash: transactionHash,
      blockHash,
    }));
  }

  async #outcome(anchorer: string): Promise<Outcome> {
    const batches = await this.#batches();
    const faults = new Map<string, number>();
    for (const { struck } of this.#meddlers) {
      for (const [name, count] of struck) faults.set(name, (faults.get(name) ?? 0) + count);
    }
    const steps = new Map<string, number>();
    for (const { type, data } of batches.flat()) {
      const name = type === 'AnchorFailed' ? `${type} ${data['code'] as string}` : type;
      steps.set(name, (steps.get(name) ?? 0) + 1);
    }
    return {
      batches: batches.length,
      anchors: (await this.#anchorsOnChain(anchorer)).length,
      kills: [...this.#killer.killedAt],
      faults,
      broken: this.#broken,
      steps,
    };
  }

  #rpc(method: string, ...params: unknown[]): Promise<unknown> {
    return callRpc(this.node, method, params, 30_000);
  }
}
