/**
 * Who replays the log's credentials and assessments: threads beside this one, each with a share of the streams, or this
 * thread itself. Proven by crew.int.spec.ts: both find the same.
 */
import { Worker } from 'node:worker_threads';
import { InvariantError } from '../errors.js';
import { CATALOGUE, type Catalogue } from './catalogue.js';
import { replayChunk, type Chunk, type Slot, type SharedSlot } from './chunk.js';
import { PersonReplay, type PersonReplayResult, type PersonReplayState } from './person-replay.js';

export interface Crew {
  /** How many share the streams. */
  readonly shares: number;
  /** Tells where a slot's memory is, at first and when it is new. */
  show(number: number, slot: Slot): void;
  /** Resolves when the chunk in a slot is hashed and replayed. Chunks are replayed in the order of the calls. */
  replay(number: number, chunk: Chunk): Promise<void>;
  /** What each share has found; nothing can be replayed afterwards. */
  finish(): Promise<readonly PersonReplayResult[]>;
  close(): Promise<void>;
}

/** What a worker is told. */
export type ToWorker =
  | { readonly do: 'show'; readonly number: number; readonly slot: SharedSlot }
  | { readonly do: 'replay'; readonly number: number; readonly chunk: Chunk }
  | { readonly do: 'finish' };
export type FromWorker = { readonly done: 'replay' } | { readonly done: 'finish'; readonly result: PersonReplayResult };

export interface WorkerStart {
  readonly share: number;
  readonly shares: number;
  readonly mostFindings: number;
  readonly saved: PersonReplayState | undefined;
}

/** This thread alone. */
export class OwnCrew implements Crew {
  readonly shares = 1;
  readonly #slots: Slot[] = [];
  readonly #replay: PersonReplay;

  constructor(mostFindings: number, saved: PersonReplayState | undefined, catalogue: Catalogue = CATALOGUE) {
    this.#replay = new PersonReplay(catalogue, mostFindings, saved);
  }

  show(number: number, slot: Slot): void {
    this.#slots[number] = slot;
  }

  replay(number: number, chunk: Chunk): Promise<void> {
    replayChunk(this.#slots[number]!, chunk, 0, 1, this.#replay);
    return Promise.resolve();
  }

  finish(): Promise<readonly PersonReplayResult[]> {
    return Promise.resolve([this.#replay.result()]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export class WorkerCrew implements Crew {
  readonly #members: readonly Member[];

  /** @param saved what each share goes on from; as many as there are to be workers */
  constructor(mostFindings: number, saved: readonly (PersonReplayState | undefined)[]) {
    this.#members = saved.map(
      (state, share) => new Member({ share, shares: saved.length, mostFindings, saved: state }),
    );
  }

  get shares(): number {
    return this.#members.length;
  }

  show(number: number, { shared }: Slot): void {
    for (const member of this.#members) member.tell({ do: 'show', number, slot: shared });
  }

  async replay(number: number, chunk: Chunk): Promise<void> {
    await Promise.all(this.#members.map((member) => member.ask({ do: 'replay', number, chunk })));
  }

  async finish(): Promise<readonly PersonReplayResult[]> {
    const answers = await Promise.all(this.#members.map((member) => member.ask({ do: 'finish' })));
    return answers.map((answer) => {
      if (answer.done !== 'finish') throw new InvariantError('a worker answered something else');
      return answer.result;
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.end()));
  }
}

/** A worker, and who waits for its answers, in the order in which they asked. */
class Member {
  readonly #worker: Worker;
  readonly #waiting: { resolve: (answer: FromWorker) => void; reject: (reason: unknown) => void }[] = [];
  #failure: Error | undefined;

  constructor(start: WorkerStart) {
    this.#worker = new Worker(new URL('./audit-worker.js', import.meta.url), {
      workerData: start,
      // A share is mostly typed arrays; what is allocated between them is short-lived.
      resourceLimits: { maxYoungGenerationSizeMb: 32 },
    });
    this.#worker.on('message', (answer: FromWorker) => this.#waiting.shift()?.resolve(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new InvariantError('a worker of the audit has ended')));
  }

  tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  ask(message: ToWorker): Promise<FromWorker> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.tell(message);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
