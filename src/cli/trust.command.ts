/** `meritkedja trust add|list|remove`: the ledgers that the user trusts (S4). */
import type { Command } from 'commander';
import { equalJson } from '../encoding/json-equal.js';
import { InputError } from '../errors.js';
import { fingerprint, isRotationOf, parseTrust, type TrustFile } from '../verification/index.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import { readDocument, type ReadOptions } from './read-document.js';
import { pinnedTrust, TrustStore, type PinnedTrust } from './trust-store.js';

export function trustCommand(root: Command, io: CliIo): void {
  const trust = root
    .command('trust')
    .description('The ledgers that you trust: their trust files, pinned on this machine.');
  trust
    .command('add')
    .description(
      'Pin a trust file and show its fingerprint, to be compared with one that the ledger publishes elsewhere.',
    )
    .argument('<file>', 'the trust file, or - for the standard input')
    .option('--replace', 'replace another file that is pinned for the same log')
    .option('--json', 'print one JSON document')
    .action((file: string, options: { replace?: boolean; json?: boolean }) => add(file, options, io));
  trust
    .command('list')
    .description('Show what is pinned.')
    .option('--json', 'print one JSON document')
    .action((options: { json?: boolean }) => list(options, io));
  trust
    .command('remove')
    .description('Trust a log no longer.')
    .argument('<origin>', 'the log’s origin, as `trust list` shows it')
    .option('--json', 'print one JSON document')
    .action((origin: string, options: { json?: boolean }) => remove(origin, options, io));
}

/**
 * The trust that a command goes by: the files and URLs it was given, else what is pinned (S4).
 * @param dataDir whose own trust file counts as well
 * @throws CliError as `readDocument`, and 65 for what is no trust file
 */
export async function trustGiven(
  sources: readonly string[],
  io: CliIo,
  { dataDir = io.dataDir, ...options }: ReadOptions & { readonly dataDir?: string | undefined } = {},
): Promise<readonly PinnedTrust[]> {
  if (sources.length === 0) return pinnedTrust(io.configDir, dataDir);
  return Promise.all(
    sources.map(async (source) => ({ trust: trustFrom(await readDocument(source, io, options), source), source })),
  );
}

/**
 * The trust file in a document that the user named.
 * @throws CliError 65 saying what is wrong with it
 */
export function trustFrom(document: unknown, name: string): TrustFile {
  try {
    return parseTrust(document);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new CliError(EXIT.input, `${printable(name)}: is not a trust file: ${printable(error.message)}`);
  }
}

async function add(file: string, options: { replace?: boolean; json?: boolean }, io: CliIo): Promise<void> {
  // From a file only: what the network serves is not pinned before a person has had it in hand (S4).
  const trust = trustFrom(await readDocument(file, io, { offline: true }), file);
  const store = new TrustStore(io.configDir);
  const pinned = await store.find(trust.origin);
  const isOther = pinned !== undefined && fingerprint(pinned) !== fingerprint(trust);
  const rotated = isOther && isRotationOf(pinned, trust);
  if (isOther && !rotated && options.replace !== true) {
    throw new CliError(
      EXIT.usage,
      `another trust file is pinned for "${printable(trust.origin)}" (fingerprint ${fingerprint(pinned)}), ` +
        `which differs in ${differences(pinned, trust)}; the new one has the fingerprint ${fingerprint(trust)}; ` +
        'find out why it changed, then use --replace',
    );
  }
  await store.pin(trust);
  if (options.json === true) print({ ...summaryOf(trust), rotated }, io);
  else if (rotated)
    io.stdout.write(`Pinned: the log’s new key is signed by the one that you had pinned.\n${described(trust)}`);
  else
    io.stdout.write(`Pinned.\n${described(trust)}Compare the fingerprint with one from a source that you rely on.\n`);
}

/** Members in which two trust files differ; another key first, since it can be another ledger altogether. */
function differences(pinned: TrustFile, trust: TrustFile): string {
  const names = new Set([...Object.keys(pinned), ...Object.keys(trust)]) as Set<keyof TrustFile>;
  const differ = [...names].filter((name) => !equalJson(pinned[name], trust[name]));
  const isKeyOther = pinned.vkey !== trust.vkey;
  const key = isKeyOther ? 'the log’s key, without a rotation that the pinned key has signed' : '';
  const rest = differ.filter((name) => !['vkey', 'vkeys', 'rotations'].includes(name) || !isKeyOther);
  return [key, ...rest.map(printable)].filter((name) => name !== '').join(', ');
}

async function list(options: { json?: boolean }, io: CliIo): Promise<void> {
  const store = new TrustStore(io.configDir);
  const all = await store.all();
  if (options.json === true) print(all.map(summaryOf), io);
  else if (all.length === 0) io.stdout.write(`Nothing is pinned in ${store.folder}.\n`);
  else io.stdout.write(all.map(described).join('\n'));
}

async function remove(origin: string, options: { json?: boolean }, io: CliIo): Promise<void> {
  const removed = await new TrustStore(io.configDir).unpin(origin);
  if (!removed) throw new CliError(EXIT.usage, `nothing is pinned for "${printable(origin)}"`);
  if (options.json === true) print({ removed: origin }, io);
  else io.stdout.write(`No longer trusted: ${printable(origin)}\n`);
}

function summaryOf(trust: TrustFile): object {
  const chains = trust.chains.map(({ name, chainId, contract, anchorers }) => ({ name, chainId, contract, anchorers }));
  return { origin: trust.origin, vkey: trust.vkey, fingerprint: fingerprint(trust), chains };
}

/** An anchorer, and where in the log it is in force (S19). */
function anchorerText(anchorer: TrustFile['chains'][number]['anchorers'][number]): string {
  if (typeof anchorer === 'string') return anchorer;
  const { address, from, to } = anchorer;
  return `${address} (from entry ${from}${to === undefined ? '' : ` to ${to}`})`;
}

function described(trust: TrustFile): string {
  const chains = trust.chains.map(
    ({ name, chainId, contract, anchorers, embedded }) =>
      `  chain        ${printable(name)} (${chainId}), contract ${contract}, anchored by ${anchorers.map(anchorerText).join(', ')}` +
      `${embedded === true ? '; the operator’s own, proves no time' : ''}\n`,
  );
  return (
    `${printable(trust.origin)}\n  fingerprint  ${fingerprint(trust)}\n  key          ${printable(trust.vkey)}\n` +
    chains.join('')
  );
}

function print(value: unknown, io: CliIo): void {
  io.stdout.write(`${JSON.stringify(value)}\n`);
}
