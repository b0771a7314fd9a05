/**
 * Who is assessed and by whom: the holder behind a personal number (S24: one person, one holder) or a new one, the
 * assessor's own key, and the assessment's event (S20, S22). What must be written comes as appends, so that issuing can
 * commit it together with the credential and an assessment alone can commit it by itself.
 * Proven by issue.int.spec.ts.
 */
import { randomUUID } from 'node:crypto';
import type { DefinitionState } from '../definitions/definition.js';
import type { JsonObject } from '../encoding/json.js';
import { ConcurrencyError, DomainError } from '../errors.js';
import type { SealedFacts } from '../event-store/decider.js';
import { NO_STREAM, type Append } from '../event-store/event-store.js';
import { prepare } from '../event-store/handle.js';
import { readPersonalNumber } from '../holders/personal-number.js';
import type { Place } from '../holders/sealing.js';
import { holderVault, memberVault } from '../holders/vault.js';
import type { Ledger } from '../ledger.js';
import { eventIdsOf, type RequestContext } from '../request-context.js';
import { assessmentDecider, type AssessmentFacts } from './assessment.js';
import { assessmentStream } from './credential.events.js';
import type { AssessmentInput, HolderInput } from './credentials.schema.js';

const DAY_MS = 86_400_000;

/** Attempts when another writer was first: a definition or key that has just changed, the same person issued to twice. */
const ATTEMPTS = 4;

/** Runs an attempt, a bounded number of times where another writer was first; each reads everything anew. */
export async function withRetries<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ConcurrencyError) || number >= ATTEMPTS) throw error;
    }
  }
}

/** What is to be committed together, and the keys that are made with it: nobody else may seal under them before. */
export class Pending {
  readonly appends: Append[] = [];
  readonly #newKeys = new Map<string, Uint8Array>();

  constructor(
    readonly ledger: Ledger,
    readonly request: RequestContext,
  ) {}

  /** A key for a vault stream, where there is none. */
  async needsKey(stream: string, person?: JsonObject): Promise<void> {
    if (this.#newKeys.has(stream) || (await this.ledger.vault.key(stream))) return;
    const { key, append } = this.ledger.vault.newKey(stream, this.request.at, person);
    this.appends.push(append);
    this.#newKeys.set(stream, key);
  }

  seal(facts: readonly SealedFacts[], place: Place): Promise<Uint8Array> {
    return this.ledger.vault.seal(facts, place, this.#newKeys);
  }
}

/** UUID of the holder. */
export async function holderFor(pending: Pending, holder: HolderInput): Promise<string> {
  const { ledger, request } = pending;
  const { personalNumber, ...names } = holder;
  if (personalNumber === undefined) {
    const id = request.id('holder');
    await pending.needsKey(holderVault(id), { ...names });
    return id;
  }
  const { number } = readPersonalNumber(personalNumber, request.at.slice(0, 10));
  const stream = `vault-pnr-${ledger.secrets.id('personalNumber', number)}`;
  const [reserved] = await ledger.store.readStream(stream);
  if (reserved) return (reserved.data as unknown as { holder: string }).holder;
  const id = randomUUID();
  pending.appends.push({
    stream,
    expectedRevision: NO_STREAM,
    events: [
      { id: randomUUID(), type: 'PersonReserved', v: 1, at: request.at, by: 'process:vault', data: { holder: id } },
    ],
  });
  await pending.needsKey(holderVault(id), { ...names, personalNumber: number });
  return id;
}

/** Adds the assessment's event, unless the same request has recorded it before; returns its UUID and facts. */
export async function assess(
  pending: Pending,
  input: AssessmentInput,
  version: number,
  holder: string,
  definition: DefinitionState,
): Promise<{ id: string; facts: AssessmentFacts }> {
  const { ledger, request } = pending;
  const { assessor, ...assessed } = input.assessment;
  // A day ahead is the same day elsewhere on Earth; more is a slip of the pen that would be signed.
  if (Date.parse(assessed.assessedOn) > Date.parse(request.at) + DAY_MS) {
    throw new DomainError('assessedAhead', { assessedOn: assessed.assessedOn });
  }
  const facts: AssessmentFacts = {
    ...assessed,
    route: input.route,
    ...(input.participation === undefined ? {} : { participation: input.participation }),
    ...(input.workload === undefined ? {} : { workload: input.workload }),
    holder,
    definition: input.definitionId,
    version,
  };
  const id = request.id('assessment');
  const member = ledger.secrets.id('member', input.organisationId, assessor.name);
  await pending.needsKey(memberVault(member));
  const stream = assessmentStream(id);
  const { append } = await prepare(ledger.store, assessmentDecider, {
    stream,
    command: {
      type: 'RecordAssessment',
      organisation: input.organisationId,
      facts,
      assessor: { member, name: assessor.name },
    },
    context: definition,
    meta: { at: request.at, by: request.by, eventIds: eventIdsOf(request, stream, 'RecordAssessment') },
    seal: (parts, place) => pending.seal(parts, place),
  });
  if (append) pending.appends.push(append);
  return { id, facts };
}
