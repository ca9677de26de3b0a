import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, suite, type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { holds } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import {
  assertLooksWell,
  axeViolations,
  type Console,
  DYING,
  openPage,
  startConsole,
} from './console.ts';

const message = { title: 'Spring is here', body: 'Half price until Sunday.' };

const send = (client: Console['client'], more: object = {}) =>
  client.post<CampaignView>('/v1/campaigns', {
    name: 'Spring sale',
    audience: { everybody: true },
    message,
    ...more,
  });

const show = (page: Page, url: string, id: string) => page.goto(`${url}/console/campaigns/${id}`);

/** The figure of the ledger, as it is shown. */
const figure = (page: Page, name: string) =>
  page.locator('.ledger div').filter({ hasText: name }).locator('dd');

/** slow enough that it goes on until the test ends it, after minutes on a busy machine */
const slow = { rate: { perMinute: 600 } };

suite('a campaign', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('it is seen live, paused, resumed and cancelled; the bar closes', async (t) => {
    const { server, client, fill } = await startConsole(t);
    await fill(5_000);
    const { id } = await send(client, slow);
    const { page } = await openPage(t, browser, server.consoleUrl());
    await page.getByRole('link', { name: 'Spring sale' }).click();
    await page.getByText('5,000 recipients').waitFor();
    await page.getByText('at most 600 a minute').waitFor();
    // something was accepted
    await figure(page, 'Accepted').filter({ hasNotText: /^0 / }).waitFor();
    await page.getByRole('img', { name: /^Pushes a second over the last/ }).waitFor();
    await page.getByRole('img', { name: /^Accepted .* %, Planned/ }).waitFor();
    assert.deepEqual(await axeViolations(page), []);

    await page.getByRole('button', { name: 'Pause' }).click();
    await page
      .getByText(/^Paused(\.|:) .*you asked\.$/)
      .filter({ visible: true })
      .first()
      .waitFor();
    assert.equal((await client.get<CampaignView>(`/v1/campaigns/${id}`)).state, 'paused');
    const accepted = await figure(page, 'Accepted').textContent();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await figure(page, 'Accepted').filter({ hasNotText: accepted! }).waitFor();

    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog', { name: 'Cancel this campaign?' }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel the campaign' }).click();
    await page.getByText('Closed: every recipient is counted once.').waitFor();
    await page.getByText('Cancelled', { exact: true }).first().waitFor();
    const { counts } = await client.get<CampaignView>(`/v1/campaigns/${id}`);
    assert.equal(counts.accepted + counts.failed + counts.skipped, 5_000);
    await holds(async () => {
      assert.match((await figure(page, 'Skipped').textContent())!, /^[1-9]/);
    });
  });

  test('the server is killed in the middle: the view says so, and recovers by itself', async (t) => {
    const all = await startConsole(t);
    const { server, client, fill } = all;
    await fill(3_000);
    const { id } = await send(client, slow);
    const { page, allow } = await openPage(t, browser, server.consoleUrl());
    allow(DYING);
    await page.getByText('key "local"').waitFor();
    await show(page, server.url, id);
    await page.getByText('3,000 recipients').waitFor();
    await all.kill();
    await page.getByText(/^No connection since/).waitFor();
    // the figures of before are still there
    await page.getByText('3,000 recipients').waitFor();
    await all.revive();
    await page.getByText(/^No connection since/).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel the campaign' }).click();
    await page.getByText('Closed: every recipient is counted once.').waitFor();
  });

  test('its report has the failures in words, as a file, and sends again', async (t) => {
    const { server, client, fill } = await startConsole(t, {
      apns: { deadShare: 0.2 },
      fcm: { badShare: 0.2 },
    });
    await fill(500);
    const { id } = await send(client);
    const { page, allow } = await openPage(t, browser, server.consoleUrl());
    allow(/409/);
    await page.getByText('key "local"').waitFor();
    await show(page, server.url, id);
    await page.getByText('Closed: every recipient is counted once.').waitFor();
    const reason = page.getByRole('row').filter({ hasText: 'Unregistered' });
    await reason.getByText('The app is not on the device any more.').waitFor();
    await reason.getByText('Nothing: the token is dead.').waitFor();
    await page.getByText(/^\d+ devices are gone; their tokens were removed\.$/).waitFor();
    await page.getByText('de ').first().waitFor();

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Failures as CSV' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), `failures-${id}.csv`);
    const csv = await readFile(await download.path(), 'utf8');
    const { counts } = await client.get<CampaignView>(`/v1/campaigns/${id}`);
    assert.equal(csv.trim().split('\n').length, counts.failed + 1);

    // all of them are final: the API's own sentence says so
    await page.getByRole('button', { name: 'Send again to the failed' }).click();
    await page.getByText('so nothing is sent again').waitFor();
    const copy = page.getByRole('link', { name: 'Copy as new' });
    assert.equal(await copy.getAttribute('href'), `/console/compose?from=${id}`);
  });

  /** A campaign that is paused in the middle, and a page that is signed in. */
  async function pausedOne(t: TestContext) {
    const { server, client, fill } = await startConsole(t);
    await fill(3_000);
    const { id } = await send(client, slow);
    await client.post(`/v1/campaigns/${id}/pause`);
    const { page } = await openPage(t, browser, server.consoleUrl());
    await page.getByText('key "local"').waitFor();
    return { server, client, id, page };
  }

  test('a paused one says why, and who did it', async (t) => {
    const { server, id, page } = await pausedOne(t);
    await show(page, server.url, id);
    await page.getByRole('heading', { name: 'Why it is paused' }).waitFor();
    const change = page.getByRole('row').filter({ hasText: 'Paused' });
    await change.getByText('paused by key "local"').waitFor();
    // a second tab changes it, and this one follows
    const other = await page.context().newPage();
    await show(other, server.url, id);
    await other.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.getByRole('heading', { name: 'Why it is paused' }).waitFor({ state: 'detached' });
  });

  test('an answer that comes late does not replace a newer one', async (t) => {
    const { server, client, id, page } = await pausedOne(t);
    const late = Promise.withResolvers<void>();
    const path = `/v1/campaigns/${id}/history`;
    await page.route(
      `**${path}`,
      async (route) => {
        const json = await client.get(path);
        await late.promise;
        await route.fulfill({ json });
      },
      { times: 1 },
    );
    await show(page, server.url, id);
    const changes = page.getByRole('group', { name: 'History' }).getByRole('row');
    await changes.filter({ hasText: 'Paused' }).waitFor();
    const before = await changes.count();
    await client.post(`/v1/campaigns/${id}/resume`);
    await changes.nth(before).waitFor();
    const came = page.waitForResponse(`**${path}`);
    late.resolve();
    await (await came).finished();
    await page.evaluate('new Promise(requestAnimationFrame)');
    assert.equal(await changes.count(), before + 1);
  });

  test('a scheduled one, an empty one and one that is not there', async (t) => {
    const { server, client } = await startConsole(t);
    const at = new Date(Date.now() + 3_600_000).toISOString();
    const scheduled = await send(client, { schedule: { at } });
    const { page, allow } = await openPage(t, browser, server.consoleUrl());
    allow(/404/);
    await page.getByText('key "local"').waitFor();
    await show(page, server.url, scheduled.id);
    await page.getByText('It has not begun.').waitFor();
    await holds(async () => {
      assert.equal(await page.getByRole('button', { name: 'Pause' }).count(), 0);
    });
    const empty = await send(client);
    await show(page, server.url, empty.id);
    await page.getByText('No device is in this audience.').waitFor();
    await show(page, server.url, 'nothing');
    await page.getByRole('heading', { name: 'There is no such campaign' }).waitFor();
  });

  test('hostile text is text, in all looks', async (t) => {
    const { server, client, fill } = await startConsole(t);
    await fill(4);
    const hostile = `<b>x</b>\u202edlob\u202c {{x}} ${'y'.repeat(900)}`;
    const { id } = await send(client, {
      name: '<script>alert(1)</script>',
      message: { title: hostile, body: hostile, literal: true },
      audience: { or: [{ tags: ['<img src=x>'] }, { platform: ['ios', 'android'] }] },
    });
    const { page } = await openPage(t, browser, server.consoleUrl(), { width: 390 });
    await page.getByText('key "local"').waitFor({ state: 'attached' });
    await show(page, server.url, id);
    await page.getByRole('heading', { name: '<script>alert(1)</script>' }).waitFor();
    await page.getByText('Closed: every recipient is counted once.').waitFor();
    await page.getByText('Tags any of <img src=x>').waitFor();
    assert.equal(await page.locator('main b, main img').count(), 0);
    await assertLooksWell(page);
  });
});
