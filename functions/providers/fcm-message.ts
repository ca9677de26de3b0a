/**
 * A campaign's message as FCM HTTP v1 wants it, the same for every recipient but for the token.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 */

import type { BaseMessage } from 'firebase-admin/messaging';
import type { Push, Recipient } from '../ports.ts';
import { merge } from './merge.ts';
import { badgeIn, jsonFor, textFor } from './personal.ts';

/** "the maximum payload for messages is 4096 bytes"; a notification's texts count as well. */
export const MAX_PAYLOAD_BYTES = 4096;
/** "the maximum value is 2,419,200 seconds (28 days)" */
const MAX_TTL_SECONDS = 28 * 24 * 60 * 60;
/** https://firebase.google.com/docs/cloud-messaging/customize-messages/set-message-type */
const reservedKeys = /^(?:from|message_type|google\..*|gcm\..*)$/;
/** set for each recipient; another one would send a campaign to whom nobody chose */
const targets = ['token', 'topic', 'condition', 'fid', 'name'] as const;

/** The message without its token, by the REST names of the fields firebase-admin's type has. */
export function fcmMessage(push: Push, now: number): Record<string, unknown> {
  const { message, campaignId, expiresAt } = push;
  const collapse = message.collapseId ?? campaignId;
  const high = message.priority === 'high';
  const ttl = Math.min(MAX_TTL_SECONDS, Math.max(0, Math.floor((expiresAt - now) / 1000)));
  const visible = message.title !== undefined || message.body !== undefined;
  const aps = {
    ...(message.sound !== undefined && { sound: message.sound }),
    ...(message.badge !== undefined && { badge: badgeIn(message.badge) }),
    ...(message.imageUrl !== undefined && { 'mutable-content': 1 }),
    ...(!visible && { 'content-available': 1 }),
  };

  const built = {
    ...(message.data && { data: message.data }),
    ...(visible && {
      notification: {
        ...(message.title !== undefined && { title: message.title }),
        ...(message.body !== undefined && { body: message.body }),
        ...(message.imageUrl !== undefined && { image: message.imageUrl }),
      },
    }),
    android: {
      collapse_key: collapse,
      priority: high ? 'HIGH' : 'NORMAL',
      ttl: `${ttl}s`,
      ...(visible && {
        notification: {
          tag: collapse,
          ...(message.sound !== undefined && { sound: message.sound }),
          // without a count Android counts up by itself
          ...(typeof message.badge === 'number' && { notification_count: message.badge }),
        },
      }),
    },
    apns: {
      headers: {
        'apns-collapse-id': collapse,
        'apns-priority': high && visible ? '10' : '5',
        'apns-expiration': String(message.ttlSeconds === 0 ? 0 : Math.floor(expiresAt / 1000)),
      },
      payload: { aps },
      ...(message.imageUrl !== undefined && { fcm_options: { image: message.imageUrl } }),
    },
    webpush: {
      headers: {
        TTL: String(ttl),
        Urgency: high ? 'high' : 'normal',
        // RFC 8030, section 5.4: a newer message replaces a stored one of its topic
        ...(/^[\w-]{1,32}$/.test(collapse) && { Topic: collapse }),
      },
      ...(visible && {
        notification: {
          tag: collapse,
          ...(message.imageUrl !== undefined && { image: message.imageUrl }),
        },
      }),
      ...(message.webLink !== undefined && { fcm_options: { link: message.webLink } }),
    },
    ...(message.analyticsLabel !== undefined && {
      fcm_options: { analytics_label: message.analyticsLabel },
    }),
  } satisfies { [field in keyof BaseMessage | 'fcm_options']?: unknown };

  const merged = merge(built, message.fcm ?? {});
  for (const target of targets) delete merged[target];
  return merged;
}

/** What FCM would refuse, in words for the author. */
export function fcmFaults(push: Push, now: number): string[] {
  const { data = {}, fcm = {} } = push.message;
  const faults: string[] = [];
  for (const name of Object.keys(data))
    if (reservedKeys.test(name))
      faults.push(`data may not have the name "${name}": FCM reserves it`);
  for (const target of targets)
    if (Object.hasOwn(fcm, target))
      faults.push(`fcm.${target} may not be set: the audience says who gets the message`);
  const it = fcmMessage(push, now);
  const bytes = countedBytes(it, push.message)({});
  if (bytes > MAX_PAYLOAD_BYTES)
    faults.push(
      `the FCM message is ${bytes} bytes, ${MAX_PAYLOAD_BYTES} are allowed: shorten title, body, data or the fcm override`,
    );
  return faults;
}

/** What counts towards the limit, with a recipient's own words in it. */
function countedBytes(built: Record<string, unknown>, message: Push['message']) {
  const texts = [built.data, built.notification]
    .flatMap((it) => Object.entries(it ?? {}))
    .flat()
    .map(String);
  const own = texts.map((text) => textFor(text, message));
  const bytes = Buffer.byteLength(texts.join(''));
  if (own.every((it) => it === null)) return () => bytes;
  return (recipient: Pick<Recipient, 'values'>) =>
    own.reduce((sum, it, i) => sum + Buffer.byteLength(it?.(recipient) ?? texts[i]!), 0);
}

/** A body in three parts: the token, quoted, comes between these two. */
export interface FcmBody {
  before: Buffer;
  after: Buffer;
  /** the last part with a recipient's own words in it; null where there are none */
  afterFor: ReturnType<typeof jsonFor>;
  /** what FCM counts of it, `MAX_PAYLOAD_BYTES` at most */
  bytesFor(recipient: Pick<Recipient, 'values'>): number;
}

/** `dryRun`: FCM validates it, and nobody gets it. */
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
    bytesFor: countedBytes(built, message),
  };
}

/** A token in JSON, in ASCII. What FCM issues has nothing to escape. */
export function quoted(token: string): string {
  if (/^[\w:-]*$/.test(token)) return `"${token}"`;
  return JSON.stringify(token).replace(
    /[^\0-\x7f]/g,
    (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
