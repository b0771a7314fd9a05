/**
 * Heads of a log that this user has seen, signed by its key: one file a log, a line a head, only ever added to. A log
 * whose history was rewritten, or that shows two readers two histories, cannot extend all of them (S2, S16). The lines
 * hold the signed notes themselves, so that whoever finds a contradiction can show it to others.
 * A line is written at once and flushed; what a crash leaves of one is passed over. Proven by kept-heads.int.spec.ts.
 */
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { equalBytes } from '../encoding/bytes.js';
import { ConfigError, EncodingError } from '../errors.js';
import { parseCheckpoint } from '../log/checkpoint.js';
import { verifyEd25519 } from '../log/ed25519.js';
import { NoteError, openNote, parseNote } from '../log/note.js';
import type { TrustFile } from '../verification/bundle.js';
import { keysOf } from '../verification/trust.js';
import type { Findings } from './findings.js';

/** A log by its name and the keys that may sign its heads: a pinned trust file (S4, S19). */
export type SigningLog = Pick<TrustFile, 'origin' | 'vkey' | 'vkeys'>;

/** More than that is not one person's file. */
const MAX_BYTES = 64 * 1024 * 1024;

export interface SeenHead {
  readonly size: number;
  /** base64 */
  readonly root: string;
  /** The signed note. */
  readonly checkpoint: string;
  /** ISO 8601: when it was seen; absent for one that comes from another reader. */
  readonly seenAt?: string;
  /** For people: where the head lies. */
  readonly where: string;
}

const lineSchema = z.object({
  size: z.number().int().min(1),
  root: z.base64(),
  seenAt: z.string(),
  source: z.string(),
  checkpoint: z.string(),
});

export class KeptHeads {
  readonly path: string;

  /** @param folder of the user's configuration; need not exist */
  constructor(
    folder: string,
    readonly origin: string,
  ) {
    this.path = join(folder, 'heads', `${encodeURIComponent(origin)}.jsonl`);
  }

  /**
   * Those whose note the log's key has signed: what somebody else has written into the file says nothing of the log.
   * @throws ConfigError for a file that cannot be read
   */
  async all(log: SigningLog): Promise<readonly SeenHead[]> {
    const lines = (await this.#text()).split('\n');
    return lines.flatMap((line, i) => {
      const head = parsedLine(line);
      if (head === undefined) return [];
      const { seenAt, checkpoint } = head;
      const opened = headOf(checkpoint, log);
      return opened ? [{ ...opened, checkpoint, seenAt, where: `${this.path}:${i + 1}` }] : [];
    });
  }

  /**
   * Adds a head, unless the newest line is of it already.
   * @param source where it was seen
   * @throws ConfigError where the file cannot be written
   */
  async add(head: Omit<SeenHead, 'where'>, source: string): Promise<void> {
    const text = await this.#text();
    const last = parsedLine(text.trimEnd().split('\n').at(-1) ?? '');
    if (last?.size === head.size && last.root === head.root) return;
    const { size, root, seenAt, checkpoint } = head;
    const line = JSON.stringify({ size, root, seenAt, source, checkpoint });
    // A crash may have left the beginning of a line.
    const whole = `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
    try {
      await mkdir(join(this.path, '..'), { recursive: true, mode: 0o700 });
      // In one write at the end of the file: two audits at once do not mix their lines.
      const file = await open(this.path, 'a', 0o600);
      try {
        await file.appendFile(whole);
        await file.datasync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw new ConfigError(this.path, `cannot be written (${codeOf(error)})`);
    }
  }

  async #text(): Promise<string> {
    try {
      const bytes = await readFile(this.path);
      if (bytes.length > MAX_BYTES) throw new ConfigError(this.path, `is larger than ${MAX_BYTES} bytes`);
      return bytes.toString('utf8');
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      if (codeOf(error) === 'ENOENT') return '';
      throw new ConfigError(this.path, `cannot be read (${codeOf(error)})`);
    }
  }
}

/** The head in a note that the log's key of then has signed; undefined for any other. */
export function headOf(
  checkpoint: string,
  log: SigningLog,
): { readonly size: number; readonly root: string } | undefined {
  try {
    const { origin, size, root } = parseCheckpoint(parseNote(checkpoint).text);
    if (origin !== log.origin || size === 0) return undefined;
    const isSigned = keysOf(log, size).some((vkey) => isSignedBy(checkpoint, vkey));
    return isSigned ? { size, root: toBase64(root) } : undefined;
  } catch (error) {
    if (error instanceof NoteError || error instanceof EncodingError) return undefined;
    throw error;
  }
}

function isSignedBy(note: string, vkey: string): boolean {
  try {
    openNote(note, vkey, verifyEd25519);
    return true;
  } catch (error) {
    if (error instanceof NoteError) return false;
    throw error;
  }
}

/** The log that was audited, and its roots at the sizes of the heads. */
export interface ComparedLog {
  readonly size: number;
  readonly rootAt: ReadonlyMap<number, Uint8Array>;
}

/**
 * Compares heads with the log; each that it does not extend is a finding.
 * @returns those that it does not extend
 */
export function compareHeads(heads: readonly SeenHead[], log: ComparedLog, findings: Findings): readonly SeenHead[] {
  return heads.filter((head) => {
    const { size, root, where, seenAt } = head;
    const whose = seenAt === undefined ? `${where} holds` : `on ${seenAt} the log's key had signed (${where})`;
    if (size > log.size) {
      findings.error(
        'S16',
        'headShrunk',
        `${whose} a head of ${size} entries, and the log now shows a head of only ${log.size}: entries are gone`,
      );
      return true;
    }
    const own = log.rootAt.get(size);
    if (own !== undefined && equalBytes(own, fromBase64(root))) return false;
    findings.error(
      seenAt === undefined ? 'S2' : 'S16',
      seenAt === undefined ? 'twoHistories' : 'historyRewritten',
      `${whose} a head of ${size} entries with the root ${root}; here its first ${size} entries have the root ` +
        `${own === undefined ? 'unknown' : toBase64(own)}: one key has signed two histories`,
    );
    return true;
  });
}

function parsedLine(line: string): z.output<typeof lineSchema> | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    // What a crash has left, or an empty line.
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
