/**
 * S25: each index of a status list is one credential's, in a list that its organisation opened for that purpose, and never
 * more of them than slots were allotted. Which slot an index stands for is a secret, so how many there are is all that
 * can be held against the blocks. S11: a list tells of all changes before the standing record that it stands in.
 * Proven by audit.spec.ts.
 */
import { STATUS_LIST_ENTRIES, type StatusPurpose } from '../credentials/credential.events.js';
import type { AuditedList, BookReplay } from './book-replay.js';
import type { Findings } from './findings.js';
import { formatUuid } from './id-table.js';
import { CREDENTIAL, FLAG, STATUS, type PersonReplayResult } from './person-replay.js';
import { ExpectedBits } from './status-lists-check.js';

/** Longer sets of indexes are kept as bits. */
const MOST_IN_SET = 1_024;

interface Use {
  readonly list: string;
  readonly purpose: StatusPurpose;
  readonly index: number;
  readonly organisation: string;
  /** Log index of the issuance. */
  readonly issued: number;
  readonly credential: string;
}

/** @returns what the bits of each list must be that has been published */
export function checkStatusIndexes(
  results: readonly PersonReplayResult[],
  lists: ReadonlyMap<string, AuditedList>,
  book: Pick<BookReplay, 'newestStanding' | 'batches'>,
  findings: Findings,
): readonly ExpectedBits[] {
  const known = new Map<string, ListUse>();
  const listOf = (id: string): ListUse => {
    const use = known.get(id) ?? new ListUse(id, lists.get(id), findings);
    known.set(id, use);
    return use;
  };
  for (const id of lists.keys()) listOf(id);
  const shares = results.map((result) => new Share(result, listOf));
  // In the order of the log, so that of two that use one index the later one is the wrong one.
  for (;;) {
    let next: Share | undefined;
    for (const share of shares) if (share.issued < (next?.issued ?? Infinity)) next = share;
    if (!next) break;
    next.use();
  }
  const ends = book.batches().map(({ state }) => state.toIndex);
  for (const use of known.values()) use.checkLag(book.newestStanding, ends);
  return [...known.values()].flatMap(({ expected }) => (expected ? [expected] : []));
}

/** The credentials of one replay in the order of their issuance. */
class Share {
  readonly #order: Uint32Array;
  readonly #lists: readonly ListUse[];
  readonly #organisations: readonly string[];
  #at = 0;
  issued = Infinity;

  constructor(
    private readonly result: PersonReplayResult,
    listOf: (id: string) => ListUse,
  ) {
    this.#lists = result.lists.map(listOf);
    this.#organisations = result.keys.map((name) => name.split(' ')[0]!);
    const { status, issued } = result.credentials;
    const rows: number[] = [];
    let isSorted = true;
    for (let row = 0; row < issued!.length; row += 1) {
      if (status![row] === 0) continue;
      if (rows.length > 0 && issued![row]! < issued![rows.at(-1)!]!) isSorted = false;
      rows.push(row);
    }
    this.#order = Uint32Array.from(rows);
    if (!isSorted) this.#order.sort((a, b) => issued![a]! - issued![b]!);
    this.#next();
  }

  use(): void {
    const { ids, status, flags, changed, key, revocationList, revocationIndex, suspensionList, suspensionIndex } = this
      .result.credentials as Record<string, Uint32Array>;
    const row = this.#order[this.#at]!;
    const organisation = this.#organisations[key![row]!]!;
    const base = { organisation, issued: this.issued, credential: () => formatUuid(ids!, 4 * row) };
    const [revocation, suspension] = [this.#lists[revocationList![row]!]!, this.#lists[suspensionList![row]!]!];
    revocation.take('revocation', revocationIndex![row]!, base);
    suspension.take('suspension', suspensionIndex![row]!, base);
    // What cites an old revision is void from the start, so only the event that says so is a change.
    if ((flags![row]! & FLAG.clouded) !== 0) {
      // Of a newer program: what it comes to is not known.
      revocation.expected?.add(revocationIndex![row]!, false, Infinity);
      suspension.expected?.add(suspensionIndex![row]!, false, Infinity);
    } else if (changed![row]! > this.issued) {
      const isFinal = status![row] === STATUS.revoked || status![row] === STATUS.void;
      (isFinal ? revocation : suspension).change(changed![row]!);
      revocation.expected?.add(revocationIndex![row]!, isFinal, changed![row]!);
      suspension.expected?.add(suspensionIndex![row]!, status![row] === STATUS.suspended, changed![row]!);
    }
    this.#at += 1;
    this.#next();
  }

  #next(): void {
    const row = this.#order[this.#at];
    this.issued = row === undefined ? Infinity : this.result.credentials['issued']![row]!;
  }
}

type Base = Pick<Use, 'organisation' | 'issued'> & { readonly credential: () => string };

class ListUse {
  #set: Set<number> | undefined = new Set();
  #bits: Uint32Array | undefined;
  #count = 0;
  #block = 0;
  #newestChange = -1;
  /** Of a list that has been published. */
  readonly expected: ExpectedBits | undefined;

  constructor(
    private readonly id: string,
    private readonly list: AuditedList | undefined,
    private readonly findings: Findings,
  ) {
    if (list && list.published >= 0) this.expected = new ExpectedBits(id, list);
  }

  take(purpose: StatusPurpose, index: number, base: Base): void {
    const { organisation, issued } = base;
    const state = this.list?.state;
    if (!this.list || state?.is !== 'open' || this.list.opened > issued) {
      this.#wrong('listUnknown', 'a status list that was not open', purpose, index, base);
    } else if (state.organisation !== organisation || state.purpose !== purpose) {
      const whose = `a list for ${state.purpose} of organisation ${state.organisation}`;
      this.#wrong('listOfAnother', whose, purpose, index, base);
    } else if (this.#count >= this.#allotted(issued)) {
      this.#wrong('indexNotAllotted', `more indexes than the ${this.#allotted(issued)} allotted`, purpose, index, base);
    }
    this.#count += 1;
    if (this.#isUsed(index))
      this.#wrong('indexUsedTwice', 'an index that another credential has', purpose, index, base);
    this.#use(index);
  }

  change(logIndex: number): void {
    if (logIndex > this.#newestChange) this.#newestChange = logIndex;
  }

  /**
   * S11: what is under the newest record is no older than what happened before it. A list may lag while its signer is away;
   * one that has lagged through two batches shows everybody what is no longer so.
   * @param ends log index of each batch's last entry
   */
  checkLag(newestStanding: number, ends: readonly number[]): void {
    if (!this.list || this.list.opened < 0 || this.list.opened > newestStanding) return;
    const due = Math.max(this.list.opened, this.#newestChange);
    if (this.#newestChange >= newestStanding || this.list.published > due) return;
    const detail =
      `status list ${this.id}: entry ${due} has changed it, and no edition was published between that and the ` +
      `standing record at ${newestStanding}`;
    const [first, second] = ends.filter((end) => end >= due);
    if (first === undefined || second === undefined) this.findings.warning('S11', 'listLags', detail, due);
    else this.findings.error('S11', 'listWithheld', `${detail}, through the batches to ${first} and ${second}`, first);
  }

  /** Slots allotted before an entry. Issuances come in order, so this only goes on. */
  #allotted(issued: number): number {
    const { allotted } = this.list!;
    while ((allotted[this.#block]?.index ?? Infinity) < issued) this.#block += 1;
    return allotted[this.#block - 1]?.slots ?? 0;
  }

  #isUsed(index: number): boolean {
    return this.#set?.has(index) ?? ((this.#bits![index >> 5]! >>> (index & 31)) & 1) === 1;
  }

  #use(index: number): void {
    if (this.#set) {
      this.#set.add(index);
      if (this.#set.size <= MOST_IN_SET) return;
      this.#bits = new Uint32Array(STATUS_LIST_ENTRIES / 32);
      for (const one of this.#set) this.#bits[one >> 5]! |= 1 << (one & 31);
      this.#set = undefined;
    } else this.#bits![index >> 5]! |= 1 << (index & 31);
  }

  #wrong(code: string, what: string, purpose: StatusPurpose, index: number, { credential, issued }: Base): void {
    const detail = `${CREDENTIAL}${credential()}: takes for ${purpose} index ${index} of list ${this.id}, ${what}`;
    this.findings.error('S25', code, detail, issued);
  }
}
