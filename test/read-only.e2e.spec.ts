/**
 * The operator's pages of a ledger that waits for the decision on a loss (S16), in a real browser and on a phone: nothing
 * is offered that the service would refuse, and it is said why.
 */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { recordRestoration } from '../src/archive/restoration.js';
import { NO_STREAM } from '../src/event-store/event-store.js';
import { openSqliteEventStore } from '../src/event-store/sqlite.js';
import { en } from '../src/web/text/en.js';
import { sv } from '../src/web/text/sv.js';
import { describeInBrowser } from './browser.js';
import { faultsOf } from './pages-accessibility.js';
import { Visits } from './pages-visits.js';
import { issuance, world } from './samples.js';
import { Service } from './service.js';

describeInBrowser('the operator’s pages of a ledger that can only be read', (browser) => {
  let service: Service;
  let credential: string;
  let visits: Visits;
  beforeAll(async () => {
    service = await Service.start();
    const { definitionId, owner } = await world(service);
    credential = (await service.post('/api/v1/credentials', issuance(definitionId, owner))).id;
    await service.stop();
    const store = openSqliteEventStore(join(service.dataDir, 'events.db'));
    const losses = [{ kind: 'older', where: 'elsewhere', size: 99_999, root: '' }] as const;
    await recordRestoration(store, NO_STREAM, { type: 'RestoreCompleted', data: { losses } }, new Date());
    await store.close();
    await service.restart();
  });
  afterAll(() => service.dispose());
  beforeEach(() => {
    visits = new Visits(browser, () => service.url);
  });
  afterEach(async () => {
    expect(await visits.end()).toEqual([]);
  });

  it.each([
    ['sv-SE', sv],
    ['en-GB', en],
  ])('S16: offer nothing that would be refused, on either width (%s)', async (locale, t) => {
    const { page } = await visits.open('/sign-in', { locale });
    await page.getByLabel(t.signIn.token).fill(service.token);
    await page.getByRole('button', { name: t.signIn.submit }).click();
    await page.waitForURL('**/operator');
    const main = page.locator('main');
    for (const path of ['/operator', `/operator/credentials/${credential}/revoke`]) {
      await page.goto(path);
      await main.getByText(t.operator.readOnly).waitFor();
      expect(await main.locator('form[method=post]').count()).toBe(0);
      for (const action of [t.operator.suspend, t.operator.revoke, t.operator.seal]) {
        expect(await main.getByRole('link', { name: action }).count()).toBe(0);
        expect(await main.getByRole('button', { name: action }).count()).toBe(0);
      }
      expect(await main.getByText(t.operator.sealNone).count()).toBe(0);
      expect(await faultsOf(page)).toEqual([]);
    }
  });
});
