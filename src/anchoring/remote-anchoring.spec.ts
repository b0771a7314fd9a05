import { describe, expect, it } from '@jest/globals';
import { UnavailableError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import type { Database } from '../event-store/sqlite-file.js';
import type { ReadModels } from '../event-store/projections.js';
import type { TransparencyLog } from '../log/transparency-log.js';
import { RemoteAnchoring, WORKER_STREAM } from './remote-anchoring.js';

/** A node whose log and tables stand as the test says. */
class Node {
  readonly store: EventStore = openMemoryEventStore();
  readonly log = { newestHappening: -1, standingIsStale: false, tree: { size: 0 } };
  readonly batch = { number: 0, toIndex: -1 };
  signed = 0;
  listsLag = false;
  clock = Date.parse('2026-01-01T00:00:00Z');
  readonly anchoring: RemoteAnchoring;

  constructor(waitMs = 60_000) {
    // The only query is for the newest batch; its shape is batches.read.ts's business.
    const rows = (): unknown[] => (this.batch.number === 0 ? [] : [this.row()]);
    const statement = { get: (): unknown => rows()[0], all: (): unknown[] => [] };
    const db = { prepare: () => statement } as unknown as Database;
    this.anchoring = new RemoteAnchoring(
      this.store,
      { db } as unknown as ReadModels,
      this.log as unknown as TransparencyLog,
      () => this.signed,
      () => this.listsLag,
      () => new Date(this.clock),
      { waitMs, silenceMs: 1_000 },
    );
  }

  row(): object {
    const { number, toIndex } = this.batch;
    return { number, to_index: toIndex, from_index: 0, size: toIndex + 1, root: '', sealed_at: '', credentials: 0 };
  }

  requests(): Promise<number> {
    return this.store.readStream(WORKER_STREAM).then((events) => events.length);
  }
}

describe('a node that leaves anchoring to a worker', () => {
  it('asks for nothing where nothing has happened', async () => {
    const node = new Node();
    expect(await node.anchoring.sealNow()).toEqual({ batch: undefined, sealed: false });
    expect(await node.requests()).toBe(0);
  });

  it('asks for a seal and waits until the batch covers what had happened', async () => {
    const node = new Node();
    node.log.newestHappening = 7;
    const sealed = node.anchoring.sealNow();
    while ((await node.requests()) === 0) await new Promise((resolve) => setImmediate(resolve));
    Object.assign(node.batch, { number: 1, toIndex: 8 });
    expect(await sealed).toMatchObject({ batch: { number: 1, toIndex: 8 }, sealed: true });
  });

  it('says so where no worker answers', async () => {
    const node = new Node(1);
    node.log.newestHappening = 7;
    await expect(node.anchoring.sealNow()).rejects.toThrow(UnavailableError);
  });

  it('waits for a standing that is not stale and for every list', async () => {
    const node = new Node(1);
    await node.anchoring.freshStanding();
    node.listsLag = true;
    await expect(node.anchoring.freshStanding()).rejects.toThrow(UnavailableError);
    node.listsLag = false;
    node.log.standingIsStale = true;
    await expect(node.anchoring.freshStanding()).rejects.toThrow(UnavailableError);
  });

  it('stops waiting when it is stopped', async () => {
    const node = new Node();
    node.log.standingIsStale = true;
    const waiting = node.anchoring.freshStanding();
    await node.anchoring.stop();
    await expect(waiting).rejects.toThrow(/closing/);
  });

  it('reports entries that no worker signs', () => {
    const node = new Node();
    node.log.tree.size = 3;
    expect(node.anchoring.problem).toBeUndefined();
    node.clock += 1_000;
    expect(node.anchoring.problem).toMatch(/no worker has signed/);
    node.signed = 3;
    expect(node.anchoring.problem).toBeUndefined();
  });
});
