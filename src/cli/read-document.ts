/**
 * Reads a document that the user named: a file, a URL or `-` for the standard input; of a PDF what is attached to it.
 * What is not JSON is refused with a word on what it seems to be.
 */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { fromUtf8, utf8 } from '../encoding/bytes.js';
import { DuplicateMemberError, parseJson } from '../encoding/strict-json.js';
import { EncodingError } from '../errors.js';
import { isPdf, PdfError } from '../interop/pdf-error.js';
import { isTlogProof, TLOG_PROOF_HEADER } from '../log/tlog-proof.js';
import { BUNDLE_MEDIA_TYPE } from '../verification/index.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';

/** The verifier refuses far less than this. */
const MAX_BYTES = 32 * 1024 * 1024;
const TIMEOUT_MS = 20_000;
const ACCEPT = `${BUNDLE_MEDIA_TYPE}, application/vc;q=0.9, application/json;q=0.8, application/pdf;q=0.7, text/plain;q=0.5`;

/** What reading needs of its surroundings. */
type Reading = Pick<CliIo, 'stdin' | 'fetch' | 'readPdf'>;

export interface ReadOptions {
  /** No network. */
  readonly offline?: boolean | undefined;
}

/**
 * The JSON document of a source.
 * @throws CliError 65 for what cannot be read or is not JSON, 2 for a network that was not reached, 64 for a URL offline
 */
export async function readDocument(
  source: string,
  io: Reading,
  { offline = false }: ReadOptions = {},
): Promise<unknown> {
  const { name, bytes } = await read(source, io, offline);
  return documentOf(isPdf(bytes) ? await attachedTo(bytes, name, io) : bytes, name);
}

/**
 * As `readDocument`; a file of c2sp.org/tlog-proof is no JSON document, and comes as its text.
 * @throws CliError as `readDocument`
 */
export async function readDocumentOrLogProof(
  source: string,
  io: Reading,
  { offline = false }: ReadOptions = {},
): Promise<{ readonly document: unknown } | { readonly logProof: string }> {
  const { name, bytes } = await read(source, io, offline);
  if (isPdf(bytes)) return { document: documentOf(await attachedTo(bytes, name, io), name) };
  return isTlogProof(beginningOf(bytes)) ? { logProof: textOf(bytes, name) } : { document: documentOf(bytes, name) };
}

async function read(source: string, io: Reading, offline: boolean): Promise<{ name: string; bytes: Uint8Array }> {
  const name = source === '-' ? 'the standard input' : printable(source);
  if (isUrl(source) && offline) throw new CliError(EXIT.usage, `${name}: --offline allows no URL`);
  return { name, bytes: await bytesOf(source, name, io) };
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return fromUtf8(bytes);
  } catch (error) {
    if (error instanceof EncodingError) throw new CliError(EXIT.input, `${name}: is not UTF-8`);
    throw error;
  }
}

function beginningOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 256)).toString('latin1');
}

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

async function bytesOf(source: string, name: string, io: Reading): Promise<Uint8Array> {
  if (source === '-') return limited(await io.stdin(), name);
  if (isUrl(source)) return download(source, name, io);
  try {
    const found = await stat(source);
    if (found.size > MAX_BYTES) throw tooLarge(name);
    // A pipe or a device says nothing of its size, and some have no end.
    if (!found.isFile() || found.size === 0) return await limitedBytes(createReadStream(source), name);
    return limited(await readFile(source), name);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new CliError(EXIT.input, `${name}: cannot be read (${code})`);
  }
}

async function download(url: string, name: string, io: Reading): Promise<Uint8Array> {
  let response: Response;
  let body: Uint8Array;
  try {
    response = await io.fetch(url, { headers: { accept: ACCEPT }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    body = await limitedBytes(response.body ?? [], name);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(EXIT.undetermined, `${name}: not reached (${reasonOf(error)})`);
  }
  if (response.ok) return body;
  const status = response.status >= 500 ? EXIT.undetermined : EXIT.input;
  throw new CliError(status, `${name}: the server answered ${response.status}`);
}

/** What comes in parts, read no further than the limit. */
async function limitedBytes(source: AsyncIterable<unknown> | Iterable<unknown>, name: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of source as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > MAX_BYTES) throw tooLarge(name);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function limited(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes.length > MAX_BYTES) throw tooLarge(name);
  return bytes;
}

function tooLarge(name: string): CliError {
  return new CliError(EXIT.input, `${name}: larger than ${MAX_BYTES / 1024 / 1024} MB`);
}

/** The cause that `fetch` hides behind "fetch failed". */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const inner = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : undefined;
  return printable(inner === undefined || inner === '' ? error.message : inner);
}

async function attachedTo(bytes: Uint8Array, name: string, io: Reading): Promise<Uint8Array> {
  const readPdf = io.readPdf ?? (await import('../interop/read-pdf.js')).readPdf;
  try {
    return utf8(await readPdf(bytes));
  } catch (error) {
    if (!(error instanceof PdfError)) throw error;
    throw new CliError(EXIT.input, `${name}: ${printable(error.message)}`);
  }
}

function documentOf(bytes: Uint8Array, name: string): unknown {
  if (bytes.length === 0) throw new CliError(EXIT.input, `${name}: is empty`);
  const kind = kindOf(bytes);
  if (kind !== undefined) {
    const way =
      kind === WEB_PAGE ? '; a link to a credential is opened in a browser, where its proof can be saved' : '';
    throw new CliError(EXIT.input, `${name}: is ${kind}; give the credential or its proof bundle (JSON)${way}`);
  }
  try {
    return parseJson(fromUtf8(bytes).replace(/^\ufeff/, ''));
  } catch (error) {
    if (error instanceof DuplicateMemberError) {
      const member = printable(error.member);
      throw new CliError(EXIT.input, `${name}: unreadable, duplicate member ${member} (${printable(error.message)})`);
    }
    if (!(error instanceof EncodingError || error instanceof SyntaxError)) throw error;
    throw new CliError(EXIT.input, `${name}: is not JSON; give the credential or its proof bundle`);
  }
}

const WEB_PAGE = 'a web page or XML document';

function kindOf(bytes: Uint8Array): string | undefined {
  const start = beginningOf(bytes).trimStart();
  if (start.startsWith(TLOG_PROOF_HEADER)) return 'a log proof, which is verified by itself';
  if (start.startsWith('PK\u0003\u0004')) return 'a ZIP file or office document';
  if (start.startsWith('\u0089PNG') || start.startsWith('\u00ff\u00d8\u00ff')) return 'a picture';
  if (/^<(!doctype|html|\?xml)/i.test(start)) return WEB_PAGE;
  return undefined;
}
