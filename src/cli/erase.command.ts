/**
 * `meritkedja erase`: asks a running ledger to erase a holder for good, says what goes and what stays, and on a terminal
 * asks before it does. Proven by erase.command.spec.ts and test/erasure.e2e.spec.ts.
 */
import type { Command } from 'commander';
import { isJsonObject, type Json } from '../encoding/json.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import { callLedger, withApiOptions, type ApiOptions } from './ledger-api.js';

type EraseOptions = ApiOptions & { credential?: string; yes?: boolean; json?: boolean };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const GOES = `This cannot be undone. It deletes what the ledger knows of the holder: the key under which their credentials,
assessments and private notes are sealed, name, e-mail and personal number, and what their links and QR codes show.
`;
const STAYS = `What stays: the entries in the log with their digests, the batches and anchors, and the status of the
credentials. Whoever kept a credential or a proof can still check it.
Backups and copies from before still open with the old epoch key. It is destroyed with the next change of epochs, within
30 days (at once: meritkedja keys rotate-epoch); until then keep such copies as you keep the data itself.
`;

export function eraseCommand(root: Command, io: CliIo): void {
  const command = root
    .command('erase')
    .description('Erase a holder for good. The public log stays as it is.')
    .argument('[holder]', 'id of the holder; or name one of their credentials with --credential')
    .option('--credential <id>', 'the holder of this credential')
    .option('--yes', 'do not ask');
  withApiOptions(command).action((holder: string | undefined, options: EraseOptions) => erase(holder, options, io));
}

async function erase(given: string | undefined, options: EraseOptions, io: CliIo): Promise<void> {
  const holder = await holderOf(given, options, io);
  if (options.yes !== true) await confirmed(holder, io);
  const answer = await callLedger('POST', `/api/v1/holders/${holder}/erase`, options, io, { confirm: holder });
  if (options.json === true || !isJsonObject(answer)) {
    io.stdout.write(`${JSON.stringify(answer)}\n`);
    return;
  }
  const credentials = counted(answer['credentials'], 'credential', 'credentials');
  const links = counted(answer['shares'], 'link shows', 'links show');
  const numbers = counted(answer['reservations'], 'personal number', 'personal numbers');
  io.stdout.write(
    `Erased ${holder}: ${credentials} can no longer be opened, ${links} nothing, ${numbers} forgotten.\n${STAYS}`,
  );
}

function counted(value: Json | undefined, one: string, many: string): string {
  return `${typeof value === 'number' ? value : '?'} ${value === 1 ? one : many}`;
}

async function holderOf(given: string | undefined, options: EraseOptions, io: CliIo): Promise<string> {
  if ((given === undefined) === (options.credential === undefined)) {
    throw new CliError(EXIT.usage, 'name either a holder or, with --credential, one of their credentials');
  }
  if (given !== undefined) return uuid(given, 'HOLDER');
  const credential = uuid(options.credential ?? '', '--credential');
  const answer = await callLedger('GET', `/api/v1/credentials/${credential}/holder`, options, io);
  const id = isJsonObject(answer) ? answer['id'] : undefined;
  if (typeof id !== 'string' || !UUID.test(id)) throw new CliError(EXIT.input, 'the ledger named no holder');
  return id;
}

async function confirmed(holder: string, io: CliIo): Promise<void> {
  if (!io.ask) throw new CliError(EXIT.usage, 'there is no terminal to confirm on: give --yes to erase without asking');
  const word = holder.slice(0, 8);
  const answer = await io.ask(`${GOES}${STAYS}Type ${word} to erase holder ${holder}: `);
  if (answer.trim().toLowerCase() !== word) throw new CliError(EXIT.usage, 'not confirmed: nothing was erased');
}

function uuid(text: string, what: string): string {
  if (!UUID.test(text)) throw new CliError(EXIT.usage, `${what}: "${printable(text)}" is not an id (UUID)`);
  return text.toLowerCase();
}
