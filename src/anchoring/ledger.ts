/**
 * The ledger's own stream: founded once with its origin and log key, the chains that it anchors on (S19), and where a
 * loss had to be accepted, the origin and key under which it goes on (S16). Proven by ledger.spec.ts.
 */
import { DomainError } from '../errors.js';
import type { EventMeta, ReplayableDecider } from '../event-store/decider.js';
import type { ChainAdded, LedgerEvent, LedgerFounded, LossAccepted } from './anchoring.events.js';

export type LedgerCommand =
  | ({ readonly type: 'FoundLedger' } & LedgerFounded['data'])
  | ({ readonly type: 'AddChain' } & ChainAdded['data'])
  | ({ readonly type: 'AcceptLoss' } & LossAccepted['data']);

export type LedgerState =
  | { readonly is: 'unfounded' }
  | ({
      readonly is: 'founded';
      readonly chains: readonly ChainAdded['data'][];
      /** Origins and keys that ended with an accepted loss, oldest first. Their keys sign nothing any more. */
      readonly former: readonly LedgerFounded['data'][];
      /** By chain id the newest block whose anchors may be of a log that was lost. */
      readonly lostUpTo: Readonly<Record<number, number>>;
      /** Log index of the event that began the present origin. */
      readonly originFrom: number;
    } & LedgerFounded['data']);

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

function decide(command: LedgerCommand, state: LedgerState): readonly LedgerEvent[] {
  if (command.type === 'FoundLedger') {
    if (state.is === 'founded') throw new DomainError('ledgerFounded', { origin: state.origin });
    const { type: _, ...data } = command;
    requireVkey(data);
    return [{ type: 'LedgerFounded', data }];
  }
  if (state.is === 'unfounded') throw new DomainError('ledgerUnfounded');
  if (command.type === 'AcceptLoss') {
    const { type: _, ...data } = command;
    requireVkey(data);
    const { previous, origin } = data;
    if (previous.origin !== state.origin || previous.vkey !== state.vkey) {
      throw new DomainError('notThePreviousOrigin', { origin: state.origin });
    }
    // Neither name nor key is ever used again: each signs one history.
    if ([state, ...state.former].some((used) => used.origin === origin || used.vkey === data.vkey)) {
      throw new DomainError('originUsed', { origin });
    }
    return [{ type: 'LossAccepted', data }];
  }
  const { type: _, ...data } = command;
  if (state.chains.some(({ chainId, name }) => chainId === data.chainId || name === data.name)) {
    throw new DomainError('chainKnown', { chainId: data.chainId, name: data.name });
  }
  for (const address of [data.contract, data.anchorer]) {
    if (!ADDRESS.test(address)) throw new DomainError('addressMalformed', { address });
  }
  return [{ type: 'ChainAdded', data }];
}

/** C2SP signed note: a verifier key begins with the name it is for. */
function requireVkey({ origin, vkey }: LedgerFounded['data']): void {
  if (!vkey.startsWith(`${origin}+`)) throw new DomainError('vkeyMismatch', { origin });
}

function evolve(state: LedgerState, event: LedgerEvent, { index = 0 }: EventMeta): LedgerState {
  if (state.is === 'unfounded') {
    return event.type === 'LedgerFounded'
      ? { is: 'founded', ...event.data, chains: [], former: [], lostUpTo: {}, originFrom: index }
      : state;
  }
  switch (event.type) {
    case 'ChainAdded':
      return { ...state, chains: [...state.chains, event.data] };
    case 'LossAccepted': {
      const { origin, vkey, lostUpTo } = event.data;
      return {
        ...state,
        origin,
        vkey,
        originFrom: index,
        former: [...state.former, { origin: state.origin, vkey: state.vkey }],
        lostUpTo: {
          ...state.lostUpTo,
          ...Object.fromEntries(lostUpTo.map(({ chainId, blockNumber }) => [chainId, blockNumber])),
        },
      };
    }
    default:
      return state;
  }
}

function commandOf(event: LedgerEvent): LedgerCommand {
  switch (event.type) {
    case 'LedgerFounded':
      return { type: 'FoundLedger', ...event.data };
    case 'ChainAdded':
      return { type: 'AddChain', ...event.data };
    case 'LossAccepted':
      return { type: 'AcceptLoss', ...event.data };
  }
}

export const ledgerDecider: ReplayableDecider<LedgerState, LedgerCommand, LedgerEvent> = {
  initialState: { is: 'unfounded' },
  decide,
  evolve,
  commandOf,
};
