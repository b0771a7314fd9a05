/**
 * All that is logged in an organisation's name, found by whoever believes no service (S13): every entry of the log is
 * read and hashed, the tree made again and held against the signed head, and what stands in the organisation's name is
 * told as it comes. What is kept between two runs is where the last one ended, so that the next reads what has come since
 * and would notice a history that was changed behind it. Proven by monitor.spec.ts.
 */
import { toBase64 } from '../encoding/base64.js';
import { equalBytes } from '../encoding/bytes.js';
import { EncodingError } from '../errors.js';
import { parseEntry, type ParsedEntry } from '../event-store/entry.js';
import { findStream, type StreamPlace } from '../audit/entry-text.js';
import { Findings, type Finding } from '../audit/findings.js';
import type { PinnedLogKey } from '../audit/log-audit.js';
import type { LogSource } from '../audit/log-source.js';
import { hashBundle, LogTree, NODES_SIZE } from '../audit/log-tree.js';
import { openHead } from '../audit/opened-head.js';
import { TILE_WIDTH, tileWidth } from '../log/tiles.js';
import { inNameOf } from './in-name-of.js';

/** Bundles asked for ahead of the one that is read. */
const AHEAD = 8;
const LENGTH_SIZE = 2;

export interface NamedEntry extends ParsedEntry {
  readonly index: number;
}

/** Where a run ended; plain JSON. */
export interface MonitorState {
  readonly origin: string;
  /** UUID */
  readonly organisation: string;
  readonly size: number;
  /** base64 */
  readonly root: string;
  /** Hashes of the unfinished tiles above the bundles, base64. */
  readonly edges: readonly { readonly level: number; readonly hashes: string }[];
  /** Streams and mandates that are the organisation's. */
  readonly own: readonly string[];
}

export interface MonitorOptions {
  /** UUID */
  readonly organisation: string;
  /** The keys that are trusted (S4). */
  readonly vkeys: readonly PinnedLogKey[];
  /** Of an earlier run over this log for this organisation. */
  readonly state?: MonitorState | undefined;
  readonly onEntry: (entry: NamedEntry) => void;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface Monitored {
  readonly origin: string;
  readonly size: number;
  /** Index of the first entry that this run read. */
  readonly from: number;
  /** What is wrong with the log; nothing is, where there is none. */
  readonly findings: readonly Finding[];
  /** Undefined where something is wrong: the state of before is then to be kept. */
  readonly state: MonitorState | undefined;
}

/**
 * @throws LogSourceError where the source cannot be reached or does not serve the log; NoteError for a pinned key that is
 *   none
 */
export async function monitorLog(source: LogSource, options: MonitorOptions): Promise<Monitored> {
  const findings = new Findings();
  const head = await openHead(source, options.vkeys, findings);
  const { organisation } = options;
  const before =
    options.state?.origin === head.origin && options.state.organisation === organisation ? options.state : undefined;
  const about = { origin: head.origin, size: head.size, from: before?.size ?? 0 };
  if (before && before.size > head.size) {
    findings.error('S16', 'logShrank', `an earlier run has seen ${before.size} entries, now there are ${head.size}`);
    return { ...about, findings: findings.list(), state: undefined };
  }
  const run = new Run(source, options, findings, before);
  const root = await run.readTo(head.size);
  if (!equalBytes(root, head.root)) {
    const whose = before
      ? `what an earlier run has seen (${before.size} entries) and what has come since have ${toBase64(root)}: the history was changed, or the head is not of it`
      : `its ${head.size} entries have ${toBase64(root)}`;
    findings.error('S15', 'rootDiffers', `the checkpoint has root ${toBase64(head.root)}, ${whose}`);
  }
  const isWrong = findings.counts.error > 0;
  return { ...about, findings: findings.list(), state: isWrong ? undefined : run.state(head) };
}

class Run {
  readonly #tree: LogTree;
  readonly #own: Set<string>;
  readonly #from: number;
  readonly #nodes: Buffer<ArrayBuffer> = Buffer.alloc(NODES_SIZE);
  readonly #needle: Buffer;
  readonly #place: StreamPlace = { start: 0, end: 0 };

  constructor(
    private readonly source: LogSource,
    private readonly options: MonitorOptions,
    private readonly findings: Findings,
    before: MonitorState | undefined,
  ) {
    this.#from = before?.size ?? 0;
    this.#own = new Set(before?.own);
    this.#needle = Buffer.from(options.organisation);
    const edges = before?.edges.map(({ level, hashes }) => ({ level, hashes: Buffer.from(hashes, 'base64') })) ?? [];
    this.#tree = before ? LogTree.restored(Math.floor(before.size / TILE_WIDTH), edges) : new LogTree();
  }

  /** @returns the root of all entries, 32 bytes */
  async readTo(size: number): Promise<Uint8Array> {
    const ahead: Promise<Uint8Array>[] = [];
    const end = Math.ceil(size / TILE_WIDTH);
    let width = 0;
    for (let due = this.#tree.bundles, asked = due; due < end; due += 1) {
      for (; asked < Math.min(end, due + AHEAD); asked += 1) {
        const bundle = this.source.bundle(asked, tileWidth('entries', asked, size));
        // Whoever waits for it learns it; the others must not be rejections that nobody handles.
        bundle.catch(() => undefined);
        ahead.push(bundle);
      }
      width = tileWidth('entries', due, size);
      this.#read(Buffer.from(await ahead.shift()!), due * TILE_WIDTH, width);
      if (width === TILE_WIDTH) {
        this.#tree.push(this.#nodes);
        width = 0;
      }
      this.options.onProgress?.(Math.min((due + 1) * TILE_WIDTH, size) - this.#from, size - this.#from);
    }
    return this.#tree.rootWith(this.#nodes, width);
  }

  /** @throws EncodingError for a bundle that is none */
  #read(bytes: Buffer, first: number, width: number): void {
    const starts = new Uint32Array(width);
    const ends = new Uint32Array(width);
    let at = 0;
    for (let i = 0; i < width; i += 1) {
      if (at + LENGTH_SIZE > bytes.length) throw new EncodingError(`entry ${first + i}: the bundle ends before it`);
      starts[i] = at + LENGTH_SIZE;
      at = ends[i] = starts[i]! + bytes.readUInt16BE(at);
    }
    if (at !== bytes.length) throw new EncodingError(`the bundle at entry ${first} is not of ${width} entries`);
    for (let i = 0; i < width; i += 1) {
      if (first + i >= this.#from) this.#look(bytes.subarray(starts[i], ends[i]), first + i);
    }
    hashBundle(bytes, starts, ends, 0, width, this.#nodes);
  }

  #look(bytes: Buffer, index: number): void {
    if (!this.#mayBeOwn(bytes)) return;
    let entry: ParsedEntry;
    try {
      entry = parseEntry(bytes);
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error;
      this.findings.error('S14', 'notCanonical', `the entry cannot be read: ${error.message}`, index);
      return;
    }
    const { organisation, onEntry } = this.options;
    const named = inNameOf(entry, {
      ownerOf: (what) => (this.#own.has(what) ? organisation : undefined),
      remember: (what, owner) => void (owner === organisation && this.#own.add(what)),
    });
    if (named.includes(organisation)) onEntry({ ...entry, index });
  }

  /** Most entries are others': told from the bytes, without reading them. */
  #mayBeOwn(bytes: Buffer): boolean {
    if (bytes.includes(this.#needle)) return true;
    if (!findStream(bytes, 0, bytes.length, this.#place)) return true;
    const stream = bytes.toString('latin1', this.#place.start, this.#place.end);
    // A mandate that is taken back is named by itself alone.
    return this.#own.has(stream) || stream.startsWith('definition-');
  }

  state({ origin, size, root }: { origin: string; size: number; root: Uint8Array }): MonitorState {
    return {
      ...{ origin, organisation: this.options.organisation, size, root: toBase64(root) },
      edges: this.#tree.edges().map(({ level, hashes }) => ({ level, hashes: toBase64(hashes) })),
      own: [...this.#own],
    };
  }
}
