/** Finds what FCM would refuse in a message, in words for its author. */

import type { Fault } from '../../lib/errors.ts';
import { fcmTargets, reservedByFcm } from '../../model/message/fcm-names.ts';
import type { Push } from '../../ports/ports.ts';
import { appleFaults } from '../apns/apple-faults.ts';
import { type Apple, describe, isVisible, objectOf } from '../shared/described.ts';
import { isObject } from '../shared/merge.ts';
import { textFor } from '../shared/personalization.ts';
import { tooManyBytes, withoutKey } from '../shared/receipt-key.ts';
import { fcmBytes } from './bytes.ts';
import { appleByFcm, fcmMessage } from './message.ts';

/** The paths of the faults are within the message. `now` is in milliseconds. */
export function fcmFaults(push: Push, now: number): Fault[] {
  const { data = {}, fcm = {} } = push.message;
  const apple = appleByFcm(push, describe(push));
  const faults = [...appleFaults(push, apple), ...headerFaults(push, apple)];
  const refuse = (path: string, message: string) => faults.push({ path, message });
  for (const name of Object.keys(data))
    if (reservedByFcm.test(name)) refuse(`data.${name}`, 'is a name that FCM has reserved');
  for (const target of fcmTargets)
    if (Object.hasOwn(fcm, target))
      refuse(`fcm.${target}`, 'may not be set: the audience says who gets the message');
  const token = objectOf(fcm.apns).live_activity_token;
  if (typeof token === 'string' && apple.type !== 'liveactivity')
    refuse('fcm.apns.live_activity_token', 'goes with apns.pushType liveactivity');

  // FCM shows a notification that has no words, so the push would be none of its type
  if (apple.type === 'background' && isObject(fcm.notification))
    refuse('fcm.notification', 'needs a title or a body');

  const { each, most } = fcmBytes(fcmMessage(push, now), push);
  const [largest] = each
    .map(({ platform, of }) => ({ platform, bytes: of({}) }))
    .sort((a, b) => b.bytes - a.bytes);
  const { platform, bytes } = largest!;
  if (bytes > most) {
    const bare = withoutKey(push);
    const keyless = fcmBytes(fcmMessage(bare, now), bare).each.find(
      (it) => it.platform === platform,
    )!;
    const sizes = { bytes, most, keyless: keyless.of({}) };
    const size = `the FCM message is ${bytes} bytes for ${platform}`;
    refuse('', tooManyBytes(size, sizes, 'title, body, data or the fcm override'));
  }
  return faults;
}

/** The headers of the override replace ours, so they must fit the rest of the push. */
function headerFaults({ message }: Push, { type, priority, payload }: Apple): Fault[] {
  const headers = objectOf(objectOf(message.fcm?.apns).headers);
  const own = (name: string) => {
    const text = headers[name];
    return typeof text === 'string' ? (textFor(text, message)?.({}) ?? text) : undefined;
  };
  const [ownType, ownPriority] = [own('apns-push-type'), own('apns-priority')];
  const faults: Fault[] = [];
  const fits = { alert: isVisible(payload), background: !isVisible(payload) };
  if (Object.hasOwn(fits, ownType ?? '') && !fits[ownType as keyof typeof fits])
    faults.push({
      path: 'fcm.apns.headers.apns-push-type',
      message: `is ${ownType}, but the push ${fits.alert ? 'shows something' : 'shows nothing'}`,
    });
  if ((ownType ?? type) === 'background' && (ownPriority ?? String(priority)) !== '5')
    if (ownType !== undefined || ownPriority !== undefined)
      faults.push({
        path: 'fcm.apns.headers.apns-priority',
        message: 'must be "5" when the push is a background one',
      });
  return faults;
}
