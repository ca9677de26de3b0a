/** A push that no device may get after a time: what the providers are told of it, for each platform. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPool } from '../../functions/http2/pool/pool.ts';
import type { Push } from '../../functions/ports/ports.ts';
import { fcmMessage } from '../../functions/providers/fcm/message.ts';
import { createFcmSender } from '../../functions/providers/fcm/sender.ts';
import { createFcmToken } from '../../functions/providers/fcm/token.ts';
import { startSimulator } from '../../functions/simulators/simulator.ts';
import { android, iosByApns, iosByFcm, NOW, pushOf, web } from './delivered.ts';
import { batch, kinds, push, start } from './fixture.ts';

const SECOND = 1000;
const by = (deliverBy: number, message: object = {}): Push => ({
  ...pushOf({ title: 'Hallo', ...message })!,
  deliverBy,
});
const times = (it: Push) => [
  iosByApns(it).expiration,
  iosByFcm(it).expiration,
  android(it).ttl,
  web(it).ttl,
];
const expiration = (seconds: number) => String(NOW / 1000 + seconds);

test('a push ends when quiet hours begin, by each provider and on each platform', () => {
  const it = by(NOW + 600 * SECOND);
  // a body of FCM is used for five seconds, and its time to live counts from when FCM gets it
  assert.deepEqual(times(it), [expiration(600), expiration(600), '595s', '595']);
  const longer = { ...it, deliverBy: NOW + 7200 * SECOND };
  assert.deepEqual(times(longer), [expiration(7200), expiration(7200), '7195s', '7195']);
  assert.deepEqual(times(by(NOW + 2 * SECOND)), [expiration(2), expiration(2), '0s', '0']);
  // as long as FCM keeps one
  assert.equal(android(by(NOW + 40 * 24 * 3600 * SECOND)).ttl, '2419200s');
});

test('now or never stays now or never', () => {
  assert.deepEqual(times(by(NOW + 600 * SECOND, { ttlSeconds: 0 })), ['0', '0', '0s', '0']);
});

test("an author's own times end with quiet hours too, and shorter ones are kept", () => {
  const fcm = (ttl: string, expiration: string, header = 'TTL') => ({
    android: { ttl: `${ttl}s` },
    webpush: { headers: { [header]: ttl } },
    apns: { headers: { 'apns-expiration': expiration } },
  });
  const long = by(NOW + 600 * SECOND, { fcm: fcm('86400', expiration(86400)) });
  assert.deepEqual(times(long).slice(1), [expiration(600), '595s', '595']);
  const short = by(NOW + 600 * SECOND, { fcm: fcm('30', '0') });
  assert.deepEqual(times(short).slice(1), ['0', '30s', '30']);
  const never = by(NOW + 600 * SECOND, { ttlSeconds: 0, fcm: fcm('86400', expiration(86400)) });
  assert.deepEqual(times(never).slice(1), [expiration(600), '595s', '595']);
  const none = by(NOW + 600 * SECOND, {
    fcm: { android: { ttl: null }, webpush: null, apns: { headers: null } },
  });
  assert.deepEqual(times(none).slice(1), [expiration(600), '595s', '595']);
  const filled = by(NOW + 600 * SECOND, {
    fcm: {
      apns: { headers: { 'apns-expiration': '{{ when | 0 }}' } },
      webpush: { headers: { ttl: '86400' } },
    },
  });
  assert.equal(iosByFcm(filled).expiration, expiration(600));
  // the names of headers are in any case
  const { webpush } = fcmMessage(filled, NOW) as { webpush: { headers: Record<string, string> } };
  assert.deepEqual([webpush.headers.TTL, webpush.headers.ttl], ['595', '595']);
  // without quiet hours they are the author's
  const free = pushOf({ title: 'Hallo', fcm: fcm('86400', expiration(86400)) })!;
  assert.deepEqual(times(free).slice(1), [expiration(86400), '86400s', '86400']);
});

test('a live activity is as new as it is without quiet hours', () => {
  const message = {
    apns: {
      pushType: 'liveactivity',
      payload: { aps: { event: 'update', 'content-state': { score: 1 } } },
    },
  };
  const timestamp = (it: Push) => (iosByApns(it).payload.aps as { timestamp: number }).timestamp;
  assert.equal(timestamp(by(NOW + 60 * SECOND, message)), timestamp(pushOf(message)!));
});

test('APNs is told for each part of a chunk until when it may be delivered', async (t) => {
  const { simulator, sender } = await start(t, 'apns');
  const { it, outcomes } = batch('apns', 2);
  const end = Math.floor(Date.now() / 1000) * 1000 + 60_000;
  const seen: unknown[] = [];
  for (const [index, deliverBy] of [end, end + 60_000].entries()) {
    await sender.send({ ...it, open: [index], push: { ...push(), deliverBy } });
    seen.push((await simulator.lastAccepted())!.headers['apns-expiration']);
  }
  assert.deepEqual(kinds(outcomes), { accepted: 2 });
  assert.deepEqual(seen, [String(end / 1000), String(end / 1000 + 60)]);
});

test('the time to live of FCM gets shorter while a chunk is sent', async (t) => {
  const simulator = await startSimulator({ provider: 'fcm', projectId: 'example' });
  t.after(() => simulator.close());
  const pool = createPool({ origin: simulator.origin, ca: simulator.ca, maxConnections: 1 });
  t.after(() => pool.close());
  let now = Date.now();
  const token = createFcmToken({ kind: 'placeholder' });
  const sender = createFcmSender({ pool, token, projectId: 'example', now: () => now });
  const { it, outcomes } = batch('fcm', 4);
  const timed = { ...push(), deliverBy: now + 600_000 };
  const usual = push();
  const seen: string[] = [];
  for (const [open, sent, waitMs] of [
    [0, timed, 4_999],
    [1, timed, 1],
    [2, timed, 0],
    [3, usual, 0],
  ] as const) {
    await sender.send({ ...it, open: [open], push: sent });
    const { message } = JSON.parse((await simulator.lastAccepted())!.payload);
    seen.push(`${message.android.ttl} ${message.webpush.headers.TTL}`);
    now += waitMs;
  }
  assert.deepEqual(kinds(outcomes), { accepted: 4 });
  assert.deepEqual(seen.slice(0, 3), ['595s 595', '595s 595', '590s 590']);
});
