import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld, MINUTE } from '../world.ts';

test('a wave that is planned late has its whole time to live from its own time', async (t) => {
  const world = createWorld(t, { clock: { now: Date.parse('2026-11-21T13:00Z') } });
  const zones = ['Asia/Tokyo', 'Europe/Berlin'];
  await world.people(20, (n) => ({ timeZone: zones[n % 2]! }));
  const id = await world.campaign({
    schedule: { local: '2026-11-22T09:00', late: 'now' },
    message: { title: 'Hallo', ttlSeconds: 600, priority: 'high' },
  });
  await world.run(Date.parse('2026-11-22T06:00Z'));
  assert.equal(world.script.sent.length, 10, 'Tokyo');
  world.clock.now = Date.parse('2026-11-22T08:00Z') + 5 * MINUTE;
  await world.run();
  const { counts } = await world.closed(id);
  assert.deepEqual([counts.accepted, counts.reasons], [20, {}]);
});

test('so have the recipients of a list that is read late', async (t) => {
  const world = createWorld(t, { clock: { now: Date.parse('2026-11-21T13:00Z') } });
  const zones = ['Asia/Tokyo', 'Europe/Berlin'];
  await world.people(20, (n) => ({ timeZone: zones[n % 2]!, userId: 'ada' }));
  const id = await world.campaign({
    audience: { userIds: ['ada'] },
    schedule: { local: '2026-11-22T09:00', late: 'now' },
    message: { title: 'Hallo', ttlSeconds: 600, priority: 'high' },
  });
  world.clock.now = Date.parse('2026-11-22T00:00Z') + 5 * MINUTE;
  await world.run();
  const { counts } = await world.closed(id);
  assert.deepEqual([counts.accepted, counts.reasons], [20, {}]);
});
