/**
 * The tamper lab: a copy of a real ledger, tampered with in every way that somebody with its keys, its database, its web
 * server or its chain's node could. Each must be named rightly by the audit or by the verifier; nothing may be reported on
 * the untouched one. Where the forger has the log's key, the head is signed again, so that the tree alone tells nothing.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { LyingEndpoint, type Lie } from '../src/audit/anchored-log.fixture.js';
import { auditAnchors, type AnchorAudit } from '../src/audit/anchors.js';
import { auditLog } from '../src/audit/audit.js';
import { ChainEndpoint } from '../src/audit/chain-endpoint.js';
import { parsed, ServedLog } from '../src/audit/audited-ledger.fixture.js';
import { Findings } from '../src/audit/findings.js';
import { compareHeads, headOf } from '../src/audit/kept-heads.js';
import type { LogAudit } from '../src/audit/log-audit.js';
import { callRpc } from '../src/anchoring/json-rpc.js';
import { signer } from '../src/crypto/ed25519.js';
import { fromBase64, toBase64 } from '../src/encoding/base64.js';
import { canonicalBytes } from '../src/encoding/jcs.js';
import type { JsonObject } from '../src/encoding/json.js';
import type { ParsedEntry } from '../src/event-store/entry.js';
import { formatVerifierKey } from '../src/log/note.js';
import { decodeStatusList, encodeStatusList, verify } from '../src/verification/index.js';
import type { IncludedEntry, ProofBundle, TrustFile } from '../src/verification/bundle.js';
import { lab, type Lab } from './tamper-lab.js';

let l: Lab;
beforeAll(async () => {
  l = await lab();
}, 300_000);
afterAll(() => l.service.dispose());

/** A copy, signed with the ledger's own key whatever is done to it. */
function copy(): ServedLog {
  return new ServedLog(l.entries, l.trust.origin, l.logKey);
}
function audited(log: ServedLog): Promise<LogAudit> {
  return auditLog(log, { vkeys: [{ vkey: l.trust.vkey }] });
}
function errors({ findings }: Pick<LogAudit, 'findings'>): readonly string[] {
  return findings.filter(({ severity }) => severity === 'error').map(({ rule, code }) => `${rule} ${code}`);
}
const of = (type: string, n = 0): number => copy().indexOf(type, n);
const last = (type: string): number => l.entries.findLastIndex((entry) => parsed(entry).type === type);

/** One more entry, as the last of the same type was, with changes. */
function again(log: ServedLog, type: string, change: (entry: ParsedEntry) => object = () => ({})): ServedLog {
  const { stream, data } = parsed(l.entries[last(type)]!);
  const model = { ...parsed(l.entries[last(type)]!), stream, data };
  const { revision: _, id: __, at: ___, ...rest } = model;
  const at = parsed(l.entries.at(-1)!).at;
  return log.add({ ...rest, at, ...change(model) });
}
const firstAfter = (type: string, index: number): number =>
  l.entries.findIndex((entry, i) => i > index && parsed(entry).type === type);
const newCredential = (): string => `credential-${crypto.randomUUID()}`;
/** An issuance like the last one, on places in the status lists that nobody has. */
function forged(log: ServedLog, change: (data: JsonObject) => object): ServedLog {
  const fresh = (data: JsonObject): JsonObject => {
    const lists = data['statusLists'] as Record<string, { list: string; index: number }>;
    const moved = Object.entries(lists).map(([purpose, { list, index }]) => [
      purpose,
      { list, index: (index + 77_777) % 131_072 },
    ]);
    return { ...data, statusLists: Object.fromEntries(moved) as JsonObject };
  };
  return again(log, 'CredentialIssued', ({ data }) => ({
    stream: newCredential(),
    data: { ...fresh(data), ...change(data) },
  }));
}

describe('the untouched ledger', () => {
  it('has nothing that an audit would report', async () => {
    const audit = await audited(copy());
    expect(audit.findings).toEqual([]);
    const endpoint = await ChainEndpoint.open(l.rpc);
    const anchors = await auditAnchors(audit, { trust: l.trust, endpoints: [endpoint], ...POLICY() });
    expect(anchors.findings).toEqual([]);
    expect(anchors.anchors).toMatchObject({ unexplained: 0, missing: 0 });
    expect(anchors.anchors.explained).toBe(audit.batches.length);
  });

  it('has credentials that verify', async () => {
    expect((await verified(l.bundle)).verdict).toBe('valid');
    expect((await verified(l.other)).verdict).toBe('valid');
    expect((await verified(l.revoked)).verdict).toBe('notInForce');
  });
});

/** What was done, the rule and code by which the audit must name it, and the index, where it is one of its own. */
type LogCase = readonly [what: string, expected: string, tamper: (log: ServedLog) => ServedLog, index: () => number];

const SIZE = (): number => l.entries.length;
const LOG_CASES: readonly LogCase[] = [
  [
    'an issuance without a mandate',
    'S17 noMandate',
    (log) => forged(log, () => ({ organisation: thirdParty() })),
    SIZE,
  ],
  [
    'an issuance of a version that was never published',
    'S17 versionNotPublished',
    (log) => forged(log, () => ({ version: 9 })),
    SIZE,
  ],
  ['an issuance with a key that has ended', 'S8 keyNotActive', (log) => forged(log, () => ({ key: firstKey() })), SIZE],
  [
    'an issuance that cites an old revision',
    'S7 staleCitation',
    (log) =>
      forged(log, (data) => ({
        reads: (data['reads'] as { revision: number }[]).map((read) => ({
          ...read,
          revision: read.revision - 1,
        })) as never,
      })),
    SIZE,
  ],
  [
    'a place in a status list used twice',
    'S25 indexUsedTwice',
    (log) => again(log, 'CredentialIssued', () => ({ stream: newCredential() })),
    SIZE,
  ],
  ['a credential issued a second time', 'S17 credentialExists', (log) => again(log, 'CredentialIssued'), SIZE],
  ['a revocation of what is revoked', 'S17 credentialRevoked', (log) => again(log, 'CredentialRevoked'), SIZE],
  [
    'the end of a suspension that never was',
    'S17 credentialNotSuspended',
    (log) =>
      log.add({
        stream: parsed(l.entries[of('CredentialIssued')]!).stream,
        type: 'CredentialReinstated',
        data: {},
        at: endAt(),
      }),
    SIZE,
  ],
  [
    'a revocation of what was never issued',
    'S17 credentialUnknown',
    (log) => again(log, 'CredentialRevoked', () => ({ stream: newCredential() })),
    SIZE,
  ],
  [
    'a void without a stale citation',
    'S7 voidUnfounded',
    (log) =>
      log.add({
        stream: parsed(l.entries[of('CredentialIssued')]!).stream,
        type: 'CredentialVoided',
        data: { reasonCode: 'staleRead' },
        at: endAt(),
      }),
    SIZE,
  ],
  [
    'a revocation turned into a suspension of nothing',
    'S14 dataMalformed',
    (log) => log.edit(of('CredentialRevoked'), (entry) => ({ ...entry, type: 'CredentialSuspended' })),
    () => of('CredentialRevoked'),
  ],
  [
    'a revocation that was taken out of its stream',
    'S15 revisionGap',
    (log) => log.edit(of('CredentialRevoked'), (entry) => ({ ...entry, revision: 2 })),
    () => of('CredentialRevoked'),
  ],
  [
    'a digest put in place of another',
    'S2 batchRootDiffers',
    (log) => log.editData(of('CredentialIssued'), (data) => ({ ...data, digest: 'ab'.repeat(32) })),
    () => of('BatchSealed', 1),
  ],
  [
    'an organisation’s name changed in the past',
    'S1 standingDiffers',
    (log) => log.editData(of('OrganisationRegistered'), (data) => ({ ...data, name: 'Någon annan' })),
    () => firstAfter('StandingRecorded', of('OrganisationRegistered')),
  ],
  [
    'a standing record of something else',
    'S1 standingDiffers',
    (log) => log.editData(of('StandingRecorded'), (data) => ({ ...data, root: toBase64(new Uint8Array(32)) })),
    () => of('StandingRecorded'),
  ],
  [
    'a batch with another root',
    'S2 batchRootDiffers',
    (log) => log.editData(of('BatchSealed'), (data) => ({ ...data, root: toBase64(new Uint8Array(32)) })),
    () => of('BatchSealed'),
  ],
  [
    'a version published out of turn',
    'S17 decidedOtherwise',
    (log) => again(log, 'VersionPublished', ({ data }) => ({ data: { ...data, version: 7 } })),
    SIZE,
  ],
  [
    'a version retired that is not there',
    'S17 versionNotPublished',
    (log) => log.add({ stream: definitionStream(), type: 'VersionRetired', data: { version: 9 }, at: endAt() }),
    SIZE,
  ],
  [
    'a mandate withdrawn that was never given',
    'S17 mandateUnknown',
    (log) =>
      log.add({
        stream: definitionStream(),
        type: 'MandateWithdrawn',
        data: { mandate: crypto.randomUUID(), reason: 'x', effect: 'futureOnly' },
        at: endAt(),
      }),
    SIZE,
  ],
  [
    'a second key that is the first',
    'S8 keyUsed',
    (log) =>
      log.add({
        stream: issuerStream(),
        type: 'IssuingKeyAdded',
        data: parsed(l.entries[keyIndex()]!).data,
        at: endAt(),
      }),
    SIZE,
  ],
  [
    'an organisation under a number that is none',
    'S17 organisationNumberChecksum',
    (log) => again(log, 'OrganisationRegistered', ({ data }) => orgWith(data, { organisationNumber: '5599000010' })),
    SIZE,
  ],
  [
    'an organisation under another’s DID',
    'S8 didMismatch',
    (log) => again(log, 'OrganisationRegistered', () => ({ stream: `organisation-${crypto.randomUUID()}` })),
    SIZE,
  ],
  ['a ledger founded twice', 'S17 ledgerFounded', (log) => again(log, 'LedgerFounded'), SIZE],
  ['a clock turned back by an hour', 'S18 clockWentBack', (log) => forgedAt(log, -3_600_000), SIZE],
  [
    'a person in the public log',
    'S20 notAnActor',
    (log) => log.edit(of('CredentialIssued'), (entry) => ({ ...entry, by: 'Anna Andersson' })),
    () => of('CredentialIssued'),
  ],
  [
    'a vault stream in the public log',
    'S20 vaultStream',
    (log) => log.add({ stream: `vault-holder-${crypto.randomUUID()}`, type: 'HolderKnown', data: {}, at: endAt() }),
    SIZE,
  ],
  [
    'an entry that is not canonical',
    'S14 entryMalformed',
    (log) => log.put(of('DefinitionCreated'), spaced(of('DefinitionCreated'))),
    () => of('DefinitionCreated'),
  ],
  [
    'a number that no machine agrees on',
    'S14 entryMalformed',
    (log) => log.put(of('BatchSealed'), bigNumber(of('BatchSealed'))),
    () => of('BatchSealed'),
  ],
  [
    'places taken that were taken before',
    'S17 decidedOtherwise',
    (log) => again(log, 'IndexBlockAllotted', ({ data }) => ({ data: { ...data, from: 0 } })),
    SIZE,
  ],
];

const endAt = (): string => parsed(l.entries.at(-1)!).at;
const thirdParty = (): string =>
  parsed(l.entries[of('OrganisationRegistered', 2)]!).stream.slice('organisation-'.length);
const issuerStream = (): string => `organisation-${l.world.issuer}`;
const definitionStream = (): string => `definition-${l.world.definitionId}`;
const keyIndex = (): number =>
  l.entries.findIndex((entry) => parsed(entry).type === 'IssuingKeyAdded' && parsed(entry).stream === issuerStream());
const firstKey = (): string => parsed(l.entries[keyIndex()]!).data['kid'] as string;
function orgWith(data: JsonObject, change: JsonObject): object {
  const id = crypto.randomUUID();
  const did = (data['did'] as string).replace(/[^:]+$/, id);
  return { stream: `organisation-${id}`, data: { ...data, did, ...change } };
}
function forgedAt(log: ServedLog, milliseconds: number): ServedLog {
  const at = new Date(Date.parse(endAt()) + milliseconds).toISOString();
  return log.add({ stream: definitionStream(), type: 'VersionRetired', data: { version: 1 }, at });
}
function spaced(index: number): Uint8Array {
  return new TextEncoder().encode(new TextDecoder().decode(l.entries[index]).replace('{', '{ '));
}
function bigNumber(index: number): Uint8Array {
  const text = new TextDecoder().decode(canonicalBytes(parsed(l.entries[index]!)));
  return new TextEncoder().encode(text.replace(/"size":\d+/, '"size":9007199254740993'));
}

describe('a log that was forged and signed again', () => {
  it.each(LOG_CASES)('%s: %s', async (_, expected, tamper, index) => {
    const audit = await audited(tamper(copy()));
    const bad = audit.findings.filter(({ severity }) => severity === 'error');
    expect(bad.map(({ rule, code }) => `${rule} ${code}`)).toContain(expected);
    // The first bad event is the one that was tampered with, or the first that what was tampered with contradicts.
    const first = bad.find((finding) => finding.index !== undefined);
    expect(first?.index).toBe(index());
  });
});

describe('a log that is served otherwise than it was signed', () => {
  it('an entry left out', async () => {
    const log = copy();
    log.entries.splice(of('CredentialRevoked'), 1);
    log.tile = async () => undefined;
    log.checkpointText = l.checkpoint;
    expect(errors(await audited(log))).toContain('S15 notServed');
  });

  it('two entries in another order', async () => {
    const log = copy();
    log.checkpointText = l.checkpoint;
    const [a, b] = [of('CredentialIssued'), of('CredentialIssued', 1)];
    const entry = log.entries[a]!;
    log.put(a, log.entries[b]!).put(b, entry);
    expect(errors(await audited(log))).toContain('S15 rootDiffers');
  });

  it('one bit of an entry', async () => {
    const log = copy();
    log.checkpointText = l.checkpoint;
    const bytes = Uint8Array.from(log.entries[3]!);
    bytes[bytes.length >> 1]! ^= 1;
    expect(errors(await audited(log.put(3, bytes)))).toContain('S15 rootDiffers');
  });

  it('a hash tile that is not of the entries', async () => {
    const log = copy();
    log.tamperTile = (_, __, bytes) => bytes.map((byte, i) => (i === 70 ? byte ^ 1 : byte));
    expect(errors(await audited(log))).toEqual(['S15 tileDiffers']);
  });

  it('a head by another key', async () => {
    const other = new ServedLog(l.entries, l.trust.origin, signer(new Uint8Array(32).fill(9)));
    expect(errors(await audited(other))).toContain('S2 headNotSigned');
  });

  it('a head of another log', async () => {
    const other = new ServedLog(l.entries, 'elsewhere.example/log', l.logKey);
    expect(errors(await audited(other))).toContain('S2 headNotSigned');
  });

  it('S16: a history that is shorter than it was', async () => {
    const audit = await audited(new ServedLog(l.entries.slice(0, 10), l.trust.origin, l.logKey));
    expect(compared(audit, new Map(), l.checkpoint, '2026-01-01T00:00:00Z')).toContain('S16 headShrunk');
  });

  it('S2: two histories for two readers', async () => {
    const mine = copy();
    const theirs = copy().editData(of('OrganisationRegistered'), (data) => ({ ...data, name: 'Någon annan' }));
    const audit = await audited(mine);
    const roots = new Map([[mine.tree.size, mine.tree.root()]]);
    expect(compared(audit, roots, await theirs.checkpoint(), undefined)).toContain('S2 twoHistories');
  });

  it('S16: a history that was rewritten since it was last seen', async () => {
    const rewritten = copy().editData(of('OrganisationRegistered'), (data) => ({ ...data, name: 'Någon annan' }));
    const audit = await audited(rewritten);
    const seen = headOf(l.earlierCheckpoint, l.trust)!;
    const roots = new Map([[seen.size, rewritten.tree.root(seen.size)]]);
    expect(compared(audit, roots, l.earlierCheckpoint, '2026-01-01T00:00:00Z')).toContain('S16 historyRewritten');
  });

  function compared(
    { origin, size }: LogAudit,
    roots: ReadonlyMap<number, Uint8Array>,
    checkpoint: string,
    seenAt: string | undefined,
  ): readonly string[] {
    const findings = new Findings();
    const head = headOf(checkpoint, { origin, vkey: l.trust.vkey })!;
    const seen = { ...head, checkpoint, where: 'a file', ...(seenAt === undefined ? {} : { seenAt }) };
    compareHeads([seen], { size, rootAt: roots }, findings);
    return errors({ findings: findings.list() });
  }
});

/** What was done to a bundle, the check that must fail, with its code. */
type BundleCase = readonly [what: string, check: string, code: string, tamper: (bundle: ProofBundle) => unknown];
const withIssued = (bundle: ProofBundle, change: Partial<IncludedEntry>): ProofBundle => ({
  ...bundle,
  issued: { ...bundle.issued, ...change },
});
const flipped = (base64: string): string => toBase64(fromBase64(base64).map((byte, i) => (i === 5 ? byte ^ 1 : byte)));
const subject = (bundle: ProofBundle): JsonObject => bundle.credential['credentialSubject'] as JsonObject;
const BUNDLE_CASES: readonly BundleCase[] = [
  [
    'another name',
    'integrity',
    'signature',
    (b) => ({ ...b, credential: { ...b.credential, credentialSubject: { ...subject(b), more: 'x' } } }),
  ],
  [
    'a longer validity',
    'integrity',
    'signature',
    (b) => ({ ...b, credential: { ...b.credential, validUntil: '2099-01-01T00:00:00Z' } }),
  ],
  ['another credential in its place', 'integrity', 'digestMismatch', (b) => ({ ...b, credential: l.other.credential })],
  ['the issuance of another', 'integrity', 'digestMismatch', (b) => ({ ...b, issued: l.other.issued })],
  [
    'a path that leads elsewhere',
    'logInclusion',
    'issuedNotIncluded',
    (b) => withIssued(b, { path: b.issued.path.map(flipped) }),
  ],
  [
    'an index that it has not',
    'logInclusion',
    'issuedNotIncluded',
    (b) => withIssued(b, { index: b.issued.index + 1 }),
  ],
  ['a head of before', 'logInclusion', 'issuedNotIncluded', (b) => ({ ...b, checkpoint: l.earlierCheckpoint })],
  [
    'a head with another size',
    'logInclusion',
    'checkpointSignature',
    (b) => ({ ...b, checkpoint: b.checkpoint.replace(/\n(\d+)\n/, (_, n: string) => `\n${Number(n) + 1}\n`) }),
  ],
  ['a definition of somebody else', 'definition', 'definitionOther', (b) => ({ ...b, definition: l.other.definition })],
  [
    'a standing leaf that was changed',
    'logInclusion',
    'leafNotIncluded',
    (b) => ({
      ...b,
      standing: {
        ...b.standing!,
        leaves: b.standing!.leaves.map((leaf) => ({ ...leaf, leaf: changedLeaf(leaf.leaf) })),
      },
    }),
  ],
  [
    'another block',
    'anchor',
    'receiptProof',
    (b) => ({ ...b, anchor: { ...b.anchor!, blockHash: `0x${'00'.repeat(32)}` } }),
  ],
  [
    'a header that was changed',
    'anchor',
    'receiptProof',
    (b) => ({
      ...b,
      anchor: {
        ...b.anchor!,
        header: `${b.anchor!.header.slice(0, -2)}${b.anchor!.header.endsWith('00') ? '01' : '00'}`,
      },
    }),
  ],
  [
    'another transaction',
    'anchor',
    'receiptProof',
    (b) => ({ ...b, anchor: { ...b.anchor!, transactionIndex: b.anchor!.transactionIndex + 1 } }),
  ],
  [
    'a receipt of something else',
    'anchor',
    'receiptProof',
    (b) => ({
      ...b,
      anchor: { ...b.anchor!, receiptProof: b.anchor!.receiptProof.map((node) => `${node.slice(0, -2)}ff`) },
    }),
  ],
  ['a chain that nobody pinned', 'anchor', 'chainNotPinned', (b) => ({ ...b, anchor: { ...b.anchor!, chainId: 5 } })],
  [
    'a status list with the bit of a revocation taken out',
    'status',
    'statusListMismatch',
    async () => ({ ...l.revoked, statusLists: await Promise.all(l.revoked.statusLists.map(cleared)) }),
  ],
  [
    'a status list of before the revocation',
    'status',
    'statusListMismatch',
    () => ({ ...l.revoked, statusLists: l.beforeRevocation.statusLists }),
  ],
];
function changedLeaf(leaf: string): string {
  const text = new TextDecoder().decode(fromBase64(leaf));
  return toBase64(new TextEncoder().encode(text.replace(/"revision":\d+/, '"revision":99')));
}
async function cleared(list: JsonObject): Promise<JsonObject> {
  const subjectOf = list['credentialSubject'] as JsonObject;
  const bits = await decodeStatusList(subjectOf['encodedList'] as string);
  return { ...list, credentialSubject: { ...subjectOf, encodedList: await encodeStatusList(bits.map(() => 0)) } };
}

async function verified(bundle: unknown, trust: TrustFile = l.trust, hash?: string): ReturnType<typeof verify> {
  const blockHash = async (_: number, number: number): Promise<string> =>
    hash ??
    ((await callRpc(l.rpc, 'eth_getBlockByNumber', [`0x${number.toString(16)}`, false], 5_000)) as { hash: string })
      .hash;
  return verify(bundle, { trust: [trust], now: new Date(), clock: 'verifier', blockHash });
}

describe('a bundle that was tampered with', () => {
  it.each(BUNDLE_CASES)('%s: %s %s', async (_, check, code, tamper) => {
    const report = await verified(await tamper(l.bundle));
    // What cannot be told any more is unknown, what is wrong is invalid: in force it is neither way.
    expect(['invalid', 'undetermined']).toContain(report.verdict);
    const told = report.checks.filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown');
    expect(told.map((one) => `${one.name} ${one.code}`)).toContain(`${check} ${code}`);
  });

  it('S11: a bundle of before a revocation says as of when, and is too old where the newest is asked for', async () => {
    const report = await verify(l.beforeRevocation, {
      ...{ trust: [l.trust], now: new Date(Date.now() + 40 * 86_400_000), clock: 'given' as const },
      blockHash: async (_, number) =>
        ((await callRpc(l.rpc, 'eth_getBlockByNumber', [`0x${number.toString(16)}`, false], 5_000)) as { hash: string })
          .hash,
    });
    expect(report.verdict).toBe('undetermined');
    expect(report.checks.find(({ name }) => name === 'status')).toMatchObject({
      outcome: 'unknown',
      code: 'statusTooOld',
    });
  });
});

describe('a trust file that was tampered with', () => {
  const chain = (change: object): TrustFile => ({
    ...l.trust,
    chains: l.trust.chains.map((one) => ({ ...one, ...change })),
  });
  it.each([
    ['another key', 'logInclusion checkpointSignature', (): TrustFile => ({ ...l.trust, vkey: otherVkey() })],
    ['another contract', 'anchor contractNotPinned', () => chain({ contract: `0x${'22'.repeat(20)}` })],
    [
      'another anchorer',
      'anchor anchorerNotPinned',
      () => chain({ anchorers: [{ address: `0x${'33'.repeat(20)}` }], anchorer: `0x${'33'.repeat(20)}` }),
    ],
    ['no chain', 'anchor chainNotPinned', (): TrustFile => ({ ...l.trust, chains: [] })],
  ])('%s: %s', async (_, expected, trust) => {
    const report = await verified(l.bundle, trust());
    expect(report.verdict).not.toBe('valid');
    expect(
      report.checks.filter(({ outcome }) => outcome !== 'pass').map(({ name, code }) => `${name} ${code}`),
    ).toContain(expected);
  });

  function otherVkey(): string {
    const [name] = l.trust.vkey.split('+');
    const key = signer(new Uint8Array(32).fill(9));
    return formatVerifierKey(name!, key.publicKey);
  }
});

describe('a node of the chain that lies', () => {
  const started: LyingEndpoint[] = [];
  afterEach(async () => {
    for (const endpoint of started.splice(0)) await endpoint.stop();
  });
  async function anchors(...lies: readonly (Lie | undefined)[]): Promise<AnchorAudit> {
    const endpoints: ChainEndpoint[] = [];
    for (const lie of lies) {
      const endpoint = await LyingEndpoint.start(l.rpc, lie);
      started.push(endpoint);
      endpoints.push(await ChainEndpoint.open(endpoint.url, 5_000));
    }
    return auditAnchors(await audited(copy()), { trust: l.trust, endpoints, ...POLICY() });
  }
  const told = ({ findings }: AnchorAudit): readonly string[] => findings.map(({ rule, code }) => `${rule} ${code}`);

  it('S10: another block hash makes the anchor invalid', async () => {
    const report = await verified(l.bundle, l.trust, `0x${'00'.repeat(32)}`);
    expect(report.checks.find(({ name }) => name === 'anchor')).toMatchObject({
      outcome: 'fail',
      code: 'blockHashDiffers',
    });
  });

  it('S19: anchors that two hide are missing', async () => {
    const hide: Lie = async ({ method }, honest) =>
      method === 'eth_getLogs'
        ? []
        : /BlockByHash|TransactionReceipt|BlockByNumber/.test(method) && method !== 'eth_getBlockByNumber'
          ? null
          : honest();
    const audit = await anchors(hide, hide);
    expect(audit.anchors.missing).toBeGreaterThan(0);
    expect(told(audit)).toContain('S19 anchorMissing');
  });

  it('S19: one that hides beside an honest one is contradicted', async () => {
    const audit = await anchors(async ({ method }, honest) => (method === 'eth_getLogs' ? [] : honest()), undefined);
    expect(audit.anchors.missing).toBe(0);
  });

  it('S19: an anchor that no batch explains is told', async () => {
    const audit = await audited(copy());
    const without = { ...audit, batches: audit.batches.slice(0, -1) };
    const endpoint = await LyingEndpoint.start(l.rpc);
    started.push(endpoint);
    const found = await auditAnchors(without, {
      trust: l.trust,
      endpoints: [await ChainEndpoint.open(endpoint.url)],
      ...POLICY(),
    });
    expect(found.anchors.unexplained).toBe(1);
  });

  it('S19: a chain that nobody reaches is named', async () => {
    const audit = await auditAnchors(await audited(copy()), { trust: l.trust, endpoints: [], ...POLICY() });
    expect(audit.undetermined.length).toBeGreaterThan(0);
  });
});

const POLICY = (): { maxDelaySeconds: number; now: Date } => ({ maxDelaySeconds: 86_400, now: new Date() });
