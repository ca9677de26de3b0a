/** The policy of an app in the console: seen by who may look, changed by who may send. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Scope } from '../../functions/model/key.ts';
import { holds } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import {
  assertLooksWell,
  axeViolations,
  goTo,
  inAllLooks,
  openPage,
  shown,
  startConsole,
} from './console.ts';

const PATH = '/v1/apps/default/policy';
const CAPS = [
  { max: 2, per: '24h' },
  { max: 5, per: '7d' },
];

const change = (page: Page) => page.getByRole('button', { name: 'Change default' }).click();
const save = (page: Page) => page.getByRole('button', { name: 'Save' }).click();

/** Writes into the row of a cap. */
async function cap(page: Page, number: number, max: string, time: string, unit: string) {
  await page.getByLabel(`Campaigns of cap ${number}`).fill(max);
  await page.getByLabel(`Time of cap ${number}`, { exact: true }).fill(time);
  await page.getByLabel(`Hours or days of cap ${number}`).selectOption(unit);
}

suite('the policy of an app in the console', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('caps are added, changed and removed, in all looks', async (t) => {
    const it = await startConsole(t);
    const { page } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    await goTo(page, it, 'health');
    await change(page);
    const add = page.getByRole('button', { name: 'Add a cap' });
    await add.click();
    await add.click();
    await cap(page, 1, '2', '24', 'hours');
    await cap(page, 2, '5', '7', 'days');
    await page.getByLabel('Exempt categories').fill(' security, account,');
    await assertLooksWell(page);
    await save(page);
    await page.getByText('At most 2 in 24 hours, 5 in 7 days').waitFor();
    const { receipts, ...rest } = await it.client.get<{ receipts: object }>(PATH);
    assert.deepEqual(receipts, { enabled: true, delivered: 0.02 });
    assert.deepEqual(rest, { ...rest, caps: CAPS, exempt: ['account', 'security'] });
    await page.getByText('but all of account, security').waitFor({ state: 'attached' });
    await assertLooksWell(page);
    await change(page);
    await page.getByRole('button', { name: 'Remove cap 1' }).click();
    await cap(page, 1, '1', '1', 'days');
    await page.getByLabel('Exempt categories').fill('');
    await save(page);
    await page.getByText('At most 1 in 1 day', { exact: true }).waitFor();
    const after = await it.client.get<{ caps: object; exempt: string[] }>(PATH);
    assert.deepEqual([after.caps, after.exempt], [[{ max: 1, per: '1d' }], []]);
  });

  test('what the API refuses is said at its field, and nothing is changed', async (t) => {
    const it = await startConsole(t);
    await it.client.put(PATH, { caps: CAPS });
    const { page, allow } = await openPage(t, browser, it.server.consoleUrl());
    allow(/400/);
    await goTo(page, it, 'health');
    await change(page);
    await cap(page, 1, '21', '24', 'hours');
    await cap(page, 2, '5', '31', 'days');
    await page.getByLabel('Exempt categories').fill('security, No Such');
    await save(page);
    const row = (number: number) =>
      page.locator('.cap').filter({ has: page.getByLabel(`Campaigns of cap ${number}`) });
    await row(1).getByText(/^max /).waitFor();
    await row(2).getByText('per must be 30d at most').waitFor();
    await page.getByText(/^\[1\] must be 1 to 32 lower-case letters/).waitFor();
    assert.equal(await page.getByRole('alert').getByRole('listitem').count(), 0);
    assert.deepEqual(await axeViolations(page), []);
    await page.getByRole('button', { name: 'Add a cap' }).click();
    await page.getByText('An app has three caps at most.').waitFor({ state: 'attached' });
    await page.getByLabel('Exempt categories').fill('');
    await cap(page, 1, '2', '24', 'hours');
    await cap(page, 2, '1', '7', 'days');
    await cap(page, 3, '2', '1', 'days');
    await save(page);
    await row(2).getByText('the longer time must allow as many').waitFor();
    await row(3).getByText('has the same time as another cap: 24h').waitFor();
    assert.deepEqual((await it.client.get<{ caps: object }>(PATH)).caps, CAPS);
  });

  test('quiet hours and the default zone are set, and ended, in all looks', async (t) => {
    const it = await startConsole(t);
    await it.client.put(PATH, { exempt: ['security'] });
    const { page, allow } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    allow(/400/);
    await goTo(page, it, 'health');
    await change(page);
    await page.getByLabel('Campaigns wait while it is quiet').check();
    await page.getByLabel('From').fill('21:30');
    await page.getByLabel('Until').fill('21:30');
    await page.getByLabel('Default time zone').fill('Europe/Nowhere');
    await save(page);
    await page.locator('.field', { hasText: 'Until' }).getByText('must not be `from`').waitFor();
    await page
      .locator('.field', { hasText: 'Default time zone' })
      .getByText('must be a zone such as Europe/Berlin')
      .waitFor();
    assert.equal(await page.getByRole('alert').getByRole('listitem').count(), 0);
    await assertLooksWell(page);
    await page.getByLabel('Until').fill('07:15');
    await page.getByLabel('Default time zone').fill('Europe/Berlin');
    await save(page);
    await page.getByText('Quiet 21:30 to 07:15').waitFor();
    await page.getByText('Default time zone: Europe/Berlin').waitFor();
    await page.getByText('but all of security').waitFor({ state: 'attached' });
    type Quiet = { quiet: object | null; defaultZone: string; exempt: string[] };
    const { quiet, defaultZone, exempt } = await it.client.get<Quiet>(PATH);
    assert.deepEqual(
      { quiet, defaultZone, exempt },
      {
        quiet: { from: '21:30', to: '07:15' },
        defaultZone: 'Europe/Berlin',
        exempt: ['security'],
      },
    );
    await change(page);
    await page.getByLabel('Campaigns wait while it is quiet').uncheck();
    await save(page);
    await page.getByText('Quiet 21:30').waitFor({ state: 'detached' });
    await page.getByText('No quiet hours').waitFor();
    await page.getByText('Default time zone: Europe/Berlin').waitFor();
    assert.equal((await it.client.get<Quiet>(PATH)).quiet, null);
  });

  test('the table of apps fits a phone, and says all of a policy there', async (t) => {
    const it = await startConsole(t);
    const policy = await it.client.put(PATH, {
      caps: CAPS,
      quiet: { from: '22:00', to: '08:00' },
      defaultZone: 'America/Argentina/Buenos_Aires',
    });
    const name = `<b>\u202e${'w'.repeat(60)}`;
    const paused = { at: new Date().toISOString(), by: `key "${name}"` };
    const { page } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    await page.route(/\/v1\/apps\?/, (route) =>
      route.fulfill({
        json: {
          items: [
            { app: name, paused, providers: ['apns', 'fcm'] },
            { app: 'default', paused: null, providers: ['fcm'] },
          ],
          next: null,
        },
      }),
    );
    await page.route(/\/v1\/apps\/[^/]+\/policy/, (route) => route.fulfill({ json: policy }));
    await goTo(page, it, 'health');
    for (const row of [1, 2]) {
      const cells = page.getByRole('group', { name: 'Apps' }).getByRole('row').nth(row);
      await cells.getByText('At most 2 in 24 hours, 5 in 7 days').waitFor();
      await cells.getByText('Quiet 22:00 to 08:00').waitFor();
      await cells.getByText('Default time zone: America/Argentina/Buenos_Aires').waitFor();
      await cells.getByRole('button', { name: /^(Pause|Resume) / }).waitFor();
    }
    assert.equal(await page.locator('main b', { hasText: 'www' }).count(), 0);
    await inAllLooks(page, async ({ width }) => {
      const [seen, whole] = await page
        .getByRole('group', { name: 'Apps' })
        .evaluate((it) => [it.clientWidth, it.scrollWidth]);
      assert.equal(whole, seen, `the table scrolls at ${width} px`);
    });
    await assertLooksWell(page);
  });

  test('what a form does not know of a policy stays as it is', async (t) => {
    const it = await startConsole(t);
    const whole = await it.client.put<object>(PATH, { caps: CAPS, receipts: { delivered: 0.5 } });
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'health');
    await change(page);
    await page.getByLabel('Campaigns of cap 1').fill('3');
    await save(page);
    await page.getByText('At most 3 in 24 hours').waitFor();
    assert.deepEqual(await it.client.get(PATH), {
      ...whole,
      caps: [{ max: 3, per: '24h' }, CAPS[1]],
    });
  });

  for (const [scopes, sees] of [
    [['read'], true],
    [['installations'], false],
  ] as [Scope[], boolean][])
    test(`a key that has only ${scopes} ${sees ? 'sees' : 'does not see'} caps, and changes none`, async (t) => {
      const it = await startConsole(t);
      await it.client.put(PATH, { caps: CAPS });
      const { page } = await openPage(t, browser, await it.linkFor(scopes));
      await page.getByText('key "looker"').first().waitFor({ state: 'attached' });
      await page.goto(`${it.server.url}/console/health`);
      await shown(page);
      if (sees) await page.getByText('At most 2 in 24 hours, 5 in 7 days').waitFor();
      await holds(async () => {
        assert.equal(await page.getByText('At most').count(), sees ? 1 : 0);
      });
      const button = page.getByRole('button', { name: 'Change default' });
      await holds(async () => assert.equal(await button.count(), sees ? 1 : 0));
      if (!sees) return;
      await holds(async () => assert.equal(await button.getAttribute('aria-disabled'), 'true'));
      await button.click({ force: true });
      assert.equal(await page.getByRole('dialog').count(), 0);
    });
});
