/** Archives as files: what is in them, what they leave out, and that damage of every kind is told. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toBase64 } from '../encoding/base64.js';
import { toHex } from '../encoding/hex.js';
import type { EventStore } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { openSqliteEventStore } from '../event-store/sqlite.js';
import { sourceOf } from './archive-source.js';
import { add, archiveTo, AT, checkpointOf, draft, found, ORIGIN, signHead, VKEY } from './archive.fixture.js';
import { ArchiveError, GZIP_HEADER } from './format.js';
import { logOf } from './known-heads.js';
import { readArchive } from './read-archive.js';
import { recordRestoration, restorationOf } from './restoration.js';
import { restoreArchive } from './restore.js';
import { archiveChunks } from './write-archive.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-archive-'));
  path = join(folder, 'backup.mka');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const OPTIONS = {
  now: () => new Date(AT),
  losses: async () => [],
  applyErasures: async () => undefined,
};

async function ledger(): Promise<EventStore> {
  const store = openMemoryEventStore();
  await found(store);
  await add(store, 'thing-1', draft('Happened', { text: 'å\t"\n' }), draft('Happened', { n: 2 }, Buffer.alloc(40, 9)));
  await add(store, 'vault-holder-1', draft('KeyWrapped', { epoch: 1 }));
  await add(store, 'thing-2', draft('Happened', {}));
  await signHead(store);
  await add(store, 'thing-2', draft('Happened', {}));
  return store;
}

/** Everything that a store shows, but for positions. */
async function contentOf(store: EventStore): Promise<readonly object[]> {
  const events = await store.readAll({ limit: 100_000 });
  return events
    .filter(({ stream }) => stream !== 'vault-restore')
    .map(({ position: _, entry, sealed, ...event }) => ({
      ...event,
      entry: entry && toHex(entry),
      sealed: sealed && toHex(sealed),
    }));
}

async function refusal(bytes: Uint8Array): Promise<string> {
  writeFileSync(path, bytes);
  const store = openMemoryEventStore();
  const refused: unknown = await restoreArchive(path, store, OPTIONS).catch((error: unknown) => error);
  if (!(refused instanceof ArchiveError)) throw refused;
  expect(await store.head()).toEqual({ position: 0n, logSize: 0 });
  return refused.message;
}

/** The archive of the text with its digest made right: what only the contents give away. */
function packed(lines: readonly string[], fix = true): Buffer {
  const body = lines.slice(0, -1).map((line) => `${line}\n`);
  const end = JSON.parse(lines.at(-1)!.slice('end '.length)) as { sha256: string };
  const sha256 = createHash('sha256').update(body.join('')).digest('hex');
  const last = `end ${JSON.stringify(fix ? { ...end, sha256 } : end)}\n`;
  const bytes = gzipSync([...body, last].join(''), { level: constants.Z_BEST_SPEED });
  bytes.set(GZIP_HEADER);
  return bytes;
}

function linesOf(bytes: Buffer): string[] {
  return gunzipSync(bytes).toString('utf8').trimEnd().split('\n');
}

describe('an archive', () => {
  it('holds every event in total order with its bytes, and says what it is', async () => {
    const store = await ledger();
    await archiveTo(path, store);
    const { header, trailer, tree } = await readArchive(path);
    const own = await logOf(store);
    expect(header).toMatchObject({ format: 'meritkedja-archive', version: 1, origin: ORIGIN, vkey: VKEY, logSize: 5 });
    expect(header.checkpoint).toContain(`${ORIGIN}\n4\n`);
    expect(trailer).toMatchObject({ events: 7, logSize: 5, root: toBase64(own.tree.root()) });
    expect(tree.root()).toEqual(own.tree.root());
    const lines = linesOf(readFileSync(path));
    const entries = (await store.readLog({ from: 0, limit: 10 })).map(({ entry }) => Buffer.from(entry!).toString());
    expect(lines.filter((line) => line.startsWith('e ')).map((line) => line.slice(2).split('\t')[0])).toEqual(
      expect.arrayContaining(entries),
    );
  });

  it('S14, S15: restores random histories with deleted vault streams into either store and back, index for index', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ stream: fc.integer({ min: 1, max: 4 }), text: fc.string({ unit: 'grapheme' }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ vault: fc.integer({ min: 1, max: 3 }), bytes: fc.uint8Array({ maxLength: 60 }) }),
      },
      { weight: 1, arbitrary: fc.record({ erase: fc.integer({ min: 1, max: 3 }) }) },
      { weight: 1, arbitrary: fc.record({ sign: fc.constant(true) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const round = mkdtempSync(join(folder, 'round-'));
        const first = openSqliteEventStore(join(round, 'first.db'));
        const memory = openMemoryEventStore();
        const last = openSqliteEventStore(join(round, 'last.db'));
        try {
          await found(first);
          for (const one of steps) {
            if ('stream' in one) await add(first, `thing-${one.stream}`, draft('Happened', { text: one.text }));
            else if ('vault' in one) await add(first, `vault-holder-${one.vault}`, draft('Kept', {}, one.bytes));
            else if ('erase' in one) await first.deleteStream(`vault-holder-${one.erase}`);
            else await signHead(first);
          }
          await archiveTo(join(round, 'one'), first);
          await restoreArchive(join(round, 'one'), memory, OPTIONS);
          await archiveTo(join(round, 'two'), memory);
          await restoreArchive(join(round, 'two'), last, OPTIONS);
          expect(await contentOf(memory)).toEqual(await contentOf(first));
          expect(await contentOf(last)).toEqual(await contentOf(first));
          const roots = await Promise.all(
            [first, memory, last].map(async (store) => toBase64((await logOf(store)).tree.root())),
          );
          expect(new Set(roots).size).toBe(1);
        } finally {
          await first.close();
          await memory.close();
          await last.close();
        }
      }),
      { numRuns: 25 },
    );
  });

  it('is of one moment, though others append and erase while it is written', async () => {
    const store = await ledger();
    for (let i = 0; i < 1_200; i++) await add(store, `other-${i}`, draft('Happened', { i }));
    await add(store, 'vault-holder-2', draft('KeyWrapped', {}));
    const source = await sourceOf(store, new Date(AT));
    const chunks: Buffer[] = [];
    for await (const chunk of archiveChunks(source)) {
      chunks.push(chunk);
      await add(store, `late-${chunks.length}`, draft('Happened', {}));
      await store.deleteStream('vault-holder-2');
    }
    writeFileSync(path, packed(Buffer.concat(chunks).toString('utf8').trimEnd().split('\n'), false));
    const target = openMemoryEventStore();
    const { contents } = await restoreArchive(path, target, OPTIONS);
    expect(contents.trailer.logSize).toBe(source.logSize);
    expect((await store.head()).logSize).toBeGreaterThan(source.logSize);
    const events = await contentOf(target);
    expect(events).toEqual((await contentOf(store)).slice(0, events.length));
    expect(await target.readStream('vault-holder-2')).toEqual([]);
  });

  it('never holds what a store says of its own restoration', async () => {
    const store = await ledger();
    await recordRestoration(store, -1, { type: 'RestoreCompleted', data: { losses: [] } }, new Date(AT));
    await archiveTo(path, store);
    expect(gunzipSync(readFileSync(path)).toString()).not.toContain('vault-restore');
  });

  it('is not made of a store that is half restored or waits for a decision, nor of an empty one', async () => {
    await expect(sourceOf(openMemoryEventStore(), new Date(AT))).rejects.toThrow('nothing to back up');
    const store = await ledger();
    const begun = { sha256: 'ab', origin: ORIGIN, logSize: 1, root: '' };
    await recordRestoration(store, -1, { type: 'RestoreBegun', data: begun }, new Date(AT));
    await expect(sourceOf(store, new Date(AT))).rejects.toThrow('half restored');
    const losses = [{ kind: 'older', where: 'elsewhere', size: 9, root: '' }] as const;
    await recordRestoration(store, 0, { type: 'RestoreCompleted', data: { losses } }, new Date(AT));
    await expect(sourceOf(store, new Date(AT))).rejects.toThrow('accept the loss');
  });
});

describe('a damaged archive', () => {
  let good: Buffer;
  let lines: string[];
  beforeEach(async () => {
    await archiveTo(path, await ledger());
    good = readFileSync(path);
    lines = linesOf(good);
  });
  const changed = (at: number, change: (line: string) => string): string[] =>
    lines.map((line, i) => (i === at ? change(line) : line));

  it('is refused for any single bit, before anything is written', async () => {
    for (let i = 0; i < good.length; i++) {
      const bytes = Buffer.from(good);
      // Of the last byte before gzip's own eight the high bits may be padding: nothing reads them.
      bytes[i]! ^= 1 << (i === good.length - 9 ? 0 : i % 8);
      expect(await refusal(bytes)).not.toBe('');
    }
  });

  it('is refused for a tear anywhere', async () => {
    for (let end = 0; end < good.length; end += 7) expect(await refusal(good.subarray(0, end))).not.toBe('');
    expect(await refusal(good.subarray(0, good.length - 1))).toContain('too early');
    expect(await refusal(packed(lines).subarray(0, 40))).toContain('too early');
  });

  it('is refused for what follows its end', async () => {
    expect(await refusal(Buffer.concat([good, Buffer.from('more')]))).not.toBe('');
    expect(await refusal(Buffer.concat([good, Buffer.alloc(10)]))).toContain('follows');
    expect(await refusal(Buffer.concat([good, good]))).toContain('follows');
    expect(await refusal(packed([...lines, lines.at(-1)!], false))).toContain('follows the end');
  });

  it('is refused for a missing, doubled, moved or changed event, though its digest was made right', async () => {
    const event = lines.findIndex((line) => line.includes('"thing-1"'));
    expect(await refusal(packed(lines.filter((_, i) => i !== event)))).toContain('expected revision 0, got 1');
    expect(await refusal(packed(lines.toSpliced(event, 0, lines[event]!)))).toContain('expected revision 1, got 0');
    const swapped = lines.toSpliced(event, 2, lines[event + 1]!, lines[event]!);
    expect(await refusal(packed(swapped))).toContain('expected revision 0, got 1');
    expect(await refusal(packed(changed(event, (line) => line.replace('Happened', 'Happenee'))))).toContain('root');
    const vault = lines.findIndex((line) => line.includes('KeyWrapped'));
    expect(await refusal(packed(lines.filter((_, i) => i !== vault)))).toContain('events');
  });

  it('S14: is refused for an entry that is not canonical, or whose sealed part is another', async () => {
    const event = lines.findIndex((line) => line.includes('"thing-2"'));
    expect(await refusal(packed(changed(event, (line) => line.replace('{', '{ '))))).toContain('canonical');
    const sealed = lines.findIndex((line) => line.includes('\t'));
    expect(await refusal(packed(changed(sealed, (line) => line.slice(0, -8) + 'AAAAAAA='.slice(0, 8))))).toContain(
      `line ${sealed + 1}`,
    );
    expect(await refusal(packed(changed(sealed, (line) => line.split('\t')[0]!)))).toContain('canonical');
    expect(await refusal(packed(changed(event, () => 'e []')))).toContain('expected an object');
    expect(await refusal(packed(changed(event, () => 'x')))).toContain('expected an event or the end');
  });

  it('is refused for another header, log key or checkpoint, though its digest was made right', async () => {
    const header = JSON.parse(lines[0]!.slice('meritkedja-archive '.length)) as Record<string, unknown>;
    const withHeader = (members: object): Buffer =>
      packed(changed(0, () => `meritkedja-archive ${JSON.stringify({ ...header, ...members })}`));
    expect(await refusal(withHeader({ version: 2 }))).toContain('another version');
    expect(await refusal(withHeader({ logSize: 4 }))).toContain('logSize');
    expect(await refusal(withHeader({ origin: 'other.example/log' }))).toContain(ORIGIN);
    expect(await refusal(withHeader({ more: 1 }))).toContain('line 1');
    const { tree } = await readGood();
    expect(await refusal(withHeader({ checkpoint: checkpointOf(4, tree.root(3)) }))).toContain('another root');
    expect(await refusal(withHeader({ checkpoint: checkpointOf(9, tree.root(3)) }))).toContain('is of 9 entries');
    const note = String(header['checkpoint']);
    expect(await refusal(withHeader({ checkpoint: note.replace('\n4\n', '\n3\n') }))).toContain('does not verify');
    expect(await refusal(gzipSync('something else\n'))).toContain('not a Meritkedja archive');
    expect(await refusal(Buffer.from('SQLite format 3\0 and more'))).toContain('not a Meritkedja archive');
  });

  async function readGood(): Promise<Awaited<ReturnType<typeof readArchive>>> {
    writeFileSync(path, good);
    return readArchive(path);
  }
});

describe('a restored store', () => {
  it('is whole again, and refuses a second restore', async () => {
    await archiveTo(path, await ledger());
    const store = openMemoryEventStore();
    await restoreArchive(path, store, OPTIONS);
    expect(await restorationOf(store)).toMatchObject({ is: 'whole' });
    await expect(restoreArchive(path, store, OPTIONS)).rejects.toThrow('not empty');
  });

  it('says that it is incomplete from the first write on; the same file goes on, another one is refused', async () => {
    const original = await ledger();
    await archiveTo(path, original);
    const store = openMemoryEventStore();
    const died = new ArchiveError('died');
    const dies = { ...OPTIONS, applyErasures: () => Promise.reject(died) };
    await expect(restoreArchive(path, store, dies)).rejects.toBe(died);
    expect(await restorationOf(store)).toMatchObject({ is: 'incomplete', imported: true });
    const other = join(folder, 'other');
    await add(original, 'thing-9', draft('Happened', {}));
    await archiveTo(other, original);
    await expect(restoreArchive(other, store, OPTIONS)).rejects.toThrow('another archive');
    await restoreArchive(path, store, OPTIONS);
    expect(await restorationOf(store)).toMatchObject({ is: 'whole' });
  });

  it('S23: has no stream that was erased after the archive was made', async () => {
    await archiveTo(path, await ledger());
    const store = openMemoryEventStore();
    await restoreArchive(path, store, { ...OPTIONS, applyErasures: (it) => it.deleteStream('vault-holder-1') });
    expect(await store.readStream('vault-holder-1')).toEqual([]);
  });

  it('S16: is read-only where something newer is known elsewhere', async () => {
    await archiveTo(path, await ledger());
    const store = openMemoryEventStore();
    const losses = [{ kind: 'older', where: 'last-signed-head.json', size: 9, root: '' }] as const;
    await restoreArchive(path, store, { ...OPTIONS, losses: async () => losses });
    expect(await restorationOf(store)).toMatchObject({ is: 'readOnly', losses });
  });
});
