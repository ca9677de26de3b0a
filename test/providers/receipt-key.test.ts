import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ApnsPushType, apnsPushTypes } from '../../functions/model/schemas/message-apns.ts';
import type { Push, Sender } from '../../functions/ports/ports.ts';
import { fcmMessage } from '../../functions/providers/fcm/message.ts';
import { createSenders } from '../../functions/providers/senders.ts';
import { iosByApns, NOW, pushOf, refusedByApns, refusedByFcm, web } from './delivered.ts';
import { credentials } from './fixture.ts';

const ID = 'campaign-1';
const KEY = { c: ID };

/** A push of an app with receipts. */
function keyed(message: object, rest: Partial<Push> = {}): Push {
  const push = pushOf(message);
  assert.ok(push, JSON.stringify(message));
  return { ...push, receipts: { delivered: 0.02 }, ...rest };
}

const withoutKey = ({ receipts: _, ...push }: Push): Push => push;

/** Real senders, which do not connect: nothing is sent. */
function sendersOf(t: { after(done: () => void): void }) {
  const senders = createSenders({
    default: credentials('https://localhost:1', 'https://localhost:1'),
  });
  t.after(() => senders.close());
  const of = (provider: 'apns' | 'fcm') => senders.get('default', provider, 'production') as Sender;
  return { apns: of('apns'), fcm: of('fcm') };
}

const faultsOf = (sender: Sender, push: Push) =>
  sender.check(push).map(({ path, message }) => `${path}: ${message}`);

test('the key is in pushes that a person may open, and in no other of Apple’s types', () => {
  const activity = { event: 'update', 'content-state': { score: 1 } };
  const payloads: Partial<Record<ApnsPushType, object>> = {
    liveactivity: { aps: activity },
    mdm: { mdm: 'magic' },
  };
  const found = apnsPushTypes.filter((pushType) => {
    const payload = payloads[pushType] ?? {};
    const shown = pushType === 'background' ? { data: { a: 'b' } } : { title: 'T' };
    const push = keyed({ ...shown, apns: { pushType, payload } });
    assert.equal(refusedByApns(push), null, pushType);
    const { volley } = iosByApns(push).payload;
    assert.ok(volley === undefined || JSON.stringify(volley) === JSON.stringify(KEY));
    return volley !== undefined;
  });
  assert.deepEqual(found, ['alert', 'background', 'voip', 'pushtotalk']);
});

test('by FCM all platforms get the key, and a live activity none', () => {
  const push = keyed({ title: 'T', apns: { pushType: 'voip' } });
  assert.deepEqual(fcmMessage(push, NOW).data, { volley: JSON.stringify(KEY) });
  const activity = keyed({
    fcm: { apns: { live_activity_token: 'x', payload: { aps: { event: 'end' } } } },
    apns: { pushType: 'liveactivity' },
  });
  assert.equal(fcmMessage(activity, NOW).data, undefined);
});

test('data that an override has for one platform gets the key too, and the key comes with a topic', () => {
  const own = { data: { a: 'b' } };
  const push = keyed({ title: 'T', fcm: { android: own, webpush: own } });
  const message = fcmMessage(push, NOW) as Record<string, { data: object }>;
  const text = { volley: JSON.stringify(KEY) };
  assert.deepEqual(message.data, text);
  assert.deepEqual(message.android?.data, { a: 'b', ...text });
  assert.deepEqual(message.webpush?.data, { a: 'b', ...text });
  assert.equal(refusedByFcm(push), null);
  const topic = keyed({ title: 'T', fcm: { android: null, webpush: { data: null } } });
  assert.deepEqual(web({ ...topic, to: 'topic' }).data, text);
  assert.equal(refusedByFcm({ ...topic, to: 'topic' }, { topic: 'news' }), null);
});

test('a push with nothing but the key is as empty as one without', (t) => {
  const { apns } = sendersOf(t);
  for (const message of [{}, { apns: { payload: {} } }, { data: {} }]) {
    const push = keyed({ ...message, apns: { pushType: 'voip', ...message.apns } });
    assert.deepEqual(faultsOf(apns, push), [
      ': the APNs payload is empty: give a title, a body, data or apns.payload',
    ]);
    assert.deepEqual(apns.check(push), apns.check(withoutKey(push)));
  }
});

test('what was at the limit is over it with the key, and the fault says so', (t) => {
  const { apns, fcm } = sendersOf(t);
  const title = 'x'.repeat(4096 - '{"aps":{"alert":{"title":""}}}'.length);
  const push = keyed({ data: { a: title.slice(1024) }, title: 'x'.repeat(1024) });
  const fits = (sender: Sender, of: Push, more: number) => {
    const { data = {} } = of.message;
    const sized = { ...of.message, data: { a: data.a!.slice(0, data.a!.length + more) } };
    return faultsOf(sender, { ...of, message: sized });
  };
  const bytes = '"volley":{"c":"campaign-1"},'.length;
  const extra = ',"a":""'.length;
  assert.deepEqual(fits(apns, withoutKey(push), -extra), []);
  assert.deepEqual(fits(apns, push, -extra - bytes), []);
  assert.deepEqual(fits(apns, push, -extra), [
    `: the APNs payload is ${4096 + bytes} bytes, 4096 are allowed, and the receipt key "volley" is ${bytes} of them: shorten title, body, data or apns.payload, or turn receipts off for the app`,
  ]);
  // too large even without the key
  assert.deepEqual(fits(apns, push, 0), [
    `: the APNs payload is ${4096 + bytes + extra} bytes, 4096 are allowed: shorten title, body, data or apns.payload`,
  ]);

  const rest = '{"a":"","aps":{"content-available":1}}'.length;
  const byFcm = keyed({ data: { a: 'x'.repeat(4096 - rest) } });
  assert.deepEqual(faultsOf(fcm, withoutKey(byFcm)), []);
  const wide = '"volley":"{\\"c\\":\\"campaign-1\\"}",'.length;
  const [fault] = faultsOf(fcm, byFcm);
  assert.match(fault!, new RegExp(`and the receipt key "volley" is ${wide} of them`));
  const topic = keyed({ data: { a: 'x'.repeat(2030) } }, { to: 'topic' });
  assert.match(faultsOf(fcm, topic)[0]!, /2048 are allowed/);
});

test('a push that fits only without the key goes without it', (t) => {
  const { apns, fcm } = sendersOf(t);
  const recipient = { installationId: 'a', token: 'a1'.repeat(32) };
  const hasKey = (sender: Sender, push: Push, values: Record<string, string> = {}) => {
    const { payload, bytes, mostBytes } = sender.render(push, { ...recipient, values }, 'ios');
    return [payload.includes('volley'), bytes <= mostBytes];
  };
  for (const sender of [apns, fcm]) {
    // as a version without the key accepted it for a schedule
    const full = keyed({ data: { a: 'x'.repeat(4040) } });
    assert.deepEqual(hasKey(sender, full), [false, true]);
    assert.deepEqual(hasKey(sender, keyed({ data: { a: 'x'.repeat(3_900) } })), [true, true]);
    // by the value of one recipient, in the language of the recipient
    const own = keyed({ data: { a: '{{name|}}', b: 'x'.repeat(3_940) } });
    assert.deepEqual(sender.check(own), []);
    assert.deepEqual(hasKey(sender, own), [true, true]);
    assert.deepEqual(hasKey(sender, own, { name: 'y'.repeat(90) }), [false, true]);
    assert.deepEqual(hasKey(sender, own, { name: 'y'.repeat(200) }), [false, false]);
  }
});

test('authors may not use the name of the key where it would be replaced', () => {
  const value = { volley: 'x' };
  const places: [object, boolean][] = [
    [{ data: value }, false],
    [{ localized: { de: { data: value } } }, false],
    [{ apns: { payload: value } }, false],
    [{ fcm: { data: value } }, false],
    [{ fcm: { android: { data: value } } }, false],
    [{ fcm: { webpush: { data: value } } }, false],
    [{ fcm: { apns: { payload: value } } }, false],
    [{ data: { Volley: 'x', volleyball: 'x' } }, true],
    [{ apns: { payload: { aps: value, inner: value } } }, true],
  ];
  for (const [message, taken] of places)
    for (const literal of [true, undefined])
      assert.equal(
        pushOf({ title: 'T', ...message, literal }) !== null,
        taken,
        JSON.stringify(message),
      );
});

test('the analytics label of a large campaign is that of its author, if there is one', () => {
  const labelOf = (message: object) =>
    (fcmMessage(keyed(message, { label: ID }), NOW).fcm_options as { analytics_label: string })
      .analytics_label;
  assert.equal(labelOf({ title: 'T' }), ID);
  assert.equal(labelOf({ title: 'T', analyticsLabel: 'sale' }), 'sale');
  assert.equal(labelOf({ title: 'T', fcm: { fcm_options: { analytics_label: 'sale' } } }), 'sale');
  assert.equal(refusedByFcm(keyed({ title: 'T' }, { label: ID })), null);
  assert.equal(fcmMessage(keyed({ title: 'T' }), NOW).fcm_options, undefined);
});

test('a value of that name that an older version stored is left as it is', () => {
  const push = keyed({ title: 'T' });
  const stored = { ...push, message: { ...push.message, data: { volley: 'mine' } } };
  assert.equal(iosByApns(stored).payload.volley, 'mine');
  assert.deepEqual(fcmMessage(stored, NOW).data, { volley: 'mine' });
});
