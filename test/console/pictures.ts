/**
 * npm run pictures: the pictures of the console in docs/pictures/, taken from the running product on
 * simulated providers, in both schemes.
 */

import { mkdir } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { startBrowser } from './chromium.ts';
import { type Console, type Ends, openPage, startConsole } from './console.ts';

const FOLDER = 'docs/pictures';
const campaign = {
  name: 'Spring sale',
  audience: { platform: ['ios', 'android'], language: 'en' },
  message: {
    title: 'Spring is here',
    body: 'Half price until Sunday.',
    link: 'shop://sale',
    localized: { de: { title: 'Der Frühling ist da', body: 'Bis Sonntag zum halben Preis.' } },
  },
};

interface Picture {
  name: string;
  /** leads a page that is signed in to what is to be seen */
  show(page: Page, all: Console): Promise<void>;
}

const send = async ({ client }: Console, more: object = {}) =>
  (await client.post<{ id: string }>('/v1/campaigns', { ...campaign, ...more })).id;

const pictures: Picture[] = [
  {
    name: 'live',
    async show(page, all) {
      const everybody = { everybody: true };
      const id = await send(all, { audience: everybody, rate: { perMinute: 60_000 } });
      await page.goto(`${all.server.url}/console/campaigns/${id}`);
      // the drawing has a few seconds to show
      await page
        .locator('.graph .axis')
        .filter({ hasText: /[5-9]\.\d s ago/ })
        .waitFor();
      await page.getByRole('row').filter({ hasText: 'Unregistered' }).first().waitFor();
    },
  },
  {
    name: 'report',
    async show(page, all) {
      const id = await send(all);
      await page.goto(`${all.server.url}/console/campaigns/${id}`);
      await page.getByText('Closed: every recipient is counted once.').waitFor();
      await page.getByText('on average').waitFor();
      await page.getByRole('heading', { name: 'History' }).waitFor();
    },
  },
  {
    name: 'compose',
    async show(page, all) {
      const id = await send(all, { dryRun: true });
      await page.goto(`${all.server.url}/console/compose?from=${id}`);
      await page.getByText('Half price until Sunday.').filter({ visible: true }).last().waitFor();
      await page.waitForLoadState('networkidle');
    },
  },
];

const ends: (() => unknown)[] = [];
const t: Ends = { after: (end) => void ends.push(end) };
const browser = await startBrowser();
try {
  await mkdir(FOLDER, { recursive: true });
  const all = await startConsole(t, {
    apns: { latencyMs: 40, deadShare: 0.02 },
    fcm: { latencyMs: 40, deadShare: 0.02 },
  });
  for (const { name, show } of pictures)
    for (const scheme of ['light', 'dark'] as const) {
      await all.fill(20_000);
      const { page } = await openPage(t, browser, all.server.consoleUrl(), { scheme });
      await page.getByText('key "local"').waitFor();
      await show(page, all);
      await page.screenshot({ path: `${FOLDER}/${name}-${scheme}.png` });
    }
} finally {
  for (const end of ends) await end();
  await browser.close();
}
