/**
 * The part of a message that only APNs has. Fields have the types that Apple documents. Names that it
 * does not document are allowed, since each version of iOS adds some.
 * https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification
 * https://developer.apple.com/documentation/activitykit/starting-and-updating-live-activities-with-activitykit-push-notifications
 */

import * as z from 'zod';
import { oneOf, withoutReceiptKey } from './message-text.ts';

const MAX_PAYLOAD_BYTES = 8 * 1024;

/** Push types by APNs's names; each has its own topic, priorities and size. */
export const apnsPushTypes = [
  'alert',
  'background',
  'voip',
  'complication',
  'fileprovider',
  'mdm',
  'location',
  'liveactivity',
  'pushtotalk',
  'controls',
  'widgets',
] as const;
export type ApnsPushType = (typeof apnsPushTypes)[number];

const text = z.string();
const texts = z.array(text);
const flag = z.literal([0, 1], { error: 'must be 0 or 1' });
/** seconds since the epoch */
const time = z.number().min(0);
const dictionary = z.record(z.string(), z.unknown());

/** In the alert of a live activity, a title may name a text of the app, with arguments. */
const words = z.union([text, z.strictObject({ 'loc-key': text, 'loc-args': texts.optional() })]);

const alert = z.union([
  text,
  z.looseObject({
    title: words.optional(),
    subtitle: text.optional(),
    body: words.optional(),
    'launch-image': text.optional(),
    'title-loc-key': text.optional(),
    'title-loc-args': texts.optional(),
    'subtitle-loc-key': text.optional(),
    'subtitle-loc-args': texts.optional(),
    'loc-key': text.optional(),
    'loc-args': texts.optional(),
    'action-loc-key': text.optional(),
    sound: text.optional(),
  }),
]);

const sound = z.union([
  text,
  z.strictObject({
    critical: flag.optional(),
    name: text,
    volume: z.number().min(0).max(1).optional(),
  }),
]);

export const aps = z.looseObject({
  alert: alert.optional(),
  badge: z.int().min(0).optional(),
  sound: sound.optional(),
  'thread-id': text.optional(),
  category: text.optional(),
  'content-available': flag.optional(),
  'mutable-content': flag.optional(),
  'target-content-id': text.optional(),
  'interruption-level': oneOf(['passive', 'active', 'time-sensitive', 'critical']).optional(),
  'relevance-score': z.number().min(0).optional(),
  'filter-criteria': text.optional(),
  'url-args': texts.optional(),
  'content-changed': z.boolean().optional(),
  timestamp: time.optional(),
  'stale-date': time.optional(),
  'dismissal-date': time.optional(),
  event: oneOf(['start', 'update', 'end']).optional(),
  'content-state': dictionary.optional(),
  'attributes-type': text.optional(),
  attributes: dictionary.optional(),
  'input-push-channel': text.optional(),
  'input-push-token': flag.optional(),
});

const payload: z.ZodType<Record<string, unknown>> = z
  .looseObject({ aps: aps.optional() })
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= MAX_PAYLOAD_BYTES, {
    message: `must be at most ${MAX_PAYLOAD_BYTES} bytes of JSON`,
  })
  .refine(...withoutReceiptKey);

/**
 * Whether the relevance score is from 0 to 1, as a notification's must be; a live activity's may be
 * larger.
 */
export const isShare = (payload: unknown) => {
  const { aps } = (payload ?? {}) as { aps?: { 'relevance-score'?: number } };
  return (aps?.['relevance-score'] ?? 0) <= 1;
};
export const SHARE = {
  path: ['payload', 'aps', 'relevance-score'],
  message: 'must be from 0 to 1',
};

export const apnsOptions = z
  .strictObject({
    pushType: z
      .enum(apnsPushTypes)
      .optional()
      .meta({
        description:
          'alert when the payload shows, sounds or badges, background otherwise, unless named. ' +
          'The topic follows from it: app.bundle.id.voip for voip, and so on.',
      }),
    priority: z
      .union([z.literal(10), z.literal(5), z.literal(1)])
      .optional()
      .meta({
        description:
          'Of apns-priority: 10 immediately, 5 as the battery allows, 1 without waking the device. ' +
          '10 for high, 5 for normal and for background, unless given.',
      }),
    payload: payload
      .optional()
      .meta({ description: 'Merged over the APNs payload; aps is in here.' }),
  })
  .refine(({ pushType, payload }) => pushType === 'liveactivity' || isShare(payload), SHARE)
  .meta({
    id: 'ApnsOptions',
    description: 'For iPhones and iPads, whether they are reached by APNs or by FCM.',
  });
