/**
 * A ledger without HTTP and without a chain, for tests of what lies between the store and those two: the same parts as
 * `ledger.ts` puts together, over any event store. Opened again over the same store and folder, it is a restarted one.
 */
import { join } from 'node:path';
import { BatchSealer } from './anchoring/batch-sealer.js';
import { batchesProjection } from './anchoring/batches.read.js';
import { credentialDecider } from './credentials/credential.js';
import { registerProjection } from './credentials/register.read.js';
import { issueSchema, type IssueInput } from './credentials/credentials.schema.js';
import { StatusIndexes } from './credentials/status-indexes.js';
import { statusListsProjection } from './credentials/status-lists.read.js';
import { StatusPublisher } from './credentials/status-publisher.js';
import { signer as ed25519 } from './crypto/ed25519.js';
import { Secrets } from './crypto/secrets.js';
import { catalogueProjection } from './definitions/catalogue.read.js';
import { definitionStream } from './definitions/definition.events.js';
import { definitionDecider, type DefinitionCommand } from './definitions/definition.js';
import { contentOf, contentSchema } from './definitions/definitions.schema.js';
import type { JsonObject } from './encoding/json.js';
import type { EventStore } from './event-store/event-store.js';
import { handle } from './event-store/handle.js';
import { ReadModels } from './event-store/projections.js';
import { EpochKeys } from './holders/epoch-keys.js';
import { vaultKeysProjection } from './holders/keys.read.js';
import { organisationVault, Vault } from './holders/vault.js';
import type { Ledger } from './ledger.js';
import { HeadSigner } from './log/head-signer.js';
import { TransparencyLog } from './log/transparency-log.js';
import { organisationDid } from './organisations/did.js';
import { IssuingKeys } from './organisations/issuing-keys.js';
import { issuingKeysProjection } from './organisations/issuing-keys.read.js';
import { organisationStream } from './organisations/organisation.events.js';
import { organisationDecider, type OrganisationCommand } from './organisations/organisation.js';
import { organisationsProjection } from './organisations/organisations.read.js';
import { oneOff, repeatable, type RequestContext } from './request-context.js';

export const PUBLIC_URL = 'http://ledger.example';
const METHOD = 'workplaceObservationOfSetTasks';
const AT = new Date('2026-03-01T12:00:00Z');

export class SmallLedger {
  /** The parts under the names that `Ledger` gives them. */
  readonly ledger: Ledger;

  private constructor(
    readonly store: EventStore,
    readonly secrets: Secrets,
    readonly vault: Vault,
    readonly issuingKeys: IssuingKeys,
    readonly log: TransparencyLog,
    readonly signer: HeadSigner,
    readonly readModels: ReadModels,
    readonly statusIndexes: StatusIndexes,
    readonly statusPublisher: StatusPublisher,
    readonly sealer: BatchSealer,
    readonly config: { readonly keysDir: string },
    readonly now: () => Date,
  ) {
    this.ledger = Object.assign({ publicUrl: PUBLIC_URL }, this) as unknown as Ledger;
  }

  /** @param folder an existing folder of this ledger's own */
  static async open(store: EventStore, folder: string, now: () => Date = () => AT): Promise<SmallLedger> {
    const secrets = new Secrets(new Uint8Array(32).fill(1));
    const vault = new Vault(store, secrets, EpochKeys.open(folder, secrets, true));
    const log = new TransparencyLog(store);
    const key = { origin: 'ledger.example/log', ...ed25519(new Uint8Array(32).fill(2)) };
    const headSigner = new HeadSigner(store, log, key, join(folder, 'last-signed-head.json'), now);
    await log.start();
    await headSigner.start();
    const projections = [
      organisationsProjection,
      catalogueProjection,
      registerProjection,
      statusListsProjection,
      batchesProjection,
      vaultKeysProjection,
      issuingKeysProjection,
    ];
    const models = await ReadModels.start(join(folder, 'read-models'), store, projections, (e) => vault.open(e));
    await models.caughtUp((await store.head()).position);
    const keys = new IssuingKeys(store, secrets);
    const publisher = new StatusPublisher(store, models, keys, PUBLIC_URL, now);
    return new SmallLedger(
      store,
      secrets,
      vault,
      keys,
      log,
      headSigner,
      models,
      new StatusIndexes(store, secrets, now),
      publisher,
      new BatchSealer(store, models, log, headSigner, () => publisher.publish(), now),
      { keysDir: folder },
      now,
    );
  }

  /** Ends it; the store stays open. */
  async stop(): Promise<void> {
    await this.log.stop();
    await this.readModels.stop();
  }

  /** Waits until log and read models have everything in the store. */
  async settle(): Promise<void> {
    const head = await this.store.head();
    await Promise.all([this.log.reached(head.logSize), this.readModels.caughtUp(head.position)]);
  }

  async onOrganisation(id: string, command: OrganisationCommand): Promise<void> {
    const stream = organisationStream(id);
    const meta = { at: AT.toISOString(), by: 'operator' };
    await handle(this.store, organisationDecider, { stream, command, context: undefined, meta });
  }

  async onDefinition(id: string, command: DefinitionCommand): Promise<void> {
    await handle(this.store, definitionDecider, {
      stream: definitionStream(id),
      command,
      context: undefined,
      meta: { at: AT.toISOString(), by: 'operator' },
      seal: (facts, place) => this.vault.seal(facts, place),
    });
  }

  /** An organisation with a key; its id. */
  async organisation(): Promise<string> {
    const id = crypto.randomUUID();
    await this.vault.ensureKey(organisationVault(id), AT.toISOString());
    await this.onOrganisation(id, {
      type: 'RegisterOrganisation',
      id,
      did: organisationDid(PUBLIC_URL, id),
      name: 'Påhittad Utbildning',
      organisationNumber: '2021002114',
      country: 'SE',
      roles: ['issuer', 'steward'],
    });
    await this.onOrganisation(id, { type: 'AddIssuingKey', ...(await this.issuingKeys.make(AT.toISOString())) });
    return id;
  }

  /** A published definition with two learning outcomes; its id. */
  async definition(owner: string): Promise<string> {
    const id = crypto.randomUUID();
    await this.onDefinition(id, { type: 'CreateDefinition', creator: owner, owner, visibility: 'public' });
    await this.publish(id, owner);
    return id;
  }

  async publish(definition: string, owner: string): Promise<void> {
    const creator = { organisation: owner, did: organisationDid(PUBLIC_URL, owner), name: 'Påhittad Utbildning' };
    await this.onDefinition(definition, {
      type: 'PublishVersion',
      content: contentOf(contentSchema.parse(CONTENT), creator),
    });
  }

  async revoke(credential: string): Promise<void> {
    await handle(this.store, credentialDecider, {
      stream: `credential-${credential}`,
      command: { type: 'RevokeCredential', reasonCode: 'issuedInError' },
      context: undefined,
      meta: { at: AT.toISOString(), by: 'operator' },
    });
  }

  oneOff(): RequestContext {
    return oneOff('operator', AT);
  }

  /** What an Idempotency-Key makes of a request. */
  repeatable(key: string): RequestContext {
    return repeatable(this.secrets, 'operator', AT, 'operator/credential.issue', key);
  }
}

export function issuanceOf(definitionId: string, organisationId: string, holder: JsonObject = SOMEBODY): IssueInput {
  return issueSchema.parse({
    definitionId,
    organisationId,
    holder,
    route: 'workplace',
    assessment: {
      assessedOn: '2026-02-28',
      method: METHOD,
      assessor: { name: 'Påhittad Bedömare' },
      outcomes: [1, 2].map((number) => ({ number, met: true })),
      supervision: 'supervisedWithIdCheck',
    },
  });
}

const SOMEBODY = { givenName: 'Namnlös', familyName: 'Testsson' };

const outcome = (category: string, activity: string): JsonObject => ({
  category,
  language: 'sv',
  lead: 'Innehavaren kan',
  activity,
  content: 'för hur lagning av optofiber genomförs',
  context: 'för att akut laga en förbindelse',
});

const CONTENT: JsonObject = {
  title: { sv: 'Reparationsberedskap' },
  summary: { sv: 'Akut lagning av optofiber.' },
  tasks: [{ sv: 'Innehavaren kan laga en optofiber.' }],
  learningOutcomes: [outcome('knowledge', 'redogöra'), outcome('skill', 'hantera')],
  workload: { hours: 24 },
  assessmentMethods: [METHOD],
  participation: ['workplace'],
  qualityAssurance: [{ type: 'internal', description: { sv: 'En yrkesbedömare bedömer.' } }],
  validity: { months: 36 },
};
