/**
 * `meritkedja bundle ID`: the proof bundle of a credential, from a running ledger; with `--tlog-proof` only the issuance's
 * log entry and its inclusion, as a file of c2sp.org/tlog-proof@v1. Proven by run.int.spec.ts.
 */
import { writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { isTlogProof } from '../log/tlog-proof.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import { callLedger, openFromLedger, withApiOptions, type ApiOptions } from './ledger-api.js';

interface BundleOptions extends ApiOptions {
  readonly out?: string;
  readonly tlogProof?: boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function bundleCommand(root: Command, io: CliIo): void {
  const command = root
    .command('bundle')
    .description('Fetch the proof bundle of a credential: one JSON file that can be checked without the ledger.')
    .argument('<id>', 'the credential’s id (UUID, or urn:uuid:…)')
    .option('--tlog-proof', 'the issuance’s log entry and its inclusion alone, as a file of c2sp.org/tlog-proof@v1')
    .option('--out <file>', 'write to a file instead of the standard output');
  withApiOptions(command).action((id: string, options: BundleOptions) => fetchBundle(id, options, io));
}

async function fetchBundle(given: string, options: BundleOptions, io: CliIo): Promise<void> {
  const id = given.toLowerCase().replace(/^urn:uuid:/, '');
  if (!UUID.test(id)) throw new CliError(EXIT.usage, `"${printable(given)}" is not a credential’s id`);
  const bundle =
    options.tlogProof === true
      ? await logProofOf(id, options, io)
      : `${JSON.stringify(await callLedger('GET', `/api/v1/credentials/${id}/proof`, options, io))}\n`;
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

async function logProofOf(id: string, options: ApiOptions, io: CliIo): Promise<string> {
  const proof = await text(await openFromLedger(`/api/v1/credentials/${id}/tlog-proof`, options, io));
  if (!isTlogProof(proof)) throw new CliError(EXIT.input, `${printable(options.url)}: expected a log proof`);
  return proof;
}
