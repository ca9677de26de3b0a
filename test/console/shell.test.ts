import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { holds } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { assertLooksWell, looks, openPage, startConsole } from './console.ts';

suite('the console', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('a link signs in, once, and its code is gone from the address', async (t) => {
    const { server } = await startConsole(t);
    const link = server.consoleUrl();
    const { page } = await openPage(t, browser, link);
    await page.getByText('key "local"').waitFor();
    assert.equal(page.url(), `${server.url}/console/`);
    await page.reload();
    await page.getByText('key "local"').waitFor();

    const other = await openPage(t, browser, link);
    other.allow(/401/);
    await other.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await other.page.getByText('The link was used already').waitFor();
  });

  test('an address that is none leads back', async (t) => {
    const { server } = await startConsole(t);
    const { page } = await openPage(t, browser, server.consoleUrl());
    await page.getByText('key "local"').waitFor();
    await page.goto(`${server.url}/console/nothing/here`);
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    await page.getByRole('link', { name: 'To the campaigns' }).click();
    await page.getByRole('heading', { name: 'Campaigns' }).waitFor();
    await holds(async () => {
      assert.equal(await page.title(), 'Campaigns · Volley');
    });
  });

  test('a screen whose file does not come says so, and the others are well', async (t) => {
    const { server } = await startConsole(t);
    const { page, allow } = await openPage(t, browser, server.consoleUrl());
    allow(/ERR_FAILED/);
    // the file of this screen is here
    await page.getByRole('heading', { name: 'Campaigns' }).waitFor();
    await page.route('**/console/assets/*', (route) => route.abort());
    await page.getByRole('link', { name: 'Devices' }).click();
    await page.getByRole('heading', { name: 'This page cannot be shown' }).waitFor();
    await page.unroute('**/console/assets/*');
    await page.getByRole('link', { name: 'Campaigns' }).click();
    await page.getByRole('heading', { name: 'Campaigns' }).waitFor();
  });

  test('what is around the screens is accessible, in all looks', async (t) => {
    const { server } = await startConsole(t);
    const { page } = await openPage(t, browser, server.consoleUrl(), { width: 390 });
    await page.getByText('no device gets anything').waitFor();
    await assertLooksWell(page);
    await page.getByRole('button', { name: 'Menu' }).click();
    await assertLooksWell(
      page,
      looks.filter((it) => it.width === 390),
    );
  });
});
