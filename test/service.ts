/**
 * The built service as a process of its own, for tests of the whole application: real sockets, a real EVM node, an
 * empty data folder. Nothing here waits for a time to pass; everything waits for a condition, up to a deadline.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request as send, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { InvariantError } from '../src/errors.js';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const MAIN = join(ROOT, 'dist/main.js');
const CLI = join(ROOT, 'dist/cli/main.js');

/** Generous: on two busy cores the service and its node take some seconds to start. */
const START_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 30_000;
const ANSWER_DEADLINE_MS = 20_000;

/** JSON as it comes: tests look at what is there. */
export type Parsed = ReturnType<typeof JSON.parse>;

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Uint8Array;
  /** The body as JSON; undefined where it is none. */
  readonly json: Parsed;
}

export interface RequestOptions {
  readonly method?: string;
  /** Sent as JSON, unless it is a string or bytes: then as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The operator's token unless said otherwise; null sends none. */
  readonly token?: string | null;
}

export interface ServiceOptions {
  /** Environment besides what every test needs. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The service over one data folder; it can be stopped, killed and started again. */
export class Service {
  readonly dataDir: string;
  /** All that it has ever said on stdout and stderr. */
  output = '';
  #process: ChildProcess | undefined;
  #ended: Promise<number | null> = Promise.resolve(null);
  #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  private constructor(
    readonly port: number,
    private readonly env: Readonly<Record<string, string>>,
  ) {
    this.dataDir = env['DATA_DIR'] ?? mkdtempSync(join(tmpdir(), 'meritkedja-e2e-'));
  }

  /** Starts it and waits until it says that it is ready. */
  static async start({ env = {} }: ServiceOptions = {}): Promise<Service> {
    const service = new Service(await freePort(), env);
    try {
      await service.restart();
    } catch (error) {
      await service.dispose();
      throw error;
    }
    return service;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  get token(): string {
    return this.env['ADMIN_TOKEN'] ?? readFileSync(join(this.dataDir, 'admin-token'), 'utf8').trim();
  }

  /** The EVM node's process, undefined while the service has none. */
  get nodePid(): number | undefined {
    const file = join(this.dataDir, 'chain/node.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { pid?: number }).pid : undefined;
  }

  /** Starts it again on the same folder and port, after `stop` or `kill9`. */
  async restart(): Promise<void> {
    const child = spawn(process.execPath, ['--enable-source-maps', MAIN], {
      cwd: this.dataDir,
      env: {
        ...pathOnly(),
        PORT: String(this.port),
        DATA_DIR: this.dataDir,
        SEED: 'none',
        EVM_PORT: '0',
        ANCHOR_INTERVAL: '3600',
        ...this.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      this.output += chunk.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    this.#process = child;
    this.#ended = new Promise((resolve) => child.once('close', (code) => resolve(code)));
    await eventually(
      () => {
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new InvariantError(`the service ended before it was ready:\n${said}`);
        }
        return /^Meritkedja ready at /m.test(said);
      },
      'the ready line',
      START_DEADLINE_MS,
    );
  }

  /** SIGTERM; returns the exit status. */
  async stop(): Promise<number | null> {
    this.#forgetSockets();
    this.#process?.kill('SIGTERM');
    let status: number | null | undefined;
    void this.#ended.then((code) => (status = code));
    await eventually(() => status !== undefined, 'the service to end', STOP_DEADLINE_MS);
    this.#process = undefined;
    return status ?? null;
  }

  /** SIGKILL, in the midst of whatever it does. Its EVM node goes on, as it would on a real machine. */
  async kill9(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#ended;
    this.#process = undefined;
    this.#forgetSockets();
  }

  /** SIGKILL to the EVM node alone. @returns whether there was one */
  killNode(): boolean {
    const pid = this.nodePid;
    return pid !== undefined && killIfAlive(pid);
  }

  /** Ends everything, and removes the folder. */
  async dispose(): Promise<void> {
    if (this.#process) await this.kill9();
    this.killNode();
    this.#forgetSockets();
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }

  /** @throws the socket's error where no answer came */
  request(path: string, { method, body, headers, token }: RequestOptions = {}): Promise<Reply> {
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const payload = raw ? body : JSON.stringify(body);
    const authorization = token === null ? undefined : `Bearer ${token ?? this.token}`;
    return new Promise((resolve, reject) => {
      const outgoing = send(
        `${this.url}${path}`,
        {
          method: method ?? (body === undefined ? 'GET' : 'POST'),
          agent: this.#agent,
          headers: {
            ...(authorization === undefined ? {} : { authorization }),
            ...(payload === undefined
              ? { 'content-length': '0' }
              : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
            ...headers,
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('aborted', () => reject(new InvariantError(`the answer to ${path} was cut off`)));
          incoming.on('end', () => {
            const bytes = Buffer.concat(chunks);
            const text = bytes.toString('utf8');
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              text,
              bytes: new Uint8Array(bytes),
              json: parsed(text),
            });
          });
        },
      );
      outgoing.setTimeout(ANSWER_DEADLINE_MS, () => {
        outgoing.destroy(new InvariantError(`no answer to ${method ?? ''} ${path} in ${ANSWER_DEADLINE_MS} ms`));
      });
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  }

  /** A request that must succeed; its body. */
  async ok(path: string, options: RequestOptions = {}): Promise<Parsed> {
    const reply = await this.request(path, options);
    if (reply.status < 200 || reply.status > 299) {
      throw new InvariantError(`${options.method ?? ''} ${path}: ${reply.status} ${reply.text}`);
    }
    return reply.json;
  }

  /** POST of JSON that must succeed. */
  post(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Parsed> {
    return this.ok(path, { method: 'POST', body, headers });
  }

  /** Entries in the log now. */
  async logSize(): Promise<number> {
    return (await this.ok('/health/ready')).logSize as number;
  }

  #forgetSockets(): void {
    this.#agent.destroy();
    this.#agent = new Agent({ keepAlive: true, maxSockets: 64 });
  }
}

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON; undefined where it is none. */
  readonly json: Parsed;
}

/** The built command line as a process, with an empty configuration of its own. */
export function cli(configDir: string, ...args: readonly string[]): Promise<CliResult> {
  return cliWith({}, configDir, ...args);
}

/** The same, with variables of its environment. */
export function cliWith(
  env: Readonly<Record<string, string>>,
  configDir: string,
  ...args: readonly string[]
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: configDir,
      env: { ...pathOnly(), HOME: configDir, XDG_CONFIG_HOME: configDir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr, json: parsed(stdout) }));
  });
}

/** Asks again until the answer is true (or a value), up to a deadline. What the probe throws ends the wait. */
export async function eventually<T>(
  probe: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  what: string,
  deadlineMs = 30_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > end) throw new InvariantError(`waited ${deadlineMs} ms in vain for ${what}`);
    await delay(20);
  }
}

/** @returns whether it was there to be killed */
export function killIfAlive(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** The parent's PATH and nothing else: its own settings must not reach what is tested. */
function pathOnly(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '' };
}

function parsed(text: string): Parsed {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * A port below the range from which the system takes those of outgoing connections: while the service is down between
 * a kill and a restart, nobody else is given it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
