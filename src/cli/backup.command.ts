/**
 * `meritkedja backup FILE`: everything in a ledger as one verified file. Of a running one over HTTP, of a stopped one from
 * its folder. The file appears under its name when it is whole, verified and on the disk. Proven by test/backup.e2e.spec.ts.
 */
import { createWriteStream } from 'node:fs';
import { access, chmod, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { sourceOf } from '../archive/archive-source.js';
import { ArchiveError } from '../archive/format.js';
import { openStoreOf, type OpenStore } from '../archive/open-store.js';
import { readArchive, type ArchiveContents } from '../archive/read-archive.js';
import { archiveStream } from '../archive/write-archive.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import { orAdvise } from './in-use.js';
import { openFromLedger, withApiOptions, type ApiOptions } from './ledger-api.js';
import { progressOn } from './progress.js';

interface BackupOptions extends ApiOptions {
  readonly dataDir?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function backupCommand(root: Command, io: CliIo): void {
  const command = root
    .command('backup')
    .description('Back up a ledger: everything in its store, in one verified file. No key outside the store is in it.')
    .argument('<file>', 'the file to write')
    .option('--data-dir <dir>', 'of a stopped ledger: its data folder (with EVENTSTORE_URL set, its EventStoreDB)')
    .option('--force', 'replace a file that is there');
  withApiOptions(command).action((file: string, options: BackupOptions) => backup(file, options, io));
}

/** @param openStore for tests */
export async function backup(
  file: string,
  options: BackupOptions,
  io: CliIo,
  openStore: OpenStore = openStoreOf,
): Promise<void> {
  if (
    options.force !== true &&
    (await access(file).then(
      () => true,
      () => false,
    ))
  ) {
    throw new CliError(EXIT.usage, `${printable(file)}: is there already; --force replaces it`);
  }
  const part = `${file}.part`;
  const progress = progressOn(io);
  try {
    if (options.dataDir === undefined) await fetchArchive(part, options, io, progress);
    else await writeArchive(part, io.config(options.dataDir), io, openStore, progress);
    const contents = await readArchive(part, { onProgress: progress.of('Verifying') });
    progress.done();
    await rename(part, file);
    await syncFolder(dirname(file));
    tell(file, contents, options, io);
  } catch (error) {
    progress.done();
    await rm(part, { force: true });
    if (error instanceof ArchiveError) throw new CliError(EXIT.input, `no backup was made: ${error.message}`);
    throw error;
  }
}

type Progress = ReturnType<typeof progressOn>;

async function fetchArchive(part: string, options: BackupOptions, io: CliIo, progress: Progress): Promise<void> {
  const body = await openFromLedger('/api/v1/backup', options, io);
  try {
    await save(part, body, progress);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(EXIT.undetermined, `no backup was made: the ledger ended it (${reason(error)})`);
  }
}

async function writeArchive(
  part: string,
  config: ReturnType<CliIo['config']>,
  io: CliIo,
  openStore: OpenStore,
  progress: Progress,
): Promise<void> {
  const advice = 'leave out --data-dir to back up the running ledger, or stop the service first';
  const store = await orAdvise(() => openStore(config, 'read'), advice);
  try {
    await save(part, archiveStream(await sourceOf(store, io.now())), progress);
  } finally {
    await store.close();
  }
}

async function save(part: string, bytes: Readable, progress: Progress): Promise<void> {
  let written = 0;
  const show = progress.of('Writing');
  const out = createWriteStream(part, { mode: 0o600, flush: true });
  out.on('error', () => undefined);
  try {
    await pipeline(
      bytes,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          written += chunk.length;
          show(written);
          yield chunk;
        }
      },
      out,
    );
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === 'open' || code === 'ENOSPC' || code === 'EACCES') {
      throw new CliError(EXIT.usage, `${printable(part)}: cannot be written (${code ?? 'unwritable'})`);
    }
    throw error;
  }
  // A file that an earlier attempt left may have other permissions.
  await chmod(part, 0o600);
}

async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, 'r');
  await directory.sync().finally(() => directory.close());
}

function tell(file: string, { header, trailer, bytes }: ArchiveContents, options: BackupOptions, io: CliIo): void {
  const { logSize, root, events } = trailer;
  if (options.json === true) {
    const { origin } = header;
    io.stdout.write(`${JSON.stringify({ file, bytes, origin, events, logSize, root })}\n`);
    return;
  }
  io.stdout.write(
    `Backed up and verified: ${printable(file)}\n  size     ${bytes} bytes\n  entries  ${logSize} in the log, ` +
      `${events} events in all\n  root     ${root}\n` +
      'Keep the master key and KEYS_DIR apart from it: without them it opens nothing, with them it signs as every issuer.\n',
  );
}

function reason(error: unknown): string {
  return error instanceof Error ? printable(error.message) : 'broken off';
}
