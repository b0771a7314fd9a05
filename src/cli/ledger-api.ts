/** A running ledger's HTTP API, as the commands use it: JSON, a bearer token, problems as RFC 9457. */
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { Command } from 'commander';
import { isJsonObject, type Json, type JsonObject } from '../encoding/json.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import { reasonOf } from './read-document.js';

const TIMEOUT_MS = 60_000;

export interface ApiOptions {
  readonly url: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/** Adds the options that every command over the API has. */
export function withApiOptions(command: Command): Command {
  return command
    .option('--url <url>', 'the ledger', 'http://localhost:3000')
    .option(
      '--token <token>',
      'bearer token (better: MERITKEDJA_TOKEN, or --token-file; arguments can be seen by others)',
    )
    .option('--token-file <file>', 'file that holds the bearer token, for example DATA_DIR/admin-token')
    .option('--json', 'print one JSON document');
}

/**
 * Calls an operation.
 * @param content the body, sent as JSON
 * @returns the parsed answer
 * @throws CliError 2 for a ledger that was not reached or is in trouble, 78 for a token that is missing or refused,
 *   65 for what it refuses otherwise, 64 for a URL that is none
 */
export async function callLedger(
  method: 'GET' | 'POST',
  path: string,
  options: ApiOptions,
  io: CliIo,
  content?: JsonObject,
): Promise<unknown> {
  if (!URL.canParse(options.url)) throw new CliError(EXIT.usage, `--url: "${printable(options.url)}" is not a URL`);
  const token = await tokenOf(options, io);
  const url = `${options.url.replace(/\/+$/, '')}${path}`;
  let response: Response;
  let body: string;
  try {
    response = await io.fetch(url, {
      method,
      headers: {
        accept: 'application/json, application/problem+json;q=0.9, */*;q=0.1',
        'accept-language': io.language,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    body = await response.text();
  } catch (error) {
    throw new CliError(
      EXIT.undetermined,
      `${printable(url)}: not reached (${reasonOf(error)}); is the service running, and is --url its address?`,
    );
  }
  const json = parsed(body);
  if (response.ok && json !== undefined) return json;
  throw refused(response.status, json, url);
}

/**
 * Opens a large answer, which is read as it comes.
 * @throws CliError as `callLedger`
 */
export async function openFromLedger(path: string, options: ApiOptions, io: CliIo): Promise<Readable> {
  if (!URL.canParse(options.url)) throw new CliError(EXIT.usage, `--url: "${printable(options.url)}" is not a URL`);
  const token = await tokenOf(options, io);
  const url = `${options.url.replace(/\/+$/, '')}${path}`;
  // Only for its beginning: how long all of it takes, its size decides.
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), TIMEOUT_MS);
  let response: Response;
  try {
    response = await io.fetch(url, {
      headers: {
        'accept-language': io.language,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      signal: patience.signal,
    });
  } catch (error) {
    throw new CliError(
      EXIT.undetermined,
      `${printable(url)}: not reached (${reasonOf(error)}); is the service running, and is --url its address?`,
    );
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok || !response.body) throw refused(response.status, parsed(await response.text()), url);
  return Readable.fromWeb(response.body as WebStream);
}

async function tokenOf(options: ApiOptions, io: CliIo): Promise<string | undefined> {
  if (options.tokenFile === undefined) return options.token ?? io.token;
  try {
    return (await readFile(options.tokenFile, 'utf8')).trim();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new CliError(EXIT.configuration, `--token-file ${printable(options.tokenFile)}: cannot be read (${code})`);
  }
}

function refused(status: number, json: unknown, url: string): CliError {
  const problem = isJsonObject(json) ? [json['title'], json['detail']] : [];
  const words = problem.filter((text): text is string => typeof text === 'string').map(printable);
  const message = `${printable(url)}: ${status}${words.length === 0 ? '' : ` ${words.join(': ')}`}`;
  if (status === 401 || status === 403)
    return new CliError(EXIT.configuration, `${message} Give --token-file DATA_DIR/admin-token, or MERITKEDJA_TOKEN`);
  if (status >= 500 || status === 429) return new CliError(EXIT.undetermined, message);
  return new CliError(EXIT.input, status < 400 ? `${message}: expected JSON` : message);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    // Not JSON: undefined, which no JSON document is.
    return undefined;
  }
}

/** The objects of a list in an answer; none where there is no list. */
export function listed(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : [];
}
