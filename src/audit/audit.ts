/**
 * The audit of all that is public of a log: checkpoint, entries and hashes. It makes the tree again, reads every entry
 * strictly, and decides every event again; docs/audit.md says what it checks and what it cannot. What an event breaks is a
 * finding; the event is folded all the same where it can be read, as all who read the log do, so that the first finding is
 * about the first bad event and later ones about what is bad in itself.
 * Proven by audit.spec.ts (each rule), crew.int.spec.ts (threads) and test/audit.e2e.spec.ts (a real ledger).
 */
import { availableParallelism } from 'node:os';
import { toBase64 } from '../encoding/base64.js';
import { equalBytes } from '../encoding/bytes.js';
import { EncodingError } from '../errors.js';
import { HASH_SIZE } from '../log/hash.js';
import { TILE_WIDTH } from '../log/tiles.js';
import { readAuditState, sharesOf, summedRules, writeAuditState, type AuditState } from './audit-state.js';
import { BookReplay } from './book-replay.js';
import { CATALOGUE, type Catalogue } from './catalogue.js';
import { CHUNK_BUNDLES, CHUNK_BYTES, ENTRIES, fillSlot, MOST_SHARES, OWNER, Slot, streamOf } from './chunk.js';
import { Clock } from './clock.js';
import { OwnCrew, WorkerCrew, type Crew } from './crew.js';
import { Findings, MOST_FINDINGS } from './findings.js';
import { AssessmentTable } from './id-table.js';
import type { AuditOptions, LogAudit } from './log-audit.js';
import { LogSourceError, type LogSource } from './log-source.js';
import { LogTree, nodesOver } from './log-tree.js';
import { checkHeadOfLedger, openHead, type OpenedHead } from './opened-head.js';
import type { PersonReplayResult } from './person-replay.js';
import { checkStatusIndexes } from './status-indexes-check.js';
import { checkStatusLists } from './status-lists-check.js';
import { UnknownTypes } from './unknown-types.js';

/** Chunks under way at a time. */
const SLOTS = 4;
/** Bundles asked for ahead of the one that is due. */
const AHEAD = 2 * CHUNK_BUNDLES;
/** Shorter logs are read sooner than threads begin. */
const WORTH_THREADS = 20_000;
const MOST_WORKERS = 8;

/**
 * Audits all that is public of a log. What is wrong with the log is a finding, never an error.
 * @param catalogue which types of events there are; any but the program's own is replayed in this thread alone
 * @throws LogSourceError where the source cannot be reached, or has no checkpoint; ConfigError for a state file that
 *   cannot be read or written; NoteError for a pinned key that is none; whatever `options.signal` was aborted with
 */
export async function auditLog(
  source: LogSource,
  options: AuditOptions = {},
  catalogue: Catalogue = CATALOGUE,
): Promise<LogAudit> {
  const about = new Findings(options.mostFindings ?? MOST_FINDINGS);
  const head = await openHead(source, options.vkeys ?? [], about);
  const kept = options.stateFile === undefined ? undefined : await readAuditState(options.stateFile);
  const isEarlier = kept !== undefined && kept.origin === head.origin && kept.size <= head.size;
  if (kept && kept.origin === head.origin && kept.size > head.size) {
    const detail = `an earlier audit has seen ${kept.size} entries, now there are ${head.size}`;
    about.error('S16', 'logShrank', detail);
  }
  const run = (saved?: AuditState): Promise<Ended> => runOver(source, options, catalogue, head, saved);
  let ended = await run(isEarlier ? kept : undefined);
  if (isEarlier && !ended.isHead) {
    // Either the head is not of these entries, or the entries are not those of the earlier audit: all of them tell which.
    ended = await run();
    if (ended.isHead) {
      const detail = `the first ${kept.size} entries are not those that an earlier audit has seen (root ${kept.root})`;
      about.error('S15', 'historyRewritten', detail);
    }
  }
  if (options.stateFile !== undefined && ended.state) await writeAuditState(options.stateFile, ended.state);
  ended.findings.merge({ list: about.list(), counts: about.counts });
  return { ...ended.audit, findings: ended.findings.list(), counts: ended.findings.counts };
}

interface Ended {
  readonly audit: Omit<LogAudit, 'findings' | 'counts'>;
  readonly findings: Findings;
  /** The log was read to its end, and the head has the root of its entries. */
  readonly isHead: boolean;
  /** What the next run goes on from, if it can. */
  readonly state: AuditState | undefined;
}

async function runOver(
  source: LogSource,
  options: AuditOptions,
  catalogue: Catalogue,
  head: OpenedHead,
  saved: AuditState | undefined,
): Promise<Ended> {
  const crew = crewFor(options, head.size - (saved?.size ?? 0), saved, catalogue);
  try {
    const run = new LogRun(source, options, catalogue, head, crew, saved);
    await run.read();
    return await run.finish();
  } finally {
    await crew.close();
  }
}

function crewFor(options: AuditOptions, entries: number, saved: AuditState | undefined, catalogue: Catalogue): Crew {
  const most = options.mostFindings ?? MOST_FINDINGS;
  const wanted = options.workers ?? (entries < WORTH_THREADS ? 0 : Math.min(availableParallelism(), MOST_WORKERS));
  const workers = catalogue === CATALOGUE ? Math.min(wanted, MOST_SHARES) : 0;
  if (workers === 0) return new OwnCrew(most, saved && sharesOf(saved, 1)[0], catalogue);
  return new WorkerCrew(most, saved ? sharesOf(saved, workers) : Array.from({ length: workers }, () => undefined));
}

interface Fetched {
  readonly number: number;
  readonly width: number;
  readonly bytes: Uint8Array;
  /** Hashes of level 0 as the source has them. */
  readonly tile: Uint8Array | undefined;
}

interface UnderWay {
  readonly numbered: NumberedSlot;
  readonly bundles: readonly Pick<Fetched, 'number' | 'width' | 'tile'>[];
  readonly done: Promise<void>;
}

interface NumberedSlot {
  readonly number: number;
  readonly slot: Slot;
  /** Milliseconds since 1970 of each entry. */
  readonly times: Float64Array;
}

class LogRun {
  /** In the entries. */
  readonly #found: Findings;
  /** In what they come to. */
  readonly #atEnd: Findings;
  readonly #from: number;
  readonly #tree: LogTree;
  readonly #clock: Clock;
  readonly #book: BookReplay;
  readonly #free: NumberedSlot[] = [];
  readonly #underWay: UnderWay[] = [];
  #slots = 0;
  /** Nodes, number and width of the bundle that is being replayed; at the end of the last one. */
  #nodes: Buffer;
  #bundle: number;
  #width: number;
  /** Entries that are replayed, from the log's beginning. */
  #done: number;
  #isWhole = true;

  constructor(
    private readonly source: LogSource,
    private readonly options: AuditOptions,
    catalogue: Catalogue,
    private readonly head: OpenedHead,
    private readonly crew: Crew,
    private readonly saved: AuditState | undefined,
  ) {
    const most = options.mostFindings ?? MOST_FINDINGS;
    this.#found = new Findings(most);
    this.#atEnd = new Findings(most);
    if (saved) this.#found.merge(saved.findings);
    this.#from = saved?.size ?? 0;
    this.#done = this.#from;
    this.#bundle = Math.floor(this.#from / TILE_WIDTH);
    this.#width = this.#from % TILE_WIDTH;
    this.#nodes = nodesOver(saved?.leaves ?? new Uint8Array(0));
    this.#tree = saved ? LogTree.restored(this.#bundle, saved.edges) : new LogTree();
    this.#clock = new Clock(this.#found, saved?.clock);
    const streams = new AssessmentTable();
    if (saved) streams.imported(saved.streams);
    const rootAt = (size: number): string =>
      toBase64(this.#tree.rootWith(this.#nodes, size - this.#bundle * TILE_WIDTH));
    this.#book = new BookReplay(catalogue, this.#found, this.#clock, rootAt, streams, saved?.book);
  }

  /** Reads the log to its end, or as far as it goes. */
  async read(): Promise<void> {
    try {
      for await (const bundles of this.#chunks()) {
        this.options.signal?.throwIfAborted();
        await this.#begin(bundles);
      }
      while (this.#underWay.length > 0) await this.#completeOldest();
    } catch (error) {
      const isAnswer = error instanceof LogSourceError && error.code === 'refused';
      if (!isAnswer && !(error instanceof EncodingError)) throw error;
      while (this.#underWay.length > 0) await this.#completeOldest();
      this.#isWhole = false;
      const detail = `from entry ${this.#done} on the log cannot be read: ${error.message}`;
      this.#atEnd.error('S15', 'notServed', detail, this.#done);
    }
  }

  async finish(): Promise<Ended> {
    const { size, root, checkpoint, origin } = this.head;
    const results = await this.crew.finish();
    const ownRoot = this.#tree.rootWith(this.#nodes, this.#width);
    const isHead = this.#isWhole && equalBytes(ownRoot, root);
    if (this.#isWhole && !isHead) {
      const detail = `the checkpoint has root ${toBase64(root)}, its ${size} entries have ${toBase64(ownRoot)}`;
      this.#atEnd.error('S15', 'rootDiffers', detail);
    }
    if (this.#isWhole) {
      await this.#compareEdges();
      checkHeadOfLedger(this.head, this.#book.ledger, this.#atEnd);
      this.#book.finish(this.#atEnd);
    }
    const expected = checkStatusIndexes(results, this.#book.lists, this.#book, this.#atEnd);
    if (this.#isWhole) await checkStatusLists(expected, this.source, this.#atEnd);
    const unknownTypes = this.#unknownTypes(results);
    const entries = { list: this.#found.list(), counts: this.#found.counts };
    const findings = new Findings(this.options.mostFindings ?? MOST_FINDINGS);
    for (const found of [entries, this.#atEnd, ...results.flatMap((result) => [result.findings, result.atEnd])]) {
      findings.merge(found instanceof Findings ? { list: found.list(), counts: found.counts } : found);
    }
    return {
      audit: {
        ...{ origin, size, root: toBase64(root), checkpoint },
        from: this.#from,
        entries: this.#done - this.#from,
        credentials: results.reduce((sum, { credentials }) => sum + issuedIn(credentials), 0),
        ledger: this.#book.ledger,
        batches: this.#book.batches(),
        clock: this.#clock.segments(this.#done),
        notChecked: { privateRules: summedRules(results), unknownTypes },
      },
      findings,
      isHead,
      state: isHead ? this.#state(results) : undefined,
    };
  }

  /** Bundles in the order of the log, some asked for ahead, as many at a time as a slot takes. */
  async *#chunks(): AsyncGenerator<readonly Fetched[]> {
    const end = Math.ceil(this.head.size / TILE_WIDTH);
    const ahead: Promise<Fetched>[] = [];
    let next = this.#bundle;
    if (this.#from === this.head.size) return;
    let chunk: Fetched[] = [];
    let bytes = 0;
    for (let due = this.#bundle; due < end; due += 1) {
      for (; next < end && next < due + AHEAD; next += 1) {
        const asked = this.#fetch(next);
        // Whoever waits for it learns it; the others must not be rejections that nobody handles.
        asked.catch(() => undefined);
        ahead.push(asked);
      }
      let bundle: Fetched;
      try {
        bundle = await ahead.shift()!;
      } catch (error) {
        // What came before it is replayed all the same.
        if (chunk.length > 0) yield chunk;
        throw error;
      }
      if (chunk.length > 0 && bytes + bundle.bytes.length > CHUNK_BYTES) {
        yield chunk;
        [chunk, bytes] = [[], 0];
      }
      chunk.push(bundle);
      bytes += bundle.bytes.length;
      if (chunk.length < CHUNK_BUNDLES) continue;
      yield chunk;
      [chunk, bytes] = [[], 0];
    }
    if (chunk.length > 0) yield chunk;
  }

  async #fetch(number: number): Promise<Fetched> {
    const width = Math.min(TILE_WIDTH, this.head.size - number * TILE_WIDTH);
    const [bytes, tile] = await Promise.all([
      this.source.bundle(number, width),
      this.source.tile(0, number, width).catch((error: unknown) => this.#missingTile(error, 0, number)),
    ]);
    return { number, width, bytes, tile };
  }

  /** Hashes that are not served are no reason to stop: the entries make them. */
  #missingTile(error: unknown, level: number, number: number): undefined {
    if (!(error instanceof LogSourceError) || error.code !== 'refused') throw error;
    const detail = `tile ${level}/${number} is not served: ${error.message}`;
    this.#atEnd.error('S15', 'tileNotServed', detail, number * TILE_WIDTH ** (level + 1));
    return undefined;
  }

  async #begin(bundles: readonly Fetched[]): Promise<void> {
    const numbered = await this.#slot();
    const { number, slot, times } = numbered;
    const first = bundles[0]!.number * TILE_WIDTH;
    const count = bundles.reduce((sum, { width }) => sum + width, 0);
    try {
      if (fillSlot(slot, bundles, first, this.#from, this.crew.shares, times)) this.crew.show(number, slot);
    } catch (error) {
      this.#free.push(numbered);
      throw error;
    }
    const done = this.crew.replay(number, { first, count });
    done.catch(() => undefined);
    this.#underWay.push({ numbered, bundles: bundles.map(({ bytes: _, ...bundle }) => bundle), done });
  }

  async #slot(): Promise<NumberedSlot> {
    if (this.#free.length === 0 && this.#slots === SLOTS) await this.#completeOldest();
    const free = this.#free.pop();
    if (free) return free;
    const made = { number: this.#slots, slot: new Slot(), times: new Float64Array(ENTRIES) };
    this.#slots += 1;
    this.crew.show(made.number, made.slot);
    return made;
  }

  /** The chunk is hashed, and its credentials are replayed: the tree and the book take it up, in the order of the log. */
  async #completeOldest(): Promise<void> {
    const { numbered, bundles, done } = this.#underWay.shift()!;
    await done;
    const { slot, times } = numbered;
    let at = 0;
    for (const [i, { number, width, tile }] of bundles.entries()) {
      this.#nodes = slot.nodesOf(i);
      this.#bundle = number;
      this.#width = width;
      this.#compareLeaves(number, width, tile);
      for (let k = at; k < at + width; k += 1) this.#entry(slot, k, number * TILE_WIDTH + k - at, times[k]!);
      at += width;
      this.#done = Math.max(this.#done, number * TILE_WIDTH + width);
      if (width === TILE_WIDTH) await this.#push();
    }
    // The slot's nodes are written over; those of an unfinished bundle are still asked for.
    this.#nodes = Buffer.from(this.#nodes);
    this.#free.push(numbered);
    this.options.onProgress?.(this.#done - this.#from, this.head.size - this.#from);
  }

  #entry(slot: Slot, k: number, index: number, time: number): void {
    const owner = slot.owners[k]!;
    if (owner === OWNER.nobody) return;
    this.#clock.tick(index, time);
    if (owner !== OWNER.all && owner !== OWNER.book) return;
    const [start, end] = [slot.starts[k]!, slot.ends[k]!];
    this.#book.entry(slot.bytes, start, end, index, streamOf(slot.bytes, start, end));
  }

  async #push(): Promise<void> {
    const full = this.#tree.push(this.#nodes);
    this.#bundle += 1;
    this.#width = 0;
    for (const tile of full) await this.#compareTile(tile);
  }

  /** The hashes of a bundle's entries against those that the source has, and those that an earlier audit has seen. */
  #compareLeaves(number: number, width: number, tile: Uint8Array | undefined): void {
    const own = this.#nodes.subarray(0, width * HASH_SIZE);
    if (tile) this.#compareHashes(own, tile, 0, number);
    const seen = this.saved?.leaves;
    if (!seen || seen.length === 0 || number !== Math.floor(this.#from / TILE_WIDTH)) return;
    const first = firstDifference(own.subarray(0, seen.length), seen);
    if (first === undefined) return;
    const index = number * TILE_WIDTH + first;
    this.#atEnd.error('S15', 'entryRewritten', `entry ${index} is not the one that an earlier audit has seen`, index);
  }

  async #compareTile({ level, number, width, hashes }: ReturnType<LogTree['push']>[number]): Promise<void> {
    const asked = this.source.tile(level, number, width);
    const tile = await asked.catch((error: unknown) => this.#missingTile(error, level, number));
    if (tile) this.#compareHashes(hashes, tile, level, number);
  }

  #compareHashes(own: Uint8Array, tile: Uint8Array, level: number, number: number): void {
    const first = firstDifference(own, tile);
    if (first === undefined) return;
    const [from, span] = [(number * TILE_WIDTH + first) * TILE_WIDTH ** level, TILE_WIDTH ** level];
    const what = level === 0 ? `of entry ${from}` : `over entries ${from} to ${from + span - 1}`;
    const detail = `tile ${level}/${number}: the hash ${what} is not that of the entries as they are served`;
    this.#found.error('S15', 'tileDiffers', detail, from);
  }

  async #compareEdges(): Promise<void> {
    for (const tile of this.#tree.edges()) await this.#compareTile(tile);
  }

  #unknownTypes(results: readonly PersonReplayResult[]): LogAudit['notChecked']['unknownTypes'] {
    const unknown = new UnknownTypes();
    unknown.restore([...this.#book.unknown, ...results.flatMap((result) => result.unknown)]);
    for (const { stream, type, v, count, firstIndex } of unknown.list()) {
      const detail = `${type} of version ${v} in ${stream}, ${count} times: this program does not know it`;
      this.#atEnd.warning('S17', 'typeUnknown', detail, firstIndex);
    }
    return unknown.list();
  }

  #state(results: readonly PersonReplayResult[]): AuditState {
    const { origin, size, root } = this.head;
    const findings = new Findings(this.options.mostFindings ?? MOST_FINDINGS);
    findings.merge({ list: this.#found.list(), counts: this.#found.counts });
    for (const result of results) findings.merge(result.findings);
    return {
      ...{ origin, size, root: toBase64(root) },
      edges: this.#tree.edges().map(({ level, hashes }) => ({ level, hashes })),
      leaves: Uint8Array.from(this.#nodes.subarray(0, this.#width * HASH_SIZE)),
      clock: this.#clock.saved(),
      streams: this.#book.streams.exported(),
      book: this.#book.saved(),
      shares: results.map(({ findings: _, atEnd: __, ...share }) => share),
      findings: { list: findings.list(), counts: findings.counts },
    };
  }
}

/** The first hash that differs, also where one has fewer. */
function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  if (equalBytes(a, b)) return undefined;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return Math.floor(at / HASH_SIZE);
}

function issuedIn({ status }: PersonReplayResult['credentials']): number {
  let count = 0;
  for (let row = 0; row < status!.length; row += 1) if (status![row] !== 0) count += 1;
  return count;
}
