/**
 * The signed heads on a node that signs none (an `api` without the worker's role): it serves what a worker has signed
 * and its own tree has (S15). A head that its tree contradicts is an alarm: from then on nothing is served. The signature
 * is checked before a note is served: whoever can write to the store, or to this node's own file, is no worker.
 * Proven by head-follower.spec.ts.
 */
import { verifyEd25519 } from '../crypto/ed25519.js';
import { toBase64 } from '../encoding/base64.js';
import { EncodingError, UnavailableError } from '../errors.js';
import { parseCheckpoint } from './checkpoint.js';
import { NoteError, openNote } from './note.js';
import type { SignedHead, SignedHeads } from './signed-heads.js';
import type { TransparencyLog } from './transparency-log.js';

/** How long to wait for a worker to sign, in milliseconds. */
const WORKER_MS = 5_000;

/** The log as its heads name it. */
export interface LogName {
  readonly origin: string;
  readonly vkey: string;
}

export class HeadFollower implements SignedHeads {
  /** The newest head whose signature was checked, and what came of it. */
  #checked: { readonly head: SignedHead; readonly isSigned: boolean } | undefined;

  constructor(
    private readonly log: TransparencyLog,
    private readonly name: LogName,
    private readonly waitMs = WORKER_MS,
  ) {}

  get latest(): SignedHead | undefined {
    const { latestHead } = this.log;
    return this.problem === undefined && latestHead && this.#isNamedOurs(latestHead) ? latestHead : undefined;
  }

  get problem(): string | undefined {
    const { problem, latestHead } = this.log;
    if (problem !== undefined) return `this node ${problem} (S15)`;
    // One of before a loss is of another origin (S16): not to be served, and no alarm.
    if (!latestHead || !this.#isNamedOurs(latestHead) || this.#isLatestSigned(latestHead)) return undefined;
    return `this node was given a head of ${latestHead.size} entries that the log's key has not signed (S15)`;
  }

  /**
   * Waits for a worker to sign a head that covers `size` entries.
   * @throws UnavailableError where none does within a few seconds, and for S15
   */
  async covering(size: number): Promise<SignedHead> {
    const now = this.#covering(size);
    if (now) return now;
    return new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        end();
        then();
      };
      const timer = setTimeout(
        () => settle(() => reject(new UnavailableError(`no worker has signed a head of ${size} entries yet`))),
        this.waitMs,
      );
      const end = this.log.onHead(() => {
        try {
          const head = this.#covering(size);
          if (head) settle(() => resolve(head));
        } catch (error) {
          settle(() => reject(error instanceof Error ? error : new UnavailableError(String(error))));
        }
      });
    });
  }

  /** The newest one, without waiting for more: a follower lags behind the log by what no worker has signed yet. */
  newest(): Promise<SignedHead> {
    return this.covering(0);
  }

  noteOf(size: number): SignedHead {
    this.#requireSound();
    const head = this.log.headAt(size);
    if (head && isSigned(head, this.name)) return head;
    throw new UnavailableError(`this node has no signed head of exactly ${size} entries`);
  }

  #covering(size: number): SignedHead | undefined {
    this.#requireSound();
    const { latest } = this;
    return latest && latest.size >= size ? latest : undefined;
  }

  #requireSound(): void {
    if (this.problem !== undefined) throw new UnavailableError(this.problem);
  }

  #isNamedOurs({ checkpoint }: SignedHead): boolean {
    return checkpoint.startsWith(`${this.name.origin}\n`);
  }

  #isLatestSigned(head: SignedHead): boolean {
    if (this.#checked?.head !== head) this.#checked = { head, isSigned: isSigned(head, this.name) };
    return this.#checked.isSigned;
  }
}

/** Whether the note of a head is the log key's, and says what the head says. */
function isSigned({ checkpoint, size, root }: SignedHead, { origin, vkey }: LogName): boolean {
  try {
    const signed = parseCheckpoint(openNote(checkpoint, vkey, verifyEd25519));
    return signed.origin === origin && signed.size === size && toBase64(signed.root) === root;
  } catch (error) {
    if (error instanceof NoteError || error instanceof EncodingError) return false;
    throw error;
  }
}
