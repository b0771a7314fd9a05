/** How an anchorer uses a public chain: fees raised within a budget, endpoints doubted, witnesses at their own pace. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Wallet } from 'ethers';
import { NO_STREAM, type EventStore } from '../event-store/event-store.js';
import { handle } from '../event-store/handle.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { SmallLedger } from '../small-ledger.fixture.js';
import { Anchorer, type AnchorerOptions } from './anchorer.js';
import { batchStream } from './anchoring.events.js';
import { batchDecider } from './batch.js';
import { batchView, finalAnchor } from './batches.read.js';
import { ChainError, type ChainErrorCode } from './chain.js';
import { FakeChain } from './fake-chain.fixture.js';

let folder: string;
let store: EventStore;
let small: SmallLedger;
let chain: FakeChain;
let seconds: number;
const now = (): Date => new Date(seconds * 1000);

beforeEach(async () => {
  seconds = 1_800_000_000;
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-anchor-'));
  store = openMemoryEventStore();
  small = await SmallLedger.open(store, folder, now);
  chain = new FakeChain('sepolia', 11_155_111);
});
afterEach(async () => {
  await small.stop();
  rmSync(folder, { recursive: true, force: true });
});

function anchorerWith(options: Partial<AnchorerOptions> = {}, on = chain): Anchorer {
  const usual = { isMain: true, intervalSeconds: 3_600, bumpAfterSeconds: 300, doubtSeconds: 60 };
  return new Anchorer(store, small.readModels, on, now, { ...usual, ...options });
}

async function seal(): Promise<number> {
  const id = crypto.randomUUID();
  const event = { id, type: 'Happened', v: 1, at: now().toISOString(), by: 'process:test', data: {} };
  await store.append({ stream: `thing-${id}`, expectedRevision: NO_STREAM, events: [event] });
  await small.settle();
  return (await small.sealer.seal()).number;
}

async function steps(number = 1): Promise<string[]> {
  return (await store.readStream(batchStream(number))).map(({ type, data }) =>
    type === 'AnchorFailed' ? `${type} ${data['code'] as string}` : type,
  );
}

describe('an anchor that is in no block', () => {
  beforeEach(async () => {
    chain.instant = false;
    await seal();
  });

  it('is offered more for when its time has passed, at the same nonce, and one of them is mined', async () => {
    const anchorer = anchorerWith();
    await anchorer.advance();
    seconds += 299;
    await anchorer.advance();
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted']);
    seconds += 1;
    await anchorer.advance();
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted', 'AnchorReplaced']);
    const [, first, second] = await store.readStream(batchStream(1));
    expect(second?.data).toMatchObject({ nonce: first?.data['nonce'], replaces: first?.data['txHash'] });
    chain.mine();
    while (await anchorer.advance());
    expect((await steps()).slice(-2)).toEqual(['AnchorConfirmed', 'AnchorFinalised']);
    expect(batchView(small.readModels.db, 1)?.anchors[0]).toMatchObject({
      txHash: second?.data['txHash'],
      transactions: 2,
      cost: '23090000000000',
      state: 'finalised',
    });
  });

  it('waits where more is over the limit, and says what to raise', async () => {
    const anchorer = anchorerWith({ maxFeePerGas: 10n ** 9n });
    await anchorer.advance();
    seconds += 300;
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'overBudget' });
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted']);
  });

  it('is not given up for a nonce that an endpoint misreports for a while', async () => {
    const anchorer = anchorerWith();
    await anchorer.advance();
    chain.pool = [];
    chain.nonce = 5;
    await anchorer.advance();
    seconds += 59;
    await anchorer.advance();
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted']);
    seconds += 1;
    await anchorer.advance();
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted', 'AnchorFailed nonceUsed']);
  });

  it('S19: is not given up for what one endpoint of several says of its nonce, however long, and that is told', async () => {
    const anchorer = anchorerWith();
    for (const [other, batch] of [
      [100, 1],
      [0, 2],
      [100, 3],
    ] as const) {
      chain.otherNonces = [other];
      if (batch > 1) await seal();
      await anchorer.advance();
      for (let i = 0; i < 4; i += 1) {
        seconds += 100;
        await anchorer.advance();
      }
      if (other > chain.nonce) expect(anchorer.warning).toMatch(/sepolia: endpoints tell .*00A0.*RPC_URLS/);
      chain.mine();
      while (await anchorer.advance());
      expect((await steps(batch)).filter((step) => step.startsWith('AnchorFailed'))).toEqual([]);
      expect((await steps(batch)).at(-1)).toBe('AnchorFinalised');
    }
    expect(new Set(chain.sent.map((signed) => signed.split('/')[1]))).toEqual(new Set(['0', '1', '2']));
    chain.otherNonces = [];
    await seal();
    await anchorer.advance();
    expect(anchorer.warning).toBeUndefined();
  });

  it.each([
    ['more gas than it may use', { gasUsed: '27703' }],
    ['a higher price than it offers', { effectiveGasPrice: '25000000124' }],
  ])(
    'is not taken for one that took %s: an endpoint lies, and what was spent would be wrong for ever',
    async (_, lie) => {
      const wallet = new Wallet(`0x${'31'.repeat(32)}`);
      const fees = { maxFeePerGas: 25_000_000_123n, maxPriorityFeePerGas: 1n };
      const signedTransaction = await wallet.signTransaction({
        type: 2,
        chainId: 1,
        to: wallet.address,
        gasLimit: 27_702,
        ...fees,
      });
      const [build, receipt] = [chain.buildAnchor.bind(chain), chain.receipt.bind(chain)];
      let made: { txHash: string; signedTransaction: string } | undefined;
      chain.buildAnchor = async (...args) => {
        const built = await build(...args);
        made = built;
        return { ...built, signedTransaction };
      };
      chain.send = async () => void (chain.pool = [{ hash: made!.txHash, nonce: 0, signed: signedTransaction }]);
      const anchorer = anchorerWith();
      await anchorer.advance();
      chain.mine();
      chain.receipt = async (txHash) => ({ ...(await receipt(txHash))!, ...lie });
      await expect(anchorer.advance()).rejects.toMatchObject({ code: 'badAnswer' });
      chain.receipt = receipt;
      while (await anchorer.advance());
      expect((await steps()).at(-1)).toBe('AnchorFinalised');
    },
  );

  it('S19: is not sent twice where an endpoint has its log and gives no receipt', async () => {
    const anchorer = anchorerWith({ doubtSeconds: 0 });
    await anchorer.advance();
    chain.mine();
    const [, submitted] = await store.readStream(batchStream(1));
    chain.hidden.add(submitted?.data['txHash'] as string);
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'rpcDisagreement' });
    chain.hidden.clear();
    while (await anchorer.advance());
    expect((await steps()).slice(1)).toEqual(['AnchorSubmitted', 'AnchorConfirmed', 'AnchorFinalised']);
  });
});

describe('an anchor that is reverted again and again', () => {
  it('is tried more and more seldom, as each try is paid for: at last once an hour', async () => {
    chain.reverting = true;
    const anchorer = anchorerWith({ doubtSeconds: 0 });
    await seal();
    const tries: number[] = [];
    const begin = seconds;
    for (; seconds < begin + 14_400; seconds += 60) {
      const before = chain.sent.length;
      await anchorer.advance().catch((error: unknown) => expect(error).toMatchObject({ code: 'rejected' }));
      await anchorer.advance().catch((error: unknown) => expect(error).toMatchObject({ code: 'rejected' }));
      if (chain.sent.length > before) tries.push((seconds - begin) / 60);
    }
    expect(tries).toEqual([0, 1, 6, 16, 36, 76, 136, 196]);
    await expect(anchorer.advance()).rejects.toThrow(/reverted 8 .*tried again at 2027-.*doctor/);
    chain.reverting = false;
    seconds += 3_600;
    while (await anchorer.advance());
    expect((await steps()).at(-1)).toBe('AnchorFinalised');
  });
});

describe('the budget of a day', () => {
  it('holds the next anchor back until a day has passed', async () => {
    const anchorer = anchorerWith({ maxPerDay: 30_000n * 10n ** 9n });
    seconds = 1_700_000_010;
    await seal();
    while (await anchorer.advance());
    await seal();
    await expect(anchorer.advance()).rejects.toThrow(/ANCHOR_MAX_PER_DAY allows 0\.00003/);
    seconds += 86_400;
    while (await anchorer.advance());
    expect(await steps(2)).toContain('AnchorFinalised');
  });
});

describe('an endpoint that is behind', () => {
  it('is not believed a nonce that an anchor in a block has', async () => {
    const anchorer = anchorerWith();
    await seal();
    while (await anchorer.advance());
    await seal();
    chain.nonce = 0;
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'rpcDisagreement' });
    expect(await steps(2)).toEqual(['BatchSealed']);
  });
});

describe('an endpoint that tells too high a nonce', () => {
  it('is not believed, so that nothing lies in a pool that anchors once more when its turn comes', async () => {
    const anchorer = anchorerWith();
    await seal();
    chain.nonce = 3;
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'rpcDisagreement' });
    seconds += 40;
    chain.nonce = 4;
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'rpcDisagreement' });
    seconds += 40;
    chain.nonce = 3;
    await expect(anchorer.advance()).rejects.toThrow(/would be 3, and 0 is .* believed when it is told for 60 s/);
    expect(chain.sent).toEqual([]);
    chain.nonce = 0;
    while (await anchorer.advance());
    expect(await steps()).toEqual(['BatchSealed', 'AnchorSubmitted', 'AnchorConfirmed', 'AnchorFinalised']);
  });

  it('is believed when it goes on telling it: the key was used for something else', async () => {
    const anchorer = anchorerWith();
    await seal();
    chain.nonce = 3;
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'rpcDisagreement' });
    seconds += 60;
    while (await anchorer.advance());
    expect((await store.readStream(batchStream(1))).at(-1)?.type).toBe('AnchorFinalised');
  });
});

describe('a witness', () => {
  it('takes the newest batch now and then, and what was asked for at once', async () => {
    const main = anchorerWith({}, new FakeChain());
    const witness = anchorerWith({ isMain: false });
    for (let i = 0; i < 3; i += 1) await seal();
    while (await main.advance());
    while (await witness.advance());
    expect(await steps(1)).toHaveLength(4);
    expect(await steps(3)).toHaveLength(7);
    expect(finalAnchor(small.readModels.db, 'newest', 31_337)?.proof.chainId).toBe(31_337);
    expect(finalAnchor(small.readModels.db, 'newest', 11_155_111)?.proof.chainId).toBe(11_155_111);
    await seal();
    expect(await witness.advance()).toBe(false);
    await handle(store, batchDecider, {
      stream: batchStream(4),
      command: { type: 'RequestAnchor', chainId: chain.chainId },
      context: undefined,
      meta: { at: now().toISOString(), by: 'operator' },
    });
    await small.settle();
    while (await witness.advance());
    expect((await steps(4)).slice(1)).toEqual([
      'AnchorRequested',
      'AnchorSubmitted',
      'AnchorConfirmed',
      'AnchorFinalised',
    ]);
    seconds += 3_600;
    await seal();
    while (await witness.advance());
    expect(await steps(5)).toContain('AnchorFinalised');
  });
});

describe('a final anchor whose proof cannot be made yet', () => {
  const proven = (): number | undefined => finalAnchor(small.readModels.db, 'newest')?.batch;
  const failing = (code: ChainErrorCode): ChainError => new ChainError(code, 'a fork has added futureRoot');

  it('S10: is final without it, says so, and is tried again each hour and at the next start', async () => {
    const anchorer = anchorerWith();
    await seal();
    while (await anchorer.advance());
    chain.unprovable = failing('proofUnavailable');
    await seal();
    while (await anchorer.advance());
    expect(await steps(2)).toContain('AnchorFinalised');
    // Bundles go on with what is proven.
    expect(proven()).toBe(1);
    expect(anchorer.warning).toMatch(/anchor of batch 2 is final on sepolia and has no proof yet.*a fork has added/);
    chain.unprovable = undefined;
    seconds += 3_599;
    await anchorer.advance();
    expect(proven()).toBe(1);
    seconds += 1;
    await anchorer.advance();
    expect(proven()).toBe(2);
    expect(anchorer.warning).toBeUndefined();
    chain.unprovable = failing('proofUnavailable');
    await seal();
    while (await anchorer.advance());
    chain.unprovable = undefined;
    expect(proven()).toBe(2);
    await anchorerWith().advance();
    expect(proven()).toBe(3);
    expect((await store.readStream('vault-anchor-3')).map(({ type }) => type)).toEqual(['AnchorProofKept']);
  });

  it('S10: waits an hour for an endpoint that answers wrongly, since the next answer may be right', async () => {
    const anchorer = anchorerWith();
    await seal();
    chain.unprovable = failing('badAnswer');
    await anchorer.advance();
    await anchorer.advance();
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'badAnswer' });
    seconds += 3_599;
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'badAnswer' });
    expect(await steps()).not.toContain('AnchorFinalised');
    seconds += 1;
    while (await anchorer.advance());
    expect(await steps()).toContain('AnchorFinalised');
    expect(proven()).toBeUndefined();
    chain.unprovable = failing('rpcUnreachable');
    await seal();
    await anchorer.advance();
    await anchorer.advance();
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'rpcUnreachable' });
    seconds += 99_999;
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'rpcUnreachable' });
  });
});
