import assert from 'node:assert/strict';
import type { OutgoingHttpHeaders } from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { makeApnsKey, type Simulator, startSimulator } from '../../functions/local/simulator.ts';
import { sampleToken } from '../../functions/local/simulators/tokens.ts';
import {
  apnsKey,
  apnsOptions,
  apnsPush,
  ask,
  connect,
  fcmHeaders,
  fcmOptions,
  fcmPush,
  jwt,
  PUSH_ID,
} from './simulator-client.ts';

describe('APNs, simulated', () => {
  let simulator: Simulator;
  let session: Awaited<ReturnType<typeof connect>>;
  before(async () => {
    simulator = await startSimulator(apnsOptions);
    session = await connect(simulator);
  });
  after(async () => {
    session.destroy();
    await simulator.close();
  });

  const token = sampleToken('apns', 1);

  test('a good push is accepted, and its id comes back', async () => {
    assert.deepEqual(await apnsPush(session), {
      status: 200,
      headers: { 'apns-id': PUSH_ID },
      body: '',
    });
  });

  test('a push without an id is given one', async () => {
    const { headers } = await apnsPush(session, token, { 'apns-id': undefined });
    assert.match(headers['apns-id']!, /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
  });

  const wrong: [string, OutgoingHttpHeaders, string | Buffer, number, string][] = [
    ['another method', { ':method': 'PUT' }, '{}', 405, 'MethodNotAllowed'],
    ['another path', { ':path': `/4/device/${token}` }, '{}', 404, 'BadPath'],
    ['no device token', { ':path': '/3/device/' }, '{}', 400, 'MissingDeviceToken'],
    ['a token that is not hexadecimal', { ':path': '/3/device/xyz' }, '{}', 400, 'BadDeviceToken'],
    ['no bearer', { authorization: undefined }, '{}', 403, 'MissingProviderToken'],
    ['no topic', { 'apns-topic': undefined }, '{}', 400, 'MissingTopic'],
    ['a foreign topic', { 'apns-topic': 'com.other' }, '{}', 400, 'TopicDisallowed'],
    ['an unknown push type', { 'apns-push-type': 'loud' }, '{}', 400, 'InvalidPushType'],
    ['a priority of 7', { 'apns-priority': '7' }, '{}', 400, 'BadPriority'],
    [
      'a background push of high priority',
      { 'apns-push-type': 'background' },
      '{}',
      400,
      'BadPriority',
    ],
    ['an expiration in words', { 'apns-expiration': 'soon' }, '{}', 400, 'BadExpirationDate'],
    [
      'a collapse id of 65 bytes',
      { 'apns-collapse-id': 'x'.repeat(65) },
      '{}',
      400,
      'BadCollapseId',
    ],
    ['no payload', {}, '', 400, 'PayloadEmpty'],
    ['a payload that is not JSON', {}, '{"aps":', 400, 'PayloadEmpty'],
    ['a payload of 4,097 bytes', {}, `{"a":"${'x'.repeat(4089)}"}`, 413, 'PayloadTooLarge'],
    ['a payload of a megabyte', {}, Buffer.alloc(1024 * 1024, 0x20), 413, 'PayloadTooLarge'],
  ];
  for (const [what, changes, body, status, reason] of wrong)
    test(`${what} is refused with ${reason}`, async () => {
      assert.deepEqual(await apnsPush(session, token, changes, body), {
        status,
        headers: { 'apns-id': PUSH_ID },
        body: `{"reason":"${reason}"}`,
      });
    });

  test('an id that is no UUID is refused, and echoed', async () => {
    assert.deepEqual(await apnsPush(session, token, { 'apns-id': 'mine' }), {
      status: 400,
      headers: { 'apns-id': 'mine' },
      body: '{"reason":"BadMessageId"}',
    });
  });

  test('a payload of 4,096 bytes and a collapse id of 64 are let pass', async () => {
    const body = `{"a":"${'x'.repeat(4088)}"}`;
    const { status } = await apnsPush(session, token, { 'apns-collapse-id': 'x'.repeat(64) }, body);
    assert.equal(status, 200);
  });

  const now = Math.floor(Date.now() / 1000);
  const [text, signature] = [jwt().split('.').slice(0, 2).join('.'), jwt().split('.')[2]];
  const bearers: [string, string, string][] = [
    ['signed by another key', jwt({}, {}, makeApnsKey().privateKey), 'InvalidProviderToken'],
    ['of another key id', jwt({}, { kid: 'OTHER' }), 'InvalidProviderToken'],
    ['of another team', jwt({ iss: 'OTHER' }), 'InvalidProviderToken'],
    ['of another algorithm', jwt({}, { alg: 'none' }), 'InvalidProviderToken'],
    ['without its time', jwt({ iat: undefined }), 'InvalidProviderToken'],
    ['from tomorrow', jwt({ iat: now + 86_400 }), 'InvalidProviderToken'],
    ['of more than an hour ago', jwt({ iat: now - 3_660 }), 'ExpiredProviderToken'],
    ['with the signature of another', `${text}x.${signature}`, 'InvalidProviderToken'],
    ['that is no token', 'open sesame', 'InvalidProviderToken'],
  ];
  for (const [what, bearer, reason] of bearers)
    test(`a bearer ${what} is refused`, async () => {
      const { status, body } = await apnsPush(session, token, {
        authorization: `bearer ${bearer}`,
      });
      assert.deepEqual([status, body], [403, `{"reason":"${reason}"}`]);
    });

  test('a connection that changes its provider token too often is told so', async () => {
    const other = await connect(simulator);
    const bodies = [];
    for (let age = 0; age < 4; age++) {
      const authorization = `bearer ${jwt({ iat: now - age })}`;
      bodies.push((await apnsPush(other, token, { authorization })).body);
    }
    other.destroy();
    assert.deepEqual(bodies, ['', '', '', '{"reason":"TooManyProviderTokenUpdates"}']);
  });

  test('the payload that was accepted last can be looked at', async () => {
    await apnsPush(session, token, {}, '{"aps":{"badge":3}}');
    const last = await simulator.lastAccepted();
    assert.equal(last?.token, token);
    assert.equal(last?.payload, '{"aps":{"badge":3}}');
    assert.equal(last?.headers['apns-topic'], 'com.example.app');
  });

  test('a certificate made for another simulator is not trusted', async () => {
    const other = await startSimulator({ ...apnsOptions, publicKey: apnsKey.publicKey });
    try {
      await assert.rejects(connect({ origin: simulator.origin, ca: other.ca }), /certificate/);
    } finally {
      await other.close();
    }
  });
});

describe('FCM, simulated', () => {
  let simulator: Simulator;
  let session: Awaited<ReturnType<typeof connect>>;
  before(async () => {
    simulator = await startSimulator(fcmOptions);
    session = await connect(simulator);
  });
  after(async () => {
    session.destroy();
    await simulator.close();
  });

  const token = sampleToken('fcm', 1);
  const json = { 'content-type': 'application/json; charset=UTF-8' };
  const fcmError = (errorCode: string) =>
    `{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"${errorCode}"}`;
  const badRequest = (field: string, description: string) =>
    `{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[${JSON.stringify({ field, description })}]}`;
  const invalid = (message: string, ...details: string[]) =>
    `{"error":{"code":400,"message":${JSON.stringify(message)},"status":"INVALID_ARGUMENT"${
      details.length > 0 ? `,"details":[${details}]` : ''
    }}}`;

  test('a good message is accepted under a name', async () => {
    const got = await fcmPush(session);
    assert.deepEqual([got.status, got.headers], [200, json]);
    assert.match(got.body, /^\{"name":"projects\/example\/messages\/0:\d+%\w+"\}$/);
  });

  test('every part of a message is known, in either spelling', async () => {
    const { status, body } = await fcmPush(session, {
      token,
      data: { a: 'b' },
      notification: { title: 'a', body: 'b', image: 'https://example.com/a.png' },
      android: {
        collapseKey: 'a',
        priority: 'high',
        ttl: '86400s',
        notification: { tag: 'a', sound: 'default', notification_count: 3, channelId: 'a' },
        fcm_options: { analytics_label: 'a' },
      },
      webpush: { headers: { TTL: '10' }, notification: { anything: [1] } },
      apns: { headers: { 'apns-priority': '5' }, payload: { aps: {} } },
      fcmOptions: { analyticsLabel: 'a' },
    });
    assert.deepEqual([status, body.startsWith('{"name"')], [200, true]);
  });

  const unknown = `Invalid JSON payload received. Unknown name "titel" at 'message.notification': Cannot find field.`;
  const badToken = 'The registration token is not a valid FCM registration token';
  const noRecipient = 'Recipient of the message is not set.';
  const longTtl = 'Invalid ttl: it must be at most 2419200 seconds.';
  const wrong: [string, object, string][] = [
    [
      'an unknown field',
      { token, notification: { titel: 'a' } },
      invalid(unknown, badRequest('message.notification', unknown)),
    ],
    [
      'data that is not text',
      { token, data: { a: 1 } },
      invalid(
        `Invalid value at 'message.data', {"a":1}`,
        badRequest('message.data', `Invalid value at 'message.data', {"a":1}`),
      ),
    ],
    [
      'a ttl without its unit',
      { token, android: { ttl: '60' } },
      invalid(
        `Invalid value at 'message.android.ttl', "60"`,
        badRequest('message.android.ttl', `Invalid value at 'message.android.ttl', "60"`),
      ),
    ],
    [
      'a ttl of five weeks',
      { token, android: { ttl: '3024000s' } },
      invalid(longTtl, fcmError('INVALID_ARGUMENT'), badRequest('message.android.ttl', longTtl)),
    ],
    [
      'a priority that is none',
      { token, android: { priority: 'urgent' } },
      invalid(
        `Invalid value at 'message.android.priority', "urgent"`,
        badRequest(
          'message.android.priority',
          `Invalid value at 'message.android.priority', "urgent"`,
        ),
      ),
    ],
    [
      'a message to nobody',
      { notification: { title: 'a' } },
      invalid(noRecipient, fcmError('INVALID_ARGUMENT'), badRequest('message', noRecipient)),
    ],
    [
      'a token that is none',
      { token: 'abc' },
      invalid(badToken, fcmError('INVALID_ARGUMENT'), badRequest('message.token', badToken)),
    ],
    [
      'a payload over 4,096 bytes',
      { token, data: { a: 'x'.repeat(4096) } },
      invalid('Android message is too big', fcmError('INVALID_ARGUMENT')),
    ],
  ];
  for (const [what, message, body] of wrong)
    test(`${what} is refused with INVALID_ARGUMENT`, async () => {
      assert.deepEqual(await fcmPush(session, message), { status: 400, headers: json, body });
    });

  test('what is not JSON is refused', async () => {
    const { status, body } = await ask(session, fcmHeaders, '{"message":');
    assert.deepEqual(
      [status, body],
      [400, invalid('Invalid JSON payload received. Parsing error.')],
    );
  });

  const elsewhere: [string, OutgoingHttpHeaders, number, string][] = [
    ['without a bearer', { authorization: undefined }, 401, 'UNAUTHENTICATED'],
    [
      'to another project',
      { ':path': '/v1/projects/other/messages:send' },
      403,
      'PERMISSION_DENIED',
    ],
    ['to another path', { ':path': '/fcm/send' }, 404, 'NOT_FOUND'],
    ['with another method', { ':method': 'PUT' }, 404, 'NOT_FOUND'],
    ['of another content type', { 'content-type': 'text/plain' }, 400, 'INVALID_ARGUMENT'],
  ];
  for (const [what, changes, status, word] of elsewhere)
    test(`a request ${what} gets ${status} ${word}`, async () => {
      const got = await fcmPush(session, { token }, changes);
      assert.equal(got.status, status);
      const { error } = JSON.parse(got.body) as { error: { code: number; status: string } };
      assert.deepEqual([error.code, error.status], [status, word]);
    });

  test('a message that is only validated is not counted', async () => {
    await simulator.reset();
    const body = JSON.stringify({ validate_only: true, message: { token } });
    assert.equal((await ask(session, fcmHeaders, body)).status, 200);
    assert.equal((await simulator.stats()).accepted, 0);
  });
});
