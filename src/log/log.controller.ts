/** The log over HTTP: C2SP tlog-tiles for machines that verify, the same as JSON for people. */
import { Controller, Get, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { toBase64 } from '../encoding/base64.js';
import { fromUtf8 } from '../encoding/bytes.js';
import { NotFoundError, UnavailableError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { Input, Operation } from '../web/operation.js';
import { wholeNumber } from '../web/query.js';
import { formatTlogProof, TLOG_PROOF_EXTENSION, TLOG_PROOF_MEDIA_TYPE } from './tlog-proof.js';
import { bundleRange, encodeEntryBundle, hashTile, parseTilePath, TileError } from './tiles.js';

const FOREVER = 'public, max-age=31536000, immutable';

const entryParams = z.strictObject({ index: wholeNumber() });
const proofQuery = z.strictObject({ index: wholeNumber(), size: wholeNumber(1).optional() });
const consistencyQuery = z.strictObject({ from: wholeNumber(1), to: wholeNumber(1).optional() });

@Controller('log')
export class LogController {
  constructor(private readonly ledger: Ledger) {}

  @Get('checkpoint')
  @Operation({
    name: 'log.readCheckpoint',
    summary: 'The signed checkpoint of the newest head (c2sp.org/tlog-checkpoint).',
    answer: { type: 'text/plain', description: 'A signed note.' },
  })
  async checkpoint(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const head = await this.ledger.signer.newest();
    void reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store');
    return head.checkpoint;
  }

  @Get('tile/*')
  @Operation({
    name: 'log.readTile',
    summary: 'A hash tile, tile/<L>/<N>[.p/<W>], or an entry bundle, tile/entries/<N>[.p/<W>] (c2sp.org/tlog-tiles).',
    answer: { type: 'application/octet-stream', description: 'The tile.' },
  })
  async tile(@Param('*') rest: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    this.#requireSound();
    const path = `tile/${rest}`;
    // Tiles follow the signed head: nothing is served that no checkpoint covers.
    const size = this.ledger.signer.latest?.size ?? 0;
    try {
      const tile = parseTilePath(path);
      const bytes =
        tile.level === 'entries' ? await this.#bundle(tile, size) : hashTile(this.ledger.log.tree, tile, size);
      void reply.type('application/octet-stream').header('cache-control', FOREVER);
      return Buffer.from(bytes);
    } catch (error) {
      if (error instanceof TileError) throw new NotFoundError('tile', path);
      throw error;
    }
  }

  /** S15. @throws UnavailableError where this node's tree is not everybody's */
  #requireSound(): void {
    const { problem } = this.ledger.signer;
    if (problem !== undefined) throw new UnavailableError(problem);
  }

  async #bundle(tile: Parameters<typeof bundleRange>[0], size: number): Promise<Uint8Array> {
    const { from, to } = bundleRange(tile, size);
    const events = await this.ledger.store.readLog({ from, limit: to - from });
    return encodeEntryBundle(events.flatMap(({ entry }) => (entry ? [entry] : [])));
  }

  @Get('entries/:index')
  @Operation({
    name: 'log.readEntry',
    summary: 'One entry of the log with its leaf hash.',
    params: entryParams,
    answer: {
      description: 'The entry as JSON; `bytes` is the entry itself in base64, `leafHash` its RFC 9162 leaf hash.',
    },
  })
  async entry(@Input('params') { index }: z.output<typeof entryParams>): Promise<object> {
    this.#requireSound();
    const [event] = await this.ledger.store.readLog({ from: index, limit: 1 });
    if (event?.entry === undefined || index >= this.ledger.log.tree.size)
      throw new NotFoundError('entry', String(index));
    return {
      index,
      entry: JSON.parse(fromUtf8(event.entry)) as unknown,
      bytes: toBase64(event.entry),
      leafHash: toBase64(this.ledger.log.tree.leafHash(index)),
    };
  }

  @Get('proof')
  @Operation({
    name: 'log.readProof',
    summary: 'The inclusion proof of an entry in the tree of a size (RFC 9162, section 2.1.3).',
    query: proofQuery,
    answer: { description: '`{index, size, root, path}`, hashes in base64.' },
  })
  proof(@Input('query') { index, size }: z.output<typeof proofQuery>): object {
    this.#requireSound();
    const { tree } = this.ledger.log;
    const of = size ?? tree.size;
    if (of > tree.size || index >= of) throw new NotFoundError('entry', `${index} in a tree of ${of}`);
    return {
      index,
      size: of,
      root: toBase64(tree.root(of)),
      leafHash: toBase64(tree.leafHash(index)),
      path: tree.inclusionPath(index, of).map(toBase64),
    };
  }

  @Get('proof/:index')
  @Operation({
    name: 'log.readProof',
    summary: 'An entry and its inclusion under a signed head, as a file of c2sp.org/tlog-proof@v1.',
    params: entryParams,
    answer: { type: 'text/plain', description: 'The proof; its extra data is the entry.' },
  })
  async tlogProof(
    @Input('params') { index }: z.output<typeof entryParams>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    this.#requireSound();
    const [event] = await this.ledger.store.readLog({ from: index, limit: 1 });
    const { tree } = this.ledger.log;
    if (event?.entry === undefined || index >= tree.size) throw new NotFoundError('entry', String(index));
    const { size, checkpoint } = await this.ledger.signer.covering(index + 1);
    void reply
      .type(TLOG_PROOF_MEDIA_TYPE)
      .header('cache-control', 'no-store')
      .header('content-disposition', `inline; filename="${index}${TLOG_PROOF_EXTENSION}"`);
    return formatTlogProof({ extra: event.entry, index, path: tree.inclusionPath(index, size), checkpoint });
  }

  @Get('consistency')
  @Operation({
    name: 'log.readProof',
    summary: 'The consistency proof between two sizes (RFC 9162, section 2.1.4).',
    query: consistencyQuery,
    answer: { description: '`{from, to, fromRoot, toRoot, path}`, hashes in base64.' },
  })
  consistency(@Input('query') { from, to }: z.output<typeof consistencyQuery>): object {
    this.#requireSound();
    const { tree } = this.ledger.log;
    const until = to ?? tree.size;
    if (until > tree.size || from > until) throw new NotFoundError('tree', `of ${from} within ${until}`);
    return {
      from,
      to: until,
      fromRoot: toBase64(tree.root(from)),
      toRoot: toBase64(tree.root(until)),
      path: tree.consistencyPath(from, until).map(toBase64),
    };
  }
}
