import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startEmbeddedNode, type EmbeddedNode } from '../anchoring/embedded-node.js';
import { EthersChain } from '../anchoring/ethers-chain.js';
import { callRpc } from '../anchoring/json-rpc.js';
import { toBase64 } from '../encoding/base64.js';
import { toHex0x } from '../encoding/hex.js';
import { utf8 } from '../encoding/bytes.js';
import { sha256 } from '../log/hash.js';
import {
  anchoredLog,
  batchOf,
  LyingEndpoint,
  Refusal,
  rootOf,
  type AnchoredLog,
  type Lie,
} from './anchored-log.fixture.js';
import { auditAnchors, type AnchorAudit, type AnchorOptions } from './anchors.js';
import { ChainEndpoint } from './chain-endpoint.js';
import type { AuditedBatch, LogAudit } from './log-audit.js';

const KEY = new Uint8Array(32).fill(7);
const NOW = new Date();

let folder: string;
let node: EmbeddedNode;
let chain: EthersChain;
let genuine: AnchoredLog;
const started: LyingEndpoint[] = [];

function chainOf(): EthersChain {
  return new EthersChain({
    name: 'embedded',
    chainId: 31_337,
    rpcUrls: [node.url],
    privateKey: KEY,
    embedded: true,
    timeoutMs: 5_000,
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-audit-'));
  node = await startEmbeddedNode({ folder, port: 0, saveIntervalMs: 600_000 });
  chain = chainOf();
  await chain.ensureReady();
  genuine = await anchoredLog(chain, 3, 'genuine');
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const endpoint of started.splice(0)) await endpoint.stop();
});

async function rpc(method: string, ...params: unknown[]): Promise<unknown> {
  return callRpc(node.url, method, params, 5_000);
}

/** Endpoints in front of the node, each with its lie. */
async function endpoints(...lies: readonly (Lie | undefined)[]): Promise<readonly ChainEndpoint[]> {
  const opened: ChainEndpoint[] = [];
  for (const lie of lies) {
    const endpoint = await LyingEndpoint.start(node.url, lie);
    started.push(endpoint);
    opened.push(await ChainEndpoint.open(endpoint.url, 5_000));
  }
  return opened;
}

async function audited(
  lies: readonly (Lie | undefined)[],
  changes: Partial<AnchorOptions> & { log?: Partial<LogAudit> } = {},
): Promise<AnchorAudit> {
  const { log, ...options } = changes;
  return auditAnchors(
    { ...genuine.log, ...log },
    { trust: genuine.trust, endpoints: await endpoints(...lies), maxDelaySeconds: 86_400, now: NOW, ...options },
  );
}

function codes({ findings }: AnchorAudit): readonly string[] {
  return findings.map(({ severity, rule, code }) => `${severity} ${rule} ${code}`);
}

const hideLogs: Lie = async ({ method }, honest) => (method === 'eth_getLogs' ? [] : honest());

/** Knows nothing of the anchors, wherever it is asked. */
const hideAll: Lie = async ({ method }, honest) => {
  if (method === 'eth_getLogs') return [];
  if (method === 'eth_getBlockByHash' || method === 'eth_getTransactionReceipt') return null;
  return honest();
};

/** Adds an anchor of its own making to the logs. */
const addLog: Lie = async ({ method }, honest) => {
  if (method !== 'eth_getLogs') return honest();
  const logs = (await honest()) as { topics: string[]; transactionHash: string }[];
  const [first] = logs;
  const forged = { ...first!, topics: [...first!.topics.slice(0, 2), `0x${'66'.repeat(32)}`] };
  return [...logs, { ...forged, transactionHash: `0x${'77'.repeat(32)}` }];
};

function withBatch(number: number, change: (batch: AuditedBatch) => AuditedBatch): Partial<LogAudit> {
  return { batches: genuine.log.batches.map((batch) => (batch.state.number === number ? change(batch) : batch)) };
}

/** The events of a batch, changed and folded again. */
function refolded(batch: AuditedBatch, change: (type: string, data: Record<string, unknown>) => object): AuditedBatch {
  const { anchors: _, is: __, ...sealed } = batch.state;
  const events = [{ type: 'BatchSealed' as const, data: sealed }, ...batch.moments.map(({ event }) => event)];
  const changed = events.map(({ type, data }) => ({ type, data: { ...data, ...change(type, data as never) } }));
  return { ...batchOf(changed as never, batch.sealedIndex, batch.sealedAt), isOfThisLog: batch.isOfThisLog };
}

describe('an audit of the anchors on a real chain', () => {
  it('S19: explains every anchor and finds none missing on an honest chain', async () => {
    const audit = await audited([undefined]);
    expect(codes(audit)).toEqual([]);
    expect(audit).toMatchObject({ anchors: { explained: 3, unexplained: 0, missing: 0 }, undetermined: [] });
    expect(audit.chains[0]).toMatchObject({ name: 'embedded', explained: 3 });
    expect(audit.delays.waiting).toBe(4);
    const full = await audited([undefined, undefined], { full: true });
    expect([codes(full), full.anchors.explained]).toEqual([[], 3]);
  });

  it('S19: meets the limits of public endpoints with smaller ranges and pauses', async () => {
    let busy = 2;
    const limits: Lie = async ({ method, params }, honest) => {
      if (method !== 'eth_getLogs') return honest();
      if (busy-- > 0) throw new Refusal('rate limit exceeded', -32_005, 429);
      const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
      if (Number(toBlock) - Number(fromBlock) >= 2) throw new Refusal('query returned more than 10000 results');
      return honest();
    };
    expect((await audited([limits])).anchors).toEqual({ explained: 3, unexplained: 0, missing: 0 });
    const ranges = started[0]!.calls.filter(({ method }) => method === 'eth_getLogs').length;
    expect(ranges).toBeGreaterThan(5);
  });

  it('S19: sees through one that hides logs which its own receipts have', async () => {
    const audit = await audited([hideLogs]);
    expect(audit.anchors).toEqual({ explained: 3, unexplained: 0, missing: 0 });
    expect(codes(audit)).toEqual(Array(3).fill('warning S19 endpointHidesLogs'));
  });

  it('S19: calls an anchor missing where two agree; of one alone it is that one’s word', async () => {
    const one = await audited([hideAll]);
    expect(one.anchors).toEqual({ explained: 0, unexplained: 0, missing: 3 });
    expect(codes(one)).toEqual(Array(3).fill('warning S19 anchorMissingByOne'));
    expect(one.undetermined.length).toBeGreaterThan(0);
    const two = await audited([hideAll, hideAll]);
    expect(codes(two)).toEqual(Array(3).fill('error S19 anchorMissing'));
    expect(two.anchors.missing).toBe(3);
    expect(two.undetermined).toEqual([]);
  });

  it('S19: an honest one beside one that hides settles it by the receipts', async () => {
    const audit = await audited([undefined, hideAll]);
    expect(audit.anchors).toEqual({ explained: 3, unexplained: 0, missing: 0 });
    expect(codes(audit)).toEqual(Array(3).fill('warning S19 endpointHidesLogs'));
  });

  it('S19: an anchor that never was is missing by the receipts of the block that the log names, of one endpoint alone', async () => {
    const root = toHex0x(sha256(utf8('never')));
    const never = withBatch(2, (batch) =>
      refolded(batch, (type) =>
        type === 'BatchSealed' ? { root: Buffer.from(root.slice(2), 'hex').toString('base64') } : {},
      ),
    );
    const audit = await audited([undefined], { log: never });
    expect(audit.anchors).toEqual({ explained: 2, unexplained: 1, missing: 1 });
    expect(codes(audit)).toEqual([
      'error S19 anchorUnexplained',
      'error S19 transactionDiffers',
      'error S19 anchorMissing',
    ]);
  });

  it('S10, S19: a final block that the chain has not is named', async () => {
    const other = `0x${'12'.repeat(32)}`;
    const log = withBatch(2, (batch) =>
      refolded(batch, (type) => (type.startsWith('AnchorC') || type.startsWith('AnchorF') ? { blockHash: other } : {})),
    );
    expect(codes(await audited([undefined, undefined], { log }))).toEqual(['error S19 anchorMoved']);
    expect(codes(await audited([undefined], { log }))).toEqual(['warning S19 anchorMovedByOne']);
  });

  it('S19: what the log calls final and no endpoint does is not settled', async () => {
    const last = genuine.log.batches.at(-1)!.state.anchors[0]!.block!.blockNumber;
    const finalAt =
      (height: number): Lie =>
      async ({ method, params }, honest) =>
        method === 'eth_getBlockByNumber' && params[0] === 'finalized'
          ? rpc(method, `0x${height.toString(16)}`, false)
          : honest();
    const early = await audited([finalAt(last - 1)]);
    expect(codes(early)).toEqual(['warning S19 notFinalOnChain']);
    expect([early.undetermined.length, early.anchors.explained]).toEqual([1, 3]);
    // One that is behind, or does not know the word, beside one that does not say otherwise.
    expect(codes(await audited([finalAt(last - 1), finalAt(last)]))).toEqual([]);
    const wordless: Lie = async ({ params }, honest) => {
      if (params[0] === 'finalized') throw new Refusal('unknown block tag');
      return honest();
    };
    expect(codes(await audited([wordless]))).toEqual([]);
  });

  it('S19: what our anchorer signed and no batch explains is found and proven, by one endpoint alone', async () => {
    const stray = sha256(utf8(`stray ${Math.random()}`));
    const built = await chain.buildAnchor(stray);
    await chain.send(built.signedTransaction);
    const audit = await audited([undefined]);
    expect(audit.anchors).toEqual({ explained: 3, unexplained: 1, missing: 0 });
    expect(codes(audit)).toEqual(['error S19 anchorUnexplained']);
    expect(audit.findings[0]!.detail).toContain(toHex0x(stray));
    // The audited head's own: a service that was stopped at once has signed no head over its batch.
    expect(codes(await audited([undefined], { log: { root: toBase64(stray) } }))).toEqual([]);
    // S16: an anchor of entries whose loss was accepted is no stranger's.
    const ledger = { ...genuine.log.ledger, lostUpTo: { 31_337: 1_000_000 } } as LogAudit['ledger'];
    const lost = await audited([undefined], { log: { ledger } });
    expect([codes(lost), lost.anchors.unexplained]).toEqual([['note S16 anchorsOfLostLog'], 0]);
    // Of a batch that was sealed after the audited head.
    const later = await audited([undefined], { laterRoots: async () => new Set([toHex0x(stray)]) });
    expect([codes(later), later.anchors.unexplained]).toEqual([[], 0]);
    // The batch's own root, anchored twice.
    const again = await chain.buildAnchor(rootOf(genuine.log.batches[0]!));
    await chain.send(again.signedTransaction);
    const twice = await audited([undefined], { laterRoots: async () => new Set([toHex0x(stray)]) });
    expect(codes(twice)).toEqual(['warning S19 anchorNotRecorded']);
    genuine = await anchoredLog(chain, 3, `genuine ${Math.random()}`);
  });

  it('S19: an anchor that nobody signed is proven by receipts where nobody denies it, and disputed where somebody does', async () => {
    const from = chain.anchorer;
    await rpc('anvil_impersonateAccount', from);
    await rpc('eth_sendTransaction', { from, to: chain.contract, data: `0x${'5c'.repeat(32)}` });
    await rpc('anvil_stopImpersonatingAccount', from);
    // As a node that made it up: it has no transaction that the anchorer's key has signed.
    const unsigned: Lie = async ({ method }, honest) => {
      const answer = await honest();
      return method === 'eth_getTransactionByHash' && answer !== null ? { ...(answer as object), r: '0x1' } : answer;
    };
    expect(codes(await audited([unsigned]))).toEqual(['error S19 anchorUnexplained']);
    const without: Lie = async ({ method }, honest) => {
      const answer = await honest();
      if (method !== 'eth_getLogs') return answer;
      return (answer as { topics: string[] }[]).filter(({ topics }) => topics[2] !== `0x${'5c'.repeat(32)}`);
    };
    const disputed = await audited([unsigned, without]);
    expect([codes(disputed), disputed.anchors.unexplained]).toEqual([['warning S19 endpointsDisagree'], 0]);
    expect(disputed.undetermined).toHaveLength(1);
    genuine = await anchoredLog(chain, 3, `genuine ${Math.random()}`);
  });

  it('S19: looks for anchors by an address that the trust file alone names, and finds them unexplained', async () => {
    const other = `0x${'0a'.repeat(20)}`;
    await rpc('anvil_setBalance', other, `0x${(10n ** 18n).toString(16)}`);
    await rpc('anvil_impersonateAccount', other);
    await rpc('eth_sendTransaction', { from: other, to: chain.contract, data: `0x${'7d'.repeat(32)}` });
    await rpc('anvil_stopImpersonatingAccount', other);
    const [pinned] = genuine.trust.chains;
    const anchorers = [...pinned!.anchorers, other];
    const trust = { ...genuine.trust, chains: [{ ...pinned!, anchorers }] };
    expect(codes(await audited([undefined]))).toEqual([]);
    expect(codes(await audited([undefined], { trust }))).toContain('error S19 anchorUnexplained');
    genuine = await anchoredLog(chain, 3, `genuine ${Math.random()}`);
  });

  it('S19: a forged anchor is one endpoint’s word, and with an honest one beside it a contradiction', async () => {
    const one = await audited([addLog]);
    expect(codes(one)).toEqual(['warning S19 anchorUnexplainedByOne']);
    expect(one.anchors.unexplained).toBe(1);
    expect(one.undetermined.length).toBe(1);
    const beside = await audited([addLog, undefined]);
    expect(codes(beside)).toEqual(['warning S19 endpointsDisagree']);
    expect(beside.anchors).toEqual({ explained: 3, unexplained: 0, missing: 0 });
    const two = await audited([addLog, addLog]);
    expect(codes(two)).toEqual(['error S19 anchorUnexplained']);
  });

  it('S19: names a chain that nobody reached, and an endpoint that failed beside one that did not', async () => {
    const none = await audited([], { failed: [{ host: 'gone.example', reason: 'ECONNREFUSED', chainId: 31_337 }] });
    expect(none.undetermined).toEqual(['chain "embedded" was not reached']);
    expect(none.chains[0]!.notReached).toContain('gone.example');
    expect(codes(none)).toEqual([]);
    const silent: Lie = async ({ method }, honest) => {
      if (method === 'eth_getLogs') throw new Refusal('the method is not available');
      return honest();
    };
    const beside = await audited([silent, undefined]);
    expect(codes(beside)).toEqual(['note S19 endpointNotReached']);
    expect((await audited([silent])).undetermined).toEqual(['chain "embedded" was not reached']);
  });

  it('S19: answers that are not about our anchors are no answers', async () => {
    const others: Lie = async ({ method }, honest) => {
      const answer = await honest();
      if (method !== 'eth_getLogs') return answer;
      return (answer as { topics: string[] }[]).map((log) => ({
        ...log,
        topics: [log.topics[0], `0x${'00'.repeat(32)}`, log.topics[2]],
      }));
    };
    expect((await audited([others])).undetermined).toEqual(['chain "embedded" was not reached']);
  });

  it('S18: a block time that the header contradicts, and a clock outside its bounds, are named', async () => {
    const times = withBatch(2, (batch) =>
      refolded(batch, (type, { blockTime }) =>
        type === 'AnchorConfirmed' ? { blockTime: Number(blockTime) + 60 } : {},
      ),
    );
    expect(codes(await audited([undefined], { log: times }))).toEqual(['error S18 blockTimeDiffers']);
    const clock = genuine.log.clock.map((segment, i) =>
      i === 1
        ? { ...segment, latest: { index: segment.to, at: new Date(Date.now() + 300_000).toISOString() } }
        : segment,
    );
    const late = await audited([undefined], { log: { clock } });
    expect(late.findings).toMatchObject([
      { severity: 'error', rule: 'S18', code: 'afterItsAnchor', index: clock[1]!.to },
    ]);
  });

  it('S4, S19: another contract or anchorer than those that are pinned are named', async () => {
    const [pinned] = genuine.trust.chains;
    const withChain = (change: object): Partial<AnchorOptions> => ({
      trust: { ...genuine.trust, chains: [{ ...pinned!, ...change }] },
    });
    const stranger = '0x1111111111111111111111111111111111111111';
    expect(codes(await audited([undefined], withChain({ contract: stranger })))).toEqual([
      'error S4 contractNotPinned',
      'error S19 chainNotInLog',
    ]);
    expect(codes(await audited([undefined], withChain({ anchorers: [stranger] })))).toEqual(
      Array(3).fill('error S19 anchorerNotPinned'),
    );
    // A term that the trust file gives must be the log's.
    const term = { address: chain.anchorer, from: 7 };
    expect(codes(await audited([undefined], withChain({ anchorers: [term] })))).toEqual([
      'error S19 anchorerTermsDiffer',
    ]);
    const ledger = { ...genuine.log.ledger } as Extract<LogAudit['ledger'], { is: 'founded' }>;
    const withLedger = (change: object): Partial<LogAudit> => ({
      ledger: { ...ledger, chains: ledger.chains.map((one) => ({ ...one, ...change })) },
    });
    // Of two first blocks the earlier one counts, and no anchor is from before it.
    const first = pinned!.firstBlock;
    const late = await audited([undefined], { log: withLedger({ firstBlock: first + 2 }) });
    expect([codes(late), late.anchors.explained]).toEqual([[], 3]);
    const both = await audited([undefined], {
      ...withChain({ firstBlock: 1_000_000 }),
      log: withLedger({ firstBlock: 1_000_000 }),
    });
    expect(codes(both).filter((code) => code.startsWith('error'))).toEqual(Array(3).fill('error S19 blockTooEarly'));
    // The anchorer handed over to another before these heads.
    const terms = [
      { address: chain.anchorer, from: 0, to: 15 },
      { address: stranger, from: 15 },
    ];
    expect(codes(await audited([undefined], { log: withLedger({ anchorers: terms }) })).slice(0, 2)).toEqual([
      'warning S19 anchoredByAnother',
      'warning S19 anchoredByAnother',
    ]);
    // An anchorer to whom a pinned one has handed over is trusted: the log's rotation is signed by both.
    const handed = [
      { address: stranger, from: 0, to: 5 },
      { address: chain.anchorer, from: 5 },
    ];
    const rotated = await audited([undefined], {
      ...withChain({ anchorers: [stranger] }),
      log: withLedger({ anchorers: handed }),
    });
    expect(codes(rotated)).toEqual([]);
    const none = await audited([undefined], { trust: { ...genuine.trust, chains: [] } });
    expect(codes(none)).toEqual(['warning S4 chainNotPinned']);
    expect(none.undetermined).toHaveLength(1);
  });

  it('S11, S19: what waits too long for an anchor is an error, what was anchored late a warning', async () => {
    const later = new Date(NOW.getTime() + 2 * 86_400_000);
    expect(codes(await audited([undefined], { now: later }))).toEqual(['error S19 notAnchored']);
    const early = (which: number): Partial<LogAudit> => ({
      clock: genuine.log.clock.map((segment, i) => {
        const at = new Date(NOW.getTime() - 2 * 86_400_000).toISOString();
        return i === which ? { ...segment, earliest: { index: segment.from, at } } : segment;
      }),
    });
    expect(codes(await audited([undefined], { log: early(0) }))).toEqual(['warning S11 anchoredLate']);
    // By then the log knew a newer block.
    expect(codes(await audited([undefined], { log: early(2) }))).toEqual([
      'error S18 beforeKnownBlock',
      'warning S11 anchoredLate',
    ]);
  });

  it('S10: a closed chain is judged by its recorded proofs, and by hashes from outside', async () => {
    const trust = {
      ...genuine.trust,
      chains: genuine.trust.chains.map((one) => ({ ...one, closed: { at: NOW.toISOString() } })),
    };
    const anchorOf = (batch: AuditedBatch): { txHash: string; blockHash: string; blockNumber: number } =>
      batch.state.anchors[0]!.block!;
    const proofs: AnchorOptions['proofs'] = (number) => chain.proof(anchorOf(genuine.log.batches[number - 1]!).txHash);
    const blockHashes = genuine.log.batches.map((batch) => {
      const { blockHash, blockNumber } = anchorOf(batch);
      return { chainId: 31_337, blockNumber, hash: blockHash };
    });
    const whole = await audited([], { trust, proofs, blockHashes });
    expect([codes(whole), whole.undetermined, whole.anchors.explained]).toEqual([[], [], 3]);
    const unvouched = await audited([], { trust, proofs });
    expect([codes(unvouched), unvouched.undetermined.length]).toEqual([[], 1]);
    expect((await audited([], { trust })).undetermined).toHaveLength(3);
    const other = await audited([], {
      trust,
      proofs,
      blockHashes: blockHashes.map((one) => ({ ...one, hash: `0x${'ab'.repeat(32)}` })),
    });
    expect(codes(other)).toEqual(Array(3).fill('error S10 blockHashDiffers'));
    const swapped = await audited([], {
      trust,
      blockHashes,
      proofs: (number, id) => proofs(number === 1 ? 2 : number, id),
    });
    expect(codes(swapped)).toEqual(['error S10 recordedProofWrong']);
  });
});
