/**
 * Issuing one credential (`events.md`, step by step): holder found or made, assessment recorded, status indexes taken,
 * document built, signed and digested, and everything committed together. `CredentialIssued` with "no stream" and the
 * `reads` of organisation and definition is the point of commitment: a crash before it leaves nothing, and the same
 * request again ends in the same one credential (S7, S24). Proven by issue.int.spec.ts.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { toBase64url } from '../encoding/base64.js';
import { utf8 } from '../encoding/bytes.js';
import type { JsonObject } from '../encoding/json.js';
import { DomainError } from '../errors.js';
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
import { assess, holderFor, Pending, withRetries } from './assess.js';
import { outcomesNotMet } from './assessment.js';
import { credentialStream } from './credential.events.js';
import { credentialDecider } from './credential.js';
import type { IssueInput } from './credentials.schema.js';
import { credentialDocument } from './document.js';
import { heldCredential } from './held-credential.js';
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
 * @throws DomainError when a rule refuses it; NotFoundError for an unknown organisation or definition; StaleReadError
 *   when definition or organisation keep changing
 */
export async function issueCredential(ledger: Ledger, input: IssueInput, request: RequestContext): Promise<Issued> {
  const id = request.id('credential');
  return withRetries(() => new Issuance(ledger, input, request, id).run());
}

class Issuance {
  readonly #pending: Pending;

  constructor(
    private readonly ledger: Ledger,
    private readonly input: IssueInput,
    private readonly request: RequestContext,
    private readonly id: string,
  ) {
    this.#pending = new Pending(ledger, request);
  }

  async run(): Promise<Issued> {
    const { ledger, input, request, id } = this;
    if (request.repeatable) {
      const events = await ledger.store.readStream(credentialStream(id));
      if (events.length > 0) return this.#issuedBefore(events);
    }
    const organisation = await knownOrganisation(ledger.store, input.organisationId);
    const definition = await knownDefinition(ledger.store, input.definitionId);
    const version = input.version ?? newestVersion(definition)?.version ?? 0;
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
    const linkKey = await this.#share(document, holder);
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
    const appended = await this.#pending.commit();
    return { id, events: appended.at(-1)?.events ?? [], linkKey };
  }

  async #issuedBefore(events: readonly StoredEvent[]): Promise<Issued> {
    return { id: this.id, events, linkKey: (await heldCredential(this.ledger, this.id)).linkKey };
  }

  async #signed(document: JsonObject, organisation: KnownOrganisation, kid: string): Promise<JsonObject> {
    const signer = await this.ledger.issuingKeys.signer(kid);
    return signEddsaJcs(
      document,
      {
        verificationMethod: verificationMethodOf(organisation.did, kid),
        created: this.request.at,
        // S21: the salt of the public digest.
        nonce: toBase64url(new Uint8Array(randomBytes(24))),
      },
      (message) => signer.sign(message),
    );
  }

  /** What the QR code's link shows, encrypted under a key that only the link and the holder's sealed part hold. */
  async #share(document: JsonObject, holder: string): Promise<string> {
    const key = new Uint8Array(randomBytes(32));
    const content = await sealShare(key, utf8(JSON.stringify({ credential: document })));
    const share = await shareId(key);
    await this.#pending.holds(holder, this.id, share);
    this.#pending.appends.push({
      stream: shareVault(share),
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
