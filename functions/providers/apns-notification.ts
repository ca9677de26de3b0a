/**
 * A campaign's message as APNs wants it: payload and headers, the same for every recipient.
 * https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
 */

import { createRequire } from 'node:module';
import type { Notification as NodeApnNotification } from '@parse/node-apn';
import type { ApnsPushType } from '../pipeline/campaign.ts';
import type { Push } from '../ports.ts';
import { isObject, merge } from './merge.ts';
import { badgeIn, jsonFor } from './personal.ts';

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

/** "4 KB (4096 bytes)", "5 KB (5120 bytes)" for VoIP */
const MAX_PAYLOAD_BYTES = 4096;
const MAX_VOIP_PAYLOAD_BYTES = 5120;

/** What follows the bundle id in `apns-topic`. An MDM topic is the certificate's own. */
const topicSuffixes: Record<ApnsPushType, string> = {
  alert: '',
  background: '',
  voip: '.voip',
  complication: '.complication',
  fileprovider: '.pushkit.fileprovider',
  mdm: '',
  location: '.location-query',
  liveactivity: '.push-type.liveactivity',
  pushtotalk: '.voip-ptt',
  controls: '.push-type.controls',
  widgets: '.push-type.widgets',
};

export interface ApnsNotification {
  payload: Buffer;
  headers: Record<string, string | number>;
  /** the payload with a recipient's own words in it; null where there are none */
  payloadFor: ReturnType<typeof jsonFor>;
  /** the largest payload that APNs takes */
  mostBytes: number;
}

/** The headers are without `authorization` and `apns-id`; `bundleId` is the topic without a suffix. */
export function apnsNotification(push: Push, bundleId: string): ApnsNotification {
  const { message, campaignId, expiresAt } = push;
  const it = new Notification();
  const payload = payloadOf(push);
  const type = message.apns?.pushType ?? (isVisible(payload) ? 'alert' : 'background');
  const aps = { ...isObjectOrEmpty(payload.aps) };
  if (type === 'background') aps['content-available'] = 1;
  if (type === 'controls' || type === 'widgets') aps['content-changed'] ??= true;
  // the system drops an update that is older than what it shows
  if (type === 'liveactivity') aps.timestamp ??= Math.floor(expiresAt / 1000) - message.ttlSeconds;
  if (Object.keys(aps).length > 0) payload.aps = aps;

  it.pushType = type as NodeApnNotification['pushType'];
  it.priority =
    message.apns?.priority ?? (type === 'background' || message.priority === 'normal' ? 5 : 10);
  // 0: tried once and not kept
  it.expiry = message.ttlSeconds === 0 ? 0 : Math.floor(expiresAt / 1000);
  it.collapseId = message.collapseId ?? campaignId;
  it.topic = bundleId + topicSuffixes[type];
  const json = JSON.stringify(payload);
  return {
    payload: Buffer.from(json),
    headers: it.headers(),
    payloadFor: jsonFor(json, message),
    mostBytes: type === 'voip' ? MAX_VOIP_PAYLOAD_BYTES : MAX_PAYLOAD_BYTES,
  };
}

function payloadOf({ message }: Push): Record<string, unknown> {
  const it = new Notification();
  it.payload = { ...message.data };
  if (message.title !== undefined || message.body !== undefined)
    it.alert = {
      ...(message.title !== undefined && { title: message.title }),
      ...(message.body !== undefined && { body: message.body }),
    } as Notification['alert'];
  if (message.sound !== undefined) it.sound = message.sound;
  if (message.imageUrl !== undefined) {
    it.mutableContent = true;
    it.payload[IMAGE_KEY] = message.imageUrl;
  }
  const built = it.toJSON();
  if (message.badge !== undefined)
    built.aps = { ...isObjectOrEmpty(built.aps), badge: badgeIn(message.badge) };
  return merge(built, message.apns?.payload ?? {});
}

/** "alert" is what shows, sounds or badges; all else wakes the app, and may not have priority 10. */
function isVisible({ aps }: Record<string, unknown>): boolean {
  const { alert, sound, badge } = isObjectOrEmpty(aps);
  return alert !== undefined || sound !== undefined || badge !== undefined;
}

const isObjectOrEmpty = (it: unknown): Record<string, unknown> => (isObject(it) ? it : {});

/** What APNs would refuse, in words for the author. */
export function apnsFaults(
  push: Push,
  { payload, headers, payloadFor, mostBytes }: ApnsNotification,
  { byCertificate }: { byCertificate: boolean },
): string[] {
  const { data = {}, apns = {}, imageUrl } = push.message;
  const faults: string[] = [];
  if (Object.hasOwn(data, 'aps')) faults.push('data may not have the name "aps": it is Apple\'s');
  if (imageUrl !== undefined && Object.hasOwn(data, IMAGE_KEY))
    faults.push(`data may not have the name "${IMAGE_KEY}" beside imageUrl`);
  if (Object.hasOwn(apns.payload ?? {}, 'aps') && !isObject(apns.payload?.aps))
    faults.push('apns.payload.aps must be an object');

  const type = headers['apns-push-type'];
  const visible = isVisible(payloadOf(push));
  if (type === 'background' && visible)
    faults.push('apns.pushType background shows nothing: leave out what does, or make it alert');
  if (type === 'alert' && !visible)
    faults.push('apns.pushType alert needs a title, a body, a sound or a badge');
  // "Always use priority 5. Using priority 10 is an error."
  if (type === 'background' && headers['apns-priority'] !== 5)
    faults.push(
      'apns.priority must be 5 when the push is a background one, as one that shows nothing is',
    );
  if (type === 'liveactivity') {
    faults.push(...liveActivityFaults(push));
    // https://developer.apple.com/forums/thread/712499
    if (byCertificate)
      faults.push('apns.pushType liveactivity needs a key: APNs takes no certificate for it');
  }
  if (payload.length === 2)
    faults.push('the APNs payload is empty: give a title, a body, data or apns.payload');
  const bytes = payloadFor ? Buffer.byteLength(payloadFor({})) : payload.length;
  if (bytes > mostBytes)
    faults.push(
      `the APNs payload is ${bytes} bytes, ${mostBytes} are allowed: shorten title, body, data or apns.payload`,
    );
  return faults;
}

/** https://developer.apple.com/documentation/activitykit/starting-and-updating-live-activities-with-activitykit-push-notifications */
function liveActivityFaults(push: Push): string[] {
  const aps = isObjectOrEmpty(payloadOf(push).aps);
  const needed: Record<string, string[]> = {
    start: ['content-state', 'attributes-type', 'attributes', 'alert'],
    update: ['content-state'],
    end: [],
  };
  const event = String(aps.event);
  if (!Object.hasOwn(needed, event))
    return ['apns.payload.aps.event must be start, update or end for a live activity'];
  return needed[event]!.filter((name) => aps[name] === undefined).map(
    (name) => `apns.payload.aps.${name} is missing: a live activity's ${event} needs it`,
  );
}
