/**
 * Histories over real sockets and in a browser: of a credential with what bears on it, as of a day, each line with a
 * proof that holds; the feed of all that is logged in an organisation's name (S13); no more than the log's entries (S25).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { fromBase64 } from '../src/encoding/base64.js';
import { hashLeaf } from '../src/log/hash.js';
import { verifyInclusion } from '../src/log/proof-check.js';
import { syntheticLedger } from '../src/verification/synthetic-ledger.fixture.js';
import { describeInBrowser } from './browser.js';
import { Visits } from './pages-visits.js';
import { faultsOf } from './pages-accessibility.js';
import { anchored, issuance, world, type World } from './samples.js';
import { cli, Service, type Parsed } from './service.js';

let service: Service;
let w: World;
let credential: string;
/** Whoever monitors keeps files here. */
let desk: string;

beforeAll(async () => {
  desk = mkdtempSync(join(tmpdir(), 'meritkedja-history-'));
  service = await Service.start();
  w = await world(service);
  credential = (await service.post('/api/v1/credentials', issuance(w.definitionId, w.issuer))).id;
  await service.post(`/api/v1/credentials/${credential}/suspend`, { reason: 'appeal' });
  await service.post(`/api/v1/credentials/${credential}/reinstate`, {});
  await service.post(`/api/v1/organisations/${w.issuer}/keys`, {});
  await anchored(service);
});
afterAll(async () => {
  await service.stop();
  rmSync(desk, { recursive: true, force: true });
});

const types = ({ items }: Parsed): readonly string[] => items.map(({ type }: { type: string }) => type);

describe('the history of a credential', () => {
  it('tells what happened to it and to its key, in which batch, and how it stands', async () => {
    const history = await service.ok(`/api/v1/credentials/${credential}/history`);
    expect(types(history)).toEqual([
      ...['CredentialIssued', 'CredentialSuspended', 'CredentialReinstated', 'IssuingKeyRotated'],
    ]);
    expect(history.state).toMatchObject({
      ...{ is: 'active', validity: 'valid', mandate: { state: 'inForce' }, version: { held: 1, newest: 1 } },
      key: { state: 'rotated', stands: true },
    });
    for (const line of history.items) {
      expect(line.batch).toBeGreaterThan(0);
      expect(Date.parse(line.anchoredAt)).not.toBeNaN();
    }
  });

  it('has a proof for each line', async () => {
    const { items } = await service.ok(`/api/v1/credentials/${credential}/history`);
    for (const line of items) {
      const entry = await service.ok(line.entry);
      const proof = await service.ok(line.proof);
      const leaf = hashLeaf(fromBase64(entry.bytes));
      const path = proof.path.map(fromBase64);
      expect(verifyInclusion(proof.index, proof.size, leaf, path, fromBase64(proof.root))).toBe(true);
      expect(entry.entry).toMatchObject({ type: line.type, stream: line.stream, at: line.at });
    }
  });

  it('ends at the moment that is asked for', async () => {
    const { items } = await service.ok(`/api/v1/credentials/${credential}/history`);
    const at = encodeURIComponent(items[1].at);
    const then = await service.ok(`/api/v1/credentials/${credential}/history?at=${at}`);
    expect(then.state).toMatchObject({ is: 'suspended', reasonCode: 'appeal', key: { state: 'active' } });
    expect(then.items.length).toBe(2);
    const before = await service.request(`/api/v1/credentials/${credential}/history?at=2020-01-01T00:00:00Z`);
    expect(before.status).toBe(404);
    const wrong = await service.request(`/api/v1/credentials/${credential}/history?at=igår`);
    expect(wrong.status).toBe(422);
  });

  it('S25: says no more than the entries', async () => {
    const { items } = await service.ok(`/api/v1/credentials/${credential}/history`);
    for (const { index, data, by } of items) {
      expect((await service.ok(`/log/entries/${index}`)).entry).toMatchObject({ data, by });
    }
  });
});

describe('S13: what is logged in the name of an organisation', () => {
  it('is every entry about it or made as it, page by page, newest first', async () => {
    const first = await service.ok(`/api/v1/organisations/${w.issuer}/log?limit=3`);
    const indexes: number[] = first.items.map(({ index }: Parsed) => index);
    let { next } = first;
    while (next !== undefined) {
      const page = await service.ok(`/api/v1/organisations/${w.issuer}/log?limit=3&cursor=${next}`);
      indexes.push(...page.items.map(({ index }: Parsed) => index));
      ({ next } = page);
    }
    expect(indexes).toEqual(indexes.toSorted((a, b) => b - a));
    const size = await service.logSize();
    const named: number[] = [];
    for (let index = 0; index < size; index += 1) {
      const { entry } = await service.ok(`/log/entries/${index}`);
      const isOwn = entry.stream === `organisation-${w.issuer}` || entry.stream === `credential-${credential}`;
      if (isOwn || entry.data.organisation === w.issuer || LISTS.has(entry.type)) named.push(index);
    }
    expect(indexes.toReversed()).toEqual(named);
  });

  it('comes as an Atom feed that a parser reads, in both languages', async () => {
    for (const [lang, word] of [
      ['sv', 'fick utfärdandemandat'],
      ['en', 'was given a mandate to issue'],
    ] as const) {
      const { status, headers, text } = await service.request(`/api/v1/organisations/${w.issuer}/feed?lang=${lang}`);
      expect(status).toBe(200);
      expect(headers['content-type']).toContain('application/atom+xml');
      expect(text).toContain(`Skellefteå Kraft ${word}`);
    }
  });

  it('is shown by meritkedja monitor from the public log, first all and then what has come since', async () => {
    const monitor = (...more: readonly string[]) =>
      cli(desk, 'monitor', '--organisation', w.issuer, '--url', service.url, ...more);
    const trust = join(service.dataDir, 'trust.json');
    const first = await monitor('--trust', trust, '--json');
    expect(first.status).toBe(0);
    const page = await service.ok(`/api/v1/organisations/${w.issuer}/log?limit=200`);
    const { entries, findings }: Parsed = JSON.parse(first.stdout);
    expect(entries.map(({ index }: Parsed) => index)).toEqual(
      page.items.map(({ index }: Parsed) => index).toReversed(),
    );
    expect(findings).toEqual([]);
    await service.post(`/api/v1/credentials/${credential}/suspend`, { reason: 'appeal' });
    await anchored(service);
    const second = await monitor('--trust', trust);
    expect(second.stdout).toMatch(/^\d+ {2}.* Suspended: under appeal\./m);
    expect(second.stdout).not.toContain('Issued by');
    expect((await monitor('--trust', trust)).stdout).toBe('');
    // S4: without a pinned key it is the log's own word.
    const unpinned = await cli(desk, 'monitor', '--organisation', w.issuer, '--url', service.url, '--all');
    expect([unpinned.status, unpinned.stderr]).toEqual([2, expect.stringContaining('no key is pinned')]);
    // S4: nor is another pinned ledger's head taken at the address of one that is pinned.
    const known = JSON.parse(readFileSync(trust, 'utf8')) as { log: string };
    const [elsewhere, here] = ['elsewhere.json', 'here.json'].map((name) => join(desk, name)) as [string, string];
    writeFileSync(elsewhere, JSON.stringify({ ...known, log: 'https://elsewhere.example/log' }));
    writeFileSync(here, JSON.stringify({ ...(await syntheticLedger()).trust, log: known.log }));
    const both = await monitor('--trust', elsewhere, '--trust', here, '--all');
    expect([both.status, both.stdout + both.stderr]).toEqual([1, expect.stringContaining('no pinned key is of')]);
    await service.post(`/api/v1/credentials/${credential}/reinstate`, {});
  });

  it('is not found for who was never registered', async () => {
    for (const what of ['log', 'feed', 'history']) {
      const { status } = await service.request(`/api/v1/organisations/${credential}/${what}`);
      expect([what, status]).toEqual([what, 404]);
    }
  });
});
/** Only one organisation issues here, so all lists are its own. */
const LISTS: ReadonlySet<string> = new Set(['IndexBlockAllotted', 'StatusListPublished']);

describeInBrowser('the pages', (browser) => {
  const visits = new Visits(browser, () => service.url);
  afterEach(async () => expect(await visits.end()).toEqual([]));

  it.each(['credentials', 'definitions', 'organisations'])('show the history of %s, as of any day', async (kind) => {
    const id = { credentials: credential, definitions: w.definitionId, organisations: w.issuer }[kind]!;
    const { page } = await visits.open(`/history/${kind}/${id}`);
    expect(await page.locator('ol.history > li').count()).toBeGreaterThan(2);
    expect(await page.getByText('Läget nu').count()).toBe(1);
    expect(await faultsOf(page)).toEqual([]);
    await page.locator('#day').fill('2020-01-01');
    await page.getByRole('button', { name: 'Visa' }).click();
    await page.getByText('Så var läget 1 januari 2020').waitFor();
    expect(await page.getByText('Då fanns det ännu inte.').count()).toBe(1);
  });

  it('say when the day is none', async () => {
    const { page } = await visits.open(`/history/organisations/${w.issuer}?day=ig%C3%A5r`);
    await page.getByRole('alert').waitFor();
  });
});
