/**
 * The page `/verify` in a real browser: PDFs, pictures, the camera, links of this ledger and of others, trust files of
 * others, without a network, on paper. What is dropped, chosen and pasted as JSON is in pages.e2e.spec.ts; the
 * self-contained copy in verify-file.e2e.spec.ts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PDFDocument } from '@cantoo/pdf-lib';
import { chromium, type Browser, type Page } from 'playwright-core';
import { findChromium } from '../scripts/chromium.mjs';
import { pdfWith, rawPdf } from '../src/interop/pdf.fixture.js';
import { BUNDLE_MEDIA_TYPE } from '../src/verification/index.js';
import { syntheticLedger, type Synthetic } from '../src/verification/synthetic-ledger.fixture.js';
import { sv } from '../src/web/text/sv.js';
import { describeInBrowser } from './browser.js';
import { faultsOf } from './pages-accessibility.js';
import { PHONE, Visits, type Visit } from './pages-visits.js';
import { anchored, issuance } from './samples.js';
import { Service, type Parsed } from './service.js';
import { qrPicture, writeFilm } from './verify-media.js';

const OTHERS_KEY = 'A'.repeat(43);
const HOLDER = { givenName: 'Ilvaberta', familyName: 'Snöprövare' };

describeInBrowser('the page /verify', (browser) => {
  let service: Service;
  let desk: string;
  let id: string;
  let link: string;
  let bundle: Parsed;
  let other: Synthetic;
  let visits: Visits;

  beforeAll(async () => {
    desk = mkdtempSync(join(tmpdir(), 'meritkedja-verify-'));
    service = await Service.start({ env: { SEED: 'pilots', ANCHOR_INTERVAL: '1' } });
    const [definition] = (await service.ok('/api/v1/definitions?q=optofiber')).items;
    ({ id, link } = await service.post('/api/v1/credentials', issuance(definition.id, definition.owner, HOLDER)));
    await anchored(service);
    bundle = await service.ok(`/api/v1/credentials/${id}/proof`);
    other = await syntheticLedger();
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

  const pdf = (content: unknown = bundle): Promise<Uint8Array> =>
    pdfWith([{ name: `${id}.proof.json`, content: JSON.stringify(content), type: BUNDLE_MEDIA_TYPE }]);

  describe('a PDF', () => {
    it('is checked by what is attached to it, and the page says so', async () => {
      const { page, requests } = await visits.open('/verify');
      const before = requests.length;
      await choose(page, 'merit.pdf', 'application/pdf', await pdf());
      await expectVerdict(page, sv.verdict.valid);
      expect(await page.locator('#result').innerText()).toContain(`Fil: merit.pdf. ${sv.verify.fromPdf}`);
      // The library for PDFs comes when a PDF does.
      const fetched = requests.slice(0, before).map((request) => request.url());
      expect(fetched.filter((url) => url.includes('pdf-worker'))).toEqual([]);
      expect(requests.map((request) => request.method()).filter((method) => method !== 'GET')).toEqual([]);
    });

    it('with a changed proof is invalid', async () => {
      const { page } = await visits.open('/verify');
      const changed = JSON.parse(JSON.stringify(bundle).replaceAll(HOLDER.familyName, 'Annan'));
      await choose(page, 'merit.pdf', 'application/pdf', await pdf(changed));
      await expectVerdict(page, sv.verdict.invalid);
    });

    it('that gives no proof says why and what to do', async () => {
      const { page } = await visits.open('/verify');
      const encrypted = await pdfWith([], { password: 'hemligt' });
      for (const [bytes, told] of [
        [await pdfWith([]), 'PDF:en har inget bevis bifogat. Beviset försvinner'],
        [await pdfWith([{ name: 'bild.png', content: 'x' }]), 'Bifogat är bara: bild.png.'],
        [encrypted, sv.problem.pdfEncrypted],
        [(await pdf()).subarray(0, 900), sv.problem.pdfBroken],
        [await pdfWith([{ name: 'a.json', content: 'no json' }]), sv.problem.notJson],
      ] as const) {
        await choose(page, 'merit.pdf', 'application/pdf', bytes);
        await page.locator('#result').getByRole('alert').getByText(told).waitFor();
      }
      // Made in the page: it would take the test longer to send than the page to refuse.
      await page.evaluate(() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(['%PDF-1.7', new Uint8Array(8_000_000)], 'stor.pdf'));
        document.dispatchEvent(new DragEvent('drop', { dataTransfer }));
      });
      await page.locator('#result').getByRole('alert').getByText(sv.problem.pdfTooLarge).waitFor();
    });

    it('is checked by the service too, which refuses one that keeps it busy and goes on answering', async () => {
      const headers = { 'content-type': 'application/pdf' };
      const path = '/api/v1/verify';
      expect(await service.ok(path, { body: await pdf(), headers })).toMatchObject({ verdict: 'valid' });
      const none = await service.request(path, { body: await pdfWith([]), headers });
      expect([none.status, none.json.type]).toEqual([422, 'urn:meritkedja:problem:pdfNoProof']);
      const broken = await service.request(path, { body: await pdfWith([{ name: 'a.json', content: '{' }]), headers });
      expect(broken.status).toBe(400);
      const announced = { ...headers, 'content-length': '8000001' };
      const large = await service.request(path, { body: await pdf(), headers: announced });
      expect(large.status).toBe(413);
      const elsewhere = await service.request('/api/v1/organisations', { body: await pdf(), headers });
      expect(elsewhere.status).toBe(415);
      // A number of two million digits is read again from each of them, without end in sight.
      const busy = service.request(path, { body: rawPdf(`1 0 obj\nnull\nendobj\n!${'1'.repeat(2_000_000)}`), headers });
      expect((await service.request('/health/live')).status).toBe(200);
      const refused = await busy;
      expect([refused.status, refused.json.type]).toEqual([422, 'urn:meritkedja:problem:pdfTooSlow']);
    });
  });

  describe('a picture of a QR code', () => {
    it('opens the link that it holds', async () => {
      const { page } = await visits.open('/verify');
      await choose(page, 'kod.png', 'image/png', await qrPicture(link));
      await expectVerdict(page, sv.verdict.valid);
      expect(await page.locator('.document .holder').innerText()).toBe('Ilvaberta Snöprövare');
    });

    it('may be the drawing that the issuer was given', async () => {
      const { page } = await visits.open('/verify');
      const { status, bytes } = await service.request(`/api/v1/credentials/${id}/qr.svg`);
      expect(status).toBe(200);
      await choose(page, 'kod.svg', 'image/svg+xml', Buffer.from(bytes));
      await expectVerdict(page, sv.verdict.valid);
      await choose(page, 'kod.svg', 'image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><g></svg>'));
      await page.locator('#result').getByRole('alert').getByText(sv.problem.badImage).waitFor();
    });

    it('may be pasted', async () => {
      const { page } = await visits.open('/verify');
      const picture = (await qrPicture(link)).toString('base64');
      await page.evaluate((base64) => {
        const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
        const clipboardData = new DataTransfer();
        clipboardData.items.add(new File([bytes], 'klipp.png', { type: 'image/png' }));
        document.getElementById('paste')!.dispatchEvent(new ClipboardEvent('paste', { clipboardData }));
      }, picture);
      await expectVerdict(page, sv.verdict.valid);
    });

    it('that leads elsewhere, or to nothing, says so', async () => {
      const { page } = await visits.open('/verify');
      const blank = Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
        'base64',
      );
      for (const [bytes, told] of [
        [await qrPicture('WIFI:S:kafe;;'), 'Den innehåller: WIFI:S:kafe;;'],
        [await qrPicture(link.split('#')[0]!), sv.problem.badKey],
        [blank, sv.problem.noQr],
        [Buffer.from('no picture'), sv.problem.badImage],
      ] as const) {
        await choose(page, 'kod.png', 'image/png', bytes);
        await page.locator('#result').getByRole('alert').getByText(told).waitFor();
      }
    });
  });

  describe('the camera', () => {
    let filming: Browser | undefined;
    beforeAll(async () => {
      const film = join(desk, 'code.y4m');
      writeFilm(film, link);
      filming = await chromium.launch({
        executablePath: findChromium()!,
        args: [
          ...['--no-sandbox', '--disable-dev-shm-usage', '--use-fake-ui-for-media-stream'],
          ...['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`],
        ],
      });
    });
    afterAll(() => filming?.close());

    /** Follows every track that the page opens. */
    async function watched(visit: Visit): Promise<() => Promise<readonly string[]>> {
      await visit.page.evaluate(() => {
        const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        const tracks: MediaStreamTrack[] = [];
        Object.assign(window, { tracks });
        navigator.mediaDevices.getUserMedia = async (constraints) => {
          const stream = await open(constraints);
          tracks.push(...stream.getTracks());
          return stream;
        };
      });
      return () =>
        visit.page.evaluate(() =>
          (window as unknown as { tracks: MediaStreamTrack[] }).tracks.map(({ readyState }) => readyState),
        );
    }

    it('finds the code, checks what it leads to, and is turned off', async () => {
      const films = new Visits(
        () => filming!,
        () => service.url,
      );
      const visit = await films.open('/verify', { width: PHONE });
      const { page } = visit;
      const tracks = await watched(visit);
      await page.getByRole('button', { name: sv.verify.scan }).press('Enter');
      await page.getByText(sv.verify.cameraLooking).waitFor();
      expect(await tracks()).toEqual(['live']);
      await expectVerdict(page, sv.verdict.valid);
      expect(await page.locator('#result').innerText()).toContain(sv.verify.fromCamera);
      expect(await tracks()).toEqual(['ended']);
      expect(await page.locator('#camera').isVisible()).toBe(false);
      expect(await films.end()).toEqual([]);
    });

    it('is turned off by its button, by Escape, and when the page is put away', async () => {
      const film = join(desk, 'wall.y4m');
      writeFilm(film, 'x');
      const films = new Visits(
        () => filming!,
        () => service.url,
      );
      const visit = await films.open('/verify');
      const { page } = visit;
      // A film without a code for this page: every frame is read as nothing.
      const tracks = await watched(visit);
      await page.evaluate(() => {
        CanvasRenderingContext2D.prototype.getImageData = () => new ImageData(2, 2);
      });
      const scan = page.getByRole('button', { name: sv.verify.scan });
      await scan.press('Enter');
      await page.getByText(sv.verify.cameraLooking).waitFor();
      expect(await scan.isVisible()).toBe(false);
      expect(await faultsOf(page)).toEqual([]);
      await shot(page, 'camera');
      await page.getByRole('button', { name: sv.verify.cameraClose }).click();
      for (const leave of [
        () => page.getByRole('button', { name: sv.verify.cameraClose }).press('Enter'),
        () => page.keyboard.press('Escape'),
      ]) {
        await scan.press('Enter');
        await page.getByText(sv.verify.cameraLooking).waitFor();
        await leave();
        await scan.waitFor();
        expect(await page.evaluate(() => document.activeElement?.id)).toBe('scan');
      }
      await scan.click();
      await page.getByText(sv.verify.cameraLooking).waitFor();
      await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pagehide')));
      await scan.waitFor();
      await page.waitForFunction(() =>
        (window as unknown as { tracks: MediaStreamTrack[] }).tracks.every(({ readyState }) => readyState === 'ended'),
      );
      expect(await tracks()).toEqual(['ended', 'ended', 'ended', 'ended']);
      expect(await films.end()).toEqual([]);
    });

    it('that may not be used, or is not there, says what to do instead', async () => {
      const { page } = await visits.open('/verify');
      for (const [name, told] of [
        ['NotAllowedError', sv.problem.cameraDenied],
        ['NotFoundError', sv.problem.cameraNone],
        ['NotReadableError', sv.problem.cameraBusy],
      ] as const) {
        await page.evaluate((error) => {
          navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', error));
        }, name);
        await page.getByRole('button', { name: sv.verify.scan }).click();
        await page.locator('#camera-problem').getByRole('alert').getByText(told).waitFor();
        expect(await page.evaluate(() => document.activeElement?.id)).toBe('scan');
      }
      // On an insecure connection browsers hide it.
      await page.evaluate(() => {
        Object.defineProperty(navigator, 'mediaDevices', { value: undefined });
        Object.defineProperty(window, 'isSecureContext', { value: false });
      });
      await page.getByRole('button', { name: sv.verify.scan }).click();
      await page.locator('#camera-problem').getByText(sv.problem.cameraInsecure).waitFor();
    });

    it('is for the pages that scan, and for no other', async () => {
      for (const [path, policy] of [
        ['/verify', 'camera=(self)'],
        [`/verify/${id}`, 'camera=(self)'],
        ['/', 'camera=()'],
        [`/c/${id}`, 'camera=()'],
        ['/verify/meritkedja-verify.html', 'camera=()'],
      ] as const) {
        expect((await service.request(path)).headers['permissions-policy']).toMatch(
          new RegExp(`^${policy.replace(/[()]/g, '\\$&')},`),
        );
      }
    });
  });

  describe('a link of another ledger', () => {
    it('is asked for by nobody: the page says where it leads', async () => {
      const { page, requests } = await visits.open('/verify');
      const before = requests.length;
      const elsewhere = `https://annan.example/c/${id}#${OTHERS_KEY}`;
      await page.getByLabel(sv.verify.paste).fill(elsewhere);
      await page.getByRole('button', { name: sv.verify.check, exact: true }).click();
      const alert = page.locator('#result').getByRole('alert');
      await alert.getByText('Länken leder till en annan liggare, annan.example.').waitFor();
      const onward = alert.getByRole('link');
      expect(await onward.innerText()).toBe('Öppna länken hos annan.example');
      expect([await onward.getAttribute('href'), await onward.getAttribute('rel')]).toEqual([
        elsewhere,
        'noopener noreferrer',
      ]);
      expect(requests.slice(before).filter((request) => request.url().includes('annan.example'))).toEqual([]);
    });
  });

  describe('the trust file of another ledger', () => {
    it('S4: counts once the person has seen its fingerprint and said yes, and is gone with the page', async () => {
      const { page } = await visits.open('/verify');
      await page.locator('#more > summary').click();
      await chooseInto(page, '#trust-file', other.trust);
      await page.getByText(sv.verify.trustAsk).waitFor();
      expect(await page.locator('#trust-ask .hash').innerText()).toMatch(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/);
      await page.getByLabel(sv.verify.blockLabel).fill(other.bundle.anchor!.blockHash);
      await choose(page, 'b.json', 'application/json', Buffer.from(JSON.stringify(other.bundle)));
      await expectVerdict(page, sv.verdict.undetermined);
      await page.getByRole('button', { name: sv.verify.trustYes }).click();
      await page.locator('#result').getByText(`Förtroendefilen för ${other.trust.origin} har du själv valt.`).waitFor();
      expect(await page.evaluate(() => localStorage.length)).toBe(0);
      await page.reload();
      await page.locator('#more > summary').click();
      expect(await page.locator('#pins li').count()).toBe(0);
    });

    it('is remembered where the person says so, and forgotten when told to', async () => {
      const { page } = await visits.open('/verify');
      await page.locator('#more > summary').click();
      await chooseInto(page, '#trust-file', other.trust);
      await page.getByLabel(sv.verify.trustRemember).check();
      await page.getByRole('button', { name: sv.verify.trustYes }).click();
      await page.reload();
      await page.locator('#more > summary').click();
      expect(await page.locator('#pins li').innerText()).toContain(`Du litar på ${other.trust.origin}.`);
      await page.getByRole('button', { name: `Ta bort ${other.trust.origin}` }).click();
      expect(await page.evaluate(() => localStorage.length)).toBe(0);
      await chooseInto(page, '#trust-file', { origin: 'x' });
      await page.locator('#trust-ask').getByText('Filen är ingen förtroendefil').waitFor();
    });
  });

  describe('every state', () => {
    it('can be read by all, at both widths, light and dark', async () => {
      const { page } = await visits.open('/verify');
      const looked: string[] = [];
      const look = async (name: string): Promise<void> => {
        looked.push(...(await faultsOf(page)).map((fault) => `${name}: ${fault}`));
        await shot(page, name);
      };
      await page.locator('#more > summary').click();
      await chooseInto(page, '#trust-file', other.trust);
      await page.getByText(sv.verify.trustAsk).waitFor();
      await look('trust');
      await page.getByRole('button', { name: sv.verify.trustYes }).click();
      await choose(page, 'merit.pdf', 'application/pdf', await pdf());
      await expectVerdict(page, sv.verdict.valid);
      await page.locator('.all-checks > summary').click();
      for (const summary of await page.locator('.checks summary').all()) await summary.click();
      await look('valid');
      await page.getByRole('button', { name: sv.verify.again }).click();
      await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
      });
      await page.getByRole('button', { name: sv.verify.scan }).click();
      await page.locator('#camera-problem').getByRole('alert').waitFor();
      await page.getByLabel(sv.verify.paste).fill(`https://annan.example/c/${id}#${OTHERS_KEY}`);
      await page.getByRole('button', { name: sv.verify.check, exact: true }).click();
      await page.locator('#result').getByRole('alert').waitFor();
      await look('problems');
      expect(looked).toEqual([]);
    }, 180_000);
  });

  describe('on paper', () => {
    it('the report has verdict, facts, date and what was relied on, on one or two sheets', async () => {
      const { page } = await visits.open('/verify');
      await choose(page, 'merit.pdf', 'application/pdf', await pdf());
      await expectVerdict(page, sv.verdict.valid);
      const printed = await page.pdf({ preferCSSPageSize: true });
      keep('report.pdf', printed);
      const sheets = await PDFDocument.load(printed);
      expect(sheets.getPageCount()).toBeLessThanOrEqual(2);
      await page.emulateMedia({ media: 'print' });
      await page.setViewportSize({ width: 680, height: 960 });
      await shot(page, 'paper', 680);
      const paper = await page.locator('main').innerText();
      for (const part of [
        ...[sv.verify.printHeading, sv.verdict.valid, 'Ilvaberta Snöprövare', sv.report.now, sv.report.trustedHeading],
        ...[sv.verify.blockFromLedger, 'Signatur och innehåll: i ordning', service.url],
      ]) {
        expect(paper).toContain(part);
      }
      for (const part of [sv.verify.lead, sv.verify.saveHeading, sv.report.more]) expect(paper).not.toContain(part);
    });
  });

  describe('without a network', () => {
    async function keptPage(path = '/verify'): Promise<Visit> {
      const visit = await visits.open(path);
      await visit.page.getByText(sv.verify.kept).waitFor();
      return visit;
    }

    it('keeps the page and the trust file, and nothing about any credential or person', async () => {
      const visit = await keptPage();
      const { page, context } = visit;
      await page.goto('/sign-in');
      await page.getByLabel(sv.signIn.token).fill(service.token);
      await page.getByRole('button', { name: sv.signIn.submit }).click();
      await page.waitForURL('**/operator');
      await page.goto(`/verify/${id}`);
      await page.getByText('Bevisen är hämtade').waitFor();
      await page.getByLabel(sv.verify.paste).fill(link);
      await page.getByRole('button', { name: sv.verify.check, exact: true }).click();
      await expectVerdict(page, sv.verdict.valid);
      await page.reload();
      const held = await page.evaluate(async () => {
        const names = await caches.keys();
        const all = await Promise.all(
          names.map(async (name) => {
            const cache = await caches.open(name);
            const requests = await cache.keys();
            return Promise.all(
              requests.map(async ({ url }) => [new URL(url).pathname, await (await cache.match(url))!.text()] as const),
            );
          }),
        );
        return { names, entries: all.flat() };
      });
      expect(held.names).toEqual([expect.stringMatching(/^meritkedja-verify-[0-9a-f]{16}$/)]);
      const paths = held.entries.map(([path]) => path.replace(/-[0-9A-Za-z]{8}\./, '.'));
      expect(paths.sort()).toEqual(
        [
          ...['/.well-known/meritkedja.json', '/verify', '/verify', '/assets/favicon.svg', '/assets/style.css'],
          ...['/assets/pdf-worker.js', '/assets/qr-image.js', '/assets/verify.sv.js'],
          '/assets/verify.en.js',
        ].sort(),
      );
      const text = held.entries.map(([, body]) => body).join('\n');
      for (const secret of [id, HOLDER.familyName, 'csrf" value', sv.nav.signOut]) expect(text).not.toContain(secret);
      await context.clearCookies();
    });

    it('forgets what an earlier version kept', async () => {
      const { page } = await visits.open('/');
      await page.evaluate(async () => {
        await (await caches.open('meritkedja-verify-0000')).put('/old', new Response('old'));
        await (await caches.open('somebody-else')).put('/theirs', new Response('theirs'));
      });
      await page.goto('/verify');
      await page.getByText(sv.verify.kept).waitFor();
      expect((await page.evaluate(() => caches.keys())).sort()).toEqual([
        expect.stringMatching(/^meritkedja-verify-[0-9a-f]{16}$/),
        'somebody-else',
      ]);
    });

    it('opens, checks JSON and PDFs, and says what cannot be asked for', async () => {
      const visit = await keptPage();
      const { page } = visit;
      await service.stop();
      visit.expects(/ERR_FAILED|ERR_CONNECTION_REFUSED|Failed to load resource/);
      await page.reload();
      await page.getByText(sv.verify.offlineHeading).waitFor();
      await page.locator('#offline').getByText('Förtroendefilen är den som liggaren lämnade').waitFor();
      expect(await page.locator('h1').innerText()).toBe(sv.verify.heading);
      await choose(page, 'b.json', 'application/json', Buffer.from(JSON.stringify(bundle)));
      await expectVerdict(page, sv.verdict.undetermined);
      await page.locator('#more > summary').click();
      await page.getByLabel(sv.verify.blockLabel).fill(bundle.anchor.blockHash);
      await choose(page, 'merit.pdf', 'application/pdf', await pdf());
      await expectVerdict(page, sv.verdict.valid);
      await shot(page, 'offline');
    }, 120_000);

    it('reads a picture, says that its link cannot be followed, and keeps to the credential of its address', async () => {
      await service.restart();
      const visit = await keptPage();
      const { page } = visit;
      await service.stop();
      visit.expects(/ERR_FAILED|ERR_CONNECTION_REFUSED|Failed to load resource/);
      await choose(page, 'kod.png', 'image/png', await qrPicture(link));
      await page.locator('#result').getByRole('alert').getByText(sv.problem.offline).waitFor();
      expect(await faultsOf(page)).toEqual([]);
      await page.goto(`/verify/${id}?lang=en`);
      expect(await page.locator('h1').innerText()).toBe('Verify a micro-credential');
      await choose(page, 'b.json', 'application/json', Buffer.from(JSON.stringify(other.bundle)));
      await page.getByText('another micro-credential').waitFor();
      await service.restart();
      await page.goto('/verify');
      await page.locator('#trust').getByText(bundle.origin).waitFor();
      expect(await page.locator('#offline').isVisible()).toBe(false);
    }, 120_000);
  });

  /** For looking at: written where SHOTS names a folder. */
  async function shot(page: Page, name: string, ...widths: readonly number[]): Promise<void> {
    if (process.env['SHOTS'] === undefined) return;
    for (const width of widths.length > 0 ? widths : [1_280, PHONE]) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: join(process.env['SHOTS'], `${name}-${width}.png`), fullPage: true });
    }
  }

  function keep(name: string, bytes: Uint8Array): void {
    if (process.env['SHOTS'] !== undefined) writeFileSync(join(process.env['SHOTS'], name), bytes);
  }
});

async function choose(page: Page, name: string, mimeType: string, bytes: Uint8Array): Promise<void> {
  await page.setInputFiles('#file', { name, mimeType, buffer: Buffer.from(bytes) });
}

async function chooseInto(page: Page, field: string, content: unknown): Promise<void> {
  const buffer = Buffer.from(JSON.stringify(content));
  await page.setInputFiles(field, { name: 'file.json', mimeType: 'application/json', buffer });
}

async function expectVerdict(page: Page, verdict: string): Promise<void> {
  await page
    .locator('.verdict h3')
    .filter({ hasText: new RegExp(`^${verdict}$`) })
    .waitFor();
}
