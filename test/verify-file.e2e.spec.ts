/**
 * The self-contained copy of `/verify`, as somebody has it who saved it: opened from the disk, no service anywhere. That
 * it asks for trust (S4) and for the block's hash (S10), remembers nothing, finds what was tampered with,
 * and has no way out to any network.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import { pdfWith } from '../src/interop/pdf.fixture.js';
import { BUNDLE_MEDIA_TYPE, fingerprint } from '../src/verification/index.js';
import { CHAIN_ID } from '../src/verification/synthetic-block.fixture.js';
import { syntheticLedger, type Synthetic } from '../src/verification/synthetic-ledger.fixture.js';
import { en } from '../src/web/text/en.js';
import { sv } from '../src/web/text/sv.js';
import { describeInBrowser } from './browser.js';
import { faultsOf } from './pages-accessibility.js';
import { PHONE } from './pages-visits.js';
import { qrPicture } from './verify-media.js';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const NAME = 'meritkedja-verify.html';
const BUILT = join(ROOT, 'dist/web', NAME);

describeInBrowser('the check as one file', (browser) => {
  let folder: string;
  let url: string;
  let ledger: Synthetic;
  let context: BrowserContext | undefined;
  let asked: string[];
  let said: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meritkedja-file-'));
    copyFileSync(BUILT, join(folder, NAME));
    url = pathToFileURL(join(folder, NAME)).href;
    ledger = await syntheticLedger();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(async () => {
    await context?.close();
    context = undefined;
    expect(asked.filter((one) => one !== url && !one.startsWith('blob:'))).toEqual([]);
    expect(said).toEqual([]);
  });

  async function open(locale = 'sv-SE'): Promise<Page> {
    [asked, said] = [[], []];
    context = await browser().newContext({ locale, reducedMotion: 'reduce' });
    context.setDefaultTimeout(30_000);
    context.on('request', (request) => asked.push(request.url()));
    const page = await context.newPage();
    page.on('pageerror', (error) => said.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) said.push(message.text());
    });
    await page.goto(url);
    await page.locator('#verify').waitFor();
    return page;
  }

  async function trust(page: Page): Promise<void> {
    await choose(page, '#trust-file', 'trust.json', ledger.trust);
    await page.locator('#trust-yes').click();
  }

  const list = () => ({
    type: 'MeritkedjaBlockHashes',
    version: 1,
    origin: ledger.trust.origin,
    name: 'Provkedja',
    chainId: CHAIN_ID,
    anchors: [...ledger.blockHashes].map(([blockNumber, blockHash]) => ({ blockNumber, blockHash })),
  });
  const bundleWith = (change: (text: string) => string): unknown => JSON.parse(change(JSON.stringify(ledger.bundle)));

  it('S4: asks on whom to rely: without that nothing is more than undetermined', async () => {
    const page = await open();
    await page.getByText(sv.verify.trustNone).waitFor();
    await choose(page, '#file', 'b.json', ledger.bundle);
    await expectVerdict(page, sv.verdict.undetermined);
    await page
      .locator('#result')
      .getByText(`Ingen av dina förtroendefiler gäller loggen ${ledger.trust.origin}.`)
      .waitFor();
    await choose(page, '#trust-file', 'trust.json', ledger.trust);
    expect(await page.locator('#trust-ask .hash').innerText()).toBe(fingerprint(ledger.trust));
    await page.getByRole('button', { name: sv.verify.trustNo, exact: true }).click();
    await page.getByText(sv.verify.trustNone).waitFor();
  });

  it('S10: is valid with the block’s hash from the person or a list, undetermined without, invalid with another', async () => {
    const page = await open();
    await trust(page);
    await choose(page, '#file', 'b.json', ledger.bundle);
    await expectVerdict(page, sv.verdict.undetermined);
    await page.getByLabel(sv.verify.blockLabel).fill(`0x${'7'.repeat(64)}`);
    await choose(page, '#file', 'b.json', ledger.bundle);
    await expectVerdict(page, sv.verdict.invalid);
    await page.getByLabel(sv.verify.blockLabel).fill(ledger.bundle.anchor!.blockHash);
    await choose(page, '#file', 'b.json', ledger.bundle);
    await expectVerdict(page, sv.verdict.valid);
    await page.getByLabel(sv.verify.blockLabel).fill('');
    await choose(page, '#block-list', 'list.json', { type: 'no list' });
    await page.getByText('Filen är ingen lista över blockhashar').waitFor();
    await choose(page, '#block-list', 'list.json', list());
    await page.getByText('block på Provkedja, ur list.json.').waitFor();
    await choose(page, '#file', 'b.json', ledger.bundle);
    await expectVerdict(page, sv.verdict.valid);
    await page.locator('#result').getByText(sv.verify.blockFromList).waitFor();
  });

  it.each<[string, (text: string) => string]>([
    ['another name of the credential', (text) => text.replace('"name":"Truckkort B"', '"name":"Truckkort A"')],
    [
      'another digit in the signature',
      (text) => text.replace(/("proofValue":"z.{20})(.)/, (_, a, b) => `${a}${b === '2' ? '3' : '2'}`),
    ],
    ['another block', (text) => text.replace(/("blockNumber":)(\d+)/, (_, a, b) => `${a}${Number(b) + 1}`)],
    [
      'another head of the log',
      (text) => text.replace(/("checkpoint":"[^"]*?\\n)(\d+)/, (_, a, b) => `${a}${Number(b) + 1}`),
    ],
  ])('finds %s: invalid', async (_, change) => {
    const changed = bundleWith(change);
    expect(changed).not.toEqual(bundleWith((text) => text));
    const page = await open();
    await trust(page);
    await page.getByLabel(sv.verify.blockLabel).fill(ledger.bundle.anchor!.blockHash);
    await choose(page, '#file', 'b.json', changed);
    await expectVerdict(page, sv.verdict.invalid);
  });

  it('reads PDFs and pictures with what is in it', async () => {
    const page = await open();
    await trust(page);
    await page.getByLabel(sv.verify.blockLabel).fill(ledger.bundle.anchor!.blockHash);
    const attached = [{ name: 'a.proof.json', content: JSON.stringify(ledger.bundle), type: BUNDLE_MEDIA_TYPE }];
    await choose(page, '#file', 'merit.pdf', await pdfWith(attached), 'application/pdf');
    await expectVerdict(page, sv.verdict.valid);
    await page.locator('#result').getByText(sv.verify.fromPdf).waitFor();
    const link = `https://liggare.example/c/x#${'A'.repeat(43)}`;
    await choose(page, '#file', 'kod.png', await qrPicture(link), 'image/png');
    await page
      .getByRole('alert')
      .getByText('Länken leder till liggare.example, och den här filen använder inget nät.')
      .waitFor();
    expect(await page.getByRole('alert').getByRole('link').getAttribute('href')).toBe(link);
  });

  it('says what a credential without evidence lacks', async () => {
    const page = await open();
    await trust(page);
    await choose(page, '#file', 'c.json', ledger.bundle.credential);
    await expectVerdict(page, sv.verdict.undetermined);
    await page.locator('#result').getByText(sv.problem.noEvidenceInFile).waitFor();
  });

  it('remembers nothing', async () => {
    const page = await open();
    await trust(page);
    expect(await page.locator('#trust-remember').count()).toBe(0);
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await page.locator('#pins').getByText(`Du litar på ${ledger.trust.origin}.`).waitFor();
    await page.reload();
    await page.getByText(sv.verify.trustNone).waitFor();
  });

  it('S4: relies on nothing that another page from the disk has left in the storage they share', async () => {
    const other = join(folder, 'other.html');
    const left = JSON.stringify(JSON.stringify([ledger.trust])).replaceAll('<', '\\u003c');
    writeFileSync(other, `<!doctype html><script>localStorage.setItem('meritkedja-trust', ${left})</script>`);
    const page = await open();
    await page.goto(pathToFileURL(other).href);
    await page.goto(url);
    expect(await page.evaluate(() => localStorage.getItem('meritkedja-trust'))).toContain(ledger.trust.origin);
    await page.getByText(sv.verify.trustNone).waitFor();
    asked = asked.filter((one) => one !== pathToFileURL(other).href);
  });

  it('turns to English with its result, and begins in the browser’s language', async () => {
    const page = await open();
    await trust(page);
    await page.getByLabel(sv.verify.blockLabel).fill(ledger.bundle.anchor!.blockHash);
    await choose(page, '#file', 'b.json', ledger.bundle);
    await expectVerdict(page, sv.verdict.valid);
    await page.getByRole('button', { name: sv.site.language }).click();
    expect(await page.locator('h1').innerText()).toBe(en.verify.heading);
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    // The block's hash is a field of the page before, so it is asked for again.
    await expectVerdict(page, en.verdict.undetermined);
    await page.close();
    const english = await open('en-GB');
    expect(await english.locator('h1').innerText()).toBe(en.verify.heading);
  });

  it('can be read by all, at both widths, light and dark, and used without a mouse', async () => {
    const page = await open();
    const found = [...(await faultsOf(page))];
    await shot(page, 'file-empty');
    await choose(page, '#trust-file', 'trust.json', ledger.trust);
    await page.getByText(sv.verify.trustAsk).waitFor();
    found.push(...(await faultsOf(page)));
    await shot(page, 'file-trust');
    await page.locator('#trust-yes').focus();
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('trust-file');
    await page.locator('#block-hash').focus();
    await page.keyboard.insertText(ledger.bundle.anchor!.blockHash);
    await page.locator('#paste').focus();
    await page.keyboard.insertText(JSON.stringify(ledger.bundle));
    await page.getByRole('button', { name: sv.verify.check, exact: true }).focus();
    await page.keyboard.press('Enter');
    await expectVerdict(page, sv.verdict.valid);
    found.push(...(await faultsOf(page)));
    await shot(page, 'file-valid');
    expect(found).toEqual([]);
  }, 180_000);

  it('has a policy that lets nothing out, and no script but its own run', async () => {
    const page = await open();
    const blocked = await page.evaluate(async () => {
      const violations: string[] = [];
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
        violations.push(effectiveDirective),
      );
      await fetch('https://elsewhere.example/').catch(() => undefined);
      new Image().src = 'https://elsewhere.example/x.png';
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { violations: [...new Set(violations)].sort(), ran: 'ran' in window };
    });
    expect(blocked).toEqual({ violations: ['connect-src', 'img-src', 'script-src-elem'], ran: false });
    said = said.filter((text) => !text.includes('Content Security Policy'));
    asked = asked.filter((one) => !one.startsWith('https://elsewhere.example/'));
  });

  async function shot(page: Page, name: string): Promise<void> {
    if (process.env['SHOTS'] === undefined) return;
    for (const width of [1_280, PHONE]) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: join(process.env['SHOTS'], `${name}-${width}.png`), fullPage: true });
    }
  }
});

describe('the file that is published', () => {
  it('is named in README by its SHA-256, as it is on the page (after a change: node scripts/publish-verify-file.mjs)', () => {
    const sha256 = createHash('sha256').update(readFileSync(BUILT)).digest('hex');
    const facts = JSON.parse(readFileSync(join(ROOT, 'dist/web/verify-file.json'), 'utf8')) as { sha256: string };
    expect(facts.sha256).toBe(sha256);
    const [, named] =
      /`meritkedja-verify\.html`[^`]*`([0-9a-f]{64})`/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];
    expect(named).toBe(sha256);
  });
});

async function choose(
  page: Page,
  field: string,
  name: string,
  content: unknown,
  mimeType = 'application/json',
): Promise<void> {
  const isBytes = content instanceof Uint8Array;
  await page.setInputFiles(field, {
    name,
    mimeType,
    buffer: isBytes ? Buffer.from(content) : Buffer.from(JSON.stringify(content)),
  });
}

async function expectVerdict(page: Page, verdict: string): Promise<void> {
  await page
    .locator('.verdict h3')
    .filter({ hasText: new RegExp(`^${verdict}$`) })
    .waitFor();
}
