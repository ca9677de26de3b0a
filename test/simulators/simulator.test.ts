import assert from 'node:assert/strict';
import type { OutgoingHttpHeaders } from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import {
  makeApnsKey,
  type Simulator,
  startSimulator,
} from '../../functions/simulators/simulator.ts';
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
} from './client.ts';

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
    [
      'a token that no device has',
      { ':path': `/3/device/${'0'.repeat(64)}` },
      '{"aps":{"alert":"x"}}',
      400,
      'BadDeviceToken',
    ],
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
    ['aps that is no dictionary', {}, '{"aps":[]}', 400, 'PayloadEmpty'],
    ['an alert that shows nothing', {}, '{"aps":{},"a":"b"}', 400, 'PayloadEmpty'],
    ['a badge that is a text', {}, '{"aps":{"badge":"1"}}', 400, 'PayloadEmpty'],
    [
      'an interruption level that is none',
      {},
      '{"aps":{"alert":"a","interruption-level":"loud"}}',
      400,
      'PayloadEmpty',
    ],
    ['a relevance beyond 1', {}, '{"aps":{"alert":"a","relevance-score":2}}', 400, 'PayloadEmpty'],
    [
      'a background push that shows something',
      { 'apns-push-type': 'background', 'apns-priority': '5' },
      '{"aps":{"alert":"a","content-available":1}}',
      400,
      'PayloadEmpty',
    ],
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
    const body = `{"aps":{"alert":"${'x'.repeat(4076)}"}}`;
    assert.equal(body.length, 4096);
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
  const FCM = 'type.googleapis.com/google.firebase.fcm.v1';
  const PROTOBUF = 'type.googleapis.com/google.protobuf';
  const shape = (told: string, field: string) => invalid(told, badRequest(field, told));
  const value = (told: string, field: string) =>
    invalid(told, fcmError('INVALID_ARGUMENT'), badRequest(field, told));
  const tooBig = (platform: string) =>
    invalid(`${platform} message is too big`, fcmError('INVALID_ARGUMENT'));
  const five = Array.from({ length: 5 }, (_, i) => `!('t${i}' in topics)`).join(' && ');
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
      { token, data: { z: '', a: 1 } },
      shape("Invalid value at 'message.data[1].value' (TYPE_STRING), 1", 'message.data[1].value'),
    ],
    [
      'a ttl without its unit',
      { token, android: { ttl: '60' } },
      shape(
        `Invalid value at 'message.android.ttl' (${PROTOBUF}.Duration), Field 'ttl', Illegal duration format; duration must end with 's'`,
        'message.android.ttl',
      ),
    ],
    [
      'a ttl that is a number',
      { token, android: { ttl: 3600000 } },
      shape(
        `Invalid value at 'message.android.ttl' (${PROTOBUF}.Duration), 3600000`,
        'message.android.ttl',
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
      shape(
        `Invalid value at 'message.android.priority' (${FCM}.AndroidConfig.AndroidMessagePriority), "urgent"`,
        'message.android.priority',
      ),
    ],
    [
      'two targets',
      { token, topic: 'news' },
      shape(
        `Invalid value at 'message' (oneof), oneof field 'target' is already set. Cannot set 'topic'`,
        'message',
      ),
    ],
    [
      'a reserved name in data',
      { token, android: { data: { 'google.x': '1' } } },
      value('Invalid data payload key: google.x', 'message.android.data'),
    ],
    [
      'a condition that is none',
      { condition: "'a' in topics &&" },
      value('Invalid condition expression provided.', 'message.condition'),
    ],
    [
      'six topics in a condition',
      { condition: Array.from({ length: 6 }, (_, i) => `'t${i}' in topics`).join(' || ') },
      value('Invalid condition expression provided.', 'message.condition'),
    ],
    [
      'an APNs payload without aps',
      { token, apns: { payload: { alert: 'x' } } },
      value(
        'Payload of Apple Push Notification Service must contain an [aps] key.',
        'message.apns.payload',
      ),
    ],
    [
      'a badge that is a text',
      { token, apns: { payload: { aps: { badge: '1' } } } },
      value('Invalid value: "1"', 'message.apns.payload.aps.badge'),
    ],
    [
      'a background push of high priority',
      {
        token,
        apns: {
          headers: { 'apns-priority': '10' },
          payload: { aps: { 'content-available': 1 } },
        },
      },
      value('A background push must have apns-priority 5.', 'message.apns.headers'),
    ],
    [
      'a message without a recipient',
      { notification: { title: 'a' } },
      invalid(noRecipient, fcmError('INVALID_ARGUMENT'), badRequest('message', noRecipient)),
    ],
    [
      'a token that is none',
      { token: 'abc' },
      invalid(badToken, fcmError('INVALID_ARGUMENT'), badRequest('message.token', badToken)),
    ],
    ['a payload over 4,096 bytes', { token, data: { a: 'x'.repeat(4096) } }, tooBig('Android')],
    [
      'a payload over 2,048 bytes to a topic',
      { topic: 'news', data: { a: 'x'.repeat(2048) } },
      tooBig('Android'),
    ],
    [
      'a payload too big for browsers alone',
      { token, webpush: { data: { a: 'x'.repeat(4096) } } },
      tooBig('Webpush'),
    ],
    [
      'a payload too big for iPhones alone',
      { token, apns: { payload: { aps: { alert: 'x'.repeat(4096) } } } },
      tooBig('APNs'),
    ],
  ];
  for (const [what, message, body] of wrong)
    test(`${what} is refused with INVALID_ARGUMENT`, async () => {
      assert.deepEqual(await fcmPush(session, message), { status: 400, headers: json, body });
    });

  for (const [what, message] of [
    ['a payload of 4,096 bytes', { token, data: { a: 'x'.repeat(4086) }, webpush: null }],
    ['2,048 bytes to a topic', { topic: 'news', data: { a: 'x'.repeat(2030) } }],
    ['a condition of five topics', { condition: five }],
    ['null where nothing is meant', { token, android: null, data: null }],
    ['a number as a text', { token, android: { notification: { notification_count: '3' } } }],
    ['what is normal', { token, android: { priority: 'normal', ttl: '0.5s' } }],
  ] as [string, object][])
    test(`${what} is let pass`, async () => {
      assert.equal((await fcmPush(session, message)).status, 200);
    });

  const spelt: [string, object, string][] = [
    [
      'a name in both spellings',
      { android: { collapse_key: 'a', collapseKey: 'a' } },
      'message.android',
    ],
    ['a list for a text', { notification: { title: ['a'] } }, 'message.notification'],
    [
      'a text for a flag',
      { android: { direct_boot_ok: 'true' } },
      'message.android.direct_boot_ok',
    ],
    [
      'a fraction for a count',
      { android: { notification: { notification_count: 1.5 } } },
      'message.android.notification.notification_count',
    ],
    [
      'a number among texts',
      { android: { notification: { body_loc_args: ['a', 1] } } },
      'message.android.notification.body_loc_args[1]',
    ],
    ['a text for a message', { android: 'a' }, 'message.android'],
    ['priority at the top', { priority: 'high' }, 'message'],
    ['a name of the prototype', { constructor: {} }, 'message'],
    ['a duration in words', { android: { ttl: 'xs' } }, 'message.android.ttl'],
    ['a negative ttl', { android: { ttl: '-1s' } }, 'message.android.ttl'],
    [
      'a color in words',
      { android: { notification: { color: 'red' } } },
      'message.android.notification.color',
    ],
    [
      'lights without their times',
      { android: { notification: { light_settings: { color: { red: 1 } } } } },
      'message.android.notification.light_settings.light_on_duration',
    ],
    [
      'a link without TLS',
      { webpush: { fcm_options: { link: 'http://x' } } },
      'message.webpush.fcm_options.link',
    ],
    ['a header in words', { webpush: { headers: { TTL: 'soon' } } }, 'message.webpush.headers'],
    ['a priority of 7', { apns: { headers: { 'apns-priority': '7' } } }, 'message.apns.headers'],
    [
      'a push type FCM has not',
      { apns: { headers: { 'apns-push-type': 'voip' } } },
      'message.apns.headers',
    ],
    [
      'a label with a space',
      { fcm_options: { analytics_label: 'a b' } },
      'message.fcm_options.analytics_label',
    ],
    ['a topic with a space', { token: undefined, topic: 'a b' }, 'message.topic'],
  ];
  for (const [what, message, field] of spelt)
    test(`${what} is refused at ${field}`, async () => {
      const { status, body } = await fcmPush(session, { token, ...message });
      assert.equal(status, 400, body);
      const { details } = JSON.parse(body).error as {
        details: { fieldViolations?: { field: string }[] }[];
      };
      assert.deepEqual(
        details.flatMap((it) => it.fieldViolations ?? []).map((it) => it.field),
        [field],
      );
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
