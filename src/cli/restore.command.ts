/**
 * `meritkedja restore FILE --data-dir DIR`: puts a backup into an empty store and compares it with what is known elsewhere
 * (S16); `meritkedja restore --accept-loss --data-dir DIR`: goes on under a new origin where that is gone for good.
 * Proven by restore.int.spec.ts.
 */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { acceptLoss, isAcceptedAlready } from '../archive/accept-loss.js';
import { anchoredRoots, type ChainsCompared } from '../archive/anchored-roots.js';
import { applyErasuresTo, rootSecretOf } from '../archive/erasures.js';
import { ArchiveError } from '../archive/format.js';
import {
  entriesLost,
  keptCheckpoint,
  lastHeadPath,
  lastSignedHead,
  logOf,
  lossesOf,
  type LogContents,
} from '../archive/known-heads.js';
import { openStoreOf, type OpenStore } from '../archive/open-store.js';
import { describeLoss } from '../archive/read-only.js';
import { openCheckpoint } from '../archive/read-archive.js';
import { restorationOf, type Loss } from '../archive/restoration.js';
import { restoreArchive } from '../archive/restore.js';
import type { Config } from '../config.js';
import { toBase64 } from '../encoding/base64.js';
import { canonicalize } from '../encoding/jcs.js';
import { Secrets } from '../crypto/secrets.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import { progressOn } from './progress.js';

interface RestoreOptions {
  readonly dataDir: string;
  readonly checkpoint?: readonly string[];
  readonly acceptLoss?: boolean;
  readonly lost?: string;
  readonly json?: boolean;
}

export function restoreCommand(root: Command, io: CliIo): void {
  root
    .command('restore')
    .description('Restore a backup into an empty data folder, or accept that what came after it is lost.')
    .argument('[file]', 'the backup')
    .requiredOption('--data-dir <dir>', 'the data folder; with EVENTSTORE_URL set, the events go to EventStoreDB')
    .option('--checkpoint <file...>', 'signed checkpoints of this log that were kept elsewhere: compared too')
    .option('--accept-loss', 'go on under a new origin and log key, without what is lost')
    .option('--lost <entries>', 'with --accept-loss: how many entries are lost, as the command shows, or "unknown"')
    .option('--json', 'print one JSON document')
    .action(async (file: string | undefined, options: RestoreOptions) => {
      // As the service: what is made in the data folder is its owner's alone.
      process.umask(0o077);
      if (options.acceptLoss === true) {
        if (file !== undefined) throw new CliError(EXIT.usage, '--accept-loss takes no file: restore it first');
        await accept(options, io);
      } else {
        if (file === undefined) throw new CliError(EXIT.usage, 'name the backup to restore');
        await restore(file, options, io);
      }
    });
}

/** @param openStore for tests */
export async function restore(
  file: string,
  options: RestoreOptions,
  io: CliIo,
  openStore: OpenStore = openStoreOf,
): Promise<void> {
  const config = io.config(options.dataDir);
  const progress = progressOn(io);
  const store = await openStore(config, 'make');
  let chains: ChainsCompared | undefined;
  try {
    const { contents, losses } = await restoreArchive(file, store, {
      now: io.now,
      losses: async (log) => {
        const compared = await compare(log, config, options);
        chains = compared.chains;
        return compared.losses;
      },
      applyErasures: async (restored) => applyErasuresTo(restored, config, io.now),
      onProgress: (doing, done, total) => progress.of(doing === 'verifying' ? 'Verifying' : 'Restoring')(done, total),
    });
    progress.done();
    const { logSize, root, events } = contents.trailer;
    if (options.json === true) {
      io.stdout.write(`${JSON.stringify({ logSize, root, events, losses, notReached: chains?.notReached ?? [] })}\n`);
      return;
    }
    io.stdout.write(
      `Restored: ${logSize} entries in the log, ${events} events in all\n  root  ${root}, as in the backup\n`,
    );
    for (const chain of chains?.notReached ?? []) io.stdout.write(`Not compared: ${printable(chain)}\n`);
    io.stdout.write(adviceOn(losses, contents, config, options));
  } catch (error) {
    progress.done();
    if (error instanceof ArchiveError) throw new CliError(EXIT.input, `${printable(file)}: ${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'EACCES') {
      throw new CliError(EXIT.input, `${printable(file)}: cannot be read (${code})`);
    }
    throw error;
  } finally {
    await store.close();
  }
}

/** @param openStore for tests */
export async function accept(options: RestoreOptions, io: CliIo, openStore: OpenStore = openStoreOf): Promise<void> {
  const config = io.config(options.dataDir);
  const store = await openStore(config, 'read');
  try {
    const restoration = await restorationOf(store);
    if (restoration.is === 'incomplete') {
      throw new CliError(EXIT.configuration, 'the restore was cut off: finish it first, with the same file');
    }
    const log = await logOf(store);
    const compared = await compare(log, config, options);
    const remembered = restoration.is === 'readOnly' ? restoration.losses : [];
    const losses = distinct([...remembered, ...compared.losses, ...unknownIn(log, resolve(config.keysDir))]);
    const isGoingOn = isAcceptedAlready({ log, keysDir: resolve(config.keysDir) });
    if (losses.length === 0 && !isGoingOn) {
      throw new CliError(EXIT.usage, 'nothing is known to be lost: start the service, there is nothing to accept');
    }
    const lost = String(entriesLost(losses, log.tree.size) ?? 'unknown');
    if (!isGoingOn) await confirm(losses, log, lost, options, io);
    const secrets = new Secrets(await rootSecretOf(config));
    const next = await acceptLoss({
      store,
      secrets,
      keysDir: resolve(config.keysDir),
      log,
      losses,
      lostUpTo: compared.chains.newest,
      now: io.now(),
    });
    if (options.json === true) io.stdout.write(`${JSON.stringify(next)}\n`);
    else {
      io.stdout.write(
        `The ledger goes on as ${next.origin}\n  key  ${next.vkey}\nStart the service, and give everybody who pinned ` +
          'the old trust file the new one (DATA_DIR/trust.json). What the old key has signed beyond this is of no log.\n',
      );
    }
  } finally {
    await store.close();
  }
}

async function compare(
  log: LogContents,
  config: Config,
  { checkpoint = [] }: RestoreOptions,
): Promise<{ losses: readonly Loss[]; chains: ChainsCompared }> {
  const keysDir = resolve(config.keysDir);
  const kept = [];
  for (const path of checkpoint) kept.push(await keptCheckpoint(path, log));
  const last = lastSignedHead(keysDir);
  const chains = await anchoredRoots(log, { ...config, dataDir: resolve(config.dataDir) });
  const losses = lossesOf(log, { heads: [...(last ? [last] : []), ...kept], anchored: chains.anchored });
  return { losses, chains };
}

/** What the restore remembered and what is found again is one loss. */
function distinct(losses: readonly Loss[]): readonly Loss[] {
  return [...new Map(losses.map((loss) => [canonicalize(loss), loss])).values()];
}

/** Without the last signed head nobody can tell what was signed after the newest head in the store. */
function unknownIn({ ledger, checkpoint }: Awaited<ReturnType<typeof logOf>>, keysDir: string): readonly Loss[] {
  if (checkpoint === undefined || lastSignedHead(keysDir)) return [];
  const { origin, vkey } = ledger;
  const where = lastHeadPath(keysDir);
  return [{ kind: 'unknown', where, origin, ...openCheckpoint(checkpoint, origin, vkey, where) }];
}

async function confirm(
  losses: readonly Loss[],
  log: LogContents,
  lost: string,
  { lost: confirmed }: RestoreOptions,
  io: CliIo,
): Promise<void> {
  const { size } = log.tree;
  io.stderr.write(
    `This log has ${size} entries, root ${toBase64(log.tree.root())}. Known elsewhere and not in it:\n` +
      losses.map((loss) => `  ${printable(describeLoss(loss, size))}\n`).join('') +
      `Entries lost: ${lost === 'unknown' ? 'unknown, nothing tells how many' : lost}. Everything they said is void for ` +
      'the ledger, though others may hold proofs of it. The old key never signs again.\n',
  );
  const answer = confirmed ?? (await io.ask?.(`Type ${lost} to accept this loss: `));
  if (answer?.trim() === lost) return;
  throw new CliError(EXIT.usage, `nothing was changed; to accept this loss add --lost ${lost}`);
}

function adviceOn(losses: readonly Loss[], { tree }: LogContents, config: Config, { dataDir }: RestoreOptions): string {
  if (losses.length > 0) {
    return (
      'Something newer is known than this backup:\n' +
      losses.map((loss) => `  ${printable(describeLoss(loss, tree.size))}\n`).join('') +
      'The service will only be readable: nothing is written, signed or anchored. Restore the newest backup there is into ' +
      `an empty folder. If there is none: meritkedja restore --accept-loss --data-dir ${printable(dataDir)}\n`
    );
  }
  if (lastSignedHead(resolve(config.keysDir))) return 'It holds everything that is known to be signed or anchored.\n';
  return (
    `${lastHeadPath(resolve(config.keysDir))} is missing, so nobody can tell what was signed after this backup. Put the ` +
    'file back before you start the service (docs/operations.md, "Backup and restore").\n'
  );
}
