import { beforeAll, describe, expect, it } from '@jest/globals';
import { utf8 } from '../../encoding/bytes.js';
import type { JsonObject } from '../../encoding/json.js';
import { sealShare, shareId } from '../../holders/share-crypto.js';
import {
  CREDENTIAL,
  NOW,
  ORIGIN,
  syntheticLedger,
  type Synthetic,
} from '../../verification/synthetic-ledger.fixture.js';
import { check, openLink } from './check.js';
import { readInput } from './input.js';
import { fetchEvidence, fetchTrust, remembering, type Fetch } from './ledger.js';

const KEY = new Uint8Array(32).fill(9);
const WRONG = `0x${'00'.repeat(32)}`;
let ledger: Synthetic;
let credential: JsonObject;
let answers: Record<string, unknown>;
let asked: string[];

beforeAll(async () => {
  ledger = await syntheticLedger();
  const { credential: document, ...evidence } = ledger.bundle;
  credential = document;
  answers = {
    '/.well-known/meritkedja.json': ledger.trust,
    [`/api/v1/credentials/${CREDENTIAL}/evidence`]: evidence,
    [`/api/v1/shares/${await shareId(KEY)}`]: await sealShare(KEY, utf8(JSON.stringify({ credential }))),
  };
  for (const [number, hash] of ledger.blockHashes) answers[`/api/v1/chains/31337/blocks/${number}`] = { hash };
});

/** Of the serving ledger, by its trust file. */
const link = (): URL => new URL(`/c/${CREDENTIAL}`, ledger.trust.log);

/** The serving ledger, without some of its answers or with others. */
function serving(changed: Record<string, unknown> = {}): Fetch {
  asked = [];
  const all = { ...answers, ...changed };
  return (path) => {
    asked.push(path);
    const answer = all[path];
    if (answer instanceof Error) return Promise.reject(answer);
    if (typeof answer === 'number') return Promise.resolve(new Response('', { status: answer }));
    return Promise.resolve(answer === undefined ? new Response('', { status: 404 }) : Response.json(answer));
  };
}

const now = new Date(NOW);
const anchor = () => ledger.bundle.anchor!;

describe('a credential that is dropped on the page', () => {
  it('S10: is valid with the ledger’s evidence, on the ledger’s own word for the block', async () => {
    const checked = await check({ kind: 'credential', credential }, { fetch: serving(), now });
    expect(checked.report.verdict).toBe('valid');
    expect(checked.blockHashFrom).toBe('ledger');
    expect(checked.origin).toBe(ORIGIN);
    expect(checked.bundle).toEqual(JSON.parse(JSON.stringify(ledger.bundle)));
  });

  it('is sent nowhere: addresses name nothing but what is public', async () => {
    await check({ kind: 'credential', credential }, { fetch: serving(), now });
    const blocks = asked.filter((path) => path.startsWith('/api/v1/chains/'));
    expect(asked.filter((path) => !blocks.includes(path)).sort()).toEqual(
      ['/.well-known/meritkedja.json', `/api/v1/credentials/${CREDENTIAL}/evidence`].sort(),
    );
  });

  it('is invalid when a letter of it is changed', async () => {
    const forged = { ...credential, name: 'Truckkort A' };
    const checked = await check({ kind: 'credential', credential: forged }, { fetch: serving(), now });
    expect(checked.report.verdict).toBe('invalid');
  });

  it('is undetermined where the ledger does not know it', async () => {
    const fetch = serving({ [`/api/v1/credentials/${CREDENTIAL}/evidence`]: 404 });
    const checked = await check({ kind: 'credential', credential }, { fetch, now });
    expect(checked.report.verdict).toBe('undetermined');
    expect(checked.bundle).toBeUndefined();
  });
});

describe('a bundle that is dropped on the page', () => {
  const input = () => readInput(JSON.stringify(ledger.bundle));

  it('needs no evidence from the ledger', async () => {
    const fetch = serving({ [`/api/v1/credentials/${CREDENTIAL}/evidence`]: 500 });
    expect((await check(input(), { fetch, now })).report.verdict).toBe('valid');
  });

  it('S10: is held against the block hash that the person typed', async () => {
    const right = await check(input(), { fetch: serving(), now, ownBlockHash: anchor().blockHash });
    expect([right.report.verdict, right.blockHashFrom]).toEqual(['valid', 'user']);
    const wrong = await check(input(), { fetch: serving(), now, ownBlockHash: WRONG });
    expect([wrong.report.verdict, wrong.blockHashFrom]).toEqual(['invalid', 'user']);
  });

  it('S10: is undetermined, never invalid, where nobody gives a block hash', async () => {
    const path = `/api/v1/chains/31337/blocks/${anchor().blockNumber}`;
    for (const answer of [new TypeError('network'), 502, 404, {}]) {
      const checked = await check(input(), { fetch: serving({ [path]: answer }), now });
      expect([checked.report.verdict, checked.blockHashFrom]).toEqual(['undetermined', 'nobody']);
    }
  });

  it('S4: of another log is undetermined', async () => {
    const bundle = { ...ledger.bundle, origin: 'elsewhere.example/log' };
    const checked = await check(readInput(JSON.stringify(bundle)), { fetch: serving(), now });
    expect(checked.report.verdict).not.toBe('valid');
  });
});

describe('a check without a serving ledger, in the saved file', () => {
  const bundle = () => readInput(JSON.stringify(ledger.bundle));
  const hashes = () => [...ledger.blockHashes].map(([blockNumber, hash]) => ({ chainId: 31337, blockNumber, hash }));

  it('S4: relies on nobody until the person says on whom', async () => {
    const checked = await check(bundle(), { now, blockHashes: hashes() });
    expect(checked).toMatchObject({ trustFrom: 'nobody', origin: ORIGIN, report: { verdict: 'undetermined' } });
  });

  it('S10: takes the block’s hash from the person or a list, and is undetermined without', async () => {
    const pinned = [ledger.trust];
    const listed = await check(bundle(), { now, pinned, blockHashes: hashes() });
    expect(listed).toMatchObject({ trustFrom: 'user', blockHashFrom: 'list', report: { verdict: 'valid' } });
    const typed = await check(bundle(), { now, pinned, ownBlockHash: anchor().blockHash });
    expect(typed).toMatchObject({ blockHashFrom: 'user', report: { verdict: 'valid' } });
    const neither = await check(bundle(), { now, pinned });
    expect(neither).toMatchObject({ blockHashFrom: 'nobody', report: { verdict: 'undetermined' } });
    const wrong = hashes().map((one) => ({ ...one, hash: WRONG }));
    expect((await check(bundle(), { now, pinned, blockHashes: wrong })).report.verdict).toBe('invalid');
  });

  it('is undetermined for a credential that came without its evidence', async () => {
    const checked = await check({ kind: 'credential', credential }, { now, pinned: [ledger.trust] });
    expect([checked.report.verdict, checked.bundle]).toEqual(['undetermined', undefined]);
  });
});

describe('ledgers that the person relies on besides the serving one', () => {
  it('count for their own logs, also where the serving ledger has no trust file', async () => {
    const fetch = serving({ '/.well-known/meritkedja.json': new TypeError('network') });
    const checked = await check(readInput(JSON.stringify(ledger.bundle)), { fetch, now, pinned: [ledger.trust] });
    expect(checked).toMatchObject({ trustFrom: 'user', report: { verdict: 'valid' } });
  });
});

describe('a trust file that the person has pinned for the serving ledger’s own log', () => {
  it('S4: counts alone, whatever the ledger says of itself now', async () => {
    const pinned = [{ ...ledger.trust, chains: [] }];
    const checked = await check(readInput(JSON.stringify(ledger.bundle)), { fetch: serving(), now, pinned });
    expect(checked.trustFrom).toBe('user');
    expect(checked.report.verdict).not.toBe('valid');
  });
});

describe('a page that the ledger no longer answers', () => {
  it('uses what it was told before, and nothing that it was not', async () => {
    let isGone = false;
    const page = remembering((path) => (isGone ? Promise.reject(new TypeError('network')) : serving()(path)));
    const trust = await fetchTrust(page);
    isGone = true;
    expect(await fetchTrust(page)).toEqual(trust);
    expect(await fetchTrust(page)).toEqual(trust);
    await expect(fetchEvidence(page, CREDENTIAL)).rejects.toMatchObject({ code: 'offline' });
  });
});

describe('a check without a trust file', () => {
  it.each([
    [404, 'noTrust'],
    [{ origin: 'x' }, 'noTrust'],
    [500, 'serverError'],
    [[], 'serverError'],
    [new TypeError('network'), 'offline'],
  ])('%#: is not made', async (answer, code) => {
    const fetch = serving({ '/.well-known/meritkedja.json': answer });
    await expect(check({ kind: 'credential', credential }, { fetch, now })).rejects.toMatchObject({ code });
  });
});

describe('a share link', () => {
  it('opens to the credential, which is then checked', async () => {
    expect(await openLink(KEY, serving())).toEqual(JSON.parse(JSON.stringify(credential)));
    const checked = await check({ kind: 'link', key: KEY, url: link() }, { fetch: serving(), now });
    expect(checked.report.verdict).toBe('valid');
  });

  it('of another ledger is followed by nobody: that host would be told who looks at whose credential', async () => {
    const elsewhere = new URL('https://annan.example/c/x#k');
    const options = { fetch: serving(), now };
    await expect(check({ kind: 'link', key: KEY, url: elsewhere }, options)).rejects.toMatchObject({
      code: 'otherLedger',
      params: { host: 'annan.example' },
      link: elsewhere,
    });
    expect(asked).toEqual(['/.well-known/meritkedja.json']);
    await expect(check({ kind: 'link', key: KEY, url: link() }, { now })).rejects.toMatchObject({ code: 'linkInFile' });
  });

  it('asks for the share by a name from which the key cannot be told', async () => {
    await openLink(KEY, serving());
    expect(asked).toEqual([`/api/v1/shares/${await shareId(KEY)}`]);
  });

  it('that was withdrawn, or holds something else, is told apart', async () => {
    const path = `/api/v1/shares/${await shareId(KEY)}`;
    const sealed = async (text: string) => sealShare(KEY, utf8(text));
    const other = await sealShare(new Uint8Array(32).fill(8), utf8('{}'));
    for (const [answer, code] of [
      [404, 'noShare'],
      [410, 'noShare'],
      [{ nonce: 1 }, 'badShare'],
      [{ nonce: '!', ciphertext: '' }, 'badShare'],
      [other, 'badShare'],
      [await sealed('no json'), 'badShare'],
      [await sealed('{"credential":3}'), 'badShare'],
    ] as const) {
      await expect(openLink(KEY, serving({ [path]: answer }))).rejects.toMatchObject({ code });
    }
  });
});
