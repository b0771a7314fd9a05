import { describe, expect, it } from '@jest/globals';
import { given } from '../event-store/given-when-then.js';
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
