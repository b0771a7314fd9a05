/**
 * A JSON-RPC endpoint between a ledger and an EVM node, over real sockets, that does what a script says: it drops calls
 * before or after the node has seen them, delays, repeats, brings them late and so in another order, cuts answers off,
 * refuses, answers stale things or lies, lags behind as a whole; and it can hold a call, so that somebody is killed there.
 *
 * What befalls a call follows from the seed, the endpoint's name, the method and how many calls of the method came before,
 * and from nothing else: so a run that fails can be run again. What has struck is told in `strikes`.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { InvariantError } from '../src/errors.js';
import { diceFor, pick, type Dice } from './dice.js';

export interface RpcCall {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What a network, or whoever runs the endpoint, does to any call without ill will. */
const FAULTS = ['dropped', 'lost', 'cut', 'limited', 'html', 'away', 'delayed', 'repeated'] as const;
/** Of transactions: refused to the sender and delivered later on; or delivered, and once more later on. */
const SENDING_FAULTS = ['lost', 'late', 'repeatedLate', 'dropped', 'repeated'] as const;
export type RpcFault =
  | (typeof FAULTS)[number]
  | (typeof SENDING_FAULTS)[number]
  | 'hangs'
  | 'lagging'
  | 'mixedUp'
  | 'otherAnswer'
  | 'behind'
  | 'wrongChain'
  | 'noReceipt'
  | 'reverted'
  | 'otherBlock'
  | 'otherNonce'
  | 'unknownAnchor';

const LIES_ABOUT: Readonly<Record<string, readonly RpcFault[]>> = {
  eth_chainId: ['wrongChain'],
  eth_getTransactionReceipt: ['noReceipt', 'reverted', 'otherBlock', 'behind', 'otherAnswer'],
  eth_getTransactionCount: ['otherNonce', 'behind'],
  eth_getBlockByNumber: ['behind', 'otherAnswer'],
  eth_getLogs: ['unknownAnchor', 'behind'],
};

export interface Script {
  readonly seed: number;
  /** Of a hundred calls, how many something befalls. */
  readonly perCent: number;
  /** Whether it may say what is not so. */
  readonly lies: boolean;
  /** How long the other side waits for an answer, in milliseconds, where it shall be kept waiting; else it never is. */
  readonly patienceMs?: number;
}

/** Stops calls, and tells that one has come. */
export class Hold {
  readonly reached: Promise<RpcCall>;
  readonly released: Promise<void>;
  #reach: (call: RpcCall) => void = () => undefined;
  #release: () => void = () => undefined;

  /**
   * @param at `before`: the node never sees the call; `after`: it does, and the answer is kept back
   * @param holds whether it is for a call; the answer is there `after`
   */
  constructor(
    readonly at: 'before' | 'after',
    readonly holds: (call: RpcCall, answer: string | undefined) => boolean,
  ) {
    this.reached = new Promise((resolve) => (this.#reach = resolve));
    this.released = new Promise((resolve) => (this.#release = resolve));
  }

  reach(call: RpcCall): void {
    this.#reach(call);
  }

  /** What waits is never answered. */
  release(): void {
    this.#release();
  }
}

/** Where an endpoint has stopped following the chain. */
interface Lag {
  readonly height: number;
  readonly nonces: ReadonlyMap<string, string>;
}

export class ScriptedRpc {
  /** What has struck, in order: `a eth_getLogs#3 lost`. */
  readonly strikes: string[] = [];
  readonly struck = new Set<RpcFault>();
  faulty = true;
  hold: Hold | undefined;
  /** Is told of the bytes of every transaction before the node is. */
  onTransaction: (raw: string) => Promise<void> = async () => undefined;
  readonly #counts = new Map<string, number>();
  readonly #answers = new Map<string, string>();
  #late: { readonly call: RpcCall; afterCalls: number }[] = [];
  #lag: Lag | undefined;
  #server: Server | undefined;

  /** @param name one letter, for the strikes @param node URL of the EVM node */
  constructor(
    readonly name: string,
    private readonly node: string,
    private readonly script: Script,
  ) {}

  /** @returns its URL */
  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => void this.#take(JSON.parse(body) as RpcCall, response).catch(() => response.destroy()));
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.hold?.release();
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** From now on it knows no newer block, until it is told to follow again. */
  async lagBehind(accounts: readonly string[]): Promise<void> {
    const height = resultOf(await this.#forward({ id: 0, method: 'eth_blockNumber', params: [] })) as string;
    const nonces = new Map<string, string>();
    for (const account of accounts) {
      const params = [account, 'latest'];
      const count = resultOf(await this.#forward({ id: 0, method: 'eth_getTransactionCount', params }));
      nonces.set(account.toLowerCase(), count as string);
    }
    this.#lag = { height: Number(height), nonces };
    this.struck.add('lagging');
  }

  follow(): void {
    this.#lag = undefined;
  }

  /** All that was kept back reaches the node. */
  async deliver(): Promise<void> {
    for (const { call } of this.#late.splice(0)) await this.#forward(call).catch(() => undefined);
  }

  async #take(call: RpcCall, response: ServerResponse): Promise<void> {
    await this.#deliverDue();
    if (await this.#isHeld('before', call, undefined)) return void response.destroy();
    const nth = (this.#counts.get(call.method) ?? 0) + 1;
    this.#counts.set(call.method, nth);
    const dice = diceFor(this.script.seed, `${this.name} ${call.method} ${nth}`);
    const fault = this.faulty ? this.#faultOf(call, dice) : undefined;
    if (fault !== undefined) {
      this.struck.add(fault);
      this.strikes.push(`${this.name} ${call.method}#${nth} ${fault}`);
    }
    const answer = await this.#answer(call, fault, dice);
    if (answer === undefined) return void response.destroy();
    if (await this.#isHeld('after', call, answer.text)) return void response.destroy();
    const { text, status = 200, type = 'application/json' } = answer;
    if (fault === 'cut') {
      response.writeHead(status, { 'content-type': type, 'content-length': text.length });
      return void response.write(text.slice(0, text.length / 2), () => response.destroy());
    }
    response.writeHead(status, { 'content-type': type });
    response.end(text);
  }

  async #isHeld(at: 'before' | 'after', call: RpcCall, answer: string | undefined): Promise<boolean> {
    const { hold } = this;
    if (hold?.at !== at || !hold.holds(call, answer)) return false;
    hold.reach(call);
    await hold.released;
    return true;
  }

  async #deliverDue(): Promise<void> {
    for (const late of this.#late) late.afterCalls -= 1;
    const due = this.#late.filter(({ afterCalls }) => afterCalls < 0);
    this.#late = this.#late.filter(({ afterCalls }) => afterCalls >= 0);
    for (const { call } of due) await this.#forward(call);
  }

  /** @returns undefined where the connection breaks */
  async #answer(
    call: RpcCall,
    fault: RpcFault | undefined,
    dice: Dice,
  ): Promise<{ text: string; status?: number; type?: string } | undefined> {
    switch (fault) {
      case 'dropped':
        return undefined;
      case 'limited':
        return { text: '{"jsonrpc":"2.0","error":{"code":-32005,"message":"limit exceeded"}}', status: 429 };
      case 'html':
        return { text: '<html><body>Just a moment...</body></html>', type: 'text/html' };
      case 'away':
        return { text: '', status: 503 };
      case 'late':
        this.#late.push({ call, afterCalls: dice(40) });
        return undefined;
      case 'hangs':
        // Longer than anybody waits; the request has done its work all the same.
        await this.#forward(call);
        await delay(2 * (this.script.patienceMs ?? 0));
        return undefined;
      case 'delayed':
        await delay(dice(20));
        break;
      case 'repeated':
        await this.#forward(call);
        break;
      case 'repeatedLate':
        this.#late.push({ call, afterCalls: dice(60) });
        break;
      default:
    }
    const fresh = this.#lag ? await this.#asThen(call, this.#lag) : await this.#forward(call);
    const key = `${call.method} ${JSON.stringify(call.params)}`;
    const other = this.#answers.get(call.method);
    const same = this.#answers.get(key);
    this.#answers.set(key, fresh);
    this.#answers.set(call.method, fresh);
    switch (fault) {
      case 'lost':
        return undefined;
      // Answers in another order: with the number of the other question, or without one's noticing.
      case 'mixedUp':
        return { text: other ?? fresh };
      case 'otherAnswer':
        return { text: numbered(other ?? fresh, call) };
      // What it said to the very same question before.
      case 'behind':
        return { text: numbered(same ?? fresh, call) };
      case 'wrongChain':
        return { text: saying('0x1', call) };
      case 'noReceipt':
        return { text: saying(null, call) };
      case 'reverted':
        return { text: fresh.replace('"status":"0x1"', '"status":"0x0"') };
      case 'otherBlock':
        return { text: fresh.replace(/"blockHash":"0x[0-9a-f]{64}"/g, `"blockHash":"0x${'ab'.repeat(32)}"`) };
      case 'otherNonce':
        return { text: saying(`0x${dice(12).toString(16)}`, call) };
      case 'unknownAnchor':
        return { text: saying([madeUpAnchor(call)], call) };
      default:
        return { text: fresh };
    }
  }

  #faultOf({ method }: RpcCall, dice: Dice): RpcFault | undefined {
    const { perCent, lies, patienceMs } = this.script;
    const roll = dice(100);
    if (roll >= perCent) return undefined;
    if (roll === 0 && patienceMs !== undefined) return 'hangs';
    if (method === 'eth_sendRawTransaction' && dice(2) === 0) return pick(dice, SENDING_FAULTS);
    const about = lies ? LIES_ABOUT[method] : undefined;
    if (about && dice(3) > 0) return pick(dice, about);
    return pick(dice, lies ? [...FAULTS, 'mixedUp' as const] : FAULTS);
  }

  /** The answer of an endpoint that has stopped following. */
  async #asThen(call: RpcCall, { height, nonces }: Lag): Promise<string> {
    const { method, params } = call;
    const newest = `0x${height.toString(16)}`;
    switch (method) {
      case 'eth_blockNumber':
        return saying(newest, call);
      case 'eth_getTransactionCount':
        return saying(nonces.get(String(params[0]).toLowerCase()) ?? '0x0', call);
      case 'eth_getBlockByNumber': {
        const [tag, full] = params as [string, boolean];
        const known: Readonly<Record<string, number>> = { latest: height, finalized: Math.max(height - 2, 0) };
        const asked = known[tag] ?? Number(tag);
        if (asked > height) return saying(null, call);
        return this.#forward({ ...call, params: [`0x${asked.toString(16)}`, full] });
      }
      case 'eth_getLogs': {
        const [filter] = params as [{ fromBlock: string; toBlock: string }];
        if (Number(filter.fromBlock) > height) return saying([], call);
        const toBlock = Number(filter.toBlock) > height ? newest : filter.toBlock;
        return this.#forward({ ...call, params: [{ ...filter, toBlock }] });
      }
      case 'eth_getTransactionReceipt':
      case 'eth_getBlockByHash': {
        const fresh = await this.#forward(call);
        const found = resultOf(fresh) as { blockNumber?: string; number?: string } | null;
        return Number(found?.blockNumber ?? found?.number ?? 0) > height ? saying(null, call) : fresh;
      }
      default:
        return this.#forward(call);
    }
  }

  async #forward({ id, method, params }: RpcCall): Promise<string> {
    if (method === 'eth_sendRawTransaction') await this.onTransaction(String(params[0]));
    const answer = await fetch(this.node, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    });
    return answer.text();
  }
}

function resultOf(text: string): unknown {
  const answer = JSON.parse(text) as { result?: unknown };
  if (answer.result === undefined) throw new InvariantError(`the EVM node says ${text}`);
  return answer.result;
}

function numbered(text: string, { id }: RpcCall): string {
  return JSON.stringify({ ...(JSON.parse(text) as object), id });
}

function saying(result: unknown, { id }: RpcCall): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result });
}

/** An anchor of a root that no batch has: if it were believed, the ledger would stop for good (S16). */
function madeUpAnchor({ params }: RpcCall): object {
  const [{ address, topics }] = params as [{ address: string; topics: [string, string[]] }];
  const word = `0x${'cd'.repeat(32)}`;
  return { address, topics: [topics[0], topics[1][0], word], transactionHash: word, blockNumber: '0x1', data: '0x' };
}
