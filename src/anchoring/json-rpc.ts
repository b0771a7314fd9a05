/**
 * JSON-RPC 2.0 over HTTP to the endpoints of one chain: deadlines, failover, every answer read through a schema.
 * Endpoints are strangers: an answer may be late, malformed, from another chain, or contradict the next one's.
 * Their URLs often hold the operator's access key, so messages name the host alone.
 * Proven by json-rpc.int.spec.ts, endpoint-troubles.int.spec.ts and ethers-chain.int.spec.ts, over sockets.
 */
import { z } from 'zod';
import { ChainError, type ChainErrorCode } from './chain.js';

/** More than an answer takes that is not a whole block. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** A full block's receipts, or its transactions: 400 million gas buy some 50 MB of either, twice that as hex. */
const MAX_BLOCK_BYTES = 256 * 1024 * 1024;
const BLOCK_METHODS: ReadonlySet<string> = new Set(['eth_getBlockReceipts', 'eth_getBlockByHash']);
/** However long an endpoint asks to be left alone: it is asked again each hour. */
const LONGEST_REST_SECONDS = 3_600;

/** The endpoint understood the request and says no; `message` is its own text. */
export class RpcRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RpcRefusal';
  }
}

/** The endpoint has had enough, or is down for a while, and says when it may be asked again. */
export class RpcResting extends ChainError {
  constructor(
    code: ChainErrorCode,
    message: string,
    readonly seconds: number,
  ) {
    super(code, message);
  }
}

/** How long an endpoint is believed to be of the chain that it said. */
const CHAIN_ID_MS = 600_000;
/** `limit exceeded` of EIP-1474, and what providers use besides it. */
const LIMITED_CODES: readonly number[] = [-32_005, -32_097, 429];
const LIMITED_WORDS = /rate.?limit|too many requests|quota|capacity exceeded/i;

const answerSchema = z.union([
  z
    .object({ error: z.object({ code: z.number().optional(), message: z.string() }) })
    .transform(({ error }) => ({ refused: error.message, code: error.code })),
  // Nothing of it is walked through here: what nests deeper than the stack would end the process.
  z
    .custom<{ readonly id?: unknown; readonly result: unknown }>(
      (answer) => typeof answer === 'object' && answer !== null && 'result' in answer,
    )
    .transform(({ id, result }) => ({ id, result })),
]);

let calls = 0;

/**
 * One call to one endpoint.
 * @throws RpcRefusal; ChainError rpcUnreachable, rpcLimited, badAnswer
 */
export async function callRpc(
  url: string,
  method: string,
  params: readonly unknown[],
  timeoutMs: number,
): Promise<unknown> {
  const where = `${method} at ${hostOf(url)}`;
  calls += 1;
  const id = calls;
  let text: string;
  let status: number;
  let rest: number | undefined;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = response.status;
    rest = restOf(response.headers.get('retry-after'));
    text = await readText(response, BLOCK_METHODS.has(method) ? MAX_BLOCK_BYTES : MAX_ANSWER_BYTES, where);
  } catch (error) {
    if (error instanceof ChainError) throw error;
    throw new ChainError('rpcUnreachable', `${where}: ${reasonOf(error)}; ${TRIED_AGAIN}`);
  }
  const answer = answerSchema.safeParse(parseJson(text));
  const isLimit = answer.success && 'refused' in answer.data && isLimited(answer.data);
  if (status === 429 || isLimit) {
    const advice = 'use an endpoint with an access key, or name several in RPC_URLS';
    if (rest === undefined) {
      throw new ChainError('rpcLimited', `${where}: too many requests; it is tried again later; ${advice}`);
    }
    throw new RpcResting(
      'rpcLimited',
      `${where}: too many requests; it asks for ${rest} s without any; ${advice}`,
      rest,
    );
  }
  if (answer.success) {
    // Nodes send errors of JSON-RPC with a status of HTTP that is one too.
    if ('refused' in answer.data) throw new RpcRefusal(oneLine(answer.data.refused.slice(0, 1_000)));
    const { id: answered, result } = answer.data;
    if (answered === undefined || answered === id) return result;
    throw new ChainError(
      'badAnswer',
      `${where}: the answer is to another request: something between mixes answers up; ${TRIED_AGAIN}`,
    );
  }
  if (status === 503 && rest !== undefined) {
    throw new RpcResting('rpcUnreachable', `${where}: out of service, for ${rest} s as it says; ${TRIED_AGAIN}`, rest);
  }
  if (/^\s*</.test(text)) {
    throw new ChainError(
      'badAnswer',
      `${where}: a web page, not JSON-RPC (HTTP status ${status}): is the URL whole, with its access key?`,
    );
  }
  if (status >= 400) {
    const advice = status < 500 ? 'is the URL whole, with its access key, and paid for?' : TRIED_AGAIN;
    throw new ChainError('rpcUnreachable', `${where}: HTTP status ${status}; ${advice}`);
  }
  if (/^\s*[[{]/.test(text) && parseJson(text) === undefined) {
    throw new ChainError('badAnswer', `${where}: the answer ends in the midst of its JSON; ${TRIED_AGAIN}`);
  }
  throw new ChainError('badAnswer', `${where}: the answer is not JSON-RPC: is the URL that of a node?`);
}

const TRIED_AGAIN = 'it is tried again, and another endpoint in RPC_URLS would be asked meanwhile';

/** Seconds of `Retry-After` (RFC 9110, 10.2.3: a number of them, or a date); undefined where it says nothing. */
function restOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(Math.ceil(seconds), 0), LONGEST_REST_SECONDS);
}

/** What a stranger says, without what would begin a new line in a log, or steer a terminal. */
function oneLine(said: string): string {
  return said.replace(/\p{Cc}/gu, ' ');
}

function isLimited({ refused, code }: { readonly refused: string; readonly code: number | undefined }): boolean {
  return (code !== undefined && LIMITED_CODES.includes(code)) || LIMITED_WORDS.test(refused);
}

/** The endpoints of one chain, the first being asked first. */
export class RpcEndpoints {
  /** When each endpoint said of which chain it is, in milliseconds of this process. */
  private readonly checked = new Map<string, number>();
  /** Until when each is left alone, as it asked for. */
  private readonly resting = new Map<string, { readonly untilMs: number; readonly code: ChainErrorCode }>();

  /** @param urls at least one */
  constructor(
    private readonly urls: readonly string[],
    private readonly chainId: number,
    private readonly timeoutMs: number,
  ) {}

  /**
   * The first answer that fits the schema.
   * @throws RpcRefusal or ChainError (rpcUnreachable, badAnswer) of the last endpoint asked; ChainError wrongChainId
   */
  async ask<T>(answer: z.ZodType<T>, method: string, params: readonly unknown[]): Promise<T> {
    return this.first(async (url) => this.askOne(url, answer, method, params));
  }

  /** The first answer that is not null; null where every endpoint that answers has nothing. */
  async find<T>(answer: z.ZodType<T>, method: string, params: readonly unknown[]): Promise<T | null> {
    const answers = await this.each(async (url) => this.askOne(url, answer.nullable(), method, params));
    return answers.find((one) => one !== null) ?? null;
  }

  /**
   * Runs `work` with each endpoint at the same time. Those that fail are left out.
   * @returns at least one result
   * @throws what the first one threw, where all failed; ChainError wrongChainId where one is of another chain
   */
  async each<T>(work: (url: string) => Promise<T>): Promise<readonly T[]> {
    const settled = await Promise.allSettled(this.urls.map(work));
    const failures = settled.filter((one) => one.status === 'rejected').map((one) => one.reason as unknown);
    const fatal = failures.find((error) => !mayPass(error));
    const results = settled.filter((one) => one.status === 'fulfilled').map((one) => one.value);
    if (fatal !== undefined || results.length === 0) throw fatal ?? failures[0];
    return results;
  }

  /** One call to one of the endpoints, which is asked for its chain id before it is believed anything. */
  async askOne<T>(url: string, answer: z.ZodType<T>, method: string, params: readonly unknown[]): Promise<T> {
    await this.checkChainId(url);
    const result = answer.safeParse(await this.call(url, method, params));
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    const what = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
    throw new ChainError('badAnswer', `${method} at ${hostOf(url)}: ${what}; no node answers so: ${TRIED_AGAIN}`);
  }

  /**
   * Runs `work` with one endpoint after another, until it succeeds with one.
   * @param telling which of the failures is thrown where it did with none; default: the last
   */
  async first<T>(
    work: (url: string) => Promise<T>,
    telling: (failures: readonly unknown[]) => unknown = (failures) => failures.at(-1),
  ): Promise<T> {
    const failures: unknown[] = [];
    for (const url of this.urls) {
      try {
        return await work(url);
      } catch (error) {
        if (!mayPass(error)) throw error;
        failures.push(error);
      }
    }
    throw telling(failures);
  }

  /** What failed may come back as something else: it is asked again of which chain it is. */
  private async call(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
    const rest = this.resting.get(url);
    const seconds = Math.ceil(((rest?.untilMs ?? 0) - performance.now()) / 1000);
    if (rest && seconds > 0) {
      throw new ChainError(
        rest.code,
        `${hostOf(url)}: left alone for ${seconds} s more, as it asked for; ${TRIED_AGAIN}`,
      );
    }
    try {
      return await callRpc(url, method, params, this.timeoutMs);
    } catch (error) {
      if (error instanceof ChainError) this.checked.delete(url);
      if (error instanceof RpcResting) {
        this.resting.set(url, { untilMs: performance.now() + error.seconds * 1000, code: error.code });
      }
      throw error;
    }
  }

  private async checkChainId(url: string): Promise<void> {
    if (performance.now() - (this.checked.get(url) ?? Number.NEGATIVE_INFINITY) < CHAIN_ID_MS) return;
    const answer = z.string().safeParse(await this.call(url, 'eth_chainId', []));
    if (!answer.success) {
      throw new ChainError(
        'badAnswer',
        `eth_chainId at ${hostOf(url)}: expected a quantity; no node answers so: ${TRIED_AGAIN}`,
      );
    }
    const got = Number(answer.data);
    if (got !== this.chainId) {
      throw new ChainError(
        'wrongChainId',
        `${hostOf(url)}: expected chain ${this.chainId}, got ${got}: correct RPC_URLS or CHAIN; nothing is sent there`,
      );
    }
    this.checked.set(url, performance.now());
  }
}

/** Whether another endpoint may do better. An endpoint of another chain is a mistake that must be seen, not survived. */
function mayPass(error: unknown): boolean {
  return error instanceof RpcRefusal || (error instanceof ChainError && error.code !== 'wrongChainId');
}

async function readText(response: Response, most: number, where: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length;
    // Leaving the loop cancels what is still to come.
    if (size > most) {
      throw new ChainError(
        'badAnswer',
        `${where}: more than ${most} bytes, which no node answers: take another endpoint`,
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an endpoint that is no URL';
}

/** What went wrong, without the URL that fetch puts into some of its messages. */
function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'failed';
  const { cause, name } = error as { readonly cause?: unknown; readonly name?: unknown };
  if (typeof cause === 'object' && cause !== null && 'code' in cause) return String(cause.code);
  return name === 'TimeoutError' ? 'no answer in time' : String(name);
}
