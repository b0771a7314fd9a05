/** Signing heads (S15, S16): only extensions, durable before anybody sees them, and never a second history. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { signer as ed25519 } from '../crypto/ed25519.js';
import { toBase64 } from '../encoding/base64.js';
import { ConfigError, InvariantError, UnavailableError } from '../errors.js';
import type { Append, EventStore } from '../event-store/event-store.js';
import { NO_STREAM } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { parseCheckpoint } from './checkpoint.js';
import { HeadFollower } from './head-follower.js';
import { HeadSigner, type LogKey } from './head-signer.js';
import { formatVerifierKey } from './note.js';
import { SIGNED_HEADS_STREAM } from './signed-heads.js';
import { TransparencyLog } from './transparency-log.js';

const KEY: LogKey = { origin: 'log.example/log', ...ed25519(new Uint8Array(32).fill(3)) };

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-heads-'));
  file = join(folder, 'last-signed-head.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function happened(store: EventStore, times: number, type = 'Happened'): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    const event = { id: crypto.randomUUID(), type, v: 1, at: '2026-01-01T00:00:00.000Z', by: 'process:test', data: {} };
    await store.append({ stream: `thing-${event.id}`, expectedRevision: NO_STREAM, events: [event] });
  }
}

async function started(store: EventStore, key = KEY): Promise<{ signer: HeadSigner; log: TransparencyLog }> {
  const log = new TransparencyLog(store);
  await log.start();
  const signer = new HeadSigner(store, log, key, file, () => new Date('2026-01-01T00:00:00Z'));
  await signer.start();
  return { signer, log };
}

/** A head of another tree, after those that are there. */
async function appendHead(store: EventStore, size: number): Promise<void> {
  const there = await store.readStream(SIGNED_HEADS_STREAM);
  const data = { size, root: toBase64(new Uint8Array(32)), checkpoint: `${KEY.origin}\n` };
  const event = { id: crypto.randomUUID(), type: 'HeadSigned', v: 1, at: '2026-01-01T00:00:00.000Z', by: 'x', data };
  await store.append({ stream: SIGNED_HEADS_STREAM, expectedRevision: there.length - 1, events: [event] });
}

const lastHead = (): { size: number; root: string } => JSON.parse(readFileSync(file, 'utf8')) as never;
async function signedSizes(store: EventStore): Promise<number[]> {
  return (await store.readStream(SIGNED_HEADS_STREAM)).map(({ data }) => data['size'] as number);
}

/** A store whose appends to the signed heads can be made to fail. */
function failing(store: EventStore, when: 'before' | 'after'): EventStore {
  return {
    append: async (append: Append) => {
      if (append.stream !== SIGNED_HEADS_STREAM) return store.append(append);
      if (when === 'after') await store.append(append);
      throw new InvariantError('killed');
    },
    appendMany: (appends) => store.appendMany(appends),
    readStream: (stream, options) => store.readStream(stream, options),
    readAll: (options) => store.readAll(options),
    readLog: (options) => store.readLog(options),
    head: () => store.head(),
    subscribe: (options, handler) => store.subscribe(options, handler),
    deleteStream: (stream) => store.deleteStream(stream),
    close: () => store.close(),
  };
}

describe('a signed head', () => {
  it('S15: is kept in the store and in the file before it is given out', async () => {
    const store = openMemoryEventStore();
    await happened(store, 3);
    const { signer, log } = await started(store);
    const head = await signer.covering(2);
    expect(head.size).toBe(3);
    expect(parseCheckpoint(head.checkpoint.split('\n\n')[0] + '\n')).toMatchObject({ origin: KEY.origin, size: 3 });
    expect(await signedSizes(store)).toEqual([3]);
    expect(lastHead()).toMatchObject({ size: 3, root: toBase64(log.tree.root()) });
  });

  it('is signed once for the same log, however many ask', async () => {
    const store = openMemoryEventStore();
    await happened(store, 3);
    const { signer } = await started(store);
    const heads = await Promise.all([signer.covering(1), signer.covering(3), signer.exactly(3), signer.covering(2)]);
    expect(new Set(heads.map(({ checkpoint }) => checkpoint)).size).toBe(1);
    expect(await signedSizes(store)).toEqual([3]);
  });

  it('S15: the newest only grows, whatever is asked for at a time and in whichever order', async () => {
    const store = openMemoryEventStore();
    await happened(store, 6);
    const { signer } = await started(store);
    const asked = [2, 5, 3, 6, 1, 4];
    const newest: number[] = [];
    const heads = await Promise.all(
      asked.map(async (size) => {
        const head = await signer.exactly(size);
        newest.push(signer.latest!.size);
        expect(lastHead().size).toBeGreaterThanOrEqual(signer.latest!.size);
        return head;
      }),
    );
    expect(heads.map(({ size }) => size)).toEqual(asked);
    expect(newest).toEqual([...newest].sort((a, b) => a - b));
    expect(lastHead().size).toBe(6);
    // Older sizes are kept as well, once: nodes without the key have their notes from there.
    expect((await signedSizes(store)).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    await signer.exactly(3);
    expect(await signedSizes(store)).toHaveLength(6);
    expect((await started(store)).signer.latest).toEqual(heads[3]);
  });

  it('does not hold up others while somebody waits for entries that are not there yet', async () => {
    const store = openMemoryEventStore();
    await happened(store, 1);
    const { signer } = await started(store);
    const later = signer.exactly(3);
    expect((await signer.covering(1)).size).toBe(1);
    await happened(store, 2);
    expect((await later).size).toBe(3);
  });

  it('of an older size is the same note again, of a size never signed is refused', async () => {
    const store = openMemoryEventStore();
    await happened(store, 2);
    const { signer } = await started(store);
    const two = await signer.covering(2);
    await happened(store, 1);
    await signer.covering(3);
    expect(signer.noteOf(2)).toEqual(two);
    expect(() => signer.noteOf(4)).toThrow(InvariantError);
  });

  it('is found again after a restart, and the next one extends it', async () => {
    const store = openMemoryEventStore();
    await happened(store, 2);
    const first = await (await started(store)).signer.covering(2);
    const { signer } = await started(store);
    expect(signer.latest).toEqual(first);
    await happened(store, 1);
    expect((await signer.covering(3)).size).toBe(3);
    expect(await signedSizes(store)).toEqual([2, 3]);
  });
});

describe('a process that ends within signing', () => {
  it.each(['before', 'after'] as const)('S16: %s the store has the head goes on from there', async (when) => {
    const store = openMemoryEventStore();
    await happened(store, 2);
    const { signer } = await started(failing(store, when));
    await expect(signer.covering(2)).rejects.toThrow('killed');
    expect(lastHead().size).toBe(2);
    const again = await started(store);
    // Not less than what may have been signed: the file never goes back.
    expect(again.signer.latest?.size).toBe(2);
    await happened(store, 1);
    expect((await again.signer.exactly(3)).size).toBe(3);
    expect(await signedSizes(store)).toEqual([2, 3]);
  });
});

describe('two workers over one store', () => {
  it('S15: take up what the other has signed, and go on from there', async () => {
    const store = openMemoryEventStore();
    await happened(store, 2);
    const [a, b] = [await started(store), await started(store)];
    const first = await a.signer.covering(2);
    expect(await b.signer.covering(2)).toEqual(first);
    await happened(store, 1);
    const heads = await Promise.all([a.signer.covering(3), b.signer.covering(3), a.signer.exactly(3)]);
    for (const { size } of heads) expect(size).toBe(3);
    await happened(store, 1);
    await b.signer.covering(4);
    await happened(store, 1);
    expect((await a.signer.covering(5)).size).toBe(5);
    expect(lastHead().size).toBe(5);
    const sizes = await signedSizes(store);
    expect(sizes).toEqual([...sizes].sort((x, y) => x - y));
  });

  it('S16: never take the file back behind what the other has signed', async () => {
    const store = openMemoryEventStore();
    await happened(store, 5);
    const [a, b] = [await started(store), await started(store)];
    await Promise.all([a.signer.exactly(2), b.signer.exactly(5), a.signer.exactly(4), b.signer.exactly(3)]);
    expect(lastHead().size).toBe(5);
    expect(Math.max(...(await signedSizes(store)))).toBe(5);
  });

  it.each([
    [2, 'another history'],
    [9, 'an older copy'],
  ])('S15: sign nothing more once the other has signed what this one contradicts (%i entries)', async (size, what) => {
    const store = openMemoryEventStore();
    await happened(store, 3);
    const { signer, log } = await started(store);
    await signer.covering(1);
    // Not read yet when the next head is signed: the store refuses, and what the other has signed is looked at.
    await appendHead(store, size);
    await happened(store, 1);
    await expect(signer.covering(4)).rejects.toThrow(InvariantError);
    await expect(signer.covering(4)).rejects.toThrow(new RegExp(what));
    expect(log.problem).toMatch(new RegExp(what));
    expect(signer.problem).toMatch(new RegExp(what));
    expect(signer.latest).toBeUndefined();
    expect(() => signer.noteOf(1)).toThrow(InvariantError);
    expect(await signedSizes(store)).toEqual([3, size]);
  });
});

describe('a log that does not extend what was signed', () => {
  async function signed(size: number): Promise<EventStore> {
    const store = openMemoryEventStore();
    await happened(store, size);
    await (await started(store)).signer.covering(size);
    return store;
  }

  async function refusal(store: EventStore): Promise<ConfigError> {
    const refused: unknown = await started(store).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    return refused as ConfigError;
  }

  it('S16: restored from an older copy is refused, in words for the operator', async () => {
    await signed(5);
    const older = openMemoryEventStore();
    await happened(older, 3);
    const { variable, message } = await refusal(older);
    expect(variable).toBe('DATA_DIR');
    expect(message).toMatch(/older copy.*signed 5 entries.*only 3.*Put the newest copy of the event store in place/);
    expect(message).toContain(file);
    expect(lastHead().size).toBe(5);
  });

  it('S16: of the same length but with another history is refused', async () => {
    await signed(3);
    const other = openMemoryEventStore();
    await happened(other, 4, 'Other');
    expect((await refusal(other)).message).toMatch(/another history: its first 3 entries/);
    expect(await signedSizes(other)).toEqual([]);
  });

  it('S15: is refused by the store’s own record too, where the file is gone', async () => {
    const store = openMemoryEventStore();
    await happened(store, 2);
    await appendHead(store, 2);
    expect(existsSync(file)).toBe(false);
    expect((await refusal(store)).message).toMatch(/another history/);
  });

  it('S16: is refused where the file is gone that says what was signed last, and goes on with what the message says', async () => {
    const store = await signed(3);
    rmSync(file);
    const { variable, message } = await refusal(store);
    expect(variable).toBe('DATA_DIR');
    expect(message).toContain(`${file} is missing`);
    await expect(started(store)).rejects.toThrow(ConfigError);
    expect(await signedSizes(store)).toEqual([3]);
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, `${/with this one line: (.*) \(S16\)$/.exec(message)![1]!}\n`);
    await happened(store, 1);
    expect((await (await started(store)).signer.covering(4)).size).toBe(4);
  });

  it('S16: is asked about elsewhere before anything is signed, also what a crash left to be signed again', async () => {
    const store = openMemoryEventStore();
    await happened(store, 2);
    const { signer } = await started(failing(store, 'before'));
    await expect(signer.covering(2)).rejects.toThrow('killed');
    const log = new TransparencyLog(store);
    await log.start();
    const again = new HeadSigner(store, log, KEY, file, () => new Date('2026-01-01T00:00:00Z'));
    await expect(again.start(() => Promise.reject(new ConfigError('DATA_DIR', 'older')))).rejects.toThrow('older');
    expect(await signedSizes(store)).toEqual([]);
  });

  it.each(['', '{', '{"size":-1,"root":""}', '{"size":1,"root":"*"}'])(
    'S16: file %j is refused as damaged',
    async (text) => {
      writeFileSync(file, text);
      const store = openMemoryEventStore();
      await happened(store, 1);
      expect((await refusal(store)).message).toMatch(/last-signed-head\.json is damaged/);
    },
  );
});

describe('a head that somebody else has put into the store', () => {
  /** With the root of this very log, and a note that its key has not signed. */
  async function forge(store: EventStore, log: TransparencyLog, size: number): Promise<void> {
    const there = await store.readStream(SIGNED_HEADS_STREAM);
    const data = { size, root: toBase64(log.tree.root(size)), checkpoint: `${KEY.origin}\n${size}\nforged\n` };
    const event = { id: crypto.randomUUID(), type: 'HeadSigned', v: 1, at: '2026-01-01T00:00:00.000Z', by: 'x', data };
    await store.append({ stream: SIGNED_HEADS_STREAM, expectedRevision: there.length - 1, events: [event] });
    await happened(store, 1);
    await log.reached(size + 1);
  }

  it('S15: is not taken up, nor served: the signer signs its own', async () => {
    const store = openMemoryEventStore();
    await happened(store, 2);
    const { signer, log } = await started(store);
    await forge(store, log, 2);
    for (const head of [await signer.covering(2), await signer.exactly(2)]) {
      expect(head.checkpoint).toMatch(new RegExp(`^${KEY.origin}\n\\d\n[^\n]+\n\n— ${KEY.origin} `));
    }
    expect((await started(store)).signer.latest?.checkpoint).not.toContain('forged');
  });

  it('S16: does not hide that the last signed head is missing', async () => {
    const store = openMemoryEventStore();
    await happened(store, 2);
    const { signer, log } = await started(store);
    await signer.covering(2);
    await forge(store, log, 2);
    rmSync(file);
    await expect(started(store)).rejects.toThrow(ConfigError);
  });
});

describe('a log that goes on under another origin', () => {
  const NEXT: LogKey = { origin: 'log.example/log/2', ...ed25519(new Uint8Array(32).fill(4)) };
  const NAME = { origin: NEXT.origin, vkey: formatVerifierKey(NEXT.origin, NEXT.publicKey) };

  it('S16: has the heads of earlier batches signed anew, once, for the nodes that sign none', async () => {
    const store = openMemoryEventStore();
    await happened(store, 4);
    const before = await started(store);
    for (const size of [2, 3, 4]) await before.signer.exactly(size);
    // What `restore --accept-loss` does with the file of the ended origin: it is kept beside.
    rmSync(file);
    await happened(store, 1);
    const { signer, log } = await started(store, NEXT);
    const follower = new HeadFollower(log, NAME);
    expect(() => follower.noteOf(2)).toThrow(UnavailableError);

    await signer.goOnFrom([2, 3]);
    const signed = await signedSizes(store);
    await log.reached(5);
    for (const size of [2, 3]) {
      await eventually(() => log.headAt(size)?.checkpoint.startsWith(NEXT.origin) === true);
      expect(follower.noteOf(size).checkpoint).toMatch(new RegExp(`^${NEXT.origin}\\n${size}\\n`));
    }
    await signer.goOnFrom([2, 3]);
    expect(await signedSizes(store)).toEqual(signed);
  });
});

async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
