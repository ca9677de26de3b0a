import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPool } from '../../functions/http2/pool/pool.ts';
import type { Message } from '../../functions/model/campaign.ts';
import type { Sender } from '../../functions/ports/ports.ts';
import { createApnsAccess } from '../../functions/providers/apns/access.ts';
import { createApnsSender } from '../../functions/providers/apns/sender.ts';
import { createFcmSender } from '../../functions/providers/fcm/sender.ts';
import { createSenders } from '../../functions/providers/senders.ts';
import { answer, certificate, startPeer, startPool } from '../http2/peer.ts';
import { batch, credentials, kinds, push, start, watchfulSender } from './fixture.ts';

for (const provider of ['apns', 'fcm'] as const) {
  test(`${provider}: every open recipient gets the push, once`, async (t) => {
    const { simulator, sender } = await start(t, provider);
    const { it, outcomes } = batch(provider, 2500);
    it.open = it.open.filter((index) => index % 5 > 0);
    await sender.send(it);
    assert.deepEqual(kinds(outcomes), { accepted: 2000 });
    const stats = await simulator.stats();
    assert.deepEqual([stats.accepted, stats.distinct, stats.invalid], [2000, 2000, 0]);
    assert.equal(await simulator.countOf(it.recipients[5]!.token), 0);
  });

  test(`${provider}: dead and bad tokens are told apart`, async (t) => {
    const { simulator, sender } = await start(t, provider, { deadShare: 0.2, badShare: 0.1 });
    const { it, outcomes } = batch(provider, 1000);
    await sender.send(it);
    const { accepted, unregistered, rejected } = kinds(outcomes);
    const stats = await simulator.stats();
    assert.equal(accepted, stats.accepted);
    assert.equal(
      unregistered,
      stats.rejected[provider === 'apns' ? 'Unregistered' : 'UNREGISTERED'],
    );
    assert.equal(
      rejected,
      stats.rejected[provider === 'apns' ? 'BadDeviceToken' : 'INVALID_ARGUMENT'],
    );
    assert.equal(accepted! + unregistered! + rejected!, 1000);
  });

  test(`${provider}: GOAWAY and refused streams lose no push and send none twice`, async (t) => {
    const { simulator, sender } = await start(t, provider, { goawayEvery: 150, refuseEvery: 40 });
    const { it, outcomes } = batch(provider, 3000);
    await sender.send(it);
    const counts = kinds(outcomes);
    const stats = await simulator.stats();
    assert.equal(stats.duplicates, 0);
    assert.equal(counts.accepted, stats.accepted);
    assert.equal(counts.unknown, undefined);
    assert.equal((counts.accepted ?? 0) + (counts.retry ?? 0), 3000);
  });

  test(`${provider}: resets and cuts leave recipients in doubt, and no push is sent twice`, async (t) => {
    const { simulator } = await start(t, provider, { resetEvery: 50, cutEvery: 300 });
    const sender = watchfulSender(t, provider, simulator);
    const { it, outcomes } = batch(provider, 2000);
    await sender.send(it);
    const counts = kinds(outcomes);
    const stats = await simulator.stats();
    assert.equal(stats.duplicates, 0);
    assert.ok(counts.unknown! > 0);
    assert.equal(outcomes.size, 2000);
    for (const [index, [outcome]] of outcomes)
      if (outcome?.kind === 'accepted')
        assert.equal(await simulator.countOf(it.recipients[index]!.token), 1);
  });

  test(`${provider}: a blocked answer concerns its own recipient, and the batch goes on`, async (t) => {
    const reason = provider === 'apns' ? 'InvalidProviderToken' : 'THIRD_PARTY_AUTH_ERROR';
    const { sender } = await start(t, provider, { blocked: reason });
    const { it, outcomes } = batch(provider, 5000);
    await sender.send(it);
    assert.deepEqual(kinds(outcomes), { blocked: 5000 });
    const [first] = outcomes.get(0)!;
    assert.ok(first?.kind === 'blocked' && first.reason === reason && !first.proven);
  });

  test(`${provider}: after the signal no push starts, and those under way get their outcome`, async (t) => {
    const { simulator, sender } = await start(t, provider);
    const stop = new AbortController();
    const { it, outcomes } = batch(provider, 5000, { signal: stop.signal });
    const { settle } = it;
    it.settle = (index, outcome) => {
      settle(index, outcome);
      if (outcomes.size === 100) stop.abort();
    };
    await sender.send(it);
    assert.deepEqual(kinds(outcomes), { accepted: outcomes.size });
    assert.ok(outcomes.size < 1200);
    assert.equal((await simulator.stats()).accepted, outcomes.size);
  });

  test(`${provider}: the outcome has the wait that a provider asks for`, async (t) => {
    const { sender } = await start(t, provider, { tooMany: { every: 1, retryAfterSeconds: 9 } });
    const { it, outcomes } = batch(provider, 10);
    await sender.send(it);
    const [first] = outcomes.get(0)!;
    assert.ok(first?.kind === 'retry');
    assert.equal(first.afterMs, 9000);
    assert.equal(first.scope, provider === 'apns' ? 'device' : 'service');
  });

  test(`${provider}: if there is no connection, every push may be tried again`, async (t) => {
    const { simulator } = await start(t, provider);
    const { origin } = simulator;
    await simulator.close();
    const senders = createSenders({ default: credentials(origin, origin) });
    t.after(() => senders.close());
    const { it, outcomes } = batch(provider, 1500);
    await senders.get('default', provider, 'production')!.send(it);
    assert.deepEqual(kinds(outcomes), { retry: 1500 });
  });
}

test('fcm: a push has the name that FCM gives it, where the batch keeps names', async (t) => {
  const { simulator, sender } = await start(t, 'fcm');
  for (const keepsNames of [true, false]) {
    const { it, outcomes } = batch('fcm', 1, { keepsNames });
    await sender.send(it);
    const { name } = JSON.parse((await simulator.lastAccepted())!.answer);
    assert.match(name, /^projects\/example\/messages\/0:/);
    assert.deepEqual(outcomes.get(0), [{ kind: 'accepted', ...(keepsNames && { name }) }]);
  }
  const { it, outcomes } = batch('fcm', 300, { keepsNames: true });
  await sender.send(it);
  const names = [...outcomes.values()].map(([one]) => one?.kind === 'accepted' && one.name);
  assert.equal(new Set(names).size, 300, 'each has its own');
  assert.ok(names.every(Boolean));
});

test('apns: the ids are ours, so there is no name', async (t) => {
  const { sender } = await start(t, 'apns');
  const { it, outcomes } = batch('apns', 1, { keepsNames: true });
  await sender.send(it);
  assert.deepEqual(outcomes.get(0), [{ kind: 'accepted' }]);
});

test('an empty batch ends immediately', async (t) => {
  const { sender } = await start(t, 'fcm');
  await sender.send(batch('fcm', 0).it);
});

test('APNs gets the payload and headers of the message, and an id that a second delivery repeats', async (t) => {
  const { simulator, sender } = await start(t, 'apns');
  const { it } = batch('apns', 1);
  it.push = push({
    data: { link: '/sale' },
    sound: 'default',
    badge: 3,
    imageUrl: 'https://example.com/a.png',
    apns: { payload: { aps: { 'thread-id': 'sales', alert: { subtitle: 'Now' } } } },
  });
  await sender.send(it);
  const first = (await simulator.lastAccepted())!;
  assert.deepEqual(JSON.parse(first.payload), {
    link: '/sale',
    'image-url': 'https://example.com/a.png',
    aps: {
      alert: { title: 'Hello', body: 'World', subtitle: 'Now' },
      sound: 'default',
      badge: 3,
      'mutable-content': 1,
      'thread-id': 'sales',
    },
  });
  assert.equal(first.headers['apns-push-type'], 'alert');
  assert.equal(first.headers['apns-priority'], '10');
  assert.equal(first.headers['apns-collapse-id'], 'campaign-1');
  assert.equal(first.headers['apns-expiration'], String(it.push.expiresAt / 1000));
  await sender.send(it);
  const second = (await simulator.lastAccepted())!;
  assert.equal(second.headers['apns-id'], first.headers['apns-id']);
  await sender.send({ ...it, seed: 'another' });
  assert.notEqual((await simulator.lastAccepted())!.headers['apns-id'], first.headers['apns-id']);
});

test('APNs: a message that shows nothing wakes the app in the background', async (t) => {
  const { simulator, sender } = await start(t, 'apns');
  const { it, outcomes } = batch('apns', 1);
  it.push = {
    ...push(),
    message: { data: { a: 'b' }, ttlSeconds: 0, priority: 'high', collapseId: 'x' },
  };
  await sender.send(it);
  assert.deepEqual(kinds(outcomes), { accepted: 1 });
  const { payload, headers } = (await simulator.lastAccepted())!;
  assert.deepEqual(JSON.parse(payload), { a: 'b', aps: { 'content-available': 1 } });
  assert.equal(headers['apns-push-type'], 'background');
  assert.equal(headers['apns-priority'], '5');
  assert.equal(headers['apns-expiration'], '0');
  assert.equal(headers['apns-collapse-id'], 'x');
});

test('FCM gets the message with every id that replaces an earlier one', async (t) => {
  const { simulator, sender } = await start(t, 'fcm');
  const { it, outcomes } = batch('fcm', 1);
  it.push = push({
    title: 'Grüße "an" alle',
    data: { link: '/sale' },
    badge: 3,
    imageUrl: 'https://example.com/a.png',
    fcm: { android: { notification: { channel_id: 'sales' } } },
  });
  await sender.send(it);
  assert.deepEqual(kinds(outcomes), { accepted: 1 });
  const { message } = JSON.parse((await simulator.lastAccepted())!.payload);
  assert.equal(message.token, it.recipients[0]!.token);
  assert.deepEqual(message.data, { link: '/sale' });
  assert.deepEqual(message.notification, {
    title: 'Grüße "an" alle',
    body: 'World',
    image: 'https://example.com/a.png',
  });
  assert.equal(message.android.collapse_key, 'campaign-1');
  assert.deepEqual(message.android.notification, {
    tag: 'campaign-1',
    notification_count: 3,
    channel_id: 'sales',
  });
  // of the hour that it had, what was left when it was sent
  const ttl = Number(/^(\d+)s$/.exec(message.android.ttl)?.[1]);
  const left = Math.floor((it.push.expiresAt - Date.now()) / 1000);
  assert.ok(ttl >= left && ttl <= 3600, message.android.ttl);
  assert.equal(message.apns.headers['apns-collapse-id'], 'campaign-1');
  assert.equal(message.webpush.notification.tag, 'campaign-1');
});

test('the author is told what a provider would refuse', async (t) => {
  const { sender: apns } = await start(t, 'apns');
  const { sender: fcm } = await start(t, 'fcm');
  assert.deepEqual([...apns.check(push()), ...fcm.check(push())], []);
  const long = push({ data: { text: 'ä'.repeat(2100) } });
  for (const sender of [apns, fcm]) {
    const [fault, ...more] = sender.check(long);
    assert.deepEqual([fault!.path, more], ['', []]);
    assert.match(fault!.message, /4096 are allowed/);
  }
  const paths = (sender: Sender, message: Partial<Message>) =>
    sender.check(push(message)).map((it) => it.path);
  assert.deepEqual(paths(apns, { data: { aps: 'x' } }), ['data.aps']);
  assert.deepEqual(paths(apns, { apns: { payload: { aps: 'x' } } }), ['apns.payload.aps']);
  assert.deepEqual(paths(fcm, { data: { from: 'x', 'google.x': 'y' } }), [
    'data.from',
    'data.google.x',
  ]);
  assert.deepEqual(paths(fcm, { fcm: { topic: 'everybody' } }), ['fcm.topic']);
});

test('an override cannot name another recipient, and cannot reach the prototype', async (t) => {
  const { simulator, sender } = await start(t, 'fcm');
  const { it } = batch('fcm', 1);
  it.push = push({ fcm: JSON.parse('{"topic":"everybody","android":{"__proto__":{"x":1}}}') });
  await sender.send(it);
  assert.equal((await simulator.lastAccepted()) === null, true); // FCM knows no such field
  assert.equal(({} as { x?: number }).x, undefined);
});

test('APNs: an expired provider token is renewed once and the pushes are sent again', async (t) => {
  const bearers = new Set<string>();
  const peer = await startPeer(t, (stream, headers) => {
    bearers.add(headers.authorization!);
    return bearers.size === 1
      ? answer(stream, 403, '{"reason":"ExpiredProviderToken"}')
      : answer(stream);
  });
  let renewals = 0;
  let current = 'old';
  const token = {
    current: () => current,
    renew(used: string) {
      if (used === 'old' && current === 'old') renewals += 1;
      current = 'new';
      return used === 'old' ? current : null;
    },
  };
  const pool = startPool(t, { origin: peer.origin });
  const { it, outcomes } = batch('apns', 200);
  await createApnsSender({ access: createApnsAccess({ pool, token }), topic: 'x' }).send(it);
  assert.deepEqual(kinds(outcomes), { accepted: 200 });
  assert.equal(renewals, 1);
});

test('FCM: without an access token one recipient carries the reason', async (t) => {
  const pool = createPool({ origin: 'https://localhost:1', maxConnections: 1 });
  t.after(() => pool.close());
  for (const [message, kind] of [
    ['getaddrinfo ENOTFOUND', 'retry'],
    ['invalid_grant: Invalid JWT Signature', 'blocked'],
  ] as const) {
    const token = { current: () => Promise.reject(new Error(message)), forget() {} };
    const { it, outcomes } = batch('fcm', 50);
    await createFcmSender({ pool, token, projectId: 'example' }).send(it);
    assert.deepEqual(kinds(outcomes), { [kind]: 1 });
  }
});

test('senders are made once, and only where there are credentials', async (t) => {
  const peer = await startPeer(t);
  const senders = createSenders(
    { one: credentials(peer.origin, peer.origin), two: { apns: null, fcm: null } },
    { ca: certificate.cert },
  );
  t.after(() => senders.close());
  const get = senders.get;
  assert.equal(get('one', 'apns', 'production'), get('one', 'apns', 'production'));
  assert.notEqual(get('one', 'apns', 'sandbox'), null);
  assert.equal(get('one', 'fcm', 'sandbox'), get('one', 'fcm', 'production'));
  assert.equal(get('two', 'apns', 'production'), null);
  assert.equal(get('three', 'fcm', 'production'), null);
  assert.equal(get('constructor', 'fcm', 'production'), null);
});
