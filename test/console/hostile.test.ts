/** Text from outside is text on every screen: markup, marks that turn the direction, lengths, half characters. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { axeViolations, type Console, looks, openPage, startConsole } from './console.ts';

const MARKUP = '<img src=x onerror=alert(1)>"\'</textarea><script>alert(1)</script>';
/** turns the direction, and never turns it back */
const TURNED = '\u202e\u2067\u200f';
/** of as many characters: no space to break at, and letters that stack */
const long = (characters: number) =>
  `${MARKUP}${TURNED}${'W\u0301'.repeat(characters)}`.slice(0, characters);

/** Whatever a caller may name, named as badly as the API takes it; gives the screens, and whether the text is in a line of them. */
async function fillBadly({ client, fill }: Console): Promise<[screen: string, isShown: boolean][]> {
  await fill(20);
  const device = {
    platform: 'ios',
    token: 'ab'.repeat(32),
    userId: long(100),
    tags: [long(60)],
    attributes: { [long(30)]: long(200), n: 1e21 },
  };
  await client.put('/v1/installations/bad-1', device);
  const message = { title: long(200), body: long(900), data: { k: long(500) }, literal: true };
  const campaign = { name: long(200), audience: { everybody: true }, message };
  const { id } = await client.post<CampaignView>('/v1/campaigns', {
    ...campaign,
    rate: { perMinute: 600 },
  });
  await client.post(`/v1/campaigns/${id}/pause`);
  const schedule = { name: long(200), cron: '30 9 * * *', timeZone: 'Europe/Berlin', campaign };
  const made = await client.post<{ id: string }>('/v1/schedules', schedule);
  await client.post('/v1/keys', { name: long(64), scopes: ['read'] });
  return [
    ['', true],
    [`campaigns/${id}`, true],
    [`compose?from=${id}`, false],
    ['devices', false],
    ['devices/bad-1', true],
    ['schedules', true],
    [`schedules/${made.id}`, true],
    ['webhooks', false],
    ['keys', true],
    ['health', false],
  ];
}

suite('hostile text', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('it is text on every screen, and moves nothing out of its place', async (t) => {
    const it = await startConsole(t);
    const screens = await fillBadly(it);
    for (const look of [looks[0]!, looks.at(-1)!]) {
      const { page } = await openPage(t, browser, it.server.consoleUrl(), look);
      await page.getByText('key "local"').first().waitFor({ state: 'attached' });
      page.on('dialog', (dialog) => assert.fail(`a script ran: ${dialog.message()}`));
      for (const [screen, isShown] of screens) {
        await page.goto(`${it.server.url}/console/${screen}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        if (isShown)
          await page.getByText(MARKUP.slice(0, 25)).filter({ visible: true }).first().waitFor();
        await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
        const where = `${screen || 'campaigns'}, ${look.width} px, ${look.scheme}`;
        assert.equal(await page.locator('main img[src="x"], main script').count(), 0, where);
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        assert.ok(width <= look.width, `${where}: the page is ${width} px wide`);
        assert.deepEqual(await axeViolations(page), [], where);
      }
    }
  });

  test('addresses that are none lead nowhere, and break nothing', async (t) => {
    const { server } = await startConsole(t);
    const { page, allow } = await openPage(t, browser, server.consoleUrl());
    allow(/status of 4\d\d/);
    await page.getByText('key "local"').waitFor();
    for (const path of [
      'campaigns/%ff',
      'campaigns/%F0%9F%98',
      'campaigns/..%2f..%2fv1%2fkeys',
      'campaigns/%3Cimg%20src=x%20onerror=alert(1)%3E',
      `devices/${'w'.repeat(4_000)}`,
      'devices/%ed%a0%bd',
      'schedules/%E2%80%AEabc',
      'webhooks/inbound/%ff',
      '?q=%ed%a0%bd&state=nothing&after=%00',
      'compose?from=%ff',
    ]) {
      await page.goto(`${server.url}/console/${path}`);
      await page.locator('main h1, main h2, main [role=alert]').first().waitFor();
      assert.equal(await page.locator('main img').count(), 0, path);
      assert.equal(new URL(page.url()).origin, server.url, path);
    }
  });
});
