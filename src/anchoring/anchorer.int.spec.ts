/** Anchors against a chain that does everything chains do: each step an event, and a crash after any goes on from it. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Wallet } from 'ethers';
import { ConfigError } from '../errors.js';
import { NO_STREAM, type Append, type EventStore } from '../event-store/event-store.js';
import { handle } from '../event-store/handle.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { SmallLedger } from '../small-ledger.fixture.js';
import { Anchorer } from './anchorer.js';
import { LEDGER_STREAM } from './anchoring.events.js';
import { chainTotals, finalAnchor, paidAnchors } from './batches.read.js';
import { ChainError } from './chain.js';
import { costForecast, costOfAll } from './cost.js';
import { FakeChain } from './fake-chain.fixture.js';
import { ledgerDecider } from './ledger.js';

const now = (): Date => new Date('2026-03-01T12:00:00Z');

let folder: string;
let store: EventStore;
let small: SmallLedger;
let chain: FakeChain;
let anchorer: Anchorer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-anchor-'));
  store = openMemoryEventStore();
  small = await SmallLedger.open(store, folder, now);
  chain = new FakeChain();
  anchorer = new Anchorer(store, small.readModels, chain, now);
});
afterEach(async () => {
  await small.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await small.stop();
  small = await SmallLedger.open(store, folder, now);
  anchorer = new Anchorer(store, small.readModels, chain, now);
  await anchorer.compare();
  await anchorer.lookBack();
}

/** What another copy of this ledger anchors with its key. */
async function anchoredElsewhere(fill = 9): Promise<void> {
  const { signedTransaction } = await chain.buildAnchor(new Uint8Array(32).fill(fill));
  await chain.send(signedTransaction);
}

async function refusal(): Promise<string> {
  const refused: unknown = await anchorer.compare().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConfigError);
  return (refused as ConfigError).message;
}

async function happen(id = crypto.randomUUID()): Promise<void> {
  const event = {
    id,
    type: 'Happened',
    v: 1,
    at: now().toISOString(),
    by: 'process:test',
    data: {},
  };
  await store.append({ stream: `thing-${event.id}`, expectedRevision: NO_STREAM, events: [event] });
}

async function sealed(): Promise<number> {
  await happen();
  await small.settle();
  return (await small.sealer.seal()).number;
}

/** Rounds until two in a row take no step: bytes that are sent again are looked for in the round after. */
async function run(): Promise<void> {
  for (let idle = 0, i = 0; idle < 2; i += 1) {
    idle = (await anchorer.advance()) ? 0 : idle + 1;
    expect(i).toBeLessThan(30);
  }
}

async function steps(number = 1): Promise<string[]> {
  return (await store.readStream(`batch-${number}`)).map(({ type, data }) =>
    type === 'AnchorFailed' ? `${type} ${data['code'] as string}` : type,
  );
}
const WHOLE = ['BatchSealed', 'AnchorSubmitted', 'AnchorConfirmed', 'AnchorFinalised'];

describe('an anchor', () => {
  it('is submitted, confirmed and finalised, with its proof kept', async () => {
    await sealed();
    await run();
    expect(await steps()).toEqual(WHOLE);
    expect(finalAnchor(small.readModels.db, 'newest')).toMatchObject({ batch: 1, proof: { blockNumber: 1 } });
    expect(chain.sent).toHaveLength(1);
  });

  it('is recorded before its bytes leave', async () => {
    await sealed();
    let recorded: string[] = [];
    const before = chain.onSend;
    const seen: Promise<void>[] = [];
    chain.onSend = () => {
      seen.push(steps().then((types) => void (recorded = types)));
      chain.onSend = before;
    };
    await run();
    await Promise.all(seen);
    expect(recorded.slice(0, 2)).toEqual(['BatchSealed', 'AnchorSubmitted']);
    const [, submitted] = await store.readStream('batch-1');
    expect(chain.sent).toEqual([submitted!.data['signedTransaction']]);
  });

  it('asks the chain for nothing where every batch is settled', async () => {
    await sealed();
    await run();
    chain.calls.splice(0);
    expect(await anchorer.advance()).toBe(false);
    expect(chain.calls).toEqual([]);
  });

  it('waits for its block without sending anything else, and for finality without any step', async () => {
    chain.instant = false;
    await sealed();
    await run();
    expect(await anchorer.advance()).toBe(false);
    expect(new Set(chain.sent).size).toBe(1);
    chain.mine(false);
    await run();
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted', 'AnchorConfirmed']);
    chain.final = 1;
    await run();
    expect(await steps()).toEqual(WHOLE);
  });
});

describe('a process that ends', () => {
  it('after recording and before sending sends the same bytes again', async () => {
    await sealed();
    chain.onSend = () => {
      throw new ChainError('rpcUnreachable', 'killed');
    };
    await expect(run()).rejects.toThrow('killed');
    chain.onSend = () => undefined;
    const [, submitted] = await store.readStream('batch-1');
    await restart();
    await run();
    expect(chain.sent).toEqual([submitted!.data['signedTransaction']]);
    expect(await steps()).toEqual(WHOLE);
  });

  it.each(['AnchorSubmitted', 'AnchorConfirmed', 'AnchorFinalised'])(
    'around the record of %s ends in one anchor all the same',
    async (type) => {
      for (const when of ['before', 'after'] as const) {
        const number = await sealed();
        const real = { append: store.append.bind(store), appendMany: store.appendMany.bind(store) };
        const isIt = (appends: readonly Append[]): boolean => appends.some(({ events }) => events[0]?.type === type);
        store.append = async (append) => {
          const hit = isIt([append]);
          if (hit && when === 'before') throw new TypeError('killed');
          const done = await real.append(append);
          if (hit) throw new TypeError('killed');
          return done;
        };
        store.appendMany = async (appends) => {
          const hit = isIt(appends);
          if (hit && when === 'before') throw new TypeError('killed');
          const done = await real.appendMany(appends);
          if (hit) throw new TypeError('killed');
          return done;
        };
        await expect(run()).rejects.toThrow('killed');
        Object.assign(store, real);
        await restart();
        await run();
        expect(await steps(number)).toEqual(WHOLE);
        expect(chain.blocks.flatMap(({ transactions }) => transactions)).toHaveLength(number);
      }
    },
  );
});

describe('a transaction that cannot be mined', () => {
  it('because its nonce was used by another is made anew', async () => {
    chain.instant = false;
    await sealed();
    await run();
    chain.pool = [];
    chain.nonce += 1;
    chain.instant = true;
    await run();
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted', 'AnchorFailed nonceUsed', ...WHOLE.slice(1)]);
  });

  it('because those before it are gone is made anew', async () => {
    chain.instant = false;
    chain.nonce = 5;
    await sealed();
    await run();
    chain.pool = [];
    chain.nonce = 3;
    chain.instant = true;
    await run();
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted', 'AnchorFailed nonceGap', ...WHOLE.slice(1)]);
  });

  it('because the chain reverts it is reported before it is tried, and paid for, again', async () => {
    chain.reverting = true;
    await sealed();
    await expect(run()).rejects.toThrow(ChainError);
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted', 'AnchorFailed reverted']);
    expect(chain.sent).toHaveLength(1);
    chain.reverting = false;
    await run();
    expect((await steps()).slice(-2)).toEqual(['AnchorConfirmed', 'AnchorFinalised']);
  });

  it('because the one in its place was reverted is given up: it has its nonce, and nobody else used the key', async () => {
    let at = now();
    anchorer = new Anchorer(store, small.readModels, chain, () => at, {
      ...{ isMain: true, intervalSeconds: 0, bumpAfterSeconds: 300, doubtSeconds: 0 },
    });
    chain.instant = false;
    await sealed();
    await run();
    at = new Date(at.getTime() + 301_000);
    await anchorer.advance();
    chain.reverting = true;
    chain.mine();
    await expect(run()).rejects.toThrow(ChainError);
    chain.reverting = false;
    chain.instant = true;
    await run();
    expect(await steps()).toEqual([
      ...['BatchSealed', 'AnchorSubmitted', 'AnchorReplaced', 'AnchorFailed reverted', 'AnchorFailed nonceUsed'],
      ...WHOLE.slice(1),
    ]);
    expect(anchorer.warning).toBeUndefined();
  });

  it('because the chain reverts it has cost what it offered: that counts to the limit, the totals and the forecast', async () => {
    const maxPerDay = 30_000n * 2n * chain.gasPrice + 24_000n * chain.gasPrice - 1n;
    const doubtSeconds = 60;
    anchorer = new Anchorer(store, small.readModels, chain, now, {
      ...{ isMain: true, intervalSeconds: 0, bumpAfterSeconds: 300, doubtSeconds, maxPerDay },
    });
    chain.reverting = true;
    const build = chain.buildAnchor.bind(chain);
    const wallet = new Wallet(`0x${'31'.repeat(32)}`);
    chain.buildAnchor = async (...args) => {
      const fees = { maxFeePerGas: 2n * chain.gasPrice, maxPriorityFeePerGas: 1n };
      const signed = { type: 2, chainId: 31_337, nonce: 0, to: wallet.address, gasLimit: 30_000, ...fees };
      return { ...(await build(...args)), signedTransaction: await wallet.signTransaction(signed) };
    };
    // The bytes of a real transaction tell what it offers; which one they are is known here.
    chain.send = async (signed) => {
      chain.sent.push(signed);
      const [, submitted] = await store.readStream('batch-1');
      chain.pool.push({ hash: submitted!.data['txHash'] as string, nonce: 0, signed });
      chain.mine();
    };
    await sealed();
    await expect(run()).rejects.toMatchObject({ code: 'rejected' });
    // At once: what was reverted has used its nonce, and that is nothing to be doubted.
    await expect(run()).rejects.toMatchObject({ code: 'overBudget' });
    expect(chain.sent).toHaveLength(1);
    const { db } = small.readModels;
    const cost = (30_000n * 2n * chain.gasPrice).toString();
    expect(chainTotals(db, chain.chainId).spent).toBe(cost);
    const paid = paidAnchors(db, chain.chainId, 0);
    expect(costOfAll(paid)).toBe(cost);
    const seconds = now().getTime() / 1000;
    expect(costForecast(paid, seconds)).toMatchObject({ anchors: 0, anchorsPerDay: 0, perDay: cost });
    expect(paidAnchors(db, chain.chainId, seconds + 1)).toEqual([]);
  });
});

describe('a block that leaves the chain', () => {
  it('S10: before it is final takes the anchor back, and the same bytes go again', async () => {
    chain.instant = false;
    await sealed();
    await run();
    chain.mine(false);
    await run();
    chain.lose(1);
    chain.instant = true;
    await run();
    expect(await steps()).toEqual([
      'BatchSealed',
      'AnchorSubmitted',
      'AnchorConfirmed',
      'AnchorReorganised',
      'AnchorConfirmed',
      'AnchorFinalised',
    ]);
    expect(new Set(chain.sent).size).toBe(1);
  });

  it('S10: after it was final is found at the next start, and anchored again', async () => {
    await sealed();
    await run();
    const { spent } = chainTotals(small.readModels.db, chain.chainId);
    chain.lose(1);
    await restart();
    expect(await steps()).toEqual([...WHOLE, 'AnchorReorganised']);
    expect(finalAnchor(small.readModels.db, 'newest')).toBeUndefined();
    expect(chainTotals(small.readModels.db, chain.chainId).spent).toBe('0');
    await run();
    expect(chainTotals(small.readModels.db, chain.chainId).spent).toBe(spent);
    expect((await steps()).slice(-2)).toEqual(['AnchorConfirmed', 'AnchorFinalised']);
  });

  it('S10: is found before anything is built on it', async () => {
    await sealed();
    await run();
    chain.lose(1);
    await sealed();
    await run();
    expect(await steps(1)).toEqual([...WHOLE, 'AnchorReorganised', 'AnchorConfirmed', 'AnchorFinalised']);
    expect(await steps(2)).toEqual(WHOLE);
  });

  it('S10: together with another is not taken for a gap: each goes again in its turn', async () => {
    await sealed();
    await run();
    await sealed();
    await run();
    chain.lose(2);
    chain.instant = false;
    await restart();
    await run();
    expect(await anchorer.advance()).toBe(false);
    expect(chain.pool).toHaveLength(1);
    chain.mine();
    await run();
    chain.mine();
    await run();
    for (const number of [1, 2]) expect((await steps(number)).filter((step) => step.includes('Failed'))).toEqual([]);
    expect(finalAnchor(small.readModels.db, 'newest')).toMatchObject({ batch: 2 });
  });
});

describe('a store that is older than the chain', () => {
  it('S16: is told by an anchor that none of its batches has, in words for the operator', async () => {
    await sealed();
    await run();
    await anchoredElsewhere();
    const { position } = await store.head();
    const message = await refusal();
    expect(message).toMatch(/^DATA_DIR: holds an older copy.*block 2 of "embedded".*newest copy of events\.db/);
    expect(message).toContain(`0x${'09'.repeat(32)}`);
    expect((await store.head()).position).toBe(position);
  });

  it('S16: is told where it was copied before its first anchor', async () => {
    await anchoredElsewhere();
    expect(await refusal()).toMatch(/block 1 of/);
    await sealed();
    expect(await refusal()).toMatch(/block 1 of/);
  });

  it('S16: is told though its read models are of the copy that is gone', async () => {
    await sealed();
    await run();
    await small.stop();
    const gone = store;
    const kept = join('read-models', '1.db');
    store = openMemoryEventStore();
    const other = mkdtempSync(join(tmpdir(), 'meritkedja-anchor-other-'));
    try {
      mkdirSync(join(other, 'read-models'));
      copyFileSync(join(folder, kept), join(other, kept));
      // As many events as were read, the first and the last with the same ids: the read models do not see that it is
      // another history.
      const read = await gone.readAll({ limit: 1_000 });
      for (const { id } of read) {
        await happen(
          id === read[0]?.id || id === read.at(-1)?.id ? (id as ReturnType<typeof crypto.randomUUID>) : undefined,
        );
      }
      small = await SmallLedger.open(store, other, now);
      anchorer = new Anchorer(store, small.readModels, chain, now);
      expect(finalAnchor(small.readModels.db, 'newest')).toMatchObject({ batch: 1 });
      expect(await refusal()).toMatch(/block 1 of/);
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  it('S16: is told where its nonce was used by another copy, before anything else is sent', async () => {
    chain.instant = false;
    await sealed();
    await run();
    chain.pool = [];
    await anchoredElsewhere();
    chain.mine();
    const before = await steps();
    const sent = chain.sent.length;
    await expect(run()).rejects.toThrow(ConfigError);
    expect(await steps()).toEqual(before);
    expect(chain.sent).toHaveLength(sent);
  });

  it('is not taken for one where the process ended before it recorded that its transaction is in a block', async () => {
    await sealed();
    await anchorer.advance();
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted']);
    expect(chain.blocks).toHaveLength(1);
    await restart();
    await run();
    expect(await steps()).toEqual(WHOLE);
  });

  it('is looked for from the newest final anchor on that is still there', async () => {
    const from: number[] = [];
    const anchors = chain.anchors.bind(chain);
    chain.anchors = (block) => (from.push(block), anchors(block));
    await anchorer.compare();
    for (let i = 0; i < 3; i += 1) {
      await sealed();
      await run();
    }
    await anchorer.compare();
    chain.lose(1);
    await anchorer.compare();
    chain.lose(2);
    chain.otherNonces = [1];
    await anchorer.compare();
    expect(from).toEqual([3, 2, 0]);
  });

  it('is looked for from the block on at which the chain came into the log; not at all with a key that has sent nothing', async () => {
    const from: number[] = [];
    const anchors = chain.anchors.bind(chain);
    chain.anchors = async (block, ...more) => {
      from.push(block);
      return anchors(block, ...more);
    };
    await anchorer.compare();
    expect(from).toEqual([]);
    // One endpoint has seen a transaction.
    chain.otherNonces = [1];
    await anchorer.compare();
    expect(from).toEqual([0]);
    const { name, chainId, contract, anchorer: address } = chain;
    for (const command of [
      { type: 'FoundLedger', origin: 'example.org/log', vkey: 'example.org/log+1+a' },
      { type: 'AddChain', name, chainId, contract, anchorer: address, firstBlock: 7 },
    ] as const) {
      const meta = { at: now().toISOString(), by: 'process:anchoring' };
      await handle(store, ledgerDecider, { stream: LEDGER_STREAM, command, context: undefined, meta });
    }
    await small.settle();
    await anchorer.compare();
    expect(from).toEqual([0, 7]);
  });

  it('cannot be told while the chain is away', async () => {
    chain.away = true;
    await expect(anchorer.compare()).rejects.toThrow(ChainError);
  });
});

describe('two batches at a time', () => {
  it('have one transaction on its way: the second waits until the first is in a block', async () => {
    chain.instant = false;
    await sealed();
    await sealed();
    await run();
    expect(await steps(1)).toEqual(['BatchSealed', 'AnchorSubmitted']);
    expect(await steps(2)).toEqual(['BatchSealed']);
    chain.mine(false);
    await run();
    expect(await steps(2)).toEqual(['BatchSealed', 'AnchorSubmitted']);
    const nonces = await Promise.all([1, 2].map(async (n) => (await store.readStream(`batch-${n}`))[1]!.data['nonce']));
    expect(nonces).toEqual([0, 1]);
  });
});
