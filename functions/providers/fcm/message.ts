/**
 * Builds the message for FCM HTTP v1. It is the same for every recipient, but for the token.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 */

import { isDeepStrictEqual } from 'node:util';
import type { BaseMessage } from 'firebase-admin/messaging';
import { fcmTargets } from '../../model/message/fcm-names.ts';
import { RECEIPT_KEY } from '../../model/message/receipt-key.ts';
import type { Push } from '../../ports/ports.ts';
import {
  type Apple,
  appleOf,
  type Described,
  describe,
  objectOf,
  type Words,
} from '../shared/described.ts';
import { isObject, merge } from '../shared/merge.ts';
import { jsonFor } from '../shared/personalization.ts';
import { receiptKeyIn } from '../shared/receipt-key.ts';
import { type FcmBytes, fcmBytes } from './bytes.ts';
import { deliveredBy, KEPT_MS } from './deliver-by.ts';

/** FCM: "the maximum value is 2,419,200 seconds (28 days)". */
const MAX_TTL_SECONDS = 28 * 24 * 60 * 60;
/** The form of a topic of Web Push: a newer message replaces a stored one (RFC 8030, section 5.4). */
export const webTopicForm = /^[\w-]{1,32}$/;

/** What FCM sends to an iPhone. FCM has only some push types, and a live activity needs its own token. */
export function appleByFcm(push: Push, described: Described): Apple {
  const { notification, apns } = objectOf(push.message.fcm);
  const { title, body } = objectOf(notification);
  const words: Words = {
    ...described.words,
    ...(typeof title === 'string' && { title }),
    ...(typeof body === 'string' && { body }),
  };
  const hasToken = typeof objectOf(apns).live_activity_token === 'string';
  return appleOf(
    push,
    {
      ...described,
      words: Object.keys(words).length > 0 ? words : null,
      payload: objectOf(objectOf(apns).payload),
    },
    (type) => type === 'alert' || type === 'background' || (type === 'liveactivity' && hasToken),
  );
}

/**
 * FCM makes the alert from its notification if the payload has none. So an alert that is the same is
 * left out, which saves bytes in every push.
 */
function withoutKnownAlert(
  payload: Apple['payload'],
  words: Words | null,
  fcm: Push['message']['fcm'] = {},
): { payload?: Apple['payload'] } {
  const { alert, ...aps } = objectOf(payload.aps);
  const { title, body } = objectOf(merge({ notification: { ...words } }, fcm).notification);
  const notified = { ...(title != null && { title }), ...(body != null && { body }) };
  if ((title ?? body) == null || !isDeepStrictEqual(alert, notified)) return { payload };
  const { aps: _, ...rest } = payload;
  const isEmpty = Object.keys({ ...aps, ...rest }).length === 0;
  return isEmpty ? {} : { payload: { ...rest, aps } };
}

/** What a click on a web push opens. FCM: "For all URL values, HTTPS is required." */
export function webLinkOf({ link, webLink }: Push['message']): string | undefined {
  const isHttps = link !== undefined && new URL(link).protocol === 'https:';
  return webLink ?? (isHttps ? link : undefined);
}

/**
 * The message without its token. Its fields are those of firebase-admin's type, with their REST names.
 * `now` is in milliseconds. A push with `deliverBy` has to leave within `KEPT_MS`.
 */
export function fcmMessage(push: Push, now: number): Record<string, unknown> {
  const { message, deliverBy } = push;
  const sentBy = deliverBy === undefined ? now : now + KEPT_MS;
  const described = describe(push);
  const { words, data, collapseId, isUrgent, expiration } = described;
  const apple = appleByFcm(push, described);
  const ttl = Math.min(MAX_TTL_SECONDS, described.ttlSeconds(sentBy));
  const link = webLinkOf(message);
  const label = message.analyticsLabel ?? push.label;
  const image = message.imageUrl !== undefined && { image: message.imageUrl };

  const built = {
    ...(data && { data }),
    ...(words && { notification: { ...words, ...image } }),
    android: {
      collapse_key: collapseId,
      priority: isUrgent ? 'HIGH' : 'NORMAL',
      ttl: `${ttl}s`,
      ...(words && {
        notification: {
          tag: collapseId,
          ...(message.sound !== undefined && { sound: message.sound }),
          ...(message.androidChannel !== undefined && { channel_id: message.androidChannel }),
          // without a number, Android counts by itself
          ...(typeof message.badge === 'number' && { notification_count: message.badge }),
        },
      }),
    },
    apns: {
      headers: {
        // FCM recognises a live activity by its token
        ...(apple.type !== 'liveactivity' && { 'apns-push-type': apple.type }),
        'apns-collapse-id': collapseId,
        'apns-priority': String(apple.priority),
        'apns-expiration': String(expiration),
      },
      ...withoutKnownAlert(apple.payload, words, message.fcm),
      ...(image && { fcm_options: image }),
    },
    webpush: {
      headers: {
        TTL: String(ttl),
        Urgency: isUrgent ? 'high' : 'normal',
        ...(webTopicForm.test(collapseId) && { Topic: collapseId }),
      },
      ...(words && {
        notification: {
          tag: collapseId,
          ...image,
          // https://notifications.spec.whatwg.org: "no sounds or vibrations should be made"
          ...(message.interruption === 'passive' && { silent: true }),
        },
      }),
      ...(link !== undefined && { fcm_options: { link } }),
    },
    ...(label !== undefined && { fcm_options: { analytics_label: label } }),
  } satisfies { [field in keyof BaseMessage | 'fcm_options']?: unknown };

  const own = merge(built, message.fcm ?? {});
  const merged = deliverBy === undefined ? own : deliveredBy(own, deliverBy, sentBy);
  for (const target of fcmTargets) delete merged[target];
  const key = receiptKeyIn(push, apple.type);
  return key === null ? merged : withKey(merged, JSON.stringify(key));
}

/**
 * The message with a receipt key in its data. A platform's own data, where an override has some, replaces
 * the data of all. An author's value comes last: an older version may have stored one of that name.
 */
function withKey(message: Record<string, unknown>, key: string): Record<string, unknown> {
  const added = (data: unknown) => ({ [RECEIPT_KEY]: key, ...objectOf(data) });
  const own = (config: unknown) =>
    isObject(config) && isObject(config.data) ? { ...config, data: added(config.data) } : config;
  return {
    ...message,
    data: added(message.data),
    android: own(message.android),
    webpush: own(message.webpush),
  };
}

/** The body of a request in two parts; the quoted token comes between them. */
export interface FcmBody {
  before: Buffer;
  after: Buffer;
  /** the last part for a recipient; null if it is the same for all */
  afterFor: ReturnType<typeof jsonFor>;
  /** the bytes that FCM counts */
  bytes: FcmBytes;
}

/** On a dry run FCM validates the message and delivers nothing. */
export function fcmBody(
  built: Record<string, unknown>,
  { dryRun, to, message }: Pick<Push, 'dryRun' | 'to' | 'message'>,
): FcmBody {
  const rest = JSON.stringify(built).slice(1);
  const after = `${rest === '}' ? '' : ','}${rest}${dryRun ? ',"validate_only":true' : ''}}`;
  return {
    before: Buffer.from(`{"message":{"${to}":`),
    after: Buffer.from(after),
    afterFor: jsonFor(after, message),
    bytes: fcmBytes(built, { to, message }),
  };
}

/** The token as a JSON string in ASCII. FCM's own tokens need no escapes. */
export function quoted(token: string): string {
  if (/^[\w:-]*$/.test(token)) return `"${token}"`;
  return JSON.stringify(token).replace(
    /[^\0-\x7f]/g,
    (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
