import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apnsReasons } from '../../functions/model/provider/apns-reasons.ts';
import { fcmReasons } from '../../functions/model/provider/fcm-reasons.ts';
import { classifyApns } from '../../functions/providers/apns/reasons.ts';
import { classifyFcm } from '../../functions/providers/fcm/errors.ts';

/** https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns, "Response error strings" */
const documentedByApple: Record<number, string[]> = {
  400: [
    ...['BadCollapseId', 'BadDeviceToken', 'BadExpirationDate', 'BadMessageId', 'BadPriority'],
    ...['BadTopic', 'DeviceTokenNotForTopic', 'DuplicateHeaders', 'IdleTimeout'],
    ...['InvalidPushType', 'MissingDeviceToken', 'MissingTopic', 'PayloadEmpty', 'TopicDisallowed'],
  ],
  403: [
    ...['BadCertificate', 'BadCertificateEnvironment', 'ExpiredProviderToken', 'Forbidden'],
    ...['InvalidProviderToken', 'MissingProviderToken', 'UnrelatedKeyIdInToken'],
    ...['BadEnvironmentKeyIdInToken'],
  ],
  404: ['BadPath'],
  405: ['MethodNotAllowed'],
  410: ['ExpiredToken', 'Unregistered'],
  413: ['PayloadTooLarge'],
  429: ['TooManyProviderTokenUpdates', 'TooManyRequests'],
  500: ['InternalServerError'],
  503: ['ServiceUnavailable', 'Shutdown'],
};
/** Reasons that are not in Apple's table, but in its answers. */
const seenFromApple = ['BadEnvironmentKeyInToken'];

/** https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode; statuses by docs/cloud-messaging/error-codes */
const documentedByGoogle: Record<string, number> = {
  UNSPECIFIED_ERROR: 500,
  INVALID_ARGUMENT: 400,
  UNREGISTERED: 404,
  SENDER_ID_MISMATCH: 403,
  QUOTA_EXCEEDED: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
  THIRD_PARTY_AUTH_ERROR: 401,
};

test('every reason that Apple documents is in the table, with its status and an outcome of its own', () => {
  for (const [status, reasons] of Object.entries(documentedByApple))
    for (const reason of reasons) {
      assert.ok(Object.hasOwn(apnsReasons, reason), `${reason} is missing`);
      const known = apnsReasons[reason as keyof typeof apnsReasons];
      assert.equal(known.status, Number(status), reason);
      assert.ok(known.meaning.length > 0);
      const outcome = classifyApns(known.status, JSON.stringify({ reason }), undefined, 0);
      assert.ok('reason' in outcome && outcome.reason === reason);
    }
  const documented = Object.values(documentedByApple).flat();
  assert.deepEqual(
    Object.keys(apnsReasons).toSorted(),
    [...documented, ...seenFromApple].toSorted(),
    'the table has no other reasons',
  );
});

test('every error code that Google documents is in the table, with its status and an outcome', () => {
  assert.deepEqual(
    Object.fromEntries(Object.entries(fcmReasons).map(([code, it]) => [code, it.status])),
    documentedByGoogle,
  );
  for (const [errorCode, status] of Object.entries(documentedByGoogle)) {
    const body = JSON.stringify({ error: { details: [{ errorCode }] } });
    const outcome = classifyFcm(status, body, undefined, 0);
    assert.ok('reason' in outcome && outcome.reason === errorCode);
  }
});
