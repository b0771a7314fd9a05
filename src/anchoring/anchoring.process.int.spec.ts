/** The worker's rhythm: what it does when, how it waits, and that a chain that is away stops nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConfigError } from '../errors.js';
import { NO_STREAM, type EventStore } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { SmallLedger } from '../small-ledger.fixture.js';
import { Anchorer } from './anchorer.js';
import { AnchoringProcess } from './anchoring.process.js';
import { newestBatch } from './batches.read.js';
import { FakeChain } from './fake-chain.fixture.js';

let now: number;
let folder: string;
let store: EventStore;
let small: SmallLedger;
let chain: FakeChain;
let rounds: number;
let anchoring: AnchoringProcess;
const fatal = jest.fn();
const nextTurn = setImmediate;

beforeEach(async () => {
  Logger.overrideLogger(false);
  // Timers are the test's; the store's turns of the event loop are real.
  jest.useFakeTimers({
    doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'],
  });
  now = Date.parse('2026-03-01T12:00:00Z');
  rounds = 0;
  fatal.mockReset();
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-process-'));
  store = openMemoryEventStore();
  small = await SmallLedger.open(store, folder, () => new Date(now));
  chain = new FakeChain();
});
afterEach(async () => {
  await anchoring.stop();
  jest.useRealTimers();
  await small.stop();
  rmSync(folder, { recursive: true, force: true });
  expect(fatal.mock.calls).toEqual([]);
});

function start(intervalSeconds = 5, maxAgeSeconds = 60): void {
  const anchorer = new Anchorer(store, small.readModels, chain, () => new Date(now));
  let compared = false;
  const open = async (): Promise<Anchorer> => {
    rounds += 1;
    await chain.ensureReady();
    if (!compared) await anchorer.compare();
    compared = true;
    return anchorer;
  };
  const schedule = { intervalSeconds, maxAgeSeconds };
  anchoring = new AnchoringProcess(
    small.sealer,
    open,
    small.readModels,
    small.log,
    schedule,
    fatal,
    () => new Date(now),
  );
  anchoring.start();
}

/** Lets time pass, timer by timer, each round to its end. */
async function pass(ms: number): Promise<void> {
  for (const end = now + ms; now < end;) {
    const step = Math.min(100, end - now);
    now += step;
    jest.advanceTimersByTime(step);
    await done();
  }
}

/** Between two rounds there is exactly one timer. */
async function done(): Promise<void> {
  while (jest.getTimerCount() === 0 && fatal.mock.calls.length === 0) await new Promise((go) => nextTurn(go));
}

async function happen(): Promise<void> {
  const event = {
    id: crypto.randomUUID(),
    type: 'Happened',
    v: 1,
    at: new Date(now).toISOString(),
    by: 'process:test',
    data: {},
  };
  await store.append({ stream: `thing-${event.id}`, expectedRevision: NO_STREAM, events: [event] });
  await small.settle();
}

const newest = (): ReturnType<typeof newestBatch> => newestBatch(small.readModels.db);
const stateOfNewest = (): string | undefined => newest()?.anchors[0]?.state;

describe('the worker', () => {
  it('anchors what has happened, and then no sooner than an interval later', async () => {
    await happen();
    start(5);
    await pass(200);
    expect(newest()?.number).toBe(1);
    expect(stateOfNewest()).toBe('finalised');
    await happen();
    await pass(4_500);
    expect(newest()?.number).toBe(1);
    await pass(1_000);
    expect(newest()?.number).toBe(2);
  });

  it('S11: does nothing while nothing happens, until the standing has grown too old', async () => {
    await happen();
    start(5, 60);
    await pass(200);
    const size = (await store.head()).logSize;
    await pass(59_000);
    expect((await store.head()).logSize).toBe(size);
    await pass(2_000);
    expect(newest()?.number).toBe(2);
  });

  it('does not spin while idle: at most two looks a second, and no call to the chain but for being ready', async () => {
    await happen();
    start(5, 3_600);
    await pass(6_000);
    chain.calls.splice(0);
    const before = rounds;
    await pass(20_000);
    expect(rounds - before).toBeLessThanOrEqual(40);
    expect(rounds - before).toBeGreaterThan(0);
    expect(chain.calls.filter((call) => call !== 'ensureReady')).toEqual([]);
  });

  it('does not spin where the clock was set back: it waits an interval at most', async () => {
    await happen();
    start(5);
    await pass(200);
    now -= 400 * 86_400_000;
    const before = rounds;
    await pass(5_200);
    expect(rounds - before).toBeLessThanOrEqual(3);
  });

  it('does not spin while it waits for a block', async () => {
    chain.instant = false;
    await happen();
    start(5);
    await pass(10_000);
    expect(rounds).toBeLessThanOrEqual(21);
    expect(new Set(chain.sent).size).toBe(1);
  });

  it('has one batch on its way: what happens meanwhile gathers in the next', async () => {
    chain.instant = false;
    await happen();
    start(1);
    for (let i = 0; i < 10; i += 1) {
      await happen();
      await pass(1_000);
    }
    expect(newest()?.number).toBe(1);
    chain.mine();
    await pass(1_000);
    await pass(1_000);
    expect(newest()?.number).toBe(2);
  });
});

describe('a chain that cannot be reached', () => {
  it('S10: is reported; sealing goes on, the worker tries less and less often, and recovers by itself', async () => {
    chain.away = true;
    await happen();
    start(5);
    await pass(300);
    expect(anchoring.problem).toMatch(/away/);
    expect(newest()?.number).toBe(1);
    await pass(60_000);
    const first = rounds;
    await pass(120_000);
    expect(rounds - first).toBeLessThanOrEqual(4);
    expect(rounds - first).toBeGreaterThan(0);
    chain.away = false;
    await pass(61_000);
    expect(anchoring.problem).toBeUndefined();
    expect(newest()?.number).toBeGreaterThanOrEqual(1);
    expect(stateOfNewest()).toBe('finalised');
  });

  it('or that answers late holds up neither sealing nor a fresh standing', async () => {
    let answer: () => void = () => undefined;
    chain.ensureReady = () => new Promise((resolve) => (answer = () => resolve({ blockNumber: 0 })));
    await happen();
    start(5);
    jest.advanceTimersByTime(1);
    while (rounds === 0) await new Promise((go) => nextTurn(go));
    await small.organisation();
    await small.settle();
    expect(small.log.standingIsStale).toBe(true);
    await anchoring.freshStanding();
    await small.settle();
    expect(small.log.standingIsStale).toBe(false);
    const sealing = await anchoring.sealNow();
    expect(sealing.sealed).toBe(true);
    answer();
    await done();
  });
});

describe('on request', () => {
  it('seals at once what is due, and otherwise answers the newest batch', async () => {
    start(3_600);
    await pass(100);
    await happen();
    const first = await anchoring.sealNow();
    expect(first).toMatchObject({ sealed: true });
    await done();
    expect(await anchoring.sealNow()).toMatchObject({ sealed: false, batch: { number: first.batch!.number } });
    await done();
  });

  it('with long intervals keeps the standing fresh in between, once for each change', async () => {
    await happen();
    start(3_600, 86_400);
    await pass(3_000);
    await small.organisation();
    await small.settle();
    const before = (await store.readStream('standing')).length;
    jest.advanceTimersByTime(2_000);
    while ((await store.readStream('standing')).length === before) await new Promise((go) => nextTurn(go));
    for (let i = 0; i < 5; i += 1) {
      jest.advanceTimersByTime(2_000);
      await anchoring.freshStanding();
    }
    expect((await store.readStream('standing')).length).toBe(before + 1);
  });
});

describe('what is no passing trouble', () => {
  it('S16: that a chain, once it is reached, is newer than the store stops it before the next batch', async () => {
    chain.away = true;
    await happen();
    start(1);
    await pass(300);
    expect(newest()?.number).toBe(1);
    await happen();
    await pass(1_000);
    chain.away = false;
    const { signedTransaction } = await chain.buildAnchor(new Uint8Array(32).fill(9));
    await chain.send(signedTransaction);
    const { position } = await store.head();
    const sent = chain.sent.length;
    while (fatal.mock.calls.length === 0) await pass(100);
    expect(fatal).toHaveBeenCalledTimes(1);
    expect(fatal.mock.calls[0]?.[0]).toBeInstanceOf(ConfigError);
    expect((await store.head()).position).toBe(position);
    expect(chain.sent).toHaveLength(sent);
    fatal.mockReset();
  });

  it('stops the process', async () => {
    await happen();
    chain.buildAnchor = () => Promise.reject(new TypeError('a bug of ours'));
    start(5);
    jest.advanceTimersByTime(1);
    await done();
    expect(fatal).toHaveBeenCalledTimes(1);
    fatal.mockReset();
  });
});
