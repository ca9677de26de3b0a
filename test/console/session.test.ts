import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { KeyView } from '../../functions/http/keys.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { DYING, goTo, openPage, startConsole } from './console.ts';

const campaign = {
  name: 'Spring',
  audience: { everybody: true },
  message: { title: 'Spring is here' },
};

suite('a session', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('without one, the console says how to sign in', async (t) => {
    const { server } = await startConsole(t);
    const { page, allow } = await openPage(t, browser, `${server.url}/console/`);
    allow(/401/);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByText('npx volley console').waitFor();
  });

  test('one that ends keeps the screen, and another tab renews it', async (t) => {
    const { server, client, fill } = await startConsole(t);
    await fill(2);
    await client.post('/v1/campaigns', campaign);
    const { page, context, allow } = await openPage(t, browser, server.consoleUrl());
    allow(/401/);
    await page.getByRole('link', { name: 'Spring' }).waitFor();
    await context.clearCookies();
    await page.getByRole('searchbox').fill('spr');
    await page.getByText('Your session has ended.').waitFor();
    assert.equal(await page.getByRole('searchbox').inputValue(), 'spr');
    await page.getByRole('link', { name: 'Spring' }).waitFor();
    const other = await context.newPage();
    await other.goto(server.consoleUrl());
    await other.getByRole('link', { name: 'Spring' }).waitFor();
    await page.getByRole('button', { name: 'Reload the page' }).click();
    await page.getByText('Your session has ended.').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Spring' }).waitFor();
  });

  test('what is shown goes on when another tab has renewed the session, without a reload', async (t) => {
    const { server, client, fill } = await startConsole(t);
    await fill(3_000);
    const slow = { ...campaign, rate: { perMinute: 600 } };
    const { id } = await client.post<CampaignView>('/v1/campaigns', slow);
    const { page, context, allow } = await openPage(t, browser, server.consoleUrl());
    allow(/401/);
    const list = await context.newPage();
    await page.getByRole('link', { name: 'Spring' }).click();
    await page.getByText('3,000 recipients').waitFor();
    await list.goto(`${server.url}/console/`);
    await list.getByRole('cell', { name: 'Sending', exact: true }).waitFor();
    const compose = await context.newPage();
    await compose.goto(`${server.url}/console/compose`);
    await compose.getByRole('heading', { name: '2 things are left' }).waitFor();

    await context.clearCookies();
    await compose.getByLabel('Title', { exact: true }).fill('Written meanwhile');
    await compose.getByText('Your session has ended.').waitFor();
    await list.getByText('Your session has ended.').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Your session has ended.').waitFor();

    const other = await context.newPage();
    await other.goto(server.consoleUrl());
    await other.getByText('key "local"').waitFor();
    await client.post(`/v1/campaigns/${id}/pause`);
    for (const it of [page, list, compose]) {
      await it.evaluate("dispatchEvent(new Event('focus'))");
      await it.getByText('Your session has ended.').waitFor({ state: 'detached' });
    }
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await list.getByRole('cell', { name: 'Paused', exact: true }).waitFor();
    await compose.locator('.ios .title', { hasText: 'Written meanwhile' }).waitFor();
  });

  test('a server that is busy at first is asked again', async (t) => {
    const { server, client, fill } = await startConsole(t);
    await fill(2);
    const { id } = await client.post<CampaignView>('/v1/campaigns', campaign);
    const { page, allow } = await openPage(t, browser, server.consoleUrl());
    allow(/503/);
    await page.getByText('key "local"').waitFor();
    for (const path of ['/v1/me', `/v1/campaigns/${id}`])
      await page.route(`**${path}`, (route) => route.fulfill({ status: 503, body: '' }), {
        times: 1,
      });
    await page.goto(`${server.url}/console/campaigns/${id}`);
    await page.getByRole('heading', { name: 'Spring' }).waitFor();
    await page.getByRole('navigation').getByText('key "local"').waitFor();
  });

  test('a key that is revoked ends its sessions', async (t) => {
    const it = await startConsole(t);
    const { client, linkFor, kill, revive } = it;
    const { page, allow } = await openPage(t, browser, await linkFor(['read']));
    allow(/401/);
    allow(DYING);
    await page.clock.install();
    await goTo(page, it, '');
    await page.getByText('key "looker"', { exact: true }).waitFor();
    const { items } = await client.get<{ items: KeyView[] }>('/v1/keys');
    await client.delete(`/v1/keys/${items.find((it) => it.name === 'looker')!.id}`);
    // keys are cached for half a minute
    await kill();
    await revive();
    await page.getByRole('link', { name: 'Campaigns' }).click();
    // the list looks again after a quarter of a minute, for which no one has to wait
    await page.clock.fastForward(15_000);
    await page.getByText('Your session has ended.').waitFor();
  });

  test('a clock that is wrong by days changes no time that is shown', async (t) => {
    const { server, client, fill } = await startConsole(t);
    await fill(2);
    await client.post('/v1/campaigns', campaign);
    const { page } = await openPage(t, browser, server.consoleUrl());
    await page.clock.install({ time: Date.now() + 3 * 86_400_000 });
    await page.reload();
    await page.getByRole('link', { name: 'Spring' }).waitFor();
    await page
      .getByRole('row')
      .filter({ hasText: 'Spring' })
      .getByText(/^(just now|\d+ minutes? ago)$/)
      .waitFor();
    await page.goto(`${server.url}/console/compose`);
    await page.getByLabel('Title', { exact: true }).fill('Kept');
    await page.locator('.kept', { hasText: /Draft kept (just now|\d+ minutes? ago)$/ }).waitFor();
  });
});
