import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { isSampled } from '../../functions/model/receipt.ts';
import { startBrowser, withoutBrowser } from '../console/chromium.ts';
import { holds, until } from '../until.ts';
import { type Example, openExample } from './browser.ts';

const message = { title: 'Spring is here', body: 'Half price.', link: 'https://shop.example/sale' };

/** A push of a campaign that nothing is known of: `d` is the share that reports `delivered`. */
const pushOf = (c: string, d: number) => ({
  notification: { title: c, tag: c },
  data: { volley: JSON.stringify({ c, d }) },
});

const puts = ({ proxy }: Example) => proxy.requests.filter((it) => it.startsWith('PUT ')).length;

/** All receipts that were taken, as `kind campaign`. */
const taken = ({ proxy }: Example) =>
  proxy.calls.flatMap(({ receipts }) => receipts.map((it) => `${it.kind} ${it.campaignId}`));

suite('the web client in a browser', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('a page registers, its push is shown and clicked, and the open is counted', async (t) => {
    const it = await openExample(t, browser);
    // it is not among the sampled ones
    await it.client.put('/v1/apps/default/policy', { receipts: { enabled: true, delivered: 0 } });
    const id = await it.subscribe();
    const { token, ...installation } = await it.client.get<{ token: string }>(
      `/v1/installations/${id}`,
    );
    assert.match(token, /^\w+:APA91b\w+$/);
    assert.deepEqual(
      { ...installation, refreshedAt: '' },
      {
        id,
        app: 'default',
        platform: 'web',
        provider: 'fcm',
        environment: 'production',
        language: 'pt-BR',
        timeZone: 'Europe/Lisbon',
        userId: 'user-7',
        permission: 'granted',
        tags: [],
        attributes: {},
        refreshedAt: '',
      },
    );
    const { id: campaignId, push } = await it.campaign(message);
    await it.deliver(push);
    const [shown] = await it.shown(1);
    assert.deepEqual([shown?.title, shown?.body], [message.title, message.body]);
    assert.deepEqual(await it.act('notificationclick', message.title), [message.link]);
    await holds(async () => {
      assert.deepEqual(await it.visible(), []);
    });
    await it.kept(0);
    assert.ok(taken(it).includes(`opened ${campaignId}`), taken(it).join());
    const opened = it.proxy.calls.find(({ receipts }) => receipts[0]?.kind === 'opened');
    assert.equal(opened?.receipts[0]?.installationId, id);
    assert.deepEqual(opened?.answer, { counted: 1, known: 0, dropped: 0 });

    const read = () => it.client.get<CampaignView>(`/v1/campaigns/${campaignId}`);
    assert.equal((await read()).receipts?.opened, 1);

    // the same push again, as FCM may send it
    await it.deliver(push);
    await it.shown(2);
    await it.act('notificationclick', message.title);
    await it.kept(0);
    const answers = it.proxy.calls.filter(({ receipts }) => receipts[0]?.kind === 'opened');
    assert.deepEqual(answers[1]?.answer, { counted: 0, known: 1, dropped: 0 });
    assert.equal((await read()).receipts?.opened, 1);
  });

  test('receipts that cannot be sent are kept, and sent once: by a sync, a start, a push', async (t) => {
    const it = await openExample(t, browser);
    await it.subscribe();
    const later = {
      sync: () => it.sync(),
      start: () => it.page.reload(),
      push: () => it.deliver({ data: {} }),
    };
    for (const [n, [name, begin]] of Object.entries(later).entries()) {
      it.proxy.fault = 'cut';
      await it.deliver(pushOf(name, 0));
      await it.shown(n + 1);
      await it.act('notificationclose', name);
      await it.act('notificationclick', name);
      await it.kept(2);
      it.proxy.fault = 0;
      await begin();
      await it.kept(0);
      assert.deepEqual(
        taken(it)
          .filter((one) => one.endsWith(name))
          .sort(),
        [`dismissed ${name}`, `opened ${name}`],
      );
    }
  });

  test('more receipts than a call takes go in several calls', async (t) => {
    const it = await openExample(t, browser);
    await it.subscribe();
    it.proxy.fault = 'cut';
    for (let n = 0; n < 60; n++) await it.deliver(pushOf(`c${n}`, 1));
    await it.kept(60);
    it.proxy.fault = 0;
    await it.sync();
    await it.kept(0);
    assert.deepEqual(
      it.proxy.calls.map(({ receipts }) => receipts.length),
      [50, 10],
    );
    assert.equal(new Set(taken(it)).size, 60);
  });

  test('a refusal that may end keeps receipts; one that will not does not stop the others', async (t) => {
    const it = await openExample(t, browser);
    await it.subscribe();
    for (const [n, status] of [401, 429, 500, 503].entries()) {
      it.proxy.fault = status;
      await it.deliver(pushOf(`kept${status}`, 1));
      await it.kept(n + 1);
    }
    it.proxy.fault = 400;
    await it.sync();
    await it.kept(0);
    it.proxy.fault = 0;
    await it.deliver(pushOf('next', 1));
    await until(() => taken(it).length > 0);
    assert.deepEqual(taken(it), ['delivered next']);
  });

  test('one receipt that the API refuses does not cost the others', async (t) => {
    const it = await openExample(t, browser);
    await it.subscribe();
    it.proxy.fault = 'cut';
    for (const c of ['a', 'no/id', 'z']) await it.deliver(pushOf(c, 1));
    await it.kept(3);
    it.proxy.fault = 0;
    await it.sync();
    await it.kept(0);
    assert.deepEqual(taken(it), ['delivered a', 'delivered z']);
  });

  test('only sampled devices report that a push was delivered, and the API agrees', async (t) => {
    const it = await openExample(t, browser);
    const id = await it.subscribe();
    const shares = [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1];
    for (const share of shares) await it.deliver(pushOf(`${share}`, share));
    await it.deliver({ ...pushOf('usual', 0), data: { volley: '{"c":"usual"}' } });
    const expected = shares.filter((share) => isSampled(id, share)).map(String);
    if (isSampled(id, 0.02)) expected.push('usual');
    await until(() => expected.every((one) => taken(it).includes(`delivered ${one}`)));
    await it.deliver(pushOf('last', 1));
    expected.push('last');
    await until(() => taken(it).includes('delivered last'));
    const sent = taken(it).map((one) => one.replace('delivered ', ''));
    assert.deepEqual([...new Set(sent)].sort(), expected.sort());
  });

  test('a registration is sent when something has changed, and after a month', async (t) => {
    const it = await openExample(t, browser, { context: {} });
    const id = await it.subscribe();
    const path = `/v1/installations/${id}`;
    const start = async () => {
      await it.page.reload();
      await it.page.locator('#installation').filter({ hasText: id }).waitFor();
    };
    await start();
    assert.equal(puts(it), 1, 'nothing has changed');

    const devTools = await it.context.newCDPSession(it.page);
    await devTools.send('Emulation.setTimezoneOverride', { timezoneId: 'Asia/Tokyo' });
    await start();
    assert.equal(puts(it), 2);
    assert.equal((await it.client.get<{ timeZone: string }>(path)).timeZone, 'Asia/Tokyo');

    await it.page.clock.setFixedTime(Date.now() + 29 * 24 * 60 * 60 * 1000);
    await start();
    assert.equal(puts(it), 3);

    await it.context.clearPermissions();
    await start();
    assert.equal((await it.client.get<{ permission: string }>(path)).permission, 'denied');
  });

  test('a page that lost its API registers at its next start, under the same id', async (t) => {
    const it = await openExample(t, browser, { fault: 503 });
    const refusal = it.page.getByText('Volley 503');
    await refusal.waitFor();
    await it.page.getByRole('button', { name: 'Get notifications' }).click();
    await until(() => puts(it) === 2);
    await refusal.waitFor();
    it.proxy.fault = 0;
    await it.page.reload();
    const id = await it.subscribe();
    const paths = it.proxy.requests.filter((one) => one.startsWith('PUT '));
    assert.deepEqual(new Set(paths), new Set([`PUT /v1/installations/${id}`]));
  });

  test('two tabs that start together are one installation', async (t) => {
    const it = await openExample(t, browser);
    const pages = await Promise.all([it.context.newPage(), it.context.newPage()]);
    await Promise.all(pages.map((page) => page.goto(it.origin)));
    const ids = await Promise.all(
      pages.map((page) =>
        until(async () => {
          const id = await page.locator('#installation').textContent();
          return id && id.length > 8 ? id : null;
        }),
      ),
    );
    assert.equal(new Set(ids).size, 1);
    const counted = await it.client.get<{ installations: number }>('/v1/installations:count');
    assert.equal(counted.installations, 1);
  });

  test('a browser that leaves is removed, and reports nothing more', async (t) => {
    const it = await openExample(t, browser);
    const id = await it.subscribe();
    await it.page.getByRole('button', { name: 'No more notifications' }).click();
    await it.page.locator('#installation').filter({ hasText: 'none' }).waitFor();
    await assert.rejects(it.client.get(`/v1/installations/${id}`), /no installation/);
    const calls = it.proxy.requests.length;
    await it.deliver(pushOf('late', 1));
    await it.shown(1);
    await it.act('notificationclick', 'late');
    await it.kept(0);
    assert.equal(it.proxy.requests.length, calls);
  });

  test('whatever arrives as a push, the worker goes on, and opens pages only', async (t) => {
    const it = await openExample(t, browser);
    await it.subscribe();
    const notification = { title: 'T', tag: 'one' };
    const hostile = [
      '',
      'no JSON',
      '[]',
      '7',
      'null',
      ...[null, 7, [], 'x', '{', '[]', '{"c":7}', { c: { c: 1 } }, '{"c":"a","d":"x"}'].map(
        (volley) => ({ notification, data: { volley } }),
      ),
      { notification, data: null },
    ];
    for (const push of hostile) await it.deliver(push);
    await it.shown(10);
    const links = ['javascript:alert(1)', 'data:text/html,x', 'blob:x', 'http://['];
    for (const [n, link] of links.entries()) {
      await it.deliver({ ...pushOf('evil', 0), fcmOptions: { link } });
      await it.shown(11 + n);
      await it.act('notificationclose', 'evil');
      assert.deepEqual(await it.act('notificationclick', 'evil'), [], link);
    }
    await it.kept(0);
    assert.deepEqual(new Set(taken(it)), new Set(['opened evil', 'dismissed evil']));
  });

  test('a page of another origin cannot use the session of the console', async (t) => {
    const it = await openExample(t, browser);
    const signedIn = await it.context.newPage();
    await signedIn.goto(it.server.consoleUrl());
    await signedIn
      .getByText(/^key "/)
      .first()
      .waitFor({ state: 'attached' });
    await it.client.put('/v1/installations/d1', { platform: 'ios', token: 'a1'.repeat(32) });
    // the browser has the cookie, and another port is the same site
    const said = await it.page.evaluate(
      `fetch(${JSON.stringify(it.server.url)} + '/v1/installations/d1?app=default', {
        method: 'DELETE', credentials: 'include',
      }).then((it) => it.status, () => 'refused')`,
    );
    assert.equal(said, 'refused');
    assert.ok(await it.client.get('/v1/installations/d1'));
  });
});
