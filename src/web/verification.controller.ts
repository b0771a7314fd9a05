/**
 * `POST /api/v1/verify`: the same verifier as everywhere, pinned to this ledger's own trust file (S4), with the whole
 * log at hand (S5): a credential that came alone is looked up, and one that was never logged is invalid.
 */
import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { evidenceOf } from '../credentials/proof-bundle.js';
import { registerRow } from '../credentials/register.read.js';
import { NODE_PLATFORM } from '../crypto/node-platform.js';
import { EncodingError, InputError } from '../errors.js';
import { isJsonObject, type JsonObject } from '../encoding/json.js';
import { parseJson } from '../encoding/strict-json.js';
import { readPdf } from '../interop/read-pdf.js';
import { Ledger } from '../ledger.js';
import { organisationDid } from '../organisations/did.js';
import { Memory, NOT_LOGGED, verify, type VerificationReport } from '../verification/index.js';
import { Input, Operation } from './operation.js';

const verifyQuery = z.strictObject({
  at: z.iso.datetime({ offset: true }).optional(),
  maxStatusAge: z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .optional(),
});

@Controller('api/v1/verify')
export class VerificationController {
  /** Documents of this ledger have its heads, records and lists in common. */
  readonly #memory = new Memory();

  constructor(private readonly ledger: Ledger) {}

  @Post()
  @HttpCode(200)
  @Operation({
    name: 'verification.verify',
    summary: 'Verify a credential, a proof bundle or a PDF with one attached against this ledger.',
    body: z.looseObject({}),
    alsoTakes: ['application/pdf'],
    query: verifyQuery,
    answer: { description: 'The verification report.' },
  })
  async verify(
    @Req() request: FastifyRequest,
    @Input('query') { at, maxStatusAge }: z.output<typeof verifyQuery>,
  ): Promise<VerificationReport> {
    const body = request.body instanceof Uint8Array ? await fromPdf(request.body) : request.body;
    if (!isJsonObject(body)) {
      throw new InputError([{ path: '', code: 'notADocument', message: 'a credential or a proof bundle as JSON' }]);
    }
    const options = {
      trust: [await this.ledger.trustFile()],
      now: at === undefined ? this.ledger.now() : new Date(at),
      clock: at === undefined ? ('verifier' as const) : ('given' as const),
      ...(maxStatusAge === undefined ? {} : { maxStatusAgeDays: maxStatusAge }),
      blockHash: (chainId: number, blockNumber: number) => this.#blockHash(chainId, blockNumber),
      resolve: (credential: JsonObject) => this.#bundleOf(credential),
      platform: NODE_PLATFORM,
      memory: this.#memory,
    };
    const given = await verify(body, options);
    // What was brought along may be older than what the ledger has: the newest word on status, keys and mandates counts.
    const credential = isJsonObject(body['credential']) ? body['credential'] : undefined;
    if (given.verdict === 'invalid' || credential === undefined) return given;
    const newest = await verify(credential, options);
    return newest.verdict === 'undetermined' ? given : newest;
  }

  async #blockHash(chainId: number, blockNumber: number): Promise<{ hash: string; final: boolean } | undefined> {
    // Of any chain that it is anchored on: where the main one has fallen behind, bundles lead to another.
    const chain = this.ledger.chainById(chainId);
    const hash = await chain?.blockHash(blockNumber);
    if (!chain || hash === undefined) return undefined;
    return { hash, final: (await chain.isFinalised(blockNumber, hash)) === 'yes' };
  }

  async #bundleOf(credential: JsonObject): Promise<unknown> {
    const { id: urn } = credential;
    const id = typeof urn === 'string' ? /^urn:uuid:([0-9a-f-]{36})$/.exec(urn)?.[1] : undefined;
    if (id !== undefined && registerRow(this.ledger.readModels.db, id)) return evidenceOf(this.ledger, id);
    // The whole log at hand is this ledger's: of another's issuers it knows nothing (S5).
    return isOurs(credential, this.ledger) ? NOT_LOGGED : undefined;
  }
}

/** What is attached to a PDF. @throws PdfError; EncodingError where that is not JSON */
async function fromPdf(bytes: Uint8Array): Promise<unknown> {
  const text = await readPdf(bytes);
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new EncodingError('what is attached to the PDF is not JSON');
  }
}

/** Whether the issuer's DID is below this ledger's own host. */
function isOurs(credential: JsonObject, ledger: Ledger): boolean {
  const { issuer } = credential;
  const did = isJsonObject(issuer) ? issuer['id'] : issuer;
  return typeof did === 'string' && did.startsWith(organisationDid(ledger.publicUrl, ''));
}
