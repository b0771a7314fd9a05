/** The ledger's own stream: founded once with its origin and log key, and the chains that it anchors on (S19). */
import { DomainError } from '../errors.js';
import type { ReplayableDecider } from '../event-store/decider.js';
import type { ChainAdded, LedgerEvent, LedgerFounded } from './anchoring.events.js';

export type LedgerCommand =
  ({ readonly type: 'FoundLedger' } & LedgerFounded['data']) | ({ readonly type: 'AddChain' } & ChainAdded['data']);

export type LedgerState =
  | { readonly is: 'unfounded' }
  | ({ readonly is: 'founded'; readonly chains: readonly ChainAdded['data'][] } & LedgerFounded['data']);

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

function decide(command: LedgerCommand, state: LedgerState): readonly LedgerEvent[] {
  if (command.type === 'FoundLedger') {
    if (state.is === 'founded') throw new DomainError('ledgerFounded', { origin: state.origin });
    const { type: _, ...data } = command;
    // C2SP signed note: a verifier key begins with the name it is for.
    if (!data.vkey.startsWith(`${data.origin}+`)) throw new DomainError('vkeyMismatch', { origin: data.origin });
    return [{ type: 'LedgerFounded', data }];
  }
  if (state.is === 'unfounded') throw new DomainError('ledgerUnfounded');
  const { type: _, ...data } = command;
  if (state.chains.some(({ chainId, name }) => chainId === data.chainId || name === data.name)) {
    throw new DomainError('chainKnown', { chainId: data.chainId, name: data.name });
  }
  for (const address of [data.contract, data.anchorer]) {
    if (!ADDRESS.test(address)) throw new DomainError('addressMalformed', { address });
  }
  return [{ type: 'ChainAdded', data }];
}

function evolve(state: LedgerState, event: LedgerEvent): LedgerState {
  if (state.is === 'unfounded') {
    return event.type === 'LedgerFounded' ? { is: 'founded', ...event.data, chains: [] } : state;
  }
  return event.type === 'ChainAdded' ? { ...state, chains: [...state.chains, event.data] } : state;
}

function commandOf(event: LedgerEvent): LedgerCommand {
  return event.type === 'LedgerFounded' ? { type: 'FoundLedger', ...event.data } : { type: 'AddChain', ...event.data };
}

export const ledgerDecider: ReplayableDecider<LedgerState, LedgerCommand, LedgerEvent> = {
  initialState: { is: 'unfounded' },
  decide,
  evolve,
  commandOf,
};
