/** Text from outside is text on every screen: markup, marks that turn the direction, lengths, half characters. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Problem } from '../../functions/http/core/problems.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { axeViolations, inAllLooks, openPage, shown, startConsole, untilOn } from './console.ts';
import { fillEverything, type TextOf } from './everything.ts';

const MARKUP = '<img src=x onerror=alert(1)><script>alert(1)</script>';
/** turns the direction, and never turns it back */
const TURNED = '\u202e\u2067\u200f';
/** The name of the field, markup, marks of direction, then letters that stack, with no space to break at. */
const hostile: TextOf = (field, most) =>
  `${field}:${MARKUP.slice(0, most - 20)}${TURNED}${'W\u0301'.repeat(most)}`.slice(0, most);
/** What of it is on one line of a screen. */
const beginOf = (field: string) => `${field}:<img src=x`;

suite('hostile text', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('it is text in every field of every screen, in all looks', async (t) => {
    const it = await startConsole(t);
    const screens = await fillEverything(it, hostile);
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await page.getByText('key "local"').first().waitFor({ state: 'attached' });
    page.on('dialog', (dialog) => assert.fail(`a script ran: ${dialog.message()}`));
    for (const { path, shows } of screens) {
      await page.goto(`${it.server.url}/console/${path}`);
      await shown(page);
      await page.evaluate(
        "for (const it of document.querySelectorAll('main details')) it.open = true",
      );
      await inAllLooks(page, async ({ width, scheme }) => {
        const where = `${path || 'campaigns'}, ${width} px, ${scheme}`;
        for (const field of shows)
          await seen(page, beginOf(field)).catch(() => assert.fail(`${where}: no ${field}`));
        assert.equal(await page.locator('main img[src="x"], main script').count(), 0, where);
        await staysInside(page, width, where);
        assert.deepEqual(await axeViolations(page), [], where);
      });
    }
  });

  test('half a character is refused in every field, and the form says so', async (t) => {
    const { client, server, fill } = await startConsole(t);
    await fill(2);
    const half = 'a\ud83d';
    const message = { title: 'x' };
    for (const [method, path, body] of [
      ['post', '/v1/campaigns', { name: half, audience: { everybody: true }, message }],
      ['post', '/v1/campaigns', { name: 'x', audience: { tags: [half] }, message }],
      [
        'post',
        '/v1/campaigns',
        { name: 'x', audience: { everybody: true }, message: { title: half } },
      ],
      ['post', '/v1/keys', { name: half, scopes: ['read'] }],
      ['post', '/v1/webhooks', { url: 'http://127.0.0.1:9/', description: half }],
      ['put', '/v1/installations/a', { platform: 'ios', token: 'ab'.repeat(32), tags: [half] }],
      ['put', '/v1/segments/a', { audience: { tags: [half] } }],
    ] as const)
      await assert.rejects(
        client[method](path, body),
        ({ problem }: { problem: Problem }) => /half a character/.test(JSON.stringify(problem)),
        path,
      );
    const { page, allow } = await openPage(t, browser, server.consoleUrl());
    allow(/status of 400/);
    await page.getByText('key "local"').waitFor();
    await page.goto(`${server.url}/console/compose`);
    await page.getByLabel('Title', { exact: true }).waitFor();
    // Playwright can type none
    await page.evaluate(`{
      const it = document.querySelector('[data-path="message.title"]');
      it.value = 'a\\ud83d';
      it.dispatchEvent(new Event('input', { bubbles: true }));
    }`);
    await page
      .locator('.checks')
      .getByText(/half a character/)
      .waitFor();
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

/** Waits until a text that is seen, or the value of a control, has that. */
const seen = (page: Page, begin: string) =>
  untilOn(
    page,
    `[...document.querySelectorAll('main *')].some((it) =>
      ('value' in it && String(it.value).includes(${JSON.stringify(begin)})) ||
      (it.checkVisibility() && it.textContent.includes(${JSON.stringify(begin)})))`,
  );

/** Nothing is cut off at the edge of the window: a part that is wider scrolls, or says by dots that it is cut. */
async function staysInside(page: Page, width: number, where: string) {
  const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
  assert.ok(wide <= width, `${where}: the page is ${wide} px wide`);
  const outside = await page.evaluate<string[]>(`
    (() => {
      const isCut = (it) => it && (getComputedStyle(it).overflowX !== 'visible' || isCut(it.parentElement));
      return [...document.querySelectorAll('main *')]
        .filter((it) => it.checkVisibility() && it.getBoundingClientRect().right > innerWidth + 1)
        .filter((it) => !it.closest('.unseen') && !isCut(it.parentElement))
        .map((it) => it.tagName + '.' + it.className);
    })()`);
  assert.deepEqual(outside, [], where);
}
