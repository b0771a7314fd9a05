/** Organisations over HTTP: register, list, read, keys, and their DID documents. */
import { Controller, Get, HttpCode, Post, Put, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { JsonObject } from '../encoding/json.js';
import { load } from '../event-store/handle.js';
import { NotFoundError } from '../errors.js';
import { Ledger } from '../ledger.js';
import type { RequestContext } from '../request-context.js';
import { requestContext } from '../web/idempotency.js';
import { Input, Operation } from '../web/operation.js';
import { idParams, listAnswer, nextLink, pageQuery, uuid, type ListAnswer } from '../web/query.js';
import { PreconditionError } from '../web/problem.js';
import { etagOf, guarded, ifMatch, settled } from '../web/resource.js';
import { didDocument, organisationDid } from './did.js';
import { newIssuingKey } from './new-issuing-key.js';
import { organisationStream } from './organisation.events.js';
import { organisationDecider, activeKey, type KnownOrganisation } from './organisation.js';
import { OrganisationRequest } from './organisations.commands.js';
import { listOrganisations, type OrganisationRow } from './organisations.read.js';
import {
  issuingKeySchema,
  keyRevocationSchema,
  organisationSchema,
  signerSchema,
  type IssuingKeyInput,
  type KeyRevocationInput,
  type OrganisationInput,
  type SignerInput,
} from './organisations.schema.js';
import { knownOrganisation } from './known-organisation.js';

type IdParams = z.output<typeof idParams>;

const listQuery = z.strictObject(pageQuery);
const keyParams = z.strictObject({ id: uuid, kid: z.string().max(100) });

const organisationAnswer = organisationSchema.extend({
  id: uuid,
  did: z.string(),
  keys: z.array(
    z.object({
      kid: z.string(),
      publicKeyMultibase: z.string(),
      custody: z.enum(['operator', 'organisation']),
      active: z.boolean(),
      addedAt: z.string(),
      ended: z.string().optional(),
      endedAt: z.string().optional(),
    }),
  ),
  closed: z.boolean(),
});

@Controller()
export class OrganisationsController {
  constructor(
    private readonly ledger: Ledger,
    private readonly commands: CommandBus,
  ) {}

  @Post('api/v1/organisations')
  @HttpCode(201)
  @Operation({
    name: 'organisation.register',
    summary: 'Register an organisation; it gets its DID and its first issuing key.',
    body: organisationSchema,
    status: 201,
    answer: { schema: organisationAnswer, description: 'The organisation.' },
  })
  async register(
    @Input('body') body: OrganisationInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const context = await requestContext(this.ledger, request, 'organisation.register', body);
    const id = context.id('organisation');
    const did = organisationDid(this.ledger.publicUrl, id);
    await this.commands.execute(
      new OrganisationRequest(id, { type: 'RegisterOrganisation', id, did, ...body }, context),
    );
    const { state } = await load(this.ledger.store, organisationDecider, organisationStream(id));
    // A crash between the two leaves an organisation without a key; the same request again gives it one.
    if (!activeKey(state)) {
      const key = await this.ledger.issuingKeys.make(context.at);
      await this.commands.execute(new OrganisationRequest(id, { type: 'AddIssuingKey', ...key }, context));
    }
    void reply.header('location', `/api/v1/organisations/${id}`);
    return this.#answer(id, reply);
  }

  @Get('api/v1/organisations')
  @Operation({
    name: 'organisation.list',
    summary: 'The organisations in the order of their registration.',
    query: listQuery,
    answer: { description: '`{items, next?}`' },
  })
  list(
    @Input('query') { cursor, limit }: z.output<typeof listQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): ListAnswer<OrganisationRow> {
    const { items, next } = listOrganisations(this.ledger.readModels.db, { after: cursor, limit });
    if (next !== undefined) void reply.header('link', nextLink(request.url, String(next)));
    return listAnswer(items, next);
  }

  @Get('api/v1/organisations/:id')
  @Operation({
    name: 'organisation.read',
    summary: 'One organisation with its keys.',
    params: idParams,
    answer: { schema: organisationAnswer, description: 'The organisation.' },
  })
  read(@Input('params') { id }: IdParams, @Res({ passthrough: true }) reply: FastifyReply): Promise<JsonObject> {
    return this.#answer(id, reply);
  }

  @Put('api/v1/organisations/:id')
  @Operation({
    name: 'organisation.change',
    summary: 'Change name, region, website or roles.',
    params: idParams,
    body: organisationSchema,
    answer: { schema: organisationAnswer, description: 'The organisation.' },
  })
  async change(
    @Input('params') { id }: IdParams,
    @Input('body') body: OrganisationInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const expected = ifMatch(request);
    const context = await requestContext(this.ledger, request, `organisation.change/${id}`, body);
    await knownOrganisation(this.ledger.store, id);
    await guarded(expected, () =>
      this.commands.execute(
        new OrganisationRequest(id, { type: 'ChangeOrganisationDetails', ...body }, context, expected),
      ),
    );
    return this.#answer(id, reply);
  }

  @Post('api/v1/organisations/:id/keys')
  @HttpCode(201)
  @Operation({
    name: 'organisation.rotateKey',
    summary:
      'A new issuing key: one that the service makes and keeps, or one that the organisation keeps with a signer of its own. The active one ends with this event.',
    params: idParams,
    body: issuingKeySchema,
    status: 201,
    answer: { schema: organisationAnswer, description: 'The organisation.' },
  })
  async rotateKey(
    @Input('params') { id }: IdParams,
    @Input('body') body: IssuingKeyInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const expected = ifMatch(request);
    const context = await requestContext(this.ledger, request, `organisation.rotateKey/${id}`, body);
    const organisation = await knownOrganisation(this.ledger.store, id);
    if (!(await this.#isDone(id, context))) {
      if (expected !== undefined && expected !== organisation.revision) {
        throw new PreconditionError(etagOf(organisation.revision));
      }
      const command = await newIssuingKey(this.ledger.issuingKeys, organisation, body, context.at);
      // What was signed names the revision: at another one it would have to be signed again.
      await guarded(expected, () =>
        this.commands.execute(new OrganisationRequest(id, command, context, organisation.revision)),
      );
    }
    void reply.header('location', `/api/v1/organisations/${id}`);
    return this.#answer(id, reply);
  }

  @Post('api/v1/organisations/:id/keys/:kid/revoke')
  @HttpCode(200)
  @Operation({
    name: 'organisation.revokeKey',
    summary: 'Revoke an issuing key; for a compromised one, from an earlier log index on if need be.',
    params: keyParams,
    body: keyRevocationSchema,
    answer: { schema: organisationAnswer, description: 'The organisation.' },
  })
  async revokeKey(
    @Input('params') { id, kid }: z.output<typeof keyParams>,
    @Input('body') body: KeyRevocationInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const expected = ifMatch(request);
    await knownOrganisation(this.ledger.store, id);
    const context = await requestContext(this.ledger, request, `organisation.revokeKey/${id}/${kid}`, body);
    const { logSize } = await this.ledger.store.head();
    await guarded(expected, () =>
      this.commands.execute(
        new OrganisationRequest(id, { type: 'RevokeIssuingKey', kid, ...body, logSize }, context, expected),
      ),
    );
    return this.#answer(id, reply);
  }

  @Put('api/v1/organisations/:id/keys/:kid/signer')
  @Operation({
    name: 'organisation.changeSigner',
    summary: 'Say where the signer of a key that the organisation keeps itself is now; it must sign with that key.',
    params: keyParams,
    body: signerSchema,
    answer: { schema: organisationAnswer, description: 'The organisation.' },
  })
  async changeSigner(
    @Input('params') { id, kid }: z.output<typeof keyParams>,
    @Input('body') body: SignerInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const { keys } = await knownOrganisation(this.ledger.store, id);
    const key = keys.find((one) => one.kid === kid);
    if (key?.custody !== 'organisation') throw new NotFoundError('key', kid);
    await this.ledger.issuingKeys.keepSigner(kid, body, this.ledger.now().toISOString());
    return this.#answer(id, reply);
  }

  @Get('organisations/:id/did.json')
  @Operation({
    name: 'organisation.readDid',
    summary: 'The did:web document: every key for ever.',
    params: idParams,
    answer: { type: 'application/did+json', description: 'A DID document.' },
  })
  async did(@Input('params') { id }: IdParams, @Res({ passthrough: true }) reply: FastifyReply): Promise<JsonObject> {
    const document = didDocument(await knownOrganisation(this.ledger.store, id));
    void reply.type('application/did+json; charset=utf-8').header('access-control-allow-origin', '*');
    return document;
  }

  /** Whether the same request has brought a key before: as the first, or in another's place. */
  async #isDone(id: string, context: RequestContext): Promise<boolean> {
    if (!context.repeatable) return false;
    const stream = organisationStream(id);
    const ids = ['RotateIssuingKey', 'AddIssuingKey'].map((command) => context.id('event', stream, command, 0));
    return (await this.ledger.store.readStream(stream)).some((event) => ids.includes(event.id));
  }

  async #answer(id: string, reply: FastifyReply): Promise<JsonObject> {
    const events = await this.ledger.store.readStream(organisationStream(id));
    await settled(this.ledger, reply, events);
    const organisation = await knownOrganisation(this.ledger.store, id);
    void reply.header('etag', etagOf(organisation.revision));
    return organisationJson(id, organisation);
  }
}

function organisationJson(id: string, organisation: KnownOrganisation): JsonObject {
  return {
    id,
    ...organisation.profile,
    did: organisation.did,
    keys: organisation.keys.map(({ kid, publicKeyMultibase, custody, addedAt, ended, endedAt }) => ({
      kid,
      publicKeyMultibase,
      custody,
      active: ended === undefined,
      addedAt,
      ...(ended === undefined ? {} : { ended }),
      ...(endedAt === undefined ? {} : { endedAt }),
    })),
    closed: organisation.is === 'closed',
  };
}
