/**
 * Chains over HTTP: what is anchored where, and what the operator does about them: the newest head on another chain, a
 * change of anchorer (S19), the end of a chain (S10). Proven by test/chains-rights.e2e.spec.ts and test/chains.e2e.spec.ts.
 */
import { Controller, Get, HttpCode, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { JsonObject } from '../encoding/json.js';
import { NotFoundError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { Input, Operation } from '../web/operation.js';
import { wholeNumber } from '../web/query.js';
import { keptProof, type BatchView } from './batches.read.js';
import { chainList, closeChain, listOf, reanchor, rotateAnchorer } from './chains.commands.js';

const chainParams = z.strictObject({ chainId: wholeNumber(1) });
const anchorParams = z.strictObject({ chainId: wholeNumber(1), batch: wholeNumber(1) });
const rotateSchema = z.strictObject({
  anchorer: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
  signature: z
    .string()
    .max(2_000)
    .regex(/^0x(?:[0-9a-f]{2})+$/),
});
/** Twice, because it cannot be undone. */
const closeSchema = z.strictObject({ confirm: z.string().max(100), uncovered: z.boolean().optional() });

@Controller('api/v1')
export class ChainsController {
  constructor(private readonly ledger: Ledger) {}

  @Get('chains')
  @Operation({
    name: 'chain.list',
    summary:
      'The chains that the ledger is or was anchored on, with balance, cost and trouble where this process anchors.',
    answer: { description: '`{items}`' },
  })
  async list(): Promise<JsonObject> {
    return { items: [...(await chainList(this.ledger))] };
  }

  @Get('chains/:chainId/anchors')
  @Operation({
    name: 'chain.readAnchors',
    summary: 'Every final anchor on a chain with its block’s hash: to be kept, for the time when the chain has closed.',
    params: chainParams,
    answer: { description: '`{origin, name, chainId, contract, anchorers, closed?, anchors}`' },
  })
  async anchors(
    @Input('params') { chainId }: z.output<typeof chainParams>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    void reply.header('access-control-allow-origin', '*');
    return listOf(this.ledger, chainId);
  }

  @Get('chains/:chainId/anchors/:batch')
  @Operation({
    name: 'chain.readAnchors',
    summary:
      'The kept proof of a batch’s final anchor, block header and receipt: it proves itself, with the chain gone too.',
    params: anchorParams,
    answer: { description: '`{batch, chainId, proof}`' },
  })
  anchorProof(
    @Input('params') { chainId, batch }: z.output<typeof anchorParams>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): JsonObject {
    const proof = keptProof(this.ledger.readModels.db, batch, chainId);
    if (!proof) throw new NotFoundError('anchor', `${batch} on ${chainId}`);
    void reply.header('access-control-allow-origin', '*');
    return { batch, chainId, proof: { ...proof } };
  }

  @Post('chains/:chainId/reanchor')
  @HttpCode(202)
  @Operation({
    name: 'chain.reanchor',
    summary: 'Anchor the newest head, which covers all before it, on this chain too.',
    params: chainParams,
    status: 202,
    answer: { description: 'The batch; its anchor follows.' },
  })
  reanchor(@Input('params') { chainId }: z.output<typeof chainParams>): Promise<BatchView> {
    return reanchor(this.ledger, chainId);
  }

  @Post('chains/:chainId/anchorer')
  @HttpCode(200)
  @Operation({
    name: 'chain.rotateAnchorer',
    summary: 'Hand anchoring on a chain over to another key: signed by the new one, and here by the present one.',
    params: chainParams,
    body: rotateSchema,
    answer: { description: '`{chainId, previous, anchorer, from}`: heads with the entry `from` are the new one’s.' },
  })
  rotate(
    @Input('params') { chainId }: z.output<typeof chainParams>,
    @Input('body') { anchorer, signature }: z.output<typeof rotateSchema>,
  ): Promise<JsonObject> {
    return rotateAnchorer(this.ledger, chainId, anchorer, signature);
  }

  @Post('chains/:chainId/close')
  @HttpCode(200)
  @Operation({
    name: 'chain.close',
    summary: 'Record that a chain has ended, once its anchors’ block hashes are under a final anchor elsewhere.',
    params: chainParams,
    body: closeSchema,
    answer: { description: '`{chainId, anchors, coveredBy?}`' },
  })
  close(
    @Input('params') { chainId }: z.output<typeof chainParams>,
    @Input('body') { confirm, uncovered }: z.output<typeof closeSchema>,
  ): Promise<JsonObject> {
    return closeChain(this.ledger, chainId, confirm, uncovered ?? false);
  }
}
