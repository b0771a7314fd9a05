/**
 * Read models: tables of this node's own, filled from the store's total order. Every batch and its checkpoint are
 * written in one transaction, so a crash anywhere applies each event exactly once. The tables of one set of projections
 * are a generation, a file of its own (`generation.ts`); where the projections have changed, or somebody asks for it, a
 * new one is built beside the one that serves, which goes on following, and takes over when it has caught up with it.
 * A build that was cut off is begun again. Proven by projections.int.spec.ts and rebuilding.int.spec.ts.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { InvariantError, RebuildingError } from '../errors.js';
import type { OpenedFacts } from '../holders/vault.js';
import type { EventStore, Position, StoredEvent, Subscription } from './event-store.js';
import { Generation, generationsIn, removeGeneration, type Facts } from './generation.js';
import { DamagedFileError, openDatabase, type Database } from './sqlite-file.js';

/** One question asked of the events: its tables and how they are filled. Its queries stand in the same file. */
export interface Projection {
  readonly name: string;
  /** Raised whenever tables or `apply` change: the read models are then built anew. */
  readonly version: number;
  /**
   * The oldest version whose tables today's queries can read and today's `apply` can go on filling: such tables serve
   * until new ones are built. Default: `version`, and the node is not ready until then.
   */
  readonly servesFrom?: number;
  /** `CREATE TABLE …; CREATE INDEX …`: ordinary tables, without foreign keys, triggers and generated columns. */
  readonly schema: string;
  /**
   * `CREATE INDEX …`, each statement one index: of what only queries need, not `apply`. They are made when a build has
   * read everything, which is much less work than keeping them up on the way.
   */
  readonly indexes?: readonly string[];
  /** Types of events whose private parts `apply` needs. */
  readonly opens?: ReadonlySet<string>;
  /** Types of events after which nothing of what its tables held before may be found in the file (S23). */
  readonly scrubs?: ReadonlySet<string>;
  apply(db: Database, event: StoredEvent, opened: readonly OpenedFacts[]): void;
}

/** What an operator sees of the read models. Positions are those of the store: a share of the way, not a count. */
export interface ReadModelsStatus {
  readonly status: 'serving' | 'rebuilding';
  /** The one that answers; absent while there is none. */
  readonly serving?: {
    readonly generation: number;
    readonly projections: readonly { readonly name: string; readonly version: number }[];
    readonly position: string;
  };
  readonly building?: { readonly generation: number; readonly startedAt: string } & Progress;
  /** The last build of this process that has ended. */
  readonly lastBuild?: {
    readonly generation: number;
    readonly projections: readonly { readonly name: string; readonly version: number }[];
    readonly events: number;
    readonly seconds: number;
    /** Why it has no effect, if it failed. */
    readonly problem?: string;
  };
}

export interface Progress {
  readonly done: number;
  readonly of: number;
}

export interface ReadModelsOptions {
  /** Told of a build that failed while other tables go on serving. */
  readonly onProblem?: (message: string) => void;
  /** Called at each point at which the process could be killed with another state on the disk, for tests. */
  readonly onStep?: (name: BuildStep) => void;
  readonly now?: () => Date;
}

export type BuildStep = 'begun' | 'page' | 'written' | 'synced' | 'named' | 'opened' | 'takenOver' | 'removed';

type OpenFacts = (event: StoredEvent) => Promise<readonly OpenedFacts[]>;

interface Waiter {
  readonly position: Position;
  resolve(): void;
  reject(reason: unknown): void;
}

/** A whole generation that follows the store. */
interface Following {
  readonly generation: Generation;
  /** Everything that the store has up to here is in it: its position, or beyond where what came after is erased. */
  reached: Position;
  subscription?: Subscription;
}

interface Building {
  readonly number: number;
  readonly startedAt: Date;
  /** Positions: where it is, where the store's end was when it was last looked at. */
  at: Position;
  of: Position;
  events: number;
  /** It has the whole log and follows it, until it has caught up with the one that serves. */
  following?: Following;
}

/** Events in one step of a build, which holds up the event loop for its length. */
const PAGE = 500;
const MOST_PAGE = 4_000;
const LEAST_PAGE = 50;
/** How long a step should take, in milliseconds. */
const STEP_MS = 15;
/** How often a build looks for the store's end; what comes after that, it gets as a follower. */
const ROUNDS = 3;
const LOCK = 'lock.db';

/** Below DATA_DIR: the folder of the read models. */
export const READ_MODELS = 'read-models';

export class ReadModels {
  #serving: Following | undefined;
  #building: Building | undefined;
  #lastBuild: ReadModelsStatus['lastBuild'];
  /** What goes on in the background: builds and the end of what they replace. */
  #background: Promise<unknown> = Promise.resolve();
  #waiters: Waiter[] = [];
  #failure: unknown;
  #stopped = false;
  readonly #done: Promise<void>;
  readonly #settleDone: { resolve(): void; reject(error: Error): void };

  private constructor(
    private readonly folder: string,
    private readonly lock: Database,
    private readonly store: EventStore,
    private readonly projections: readonly Projection[],
    private readonly open: OpenFacts,
    private readonly options: ReadModelsOptions,
  ) {
    let settle = { resolve: (): void => {}, reject: (_: Error): void => {} };
    this.#done = new Promise((resolve, reject) => (settle = { resolve, reject }));
    this.#settleDone = settle;
    // Who awaits nothing learns of it from `caughtUp`.
    this.#done.catch(() => undefined);
  }

  /**
   * Opens what there is and begins to follow the store. What is damaged, does not fit the projections or is not of this
   * store (a restored one) is removed and built anew; a build of few events is waited for, one of many goes on in the
   * background: see `isServing`.
   * @param folder made if need be; for this process alone
   * @param open opens private parts that can still be opened (`Vault.open`)
   * @throws ConfigError where another process has the folder
   */
  static async start(
    folder: string,
    store: EventStore,
    projections: readonly Projection[],
    open: OpenFacts,
    options: ReadModelsOptions = {},
  ): Promise<ReadModels> {
    const models = new ReadModels(folder, lockFolder(folder), store, projections, open, options);
    try {
      await models.#begin();
      return models;
    } catch (error) {
      await models.stop();
      throw error;
    }
  }

  /**
   * Removes all generations of a folder that no process uses, so that the next start builds them.
   * @returns the numbers of those removed
   * @throws ConfigError where a process uses it
   */
  static removeAll(folder: string): readonly number[] {
    const lock = lockFolder(folder);
    try {
      const { whole, cutOff } = generationsIn(folder);
      for (const number of [...whole, ...cutOff]) removeGeneration(folder, number);
      return whole;
    } finally {
      lock.close();
    }
  }

  /**
   * The tables that serve now. To be asked for at each use: another generation may serve after anything was awaited.
   * @throws RebuildingError while there are none
   */
  get db(): Database {
    if (!this.#serving) throw new RebuildingError(this.progress);
    return this.#serving.generation.db;
  }

  /** Whether there are tables that answer. */
  get isServing(): boolean {
    return this.#serving !== undefined;
  }

  /** Up to where the tables that serve have read; 0n while there are none. */
  get position(): Position {
    return this.#serving?.reached ?? 0n;
  }

  /** How far a build is; nothing of nothing where there is none. */
  get progress(): Progress {
    const { at = 0n, of = 0n } = this.#building ?? {};
    return { done: Number(at), of: Number(of) };
  }

  get status(): ReadModelsStatus {
    const serving = this.#serving;
    const building = this.#building;
    return {
      status: serving ? 'serving' : 'rebuilding',
      ...(serving && {
        serving: {
          generation: serving.generation.number,
          projections: serving.generation.versions,
          position: String(serving.generation.position),
        },
      }),
      ...(building && {
        building: {
          generation: building.number,
          startedAt: building.startedAt.toISOString(),
          ...this.progress,
        },
      }),
      ...(this.#lastBuild && { lastBuild: this.#lastBuild }),
    };
  }

  /**
   * Resolves when every event up to a position is in the tables that serve.
   * @param signal ends the waiting: rejects with its reason, and nothing of it is kept
   */
  caughtUp(position: Position, signal?: AbortSignal): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(asError(this.#failure));
    if (this.#serving && this.#serving.reached >= position) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter = { position, resolve, reject };
      this.#waiters.push(waiter);
      signal?.addEventListener('abort', () => {
        this.#waiters = this.#waiters.filter((one) => one !== waiter);
        reject(asError(signal.reason));
      });
    });
  }

  /** How many wait in `caughtUp`. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /** Rejects when following failed; resolves at `stop`. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Builds a new generation in the background, unless one is being built. @returns the number of what is built */
  rebuild(): number {
    if (this.#failure !== undefined) throw asError(this.#failure);
    return (this.#building ?? this.#build()).number;
  }

  /** Ends it. A build that is cut off by it is begun again at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    // A build may be at any await: it ends at the next one.
    await this.#background;
    await this.#serving?.subscription?.stop();
    await this.#building?.following?.subscription?.stop();
    this.#building?.following?.generation.close();
    this.#serving?.generation.close();
    this.#fail(new InvariantError('the read models are closed'));
    this.#settleDone.resolve();
    this.lock.close();
  }

  async #begin(): Promise<void> {
    // The file of an earlier version of the program.
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${this.folder}.db${suffix}`, { force: true });
    const { whole, cutOff } = generationsIn(this.folder);
    for (const number of cutOff) removeGeneration(this.folder, number);
    let best: Generation | undefined;
    for (const number of whole) {
      const generation = await this.#usable(number);
      // A take-over that was cut off leaves two: the newer one, unless only the older one is as the projections are.
      const [kept, other] =
        generation?.isCurrent && !best?.isCurrent ? [generation, best] : [best ?? generation, generation];
      best = kept;
      if (other && other !== kept) other.remove();
    }
    if (best) {
      const reached = await this.#reachedBy(best.position);
      this.#serving = { generation: best, reached };
      this.#follow(this.#serving);
    }
    // A build that was cut off was wanted: it is begun again.
    if (best?.isCurrent && cutOff.length === 0) return;
    let isLong = (): void => {};
    const long = new Promise<void>((resolve) => (isLong = resolve));
    this.#build(isLong);
    if (!best) await Promise.race([this.#background, long]);
    if (!best && this.#failure !== undefined) throw asError(this.#failure);
  }

  /** A generation of the folder, if it can serve; else it is gone. */
  async #usable(number: number): Promise<Generation | undefined> {
    let generation: Generation | undefined;
    try {
      generation = Generation.open(this.folder, number, this.projections);
      if (generation.canServe && (await generation.isOf(this.store))) return generation;
      generation.remove();
    } catch (error) {
      // A damaged file holds nothing that the events do not.
      generation?.close();
      if (!(error instanceof DamagedFileError)) throw error;
      removeGeneration(this.folder, number);
    }
    return undefined;
  }

  /** The store's end, where there is nothing after a position: what stood between them has been erased. */
  async #reachedBy(position: Position): Promise<Position> {
    const head = await this.store.head();
    const [next] = await this.store.readAll({ after: position, limit: 1 });
    return next || head.position < position ? position : head.position;
  }

  #follow(following: Following): void {
    const { generation } = following;
    following.subscription = this.store.subscribe({ after: generation.position }, async (events) => {
      generation.apply(events, await this.#factsOf(events));
      if (following.reached < generation.position) following.reached = generation.position;
      if (following === this.#serving) this.#tellWaiters();
      else this.#takeOverIfCaughtUp();
    });
    following.subscription.done.catch((error: unknown) => {
      if (following === this.#serving) this.#fail(error);
      else this.#buildFailed(error);
    });
  }

  /** The private parts that some projection needs. */
  async #factsOf(events: readonly StoredEvent[]): Promise<Facts> {
    const facts = new Map<StoredEvent, readonly OpenedFacts[]>();
    for (const event of events) {
      if (event.sealed && this.projections.some(({ opens }) => opens?.has(event.type))) {
        facts.set(event, await this.open(event));
      }
    }
    return facts;
  }

  #build(isLong: () => void = () => undefined): Building {
    const { whole, cutOff } = generationsIn(this.folder);
    const number = Math.max(0, ...whole, ...cutOff) + 1;
    const building: Building = { number, startedAt: this.#now(), at: 0n, of: 0n, events: 0 };
    this.#building = building;
    // The file is there at once: whatever ends the process from now on, the next start sees that a build was wanted.
    const generation = Generation.build(this.folder, number, this.projections);
    this.#step('begun');
    this.#background = this.#background
      .then(() => this.#run(generation, building, isLong))
      .catch((error: unknown) => this.#buildFailed(error));
    return building;
  }

  async #run(generation: Generation, building: Building, isLong: () => void): Promise<void> {
    let reached: Position;
    try {
      if (this.#stopped) return;
      reached = await this.#readAll(generation, building, isLong);
      if (this.#stopped) return;
      await generation.finish((name) => this.#step(name));
    } finally {
      generation.close();
    }
    if (this.#stopped) return;
    const following: Following = {
      generation: Generation.open(this.folder, building.number, this.projections),
      reached,
    };
    building.following = following;
    this.#step('opened');
    this.#takeOverIfCaughtUp();
    this.#follow(following);
  }

  /** Reads the whole store into a generation. @returns up to where there is nothing that is not in it */
  async #readAll(generation: Generation, building: Building, isLong: () => void): Promise<Position> {
    let limit = PAGE;
    const bare = this.projections.every(({ opens }) => opens === undefined);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { position: end } = await this.store.head();
      building.of = end;
      while (generation.position < end) {
        const started = performance.now();
        const events = await this.store.readAll({ after: generation.position, limit, bare });
        // What stood there until the end has been erased.
        if (events.length === 0) return end;
        generation.apply(events, await this.#factsOf(events), true);
        building.at = generation.position;
        building.events += events.length;
        this.#step('page');
        if (generation.position < end) isLong();
        limit = nextLimit(limit, performance.now() - started);
        // A turn of the event loop between two steps: building must not starve requests.
        await new Promise<void>((resolve) => setImmediate(resolve));
        if (this.#stopped) return generation.position;
      }
    }
    return generation.position;
  }

  /** Everything between the question and the switch happens at once: nobody reads an older state than before. */
  #takeOverIfCaughtUp(): void {
    const building = this.#building;
    const next = building?.following;
    if (!building || !next || this.#stopped) return;
    const old = this.#serving;
    if (old && next.reached < old.reached) return;
    this.#serving = next;
    this.#building = undefined;
    this.#lastBuild = this.#ended(building);
    this.#step('takenOver');
    this.#tellWaiters();
    if (!old) return;
    this.#background = this.#background
      .then(async () => {
        await old.subscription?.stop();
        old.generation.remove();
        this.#step('removed');
      })
      // It is removed at the next start.
      .catch((error: unknown) => this.options.onProblem?.(asError(error).message));
  }

  #buildFailed(error: unknown): void {
    const building = this.#building;
    if (!building || this.#stopped) return;
    const problem = asError(error).message;
    this.#building = undefined;
    this.#lastBuild = { ...this.#ended(building), problem };
    const failed = building.following;
    this.#background = this.#background
      .then(async () => {
        await failed?.subscription?.stop();
        failed?.generation.close();
        removeGeneration(this.folder, building.number);
      })
      .catch((reason: unknown) => this.options.onProblem?.(asError(reason).message));
    if (this.#serving) this.options.onProblem?.(`read models ${building.number} cannot be built: ${problem}`);
    else this.#fail(error);
  }

  #ended({ number, startedAt, events }: Building): NonNullable<ReadModelsStatus['lastBuild']> {
    const seconds = (this.#now().getTime() - startedAt.getTime()) / 1000;
    const projections = this.projections.map(({ name, version }) => ({ name, version }));
    return { generation: number, projections, events, seconds };
  }

  #tellWaiters(): void {
    const reached = this.#serving?.reached ?? 0n;
    const ready = this.#waiters.filter(({ position }) => position <= reached);
    if (ready.length === 0) return;
    this.#waiters = this.#waiters.filter(({ position }) => position > reached);
    for (const waiter of ready) waiter.resolve();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    if (!this.#stopped) this.#settleDone.reject(asError(error));
    for (const waiter of this.#waiters.splice(0)) waiter.reject(asError(error));
  }

  #step(name: BuildStep): void {
    this.options.onStep?.(name);
  }

  #now(): Date {
    return this.options.now?.() ?? new Date();
  }
}

/** The next size of a step, so that it takes about `STEP_MS`. */
function nextLimit(limit: number, took: number): number {
  const wanted = took > 2 * STEP_MS ? limit / 2 : took < STEP_MS / 2 ? limit * 2 : limit;
  return Math.min(Math.max(Math.round(wanted), LEAST_PAGE), MOST_PAGE);
}

/** Takes a folder for this process; the lock goes with it, however it ends. @throws ConfigError where another has it */
function lockFolder(folder: string): Database {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, LOCK);
  try {
    return openDatabase(path, { synchronous: 'NORMAL' });
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    return openDatabase(path, { synchronous: 'NORMAL' });
  }
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new InvariantError(String(value));
}
