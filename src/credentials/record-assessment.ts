/** An assessment by itself: what is met and what is not, kept without issuing anything. */
import { newestVersion } from '../definitions/definition.js';
import type { StoredEvent } from '../event-store/event-store.js';
import type { Ledger } from '../ledger.js';
import type { RequestContext } from '../request-context.js';
import { assess, holderFor, Pending, withRetries } from './assess.js';
import { assessmentStream } from './credential.events.js';
import type { AssessmentInput } from './credentials.schema.js';
import { knownDefinition } from '../definitions/known-definition.js';
import { knownOrganisation } from '../organisations/known-organisation.js';

export interface Assessed {
  readonly id: string;
  readonly events: readonly StoredEvent[];
}

/** @throws NotFoundError for an unknown organisation or definition; DomainError when a rule refuses it */
export async function recordAssessment(
  ledger: Ledger,
  input: AssessmentInput,
  request: RequestContext,
): Promise<Assessed> {
  return withRetries((again) => recordOnce(new Pending(ledger, request), input, again));
}

async function recordOnce(pending: Pending, input: AssessmentInput, again: boolean): Promise<Assessed> {
  const { ledger, request } = pending;
  if (request.repeatable || again) {
    const id = request.id('assessment');
    const events = await ledger.store.readStream(assessmentStream(id));
    if (events.length > 0) return { id, events };
  }
  await knownOrganisation(ledger.store, input.organisationId);
  const definition = await knownDefinition(ledger.store, input.definitionId);
  const version = input.version ?? newestVersion(definition)?.version ?? 0;
  const holder = await holderFor(pending, input.holder);
  const { id } = await assess(pending, input, version, holder, definition);
  const stream = assessmentStream(id);
  // The same request, sent twice at a time, was carried out while this one was being prepared.
  if (pending.appends.at(-1)?.stream !== stream) return { id, events: await ledger.store.readStream(stream) };
  const appended = await pending.commit();
  return { id, events: appended.at(-1)?.events ?? [] };
}
