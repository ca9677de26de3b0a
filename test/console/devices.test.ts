import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { holds, until } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { assertLooksWell, type Console, goTo, openPage, startConsole } from './console.ts';

const TOKEN = 'ab'.repeat(32);
const phone = {
  platform: 'ios',
  token: TOKEN,
  language: 'en',
  userId: 'ada',
  tags: ['vip', '<b>bold</b>'],
  attributes: { plan: 'pro' },
  permission: 'denied',
};

const put = ({ client }: Console, id: string, it: object = {}) =>
  client.put(`/v1/installations/${id}`, { ...phone, ...it });

/** Sends a campaign, and waits for its end. */
async function send({ client }: Console, name: string, audience: object) {
  const request = { name, audience, message: { title: name } };
  const { id } = await client.post<CampaignView>('/v1/campaigns', request);
  await until(
    async () => (await client.get<CampaignView>(`/v1/campaigns/${id}`)).state === 'completed',
  );
}

suite('devices in the console', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('the devices of a user are found, and each says what it was sent and why', async (t) => {
    const it = await startConsole(t);
    await put(it, 'phone-1');
    await put(it, 'tablet-1', { token: 'cd'.repeat(32) });
    await send(it, 'Order', { userIds: ['ada'] });
    await send(it, 'Guten Morgen', { language: 'de' });
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'devices');
    await page.getByRole('heading', { name: 'Why did a device get nothing?' }).waitFor();
    await page.getByLabel('User', { exact: true }).fill('ada');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'tablet-1' }).waitFor();
    await page.getByRole('link', { name: 'phone-1' }).click();
    const about = page.getByRole('region', { name: 'About this device' });
    await about.getByText('<b>bold</b>').waitFor();
    await about.getByText('Nothing').waitFor();

    await page.locator('summary').filter({ hasText: 'Order' }).click();
    await page.getByText('APNs accepted the push').waitFor();
    await page.getByText('The person has not allowed notifications').first().waitFor();
    await page.getByText('The campaign is completed.').waitFor();

    await page.getByLabel('Campaign', { exact: true }).selectOption('Guten Morgen');
    await page.getByRole('button', { name: 'Why?' }).click();
    await page.getByText('Not in the audience').waitFor();
    await page.getByText('it has en').waitFor();
  });

  test('a token leads to its device in any spelling, and is never in the address', async (t) => {
    const it = await startConsole(t);
    await put(it, 'phone-1');
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await goTo(page, it, 'devices');
    await page.getByLabel('Find by').selectOption('token');
    await page.getByLabel('Token', { exact: true }).fill(TOKEN.toUpperCase());
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('heading', { name: 'phone-1' }).waitFor();
    assert.ok(asked.every((url) => !url.toLowerCase().includes(TOKEN)));
  });

  test('a device that is not there says so, and so does a user without devices', async (t) => {
    const it = await startConsole(t);
    const { page, faults } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'devices');
    await page.getByLabel('User', { exact: true }).fill('ben');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('heading', { name: 'No device is found' }).waitFor();
    await page.getByLabel('Find by').selectOption('id');
    await page.getByLabel('Device id').fill('gone-1');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByText('It is not registered any more').waitFor();
    await page.getByText('Nothing, as far as is known.').waitFor();
    assert.ok(faults.splice(0).every((fault) => /status of 404/.test(fault)));
  });

  test('a key that may not read devices is told why', async (t) => {
    const it = await startConsole(t);
    await put(it, 'phone-1');
    const { page } = await openPage(t, browser, await it.linkFor(['campaigns']));
    await goTo(page, it, 'devices');
    const find = page.getByRole('button', { name: 'Find' });
    await page.getByText('key "looker" lacks the scope read.').waitFor({ state: 'attached' });
    await holds(async () => {
      assert.equal(await find.getAttribute('aria-disabled'), 'true');
    });
    await goTo(page, it, 'devices/phone-1?app=default');
    await page.getByText('key "looker" lacks the scope read.').waitFor();
  });

  test('devices are accessible, in all looks', async (t) => {
    const it = await startConsole(t);
    await put(it, 'phone-1', { attributes: { hostile: `<i>\u202e${'w'.repeat(200)}` } });
    await put(it, 'tablet-1', { token: 'cd'.repeat(32) });
    await send(it, 'Order', { userIds: ['ada'] });
    await send(it, 'Guten Morgen', { language: 'de' });
    const { page } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    await goTo(page, it, 'devices');
    await page.getByLabel('User', { exact: true }).fill('ada');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('link', { name: 'phone-1' }).waitFor();
    await assertLooksWell(page);
    await page.getByRole('link', { name: 'phone-1' }).click();
    await page.locator('summary').click();
    await page.getByText('The campaign is completed.').waitFor();
    await page.getByRole('button', { name: 'Why?' }).click();
    await page.getByText('Not in the audience').waitFor();
    await assertLooksWell(page);
  });
});
