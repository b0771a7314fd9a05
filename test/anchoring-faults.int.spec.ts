/**
 * S2, S10, S16, S19 under faults: twenty fixed seeds here, more with `npm run test:faults` (FAULT_SEEDS=n, from
 * FAULT_FROM). A seed that fails is run alone with FAULT_SEEDS=1 FAULT_FROM=seed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startEmbeddedNode, type EmbeddedNode } from '../src/anchoring/embedded-node.js';
import { EthersChain } from '../src/anchoring/ethers-chain.js';
import { callRpc } from '../src/anchoring/json-rpc.js';
import { runFaults, type Outcome } from './anchoring-faults.js';

const FROM = Number(process.env['FAULT_FROM'] ?? 1);
const SEEDS = Array.from({ length: Number(process.env['FAULT_SEEDS'] ?? 20) }, (_, i) => FROM + i);
/** A seed takes two seconds on a quiet machine. */
const DEADLINE_MS = 60_000;

describe('anchoring under faults', () => {
  let folder: string;
  let node: EmbeddedNode;
  const outcomes: Outcome[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meritkedja-fault-node-'));
    node = await startEmbeddedNode({ folder, port: 0 });
    const privateKey = new Uint8Array(32).fill(3);
    const url = node.url;
    await new EthersChain({
      name: 'embedded',
      chainId: 31_337,
      rpcUrls: [url],
      privateKey,
      embedded: true,
    }).ensureReady();
    await callRpc(url, 'evm_setAutomine', [false], 5_000);
  });
  afterAll(async () => {
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(SEEDS)(
    'seed %i: all is under a final anchor, none is unexplained, no nonce is spent twice',
    async (seed) => {
      const outcome = await runFaults(seed, node.url);
      outcomes.push(outcome);
      expect(outcome.broken).toEqual([]);
    },
    DEADLINE_MS,
  );

  it('the faults struck, at many places', () => {
    const all = (pick: (outcome: Outcome) => Iterable<string>): Set<string> =>
      new Set(outcomes.flatMap((one) => [...pick(one)]));
    const kills = all(({ kills }) => kills);
    const faults = all(({ faults }) => faults.keys());
    const steps = all(({ steps }) => steps.keys());
    if (SEEDS.length < 20) return;
    expect(kills.size).toBeGreaterThan(15);
    expect(faults.size).toBeGreaterThan(12);
    expect([...steps]).toEqual(
      expect.arrayContaining(['AnchorConfirmed', 'AnchorFinalised', 'AnchorReorganised', 'AnchorReplaced']),
    );
  });
});
