/**
 * What keys there are, for the operator, never a key itself; and the change of the epoch on request (S23). An
 * organisation's keys are changed at the organisation; the master key on the machine, with `meritkedja keys`.
 */
import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Ledger } from '../ledger.js';
import { listIssuingKeys } from '../organisations/issuing-keys.read.js';
import { Input, Operation } from '../web/operation.js';
import { listAnswer, nextLink, pageQuery } from '../web/query.js';
import { keyCounts } from './keys.read.js';

const listQuery = z.strictObject(pageQuery);

const epochAnswer = z.object({
  /** Number of the epoch that new keys are wrapped in. */
  current: z.number(),
  begun: z.string().optional(),
  /** Living keys under it, and under earlier ones: those are wrapped anew while a change is under way. */
  living: z.number(),
  earlier: z.number(),
  state: z.enum(['idle', 'changing']),
  rewrapped: z.number().optional(),
  problem: z.string().optional(),
});
type EpochAnswer = z.output<typeof epochAnswer>;

const keysAnswer = z.object({
  masterKey: z.string(),
  keysFolder: z.string(),
  epoch: epochAnswer,
  log: z.object({ origin: z.string(), vkey: z.string() }),
  anchorers: z.array(z.object({ chain: z.string(), chainId: z.number(), address: z.string() })),
  /** Remote signers that did not sign a status list when last asked. */
  signersAway: z.array(z.string()),
  issuingKeys: z.object({
    items: z.array(
      z.object({
        organisation: z.string(),
        kid: z.string(),
        custody: z.enum(['operator', 'organisation']),
        state: z.string(),
        addedAt: z.string(),
        endedAt: z.string().nullable(),
      }),
    ),
    next: z.string().optional(),
  }),
});

@Controller('api/v1/keys')
export class KeysController {
  constructor(private readonly ledger: Ledger) {}

  @Get()
  @Operation({
    name: 'keys.read',
    summary: 'Which keys there are, where they lie and who holds them: never a key itself.',
    query: listQuery,
    answer: { schema: keysAnswer, description: 'The keys; `cursor` and `limit` go through the issuing keys.' },
  })
  async read(
    @Input('query') { cursor, limit }: z.output<typeof listQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.output<typeof keysAnswer>> {
    const { ledger } = this;
    const { items, next } = listIssuingKeys(ledger.readModels.db, { after: cursor, limit });
    if (next !== undefined) void reply.header('link', nextLink(request.url, String(next)));
    const { chains } = await ledger.trustFile();
    const list = listAnswer(items, next);
    return {
      masterKey: ledger.masterKey,
      keysFolder: ledger.config.keysDir,
      epoch: this.#epoch(),
      log: { origin: ledger.origin, vkey: ledger.vkey },
      anchorers: chains.flatMap(({ name, chainId, anchorers }) =>
        anchorers.map((one) => ({ chain: name, chainId, address: typeof one === 'string' ? one : one.address })),
      ),
      signersAway: [...ledger.statusPublisher.problems],
      issuingKeys: { ...list, items: [...list.items] },
    };
  }

  @Post('epoch')
  @HttpCode(202)
  @Operation({
    name: 'keys.changeEpoch',
    summary:
      'Begin a new epoch: every living holder’s key is wrapped anew, then the old epoch’s key is destroyed, and with it every old copy of what was erased. Goes on in the background; GET /api/v1/keys tells how far it is.',
    status: 202,
    answer: { schema: epochAnswer, description: 'The change has begun, or was under way.' },
  })
  changeEpoch(@Res({ passthrough: true }) reply: FastifyReply): EpochAnswer {
    this.ledger.epochProcess.request();
    void reply.header('location', '/api/v1/keys');
    return this.#epoch();
  }

  #epoch(): EpochAnswer {
    const { epochs, epochProcess, readModels } = this.ledger;
    epochs.refresh();
    const { current, earlier } = keyCounts(readModels.db, epochs.current);
    const { state, progress, problem } = epochProcess.state;
    return {
      current: epochs.current,
      ...(epochs.begun === undefined ? {} : { begun: epochs.begun }),
      living: current,
      earlier,
      // Another node's change is seen by the file that it has not finished with.
      state: epochs.ending.length > 0 ? 'changing' : state,
      ...(progress === undefined ? {} : { rewrapped: progress.rewrapped }),
      ...(problem === undefined ? {} : { problem }),
    };
  }
}
