/**
 * Issuing one credential (`events.md`, step by step): holder found or made, assessment recorded, status indexes taken,
 * document built, signed and digested, and everything committed together. `CredentialIssued` with "no stream" and the
 * `reads` of organisation and definition is the point of commitment: the same request again ends in the same one
 * credential (S7, S24). On a store that commits one stream at a time a crash may leave any prefix of
 * reservation, holder's key, assessor's key, assessment, the holder's list, share, credential. Each is gone on from by
 * whoever comes next (a reservation without a key gets one, an assessment is not recorded twice) or harmless (a share
 * whose key nobody has). Such a store may also find too late that a citation was stale: the issuance is then voided, and
 * whoever asks again is told so. Proven by issue.int.spec.ts and, prefix by prefix, issue-late.int.spec.ts.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { toBase64url } from '../encoding/base64.js';
import { utf8 } from '../encoding/bytes.js';
import type { JsonObject } from '../encoding/json.js';
import { ConcurrencyError, DomainError, LateStaleReadError } from '../errors.js';
import { NO_STREAM, type Read, type StoredEvent } from '../event-store/event-store.js';
import { prepare } from '../event-store/handle.js';
import { definitionStream } from '../definitions/definition.events.js';
import { mayIssue, newestVersion } from '../definitions/definition.js';
import { shareVault } from '../holders/erasure.js';
import { sealShare, shareId } from '../holders/share-crypto.js';
import { holderVault } from '../holders/vault.js';
import type { Ledger } from '../ledger.js';
import { organisationStream } from '../organisations/organisation.events.js';
import { activeKey, type KnownOrganisation } from '../organisations/organisation.js';
import { verificationMethodOf } from '../organisations/did.js';
import { eventIdsOf, type RequestContext } from '../request-context.js';
import { credentialDigest, signEddsaJcs } from '../verification/data-integrity.js';
import { assess, holderFor, Pending, recordedBefore, withRetries } from './assess.js';
import { outcomesNotMet } from './assessment.js';
import { credentialStream } from './credential.events.js';
import { credentialDecider } from './credential.js';
import type { IssueInput } from './credentials.schema.js';
import { credentialDocument } from './document.js';
import { heldCredential } from './held-credential.js';
import { staleCitation, voidStale } from './void-stale.process.js';
import { knownDefinition } from '../definitions/known-definition.js';
import { knownOrganisation } from '../organisations/known-organisation.js';

export interface Issued {
  readonly id: string;
  /** The events of the credential's stream. */
  readonly events: readonly StoredEvent[];
  /** The key of the printed link, base64url. */
  readonly linkKey: string;
}

/** What is sealed with `CredentialIssued` under the holder's key. */
export interface SealedCredential {
  readonly document: JsonObject;
  /** UUIDs */
  readonly holder: string;
  readonly assessment: string;
  /** The key of the printed link, base64url. */
  readonly linkKey: string;
}

/**
 * @throws DomainError when a rule refuses it, `issuanceVoided` where it is in the log and does not stand; NotFoundError
 *   for an unknown organisation or definition; StaleReadError when definition or organisation keep changing
 */
export async function issueCredential(ledger: Ledger, input: IssueInput, request: RequestContext): Promise<Issued> {
  const id = request.id('credential');
  return withRetries((again) => new Issuance(ledger, input, request, id).run(again));
}

class Issuance {
  readonly #pending: Pending;
  /** Of the share that this attempt makes. */
  #share: string | undefined;

  constructor(
    private readonly ledger: Ledger,
    private readonly input: IssueInput,
    private readonly request: RequestContext,
    private readonly id: string,
  ) {
    this.#pending = new Pending(ledger, request);
  }

  /** @param again whether an earlier attempt of this process may have left something in the store */
  async run(again: boolean): Promise<Issued> {
    const { ledger, input, request, id } = this;
    const isRepeated = request.repeatable || again;
    if (isRepeated) {
      const events = await ledger.store.readStream(credentialStream(id));
      if (events.length > 0) return this.#issuedBefore(events);
    }
    const organisation = await knownOrganisation(ledger.store, input.organisationId);
    const definition = await knownDefinition(ledger.store, input.definitionId);
    const recorded = isRepeated ? await recordedBefore(this.#pending) : undefined;
    const version = input.version ?? recorded?.version ?? newestVersion(definition)?.version ?? 0;
    // Everything that can refuse comes before anything about the person is kept.
    const published = mayIssue(definition, input.organisationId, version, request.at).version;
    const notMet = outcomesNotMet(input.assessment.outcomes, published.content.learningOutcomes.length);
    if (notMet.length > 0) throw new DomainError('outcomeNotMet', { numbers: notMet.join(', ') });
    const key = activeKey(organisation);
    if (!key) throw new DomainError('keyNotActive', { kid: '' });

    const holder = await holderFor(this.#pending, input.holder);
    const { id: assessment, facts } = await assess(this.#pending, input, version, holder, definition);
    const statusLists = await ledger.statusIndexes.take(input.organisationId);
    const validFrom = input.validFrom ?? request.at;
    const validUntil = input.validUntil ?? untilAfter(validFrom, published.content.validity?.months);
    const document = await this.#signed(
      credentialDocument({
        id,
        publicUrl: ledger.publicUrl,
        issuer: { ...organisation.profile, did: organisation.did },
        definition: input.definitionId,
        version,
        content: published.content,
        holder: input.holder,
        assessment: input.assessment,
        route: input.route,
        ...(input.participation === undefined ? {} : { participation: input.participation }),
        ...(input.workload?.hours === undefined ? {} : { hours: input.workload.hours }),
        validFrom,
        ...(validUntil === undefined ? {} : { validUntil }),
        statusLists,
      }),
      organisation,
      key.kid,
    );
    const linkKey = await this.#shareOf(document, holder);
    const sealed: SealedCredential = { document, holder, assessment, linkKey };
    const stream = credentialStream(id);
    const { append, earlier } = await prepare(ledger.store, credentialDecider, {
      stream,
      command: {
        type: 'IssueCredential',
        at: request.at,
        digest: credentialDigest(document),
        organisation: input.organisationId,
        key: key.kid,
        definition: input.definitionId,
        version,
        statusLists,
        validFrom,
        ...(validUntil === undefined ? {} : { validUntil }),
        sealed: [{ under: holderVault(holder), facts: { ...sealed } }],
      },
      context: {
        organisation,
        definition,
        facts: {
          holder: { id: holder, givenName: input.holder.givenName, familyName: input.holder.familyName },
          assessment: facts,
        },
      },
      meta: { ...this.#meta(stream, 'IssueCredential'), reads: readsOf(input, organisation, definition) },
      seal: (parts, place) => this.#pending.seal(parts, place),
      expectedRevision: NO_STREAM,
    });
    // The same request, sent twice at a time, was carried out while this one was being prepared.
    if (!append) return this.#issuedBefore(earlier?.events ?? []);
    this.#pending.appends.push(append);
    return { id, events: await this.#commit(), linkKey };
  }

  async #commit(): Promise<readonly StoredEvent[]> {
    try {
      return (await this.#pending.commit()).at(-1)?.events ?? [];
    } catch (error) {
      if (error instanceof LateStaleReadError) {
        // A crash before this: the worker finds it (`StaleVoiding`), or the same request again.
        await voidStale(this.ledger, this.id);
        throw new DomainError('issuanceVoided');
      }
      // Nothing of this attempt is issued, so nobody has the key of its share.
      if (error instanceof ConcurrencyError && this.#share) await this.ledger.store.deleteStream(this.#share);
      throw error;
    }
  }

  /** @throws DomainError `issuanceVoided`, which an issuance that does not stand becomes here if it was not yet (S7) */
  async #issuedBefore(events: readonly StoredEvent[]): Promise<Issued> {
    const { store } = this.ledger;
    const isVoid = events.some(({ type }) => type === 'CredentialVoided');
    if (!isVoid && events[0] && (await staleCitation(store, events[0]))) await voidStale(this.ledger, this.id);
    else if (!isVoid) return this.#answer(events);
    throw new DomainError('issuanceVoided');
  }

  async #answer(events: readonly StoredEvent[]): Promise<Issued> {
    return { id: this.id, events, linkKey: (await heldCredential(this.ledger, this.id)).linkKey };
  }

  async #signed(document: JsonObject, organisation: KnownOrganisation, kid: string): Promise<JsonObject> {
    return signEddsaJcs(
      document,
      {
        verificationMethod: verificationMethodOf(organisation.did, kid),
        created: this.request.at,
        // S21: the salt of the public digest.
        nonce: toBase64url(new Uint8Array(randomBytes(24))),
      },
      (message, proof) => this.ledger.issuingKeys.sign(kid, message, { kind: 'credential', document, proof }),
    );
  }

  /** What the QR code's link shows, encrypted under a key that only the link and the holder's sealed part hold. */
  async #shareOf(document: JsonObject, holder: string): Promise<string> {
    const key = new Uint8Array(randomBytes(32));
    const content = await sealShare(key, utf8(JSON.stringify({ credential: document })));
    const share = await shareId(key);
    await this.#pending.holds(holder, this.id, share);
    this.#share = shareVault(share);
    this.#pending.appends.push({
      stream: this.#share,
      expectedRevision: NO_STREAM,
      events: [
        {
          id: randomUUID(),
          type: 'ShareCreated',
          v: 1,
          at: this.request.at,
          by: 'process:vault',
          data: { nonce: content.nonce, ciphertext: content.ciphertext },
        },
      ],
    });
    return toBase64url(key);
  }

  #meta(stream: string, command: string): { at: string; by: string; eventIds: (n: number) => string } {
    return { at: this.request.at, by: this.request.by, eventIds: eventIdsOf(this.request, stream, command) };
  }
}

function readsOf(
  input: IssueInput,
  organisation: KnownOrganisation,
  definition: { revision: number },
): readonly Read[] {
  return [
    { stream: organisationStream(input.organisationId), revision: organisation.revision },
    { stream: definitionStream(input.definitionId), revision: definition.revision },
  ];
}

/** Best before: so many calendar months later, at the same time of day in UTC; the 31st becomes the month's last day. */
export function untilAfter(from: string, months: number | undefined): string | undefined {
  if (months === undefined) return undefined;
  const date = new Date(from);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.toISOString();
}
