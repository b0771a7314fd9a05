/**
 * Signs the log's heads (S15, S16): only a worker does, only extensions of what was signed before, and each signed
 * checkpoint is durable before anybody sees it. What was signed last stands twice: in the stream `vault-signed-heads`,
 * which all nodes read, and in a file apart from the database, so that a restored older database cannot make this key
 * sign a second history. Proven by head-signer.int.spec.ts.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { readFileIfThere, writeFileDurably } from '../crypto/secret-file.js';
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { equalBytes } from '../encoding/bytes.js';
import { ConfigError, InvariantError } from '../errors.js';
import { NO_STREAM, type EventStore } from '../event-store/event-store.js';
import { formatCheckpoint } from './checkpoint.js';
import { signNote } from './note.js';
import type { TransparencyLog } from './transparency-log.js';

export const SIGNED_HEADS_STREAM = 'vault-signed-heads';

export interface SignedHead {
  readonly size: number;
  /** base64 */
  readonly root: string;
  /** The signed note. */
  readonly checkpoint: string;
}

export interface LogKey {
  /** Name of the key in notes: the log's origin. */
  readonly origin: string;
  /** 32 bytes */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

const lastHead = z.object({ size: z.number().int().min(0), root: z.base64() });
type LastHead = z.output<typeof lastHead>;

export class HeadSigner {
  #latest: SignedHead | undefined;
  #revision = NO_STREAM;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: EventStore,
    private readonly log: TransparencyLog,
    private readonly key: LogKey,
    /** File that remembers the last signed size and root. */
    private readonly lastHeadFile: string,
    private readonly now: () => Date,
  ) {}

  /**
   * Compares this node's tree with every head ever signed.
   * @param compared called after that and before anything is signed: compares the log with what is known elsewhere
   * @throws ConfigError when the log at hand is not an extension of them, or when the file is gone that says what was
   *   signed last: nothing may be signed then. What `compared` throws
   */
  async start(compared: () => Promise<void> = async () => undefined): Promise<void> {
    for (const event of await this.store.readStream(SIGNED_HEADS_STREAM)) {
      const head = event.data as unknown as SignedHead;
      this.#checkAtStart(head, 'its own record');
      this.#latest = head;
      this.#revision = event.revision;
    }
    const last = this.#lastHead();
    if (last) this.#checkAtStart(last, this.lastHeadFile);
    else if (this.#latest) throw this.#lastHeadMissing(this.#latest);
    await compared();
    if (!last) return;
    // The process ended between the two places: take the step again, so that the file never goes back.
    if (last.size > (this.#latest?.size ?? 0)) await this.#sign(last.size);
  }

  get latest(): SignedHead | undefined {
    return this.#latest;
  }

  /** The newest signed head, signing first when it covers fewer than `size` entries. */
  async covering(size: number): Promise<SignedHead> {
    await this.log.reached(size);
    return this.#inTurn(() =>
      this.#latest && this.#latest.size >= size ? this.#latest : this.#sign(this.log.tree.size),
    );
  }

  /** The checkpoint of exactly this size, for the head of a batch. */
  async exactly(size: number): Promise<SignedHead> {
    await this.log.reached(size);
    // An older size than the newest signed one is an ancestor of it: its note may be made again, Ed25519 gives the
    // same bytes, and nothing new is claimed.
    return this.#inTurn(() => (this.#latest && this.#latest.size >= size ? this.noteOf(size) : this.#sign(size)));
  }

  /** The signed head of a size at most that of the newest. */
  noteOf(size: number): SignedHead {
    if (!this.#latest || size > this.#latest.size) throw new InvariantError(`size ${size} was never signed`);
    return this.#make(size);
  }

  #inTurn(work: () => SignedHead | Promise<SignedHead>): Promise<SignedHead> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #sign(size: number): Promise<SignedHead> {
    const contradiction = this.#latest && this.#contradiction(this.#latest);
    if (contradiction !== undefined) throw new InvariantError(`the newest signed head: ${contradiction}`);
    const head = this.#make(size);
    // Crash before this line: nothing is known of the head. After it: the file binds this key to this history.
    writeFileDurably(this.lastHeadFile, `${JSON.stringify({ size, root: head.root })}\n`);
    await this.store.append({
      stream: SIGNED_HEADS_STREAM,
      expectedRevision: this.#revision,
      events: [
        {
          id: randomUUID(),
          type: 'HeadSigned',
          v: 1,
          at: this.now().toISOString(),
          by: 'process:head-signer',
          data: { size, root: head.root, checkpoint: head.checkpoint },
        },
      ],
    });
    this.#revision += 1;
    this.#latest = head;
    return head;
  }

  #make(size: number): SignedHead {
    const root = this.log.tree.root(size);
    const text = formatCheckpoint({ origin: this.key.origin, size, root });
    const checkpoint = signNote(text, this.key.origin, this.key.publicKey, (message) => this.key.sign(message));
    return { size, root: toBase64(root), checkpoint };
  }

  #lastHead(): LastHead | undefined {
    const text = readFileIfThere(this.lastHeadFile);
    if (text === undefined) return undefined;
    const parsed = lastHead.safeParse(safeJson(text));
    if (parsed.success) return parsed.data;
    throw new ConfigError(
      'DATA_DIR',
      `${this.lastHeadFile} is damaged; restore it from where you keep the keys. It says what the log's key has ` +
        'signed last, and without it a second history could be signed (S16)',
    );
  }

  #lastHeadMissing({ size, root }: SignedHead): ConfigError {
    return new ConfigError(
      'DATA_DIR',
      `${this.lastHeadFile} is missing. It says what the log's key has signed last; without it an older copy of ` +
        'events.db cannot be told from the newest one, and a second history could be signed. Put the file back. If it ' +
        'is lost for good and events.db is certainly the newest copy there is, make it again with this one line: ' +
        `${JSON.stringify({ size, root })} (S16)`,
    );
  }

  #checkAtStart(head: LastHead, where: string): void {
    const contradiction = this.#contradiction(head);
    if (contradiction === undefined) return;
    throw new ConfigError(
      'DATA_DIR',
      `${contradiction} (according to ${where}). Going on would give the log two histories, so nothing is started. ` +
        'Put the newest copy of the event store in place (S16)',
    );
  }

  /** Why the log at hand does not extend a signed head; undefined where it does. */
  #contradiction({ size, root }: LastHead): string | undefined {
    const { tree } = this.log;
    if (size > tree.size) {
      return (
        `holds an older copy of the ledger: the log's key has signed ${size} entries, this event store has only ` +
        `${tree.size}`
      );
    }
    if (!equalBytes(tree.root(size), fromBase64(root))) {
      return `holds another history: its first ${size} entries are not those that the log's key has signed`;
    }
    return undefined;
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
