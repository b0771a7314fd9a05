/** Which chain is the main one, and what is left alone: chains that are closed, before the start or while it runs (S10). */
import { describe, expect, it } from '@jest/globals';
import type { ReadModels } from '../event-store/projections.js';
import type { Anchorer } from './anchorer.js';
import { ChainError, type Chain } from './chain.js';
import type { ChainHandle } from './chain-handle.process.js';
import type { ChainPlan } from './chain-plan.js';
import { ChainReader } from './chain-reader.js';
import { Chains } from './chains.process.js';

const READ_MODELS = {} as ReadModels;
const CLOSED_AT = '2026-11-01T00:00:00.000Z';

class Handle {
  started = 0;
  compared = 0;
  readonly plan: ChainPlan;

  constructor(
    name: string,
    chainId: number,
    private readonly fails?: Error,
  ) {
    this.plan = { name, chainId, pollMs: chainId, embedded: false } as ChainPlan;
  }

  get ready(): Chain {
    return { name: this.plan.name } as Chain;
  }
  get details(): object {
    return {};
  }
  start(): void {
    this.started += 1;
  }
  async look(): Promise<void> {}
  async stop(): Promise<void> {}
  onReady(listener: () => void): void {
    listener();
  }
  async anchorer(): Promise<Anchorer> {
    this.compared += 1;
    if (this.fails) throw this.fails;
    return { chain: this.ready } as Anchorer;
  }
  status(): ReturnType<ChainHandle['status']> {
    const { name, chainId } = this.plan;
    return { name, chainId, embedded: false, isMain: false };
  }
}

function chainsOf(handles: readonly Handle[], closed: ReadonlyMap<number, string>): Chains {
  return new Chains(handles, closed);
}

const nameOf = async (chains: Chains): Promise<string> => (await chains.anchorer(READ_MODELS)).chain.name;

describe('the main chain', () => {
  it('is the first of CHAIN, and the others are witnesses', async () => {
    const chains = chainsOf([new Handle('sepolia', 1), new Handle('hoodi', 2)], new Map());
    expect([chains.mainChainId, chains.pollMs, chains.ready?.name, await nameOf(chains)]).toEqual([
      1,
      1,
      'sepolia',
      'sepolia',
    ]);
    expect([chains.isMain(1), chains.isWitness(1), chains.isMain(2), chains.isWitness(2)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('S10: is the first that lives: one that is closed is no problem, it is not even opened', async () => {
    const [first, second] = [new Handle('sepolia', 1), new Handle('hoodi', 2)];
    const chains = chainsOf([first, second], new Map([[1, CLOSED_AT]]));
    chains.start();
    await chains.compared(READ_MODELS, 1_000);
    await chains.stop();
    expect([first.started, first.compared, second.started, second.compared]).toEqual([0, 0, 1, 1]);
    expect([chains.mainChainId, await nameOf(chains)]).toEqual([2, 'hoodi']);
    expect([chains.isMain(2), chains.isWitness(2), chains.isMain(1), chains.isWitness(1)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(chains.byId(1)).toBeUndefined();
    expect(chains.statuses(READ_MODELS)).toEqual([
      {
        name: 'sepolia',
        chainId: 1,
        embedded: false,
        isMain: false,
        warning: `"sepolia" was closed on ${CLOSED_AT}, nothing is anchored there: take it out of CHAIN`,
      },
      expect.objectContaining({ name: 'hoodi' }),
    ]);
  });

  it('S10: is the next one as soon as the first is closed, while it runs', async () => {
    const closed = new Map<number, string>();
    const chains = chainsOf([new Handle('sepolia', 1), new Handle('hoodi', 2), new Handle('base', 3)], closed);
    closed.set(1, CLOSED_AT);
    expect([chains.mainChainId, chains.pollMs, await nameOf(chains)]).toEqual([2, 2, 'hoodi']);
    closed.set(2, CLOSED_AT);
    expect([chains.mainChainId, chains.isWitness(2), await nameOf(chains)]).toEqual([3, false, 'base']);
  });

  it('S10: is none where all are closed, and says what to do', async () => {
    const closed = new Map([
      [1, CLOSED_AT],
      [2, CLOSED_AT],
    ]);
    const chains = chainsOf([new Handle('sepolia', 1), new Handle('hoodi', 2)], closed);
    expect(chains.ready).toBeUndefined();
    await expect(nameOf(chains)).rejects.toThrow(
      new ChainError(
        'chainClosed',
        '"sepolia", "hoodi": every chain in CHAIN was closed; name one that lives, with its endpoints in RPC_URLS, and restart',
      ),
    );
  });

  it('S16: is compared with the store before anything is signed, or cannot be reached; older than it, nothing goes on', async () => {
    const away = chainsOf([new Handle('sepolia', 1, new ChainError('rpcUnreachable', 'away'))], new Map());
    await away.compared(READ_MODELS, 1_000);
    const behind = chainsOf([new Handle('sepolia', 1, new Error('older'))], new Map());
    await expect(behind.compared(READ_MODELS, 1_000)).rejects.toThrow('older');
  });
});

describe('a node that only reads', () => {
  const plan = (name: string, chainId: number): ChainPlan =>
    ({ name, chainId, embedded: false, rpcUrls: ['http://127.0.0.1:1'] }) as unknown as ChainPlan;

  it('S10: looks up blocks on the first chain that lives, and on none that is closed', () => {
    const closed = new Map<number, string>();
    const reader = new ChainReader([plan('sepolia', 1), plan('hoodi', 2)], closed);
    expect([reader.mainChainId, reader.ready?.name, reader.byId(1)?.name]).toEqual([1, 'sepolia', 'sepolia']);
    closed.set(1, CLOSED_AT);
    expect([reader.mainChainId, reader.ready?.name, reader.byId(1)]).toEqual([2, 'hoodi', undefined]);
    closed.set(2, CLOSED_AT);
    expect([reader.mainChainId, reader.ready]).toEqual([1, undefined]);
  });
});
