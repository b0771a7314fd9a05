/**
 * `meritkedja verify` of several files and whole folders: a line for each document in the order of their names, a
 * summary on stderr, the gravest verdict as exit status. Few are verified here, many in as many threads as there are
 * processors; memory holds the names of one folder and the documents that are being looked at, however many there are.
 * Proven by verify-many.int.spec.ts.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { InvariantError } from '../errors.js';
import { explainVerdict, Memory, type Language, type Verdict } from '../verification/index.js';
import { EXIT, printable, type CliIo, type ExitStatus } from './cli-io.js';
import { progressOn } from './progress.js';
import { isUrl } from './read-document.js';
import { verifyFile, type Asking, type Row, type Settings } from './verify-document.js';
import type { Answer, Ask, Batch, Done } from './verify-worker.js';

/** Documents in one message to a thread. */
const BATCH = 32;
/** Batches under way for each thread: one being worked on, one waiting. */
const AHEAD = 2;
/** A thread takes as long to start as some hundred documents take. */
const FEW = 256;
const MAX_THREADS = 16;

/** From the gravest on; a file that could not be read is less than one that is undetermined, more than one pending. */
const GRAVITY: readonly (readonly [Verdict | 'unreadable', ExitStatus])[] = [
  ['invalid', EXIT.invalid],
  ['notInForce', EXIT.notInForce],
  ['undetermined', EXIT.undetermined],
  ['unreadable', EXIT.input],
  ['pending', EXIT.pending],
  ['valid', EXIT.ok],
];

export interface Ways {
  readonly json: boolean;
  readonly language: Language;
}

/** Whether a command's sources are more than one document. */
export async function isMany(sources: readonly string[]): Promise<boolean> {
  return sources.length > 1 || (await isFolder(sources[0]!));
}

/** Verifies all documents of the sources. @returns the exit status of the gravest */
export async function verifyMany(
  sources: readonly string[],
  settings: Settings,
  asking: Asking,
  io: CliIo,
  ways: Ways,
): Promise<ExitStatus> {
  const counts = new Map<Verdict | 'unreadable', number>();
  // How many there are is of interest only to whoever watches.
  const total = io.ask === undefined ? 0 : await countOf(sources);
  const progress = progressOn(io);
  const shown = progress.of('Verifying', 'documents');
  let done = 0;
  try {
    for await (const { row, text } of rowsOf(filesOf(sources), settings, asking, io)) {
      counts.set(row.is, (counts.get(row.is) ?? 0) + 1);
      done += 1;
      if (io.ask !== undefined) progress.clear();
      io.stdout.write(ways.json ? text : lineOf(row, ways.language));
      shown(done, total);
    }
  } finally {
    progress.done();
  }
  io.stderr.write(summaryOf(done, counts));
  return GRAVITY.find(([verdict]) => counts.has(verdict))?.[1] ?? EXIT.input;
}

/** What one line of text needs of a document. */
export interface Told {
  readonly file: string;
  readonly is: Verdict | 'unreadable';
  readonly state?: string;
  readonly name?: string;
  readonly holder?: string;
  /** Codes of the checks that did not pass, or why the file was not read. */
  readonly why: string;
}

export interface Line {
  readonly row: Told;
  /** One JSON document and a newline. */
  readonly text: string;
}

/** A row as it is told, small enough to pass between threads. */
export function toldOf(row: Row): Line {
  if (row.report === undefined) {
    return { row: { file: row.file, is: 'unreadable', why: row.error }, text: `${JSON.stringify(row)}\n` };
  }
  const { file, report } = row;
  const { verdict, state, checks, credential } = report;
  // `notReached` follows from the check that failed before it, and says nothing more.
  const codes = checks.flatMap(({ name, code }) =>
    code === undefined || code === 'notReached' ? [] : [`${name} ${code}`],
  );
  const domain = report.issuerDomain === undefined ? [] : [`issuerDomain ${report.issuerDomain.is}`];
  return {
    row: {
      file,
      is: verdict,
      state,
      ...(credential.name === undefined ? {} : { name: credential.name }),
      ...(credential.holder === undefined ? {} : { holder: credential.holder }),
      why: [...codes, ...domain].join(', '),
    },
    text: `${JSON.stringify({ file, verdict, state, report })}\n`,
  };
}

function lineOf({ file, is, name, holder, why }: Told, language: Language): string {
  const verdict = is === 'unreadable' ? UNREADABLE[language] : explainVerdict(is, language).title.toUpperCase();
  const about = [name, holder].filter((text) => text !== undefined).join(', ');
  const reason = is === 'unreadable' && why.startsWith(`${file}: `) ? why.slice(file.length + 2) : why;
  const parts = [verdict, file, about, reason].filter((text) => text !== '');
  return `${parts.map(printable).join('  ')}\n`;
}

const UNREADABLE: Readonly<Record<Language, string>> = { sv: 'OLÄSLIG', en: 'UNREADABLE' };

function summaryOf(total: number, counts: ReadonlyMap<string, number>): string {
  const each = GRAVITY.flatMap(([verdict]) => (counts.has(verdict) ? [`${counts.get(verdict)} ${verdict}`] : []));
  return `${total} documents: ${each.reverse().join(', ') || 'none'}\n`;
}

async function countOf(sources: readonly string[]): Promise<number> {
  let count = 0;
  for await (const _ of filesOf(sources)) count += 1;
  return count;
}

/** Files of folders by name, folders within them too; what begins with a dot is left out. */
async function* filesOf(sources: readonly string[]): AsyncGenerator<string> {
  for (const source of sources) {
    if (await isFolder(source)) yield* filesIn(source);
    else yield source;
  }
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  const all = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  // Its line then says that it cannot be read, and the others have theirs.
  if (all === undefined) yield folder;
  const found = (all ?? []).filter(({ name }) => !name.startsWith('.'));
  for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    // By its bare name it would be the standard input.
    else if (entry.isFile()) yield path === '-' ? './-' : path;
    else if (entry.isSymbolicLink() && !(await leadsToDevice(path))) yield path;
  }
}

/** Whether a link leads to a pipe, a socket or a device, whose reading may have no end. */
function leadsToDevice(link: string): Promise<boolean> {
  return stat(link).then(
    (found) => !found.isFile() && !found.isDirectory(),
    () => false,
  );
}

async function isFolder(source: string): Promise<boolean> {
  if (source === '-' || isUrl(source)) return false;
  return stat(source).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function* rowsOf(
  files: AsyncGenerator<string>,
  settings: Settings,
  asking: Asking,
  io: CliIo,
): AsyncGenerator<Line> {
  const memory = new Memory();
  const few: string[] = [];
  for (let next = await files.next(); next.done !== true; next = await files.next()) {
    few.push(next.value);
    if (few.length > FEW) break;
  }
  const threads = few.length > FEW ? Math.min(io.threads ?? 1, MAX_THREADS) : 1;
  if (threads === 1) {
    for await (const file of joined(few, files)) yield toldOf(await verifyFile(file, settings, asking, memory, io));
  } else {
    yield* inThreads(threads, joined(few, files), settings, asking);
  }
}

async function* joined(first: readonly string[], rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield* first;
  yield* rest;
}

/** In the order of the files: a batch that is done early waits for those before it, which are few. */
async function* inThreads(
  threads: number,
  files: AsyncGenerator<string>,
  settings: Settings,
  asking: Asking,
): AsyncGenerator<Line> {
  const pool = Array.from({ length: threads }, () => new Thread(settings, asking));
  const under: Promise<readonly Line[]>[] = [];
  try {
    for (let turn = 0; ; turn++) {
      const batch: string[] = [];
      while (batch.length < BATCH) {
        const next = await files.next();
        if (next.done === true) break;
        batch.push(next.value);
      }
      if (batch.length > 0) under.push(quiet(pool[turn % threads]!.verify(batch)));
      while (under.length >= (batch.length > 0 ? threads * AHEAD : 1)) yield* await under.shift()!;
      if (batch.length === 0) return;
    }
  } finally {
    await Promise.all(pool.map((thread) => thread.end()));
  }
}

/** Its failure is met when its turn comes, not before. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

class Thread {
  readonly #worker: Worker;
  readonly #waiting: { readonly done: (lines: readonly Line[]) => void; readonly failed: (error: unknown) => void }[] =
    [];

  constructor(settings: Settings, asking: Asking) {
    this.#worker = new Worker(new URL('./verify-worker.js', import.meta.url), { workerData: settings });
    this.#worker.on('message', (message: Done | Ask) => {
      if ('lines' in message) this.#waiting.shift()?.done(message.lines);
      else void answered(message, asking).then((answer) => this.#worker.postMessage(answer));
    });
    const failed = (error: unknown): void => {
      for (const one of this.#waiting.splice(0)) one.failed(error);
    };
    this.#worker.on('error', failed);
    this.#worker.on('exit', (code) => failed(new InvariantError(`a verifying thread ended with ${code}`)));
  }

  verify(files: readonly string[]): Promise<readonly Line[]> {
    return new Promise((done, failed) => {
      this.#waiting.push({ done, failed });
      this.#worker.postMessage({ files } satisfies Batch);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

async function answered({ id, ask, given }: Ask, asking: Asking): Promise<Answer> {
  try {
    switch (ask) {
      case 'blockHash':
        return { id, value: await asking.blockHash(given[0], given[1]) };
      case 'bundleOf':
        return { id, value: await asking.bundleOf(given[0]) };
      case 'issuerDomain':
        return { id, value: await asking.issuerDomain(given[0]) };
    }
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}
