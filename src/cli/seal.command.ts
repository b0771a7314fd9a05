/** `meritkedja seal`: asks a running ledger to anchor now. */
import type { Command } from 'commander';
import { isJsonObject, type Json } from '../encoding/json.js';
import { printable, type CliIo } from './cli-io.js';
import { callLedger, listed, withApiOptions, type ApiOptions } from './ledger-api.js';

export function sealCommand(root: Command, io: CliIo): void {
  const command = root.command('seal').description('Seal a batch now: the log’s head goes to the chain.');
  withApiOptions(command).action((options: ApiOptions & { json?: boolean }) => seal(options, io));
}

async function seal(options: ApiOptions & { json?: boolean }, io: CliIo): Promise<void> {
  const batch = await callLedger('POST', '/api/v1/batches/seal', options, io);
  if (options.json === true || !isJsonObject(batch)) {
    io.stdout.write(`${JSON.stringify(batch)}\n`);
    return;
  }
  const text = (value: Json | undefined): string =>
    typeof value === 'string' || typeof value === 'number' ? printable(String(value)) : '?';
  io.stdout.write(
    `Batch ${text(batch['number'])}: entries ${text(batch['fromIndex'])} to ${text(batch['toIndex'])}, ` +
      `root ${text(batch['root'])}\n`,
  );
  // Where nothing has happened since, it is the newest batch, which may be final long since.
  for (const anchor of listed(batch['anchors']))
    io.stdout.write(`  chain ${text(anchor['chainId'])}: ${text(anchor['state'])}\n`);
}
