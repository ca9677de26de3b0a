/**
 * Finds the parts of a message that a provider cannot deliver to a platform. The message is sent
 * nevertheless, and its author is warned. `webLink`, `androidChannel`, `apns`, `fcm` and `analyticsLabel`
 * need no warning: their names say which platform they are for.
 *
 * FCM has neither groups nor buttons of Android's notifications, nor a subtitle:
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages#androidnotification
 * It refuses a message with a field that it does not have.
 */

import type { Fault } from '../../lib/errors.ts';
import type { Message } from '../../model/campaign.ts';
import type { Platform } from '../../model/platform.ts';
import type { Push } from '../../ports/ports.ts';
import { appleByFcm, fcmMessage, webLinkOf, webTopicForm } from '../fcm/message.ts';
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

/** The fields among `reasons` that the message has, in their order. A reason of false is none. */
const told = (message: Message, reasons: { [field in keyof Message]?: string | false }): Fault[] =>
  Object.entries(reasons).flatMap(([path, reason]) =>
    reason && message[path as keyof Message] !== undefined ? { path, message: reason } : [],
  );

const NEEDS_WORDS = 'goes with a title or a body there';

function lostByApple({ message }: Push, apple: Apple): Fault[] {
  if (message.apns?.pushType !== undefined || isVisible(apple.payload)) return [];
  const lost = told(message, {
    interruption: NEEDS_WORDS,
    threadId: NEEDS_WORDS,
    actions: NEEDS_WORDS,
  });
  const { aps: _, ...rest } = apple.payload;
  const carries =
    Object.keys({ ...message.data, ...rest }).length > 0 || message.link !== undefined;
  // the notification in FCM's override has no counterpart in APNs
  if (hasWords(objectOf(message.fcm?.notification))) return [...lost, SHOWS_NOTHING];
  return carries ? lost : [...lost, EMPTY];
}

function lostByAndroid(push: Push, shown: Record<string, unknown>): Fault[] {
  const { message } = push;
  if (!hasWords(shown)) return unshown(push, ['badge', 'sound', 'imageUrl', 'androidChannel']);
  return told(message, {
    badge: badgeByAndroid(message.badge),
    subtitle: 'Android shows none',
    // since Android 8 the importance of the channel replaces a notification's own priority
    interruption:
      shown.channel_id === undefined &&
      message.interruption !== 'active' &&
      'the channel decides on Android: name one in androidChannel',
    threadId: 'FCM cannot group notifications of Android: only an app that shows them itself can',
    actions: 'FCM cannot give Android buttons: only an app that shows its notifications itself can',
  });
}

function badgeByAndroid(badge: Message['badge']): string | false {
  if (typeof badge === 'string') return `Android counts by itself, and does not know "${badge}"`;
  return badge === 0 && 'Android counts by itself if it is 0: no badge is removed';
}

function lostByWeb(push: Push, shown: Record<string, unknown>): Fault[] {
  const { message } = push;
  const lost = hasWords(shown)
    ? told(message, {
        badge: 'browsers show none',
        sound: 'browsers play none',
        subtitle: 'browsers show none',
        link: webLinkOf(message) === undefined && 'browsers open https alone: give a webLink',
        interruption:
          (message.interruption === 'time-sensitive' || message.interruption === 'critical') &&
          'browsers know no level but passive',
        threadId: 'browsers have no groups',
        actions:
          shown.actions === undefined &&
          'browsers know no categories: give fcm.webpush.notification.actions',
      })
    : unshown(push, ['badge', 'sound', 'imageUrl']);
  return [
    ...lost,
    ...told(message, {
      collapseId:
        !webTopicForm.test(message.collapseId ?? '') &&
        'replaces what is shown, but not what waits for a browser: that takes 1 to 32 letters, digits and - _',
    }),
  ];
}

/** Without a title or a body, nothing else is shown either. */
function unshown(push: Push, parts: (keyof Message)[]): Fault[] {
  const { message } = push;
  const all = [...parts, 'subtitle', 'interruption', 'threadId', 'actions'] as const;
  const lost = told(message, Object.fromEntries(all.map((it) => [it, NEEDS_WORDS])));
  const showsElsewhere = isVisible(appleOf(push, describe(push)).payload);
  const hasData = Object.keys(message.data ?? {}).length > 0 || message.link !== undefined;
  if (showsElsewhere) return [...lost, hasData ? SHOWS_NOTHING : EMPTY];
  return hasData || message.fcm !== undefined ? lost : [...lost, EMPTY];
}
