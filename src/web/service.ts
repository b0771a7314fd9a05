/** The life of the service: configuration, start, signals, the end. Exit status 78 for what the operator must mend. */
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { describeLoss } from '../archive/read-only.js';
import type { Config } from '../config.js';
import { isSeedDue, seedPilots } from '../demo/seed.js';
import { ConfigError } from '../errors.js';
import { isNameOf } from '../founding.js';
import { Ledger } from '../ledger.js';
import { loggerAt } from './quiet-logger.js';
import { createServer } from './server.js';

const EXIT_CONFIG = 78;
/** How long a service that must stop may take to close what it can. */
const LAST_MS = 5_000;

/** @param readConfig reads and checks the environment */
export async function run(readConfig: () => Config): Promise<void> {
  let ledger: Ledger | undefined;
  let app: NestFastifyApplication | undefined;
  let stopping: Promise<void> | undefined;
  const stop = (status: number): Promise<void> => {
    stopping ??= (async () => {
      await app?.close();
      await ledger?.close();
      process.exitCode = status;
    })();
    return stopping;
  };
  let failed = false;
  const fatal = (error: unknown): void => {
    if (failed) return;
    failed = true;
    const status = error instanceof ConfigError ? EXIT_CONFIG : 1;
    // The state is unknown: what is durable is durable, a restart reads it again. Closing may hang on what has failed.
    console.error(`Meritkedja must stop: ${explain(error)}`);
    setTimeout(() => process.exit(status), LAST_MS).unref();
    void stop(status)
      .catch((reason: unknown) => console.error(reason))
      .finally(() => process.exit(status));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // npm passes on what the terminal has sent already: a second one changes nothing.
    process.on(signal, () => {
      stop(0).then(() => process.exit(0), fatal);
    });
  }
  try {
    const config = readConfig();
    // Whatever is made in the data folder is the service's alone.
    process.umask(0o077);
    // What is said before there is a server is said as afterwards: by level, and without colours but on a terminal.
    Logger.overrideLogger(loggerAt(config.logLevel));
    ledger = await Ledger.open(config, fatal);
    app = await createServer(ledger);
    const wasReady = ledger.isReady;
    if (!wasReady) {
      await app.listen(config.port, config.host);
      console.log(`Building the read models from the log; ${config.publicUrl}/health/ready tells how far it is …`);
      await ledger.ready;
      if (stopping !== undefined) return;
    }
    if (ledger.losses === undefined && (await isSeedDue(ledger, config.seed))) {
      console.log('Loading the demonstration data (SEED=pilots) …');
      await seedPilots(ledger, app.get(CommandBus));
    }
    if (wasReady) await app.listen(config.port, config.host);
    for (const loss of ledger.losses ?? []) {
      console.warn(`Read-only (S16): ${describeLoss(loss, ledger.log.tree.size)}`);
    }
    if (ledger.losses) {
      console.warn(
        'Nothing is written, signed or anchored. Restore the newest copy there is; if there is none, accept the loss: ' +
          'meritkedja restore --accept-loss (docs/operations.md, "Backup and restore")',
      );
    }
    if (!isNameOf(ledger.origin, config.publicUrl)) {
      console.warn(
        `Note: this ledger was founded as ${ledger.origin}, PUBLIC_URL is now ${config.publicUrl}. The log keeps its name and ` +
          'organisations their DIDs, which lead to the old address: go back to it unless it is gone for good.',
      );
    }
    console.log(`Meritkedja ready at ${config.publicUrl}`);
    if (!config.roles.has('api')) {
      console.log('It is a worker: it signs, publishes and anchors, and answers only /health and /metrics.');
      return;
    }
    console.log(
      config.adminToken === undefined
        ? `Sign in at ${config.publicUrl}/sign-in with the token in ${join(config.dataDir, 'admin-token')}`
        : `Sign in at ${config.publicUrl}/sign-in with ADMIN_TOKEN`,
    );
  } catch (error) {
    const isConfig = error instanceof ConfigError || (error as { code?: string } | null)?.code === 'EADDRINUSE';
    console.error(isConfig ? describe(error) : error);
    await stop(isConfig ? EXIT_CONFIG : 1);
    process.exit(isConfig ? EXIT_CONFIG : 1);
  }
}

/** With the stack, unless it is the operator's to mend. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function describe(error: unknown): string {
  if ((error as { code?: string }).code === 'EADDRINUSE') return 'PORT: is in use by another program; choose another';
  return error instanceof Error ? error.message : String(error);
}
