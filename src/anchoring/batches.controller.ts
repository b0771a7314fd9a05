/** Batches and their anchors over HTTP, and block hashes of the ledger's own chain for pages that check in the browser. */
import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { NotFoundError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { Input, Operation } from '../web/operation.js';
import { listAnswer, nextLink, pageQuery, wholeNumber, type ListAnswer } from '../web/query.js';
import { batchDetail, listBatches, type BatchDetail, type BatchView } from './batches.read.js';

const listQuery = z.strictObject({ ...pageQuery, cursor: wholeNumber().optional() });
const batchParams = z.strictObject({ number: wholeNumber(1) });
const blockParams = z.strictObject({ chainId: wholeNumber(1), number: wholeNumber() });

@Controller('api/v1')
export class BatchesController {
  constructor(private readonly ledger: Ledger) {}

  @Get('batches')
  @Operation({
    name: 'batch.list',
    summary: 'The batches, newest first.',
    query: listQuery,
    answer: { description: '`{items, next?}`' },
  })
  list(
    @Input('query') { cursor, limit }: z.output<typeof listQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): ListAnswer<BatchView> {
    const { items, next } = listBatches(this.ledger.readModels.db, { before: cursor, limit });
    if (next !== undefined) void reply.header('link', nextLink(request.url, String(next)));
    return listAnswer(items, next);
  }

  @Get('batches/:number')
  @Operation({
    name: 'batch.read',
    summary: 'One batch.',
    params: batchParams,
    answer: { description: 'The batch; `sent` are the transactions made for each anchor.' },
  })
  read(@Input('params') { number }: z.output<typeof batchParams>): BatchDetail {
    const batch = batchDetail(this.ledger.readModels.db, number);
    if (!batch) throw new NotFoundError('batch', String(number));
    return batch;
  }

  @Post('batches/seal')
  @Operation({
    name: 'batch.seal',
    summary: 'Anchor now: seals a batch if anything has happened since the newest one.',
    status: 201,
    answer: { description: '201 with the new batch; 200 with the newest one where nothing has happened since.' },
  })
  async seal(@Res({ passthrough: true }) reply: FastifyReply): Promise<BatchView> {
    const { batch, sealed } = await this.ledger.anchoring.sealNow();
    if (!batch) throw new NotFoundError('batch', '1');
    void reply.status(sealed ? 201 : 200).header('location', `/api/v1/batches/${batch.number}`);
    return batch;
  }

  @Get('chains/:chainId/blocks/:number')
  @Operation({
    name: 'chain.readBlock',
    summary:
      "Hash of a block, as the ledger's own node has it: for checks in the browser, which say where it came from.",
    params: blockParams,
    answer: { description: '`{hash}`' },
  })
  async block(@Input('params') { chainId, number }: z.output<typeof blockParams>): Promise<{ hash: string }> {
    const hash = await this.ledger.chainById(chainId)?.blockHash(number);
    if (hash === undefined) throw new NotFoundError('block', String(number));
    return { hash };
  }
}
