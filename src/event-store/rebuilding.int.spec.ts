/** Generations of the read models: built beside the one that serves, taken over at once, whole wherever it is cut off. */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { batchesProjection } from '../anchoring/batches.read.js';
import { registerProjection } from '../credentials/register.read.js';
import { statusListsProjection } from '../credentials/status-lists.read.js';
import { catalogueProjection } from '../definitions/catalogue.read.js';
import { InvariantError, RebuildingError } from '../errors.js';
import { organisationsProjection } from '../organisations/organisations.read.js';
import type { EventStore } from './event-store.js';
import { NO_STREAM } from './event-store.js';
import { openMemoryEventStore } from './memory.js';
import { ReadModels, type BuildStep, type Projection, type ReadModelsOptions } from './projections.js';
import { syntheticHistory } from './synthetic-history.fixture.js';
import { differences } from './tables.fixture.js';

let folder: string;
let path: string;
const opened: ReadModels[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-generations-'));
  path = join(folder, 'read-models');
});
afterEach(async () => {
  for (const models of opened.splice(0)) await models.stop().catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
});

function listing(version: number, changes: Partial<Projection> = {}): Projection {
  return {
    name: 'listing',
    version,
    schema: 'CREATE TABLE listing (position INTEGER, made_by INTEGER);',
    apply(db, event) {
      db.prepare('INSERT INTO listing VALUES (?, ?)').run(event.position, version);
    },
    ...changes,
  };
}

async function start(
  store: EventStore,
  projections: readonly Projection[] = [listing(1)],
  options: ReadModelsOptions = {},
  at = path,
): Promise<ReadModels> {
  const models = await ReadModels.start(at, store, projections, () => Promise.resolve([]), options);
  opened.push(models);
  return models;
}

async function stopped(models: ReadModels): Promise<void> {
  opened.splice(opened.indexOf(models), 1);
  await models.stop();
}

async function happened(store: EventStore, count: number): Promise<bigint> {
  const appends = Array.from({ length: count }, () => {
    const id = crypto.randomUUID();
    const event = { id, type: 'Happened', v: 1, at: '2026-01-01T00:00:00.000Z', by: 'process:test', data: {} };
    return { stream: `thing-${id}`, expectedRevision: NO_STREAM, events: [event] };
  });
  for (let i = 0; i < appends.length; i += 500) await store.appendMany(appends.slice(i, i + 500));
  return (await store.head()).position;
}

const positions = (models: ReadModels): number[] =>
  (models.db.prepare('SELECT position FROM listing ORDER BY rowid').all() as { position: number }[]).map(
    ({ position }) => position,
  );
const madeBy = (models: ReadModels): number[] =>
  (models.db.prepare('SELECT DISTINCT made_by FROM listing ORDER BY 1').all() as { made_by: number }[]).map(
    (row) => row.made_by,
  );
const upTo = (n: bigint | number): number[] => Array.from({ length: Number(n) }, (_, i) => i + 1);
const files = (at = path): string[] => readdirSync(at).filter((name) => !name.startsWith('lock.'));

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i += 1) {
    expect(i).toBeLessThan(5_000);
    await new Promise((go) => setTimeout(go, 1));
  }
}
/** More than is waited for at the start. */
const MANY = 1_200;

describe('a rebuild that was asked for', () => {
  it('goes on beside the tables that serve and follow, and takes over with everything they have', async () => {
    const store = openMemoryEventStore();
    await happened(store, MANY);
    const models = await start(store);
    await models.caughtUp(BigInt(MANY));
    models.db.prepare('UPDATE listing SET made_by = 0').run();
    const old = models.db;
    expect(models.rebuild()).toBe(2);
    expect(models.rebuild()).toBe(2);
    expect(models.status).toMatchObject({ status: 'serving', serving: { generation: 1 }, building: { generation: 2 } });
    const position = await happened(store, 10);
    await models.caughtUp(position);
    expect(positions(models)).toHaveLength(MANY + 10);
    await until(() => models.status.building === undefined);
    expect(models.db).not.toBe(old);
    expect(positions(models)).toEqual(upTo(MANY + 10));
    expect(madeBy(models)).toEqual([1]);
    expect(models.status).toMatchObject({
      status: 'serving',
      serving: { generation: 2, projections: [{ name: 'listing', version: 1 }] },
      lastBuild: { generation: 2 },
    });
    await models.caughtUp(await happened(store, 1));
    expect(positions(models)).toEqual(upTo(MANY + 11));
    await until(() => !files().includes('1.db'));
    expect(() => old.prepare('SELECT 1')).toThrow('not open');
  });

  it('never lets a reader see an older state than before, while writers go on', async () => {
    const store = openMemoryEventStore();
    await happened(store, MANY);
    const models = await start(store);
    await models.caughtUp(BigInt(MANY));
    models.rebuild();
    let seen = 0;
    while (models.status.building) {
      const position = await happened(store, 3);
      await models.caughtUp(position);
      const { length } = positions(models);
      expect(length).toBeGreaterThanOrEqual(Number(position));
      expect(length).toBeGreaterThanOrEqual(seen);
      seen = length;
    }
    expect(models.status.serving?.generation).toBe(2);
    await models.caughtUp((await store.head()).position);
    expect(positions(models)).toEqual(upTo((await store.head()).position));
  });

  it('leaves the tables that serve where it fails, and says so', async () => {
    const store = openMemoryEventStore();
    await happened(store, 10);
    let fails = false;
    const problems: string[] = [];
    const failing = listing(1);
    const projection = listing(1, {
      apply(db, event, facts) {
        if (fails) throw new InvariantError('the disk is full');
        failing.apply(db, event, facts);
      },
    });
    const models = await start(store, [projection], { onProblem: (message) => problems.push(message) });
    fails = true;
    models.rebuild();
    await until(() => models.status.lastBuild?.problem !== undefined);
    fails = false;
    expect(models.status).toMatchObject({ status: 'serving', serving: { generation: 1 } });
    expect(problems).toEqual([expect.stringContaining('the disk is full')]);
    await models.caughtUp(await happened(store, 1));
    expect(positions(models)).toEqual(upTo(11));
    models.rebuild();
    await until(() => models.status.serving?.generation === 2);
    expect(positions(models)).toEqual(upTo(11));
  });

  it('is begun again at the next start where it was cut off by the end of the process', async () => {
    const store = openMemoryEventStore();
    await happened(store, MANY);
    const models = await start(store);
    await models.caughtUp(BigInt(MANY));
    models.rebuild();
    await stopped(models);
    const again = await start(store);
    expect(again.status).toMatchObject({ serving: { generation: 1 }, building: { generation: 2 } });
    await until(() => again.status.serving?.generation === 2);
    expect(positions(again)).toEqual(upTo(MANY));
  });

  it('has the same content as what it replaces, over any history', async () => {
    const projections = [
      organisationsProjection,
      catalogueProjection,
      registerProjection,
      statusListsProjection,
      batchesProjection,
    ];
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(fc.nat({ max: 60 }), { maxLength: 4 }), async (seed, bursts) => {
        const store = openMemoryEventStore();
        const history = syntheticHistory(seed);
        await store.appendMany(history.next(20));
        // The first generation follows what comes, over restarts; the second reads all at once.
        for (const burst of bursts) {
          const models = await start(store, projections);
          await store.appendMany(history.next(burst));
          await models.caughtUp((await store.head()).position);
          await stopped(models);
        }
        const followed = await start(store, projections);
        await followed.caughtUp((await store.head()).position);
        const other = join(folder, 'other');
        const rebuilt = await start(store, projections, {}, other);
        await rebuilt.caughtUp((await store.head()).position);
        expect(differences(followed.db, rebuilt.db)).toEqual([]);
        expect(rebuilt.db.prepare('SELECT count(*) AS n FROM credentials').get()).not.toEqual({ n: 0 });
        rebuilt.db.prepare('UPDATE credentials SET revision = revision + 1 WHERE number = 1').run();
        expect(differences(followed.db, rebuilt.db)).toMatchObject([{ table: 'credentials' }]);
        await stopped(followed);
        await stopped(rebuilt);
        for (const used of [path, other]) rmSync(used, { recursive: true });
      }),
      { numRuns: 10 },
    );
  });
});

describe('projections that have changed', () => {
  it('are built in the background while the old tables serve and follow, where today’s queries can read them', async () => {
    const store = openMemoryEventStore();
    await happened(store, MANY);
    const old = await start(store);
    await old.caughtUp(BigInt(MANY));
    await stopped(old);
    const models = await start(store, [listing(3, { servesFrom: 1 })]);
    expect(models.isServing).toBe(true);
    expect(models.status).toMatchObject({
      serving: { generation: 1, projections: [{ name: 'listing', version: 1 }] },
      building: { generation: 2 },
    });
    await models.caughtUp(BigInt(MANY));
    await models.caughtUp(await happened(store, 1));
    await until(() => models.status.serving?.generation === 2);
    expect(madeBy(models)).toEqual([3]);
    expect(positions(models)).toEqual(upTo(MANY + 1));
  });

  it.each([
    ['a version before servesFrom', [listing(3, { servesFrom: 2 })]],
    ['a version that says nothing', [listing(2)]],
    ['another projection', [listing(1), { ...listing(1), name: 'second', schema: '' }]],
  ])('are waited for where the old tables cannot be read: %s', async (_, projections) => {
    const store = openMemoryEventStore();
    await happened(store, MANY);
    const old = await start(store);
    await old.caughtUp(BigInt(MANY));
    await stopped(old);
    const models = await start(store, projections);
    expect(models.isServing).toBe(false);
    expect(() => models.db).toThrow(RebuildingError);
    expect(models.status).toMatchObject({ status: 'rebuilding', building: { of: MANY } });
    expect(models.progress.done).toBeGreaterThan(0);
    await models.caughtUp(BigInt(MANY));
    expect(models.isServing).toBe(true);
    expect(positions(models)).toHaveLength(MANY * projections.length);
  });

  it('of a newer program do not serve an older one', async () => {
    const store = openMemoryEventStore();
    await happened(store, 5);
    await stopped(await start(store, [listing(4)]));
    const models = await start(store, [listing(3, { servesFrom: 1 })]);
    await models.caughtUp(5n);
    expect(madeBy(models)).toEqual([3]);
  });
});

describe('a store that is not the one the tables were filled from', () => {
  it('is found out though it has more events', async () => {
    const store = openMemoryEventStore();
    await happened(store, 5);
    const first = await start(store);
    first.db.prepare('UPDATE listing SET made_by = 9').run();
    await stopped(first);
    const other = openMemoryEventStore();
    await happened(other, 8);
    const models = await start(other);
    await models.caughtUp(8n);
    expect(madeBy(models)).toEqual([1]);
    expect(positions(models)).toEqual(upTo(8));
  });
});

describe('a kill at any step of build and take-over', () => {
  const STEPS: readonly BuildStep[] = ['begun', 'page', 'written', 'synced', 'named', 'opened', 'takenOver', 'removed'];
  // What is on the disk at a step is what a killed process leaves: all of it was written by system calls.
  it.each(STEPS)('after "%s": the next start serves one whole generation and ends what was begun', async (at) => {
    const store = openMemoryEventStore();
    await happened(store, MANY);
    const first = await start(store);
    await first.caughtUp(BigInt(MANY));
    await stopped(first);
    const killed = join(folder, 'killed');
    const models = await start(store, [listing(2, { servesFrom: 1 })], {
      onStep: (name) => {
        if (name === at && !existsSync(killed)) cpSync(path, killed, { recursive: true });
      },
    });
    await until(() => models.status.serving?.generation === 2 && existsSync(killed));
    const next = await start(store, [listing(2, { servesFrom: 1 })], {}, killed);
    expect(next.isServing).toBe(true);
    await next.caughtUp(BigInt(MANY));
    expect(positions(next)).toEqual(upTo(MANY));
    await until(() => madeBy(next)[0] === 2 && next.status.building === undefined);
    expect(positions(next)).toEqual(upTo(MANY));
    expect(madeBy(next)).toEqual([2]);
    await until(() => files(killed).filter((name) => /\.(db|building)$/.test(name)).length === 1);
  });

  it.each(STEPS.slice(0, 5))('after "%s" of the first build: it is done in the end', async (at) => {
    const store = openMemoryEventStore();
    await happened(store, MANY);
    const killed = join(folder, 'killed');
    const models = await start(store, [listing(1)], {
      onStep: (name) => {
        if (name === at && !existsSync(killed)) cpSync(path, killed, { recursive: true });
      },
    });
    await models.caughtUp(BigInt(MANY));
    const next = await start(store, [listing(1)], {}, killed);
    await next.caughtUp(BigInt(MANY));
    expect(positions(next)).toEqual(upTo(MANY));
  });
});

describe('removing all generations', () => {
  it('leaves nothing that serves, and the next start builds', async () => {
    const store = openMemoryEventStore();
    await happened(store, 5);
    await stopped(await start(store));
    expect(ReadModels.removeAll(path)).toEqual([1]);
    expect(files()).toEqual([]);
    const models = await start(store);
    expect(positions(models)).toEqual(upTo(5));
  });

  it('is refused while a process has them', async () => {
    await start(openMemoryEventStore());
    expect(() => ReadModels.removeAll(path)).toThrow('in use');
  });
});
