/**
 * Every error code that FCM HTTP v1 documents, and how we classify it.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
 * https://firebase.google.com/docs/cloud-messaging/error-codes
 */

import { type Reason, reason as r } from './reason.ts';

export const fcmReasons = {
  UNSPECIFIED_ERROR: r(500, 'service', 'no further reason is known'),
  INVALID_ARGUMENT: r(400, 'token', 'the token is malformed, or the message is at fault'),
  UNREGISTERED: r(404, 'unregistered', 'the app is not on the device any more'),
  SENDER_ID_MISMATCH: r(
    403,
    'suspect',
    'the token belongs to another project',
    "Compare the Firebase project in the app's configuration with FCM_PROJECT_ID.",
  ),
  QUOTA_EXCEEDED: r(429, 'service', 'too many messages'),
  UNAVAILABLE: r(503, 'service', 'FCM is overloaded'),
  INTERNAL: r(500, 'service', 'an error inside FCM'),
  THIRD_PARTY_AUTH_ERROR: r(
    401,
    'blocked',
    "the project's APNs key or web push key is missing",
    "Upload it in the Firebase console, under Cloud Messaging: FCM cannot reach Apple's or browsers' devices without it.",
  ),
} as const satisfies Record<string, Reason>;
