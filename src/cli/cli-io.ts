/** What the command line touches of its surroundings, given to it, so that tests give it others. */

import type { Config } from '../config.js';

export interface CliIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** All of the standard input. */
  readonly stdin: () => Promise<Uint8Array>;
  readonly fetch: typeof fetch;
  /** The proof attached to a PDF; where left out, in a thread of its own. @throws PdfError */
  readonly readPdf?: (bytes: Uint8Array) => Promise<string>;
  readonly now: () => Date;
  /** Asks the person at the terminal; absent where there is none. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  /** The service's settings, for a data folder that the user names. @throws ConfigError */
  readonly config: (dataDir: string) => Config;
  /** Folder of the user's configuration; need not exist. */
  readonly configDir: string;
  /** Data folder of a ledger on this machine; need not exist. */
  readonly dataDir: string | undefined;
  /** KEYS_DIR, where it is set. */
  readonly keysDir?: string | undefined;
  /** MASTER_KEY and MASTER_KEY_NEW, where they are set: for `keys rotate-master`, and the first for `audit --data-dir`. */
  readonly masterKey?: string | undefined;
  readonly masterKeyNew?: string | undefined;
  /** Processors to use for many documents; one where it is not said. */
  readonly threads?: number | undefined;
  readonly language: 'sv' | 'en';
  /** Bearer token for the HTTP API, from the environment. */
  readonly token?: string | undefined;
}

/** Exit statuses of the contract; the last four are those of sysexits(3). */
export const EXIT = {
  ok: 0,
  invalid: 1,
  undetermined: 2,
  notInForce: 3,
  pending: 4,
  usage: 64,
  input: 65,
  software: 70,
  configuration: 78,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with a message on stderr and a status. */
export class CliError extends Error {
  constructor(
    readonly status: ExitStatus,
    message: string,
  ) {
    super(message);
    this.name = 'CliError';
  }
}

/**
 * A text from a stranger, fit for a terminal: control and bidirectional characters, which could repaint what stands
 * there, become visible.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`);
}
