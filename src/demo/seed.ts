/**
 * Loads the demonstration data through the same commands as everybody, so that it is issued, logged and anchored. All
 * ids follow from the seed's own requests: a start that was killed half-way goes on where it was.
 */
import { randomUUID } from 'node:crypto';
import type { CommandBus } from '@nestjs/cqrs';
import { IssueRequest } from '../credentials/credentials.commands.js';
import { issueSchema } from '../credentials/credentials.schema.js';
import { DefinitionRequest } from '../definitions/definitions.commands.js';
import { contentOf, contentSchema } from '../definitions/definitions.schema.js';
import type { JsonObject } from '../encoding/json.js';
import { InvariantError } from '../errors.js';
import { NO_STREAM } from '../event-store/event-store.js';
import type { Ledger } from '../ledger.js';
import { organisationDid } from '../organisations/did.js';
import { OrganisationRequest } from '../organisations/organisations.commands.js';
import { repeatable, type RequestContext } from '../request-context.js';
import { DEMO_DEFINITIONS, DEMO_HOLDERS, DEMO_ORGANISATIONS, type DemoDefinition } from './pilots.js';

interface DemoIssuer {
  readonly id: string;
  readonly did: string;
  readonly name: string;
}

const SEED_STREAM = 'vault-seed';

/**
 * Whether the pilots are to be loaded: into an empty ledger where they are wanted, or because loading was interrupted.
 * @param wanted `SEED`; unset means the pilots
 */
export async function isSeedDue(ledger: Ledger, wanted: 'pilots' | 'none' | undefined): Promise<boolean> {
  const marks = await ledger.store.readStream(SEED_STREAM);
  if (marks.length > 0) return marks.at(-1)?.type !== 'SeedFinished';
  const { db } = ledger.readModels;
  const isEmpty = db.prepare('SELECT 1 FROM organisations LIMIT 1').get() === undefined;
  return isEmpty && wanted !== 'none';
}

export async function seedPilots(ledger: Ledger, commands: CommandBus): Promise<void> {
  await mark(ledger, 'SeedStarted');
  const seed = new Seed(ledger, commands);
  const issuers = new Map<string, DemoIssuer>();
  for (const { name, organisationNumber } of DEMO_ORGANISATIONS) {
    issuers.set(name, await seed.organisation(`${name} (demo)`, organisationNumber));
  }
  for (const [row, definition] of DEMO_DEFINITIONS.entries()) {
    const issuer = issuers.get(definition.organisation);
    if (!issuer) throw new InvariantError(`demo definition ${definition.title} has no organisation`);
    const id = await seed.definition(definition, issuer);
    await seed.credential(id, definition, issuer, row);
  }
  await mark(ledger, 'SeedFinished');
  const head = await ledger.store.head();
  await Promise.all([ledger.readModels.caughtUp(head.position), ledger.log.reached(head.logSize)]);
  await ledger.anchoring.sealNow();
}

async function mark(ledger: Ledger, type: 'SeedStarted' | 'SeedFinished'): Promise<void> {
  const last = (await ledger.store.readStream(SEED_STREAM)).at(-1);
  if (last?.type === type) return;
  await ledger.store.append({
    stream: SEED_STREAM,
    expectedRevision: last?.revision ?? NO_STREAM,
    events: [{ id: randomUUID(), type, v: 1, at: ledger.now().toISOString(), by: 'process:seed', data: {} }],
  });
}

class Seed {
  constructor(
    private readonly ledger: Ledger,
    private readonly commands: CommandBus,
  ) {}

  /** @param what names the one thing that is made */
  #request(what: string): RequestContext {
    return repeatable(this.ledger.secrets, 'operator', this.ledger.now(), 'seed', what);
  }

  async organisation(name: string, organisationNumber: string): Promise<DemoIssuer> {
    const request = this.#request(`organisation/${organisationNumber}`);
    const id = request.id('organisation');
    const did = organisationDid(this.ledger.publicUrl, id);
    await this.commands.execute(
      new OrganisationRequest(
        id,
        {
          type: 'RegisterOrganisation',
          id,
          did,
          name,
          organisationNumber,
          country: 'SE',
          roles: ['issuer', 'steward'],
        },
        request,
      ),
    );
    const key = await this.ledger.issuingKeys.make(request.at);
    await this.commands.execute(new OrganisationRequest(id, { type: 'AddIssuingKey', ...key }, request));
    return { id, did, name };
  }

  async definition(demo: DemoDefinition, issuer: DemoIssuer): Promise<string> {
    const request = this.#request(`definition/${demo.title}`);
    const id = request.id('definition');
    const content = contentSchema.parse(contentFor(demo));
    const creator = { organisation: issuer.id, did: issuer.did, name: issuer.name };
    const run = (command: DefinitionRequest['command']): Promise<unknown> =>
      this.commands.execute(new DefinitionRequest(id, command, request));
    await run({ type: 'CreateDefinition', creator: issuer.id, owner: issuer.id, visibility: 'public' });
    await run({ type: 'ReviseDraft', content: content as unknown as JsonObject });
    await run({ type: 'PublishVersion', content: contentOf(content, creator, true) });
    return id;
  }

  async credential(definitionId: string, demo: DemoDefinition, issuer: DemoIssuer, row: number): Promise<void> {
    const holder = DEMO_HOLDERS[row % DEMO_HOLDERS.length];
    const input = issueSchema.parse({
      definitionId,
      organisationId: issuer.id,
      holder,
      route: 'workplace',
      participation: 'workplace',
      assessment: {
        assessedOn: this.ledger.now().toISOString().slice(0, 10),
        method: METHOD,
        assessor: { name: 'Påhittad Bedömare' },
        outcomes: demo.outcomes.map((_, index) => ({ number: index + 1, met: true })),
        supervision: 'supervisedWithIdCheck',
      },
    });
    await this.commands.execute(new IssueRequest(input, this.#request(`credential/${demo.title}`)));
  }
}

/** Observation på arbetsplats, styrda uppgifter. */
const METHOD = 'workplaceObservationOfSetTasks';

function contentFor(demo: DemoDefinition): JsonObject {
  return {
    title: { sv: demo.title },
    summary: { sv: `Demonstrationsdata. Mikromeriten visar att innehavaren kan det som läranderesultaten anger.` },
    tasks: demo.tasks.map((sv) => ({ sv })),
    learningOutcomes: demo.outcomes.map((outcome) => ({ language: 'sv', lead: 'Innehavaren kan', ...outcome })),
    workload: { hours: demo.hours },
    level: { framework: 'EQF', level: 4, basis: 'issuer' },
    assessmentMethods: [METHOD],
    participation: ['workplace'],
    qualityAssurance: [
      {
        type: 'internal',
        description: { sv: 'Demonstrationsdata: bedömning mot läranderesultaten av en yrkesbedömare.' },
      },
    ],
    ...(demo.validityMonths === undefined ? {} : { validity: { months: demo.validityMonths } }),
  };
}
