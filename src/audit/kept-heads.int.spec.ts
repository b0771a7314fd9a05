import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { utf8 } from '../encoding/bytes.js';
import { toHex0x } from '../encoding/hex.js';
import { formatCheckpoint } from '../log/checkpoint.js';
import { MerkleTree } from '../log/merkle-tree.js';
import { formatVerifierKey, signNote } from '../log/note.js';
import { encodeEntryBundle, hashTile } from '../log/tiles.js';
import { rootsAt } from './earlier-roots.js';
import { Findings } from './findings.js';
import { compareHeads, KeptHeads, type SeenHead } from './kept-heads.js';
import { laterBatchRoots } from './later-batches.js';
import type { LogSource } from './log-source.js';

const ORIGIN = 'audited.example/log';
const SECRET = new Uint8Array(32).fill(5);
const VKEY = formatVerifierKey(ORIGIN, ed25519.getPublicKey(SECRET));
const LOG = { origin: ORIGIN, vkey: VKEY };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meritkedja-heads-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const entriesOf = (size: number, word = 'entry'): Uint8Array[] =>
  Array.from({ length: size }, (_, i) => utf8(`${word} ${i}`));

function noteOf(tree: MerkleTree, size: number, secret = SECRET): string {
  const text = formatCheckpoint({ origin: ORIGIN, size, root: tree.root(size) });
  return signNote(text, ORIGIN, ed25519.getPublicKey(secret), (message) => ed25519.sign(message, secret));
}

function headAt(tree: MerkleTree, size: number, secret = SECRET): Omit<SeenHead, 'where'> {
  const root = toBase64(tree.root(size));
  return { size, root, checkpoint: noteOf(tree, size, secret), seenAt: '2026-11-24T10:00:00.000Z' };
}

/** A log of these entries, served with its tiles or without. */
function sourceOf(
  entries: readonly Uint8Array[],
  { tiles = 'honest', size = entries.length } = {},
): LogSource & { bundles: number } {
  const tree = MerkleTree.ofEntries(entries);
  const other = MerkleTree.ofEntries(entriesOf(entries.length, 'other'));
  return {
    name: 'test',
    bundles: 0,
    checkpoint: async () => noteOf(tree, size),
    async bundle(number, width) {
      this.bundles += 1;
      return encodeEntryBundle(entries.slice(number * 256, number * 256 + width));
    },
    tile: async (level, index, width) =>
      tiles === 'none' ? undefined : hashTile(tiles === 'honest' ? tree : other, { level, index, width }),
    close: async () => undefined,
  };
}

describe('roots at earlier sizes', () => {
  const entries = entriesOf(700);
  const tree = MerkleTree.ofEntries(entries);
  const head = { size: 700, root: tree.root() };
  const sizes = [1, 2, 255, 256, 257, 511, 513, 699, 700];

  it.each(['honest', 'none', 'false'] as const)('are the log’s own, with tiles that are %s', async (tiles) => {
    const source = sourceOf(entries, { tiles });
    const roots = (await rootsAt(source, head, sizes))!;
    for (const size of sizes) expect(toBase64(roots.get(size)!)).toBe(toBase64(tree.root(size)));
    // Honest tiles need no entry; others are not believed.
    expect(source.bundles).toBe(tiles === 'honest' ? 0 : 3);
  });

  it('are not told where the entries are others than those that were audited', async () => {
    expect(await rootsAt(sourceOf(entriesOf(700, 'other'), { tiles: 'none' }), head, [5])).toBeUndefined();
  });
});

describe('batches after the audited head', () => {
  const root = new Uint8Array(32).fill(9);
  const sealed = utf8(JSON.stringify({ data: { root: toBase64(root) }, type: 'BatchSealed' }));
  const entries = [...entriesOf(300), sealed, utf8('no JSON'), utf8('{"type":"BatchSealed"}')];
  const before = { size: 299, root: MerkleTree.ofEntries(entries).root(299) };
  const log = { origin: ORIGIN, vkey: VKEY };

  it('are taken from a newer head that extends it', async () => {
    expect([...(await laterBatchRoots(sourceOf(entries), log, before, 1))]).toEqual([toHex0x(root)]);
  });

  it('are not believed without a head, a signature or a consistent history', async () => {
    const none = async (source: LogSource, named = log, head = before): Promise<void> =>
      expect([...(await laterBatchRoots(source, named, head, 1))]).toEqual([]);
    await none(sourceOf(entries, { size: 299 }));
    await none(sourceOf(entries, { tiles: 'none' }));
    await none(sourceOf(entries, { tiles: 'false' }));
    await none(sourceOf(entries), {
      origin: ORIGIN,
      vkey: formatVerifierKey(ORIGIN, ed25519.getPublicKey(new Uint8Array(32).fill(6))),
    });
    await none(sourceOf(entries), log, { size: 299, root: new Uint8Array(32) });
    // Sealed before the head: the audit has read it.
    await none(sourceOf(entries), log, { size: 302, root: MerkleTree.ofEntries(entries).root(302) });
  });
});

describe('heads that were seen before', () => {
  const tree = MerkleTree.ofEntries(entriesOf(20));
  const other = MerkleTree.ofEntries([...entriesOf(6), ...entriesOf(14, 'rewritten')]);

  async function compared(heads: readonly SeenHead[], of: MerkleTree, size = of.size): Promise<readonly string[]> {
    const findings = new Findings();
    const known = heads.filter((one) => one.size <= size).map((one) => one.size);
    compareHeads(heads, { size, rootAt: new Map(known.map((each) => [each, of.root(each)])) }, findings);
    return findings.list().map(({ severity, rule, code }) => `${severity} ${rule} ${code}`);
  }

  it('S16: are kept a line each, and a log that extends them is as it should be', async () => {
    const kept = new KeptHeads(folder, ORIGIN);
    expect(await kept.all(LOG)).toEqual([]);
    for (const size of [5, 5, 12]) await kept.add(headAt(tree, size), 'http://audited.example/log');
    const heads = await kept.all(LOG);
    expect(heads.map(({ size }) => size)).toEqual([5, 12]);
    expect(heads[0]).toMatchObject({ ...headAt(tree, 5), where: `${kept.path}:1` });
    expect((await stat(kept.path)).mode & 0o777).toBe(0o600);
    expect(await compared(heads, tree)).toEqual([]);
  });

  it('S16: tell a history that was rewritten, and one that was cut', async () => {
    const kept = new KeptHeads(folder, ORIGIN);
    for (const size of [5, 12]) await kept.add(headAt(tree, size), 'x');
    const heads = await kept.all(LOG);
    expect(await compared(heads, other)).toEqual(['error S16 historyRewritten']);
    expect(await compared(heads, tree, 8)).toEqual(['error S16 headShrunk']);
  });

  it('S2: another reader’s head tells two histories', async () => {
    const { seenAt: _, ...head } = headAt(other, 12);
    expect(await compared([{ ...head, where: 'friend.txt' }], tree)).toEqual(['error S2 twoHistories']);
    expect(await compared([{ ...head, where: 'friend.txt' }], other)).toEqual([]);
  });

  it('S19: are those that the key of then has signed', async () => {
    const next = new Uint8Array(32).fill(6);
    const vkeys = [
      { vkey: VKEY, from: 0, to: 10 },
      { vkey: formatVerifierKey(ORIGIN, ed25519.getPublicKey(next)), from: 10 },
    ];
    const kept = new KeptHeads(folder, ORIGIN);
    await kept.add(headAt(tree, 5), 'x');
    await kept.add(headAt(tree, 12), 'x');
    await kept.add(headAt(tree, 13, next), 'x');
    expect((await kept.all({ ...LOG, vkeys })).map(({ size }) => size)).toEqual([5, 13]);
  });

  it('what a crash leaves of a line, and what others write, is passed over', async () => {
    const kept = new KeptHeads(folder, ORIGIN);
    await kept.add(headAt(tree, 5), 'x');
    await appendFile(kept.path, '{"size":7,"roo');
    await kept.add(headAt(tree, 12), 'x');
    await appendFile(
      kept.path,
      `${JSON.stringify({ ...headAt(other, 15, new Uint8Array(32).fill(8)), source: 'x' })}\n`,
    );
    // Signed, yet it says of itself what the note does not.
    expect((await kept.all(LOG)).map(({ size }) => size)).toEqual([5, 12]);
    const lines = (await readFile(kept.path, 'utf8')).split('\n');
    await writeFile(kept.path, lines.map((line) => line.replace('"size":12', '"size":3')).join('\n'));
    expect((await kept.all(LOG)).map(({ size }) => size)).toEqual([5, 12]);
    expect(toBase64(fromBase64((await kept.all(LOG))[1]!.root))).toBe(toBase64(tree.root(12)));
  });

  it('stays one whole line each where several write at once', async () => {
    const kept = new KeptHeads(folder, ORIGIN);
    await Promise.all(
      Array.from({ length: 15 }, (_, i) => new KeptHeads(folder, ORIGIN).add(headAt(tree, i + 2), 'x')),
    );
    expect(new Set((await kept.all(LOG)).map(({ size }) => size)).size).toBe(15);
  });
});
