/**
 * Tests in a real browser: Chromium through Playwright. Where there is none the suite is skipped by name, so that the
 * closing line of `npm test` says so; `scripts/chromium.mjs` installs one where it can.
 */
import { afterAll, beforeAll, describe } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { findChromium } from '../scripts/chromium.mjs';
import { InvariantError } from '../src/errors.js';

/**
 * A `describe` whose tests share one browser; each test opens a context of its own (`browser().newContext()`), so that
 * no cookie or storage goes from one to the next.
 *
 * @param body is given a function that returns the browser, once the tests run
 */
export function describeInBrowser(title: string, body: (browser: () => Browser) => void): void {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    describe.skip(`${title} (no Chromium)`, () => body(notStarted));
    return;
  }
  describe(title, () => {
    let browser: Browser | undefined;
    beforeAll(async () => {
      // Chromium refuses its sandbox to root, and a container's /dev/shm is too small for it.
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    });
    afterAll(async () => {
      await browser?.close();
    });
    body(() => browser ?? notStarted());
  });
}

function notStarted(): never {
  throw new InvariantError('the browser is there only while a test runs');
}
