/** Assessments over HTTP: recorded per learning outcome, read by whoever may see them. */
import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { JsonObject } from '../encoding/json.js';
import { DomainError, NotFoundError } from '../errors.js';
import { load } from '../event-store/handle.js';
import { Ledger } from '../ledger.js';
import { requestContext } from '../web/idempotency.js';
import { Input, Operation } from '../web/operation.js';
import { idParams } from '../web/query.js';
import { etagOf, settled } from '../web/resource.js';
import { assessmentDecider } from './assessment.js';
import { assessmentStream } from './credential.events.js';
import { AssessmentRequest } from './credentials.commands.js';
import { assessmentSchema, type AssessmentInput } from './credentials.schema.js';

@Controller('api/v1/assessments')
export class AssessmentsController {
  constructor(
    private readonly ledger: Ledger,
    private readonly commands: CommandBus,
  ) {}

  @Post()
  @HttpCode(201)
  @Operation({
    name: 'assessment.record',
    summary: 'Record an assessment per learning outcome: met, not met, or (left out) not assessed.',
    body: assessmentSchema,
    status: 201,
    answer: { description: 'The assessment.' },
  })
  async record(
    @Input('body') body: AssessmentInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const context = await requestContext(this.ledger, request, 'assessment.record', body);
    const { id, events } = await this.commands.execute(new AssessmentRequest(body, context));
    await settled(this.ledger, reply, events);
    void reply.header('location', `/api/v1/assessments/${id}`);
    return this.#answer(id, reply);
  }

  @Get(':id')
  @Operation({
    name: 'assessment.read',
    summary: 'One assessment.',
    params: idParams,
    answer: { description: 'The assessment.' },
  })
  read(
    @Input('params') { id }: z.output<typeof idParams>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    return this.#answer(id, reply);
  }

  async #answer(id: string, reply: FastifyReply): Promise<JsonObject> {
    const { store, vault } = this.ledger;
    const { state, revision } = await load(store, assessmentDecider, assessmentStream(id), (event) =>
      vault.open(event),
    );
    if (state.is === 'unrecorded') throw new NotFoundError('assessment', id);
    if (state.facts === 'sealed') throw new DomainError('holderErased');
    const { holder: _, definition, ...facts } = state.facts;
    void reply.header('etag', etagOf(revision)).header('cache-control', 'no-store');
    return { id, organisationId: state.organisation, definitionId: definition, ...facts };
  }
}
