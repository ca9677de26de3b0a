import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { createClient } from '../../functions/cli/client/client.ts';
import type { AppView } from '../../functions/http/apps.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { KeyView } from '../../functions/http/keys.ts';
import { holds, until } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { assertLooksWell, goTo, openPage, startConsole } from './console.ts';

suite('keys and health in the console', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('a key is created, shown once, used, and revoked', async (t) => {
    const it = await startConsole(t);
    const { page, faults } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('shop-backend');
    await page.getByRole('checkbox', { name: /^register/ }).check();
    await page.getByRole('button', { name: 'Create the key' }).click();
    await page.getByText('register goes with no other scope').waitFor();
    assert.match(faults.splice(0).join(), /status of 400/);
    await page.getByRole('checkbox', { name: /^register/ }).uncheck();
    await page.getByRole('checkbox', { name: /^campaigns/ }).check();
    await page.getByRole('button', { name: 'Create the key' }).click();
    const dialog = page.getByRole('dialog', { name: 'The key' });
    const key = (await dialog.locator('code').textContent())!;
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    await holds(async () => {
      assert.equal(await page.getByText(key).count(), 0);
    });
    const shop = createClient(it.server.url, key);
    assert.deepEqual((await shop.get<{ scopes: string[] }>('/v1/me')).scopes, [
      'read',
      'campaigns',
    ]);

    await page.getByRole('button', { name: 'Revoke local' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('That is the key of this request.').waitFor();
    assert.match(faults.splice(0).join(), /status of 409/);
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: 'Revoke shop-backend' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    // the dialog, which closes, names it too
    await page
      .locator('table bdi')
      .filter({ hasText: 'shop-backend' })
      .waitFor({ state: 'detached' });
    const { items } = await it.client.get<{ items: KeyView[] }>('/v1/keys');
    assert.deepEqual(
      items.map(({ name }) => name),
      ['local'],
    );
  });

  test('an app is paused with all of its campaigns, and resumed', async (t) => {
    const it = await startConsole(t);
    await it.fill(10);
    const request = { name: 'Later', audience: { language: 'en' }, message: { title: 'Hello' } };
    const at = new Date(Date.now() + 3_600_000);
    await it.client.post('/v1/campaigns', { ...request, schedule: { at } });
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'health');
    await page.getByRole('button', { name: 'Pause default' }).click();
    const dialog = page.getByRole('dialog', { name: 'Pause everything of default?' });
    await dialog.getByRole('button', { name: 'Pause the app' }).click();
    await page.getByText('by key "local"').waitFor();
    assert.ok((await it.client.get<AppView>('/v1/apps/default')).paused);
    const now = await it.client.post<CampaignView>('/v1/campaigns', request);
    await until(async () => {
      const { state } = await it.client.get<CampaignView>(`/v1/campaigns/${now.id}`);
      return state === 'paused';
    });
    await page.getByRole('button', { name: 'Resume default' }).click();
    await page.getByRole('button', { name: 'Resume the app' }).click();
    await page.getByRole('button', { name: 'Pause default' }).waitFor();
    assert.equal((await it.client.get<AppView>('/v1/apps/default')).paused, null);
  });

  test('the findings of the doctor are told, with what to do first', async (t) => {
    const it = await startConsole(t);
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'health');
    await page.getByText('the database reads and writes').waitFor();
    await page.getByText('apns takes the credentials of "default"').waitFor();
    await page.route('**/v1/doctor', (route) =>
      route.fulfill({
        json: {
          findings: [
            { check: 'the tick runs', state: 'well', detail: 'last 5 s ago' },
            {
              check: 'apns takes the credentials of "<b>"',
              state: 'fault',
              detail: 'InvalidProviderToken',
              next: 'Compare the key id with that of the file.',
            },
          ],
        },
      }),
    );
    await page.getByRole('button', { name: 'Check again' }).click();
    await page.getByText('1 fault').first().waitFor();
    const first = page.locator('.findings > li').first();
    await holds(async () => {
      assert.match((await first.textContent())!, /^Fault.*"<b>".*Compare the key id/);
    });
  });

  test('what the campaigns of the month cost is added up', async (t) => {
    const it = await startConsole(t);
    await it.fill(10);
    const request = { name: 'Now', audience: { everybody: true }, message: { title: 'Hello' } };
    const { id } = await it.client.post<CampaignView>('/v1/campaigns', request);
    await until(async () => {
      const { state } = await it.client.get<CampaignView>(`/v1/campaigns/${id}`);
      return state === 'completed';
    });
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'health');
    await page.getByText('1 campaign, 10 recipients').waitFor();
    await page.getByText('< $0.0001').waitFor();
  });

  test('a viewer reads why keys are not shown, and why nothing can be paused', async (t) => {
    const it = await startConsole(t);
    const { page } = await openPage(t, browser, await it.linkFor(['read']));
    await goTo(page, it, 'keys');
    const admin = page.getByText('key "looker" lacks the scope admin.');
    await admin.filter({ visible: true }).first().waitFor();
    await goTo(page, it, 'health');
    const pause = page.getByRole('button', { name: 'Pause default' });
    await pause.waitFor();
    await holds(async () => {
      assert.equal(await pause.getAttribute('aria-disabled'), 'true');
    });
    const sender = page.getByText('key "looker" lacks the scope campaigns.');
    await sender.filter({ visible: true }).first().waitFor();
  });

  test('an admin who may not look at campaigns is told so, and nothing is asked in vain', async (t) => {
    const it = await startConsole(t);
    const { page, faults } = await openPage(t, browser, await it.linkFor(['admin']));
    const refused: string[] = [];
    page.on('response', (it) => it.status() === 403 && refused.push(new URL(it.url()).pathname));
    await goTo(page, it, 'health');
    await page.getByText('key "looker" lacks the scope campaigns.').last().waitFor();
    await holds(async () => {
      assert.equal(await page.getByText('key "looker" lacks the scope read.').count(), 3);
    });
    await goTo(page, it, 'keys');
    await page.getByRole('button', { name: 'Revoke local' }).waitFor();
    const isOurs = (path: string) => /^\/v1\/(doctor|costs|keys)/.test(path);
    assert.deepEqual(refused.filter(isOurs), []);
    // the list of campaigns, which opens first, was refused
    faults.splice(0);
  });

  test('keys and health are accessible, in all looks', async (t) => {
    const it = await startConsole(t);
    await it.client.post('/v1/keys', {
      name: `<b>\u202e${'w'.repeat(50)}`,
      scopes: ['read', 'campaigns', 'installations', 'admin'],
    });
    const { page } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    await goTo(page, it, 'keys');
    await page.getByText('<b>').first().waitFor();
    await assertLooksWell(page);
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('checkbox', { name: /^register/ }).check();
    await assertLooksWell(page);
    await goTo(page, it, 'health');
    await page.getByText('the tick runs').waitFor();
    await page.getByRole('button', { name: 'Pause default' }).click();
    await assertLooksWell(page);
  });
});
