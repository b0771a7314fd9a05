/** A node that signs nothing serves what was signed, and only what its own tree has (S15). */
import { describe, expect, it } from '@jest/globals';
import { signer } from '../crypto/ed25519.js';
import { toBase64 } from '../encoding/base64.js';
import { UnavailableError } from '../errors.js';
import { NO_STREAM, type EventStore } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { formatCheckpoint } from './checkpoint.js';
import { HeadFollower } from './head-follower.js';
import { formatVerifierKey, signNote } from './note.js';
import { SIGNED_HEADS_STREAM } from './signed-heads.js';
import { TransparencyLog } from './transparency-log.js';

async function happened(store: EventStore, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    const event = {
      ...{ id: crypto.randomUUID(), type: 'Happened', v: 1, at: '2026-01-01T00:00:00.000Z', by: 'process:test' },
      data: {},
    };
    await store.append({ stream: `thing-${event.id}`, expectedRevision: NO_STREAM, events: [event] });
  }
}

const ORIGIN = 'log.example/log';
const KEY = signer(new Uint8Array(32).fill(3));
const NAME = { origin: ORIGIN, vkey: formatVerifierKey(ORIGIN, KEY.publicKey) };

function noteOf(size: number, root: Uint8Array, { origin = ORIGIN, key = KEY } = {}): string {
  return signNote(formatCheckpoint({ origin, size, root }), origin, key.publicKey, (message) => key.sign(message));
}

async function signed(
  store: EventStore,
  size: number,
  root: Uint8Array,
  checkpoint = noteOf(size, root),
): Promise<void> {
  const there = await store.readStream(SIGNED_HEADS_STREAM);
  const data = { size, root: toBase64(root), checkpoint };
  const event = { id: crypto.randomUUID(), type: 'HeadSigned', v: 1, at: '2026-01-01T00:00:00.000Z', by: 'x', data };
  await store.append({ stream: SIGNED_HEADS_STREAM, expectedRevision: there.length - 1, events: [event] });
}

async function following(store: EventStore, waitMs?: number): Promise<{ log: TransparencyLog; heads: HeadFollower }> {
  const log = new TransparencyLog(store);
  await log.start();
  return { log, heads: new HeadFollower(log, NAME, waitMs) };
}

describe('a node that follows the signed heads', () => {
  it('serves the newest, and waits for the worker where it is asked for more', async () => {
    const store = openMemoryEventStore();
    await happened(store, 3);
    const { log, heads } = await following(store);
    expect(heads.latest).toBeUndefined();
    const waiting = heads.covering(2);
    await signed(store, 3, log.tree.root(3));
    expect(await waiting).toEqual({
      size: 3,
      root: toBase64(log.tree.root(3)),
      checkpoint: noteOf(3, log.tree.root(3)),
    });
    expect(heads.latest).toEqual(await heads.newest());
    expect(heads.problem).toBeUndefined();
  });

  it('has the notes that were signed, also of older sizes signed later, and of no other', async () => {
    const store = openMemoryEventStore();
    await happened(store, 3);
    const { log, heads } = await following(store, 1);
    await signed(store, 3, log.tree.root(3));
    await signed(store, 2, log.tree.root(2));
    await happened(store, 1);
    await log.reached(4);
    expect(heads.noteOf(2).checkpoint).toBe(noteOf(2, log.tree.root(2)));
    expect(heads.latest?.size).toBe(3);
    expect(() => heads.noteOf(1)).toThrow(UnavailableError);
  });

  it('says that it is not possible now where no worker signs', async () => {
    const store = openMemoryEventStore();
    await happened(store, 1);
    const { heads } = await following(store, 5);
    await expect(heads.covering(1)).rejects.toThrow(UnavailableError);
  });

  it.each([2, 4])('S15: serves nothing more once a head of %i entries was signed that it contradicts', async (size) => {
    const store = openMemoryEventStore();
    await happened(store, 3);
    const { log, heads } = await following(store);
    await signed(store, 3, log.tree.root(3));
    expect((await heads.covering(3)).size).toBe(3);
    const waiting = heads.covering(9);
    await signed(store, size, new Uint8Array(32));
    await expect(waiting).rejects.toThrow(/S15/);
    expect(heads.problem).toMatch(/another history|older copy/);
    expect(heads.latest).toBeUndefined();
    await expect(heads.newest()).rejects.toThrow(UnavailableError);
    expect(() => heads.noteOf(3)).toThrow(UnavailableError);
    const again = await following(store);
    expect(again.heads.problem).toBe(heads.problem);
  });

  it.each([
    ['by another key', (root: Uint8Array) => noteOf(3, root, { key: signer(new Uint8Array(32).fill(4)) })],
    ['over another size', (_: Uint8Array, store: TransparencyLog) => noteOf(2, store.tree.root(2))],
    ['not at all', () => `${ORIGIN}\n3\nnothing\n`],
  ])('S15: serves no head of its own tree that was signed %s, until a worker has signed one', async (_, forged) => {
    const store = openMemoryEventStore();
    await happened(store, 3);
    const { log, heads } = await following(store, 1);
    await signed(store, 3, log.tree.root(3), forged(log.tree.root(3), log));
    await happened(store, 1);
    await log.reached(4);
    expect(heads.latest).toBeUndefined();
    expect(heads.problem).toMatch(/has not signed \(S15\)/);
    await expect(heads.newest()).rejects.toThrow(UnavailableError);
    expect(() => heads.noteOf(3)).toThrow(UnavailableError);
    await signed(store, 3, log.tree.root(3));
    await happened(store, 1);
    await log.reached(5);
    expect((await heads.newest()).checkpoint).toBe(noteOf(3, log.tree.root(3)));
    expect(heads.noteOf(3).size).toBe(3);
  });

  it('S16: serves nothing that was signed under an origin that ended with a loss, and raises no alarm', async () => {
    const store = openMemoryEventStore();
    await happened(store, 2);
    const { log, heads } = await following(store, 1);
    await signed(store, 2, log.tree.root(2), noteOf(2, log.tree.root(2), { origin: 'log.example/before' }));
    await happened(store, 1);
    await log.reached(3);
    expect(log.latestHead?.size).toBe(2);
    expect([heads.latest, heads.problem]).toEqual([undefined, undefined]);
    expect(() => heads.noteOf(2)).toThrow(UnavailableError);
  });
});
