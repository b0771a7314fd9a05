/** Read models: each event exactly once over restarts, and made anew where they do not fit. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConfigError, InvariantError } from '../errors.js';
import type { OpenedFacts } from '../holders/vault.js';
import type { EventStore, StoredEvent } from './event-store.js';
import { NO_STREAM } from './event-store.js';
import { openMemoryEventStore } from './memory.js';
import { ReadModels, type Projection } from './projections.js';

let folder: string;
let path: string;
const opened: ReadModels[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-read-'));
  path = join(folder, 'read-models');
});
afterEach(async () => {
  for (const models of opened.splice(0)) await models.stop().catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
});

/** A row for each event, so that one applied twice or not at all is seen. */
function listing(version = 1, apply?: Projection['apply']): Projection {
  return {
    name: 'listing',
    version,
    schema: 'CREATE TABLE listing (position INTEGER, type TEXT, facts TEXT);',
    opens: new Set(['Sealed']),
    apply(db, event, facts) {
      apply?.(db, event, facts);
      db.prepare('INSERT INTO listing VALUES (?, ?, ?)').run(event.position, event.type, JSON.stringify(facts));
    },
  };
}

async function start(
  store: EventStore,
  projections: readonly Projection[] = [listing()],
  open: (event: StoredEvent) => Promise<readonly OpenedFacts[]> = () => Promise.resolve([]),
): Promise<ReadModels> {
  const models = await ReadModels.start(path, store, projections, open);
  opened.push(models);
  return models;
}

let streams = 0;
async function happened(store: EventStore, type = 'Happened', sealed?: Uint8Array): Promise<StoredEvent> {
  const event = { id: crypto.randomUUID(), type, v: 1, at: '2026-01-01T00:00:00.000Z', by: 'process:test', data: {} };
  const stream = `thing-${(streams += 1)}`;
  const { events } = await store.append({
    stream,
    expectedRevision: NO_STREAM,
    events: [{ ...event, ...(sealed && { sealed }) }],
  });
  return events[0]!;
}

function rows(models: ReadModels): { position: number; type: string; facts: string }[] {
  return models.db.prepare('SELECT * FROM listing ORDER BY rowid').all() as never;
}
const positions = (models: ReadModels): number[] => rows(models).map(({ position }) => position);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('read models', () => {
  it('have every event once, in order, over any number of restarts in between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 5 }), async (bursts) => {
        const store = openMemoryEventStore();
        let total = 0;
        for (const burst of bursts) {
          const models = await start(store);
          for (let i = 0; i < burst; i += 1) await happened(store);
          total += burst;
          await models.caughtUp(BigInt(total));
          expect(positions(models)).toEqual(upTo(total));
          await models.stop();
        }
        rmSync(path, { recursive: true });
      }),
      { numRuns: 15 },
    );
  });

  it('apply a batch and its checkpoint together: killed within one, they begin it again', async () => {
    const store = openMemoryEventStore();
    const killed = await start(store, [
      listing(1, (_, { position }) => {
        if (position === 3n) throw new InvariantError('killed');
      }),
    ]);
    // Appended at once: one batch.
    await Promise.all([happened(store), happened(store), happened(store)]);
    await expect(killed.caughtUp(3n)).rejects.toThrow('killed');
    expect(positions(killed)).toEqual([]);
    await killed.stop();
    const models = await start(store);
    await models.caughtUp(3n);
    expect(positions(models)).toEqual(upTo(3));
  });

  it.each([
    ['a projection has a new version', [listing(2)]],
    ['there is another projection', [listing(), { ...listing(), name: 'second', schema: '' }]],
  ])('are made anew where %s', async (_, projections) => {
    const store = openMemoryEventStore();
    await happened(store);
    const old = await start(store);
    await old.caughtUp(1n);
    old.db.prepare("UPDATE listing SET type = 'old'").run();
    await old.stop();
    const models = await start(store, projections);
    await models.caughtUp(1n);
    expect(new Set(rows(models).map(({ type }) => type))).toEqual(new Set(['Happened']));
  });

  it('are made anew where they run ahead of the store, which was then restored from a copy', async () => {
    const store = openMemoryEventStore();
    for (let i = 0; i < 3; i += 1) await happened(store);
    const ahead = await start(store);
    await ahead.caughtUp(3n);
    await ahead.stop();
    const restored = openMemoryEventStore();
    await happened(restored, 'Other');
    const models = await start(restored);
    await models.caughtUp(1n);
    expect(rows(models).map(({ type }) => type)).toEqual(['Other']);
  });

  it.each([
    ['is no database', () => Buffer.from('this is no database '.repeat(500))],
    ['is torn', (file: Buffer) => Buffer.concat([file.subarray(0, 100), Buffer.alloc(file.length - 100, 0xff)])],
  ])('are made anew where the file %s', async (_, damaged) => {
    const store = openMemoryEventStore();
    await happened(store);
    const first = await start(store);
    await first.caughtUp(1n);
    await first.stop();
    writeFileSync(join(path, '1.db'), damaged(readFileSync(join(path, '1.db'))));
    const models = await start(store);
    await models.caughtUp(1n);
    expect(positions(models)).toEqual([1]);
  });

  it('are kept where nothing has changed', async () => {
    const store = openMemoryEventStore();
    await happened(store);
    const first = await start(store);
    await first.caughtUp(1n);
    first.db.prepare("UPDATE listing SET type = 'kept'").run();
    await first.stop();
    const models = await start(store);
    await models.caughtUp(1n);
    expect(rows(models).map(({ type }) => type)).toEqual(['kept']);
  });

  it('belong to one process: a second that opens them is refused', async () => {
    const store = openMemoryEventStore();
    await start(store);
    await expect(start(store)).rejects.toThrow(ConfigError);
  });

  it('open private parts for the types that ask for it, and no others', async () => {
    const store = openMemoryEventStore();
    const asked: string[] = [];
    const models = await start(store, [listing()], (event) => {
      asked.push(event.type);
      return Promise.resolve([{ under: 'vault-holder-a', facts: { n: 1 } }]);
    });
    await happened(store, 'Sealed', new Uint8Array([1]));
    await happened(store, 'Sealed');
    await happened(store, 'Happened', new Uint8Array([1]));
    await models.caughtUp(3n);
    expect(asked).toEqual(['Sealed']);
    expect(rows(models).map(({ facts }) => (JSON.parse(facts) as unknown[]).length)).toEqual([1, 0, 0]);
  });
});

describe('waiting for an event', () => {
  it('ends when it is in the tables, at once where it is already', async () => {
    const store = openMemoryEventStore();
    const models = await start(store);
    let reached = false;
    const waiting = models.caughtUp(2n).then(() => (reached = true));
    await happened(store);
    await models.caughtUp(1n);
    expect(reached).toBe(false);
    await happened(store);
    await waiting;
    expect(positions(models)).toEqual([1, 2]);
    await models.caughtUp(0n);
  });

  it('ends with the failure, for those who wait and for those who come later', async () => {
    const store = openMemoryEventStore();
    const models = await start(store, [
      listing(1, () => {
        throw new InvariantError('a projection failed');
      }),
    ]);
    const waiting = models.caughtUp(1n);
    const done = models.done;
    await happened(store);
    await expect(waiting).rejects.toThrow('a projection failed');
    await expect(done).rejects.toThrow('a projection failed');
    await expect(models.caughtUp(1n)).rejects.toThrow('a projection failed');
  });

  it('ends when they are closed', async () => {
    const models = await start(openMemoryEventStore());
    const waiting = expect(models.caughtUp(1n)).rejects.toThrow('closed');
    await models.stop();
    await waiting;
    await expect(models.caughtUp(1n)).rejects.toThrow('closed');
  });
});

describe('waiting for a position that does not come', () => {
  it('keeps nothing of whoever has given up', async () => {
    const models = await start(openMemoryEventStore());
    const giving = new AbortController();
    const waits = Array.from({ length: 3 }, () => models.caughtUp(1n, giving.signal));
    expect(models.waiting).toBe(3);
    giving.abort(new InvariantError('no longer'));
    for (const wait of waits) await expect(wait).rejects.toThrow('no longer');
    expect(models.waiting).toBe(0);
  });
});
