/** The backup of a running ledger: everything up to now as one archive, for the operator alone (S16). */
import { Controller, Get, Logger, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ReadOnlyError, UnavailableError } from '../errors.js';
import { Ledger } from '../ledger.js';
import { Operation } from '../web/operation.js';
import { servingSource } from './archive-source.js';
import { ARCHIVE_MEDIA_TYPE } from './format.js';
import { archiveStream } from './write-archive.js';

@Controller('api/v1/backup')
export class BackupController {
  readonly #logger = new Logger('backup');

  constructor(private readonly ledger: Ledger) {}

  @Get()
  @Operation({
    name: 'backup.read',
    summary:
      'Everything in the store up to now, as one archive: it holds what is sealed about persons, and no key outside the ' +
      'store. Verify it before you keep it: an answer that was cut off has no end (`meritkedja backup` does).',
    answer: { type: ARCHIVE_MEDIA_TYPE, description: 'The archive, see docs/formats.md.' },
  })
  async backup(@Res() reply: FastifyReply): Promise<void> {
    const { ledger } = this;
    // What it was restored from is its backup until somebody has decided.
    if (ledger.losses !== undefined) throw new ReadOnlyError();
    await ledger.signer.newest().catch((error: unknown) => {
      // Without a worker the newest head there is will do: the archive says which.
      if (!(error instanceof UnavailableError)) throw error;
    });
    const source = await servingSource(ledger);
    const archive = archiveStream(source);
    this.#logger.log(`operator: backup of ${source.logSize} entries begins`);
    archive.on('error', (error) => this.#logger.error(`the backup was cut off: ${error.message}`));
    const day = source.created.slice(0, 10);
    void reply
      .type(ARCHIVE_MEDIA_TYPE)
      .header('cache-control', 'no-store')
      .header('content-disposition', `attachment; filename="meritkedja-${day}.backup"`)
      .send(archive);
  }
}
