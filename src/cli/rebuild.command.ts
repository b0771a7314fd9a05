/**
 * `meritkedja rebuild`: the read models are built anew from the log. A running ledger does it beside the tables that
 * serve; of a stopped one, `--data-dir` removes the tables, and its next start builds them.
 * Proven by rebuild.command.int.spec.ts.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { isJsonObject, type Json, type JsonObject } from '../encoding/json.js';
import { READ_MODELS, ReadModels } from '../event-store/projections.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import { orAdvise } from './in-use.js';
import { callLedger, withApiOptions, type ApiOptions } from './ledger-api.js';
import { progressOn } from './progress.js';

const POLL_MS = 500;

interface RebuildOptions extends ApiOptions {
  readonly json?: boolean;
  readonly wait: boolean;
  readonly dataDir?: string;
}

export function rebuildCommand(root: Command, io: CliIo): void {
  const command = root
    .command('rebuild')
    .description('Build the read models anew from the log; a running ledger goes on serving meanwhile.');
  withApiOptions(command)
    .option('--no-wait', 'ask for it and return at once')
    .option('--data-dir <dir>', 'of a stopped ledger: remove the tables, so that the next start builds them')
    .action((options: RebuildOptions) =>
      options.dataDir === undefined ? rebuild(options, io) : removeAll(options.dataDir, options, io),
    );
}

/** @throws CliError 1 where the build failed, else as `callLedger` */
async function rebuild(options: RebuildOptions, io: CliIo): Promise<void> {
  const asked = await callLedger('POST', '/api/v1/read-models/rebuild', options, io);
  const generation = partOf(asked, 'building')?.['generation'];
  if (!options.wait || typeof generation !== 'number') {
    io.stdout.write(
      options.json === true ? `${JSON.stringify(asked)}\n` : `Generation ${text(generation)} is being built.\n`,
    );
    return;
  }
  const progress = progressOn(io);
  const show = progress.of('Rebuilding', 'events');
  let status: unknown = asked;
  for (;;) {
    const building = partOf(status, 'building');
    if (building?.['generation'] !== generation) break;
    show(Number(building['done']), Number(building['of']));
    await delay(POLL_MS);
    status = await callLedger('GET', '/api/v1/read-models', options, io);
  }
  progress.done();
  const built = partOf(status, 'lastBuild');
  const problem = built?.['problem'];
  if (built?.['generation'] !== generation || problem !== undefined) {
    throw new CliError(
      EXIT.invalid,
      `generation ${generation} was not built: ${text(problem)}; the tables there are serve`,
    );
  }
  io.stdout.write(options.json === true ? `${JSON.stringify(status)}\n` : told(built));
}

function told(built: JsonObject): string {
  const projections = Array.isArray(built['projections']) ? (built['projections'] as Json[]) : [];
  const names = projections.flatMap((one) =>
    isJsonObject(one) ? [`${text(one['name'])} (version ${text(one['version'])})`] : [],
  );
  const { events, seconds } = built;
  return `Generation ${text(built['generation'])} serves: ${names.join(', ')}; ${text(events)} events in ${text(seconds)} s.\n`;
}

/** @throws CliError 78 where the ledger runs or there is no such folder */
async function removeAll(dataDir: string, { json }: RebuildOptions, io: CliIo): Promise<void> {
  const folder = resolve(dataDir);
  if (!existsSync(folder)) throw new CliError(EXIT.configuration, `--data-dir ${printable(folder)}: no such folder`);
  const models = join(folder, READ_MODELS);
  const advice = 'stop the service first, or leave out --data-dir to rebuild while it runs';
  const removed = await orAdvise(() => (existsSync(models) ? ReadModels.removeAll(models) : []), advice);
  if (json === true) io.stdout.write(`${JSON.stringify({ removed })}\n`);
  else {
    const what = removed.length === 0 ? 'There was no generation' : `Removed generation ${removed.join(', ')}`;
    io.stdout.write(`${what}; the next start builds the read models from the log.\n`);
  }
}

function partOf(status: unknown, name: string): JsonObject | undefined {
  const part = isJsonObject(status) ? status[name] : undefined;
  return isJsonObject(part) ? part : undefined;
}

function text(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? printable(String(value)) : '?';
}
