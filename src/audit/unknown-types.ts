/** Events that this program does not know: counted, so that an audit says of what it can say nothing. */
import type { ParsedEntry } from '../event-store/entry.js';
import type { UnknownType } from './log-audit.js';

export type CountedType = UnknownType;

/** More names than a program could ever have are somebody's attempt to fill the memory. */
const MOST = 1_000;

export class UnknownTypes {
  readonly #types = new Map<string, UnknownType>();

  add({ stream, type, v }: Pick<ParsedEntry, 'stream' | 'type' | 'v'>, firstIndex: number): void {
    this.#count({ stream: stream.replace(/-.*$/s, '').slice(0, 80), type: type.slice(0, 80), v, count: 1, firstIndex });
  }

  restore(types: readonly UnknownType[]): void {
    for (const type of types) this.#count(type);
  }

  list(): readonly UnknownType[] {
    return [...this.#types.values()].sort((a, b) => a.firstIndex - b.firstIndex);
  }

  #count(one: UnknownType): void {
    const own = `${one.stream} ${one.type} ${one.v}`;
    const name = this.#types.has(own) || this.#types.size < MOST ? own : '… … 0';
    const known = this.#types.get(name) ?? { ...one, ...(name !== own && { stream: '…', type: '…', v: 0 }), count: 0 };
    this.#types.set(name, {
      ...known,
      count: known.count + one.count,
      firstIndex: Math.min(known.firstIndex, one.firstIndex),
    });
  }
}
