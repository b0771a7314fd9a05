/** What operators and verifiers read of the service itself: health, metrics, the API's description, the trust file. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Registry } from 'prom-client';
import { OWN_CONTEXT } from '../credentials/context.js';
import type { JsonObject } from '../encoding/json.js';
import { Ledger } from '../ledger.js';
import type { TrustFile } from '../verification/bundle.js';
import { BLOCK_HASHES_SCHEMA, BUNDLE_SCHEMA, TRUST_SCHEMA } from '../verification/bundle-schema.js';
import { OpenApi } from './openapi.js';
import { Operation } from './operation.js';
import { docsPage } from './pages/docs-page.js';
import { pageContext } from './page-context.js';

@Controller()
export class SystemController {
  constructor(
    private readonly ledger: Ledger,
    private readonly openApi: OpenApi,
    private readonly registry: Registry,
  ) {}

  @Get('health/live')
  @Operation({ name: 'health.read', summary: 'Whether the process runs.', answer: { description: '`{status}`' } })
  live(): object {
    return { status: 'ok' };
  }

  @Get('health/ready')
  @Operation({
    name: 'health.read',
    summary: 'Whether requests can be served; `anchoring` tells of trouble with the chain, which stops nothing else.',
    answer: {
      description:
        '`{status, logSize, anchoring, warning?}`; `warning` tells of what will keep anchors away before long. 503 with `{status, progress}` while it is not ready.',
    },
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const { logSize } = await this.ledger.store.head();
    const behind = logSize - this.ledger.log.tree.size;
    void reply.header('cache-control', 'no-store');
    const { isReady, readModels, signer } = this.ledger;
    if (signer.problem !== undefined) {
      void reply.status(503);
      return { status: 'otherLog', logSize, behind, problem: signer.problem };
    }
    if (!isReady) {
      void reply.status(503).header('retry-after', '5');
      if (readModels.isServing) return { status: 'starting', logSize, behind };
      return { status: 'rebuilding', logSize, behind, progress: readModels.progress };
    }
    const warning = this.ledger.anchoring.chains.find((chain) => chain.warning !== undefined)?.warning;
    return {
      status: this.ledger.losses === undefined ? 'ok' : 'readOnly',
      logSize,
      behind,
      ...(warning === undefined ? {} : { warning }),
      anchoring: this.ledger.anchoring.problem ?? (this.ledger.chain ? 'ok' : 'starting'),
    };
  }

  @Get('metrics')
  @Operation({
    name: 'metrics.read',
    summary: 'Prometheus metrics: counts and delays, nothing about persons.',
    answer: { type: 'text/plain', description: 'Prometheus text format.' },
  })
  async metrics(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    void reply.type(this.registry.contentType);
    return this.registry.metrics();
  }

  @Get('openapi.json')
  @Operation({ name: 'openapi.read', summary: 'This description.', answer: { description: 'OpenAPI 3.1.' } })
  openApiJson(): JsonObject {
    return this.openApi.document;
  }

  @Get('docs')
  @Operation({ name: 'openapi.read', summary: 'The API for people.', page: true })
  docs(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    void reply.type('text/html; charset=utf-8');
    return docsPage(this.openApi.document, pageContext(request, this.ledger));
  }

  @Get('.well-known/meritkedja.json')
  @Operation({
    name: 'trust.read',
    summary: 'The trust file: what a verifier pins.',
    answer: { description: 'Origin and key of the log, chains with contract and anchorers.' },
  })
  async trust(@Res({ passthrough: true }) reply: FastifyReply): Promise<TrustFile> {
    void reply.header('access-control-allow-origin', '*');
    return this.ledger.trustFile();
  }

  @Get('contexts/meritkedja-v1.json')
  @Operation({
    name: 'context.read',
    summary: "The ledger's own JSON-LD context.",
    answer: { type: 'application/ld+json', description: 'A JSON-LD context; its content never changes.' },
  })
  context(@Res({ passthrough: true }) reply: FastifyReply): JsonObject {
    void reply
      .type('application/ld+json; charset=utf-8')
      .header('access-control-allow-origin', '*')
      .header('cache-control', 'public, max-age=31536000, immutable');
    return OWN_CONTEXT;
  }

  @Get('schemas/proof-bundle-v1.json')
  @Operation({
    name: 'schema.read',
    summary: 'The JSON Schema of a proof bundle.',
    answer: { type: 'application/schema+json', description: 'JSON Schema 2020-12.' },
  })
  bundleSchema(@Res({ passthrough: true }) reply: FastifyReply): JsonObject {
    return schema(reply, BUNDLE_SCHEMA);
  }

  @Get('schemas/trust-v1.json')
  @Operation({
    name: 'schema.read',
    summary: 'The JSON Schema of a trust file.',
    answer: { type: 'application/schema+json', description: 'JSON Schema 2020-12.' },
  })
  trustSchema(@Res({ passthrough: true }) reply: FastifyReply): JsonObject {
    return schema(reply, TRUST_SCHEMA);
  }

  @Get('schemas/block-hashes-v1.json')
  @Operation({
    name: 'schema.read',
    summary: 'The JSON Schema of a list of block hashes.',
    answer: { type: 'application/schema+json', description: 'JSON Schema 2020-12.' },
  })
  blockHashesSchema(@Res({ passthrough: true }) reply: FastifyReply): JsonObject {
    return schema(reply, BLOCK_HASHES_SCHEMA);
  }
}

function schema(reply: FastifyReply, document: JsonObject): JsonObject {
  void reply
    .type('application/schema+json; charset=utf-8')
    .header('access-control-allow-origin', '*')
    .header('cache-control', 'public, max-age=86400');
  return document;
}
