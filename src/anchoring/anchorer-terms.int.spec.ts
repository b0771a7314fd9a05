/** Who anchors, and where, as the log has it: former keys, a chain that was closed, a chain that comes late (S10, S16, S19). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError } from '../errors.js';
import { NO_STREAM, type EventStore } from '../event-store/event-store.js';
import { handle } from '../event-store/handle.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { SmallLedger } from '../small-ledger.fixture.js';
import { keySigner } from './anchor-signer.js';
import { Anchorer } from './anchorer.js';
import { signRotation } from './anchorer-rotation.js';
import { batchStream, LEDGER_STREAM } from './anchoring.events.js';
import { BatchSealer } from './batch-sealer.js';
import { FakeChain } from './fake-chain.fixture.js';
import { ledgerDecider, type LedgerCommand } from './ledger.js';

const ORIGIN = 'ledger.example/log';
const CHAIN_ID = 11_155_111;
const [former, present] = [7, 8].map((fill) => keySigner(new Uint8Array(32).fill(fill))) as [
  ReturnType<typeof keySigner>,
  ReturnType<typeof keySigner>,
];
const OWN_NODE = { intervalSeconds: 0, bumpAfterSeconds: 300, doubtSeconds: 0 };
const now = (): Date => new Date('2026-03-01T12:00:00Z');

let folder: string;
let store: EventStore;
let small: SmallLedger;
let chain: FakeChain;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-terms-'));
  store = openMemoryEventStore();
  small = await SmallLedger.open(store, folder, now);
  chain = new FakeChain('sepolia', CHAIN_ID);
  chain.anchorer = former.address;
  await inLedger({ type: 'FoundLedger', origin: ORIGIN, vkey: `${ORIGIN}+1a2b3c4d+AAAA` });
  const { name, chainId, contract, anchorer } = chain;
  await inLedger({ type: 'AddChain', name, chainId, contract, anchorer, firstBlock: 0 });
});
afterEach(async () => {
  await small.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function inLedger(command: LedgerCommand): Promise<void> {
  const meta = { at: now().toISOString(), by: 'process:test' };
  await handle(store, ledgerDecider, { stream: LEDGER_STREAM, command, context: undefined, meta });
  await small.settle();
}

async function rotate(): Promise<void> {
  const { chainId, contract } = chain;
  const rotation = { origin: ORIGIN, chainId, contract, previous: former.address, anchorer: present.address };
  await inLedger({
    type: 'RotateAnchorer',
    chainId,
    previous: former.address,
    anchorer: present.address,
    previousSignature: await signRotation(former, rotation),
    signature: await signRotation(present, rotation),
  });
}

function anchorerOn(on = chain, isMain = true): Anchorer {
  return new Anchorer(store, small.readModels, on, now, { ...OWN_NODE, isMain });
}

async function sealed(): Promise<number> {
  const id = crypto.randomUUID();
  const event = { id, type: 'Happened', v: 1, at: now().toISOString(), by: 'process:test', data: {} };
  await store.append({ stream: `thing-${id}`, expectedRevision: NO_STREAM, events: [event] });
  await small.settle();
  const { number } = await small.sealer.seal();
  await small.settle();
  return number;
}

async function run(anchorer: Anchorer): Promise<void> {
  while (await anchorer.advance());
  await small.settle();
}

async function steps(number: number, chainId = CHAIN_ID): Promise<string[]> {
  return (await store.readStream(batchStream(number))).flatMap(({ type, data }) =>
    data['chainId'] === chainId ? [type] : [],
  );
}
const WHOLE = ['AnchorSubmitted', 'AnchorConfirmed', 'AnchorFinalised'];

/** A root that no batch has, by whoever is the chain's anchorer now. */
async function anchoredElsewhere(fill: number): Promise<void> {
  const { signedTransaction } = await chain.buildAnchor(new Uint8Array(32).fill(fill));
  await chain.send(signedTransaction);
}

describe('a former anchorer’s key', () => {
  it('S16, S19: stops nothing with what it has anchored since; the present one’s would', async () => {
    await sealed();
    await run(anchorerOn());
    await rotate();
    // Whoever has it now.
    await anchoredElsewhere(9);
    chain.anchorer = present.address;
    await anchorerOn().compare();
    const number = await sealed();
    await run(anchorerOn());
    expect(await steps(number)).toEqual(WHOLE);
    await anchoredElsewhere(10);
    await expect(anchorerOn().compare()).rejects.toThrow(ConfigError);
  });

  it('S19: anchors nothing any more in a process that still holds it', async () => {
    const anchorer = anchorerOn();
    await rotate();
    const number = await sealed();
    await expect(anchorer.advance()).rejects.toMatchObject({ code: 'anchorerDiffers' });
    expect([chain.sent, await steps(number)]).toEqual([[], []]);
  });

  it('S19: anchors nothing where the rotation comes between its decision and its record', async () => {
    const number = await sealed();
    const build = chain.buildAnchor.bind(chain);
    chain.buildAnchor = async (...given) => {
      const built = await build(...given);
      const append = store.append.bind(store);
      store.append = async (one) => {
        if (one.stream !== batchStream(number)) return append(one);
        store.append = append;
        await rotate();
        return append(one);
      };
      return built;
    };
    await expect(anchorerOn().advance()).rejects.toMatchObject({ code: 'anchorerDiffers' });
    expect([chain.sent, await steps(number)]).toEqual([[], []]);
  });
});

describe('S10: a chain', () => {
  it('that was closed takes no anchor more', async () => {
    await inLedger({ type: 'CloseChain', chainId: CHAIN_ID, anchors: 0 });
    const number = await sealed();
    await expect(anchorerOn().advance()).rejects.toMatchObject({ code: 'chainClosed' });
    expect([chain.sent, await steps(number)]).toEqual([[], []]);
  });

  it('that comes to a ledger of many batches takes one anchor, of the newest, which covers the others', async () => {
    for (let i = 0; i < 4; i += 1) {
      await sealed();
      await run(anchorerOn());
    }
    const late = new FakeChain('hoodi', 560_048);
    late.anchorer = former.address;
    await run(anchorerOn(late));
    expect(late.sent).toHaveLength(1);
    expect(await steps(4, 560_048)).toEqual(WHOLE);
    // From then on every batch.
    await sealed();
    await sealed();
    await run(anchorerOn(late));
    expect([await steps(5, 560_048), await steps(6, 560_048)]).toEqual([WHOLE, WHOLE]);
  });

  it('that was left makes a batch due, once, so that its last blocks’ hashes go under a head elsewhere', async () => {
    await sealed();
    await run(anchorerOn());
    const { readModels, log, signer } = small;
    const sealer = (isAnchoredOn: (chainId: number) => boolean): BatchSealer =>
      new BatchSealer(store, readModels, log, signer, async () => false, now, isAnchoredOn);
    // While it goes on, its own steps are no reason for another one.
    expect(sealer(() => true).isDue(3_600)).toBe(false);
    const left = sealer((chainId) => chainId !== CHAIN_ID);
    expect(left.isDue(3_600)).toBe(true);
    const batch = await left.seal();
    await small.settle();
    const finalised = (await store.readStream(batchStream(1))).at(-1)!;
    expect([finalised.type, batch.toIndex > finalised.index!]).toEqual(['AnchorFinalised', true]);
    expect(left.isDue(3_600)).toBe(false);
  });
});
