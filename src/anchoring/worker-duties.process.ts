/**
 * What a worker does for the nodes that only answer requests: it signs the newest head, records a standing that has
 * gone stale and seals when asked, soon after there is reason to. A process that is both api and worker does all of it
 * when it is needed and has no use for this. Proven by worker-duties.process.spec.ts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { UnavailableError } from '../errors.js';
import { NO_STREAM, type EventStore } from '../event-store/event-store.js';
import type { TransparencyLog } from '../log/transparency-log.js';
import { WORKER_STREAM, type Anchoring } from './remote-anchoring.js';

const ROUND_MS = 500;

export class WorkerDuties {
  readonly #logger = new Logger('worker');
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #answered: number | undefined;
  #problem: string | undefined;

  constructor(
    private readonly store: EventStore,
    private readonly log: TransparencyLog,
    private readonly signed: { covering(size: number): Promise<unknown> },
    private readonly anchoring: Pick<Anchoring, 'sealNow' | 'freshStanding'>,
    /** Called for what is no passing trouble: the process must stop. */
    private readonly fatal: (error: unknown) => void,
  ) {}

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#round();
        this.#problem = undefined;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof UnavailableError)) return this.fatal(error);
        if (this.#problem !== error.message) this.#logger.warn(error.message);
        this.#problem = error.message;
      }
      await delay(ROUND_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #round(): Promise<void> {
    if (await this.#isAsked()) await this.anchoring.sealNow();
    await this.anchoring.freshStanding();
    await this.signed.covering(this.log.tree.size);
  }

  /** Whether a node has asked for a seal since the last look. What was asked before this process began is past. */
  async #isAsked(): Promise<boolean> {
    const fromRevision = this.#answered === undefined ? 0 : this.#answered + 1;
    const events = await this.store.readStream(WORKER_STREAM, { fromRevision });
    const isFirst = this.#answered === undefined;
    this.#answered = events.at(-1)?.revision ?? this.#answered ?? NO_STREAM;
    return !isFirst && events.length > 0;
  }
}
