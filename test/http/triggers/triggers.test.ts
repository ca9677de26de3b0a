import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { FailedPingView, TriggerView } from '../../../functions/http/triggers/view.ts';
import { ping } from '../../../functions/pipeline/inbound/ping.ts';
import { decodeBody, encodeBody } from '../../../functions/queue/body.ts';
import { createFixture, jsonOf } from '../fixture.ts';

type Problem = { detail: string; faults: { path: string; message: string }[] };
interface Page<T> {
  items: T[];
  next: string | null;
}

const secret = 'a secret of sixteen and more';
const orders = {
  proof: { kind: 'github', secret },
  audience: { userIds: ['{{order.buyer}}'], language: '{{order.language|en}}' },
  message: {
    title: 'Order {{ order.number }}',
    body: '{{order.state|on its way}}: {{order.items[0].name|a thing}}',
    badge: '{{order.count|1}}',
    data: { screen: 'order', number: '{{order.number}}' },
  },
  idPath: 'event',
};
const order = { number: 17, buyer: 'user-7', items: [{ name: 'a "lamp"' }], count: 3 };

async function shop(t: TestContext, trigger: object = orders) {
  const fixture = await createFixture(t);
  const { ask, api, tasks, ports, store, clock } = fixture;
  const made = await ask('PUT', '/v1/triggers/orders', trigger);
  assert.equal(made.status, 200);
  const send = (body: string, headers: Record<string, string> = {}) =>
    api.request('/v1/triggers/orders', { method: 'POST', body, headers });
  const signed = (it: unknown) => {
    const body = typeof it === 'string' ? it : JSON.stringify(it);
    const mac = createHmac('sha256', secret).update(body).digest('hex');
    return send(body, { 'X-Hub-Signature-256': `sha256=${mac}` });
  };
  /** Does what is queued, as it travels; campaigns only wait there. */
  const work = async () => {
    for (const task of tasks.splice(0)) {
      if (task.body.kind !== 'ping') continue;
      const body = decodeBody(Buffer.from(encodeBody(task)));
      if (body.kind === 'ping') await ping(ports, body);
    }
    clock.now += 1000;
  };
  const campaigns = async () => (await store.listCampaigns(null, 100)).items;
  const failed = async () =>
    (await jsonOf<Page<FailedPingView>>(await ask('GET', '/v1/triggers/orders/failed'))).items;
  const look = async () => jsonOf<TriggerView>(await ask('GET', '/v1/triggers/orders'));
  return { ...fixture, send, signed, work, campaigns, failed, look };
}

test('an inbound webhook is answered immediately, queued as one task, and becomes a campaign', async (t) => {
  const { signed, tasks, work, campaigns, failed } = await shop(t);
  const response = await signed({ event: 'e1', order });
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { received: true });
  assert.deepEqual(
    tasks.map((it) => [it.queue, it.body.kind]),
    [['plan', 'ping']],
  );
  await work();
  const [made, ...others] = await campaigns();
  assert.equal(others.length, 0);
  assert.deepEqual(made?.audience, { userIds: ['user-7'], language: ['en'] });
  assert.deepEqual(made?.message, {
    title: 'Order 17',
    body: 'on its way: a "lamp"',
    badge: 3,
    data: { screen: 'order', number: '17' },
    ttlSeconds: 86_400,
    priority: 'high',
    literal: true,
  });
  assert.deepEqual(await failed(), []);
});

test('a forged webhook gets the same answer, is counted, and dropped', async (t) => {
  const { signed, send, tasks, look, clock } = await shop(t);
  const good = await signed({ event: 'e1', order });
  tasks.length = 0;
  const body = JSON.stringify({ event: 'e2', order });
  for (const headers of [undefined, { 'X-Hub-Signature-256': `sha256=${'0'.repeat(64)}` }]) {
    const forged = await send(body, headers);
    assert.equal(forged.status, good.status);
    assert.deepEqual([...forged.headers], [...good.headers]);
    assert.deepEqual(await forged.json(), { received: true });
  }
  assert.deepEqual(tasks, []);
  assert.deepEqual((await look()).counts, { received: 1, forged: 2 });
  clock.now += 60_000;
  await send(body);
  assert.deepEqual((await look()).counts, { received: 1, forged: 3 });
});

test('a repeated webhook pushes once, by its id or by its body', async (t) => {
  const { signed, work, campaigns, failed, ask } = await shop(t);
  await signed({ event: 'e1', order });
  await signed({ event: 'e1', order: { ...order, number: 18 } });
  await work();
  await signed({ event: 'e1', order });
  await work();
  assert.equal((await campaigns()).length, 1);
  await signed({ event: 'e2', order });
  await work();
  assert.equal((await campaigns()).length, 2, 'another id is another ping');

  const { idPath: _, ...byBody } = orders;
  await ask('PUT', '/v1/triggers/orders', byBody);
  for (const number of [1, 1, 2]) await signed({ order: { ...order, number } });
  await work();
  await signed({ order: { ...order, number: 1 } });
  await work();
  assert.equal((await campaigns()).length, 4);
  assert.deepEqual(await failed(), []);
});

test('a failed webhook is listed with its faults, and can be replayed', async (t) => {
  const { signed, work, campaigns, failed, ask, tasks } = await shop(t);
  const deep = `${'['.repeat(40)}${']'.repeat(40)}`;
  const bad: [unknown, string][] = [
    ['{"event": ', ''],
    ['', ''],
    [deep, ''],
    ['null', 'idPath'],
    [{ order }, 'idPath'],
    [{ event: 'e1', order: { ...order, number: undefined } }, 'message.title'],
    [{ event: 'e2', order: { ...order, buyer: '' } }, 'audience.userIds[0]'],
    [{ event: 'e3', order: { ...order, buyer: { id: 1 } } }, 'audience.userIds[0]'],
    [{ event: 'e4', order: { ...order, count: 'many' } }, 'message.badge'],
    [{ event: 'e5', order: { ...order, state: 'x'.repeat(5000) } }, 'message.body'],
    [{ event: 'e6', order: 'constructor' }, 'audience.userIds[0]'],
  ];
  for (const [it, path] of bad) {
    assert.equal((await signed(it)).status, 200);
    await work();
    const [newest] = await failed();
    assert.ok(
      newest?.faults.some((fault) => fault.path === path),
      JSON.stringify(newest),
    );
  }
  assert.equal((await failed()).length, bad.length);
  assert.deepEqual(await campaigns(), []);

  const late = (await failed()).find(({ body }) => body.includes('"e4"'))!;
  const path = `/v1/triggers/orders/failed/${late.id}:replay`;
  assert.equal((await ask('POST', path)).status, 202);
  await work();
  const again = (await failed()).find(({ body }) => body.includes('"e4"'))!;
  assert.notEqual(again.id, late.id, 'it failed again');
  const message = { ...orders.message, badge: 1 };
  await ask('PUT', '/v1/triggers/orders', { ...orders, message });
  assert.equal((await ask('POST', path.replace(late.id, again.id))).status, 202);
  assert.equal(tasks.length, 1);
  await work();
  assert.equal((await campaigns()).length, 1);
  assert.equal((await failed()).length, bad.length - 1);
  assert.equal((await ask('POST', path)).status, 404);
});

test('the values of a webhook stay text, even with braces in them', async (t) => {
  const { signed, work, campaigns, failed, ask } = await shop(t, {
    ...orders,
    message: {
      title: '{{order.state}}',
      data: { note: 'of {{order.note}}' },
      apns: { payload: { note: '{{order.note}}' } },
      fcm: { webpush: { notification: { x: '{{order.note}}' } } },
      localized: { de: { title: '{{order.note}}' } },
    },
  });
  const note = '{{constructor}} {{name|x}} {{#badge}} {{';
  const state = 'Fix {{ user name! }} in mustache';
  await signed({ event: 'e1', order: { ...order, state, note } });
  await work();
  assert.deepEqual(await failed(), []);
  const [made] = await campaigns();
  const { title, data, apns, fcm, localized } = made!.message;
  assert.deepEqual([title, data, apns?.payload], [state, { note: `of ${note}` }, { note }]);
  assert.deepEqual(
    [fcm, localized],
    [{ webpush: { notification: { x: note } } }, { de: { title: note } }],
  );
  const view = await jsonOf<{ message: object }>(await ask('GET', `/v1/campaigns/${made!.id}`));
  assert.deepEqual(view.message, made!.message);
  const again = { name: 'again', audience: { userIds: ['a'] }, message: view.message };
  assert.equal((await ask('POST', '/v1/campaigns', again)).status, 202, 'it can be sent again');
});

test('a value may be a topic or a version, and never another part of a condition', async (t) => {
  const { signed, work, campaigns, failed, ask } = await shop(t);
  const audiences: [object, string[], string[], string][] = [
    [
      { condition: "'repo-{{value}}' in topics && 'all' in topics" },
      ['volley', 'a.b_c~d%e'],
      ["x' in topics || 'all-users", 'a b', "'", '&&', 'a\u2028'],
      'audience.condition',
    ],
    [
      { appVersion: '>={{value}}' },
      ['4', '4.2', '4.2.1', '4.2.1-beta.1'],
      ['1.0.0 || >=0.0.0', '*', 'x', '1.x', '1 - 2', '>=0', '', ' '],
      'audience.appVersion',
    ],
    [
      { not: { or: [{ appVersion: '{{value}}' }] } },
      ['4.2.1'],
      ['4.2.1 || 5', '^4'],
      'audience.not.or[0].appVersion',
    ],
    [{ attributes: { appVersion: '{{value}}' } }, ['1 || 2', '*'], [], ''],
    [
      { userIds: ['{{value}}'] },
      ['{{x}}', "' || '"],
      ['u\ud83d', 'x'.repeat(5000)],
      'audience.userIds[0]',
    ],
  ];
  let event = 0;
  for (const [audience, good, bad, path] of audiences) {
    const { message } = orders;
    const asked = { ...orders, audience, message: { title: message.title } };
    assert.equal((await ask('PUT', '/v1/triggers/orders', asked)).status, 200);
    const { length: before } = await campaigns();
    for (const value of [...good, ...bad]) {
      await signed({ event: `e${event++}`, order, value });
      await work();
    }
    assert.equal((await campaigns()).length - before, good.length, path);
    const faults = (await failed()).slice(0, bad.length).flatMap((it) => it.faults);
    assert.deepEqual(new Set(faults.map((it) => it.path)), new Set(bad.length > 0 ? [path] : []));
    for (const { message } of faults)
      assert.match(message, /^{{value}}: the ping's value (is|has)/);
  }
});

test('an integer that no number holds stays the id that it is', async (t) => {
  const { signed, send, work, campaigns, ask } = await shop(t);
  await signed(`{"event":2916334247900527531,"order":{"number":1,"buyer":2916334247900527532}}`);
  await signed(`{"event":2916334247900527532,"order":{"number":1.50,"buyer":9007199254740991}}`);
  await work();
  const made = await campaigns();
  assert.deepEqual(made.flatMap((it) => it.audience.userIds).toSorted(), [
    '2916334247900527532',
    '9007199254740991',
  ]);
  const proof = { kind: 'token', in: 'body', name: 'token', secret };
  assert.equal((await ask('PUT', '/v1/triggers/orders', { ...orders, proof })).status, 200);
  await send(`{"token":"${secret}","event":3,"order":{"number":2,"buyer":2916334247900527533}}`);
  await work();
  const newest = (await campaigns())[0]!;
  assert.deepEqual(newest.audience.userIds, ['2916334247900527533'], 'kept without its token');
});

test('the text that a webhook fills in is bounded, however often a trigger uses it', async (t) => {
  const { signed, work, failed, ask } = await shop(t);
  const data = Object.fromEntries(
    Array.from({ length: 90 }, (_, n) => [`d${n}`, '{{order.state}}']),
  );
  const asked = { ...orders, message: { title: 'x', data } };
  assert.equal((await ask('PUT', '/v1/triggers/orders', asked)).status, 200);
  await signed({ event: 'e1', order: { ...order, state: 'x'.repeat(5000) } });
  await work();
  const [{ faults }] = (await failed()) as [FailedPingView];
  assert.match(faults[0]!.message, /values have 262144 characters at most/);
  const many = { ...orders, message: { title: '{{order.state}}'.repeat(101) } };
  const refused = await jsonOf<Problem>(await ask('PUT', '/v1/triggers/orders', many));
  assert.match(refused.faults[0]!.message, /100 places at most, not 101/);
});

test('a webhook that is too large, or without a trigger, is refused', async (t) => {
  const { signed, api, tasks, ask } = await shop(t);
  assert.equal((await signed('x'.repeat(64 * 1024))).status, 200, 'it fits into a task');
  assert.doesNotThrow(() => encodeBody(tasks[0]!));
  assert.equal((await signed('x'.repeat(64 * 1024 + 1))).status, 413);
  assert.equal((await api.request('/v1/triggers/none', { method: 'POST' })).status, 404);
  assert.equal((await ask('DELETE', '/v1/triggers/orders')).status, 204);
  assert.equal((await signed('{}')).status, 404);
  assert.equal((await ask('DELETE', '/v1/triggers/orders')).status, 404);
});

test('invented names cost no reads, and a new trigger is found', async (t) => {
  const { api, store, clock, ask, signed } = await shop(t);
  const read: string[] = [];
  const { getTrigger, listTriggers } = store;
  Object.assign(store, {
    getTrigger: (name: string) => {
      read.push(name);
      return getTrigger(name);
    },
    listTriggers: (after: string | null, limit: number) => {
      read.push('all');
      return listTriggers(after, limit);
    },
  } satisfies Partial<typeof store>);
  const status = async (name: string) =>
    (await api.request(`/v1/triggers/${name}`, { method: 'POST', body: '{}' })).status;
  for (let n = 0; n < 50; n++) assert.equal(await status(`none-${n}`), 404);
  assert.deepEqual(read, ['none-0', 'all']);
  for (let n = 0; n < 3; n++) assert.equal((await signed({ event: 'e1', order })).status, 200);
  assert.deepEqual(read.splice(0), ['none-0', 'all', 'orders'], 'one that is there is found');
  assert.equal((await ask('PUT', '/v1/triggers/none-7', orders)).status, 200);
  assert.equal(await status('none-7'), 200, 'made here, it is known immediately');
  await store.deleteTrigger('none-7');
  clock.now += 10_001;
  assert.equal(await status('none-7'), 404);
  await store.putTrigger({ ...(await store.getTrigger('orders'))!, name: 'none-8' });
  assert.equal(await status('none-8'), 404, 'made elsewhere, it is known after ten seconds');
  clock.now += 10_001;
  assert.equal(await status('none-8'), 200);
});

test('the secret of a trigger is never shown, nor logged', async (t) => {
  const { ask, send, signed, work, look, logged } = await shop(t, {
    ...orders,
    proof: { kind: 'token', in: 'body', name: 'token', secret },
  });
  assert.deepEqual((await look()).proof, { kind: 'token', in: 'body', name: 'token' });
  await send(JSON.stringify({ token: secret, nothing: true }));
  await signed('{');
  await work();
  const shown = await Promise.all(
    ['/v1/triggers', '/v1/triggers/orders', '/v1/triggers/orders/failed'].map(async (path) =>
      (await ask('GET', path)).text(),
    ),
  );
  assert.match(shown[2]!, /nothing/);
  for (const text of [...shown, ...logged]) assert.ok(!text.includes(secret), text);
});

test('every fault of a trigger is named, and a variable is no fault', async (t) => {
  const { ask } = await createFixture(t);
  const faults = async (trigger: unknown, name = 'orders') => {
    const response = await ask('PUT', `/v1/triggers/${name}`, trigger);
    if (response.status === 200) return [];
    return (await jsonOf<Problem>(response)).faults.map((it) => it.path).toSorted();
  };
  const imageUrl = '{{image}}';
  assert.deepEqual(await faults({ ...orders, message: { ...orders.message, imageUrl } }), []);
  assert.deepEqual(await faults({ ...orders, audience: { userIds: '{{users}}' } }), []);
  assert.deepEqual(await faults(orders, 'Orders'), ['path.name']);
  const literal = { ...orders.message, literal: false };
  assert.deepEqual(await faults({ ...orders, message: literal }), ['message.literal']);
  const data = { '{{key}}': 'x' };
  assert.deepEqual(await faults({ ...orders, message: { data } }), ['message.data.{{key}}']);
  for (const [where, name, good] of [
    ['header', 'X-Gitlab-Token', true],
    ['header', 'data.items[0].token', false],
    ['header', 'a b', false],
    ['query', 'token', true],
    ['query', 'data.token', false],
    ['body', 'data.items[0].token', true],
    ['body', 'data key.token', true],
    ['body', 'data..token', false],
  ] as const) {
    const proof = { kind: 'token', in: where, name, secret };
    assert.deepEqual(await faults({ ...orders, proof }), good ? [] : ['proof.name'], name);
  }
  const proof = { kind: 'github', secret: 'short' };
  assert.deepEqual(await faults({ ...orders, proof, idPath: 'a..b' }), ['idPath', 'proof.secret']);
  assert.deepEqual(
    await faults({
      ...orders,
      audience: { user: '{{x}}', language: ['{{ }}'] },
      message: { title: '{{a', body: '{{a|b|c}} }}' },
    }),
    ['audience.language[0]', 'message.body', 'message.title'],
  );
  assert.deepEqual(
    await faults({ ...orders, audience: { user: '{{x}}' }, message: { title: 'x', sound: 3 } }),
    ['audience.user', 'message.sound'],
  );
});

test('triggers need the scope campaigns, and failed webhooks the scope read', async (t) => {
  const { api, addKey } = await shop(t);
  const campaigns = await addKey('campaigns');
  const read = await addKey('read');
  const status = async (key: string, method: string, path: string) =>
    (await api.request(path, { method, headers: { Authorization: `Bearer ${key}` } })).status;
  assert.equal(await status(campaigns, 'GET', '/v1/triggers'), 200);
  assert.equal(await status(read, 'GET', '/v1/triggers'), 403);
  assert.equal(await status(read, 'DELETE', '/v1/triggers/orders'), 403);
  assert.equal(await status(campaigns, 'GET', '/v1/triggers/orders/failed'), 403);
  assert.equal(await status(read, 'GET', '/v1/triggers/orders/failed'), 200);
});

test('a template may not set the receipt key, not even to a value of the webhook', async (t) => {
  const { ask } = await createFixture(t);
  for (const [message, path] of [
    [{ title: 'T', data: { volley: '{{order.number}}' } }, 'message.data.volley'],
    [{ title: 'T', data: { volley: 'x' } }, 'message.data.volley'],
    [{ title: 'T', apns: { payload: { volley: '{{x}}' } } }, 'message.apns.payload.volley'],
  ] as const) {
    const response = await ask('PUT', '/v1/triggers/orders', { ...orders, message });
    assert.equal(response.status, 400);
    assert.deepEqual((await jsonOf<Problem>(response)).faults, [
      { path, message: 'is a name that Volley has reserved' },
    ]);
  }
});
