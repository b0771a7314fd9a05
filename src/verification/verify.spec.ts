/**
 * One genuine bundle, then what can be wrong with one: each corruption fails in its own check with its own code, and no
 * flipped byte goes untold.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { fromHex0x, toHex0x } from '../encoding/hex.js';
import { parseCheckpoint } from '../log/checkpoint.js';
import { formatVerifierKey } from '../log/note.js';
import { CLOSED_WARNING, type PinnedBlockHash } from './check-anchor.js';
import type { JsonObject } from '../encoding/json.js';
import { signer } from '../crypto/ed25519.js';
import type { IncludedEntry, ProofBundle, TrustFile } from './bundle.js';
import type { CheckCode } from './codes.js';
import type { Check, CheckName, VerificationReport } from './report.js';
import { ANCHORER, CONTRACT } from './synthetic-block.fixture.js';
import {
  BLOCK_TIME,
  CREDENTIAL,
  DID,
  FIRST_BLOCK_TIME,
  ISSUED_AT,
  NOW,
  ORIGIN,
  OTHER_KEY,
  OTHER_KID,
  REVOCATIONS,
  signedHead,
  STEWARD,
  STEWARD_DID,
  syntheticLedger,
  trustFile,
  type Plan,
  type Synthetic,
} from './synthetic-ledger.fixture.js';
import { NEWER_THAN_DATE_WARNING, NOT_LOGGED, verify, type VerifyOptions } from './verify.js';

const ALL: readonly CheckName[] = [
  'format',
  'integrity',
  'issuer',
  'mandate',
  'definition',
  'logInclusion',
  'anchor',
  'status',
  'validity',
];
const NEVER = '2026-10-01T00:00:00.000Z';

let genuine: Synthetic;
beforeAll(async () => {
  genuine = await syntheticLedger();
});

function optionsFor({ trust, blockHashes }: Synthetic, changes: Partial<VerifyOptions> = {}): VerifyOptions {
  return {
    trust: [trust],
    now: new Date(NOW),
    clock: 'given',
    blockHash: (_chain, number) => Promise.resolve(blockHashes.get(number)),
    ...changes,
  };
}

async function reportOf(plan: Plan, changes: Partial<VerifyOptions> = {}): Promise<VerificationReport> {
  const ledger = await syntheticLedger(plan);
  return verify(ledger.bundle, optionsFor(ledger, changes));
}

function checkNamed(report: VerificationReport, name: CheckName): Check {
  return report.checks.find((check) => check.name === name)!;
}

function codesOf(report: VerificationReport): Partial<Record<CheckName, string>> {
  return Object.fromEntries(report.checks.filter(({ code }) => code).map(({ name, code }) => [name, code]));
}

function outcomesOf(report: VerificationReport): string[] {
  return report.checks.map(({ name, outcome }) => `${name} ${outcome}`);
}

describe('a genuine bundle', () => {
  it('is valid, with every check in the order of the rules, and says what was trusted', async () => {
    const report = await verify(genuine.bundle, optionsFor(genuine));
    expect(outcomesOf(report)).toEqual(ALL.map((name) => `${name} pass`));
    expect(report).toMatchObject({
      verdict: 'valid',
      state: 'active',
      now: NOW,
      clock: 'given',
      keyCustody: 'operator',
      warnings: [],
      credential: { id: `urn:uuid:${CREDENTIAL}`, name: 'Truckkort B', holder: 'Åsa Ö', version: 1 },
    });
    for (const name of ['issuer', 'logInclusion', 'anchor', 'status'] as const) {
      expect(checkNamed(report, name).trusted).toMatch(/.+/);
    }
  });

  it('S3: was anchored when the first anchor says, and is known as of the newest (S11)', async () => {
    const report = await verify(genuine.bundle, optionsFor(genuine));
    expect(report.anchoredAt).toBe(new Date(FIRST_BLOCK_TIME).toISOString());
    expect(report.asOf).toBe(new Date(BLOCK_TIME).toISOString());
  });

  it('S3: is not made older by an anchor from before it: the head of a first anchor covers the issuance', async () => {
    const before = await reportOf({ firstSize: (index) => index });
    expect(before.verdict).toBe('invalid');
    expect(codesOf(before)).toEqual({ anchor: 'firstAnchorCheckpoint' });
    expect(before.anchoredAt).toBeUndefined();
    const just = await reportOf({ firstSize: (index) => index + 1 });
    expect(just.verdict).toBe('valid');
    expect(just.anchoredAt).toBe(new Date(FIRST_BLOCK_TIME).toISOString());
  });

  it('S3: has no time of anchoring where nobody vouches for the first anchor’s block', async () => {
    const pinned = [genuine.bundle.anchor!.blockHash];
    const report = await verify(
      genuine.bundle,
      optionsFor(genuine, { blockHash: () => Promise.resolve(undefined), pinnedBlockHashes: pinned }),
    );
    expect(report.verdict).toBe('valid');
    expect(report.anchoredAt).toBeUndefined();
  });

  it('is valid under one anchor alone', async () => {
    const report = await reportOf({ stage: 'once', block: { number: 5, time: FIRST_BLOCK_TIME, receipts: 1 } });
    expect(report).toMatchObject({ verdict: 'valid', anchoredAt: new Date(FIRST_BLOCK_TIME).toISOString() });
  });

  it('may have members that we do not know', async () => {
    const bundle = { ...genuine.bundle, more: { a: [1] }, issued: { ...genuine.bundle.issued, note: 'x' } };
    expect((await verify(bundle, optionsFor(genuine))).verdict).toBe('valid');
  });

  it('is the same after a journey through JSON text', async () => {
    const bundle: unknown = JSON.parse(JSON.stringify(genuine.bundle));
    expect((await verify(bundle, optionsFor(genuine))).verdict).toBe('valid');
  });

  it('was rightly issued by the definition’s owner without a mandate', async () => {
    const report = await reportOf({
      issued: (data) => ({ ...data, mandate: 'owner' }),
      definition: (state) => ({
        ...state,
        // Handed over after the version was published: who published it stays its creator.
        owners: [
          { ...state.owners[0]!, to: state.versions[0]!.index + 1 },
          { organisation: state.mandates[0]!.organisation, from: state.versions[0]!.index + 1 },
        ],
      }),
    });
    expect(outcomesOf(report)).toContain('mandate pass');
    expect(report.verdict).toBe('valid');
  });

  it('S13: says who holds the issuer’s key, by the log and not by the trust file', async () => {
    const organisation: Plan['organisation'] = (state) => ({
      ...state,
      keys: [{ ...state.keys[0]!, custody: 'organisation' }],
    });
    const own = await reportOf({ organisation });
    expect(own).toMatchObject({ verdict: 'valid', keyCustody: 'organisation' });
    expect(checkNamed(own, 'issuer').trusted).toContain('holds its signing key itself');
    const operators = await reportOf({});
    expect(operators.keyCustody).toBe('operator');
    expect(checkNamed(operators, 'issuer').trusted).toContain('whoever runs the ledger');
  });

  it('S12: stays valid when a later version has come', async () => {
    const definition: Plan['definition'] = (state) => ({
      ...state,
      versions: [...state.versions, { version: 2, index: 9 }],
    });
    expect(await reportOf({ definition })).toMatchObject({ verdict: 'valid', state: 'superseded' });
  });

  it('S8: stays valid when its key is retired or compromised from a later index on', async () => {
    for (const ended of ['rotated', 'compromised'] as const) {
      const organisation: Plan['organisation'] = (state, index) => ({
        ...state,
        keys: [{ ...state.keys[0]!, to: Math.min(index, 1e9) + 1, ended }],
      });
      expect((await reportOf({ organisation })).verdict).toBe('valid');
    }
  });

  it('S9: says that a further signature beside the logged one is not anchored', async () => {
    const rdf = { type: 'DataIntegrityProof', cryptosuite: 'eddsa-rdfc-2022', proofValue: 'z1' };
    const { bundle } = genuine;
    const credential = { ...bundle.credential, proof: [...(bundle.credential['proof'] as JsonObject[]), rdf] };
    const report = await verify({ ...bundle, credential }, optionsFor(genuine));
    expect(report.verdict).toBe('valid');
    expect(report.warnings.join()).toContain('not anchored');
  });
});

describe('a credential that is not in force', () => {
  it.each([
    ['revoked', { set: ['revocation'] }],
    ['suspended', { set: ['suspension'] }],
    ['expired', { validUntil: '2026-11-23T00:00:00Z', document: (d: JsonObject) => d }],
  ] as [string, Plan][])('S12: is %s', async (state, plan) => {
    const report = await reportOf(plan);
    expect(report).toMatchObject({ verdict: 'notInForce', state });
    expect(checkNamed(report, state === 'expired' ? 'validity' : 'status')).toMatchObject({
      outcome: 'fail',
      code: state,
    });
  });

  it('S12: is not yet valid before its time', async () => {
    const report = await verify(genuine.bundle, optionsFor(genuine, { now: new Date(NEVER) }));
    expect(report).toMatchObject({ verdict: 'notInForce', state: 'notYetValid' });
  });

  it('S12: shows the gravest of several', async () => {
    const plan: Plan = { set: ['revocation', 'suspension'], validUntil: '2026-11-23T00:00:00Z' };
    expect(await reportOf(plan)).toMatchObject({ verdict: 'notInForce', state: 'revoked' });
    expect(await reportOf({ ...plan, set: ['suspension'] })).toMatchObject({ state: 'suspended' });
  });

  it('S12: is so whether anchored or not, and even where something could not be checked', async () => {
    expect(await reportOf({ set: ['revocation'], stage: 'late' })).toMatchObject({ verdict: 'notInForce' });
    expect(await reportOf({ set: ['revocation'], stage: 'pending' })).toMatchObject({ verdict: 'notInForce' });
    expect(await reportOf({ set: ['revocation'] }, { trust: [] })).toMatchObject({ verdict: 'notInForce' });
  });

  it('S12: is invalid rather than not in force when it is not what was issued', async () => {
    const report = await reportOf({ set: ['revocation'], issued: (data) => ({ ...data, digest: '0'.repeat(64) }) });
    expect(report).toMatchObject({ verdict: 'invalid', state: 'revoked' });
  });

  it('S11: was revoked long ago just as well', async () => {
    expect(await reportOf({ set: ['revocation'] }, { maxStatusAgeDays: 1 })).toMatchObject({ state: 'revoked' });
  });
});

describe('a credential that is logged but not anchored', () => {
  it('S5: is pending under the pinned key’s head, as of its issuance', async () => {
    const report = await reportOf({ stage: 'pending' }, { now: new Date('2026-11-02T00:00:00Z') });
    expect(report).toMatchObject({ verdict: 'pending', state: 'active', asOf: ISSUED_AT });
    expect(checkNamed(report, 'anchor')).toMatchObject({ outcome: 'skipped', code: 'notAnchoredYet' });
    expect(report.anchoredAt).toBeUndefined();
  });

  it('S5: is pending under a standing record that came after it', async () => {
    expect((await reportOf({ stage: 'late' })).verdict).toBe('pending');
  });

  it('S1: is pending under a record that was overtaken on its way into the log, never under one ahead of it', async () => {
    const recorded = (by: number): Plan => ({ stage: 'late', standing: (d) => ({ ...d, size: d.size + by }) });
    expect((await reportOf(recorded(-1))).verdict).toBe('pending');
    expect(codesOf(await reportOf(recorded(1)))).toMatchObject({ logInclusion: 'standingSize' });
  });

  it('S1: tells of all before the record under an anchor, of what its writer had read without one', async () => {
    const early: Plan = { standing: (d) => ({ ...d, size: 0 }) };
    expect((await reportOf(early)).verdict).toBe('valid');
    expect((await reportOf({ stage: 'late' })).asOf).not.toBe(ISSUED_AT);
    expect(await reportOf({ ...early, stage: 'late' })).toMatchObject({ verdict: 'pending', asOf: ISSUED_AT });
  });

  it.each([
    ['organisation', 'issuer'],
    ['definition', 'mandate'],
    ['definition', 'definition'],
  ] as const)(
    'S1: has no known standing where the %s has changed since the record (%s)',
    async (changedBefore, name) => {
      const report = await reportOf({ stage: 'pending', changedBefore });
      expect(report.verdict).toBe('undetermined');
      expect(checkNamed(report, name)).toMatchObject({ outcome: 'unknown', code: 'standingTooOld' });
    },
  );

  it('S1: has no known standing without a record', async () => {
    const report = await reportOf({ stage: 'bare' });
    expect(report.verdict).toBe('undetermined');
    expect(codesOf(report)).toMatchObject({ issuer: 'standingMissing', mandate: 'standingMissing' });
  });

  it('S11: is undetermined when that was long ago', async () => {
    const report = await reportOf({ stage: 'pending' }, { now: new Date('2026-12-24T00:00:00Z') });
    expect(report.verdict).toBe('undetermined');
    expect(codesOf(report)).toMatchObject({ status: 'statusTooOld' });
  });

  it('S12: is pending while the anchor’s block is not final', async () => {
    const blockHash: VerifyOptions['blockHash'] = (_chain, number) =>
      Promise.resolve({ hash: genuine.blockHashes.get(number)!, final: false });
    const report = await verify(genuine.bundle, optionsFor(genuine, { blockHash }));
    expect(report.verdict).toBe('pending');
    expect(checkNamed(report, 'anchor')).toMatchObject({ outcome: 'skipped', code: 'notFinalYet' });
    expect(report.anchoredAt).toBeUndefined();
  });
});

describe('what cannot be determined', () => {
  it('S4: is anything without a pinned trust file', async () => {
    for (const trust of [[], [{ ...genuine.trust, origin: 'other.example/log' }]]) {
      const report = await verify(genuine.bundle, optionsFor(genuine, { trust }));
      expect(report.verdict).toBe('undetermined');
      expect(codesOf(report)).toEqual({
        issuer: 'untrusted',
        mandate: 'untrusted',
        definition: 'untrusted',
        logInclusion: 'untrusted',
        anchor: 'untrusted',
        status: 'untrusted',
      });
      expect(report.anchoredAt).toBeUndefined();
    }
  });

  it('S4: is not helped by a trust file in the bundle', async () => {
    const report = await verify({ ...genuine.bundle, trust: genuine.trust }, optionsFor(genuine, { trust: [] }));
    expect(report.verdict).toBe('undetermined');
  });

  it('S4: is undetermined also when pending', async () => {
    const report = await reportOf({ stage: 'late' }, { trust: [] });
    expect(report.verdict).toBe('undetermined');
    expect(codesOf(report)).toMatchObject({ issuer: 'untrusted', anchor: 'untrusted' });
  });

  it('S10: is the anchor when nobody vouches for the block', async () => {
    const { blockHash: _, ...options } = optionsFor(genuine);
    const report = await verify(genuine.bundle, options);
    expect(report).toMatchObject({ verdict: 'undetermined' });
    expect(codesOf(report)).toEqual({ anchor: 'blockHashMissing' });
  });

  it('S10: is the anchor, never false, when the chain cannot be reached', async () => {
    const blockHash = (): Promise<string> => Promise.reject(new TypeError('fetch failed'));
    const report = await verify(genuine.bundle, optionsFor(genuine, { blockHash }));
    expect(report.verdict).toBe('undetermined');
    expect(checkNamed(report, 'anchor')).toMatchObject({ outcome: 'unknown', code: 'chainUnreachable' });
  });

  it('S10: is not settled by a block hash that is pinned for another chain', async () => {
    const { blockHash: _, ...options } = optionsFor(genuine);
    const pinnedFor = (chainId?: number): VerifyOptions['pinnedBlockHashes'] =>
      [...genuine.blockHashes.values()].map((hash) => ({ hash, ...(chainId === undefined ? {} : { chainId }) }));
    const { chainId } = genuine.bundle.anchor!;
    const codesFor = async (chain?: number): Promise<object> =>
      codesOf(await verify(genuine.bundle, { ...options, pinnedBlockHashes: pinnedFor(chain)! }));
    expect(await codesFor(chainId)).toEqual({});
    expect(await codesFor()).toEqual({});
    expect(await codesFor(chainId + 1)).toEqual({ anchor: 'blockHashMissing' });
  });

  it('S10: says of a chain that has closed that it has, and is settled by whoever kept the block’s hash', async () => {
    const { blockHash: _, ...options } = optionsFor(genuine);
    const closed = { at: '2026-11-01T00:00:00Z', blockHashes: 'https://ledger.example/list' };
    const pinned = genuine.trust;
    const trust = [{ ...pinned, chains: pinned.chains.map((chain) => ({ ...chain, closed })) }];
    const gone = await verify(genuine.bundle, { ...options, trust });
    expect(gone.verdict).toBe('undetermined');
    expect(codesOf(gone)).toEqual({ anchor: 'chainClosed' });
    const pinnedBlockHashes = [...genuine.blockHashes.values()];
    const kept = await verify(genuine.bundle, { ...options, trust, pinnedBlockHashes });
    expect(kept).toMatchObject({ verdict: 'valid', warnings: expect.arrayContaining([CLOSED_WARNING]) });
  });

  it('S10: takes a block’s hash from a list, and says which', async () => {
    const { blockHash: _, ...options } = optionsFor(genuine);
    const { chainId } = genuine.bundle.anchor!;
    const listed = (change: (block: { chainId: number; blockNumber: number; hash: string }) => object, list: string) =>
      [...genuine.blockHashes].map(
        ([blockNumber, hash]) => ({ ...change({ chainId, blockNumber, hash }), list }) as PinnedBlockHash,
      );
    const verdictWith = async (...pinnedBlockHashes: PinnedBlockHash[]): Promise<unknown[]> => {
      const report = await verify(genuine.bundle, { ...options, pinnedBlockHashes });
      const { code, trusted } = checkNamed(report, 'anchor');
      return [report.verdict, code, trusted];
    };
    const kept = listed((block) => block, 'kept.json');
    const { blockHash } = genuine.bundle.anchor!;
    const trusted = `block hash ${blockHash}: in the list of block hashes kept.json`;
    expect(await verdictWith(...kept)).toEqual(['valid', undefined, trusted]);
    const report = await verify(genuine.bundle, { ...options, pinnedBlockHashes: kept });
    expect(report.anchoredAt).toBeDefined();
    // Of another block, of another chain: no word about this one.
    const elsewhere = listed(({ blockNumber, ...block }) => ({ ...block, blockNumber: blockNumber + 100 }), 'x');
    expect(await verdictWith(...elsewhere)).toEqual(['undetermined', 'blockHashMissing', undefined]);
    const onOther = listed((block) => ({ ...block, chainId: chainId + 1 }), 'x');
    expect(await verdictWith(...onOther)).toEqual(['undetermined', 'blockHashMissing', undefined]);
    // Another hash of this very block: not the anchor that it is said to be, or a list that lies.
    const lying = listed((block) => ({ ...block, hash: `0x${'00'.repeat(32)}` }), 'lying.json');
    expect(await verdictWith(...lying)).toEqual(['invalid', 'blockHashDiffers', undefined]);
    expect(await verdictWith(...kept, ...lying)).toEqual(['undetermined', 'blockHashMissing', undefined]);
    expect(await verdictWith(...lying, ...kept)).toEqual(['undetermined', 'blockHashMissing', undefined]);
  });

  it('S10: believes no block hash in the bundle itself', async () => {
    const { blockHash: _, ...options } = optionsFor(genuine);
    const { blockHash, blockNumber, chainId } = genuine.bundle.anchor!;
    const list = {
      type: 'MeritkedjaBlockHashes',
      version: 1,
      origin: genuine.bundle.origin,
      name: 'x',
      chainId,
      anchors: [{ blockNumber, blockHash }],
    };
    const laden = { ...genuine.bundle, pinnedBlockHashes: [blockHash], blockHashes: list, blockHash };
    expect(codesOf(await verify(laden, options))).toEqual({ anchor: 'blockHashMissing' });
  });

  it('S19: takes an anchor only of the anchorer that was in force at its last entry', async () => {
    const { anchorer } = genuine.bundle.anchor!;
    const { size } = parseCheckpoint(genuine.bundle.checkpoint.split('\n\n')[0]! + '\n');
    const anchoredBy = async (term: { from: number; to?: number }): Promise<object> => {
      const pinned = genuine.trust;
      const chains = pinned.chains.map((chain) => ({ ...chain, anchorers: [{ address: anchorer, ...term }] }));
      return codesOf(await verify(genuine.bundle, optionsFor(genuine, { trust: [{ ...pinned, chains }] })));
    };
    expect(await anchoredBy({ from: 0 })).toEqual({});
    expect(await anchoredBy({ from: size - 1, to: size })).toEqual({});
    expect(await anchoredBy({ from: size })).toEqual({ anchor: 'anchorerNotInForce' });
    expect(await anchoredBy({ from: 0, to: size - 1 })).toEqual({ anchor: 'anchorerNotInForce' });
  });

  it('S10: is settled by a pinned block hash without any chain', async () => {
    const { blockHash: _, ...options } = optionsFor(genuine, { pinnedBlockHashes: [...genuine.blockHashes.values()] });
    expect(await verify(genuine.bundle, options)).toMatchObject({ verdict: 'valid' });
  });

  it('is the anchor on a chain that the trust file does not name', async () => {
    const report = await reportOf({ block: { chainId: 1 } });
    expect(checkNamed(report, 'anchor')).toMatchObject({ outcome: 'unknown', code: 'chainNotPinned' });
  });

  it('S11: is the status when it is older than allowed', async () => {
    const report = await verify(genuine.bundle, optionsFor(genuine, { maxStatusAgeDays: 3 }));
    expect(report.verdict).toBe('undetermined');
    expect(codesOf(report)).toEqual({ status: 'statusTooOld' });
    const later = new Date('2026-12-21T10:05:01Z');
    expect((await verify(genuine.bundle, optionsFor(genuine, { now: later }))).verdict).toBe('undetermined');
  });

  it('S1: is what lacks its leaf', async () => {
    const { standing } = genuine.bundle;
    for (const [place, name] of [
      [0, 'definition'],
      [1, 'issuer'],
      [2, 'status'],
    ] as const) {
      const leaves = standing!.leaves.filter((_, i) => i !== place);
      const report = await verify({ ...genuine.bundle, standing: { ...standing!, leaves } }, optionsFor(genuine));
      expect(report.verdict).toBe('undetermined');
      expect(checkNamed(report, name)).toMatchObject({ outcome: 'unknown', code: 'leafMissing' });
    }
  });

  it('is the status without the list, with another list, or with a list that is not one', async () => {
    const [revocations, suspensions] = genuine.bundle.statusLists as [JsonObject, JsonObject];
    const statusOf = async (statusLists: JsonObject[]): Promise<Check> =>
      checkNamed(await verify({ ...genuine.bundle, statusLists }, optionsFor(genuine)), 'status');
    expect(await statusOf([revocations])).toMatchObject({ outcome: 'unknown', code: 'statusListMissing' });
    expect(await statusOf([{ ...revocations, issuer: 'x' }, suspensions])).toMatchObject({
      code: 'statusListMismatch',
    });
    const foreign = await reportOf({ list: (state) => ({ ...state, organisation: STEWARD }) });
    expect(codesOf(foreign)).toEqual({ status: 'statusListOther' });
    const swapped = await reportOf({
      list: (state, purpose) => ({ ...state, purpose: purpose === 'revocation' ? 'suspension' : 'revocation' }),
    });
    expect(codesOf(swapped)).toEqual({ status: 'statusListOther' });
  });

  it('is not the status when no list was ever published: no bit of it is set', async () => {
    const report = await reportOf({ list: ({ organisation, purpose }) => ({ organisation, purpose, sequence: 0 }) });
    expect(report.verdict).toBe('valid');
  });

  it('is a definition whose content is sealed', async () => {
    const report = await reportOf({ content: () => undefined });
    expect(codesOf(report)).toEqual({ definition: 'contentSealed' });
  });

  it('is a bundle of a later version', async () => {
    const report = await verify({ ...genuine.bundle, version: 2 }, optionsFor(genuine));
    expect(report.verdict).toBe('undetermined');
    expect(codesOf(report)).toMatchObject({ format: 'unsupportedVersion', integrity: 'notReached' });
  });

  it('is not a bundle of no version, or of one that is none: that is malformed', async () => {
    for (const version of [undefined, null, 0, -1, 1.5, 1e300, '2', 'x'.repeat(100_000), [2], { a: 1 }]) {
      const report = await verify({ ...genuine.bundle, version }, optionsFor(genuine));
      expect(report.verdict).toBe('invalid');
      expect(checkNamed(report, 'format')).toMatchObject({ outcome: 'fail', code: 'bundleMalformed' });
      expect(checkNamed(report, 'format').detail.length).toBeLessThan(200);
    }
  });

  it.each([
    ['a lone surrogate', '\ud800'],
    ['a number beyond all', Number.POSITIVE_INFINITY],
  ])('is the status with %s in the list, which then is not the one that was logged', async (_, value) => {
    const [revocations, suspensions] = genuine.bundle.statusLists as [JsonObject, JsonObject];
    const bundle = { ...genuine.bundle, statusLists: [{ ...revocations, name: value }, suspensions] };
    const report = await verify(bundle, optionsFor(genuine));
    expect(codesOf(report)).toEqual({ status: 'statusListMismatch' });
  });
});

describe('a credential without a bundle', () => {
  it('S5: is never more than undetermined', async () => {
    const report = await verify(genuine.bundle.credential, optionsFor(genuine));
    expect(report.verdict).toBe('undetermined');
    expect(outcomesOf(report)).toContain('integrity pass');
    expect(codesOf(report)).toMatchObject({ issuer: 'noProof', logInclusion: 'noProof', anchor: 'noProof' });
  });

  it('S5: with a stolen key makes nothing that looks genuine', async () => {
    const resolve = (): Promise<unknown> => Promise.resolve(NOT_LOGGED);
    const report = await verify(genuine.bundle.credential, optionsFor(genuine, { resolve }));
    expect(report.verdict).toBe('invalid');
    expect(checkNamed(report, 'logInclusion')).toMatchObject({ outcome: 'fail', code: 'notLogged' });
  });

  it('is valid where its bundle is found', async () => {
    const resolve = (): Promise<unknown> => Promise.resolve(genuine.bundle);
    expect((await verify(genuine.bundle.credential, optionsFor(genuine, { resolve }))).verdict).toBe('valid');
  });

  it('is held against the bundle found, not replaced by it', async () => {
    const resolve = (): Promise<unknown> => Promise.resolve(genuine.bundle);
    const other = { ...genuine.bundle.credential, name: 'Läkarlegitimation' };
    expect((await verify(other, optionsFor(genuine, { resolve }))).verdict).toBe('invalid');
  });

  it('is invalid with a broken signature, and undetermined with a suite that is not ours', async () => {
    const { credential } = genuine.bundle;
    const broken = await verify({ ...credential, name: 'x' }, optionsFor(genuine));
    expect(codesOf(broken)).toMatchObject({ integrity: 'signature' });
    expect(broken.verdict).toBe('invalid');
    const proof = [{ type: 'DataIntegrityProof', cryptosuite: 'ecdsa-rdfc-2019' }];
    const foreign = await verify({ ...credential, proof }, optionsFor(genuine));
    expect(checkNamed(foreign, 'integrity')).toMatchObject({ outcome: 'unknown', code: 'proofSuite' });
    expect(foreign.verdict).toBe('undetermined');
  });
});

/** A plan in which the ledger itself says what is wrong, with the one check and code that must tell. */
const WRONG: readonly (readonly [string, CheckName, CheckCode, Plan])[] = [
  ['S6: another digest', 'integrity', 'digestMismatch', { issued: (d) => ({ ...d, digest: '0'.repeat(64) }) }],
  ['S6: another id', 'integrity', 'idMismatch', { document: (d) => ({ ...d, id: 'urn:uuid:x' }) }],
  [
    'S6: another validFrom',
    'integrity',
    'validFromMismatch',
    { issued: (d) => ({ ...d, validFrom: ISSUED_AT.replace('T10', 'T09') }) },
  ],
  [
    'S6: another validUntil',
    'integrity',
    'validUntilMismatch',
    { issued: (d) => ({ ...d, validUntil: '2030-01-01T00:00:00Z' }) },
  ],
  [
    'S6: no validUntil',
    'integrity',
    'validUntilMismatch',
    { document: (d) => ({ ...d, validUntil: '2030-01-01T00:00:00Z' }) },
  ],
  [
    'S6: another status index',
    'integrity',
    'statusMismatch',
    {
      issued: (d) => ({ ...d, statusLists: { ...d.statusLists, revocation: { list: REVOCATIONS, index: 78 } } }),
    },
  ],
  [
    'S6: another status list',
    'integrity',
    'statusMismatch',
    {
      issued: (d) => ({ ...d, statusLists: { ...d.statusLists, suspension: { ...d.statusLists.revocation } } }),
    },
  ],
  ['S6: no status', 'integrity', 'statusMismatch', { document: ({ credentialStatus: _, ...d }) => d }],
  ['S6: another issuer', 'issuer', 'issuerMismatch', { document: (d) => ({ ...d, issuer: 'did:web:other.example' }) }],
  ['S6: the key of another DID', 'issuer', 'issuerMismatch', { controller: 'did:web:other.example' }],
  ['S8: another DID', 'issuer', 'issuerMismatch', { organisation: (s) => ({ ...s, did: 'did:web:other.example' }) }],
  [
    'S8, S13: an organisation that goes by the DID of another, whose own stream then shows nothing of it',
    'issuer',
    'issuerMismatch',
    {
      document: (d) => ({ ...d, issuer: STEWARD_DID }),
      controller: STEWARD_DID,
      organisation: (s) => ({ ...s, did: STEWARD_DID }),
    },
  ],
  ['S6: another key than logged', 'issuer', 'keyMismatch', { signWith: OTHER_KEY }],
  [
    'S8: a key that is nobody’s',
    'issuer',
    'keyUnknown',
    { signWith: OTHER_KEY, issued: (d) => ({ ...d, key: OTHER_KID }) },
  ],
  [
    'S8: a key from later',
    'issuer',
    'keyNotYetInForce',
    { organisation: (s, i) => ({ ...s, keys: [{ ...s.keys[0]!, from: Math.min(i, 1e9) }] }) },
  ],
  [
    'S8: a rotated key',
    'issuer',
    'keyEnded',
    { organisation: (s) => ({ ...s, keys: [{ ...s.keys[0]!, to: 8, ended: 'rotated' }] }) },
  ],
  [
    'S8: a compromised key',
    'issuer',
    'keyCompromised',
    {
      organisation: (s, i) => ({ ...s, keys: [{ ...s.keys[0]!, to: Math.min(i, 1e9), ended: 'compromised' }] }),
    },
  ],
  [
    'S8: a kid that stands for another key',
    'issuer',
    'keyUnknown',
    { organisation: (s) => ({ ...s, keys: [{ ...s.keys[0]!, publicKeyMultibase: OTHER_KID }] }) },
  ],
  ['an organisation that was closed', 'issuer', 'organisationClosed', { organisation: (s) => ({ ...s, closed: 8 }) }],
  [
    'S7: a stale citation of the organisation',
    'issuer',
    'organisationReadStale',
    { changedBefore: 'organisation', issued: (d) => ({ ...d, reads: [{ ...d.reads[0]!, revision: 1 }, d.reads[1]!] }) },
  ],
  [
    'S7: no citation of the organisation',
    'issuer',
    'organisationReadStale',
    { issued: (d) => ({ ...d, reads: [d.reads[1]!] }) },
  ],
  [
    'S7: a citation from the future',
    'issuer',
    'organisationReadStale',
    { issued: (d) => ({ ...d, reads: [{ ...d.reads[0]!, revision: 5 }, d.reads[1]!] }) },
  ],
  [
    'S7: a citation of what the standing record has as the newest, which came after the issuance',
    'issuer',
    'organisationReadStale',
    { organisation: (s, i) => ({ ...s, revisions: [...s.revisions.slice(0, -1), Math.min(i, 1e9) + 1] }) },
  ],
  [
    'S7: revisions that do not rise',
    'issuer',
    'leafMalformed',
    { organisation: (s) => ({ ...s, revisions: s.revisions.map((_, i) => s.revisions.length - i) }) },
  ],
  [
    'S7: another entry of the version than the one that the standing knows',
    'definition',
    'versionUnknown',
    { definition: (s) => ({ ...s, versions: [{ ...s.versions[0]!, index: s.versions[0]!.index + 1 }] }) },
  ],
  ['an owner that is none', 'mandate', 'notOwner', { issued: (d) => ({ ...d, mandate: 'owner' }) }],
  [
    'S7: an owner that has transferred the definition',
    'mandate',
    'notOwner',
    {
      issued: (d) => ({ ...d, mandate: 'owner' }),
      definition: (s) => ({
        ...s,
        owners: [s.owners[0]!, { organisation: s.mandates[0]!.organisation, from: s.owners[0]!.from, to: 8 }],
      }),
    },
  ],
  ['a mandate that never was', 'mandate', 'mandateUnknown', { definition: (s) => ({ ...s, mandates: [] }) }],
  [
    'another’s mandate',
    'mandate',
    'mandateOther',
    { definition: (s) => ({ ...s, mandates: [{ ...s.mandates[0]!, organisation: STEWARD }] }) },
  ],
  [
    'S7: a withdrawn mandate',
    'mandate',
    'mandateNotInForce',
    { definition: (s) => ({ ...s, mandates: [{ ...s.mandates[0]!, to: 8 }] }) },
  ],
  [
    'S7: a mandate from later',
    'mandate',
    'mandateNotInForce',
    { definition: (s, i) => ({ ...s, mandates: [{ ...s.mandates[0]!, from: Math.min(i, 1e9) }] }) },
  ],
  [
    'a mandate for later dates',
    'mandate',
    'mandateOutsideDates',
    { definition: (s) => ({ ...s, mandates: [{ ...s.mandates[0]!, notBefore: '2026-12-01T00:00:00Z' }] }) },
  ],
  [
    'a mandate for earlier dates',
    'mandate',
    'mandateOutsideDates',
    { definition: (s) => ({ ...s, mandates: [{ ...s.mandates[0]!, notAfter: '2026-10-01T00:00:00Z' }] }) },
  ],
  ['S7: a version that was published later', 'definition', 'versionLater', { publishedLate: true }],
  ['S6: another version', 'definition', 'definitionOther', { issued: (d) => ({ ...d, version: 2 }) }],
  [
    'S7: a retired version',
    'definition',
    'versionRetired',
    { definition: (s) => ({ ...s, versions: [{ ...s.versions[0]!, retired: 8 }] }) },
  ],
  [
    'a version that the standing does not know',
    'definition',
    'versionUnknown',
    { definition: (s) => ({ ...s, versions: [] }) },
  ],
  [
    'S6: another achievement',
    'definition',
    'achievementMismatch',
    { content: (c) => ({ ...c, workload: { hours: 25 } }) as unknown as JsonObject },
  ],
  [
    'S13: a version that names another than its owner as its creator',
    'definition',
    'achievementMismatch',
    {
      content: (c) => ({ ...c, creator: { ...c.creator, did: DID } }) as unknown as JsonObject,
      document: (d) => withCreator(d, DID),
    },
  ],
  ['S6: content that is none', 'definition', 'achievementMismatch', { content: () => ({ title: 1 }) }],
  [
    'S7: a stale citation of the definition',
    'definition',
    'definitionReadStale',
    { changedBefore: 'definition', issued: (d) => ({ ...d, reads: [d.reads[0]!, { ...d.reads[1]!, revision: 2 }] }) },
  ],
  ['S1: entries after the standing record', 'logInclusion', 'standingNotLast', { after: 1 }],
  ['S1: a record ahead of itself', 'logInclusion', 'standingSize', { standing: (d) => ({ ...d, size: d.size + 1 }) }],
  [
    'S1: a record with another number of leaves',
    'logInclusion',
    'standingSize',
    { standing: (d) => ({ ...d, leaves: 4 }) },
  ],
  [
    'S1: a record with another root',
    'logInclusion',
    'leafNotIncluded',
    { standing: (d) => ({ ...d, root: toBase64(new Uint8Array(32)) }) },
  ],
  ['S4: another contract', 'anchor', 'contractNotPinned', { block: { contract: ANCHORER } }],
  ['S4: another anchorer', 'anchor', 'anchorerNotPinned', { block: { anchorer: CONTRACT } }],
  ['S2: another root on the chain', 'anchor', 'anchoredRoot', { block: { root: new Uint8Array(32) } }],
  ['a block before the first', 'anchor', 'blockTooEarly', { block: { number: 0 } }],
];

/** Heads of the genuine ledger: 13 entries under its first anchor, 19 under its newest. */
describe('S19: a ledger that has changed a key', () => {
  const NEW_KEY = signer(new Uint8Array(32).fill(61));
  const NEW_VKEY = formatVerifierKey(ORIGIN, NEW_KEY.publicKey);
  const OLD = trustFile();
  const newerAt = (size: number): TrustFile => ({
    ...OLD,
    vkey: NEW_VKEY,
    vkeys: [
      { vkey: OLD.vkey, from: 0, to: size },
      { vkey: NEW_VKEY, from: size },
    ],
  });
  const sizesOf = ({ bundle }: Synthetic): number[] =>
    [bundle.firstAnchor!.checkpoint, bundle.checkpoint].map((note) => Number(note.split('\n')[1]));

  it('log key: a bundle from before the rotation is valid with the trust file of before and of after', async () => {
    const [, size] = sizesOf(genuine);
    for (const trust of [OLD, newerAt(size!), newerAt(size! + 5)]) {
      expect((await verify(genuine.bundle, optionsFor(genuine, { trust: [trust] }))).verdict).toBe('valid');
    }
  });

  it('log key: a bundle from after it is valid with the newer trust file, whichever head was signed by which', async () => {
    const sizes = sizesOf(genuine);
    for (const size of [0, sizes[0]! - 1, sizes[0]!, sizes[1]! - 1]) {
      const ledger = await syntheticLedger({ rotatedAt: { size, key: NEW_KEY } });
      expect((await verify(ledger.bundle, optionsFor(ledger, { trust: [newerAt(size)] }))).verdict).toBe('valid');
    }
  });

  it('log key: a trust file that is older than the rotation refuses the new key, as it would a forger’s', async () => {
    const ledger = await syntheticLedger({ rotatedAt: { size: 0, key: NEW_KEY } });
    const report = await verify(ledger.bundle, optionsFor(ledger, { trust: [OLD] }));
    expect(report.verdict).toBe('invalid');
    expect(codesOf(report)).toMatchObject({ logInclusion: 'checkpointSignature', anchor: 'restsOnLog' });
    const joined = await syntheticLedger({ rotatedAt: { size: sizesOf(genuine)[0]!, key: NEW_KEY } });
    expect((await verify(joined.bundle, optionsFor(joined, { trust: [OLD] }))).verdict).toBe('invalid');
  });

  it('log key: neither key signs the other’s heads', async () => {
    const [, size] = sizesOf(genuine);
    const late = await verify(genuine.bundle, optionsFor(genuine, { trust: [newerAt(size! - 1)] }));
    expect(late.verdict).toBe('invalid');
    expect(codesOf(late)).toMatchObject({ logInclusion: 'checkpointKeyNotInForce' });
    const ledger = await syntheticLedger({ rotatedAt: { size: 0, key: NEW_KEY } });
    const early = await verify(ledger.bundle, optionsFor(ledger, { trust: [newerAt(size! + 1)] }));
    expect(early.verdict).toBe('invalid');
    expect(codesOf(early)).toMatchObject({ logInclusion: 'checkpointKeyNotInForce' });
  });

  it('anchorer: a trust file that is older than the rotation refuses the new anchorer', async () => {
    const anchorer = `0x${'77'.repeat(20)}`;
    const ledger = await syntheticLedger({ block: { anchorer } });
    const [first, size] = sizesOf(ledger);
    const old = await verify(ledger.bundle, optionsFor(ledger, { trust: [OLD] }));
    expect(old.verdict).toBe('invalid');
    expect(codesOf(old)).toEqual({ anchor: 'anchorerNotPinned' });
    const anchorers = [
      { address: ANCHORER, from: 0, to: first! },
      { address: anchorer, from: first! },
    ];
    const trust = { ...OLD, chains: OLD.chains.map((chain) => ({ ...chain, anchorers })) };
    const report = await verify(ledger.bundle, optionsFor(ledger, { trust: [trust] }));
    expect(report).toMatchObject({ verdict: 'valid', anchoredAt: new Date(FIRST_BLOCK_TIME).toISOString() });
    const swapped = anchorers.map((one) => ({ ...one, from: size! }));
    const early = { ...OLD, chains: OLD.chains.map((chain) => ({ ...chain, anchorers: swapped })) };
    const refused = await verify(ledger.bundle, optionsFor(ledger, { trust: [early] }));
    expect(codesOf(refused)).toEqual({ anchor: 'anchorerNotInForce' });
  });

  it('S4: several ledgers: each bundle is held against its own ledger’s trust file alone', async () => {
    const other: TrustFile = {
      ...OLD,
      origin: 'other.example/log',
      vkey: formatVerifierKey('other.example/log', NEW_KEY.publicKey),
    };
    for (const trust of [
      [other, OLD],
      [OLD, other],
    ]) {
      expect((await verify(genuine.bundle, optionsFor(genuine, { trust }))).verdict).toBe('valid');
    }
    const origin = { ...genuine.bundle, origin: other.origin };
    expect(codesOf(await verify(origin, optionsFor(genuine, { trust: [OLD, other] })))).toMatchObject({
      logInclusion: 'checkpointSignature',
    });
  });
});

describe('S8: an issuing key', () => {
  /** Ends the issuer's key at an index relative to the issuance, and gives it a successor. */
  const endedAt =
    (by: number, ended: 'rotated' | 'superseded' | 'compromised'): NonNullable<Plan['organisation']> =>
    (state, index) => ({
      ...state,
      keys: [
        { ...state.keys[0]!, to: Math.min(index, 1e9) + by, ended },
        { ...state.keys[0]!, kid: OTHER_KID, publicKeyMultibase: OTHER_KID, from: Math.min(index, 1e9) + by },
      ],
    });

  it.each([
    ['rotated', 1, undefined],
    ['rotated', 0, 'keyEnded'],
    ['rotated', -1, 'keyEnded'],
    ['superseded', 1, undefined],
    ['superseded', 0, 'keyEnded'],
    ['compromised', 1, undefined],
    ['compromised', 0, 'keyCompromised'],
    ['compromised', -3, 'keyCompromised'],
  ] as const)('%s %d entries from the issuance: %s', async (ended, by, code) => {
    const report = await reportOf({ organisation: endedAt(by, ended) });
    expect(codesOf(report)).toEqual(code === undefined ? {} : { issuer: code });
    expect(report.verdict).toBe(code === undefined ? 'valid' : 'invalid');
  });

  it('that was announced compromised from an earlier index takes what it signed since, pending or anchored', async () => {
    for (const stage of ['anchored', 'once', 'late'] as const) {
      const block = stage === 'once' ? { block: { number: 5, time: FIRST_BLOCK_TIME, receipts: 1 } } : {};
      const report = await reportOf({ stage, organisation: endedAt(-1, 'compromised'), ...block });
      expect(report.verdict).toBe('invalid');
      expect(codesOf(report)).toMatchObject({ issuer: 'keyCompromised' });
    }
  });

  it('that is its successor does not stand for what was issued before it', async () => {
    const report = await reportOf({
      signWith: OTHER_KEY,
      issued: (data) => ({ ...data, key: OTHER_KID }),
      organisation: endedAt(1, 'rotated'),
    });
    expect(codesOf(report)).toEqual({ issuer: 'keyNotYetInForce' });
  });
});

describe('S7: a mandate', () => {
  const changed =
    (
      change: (index: number) => Partial<{ from: number; to: number; notBefore: string; notAfter: string }>,
    ): NonNullable<Plan['definition']> =>
    (state, index) => ({ ...state, mandates: [{ ...state.mandates[0]!, ...change(Math.min(index, 1e9)) }] });

  it.each([
    ['withdrawn after the issuance', (index: number) => ({ to: index + 1 }), undefined],
    ['withdrawn before the issuance', (index: number) => ({ to: index - 1 }), 'mandateNotInForce'],
    ['withdrawn at its very index, which no two events have', (index: number) => ({ to: index }), 'mandateNotInForce'],
    ['for dates around the issuance', () => ({ notBefore: ISSUED_AT, notAfter: ISSUED_AT }), undefined],
    ['for dates before it', () => ({ notAfter: '2026-11-01T09:59:59.999Z' }), 'mandateOutsideDates'],
    ['for dates after it', () => ({ notBefore: '2026-11-01T10:00:00.001Z' }), 'mandateOutsideDates'],
  ] as const)('%s', async (_, change, code) => {
    const report = await reportOf({ definition: changed(change) });
    expect(codesOf(report)).toEqual(code === undefined ? {} : { mandate: code });
  });

  it('that was granted again serves the issuance that cites the one in force', async () => {
    const again: NonNullable<Plan['definition']> = (state, index) => ({
      ...state,
      mandates: [
        { ...state.mandates[0]!, mandate: REVOCATIONS, to: Math.min(index, 1e9) - 1 },
        { ...state.mandates[0]! },
      ],
    });
    expect((await reportOf({ definition: again })).verdict).toBe('valid');
    const cited = await reportOf({ definition: again, issued: (data) => ({ ...data, mandate: REVOCATIONS }) });
    expect(codesOf(cited)).toEqual({ mandate: 'mandateNotInForce' });
  });
});

describe('S11: a verdict as of a date', () => {
  const at = (date: string): Partial<VerifyOptions> => ({ now: new Date(date) });

  it('judges validity, and the age of what is known, by that date; the report says which clock it was', async () => {
    const plan: Plan = { validUntil: '2027-06-30T00:00:00Z', document: (d) => d };
    for (const [date, verdict, state] of [
      ['2026-11-01T09:59:59.999Z', 'notInForce', 'notYetValid'],
      ['2026-11-20T10:05:00Z', 'valid', 'active'],
      ['2026-12-20T10:05:00Z', 'valid', 'active'],
      ['2026-12-20T10:05:01Z', 'undetermined', 'active'],
      ['2027-06-29T23:59:59.999Z', 'undetermined', 'active'],
      ['2027-06-30T00:00:00Z', 'notInForce', 'expired'],
    ] as const) {
      const report = await reportOf(plan, at(date));
      expect([date, report.verdict, report.state]).toEqual([date, verdict, state]);
      expect(report).toMatchObject({ now: new Date(date).toISOString(), clock: 'given' });
    }
    expect((await reportOf({}, { clock: 'verifier' })).clock).toBe('verifier');
  });

  it('says of a date before the bundle’s own time what can be told and what cannot', async () => {
    const report = await reportOf({}, at('2026-11-10T00:00:00Z'));
    expect(report).toMatchObject({ verdict: 'valid', asOf: new Date(BLOCK_TIME).toISOString() });
    expect(report.warnings).toEqual([NEWER_THAN_DATE_WARNING]);
    expect((await reportOf({})).warnings).toEqual([]);
  });

  it('cannot tell of such a date whether what is revoked or suspended since was so then, and says that it is now', async () => {
    for (const set of ['revocation', 'suspension'] as const) {
      const report = await reportOf({ set: [set] }, at('2026-11-10T00:00:00Z'));
      expect(report.verdict).toBe('notInForce');
      expect(report.warnings).toEqual([NEWER_THAN_DATE_WARNING]);
    }
  });

  it('shows what was suspended and then reinstated as its newest list has it', async () => {
    expect((await reportOf({ set: ['suspension'] })).state).toBe('suspended');
    expect((await reportOf({ set: [] })).state).toBe('active');
  });

  it('asks key and mandate at the issuance’s index, whatever the date', async () => {
    const ended: Plan['organisation'] = (state, index) => ({
      ...state,
      keys: [{ ...state.keys[0]!, to: Math.min(index, 1e9) + 2, ended: 'rotated' }],
    });
    for (const date of ['2026-11-02T00:00:00Z', NOW, '2026-12-15T00:00:00Z']) {
      const report = await reportOf({ organisation: ended }, at(date));
      expect([checkNamed(report, 'issuer').outcome, checkNamed(report, 'mandate').outcome]).toEqual(['pass', 'pass']);
    }
  });
});

describe('a ledger that says something else than the document needs', () => {
  it.each(WRONG)('is told: %s (%s, %s)', async (_, name, code, plan) => {
    const report = await reportOf(plan);
    const failed = report.checks.filter(({ outcome }) => outcome === 'fail');
    expect(failed.map((check) => [check.name, check.code])).toEqual([[name, code]]);
    expect(report.verdict).toBe('invalid');
  });

  it('S7: is not helped by citing what was true once: the definition was republished in between', async () => {
    const report = await reportOf({
      changedBefore: 'definition',
      issued: (d) => ({ ...d, reads: d.reads.map((r) => ({ ...r, revision: r.revision - 1 })) }),
    });
    expect(codesOf(report)).toMatchObject({ definition: 'definitionReadStale', issuer: 'organisationReadStale' });
  });
});

/** A change to the bundle itself, with the one check and code that must tell. */
const TAMPERED: readonly (readonly [string, CheckName, CheckCode, (bundle: ProofBundle) => unknown])[] = [
  [
    'S27: two proofs',
    'integrity',
    'proofTwice',
    (b) => withCredential(b, (c) => ({ proof: [...proofsOf(c), ...proofsOf(c)] })),
  ],
  ['no proof', 'integrity', 'proofMissing', (b) => withCredential(b, () => ({ proof: [] }))],
  [
    'a proof of another suite only',
    'integrity',
    'proofSuite',
    (b) => withCredential(b, () => ({ proof: [{ cryptosuite: 'x' }] })),
  ],
  ['a key without a name', 'integrity', 'verificationMethod', (b) => withProof(b, { verificationMethod: 'did:web:x' })],
  ['another name', 'integrity', 'signature', (b) => withCredential(b, () => ({ name: 'Läkarlegitimation' }))],
  ['S21: another nonce', 'integrity', 'signature', (b) => withProof(b, { nonce: 'eA' })],
  [
    'S6: another context added',
    'integrity',
    'digestMismatch',
    (b) => withCredential(b, (c) => ({ '@context': [...(c['@context'] as string[]), 'https://example.org/x'] })),
  ],
  [
    'S2: another log’s head',
    'logInclusion',
    'originMismatch',
    (b) => ({ ...b, checkpoint: signedHead(3, new Uint8Array(32), undefined, 'x/log') }),
  ],
  [
    'S2: a head signed by another key',
    'logInclusion',
    'checkpointSignature',
    (b) => ({ ...b, checkpoint: signedHead(3, new Uint8Array(32), signer(new Uint8Array(32).fill(9))) }),
  ],
  ['S2: no head', 'logInclusion', 'checkpointMalformed', (b) => ({ ...b, checkpoint: 'x' })],
  [
    'S2: a signed note that is no head',
    'logInclusion',
    'checkpointSignature',
    (b) => ({ ...b, checkpoint: b.checkpoint.replace(ORIGIN, `${ORIGIN}x`) }),
  ],
  [
    'S3: a path of the issuance to another head',
    'logInclusion',
    'issuedNotIncluded',
    (b) => ({ ...b, issued: withPath(b.issued) }),
  ],
  [
    'S3: another index of the issuance',
    'logInclusion',
    'issuedNotIncluded',
    (b) => ({ ...b, issued: { ...b.issued, index: b.issued.index + 1 } }),
  ],
  [
    'S3: a path of the definition to another head',
    'logInclusion',
    'definitionNotIncluded',
    (b) => ({ ...b, definition: withPath(b.definition) }),
  ],
  [
    'S3: a path of the record to another head',
    'logInclusion',
    'standingNotIncluded',
    (b) => ({ ...b, standing: { ...b.standing!, ...withPath(b.standing!) } }),
  ],
  [
    'S1: a path of a leaf to another record',
    'logInclusion',
    'leafNotIncluded',
    (b) => withLeaf(b, (leaf) => ({ path: [...leaf.path.slice(1), leaf.path[0]] })),
  ],
  [
    'S1: another index of a leaf',
    'logInclusion',
    'leafNotIncluded',
    (b) => withLeaf(b, (leaf) => ({ index: leaf.index + 1 })),
  ],
  [
    'S1: another number of leaves',
    'logInclusion',
    'standingSize',
    (b) => ({ ...b, standing: { ...b.standing!, size: 6 } }),
  ],
  [
    'a receipt’s proof in another order',
    'anchor',
    'receiptProof',
    (b) => ({ ...b, anchor: { ...b.anchor!, receiptProof: [...b.anchor!.receiptProof].reverse() } }),
  ],
  [
    'another place in the block',
    'anchor',
    'receiptProof',
    (b) => ({ ...b, anchor: { ...b.anchor!, transactionIndex: 2 } }),
  ],
  ['another log of the receipt', 'anchor', 'receiptProof', (b) => ({ ...b, anchor: { ...b.anchor!, logIndex: 1 } })],
  ['another block number', 'anchor', 'receiptProof', (b) => ({ ...b, anchor: { ...b.anchor!, blockNumber: 13 } })],
  [
    'another block hash',
    'anchor',
    'receiptProof',
    (b) => ({ ...b, anchor: { ...b.anchor!, blockHash: b.firstAnchor!.anchor.blockHash } }),
  ],
  [
    'S10: another transaction hash',
    'anchor',
    'receiptProof',
    (b) => ({ ...b, anchor: { ...b.anchor!, txHash: touchedHex(b.anchor!.txHash) } }),
  ],
  [
    'S10: a node of a transaction’s proof',
    'anchor',
    'receiptProof',
    (b) => ({ ...b, anchor: { ...b.anchor!, transactionProof: b.anchor!.transactionProof.map(touchedHex) } }),
  ],
  [
    'S10: the proof of another transaction',
    'anchor',
    'receiptProof',
    (b) => ({ ...b, anchor: { ...b.anchor!, transactionProof: b.firstAnchor!.anchor.transactionProof } }),
  ],
  [
    'no proof of its transaction',
    'format',
    'bundleMalformed',
    (b) => ({ ...b, anchor: { ...b.anchor!, transactionProof: undefined } }),
  ],
  [
    'S10: another transaction hash of the first anchor',
    'anchor',
    'firstAnchorProof',
    (b) => ({
      ...b,
      firstAnchor: {
        ...b.firstAnchor!,
        anchor: { ...b.firstAnchor!.anchor, txHash: touchedHex(b.firstAnchor!.anchor.txHash) },
      },
    }),
  ],
  [
    'S3: a first head that is another',
    'anchor',
    'firstAnchorInconsistent',
    (b) => ({ ...b, firstAnchor: { ...b.firstAnchor!, consistency: b.firstAnchor!.consistency.slice(1) } }),
  ],
  [
    'S3: a first anchor of another head',
    'anchor',
    'firstAnchorProof',
    (b) => ({ ...b, firstAnchor: { ...b.firstAnchor!, anchor: b.anchor! } }),
  ],
  [
    'S3: a first head signed by nobody',
    'anchor',
    'firstAnchorCheckpoint',
    (b) => ({ ...b, firstAnchor: { ...b.firstAnchor!, checkpoint: 'x' } }),
  ],
  ['no bundle’s form', 'format', 'bundleMalformed', (b) => ({ ...b, issued: undefined })],
  ['a first anchor alone', 'format', 'bundleMalformed', (b) => ({ ...b, anchor: undefined })],
  ['an entry of another type', 'format', 'entryMalformed', (b) => ({ ...b, issued: b.definition })],
  [
    'an entry that is not canonical',
    'format',
    'entryMalformed',
    (b) => ({ ...b, issued: { ...b.issued, entry: toBase64(new TextEncoder().encode('{ }')) } }),
  ],
  [
    'a leaf that is not canonical',
    'format',
    'leafMalformed',
    (b) => withLeaf(b, () => ({ leaf: toBase64(new TextEncoder().encode('{ }')) })),
  ],
  [
    'a leaf twice',
    'format',
    'bundleMalformed',
    (b) => ({ ...b, standing: { ...b.standing!, leaves: [...b.standing!.leaves, b.standing!.leaves[0]] } }),
  ],
  ['a credential that is none', 'format', 'notACredential', (b) => withCredential(b, () => ({ type: 'Person' }))],
  [
    'a date that does not exist',
    'format',
    'credentialMalformed',
    (b) => withCredential(b, () => ({ validUntil: '2026-13-01T00:00:00Z' })),
  ],
  [
    'a date without time zone',
    'format',
    'credentialMalformed',
    (b) => withCredential(b, () => ({ validUntil: '2026-12-01T00:00:00' })),
  ],
  ['a lone surrogate', 'format', 'notCanonical', (b) => withCredential(b, () => ({ name: '\ud800' }))],
];

describe('a bundle that was tampered with', () => {
  it.each(TAMPERED)('is told: %s (%s, %s)', async (_, name, code, change) => {
    const report = await verify(change(genuine.bundle), optionsFor(genuine));
    const failed = report.checks.filter(({ outcome }) => outcome === 'fail');
    expect(failed.map((check) => [check.name, check.code])).toEqual([[name, code]]);
    expect(report.verdict).toBe('invalid');
  });

  it('is told when its proof names the key in another way, under both checks that look at it', async () => {
    const report = await verify(withProof(genuine.bundle, { verificationMethod: `${DID}#key-1` }), optionsFor(genuine));
    expect(report.verdict).toBe('invalid');
    expect(codesOf(report)).toEqual({ integrity: 'verificationMethod', issuer: 'keyMismatch' });
  });

  it('S10: is told when the chain has another block there', async () => {
    const blockHash = (): Promise<string> => Promise.resolve(`0x${'00'.repeat(32)}`);
    const report = await verify(genuine.bundle, optionsFor(genuine, { blockHash }));
    expect(report.verdict).toBe('invalid');
    expect(codesOf(report)).toEqual({ anchor: 'blockHashDiffers' });
  });

  it('S10: is told when its block is of a time that no calendar has', async () => {
    const report = await reportOf({ block: { time: '+012000-01-01T00:00:00Z' } });
    expect(report.verdict).toBe('invalid');
    expect(checkNamed(report, 'anchor')).toMatchObject({ outcome: 'fail', code: 'receiptProof' });
  });

  it('S10: says on the embedded chain that it proves no time', async () => {
    const trust: TrustFile = { ...trustFile(), chains: [{ ...trustFile().chains[0]!, embedded: true }] };
    const report = await verify(genuine.bundle, optionsFor(genuine, { trust: [trust] }));
    expect(report.verdict).toBe('valid');
    expect(report.warnings).toEqual([expect.stringContaining('proves no time')]);
  });
});

describe('input from anybody', () => {
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  it.each([
    ['nothing', undefined, 'notJson'],
    ['null', null, 'notACredential'],
    ['a text', 'x', 'notACredential'],
    ['a list', [], 'notACredential'],
    ['an object', {}, 'notACredential'],
    ['a function', () => 1, 'notJson'],
    ['a deep document', nested(10_000), 'tooLarge'],
    ['a wide document', Array.from({ length: 300_000 }, () => 0), 'tooLarge'],
    ['a long document', ['x'.repeat(9_000_000)], 'tooLarge'],
    [
      'an object of many members',
      Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, 0])),
      'tooLarge',
    ],
  ])('is refused without work: %s', async (_, input, code) => {
    const report = await verify(input, optionsFor(genuine));
    expect(report.verdict).toBe('invalid');
    expect(report.checks.map(({ name }) => name)).toEqual(ALL);
    expect(checkNamed(report, 'format')).toMatchObject({ outcome: 'fail', code });
  });

  it.each([
    ['a credential', (b: ProofBundle) => withCredential(b, () => ({ more: Array.from({ length: 20_000 }, () => 0) }))],
    ['a credential of long texts', (b: ProofBundle) => withCredential(b, () => ({ more: 'x'.repeat(1_000_001) }))],
    ['a status list', (b: ProofBundle) => ({ ...b, statusLists: [{ more: Array.from({ length: 1_000 }, () => 0) }] })],
    [
      'a leaf',
      (b: ProofBundle) => withLeaf(b, () => ({ leaf: toBase64(new TextEncoder().encode(`[${','.repeat(50_001)}]`)) })),
    ],
  ])('is refused before it is made canonical: %s of too many values', async (_, change) => {
    const report = await verify(change(genuine.bundle), optionsFor(genuine));
    expect(checkNamed(report, 'format')).toMatchObject({ outcome: 'fail', code: 'tooLarge' });
  });

  it('has at most 16 leaves, 4 status lists and 4,096 characters of a checkpoint', async () => {
    const standing = genuine.bundle.standing!;
    for (const change of [
      { standing: { ...standing, leaves: Array.from({ length: 17 }, () => standing.leaves[0]) } },
      { statusLists: Array.from({ length: 5 }, () => ({})) },
      { checkpoint: `${'x'.repeat(4_096)}${genuine.bundle.checkpoint}` },
    ]) {
      const report = await verify({ ...genuine.bundle, ...change }, optionsFor(genuine));
      expect(checkNamed(report, 'format')).toMatchObject({ outcome: 'fail', code: 'bundleMalformed' });
    }
  });

  it('has a checkpoint with at most 16 signatures, each of another key', async () => {
    const { checkpoint } = genuine.bundle;
    const other = (i: number): string => `— witness${i}.example ${toBase64(new Uint8Array(9).fill(1))}\n`;
    const noteWith = (count: number): string => checkpoint + Array.from({ length: count }, (_, i) => other(i)).join('');
    const codeOf = async (note: string): Promise<string | undefined> =>
      checkNamed(await verify({ ...genuine.bundle, checkpoint: note }, optionsFor(genuine)), 'logInclusion').code;
    expect(await codeOf(noteWith(15))).toBeUndefined();
    expect(await codeOf(noteWith(16))).toBe('checkpointMalformed');
    const own = checkpoint.slice(checkpoint.lastIndexOf('—'));
    expect(await codeOf(checkpoint + own)).toBe('checkpointMalformed');
  });

  it('always gives a report, with details that do not repeat it at length', async () => {
    const paths = pathsOf(genuine.bundle);
    const values = fc.oneof(
      fc.jsonValue({ stringUnit: 'binary' }),
      fc.constantFrom<unknown>('\ud800', 'a\udc00', Number.POSITIVE_INFINITY, Number.NaN, -0, 1e300, 2 ** 53, -1),
      fc.constantFrom('', 'x', '0x', '\u0000', 'urn:uuid:', '#', 'did:x#z6Mk', '9999-12-31T23:59:60Z', '— a b\n'),
      fc.nat(20_000).map((length) => 'é'.repeat(length)),
      fc.integer({ min: 1, max: 600 }).map((depth) => nested(depth)),
      fc.nat(600).map((depth) => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)) as unknown),
      fc
        .constantFrom(...paths)
        .map((path) => path.reduce<unknown>((at, key) => (at as JsonObject)[key], genuine.bundle)),
      fc.constantFrom<unknown>(undefined, null, true, [], {}, [null], [[]], { ['__proto__']: 1 }, { length: 3 }),
    );
    const mutations = fc.array(fc.tuple(fc.constantFrom(...paths), values), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(mutations, fc.boolean(), async (changes, isTrusted) => {
        let bundle: unknown = genuine.bundle;
        for (const [path, value] of changes) bundle = replaced(bundle, path, value);
        const report = await verify(bundle, optionsFor(genuine, isTrusted ? {} : { trust: [] }));
        expect(report.checks.map(({ name }) => name)).toEqual(ALL);
        for (const { detail } of report.checks) expect(detail.length).toBeLessThan(600);
      }),
      { numRuns: 400 },
    );
  }, 120_000);

  it('never makes the verifier throw, whatever stands in one member', async () => {
    const members = pathsOf(genuine.bundle);
    const values: unknown[] = [null, 0, -1, 1e300, '', 'x', [], {}, true, 'z'.repeat(70), '0x'];
    for (const [i, path] of members.entries()) {
      const report = await verify(replaced(genuine.bundle, path, values[i % values.length]), optionsFor(genuine));
      expect(report.checks).toHaveLength(9);
    }
    expect(members.length).toBeGreaterThan(100);
  }, 120_000);
});

describe('S26, S27: a flipped byte', () => {
  /** Every step-th place of a text of bytes, each with another bit flipped. */
  const positions = (length: number, most: number): number[] => {
    const step = Math.max(1, Math.floor(length / most));
    return Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
  };
  const flippedAt = (bytes: Uint8Array, at: number): Uint8Array => {
    const copy = bytes.slice();
    copy[at] = copy[at]! ^ (1 << (at % 8));
    return copy;
  };
  const inBase64 = (text: string, most: number): string[] =>
    positions(fromBase64(text).length, most).map((at) => toBase64(flippedAt(fromBase64(text), at)));
  const inHex = (text: string, most: number): string[] =>
    positions(fromHex0x(text).length, most).map((at) => toHex0x(flippedAt(fromHex0x(text), at)));

  async function expectTold(bundles: Iterable<unknown>): Promise<void> {
    let count = 0;
    for (const bundle of bundles) {
      count += 1;
      const report = await verify(bundle, optionsFor(genuine));
      if (report.verdict !== 'invalid') throw new Error(`flip ${count} went untold: ${JSON.stringify(report.checks)}`);
    }
    expect(count).toBeGreaterThan(0);
  }

  it('in the credential is told', async () => {
    const text = JSON.stringify(genuine.bundle.credential);
    await expectTold(
      positions(text.length, 80).map((at) => {
        const character = String.fromCharCode(text.charCodeAt(at) ^ (1 << (at % 5)));
        const flipped = text.slice(0, at) + character + text.slice(at + 1);
        try {
          return { ...genuine.bundle, credential: JSON.parse(flipped) as unknown };
        } catch {
          return { ...genuine.bundle, credential: null };
        }
      }),
    );
  }, 120_000);

  it.each(['issued', 'definition', 'standing'] as const)(
    'in the entry or the path of %s is told',
    async (name) => {
      const part = genuine.bundle[name]!;
      const entries = inBase64(part.entry, 30).map((entry) => ({ ...genuine.bundle, [name]: { ...part, entry } }));
      const paths = part.path.flatMap((hash, i) =>
        inBase64(hash, 2).map((other) => ({ ...genuine.bundle, [name]: { ...part, path: part.path.with(i, other) } })),
      );
      await expectTold([...entries, ...paths]);
    },
    120_000,
  );

  it('in a leaf of the standing record or its path is told', async () => {
    const standing = genuine.bundle.standing!;
    await expectTold(
      standing.leaves.flatMap((leaf, i) => {
        const bundleWith = (other: object): unknown => ({
          ...genuine.bundle,
          standing: { ...standing, leaves: standing.leaves.with(i, { ...leaf, ...other }) },
        });
        return [
          ...inBase64(leaf.leaf, 12).map((text) => bundleWith({ leaf: text })),
          ...leaf.path.flatMap((hash, j) =>
            inBase64(hash, 2).map((text) => bundleWith({ path: leaf.path.with(j, text) })),
          ),
        ];
      }),
    );
  }, 120_000);

  it('in a checkpoint is told', async () => {
    const { checkpoint, firstAnchor } = genuine.bundle;
    const flips = (note: string): string[] =>
      positions(note.length, 40).map(
        (at) => note.slice(0, at) + String.fromCharCode(note.charCodeAt(at) ^ 1) + note.slice(at + 1),
      );
    await expectTold([
      ...flips(checkpoint).map((other) => ({ ...genuine.bundle, checkpoint: other })),
      ...flips(firstAnchor!.checkpoint).map((other) => ({
        ...genuine.bundle,
        firstAnchor: { ...firstAnchor!, checkpoint: other },
      })),
    ]);
  }, 120_000);

  it('in header, transaction hash, a proof of receipt or transaction, or a consistency proof is told', async () => {
    const { anchor, firstAnchor } = genuine.bundle;
    const nodes = anchor!.receiptProof.flatMap((node, i) =>
      inHex(node, 20).map((other) => ({ ...anchor!, receiptProof: anchor!.receiptProof.with(i, other) })),
    );
    const transactions = anchor!.transactionProof.flatMap((node, i) =>
      inHex(node, 20).map((other) => ({ ...anchor!, transactionProof: anchor!.transactionProof.with(i, other) })),
    );
    const hashes = inHex(anchor!.txHash, 32).map((txHash) => ({ ...anchor!, txHash }));
    const headers = inHex(anchor!.header, 40).map((header) => ({ ...anchor!, header }));
    const joins = firstAnchor!.consistency.flatMap((hash, i) =>
      inBase64(hash, 1).map((other) => ({
        ...genuine.bundle,
        firstAnchor: { ...firstAnchor!, consistency: firstAnchor!.consistency.with(i, other) },
      })),
    );
    await expectTold([
      ...[...nodes, ...transactions, ...hashes, ...headers].map((other) => ({ ...genuine.bundle, anchor: other })),
      ...joins,
    ]);
  }, 120_000);
});

/** The same hex with one bit of its last byte turned. */
function touchedHex(hex: string): string {
  return hex.replace(/.$/, (digit) => (Number.parseInt(digit, 16) ^ 1).toString(16));
}

function withCredential(bundle: ProofBundle, change: (credential: JsonObject) => object): unknown {
  return { ...bundle, credential: { ...bundle.credential, ...change(bundle.credential) } };
}

function proofsOf(credential: JsonObject): JsonObject[] {
  return credential['proof'] as JsonObject[];
}

function withCreator(document: JsonObject, id: string): JsonObject {
  const subject = document['credentialSubject'] as JsonObject;
  const achievement = subject['achievement'] as JsonObject;
  const creator = { ...(achievement['creator'] as JsonObject), id };
  return { ...document, credentialSubject: { ...subject, achievement: { ...achievement, creator } } };
}

function withProof(bundle: ProofBundle, change: JsonObject): unknown {
  return withCredential(bundle, (credential) => ({ proof: [{ ...proofsOf(credential)[0], ...change }] }));
}

function withPath(entry: IncludedEntry): IncludedEntry {
  return { ...entry, path: [...entry.path.slice(1), entry.path[0]!] };
}

function withLeaf(bundle: ProofBundle, change: (leaf: { index: number; path: readonly string[] }) => object): unknown {
  const standing = bundle.standing!;
  const leaf = standing.leaves[1]!;
  return {
    ...bundle,
    standing: { ...standing, leaves: standing.leaves.with(1, { ...leaf, ...change(leaf) }) },
  };
}

/** Paths of all members, at most two items of each list. */
function pathsOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const members: [string | number, unknown][] = Array.isArray(value)
    ? value.slice(0, 2).map((item: unknown, i) => [i, item])
    : Object.entries(value);
  return [...(path.length > 0 ? [path] : []), ...members.flatMap(([key, member]) => pathsOf(member, [...path, key]))];
}

function replaced(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
    string | number,
    unknown
  >;
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}
