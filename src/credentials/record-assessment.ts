/** An assessment by itself: what is met and what is not, kept without issuing anything. */
import { definitionDecider, newestVersion } from '../definitions/definition.js';
import { definitionStream } from '../definitions/definition.events.js';
import { ConcurrencyError, NotFoundError } from '../errors.js';
import type { StoredEvent } from '../event-store/event-store.js';
import { load } from '../event-store/handle.js';
import type { Ledger } from '../ledger.js';
import { organisationStream } from '../organisations/organisation.events.js';
import { organisationDecider } from '../organisations/organisation.js';
import type { RequestContext } from '../request-context.js';
import { assess, holderFor, Pending } from './assess.js';
import { assessmentStream } from './credential.events.js';
import type { AssessmentInput } from './credentials.schema.js';

const ATTEMPTS = 4;

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
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await recordOnce(new Pending(ledger, request), input);
    } catch (error) {
      if (!(error instanceof ConcurrencyError) || attempt >= ATTEMPTS) throw error;
    }
  }
}

async function recordOnce(pending: Pending, input: AssessmentInput): Promise<Assessed> {
  const { ledger, request } = pending;
  if (request.repeatable) {
    const id = request.id('assessment');
    const events = await ledger.store.readStream(assessmentStream(id));
    if (events.length > 0) return { id, events };
  }
  const organisation = await load(ledger.store, organisationDecider, organisationStream(input.organisationId));
  if (organisation.state.is === 'unregistered') throw new NotFoundError('organisation', input.organisationId);
  const { state: definition } = await load(ledger.store, definitionDecider, definitionStream(input.definitionId));
  if (definition.is === 'uncreated') throw new NotFoundError('definition', input.definitionId);
  const version = input.version ?? newestVersion(definition)?.version ?? 0;
  const holder = await holderFor(pending, input.holder);
  const { id } = await assess(pending, input, version, holder, definition);
  const stream = assessmentStream(id);
  // The same request, sent twice at a time, was carried out while this one was being prepared.
  if (pending.appends.at(-1)?.stream !== stream) return { id, events: await ledger.store.readStream(stream) };
  const appended = await ledger.store.appendMany(pending.appends);
  return { id, events: appended.at(-1)?.events ?? [] };
}
