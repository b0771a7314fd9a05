/**
 * A log over HTTP as c2sp.org/tlog-tiles has it: `<log>/checkpoint`, `<log>/tile/…`. A few requests run at a time; what
 * fails for a while is asked for again. Answers may be compressed; what they come to is bounded.
 * Proven by http-log-source.spec.ts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { concatBytes, fromUtf8 } from '../encoding/bytes.js';
import { isJsonObject } from '../encoding/json.js';
import { parseJson } from '../encoding/strict-json.js';
import { EncodingError } from '../errors.js';
import { HASH_SIZE } from '../log/hash.js';
import { MAX_NOTE_LENGTH } from '../log/note.js';
import { formatTilePath, MAX_ENTRY_SIZE } from '../log/tiles.js';
import { LogSourceError, type LogSource } from './log-source.js';

const AT_A_TIME = 8;
const ATTEMPTS = 5;
const FIRST_WAIT_MS = 250;
const TIMEOUT_MS = 30_000;
/** The bits come to 30,000 characters at most; the rest is an issuer's profile and a proof. */
const MAX_STATUS_LIST = 100_000;

export interface HttpLogSourceOptions {
  readonly fetch?: typeof fetch;
  /** Milliseconds before the first further attempt; each next one waits twice as long. */
  readonly firstWaitMs?: number;
  readonly signal?: AbortSignal;
}

/** @param log the log's own address, for example `https://ledger.example/log` */
export function httpLogSource(log: string, options: HttpLogSourceOptions = {}): LogSource {
  const base = log.replace(/\/+$/, '');
  const requests = new Requests(options);
  const get = (path: string, most: number): Promise<Uint8Array> => requests.get(`${base}/${path}`, most);
  return {
    name: base,
    async checkpoint() {
      try {
        return fromUtf8(await get('checkpoint', 4 * MAX_NOTE_LENGTH));
      } catch (error) {
        if (error instanceof EncodingError) throw new LogSourceError('refused', `${base}/checkpoint: ${error.message}`);
        throw error;
      }
    },
    bundle: (number, width) =>
      get(formatTilePath({ level: 'entries', index: number, width }), width * (2 + MAX_ENTRY_SIZE)),
    tile: (level, number, width) => get(formatTilePath({ level, index: number, width }), width * HASH_SIZE),
    async statusList(id, { sequence }) {
      // Beside the log, as the ledger has them; a copy of the log alone has none.
      const url = `${base.replace(/\/log$/, '')}/status/${id}?sequence=${sequence}`;
      try {
        const document = parseJson(fromUtf8(await requests.get(url, MAX_STATUS_LIST)));
        if (isJsonObject(document)) return document;
      } catch (error) {
        if (!(error instanceof EncodingError) && !(error instanceof SyntaxError)) throw error;
      }
      throw new LogSourceError('refused', `${url}: is no JSON object`);
    },
    close: () => Promise.resolve(),
  };
}

class Requests {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly options: HttpLogSourceOptions) {}

  /** @param most bytes of the answer @throws LogSourceError */
  async get(url: string, most: number): Promise<Uint8Array> {
    while (this.#running >= AT_A_TIME) await new Promise<void>((go) => this.#waiting.push(go));
    this.#running += 1;
    try {
      return await this.#attempts(url, most);
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #attempts(url: string, most: number): Promise<Uint8Array> {
    const { firstWaitMs = FIRST_WAIT_MS, signal } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(url, most);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof LogSourceError) || error.code === 'refused' || attempt === ATTEMPTS) throw error;
        await delay(firstWaitMs * 2 ** (attempt - 1), undefined, signal && { signal });
      }
    }
  }

  async #attempt(url: string, most: number): Promise<Uint8Array> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const signal = this.options.signal ? AbortSignal.any([this.options.signal, timeout]) : timeout;
    try {
      const response = await (this.options.fetch ?? fetch)(url, { signal });
      if (response.ok) return await bodyOf(response, url, most);
      await response.body?.cancel();
      // Too many requests, and what the server itself calls passing.
      const isPassing = response.status === 429 || response.status >= 500;
      throw new LogSourceError(isPassing ? 'unreachable' : 'refused', `${url}: HTTP ${response.status}`);
    } catch (error) {
      if (error instanceof LogSourceError) throw error;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new LogSourceError('unreachable', `${url}: ${cause}`, { cause: error });
    }
  }
}

async function bodyOf(response: Response, url: string, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || !value) return concatBytes(...parts);
    length += value.length;
    if (length > most) {
      await reader?.cancel();
      throw new LogSourceError('refused', `${url}: more than ${most} bytes`);
    }
    parts.push(value);
  }
}
