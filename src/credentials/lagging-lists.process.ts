/**
 * Asks the remote signers again that did not sign a status list (S13): nothing else may happen that would. The publisher
 * says which and leaves each in peace for a while; the operator reads of them in the service's log and metrics.
 */
import { Logger } from '@nestjs/common';
import type { StatusPublisher } from './status-publisher.js';

const LOOK_MS = 1_000;

export class LaggingLists {
  readonly #logger = new Logger('status-lists');
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isBusy = false;
  #told: ReadonlySet<string> = new Set();

  constructor(
    private readonly publisher: Pick<StatusPublisher, 'publish' | 'problems'>,
    private readonly fatal: (error: unknown) => void,
  ) {}

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  #look(): void {
    const problems = this.publisher.problems;
    for (const problem of problems) {
      if (!this.#told.has(problem)) this.#logger.warn(`${problem}; its organisation's status lists lag`);
    }
    this.#told = new Set(problems);
    if (problems.length === 0 || this.#isBusy) return;
    this.#isBusy = true;
    this.#running = this.publisher
      .publish()
      .then(() => undefined, this.fatal)
      .finally(() => (this.#isBusy = false));
  }
}
