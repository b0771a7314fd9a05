/**
 * A batch and its anchors, one for each chain: requested, submitted, confirmed, finalised; and back when a transaction
 * fails or its block leaves the chain. A submission is an event before its bytes leave, so a crash between the two
 * sends the same bytes again; a second one at the same nonce replaces the first (a higher fee), and either may be
 * mined. Proven by `batch.spec.ts`.
 */
import { fromBase64 } from '../encoding/base64.js';
import { DomainError, EncodingError } from '../errors.js';
import type { EventMeta, ReplayableDecider } from '../event-store/decider.js';
import type {
  AnchorConfirmed,
  AnchorFailed,
  AnchorFinalised,
  AnchorReorganised,
  AnchorReplaced,
  AnchorRequested,
  AnchorState,
  AnchorSubmitted,
  BatchEvent,
  BatchSealed,
} from './anchoring.events.js';

export type BatchCommand =
  | ({ readonly type: 'SealBatch' } & BatchSealed['data'])
  | ({ readonly type: 'RequestAnchor' } & AnchorRequested['data'])
  | ({ readonly type: 'SubmitAnchor' } & AnchorSubmitted['data'])
  | ({ readonly type: 'ReplaceAnchor' } & AnchorReplaced['data'])
  | ({ readonly type: 'ConfirmAnchor' } & AnchorConfirmed['data'])
  | ({ readonly type: 'FinaliseAnchor' } & AnchorFinalised['data'])
  | ({ readonly type: 'ReorganiseAnchor' } & AnchorReorganised['data'])
  | ({ readonly type: 'FailAnchor' } & AnchorFailed['data']);

export interface Submission extends Omit<AnchorSubmitted['data'], 'chainId'> {
  /** When it was recorded, ISO 8601. */
  readonly at: string;
  /** Hash of the transaction whose place it takes. */
  readonly replaces?: string;
  /** Why it will not be mined, as far as one knows. */
  readonly failed?: string;
}

/** The anchor on one chain. */
export interface ChainAnchor {
  readonly chainId: number;
  readonly state: AnchorState;
  /** Oldest first. */
  readonly submissions: readonly Submission[];
  /** While confirmed or finalised. */
  readonly block?: Omit<AnchorConfirmed['data'], 'chainId'>;
}

export type BatchState =
  | { readonly is: 'unsealed' }
  | ({ readonly is: 'sealed'; readonly anchors: readonly ChainAnchor[] } & BatchSealed['data']);

function decide(command: BatchCommand, state: BatchState): readonly BatchEvent[] {
  if (command.type === 'SealBatch') {
    if (state.is === 'sealed') throw new DomainError('batchSealed', { number: state.number });
    const { type: _, ...data } = command;
    checkSeal(data);
    return [{ type: 'BatchSealed', data }];
  }
  if (state.is === 'unsealed') throw new DomainError('batchUnknown');
  const anchor = anchorOn(state, command.chainId);
  switch (command.type) {
    case 'RequestAnchor': {
      const asked = state.anchors.some(({ chainId }) => chainId === command.chainId);
      return asked ? [] : [{ type: 'AnchorRequested', data: { chainId: command.chainId } }];
    }
    case 'ReplaceAnchor': {
      const { type: _, ...data } = command;
      if (anchor.block) throw new DomainError('anchorConfirmed', { chainId: data.chainId });
      if (anchor.submissions.some(({ txHash }) => txHash === data.txHash)) return [];
      const replaced = anchor.submissions.find(({ txHash }) => txHash === data.replaces);
      if (replaced?.failed !== undefined || replaced === undefined) {
        throw new DomainError('anchorNotSubmitted', { chainId: anchor.chainId, txHash: data.replaces });
      }
      // With another nonce both could be mined.
      if (replaced.nonce !== data.nonce)
        throw new DomainError('nonceDiffers', { chainId: data.chainId, nonce: data.nonce });
      return [{ type: 'AnchorReplaced', data }];
    }
    case 'SubmitAnchor': {
      const { type: _, ...data } = command;
      if (anchor.block) throw new DomainError('anchorConfirmed', { chainId: data.chainId });
      if (anchor.submissions.some(({ txHash }) => txHash === data.txHash)) return [];
      // Another nonce beside one that may still be mined would anchor, and pay, twice.
      const alive = anchor.submissions.filter(({ failed }) => failed === undefined);
      if (anchor.state === 'submitted' && !alive.some(({ nonce }) => nonce === data.nonce)) {
        throw new DomainError('nonceDiffers', { chainId: data.chainId, nonce: data.nonce });
      }
      return [{ type: 'AnchorSubmitted', data }];
    }
    case 'ConfirmAnchor': {
      const { type: _, ...data } = command;
      checkSubmitted(anchor, data.txHash);
      if (anchor.block) {
        if (anchor.block.blockHash === data.blockHash && anchor.block.txHash === data.txHash) return [];
        throw new DomainError('anchorConfirmed', { chainId: data.chainId });
      }
      return [{ type: 'AnchorConfirmed', data }];
    }
    case 'FinaliseAnchor': {
      const { type: _, ...data } = command;
      checkBlock(anchor, data);
      return anchor.state === 'finalised' ? [] : [{ type: 'AnchorFinalised', data }];
    }
    case 'ReorganiseAnchor': {
      // A finalised block can go too: a local node that was killed may come back without its last blocks.
      const { type: _, ...data } = command;
      checkBlock(anchor, data);
      return [{ type: 'AnchorReorganised', data }];
    }
    case 'FailAnchor': {
      const { type: _, ...data } = command;
      checkSubmitted(anchor, data.txHash);
      if (anchor.block) throw new DomainError('anchorConfirmed', { chainId: data.chainId });
      const failed = anchor.submissions.some(
        ({ txHash, failed: code }) => txHash === data.txHash && code !== undefined,
      );
      return failed ? [] : [{ type: 'AnchorFailed', data }];
    }
  }
}

function checkSeal({ number, fromIndex, toIndex, size, root }: BatchSealed['data']): void {
  const whole = [number, fromIndex, toIndex, size].every((value) => Number.isSafeInteger(value) && value >= 0);
  const first = number === 1 ? fromIndex === 0 : number > 1 && fromIndex > 0;
  if (!whole || !first || fromIndex > toIndex || size !== toIndex + 1) {
    throw new DomainError('batchRange', { number, fromIndex, toIndex, size });
  }
  if (lengthOf(root) !== 32) throw new DomainError('rootMalformed', { root });
}

function lengthOf(base64: string): number {
  try {
    return fromBase64(base64).length;
  } catch (error) {
    if (error instanceof EncodingError) return -1;
    throw error;
  }
}

function checkSubmitted(anchor: ChainAnchor, txHash: string): void {
  if (!anchor.submissions.some((submission) => submission.txHash === txHash)) {
    throw new DomainError('anchorNotSubmitted', { chainId: anchor.chainId, txHash });
  }
}

function checkBlock(anchor: ChainAnchor, named: AnchorFinalised['data']): void {
  const { chainId, txHash, blockNumber, blockHash } = named;
  if (!anchor.block) throw new DomainError('anchorNotConfirmed', { chainId });
  const { block } = anchor;
  if (block.txHash !== txHash || block.blockNumber !== blockNumber || block.blockHash !== blockHash) {
    throw new DomainError('blockDiffers', { chainId, expected: block.blockHash, got: blockHash });
  }
}

function evolve(state: BatchState, event: BatchEvent, { at }: Pick<EventMeta, 'at'>): BatchState {
  if (state.is === 'unsealed') {
    return event.type === 'BatchSealed' ? { is: 'sealed', ...event.data, anchors: [] } : state;
  }
  if (event.type === 'BatchSealed') return state;
  const { chainId } = event.data;
  const anchor = evolveAnchor(anchorOn(state, chainId), event, at);
  const known = state.anchors.some((one) => one.chainId === chainId);
  const anchors = known
    ? state.anchors.map((one) => (one.chainId === chainId ? anchor : one))
    : [...state.anchors, anchor];
  return { ...state, anchors };
}

function evolveAnchor(anchor: ChainAnchor, event: Exclude<BatchEvent, BatchSealed>, at: string): ChainAnchor {
  const { block: _, ...rest } = anchor;
  switch (event.type) {
    case 'AnchorRequested':
      return anchor;
    case 'AnchorSubmitted':
    case 'AnchorReplaced': {
      const { chainId: __, ...submission } = event.data;
      return { ...rest, state: 'submitted', submissions: [...anchor.submissions, { ...submission, at }] };
    }
    case 'AnchorConfirmed': {
      const { chainId: __, ...block } = event.data;
      return { ...rest, state: 'confirmed', block };
    }
    case 'AnchorFinalised':
      return { ...anchor, state: 'finalised' };
    case 'AnchorReorganised':
      return { ...rest, state: 'reorganised' };
    case 'AnchorFailed': {
      const { txHash, code } = event.data;
      const submissions = anchor.submissions.map((one) => (one.txHash === txHash ? { ...one, failed: code } : one));
      const alive = submissions.some(({ failed }) => failed === undefined);
      return { ...rest, state: alive ? anchor.state : 'requested', submissions };
    }
    default:
      return anchor;
  }
}

function commandOf(event: BatchEvent): BatchCommand {
  switch (event.type) {
    case 'BatchSealed':
      return { type: 'SealBatch', ...event.data };
    case 'AnchorRequested':
      return { type: 'RequestAnchor', ...event.data };
    case 'AnchorSubmitted':
      return { type: 'SubmitAnchor', ...event.data };
    case 'AnchorReplaced':
      return { type: 'ReplaceAnchor', ...event.data };
    case 'AnchorConfirmed':
      return { type: 'ConfirmAnchor', ...event.data };
    case 'AnchorFinalised':
      return { type: 'FinaliseAnchor', ...event.data };
    case 'AnchorReorganised':
      return { type: 'ReorganiseAnchor', ...event.data };
    case 'AnchorFailed':
      return { type: 'FailAnchor', ...event.data };
  }
}

export const batchDecider: ReplayableDecider<BatchState, BatchCommand, BatchEvent> = {
  initialState: { is: 'unsealed' },
  decide,
  evolve,
  commandOf,
};

/** The anchor on a chain; `requested` where nothing has been submitted to it. */
export function anchorOn(state: BatchState, chainId: number): ChainAnchor {
  const anchor = state.is === 'sealed' ? state.anchors.find((one) => one.chainId === chainId) : undefined;
  return anchor ?? { chainId, state: 'requested', submissions: [] };
}

/**
 * The submission to send (again): the newest that has not failed. None while the anchor is in a block, or where a new
 * transaction must be made.
 */
export function liveSubmission(anchor: ChainAnchor): Submission | undefined {
  return anchor.block ? undefined : anchor.submissions.findLast(({ failed }) => failed === undefined);
}

/** An anchor as the contract's `Batch` shows it: of the block that holds it, else of the newest submission. */
export interface ShownAnchor {
  readonly chainId: number;
  readonly contract?: string;
  readonly anchorer?: string;
  readonly txHash?: string;
  readonly blockNumber?: number;
  readonly blockHash?: string;
  readonly state: AnchorState;
  readonly gasUsed?: string;
}

export function shownAnchor({ chainId, state, submissions, block }: ChainAnchor): ShownAnchor {
  const submission = block ? submissions.find(({ txHash }) => txHash === block.txHash) : submissions.at(-1);
  const { contract, anchorer, txHash } = submission ?? {};
  return {
    chainId,
    ...(contract !== undefined && { contract }),
    ...(anchorer !== undefined && { anchorer }),
    ...(txHash !== undefined && { txHash }),
    ...(block && { blockNumber: block.blockNumber, blockHash: block.blockHash, gasUsed: block.gasUsed }),
    state,
  };
}
