/**
 * `meritkedja reanchor`, `rotate-anchorer`, `close-chain`: what an operator does about chains, asked of a running ledger. The
 * new key of a rotation signs here and goes nowhere. Proven by reanchor.command.spec.ts and test/chains.e2e.spec.ts.
 */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { openAnchorSigner } from '../anchoring/anchor-signer.js';
import { signRotation } from '../anchoring/anchorer-rotation.js';
import { isJsonObject, type Json, type JsonObject } from '../encoding/json.js';
import { InputError } from '../errors.js';
import { parseBlockHashList, type BlockHashList } from '../verification/index.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import { callLedger, listed, withApiOptions, type ApiOptions } from './ledger-api.js';

type ChainOptions = ApiOptions & { chain: string; json?: boolean };
type CloseOptions = ApiOptions & { yes?: boolean; uncovered?: boolean; save?: string; json?: boolean };

export function reanchorCommand(root: Command, io: CliIo): void {
  withApiOptions(
    root
      .command('reanchor')
      .description('Anchor the newest head, which covers all before it, on another configured chain too.')
      .requiredOption('--chain <name>', 'the chain, as in CHAIN'),
  ).action((options: ChainOptions) => reanchor(options, io));
}

export function rotateAnchorerCommand(root: Command, io: CliIo): void {
  withApiOptions(
    root
      .command('rotate-anchorer')
      .description(
        'Hand anchoring on a chain over to a new key: the one that ANCHOR_KEY, ANCHOR_KEYSTORE or ANCHOR_SIGNER_URL name here, ' +
          'while the running ledger still has the present one.',
      )
      .requiredOption('--chain <name>', 'the chain, as in CHAIN'),
  ).action((options: ChainOptions) => rotate(options, io));
}

export function closeChainCommand(root: Command, io: CliIo): void {
  withApiOptions(
    root
      .command('close-chain')
      .description('Record that a chain has ended. Its anchors stay provable by header and receipt.')
      .argument('<name>', 'the chain')
      .option('--uncovered', 'though its block hashes are under no anchor elsewhere, as it is gone already')
      .option('--save <file>', 'write the list of the blocks with its anchors there, for the time when it is gone')
      .option('--yes', 'do not ask'),
  ).action((name: string, options: CloseOptions) => close(name, options, io));
}

async function reanchor(options: ChainOptions, io: CliIo): Promise<void> {
  const { chainId } = await chainNamed(options.chain, options, io);
  const batch = await callLedger('POST', `/api/v1/chains/${chainId}/reanchor`, options, io);
  tell(batch, options, io, (one) => {
    const name = printable(options.chain);
    const isFinal = listed(one['anchors']).some(
      (anchor) => anchor['chainId'] === chainId && anchor['state'] === 'finalised',
    );
    const does = isFinal ? 'is final already on' : 'goes to';
    return `Batch ${shown(one['number'])}, which covers ${shown(one['size'])} entries, ${does} ${name} (chain ${chainId}).\n`;
  });
}

async function rotate(options: ChainOptions, io: CliIo): Promise<void> {
  const chain = await chainNamed(options.chain, options, io);
  const key = io.config('.').anchorKey;
  if (key === undefined) {
    throw new CliError(EXIT.configuration, 'name the new key: ANCHOR_KEY, ANCHOR_KEYSTORE or ANCHOR_SIGNER_URL');
  }
  const signer = await openAnchorSigner(key);
  const trust = await callLedger('GET', '/.well-known/meritkedja.json', options, io);
  const origin = isJsonObject(trust) ? trust['origin'] : undefined;
  if (typeof origin !== 'string') throw new CliError(EXIT.input, 'the ledger answered no trust file');
  const { chainId, contract, anchorer: previous } = chain;
  const signature = await signRotation(signer, { origin, chainId, contract, previous, anchorer: signer.address });
  const body = { anchorer: signer.address, signature };
  const answer = await callLedger('POST', `/api/v1/chains/${chainId}/anchorer`, options, io, body);
  tell(
    answer,
    options,
    io,
    (one) =>
      `From entry ${shown(one['from'])} on ${shown(one['anchorer'])} anchors on ${printable(options.chain)}.\n` +
      'Restart the ledger with the new key now, with funds at its address. Until then nothing is anchored there.\n' +
      'Publish the trust file anew: who has pinned the old one does not know the new anchorer.\n',
  );
}

async function close(name: string, options: CloseOptions, io: CliIo): Promise<void> {
  const { chainId } = await chainNamed(name, options, io);
  if (options.yes !== true) {
    if (!io.ask)
      throw new CliError(EXIT.usage, 'there is no terminal to confirm on: give --yes to close without asking');
    const answer = await io.ask(`Nothing is anchored on ${printable(name)} any more. Type its name to close it: `);
    if (answer.trim() !== name) throw new CliError(EXIT.usage, 'not confirmed: nothing was closed');
  }
  // Before anything is closed: where it cannot be kept, nothing is.
  if (options.save !== undefined) await save(await listOf(chainId, options, io), options.save, 'wx');
  const body = { confirm: name, ...(options.uncovered === true && { uncovered: true }) };
  const answer = await callLedger('POST', `/api/v1/chains/${chainId}/close`, options, io, body);
  if (options.save !== undefined) await save(await listOf(chainId, options, io), options.save, 'w');
  tell(
    answer,
    options,
    io,
    (one) =>
      `${printable(name)} is closed with ${shown(one['anchors'])} final anchors. Take it out of CHAIN.\n` +
      (options.save === undefined ? '' : `The list of their blocks is in ${printable(options.save)}.\n`) +
      `Keep and publish it: ${printable(options.url)}${listPath(chainId)}\n` +
      'Others check old proofs with it: meritkedja verify --block-hashes LIST\n',
  );
}

function listPath(chainId: number): string {
  return `/api/v1/chains/${chainId}/anchors`;
}

/** Checked as whoever verifies will read it. @throws CliError */
async function listOf(chainId: number, options: ApiOptions, io: CliIo): Promise<BlockHashList> {
  const list = await callLedger('GET', listPath(chainId), options, io);
  try {
    return parseBlockHashList(list);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new CliError(EXIT.input, `the ledger answered no list of block hashes: ${printable(error.message)}`);
  }
}

/** @throws CliError 65 */
async function save(list: BlockHashList, path: string, flag: 'w' | 'wx'): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(list, undefined, 1)}\n`, { flag });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new CliError(EXIT.input, `--save ${printable(path)}: cannot be written (${code})`);
  }
}

interface NamedChain {
  readonly chainId: number;
  readonly contract: string;
  readonly anchorer: string;
}

async function chainNamed(name: string, options: ApiOptions, io: CliIo): Promise<NamedChain> {
  const answer = await callLedger('GET', '/api/v1/chains', options, io);
  const items = isJsonObject(answer) ? listed(answer['items']) : [];
  const found = items.find((one) => one['name'] === name);
  const { chainId, contract, anchorer } = found ?? {};
  if (typeof chainId === 'number' && typeof contract === 'string' && typeof anchorer === 'string') {
    return { chainId, contract, anchorer };
  }
  const names = items.map((one) => (typeof one['name'] === 'string' ? printable(one['name']) : '?')).join(', ');
  throw new CliError(
    EXIT.input,
    `the ledger is not anchored on "${printable(name)}" (it is on: ${names || 'none yet'}): add it to CHAIN and RPC_URLS`,
  );
}

function tell(
  answer: unknown,
  { json }: { readonly json?: boolean },
  io: CliIo,
  words: (answer: JsonObject) => string,
): void {
  io.stdout.write(json === true || !isJsonObject(answer) ? `${JSON.stringify(answer)}\n` : words(answer));
}

function shown(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? printable(String(value)) : '?';
}
