import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recipient } from '../../functions/model/chunk.ts';
import type { Provider } from '../../functions/model/provider/registry.ts';
import { messageSchema } from '../../functions/model/schemas/message.ts';
import type { Batch } from '../../functions/ports/ports.ts';
import { batch, kinds, push, start } from './fixture.ts';

const words =
  'Zoë "✓" \\ \n\t\u{1F468}\u{200D}\u{1F469} \u202Bمرحبا\u202C \ud800 </script> {{name}}';

function batchOf(provider: Provider, message: object, own: Partial<Recipient>[]) {
  const made = batch(provider, own.length);
  const recipients = made.it.recipients.map((it, i) => ({ ...it, ...own[i] }));
  const { ttlSeconds: _, ...rest } = messageSchema.parse(message);
  const it: Batch = { ...made.it, recipients, push: push({ body: undefined, ...rest }) };
  return { ...made, it };
}

for (const provider of ['apns', 'fcm'] as const) {
  const title = (payload: string) => {
    const it = JSON.parse(payload);
    return provider === 'apns' ? it.aps.alert.title : it.message.notification.title;
  };
  const data = (payload: string) => {
    const it = JSON.parse(payload);
    return provider === 'apns' ? it : it.message.data;
  };

  test(`${provider}: emoji, quotes and right-to-left texts arrive unchanged`, async (t) => {
    const { simulator, sender } = await start(t, provider);
    const message = { title: 'Hi {{name}}!', data: { who: '"{{name}}"', 'a b': '{{x|"☺"}}' } };
    const { it, outcomes } = batchOf(provider, message, [{ values: { name: words } }]);
    assert.deepEqual(sender.check(it.push), []);
    await sender.send(it);
    assert.deepEqual(kinds(outcomes), { accepted: 1 });
    const { payload } = (await simulator.lastAccepted())!;
    assert.equal(title(payload), `Hi ${words}!`);
    assert.equal(data(payload).who, `"${words}"`);
    assert.equal(data(payload)['a b'], '"☺"');
  });

  test(`${provider}: a literal message arrives unchanged, and its badge still counts`, async (t) => {
    const { simulator, sender } = await start(t, provider);
    const text = 'Fix {{ user name! }}, {{name|you}} and {{#badge}} "{{name|';
    const message = {
      title: text,
      data: { who: '{{name}}', badge: '{{#badge}}' },
      literal: true,
      badge: '+1',
      localized: { pt: { title: `pt ${text}` } },
    };
    const values = { name: 'never', '#badge': 'never' };
    for (const [language, expected] of [
      [undefined, text],
      ['pt', `pt ${text}`],
    ]) {
      const own = { values, badge: 17, ...(language && { language }) };
      const { it, outcomes } = batchOf(provider, message, [own]);
      assert.deepEqual(sender.check(it.push), []);
      await sender.send(it);
      assert.deepEqual(kinds(outcomes), { accepted: 1 });
      const { payload } = (await simulator.lastAccepted())!;
      assert.equal(title(payload), expected);
      assert.deepEqual([data(payload).who, data(payload).badge], ['{{name}}', '{{#badge}}']);
      const whole = JSON.parse(payload);
      assert.equal((provider === 'apns' ? whole : whole.message.apns.payload).aps.badge, 17);
    }
  });

  test(`${provider}: braces that are not closed stay in their own text`, async (t) => {
    const { simulator, sender } = await start(t, provider);
    const message = { title: '{{name|hello', data: { a: '{{name', b: '}} {{name|x}}' } };
    const { it, outcomes } = batchOf(provider, message, [{ values: { name: 'Zoë' } }]);
    await sender.send(it);
    assert.deepEqual(kinds(outcomes), { accepted: 1 });
    const { payload } = (await simulator.lastAccepted())!;
    assert.equal(title(payload), '{{name|hello');
    assert.deepEqual([data(payload).a, data(payload).b], ['{{name', '}} Zoë']);
  });

  test(`${provider}: each recipient gets its language and its values, with defaults`, async (t) => {
    const { simulator, sender } = await start(t, provider);
    const message = {
      title: 'Hi {{name|there}}',
      data: { a: '1', b: '2' },
      localized: { pt: { title: 'Olá {{name|você}}', data: { b: '3' } }, he: { title: 'שלום' } },
    };
    for (const [own, expected, b] of [
      [{}, 'Hi there', '2'],
      [{ values: { name: 'Zoë' } }, 'Hi Zoë', '2'],
      [{ language: 'pt' }, 'Olá você', '3'],
      [{ language: 'pt', values: { name: 'Zoë' } }, 'Olá Zoë', '3'],
      [{ language: 'he' }, 'שלום', '2'],
    ] as const) {
      const { it, outcomes } = batchOf(provider, message, [own]);
      await sender.send(it);
      assert.deepEqual(kinds(outcomes), { accepted: 1 });
      const { payload } = (await simulator.lastAccepted())!;
      assert.equal(title(payload), expected);
      assert.equal(data(payload).a, '1');
      assert.equal(data(payload).b, b);
    }
  });

  test(`${provider}: values that are too long fail their own recipient only`, async (t) => {
    const { simulator, sender } = await start(t, provider);
    const message = { title: 'Hi {{name}}', body: 'x'.repeat(3800) };
    const own = [{ values: { name: 'short' } }, { values: { name: '\u{1F514}'.repeat(100) } }, {}];
    const { it, outcomes } = batchOf(provider, message, [...own, ...own]);
    it.push.message.body = message.body;
    assert.deepEqual(sender.check(it.push), []);
    await sender.send(it);
    assert.deepEqual(kinds(outcomes), { accepted: 4, rejected: 2 });
    for (const index of [1, 4])
      assert.deepEqual(outcomes.get(index), [{ kind: 'rejected', reason: 'PayloadTooLarge' }]);
    assert.equal((await simulator.stats()).accepted, 4);
  });

  test(`${provider}: a badge that counts up is a number of each recipient`, async (t) => {
    const { simulator, sender } = await start(t, provider);
    const { it } = batchOf(provider, { title: 'Hi', badge: '+1' }, [{ badge: 17 }]);
    assert.deepEqual(sender.check(it.push), []);
    await sender.send(it);
    const { payload } = (await simulator.lastAccepted())!;
    const { aps } =
      provider === 'apns' ? JSON.parse(payload) : JSON.parse(payload).message.apns.payload;
    assert.equal(aps.badge, 17);
    if (provider === 'fcm')
      assert.equal(JSON.parse(payload).message.android.notification.notification_count, undefined);
  });

  test(`${provider}: a message that is too long in one language is refused before it is sent`, async (t) => {
    const { sender } = await start(t, provider);
    const localized = { pt: { body: 'x'.repeat(4090) } };
    const { it } = batchOf(provider, { title: 'Hi {{name}}', localized }, []);
    const faults = sender.check(it.push);
    assert.equal(faults.length, 1);
    const { path, message: told } = faults[0]!;
    assert.equal(path, 'localized.pt');
    assert.match(told, /^the (APNs payload|FCM message) is \d+ bytes.*, 4096/);
  });
}
