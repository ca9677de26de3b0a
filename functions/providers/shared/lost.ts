/**
 * Finds the parts of a message that a provider cannot deliver to a platform. The message is sent
 * nevertheless, and its author is warned. `webLink`, `apns`, `fcm` and `analyticsLabel` need no warning:
 * their names say which platform they are for.
 */

import type { Fault } from '../../lib/errors.ts';
import type { Platform } from '../../model/platform.ts';
import type { Push } from '../../ports/ports.ts';
import { appleByFcm, fcmMessage, webTopicForm } from '../fcm/message.ts';
import { type Apple, appleOf, describe, isVisible, objectOf } from './described.ts';

/** The losses on an iPhone that APNs reaches. */
export function lostByApns(push: Push): Fault[] {
  return lostByApple(push, appleOf(push, describe(push)));
}

/** The losses on a platform that FCM reaches. `now` is in milliseconds. */
export function lostByFcm(push: Push, platform: Platform, now: number): Fault[] {
  const { message } = push;
  const built = fcmMessage(push, now);
  if (platform === 'ios') {
    const apple = appleByFcm(push, describe(push));
    const asked = message.apns?.pushType;
    const lost = lostByApple(push, apple);
    if (asked !== undefined && asked !== apple.type)
      lost.push({
        path: 'apns.pushType',
        message: `FCM cannot send ${asked}: it goes as ${apple.type}`,
      });
    return lost;
  }
  const shown = {
    ...objectOf(built.notification),
    ...objectOf(objectOf(platform === 'web' ? built.webpush : built.android).notification),
  };
  return platform === 'web' ? lostByWeb(push, shown) : lostByAndroid(push, shown);
}

/** The fields of a notification that hold texts. Those of localized texts are Android's. */
const wordFields = ['title', 'body', 'title_loc_key', 'body_loc_key'];
const hasWords = (shown: Record<string, unknown>) =>
  wordFields.some((name) => typeof shown[name] === 'string');

const SHOWS_NOTHING: Fault = {
  path: '',
  message: 'shows nothing there: it has neither a title nor a body',
};
const EMPTY: Fault = {
  path: '',
  message: 'is empty there: it shows nothing and has no data',
};

function lostByApple({ message }: Push, apple: Apple): Fault[] {
  if (message.apns?.pushType !== undefined || isVisible(apple.payload)) return [];
  const { aps: _, ...rest } = apple.payload;
  const carries = Object.keys({ ...message.data, ...rest }).length > 0;
  // the notification in FCM's override has no counterpart in APNs
  if (hasWords(objectOf(message.fcm?.notification))) return [SHOWS_NOTHING];
  return carries ? [] : [EMPTY];
}

function lostByAndroid(push: Push, shown: Record<string, unknown>): Fault[] {
  const { badge, sound, imageUrl } = push.message;
  if (!hasWords(shown)) return unshown(push, { badge, sound, imageUrl });
  const lost: Fault[] = [];
  if (typeof badge === 'string')
    lost.push({ path: 'badge', message: `Android counts by itself, and does not know "${badge}"` });
  if (badge === 0)
    lost.push({
      path: 'badge',
      message: 'Android counts by itself if it is 0: no badge is removed',
    });
  return lost;
}

function lostByWeb(push: Push, shown: Record<string, unknown>): Fault[] {
  const { badge, sound, imageUrl, collapseId } = push.message;
  const lost: Fault[] = [];
  if (hasWords(shown)) {
    if (badge !== undefined) lost.push({ path: 'badge', message: 'browsers show none' });
    if (sound !== undefined) lost.push({ path: 'sound', message: 'browsers play none' });
  } else lost.push(...unshown(push, { badge, sound, imageUrl }));
  if (collapseId !== undefined && !webTopicForm.test(collapseId))
    lost.push({
      path: 'collapseId',
      message:
        'replaces what is shown, but not what waits for a browser: that takes 1 to 32 letters, digits and - _',
    });
  return lost;
}

/** Without a title or a body, nothing else is shown either. */
function unshown(push: Push, parts: Record<string, unknown>): Fault[] {
  const lost = Object.entries(parts)
    .filter(([, value]) => value !== undefined)
    .map(([path]) => ({ path, message: 'goes with a title or a body there' }));
  const showsElsewhere = isVisible(appleOf(push, describe(push)).payload);
  const hasData = Object.keys(push.message.data ?? {}).length > 0;
  if (showsElsewhere) return [...lost, hasData ? SHOWS_NOTHING : EMPTY];
  return hasData || push.message.fcm !== undefined ? lost : [...lost, EMPTY];
}
