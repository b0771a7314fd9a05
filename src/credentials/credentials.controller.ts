/** Credentials over HTTP: issue, read, prove, change the status; status lists. */
import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import QRCode from 'qrcode';
import { z } from 'zod';
import { batchOfIndex } from '../anchoring/batches.read.js';
import type { JsonObject } from '../encoding/json.js';
import { NotFoundError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { TLOG_PROOF_EXTENSION, TLOG_PROOF_MEDIA_TYPE } from '../log/tlog-proof.js';
import { BUNDLE_MEDIA_TYPE } from '../verification/bundle.js';
import { requestContext } from '../web/idempotency.js';
import { Input, Operation } from '../web/operation.js';
import { idParams, listAnswer, nextLink, pageQuery, uuid, wholeNumber, type ListAnswer } from '../web/query.js';
import { etagOf, guarded, ifMatch, settled } from '../web/resource.js';
import { credentialStream } from './credential.events.js';
import type { CredentialCommand } from './credential.js';
import { IssueRequest, StatusRequest } from './credentials.commands.js';
import {
  issueSchema,
  reinstatementSchema,
  revocationSchema,
  suspensionSchema,
  type IssueInput,
  type ReinstatementInput,
  type RevocationInput,
  type SuspensionInput,
} from './credentials.schema.js';
import { heldCredential } from './held-credential.js';
import { evidenceOf, issuanceProofOf, type Evidence } from './proof-bundle.js';
import { listCredentials, registerRow, type RegisterRow } from './register.read.js';
import { publishedEdition, statusDocument } from './status-lists.read.js';

/** Editions are numbered from 1, as in `StatusListPublished`. */
const editionQuery = z.strictObject({ sequence: z.exactOptional(wholeNumber(1)) });
type IdParams = z.output<typeof idParams>;
type StatusCommand = Exclude<CredentialCommand, { type: 'IssueCredential' }>;

const registerQuery = z.strictObject({
  ...pageQuery,
  organisation: uuid.optional(),
  definition: uuid.optional(),
  state: z.enum(['active', 'suspended', 'revoked', 'voided']).optional(),
});

@Controller()
export class CredentialsController {
  constructor(
    private readonly ledger: Ledger,
    private readonly commands: CommandBus,
  ) {}

  @Post('api/v1/credentials')
  @HttpCode(201)
  @Operation({
    name: 'credential.issue',
    summary: 'Issue one credential: holder, assessment, document, signature and log entry in one step.',
    body: issueSchema,
    status: 201,
    answer: { description: 'The register row; `link` is the address behind its QR code.' },
  })
  async issue(
    @Input('body') body: IssueInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const context = await requestContext(this.ledger, request, 'credential.issue', body);
    const { id, events, linkKey } = await this.commands.execute(new IssueRequest(body, context));
    await settled(this.ledger, reply, events);
    const row = this.#row(id);
    void reply.header('location', `/api/v1/credentials/${id}`).header('etag', etagOf(Number(row['revision'])));
    return { ...row, link: this.#link(id, linkKey) };
  }

  @Get('api/v1/credentials')
  @Operation({
    name: 'credential.list',
    summary: 'The register: digest, state, log index and batch of every credential one may see.',
    query: registerQuery,
    answer: { description: '`{items, next?}`' },
  })
  list(
    @Input('query') { cursor, ...query }: z.output<typeof registerQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): ListAnswer<JsonObject> {
    const { items, next } = listCredentials(this.ledger.readModels.db, { after: cursor, ...query });
    if (next !== undefined) void reply.header('link', nextLink(request.url, String(next)));
    return listAnswer(
      items.map((row) => this.#json(row)),
      next,
    );
  }

  @Get('api/v1/credentials/:id')
  @Operation({
    name: 'credential.read',
    summary: 'The signed credential.',
    params: idParams,
    answer: { type: 'application/vc', description: 'W3C VCDM 2.0, Open Badges 3.0.' },
  })
  async read(@Input('params') { id }: IdParams, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { document, revision } = await heldCredential(this.ledger, id);
    void reply.type('application/vc; charset=utf-8').header('etag', etagOf(revision));
    // Fastify turns objects into JSON only under a media type that says json.
    return JSON.stringify(document);
  }

  @Get('api/v1/credentials/:id/proof')
  @Operation({
    name: 'credential.readProof',
    summary: 'The proof bundle: the credential with everything that proves it.',
    params: idParams,
    answer: { type: BUNDLE_MEDIA_TYPE, description: 'The bundle.' },
  })
  async proof(@Input('params') { id }: IdParams, @Res({ passthrough: true }) reply: FastifyReply): Promise<JsonObject> {
    const { document } = await heldCredential(this.ledger, id);
    const { type, version, origin, ...evidence } = await evidenceOf(this.ledger, id);
    void reply.type(`${BUNDLE_MEDIA_TYPE}; charset=utf-8`);
    return { type, version, origin, credential: document, ...evidence } as unknown as JsonObject;
  }

  @Get('api/v1/credentials/:id/evidence')
  @Operation({
    name: 'credential.readEvidence',
    summary: 'The proof bundle without the credential: for whoever has the credential from elsewhere.',
    params: idParams,
    answer: { description: 'The bundle without `credential`.' },
  })
  async evidence(
    @Input('params') { id }: IdParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Evidence> {
    void reply.header('cache-control', 'no-store');
    return evidenceOf(this.ledger, id);
  }

  @Get('api/v1/credentials/:id/tlog-proof')
  @Operation({
    name: 'credential.readEvidence',
    summary: 'The issuance’s log entry and its inclusion as a file of c2sp.org/tlog-proof@v1.',
    params: idParams,
    answer: { type: 'text/plain', description: 'The proof; its extra data is the entry.' },
  })
  async logProof(@Input('params') { id }: IdParams, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const proof = await issuanceProofOf(this.ledger, id);
    void reply
      .type(TLOG_PROOF_MEDIA_TYPE)
      .header('cache-control', 'no-store')
      .header('content-disposition', `inline; filename="${id}${TLOG_PROOF_EXTENSION}"`);
    return proof;
  }

  @Get('api/v1/credentials/:id/qr.svg')
  @Operation({
    name: 'credential.readLink',
    summary: 'The QR code of the printed link, as SVG.',
    params: idParams,
    answer: { type: 'image/svg+xml', description: 'A QR code.' },
  })
  async qr(@Input('params') { id }: IdParams, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { linkKey } = await heldCredential(this.ledger, id);
    void reply.type('image/svg+xml; charset=utf-8').header('cache-control', 'no-store');
    return QRCode.toString(this.#link(id, linkKey), { type: 'svg', errorCorrectionLevel: 'M', margin: 4 });
  }

  @Post('api/v1/credentials/:id/revoke')
  @HttpCode(200)
  @Operation({
    name: 'credential.revoke',
    summary: 'Revoke for good.',
    params: idParams,
    body: revocationSchema,
    answer: { description: 'The register row.' },
  })
  async revoke(
    @Input('params') { id }: IdParams,
    @Input('body') { reason, note }: RevocationInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const sealed = await this.#sealed(id, note === undefined ? undefined : { note });
    return this.#changeStatus(id, { type: 'RevokeCredential', reasonCode: reason, ...sealed }, request, reply);
  }

  @Post('api/v1/credentials/:id/suspend')
  @HttpCode(200)
  @Operation({
    name: 'credential.suspend',
    summary: 'Suspend until it is reinstated.',
    params: idParams,
    body: suspensionSchema,
    answer: { description: 'The register row.' },
  })
  async suspend(
    @Input('params') { id }: IdParams,
    @Input('body') { reason, note }: SuspensionInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const sealed = await this.#sealed(id, note === undefined ? undefined : { note });
    return this.#changeStatus(id, { type: 'SuspendCredential', reasonCode: reason, ...sealed }, request, reply);
  }

  @Post('api/v1/credentials/:id/reinstate')
  @HttpCode(200)
  @Operation({
    name: 'credential.reinstate',
    summary: 'Put a suspended credential in force again.',
    params: idParams,
    body: reinstatementSchema,
    answer: { description: 'The register row.' },
  })
  async reinstate(
    @Input('params') { id }: IdParams,
    @Input('body') body: ReinstatementInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JsonObject> {
    const sealed = await this.#sealed(id, Object.keys(body).length === 0 ? undefined : { ...body });
    return this.#changeStatus(id, { type: 'ReinstateCredential', ...sealed }, request, reply);
  }

  @Get('status/:id')
  @Operation({
    name: 'statusList.read',
    summary: 'A Bitstring Status List credential.',
    params: idParams,
    query: editionQuery,
    answer: { type: 'application/vc', description: 'The newest published list, or the edition asked for.' },
  })
  statusList(
    @Input('params') { id }: IdParams,
    @Input('query') { sequence }: z.output<typeof editionQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string {
    const { db } = this.ledger.readModels;
    const document = sequence === undefined ? statusDocument(db, id) : publishedEdition(db, id, sequence);
    if (!document) throw new NotFoundError('statusList', id);
    void reply.type('application/vc; charset=utf-8').header('access-control-allow-origin', '*');
    return JSON.stringify(document);
  }

  async #changeStatus(
    id: string,
    command: StatusCommand,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<JsonObject> {
    if (!registerRow(this.ledger.readModels.db, id)) throw new NotFoundError('credential', id);
    const context = await requestContext(this.ledger, request, `credential.${command.type}/${id}`, request.body);
    const expected = ifMatch(request);
    const { events, revision } = await guarded(expected, () =>
      this.commands.execute(new StatusRequest(id, command, context, expected)),
    );
    await settled(this.ledger, reply, events);
    void reply.header('etag', etagOf(revision));
    return this.#row(id);
  }

  /** Notes are private: sealed under the holder's key, and left out where that is gone. */
  async #sealed(
    id: string,
    facts: JsonObject | undefined,
  ): Promise<{ sealed?: { under: string; facts: JsonObject }[] }> {
    if (!facts) return {};
    const [issued] = await this.ledger.store.readStream(credentialStream(id));
    const [opened] = issued ? await this.ledger.vault.open(issued) : [];
    return opened ? { sealed: [{ under: opened.under, facts }] } : {};
  }

  #row(id: string): JsonObject {
    const row = registerRow(this.ledger.readModels.db, id);
    if (!row) throw new NotFoundError('credential', id);
    return this.#json(row);
  }

  #json({ number: _, organisation, definition, ...row }: RegisterRow): JsonObject {
    return { ...row, organisationId: organisation, definitionId: definition, ...this.#batch(row.index) };
  }

  #batch(index: number | undefined): { batch?: number } {
    const batch = index === undefined ? undefined : batchOfIndex(this.ledger.readModels.db, index);
    return batch ? { batch: batch.number } : {};
  }

  #link(id: string, linkKey: string): string {
    return `${this.ledger.publicUrl}/c/${id}#${linkKey}`;
  }
}
