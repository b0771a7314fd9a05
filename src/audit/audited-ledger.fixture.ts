/**
 * A real ledger's log without service and chain, for audits: made by the ledger's own parts over a store in memory, with
 * what happens in a ledger's life, and served as an audit reads it. `Forged` is a copy of it that can be tampered with.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LEDGER_STREAM } from '../anchoring/anchoring.events.js';
import { ledgerDecider, type LedgerCommand } from '../anchoring/ledger.js';
import { credentialDecider, type CredentialCommand } from '../credentials/credential.js';
import { credentialStream } from '../credentials/credential.events.js';
import type { StatusListKept } from '../credentials/status-lists.read.js';
import { issueCredential } from '../credentials/issue.js';
import { signer as ed25519 } from '../crypto/ed25519.js';
import { toBase64 } from '../encoding/base64.js';
import { canonicalBytes } from '../encoding/jcs.js';
import type { JsonObject } from '../encoding/json.js';
import type { ParsedEntry } from '../event-store/entry.js';
import type { EventStore } from '../event-store/event-store.js';
import { InvariantError } from '../errors.js';
import { handle } from '../event-store/handle.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { EVENT_TYPES } from '../event-types.js';
import { formatCheckpoint } from '../log/checkpoint.js';
import { MerkleTree } from '../log/merkle-tree.js';
import { formatVerifierKey, signNote } from '../log/note.js';
import { encodeEntryBundle, hashTile, TILE_WIDTH } from '../log/tiles.js';
import { issuanceOf, SmallLedger } from '../small-ledger.fixture.js';
import type { LogSource } from './log-source.js';

export const ORIGIN = 'ledger.example/log';
/** The key that `SmallLedger` signs heads with. */
const KEY = ed25519(new Uint8Array(32).fill(2));
export const VKEY = formatVerifierKey(ORIGIN, KEY.publicKey);
const AT = '2026-03-01T12:00:00.000Z';

/** What a ledger of some months has in its log. */
export interface LivedLedger {
  readonly entries: readonly Uint8Array[];
  readonly organisation: string;
  readonly definition: string;
  readonly credentials: readonly string[];
  /** Status lists as published, by `<id> <sequence>`. */
  readonly lists: ReadonlyMap<string, JsonObject>;
}

/** A ledger's life, done once for all tests of a file. */
export async function livedLedger(): Promise<LivedLedger> {
  const folder = mkdtempSync(join(tmpdir(), 'meritkedja-audit-'));
  const store = openMemoryEventStore(EVENT_TYPES);
  try {
    const small = await SmallLedger.open(store, folder);
    try {
      return await live(small);
    } finally {
      await small.stop();
    }
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function live(small: SmallLedger): Promise<LivedLedger> {
  const { store, ledger } = small;
  const meta = { at: AT, by: 'operator' };
  const onLedger = (command: LedgerCommand): Promise<unknown> =>
    handle(store, ledgerDecider, { stream: LEDGER_STREAM, command, context: undefined, meta });
  const onCredential = (id: string, command: CredentialCommand): Promise<unknown> =>
    handle(store, credentialDecider, { stream: credentialStream(id), command, context: undefined, meta });
  await onLedger({ type: 'FoundLedger', origin: ORIGIN, vkey: VKEY });
  const organisation = await small.organisation();
  const definition = await small.definition(organisation);
  await small.onDefinition(definition, { type: 'ReviseDraft', content: { title: { sv: 'Utkast' } } });
  const other = await small.organisation();
  const mandate = crypto.randomUUID();
  await small.onDefinition(definition, {
    type: 'GrantMandate',
    ...{ mandate, organisation: other, requirementsChecked: true, at: AT },
  });
  const credentials: string[] = [];
  const issue = async (issuer: string): Promise<string> => {
    const { id } = await issueCredential(ledger, issuanceOf(definition, issuer), small.oneOff());
    credentials.push(id);
    return id;
  };
  for (let i = 0; i < 3; i += 1) await issue(organisation);
  await issue(other);
  await small.settle();
  await small.sealer.seal();
  await small.publish(definition, organisation);
  const second = await small.issuingKeys.make(AT);
  const [first] = (await store.readStream(`organisation-${organisation}`)).flatMap(({ type, data }) =>
    type === 'IssuingKeyAdded' ? [data['kid'] as string] : [],
  );
  await small.onOrganisation(organisation, { type: 'RotateIssuingKey', ...second, replaces: first! });
  await issue(organisation);
  await onCredential(credentials[0]!, { type: 'SuspendCredential', reasonCode: 'underReview' });
  await onCredential(credentials[0]!, { type: 'ReinstateCredential' });
  await onCredential(credentials[1]!, { type: 'RevokeCredential', reasonCode: 'issuedInError' });
  await small.settle();
  await small.statusPublisher.publish();
  await small.onDefinition(definition, { type: 'WithdrawMandate', mandate, reason: 'ended', effect: 'futureOnly' });
  await small.settle();
  await small.sealer.seal();
  return { entries: await entriesOf(store), organisation, definition, credentials, lists: await listsOf(store) };
}

async function listsOf(store: EventStore): Promise<ReadonlyMap<string, JsonObject>> {
  const lists = new Map<string, JsonObject>();
  for (const { stream, data } of await store.readAll({ limit: 100_000 })) {
    if (!stream.startsWith('vault-statuslist-')) continue;
    const { sequence, document } = data as unknown as StatusListKept;
    lists.set(`${stream.slice('vault-statuslist-'.length)} ${sequence}`, document);
  }
  return lists;
}

export async function entriesOf(store: EventStore): Promise<readonly Uint8Array[]> {
  const events = await store.readLog({ from: 0, limit: 100_000 });
  return events.flatMap(({ entry }) => (entry ? [entry] : []));
}

export function parsed(entry: Uint8Array): ParsedEntry {
  return JSON.parse(Buffer.from(entry).toString()) as ParsedEntry;
}

/** A log served from memory, whole in itself, whatever its entries say: the forger has the log's key. */
export class ServedLog implements LogSource {
  readonly name = 'memory';
  readonly entries: Uint8Array[];
  #tree: MerkleTree | undefined;
  checkpointText: string | undefined;
  /** Changes a tile on its way. */
  tamperTile: (level: number, number: number, bytes: Uint8Array) => Uint8Array = (_, __, bytes) => bytes;

  constructor(
    entries: readonly Uint8Array[],
    readonly origin = ORIGIN,
    private readonly key = KEY,
  ) {
    this.entries = [...entries];
  }

  get tree(): MerkleTree {
    return (this.#tree ??= MerkleTree.ofEntries(this.entries));
  }

  /** Replaces an entry by what a change makes of it. */
  edit(index: number, change: (entry: ParsedEntry) => unknown): this {
    return this.put(index, canonicalBytes(change(parsed(this.entries[index]!))));
  }

  /** Changes an entry's data. */
  editData(index: number, change: (data: JsonObject) => unknown): this {
    return this.edit(index, (entry) => ({ ...entry, data: change(entry.data) }));
  }

  put(index: number, bytes: Uint8Array): this {
    this.entries[index] = bytes;
    this.#tree = undefined;
    return this;
  }

  /** Puts further entries at the end; members that are left out are as usual. */
  add(...entries: readonly (Partial<ParsedEntry> & Pick<ParsedEntry, 'stream' | 'type' | 'data'>)[]): this {
    for (const entry of entries) {
      const before = this.entries.map(parsed).filter(({ stream }) => stream === entry.stream).length;
      const usual = { v: 1, revision: before, id: crypto.randomUUID(), at: AT, by: 'operator' };
      this.entries.push(canonicalBytes({ ...usual, ...entry }));
    }
    this.#tree = undefined;
    return this;
  }

  /** Index of the n-th entry of a type, from 0. */
  indexOf(type: string, n = 0): number {
    const found = this.entries.flatMap((entry, index) => (parsed(entry).type === type ? [index] : []))[n];
    if (found === undefined) throw new InvariantError(`no ${type} ${n}`);
    return found;
  }

  checkpoint(): Promise<string> {
    const { size } = this.tree;
    const text = formatCheckpoint({ origin: this.origin, size, root: this.tree.root() });
    const { publicKey } = this.key;
    return Promise.resolve(this.checkpointText ?? signNote(text, this.origin, publicKey, (m) => this.key.sign(m)));
  }

  bundle(number: number, width: number): Promise<Uint8Array> {
    const from = number * TILE_WIDTH;
    return Promise.resolve(encodeEntryBundle(this.entries.slice(from, from + width)));
  }

  tile(level: number, number: number, width: number): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.tamperTile(level, number, hashTile(this.tree, { level, index: number, width })));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The roots of batches as they would be over these entries: an edited log that is whole again but for the edit. */
export function withRoots(log: ServedLog): ServedLog {
  for (const [index, bytes] of log.entries.entries()) {
    if (!Buffer.from(bytes).toString('latin1').endsWith('"type":"BatchSealed","v":1}')) continue;
    const tree = MerkleTree.ofEntries(log.entries.slice(0, index));
    log.editData(index, (data) => {
      const size = data['size'] as number;
      return size <= index ? { ...data, root: toBase64(tree.root(size)) } : data;
    });
  }
  return log;
}
