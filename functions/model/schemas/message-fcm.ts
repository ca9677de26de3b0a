/**
 * The part of a message that only FCM has: FCM's message by the names of its REST reference, without the
 * fields that Volley sets for each recipient. FCM refuses unknown fields, so a name that is not here is a
 * fault.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 */

import * as z from 'zod';
import { fcmTargets, reservedByFcm } from '../message/fcm-names.ts';
import { aps, isShare, SHARE } from './message-apns.ts';
import {
  formed,
  httpsLink,
  LABEL_FORM,
  labelForm,
  oneOf,
  withDefaults,
  withoutReceiptKey,
} from './message-text.ts';

const MAX_OVERRIDE_BYTES = 8 * 1024;
/** "the maximum payload for messages is 4096 bytes" */
const MAX_DATA_BYTES = 4096;
/** "the maximum value is 2,419,200 seconds (28 days)" */
const MAX_TTL_SECONDS = 28 * 24 * 60 * 60;

/** Fields may be null, which means the same as left out (JSON form of protobuf). */
const fields = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(
    Object.fromEntries(
      Object.entries(shape).map(([name, it]) => [name, (it as z.ZodType).nullish()]),
    ),
  );

const text = z.string();
const texts = z.array(text);
const flag = z.boolean();

const data = z
  .record(
    z.string().refine((name) => !reservedByFcm.test(name), {
      message: 'is reserved by FCM',
    }),
    z.string(),
  )
  .refine((it) => Buffer.byteLength(Object.entries(it).flat().join('')) <= MAX_DATA_BYTES, {
    message: `must be at most ${MAX_DATA_BYTES} bytes, names and values together`,
  })
  .refine(...withoutReceiptKey);

const durationForm = /^\d{1,12}(?:\.\d{1,9})?s$/;
const duration = formed(durationForm, 'must be seconds such as "3.5s"');
const ttl = formed(
  (it) => durationForm.test(it) && Number.parseFloat(it) <= MAX_TTL_SECONDS,
  `must be seconds such as "3600s", ${MAX_TTL_SECONDS} at most`,
);
const time = formed(
  (it) => z.iso.datetime({ offset: true }).safeParse(it).success,
  'must be a time such as 2026-11-21T13:00:00Z',
);
const count = z.union([z.int32().min(0), formed(/^\d{1,9}$/, 'must be a whole number')]);
const share = z.number().min(0).max(1);
const analyticsLabel = formed(labelForm, LABEL_FORM);
const options = fields({ analytics_label: analyticsLabel });

const androidNotification = fields({
  title: text,
  body: text,
  icon: text,
  color: formed(/^#[0-9a-f]{6}$/i, 'must be a color such as #ff8800'),
  sound: text,
  tag: text,
  click_action: text,
  body_loc_key: text,
  body_loc_args: texts,
  title_loc_key: text,
  title_loc_args: texts,
  channel_id: text,
  ticker: text,
  sticky: flag,
  event_time: time,
  local_only: flag,
  notification_priority: oneOf(
    ['UNSPECIFIED', 'MIN', 'LOW', 'DEFAULT', 'HIGH', 'MAX'].map((it) => `PRIORITY_${it}`),
  ),
  default_sound: flag,
  default_vibrate_timings: flag,
  default_light_settings: flag,
  vibrate_timings: z.array(duration),
  visibility: oneOf(['VISIBILITY_UNSPECIFIED', 'PRIVATE', 'PUBLIC', 'SECRET']),
  notification_count: count,
  light_settings: z.strictObject({
    color: fields({ red: share, green: share, blue: share, alpha: share }),
    light_on_duration: duration,
    light_off_duration: duration,
  }),
  image: text,
  bypass_proxy_notification: flag,
  proxy: oneOf(['PROXY_UNSPECIFIED', 'ALLOW', 'DENY', 'IF_PRIORITY_LOWERED']),
});

/** Headers: those in `forms` must have that form, others are not checked. */
const headers = (forms: Record<string, [RegExp, string]>) =>
  z.record(z.string(), z.string()).superRefine((it, context) => {
    for (const [name, [form, message]] of Object.entries(forms))
      if (it[name] !== undefined && !form.test(withDefaults(it[name])))
        context.addIssue({ code: 'custom', path: [name], message });
  });

const apnsHeaders = headers({
  'apns-priority': [/^(?:10|5|1)$/, 'must be "10", "5" or "1"'],
  'apns-expiration': [/^\d{1,10}$/, 'must be seconds since 1970, or "0"'],
  'apns-push-type': [
    /^(?:alert|background|liveactivity)$/,
    'must be alert, background or liveactivity: FCM sends no other',
  ],
  'apns-collapse-id': [/^[\x20-\x7e]{1,64}$/, 'must be 1 to 64 bytes of ASCII'],
});

/** RFC 8030, sections 5.2 to 5.4. */
const webHeaders = headers({
  TTL: [/^\d{1,9}$/, 'must be a number of seconds'],
  Urgency: [/^(?:very-low|low|normal|high)$/, 'must be very-low, low, normal or high'],
  Topic: [/^[\w-]{1,32}$/, 'must be 1 to 32 letters, digits and - _'],
});

const target = z.null({ error: 'may not be set: the audience says who gets the message' });

export const fcmOverride: z.ZodType<Record<string, unknown>> = fields({
  ...Object.fromEntries(fcmTargets.map((it) => [it, target])),
  data,
  notification: fields({ title: text, body: text, image: text }),
  android: fields({
    collapse_key: text,
    priority: oneOf(['NORMAL', 'HIGH', 'normal', 'high']),
    ttl,
    restricted_package_name: text,
    data,
    notification: androidNotification,
    fcm_options: options,
    direct_boot_ok: flag,
    bandwidth_constrained_ok: flag,
    restricted_satellite_ok: flag,
  }),
  webpush: fields({
    headers: webHeaders,
    data,
    // any names: a browser's Notification reads it
    notification: z.record(z.string(), z.unknown()),
    fcm_options: fields({ link: httpsLink, analytics_label: analyticsLabel }),
  }),
  apns: fields({
    headers: apnsHeaders,
    payload: z.looseObject({ aps: aps.optional() }).refine(...withoutReceiptKey),
    fcm_options: fields({ analytics_label: analyticsLabel, image: text }),
    live_activity_token: text,
  }).refine(
    ({ payload, live_activity_token }) => live_activity_token != null || isShare(payload),
    SHARE,
  ),
  fcm_options: options,
}).refine((value) => Buffer.byteLength(JSON.stringify(value)) <= MAX_OVERRIDE_BYTES, {
  message: `must be at most ${MAX_OVERRIDE_BYTES} bytes of JSON`,
});
