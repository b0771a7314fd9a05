/**
 * Issuances that do not stand because they cite a revision that was no longer their stream's newest at their own index
 * (S7). A store that can check only afterwards lets them into the log; whoever issues voids them at once, and the worker
 * those that a crash left, as its own register tells (`register.read.ts`), which never shows them as in force. Both write
 * the same event id: the second finds the first. On SQLite there are none, for it refuses the append.
 * Proven by issue-late.int.spec.ts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Secrets } from '../crypto/secrets.js';
import { UnavailableError } from '../errors.js';
import type { EventStore, Position, Read, StoredEvent } from '../event-store/event-store.js';
import { handle } from '../event-store/handle.js';
import type { ReadModels } from '../event-store/projections.js';
import type { TransparencyLog } from '../log/transparency-log.js';
import { credentialDecider } from './credential.js';
import { credentialStream, type CredentialIssued } from './credential.events.js';
import { staleCredentials } from './register.read.js';

/** Most that are voided between two looks. */
const BATCH = 100;
/** How soon it is tried again where the store is away. */
const RETRY_MS = 2_000;

/** The parts of a ledger that voiding needs; a `Ledger` has them. */
export interface VoidingScope {
  readonly store: EventStore;
  readonly secrets: Secrets;
  readonly now: () => Date;
}

/** The first citation of an issuance that was stale at its own index, if one was. */
export async function staleCitation(store: EventStore, issued: StoredEvent): Promise<Read | undefined> {
  const { reads } = issued.data as unknown as CredentialIssued['data'];
  for (const read of reads) {
    const [next] = await store.readStream(read.stream, { fromRevision: read.revision + 1 });
    if (next?.index !== undefined && issued.index !== undefined && next.index < issued.index) return read;
  }
  return undefined;
}

/**
 * Voids an issuance, once, whoever else does.
 * @param credential UUID
 */
export async function voidStale({ store, secrets, now }: VoidingScope, credential: string): Promise<void> {
  const stream = credentialStream(credential);
  await handle(store, credentialDecider, {
    stream,
    command: { type: 'VoidCredential', reasonCode: 'staleRead' },
    context: undefined,
    meta: {
      at: now().toISOString(),
      by: 'process:void-stale',
      eventIds: (n) => secrets.id('event', stream, 'VoidCredential', n),
    },
  });
}

/** A worker's process: voids what the register has as stale, at its start and whenever something has been issued. */
export class StaleVoiding {
  #due: Position = 0n;
  #running: Promise<void> | undefined;
  readonly #stopping = new AbortController();
  #unlisten: () => void = () => {};

  constructor(
    private readonly scope: VoidingScope,
    private readonly readModels: ReadModels,
    private readonly log: TransparencyLog,
    /** Called for what fails: the process must stop. */
    private readonly fatal: (error: unknown) => void,
  ) {}

  start(): void {
    this.#unlisten = this.log.onEntry((event) => {
      if (event.type === 'CredentialIssued') this.#wake(event.position);
    });
    this.#wake(1n);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#unlisten();
    await this.#running;
  }

  #wake(position: Position): void {
    if (position > this.#due) this.#due = position;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let done: Position = 0n; done < this.#due && !signal.aborted;) {
      const due = this.#due;
      try {
        await this.readModels.caughtUp(due);
        await this.#voidAll(signal);
        done = due;
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof UnavailableError)) {
          this.fatal(error);
          break;
        }
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    this.#running = undefined;
  }

  async #voidAll(signal: AbortSignal): Promise<void> {
    for (;;) {
      const stale = staleCredentials(this.readModels.db, BATCH);
      if (stale.length === 0) return;
      for (const id of stale) {
        if (signal.aborted) return;
        await voidStale(this.scope, id);
      }
      await this.readModels.caughtUp((await this.scope.store.head()).position);
    }
  }
}
