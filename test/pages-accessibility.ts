/** What axe-core finds on a page, and what juts out of it. The rules of WCAG 2.0 to 2.2, A and AA. */
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { PHONE, WIDE } from './pages-visits.js';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];

/** Every rule broken, at both widths in both colour schemes, and every element wider than the window. */
export async function faultsOf(page: Page): Promise<readonly string[]> {
  const found: string[] = [];
  // By the debugger's own evaluation, which the page's policy does not bind.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  for (const width of [WIDE, PHONE]) {
    await page.setViewportSize({ width, height: 900 });
    found.push(...(await jutting(page)).map((element) => `${width} px: ${element} juts out`));
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      found.push(...(await broken(page)).map((fault) => `${width} px, ${colorScheme}: ${fault}`));
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  return found;
}

async function broken(page: Page): Promise<readonly string[]> {
  const { violations } = await page.evaluate(async (values): Promise<AxeResults> => {
    const { axe: inPage } = window as unknown as { readonly axe: typeof axe };
    return inPage.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] });
  }, RULES);
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id} (${help}): ${html.slice(0, 200)}`));
}

function jutting(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 0.5,
    );
    return wide.length === 0 ? ['something'] : wide.map((element) => element.outerHTML.slice(0, 120));
  });
}
