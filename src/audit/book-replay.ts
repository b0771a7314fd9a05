/**
 * The replay of all streams but credentials and assessments: organisations and definitions, status lists, the ledger's own
 * stream, standing records and batches. Everything here is read once, in order, with the tree's roots at hand, so that each
 * standing record (S1) and each batch is held against the log as it was. Proven by audit.spec.ts.
 */
import { batchStream, LEDGER_STREAM, STANDING_STREAM } from '../anchoring/anchoring.events.js';
import type { BatchEvent, BatchSealed, LedgerEvent, StandingRecorded } from '../anchoring/anchoring.events.js';
import { anchorOn, batchDecider, type BatchState } from '../anchoring/batch.js';
import { ledgerDecider, type LedgerState } from '../anchoring/ledger.js';
import { StandingState } from '../anchoring/standing-state.js';
import { statusListDecider, type StatusListState } from '../credentials/status-list.js';
import type { StatusListEvent } from '../credentials/credential.events.js';
import { definitionDecider } from '../definitions/definition.js';
import type { DefinitionEvent } from '../definitions/definition.events.js';
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { utf8 } from '../encoding/bytes.js';
import { isActor, type ParsedEntry } from '../event-store/entry.js';
import type { DomainEvent, EventMeta } from '../event-store/decider.js';
import { sha256 } from '../log/hash.js';
import { StandingTree } from '../log/standing-tree.js';
import { organisationDecider } from '../organisations/organisation.js';
import type { OrganisationEvent } from '../organisations/organisation.events.js';
import { eventOf, interpret, Malformed, type Catalogue } from './catalogue.js';
import { CitedStreams, DEFINITION, ORGANISATION, type SavedCitedStreams } from './cited-streams.js';
import type { Clock } from './clock.js';
import { decideAgain, type Deciding, type Refusal } from './decide-again.js';
import { readEntry } from './entry-text.js';
import type { Findings } from './findings.js';
import { AssessmentTable, readUuid } from './id-table.js';
import type { AnchorMoment, AuditedBatch } from './log-audit.js';
import { ASSESSMENT, CREDENTIAL, FLAG } from './person-replay.js';
import { UnknownTypes, type CountedType } from './unknown-types.js';

export const STATUS_LIST = 'statuslist-';
const BATCH = 'batch-';

/** A status list as the log tells of it. */
export interface AuditedList {
  state: StatusListState;
  opened: number;
  /** Log index of the newest edition, and of the one before it; −1 before there is one. */
  published: number;
  publishedBefore: number;
  /** After which entry how many slots were allotted, in order. */
  readonly allotted: { readonly index: number; readonly slots: number }[];
}

interface Batch {
  state: BatchState;
  sealedIndex: number;
  sealedAt: string;
  isOfThisLog: boolean;
  readonly moments: AnchorMoment[];
}

/** A standing record that is not that of all entries before it, but was perhaps overtaken by one of them. */
interface Overtaken {
  readonly index: number;
  readonly detail: string;
}

export interface SavedBook {
  readonly cited: SavedCitedStreams;
  readonly ledger: LedgerState;
  readonly lists: readonly (readonly [string, AuditedList])[];
  readonly batches: readonly (readonly [string, Batch])[];
  readonly newestBatch: BatchSealed['data'] | null;
  readonly standing: readonly { readonly stream: string; readonly since: number; readonly bytes: string }[];
  readonly newestStanding: number;
  readonly newestStated: number;
  readonly standingRoots: readonly (readonly [number, string])[];
  readonly overtaken: readonly (readonly [number, Overtaken])[];
  readonly clouded: readonly string[];
  readonly unknown: readonly CountedType[];
}

export class BookReplay {
  readonly cited: CitedStreams;
  readonly lists: Map<string, AuditedList>;
  readonly #batches: Map<string, Batch>;
  #ledger: LedgerState;
  #newestBatch: BatchSealed['data'] | undefined;
  readonly #standing: StandingState;
  readonly #standingTree = new StandingTree();
  #newestStanding: number;
  /** Index of the newest entry of a stream that the standing tells of. */
  #newestStated: number;
  /** Root of the tree that ends with a standing record, by its size: of those since the newest batch. */
  readonly #standingRoots: Map<number, string>;
  readonly #overtaken: Map<number, Overtaken>;
  readonly #clouded: Set<string>;
  readonly #unknown = new UnknownTypes();
  readonly #id = new Uint32Array(4);

  /**
   * @param streams revisions of all the streams here, by a digest of their names
   * @param rootAt the root, base64, of the tree whose last entry is the one being replayed
   */
  constructor(
    private readonly catalogue: Catalogue,
    private readonly findings: Findings,
    private readonly clock: Clock,
    private readonly rootAt: (size: number) => string,
    readonly streams = new AssessmentTable(),
    saved?: SavedBook,
  ) {
    this.cited = new CitedStreams(catalogue, saved?.cited);
    this.lists = new Map(saved?.lists);
    this.#batches = new Map(saved?.batches);
    this.#ledger = saved?.ledger ?? ledgerDecider.initialState;
    this.#newestBatch = saved?.newestBatch ?? undefined;
    const leaves = saved?.standing ?? [];
    this.#standing = StandingState.restored(leaves.map((leaf) => ({ ...leaf, bytes: fromBase64(leaf.bytes) })));
    this.#newestStanding = saved?.newestStanding ?? -1;
    this.#newestStated = saved?.newestStated ?? -1;
    this.#standingRoots = new Map(saved?.standingRoots);
    this.#overtaken = new Map(saved?.overtaken);
    this.#clouded = new Set(saved?.clouded);
    this.#unknown.restore(saved?.unknown ?? []);
  }

  get ledger(): LedgerState {
    return this.#ledger;
  }

  /** Index of the newest standing record, −1 before the first. */
  get newestStanding(): number {
    return this.#newestStanding;
  }

  get unknown(): readonly CountedType[] {
    return this.#unknown.list();
  }

  /** By number. */
  batches(): readonly AuditedBatch[] {
    const sealed = [...this.#batches].flatMap(([stream, { state, ...rest }]) =>
      state.is === 'sealed' ? [{ stream, state, ...rest }] : [],
    );
    return sealed.sort((a, b) => a.state.number - b.state.number);
  }

  saved(): SavedBook {
    return {
      cited: this.cited.saved(),
      ledger: this.#ledger,
      lists: [...this.lists],
      batches: [...this.#batches],
      newestBatch: this.#newestBatch ?? null,
      standing: this.#standing.made().map((leaf) => ({ ...leaf, bytes: toBase64(leaf.bytes) })),
      newestStanding: this.#newestStanding,
      newestStated: this.#newestStated,
      standingRoots: [...this.#standingRoots],
      overtaken: [...this.#overtaken],
      clouded: [...this.#clouded],
      unknown: this.unknown,
    };
  }

  /** What is left to say at the end of the log. */
  finish(findings: Findings): void {
    for (const { index, detail } of this.#overtaken.values()) {
      findings.note('S1', 'standingOvertaken', `${detail}; no batch ends with it, so it claims nothing`, index);
    }
    if (this.#ledger.is === 'unfounded') findings.error('S19', 'ledgerUnfounded', 'no entry founds the ledger');
  }

  /** @param found the stream's name as found in the bytes; undefined where it was not */
  entry(bytes: Buffer, start: number, end: number, index: number, found: string | undefined): void {
    if (found?.startsWith('vault-') === true) {
      const detail = `${found.slice(0, 80)}: a stream about persons or secrets is in the log`;
      this.findings.error('S20', 'vaultStream', detail, index);
    }
    const entry = readEntry(bytes, start, end);
    if (typeof entry === 'string') {
      this.findings.error('S14', 'entryMalformed', `${found?.slice(0, 80) ?? 'an entry'}: ${entry}`, index);
      if (found !== undefined) this.streams.flags[this.#rowOf(found)]! |= FLAG.lost;
      return;
    }
    const { stream } = entry;
    if (found === undefined || !this.#isNamedRight(stream)) {
      this.findings.error('S14', 'streamMalformed', `${stream.slice(0, 80)}: not the name of a stream`, index);
      return;
    }
    this.#checkPlace(entry, index);
    const event = interpret(entry, this.catalogue);
    const meta: EventMeta = { stream, revision: entry.revision, at: entry.at, index };
    if (event === 'unknown') {
      this.#unknown.add(entry, index);
      this.#clouded.add(stream);
    } else if (event instanceof Malformed) {
      this.findings.error('S14', 'dataMalformed', `${entry.type} in ${stream}: ${event.detail}`, index);
    } else this.#event(event, meta, index);
    // Readers of the log fold everything, each in its own way; so does this.
    if (this.#isCited(stream)) this.cited.fold(entry, index);
    const isKnown = event !== 'unknown' && !(event instanceof Malformed);
    const folded = isKnown ? event : { ...entry, type: '', data: {} };
    if (this.#standing.apply({ ...folded, index })) this.#newestStated = index;
  }

  #isCited(stream: string): boolean {
    return stream.startsWith(ORGANISATION) || stream.startsWith(DEFINITION);
  }

  #isNamedRight(stream: string): boolean {
    if (stream.startsWith(BATCH)) return /^batch-[1-9]\d{0,15}$/.test(stream);
    for (const prefix of [ORGANISATION, DEFINITION, STATUS_LIST, CREDENTIAL, ASSESSMENT]) {
      if (stream.startsWith(prefix)) return readUuid(stream, prefix.length, this.#id);
    }
    return true;
  }

  /** S15, S20: revisions without gaps, an actor that is no person. */
  #checkPlace({ stream, revision, by }: ParsedEntry, index: number): void {
    const row = this.#rowOf(stream);
    const { events, flags } = this.streams;
    const expected = events[row]!;
    if (revision !== expected && (flags[row]! & FLAG.lost) === 0) {
      const detail = `${stream.slice(0, 80)}: expected revision ${expected}, got ${revision}`;
      this.findings.error('S15', 'revisionGap', detail, index);
    }
    flags[row]! &= ~FLAG.lost;
    events[row] = revision + 1;
    if (!isActor(by)) this.findings.error('S20', 'notAnActor', `${stream}: by is ${by.slice(0, 80)}`, index);
  }

  #rowOf(stream: string): number {
    const digest = sha256(utf8(stream));
    const view = new DataView(digest.buffer, digest.byteOffset);
    for (let i = 0; i < 4; i += 1) this.#id[i] = view.getUint32(4 * i);
    const row = this.streams.find(this.#id);
    return row < 0 ? this.streams.add(this.#id) : row;
  }

  #event(event: ParsedEntry, meta: EventMeta, index: number): void {
    const { stream } = event;
    if (stream === LEDGER_STREAM) this.#onLedger(eventOf<LedgerEvent>(event), meta);
    else if (stream === STANDING_STREAM) this.#onStanding(eventOf<StandingRecorded>(event), index);
    else if (stream.startsWith(BATCH)) this.#onBatch(eventOf<BatchEvent>(event), meta, index);
    else if (stream.startsWith(ORGANISATION)) this.#onOrganisation(eventOf<OrganisationEvent>(event), meta);
    else if (stream.startsWith(DEFINITION)) this.#onDefinition(eventOf<DefinitionEvent>(event), meta);
    else if (stream.startsWith(STATUS_LIST)) this.#onList(eventOf<StatusListEvent>(event), meta, index);
  }

  #onOrganisation(event: OrganisationEvent, meta: EventMeta): void {
    const { state } = this.cited.organisation(meta.stream.slice(ORGANISATION.length));
    this.#decide(organisationDecider, event, meta, state);
  }

  #onDefinition(event: DefinitionEvent, meta: EventMeta): void {
    const { state } = this.cited.definition(meta.stream.slice(DEFINITION.length));
    this.#decide(definitionDecider, event, meta, state);
    if (event.type === 'DefinitionCreated') {
      for (const id of new Set([event.data.creator, event.data.owner])) this.#requireOrganisation(id, event, meta);
    } else if (event.type === 'MandateGranted') this.#requireOrganisation(event.data.organisation, event, meta);
  }

  #onList(event: StatusListEvent, meta: EventMeta, index: number): void {
    const id = meta.stream.slice(STATUS_LIST.length);
    const known = this.lists.get(id);
    const list = known ?? {
      state: statusListDecider.initialState,
      opened: -1,
      published: -1,
      publishedBefore: -1,
      allotted: [],
    };
    this.#decide(statusListDecider, event, meta, list.state);
    if (event.type === 'StatusListOpened') this.#requireOrganisation(event.data.organisation, event, meta);
    list.state = statusListDecider.evolve(list.state, event, meta);
    if (event.type === 'StatusListOpened' && list.opened < 0) list.opened = index;
    if (event.type === 'StatusListPublished') [list.publishedBefore, list.published] = [list.published, index];
    if (event.type === 'IndexBlockAllotted' && list.state.is === 'open') {
      list.allotted.push({ index, slots: list.state.nextSlot });
    }
    if (!known) this.lists.set(id, list);
  }

  #onLedger(event: LedgerEvent, meta: EventMeta): void {
    this.#decide(ledgerDecider, event, meta, this.#ledger);
    if (event.type === 'ChainClosed') this.#checkCovered(event.data, meta);
    this.#ledger = ledgerDecider.evolve(this.#ledger, event, meta);
  }

  /** S10: the entries with the closed chain's block hashes are under a head that is final elsewhere. */
  #checkCovered(
    { chainId, coveredBy }: Extract<LedgerEvent, { type: 'ChainClosed' }>['data'],
    { index }: EventMeta,
  ): void {
    if (!coveredBy) {
      this.findings.note(
        'S10',
        'chainNotCovered',
        `chain ${chainId} was closed without a final anchor elsewhere`,
        index,
      );
      return;
    }
    const covering = this.#batches.get(batchStream(coveredBy.batch))?.state;
    const isFinal = covering?.is === 'sealed' && anchorOn(covering, coveredBy.chainId).state === 'finalised';
    let last = -1;
    for (const { moments } of this.#batches.values()) {
      for (const moment of moments) {
        const { event } = moment;
        if (event.type === 'AnchorFinalised' && event.data.chainId === chainId) last = Math.max(last, moment.index);
      }
    }
    if (isFinal && covering.size > last) return;
    const detail = `chain ${chainId}: batch ${coveredBy.batch} on chain ${coveredBy.chainId} is not final over entry ${last}`;
    this.findings.error('S10', 'chainNotCovered', detail, index);
  }

  /** S1: the root over the leaves of all entries before the record. */
  #onStanding({ data }: StandingRecorded, index: number): void {
    const size = index + 1;
    this.#standingRoots.set(size, this.rootAt(size));
    this.#newestStanding = index;
    this.clock.cut(index);
    const leaves = this.#standing.made();
    this.#standingTree.become(leaves);
    const root = toBase64(this.#standingTree.root());
    if (data.root === root && data.leaves === leaves.length && data.size <= index) return;
    const detail =
      `standing: expected root ${root} over ${leaves.length} leaves of at most ${index} entries, ` +
      `got ${data.root} over ${data.leaves} of ${data.size}`;
    if (this.#clouded.size > 0) {
      this.findings.warning('S1', 'undetermined', `${detail}; it rests on an unknown type of event`, index);
    } else if (data.size < index && this.#newestStated >= data.size) this.#overtaken.set(size, { index, detail });
    else this.findings.error('S1', 'standingDiffers', detail, index);
  }

  #onBatch(event: BatchEvent, meta: EventMeta, index: number): void {
    const { stream, at } = meta;
    const known = this.#batches.get(stream);
    const batch = known ?? {
      ...{ state: batchDecider.initialState, sealedIndex: -1, sealedAt: '', isOfThisLog: false },
      moments: [],
    };
    this.#decide(batchDecider, event, meta, batch.state);
    if (event.type !== 'BatchSealed') batch.moments.push({ index, at, event });
    else if (batch.state.is === 'unsealed') {
      batch.sealedIndex = index;
      batch.sealedAt = at;
      batch.isOfThisLog = this.#checkSeal(event.data, stream, index);
      this.#newestBatch = event.data;
    }
    batch.state = batchDecider.evolve(batch.state, event, meta);
    if (event.type === 'AnchorConfirmed') this.clock.cut(index);
    if (!known) this.#batches.set(stream, batch);
  }

  /** A batch goes on where the one before ended, ends with a standing record, and has the tree's root there. */
  #checkSeal({ number, fromIndex, toIndex, size, root }: BatchSealed['data'], stream: string, index: number): boolean {
    const before = this.#newestBatch ?? { number: 0, toIndex: -1 };
    if (stream !== batchStream(number) || number !== before.number + 1 || fromIndex !== before.toIndex + 1) {
      const detail =
        `${stream}: expected batch ${before.number + 1} from entry ${before.toIndex + 1} on, ` +
        `got ${number} from ${fromIndex}`;
      this.findings.error('S15', 'batchGap', detail, index);
    }
    const expected = this.#standingRoots.get(size);
    const overtaken = this.#overtaken.get(size);
    if (overtaken) this.findings.error('S1', 'standingDiffers', overtaken.detail, overtaken.index);
    for (const sizes of [this.#standingRoots, this.#overtaken]) {
      for (const one of sizes.keys()) if (one <= size) sizes.delete(one);
    }
    if (expected === undefined) {
      const detail = `${stream}: ends with entry ${toIndex}, which is no standing record since the batch before`;
      this.findings.error('S1', 'batchWithoutStanding', detail, index);
    } else if (expected !== root) {
      const detail = `${stream}: expected root ${expected} of ${size} entries, got ${root}`;
      this.findings.error('S2', 'batchRootDiffers', detail, index);
    }
    return expected === root;
  }

  #requireOrganisation(id: string, { type }: DomainEvent, { stream, index }: EventMeta): void {
    const { state, clouded } = this.cited.organisation(id);
    if (state.is !== 'unregistered') return;
    const detail = `${type} in ${stream}: organisation ${id} is not registered`;
    this.#report({ rule: 'S17', code: 'organisationUnknown', detail }, clouded, index);
  }

  #decide<State, Command, Event extends DomainEvent>(
    decider: Deciding<State, Command, Event, undefined>,
    event: Event,
    meta: EventMeta,
    state: State,
  ): void {
    const refusal = decideAgain(decider, event, meta, state, undefined);
    if (refusal) this.#report(refusal, this.#clouded.has(meta.stream), meta.index);
  }

  #report({ rule, code, detail }: Refusal, isClouded: boolean, index: number | undefined): void {
    if (isClouded)
      this.findings.warning(rule, 'undetermined', `${detail}; it rests on an unknown type of event`, index);
    else this.findings.error(rule, code, detail, index);
  }
}
