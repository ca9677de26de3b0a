/** What docs/clients/web.md shows, run in Chromium; only Firebase is replaced. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import { startBrowser, withoutBrowser } from '../console/chromium.ts';
import { blocksOf, readPage } from '../docs/markdown.ts';
import { until } from '../until.ts';
import { openExample } from './browser.ts';

const [page = '', worker = ''] = blocksOf(readPage('docs/clients/web.md'), 'js');
const token = sampleToken('fcm', 'page');

const firebase = `
export const getMessaging = () => 'messaging';
export async function getToken(messaging, { vapidKey, serviceWorkerRegistration }) {
  if (messaging !== 'messaging' || vapidKey !== '…') throw new Error('no messaging');
  if (!serviceWorkerRegistration.active) throw new Error('no worker to push to');
  return '${token}';
}`;

const filesWith = (url: string, key: string) => ({
  'firebase.js': firebase,
  'sw.js': worker,
  'app.js': page
    .replace("'firebase/messaging'", "'./firebase.js'")
    .replace("url: 'https://volley-api-….run.app'", `worker: '/sw.js', url: '${url}'`)
    .replace('volley_…', key),
});

suite('the page about the web client', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('its code registers a browser, and its worker shows a push of it', async (t) => {
    const it = await openExample(t, browser, { context: {}, filesWith });
    await it.page.getByRole('button', { name: 'Get notifications' }).click();
    const { items } = await until(async () => {
      const found = await it.client.get<{ items: object[] }>('/v1/installations?userId=user-7');
      return found.items.length > 0 ? found : null;
    });
    const [installation] = items as { platform: string; token: string }[];
    assert.deepEqual([installation?.platform, installation?.token], ['web', token]);
    const { push } = await it.campaign({ title: 'Spring is here' });
    await it.deliver(push);
    assert.equal((await it.shown(1))[0]?.title, 'Spring is here');
    assert.deepEqual(await it.act('notificationclick', 'Spring is here'), [`focus ${it.origin}/`]);
    await it.kept(0);
    assert.ok(it.proxy.calls.some(({ receipts }) => receipts[0]?.kind === 'opened'));
  });
});
