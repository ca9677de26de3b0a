import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { until } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import {
  assertLooksWell,
  axeViolations,
  type Console,
  goTo,
  openPage,
  shown,
  startConsole,
} from './console.ts';

const message = { title: 'Spring is here' };

/** A campaign that is sent, and closed. */
async function sent({ client }: Console) {
  const request = { name: 'Spring', audience: { everybody: true }, message };
  const { id } = await client.post<CampaignView>('/v1/campaigns', request);
  return until(async () => {
    const it = await client.get<CampaignView>(`/v1/campaigns/${id}`);
    return it.closedAt !== null && it;
  });
}

/** Devices `d0`, `d1` and so on report it. */
const report = ({ client }: Console, campaignId: string, kind: string, devices: number, from = 0) =>
  client.post('/v1/receipts', {
    receipts: Array.from({ length: devices }, (_, i) => ({
      installationId: `d${from + i}`,
      campaignId,
      kind,
      at: new Date().toISOString(),
    })),
  });

suite('receipts in the console', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('a report has a funnel and a curve, which go on while devices report', async (t) => {
    const it = await startConsole(t);
    await it.fill(200);
    await it.client.put('/v1/apps/default/policy', { receipts: { delivered: 1 } });
    const { id } = await sent(it);
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await page.clock.install();
    await goTo(page, it, `campaigns/${id}`);
    await page.getByRole('heading', { name: 'What devices reported' }).waitFor();
    await page.getByText('Nothing yet. An app reports').waitFor();
    await report(it, id, 'delivered', 50);
    await report(it, id, 'opened', 20);
    await report(it, id, 'dismissed', 5, 20);
    // it looks again after ten seconds, for which no one has to wait
    await page.clock.fastForward(10_000);
    const row = (name: string) =>
      page
        .getByRole('group', { name: 'What devices reported' })
        .getByRole('row')
        .filter({ hasText: name });
    await row('Opened').getByText('10.0 %').waitFor();
    await row('Delivered').getByText('25.0 %').waitFor();
    await row('Dismissed').getByText('2.5 %').waitFor();
    await row('Accepted').getByText('200').waitFor();
    await page
      .getByRole('img', { name: /^Devices that had opened it, .* in the end 20\.$/ })
      .waitFor();
    await report(it, id, 'opened', 10, 50);
    await page.clock.fastForward(10_000);
    await row('Opened').getByText('15.0 %').waitFor();
    await page.getByRole('img', { name: /in the end 30\.$/ }).waitFor();
  });

  test('an estimate has its interval, and all is accessible, in all looks', async (t) => {
    const it = await startConsole(t);
    await it.fill(400);
    await it.client.put('/v1/apps/default/policy', { receipts: { delivered: 0.5 } });
    const { id } = await sent(it);
    for (let from = 0; from < 400; from += 50) await report(it, id, 'delivered', 50, from);
    await report(it, id, 'opened', 40);
    const { receipts } = await it.client.get<CampaignView>(`/v1/campaigns/${id}`);
    const { delivered, low, high } = receipts!.estimated!;
    assert.ok(low < delivered && delivered <= high);
    const { page } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    await goTo(page, it, `campaigns/${id}`);
    await page.getByText(`about ${delivered}`).waitFor();
    await page.getByText(`${low} to ${high}`).waitFor();
    await page.getByText('50.0 % of the devices report a delivery').waitFor();
    await page.getByRole('img', { name: /in the end 40\.$/ }).waitFor();
    await page.evaluate(
      "for (const it of document.querySelectorAll('main details')) it.open = true",
    );
    await assertLooksWell(page);
  });

  test('an app that wants no receipts is switched off, and its campaigns show none', async (t) => {
    const it = await startConsole(t);
    await it.fill(4);
    const caps = [{ max: 2, per: '24h' }];
    const before = await it.client.put<object>('/v1/apps/default/policy', { caps });
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'health');
    await page.getByText('2.0 % report a delivery').waitFor();
    await page.getByRole('button', { name: 'Change default' }).click();
    await page.getByLabel(/in percent/).fill('12.5');
    assert.deepEqual(await axeViolations(page), []);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('12.5 % report a delivery').waitFor();
    assert.deepEqual(await it.client.get('/v1/apps/default/policy'), {
      ...before,
      receipts: { enabled: true, delivered: 0.125 },
    });
    await page.getByRole('button', { name: 'Change default' }).click();
    await page.getByLabel(/^Pushes carry the id/).uncheck();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Receipts off', { exact: true }).waitFor();
    const { id } = await sent(it);
    await page.goto(`${it.server.url}/console/campaigns/${id}`);
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await shown(page);
    assert.equal(await page.getByRole('heading', { name: 'What devices reported' }).count(), 0);
  });
});
