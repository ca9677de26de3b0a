/**
 * The service worker's part: shows pushes, opens their links, and reports. It understands what FCM sends
 * to browsers (`MessagePayloadInternal` of Firebase's JavaScript SDK).
 */

import { readMe } from './kept.ts';
import { flush, keep, type Receipt } from './receipts.ts';

declare const self: ServiceWorkerGlobalScope;

interface Payload {
  notification?: NotificationOptions & { title?: string; click_action?: string };
  data?: unknown;
  fcmOptions?: { link?: string };
}

/** Volley's key in a payload. */
interface Key {
  /** the campaign */
  c?: string;
  /** the share of devices that report `delivered` */
  d?: number;
}

/** What a notification of ours keeps for its click, under `volley` in its data. */
interface Shown {
  c?: string | undefined;
  link?: string | undefined;
}

/** The share unless the key names one. */
const DELIVERED_SHARE = 0.02;
/** Of Background Sync, where the browser has it. */
const TAG = 'volley';

self.addEventListener('push', (event) => event.waitUntil(show(event.data?.text())));

self.addEventListener('notificationclick', (event) => {
  const shown: Shown | undefined = event.notification.data?.volley;
  // others may show notifications as well
  if (!shown) return;
  event.notification.close();
  // a link that cannot be opened does not cut the report off
  event.waitUntil(Promise.allSettled([open(shown.link), report(shown.c, 'opened')]));
});

self.addEventListener('notificationclose', (event) => {
  const shown: Shown | undefined = event.notification.data?.volley;
  if (shown) event.waitUntil(report(shown.c, 'dismissed'));
});

self.addEventListener('sync', ((event: ExtendableEvent & { tag: string }) => {
  // a rejection makes the browser try again
  if (event.tag === TAG) event.waitUntil(flush());
}) as EventListener);

async function show(text: unknown) {
  const { notification, fcmOptions, ...payload } = parsed(text) as Payload;
  const data = parsed(payload.data) as Record<string, unknown>;
  const { c, d = DELIVERED_SHARE } = parsed(data.volley) as Key;
  if (notification) {
    const link = fcmOptions?.link ?? notification.click_action;
    await self.registration.showNotification(notification.title ?? '', {
      ...notification,
      data: { ...data, volley: { c, link } satisfies Shown },
    });
  }
  const me = await readMe();
  await report(me && (await isSampled(me.id, d)) ? c : undefined, 'delivered');
}

/** An object in JSON, or one that is read already; {} for anything else. */
function parsed(it: unknown): object {
  try {
    const value: unknown = typeof it === 'string' ? JSON.parse(it) : it;
    return typeof value === 'object' && value ? value : {};
  } catch {
    return {};
  }
}

/** As the API has it: the first four bytes of the id's SHA-256 decide. */
async function isSampled(id: string, share: number) {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(id));
  return new DataView(hash).getUint32(0) < share * 2 ** 32;
}

async function open(link = self.registration.scope) {
  const { href, protocol } = new URL(link, self.location.href);
  if (!/^https?:$/.test(protocol)) return;
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const there = windows.find((it) => it.url === href);
  await (there ? there.focus() : self.clients.openWindow(href));
}

/** Without a campaign it only sends what is kept. Never rejects: what was shown stays shown. */
async function report(campaignId: unknown, kind: Receipt['kind']) {
  try {
    const me = await readMe();
    if (me?.receipts && typeof campaignId === 'string') await keep(campaignId, kind);
    await flush();
  } catch {
    const { sync } = self.registration as { sync?: { register(tag: string): Promise<void> } };
    await sync?.register(TAG).catch(() => {});
  }
}
