/**
 * Status indexes for new credentials (S25): taken from a block that this process has in hand, so that issuing waits for
 * the store only once a block. A block lost in a crash is a gap; no index is ever given twice.
 * Proven by status-indexes.int.spec.ts.
 */
import type { Secrets } from '../crypto/secrets.js';
import { ConcurrencyError, DomainError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { handle, load } from '../event-store/handle.js';
import {
  STATUS_LIST_ENTRIES,
  statusListStream,
  type StatusPurpose,
  type StatusReference,
} from './credential.events.js';
import { indexPermutation } from './index-permutation.js';
import { statusListDecider } from './status-list.js';

const FIRST_BLOCK = 64;
const LARGEST_BLOCK = 4_096;

interface Hand {
  list: string;
  permute: (slot: number) => number;
  next: number;
  end: number;
}

export class StatusIndexes {
  readonly #hands = new Map<string, Hand>();
  /** One refill at a time for each list. */
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #blockSizes = new Map<string, number>();
  /** The newest list known of, for each organisation and purpose: those before it are full. */
  readonly #newest = new Map<string, number>();

  constructor(
    private readonly store: EventStore,
    private readonly secrets: Secrets,
    private readonly now: () => Date,
  ) {}

  /** One index in a revocation list and one in a suspension list of the organisation. */
  async take(organisation: string): Promise<Record<StatusPurpose, StatusReference>> {
    const [revocation, suspension] = await Promise.all([
      this.#takeFor(organisation, 'revocation'),
      this.#takeFor(organisation, 'suspension'),
    ]);
    return { revocation, suspension };
  }

  #takeFor(organisation: string, purpose: StatusPurpose): Promise<StatusReference> {
    const name = `${organisation}/${purpose}`;
    const inHand = this.#next(name);
    if (inHand) return Promise.resolve(inHand);
    const taken = (this.#queues.get(name) ?? Promise.resolve()).then(async () => {
      let reference = this.#next(name);
      while (!reference) {
        await this.#refill(name, organisation, purpose);
        reference = this.#next(name);
      }
      return reference;
    });
    this.#queues.set(
      name,
      taken.catch(() => undefined),
    );
    return taken;
  }

  #next(name: string): StatusReference | undefined {
    const hand = this.#hands.get(name);
    if (!hand || hand.next >= hand.end) return undefined;
    return { list: hand.list, index: hand.permute(hand.next++) };
  }

  /** Allots the next block of the newest list that has room, opening lists as they fill up. */
  async #refill(name: string, organisation: string, purpose: StatusPurpose): Promise<void> {
    const count = Math.min((this.#blockSizes.get(name) ?? FIRST_BLOCK / 2) * 2, LARGEST_BLOCK);
    for (let number = this.#newest.get(name) ?? 0; ; number += 1) {
      const list = this.secrets.id('statusList', organisation, purpose, number);
      const allotted = await this.#allot(list, organisation, purpose, count);
      if (!allotted) continue;
      this.#newest.set(name, number);
      const permute = indexPermutation(this.secrets.mac('statusPermutation', list));
      this.#hands.set(name, { list, permute, next: allotted.from, end: allotted.from + allotted.count });
      this.#blockSizes.set(name, count);
      return;
    }
  }

  async #allot(
    list: string,
    organisation: string,
    purpose: StatusPurpose,
    wanted: number,
  ): Promise<{ from: number; count: number } | undefined> {
    const stream = statusListStream(list);
    const meta = { at: this.now().toISOString(), by: 'process:status-indexes' };
    for (;;) {
      const { state } = await load(this.store, statusListDecider, stream);
      try {
        if (state.is === 'unopened') {
          const command = { type: 'OpenStatusList', organisation, purpose } as const;
          await handle(this.store, statusListDecider, { stream, command, context: undefined, meta, retries: 0 });
          continue;
        }
        const count = Math.min(wanted, STATUS_LIST_ENTRIES - state.nextSlot);
        if (count <= 0) return undefined;
        const command = { type: 'AllotIndexBlock', count } as const;
        const { events } = await handle(this.store, statusListDecider, {
          stream,
          command,
          context: undefined,
          meta,
          retries: 0,
        });
        const { from } = events[0]?.data as { from: number };
        return { from, count };
      } catch (error) {
        // Another process allotted from the same list: look again. Full meanwhile: the next list.
        if (error instanceof DomainError && error.code === 'statusListFull') return undefined;
        // Opened by another one between the two reads.
        if (error instanceof DomainError && error.code === 'statusListExists') continue;
        if (!(error instanceof ConcurrencyError)) throw error;
      }
    }
  }
}
