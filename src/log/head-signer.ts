/**
 * Signs the log's heads (S15, S16): only a worker does, only extensions of what was signed before, and each signed
 * checkpoint is durable before anybody sees it. What was signed last stands twice: in the stream `vault-signed-heads`,
 * which all nodes read, and in a file apart from the database, so that a restored older database cannot make this key
 * sign a second history. Several workers may sign in turn: each takes up what the others have signed before it goes on.
 * Proven by head-signer.int.spec.ts.
 */
import { randomUUID } from 'node:crypto';
import { readFileIfThere, writeFileDurably } from '../crypto/secret-file.js';
import { toBase64 } from '../encoding/base64.js';
import { ConcurrencyError, ConfigError, InvariantError, UnavailableError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { formatCheckpoint } from './checkpoint.js';
import { signNote } from './note.js';
import {
  contradictionOf,
  headSchema,
  SIGNED_HEADS_STREAM,
  signedHeadSchema,
  type Head,
  type SignedHead,
  type SignedHeads,
} from './signed-heads.js';
import type { TransparencyLog } from './transparency-log.js';

export interface LogKey {
  /** Name of the key in notes: the log's origin. */
  readonly origin: string;
  /** 32 bytes */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** How often another worker may be first with one head. */
const ATTEMPTS = 20;

export class HeadSigner implements SignedHeads {
  #latest: SignedHead | undefined;
  #revision = -1;
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
   * Compares this node's tree with what was signed: the log has done so with every head in the store that it had not
   * compared before, the file that says what was signed last is compared here.
   * @param compared called after that and before anything is signed: compares the log with what is known elsewhere
   * @throws ConfigError when the log at hand is not an extension of them, or when the file is gone that says what was
   *   signed last: nothing may be signed then. What `compared` throws
   */
  async start(compared: () => Promise<void> = async () => undefined): Promise<void> {
    if (this.log.problem !== undefined) throw this.#otherHistory(this.log.problem, 'its own record');
    this.#adopt();
    const last = this.#lastHead();
    if (last) this.#checkAtStart(last);
    else if (this.log.latestHead && this.#isNamedOurs(this.log.latestHead)) {
      throw this.#lastHeadMissing(this.log.latestHead);
    }
    await compared();
    // After an accepted loss (S16): what was signed before is of another origin, this one begins with a head of its own.
    const former = this.#latest ? undefined : this.log.latestHead;
    if (former) await this.#inTurn(() => this.#sign(this.log.tree.size));
    if (!last) return;
    // The process ended between the two places: take the step again, so that the file never goes back.
    await this.#inTurn(() => (last.size > (this.#latest?.size ?? 0) ? this.#sign(last.size) : undefined));
  }

  get latest(): SignedHead | undefined {
    return this.problem === undefined ? this.#latest : undefined;
  }

  get problem(): string | undefined {
    return this.log.problem === undefined ? undefined : `this node ${this.log.problem} (S15)`;
  }

  /** The newest signed head, signing first when it covers fewer than `size` entries. */
  async covering(size: number): Promise<SignedHead> {
    await this.log.reached(size);
    return this.#inTurn(() => {
      this.#adopt();
      return this.#latest && this.#latest.size >= size ? this.#latest : this.#sign(this.log.tree.size);
    });
  }

  /** A head over everything that is in the store now. */
  async newest(): Promise<SignedHead> {
    return this.covering((await this.store.head()).logSize);
  }

  /** The checkpoint of exactly this size, for the head of a batch: kept too, for the nodes that cannot make it. */
  async exactly(size: number): Promise<SignedHead> {
    await this.log.reached(size);
    return this.#inTurn(() => {
      this.#adopt();
      const kept = this.log.headAt(size);
      if (kept && this.#isOurs(kept)) return kept;
      return this.#latest?.size === size ? this.#latest : this.#sign(size);
    });
  }

  /**
   * Signs the heads of batches from before an accepted loss under this origin too (S16), for the nodes that sign none and
   * cannot make their notes. In order, so that the last one tells whether a crash came in between.
   * @param sizes ascending
   */
  async goOnFrom(sizes: readonly number[]): Promise<void> {
    const last = sizes.at(-1);
    const kept = last === undefined ? undefined : this.log.headAt(last);
    if (kept && this.#isOurs(kept)) return;
    for (const size of sizes) await this.exactly(size);
  }

  /**
   * The signed head of a size at most that of the newest. An older size than the newest signed one is an ancestor of it:
   * its note may be made again, Ed25519 gives the same bytes, and nothing new is claimed.
   */
  noteOf(size: number): SignedHead {
    this.#requireSound();
    if (!this.#latest || size > this.#latest.size) throw new InvariantError(`size ${size} was never signed`);
    return this.#make(size);
  }

  /**
   * Signed by this key under this origin, and not under one that ended with a loss, nor by whoever else can write to the
   * store: Ed25519 gives the same bytes again.
   */
  #isOurs(head: SignedHead): boolean {
    return this.#isNamedOurs(head) && this.#make(head.size).checkpoint === head.checkpoint;
  }

  #isNamedOurs({ checkpoint }: SignedHead): boolean {
    return checkpoint.startsWith(`${this.key.origin}\n`);
  }

  #inTurn<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /** Takes up what the log has seen signed, by whomever; it has compared it with the tree. */
  #adopt(): void {
    this.#requireSound();
    const { latestHead, headRevision } = this.log;
    this.#revision = Math.max(this.#revision, headRevision);
    if (latestHead && latestHead.size > (this.#latest?.size ?? -1) && this.#isOurs(latestHead))
      this.#latest = latestHead;
  }

  async #sign(size: number): Promise<SignedHead> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      this.#requireSound();
      const contradiction = this.#latest && contradictionOf(this.log.tree, this.#latest);
      if (contradiction !== undefined) throw new InvariantError(`the newest signed head: this node ${contradiction}`);
      const head = this.#make(size);
      const { root, checkpoint } = head;
      // Crash before this line: nothing is known of the head. After it: the file binds this key to this history.
      this.#remember({ size, root });
      try {
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
              data: { size, root, checkpoint },
            },
          ],
        });
      } catch (error) {
        if (!(error instanceof ConcurrencyError)) throw error;
        await this.#adoptOthers();
        continue;
      }
      this.#revision += 1;
      if (size >= (this.#latest?.size ?? 0)) this.#latest = head;
      return head;
    }
    throw new UnavailableError(`other workers were first with ${ATTEMPTS} heads, one after the other`);
  }

  /** Another worker has signed meanwhile: what it signed is compared with this node's tree before anything else. */
  async #adoptOthers(): Promise<void> {
    for (const event of await this.store.readStream(SIGNED_HEADS_STREAM, { fromRevision: this.#revision + 1 })) {
      const head = signedHeadSchema.parse(event.data);
      // Whoever signed it had read so far; a store that has not so much is not the one it was signed over.
      if ((await this.store.head()).logSize >= head.size) await this.log.reached(head.size);
      const contradiction = contradictionOf(this.log.tree, head);
      if (contradiction !== undefined) {
        throw new InvariantError(`another worker signed a head that this node's log contradicts: it ${contradiction}`);
      }
      this.#revision = event.revision;
      if (head.size > (this.#latest?.size ?? -1) && this.#isOurs(head)) this.#latest = head;
    }
    if (this.#latest) this.#remember(this.#latest);
  }

  #make(size: number): SignedHead {
    const root = this.log.tree.root(size);
    const text = formatCheckpoint({ origin: this.key.origin, size, root });
    const checkpoint = signNote(text, this.key.origin, this.key.publicKey, (message) => this.key.sign(message));
    return { size, root: toBase64(root), checkpoint };
  }

  /**
   * Writes the file unless it says more already. Other workers write it too, so it is read each time; of two that write
   * at once the one that the store refuses writes again what the other has signed (`#adoptOthers`).
   */
  #remember({ size, root }: Head): void {
    const last = this.#lastHead();
    if (last && last.size >= size) return;
    writeFileDurably(this.lastHeadFile, `${this.#lineOf({ size, root })}\n`);
  }

  #lineOf({ size, root }: Head): string {
    return JSON.stringify({ origin: this.key.origin, size, root });
  }

  #lastHead(): Head | undefined {
    const text = readFileIfThere(this.lastHeadFile);
    if (text === undefined) return undefined;
    const parsed = headSchema.safeParse(safeJson(text));
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
      `${this.lastHeadFile} is missing. It says what the log's key has signed last; without it an older copy of the ` +
        'event store cannot be told from the newest one, and a second history could be signed. Put the file back. If it ' +
        'is lost for good and the event store is certainly the newest copy there is, make it again with this one line: ' +
        `${this.#lineOf({ size, root })} (S16)`,
    );
  }

  #checkAtStart(head: Head): void {
    const contradiction = contradictionOf(this.log.tree, head);
    if (contradiction !== undefined) throw this.#otherHistory(contradiction, this.lastHeadFile);
  }

  #otherHistory(contradiction: string, where: string): ConfigError {
    return new ConfigError(
      'DATA_DIR',
      `${contradiction} (according to ${where}). Going on would give the log two histories, so nothing is started. ` +
        'Put the newest copy of the event store in place (S16)',
    );
  }

  #requireSound(): void {
    if (this.problem !== undefined) throw new InvariantError(this.problem);
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
