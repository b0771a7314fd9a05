/**
 * `meritkedja monitor --organisation ID`: shows an issuer all that is logged in its name (S13), from the public log alone,
 * and what has come since the last time. The log is read whole and held against the pinned key; the work is
 * `history/monitor.ts`. Proven by test/history.e2e.spec.ts.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { httpLogSource } from '../audit/http-log-source.js';
import { LogSourceError } from '../audit/log-source.js';
import { EncodingError } from '../errors.js';
import { monitorLog, type Monitored, type MonitorState, type NamedEntry } from '../history/monitor.js';
import { lineText } from '../web/pages/history-text.js';
import { formatDateTime } from '../web/text/text.js';
import { CliError, EXIT, printable, type CliIo } from './cli-io.js';
import { progressOn } from './progress.js';
import { isUrl } from './read-document.js';
import type { Finish } from './run.js';
import { trustGiven } from './trust.command.js';
import type { PinnedTrust } from './trust-store.js';
import type { PinnedLogKey } from '../audit/log-audit.js';

interface Options {
  readonly organisation: string;
  readonly url?: string;
  readonly trust: readonly string[];
  readonly all?: boolean;
  readonly json?: boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const stateSchema: z.ZodType<MonitorState> = z.object({
  origin: z.string(),
  organisation: z.string(),
  size: z.number().int().min(0),
  root: z.base64(),
  edges: z.array(z.object({ level: z.number().int().min(1).max(8), hashes: z.base64() })),
  own: z.array(z.string()),
});

export function monitorCommand(root: Command, io: CliIo, finish: Finish): void {
  root
    .command('monitor')
    .description(
      'Show all that is logged in the name of an organisation, from the public log alone: at first everything, then what has come since.',
    )
    .requiredOption('--organisation <id>', 'id of the organisation (UUID)')
    .option('--url <url>', 'the ledger (default: the one whose trust file is pinned)')
    .option(
      '--trust <source>',
      'trust this file or URL, instead of what is pinned; may be given several times',
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .option('--all', 'show everything again, from the beginning')
    .option('--json', 'print one JSON document')
    .action(async (options: Options) => finish(await monitor(options, io)));
}

async function monitor(options: Options, io: CliIo): Promise<number> {
  const organisation = options.organisation.toLowerCase();
  if (!UUID.test(organisation)) {
    const what = printable(options.organisation);
    throw new CliError(EXIT.usage, `--organisation: "${what}" is not an id (UUID)`);
  }
  const pinned = await trustGiven(options.trust, io);
  const log = logOf(options.url, pinned);
  // S4: at the address of a ledger that is pinned no other one's head is taken.
  const own = pinned.filter(({ trust }) => isSameLog(trust.log, log));
  const trusted = own.length > 0 ? own : pinned;
  const file = join(io.configDir, 'monitor', `${encodeURIComponent(log)}-${organisation}.json`);
  const entries: NamedEntry[] = [];
  const monitored = await monitorIt(log, {
    ...{ organisation, io },
    vkeys: trusted.flatMap(({ trust }): readonly PinnedLogKey[] => trust.vkeys ?? [{ vkey: trust.vkey }]),
    state: options.all === true ? undefined : await readState(file),
    onEntry: (entry) => entries.push(entry),
  });
  tell(monitored, entries, organisation, options, io);
  if (monitored.state) await writeState(file, monitored.state);
  if (monitored.findings.some(({ severity }) => severity === 'error')) return EXIT.invalid;
  // Without a pinned key it is the log's own word (S4).
  return trusted.length === 0 ? EXIT.undetermined : EXIT.ok;
}

async function monitorIt(
  log: string,
  { io, ...options }: Omit<Parameters<typeof monitorLog>[1], 'onProgress'> & { io: CliIo },
): Promise<Monitored> {
  const source = httpLogSource(log, { fetch: io.fetch });
  const progress = progressOn(io);
  try {
    return await monitorLog(source, { ...options, onProgress: progress.of('Reading the log', 'events') });
  } catch (error) {
    if (error instanceof LogSourceError) {
      const hint = error.code === 'unreachable' ? '; is the service running, and is --url its address?' : '';
      const status = error.code === 'unreachable' ? EXIT.undetermined : EXIT.invalid;
      throw new CliError(status, printable(error.message) + hint);
    }
    if (error instanceof EncodingError) throw new CliError(EXIT.invalid, printable(error.message));
    throw error;
  } finally {
    progress.done();
    await source.close();
  }
}

function isSameLog(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === b;
}

/** The address of the log, without a slash at the end. */
function logOf(url: string | undefined, trusted: readonly PinnedTrust[]): string {
  if (url !== undefined) {
    if (!isUrl(url)) throw new CliError(EXIT.usage, `--url: "${printable(url)}" is not an http URL`);
    return `${url.replace(/\/+$/, '')}/log`;
  }
  const logs = [...new Set(trusted.map(({ trust }) => trust.log.replace(/\/+$/, '')))];
  const [log, ...others] = logs;
  if (log === undefined) {
    throw new CliError(EXIT.usage, 'name the ledger with --url, or pin its trust file: meritkedja trust add FILE');
  }
  if (others.length > 0) {
    throw new CliError(
      EXIT.usage,
      `several ledgers are pinned: name one with --url (${logs.map(printable).join(', ')})`,
    );
  }
  return log;
}

function tell(
  { origin, size, from, findings }: Monitored,
  entries: readonly NamedEntry[],
  organisation: string,
  { json }: Options,
  io: CliIo,
): void {
  if (json === true) {
    io.stdout.write(`${JSON.stringify({ origin, size, from, organisation, entries, findings })}\n`);
    return;
  }
  const isSwedish = io.language === 'sv';
  const nameOf = (id: string): string => id;
  for (const entry of entries) {
    const when = formatDateTime(entry.at, io.language);
    const subject = entry.stream.startsWith('organisation-') ? '' : `  ${entry.stream}`;
    const text = lineText(entry, nameOf, io.language);
    io.stdout.write(printable(`${entry.index}  ${when}  ${text}  (${entry.by})${subject}`) + '\n');
  }
  for (const { severity, rule, detail } of findings) io.stderr.write(`${severity}: ${rule}: ${printable(detail)}\n`);
  const range = isSwedish ? `raderna ${from}–${size - 1} av ${origin}` : `lines ${from} to ${size - 1} of ${origin}`;
  const nothing = isSwedish ? 'inget nytt i loggen' : 'nothing new in the log';
  const count = isSwedish ? `${entries.length} i organisationens namn` : `${entries.length} in the organisation’s name`;
  if (from === 0 && size > 0 && entries.length === 0) {
    const known = isSwedish ? 'organisationen finns inte i loggen; är' : 'the log knows no such organisation; is';
    io.stderr.write(
      printable(`${known} --organisation ${organisation} ${isSwedish ? 'rätt id?' : 'the right id?'}`) + '\n',
    );
  }
  io.stderr.write(printable(from >= size ? `${origin}: ${nothing}` : `${range}: ${count}`) + '\n');
}

/** A state that cannot be read is none: everything is read again, which is safe, and said. */
async function readState(file: string): Promise<MonitorState | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError(EXIT.configuration, `${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? ''})`);
  }
  const parsed = stateSchema.safeParse(parseOrNothing(text));
  if (parsed.success) return parsed.data;
  throw new CliError(EXIT.configuration, `${file}: is damaged; remove it, or give --all, to begin at the first entry`);
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // No state of ours, as the schema then says.
    return undefined;
  }
}

async function writeState(file: string, state: MonitorState): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  await rename(temporary, file);
}
