/** The read models for the operator: which generation answers, how far it is, and a new one on request. */
import { Controller, Get, HttpCode, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Ledger } from '../ledger.js';
import { Operation } from '../web/operation.js';
import type { ReadModelsStatus } from './projections.js';

const ANSWER = '`{status, serving?, building?, lastBuild?}`; `done` and `of` are positions of the store.';

@Controller('api/v1/read-models')
export class ReadModelsController {
  constructor(private readonly ledger: Ledger) {}

  @Get()
  @Operation({
    name: 'readModels.read',
    summary: 'The read models: generation, versions, position, and how far a new generation is.',
    answer: { description: ANSWER },
  })
  read(@Res({ passthrough: true }) reply: FastifyReply): ReadModelsStatus {
    void reply.header('cache-control', 'no-store');
    return this.ledger.readModels.status;
  }

  @Post('rebuild')
  @HttpCode(202)
  @Operation({
    name: 'readModels.rebuild',
    summary: 'Builds a new generation from the log in the background; the one there is serves until it has caught up.',
    status: 202,
    answer: { description: ANSWER },
  })
  rebuild(@Res({ passthrough: true }) reply: FastifyReply): ReadModelsStatus {
    this.ledger.readModels.rebuild();
    return this.read(reply);
  }
}
