/**
 * The whole path on the built application: define, publish, mandate, issue, anchor, prove; then the proof is checked
 * by the command line with the service gone. Every member of the proof that a forger could touch is touched once.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startEmbeddedNode } from '../src/anchoring/embedded-node.js';
import { fromBase64, toBase64 } from '../src/encoding/base64.js';
import { verifyConsistency } from '../src/log/proof-check.js';
import { anchored, definition, issuance, organisation, personalNumber } from './samples.js';
import { cli, eventually, Service, type CliResult, type Parsed } from './service.js';

let service: Service;
/** Where the verifier works: trust file, bundles, and an empty configuration. */
let desk: string;

beforeAll(async () => {
  desk = mkdtempSync(join(tmpdir(), 'meritkedja-desk-'));
  service = await Service.start();
});
afterAll(async () => {
  await service.dispose();
  rmSync(desk, { recursive: true, force: true });
});

/** What the tests hand on, in their order. */
const held: {
  owner: string;
  issuer: string;
  definitionId: string;
  own: string;
  mandated: string;
  bundle: Parsed;
  checkpoint: { size: number; root: string };
} = {
  owner: '',
  issuer: '',
  definitionId: '',
  own: '',
  mandated: '',
  bundle: undefined,
  checkpoint: { size: 0, root: '' },
};

function file(name: string, content: unknown): string {
  const path = join(desk, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function bundleOf(id: string): Promise<Parsed> {
  return service.ok(`/api/v1/credentials/${id}/proof`);
}

/** The command line with nothing but files: what a verifier does with the service gone. */
function verifyOffline(bundle: Parsed, blockHash: string): Promise<CliResult> {
  const path = file('candidate.json', bundle);
  return cli(
    desk,
    'verify',
    path,
    '--trust',
    join(desk, 'trust.json'),
    '--block-hash',
    blockHash,
    '--offline',
    '--json',
  );
}

function failing(report: Parsed): string[] {
  return report.checks.filter(({ outcome }: Parsed) => outcome === 'fail').map(({ name }: Parsed) => name);
}

/** One character of a base64 text changed into another in the middle. */
function touched(base64: string): string {
  const bytes = fromBase64(base64);
  const middle = bytes.length >> 1;
  return toBase64(bytes.map((byte, i) => (i === middle ? byte ^ 1 : byte)));
}

/** The last digit of 0x hex changed. */
function touchedHex(hex: string): string {
  return `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}`;
}

describe('from definition to proof', () => {
  it('registers two organisations, each with a DID and a key', async () => {
    for (const [name, n] of [['owner', 1] as const, ['issuer', 2] as const]) {
      const reply = await service.request('/api/v1/organisations', { body: organisation(n) });
      expect(reply.status).toBe(201);
      expect(reply.headers['location']).toBe(`/api/v1/organisations/${reply.json.id}`);
      expect(reply.json.did).toBe(`did:web:localhost%3A${service.port}:organisations:${reply.json.id}`);
      const did = await service.ok(`/organisations/${reply.json.id}/did.json`, { token: null });
      expect(did.id).toBe(reply.json.did);
      expect(did.verificationMethod).toHaveLength(1);
      held[name] = reply.json.id;
    }
  });

  it('publishes the definition, which then stands in the open catalogue', async () => {
    const created = await service.request('/api/v1/definitions', { body: definition(held.owner) });
    expect(created.status).toBe(201);
    held.definitionId = created.json.id;
    const path = `/api/v1/definitions/${held.definitionId}`;
    expect((await service.request(path, { token: null })).status).toBe(404);
    const publishing = await service.request(`${path}/publish`, { body: {} });
    expect([publishing.status, publishing.headers['location']]).toEqual([201, `${path}/versions/1`]);
    const { items } = await service.ok('/api/v1/definitions?q=optofiber', { token: null });
    expect(items.map(({ id }: Parsed) => id)).toEqual([held.definitionId]);
  });

  it('is issued by the owner, and by another only with a mandate; the log grows', async () => {
    const { owner, issuer, definitionId } = held;
    const refused = await service.request('/api/v1/credentials', { body: issuance(definitionId, issuer) });
    expect([refused.status, refused.json.type]).toEqual([403, 'urn:meritkedja:problem:noMandate']);
    await service.post(`/api/v1/definitions/${definitionId}/mandates/${issuer}`, {});
    const before = await service.logSize();
    for (const [name, organisationId, n] of [['own', owner, 1] as const, ['mandated', issuer, 2] as const]) {
      const body = issuance(definitionId, organisationId, {
        givenName: 'Åsa',
        familyName: 'Öberg',
        personalNumber: personalNumber(n),
      });
      const reply = await service.request('/api/v1/credentials', { body });
      expect(reply.status).toBe(201);
      expect(reply.headers['location']).toBe(`/api/v1/credentials/${reply.json.id}`);
      expect(reply.json).toMatchObject({ state: 'active', organisationId, definitionId, version: 1 });
      expect(reply.json.index).toBeGreaterThanOrEqual(before);
      const { entry } = await service.ok(`/log/entries/${reply.json.index}`, { token: null });
      expect(entry).toMatchObject({ type: 'CredentialIssued', data: { digest: reply.json.digest } });
      held[name] = reply.json.id;
    }
    expect(await service.logSize()).toBeGreaterThanOrEqual(before + 2);
  });

  it('is pending until it is anchored, then valid', async () => {
    // Once the standing is recorded, which goes on beside the requests (S1).
    await eventually(
      async () => (await service.post('/api/v1/verify', await bundleOf(held.own))).verdict === 'pending',
      'the verdict to be pending',
    );
    const batch = await anchored(service);
    expect(batch.anchors[0]).toMatchObject({ chainId: 31_337, state: 'finalised' });
    for (const id of [held.own, held.mandated]) {
      const report = await service.post('/api/v1/verify', await bundleOf(id));
      expect(report.checks.filter(({ outcome }: Parsed) => outcome !== 'pass')).toEqual([]);
      expect(report).toMatchObject({ verdict: 'valid', state: 'active', keyCustody: 'operator' });
      expect(report.anchoredAt).toMatch(/^\d{4}-/);
    }
    held.bundle = await bundleOf(held.mandated);
    file('trust.json', await service.ok('/.well-known/meritkedja.json', { token: null }));
    const { size, toRoot } = await consistency(1);
    held.checkpoint = { size, root: toRoot };
  });
});

/** The proof from a size to the newest. */
async function consistency(from: number): Promise<{ size: number; fromRoot: string; toRoot: string; path: string[] }> {
  const { to, ...proof } = await service.ok(`/log/consistency?from=${from}`, { token: null });
  return { size: to, ...proof };
}

describe('the proof with the service gone', () => {
  beforeAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  it('is valid by trust file and block hash alone', async () => {
    const { status, json, stderr } = await verifyOffline(held.bundle, held.bundle.anchor.blockHash);
    expect([status, json?.verdict, stderr]).toEqual([0, 'valid', '']);
    expect(json.warnings.join(' ')).toMatch(/proves no time/);
  });

  it('is valid by the EVM node alone, restarted', async () => {
    const node = await startEmbeddedNode({ folder: join(service.dataDir, 'chain'), port: 0 });
    try {
      const path = file('candidate.json', held.bundle);
      const { status, stdout } = await cli(
        desk,
        'verify',
        path,
        '--trust',
        join(desk, 'trust.json'),
        '--rpc',
        node.url,
      );
      expect([status, stdout]).toEqual([0, expect.any(String)]);
    } finally {
      await node.stop();
    }
  });

  it('S4: is undetermined without a trust file', async () => {
    const path = file('candidate.json', held.bundle);
    const { status, json } = await cli(
      ...([desk, 'verify', path, '--block-hash', held.bundle.anchor.blockHash, '--offline', '--json'] as const),
    );
    expect([status, json.verdict]).toEqual([2, 'undetermined']);
    const unknown = json.checks.filter(({ outcome }: Parsed) => outcome === 'unknown').map(({ name }: Parsed) => name);
    expect(unknown).toEqual(expect.arrayContaining(['issuer', 'anchor']));
  });

  it('S10: is undetermined without a block hash from elsewhere', async () => {
    const path = file('candidate.json', held.bundle);
    const trust = join(desk, 'trust.json');
    const { status, json } = await cli(desk, 'verify', path, '--trust', trust, '--offline', '--json');
    expect([status, json.verdict, failing(json)]).toEqual([2, 'undetermined', []]);
  });

  /** One change each, and the check that must find it. */
  const forgeries: readonly [what: string, check: string, forge: (bundle: Parsed) => void][] = [
    ['the holder’s name', 'integrity', (b) => (subjectOf(b).identifier[0].identityHash = 'Åsa Öberh')],
    ['an outcome', 'integrity', (b) => (subjectOf(b).assessment.outcomes[0].met = false)],
    ['the signature', 'integrity', (b) => touchSignature(b.credential)],
    ['the issuance’s entry', 'logInclusion', (b) => (b.issued.entry = inEntry(b.issued.entry, /"digest":"[^"]{9}/))],
    ['the issuance’s path', 'logInclusion', (b) => (b.issued.path[0] = touched(b.issued.path[0]))],
    ['the issuance’s index', 'logInclusion', (b) => (b.issued.index -= 1)],
    ['the definition’s entry', 'logInclusion', (b) => (b.definition.entry = inEntry(b.definition.entry, /optofibe/))],
    ['the definition’s path', 'logInclusion', (b) => (b.definition.path[0] = touched(b.definition.path[0]))],
    ['the checkpoint’s root', 'logInclusion', (b) => (b.checkpoint = checkpointWith(b.checkpoint, 2, touched))],
    ['the checkpoint’s size', 'logInclusion', (b) => (b.checkpoint = checkpointWith(b.checkpoint, 1, plusOne))],
    ['the standing’s root', 'logInclusion', (b) => (b.standing.entry = inEntry(b.standing.entry, /"root":"[^"]{9}/))],
    ['the standing’s path', 'logInclusion', (b) => (b.standing.path[0] = touched(b.standing.path[0]))],
    [
      'a leaf of the standing',
      'logInclusion',
      (b) => (b.standing.leaves[0].leaf = inEntry(b.standing.leaves[0].leaf, /"did":"did:web/)),
    ],
    ['a leaf’s path', 'logInclusion', (b) => (b.standing.leaves[1].path[0] = touched(b.standing.leaves[1].path[0]))],
    ['the anchor’s header', 'anchor', (b) => (b.anchor.header = touchedHex(b.anchor.header))],
    ['the anchor’s receipt', 'anchor', (b) => b.anchor.receiptProof.push(touchedHex(b.anchor.receiptProof.pop()))],
    ['the anchor’s transaction', 'anchor', (b) => (b.anchor.txHash = touchedHex(b.anchor.txHash))],
    ['the anchor’s contract', 'anchor', (b) => (b.anchor.contract = touchedHex(b.anchor.contract))],
    ['the anchor’s sender', 'anchor', (b) => (b.anchor.anchorer = touchedHex(b.anchor.anchorer))],
    ['the anchor’s block', 'anchor', (b) => (b.anchor.blockHash = touchedHex(b.anchor.blockHash))],
  ];
  it.each(forgeries)('is invalid with %s changed: %s', async (_what, check, forge) => {
    const bundle = structuredClone(held.bundle);
    forge(bundle);
    expect(bundle).not.toEqual(held.bundle);
    const { status, json } = await verifyOffline(bundle, held.bundle.anchor.blockHash);
    expect([status, json?.verdict]).toEqual([1, 'invalid']);
    expect(failing(json)).toContain(check);
  });

  it('is invalid where the chain has another block', async () => {
    const { status, json } = await verifyOffline(held.bundle, touchedHex(held.bundle.anchor.blockHash));
    expect([status, failing(json)]).toEqual([1, ['anchor']]);
  });
});

function subjectOf(bundle: Parsed): Parsed {
  return bundle.credential.credentialSubject;
}

function touchSignature(credential: Parsed): void {
  const [proof] = [credential.proof].flat();
  // In the middle: the last digits of base58 decide over few bits.
  const value: string = proof.proofValue;
  proof.proofValue = `${value.slice(0, 40)}${value[40] === 'x' ? 'y' : 'x'}${value.slice(41)}`;
}

/** Changes the last character of what the pattern finds in an entry's text. */
function inEntry(base64: string, where: RegExp): string {
  const text = new TextDecoder().decode(fromBase64(base64));
  const match = where.exec(text);
  if (!match) return base64;
  const at = match.index + match[0].length - 1;
  return toBase64(new TextEncoder().encode(`${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`));
}

function checkpointWith(checkpoint: string, line: number, change: (text: string) => string): string {
  const lines = checkpoint.split('\n');
  return [...lines.slice(0, line), change(lines[line] ?? ''), ...lines.slice(line + 1)].join('\n');
}

function plusOne(size: string): string {
  return String(Number(size) + 1);
}

describe('after a restart', () => {
  beforeAll(async () => {
    await service.restart();
  });

  it('S15: the log is the same, and grows from there', async () => {
    await service.post('/api/v1/organisations', organisation(3));
    const { size, fromRoot, toRoot, path } = await consistency(held.checkpoint.size);
    expect(fromRoot).toBe(held.checkpoint.root);
    const proven = verifyConsistency(
      held.checkpoint.size,
      size,
      fromBase64(held.checkpoint.root),
      fromBase64(toRoot),
      path.map(fromBase64),
    );
    expect([proven, size > held.checkpoint.size]).toEqual([true, true]);
  });

  it('proofs are the same byte for byte', async () => {
    expect(await bundleOf(held.mandated)).toEqual(held.bundle);
  });

  it('revoked is not in force, in the ledger and on the command line', async () => {
    const reply = await service.request(`/api/v1/credentials/${held.own}/revoke`, {
      body: { reason: 'issuedInError' },
    });
    expect([reply.status, reply.json.state]).toEqual([200, 'revoked']);
    await anchored(service);
    const bundle = await bundleOf(held.own);
    const { status, json } = await verifyOffline(bundle, bundle.anchor.blockHash);
    expect([status, json.verdict, json.state, failing(json)]).toEqual([3, 'notInForce', 'revoked', ['status']]);
    const again = await service.request(`/api/v1/credentials/${held.own}/reinstate`, { body: {} });
    expect(again.status).toBe(409);
  });

  it('suspended is not in force, reinstated is valid again', async () => {
    const path = `/api/v1/credentials/${held.mandated}`;
    const suspended = await service.post(`${path}/suspend`, { reason: 'underReview' });
    expect(suspended.state).toBe('suspended');
    await anchored(service);
    expect(await service.post('/api/v1/verify', await bundleOf(held.mandated))).toMatchObject({
      verdict: 'notInForce',
      state: 'suspended',
    });
    expect((await service.post(`${path}/reinstate`, {})).state).toBe('active');
    await anchored(service);
    const bundle = await bundleOf(held.mandated);
    expect(bundle.firstAnchor).toBeDefined();
    const report = await service.post('/api/v1/verify', bundle);
    expect(report).toMatchObject({ verdict: 'valid', state: 'active' });
    // S3: the time is that of the first anchor that covers the issuance, not of the newest.
    const { json: first } = await verifyOffline(held.bundle, held.bundle.anchor.blockHash);
    expect(report.anchoredAt).toBe(first.anchoredAt);
  });

  it('S1: an older proof says as of when it speaks; its own ledger answers with the newest there is', async () => {
    const { json: old } = await verifyOffline(held.bundle, held.bundle.anchor.blockHash);
    const now = await service.post('/api/v1/verify', await bundleOf(held.mandated));
    expect(Date.parse(old.asOf)).toBeLessThan(Date.parse(now.asOf));
    expect((await service.post('/api/v1/verify', held.bundle)).asOf).toBe(now.asOf);
  });
});
