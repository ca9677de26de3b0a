import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apnsReasons } from '../../../functions/model/provider/apns-reasons.ts';
import { classifyApns } from '../../../functions/providers/apns/reasons.ts';

const classify = (status: number, body: object | string, retryAfter?: string) =>
  classifyApns(status, typeof body === 'string' ? body : JSON.stringify(body), retryAfter, 1000);

test('200 is accepted', () => assert.deepEqual(classify(200, ''), { kind: 'accepted' }));

test('a device without the app is unregistered since the time that APNs gives', () => {
  for (const reason of ['Unregistered', 'ExpiredToken'])
    assert.deepEqual(classify(410, { reason, timestamp: 1700000000000 }), {
      kind: 'unregistered',
      reason,
      since: 1700000000000,
    });
});

test('reasons about credentials, topics and messages block, and never blame a device', () => {
  for (const [reason, { status, class: it }] of Object.entries(apnsReasons)) {
    const outcome = classify(status, { reason });
    assert.equal('reason' in outcome && outcome.reason, reason);
    if (
      status === 403 ||
      /Topic$|TopicDisallowed|Payload|Bad(?!Device)|Missing(?!Device)/.test(reason)
    )
      assert.equal(
        outcome.kind,
        reason === 'DeviceTokenNotForTopic' ? 'rejected' : 'blocked',
        reason,
      );
    if (outcome.kind === 'unregistered') assert.equal(it, 'unregistered');
  }
});

test('a malformed token, or one of another app, is rejected', () => {
  assert.equal(classify(400, { reason: 'BadDeviceToken' }).kind, 'rejected');
  assert.equal(classify(400, { reason: 'DeviceTokenNotForTopic' }).kind, 'rejected');
});

test('too many pushes to a device delay that device; all else delays all devices', () => {
  assert.deepEqual(classify(429, { reason: 'TooManyRequests' }, '3'), {
    kind: 'retry',
    reason: 'TooManyRequests',
    afterMs: 3000,
    scope: 'device',
  });
  for (const [status, reason] of [
    [429, 'TooManyProviderTokenUpdates'],
    [500, 'InternalServerError'],
    [503, 'ServiceUnavailable'],
    [503, 'Shutdown'],
  ] as const)
    assert.deepEqual(classify(status, { reason }), {
      kind: 'retry',
      reason,
      afterMs: null,
      scope: 'service',
    });
});

test('an unknown reason is classified by its status', () => {
  assert.deepEqual(classify(400, { reason: 'Novel' }), {
    kind: 'rejected',
    reason: 'Novel',
    suspect: true,
  });
  assert.deepEqual(classify(403, { reason: 'Novel' }), { kind: 'blocked', reason: 'Novel' });
  assert.equal(classify(502, '<html>').kind, 'retry');
  assert.deepEqual(classify(404, '<html>'), { kind: 'blocked', reason: 'HTTP 404' });
  assert.deepEqual(classify(410, 'null'), {
    kind: 'unregistered',
    reason: 'HTTP 410',
    since: null,
  });
  assert.equal(classify(400, { reason: 'constructor' }).kind, 'rejected');
});

test('only reasons that a wrong environment or topic of ours would also cause are suspect', () => {
  const suspect = (reason: string) => {
    const outcome = classify(400, { reason });
    return outcome.kind === 'rejected' && outcome.suspect === true;
  };
  assert.ok(suspect('BadDeviceToken') && suspect('DeviceTokenNotForTopic') && suspect('New'));
  assert.equal(suspect('MissingDeviceToken'), false);
});
