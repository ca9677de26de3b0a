import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EstimateView } from '../../functions/http/campaigns/estimate.ts';
import type { TestedView } from '../../functions/http/campaigns/test-send.ts';
import type { Problem } from '../../functions/http/core/problems.ts';
import { createSenders } from '../../functions/providers/senders.ts';
import { credentials } from '../providers/fixture.ts';
import { apnsToken, createFixture, jsonOf } from './fixture.ts';

/** Real senders: nothing is sent, so they do not connect. */
async function createDoors(t: Parameters<typeof createFixture>[0]) {
  const fixture = await createFixture(t);
  const senders = createSenders({
    default: credentials('https://localhost:1', 'https://localhost:1'),
  });
  t.after(() => senders.close());
  fixture.ports.senders = senders;
  const { ask } = fixture;
  await ask('PUT', '/v1/installations/phone', {
    platform: 'ios',
    token: apnsToken(1),
    userId: 'me',
  });
  const audience = { userIds: ['me'] };
  const campaign = { name: 'x', audience };
  /** By the path that a message has in their bodies. */
  const doors: [door: string, within: string, send: (message: object) => Promise<Response>][] = [
    ['create', '', async (message) => ask('POST', '/v1/campaigns', { ...campaign, message })],
    ['message', '', async (message) => ask('POST', '/v1/messages', { ...audience, message })],
    ['test', '', async (message) => ask('POST', '/v1/campaigns:test', { ...campaign, message })],
    [
      'schedule',
      'campaign.',
      async (message) =>
        ask('POST', '/v1/schedules', {
          name: 'x',
          cron: '0 9 * * *',
          campaign: { ...campaign, message },
        }),
    ],
    [
      'trigger',
      '',
      async (message) =>
        ask('PUT', '/v1/triggers/orders', {
          audience,
          message,
          proof: { kind: 'github', secret: 'x'.repeat(16) },
        }),
    ],
  ];
  const estimate = (message: object, of: object = audience) =>
    ask('POST', '/v1/audiences:estimate', { audience: of, message });
  return { ...fixture, doors, estimate };
}

const x = (bytes: number) => 'x'.repeat(bytes);
const android = (part: object) => ({ fcm: { android: part } });
const aps = (part: object) => ({ apns: { payload: { aps: part } } });

/** A message beside its title, and where its faults are. */
const refused: [string, object, string[]][] = [
  ['a ttl in milliseconds', android({ ttl: 3_600_000 }), ['message.fcm.android.ttl']],
  ['a ttl without its unit', android({ ttl: '60' }), ['message.fcm.android.ttl']],
  ['a ttl of five weeks', android({ ttl: '3024000s' }), ['message.fcm.android.ttl']],
  ['a number in data', { fcm: { data: { a: 1 } } }, ['message.fcm.data.a']],
  ['a name that FCM has reserved', { fcm: { data: { from: '1' } } }, ['message.fcm.data.from']],
  ['a reserved name in data', { data: { 'google.a': '1' } }, ['message.data.google.a']],
  ['priority at the top', { fcm: { priority: 'high' } }, ['message.fcm.priority']],
  [
    'names of the Admin SDK',
    android({ collapseKey: 'a', notification: { channelId: 'a' } }),
    ['message.fcm.android.collapseKey', 'message.fcm.android.notification.channelId'],
  ],
  [
    '6,000 bytes of data for Android',
    android({ data: { a: x(6000) } }),
    ['message.fcm.android.data'],
  ],
  [
    'too much for browsers alone',
    { fcm: { webpush: { notification: { body: x(4100) } } } },
    ['message'],
  ],
  ['too much in all', { body: x(2000), data: { a: x(2100) } }, ['message', 'message']],
  ['a target', { fcm: { topic: 'all' } }, ['message.fcm.topic']],
  [
    'several together',
    { ...android({ priority: 'urgent' }), ...aps({ badge: '1', sound: { volume: 2 } }) },
    [
      'message.apns.payload.aps.badge',
      'message.apns.payload.aps.sound.name',
      'message.apns.payload.aps.sound.volume',
      'message.fcm.android.priority',
    ],
  ],
  [
    'an interruption level that is none',
    aps({ 'interruption-level': 'loud' }),
    ['message.apns.payload.aps.interruption-level'],
  ],
  [
    'a relevance beyond 1',
    aps({ 'relevance-score': 2 }),
    ['message.apns.payload.aps.relevance-score'],
  ],
  ['aps that is no object', { apns: { payload: { aps: 'x' } } }, ['message.apns.payload.aps']],
  [
    'a background push that shows something',
    { apns: { pushType: 'background' } },
    ['message.apns.pushType'],
  ],
  ['a value of 6,000 bytes', { data: { a: x(6000) } }, ['message.data.a']],
  [
    '300 values',
    { data: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, ''])) },
    ['message.data'],
  ],
  ['a link that is a program', { link: 'javascript:alert(1)' }, ['message.link']],
  ['two links', { link: 'shop://a', data: { link: 'b' } }, ['message.data.link']],
  ['an interruption that is none', { interruption: 'loud' }, ['message.interruption']],
  [
    'names that are too long',
    { androidChannel: x(129), threadId: x(129), actions: x(129) },
    ['message.actions', 'message.androidChannel', 'message.threadId'],
  ],
  ["Apple's name in data", { data: { aps: 'x' } }, ['message.data.aps']],
];

test('what a provider would refuse is refused by every call, at its path, and nothing is stored', async (t) => {
  const { doors, estimate, store, tasks } = await createDoors(t);
  for (const [what, part, paths] of refused) {
    for (const [door, within, send] of doors) {
      const response = await send({ title: 'x', ...part });
      assert.ok([400, 422].includes(response.status), `${what}, ${door}: ${response.status}`);
      const { faults } = await jsonOf<Problem>(response);
      assert.deepEqual(
        faults!.map((it) => it.path).sort(),
        paths.map((it) => within + it),
        `${what}, ${door}`,
      );
    }
    const response = await estimate({ title: 'x', ...part });
    const found = await jsonOf<Problem & EstimateView>(response);
    const told =
      response.status === 400
        ? found.faults!.map((it) => it.path)
        : found.problems
            .filter((it) => it.kind === 'fault')
            .map((it) => it.message.split(': ')[0]!);
    assert.deepEqual(told.sort(), paths, `${what}, estimate`);
  }
  assert.deepEqual((await store.listCampaigns(null, 10)).items, []);
  assert.deepEqual((await store.listSchedules(null, 10)).items, []);
  assert.deepEqual((await store.listTriggers(null, 10)).items, []);
  assert.deepEqual(tasks, []);
});

test('a default has the form that its place needs; a trigger does not know its webhooks', async (t) => {
  const { doors } = await createDoors(t);
  for (const [ttl, fits] of [
    ['{{keep|60s}}', true],
    ['{{keep|60}}', false],
    ['{{keep}}', false],
    ['{{keep|60}}s', true],
  ] as const)
    for (const [door, , send] of doors) {
      const { status } = await send({ title: 'x', ...android({ ttl }) });
      const taken = fits || door === 'trigger';
      assert.equal(status < 300, taken, `${ttl}, ${door}: ${status}`);
    }
  const named = await doors[0]![2]({ title: 'x', fcm: { data: { '{{k}}': 'a' } } });
  assert.deepEqual(
    (await jsonOf<Problem>(named)).faults!.map((it) => `${it.path}: ${it.message}`),
    ['message.fcm.data.{{k}}: takes no variables'],
  );
  // the text of a literal message stands as it is
  const [, , create] = doors[0]!;
  const literal = await create({ title: 'x', literal: true, ...android({ ttl: '{{keep|60s}}' }) });
  assert.deepEqual(
    [literal.status, (await jsonOf<Problem>(literal)).faults!.map((it) => it.path)],
    [400, ['message.fcm.android.ttl']],
  );
});

test('a badge alone, or a sound, is a message', async (t) => {
  const { doors } = await createDoors(t);
  for (const message of [{ badge: 0 }, { badge: '+1' }, { sound: 'default' }])
    for (const [door, , send] of doors) {
      const response = await send(message);
      assert.ok(response.status < 300, `${JSON.stringify(message)}, ${door}: ${response.status}`);
    }
  for (const message of [{}, { webLink: 'https://example.com' }, { analyticsLabel: 'a' }])
    assert.equal((await doors[0]![2](message)).status, 422);
});

test('a topic takes 2,048 bytes', async (t) => {
  const { ask } = await createDoors(t);
  for (const [bytes, status] of [
    [1900, 202],
    [2048, 422],
  ] as const) {
    const body = { name: 'x', audience: { topic: 'news' }, message: { body: x(bytes) } };
    assert.equal((await ask('POST', '/v1/campaigns', body)).status, status);
    const trigger = { ...body, name: undefined, proof: { kind: 'github', secret: x(16) } };
    const put = await ask('PUT', '/v1/triggers/news', trigger);
    assert.equal(put.status, status === 202 ? 200 : 422);
  }
});

test('what a platform cannot be given is a warning, in the estimate and in the test', async (t) => {
  const { ask, estimate, doors } = await createDoors(t);
  const people = [
    ['mac', { platform: 'ios', provider: 'fcm', token: 'fcm-token-of-a-mac' }],
    ['droid', { platform: 'android', token: 'fcm-token-of-a-droid' }],
    ['tab', { platform: 'web', token: 'fcm-token-of-a-tab' }],
  ] as const;
  for (const [id, it] of people)
    await ask('PUT', `/v1/installations/${id}`, { ...it, userId: 'me' });
  const message = {
    title: 'x',
    sound: 'default',
    badge: '+1',
    apns: { pushType: 'voip', payload: {} },
  };
  const { problems } = await jsonOf<EstimateView>(await estimate(message));
  const warned = problems.map(({ severity, kind, message, installations, examples }) => [
    ...[severity, kind, message.split(': ')[0], installations, examples],
  ]);
  const warning = (at: string, id: string) => ['warning', 'not-carried', at, 1, [id]];
  assert.deepEqual(
    warned.toSorted((a, b) => String(a).localeCompare(String(b))),
    [
      warning('message.apns.pushType, ios by fcm', 'mac'),
      warning('message.badge, android by fcm', 'droid'),
      warning('message.badge, web by fcm', 'tab'),
      warning('message.sound, web by fcm', 'tab'),
    ],
  );
  const [, , send] = doors.find(([door]) => door === 'test')!;
  const { recipients } = await jsonOf<TestedView>(await send(message));
  const warnings = Object.fromEntries(
    recipients.map((it) => [it.installationId, it.warnings.map(({ path }) => path)]),
  );
  assert.deepEqual(warnings, {
    phone: [],
    mac: ['message.apns.pushType'],
    droid: ['message.badge'],
    tab: ['message.badge', 'message.sound'],
  });

  // those of a topic cannot be counted
  const topic = await jsonOf<EstimateView>(
    await estimate({ title: 'x', sound: 'default' }, { topic: 'news' }),
  );
  assert.deepEqual(
    topic.problems.map((it) => [it.kind, it.installations]),
    [
      ['fault', 0],
      ['not-carried', 0],
    ],
  );
  const quiet = await jsonOf<EstimateView>(await estimate({ title: 'x', body: 'y' }));
  assert.deepEqual(quiet.problems, []);
});
