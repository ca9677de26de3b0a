import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, suite, type TestContext, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { DeliveryView, WebhookView } from '../../functions/http/webhooks/view.ts';
import { holds } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { assertLooksWell, type Console, goTo, openPage, startConsole } from './console.ts';

/** A receiver of webhooks, which answers `status` to every request. */
async function startReceiver(t: TestContext) {
  const it = { status: 204, requests: 0, url: '' };
  const server = createServer((_, response) => {
    it.requests++;
    response.writeHead(it.status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  it.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return it;
}

const proof = { kind: 'token', in: 'header', name: 'X-Token', secret: '0123456789abcdef' };
const orders = {
  proof,
  audience: { userIds: ['{{user.id}}'] },
  message: { title: 'Order {{order.number}}' },
};

const pingOrders = ({ server }: Console, body: string, token = proof.secret) =>
  fetch(`${server.url}/v1/triggers/orders`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Token': token },
    body,
  });

suite('webhooks in the console', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('a webhook is added, its secret is shown once, tested, rotated, turned off, deleted', async (t) => {
    const it = await startConsole(t);
    const receiver = await startReceiver(t);
    const { page, faults } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'webhooks');
    await page.getByRole('heading', { name: 'No server is told anything yet' }).waitFor();
    await page.getByRole('button', { name: 'New webhook' }).click();
    const address = page.getByLabel('Address');
    await address.fill('ftp://example.com/');
    await page.getByRole('button', { name: 'Add the webhook' }).click();
    await page.getByText(/must .*http/).waitFor();
    assert.equal(await address.getAttribute('aria-invalid'), 'true');
    assert.match(faults.splice(0).join(), /status of 400/);

    await address.fill(receiver.url);
    await page.getByLabel('campaign.progress').uncheck();
    await page.getByRole('button', { name: 'Add the webhook' }).click();
    const dialog = page.getByRole('dialog', { name: 'The signing secret' });
    assert.match((await dialog.locator('code').textContent())!, /^whsec_/);
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    await holds(async () => {
      assert.equal(await page.getByText('whsec_').count(), 0);
    });
    await page.getByRole('link', { name: receiver.url }).click();
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('The receiver answered 204').waitFor();
    assert.equal(receiver.requests, 1);
    assert.equal(await page.getByText('campaign.progress').count(), 0);
    await page.getByText('webhook.test').click();
    await page.getByRole('cell', { name: '204' }).waitFor();

    await page.getByRole('button', { name: 'Rotate the secret' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate the secret' }).click();
    const rotated = page.getByRole('dialog', { name: 'The signing secret' });
    assert.match((await rotated.locator('code').textContent())!, /^whsec_/);
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Turn off' }).click();
    await page.getByText('It is off: it was turned off by a call.').waitFor();
    const replay = page.getByRole('button', { name: 'Replay' });
    await holds(async () => {
      assert.equal(await replay.getAttribute('aria-disabled'), 'true');
    });
    await page.getByRole('button', { name: 'Turn on' }).click();
    await page.getByText('On', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'No server is told anything yet' }).waitFor();
  });

  test('a delivery that failed is replayed', async (t) => {
    const it = await startConsole(t);
    const receiver = await startReceiver(t);
    receiver.status = 410;
    const { id } = await it.client.post<WebhookView>('/v1/webhooks', { url: receiver.url });
    await it.client.post<DeliveryView>(`/v1/webhooks/${id}:test`);
    await it.client.patch(`/v1/webhooks/${id}`, { enabled: true });
    receiver.status = 200;
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, `webhooks/${id}`);
    await page.getByText('webhook.test').click();
    await page.getByRole('cell', { name: '410' }).waitFor();
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByRole('cell', { name: '200' }).waitFor();
    await page.getByText('2 attempts').waitFor();
  });

  test('a trigger is made, and what its service has to know is shown once', async (t) => {
    const it = await startConsole(t);
    const { page, faults } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, 'webhooks');
    await page.getByRole('button', { name: 'New trigger' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Orders!');
    await page.getByLabel('Message, as JSON').fill('{ "title": ');
    await page.getByRole('button', { name: 'Save the trigger' }).click();
    await page.getByText('is not JSON').waitFor();
    await page.getByLabel('Message, as JSON').fill('{ "title": "Order {{order.number}}" }');
    await page.getByRole('button', { name: 'Save the trigger' }).click();
    await page.getByText('must be up to 64 lower-case letters').waitFor();
    assert.match(faults.splice(0).join(), /status of 400/);
    await page.getByLabel('Name', { exact: true }).fill('orders');
    const secret = await page.getByLabel('Secret').inputValue();
    await page.getByRole('button', { name: 'Save the trigger' }).click();
    const dialog = page.getByRole('dialog', { name: 'Tell the service' });
    await dialog.getByText(`${it.server.url}/v1/triggers/orders`).waitFor();
    assert.ok(await dialog.getByText(secret).isVisible());
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('link', { name: 'orders' }).waitFor();
    await holds(async () => {
      assert.equal(await page.getByText(secret).count(), 0);
    });
    const response = await fetch(`${it.server.url}/v1/triggers/orders`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: secret },
      body: '{ "user": { "id": "user-1" }, "order": { "number": 1 } }',
    });
    assert.equal(response.status, 200);
    await page.getByRole('link', { name: 'orders' }).click();
    await page.getByRole('link', { name: 'Order 1' }).waitFor();
  });

  test('calls of a trigger are counted; those that failed say why, and are tried again', async (t) => {
    const it = await startConsole(t);
    await it.fill(10);
    await it.client.put('/v1/triggers/orders', orders);
    await pingOrders(it, '{ "user": { "id": "user-1" }, "order": { "number": 17 } }');
    await pingOrders(it, '{ "user": {}, "order": { "number": "<b>18</b>" } }');
    await pingOrders(it, '{}', 'a token that is forged');
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await page.clock.install();
    await goTo(page, it, 'webhooks/inbound/orders');
    await page.getByRole('link', { name: 'Order 17' }).waitFor();
    const about = page.getByRole('region', { name: 'About this trigger' });
    await holds(async () => {
      assert.match((await about.textContent())!, /Received2Forged, and dropped1/);
    });
    await page.getByText('1 fault').click();
    await page.getByText('<b>18</b>').waitFor();
    await it.client.put('/v1/triggers/orders', { ...orders, audience: { tags: ['vip'] } });
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Every call with a valid proof has become a push.').waitFor();
    // the pushes are looked for again after ten seconds, for which no one has to wait
    await page.clock.fastForward(10_000);
    await page.getByRole('link', { name: 'Order <b>18</b>' }).waitFor();
  });

  test('a viewer reads why there is nothing to see', async (t) => {
    const it = await startConsole(t);
    const { page } = await openPage(t, browser, await it.linkFor(['read']));
    await goTo(page, it, 'webhooks');
    const reason = page.getByText('key "looker" lacks the scope campaigns.');
    await reason.filter({ visible: true }).first().waitFor();
    const add = page.getByRole('button', { name: 'New webhook' });
    await holds(async () => {
      assert.equal(await add.getAttribute('aria-disabled'), 'true');
    });
  });

  test('what is hostile is text', async (t) => {
    const it = await startConsole(t);
    const description = `<img src=x onerror=alert(1)>\u202e${'w'.repeat(150)}`;
    const url = `http://127.0.0.1:9/${'w'.repeat(1900)}`;
    const { id } = await it.client.post<WebhookView>('/v1/webhooks', { url, description });
    await it.client.put('/v1/triggers/orders', orders);
    await pingOrders(it, `{ "x": "</pre><script>alert(1)</script>\u202e${'w'.repeat(4_000)}" }`);
    const { page } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    for (const path of ['webhooks', `webhooks/${id}`, 'webhooks/inbound/orders']) {
      await goTo(page, it, path);
      if (path.endsWith('orders')) await page.getByText('2 faults').click();
      const text = path.endsWith('orders') ? '</pre><script>' : '<img src=x onerror';
      await page.getByText(text).filter({ visible: true }).first().waitFor();
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      assert.ok(width <= 390, `${path} is ${width} px wide`);
    }
  });

  test('webhooks are accessible, in all looks', async (t) => {
    const it = await startConsole(t);
    const receiver = await startReceiver(t);
    const { page } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    await goTo(page, it, 'webhooks');
    await page.getByRole('heading', { name: 'No service starts pushes yet' }).waitFor();
    await page.getByRole('button', { name: 'New webhook' }).click();
    await assertLooksWell(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'New trigger' }).click();
    await assertLooksWell(page);
    const { id } = await it.client.post<WebhookView>('/v1/webhooks', { url: receiver.url });
    await it.client.post(`/v1/webhooks/${id}:test`);
    await it.client.put('/v1/triggers/orders', orders);
    await pingOrders(it, '{}');
    for (const [path, text] of [
      ['webhooks', null],
      [`webhooks/${id}`, 'webhook.test'],
      ['webhooks/inbound/orders', '2 faults'],
    ] as const) {
      await goTo(page, it, path);
      if (text === null) await page.getByRole('link', { name: 'orders' }).waitFor();
      else await page.getByText(text).click();
      await assertLooksWell(page);
    }
  });
});
