/** A memory gives back what was made of the same value, and a verdict never depends on what was verified before. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../encoding/json.js';
import type { ProofBundle } from './bundle.js';
import { Memory } from './memory.js';
import { PLAIN, type Platform } from './platform.js';
import { NOW, syntheticLedger, type Plan, type Synthetic } from './synthetic-ledger.fixture.js';
import { verify, type VerifyOptions } from './verify.js';

describe('a memory', () => {
  it('makes once of the same value, and anew of another in its place', () => {
    const memory = new Memory();
    let made = 0;
    const of = (value: JsonObject, place = 'p', kind = 'k'): number => memory.of(kind, place, value, () => ++made);
    expect([of({ a: [1] }), of({ a: [1] }), of({ a: [2] }), of({ a: [1] })]).toEqual([1, 1, 2, 3]);
    expect([of({ a: [1] }, 'q'), of({ a: [1] }, 'p', 'other')]).toEqual([4, 5]);
  });

  it('is not deceived by a value that was changed after it was given', () => {
    const memory = new Memory();
    const value = { list: [{ a: 1 }] };
    expect(memory.of('k', 'p', value, () => 'first')).toBe('first');
    value.list[0]!.a = 2;
    expect(memory.of('k', 'p', value, () => 'second')).toBe('second');
  });

  it('keeps nothing of what failed', async () => {
    const memory = new Memory();
    const failing = (): never => {
      throw new RangeError('no');
    };
    expect(() => memory.of('k', 'p', 1, failing)).toThrow(RangeError);
    await expect(memory.ofAsync('k', 'p', 1, async () => failing())).rejects.toThrow(RangeError);
    expect(await memory.ofAsync('k', 'p', 1, async () => 'made')).toBe('made');
    expect(memory.of('k', 'p', 1, failing)).toBe('made');
  });

  it('keeps at most 64 of a kind, and nothing of more than 200,000 characters', () => {
    const memory = new Memory();
    let made = 0;
    const of = (place: string, value: string): number => memory.of('k', place, value, () => ++made);
    for (let i = 0; i < 65; i++) of(String(i), 'x');
    expect(of('64', 'x')).toBe(65);
    expect(of('0', 'x')).toBe(66);
    const long = 'x'.repeat(200_001);
    expect([of('long', long), of('long', long)]).toEqual([67, 68]);
  });
});

describe('bundles verified with one memory', () => {
  let genuine: Synthetic;
  beforeAll(async () => {
    genuine = await syntheticLedger();
  });

  function optionsFor({ trust, blockHashes }: Synthetic, more: Partial<VerifyOptions> = {}): VerifyOptions {
    const blockHash = (_chain: number, number: number): Promise<string | undefined> =>
      Promise.resolve(blockHashes.get(number));
    return { trust: [trust], now: new Date(NOW), clock: 'given', blockHash, ...more };
  }

  it('check a signature of the log once for all, and the credential’s each time', async () => {
    let checked = 0;
    const ed25519: Platform['ed25519'] = (...given) => ((checked += 1), PLAIN.ed25519(...given));
    const options = optionsFor(genuine, { memory: new Memory(), platform: { ...PLAIN, ed25519 } });
    expect((await verify(genuine.bundle, options)).verdict).toBe('valid');
    expect(checked).toBe(3);
    expect((await verify(JSON.parse(JSON.stringify(genuine.bundle)), options)).verdict).toBe('valid');
    expect(checked).toBe(4);
  });

  it('have the reports that they would have alone, whatever was verified before them', async () => {
    const plans: Plan[] = [
      {},
      { set: ['revocation'] },
      { stage: 'late' },
      { stage: 'once', block: { number: 5, time: '2026-11-01T10:05:00Z', receipts: 1 } },
      { organisation: (state) => ({ ...state, keys: [{ ...state.keys[0]!, to: 8, ended: 'rotated' }] }) },
      { content: (content) => ({ ...content, workload: { hours: 25 } }) as unknown as JsonObject },
      { after: 1 },
    ];
    const ledgers = await Promise.all(plans.map(syntheticLedger));
    const memory = new Memory();
    for (const round of [ledgers, [...ledgers].reverse(), ledgers]) {
      for (const ledger of round) {
        const alone = await verify(ledger.bundle, optionsFor(ledger));
        expect(await verify(ledger.bundle, optionsFor(ledger, { memory }))).toEqual(alone);
      }
    }
  });

  it('are each held against all that they bring, though the genuine one is remembered', async () => {
    const memory = new Memory();
    const options = optionsFor(genuine, { memory });
    const { bundle } = genuine;
    const tampered: readonly (readonly [string, string | undefined, ProofBundle | object])[] = [
      [
        'logInclusion',
        'checkpointSignature',
        { ...bundle, checkpoint: bundle.checkpoint.replace(/.{8}(.{4}=*\n)$/, 'AAAAAAAA$1') },
      ],
      ['logInclusion', 'definitionNotIncluded', { ...bundle, definition: { ...bundle.definition, index: 3 } }],
      [
        'logInclusion',
        'standingNotIncluded',
        { ...bundle, standing: { ...bundle.standing!, path: bundle.standing!.path.toReversed() } },
      ],
      ['logInclusion', 'standingSize', { ...bundle, standing: { ...bundle.standing!, size: 6 } }],
      [
        'logInclusion',
        'leafNotIncluded',
        {
          ...bundle,
          standing: {
            ...bundle.standing!,
            leaves: bundle.standing!.leaves.map((leaf) => ({ ...leaf, index: leaf.index ^ 1 })),
          },
        },
      ],
      ['anchor', 'receiptProof', { ...bundle, anchor: { ...bundle.anchor!, logIndex: 1 } }],
      ['anchor', 'firstAnchorProof', { ...bundle, firstAnchor: { ...bundle.firstAnchor!, anchor: bundle.anchor! } }],
      ['anchor', 'firstAnchorInconsistent', { ...bundle, firstAnchor: { ...bundle.firstAnchor!, consistency: [] } }],
      [
        'status',
        'statusListMismatch',
        { ...bundle, statusLists: bundle.statusLists.map((list) => ({ ...list, name: 'x' })) },
      ],
      ['integrity', 'signature', { ...bundle, credential: { ...bundle.credential, name: 'x' } }],
    ];
    for (const [name, code, other] of tampered) {
      expect((await verify(bundle, options)).verdict).toBe('valid');
      const report = await verify(other, options);
      expect(report.checks.find((check) => check.name === name)).toMatchObject({ code });
      expect(report.verdict).not.toBe('valid');
      expect(report).toEqual(await verify(other, optionsFor(genuine)));
    }
    expect((await verify(bundle, { ...options, trust: [] })).verdict).toBe('undetermined');
  });

  it('S3: do not lend each other what is included under another head of as many entries', async () => {
    const other = await syntheticLedger({
      content: (c) => ({ ...c, workload: { hours: 25 } }) as unknown as JsonObject,
    });
    const mixed: ProofBundle = { ...other.bundle, definition: genuine.bundle.definition };
    const memory = new Memory();
    expect((await verify(genuine.bundle, optionsFor(genuine, { memory }))).verdict).toBe('valid');
    const { checks } = await verify(mixed, optionsFor(other, { memory }));
    const inclusion = checks.find(({ name }) => name === 'logInclusion');
    expect([inclusion?.outcome, inclusion?.code]).toEqual(['fail', 'definitionNotIncluded']);
  });

  it('S2, S4: take no head as signed that was opened without a pinned key', async () => {
    const [text, signature] = genuine.bundle.checkpoint.split('\n\n') as [string, string];
    const forged = { ...genuine.bundle, checkpoint: `${text}\n\n${signature.replace(/.{8}$/m, 'AAAAAAA=')}` };
    const memory = new Memory();
    const outcomeOf = async (more: Partial<VerifyOptions>): Promise<unknown> => {
      const { checks } = await verify(forged, optionsFor(genuine, { memory, ...more }));
      return checks.find(({ name }) => name === 'logInclusion')?.code;
    };
    expect(await outcomeOf({ trust: [] })).toBe('untrusted');
    expect(await outcomeOf({})).toBe('checkpointSignature');
  });

  it('S1: the status of an anchored credential without a standing record is unknown', async () => {
    const { standing: _, ...bundle } = genuine.bundle;
    const { checks } = await verify(bundle, optionsFor(genuine));
    const status = checks.find(({ name }) => name === 'status');
    expect([status?.outcome, status?.code]).toEqual(['unknown', 'standingMissing']);
  });
});
