/**
 * `meritkedja restore FILE --data-dir DIR`: puts a backup into an empty store and compares it with what is known elsewhere
 * (S16); `meritkedja restore --accept-loss --data-dir DIR`: goes on under a new origin where that is gone for good.
 * Proven by restore.int.spec.ts.
 */
import { existsSync } from 'node:fs';
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
import { isToBeMade, openStoreOf, type OpenStore } from '../archive/open-store.js';
import { describeLoss } from '../archive/read-only.js';
import { openCheckpoint, type ArchiveContents } from '../archive/read-archive.js';
import { restorationOf, type Loss } from '../archive/restoration.js';
import { examineArchive, restoreArchive, type RestoreOptions } from '../archive/restore.js';
import type { Config } from '../config.js';
import { toBase64 } from '../encoding/base64.js';
import { canonicalize } from '../encoding/jcs.js';
import { masterKeyPath } from '../crypto/master-key.js';
import { rootSecretPath } from '../crypto/root-secret.js';
import { Secrets } from '../crypto/secrets.js';
import type { EventStore } from '../event-store/event-store.js';
import { CliError, EXIT, printable, type CliIo, type ExitStatus } from './cli-io.js';
import { orAdvise } from './in-use.js';
import { progressOn } from './progress.js';
import type { Finish } from './run.js';

interface RestoreCommandOptions {
  readonly dataDir: string;
  readonly checkpoint?: readonly string[];
  readonly acceptLoss?: boolean;
  readonly lost?: string;
  readonly json?: boolean;
}

const STATUSES = `
Exit status: 0 restored, and nothing newer is known; 1 restored, but the ledger is read-only or the last signed head is
missing, so that nobody can tell what was signed after the backup (do not start the service before you have read what is
said); 64 wrong usage, 65 the backup cannot be read or does not verify (nothing was written), 78 configuration.
--json: readOnly, lastHead ("compared" or "missing"), masterKey ("present" or "missing"), losses, notReached.`;

const STOP = 'stop the service first';

export function restoreCommand(root: Command, io: CliIo, finish: Finish): void {
  root
    .command('restore')
    .description('Restore a backup into an empty data folder, or accept that what came after it is lost.')
    .argument('[file]', 'the backup')
    .requiredOption('--data-dir <dir>', 'the data folder; with EVENTSTORE_URL set, the events go to EventStoreDB')
    .option('--checkpoint <file...>', 'signed checkpoints of this log that were kept elsewhere: compared too')
    .option('--accept-loss', 'go on under a new origin and log key, without what is lost')
    .option('--lost <entries>', 'with --accept-loss: how many entries are lost, as the command shows, or "unknown"')
    .option('--json', 'print one JSON document')
    .addHelpText('after', STATUSES)
    .action(async (file: string | undefined, options: RestoreCommandOptions) => {
      // As the service: what is made in the data folder is its owner's alone.
      const before = process.umask(0o077);
      try {
        if (options.acceptLoss === true) {
          if (file !== undefined) throw new CliError(EXIT.usage, '--accept-loss takes no file: restore it first');
          await accept(options, io);
        } else {
          if (file === undefined) throw new CliError(EXIT.usage, 'name the backup to restore');
          finish(await restore(file, options, io));
        }
      } finally {
        process.umask(before);
      }
    });
}

/**
 * @param openStore for tests
 * @returns the exit status: 1 where what was restored may not simply go on
 */
export async function restore(
  file: string,
  options: RestoreCommandOptions,
  io: CliIo,
  openStore: OpenStore = openStoreOf,
): Promise<ExitStatus> {
  const config = io.config(options.dataDir);
  const progress = progressOn(io);
  let store: EventStore | undefined;
  let chains: ChainsCompared | undefined;
  const looking: Pick<RestoreOptions, 'losses' | 'onProgress'> = {
    losses: async (log) => {
      const compared = await compare(log, config, options);
      chains = compared.chains;
      return compared.losses;
    },
    onProgress: (doing, done, total) => progress.of(doing === 'verifying' ? 'Verifying' : 'Restoring')(done, total),
  };
  try {
    // A store that is there is asked first: whether it may be restored into is known at once.
    const examined = isToBeMade(config) ? { examined: await examineArchive(file, looking) } : {};
    store = await orAdvise(() => openStore(config, 'make'), STOP);
    const { contents, losses } = await restoreArchive(file, store, {
      ...looking,
      ...examined,
      now: io.now,
      applyErasures: async (restored) => applyErasuresTo(restored, config, io.now),
    });
    progress.done();
    for (const anchor of chains?.afterTheirTime ?? []) io.stderr.write(`Not counted (S19): ${printable(anchor)}\n`);
    return tell(contents, losses, chains?.notReached ?? [], config, options, io);
  } catch (error) {
    progress.done();
    if (error instanceof ArchiveError) throw new CliError(EXIT.input, `${printable(file)}: ${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'EACCES') {
      throw new CliError(EXIT.input, `${printable(file)}: cannot be read (${code})`);
    }
    throw error;
  } finally {
    await store?.close();
  }
}

function tell(
  contents: ArchiveContents,
  losses: readonly Loss[],
  notReached: readonly string[],
  config: Config,
  options: RestoreCommandOptions,
  io: CliIo,
): ExitStatus {
  const { logSize, root, events } = contents.trailer;
  const keysDir = resolve(config.keysDir);
  const readOnly = losses.length > 0;
  const lastHead = lastSignedHead(keysDir) === undefined ? 'missing' : 'compared';
  const keyFile = masterKeyPath(resolve(config.dataDir));
  const masterKey = config.masterKey === undefined && !existsSync(keyFile) ? 'missing' : 'present';
  const status = readOnly || lastHead === 'missing' ? EXIT.invalid : EXIT.ok;
  if (options.json === true) {
    const result = { logSize, root, events, readOnly, lastHead, masterKey, losses, notReached };
    io.stdout.write(`${JSON.stringify(result)}\n`);
    return status;
  }
  io.stdout.write(
    `Restored: ${logSize} entries in the log, ${events} events in all\n  root  ${root}, as in the backup\n`,
  );
  for (const chain of notReached) io.stdout.write(`Not compared: ${printable(chain)}\n`);
  if (readOnly) io.stdout.write(adviceOn(losses, contents, options));
  if (lastHead === 'missing') {
    io.stdout.write(
      `${lastHeadPath(keysDir)} is missing, so nobody can tell what was signed after this backup. Put the ` +
        'file back before you start the service (docs/operations.md, "Backup and restore").\n',
    );
  }
  if (status === EXIT.ok) io.stdout.write('It holds everything that is known to be signed or anchored.\n');
  if (masterKey === 'missing') {
    io.stdout.write(
      `The master key is missing: before you start the service set MASTER_KEY, or put the file ${keyFile} back, and ` +
        `with it ${rootSecretPath(keysDir)}, which it opens. A backup holds neither.\n`,
    );
  }
  return status;
}

/** @param openStore for tests */
export async function accept(
  options: RestoreCommandOptions,
  io: CliIo,
  openStore: OpenStore = openStoreOf,
): Promise<void> {
  const config = io.config(options.dataDir);
  const store = await orAdvise(() => openStore(config, 'read'), STOP);
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
  { checkpoint = [] }: RestoreCommandOptions,
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
  { lost: confirmed }: RestoreCommandOptions,
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

function adviceOn(losses: readonly Loss[], { tree }: LogContents, { dataDir }: RestoreCommandOptions): string {
  return (
    'Read-only: something newer is known than this backup:\n' +
    losses.map((loss) => `  ${printable(describeLoss(loss, tree.size))}\n`).join('') +
    'The service will only be readable: nothing is written, signed or anchored. Restore the newest backup there is into ' +
    `an empty folder. If there is none: meritkedja restore --accept-loss --data-dir ${printable(dataDir)}\n`
  );
}
