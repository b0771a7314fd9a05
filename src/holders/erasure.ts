/**
 * Erasing a holder (S20, S23). In this order, each step done again without harm: the random holder id goes to the list
 * outside the store; the holder's stream is closed, so that nothing more is issued under its key; the shares of the
 * holder's credentials, the reservation of the personal number and, last, the stream with key and personal data are
 * deleted; `HolderErased` tells every node. A crash anywhere leaves the entry in the list without that event, and the
 * next start goes on from there. Log, roots, anchors and the public digests stay.
 *
 * What belongs to a holder stands in the holder's own stream: one `CredentialHeld` a credential, written with the
 * issuance, which goes when the stream goes. Holders issued to before that event existed are searched for in the store.
 *
 * In a deleted stream's place in SQLite its name may linger: it is random, or a MAC with a secret (S21).
 * Proven by erasure.int.spec.ts and test/erasure.e2e.spec.ts.
 */
import { randomUUID } from 'node:crypto';
import type { Config } from '../config.js';
import type { Secrets } from '../crypto/secrets.js';
import { fromBase64url } from '../encoding/base64.js';
import type { JsonObject } from '../encoding/json.js';
import { ConcurrencyError, InvariantError, NotFoundError } from '../errors.js';
import {
  NO_STREAM,
  type EventDraft,
  type EventStore,
  type Position,
  type StoredEvent,
  type Subscription,
} from '../event-store/event-store.js';
import { listErasures, readErasures, type Erasure } from './erasures-list.js';
import { decodeContainer } from './sealing.js';
import { shareId } from './share-crypto.js';
import { holderVault, type Vault } from './vault.js';

/** Unlogged: one `HolderErased {holder}` for each erasure that has been carried out in this store. */
export const ERASURES_STREAM = 'vault-erasures';

/** The parts of a ledger that erasing needs; a `Ledger` has them. */
export interface ErasureScope {
  readonly store: EventStore;
  readonly vault: Vault;
  readonly secrets: Secrets;
  readonly config: Pick<Config, 'keysDir'>;
  readonly now: () => Date;
}

export interface Erased extends Erasure {
  /** How many of each were deleted this time; what an earlier attempt had deleted is not counted again. */
  readonly credentials: number;
  readonly shares: number;
  readonly reservations: number;
  /** `HolderErased` as stored. */
  readonly event: StoredEvent;
}

/** What lies in the vault on behalf of a holder, beside the holder's own stream. */
interface Traces {
  readonly credentials: Set<string>;
  readonly shares: Set<string>;
  /** Names of `vault-pnr-*` streams. */
  readonly reservations: Set<string>;
}

const PAGE = 1_000;
/** Attempts to append where other writers are first. */
const ATTEMPTS = 32;

export function shareVault(id: string): string {
  return `vault-share-${id}`;
}

/** The reservation of a personal number (twelve digits) for one holder (S24). */
export function reservationVault(secrets: Secrets, personalNumber: string): string {
  return `vault-pnr-${secrets.id('personalNumber', personalNumber)}`;
}

/**
 * Says in the holder's own stream which credential it holds and which share shows it. The share's id stands in clear: it
 * must be found after the key has died (an old copy, restored), and tells nobody anything but where to look.
 * @param sealed `{credential}` under the holder's key, for the revision that the event will have
 */
export function credentialHeld(at: string, share: string, sealed: Uint8Array): EventDraft {
  return { ...draft('CredentialHeld', at, { share }), sealed };
}

/** Whether a holder's stream takes no more: it is gone, or on its way. */
export function isClosed(events: readonly StoredEvent[]): boolean {
  return events.length === 0 || events.some(({ type }) => type === 'ErasureBegun');
}

export function isErased(keysDir: string, holder: string): boolean {
  return readErasures(keysDir).some((erasure) => erasure.holder === holder);
}

/**
 * Erases a holder; for one that has been erased, sees to it that nothing is left.
 * @param holder UUID
 * @throws NotFoundError when there is no such holder and never was one here
 */
export async function eraseHolder(scope: ErasureScope, holder: string): Promise<Erased> {
  const { store, config, now } = scope;
  const there = await store.readStream(holderVault(holder));
  if (there.length === 0 && !isErased(config.keysDir, holder)) throw new NotFoundError('holder', holder);
  // Before anything is deleted: what a crash cuts short from here on, the next start finishes.
  listErasures(config.keysDir, [{ holder, at: now().toISOString() }]);
  const at = readErasures(config.keysDir).find((one) => one.holder === holder)?.at ?? now().toISOString();
  return carryOut(scope, { holder, at });
}

/**
 * Carries out what is on the list and has not been carried out in this store: after a crash, and in a copy that is older
 * than an erasure. Costs one read of `vault-erasures` where there is nothing to do.
 * @param thorough looks for every entry's traces in the whole store, whatever the store says of itself: for a store that
 *   was put together from elsewhere (restore, import)
 * @returns how many were erased
 * @throws ConfigError for a damaged list
 */
export async function applyErasures(scope: ErasureScope, { thorough = false } = {}): Promise<number> {
  const { store, config } = scope;
  const done = (await store.readStream(ERASURES_STREAM)).filter(({ type }) => type === 'HolderErased');
  const erasedHere = new Set(done.map(holderOf));
  // The store remembers what a lost or older list does not.
  listErasures(
    config.keysDir,
    done.map((event) => ({ holder: holderOf(event), at: event.at })),
  );
  const due = readErasures(config.keysDir).filter(({ holder }) => thorough || !erasedHere.has(holder));
  if (due.length === 0) return 0;
  const found = thorough ? await search(scope, new Set(due.map(({ holder }) => holder))) : undefined;
  for (const erasure of due) await carryOut(scope, erasure, found?.get(erasure.holder));
  return due.length;
}

/** Forgets, on this node, keys of holders that another node erases, and keeps the list as the store knows it. */
export function followErasures(scope: ErasureScope, after: Position): Subscription {
  return scope.store.subscribe({ after }, (events) => {
    for (const event of events) {
      if (event.stream !== ERASURES_STREAM || event.type !== 'HolderErased') continue;
      scope.vault.forget(holderVault(holderOf(event)));
      listErasures(scope.config.keysDir, [{ holder: holderOf(event), at: event.at }]);
    }
    return Promise.resolve();
  });
}

async function carryOut(scope: ErasureScope, erasure: Erasure, found?: Traces): Promise<Erased> {
  const { store, vault } = scope;
  const { holder } = erasure;
  const stream = holderVault(holder);
  const events = await closed(scope, stream);
  const traces = found ?? (await tracesOf(scope, holder, events));
  // The holder's stream last: it says what else there is.
  for (const share of traces.shares) await store.deleteStream(shareVault(share));
  for (const reservation of traces.reservations) await store.deleteStream(reservation);
  await store.deleteStream(stream);
  vault.forget(stream);
  const event = await announced(scope, holder);
  const { credentials, shares, reservations } = traces;
  return {
    ...erasure,
    credentials: credentials.size,
    shares: shares.size,
    reservations: reservations.size,
    event,
  };
}

/** The holder's events, once nothing can be added to them: an issuance that comes later finds another revision. */
async function closed({ store, now }: ErasureScope, stream: string): Promise<readonly StoredEvent[]> {
  for (let attempt = 1; ; attempt += 1) {
    const events = await store.readStream(stream);
    const last = events.at(-1);
    if (!last || isClosed(events)) return events;
    try {
      const begun = draft('ErasureBegun', now().toISOString(), {});
      await store.append({ stream, expectedRevision: last.revision, events: [begun] });
      return events;
    } catch (error) {
      if (!(error instanceof ConcurrencyError) || attempt >= ATTEMPTS) throw error;
    }
  }
}

async function tracesOf(scope: ErasureScope, holder: string, events: readonly StoredEvent[]): Promise<Traces> {
  // Gone already, and whatever else there was had gone before it.
  if (events.length === 0) return noTraces();
  const searched = async (): Promise<Traces> => (await search(scope, new Set([holder]))).get(holder) ?? noTraces();
  if (!isListed(events)) return searched();
  const traces = noTraces();
  for (const event of events) {
    // Its epoch has ended: an old copy, brought back.
    if (event.sealed && (await scope.vault.open(event)).length === 0) return searched();
    for (const { facts } of await scope.vault.open(event)) {
      if (event.type === 'CredentialHeld') traces.credentials.add(textOf(facts, 'credential'));
      if (event.type !== 'PersonRecorded' || typeof facts['personalNumber'] !== 'string') continue;
      const reservation = reservationVault(scope.secrets, facts['personalNumber']);
      const [reserved] = await scope.store.readStream(reservation);
      if (reserved && holderOf(reserved) === holder) traces.reservations.add(reservation);
    }
    if (event.type === 'CredentialHeld') traces.shares.add(textOf(event.data, 'share'));
  }
  return traces;
}

/** Whether the holder was made together with its first credential, by a version that lists them: then the list is whole. */
function isListed(events: readonly StoredEvent[]): boolean {
  const first = events.find(({ type }) => type === 'CredentialHeld');
  return first !== undefined && first.at === events[0]?.at;
}

/** One pass over the whole store: works without any list, and without keys but for the shares of before the list. */
async function search(scope: ErasureScope, holders: ReadonlySet<string>): Promise<ReadonlyMap<string, Traces>> {
  const found = new Map<string, Traces>([...holders].map((holder) => [holder, noTraces()]));
  let after: Position = 0n;
  for (;;) {
    const events = await scope.store.readAll({ after, limit: PAGE });
    for (const event of events) await note(scope, event, found);
    const last = events.at(-1);
    if (!last) return found;
    after = last.position;
  }
}

async function note(scope: ErasureScope, event: StoredEvent, found: ReadonlyMap<string, Traces>): Promise<void> {
  switch (event.type) {
    case 'PersonReserved':
      found.get(holderOf(event))?.reservations.add(event.stream);
      return;
    case 'CredentialHeld':
      found.get(event.stream.slice(holderVault('').length))?.shares.add(textOf(event.data, 'share'));
      return;
    case 'CredentialIssued': {
      const parts = event.sealed ? decodeContainer(event.sealed) : [];
      const traces = parts.map(({ under }) => found.get(under.slice(holderVault('').length))).find(Boolean);
      if (!traces) return;
      traces.credentials.add(event.stream.slice('credential-'.length));
      for (const { facts } of await scope.vault.open(event)) {
        if (typeof facts['linkKey'] === 'string') traces.shares.add(await shareId(fromBase64url(facts['linkKey'])));
      }
    }
  }
}

async function announced({ store, now }: ErasureScope, holder: string): Promise<StoredEvent> {
  for (let attempt = 1; ; attempt += 1) {
    const events = await store.readStream(ERASURES_STREAM);
    const there = events.find((event) => event.type === 'HolderErased' && holderOf(event) === holder);
    if (there) return there;
    const erased = draft('HolderErased', now().toISOString(), { holder });
    try {
      const expectedRevision = events.at(-1)?.revision ?? NO_STREAM;
      const appended = await store.append({ stream: ERASURES_STREAM, expectedRevision, events: [erased] });
      return appended.events[0]!;
    } catch (error) {
      if (!(error instanceof ConcurrencyError) || attempt >= ATTEMPTS) throw error;
    }
  }
}

function holderOf({ data }: StoredEvent): string {
  return textOf(data, 'holder');
}

function textOf(data: JsonObject, name: string): string {
  const value = data[name];
  if (typeof value !== 'string') throw new InvariantError(`an event of the vault has no ${name}`);
  return value;
}

function noTraces(): Traces {
  return { credentials: new Set(), shares: new Set(), reservations: new Set() };
}

function draft(type: string, at: string, data: JsonObject): EventDraft {
  return { id: randomUUID(), type, v: 1, at, by: 'process:erasure', data };
}
