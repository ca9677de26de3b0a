import assert from 'node:assert/strict';
import { test } from 'node:test';
import { platforms } from '../../functions/model/platform.ts';
import { messageSchema } from '../../functions/model/schemas/message.ts';
import { apnsOptions } from '../../functions/model/schemas/message-apns.ts';
import type { Push } from '../../functions/ports/ports.ts';
import { apnsFaults, apnsNotification } from '../../functions/providers/apns/notification.ts';
import { fcmFaults } from '../../functions/providers/fcm/faults.ts';
import { lostByApns, lostByFcm } from '../../functions/providers/shared/lost.ts';
import { merge } from '../../functions/providers/shared/merge.ts';
import { badgeIn, inLanguage } from '../../functions/providers/shared/personalization.ts';
import {
  android,
  iosByApns,
  iosByFcm,
  NOW,
  pushOf,
  refusedByApns,
  refusedByFcm,
  web,
} from './delivered.ts';
import { TOPIC } from './fixture.ts';

const IN_AN_HOUR = String(NOW / 1000 + 3600);
const ID = 'campaign-1';
const image = 'https://example.com/a.png';

/** A message with nothing but defaults; a row of the table says what differs. */
const plain = {
  ios: {
    type: 'background',
    priority: '5',
    expiration: IN_AN_HOUR,
    collapse: ID,
    payload: { aps: { 'content-available': 1 } } as Record<string, unknown>,
  },
  android: { priority: 'HIGH', ttl: '3600s', collapse: ID, data: {}, notification: {} },
  web: {
    ttl: '3600',
    urgency: 'high',
    topic: ID,
    link: undefined as string | undefined,
    data: {},
    notification: {},
  },
};
const shown = { type: 'alert', priority: '10' };
const titled = {
  ios: { ...shown, payload: { aps: { alert: { title: 'T' } } } },
  android: { notification: { title: 'T', tag: ID } },
  web: { notification: { title: 'T', tag: ID } },
};

interface Row {
  message: object;
  /** by APNs and by FCM alike */
  ios?: object;
  android?: object;
  web?: object;
  /** the parts that are lost: for `ios by apns`, `ios by fcm`, `android`, `web` the paths */
  lost?: Record<string, string[]>;
}

const t = { title: 'T' };
const alerted = { alert: { title: 'T' } };
const sale = 'https://example.com/sale';
const buttons = [{ action: 'yes', title: 'Yes' }];
const rows: Record<string, Row> = {
  title: { message: t, ...titled },
  body: {
    message: { body: 'B' },
    ios: { ...shown, payload: { aps: { alert: { body: 'B' } } } },
    android: { notification: { body: 'B', tag: ID } },
    web: { notification: { body: 'B', tag: ID } },
  },
  data: {
    message: { data: { a: 'b' } },
    ios: { payload: { a: 'b', aps: { 'content-available': 1 } } },
    android: { data: { a: 'b' } },
    web: { data: { a: 'b' } },
  },
  imageUrl: {
    message: { ...t, imageUrl: image },
    ios: {
      ...shown,
      payload: { 'image-url': image, aps: { alert: { title: 'T' }, 'mutable-content': 1 } },
    },
    android: { notification: { title: 'T', tag: ID, image } },
    web: { notification: { title: 'T', tag: ID, image } },
  },
  sound: {
    message: { ...t, sound: 'ping.caf' },
    ios: { ...shown, payload: { aps: { alert: { title: 'T' }, sound: 'ping.caf' } } },
    android: { notification: { title: 'T', tag: ID, sound: 'ping.caf' } },
    web: titled.web,
    lost: { web: ['sound'] },
  },
  'a sound alone': {
    message: { sound: 'default' },
    ios: { ...shown, payload: { aps: { sound: 'default' } } },
    lost: { android: ['sound', ''], web: ['sound', ''] },
  },
  subtitle: {
    message: { ...t, subtitle: 'S' },
    ...titled,
    ios: { ...shown, payload: { aps: { alert: { title: 'T', subtitle: 'S' } } } },
    lost: { android: ['subtitle'], web: ['subtitle'] },
  },
  link: {
    message: { ...t, link: sale },
    ios: { ...shown, payload: { link: sale, aps: { alert: { title: 'T' } } } },
    android: { ...titled.android, data: { link: sale } },
    web: { ...titled.web, data: { link: sale }, link: sale },
  },
  'a link into the app, with data': {
    message: { ...t, link: 'shop://sale', data: { a: 'b' } },
    ios: { ...shown, payload: { a: 'b', link: 'shop://sale', aps: { alert: { title: 'T' } } } },
    android: { ...titled.android, data: { a: 'b', link: 'shop://sale' } },
    web: { ...titled.web, data: { a: 'b', link: 'shop://sale' } },
    lost: { web: ['link'] },
  },
  'a link into the app, and one for browsers': {
    message: { ...t, link: 'shop://sale', webLink: sale },
    ios: { ...shown, payload: { link: 'shop://sale', aps: { alert: { title: 'T' } } } },
    android: { ...titled.android, data: { link: 'shop://sale' } },
    web: { ...titled.web, data: { link: 'shop://sale' }, link: sale },
  },
  'a link alone': {
    message: { link: sale },
    ios: { payload: { link: sale, aps: { 'content-available': 1 } } },
    android: { data: { link: sale } },
    web: { data: { link: sale }, link: sale },
  },
  androidChannel: {
    message: { ...t, androidChannel: 'sales' },
    ...titled,
    android: { notification: { title: 'T', tag: ID, channel_id: 'sales' } },
  },
  'a channel without words': {
    message: { data: { a: 'b' }, androidChannel: 'sales' },
    ios: { payload: { a: 'b', aps: { 'content-available': 1 } } },
    android: { data: { a: 'b' } },
    web: { data: { a: 'b' } },
    lost: { android: ['androidChannel'] },
  },
  interruption: {
    message: { ...t, interruption: 'time-sensitive' },
    ...titled,
    ios: { ...shown, payload: { aps: { ...alerted, 'interruption-level': 'time-sensitive' } } },
    lost: { android: ['interruption'], web: ['interruption'] },
  },
  'a passive one, with a channel': {
    message: { ...t, interruption: 'passive', androidChannel: 'sales' },
    ios: { ...shown, payload: { aps: { ...alerted, 'interruption-level': 'passive' } } },
    android: { notification: { title: 'T', tag: ID, channel_id: 'sales' } },
    web: { notification: { title: 'T', tag: ID, silent: true } },
  },
  'the usual interruption': {
    message: { ...t, interruption: 'active' },
    ...titled,
    ios: { ...shown, payload: { aps: { ...alerted, 'interruption-level': 'active' } } },
  },
  threadId: {
    message: { ...t, threadId: 'chat-7' },
    ...titled,
    ios: { ...shown, payload: { aps: { ...alerted, 'thread-id': 'chat-7' } } },
    lost: { android: ['threadId'], web: ['threadId'] },
  },
  actions: {
    message: { ...t, actions: 'INVITE' },
    ...titled,
    ios: { ...shown, payload: { aps: { ...alerted, category: 'INVITE' } } },
    lost: { android: ['actions'], web: ['actions'] },
  },
  'buttons of iPhones and of browsers': {
    message: { ...t, actions: 'INVITE', fcm: { webpush: { notification: { actions: buttons } } } },
    ...titled,
    ios: { ...shown, payload: { aps: { ...alerted, category: 'INVITE' } } },
    web: { notification: { title: 'T', tag: ID, actions: buttons } },
    lost: { android: ['actions'] },
  },
  'buttons, a group and a level with nothing shown': {
    message: { data: { a: 'b' }, interruption: 'passive', threadId: 'c', actions: 'D' },
    ios: {
      payload: {
        a: 'b',
        aps: {
          'content-available': 1,
          'interruption-level': 'passive',
          'thread-id': 'c',
          category: 'D',
        },
      },
    },
    android: { data: { a: 'b' } },
    web: { data: { a: 'b' } },
    lost: Object.fromEntries(
      ['ios by apns', 'ios by fcm', 'android', 'web'].map((it) => [
        it,
        ['interruption', 'threadId', 'actions'],
      ]),
    ),
  },
  'a subtitle of a text of the app': {
    message: { subtitle: 'S', apns: { payload: { aps: { alert: { 'loc-key': 'HELLO' } } } } },
    ios: { ...shown, payload: { aps: { alert: { subtitle: 'S', 'loc-key': 'HELLO' } } } },
    lost: { android: ['subtitle', ''], web: ['subtitle', ''] },
  },
  webLink: {
    message: { ...t, webLink: 'https://example.com/sale' },
    ...titled,
    web: { ...titled.web, link: 'https://example.com/sale' },
  },
  badge: {
    message: { ...t, badge: 3 },
    ios: { ...shown, payload: { aps: { alert: { title: 'T' }, badge: 3 } } },
    android: { notification: { title: 'T', tag: ID, notification_count: 3 } },
    web: titled.web,
    lost: { web: ['badge'] },
  },
  'a badge of 0 with data': {
    message: { badge: 0, data: { a: 'b' } },
    ios: { ...shown, payload: { a: 'b', aps: { badge: 0 } } },
    android: { data: { a: 'b' } },
    web: { data: { a: 'b' } },
    lost: { android: ['badge', ''], web: ['badge', ''] },
  },
  'a badge of 0 with a title': {
    message: { ...t, badge: 0 },
    ios: { ...shown, payload: { aps: { alert: { title: 'T' }, badge: 0 } } },
    android: { notification: { title: 'T', tag: ID, notification_count: 0 } },
    web: titled.web,
    lost: { android: ['badge'], web: ['badge'] },
  },
  'a badge alone': {
    message: { badge: 0 },
    ios: { ...shown, payload: { aps: { badge: 0 } } },
    lost: { android: ['badge', ''], web: ['badge', ''] },
  },
  'a badge that counts up': {
    message: { ...t, badge: '+1' },
    ios: { ...shown, payload: { aps: { alert: { title: 'T' }, badge: badgeIn('+1') } } },
    android: titled.android,
    web: titled.web,
    lost: { android: ['badge'], web: ['badge'] },
  },
  ttlSeconds: {
    message: { ...t, ttlSeconds: 60 },
    ios: { ...titled.ios, expiration: String(NOW / 1000 + 60) },
    android: { ...titled.android, ttl: '60s' },
    web: { ...titled.web, ttl: '60' },
  },
  'now or never': {
    message: { ...t, ttlSeconds: 0 },
    ios: { ...titled.ios, expiration: '0' },
    android: { ...titled.android, ttl: '0s' },
    web: { ...titled.web, ttl: '0' },
  },
  'four weeks': {
    message: { ...t, ttlSeconds: 2_419_200 },
    ios: { ...titled.ios, expiration: String(NOW / 1000 + 2_419_200) },
    android: { ...titled.android, ttl: '2419200s' },
    web: { ...titled.web, ttl: '2419200' },
  },
  collapseId: {
    message: { ...t, collapseId: 'sale' },
    ios: { ...titled.ios, collapse: 'sale' },
    android: { collapse: 'sale', notification: { title: 'T', tag: 'sale' } },
    web: { topic: 'sale', notification: { title: 'T', tag: 'sale' } },
  },
  'a collapse id that is no topic of a browser': {
    message: { ...t, collapseId: 'a b' },
    ios: { ...titled.ios, collapse: 'a b' },
    android: { collapse: 'a b', notification: { title: 'T', tag: 'a b' } },
    web: { topic: undefined, notification: { title: 'T', tag: 'a b' } },
    lost: { web: ['collapseId'] },
  },
  priority: {
    message: { ...t, priority: 'normal' },
    ios: { ...titled.ios, priority: '5' },
    android: { ...titled.android, priority: 'NORMAL' },
    web: { ...titled.web, urgency: 'normal' },
  },
  // says who gets it, and is not sent
  category: { message: { ...t, category: 'marketing' }, ...titled },
  analyticsLabel: { message: { ...t, analyticsLabel: 'sale' }, ...titled },
  'apns.priority': {
    message: { ...t, apns: { priority: 1 } },
    ...titled,
    ios: { ...titled.ios, priority: '1' },
  },
  'apns.pushType': {
    message: { data: { a: 'b' }, apns: { pushType: 'background' } },
    ios: { payload: { a: 'b', aps: { 'content-available': 1 } } },
    android: { data: { a: 'b' } },
    web: { data: { a: 'b' } },
  },
  'apns.payload': {
    message: {
      ...t,
      apns: {
        payload: {
          'app-key': [1],
          aps: {
            'interruption-level': 'time-sensitive',
            category: 'INVITE',
            'thread-id': 'sales',
            alert: { subtitle: 'S' },
          },
        },
      },
    },
    ...titled,
    ios: {
      ...shown,
      payload: {
        'app-key': [1],
        aps: {
          'interruption-level': 'time-sensitive',
          category: 'INVITE',
          'thread-id': 'sales',
          alert: { title: 'T', subtitle: 'S' },
        },
      },
    },
  },
  'a loc-key alone': {
    message: { apns: { payload: { aps: { alert: { 'loc-key': 'HELLO', 'loc-args': ['x'] } } } } },
    ios: { ...shown, payload: { aps: { alert: { 'loc-key': 'HELLO', 'loc-args': ['x'] } } } },
    lost: { android: [''], web: [''] },
  },
  fcm: {
    message: { ...t, fcm: { android: { notification: { channel_id: 'sales' } } } },
    ...titled,
    android: { notification: { title: 'T', tag: ID, channel_id: 'sales' } },
  },
  literal: {
    message: { title: '{{name|x}}', literal: true },
    ios: { ...shown, payload: { aps: { alert: { title: '{{name|x}}' } } } },
    android: { notification: { title: '{{name|x}}', tag: ID } },
    web: { notification: { title: '{{name|x}}', tag: ID } },
  },
  localized: {
    message: { ...t, localized: { de: { body: 'B' } } },
    ios: { ...shown, payload: { aps: { alert: { title: 'T', body: 'B' } } } },
    android: { notification: { title: 'T', body: 'B', tag: ID } },
    web: { notification: { title: 'T', body: 'B', tag: ID } },
  },
};

/** In the language of a row. */
function made(message: object): Push {
  const push = pushOf(message);
  assert.ok(push, JSON.stringify(message));
  return push.message.localized ? inLanguage(push, 'de') : push;
}

for (const [name, row] of Object.entries(rows))
  test(`${name}: an iPhone gets the same by APNs and by FCM, Android and browsers get theirs`, () => {
    const push = made(row.message);
    assert.deepEqual(iosByApns(push), { ...plain.ios, ...row.ios }, 'iOS by APNs');
    assert.deepEqual(iosByFcm(push), { ...plain.ios, ...row.ios }, 'iOS by FCM');
    assert.deepEqual(android(push), { ...plain.android, ...row.android }, 'Android');
    assert.deepEqual(web(push), { ...plain.web, ...row.web }, 'web');
    const lost = {
      'ios by apns': lostByApns(push),
      'ios by fcm': lostByFcm(push, 'ios', NOW),
      android: lostByFcm(push, 'android', NOW),
      web: lostByFcm(push, 'web', NOW),
    };
    for (const [where, faults] of Object.entries(lost))
      assert.deepEqual(
        faults.map((it) => it.path),
        row.lost?.[where] ?? [],
        where,
      );
    assert.deepEqual([refusedByApns(push), refusedByFcm(push)], [null, null]);
  });

/** As `push`, of an app with receipts. */
const keyed = (push: Push, delivered = 0.02): Push => ({ ...push, receipts: { delivered } });
const key = { volley: { c: ID } };
const text = { volley: JSON.stringify(key.volley) };

for (const [name, row] of Object.entries(rows))
  test(`${name}: with receipts there is their key as well, and nothing else`, () => {
    const bare = made(row.message);
    const push = keyed(bare);
    const ios = iosByApns(bare);
    assert.deepEqual(iosByApns(push), { ...ios, payload: { ...ios.payload, ...key } });
    const byFcm = iosByFcm(bare);
    assert.deepEqual(iosByFcm(push), { ...byFcm, payload: { ...byFcm.payload, ...text } });
    for (const shape of [android, web])
      assert.deepEqual(shape(push), { ...shape(bare), data: { ...shape(bare).data, ...text } });
    assert.deepEqual(lostByApns(push), lostByApns(bare));
    for (const platform of platforms)
      assert.deepEqual(lostByFcm(push, platform, NOW), lostByFcm(bare, platform, NOW));
    assert.deepEqual([refusedByApns(push), refusedByFcm(push)], [null, null]);
  });

test('a share of `delivered` that is not the usual one is in the key', () => {
  const push = keyed(made(t), 0.5);
  assert.deepEqual(iosByApns(push).payload.volley, { c: ID, d: 0.5 });
  assert.deepEqual(android(push).data, { volley: JSON.stringify({ c: ID, d: 0.5 }) });
});

test('the table has every field of a message', () => {
  const fields = Object.keys(messageSchema.shape).filter((it) => it !== 'apns');
  for (const name of [...fields, ...Object.keys(apnsOptions.shape).map((it) => `apns.${it}`)])
    assert.ok(Object.hasOwn(rows, name), `${name} has no row`);
});

test('with any two fields together, an iPhone gets the same by APNs and by FCM', () => {
  let compared = 0;
  for (const [a, one] of Object.entries(rows))
    for (const [b, two] of Object.entries(rows)) {
      const push = pushOf(merge(one.message as never, two.message as never));
      assert.ok(push);
      const refused =
        apnsFaults(push, apnsNotification(push, TOPIC), { byCertificate: false }).length > 0;
      // if one of them refuses something for an iPhone, both do
      assert.equal(fcmFaults(push, NOW).length > 0, refused, `${a}, ${b}`);
      if (refused) continue;
      compared += 1;
      assert.deepEqual(iosByFcm(push), iosByApns(push), `${a}, ${b}`);
      assert.deepEqual([refusedByApns(push), refusedByFcm(push)], [null, null], `${a}, ${b}`);
    }
  assert.ok(compared > 500, `${compared}`);
});

const activity = { event: 'update', 'content-state': { score: 1 } };
for (const [pushType, type] of [
  ['voip', 'alert'],
  ['complication', 'alert'],
  ['fileprovider', 'alert'],
  ['mdm', 'alert'],
  ['location', 'alert'],
  ['pushtotalk', 'alert'],
  ['controls', 'alert'],
  ['widgets', 'alert'],
  ['liveactivity', 'alert'],
] as const)
  test(`FCM has no push type ${pushType}: the author is warned, and it goes as ${type}`, () => {
    const payload = pushType === 'liveactivity' ? { aps: activity } : {};
    const push = made({ ...t, apns: { pushType, priority: 10, payload } });
    assert.deepEqual(iosByFcm(push).type, type);
    assert.deepEqual(
      lostByFcm(push, 'ios', NOW).map((it) => it.path),
      ['apns.pushType'],
    );
    assert.deepEqual([lostByApns(push), refusedByFcm(push)], [[], null]);
    const silent = made({ data: { a: 'b' }, apns: { pushType, priority: 10, payload } });
    const { type: quiet, priority } = iosByFcm(silent);
    assert.deepEqual([quiet, priority, refusedByFcm(silent)], ['background', '5', null]);
    assert.deepEqual(fcmFaults(silent, NOW), []);
  });

test('FCM carries a live activity with the token of that activity', () => {
  const push = made({
    apns: { pushType: 'liveactivity', payload: { aps: activity } },
    fcm: { apns: { live_activity_token: 'token-of-the-activity' } },
  });
  const { type, payload, priority } = iosByFcm(push);
  assert.deepEqual([type, priority], [undefined, '10']);
  assert.deepEqual(payload, iosByApns(push).payload);
  assert.deepEqual([lostByFcm(push, 'ios', NOW), refusedByFcm(push)], [[], null]);
});

test("FCM's override is merged last, and its notification is an iPhone's too", () => {
  const push = made({
    title: 'T',
    body: 'B',
    apns: { priority: 5, payload: { aps: { category: 'A' } } },
    fcm: {
      notification: { title: 'Other' },
      android: { collapse_key: null },
      apns: { headers: { 'apns-priority': '10' }, payload: { aps: { category: 'Z' } } },
    },
  });
  const { priority, payload } = iosByFcm(push);
  assert.deepEqual(
    [priority, payload],
    ['10', { aps: { alert: { title: 'Other', body: 'B' }, category: 'Z' } }],
  );
  assert.equal(android(push).collapse, null);
  assert.deepEqual(android(push).notification, { title: 'Other', body: 'B', tag: ID });
  assert.deepEqual(iosByApns(push).payload, {
    aps: { alert: { title: 'T', body: 'B' }, category: 'A' },
  });
});

test("an iPhone that APNs reaches does not get what only FCM's override shows", () => {
  const push = made({ fcm: { notification: { title: 'T' } } });
  assert.deepEqual(
    lostByApns(push).map((it) => it.path),
    [''],
  );
  assert.deepEqual(lostByFcm(push, 'ios', NOW), []);
  assert.deepEqual(lostByFcm(push, 'android', NOW), []);
});
