/**
 * Every reason that APNs documents, and how we classify it.
 * https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
 */

import { parseRetryAfter } from '../../lib/retry-after.ts';
import type { Outcome } from '../../model/outcome.ts';

/**
 * rejected      this token is refused, finally
 * suspect       as rejected; if many tokens get it, our environment or topic is wrong
 * unregistered  the app is gone from the device; only this class makes us forget the token
 * blocked       the message, the credential or the topic is at fault: every device would get it
 * device        try this device again later
 * service       try all devices again later
 */
type Class = 'rejected' | 'suspect' | 'unregistered' | 'blocked' | 'device' | 'service';

interface Reason {
  status: number;
  class: Class;
  meaning: string;
}

export const apnsReasons = {
  BadCollapseId: r(400, 'blocked', 'the collapse id is longer than 64 bytes'),
  // production answers this to a sandbox token too, so it does not prove that the device is gone
  BadDeviceToken: r(400, 'suspect', 'the token is malformed or of the other environment'),
  BadExpirationDate: r(400, 'blocked', 'the expiration is no date'),
  BadMessageId: r(400, 'blocked', 'the apns-id is no UUID'),
  BadPriority: r(400, 'blocked', 'the priority is not 10, 5 or 1, or not allowed for the type'),
  BadTopic: r(400, 'blocked', 'the topic is invalid'),
  // our topic is allowed, or the reason would be TopicDisallowed: the token is of another app
  DeviceTokenNotForTopic: r(400, 'suspect', 'the token belongs to another app'),
  DuplicateHeaders: r(400, 'blocked', 'a header is repeated'),
  IdleTimeout: r(400, 'service', 'the connection was idle for too long'),
  InvalidPushType: r(400, 'blocked', 'the push type is invalid'),
  MissingDeviceToken: r(400, 'rejected', 'the path has no token'),
  MissingTopic: r(400, 'blocked', 'the topic is missing'),
  PayloadEmpty: r(400, 'blocked', 'the payload is empty'),
  TopicDisallowed: r(400, 'blocked', 'the key may not send to this topic'),
  BadCertificate: r(403, 'blocked', 'the certificate is invalid'),
  BadCertificateEnvironment: r(403, 'blocked', 'the certificate is for the other environment'),
  BadEnvironmentKeyIdInToken: r(403, 'blocked', 'the key is not for this environment'),
  // not in Apple's table, but its servers spell it this way
  BadEnvironmentKeyInToken: r(403, 'blocked', 'the key is not for this environment'),
  ExpiredProviderToken: r(
    403,
    'blocked',
    'the provider token is too old, and a new one was refused as well',
  ),
  Forbidden: r(403, 'blocked', 'the action is not allowed'),
  InvalidProviderToken: r(403, 'blocked', 'the key is revoked, or key, key id or team id is wrong'),
  MissingProviderToken: r(403, 'blocked', 'there is no provider token'),
  UnrelatedKeyIdInToken: r(403, 'blocked', 'the key is unrelated to those of this connection'),
  BadPath: r(404, 'blocked', 'the path is invalid'),
  MethodNotAllowed: r(405, 'blocked', 'the method is not POST'),
  ExpiredToken: r(410, 'unregistered', 'the token has expired'),
  Unregistered: r(410, 'unregistered', 'the app is not on the device any more'),
  PayloadTooLarge: r(413, 'blocked', 'the payload is larger than 4096 bytes'),
  TooManyProviderTokenUpdates: r(429, 'service', 'the provider token changes too often'),
  TooManyRequests: r(429, 'device', 'too many pushes to this device'),
  InternalServerError: r(500, 'service', 'an error inside APNs'),
  ServiceUnavailable: r(503, 'service', 'APNs is unavailable'),
  Shutdown: r(503, 'service', 'APNs is shutting down'),
} as const satisfies Record<string, Reason>;

function r(status: number, it: Class, meaning: string): Reason {
  return { status, class: it, meaning };
}

/** The class of a reason that Apple has not documented. A device is blamed only if it is surely at fault. */
function classOf(status: number): Class {
  if (status === 410) return 'unregistered';
  // a 400 may concern one device or all
  if (status === 400) return 'suspect';
  if (status === 429 || status >= 500) return 'service';
  return 'blocked';
}

const ACCEPTED: Outcome = Object.freeze({ kind: 'accepted' });

/**
 * The outcome of an answer of APNs. Unless `status` is 200, `body` is the JSON `{reason, timestamp?}`.
 * `now` is in milliseconds. Never throws.
 */
export function classifyApns(
  status: number,
  body: string,
  retryAfter: string | undefined,
  now: number,
): Outcome {
  if (status === 200) return ACCEPTED;
  const { reason, timestamp } = parse(body);
  const known = Object.hasOwn(apnsReasons, reason)
    ? apnsReasons[reason as keyof typeof apnsReasons]
    : undefined;
  const name = reason || `HTTP ${status}`;
  const it = known?.class ?? classOf(status);
  switch (it) {
    case 'suspect':
      return { kind: 'rejected', reason: name, suspect: true };
    case 'rejected':
    case 'blocked':
      return { kind: it, reason: name };
    case 'unregistered':
      return { kind: it, reason: name, since: timestamp };
    default:
      return { kind: 'retry', reason: name, afterMs: parseRetryAfter(retryAfter, now), scope: it };
  }
}

function parse(body: string): { reason: string; timestamp: number | null } {
  try {
    const { reason, timestamp } = JSON.parse(body);
    return {
      reason: typeof reason === 'string' ? reason.slice(0, 100).toWellFormed() : '',
      timestamp: typeof timestamp === 'number' ? timestamp : null,
    };
  } catch {
    return { reason: '', timestamp: null };
  }
}
