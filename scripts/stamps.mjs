/**
 * Stamps remember what a step worked from, so that it is done again only when that has changed; a lock keeps two
 * set-ups of one folder from doing the same step at the same time (`npm start` in one terminal, `npm test` in another).
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT, say } from './processes.mjs';

const LOCK = join(ROOT, '.cache/set-up.lock');

/** SHA-256 as hex. */
export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

export function matchesStamp(file, key) {
  try {
    return readFileSync(file, 'utf8') === JSON.stringify(key);
  } catch {
    return false;
  }
}

export function writeStamp(file, key) {
  writeFileSync(file, JSON.stringify(key));
}

/** The file itself, or all files in the folder, as sorted absolute paths; nothing when there is no such thing. */
export function filesUnder(name) {
  const path = join(ROOT, name);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats ? [path] : [];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** Does the work unless it is done already, or another process does it meanwhile. */
export async function onceAtATime(isDone, work) {
  if (isDone()) return;
  mkdirSync(dirname(LOCK), { recursive: true });
  for (let waits = 0; !takeLock(); waits++) {
    if (waits === 0) say('Another set-up is at work in this folder: waiting for it …');
    await sleep(500);
  }
  try {
    if (!isDone()) await work();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

/** A lock whose process is gone counts for nothing: the next try takes it. */
function takeLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!holderIsAlive()) rmSync(LOCK, { force: true });
    return false;
  }
}

function holderIsAlive() {
  try {
    process.kill(Number(readFileSync(LOCK, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
