import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DomainError } from '../errors.js';
import { given } from '../event-store/given-when-then.js';
import type { AnchorConfirmed, AnchorState, BatchEvent, BatchSealed } from './anchoring.events.js';
import { anchorOn, batchDecider, liveSubmission, shownAnchor, type BatchCommand, type BatchState } from './batch.js';

const CHAIN = 31337;
const ROOT = Buffer.alloc(32, 7).toString('base64');
const seal: BatchSealed['data'] = { number: 2, fromIndex: 10, toIndex: 19, size: 20, root: ROOT };
const sealed: BatchEvent = { type: 'BatchSealed', data: seal };

function submission(tx: number, nonce = 4, chainId = CHAIN) {
  return {
    chainId,
    contract: '0xC0',
    anchorer: '0xA0',
    txHash: `0x${tx}`,
    nonce,
    signedTransaction: `0x02${tx}`,
  };
}
function block(tx: number, hash = 'b7', chainId = CHAIN): AnchorConfirmed['data'] {
  return {
    chainId,
    txHash: `0x${tx}`,
    blockNumber: 7,
    blockHash: `0x${hash}`,
    blockTime: 1_760_000_000,
    transactionIndex: 0,
    logIndex: 0,
    gasUsed: '22300',
  };
}
function place(tx: number, hash = 'b7', chainId = CHAIN) {
  const { txHash, blockNumber, blockHash } = block(tx, hash, chainId);
  return { chainId, txHash, blockNumber, blockHash };
}
const submitted = (tx: number, nonce?: number, chainId?: number): BatchEvent => ({
  type: 'AnchorSubmitted',
  data: submission(tx, nonce, chainId),
});
const confirmed = (tx: number, hash?: string): BatchEvent => ({ type: 'AnchorConfirmed', data: block(tx, hash) });
const finalised = (tx: number): BatchEvent => ({ type: 'AnchorFinalised', data: place(tx) });
const reorganised = (tx: number): BatchEvent => ({ type: 'AnchorReorganised', data: place(tx) });
const failed = (tx: number): BatchEvent => ({
  type: 'AnchorFailed',
  data: { chainId: CHAIN, txHash: `0x${tx}`, code: 'dropped' },
});
function after(...events: BatchEvent[]) {
  return given(batchDecider, [sealed, ...events]);
}
function stateOf(state: BatchState): AnchorState {
  return anchorOn(state, CHAIN).state;
}

describe('a batch', () => {
  it('is sealed once', () => {
    given(batchDecider, [])
      .when({ type: 'SealBatch', ...seal })
      .then([sealed]);
    after()
      .when({ type: 'SealBatch', ...seal })
      .thenRefused('batchSealed');
  });

  it.each([
    ['batchRange', { toIndex: 9, size: 10 }],
    ['batchRange', { size: 19 }],
    ['batchRange', { number: 0 }],
    ['batchRange', { number: 1 }],
    ['batchRange', { fromIndex: 0 }],
    ['batchRange', { fromIndex: 10.5 }],
    ['rootMalformed', { root: ROOT.slice(0, 40) }],
    ['rootMalformed', { root: 'root' }],
  ])('says where it begins and ends: %s %j', (code, change) => {
    given(batchDecider, [])
      .when({ type: 'SealBatch', ...seal, ...change })
      .thenRefused(code);
  });

  it('begins at the log’s beginning if it is the first', () => {
    const first = { number: 1, fromIndex: 0, toIndex: 0, size: 1, root: ROOT };
    given(batchDecider, [])
      .when({ type: 'SealBatch', ...first })
      .then([{ type: 'BatchSealed', data: first }]);
  });

  it('is not anchored before it is sealed', () => {
    given(batchDecider, [])
      .when({ type: 'SubmitAnchor', ...submission(1) })
      .thenRefused('batchUnknown');
  });
});

describe('an anchor', () => {
  it('is requested, submitted, confirmed, finalised', () => {
    expect(anchorOn(after().state, CHAIN)).toEqual({ chainId: CHAIN, state: 'requested', submissions: [] });
    expect(
      stateOf(
        after()
          .when({ type: 'SubmitAnchor', ...submission(1) })
          .then([submitted(1)]),
      ),
    ).toBe('submitted');
    expect(
      stateOf(
        after(submitted(1))
          .when({ type: 'ConfirmAnchor', ...block(1) })
          .then([confirmed(1)]),
      ),
    ).toBe('confirmed');
    const final = after(submitted(1), confirmed(1))
      .when({ type: 'FinaliseAnchor', ...place(1) })
      .then([finalised(1)]);
    expect(shownAnchor(anchorOn(final, CHAIN))).toEqual({
      chainId: CHAIN,
      contract: '0xC0',
      anchorer: '0xA0',
      txHash: '0x1',
      blockNumber: 7,
      blockHash: '0xb7',
      state: 'finalised',
      gasUsed: '22300',
    });
  });

  it('is on each chain for itself', () => {
    const { state } = after(submitted(1), submitted(5, 0, 1), confirmed(1));
    expect([CHAIN, 1, 2].map((chain) => anchorOn(state, chain).state)).toEqual(['confirmed', 'submitted', 'requested']);
  });

  it('sends the recorded bytes again after a crash, not others', () => {
    const batch = after(submitted(1));
    batch.when({ type: 'SubmitAnchor', ...submission(1) }).then([]);
    expect(liveSubmission(anchorOn(batch.state, CHAIN))).toMatchObject({ signedTransaction: '0x021' });
    expect(liveSubmission(anchorOn(after(submitted(1), confirmed(1)).state, CHAIN))).toBeUndefined();
  });

  it('is replaced at its own nonce only, and then either transaction may be mined', () => {
    const batch = after(submitted(1));
    batch.when({ type: 'SubmitAnchor', ...submission(2, 5) }).thenRefused('nonceDiffers');
    const replaced = batch.when({ type: 'SubmitAnchor', ...submission(2) }).then([submitted(2)]);
    expect(liveSubmission(anchorOn(replaced, CHAIN))?.txHash).toBe('0x2');
    after(submitted(1), submitted(2))
      .when({ type: 'ConfirmAnchor', ...block(1) })
      .then([confirmed(1)]);
  });

  it('is confirmed only by a transaction that was submitted', () => {
    after(submitted(1))
      .when({ type: 'ConfirmAnchor', ...block(9) })
      .thenRefused('anchorNotSubmitted');
    after()
      .when({ type: 'ConfirmAnchor', ...block(1) })
      .thenRefused('anchorNotSubmitted');
  });

  it('is in one block at a time', () => {
    const batch = after(submitted(1), confirmed(1));
    batch.when({ type: 'ConfirmAnchor', ...block(1) }).then([]);
    batch.when({ type: 'ConfirmAnchor', ...block(1, 'b8') }).thenRefused('anchorConfirmed');
    batch.when({ type: 'SubmitAnchor', ...submission(2) }).thenRefused('anchorConfirmed');
    batch.when({ type: 'FailAnchor', chainId: CHAIN, txHash: '0x1', code: 'dropped' }).thenRefused('anchorConfirmed');
  });

  it('is final only in the block that confirmed it', () => {
    after(submitted(1))
      .when({ type: 'FinaliseAnchor', ...place(1) })
      .thenRefused('anchorNotConfirmed');
    const batch = after(submitted(1), confirmed(1));
    batch.when({ type: 'FinaliseAnchor', ...place(1, 'b8') }).thenRefused('blockDiffers');
    after(submitted(1), confirmed(1), finalised(1))
      .when({ type: 'FinaliseAnchor', ...place(1) })
      .then([]);
  });

  it('that loses its block is repaired: by the same transaction or a new one', () => {
    for (const history of [[confirmed(1)], [confirmed(1), finalised(1)]]) {
      const state = after(submitted(1), ...history)
        .when({ type: 'ReorganiseAnchor', ...place(1) })
        .then([reorganised(1)]);
      expect(stateOf(state)).toBe('reorganised');
      expect(shownAnchor(anchorOn(state, CHAIN))).not.toHaveProperty('blockHash');
    }
    const batch = after(submitted(1), confirmed(1), reorganised(1));
    expect(liveSubmission(anchorOn(batch.state, CHAIN))?.txHash).toBe('0x1');
    batch.when({ type: 'ConfirmAnchor', ...block(1, 'b9') }).then([confirmed(1, 'b9')]);
    batch.when({ type: 'SubmitAnchor', ...submission(2, 0) }).then([submitted(2, 0)]);
    batch.when({ type: 'ReorganiseAnchor', ...place(1) }).thenRefused('anchorNotConfirmed');
  });

  it('is requested again when its last living transaction fails', () => {
    const fail = { type: 'FailAnchor', chainId: CHAIN, txHash: '0x1', code: 'dropped' } as const;
    const state = after(submitted(1))
      .when(fail)
      .then([failed(1)]);
    expect(stateOf(state)).toBe('requested');
    expect(liveSubmission(anchorOn(state, CHAIN))).toBeUndefined();
    expect(stateOf(after(submitted(1), submitted(2), failed(1)).state)).toBe('submitted');
    after(submitted(1), failed(1))
      .when({ type: 'SubmitAnchor', ...submission(2, 9) })
      .then([submitted(2, 9)]);
    after(submitted(1), failed(1)).when(fail).then([]);
    // Given up too early: it was mined after all.
    after(submitted(1), failed(1))
      .when({ type: 'ConfirmAnchor', ...block(1) })
      .then([confirmed(1)]);
  });
});

describe('random histories of a batch', () => {
  it('keep to the states’ order, and every event can be decided again (S17)', () => {
    const tx = fc.integer({ min: 1, max: 3 });
    const hash = fc.constantFrom('b7', 'b8');
    const command: fc.Arbitrary<BatchCommand> = fc.oneof(
      fc
        .tuple(tx, fc.integer({ min: 4, max: 5 }))
        .map(([n, nonce]) => ({ type: 'SubmitAnchor' as const, ...submission(n, nonce) })),
      fc.tuple(tx, hash).map(([n, h]) => ({ type: 'ConfirmAnchor' as const, ...block(n, h) })),
      fc.tuple(tx, hash).map(([n, h]) => ({ type: 'FinaliseAnchor' as const, ...place(n, h) })),
      fc.tuple(tx, hash).map(([n, h]) => ({ type: 'ReorganiseAnchor' as const, ...place(n, h) })),
      tx.map((n) => ({ type: 'FailAnchor' as const, chainId: CHAIN, txHash: `0x${n}`, code: 'dropped' })),
    );
    const legal = new Set([
      'requested submitted',
      'requested confirmed',
      'submitted submitted',
      'submitted requested',
      'submitted confirmed',
      'confirmed finalised',
      'confirmed reorganised',
      'finalised reorganised',
      'reorganised submitted',
      'reorganised confirmed',
      'reorganised reorganised',
      'reorganised requested',
      'requested requested',
    ]);
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (commands) => {
        const meta = { stream: 'batch-2', revision: 0, at: '2026-01-01T00:00:00.000Z', index: 20 };
        let state = batchDecider.evolve(batchDecider.initialState, sealed, meta);
        for (const one of commands) {
          const before = stateOf(state);
          try {
            for (const event of batchDecider.decide(one, state, undefined)) {
              expect(batchDecider.decide(batchDecider.commandOf(event, meta), state, undefined)).toEqual([event]);
              state = batchDecider.evolve(state, event, meta);
              expect(legal).toContain(`${before} ${stateOf(state)}`);
            }
          } catch (error) {
            if (!(error instanceof DomainError)) throw error;
          }
          const anchor = anchorOn(state, CHAIN);
          expect(anchor.block !== undefined).toBe(anchor.state === 'confirmed' || anchor.state === 'finalised');
        }
      }),
    );
  });
});
