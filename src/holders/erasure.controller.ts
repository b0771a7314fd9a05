/** Holders over HTTP, for the operator: found by a credential or a personal number, and erased (S23). */
import { Controller, Get, HttpCode, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { heldCredential } from '../credentials/held-credential.js';
import type { JsonObject } from '../encoding/json.js';
import { DomainError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { Input, Operation } from '../web/operation.js';
import { idParams, uuid } from '../web/query.js';
import { settled } from '../web/resource.js';
import { eraseHolder, reservationVault } from './erasure.js';
import { readPersonalNumber } from './personal-number.js';
import { holderVault } from './vault.js';

/** In the body: a number in an address would stand in logs and histories. */
const findSchema = z.strictObject({ personalNumber: z.string().max(20) });
/** Twice, because it cannot be undone. */
const eraseSchema = z.strictObject({ confirm: uuid });

@Controller('api/v1')
export class ErasureController {
  constructor(private readonly ledger: Ledger) {}

  @Get('credentials/:id/holder')
  @Operation({
    name: 'holder.read',
    summary: 'The random id under which the holder of a credential is kept, for erasing.',
    params: idParams,
    answer: { description: '`{id}`' },
  })
  async holderOf(
    @Input('params') { id }: z.output<typeof idParams>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const { holder } = await heldCredential(this.ledger, id);
    void reply.header('cache-control', 'no-store');
    return { id: holder };
  }

  @Post('holders/find')
  @HttpCode(200)
  @Operation({
    name: 'holder.find',
    summary: 'The holder of a personal number, for erasing.',
    body: findSchema,
    answer: { description: '`{items: [{id}]}`: one, or none where nobody is kept under that number.' },
  })
  async find(
    @Input('body') { personalNumber }: z.output<typeof findSchema>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const { store, secrets, vault } = this.ledger;
    const { number } = readPersonalNumber(personalNumber, this.ledger.now().toISOString().slice(0, 10));
    const [reserved] = await store.readStream(reservationVault(secrets, number));
    const id = reserved?.data['holder'];
    void reply.header('cache-control', 'no-store');
    const isKept = typeof id === 'string' && (await vault.key(holderVault(id))) !== undefined;
    return { items: isKept ? [{ id }] : [] };
  }

  @Post('holders/:id/erase')
  @HttpCode(200)
  @Operation({
    name: 'holder.erase',
    summary: 'Erase a holder for good: key, personal data, reservation and shares. The public log stays as it is.',
    params: idParams,
    body: eraseSchema,
    answer: {
      description:
        '`{holder, erasedAt, credentials, shares, reservations}`: how many of each; for a holder that was erased before none.',
    },
  })
  async erase(
    @Input('params') { id }: z.output<typeof idParams>,
    @Input('body') { confirm }: z.output<typeof eraseSchema>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    if (confirm.toLowerCase() !== id.toLowerCase()) throw new DomainError('erasureNotConfirmed', { holder: id });
    const { holder, at, credentials, shares, reservations, event } = await eraseHolder(this.ledger, id.toLowerCase());
    await settled(this.ledger, reply, [event]);
    return { holder, erasedAt: at, credentials, shares, reservations };
  }
}
