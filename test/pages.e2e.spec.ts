/**
 * The pages in a real browser, against the built service with the demonstration data: what a visitor reads, what the
 * holder's link shows, what a verifier is told, what the operator does. Each visit is watched (`pages-visits.ts`).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { InvariantError } from '../src/errors.js';
import { en } from '../src/web/text/en.js';
import { sv } from '../src/web/text/sv.js';
import { describeInBrowser } from './browser.js';
import { faultsOf } from './pages-accessibility.js';
import { guideTable, HAS_GUIDE } from './pages-guide.js';
import { PHONE, Visits } from './pages-visits.js';
import { anchored, FIBRE, issuance } from './samples.js';
import { cli, Service, type Parsed } from './service.js';

const CHECKS = [
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
const WRONG_BLOCK = `0x${'7'.repeat(64)}`;
const NOBODYS_KEY = 'A'.repeat(43);

/** A credential with all that a test may hold in its hand. */
interface Held {
  readonly id: string;
  readonly holder: string;
  /** Path and key behind the QR code. */
  readonly link: string;
}

describeInBrowser('the pages', (browser) => {
  let service: Service;
  /** Where the verifier keeps files. */
  let desk: string;
  let definitionId: string;
  let shown: Held;
  let revoked: Held;
  let operated: Held;
  let bundle: Parsed;
  let visits: Visits;

  async function issued(givenName: string, familyName: string, owner: string): Promise<Held> {
    const body = issuance(definitionId, owner, { givenName, familyName });
    const { id, link } = await service.post('/api/v1/credentials', body);
    const { pathname, hash } = new URL(link as string);
    return { id, holder: `${givenName} ${familyName}`, link: `${pathname}${hash}` };
  }

  beforeAll(async () => {
    desk = mkdtempSync(join(tmpdir(), 'meritkedja-pages-'));
    service = await Service.start({ env: { SEED: 'pilots', ANCHOR_INTERVAL: '1' } });
    const found = await service.ok('/api/v1/definitions?q=optofiber');
    const [definition] = found.items;
    definitionId = definition.id;
    shown = await issued('Ilvaberta', 'Snöprövare', definition.owner);
    revoked = await issued('Tjugonda', 'Provsten', definition.owner);
    operated = await issued('Olgafrid', 'Provbacke', definition.owner);
    await anchored(service);
    bundle = await service.ok(`/api/v1/credentials/${shown.id}/proof`);
  });
  afterAll(async () => {
    await service.dispose();
    rmSync(desk, { recursive: true, force: true });
  });
  beforeEach(() => {
    visits = new Visits(browser, () => service.url);
  });
  afterEach(async () => {
    expect(await visits.end()).toEqual([]);
  });

  describe('the start page', () => {
    it('counts what is in the ledger and shows the newest anchor', async () => {
      const { page } = await visits.open('/');
      const { items: credentials } = await service.ok('/api/v1/credentials?limit=200');
      const numbers = await page.locator('.numbers > div').allInnerTexts();
      expect(numbers.join('\n')).toContain(sv.start.credentials);
      expect(await numberAt(page, sv.start.credentials)).toBe(credentials.length);
      expect(await numberAt(page, sv.start.logSize)).toBe(await service.logSize());
      expect(await numberAt(page, sv.start.organisations)).toBeGreaterThan(5);
      expect(await numberAt(page, sv.start.definitions)).toBeGreaterThan(5);
      const { items: batches } = await service.ok('/api/v1/batches');
      const anchor = page.locator('.anchor-panel');
      expect(await anchor.getByRole('link').innerText()).toBe(String(batches[0].number));
      expect(await anchor.innerText()).toContain(batches[0].anchors[0].txHash);
    });

    it('is Swedish where nothing else is asked for, English by Accept-Language', async () => {
      for (const [locale, lang] of [
        ['de-DE', 'sv'],
        ['sv-SE', 'sv'],
        ['en-GB', 'en'],
      ] as const) {
        const { page } = await visits.open('/', { locale });
        expect(await page.locator('html').getAttribute('lang')).toBe(lang);
        expect(await page.locator('h1').innerText()).toBe({ sv, en }[lang].start.heading);
      }
    });

    it('turns to the other language by a link, and stays there', async () => {
      const { page } = await visits.open('/');
      await page.getByRole('link', { name: 'In English' }).click();
      expect(await page.locator('h1').innerText()).toBe(en.start.heading);
      await page.getByRole('navigation').getByRole('link', { name: en.nav.catalogue }).click();
      expect(await page.locator('h1').innerText()).toBe(en.catalogue.heading);
      await page.getByRole('link', { name: 'På svenska' }).click();
      expect(await page.locator('h1').innerText()).toBe(sv.catalogue.heading);
    });

    it('leads to a credential of an invented holder, opened', async () => {
      const { page } = await visits.open('/');
      await page.getByRole('link', { name: sv.start.demoCredential }).click();
      await expectVerdict(page, sv.verdict.valid);
      expect(await page.locator('.document .holder').innerText()).not.toBe(sv.document.noHolder);
    });
  });

  describe('the catalogue', () => {
    it('is searched by what stands in a definition', async () => {
      const { page } = await visits.open('/catalogue');
      const all = await page.locator('.entry').count();
      await page.getByLabel(sv.catalogue.searchLabel).fill('optofiber');
      await page.getByRole('button', { name: sv.common.search }).click();
      await page.waitForURL(/q=optofiber/);
      const hits = await page.locator('.entry h2').allInnerTexts();
      expect(hits).toContain(FIBRE);
      expect(hits.length).toBeLessThan(all);
    });

    it('says when nothing is found, and leads back', async () => {
      const { page } = await visits.open('/catalogue?q=xyzzy');
      expect(await page.locator('main').innerText()).toContain('xyzzy');
      await page.getByRole('link', { name: sv.catalogue.all }).click();
      expect(await page.locator('.entry').count()).toBeGreaterThan(5);
    });

    const itWithGuide = HAS_GUIDE ? it : it.skip;
    itWithGuide(
      `has the guide's example word for word${HAS_GUIDE ? '' : ' (the guide is not beside this clone)'}`,
      async () => {
        const guide = guideTable();
        expect(guide.rows.map(([category]) => category)).toEqual(['Kunskap', 'Färdighet', 'Ansvar & självständighet']);
        const { page } = await visits.open(`/catalogue/${definitionId}`);
        const table = page.locator('table.outcomes');
        expect(await table.locator('caption').textContent()).toBe(`Mikromeritens benämning: ${guide.title}`);
        const cells = async (row: Locator): Promise<string[]> =>
          (await row.locator('th, td').allTextContents()).map((text) => text.trim());
        // The guide's own heading of the first column is that of its first row.
        expect((await cells(table.locator('thead tr'))).slice(1)).toEqual(guide.headings.slice(1));
        const rows = await table.locator('tbody tr').all();
        expect(await Promise.all(rows.slice(0, -1).map(cells))).toEqual(guide.rows);
        const [heading, tasks] = guide.tasks;
        expect(await cells(rows.at(-1)!)).toEqual([heading?.replace(/:$/, ''), tasks]);
      },
    );

    it('turns the rows of the table into cards on a phone, each cell with its heading', async () => {
      const { page } = await visits.open(`/catalogue/${definitionId}`, { width: PHONE });
      const boxes = await page
        .locator('.outcomes tbody tr')
        .first()
        .locator('th, td')
        .evaluateAll((cells) =>
          cells.map((cell) => {
            const { left, right, top } = cell.getBoundingClientRect();
            return { left, right, top, heading: getComputedStyle(cell, '::before').content };
          }),
        );
      const t = sv.definition;
      expect(boxes.map(({ heading }) => heading)).toEqual(
        [t.category, t.lead, t.activity, t.content, t.context].map((heading) => `"${heading}"`),
      );
      expect(new Set(boxes.map(({ left }) => left)).size).toBe(1);
      expect(boxes.every(({ top }, i) => i === 0 || top > boxes[i - 1]!.top)).toBe(true);
      expect(Math.max(...boxes.map(({ right }) => right))).toBeLessThanOrEqual(PHONE);
    });
  });

  describe('the link behind the QR code', () => {
    it('S25: shows the holder after decryption in the browser only, and says that it is genuine', async () => {
      const { page, requests } = await visits.open(shown.link);
      await expectVerdict(page, 'Äkta och giltig');
      expect(await page.locator('.document .holder').innerText()).toBe(shown.holder);
      expect(await page.locator('.all-checks > summary').innerText()).toBe('9 kontroller, alla i ordning');
      const key = shown.link.split('#')[1]!;
      for (const request of requests) {
        expect(decodeURI(request.url().split('#')[0]!)).not.toContain(key);
        expect(request.postData()).toBeNull();
        const body = await (await request.response())!.text();
        for (const name of shown.holder.split(' ')) expect(body).not.toContain(name);
      }
    });

    it('offers the proof as a file, which the command line finds valid', async () => {
      const { page } = await visits.open(shown.link);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: sv.credential.download }).click(),
      ]);
      expect(download.suggestedFilename()).toBe(`${shown.id}.proof.json`);
      const file = join(desk, 'downloaded.proof.json');
      await download.saveAs(file);
      const trust = await service.ok('/.well-known/meritkedja.json');
      writeFileSync(join(desk, 'trust.json'), JSON.stringify(trust));
      const rpc = trust.chains[0].rpcUrls[0];
      const result = await cli(desk, 'verify', file, '--trust', join(desk, 'trust.json'), '--rpc', rpc, '--json');
      expect([result.status, result.json?.verdict, result.stderr]).toEqual([0, 'valid', '']);
    });

    it('S25: names nobody without its key', async () => {
      const { page, requests } = await visits.open(`/c/${shown.id}`);
      await page.getByText(sv.credential.noKey).waitFor();
      const read = await Promise.all(requests.map(async (request) => (await request.response())!.text()));
      for (const name of shown.holder.split(' ')) {
        for (const text of [...read, await page.content()]) expect(text).not.toContain(name);
      }
    });

    it('with a wrong key says what to do, and opens once the key is right', async () => {
      const visit = await visits.open(`/c/${shown.id}#${NOBODYS_KEY}`);
      visit.expects(/status of 404/);
      await visit.page.getByRole('alert').getByText(sv.problem.noShare).waitFor();
      for (const part of ['#c2tvcg', '#%00+/']) {
        await visit.page.goto(`/c/${shown.id}`);
        await visit.page.goto(`/c/${shown.id}${part}`);
        await visit.page.getByRole('alert').getByText(sv.problem.badKey).waitFor();
        expect(await visit.page.locator('.document').count()).toBe(0);
      }
      await visit.page.goto(shown.link);
      await expectVerdict(visit.page, sv.verdict.valid);
    });

    it('of another credential is not shown under this one', async () => {
      const { page } = await visits.open(`/c/${shown.id}#${revoked.link.split('#')[1]}`);
      await page.getByRole('alert').getByText(sv.problem.otherCredential).waitFor();
      expect(await page.content()).not.toContain(revoked.holder);
    });

    it('keeps its key when the language is changed and when the skip link is used', async () => {
      const { page } = await visits.open(shown.link);
      await expectVerdict(page, sv.verdict.valid);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
      await page.getByRole('link', { name: 'In English' }).click();
      await expectVerdict(page, en.verdict.valid);
      expect(await page.locator('.document .holder').innerText()).toBe(shown.holder);
    });

    it('says that it is revoked once that is anchored', async () => {
      await service.post(`/api/v1/credentials/${revoked.id}/revoke`, { reason: 'issuedInError' });
      await anchored(service);
      const { page } = await visits.open(revoked.link);
      await expectVerdict(page, 'Äkta, men gäller inte');
      expect(await page.locator('.verdict').innerText()).toContain(sv.state.revoked);
      // What is not in order is open to see.
      expect(await page.locator('.all-checks').getAttribute('open')).not.toBeNull();
      expect(await page.locator('.lead').innerText()).toContain(sv.state.revoked);
    });

    it('says once, beside the banner, that its data is invented', async () => {
      const { page } = await visits.open(shown.link);
      await expectVerdict(page, sv.verdict.valid);
      expect(await page.getByText(sv.common.demoTag, { exact: false }).count()).toBe(2);
    });
  });

  describe('the check', () => {
    it('S4, S10: of a proof file runs in the browser and says whose word was taken', async () => {
      const { page, requests } = await visits.open('/verify');
      await page.route('**/api/v1/verify', (route) => route.abort());
      await chooseFile(page, bundle);
      await expectVerdict(page, 'Äkta och giltig');
      expect(await page.locator('#result').innerText()).toContain('Fil: file.json');
      expect(await page.locator('#result').innerText()).toContain(sv.verify.blockFromLedger);
      expect(requests.map((request) => request.method()).filter((method) => method !== 'GET')).toEqual([]);
      expect(requests.map((request) => new URL(request.url()).pathname)).not.toContain('/api/v1/verify');
      await page.getByRole('button', { name: sv.verify.again }).click();
      expect(await page.locator('#result-section').isVisible()).toBe(false);
    });

    it('of a changed file names the check that it did not pass', async () => {
      const { page } = await visits.open('/verify');
      await chooseFile(page, JSON.parse(JSON.stringify(bundle).replaceAll('Snöprövare', 'Annanperson')));
      await expectVerdict(page, 'Ogiltig');
      expect(await page.locator('.checks h4').filter({ hasText: 'inte i ordning' }).allInnerTexts()).toEqual([
        expect.stringContaining('Signatur och innehåll: inte i ordning'),
      ]);
      expect(await page.locator('.all-checks > summary').innerText()).toBe('9 kontroller, 8 i ordning');
      expect(await page.locator('.document').innerText()).toContain(sv.document.notGenuine);
    });

    it('of anything else says what to do', async () => {
      const { page } = await visits.open('/verify');
      for (const [content, told] of [
        ['Hej! <script>alert(1)</script>', sv.problem.notJson],
        ['{"type": "Recipe"}', sv.problem.unknownFile],
        ['', sv.problem.empty],
      ] as const) {
        await chooseFile(page, content);
        await page.getByRole('alert').getByText(told).waitFor();
      }
    });

    it('takes a file that is dropped, also beside the frame', async () => {
      const { page } = await visits.open('/verify');
      const transfer = await page.evaluateHandle((text) => {
        const data = new DataTransfer();
        data.items.add(new File([text], 'dropped.json', { type: 'application/json' }));
        return data;
      }, JSON.stringify(bundle));
      await page.locator('#drop').dispatchEvent('dragover', { dataTransfer: transfer });
      expect(await page.locator('#drop').getAttribute('class')).toContain('over');
      await page.locator('h1').dispatchEvent('drop', { dataTransfer: transfer });
      await expectVerdict(page, sv.verdict.valid);
      expect(await page.locator('#result').innerText()).toContain('dropped.json');
      expect(await page.locator('#drop').getAttribute('class')).toBe('drop');
    });

    it('takes what is pasted: a proof, or the whole link', async () => {
      const { page } = await visits.open('/');
      for (const text of [JSON.stringify(bundle), `${service.url}${shown.link}`]) {
        await page.goto('/verify');
        await page.getByLabel(sv.verify.paste).fill(text);
        await page.getByRole('button', { name: sv.verify.check }).click();
        await expectVerdict(page, sv.verdict.valid);
        expect(await page.locator('.document .holder').innerText()).toBe(shown.holder);
      }
    });

    it('needs no mouse', async () => {
      const { page } = await visits.open('/verify');
      await tabTo(page, 'paste');
      await page.keyboard.insertText(JSON.stringify(bundle));
      await tabTo(page, 'submit');
      await page.keyboard.press('Enter');
      await expectVerdict(page, sv.verdict.valid);
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('result-section');
      await page.keyboard.press('Tab');
      const summary = page.locator('summary:focus');
      expect(await summary.count()).toBe(1);
    });

    it('S10: is held against the block hash that the person looked up', async () => {
      const { page } = await visits.open('/');
      for (const [hash, verdict] of [
        [bundle.anchor.blockHash, 'Äkta och giltig'],
        [WRONG_BLOCK, 'Ogiltig'],
      ] as const) {
        await page.goto('/verify');
        await page.locator('#more > summary').click();
        await page.getByLabel(sv.verify.blockLabel).fill(hash);
        await chooseFile(page, bundle);
        await expectVerdict(page, verdict);
        expect(await page.locator('#result').innerText()).toContain(sv.verify.blockFromUser);
      }
      await page.goto('/verify');
      await page.locator('#more > summary').click();
      await page.getByLabel(sv.verify.blockLabel).fill('0x12');
      await chooseFile(page, bundle);
      await page.getByText(sv.verify.blockBad).waitFor();
      expect(await page.getByLabel(sv.verify.blockLabel).getAttribute('aria-invalid')).toBe('true');
    });

    it('fetches the evidence of a credential that comes alone', async () => {
      const { page, requests } = await visits.open(`/verify/${shown.id}`);
      await page.getByText('Bevisen är hämtade').waitFor();
      await chooseFile(page, bundle.credential);
      await expectVerdict(page, sv.verdict.valid);
      expect(requests.map((request) => request.method()).filter((method) => method !== 'GET')).toEqual([]);
    });

    it('is not of another credential than the address names', async () => {
      const { page } = await visits.open(`/verify/${revoked.id}`);
      await chooseFile(page, bundle.credential);
      await page.getByRole('alert').getByText(sv.problem.otherCredential).waitFor();
    });

    it('can be printed: the result with every check, without menus and forms', async () => {
      const { page } = await visits.open('/verify');
      await chooseFile(page, bundle);
      await expectVerdict(page, sv.verdict.valid);
      await page.emulateMedia({ media: 'print' });
      const visible = (selector: string): Promise<readonly boolean[]> =>
        page.locator(selector).evaluateAll((found) => found.map((element) => element.checkVisibility()));
      expect(await visible('.verdict, .document .holder, .outcomes, .checks > li > p:first-of-type')).toEqual(
        Array.from({ length: CHECKS.length + 3 }, () => true),
      );
      for (const hidden of ['.site-header nav', '.language', '.site-footer', '#verify', 'main button', '.skip']) {
        expect([hidden, (await visible(hidden)).includes(true)]).toEqual([hidden, false]);
      }
    });

    it('says what it needs where there is no JavaScript', async () => {
      const { page } = await visits.open('/', { javaScriptEnabled: false });
      for (const [path, told] of [
        ['/verify', sv.verify.noScript],
        [shown.link, sv.credential.noScript],
      ] as const) {
        await page.goto(path);
        expect(await page.locator('main').innerText()).toContain(told);
      }
    });
  });

  describe('the operator', () => {
    it('is let in by the right token only', async () => {
      const visit = await visits.open('/sign-in');
      visit.expects(/status of 401/);
      await visit.page.getByLabel(sv.signIn.token).fill('not-the-token');
      await visit.page.getByRole('button', { name: sv.signIn.submit }).click();
      await visit.page.getByRole('alert').getByText(sv.signIn.wrongToken).waitFor();
      await signIn(visit.page);
      expect(await visit.page.locator('h1').innerText()).toBe(sv.operator.heading);
    });

    it('sees holders, suspends with a reason, reinstates, revokes, anchors and signs out', async () => {
      const visit = await visits.open('/sign-in');
      const { page } = visit;
      await signIn(page);
      await page.getByLabel(sv.operator.searchLabel).fill('Provbacke');
      await page.getByRole('button', { name: sv.common.search }).click();
      const row = page.getByRole('row').filter({ hasText: operated.holder });
      await row.waitFor();
      expect(await page.locator('.register tbody tr').count()).toBe(1);

      await act(page, row, sv.operator.suspend, sv.operator.noticeSuspended, 'underReview');
      expect(await row.innerText()).toContain(sv.state.suspended);
      await act(page, row, sv.operator.reinstate, sv.operator.noticeReinstated);
      expect(await row.innerText()).toContain(sv.state.active);
      await act(page, row, sv.operator.revoke, sv.operator.noticeRevoked, 'issuedInError');
      expect(await row.innerText()).toContain(sv.state.revoked);
      const { items } = await service.ok(`/api/v1/credentials/${operated.id}/history`);
      expect(items.map(({ type }: Parsed) => type)).toEqual([
        'CredentialIssued',
        'CredentialSuspended',
        'CredentialReinstated',
        'CredentialRevoked',
      ]);

      await page.getByRole('button', { name: sv.operator.seal }).click();
      // The ledger anchors by itself each second here, so there may be nothing left to anchor.
      await page
        .getByRole('status')
        .filter({ hasText: new RegExp(`${sv.operator.noticeSealed}|${sv.operator.noticeNothingToSeal}`) })
        .waitFor();

      await page.getByRole('button', { name: sv.nav.signOut }).click();
      await page.waitForURL(`${service.url}/`);
      visit.expects(/status of 401/);
      await page.goto('/operator');
      expect(await page.content()).not.toContain(operated.holder);
      await page.getByRole('main').getByRole('link', { name: sv.nav.signIn }).click();
      await signIn(page);
      expect(await page.locator('h1').innerText()).toBe(sv.operator.heading);
    });

    it('opens the printed link of a holder', async () => {
      const { page } = await visits.open('/sign-in');
      await signIn(page);
      await page.getByRole('row').filter({ hasText: shown.holder }).getByRole('link', { name: 'Visa' }).click();
      await expectVerdict(page, sv.verdict.valid);
      expect(await page.locator('.document .holder').innerText()).toBe(shown.holder);
    });
  });

  describe('every page', () => {
    const pages: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
      start: (page) => page.goto('/'),
      'start in English': (page) => page.goto('/?lang=en'),
      catalogue: (page) => page.goto('/catalogue'),
      'catalogue without a hit': (page) => page.goto('/catalogue?q=xyzzy'),
      definition: (page) => page.goto(`/catalogue/${definitionId}`),
      batches: (page) => page.goto('/batches'),
      'a batch': (page) => page.goto('/batches/1'),
      chains: async (page) => {
        await page.goto('/anchoring');
        await page.getByText(sv.anchoring.tableSummary).click();
      },
      docs: (page) => page.goto('/docs'),
      'credential without key': (page) => page.goto(`/c/${shown.id}`),
      'credential with key': async (page) => {
        await page.goto(shown.link);
        await expectVerdict(page, sv.verdict.valid);
      },
      verify: (page) => page.goto('/verify'),
      'verify with evidence': async (page) => {
        await page.goto(`/verify/${shown.id}`);
        await page.getByText('Bevisen är hämtade').waitFor();
      },
      'verify with an invalid result': async (page) => {
        await page.goto('/verify');
        await chooseFile(page, JSON.parse(JSON.stringify(bundle).replaceAll('Snöprövare', 'Annanperson')));
        await expectVerdict(page, sv.verdict.invalid);
      },
      'verify with a problem': async (page) => {
        await page.goto('/verify');
        await chooseFile(page, 'garbage');
        await page.getByRole('alert').waitFor();
      },
      'sign-in': (page) => page.goto('/sign-in'),
      register: (page) => signIn(page),
      'question before revoking': async (page) => {
        await signIn(page);
        await page.goto(`/operator/credentials/${shown.id}/revoke`);
      },
    };

    // One visit for all: a new one takes longer than the rules.
    let tour: Visits;
    let page: Page;
    beforeAll(async () => {
      tour = new Visits(browser, () => service.url);
      ({ page } = await tour.open('/'));
    });
    afterAll(async () => {
      expect(await tour.end()).toEqual([]);
    });

    it.each(Object.entries(pages))('%s: WCAG A and AA, at both widths, light and dark', async (_, reach) => {
      await reach(page);
      expect(await faultsOf(page)).toEqual([]);
    });

    it('is watched: an inline script and a word with somebody else do not pass unnoticed', async () => {
      const own = new Visits(browser, () => service.url);
      const { page: watched } = await own.open('/');
      await watched.evaluate(async () => {
        const both = new Promise<void>((resolve) => {
          let violations = 0;
          document.addEventListener('securitypolicyviolation', () => ++violations === 2 && resolve());
        });
        const script = document.createElement('script');
        script.textContent = 'void 0';
        document.body.append(script);
        new Image().src = 'https://elsewhere.invalid/x.png';
        await both;
      });
      const noticed = (await own.end()).join('\n');
      expect(noticed).toContain('content policy: script-src-elem inline');
      expect(noticed).toContain('content policy: img-src https://elsewhere.invalid/x.png');
    });

    it('that is not there says so and leads on', async () => {
      const visit = await visits.open('/nothing-here');
      visit.expects(/status of 404/);
      expect(await visit.page.locator('h1').innerText()).toBe(sv.error[404]);
      expect(await faultsOf(visit.page)).toEqual([]);
      await visit.page.getByRole('link', { name: sv.error.home }).click();
      expect(await visit.page.locator('h1').innerText()).toBe(sv.start.heading);
    });

    it('has a skip link first, and shows where the focus is', async () => {
      const { page } = await visits.open('/');
      for (const path of ['/', '/verify', `/catalogue/${definitionId}`, '/sign-in']) {
        await page.goto(path);
        await page.keyboard.press('Tab');
        const skip = page.locator('.skip:focus');
        expect(await skip.innerText()).toBe(sv.site.skip);
        const box = await skip.boundingBox();
        expect(box !== null && box.x >= 0 && box.y >= 0 && box.width > 50 && box.height > 20).toBe(true);
        await page.keyboard.press('Enter');
        expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
        await page.goto(path);
        expect(await unmarkedStops(page)).toEqual([]);
      }
    });
  });

  describe('with the service gone', () => {
    it('the page goes on checking, and says what it could not ask for', async () => {
      const visit = await visits.open('/verify');
      const { page } = visit;
      await page.getByText('Förtroendefilen kommer från den här liggaren, ').waitFor();
      await page.getByText(sv.verify.kept).waitFor();
      await service.stop();
      visit.expects(/ERR_CONNECTION_REFUSED/);

      await chooseFile(page, bundle);
      await expectVerdict(page, 'Kan inte avgöras');
      expect(await page.locator('#result').innerText()).toContain(sv.verify.blockNone);

      await page.locator('#more > summary').click();
      await page.getByLabel(sv.verify.blockLabel).fill(bundle.anchor.blockHash);
      await chooseFile(page, bundle);
      await expectVerdict(page, 'Äkta och giltig');

      await chooseFile(page, bundle.credential);
      await page.getByRole('alert').getByText(sv.problem.offline).waitFor();
    });
  });

  async function signIn(page: Page): Promise<void> {
    if (!page.url().includes('/sign-in')) await page.goto('/sign-in');
    await page.getByLabel(sv.signIn.token).fill(service.token);
    await page.getByRole('button', { name: sv.signIn.submit }).click();
    await page.waitForURL('**/operator');
  }
});

async function expectVerdict(page: Page, verdict: string): Promise<void> {
  await page
    .locator('.verdict h3')
    .filter({ hasText: new RegExp(`^${verdict}$`) })
    .waitFor();
}

async function chooseFile(page: Page, content: unknown): Promise<void> {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  await page.setInputFiles('#file', { name: 'file.json', mimeType: 'application/json', buffer: Buffer.from(text) });
}

/** A count on the start page. */
async function numberAt(page: Page, term: string): Promise<number> {
  const text = await page.locator('.numbers > div').filter({ hasText: term }).locator('dd').innerText();
  return Number(text.replace(/\s/g, ''));
}

/** An action of the register's row, through the question before it. @param reason its code; the question wants one */
async function act(page: Page, row: Locator, action: string, notice: string, reason?: string): Promise<void> {
  await row.getByRole('link', { name: action }).click();
  const yes = page.getByRole('main').getByRole('button', { name: action });
  if (reason !== undefined) {
    await yes.click();
    expect(await page.locator('#reason:invalid').count()).toBe(1);
    await page.getByLabel(sv.confirm.reason).selectOption(reason);
  }
  await yes.click();
  await page.getByRole('status').getByText(notice).waitFor();
}

/** Presses Tab until the focus is on the element with this id, or on the button of the check. */
async function tabTo(page: Page, goal: string): Promise<void> {
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const { activeElement } = document;
      return activeElement instanceof HTMLButtonElement ? activeElement.type : activeElement?.id;
    });
    if (at === goal) return;
  }
  throw new InvariantError(`Tab does not reach ${goal}`);
}

/** Goes through the page by Tab. @returns the stops at which nothing marks the focus */
async function unmarkedStops(page: Page): Promise<readonly string[]> {
  const unmarked: string[] = [];
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const { activeElement: at } = document;
      if (at === null || at === document.body) return undefined;
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      return { at: at.outerHTML.slice(0, 100), marked: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
    });
    if (stop === undefined) break;
    if (!stop.marked) unmarked.push(stop.at);
  }
  return unmarked;
}
