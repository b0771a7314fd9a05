/** What a restore asks the chains (S16), with endpoints that say what the test wants: several anchorers, closed chains. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { REGISTRY_TOPIC } from '../anchoring/registry.js';
import type { LedgerChain } from '../anchoring/ledger.js';
import { fromBase64 } from '../encoding/base64.js';
import { toHex0x } from '../encoding/hex.js';
import { anchoredRoots, type ChainsCompared } from './anchored-roots.js';
import type { LogContents } from './known-heads.js';

const [OLD, NEW, NEWEST, STRANGER] = ['0A', '0b', '0C', '0d'].map((end) => `0x${'5E'.repeat(19)}${end}`) as [
  string,
  string,
  string,
  string,
];
const root = (n: number): string => Buffer.from(new Uint8Array(32).fill(n)).toString('base64');
const CONTRACT = `0x${'Ab'.repeat(20)}`;

type Written = readonly [block: number, anchorer: string, root: string];
interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly [{ address: string; topics: [string, string[]]; fromBlock: string; toBlock: string }];
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** An endpoint of a chain, whose blocks have these anchors. */
async function endpoint(chainId: number, written: readonly Written[], height = 12_000): Promise<string> {
  const answer = ({ method, params: [filter] }: Call): unknown => {
    if (method === 'eth_chainId') return toQuantity(chainId);
    if (method === 'eth_blockNumber') return toQuantity(height);
    const { topics, fromBlock, toBlock } = filter;
    return written
      .map(([block, by, anchored]) => ({
        blockNumber: toQuantity(block),
        topics: [topics[0], `0x${'0'.repeat(24)}${by.slice(2).toLowerCase()}`, toHex0x(fromBase64(anchored))],
      }))
      .filter(({ blockNumber, topics: own }) => {
        const isIn = Number(blockNumber) >= Number(fromBlock) && Number(blockNumber) <= Number(toBlock);
        return isIn && topics[0] === REGISTRY_TOPIC && topics[1].includes(own[1]!);
      });
  };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const call = JSON.parse(body) as Call;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: call.id, result: answer(call) }));
    });
  });
  servers.push(server);
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function toQuantity(value: number): string {
  return `0x${value.toString(16)}`;
}

function chain(more: Partial<LedgerChain> = {}): LedgerChain {
  const chainId = 560_048;
  const anchorers = [
    { address: OLD, from: 0, to: 20 },
    { address: NEW, from: 20, to: 40 },
    { address: NEWEST, from: 40 },
  ];
  return { name: 'hoodi', chainId, contract: CONTRACT, anchorer: NEWEST, firstBlock: 3, anchorers, ...more };
}

function compared(
  rpcUrls: readonly string[],
  chains: readonly LedgerChain[] = [chain()],
  known: readonly string[] = [],
): Promise<ChainsCompared> {
  const ledger = { chains } as unknown as LogContents['ledger'];
  const places = { dataDir: '/nonexistent', chains: [{ rpcUrls }], evmPort: undefined };
  return anchoredRoots({ ledger, batchRoots: new Set(known) }, places);
}

const rootsOf = ({ anchored }: ChainsCompared): readonly string[] => anchored.map((one) => one.root);

describe('S19: what a restore asks a chain', () => {
  it('is for the anchors of everyone who anchored there, in all blocks, and of nobody else', async () => {
    const url = await endpoint(560_048, [
      [2, OLD, root(9)],
      [3, OLD, root(1)],
      [5_100, NEW, root(2)],
      [7_000, STRANGER, root(8)],
      [11_999, NEWEST, root(3)],
    ]);
    const found = await compared([url]);
    expect(rootsOf(found)).toEqual([root(1), root(2), root(3)]);
    expect(found.newest).toEqual([{ chainId: 560_048, blockNumber: 12_000 }]);
    expect([found.notReached, found.afterTheirTime]).toEqual([[], []]);
  });

  it('counts a former anchorer up to where the next one begins; what comes later is told, and is no loss', async () => {
    const url = await endpoint(560_048, [
      [10, OLD, root(1)],
      [20, NEW, root(2)],
      [21, OLD, root(66)],
      [22, OLD, root(1)],
      [30, NEWEST, root(3)],
      [31, NEW, root(67)],
      [32, NEWEST, root(4)],
    ]);
    const found = await compared([url], [chain()], [root(1)]);
    // Known roots are no loss whenever they were anchored.
    expect(rootsOf(found)).toEqual([root(1), root(2), root(1), root(3), root(4)]);
    expect(found.afterTheirTime).toEqual([
      `hoodi: block 21 has ${root(66)} by ${OLD.toLowerCase()}, which anchors no more`,
      `hoodi: block 31 has ${root(67)} by ${NEW.toLowerCase()}, which anchors no more`,
    ]);
  });

  it('is asked of every endpoint: what one keeps back another one has, and one that is away hinders nothing', async () => {
    const anchors: Written[] = [
      [10, OLD, root(1)],
      [20, NEW, root(2)],
    ];
    const away = 'http://127.0.0.1:1';
    const urls = [away, await endpoint(1, [[10, OLD, root(7)]]), await endpoint(560_048, anchors.slice(0, 1))];
    const found = await compared([...urls, await endpoint(560_048, anchors)]);
    expect(rootsOf(found)).toEqual([root(1), root(2)]);
    expect(found.notReached).toEqual([]);
  });
});

describe('S10, S16: a chain that was not compared', () => {
  it('is named: closed, though it may still be there, or not reached', async () => {
    const asked: string[] = [];
    const url = await endpoint(560_048, [[10, OLD, root(1)]]);
    servers.at(-1)!.on('request', () => asked.push('asked'));
    const closed = { chainId: 560_048, anchors: 1, index: 50, at: '2026-11-01T00:00:00.000Z' };
    const found = await compared([url], [chain({ closed }), chain({ name: 'sepolia', chainId: 11_155_111 })]);
    expect(found.anchored).toEqual([]);
    expect(found.notReached).toEqual([
      'hoodi: closed on 2026-11-01T00:00:00.000Z',
      'sepolia: no RPC_URLS and no chain in /nonexistent/chain',
    ]);
    // The other chain's endpoint was asked which chain it is of, and nothing more.
    expect(asked).toHaveLength(1);
    const away = await compared(['http://127.0.0.1:1']);
    expect(away.notReached).toEqual([expect.stringMatching(/^hoodi: .*127\.0\.0\.1:1/)]);
  });

  it('is one whose endpoint answers somebody else’s anchors', async () => {
    const url = await endpoint(560_048, []);
    servers.at(-1)!.removeAllListeners('request');
    servers.at(-1)!.on('request', (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { id, method } = JSON.parse(body) as Call;
        const log = { blockNumber: '0x5', topics: [REGISTRY_TOPIC, `0x${'ee'.repeat(32)}`, `0x${'aa'.repeat(32)}`] };
        const result = method === 'eth_chainId' ? toQuantity(560_048) : method === 'eth_blockNumber' ? '0x9' : [log];
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      });
    });
    const found = await compared([url]);
    expect(found.notReached).toEqual(['hoodi: an endpoint answers logs that are no anchors of this ledger']);
  });
});
