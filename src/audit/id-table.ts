/**
 * Millions of streams named by UUIDs, in typed arrays: 16 bytes of id and some columns a row, no object. An audit knows of
 * a credential only what deciding its next event takes, and what is asked of all of them at the end.
 * Proven by id-table.spec.ts.
 */
import { InvariantError } from '../errors.js';

type Column = Uint8Array | Uint32Array | Float64Array;

const FIRST_ROWS = 1_024;
const HEX = new Int8Array(128).fill(-1);
for (let i = 0; i < 16; i += 1) HEX[i.toString(16).charCodeAt(0)] = i;

/**
 * The 16 bytes of a UUID in lower case.
 * @param start where it begins in the text, which must end with it
 * @param id four words, written to
 * @returns false where there is none
 */
export function readUuid(text: string, start: number, id: Uint32Array): boolean {
  if (text.length !== start + 36) return false;
  let word = 0;
  let digits = 0;
  for (let i = 0; i < 36; i += 1) {
    const code = text.charCodeAt(start + i);
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (code !== 0x2d) return false;
      continue;
    }
    const digit = code < 128 ? HEX[code]! : -1;
    if (digit < 0) return false;
    word = (word << 4) | digit;
    digits += 1;
    if (digits % 8 === 0) id[digits / 8 - 1] = word >>> 0;
  }
  return true;
}

/** As `readUuid`, of a text in bytes. @param end of the text */
export function readUuidBytes(bytes: Uint8Array, start: number, end: number, id: Uint32Array): boolean {
  if (end !== start + 36) return false;
  let word = 0;
  let digits = 0;
  for (let i = 0; i < 36; i += 1) {
    const code = bytes[start + i]!;
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (code !== 0x2d) return false;
      continue;
    }
    const digit = code < 128 ? HEX[code]! : -1;
    if (digit < 0) return false;
    word = (word << 4) | digit;
    digits += 1;
    if ((digits & 7) === 0) id[(digits >> 3) - 1] = word >>> 0;
  }
  return true;
}

/** The UUID of four words, as text. */
export function formatUuid(id: ArrayLike<number>, at = 0): string {
  const hex = [0, 1, 2, 3].map((i) => id[at + i]!.toString(16).padStart(8, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Rows by id, in the order in which they came; subclasses add columns. */
export abstract class IdTable {
  #ids = new Uint32Array(4 * FIRST_ROWS);
  /** Row + 1 at the id's place or after it, 0 where there is none; twice as many places as rows at least. */
  #places = new Uint32Array(2 * FIRST_ROWS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The columns, each with room for `capacity` rows. */
  protected abstract columns(): Record<string, Column>;
  protected abstract adopt(columns: Record<string, Column>): void;

  /** @param id four words @returns the row, −1 where there is none */
  find(id: Uint32Array): number {
    const places = this.#places;
    const mask = places.length - 1;
    for (let place = placeOf(id, 0) & mask; ; place = (place + 1) & mask) {
      const row = places[place]! - 1;
      if (row < 0 || this.#isAt(row, id)) return row;
    }
  }

  /** Adds a row for an id that has none; its columns are 0. @returns the row */
  add(id: Uint32Array): number {
    if (4 * this.#size === this.#ids.length) this.#grow(2 * this.#size);
    const row = this.#size;
    this.#ids.set(id, 4 * row);
    this.#size += 1;
    this.#place(row);
    return row;
  }

  /** As `add`, with each column's value. */
  addRow(id: Uint32Array, valueOf: (column: string) => number): void {
    const row = this.add(id);
    for (const [name, column] of Object.entries(this.columns())) column[row] = valueOf(name);
  }

  /** The row's id as text. */
  idOf(row: number): string {
    return formatUuid(this.#ids, 4 * row);
  }

  /** Copies of all columns, and of the ids, as long as there are rows. */
  exported(): Record<string, Column> {
    const copies: Record<string, Column> = { ids: this.#ids.slice(0, 4 * this.#size) };
    for (const [name, column] of Object.entries(this.columns())) copies[name] = column.slice(0, this.#size);
    return copies;
  }

  /** Takes up what another table exported, into an empty one. */
  imported(columns: Readonly<Record<string, Column>>): void {
    const ids = columns['ids'];
    if (this.#size !== 0 || !ids) throw new InvariantError('a table is taken up once');
    const rows = ids.length / 4;
    let room = FIRST_ROWS;
    while (room < rows) room *= 2;
    if (4 * room > this.#ids.length) this.#grow(room);
    this.#ids.set(ids);
    for (const [name, column] of Object.entries(this.columns())) column.set(columns[name]!);
    for (let row = 0; row < rows; row += 1) {
      this.#size = row + 1;
      this.#place(row);
    }
  }

  #grow(rows: number): void {
    const ids = new Uint32Array(4 * rows);
    ids.set(this.#ids);
    this.#ids = ids;
    const grown = Object.entries(this.columns()).map(([name, column]) => {
      const larger = new (column.constructor as new (length: number) => Column)(rows);
      larger.set(column);
      return [name, larger] as const;
    });
    this.adopt(Object.fromEntries(grown));
    this.#places = new Uint32Array(2 * rows);
    for (let row = 0; row < this.#size; row += 1) this.#place(row);
  }

  #place(row: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let place = placeOf(this.#ids, 4 * row) & mask;
    while (places[place] !== 0) place = (place + 1) & mask;
    places[place] = row + 1;
  }

  #isAt(row: number, id: Uint32Array): boolean {
    const ids = this.#ids;
    const at = 4 * row;
    return ids[at] === id[0] && ids[at + 1] === id[1] && ids[at + 2] === id[2] && ids[at + 3] === id[3];
  }
}

/** Ids are random or digests in an honest log; in another one, mixing keeps chosen ones from all having one place. */
function placeOf(id: Uint32Array, at: number): number {
  let mixed = id[at]!;
  for (let i = 1; i < 4; i += 1) mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) ^ id[at + i]!;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x297a2d39);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** What is known of every credential. */
export class CredentialTable extends IdTable {
  /** Revision of the newest event, plus one. */
  events = new Uint32Array(FIRST_ROWS);
  /** See `STATUSES`. */
  status = new Uint8Array(FIRST_ROWS);
  /** See `Flag`. */
  flags = new Uint8Array(FIRST_ROWS);
  /** Log index of the issuance. */
  issued = new Float64Array(FIRST_ROWS);
  /** Log index of the newest change of its status, that of the issuance before the first. */
  changed = new Float64Array(FIRST_ROWS);
  /** Number of organisation and key, in a dictionary of the replay's. */
  key = new Uint32Array(FIRST_ROWS);
  /** Numbers of its two status lists in another, and its indexes there. */
  revocationList = new Uint32Array(FIRST_ROWS);
  revocationIndex = new Uint32Array(FIRST_ROWS);
  suspensionList = new Uint32Array(FIRST_ROWS);
  suspensionIndex = new Uint32Array(FIRST_ROWS);

  protected columns(): Record<string, Column> {
    const { events, status, flags, issued, changed, key } = this;
    const { revocationList, revocationIndex, suspensionList, suspensionIndex } = this;
    const lists = { revocationList, revocationIndex, suspensionList, suspensionIndex };
    return { events, status, flags, issued, changed, key, ...lists };
  }

  protected adopt(columns: Record<string, Column>): void {
    Object.assign(this, columns);
  }
}

/** What is known of every assessment: how many events it has, and flags. */
export class AssessmentTable extends IdTable {
  events = new Uint32Array(FIRST_ROWS);
  flags = new Uint8Array(FIRST_ROWS);

  protected columns(): Record<string, Column> {
    return { events: this.events, flags: this.flags };
  }

  protected adopt(columns: Record<string, Column>): void {
    Object.assign(this, columns);
  }
}
