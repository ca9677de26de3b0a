import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { ScheduleView } from '../../functions/http/schedules/view.ts';
import { holds } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import {
  assertLooksWell,
  axeViolations,
  type Console,
  goTo,
  openPage,
  startConsole,
} from './console.ts';

const DAY = 24 * 3_600_000;
const campaign = { audience: { language: 'en' }, message: { title: 'Good morning' } };

const addSchedule = ({ client }: Console, it: object = {}) =>
  client.post<ScheduleView>('/v1/schedules', {
    name: 'Morning',
    cron: '30 9 * * *',
    timeZone: 'Europe/Berlin',
    campaign: { ...campaign, name: 'Morning' },
    ...it,
  });

suite('schedules in the console', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('a schedule is made of a campaign, changed, paused, resumed and deleted', async (t) => {
    const it = await startConsole(t);
    await it.fill(10);
    await it.client.post('/v1/campaigns', { ...campaign, name: 'Spring sale', dryRun: true });
    const { page, faults } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'schedules');
    await page.getByRole('heading', { name: 'Nothing is planned' }).waitFor();
    await page.getByRole('button', { name: 'New schedule' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'New schedule' });
    await dialog.getByLabel('Name').fill('Weekdays');
    await dialog.getByText('That is Monday to Friday at 09:30.').waitFor();

    await dialog.getByLabel('When, as a cron pattern').fill('30 9 31 2 *');
    await dialog.getByRole('button', { name: 'Start the schedule' }).click();
    const cron = dialog.getByLabel('When, as a cron pattern');
    await dialog.getByText('never matches a day').waitFor();
    assert.equal(await cron.getAttribute('aria-invalid'), 'true');
    assert.match(faults.splice(0).join(), /status of 400/);

    await cron.fill('30 9 * * 1-5');
    await dialog.getByRole('button', { name: 'Start the schedule' }).click();
    await page.getByRole('heading', { name: 'Weekdays' }).waitFor();
    await page.getByText('Monday to Friday at 09:30').waitFor();
    const { items } = await it.client.get<{ items: ScheduleView[] }>('/v1/schedules');
    assert.equal(items[0]!.campaign.name, 'Spring sale');
    assert.equal(items[0]!.timeZone, 'Europe/Berlin');

    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('No run is planned.').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Active').waitFor();

    await page.getByRole('button', { name: 'Change' }).click();
    await page.getByLabel('Number of runs').fill('3');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('0 of 3').waitFor();

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'Nothing is planned' }).waitFor();
  });

  test('an additional run leads to its campaign', async (t) => {
    const it = await startConsole(t);
    const { id } = await addSchedule(it);
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, `schedules/${id}`);
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.waitForURL(/console\/campaigns\/\w+$/);
    const { items } = await it.client.get<{ items: CampaignView[] }>('/v1/campaigns');
    assert.ok(page.url().endsWith(items[0]!.id));
    assert.equal(items[0]!.scheduleId, id);
  });

  test('times are shown in the zone that is chosen, and months go on', async (t) => {
    const it = await startConsole(t);
    await it.fill(10);
    await addSchedule(it);
    const once = { name: 'Only once', schedule: { at: new Date(Date.now() + 2 * DAY) } };
    await it.client.post('/v1/campaigns', { ...campaign, ...once });
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'schedules');
    const agenda = page.getByRole('region', { name: 'Next runs' });
    await agenda.getByText('09:30').first().waitFor();
    await agenda.getByText('Only once').waitFor();
    await page.getByLabel('Time zone').selectOption('Etc/UTC');
    await agenda
      .getByText(/^0[78]:30$/)
      .first()
      .waitFor();
    const month = page.getByRole('table', { name: /^Runs in/ });
    const today = month.locator('[aria-current=date]:not(.outside)');
    await today.waitFor();
    // as far as the hundred runs go that the API shows, whatever day it is: two months and what is left of one
    for (let i = 0; i < 2; i++) await page.getByRole('button', { name: 'Next month' }).click();
    await today.waitFor({ state: 'detached' });
    await month.getByText('Morning').nth(27).waitFor();
    await page.getByRole('button', { name: 'Today' }).click();
    await today.waitFor();
  });

  test("a schedule by each device's own clock, and a campaign at local time, are on their local days", async (t) => {
    const it = await startConsole(t);
    await it.fill(10);
    const local = new Date(Date.now() + 3 * DAY).toISOString().slice(0, 10);
    const once = { name: 'Only once', schedule: { local: `${local}T18:45` } };
    await it.client.post('/v1/campaigns', { ...campaign, ...once });
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'schedules');
    await page.getByRole('button', { name: 'New schedule' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'New schedule' });
    await dialog.getByLabel('Name').fill('Mornings');
    await dialog.getByLabel('Time zone').selectOption("Each device's own");
    await dialog.getByLabel('Ends').fill('2031-07-01T12:00');
    await dialog
      .getByLabel('Devices whose time passed before a run could begin')
      .selectOption('Skip these devices');
    await dialog.getByRole('button', { name: 'Start the schedule' }).click();
    await page.getByText("by each device's own clock").waitFor();
    await page.getByText('Jul 1, 2031, 12:00').waitFor();
    const { items } = await it.client.get<{ items: ScheduleView[] }>('/v1/schedules');
    const [{ local: isLocal, late, timeZone, until }] = items as [ScheduleView];
    assert.deepEqual(
      { isLocal, late, timeZone, until },
      { isLocal: true, late: 'skip', timeZone: undefined, until: '2031-07-01T12:00:00.000Z' },
    );
    await page.getByRole('button', { name: 'Change' }).click();
    assert.equal(await page.getByLabel('Ends').inputValue(), '2031-07-01T12:00');
    assert.deepEqual(await axeViolations(page), []);
    await page.keyboard.press('Escape');
    // it shows the same time in each zone
    await goTo(page, it, 'schedules');
    const agenda = page.getByRole('region', { name: 'Next runs' });
    for (const zone of ['Pacific/Auckland', 'Etc/UTC']) {
      await page.getByLabel('Time zone').selectOption(zone);
      const item = agenda.getByRole('listitem').filter({ hasText: 'Only once' });
      await item.getByText('18:45').waitFor();
      await item.getByText('Local time').waitFor();
      await agenda.getByText('09:30').first().waitFor();
    }
    assert.deepEqual(await axeViolations(page), []);
  });

  test('a viewer sees all, and reads why nothing can be changed', async (t) => {
    const it = await startConsole(t);
    const { id } = await addSchedule(it);
    const { page } = await openPage(t, browser, await it.linkFor(['read']));
    await goTo(page, it, `schedules/${id}`);
    for (const name of ['Pause', 'Run now', 'Change', 'Delete']) {
      const button = page.getByRole('button', { name, exact: true });
      await button.click({ force: true });
      await holds(async () => {
        assert.equal(await button.getAttribute('aria-disabled'), 'true');
      });
    }
    const reason = page.getByText('key "looker" lacks the scope campaigns.');
    await reason.filter({ visible: true }).waitFor();
    assert.equal((await it.client.get<ScheduleView>(`/v1/schedules/${id}`)).state, 'active');
  });

  test('what is hostile is text', async (t) => {
    const it = await startConsole(t);
    const name = `<img src=x onerror=alert(1)>\u202e${'w'.repeat(150)}`;
    await it.fill(10);
    const { id } = await addSchedule(it, {
      name,
      campaign: {
        name,
        audience: { tags: ['<b>'] },
        message: { title: `<script>${'x'.repeat(900)}` },
      },
    });
    const { page } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    for (const path of ['schedules', `schedules/${id}`]) {
      await goTo(page, it, path);
      await page.getByText('<img src=x onerror').filter({ visible: true }).first().waitFor();
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      assert.ok(width <= 390, `${path} is ${width} px wide`);
    }
  });

  test('schedules are accessible, in all looks', async (t) => {
    const it = await startConsole(t);
    await it.client.post('/v1/campaigns', { ...campaign, name: 'Spring sale', dryRun: true });
    const { page } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    await goTo(page, it, 'schedules');
    await page.getByRole('heading', { name: 'Nothing is planned' }).waitFor();
    await assertLooksWell(page);
    const { id } = await addSchedule(it);
    await page.reload();
    await page.getByRole('region', { name: 'Next runs' }).waitFor();
    await assertLooksWell(page);
    await goTo(page, it, `schedules/${id}`);
    await page.getByRole('button', { name: 'Change' }).click();
    await assertLooksWell(page);
  });
});
