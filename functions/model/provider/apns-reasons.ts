/**
 * Every reason that APNs documents, and how we classify it.
 * https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
 */

import { type Reason, reason as r } from './reason.ts';

export const apnsReasons = {
  BadCollapseId: r(400, 'blocked', 'the collapse id is longer than 64 bytes'),
  // production answers this to a sandbox token too, so it does not prove that the device is gone
  BadDeviceToken: r(
    400,
    'suspect',
    'the token is malformed or of the other environment',
    'Check its environment: an app that Xcode installs has a token of the sandbox. If that is right, let the app register again.',
  ),
  BadExpirationDate: r(400, 'blocked', 'the expiration is no date'),
  BadMessageId: r(400, 'blocked', 'the apns-id is no UUID'),
  BadPriority: r(400, 'blocked', 'the priority is not 10, 5 or 1, or not allowed for the type'),
  BadTopic: r(400, 'blocked', 'the topic is invalid'),
  // our topic is allowed, or the reason would be TopicDisallowed: the token is of another app
  DeviceTokenNotForTopic: r(
    400,
    'suspect',
    'the token belongs to another app',
    'Compare the bundle id of the app on the device with APNS_TOPIC.',
  ),
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
  PayloadTooLarge: r(
    413,
    'blocked',
    'the payload is larger than 4096 bytes',
    'Shorten the message, or the values of this installation that are filled into it.',
  ),
  TooManyProviderTokenUpdates: r(429, 'service', 'the provider token changes too often'),
  TooManyRequests: r(
    429,
    'device',
    'too many pushes to this device',
    'Send this device fewer pushes in a row.',
  ),
  InternalServerError: r(500, 'service', 'an error inside APNs'),
  ServiceUnavailable: r(503, 'service', 'APNs is unavailable'),
  Shutdown: r(503, 'service', 'APNs is shutting down'),
} as const satisfies Record<string, Reason>;
