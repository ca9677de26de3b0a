/**
 * A description of a message that does not depend on the provider. Both builders use it, so an iPhone
 * gets the same push by APNs and by FCM.
 */

import { createRequire } from 'node:module';
import type { Notification as NodeApnNotification } from '@parse/node-apn';
import type { ApnsPushType } from '../../model/campaign.ts';
import { LINK_KEY } from '../../model/message/link.ts';
import type { Push } from '../../ports/ports.ts';
import { isObject, merge } from './merge.ts';
import { badgeIn } from './personalization.ts';

/** The package's types lack these two methods. */
interface Notification extends NodeApnNotification {
  toJSON(): Record<string, unknown>;
  headers(): Record<string, string | number>;
}

/** Only this file of the package is loaded: it takes 3 ms, the package with its client 78 ms. */
export const Notification: new () => Notification = createRequire(import.meta.url)(
  '@parse/node-apn/lib/notification/index.js',
);

/** The top-level name in the payload where an app's notification extension finds the image. */
export const IMAGE_KEY = 'image-url';

export interface Words {
  title?: string;
  body?: string;
}

export interface Described {
  /** null if the message has neither a title nor a body */
  words: Words | null;
  /** what the app gets: the message's data, with its link; left out if it has neither */
  data?: Record<string, string>;
  /** a later message with the same id replaces this one */
  collapseId: string;
  isUrgent: boolean;
  /** seconds since 1970; 0 if it is tried once and not stored */
  expiration: number;
  /** seconds from `now` (milliseconds since 1970); 0 as above */
  ttlSeconds(now: number): number;
}

/** The description of a push. */
export function describe({ message, campaignId, expiresAt, deliverBy }: Push): Described {
  const { title, body, collapseId = campaignId, priority } = message;
  const end = deliverBy ?? expiresAt;
  const nowOrNever = message.ttlSeconds === 0;
  return {
    words:
      title === undefined && body === undefined
        ? null
        : { ...(title !== undefined && { title }), ...(body !== undefined && { body }) },
    ...dataOf(message),
    collapseId,
    isUrgent: priority === 'high',
    expiration: nowOrNever ? 0 : Math.floor(end / 1000),
    ttlSeconds: (now) => (nowOrNever ? 0 : secondsUntil(end, now)),
  };
}

/** From `now` to `end`, both in ms, in whole seconds; 0 if `end` has passed. */
export const secondsUntil = (end: number, now: number) =>
  Math.max(0, Math.floor((end - now) / 1000));

const dataOf = ({ data, link }: Push['message']): Pick<Described, 'data'> => {
  if (link === undefined) return data === undefined ? {} : { data };
  return { data: { ...data, [LINK_KEY]: link } };
};

/** A push as an iPhone gets it. */
export interface Apple {
  type: ApnsPushType;
  /** apns-priority */
  priority: 10 | 5 | 1;
  /** without the message's data, which is beside `aps` */
  payload: Record<string, unknown>;
}

/**
 * Builds the push for an iPhone. `words` are the texts of the message, or those of FCM's override.
 * `payload` is the override's, and is merged last. `carries` says whether the provider has a push type;
 * if not, the push is built as if the message named no type.
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
  // the system drops an update that is older than the one shown
  if (type === 'liveactivity') aps.timestamp ??= Math.floor(expiresAt / 1000) - message.ttlSeconds;
  if (Object.keys(aps).length > 0) payload.aps = aps;
  const usual = type === 'background' || !isUrgent ? 5 : 10;
  // the requested priority is for the requested type
  const replaced = asked !== undefined && asked !== type && type === 'background';
  return { type, priority: replaced ? usual : (message.apns?.priority ?? usual), payload };
}

function payloadOf({ message }: Push, words: Words | null): Record<string, unknown> {
  const it = new Notification();
  const { subtitle } = message;
  if (words !== null || subtitle !== undefined)
    it.alert = { ...words, ...(subtitle !== undefined && { subtitle }) } as Notification['alert'];
  if (message.sound !== undefined) it.sound = message.sound;
  if (message.imageUrl !== undefined) {
    it.mutableContent = true;
    it.payload[IMAGE_KEY] = message.imageUrl;
  }
  const built = it.toJSON();
  const aps = { ...objectOf(built.aps), ...ownAps(message) };
  if (Object.keys(aps).length > 0) built.aps = aps;
  else delete built.aps;
  return merge(built, message.apns?.payload ?? {});
}

/**
 * The keys of `aps` that say how a notification behaves.
 * https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification
 * `category` names buttons that the app registered: a UNNotificationCategory.
 */
const ownAps = ({ badge, interruption, threadId, actions }: Push['message']) => ({
  ...(badge !== undefined && { badge: badgeIn(badge) }),
  ...(interruption !== undefined && { 'interruption-level': interruption }),
  ...(threadId !== undefined && { 'thread-id': threadId }),
  ...(actions !== undefined && { category: actions }),
});

/** Whether the push shows something, sounds or sets a badge. Others wake the app, and need priority 5. */
export function isVisible({ aps }: Record<string, unknown>): boolean {
  const { alert, sound, badge } = objectOf(aps);
  return alert !== undefined || sound !== undefined || badge !== undefined;
}

/** The value if it is an object, else an empty object. */
export const objectOf = (it: unknown): Record<string, unknown> => (isObject(it) ? it : {});
