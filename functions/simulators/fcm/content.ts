/**
 * What FCM checks in a message whose shape is right. It shares no code with the checks that run before
 * a message is sent, because it tests them.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 * https://firebase.google.com/docs/cloud-messaging/error-codes
 */

import { apsFault, showsNothing } from '../shared/aps.ts';
import type { Violation } from './message.ts';
import type { SentMessage } from './schema.ts';
import { isCondition, isTopic } from './topics.ts';

/** Longest TTL that FCM accepts: four weeks, in seconds. */
const MAX_TTL_SECONDS = 28 * 24 * 60 * 60;
const MAX_PAYLOAD = 4096;
const MAX_TOPIC_PAYLOAD = 2048;

type Texts = Record<string, unknown>;

/** The first fault of the values; null if there is none. */
export function contentFault(message: SentMessage): Violation | null {
  const { topic, condition, data, android, webpush, apns } = message;
  if (topic !== undefined && !isTopic(topic))
    return { field: 'message.topic', description: 'Malformed topic name' };
  if (condition !== undefined && !isCondition(condition))
    return {
      field: 'message.condition',
      description: 'Invalid condition expression provided.',
    };
  for (const [at, texts] of [
    ['message.data', data],
    ['message.android.data', android?.data],
    ['message.webpush.data', webpush?.data],
  ] as const)
    for (const key of Object.keys(texts ?? {}))
      if (isReserved(key)) return { field: at, description: `Invalid data payload key: ${key}` };
  return (
    androidFault(android) ??
    webFault(webpush) ??
    apnsFault(apns, message) ??
    labelFault('message.fcm_options', message.fcm_options)
  );
}

const isReserved = (key: string) =>
  key === 'from' || key === 'message_type' || key.startsWith('google.') || key.startsWith('gcm.');

function labelFault(at: string, options: Texts | undefined): Violation | null {
  const label = options?.analytics_label;
  if (label === undefined || /^[a-zA-Z0-9-_.~%]{1,50}$/.test(String(label))) return null;
  return { field: `${at}.analytics_label`, description: 'Invalid analytics label' };
}

function androidFault(android: SentMessage['android']): Violation | null {
  const fault = (field: string, description: string) => ({
    field: `message.android.${field}`,
    description,
  });
  const seconds = Number.parseFloat(android?.ttl ?? '0');
  if (seconds < 0) return fault('ttl', 'Invalid ttl: it must not be negative.');
  if (seconds > MAX_TTL_SECONDS)
    return fault('ttl', `Invalid ttl: it must be at most ${MAX_TTL_SECONDS} seconds.`);
  const { color, notification_count, light_settings } = android?.notification ?? {};
  if (color !== undefined && !/^#[0-9a-fA-F]{6}$/.test(String(color)))
    return fault('notification.color', 'Invalid color: it must be in #rrggbb format');
  if (Number(notification_count ?? 0) < 0)
    return fault('notification.notification_count', 'It must not be negative');
  if (light_settings !== undefined)
    for (const name of ['color', 'light_on_duration', 'light_off_duration'])
      if ((light_settings as Texts)[name] === undefined)
        return fault(`notification.light_settings.${name}`, 'It is required');
  return labelFault('message.android.fcm_options', android?.fcm_options);
}

const webHeaders: Record<string, RegExp> = {
  ttl: /^[0-9]+$/,
  urgency: /^(very-low|low|normal|high)$/,
  topic: /^[A-Za-z0-9_-]{1,32}$/,
};

function webFault(webpush: SentMessage['webpush']): Violation | null {
  for (const [name, value] of Object.entries(webpush?.headers ?? {}))
    if (webHeaders[name.toLowerCase()]?.test(value) === false)
      return { field: 'message.webpush.headers', description: `Invalid ${name} header: ${value}` };
  const link = webpush?.fcm_options?.link;
  if (link !== undefined && !link.toLowerCase().startsWith('https://'))
    return {
      field: 'message.webpush.fcm_options.link',
      description: 'Invalid link: HTTPS is required',
    };
  return labelFault('message.webpush.fcm_options', webpush?.fcm_options);
}

const apnsHeaders: Record<string, RegExp> = {
  'apns-priority': /^(10|5|1)$/,
  'apns-expiration': /^[0-9]{1,10}$/,
  'apns-push-type': /^(alert|background|liveactivity)$/,
  'apns-collapse-id': /^[ -~]{1,64}$/,
};

function apnsFault(apns: SentMessage['apns'], { notification }: SentMessage): Violation | null {
  if (apns === undefined) return null;
  const { headers = {}, payload, live_activity_token } = apns;
  const at = 'message.apns.headers';
  for (const [name, value] of Object.entries(headers))
    if (apnsHeaders[name]?.test(value) === false)
      return { field: at, description: `Invalid ${name} header: ${value}` };
  if (payload !== undefined && !Object.hasOwn(payload, 'aps'))
    return {
      field: 'message.apns.payload',
      description: 'Payload of Apple Push Notification Service must contain an [aps] key.',
    };
  const isActivity = live_activity_token !== undefined;
  const aps = payload === undefined ? {} : payload.aps;
  const fault = apsFault(aps, isActivity);
  if (fault !== null)
    return { field: `message.apns.payload.aps${fault.at}`, description: fault.description };
  const silent = notification === undefined && !isActivity && showsNothing(aps as Texts);
  const type = headers['apns-push-type'];
  if (payload !== undefined && silent && Object.keys(aps as Texts).length === 0)
    return { field: 'message.apns.payload.aps', description: 'The aps dictionary is empty.' };
  // "only normal priority is allowed"; APNs has the same rule for background pushes
  if ((silent || type === 'background') && headers['apns-priority'] === '10')
    return { field: at, description: 'A background push must have apns-priority 5.' };
  if (silent ? type === 'alert' : type === 'background')
    return { field: at, description: `The payload is none of apns-push-type ${type}.` };
  return labelFault('message.apns.fcm_options', apns.fcm_options);
}

/** The platform whose limit the message exceeds, as FCM names it; null if it fits all. */
export function tooBigFor(message: SentMessage): string | null {
  const { token, data, notification, android, webpush, apns } = message;
  const most = token === undefined ? MAX_TOPIC_PAYLOAD : MAX_PAYLOAD;
  const texts = (...parts: (Texts | undefined)[]) => {
    let bytes = 0;
    for (const [name, value] of parts.flatMap((it) => Object.entries(it ?? {}))) {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
    }
    return bytes;
  };
  const json = (it: object) => Buffer.byteLength(JSON.stringify(it));
  if (texts(android?.data ?? data, { ...notification, ...android?.notification }) > most)
    return 'Android';
  if (texts(webpush?.data ?? data, { ...notification, ...webpush?.notification }) > most)
    return 'Webpush';
  return json({ ...data, ...apns?.payload }) > most ? 'APNs' : null;
}
