/**
 * Signs the log's heads (S15, S16): only a worker does, only extensions of what was signed before, and each signed
 * checkpoint is durable before anybody sees it. What was signed last stands twice: in the stream `vault-signed-heads`,
 * which all nodes read, and in a file apart from the database, so that a restored older database cannot make this key
 * sign a second history.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { readFileIfThere, writeFileDurably } from '../crypto/secret-file.js';
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { equalBytes } from '../encoding/bytes.js';
import { InvariantError } from '../errors.js';
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

const lastHead = z.object({ size: z.number().int().min(0), root: z.string() });

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
   * @throws InvariantError when the log at hand is not an extension of them: nothing may be signed then
   */
  async start(): Promise<void> {
    for (const event of await this.store.readStream(SIGNED_HEADS_STREAM)) {
      const head = event.data as unknown as SignedHead;
      this.#assertExtends(head, 'the stream of signed heads');
      this.#latest = head;
      this.#revision = event.revision;
    }
    const text = readFileIfThere(this.lastHeadFile);
    if (text !== undefined) this.#assertExtends(lastHead.parse(JSON.parse(text)), this.lastHeadFile);
  }

  get latest(): SignedHead | undefined {
    return this.#latest;
  }

  /** The newest signed head, signing first when it covers fewer than `size` entries. */
  covering(size: number): Promise<SignedHead> {
    const signed = this.#queue.then(async () => {
      await this.log.reached(size);
      if (this.#latest && this.#latest.size >= size) return this.#latest;
      return this.#sign(this.log.tree.size);
    });
    this.#queue = signed.catch(() => undefined);
    return signed;
  }

  /** The checkpoint of exactly this size, for the head of a batch. */
  exactly(size: number): Promise<SignedHead> {
    const signed = this.#queue.then(async () => {
      await this.log.reached(size);
      // An older size than the newest signed one is an ancestor of it: its note may be made again, Ed25519 gives the
      // same bytes, and nothing new is claimed.
      return this.#latest && this.#latest.size >= size ? this.noteOf(size) : this.#sign(size);
    });
    this.#queue = signed.catch(() => undefined);
    return signed;
  }

  /** The signed head of a size at most that of the newest. */
  noteOf(size: number): SignedHead {
    if (!this.#latest || size > this.#latest.size) throw new InvariantError(`size ${size} was never signed`);
    return this.#make(size);
  }

  async #sign(size: number): Promise<SignedHead> {
    if (this.#latest) this.#assertExtends(this.#latest, 'the newest signed head');
    const head = this.#make(size);
    // Crash before this line: nothing signed. After it: the file binds this key to this history.
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

  #assertExtends(head: { size: number; root: string }, where: string): void {
    const { tree } = this.log;
    if (head.size > tree.size) {
      throw new InvariantError(
        `${where} has a log of ${head.size} entries, this store only ${tree.size}: it was restored from an older copy (S16)`,
      );
    }
    if (!equalBytes(tree.root(head.size), fromBase64(head.root))) {
      throw new InvariantError(
        `${where} has another root at size ${head.size}: this store holds another history (S15)`,
      );
    }
  }
}
