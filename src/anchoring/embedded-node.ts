/**
 * The embedded chain: the real EVM node `anvil`, started by the service, its chain kept in a folder of its own.
 *
 * Measured with anvil 1.7.1 (embedded-node.int.spec.ts guards it):
 * - its own `--state` truncates the file and writes it again, each second and without fsync, changed or not: a crash
 *   in the middle leaves a file that it refuses to load. So the service saves instead: `anvil_dumpState`, into a new
 *   file, fsync, rename, and only when there is a new block. The file before it is kept, as the last good one.
 * - blocks, receipts and hashes survive save and load, byte for byte; the state at old blocks does not, and nothing
 *   here asks for it. `--prune-history` keeps it from writing such states to the home folder.
 * - it mines when a transaction comes and at no other time; `finalized` is two blocks behind (one slot in an epoch).
 *
 * After a kill -9 of the node what happened since the last save is gone: at most a second, and nothing that
 * `Chain.settle` made final. After a kill -9 of the service the node goes on; the next start finds it by its marker
 * account, saves its chain, and ends it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, Socket } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import { ChainError } from './chain.js';
import { callRpc } from './json-rpc.js';

export const EMBEDDED_CHAIN_ID = 31_337;
const PREFERRED_PORT = 8545;
const HOST = '127.0.0.1';
/** Balance of the marker account, in wei: what tells this folder's chain from any other. */
const MARK = '0x6d65726974';
const SAVE_INTERVAL_MS = 1_000;
/** A big chain takes long to save: it is saved again after this many times as long at the earliest. */
const SAVE_PAUSE = 10;
const STOP_DEADLINE_MS = 5_000;
const STATES_IN_MEMORY = 64;
const STDERR_KEPT = 4_000;

export interface EmbeddedNodeOptions {
  /** Where the chain is kept, usually `DATA_DIR/chain`. Made if absent. */
  readonly folder: string;
  /** Exactly this port. Unset: the one of the last start, else 8545 if free, else any. 0: as unset, without 8545. */
  readonly port?: number;
  /** How long the node may take until it answers. */
  readonly deadlineMs?: number;
  /** How often to see whether there is something to save, in milliseconds. */
  readonly saveIntervalMs?: number;
  /** The one origin whose pages may ask the node, for CORS. Unset: none. */
  readonly allowOrigin?: string;
  /** Is told in one English sentence of what went wrong and was mended. */
  readonly onProblem?: (message: string) => void;
  /** The node ended by itself and has been started again: what it had not saved is gone from the chain. */
  readonly onRestart?: () => void;
}

const recordSchema = z.object({
  /** Address of the marker account. */
  marker: z.string().regex(/^0x[0-9a-f]{40}$/),
  port: z.int().min(1).max(65_535).optional(),
  /** The node's process and the service's that started it; absent while none runs. */
  pid: z.int().positive().optional(),
  service: z.int().positive().optional(),
});
type NodeRecord = z.output<typeof recordSchema>;

/**
 * Starts the node on the folder's chain, or on a new one, and waits until it answers.
 * @throws ChainError nodeFailed, with the node's stderr; also where another living service uses the folder
 */
export async function startEmbeddedNode(options: EmbeddedNodeOptions): Promise<EmbeddedNode> {
  const node = new EmbeddedNode(options);
  await node.start();
  return node;
}

export class EmbeddedNode {
  readonly chainId = EMBEDDED_CHAIN_ID;
  private readonly files: { record: string; state: string; previous: string; fresh: string; genesis: string };
  private readonly onProblem: (message: string) => void;
  private record: NodeRecord;
  private child: ChildProcess | undefined;
  private stderr = '';
  private saving: Promise<void> = Promise.resolve();
  private savedHead: string | undefined;
  /** Aborted at `stop`: whatever waits then waits no longer. */
  private readonly stopped = new AbortController();
  private reviving: Promise<void> = Promise.resolve();
  private readonly killChild = (): void => void this.child?.kill('SIGKILL');

  /** Use `startEmbeddedNode`. */
  constructor(private readonly options: EmbeddedNodeOptions) {
    mkdirSync(options.folder, { recursive: true });
    const file = (name: string): string => join(options.folder, name);
    this.files = {
      record: file('node.json'),
      state: file('state.json'),
      previous: file('state.previous.json'),
      fresh: file('state.new.json'),
      genesis: file('genesis.json'),
    };
    this.onProblem = options.onProblem ?? ((): void => undefined);
    this.record = this.readRecord();
  }

  /** The JSON-RPC endpoint. The same after a restart, unless somebody else has taken the port. */
  get url(): string {
    return urlOf(this.record.port ?? PREFERRED_PORT);
  }

  /** Process id of the node, undefined while none runs. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** @throws ChainError nodeFailed */
  async start(): Promise<void> {
    await this.endStaleNode();
    await this.launch();
    // Whichever way this process ends (kill -9 apart), the node ends with it.
    process.on('exit', this.killChild);
    void this.saveRegularly();
  }

  /**
   * Saves the chain as it is now; it is on disk when this resolves.
   * @throws ChainError nodeFailed if the node does not answer
   */
  save(): Promise<void> {
    const done = this.saving.then(() => this.saveNow(this.url));
    this.saving = done.catch(() => undefined);
    return done;
  }

  /** Saves, then ends the node and waits for its end. Never rejects: what could not be saved is told to `onProblem`. */
  async stop(): Promise<void> {
    if (this.stopped.signal.aborted) return;
    this.stopped.abort();
    await this.reviving;
    process.off('exit', this.killChild);
    const pid = this.child?.pid;
    if (pid === undefined) return;
    await this.save().catch((error: unknown) => this.onProblem(`the chain was not saved at the end: ${text(error)}`));
    await endProcess(pid);
    this.writeRecord({ pid: undefined, service: undefined });
  }

  private async launch(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const port = await this.choosePort();
      try {
        return await this.spawnOn(port);
      } catch (error) {
        const mended = (await this.replaceDamagedState()) || /address (already )?in use/i.test(this.stderr);
        if (!mended || attempt === 4) throw error;
        // A node that was not listening yet when its service died may have taken the port meanwhile.
        await this.endStaleNode();
      }
    }
  }

  private async spawnOn(port: number): Promise<void> {
    this.stderr = '';
    // Without a process id while it is unknown: what an older record names may be somebody else's process by now.
    this.writeRecord({ port, pid: undefined, service: undefined });
    // A group of its own: Ctrl-C in a terminal reaches the service alone, which saves the chain and then ends the node.
    const child = spawn(anvilBinary(), this.flags(port), {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: nodeEnvironment(),
    });
    this.child = child;
    const failed = new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('exit', (code, signal) => resolve(`it ended with ${signal ?? `status ${code}`}`));
    });
    child.stderr.on('data', (chunk: Buffer) => (this.stderr = (this.stderr + chunk.toString()).slice(-STDERR_KEPT)));
    if (child.pid !== undefined) this.writeRecord({ port, pid: child.pid, service: process.pid });
    // A service that has nothing else to do may end, and the node with it.
    child.unref();
    if (child.stderr instanceof Socket) child.stderr.unref();

    const deadline = new AbortController();
    const reason = await Promise.race([
      this.answers(port, deadline.signal),
      failed,
      delay(this.options.deadlineMs ?? 20_000, 'it did not answer in time with the chain of this folder', {
        signal: deadline.signal,
      }),
    ]).finally(() => deadline.abort());
    if (reason !== undefined) {
      if (child.pid !== undefined) await endProcess(child.pid);
      this.child = undefined;
      const said = this.stderr.trim();
      throw new ChainError('nodeFailed', `the EVM node did not start on port ${port}: ${reason}${said && `\n${said}`}`);
    }
    void failed.then((why) => this.ended(why));
  }

  private flags(port: number): string[] {
    const { state, genesis } = this.files;
    const chain = existsSync(state) ? ['--load-state', state] : ['--init', this.writeGenesis(genesis)];
    const origin = this.options.allowOrigin;
    return [
      ...chain,
      ...['--host', HOST, '--port', String(port), '--chain-id', String(EMBEDDED_CHAIN_ID)],
      ...['--slots-in-an-epoch', '1', '--prune-history', String(STATES_IN_MEMORY), '--accounts', '0', '--quiet'],
      ...(origin === undefined ? ['--no-cors'] : ['--allow-origin', origin]),
    ];
  }

  /** The first block's contents: now, and the marker account, so that the node can be recognised from its first answer. */
  private writeGenesis(file: string): string {
    const genesis = {
      config: { chainId: EMBEDDED_CHAIN_ID },
      timestamp: `0x${Math.floor(Date.now() / 1_000).toString(16)}`,
      gasLimit: '0x1c9c380',
      difficulty: '0x0',
      alloc: { [this.record.marker]: { balance: MARK } },
    };
    writeFileSync(file, JSON.stringify(genesis));
    return file;
  }

  /** Resolves with undefined once the node answers and has this folder's chain. */
  private async answers(port: number, signal: AbortSignal): Promise<undefined> {
    while (!signal.aborted && !(await this.isOurs(port))) await delay(20);
    return undefined;
  }

  private async isOurs(port: number): Promise<boolean> {
    try {
      return (await callRpc(urlOf(port), 'eth_getBalance', [this.record.marker, 'latest'], 2_000)) === MARK;
    } catch {
      return false;
    }
  }

  private async choosePort(): Promise<number> {
    const { port: given } = this.options;
    const known = [this.record.port, given === undefined ? PREFERRED_PORT : undefined, 0];
    const candidates = given === undefined || given === 0 ? known.filter((port) => port !== undefined) : [given];
    for (const candidate of candidates) {
      const free = await freePort(candidate);
      if (free !== undefined) return free;
    }
    throw new ChainError('nodeFailed', `port ${given} for the EVM node is taken by another process`);
  }

  /** Ends the node that a killed service left behind, after saving its chain: it is newer than the file. */
  private async endStaleNode(): Promise<void> {
    const { port, pid, service } = this.record;
    if (port === undefined || !(await this.isOurs(port))) return;
    if (service !== undefined && service !== process.pid && isAlive(service)) {
      throw new ChainError('nodeFailed', `${this.options.folder} is in use by the running process ${service}`);
    }
    await this.saveNow(urlOf(port)).catch((error: unknown) =>
      this.onProblem(`the chain of the node left behind was not saved: ${text(error)}`),
    );
    if (pid !== undefined) await endProcess(pid);
    this.onProblem(`an EVM node left behind on port ${port} was ${pid === undefined ? 'left alone' : 'ended'}`);
  }

  /** Starts the node again that ended by itself, and tries until it stands or the service stops. */
  private ended(why: string): void {
    this.child = undefined;
    if (this.stopped.signal.aborted) return;
    const said = this.stderr.trim();
    this.onProblem(`the EVM node: ${why}; it is started again${said && `\n${said}`}`);
    this.reviving = this.revive();
  }

  private async revive(): Promise<void> {
    await this.saving;
    for (let pause = 250; !this.stopped.signal.aborted; pause = Math.min(2 * pause, 30_000)) {
      try {
        await this.launch();
        return this.options.onRestart?.();
      } catch (error) {
        this.onProblem(text(error));
        await this.pause(pause);
      }
    }
  }

  /** Waits; less long where `stop` comes first. */
  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { ref: false, signal: this.stopped.signal }).catch(() => undefined);
  }

  private async saveRegularly(): Promise<void> {
    const interval = this.options.saveIntervalMs ?? SAVE_INTERVAL_MS;
    let pause = interval;
    for (;;) {
      await this.pause(pause);
      if (this.stopped.signal.aborted) return;
      const start = performance.now();
      const { child } = this;
      try {
        if (child !== undefined && (await headOf(this.url)) !== this.savedHead) await this.save();
      } catch (error) {
        // That a node has ended is told by `ended`.
        if (child === this.child) this.onProblem(`the chain was not saved: ${text(error)}`);
      }
      pause = Math.max(interval, SAVE_PAUSE * (performance.now() - start));
    }
  }

  /** After a crash at any line the state file is a whole chain, this one or the one before. */
  private async saveNow(url: string): Promise<void> {
    const { head, state } = await dump(url);
    const { fresh, state: current, previous } = this.files;
    const file = await open(fresh, 'w');
    try {
      await file.writeFile(state);
      await file.sync();
    } finally {
      await file.close();
    }
    // Between these two there is no state.json: readRecord takes the previous one then, and revive waits.
    if (existsSync(current)) await rename(current, previous);
    await rename(fresh, current);
    await syncFolder(this.options.folder);
    this.savedHead = head;
  }

  /** Puts the last good chain in the place of one that cannot be read. @returns whether there was something to do */
  private async replaceDamagedState(): Promise<boolean> {
    const { state, previous } = this.files;
    if (!/failed to (parse|read|load)|load.state/i.test(this.stderr) || !existsSync(state)) return false;
    if (!existsSync(previous)) return false;
    const aside = join(this.options.folder, `state.damaged-${Date.now()}.json`);
    await rename(state, aside);
    await rename(previous, state);
    this.onProblem(`the chain in ${state} could not be read; it is now ${aside}, and the one before it is used`);
    return true;
  }

  private readRecord(): NodeRecord {
    const { record, state, previous } = this.files;
    if (!existsSync(state) && existsSync(previous)) renameSync(previous, state);
    const known = existsSync(record) ? recordSchema.safeParse(parseJson(readFileSync(record, 'utf8'))) : undefined;
    if (known?.success === true) return known.data;
    if (existsSync(state)) {
      throw new ChainError('nodeFailed', `${record} is missing or damaged, while ${state} holds a chain; restore both`);
    }
    return { marker: `0x${randomBytes(20).toString('hex')}` };
  }

  private writeRecord(change: { port?: number; pid: number | undefined; service: number | undefined }): void {
    const { pid, service, ...rest } = { ...this.record, ...change };
    this.record = { ...rest, ...(pid === undefined ? {} : { pid }), ...(service === undefined ? {} : { service }) };
    const fresh = `${this.files.record}.new`;
    writeFileSync(fresh, JSON.stringify(this.record), { flush: true });
    renameSync(fresh, this.files.record);
  }
}

/**
 * The node's own program, in the package for this platform: its npm wrapper is another process, which would stand
 * between our signals and it.
 * @returns its path
 * @throws ChainError nodeFailed where there is none for this platform
 */
export function anvilBinary(): string {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const name = `@foundry-rs/anvil-${platform}`;
  const require = createRequire(import.meta.url);
  try {
    const fromWrapper = createRequire(require.resolve('@foundry-rs/anvil/package.json'));
    return fromWrapper.resolve(`${name}/bin/anvil${process.platform === 'win32' ? '.exe' : ''}`);
  } catch (error) {
    throw new ChainError('nodeFailed', `the EVM node is not installed for this platform: package ${name} is missing`, {
      cause: error,
    });
  }
}

/** The whole chain as JSON, and its newest block's hash. Taken again if a block came in between. */
async function dump(url: string): Promise<{ head: string; state: Uint8Array }> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const head = await headOf(url);
    const dumped = z.string().parse(await callRpc(url, 'anvil_dumpState', [], 120_000));
    const state = await promisify(gunzip)(Buffer.from(dumped.slice(2), 'hex'));
    if ((await headOf(url)) === head) return { head, state };
  }
  throw new ChainError('nodeFailed', 'blocks came faster than the chain can be saved');
}

async function headOf(url: string): Promise<string> {
  const block = await callRpc(url, 'eth_getBlockByNumber', ['latest', false], 5_000);
  return z.object({ hash: z.string() }).parse(block).hash;
}

/** Undefined if the port is taken; for 0 one that the system chooses. */
async function freePort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

/** SIGTERM, and SIGKILL where that is not enough. Resolves when the process is gone. */
async function endProcess(pid: number): Promise<void> {
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    signal(pid, name);
    for (const end = Date.now() + STOP_DEADLINE_MS; Date.now() < end; await delay(10)) if (!isAlive(pid)) return;
  }
  // Killed, and only its parent has not asked for its status: it holds neither port nor file any more.
}

function isAlive(pid: number): boolean {
  return signal(pid, 0);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** A rename is durable when its folder is; Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a program needs to run, and none of the service's secrets. */
function nodeEnvironment(): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: homedir(), TMPDIR: tmpdir() };
}

function urlOf(port: number): string {
  return `http://${HOST}:${port}`;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
