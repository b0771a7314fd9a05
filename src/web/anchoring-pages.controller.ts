/** The pages of one batch and of the chains. Open to all: what they show is on a chain, in the log, or in the API. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Ledger } from '../ledger.js';
import { anchoringView, batchPageView } from './anchoring-views.js';
import { Input, Operation } from './operation.js';
import { pageContext } from './page-context.js';
import { anchoringPage, batchPage } from './pages/index.js';
import { wholeNumber } from './query.js';

const batchParams = z.strictObject({ number: wholeNumber(1) });

@Controller()
export class AnchoringPagesController {
  constructor(private readonly ledger: Ledger) {}

  @Get('batches/:number')
  @Operation({ name: 'page.public', summary: 'A batch and its anchors.', page: true, params: batchParams })
  async batch(
    @Input('params') { number }: z.output<typeof batchParams>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return html(reply, batchPage(await batchPageView(this.ledger, number), pageContext(request, this.ledger)));
  }

  @Get('anchoring')
  @Operation({ name: 'page.public', summary: 'Chains, cost and delay.', page: true })
  async anchoring(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return html(reply, anchoringPage(await anchoringView(this.ledger), pageContext(request, this.ledger)));
  }
}

function html(reply: FastifyReply, page: string): string {
  void reply
    .type('text/html; charset=utf-8')
    .header('vary', 'accept-language, cookie')
    .header('cache-control', 'no-store');
  return page;
}
