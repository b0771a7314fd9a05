/** A small founded ledger for tests of archives: its store, its key, its signed heads. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { LEDGER_STREAM } from '../anchoring/anchoring.events.js';
import { signer } from '../crypto/ed25519.js';
import { toBase64 } from '../encoding/base64.js';
import type { JsonObject } from '../encoding/json.js';
import { NO_STREAM, type EventDraft, type EventStore } from '../event-store/event-store.js';
import { formatCheckpoint } from '../log/checkpoint.js';
import { SIGNED_HEADS_STREAM } from '../log/signed-heads.js';
import { formatVerifierKey, signNote } from '../log/note.js';
import { sourceOf } from './archive-source.js';
import { logOf } from './known-heads.js';
import { archiveStream } from './write-archive.js';

export const ORIGIN = 'ledger.example/log';
const key = signer(new Uint8Array(32).fill(7));
export const VKEY = formatVerifierKey(ORIGIN, key.publicKey);
export const AT = '2026-03-01T12:00:00.000Z';

export function draft(type: string, data: JsonObject, sealed?: Uint8Array): EventDraft {
  return { id: randomUUID(), type, v: 1, at: AT, by: 'process:test', data, ...(sealed && { sealed }) };
}

/** Appends at a stream's end. */
export async function add(store: EventStore, stream: string, ...events: readonly EventDraft[]): Promise<void> {
  const expectedRevision = (await store.readStream(stream)).at(-1)?.revision ?? NO_STREAM;
  await store.append({ stream, expectedRevision, events });
}

export async function found(store: EventStore): Promise<void> {
  await add(store, LEDGER_STREAM, draft('LedgerFounded', { origin: ORIGIN, vkey: VKEY }));
}

export function checkpointOf(size: number, root: Uint8Array): string {
  return signNote(formatCheckpoint({ origin: ORIGIN, size, root }), ORIGIN, key.publicKey, (text) => key.sign(text));
}

/** Signs the head as it is now and keeps it as the service does; answers it. */
export async function signHead(store: EventStore): Promise<{ size: number; root: string; checkpoint: string }> {
  const { tree } = await logOf(store);
  const head = { size: tree.size, root: toBase64(tree.root()), checkpoint: checkpointOf(tree.size, tree.root()) };
  await add(store, SIGNED_HEADS_STREAM, draft('HeadSigned', head));
  return head;
}

export async function archiveTo(path: string, store: EventStore): Promise<void> {
  const source = await sourceOf(store, new Date(AT));
  await pipeline(archiveStream(source), createWriteStream(path));
}
