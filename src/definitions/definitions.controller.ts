/** Definitions over HTTP: draft, publish as version, mandates, and the public catalogue. */
import { Controller, Delete, Get, HttpCode, Post, Put, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { JsonObject } from '../encoding/json.js';
import { DomainError, InputError, NotFoundError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { requestContext } from '../web/idempotency.js';
import { languageOf } from '../web/language.js';
import { Input, Operation, validated } from '../web/operation.js';
import { idParams, listAnswer, nextLink, pageQuery, uuid, wholeNumber, type ListAnswer } from '../web/query.js';
import { etagOf, guarded, ifMatch, settled } from '../web/resource.js';
import { searchCatalogue, type CatalogueRow } from './catalogue.read.js';
import { definitionStream } from './definition.events.js';
import {
  draftOf,
  mandateInForce,
  newestVersion,
  publishedVersion,
  type DefinitionCommand,
  type KnownDefinition,
} from './definition.js';
import { DefinitionRequest } from './definitions.commands.js';
import {
  contentOf,
  contentSchema,
  definitionSchema,
  draftSchema,
  mandateSchema,
  mandateWithdrawalSchema,
  publicationSchema,
  retirementSchema,
  type DefinitionInput,
  type MandateInput,
  type MandateWithdrawalInput,
  type PublicationInput,
  type RetirementInput,
} from './definitions.schema.js';
import { knownOrganisation } from '../organisations/known-organisation.js';
import { knownDefinition } from './known-definition.js';

type IdParams = z.output<typeof idParams>;

const catalogueQuery = z.strictObject({
  ...pageQuery,
  q: z.string().max(200).optional(),
  organisation: uuid.optional(),
});
const versionParams = z.strictObject({ id: uuid, version: wholeNumber(1) });
const mandateParams = z.strictObject({ id: uuid, organisationId: uuid });
/** A whole definition may be sent back as it was first sent; owner and visibility do not change here. */
const revisionSchema = draftSchema.extend({
  organisationId: z.exactOptional(uuid),
  visibility: z.exactOptional(definitionSchema.shape.visibility.removeDefault()),
});

@Controller('api/v1/definitions')
export class DefinitionsController {
  constructor(
    private readonly ledger: Ledger,
    private readonly commands: CommandBus,
  ) {}

  @Post()
  @HttpCode(201)
  @Operation({
    name: 'definition.create',
    summary: 'Create a definition with its first draft.',
    body: definitionSchema,
    status: 201,
    answer: { description: 'The definition.' },
  })
  async create(
    @Input('body') body: DefinitionInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const { organisationId, visibility, ...content } = body;
    // What is internal must be sealed when it is published; a public entry would show it for ever.
    if (visibility === 'internal') throw new DomainError('visibilityNotOffered', { visibility });
    await knownOrganisation(this.ledger.store, organisationId);
    const context = await requestContext(this.ledger, request, 'definition.create', body);
    const id = context.id('definition');
    const run = (command: DefinitionCommand): Promise<unknown> =>
      this.commands.execute(new DefinitionRequest(id, command, context));
    await run({ type: 'CreateDefinition', creator: organisationId, owner: organisationId, visibility });
    await run({ type: 'ReviseDraft', content: content as JsonObject });
    void reply.header('location', `/api/v1/definitions/${id}`);
    return this.#answer(id, reply);
  }

  @Get()
  @Operation({
    name: 'definition.search',
    summary: 'The public catalogue: published definitions.',
    query: catalogueQuery,
    answer: { description: '`{items, next?}`' },
  })
  search(
    @Input('query') query: z.output<typeof catalogueQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): ListAnswer<CatalogueRow> {
    const { items, next } = searchCatalogue(this.ledger.readModels.db, {
      q: query.q,
      owner: query.organisation,
      after: query.cursor,
      limit: query.limit,
    });
    if (next !== undefined) void reply.header('link', nextLink(request.url, String(next)));
    return listAnswer(items, next);
  }

  @Get(':id')
  @Operation({
    name: 'definition.read',
    summary: 'A definition: its versions and who may issue it.',
    params: idParams,
    answer: { description: 'The definition; `content` is that of the newest version.' },
  })
  async read(
    @Input('params') { id }: IdParams,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const definition = await knownDefinition(this.ledger.store, id);
    // Until something is published there is nothing for the public to see.
    if (request.caller?.role !== 'operator' && definition.versions.length === 0)
      throw new NotFoundError('definition', id);
    return this.#answer(id, reply);
  }

  @Get(':id/draft')
  @Operation({
    name: 'definition.readDraft',
    summary: 'The draft in work.',
    params: idParams,
    answer: { description: 'The draft.' },
  })
  async readDraft(
    @Input('params') { id }: IdParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const definition = await knownDefinition(this.ledger.store, id);
    void reply.header('etag', etagOf(definition.revision));
    return this.#draft(id);
  }

  @Put(':id/draft')
  @Operation({
    name: 'definition.reviseDraft',
    summary: 'Replace the draft; it may be unfinished.',
    params: idParams,
    body: revisionSchema,
    answer: { description: 'The draft.' },
  })
  async reviseDraft(
    @Input('params') { id }: IdParams,
    @Input('body') body: z.output<typeof revisionSchema>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const expected = ifMatch(request);
    const definition = await knownDefinition(this.ledger.store, id);
    const { organisationId = definition.owner, visibility = definition.visibility, ...content } = body;
    if (organisationId !== definition.owner || visibility !== definition.visibility) {
      throw new InputError([
        {
          path: organisationId === definition.owner ? 'visibility' : 'organisationId',
          code: 'fixed',
          message: 'is fixed since the definition was created',
        },
      ]);
    }
    const context = await requestContext(this.ledger, request, `definition.reviseDraft/${id}`, body);
    await this.#change(id, { type: 'ReviseDraft', content: content as JsonObject }, context, expected);
    void reply.header('etag', etagOf((await knownDefinition(this.ledger.store, id)).revision));
    return this.#draft(id);
  }

  @Post(':id/publish')
  @HttpCode(201)
  @Operation({
    name: 'definition.publish',
    summary: 'Publish the draft as the next version; it never changes afterwards.',
    params: idParams,
    body: publicationSchema,
    status: 201,
    answer: { description: 'The definition.' },
  })
  async publish(
    @Input('params') { id }: IdParams,
    @Input('body') body: PublicationInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const expected = ifMatch(request);
    const definition = await knownDefinition(this.ledger.store, id);
    const owner = await knownOrganisation(this.ledger.store, definition.owner);
    const draft = validated(contentSchema, await this.#draft(id), languageOf(request.headers['accept-language']));
    const context = await requestContext(this.ledger, request, `definition.publish/${id}`, body);
    const content = contentOf(draft, { organisation: definition.owner, did: owner.did, name: owner.profile.name });
    await this.#change(id, { type: 'PublishVersion', content, ...body }, context, expected);
    const version = newestVersion(await knownDefinition(this.ledger.store, id))?.version ?? 0;
    void reply.header('location', `/api/v1/definitions/${id}/versions/${version}`);
    return this.#answer(id, reply);
  }

  @Get(':id/versions/:version')
  @Operation({
    name: 'definition.readVersion',
    summary: 'One published version, as it stands in the log.',
    params: versionParams,
    answer: { description: 'The version.' },
  })
  async readVersion(@Input('params') { id, version }: z.output<typeof versionParams>): Promise<JsonObject> {
    const definition = await knownDefinition(this.ledger.store, id);
    const published = definition.versions.find((one) => one.version === version);
    if (!published) throw new NotFoundError('version', String(version));
    const events = await this.ledger.store.readStream(definitionStream(id));
    const event = events.find(({ type, data }) => type === 'VersionPublished' && data['version'] === version);
    return { definitionId: id, index: event?.index, ...published } as unknown as JsonObject;
  }

  @Post(':id/retire')
  @HttpCode(200)
  @Operation({
    name: 'definition.retire',
    summary: 'Retire a version: nobody can issue it any more; what is issued stays valid.',
    params: idParams,
    body: retirementSchema,
    answer: { description: 'The definition.' },
  })
  async retire(
    @Input('params') { id }: IdParams,
    @Input('body') body: RetirementInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    publishedVersion(await knownDefinition(this.ledger.store, id), body.version);
    return this.#changed(id, { type: 'RetireVersion', ...body }, 'definition.retire', body, request, reply);
  }

  @Post(':id/mandates/:organisationId')
  @HttpCode(201)
  @Operation({
    name: 'definition.grantMandate',
    summary: 'Let an organisation issue this definition.',
    params: mandateParams,
    body: mandateSchema,
    status: 201,
    answer: { description: 'The definition.' },
  })
  async grantMandate(
    @Input('params') { id, organisationId }: z.output<typeof mandateParams>,
    @Input('body') body: MandateInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const expected = ifMatch(request);
    await knownDefinition(this.ledger.store, id);
    await knownOrganisation(this.ledger.store, organisationId);
    const context = await requestContext(this.ledger, request, `definition.grantMandate/${id}/${organisationId}`, body);
    const mandate = context.id('mandate');
    await this.#change(
      id,
      { type: 'GrantMandate', mandate, organisation: organisationId, at: context.at, ...body },
      context,
      expected,
    );
    void reply.header('location', `/api/v1/definitions/${id}`);
    return this.#answer(id, reply);
  }

  @Delete(':id/mandates/:organisationId')
  @Operation({
    name: 'definition.withdrawMandate',
    summary: "Withdraw an organisation's mandate.",
    params: mandateParams,
    body: mandateWithdrawalSchema,
    answer: { description: 'The definition.' },
  })
  async withdrawMandate(
    @Input('params') { id, organisationId }: z.output<typeof mandateParams>,
    @Input('body') body: MandateWithdrawalInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const inForce = mandateInForce(
      await knownDefinition(this.ledger.store, id),
      organisationId,
      this.ledger.now().toISOString(),
    );
    if (!inForce) throw new NotFoundError('mandate', organisationId);
    const command = { type: 'WithdrawMandate', mandate: inForce.mandate, ...body } as const;
    return this.#changed(id, command, `definition.withdrawMandate/${organisationId}`, body, request, reply);
  }

  async #changed(
    id: string,
    command: DefinitionCommand,
    operation: string,
    body: unknown,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<JsonObject> {
    const context = await requestContext(this.ledger, request, `${operation}/${id}`, body);
    await this.#change(id, command, context, ifMatch(request));
    return this.#answer(id, reply);
  }

  async #change(
    id: string,
    command: DefinitionCommand,
    context: Awaited<ReturnType<typeof requestContext>>,
    expected: number | undefined,
  ): Promise<void> {
    await guarded(expected, () => this.commands.execute(new DefinitionRequest(id, command, context, expected)));
  }

  async #draft(id: string): Promise<JsonObject> {
    const events = await this.ledger.store.readStream(definitionStream(id));
    const revised = events.findLast(({ type }) => type === 'DraftRevised');
    if (!revised) throw new NotFoundError('draft', id);
    const sealed = await this.ledger.vault.open(revised);
    const draft = draftOf({ type: 'DraftRevised', data: {}, sealed });
    if (!draft) throw new NotFoundError('draft', id);
    return draft;
  }

  async #answer(id: string, reply: FastifyReply): Promise<JsonObject> {
    await settled(this.ledger, reply, await this.ledger.store.readStream(definitionStream(id)));
    const definition = await knownDefinition(this.ledger.store, id);
    void reply.header('etag', etagOf(definition.revision));
    return definitionJson(id, definition);
  }
}

function definitionJson(id: string, definition: KnownDefinition): JsonObject {
  const newest = newestVersion(definition);
  return {
    id,
    organisationId: definition.owner,
    creator: definition.creator,
    visibility: definition.visibility,
    ...(newest ? { version: newest.version, content: newest.content } : {}),
    versions: definition.versions.map(({ content: _, ...version }) => version),
    mandates: definition.mandates,
  } as unknown as JsonObject;
}
