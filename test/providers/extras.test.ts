import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fault } from '../../functions/lib/errors.ts';
import { messageSchema } from '../../functions/model/schemas/message.ts';
import { apnsPushTypes } from '../../functions/model/schemas/message-apns.ts';
import { refusedByFcm } from './delivered.ts';
import { batch, kinds, push, start, TOPIC } from './fixture.ts';

const topics = {
  alert: TOPIC,
  background: TOPIC,
  voip: `${TOPIC}.voip`,
  complication: `${TOPIC}.complication`,
  fileprovider: `${TOPIC}.pushkit.fileprovider`,
  mdm: TOPIC,
  location: `${TOPIC}.location-query`,
  liveactivity: `${TOPIC}.push-type.liveactivity`,
  pushtotalk: `${TOPIC}.voip-ptt`,
  controls: `${TOPIC}.push-type.controls`,
  widgets: `${TOPIC}.push-type.widgets`,
};

/** The faults, as one text. */
const told = (faults: Fault[]) =>
  faults.map(({ path, message }) => `${path} ${message}`.trim()).join();

const silent: object = { title: undefined, body: undefined };

test('APNs: each push type goes to its topic, and APNs accepts it', async (t) => {
  const { simulator, sender } = await start(t, 'apns');
  for (const pushType of apnsPushTypes) {
    const { it, outcomes } = batch('apns', 1);
    const activity = { aps: { event: 'update', 'content-state': { score: 1 } } };
    it.push = push({
      ...(pushType !== 'alert' && silent),
      data: { a: 'b' },
      apns: { pushType, ...(pushType === 'liveactivity' && { payload: activity }) },
    });
    assert.deepEqual(sender.check(it.push), [], pushType);
    await sender.send(it);
    assert.deepEqual(kinds(outcomes), { accepted: 1 }, pushType);
    const { headers, payload } = (await simulator.lastAccepted())!;
    assert.equal(headers['apns-push-type'], pushType);
    assert.equal(headers['apns-topic'], topics[pushType]);
    assert.equal(headers['apns-priority'], pushType === 'background' ? '5' : '10');
    const { aps } = JSON.parse(payload);
    if (pushType === 'background') assert.equal(aps['content-available'], 1);
    if (pushType === 'controls' || pushType === 'widgets')
      assert.equal(aps['content-changed'], true);
    if (pushType === 'liveactivity')
      assert.deepEqual(aps, { ...activity.aps, timestamp: it.push.expiresAt / 1000 - 3600 });
  }
});

test('APNs: the priority may be chosen, and is 5 in the background', async (t) => {
  const { simulator, sender } = await start(t, 'apns');
  for (const [message, priority] of [
    [{ apns: { priority: 1 } }, '1'],
    [{ apns: { priority: 5 } }, '5'],
    [{ priority: 'normal' }, '5'],
    [{ priority: 'normal', apns: { priority: 10 } }, '10'],
  ] as const) {
    const { it } = batch('apns', 1);
    it.push = push(message);
    await sender.send(it);
    assert.equal((await simulator.lastAccepted())!.headers['apns-priority'], priority);
  }
  for (const priority of [10, 1] as const)
    assert.match(
      told(sender.check(push({ ...silent, data: { a: 'b' }, apns: { priority } }))),
      /priority must be 5/,
    );
});

test('APNs: what does not fit the push type is a fault', async (t) => {
  const { simulator, sender } = await start(t, 'apns');
  const faults = (message: Parameters<typeof push>[0]) => told(sender.check(push(message)));
  assert.match(faults({ apns: { pushType: 'background' } }), /background shows nothing/);
  assert.match(faults({ ...silent, data: { a: 'b' }, apns: { pushType: 'alert' } }), /alert needs/);
  assert.match(faults({ ...silent, apns: { pushType: 'voip' } }), /payload is empty/);
  assert.match(
    faults({ apns: { pushType: 'liveactivity' } }),
    /event must be start, update or end/,
  );
  const begin = { aps: { event: 'start', attributes: {}, 'content-state': {} } };
  assert.match(
    faults({ apns: { pushType: 'liveactivity', payload: begin } }),
    /^apns\.payload\.aps\.attributes-type is missing/,
  );
  const { it, outcomes } = batch('apns', 1);
  it.push = push({ ...silent, data: { a: 'x'.repeat(5000) }, apns: { pushType: 'voip' } });
  assert.deepEqual(sender.check(it.push), []);
  await sender.send(it);
  assert.deepEqual(kinds(outcomes), { accepted: 1 });
  const long = { ...silent, data: { a: 'x'.repeat(5200) } };
  assert.match(faults({ ...long, apns: { pushType: 'voip' } }), /5120 are allowed/);
  assert.match(faults(long), /4096 are allowed/);
  assert.equal((await simulator.stats()).invalid, 0);
});

test('unknown fields of a message are named, and known fields have limits', () => {
  const paths = (message: object) => {
    const { error } = messageSchema.safeParse({ title: 'x', ...message });
    return error?.issues.flatMap((it) =>
      it.code === 'unrecognized_keys' ? it.keys : [it.path.join('.')],
    );
  };
  assert.equal(paths({ apns: { pushType: 'voip', priority: 5, payload: {} } }), undefined);
  assert.deepEqual(paths({ apns: { aps: {} } }), ['aps']);
  assert.deepEqual(paths({ apns: { pushType: 'silent' } }), ['apns.pushType']);
  assert.deepEqual(paths({ apns: { priority: 7 } }), ['apns.priority']);
  assert.deepEqual(paths({ apns: { payload: { a: 'x'.repeat(9000) } } }), ['apns.payload']);
  assert.deepEqual(paths({ webLink: 'http://example.com' }), ['webLink']);
  assert.equal(paths({ analyticsLabel: 'Spring_sale-1.0~50%' }), undefined);
  for (const analyticsLabel of ['', 'a b', 'ä', 'x'.repeat(51)])
    assert.deepEqual(paths({ analyticsLabel }), ['analyticsLabel']);
});

test('a link is an address that an app may open, without variables, and data has no other', () => {
  const faults = (message: object) =>
    messageSchema
      .safeParse({ title: 'x', ...message })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  for (const link of ['https://example.com/?a=b', 'shop://orders/7', 'shop:orders', 'tel:+49'])
    assert.equal(faults({ link }), undefined, link);
  const form = 'link: must be an address such as https://example.com/sale or shop://orders/7';
  for (const link of ['', 'orders/7', 'javascript:alert(1)', 'java\tscript:alert(1)'])
    assert.deepEqual(faults({ link }), [form], link);
  for (const link of ['data:text/html,x', 'file:///etc/passwd', 'blob:x', 'VBScript:x'])
    assert.deepEqual(faults({ link }), [form], link);
  assert.deepEqual(faults({ localized: { de: { link: 'x' } } }), [`localized.de.${form}`]);
  assert.equal(faults({ link: `shop://${'x'.repeat(2048)}` })?.length, 1);
  assert.deepEqual(faults({ link: 'shop://orders/{{page|home}}' }), ['link: takes no variables']);
  const twice = 'is where apps find link: give one of them';
  assert.deepEqual(faults({ link: 'shop://a', data: { link: 'b' } }), [`data.link: ${twice}`]);
  assert.deepEqual(faults({ link: 'shop://a', localized: { de: { data: { link: 'b' } } } }), [
    `localized.de.data.link: ${twice}`,
  ]);
  assert.equal(faults({ data: { link: '{{page}}' } }), undefined);
});

test("FCM's own notification, with nothing in it, is refused where nothing else is shown", async (t) => {
  const { sender } = await start(t, 'fcm');
  const faults = (message: object) => told(sender.check(push({ ...silent, ...message })));
  for (const notification of [{}, { image: 'https://example.com/a.png' }])
    assert.equal(
      faults({ data: { a: 'b' }, fcm: { notification } }),
      'fcm.notification needs a title or a body',
    );
  assert.equal(faults({ title: 'x', fcm: { notification: {} } }), '');
  assert.equal(faults({ data: { a: 'b' }, fcm: { notification: null } }), '');
});

test('names of the app have bounds and no variables; a subtitle goes with what it is beneath', () => {
  const faults = (message: object) =>
    messageSchema
      .safeParse(message)
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  for (const field of ['androidChannel', 'threadId', 'actions']) {
    assert.deepEqual(faults({ title: 'x', [field]: '{{a|b}}' }), [`${field}: takes no variables`]);
    for (const value of ['', 'x'.repeat(129), 7, null])
      assert.equal(faults({ title: 'x', [field]: value })?.length, 1, `${field} ${value}`);
  }
  assert.equal(faults({ title: 'x', interruption: 'loud' })?.length, 1);
  assert.deepEqual(faults({ title: 'x', subtitle: '{{a b}}' }), [
    'subtitle: {{a b}} is no variable: write {{name}} or {{name|default}}',
  ]);
  assert.deepEqual(faults({ data: { a: 'b' }, subtitle: 'x' }), [
    'subtitle: goes with a title or a body',
  ]);
  assert.deepEqual(faults({ data: { a: 'b' }, localized: { de: { subtitle: 'x' } } }), [
    'localized.de.subtitle: goes with a title or a body',
  ]);
  assert.equal(faults({ localized: { de: { title: 'x', subtitle: 'x' } } }), undefined);
});

test('a subtitle and a link are those of the language, and the subtitle has variables', async (t) => {
  for (const provider of ['apns', 'fcm'] as const) {
    const { simulator, sender } = await start(t, provider);
    const { it, outcomes } = batch(provider, 1);
    const localized = { de: { subtitle: 'Für {{name|dich}}', link: 'shop://de' } };
    it.push = push({ subtitle: 'For {{name|you}}', link: 'shop://en', localized });
    it.recipients = [{ ...it.recipients[0]!, language: 'de', values: { name: 'Ada "L"' } }];
    assert.deepEqual(sender.check(it.push), []);
    await sender.send(it);
    assert.deepEqual(kinds(outcomes), { accepted: 1 });
    const sent = JSON.parse((await simulator.lastAccepted())!.payload);
    const [payload, data] =
      provider === 'apns' ? [sent, sent] : [sent.message.apns.payload, sent.message.data];
    const alert = { title: 'Hello', subtitle: 'Für Ada "L"', body: 'World' };
    assert.deepEqual([payload.aps.alert, data.link], [alert, 'shop://de']);
  }
});

test('FCM refuses what its reference does not have: a group, a subtitle, buttons on Android', () => {
  const android = (notification: object) => ({
    ...push(),
    message: { ...push().message, fcm: { android: { notification } } },
  });
  for (const name of ['group', 'thread_id', 'subtitle', 'actions', 'interruption_level'])
    assert.match(
      refusedByFcm(android({ [name]: 'x' })) ?? '',
      new RegExp(`Unknown name \\\\"${name}\\\\"`),
    );
  assert.equal(refusedByFcm(android({ channel_id: 'sales' })), null);
});

test('FCM gets the link and the image of a web push, and the label', async (t) => {
  const { simulator, sender } = await start(t, 'fcm');
  const { it, outcomes } = batch('fcm', 2);
  it.push = push({
    imageUrl: 'https://example.com/a.png',
    webLink: 'https://example.com/sale',
    analyticsLabel: 'sale-1',
    fcm: { webpush: { notification: { icon: '/i.png', badge: '/b.png' } } },
  });
  assert.deepEqual(sender.check(it.push), []);
  await sender.send(it);
  assert.deepEqual(kinds(outcomes), { accepted: 2 });
  const { message } = JSON.parse((await simulator.lastAccepted())!.payload);
  assert.deepEqual(message.webpush.fcm_options, { link: 'https://example.com/sale' });
  assert.deepEqual(message.webpush.notification, {
    tag: 'campaign-1',
    image: 'https://example.com/a.png',
    icon: '/i.png',
    badge: '/b.png',
  });
  assert.deepEqual(message.fcm_options, { analytics_label: 'sale-1' });
});

test('FCM sends to a topic and to a condition in one message', async (t) => {
  const { simulator, sender } = await start(t, 'fcm');
  for (const [to, token] of [
    ['topic', 'news'],
    ['condition', "'a' in topics && 'b' in topics"],
  ] as const) {
    const { it, outcomes } = batch('fcm', 1);
    it.push = { ...push(), to };
    it.recipients = [{ installationId: to, token }];
    await sender.send(it);
    assert.deepEqual(kinds(outcomes), { accepted: 1 });
    const { message } = JSON.parse((await simulator.lastAccepted())!.payload);
    assert.equal(message[to], token);
    assert.equal(message.token, undefined);
    assert.equal(await simulator.countOf(token), 1);
  }
});

test('FCM: a dry run shows which recipients it would refuse, and delivers nothing', async (t) => {
  const { simulator, sender } = await start(t, 'fcm', { deadShare: 0.2, badShare: 0.1 });
  const { it, outcomes } = batch('fcm', 1000);
  it.push = { ...push(), dryRun: true };
  await sender.send(it);
  const { accepted, unregistered, rejected } = kinds(outcomes);
  assert.equal(accepted! + unregistered! + rejected!, 1000);
  assert.ok(unregistered! > 100 && rejected! > 50);
  const stats = await simulator.stats();
  assert.deepEqual([stats.accepted, stats.requests], [0, 1000]);
});

test('APNs: a dry run sends nothing to it', async (t) => {
  const { simulator, sender } = await start(t, 'apns');
  const { it, outcomes } = batch('apns', 1000);
  it.push = { ...push(), dryRun: true };
  await sender.send(it);
  assert.deepEqual(kinds(outcomes), { accepted: 1000 });
  assert.equal((await simulator.stats()).requests, 0);
});
