/**
 * Deciding an event again (S17): the command that it follows from, decided on the state before it, must come to that very
 * event. Says what comes out instead where it does not. Pure. Proven by audit.spec.ts, event by event.
 */
import { canonicalize } from '../encoding/jcs.js';
import { DomainError } from '../errors.js';
import type { DomainEvent, EventMeta, ReplayableDecider } from '../event-store/decider.js';
import type { Rule } from './findings.js';
import { isSameJson } from './same-json.js';

/** Why an event does not follow. */
export interface Refusal {
  readonly rule: Rule;
  readonly code: string;
  readonly detail: string;
}

/** What of a decider it takes; a state need hold no more than `decide` looks at. */
export type Deciding<State, Command, Event extends DomainEvent, Context> = Pick<
  ReplayableDecider<State, Command, Event, Context>,
  'decide' | 'commandOf'
>;

export function decideAgain<State, Command, Event extends DomainEvent, Context>(
  decider: Deciding<State, Command, Event, Context>,
  event: Event,
  meta: EventMeta,
  state: State,
  context: Context,
): Refusal | undefined {
  let decided: readonly DomainEvent[];
  try {
    decided = decider.decide(decider.commandOf(event, meta), state, context);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const detail = `${event.type} in ${meta.stream}: refused, ${error.message}`;
    return { rule: RULES[error.code] ?? 'S17', code: error.code, detail };
  }
  const [only, ...others] = decided;
  if (!only || others.length > 0) {
    const detail = `${event.type} in ${meta.stream}: deciding it again comes to ${decided.length} events`;
    return { rule: 'S17', code: 'decidedOtherwise', detail };
  }
  if (only.type === event.type && isSameJson(only.data, event.data)) return undefined;
  const [expected, got] = [only, event].map(({ type, data }) => canonicalize({ type, data }).slice(0, 500));
  const detail = `${event.type} in ${meta.stream}: expected ${expected}, got ${got}`;
  return { rule: 'S17', code: 'decidedOtherwise', detail };
}

/** Rules that refusals of the domain guard, by their codes; all others are refused by S17 alone. */
const RULES: Readonly<Record<string, Rule>> = {
  keyNotActive: 'S8',
  keyUnknown: 'S8',
  keyUsed: 'S8',
  keyMalformed: 'S8',
  kidMismatch: 'S8',
  didMismatch: 'S8',
  fromIndexNeedsCompromise: 'S8',
  fromIndexOutOfRange: 'S8',
  keyAuthorisationMissing: 'S13',
  keyAuthorisationInvalid: 'S13',
  statusListFull: 'S25',
  vkeyMismatch: 'S2',
  notThePreviousOrigin: 'S16',
  originUsed: 'S16',
  chainUnknown: 'S19',
  chainKnown: 'S19',
  chainClosed: 'S10',
  chainCoversItself: 'S10',
  notTheAnchorer: 'S19',
  anchorerUsed: 'S19',
  rotationNotSigned: 'S19',
};
