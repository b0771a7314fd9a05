/**
 * Keys of holders, members and organisations, and the sealing of events under them (S20, S22, S23). A key is made once,
 * wrapped, in the first event of its vault stream; deleting that stream erases whatever is sealed under it. A key that
 * is not in the store yet is its maker's alone: sealed under a key whose append was then refused, facts would be lost.
 * Proven by vault.int.spec.ts.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { ConcurrencyError, EncodingError, InvariantError } from '../errors.js';
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { isJsonObject, type JsonObject } from '../encoding/json.js';
import type { SealedFacts } from '../event-store/decider.js';
import {
  NO_STREAM,
  type Append,
  type EventDraft,
  type EventStore,
  type StoredEvent,
} from '../event-store/event-store.js';
import type { Secrets } from '../crypto/secrets.js';
import { EpochEndedError, type EpochKeys } from './epoch-keys.js';
import { decodeContainer, encodeContainer, openPart, sealPart, type Place } from './sealing.js';

export function holderVault(id: string): string {
  return `vault-holder-${id}`;
}
export function memberVault(id: string): string {
  return `vault-member-${id}`;
}
export function organisationVault(id: string): string {
  return `vault-organisation-${id}`;
}

/** Opened private facts with the vault stream whose key they were under. */
export interface OpenedFacts {
  readonly under: string;
  readonly facts: JsonObject;
}

/** A key that its maker has yet to commit, together with what is sealed under it. */
export interface NewKey {
  /** 32 bytes */
  readonly key: Uint8Array;
  readonly append: Append;
}

/** An epoch began after a new key had been wrapped and before it was committed: it must be wrapped again. */
export class EpochChangedError extends ConcurrencyError {
  constructor(stream: string) {
    super(stream, NO_STREAM, NO_STREAM);
    this.name = 'EpochChangedError';
  }
}

const KEPT_KEYS = 20_000;
/** Attempts to wrap a key anew where others write its stream at the same time. */
const REWRAP_ATTEMPTS = 16;

export class Vault {
  /** Unwrapped keys of the store, oldest first; a bound keeps memory flat when many holders are touched. */
  readonly #keys = new Map<string, Uint8Array>();
  readonly #forgotten = new Set<string>();

  constructor(
    private readonly store: EventStore,
    private readonly secrets: Secrets,
    private readonly epochs: EpochKeys,
  ) {}

  /**
   * A key and the append that makes it, for callers that commit it together with other streams. If the append is
   * refused because another made the key first, this one must not be used again.
   * @param at ISO 8601
   * @param person what is known of the person, sealed under the new key
   */
  newKey(stream: string, at: string, person?: JsonObject): NewKey {
    const key = new Uint8Array(randomBytes(32));
    const wrapped = stream.startsWith('vault-organisation-')
      ? { epoch: 0, wrapped: toBase64url(this.secrets.wrap(key, stream)) }
      : this.epochs.wrap(key, stream);
    const events: EventDraft[] = [draft('KeyWrapped', at, wrapped)];
    if (person) {
      const sealed = encodeContainer([sealPart(stream, key, person, { stream, revision: 1 })]);
      events.push({ ...draft('PersonRecorded', at, {}), sealed });
    }
    return { key, append: { stream, expectedRevision: NO_STREAM, events } };
  }

  /** Makes the key where there is none. */
  async ensureKey(stream: string, at: string, person?: JsonObject): Promise<void> {
    if (await this.key(stream)) return;
    try {
      await this.store.append(this.newKey(stream, at, person).append);
    } catch (error) {
      if (!(error instanceof ConcurrencyError)) throw error;
      if (!(await this.key(stream))) throw new InvariantError(`${stream} exists but holds no key`);
    }
  }

  /** The key (32 bytes), or undefined where it was never made or has been erased, with its stream or its epoch (S23). @throws EncodingError for a wrapping that does not open */
  async key(stream: string): Promise<Uint8Array | undefined> {
    const kept = this.#keys.get(stream);
    if (kept) return kept;
    let ended: string | undefined;
    for (;;) {
      const wrapping = lastWrapping(await this.store.readStream(stream));
      if (!wrapping) return undefined;
      try {
        const key = this.#unwrap(wrapping, stream);
        this.#remember(stream, key);
        return key;
      } catch (error) {
        if (!(error instanceof EpochEndedError)) throw error;
        if (wrapping.wrapped === ended) return undefined;
        // Its epoch ended while it was read: the key has been wrapped anew before that, or is gone.
        ended = wrapping.wrapped;
      }
    }
  }

  /**
   * For callers of `newKey`, right before they append: a key that was wrapped before an epoch began would die with the
   * epoch before, if its append came after the last look at what there is to wrap anew.
   * @throws EpochChangedError: begin again with a new key
   */
  checkEpochs(appends: readonly Append[]): void {
    this.epochs.refresh();
    for (const { stream, events } of appends) {
      for (const { type, data } of events) {
        const epoch = type === 'KeyWrapped' ? data['epoch'] : undefined;
        if (typeof epoch === 'number' && epoch > 0 && epoch < this.epochs.current) throw new EpochChangedError(stream);
      }
    }
  }

  /**
   * Wraps a living key in the current epoch, where it is not yet: one more `KeyWrapped` in its stream (S23).
   * @param at ISO 8601
   * @returns `gone` where there is no key any more, or its holder is being erased
   * @throws ConcurrencyError where others keep writing the stream
   */
  async rewrap(stream: string, at: string): Promise<'wrapped' | 'current' | 'gone'> {
    for (let attempt = 1; ; attempt += 1) {
      const events = await this.store.readStream(stream);
      const wrapping = lastWrapping(events);
      const last = events.at(-1);
      if (!wrapping || !last || events.some(({ type }) => type === 'ErasureBegun')) return 'gone';
      if (wrapping.epoch === 0 || wrapping.epoch >= this.epochs.current) return 'current';
      try {
        const again = this.epochs.wrap(this.#unwrap(wrapping, stream), stream);
        const events = [draft('KeyWrapped', at, again)];
        await this.store.append({ stream, expectedRevision: last.revision, events });
        return 'wrapped';
      } catch (error) {
        if (error instanceof EpochEndedError) return 'gone';
        if (!(error instanceof ConcurrencyError) || attempt >= REWRAP_ATTEMPTS) throw error;
      }
    }
  }

  /** Drops the kept key of a stream that has been deleted; a read that began before must not keep it again. */
  forget(stream: string): void {
    this.#forgotten.add(stream);
    this.#keys.delete(stream);
  }

  /**
   * Seals facts for one event; every key must be in the store or among the new ones.
   * @param newKeys keys by stream that are committed together with the event
   */
  async seal(
    facts: readonly SealedFacts[],
    place: Place,
    newKeys?: ReadonlyMap<string, Uint8Array>,
  ): Promise<Uint8Array> {
    const parts = [];
    for (const { under, facts: content } of facts) {
      const key = newKeys?.get(under) ?? (await this.key(under));
      if (!key) throw new InvariantError(`no key in ${under} to seal ${place.stream}@${place.revision}`);
      parts.push(sealPart(under, key, content, place));
    }
    return encodeContainer(parts);
  }

  /** What can still be opened of an event's private part: erased people's parts are left out. */
  async open(event: Pick<StoredEvent, 'stream' | 'revision' | 'sealed'>): Promise<readonly OpenedFacts[]> {
    if (!event.sealed) return [];
    const opened: OpenedFacts[] = [];
    for (const part of decodeContainer(event.sealed)) {
      const key = await this.key(part.under);
      if (key) opened.push({ under: part.under, facts: openPart(part, key, event) });
    }
    return opened;
  }

  #unwrap({ epoch, wrapped }: Wrapping, stream: string): Uint8Array {
    return epoch === 0
      ? this.secrets.unwrap(fromBase64url(wrapped), stream)
      : this.epochs.unwrap(epoch, wrapped, stream);
  }

  #remember(stream: string, key: Uint8Array): void {
    if (this.#forgotten.has(stream)) return;
    if (this.#keys.size >= KEPT_KEYS) {
      const oldest = this.#keys.keys().next();
      if (!oldest.done) this.#keys.delete(oldest.value);
    }
    this.#keys.set(stream, key);
  }
}

/** `KeyWrapped`: the epoch that wraps the key, 0 for the root secret. */
interface Wrapping {
  readonly epoch: number;
  readonly wrapped: string;
}

/**
 * The last wrapping counts: an epoch change wraps a living key anew.
 * @throws EncodingError for one that is none, as a store that somebody has changed may have it
 */
function lastWrapping(events: readonly StoredEvent[]): Wrapping | undefined {
  const last = events.findLast((event) => event.type === 'KeyWrapped');
  if (!last) return undefined;
  const { epoch, wrapped } = isJsonObject(last.data) ? last.data : {};
  if (typeof wrapped === 'string' && Number.isSafeInteger(epoch) && (epoch as number) >= 0) {
    return { epoch: epoch as number, wrapped };
  }
  throw new EncodingError(`${last.stream}: revision ${last.revision} wraps no key`);
}

function draft(type: string, at: string, data: JsonObject): EventDraft {
  return { id: randomUUID(), type, v: 1, at, by: 'process:vault', data };
}
