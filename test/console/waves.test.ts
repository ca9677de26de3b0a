/** Waves in the console: in the estimate of a campaign, while it is sent, and in lists. */

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, suite, type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import { holds } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { assertLooksWell, type Console, type Look, openPage, startConsole } from './console.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Devices by zone; '' tells none. */
const ZONES: Record<string, number> = {
  'Asia/Kolkata': 30,
  'Etc/UTC': 50,
  'America/New_York': 20,
  '': 5,
};

async function fillZones({ client }: Console) {
  const zones = Object.entries(ZONES).flatMap(([zone, many]) => Array<string>(many).fill(zone));
  const rows = zones.map((zone, i) => `d${i},ios,${sampleToken('apns', i)},en,${zone}\n`);
  const csv = ['id,platform,token,language,timeZone\n', ...rows].join('');
  await client.upload('/v1/installations:import', 'text/csv', Readable.from([Buffer.from(csv)]));
}

/** What a clock shows in UTC so many hours from now: `2026-12-24T09:00`, and its time of the day. */
const wallIn = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString().slice(0, 16);
const clockIn = (hours: number) => wallIn(hours).slice(11);

/** It is quiet in UTC for two hours, the present one in the middle. */
const quietNow = ({ client }: Console) =>
  client.put('/v1/apps/default/policy', { quiet: { from: clockIn(-1), to: clockIn(1) } });

const campaign = {
  name: 'Good morning',
  audience: { everybody: true },
  message: { title: 'Good morning' },
};

const send = async ({ client }: Console, more: object = {}) =>
  (await client.post<CampaignView>('/v1/campaigns', { ...campaign, ...more })).id;

suite('waves', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  async function open(t: TestContext, all: Console, path: string, look: Look = {}) {
    const { page } = await openPage(t, browser, all.server.consoleUrl(), look);
    await page.locator('.who').waitFor({ state: 'attached' });
    await page.goto(`${all.server.url}/console/${path}`);
    return page;
  }

  /** The last sheet of a campaign to everybody, which some clocks have passed. */
  async function review(page: Page, late: string) {
    await page.getByLabel('Title', { exact: true }).fill('Good morning');
    await page.getByRole('button', { name: 'Everybody' }).click();
    await page.getByRole('radio', { name: 'At local time' }).check();
    await page.getByLabel('Date and time on each device').fill('2020-12-24T09:00');
    await page.getByText('It has passed everywhere.').waitFor();
    await page.getByLabel('Date and time on each device').fill(wallIn(2));
    await page.getByText('It has passed where clocks are ahead of UTC+0').waitFor();
    await page.getByLabel('Where that time has passed already').selectOption(late);
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    await page.getByRole('button', { name: 'Review and schedule' }).click();
    await page.locator('.strip').waitFor();
  }

  /** Rows of the table behind the strip: what they say, without the times. */
  async function rows(page: Page) {
    await page.getByText('As a table').first().click();
    const all = await page.locator('.behind tbody tr').allInnerTexts();
    return all.map((it) =>
      it
        .replaceAll(/\w{3} \d+, \d\d:\d\d/g, '')
        .split(/\s*[\t\n]\s*/)
        .filter(Boolean),
    );
  }

  const width = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth');

  test('the estimate draws when devices are sent to, and who is too late', async (t) => {
    const all = await startConsole(t);
    await fillZones(all);
    const page = await open(t, all, 'compose');
    await review(page, 'skip');
    const strip = page.locator('.strip');
    const name = await strip.getByRole('img').getAttribute('aria-label');
    assert.match(
      name!,
      /^3 waves from \w{3} \d+, \d\d:\d\d to .*\. The largest has 55 devices, at /,
    );
    assert.equal(await strip.locator('.wave.late').count(), 2, 'a bar, and what it means');
    assert.equal(await strip.locator('.days .wave').count(), 3);
    assert.equal(await strip.locator('.days em').count(), 1, 'the present');
    assert.deepEqual(await rows(page), [
      ['Skipped: its time has passed', '30', 'Asia/Kolkata'],
      ['55', 'Etc/UTC'],
      ['20', 'America/New_York'],
    ]);
    const title = await strip.locator('.wave.late').first().getAttribute('title');
    assert.match(title!, /· 30 devices · Asia\/Kolkata · Skipped: its time has passed$/);
  });

  test('the strip is accessible, in all looks', async (t) => {
    const all = await startConsole(t);
    await fillZones(all);
    await quietNow(all);
    const page = await open(t, all, 'compose', { width: 390 });
    await review(page, 'next-day');
    await rows(page);
    await assertLooksWell(page);
    const id = await send(all);
    await page.goto(`${all.server.url}/console/campaigns/${id}`);
    await page.locator('.wave.held').first().waitFor();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await rows(page);
    await assertLooksWell(page);
    await page.setViewportSize({ width: 320, height: 700 });
    assert.ok((await width(page)) <= 320, 'it is as narrow as the smallest phone');
  });

  test('quiet hours of a plain campaign: who is held, until when, live', async (t) => {
    const all = await startConsole(t);
    await fillZones(all);
    await quietNow(all);
    const page = await open(t, all, 'compose');
    await page.getByLabel('Title', { exact: true }).fill('Good morning');
    await page.getByRole('button', { name: 'Everybody' }).click();
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    await page.getByRole('button', { name: 'Review and send' }).click();
    await page.getByText(/^55 wait for the end of quiet hours, the last of them until /).waitFor();
    await page.getByText('After quiet hours').first().waitFor();
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.waitForURL(/\/console\/campaigns\/\w+$/);
    await page
      .getByText('50 recipients so far of about 105; the next wave is not read yet.')
      .waitFor();
    await page.getByText('1 of 2 waves are done').waitFor();
    await page.getByText('Last wave').waitFor();
    const waiting = page.locator('.days .wave.held.waiting');
    assert.match(
      (await waiting.getAttribute('title'))!,
      / · about 55 devices · .*After quiet hours/,
    );
    const [higher, lower] = [
      (await waiting.boundingBox())!,
      (await page.locator('.days .wave').first().boundingBox())!,
    ];
    assert.ok(higher.height > lower.height, 'it is as high as it will be');
    const [first, second] = await rows(page);
    assert.deepEqual(first!.slice(0, 1), ['Done']);
    assert.deepEqual(second!.slice(0, 2), ['After quiet hours', 'Waits']);
    assert.ok(second!.includes('about 55'), second!.join());
    // what waits is closed without being read
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel the campaign' }).click();
    await page.getByText('Closed: every recipient is counted once.').waitFor();
    await page.getByText('1 of 2 waves are done, 1 was cancelled.').waitFor();
  });

  test('a campaign that waits for its local time says when, and shows an estimate', async (t) => {
    const all = await startConsole(t);
    await fillZones(all);
    const local = `${wallIn(40).slice(0, 10)}T09:00`;
    const id = await send(all, { schedule: { local } });
    const page = await open(t, all, `campaigns/${id}`);
    await page.getByText('On each device at').waitFor();
    await page.getByText('09:00', { exact: true }).waitFor();
    await page.getByText('An estimate: they are counted again when each wave begins.').waitFor();
    await holds(async () => {
      assert.equal(await page.locator('.days .wave').count(), 3);
    });
    await page.goto(`${all.server.url}/console/`);
    await page.getByText(/, 09:00 local$/).waitFor();
    assert.ok((await width(page)) <= 1280);
  });
});
