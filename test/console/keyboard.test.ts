/** The whole way by the keyboard alone: devices, a test, a campaign, which is paused while it is sent. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { openPage, startConsole } from './console.ts';

/** Keys that lead to any control of a screen. */
const MOST_TABS = 80;

const NAME_OF_FOCUSED = `(() => {
  const it = document.activeElement;
  return (it.labels?.[0]?.innerText ?? it.innerText).trim();
})()`;

/** Tab, until the focus is on the control of this name. */
async function tabTo(page: Page, name: string) {
  for (let tabs = 0; tabs < MOST_TABS; tabs++) {
    if ((await page.evaluate<string>(NAME_OF_FOCUSED)) === name) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not lead to ${name}`);
}

suite('the keyboard', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('it leads from the import to a paused campaign', async (t) => {
    const { server, client } = await startConsole(t);
    const { page } = await openPage(t, browser, server.consoleUrl());
    const press = async (name: string) => {
      await tabTo(page, name);
      await page.keyboard.press('Enter');
    };
    const type = async (name: string, text: string) => {
      await tabTo(page, name);
      await page.keyboard.type(text);
    };
    await page.getByRole('button', { name: 'Add 1,000 made-up devices' }).waitFor();
    await press('Add 1,000 made-up devices');
    await page.getByText('1,000 devices are registered.').waitFor();
    await press('Send a test');
    await page.getByText('A test was sent.').waitFor();
    await press('Compose a campaign');

    await page.getByRole('heading', { name: '2 things are left' }).waitFor();
    await type('Title', 'Spring is here');
    await press('Everybody');
    // slow enough that it goes on until it is paused, after minutes on a busy machine
    await type('Pushes a minute, at most', '60');
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    await press('Review and send');
    await page.getByRole('dialog').getByText('1,000 devices').waitFor();
    await type('Type 1,000 to send it', '1000');
    await press('Send now');

    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await press('Pause');
    await page
      .getByText(/^Paused(\.|:) .*you asked\.$/)
      .filter({ visible: true })
      .first()
      .waitFor();
    const { items } = await client.get<{ items: CampaignView[] }>('/v1/campaigns');
    const [campaign] = items.filter((it) => !it.test);
    assert.deepEqual([campaign!.name, campaign!.state], ['Spring is here', 'paused']);
    // what was pressed is gone, and the focus is not: Tab goes on beside it
    await press('Resume');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await press('Cancel');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    // not by waitForFunction, which evaluates a string in the page: the page's policy forbids that
    await page.locator('button:focus', { hasText: /^Cancel$/ }).waitFor();
  });
});
