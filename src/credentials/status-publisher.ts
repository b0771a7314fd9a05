/**
 * Publishes status lists whose document lags behind the log: builds the list, has the organisation's key sign it, keeps
 * the document and records its digest, in one step. Runs after every change of status and before every standing record,
 * so that what is anchored is never older than the revocations before it.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { toBase64url } from '../encoding/base64.js';
import type { JsonObject } from '../encoding/json.js';
import { ConcurrencyError, SignerError } from '../errors.js';
import { NO_STREAM, type EventStore, type StoredEvent } from '../event-store/event-store.js';
import { load, prepare } from '../event-store/handle.js';
import type { ReadModels } from '../event-store/projections.js';
import { activeKey, organisationDecider } from '../organisations/organisation.js';
import { organisationStream } from '../organisations/organisation.events.js';
import type { IssuingKeys } from '../organisations/issuing-keys.js';
import { verificationMethodOf } from '../organisations/did.js';
import { signEddsaJcs } from '../verification/data-integrity.js';
import { encodeStatusList, setStatusBit, statusListDigest, STATUS_LIST_BYTES } from '../verification/status-list.js';
import { statusListStream } from './credential.events.js';
import { statusListDocument } from './document.js';
import { setIndexes } from './register.read.js';
import { statusListDecider } from './status-list.js';
import { outdatedLists, statusDocumentStream, type StatusListRow } from './status-lists.read.js';

export class StatusPublisher {
  #running: Promise<unknown> = Promise.resolve();
  readonly #away = new SignersAway();

  constructor(
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    private readonly keys: IssuingKeys,
    private readonly publicUrl: string,
    private readonly now: () => Date,
  ) {}

  /** Signers that gave no signature when a list needed one last: their organisations' lists lag. */
  get problems(): readonly string[] {
    return this.#away.problems;
  }

  /**
   * Publishes what lags, as of the read models; resolves when it is durable and in them. One run at a time.
   * @returns whether anything was published
   */
  publish(): Promise<boolean> {
    const run = this.#running.then(async () => {
      let published = false;
      for (const list of outdatedLists(this.readModels.db)) published = (await this.#publishList(list)) || published;
      return published;
    });
    this.#running = run.catch(() => undefined);
    return run;
  }

  async #publishList(list: StatusListRow): Promise<boolean> {
    // Read before anything is awaited: bits and count of changes belong together.
    const indexes = setIndexes(this.readModels.db, list.id, list.purpose);
    const { state } = await load(this.store, organisationDecider, organisationStream(list.organisation));
    if (state.is === 'unregistered') return false;
    // An organisation that has closed or lost its keys can still have credentials to revoke: its last key signs the
    // list then. Verifiers go by the digest in the log, whoever signed.
    const key = activeKey(state) ?? state.keys.at(-1);
    if (!key || this.#away.isAway(key.kid)) return false;
    const bits = new Uint8Array(STATUS_LIST_BYTES);
    for (const index of indexes) setStatusBit(bits, index, true);
    const at = this.now().toISOString();
    const unsigned = statusListDocument({
      id: list.id,
      publicUrl: this.publicUrl,
      issuer: { ...state.profile, did: state.did },
      purpose: list.purpose,
      encodedList: await encodeStatusList(bits),
      validFrom: at,
    });
    let document: JsonObject;
    try {
      document = await signEddsaJcs(
        unsigned,
        {
          verificationMethod: verificationMethodOf(state.did, key.kid),
          created: at,
          nonce: toBase64url(new Uint8Array(randomBytes(16))),
        },
        (message, proof) => this.keys.sign(key.kid, message, { kind: 'statusList', document: unsigned, proof }),
      );
    } catch (error) {
      // One organisation's signer holds up no other's lists, nor the anchors: its lists lag until it is back.
      if (!(error instanceof SignerError)) throw error;
      this.#away.failed(error);
      return false;
    }
    this.#away.answered(key.kid);
    return this.#record(list, document, at);
  }

  async #record(list: StatusListRow, document: JsonObject, at: string): Promise<boolean> {
    const meta = { at, by: 'process:status-publisher' };
    try {
      const { append } = await prepare(this.store, statusListDecider, {
        stream: statusListStream(list.id),
        command: { type: 'PublishStatusList', digest: statusListDigest(document) },
        context: undefined,
        meta,
      });
      const sequence = append?.events[0]?.data['sequence'];
      if (!append || typeof sequence !== 'number') return false;
      if (sequence !== list.sequence + 1) {
        // Another node has published what this one has not read yet: bits from before it would take its changes back.
        await this.readModels.caughtUp((await this.store.head()).position);
        return true;
      }
      const kept = statusDocumentStream(list.id);
      const newest = await this.#newestKept(kept, sequence);
      const appended = await this.store.appendMany([
        {
          stream: kept,
          expectedRevision: newest?.revision ?? NO_STREAM,
          events: [
            {
              id: randomUUID(),
              type: 'StatusListKept',
              v: 1,
              ...meta,
              data: { sequence, document, changes: list.changes },
            },
          ],
        },
        append,
      ]);
      const last = appended.at(-1)?.events.at(-1);
      if (last) await this.readModels.caughtUp(last.position);
      return true;
    } catch (error) {
      // A block was allotted or another node published meanwhile: the list still lags and comes again.
      if (!(error instanceof ConcurrencyError)) throw error;
      return true;
    }
  }

  /** The newest document that is kept; of thousands of 20 kB each only the last ones are read. */
  async #newestKept(stream: string, sequence: number): Promise<StoredEvent | undefined> {
    // There is one for each edition before, and perhaps more, of publishers that were cut off.
    const last = await this.store.readStream(stream, { fromRevision: Math.max(0, sequence - 2) });
    return last.at(-1) ?? (await this.store.readStream(stream)).at(-1);
  }
}

/** How soon a signer that did not sign is asked again: a little later each time. */
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 300_000;

/** Which remote signers did not sign, and until when they are left in peace: asking takes seconds that others wait. */
class SignersAway {
  readonly #away = new Map<string, { readonly failures: number; readonly until: number; readonly message: string }>();

  get problems(): readonly string[] {
    return [...this.#away.values()].map(({ message }) => message);
  }

  isAway(kid: string): boolean {
    const away = this.#away.get(kid);
    return away !== undefined && performance.now() < away.until;
  }

  failed({ kid, message }: SignerError): void {
    const failures = (this.#away.get(kid)?.failures ?? 0) + 1;
    const wait = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10), LONGEST_RETRY_MS);
    this.#away.set(kid, { failures, until: performance.now() + wait, message });
  }

  answered(kid: string): void {
    this.#away.delete(kid);
  }
}
