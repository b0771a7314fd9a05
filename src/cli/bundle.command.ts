/** `meritkedja bundle ID`: the proof bundle of a credential, from a running ledger. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import { callLedger, withApiOptions, type ApiOptions } from './ledger-api.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function bundleCommand(root: Command, io: CliIo): void {
  const command = root
    .command('bundle')
    .description('Fetch the proof bundle of a credential: one JSON file that can be checked without the ledger.')
    .argument('<id>', 'the credential’s id (UUID, or urn:uuid:…)')
    .option('--out <file>', 'write to a file instead of the standard output');
  withApiOptions(command).action((id: string, options: ApiOptions & { out?: string }) => fetchBundle(id, options, io));
}

async function fetchBundle(given: string, options: ApiOptions & { out?: string }, io: CliIo): Promise<void> {
  const id = given.toLowerCase().replace(/^urn:uuid:/, '');
  if (!UUID.test(id)) throw new CliError(EXIT.usage, `"${printable(given)}" is not a credential’s id`);
  const bundle = `${JSON.stringify(await callLedger('GET', `/api/v1/credentials/${id}/proof`, options, io))}\n`;
  if (options.out === undefined) {
    io.stdout.write(bundle);
    return;
  }
  try {
    await writeFile(options.out, bundle);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unwritable';
    throw new CliError(EXIT.usage, `--out ${printable(options.out)}: cannot be written (${code})`);
  }
}
