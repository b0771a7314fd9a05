/**
 * `meritkedja keys`: which keys a ledger has, the change of its epoch (S23), a new issuing key, all over its API; and the
 * change of the master key, on the machine itself, since that key is never sent. Proven by keys.command.int.spec.ts.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { changeMasterKey, type KeyPlaces } from '../crypto/root-secret.js';
import { isJsonObject, type Json, type JsonObject } from '../encoding/json.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import { callLedger, withApiOptions, type ApiOptions } from './ledger-api.js';

type Options = ApiOptions & { readonly json?: boolean };
interface MasterOptions {
  readonly dataDir?: string;
  readonly keysDir?: string;
  readonly toFile?: boolean;
  readonly json?: boolean;
}

const PAGE = 200;
const POLL_MS = 250;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const ROTATE_MASTER = `
The new key is MASTER_KEY_NEW of the environment (or the file that MASTER_KEY_NEW_FILE names), else a random one in
DATA_DIR/master-key. It wraps KEYS_DIR/root-secret.json anew; nothing in the store changes. At every moment the old key
or the new one opens it; after a crash run the command again. The service may run meanwhile; it needs the new key at its
next start. Old copies of root-secret.json still open with the old key: destroy them.`;

export function keysCommand(root: Command, io: CliIo): void {
  const keys = root.command('keys').description('The keys of a ledger: which there are, and new ones in their place.');
  withApiOptions(
    keys.command('list').description('Which keys there are, where they lie and who holds them; never a key itself.'),
  ).action((options: Options) => list(options, io));
  withApiOptions(
    keys
      .command('rotate-epoch')
      .description('Begin a new epoch: old copies of the store no longer open for those who were erased (S23).'),
  ).action((options: Options) => rotateEpoch(options, io));
  withApiOptions(
    keys
      .command('rotate')
      .description('A new issuing key for an organisation, kept by the service; the active one ends.')
      .argument('<organisation>', 'id of the organisation'),
  ).action((organisation: string, options: Options) => rotateIssuing(organisation, options, io));
  keys
    .command('rotate-master')
    .description('Wrap the root secret under a new master key. Works on the files of this machine.')
    .option('--data-dir <folder>', 'data folder of the ledger (else DATA_DIR)')
    .option('--keys-dir <folder>', 'its key folder (else KEYS_DIR, else keys below the data folder)')
    .option('--to-file', 'where MASTER_KEY is set now: keep the new key in DATA_DIR/master-key from now on')
    .option('--json', 'print one JSON document')
    .addHelpText('after', ROTATE_MASTER)
    .action((options: MasterOptions) => rotateMaster(options, io));
}

async function list(options: Options, io: CliIo): Promise<void> {
  const { first, issuing } = await allKeys(options, io);
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify({ ...first, issuingKeys: issuing })}\n`);
    return;
  }
  const log = objectOf(first['log']);
  const rows: (readonly [string, string])[] = [
    ['master key', text(first['masterKey'])],
    ['root secret', join(text(first['keysFolder']), 'root-secret.json')],
    ['epoch', epochText(objectOf(first['epoch']))],
    ['log', text(log['vkey'])],
    ...listOf(first['anchorers']).map(({ chain, address }): readonly [string, string] => [
      'anchorer',
      `${text(address)} on ${text(chain)}`,
    ]),
    ...listOf(first['signersAway']).map((away): readonly [string, string] => ['signer away', text(away as Json)]),
    ...issuing.map(({ organisation, kid, custody, state }): readonly [string, string] => [
      'issuing key',
      `${text(kid)}  ${text(state)}, held by the ${text(custody)}, of ${text(organisation)}`,
    ]),
  ];
  for (const [label, value] of rows) io.stdout.write(`${label.padEnd(13)}${value}\n`);
}

async function allKeys(
  options: Options,
  io: CliIo,
): Promise<{ readonly first: JsonObject; readonly issuing: readonly JsonObject[] }> {
  let cursor = '0';
  let first: JsonObject | undefined;
  const issuing: JsonObject[] = [];
  for (;;) {
    const answer = objectOf(
      (await callLedger('GET', `/api/v1/keys?limit=${PAGE}&cursor=${cursor}`, options, io)) as Json,
    );
    first ??= answer;
    const { items, next } = objectOf(answer['issuingKeys']);
    issuing.push(...listOf(items));
    if (typeof next !== 'string' || next === cursor) return { first, issuing };
    cursor = next;
  }
}

async function rotateEpoch(options: Options, io: CliIo): Promise<void> {
  const read = async (): Promise<JsonObject> =>
    objectOf(objectOf((await callLedger('GET', '/api/v1/keys?limit=1', options, io)) as Json)['epoch']);
  const before = await read();
  let epoch = objectOf((await callLedger('POST', '/api/v1/keys/epoch', options, io)) as Json);
  let told = '';
  const began = io.now();
  for (;;) {
    const isOver = epoch['state'] === 'idle' && epoch['current'] !== before['current'];
    const wasUnderWay = epoch['state'] === 'idle' && before['state'] === 'changing';
    if (isOver || wasUnderWay) break;
    if (typeof epoch['problem'] === 'string') throw new CliError(EXIT.undetermined, printable(epoch['problem']));
    const progress = `${text(epoch['living'])} keys in the new epoch, ${text(epoch['earlier'])} to go\n`;
    if (progress !== told) io.stderr.write(progress);
    told = progress;
    await delay(POLL_MS);
    epoch = await read();
  }
  const seconds = Math.round((io.now().getTime() - began.getTime()) / 1000);
  io.stdout.write(
    options.json === true
      ? `${JSON.stringify(epoch)}\n`
      : `Epoch ${text(epoch['current'])}: ${text(epoch['living'])} keys wrapped anew in ${seconds} s, the older epoch's key is destroyed.\n` +
          'Make a backup now: older ones no longer open for anybody whose key lies in them alone.\n',
  );
}

async function rotateIssuing(organisation: string, options: Options, io: CliIo): Promise<void> {
  if (!UUID.test(organisation)) {
    throw new CliError(EXIT.usage, `"${printable(organisation)}" is not the id of an organisation (a UUID)`);
  }
  const path = `/api/v1/organisations/${organisation.toLowerCase()}/keys`;
  const answer = objectOf((await callLedger('POST', path, options, io)) as Json);
  const active = listOf(answer['keys']).findLast((key) => key['active'] === true);
  io.stdout.write(
    options.json === true
      ? `${JSON.stringify(answer)}\n`
      : `${text(answer['name'])} issues with ${text(active?.['kid'])} from now on.\n`,
  );
}

async function rotateMaster(options: MasterOptions, io: CliIo): Promise<void> {
  const dataDir = options.dataDir ?? io.dataDir;
  if (dataDir === undefined) throw new CliError(EXIT.usage, 'name the data folder: --data-dir, or DATA_DIR');
  const places: KeyPlaces = {
    dataDir,
    keysDir: options.keysDir ?? (options.dataDir === undefined ? io.keysDir : undefined) ?? join(dataDir, 'keys'),
    masterKey: io.masterKey,
  };
  const isToFile = io.masterKeyNew === undefined;
  if (isToFile && places.masterKey !== undefined && options.toFile !== true) {
    throw new CliError(
      EXIT.usage,
      'the present key is MASTER_KEY: give the new one as MASTER_KEY_NEW, or --to-file to keep it in DATA_DIR/master-key',
    );
  }
  if (!isToFile && options.toFile === true) {
    throw new CliError(EXIT.usage, 'MASTER_KEY_NEW and --to-file are both given: use one of them');
  }
  const given = io.masterKeyNew === undefined ? {} : { fromEnvironment: io.masterKeyNew };
  const change = await changeMasterKey(places, given);
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify(change)}\n`);
    return;
  }
  io.stdout.write(
    `${change.changed ? 'The root secret is wrapped under the new master key' : 'It was wrapped under the new master key already'}: ${change.to}.\n`,
  );
  if (!isToFile) {
    io.stdout.write('Start the service with that key as MASTER_KEY from now on.\n');
    if (change.leftBehind !== undefined) {
      io.stdout.write(
        `${printable(change.leftBehind)} is there still and is not the master key any more: without MASTER_KEY the ` +
          'service would read it, and not start. Remove it.\n',
      );
    }
  }
  if (isToFile && places.masterKey !== undefined)
    io.stdout.write('Start the service without MASTER_KEY from now on.\n');
}

function epochText(epoch: JsonObject): string {
  const change = epoch['state'] === 'changing' ? `, changing: ${text(epoch['earlier'])} to go` : '';
  const problem = typeof epoch['problem'] === 'string' ? ` (${printable(epoch['problem'])})` : '';
  const begun = typeof epoch['begun'] === 'string' ? ` since ${printable(epoch['begun'])}` : '';
  return `${text(epoch['current'])}${begun}, ${text(epoch['living'])} living keys under it${change}${problem}`;
}

function text(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? printable(String(value)) : '?';
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function listOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
}
