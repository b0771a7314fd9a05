/**
 * `meritkedja doctor`: looks at the folders, the store and every configured chain as the service would use them, and spends
 * and changes nothing. One line a check with what to do. Proven by doctor.command.int.spec.ts.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { openAnchorSigner, type AnchorKeySetting } from '../anchoring/anchor-signer.js';
import { ChainError } from '../anchoring/chain.js';
import { WITNESS_INTERVAL_SECONDS } from '../anchoring/chain-plan.js';
import { EMBEDDED_CHAIN_ID } from '../anchoring/embedded-node.js';
import { checkEndpoint, compareEndpoints, type EndpointPlan, type Finding } from '../anchoring/endpoint-check.js';
import { END_NEAR_DAYS, networkNamed, NETWORKS } from '../anchoring/networks.js';
import { REGISTRY_ADDRESS } from '../anchoring/registry.js';
import type { ChainSetting, Config } from '../config.js';
import { ConfigError } from '../errors.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import type { Finish } from './run.js';

interface Options {
  readonly dataDir?: string;
  readonly chain?: string;
  readonly rpc: readonly string[];
  readonly address?: string;
  readonly contract?: string;
  readonly json?: boolean;
}

/** A finding, and of what: `data`, `store`, a chain's name, or that and an endpoint's host. */
type Told = Finding & { readonly of: string };

const TIMEOUT_MS = 10_000;
const DAY_MS = 86_400_000;
const SIGN = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', unreached: 'FAIL' } as const;

const ABOUT = `
Looks at what the environment configures (CHAIN, RPC_URLS, ANCHOR_…, DATA_DIR, EVENTSTORE_URL), or with --chain and --rpc at
a chain before it is configured. Nothing is sent and nothing is spent: an anchor is tried with eth_call and eth_estimateGas.
Exit status: 0 all well or warnings only, 1 a check failed, 2 something was not reached, 78 configuration.`;

export function doctorCommand(root: Command, io: CliIo, finish: Finish): void {
  root
    .command('doctor')
    .description('Check folders, store, key and chains end to end, without spending.')
    .option('--data-dir <folder>', 'data folder of the ledger (else DATA_DIR)')
    .option('--chain <name>', `look at this chain: embedded, ${NETWORKS.map(({ name }) => name).join(', ')}`)
    .option('--rpc <url>', 'an endpoint of that chain (may be repeated; else RPC_URLS)', collect, [])
    .option('--address <address>', 'the anchorer, for its balance (else the configured key’s)', address)
    .option('--contract <address>', 'the registry (else ANCHOR_CONTRACT, else its own address)', address)
    .option('--json', 'print one JSON document')
    .addHelpText('after', ABOUT)
    .action(async (options: Options) => finish(await doctor(options, io)));
}

async function doctor(options: Options, io: CliIo): Promise<number> {
  if (options.rpc.length > 0 && options.chain === undefined) {
    throw new CliError(EXIT.usage, 'name the chain that --rpc is of: --chain');
  }
  if (options.chain !== undefined && options.chain !== 'embedded' && !networkNamed(options.chain)) {
    throw new CliError(EXIT.usage, `there is no chain "${printable(options.chain)}": --help names those there are`);
  }
  const isApart = options.chain !== undefined && options.rpc.length > 0;
  // A chain that is looked at before it is configured needs no configuration.
  const config = isApart ? undefined : io.config(options.dataDir ?? io.dataDir ?? './data');
  const told: Told[] = [];
  const show = (finding: Told): void => {
    told.push(finding);
    if (options.json !== true) io.stdout.write(lineOf(finding));
  };
  if (config) for (const finding of await placesOf(config)) show(finding);
  const key = config === undefined ? undefined : await keyOf(config.anchorKey, chainIdsOf(config), show);
  for (const chain of chainsOf(options, config)) {
    await checkChain(chain, { options, config, anchorer: options.address ?? key, io }, show);
  }
  const status = statusOf(told);
  if (options.json === true) io.stdout.write(`${JSON.stringify({ status, findings: told })}\n`);
  else io.stdout.write(`${summaryOf(told)}\n`);
  return status;
}

function chainsOf({ chain, rpc }: Options, config: Config | undefined): readonly ChainSetting[] {
  if (chain === undefined) return config?.chains ?? [];
  if (rpc.length > 0) return [{ name: chain, rpcUrls: rpc }];
  const configured = config?.chains.filter(({ name }) => name === chain) ?? [];
  if (configured.length === 0)
    throw new CliError(EXIT.usage, `CHAIN does not name ${chain}: give its endpoints, --rpc`);
  return configured;
}

interface Surroundings {
  readonly options: Options;
  readonly config: Config | undefined;
  readonly anchorer: string | undefined;
  readonly io: CliIo;
}

async function checkChain(
  { name, rpcUrls }: ChainSetting,
  { options, config, anchorer, io }: Surroundings,
  show: (finding: Told) => void,
): Promise<void> {
  const network = networkNamed(name);
  const above = network?.above === undefined ? undefined : networkNamed(network.above);
  // When the chain above ends, so does this one.
  const end = network?.announcedEnd ?? above?.announcedEnd;
  const daysLeft = end === undefined ? Infinity : Math.floor((Date.parse(end) - io.now().getTime()) / DAY_MS);
  if (end !== undefined && daysLeft < END_NEAR_DAYS) {
    const whose = above ? `the keepers of ${above.title}, which it rests on, have` : 'its keepers have';
    const says = `${whose} named ${end} as its end${daysLeft < 0 ? ', which has passed' : ''}`;
    const hasOther = (config?.chains.length ?? 0) > 1;
    const advice = hasOther
      ? 'when another chain of CHAIN has its anchors, take it out of CHAIN and close it (docs/anchoring.md)'
      : 'name another chain beside it in CHAIN while it lives, so that what is anchored outlives it';
    show({ of: name, check: 'end', is: 'warn', says, advice });
  }
  if (rpcUrls.length === 0) {
    const says = network
      ? 'no endpoint is configured'
      : 'the service starts this chain itself: there is nothing to reach';
    show({ of: name, check: 'endpoints', is: network ? 'warn' : 'ok', says });
    return;
  }
  const isUnlimited = config?.anchorMaxFeePerGas === undefined && config?.anchorMaxPerDay === undefined;
  if (network && config && isUnlimited) {
    const says =
      'neither ANCHOR_MAX_FEE_GWEI nor ANCHOR_MAX_PER_DAY is set: an endpoint that lies about fees can empty the purse';
    const advice = 'set ANCHOR_MAX_PER_DAY to some times what a day costs (docs/anchoring.md)';
    show({ of: name, check: 'limits', is: 'warn', says, advice });
  }
  const interval = config?.anchorIntervalSeconds ?? 3_600;
  const isWitness = config !== undefined && config.chains[0]?.name !== name;
  const plans = rpcUrls.map((url): EndpointPlan => ({
    url,
    network,
    chainId: network?.chainId ?? EMBEDDED_CHAIN_ID,
    contract: options.contract ?? config?.anchorContract ?? REGISTRY_ADDRESS,
    anchorer,
    intervalSeconds: isWitness ? Math.max(interval, WITNESS_INTERVAL_SECONDS) : interval,
    now: io.now,
    timeoutMs: TIMEOUT_MS,
  }));
  const reports = [];
  for (const plan of plans) {
    const report = await checkEndpoint(plan);
    const of = `${name} ${hostOf(plan.url)}`;
    for (const finding of report.findings) show({ of, ...finding });
    reports.push(report);
  }
  if (network)
    show({
      of: name,
      ...(await compareEndpoints(
        plans,
        reports.map(({ final }) => final),
      )),
    });
}

/** Opens the key, or has the signer sign what no chain takes. @returns the anchorer's address */
async function keyOf(
  setting: AnchorKeySetting | undefined,
  chainIds: readonly number[],
  show: (finding: Told) => void,
): Promise<string | undefined> {
  if (setting === undefined) return undefined;
  const finding = { of: 'key', check: setting.is };
  try {
    const signer = await openAnchorSigner(setting);
    if (setting.is === 'remote') {
      // Without gas nothing is ever mined: whoever gets hold of it can do nothing with it.
      const nothing = { gasLimit: 0n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };
      // For the chains of CHAIN: a signer that is bound to one refuses every other.
      for (const chainId of chainIds) {
        await signer.signTransaction({ chainId, nonce: 0, to: REGISTRY_ADDRESS, data: '0x', ...nothing });
      }
    }
    show({ ...finding, is: 'ok', says: `the anchorer is ${signer.address}` });
    return signer.address;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof ChainError)) throw error;
    const is = error instanceof ChainError && error.code === 'signerUnreachable' ? 'unreached' : 'fail';
    show({ ...finding, is, says: error.message, advice: 'no anchor can be signed until this is right' });
    return setting.is === 'remote' ? setting.address : undefined;
  }
}

function chainIdsOf({ chains }: Config): readonly number[] {
  return chains.map(({ name }) => networkNamed(name)?.chainId ?? EMBEDDED_CHAIN_ID);
}

async function placesOf(config: Config): Promise<readonly Told[]> {
  const found = [folder('data folder', config.dataDir), folder('keys folder', config.keysDir)];
  for (const file of [join(config.dataDir, 'master-key'), join(config.dataDir, 'admin-token')]) {
    if (existsSync(file)) found.push(secretFile(file));
  }
  if (existsSync(config.keysDir)) found.push(secretFile(config.keysDir));
  if (config.eventStoreUrl !== undefined) found.push(await storeAt(config.eventStoreUrl));
  return found;
}

function folder(check: string, path: string): Told {
  const of = 'files';
  if (!existsSync(path)) return { of, check, is: 'ok', says: `${path} is made at the first start` };
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return { of, check, is: 'ok', says: path };
  } catch {
    const advice = 'give it to the user that runs the service';
    return { of, check, is: 'fail', says: `${path} cannot be written to`, advice };
  }
}

function secretFile(path: string): Told {
  const finding = { of: 'files', check: 'access' };
  const mode = statSync(path).mode & 0o777;
  const octal = `0${mode.toString(8)}`;
  if ((mode & 0o077) === 0) return { ...finding, is: 'ok', says: `${path} is its owner’s alone (${octal})` };
  const says = `${path} is open to others than its owner (${octal})`;
  return { ...finding, is: 'warn', says, advice: `chmod go-rwx ${path}` };
}

/** Whether anything listens where EventStoreDB should; one of several nodes is enough. */
async function storeAt(url: string): Promise<Told> {
  const finding = { of: 'store', check: 'EventStoreDB' };
  const hosts = (/^[a-z+]+:\/\/(?:[^@/]*@)?([^/?]+)/.exec(url)?.[1] ?? '').split(',');
  const answers = await Promise.all(hosts.map(listens));
  if (answers.includes(true)) return { ...finding, is: 'ok', says: `something listens at ${hosts.join(', ')}` };
  const advice = 'see whether it runs, and whether EVENTSTORE_URL names its host and port';
  return { ...finding, is: 'unreached', says: `nothing listens at ${hosts.join(', ')}`, advice };
}

function listens(host: string): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${host}`);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 2113), timeout: 3_000 });
    const done = (is: boolean) => (): void => {
      socket.destroy();
      resolve(is);
    };
    socket.on('connect', done(true)).on('timeout', done(false)).on('error', done(false));
  });
}

function lineOf({ of, check, is, says, advice }: Told): string {
  const line = `${SIGN[is]}  ${printable(of)}: ${check}: ${printable(says)}\n`;
  return advice === undefined ? line : `${line}      → ${printable(advice)}\n`;
}

function summaryOf(told: readonly Told[]): string {
  const count = (...kinds: readonly Finding['is'][]): number => told.filter(({ is }) => kinds.includes(is)).length;
  return `${told.length} checks: ${count('ok')} well, ${count('warn')} to look at, ${count('fail', 'unreached')} failed`;
}

function statusOf(told: readonly Told[]): number {
  if (told.some(({ is }) => is === 'fail')) return EXIT.invalid;
  return told.some(({ is }) => is === 'unreached') ? EXIT.undetermined : EXIT.ok;
}

/** A URL may hold an access key. */
function hostOf(url: string): string {
  return new URL(url).host;
}

function collect(url: string, before: readonly string[]): readonly string[] {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new InvalidArgumentError('It must be an http or https URL.');
  }
  return [...before, url];
}

function address(text: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw new InvalidArgumentError('It must be 0x and 40 hex digits.');
  return text;
}
