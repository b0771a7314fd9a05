/**
 * Specifications of deciders in three steps: `given(decider, events).when(command, context).then(events)`, or
 * `.thenRefused(code)`. For specs only: it expects with Jest. Shape after emmett's `DeciderSpecification`; proven by
 * given-when-then.spec.ts.
 */
import { expect } from '@jest/globals';
import { DomainError } from '../errors.js';
import type { Decider, DomainEvent, EventMeta } from './decider.js';

export interface Outcome<State, Event> {
  /** Expects exactly these events, `[]` where there is nothing to do. Answers the state after them. */
  then(expected: readonly Event[]): State;
  /** Expects a `DomainError` with this code, and these parameters where given. */
  thenRefused(code: string, params?: Readonly<Record<string, string | number>>): void;
}

export interface Given<State, Command, Event, Context> {
  /** The state after the given events. */
  readonly state: State;
  when(command: Command, ...context: undefined extends Context ? [Context?] : [Context]): Outcome<State, Event>;
}

/**
 * Folds the given events: revisions and log indexes from 0, all at 2026-01-01T00:00:00.000Z in the stream `subject`,
 * where `meta` does not say otherwise.
 */
export function given<State, Command, Event extends DomainEvent, Context>(
  decider: Decider<State, Command, Event, Context>,
  events: readonly Event[],
  meta: (revision: number) => Partial<EventMeta> = () => ({}),
): Given<State, Command, Event, Context> {
  function fold(initial: State, more: readonly Event[], from: number): State {
    return more.reduce((state, event, i) => {
      const revision = from + i;
      const place = { stream: 'subject', revision, at: '2026-01-01T00:00:00.000Z', index: revision };
      return decider.evolve(state, event, { ...place, ...meta(revision) });
    }, initial);
  }

  const state = fold(decider.initialState, events, 0);
  return {
    state,
    when(command, ...[context]) {
      return {
        then(expected) {
          const decided = decider.decide(command, state, context as Context);
          expect(decided).toEqual(expected);
          return fold(state, decided, events.length);
        },
        thenRefused(code, params) {
          let outcome: unknown;
          try {
            outcome = decider.decide(command, state, context as Context);
          } catch (error) {
            if (!(error instanceof DomainError)) throw error;
            outcome = { refused: error.code, ...(params && { params: error.params }) };
          }
          expect(outcome).toEqual({ refused: code, ...(params && { params }) });
        },
      };
    },
  };
}
