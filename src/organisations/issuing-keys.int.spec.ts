/** Issuing with a key that the organisation keeps itself (S13), over a loopback signer: what stands, and what is left. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { referenceSigner } from '../../scripts/reference-signer.mjs';
import { custodyOfAll, listIssuingKeys } from './issuing-keys.read.js';
import { knownOrganisation } from './known-organisation.js';
import { newIssuingKey } from './new-issuing-key.js';
import { activeKey, type KnownOrganisation } from './organisation.js';
import { issuingKeySchema, type IssuingKeyInput } from './organisations.schema.js';
import { issueCredential } from '../credentials/issue.js';
import { heldCredential } from '../credentials/held-credential.js';
import { outdatedLists } from '../credentials/status-lists.read.js';
import { generateKeyPair, signer as ed25519 } from '../crypto/ed25519.js';
import { fromMultikey } from '../encoding/base58.js';
import { toBase64url } from '../encoding/base64.js';
import { DomainError, SignerError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { issuanceOf, SmallLedger } from '../small-ledger.fixture.js';
import { eddsaJcsProofOf, verifyEddsaJcs } from '../verification/data-integrity.js';
import { keyChangeBytes } from './key-authorisation.js';

const AT = '2026-03-01T12:00:00.000Z';
const TOKEN = 'the-signers-token';

interface Signer {
  readonly input: IssuingKeyInput;
  readonly kid: string;
  readonly seed: Uint8Array;
  readonly kinds: string[];
  /** Answers nothing but 503 until it is back. */
  away: boolean;
  /** Refuses what it is asked for. */
  refusing: boolean;
}

let folder: string;
let store: EventStore;
let small: SmallLedger;
const closes: (() => void)[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-signer-'));
  store = openMemoryEventStore();
  small = await SmallLedger.open(store, folder);
});
afterEach(async () => {
  await small.stop();
  for (const close of closes.splice(0)) close();
  rmSync(folder, { recursive: true, force: true });
});

async function remote(): Promise<Signer> {
  const { seed } = generateKeyPair();
  const state = { kinds: [] as string[], away: false, refusing: false };
  const { kid, server } = referenceSigner({
    seed,
    token: TOKEN,
    allow: ({ kind }) => {
      state.kinds.push(kind);
      return !state.refusing;
    },
  });
  server.prependListener('request', (request, response) => {
    if (!state.away) return;
    response.writeHead(503).end();
    response.end = () => response;
    response.writeHead = () => response;
    request.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closes.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const input = issuingKeySchema.parse({
    custody: 'organisation',
    publicKeyMultibase: kid,
    signer: { url, token: TOKEN },
  });
  return Object.assign(state, { input, kid, seed });
}

/** As the controller does it. */
async function take(id: string, input: IssuingKeyInput): Promise<KnownOrganisation> {
  const organisation = await knownOrganisation(store, id);
  await small.onOrganisation(id, await newIssuingKey(small.issuingKeys, organisation, input, AT));
  await small.settle();
  return knownOrganisation(store, id);
}

const byOperator = issuingKeySchema.parse({});

describe('an organisation with a signer of its own', () => {
  it('S13: takes its key over with the signature of the operator’s before it, and issues with it', async () => {
    const id = await small.organisation();
    const definition = await small.definition(id);
    const signer = await remote();
    const organisation = await take(id, signer.input);
    expect(activeKey(organisation)).toMatchObject({ kid: signer.kid, custody: 'organisation' });
    const rotated = (await store.readStream(organisation.stream)).at(-1)!;
    expect(rotated.data).toMatchObject({ authorisation: { kid: organisation.keys[0]!.kid } });

    const issued = await issueCredential(small.ledger, issuanceOf(definition, id), small.oneOff());
    await small.settle();
    const { document } = await heldCredential(small.ledger, issued.id);
    expect(verifyEddsaJcs(document, eddsaJcsProofOf(document).proof, fromMultikey(signer.kid))).toBe(true);
    await small.sealer.seal();
    // Before it took the key over, in public; then whatever is signed.
    expect([...new Set(signer.kinds)]).toEqual(['keyChange', 'credential', 'statusList']);
    expect(outdatedLists(small.readModels.db)).toEqual([]);
  });

  it('S13: shows that it has the key before it takes over', async () => {
    const id = await small.organisation();
    const signer = await remote();
    const other = await remote();
    const lying = { ...signer.input, publicKeyMultibase: other.kid };
    await expect(take(id, lying)).rejects.toThrow(SignerError);
    expect((await knownOrganisation(store, id)).keys).toHaveLength(1);
  });

  it('S13: keeps its address and token out of the log, and wrapped in the vault', async () => {
    const id = await small.organisation();
    await take(id, (await remote()).input);
    const all = await store.readAll({ limit: 10_000 });
    const text = JSON.stringify(all, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    expect(text).toContain('RemoteSignerKept');
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain('http://127.0.0.1');
  });

  it('S13: is asked before another key takes its place, and its word is final', async () => {
    const id = await small.organisation();
    const signer = await remote();
    await take(id, signer.input);
    signer.refusing = true;
    await expect(take(id, byOperator)).rejects.toThrow(SignerError);
    signer.refusing = false;
    const after = await take(id, byOperator);
    expect(activeKey(after)?.custody).toBe('operator');
    expect((await store.readStream(after.stream)).at(-1)?.data).toMatchObject({
      authorisation: { kid: signer.kid, signature: expect.stringMatching(/^[\w-]{86}$/) },
    });
  });

  it('S13: may give its signature beforehand, for one state of the organisation', async () => {
    const id = await small.organisation();
    const signer = await remote();
    const { did, revision } = await take(id, signer.input);
    const next = await remote();
    const change = { organisation: did, replaces: signer.kid, kid: next.kid, custody: 'organisation' as const };
    const signedAt = (at: number): IssuingKeyInput => ({
      ...next.input,
      authorisation: {
        signature: toBase64url(ed25519(signer.seed).sign(keyChangeBytes({ ...change, revision: at }))),
      },
    });
    signer.away = true;
    await expect(take(id, signedAt(revision + 1))).rejects.toThrow(DomainError);
    expect(activeKey(await take(id, signedAt(revision)))?.kid).toBe(next.kid);
  });

  it('has a key once: one in use, or kept by the service, is refused before any signer is asked', async () => {
    const id = await small.organisation();
    const signer = await remote();
    await take(id, signer.input);
    const { keys } = await knownOrganisation(store, id);
    const asked = signer.kinds.length;
    for (const kid of [signer.kid, keys[0]!.kid]) {
      await expect(take(id, { ...signer.input, publicKeyMultibase: kid })).rejects.toThrow(/keyUsed/);
    }
    const other = await small.organisation();
    await expect(take(other, { ...signer.input, publicKeyMultibase: keys[0]!.kid })).rejects.toThrow(/keyUsed/);
    expect(signer.kinds).toHaveLength(asked);
  });

  it('whose signer is away issues nothing, not even half; the others issue, and anchors go on', async () => {
    const id = await small.organisation();
    const definition = await small.definition(id);
    const other = await small.organisation();
    const others = await small.definition(other);
    const signer = await remote();
    await take(id, signer.input);
    const first = await issueCredential(small.ledger, issuanceOf(definition, id), small.oneOff());
    await small.settle();
    await small.sealer.seal();

    signer.away = true;
    const request = small.repeatable('twice');
    const before = (await store.readAll({ limit: 100_000 })).filter(({ stream }) => !stream.includes('status')).length;
    const error: unknown = await issueCredential(small.ledger, issuanceOf(definition, id), request).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ name: 'SignerError', code: 'signerUnreachable', kid: signer.kid });
    const after = (await store.readAll({ limit: 100_000 })).filter(({ stream }) => !stream.includes('status')).length;
    expect(after).toBe(before);

    await small.revoke(first.id);
    const theirs = await issueCredential(small.ledger, issuanceOf(others, other), small.oneOff());
    await small.revoke(theirs.id);
    await small.settle();
    await small.sealer.seal();
    expect(outdatedLists(small.readModels.db).map(({ organisation }) => organisation)).toEqual([id]);
    expect(small.statusPublisher.problems).toEqual([expect.stringContaining(signer.kid)]);

    signer.away = false;
    // Left in peace for a moment after it failed.
    while (outdatedLists(small.readModels.db).length > 0) {
      await small.statusPublisher.publish();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(small.statusPublisher.problems).toEqual([]);
    const { id: issued } = await issueCredential(small.ledger, issuanceOf(definition, id), request);
    expect((await issueCredential(small.ledger, issuanceOf(definition, id), request)).id).toBe(issued);
  }, 60_000);

  it('is told apart in the operator’s list, and in what the trust file sums up', async () => {
    const id = await small.organisation();
    await small.settle();
    const { db } = small.readModels;
    expect(custodyOfAll(db)).toBe('operator');
    const signer = await remote();
    await take(id, signer.input);
    expect(custodyOfAll(db)).toBe('organisation');
    await small.organisation();
    await small.settle();
    expect(custodyOfAll(db)).toBe('mixed');
    const page = listIssuingKeys(db, { after: 0, limit: 2 });
    expect(page.items.map(({ custody, state }) => [custody, state])).toEqual([
      ['operator', 'rotated'],
      ['organisation', 'active'],
    ]);
    expect(listIssuingKeys(db, { after: page.next!, limit: 2 })).toMatchObject({
      items: [{ custody: 'operator' }],
      next: undefined,
    });
  });
});
