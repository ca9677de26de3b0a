import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resume } from '../../functions/pipeline/control/control.ts';
import { sweep } from '../../functions/pipeline/sweep.ts';
import { accepted } from './script.ts';
import { createWorld, eachOnce, MINUTE, NOW, type World } from './world.ts';

/** How many were sent in the busiest minute. */
function busiestMinute({ script: { sent } }: World) {
  const times = sent.map((it) => it.at).toSorted((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= MINUTE) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

test('a paced campaign leaves in even portions at its rate', async (t) => {
  const world = createWorld(t);
  const people = await world.people(120);
  const id = await world.send({ rate: { perMinute: 60 } });
  await world.closed(id);
  eachOnce(world, people);
  const slots = Map.groupBy(world.script.sent, (it) => it.at - NOW);
  assert.deepEqual(
    [...slots].map(([at, those]) => [at, those.length]),
    Array.from({ length: 12 }, (_, i) => [i * 10_000, 10]),
  );
});

test('of two platforms and several pages the pace is the same', async (t) => {
  const world = createWorld(t);
  const people = await world.people(4700, (n) => ({ platform: n % 10 < 7 ? 'android' : 'ios' }));
  const id = await world.send({ rate: { perMinute: 900 } });
  const { campaign } = await world.closed(id);
  eachOnce(world, people);
  const portions = Map.groupBy(world.script.sent, (it) => it.seed);
  for (const portion of portions.values())
    assert.ok(portion.length <= 150, `a sixth of a minute's at most, not ${portion.length}`);
  assert.ok(busiestMinute(world) <= 900 + 150);
  const minutes = (campaign.closedAt! - NOW) / MINUTE;
  assert.ok(minutes > 4700 / 900 - 0.4 && minutes < 4700 / 900, `${minutes} minutes`);
});

test('several shards share the rate', async (t) => {
  const world = createWorld(t);
  await world.people(1800);
  const { store } = world;
  world.ports.store = { ...store, estimateAudience: async () => 250_000 };
  const id = await world.send({ rate: { perMinute: 300 } });
  const { campaign } = await world.closed(id);
  assert.equal(campaign.shards, 4);
  assert.ok(busiestMinute(world) <= 300 + 50);
  assert.ok(campaign.closedAt! - NOW > 5 * MINUTE);
});

test('a planner that goes on after a crash keeps the pace', async (t) => {
  const world = createWorld(t);
  const people = await world.people(2500);
  const { store } = world;
  let died = false;
  world.ports.store = {
    ...store,
    async freezePage(page) {
      if (page.page === 1 && !died) {
        died = true;
        throw new Error('killed');
      }
      return store.freezePage(page);
    },
  };
  const id = await world.send({ rate: { perMinute: 600 } });
  await world.closed(id);
  eachOnce(world, people);
  assert.ok(busiestMinute(world) <= 600 + 100);
});

test('each push of a paced campaign has its whole time to live from its slot', async (t) => {
  const world = createWorld(t);
  await world.people(120);
  const message = { title: 'Hallo', ttlSeconds: 30, priority: 'high' as const };
  const id = await world.send({ rate: { perMinute: 60 }, message });
  assert.equal((await world.closed(id)).accepted, 120);
});

test('resumed after a long pause, a campaign keeps its pace, sweeps and all', async (t) => {
  const world = createWorld(t);
  const people = await world.people(1800);
  let mended = false;
  world.script.answer = () => (mended ? accepted : { kind: 'blocked', reason: 'BadTopic' });
  const id = await world.campaign({ rate: { perMinute: 60 } });
  await world.run(NOW + 60 * MINUTE);
  world.script.sent.length = 0;
  mended = true;
  await resume(world.ports, id);
  const until = world.clock.now + 40 * MINUTE;
  while (world.clock.now < until) {
    const next = world.clock.now + MINUTE;
    await world.run(next);
    world.clock.now = next;
    await sweep(world.ports);
  }
  await world.closed(id);
  eachOnce(world, people);
  assert.ok(busiestMinute(world) <= 60 + 10, `${busiestMinute(world)} in a minute`);
});
