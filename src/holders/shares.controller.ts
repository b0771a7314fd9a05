/** What a link shows, still encrypted: only who has the link's key can read it (`docs/formats.md` 7). */
import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { NotFoundError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { Input, Operation } from '../web/operation.js';
import { idParams } from '../web/query.js';
import { shareVault } from './erasure.js';

@Controller('api/v1/shares')
export class SharesController {
  constructor(private readonly ledger: Ledger) {}

  @Get(':id')
  @Operation({
    name: 'share.read',
    summary: 'The encrypted content of a link; its id follows from the link’s key.',
    params: idParams,
    answer: { description: '`{nonce, ciphertext}` in base64url: AES-256-GCM under the link’s key.' },
  })
  async read(
    @Input('params') { id }: z.output<typeof idParams>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const events = await this.ledger.store.readStream(shareVault(id));
    const share = events.findLast(({ type }) => type === 'ShareCreated');
    if (!share) throw new NotFoundError('share', id);
    void reply.header('cache-control', 'no-store');
    return { nonce: share.data['nonce'], ciphertext: share.data['ciphertext'] };
  }
}
