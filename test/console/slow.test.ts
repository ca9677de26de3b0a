/** Every screen on a slow network: there is a frame at once, what is awaited is said, and nothing jumps. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { until } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { looks, openPage, shown, startConsole } from './console.ts';
import { fillEverything } from './everything.ts';

/** Bytes a second, and ms there and back: a telephone in a train. */
const SLOW = { offline: false, latency: 300, downloadThroughput: 60_000, uploadThroughput: 60_000 };

/** Whether it is said that something is awaited: by a word, or by the mark of screen readers. */
const isWaiting = `
  !!document.querySelector('main [aria-busy=true]') ||
    document.querySelector('main')?.innerText.includes('Loading…') === true`;

/** Adds up how far things moved that a person has not moved, and notes whether it was said that it loads. */
const watchPage = `
  window.hasWaited = false;
  new MutationObserver(() => { hasWaited ||= ${isWaiting}; })
    .observe(document, { subtree: true, childList: true, attributes: true });
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const it of list.getEntries())
      if (!it.hadRecentInput)
        shifts.push(it.value.toFixed(4) + ' ' + it.sources.map(({ node }) => node?.outerHTML?.slice(0, 120)).join(' | '));
  }).observe({ type: 'layout-shift', buffered: true });
`;

async function slowDown(page: Page, context: BrowserContext) {
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', SLOW);
}

/** Waits until nothing is on its way to the page any more, but for what is followed without end. */
function watchCalls(page: Page) {
  const open = new Set<Request>();
  page.on('request', (it) => {
    if (!/\/events$/.test(new URL(it.url()).pathname)) open.add(it);
  });
  for (const end of ['requestfinished', 'requestfailed'] as const)
    page.on(end as 'requestfinished', (it) => void open.delete(it));
  return async () => {
    let wasQuiet = false;
    await until(async () => {
      // what came is drawn, and what that asks for is on its way
      await page.evaluate(
        'new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))',
      );
      const isQuiet = open.size === 0;
      const isOver = isQuiet && wasQuiet;
      wasQuiet = isQuiet;
      return isOver;
    });
  };
}

// side by side: they wait for the network
suite('on a slow network', { skip: withoutBrowser(), concurrency: true }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  for (const look of looks.filter((it) => it.scheme === 'light'))
    test(`every screen says that it loads, and nothing on it jumps, ${look.width} px`, async (t) => {
      const it = await startConsole(t);
      const screens = await fillEverything(it, (field) => field);
      const { page, context } = await openPage(t, browser, it.server.consoleUrl(), look);
      await page.getByText('key "local"').first().waitFor({ state: 'attached' });
      await page.addInitScript(watchPage);
      await slowDown(page, context);
      const allCame = watchCalls(page);
      for (const { path } of screens) {
        await page.goto(`${it.server.url}/console/${path}`, { waitUntil: 'commit' });
        await page.getByRole('link', { name: 'Volley' }).waitFor();
        await shown(page);
        await allCame();
        assert.ok(await page.evaluate('hasWaited'), `${path} says that it loads`);
        assert.deepEqual(await page.evaluate('shifts'), [], path || 'campaigns');
      }
    });
});
