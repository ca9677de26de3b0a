/** What phones and browsers would show, read from the pushes as the API renders them. */

import type { RenderedMessage } from '../../../../http/render.ts';
import { type Answer, api, type Problem } from '../../../api/client.ts';
import type { Draft } from '../draft/draft.ts';
import type { Written } from '../draft/request.ts';

export type Platform = 'ios' | 'android' | 'web';
export const platforms: readonly Platform[] = ['ios', 'android', 'web'];

/** One push, as far as it is seen. */
export interface Picture {
  title: string;
  subtitle: string;
  body: string;
  imageUrl: string;
  link: string;
  sound: string;
  badge: string;
  /** of an iPhone */
  interruption: string;
  actions: string;
  channel: string;
  provider: string;
  /** the language that it is in; null: the default */
  language: string | null;
  bytes: number;
  mostBytes: number;
  warnings: { path: string; message: string }[];
  faults: { path: string; message: string }[];
  /** all that the provider is sent */
  payload: string;
}

/**
 * About what a push will be, from the form alone. It is never seen: it takes the place of the picture until
 * the API has said what it is, so that nothing moves then.
 */
export function sketchOf(platform: Platform, { words, options }: Draft): Picture {
  const isIos = platform === 'ios';
  const isEmpty = words.title === '' && words.body === '' && words.data.length === 0;
  return {
    title: words.title,
    subtitle: words.subtitle,
    body: words.body,
    imageUrl: words.imageUrl,
    link: platform === 'web' ? words.webLink : words.link,
    sound: platform === 'web' ? '' : words.sound,
    badge: isIos || options.badge.startsWith('+') ? options.badge : '',
    interruption: isIos ? options.interruption : '',
    actions: isIos ? options.actions : '',
    channel: platform === 'android' ? options.androidChannel : '',
    provider: '',
    language: null,
    bytes: 0,
    mostBytes: 4096,
    warnings: [],
    // a message of data alone lacks no text
    faults: isEmpty ? [{ path: 'message', message: '' }] : [],
    payload: '',
  };
}

/** null: the app has no credentials for what reaches this platform */
export type Pictures = Record<Platform, Picture | null>;

interface As {
  samples: Record<string, string>;
  language: string;
}

/** The pushes to each platform. A failure of one is a failure of all: what is shown belongs together. */
export async function picturesOf(
  { campaign: { app, message } }: Written,
  { samples, language }: As,
  signal: AbortSignal,
): Promise<Pictures | { problem: Problem }> {
  const ask = (platform: Platform, provider?: string) =>
    api.post<RenderedMessage>(
      '/v1/messages:render',
      {
        app,
        message,
        platform,
        attributes: samples,
        ...(provider && { provider }),
        ...(language && { language }),
      },
      { signal },
    );
  const answers = await Promise.all(
    platforms.map(async (platform): Promise<[Platform, Answer<RenderedMessage>]> => {
      const answer = await ask(platform);
      // an iPhone is reached by FCM where an app has nothing else
      const isByFcm = platform === 'ios' && !answer.ok && answer.problem.status === 422;
      return [platform, isByFcm ? await ask(platform, 'fcm') : answer];
    }),
  );
  const pictures: Pictures = { ios: null, android: null, web: null };
  for (const [platform, answer] of answers)
    if (answer.ok) pictures[platform] = pictureOf(answer.value, message);
    else if (answer.problem.status !== 422) return { problem: answer.problem };
  return pictures;
}

type Json = Record<string, unknown>;

const inside = (value: unknown, ...path: string[]): Json => {
  let at = value;
  for (const key of path) at = (at as Json | null | undefined)?.[key];
  return typeof at === 'object' && at !== null ? (at as Json) : {};
};

const text = (...values: unknown[]): string => {
  const found = values.find((it) => it !== undefined && it !== null);
  return found === undefined ? '' : String(found);
};

function pictureOf(it: RenderedMessage, written: Json): Picture {
  const { payload } = it;
  const message = inside(payload, 'message');
  const apns = it.provider === 'apns' ? payload : inside(message, 'apns', 'payload');
  const aps = inside(apns, 'aps');
  const alert =
    typeof aps.alert === 'string' ? { title: '', body: aps.alert } : inside(aps, 'alert');
  const android = inside(message, 'android', 'notification');
  const web = inside(message, 'webpush', 'notification');
  const shared = inside(message, 'notification');
  const data = inside(message, 'data');
  return {
    title: text(alert.title, android.title, web.title, shared.title),
    subtitle: text(alert.subtitle),
    body: text(alert.body, android.body, web.body, shared.body),
    imageUrl: text(
      apns['image-url'],
      android.image,
      web.image,
      shared.image,
      inside(message, 'apns', 'fcm_options').image,
    ),
    link: text(apns.link, inside(message, 'webpush', 'fcm_options').link, data.link),
    sound: text(
      typeof aps.sound === 'object' ? inside(aps, 'sound').name : aps.sound,
      android.sound,
    ),
    badge: text(typeof written.badge === 'string' ? written.badge : aps.badge),
    interruption: text(aps['interruption-level']),
    actions: text(aps.category),
    channel: text(android.channel_id),
    provider: it.provider,
    language: it.language,
    bytes: it.bytes,
    mostBytes: it.mostBytes,
    warnings: it.warnings,
    faults: it.faults,
    payload: JSON.stringify(payload, null, 2),
  };
}
