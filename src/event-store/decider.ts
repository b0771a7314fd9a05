/**
 * The shape of every domain module (emmett's and Jérémie Chassaing's decider): pure, no clock, no chance, no I/O.
 * Time, ids, nonces and signatures come in with the command, so that a replay can decide again (S17).
 */
import type { JsonObject } from '../encoding/json.js';

/** Private facts of an event, to be sealed under the key of the person or organisation they are about (S22). */
export interface SealedFacts {
  /** Vault stream that holds the wrapped key, for example `vault-holder-<uuid>`. */
  readonly under: string;
  readonly facts: JsonObject;
}

/**
 * A domain event: `type` is a literal in the log for ever, `v` the version of its shape (1 when absent). A type whose
 * shape has changed names its version, `DomainEvent<'Type', Data, 2>`, and then has as many upcasters (`upcasting.ts`).
 */
export interface DomainEvent<
  Type extends string = string,
  Data extends object = object,
  Version extends number = number,
> {
  readonly type: Type;
  readonly v?: Version;
  readonly data: Data;
  readonly sealed?: readonly SealedFacts[];
}

/** What `evolve` may know of an event besides its data. */
export interface EventMeta {
  readonly stream: string;
  readonly revision: number;
  readonly at: string;
  /** Index in the log; absent in vault streams. */
  readonly index?: number;
}

export interface Decider<State, Command, Event extends DomainEvent, Context = undefined> {
  readonly initialState: State;
  /** @throws DomainError when a rule refuses the command. `[]` means there is nothing to do. */
  decide(command: Command, state: State, context: Context): readonly Event[];
  /** Total: folds every event, also ones whose commands would be refused today. */
  evolve(state: State, event: Event, meta: EventMeta): State;
}

/** A decider that also says from which command an event follows, so that a replay can decide again (S17). */
export interface ReplayableDecider<State, Command, Event extends DomainEvent, Context = undefined> extends Decider<
  State,
  Command,
  Event,
  Context
> {
  /**
   * The command whose decision, on the state before the event, is exactly this event. What was chosen (id, time,
   * index, nonce) stands in the event or its `meta`; facts that could not be opened come as `sealed` or are left out.
   */
  commandOf(event: Event, meta: EventMeta): Command;
}
