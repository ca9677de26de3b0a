import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recipient } from '../../functions/model/chunk.ts';
import { messageSchema } from '../../functions/model/schemas/message.ts';
import { accepted } from './script.ts';
import { createWorld } from './world.ts';

const message = messageSchema.parse({ title: 'Hi', badge: '+1' });
const badges = (sent: Recipient[]) =>
  Object.fromEntries(sent.map((it) => [it.installationId, it.badge]));

test('a badge counts up from campaign to campaign, on ios alone', async (t) => {
  const world = createWorld(t);
  await world.people(3, (n) => ({
    ...(n === 1 ? { platform: 'ios', provider: 'fcm' } : { platform: n ? 'android' : 'ios' }),
  }));
  for (const count of [1, 2, 3]) {
    world.script.sent.length = 0;
    const id = await world.send({ message });
    await world.closed(id);
    assert.deepEqual(badges(world.script.sent), {
      'device-0': count,
      'device-1': count,
      'device-2': undefined,
    });
  }
  await world.store.setBadge('default', 'device-0', 0);
  world.script.sent.length = 0;
  await world.campaign({ message: { ...message, badge: '+5' } });
  await world.run();
  assert.deepEqual(badges(world.script.sent), {
    'device-0': 5,
    'device-1': 8,
    'device-2': undefined,
  });
});

test('a retry and a planner that died do not count twice', async (t) => {
  const world = createWorld(t);
  await world.people(4500, () => ({ platform: 'ios' }));
  const { freezePage } = world.store;
  let pages = 0;
  world.ports.store = {
    ...world.store,
    async freezePage(page) {
      const frozen = await freezePage(page);
      if (++pages === 2) throw new Error('died after it was written');
      return frozen;
    },
  };
  world.script.answer = ({ before, index }) =>
    before === 0 && index % 2
      ? { kind: 'retry', reason: 'TooManyRequests', afterMs: null, scope: 'device' }
      : accepted;
  const id = await world.send({ message });
  assert.equal((await world.closed(id)).accepted, 4500);
  assert.ok(world.script.sent.length > 6000, 'many were sent to twice');
  for (const it of world.script.sent as Recipient[]) assert.equal(it.badge, 1);
});

test('a dry run counts nothing, and a topic cannot be counted', async (t) => {
  const world = createWorld(t);
  await world.people(2, () => ({ platform: 'ios' }));
  await world.campaign({ message, dryRun: true });
  await world.run();
  assert.deepEqual(badges(world.script.sent), { 'device-0': undefined, 'device-1': undefined });
  world.script.sent.length = 0;
  await world.campaign({ message });
  await world.run();
  assert.deepEqual(badges(world.script.sent), { 'device-0': 1, 'device-1': 1 });
  for (const it of [message, messageSchema.parse({ title: '{{name}}' })])
    await assert.rejects(world.campaign({ message: it, audience: { topic: 'news' } }), /refused/);
});
