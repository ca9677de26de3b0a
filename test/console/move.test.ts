/** A campaign that waits for its time gets another one: by clocks of a zone, or by those of the devices. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { holds } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { assertLooksWell, type Console, goTo, openPage, startConsole } from './console.ts';

const AT = '2099-12-24T17:00:00.000Z';
const LOCAL = '2099-12-24T09:00';

const add = ({ client }: Console, more: object = { schedule: { at: AT } }) =>
  client.post<CampaignView>('/v1/campaigns', {
    name: 'Spring sale',
    audience: { everybody: true },
    message: { title: 'Spring is here' },
    ...more,
  });

const scheduleOf = async ({ client }: Console, id: string) =>
  (await client.get<CampaignView>(`/v1/campaigns/${id}`)).schedule;

const open = (page: Page) => page.getByRole('button', { name: 'Move', exact: true });
const move = (page: Page) => page.getByRole('button', { name: 'Move the campaign' });
const dialog = (page: Page) => page.getByRole('dialog', { name: 'When does it begin?' });
const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });
const fault = (page: Page, label: string, text: string | RegExp) =>
  page.locator('dialog .field', { hasText: label }).locator('.fault', { hasText: text });

suite('a campaign is moved', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('it gets the time of a zone, and its page and history follow', async (t) => {
    const it = await startConsole(t);
    const { id } = await add(it);
    const { page } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    await goTo(page, it, `campaigns/${id}`);
    await open(page).click();
    assert.equal(await field(page, 'Date and time').inputValue(), '2099-12-24T18:00');
    assert.equal(await field(page, 'Time zone').inputValue(), 'Europe/Berlin');
    await field(page, 'Date and time').fill('2100-07-01T09:30');
    await field(page, 'Time zone').fill('Asia/Tokyo');
    await page.getByText('Here that is Jul 1, 2100, 2:30:00 AM.').waitFor();
    await assertLooksWell(page);
    await move(page).click();
    await dialog(page).waitFor({ state: 'detached' });
    await page.locator('.figures').getByText('Jul 1, 2100').waitFor();
    await page.getByText('Moved: it begins Jul 1, 2100').waitFor({ state: 'attached' });
    assert.deepEqual(await scheduleOf(it, id), { at: '2100-07-01T00:30:00.000Z' });
    const history = page.getByRole('region', { name: 'History' }).getByRole('row');
    await holds(async () => assert.equal(await history.count(), 3));
    await open(page).click();
    assert.equal(await field(page, 'Date and time').inputValue(), '2100-07-01T02:30');
  });

  test('what is no time, and what the API refuses, is said at its field', async (t) => {
    const it = await startConsole(t);
    const { id } = await add(it);
    const { page, allow } = await openPage(t, browser, it.server.consoleUrl());
    allow(/422/);
    await goTo(page, it, `campaigns/${id}`);
    await open(page).click();
    const time = field(page, 'Date and time');
    for (const [wall, zone, text] of [
      ['', 'Europe/Berlin', 'needs a date and a time'],
      ['2100-03-28T02:30', 'Europe/Berlin', 'clocks are put forward over it'],
      ['2100-10-31T02:30', 'Europe/Berlin', 'clocks are put back'],
      ['2100-07-01T09:30', '<b>nowhere</b>', '"<b>nowhere</b>" is no time zone'],
    ] as const) {
      await time.fill(wall);
      await field(page, 'Time zone').fill(zone);
      await fault(page, 'Date and time', text).waitFor();
      assert.equal(await move(page).getAttribute('aria-disabled'), 'true');
      await field(page, 'Time zone').press('Enter');
    }
    assert.equal(await page.locator('dialog b').count(), 0);
    await page.getByText('Say when first.').waitFor({ state: 'attached' });
    await field(page, 'Time zone').fill('UTC');
    await time.fill('2020-01-01T00:00');
    await move(page).click();
    await fault(page, 'Date and time', 'is in the past').waitFor();
    // once, and not in the note of what no field shows
    assert.equal(await dialog(page).getByText('is in the past').count(), 1);
    await assertLooksWell(page);
    assert.deepEqual(await scheduleOf(it, id), { at: AT });
    await time.fill('2100-01-01T00:00');
    await move(page).click();
    await dialog(page).waitFor({ state: 'detached' });
    assert.deepEqual(await scheduleOf(it, id), { at: '2100-01-01T00:00:00.000Z' });
  });

  test('one by the clocks of devices stays one', async (t) => {
    const it = await startConsole(t);
    const { id } = await add(it, { schedule: { local: LOCAL, late: 'skip' } });
    const { page, allow } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    allow(/422/);
    await goTo(page, it, `campaigns/${id}`);
    await open(page).click();
    const time = field(page, 'Date and time on each device');
    const late = field(page, 'Where that time has passed already');
    assert.deepEqual([await time.inputValue(), await late.inputValue()], [LOCAL, 'skip']);
    await assertLooksWell(page);
    await time.fill('2020-01-01T00:00');
    await move(page).click();
    await fault(page, 'Date and time', 'has passed in every time zone').waitFor();
    await time.fill('2100-01-01T08:15');
    await late.selectOption('next-day');
    await move(page).click();
    await dialog(page).waitFor({ state: 'detached' });
    await page.locator('.figures').getByText('Jan 1, 2100').waitFor();
    assert.deepEqual(await scheduleOf(it, id), { local: '2100-01-01T08:15', late: 'next-day' });
    const history = page.getByRole('region', { name: 'History' }).getByRole('row');
    await holds(async () => assert.equal(await history.count(), 3));
    await open(page).click();
    await late.selectOption('skip');
    await move(page).click();
    await dialog(page).waitFor({ state: 'detached' });
    await holds(async () => assert.equal(await history.count(), 4));
    assert.deepEqual(await scheduleOf(it, id), { local: '2100-01-01T08:15', late: 'skip' });
  });

  test('an answer is lost: it may be tried again, and nothing else has changed', async (t) => {
    const it = await startConsole(t);
    const { id } = await add(it);
    const { page, allow } = await openPage(t, browser, it.server.consoleUrl());
    allow(/ERR_FAILED/);
    await goTo(page, it, `campaigns/${id}`);
    await open(page).click();
    await field(page, 'Date and time').fill('2100-07-01T09:30');
    const path = `/v1/campaigns/${id}/schedule`;
    await page.route(
      `**${path}`,
      async (route) => {
        // the API does it, and the browser hears nothing
        await it.client.put(path, route.request().postDataJSON());
        await route.abort();
      },
      { times: 1 },
    );
    await move(page).click();
    await dialog(page).getByText('It may have been done nonetheless').waitFor();
    await move(page).click();
    await dialog(page).waitFor({ state: 'detached' });
    assert.deepEqual(await scheduleOf(it, id), { at: '2100-07-01T07:30:00.000Z' });
    const { items } = await it.client.get<{ items: CampaignView[] }>('/v1/campaigns');
    assert.deepEqual(
      items.map((one) => [one.id, one.state]),
      [[id, 'scheduled']],
    );
  });

  test('only what is scheduled can be moved, also while the dialog is open', async (t) => {
    const it = await startConsole(t);
    await it.fill(2_000);
    const others = [
      await add(it, { rate: { perMinute: 60 } }),
      await add(it, { dryRun: true }),
      await add(it),
    ];
    await it.client.post(`/v1/campaigns/${others[2]!.id}/cancel`);
    const { page, allow } = await openPage(t, browser, it.server.consoleUrl());
    allow(/409/);
    for (const { id } of others) {
      await goTo(page, it, `campaigns/${id}`);
      await page
        .getByRole('button', { name: /^(Pause|Cancel)$/ })
        .or(page.getByRole('link', { name: 'Copy as new' }))
        .first()
        .waitFor();
      await holds(async () => assert.equal(await open(page).count(), 0));
    }
    const { id } = await add(it);
    await goTo(page, it, `campaigns/${id}`);
    await open(page).click();
    await it.client.post(`/v1/campaigns/${id}/cancel`);
    await page.getByText('so it cannot be moved').waitFor({ state: 'attached' });
    assert.equal(await move(page).getAttribute('aria-disabled'), 'true');
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    await holds(async () => assert.equal(await open(page).count(), 0));
  });

  test('a role that may not sees why', async (t) => {
    const it = await startConsole(t);
    const { id } = await add(it);
    const { page } = await openPage(t, browser, await it.linkFor(['read']));
    await goTo(page, it, `campaigns/${id}`);
    await open(page).waitFor();
    await holds(async () => assert.equal(await open(page).getAttribute('aria-disabled'), 'true'));
    await open(page).hover({ force: true });
    const reason = page.getByText('key "looker" lacks the scope campaigns.');
    await reason.filter({ visible: true }).first().waitFor();
    await open(page).click({ force: true });
    assert.equal(await page.getByRole('dialog').count(), 0);
  });
});
