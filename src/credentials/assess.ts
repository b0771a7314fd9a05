/**
 * Who is assessed and by whom: the holder behind a personal number (S24: one person, one holder) or a new one, the
 * assessor's own key, and the assessment's event (S20, S22). What must be written comes as appends, so that issuing can
 * commit it together with the credential and an assessment alone can commit it by itself.
 * Proven by issue.int.spec.ts.
 */
import { randomUUID } from 'node:crypto';
import type { DefinitionState } from '../definitions/definition.js';
import type { JsonObject } from '../encoding/json.js';
import { ConcurrencyError, DomainError, LateStaleReadError, StaleReadError } from '../errors.js';
import type { SealedFacts } from '../event-store/decider.js';
import { NO_STREAM, type Append, type Appended } from '../event-store/event-store.js';
import { load, prepare } from '../event-store/handle.js';
import { credentialHeld, isClosed, isErased, reservationVault } from '../holders/erasure.js';
import { readPersonalNumber } from '../holders/personal-number.js';
import type { Place } from '../holders/sealing.js';
import { holderVault, memberVault } from '../holders/vault.js';
import type { Ledger } from '../ledger.js';
import { eventIdsOf, type RequestContext } from '../request-context.js';
import { assessmentDecider, type AssessmentFacts } from './assessment.js';
import { assessmentStream } from './credential.events.js';
import type { AssessmentInput, HolderInput } from './credentials.schema.js';

const DAY_MS = 86_400_000;

/**
 * Attempts when another writer was first: a definition or key that has just changed, the same person issued to twice. On
 * a store that commits one stream at a time each of an issuance's streams may be lost to another, one after the other.
 */
const ATTEMPTS = 8;
/** Attempts where only the holder's own list has grown meanwhile: nothing needs to be decided or signed again. */
const LIST_ATTEMPTS = 64;

/**
 * Runs an attempt, a bounded number of times where another writer was first; each reads everything anew. What has been
 * written late is in the store for good (S7): it is not for another attempt to mend.
 * @param attempt is told whether an attempt before it may have left a part of its work in the store
 */
export async function withRetries<Result>(attempt: (again: boolean) => Promise<Result>): Promise<Result> {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(number > 1);
    } catch (error) {
      const isLate = error instanceof LateStaleReadError;
      if (isLate || !(error instanceof ConcurrencyError) || number >= ATTEMPTS) throw error;
    }
  }
}

/** What is to be committed together, and the keys that are made with it: nobody else may seal under them before. */
export class Pending {
  readonly appends: Append[] = [];
  readonly #newKeys = new Map<string, Uint8Array>();
  /** The list that others may write too, and how its append is made again. */
  #list: { readonly stream: string; readonly again: () => Promise<void> } | undefined;

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

  /** @throws ConcurrencyError where the holder has been erased since it was found */
  async seal(facts: readonly SealedFacts[], place: Place): Promise<Uint8Array> {
    for (const { under } of facts) {
      if (this.#newKeys.has(under) || (await this.ledger.vault.key(under))) continue;
      throw new ConcurrencyError(under, 0, NO_STREAM);
    }
    return this.ledger.vault.seal(facts, place, this.#newKeys);
  }

  /**
   * Says in the holder's own stream which credential it holds and which share shows it: by that erasing finds them. It
   * comes before the share, so that there is never a share that no list has.
   * @throws ConcurrencyError where the holder is being erased
   */
  async holds(holder: string, credential: string, share: string): Promise<void> {
    const stream = holderVault(holder);
    const append = async (expectedRevision: number): Promise<Append> => {
      const sealed = await this.seal([{ under: stream, facts: { credential } }], {
        stream,
        revision: expectedRevision + 1,
      });
      return { stream, expectedRevision, events: [credentialHeld(this.request.at, share, sealed)] };
    };
    const made = this.appends.find((one) => one.stream === stream);
    if (made) {
      this.appends.push(await append(made.events.length - 1));
      return;
    }
    const place = this.appends.length;
    const again = async (): Promise<void> => {
      const events = await this.ledger.store.readStream(stream);
      const revision = events.at(-1)?.revision ?? NO_STREAM;
      if (isClosed(events)) throw new ConcurrencyError(stream, revision, revision);
      this.appends[place] = await append(revision);
    };
    this.#list = { stream, again };
    await again();
  }

  /** @throws what `appendMany` throws */
  async commit(): Promise<readonly Appended[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.ledger.vault.checkEpochs(this.appends);
        return await this.ledger.store.appendMany(this.appends);
      } catch (error) {
        const isList =
          error instanceof ConcurrencyError &&
          !(error instanceof StaleReadError) &&
          error.stream === this.#list?.stream;
        if (!isList || attempt >= LIST_ATTEMPTS) throw error;
        await this.#list?.again();
      }
    }
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
  const stream = reservationVault(ledger.secrets, number);
  const [reserved] = await ledger.store.readStream(stream);
  if (reserved) {
    const { holder: id } = reserved.data as unknown as { holder: string };
    if (await ledger.vault.key(holderVault(id))) return id;
    if (!isErased(ledger.config.keysDir, id)) {
      // Reserved by an attempt that was cut off before it made the key.
      await pending.needsKey(holderVault(id), { ...names, personalNumber: number });
      return id;
    }
    // An old copy of the store brought back the reservation of a holder that was erased, but not its number.
    await ledger.store.deleteStream(stream);
  }
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

/**
 * What this request has recorded before, where it was cut off between the assessment and the credential.
 * @throws DomainError `holderErased` where it can no longer be opened
 */
export async function recordedBefore({ ledger, request }: Pending): Promise<AssessmentFacts | undefined> {
  const stream = assessmentStream(request.id('assessment'));
  const { state } = await load(ledger.store, assessmentDecider, stream, (event) => ledger.vault.open(event));
  return state.is === 'unrecorded' ? undefined : opened(state.facts);
}

/**
 * Adds the assessment's event, unless the same request has recorded it before; returns its UUID and facts.
 * @throws ConcurrencyError where the same request recorded it meanwhile, against another version
 */
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
  const member = await memberFor(ledger, input.organisationId, assessor.name);
  await pending.needsKey(memberVault(member));
  const stream = assessmentStream(id);
  const { append, loaded } = await prepare(ledger.store, assessmentDecider, {
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
    open: (event) => ledger.vault.open(event),
  });
  if (append) {
    pending.appends.push(append);
    return { id, facts };
  }
  // Recorded before, and that is what is issued upon.
  const recorded = loaded.state.is === 'recorded' ? opened(loaded.state.facts) : facts;
  if (recorded.version !== version) throw new ConcurrencyError(stream, NO_STREAM, loaded.revision);
  return { id, facts: recorded };
}

function opened(facts: AssessmentFacts | 'sealed'): AssessmentFacts {
  if (facts === 'sealed') throw new DomainError('holderErased');
  return facts;
}

/**
 * UUID of an assessor, the same for the same name at an organisation. In an older copy of the store that was put back
 * their key may have died with its epoch (S23): then they go on under another id.
 */
async function memberFor({ secrets, store, vault }: Ledger, organisation: string, name: string): Promise<string> {
  for (let n = 0; ; n += 1) {
    const member = secrets.id('member', organisation, name, ...(n === 0 ? [] : [n]));
    const stream = memberVault(member);
    if ((await vault.key(stream)) || (await store.readStream(stream)).length === 0) return member;
  }
}
