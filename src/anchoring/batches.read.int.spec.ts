/** What the tables tell of batches and anchors: since when events wait, how long anchors took, what was sent and paid. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NO_STREAM, type EventStore } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { SmallLedger } from '../small-ledger.fixture.js';
import { Anchorer, type AnchorerOptions } from './anchorer.js';
import { batchStream } from './anchoring.events.js';
import {
  anchoredSize,
  batchDetail,
  batchView,
  chainTotals,
  newestFinal,
  oldestUnanchored,
  type AnchorTransaction,
} from './batches.read.js';
import { FakeChain } from './fake-chain.fixture.js';

const SEPOLIA = 11_155_111;
const HOODI = 560_048;
const START = 1_800_000_000;

let folder: string;
let store: EventStore;
let small: SmallLedger;
let chain: FakeChain;
let seconds: number;
const now = (): Date => new Date(seconds * 1000);
const at = (offset: number): string => new Date((START + offset) * 1000).toISOString();

beforeEach(async () => {
  seconds = START;
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-batches-'));
  store = openMemoryEventStore();
  small = await SmallLedger.open(store, folder, now);
  chain = new FakeChain('sepolia', SEPOLIA);
});
afterEach(async () => {
  await small.stop();
  rmSync(folder, { recursive: true, force: true });
});

function anchorerOn(on: FakeChain, options: Partial<AnchorerOptions> = {}): Anchorer {
  const usual = { isMain: true, intervalSeconds: 60, bumpAfterSeconds: 300, doubtSeconds: 0 };
  return new Anchorer(store, small.readModels, on, now, { ...usual, ...options });
}

/** Something happens so many seconds after the start. */
async function happen(offset: number): Promise<void> {
  seconds = START + offset;
  const id = crypto.randomUUID();
  const event = { id, type: 'Happened', v: 1, at: now().toISOString(), by: 'process:test', data: {} };
  await store.append({ stream: `thing-${id}`, expectedRevision: NO_STREAM, events: [event] });
  await small.settle();
}

async function sealAt(offset: number): Promise<number> {
  seconds = START + offset;
  return (await small.sealer.seal()).number;
}

async function advance(anchorer: Anchorer): Promise<void> {
  while (await anchorer.advance());
}

const db = (): typeof small.readModels.db => small.readModels.db;
const view = (number: number): ReturnType<typeof batchView> => batchView(db(), number);
const sent = (number = 1): readonly AnchorTransaction[] => batchDetail(db(), number)!.anchors[0]!.sent;

describe('the oldest event of a batch', () => {
  it('is the first that happened since the batch before it ended, and none of the log’s own', async () => {
    await happen(0);
    await happen(5);
    await sealAt(10);
    await advance(anchorerOn(chain));
    await happen(20);
    await happen(25);
    await sealAt(30);
    await sealAt(40);
    expect([1, 2, 3].map((number) => view(number)?.firstAt)).toEqual([at(0), at(20), undefined]);
  });

  it('may have come between the standing record that ends a batch and its sealing: it is the next one’s', async () => {
    await happen(0);
    await small.sealer.recordStanding();
    await happen(3);
    await small.sealer.recordStanding();
    const { toIndex } = view(await sealAt(10))!;
    const append = store.append.bind(store);
    store.append = async (wanted) => {
      if (wanted.stream === batchStream(2)) {
        store.append = append;
        await happen(21);
      }
      return append(wanted);
    };
    await happen(20);
    const second = await sealAt(22);
    expect(second).toBe(2);
    expect(view(2)!.toIndex).toBeGreaterThan(toIndex);
    await sealAt(30);
    expect([1, 2, 3].map((number) => view(number)?.firstAt)).toEqual([at(0), at(20), at(21)]);
  });

  it('waits until an anchor that covers it is final', async () => {
    expect(oldestUnanchored(db())).toBeUndefined();
    chain.instant = false;
    await happen(0);
    await sealAt(10);
    await happen(20);
    expect(oldestUnanchored(db())).toBe(at(0));
    const anchorer = anchorerOn(chain);
    await advance(anchorer);
    chain.mine(false);
    await advance(anchorer);
    expect([oldestUnanchored(db()), anchoredSize(db())]).toEqual([at(0), 0]);
    chain.final = chain.blocks.length;
    await advance(anchorer);
    expect([oldestUnanchored(db()), anchoredSize(db())]).toEqual([at(20), view(1)!.size]);
    chain.instant = true;
    await sealAt(30);
    await advance(anchorer);
    expect(oldestUnanchored(db())).toBeUndefined();
  });
});

describe('the delay of an anchor', () => {
  it('is that of the oldest event in the batch, to the anchor being final', async () => {
    await happen(0);
    await happen(90);
    await sealAt(100);
    seconds = START + 130;
    await advance(anchorerOn(chain));
    expect(view(1)?.anchors[0]).toMatchObject({ submittedAt: at(130), finalisedAt: at(130), delaySeconds: 130 });
  });

  it('on a witness counts from the oldest event that no earlier anchor there covers', async () => {
    const hoodi = new FakeChain('hoodi', HOODI);
    const witness = anchorerOn(hoodi, { isMain: false, intervalSeconds: 1_000 });
    const main = anchorerOn(chain);
    for (const offset of [0, 100, 200]) {
      await happen(offset);
      await sealAt(offset + 10);
      await advance(main);
      if (offset === 0) await advance(witness);
    }
    seconds = START + 2_000;
    await advance(witness);
    expect(newestFinal(db(), HOODI, 9).map(({ batch, anchor }) => [batch, anchor.delaySeconds])).toEqual([
      [3, 1_900],
      [1, 10],
    ]);
    expect(newestFinal(db(), SEPOLIA, 2).map(({ batch, anchor }) => [batch, anchor.delaySeconds])).toEqual([
      [3, 10],
      [2, 10],
    ]);
  });

  it('is none where nothing had happened, and below zero on no clock', async () => {
    await happen(0);
    await sealAt(1);
    await advance(anchorerOn(chain));
    await sealAt(100);
    seconds = START + 120;
    await advance(anchorerOn(chain));
    expect(view(2)?.anchors[0]).toMatchObject({ state: 'finalised' });
    expect(view(2)?.anchors[0]).not.toHaveProperty('delaySeconds');
    await happen(200);
    await sealAt(190);
    await advance(anchorerOn(chain));
    expect(view(3)?.anchors[0]).toMatchObject({ delaySeconds: 0 });
  });
});

describe('the transactions of an anchor', () => {
  it('are all listed: the one that was replaced, and the one that the block holds', async () => {
    chain.instant = false;
    await happen(0);
    await sealAt(1);
    const anchorer = anchorerOn(chain);
    await advance(anchorer);
    expect(sent().map(({ outcome }) => outcome)).toEqual(['waiting']);
    seconds += 300;
    await advance(anchorer);
    expect(sent().map(({ outcome }) => outcome)).toEqual(['replaced', 'waiting']);
    chain.mine();
    await advance(anchorer);
    const [first, second] = sent();
    expect(first).toMatchObject({ nonce: 0, outcome: 'replaced', submittedAt: at(1) });
    expect(second).toMatchObject({ nonce: 0, outcome: 'included', replaces: first?.txHash, submittedAt: at(301) });
    expect(chainTotals(db(), SEPOLIA)).toMatchObject({
      ...{ transactions: 2, replacements: 1, reorganisations: 0, failures: {} },
      anchors: { requested: 0, submitted: 0, confirmed: 0, reorganised: 0, finalised: 1 },
    });
  });

  it('say that the first was mined after all, and its replacement was not', async () => {
    chain.instant = false;
    await happen(0);
    await sealAt(1);
    const anchorer = anchorerOn(chain);
    await advance(anchorer);
    const [early] = chain.pool;
    seconds += 300;
    await advance(anchorer);
    chain.pool = [early!];
    chain.mine();
    await advance(anchorer);
    expect(sent().map(({ outcome }) => outcome)).toEqual(['included', 'replaced']);
  });

  it('name why one failed, and that the next was made', async () => {
    chain.reverting = true;
    await happen(0);
    await sealAt(1);
    const anchorer = anchorerOn(chain);
    await anchorer.advance();
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'rejected' });
    expect(view(1)?.anchors[0]).toMatchObject({ state: 'requested' });
    chain.reverting = false;
    await advance(anchorer);
    expect(sent().map(({ outcome, failed }) => [outcome, failed])).toEqual([
      ['failed', 'reverted'],
      ['included', undefined],
    ]);
    expect(chainTotals(db(), SEPOLIA)).toMatchObject({ transactions: 2, failures: { reverted: 1 } });
  });
});

describe('the totals of a chain', () => {
  it('count blocks that went away, and what is final again once', async () => {
    await happen(0);
    await sealAt(1);
    await advance(anchorerOn(chain));
    expect(chainTotals(db(), SEPOLIA).anchors.finalised).toBe(1);
    chain.lose(1);
    const anchorer = anchorerOn(chain);
    await anchorer.lookBack();
    expect(chainTotals(db(), SEPOLIA)).toMatchObject({ reorganisations: 1, anchors: { reorganised: 1, finalised: 0 } });
    // The same bytes again, and a look at where they are.
    await advance(anchorer);
    await advance(anchorer);
    expect(chainTotals(db(), SEPOLIA)).toMatchObject({ reorganisations: 1, anchors: { reorganised: 0, finalised: 1 } });
    expect(view(1)?.anchors[0]).toMatchObject({ reorganisations: 1, state: 'finalised' });
  });

  it('add up what was paid beyond what an integer of SQLite holds', async () => {
    chain.gasPrice = 10n ** 15n;
    for (const offset of [0, 10]) {
      await happen(offset);
      await sealAt(offset + 1);
      await advance(anchorerOn(chain));
    }
    expect(chainTotals(db(), SEPOLIA).spent).toBe((2n * 23_090n * 10n ** 15n).toString());
    expect(chainTotals(db(), HOODI)).toMatchObject({ spent: '0', transactions: 0, anchors: { finalised: 0 } });
  });
});
