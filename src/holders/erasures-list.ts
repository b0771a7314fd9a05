/**
 * The list of who has been erased (S23): random holder ids, in KEYS_DIR/erased.json, apart from the store and its backups.
 * An entry is there before anything is deleted, so an erasure that a crash cut short, or that a restored copy undid, is
 * carried out again. Proven by erasure.int.spec.ts.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { readFileIfThere, writeFileDurably } from '../crypto/secret-file.js';
import { ConfigError } from '../errors.js';

export interface Erasure {
  /** UUID, random: it means nothing any more. */
  readonly holder: string;
  /** When it was asked for, ISO 8601. */
  readonly at: string;
}

const file = z.strictObject({
  erasures: z.array(z.strictObject({ holder: z.uuid(), at: z.iso.datetime({ offset: true }) })),
});

export function erasuresFile(keysDir: string): string {
  return join(keysDir, 'erased.json');
}

/**
 * Oldest first; none where there is no file.
 * @throws ConfigError where it is damaged: going on without it could bring an erased person back
 */
export function readErasures(keysDir: string): readonly Erasure[] {
  const path = erasuresFile(keysDir);
  const text = readFileIfThere(path);
  if (text === undefined) return [];
  const parsed = file.safeParse(safeJson(text));
  if (!parsed.success) {
    throw new ConfigError(
      'KEYS_DIR',
      `${path} is damaged, and without it an erased person could come back; restore it from where you keep its copy`,
    );
  }
  return parsed.data.erasures;
}

/**
 * Puts entries on the list, durably, those that are not there. Another process may write it too: whoever comes between
 * reading and writing could drop an entry, so it is read again, and what the store knows to be erased is put back on the
 * list by whoever sees it (`applyErasures`, `followErasures`).
 */
export function listErasures(keysDir: string, wanted: readonly Erasure[]): void {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const there = readErasures(keysDir);
    const known = new Set(there.map(({ holder }) => holder));
    const missing = wanted.filter(({ holder }) => !known.has(holder));
    if (missing.length === 0) return;
    const erasures = [...there, ...missing.map(({ holder, at }) => ({ holder, at }))];
    writeFileDurably(erasuresFile(keysDir), `${JSON.stringify({ erasures })}\n`);
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
