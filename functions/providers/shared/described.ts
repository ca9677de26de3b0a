/**
 * What a message says, whatever provider carries it: both builders work from this, so that an
 * iPhone gets the same push by APNs and by FCM.
 */

import { createRequire } from 'node:module';
import type { Notification as NodeApnNotification } from '@parse/node-apn';
import type { ApnsPushType } from '../../model/campaign.ts';
import type { Push } from '../../ports/ports.ts';
import { isObject, merge } from './merge.ts';
import { badgeIn } from './personalization.ts';

/** The package's types leave these two out. */
interface Notification extends NodeApnNotification {
  toJSON(): Record<string, unknown>;
  headers(): Record<string, string | number>;
}

/** Only this file of the package: it loads in 3 ms, the package with its client in 78. */
export const Notification: new () => Notification = createRequire(import.meta.url)(
  '@parse/node-apn/lib/notification/index.js',
);

/** Top-level name of the payload under which an app's notification extension finds the image. */
export const IMAGE_KEY = 'image-url';

export interface Words {
  title?: string;
  body?: string;
}

export interface Described {
  /** null: it has neither a title nor a body */
  words: Words | null;
  /** what a later message of the same id replaces */
  collapseId: string;
  isUrgent: boolean;
  /** seconds since the epoch; 0: tried once and not kept */
  expiration: number;
  /** seconds from `now` (ms since the epoch); 0 as above */
  ttlSeconds(now: number): number;
}

export function describe({ message, campaignId, expiresAt }: Push): Described {
  const { title, body, collapseId = campaignId, priority } = message;
  const nowOrNever = message.ttlSeconds === 0;
  return {
    words:
      title === undefined && body === undefined
        ? null
        : { ...(title !== undefined && { title }), ...(body !== undefined && { body }) },
    collapseId,
    isUrgent: priority === 'high',
    expiration: nowOrNever ? 0 : Math.floor(expiresAt / 1000),
    ttlSeconds: (now) => (nowOrNever ? 0 : Math.max(0, Math.floor((expiresAt - now) / 1000))),
  };
}

/** What an iPhone is sent. */
export interface Apple {
  type: ApnsPushType;
  /** apns-priority */
  priority: 10 | 5 | 1;
  /** without the message's data, which stands beside `aps` */
  payload: Record<string, unknown>;
}

/**
 * `words` are those of the message, unless FCM's override has others; `payload` is what that override
 * merges over all else. `carries` says which push types the provider has; for another one the push is
 * what it would be without a type.
 */
export function appleOf(
  push: Push,
  {
    words,
    isUrgent,
    payload: over = {},
  }: Pick<Described, 'words' | 'isUrgent'> & {
    payload?: Record<string, unknown>;
  },
  carries: (type: ApnsPushType) => boolean = () => true,
): Apple {
  const { message, expiresAt } = push;
  const payload = merge(payloadOf(push, words), over);
  const asked = message.apns?.pushType;
  const type =
    asked !== undefined && carries(asked) ? asked : isVisible(payload) ? 'alert' : 'background';
  const aps = { ...objectOf(payload.aps) };
  if (type === 'background') aps['content-available'] = 1;
  if (type === 'controls' || type === 'widgets') aps['content-changed'] ??= true;
  // the system drops an update that is older than what it shows
  if (type === 'liveactivity') aps.timestamp ??= Math.floor(expiresAt / 1000) - message.ttlSeconds;
  if (Object.keys(aps).length > 0) payload.aps = aps;
  const usual = type === 'background' || !isUrgent ? 5 : 10;
  // the priority that was asked for goes with the type that was
  const replaced = asked !== undefined && asked !== type && type === 'background';
  return { type, priority: replaced ? usual : (message.apns?.priority ?? usual), payload };
}

function payloadOf({ message }: Push, words: Words | null): Record<string, unknown> {
  const it = new Notification();
  if (words !== null) it.alert = words as Notification['alert'];
  if (message.sound !== undefined) it.sound = message.sound;
  if (message.imageUrl !== undefined) {
    it.mutableContent = true;
    it.payload[IMAGE_KEY] = message.imageUrl;
  }
  const built = it.toJSON();
  if (message.badge !== undefined)
    built.aps = { ...objectOf(built.aps), badge: badgeIn(message.badge) };
  if (built.aps === undefined) delete built.aps;
  return merge(built, message.apns?.payload ?? {});
}

/** "alert" is what shows, sounds or badges; all else wakes the app, and may not have priority 10. */
export function isVisible({ aps }: Record<string, unknown>): boolean {
  const { alert, sound, badge } = objectOf(aps);
  return alert !== undefined || sound !== undefined || badge !== undefined;
}

export const objectOf = (it: unknown): Record<string, unknown> => (isObject(it) ? it : {});
