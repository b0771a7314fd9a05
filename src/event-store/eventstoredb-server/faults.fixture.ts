/**
 * What can go wrong between a client and EventStoreDB, in a test's hand. A fault is set for the next calls that it fits;
 * without one, everything goes well. Proof: eventstoredb-server.int.spec.ts.
 */

/** The calls that faults tell apart. A subscription is a `read` that stays. */
export type Call = 'append' | 'delete' | 'read' | 'subscribe';

/**
 * - `unavailable`: refused with the gRPC status UNAVAILABLE, nothing written (a proxy, a server that shuts down).
 * - `notReady`: refused as a server says it that is starting: UNAVAILABLE, to BatchAppend an error that has no name.
 * - `timeout`, `writtenTimeout`: answers that the time ran out; nothing is written, or all of it. No client can tell which.
 * - `lateTimeout`: the same, and it is written when the test says `writeLate`.
 * - `cut`: the connection breaks before anything is written.
 * - `loseAnswer`: everything is written, and the connection breaks before the answer.
 */
export type Fault = 'unavailable' | 'notReady' | 'timeout' | 'writtenTimeout' | 'lateTimeout' | 'cut' | 'loseAnswer';

/** Which calls a fault or a hold is for; all that match if nothing is said. */
export interface Where {
  readonly call?: Call;
  /** Of the stream's name; `$all` for reads of everything. */
  readonly stream?: (name: string) => boolean;
  /** How many calls it is for. 1 if not said. */
  readonly times?: number;
}

/** Calls that wait, before they are carried out or before they are answered, until they are released. */
export interface Hold {
  /** Resolves when the first call waits. */
  readonly reached: Promise<void>;
  /** Lets go those that wait and ends the hold. */
  readonly release: () => void;
}

interface Entry<T> {
  readonly what: T;
  readonly where: Where;
  left: number;
}

/** A promise and what fulfils it. */
interface Signal {
  readonly given: Promise<void>;
  readonly give: () => void;
}

interface Gate {
  readonly at: 'before' | 'after';
  readonly gate: Signal;
  readonly arrival: Signal;
}

export class Faults {
  readonly #faults: Entry<Fault>[] = [];
  readonly #holds: Entry<Gate>[] = [];
  #flow: Signal | undefined;
  readonly #late: (() => void)[] = [];
  /** Every call that came, with the stream's name. */
  readonly calls: { readonly call: Call; readonly stream: string }[] = [];
  /** How to break what is under way; set by the server. */
  cutConnections: () => void = () => undefined;
  cutSubscriptions: () => void = () => undefined;

  /** The next calls that fit fare so. */
  next(what: Fault, where: Where = {}): void {
    this.#faults.push({ what, where, left: where.times ?? 1 });
  }

  /** Calls that fit wait before they are carried out (`before`), or carried out but not answered (`after`). */
  hold(at: 'before' | 'after', where: Where = {}): Hold {
    const gate = signal();
    const arrival = signal();
    const entry: Entry<Gate> = { what: { at, gate, arrival }, where, left: where.times ?? Infinity };
    this.#holds.push(entry);
    return {
      reached: arrival.given,
      release: () => {
        entry.left = 0;
        gate.give();
      },
    };
  }

  /** Nothing reaches subscribers until `resumeSubscriptions`: they lag behind the log. */
  pauseSubscriptions(): void {
    this.#flow ??= signal();
  }

  resumeSubscriptions(): void {
    this.#flow?.give();
    this.#flow = undefined;
  }

  /** Carries out what ended in a `lateTimeout`, in the order in which it came. */
  writeLate(): void {
    for (const write of this.#late.splice(0)) write();
  }

  /** For the server: what is to be written late. */
  postpone(write: () => void): void {
    this.#late.push(write);
  }

  /** Takes back every fault and hold. */
  clear(): void {
    this.#faults.length = 0;
    this.#late.length = 0;
    for (const { what } of this.#holds) what.gate.give();
    this.#holds.length = 0;
    this.resumeSubscriptions();
  }

  /** For the server: what the call that came fares like. */
  take(call: Call, stream: string): Fault | undefined {
    this.calls.push({ call, stream });
    return find(this.#faults, call, stream)?.what;
  }

  /** For the server: waits as the holds say. */
  async pass(at: 'before' | 'after', call: Call, stream: string): Promise<void> {
    const gates = this.#holds.filter(({ what }) => what.at === at);
    const held = find(gates, call, stream);
    held?.what.arrival.give();
    await held?.what.gate.given;
  }

  /** For the server: waits while subscribers are kept behind. */
  async flowing(): Promise<void> {
    await this.#flow?.given;
  }
}

function signal(): Signal {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give };
}

function find<T>(entries: readonly Entry<T>[], call: Call, stream: string): Entry<T> | undefined {
  const found = entries.find(
    ({ where, left }) => left > 0 && (where.call ?? call) === call && (where.stream?.(stream) ?? true),
  );
  if (found !== undefined) found.left -= 1;
  return found;
}
