/** S23: what a projection held before an erasure is found in no file of the read models, byte by byte. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../encoding/json.js';
import type { EventStore } from './event-store.js';
import { NO_STREAM } from './event-store.js';
import { openMemoryEventStore } from './memory.js';
import { ReadModels, type Projection } from './projections.js';
import { differences } from './tables.fixture.js';

let folder: string;
let models: ReadModels | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-scrub-'));
});
afterEach(async () => {
  await models?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const MARKED = 'Ödmjuka Marsvin';

/** Names by random ids, in pages that are rebalanced all the time: SQLite moves cells, and leaves copies of them. */
function names(scrubs?: ReadonlySet<string>): Projection {
  return {
    name: 'names',
    version: 1,
    schema: `
      CREATE TABLE names (id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
      CREATE INDEX names_by_name ON names (name, id);
      CREATE TABLE counted (number INTEGER PRIMARY KEY, name TEXT NOT NULL);`,
    ...(scrubs && { scrubs }),
    apply(db, { type, data }) {
      if (type === 'Named') {
        db.prepare('INSERT INTO names VALUES (?, ?)').run(data['id'], data['name']);
        db.prepare('INSERT INTO counted (name) VALUES (?)').run(data['name']);
      } else if (type === 'HolderErased') {
        db.prepare('DELETE FROM names WHERE id = ?').run(data['id']);
        db.prepare('DELETE FROM counted WHERE name = ?').run(data['name']);
      }
    },
  };
}

async function happened(store: EventStore, events: readonly { type: string; data: JsonObject }[]): Promise<bigint> {
  for (let i = 0; i < events.length; i += 200) {
    await store.appendMany(
      events.slice(i, i + 200).map(({ type, data }) => {
        const id = crypto.randomUUID();
        const event = { id, type, v: 1, at: '2026-01-01T00:00:00.000Z', by: 'process:test', data };
        return { stream: `vault-thing-${id}`, expectedRevision: NO_STREAM, events: [event] };
      }),
    );
  }
  return (await store.head()).position;
}

/** A long history of names that come and go; the marked one among them, then erased. */
function comingAndGoing(): { type: string; data: JsonObject }[] {
  const people = Array.from({ length: 2_500 }, (_, i) => ({
    id: crypto.randomUUID(),
    name: `${i % 5 === 0 ? MARKED : 'Annan Person'} ${i}${'x'.repeat((i * 37) % 700)}`,
  }));
  const named = people.map((data) => ({ type: 'Named', data }));
  const erased = people.filter((_, i) => i % 5 === 0).map((data) => ({ type: 'HolderErased', data }));
  return [...named, ...erased];
}

function found(): readonly string[] {
  return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(MARKED));
}

async function start(store: EventStore, projection: Projection): Promise<ReadModels> {
  models = await ReadModels.start(folder, store, [projection], () => Promise.resolve([]));
  return models;
}

const SCRUBS = new Set(['HolderErased']);

describe('tables that are scrubbed', () => {
  it('S23: hold nothing of what was erased while they followed, nor does their write-ahead log', async () => {
    const store = openMemoryEventStore();
    const following = await start(store, names(SCRUBS));
    await following.caughtUp(await happened(store, comingAndGoing()));
    expect(found()).toEqual([]);
    expect(following.db.prepare('SELECT count(*) AS n FROM names').get()).toEqual({ n: 2_000 });
    expect(following.db.pragma('integrity_check', { simple: true })).toBe('ok');
  });

  it('S23: hold nothing of it where they were built from the whole log', async () => {
    const store = openMemoryEventStore();
    const position = await happened(store, comingAndGoing());
    await (await start(store, names(SCRUBS))).caughtUp(position);
    expect(found()).toEqual([]);
  });

  it('would hold copies without it: the trial is not an empty one', async () => {
    const store = openMemoryEventStore();
    const position = await happened(store, comingAndGoing());
    await (await start(store, names())).caughtUp(position);
    expect(found()).not.toEqual([]);
  });

  it('keep every row that is not erased', async () => {
    const store = openMemoryEventStore();
    const position = await happened(store, comingAndGoing());
    const scrubbed = await start(store, names(SCRUBS));
    await scrubbed.caughtUp(position);
    const other = mkdtempSync(join(tmpdir(), 'meritkedja-scrub-other-'));
    const plain = await ReadModels.start(other, store, [names()], () => Promise.resolve([]));
    try {
      await plain.caughtUp(position);
      expect(differences(scrubbed.db, plain.db)).toEqual([]);
    } finally {
      await plain.stop();
      rmSync(other, { recursive: true, force: true });
    }
  });
});
