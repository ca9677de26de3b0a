/**
 * The example page in Chromium, against a real local server. Between them is a proxy that records what is
 * reported, and can be cut off.
 *
 * Three things are done in place of others: the conversion of FCM's message into a web push, which Google's
 * servers do; its delivery, by DevTools; and the click on a notification, an event that the test makes
 * inside the worker, since a browser without a screen has no notifications to click on. Such an event has
 * no user activation, so what opens or focuses a window is recorded and not run.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Browser, BrowserContext, BrowserContextOptions, Page, Worker } from 'playwright-core';
import { serveExample } from '../../examples/web/serve.ts';
import { closeFirst, startConsole } from '../console/console.ts';
import { PATIENT_MS, until } from '../until.ts';

interface Sent {
  installationId: string;
  campaignId: string;
  kind: string;
  at: string;
}

interface Proxy {
  url: string;
  /** the receipts of each call that the API took, and what it answered */
  calls: { receipts: Sent[]; answer: Record<string, number> }[];
  /** methods and paths of all calls */
  requests: string[];
  /** 0: passes calls on; otherwise the status of every answer, 'cut': none */
  fault: number | 'cut';
}

const CORS = { 'Access-Control-Allow-Origin': '*' };

async function startProxy(t: TestContext, target: string, fault: Proxy['fault']): Promise<Proxy> {
  const proxy: Proxy = { url: '', calls: [], requests: [], fault };
  async function pass(request: IncomingMessage, response: ServerResponse) {
    const body = Buffer.concat(await Array.fromAsync(request));
    const { method, headers, url } = request;
    const isPreflight = method === 'OPTIONS';
    if (!isPreflight) proxy.requests.push(`${method} ${url}`);
    if (proxy.fault === 'cut') return response.destroy();
    if (proxy.fault && !isPreflight) return response.writeHead(proxy.fault, CORS).end('{}');
    const passed = send(`${target}${url}`, { method, headers }).end(body);
    const [answer] = (await once(passed, 'response')) as [IncomingMessage];
    const bytes = Buffer.concat(await Array.fromAsync(answer));
    if (!isPreflight && url === '/v1/receipts' && answer.statusCode === 202)
      proxy.calls.push({ ...JSON.parse(body.toString()), answer: JSON.parse(bytes.toString()) });
    response.writeHead(answer.statusCode!, answer.headers).end(bytes);
  }
  const server = createServer((request, response) => {
    // a page that is closed cuts its calls off
    pass(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}

/** What FCM makes of a message for a browser: `MessagePayloadInternal` of Firebase's SDK. */
export function webPushOf(body: string) {
  const { message } = JSON.parse(body);
  const { notification, data, webpush = {} } = message;
  return {
    ...(notification && { notification: { ...notification, ...webpush.notification } }),
    data: { ...data, ...webpush.data },
    ...(webpush.fcm_options && { fcmOptions: webpush.fcm_options }),
    from: '1234567890',
    fcmMessageId: 'f1',
    priority: 'normal',
  };
}

interface Opening {
  context?: BrowserContextOptions;
  /** files of the site, made with the URL and the key of the API */
  filesWith?: (url: string, key: string) => Record<string, string>;
  /** how the API is when the page opens, which calls it at its start */
  fault?: Proxy['fault'];
}

export async function openExample(
  t: TestContext,
  browser: Browser,
  {
    context: settings = { locale: 'pt-BR', timezoneId: 'Europe/Lisbon' },
    filesWith = () => ({}),
    fault = 0,
  }: Opening = {},
) {
  const volley = await startConsole(t);
  const proxy = await startProxy(t, volley.server.url, fault);
  const { key } = await volley.client.post<{ key: string }>('/v1/keys', {
    name: 'page',
    scopes: ['register'],
    app: 'default',
  });
  const example = await serveExample(
    { url: proxy.url, key, firebase: null },
    { more: filesWith(proxy.url, key) },
  );
  t.after(example.close);
  const context = await browser.newContext(settings);
  context.setDefaultTimeout(PATIENT_MS);
  closeFirst(t, () => context.close());
  await context.grantPermissions(['notifications'], { origin: example.url });
  const page = await context.newPage();
  await page.goto(example.url);
  const devTools = await context.newCDPSession(page);
  let registrationId = '';
  devTools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    const ours = registrations.find((it) => it.scopeURL.startsWith(example.url) && !it.isDeleted);
    registrationId = ours?.registrationId ?? registrationId;
  });
  const errors: string[] = [];
  devTools.on('ServiceWorker.workerErrorReported', ({ errorMessage }) =>
    errors.push(errorMessage.errorMessage),
  );
  t.after(() => assert.deepEqual(errors, [], 'the worker has errors'));
  await devTools.send('ServiceWorker.enable');
  const registered = () => until(() => registrationId);

  return {
    ...volley,
    proxy,
    page,
    context,
    origin: example.url,
    /** Presses the button, and gives the id of the installation. */
    async subscribe(): Promise<string> {
      const shown = page.locator('#installation');
      // what the start of the page has shown goes, so that the answer to the click is told from it
      await shown.filter({ hasNotText: '…' }).waitFor();
      await page.evaluate("document.querySelector('#installation').textContent = ''");
      await page.getByRole('button', { name: 'Get notifications' }).click();
      await shown.filter({ hasText: /^[\da-f-]{36}$/ }).waitFor();
      return (await shown.textContent())!;
    },
    /** Sends a campaign, and gives its id and the web push of it. */
    async campaign(message: object) {
      const { id } = await volley.client.post<{ id: string }>('/v1/campaigns', {
        name: 'Spring sale',
        audience: { platform: 'web' },
        message,
      });
      const path = `/v1/campaigns/${id}`;
      await until(async () => {
        const { state } = await volley.client.get<{ state: string }>(path);
        return state === 'completed';
      });
      const push = webPushOf((await volley.fcm.lastAccepted())!.payload);
      return { id, push };
    },
    async deliver(push: unknown) {
      await (await workerOf(context)).evaluate(RECORD);
      await devTools.send('ServiceWorker.deliverPushMessage', {
        origin: example.url,
        registrationId: await registered(),
        data: typeof push === 'string' ? push : JSON.stringify(push),
      });
    },
    /** What Background Sync does once the browser is online. */
    async sync() {
      await devTools.send('ServiceWorker.dispatchSyncEvent', {
        origin: example.url,
        registrationId: await registered(),
        tag: 'volley',
        lastChance: false,
      });
    },
    /** Waits until so many notifications were shown in all, and gives them. */
    shown: (count: number) =>
      until(async () => {
        const all = await (await workerOf(context)).evaluate<Shown[]>('self.shownByTest ?? []');
        return all.length >= count ? all : null;
      }),
    /** The titles of notifications of the worker that are there now. */
    visible: () => page.evaluate<string[]>(VISIBLE),
    /** Waits until so many receipts are kept, and none is being sent. */
    kept: (count: number) => until(async () => (await page.evaluate(KEPT)) === count),
    /** Clicks on the notification with that title, or closes it; gives the addresses that were opened. */
    act: (type: 'notificationclick' | 'notificationclose', title: string) =>
      act(context, type, title),
  };
}

interface Shown {
  title: string;
  body?: string;
}

const KEPT = `navigator.locks.request('volley-receipts', () => new Promise((resolve) => {
  const opening = indexedDB.open('volley', 1);
  opening.onsuccess = () => {
    const counting = opening.result.transaction('receipts').objectStore('receipts').count();
    counting.onsuccess = () => resolve(counting.result);
    opening.result.close();
  };
}))`;

/** Chromium shows one of its own if a push shows nothing. */
const VISIBLE = `navigator.serviceWorker.ready
  .then((it) => it.getNotifications())
  .then((all) => all.filter((it) => it.data?.volley).map(({ title }) => title))`;

/**
 * Records what was shown. To ask for notifications meanwhile is no way to wait: Chromium then forgets
 * those that are stored and not on the screen yet.
 */
const RECORD = `
  if (!self.shownByTest) {
    self.shownByTest = [];
    const show = registration.showNotification.bind(registration);
    registration.showNotification = async (title, options) => {
      await show(title, options);
      shownByTest.push({ title, body: options.body });
    };
  }`;

const workerOf = async (context: BrowserContext): Promise<Worker> =>
  context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));

async function act(context: BrowserContext, type: string, title: string): Promise<string[]> {
  return (await workerOf(context)).evaluate(`(async () => {
    const opened = [];
    clients.openWindow = async (url) => void opened.push(url);
    WindowClient.prototype.focus = async function () { opened.push('focus ' + this.url); };
    const notification = (await registration.getNotifications()).find((it) => it.title === ${JSON.stringify(title)});
    const event = new NotificationEvent(${JSON.stringify(type)}, { notification });
    const all = [];
    // only the browser's own events may wait
    event.waitUntil = (it) => all.push(it);
    dispatchEvent(event);
    await Promise.all(all);
    return opened;
  })()`);
}

export type Example = Awaited<ReturnType<typeof openExample>>;
export type { Page };
