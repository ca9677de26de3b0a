/**
 * Builds payload and headers for APNs from a campaign's message. They are the same for every recipient.
 * https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
 */

import type { Notification as NodeApnNotification } from '@parse/node-apn';
import type { Fault } from '../../lib/errors.ts';
import type { ApnsPushType } from '../../model/campaign.ts';
import { RECEIPT_KEY } from '../../model/message/receipt-key.ts';
import type { Push } from '../../ports/ports.ts';
import { type Apple, appleOf, describe, Notification } from '../shared/described.ts';
import { jsonFor } from '../shared/personalization.ts';
import { receiptKeyIn, tooManyBytes, withoutKey } from '../shared/receipt-key.ts';
import { appleFaults } from './apple-faults.ts';

/** Apple: "4 KB (4096 bytes)", and "5 KB (5120 bytes)" for VoIP. */
const MAX_PAYLOAD_BYTES = 4096;
const MAX_VOIP_PAYLOAD_BYTES = 5120;

/** The end of `apns-topic`, after the bundle id. An MDM topic is that of the certificate. */
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
  apple: Apple;
  /** true if there is nothing in it but a receipt key */
  isEmpty: boolean;
  payload: Buffer;
  headers: Record<string, string | number>;
  /** the payload of a recipient; null if it is the same for all */
  payloadFor: ReturnType<typeof jsonFor>;
  /** the largest payload that APNs accepts, in bytes */
  mostBytes: number;
}

/** `bundleId` is the topic without a suffix. The headers have no `authorization` and no `apns-id`. */
export function apnsNotification(push: Push, bundleId: string): ApnsNotification {
  const described = describe(push);
  const apple = appleOf(push, described);
  const it = new Notification();
  it.pushType = apple.type as NodeApnNotification['pushType'];
  it.priority = apple.priority;
  it.expiry = described.expiration;
  it.collapseId = described.collapseId;
  it.topic = bundleId + topicSuffixes[apple.type];
  const key = receiptKeyIn(push, apple.type);
  const own = { ...described.data, ...apple.payload };
  // an author's value comes last: an older version may have stored one of that name
  const json = JSON.stringify(key === null ? own : { [RECEIPT_KEY]: key, ...own });
  return {
    apple,
    isEmpty: Object.keys(own).length === 0,
    payload: Buffer.from(json),
    headers: it.headers(),
    payloadFor: jsonFor(json, push.message),
    mostBytes: apple.type === 'voip' ? MAX_VOIP_PAYLOAD_BYTES : MAX_PAYLOAD_BYTES,
  };
}

/** Finds what APNs would refuse, in words for the author. The paths are within the message. */
export function apnsFaults(
  push: Push,
  built: ApnsNotification,
  { byCertificate }: { byCertificate: boolean },
): Fault[] {
  const { apple, isEmpty, mostBytes: most } = built;
  const faults = appleFaults(push, apple);
  // https://developer.apple.com/forums/thread/712499
  if (apple.type === 'liveactivity' && byCertificate)
    faults.push({
      path: 'apns.pushType',
      message: 'liveactivity needs a key: APNs takes no certificate for it',
    });
  if (isEmpty)
    faults.push({
      path: '',
      message: 'the APNs payload is empty: give a title, a body, data or apns.payload',
    });
  const bytes = bytesOf(built);
  if (bytes > most) {
    const keyless = bytesOf(apnsNotification(withoutKey(push), ''));
    faults.push({
      path: '',
      message: tooManyBytes(
        `the APNs payload is ${bytes} bytes`,
        { bytes, most, keyless },
        'title, body, data or apns.payload',
      ),
    });
  }
  return faults;
}

/** Bytes of the payload for a recipient without values of its own. */
const bytesOf = ({ payload, payloadFor }: ApnsNotification) =>
  payloadFor ? Buffer.byteLength(payloadFor({})) : payload.length;
