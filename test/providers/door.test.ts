import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionFault } from '../../functions/model/audience/condition.ts';
import type { Push } from '../../functions/ports/ports.ts';
import { apnsFaults, apnsNotification } from '../../functions/providers/apns/notification.ts';
import { fcmFaults } from '../../functions/providers/fcm/faults.ts';
import { merge } from '../../functions/providers/shared/merge.ts';
import { chance } from '../contracts/store-fixture.ts';
import { NOW, pushOf, refusedByApns, refusedByFcm } from './delivered.ts';
import { TOPIC } from './fixture.ts';

/** Values for any field, good and bad. */
const values: unknown[] = [
  ...['', 'x', '60s', '0s', '-1s', '1.5s', '60', '1', '10', 'HIGH', 'high', 'PRIVATE', 'alert'],
  ...[
    'background',
    'https://example.com',
    'http://x',
    'shop://x',
    '#ff8800',
    'red',
    '{{a|60s}}',
    '{{a}}',
  ],
  ...[
    '2026-11-21T13:00:00Z',
    '2026-13-41T13:00:00Z',
    'ALLOW',
    'PRIORITY_MAX',
    'passive',
    'a b',
    'ä',
  ],
  ...[0, 1, 2, -1, 1.5, 2 ** 31, 2 ** 40, true, false, null],
  ...[[], ['a'], ['1s'], [1], {}, { a: 'b' }, { a: 1 }, { from: 'x' }, { aps: {} }, { badge: 1 }],
  ...['x'.repeat(70), 'x'.repeat(1500), 'ä'.repeat(1100), { a: 'x'.repeat(3000) }],
  ...[{ red: 1 }, { red: 2 }, { name: 'a', volume: 0.5 }, { name: 'a', volume: 2 }],
];

const androidNotification = [
  ...['title', 'body', 'icon', 'color', 'sound', 'tag', 'click_action', 'body_loc_key'],
  ...['body_loc_args', 'title_loc_key', 'title_loc_args', 'channel_id', 'ticker', 'sticky'],
  ...['event_time', 'local_only', 'notification_priority', 'default_sound', 'vibrate_timings'],
  ...['default_vibrate_timings', 'default_light_settings', 'visibility', 'notification_count'],
  ...['light_settings', 'light_settings.color', 'image', 'bypass_proxy_notification', 'proxy'],
].map((it) => `fcm.android.notification.${it}`);
const aps = [
  ...['alert', 'alert.title', 'alert.loc-key', 'alert.loc-args', 'badge', 'sound', 'thread-id'],
  ...['category', 'content-available', 'mutable-content', 'target-content-id'],
  ...['interruption-level', 'relevance-score', 'filter-criteria', 'url-args', 'content-changed'],
  ...['timestamp', 'stale-date', 'event', 'content-state', 'attributes-type', 'attributes'],
];
/** Paths in a message that get random values. */
const paths = [
  ...['title', 'body', 'data', 'data.a', 'data.from', 'sound', 'badge', 'imageUrl', 'webLink'],
  ...['subtitle', 'link', 'androidChannel', 'interruption', 'threadId', 'actions', 'data.link'],
  ...['ttlSeconds', 'collapseId', 'priority', 'analyticsLabel', 'literal', 'localized.de'],
  ...['apns', 'apns.pushType', 'apns.priority', 'apns.payload', 'apns.payload.key'],
  ...aps.flatMap((it) => [`apns.payload.aps.${it}`, `fcm.apns.payload.aps.${it}`]),
  ...['fcm', 'fcm.data', 'fcm.data.a', 'fcm.notification', 'fcm.notification.title', 'fcm.token'],
  ...['fcm.priority', 'fcm.android', 'fcm.android.collapse_key', 'fcm.android.priority'],
  ...['fcm.android.ttl', 'fcm.android.data', 'fcm.android.data.a', 'fcm.android.notification'],
  ...['fcm.android.direct_boot_ok', 'fcm.android.fcm_options.analytics_label', 'fcm.android.x'],
  ...['fcm.webpush', 'fcm.webpush.headers.TTL', 'fcm.webpush.headers.Urgency', 'fcm.webpush.data'],
  ...['fcm.webpush.headers.Topic', 'fcm.webpush.notification', 'fcm.webpush.notification.any'],
  ...['fcm.webpush.fcm_options.link', 'fcm.webpush.fcm_options.analytics_label'],
  ...['fcm.apns', 'fcm.apns.headers', 'fcm.apns.headers.apns-priority', 'fcm.apns.payload'],
  ...['fcm.apns.headers.apns-push-type', 'fcm.apns.headers.apns-expiration'],
  ...['fcm.apns.headers.apns-collapse-id', 'fcm.apns.fcm_options.image', 'fcm.fcm_options'],
  ...['fcm.apns.live_activity_token', 'fcm.fcm_options.analytics_label'],
  ...androidNotification,
];

const nested = (path: string, value: unknown): Record<string, unknown> =>
  path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Record<
    string,
    unknown
  >;

const byApns = (push: Push) =>
  apnsFaults(push, apnsNotification(push, TOPIC), { byCertificate: false });

test('the simulated FCM and APNs accept every message that the API accepts', () => {
  const { random } = chance(14);
  const one = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)]!;
  let taken = 0;
  for (let i = 0; i < 20_000; i++) {
    let message: Record<string, unknown> = random() < 0.7 ? { title: 'T' } : { data: { a: 'b' } };
    for (let n = 1 + Math.floor(random() * 3); n > 0; n--)
      message = merge(message, nested(one(paths), one(values)));
    const made = pushOf(message);
    if (made === null) continue;
    // half of them of an app with receipts
    const push = i % 2 ? made : { ...made, receipts: { delivered: 0.02 } };
    if (byApns(push).length === 0) assert.equal(refusedByApns(push), null, JSON.stringify(message));
    if (fcmFaults(push, NOW).length > 0) continue;
    taken += 1;
    assert.equal(refusedByFcm(push), null, JSON.stringify(message));
  }
  assert.ok(taken > 1000, `${taken}`);
});

test('the API and the simulated FCM accept the same conditions', () => {
  const { random } = chance(15);
  const parts = [
    "'a' in topics",
    "'b-c' in topics",
    '&&',
    '||',
    '!',
    '(',
    ')',
    ' ',
    "'",
    'in',
    "''",
  ];
  const push = pushOf({ title: 'T' })!;
  const counts = { taken: 0, refused: 0 };
  for (let i = 0; i < 20_000; i++) {
    let condition = '';
    for (let n = 1 + Math.floor(random() * 8); n > 0; n--)
      condition += parts[Math.floor(random() * random() * parts.length)];
    const taken = conditionFault(condition) === null;
    counts[taken ? 'taken' : 'refused'] += 1;
    const refusal = refusedByFcm({ ...push, to: 'condition' }, { condition });
    assert.equal(refusal === null, taken, condition);
  }
  assert.ok(counts.taken > 500 && counts.refused > 500, JSON.stringify(counts));
});
