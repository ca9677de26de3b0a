/**
 * Bounds the times of a message for FCM, so that no device gets it later than the push says. An author's
 * override may have longer ones, or none, in which case FCM keeps a message for four weeks.
 */

import { objectOf, secondsUntil } from '../shared/described.ts';

/**
 * How long a body may be used, in ms. FCM counts a time to live from when it gets the message, so one that has
 * to end at a time is made as if it was sent at the end of that, and made anew after it.
 */
export const KEPT_MS = 5_000;

type Fields = Record<string, unknown>;

/** The message with times that end at `end`, in ms, or earlier, if it is sent at `sentBy` or before. */
export function deliveredBy(message: Fields, end: number, sentBy: number): Fields {
  const { android, webpush, apns } = message;
  const ttl = secondsUntil(end, sentBy);
  const expiration = Math.floor(end / 1000);
  return {
    ...message,
    android: { ...objectOf(android), ttl: `${least(secondsOf(objectOf(android).ttl), ttl)}s` },
    webpush: withHeader(webpush, 'TTL', ttl),
    apns: withHeader(apns, 'apns-expiration', expiration),
  };
}

/** A number as text, `most` if it is larger or none. */
const least = (text: unknown, most: number) =>
  typeof text === 'string' && /^[\d.]+$/.test(text) && Number(text) <= most ? text : String(most);

const secondsOf = (ttl: unknown) => (typeof ttl === 'string' ? ttl.replace(/s$/, '') : ttl);

/** The configuration of a platform with a header that is at most that. Names are in any case. */
function withHeader(config: unknown, name: string, most: number): Fields {
  const headers = objectOf(objectOf(config).headers);
  const named = Object.keys(headers).filter((it) => it.toLowerCase() === name.toLowerCase());
  const bounded = Object.fromEntries(
    (named.length > 0 ? named : [name]).map((it) => [it, least(headers[it], most)]),
  );
  return { ...objectOf(config), headers: { ...headers, ...bounded } };
}
