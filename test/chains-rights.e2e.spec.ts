/**
 * What operators do about chains, over HTTP on the built service with its own chain: who may (nobody, without the token),
 * what is refused and in which words, and that what is refused leaves nothing in the log.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keySigner } from '../src/anchoring/anchor-signer.js';
import { signRotation, type Rotation } from '../src/anchoring/anchorer-rotation.js';
import { LEDGER_STREAM } from '../src/anchoring/anchoring.events.js';
import { ledgerDecider } from '../src/anchoring/ledger.js';
import { REGISTRY_ADDRESS } from '../src/anchoring/registry.js';
import { handle } from '../src/event-store/handle.js';
import { openSqliteEventStore } from '../src/event-store/sqlite.js';
import { parseBlockHashList } from '../src/verification/block-hash-list.js';
import { anchored, organisation } from './samples.js';
import { eventually, Service, type Parsed, type Reply } from './service.js';

const EMBEDDED = 31_337;
/** In the log, and never reached: its nodes are nobody's here. */
const HOODI = 560_048;
const next = keySigner(new Uint8Array(32).fill(0x31));
const stranger = keySigner(new Uint8Array(32).fill(0x32));

let service: Service;

beforeAll(async () => {
  service = await Service.start();
  await service.post('/api/v1/organisations', organisation(1));
  await anchored(service);
  await service.stop();
  const store = openSqliteEventStore(join(service.dataDir, 'events.db'));
  const there = { contract: REGISTRY_ADDRESS, anchorer: stranger.address, firstBlock: 1 };
  await handle(store, ledgerDecider, {
    stream: LEDGER_STREAM,
    command: { type: 'AddChain', name: 'hoodi', chainId: HOODI, ...there },
    context: undefined,
    meta: { at: new Date().toISOString(), by: 'process:test' },
  });
  await store.close();
  await service.restart();
});
afterAll(() => service.dispose());

interface Asked {
  readonly token?: string | null;
  readonly language?: string;
}

function post(path: string, body?: unknown, { token, language = 'en' }: Asked = {}): Promise<Reply> {
  return service.request(`/api/v1/chains/${path}`, {
    method: 'POST',
    body,
    headers: { 'accept-language': language },
    ...(token === undefined ? {} : { token }),
  });
}

function get(path = ''): Promise<Reply> {
  return service.request(`/api/v1/chains${path}`, { token: null });
}

/** Status and the end of the problem's type; and nothing may have come into the log. */
async function refusal(path: string, body?: unknown): Promise<readonly [number, string | undefined]> {
  const before = await service.logSize();
  const { status, json } = await post(path, body);
  expect(await service.logSize()).toBe(before);
  return [status, json?.type?.split(':').at(-1)];
}

async function trusted(): Promise<Parsed> {
  const { chains } = await service.ok('/.well-known/meritkedja.json', { token: null });
  return chains.find(({ chainId }: Parsed) => chainId === EMBEDDED);
}

async function rotationOn(chainId: number, more: Partial<Rotation> = {}): Promise<Rotation> {
  const { items } = (await get()).json;
  const { contract, anchorer } = items.find((one: Parsed) => one.chainId === chainId);
  const { origin } = await service.ok('/.well-known/meritkedja.json', { token: null });
  return { origin, chainId, contract, previous: anchorer, anchorer: next.address, ...more };
}

/** The entry of the log at an index. */
async function logged(index: number): Promise<Parsed> {
  return (await service.ok(`/log/entries/${index}`, { token: null })).entry;
}

describe('the chains', () => {
  it('are read by anybody, with the list of their blocks to keep (S10)', async () => {
    const { status, json } = await get();
    expect([status, json.items]).toEqual([
      200,
      [
        expect.objectContaining({ name: 'embedded', chainId: EMBEDDED, isMain: true }),
        expect.objectContaining({ name: 'hoodi', chainId: HOODI, isMain: false }),
      ],
    ]);
    const list = await get(`/${EMBEDDED}/anchors`);
    expect([list.status, list.headers['access-control-allow-origin']]).toEqual([200, '*']);
    const { anchors, origin } = parseBlockHashList(list.json);
    expect(origin).toBe((await service.ok('/.well-known/meritkedja.json')).origin);
    const { blockNumber, blockHash } = (await service.ok('/api/v1/batches/1')).anchors[0];
    expect(anchors[0]).toMatchObject({ batch: 1, blockNumber, blockHash });
    // It is in the log as well, where an anchor elsewhere will cover it.
    const entry = await logged((anchors[0] as unknown as { entry: number }).entry);
    expect(entry).toMatchObject({ type: 'AnchorFinalised', data: { blockHash } });
    expect(parseBlockHashList((await get(`/${HOODI}/anchors`)).json).anchors).toEqual([]);
    expect((await get('/7/anchors')).status).toBe(404);
  });

  it('are changed by nobody without the operator’s token', async () => {
    const before = await service.logSize();
    const signature = await signRotation(next, await rotationOn(EMBEDDED));
    for (const token of [null, 'wrong', `${service.token}x`]) {
      for (const [path, body] of [
        [`${EMBEDDED}/reanchor`, undefined],
        [`${EMBEDDED}/anchorer`, { anchorer: next.address, signature }],
        [`${EMBEDDED}/close`, { confirm: 'embedded', uncovered: true }],
      ] as const) {
        expect([path, (await post(path, body, { token })).status]).toEqual([path, 401]);
      }
    }
    expect(await service.logSize()).toBe(before);
  });

  it.each([
    ['nothing', 'anchorer', {}],
    ['half an address', 'anchorer', { anchorer: '0x12', signature: '0x02' }],
    ['a signature without 0x', 'anchorer', { anchorer: next.address, signature: '02' }],
    ['a signature of any length', 'anchorer', { anchorer: next.address, signature: `0x${'00'.repeat(2_000)}` }],
    ['both signatures', 'anchorer', { anchorer: next.address, signature: '0x02', previousSignature: '0x02' }],
    ['no name', 'close', {}],
    ['a number for a name', 'close', { confirm: 7 }],
    ['a word for a yes', 'close', { confirm: 'embedded', uncovered: 'yes' }],
    ['a long name', 'close', { confirm: 'x'.repeat(200) }],
  ])('refuse what is not of their form: %s to %s', async (_, what, body) => {
    expect(await refusal(`${EMBEDDED}/${what}`, body)).toEqual([422, 'invalidInput']);
  });

  it('are none that the log does not name', async () => {
    for (const chainId of ['7', '0', '-1', 'x', '1e3']) {
      const expected = chainId === '7' ? 404 : 422;
      for (const [what, body] of [
        ['reanchor', undefined],
        ['anchorer', { anchorer: next.address, signature: '0x02' }],
        ['close', { confirm: 'x' }],
      ] as const) {
        const [status] = await refusal(`${chainId}/${what}`, body);
        expect([chainId, what, status]).toEqual([chainId, what, expected]);
      }
    }
  });
});

describe('S19: a rotation', () => {
  it('is refused where the new one has not signed this very change', async () => {
    const rotation = await rotationOn(EMBEDDED);
    for (const signature of [
      '0x02',
      await signRotation(stranger, rotation),
      await signRotation(next, { ...rotation, origin: 'other.example/log' }),
      await signRotation(next, { ...rotation, chainId: HOODI }),
      await signRotation(next, { ...rotation, contract: stranger.address }),
      await signRotation(next, { ...rotation, previous: next.address }),
      await signRotation(next, { ...rotation, anchorer: stranger.address }),
    ]) {
      expect(await refusal(`${EMBEDDED}/anchorer`, { anchorer: next.address, signature })).toEqual([
        422,
        'rotationNotSigned',
      ]);
    }
  });

  it('is refused where this process has not the present key, which must sign too', async () => {
    const signature = await signRotation(next, await rotationOn(HOODI));
    const answer = await post(`${HOODI}/anchorer`, { anchorer: next.address, signature });
    expect([answer.status, answer.json.detail]).toEqual([409, expect.stringContaining(stranger.address)]);
  });

  it('says in Swedish and English what to do', async () => {
    const body = { anchorer: next.address, signature: '0x02' };
    const { json: english } = await post(`${EMBEDDED}/anchorer`, body);
    const { json: swedish } = await post(`${EMBEDDED}/anchorer`, body, { language: 'sv' });
    expect(english.detail).toContain('meritkedja rotate-anchorer');
    expect(swedish.detail).toMatch(/ska vara signerat av båda.*meritkedja rotate-anchorer/);
  });

  it('is recorded with both signatures, and stands in the trust file from that entry on', async () => {
    const rotation = await rotationOn(EMBEDDED);
    const signature = await signRotation(next, rotation);
    const { status, json } = await post(`${EMBEDDED}/anchorer`, { anchorer: next.address, signature });
    expect([status, json]).toEqual([
      200,
      { chainId: EMBEDDED, previous: rotation.previous, anchorer: next.address, from: expect.any(Number) },
    ]);
    const { from } = json;
    expect(await logged(from)).toMatchObject({
      type: 'AnchorerRotated',
      by: 'operator',
      data: { signature, previousSignature: expect.stringMatching(/^0x02/) },
    });
    expect((await trusted()).anchorers).toEqual([
      { address: rotation.previous, from: 0, to: from },
      { address: next.address, from },
    ]);
    // The one from before is not taken again, whoever signs.
    const back = { ...rotation, previous: next.address, anchorer: rotation.previous };
    const body = { anchorer: rotation.previous, signature: await signRotation(next, back) };
    expect(await refusal(`${EMBEDDED}/anchorer`, body)).toEqual([409, 'presentKeyMissing']);
  });
});

describe('S10: a chain', () => {
  it('is closed by its name alone, and not while nothing elsewhere covers its blocks', async () => {
    expect(await refusal(`${EMBEDDED}/close`, { confirm: 'hoodi' })).toEqual([422, 'closeNotConfirmed']);
    expect(await refusal(`${EMBEDDED}/close`, { confirm: 'embedded' })).toEqual([409, 'chainNotCovered']);
    const { json } = await post(`${EMBEDDED}/close`, { confirm: 'embedded' });
    expect(json.detail).toMatch(/^The block hashes of the \d+ anchors on embedded .*out of CHAIN.*meritkedja reanchor/);
  });

  it('that is gone already is closed uncovered, once; and takes no anchor, no new anchorer and no second end', async () => {
    const { status, json } = await post(`${EMBEDDED}/close`, { confirm: 'embedded', uncovered: true });
    expect([status, json]).toEqual([200, { chainId: EMBEDDED, anchors: expect.any(Number) }]);
    expect(await refusal(`${EMBEDDED}/reanchor`)).toEqual([409, 'chainClosed']);
    const signature = await signRotation(stranger, await rotationOn(EMBEDDED, { anchorer: stranger.address }));
    expect(await refusal(`${EMBEDDED}/anchorer`, { anchorer: stranger.address, signature })).toEqual([
      409,
      'chainClosed',
    ]);
    expect(await refusal(`${EMBEDDED}/close`, { confirm: 'embedded', uncovered: true })).toEqual([409, 'chainClosed']);
    const { json: list } = await get(`/${EMBEDDED}/anchors`);
    expect(list.closed).toMatch(/^20\d\d-/);
  });

  it('that is closed is in the trust file with its list, and still the operator’s own', async () => {
    const chain = await trusted();
    expect(chain).toMatchObject({
      embedded: true,
      closed: { blockHashes: `${service.url}/api/v1/chains/${EMBEDDED}/anchors` },
    });
    expect(chain).not.toHaveProperty('rpcUrls');
    // No other chain is configured: that is said, with what to do.
    await eventually(
      async () => (await service.ok('/health/ready')).anchoring.includes('every chain in CHAIN was closed'),
      'health to say so',
    );
  });
});
