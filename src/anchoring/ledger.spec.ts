import { describe, expect, it } from '@jest/globals';
import { given } from '../event-store/given-when-then.js';
import { keySigner, type AnchorSigner } from './anchor-signer.js';
import { signRotation } from './anchorer-rotation.js';
import type { LedgerEvent } from './anchoring.events.js';
import { ledgerDecider } from './ledger.js';

const founding = { origin: 'localhost:3000/log', vkey: 'localhost:3000/log+1a2b3c4d+AAAA' };
const founded: LedgerEvent = { type: 'LedgerFounded', data: founding };
const chain = {
  name: 'embedded',
  chainId: 31337,
  contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
  anchorer: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
  firstBlock: 1,
};
const known = { ...chain, anchorers: [{ address: chain.anchorer, from: 0 }] };
const added: LedgerEvent = { type: 'ChainAdded', data: chain };

describe('a ledger', () => {
  it('is founded once', () => {
    given(ledgerDecider, [])
      .when({ type: 'FoundLedger', ...founding })
      .then([founded]);
    given(ledgerDecider, [founded])
      .when({ type: 'FoundLedger', ...founding })
      .thenRefused('ledgerFounded');
  });

  it('has a log key that is named for its origin', () => {
    given(ledgerDecider, [])
      .when({ type: 'FoundLedger', ...founding, origin: 'localhost:3000' })
      .thenRefused('vkeyMismatch');
  });

  it('adds each chain once', () => {
    given(ledgerDecider, [])
      .when({ type: 'AddChain', ...chain })
      .thenRefused('ledgerUnfounded');
    const state = given(ledgerDecider, [founded])
      .when({ type: 'AddChain', ...chain })
      .then([added]);
    expect(state).toEqual({ is: 'founded', ...founding, chains: [known], former: [], lostUpTo: {}, originFrom: 0 });
    const ledger = given(ledgerDecider, [founded, added]);
    ledger.when({ type: 'AddChain', ...chain, name: 'another' }).thenRefused('chainKnown');
    ledger.when({ type: 'AddChain', ...chain, chainId: 1 }).thenRefused('chainKnown');
    ledger
      .when({ type: 'AddChain', ...chain, name: 'sepolia', chainId: 11155111, contract: '0x5F' })
      .thenRefused('addressMalformed');
  });

  it('S16: goes on after a loss under an origin and a key that were never used before', () => {
    const next = { origin: 'localhost:3000/log/2', vkey: 'localhost:3000/log/2+5e6f7a8b+BBBB' };
    const previous = { ...founding, size: 168, root: 'AAAA' };
    const command = {
      type: 'AcceptLoss',
      previous,
      entriesLost: 3,
      lostUpTo: [{ chainId: 31337, blockNumber: 41 }],
      ...next,
    } as const;
    const { type: _, ...data } = command;
    const lost: LedgerEvent = { type: 'LossAccepted', data };
    given(ledgerDecider, []).when(command).thenRefused('ledgerUnfounded');
    const state = given(ledgerDecider, [founded, added]).when(command).then([lost]);
    expect(state).toEqual({
      is: 'founded',
      ...next,
      chains: [known],
      former: [founding],
      lostUpTo: { 31337: 41 },
      originFrom: 2,
    });
    const before = given(ledgerDecider, [founded]);
    before.when({ ...command, origin: founding.origin, vkey: founding.vkey }).thenRefused('originUsed');
    before.when({ ...command, vkey: founding.vkey }).thenRefused('vkeyMismatch');
    before.when({ ...command, previous: { ...previous, ...next } }).thenRefused('notThePreviousOrigin');
    const back = { ...command, previous: { ...previous, ...next }, ...founding };
    given(ledgerDecider, [founded, lost]).when(back).thenRefused('originUsed');
    const meta = { stream: 'ledger', revision: 1, at: '2026-01-01T00:00:00.000Z', index: 1 };
    given(ledgerDecider, [founded]).when(ledgerDecider.commandOf(lost, meta)).then([lost]);
  });

  it('S17: can be decided again from its events', () => {
    const meta = { stream: 'ledger', revision: 0, at: '2026-01-01T00:00:00.000Z', index: 0 };
    given(ledgerDecider, []).when(ledgerDecider.commandOf(founded, meta)).then([founded]);
    given(ledgerDecider, [founded]).when(ledgerDecider.commandOf(added, meta)).then([added]);
  });
});

describe('S19: the anchorer of a chain', () => {
  const [former, next] = [7, 8].map((fill) => keySigner(new Uint8Array(32).fill(fill))) as [AnchorSigner, AnchorSigner];
  const there: LedgerEvent = { type: 'ChainAdded', data: { ...chain, anchorer: former.address } };
  const { chainId, contract } = chain;
  const rotation = { origin: founding.origin, chainId, contract, previous: former.address, anchorer: next.address };

  async function signed(by: readonly [AnchorSigner, AnchorSigner], what = rotation) {
    const [previousSignature, signature] = [await signRotation(by[0], what), await signRotation(by[1], what)];
    const { previous, anchorer } = rotation;
    return { chainId, previous, anchorer, previousSignature, signature };
  }

  it('changes where both have signed, and each is in force in its turn', async () => {
    const data = await signed([former, next]);
    const state = given(ledgerDecider, [founded, there])
      .when({ type: 'RotateAnchorer', ...data })
      .then([{ type: 'AnchorerRotated', data }]);
    expect(state).toMatchObject({ chains: [{ anchorer: next.address }] });
  });

  it('does not change where one has not signed, or something else', async () => {
    const ledger = given(ledgerDecider, [founded, there]);
    for (const data of [
      await signed([next, next]),
      await signed([former, former]),
      await signed([former, next], { ...rotation, origin: 'other.example/log' }),
      await signed([former, next], { ...rotation, chainId: 1 }),
      { ...(await signed([former, next])), signature: '0x02' },
    ]) {
      ledger.when({ type: 'RotateAnchorer', ...data }).thenRefused('rotationNotSigned');
    }
  });

  it('is never one that was', async () => {
    const data = await signed([former, next]);
    const ledger = given(ledgerDecider, [founded, there, { type: 'AnchorerRotated', data }]);
    ledger.when({ type: 'RotateAnchorer', ...data }).thenRefused('notTheAnchorer');
    ledger
      .when({ type: 'RotateAnchorer', ...data, previous: next.address, anchorer: former.address })
      .thenRefused('anchorerUsed');
  });
});

describe('S10: a chain that has ended', () => {
  it('is closed once, and by another one that lives', () => {
    const data = { chainId: chain.chainId, anchors: 2, coveredBy: { chainId: 1, batch: 7 } };
    const other: LedgerEvent = { type: 'ChainAdded', data: { ...chain, name: 'other', chainId: 1 } };
    const closed: LedgerEvent = { type: 'ChainClosed', data };
    given(ledgerDecider, [founded, added])
      .when({ type: 'CloseChain', ...data })
      .thenRefused('chainUnknown');
    given(ledgerDecider, [founded, added, other])
      .when({ type: 'CloseChain', ...data })
      .then([closed]);
    given(ledgerDecider, [founded, added, other])
      .when({ type: 'CloseChain', ...data, coveredBy: { chainId: chain.chainId, batch: 7 } })
      .thenRefused('chainCoversItself');
    given(ledgerDecider, [founded, added, other, closed])
      .when({ type: 'CloseChain', ...data })
      .thenRefused('chainClosed');
  });
});
