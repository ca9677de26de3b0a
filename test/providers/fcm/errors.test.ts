import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyFcm } from '../../../functions/providers/fcm/errors.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const error = (errorCode: string | null, more: object = {}, details: object[] = []) =>
  JSON.stringify({
    error: {
      ...more,
      details: [
        ...(errorCode
          ? [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }]
          : []),
        ...details,
      ],
    },
  });
const classify = (status: number, body: string, retryAfter?: string) =>
  classifyFcm(status, body, retryAfter, NOW);

test('200 is accepted', () => assert.deepEqual(classify(200, ''), { kind: 'accepted' }));

test('a 200 has the name of the push, if that has the documented form', () => {
  const name = 'projects/p/messages/0:1500415314455276%31bd1c9631bd1c96';
  assert.deepEqual(classify(200, JSON.stringify({ name })), { kind: 'accepted', name });
  const longest = `projects/p/messages/${'x'.repeat(180)}`;
  assert.deepEqual(classify(200, JSON.stringify({ name: longest })), {
    kind: 'accepted',
    name: longest,
  });
  for (const body of [
    ...[
      'not JSON',
      'null',
      '[]',
      '{}',
      '"projects/p/messages/1"',
      JSON.stringify({ name }).slice(0, -9),
    ],
    ...[1, null, { toString: 'x' }, [name], '', `${name}\n`, `${name} <b>`, `x${name}`].map((it) =>
      JSON.stringify({ name: it }),
    ),
    ...['projects//messages/1', 'projects/p/messages/', 'projects/p/messages/ü', `${longest}x`].map(
      (it) => JSON.stringify({ name: it }),
    ),
  ])
    assert.deepEqual(classify(200, body), { kind: 'accepted' }, body);
});

test('UNREGISTERED is unregistered; FCM does not say since when', () =>
  assert.deepEqual(classify(404, error('UNREGISTERED')), {
    kind: 'unregistered',
    reason: 'UNREGISTERED',
    since: null,
  }));

test('a 404 that is not about the token is a wrong project', () =>
  assert.deepEqual(classify(404, error(null, { status: 'NOT_FOUND' })), {
    kind: 'blocked',
    reason: 'NOT_FOUND',
  }));

test('INVALID_ARGUMENT is about the token only when the token is named', () => {
  const at = (field: string) => [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field }] },
  ];
  assert.equal(classify(400, error('INVALID_ARGUMENT', {}, at('message.token'))).kind, 'rejected');
  assert.equal(
    classify(400, error('INVALID_ARGUMENT', {}, at('message.android.ttl'))).kind,
    'blocked',
  );
  assert.equal(classify(400, error('INVALID_ARGUMENT', { message: 'too big' })).kind, 'blocked');
  const message = 'The registration token is not a valid FCM registration token';
  assert.equal(classify(400, error('INVALID_ARGUMENT', { message })).kind, 'rejected');
});

test("a rejection has FCM's own detail, shortened and on one line", () => {
  const violation = (field: string, description: string) => ({
    '@type': 'type.googleapis.com/google.rpc.BadRequest',
    fieldViolations: [{ field, description }],
  });
  const detailOf = (body: string) => {
    const it = classify(400, body);
    return 'detail' in it ? it.detail : undefined;
  };
  const message = "Invalid value at 'message.android.ttl'";
  assert.equal(detailOf(error('INVALID_ARGUMENT', { message })), message);
  assert.equal(
    detailOf(
      error('INVALID_ARGUMENT', { message }, [
        violation('message.android.ttl', 'Illegal duration format'),
        violation('message.data[0].value', ''),
      ]),
    ),
    'message.android.ttl: Illegal duration format; message.data[0].value',
  );
  assert.equal(detailOf(error('INVALID_ARGUMENT')), undefined);
  assert.equal(
    detailOf(error('INVALID_ARGUMENT', { message: `a\n\u2028b${'x'.repeat(999)}` }))?.length,
    200,
  );
  assert.match(detailOf(error('INVALID_ARGUMENT', { message: 'a\n\u2028b' }))!, /^a {2}b$/);
});

test('a token of another sender is rejected; missing permissions and keys block', () => {
  assert.deepEqual(classify(403, error('SENDER_ID_MISMATCH')), {
    kind: 'rejected',
    reason: 'SENDER_ID_MISMATCH',
    suspect: true,
  });
  assert.equal(classify(403, error(null, { status: 'PERMISSION_DENIED' })).kind, 'blocked');
  assert.equal(classify(401, error('THIRD_PARTY_AUTH_ERROR')).kind, 'blocked');
  assert.equal(classify(401, error(null, { status: 'UNAUTHENTICATED' })).kind, 'blocked');
});

test('quota and outages delay all devices, for as long as Retry-After says', () => {
  const after = (status: number, code: string, retryAfter?: string) => {
    const it = classify(status, error(code), retryAfter);
    assert.ok(it.kind === 'retry' && it.scope === 'service');
    return it.afterMs;
  };
  assert.deepEqual(classify(429, error('QUOTA_EXCEEDED')), {
    kind: 'retry',
    reason: 'QUOTA_EXCEEDED',
    scope: 'service',
    afterMs: null,
    stalledMs: 60_000,
  });
  assert.equal(after(429, 'QUOTA_EXCEEDED', '5'), 5000);
  assert.equal(after(503, 'UNAVAILABLE', 'Thu, 01 Jan 2026 00:02:00 GMT'), 120_000);
  assert.equal(after(503, 'UNAVAILABLE', 'Thu, 01 Jan 2025 00:02:00 GMT'), 0);
  assert.equal(after(503, 'UNAVAILABLE', 'soon'), null);
  assert.equal(after(500, 'INTERNAL'), null);
});

test('an answer that is not JSON is classified by its status', () => {
  assert.equal(classify(502, '<html>').kind, 'retry');
  assert.equal(classify(400, '<html>').kind, 'blocked');
});
