/**
 * The ledger's own stream: founded once with its origin and log key, the chains that it anchors on with their anchorers in
 * turn (S19) and how they ended (S10), and where a loss had to be accepted, the origin and key under which it goes on
 * (S16). Proven by ledger.spec.ts.
 */
import { DomainError } from '../errors.js';
import type { EventMeta, ReplayableDecider } from '../event-store/decider.js';
import { isRotationSigned } from './anchorer-rotation.js';
import type {
  AnchorerRotated,
  ChainAdded,
  ChainClosed,
  LedgerEvent,
  LedgerFounded,
  LossAccepted,
} from './anchoring.events.js';

export type LedgerCommand =
  | ({ readonly type: 'FoundLedger' } & LedgerFounded['data'])
  | ({ readonly type: 'AddChain' } & ChainAdded['data'])
  | ({ readonly type: 'AcceptLoss' } & LossAccepted['data'])
  | ({ readonly type: 'RotateAnchorer' } & AnchorerRotated['data'])
  | ({ readonly type: 'CloseChain' } & ChainClosed['data']);

/** In force for heads whose last entry has an index from `from` on and below `to`. */
export interface AnchorerTerm {
  /** EIP-55. */
  readonly address: string;
  readonly from: number;
  readonly to?: number;
}

/** `anchorer` is the one in force now. */
export type LedgerChain = ChainAdded['data'] & {
  /** Oldest first. */
  readonly anchorers: readonly AnchorerTerm[];
  readonly closed?: { readonly index: number; readonly at: string } & ChainClosed['data'];
};

export type LedgerState =
  | { readonly is: 'unfounded' }
  | ({
      readonly is: 'founded';
      readonly chains: readonly LedgerChain[];
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
  if (command.type === 'RotateAnchorer') return rotate(command, state);
  if (command.type === 'CloseChain') return close(command, state);
  const { type: _, ...data } = command;
  if (state.chains.some(({ chainId, name }) => chainId === data.chainId || name === data.name)) {
    throw new DomainError('chainKnown', { chainId: data.chainId, name: data.name });
  }
  for (const address of [data.contract, data.anchorer]) {
    if (!ADDRESS.test(address)) throw new DomainError('addressMalformed', { address });
  }
  return [{ type: 'ChainAdded', data }];
}

function rotate(
  { type: _, ...data }: LedgerCommand & { type: 'RotateAnchorer' },
  state: LedgerState & { is: 'founded' },
): readonly LedgerEvent[] {
  const chain = openChain(state, data.chainId);
  if (chain.anchorer !== data.previous) throw new DomainError('notTheAnchorer', { anchorer: chain.anchorer });
  if (!ADDRESS.test(data.anchorer)) throw new DomainError('addressMalformed', { address: data.anchorer });
  // One that is used again could not be told from the one that it was.
  if (chain.anchorers.some(({ address }) => address.toLowerCase() === data.anchorer.toLowerCase())) {
    throw new DomainError('anchorerUsed', { anchorer: data.anchorer });
  }
  if (!isRotationSigned(data, { origin: state.origin, contract: chain.contract })) {
    throw new DomainError('rotationNotSigned', { previous: data.previous, anchorer: data.anchorer });
  }
  return [{ type: 'AnchorerRotated', data }];
}

function close(
  { type: _, ...data }: LedgerCommand & { type: 'CloseChain' },
  state: LedgerState & { is: 'founded' },
): readonly LedgerEvent[] {
  const { coveredBy } = data;
  openChain(state, data.chainId);
  // A chain cannot vouch for its own blocks once it is gone.
  if (coveredBy?.chainId === data.chainId) throw new DomainError('chainCoversItself', { chainId: data.chainId });
  if (coveredBy) openChain(state, coveredBy.chainId);
  return [{ type: 'ChainClosed', data }];
}

function openChain(state: LedgerState & { is: 'founded' }, chainId: number): LedgerChain {
  const chain = state.chains.find((one) => one.chainId === chainId);
  if (!chain) throw new DomainError('chainUnknown', { chainId });
  if (chain.closed) throw new DomainError('chainClosed', { chainId });
  return chain;
}

/** C2SP signed note: a verifier key begins with the name it is for. */
function requireVkey({ origin, vkey }: LedgerFounded['data']): void {
  if (!vkey.startsWith(`${origin}+`)) throw new DomainError('vkeyMismatch', { origin });
}

function evolve(state: LedgerState, event: LedgerEvent, { index = 0, at }: EventMeta): LedgerState {
  if (state.is === 'unfounded') {
    return event.type === 'LedgerFounded'
      ? { is: 'founded', ...event.data, chains: [], former: [], lostUpTo: {}, originFrom: index }
      : state;
  }
  switch (event.type) {
    case 'ChainAdded':
      return {
        ...state,
        chains: [...state.chains, { ...event.data, anchorers: [{ address: event.data.anchorer, from: 0 }] }],
      };
    case 'AnchorerRotated':
      return onChain(state, event.data.chainId, (chain) => ({
        ...chain,
        anchorer: event.data.anchorer,
        anchorers: [
          ...chain.anchorers.map((term) => (term.to === undefined ? { ...term, to: index } : term)),
          { address: event.data.anchorer, from: index },
        ],
      }));
    case 'ChainClosed':
      return onChain(state, event.data.chainId, (chain) => ({ ...chain, closed: { ...event.data, index, at } }));
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

function onChain(
  state: LedgerState & { is: 'founded' },
  chainId: number,
  change: (chain: LedgerChain) => LedgerChain,
): LedgerState {
  return { ...state, chains: state.chains.map((chain) => (chain.chainId === chainId ? change(chain) : chain)) };
}

function commandOf(event: LedgerEvent): LedgerCommand {
  switch (event.type) {
    case 'LedgerFounded':
      return { type: 'FoundLedger', ...event.data };
    case 'ChainAdded':
      return { type: 'AddChain', ...event.data };
    case 'LossAccepted':
      return { type: 'AcceptLoss', ...event.data };
    case 'AnchorerRotated':
      return { type: 'RotateAnchorer', ...event.data };
    case 'ChainClosed':
      return { type: 'CloseChain', ...event.data };
  }
}

export const ledgerDecider: ReplayableDecider<LedgerState, LedgerCommand, LedgerEvent> = {
  initialState: { is: 'unfounded' },
  decide,
  evolve,
  commandOf,
};
