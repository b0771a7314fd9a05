/**
 * The built service on a public chain's terms, with everything between in a test's hand: an EVM node that is reorganised
 * and killed, endpoints and a signer that hold a call while the service is killed with kill -9, and the store, which can
 * be read while nobody runs. Used by anchoring-kills.e2e.spec.ts and anchoring-faults.int.spec.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Transaction } from 'ethers';
import { InvariantError } from '../src/errors.js';
import type { EventStore, StoredEvent } from '../src/event-store/event-store.js';
import { openSqliteEventStore } from '../src/event-store/sqlite.js';
import { EVENT_TYPES } from '../src/event-types.js';
import { batchesIn, brokenInvariants, wrongToSend } from './anchoring-invariants.js';
import { EvmNode } from './evm-node.js';
import { LoopbackSigner } from './loopback-signer.js';
import { organisation } from './samples.js';
import { ScriptedRpc, type Hold, type RpcCall, type Script } from './scripted-rpc.js';
import { Service, type Parsed } from './service.js';

/** Sepolia: any network that CHAIN may name would do. */
const CHAIN = 'sepolia';
const CHAIN_ID = 11_155_111;
const KEY = new Uint8Array(32).fill(17);
/** How often the service is asked to look again, in milliseconds; by itself it looks once a block of that network. */
const ASK_MS = 200;
const DEADLINE_MS = 180_000;
/** Seconds that blocks may be ahead of the clock, since each one is a second later than the one before (S18: 120). */
const AHEAD = 40;

/** What the store held when the service was dead. */
export interface Remains {
  /** The call that it was killed at, if any. */
  readonly call: RpcCall | undefined;
  /** Events of each batch, oldest batch first. */
  readonly batches: readonly (readonly StoredEvent[])[];
}

export class KilledService {
  readonly folder = mkdtempSync(join(tmpdir(), 'meritkedja-kills-'));
  readonly signer = new LoopbackSigner(KEY);
  readonly endpoints: ScriptedRpc[] = [];
  readonly broken = new Set<string>();
  /** What happened, in order. */
  readonly script: string[] = [];
  readonly #sent = new Map<string, string>();
  #signerProxy: ScriptedRpc | undefined;
  #node: EvmNode | undefined;
  #service: Service | undefined;
  #organisations = 0;

  /** @param names of the endpoints, a letter each */
  constructor(
    private readonly rpcScript: Script,
    private readonly names: readonly string[] = ['a'],
  ) {}

  /** Starts everything; the service last, while a call may be held already. */
  async start(hold?: Hold): Promise<void> {
    this.#node = await EvmNode.start({ chainId: CHAIN_ID, folder: this.folder }, [this.signer.address]);
    const urls: string[] = [];
    for (const name of this.names) {
      const endpoint = new ScriptedRpc(name, this.#node.url, this.rpcScript);
      endpoint.onTransaction = async (raw) => void this.#sent.set(Transaction.from(raw).hash!, raw);
      this.endpoints.push(endpoint);
      urls.push(await endpoint.start());
    }
    this.#signerProxy = new ScriptedRpc('s', await this.signer.start(), { ...this.rpcScript, perCent: 0 });
    const signerUrl = await this.#signerProxy.start();
    this.#holdAll(hold);
    this.#service = await Service.start({
      env: {
        CHAIN,
        RPC_URLS: urls.join(','),
        ANCHOR_SIGNER_URL: signerUrl,
        ANCHOR_ADDRESS: this.signer.address,
        // Batches are sealed when they are asked for.
        ANCHOR_INTERVAL: '86400',
        ANCHOR_BUMP_AFTER: '10',
        LOG_LEVEL: 'warn',
      },
    });
  }

  async dispose(): Promise<void> {
    await this.#service?.dispose();
    await Promise.all(this.endpoints.map((endpoint) => endpoint.stop()));
    await this.#signerProxy?.stop();
    await this.signer.stop();
    await this.#node?.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get node(): EvmNode {
    if (!this.#node) throw new InvariantError('not started');
    return this.#node;
  }

  get service(): Service {
    if (!this.#service) throw new InvariantError('not started');
    return this.#service;
  }

  /** All that the service has said. */
  get said(): string {
    return this.#service?.output ?? '';
  }

  tell(line: string): void {
    this.script.push(line);
  }

  /** Something happens, and a batch is sealed. */
  async happen(): Promise<void> {
    this.#organisations += 1;
    await this.service.post('/api/v1/organisations', organisation(this.#organisations));
    await this.look();
  }

  /** The service looks at once whether there is something to do. It must be there, whatever it answers. */
  async look(): Promise<void> {
    await this.service.request('/api/v1/batches/seal', { method: 'POST' });
  }

  /**
   * Asks it to look again and again until a call is held or the time is up.
   * @param meanwhile done each time
   */
  async until(hold: Hold, deadlineMs = DEADLINE_MS, meanwhile?: () => Promise<void>): Promise<RpcCall | undefined> {
    const end = performance.now() + deadlineMs;
    while (performance.now() < end) {
      const call = await Promise.race([hold.reached, delay(ASK_MS)]);
      if (call) return call;
      await meanwhile?.();
      await this.look();
    }
    return undefined;
  }

  /** Kills the service where it is, reads what it left, and starts it again, with another call held. */
  async kill(call: RpcCall | undefined, next?: { hold?: Hold; before?: () => Promise<void> }): Promise<Remains> {
    await this.service.kill9();
    this.#holdAll(undefined);
    const batches = await this.#read(async (store) => {
      if (call?.method === 'eth_sendRawTransaction') {
        const raw = String(call.params[0]);
        const others = new Map([...this.#sent].filter(([, bytes]) => bytes !== raw));
        const wrong = await wrongToSend(store, raw, others);
        if (wrong !== undefined) this.broken.add(wrong);
      }
      return batchesIn(store);
    });
    this.tell(`killed at ${call?.method ?? 'no call'}: ${batches.at(-1)?.at(-1)?.type ?? 'no batch'}`);
    await next?.before?.();
    this.#holdAll(next?.hold);
    await this.service.restart();
    return { call, batches };
  }

  /** A block, unless blocks are ahead of the clock: then time does it. */
  async mine(): Promise<void> {
    const { timestamp } = (await this.node.rpc('eth_getBlockByNumber', 'latest', false)) as { timestamp: string };
    if (Number(timestamp) - Date.now() / 1000 < AHEAD) await this.node.mine(1);
  }

  /** The newest batch, once a final block holds it. */
  async final(): Promise<void> {
    const end = performance.now() + DEADLINE_MS;
    let newest: Parsed;
    do {
      if (performance.now() > end) {
        const { chains } = await this.service.ok('/api/v1/chains').then((body) => ({ chains: body.items ?? body }));
        throw new InvariantError(`the newest batch does not become final: ${JSON.stringify({ newest, chains })}`);
      }
      await this.mine();
      await this.look();
      await delay(ASK_MS / 4);
      newest = (await this.service.ok('/api/v1/batches?limit=1')).items[0];
    } while (newest?.anchors[0]?.state !== 'finalised');
  }

  /** The faults end; everything becomes final, and what must be so then is looked at from outside. */
  async finish(): Promise<readonly string[]> {
    this.#holdAll(undefined);
    for (const endpoint of this.endpoints) {
      endpoint.faulty = false;
      endpoint.follow();
      await endpoint.deliver();
    }
    // What is final without its proof is looked at again when a worker starts.
    if (this.endpoints.some(({ struck }) => struck.size > 0)) {
      await this.service.kill9();
      await this.service.restart();
    }
    // Twice: what is said of the batches on their way lies under the second one.
    for (const _ of [1, 2]) {
      await this.happen();
      await this.final();
    }
    const status = await this.service.stop();
    if (status !== 0) this.broken.add(`the service ended with status ${status}`);
    await this.#read(async (store) => {
      const rpc = (method: string, ...params: unknown[]): Promise<unknown> => this.node.rpc(method, ...params);
      for (const broken of await brokenInvariants(store, rpc, this.signer.address)) this.broken.add(broken);
      const recorded = new Set((await batchesIn(store)).flat().map(({ data }) => data['signedTransaction']));
      for (const [hash, raw] of this.#sent) if (!recorded.has(raw)) this.broken.add(`${hash} was sent, never recorded`);
    });
    for (const { strikes } of this.endpoints) this.script.push(...strikes);
    return [...this.broken];
  }

  /** Reads the store, which nobody has open. */
  async #read<Result>(read: (store: EventStore) => Promise<Result>): Promise<Result> {
    const store = openSqliteEventStore(join(this.service.dataDir, 'events.db'), EVENT_TYPES);
    try {
      return await read(store);
    } finally {
      await store.close();
    }
  }

  /** What was held before is let go, never answered. */
  #holdAll(hold: Hold | undefined): void {
    for (const endpoint of [...this.endpoints, ...(this.#signerProxy ? [this.#signerProxy] : [])]) {
      endpoint.hold?.release();
      endpoint.hold = hold;
    }
  }
}

/** A call of a method. */
export function calls(method: string, which: (params: readonly unknown[]) => boolean = () => true) {
  return ({ method: called, params }: RpcCall): boolean => called === method && which(params);
}
