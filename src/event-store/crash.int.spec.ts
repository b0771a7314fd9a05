/**
 * What an acknowledgement is worth (S24). A killed process loses nothing that the system has taken over, so this shows
 * that transactions are whole and acknowledged only when committed; that FULL reaches the disk is SQLite's to keep.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { equalBytes } from '../encoding/bytes.js';
import { canonicalBytes } from '../encoding/jcs.js';
import { parseEntry } from './entry.js';
import { isVaultStream, type StoredEvent } from './event-store.js';
import { openSqliteEventStore } from './sqlite.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** Within the project, so that the child finds the driver. */
const CACHE = join(HERE, '../../.cache');

interface Acknowledged {
  readonly id: string;
  readonly position: string;
  readonly index?: number;
}
interface Ended {
  readonly acknowledged: readonly Acknowledged[];
  readonly failed?: string;
}

let folder: string;
let writer: string;
beforeAll(async () => {
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, 'crash-'));
  writer = join(folder, 'writer.mjs');
  await build({
    entryPoints: [join(HERE, 'crash-writer.ts')],
    outfile: writer,
    ...{ bundle: true, platform: 'node', format: 'esm', external: ['better-sqlite3'], logLevel: 'error' },
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs writers over a file until so many appends are acknowledged, then kills them; or until they end themselves. */
function runWriters(path: string, run: string, killAfter: number, kibibytes?: number): Promise<Ended> {
  const command = [process.execPath, writer, path, run];
  // RLIMIT_FSIZE stands for the full disk: a write past it fails (Node ignores the signal).
  const child = kibibytes
    ? spawn('/bin/sh', ['-c', `ulimit -f ${kibibytes * 2}; exec "$@"`, 'sh', ...command])
    : spawn(command[0]!, command.slice(1));
  return new Promise((resolve, reject) => {
    let [text, errors] = ['', ''];
    let lines = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      for (const byte of chunk) if (byte === 10) lines++;
      if (lines >= killAfter) child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.on('error', reject);
    child.on('close', () => {
      expect(errors).toBe('');
      // The last line may be cut off by the kill.
      const said = text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .filter(Boolean);
      const parsed = said.map((line) => JSON.parse(line) as Partial<Acknowledged> & { failed?: string });
      const failed = parsed.find((line) => line.failed)?.failed;
      resolve({ acknowledged: parsed.filter((line): line is Acknowledged => !!line.id), ...(failed && { failed }) });
    });
  });
}

/** Everything in the file, after checking that it is whole. Plain comparisons: `expect` is slow by the ten thousand. */
async function recovered(path: string): Promise<Map<string, StoredEvent>> {
  const store = openSqliteEventStore(path);
  const all = await store.readAll({ limit: 10_000_000 });
  const head = await store.head();
  await store.close();
  const next = new Map<string, number>();
  const faults: string[] = [];
  let index = 0;
  for (const [i, event] of all.entries()) {
    const { stream, revision, position, entry } = event;
    if (position !== BigInt(i + 1)) faults.push(`position ${position} is event ${i + 1}`);
    if (revision !== (next.get(stream) ?? 0)) faults.push(`${stream}: revision ${revision} after a gap`);
    next.set(stream, revision + 1);
    const expected = isVaultStream(stream) ? undefined : index++;
    if (event.index !== expected) faults.push(`position ${position}: index ${event.index}, expected ${expected}`);
    if (!entry !== (expected === undefined))
      faults.push(`position ${position}: entry is ${entry ? 'there' : 'absent'}`);
    if (entry && !equalBytes(canonicalBytes(parseEntry(entry)), entry)) faults.push(`entry ${expected}: not canonical`);
  }
  expect(faults).toEqual([]);
  expect(head).toEqual({ position: BigInt(all.length), logSize: index });
  return new Map(all.map((event) => [event.id, event]));
}

/** mulberry32: the same points of death for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function expectKept(events: ReadonlyMap<string, StoredEvent>, acknowledged: readonly Acknowledged[]): void {
  const lost = acknowledged.filter(({ id, position, index }) => {
    const event = events.get(id);
    return String(event?.position) !== position || event?.index !== index;
  });
  expect(lost).toEqual([]);
}

describe('a process that is killed while it writes', () => {
  it.each([1, 20_261_124, Date.now() % 1_000_000])('S24: has kept all that it acknowledged (seed %d)', async (seed) => {
    const path = join(folder, `killed-${seed}.db`);
    const next = random(seed);
    const acknowledged: Acknowledged[] = [];
    for (let run = 0; run < 4; run++) {
      const killAfter = 1 + Math.floor(next() * 2_000);
      const ended = await runWriters(path, `run${run}`, killAfter);
      expect(ended.failed).toBeUndefined();
      expect(ended.acknowledged.length).toBeGreaterThanOrEqual(killAfter - 1);
      acknowledged.push(...ended.acknowledged);
      expectKept(await recovered(path), acknowledged);
    }
  });
});

describe('a process whose disk is full', () => {
  it('S24: stops with an invariant error and has kept all that it acknowledged', async () => {
    const path = join(folder, 'full.db');
    const acknowledged: Acknowledged[] = [];
    for (const [run, kibibytes] of [1_500, 3_000, 5_000].entries()) {
      const ended = await runWriters(path, `run${run}`, Number.MAX_SAFE_INTEGER, kibibytes);
      expect(ended.failed).toBe('InvariantError');
      acknowledged.push(...ended.acknowledged);
      expectKept(await recovered(path), acknowledged);
    }
    expect(acknowledged.length).toBeGreaterThan(100);
  });
});
