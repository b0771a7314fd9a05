/**
 * Anchoring under everything that can go wrong, from a seed: a real EVM node that is reorganised, forgets its pool and is
 * killed; endpoints in front of it that follow a script (scripted-rpc.ts); and a worker that is ended at any of its awaits.
 * Then the faults end, and what the rules promise must be so (anchoring-invariants.ts). One seed in four runs as on the
 * operator's own node. Used by anchoring-faults.int.spec.ts; with kill -9 of the service: anchoring-kills.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transaction } from 'ethers';
import { Anchorer } from '../src/anchoring/anchorer.js';
import { finalAnchor } from '../src/anchoring/batches.read.js';
import { ChainError, type Chain } from '../src/anchoring/chain.js';
import { EthersChain } from '../src/anchoring/ethers-chain.js';
import { InvariantError } from '../src/errors.js';
import { NO_STREAM, type EventStore } from '../src/event-store/event-store.js';
import { openMemoryEventStore } from '../src/event-store/memory.js';
import { SmallLedger } from '../src/small-ledger.fixture.js';
import { batchesIn, brokenInvariants, wrongToSend } from './anchoring-invariants.js';
import { diceFor, pick, type Dice } from './dice.js';
import { EvmNode } from './evm-node.js';
import { Killed, Killer } from './killer.js';
import { ScriptedRpc, type RpcFault } from './scripted-rpc.js';

const CHAIN_ID = 31_337;
/** For an answer: short while there are faults, so that what hangs costs little; long afterwards, on a busy machine. */
const FAULTY_TIMEOUT_MS = 150;
const TIMEOUT_MS = 20_000;
const ROUNDS = 22;
const SETTLING_ROUNDS = 80;
const ROUND_SECONDS = 5;

export interface Outcome {
  /** What the rules forbid and was found; empty if all is well. */
  readonly broken: readonly string[];
  /** What happened, in order. */
  readonly script: readonly string[];
  /** Where the worker was ended. */
  readonly kills: ReadonlySet<string>;
  readonly faults: ReadonlySet<RpcFault>;
  /** What befell the node. */
  readonly disturbances: ReadonlySet<string>;
  /** Steps of all batches. */
  readonly steps: ReadonlySet<string>;
}

export async function runFaults(seed: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'meritkedja-faults-'));
  const run = new FaultRun(seed, folder);
  try {
    await run.run();
    return await run.outcome();
  } catch (error) {
    throw new InvariantError([`seed ${seed}: ${String(error)}`, ...run.script].join('\n'), { cause: error });
  } finally {
    await run.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

class FaultRun {
  readonly script: string[] = [];
  readonly #dice: Dice;
  /** As on the operator's own node: what it says is believed at once, so nothing may lie. */
  readonly #own: boolean;
  readonly #store: EventStore = openMemoryEventStore();
  readonly #killer = new Killer();
  readonly #endpoints: ScriptedRpc[] = [];
  readonly #urls: string[] = [];
  readonly #broken = new Set<string>();
  readonly #disturbances = new Set<string>();
  /** Bytes that reached the node, by transaction hash. */
  readonly #sent = new Map<string, string>();
  #node: EvmNode | undefined;
  #small: SmallLedger | undefined;
  #chain: Chain | undefined;
  #anchorer: Anchorer | undefined;
  #clockMs = Date.now();
  #problem = '';

  constructor(
    private readonly seed: number,
    private readonly folder: string,
  ) {
    this.#dice = diceFor(seed, 'run');
    this.#own = seed % 4 === 0;
  }

  async run(): Promise<void> {
    await this.#open();
    await this.#start();
    for (let round = 0; round < ROUNDS; round += 1) {
      this.#tell(`round ${round}`);
      if (this.#dice(3) === 0) this.#killer.arm(this.#dice(30));
      if (this.#dice(3) === 0) await this.#attempt('seal', () => this.#seal());
      await this.#attempt('anchor', () => this.#anchor());
      await this.#disturb();
    }
    await this.#end();
    // Twice: what is said of the batches on their way lies under the second one.
    for (const _ of [1, 2]) {
      await this.#attempt('seal', () => this.#seal());
      await this.#settle();
    }
    for (const broken of await brokenInvariants(this.#store, this.#rpc, this.#chain!.anchorer))
      this.#broken.add(broken);
  }

  async outcome(): Promise<Outcome> {
    const steps = new Set<string>();
    for (const events of await batchesIn(this.#store)) {
      for (const [i, { type, data }] of events.entries()) {
        steps.add(type === 'AnchorFailed' ? `${type} ${data['code'] as string}` : type);
        if (type === 'AnchorReorganised' && events[i - 1]?.type === 'AnchorFinalised') steps.add('final, and gone');
      }
    }
    return {
      broken: [...this.#broken],
      script: this.script,
      kills: this.#killer.killedAt,
      faults: new Set(this.#endpoints.flatMap(({ struck }) => [...struck])),
      disturbances: this.#disturbances,
      steps,
    };
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.stop()));
    await this.#small?.stop();
    await this.#store.close();
    await this.#node?.kill();
  }

  readonly #rpc = (method: string, ...params: unknown[]): Promise<unknown> => this.#evm.rpc(method, ...params);

  get #evm(): EvmNode {
    if (!this.#node) throw new InvariantError('not started');
    return this.#node;
  }

  /** The node, and one endpoint in front of it or two of different minds. */
  async #open(): Promise<void> {
    const { anchorer } = this.#chainAt(['http://127.0.0.1:9'], FAULTY_TIMEOUT_MS);
    this.#node = await EvmNode.start({ chainId: CHAIN_ID, folder: this.folder, automine: this.#own }, [anchorer]);
    // Where much fails little is done: some seeds get far, others nowhere until the faults end.
    const perCent = pick(this.#dice, [4, 9, 22]);
    for (const name of this.#own || this.#dice(2) === 0 ? ['a'] : ['a', 'b']) {
      const script = { seed: this.seed, perCent, lies: !this.#own, patienceMs: FAULTY_TIMEOUT_MS };
      const endpoint = new ScriptedRpc(name, this.#node.url, script);
      endpoint.onTransaction = (raw) => this.#look(raw);
      this.#endpoints.push(endpoint);
      this.#urls.push(await endpoint.start());
    }
    this.#chain = this.#killer.watched(this.#chainAt(this.#urls, FAULTY_TIMEOUT_MS), 'chain');
  }

  #chainAt(rpcUrls: readonly string[], timeoutMs: number): EthersChain {
    const privateKey = new Uint8Array(32).fill(1);
    new DataView(privateKey.buffer).setUint32(4, this.seed + 1);
    return new EthersChain({
      name: 'testnet',
      chainId: CHAIN_ID,
      privateKey,
      rpcUrls,
      timeoutMs,
      embedded: this.#own,
      onSettled: () => (this.#evm.isRunning ? this.#evm.save() : Promise.resolve()),
    });
  }

  /** As a process that starts: nothing is remembered but what was written. */
  async #start(): Promise<void> {
    await this.#small?.stop();
    const store = this.#killer.watched(this.#store, 'store', ['append', 'appendMany']);
    this.#small = await SmallLedger.open(store, this.folder, () => new Date(this.#clockMs));
    this.#anchorer = undefined;
  }

  /** The faults end: all endpoints follow, and whatever was on its way arrives. */
  async #end(): Promise<void> {
    this.#tell('the faults end');
    this.#killer.disarm();
    if (!this.#evm.isRunning) await this.#evm.restart();
    for (const endpoint of this.#endpoints) {
      endpoint.faulty = false;
      endpoint.follow();
      await endpoint.deliver();
    }
    this.#chain = this.#chainAt(this.#urls, TIMEOUT_MS);
    // What is final without its proof is looked at again when a worker starts.
    await this.#start();
  }

  /** Something that a kill may end; what comes next then begins from nothing. */
  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    const before = this.#endpoints.map(({ strikes }) => strikes.length);
    try {
      await work();
    } catch (error) {
      this.#tell(`  ${what}: ${String(error).slice(0, 200)}`);
      if (error instanceof Killed) return await this.#start();
      if (!(error instanceof ChainError)) {
        this.#broken.add(`an error that stops the service: ${String(error)}`);
        throw error;
      }
      this.#problem = error.message;
    } finally {
      this.#endpoints.forEach(({ strikes }, i) => strikes.slice(before[i]).forEach((line) => this.#tell(`  ${line}`)));
    }
  }

  async #seal(): Promise<void> {
    const id = crypto.randomUUID();
    const at = new Date(this.#clockMs).toISOString();
    const event = { id, type: 'Happened', v: 1, at, by: 'process:test', data: {} };
    await this.#store.append({ stream: `thing-${id}`, expectedRevision: NO_STREAM, events: [event] });
    await this.#small?.settle();
    await this.#small?.sealer.seal();
  }

  /** One round of the worker. */
  async #anchor(): Promise<void> {
    this.#clockMs += ROUND_SECONDS * 1000;
    const small = this.#small;
    if (!small || !this.#chain) throw new InvariantError('not started');
    if (!this.#anchorer) {
      await small.settle();
      const anchorer = new Anchorer(small.store, small.readModels, this.#chain, () => new Date(this.#clockMs), {
        isMain: true,
        intervalSeconds: 0,
        bumpAfterSeconds: 4 * ROUND_SECONDS,
        doubtSeconds: this.#own ? 0 : 3 * ROUND_SECONDS,
      });
      await anchorer.compare();
      await anchorer.lookBack();
      this.#anchorer = anchorer;
    }
    for (let i = 0; i < 10 && (await this.#anchorer.advance()); i += 1);
  }

  /** What happens to the chain between two rounds. */
  async #disturb(): Promise<void> {
    const evm = this.#evm;
    if (!evm.isRunning) {
      this.#did('node back');
      await evm.restart();
      // What it had not saved is gone: the ledger that started it looks back before it goes on.
      if (this.#own) await this.#start();
      return;
    }
    const roll = this.#dice(24);
    if (roll < 9) await evm.mine(1 + this.#dice(2));
    else if (roll < 12) await this.#reorganise(1 + this.#dice(4));
    else if (roll === 12) {
      // Nodes do that when fees rise or they are started again.
      this.#did('pool forgotten');
      await evm.rpc('anvil_dropAllTransactions');
    } else if (roll === 13) {
      this.#did('fees');
      await evm.rpc('anvil_setNextBlockBaseFeePerGas', `0x${(10 ** 9 * (1 + this.#dice(3))).toString(16)}`);
    } else if (roll < 16) {
      this.#did('node saved');
      await evm.save();
    } else if (roll < 18) {
      this.#did('node killed');
      await evm.kill();
    } else if (roll < 20) await this.#lag();
  }

  /** Our transactions may be in the new blocks, elsewhere, or not. */
  async #reorganise(depth: number): Promise<void> {
    const keep: [string, number][] = [];
    const height = await this.#evm.height();
    let at = 0;
    for (let number = height - depth + 1; number <= height; number += 1) {
      const { transactions } = (await this.#rpc('eth_getBlockByNumber', `0x${number.toString(16)}`, false)) as {
        transactions: string[];
      };
      for (const raw of transactions.map((hash) => this.#sent.get(hash))) {
        // What comes after one that is gone cannot be mined without it.
        if (raw === undefined || this.#dice(3) === 0) break;
        at = Math.min(at + this.#dice(2), depth - 1);
        keep.push([raw, at]);
      }
    }
    if (!(await this.#evm.reorganise(depth, keep))) return;
    this.#did(`reorganised`, `${depth} deep, ${keep.length} of our transactions in other blocks`);
    if (keep.length > 0) this.#disturbances.add('moved');
  }

  /** An endpoint, if there are two, that no longer follows; or follows again. */
  async #lag(): Promise<void> {
    if (this.#own) return;
    const endpoint = pick(this.#dice, this.#endpoints);
    this.#did('lag', endpoint.name);
    if (this.#dice(2) === 0) endpoint.follow();
    else await endpoint.lagBehind([this.#chain!.anchorer]);
  }

  async #settle(): Promise<void> {
    for (let round = 0; !(await this.#isSettled()); round += 1) {
      if (round === SETTLING_ROUNDS) return void this.#broken.add(`it does not end: ${this.#problem}`);
      await this.#attempt('anchor', () => this.#anchor());
      await this.#evm.mine(1);
    }
  }

  async #isSettled(): Promise<boolean> {
    const small = this.#small!;
    await small.settle();
    return finalAnchor(small.readModels.db, 'newest')?.batch === (await batchesIn(this.#store)).length;
  }

  /** At the moment when bytes reach the node. */
  async #look(raw: string): Promise<void> {
    const wrong = await wrongToSend(this.#store, raw, this.#sent);
    if (wrong !== undefined) this.#broken.add(wrong);
    this.#sent.set(Transaction.from(raw).hash!, raw);
  }

  #did(what: string, more = ''): void {
    this.#disturbances.add(what);
    this.#tell(`  ${what} ${more}`);
  }

  #tell(line: string): void {
    this.script.push(line);
  }
}
