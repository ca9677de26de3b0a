/** A campaign's message as APNs wants it: payload and headers, the same for every recipient. */

import { createRequire } from 'node:module';
import type { Notification as NodeApnNotification } from '@parse/node-apn';
import type { Push } from '../ports.ts';
import { isObject, merge } from './merge.ts';

/** The package's types leave these two out. */
interface Notification extends NodeApnNotification {
  toJSON(): Record<string, unknown>;
  headers(): Record<string, string | number>;
}

/** Only this file of the package: it loads in 3 ms, the package with its client in 78. */
const Notification: new () => Notification = createRequire(import.meta.url)(
  '@parse/node-apn/lib/notification/index.js',
);

/** Top-level name of the payload under which an app's notification extension finds the image. */
export const IMAGE_KEY = 'image-url';

/**
 * "The maximum payload size for a regular remote notification is 4 KB (4096 bytes)".
 * https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification
 */
const MAX_PAYLOAD_BYTES = 4096;

export interface ApnsNotification {
  payload: Buffer;
  headers: Record<string, string | number>;
}

/** The headers are without `authorization` and `apns-id`. */
export function apnsNotification(push: Push, topic: string): ApnsNotification {
  const { message, campaignId, expiresAt } = push;
  const it = new Notification();
  it.payload = { ...message.data };
  if (message.title !== undefined || message.body !== undefined)
    it.alert = {
      ...(message.title !== undefined && { title: message.title }),
      ...(message.body !== undefined && { body: message.body }),
    } as Notification['alert'];
  if (message.sound !== undefined) it.sound = message.sound;
  if (message.badge !== undefined) it.badge = message.badge;
  if (message.imageUrl !== undefined) {
    it.mutableContent = true;
    it.payload[IMAGE_KEY] = message.imageUrl;
  }

  const payload = merge(it.toJSON(), message.apns ?? {});
  const aps = isObject(payload.aps) ? payload.aps : {};
  // "alert" is what shows, sounds or badges; all else wakes the app, and may not have priority 10
  const background = aps.alert === undefined && aps.sound === undefined && aps.badge === undefined;
  if (background) payload.aps = { ...aps, 'content-available': 1 };

  it.pushType = background ? 'background' : 'alert';
  it.priority = background || message.priority === 'normal' ? 5 : 10;
  // 0: tried once and not kept
  it.expiry = message.ttlSeconds === 0 ? 0 : Math.floor(expiresAt / 1000);
  it.collapseId = message.collapseId ?? campaignId;
  it.topic = topic;
  return { payload: Buffer.from(JSON.stringify(payload)), headers: it.headers() };
}

/** What APNs would refuse, in words for the author. */
export function apnsFaults(push: Push, { payload }: ApnsNotification): string[] {
  const { data = {}, apns = {}, imageUrl } = push.message;
  const faults: string[] = [];
  if (Object.hasOwn(data, 'aps')) faults.push('data may not have the name "aps": it is Apple\'s');
  if (imageUrl !== undefined && Object.hasOwn(data, IMAGE_KEY))
    faults.push(`data may not have the name "${IMAGE_KEY}" beside imageUrl`);
  if (Object.hasOwn(apns, 'aps') && !isObject(apns.aps)) faults.push('apns.aps must be an object');
  if (payload.length > MAX_PAYLOAD_BYTES)
    faults.push(
      `the APNs payload is ${payload.length} bytes, ${MAX_PAYLOAD_BYTES} are allowed: shorten title, body, data or the apns override`,
    );
  return faults;
}
