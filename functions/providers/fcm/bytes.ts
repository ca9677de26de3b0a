/**
 * Counts the bytes of a message as FCM does for its limit. FCM makes a message for each platform, and
 * measures that.
 * https://firebase.google.com/docs/cloud-messaging/customize-messages/set-message-type
 */

import type { Recipient } from '../../model/chunk.ts';
import type { Platform } from '../../model/platform.ts';
import type { Push } from '../../ports/ports.ts';
import { objectOf } from '../shared/described.ts';
import { jsonFor, textFor } from '../shared/personalization.ts';

/** FCM: "the maximum payload for messages is 4096 bytes". The texts of a notification count too. */
const MAX_BYTES = 4096;
/**
 * "4096 bytes for most messages, or 2048 bytes in the case of messages to topics"
 * https://firebase.google.com/docs/cloud-messaging/error-codes
 */
const MAX_TOPIC_BYTES = 2048;

/** What differs between recipients. */
export type Own = Pick<Recipient, 'values' | 'badge'>;

export interface FcmBytes {
  most: number;
  each: { platform: Platform; of(recipient: Own): number }[];
  /** The bytes on the platform with the fewest: the sender does not know a recipient's platform. */
  least(recipient: Own): number;
}

/** `built` is the message for FCM without its token. */
export function fcmBytes(
  built: Record<string, unknown>,
  { to, message }: Pick<Push, 'to' | 'message'>,
): FcmBytes {
  const { data, notification } = built;
  const [android, webpush, apns] = [built.android, built.webpush, built.apns].map(objectOf);
  // FCM makes an alert of the notification if the payload has none
  const { title, body } = objectOf(notification);
  const payload = objectOf(apns!.payload);
  const aps = { ...(notification != null && { alert: { title, body } }), ...objectOf(payload.aps) };
  const shown = (config: Record<string, unknown>) => ({
    ...objectOf(notification),
    ...objectOf(config.notification),
  });
  const json = (value: object) => counted(jsonFor, JSON.stringify(value), message);
  /** The bytes of names and values, without the syntax of JSON. */
  const texts = (...parts: unknown[]) => {
    const all = parts
      .flatMap((it) => Object.entries(objectOf(it)))
      .flatMap(([name, value]) => [
        counted(textFor, name, message),
        typeof value === 'string'
          ? counted(textFor, value, message)
          : counted(jsonFor, JSON.stringify(value), message),
      ]);
    return (recipient: Own) => all.reduce((sum, of) => sum + of(recipient), 0);
  };
  const each: FcmBytes['each'] = [
    { platform: 'ios', of: json({ ...objectOf(data), ...payload, aps }) },
    { platform: 'android', of: texts(android!.data ?? data, shown(android!)) },
    { platform: 'web', of: texts(webpush!.data ?? data, shown(webpush!)) },
  ];
  return {
    most: to === 'token' ? MAX_BYTES : MAX_TOPIC_BYTES,
    each,
    least: (recipient) => Math.min(...each.map((it) => it.of(recipient))),
  };
}

function counted(
  ownOf: typeof textFor,
  text: string,
  message: Push['message'],
): (recipient: Own) => number {
  const bytes = Buffer.byteLength(text);
  const own = ownOf(text, message);
  return own === null ? () => bytes : (recipient) => Buffer.byteLength(own(recipient));
}
