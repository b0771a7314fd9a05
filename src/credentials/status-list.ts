/**
 * A status list's own stream: slots are allotted in blocks, each once, and every published edition has a sequence
 * number and a digest (W3C Bitstring Status List 1.0; S1, S25). Which slot stands for which index is a secret
 * permutation (`index-permutation.ts`). Proven by `status-list.spec.ts`.
 */
import { DomainError } from '../errors.js';
import type { ReplayableDecider } from '../event-store/decider.js';
import { STATUS_LIST_ENTRIES, type StatusListEvent, type StatusPurpose } from './credential.events.js';

export interface OpenStatusList {
  readonly type: 'OpenStatusList';
  /** UUID */
  readonly organisation: string;
  readonly purpose: StatusPurpose;
}
export interface AllotIndexBlock {
  readonly type: 'AllotIndexBlock';
  /** Slots wanted, at least 1. */
  readonly count: number;
}
export interface PublishStatusList {
  readonly type: 'PublishStatusList';
  /** SHA-256, lower-case hex, of JCS(the list credential with its proof). */
  readonly digest: string;
}
export type StatusListCommand = OpenStatusList | AllotIndexBlock | PublishStatusList;

export type StatusListState =
  | { readonly is: 'unopened' }
  | {
      readonly is: 'open';
      readonly organisation: string;
      readonly purpose: StatusPurpose;
      /** The next free slot; 131,072 when the list is full. */
      readonly nextSlot: number;
      /** Of the newest edition; 0 and no digest before the first. */
      readonly sequence: number;
      readonly digest?: string;
    };

function decide(command: StatusListCommand, state: StatusListState): readonly StatusListEvent[] {
  if (command.type === 'OpenStatusList') {
    if (state.is === 'open') throw new DomainError('statusListExists');
    const { type: _, ...data } = command;
    return [{ type: 'StatusListOpened', data }];
  }
  if (state.is === 'unopened') throw new DomainError('statusListUnknown');
  switch (command.type) {
    case 'AllotIndexBlock': {
      const { count } = command;
      if (!Number.isInteger(count) || count < 1) throw new DomainError('blockSize', { count });
      const free = STATUS_LIST_ENTRIES - state.nextSlot;
      if (count > free) throw new DomainError('statusListFull', { count, free });
      return [{ type: 'IndexBlockAllotted', data: { from: state.nextSlot, count } }];
    }
    case 'PublishStatusList': {
      const { digest } = command;
      if (!/^[0-9a-f]{64}$/.test(digest)) throw new DomainError('digestMalformed', { digest });
      return [{ type: 'StatusListPublished', data: { sequence: state.sequence + 1, digest } }];
    }
  }
}

function evolve(state: StatusListState, event: StatusListEvent): StatusListState {
  if (state.is === 'unopened') {
    return event.type === 'StatusListOpened' ? { is: 'open', ...event.data, nextSlot: 0, sequence: 0 } : state;
  }
  switch (event.type) {
    case 'IndexBlockAllotted':
      return { ...state, nextSlot: Math.max(state.nextSlot, event.data.from + event.data.count) };
    case 'StatusListPublished':
      return { ...state, ...event.data };
    default:
      return state;
  }
}

function commandOf(event: StatusListEvent): StatusListCommand {
  switch (event.type) {
    case 'StatusListOpened':
      return { type: 'OpenStatusList', ...event.data };
    case 'IndexBlockAllotted':
      return { type: 'AllotIndexBlock', count: event.data.count };
    case 'StatusListPublished':
      return { type: 'PublishStatusList', digest: event.data.digest };
  }
}

export const statusListDecider: ReplayableDecider<StatusListState, StatusListCommand, StatusListEvent> = {
  initialState: { is: 'unopened' },
  decide,
  evolve,
  commandOf,
};
